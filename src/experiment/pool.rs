//! The threads of a study: jobs that know nothing of each other, results in the order of the jobs.

use crate::{kernel::Time, model::world::Limits};
use std::{
    fmt,
    num::NonZero,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// Events of a run, unless somebody says: beyond them, it is stopped.
pub const EVENTS_MAX: u64 = 1_000_000_000;
/// Events at one instant, beside what the scenario declares: beyond them, time does not go on.
pub const INSTANT_MAX: u64 = 1_000_000;

/// Who is told how far runs are, and can stop them.
pub trait Progress: Sync {
    /// So many runs begin.
    fn begin(&self, _runs: usize) {}

    /// One more of them is over. Told on the thread that began them.
    fn done(&self) {}

    /// They are all over, or no more are begun.
    fn end(&self) {}

    /// A run has come to `now`; asked now and then, on the thread that plays it. Says whether to stop.
    fn at(&self, _now: Time) -> bool {
        false
    }
}

/// Nobody is told, and nobody stops.
impl Progress for () {}

/// Threads, what bounds a run that they play, and who is told how far they are.
#[derive(Clone, Copy)]
pub struct Workers<'a> {
    /// So many threads.
    pub threads: usize,
    /// Events after which a run is stopped.
    pub events_max: u64,
    /// Who is told.
    pub progress: &'a dyn Progress,
}

impl fmt::Debug for Workers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Workers { threads, events_max, .. } = self;
        let mut told = f.debug_struct("Workers");
        told.field("threads", threads).field("events_max", events_max).finish_non_exhaustive()
    }
}

/// As many threads as there are processors, and nobody is told.
impl Default for Workers<'_> {
    fn default() -> Self {
        Workers { threads: usual_threads(), events_max: EVENTS_MAX, progress: &() }
    }
}

impl Workers<'_> {
    /// Gives what bounds a run.
    pub fn limited<R>(&self, play: impl FnOnce(&Limits<'_>) -> R) -> R {
        let Workers { events_max, progress, .. } = *self;
        let interrupted = |now| progress.at(now);
        play(&Limits { events_max, instant_max: INSTANT_MAX, interrupted: &interrupted })
    }

    /// Plays the runs `0..runs`. After one that fails none is begun, and those that are on their way are
    /// waited for.
    pub(super) fn play<T: Send, E: Send>(
        &self,
        runs: usize,
        play: impl Fn(usize, &Limits<'_>) -> Result<T, E> + Sync,
    ) -> Done<T, E> {
        self.progress.begin(runs);
        let job = |at| self.limited(|limits| play(at, limits));
        let done = each(self.threads, runs, job, |_, _| self.progress.done());
        self.progress.end();
        done
    }
}

/// How many threads there are, unless somebody says.
pub fn usual_threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// What jobs came to.
#[derive(Debug)]
pub(super) struct Done<T, E> {
    /// The results, in the order of the jobs; none of those that were not done.
    pub results: Vec<Option<T>>,
    /// Why the first that failed did; then no more were begun.
    pub failed: Option<E>,
}

impl<T, E> Done<T, E> {
    /// The results, if none failed.
    pub fn all(self) -> Result<Vec<T>, E> {
        match self.failed {
            Some(error) => Err(error),
            None => Ok(self.results.into_iter().flatten().collect()),
        }
    }
}

/// Does the jobs `0..jobs` on so many threads. `done` hears of each on the calling thread, in the order
/// in which they end. After a failure no job is begun, and those that are on their way are waited for.
fn each<T: Send, E: Send>(
    threads: usize,
    jobs: usize,
    job: impl Fn(usize) -> Result<T, E> + Sync,
    mut done: impl FnMut(usize, &T),
) -> Done<T, E> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut results: Vec<Option<T>> = Vec::new();
    results.resize_with(jobs, || None);
    let mut failed: Option<(usize, E)> = None;
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..threads.clamp(1, jobs.max(1)) {
            let (sender, next, stop, job) = (sender.clone(), &next, &stop, &job);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if jobs <= at {
                        break;
                    }
                    let result = job(at);
                    if result.is_err() {
                        stop.store(true, Ordering::Relaxed);
                    }
                    if sender.send((at, result)).is_err() {
                        break; // nobody listens any more
                    }
                }
            });
        }
        drop(sender);
        for (at, result) in receiver {
            match result {
                Ok(result) => {
                    done(at, &result);
                    results[at] = Some(result);
                }
                Err(error) if failed.as_ref().is_none_or(|(first, _)| at < *first) => {
                    failed = Some((at, error));
                }
                Err(_) => (),
            }
        }
    });
    Done { results, failed: failed.map(|(_, error)| error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_jobs_on_any_number_of_threads() {
        for threads in [1, 2, 8] {
            let mut heard = 0;
            let done = each(threads, 100, |at| Ok::<_, ()>(at * at), |_, _| heard += 1);
            let expected: Vec<_> = (0..100).map(|at| Some(at * at)).collect();
            assert_eq!((done.results, done.failed, heard), (expected, None, 100));
        }
    }

    #[test]
    fn after_a_failure_nothing_is_begun_and_what_is_done_is_kept() {
        let done = each(1, 10, |at| if at == 3 { Err(at) } else { Ok(at) }, |_, _| ());
        assert_eq!(done.failed, Some(3));
        assert_eq!(done.results.iter().flatten().count(), 3);
        let none = each(4, 0, |_| Ok::<(), ()>(()), |_, ()| ());
        assert_eq!((none.results.len(), none.failed), (0, None));
    }
}
