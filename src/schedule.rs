//! When a stream is due. The only module that names the scheduler crate.
//!
//! The scheduler is used for one thing: a job that beats every second. Which streams are due is
//! worked out here at each beat, because the scheduler's own repetition stops for good after a
//! stall longer than its interval, and its zoned jobs keep the offset of the day they were made
//! (both open faults of its last release). Should the beat itself fail to come, [`Ticks`] notices
//! and goes on without it.
//!
//! A tick carries nothing. Ticks that come due during a sync are one tick afterwards; a stream
//! cannot overlap itself, since one loop waits for its ticks and runs its syncs.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::config::{Cadence, parse_cron};

/// A beat is missed after this long; the scheduler is up to half a second late by design.
const BEAT_MISSED: Duration = Duration::from_secs(5);

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
    scheduler: JobScheduler,
    beat: watch::Receiver<u64>,
}

/// The ticks of one stream.
#[derive(Debug)]
pub struct Ticks {
    beat: watch::Receiver<u64>,
    due: Due,
}

#[derive(Debug)]
enum Due {
    Every {
        every: Duration,
        last: Option<Instant>,
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
    pub async fn start() -> Result<Self, Error> {
        let (send, beat) = watch::channel(0_u64);
        let scheduler = JobScheduler::new().await?;
        // The closure can neither fail nor panic: a job whose closure panics never runs again.
        let job = Job::new_async("* * * * * *", move |_, _| {
            send.send_modify(|beat| *beat = beat.wrapping_add(1));
            Box::pin(std::future::ready(()))
        })?;
        scheduler.add(job).await?;
        scheduler.start().await?;
        Ok(Self { scheduler, beat })
    }

    /// The ticks of a stream: the first at once, further ones by `cadence`.
    ///
    /// # Errors
    /// When a cron expression or its zone cannot be read.
    pub fn ticks(&self, cadence: &Cadence) -> Result<Ticks, Error> {
        Ok(Ticks {
            beat: self.beat.clone(),
            due: Due::new(cadence)?,
        })
    }

    /// Stops the beat.
    pub async fn stop(mut self) {
        // It may still run a job after this; a beat that nobody waits for does no harm.
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::debug!(%error, "the scheduler did not stop");
        }
    }
}

impl Ticks {
    /// Waits until the stream is due. Cancel safe.
    pub async fn next(&mut self) {
        while !self.due.take(Utc::now()) {
            match tokio::time::timeout(BEAT_MISSED, self.beat.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => tokio::time::sleep(BEAT_MISSED).await,
                Err(_) => tracing::warn!("the scheduler has missed its beat; going on without it"),
            }
        }
    }
}

impl Due {
    fn new(cadence: &Cadence) -> Result<Self, Error> {
        Ok(match cadence {
            Cadence::Every(every) => Self::Every {
                every: *every,
                last: None,
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

    /// Whether a tick is due now; if so, it is taken.
    fn take(&mut self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Every { every, last } => {
                let due = last.is_none_or(|last| last.elapsed() >= *every);
                if due {
                    *last = Some(Instant::now());
                }
                due
            }
            Self::Cron {
                cron,
                timezone,
                checked,
            } => {
                // Looking back from the last look makes a stall, a suspend or a clock set forward
                // one tick; a clock set back begins anew from where it stands.
                let since = checked.replace(now);
                since.is_none_or(|since| {
                    cron.find_next_occurrence(&since.with_timezone(timezone), false)
                        .is_ok_and(|next| next <= now)
                })
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
            assert_eq!(due.take(now), *expected, "at {now}");
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

    #[tokio::test(start_paused = true)]
    async fn intervals_count_from_the_begin_of_the_last_sync() {
        let mut due = Due::new(&Cadence::Every(Duration::from_secs(60))).expect("a cadence");
        let now = Utc::now();
        assert!(due.take(now));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(!due.take(now));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(due.take(now));
        tokio::time::advance(Duration::from_secs(600)).await;
        assert!(
            due.take(now) && !due.take(now),
            "a long sync makes one tick, not ten"
        );
    }

    #[tokio::test]
    async fn the_beat_beats() {
        let schedule = Schedule::start().await.expect("started");
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
