//! By a clock that only these tests move, through the real subscriber.

use std::io;

use tracing_subscriber::prelude::*;

use super::*;

/// What was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    /// The lines since the last call.
    fn lines(&self) -> Vec<String> {
        let text = std::mem::take(&mut *self.0.lock().expect("unpoisoned"));
        let text = String::from_utf8(text).expect("text");
        text.lines().map(|line| line.trim().to_owned()).collect()
    }
}

/// Logs through a filter on a clock that stands still.
struct Log {
    repetition: Repetition,
    written: Written,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Log {
    fn new() -> Self {
        let (repetition, written) = (Repetition::default(), Written::default());
        let lines = tracing_subscriber::fmt::layer()
            .with_writer({
                let written = written.clone();
                move || written.clone()
            })
            .with_ansi(false)
            .with_target(false)
            .without_time();
        let registry = tracing_subscriber::registry();
        let _guard = registry
            .with(Sparing::new(lines, &repetition))
            .set_default();
        Self {
            repetition,
            written,
            _guard,
        }
    }

    fn tell_due(&self) -> Vec<String> {
        tell(self.repetition.due(Instant::now()));
        self.written.lines()
    }
}

fn fail(stream: &str, attempt: u32) {
    tracing::warn!(stream, attempt, "no answer to request {attempt}");
}

async fn pass(share: u32) {
    tokio::time::advance(limits::REPEATED_LINES_INTERVAL / share).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_few_pass_and_the_rest_is_told_when_the_interval_is_over() {
    let log = Log::new();
    for attempt in 1..=limits::REPEATED_LINES_TOLD + 214 {
        fail("users", attempt);
    }
    let told = log.written.lines();
    assert_eq!(told.len(), limits::REPEATED_LINES_TOLD as usize);
    assert_eq!(
        told[0],
        "WARN no answer to request 1 stream=\"users\" attempt=1"
    );
    pass(2).await;
    assert_eq!(log.tell_due(), [""; 0], "it is not over yet");
    pass(2).await;
    assert_eq!(
        log.tell_due(),
        [
            "WARN seen 214 more times in 300 s, the last time: no answer to request 219 stream=\"users\" times=214"
        ]
    );
    assert_eq!(log.tell_due(), [""; 0], "once");
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_is_told_once_per_interval_until_it_stops() {
    let log = Log::new();
    for attempt in 1..=limits::REPEATED_LINES_TOLD {
        fail("users", attempt);
    }
    log.written.lines();
    for _ in 0..3 {
        fail("users", 99);
        fail("users", 100);
        assert_eq!(log.written.lines(), [""; 0]);
        pass(1).await;
        let told = log.tell_due();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("WARN seen 2 more times"), "{told:?}");
    }
    pass(1).await;
    assert_eq!(log.tell_due(), [""; 0]);
    fail("users", 1);
    assert_eq!(
        log.written.lines().len(),
        1,
        "a new trouble is told at once"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_told_yet_is_told_at_the_end() {
    let log = Log::new();
    for attempt in 0..=limits::REPEATED_LINES_TOLD {
        fail("users", attempt);
    }
    log.written.lines();
    assert_eq!(log.tell_due(), [""; 0]);
    tell(log.repetition.all(Instant::now()));
    let told = log.written.lines();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("seen 1 more times in 0 s"), "{told:?}");
    assert!(log.repetition.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_about_another_stream_or_has_another_code_or_level_is_another_line() {
    let log = Log::new();
    for _ in 0..50 {
        fail("users", 1);
        fail("tickets", 1);
        for code in ["STATE", "SCHEMA"] {
            tracing::error!(stream = "users", code, "it failed");
        }
        tracing::info!(stream = "users", "sync complete");
    }
    let told = log.written.lines();
    let of = |text: &str| told.iter().filter(|line| line.contains(text)).count();
    let few = limits::REPEATED_LINES_TOLD as usize;
    assert_eq!(of("tickets"), few);
    assert_eq!((of("STATE"), of("SCHEMA")), (few, few));
    assert_eq!(of("sync complete"), 50, "what is well is not counted");
    pass(1).await;
    let told = log.tell_due();
    assert_eq!(told.len(), 4, "{told:?}");
    let state = told.iter().find(|line| line.contains("STATE"));
    assert!(
        state
            .expect("it is told")
            .starts_with("ERROR seen 45 more times")
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_remembered_is_bounded_and_lines_beyond_it_pass() {
    let log = Log::new();
    let most = limits::REPEATED_LINES_MAX;
    for number in 0..most + 10 {
        for _ in 0..=limits::REPEATED_LINES_TOLD {
            fail(&number.to_string(), 1);
        }
    }
    assert_eq!(log.repetition.lines().len(), most);
    let few = limits::REPEATED_LINES_TOLD as usize;
    assert_eq!(log.written.lines().len(), most * few + 10 * (few + 1));
    pass(1).await;
    assert_eq!(log.tell_due().len(), most);
    pass(1).await;
    log.tell_due();
    assert!(
        log.repetition.lines().is_empty(),
        "and what is over is forgotten"
    );
}
