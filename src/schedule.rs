//! When a stream is due. The only module that names the scheduler crate.
//!
//! The scheduler is used for one thing: a job that beats every second. Which streams are due is
//! worked out here at each beat, because the scheduler's own repetition stops for good after a
//! stall longer than its interval, and its zoned jobs keep the offset of the day they were made
//! (both open faults of its last release). Should the beat itself fail to come, [`Ticks`] notices
//! and goes on without it.
//!
//! Ticks that come due during a sync are one tick afterwards; a stream cannot overlap itself, since
//! one loop waits for its ticks and runs its syncs.
//!
//! Who asks for a poll every minute or oftener wants changes as fresh as can be: between such ticks
//! there are early ones, for polls where the quota has room to spare.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::clock::Clock;
use crate::config::{Cadence, parse_cron};
use crate::progress;

/// A beat is missed after this long; the scheduler is up to half a second late by design.
const BEAT_MISSED: Duration = Duration::from_secs(5);

const BEAT: Duration = Duration::from_secs(1);

/// At intervals up to this there are early ticks. It is the time for which Zendesk withholds
/// changes: who polls less often than that does not wait for a single change.
const EARLY_UP_TO: Duration = Duration::from_secs(60);

/// Early ticks divide an interval into so many parts. At `every = "1m"` a change is then seen
/// within 60 s of being withheld and 15 s of waiting for a poll.
const EARLY_PARTS: u32 = 4;

/// The schedule could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The scheduler did not start.
    #[error("cannot start the scheduler")]
    Scheduler(#[from] JobSchedulerError),
    /// The expression is no cron expression.
    #[error("`{expression}` is not a cron expression: {why}")]
    Expression {
        /// What was given.
        expression: String,
        /// The parser's reason.
        why: String,
    },
    /// There is no such zone.
    #[error("`{0}` is not a time zone of the IANA database")]
    Timezone(String),
}

/// The running beat.
pub struct Schedule {
    scheduler: Option<JobScheduler>,
    beat: watch::Receiver<u64>,
    clock: Clock,
}

/// The ticks of one stream.
#[derive(Clone, Debug)]
pub struct Ticks {
    beat: watch::Receiver<u64>,
    clock: Clock,
    due: Due,
}

/// The schedule's word that a sync may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// It is time.
    Due,
    /// It is not, but a poll would do no harm if nobody else wants the room.
    Early,
}

#[derive(Clone, Debug)]
enum Due {
    /// Times are the clock's, since it was made.
    Every {
        every: Duration,
        last: Option<Duration>,
        last_early: Duration,
    },
    Cron {
        cron: Box<Cron>,
        timezone: Tz,
        checked: Option<DateTime<Utc>>,
    },
}

impl Schedule {
    /// Starts the beat.
    ///
    /// # Errors
    /// When the scheduler does not start.
    pub async fn start(clock: &Clock) -> Result<Self, Error> {
        let (send, beat) = watch::channel(0_u64);
        if !clock.is_real() {
            // The scheduler knows real seconds only.
            return Ok(Self {
                scheduler: None,
                beat,
                clock: *clock,
            });
        }
        let scheduler = JobScheduler::new().await?;
        // The closure can neither fail nor panic: a job whose closure panics never runs again.
        let job = Job::new_async("* * * * * *", move |_, _| {
            send.send_modify(|beat| *beat = beat.wrapping_add(1));
            Box::pin(std::future::ready(()))
        })?;
        scheduler.add(job).await?;
        scheduler.start().await?;
        Ok(Self {
            scheduler: Some(scheduler),
            beat,
            clock: *clock,
        })
    }

    /// The ticks of a stream: the first at once, further ones by `cadence`.
    ///
    /// # Errors
    /// When a cron expression or its zone cannot be read.
    pub fn ticks(&self, cadence: &Cadence) -> Result<Ticks, Error> {
        Ok(Ticks {
            beat: self.beat.clone(),
            clock: self.clock,
            due: Due::new(cadence)?,
        })
    }

