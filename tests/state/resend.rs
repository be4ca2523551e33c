//! Between both simulators: a checkpoint that was set back makes the next sync send again.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use zendesk_aep::sandbox::{
    DataType, PlatformOptions, PlatformSimulator, ZendeskOptions, ZendeskSimulator,
};

use crate::bench::{Bench, Ran, ran};

struct Services {
    zendesk: ZendeskSimulator,
    platform: PlatformSimulator,
}

impl Services {
    async fn start() -> Self {
        let zendesk = ZendeskSimulator::start(ZendeskOptions {
            users: 60,
            withhold: Duration::from_secs(1),
            index_delay: Duration::from_secs(1),
            ..ZendeskOptions::default()
        });
        let platform = PlatformSimulator::start(PlatformOptions {
            data_type: DataType::Raw,
            ..PlatformOptions::default()
        });
        Self {
            zendesk: zendesk.await.expect("a Zendesk"),
            platform: platform.await.expect("a platform"),
        }
    }

    fn bench(&self, keys: &str) -> Bench {
        let flow = PlatformOptions::default()
            .flows
            .pop_first()
            .expect("a flow");
        Bench::with_services(
            &self.zendesk.base_url(),
            &self.platform.inlet_url(),
            &flow,
            keys,
        )
    }

    /// The time at which the newer half of the users begins.
    fn middle(&self) -> Timestamp {
        self.zendesk.users()[30].updated_at
    }

    fn changed_since(&self, time: Timestamp) -> BTreeSet<String> {
        let users = self.zendesk.users().into_iter();
        users
            .filter(|user| user.updated_at >= time)
            .map(|user| user.id.to_string())
            .collect()
    }

    /// Ids of what was accepted after the first `count` messages.
    fn sent_after(&self, count: usize) -> Vec<String> {
        let accepted = self.platform.accepted();
        accepted[count..]
            .iter()
            .filter_map(|one| one.id())
            .collect()
    }
}

/// Runs the program without holding up the simulators.
async fn run(bench: &Bench, arguments: &[&str]) -> Ran {
    let mut command = bench.command(arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let ran = ran(output.expect("no panic").expect("the program runs"));
    assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
    ran
}

async fn set_back_and_sync(services: &Services, bench: &Bench) {
    run(bench, &["sync"]).await;
    let first = services.platform.accepted_count();
    assert_eq!(first, services.changed_since(Timestamp::UNIX_EPOCH).len());
    run(bench, &["sync"]).await;
    assert_eq!(
        services.platform.accepted_count(),
        first,
        "nothing has changed"
    );

    let time = services.middle();
    run(
        bench,
        &[
            "state",
            "set",
            "users",
            "--start",
            &time.to_string(),
            "--yes",
        ],
    )
    .await;
    run(bench, &["sync"]).await;
    let again = services.sent_after(first);
    let expected = services.changed_since(time);
    assert!(expected.len() < first, "not all of them");
    assert_eq!(again.len(), expected.len(), "each once");
    assert_eq!(BTreeSet::from_iter(again), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_users_changed_since_are_sent_again() {
    let services = Services::start().await;
    let bench = services.bench("overlap = \"0s\"");
    set_back_and_sync(&services, &bench).await;

    // A rollback to before the set: its cursor is at the end, so there is nothing more to send.
    let count = services.platform.accepted_count();
    run(&bench, &["state", "rollback", "1", "--yes"]).await;
    run(&bench, &["sync"]).await;
    assert_eq!(services.platform.accepted_count(), count);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_by_search() {
    let services = Services::start().await;
    let bench = services.bench("export = \"search\"\nsettle = \"1s\"\noverlap = \"0s\"");
    set_back_and_sync(&services, &bench).await;
}
