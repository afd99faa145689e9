//! What is played, on threads, and what it leaves: one run, a comparison, a sweep, a check, a report.
//!
//! ```text
//!  scenario::Scenario ─────────────► run ──────────► RunOutput ──► artifacts: a folder of results
//!  scenario::Opened ─┐
//!                    ├► Plan ──► compare, sweep, ──► a study's ──► artifacts, page
//!  Request ──────────┘           check, on a Workers    results
//! ```
//!
//! [`replicate`](Plan) knows what a run of a study is, [`pool`] who plays which and when, and tells a
//! [`Progress`] that can stop it. All give a [`RunError`] where there is no result. [`mod@recording`] and
//! [`points`] play what charts are drawn from; [`page`] makes the page of a report. Nothing here knows a
//! command line.

pub mod artifacts;
pub mod check;
pub mod compare;
mod error;
pub mod grid;
pub mod journal;
pub mod page;
mod playing;
pub mod points;
pub mod pool;
pub mod recording;
mod replicate;
mod request;
pub mod shards;
pub mod sweep;

pub use check::check;
pub use compare::compare;
pub use error::{RunError, Wrong, limit_hint};
pub use playing::{Playing, Reach};
pub use pool::{Progress, Workers};
pub use replicate::{
    Arm, Keep, Plan, Run, cut_of, formulas, metrics, read_warmup, seed_of, usual_metrics,
};
pub use request::{Request, policies, policies_or_none};
pub use sweep::sweep;

use crate::{
    kernel::{Ladder, Store, Time},
    model::{
        Observer, Register,
        config::Config,
        world::{Finish, Limits, Stop, Wake, World},
    },
    observe::{
        Asked, Formula, Full, Mistake, Names, Outcome, Recording, RowSink, Scope, Threshold, Watch,
    },
    scenario::{
        self, GuessUnit, Scenario,
        diagnostic::{Diagnostic, Place},
    },
};

/// What a run left, and how far it came.
#[derive(Debug)]
pub struct Played {
    /// What was observed.
    pub outcome: Outcome,
    /// How far it came.
    pub finish: Finish,
}

/// Plays `config` and answers what is `asked`; gives each fact to `trace`, if there is one.
pub fn play(
    config: &Config,
    asked: impl Into<Asked>,
    trace: Option<RowSink<'_>>,
    limits: &Limits<'_>,
) -> Played {
    play_on::<Ladder<Wake>>(config, asked, trace, limits)
}

/// [`play`] on a given store of appointments: the order, and so the result, is the same on each.
///
/// Most runs are watched by a [`Watch`] alone, for which the world is compiled; a trace, windows and filters of
/// thresholds, and FIFO queues take a [`Full`], for which each fact costs some ten nanoseconds more.
pub fn play_on<S: Store<Wake>>(
    config: &Config,
    asked: impl Into<Asked>,
    trace: Option<RowSink<'_>>,
    limits: &Limits<'_>,
) -> Played {
    let asked = asked.into();
    let plain = match trace {
        None => Watch::plain(config, asked.clone()),
        Some(_) => None,
    };
    match plain {
        Some(watch) => {
            let mut world: World<Watch, S> = World::new(config, watch);
            let finish = world.run(limits);
            let (watch, register) = world.into_parts();
            Played { outcome: watch.outcome(finish.at, &register), finish }
        }
        None => {
            let full = Full::new(config, asked).with_trace(config, trace);
            play_full::<S>(config, full, limits).0
        }
    }
}

/// Plays `config` before everything that `full` has, a watch among it.
fn play_full<S: Store<Wake>>(
    config: &Config,
    full: Full<'_>,
    limits: &Limits<'_>,
) -> (Played, Register) {
    let mut world: World<Full<'_>, S> = World::new(config, full);
    let finish = world.run(limits);
    let (mut full, register) = world.into_parts();
    let outcome = full.finish(finish.at, &register).expect("it has a watch");
    (Played { outcome, finish }, register)
}

/// What a run of a scenario leaves, with what its charts are drawn from.
#[derive(Debug)]
pub struct RunOutput {
    /// What was observed.
    pub outcome: Outcome,
    /// How far it came.
    pub finish: Finish,
    /// The run in some hundred bins.
    pub recording: Recording,
}

