//! `[tls]`, and the proxy that the environment names.

use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use super::{MINIMAL, accepted, minimal_with, report};
use crate::config::Proxy;

fn proxy(environment: &[(&str, &str)]) -> Option<Proxy> {
    let config = accepted(MINIMAL, environment);
    assert_eq!(
        format!("{:?}", config.zendesk.network),
        format!("{:?}", config.platform.network)
    );
    config.platform.network.proxy.clone()
}

fn shown(environment: &[(&str, &str)]) -> Option<String> {
    proxy(environment).map(|proxy| proxy.to_string())
}

#[test]
fn variables_are_those_of_curl() {
    assert_eq!(shown(&[]), None);
    // Of no concern: plain `http` is for loopback.
    assert_eq!(shown(&[("HTTP_PROXY", "http://a:1")]), None);
    assert_eq!(shown(&[("HTTPS_PROXY", "")]), None);
    let of = |environment: &[(&str, &str)]| shown(environment).expect("a proxy");
    assert_eq!(of(&[("https_proxy", "http://a:1")]), "http://a:1");
    assert_eq!(of(&[("ALL_PROXY", "a:1")]), "http://a:1");
    assert_eq!(of(&[("HTTPS_PROXY", "https://a")]), "https://a");
    let several = [
        ("HTTPS_PROXY", "http://a:1"),
        ("https_proxy", "http://b:1"),
        ("ALL_PROXY", "socks5://c:1"),
        ("NO_PROXY", "localhost,.corp"),
    ];
    assert_eq!(of(&several), "http://a:1");
    assert_eq!(
        proxy(&several).expect("a proxy").direct(),
        "localhost,.corp"
    );
}

#[test]
fn credentials_of_a_proxy_are_kept_and_never_shown() {
    for (value, kept) in [
        ("http://me:hunter2@a:1", "http://me:hunter2@a:1"),
        ("me:hunter2@a:1", "http://me:hunter2@a:1"),
    ] {
        let proxy = proxy(&[("HTTPS_PROXY", value)]).expect("a proxy");
        assert_eq!(proxy.url(), kept);
        assert_eq!(
            format!("{proxy} {proxy:?}"),
            r#"http://a:1 Proxy(http://a:1, direct: "")"#
        );
    }
    let faults = [
        "socks5h://me:hunter2@a",
        "http://me:hunter2@:1",
        "http://a/?hunter2",
    ]
    .map(|value| report(MINIMAL, &[("https_proxy", value)]))
    .join("\n");
    assert!(!faults.contains("hunter2"), "{faults}");
    insta::assert_snapshot!(faults, @r"
    the configuration has 1 fault

      environment variable https_proxy: proxy: this proxy speaks SOCKS, which this program does not
          set it to an address like `http://proxy.example.com:3128`, or unset it
    the configuration has 1 fault

      environment variable https_proxy: proxy: this is not the address of a proxy
          set it to an address like `http://proxy.example.com:3128`, or unset it
    the configuration has 1 fault

      environment variable https_proxy: proxy: this is not the address of a proxy
          set it to an address like `http://proxy.example.com:3128`, or unset it
    ");
}

fn certificate() -> String {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::default();
    params.self_signed(&key).expect("a certificate").pem()
}

fn with_ca_file(path: &Path) -> String {
    let section = format!("[tls]\nca_file = {:?}\n[streams.users]", path);
    minimal_with("[streams.users]", &section)
}

#[test]
fn every_certificate_of_the_file_is_taken() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("ca.pem");
    let bundle = format!("one\n{}\ntwo\n{}", certificate(), certificate());
    std::fs::write(&path, bundle).expect("it can be written");
    let config = accepted(&with_ca_file(&path), &[]);
    assert_eq!(config.zendesk.network.authorities.len(), 2);
    assert_eq!(config.platform.network.authorities.len(), 2);
}

#[test]
fn files_without_certificates() {
    let directory = tempfile::tempdir().expect("a directory");
    let fault = |name: &str, content: Option<&str>| {
        let path = directory.path().join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).expect("it can be written");
        }
        let report = report(&with_ca_file(&path), &[]);
        report.replace(&directory.path().display().to_string(), "DIR")
    };
    let whole = certificate();
    let cut = whole.replace("-----END", "");
    let garbled = whole.replacen("MI", "AA", 1);
    let key = KeyPair::generate().expect("a key").serialize_pem();
    let faults = [
        fault("missing.pem", None),
        fault("empty.pem", Some("")),
        fault("key.pem", Some(&key)),
        fault("cut.pem", Some(&format!("{whole}{cut}"))),
        fault("garbled.pem", Some(&format!("{whole}{garbled}"))),
    ];
    insta::assert_snapshot!(faults.join("\n").replace("the configuration has 1 fault\n\n", ""), @"
      /etc/zendesk-aep.toml:10: tls.ca_file: `DIR/missing.pem` cannot be read: No such file or directory (os error 2)
          name a file with CA certificates in PEM that the user of this program may read
      /etc/zendesk-aep.toml:10: tls.ca_file: `DIR/empty.pem` holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)
          put CA certificates into it; one in DER becomes PEM with `openssl x509 -inform der`
      /etc/zendesk-aep.toml:10: tls.ca_file: `DIR/key.pem` holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)
          put CA certificates into it; one in DER becomes PEM with `openssl x509 -inform der`
      /etc/zendesk-aep.toml:10: tls.ca_file: certificate 2 of `DIR/cut.pem` is damaged
          fetch it again from whoever runs the certificate authority
      /etc/zendesk-aep.toml:10: tls.ca_file: certificate 2 of `DIR/garbled.pem` is damaged
          fetch it again from whoever runs the certificate authority
    ");
}
