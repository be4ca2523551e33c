//! The status page: what `/status.json` says, for a person.

use serde_json::Value;
use tokio::process::Command;
use zendesk_aep::sandbox::{Fault, Simulator as _};

use crate::support::{Asked, FOR_EVER, INCREMENTAL, PATIENCE, World};

/// A world whose daemon can be asked, with two streams, of which one record is refused.
async fn world() -> World {
    let mut world = World::new().await;
    world
        .settings
        .set("status.listen", "127.0.0.1:0")
        .set("schedule.every", "1s")
        .add_stream("tickets");
    let refused = world.zendesk.users()[3].id;
    world
        .platform
        .reject_when(crate::inlet_rejections::user(refused));
    world
}

/// The text between the tags.
fn text(html: &str) -> String {
    let body = html.split("<main").nth(1).expect("a main part");
    let body = body.split("</main>").next().expect("its end");
    let pieces = body.split('<').map(|piece| {
        let after = piece.split_once('>').map_or("", |(_, after)| after);
        after.replace("&#39;", "'").replace("&amp;", "&")
    });
    let text: Vec<String> = pieces.collect();
    let text = text.join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn grouped(number: &Value) -> String {
    zendesk_aep::status::words::grouped(number.as_u64().expect("a count"))
}

#[tokio::test]
async fn the_page_says_what_the_json_says() {
    let world = world().await;
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    daemon.wait_for_complete_syncs(4).await;
    let page = Asked::get(status, "/").await;
    assert_eq!(
        (page.status, &*page.content_type),
        (200, "text/html; charset=utf-8")
    );
    let json: Value =
        serde_json::from_str(&Asked::get(status, "/status.json").await.body).expect("JSON");
    let shown = text(&page.body);
    for stream in json["streams"].as_array().expect("streams") {
        let name = stream["name"].as_str().expect("a name");
        let condition = stream["condition"].as_str().expect("a condition");
        let row = shown
            .split(name)
            .skip(1)
            .find(|after| after.contains("every 1 s"));
        let row = row.expect("a row of the table");
        assert!(row.contains(condition), "{name}: {row}");
        assert!(
            row.contains(&grouped(&stream["totals"]["ingested"])),
            "{name}: {row}"
        );
    }
    assert!(
        shown.contains("△ Data flows, but there is something to look at 2 streams"),
        "{shown}"
    );
    let finding = json["health"]["findings"][0]["what"]
        .as_str()
        .expect("a finding");
    assert!(shown.contains(finding), "{shown}");
    assert!(shown.contains("users rejected 1 0"), "{shown}");
    assert!(
        shown.contains("Sign-in to zendesk accepted, token expires in"),
        "{shown}"
    );
    assert!(shown.contains("of our"), "the quota: {shown}");
    daemon.stop().await;
}

#[tokio::test]
async fn the_page_may_load_nothing_but_itself() {
    let world = world().await;
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    let page = Asked::get(status, "/").await;
    let policy = page
        .head
        .lines()
        .find_map(|line| line.strip_prefix("content-security-policy: "))
        .expect("a policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    daemon.stop().await;
}

#[tokio::test]
async fn a_stream_that_waits_for_a_person_is_the_first_thing_on_the_page() {
    let mut world = world().await;
    world.settings.remove("streams.tickets");
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(403, "{}"), 1);
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    let paused = |page: &Asked| page.body.contains("ZENDESK-FORBIDDEN");
    let page = Asked::until(status, "/", paused).await;
    let shown = text(&page.body);
    let verdict = shown.split("Streams:").next().expect("a verdict");
    assert!(verdict.contains("✕ Somebody is needed"), "{verdict}");
    assert!(
        verdict.contains("To do: incremental exports need an admin"),
        "{verdict}"
    );
    assert!(page.body.contains("<title>✕ "), "the tab says so too");
    daemon.stop().await;
}

/// What a browser makes of it, at two widths and in two schemes: `tests/deploy/page.sh`.
#[tokio::test]
async fn a_browser_has_nothing_to_complain_of() {
    let Some(look) = std::env::var_os("STATUS_PAGE_LOOK") else {
        println!("skipped: STATUS_PAGE_LOOK names no command that looks at a page");
        return;
    };
    let mut world = world().await;
    world.settings.add_stream("organizations");
    world.zendesk.fault(
        "/api/v2/incremental/organizations",
        Fault::status(403, "{}"),
        99,
    );
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    daemon.wait_for_complete_syncs(4).await;
    let paused = |page: &Asked| page.body.contains("ZENDESK-FORBIDDEN");
    Asked::until(status, "/", paused).await;
    let looked = Command::new(look).arg(format!("http://{status}/")).status();
    let looked = tokio::time::timeout(FOR_EVER.max(PATIENCE), looked).await;
    let looked = looked.expect("in time").expect("it runs");
    assert!(looked.success(), "{looked}");
    daemon.stop().await;
}
