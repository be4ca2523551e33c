//! The two ends, how they misbehave, and the configuration that joins the daemon to them.

use std::io;
use std::path::Path;
use std::time::Duration;

use zendesk_aep::sandbox::{
    Answer, DataType, Dice, Fault, PlatformOptions, PlatformSimulator, Quotas, Simulator as _,
    ZendeskOptions, ZendeskSimulator,
};

/// Small, so that a back-fill is hundreds of pages and each of them several batches.
pub const PAGE_RECORDS: usize = 10;

/// A back-fill of this many records outlasts most of a round's kills.
const USERS: usize = 6_000;

const FLOW_ID: &str = "5e8f6c1a-0000-4000-8000-000000000001";

pub const EXPORT: &str = "/api/v2/incremental";
pub const INLET: &str = "/collection/";
const ZENDESK_SIGN_IN: &str = "/oauth/tokens";
const PLATFORM_SIGN_IN: &str = "/ims/token";

pub struct Ends {
    pub zendesk: ZendeskSimulator,
    pub platform: PlatformSimulator,
}

impl Ends {
    pub async fn start(seed: u64) -> io::Result<Self> {
        // The quotas are not the subject here: no wait for them.
        let quotas = Quotas::unlimited();
        let zendesk = ZendeskSimulator::start(ZendeskOptions {
            seed,
            users: USERS,
            withhold: Duration::from_secs(1),
            quotas,
            ..ZendeskOptions::default()
        })
        .await?;
        let platform = PlatformSimulator::start(PlatformOptions {
            data_type: DataType::Raw,
            authentication_required: true,
            flows: [FLOW_ID.to_owned()].into(),
            ..PlatformOptions::default()
        })
        .await?;
        // About one version in 25, by its content: on every second page or so there is one.
        platform.reject_when(move |message| {
            let dice = u64::from(crc32fast::hash(message)) ^ seed;
            (dice % 25 == 7).then(|| "Message has unknown xdm format".to_owned())
        });
        Ok(Self { zendesk, platform })
    }

    /// One change of the kinds there are; most are changes of users, some are new or deleted.
    pub fn change_something(&self, dice: &mut Dice) {
        let _ids = match dice.below(10) {
            0 => self.zendesk.create(1),
            1 => self.zendesk.delete(1),
            _ => self.zendesk.change(1),
        };
    }

    /// Lays traps for the next life. Returns how many of them may cost an acknowledgement: the
    /// inlet takes the messages, and the daemon cannot know.
    pub fn misbehave(&self, dice: &mut Dice) -> usize {
        let too_many = || {
            Fault::Answer(
                Answer::text(429, "Number of allowed requests exceeded")
                    .header("Retry-After", "0.02"),
            )
        };
        let unavailable = || Fault::Answer(Answer::empty(503));
        for prefix in [ZENDESK_SIGN_IN, EXPORT] {
            let fault = match dice.below(12) {
                0 => Fault::Truncate,
                1 => Fault::Close,
                2 => too_many(),
                3 => unavailable(),
                4 => Fault::Html,
                5 => Fault::NotJson,
                _ => continue,
            };
            self.zendesk.fault(prefix, fault, 1);
        }
        let mut lost_acknowledgements = 0;
        for prefix in [PLATFORM_SIGN_IN, INLET, INLET] {
            let fault = match dice.below(12) {
                0 => Fault::CloseAfter,
                1 => Fault::Truncate,
                2 => Fault::Close,
                3 => too_many(),
                4 => unavailable(),
                5 => Fault::Html,
                _ => continue,
            };
            if prefix == INLET && matches!(fault, Fault::CloseAfter | Fault::Truncate) {
                lost_acknowledgements += 1;
            }
            self.platform.fault(prefix, fault, 1);
        }
        match dice.below(20) {
            0 => self.zendesk.revoke_tokens(),
            1 => self.platform.revoke_tokens(),
            2 => self.zendesk.forget_cursors(),
            _ => {}
        }
        lost_acknowledgements
    }

    pub fn behave(&self) {
        self.zendesk.clear_faults();
        self.platform.clear_faults();
    }

    /// Writes `config.toml` and the secrets it names. `life` travels in a header of every request
    /// to the inlet, so that a message which arrives late is still known to be a dead life's.
    pub fn configure(&self, directory: &Path, life: u32) -> io::Result<()> {
        let zendesk = ZendeskOptions::default().credentials;
        let platform = PlatformOptions::default();
        std::fs::write(directory.join("zendesk-secret"), &zendesk.client_secret)?;
        std::fs::write(directory.join("adobe-secret"), &platform.client_secret)?;
        let text = format!(
            r#"
[zendesk]
base_url = "{zendesk_url}"
page_size = {PAGE_RECORDS}
[zendesk.auth]
method = "client_credentials"
client_id = "{zendesk_client}"
client_secret = {{ file = "zendesk-secret" }}
[platform]
inlet_url = "{inlet_url}"
org_id = "{org_id}"
batch_bytes = "4kB"
headers = {{ x-life = "{life}" }}
[platform.auth]
ims_url = "{ims_url}"
client_id = "{adobe_client}"
client_secret = {{ file = "adobe-secret" }}
[retry]
initial_delay = "5ms"
max_delay = "50ms"
rate_limit_delay = "20ms"
[schedule]
every = "1s"
[state]
directory = "state"
[log]
level = "warn"
[streams.users]
flow_id = "{FLOW_ID}"
# The audit knows places in the export; lists of history have none.
back_fill = "export"
"#,
            zendesk_url = self.zendesk.base_url(),
            zendesk_client = zendesk.client_id,
            inlet_url = self.platform.inlet_url(),
            org_id = platform.org_id,
            ims_url = self.platform.ims_url(),
            adobe_client = platform.client_id,
        );
        std::fs::write(directory.join("config.toml"), text)
    }
}
