//! Who we are to Zendesk, and what we may export.

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
            }),
            None => Err(Error::SignIn(Trouble::Unexpected(
                "it takes us for an anonymous user".to_owned(),
            ))),
        }
    }
}
