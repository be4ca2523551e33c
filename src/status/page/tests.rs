use super::*;
use crate::status::fixture;

/// The text of the page, its tags taken away.
fn text(html: &str) -> String {
    let body = html.split("<body>").nth(1).expect("a body");
    let body = body.split("<script>").next().expect("content");
    let mut text = String::new();
    for piece in body.split('<').skip(1) {
        let after = piece.split_once('>').map_or(piece, |(_, after)| after);
        text.push_str(after);
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The tags of the page in order, without what they hold.
fn tags(html: &str) -> Vec<&str> {
    html.split('<')
        .skip(1)
        .filter_map(|piece| Some(piece.split_once('>')?.0))
        .collect()
}

#[test]
fn a_person_reads_the_verdict_and_the_remedy_first() {
    let shown = text(&page(&fixture::paused()));
    assert!(
        shown.contains("✕ Somebody is needed 4 streams; the one furthest behind is 2 h 3 min behind. tickets : zendesk forbids the export of tickets : HTTP 403 To do: give our user the role admin"),
        "{shown}"
    );
    assert!(
        shown.contains("ZENDESK-FORBIDDEN began 2 h 1 min ago"),
        "{shown}"
    );
    assert!(shown.contains("Streams: 1 paused, 3 fresh."), "{shown}");
    let shown = text(&page(&fixture::healthy()));
    assert!(shown.contains("✓ All is well 4 streams"), "{shown}");
}

#[test]
fn what_the_report_holds_is_on_the_page() {
    let shown = text(&page(&fixture::odd()));
    for part in [
        "tickets △ failing 1 min Lag over 1 h 59 min: between 1 min and 4 min",
        "1,200,000 Delivered over 1 h 59 min: 5,760 records",
        "1 min ago : ZENDESK-UNAVAILABLE 1,250 received, 1,200 ingested, 50 skipped",
        "in 3 min every 5 min",
        "account 31 of our 350 used, 120 by others; 319 left for us, new window in 42 s .",
        "5 min ago 3 times since 20 min ago",
        "look at status.zendesk.com if it stays",
        "1,239 in all, 4.5 MB of 1.0 GB on disk",
        "tickets rejected 1,234 12",
        "Sign-in to adobe accepted, token expires in 1 h 30 min",
    ] {
        assert!(shown.contains(part), "`{part}` in:\n{shown}");
    }
    let shown = text(&page(&fixture::back_filling()));
    for part in [
        "users 43 % 430,000 2023-05-01 of 2026-08-24 about 4 h until 2026-08-24 13:30:00 UTC",
        "tickets 0 % 430,000 2019-02-03 of 2026-08-24 not known yet",
        "ticket_events begins 430,000 not begun until 2026-08-24 not known yet",
    ] {
        assert!(shown.contains(part), "`{part}` in:\n{shown}");
    }
    assert!(!text(&page(&fixture::healthy())).contains("Back-fill"));
}

#[test]
fn hostile_text_stays_text() {
    let (hostile, tame) = (page(&fixture::hostile()), page(&fixture::odd()));
    assert_eq!(hostile.matches("<script").count(), 1, "ours");
    assert!(!hostile.contains("<img"));
    assert!(hostile.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(!hostile.contains(['\u{1b}', '\u{202e}']));
    let attributes = tags(&hostile).join(" ");
    assert!(!attributes.contains("alert(1)") && !attributes.contains("onerror"));
    assert!(tame.matches("<tr ").count() == hostile.matches("<tr ").count());
}

#[test]
fn elements_are_closed_in_order_and_ids_are_unique() {
    const VOID: [&str; 4] = ["!doctype", "meta", "input", "link"];
    for (name, report) in fixture::all() {
        let html = page(&report);
        let (mut open, mut ids, mut level) = (Vec::new(), Vec::new(), 0);
        let in_markup = html.replace(SCRIPT, "").replace(STYLE, "");
        for tag in tags(&in_markup) {
            let element = tag.split([' ', '/']).find(|part| !part.is_empty());
            let element = element.expect("a name");
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(element), "{name}: <{tag}>");
            } else if !tag.ends_with('/') && !VOID.contains(&element) {
                open.push(element);
            }
            if let Some(id) = tag.split(" id=\"").nth(1) {
                ids.push(id.split('"').next().expect("an id"));
            }
            let heading = element.strip_prefix('h').filter(|_| !tag.starts_with('/'));
            if let Some(heading) = heading.and_then(|heading| heading.parse::<u32>().ok()) {
                assert!(heading <= level + 1, "{name}: h{heading} after h{level}");
                level = heading;
            }
        }
        assert_eq!(open, [""; 0], "{name}");
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}");
        for labelled in in_markup.split("aria-labelledby=\"").skip(1) {
            let id = labelled.split('"').next().expect("an id");
            assert!(ids.binary_search(&id).is_ok(), "{name}: {id}");
        }
    }
}

#[test]
fn the_policy_lets_in_what_is_written_here_and_nothing_is_fetched_elsewhere() {
    for (name, report) in fixture::all() {
        let html = page(&report);
        assert!(
            !html.contains("http:") && !html.contains("https:"),
            "{name}"
        );
        assert!(
            !tags(&html)
                .iter()
                .any(|tag| tag.contains(" style=") || tag.contains(" on")),
            "{name}"
        );
        for element in ["style", "script"] {
            let (before, after) = (format!("<{element}>"), format!("</{element}>"));
            let content = html
                .split(&before)
                .nth(1)
                .expect("one")
                .split(&after)
                .next();
            let hash = BASE64_STANDARD.encode(Sha256::digest(content.expect("content")));
            let rule = format!("{element}-src 'sha256-{hash}'");
            assert!(CONTENT_SECURITY_POLICY.contains(&rule), "{name}: {rule}");
        }
    }
}

#[test]
fn eighty_five_streams_are_a_small_page() {
    let size = page(&fixture::many()).len();
    assert!(size < 300_000, "{size}");
}

/// The relative luminance of a colour `#rrggbb` (WCAG 2.2).
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour");
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn colours_contrast_enough_in_light_and_dark() {
    let (light, dark) = STYLE
        .split_once("prefers-color-scheme: dark")
        .expect("two schemes");
    for (scheme, style) in [("light", light), ("dark", dark)] {
        let colour = |name: &str| {
            let begin = format!("--{name}: ");
            let value = style.split(&begin).nth(1).expect(name);
            luminance(value.get(..7).expect("#rrggbb"))
        };
        let check = |front: &str, back: &str, least: f64| {
            let (a, b) = (colour(front), colour(back));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(
                contrast >= least,
                "{scheme}: {front} on {back}: {contrast:.2}"
            );
        };
        let backs = [
            "bg",
            "surface",
            "well-soft",
            "odd-soft",
            "person-soft",
            "busy-soft",
        ];
        for back in backs {
            for front in ["text", "muted", "link"] {
                check(front, back, 4.5);
            }
        }
        for kind in ["well", "odd", "person", "busy"] {
            check(kind, &format!("{kind}-soft"), 4.5);
        }
        for mark in ["plot", "others"] {
            check(mark, "surface", 3.0);
        }
        check("plot", "line", 3.0);
    }
}

/// Writes the fixtures' pages for a person, or a browser, to look at.
#[test]
fn fixtures_can_be_looked_at() {
    let Some(directory) = std::env::var_os("STATUS_PAGES") else {
        println!("skipped: STATUS_PAGES names no directory");
        return;
    };
    for (name, report) in fixture::all() {
        let path = std::path::Path::new(&directory).join(format!("{name}.html"));
        std::fs::write(path, page(&report)).expect("written");
    }
}
