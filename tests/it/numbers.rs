//! What is counted: arrivals by their outcome, messages apart, requests apart; and a recount of it all from the
//! event log alone.

use dwell::{
    experiment,
    model::{Place, world::Limits},
    observe::{Results, trace},
    scenario::{Options, Scenario, load_text},
};
use std::collections::{BTreeMap, BTreeSet};

const LIMITS: Limits<'static> =
    Limits { events_max: 5_000_000, instant_max: u64::MAX, interrupted: &|_| false };

fn read(text: &str) -> Scenario {
    load_text(text, "x.yaml", &Options::default()).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

/// One row of the event log, as somebody else would read it.
#[derive(Clone, Debug)]
struct Logged {
    fact: String,
    id: String,
    detail: String,
}

fn play(text: &str) -> (Results, Vec<Logged>) {
    let scenario = read(text);
    let mut rows = Vec::new();
    let played = {
        let sink = Box::new(|row: &trace::Row<'_>| {
            rows.push(Logged {
                fact: row.fact.to_owned(),
                id: row.written_id.map_or(String::new(), |id| id.to_string()),
                detail: row.detail.to_string(),
            });
        });
        experiment::play(&scenario.config, Vec::new(), Some(sink), &LIMITS)
    };
    assert_eq!(played.outcome.faults, Vec::<String>::new(), "{text}");
    (played.outcome.results, rows)
}

/// Facts of what is handed on: a copy that met none of them is a request that a run waits for.
const HANDED_ON: [&str; 9] = [
    "accepted",
    "awaits",
    "enqueued",
    "handed",
    "publish_refused",
    "published",
    "put",
    "put_refused",
    "send_refused",
];

/// The outcomes of arrivals by the event log alone: the last place of each member of a family, requests left out,
/// and the worst of them.
fn recount(rows: &[Logged]) -> BTreeMap<&'static str, u64> {
    let mut places: BTreeMap<&str, Place> = BTreeMap::new();
    let mut messages: BTreeSet<&str> = BTreeSet::new();
    for row in rows.iter().filter(|row| !row.id.is_empty()) {
        if HANDED_ON.contains(&row.fact.as_str()) {
            messages.insert(&row.id);
        }
        let to = row.detail.split(' ').find_map(|word| word.strip_prefix("place="));
        if let Some(place) = Place::ALL.into_iter().find(|place| Some(place.word()) == to) {
            places.insert(&row.id, place);
        }
    }
    let is_copy = |id: &str| id.contains('.');
    places.retain(|id, _| !is_copy(id) || messages.contains(id));
    let mut worst: BTreeMap<&str, Place> = BTreeMap::new();
    for (id, place) in &places {
        let arrival = id.rsplit_once('.').map_or(*id, |(arrival, _)| arrival);
        let known = worst.entry(arrival).or_insert(*place);
        if known.severity() < place.severity() {
            *known = *place;
        }
    }
    let mut counts = BTreeMap::new();
    worst.values().for_each(|place| *counts.entry(place.word()).or_insert(0) += 1);
    counts
}

/// Plays a scenario, recounts its arrivals, and gives its results.
fn recounted(text: &str) -> Results {
    let (results, rows) = play(text);
    let ledger = &results.ledger.run;
    let mut found = recount(&rows);
    for place in Place::ALL {
        let counted = found.remove(place.word()).unwrap_or(0);
        assert_eq!(ledger.at(place), counted, "{}\n{text}", place.word());
    }
    let outcomes: u64 = ledger.places.iter().sum();
    assert_eq!(ledger.arrivals, outcomes, "{text}");
    let all = ledger.all_messages();
    assert_eq!(all.entered, all.places.iter().sum::<u64>(), "{text}");
    for place in
        Place::ALL.into_iter().filter(|place| Place::Succeeded.severity() < place.severity())
    {
        assert_eq!(results.why.arrivals(place), ledger.at(place), "{}\n{text}", place.word());
    }
    results
}

#[test]
fn calls_to_a_database_are_requests_and_not_arrivals() {
    let results = recounted(
        "
functions: {W: {Timeout: 10, calls: [{target: Db}, {target: Db}, {target: Db}]}}
dependencies: {Db: {service_time: 100ms}}
queues: {Q: {RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 1}}, D: {}}
event_source_mappings: {M: {EventSourceArn: Q, FunctionName: W, BatchSize: 1}}
callers: {C: {target: Q, arrivals: {at: [0s]}}}
",
    );
    let ledger = &results.ledger.run;
    assert_eq!((ledger.arrivals, ledger.at(Place::Succeeded)), (1, 1));
    assert!(!ledger.has_further_messages(), "a request is no message");
}

