//! `check` on the way to each end: each way of failing, and what follows from it said once.

use std::net::SocketAddr;

use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::net::TcpListener;
use zendesk_aep::sandbox::{Answer, Fault, Simulator as _};

use crate::support::{Authority, Finished, TlsPort, World};

/// The one failure: its subject, what and remedy.
fn failure(check: &Finished) -> [String; 3] {
    let findings = check.json();
    let findings = findings.as_array().expect("a list").iter();
    let failed: Vec<&Value> = findings
        .filter(|finding| finding["verdict"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    ["subject", "what", "remedy"].map(|key| failed[0][key].as_str().expect("text").to_owned())
}

/// What was not looked at, and why.
fn skipped(check: &Finished) -> Vec<String> {
    let findings = check.json();
    let findings = findings.as_array().expect("a list").iter();
    let skipped = findings.filter(|finding| finding["verdict"] == "skipped");
    skipped
        .map(|finding| format!("{}: {}", finding["subject"], finding["what"]))
        .collect()
}

async fn check(world: &World) -> Finished {
    world.run(&["check", "--output", "json"]).await
}

async fn check_zendesk_at(address: &str) -> Finished {
    let mut world = World::new().await;
    world.settings.set("zendesk.base_url", address);
    let check = check(&world).await;
    check.assert_code(1);
    let skipped = skipped(&check);
    assert_eq!(
        skipped,
        [r#""zendesk sign-in": "not looked at: there is no way to zendesk""#],
        "what follows from it"
    );
    check
}

#[tokio::test]
async fn a_name_that_nobody_knows() {
    let check = check_zendesk_at("https://acme.invalid").await;
    let [subject, what, remedy] = failure(&check);
    assert_eq!(subject, "zendesk name");
    assert!(what.starts_with("cannot resolve acme.invalid: "), "{what}");
    assert!(what.ends_with("[ZENDESK-UNAVAILABLE]"), "{what}");
    assert!(
        remedy.contains("how the host's name is written"),
        "{remedy}"
    );
}

#[tokio::test]
async fn a_port_that_nobody_listens_at() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let check = check_zendesk_at(&format!("https://{address}")).await;
    let [subject, what, remedy] = failure(&check);
    assert_eq!(subject, "zendesk connection");
    assert!(what.contains("Connection refused"), "{what}");
    assert!(remedy.contains("nothing listens"), "{remedy}");
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls() {
    let other = World::new().await;
    let plain = other.zendesk.base_url().replace("http://", "https://");
    let check = check_zendesk_at(&plain).await;
    let [subject, what, remedy] = failure(&check);
    assert_eq!(subject, "zendesk connection");
    assert!(what.contains("cannot connect"), "{what}");
    assert!(remedy.contains("does not speak TLS"), "{remedy}");
}

#[tokio::test]
async fn a_port_that_never_answers() {
    // Connections wait in the listener's queue for ever.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut world = World::new().await;
    world
        .settings
        .set("zendesk.base_url", format!("https://{address}"))
        .set("zendesk.connect_timeout", "200ms");
    let check = check(&world).await;
    let [subject, what, remedy] = failure(&check);
    assert_eq!(subject, "zendesk connection");
    assert!(what.contains("timed out"), "{what}");
    assert!(remedy.contains("nothing came back"), "{remedy}");
}

#[tokio::test]
async fn a_connection_that_is_ended() {
    let mut world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let ending = tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    world
        .settings
        .set("zendesk.base_url", format!("https://{address}"));
    let check = check(&world).await;
    ending.abort();
    let [subject, _, remedy] = failure(&check);
    assert_eq!(subject, "zendesk connection");
    assert!(
        remedy.contains("something ended the connection"),
        "{remedy}"
    );
}

#[tokio::test]
async fn a_proxy_is_named_without_its_password_and_its_own_name_is_looked_up() {
    let mut world = World::new().await;
    world
        .settings
        .set("zendesk.base_url", "https://acme.zendesk.com");
    world.set_env("HTTPS_PROXY", "http://someone:pass-word@proxy.invalid:3128");
    let check = check(&world).await;
    let [subject, what, _] = failure(&check);
    assert_eq!(subject, "zendesk name");
    assert!(what.contains("the proxy proxy.invalid"), "{what}");
    assert!(
        check.stdout.contains("through http://proxy.invalid:3128"),
        "{}",
        check.stdout
    );
    assert!(!check.stdout.contains("pass-word"));
    assert!(
        !check.stdout.contains("inlet proxy"),
        "loopback is reached without"
    );
}

#[tokio::test]
async fn a_proxy_that_cannot_be_used() {
    let mut world = World::new().await;
    world
        .settings
        .set("zendesk.base_url", "https://acme.zendesk.com");
    // It answers to CONNECT with a 404.
    let proxy = world.platform.ims_url();
    world.set_env("HTTPS_PROXY", &proxy);
    let check = check(&world).await;
    let [subject, what, remedy] = failure(&check);
    assert_eq!(subject, "zendesk connection");
    assert!(
        what.contains(&format!("through the proxy {proxy}")),
        "{what}"
    );
    assert!(remedy.contains("lets the host through"), "{remedy}");
}

/// What is found of Zendesk at a port on this machine, by its name.
async fn check_tls(world: &mut World, TlsPort(address): TlsPort) -> Finished {
    let url = format!("https://localhost:{}", address.port());
    world.settings.set("zendesk.base_url", url);
    check(world).await
}

/// A world that believes the certificates of an authority, and where its Zendesk is.
async fn believing(authority: &Authority) -> (World, SocketAddr) {
    let mut world = World::new().await;
    world.write("ca.pem", authority.pem());
    world.settings.set("tls.ca_file", "ca.pem");
    let zendesk = world.zendesk.server().address();
    (world, zendesk)
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_is_named_is_good() {
    let authority = Authority::new();
    let (mut world, zendesk) = believing(&authority).await;
    let port = authority.serve("localhost", zendesk).await;
    let check = check_tls(&mut world, port).await;
    check.assert_code(0);
    assert!(check.stdout.contains("answers over TLS after"));
    assert!(check.stdout.contains("localhost is "), "{}", check.stdout);
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_nobody_knows() {
    let authority = Authority::new();
    let mut world = World::new().await;
    let zendesk = world.zendesk.server().address();
    let port = authority.serve("localhost", zendesk).await;
    let [subject, _, remedy] = failure(&check_tls(&mut world, port).await);
    assert_eq!(subject, "zendesk connection");
    assert!(remedy.contains("`[tls] ca_file`"), "{remedy}");
}

#[tokio::test]
async fn a_certificate_that_has_ended() {
    let authority = Authority::new();
    let (mut world, zendesk) = believing(&authority).await;
    let port = authority.serve_expired("localhost", zendesk).await;
    let [subject, what, remedy] = failure(&check_tls(&mut world, port).await);
    assert_eq!(subject, "zendesk connection");
    assert!(what.contains("expired"), "{what}");
    assert!(remedy.starts_with("check this machine's clock"), "{remedy}");
}

#[tokio::test]
async fn a_certificate_for_another_host() {
    let authority = Authority::new();
    let (mut world, zendesk) = believing(&authority).await;
    let port = authority.serve("elsewhere.test", zendesk).await;
    let [subject, _, remedy] = failure(&check_tls(&mut world, port).await);
    assert_eq!(subject, "zendesk connection");
    assert!(
        remedy.contains("another host than the one configured"),
        "{remedy}"
    );
}

/// An answer with the date of a clock that is so far ahead.
fn dated(ahead: SignedDuration) -> Fault {
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&(Timestamp::now() + ahead));
    let date = date.expect("printable");
    Fault::Answer(Answer::json(404, "{}").header("date", &date))
}

/// The finding about the clock.
fn clock(check: &Finished) -> Value {
    let findings = check.json();
    let mut findings = findings.as_array().expect("a list").iter();
    let clock = findings.find(|finding| finding["subject"] == "clock");
    clock.expect("it is told").clone()
}

#[tokio::test]
async fn a_clock_that_is_hours_slow_is_a_failure() {
    let world = World::new().await;
    world
        .zendesk
        .fault("/", dated(SignedDuration::from_hours(2)), 1);
    world
        .platform
        .fault("/collection", dated(SignedDuration::from_hours(2)), 1);
    let check = check(&world).await;
    check.assert_code(1);
    let [subject, what, remedy] = failure(&check);
    assert_eq!(subject, "clock");
    assert!(
        what.contains("this machine's clock is 1 h 59 min slow") || what.contains("2 h 0 min slow"),
        "{what}"
    );
    assert!(remedy.contains("NTP"), "{remedy}");
}

#[tokio::test]
async fn a_clock_that_is_a_minute_fast_is_a_warning() {
    let world = World::new().await;
    let minute = -SignedDuration::from_mins(1);
    world.zendesk.fault("/", dated(minute), 1);
    world.platform.fault("/collection", dated(minute), 1);
    let check = check(&world).await;
    check.assert_code(0);
    let clock = clock(&check);
    assert_eq!(clock["verdict"], "warning");
    let what = clock["what"].as_str().expect("text");
    assert!(what.contains("fast"), "{what}");
}

#[tokio::test]
async fn a_server_whose_clock_is_wrong_is_named() {
    let world = World::new().await;
    world
        .zendesk
        .fault("/", dated(SignedDuration::from_hours(2)), 1);
    let check = check(&world).await;
    check.assert_code(0);
    let clock = clock(&check);
    assert_eq!(clock["verdict"], "warning");
    let what = clock["what"].as_str().expect("text");
    assert!(
        what.contains("zendesk is") && what.contains("the inlet is right"),
        "{what}"
    );
}
