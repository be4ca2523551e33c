//! `zendesk-aep status`: of the running daemon, or of the state directory.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use zendesk_aep::sandbox::{Fault, Simulator as _};

use crate::support::{Asked, INCREMENTAL, World};

/// A world whose daemon listens where the command finds it.
async fn world() -> (World, SocketAddr) {
    let mut world = World::new().await;
    // Free a moment ago; port 0 could not be asked.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    world.settings.set("status.listen", address.to_string());
    (world, address)
}

async fn status_json(world: &World, code: i32) -> Value {
    let finished = world.run(&["status", "--output", "json"]).await;
    finished.assert_code(code).json()
}

#[tokio::test]
async fn a_running_daemon_tells_itself() {
    let (world, address) = world().await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let told = status_json(&world, 0).await;
    assert_eq!(told["source"], "daemon");
    let asked: Value =
        serde_json::from_str(&Asked::get(address, "/status.json").await.body).expect("JSON");
    for part in [
        "version",
        "account",
        "started_at",
        "health",
        "dead_letters",
        "failures",
    ] {
        assert_eq!(told[part], asked[part], "{part}");
    }
    let shown = world.run(&["status"]).await;
    shown.assert_code(0);
    let lines: Vec<&str> = shown.stdout.lines().collect();
    assert_eq!(lines[0], "✓ All is well", "no colours: {}", shown.stdout);
    let row = lines.iter().find(|line| line.starts_with("users "));
    let row: Vec<&str> = row.expect("a row").split_whitespace().take(2).collect();
    assert_eq!(row, ["users", "fresh"]);
    assert!(
        shown.stdout.contains("\nQUOTA\naccount "),
        "{}",
        shown.stdout
    );
    daemon.stop().await;
}

#[tokio::test]
async fn when_it_is_down_the_state_directory_tells() {
    let (world, _) = world().await;
    let refused = world.zendesk.users()[3].id;
    world
        .platform
        .reject_when(crate::inlet_rejections::user(refused));
    world.sync().await.assert_code(4);
    let before = std::fs::read(world.state_file()).expect("a state");
    let shown = world.run(&["status"]).await;
    shown.assert_code(7);
    assert!(
        shown.stdout.starts_with("✕ Somebody is needed\n"),
        "{}",
        shown.stdout
    );
    for part in [
        "the daemon is not running: nothing is read",
        "\nusers                   fresh ",
        "\nusers                   rejected     1\n",
    ] {
        assert!(shown.stdout.contains(part), "`{part}` in {}", shown.stdout);
    }
    assert_eq!(shown.logs().len(), 0, "{}", shown.stderr);
    let told = status_json(&world, 7).await;
    assert_eq!(told["source"], "state_directory");
    assert_eq!(told["started_at"], Value::Null);
    assert_eq!(told["streams"][0]["last_sync"]["ingested"], 199);
    let after = std::fs::read(world.state_file()).expect("a state");
    assert_eq!(before, after, "looking changes nothing");
}

#[tokio::test]
async fn a_daemon_without_a_status_server_is_told_from_none() {
    let world = World::new().await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let shown = world.run(&["status"]).await;
    shown.assert_code(0);
    for part in ["a daemon is running, but", "set `status.listen`"] {
        assert!(shown.stdout.contains(part), "`{part}` in {}", shown.stdout);
    }
    daemon.stop().await;
    world.run(&["status"]).await.assert_code(7);
}

#[tokio::test]
async fn what_a_person_must_do_is_said_while_it_runs_and_after() {
    let (world, _) = world().await;
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(403, "{}"), 9);
    let daemon = world.daemon();
    daemon
        .wait_for_log("the pause", |line| line["retry_every_seconds"].is_u64())
        .await;
    let said = |text: &str| {
        assert!(
            text.contains("users ZENDESK-FORBIDDEN: ")
                && text.contains("→ incremental exports need an admin"),
            "{text}"
        );
    };
    let shown = world.run(&["status"]).await;
    said(&shown.assert_code(6).stdout);
    daemon.stop().await;
    let shown = world.run(&["status"]).await;
    said(&shown.assert_code(7).stdout);
}

#[tokio::test]
async fn before_anything_was_delivered_it_says_so() {
    let (world, _) = world().await;
    let shown = world.run(&["status"]).await;
    shown.assert_code(7);
    assert!(
        shown.stdout.contains("1 stream; nothing was delivered yet"),
        "{}",
        shown.stdout
    );
    assert!(!world.path("state").exists(), "looking leaves no trace");
}

#[tokio::test]
async fn a_damaged_state_is_an_error_and_not_a_guess() {
    let (world, _) = world().await;
    world.sync().await.assert_code(0);
    std::fs::write(world.state_file(), "{").expect("written");
    let shown = world.run(&["status"]).await;
    shown.assert_code(5);
    assert_eq!(shown.stdout, "");
    assert!(shown.stderr.contains("error[STATE]: "), "{}", shown.stderr);
    assert!(shown.stderr.contains("\nhint: "), "{}", shown.stderr);
}

#[tokio::test]
async fn a_stranger_at_the_address_is_not_believed() {
    let mut world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    world.settings.set("status.listen", address.to_string());
    let serving = async {
        let (mut stream, _) = listener.accept().await.expect("a caller");
        let read = stream.read(&mut [0; 1024]).await.expect("a request");
        assert!(read > 0);
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        stream.write_all(answer.as_bytes()).await.expect("sent");
        stream
    };
    let (shown, _) = tokio::join!(world.run(&["status"]), serving);
    shown.assert_code(7);
    let warnings = shown.logs_of("WARN");
    let error = warnings[0]["error"].as_str().expect("an error");
    assert!(
        error.contains("no daemon of this program's release"),
        "{error}"
    );
}

#[tokio::test]
async fn watching_goes_on_until_a_signal() {
    let mut world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    world.settings.set("status.listen", address.to_string());
    let watch = world.start(&["status", "--watch", "--output", "json"]);
    for _ in 0..3 {
        // Each look asks first, and hears nothing.
        let (stream, _) = listener.accept().await.expect("a look");
        drop(stream);
    }
    watch.interrupt();
    let finished = watch.wait().await;
    finished.assert_code(0);
    let looks: Vec<Value> = finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object on each line"))
        .collect();
    assert!(looks.len() >= 2, "{}", finished.stdout);
    assert!(looks.iter().all(|look| look["source"] == "state_directory"));
}
