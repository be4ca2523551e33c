//! `streams --available`: which streams the account has, asked of the account.

use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt as _;
use serde::Serialize;

use super::super::{Output, exit, output};
use crate::catalogue::{self, Area, StreamSpec};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::Effort;
use crate::limits;
use crate::zendesk::{Availability, Caller, Client, Error};

#[derive(Serialize)]
struct Line<'s> {
    stream: &'s str,
    area: &'static str,
    #[serde(flatten)]
    availability: &'s Availability,
    needs: &'s str,
}

pub(super) async fn run(path: &Path, output: Output) -> u8 {
    let config = match output::load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let stop = match crate::lifecycle::stop_on_signals() {
        Ok(stop) => stop,
        Err(error) => return output::fail(&error),
    };
    let client = match Client::new(&config.zendesk, &config.retry, &stop, &Clock::real()) {
        Ok(client) => Arc::new(client),
        Err(error) => return output::fail(&error),
    };
    let caller = match client.caller(Effort::Full).await {
        Ok(caller) => caller,
        Err(error) => return output::fail(&error),
    };
    let found = match ask_all(&client, &caller, known(&config)).await {
        Ok(found) => found,
        Err(error) => return output::fail(&error),
    };
    match output {
        Output::Json => {
            let lines = found.iter().map(|(spec, availability)| Line {
                stream: &spec.name,
                area: spec.area.title(),
                availability,
                needs: &spec.needs,
            });
            output::json(&lines.collect::<Vec<_>>());
        }
        Output::Human => print(&found),
    }
    exit::SUCCESS
}

/// The streams of the catalogue, as configured where they are, and the declared ones.
fn known(config: &Config) -> Vec<&StreamSpec> {
    let configured = |name: &str| config.streams.iter().find(|one| one.spec.name == name);
    let catalogued = catalogue::all()
        .iter()
        .map(|spec| configured(&spec.name).map_or(spec, |stream| &stream.spec));
    let declared = config.streams.iter().map(|stream| &*stream.spec);
    let declared = declared.filter(|spec| catalogue::find(&spec.name).is_none());
    catalogued.chain(declared).collect()
}

/// Asks for all of them, a few at a time, and gives the answers in the order of the streams.
async fn ask_all<'s>(
    client: &Client,
    caller: &Caller,
    specs: Vec<&'s StreamSpec>,
) -> Result<Vec<(&'s StreamSpec, Availability)>, Error> {
    let mut asked = futures_util::stream::iter(specs)
        .map(|spec| async move { (spec, client.availability(spec, caller).await) })
        .buffered(limits::LISTS_AT_A_TIME);
    let mut found = Vec::new();
    while let Some((spec, availability)) = asked.next().await {
        found.push((spec, availability?));
    }
    Ok(found)
}

fn print(found: &[(&StreamSpec, Availability)]) {
    let mut area: Option<Area> = None;
    for (spec, availability) in found {
        if area != Some(spec.area) {
            area = Some(spec.area);
            output::line(spec.area.title());
        }
        let (word, why) = match availability {
            Availability::Available => ("available", String::new()),
            Availability::NotOnPlan { answer } => ("not on this plan", answer.clone()),
            Availability::NotPermitted { .. } => {
                ("not permitted", format!("it takes: {}", spec.needs))
            }
            Availability::Unknown { why } => ("unknown", why.clone()),
        };
        output::line(format!("  {:<28}{word:<18}{why}", spec.name).trim_end());
    }
}
