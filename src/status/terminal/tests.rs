use super::*;
use crate::status::fixture;

fn plain(report: &Report) -> String {
    render(report, Terminal::default())
}

#[test]
fn what_is_wrong_comes_first_with_its_remedy() {
    insta::assert_snapshot!(plain(&fixture::paused()), @r"
    ✕ Somebody is needed
      acme.zendesk.com: 4 streams; the one furthest behind is 2 h 3 min behind
      ✕ tickets ZENDESK-FORBIDDEN: zendesk forbids the export of `tickets`: HTTP 403
        (began 2 h 1 min ago)
        → give our user the role admin, or the OAuth client the scope `read`;
          `zendesk-aep check` tells when it is right

    STREAM                  CONDITION    LAG            DELIVERED  LAST SYNC
    users                   fresh        1 min          1,200,000  1 min ago
    tickets                 paused       2 h 3 min      1,200,000  1 min ago
    ticket_events           fresh        10 min         1,200,000  1 min ago
    ticket_comments         fresh        1 min          1,200,000  1 min ago

    QUOTA
    account                     [█▒▒▒············] 31 of our 350, others 120
    incremental exports         [█▒▒▒············] 4 of our 350, others 120
    ");
}

#[test]
fn everything_else_follows() {
    let text = plain(&fixture::odd());
    let (_, text) = text.split_once("\n\n").expect("more than the verdict");
    insta::assert_snapshot!(text, @r"
    STREAM                  CONDITION    LAG            DELIVERED  LAST SYNC
    users                   fresh        1 min          1,200,000  1 min ago
    tickets                 failing      1 min          1,200,000  1 min ago
    ticket_events           late         2 h 30 min     1,200,000  1 min ago
    ticket_comments         fresh        1 min          1,200,000  1 min ago

    QUOTA
    account                     [█▒▒▒············] 31 of our 350, others 120
    incremental exports         [█▒▒▒············] 4 of our 350, others 120

    DEAD LETTERS: 4.5 MB of 1.0 GB
    tickets                 rejected     1,234, 12 superseded
    tickets                 too_large    5

    RECENT FAILURES
    tickets                 ZENDESK-UNAVAILABLE, 3 times, 5 min ago
    users                   INTERRUPTED, 5 min ago
    ");
}

#[test]
fn history_has_its_bar() {
    let text = plain(&fixture::back_filling());
    let (_, text) = text.split_once("BACK-FILL\n").expect("a part for it");
    let rows: Vec<&str> = text.lines().take(3).collect();
    assert_eq!(
        rows,
        [
            "users                   [███████·········]  43 %, 4 h left, 430,000 records",
            "tickets                 [················]   0 %, 430,000 records",
            "ticket_events           not begun, 430,000 records",
        ]
    );
}

#[test]
fn no_line_is_longer_than_a_terminal_and_nothing_orders_it_about() {
    for (name, report) in fixture::all() {
        for line in plain(&report).lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
            assert!(
                !line.contains(crate::status::words::is_unprintable),
                "{name}: {line}"
            );
        }
    }
}

#[test]
fn colours_change_nothing_but_colour() {
    let coloured = Terminal {
        colours: true,
        rows: None,
    };
    let text = render(&fixture::odd(), coloured);
    assert!(text.starts_with("\u{1b}[33m△ Data flows"), "{text}");
    let bare = [31, 32, 33, 2, 0].iter().fold(text, |text, code| {
        text.replace(&format!("\u{1b}[{code}m"), "")
    });
    assert_eq!(bare, plain(&fixture::odd()));
}

#[test]
fn where_there_is_no_room_what_is_well_is_counted() {
    let fits = |report: &Report, rows| {
        let terminal = Terminal {
            colours: false,
            rows: Some(rows),
        };
        let text = render(report, terminal);
        assert!(text.lines().count() <= rows, "{rows}:\n{text}");
        text
    };
    let mut many = fixture::many();
    assert!(fits(&many, 100).contains("stream_85"));
    many.streams[70].condition = Condition::Late;
    let text = fits(&many, 24);
    assert!(text.contains("\nstream_71 "), "{text}");
    assert!(text.contains("\nall streams: 1 late, 84 fresh\n"), "{text}");
    for rows in 1..10 {
        assert!(fits(&many, rows).contains("more line"), "{rows}");
    }
}
