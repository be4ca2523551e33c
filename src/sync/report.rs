//! How a pass ended, and what is kept of that.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::pass::Pass;
use super::{Delivery, Error, save, watch};
use crate::checkpoint::{Counts, NeedsAttention, SyncReport};
use crate::error::{Chain, Explain as _};
use crate::record::Position;

/// How a sync ended.
#[derive(Debug)]
pub enum End {
    /// All live changes that were there to be read when the sync began are settled; history may be
    /// left for the next one.
    Complete,
    /// The next sync was due before the back-log was read: it is history now.
    Split,
    /// The program is stopping; the rest waits for the next start.
    Stopped,
    /// Something went wrong; the checkpoint stands where the last settled page left it.
    Failed(Error),
}

/// One finished sync.
#[derive(Debug)]
pub struct Summary {
    /// Each stream of the walk, the root first.
    pub streams: Vec<Tally>,
    /// How it ended, for all of them.
    pub end: End,
    /// The time up to which every change is settled: that of the newest settled change or, if it
    /// was complete, the time up to which Zendesk had shown everything when it began.
    pub fresh_until: Option<Timestamp>,
    /// Now minus that time; `None` before there is one.
    pub lag: Option<Duration>,
    /// How long it took.
    pub duration: Duration,
}

impl Summary {
    /// The stream that the walk is named after.
    pub fn root(&self) -> &str {
        self.streams.first().map_or("", |root| &root.stream)
    }

    /// Whether there was nothing to do and nothing went wrong.
    pub fn is_uneventful(&self) -> bool {
        let counts = self.streams.iter().map(|tally| tally.counts);
        matches!(self.end, End::Complete)
            && counts
                .into_iter()
                .all(|counts| counts.received == counts.skipped)
    }
}

/// What a sync did for one stream.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The stream.
    pub stream: Arc<str>,
    /// What was done, over settled pages.
    pub counts: Counts,
}

impl End {
    /// As kept in the state file: `complete`, `split`, `stopped`, or the code of the error.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Split => "split",
            Self::Stopped => "stopped",
            Self::Failed(error) => error.code().as_str(),
        }
    }
}

impl Delivery {
    /// Notes the end of a pass with each of its streams, and sums it up.
    pub(super) async fn conclude(&self, mut pass: Pass, end: End) -> Summary {
        let now = Timestamp::now();
        let mut tallies = Vec::with_capacity(pass.streams.len());
        let mut states = Vec::with_capacity(pass.streams.len());
        let root = &pass.root().state;
        let newest = match (&end, root.back_fill.last()) {
            // Nothing was read yet at the new live position.
            (End::Split, Some(segment)) => Some(&segment.position),
            _ => root.position.as_ref(),
        };
        let looked_until = pass.horizon.filter(|_| matches!(end, End::Complete));
        let fresh_until = newest.and_then(Position::recovery_time).max(looked_until);
        let mut oddity = pass.watch.oddity();
        for (member, stream) in self.members.iter().zip(&mut pass.streams) {
            let (state, counts) = (&mut stream.state, stream.counts);
            if let End::Complete = end {
                let activity = state.activity.take();
                let (activity, silent) = watch::silence(activity, stream.live_changes, now);
                state.activity = activity;
                // The first of them is the root, whose pages are watched.
                let oddity = oddity.take().or(silent);
                state.notice = watch::notice(&member.stream, state.notice.take(), oddity, now);
            }
            state.attention = attention(&end, state.attention.take(), pass.started_at);
            state.last_sync = Some(SyncReport {
                started_at: pass.started_at,
                finished_at: now,
                outcome: end.outcome().to_owned(),
                counts,
            });
            states.push((member.stream.clone(), state.clone()));
            for (why, records) in &stream.left_out {
                tracing::info!(
                    stream = &*member.stream,
                    records,
                    why,
                    "records were left out by the mapping, and count as skipped"
                );
            }
            tallies.push(Tally {
                stream: member.stream.clone(),
                counts,
            });
        }
        let saved = save(&self.store, states).await;
        Summary {
            streams: tallies,
            end: match (end, saved) {
                (End::Complete | End::Split | End::Stopped, Err(error)) => End::Failed(error),
                (end, _) => end,
            },
            fresh_until,
            lag: fresh_until
                .and_then(|time| Duration::try_from(Timestamp::now().duration_since(time)).ok()),
            duration: pass.clock.elapsed(),
        }
    }
}

/// What a person must look at after a sync with this end, and since when.
fn attention(end: &End, before: Option<NeedsAttention>, now: Timestamp) -> Option<NeedsAttention> {
    let error = match end {
        End::Complete | End::Split => return None,
        // Neither settles the matter.
        End::Stopped => return before,
        End::Failed(error) if !error.code().needs_a_person() => return before,
        End::Failed(error) => error,
    };
    let code = error.code().to_string();
    Some(NeedsAttention {
        since: before
            .filter(|before| before.code == code)
            .map_or(now, |before| before.since),
        code,
        what: Chain(error).to_string(),
        remedy: error.hint().unwrap_or_default().to_owned(),
    })
}
