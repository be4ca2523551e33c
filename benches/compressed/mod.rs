//! The daemon and both simulators in one process, on a clock that runs faster: hours of waiting
//! for Zendesk's minutes become minutes, and every rule about them stays as it is.
//!
//! The bench `quota` prints what this measures, the test `quota` asserts it on a smaller scale.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use zendesk_aep::catalogue::{self, Reading};
use zendesk_aep::clock::Clock;
use zendesk_aep::config::{self, Config};
use zendesk_aep::lifecycle::{self, ServiceManager};
use zendesk_aep::sandbox::{
    Credentials, DataType, OtherUser, PlatformOptions, PlatformSimulator, Quotas, Sink,
    ZendeskOptions, ZendeskSimulator,
};
use zendesk_aep::sync::{End, Summary};

/// The share that is configured where nothing is.
const SHARE: f64 = 0.8;

/// A stream, the limit it is read under, and how many requests a minute that allows by Zendesk's
/// documents.
type Stream = (&'static str, &'static str, u32);

/// What is back-filled, if the simulator serves it.
const STREAMS: [Stream; 2] = [
    ("users", "incremental-exports-cursor", 20),
    ("tickets", "incremental-exports", 10),
];

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Records of each stream at the start.
    pub records: usize,
    /// Records asked for per page.
    pub page_size: u32,
    /// How much faster the clock runs.
    pub factor: u32,
    /// Other programs that use the account.
    pub others: Vec<OtherUser>,
}

/// How the back-fill of one stream went.
#[derive(Clone, Debug)]
pub struct BackFill {
    pub stream: String,
    pub records: u64,
    pub requests: u64,
    /// Simulated time from the first request to the last.
    pub took: Duration,
    /// What the share allows at best.
    pub minimum: Duration,
    /// Part of the share that was used, over all whole windows, if there are any.
    pub utilisation: Option<f64>,
    /// Requests for each page's worth of records.
    pub requests_per_page: f64,
    /// Records read for each different one.
    pub reads_per_record: f64,
}

/// How the back-fills of all streams went.
#[derive(Clone, Debug)]
pub struct BackFills {
    pub streams: Vec<BackFill>,
    /// 429s that Zendesk gave.
    pub refused: u64,
    /// Simulated time until all were through.
    pub took: Duration,
}

/// Simulated time from a change to the inlet.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    pub changes: usize,
    pub median: Duration,
    pub p95: Duration,
    pub longest: Duration,
    /// 429s that Zendesk gave.
    pub refused: u64,
}

impl fmt::Display for BackFills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<10} {:>9} {:>9} {:>8} {:>8} {:>9} {:>14} {:>13}",
            "back-fill",
            "records",
            "requests",
            "hours",
            "minimum",
            "of share",
            "requests/page",
            "reads/record"
        )?;
        for stream in &self.streams {
            writeln!(
                f,
                "{:<10} {:>9} {:>9} {:>8.3} {:>8.3} {:>9} {:>14.3} {:>13.4}",
                stream.stream,
                stream.records,
                stream.requests,
                hours(stream.took),
                hours(stream.minimum),
                stream
                    .utilisation
                    .map_or_else(String::new, |part| format!("{:.1}%", part * 100.0)),
                stream.requests_per_page,
                stream.reads_per_record,
            )?;
        }
        write!(
            f,
            "all in {:.3} simulated hours; 429s: {}",
            hours(self.took),
            self.refused
        )
    }
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "from change to inlet: {} changes, median {:.1} s, p95 {:.1} s, longest {:.1} s; 429s: {}",
            self.changes,
            self.median.as_secs_f64(),
            self.p95.as_secs_f64(),
            self.longest.as_secs_f64(),
            self.refused
        )
    }
}

fn hours(time: Duration) -> f64 {
    time.as_secs_f64() / 3_600.0
}

/// Both ends, and a configuration between them.
struct World {
    clock: Clock,
    zendesk: ZendeskSimulator,
    platform: PlatformSimulator,
    config: Config,
    streams: Vec<Stream>,
    _directory: TempDir,
}

