//! What a run came to: every measure of every resource, the ledger and the verdicts, in a fixed
//! order.
//!
//! The one shape that all formatters read. Resources are in file order, measures in the order of
//! their table; times are in the measure's unit, milliseconds for ours.

pub use super::ordered::Table;
use super::{
    alarm::{Alarms, States},
    autopsy::Why,
    cell::Cell,
    cost::Bill,
    digest::Fingerprint,
    histogram::{Histogram, Percent},
    ledger::Ledger,
    measure::{Measure, Unit},
    point::{ANSWERS, status},
    table::MetricTable,
    threshold::Verdict,
};
use crate::{
    kernel::Time,
    model::{
        Resource, ResourceKind,
        config::Resources,
        vocabulary::{AlarmId, CallId},
    },
};
use serde::{Serialize, Serializer};

/// A resource's or caller's measures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Measures {
    /// What kind of resource it is.
    #[serde(skip)]
    pub kind: ResourceKind,
    /// What each measure came to, by its name; of an alarm `states` too.
    pub totals: Table<&'static str, Total>,
}

impl Measures {
    /// What the measure of this name came to, if the kind has it.
    pub fn get(&self, name: &str) -> Option<&Total> {
        self.totals.get(name)
    }

    /// What a measure came to, if the kind has it.
    pub fn of(&self, measure: Measure) -> Option<&Total> {
        self.get(measure.name())
    }

    /// The states of an alarm.
    pub fn states(&self) -> Option<&States> {
        match self.get("states") {
            Some(Total::States(states)) => Some(states),
            _ => None,
        }
    }
}

/// What a measure came to over the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Total {
    /// Of a count.
    Count(u64),
    /// Of an amount that is no whole number.
    Amount(f64),
    /// Of a count that is told apart by status.
    ByStatus(Table<&'static str, u64>),
    /// Of a gauge.
    Gauge(GaugeTotal),
    /// Of an alarm, beside its count.
    States(States),
    /// Of a distribution.
    Distribution(Box<DistributionTotal>),
}

/// What a gauge came to, in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GaugeTotal {
    /// At the end.
    pub end: f64,
    /// Over time, from the end of the warm-up to the end of arrivals or to its own last change, if that is later;
    /// none if that is no time.
    pub mean: Option<f64>,
    /// The highest.
    pub max: f64,
}

/// What a distribution came to, in its unit; only `count` if there is no sample. Of a time to success, what
/// never succeeds is a sample too: a quantile that falls among those is none, and `never` says so.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DistributionTotal {
    /// How many samples, those that never came to success among them.
    pub count: u64,
    /// Whether some samples are of what never came to success; then quantiles that are none are never.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub never: bool,
    /// How many samples are of what came to success, if some are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<u64>,
    /// The mean of those that came to success.
    pub mean: Option<f64>,
    /// The smallest.
    pub min: Option<f64>,
    /// The median, nearest rank like all quantiles.
    pub p50: Option<f64>,
    /// 90 %.
    pub p90: Option<f64>,
    /// 99 %.
    pub p99: Option<f64>,
    /// 99.9 %.
    #[serde(rename = "p99.9")]
    pub p99_9: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