#[test]
fn a_caller_that_received_a_failure_has_no_success() {
    let results = recounted(
        "
functions:
  Front: {service_time: 10ms, calls: [{target: Back}, {target: Other}]}
  Back: {service_time: 10ms}
  Other: {service_time: 10ms, error_rate: 100%}
callers: {Web: {via: api_gateway_rest, target: Front, arrivals: {at: [0s], count: 100}}}
",
    );
    let ledger = &results.ledger.run;
    assert_eq!((ledger.at(Place::Failed), ledger.at(Place::Succeeded)), (100, 0));
    let results = recounted(
        "
functions:
  F: {service_time: 100ms, error_rate: 50%, calls: [{via: invoke_async, target: G}]}
  G: {service_time: 100ms}
callers: {Web: {via: api_gateway_http, target: F, arrivals: {at: [0s], count: 200}}}
",
    );
    let ledger = &results.ledger.run;
    assert_eq!(ledger.at(Place::Failed) + ledger.at(Place::Succeeded), 200);
    assert_eq!(ledger.all_messages().entered, ledger.at(Place::Succeeded));
}

#[test]
fn a_reason_names_what_happened_last() {
    let results = recounted(
        "
functions:
  F: {error_rate: 100%, EventInvokeConfig: {MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: Gone}}}}
  G: {EventInvokeConfig: {DestinationConfig: {OnSuccess: {Destination: Gone}}}}
  H: {error_rate: 100%, EventInvokeConfig: {MaximumRetryAttempts: 0}, DeadLetterConfig: {TargetArn: Gone}}
queues: {Gone: {forbidden: true}}
callers:
  U: {via: invoke_async, target: F, arrivals: {at: [0s], count: 2}}
  V: {via: invoke_async, target: G, arrivals: {at: [0s], count: 3}}
  W: {via: invoke_async, target: H, arrivals: {at: [0s], count: 5}}
",
    );
    let reasons: Vec<(&str, u64)> =
        results.ledger.run.dropped_by_reason.into_iter().filter(|(_, n)| *n > 0).collect();
    assert_eq!(reasons, [("DeadLetterErrors", 5), ("DestinationDeliveryFailures", 5)]);
    assert_eq!(results.ledger.run.partly, 3, "the events of G ran, their records are lost");
}

#[test]
fn what_never_ran_is_told_apart_from_what_failed() {
    let results = recounted(
        "
duration: 10m
functions: {Billing: {service_time: 30s, Timeout: 60, ReservedConcurrentExecutions: 1}}
queues: {Invoices: {VisibilityTimeout: 60, RedrivePolicy: {deadLetterTargetArn: Dead, maxReceiveCount: 3}}, Dead: {}}
event_source_mappings: {M: {EventSourceArn: Invoices, FunctionName: Billing, BatchSize: 1}}
callers: {Shop: {target: Invoices, arrivals: {every: 5s}}}
",
    );
    let dead = results.ledger.run.at(Place::DeadLettered);
    assert!(dead > 10, "{dead}");
    let never_ran = results.why.causes.iter().filter(|row| row.runs == (0, 0));
    assert_eq!(never_ran.map(|row| row.arrivals).sum::<u64>(), dead, "{:?}", results.why);
    let throttles = match results.resources.get("Billing").and_then(|all| all.get("Throttles")) {
        Some(dwell::observe::summary::Total::Count(n)) => *n,
        other => panic!("{other:?}"),
    };
    assert_eq!(results.why.limits.iter().map(|row| row.throttles).sum::<u64>(), throttles);
}

