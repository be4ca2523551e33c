//! The arithmetic of a plan. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::catalogue::Pagination;

/// How a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Incremental,
    Time,
    Search,
    List(Pagination),
    Inside,
    Children,
}

impl Route {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Incremental => "incremental",
            Self::Time => "time",
            Self::Search => "search",
            Self::List(_) => "list",
            Self::Inside => "inside",
            Self::Children => "children",
        }
    }
}

/// The limits that a request counts against, with the requests a minute that each lets through.
pub(super) type Rates = Vec<(String, f64)>;

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
    rates: Rates,
}

/// What one of Zendesk's limits lets through.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Limit {
    pub(super) limit: String,
    pub(super) requests: u64,
    pub(super) per_minute: f64,
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

impl Estimate {
    pub(super) fn new(route: Route, size: Size, page_size: u32, rates: Rates) -> Self {
        let pages = |rows: u64| rows.div_ceil(u64::from(page_size.max(1)));
        let requests = match route {
            // The last page says that it is the last, or one more has to.
            Route::Incremental | Route::Time | Route::Search => {
                size.rows.map(|rows| pages(rows) + 1)
            }
            Route::List(Pagination::Single) => Some(1),
            Route::List(_) => size.rows.map(|rows| pages(rows).max(1)),
            Route::Inside => Some(0),
            Route::Children => size.parents,
        };
        let rate = rates
            .iter()
            .map(|(_, rate)| *rate)
            .fold(f64::INFINITY, f64::min);
        let megabytes = size.rows.zip(size.bytes_per_record);
        Self {
            rows: size.rows,
            requests,
            minutes: requests.map(|requests| requests as f64 / rate),
            megabytes: megabytes.map(|(rows, bytes)| rows as f64 * bytes / 1e6),
            rates,
        }
    }
}

/// What each limit has to let through.
pub(super) fn limits(estimates: &[&Estimate]) -> Vec<Limit> {
    let mut limits: BTreeMap<&str, (u64, f64)> = BTreeMap::new();
    for estimate in estimates {
        for (limit, rate) in &estimate.rates {
            let (requests, per_minute) = limits.entry(limit).or_default();
            *requests += estimate.requests.unwrap_or(0);
            *per_minute = *rate;
        }
    }
    let limits = limits.into_iter();
    limits
        .map(|(limit, (requests, per_minute))| Limit {
            limit: limit.to_owned(),
            requests,
            per_minute,
            minutes: requests as f64 / per_minute,
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

    fn rates(own: &[(&str, f64)]) -> Rates {
        let account = ("account", 160.0);
        let all = own.iter().copied().chain([account]);
        all.map(|(name, rate)| (name.to_owned(), rate)).collect()
    }

    fn export(rows: u64, limit: &str, rate: f64) -> Estimate {
        let size = Size {
            rows: Some(rows),
            bytes_per_record: Some(900.0),
            parents: None,
        };
        Estimate::new(Route::Incremental, size, 1_000, rates(&[(limit, rate)]))
    }

    #[test]
    fn the_slowest_limit_decides() {
        let users = export(99_000, "incremental-exports-cursor", 16.0);
        let tickets = export(100_500, "incremental-exports", 8.0);
        let parents = Size {
            parents: Some(100_500),
            ..Size::default()
        };
        let audits = rates(&[("ticket-audits", 360.0)]);
        let audits = Estimate::new(Route::Children, parents, 100, audits);
        assert_eq!((users.requests, users.minutes), (Some(100), Some(6.25)));
        assert_eq!(
            (tickets.requests, tickets.minutes),
            (Some(102), Some(12.75))
        );
        assert_eq!(tickets.megabytes, Some(90.45));
        assert_eq!((audits.rows, audits.requests), (None, Some(100_500)));
        let all = [&users, &tickets, &audits];
        let limits = limits(&all);
        let account = limits.iter().find(|limit| limit.limit == "account");
        assert_eq!(account.map(|limit| limit.requests), Some(100_702));
        let sum = in_all(&all, &limits);
        assert_eq!(sum.minutes, 100_702.0 / 160.0);
        assert!(!sum.complete, "how many audits there are, nobody knows");
    }

    #[test]
    fn what_is_inside_costs_no_request() {
        let metrics = Estimate::new(Route::Inside, Size::default(), 1_000, Rates::new());
        assert_eq!((metrics.requests, metrics.minutes), (Some(0), Some(0.0)));
        assert!(limits(&[&metrics]).is_empty());
    }

    #[test]
    fn an_empty_list_takes_a_request_all_the_same() {
        let requests = |pagination, rows| {
            let size = Size {
                rows,
                ..Size::default()
            };
            Estimate::new(Route::List(pagination), size, 100, rates(&[])).requests
        };
        assert_eq!(requests(Pagination::Cursor, Some(0)), Some(1));
        assert_eq!(requests(Pagination::Cursor, Some(201)), Some(3));
        assert_eq!(requests(Pagination::Cursor, None), None);
        assert_eq!(requests(Pagination::Single, None), Some(1));
    }
}
