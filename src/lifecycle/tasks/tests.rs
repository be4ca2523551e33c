//! What the watchdog is told of a walk's task.

use std::future::pending;

use super::*;
use crate::clock::Clock;
use crate::config::{self, Cadence};
use crate::lifecycle::assemble;
use crate::progress;
use crate::record::{Page, Position};
use crate::schedule::Schedule;
use crate::sync::Member;
use crate::zendesk::{Error, Split, Urgency};

const REQUEST: Duration = Duration::from_secs(60);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const MOMENT: Duration = Duration::from_secs(1);

/// An export that never gives a page, nor an error.
struct Wedged;

impl Pages for Wedged {
    fn position(&self, _: Option<Position>) -> Position {
        Position::Incremental {
            cursor: None,
            recovery_time: None,
        }
    }

    fn history_position(&self, checkpoint: Position) -> Position {
        checkpoint
    }

    async fn history(&self) -> Option<(Position, Split)> {
        None
    }

    fn horizon(&self) -> Timestamp {
        Timestamp::now()
    }

    fn split(&self, _: &Position) -> Option<Split> {
        None
    }

    fn begin(&mut self, _: bool) {}

    fn may_poll_early(&mut self) -> bool {
        false
    }

    async fn page(&mut self, _: &Position, _: Urgency, _: &[String]) -> Result<Page, Error> {
        pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_walk_whose_page_never_comes_is_late_after_its_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = format!(
        r#"
        [zendesk]
        subdomain = "acme"
        auth = {{ method = "access_token", access_token = {{ file = "nowhere" }} }}
        [platform]
        inlet_url = "http://127.0.0.1:9/collection/inlet"
        [state]
        directory = "{}"
        [streams.users]
        flow_id = "a-flow"
        "#,
        directory.path().display()
    );
    let path = directory.path().join("config.toml");
    std::fs::write(&path, text).expect("written");
    let config = config::load_without_environment(&path).expect("a configuration");
    let (stop, clock) = (CancellationToken::new(), Clock::scaled(1));
    let kept = assemble(&config, &stop, &clock).expect("its parts").kept;
    let users = Member {
        stream: "users".into(),
        outlet: None,
    };
    let walk = Walk::new(
        Wedged,
        vec![users],
        None,
        kept.stores.clone(),
        config.attention,
    );
    let schedule = Schedule::start(&clock).await.expect("a schedule");
    let ticks = schedule.ticks(&Cadence::Every(DAY)).expect("ticks");
    let progress = progress::Progress::new(REQUEST);
    let pulse = progress.pulse("users");
    tokio::spawn(async move { keep_in_sync(pulse, walk, ticks, DAY, &kept, stop).await });

    tokio::time::sleep(REQUEST).await;
    assert!(progress.late().is_empty(), "it may wait for an answer");
    tokio::time::sleep(limits::PROGRESS_MARGIN + MOMENT).await;
    assert_eq!(progress.late(), ["users"]);
}
