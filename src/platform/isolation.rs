//! Taking a batch apart until every message is accepted or rejected for good.
//!
//! - A part refused as a whole is halved until the culprits stand alone: k culprits among n
//!   messages cost O(k log n) extra requests.
//! - Messages whose outcome the answer does not tell go again, first together, then one by one.
//! - A part that ends in a repeated 500 is halved too, because Adobe answers 500 also to a payload
//!   it cannot process. But only a delivery in which something else got through proves that the
//!   inlet works and the payload does not: without such a proof nothing is rejected, and the
//!   delivery fails as a whole.
//!
//! Pure: what is sent and how is the caller's business.

use super::outcome::{Outcome, Rejection};
use super::{Error, answer};
use crate::http::Effort;

/// Messages of a batch that go together.
#[derive(Debug)]
pub(super) struct Part {
    /// Their places in the batch, ascending.
    pub(super) indexes: Vec<usize>,
    /// How often they were sent with an unknown outcome.
    pub(super) resends: u32,
    /// How hard to try.
    pub(super) effort: Effort,
}

/// What is known of a batch's messages, and what is still to be sent.
#[derive(Debug)]
pub(super) struct Isolation {
    /// The stream, for the log.
    stream: String,
    settled: Vec<Option<Result<(), Rejection>>>,
    /// A stack whose top is the earliest part, so that messages go out in order.
    parts: Vec<Part>,
    /// Whether the inlet has taken or judged anything in this delivery.
    works: bool,
    /// Parts that ended in a repeated 500 before anything got through.
    suspects: u32,
    /// Messages that stood alone when they did, and the last such failure.
    undecided: Vec<usize>,
    failure: Option<Error>,
}

impl Isolation {
    /// Begins with all of a batch's `messages` in one part.
    pub(super) fn new(stream: &str, messages: usize) -> Self {
        Self {
            stream: stream.to_owned(),
            settled: vec![None; messages],
            parts: vec![Part {
                indexes: (0..messages).collect(),
                resends: 0,
                effort: Effort::Full,
            }],
            works: false,
            suspects: 0,
            undecided: Vec::new(),
            failure: None,
        }
    }

    /// What to send next.
    pub(super) fn next(&mut self) -> Option<Part> {
        self.parts.pop()
    }

    /// Makes a part of each message.
    pub(super) fn separate(&mut self, part: Part) {
        for index in part.indexes.into_iter().rev() {
            self.parts.push(Part {
                indexes: vec![index],
                ..part
            });
        }
    }

