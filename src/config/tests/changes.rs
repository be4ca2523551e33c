//! What is said to be different from one reading to the next.

use super::{MINIMAL, accepted, minimal_with};
use crate::config::{Changes, Contents, Secret};

fn changes(before: &str, after: &str) -> Changes {
    let (before, after) = (accepted(before, &[]), accepted(after, &[]));
    let nothing = Contents::default();
    Changes::between((&before, &nothing), (&after, &nothing))
}

const FLOW: &str = "flow_id = \"flow\"\n";

#[test]
fn the_same_is_no_change_however_it_is_laid_out() {
    let commented = MINIMAL.replace("[platform]", "# a comment\n\n[platform]");
    assert!(changes(MINIMAL, &commented).is_empty());
}

#[test]
fn keys_are_named_and_their_values_are_not() {
    let after = minimal_with(
        FLOW,
        "flow_id = \"another\"\nevery = \"1m\"\n[log]\nlevel = \"debug\"",
    );
    let found = changes(MINIMAL, &after);
    assert_eq!(
        found.keys,
        ["log.level", "streams.users.every", "streams.users.flow_id"]
    );
    assert!(!found.spare_the_streams());
    assert!(!format!("{found:?}").contains("another"));
    assert_eq!(changes(&after, MINIMAL).keys, found.keys);
}

#[test]
fn a_stream_comes_and_goes_as_a_whole() {
    let after = format!("{MINIMAL}[streams.tickets]\n{FLOW}every = \"1m\"");
    let found = changes(MINIMAL, &after);
    let expected = Changes {
        added: vec!["tickets".to_owned()],
        ..Changes::default()
    };
    assert_eq!(found, expected);
    assert_eq!(changes(&after, MINIMAL).removed, ["tickets"]);
}

#[test]
fn what_the_streams_have_nothing_to_do_with_spares_them() {
    for beside in [
        "shutdown_grace = \"5s\"\n",
        "reload_on_change = true\n",
        "log.level = \"debug\"\n",
    ] {
        let found = changes(MINIMAL, &format!("{beside}{MINIMAL}"));
        assert!(!found.is_empty() && found.spare_the_streams(), "{beside}");
    }
}

#[test]
fn content_counts_and_what_cannot_be_read_is_as_it_was() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("secret");
    let place = format!("access_token = {{ file = \"{}\" }}\n", path.display());
    let config = accepted(
        &minimal_with("access_token = { env = \"TOKEN\" }\n", &place),
        &[],
    );
    let contents = |text: Option<&str>| {
        match text {
            Some(text) => std::fs::write(&path, text).expect("written"),
            None => std::fs::remove_file(&path).expect("removed"),
        }
        Contents::of(&config)
    };
    let (one, two, none) = (contents(Some("one")), contents(Some("two")), contents(None));
    let between = |before: &Contents, after: &Contents| {
        Changes::between((&config, before), (&config, after)).contents
    };
    assert_eq!(
        between(&one, &two),
        [Secret::File(path.clone()).to_string()]
    );
    assert_eq!(between(&one, &one), Vec::<String>::new());
    let kept = none.or(&one);
    assert_eq!(between(&one, &kept), Vec::<String>::new());
    assert_eq!(between(&kept, &two).len(), 1);
}
