//! What our user and our token may do at Zendesk, before each stream is tried.

use std::time::Duration;

use jiff::Timestamp;

use super::finding::Finding;
use crate::cli::exit;
use crate::cli::output::span;
use crate::config::{Config, Export, Stream, ZendeskAuth};
use crate::limits;
use crate::zendesk::{Caller, TokenFacts};

const SIGN_IN: &str = "zendesk sign-in";
const ROLE: &str = "zendesk role";
const SCOPES: &str = "zendesk scopes";

/// Who we are.
pub(super) fn who(config: &Config, caller: &Caller) -> Vec<Finding> {
    let account = &config.zendesk.account;
    let kind = match caller.role_type {
        Some(0) => " of a custom role",
        Some(1) => " (a light agent)",
        Some(2) => " (chat only)",
        Some(3) => " (a contributor)",
        Some(5) => " (a billing admin)",
        _ => "",
    };
    let what = format!(
        "{account} as user {}, role {}{kind}",
        caller.id, caller.role
    );
    let mut findings = vec![Finding::ok(SIGN_IN, what)];
    if let ZendeskAuth::ApiToken { .. } = config.zendesk.auth {
        findings.push(Finding::warning(
            SIGN_IN,
            ZendeskAuth::API_TOKEN_END.to_owned(),
            "create an OAuth client and use `method = \"client_credentials\"`",
        ));
    }
    findings
}

/// What the role means for the configured streams. Whether it is enough, each stream's own request
/// tells; but of an end user, who may read none of them.
pub(super) fn role(config: &Config, caller: &Caller) -> Option<Finding> {
    let remedy = "sign in as an admin: an OAuth client acts as the user who created it, an API token as the user of its `email`";
    if caller.is_admin() {
        return None;
    }
    if caller.role == "end-user" {
        let what = "an end user may export nothing".to_owned();
        return Some(Finding::bad(ROLE, exit::SIGN_IN, what, Some(remedy)));
    }
    let streams = |wanted: fn(&Stream) -> bool| {
        let streams = config.streams.iter().filter(|stream| wanted(stream));
        let names: Vec<&str> = streams.map(|stream| &*stream.spec.name).collect();
        names.join(", ")
    };
    let (refused, limited) = (streams(is_for_admins), streams(|it| !is_for_admins(it)));
    let mut what = Vec::new();
    if !refused.is_empty() {
        what.push(format!("an admin is needed for {refused}"));
    }
    if !limited.is_empty() {
        let seen = match caller.ticket_restriction.as_deref() {
            Some(restriction) => format!(" (tickets: restricted to `{restriction}`)"),
            None => String::new(),
        };
        what.push(format!(
            "of {limited} only what this agent may see is given{seen}"
        ));
    }
    Some(Finding::warning(ROLE, what.join("; "), remedy))
}

fn is_for_admins(stream: &Stream) -> bool {
    match stream.export {
        Export::Incremental { .. } | Export::Time { .. } => true,
        Export::Search { .. } => false,
        Export::List { .. } | Export::WithParent => stream.spec.needs.starts_with("admin"),
    }
}

/// What the token's scopes and its end mean.
pub(super) fn scopes(facts: &TokenFacts, now: Timestamp, renewed_by_us: bool) -> Vec<Finding> {
    let list = facts.scopes.join(" ");
    let has = |scope: &str| facts.scopes.iter().any(|one| one == scope);
    let mut findings = vec![if !has("read") {
        let what = format!("the token has `{list}`, not `read`: it may be refused what needs that");
        Finding::warning(
            SCOPES,
            what,
            "ask for the scope `read`, which admits every stream",
        )
    } else if facts.scopes.iter().any(|scope| is_for_more(scope)) {
        let what =
            format!("the token has `{list}`: more than this program, which only reads, ever needs");
        Finding::warning(
            SCOPES,
            what,
            "ask for the scope `read` alone, so that a stolen token cannot write",
        )
    } else {
        Finding::ok(SCOPES, format!("the token has `{list}`"))
    }];
    let left = facts.expires_at.map(|end| end.duration_since(now));
    if let Some(left) = left.filter(|_| !renewed_by_us)
        && left < limits::TOKEN_END_NOTED
    {
        let left = Duration::try_from(left).unwrap_or_default();
        findings.push(Finding::warning(
            SCOPES,
            format!(
                "the token ends in {}, and this program cannot renew it",
                span(left)
            ),
            "make a new one, or use `method = \"client_credentials\"`, whose tokens are renewed",
        ));
    }
    findings
}

fn is_for_more(scope: &str) -> bool {
    scope == "impersonate" || scope == "write" || scope.ends_with(":write")
}