/// Scenarios with every kind of resource that makes messages.
pub const KINDS: [&str; 4] = [
    // A topic with a filter, a queue with poison, a function that fails.
    "
duration: 5m
topics: {Orders: {}}
subscriptions:
  ToParcels: {TopicArn: Orders, Protocol: sqs, Endpoint: Parcels, FilterPolicy: {kind: [parcel]}}
  ToMail: {TopicArn: Orders, Protocol: lambda, Endpoint: Mail}
queues: {Parcels: {VisibilityTimeout: 6, RedrivePolicy: {deadLetterTargetArn: Dead, maxReceiveCount: 2}}, Dead: {}}
functions: {Ship: {poison_rate: 10%, service_time: 50ms}, Mail: {error_rate: 60%, service_time: 50ms}}
event_source_mappings: {M: {EventSourceArn: Parcels, FunctionName: Ship, BatchSize: 5}}
callers: {Shop: {target: Orders, arrivals: {poisson: 3/s}, attributes: {kind: {choice: {parcel: 50%, letter: 50%}}}}}
",
    // A bus with two targets, destinations, and a dead-letter queue that a function empties.
    "
duration: 5m
buses: {Bus: {}}
rules:
  Paid: {EventBusName: Bus, EventPattern: {detail: {state: [paid]}}, Targets: [{Arn: !GetAtt Bill.Arn}, {Arn: !GetAtt Audit.Arn}]}
functions:
  Bill: {error_rate: 40%, EventInvokeConfig: {MaximumRetryAttempts: 1, DestinationConfig: {OnFailure: {Destination: Failed}, OnSuccess: {Destination: Done}}}}
  Audit: {service_time: 1s, ReservedConcurrentExecutions: 2}
  Replay: {calls: [{target: Done}]}
queues: {Failed: {}, Done: {}}
event_source_mappings: {M: {EventSourceArn: Failed, FunctionName: Replay}}
callers: {Shop: {target: Bus, arrivals: {poisson: 2/s}, attributes: {state: {choice: {paid: 90%, open: 10%}}}}}
",
    // A stream with two readers, one of which bisects.
    "
duration: 5m
streams: {Clicks: {source: kinesis, ShardCount: 2}}
functions: {Count: {service_time: 20ms, poison_rate: 2%}, Store: {service_time: 20ms, error_rate: 20%}}
queues: {Bad: {}}
event_source_mappings:
  A: {EventSourceArn: Clicks, FunctionName: Count, StartingPosition: TRIM_HORIZON, BatchSize: 10, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 2, DestinationConfig: {OnFailure: {Destination: Bad}}}
  B: {EventSourceArn: Clicks, FunctionName: Store, StartingPosition: TRIM_HORIZON, BatchSize: 20, MaximumRetryAttempts: 1}
callers: {Web: {target: Clicks, arrivals: {poisson: 5/s}}}
",
    // An API that sends to a queue and asks a database that refuses.
    "
duration: 5m
functions:
  Api: {service_time: 50ms, Timeout: 3, calls: [{target: Db, retry: {attempts: 2}}, {target: Jobs}]}
  Work: {service_time: 200ms, error_rate: 30%}
dependencies: {Db: {concurrency: 2, service_time: 300ms}}
queues: {Jobs: {VisibilityTimeout: 18, RedrivePolicy: {deadLetterTargetArn: Dead, maxReceiveCount: 2}}, Dead: {}}
event_source_mappings: {M: {EventSourceArn: Jobs, FunctionName: Work, BatchSize: 1}}
callers: {Web: {via: api_gateway_http, target: Api, arrivals: {poisson: 8/s}}}
timeline: [{at: 2m, for: 1m, set: {queues.Jobs.forbidden: true}}]
",
];

#[test]
fn an_independent_recount_of_the_event_log_gives_the_ledger() {
    for text in KINDS {
        let results = recounted(text);
        let ledger = &results.ledger.run;
        assert!(ledger.arrivals > 300, "{text}");
        assert!(ledger.at(Place::Succeeded) < ledger.arrivals, "something is lost\n{text}");
    }
}

#[test]
fn a_share_of_arrivals_is_never_above_one_and_a_quantile_among_the_lost_is_never() {
    let text = format!(
        "{}thresholds:\n  - succeeded / arrivals <= 1\n  - dead_lettered + dropped > 0\n",
        KINDS[0]
    );
    let scenario = read(&text);
    let thresholds = experiment::thresholds(&scenario).expect("they are right");
    let played = experiment::play(&scenario.config, thresholds, None, &LIMITS);
    assert!(played.outcome.results.thresholds.iter().all(|verdict| verdict.holds));
    let text = "
functions: {F: {error_rate: 100%, EventInvokeConfig: {MaximumRetryAttempts: 0}}}
callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s], count: 9}}}
thresholds:
  - C.latency p50 > 100d
  - C.latency p50 < 100d
  - C.latency count == 9
";
    let scenario = read(text);
    let thresholds = experiment::thresholds(&scenario).expect("they are right");
    let played = experiment::play(&scenario.config, thresholds, None, &LIMITS);
    let verdicts = &played.outcome.results.thresholds;
    let holds: Vec<bool> = verdicts.iter().map(|verdict| verdict.holds).collect();
    assert_eq!(holds, [true, false, true]);
    assert_eq!(verdicts[0].sides[0].to_string(), "never");
    let json = serde_json::to_value(&verdicts[0].sides[0]).expect("it is written");
    assert_eq!((&json["value"], &json["never"]), (&serde_json::Value::Null, &true.into()));
}

#[test]
fn what_goes_on_elsewhere_does_not_move_the_mean_of_a_gauge() {
    let alone = "
duration: 10m
functions: {F: {service_time: 1s}, Other: {service_time: 1s, error_rate: 100%}}
callers:
  C: {via: invoke_async, target: F, arrivals: {poisson: 2/s}}
";
    let beside =
        format!("{alone}  D: {{via: invoke_async, target: Other, arrivals: {{at: [9m59s]}}}}\n");
    let mean = |text: &str| {
        let (results, _) = play(text);
        let ended = results.ended_at_s;
        let of = results.resources.get("F").and_then(|all| all.get("ConcurrentExecutions"));
        match of {
            Some(dwell::observe::summary::Total::Gauge(gauge)) => (gauge.mean, ended),
            other => panic!("{other:?}"),
        }
    };
    let ((alone, first), (beside, second)) = (mean(alone), mean(&beside));
    assert!(first < second, "the other goes on for longer");
    assert_eq!(alone, beside);
}