impl DistributionTotal {
    /// Of the samples, shown in `unit`.
    pub fn of(histogram: &Histogram, unit: Unit) -> DistributionTotal {
        let scale = unit.scale() as f64;
        let shown = |value: u64| value as f64 / scale;
        let count = histogram.count();
        let percents = [Percent::P50, Percent::P90, Percent::P99, Percent::P99_9];
        let [p50, p90, p99, p99_9] = match histogram.quantiles(percents) {
            Some(values) => values.map(|value| value.map(shown)),
            None => [None; 4],
        };
        let never = histogram.never();
        DistributionTotal {
            count: count + never,
            never: never > 0,
            succeeded: (never > 0).then_some(count),
            mean: (count > 0).then(|| histogram.sum() as f64 / count as f64 / scale),
            min: histogram.min().map(shown),
            p50,
            p90,
            p99,
            p99_9,
            max: histogram.max().map(shown).filter(|_| never == 0),
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// Of the fact stream.
    pub digest: Fingerprint,
    /// When the run ended, in seconds.
    pub ended_at_s: f64,
    /// Every resource, then the account.
    pub resources: Table<String, Measures>,
    /// Every caller, its ledger included.
    pub callers: Table<String, Measures>,
    /// The run's ledger; each caller's is under its name.
    #[serde(serialize_with = "run_only")]
    pub ledger: Ledger,
    /// Why arrivals did not succeed.
    pub why: Why,
    /// What it costs.
    pub cost: Bill,
    /// In the order of the thresholds.
    pub thresholds: Vec<Verdict>,
}

fn run_only<S: Serializer>(ledger: &Ledger, serializer: S) -> Result<S::Ok, S::Error> {
    ledger.run.serialize(serializer)
}

/// Every measure of every resource at the end of a run in which arrivals ended at `duration`.
pub fn total(
    table: &MetricTable,
    alarms: Option<&Alarms>,
    resources: &Resources,
    counted_from: Time,
    duration: Time,
) -> (Table<String, Measures>, Table<String, Measures>) {
    let (mut of_resources, mut of_callers) = (Table::default(), Table::default());
    for resource in Resource::all(resources) {
        let measures = || Measure::of(resource.kind);
        let name = resource.name(resources).to_owned();
        match resource.kind {
            ResourceKind::Run => (),
            ResourceKind::Caller => {
                let of_caller = measures().map(|measure| {
                    let total = match ledger_total(table, resource, measure) {
                        Some(total) => total,
                        None if measure == Measure::Answered => answers(table, resources, resource),
                        None => cell_total(table, resource, measure, counted_from, duration),
                    };
                    (measure.name(), total)
                });
                let totals = Table(of_caller.collect());
                of_callers.0.push((name, Measures { kind: resource.kind, totals }));
            }
            _ => {
                let of_resource = measures().map(|measure| {
                    let total = cell_total(table, resource, measure, counted_from, duration);
                    (measure.name(), total)
                });
                let states = match (resource.kind, alarms) {
                    (ResourceKind::Alarm, Some(alarms)) => {
                        Some(alarms.states(AlarmId(resource.index)).clone())
                    }
                    _ => None,
                };
                let states = states.map(|states| ("states", Total::States(states)));
                let of_resource = of_resource.chain(states);
                let totals = Table(of_resource.collect());
                of_resources.0.push((name, Measures { kind: resource.kind, totals }));
            }
        }
    }
    (of_resources, of_callers)
}

/// A word of a caller's ledger is a count: how many entered, or are in the place now.
fn ledger_total(table: &MetricTable, resource: Resource, measure: Measure) -> Option<Total> {
    use crate::model::Place;
    let account = table.account(CallId(resource.index));
    let count = match measure {
        Measure::Arrivals => account.arrivals,
        Measure::Messages => account.all_messages().entered,
        _ => {
            let place = Place::ALL.into_iter().find(|place| place.word() == measure.name())?;
            account.at(place)
        }
    };
    Some(Total::Count(count))
}

fn answers(table: &MetricTable, resources: &Resources, resource: Resource) -> Total {
    let via = resources.calls[resource.index()].via;
    let answers = table.books()[resource.index()].answers();
    let mut table: Vec<(&'static str, u64)> = Vec::new();
    for answer in ANSWERS {
        let (word, count) = (status(answer, via), answers[answer as usize]);
        match table.iter_mut().find(|(known, _)| *known == word) {
            Some((_, sum)) => *sum += count,
            None => table.push((word, count)),
        }
    }
    table.retain(|(_, count)| *count > 0);
    Total::ByStatus(Table(table))
}

fn cell_total(
    table: &MetricTable,
    resource: Resource,
    measure: Measure,
    counted_from: Time,
    duration: Time,
) -> Total {
    let unit = measure.unit();
    let scale = unit.scale() as f64;
    match table.cell(resource, measure) {
        Cell::Counter(cell) => Total::Count(cell.sum),
        Cell::Tally(cell) => match (unit, u64::try_from(cell.sum)) {
            (Unit::Count | Unit::Bytes, Ok(sum)) => Total::Count(sum),
            _ => Total::Amount(cell.sum as f64 / scale),
        },
        Cell::Gauge(cell) => Total::Gauge(GaugeTotal {
            end: cell.level as f64 / scale,
            mean: cell
                .mean(counted_from, duration)
                .map(|(area, length)| area as f64 / length as f64 / scale),
            max: cell.highest() as f64 / scale,
        }),
        Cell::Samples(cell) => {
            Total::Distribution(Box::new(DistributionTotal::of(&cell.histogram, unit)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_keeps_its_order() {
        let table = Table(vec![("b", 1), ("a", 2)]);
        assert_eq!(serde_json::to_string(&table).unwrap(), r#"{"b":1,"a":2}"#);
        assert_eq!(table.get("a"), Some(&2));
    }

    #[test]
    fn a_distribution_without_samples_has_a_count_and_no_numbers() {
        let none = DistributionTotal::of(&Histogram::default(), Unit::Milliseconds);
        let json = serde_json::to_string(&none).unwrap();
        assert!(json.starts_with(r#"{"count":0,"mean":null,"min":null"#), "{json}");
    }

    #[test]
    fn times_are_shown_in_milliseconds() {
        let mut histogram = Histogram::default();
        [1_500_000, 2_500_000].into_iter().for_each(|nanos| histogram.add(nanos));
        let total = DistributionTotal::of(&histogram, Unit::Milliseconds);
        assert_eq!((total.mean, total.p50, total.max), (Some(2.0), Some(1.5), Some(2.5)));
    }
}
