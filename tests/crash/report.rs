//! What the kills have hit, and what came of them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::audit::{Findings, Of};
use crate::ends::PAGE_RECORDS;
use crate::{Life, Traces};

/// What the daemon was doing when it was killed, as told by what it left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// It had not asked Zendesk for anything.
    Starting,
    /// Nothing of it had reached the inlet.
    Reading,
    /// Messages had reached the inlet that its checkpoint had not passed.
    Delivering,
    /// The same, and the dead letters of that page were on disk.
    Burying,
    /// A new state file was being written.
    Saving,
    /// All that had reached the inlet was settled, and there was more to read.
    BetweenPages,
    /// A sync had come to the end of the stream.
    Idle,
}

impl Phase {
    fn of(traces: &Traces, arrivals: &Of) -> Self {
        let Traces {
            before,
            after,
            asked,
        } = traces;
        if after.save.is_some() && after.save != before.save {
            Self::Saving
        } else if arrivals.unsettled > 0 {
            if arrivals.rejected_unsettled > 0 && after.dead_letter_bytes > before.dead_letter_bytes
            {
                Self::Burying
            } else {
                Self::Delivering
            }
        } else if after.completed > before.completed {
            Self::Idle
        } else if arrivals.distinct > 0 {
            Self::BetweenPages
        } else if *asked {
            Self::Reading
        } else {
            Self::Starting
        }
    }
}

/// The sum of all rounds.
#[derive(Default)]
pub struct Report {
    kills: BTreeMap<Phase, usize>,
    arrivals: usize,
    rejected: usize,
    repeats: usize,
    repeats_in_one_life_max: usize,
    resends: usize,
    took: Duration,
    slowest_round: Duration,
}

impl Report {
    pub fn add(&mut self, lives: &[Life], findings: &Findings, took: Duration) {
        for (life, arrivals) in lives.iter().zip(&findings.lives) {
            if let Some(traces) = &life.killed {
                *self.kills.entry(Phase::of(traces, arrivals)).or_default() += 1;
            }
            self.arrivals += arrivals.distinct + arrivals.resent;
            self.repeats += arrivals.repeated;
            self.repeats_in_one_life_max = self.repeats_in_one_life_max.max(arrivals.repeated);
            self.resends += arrivals.resent;
        }
        self.rejected += findings.rejected;
        self.took += took;
        self.slowest_round = self.slowest_round.max(took);
    }

    /// Kills that all hit the same moment would prove little. How long the other phases last is up
    /// to the machine; these are met by moments that wait for them.
    pub fn check(&self) {
        for phase in [
            Phase::Starting,
            Phase::Reading,
            Phase::Delivering,
            Phase::Idle,
        ] {
            assert!(
                self.kills.contains_key(&phase),
                "no kill hit {phase:?}: {self}"
            );
        }
        assert!(self.repeats > 0, "no kill had a price: {self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kills: usize = self.kills.values().sum();
        writeln!(
            f,
            "{kills} kills in {:?}, the slowest round {:?}",
            self.took, self.slowest_round
        )?;
        for (phase, count) in &self.kills {
            writeln!(f, "  {count:>5}  {phase:?}")?;
        }
        writeln!(
            f,
            "{} messages arrived, {} versions were rejected and kept; none lost, altered or out of order",
            self.arrivals, self.rejected
        )?;
        write!(
            f,
            "{} repeats after a kill (at most {} after one; a page has {PAGE_RECORDS}), {} after a lost acknowledgement",
            self.repeats, self.repeats_in_one_life_max, self.resends
        )
    }
}
