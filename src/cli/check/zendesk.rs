//! Zendesk: the sign-in, and what we are permitted to read.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::finding::{Finding, Verdict, failed, ok};
use crate::cli::exit;
use crate::clock::Clock;
use crate::config::{self, Config, ZendeskAuth};
use crate::error::Code;
use crate::http::Effort;
use crate::lifecycle::CustomFields;
use crate::mapping::{Account, Mapping};
use crate::zendesk::{Availability, Caller, Client, Export, Urgency};

pub(super) async fn zendesk(
    config: &Config,
    stop: &CancellationToken,
    findings: &mut Vec<Finding>,
) {
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
