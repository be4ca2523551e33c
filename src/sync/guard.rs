//! Telling a wrong configuration from bad records.
//!
//! When most of a sync's first records are refused, the schema, the dataset or the flow is wrong,
//! and filling the dead letters with good records would only move the problem. The sync stops
//! before it writes any of them.

use super::Error;
use crate::config::Attention;
use crate::dead_letters::{DeadLetter, Reason, without_values};
use crate::limits;

/// Watches the first records of a sync.
#[derive(Debug)]
pub(super) struct Guard {
    percent: u64,
    sample: u64,
    judged: u64,
    refused: u64,
}

impl Guard {
    /// A guard that has seen nothing yet.
    pub(super) fn new(attention: &Attention) -> Self {
        Self {
            percent: attention.rejected_percent.into(),
            sample: attention.rejected_sample.into(),
            judged: 0,
            refused: 0,
        }
    }

    /// Takes note of a page's outcomes.
    pub(super) fn judge(&mut self, ingested: u64, refused: &[DeadLetter]) -> Result<(), Error> {
        if self.judged >= self.sample {
            return Ok(());
        }
        self.refused += refused.len() as u64;
        self.judged += ingested + refused.len() as u64;
        let mostly_fine = self.refused * 100 <= self.judged * self.percent;
        if self.judged < limits::GUARD_SAMPLE_MIN || mostly_fine {
            return Ok(());
        }
        Err(Error::MostlyRejected {
            refused: self.refused,
            judged: self.judged,
            example: refused
                .first()
                .map_or_else(String::new, |letter| match &letter.reason {
                    // This text goes to the log.
                    Reason::Rejected { status, message } => {
                        format!("{status} {}", without_values(message))
                    }
                    Reason::Unmappable { message }
                    | Reason::Invalid { message }
                    | Reason::Unreadable { message }
                    | Reason::TooLarge { message } => message.clone(),
                }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn check(pages: &[(u64, usize)], stops: bool) {
        let mut guard = Guard::new(&Attention {
            vanished_percent: 50,
            rejected_percent: 50,
            rejected_sample: 100,
            retry_every: std::time::Duration::from_secs(900),
        });
        let stopped = pages.iter().any(|(ingested, refused)| {
            let letters: Vec<DeadLetter> = (0..*refused)
                .map(|_| DeadLetter {
                    record: Record::new(bytes::Bytes::new(), None, None),
                    reason: Reason::Rejected {
                        status: 400,
                        message: "no".to_owned(),
                    },
                })
                .collect();
            guard.judge(*ingested, &letters).is_err()
        });
        assert_eq!(stopped, stops, "{pages:?}");
    }

    #[test]
    fn most_of_the_first_records_refused_stops_the_sync() {
        check(&[(0, 10)], true);
        check(&[(49, 51)], true);
        check(&[(3, 2), (1, 7)], true);
    }

    #[test]
    fn a_few_bad_records_do_not() {
        check(&[(0, 9)], false);
        check(&[(50, 50)], false);
        check(&[(1_000, 30)], false);
    }

    #[test]
    fn only_the_first_records_are_judged() {
        check(&[(100, 0), (0, 1_000)], false);
    }
}
