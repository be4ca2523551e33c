//! `streams`: the catalogue, for people and for programs.

use zendesk_aep::catalogue;
use zendesk_aep::sandbox::Simulator as _;

use crate::support::World;

#[tokio::test]
async fn every_row_is_printed_without_any_configuration() {
    let mut world = World::new().await;
    world.set_env("ZENDESK_AEP_CONFIG", "/nowhere/at/all.toml");
    let streams = world.run(&["streams"]).await;
    streams.assert_code(0);
    let lines: Vec<&str> = streams.stdout.lines().collect();
    for spec in catalogue::all() {
        let is_row = |line: &&&str| line.split_whitespace().next() == Some(&*spec.name);
        let row = lines.iter().find(is_row);
        let row = row.unwrap_or_else(|| panic!("{} is missing", spec.name));
        assert!(row.ends_with(&*spec.needs), "{row}");
        let export = match spec.parent() {
            Some(parent) => format!("with {parent}"),
            None => spec.exports().join(", "),
        };
        assert!(row.contains(&export), "{row}");
        assert!(lines.contains(&spec.area.title()), "{}", spec.area.title());
    }
    let json = world.run(&["streams", "--output", "json"]).await.json();
    let rows = json.as_array().expect("a list");
    assert_eq!(rows.len(), catalogue::all().len());
    assert_eq!(rows[0]["name"], "tickets");
    assert_eq!(rows[0]["exports"][0], "incremental");
    assert_eq!(rows[0]["version_field"], "generated_timestamp");
}

#[tokio::test]
async fn a_declared_stream_is_read_like_any_other() {
    let mut world = World::new().await;
    world
        .settings
        .only_stream("my_macros")
        .set("zendesk.page_size", 5)
        .set("streams.my_macros.path", "/api/v2/macros.json")
        .set("streams.my_macros.records_key", "macros")
        .set("streams.my_macros.parameters.access", "shared");
    let macros = world.zendesk.collection("macros").expect("a stream");
    world.sync().await.assert_code(0);
    assert_eq!(world.platform.accepted_count(), macros.count());
    let pages = world.zendesk.requests_to("/api/v2/macros");
    assert!(
        pages
            .iter()
            .all(|page| page.head.query("access") == Some("shared"))
    );
    let state = world.state()["streams"]["my_macros"].take();
    assert_eq!(state["position"]["export"], "list");
    assert_eq!(state["position"]["walk"], 2);
}
