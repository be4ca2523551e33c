//! Why a connection did not come about, where that can be told, and what to do about it.
//!
//! The texts of the layers below are right and of little help ("UnknownIssuer"): what a person can
//! do depends on the kind of failure, and the kinds are few.

use std::error::Error;
use std::io::{self, ErrorKind};

use rustls::{CertificateError, InvalidMessage};

/// The first cause of a request that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The name of the host cannot be resolved.
    Name,
    /// Nothing listens at the address.
    Refused,
    /// There is no way to the address.
    Unreachable,
    /// Nothing came back in time.
    TimedOut,
    /// The connection was ended by the other side or by something in between.
    Ended,
    /// The certificate is signed by nobody we know.
    UnknownAuthority,
    /// The certificate has ended, or has not begun, by our clock.
    OutOfDate,
    /// The certificate is for another host.
    OtherHost,
    /// The certificate is no good for another reason.
    BadCertificate,
    /// The other side does not speak TLS.
    NotTls,
}

impl Cause {
    /// Tells the cause of a transport error, if it is one of these.
    pub(super) fn of(error: &reqwest::Error) -> Option<Self> {
        if error.is_dns() {
            return Some(Self::Name);
        }
        let mut next: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<rustls::Error>() {
                return Some(Self::of_tls(error));
            }
            if let Some(error) = error.downcast_ref::<io::Error>()
                && let Some(cause) = Self::of_io(error)
            {
                return Some(cause);
            }
            next = error.source();
        }
        error.is_timeout().then_some(Self::TimedOut)
    }

    fn of_io(error: &io::Error) -> Option<Self> {
        // What an `io::Error` wraps is not among its sources.
        if let Some(wrapped) = error.get_ref() {
            let tls = wrapped.downcast_ref::<rustls::Error>();
            let io = || wrapped.downcast_ref::<io::Error>().and_then(Self::of_io);
            if let Some(cause) = tls.map(Self::of_tls).or_else(io) {
                return Some(cause);
            }
        }
        Some(match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable => Self::Unreachable,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => Self::Ended,
            _ => return None,
        })
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => match error {
                CertificateError::UnknownIssuer => Self::UnknownAuthority,
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Self::OutOfDate,
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => Self::OtherHost,
                _ => Self::BadCertificate,
            },
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NotTls,
            _ => Self::BadCertificate,
        }
    }

    /// Whether it may well be over by itself.
    pub fn may_pass(self) -> bool {
        matches!(
            self,
            Self::Refused | Self::Unreachable | Self::TimedOut | Self::Ended
        )
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Name => {
                "check how the host's name is written, and this machine's resolver (`getent hosts NAME`); in a container, its DNS settings"
            }
            Self::Refused => {
                "nothing listens at that address: check host and port, and whether a firewall refuses the connection"
            }
            Self::Unreachable => {
                "there is no way there from this machine: check its routes and firewall, and whether it needs a proxy (`HTTPS_PROXY`)"
            }
            Self::TimedOut => {
                "nothing came back: check for a firewall that drops packets, and whether this machine needs a proxy (`HTTPS_PROXY`)"
            }
            Self::Ended => {
                "something ended the connection: check the firewall or proxy in between, and that the port is the right one"
            }
            Self::UnknownAuthority => {
                "whoever signs this certificate is not known here: if a proxy reads along, or the authority is your own, name its certificate as `[tls] ca_file`; if not, install the package `ca-certificates`"
            }
            Self::OutOfDate => {
                "check this machine's clock first; if it is right, whoever runs the host, or the proxy in between, must renew the certificate"
            }
            Self::OtherHost => {
                "the connection leads to another host than the one configured: check the address, and DNS and the proxy in between"
            }
            Self::BadCertificate => {
                "check what is in between: a proxy or gateway of your own may make certificates that are not fit for use"
            }
            Self::NotTls => {
                "what answers at that port does not speak TLS: check the port (`https` is at 443) and the proxy in between"
            }
        }
    }
}
