//! Batches: many messages in one request body, within the inlet's size limit, in order.

use std::convert::Infallible;
use std::ops::Range;

use bytes::Bytes;

use crate::config::Endpoint;

const OPEN: &[u8] = br#"{"messages":["#;
const CLOSE: &[u8] = b"]}";

/// Room behind a full batch: a message is written before it is known not to fit any more. A larger one
/// makes the batch grow once.
const OVERHANG: usize = 16 * 1024;

/// Messages ready to be sent, in the order in which they were pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    body: Bytes,
    messages: Vec<Range<usize>>,
}

/// A message that fits into no batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message has {size} bytes; the inlet takes at most {max} in one request")]
pub struct TooLarge {
    /// Its size in bytes.
    pub size: usize,
    /// The largest message that fits.
    pub max: usize,
}

impl Batch {
    /// The number of messages, at least one.
    #[expect(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// The request body for the batch endpoint.
    pub(super) fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// One message, the request body for the single endpoint.
    pub(super) fn message(&self, index: usize) -> Bytes {
        self.body.slice(self.messages[index].clone())
    }

    /// A batch of some of this one's messages, in the order given.
    pub(super) fn subset(&self, indexes: &[usize]) -> Self {
        let mut builder = Builder::with_capacity(self.body.len());
        for &index in indexes {
            builder.push(&self.message(index));
        }
        builder.finish()
    }
}

/// Fills batches. A batch is closed when the next message would not fit.
#[derive(Debug)]
pub struct Packer {
    bytes_max: usize,
    messages_max: usize,
    /// Room for a batch that is filled: all of these have the same size. A few messages, as most syncs
    /// have, get as much as they need.
    capacity: usize,
    open: Builder,
}

impl Packer {
    /// Batches of at most `bytes_max` bytes of body; of one message each for the single endpoint.
    pub fn new(bytes_max: usize, endpoint: Endpoint) -> Self {
        let (messages_max, capacity) = match endpoint {
            Endpoint::Batch => (usize::MAX, bytes_max + OVERHANG),
            Endpoint::Single => (1, 0),
        };
        Self {
            bytes_max,
            messages_max,
            capacity,
            open: Builder::with_capacity(0),
        }
    }

    /// Adds a message; returns the batch that had to be closed to make room for it, if any.
    ///
    /// # Errors
    /// When the message fits into no batch; nothing has changed then.
    pub fn push(&mut self, message: &[u8]) -> Result<Option<Batch>, TooLarge> {
        let written = self.push_written(|out| {
            out.extend_from_slice(message);
            Ok::<(), Infallible>(())
        });
        match written {
            Ok(pushed) => pushed,
            Err(never) => match never {},
        }
    }

    /// [`Self::push`], for a message that `write` writes where it belongs: to the end of the open
    /// batch, so that it need not be copied there.
    ///
    /// # Errors
    /// What `write` fails with; nothing has changed then.
    pub fn push_written<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Result<Option<Batch>, TooLarge>, E> {
        let Builder { body, messages } = &mut self.open;
        let before = body.len();
        if !messages.is_empty() {
            body.push(b',');
        }
        let begin = body.len();
        if let Err(error) = write(body) {
            body.truncate(before);
            return Err(error);
        }
        let (size, max) = (
            body.len() - begin,
            self.bytes_max - OPEN.len() - CLOSE.len(),
        );
        if size > max {
            body.truncate(before);
            return Ok(Err(TooLarge { size, max }));
        }
        let full = messages.len() >= self.messages_max || body.len() + CLOSE.len() > self.bytes_max;
        if !full {
            messages.push(begin..body.len());
            if body.len() > self.capacity / 16 {
                // It will be filled.
                body.reserve_exact(self.capacity.saturating_sub(body.len()));
            }
            return Ok(Ok(None));
        }
        let mut next = Builder::with_capacity(self.capacity);
        next.push(&body[begin..]);
        body.truncate(before);
        Ok(Ok(Some(std::mem::replace(&mut self.open, next).finish())))
    }

    /// Closes the present batch, if it holds anything.
    pub fn flush(&mut self) -> Option<Batch> {
        if self.open.messages.is_empty() {
            return None;
        }
        let next = Builder::with_capacity(0);
        Some(std::mem::replace(&mut self.open, next).finish())
    }
}

