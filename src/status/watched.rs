//! The running daemon as it can be asked about: where all that is told of it comes together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::judge::{Daemon, Known};
use super::report::{
    DeadLetterGroup, DeadLetters, Finding, Limit, Report, Severity, Source, Stream, Token, Totals,
};
use super::samples::Samples;
use super::{judge, stream};
use crate::checkpoint::Store;
use crate::config::Config;
use crate::dead_letters::{Census, Segments};
use crate::error::Chain;
use crate::meter::{Meter, Side, SyncEnd};
use crate::progress::Progress;
use crate::zendesk::{Client, Usage};

/// Longest wait for a count of the dead letters; whoever asks then gets the one before. A count of
/// a full store takes seconds once, and milliseconds from then on.
const CENSUS_WAIT: Duration = Duration::from_secs(1);

/// The daemon.
#[derive(Debug)]
pub struct Watched {
    meter: Arc<Meter>,
    progress: Progress,
    started_at: Timestamp,
    sources: Mutex<Arc<Sources>>,
    samples: Mutex<Samples>,
    // Held while counting.
    census: Mutex<Census>,
    dead_letters: Mutex<DeadLetters>,
    stop: CancellationToken,
}

/// What may be replaced while the daemon runs.
#[derive(Debug)]
pub struct Sources {
    /// What it runs on.
    pub config: Arc<Config>,
    /// The checkpoints.
    pub state: Arc<Store>,
    /// What knows the quota.
    pub client: Arc<Client>,
}

impl Watched {
    /// The daemon that starts now and ends with `stop`.
    pub fn new(
        meter: Arc<Meter>,
        progress: Progress,
        sources: Sources,
        stop: &CancellationToken,
    ) -> Self {
        Self {
            meter,
            progress,
            started_at: Timestamp::now(),
            sources: Mutex::new(Arc::new(sources)),
            samples: Mutex::default(),
            census: Mutex::default(),
            dead_letters: Mutex::default(),
            stop: stop.clone(),
        }
    }

    /// From now on it runs on this.
    pub fn replace(&self, sources: Sources) {
        *lock(&self.sources) = Arc::new(sources);
    }

    /// The tasks that do not get on although every wait of theirs is over, by name.
    pub(super) fn stuck(&self) -> Vec<String> {
        self.progress.late()
    }

    /// What it counts.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Adds a point to the plots of every stream.
    pub(super) fn sample(&self) {
        let (sources, now) = (self.sources(), Timestamp::now());
        let mut samples = lock(&self.samples);
        for stream in self.streams(&sources, now) {
            let ingested = stream.totals.map_or(0, |totals| totals.ingested);
            samples.add(&stream.name, now, stream.lag_seconds, ingested);
        }
    }

    /// All that is known, with the plots.
    pub(super) async fn report_with_samples(self: &Arc<Self>) -> Report {
        let mut report = self.report().await;
        let samples = lock(&self.samples);
        for stream in &mut report.streams {
            stream.samples = samples.of(&stream.name);
        }
        drop(samples);
        report
    }

    /// All that is known but for the plots.
    pub(super) async fn report(self: &Arc<Self>) -> Report {
        let dead_letters = self.dead_letters().await;
        let (sources, now) = (self.sources(), Timestamp::now());
        let streams = self.streams(&sources, now);
        let tokens = self.tokens(&sources);
        let failures = self.meter.recent_failures();
        let mut health = judge::health(&Known {
            daemon: Daemon::Answers,
            streams: &streams,
            tokens: &tokens,
            dead_letters: &dead_letters,
            failures: &failures,
        });
        if self.stop.is_cancelled() {
            health.ready = false;
            health.findings.insert(0, stopping());
        }
        Report {
            source: Source::Daemon,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            account: sources.config.zendesk.account.clone(),
            at: now,
            started_at: Some(self.started_at),
            health,
            streams,
            limits: sources
                .client
                .governor()
                .usage()
                .into_iter()
                .map(limit)
                .collect(),
            tokens,
            in_flight: self.meter.in_flight(),
            dead_letters,
            failures,
        }
    }

