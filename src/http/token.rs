//! An `Authorization` value that is asked for once, shared, and renewed before it ends.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::limits;
use crate::progress;

/// What signing in gave.
pub struct Granted {
    /// The whole value of the `Authorization` header, scheme included.
    pub authorization: SecretString,
    /// How long it lives; `None` if it does not say, which means until it is refused.
    pub expires_in: Option<Duration>,
}

impl Granted {
    /// When it expires, if it was asked for `now` and says.
    pub fn expires_at(&self, now: Timestamp) -> Option<Timestamp> {
        now.checked_add(self.expires_in?).ok()
    }
}

/// A token ready for use.
#[derive(Clone, Debug)]
pub struct Token {
    /// The `Authorization` value, marked sensitive: it prints as `Sensitive`.
    pub header: HeaderValue,
    generation: u64,
}

/// The present token. One renewal is in flight at a time; whoever comes meanwhile waits for it.
#[derive(Debug, Default)]
pub struct TokenCache {
    slot: Mutex<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u64,
    present: Option<(Token, Option<Instant>)>,
}

impl TokenCache {
    /// The present token, or a new one from `grant` if there is none or it is about to end.
    ///
    /// # Errors
    /// What `grant` failed with, or `unusable` if the token cannot travel in a header.
    pub async fn get<E>(
        &self,
        grant: impl AsyncFnOnce() -> Result<Granted, E>,
        unusable: impl FnOnce() -> E,
    ) -> Result<Token, E> {
        let mut slot = progress::in_line(self.slot.lock()).await;
        if let Some((token, renew_at)) = &slot.present
            && renew_at.is_none_or(|at| Instant::now() < at)
        {
            return Ok(token.clone());
        }
        // Taken before the request: a slow answer must not lengthen the token's life.
        let asked_at = Instant::now();
        let granted = grant().await?;
        let mut header =
            HeaderValue::try_from(granted.authorization.expose_secret()).map_err(|_| unusable())?;
        header.set_sensitive(true);
        slot.generation += 1;
        let token = Token {
            header,
            generation: slot.generation,
        };
        let renew_at = granted
            .expires_in
            .map(|lifetime| asked_at + useful(lifetime));
        slot.present = Some((token.clone(), renew_at));
        Ok(token)
    }

    /// Forgets the present token.
    pub async fn clear(&self) {
        self.slot.lock().await.present = None;
    }

    /// Forgets `stale` after it was refused, unless somebody has renewed it already.
    pub async fn discard(&self, stale: &Token) {
        let mut slot = progress::in_line(self.slot.lock()).await;
        if slot
            .present
            .as_ref()
            .is_some_and(|(token, _)| token.generation == stale.generation)
        {
            slot.present = None;
        }
    }
}

/// The part of a token's life in which it is used: all but the renewal margin, and at least
/// four fifths of a life so short that the margin would eat it.
fn useful(lifetime: Duration) -> Duration {
    let lifetime = lifetime.min(limits::TOKEN_LIFETIME_MAX);
    lifetime - limits::TOKEN_RENEWAL_MARGIN.min(lifetime / 5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    async fn get(cache: &TokenCache, calls: &Cell<u32>, lifetime: Option<u64>) -> Token {
        let grant = async || {
            calls.set(calls.get() + 1);
            Ok::<_, &str>(Granted {
                authorization: format!("Bearer t{}", calls.get()).into(),
                expires_in: lifetime.map(Duration::from_secs),
            })
        };
        cache.get(grant, || "unusable").await.expect("a token")
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_reused_until_shortly_before_its_end() {
        let (cache, calls) = (TokenCache::default(), Cell::new(0));
        get(&cache, &calls, Some(1_800)).await;
        tokio::time::advance(Duration::from_secs(1_679)).await;
        get(&cache, &calls, Some(1_800)).await;
        assert_eq!(calls.get(), 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        let token = get(&cache, &calls, Some(1_800)).await;
        assert_eq!(calls.get(), 2);
        assert_eq!(token.header.to_str().ok(), Some("Bearer t2"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_without_expiry_lasts_until_refused() {
        let (cache, calls) = (TokenCache::default(), Cell::new(0));
        let first = get(&cache, &calls, None).await;
        tokio::time::advance(Duration::from_secs(1_000_000)).await;
        get(&cache, &calls, None).await;
        assert_eq!(calls.get(), 1);
        cache.discard(&first).await;
        let second = get(&cache, &calls, None).await;
        // A late word about the first must not throw away the second.
        cache.discard(&first).await;
        get(&cache, &calls, None).await;
        assert_eq!((calls.get(), second.generation), (2, 2));
    }

    #[test]
    fn short_lives_and_absurd_ones() {
        assert_eq!(useful(Duration::from_secs(10)), Duration::from_secs(8));
        assert_eq!(useful(Duration::ZERO), Duration::ZERO);
        assert!(useful(Duration::from_secs(86_399_992)) < limits::TOKEN_LIFETIME_MAX);
    }

    #[tokio::test]
    async fn a_token_does_not_print() {
        let token = get(&TokenCache::default(), &Cell::new(0), None).await;
        assert!(!format!("{token:?}").contains("t1"));
    }
}
