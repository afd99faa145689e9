//! The runs of a study: which there are, and how one of them is played.
//!
//! A run is named by its arm and its replication. Replication 0 has the seed of the scenario, so it
//! is what `dwell run` plays; the seeds of the others are derived from it. Every arm has the same
//! seeds, and draws are looked up by what they decide: the second attempt of an arrival fails under
//! every policy or under none.

use super::{Played, RunError, all_thresholds, diagnosed, play, play_beside, whole, with_names};
use crate::{
    kernel::{Stream, Time},
    model::{Observer, Register, config::Config, world::Limits},
    observe::{
        Asked, Fates, Formula, Outcome, Recording, Results, Series,
        formula::{Term, Window},
        histogram::Percent,
        measure::Kind as MeasureKind,
    },
    scenario::{
        self, Failure, Opened, Options, Scenario,
        diagnostic::{Diagnostic, Origin, Place, Sources},
        node::Source,
    },
    study::{Cut, CutFrom, Kind, Metric, Sample, number, warmup::Periods},
};

/// What is played in a study, and what is asked of every run.
#[derive(Debug)]
pub struct Plan {
    /// The files.
    pub files: Vec<Opened>,
    /// Changes to all of them, each `path=value`.
    pub sets: Vec<String>,
    /// What is compared.
    pub arms: Vec<Arm>,
    /// The metrics, as they read in the first arm.
    pub metrics: Vec<Metric>,
    /// Whether thresholds are judged.
    pub judges: bool,
    /// The seed of replication 0.
    pub seed: u64,
    /// How the beginning is treated.
    pub cut: Cut,
}

/// One of those that are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// Which of the files.
    pub file: usize,
    /// Under which policy; none: as written.
    pub policy: Option<String>,
    /// At which point of a grid, each `path=value`.
    pub point: Vec<String>,
}

/// A run of a study.
#[derive(Debug)]
pub struct Run {
    /// What it leaves.
    pub sample: Sample,
    /// What became of each arrival, if that was asked.
    pub fates: Option<Fates>,
    /// The run in some hundred bins, if that was asked.
    pub recording: Option<Recording>,
    /// All that was counted.
    pub results: Results,
    /// When it ended.
    pub ended: Time,
    /// The register as it is left, if somebody watched beside.
    pub register: Option<Register>,
}

/// What is kept of a run beside its numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keep {
    /// What became of each arrival.
    pub fates: bool,
    /// What charts are drawn from.
    pub recording: bool,
}

/// The seed of a replication of a study whose first has `seed`. Below 2^53, so that every reader of
/// JSON has it whole.
pub fn seed_of(seed: u64, replication: u32) -> u64 {
    match replication {
        0 => seed,
        nth => Stream::new(seed, "study/replication").word(u64::from(nth), 0) >> 11,
    }
}

impl Plan {
    /// The scenario of an arm in a replication. All of the file is looked at unless it is `alone`.
    pub fn scenario(&self, arm: &Arm, replication: u32, alone: bool) -> Result<Scenario, Failure> {
        let options = Options {
            sets: &self.sets,
            point: &arm.point,
            policy: arm.policy.as_deref(),
            seed: Some(seed_of(self.seed, replication)),
            alone,
        };
        let mut scenario = self.files[arm.file].scenario(&options)?;
        let is_set = match self.cut.from {
            CutFrom::Scenario => false,
            CutFrom::Asked => true,
            CutFrom::Usual => !scenario.says_warmup,
        };
        if is_set {
            scenario.config.warmup = self.cut.warmup;
        }
        Ok(scenario)
    }

    /// Plays a replication of an arm; with `fates` follows every arrival.
    pub fn play(
        &self,
        arm: &Arm,
        replication: u32,
        fates: bool,
        limits: &Limits<'_>,
    ) -> Result<Run, RunError> {
        let scenario = self.scenario(arm, replication, true)?;
        let keep = Keep { fates, recording: false };
        self.play_beside(arm, &scenario, replication, keep, None, limits)
    }

