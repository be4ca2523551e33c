//! The platform: the way to each of its services, the sign-in, the schemas.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::finding::Finding;
use super::network::End;
use crate::config::{self, Config, SchemaPlace, Validate};
use crate::error::Code;
use crate::http::{Effort, Reached};
use crate::lifecycle;
use crate::platform::Connection;
use crate::sync::Judge;

const SIGN_IN: &str = "adobe sign-in";

/// Looks at all of it. Gives how far the inlet's clock is ahead of ours, if it tells.
pub(super) async fn look(
    config: &Config,
    stop: &CancellationToken,
    findings: &mut Vec<Finding>,
) -> Option<SignedDuration> {
    let connection = match Connection::new(&config.platform, &config.retry, stop) {
        Ok(connection) => Arc::new(connection),
        Err(error) => {
            findings.push(Finding::failed("inlet connection", &error));
            return None;
        }
    };
    let way = Way {
        config,
        connection: &connection,
    };
    let may_sign_in = way.sign_in(findings).await;
    let inlet_url = config.platform.inlet_url.single();
    let reached = way.reach("inlet", &inlet_url, findings).await;
    way.schemas(may_sign_in, findings).await;
    reached.and_then(|reached| reached.ahead)
}

struct Way<'a> {
    config: &'a Config,
    connection: &'a Arc<Connection>,
}

impl Way<'_> {
    async fn reach(
        &self,
        name: &str,
        address: &Url,
        findings: &mut Vec<Finding>,
    ) -> Option<Reached> {
        let platform = &self.config.platform;
        let end = End {
            name,
            address,
            proxy: self.connection.proxy_to(address),
            code: Code::PlatformUnavailable,
            timeout: platform.timeouts.connect,
        };
        let connect = self.connection.reach(address.clone());
        end.reach(connect, findings).await
    }

    /// Whether the identity service gives us tokens, or none are needed.
    async fn sign_in(&self, findings: &mut Vec<Finding>) -> bool {
        let Some(auth) = &self.config.platform.auth else {
            return true;
        };
        if self.reach("adobe", &auth.ims_url, findings).await.is_none() {
            findings.push(Finding::skipped(
                SIGN_IN,
                "there is no way to the identity service",
            ));
            return false;
        }
        match self.connection.sign_in(Effort::Full).await {
            Ok(()) => {
                let what = "the identity service gives us tokens".to_owned();
                findings.push(Finding::ok(SIGN_IN, what));
                true
            }
            Err(error) => {
                findings.push(Finding::failed(SIGN_IN, &error));
                false
            }
        }
    }

    /// Whether messages can be judged, where a schema is wanted.
    async fn schemas(&self, may_sign_in: bool, findings: &mut Vec<Finding>) {
        let Self { config, connection } = *self;
        let is_registered = |stream: &config::Stream| {
            matches!(stream.validate, Validate::Schema(SchemaPlace::Registry(_)))
        };
        let mut why_not = (!may_sign_in).then_some("the sign-in comes first");
        if why_not.is_none() && config.streams.iter().any(is_registered) {
            let reached = self
                .reach("gateway", &config.platform.api_url, findings)
                .await;
            why_not = reached
                .is_none()
                .then_some("there is no way to the schema registry");
        }
        for stream in &config.streams {
            let subject = format!("schema {}", stream.spec.name);
            if let Some(why_not) = why_not.filter(|_| is_registered(stream)) {
                findings.push(Finding::skipped(&subject, why_not));
                continue;
            }
            match lifecycle::judge(stream, config, connection) {
                Ok(judge @ Judge::Schema(_)) => findings.push(match judge.validation().await {
                    Ok(_) => Finding::ok(&subject, "messages can be judged by it".to_owned()),
                    Err(error) => Finding::failed(&subject, &error),
                }),
                Ok(Judge::Nobody | Judge::Fields) => {}
                Err(error) => findings.push(Finding::failed(&subject, &error)),
            }
        }
    }
}
