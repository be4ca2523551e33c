//! The platform: the sign-in, the inlet, the schemas.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::finding::{Finding, failed, ok};
use crate::config::Config;
use crate::http::Effort;
use crate::lifecycle;
use crate::platform::Connection;
use crate::sync::Judge;

pub(super) async fn platform(
    config: &Config,
    stop: &CancellationToken,
    findings: &mut Vec<Finding>,
) {
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
