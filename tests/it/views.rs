//! Every kind of resource × every measure × every view says the same: results, thresholds, windows of thresholds,
//! series, recording and live view.

use crate::numbers::KINDS;
use dwell::{
    experiment::{self, Playing, Reach},
    kernel::Time,
    model::world::Limits,
    observe::{
        Asked, Measure, Resource, ResourceKind,
        formula::Value,
        measure::Kind,
        recording::Bins,
        series::Row,
        summary::{Measures, Results, Total},
    },
    scenario::{Options, Scenario, load_text},
};
use std::collections::{BTreeMap, BTreeSet};

const LIMITS: Limits<'static> =
    Limits { events_max: 5_000_000, instant_max: u64::MAX, interrupted: &|_| false };

/// Beside [`KINDS`]: what those do not have.
const MORE: [&str; 3] = [
    // Provisioned concurrency and its spill-over, an alarm, a bucket as a destination, reserved 0, a dead-letter
    // queue that is deleted, cold starts, a caller that gives up.
    "
duration: 7m
account: {concurrency: 130}
functions:
  Warm: {service_time: 2s, Timeout: 5, init_time: 300ms, ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}}
  Kept: {service_time: 5s, Timeout: 6, error_rate: 50%, calls: [{target: Small}], ReservedConcurrentExecutions: 3, EventInvokeConfig: {MaximumRetryAttempts: 1, DestinationConfig: {OnFailure: {Destination: Archive}}}}
  Lost: {error_rate: 100%, EventInvokeConfig: {MaximumRetryAttempts: 0}, DeadLetterConfig: {TargetArn: Gone}}
  Told: {error_rate: 100%, EventInvokeConfig: {MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: Gone}}}}
  Twice: {service_time: 100ms, event_queue: {duplicate_probability: 50%}}
  Loop: {service_time: 100ms, calls: [{via: s3, target: Loop}]}
buckets: {Archive: {}}
dependencies: {Small: {concurrency: 1, queue: 0, service_time: 2s}}
queues: {Gone: {forbidden: true}}
alarms:
  Failing: {Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{Name: FunctionName, Value: !Ref Kept}], Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 0, ComparisonOperator: GreaterThanThreshold}
callers:
  Web: {via: api_gateway_http, target: Warm, arrivals: {poisson: 2/s}}
  Impatient: {target: Warm, timeout: 1s, arrivals: {every: 20s}}
  Jobs: {via: s3, target: Kept, arrivals: {poisson: 1/s}}
  A: {via: invoke_async, target: Lost, arrivals: {every: 30s}}
  B: {via: invoke_async, target: Told, arrivals: {every: 30s}}
  D: {via: invoke_async, target: Twice, arrivals: {every: 10s}}
  L: {via: s3, target: Loop, arrivals: {every: 60s}}
",
    // FIFO with repeats, a delay, retention that runs out, a filter, provisioned pollers, empty receives.
    "
duration: 6m
functions: {Shop: {record_time: 100ms, error_rate: 10%, Timeout: 5}}
queues:
  Orders.fifo: {FifoQueue: true, ContentBasedDeduplication: true, VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: Dead.fifo, maxReceiveCount: 2}}
  Dead.fifo: {FifoQueue: true, ContentBasedDeduplication: true}
  Late: {DelaySeconds: 20, MessageRetentionPeriod: 60}
  Parts: {VisibilityTimeout: 30}
event_source_mappings:
  M: {EventSourceArn: Orders.fifo, FunctionName: Shop}
  P: {EventSourceArn: Parts, FunctionName: Shop, FilterCriteria: {Filters: [{Pattern: '{\"kind\": [\"good\"]}'}]}, ProvisionedPollerConfig: {MinimumPollers: 2, MaximumPollers: 4}}
callers:
  Till: {target: Orders.fifo, arrivals: {poisson: 3/s}, MessageGroupId: {attribute: customer}, MessageDeduplicationId: {attribute: order}, attributes: {customer: {one_of: 20}, order: {one_of: 200}}}
  Slow: {target: Late, arrivals: {every: 10s}}
  Parts-in: {target: Parts, arrivals: {poisson: 2/s}, attributes: {kind: {choice: {good: 70%, bad: 30%}}}}