#[derive(Debug)]
struct Builder {
    body: Vec<u8>,
    messages: Vec<Range<usize>>,
}

impl Builder {
    fn with_capacity(bytes: usize) -> Self {
        let mut body = Vec::with_capacity(bytes.max(OPEN.len()));
        body.extend_from_slice(OPEN);
        Self {
            body,
            messages: Vec::new(),
        }
    }

    fn push(&mut self, message: &[u8]) {
        if !self.messages.is_empty() {
            self.body.push(b',');
        }
        let start = self.body.len();
        self.body.extend_from_slice(message);
        self.messages.push(start..self.body.len());
    }

    fn finish(mut self) -> Batch {
        self.body.extend_from_slice(CLOSE);
        Batch {
            body: self.body.into(),
            messages: self.messages,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pack(messages: &[String], bytes_max: usize) -> (Vec<Batch>, Vec<usize>) {
        let mut packer = Packer::new(bytes_max, Endpoint::Batch);
        let (mut batches, mut too_large) = (Vec::new(), Vec::new());
        for (index, message) in messages.iter().enumerate() {
            match packer.push(message.as_bytes()) {
                Ok(closed) => batches.extend(closed),
                Err(_) => too_large.push(index),
            }
        }
        batches.extend(packer.flush());
        (batches, too_large)
    }

    proptest! {
        #[test]
        fn nothing_is_lost_nothing_comes_twice_order_is_kept_and_no_batch_is_too_large(
            sizes in proptest::collection::vec(2usize..120, 0..60),
            bytes_max in 20usize..200,
        ) {
            let messages: Vec<String> =
                sizes.iter().enumerate().map(|(i, size)| format!("\"{i:0>width$}\"", width = size - 2)).collect();
            let (batches, too_large) = pack(&messages, bytes_max);
            let mut packed = Vec::new();
            for batch in &batches {
                prop_assert!(batch.body().len() <= bytes_max);
                prop_assert!(batch.len() > 0);
                let parsed: serde_json::Value = serde_json::from_slice(&batch.body()).expect("JSON");
                prop_assert_eq!(parsed["messages"].as_array().map(Vec::len), Some(batch.len()));
                packed.extend((0..batch.len()).map(|i| batch.message(i).to_vec()));
            }
            let expected: Vec<Vec<u8>> = messages
                .iter()
                .enumerate()
                .filter(|(index, _)| !too_large.contains(index))
                .map(|(_, message)| message.clone().into_bytes())
                .collect();
            prop_assert_eq!(packed, expected);
            for index in too_large {
                prop_assert!(messages[index].len() + OPEN.len() + CLOSE.len() > bytes_max);
            }
        }
    }

    #[test]
    fn a_batch_is_filled_to_the_last_byte() {
        let message = "x".repeat(50);
        let exact = OPEN.len() + 50 + 1 + 50 + CLOSE.len();
        let messages = [message.clone(), message.clone()];
        assert_eq!(pack(&messages, exact).0.len(), 1);
        assert_eq!(pack(&messages, exact - 1).0.len(), 2);
    }

    #[test]
    fn a_message_that_fails_half_way_leaves_no_trace() {
        let mut packer = Packer::new(100, Endpoint::Batch);
        packer.push(b"{}").expect("it fits");
        let failed = packer.push_written(|out| {
            out.extend_from_slice(b"half");
            Err("no message")
        });
        assert_eq!(failed, Err("no message"));
        packer.push(b"[]").expect("it fits");
        let batch = packer.flush().expect("a batch");
        assert_eq!(batch.body(), r#"{"messages":[{},[]]}"#);
    }

    #[test]
    fn the_single_endpoint_gets_one_message_at_a_time() {
        let mut packer = Packer::new(1_000, Endpoint::Single);
        assert_eq!(packer.push(b"{}"), Ok(None));
        assert_eq!(
            packer
                .push(b"{}")
                .map(|batch| batch.map(|batch| batch.len())),
            Ok(Some(1))
        );
    }

    #[test]
    fn subsets_keep_bytes_and_order() {
        let (batches, _) = pack(&["1".to_owned(), "22".to_owned(), "3".to_owned()], 100);
        let subset = batches[0].subset(&[1, 2]);
        assert_eq!(subset.body(), r#"{"messages":[22,3]}"#);
    }
}
