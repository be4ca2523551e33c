//! What the commands show and do.

use serde_json::json;

use crate::bench::Bench;

#[test]
fn history_is_newest_first_and_marks_the_present() {
    let bench = Bench::with_generations(3);
    std::fs::write(bench.path("state/history/state.0000000001.json"), "{").expect("damaged");
    let lines = bench.json(&["state", "history"]);
    let lines = lines.as_array().expect("lines");
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["generation"], 3);
    assert_eq!(lines[0]["present"], true);
    assert_eq!(lines[0]["streams"]["users"], "2026-01-01T03:00:00Z");
    assert_eq!(lines[1]["generation"], 2);
    assert_eq!(lines[1]["present"], false);
    assert_eq!(lines[2]["generation"], 1);
    assert!(
        lines[2]["damaged"]
            .as_str()
            .expect("why")
            .contains("line 1 column 1")
    );

    let ran = bench.run(&["state", "history"]);
    assert_eq!(ran.code, Some(0));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].contains("3  present  saved "), "{}", lines[0]);
    assert!(
        lines[1].ends_with("; users to 2026-01-01T02:00:00Z"),
        "{}",
        lines[1]
    );
    assert!(lines[2].contains("unusable: "), "{}", lines[2]);
}

#[test]
fn history_of_nothing_is_no_error() {
    let bench = Bench::new();
    assert_eq!(bench.json(&["state", "history"]), json!([]));
    let ran = bench.run(&["state", "history"]);
    assert!(ran.stdout.starts_with("no state yet"), "{ran:?}");
    assert!(!bench.path("state").exists(), "looking creates nothing");
}

#[test]
fn without_yes_nothing_is_written() {
    let bench = Bench::with_generations(3);
    let before = bench.files();
    for arguments in [
        &["state", "rollback", "1"][..],
        &["state", "set", "users", "--start", "2026-01-01T00:30:00Z"],
        &["state", "set", "users", "--cursor", "abc=="],
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.contains("this was a dry run"), "{ran:?}");
        assert!(ran.stdout.contains("add `--yes`"), "{ran:?}");
    }
    assert_eq!(bench.files(), before);
}

#[test]
fn a_dry_run_says_what_it_would_mean() {
    let bench = Bench::with_generations(2);
    let ran = bench.run(&["state", "set", "users", "--start", "2026-01-01T00:30:00Z"]);
    assert_eq!(
        ran.stdout,
        "\
users
  before  incremental, cursor c2, recovery time 2026-01-01T02:00:00Z
  after   incremental, no cursor, recovery time 2026-01-01T00:30:00Z
  means   everything changed since 2026-01-01T00:30:00Z, less the overlap of 10 min 0 s, is read and sent again

this was a dry run; to do it, stop the daemon and add `--yes`
"
    );
    let ran = bench.run(&[
        "state",
        "set",
        "users",
        "--start",
        "2026-01-01T09:00:00+02:00",
    ]);
    let warning = "what changed between 2026-01-01T02:00:00Z and 2026-01-01T07:00:00Z and was not sent yet is NOT read";
    assert!(ran.stdout.contains(warning), "{ran:?}");
}

#[test]
fn a_dry_run_works_beside_a_daemon() {
    let bench = Bench::with_generations(2);
    let _daemon = bench.daemon();
    assert_eq!(bench.run(&["state", "rollback", "1"]).code, Some(0));
    assert_eq!(bench.run(&["state", "history"]).code, Some(0));
}

#[test]
fn rollback_writes_a_new_generation() {
    let bench = Bench::with_generations(3);
    let done = bench.json(&["state", "rollback", "1", "--yes"]);
    assert_eq!(done["dry_run"], false);
    assert_eq!(done["generation"], 4);
    assert_eq!(done["changes"][0]["before"]["cursor"], "c3");
    assert_eq!(done["changes"][0]["after"]["cursor"], "c1");
    assert_eq!(bench.cursor(), "c1");

    // And there is a way back.
    let ran = bench.run(&["state", "rollback", "3", "--yes"]);
    assert!(ran.stdout.ends_with("done: generation 5\n"), "{ran:?}");
    assert_eq!(bench.cursor(), "c3");

    let ran = bench.run(&["state", "rollback", "3", "--yes"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "nothing changes\n")
    );
}

#[test]
fn set_moves_one_stream_and_forgets_what_it_remembers() {
    let bench = Bench::with_generations(1);
    let file = bench.path("state/state.json");
    let text = std::fs::read_to_string(&file).expect("a state");
    let recent = "\"users\": {\n \"recent\": [\"2026-01-01T01:00:00Z 0a1b2c3d 7\"],";
    std::fs::write(&file, text.replace("\"users\": {", recent)).expect("written");
    assert_eq!(bench.users()["recent"].as_array().map(Vec::len), Some(1));

    let done = bench.json(&["state", "set", "users", "--cursor", "MTIz==", "--yes"]);
    let after = &done["changes"][0]["after"];
    let expected = json!({
        "export": "incremental", "cursor": "MTIz==", "recovery_time": "2026-01-01T01:00:00Z"
    });
    assert_eq!(*after, expected, "the recovery time stays");

    let done = bench.json(&[
        "state",
        "set",
        "users",
        "--start",
        "2026-01-01T00:00:00Z",
        "--yes",
    ]);
    let after = &done["changes"][0]["after"];
    assert_eq!(
        *after,
        json!({"export": "incremental", "recovery_time": "2026-01-01T00:00:00Z"})
    );
    assert!(bench.users().get("recent").is_none());
    assert_eq!(bench.json(&["state", "history"])[0]["generation"], 3);
}

#[test]
fn set_works_before_the_first_sync_and_for_the_search_export() {
    let bench = Bench::with_stream("export = \"search\"");
    let done = bench.json(&[
        "state",
        "set",
        "users",
        "--start",
        "2026-01-01T00:00:00Z",
        "--yes",
    ]);
    assert_eq!(done["generation"], 1);
    let after = &done["changes"][0]["after"];
    assert_eq!(
        *after,
        json!({"export": "search", "from": "2026-01-01T00:00:00Z"})
    );
}
