//! What a person sees while a run goes on, and how it is asked to stop.

use crate::{
    experiment::Progress,
    kernel::{Span, Time},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::IsTerminal,
    sync::{
        Mutex, MutexGuard, Once,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static LISTENING: Once = Once::new();

/// From now on the first Ctrl-C asks the run to stop; the second ends the process.
pub fn listen() {
    LISTENING.call_once(|| {
        let listening = ctrlc::set_handler(|| {
            if INTERRUPTED.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        });
        if let Err(error) = listening {
            eprintln!("note: an interrupt will end dwell without partial results: {error}");
        }
    });
}

/// Whether an interrupt came.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// A bar on standard error that is shown only on a terminal, and only if what it shows takes over a second.
#[derive(Debug)]
struct Bar {
    bar: ProgressBar,
    begun: Instant,
    shown: AtomicBool,
}

impl Bar {
    /// A bar of this length and style, if one is wanted and can be seen.
    fn new(wanted: bool, whole: u64, style: &str) -> Option<Bar> {
        (wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(whole), ProgressDrawTarget::hidden());
            bar.set_style(ProgressStyle::with_template(style).expect("a fixed template is right"));
            Bar { bar, begun: Instant::now(), shown: AtomicBool::new(false) }
        })
    }

    /// Shows it if it is time. Says whether it is shown.
    fn show(&self) -> bool {
        let is_late = self.begun.elapsed() > Duration::from_secs(1);
        if is_late && !self.shown.swap(true, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        }
        is_late
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How far a single run is.
#[derive(Debug)]
pub struct Clock {
    bar: Option<Bar>,
    whole: Span,
}

impl Clock {
    /// A bar for a run of this length.
    pub fn new(wanted: bool, whole: Span) -> Clock {
        Clock { bar: Bar::new(wanted, 1000, "{bar:40} {percent:>3} %  {msg}  left {eta}"), whole }
    }
}

impl Progress for Clock {
    fn at(&self, now: Time) -> bool {
        if let Some(bar) = self.bar.as_ref().filter(|bar| bar.show()) {
            let whole = u128::from(self.whole.as_nanos().max(1));
            let share = u128::from(now.as_nanos()) * 1000 / whole;
            bar.bar.set_position(u64::try_from(share).unwrap_or(1000).min(1000));
            bar.bar.set_message(format!("{:.0} s simulated", now.as_secs_f64()));
        }
        is_interrupted()
    }
}

/// How many runs are over.
#[derive(Debug)]
pub struct Steps {
    wanted: bool,
    bar: Mutex<Option<Bar>>,
}

impl Steps {
    /// A bar over the runs that are played.
    pub fn new(wanted: bool) -> Steps {
        Steps { wanted, bar: Mutex::new(None) }
    }

    fn bar(&self) -> MutexGuard<'_, Option<Bar>> {
        self.bar.lock().expect("nobody fails while holding it")
    }
}

impl Progress for Steps {
    fn begin(&self, runs: usize) {
        *self.bar() =
            Bar::new(self.wanted, runs as u64, "{bar:40} {pos} of {len} runs  left {eta}");
    }

    fn done(&self) {
        if let Some(bar) = &*self.bar() {
            bar.show();
            bar.bar.inc(1);
        }
    }

    fn end(&self) {
        *self.bar() = None;
    }

    fn at(&self, _: Time) -> bool {
        is_interrupted()
    }
}
