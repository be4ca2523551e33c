//! `export`: how a stream is read, of the ways that its row allows, and the keys that belong to
//! some of them only.

use crate::catalogue::{self, Pagination, Reading, StreamEnd, StreamSpec, Text, TimeUnit};
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::sections::MOMENT;
use crate::config::sections::parameters::terms;
use crate::config::values::choice;
use crate::config::values::quantity::duration;
use crate::config::{BackFill, Export};

/// A way to read a stream.
#[derive(Clone, Copy, Debug)]
enum Way<'s> {
    Incremental {
        path: &'s Text,
    },
    Time {
        path: &'s Text,
        unit: TimeUnit,
        end: StreamEnd,
        size: Option<&'s Text>,
    },
    Search {
        search_type: &'s Text,
    },
    List {
        path: &'s Text,
        pagination: Pagination,
    },
}

impl Way<'_> {
    fn word(self) -> &'static str {
        match self {
            Self::Incremental { .. } => "incremental",
            Self::Time { .. } => "time",
            Self::Search { .. } => "search",
            Self::List { .. } => "list",
        }
    }

    /// The keys that mean nothing here.
    fn foreign_keys(self) -> &'static [&'static str] {
        match self {
            Self::Search { .. } => &["back_fill"],
            Self::Incremental { .. } | Self::Time { .. } => &["settle", "query", "brands"],
            Self::List { .. } => &[
                "settle",
                "query",
                "brands",
                "start",
                "end",
                "overlap",
                "back_fill",
            ],
        }
    }
}

/// The ways to read a stream of this row, the default first.
fn ways(spec: &StreamSpec) -> Vec<Way<'_>> {
    let own = match &spec.reading {
        Reading::Incremental { path } => Some(Way::Incremental { path }),
        Reading::Time {
            path,
            unit,
            end,
            size,
        } => Some(Way::Time {
            path,
            unit: *unit,
            end: *end,
            size: size.as_ref(),
        }),
        Reading::List { path, pagination } => Some(Way::List {
            path,
            pagination: *pagination,
        }),
        Reading::Inside { .. } | Reading::Children { .. } => None,
    };
    let search = spec.search_type.as_ref();
    let search = search.map(|search_type| Way::Search { search_type });
    let list = spec.list_path.as_ref().map(|path| Way::List {
        path,
        pagination: Pagination::Cursor,
    });
    own.into_iter().chain(search).chain(list).collect()
}

/// How the stream is read. Keys that belong to other exports are refused.
pub(super) fn export(section: &mut Section<'_>, spec: &StreamSpec) -> Read<Export> {
    let ways = ways(spec);
    let words: Vec<(&str, Way<'_>)> = ways.iter().map(|way| (way.word(), *way)).collect();
    let default = words.first().map_or("", |(word, _)| *word);
    let way = section.or("export", default, choice(&words));
    if let Ok(way) = way {
        for key in way.foreign_keys() {
            section.let_override("export", &[key]);
            if section.value(key).is_some() {
                section.refuse(key, foreign(key, way, &ways));
            }
        }
    }
    let settle = section.or("settle", "5m", duration(MOMENT));
    let terms = terms(section, spec);
    Ok(match way? {
        Way::Incremental { path } => Export::Incremental { path: path.clone() },
        Way::Time {
            path,
            unit,
            end,
            size,
        } => Export::Time {
            path: path.clone(),
            unit,
            end,
            size: size.cloned(),
        },
        Way::Search { search_type } => Export::Search {
            search_type: search_type.clone(),
            terms: terms?,
            settle: settle?,
        },
        Way::List { path, pagination } => Export::List {
            path: path.clone(),
            pagination,
        },
    })
}

/// `back_fill`: another way than `export` for history. `bounded` says that only changes of some time
/// are wanted, which a list cannot tell from others.
pub(super) fn back_fill(
    section: &mut Section<'_>,
    spec: &StreamSpec,
    export: &Export,
    bounded: bool,
) -> Read<Option<BackFill>> {
    // Where the deleted have no list, only the export gives all there is.
    let default = match &spec.deleted_in {
        Some(_) => "auto",
        None => "export",
    };
    let words = [
        ("auto", Some(false)),
        ("export", None),
        ("list", Some(true)),
    ];
    let way = section.or("back_fill", default, choice(&words))?;
    let by_time = matches!(export, Export::Incremental { .. } | Export::Time { .. });
    // With other exports the key is refused like all that are foreign to them.
    let Some(always) = way.filter(|_| by_time) else {
        return Ok(None);
    };
    let found = match (&spec.list_path, &spec.listed_version_field) {
        _ if bounded => Err("a list cannot be read from `start` or to `end`".to_owned()),
        (Some(list), None) if spec.count_path.is_some() => Ok(BackFill {
            list: list.clone(),
            deleted: spec.deleted_in.as_deref().and_then(catalogue::find),
            always,
        }),
        // A list with versions of its own is another view of the records.
        (Some(_), Some(_)) => Err(format!(
            "the list of {} leaves out the archived and the deleted ones: only the export has all",
            spec.name
        )),
        (Some(_) | None, _) => Err(format!("{} have no list that could be counted", spec.name)),
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(_) if !always => Ok(None),
        Err(what) => {
            let remedy = "leave it out, or write `back_fill = \"export\"`";
            Err(section.refuse("back_fill", Problem::new(what, remedy)))
        }
    }
}

fn foreign(key: &str, way: Way<'_>, ways: &[Way<'_>]) -> Problem {
    let what = match key {
        "settle" | "query" | "brands" => "this key belongs to the search export".to_owned(),
        "back_fill" => format!(
            "with the export `{}` there is no other way to load history",
            way.word()
        ),
        _ => format!(
            "a {} is read whole each time, whatever its times are",
            way.word()
        ),
    };
    let other = ways.iter().find(|way| !way.foreign_keys().contains(&key));
    let remedy = match other {
        Some(other) => format!("leave it out, or write `export = \"{}\"`", other.word()),
        None => "leave it out".to_owned(),
    };
    Problem::new(what, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn the_catalogue_names_the_exports_that_there_are() {
        for spec in catalogue::all() {
            let words: Vec<&str> = ways(spec).into_iter().map(Way::word).collect();
            assert_eq!(words, spec.exports(), "{}", spec.name);
        }
    }
}
