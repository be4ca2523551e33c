//! The sections of the file, one function each: their keys, defaults and relations.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};

use super::changes::Written;
use super::fault::{Problem, Read};
use super::section::Section;
use super::values::quantity::{duration, size};
use super::values::{Given, alternatives, choice, flag, integer, text};
use super::{Attention, Config, DeadLetters, Log, LogFormat, Network, Retry, State, Timeouts};
use crate::limits;

mod cadence;
mod headers;
mod mapping;
mod parameters;
mod platform;
mod privacy;
mod quota;
mod secret;
mod status;
mod streams;
mod tls;
mod validate;
mod zendesk;

/// The shortest time that is a time at all.
const MOMENT: Duration = Duration::from_millis(1);

/// The whole file. Every section is read before the first fault ends anything.
pub(super) fn config(root: &mut Section<'_>) -> Read<Config> {
    let shutdown_grace = root.or("shutdown_grace", "30s", duration(MOMENT));
    let reload_on_change = root.or("reload_on_change", false, flag);
    let network = network(root);
    let zendesk = root.section("zendesk", |section| zendesk::zendesk(section, &network));
    let platform = root.section("platform", |section| {
        Ok(platform::platform(section, &network))
    });
    let retry = root.section("retry", retry);
    let cadence = root.section("schedule", cadence::schedule);
    let state = root.section("state", state);
    let dead_letters = root.section("dead_letters", dead_letters);
    let attention = root.section("attention", attention);
    let log = root.section("log", log);
    let status = root.section("status", status::status);
    let mapping = root.section("mapping", |section| mapping::settings(section, &zendesk));
    let (platform, identity) = match platform {
        Ok(read) => read,
        Err(refused) => (Err(refused), platform::Identity::refused(refused)),
    };
    let streams = root.section("streams", |section| {
        streams::streams(section, &identity, &cadence, &mapping)
    });
    Ok(Config {
        zendesk: zendesk?,
        platform: platform?,
        retry: retry?,
        state: state?,
        dead_letters: dead_letters?,
        attention: attention?,
        log: log?,
        status: status?,
        shutdown_grace: shutdown_grace?,
        reload_on_change: reload_on_change?,
        mapping: mapping?,
        streams: streams?,
        written: Written::default(),
    })
}

/// `[tls]`, and the proxy that the environment names.
fn network(root: &mut Section<'_>) -> Read<Arc<Network>> {
    let tls = root.section("tls", tls::tls);
    let proxy = root.surroundings().proxy.clone();
    let (ca_file, authorities) = tls?;
    Ok(Arc::new(Network {
        proxy: proxy?,
        ca_file,
        authorities,
    }))
}

/// The three timeouts of a peer, with their defaults.
fn timeouts(section: &mut Section<'_>, connect: &str, idle: &str, request: &str) -> Read<Timeouts> {
    let connect = section.or("connect_timeout", connect, duration(MOMENT));
    let idle = section.or("idle_timeout", idle, duration(MOMENT));
    let request = section.or("request_timeout", request, duration(MOMENT));
    Ok(Timeouts {
        connect: connect?,
        idle: idle?,
        request: request?,
    })
}

fn retry(section: &mut Section<'_>) -> Read<Retry> {
    let attempts = section.or("attempts", 8_i128, integer(1..=100));
    let initial_delay = section.or("initial_delay", "500ms", duration(MOMENT));
    let max_delay = section.or("max_delay", "60s", duration(MOMENT));
    let rate_limit_delay = section.or("rate_limit_delay", "60s", duration(MOMENT));
    let (initial_delay, max_delay) = (initial_delay?, max_delay?);
    if max_delay < initial_delay {
        return Err(section.refuse(
            "max_delay",
            Problem::new(
                format!("`{max_delay:?}` is below `initial_delay`, `{initial_delay:?}`"),
                format!("write \"{initial_delay:?}\" or more, or a smaller `initial_delay`"),
            ),
        ));
    }
    Ok(Retry {
        attempts: attempts?,
        initial_delay,
        max_delay,
        rate_limit_delay: rate_limit_delay?,
    })
}

fn state(section: &mut Section<'_>) -> Read<State> {
    let directory = section.or("directory", "/var/lib/zendesk-aep", text)?;
    Ok(State {
        directory: resolve(section, directory),
    })
}

/// A path as the file means it: relative to the file's own directory.
fn resolve(section: &Section<'_>, path: String) -> PathBuf {
    section.surroundings().directory.join(path)
}

fn dead_letters(section: &mut Section<'_>) -> Read<DeadLetters> {
    let max_size = section.or("max_size", "1GB", size(1_000_000..=u64::MAX));
    let keep = section.optional("keep", duration(limits::DEAD_LETTERS_KEEP_MIN));
    Ok(DeadLetters {
        max_size: max_size?,
        keep: keep?,
    })
}

fn attention(section: &mut Section<'_>) -> Read<Attention> {
    let rejected_percent = section.or("rejected_percent", 50_i128, integer(0..=100));
    let rejected_sample = section.or("rejected_sample", 100_i128, integer(10..=1_000_000));
    let vanished_percent = section.or("vanished_percent", 50_i128, integer(0..=100));
    let retry_every = section.or("retry_every", "15m", duration(MOMENT));
    Ok(Attention {
        rejected_percent: rejected_percent?,
        rejected_sample: rejected_sample?,
        vanished_percent: vanished_percent?,
        retry_every: retry_every?,
    })
}

fn log(section: &mut Section<'_>) -> Read<Log> {
    let level = section.or("level", "info", level);
    let formats = [
        ("auto", LogFormat::Auto),
        ("pretty", LogFormat::Pretty),
        ("json", LogFormat::Json),
    ];
    let format = section.or("format", "auto", choice(&formats));
    Ok(Log {
        level: level?,
        format: format?,
    })
}

fn level(given: &Given<'_>) -> Result<String, Problem> {
    let text = given.text()?;
    // `Targets` would take a misspelt level for a target of which everything is logged.
    let lone_words_are_levels = text
        .split(',')
        .filter(|part| !part.contains('='))
        .all(|part| part.trim().parse::<LevelFilter>().is_ok());
    if lone_words_are_levels && text.parse::<Targets>().is_ok() {
        return Ok(text.to_owned());
    }
    let levels = ["error", "warn", "info", "debug", "trace", "off"];
    Err(Problem::new(
        format!("{} is not a level", given.quoted()),
        format!(
            "write {}, or pairs like `info,zendesk_aep::zendesk=debug`",
            alternatives(&levels, "or")
        ),
    ))
}
