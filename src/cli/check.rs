//! `check`: what is right and what is wrong, with remedies, before anything is sent.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{Output, exit, output};
use crate::checkpoint;
use crate::clock::Clock;
use crate::config::{self, Config, WithoutPerson, ZendeskAuth};
use crate::error::{Chain, Code, Explain};
use crate::http::Effort;
use crate::lifecycle::{self, CustomFields};
use crate::mapping::{Account, BELONGS_TO_TICKETS, Mapping};
use crate::platform::Connection;
use crate::sync::Judge;
use crate::zendesk::{Availability, Caller, Client, Export, Urgency};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    Warning,
    Failed,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    subject: String,
    verdict: Verdict,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    #[serde(skip)]
    code: u8,
}

pub(super) async fn run(path: &Path, output: Output) -> u8 {
    let mut config = match output::load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    // A person is waiting: one repetition tells a passing fault from a lasting one.
    config.retry.attempts = config.retry.attempts.min(2);
    config.retry.rate_limit_delay = config.retry.rate_limit_delay.min(Duration::from_secs(10));
    let stop = match lifecycle::stop_on_signals() {
        Ok(stop) => stop,
        Err(error) => return output::fail(&error),
    };
    let mut findings = vec![ok("configuration", format!("{} is good", path.display()))];
    findings.push(state(&config));
    findings.extend(mappings(&config));
    findings.extend(events_of_nobody(&config));
    findings.extend(hash_keys(&config));
    zendesk(&config, &stop, &mut findings).await;
    platform(&config, &stop, &mut findings).await;
    match output {
        Output::Json => output::json(&findings),
        Output::Human => print(&findings),
    }
    findings
        .iter()
        .map(|finding| finding.code)
        .find(|code| *code != exit::SUCCESS)
        .unwrap_or(exit::SUCCESS)
}

/// Reads the state without taking the lock: a running daemon may own it.
fn state(config: &Config) -> Finding {
    let directory = &config.state.directory;
    match checkpoint::read_of(directory, &config.zendesk.account) {
        Err(error) => failed("state", &error),
        Ok(Some(state)) => ok(
            "state",
            format!("{}, saved {}", directory.display(), state.saved_at),
        ),
        Ok(None) => ok(
            "state",
            format!("{}, nothing delivered yet", directory.display()),
        ),
    }
}

/// Reads the keys of hashed fields: the daemon would not start without.
fn hash_keys(config: &Config) -> Vec<Finding> {
    let hashes = |stream: &&config::Stream| {
        let privacy = stream.privacy.as_ref();
        privacy.is_some_and(|privacy| privacy.hash_key.is_some())
    };
    let of = |stream: &config::Stream| {
        let subject = format!("privacy {}", stream.spec.name);
        match lifecycle::privacy(stream) {
            Ok(_) => ok(&subject, "the key of hashed fields is there".to_owned()),
            Err(error) => failed(&subject, &error),
        }
    };
    config.streams.iter().filter(hashes).map(of).collect()
}

/// Compiles every mapping file: the daemon would not start with a faulty one.
fn mappings(config: &Config) -> Vec<Finding> {
    let with_file = |stream: &&config::Stream| match &stream.mapping {
        config::Mapping::Raw { .. } => false,
        config::Mapping::Mapped(mapped) => mapped.file.is_some(),
    };
    let streams = config.streams.iter().filter(with_file);
    let findings = streams.map(|stream| {
        let subject = format!("mapping {}", stream.spec.name);
        match Mapping::new(&stream.spec, &stream.mapping, &Arc::default()) {
            Ok(_) => ok(&subject, "its file is good".to_owned()),
            Err(faults) => failed(&subject, &lifecycle::Error::Mapping(faults)),
        }
    });
    findings.collect()
}

