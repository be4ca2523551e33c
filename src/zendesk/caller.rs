//! Who we are to Zendesk, and what we may export.

use jiff::Timestamp;
use serde::Deserialize;

use super::Error;
use super::client::{Client, Request};
use super::quota::Urgency;
use crate::http::{Effort, Trouble};

/// The user that our credentials act as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its id.
    pub id: i64,
    /// `end-user`, `agent` or `admin`.
    pub role: String,
    /// What kind of an agent it is, by Zendesk's numbers: 0 of a custom role, 1 light, 2 chat only, 3
    /// contributor, 4 admin, 5 billing admin. End users have none.
    pub role_type: Option<i64>,
    /// The tickets it sees, if not all: `organization`, `groups`, `assigned`, `requested`.
    pub ticket_restriction: Option<String>,
}

/// What a presented OAuth token is good for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TokenFacts {
    /// Its scopes.
    pub scopes: Vec<String>,
    /// When it ends; `None` if it does not.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

impl Caller {
    /// Whether it may see everything that the account has.
    pub fn is_admin(&self) -> bool {
        self.role == "admin"
    }
}

#[derive(Deserialize)]
struct Answer {
    user: User,
}

#[derive(Deserialize)]
struct User {
    id: Option<i64>,
    role: String,
    #[serde(default)]
    role_type: Option<i64>,
    #[serde(default)]
    ticket_restriction: Option<String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: TokenFacts,
}

impl Client {
    /// Asks Zendesk who we are.
    ///
    /// # Errors
    /// [`Error::SignIn`] also when Zendesk answers 200 with its anonymous user: that is its answer
    /// to wrong credentials at this address.
    pub async fn caller(&self, effort: Effort) -> Result<Caller, Error> {
        let request = Request {
            what: "ask who we are",
            path: "/api/v2/users/me.json",
            query: Vec::new(),
            carries_cursor: false,
            effort,
            urgency: Urgency::Fresh,
        };
        let read = |body: bytes::Bytes| {
            serde_json::from_slice::<Answer>(&body)
                .map_err(|_| "the answer does not describe a user".to_owned())
        };
        let user = self.fetch(&request, None, read).await?.value.user;
        match user.id {
            Some(id) => Ok(Caller {
                id,
                role: user.role,
                role_type: user.role_type,
                ticket_restriction: user.ticket_restriction,
            }),
            None => Err(Error::SignIn(Trouble::Unexpected(
                "it takes us for an anonymous user".to_owned(),
            ))),
        }
    }

    /// Asks what our OAuth token is good for. `None` where Zendesk does not say: the address was in
    /// its specification once, and nothing depends on it.
    ///
    /// # Errors
    /// [`Error::Stopped`] only.
    pub async fn token_facts(&self) -> Result<Option<TokenFacts>, Error> {
        let request = Request {
            what: "ask what our token is good for",
            path: "/api/v2/oauth/tokens/current.json",
            query: Vec::new(),
            carries_cursor: false,
            effort: Effort::Probe,
            urgency: Urgency::Fresh,
        };
        // The rest of the answer is not looked at.
        let read = |body: bytes::Bytes| Ok(serde_json::from_slice::<TokenAnswer>(&body).ok());
        match self.fetch(&request, None, read).await {
            Ok(answer) => Ok(answer.value.map(|answer| answer.token)),
            Err(error @ Error::Stopped { .. }) => Err(error),
            Err(_) => Ok(None),
        }
    }
}
