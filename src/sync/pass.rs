//! One pass under way: what is known of each stream of the walk so far.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio::time::Instant;

use super::guard::Guard;
use super::itinerary::Route;
use super::watch::Watch;
use super::{Delivery, Pages, Tally};
use crate::checkpoint::{Counts, Repeats, Seen, StreamState};
use crate::limits;

/// One pass over one walk.
#[derive(Debug)]
pub(super) struct Pass {
    /// Of each member, in their order.
    pub(super) streams: Vec<StreamPass>,
    /// Where the walk stands, with all that is settled.
    pub(super) route: Route,
    /// Looks at the root's pages: a member's records come again whenever their parents do.
    pub(super) watch: Watch,
    /// A complete pass has every change before this, also if there was none.
    pub(super) horizon: Option<Timestamp>,
    pub(super) started_at: Timestamp,
    pub(super) clock: Instant,
}

/// What a pass knows of one stream.
#[derive(Debug)]
pub(super) struct StreamPass {
    /// As saved last.
    pub(super) state: StreamState,
    pub(super) counts: Counts,
    /// Of the live changes, those around the checkpoint.
    pub(super) repeats: Repeats,
    /// Of history, what was settled in this pass. It is not kept for the next one: a page of
    /// history or two that come again do no harm.
    pub(super) of_back_fill: Repeats,
    /// Changes that were news, of the live ones.
    pub(super) live_changes: u64,
    /// Records that the mapping leaves out by choice, by its reasons.
    pub(super) left_out: BTreeMap<String, u64>,
    pub(super) guard: Guard,
}

impl Pass {
    /// Begins where the state file stands.
    pub(super) fn begin(delivery: &Delivery, export: &impl Pages) -> Self {
        let (route, waiting) = delivery.route(export);
        if !waiting.is_empty() {
            tracing::warn!(
                stream = delivery.root(),
                waiting = waiting.join(", "),
                "new streams of this walk wait until some of its history is loaded: there is room for {} stretches of it",
                limits::BACK_FILL_SEGMENTS_MAX
            );
        }
        let streams: Vec<StreamPass> = delivery
            .members
            .iter()
            .map(|member| {
                let state = delivery.store.stream(&member.stream);
                StreamPass {
                    repeats: Repeats::new(&state.recent),
                    of_back_fill: Repeats::default(),
                    live_changes: 0,
                    left_out: BTreeMap::new(),
                    guard: Guard::new(&delivery.attention),
                    counts: Counts::default(),
                    state,
                }
            })
            .collect();
        // Recent versions are kept from the horizon on, so the oldest of them marks it.
        let recent = streams.first().map(|root| root.state.recent.iter());
        let horizon = recent.and_then(|recent| recent.map(Seen::version).min());
        Self {
            streams,
            route,
            watch: Watch::new(horizon),
            horizon: None,
            started_at: Timestamp::now(),
            clock: Instant::now(),
        }
    }

    /// The root's part, which has the checkpoint.
    pub(super) fn root(&self) -> &StreamPass {
        &self.streams[0]
    }

    /// What was done for each stream, with its name.
    pub(super) fn tallies(&self, delivery: &Delivery) -> Vec<Tally> {
        let members = delivery.members.iter().zip(&self.streams);
        let tally = members.map(|(member, stream)| Tally {
            stream: member.stream.clone(),
            counts: stream.counts,
        });
        tally.collect()
    }

    /// What was done for all streams together.
    pub(super) fn total(&self) -> Counts {
        let mut total = Counts::default();
        for stream in &self.streams {
            total += stream.counts;
        }
        total
    }
}