/// Warns of events that would be refused for want of a person: only mapped tickets tell who it is.
fn events_of_nobody(config: &Config) -> Vec<Finding> {
    let mapped = |name: &str| {
        let stream = config.streams.iter().find(|one| one.spec.name == name);
        stream.and_then(|stream| match &stream.mapping {
            config::Mapping::Raw { .. } => None,
            config::Mapping::Mapped(mapped) => Some(mapped),
        })
    };
    if mapped("tickets").is_some() {
        return Vec::new();
    }
    let refused = |name: &&str| {
        let mapped = mapped(name);
        mapped.is_some_and(|it| it.settings.events_without_person == WithoutPerson::Refuse)
    };
    let warning = |name: &str| {
        Finding {
        subject: format!("mapping {name}"),
        verdict: Verdict::Warning,
        what: "its records do not say who asked for their ticket, and no tickets are mapped that do: all of them would be refused".to_owned(),
        remedy: Some(
            "add `[streams.tickets]` with `mapping = \"xdm\"`, or set `mapping.events_without_person = \"send\"`".to_owned(),
        ),
        code: exit::SUCCESS,
    }
    };
    let streams = BELONGS_TO_TICKETS.iter().copied().filter(refused);
    streams.map(warning).collect()
}

async fn zendesk(config: &Config, stop: &CancellationToken, findings: &mut Vec<Finding>) {
    let client = match Client::new(&config.zendesk, &config.retry, stop, &Clock::real()) {
        Ok(client) => Arc::new(client),
        Err(error) => return findings.push(failed("zendesk sign-in", &error)),
    };
    let caller = match client.caller(Effort::Full).await {
        Ok(caller) => caller,
        Err(error) => return findings.push(failed("zendesk sign-in", &error)),
    };
    findings.push(ok(
        "zendesk sign-in",
        format!(
            "{} as user {}, role {}",
            config.zendesk.account, caller.id, caller.role
        ),
    ));
    if let ZendeskAuth::ApiToken { .. } = config.zendesk.auth {
        findings.push(Finding {
            subject: "zendesk sign-in".to_owned(),
            verdict: Verdict::Warning,
            what: ZendeskAuth::API_TOKEN_END.to_owned(),
            remedy: Some(
                "create an OAuth client and use `method = \"client_credentials\"`".to_owned(),
            ),
            code: exit::SUCCESS,
        });
    }
    findings.extend(undefined_fields(config, &client).await);
    for stream in &config.streams {
        let subject = format!("stream {}", stream.spec.name);
        if stream.spec.parent().is_some() {
            findings.push(member(&client, &caller, stream, &subject).await);
            continue;
        }
        // One record of the last minutes: the cheapest request that needs the permission.
        let recent = Timestamp::now()
            .saturating_sub(Duration::from_secs(600))
            .ok();
        let probe = config::Stream {
            start: recent,
            ..stream.clone()
        };
        let mut export = Export::new(client.clone(), &probe, &[], 1);
        let position = export.position(None);
        findings.push(match export.page(&position, Urgency::Fresh, &[]).await {
            Ok(_) => ok(&subject, "we may export it".to_owned()),
            Err(error) => failed(&subject, &error),
        });
    }
}

/// Warns of custom fields that mapping files name and the account does not have.
async fn undefined_fields(config: &Config, client: &Arc<Client>) -> Vec<Finding> {
    let account = Arc::new(Account::default());
    for stream in &config.streams {
        // A faulty mapping is told elsewhere; the others name their fields by being compiled.
        let _ = Mapping::new(&stream.spec, &stream.mapping, &account);
    }
    let custom_fields = CustomFields::new(client.clone(), account.clone(), &Clock::real());
    let mut findings = Vec::new();
    for of in account.wanted() {
        let subject = of.list();
        match custom_fields.read(of).await {
            Err(error) => findings.push(failed(subject, &error)),
            Ok(read) => {
                let missing = account.undefined(of, &read).into_iter();
                findings.extend(missing.map(|field| Finding {
                    subject: subject.to_owned(),
                    verdict: Verdict::Warning,
                    what: format!("a mapping file names `{field}`, which the account does not have: nothing is sent for it"),
                    remedy: Some("write the key (of ticket fields the id) as Zendesk's list of fields has it, not the title".to_owned()),
                    code: exit::SUCCESS,
                }));
            }
        }
    }
    findings
}

