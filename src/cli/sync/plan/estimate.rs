//! The arithmetic of a plan. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::catalogue::Pagination;

/// How a stream is read.
#[derive(Clone, Debug)]
pub(super) enum Route {
    Export {
        path: String,
    },
    Search,
    List {
        path: String,
        pagination: Pagination,
    },
    Inside,
    Children {
        path: String,
    },
}

impl Route {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Export { .. } => "incremental",
            Self::Search => "search",
            Self::List { .. } => "list",
            Self::Inside => "inside",
            Self::Children { .. } => "children",
        }
    }

    fn limit(&self) -> Option<&'static str> {
        match self {
            Self::Export { path } | Self::List { path, .. } | Self::Children { path } => {
                Some(limit_of(path))
            }
            Self::Search => Some(SEARCH_EXPORT),
            Self::Inside => None,
        }
    }
}

/// What is known beforehand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) rows: Option<u64>,
    pub(super) bytes_per_record: Option<f64>,
    /// Of the stream whose records each have a list.
    pub(super) parents: Option<u64>,
}

/// What one stream takes; `None` where nobody can say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Estimate {
    pub(super) rows: Option<u64>,
    pub(super) requests: Option<u64>,
    pub(super) minutes: Option<f64>,
    pub(super) megabytes: Option<f64>,
    #[serde(skip)]
    limit: Option<&'static str>,
}

/// What one of Zendesk's limits lets through.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Limit {
    pub(super) limit: &'static str,
    pub(super) requests: u64,
    pub(super) per_minute: u32,
    pub(super) minutes: f64,
}

/// The whole of a plan, as far as it is known.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Sum {
    pub(super) rows: u64,
    pub(super) requests: u64,
    pub(super) minutes: f64,
    pub(super) megabytes: f64,
    /// Nothing is unknown.
    pub(super) complete: bool,
}

const ACCOUNT: &str = "account";
const EXPORTS: &str = "incremental-exports";
const USERS_EXPORT: &str = "incremental-exports-cursor";
const SEARCH_EXPORT: &str = "search-export";

/// Requests a minute as Zendesk documents them; the account's is that of the smallest plan.
const DOCUMENTED: [(&str, u32); 4] = [
    (ACCOUNT, 200),
    (EXPORTS, 10),
    (USERS_EXPORT, 20),
    (SEARCH_EXPORT, 100),
];

fn limit_of(path: &str) -> &'static str {
    if path.starts_with("/api/v2/incremental/users/cursor") {
        USERS_EXPORT
    } else if path.contains("/incremental/") {
        EXPORTS
    } else {
        ACCOUNT
    }
}

fn per_minute(limit: &str) -> u32 {
    let documented = DOCUMENTED.iter().find(|(name, _)| *name == limit);
    documented.map_or(1, |(_, rate)| *rate)
}

impl Estimate {
    pub(super) fn new(route: &Route, size: Size, page_size: u32) -> Self {
        let pages = |rows: u64| rows.div_ceil(u64::from(page_size.max(1)));
        let requests = match route {
            // The last page says that it is the last, or one more has to.
            Route::Export { .. } | Route::Search => size.rows.map(|rows| pages(rows) + 1),
            Route::List {
                pagination: Pagination::Single,
                ..
            } => Some(1),
            Route::List { .. } => size.rows.map(|rows| pages(rows).max(1)),
            Route::Inside => Some(0),
            Route::Children { .. } => size.parents,
        };
        let limit = route.limit();
        let rate = limit.map_or(1, per_minute);
        Self {
            rows: size.rows,
            requests,
            minutes: requests.map(|requests| requests as f64 / f64::from(rate)),
            megabytes: size
                .rows
                .zip(size.bytes_per_record)
                .map(|(rows, bytes)| rows as f64 * bytes / 1e6),
            limit,
        }
    }
}

