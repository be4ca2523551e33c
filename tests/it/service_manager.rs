//! What systemd hears: the daemon's words on the socket that `NOTIFY_SOCKET` names.

use std::time::Duration;

use tokio::net::UnixDatagram;
use tokio::time::timeout;
use zendesk_aep::sandbox::{Answer, Fault, Simulator as _};

use crate::support::{PATIENCE, World, eventually};

/// A service manager, and what it has heard so far.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    /// Waits for a line that `is_it`, unless it was heard before; gives it once.
    async fn hear(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let hearing = async {
            let mut message = [0; 4_096];
            loop {
                if let Some(place) = self.heard.iter().position(|line| is_it(line)) {
                    return self.heard.remove(place);
                }
                let length = self.socket.recv(&mut message).await.expect("a message");
                let text = std::str::from_utf8(&message[..length]).expect("text");
                self.heard.extend(text.lines().map(str::to_owned));
            }
        };
        let heard = timeout(PATIENCE, hearing).await;
        heard.unwrap_or_else(|_| panic!("not heard in time: {what}"))
    }
}

/// A service manager, and a world that knows it.
async fn watched(watchdog: Duration) -> (World, Manager) {
    let mut world = World::new().await;
    let path = world.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    world.set_env("NOTIFY_SOCKET", path.to_str().expect("a path"));
    world.set_env("WATCHDOG_USEC", &watchdog.as_micros().to_string());
    let heard = Vec::new();
    (world, Manager { socket, heard })
}

#[tokio::test]
async fn ready_alive_and_stopping_are_told_in_their_turn() {
    let (mut world, mut manager) = watched(Duration::from_millis(300)).await;
    world.settings.set("schedule.every", "1s");
    world.settings.set("shutdown_grace", "20s");
    let daemon = world.daemon();
    manager.hear("ready", |line| line == "READY=1").await;
    let behind = |line: &str| line.starts_with("STATUS=1 stream; furthest behind: users (");
    manager.hear("a status", behind).await;
    for _ in 0..10 {
        manager
            .hear("a sign of life", |line| line == "WATCHDOG=1")
            .await;
    }
    daemon.terminate();
    manager.hear("stopping", |line| line == "STOPPING=1").await;
    // `shutdown_grace` and a margin, since the service manager's own time may be shorter.
    let more = |line: &str| line == "EXTEND_TIMEOUT_USEC=30000000";
    manager.hear("the time it takes", more).await;
    daemon.wait().await.assert_code(0);
}

#[tokio::test]
async fn a_zendesk_that_is_down_does_not_keep_the_daemon_from_being_ready() {
    let (mut world, mut manager) = watched(Duration::from_secs(60)).await;
    world.settings.set("retry.attempts", 2);
    world.settings.set("schedule.every", "1s");
    let down = Fault::Answer(Answer::empty(503));
    world.zendesk.fault("/", down, usize::MAX);
    let daemon = world.daemon();
    manager.hear("ready", |line| line == "READY=1").await;
    let why = |line: &str| line.contains("ZENDESK-UNAVAILABLE");
    manager.hear("a status that says why", why).await;
    daemon.terminate();
    daemon.wait().await;
}

/// It would have to be in the state file to be found there.
#[tokio::test]
async fn a_state_that_cannot_be_saved_is_told_all_the_same() {
    let (mut world, mut manager) = watched(Duration::from_secs(3)).await;
    world.settings.set("schedule.every", "1s");
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let in_the_way = world.path("state/state.json.tmp");
    // Not while a save has a file there.
    eventually("something in the way", || {
        std::fs::create_dir(&in_the_way).is_ok()
    })
    .await;
    let failing =
        |line: &str| line.starts_with("STATUS=") && line.contains("tried again: users (STATE)");
    manager.hear("a status that says so", failing).await;
    std::fs::remove_dir(&in_the_way).expect("out of the way");
    let well = |line: &str| line.starts_with("STATUS=") && !line.contains("STATE)");
    manager.heard.clear();
    manager.hear("that it is over", well).await;
    daemon.stop().await;
}

/// Two units with sixty lines in common: a hardening that is forgotten in one of them would not show.
#[test]
fn the_unit_for_several_accounts_is_the_other_one_but_for_what_is_the_instances() {
    let unit = |name: &str| {
        let path = format!("{}/deploy/systemd/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("a unit")
    };
    let of_instance = [
        ("Platform\n", "Platform: %i\n"),
        ("/credentials/", "/credentials/%i/"),
        (
            "StateDirectory=zendesk-aep\n",
            "StateDirectory=zendesk-aep/accounts/%i\n",
        ),
        (
            "EnvironmentFile=-/etc/zendesk-aep/environment\n",
            "EnvironmentFile=-/etc/zendesk-aep/environment\n\
             EnvironmentFile=-/etc/zendesk-aep/%i.environment\n\
             Environment=ZENDESK_AEP_CONFIG=/etc/zendesk-aep/%i.toml\n\
             Environment=ZENDESK_AEP__STATE__DIRECTORY=%S/zendesk-aep/accounts/%i\n",
        ),
    ];
    let expected = of_instance
        .iter()
        .fold(unit("zendesk-aep.service"), |text, (one, instance)| {
            assert!(text.contains(one), "{one}");
            text.replace(one, instance)
        });
    let instances = unit("zendesk-aep@.service");
    let begin = instances.find("[Unit]").expect("after the comment");
    assert_eq!(instances[begin..], expected);
}

#[tokio::test]
async fn a_wrong_configuration_ends_before_anything_is_ready() {
    let (mut world, manager) = watched(Duration::from_secs(60)).await;
    world.settings.set("zendesk.nonsense", 1);
    world.daemon().wait().await.assert_code(2);
    let mut message = [0; 4_096];
    let said = manager.socket.try_recv(&mut message);
    assert!(said.is_err(), "nothing was said");
}