",
    // Streams: Kafka with provisioned pollers and its lag, a shard that refuses, fan-out, windows, a destination that is
    // deleted; a bus and a topic whose targets refuse, with dead-letter queues of which one is deleted.
    "
duration: 6m
streams: {Events: {source: kafka, ShardCount: 2}, Clicks: {source: kinesis, ShardCount: 1}}
functions: {Read: {service_time: 50ms, poison_rate: 1%, Timeout: 5}, Sum: {service_time: 50ms, error_rate: 30%, Timeout: 5}, Down: {forbidden: true}, Shaky: {system_error_rate: 30%}}
event_source_mappings:
  K: {EventSourceArn: Events, FunctionName: Read, StartingPosition: TRIM_HORIZON, ProvisionedPollerConfig: {MinimumPollers: 1, MaximumPollers: 2}, FilterCriteria: {Filters: [{Pattern: '{\"kind\": [\"a\"]}'}]}}
  W: {EventSourceArn: Clicks, FunctionName: Sum, StartingPosition: TRIM_HORIZON, enhanced_fan_out: true, TumblingWindowInSeconds: 30, MaximumRetryAttempts: 1, DestinationConfig: {OnFailure: {Destination: Gone}}}
queues: {Gone: {forbidden: true}, Dead: {}, Busy: {}}
buses: {Bus: {}}
rules:
  R: {EventBusName: Bus, EventPattern: {detail: {kind: [a]}}, Targets: [{Arn: !GetAtt Down.Arn, DeadLetterConfig: {Arn: !GetAtt Dead.Arn}}, {Arn: !GetAtt Shaky.Arn}]}
  S: {EventBusName: Bus, EventPattern: {detail: {kind: [b]}}, Targets: [{Arn: !GetAtt Down.Arn, DeadLetterConfig: {Arn: !GetAtt Gone.Arn}}]}
topics: {Topic: {}}
subscriptions:
  ToGone: {TopicArn: Topic, Protocol: sqs, Endpoint: Gone, RedrivePolicy: {deadLetterTargetArn: Dead}}
  ToGone2: {TopicArn: Topic, Protocol: sqs, Endpoint: Gone, RedrivePolicy: {deadLetterTargetArn: Gone}}
callers:
  E: {target: Events, arrivals: {poisson: 4/s}, attributes: {kind: {choice: {a: 80%, b: 20%}}}}
  C: {target: Clicks, payload_size: 2KiB, arrivals: {poisson: 4/s}}
  Burst: {target: Clicks, arrivals: {at: [1m], count: 2500}}
  B: {target: Bus, arrivals: {every: 5s}, attributes: {kind: {choice: {a: 50%, b: 50%}}}}
  T: {target: Topic, arrivals: {every: 5s}}
",
];

fn read(text: &str) -> Scenario {
    load_text(text, "x.yaml", &Options::default()).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

/// What the results say of a measure, by the statistic of a threshold; in the unit that is shown.
fn told(total: &Total) -> Vec<(&'static str, f64)> {
    match total {
        Total::Count(n) => vec![("", *n as f64)],
        Total::Amount(amount) => vec![("", *amount)],
        Total::ByStatus(by) => vec![("", by.0.iter().map(|(_, n)| *n as f64).sum())],
        Total::Gauge(gauge) => {
            let mean = gauge.mean.map(|mean| ("mean", mean));
            [("", gauge.end), ("max", gauge.max)].into_iter().chain(mean).collect()
        }
        Total::Distribution(of) if of.count == 0 => vec![("count", 0.0)],
        Total::Distribution(of) => {
            let quantiles =
                [("p50", of.p50), ("p99", of.p99), ("min", of.min), ("max", of.max)].into_iter();
            let some = quantiles.filter_map(|(word, value)| Some((word, value?)));
            [("count", of.count as f64)].into_iter().chain(some).collect()
        }
        Total::States(_) => Vec::new(),
    }
}

fn number(value: Option<&Value>, measure: Measure, asked: &str) -> Option<f64> {
    match value? {
        // Times are kept in nanoseconds.
        Value::Number(n) if measure.unit().is_time() && !asked.contains(" count") => {
            Some(n.approximate() / measure.unit().scale() as f64)
        }
        Value::Number(n) => Some(n.approximate()),
        Value::Instants { .. } => None,
    }
}

/// What is not the same in two views; all of it is told.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn equal(&mut self, a: f64, b: f64, what: &str) {
        if (a - b).abs() > 1e-9 * a.abs().max(b.abs()) {
            self.0.push(format!("{what}: {a} and {b}"));
        }
    }
}