/// What each limit has to let through. Everything counts against the account's as well.
pub(super) fn limits(estimates: &[&Estimate]) -> Vec<Limit> {
    let mut requests: BTreeMap<&'static str, u64> = BTreeMap::new();
    for estimate in estimates {
        let (Some(limit), Some(more)) = (estimate.limit, estimate.requests) else {
            continue;
        };
        *requests.entry(limit).or_default() += more;
        if limit != ACCOUNT {
            *requests.entry(ACCOUNT).or_default() += more;
        }
    }
    requests
        .into_iter()
        .map(|(limit, requests)| Limit {
            limit,
            requests,
            per_minute: per_minute(limit),
            minutes: requests as f64 / f64::from(per_minute(limit)),
        })
        .collect()
}

/// The sum. Limits are used up side by side, so the slowest decides.
pub(super) fn in_all(estimates: &[&Estimate], limits: &[Limit]) -> Sum {
    let is_known = |estimate: &&&Estimate| {
        estimate.rows.is_some() && estimate.requests.is_some() && estimate.megabytes.is_some()
    };
    Sum {
        rows: estimates.iter().filter_map(|one| one.rows).sum(),
        requests: estimates.iter().filter_map(|one| one.requests).sum(),
        minutes: limits.iter().map(|limit| limit.minutes).fold(0.0, f64::max),
        megabytes: estimates.iter().filter_map(|one| one.megabytes).sum(),
        complete: estimates.iter().filter(is_known).count() == estimates.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(path: &str, rows: u64) -> Estimate {
        let size = Size {
            rows: Some(rows),
            bytes_per_record: Some(900.0),
            parents: None,
        };
        let route = Route::Export {
            path: path.to_owned(),
        };
        Estimate::new(&route, size, 1_000)
    }

    #[test]
    fn the_slowest_limit_decides() {
        let users = export("/api/v2/incremental/users/cursor.json", 99_000);
        let tickets = export("/api/v2/incremental/tickets/cursor.json", 100_500);
        let audits = Estimate::new(
            &Route::Children {
                path: "/api/v2/tickets/{id}/audits.json".to_owned(),
            },
            Size {
                parents: Some(100_500),
                ..Size::default()
            },
            100,
        );
        assert_eq!((users.requests, users.minutes), (Some(100), Some(5.0)));
        assert_eq!(tickets.requests, Some(102));
        assert_eq!(tickets.megabytes, Some(90.45));
        assert_eq!((audits.rows, audits.requests), (None, Some(100_500)));
        let all = [&users, &tickets, &audits];
        let limits = limits(&all);
        let account = limits.iter().find(|limit| limit.limit == ACCOUNT);
        assert_eq!(account.map(|limit| limit.requests), Some(100_702));
        let sum = in_all(&all, &limits);
        assert_eq!(sum.minutes, 100_702.0 / 200.0);
        assert!(!sum.complete, "how many audits there are, nobody knows");
    }

    #[test]
    fn what_is_inside_costs_no_request() {
        let metrics = Estimate::new(&Route::Inside, Size::default(), 1_000);
        assert_eq!((metrics.requests, metrics.minutes), (Some(0), Some(0.0)));
        assert!(limits(&[&metrics]).is_empty());
    }

    #[test]
    fn an_empty_list_takes_a_request_all_the_same() {
        let route = |pagination| Route::List {
            path: "/api/v2/groups.json".to_owned(),
            pagination,
        };
        let size = |rows| Size {
            rows,
            ..Size::default()
        };
        let requests = |route: &Route, rows| Estimate::new(route, size(rows), 100).requests;
        assert_eq!(requests(&route(Pagination::Cursor), Some(0)), Some(1));
        assert_eq!(requests(&route(Pagination::Cursor), Some(201)), Some(3));
        assert_eq!(requests(&route(Pagination::Cursor), None), None);
        assert_eq!(requests(&route(Pagination::Single), None), Some(1));
    }
}
