//! One run of a scenario, watched.

pub mod grid;
mod replicate;

pub use replicate::{
    Arm, Plan, Run, Trouble, cut_of, formulas, metrics, read_warmup, seed_of, usual_metrics,
};

use crate::{
    kernel::{Ladder, Store, Time},
    model::{
        Observer,
        config::Config,
        world::{Finish, Limits, Wake, World},
    },
    observe::{
        Asked, Mistake, Names, Outcome, Recorder, Recording, RowSink, Scope, Threshold, Watch,
    },
    scenario::{
        self, Scenario, ThresholdText,
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
pub fn play_on<S: Store<Wake>>(
    config: &Config,
    asked: impl Into<Asked>,
    trace: Option<RowSink<'_>>,
    limits: &Limits<'_>,
) -> Played {
    let watch = Watch::new(config, asked, trace);
    let mut world: World<Watch<'_>, S> = World::new(config, watch);
    let finish = world.run(limits);
    let (watch, register) = world.into_parts();
    Played { outcome: watch.finish(finish.at, &register), finish }
}

/// [`play`], and beside it folds the run for charts.
pub fn record(
    config: &Config,
    asked: impl Into<Asked>,
    trace: Option<RowSink<'_>>,
    limits: &Limits<'_>,
) -> (Played, Recording) {
    let both = (Watch::new(config, asked, trace), Recorder::new(config));
    let mut world: World<(Watch<'_>, Recorder), Ladder<Wake>> = World::new(config, both);
    let finish = world.run(limits);
    let ((watch, recorder), register) = world.into_parts();
    let outcome = watch.finish(finish.at, &register);
    (Played { outcome, finish }, recorder.finish(finish.at, &register))
}

/// Plays `config` before an observer of its own, which comes back with how far the run came.
pub fn watch<O: Observer>(config: &Config, observer: O, limits: &Limits<'_>) -> (O, Finish) {
    let mut world: World<O, Ladder<Wake>> = World::new(config, observer);
    let finish = world.run(limits);
    (world.into_parts().0, finish)
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

/// Every threshold of the file, in its order; or every mistake in them.
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
                Err(found) => mistakes.extend(found.into_iter().map(|m| diagnosed(written, m))),
            }
        }
    });
    if mistakes.is_empty() { Ok(thresholds) } else { Err(mistakes) }
}

/// Gives the names that formulas can use.
fn with_names<R>(scenario: &Scenario, read: impl FnOnce(&Names<'_>) -> R) -> R {
    let point = |text: &str| -> Option<Time> { scenario::read_point(text, scenario.start_epoch_s) };
    let catalog = &scenario.config.catalog;
    read(&Names::of(&scenario.config.resources, &catalog.attributes, &point))
}

/// A mistake in a threshold, where it stands in the file.
fn diagnosed(written: &ThresholdText, mistake: Mistake) -> Diagnostic {
    let whole = written.place.range();
    let (start, end) = (whole.start + mistake.range.start, whole.start + mistake.range.end);
    // A text that is quoted or folded is longer in the file: then the whole of it is shown.
    let as_written = whole.len() == written.text.len();
    let range = if as_written { start..end } else { whole };
    let diagnostic = Diagnostic::error(mistake.message)
        .at(Place::new(written.place.origin, range))
        .path("thresholds")
        .did_you_mean(mistake.suggestion.as_deref());
    match mistake.hint {
        Some(hint) => diagnostic.label(hint),
        None => diagnostic,
    }
}