/// Every resource of a scenario that has results, with those.
fn all<'a>(
    scenario: &'a Scenario,
    results: &'a Results,
) -> impl Iterator<Item = (Resource, &'a str, &'a Measures)> {
    let resources = &scenario.config.resources;
    Resource::all(resources).filter(|of| *of != Resource::RUN).map(move |resource| {
        let name = resource.name(resources);
        let of = match resource.kind {
            ResourceKind::Caller => &results.callers,
            _ => &results.resources,
        };
        (resource, name, of.get(name).expect("it has results"))
    })
}

/// The texts of thresholds about a measure, over the whole run and in a window that holds all of it, and what the
/// results say.
fn questions(name: &str, measure: Measure, total: &Total) -> Vec<(String, Option<String>, f64)> {
    let about = format!("{name}.{}", measure.name());
    told(total)
        .into_iter()
        .map(|(statistic, value)| {
            let whole = format!("{about} {statistic}");
            // Of a level at the end, and of one that lasted no time, a window says something else.
            let is_level = measure.kind() == Kind::Gauge || measure.kind() == Kind::Place;
            let window = (!is_level).then(|| format!("{about} {statistic} during 0s..400d"));
            (whole, window, value)
        })
        .collect()
}

#[test]
fn every_kind_and_measure_is_the_same_in_every_view() {
    let mut told_of: BTreeSet<(ResourceKind, Measure)> = BTreeSet::new();
    let (mut of_windows, mut differences) = (0, Differences::default());
    for text in KINDS.iter().chain(&MORE) {
        let scenario = read(text);
        let asked = Asked { recording: true, ..Asked::default() };
        let plain = experiment::play(&scenario.config, asked, None, &LIMITS).outcome;
        assert_eq!(plain.faults, Vec::<String>::new(), "{text}");

        // Thresholds.
        let mut asked = Vec::new();
        for (resource, name, measures) in all(&scenario, &plain.results) {
            for measure in Measure::of(resource.kind) {
                let total = measures.get(measure.name()).expect("it has a total");
                for (whole, window, value) in questions(name, measure, total) {
                    asked.push((measure, whole, value));
                    asked.extend(window.map(|window| (measure, window, value)));
                }
            }
        }
        let texts: Vec<&str> = asked.iter().map(|(_, text, _)| text.as_str()).collect();
        let metrics = experiment::formulas(&scenario, &texts).unwrap_or_else(|wrong| {
            panic!("{:?}", wrong.iter().map(|(at, why)| (texts[*at], why)).next())
        });
        let asked_metrics = Asked { metrics, ..Asked::default() };
        let full = experiment::play(&scenario.config, asked_metrics, None, &LIMITS).outcome;
        assert_eq!(full.results, plain.results, "what is asked changes nothing");
        for ((measure, what, value), reading) in asked.iter().zip(&full.metrics) {
            let found = number(reading.value.as_ref(), *measure, what);
            differences.equal(found.unwrap_or(0.0), *value, what);
            of_windows += usize::from(what.contains("during"));
        }

        // Series, recording, live view.
        let mut rows: BTreeMap<(Resource, Measure), Vec<Row>> = BTreeMap::new();
        for row in plain.series.rows() {
            rows.entry((row.resource, row.measure)).or_default().push(row);
        }
        let recording = plain.recording.as_ref().expect("it was asked for");
        let mut playing = Playing::new(&scenario.config, Vec::new());
        assert_eq!(playing.until(Time::NEVER, &LIMITS), Reach::End);
        let live = playing.live();
        assert_eq!(live.ledger(), plain.results.ledger, "{text}");
        for (resource, name, measures) in all(&scenario, &plain.results) {
            for measure in Measure::of(resource.kind) {
                let total = measures.get(measure.name()).expect("it has a total");
                let what = format!("{name}.{}", measure.name());
                let of = rows.get(&(resource, measure)).map_or(&[][..], Vec::as_slice);
                let track = recording.track(resource.kind, name, measure);
                let scale = measure.unit().scale() as f64;
                let now = live.level(resource, measure) as f64;
                let summed: f64 = of.iter().map(Row::sum).sum();
                let has_something = match total {
                    // How many arrivals wait or are in flight now.
                    Total::Count(n) if measure.kind() == Kind::Gauge => {
                        differences.equal(now, *n as f64, &format!("{what} now"));
                        let ended = match track {
                            None => 0,
                            Some(Bins::Levels(levels)) => levels.ended(),
                            Some(other) => panic!("{what}: {other:?}"),
                        };
                        differences.equal(ended as f64, *n as f64, &format!("{what} recorded"));
                        track.is_some()
                    }
                    Total::Count(_) | Total::Amount(_) | Total::ByStatus(_) => {
                        // Of a place the ledger says how many are there, the table how many came.
                        let total = match measure.kind() {
                            Kind::Place => summed,
                            _ => told(total)[0].1,
                        };
                        differences.equal(summed, total, &format!("{what} in the series"));
                        differences.equal(now / scale, total, &format!("{what} now"));
                        let recorded = match track {
                            None => 0,
                            Some(Bins::Counts(counts)) => counts.total(),
                            Some(other) => panic!("{what}: {other:?}"),
                        };
                        differences.equal(
                            recorded as f64 / scale,
                            total,
                            &format!("{what} recorded"),
                        );
                        total > 0.0
                    }
                    Total::Gauge(gauge) => {
                        let highest = of.iter().map(Row::max).fold(0.0, f64::max);
                        differences.equal(highest, gauge.max, &format!("{what} in the series"));
                        differences.equal(now / scale, gauge.end, &format!("{what} now"));
                        let (peak, ended) = match track {
                            None => (0, 0),
                            Some(Bins::Levels(levels)) => (levels.peak(), levels.ended()),
                            Some(other) => panic!("{what}: {other:?}"),
                        };
                        differences.equal(
                            peak as f64 / scale,
                            gauge.max,
                            &format!("{what} recorded"),
                        );
                        differences.equal(
                            ended as f64 / scale,
                            gauge.end,
                            &format!("{what} recorded"),
                        );
                        gauge.max > 0.0
                    }
                    Total::Distribution(of_all) => {
                        let samples: u64 = of.iter().map(|row| row.stats.samples).sum();
                        let numbers = of_all.succeeded.unwrap_or(of_all.count);
                        differences.equal(
                            samples as f64,
                            numbers as f64,
                            &format!("{what} samples in the series"),
                        );
                        differences.equal(now, numbers as f64, &format!("{what} now"));
                        let recorded = match track {
                            None => 0.0,
                            Some(Bins::Sampled(sampled)) => {
                                sampled.peak().unwrap_or(0) as f64 / scale
                            }
                            Some(other) => panic!("{what}: {other:?}"),
                        };
                        let highest = of.iter().map(Row::max).fold(0.0, f64::max);
                        differences.equal(recorded, highest, &format!("{what} recorded"));
                        numbers > 0
                    }
                    Total::States(_) => false,
                };
                if has_something {
                    told_of.insert((resource.kind, measure));
                }
            }
        }
    }
    assert_eq!(differences.0, Vec::<String>::new());
    assert!(of_windows > 1_000, "{of_windows} windows were asked for");

    // Who adds a measure lets it count in one of these systems, or says here why it does not.
    let kinds = ResourceKind::ALL.iter().filter(|kind| **kind < ResourceKind::Run);
    let silent: Vec<String> = kinds
        .flat_map(|kind| Measure::of(*kind).map(move |measure| (*kind, measure)))
        .filter(|of| !told_of.contains(of))
        .map(|(kind, measure)| format!("{kind:?}.{}", measure.name()))
        .collect();
    assert_eq!(silent, SILENT, "measures that no system here makes count");
}

/// Measures that none of the systems makes count.
const SILENT: [&str; 0] = [];
