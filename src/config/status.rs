//! `[status]`: where the daemon can be asked how it is.

use std::net::SocketAddr;

/// `[status]`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The address of the status server; `None` for no server. Port 0 is any free one.
    pub listen: Option<SocketAddr>,
}
