//! Both ends, dressed in every way that is measured, and the programs' way to them.

use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zendesk_aep::sandbox::{Credentials, Quotas, ZendeskOptions, ZendeskSimulator};

use crate::front::Front;

/// How the ends speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dress {
    /// Plain HTTP, pages as they are.
    Plain,
    /// Plain HTTP, pages compressed.
    Gzip,
    /// TLS on both ends, pages compressed: as in life.
    TlsGzip,
    /// Plain HTTP, and all of a stream in one page.
    OnePage,
    /// The same, compressed.
    OnePageGzip,
}

impl Dress {
    pub const ALL: [Self; 5] = [
        Self::Plain,
        Self::Gzip,
        Self::TlsGzip,
        Self::OnePage,
        Self::OnePageGzip,
    ];

    /// As in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::TlsGzip => "TLS, gzip",
            Self::OnePage => "plain, one page",
            Self::OnePageGzip => "gzip, one page",
        }
    }

    /// Pages are compressed.
    pub fn gzip(self) -> bool {
        match self {
            Self::Plain | Self::OnePage => false,
            Self::Gzip | Self::TlsGzip | Self::OnePageGzip => true,
        }
    }

    /// A stream comes in one page.
    pub fn one_page(self) -> bool {
        matches!(self, Self::OnePage | Self::OnePageGzip)
    }
}

/// Two fronts that speak alike.
pub struct Ends {
    pub dress: Dress,
    pub zendesk: Front,
    pub inlet: Front,
}

/// Everything the programs meet.
pub struct World {
    pub ends: Vec<Ends>,
    /// State directories, configurations, loads and the certificate.
    pub directory: TempDir,
    /// Of both ends.
    pub access_token: String,
    _zendesk: ZendeskSimulator,
}

impl World {
    /// An account with so many users and tickets, without limits.
    pub async fn new(records: usize) -> Self {
        let zendesk = ZendeskSimulator::start(ZendeskOptions {
            users: records,
            records: [("tickets".to_owned(), records)].into(),
            bot_tickets: 0,
            quotas: Quotas::unlimited(),
            ..ZendeskOptions::default()
        });
        let zendesk = zendesk.await.expect("a simulator");
        let directory = TempDir::new().expect("a directory");
        let tls = tls(&directory.path().join("ca.pem"));
        let mut ends = Vec::new();
        for dress in Dress::ALL {
            let tls = (dress == Dress::TlsGzip).then(|| tls.clone());
            ends.push(Ends {
                dress,
                zendesk: Front::start(zendesk.base_url(), dress, tls.clone()).await,
                inlet: Front::start(String::new(), dress, tls).await,
            });
        }
        Self {
            ends,
            directory,
            access_token: Credentials::default().access_token,
            _zendesk: zendesk,
        }
    }
}

/// A server's side of TLS, whose certificate is written to `path`.
fn tls(path: &Path) -> TlsAcceptor {
    let made = generate_simple_self_signed(["localhost".to_owned()]);
    let CertifiedKey { cert, signing_key } = made.expect("a certificate");
    std::fs::write(path, cert.pem()).expect("a file");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key);
    TlsAcceptor::from(Arc::new(config.expect("a configuration")))
}