    /// Stops the beat.
    pub async fn stop(self) {
        let Some(mut scheduler) = self.scheduler else {
            return;
        };
        // It may still run a job after this; a beat that nobody waits for does no harm.
        if let Err(error) = scheduler.shutdown().await {
            tracing::debug!(%error, "the scheduler did not stop");
        }
    }
}

impl Ticks {
    /// Waits until the stream is due, or an early poll may be tried. Cancel safe.
    pub async fn next(&mut self) -> Tick {
        loop {
            let now = self.clock.now();
            let now_utc = DateTime::from_timestamp_millis(now.as_millisecond()).unwrap_or_default();
            if let Some(tick) = self.due.take(now_utc, self.clock.elapsed()) {
                return tick;
            }
            self.beat().await;
            progress::passed();
        }
    }

    /// When the stream is due next; at once, if it is overdue.
    pub fn next_due(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        match &self.due {
            Due::Every { every, last, .. } => {
                let due = last.map_or(Duration::ZERO, |last| last + *every);
                now.checked_add(due.saturating_sub(self.clock.elapsed()))
                    .ok()
            }
            Due::Cron { cron, timezone, .. } => {
                let now = DateTime::from_timestamp_millis(now.as_millisecond())?;
                let next = cron.find_next_occurrence(&now.with_timezone(timezone), false);
                Timestamp::from_millisecond(next.ok()?.timestamp_millis()).ok()
            }
        }
    }

    async fn beat(&mut self) {
        if self.clock.is_real() {
            match tokio::time::timeout(BEAT_MISSED, self.beat.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => tokio::time::sleep(BEAT_MISSED).await,
                Err(_) => tracing::warn!(
                    "the scheduler has missed its beat: what is due is looked up without it, and nothing is left out"
                ),
            }
        } else {
            self.clock.sleep(BEAT).await;
        }
    }
}

impl Due {
    fn new(cadence: &Cadence) -> Result<Self, Error> {
        Ok(match cadence {
            Cadence::Every(every) => Self::Every {
                every: *every,
                last: None,
                last_early: Duration::ZERO,
            },
            Cadence::Cron {
                expression,
                timezone,
            } => Self::Cron {
                cron: Box::new(parse_cron(expression).map_err(|error| Error::Expression {
                    expression: expression.clone(),
                    why: error.to_string(),
                })?),
                timezone: timezone
                    .parse()
                    .map_err(|_| Error::Timezone(timezone.clone()))?,
                checked: None,
            },
        })
    }

