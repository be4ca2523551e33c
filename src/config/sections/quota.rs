//! `[zendesk.quota]`.

use ::config::{Map, Value, ValueKind};

use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::clock::{Zone, hour, zone};
use crate::config::values::{Given, alternatives, nearest, part};
use crate::config::{Hours, Quota};

pub(super) fn quota(section: &mut Section<'_>) -> Read<Quota> {
    let share = section.or("share", 0.8, part);
    let reserve = section.or("reserve", ValueKind::Array(Vec::new()), reserve);
    Ok(Quota {
        share: share?,
        reserve: reserve?,
    })
}

/// A list of hours, each with its share.
fn reserve(given: &Given<'_>) -> Result<Vec<Hours>, Problem> {
    let ValueKind::Array(entries) = given.kind else {
        return Err(Problem::new(
            format!("{} is not a list of hours", given.described()),
            EXAMPLE,
        ));
    };
    let mut all: Vec<Hours> = Vec::new();
    for (entry, number) in entries.iter().zip(1_usize..) {
        let ValueKind::Table(keys) = &entry.kind else {
            let what = format!("entry {number} is not a table");
            return Err(Problem::new(what, EXAMPLE));
        };
        let hours = hours(keys, given).map_err(|problem| problem.of_entry(number))?;
        if all.iter().any(|other| other.timezone != hours.timezone) {
            return Err(Problem::new(
                "the entries are in different time zones, so whether they overlap changes over the year",
                "write them all in one zone",
            ));
        }
        if let Some(other) = all.iter().position(|other| other.overlaps(&hours)) {
            let what = format!("the entries {} and {number} overlap", other + 1);
            let remedy = "let each hour belong to one entry at most";
            return Err(Problem::new(what, remedy));
        }
        all.push(hours);
    }
    Ok(all)
}

const EXAMPLE: &str = r#"write tables like [{ from = "08:00", to = "18:00", share = 0.5 }]"#;

const KEYS: [&str; 4] = ["from", "share", "timezone", "to"];

fn hours(keys: &Map<String, Value>, list: &Given<'_>) -> Result<Hours, Problem> {
    if let Some(unknown) = keys.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let remedy = match nearest(unknown, &KEYS) {
            Some(key) => format!("write `{key}`"),
            None => format!("the keys here are {}", alternatives(&KEYS, "and")),
        };
        return Err(Problem::new(format!("unknown key `{unknown}`"), remedy));
    }
    let value = |key: &str| match keys.get(key) {
        Some(value) => Ok(Given {
            kind: &value.kind,
            from_environment: list.from_environment,
            hidden: list.hidden,
        }),
        None => Err(Problem::new(format!("`{key}` is missing"), EXAMPLE)),
    };
    let hours = Hours {
        from: hour(&value("from")?)?,
        to: hour(&value("to")?)?,
        share: part(&value("share")?)?,
        timezone: match keys.get("timezone") {
            Some(_) => zone(&value("timezone")?)?,
            None => Zone::default(),
        },
    };
    if hours.from == hours.to {
        return Err(Problem::new(
            "`from` and `to` are the same",
            r#"write the hours between them; the whole day is "00:00" to "24:00""#,
        ));
    }
    Ok(hours)
}
