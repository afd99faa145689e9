//! What formulas ask of a run, and who answers it.

use super::{Probes, Reading};
use crate::{
    kernel::Time,
    model::config::Config,
    observe::{
        cell::Cell,
        cost::Bill,
        formula::{Formula, Statistic, Term, Value, Window},
        measure::{Kind, Measure},
        number::Number,
        pool::{Gathered, Pool},
        table::MetricTable,
    },
};
use std::sync::Arc;

/// What formulas ask of a run, and who answers each of their terms.
#[derive(Debug, Default)]
pub struct Questions {
    formulas: Vec<Formula>,
    /// Who answers each term of each formula, in their order.
    answers: Vec<Answerer>,
}

/// Who answers a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answerer {
    /// The table of numbers, at the end of the run.
    Table,
    /// The probe with this number.
    Probe(usize),
}

/// Whether a term can be read from the table of numbers when the run is over: it is of all payloads and of the whole
/// time in which its measure counts.
fn is_of_the_whole_run(term: &Term, warmup: Time) -> bool {
    // The ledger of the table is from time 0; a term that asks for it leaves out what entered during the warm-up.
    let is_whole = term.filter.is_none()
        && term.per.is_none()
        && term.window == Window::All
        && (warmup == Time::ZERO || !term.measure.is_ledger());
    let (kind, statistic) = (term.measure.kind(), term.statistic.unwrap_or(Statistic::Sum));
    is_whole
        && match (kind, statistic) {
            (_, Statistic::FirstAt | Statistic::LastAt | Statistic::AllAt) => false,
            _ if term.measure == Measure::CostUsd => statistic == Statistic::Sum,
            (Kind::Count | Kind::Amount | Kind::Distribution, Statistic::Quantile(_)) => {
                kind == Kind::Distribution
            }
            (Kind::Count | Kind::Amount | Kind::Distribution, _) => true,
            (Kind::Place, Statistic::Sum | Statistic::Count) => true,
            // A level that lasted no time is in the table's extremes and not in those of a window.
            (Kind::Gauge, Statistic::Min) => false,
            (Kind::Gauge, Statistic::Mean | Statistic::Max) => true,
            (Kind::Gauge, Statistic::Sum) => term.statistic.is_none(),
            (Kind::Gauge | Kind::Place, _) => false,
        }
}

/// When the warm-up of a run ended, when its arrivals did, and when it did.
pub type Times = (Time, Time, Time);

impl Questions {
    /// What `formulas` ask of a run of `config`, and probes for what the table of numbers does not answer.
    pub fn new(config: &Config, formulas: Vec<Formula>) -> (Questions, Probes) {
        let mut probes = Probes {
            catalog: Arc::clone(&config.catalog),
            warmup: config.warmup,
            duration: config.duration,
            ..Probes::default()
        };
        let mut answers = Vec::new();
        for term in formulas.iter().flat_map(|formula| &formula.terms) {
            answers.push(match is_of_the_whole_run(term, config.warmup) {
                true => Answerer::Table,
                false => Answerer::Probe(probes.hang(term, &config.resources)),
            });
        }
        (Questions { formulas, answers }, probes)
    }

    /// What the formulas came to in a run of which `table`, `bill` and `probes` are left.
    pub fn readings(
        self,
        mut probes: Probes,
        table: &MetricTable,
        bill: &Bill,
        times: Times,
    ) -> Vec<Reading> {
        let mut answers = self.answers.into_iter();
        let read = self.formulas.iter().map(|formula| {
            let of: Vec<Answerer> = answers.by_ref().take(formula.terms.len()).collect();
            let mut gathered = None;
            let values: Vec<Option<Value>> = formula
                .terms
                .iter()
                .zip(&of)
                .map(|(term, answerer)| match answerer {
                    Answerer::Probe(at) => probes.value(*at, term, times.2),
                    Answerer::Table => {
                        let found = of_table(table, bill, term, times);
                        gathered = found.pool;
                        scaled(term, found.value)
                    }
                })
                .collect();
            let pool = formula.pooled().and_then(|_| match of[0] {
                Answerer::Table => gathered,
                Answerer::Probe(at) => probes.pool(at),
            });
            Reading { value: formula.value(&values), pool }
        });
        read.collect()
    }
}

/// What the table of numbers says of a term, as it is kept.
fn of_table(table: &MetricTable, bill: &Bill, term: &Term, times: Times) -> Reading {
    let (warmup, duration, end) = times;
    let statistic = term.statistic.unwrap_or(Statistic::Sum);
    let number = |number| Reading { value: Some(Value::Number(number)), pool: None };
    if term.measure == Measure::CostUsd {
        return number(Number::whole(bill.total.0));
    }
    if term.measure.kind() == Kind::Place && term.statistic.is_none() {
        return number(Number::whole(table.place_level(term.resource, term.measure)));
    }
    let (gathered, histogram) = match table.cell(term.resource, term.measure) {
        Cell::Counter(cell) => {
            let (samples, sum) = (cell.samples(), u128::from(cell.sum));
            let min = if samples == 0 { u64::MAX } else { u64::from(cell.sum == samples) };
            let max = u64::from(cell.sum > 0);
            (Gathered { sum, samples, never: 0, min, max }, None)
        }
        Cell::Tally(cell) => {
            let (min, max) = cell.extremes().unwrap_or((u64::MAX, 0));
            (Gathered { sum: cell.sum, samples: cell.samples(), never: 0, min, max }, None)
        }
        Cell::Samples(cell) => {
            let all = &cell.histogram;
            let gathered = Gathered {
                sum: all.sum(),
                samples: all.count(),
                never: all.never(),
                min: all.min().unwrap_or(u64::MAX),
                max: all.max().unwrap_or(0),
            };
            (gathered, Some(all))
        }
        Cell::Gauge(cell) => {
            let value = match term.statistic {
                Some(Statistic::Mean) => cell
                    .mean(warmup, duration.min(end))
                    .and_then(|(area, length)| Number::ratio(area, i128::from(length))),
                Some(Statistic::Max) => Some(Number::whole(cell.highest().into())),
                _ => Some(Number::whole(cell.level.into())),
            };
            return Reading { value: value.map(Value::Number), pool: None };
        }
    };
    let histogram = histogram.filter(|_| matches!(statistic, Statistic::Quantile(_)));
    let value = gathered.take(statistic, histogram).map(Value::Number);
    Reading { value, pool: Some(Pool::new(gathered, histogram.cloned())) }
}

/// A value in the unit of its measure. Times stay in nanoseconds, whatever the unit they are shown in.
pub(super) fn scaled(term: &Term, value: Option<Value>) -> Option<Value> {
    let counts = term.statistic.is_some_and(|s| s.is_instant() || s == Statistic::Count)
        || term.per.is_some_and(|(_, outer)| outer == Statistic::Count);
    match value {
        Some(Value::Number(kept)) if !term.measure.unit().is_time() && !counts => {
            let scale = i128::from(term.measure.unit().scale());
            kept.divided_by(Number::whole(scale)).map(Value::Number)
        }
        other => other,
    }
}
