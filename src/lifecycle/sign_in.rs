//! The first sign-in: readiness waits for its outcome, whatever it is.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::standing::Standing;
use crate::error::{Chain, Explain};
use crate::http::Effort;
use crate::limits;
use crate::platform::Connection;
use crate::zendesk::Client;

/// Signs in to both ends, once. Who is refused goes on all the same, since a service that is down
/// must not keep the daemon from its other work: each sync tries again, and says what to do.
pub(super) async fn sign_in(
    client: &Arc<Client>,
    connection: &Arc<Connection>,
    standing: &Standing,
    stop: &CancellationToken,
) {
    let both = async {
        tokio::join!(
            async { note("zendesk", client.sign_in().await, standing) },
            async { note("adobe", connection.sign_in(Effort::Once).await, standing) },
        )
    };
    tokio::select! {
        () = stop.cancelled() => {}
        ended = tokio::time::timeout(limits::FIRST_SIGN_IN, both) => if ended.is_err() {
            tracing::warn!("signing in takes long: going on without waiting for it");
        }
    }
}

fn note<E: Explain + 'static>(end: &'static str, outcome: Result<(), E>, standing: &Standing) {
    match outcome {
        Ok(()) => tracing::info!(end, "signed in"),
        Err(error) => {
            standing.refused(end, error.code());
            tracing::warn!(
                end,
                code = error.code().as_str(),
                hint = error.hint(),
                "cannot sign in yet: {}",
                Chain(&error)
            );
        }
    }
}
