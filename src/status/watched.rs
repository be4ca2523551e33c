//! The running daemon as it can be asked about: where all that is told of it comes together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::judge::{Daemon, Known};
use super::line::line;
use super::report::{DeadLetters, Limit, Report, Source, Stream, Token, Totals};
use super::samples::Samples;
use super::{from_state, judge, stream};
use crate::checkpoint::{Counts, State, Store, StreamState, SyncReport};
use crate::config::{self, Config};
use crate::dead_letters::Census;
use crate::error::Chain;
use crate::meter::{Ended, Meter, Side, SyncEnd};
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

    /// All of it in a line, without looking at the dead letters.
    pub fn line(&self) -> String {
        let sources = self.sources();
        let streams = self.streams(&sources, Timestamp::now());
        line(&streams, &self.tokens(&sources))
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
        let health = judge::health(&Known {
            daemon: match self.stop.is_cancelled() {
                true => Daemon::Stopping,
                false => Daemon::Answers,
            },
            streams: &streams,
            tokens: &tokens,
            dead_letters: &dead_letters,
            failures: &failures,
        });
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
        let walks = sources.config.walks();
        let root_of = |name: &str| {
            let mut walks = walks.iter();
            let walk = walks.find(|walk| walk.names().any(|one| one == name));
            walk.map(|walk| walk.root)
        };
        sources.state.look(|state| {
            let streams = sources.config.streams.iter();
            let told = streams.filter_map(|configured| {
                let root = root_of(&configured.spec.name)?;
                Some(self.stream(configured, root, state, now))
            });
            told.collect()
        })
    }

    /// What the state tells of a stream, and what only the running daemon knows.
    fn stream(
        &self,
        configured: &config::Stream,
        root: &config::Stream,
        state: &State,
        now: Timestamp,
    ) -> Stream {
        let unknown = StreamState::default();
        let state_of = |name: &str| state.streams.get(name).unwrap_or(&unknown);
        let (name, of_root) = (&configured.spec.name, state_of(&root.spec.name));
        let mut told = stream::tell(configured, root, state_of(name), of_root, now);
        let reading = self.meter.walk(&root.spec.name);
        let fresh_until = stream::fresh_until(of_root).max(reading.fresh_until);
        told.lag_seconds = fresh_until.map(|time| stream::age(time, now));
        told.running = reading.is_running;
        told.next_sync_at = reading.next_at;
        if let Some(failed) = reading.last.and_then(failed)
            && !told.last_sync.as_ref().is_some_and(judge::has_failed)
        {
            // Where the state cannot be saved, it does not know either.
            told.last_sync = Some(failed);
        }
        told.back_fill = if of_root.back_fill.is_empty() {
            // A live walk that is far back has no stretches yet, and is history all the same.
            reading.back_fill
        } else {
            told.back_fill.map(|kept| reading.back_fill.unwrap_or(kept))
        };
        let counts = self.meter.stream(name);
        told.totals = Some(Totals {
            received: counts.received,
            ingested: counts.ingested,
            skipped: counts.skipped,
            failed: counts.failed,
            syncs: reading.syncs.total(),
            syncs_failed: reading.syncs.get(SyncEnd::Failed),
        });
        told.condition = stream::condition(&told, stream::has_ended(root, of_root), now);
        told
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
        match from_state::dead_letters(&mut census, &sources.config) {
            Ok(counted) => *lock(&self.dead_letters) = counted,
            Err(error) => {
                tracing::debug!(error = %Chain(&error), "the dead letters cannot be counted")
            }
        }
    }

    fn sources(&self) -> Arc<Sources> {
        lock(&self.sources).clone()
    }
}

/// A sync that ended with an error, as the state would have it.
fn failed(ended: Ended) -> Option<SyncReport> {
    Some(SyncReport {
        started_at: ended.at.checked_sub(ended.took).unwrap_or(ended.at),
        finished_at: ended.at,
        outcome: ended.failure?.to_string(),
        counts: Counts::default(),
    })
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
