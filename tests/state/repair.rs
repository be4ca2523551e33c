//! At 3 a.m.: the present file is damaged, gone, or from a later release.

use std::fs;

use crate::bench::Bench;

#[test]
fn every_command_names_the_place_and_the_remedy_and_touches_nothing() {
    let bench = Bench::with_generations(3);
    let file = bench.path("state/state.json");
    let good = fs::read_to_string(&file).expect("a state");
    for (bad, expected) in [
        (
            good.replace("\"generation\"", "\"generatoin\""),
            "unknown field `generatoin`",
        ),
        (good.replace("3,", "three,"), "line 4 column"),
        (good.replace('{', "[").replace('}', "]"), "line 2 column"),
        (
            format!("\u{feff}{good}"),
            "byte order mark at line 1 column 1",
        ),
        (format!("{good}\n~"), "trailing characters at line"),
        (good[..good.len() / 2].to_owned(), "EOF while parsing"),
        (String::new(), "line 1 column 0"),
    ] {
        fs::write(&file, &bad).expect("damaged");
        let before = bench.files();
        for arguments in [
            &["state", "show"][..],
            &["state", "set", "users", "--cursor", "c", "--yes"],
            &["sync"],
        ] {
            let ran = bench.run(arguments);
            assert_eq!(ran.code, Some(5), "{ran:?}");
            assert!(
                ran.stderr.contains(expected),
                "{expected} is not in: {}",
                ran.stderr
            );
            assert!(ran.stderr.contains("state rollback N"), "{ran:?}");
        }
        assert_eq!(bench.files(), before);
    }
}

#[test]
fn rollback_repairs_a_damaged_state_and_keeps_it() {
    let bench = Bench::with_generations(3);
    let file = bench.path("state/state.json");
    fs::write(&file, "{\"version\": 1,").expect("damaged");

    let lines = bench.json(&["state", "history"]);
    assert_eq!(lines[0]["generation"], serde_json::Value::Null);
    assert_eq!(lines[0]["present"], true);
    assert!(lines[0]["damaged"].as_str().expect("why").contains("EOF"));
    assert_eq!(lines[1]["generation"], 2);

    let ran = bench.run(&["state", "rollback", "2"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout.contains("is damaged") && ran.stdout.contains("dry run"),
        "{ran:?}"
    );

    let done = bench.json(&["state", "rollback", "2", "--yes"]);
    assert_eq!(done["generation"], 4);
    let aside = done["set_aside"].as_str().expect("a path");
    assert!(aside.contains("state.json.damaged-2"), "{aside}");
    assert_eq!(
        fs::read_to_string(aside).expect("there"),
        "{\"version\": 1,"
    );
    assert_eq!(bench.cursor(), "c2");
}

#[test]
fn rollback_repairs_a_state_that_is_gone() {
    let bench = Bench::with_generations(3);
    fs::remove_file(bench.path("state/state.json")).expect("removed");
    let ran = bench.run(&["sync"]);
    assert_eq!(ran.code, Some(5), "never silently begun again: {ran:?}");
    assert!(
        ran.stderr.contains("is missing, but its history is there"),
        "{ran:?}"
    );
    let ran = bench.run(&["state", "rollback", "2", "--yes"]);
    assert!(ran.stdout.ends_with("done: generation 4\n"), "{ran:?}");
    assert_eq!(bench.cursor(), "c2");
}

#[test]
fn rollback_repairs_a_downgrade() {
    let bench = Bench::with_generations(3);
    let file = bench.path("state/state.json");
    let text = fs::read_to_string(&file).expect("a state");
    fs::write(&file, text.replace("\"version\": 1", "\"version\": 2")).expect("upgraded");
    let ran = bench.run(&["sync"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(
        ran.stderr
            .contains("has format version 2; this release knows up to 1"),
        "{ran:?}"
    );
    assert_eq!(
        bench.run(&["state", "rollback", "2", "--yes"]).code,
        Some(0)
    );
    assert_eq!(bench.cursor(), "c2");
}

#[test]
fn a_damaged_generation_is_refused() {
    let bench = Bench::with_generations(3);
    let kept = bench.path("state/history/state.0000000001.json");
    fs::write(kept, "{").expect("damaged");
    let before = bench.files();
    let ran = bench.run(&["state", "rollback", "1", "--yes"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(
        ran.stderr.contains("state.0000000001.json` is damaged"),
        "{ran:?}"
    );
    assert_eq!(bench.files(), before);
}

#[test]
fn a_checkpoint_ahead_of_the_clock_is_warned_of_once() {
    let bench = Bench::with_generations(1);
    let file = bench.path("state/state.json");
    let text = fs::read_to_string(&file).expect("a state");
    fs::write(&file, text.replace("2026-01-01T01", "2999-01-01T01")).expect("written");
    let ran = bench.run(&["sync"]);
    let warning = "the checkpoint of users is ";
    assert_eq!(ran.stderr.matches(warning).count(), 1, "{ran:?}");
    assert!(
        ran.stderr.contains("ahead of this machine's clock"),
        "{ran:?}"
    );
}