    /// [`Plan::play`] of what [`Plan::scenario`] gave for the arm and the replication; `beside` watches too.
    pub fn play_beside(
        &self,
        arm: &Arm,
        scenario: &Scenario,
        replication: u32,
        keep: Keep,
        beside: Option<&mut dyn Observer>,
        limits: &Limits<'_>,
    ) -> Result<Run, RunError> {
        let asked = self.asked(scenario);
        let asked = asked.map_err(|mistakes| RunError::mistakes(mistakes, scenario))?;
        let terms: Vec<Term> = match self.cut.kind {
            Kind::SteadyState => asked.metrics.iter().map(|m| m.terms[0].clone()).collect(),
            Kind::Terminating => Vec::new(),
        };
        let config = &scenario.config;
        let asked = Asked { fates: keep.fates, recording: keep.recording, ..asked };
        let (Played { outcome, finish }, register) = match beside {
            None => (play(config, asked, None, limits), None),
            Some(beside) => {
                let (played, _, register) = play_beside(config, asked, None, limits, beside);
                (played, Some(register))
            }
        };
        whole(&finish, &outcome.faults, || {
            let seed = config.seed;
            format!("{}, replication {replication} (seed {seed})", arm.name)
        })?;
        let (values, pools) =
            outcome.metrics.into_iter().map(|read| (number(read.value), read.pool)).unzip();
        let sample = Sample {
            replication,
            seed: config.seed,
            digest: outcome.results.digest,
            values,
            pools,
            periods: periods(&outcome.series, &terms, self.cut.duration),
            verdicts: outcome.results.thresholds.clone(),
        };
        let Outcome { fates, results, recording, .. } = outcome;
        Ok(Run { sample, fates, recording, results, ended: finish.at, register })
    }

    /// What is asked of a run: the metrics, what the thresholds of several runs need, and the
    /// thresholds of one.
    fn asked(&self, scenario: &Scenario) -> Result<Asked, Vec<Diagnostic>> {
        let texts: Vec<&str> = self.metrics.iter().map(|metric| metric.name.as_str()).collect();
        let mut metrics = formulas(scenario, &texts).map_err(|mistakes| {
            mistakes.into_iter().map(|(_, mistake)| mistake).collect::<Vec<_>>()
        })?;
        if self.cut.kind == Kind::SteadyState {
            let terms = metrics.iter_mut().flat_map(|metric| &mut metric.terms);
            terms.for_each(|term| self.settled(term));
        }
        let mut thresholds = Vec::new();
        if self.judges {
            for threshold in all_thresholds(scenario)? {
                if threshold.is_of_runs() {
                    metrics.extend(threshold.sides);
                } else if threshold.scope.has(scenario.policy.as_deref()) {
                    thresholds.push(threshold);
                }
            }
        }
        Ok(Asked { thresholds, metrics, ..Asked::default() })
    }

    /// In a steady state a level, and what is taken period by period, is of the time in which things
    /// arrive; not of that in which the rest is worked off.
    fn settled(&self, term: &mut Term) {
        let is_level = term.measure.kind() == MeasureKind::Gauge && term.statistic.is_some();
        if term.window == Window::All && (is_level || term.per.is_some()) {
            term.window = Window::During(Time::ZERO, Some(self.cut.duration));
        }
    }
}

/// What the terms' measures came to in each whole period until arrivals end.
fn periods(series: &Series, terms: &[Term], duration: Time) -> Vec<Periods> {
    let mut all: Vec<Periods> = terms.iter().map(|_| Periods::default()).collect();
    if terms.is_empty() {
        return all;
    }
    let end = series.period_of(duration);
    for row in series.rows().take_while(|row| row.period < end) {
        for (term, periods) in terms.iter().zip(&mut all) {
            if (term.resource, term.measure) != (row.resource, row.measure) {
                continue;
            }
            // What is counted has a level of its own in each period: how many.
            let samples = match term.measure.kind() {
                MeasureKind::Count | MeasureKind::Amount | MeasureKind::Place => 1,
                MeasureKind::Gauge | MeasureKind::Distribution => row.stats.samples,
            };
            periods.0.insert(row.period, (row.stats.sum, samples));
        }
    }
    all
}