impl RunOutput {
    /// Whether it came to its end and passed its own checks; `run` says which it is.
    pub fn whole(&self, run: impl FnOnce() -> String) -> Result<(), RunError> {
        whole(&self.finish, &self.outcome.faults, run)
    }
}

/// Whether a run came to its end and passed its own checks; `run` says which it is.
fn whole(finish: &Finish, faults: &[String], run: impl FnOnce() -> String) -> Result<(), RunError> {
    if !faults.is_empty() {
        return Err(RunError::Inconsistent { run: run(), faults: faults.to_vec() });
    }
    if finish.stop != Stop::Complete {
        return Err(RunError::Stopped { run: run(), finish: finish.clone() });
    }
    Ok(())
}

/// Plays a scenario, judges its thresholds and folds the run for charts; gives each fact to `trace`, if
/// there is one. A run that stops early has results too: [`RunOutput::whole`] tells.
pub fn run(
    scenario: &Scenario,
    trace: Option<RowSink<'_>>,
    workers: &Workers<'_>,
) -> Result<RunOutput, RunError> {
    let asked = thresholds(scenario).map_err(|found| RunError::mistakes(found, scenario))?;
    Ok(workers.limited(|limits| record(&scenario.config, asked, trace, limits)))
}

/// [`play`], which also folds the run for charts.
pub(crate) fn record(
    config: &Config,
    asked: impl Into<Asked>,
    trace: Option<RowSink<'_>>,
    limits: &Limits<'_>,
) -> RunOutput {
    let asked = Asked { recording: true, ..asked.into() };
    let Played { mut outcome, finish } = play(config, asked, trace, limits);
    let recording = outcome.recording.take().expect("it was asked for");
    RunOutput { recording, outcome, finish }
}

/// [`play`], and `beside` it an observer of its own, which comes back with the register as it is left.
pub fn play_beside<O: Observer>(
    config: &Config,
    asked: impl Into<Asked>,
    trace: Option<RowSink<'_>>,
    limits: &Limits<'_>,
    mut beside: O,
) -> (Played, O, Register) {
    let full = Full::new(config, asked).with_trace(config, trace).beside(&mut beside);
    let (played, register) = play_full::<Ladder<Wake>>(config, full, limits);
    (played, beside, register)
}

/// Plays `config` before an observer of its own, which comes back with how far the run came.
///
/// The world is compiled once for all such observers: a fact costs some nanoseconds more than where the observer is
/// known.
pub fn watch<O: Observer>(config: &Config, mut observer: O, limits: &Limits<'_>) -> (O, Finish) {
    let (finish, _) = watch_whole(config, Full::only(&mut observer), limits);
    (observer, finish)
}

