//! Bearer tokens, as both services hand them out.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The tokens of one service.
#[derive(Debug)]
pub(super) struct Tokens {
    /// Begins every token, so that a leaked one tells where it is from.
    prefix: &'static str,
    lifetime: Duration,
    issued: u64,
    /// When each was issued. By age, not by end: a lifetime may be too long to add to a clock.
    issued_at: HashMap<String, Instant>,
}

impl Tokens {
    pub(super) fn new(prefix: &'static str, lifetime: Duration) -> Self {
        Self {
            prefix,
            lifetime,
            issued: 0,
            issued_at: HashMap::new(),
        }
    }

    /// A new token and its lifetime in seconds, rounded up as `expires_in` has no fractions.
    pub(super) fn issue(&mut self) -> (String, u64) {
        let lifetime = self.lifetime;
        self.issued_at.retain(|_, at| at.elapsed() < lifetime);
        self.issued += 1;
        let token = format!("{}-{:06}", self.prefix, self.issued);
        self.issued_at.insert(token.clone(), Instant::now());
        let fraction = u64::from(self.lifetime.subsec_nanos() > 0);
        (token, self.lifetime.as_secs().saturating_add(fraction))
    }

    /// Whether the token was issued here, has not been revoked and lives.
    pub(super) fn is_valid(&self, token: &str) -> bool {
        self.issued_at
            .get(token)
            .is_some_and(|at| at.elapsed() < self.lifetime)
    }

    /// Ends all tokens issued so far.
    pub(super) fn revoke(&mut self) {
        self.issued_at.clear();
    }

    /// How many have been issued, ever.
    pub(super) fn issued(&self) -> u64 {
        self.issued
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_its_time() {
        let mut tokens = Tokens::new("t", Duration::from_millis(1));
        let (token, expires_in) = tokens.issue();
        assert_eq!(expires_in, 1);
        std::thread::sleep(Duration::from_millis(2));
        assert!(!tokens.is_valid(&token));
    }

    #[test]
    fn a_revoked_token_is_invalid() {
        let mut tokens = Tokens::new("t", Duration::from_secs(60));
        let (token, _) = tokens.issue();
        assert!(tokens.is_valid(&token));
        tokens.revoke();
        assert!(!tokens.is_valid(&token));
        assert_eq!(tokens.issued(), 1);
    }
}