/// Reads metrics against the names of a scenario. Every mistake at once, with the position of its
/// text.
pub fn formulas(
    scenario: &Scenario,
    texts: &[&str],
) -> Result<Vec<Formula>, Vec<(usize, Diagnostic)>> {
    let (mut read, mut mistakes) = (Vec::new(), Vec::new());
    with_names(scenario, |names| {
        for (at, text) in texts.iter().enumerate() {
            match Formula::parse(text, names) {
                Ok(formula) => read.push(formula),
                Err(found) => {
                    let nth = u16::try_from(at).unwrap_or(u16::MAX);
                    let place = Place::new(Origin::Argument(nth), 0..text.len());
                    let told = found
                        .into_iter()
                        .map(|mistake| (at, diagnosed(text, place, mistake).path("--metric")));
                    mistakes.extend(told);
                }
            }
        }
    });
    if mistakes.is_empty() { Ok(read) } else { Err(mistakes) }
}

/// The metrics of these texts, which were given as arguments.
pub fn metrics(scenario: &Scenario, texts: &[String]) -> Result<Vec<Metric>, Failure> {
    let trimmed: Vec<&str> = texts.iter().map(|text| text.trim()).collect();
    let read = formulas(scenario, &trimmed);
    read.map(|all| all.iter().map(Metric::new).collect()).map_err(|mistakes| {
        let mut sources = Sources::new(scenario.sources.file().clone());
        for text in trimmed {
            sources.add(Source { name: "--metric".to_owned(), text: text.to_owned() });
        }
        let diagnostics = mistakes.into_iter().map(|(_, mistake)| mistake).collect();
        Failure::Bad { diagnostics, sources: Box::new(sources) }
    })
}

/// The metrics that matter to most: where everything went, how long it took, what was in vain,
/// what it cost.
pub fn usual_metrics(config: &Config) -> Vec<String> {
    let resources = &config.resources;
    let words =
        ["succeeded", "failed", "dropped", "dead_lettered", "expired", "waiting", "in_flight"];
    let mut all: Vec<String> = words.map(str::to_owned).to_vec();
    for call in &resources.calls[..resources.callers] {
        all.push(format!("{}.latency p50", call.name));
        all.push(format!("{}.latency p99", call.name));
    }
    for function in &resources.functions {
        for measure in ["duplicates", "wasted_invocations", "Throttles"] {
            all.push(format!("{}.{measure}", function.name));
        }
    }
    let mut polled: Vec<usize> = resources.mappings.iter().map(|m| m.queue.index()).collect();
    polled.sort_unstable();
    polled.dedup();
    for queue in polled {
        let name = &resources.queues[queue].name;
        all.push(format!("{name}.ApproximateAgeOfOldestMessage max"));
    }
    all.push("cost_usd".to_owned());
    all
}

/// The cut of a study whose first arm has this scenario; `is_stationary` if the load of no arm ever
/// changes. `asked` is what its starter says of the warm-up.
pub fn cut_of(scenario: &Scenario, is_stationary: bool, asked: Option<Time>) -> Cut {
    let config = &scenario.config;
    let kind = match is_stationary {
        true => Kind::SteadyState,
        false => Kind::Terminating,
    };
    let written = scenario.says_warmup.then_some(config.warmup);
    Cut::new(kind, config.duration, config.period, written, asked)
}

/// Reads what `--warmup` says: a time, or a share of the duration.
pub fn read_warmup(text: &str, scenario: &Scenario) -> Option<Time> {
    let duration = scenario.config.duration;
    let at = match text.strip_suffix('%') {
        // The share of a length is the rank of that share in as many nanoseconds.
        Some(share) => Time::from_nanos(Percent::parse(share)?.rank(duration.as_nanos())),
        None => scenario::read_point(text.trim(), scenario.start_epoch_s)?,
    };
    (at < duration).then_some(at)
}
