//! What the tests stand on: a world with both simulators, the real program as a child, and the
//! comparison of source and sink.
//!
//! Hermetic: each world has a fresh directory, ports of its own, and children without any
//! environment but what is named here. Whatever a test waits for has a deadline, [`PATIENCE`];
//! when a test fails, its world prints all there is to know.

use std::time::Duration;

mod asked;
mod exposition;
mod process;
mod proxy;
mod recorded;
mod settings;
mod settled;
mod tls;
mod world;

pub use asked::Asked;
pub use exposition::Exposition;
pub use process::{Finished, Process};
pub use proxy::CompanyProxy;
pub use recorded::{Recorded, recorded, shared};
pub use settings::SignIn;
pub use settled::{Expected, assert_settled};
pub use tls::{Authority, TlsPort};
pub use world::{Plan, World};

use zendesk_aep::sandbox::Request;

/// Longest wait for anything that should happen at once, on a machine with better things to do.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Longer than any test: what is held this long is held until somebody ends it.
pub const FOR_EVER: Duration = Duration::from_secs(600);

/// Where the incremental export is.
pub const INCREMENTAL: &str = "/api/v2/incremental/users/cursor";

/// Where the search export is.
pub const SEARCH: &str = "/api/v2/search/export";

/// Where messages go, together or one by one.
pub const INLET: &str = "/collection/";

/// Waits until `holds`; panics with `what` if it does not in time. For states that nobody
/// announces, such as the content of a file.
#[track_caller]
pub fn eventually(what: &str, holds: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let what = what.to_owned();
    async move {
        let polling = async {
            let mut holds = holds;
            while !holds() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, polling).await;
        assert!(in_time.is_ok(), "at {caller}: not in time: {what}");
    }
}

/// Claims the request whose path begins with `path_prefix` after `skipped` others of the kind.
pub fn nth(skipped: usize, path_prefix: &'static str) -> impl Fn(&Request) -> bool + Send + Sync {
    let seen = std::sync::atomic::AtomicUsize::new(0);
    move |request| {
        request.head.path.starts_with(path_prefix)
            && seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == skipped
    }
}