    fn streams(&self, sources: &Sources, now: Timestamp) -> Vec<Stream> {
        let streams = &sources.config.streams;
        let told = streams.iter().filter_map(|configured| {
            let walk = sources.config.walk_of(&configured.spec.name)?;
            let own = sources.state.stream(&configured.spec.name);
            let root = &walk.root.spec.name;
            let of_root = sources.state.stream(root);
            let mut told = stream::tell(configured, walk.root, &own, &of_root, now);
            let reading = self.meter.walk(root);
            let fresh_until = stream::fresh_until(&of_root).max(reading.fresh_until);
            told.lag_seconds = fresh_until.map(|time| stream::age(time, now));
            told.running = reading.is_running;
            told.next_sync_at = reading.next_at;
            told.back_fill = told.back_fill.map(|kept| reading.back_fill.unwrap_or(kept));
            let counts = self.meter.stream(&configured.spec.name);
            told.totals = Some(Totals {
                received: counts.received,
                ingested: counts.ingested,
                skipped: counts.skipped,
                failed: counts.failed,
                syncs: reading.syncs.total(),
                syncs_failed: reading.syncs.get(SyncEnd::Failed),
            });
            let ended = walk.root.end.is_some() && of_root.ended == walk.root.end;
            told.condition = stream::condition(&told, ended, now);
            Some(told)
        });
        told.collect()
    }

    fn tokens(&self, sources: &Sources) -> Vec<Token> {
        let token = |name: &str, side: &Side| {
            let sign_ins = side.sign_ins();
            Token {
                side: name.to_owned(),
                accepted: sign_ins.accepted,
                expires_at: sign_ins.expires_at,
            }
        };
        let zendesk = token("zendesk", &self.meter.zendesk);
        let adobe = sources.config.platform.auth.as_ref();
        let adobe = adobe.map(|_| token("adobe", &self.meter.adobe));
        std::iter::once(zendesk).chain(adobe).collect()
    }

    /// The dead letters as counted just now, or a moment ago if counting takes long.
    async fn dead_letters(self: &Arc<Self>) -> DeadLetters {
        let this = self.clone();
        let counting = tokio::task::spawn_blocking(move || this.count_dead_letters());
        let _ = tokio::time::timeout(CENSUS_WAIT, counting).await;
        lock(&self.dead_letters).clone()
    }

    fn count_dead_letters(&self) {
        let Ok(mut census) = self.census.try_lock() else {
            // Somebody is counting.
            return;
        };
        let sources = self.sources();
        let segments = Segments::of(&sources.config.state.directory);
        match census.count(&segments) {
            Ok((bytes, groups)) => {
                *lock(&self.dead_letters) = DeadLetters {
                    letters: groups.values().map(|group| group.letters).sum(),
                    bytes,
                    bytes_max: sources.config.dead_letters.max_size,
                    groups: groups
                        .into_iter()
                        .map(|((stream, reason), group)| DeadLetterGroup {
                            stream,
                            reason: reason.to_string(),
                            letters: group.letters,
                            superseded: group.superseded,
                        })
                        .collect(),
                };
            }
            Err(error) => {
                tracing::debug!(error = %Chain(&error), "the dead letters cannot be counted")
            }
        }
    }

    fn sources(&self) -> Arc<Sources> {
        lock(&self.sources).clone()
    }
}

fn stopping() -> Finding {
    Finding {
        severity: Severity::Error,
        stream: None,
        code: None,
        what: "the daemon is stopping: it finishes what is in hand".to_owned(),
        remedy: String::new(),
        since: None,
    }
}

fn limit(usage: Usage) -> Limit {
    Limit {
        name: usage.bucket,
        total: usage.total,
        share: usage.part,
        used: usage.used,
        used_by_others: usage.used_by_others,
        left: usage.left,
        resets_at: usage.resets_at,
        confirmed: usage.confirmed,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each is replaced as a whole or only added to: no panic can tear it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