impl World {
    async fn new(plan: &Plan, streams: Vec<Stream>) -> Self {
        let clock = Clock::scaled(plan.factor);
        let zendesk = ZendeskSimulator::start(ZendeskOptions {
            users: plan.records,
            records: streams
                .iter()
                .map(|(name, ..)| ((*name).to_owned(), plan.records))
                .collect(),
            quotas: Quotas::default(),
            others: plan.others.clone(),
            clock,
            ..ZendeskOptions::default()
        });
        let zendesk = zendesk.await.expect("a port");
        let options = PlatformOptions {
            data_type: DataType::Raw,
            ..PlatformOptions::default()
        };
        let flow = options.flows.first().expect("a flow").clone();
        let platform = PlatformSimulator::start(options).await.expect("a port");
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("config.toml");
        let text = configuration(plan, &zendesk, &platform, &flow, &streams, directory.path());
        std::fs::write(&path, text).expect("the file can be written");
        let config = config::load_without_environment(&path).expect("a configuration");
        Self {
            clock,
            zendesk,
            platform,
            config,
            streams,
            _directory: directory,
        }
    }
}

fn configuration(
    plan: &Plan,
    zendesk: &ZendeskSimulator,
    platform: &PlatformSimulator,
    flow: &str,
    streams: &[Stream],
    directory: &Path,
) -> String {
    let token = directory.join("token");
    std::fs::write(&token, Credentials::default().access_token).expect("the file can be written");
    let streams: String = streams
        .iter()
        .map(|(name, ..)| {
            format!("[streams.{name}]\nflow_id = \"{flow}\"\nback_fill = \"export\"\n")
        })
        .collect();
    format!(
        r#"
        [zendesk]
        base_url = "{}"
        page_size = {}
        [zendesk.auth]
        method = "access_token"
        access_token = {{ file = "token" }}
        [platform]
        inlet_url = "{}"
        [schedule]
        every = "1m"
        [state]
        directory = "state"
        {streams}"#,
        zendesk.base_url(),
        plan.page_size,
        platform.inlet_url(),
    )
}

/// Those of [`STREAMS`] that the simulator serves. Another account is asked, so that nothing of the
/// quota is used.
async fn served() -> Vec<Stream> {
    let zendesk = ZendeskSimulator::start(ZendeskOptions::default());
    let zendesk = zendesk.await.expect("a port");
    let mut served = Vec::new();
    for stream in STREAMS {
        let Some(Reading::Incremental { path }) =
            catalogue::find(stream.0).map(|spec| spec.reading.clone())
        else {
            continue;
        };
        let url = format!("{}{path}?start_time=0", zendesk.base_url());
        let token = Credentials::default().access_token;
        let asked = reqwest::Client::new().get(url).bearer_auth(token).send();
        if asked.await.expect("an answer").status() == 200 {
            served.push(stream);
        }
    }
    served
}

/// Reads everything there is, all streams side by side.
pub async fn back_fill(plan: &Plan) -> BackFills {
    let world = World::new(plan, served().await).await;
    let stop = CancellationToken::new();
    let mut syncs = lifecycle::assemble(&world.config, &stop, &world.clock).expect("assembled");
    let begin = world.clock.elapsed();
    let never = CancellationToken::new();
    let ended = join_all(syncs.walks.iter_mut().map(async |sync| {
        let summary = sync.run(&stop, &never, &|_| {}).await;
        (summary, world.clock.elapsed() - begin)
    }));
    let ended = ended.await;
    let took = world.clock.elapsed() - begin;
    let streams = ended.into_iter().map(|(summary, took)| {
        let root = summary.root();
        let configured = world.streams.iter().find(|(name, ..)| *name == root);
        let (_, bucket, total) = *configured.expect("it was configured");
        judge(
            plan,
            &summary,
            took,
            total,
            &world.zendesk.requests_by_window(bucket),
        )
    });
    BackFills {
        streams: streams.collect(),
        refused: world.zendesk.requests_refused(),
        took,
    }
}

