//! The first sign-in: readiness waits for its outcome, whatever it is.

use std::pin::pin;

use super::{Kept, ServiceManager};
use crate::error::{Chain, Code, Explain};
use crate::http::Effort;
use crate::limits;
use crate::progress::Pulse;

/// Signs in to both ends while the streams begin, which use the same tokens, and says that we are
/// ready when that is over. An end that is down does not keep us from it for long: the daemon does
/// what it can by going on trying, so to start it anew would help nobody.
pub(super) async fn sign_in(kept: Kept, manager: ServiceManager, pulse: Pulse) {
    let (zendesk, adobe) = (&kept.client, &kept.connection);
    let both = async {
        tokio::join!(
            async { note("zendesk", zendesk.sign_in(Effort::Full).await) },
            async { note("adobe", adobe.sign_in(Effort::Full).await) },
        )
    };
    let mut both = pin!(pulse.watch(both));
    let in_time = tokio::time::timeout(limits::FIRST_SIGN_IN, both.as_mut()).await;
    if in_time.is_err() {
        tracing::warn!(
            "signing in takes long; the log has the reasons, and the streams wait for it"
        );
    }
    manager.ready();
    if in_time.is_err() {
        both.await;
    }
}

fn note<E: Explain + 'static>(end: &'static str, outcome: Result<(), E>) {
    match outcome {
        Ok(()) => tracing::info!(end, "signed in"),
        Err(error) if error.code() == Code::Interrupted => {}
        Err(error) => {
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
