//! The simulators of the demo, and the file that points the daemon at them.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Arguments, Ends, Export};
use crate::sandbox::{
    DataType, PlatformOptions, PlatformSimulator, ZendeskOptions, ZendeskSimulator,
};

/// Time-lapse: what takes Zendesk a minute takes the sandbox five seconds.
const MINUTE: Duration = Duration::from_secs(5);

/// Short enough for tokens to end in the middle of a demo.
const TOKEN_LIFETIME: Duration = Duration::from_secs(10);

const FLOW_ID: &str = "5e8f6c1a-0000-4000-8000-sandbox00001";

/// Starts both simulators.
pub(super) async fn start(arguments: &Arguments) -> std::io::Result<Ends> {
    let zendesk = ZendeskSimulator::start(ZendeskOptions {
        seed: arguments.seed,
        users: usize::try_from(arguments.users).unwrap_or(usize::MAX),
        withhold: Duration::from_secs(1),
        index_delay: Duration::from_secs(1),
        minute: MINUTE,
        token_lifetime: TOKEN_LIFETIME,
        ..ZendeskOptions::default()
    })
    .await?;
    let platform = PlatformSimulator::start(PlatformOptions {
        data_type: DataType::Raw,
        authentication_required: true,
        token_lifetime: TOKEN_LIFETIME,
        flows: [FLOW_ID.to_owned()].into(),
        ..PlatformOptions::default()
    })
    .await?;
    let seed = arguments.seed;
    // One version in two hundred, the same ones for the same seed.
    platform.reject_when(move |message| {
        let dice = u64::from(crc32fast::hash(message)) ^ seed;
        (dice % 200 == 7).then(|| "Message has unknown xdm format".to_owned())
    });
    Ok(Ends { zendesk, platform })
}

/// Writes the configuration and the secrets it names; returns its path.
pub(super) fn write(
    directory: &Path,
    arguments: &Arguments,
    ends: &Ends,
) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(directory)?;
    let zendesk = ZendeskOptions::default().credentials;
    let platform = PlatformOptions::default();
    write_private(&directory.join("zendesk-secret"), &zendesk.client_secret)?;
    write_private(&directory.join("adobe-secret"), &platform.client_secret)?;
    let export = match arguments.export {
        // What arrives is compared with what the export gives, byte for byte.
        Export::Incremental => "export = \"incremental\"\nback_fill = \"export\"",
        Export::Search => "export = \"search\"\nsettle = \"2s\"",
    };
    let text = format!(
        r#"# The sandbox's configuration: a real one but for the short times.
[zendesk]
base_url = "{zendesk_url}"
page_size = 500
[zendesk.auth]
method = "client_credentials"
client_id = "{zendesk_client}"
client_secret = {{ file = "zendesk-secret" }}
[platform]
inlet_url = "{inlet_url}"
org_id = "{org_id}"
sandbox_name = "{sandbox_name}"
[platform.auth]
ims_url = "{ims_url}"
client_id = "{adobe_client}"
client_secret = {{ file = "adobe-secret" }}
[retry]
initial_delay = "200ms"
rate_limit_delay = "1s"
[schedule]
every = "1s"
[state]
directory = "state"
[log]
level = "{log}"
[streams.users]
{export}
flow_id = "{FLOW_ID}"
overlap = "10s"
"#,
        zendesk_url = ends.zendesk.base_url(),
        zendesk_client = zendesk.client_id,
        inlet_url = ends.platform.inlet_url(),
        org_id = platform.org_id,
        sandbox_name = platform.sandbox_name,
        ims_url = ends.platform.ims_url(),
        log = arguments.log.escape_default(),
        adobe_client = platform.client_id,
    );
    let path = directory.join("config.toml");
    write_private(&path, &text)?;
    Ok(path)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(text.as_bytes())
}
