//! The delivering half of a walk: settling pages one after the other, and keeping what is settled.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::back_fill::{self, Gauge};
use super::itinerary::{Leg, Passed, Route};
use super::pass::Pass;
use super::reader::{Event, Pages};
use super::{End, Error, Listener, Member, Progress, blocking, save};
use crate::checkpoint::{Counts, Store, StreamState};
use crate::config::Attention;
use crate::dead_letters::DeadLetters;
use crate::error::{Chain, Explain as _};
use crate::progress;
use crate::record::Page;
use crate::snapshots::Snapshots;

/// Everything behind the reader.
#[derive(Debug)]
pub(super) struct Delivery {
    /// The root first.
    pub(super) members: Vec<Member>,
    pub(super) store: Arc<Store>,
    pub(super) dead_letters: Arc<DeadLetters>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) attention: Attention,
    /// Only changes before this moment are wanted.
    pub(super) end: Option<Timestamp>,
}

impl Delivery {
    pub(super) fn root(&self) -> &str {
        self.members.first().map_or("", |root| &root.stream)
    }

    /// Where the walk goes on, and the streams that have to wait; see [`Route::resume`].
    pub(super) fn route(&self, export: &impl Pages) -> (Route, Vec<String>) {
        let delivered = self.members.iter().filter(|one| one.outlet.is_some());
        let delivered: Vec<&str> = delivered.map(|member| &*member.stream).collect();
        let (root, state) = (self.root(), self.store.stream(self.root()));
        Route::resume(
            &state,
            root,
            &delivered,
            self.end,
            |checkpoint| export.position(checkpoint),
            |checkpoint| export.history_position(checkpoint),
        )
    }

    /// Delivers what the reader sends, until it has no more to say.
    pub(super) async fn run(
        &self,
        mut queue: mpsc::Receiver<Event>,
        pass: &mut Pass,
        gauge: &mut Gauge,
        progress: &Listener<'_>,
    ) -> End {
        // Only a stop closes the queue without a last word.
        let mut end = End::Stopped;
        let mut catching_up = None;
        while let Some(event) = queue.recv().await {
            let moved = match event {
                Event::Over => {
                    end = End::Complete;
                    break;
                }
                Event::Failed(error) => Err(error.into()),
                Event::Split(split) => {
                    let mut route = pass.route.clone();
                    route.split(split);
                    end = End::Split;
                    self.advance(route, None, pass).await
                }
                Event::Page(page, passed) => {
                    // More live pages mean that the walk is not there yet.
                    let is_live = passed.leg == Leg::Live && passed.end_of_stream.is_none();
                    catching_up = is_live.then_some(passed.records);
                    self.take(*page, passed, pass).await
                }
            };
            match moved {
                Ok(()) => {
                    progress::passed();
                    let now = Instant::now();
                    let back_fill = gauge.look(&pass.route, catching_up, Timestamp::now(), now);
                    if let Some(back_fill) =
                        back_fill.as_ref().filter(|_| gauge.is_worth_a_word(now))
                    {
                        back_fill::tell(self.root(), back_fill);
                    }
                    progress(&Progress {
                        counts: pass.total(),
                        streams: pass.tallies(self),
                        back_fill,
                    });
                }
                Err(error) if error.is_stop() => return End::Stopped,
                Err(error) => return End::Failed(error),
            }
        }
        end
    }

    /// Settles a page, and moves the checkpoint over it.
    async fn take(&self, page: Page, passed: Passed, pass: &mut Pass) -> Result<(), Error> {
        // An answer that broke off is given from its beginning again, which is not odd.
        if passed.leg == Leg::Live && !page.is_rest {
            pass.watch.look(&page);
        }
        let settled = self.settle(page, passed, pass).await?;
        let (mut passed, counts, doubt) = settled.into_parts();
        passed.records = counts.iter().map(|counts| counts.received).sum();
        let leg = passed.leg;
        let mut route = pass.route.clone();
        route.pass(passed, self.end);
        let loaded = match leg {
            Leg::BackFill(index) if route.back_fill.len() < pass.route.back_fill.len() => {
                Some(pass.route.back_fill[index].clone())
            }
            Leg::BackFill(_) | Leg::Live => None,
        };
        self.advance(route, Some(&counts), pass).await?;
        if let Some(segment) = loaded {
            tracing::info!(
                stream = self.root(),
                streams = segment.streams.join(", "),
                until = %segment.until,
                stretches_left = pass.route.back_fill.len(),
                "a stretch of history is loaded"
            );
        }
        for (stream, counts) in pass.streams.iter_mut().zip(counts) {
            stream.counts += counts;
            if leg == Leg::Live {
                stream.live_changes += counts.received - counts.skipped;
            }
        }
        doubt.map_or(Ok(()), Err)
    }

    /// Removes dead letters that were kept long enough. What prevents that prevents no sync.
    pub(super) async fn expire_dead_letters(&self) {
        let store = self.dead_letters.clone();
        if let Err(error) = blocking(move || store.expire()).await {
            tracing::warn!(
                code = error.code().as_str(),
                hint = error.hint(),
                "dead letters older than `dead_letters.keep` stay: {}",
                Chain(&error)
            );
        }
    }

    /// Moves the walk to `route`, and keeps what is known since of the streams that `counts` has
    /// records of: all of it in one write.
    async fn advance(
        &self,
        route: Route,
        counts: Option<&[Counts]>,
        pass: &mut Pass,
    ) -> Result<(), Error> {
        let moves = !route.is_kept_in(self.root(), &pass.root().state);
        let mut next: Vec<(usize, StreamState)> = Vec::new();
        for (place, stream) in pass.streams.iter().enumerate() {
            let is_root = place == 0;
            let has_records = counts.is_some_and(|counts| counts[place].received > 0);
            // A quiet poll leaves everything as it is: the report at the end of the sync is enough.
            if has_records || is_root && moves {
                let mut state = stream.state.clone();
                state.recent = stream.repeats.to_seen();
                if is_root {
                    route.store(self.root(), &mut state);
                }
                next.push((place, state));
            }
        }
        if !next.is_empty() {
            let named = next
                .iter()
                .map(|(place, state)| (self.members[*place].stream.clone(), state.clone()));
            save(&self.store, named.collect()).await?;
        }
        for (place, state) in next {
            pass.streams[place].state = state;
        }
        pass.route = route;
        Ok(())
    }
}
