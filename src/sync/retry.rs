//! Sending dead letters again, also beside a running daemon.
//!
//! One segment at a time, with the store's lock held from reading it until the inlet has answered
//! and the accepted letters are removed. The daemon marks a letter superseded, under the same
//! lock, before it sends a later version of its record: so either the mark is seen here, or the
//! daemon waits, and its version arrives last.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{Error, Outcome, Outlet};
use crate::dead_letters::{Change, Damaged, Letter, LetterId, Locked, ReasonCode, Segments};
use crate::record::Record;

/// What became of the letters that were to be sent again.
#[derive(Debug, Default, Serialize)]
pub struct Retried {
    /// Accepted by the inlet, and removed.
    pub accepted: u64,
    /// Refused again; they stay, with the new reason.
    pub refused: u64,
    /// Left out by the mapping as it is configured now; they stay.
    pub left_out: u64,
    /// Never to be sent again, since a later version of the record was read.
    pub superseded: u64,
    /// Stand-ins for what Zendesk cannot give: there is no record to send.
    pub unreadable: u64,
    /// Of streams that are not configured: nobody knows where to send them.
    pub not_configured: u64,
    /// Lines that could not be read.
    #[serde(skip)]
    pub damaged: Vec<Damaged>,
}

/// A letter on its way.
struct Resend {
    letter: LetterId,
    record: Record,
}

impl Borrow<Record> for Resend {
    fn borrow(&self) -> &Record {
        &self.record
    }
}

/// Sends the letters that are `wanted` through the outlet of their stream, and removes those that
/// are accepted. `retried` counts, also up to an error. Blocks for the disk.
///
/// # Errors
/// When the store cannot be read or written, or the inlet could not be made to decide. Letters
/// that were not accepted for certain are all there still.
pub async fn retry(
    segments: &Segments,
    outlets: &BTreeMap<&str, Outlet>,
    wanted: impl Fn(&Letter) -> bool,
    retried: &mut Retried,
) -> Result<(), Error> {
    for number in segments.numbers()? {
        let locked = segments.lock()?;
        let mut by_stream: BTreeMap<String, Vec<Resend>> = BTreeMap::new();
        for line in locked.read(number)? {
            match line.letter {
                Err(damaged) => retried.damaged.push(damaged),
                Ok(letter) if !wanted(&letter) => {}
                Ok(letter) if letter.superseded => retried.superseded += 1,
                Ok(letter) if letter.reason.code() == ReasonCode::Unreadable => {
                    retried.unreadable += 1;
                }
                Ok(letter) => by_stream
                    .entry(letter.stream.clone())
                    .or_default()
                    .push(Resend {
                        letter: letter.id,
                        record: letter.to_record(),
                    }),
            }
        }
        for (stream, letters) in by_stream {
            match outlets.get(stream.as_str()) {
                Some(outlet) => resend(&locked, number, outlet, letters, retried).await?,
                None => retried.not_configured += letters.len() as u64,
            }
        }
    }
    Ok(())
}

/// Sends letters of one segment and one stream.
async fn resend(
    locked: &Locked<'_>,
    number: u64,
    outlet: &Outlet,
    letters: Vec<Resend>,
    retried: &mut Retried,
) -> Result<(), Error> {
    let mut outcomes: HashMap<LetterId, Outcome> = HashMap::new();
    let sent: Result<u64, Error> = outlet
        .send(letters, |resend, outcome| {
            outcomes.insert(resend.letter, outcome);
        })
        .await;
    // Also after a failure: what was accepted before it need not be sent once more.
    locked.rewrite(number, |letter| match outcomes.get(&letter.id) {
        None | Some(Outcome::Skipped(_)) => Change::Keep,
        Some(Outcome::Accepted) => Change::Remove,
        Some(Outcome::Refused(reason)) if *reason == letter.reason => Change::Keep,
        Some(Outcome::Refused(reason)) => Change::Replace(Letter {
            reason: reason.clone(),
            ..letter
        }),
    })?;
    for outcome in outcomes.values() {
        match outcome {
            Outcome::Accepted => retried.accepted += 1,
            Outcome::Skipped(_) => retried.left_out += 1,
            Outcome::Refused(_) => retried.refused += 1,
        }
    }
    sent?;
    Ok(())
}
