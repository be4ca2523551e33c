use super::*;
use crate::checkpoint::{Counts, Oddity};
use crate::record::{Cursor, Position};
use proptest::prelude::*;

/// As release 0.1.0 writes it. This text must be read for ever; never change it to fit the code.
const VERSION_1: &str = r#"{
  "version": 1,
  "account": "acme.zendesk.com",
  "generation": 42,
  "saved_at": "2026-01-02T03:04:06.123456789Z",
  "streams": {
    "tickets": {
      "position": {
        "export": "search",
        "from": "2026-01-02T02:00:00Z",
        "window": {
          "to": "2026-01-02T03:00:00Z",
          "cursor": "eyJmaWVsZCI6ImNyZWF0ZWRfYXQifQ==",
          "issued_at": "2026-01-02T03:04:00Z",
          "restarts": 1
        }
      }
    },
    "users": {
      "position": {
        "export": "incremental",
        "cursor": "MTY0NDE0MzQ2Ny4wfHwxMjM0NQ==",
        "recovery_time": "2026-01-02T03:04:05Z"
      },
      "last_sync": {
        "started_at": "2026-01-02T03:04:00Z",
        "finished_at": "2026-01-02T03:04:06Z",
        "outcome": "complete",
        "received": 10,
        "ingested": 7,
        "skipped": 2,
        "failed": 1,
        "pages": 1,
        "requests": 3,
        "bytes": 12345
      },
      "attention": {
        "since": "2026-01-01T03:04:05Z",
        "code": "ZENDESK-SIGN-IN",
        "what": "the token was refused",
        "remedy": "give it a new one"
      },
      "notice": {
        "oddity": "silent",
        "since": "2026-01-02T00:00:00Z"
      },
      "activity": {
        "last_change_seen": "2026-01-01T23:00:00Z",
        "usual_gap_seconds": 600,
        "gaps": 5
      },
      "recent": [
        "2026-01-02T03:04:05Z 0a1b2c3d 12345"
      ]
    }
  }
}
"#;

fn time(text: &str) -> jiff::Timestamp {
    text.parse().expect("a time")
}

fn why(text: impl AsRef<[u8]>) -> String {
    match read(text.as_ref()) {
        Err(Fault::Damaged(why)) => why,
        other => panic!("expected damage, not {other:?}"),
    }
}

#[test]
fn a_file_of_version_1_means_what_it_meant() {
    let state = read(VERSION_1.as_bytes()).expect("version 1 is readable");
    assert_eq!(state.account, "acme.zendesk.com");
    assert_eq!(state.generation, 42);
    assert_eq!(state.saved_at, time("2026-01-02T03:04:06.123456789Z"));
    assert_eq!(state.streams.len(), 2);

    let users = &state.streams["users"];
    assert_eq!(
        users.position,
        Some(Position::Incremental {
            cursor: Some(Cursor::new("MTY0NDE0MzQ2Ny4wfHwxMjM0NQ==")),
            recovery_time: Some(time("2026-01-02T03:04:05Z")),
        })
    );
    let report = users.last_sync.as_ref().expect("a report");
    assert_eq!(report.outcome, "complete");
    let counts = Counts {
        received: 10,
        ingested: 7,
        skipped: 2,
        failed: 1,
        pages: 1,
        requests: 3,
        bytes: 12_345,
    };
    assert_eq!(report.counts, counts);
    assert_eq!(users.recent.len(), 1);
    let attention = users.attention.as_ref().expect("attention");
    assert_eq!(attention.code, "ZENDESK-SIGN-IN");
    let notice = users.notice.as_ref().expect("a notice");
    assert_eq!(notice.oddity, Oddity::Silent);
    let activity = users.activity.as_ref().expect("activity");
    assert_eq!((activity.usual_gap_seconds, activity.gaps), (600, 5));

    let Some(Position::Search { from, window }) = &state.streams["tickets"].position else {
        panic!("tickets were read by search");
    };
    assert_eq!(*from, Some(time("2026-01-02T02:00:00Z")));
    let window = window.as_ref().expect("a window");
    assert_eq!(window.to, time("2026-01-02T03:00:00Z"));
    assert_eq!(window.restarts, 1);
}

#[test]
fn what_is_read_is_written_back_to_the_byte() {
    let state = read(VERSION_1.as_bytes()).expect("readable");
    let written = write(&state).expect("written");
    assert_eq!(String::from_utf8_lossy(&written), VERSION_1);
}

