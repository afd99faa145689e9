//! What a person sees while a run goes on, and how it is asked to stop.

use crate::kernel::{Span, Time};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    cell::Cell,
    io::IsTerminal,
    sync::{
        Once,
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

/// A progress bar on standard error, shown only on a terminal and only if a run takes over a second.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    begun: Instant,
    shown: Cell<bool>,
    whole: Span,
}

impl Progress {
    /// A bar for a run of this length.
    pub fn new(wanted: bool, whole: Span) -> Progress {
        let bar = (wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::hidden());
            let style = "{bar:40} {percent:>3} %  {msg}  left {eta}";
            bar.set_style(ProgressStyle::with_template(style).expect("a fixed template is right"));
            bar
        });
        Progress { bar, begun: Instant::now(), shown: Cell::new(false), whole }
    }

    /// The clock of the run is at `now`. Says whether the run is to stop.
    pub fn at(&self, now: Time) -> bool {
        if let Some(bar) = &self.bar {
            if !self.shown.get() && self.begun.elapsed() > Duration::from_secs(1) {
                self.shown.set(true);
                bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
            }
            if self.shown.get() {
                let whole = u128::from(self.whole.as_nanos().max(1));
                let share = u128::from(now.as_nanos()) * 1000 / whole;
                bar.set_position(u64::try_from(share).unwrap_or(1000).min(1000));
                bar.set_message(format!("{:.0} s simulated", now.as_secs_f64()));
            }
        }
        is_interrupted()
    }
}

/// Whether an interrupt came.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// A progress bar over runs that are counted, on the same terms as [`Progress`].
#[derive(Debug)]
pub struct Steps {
    bar: Option<ProgressBar>,
    begun: Instant,
    shown: Cell<bool>,
}

impl Steps {
    /// A bar over so many `things`.
    pub fn new(wanted: bool, whole: u64, things: &'static str) -> Steps {
        let bar = (wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(whole), ProgressDrawTarget::hidden());
            let style = "{bar:40} {pos} of {len} {msg}  left {eta}";
            bar.set_style(ProgressStyle::with_template(style).expect("a fixed template is right"));
            bar.set_message(things);
            bar
        });
        Steps { bar, begun: Instant::now(), shown: Cell::new(false) }
    }

    /// One more is done.
    pub fn step(&self) {
        if let Some(bar) = &self.bar {
            if !self.shown.get() && self.begun.elapsed() > Duration::from_secs(1) {
                self.shown.set(true);
                bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
            }
            bar.inc(1);
        }
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