    /// The tick that is due now, if any; it is taken. `elapsed` is the clock's time since it was
    /// made.
    fn take(&mut self, now: DateTime<Utc>, elapsed: Duration) -> Option<Tick> {
        match self {
            Self::Every {
                every,
                last,
                last_early,
            } => {
                let since = |then: Duration| elapsed.saturating_sub(then);
                if last.is_none_or(|last| since(last) >= *every) {
                    *last = Some(elapsed);
                    *last_early = elapsed;
                    return Some(Tick::Due);
                }
                let gap = (*every / EARLY_PARTS).max(BEAT);
                // Beats come when they come: half of one too soon is better than half too late.
                let early =
                    *every <= EARLY_UP_TO && gap < *every && since(*last_early) + BEAT / 2 >= gap;
                if early {
                    *last_early = elapsed;
                }
                early.then_some(Tick::Early)
            }
            Self::Cron {
                cron,
                timezone,
                checked,
            } => {
                // Looking back from the last look makes a stall, a suspend or a clock set forward
                // one tick; a clock set back begins anew from where it stands.
                let since = checked.replace(now);
                let due = since.is_none_or(|since| {
                    cron.find_next_occurrence(&since.with_timezone(timezone), false)
                        .is_ok_and(|next| next <= now)
                });
                due.then_some(Tick::Due)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cron(expression: &str, timezone: &str) -> Due {
        Due::new(&Cadence::Cron {
            expression: expression.to_owned(),
            timezone: timezone.to_owned(),
        })
        .expect("a cadence")
    }

    fn check(due: &mut Due, looks: &[(&str, bool)]) {
        for (now, expected) in looks {
            let now = now.parse().expect("a time");
            let tick = due.take(now, Duration::ZERO);
            assert_eq!(tick == Some(Tick::Due), *expected, "at {now}");
        }
    }

    #[test]
    fn cron_ticks_at_once_then_by_the_clock() {
        check(
            &mut cron("0 */15 * * * *", "UTC"),
            &[
                ("2026-01-01T00:07:00Z", true),
                ("2026-01-01T00:07:01Z", false),
                ("2026-01-01T00:14:59Z", false),
                ("2026-01-01T00:15:00Z", true),
                ("2026-01-01T00:15:01Z", false),
                ("2026-01-01T00:30:00.4Z", true),
            ],
        );
    }

    #[test]
    fn a_stall_is_one_tick_and_a_clock_set_back_is_none() {
        check(
            &mut cron("0 */15 * * * *", "UTC"),
            &[
                ("2026-01-01T00:07:00Z", true),
                ("2026-01-01T03:07:00Z", true),
                ("2026-01-01T03:07:01Z", false),
                ("2026-01-01T01:07:00Z", false),
                ("2026-01-01T01:15:00Z", true),
            ],
        );
    }

    #[test]
    fn local_time_stays_local_over_a_change_of_offset() {
        // Berlin leaves summer time on 2026-10-25: 08:00 is 06:00Z before and 07:00Z after.
        check(
            &mut cron("0 0 8 * * *", "Europe/Berlin"),
            &[
                ("2026-10-24T05:59:59Z", true),
                ("2026-10-24T06:00:00Z", true),
                ("2026-10-25T06:00:00Z", false),
                ("2026-10-25T07:00:00Z", true),
            ],
        );
    }

    #[test]
    fn what_is_no_schedule_says_so() {
        for expression in ["", "* * * *", "61 * * * * *", "every day"] {
            let cadence = Cadence::Cron {
                expression: expression.to_owned(),
                timezone: "UTC".to_owned(),
            };
            assert!(
                matches!(Due::new(&cadence), Err(Error::Expression { .. })),
                "{expression}"
            );
        }
        let cadence = Cadence::Cron {
            expression: "0 * * * * *".into(),
            timezone: "Mars".into(),
        };
        assert!(matches!(Due::new(&cadence), Err(Error::Timezone(_))));
    }

    /// The ticks at looks so many milliseconds after the clock was made.
    fn ticks(every: Duration, looks: &[u64]) -> Vec<Option<Tick>> {
        let mut due = Due::new(&Cadence::Every(every)).expect("a cadence");
        let take = |ms: &u64| due.take(Utc::now(), Duration::from_millis(*ms));
        looks.iter().map(take).collect()
    }

    #[test]
    fn intervals_count_from_the_begin_of_the_last_sync() {
        let two_minutes = Duration::from_secs(120);
        assert_eq!(
            ticks(two_minutes, &[5, 119_000, 120_005, 700_000, 700_001]),
            [
                Some(Tick::Due),
                None,
                Some(Tick::Due),
                Some(Tick::Due),
                None
            ],
            "a long sync makes one tick, not ten"
        );
    }

    #[test]
    fn an_interval_of_a_minute_or_less_has_early_ticks_between() {
        let (due, early) = (Some(Tick::Due), Some(Tick::Early));
        let minute = Duration::from_secs(60);
        let looks = [0, 7_000, 14_600, 20_000, 30_000, 45_100, 60_000, 75_000];
        assert_eq!(
            ticks(minute, &looks),
            [due, None, early, None, early, early, due, early]
        );
        assert_eq!(
            ticks(Duration::from_secs(2), &[0, 990, 2_000]),
            [due, early, due]
        );
        assert_eq!(
            ticks(Duration::from_secs(1), &[0, 600, 1_000]),
            [due, None, due],
            "a beat is not divided"
        );
    }

    #[tokio::test]
    async fn the_beat_beats() {
        let schedule = Schedule::start(&Clock::real()).await.expect("started");
        let mut ticks = schedule
            .ticks(&Cadence::Every(Duration::from_secs(1)))
            .expect("ticks");
        for _ in 0..2 {
            tokio::time::timeout(Duration::from_secs(10), ticks.next())
                .await
                .expect("a tick");
        }
        schedule.stop().await;
    }
}
