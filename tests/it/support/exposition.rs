//! A strict reader of OpenMetrics text: whatever a scraper may take offence at fails the test.

use std::collections::{BTreeMap, BTreeSet};

/// What one scrape gave.
#[derive(Debug, Default)]
pub struct Exposition {
    /// The type of each family, by its name.
    pub families: BTreeMap<String, String>,
    pub samples: Vec<Sample>,
}

/// One line with a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

impl Exposition {
    /// Reads a scrape; panics with the line at fault.
    #[track_caller]
    pub fn read(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("it ends with EOF");
        let mut read = Self::default();
        let mut family: Option<(String, String)> = None;
        let mut series = BTreeSet::new();
        for line in body.lines() {
            let parts: Vec<&str> = line.splitn(4, ' ').collect();
            match parts[..] {
                ["#", "HELP", name, help] => {
                    assert!(!help.trim().is_empty() && is_name(name), "{line}");
                    assert!(!read.families.contains_key(name), "twice: {line}");
                    family = Some((name.to_owned(), String::new()));
                }
                ["#", "TYPE", name, kind] => {
                    let kinds = ["gauge", "counter", "histogram", "info"];
                    assert!(kinds.contains(&kind), "{line}");
                    let (open, open_kind) = family.as_mut().expect("HELP comes first");
                    assert!(open == name && open_kind.is_empty(), "{line}");
                    kind.clone_into(open_kind);
                    read.families.insert(name.to_owned(), kind.to_owned());
                }
                ["#", "UNIT", name, unit] => {
                    let (open, _) = family.as_ref().expect("HELP comes first");
                    assert!(
                        open == name && name.ends_with(&format!("_{unit}")),
                        "{line}"
                    );
                }
                _ => {
                    let sample = Sample::read(line);
                    let (name, kind) = family.as_ref().expect("a family is open");
                    let suffix = sample.name.strip_prefix(name.as_str());
                    let suffixes: &[&str] = match kind.as_str() {
                        "gauge" => &[""],
                        "counter" => &["_total"],
                        "info" => &["_info"],
                        _ => &["_bucket", "_sum", "_count"],
                    };
                    assert!(suffix.is_some_and(|it| suffixes.contains(&it)), "{line}");
                    assert!(sample.value.is_finite(), "{line}");
                    assert!(kind == "gauge" || sample.value >= 0.0, "{line}");
                    let key = (sample.name.clone(), sample.labels.clone());
                    assert!(series.insert(key), "twice: {line}");
                    read.samples.push(sample);
                }
            }
        }
        read.check_histograms();
        read
    }

    /// The number of the series with these labels.
    #[track_caller]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels)
            .unwrap_or_else(|| panic!("{name}{labels:?} in {:#?}", self.samples))
    }

    /// The number of the series with these labels, if it is there.
    pub fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: BTreeMap<String, String> = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut samples = self.samples.iter();
        let found = samples.find(|one| one.name == name && one.labels == labels);
        found.map(|one| one.value)
    }

    /// Names and labels of all series.
    pub fn series(&self) -> BTreeSet<(String, BTreeMap<String, String>)> {
        let key = |one: &Sample| (one.name.clone(), one.labels.clone());
        self.samples.iter().map(key).collect()
    }

    /// Buckets rise with their bounds and end with all there are.
    fn check_histograms(&self) {
        for (family, _) in self
            .families
            .iter()
            .filter(|(_, kind)| *kind == "histogram")
        {
            let mut by_labels: BTreeMap<_, Vec<(f64, f64)>> = BTreeMap::new();
            let bucket = format!("{family}_bucket");
            for sample in self.samples.iter().filter(|one| one.name == bucket) {
                let mut labels = sample.labels.clone();
                let bound = match labels.remove("le").expect("a bound").as_str() {
                    "+Inf" => f64::INFINITY,
                    bound => bound.parse().expect("a number"),
                };
                by_labels
                    .entry(labels)
                    .or_default()
                    .push((bound, sample.value));
            }
            for (labels, buckets) in by_labels {
                let rises = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
                assert!(
                    buckets.windows(2).all(rises),
                    "{family} {labels:?} {buckets:?}"
                );
                let (bound, all) = *buckets.last().expect("a bucket");
                assert!(bound.is_infinite(), "{family} {labels:?}");
                let count = format!("{family}_count");
                let found = self
                    .samples
                    .iter()
                    .find(|one| one.name == count && one.labels == labels);
                assert_eq!(found.map(|one| one.value), Some(all), "{family} {labels:?}");
            }
        }
    }
}

impl Sample {
    #[track_caller]
    fn read(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').expect(line);
        let (name, labels) = match series.split_once('{') {
            None => (series, BTreeMap::new()),
            Some((name, rest)) => {
                let inner = rest.strip_suffix('}').expect(line);
                (name, read_labels(inner, line))
            }
        };
        assert!(is_name(name), "{line}");
        Self {
            name: name.to_owned(),
            labels,
            value: value.parse().expect(line),
        }
    }
}

#[track_caller]
fn read_labels(mut rest: &str, line: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").expect(line);
        assert!(is_name(name), "{line}");
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next().expect(line) {
                (at, '"') => break at,
                (_, '\\') => match chars.next().expect(line).1 {
                    'n' => value.push('\n'),
                    c @ ('\\' | '"') => value.push(c),
                    _ => panic!("{line}"),
                },
                (_, c) => value.push(c),
            }
        };
        assert!(labels.insert(name.to_owned(), value).is_none(), "{line}");
        rest = &after[end + 1..];
        if let Some(more) = rest.strip_prefix(',') {
            assert!(!more.is_empty(), "{line}");
            rest = more;
        } else {
            assert!(rest.is_empty(), "{line}");
        }
    }
    labels
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
