//! What systemd hears: the daemon's words on the socket that `NOTIFY_SOCKET` names.

use std::time::Duration;

use tokio::net::UnixDatagram;
use tokio::time::timeout;
use zendesk_aep::sandbox::{Answer, Fault, Simulator as _};

use crate::support::{PATIENCE, World};

/// The socket of a service manager, and a world that knows it.
async fn watched(watchdog: Duration) -> (World, UnixDatagram) {
    let mut world = World::new().await;
    let path = world.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    world.set_env("NOTIFY_SOCKET", path.to_str().expect("a path"));
    world.set_env("WATCHDOG_USEC", &watchdog.as_micros().to_string());
    (world, socket)
}

/// Waits for a message with a line that `is_it`; gives the line.
async fn hear(socket: &UnixDatagram, what: &str, is_it: impl Fn(&str) -> bool) -> String {
    let hearing = async {
        let mut message = [0; 4_096];
        loop {
            let length = socket.recv(&mut message).await.expect("a message");
            let text = std::str::from_utf8(&message[..length]).expect("text");
            if let Some(line) = text.lines().find(|line| is_it(line)) {
                return line.to_owned();
            }
        }
    };
    let heard = timeout(PATIENCE, hearing).await;
    heard.unwrap_or_else(|_| panic!("not heard in time: {what}"))
}

#[tokio::test]
async fn ready_alive_and_stopping_are_told_in_their_turn() {
    let (mut world, socket) = watched(Duration::from_millis(300)).await;
    world.settings.set("schedule.every", "1s");
    world.settings.set("shutdown_grace", "20s");
    let daemon = world.daemon();
    hear(&socket, "ready", |line| line == "READY=1").await;
    let behind = |line: &str| line.starts_with("STATUS=1 stream; at most ");
    hear(&socket, "a status", behind).await;
    for _ in 0..10 {
        hear(&socket, "a sign of life", |line| line == "WATCHDOG=1").await;
    }
    daemon.terminate();
    hear(&socket, "stopping", |line| line == "STOPPING=1").await;
    // `shutdown_grace` and a margin, since the service manager's own time may be shorter.
    let more = |line: &str| line == "EXTEND_TIMEOUT_USEC=30000000";
    hear(&socket, "the time it takes", more).await;
    daemon.wait().await.assert_code(0);
}

#[tokio::test]
async fn a_zendesk_that_is_down_does_not_keep_the_daemon_from_being_ready() {
    let (mut world, socket) = watched(Duration::from_secs(60)).await;
    world.settings.set("retry.attempts", 2);
    world.settings.set("schedule.every", "1s");
    let down = Fault::Answer(Answer::empty(503));
    world.zendesk.fault("/", down, usize::MAX);
    let daemon = world.daemon();
    hear(&socket, "ready", |line| line == "READY=1").await;
    let why = |line: &str| line.contains("ZENDESK-UNAVAILABLE");
    hear(&socket, "a status that says why", why).await;
    daemon.terminate();
    daemon.wait().await;
}

#[tokio::test]
async fn a_wrong_configuration_ends_before_anything_is_ready() {
    let (mut world, socket) = watched(Duration::from_secs(60)).await;
    world.settings.set("zendesk.nonsense", 1);
    world.daemon().wait().await.assert_code(2);
    let mut message = [0; 4_096];
    assert!(socket.try_recv(&mut message).is_err(), "nothing was said");
}
