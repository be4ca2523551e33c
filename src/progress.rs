//! Whether every task gets on: what the watchdog is fed by.
//!
//! No wait of this program is without a bound, so a task that works passes a point of progress
//! within a time that is known beforehand: an attempt at a request ends, the quota is looked at
//! again, a page is settled, the schedule beats. One that does not is wedged, be it in a deadlock or
//! on a blocked thread, and [`Progress::late`] names it.
//!
//! Points are passed deep in the requests, by code that works for whoever calls it. Which task that
//! is goes with the future that is being watched, as the spans of `tracing` do; elsewhere the points
//! are of no effect.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits;

tokio::task_local! {
    static WATCHED: Arc<Watched>;
}

/// All tasks that are to get on.
#[derive(Clone, Debug)]
pub struct Progress {
    within: Duration,
    tasks: Arc<Mutex<Vec<Weak<Watched>>>>,
}

/// One task; forgotten when dropped.
#[derive(Debug)]
pub struct Pulse(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    name: String,
    within: Duration,
    /// When the next point is to be passed; `None` while nothing is watched.
    deadline: Mutex<Option<Instant>>,
}

/// Ends the watch, also of a future that is dropped.
struct Watch<'p>(&'p Watched);

impl Progress {
    /// Watches nothing yet. `request` is the longest time that a request may take.
    pub fn new(request: Duration) -> Self {
        Self {
            within: request + limits::PROGRESS_MARGIN,
            tasks: Arc::default(),
        }
    }

    /// The same tasks, but those taken on here make requests that may take as long as this.
    #[must_use]
    pub fn of_requests(&self, request: Duration) -> Self {
        Self {
            tasks: self.tasks.clone(),
            ..Self::new(request)
        }
    }

    /// Takes on a task.
    pub fn pulse(&self, name: &str) -> Pulse {
        let watched = Arc::new(Watched {
            name: name.to_owned(),
            within: self.within,
            deadline: Mutex::new(None),
        });
        let mut tasks = lock(&self.tasks);
        tasks.retain(|task| task.strong_count() > 0);
        tasks.push(Arc::downgrade(&watched));
        Pulse(watched)
    }

    /// The tasks that have passed no point within their time, by name.
    pub fn late(&self) -> Vec<String> {
        let now = Instant::now();
        let tasks = lock(&self.tasks);
        let tasks = tasks.iter().filter_map(Weak::upgrade);
        tasks
            .filter(|task| lock(&task.deadline).is_some_and(|deadline| now > deadline))
            .map(|task| task.name.clone())
            .collect()
    }
}

impl Pulse {
    /// Watches the task while it does `work`.
    pub async fn watch<F: Future>(&self, work: F) -> F::Output {
        self.0.expect(Duration::ZERO);
        let _watch = Watch(&self.0);
        WATCHED.scope(self.0.clone(), work).await
    }
}

impl Watched {
    /// The next point comes after a wait of `wait` and what is done then.
    fn expect(&self, wait: Duration) {
        // What is too far off for the clock is as good as never.
        *lock(&self.deadline) = Instant::now().checked_add(wait.saturating_add(self.within));
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        *lock(&self.0.deadline) = None;
    }
}

/// A point of progress.
pub fn passed() {
    waits(Duration::ZERO);
}

/// A point of progress before a wait of that length.
pub fn waits(wait: Duration) {
    // Not in a watched task: nobody wants to know.
    let _ = WATCHED.try_with(|task| task.expect(wait));
}

/// Waits for what another task holds. That one may be long about it, waits of its own included, but
/// is watched itself.
pub async fn in_line<F: Future>(turn: F) -> F::Output {
    let mut turn = std::pin::pin!(turn);
    loop {
        match tokio::time::timeout(limits::PROGRESS_LOOK, turn.as_mut()).await {
            Ok(output) => return output,
            Err(_) => passed(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Neither a list of names nor a moment can be torn by a panic elsewhere.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::sync::Mutex as AsyncMutex;
    use tokio::time::sleep;

    const REQUEST: Duration = Duration::from_secs(60);

    /// The bound of a task that only waits for requests.
    const BOUND: Duration = Duration::from_secs(60 + limits::PROGRESS_MARGIN.as_secs());

    const MOMENT: Duration = Duration::from_secs(1);

    /// Runs `work` beside a look at who is late after each of `looks`.
    async fn check(work: impl Future + Send + 'static, looks: &[(Duration, bool)]) {
        let progress = Progress::new(REQUEST);
        let pulse = progress.pulse("tickets");
        let task = tokio::spawn(async move {
            pulse.watch(work).await;
            pending::<()>().await;
        });
        for (after, late) in looks {
            sleep(*after).await;
            let expected = if *late { vec!["tickets"] } else { vec![] };
            assert_eq!(progress.late(), expected, "after {after:?}");
        }
        task.abort();
        let _ = task.await;
        assert!(
            progress.late().is_empty(),
            "a task that is gone is not late"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_forever_is_late_after_its_time() {
        check(
            pending::<()>(),
            &[(BOUND - MOMENT, false), (MOMENT * 2, true)],
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn each_point_gives_the_time_anew_and_a_known_wait_adds_to_it() {
        let hour = Duration::from_secs(60 * 60);
        let work = async move {
            sleep(BOUND - MOMENT).await;
            passed();
            sleep(BOUND - MOMENT).await;
            waits(hour);
            pending::<()>().await;
        };
        let looks = [
            (BOUND, false),
            (BOUND, false),
            (hour, false),
            (BOUND - MOMENT * 4, false),
            (MOMENT * 4, true),
        ];
        check(work, &looks).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_nothing_to_do_is_not_late() {
        check(std::future::ready(()), &[(BOUND * 100, false)]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_another_is_as_late_as_that_one() {
        let progress = Progress::new(REQUEST);
        let shared = Arc::new(AsyncMutex::new(()));
        let (holder, waiter) = (progress.pulse("holder"), progress.pulse("waiter"));
        let held = shared.clone();
        tokio::spawn(async move {
            let hold = async {
                let _held = held.lock().await;
                pending::<()>().await;
            };
            holder.watch(hold).await;
        });
        tokio::spawn(async move {
            let _turn = waiter.watch(in_line(shared.lock())).await;
        });
        sleep(BOUND * 3).await;
        assert_eq!(progress.late(), ["holder"]);
    }

    /// Points passed beside what is watched are nobody's.
    #[tokio::test(start_paused = true)]
    async fn a_task_is_not_kept_fresh_by_its_neighbours() {
        let ticking = async {
            loop {
                sleep(MOMENT).await;
                passed();
            }
        };
        let progress = Progress::new(REQUEST);
        let pulse = progress.pulse("tickets");
        tokio::spawn(async move {
            tokio::select! {
                () = pulse.watch(pending()) => {}
                () = ticking => {}
            }
        });
        sleep(BOUND * 2).await;
        assert_eq!(progress.late(), ["tickets"]);
    }
}