fn judge(plan: &Plan, summary: &Summary, took: Duration, total: u32, windows: &[u32]) -> BackFill {
    assert!(matches!(summary.end, End::Complete), "{:?}", summary.end);
    let counts = summary.streams.first().expect("a stream").counts;
    let part = (f64::from(total) * SHARE).floor();
    let pages = counts.ingested as f64 / f64::from(plan.page_size);
    let requests: u32 = windows.iter().sum();
    // The first and the last window are cut by the beginning and the end.
    let whole = windows.get(1..windows.len().saturating_sub(1));
    let whole = whole.filter(|whole| !whole.is_empty());
    let mean = whole.map(|whole| f64::from(whole.iter().sum::<u32>()) / whole.len() as f64);
    BackFill {
        stream: summary.root().to_owned(),
        records: counts.ingested,
        requests: requests.into(),
        took,
        minimum: Duration::from_secs_f64(pages / part * 60.0),
        utilisation: mean.map(|mean| mean / part),
        requests_per_page: f64::from(requests) / pages,
        reads_per_record: counts.received as f64 / counts.ingested as f64,
    }
}

/// Keeps an account's users in sync by `every = "1m"` while users change for so many simulated minutes,
/// one each few seconds.
pub async fn freshness(plan: &Plan, minutes: u32) -> Freshness {
    let world = World::new(plan, STREAMS[..1].to_vec()).await;
    let stop = CancellationToken::new();
    let clock = world.clock;
    let patience = Duration::from_secs(600);
    // When each message arrived, in order.
    let arrivals: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let seen = arrivals.clone();
    let arrived = move |sink: &Sink| {
        let mut arrivals = seen.lock().expect("unpoisoned");
        arrivals.resize(sink.accepted.len(), clock.elapsed());
    };
    let changing = async {
        let all = |sink: &Sink| {
            arrived(sink);
            sink.accepted.len() >= plan.records
        };
        assert!(
            world.platform.wait_until(all, patience).await,
            "the back-fill"
        );
        // While a back-fill goes on, no poll goes before its tick.
        clock.sleep(Duration::from_secs(60)).await;
        let change = async {
            let mut made = Vec::new();
            let end = clock.elapsed() + Duration::from_secs(60) * minutes;
            while clock.elapsed() < end {
                // Of no common measure with a minute, so that every phase is met.
                clock.sleep(Duration::from_millis(7_300)).await;
                let ids = world.zendesk.create(1);
                made.push((ids[0].to_string(), clock.elapsed()));
            }
            made
        };
        // Somebody must look at every step, or arrivals would be seen late.
        let made = {
            let looking = world.platform.wait_until(
                |sink| {
                    arrived(sink);
                    false
                },
                patience,
            );
            tokio::pin!(looking);
            tokio::pin!(change);
            tokio::select! {
                made = &mut change => made,
                _ = &mut looking => unreachable!("it never holds"),
            }
        };
        let expected = plan.records + made.len();
        let all = |sink: &Sink| {
            arrived(sink);
            sink.accepted.len() >= expected
        };
        assert!(
            world.platform.wait_until(all, patience).await,
            "every change"
        );
        stop.cancel();
        made
    };
    let nobody = ServiceManager::nobody();
    let daemon = lifecycle::run_until(&world.config, stop.clone(), &clock, &nobody);
    let (ended, made) = tokio::join!(daemon, changing);
    ended.expect("a good end");
    let accepted = world.platform.accepted();
    let arrivals = arrivals.lock().expect("unpoisoned");
    let mut delays: Vec<Duration> = made
        .iter()
        .map(|(id, made)| {
            let place = accepted
                .iter()
                .position(|one| one.id().as_deref() == Some(id));
            arrivals[place.expect("it arrived")] - *made
        })
        .collect();
    delays.sort_unstable();
    let at = |percent: usize| delays[(delays.len() * percent / 100).min(delays.len() - 1)];
    Freshness {
        changes: delays.len(),
        median: at(50),
        p95: at(95),
        longest: at(100),
        refused: world.zendesk.requests_refused(),
    }
}
