//! What the commands refuse, and that they then change nothing.

use crate::bench::{Bench, Ran};

/// Runs what must be refused; proves that no file changed.
fn refused(bench: &Bench, arguments: &[&str], code: i32) -> Ran {
    let before = bench.files();
    let ran = bench.run(arguments);
    assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
    assert_eq!(ran.stdout, "", "{arguments:?}");
    assert_eq!(bench.files(), before, "{arguments:?}");
    ran
}

#[test]
fn arguments_that_make_no_sense() {
    let bench = Bench::with_generations(2);
    let check = |arguments: &[&str], expected: &str| {
        let ran = refused(&bench, &[&["state"], arguments, &["--yes"]].concat(), 2);
        assert!(
            ran.stderr.contains(expected),
            "{expected} is not in: {}",
            ran.stderr
        );
    };
    let offset = "a date, a time and its offset from UTC";
    check(&["set", "users", "--start", "2026-01-01"], offset);
    check(&["set", "users", "--start", "2026-01-01T00:00:00"], offset);
    check(&["set", "users", "--start", "yesterday"], offset);
    check(
        &["set", "users", "--start", "2999-01-01T00:00:00Z"],
        "in the future",
    );
    check(
        &["set", "users", "--start", "1969-12-31T23:59:59Z"],
        "before 1970",
    );
    check(&["set", "users", "--cursor", ""], "not empty");
    check(&["set", "users", "--cursor", "a b"], "no blanks");
    check(&["set", "users"], "--start <TIME>|--cursor <CURSOR>");
    let both = [
        "set",
        "users",
        "--start",
        "2026-01-01T00:00:00Z",
        "--cursor",
        "c",
    ];
    check(&both, "cannot be used with");
    check(
        &["set", "macros", "--cursor", "c"],
        "the stream `macros` is not configured",
    );
    check(&["rollback", "9"], "there is no generation 9");
    check(&["rollback", "2"], "generation 2 is the present one");
    check(&["rollback", "last"], "invalid value");
}

#[test]
fn what_the_configuration_rules_out() {
    let bench = Bench::with_stream("export = \"search\"\nstart = \"2026-01-01T00:00:00Z\"");
    let ran = refused(&bench, &["state", "set", "users", "--cursor", "c"], 2);
    assert!(ran.stderr.contains("exported by search"), "{ran:?}");
    assert!(ran.stderr.contains("`--start`"), "{ran:?}");
    let early = ["state", "set", "users", "--start", "2025-12-31T00:00:00Z"];
    let ran = refused(&bench, &early, 2);
    assert!(
        ran.stderr.contains("configured to start at 2026-01-01"),
        "{ran:?}"
    );
}

#[test]
fn while_a_daemon_owns_the_state() {
    let bench = Bench::with_generations(2);
    let _daemon = bench.daemon();
    let owner = format!("in use by process {}", std::process::id());
    let set = ["state", "set", "users", "--cursor", "c", "--yes"];
    for arguments in [&["state", "rollback", "1", "--yes"][..], &set] {
        let ran = refused(&bench, arguments, 5);
        assert!(ran.stderr.contains(&owner), "{ran:?}");
    }
}

#[test]
fn the_state_of_another_account() {
    let bench = Bench::with_generations(2);
    let file = bench.path("state/state.json");
    let text = std::fs::read_to_string(&file).expect("a state");
    std::fs::write(&file, text.replace("127.0.0.1:9", "other.zendesk.com")).expect("written");
    for arguments in [
        &["state", "history"][..],
        &["state", "rollback", "1", "--yes"],
        &["state", "set", "users", "--cursor", "c", "--yes"],
        &["sync"],
    ] {
        let ran = refused(&bench, arguments, 5);
        assert!(
            ran.stderr
                .contains("belongs to the zendesk account `other.zendesk.com`"),
            "{ran:?}"
        );
        assert!(ran.stderr.contains("hint: "), "{ran:?}");
    }
}
