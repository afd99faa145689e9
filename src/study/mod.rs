//! What the runs of a study say: pure data and arithmetic, nothing is played here.
//!
//! ```text
//!  experiment ──► Sample, one a run ──┬──► compare   policies: estimates, paired differences
//!                                     ├──► sweep     points of a grid, which of them are dominated
//!                                     ├──► check     thresholds over all runs
//!                                     └──► fates     what became of each arrival elsewhere
//! ```
//!
//! In reading order: a [`Metric`] is what is read of each run, a [`Sample`] what a run leaves,
//! [`Kind`] whether there is a state in which the system settles. Results are taken in the order of
//! replications, so they are the same on however many threads and machines the runs were played.

pub mod check;

pub mod compare;

pub mod fates;

pub mod sweep;

pub mod warmup;

use crate::{
    kernel::{Span, Time},
    observe::{
        Fingerprint, Formula, Ledger, Pool, Verdict, Why,
        formula::{Bias, Statistic, Value},
        histogram::Histogram,
        measure::Better,
        number::Number,
    },
    statistics::Estimate,
};
use serde::{Deserialize, Serialize};

/// The confidence of every interval that is printed.
pub const CONFIDENCE: f64 = 0.95;

/// Runs of each policy or point, where nobody says how many.
pub const REPLICATIONS: u32 = 20;

/// What is read of each run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// As it was written.
    pub name: String,
    /// Whether it is a time: kept in nanoseconds and shown in seconds.
    pub is_time: bool,
    /// Which of two values is the better one, whatever else is different.
    pub better: Better,
    /// The same of two runs in which as much is left out of it.
    pub better_if_fair: Better,
    /// What is left out of it.
    pub biases: Vec<Bias>,
    /// The statistic of samples that it is, if it is one and nothing else.
    pub statistic: Option<Statistic>,
}

impl Metric {
    /// The metric of a formula.
    pub fn new(formula: &Formula) -> Metric {
        let (better_if_fair, biases) = (formula.better(), formula.biases());
        Metric {
            name: formula.text.clone(),
            is_time: formula.is_time(),
            better: if biases.is_empty() { better_if_fair } else { Better::Neither },
            better_if_fair,
            biases,
            statistic: formula.pooled(),
        }
    }

    /// `s` for times, nothing for counts and shares.
    pub fn unit(&self) -> &'static str {
        if self.is_time { "s" } else { "" }
    }

    /// A value of it as it is shown.
    pub fn shown(&self, value: Number) -> f64 {
        value.approximate() / if self.is_time { 1e9 } else { 1.0 }
    }

    /// The values of the runs as they are shown, those without data left out.
    pub fn all_shown(&self, values: &[Option<Number>]) -> Vec<f64> {
        values.iter().flatten().map(|value| self.shown(*value)).collect()
    }
}

/// What a run leaves for a study.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Which replication, from 0.
    pub replication: u32,
    /// The seed that it was played with.
    pub seed: u64,
    /// Of the fact stream.
    pub digest: Fingerprint,
    /// What the metrics came to, in their order; none without data.
    pub values: Vec<Option<Number>>,
    /// The samples behind them, of those that are statistics of samples.
    pub pools: Vec<Option<Pool>>,
    /// Of each metric, what its first measure came to in each period, while a warm-up is looked for.
    #[serde(skip)]
    pub periods: Vec<warmup::Periods>,
    /// Of the thresholds that one run can answer.
    #[serde(skip)]
    pub verdicts: Vec<Verdict>,
    /// What became of its arrivals, and why.
    #[serde(skip)]
    pub ends: Ends,
}

/// What became of the arrivals of a run.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// How many have each outcome.
    pub ledger: Ledger,
    /// Why those did not succeed that did not.
    pub why: Why,
}

/// A number, if a value is one.
pub fn number(value: Option<Value>) -> Option<Number> {
    match value {
        Some(Value::Number(number)) => Some(number),
        Some(Value::Instants { .. }) | None => None,
    }
}

/// The samples behind a metric, those of every run together.
pub fn pooled<'a>(pools: impl Iterator<Item = Option<&'a Pool>>) -> Option<Pool> {
    pools.flatten().fold(None, |all: Option<Pool>, pool| match all {
        None => Some(pool.clone()),
        Some(mut all) => {
            all.merge(pool);
            Some(all)
        }
    })
}