/// Plays `config` before whatever `full` has; it and the register come back as they are left.
fn watch_whole<'a>(
    config: &Config,
    full: Full<'a>,
    limits: &Limits<'_>,
) -> (Finish, (Full<'a>, Register)) {
    let mut world: World<Full<'a>, Ladder<Wake>> = World::new(config, full);
    let finish = world.run(limits);
    (finish, world.into_parts())
}

/// The thresholds that one run of the scenario is judged by: those of the policy it plays and those
/// of no policy, but for those that only several runs can answer.
///
/// All are read, those of other policies too, and every mistake is told.
pub fn thresholds(scenario: &Scenario) -> Result<Vec<Threshold>, Vec<Diagnostic>> {
    let mut thresholds = all_thresholds(scenario)?;
    thresholds.retain(|threshold| {
        threshold.scope.has(scenario.policy.as_deref()) && !threshold.is_of_runs()
    });
    Ok(thresholds)
}

/// The formula of the scenario's `guess`, if it has one.
pub fn guess(scenario: &Scenario) -> Result<Option<Formula>, Vec<Diagnostic>> {
    let Some(guess) = &scenario.guess else { return Ok(None) };
    let told = |mistake: Mistake| diagnosed(&guess.measure, guess.place, mistake).path("guess");
    let formula = with_names(scenario, |names| Formula::parse(&guess.measure, names))
        .map_err(|found| found.into_iter().map(told).collect::<Vec<_>>())?;
    let message = match (formula.is_time(), guess.unit) {
        (true, GuessUnit::Number | GuessUnit::Share) => "the measure is a time, the range is not",
        (false, GuessUnit::Time) => "the range is of times, the measure is no time",
        (true, GuessUnit::Time) | (false, GuessUnit::Number | GuessUnit::Share) => {
            return Ok(Some(formula));
        }
    };
    let mistake = Diagnostic::error(message).at(guess.place).path("guess");
    Err(vec![mistake.label("`from: 0, to: 3000` for counts, `from: 0s, to: 90s` for times")])
}

/// Every threshold of the file, in its order; or every mistake in them and in `guess`, which is read
/// by the same names.
pub fn all_thresholds(scenario: &Scenario) -> Result<Vec<Threshold>, Vec<Diagnostic>> {
    let mut thresholds = Vec::new();
    let mut mistakes = Vec::new();
    with_names(scenario, |names| {
        for written in &scenario.thresholds {
            let scope = match (&written.policy, &written.versus) {
                (None, _) => Scope::All,
                (Some(policy), None) => Scope::Policy(policy.clone()),
                (Some(of), Some(to)) => Scope::Difference { of: of.clone(), to: to.clone() },
            };
            match Threshold::parse(scope, &written.text, names) {
                Ok(threshold) => thresholds.push(threshold),
                Err(found) => mistakes
                    .extend(found.into_iter().map(|m| diagnosed(&written.text, written.place, m))),
            }
        }
    });
    mistakes.extend(guess(scenario).err().unwrap_or_default());
    if mistakes.is_empty() { Ok(thresholds) } else { Err(mistakes) }
}

/// Gives the names that formulas can use.
fn with_names<R>(scenario: &Scenario, read: impl FnOnce(&Names<'_>) -> R) -> R {
    let point = |text: &str| -> Option<Time> { scenario::read_point(text, scenario.start_epoch_s) };
    let catalog = &scenario.config.catalog;
    read(&Names::of(&scenario.config.resources, &catalog.attributes, &point))
}

/// A mistake in a threshold or another `text` that stands at `place` of the file.
fn diagnosed(text: &str, place: Place, mistake: Mistake) -> Diagnostic {
    let whole = place.range();
    let (start, end) = (whole.start + mistake.range.start, whole.start + mistake.range.end);
    // A text that is quoted or folded is longer in the file: then the whole of it is shown.
    let as_written = whole.len() == text.len();
    let range = if as_written { start..end } else { whole };
    let diagnostic = Diagnostic::error(mistake.message)
        .at(Place::new(place.origin, range))
        .path("thresholds")
        .did_you_mean(mistake.suggestion.as_deref());
    match mistake.hint {
        Some(hint) => diagnostic.label(hint),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::diagnostic;

    #[test]
    fn a_guess_is_read_by_the_names_of_the_file_and_fits_its_range() {
        let read = |measure: &str, range: &str| {
            let text = format!(
                "duration: 1h\nguess: {{measure: {measure}, {range}}}\nfunctions: {{F: {{}}}}\n\
                 callers: {{Orders: {{target: F, arrivals: {{at: [1s]}}}}}}\n"
            );
            let scenario = scenario::load_text(&text, "x.yaml", &scenario::Options::default());
            let scenario = scenario.expect("its form is right");
            let told = |mistakes: Vec<Diagnostic>| {
                // It counts like a mistake in a threshold, wherever those are read.
                let of_thresholds = all_thresholds(&scenario).expect_err("it is told");
                assert_eq!(of_thresholds, mistakes);
                diagnostic::render(&mistakes, &scenario.sources, false)
            };
            guess(&scenario).map_err(told).map(|formula| formula.expect("it has one").text)
        };
        assert_eq!(read("F.Errors / arrivals", "from: 0, to: 5%").unwrap(), "F.Errors / arrivals");
        assert_eq!(read("Orders.latency p99", "from: 0, to: 9s").unwrap(), "Orders.latency p99");
        let shown = read("F.Erors", "from: 0, to: 5").unwrap_err();
        assert!(shown.contains("did you mean `Errors`?") && shown.contains("x.yaml:2:"), "{shown}");
        let shown = read("Orders.latency p99", "from: 0, to: 9").unwrap_err();
        assert!(shown.contains("the measure is a time, the range is not"), "{shown}");
        let shown = read("F.Errors", "from: 0, to: 9s").unwrap_err();
        assert!(shown.contains("the measure is no time"), "{shown}");
    }
}
