//! What both ends need of HTTP and neither should write twice: clients with every timeout set,
//! bodies read against a limit, `Retry-After` in all its forms, delays between attempts, and a
//! token cache with a single renewal in flight.
//!
//! What an answer *means* is not decided here: each end has one table for that
//! (`zendesk/answer.rs`, `platform/answer.rs`).

mod attempts;
mod cause;
mod client;
mod reach;
mod retry_after;
mod token;
mod trouble;

pub use attempts::{Attempts, Effort, GaveUp, Wait};
pub use cause::Cause;
pub use client::{Client, ClientError};
pub use reach::{Reached, reach};
pub use retry_after::retry_after;
pub use token::{Granted, Token, TokenCache};
pub use trouble::{Trouble, excerpt};

use bytes::{Bytes, BytesMut};
use reqwest::Response;

/// Reads a body of at most `limit` bytes, counted after decompression.
///
/// # Errors
/// When the connection breaks, the body is cut short or it is larger than `limit`.
pub async fn read_body(mut response: Response, limit: usize) -> Result<Bytes, Trouble> {
    let mut body = BytesMut::new();
    while let Some(chunk) = next_chunk(&mut response).await? {
        if body.len() + chunk.len() > limit {
            return Err(Trouble::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What arrives next of a body, decompressed; `None` at its end.
///
/// # Errors
/// When the connection breaks or the body is cut short.
pub async fn next_chunk(response: &mut Response) -> Result<Option<Bytes>, Trouble> {
    let cut_short = |error| Trouble::network(error, None);
    response.chunk().await.map_err(cut_short)
}

/// The beginning of an error answer's body, for a message; an unreadable one is empty.
pub async fn read_error_body(mut response: Response) -> Bytes {
    let mut body = BytesMut::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = crate::limits::ERROR_BODY_BYTES_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    body.freeze()
}