#[test]
fn a_later_version_is_named_and_no_other_is_guessed() {
    let of =
        |version: &str| VERSION_1.replace("\"version\": 1", &format!("\"version\": {version}"));
    assert!(matches!(read(of("2").as_bytes()), Err(Fault::TooNew(2))));
    // Whatever else a later release writes need not make sense to us.
    assert!(matches!(
        read(br#"{"version": 7, "checkpoints": []}"#),
        Err(Fault::TooNew(7))
    ));
    assert!(why(of("0")).contains("never was"));
    assert!(why(of("\"1\"")).contains("invalid type: string \"1\", expected u32 at line 2"));
    assert!(why(of("-1")).contains("line 2"));
}

#[test]
fn slips_of_the_hand_are_named_with_their_place() {
    let check = |from: &str, to: &str, expected: &[&str]| {
        assert!(VERSION_1.contains(from), "{from}");
        let why = why(VERSION_1.replacen(from, to, 1));
        for part in expected {
            assert!(why.contains(part), "{part} is not in: {why}");
        }
    };
    check(
        "\"account\"",
        "\"acount\"",
        &["unknown field `acount`", "line 3 column"],
    );
    check(
        "\"recovery_time\"",
        "\"recovery\"",
        &["unknown field `recovery`", "line"],
    );
    check(
        "\"outcome\"",
        "\"note\": 1, \"outcome\"",
        &["unknown field `note`", "line"],
    );
    check("42", "\"42\"", &["invalid type: string", "line 4 column"]);
    check(
        "42",
        "18446744073709551615",
        &["a number of saves", "line 4 column"],
    );
    check("2026-01-02T03:04:06.1", "yesterday", &["line 5 column"]);
    check(
        "\"incremental\"",
        "\"lists\"",
        &["unknown variant `lists`", "line"],
    );
    check(
        "0a1b2c3d",
        "0a1b2c3x",
        &["not a remembered version", "line"],
    );
    check(
        "\"tickets\"",
        "\"users\"",
        &["duplicate stream `users`", "line 19 column"],
    );
    check(
        "\"account\"",
        "\"generation\": 1, \"account\"",
        &["duplicate field `generation`", "line 4"],
    );
    check("  }\n}\n", "  }\n", &["EOF", "line 57 column"]);
    check(
        "  }\n}\n",
        "  },\n}\n",
        &["trailing comma", "line 57 column"],
    );
}

#[test]
fn what_editors_and_shells_leave_behind() {
    let before = read(VERSION_1.as_bytes()).expect("readable");
    let after = read(VERSION_1.replace('\n', "\r\n").as_bytes()).expect("CRLF is white space");
    assert_eq!(before, after);

    assert!(why(format!("\u{feff}{VERSION_1}")).contains("byte order mark at line 1 column 1"));
    assert!(why(format!("{VERSION_1}x")).contains("trailing characters at line 58 column 1"));
    assert!(why(format!("{VERSION_1}{VERSION_1}")).contains("trailing characters at line 58"));
    let mut bytes = VERSION_1.as_bytes().to_vec();
    bytes[37] = 0xff;
    assert!(why(bytes).contains("line 3 column"));
    assert!(why("").contains("line 1 column 0"));
    assert!(
        why("\0".repeat(400)).contains("line 1 column 1"),
        "blocks a crash left empty"
    );
    assert!(
        why("[".repeat(100_000)).contains("line 1 column"),
        "no deep recursion"
    );
}

/// Never a panic, and never a state that somebody else might take for an empty one.
fn judge(text: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(state) = read(text) {
        // Mutations may hit a value and leave a good file; then all the rest is still there.
        prop_assert!(!state.streams.is_empty());
        prop_assert_eq!(state.version, FORMAT_VERSION);
        prop_assert!(state.generation <= limits::GENERATION_MAX);
    }
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&text).is_err());
    }

    #[test]
    fn a_file_cut_anywhere_is_refused(cut in 0..VERSION_1.trim_end().len()) {
        prop_assert!(read(&VERSION_1.as_bytes()[..cut]).is_err());
    }

    #[test]
    fn flipped_bytes_never_empty_a_state(
        flips in proptest::collection::vec((0..VERSION_1.len(), any::<u8>()), 1..4),
    ) {
        let mut text = VERSION_1.as_bytes().to_vec();
        for (place, byte) in flips {
            text[place] = byte;
        }
        judge(&text)?;
    }

    #[test]
    fn lines_lost_doubled_or_swapped_never_empty_a_state(
        lines in proptest::collection::vec(0..VERSION_1.lines().count(), 20..60),
    ) {
        let all: Vec<&str> = VERSION_1.lines().collect();
        let text: Vec<&str> = lines.into_iter().map(|line| all[line]).collect();
        judge(text.join("\n").as_bytes())?;
    }

    #[test]
    fn a_line_gone_or_twice_never_empties_a_state(line in 0..VERSION_1.lines().count(), twice in any::<bool>()) {
        let mut lines: Vec<&str> = VERSION_1.lines().collect();
        if twice {
            lines.insert(line, lines[line]);
        } else {
            lines.remove(line);
        }
        judge(lines.join("\n").as_bytes())?;
    }
}
