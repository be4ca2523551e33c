//! The catalogue of misbehaviour, and the queue of what is still to happen.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;

use super::{Answer, Request, lock};

/// One way to treat a request badly. "Processed" means that the service did its work, say took
/// the messages of a batch, whatever the client then learns of it.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This answer in place of the real one, as from a gateway; the request is not processed.
    Answer(Answer),
    /// The connection is closed without an answer; the request is not processed.
    Close,
    /// The request is processed, then the connection is closed without an answer: the lost
    /// acknowledgement.
    CloseAfter,
    /// Processed; the answer breaks off in the middle of its body, below its Content-Length or
    /// before the last chunk.
    Truncate,
    /// Processed; the answer is held back this long.
    Stall(Duration),
    /// Processed; the body comes in eight pieces with this pause before each.
    SlowBody(Duration),
    /// Status 200 and an HTML page, as from a maintenance screen; not processed.
    Html,
    /// Status 200 and `application/json`, but the body is no JSON; not processed.
    NotJson,
    /// Processed; status and headers are real, the body is this one.
    Replace(Bytes),
}

impl Fault {
    /// An answer with this status and a JSON body; see [`Fault::Answer`].
    pub fn status(status: u16, body: impl Into<Bytes>) -> Self {
        Self::Answer(Answer::json(status, body))
    }
}

/// The faults that have not happened yet, in order.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<Planned>>);

impl Faults {
    pub(super) fn push(
        &self,
        matches: impl Fn(&Request) -> bool + Send + Sync + 'static,
        fault: Fault,
        times: usize,
    ) {
        if times > 0 {
            lock(&self.0).push(Planned {
                matches: Box::new(matches),
                fault,
                times,
            });
        }
    }

    pub(super) fn clear(&self) {
        lock(&self.0).clear();
    }

    pub(super) fn left(&self) -> usize {
        let planned = lock(&self.0);
        planned
            .iter()
            .fold(0, |sum, fault| sum.saturating_add(fault.times))
    }

    /// The first fault that claims this request, used up once.
    pub(super) fn take(&self, request: &Request) -> Option<Fault> {
        let mut planned = lock(&self.0);
        let place = planned.iter().position(|fault| (fault.matches)(request))?;
        let found = &mut planned[place];
        found.times -= 1;
        if found.times == 0 {
            return Some(planned.remove(place).fault);
        }
        Some(found.fault.clone())
    }
}

type Predicate = dyn Fn(&Request) -> bool + Send + Sync;

struct Planned {
    matches: Box<Predicate>,
    fault: Fault,
    /// Requests still to be treated so, at least 1.
    times: usize,
}

impl fmt::Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planned")
            .field("fault", &self.fault)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}
