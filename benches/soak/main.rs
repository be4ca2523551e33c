//! Whether memory stays where it is: `cargo bench --bench soak`.
//!
//! The daemon, in a process of its own, keeps ten streams in sync for a week on a compressed clock,
//! against simulators on the same clock, while records change all the time and both ends misbehave
//! every hour. Its resident memory is looked up ten times a second. What is compared is the median of the
//! last hour with the median of the first hour after the first day: by then the history is read and
//! everything that happens has happened.
//!
//! The clock is the only thing that is not the program's own, which is why this bench runs the library
//! in its own process instead of the program. `SOAK_HOURS` is how long it lasts (168), `SOAK_FACTOR`
//! how much faster the clock runs (500: twenty minutes for the week). With `SOAK_WRITE=1` the table goes
//! into `docs/benchmarks.md`.

#[path = "../account/mod.rs"]
mod account;
mod churn;
mod report;

use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::{Builder, Runtime};
use zendesk_aep::clock::Clock;
use zendesk_aep::lifecycle::{self, ServiceManager};
use zendesk_aep::{config, telemetry};

use account::Account;
use churn::{Churn, Count};
use report::{Look, Report};

/// What this program is given when it is to be the daemon: the path of the configuration.
const DAEMON: &str = "SOAK_DAEMON";

const FACTOR: &str = "SOAK_FACTOR";

const HOUR: Duration = Duration::from_secs(3_600);

/// Real time between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// Users and tickets at the start.
const RECORDS: usize = 2_000;

fn main() -> ExitCode {
    let number = |name: &str, default: u32| {
        let given = std::env::var(name).ok();
        given.map_or(default, |text| text.parse().expect("a whole number"))
    };
    let factor = number(FACTOR, 500);
    if let Some(path) = std::env::var_os(DAEMON) {
        // As the program's own.
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        return runtime.block_on(daemon(path.into(), factor));
    }
    let hours = number("SOAK_HOURS", 7 * 24);
    let runtime = Runtime::new().expect("a runtime");
    let report = runtime.block_on(soak(hours, factor));
    println!("{report}");
    if std::env::var_os("SOAK_WRITE").is_some() {
        report.write();
    }
    ExitCode::SUCCESS
}

/// As the program's `run`, on another clock.
async fn daemon(path: PathBuf, factor: u32) -> ExitCode {
    let config = config::load_without_environment(&path).expect("a configuration");
    telemetry::init(&config.log);
    let stop = lifecycle::stop_on_signals().expect("signals");
    let nobody = ServiceManager::nobody();
    let clock = Clock::scaled(factor);
    match lifecycle::run_until(&config, stop, &clock, &nobody).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn soak(hours: u32, factor: u32) -> Report {
    let clock = Clock::scaled(factor);
    let account = Account::start(clock, RECORDS).await;
    let itself = std::env::current_exe().expect("a program");
    let daemon = Command::new(itself)
        .env(DAEMON, &account.config)
        .env(FACTOR, factor.to_string())
        // As the units and the image in `deploy` have it.
        .env("MALLOC_ARENA_MAX", "1")
        .stdout(Stdio::null())
        .spawn();
    let mut daemon = Killed(daemon.expect("a program"));
    let process = daemon.0.id();
    let begin = clock.elapsed();
    let mut churn = Churn::new(&account, clock);
    let mut looks = Vec::new();
    let (mut counts, mut hour) = (vec![Count::default()], 0);
    let looking = async {
        loop {
            tokio::time::sleep(LOOK).await;
            let at = clock.elapsed() - begin;
            looks.push(Look::at(process, at));
            if at >= HOUR * hours {
                return;
            }
        }
    };
    let churning = async {
        loop {
            churn.step().await;
            let hours_gone = (clock.elapsed() - begin).as_secs() / HOUR.as_secs();
            if hours_gone > hour {
                hour = hours_gone;
                churn.mishap(hour).await;
            }
            if hours_gone / 24 >= counts.len() as u64 {
                counts.push(churn.count());
            }
        }
    };
    tokio::select! {
        () = looking => {}
        () = churning => unreachable!("it never ends"),
    }
    counts.push(churn.count());
    let pid = Pid::from_child(&daemon.0);
    kill_process(pid, Signal::TERM).expect("it lives");
    let ended = tokio::task::spawn_blocking(move || daemon.0.wait().expect("an end"));
    let ended = ended.await.expect("no panic");
    assert!(ended.success(), "{ended}");
    Report::new(hours, factor, looks, counts)
}

/// Ends with the bench, whatever becomes of that.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
