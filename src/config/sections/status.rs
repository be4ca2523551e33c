//! `[status]`.

use std::net::SocketAddr;

use crate::config::Status;
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::Given;

pub(super) fn status(section: &mut Section<'_>) -> Read<Status> {
    let listen = section.optional("listen", listen);
    Ok(Status { listen: listen? })
}

/// An IP address and a port. Names are not looked up: what one resolves to may change, and with
/// it who can ask.
fn listen(given: &Given<'_>) -> Result<SocketAddr, Problem> {
    given.text()?.trim().parse().map_err(|_| {
        Problem::new(
            format!("{} is not an IP address with a port", given.quoted()),
            r#"write one, like "127.0.0.1:9464"; "0.0.0.0:9464" is for everybody who can reach this machine"#,
        )
    })
}
