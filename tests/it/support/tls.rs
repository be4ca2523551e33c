//! TLS in front of the simulators, which speak plain HTTP.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Signs certificates that nobody believes unless told to.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A port that speaks TLS and passes on what it hears, until the test's runtime ends.
#[derive(Clone, Copy, Debug)]
pub struct TlsPort(pub SocketAddr);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Its certificate, as operators are given it.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A port that proves to be `host` and is `server` behind that.
    pub async fn serve(&self, host: &str, server: SocketAddr) -> TlsPort {
        let params = CertificateParams::new([host.to_owned()]);
        self.serve_as(params.expect("a name"), server).await
    }

    /// The same with a certificate that has ended.
    pub async fn serve_expired(&self, host: &str, server: SocketAddr) -> TlsPort {
        let mut params = CertificateParams::new([host.to_owned()]).expect("a name");
        params.not_after = date_time_ymd(2020, 2, 2);
        self.serve_as(params, server).await
    }

    async fn serve_as(&self, params: CertificateParams, server: SocketAddr) -> TlsPort {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .expect("a certificate and its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Whoever does not believe the certificate goes away; that is the client's to
                    // report.
                    let Ok(mut plain) = acceptor.accept(stream).await else {
                        return;
                    };
                    if let Ok(mut server) = TcpStream::connect(server).await {
                        let _ = copy_bidirectional(&mut plain, &mut server).await;
                    }
                });
            }
        });
        TlsPort(address)
    }
}
