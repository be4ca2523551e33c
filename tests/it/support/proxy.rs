//! A company's proxy: the only way out, and the only one that knows the names there.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::tls::TlsPort;

/// An HTTP proxy that makes tunnels, until the test's runtime ends.
#[derive(Debug)]
pub struct CompanyProxy {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// One request for a tunnel.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Host and port.
    pub target: String,
    /// `Proxy-Authorization`.
    pub authorization: Option<String>,
}

impl CompanyProxy {
    /// Makes tunnels to these hosts on port 443, and refuses all others with 403.
    pub async fn to(hosts: &[(&str, TlsPort)]) -> Self {
        let hosts = hosts.iter().map(|(host, port)| {
            let target = format!("{host}:443");
            (target, port.0)
        });
        Self::start(hosts.collect(), "403 Forbidden").await
    }

    /// Refuses everyone with this status.
    pub async fn refusing(status: &'static str) -> Self {
        Self::start(BTreeMap::new(), status).await
    }

    async fn start(hosts: BTreeMap<String, SocketAddr>, refusal: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let log = asked.clone();
        tokio::spawn(async move {
            let hosts = Arc::new(hosts);
            while let Ok((stream, _)) = listener.accept().await {
                let (hosts, log) = (hosts.clone(), log.clone());
                tokio::spawn(async move {
                    // A client that goes away is none of the proxy's business.
                    let _ = tunnel(stream, &hosts, &log, refusal).await;
                });
            }
        });
        Self { address, asked }
    }

    /// The requests for tunnels so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("unpoisoned").clone()
    }

    /// The hosts it was asked for, each once.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = self.asked().into_iter().map(|it| it.target).collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

async fn tunnel(
    stream: TcpStream,
    hosts: &BTreeMap<String, SocketAddr>,
    log: &Mutex<Vec<Asked>>,
    refusal: &str,
) -> std::io::Result<()> {
    let mut client = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        client.read_line(&mut line).await?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let request = lines.first().map_or("", String::as_str);
    let target = request
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.strip_suffix(" HTTP/1.1"))
        .unwrap_or(request);
    let authorization = lines.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization")
            .then(|| value.to_owned())
    });
    log.lock().expect("unpoisoned").push(Asked {
        target: target.to_owned(),
        authorization,
    });
    let Some(server) = hosts.get(target) else {
        let answer = format!("HTTP/1.1 {refusal}\r\ncontent-length: 0\r\n\r\n");
        return client.write_all(answer.as_bytes()).await;
    };
    let mut server = TcpStream::connect(server).await?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
