use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::meter::BackFill;
use crate::status::fixture;
use crate::status::report::DeadLetterGroup;

/// A report in which nothing is missing that has a metric.
fn full() -> Report {
    let mut report = fixture::healthy();
    let until = report.at;
    report.streams[0].back_fill = Some(BackFill {
        records: 1_000,
        read_to: Some(until),
        until,
        percent: Some(40),
        seconds_left: Some(600),
    });
    report.dead_letters.groups = vec![DeadLetterGroup {
        stream: "users".to_owned(),
        reason: "rejected".to_owned(),
        letters: 3,
        superseded: 1,
    }];
    report
}

/// Every metric as a query names it, with its type and its labels in order. A histogram goes by its
/// name without `_bucket`, `_sum` and `_count`, and without the label of its bounds.
fn exported() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let (text, _) = exposition(full(), &Meter::default());
    let mut metrics = BTreeMap::new();
    let mut open = (String::new(), String::new());
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let (name, kind) = family.split_once(' ').expect("a type");
            open = (name.to_owned(), kind.to_owned());
        } else if !line.starts_with('#') {
            let series = line.split(' ').next().expect("a name");
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let name = match open.1.as_str() {
                "histogram" => open.0.as_str(),
                _ => name,
            };
            let labels = labels.trim_end_matches('}').split(',');
            let names = labels.filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
            let entry = metrics.entry(name.to_owned());
            let (_, known): &mut (String, BTreeSet<String>) =
                entry.or_insert_with(|| (open.1.clone(), BTreeSet::new()));
            known.extend(names.filter(|name| name != "le"));
        }
    }
    metrics
}

/// Names of ours in a text, but for the endings of histograms.
fn named_in(text: &str) -> BTreeSet<String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_of_name(c));
    let ours = words.filter(|word| word.starts_with("zendesk_aep_"));
    ours.map(|name| {
        let endings = ["_bucket", "_sum", "_count"];
        let bare = endings.iter().find_map(|end| name.strip_suffix(end));
        bare.unwrap_or(name).to_owned()
    })
    .collect()
}

#[test]
fn every_family_has_numbers_when_all_is_known() {
    let (text, _) = exposition(full(), &Meter::default());
    let families = text.lines().filter(|line| line.starts_with("# TYPE "));
    assert_eq!(families.count(), exported().len(), "{text}");
}

#[test]
fn the_table_says_what_is_exported() {
    let page = include_str!("../../../docs/metrics.md");
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| `zendesk_aep_"));
    let documented: BTreeMap<_, _> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let name = cells[1].trim_matches('`').to_owned();
            let labels = cells[3].split(", ").filter(|label| !label.is_empty());
            let labels = labels.map(|label| label.trim_matches('`').to_owned());
            (name, (cells[2].to_owned(), labels.collect()))
        })
        .collect();
    assert_eq!(documented, exported());
}

#[test]
fn alerts_and_dashboard_use_what_is_exported() {
    let exported: BTreeSet<String> = exported().into_keys().collect();
    let alerts = include_str!("../../../deploy/prometheus/alerts.yaml");
    let dashboard = include_str!("../../../deploy/grafana/dashboard.json");
    serde_json::from_str::<serde_json::Value>(dashboard).expect("JSON");
    for (file, text) in [("alerts", alerts), ("dashboard", dashboard)] {
        let named = named_in(text);
        assert!(named.len() > 10, "{file}: {named:?}");
        let unknown: Vec<_> = named.difference(&exported).collect();
        assert!(
            unknown.is_empty(),
            "{file} names what is not exported: {unknown:?}"
        );
    }
}

/// Each alert has a section of its name in the handbook, where its link leads.
#[test]
fn every_alert_is_explained() {
    let alerts = include_str!("../../../deploy/prometheus/alerts.yaml");
    let handbook = include_str!("../../../docs/operations.md");
    let names: Vec<&str> = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(names.len() > 10);
    for name in &names {
        assert!(handbook.contains(&format!("\n#### {name}\n")), "{name}");
        let link = format!("runbook_url: docs/operations.md#{}", name.to_lowercase());
        assert!(alerts.contains(&link), "{link}");
    }
    let sections = handbook.matches("\n#### ZendeskAep").count();
    assert_eq!(sections, names.len(), "no section is without its alert");
}

#[test]
fn what_zendesk_names_a_limit_cannot_break_a_line() {
    let mut report = full();
    report.limits[0].name = "a\"} 1\n# EOF\\".to_owned();
    let (text, _) = exposition(report, &Meter::default());
    assert!(
        text.contains(r#"zendesk_aep_quota_requests_left{limit="a\"} 1\n# EOF\\"} "#),
        "{text}"
    );
}
