//! A Zendesk account and an AEP inlet on loopback: for the demo, and for every black-box test.
//!
//! Both are real HTTP servers. They answer as recorded traffic and Adobe's and Zendesk's
//! documents say the services answer, and refuse what those refuse. Either can be told to
//! misbehave, see [`Fault`], and keeps what a verdict needs: the account its present truth and
//! its history, the inlet every message in order of arrival.
//!
//! They share no code with the client side, by intention: a misreading of the protocol must not
//! be able to cancel itself out. That is also why this module uses nothing else of this crate but its
//! clock.
//!
//! ```no_run
//! # async fn demo() -> std::io::Result<()> {
//! use zendesk_aep::sandbox::{
//!     Fault, PlatformOptions, PlatformSimulator, Simulator, ZendeskOptions, ZendeskSimulator,
//! };
//!
//! let zendesk = ZendeskSimulator::start(ZendeskOptions::default()).await?;
//! let platform = PlatformSimulator::start(PlatformOptions::default()).await?;
//! zendesk.fault("/api/v2/incremental", Fault::Truncate, 1);
//! // … run the daemon against zendesk.base_url() and platform.inlet_url() …
//! assert_eq!(platform.latest_by_id().len(), zendesk.users().len());
//! # Ok(())
//! # }
//! ```

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

mod answer;
mod dice;
mod fault;
mod platform;
mod request;
mod server;
mod tokens;
mod zendesk;

#[cfg(test)]
mod testing;

pub use answer::Answer;
pub use dice::Dice;
pub use fault::Fault;
pub use platform::{
    DataType, Delivery, Endpoint, FailureKey, PlatformOptions, PlatformSimulator, Responses, Sink,
    TransactionIds,
};
pub use request::{Head, Request, SeenRequest};
pub use server::Server;
pub use zendesk::{
    Credentials, Gate, OtherUser, Quotas, Records, Role, ServedRecord, TooRecent, UserVersion,
    ZENDESK_HOST, ZendeskOptions, ZendeskSimulator,
};

/// What both simulators can do besides their own trade.
pub trait Simulator {
    /// The HTTP server beneath.
    fn server(&self) -> &Server;

    /// The next `times` requests whose path begins with `path_prefix` misbehave. Faults apply in
    /// the order in which they were asked for, one to a request.
    fn fault(&self, path_prefix: &str, fault: Fault, times: usize) {
        let prefix = path_prefix.to_owned();
        self.fault_when(
            move |request| request.head.path.starts_with(&prefix),
            fault,
            times,
        );
    }

    /// The next `times` requests that `matches` claims misbehave. It must not call the simulator.
    fn fault_when(
        &self,
        matches: impl Fn(&Request) -> bool + Send + Sync + 'static,
        fault: Fault,
        times: usize,
    ) {
        self.server().faults().push(matches, fault, times);
    }

    /// Forgets all faults that have not happened yet: the end of an outage.
    fn clear_faults(&self) {
        self.server().faults().clear();
    }

    /// How many requests are still to misbehave; 0 proves that a test's faults have happened.
    fn faults_left(&self) -> usize {
        self.server().faults().left()
    }

    /// The last 10,000 requests, oldest first.
    fn requests(&self) -> Vec<SeenRequest> {
        self.server().requests()
    }

    /// Those of [`Self::requests`] whose path begins with `path_prefix`.
    fn requests_to(&self, path_prefix: &str) -> Vec<SeenRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.head.path.starts_with(path_prefix));
        requests
    }

    /// Waits until `count` of [`Self::requests`] have a path that begins with `path_prefix`;
    /// false if there are fewer within `limit`.
    fn wait_for_requests(
        &self,
        path_prefix: &str,
        count: usize,
        limit: Duration,
    ) -> impl Future<Output = bool> + Send
    where
        Self: Sync,
    {
        let server = self.server();
        server.wait_until(move || server.request_count(path_prefix) >= count, limit)
    }

    /// Closes the port and every connection. What was recorded stays readable.
    fn stop(&self) -> impl Future<Output = ()> + Send
    where
        Self: Sync,
    {
        self.server().stop()
    }

    /// Opens the same port again after [`Self::stop`], with all state kept: together an outage.
    fn resume(&self) -> impl Future<Output = io::Result<()>> + Send
    where
        Self: Sync,
    {
        self.server().resume()
    }
}

/// Locks, also after a panic of another holder: every critical section here leaves whole state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