    /// Takes note of the outcomes of a part's messages, in its order.
    pub(super) fn record(&mut self, part: Part, outcomes: Vec<Outcome>) {
        let mut unknown = Vec::new();
        for (index, outcome) in part.indexes.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Accepted => self.settle(index, Ok(())),
                Outcome::Rejected(why) => self.settle(index, Err(why)),
                Outcome::Unknown => unknown.push(index),
            }
        }
        if !unknown.is_empty() {
            tracing::warn!(
                stream = self.stream,
                messages = unknown.len(),
                "the inlet's answer does not tell what became of some messages: sending them again"
            );
            self.parts.push(Part {
                indexes: unknown,
                resends: part.resends + 1,
                effort: part.effort,
            });
        }
    }

    /// Takes note that a part was refused as a whole.
    pub(super) fn refuse(&mut self, part: Part, why: Rejection) {
        match part.indexes[..] {
            [index] => self.settle(index, Err(why)),
            _ => {
                tracing::info!(
                    stream = self.stream,
                    status = why.status,
                    messages = part.indexes.len(),
                    "the inlet refused a batch as a whole: sending its halves"
                );
                self.halve(part);
            }
        }
    }

    /// Takes note that sending a part failed. Returns the attempts it took if the payload may be
    /// the reason.
    ///
    /// # Errors
    /// `error` itself, if the payload cannot be the reason or the inlet fails at everything.
    pub(super) fn suspect(&mut self, part: Part, error: Error) -> Result<u32, Error> {
        let (attempts, message) = match &error {
            Error::Unavailable { attempts, last, .. } if answer::may_be_the_payload(last) => {
                (*attempts, last.to_string())
            }
            _ => return Err(error),
        };
        if !self.works {
            self.suspects += 1;
            // One failure for each level of halving, down to a single message, and a few more: by
            // then a working inlet would have taken something.
            let levels = self.settled.len().ilog2() + 3;
            if self.suspects > levels || self.settled.len() == 1 {
                return Err(error);
            }
        }
        match part.indexes[..] {
            [index] if self.works => {
                let why = Rejection {
                    status: 500,
                    message,
                };
                self.settled[index] = Some(Err(why));
            }
            [index] => {
                self.undecided.push(index);
                self.failure = Some(error);
            }
            _ => {
                tracing::info!(
                    stream = self.stream,
                    messages = part.indexes.len(),
                    "the inlet keeps failing at a batch: sending its halves to find out whether it is the payload"
                );
                self.halve(part);
            }
        }
        Ok(attempts)
    }

    /// The outcome of every message.
    ///
    /// # Errors
    /// When some messages failed without a proof that it was their fault.
    pub(super) fn finish(mut self) -> Result<Vec<Result<(), Rejection>>, Error> {
        if let Some(error) = self.failure {
            if !self.works {
                return Err(error);
            }
            for index in self.undecided {
                let why = Rejection {
                    status: 500,
                    message: error.to_string(),
                };
                self.settled[index] = Some(Err(why));
            }
        }
        let outcomes = self.settled.into_iter().collect::<Option<Vec<_>>>();
        Ok(outcomes.expect("every part covers its messages, and all parts the batch"))
    }

    fn settle(&mut self, index: usize, outcome: Result<(), Rejection>) {
        self.works = true;
        self.settled[index] = Some(outcome);
    }

    /// Halves are tried with little effort: what would pass on its own has had its time.
    fn halve(&mut self, part: Part) {
        let (first, second) = part.indexes.split_at(part.indexes.len() / 2);
        for half in [second, first] {
            self.parts.push(Part {
                indexes: half.to_vec(),
                resends: part.resends,
                effort: Effort::Probe,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Trouble;
    use proptest::prelude::*;
    use reqwest::StatusCode;

    fn failing_with(status: u16) -> Error {
        Error::Unavailable {
            what: "test".to_owned(),
            attempts: 2,
            last: Trouble::Status {
                status: StatusCode::from_u16(status).expect("a status"),
                text: "broken".to_owned(),
                request_id: None,
            },
        }
    }

    /// Delivers to an inlet that answers `status` to every part with a culprit in it; returns the
    /// outcomes and the number of parts sent.
    fn deliver(
        messages: usize,
        culprits: &[usize],
        status: u16,
    ) -> (Result<Vec<bool>, Error>, u32) {
        let mut isolation = Isolation::new("users", messages);
        let mut sent = 0;
        while let Some(part) = isolation.next() {
            sent += 1;
            if !part.indexes.iter().any(|index| culprits.contains(index)) {
                let outcomes = vec![Outcome::Accepted; part.indexes.len()];
                isolation.record(part, outcomes);
            } else if status == 500 {
                if let Err(error) = isolation.suspect(part, failing_with(500)) {
                    return (Err(error), sent);
                }
            } else {
                isolation.refuse(
                    part,
                    Rejection {
                        status,
                        message: "no".to_owned(),
                    },
                );
            }
        }
        let outcomes = isolation.finish();
        (
            outcomes.map(|outcomes| outcomes.iter().map(Result::is_ok).collect()),
            sent,
        )
    }

    proptest! {
        #[test]
        fn culprits_are_found_and_nobody_else(
            messages in 1usize..600,
            culprits in proptest::collection::btree_set(0usize..600, 0..6),
            status in prop_oneof![Just(400u16), Just(413)],
        ) {
            let culprits: Vec<usize> = culprits.into_iter().filter(|c| *c < messages).collect();
            let (outcomes, sent) = deliver(messages, &culprits, status);
            let expected: Vec<bool> = (0..messages).map(|index| !culprits.contains(&index)).collect();
            prop_assert_eq!(outcomes.expect("settled"), expected);
            let levels = messages.next_power_of_two().ilog2() + 1;
            let bound = 1 + 2 * u32::try_from(culprits.len()).expect("few") * levels;
            prop_assert!(sent <= bound, "{} parts for {} culprits among {}", sent, culprits.len(), messages);
        }

        #[test]
        fn repeated_500s_find_their_culprits_where_something_gets_through(
            messages in 2usize..600,
            culprit in 0usize..600,
        ) {
            let culprit = culprit % messages;
            let (outcomes, _) = deliver(messages, &[culprit], 500);
            let expected: Vec<bool> = (0..messages).map(|index| index != culprit).collect();
            prop_assert_eq!(outcomes.expect("settled"), expected);
        }
    }

    #[test]
    fn an_inlet_that_fails_at_everything_rejects_nothing_and_is_not_hammered() {
        let all: Vec<usize> = (0..1_000).collect();
        let (outcomes, sent) = deliver(1_000, &all, 500);
        assert!(matches!(outcomes, Err(Error::Unavailable { .. })));
        assert!(sent <= 13, "{sent} parts");
        assert!(deliver(1, &[0], 500).0.is_err(), "alone it proves nothing");
        assert!(deliver(2, &[0, 1], 500).0.is_err());
    }

    #[test]
    fn other_failures_end_the_delivery() {
        for status in [502, 503, 429] {
            let mut isolation = Isolation::new("users", 8);
            let part = isolation.next().expect("the whole");
            assert!(isolation.suspect(part, failing_with(status)).is_err());
        }
    }

    #[test]
    fn the_unknown_go_again_in_order() {
        let mut isolation = Isolation::new("users", 3);
        let part = isolation.next().expect("the whole");
        isolation.record(
            part,
            vec![Outcome::Unknown, Outcome::Accepted, Outcome::Unknown],
        );
        let part = isolation.next().expect("the rest");
        assert_eq!((&part.indexes[..], part.resends), (&[0, 2][..], 1));
        isolation.separate(part);
        for expected in [0, 2] {
            let part = isolation.next().expect("one message");
            assert_eq!(part.indexes, [expected]);
            isolation.record(part, vec![Outcome::Accepted]);
        }
        assert_eq!(
            isolation.finish().expect("settled"),
            [Ok(()), Ok(()), Ok(())]
        );
    }
}