/// A stream that is read with another one.
async fn member(
    client: &Client,
    caller: &Caller,
    stream: &config::Stream,
    subject: &str,
) -> Finding {
    let refused = |what: String| Finding {
        subject: subject.to_owned(),
        verdict: Verdict::Failed,
        what,
        remedy: Some(format!(
            "leave `[streams.{}]` out; it takes: {}",
            stream.spec.name, stream.spec.needs
        )),
        code: exit::code(Code::ZendeskForbidden),
    };
    match client.availability(&stream.spec, caller).await {
        Ok(Availability::Available) => ok(subject, "we may export it".to_owned()),
        Ok(Availability::Unknown { why }) => ok(subject, format!("not known: {why}")),
        Ok(Availability::NotOnPlan { answer }) => {
            refused(format!("the account does not have it: {answer}"))
        }
        Ok(Availability::NotPermitted { answer }) => {
            refused(format!("we are not permitted to read it: {answer}"))
        }
        Err(error) => failed(subject, &error),
    }
}

async fn platform(config: &Config, stop: &CancellationToken, findings: &mut Vec<Finding>) {
    let connection = match Connection::new(&config.platform, &config.retry, stop) {
        Ok(connection) => Arc::new(connection),
        Err(error) => return findings.push(failed("platform", &error)),
    };
    if config.platform.auth.is_some() {
        findings.push(match connection.sign_in(Effort::Full).await {
            Ok(()) => ok(
                "adobe sign-in",
                "the identity service gives us tokens".to_owned(),
            ),
            Err(error) => failed("adobe sign-in", &error),
        });
    }
    let inlet = &config.platform.inlet_url;
    findings.push(match connection.reach().await {
        Ok(status) => ok(
            "inlet",
            format!("{inlet} answers (HTTP {status}); nothing was sent"),
        ),
        Err(error) => failed("inlet", &error),
    });
    for stream in &config.streams {
        let subject = format!("schema {}", stream.spec.name);
        match lifecycle::judge(stream, config, &connection) {
            Ok(judge @ Judge::Schema(_)) => findings.push(match judge.validation().await {
                Ok(_) => ok(&subject, "messages can be judged by it".to_owned()),
                Err(error) => failed(&subject, &error),
            }),
            Ok(Judge::Nobody | Judge::Fields) => {}
            Err(error) => findings.push(failed(&subject, &error)),
        }
    }
}

fn ok(subject: &str, what: String) -> Finding {
    Finding {
        subject: subject.to_owned(),
        verdict: Verdict::Ok,
        what,
        remedy: None,
        code: exit::SUCCESS,
    }
}

fn failed(subject: &str, error: &(impl Explain + 'static)) -> Finding {
    Finding {
        subject: subject.to_owned(),
        verdict: Verdict::Failed,
        what: format!("{} [{}]", Chain(error), error.code()),
        remedy: error.hint().map(str::to_owned),
        code: match error.code() {
            Code::Interrupted => exit::INTERRUPTED,
            code => exit::code(code),
        },
    }
}

fn print(findings: &[Finding]) {
    for finding in findings {
        let mark = match finding.verdict {
            Verdict::Ok => "ok     ",
            Verdict::Warning => "warning",
            Verdict::Failed => "FAILED ",
        };
        output::line(&format!(
            "{mark}  {:<16}  {}",
            finding.subject, finding.what
        ));
        if let Some(remedy) = &finding.remedy {
            output::line(&format!("{:27}→ {remedy}", ""));
        }
    }
}
