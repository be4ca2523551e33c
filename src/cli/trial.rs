//! What would become of records, without sending any: what `preview`, `privacy-check` and
//! `test-mapping` are made of.

pub(super) mod difference;
pub(super) mod records;

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use super::output;
use crate::clock::Clock;
use crate::config::{self, Config, Stream};
use crate::error::{Chain, Explain as _};
use crate::lifecycle::{self, CustomFields};
use crate::mapping::{Account, Composer, Finding, Note, Notes, Outcome, Validation};
use crate::platform::{Connection, Packer};
use crate::record::Record;
use crate::zendesk::Client;

/// The named stream of the configuration; the only one, if none is named.
pub(super) fn stream<'c>(config: &'c Config, name: Option<&str>) -> Result<&'c Stream, String> {
    let names: Vec<&str> = config
        .streams
        .iter()
        .map(|stream| &*stream.spec.name)
        .collect();
    let configured = format!("configured are: {}", names.join(", "));
    match (name, &config.streams[..]) {
        (None, [only]) => Ok(only),
        (None, _) => Err(format!(
            "error: the stream is not named\n\nhint: {configured}"
        )),
        (Some(name), streams) => streams
            .iter()
            .find(|stream| stream.spec.name == name)
            .ok_or_else(|| {
                format!("error: the stream `{name}` is not configured\n\nhint: {configured}")
            }),
    }
}

/// What makes one stream's messages and judges them.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) composer: Composer,
    pub(super) validation: Validation,
    platform: config::Platform,
}

/// What would become of one record.
#[derive(Debug)]
pub(super) struct Tried {
    /// The message, if there is one; also one that would be refused.
    pub(super) message: Vec<u8>,
    pub(super) verdict: Verdict,
    pub(super) notes: Vec<Note>,
}

/// How it would end, as far as can be told here.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(super) enum Verdict {
    /// It would be sent.
    Message,
    /// The mapping leaves it out by choice.
    Skipped {
        /// Why.
        why: String,
    },
    /// It cannot become a message.
    Unmappable {
        /// Why not.
        why: String,
    },
    /// The platform would refuse it.
    Invalid {
        /// What is wrong with it.
        findings: Vec<Finding>,
        /// How many findings there are beyond these.
        further: usize,
    },
    /// The inlet does not take it.
    TooLarge {
        /// Size and limit.
        why: String,
    },
}

impl Trial {
    /// Builds what the daemon would use. Without a `client` nothing goes over the network: the schema
    /// comes from its file or its copy, and if there is neither, the checks that hold for every
    /// schema must do. On failure prints why.
    pub(super) async fn new(
        config: &Config,
        stream: &Stream,
        stop: &CancellationToken,
        client: Option<&Arc<Client>>,
    ) -> Result<Self, u8> {
        let account = Arc::new(Account::default());
        let composer = lifecycle::composer(stream, &account);
        let composer = composer.map_err(|error| output::fail(&error))?;
        if let Some(client) = client {
            CustomFields::new(client.clone(), account, &Clock::real())
                .refresh()
                .await;
        }
        let connection = Connection::new(&config.platform, &config.retry, stop);
        let connection = connection.map_err(|error| output::fail(&error))?;
        let judge = lifecycle::judge(stream, config, &Arc::new(connection));
        let judge = judge.map_err(|error| output::fail(&error))?;
        let validation = if client.is_some() {
            judge
                .validation()
                .await
                .map_err(|error| output::fail(&error))?
        } else {
            judge.validation_offline().await.unwrap_or_else(|error| {
                eprintln!(
                    "warning[{}]: {}; judging by the checks that hold for every schema",
                    error.code(),
                    Chain(&error)
                );
                Validation::Fields
            })
        };
        Ok(Self {
            composer,
            validation,
            platform: config.platform.clone(),
        })
    }

    /// What would become of `record`.
    pub(super) fn of(&self, record: &Record) -> Tried {
        let (mut message, mut notes) = (Vec::new(), Notes::keeping());
        let verdict = match self.composer.write(record, &mut message, &mut notes) {
            Ok(Outcome::Message) => self.judge(&message),
            Ok(Outcome::Skipped(why)) => Verdict::Skipped { why },
            Err(why) => Verdict::Unmappable {
                why: why.to_string(),
            },
        };
        Tried {
            message,
            verdict,
            notes: notes.kept().to_vec(),
        }
    }

    fn judge(&self, message: &[u8]) -> Verdict {
        let mut packer = Packer::new(self.platform.batch_bytes, self.platform.endpoint);
        if let Err(why) = packer.push(message) {
            return Verdict::TooLarge {
                why: why.to_string(),
            };
        }
        let entity = self.composer.entity(message);
        match entity.map(|entity| self.validation.check(entity)) {
            None | Some(Ok(())) => Verdict::Message,
            Some(Err(refusal)) => Verdict::Invalid {
                findings: refusal.findings,
                further: refusal.further,
            },
        }
    }
}

impl Tried {
    /// The part of the message that is about the record; null if there is no message.
    pub(super) fn content(&self, trial: &Trial) -> serde_json::Value {
        if self.message.is_empty() {
            return serde_json::Value::Null;
        }
        let content = trial.composer.content(&self.message);
        // What is nested too deeply to be laid out is shown as the text it is.
        serde_json::from_slice(content)
            .unwrap_or_else(|_| String::from_utf8_lossy(content).into_owned().into())
    }

    /// The message as it would be sent.
    pub(super) fn raw_message(&self) -> Option<&RawValue> {
        serde_json::from_slice(&self.message).ok()
    }

    /// Whether it would go to the dead letters.
    pub(super) fn is_refused(&self) -> bool {
        match self.verdict {
            Verdict::Message | Verdict::Skipped { .. } => false,
            Verdict::Unmappable { .. } | Verdict::Invalid { .. } | Verdict::TooLarge { .. } => true,
        }
    }
}

impl Verdict {
    /// In words, for a person.
    pub(super) fn lines(&self) -> Vec<String> {
        match self {
            Self::Message => vec!["valid".to_owned()],
            Self::Skipped { why } => vec![format!("left out: {why}")],
            Self::Unmappable { why } => {
                vec![format!("REFUSED, no message can be made of it: {why}")]
            }
            Self::TooLarge { why } => vec![format!("REFUSED: {why}")],
            Self::Invalid { findings, further } => {
                let mut lines = vec!["REFUSED, the platform would not take it:".to_owned()];
                lines.extend(findings.iter().map(|finding| format!("  {finding}")));
                if *further > 0 {
                    lines.push(format!("  and {further} more"));
                }
                lines
            }
        }
    }
}
