//! What the daemon costs while it waits: `cargo bench --bench idle`.
//!
//! The real program keeps ten streams in sync, each due every minute, with an account in which nothing
//! changes. Its threads' time on a processor, as the kernel counts it in nanoseconds, is looked up ten
//! times a second. What passed between two looks belongs to a poll if a request came in between, or less
//! than [`AFTERMATH`] before; what is left is the cost of waiting: the scheduler's beat, the
//! supervision, the status server.
//!
//! `IDLE_SECONDS` is for how long that is measured (180), after a [warm-up](WARM_UP).

#[path = "account/mod.rs"]
mod account;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use zendesk_aep::clock::Clock;
use zendesk_aep::sandbox::Simulator as _;

use account::{Account, STREAMS};

/// The first polls, and what they leave behind: threads that end, connections that close.
const WARM_UP: Duration = Duration::from_secs(90);

const LOOK: Duration = Duration::from_millis(100);

/// For so long after a request, what is done is done for it: the checkpoint is written and synced.
const AFTERMATH: Duration = Duration::from_millis(500);

fn main() {
    let given = std::env::var("IDLE_SECONDS").ok();
    let seconds = given.map_or(180, |text| text.parse().expect("a whole number"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let account = runtime.block_on(Account::start(Clock::real(), 1_000));
    let begin = Instant::now();
    let daemon = Command::new(env!("CARGO_BIN_EXE_zendesk-aep"))
        .args(["--config".as_ref(), account.config.as_os_str()])
        .arg("run")
        .stdout(Stdio::null())
        .spawn();
    let daemon = Killed(daemon.expect("a program"));
    let first = start_up(&account, begin);
    std::thread::sleep(WARM_UP);
    let used = measure(&account, daemon.0.id(), Duration::from_secs(seconds));
    println!(
        "{} streams, every minute; first request after {:.0} ms\n",
        STREAMS.len(),
        first.as_secs_f64() * 1e3
    );
    println!(
        "{:<14} {:>8} {:>12} {:>12} {:>12}",
        "", "seconds", "% of a core", "ms a minute", "wake-ups/s"
    );
    for (name, part) in [("between polls", used.waiting), ("all", used.all())] {
        let seconds = part.wall.as_secs_f64();
        let of_core = part.cpu.as_secs_f64() / seconds;
        println!(
            "{name:<14} {seconds:>8.0} {:>12.3} {:>12.2} {:>12.1}",
            of_core * 100.0,
            of_core * 60e3,
            part.wake_ups as f64 / seconds
        );
    }
}

/// Ends with the bench, whatever becomes of that.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// From the start of the process to its first request, as told by who was asked.
fn start_up(account: &Account, begin: Instant) -> Duration {
    loop {
        if !account.zendesk.requests().is_empty() || !account.platform.requests().is_empty() {
            return begin.elapsed();
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "no request");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[derive(Clone, Copy, Default)]
struct Part {
    wall: Duration,
    cpu: Duration,
    wake_ups: u64,
}

#[derive(Default)]
struct Used {
    waiting: Part,
    polling: Part,
}

impl Used {
    fn all(&self) -> Part {
        Part {
            wall: self.waiting.wall + self.polling.wall,
            cpu: self.waiting.cpu + self.polling.cpu,
            wake_ups: self.waiting.wake_ups + self.polling.wake_ups,
        }
    }
}

fn measure(account: &Account, process: u32, how_long: Duration) -> Used {
    let mut used = Used::default();
    let mut threads = Threads::default();
    threads.look(process);
    let requests = || (account.zendesk.requests(), account.platform.requests());
    // Each keeps the last 10,000, some hours of them.
    let count = |(one, other): &(Vec<_>, Vec<_>)| one.len() + other.len();
    let mut seen = count(&requests());
    let (begin, mut last) = (Instant::now(), Instant::now());
    let mut busy_until = begin;
    while begin.elapsed() < how_long {
        std::thread::sleep(LOOK);
        let now = Instant::now();
        let (cpu, wake_ups) = threads.look(process);
        let present = count(&requests());
        if present != seen {
            busy_until = now + AFTERMATH;
            seen = present;
        }
        let part = if now < busy_until {
            &mut used.polling
        } else {
            &mut used.waiting
        };
        part.wall += now - last;
        part.cpu += cpu;
        part.wake_ups += wake_ups;
        last = now;
    }
    used
}

/// What each thread had used at the last look.
#[derive(Default)]
struct Threads(BTreeMap<String, (Duration, u64)>);

impl Threads {
    /// Time on a processor and wake-ups since the last look. Of a thread that ends, what it did after
    /// its last look is not counted: a fraction of a look.
    fn look(&mut self, process: u32) -> (Duration, u64) {
        let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("a process");
        let (mut cpu, mut wake_ups) = (Duration::ZERO, 0);
        for task in tasks {
            let task = task.expect("a thread");
            let Some(now) = of_thread(&task.path()) else {
                continue;
            };
            let name = task.file_name().to_string_lossy().into_owned();
            let before = self.0.insert(name, now).unwrap_or_default();
            cpu += now.0.saturating_sub(before.0);
            wake_ups += now.1.saturating_sub(before.1);
        }
        (cpu, wake_ups)
    }
}

/// `None` if it has just ended.
fn of_thread(task: &Path) -> Option<(Duration, u64)> {
    let times = std::fs::read_to_string(task.join("schedstat")).ok()?;
    let nanoseconds = times.split(' ').next()?.parse().ok()?;
    let status = std::fs::read_to_string(task.join("status")).ok()?;
    let waits = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    Some((
        Duration::from_nanos(nanoseconds),
        waits.trim().parse().ok()?,
    ))
}
