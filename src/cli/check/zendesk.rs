//! Zendesk: the way there, the sign-in, and what we are permitted to read.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::finding::Finding;
use super::network::End;
use super::{permission, streams};
use crate::clock::Clock;
use crate::config::{Config, ZendeskAuth};
use crate::error::Code;
use crate::http::Effort;
use crate::zendesk::Client;

const SIGN_IN: &str = "zendesk sign-in";

/// Looks at all of it. Gives how far Zendesk's clock is ahead of ours, if it tells.
pub(super) async fn look(
    config: &Config,
    stop: &CancellationToken,
    findings: &mut Vec<Finding>,
) -> Option<SignedDuration> {
    let client = match Client::new(&config.zendesk, &config.retry, stop, &Clock::real()) {
        Ok(client) => Arc::new(client),
        Err(error) => {
            findings.push(Finding::failed("zendesk connection", &error));
            return None;
        }
    };
    let address = &config.zendesk.base_url;
    let end = End {
        name: "zendesk",
        address,
        proxy: client.proxy(),
        code: Code::ZendeskUnavailable,
        timeout: config.zendesk.timeouts.connect,
    };
    let Some(reached) = end.reach(client.reach(), findings).await else {
        findings.push(Finding::skipped(SIGN_IN, "there is no way to zendesk"));
        return None;
    };
    permissions(config, &client, findings).await;
    reached.ahead
}

async fn permissions(config: &Config, client: &Arc<Client>, findings: &mut Vec<Finding>) {
    let caller = match client.caller(Effort::Full).await {
        Ok(caller) => caller,
        Err(error) => {
            findings.push(Finding::failed(SIGN_IN, &error));
            return findings.push(Finding::skipped("streams", "the sign-in comes first"));
        }
    };
    findings.extend(permission::who(config, &caller));
    let role = permission::role(config, &caller);
    let is_end = role.as_ref().is_some_and(Finding::is_failure);
    findings.extend(role);
    if is_end {
        return findings.push(Finding::skipped("streams", "the role admits none of them"));
    }
    findings.extend(scopes(config, client).await);
    findings.extend(streams::undefined_fields(config, client).await);
    findings.extend(streams::ask(config, client, &caller).await);
}

/// Nothing where Zendesk does not tell.
async fn scopes(config: &Config, client: &Client) -> Vec<Finding> {
    let renewed_by_us = match config.zendesk.auth {
        ZendeskAuth::ClientCredentials { .. } => true,
        ZendeskAuth::AccessToken { .. } => false,
        // It has no scopes, and its end is known.
        ZendeskAuth::ApiToken { .. } => return Vec::new(),
    };
    match client.token_facts().await {
        Ok(Some(facts)) => permission::scopes(&facts, Timestamp::now(), renewed_by_us),
        Ok(None) => Vec::new(),
        Err(error) => vec![Finding::failed("zendesk scopes", &error)],
    }
}