/// The statistic of all samples behind a metric, as it is shown.
pub fn of_pool(metric: &Metric, pool: Option<&Pool>) -> Option<f64> {
    pool?.take(metric.statistic?).map(|number| metric.shown(number))
}

/// How far a metric may be from the value that it stands for, as a share of it: a quantile of many
/// samples is the middle of a narrow bucket. `pool` has the samples of so many `runs`, of which one
/// may have twice as many as they have on the average.
pub fn rounding(metric: &Metric, pool: Option<&Pool>, runs: u64) -> f64 {
    let is_quantile = matches!(metric.statistic, Some(Statistic::Quantile(_)));
    let few = Histogram::EXACT_MAX as u64 * if runs == 1 { 1 } else { runs / 2 };
    let is_bucketed = pool.is_some_and(|pool| few < pool.samples());
    if is_quantile && is_bucketed { Histogram::PRECISION } else { 0.0 }
}

/// What kind of study it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something begins, changes or ends within the run: the whole of it is what is asked about.
    Terminating,
    /// The load never changes: what is asked about is the state in which the system settles.
    SteadyState,
}

impl Kind {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Terminating => "terminating",
            Kind::SteadyState => "steady-state",
        }
    }
}

/// How the beginning of the runs was treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenCut", into = "WrittenCut")]
pub struct Cut {
    /// What kind of study it is.
    pub kind: Kind,
    /// Counts run from here.
    pub warmup: Time,
    /// Where that comes from.
    pub from: CutFrom,
    /// Length of a period of the series, in which a warm-up is looked for.
    pub period: Span,
    /// When arrivals end.
    pub duration: Time,
}

/// A cut in whole nanoseconds.
#[derive(Serialize, Deserialize)]
struct WrittenCut {
    kind: Kind,
    warmup_ns: u64,
    from: CutFrom,
    period_ns: u64,
    duration_ns: u64,
}

impl From<Cut> for WrittenCut {
    fn from(cut: Cut) -> WrittenCut {
        let Cut { kind, warmup, from, period, duration } = cut;
        WrittenCut {
            kind,
            warmup_ns: warmup.as_nanos(),
            from,
            period_ns: period.as_nanos(),
            duration_ns: duration.as_nanos(),
        }
    }
}

impl From<WrittenCut> for Cut {
    fn from(cut: WrittenCut) -> Cut {
        Cut {
            kind: cut.kind,
            warmup: Time::from_nanos(cut.warmup_ns),
            from: cut.from,
            period: Span::nanos(cut.period_ns),
            duration: Time::from_nanos(cut.duration_ns),
        }
    }
}

/// Who says where the warm-up ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutFrom {
    /// The scenario, or nobody in a terminating study.
    Scenario,
    /// Whoever started the study.
    Asked,
    /// It is the usual share of a steady-state study.
    Usual,
}

impl Cut {
    /// Of a steady-state study that says nothing itself, this share of its duration is warm-up: a
    /// tenth.
    pub const USUAL_SHARE: u64 = 10;

    /// The cut of a study of this kind and `duration`, where the file says `written` and whoever
    /// starts it `asked`.
    pub fn new(
        kind: Kind,
        duration: Time,
        period: Span,
        written: Option<Time>,
        asked: Option<Time>,
    ) -> Cut {
        let (warmup, from) = match (asked, written, kind) {
            (Some(asked), _, _) => (asked, CutFrom::Asked),
            (None, Some(written), _) => (written, CutFrom::Scenario),
            (None, None, Kind::Terminating) => (Time::ZERO, CutFrom::Scenario),
            (None, None, Kind::SteadyState) => {
                let share = duration.as_nanos() / Cut::USUAL_SHARE;
                (Time::ZERO + Span::nanos(share), CutFrom::Usual)
            }
        };
        Cut { kind, warmup, from, period, duration }
    }
}

impl Cut {
    /// Whether it leaves out the usual share of the run, or more.
    pub fn is_usual(&self) -> bool {
        self.duration.as_nanos() / Cut::USUAL_SHARE <= self.warmup.as_nanos()
    }
}

/// The half width of an interval as a share of the mean; none of a single value or of a mean of 0.
pub fn relative_width(estimate: &Estimate) -> Option<f64> {
    let half = estimate.half_width(CONFIDENCE)?;
    (estimate.mean != 0.0).then(|| half / estimate.mean.abs())
}
