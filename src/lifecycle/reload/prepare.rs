//! Building what is to be worked by, beside what is at work.

use std::path::PathBuf;
use std::sync::Arc;

use super::refusal::Refusal;
use super::{Means, Next, Present};
use crate::config::{self, Changes, Config, Contents, LoadError, SchemaPlace, Validate};
use crate::error::Explain as _;
use crate::http::Effort;
use crate::lifecycle::Kept;
use crate::lifecycle::crew::Ready;
use crate::sync::{Origin, SchemaSource, blocking};

/// Reads, checks and builds all there is to go on with; `None` if it is what is there already.
pub(super) async fn prepare(
    path: PathBuf,
    present: &Present,
    means: &Means<'_>,
) -> Result<Option<Next>, Refusal> {
    let (config, contents) = blocking(move || {
        let config = config::load(&path)?;
        let contents = Contents::of(&config);
        Ok::<_, LoadError>((Arc::new(config), contents))
    })
    .await?;
    let contents = contents.or(&present.contents);
    let fixed = needs_restart(&present.config, &config);
    if !fixed.is_empty() {
        return Err(Refusal::NeedsRestart(fixed));
    }
    let changes = Changes::between((&present.config, &present.contents), (&config, &contents));
    if changes.is_empty() {
        return Ok(None);
    }
    let crew = match changes.spare_the_streams() {
        true => None,
        false => Some(ready(&config, present, means).await?),
    };
    Ok(Some(Next {
        config,
        contents,
        changes,
        crew,
    }))
}

/// Builds a crew, and tries what can be tried of it.
async fn ready(
    config: &Arc<Config>,
    present: &Present,
    means: &Means<'_>,
) -> Result<Ready, Refusal> {
    let dismissed = means.stop.child_token();
    let assembled = blocking({
        let (config, kept) = (config.clone(), present.kept.clone());
        let (dismissed, clock) = (dismissed.clone(), means.clock);
        move || kept.heir(&config, &dismissed)?.assemble(&config, &clock)
    })
    .await?;
    for stream in &config.streams {
        if let Validate::Schema(SchemaPlace::File(path)) = &stream.validate {
            SchemaSource::new(Origin::File(path.clone()))
                .schema()
                .await?;
        }
    }
    try_credentials(&present.kept, &assembled.kept).await?;
    // Before its first sync, whose messages would have tags in the places of titles.
    assembled.custom_fields.refresh().await;
    Ok(means.ready(config, assembled, dismissed)?)
}

/// Signs in where that is to be done in another way than before. An end that cannot be reached now
/// has refused nothing.
async fn try_credentials(old: &Kept, new: &Kept) -> Result<(), Refusal> {
    if !new.client.signs_in_with(&old.client)
        && let Err(error) = new.client.sign_in(Effort::Once).await
        && error.code().needs_a_person()
    {
        return Err(Refusal::Zendesk(error));
    }
    if !new.connection.signs_in_with(&old.connection)
        && let Err(error) = new.connection.sign_in(Effort::Once).await
        && error.code().needs_a_person()
    {
        return Err(Refusal::Platform(error));
    }
    Ok(())
}

/// What the running process is bound to.
fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let account = old.zendesk.account != new.zendesk.account;
    [
        (
            account,
            "the account (`zendesk.subdomain` or `zendesk.base_url`)",
        ),
        (
            old.state.directory != new.state.directory,
            "`state.directory`",
        ),
        (old.log.format != new.log.format, "`log.format`"),
        (old.status != new.status, "`status.listen`"),
    ]
    .into_iter()
    .filter_map(|(changed, name)| changed.then_some(name))
    .collect()
}
