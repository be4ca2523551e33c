//! Each stream: whether we are permitted to read it, and whether the account's plan has it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::finding::Finding;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::error::Code;
use crate::lifecycle::CustomFields;
use crate::mapping::{Account, Mapping};
use crate::zendesk::{Availability, Caller, Client, Error, Export, Urgency};

/// Asks for one record of each stream.
pub(super) async fn ask(config: &Config, client: &Arc<Client>, caller: &Caller) -> Vec<Finding> {
    let mut findings = Vec::new();
    for stream in &config.streams {
        let subject = format!("stream {}", stream.spec.name);
        let asked = match stream.spec.parent() {
            Some(_) => client.availability(&stream.spec, caller).await,
            None => read(client, caller, stream).await,
        };
        let refused = |code: Code, what: String| {
            let (name, needs) = (&stream.spec.name, &stream.spec.needs);
            let remedy = match &**needs {
                "" => format!("leave `[streams.{name}]` out"),
                needs => format!(
                    "it takes: {needs}; where that cannot be had, leave `[streams.{name}]` out"
                ),
            };
            Finding::failure(&subject, code, &what, Some(&remedy))
        };
        findings.push(match asked {
            Ok(Availability::Available) => Finding::ok(&subject, "we may export it".to_owned()),
            Ok(Availability::Unknown { why }) => Finding::ok(&subject, format!("not known: {why}")),
            Ok(Availability::NotOnPlan { answer }) => refused(
                Code::ZendeskAddress,
                format!("it is not on the account's plan: {answer}"),
            ),
            Ok(Availability::NotPermitted { answer }) => refused(
                Code::ZendeskForbidden,
                format!("we are not permitted to read it: {answer}"),
            ),
            Err(error) => Finding::failed(&subject, &error),
        });
    }
    findings
}

/// Asks for a stream as its export would.
async fn read(
    client: &Arc<Client>,
    caller: &Caller,
    stream: &config::Stream,
) -> Result<Availability, Error> {
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
    let asked = export.page(&position, Urgency::Fresh, &[]).await;
    Availability::told_by(asked.map(drop), caller)
}

/// Warns of custom fields that mapping files name and the account does not have.
pub(super) async fn undefined_fields(config: &Config, client: &Arc<Client>) -> Vec<Finding> {
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
            Err(error) => findings.push(Finding::failed(subject, &error)),
            Ok(read) => {
                let missing = account.undefined(of, &read).into_iter();
                findings.extend(missing.map(|field| {
                    Finding::warning(
                        subject,
                        format!("a mapping file names `{field}`, which the account does not have: nothing is sent for it"),
                        "write the key (of ticket fields the id) as Zendesk's list of fields has it, not the title",
                    )
                }));
            }
        }
    }
    findings
}
