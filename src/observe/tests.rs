//! Timelines of facts made by hand: what each comes to.

use super::*;
use crate::model::config::{
    Behaviour, EventQueue, Function, IdleLife, MaxAge, OnPartialFailure, Queue, Reading,
};
use crate::{
    kernel::{Probability, Span, Time},
    model::{
        Fact, Moment, Observer, Register,
        config::{Config, Resources},
        outcome::{Origin, Role},
        value::Quantity,
        vocabulary::QueueId,
    },
};
use std::sync::Arc;

/// A function with every property at its default.
pub fn function(name: &str) -> Function {
    Function {
        name: name.to_owned(),
        timeout: Span::secs(3),
        memory_mb: 128,
        architecture: Default::default(),
        reserved: None,
        provisioned: 0,
        loops_allowed: false,
        dead_letter: None,
        retries_max: 2,
        age_max: Span::hours(6),
        on_success: None,
        on_failure: None,
        answers: false,
        forbidden: false,
        system_error_rate: Probability::NEVER,
        init_time: Quantity::Plain(0),
        keep_alive: IdleLife::Law(Quantity::span(Span::mins(10))),
        environment_max_age: MaxAge::Never,
        behaviour: Behaviour::default(),
        cases: Vec::new(),
        on_partial_failure: OnPartialFailure::Continue,
        calls: Vec::new(),
        event_queue: EventQueue::default(),
    }
}

/// A queue with every property at its default.
pub fn queue(name: &str) -> Queue {
    Queue {
        name: name.to_owned(),
        visibility: Span::secs(30),
        retention: Span::days(4),
        delay: Span::ZERO,
        redrive: None,
        fifo: None,
        system_error_rate: Probability::NEVER,
        forbidden: false,
        read: Reading::Enabled,
        dead_letter_queue: false,
    }
}

use crate::model::{
    Place, Rule,
    config::{
        self, Account, Call, EventRule, Mapping, Outlet, OutletOf, Redrive, Retry, Sink, SinkKind,
        Source, Via,
    },
    facts::{Answer, Held, Maker},
    policy::delivery::Tries,
    services::Service,
    value::{AttributeId, Catalog, WordLaw},
    vocabulary::{
        BatchId, CallId, Condition, Deletion, Entry, ErrorKind, FunctionId, GivenUp, MappingId,
        OutletId, PayloadId, ReaderId, RuleId, ShardId, SinkId, StreamId, Target, Undelivered,
        Work,
    },
};
use crate::model::{config::Assumptions, value::Word};
use summary::{DistributionTotal, GaugeTotal, Total};

const WORKER: FunctionId = FunctionId(0);
const JOBS: QueueId = QueueId(0);
const DLQ: QueueId = QueueId(1);
const CLICKS: StreamId = StreamId(0);
const PARSE: ReaderId = ReaderId(0);
/// Asks and does not wait.
const UPLOADS: CallId = CallId(0);
/// Asks and waits.
const USERS: CallId = CallId(1);
/// Sends to a queue.
const FEED: CallId = CallId(2);
/// A call of the function, which has no measures.
const INNER: CallId = CallId(3);

/// A call with every property at its default.
pub fn call(name: &str, via: Via, target: Target) -> Call {
    Call {
        name: name.to_owned(),
        via,
        integration: None,
        buffering: None,
        target,
        timeout: None,
        retry: Retry::default(),
        payload_bytes: Quantity::Plain(0),
        delay: None,
        words: false,
        arrivals: Vec::new(),
    }
}

fn outlet(origin: OutletOf) -> Outlet {
    Outlet {
        name: "Outlet".into(),
        luck: "Outlet".into(),
        origin,
        service: Service::Sns,
        target: Target::Queue(JOBS),
        wants: None,
        enabled: true,
        forbidden: false,
        system_error_rate: Probability::NEVER,
        tries: Tries::NONE,
        delay: Quantity::Plain(0),
        window: Span::ZERO,
        dead_letter: None,
        patience: Span::ZERO,
    }
}

fn resources() -> Resources {
    let redrive = Some(Redrive { dead_letter_queue: DLQ, receives_max: 3 });
    Resources {
        account: Account { concurrency: 1000 },
        functions: vec![function("Worker"), Function { reserved: Some(5), ..function("Kept") }],
        queues: vec![Queue { redrive, ..queue("Jobs") }, queue("JobsDLQ")],
        sinks: vec![
            Sink {
                name: "Shipped".into(),
                kind: SinkKind::Topic,
                system_error_rate: Probability::NEVER,
                forbidden: false,
            },
            Sink {
                name: "Bus".into(),
                kind: SinkKind::Bus,
                system_error_rate: Probability::NEVER,
                forbidden: false,
            },
        ],
        rules: vec![EventRule { name: "Paid".into() }],
        outlets: [OutletOf::Topic(SinkId(0)), OutletOf::Rule(SinkId(1), RuleId(0))]
            .map(outlet)
            .into(),
        mappings: vec![Mapping {
            name: "JobsToWorker".into(),
            queue: JOBS,
            function: WORKER,
            batch_size: 10,
            window: Span::ZERO,
            reports_failures: false,
            concurrency_max: None,
            provisioned: None,
            filters: Vec::new(),
            enabled: true,
        }],
        streams: Vec::new(),
        readers: Vec::new(),
        dependencies: Vec::new(),
        alarms: Vec::new(),
        calls: vec![
            call("Uploads", Via::InvokeAsync, Target::Function(WORKER)),
            call("Users", Via::Invoke, Target::Function(WORKER)),
            call("Feed", Via::Send, Target::Queue(JOBS)),
            call("Worker.calls.0", Via::Send, Target::Queue(JOBS)),
        ],
        callers: 3,
        assumptions: Assumptions::default(),
    }
}

/// Every third payload is bad, the others are ok.
fn catalog() -> Catalog {
    let law = |content: &Resources| {
        let words = vec![Word::Text(2), Word::Text(2), Word::Text(3)];
        let stream = crate::kernel::Stream::new(1, "attribute/kind");
        vec![vec![(AttributeId(0), WordLaw::Cycle(words), stream)]; content.calls.len()]
    };
    Catalog {
        texts: ["yes", "no", "ok", "bad"].map(str::to_owned).to_vec(),
        attributes: vec!["kind".to_owned()],
        laws: law(&resources()),
        callers: vec![Word::Text(2); 3],
    }
}

fn config() -> Config {
    Config {
        seed: 1,
        duration: at(3600),
        drain: Span::days(15),
        warmup: Time::ZERO,
        period: Span::mins(1),
        resources: Arc::new(resources()),
        timeline: Vec::new(),
        catalog: Arc::new(catalog()),
    }
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Span::secs(seconds)
}

fn point(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    Some(at(hours.parse::<u64>().ok()? * 3600 + minutes.parse::<u64>().ok()? * 60))
}

fn read(text: &str) -> Threshold {
    let names = Names::of(&resources(), &["kind".to_owned()], &point);
    Threshold::parse(Scope::All, text, &names).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}

/// A run of facts made by hand.
struct Play {
    watch: Full<'static>,
    register: Register,
    now: Time,
    numbers: [u64; 4],
}

impl Play {
    fn new() -> Play {
        Play::of(&config(), &[])
    }

    fn with(thresholds: &[&str]) -> Play {
        Play::of(&config(), thresholds)
    }

    fn of(config: &Config, thresholds: &[&str]) -> Play {
        let read: Vec<Threshold> = thresholds.iter().map(|text| read(text)).collect();
        Play {
            watch: Full::new(config, read),
            register: Register::default(),
            now: Time::ZERO,
            numbers: [0; 4],
        }
    }

    /// The clock goes on to this many seconds.
    fn at(&mut self, seconds: u64) -> &mut Play {
        self.now = at(seconds);
        self
    }

    fn note(&mut self, fact: Fact) -> &mut Play {
        let moved = self.register.follow(self.now, &fact);
        let (now, register) = (self.now, &self.register);
        self.watch.saw(&Moment { now, rule: Rule::A1_1, register, moved }, &fact);
        self
    }

    fn arrive(&mut self, call: CallId) -> PayloadId {
        let number = &mut self.numbers[call.index()];
        *number += 1;
        let base = u64::from(call.0) << 40;
        let payload = self.register.arrive(call, base, *number, self.now);
        self.note(Fact::Arrived { call, payload });
        payload
    }

    fn copy(&mut self, parent: PayloadId) -> PayloadId {
        let payload = self.register.copy(parent, 7, 0, Role::Message(Origin::Call), self.now);
        self.note(Fact::Copied { maker: Maker::Destination(WORKER), payload });
        payload
    }

    fn accept(&mut self, payload: PayloadId) -> &mut Play {
        self.note(Fact::Accepted { function: WORKER, payload })
    }

    fn try_it(&mut self, payload: PayloadId, age: u64, first: bool) -> &mut Play {
        self.note(Fact::Tried { function: WORKER, payload, age: Span::secs(age), first })
    }

    fn start(&mut self, payload: PayloadId) -> &mut Play {
        self.start_of(WORKER, payload)
    }

    fn start_of(&mut self, function: FunctionId, payload: PayloadId) -> &mut Play {
        self.note(Fact::RunStarted {
            function,
            payload,
            work: Work::One(payload),
            attempt: 1,
            records: 1,
            cold: None,
            provisioned: false,
        })
    }

    fn end(&mut self, payload: PayloadId, started: u64, ok: bool) -> &mut Play {
        self.register.get_mut(payload).runs += 1;
        let started = at(started);
        let error = (!ok).then_some(ErrorKind::Handler);
        let ran = self.now.since(started);
        self.note(Fact::RunEnded {
            function: WORKER,
            payload,
            started,
            ran,
            error,
            provisioned: false,
        })
    }

    fn complete(&mut self, payload: PayloadId, age: u64) -> &mut Play {
        self.note(Fact::Completed { function: WORKER, payload, age: Span::secs(age) })
    }

    fn send(&mut self, queue: QueueId, payload: PayloadId, entry: Entry) -> &mut Play {
        let place = if queue == DLQ { Place::DeadLettered } else { Place::Waiting };
        self.note(Fact::Enqueued { queue, payload, entry, delayed: false, place })
    }

    fn receive(&mut self, payload: PayloadId, count: u32) -> &mut Play {
        self.note(Fact::Received { queue: JOBS, payload, count, batch: BatchId(0) })
    }

    /// The run is over; nothing was wrong.
    fn finish(mut self) -> Outcome {
        let outcome = self.watch.finish(self.now, &self.register).expect("it has a watch");
        assert_eq!(outcome.faults, Vec::<String>::new());
        outcome
    }
}

/// The thresholds that do not hold, with what their sides came to.
fn broken(outcome: &Outcome) -> Vec<String> {
    let verdicts = outcome.results.thresholds.iter().filter(|verdict| !verdict.holds);
    let told = verdicts.map(|verdict| {
        let sides: Vec<String> = verdict.sides.iter().map(ToString::to_string).collect();
        format!("{}: {}", verdict.threshold, sides.join(", "))
    });
    told.collect()
}

#[track_caller]
fn all_hold(outcome: &Outcome) {
    assert_eq!(broken(outcome), Vec::<String>::new());
}

fn count(outcome: &Outcome, name: &str, measure: &str) -> u64 {
    match find(outcome, name, measure) {
        Total::Count(count) => *count,
        other => panic!("{name}.{measure} is no count: {other:?}"),
    }
}

fn gauge(outcome: &Outcome, name: &str, measure: &str) -> GaugeTotal {
    match find(outcome, name, measure) {
        Total::Gauge(gauge) => *gauge,
        other => panic!("{name}.{measure} is no gauge: {other:?}"),
    }
}

fn samples(outcome: &Outcome, name: &str, measure: &str) -> DistributionTotal {
    match find(outcome, name, measure) {
        Total::Distribution(samples) => **samples,
        other => panic!("{name}.{measure} is no distribution: {other:?}"),
    }
}

fn find<'a>(outcome: &'a Outcome, name: &str, measure: &str) -> &'a Total {
    let Results { resources, callers, .. } = &outcome.results;
    let measures = resources.get(name).or(callers.get(name)).expect("a name of the file");
    measures.get(measure).expect("a measure it has")
}

/// Rows of one measure: minute, sum, number of samples, min, max.
fn rows(outcome: &Outcome, measure: Measure) -> Vec<(u64, f64, u64, f64, f64)> {
    let rows = outcome.series.rows().filter(|row| row.measure == measure);
    rows.map(|row| (row.period, row.sum(), row.stats.samples, row.min(), row.max())).collect()
}

#[test]
fn sm2_errors_are_stamped_at_the_start_of_their_run() {
    let mut play = Play::with(&[
        "Worker.Errors all_at == [50s]",
        "Worker.Errors per 1m max during ..1m == 1",
        "Worker.Errors during 1m.. == 0",
    ]);
    play.at(50);
    let payload = play.arrive(UPLOADS);
    play.accept(payload).try_it(payload, 0, true).start(payload);
    let outcome = {
        play.at(70).end(payload, 50, false);
        let requeued = Fact::Requeued { function: WORKER, payload, wait: Span::secs(60) };
        play.note(requeued).at(130).try_it(payload, 80, false).start(payload);
        play.at(131).end(payload, 130, true).complete(payload, 81);
        play.finish()
    };
    all_hold(&outcome);
    assert_eq!(count(&outcome, "Worker", "Errors"), 1);
    let errors = rows(&outcome, Measure::Errors);
    assert_eq!(errors, [(0, 1.0, 1, 1.0, 1.0), (2, 0.0, 1, 0.0, 0.0)]);
}

#[test]
fn sm3_a_throttled_try_is_no_invocation_but_ages() {
    let mut play = Play::new();
    let payload = play.arrive(UPLOADS);
    play.accept(payload).try_it(payload, 0, true);
    play.note(Fact::Throttled { function: WORKER, payload, work: Work::One(payload) });
    play.note(Fact::Requeued { function: WORKER, payload, wait: Span::secs(1) });
    play.at(1).try_it(payload, 1, false).start(payload);
    play.at(3).end(payload, 1, true).complete(payload, 3);
    let outcome = play.finish();
    let counted =
        ["Invocations", "Errors", "Throttles"].map(|name| count(&outcome, "Worker", name));
    assert_eq!(counted, [1, 0, 1]);
    assert_eq!(rows(&outcome, Measure::Throttles), [(0, 1.0, 2, 0.0, 1.0)], "a 0 for a try let in");
    assert_eq!(rows(&outcome, Measure::Errors), [(0, 0.0, 2, 0.0, 0.0)], "a 0 for each try");
    let age = samples(&outcome, "Worker", "AsyncEventAge");
    assert_eq!((age.count, age.min, age.max), (2, Some(0.0), Some(1000.0)));
    assert_eq!(samples(&outcome, "Worker", "dwell_time").count, 1, "the first try only");
    assert_eq!(samples(&outcome, "Worker", "Duration").max, Some(2000.0));
    assert_eq!(samples(&outcome, "Worker", "attempts_per_event").max, Some(1.0));
}

#[test]
fn an_event_given_up_is_dropped_even_when_it_is_kept() {
    let mut play = Play::new();
    for kept in [true, false] {
        let payload = play.arrive(UPLOADS);
        play.accept(payload).try_it(payload, 0, true);
        let condition = Condition::ZeroReservedConcurrency;
        let age = Span::ZERO;
        play.note(Fact::Discarded { function: WORKER, payload, condition, runs: 0, age });
        if kept {
            play.send(DLQ, payload, Entry::DeadLetter);
        } else {
            play.note(Fact::Dropped { function: WORKER, payload, condition });
        }
    }
    let outcome = play.finish();
    assert_eq!(count(&outcome, "Worker", "AsyncEventsDropped"), 2);
    let ledger = &outcome.results.ledger.run;
    assert_eq!((ledger.at(Place::Dropped), ledger.at(Place::DeadLettered)), (1, 1));
    let json = serde_json::to_value(&outcome.results.ledger.run).unwrap();
    assert_eq!(json["dropped_by_reason"]["ZeroReservedConcurrency"], 1);
    assert_eq!(count(&outcome, "JobsDLQ", "NumberOfMessagesSent"), 1, "Lambda sends");
}

#[test]
fn m5_automatic_moves_are_no_sends() {
    let mut play = Play::with(&[
        "JobsDLQ.arrived all_at == [90s]",
        "JobsDLQ.NumberOfMessagesSent == 0",
        "Jobs.redriven first_at == 90s",
        "Jobs.ApproximateNumberOfMessagesNotVisible max == 1",
        "Jobs.ApproximateNumberOfMessagesNotVisible mean during ..90s == 1",
        "Jobs.ApproximateNumberOfMessagesNotVisible last_at == 90s",
        "Jobs.ApproximateNumberOfMessagesNotVisible all_at == [0s, 30s, 60s]",
        "JobsDLQ.ApproximateNumberOfMessagesVisible at 89s == 0",
        "JobsDLQ.ApproximateNumberOfMessagesVisible at 90s == 1",
        "JobsDLQ.ApproximateNumberOfMessagesVisible last_at == 200s",
        "dead_lettered == 0",
        "dead_lettered at 100s == 1",
        "dead_lettered during 0s..90s == 0",
        "dead_lettered during 90s.. == 1",
        "dead_lettered sum == 1",
        "Feed.dead_lettered max == 1",
        "Jobs.arrived == 2",
        "Jobs.NumberOfMessagesSent == 1",
        "waiting == 1",
        "waiting max == 1",
        "Feed.in_flight max per 100s max during ..200s == 1",
    ]);
    let payload = play.arrive(FEED);
    play.send(JOBS, payload, Entry::Sent);
    for nth in 1..=3 {
        play.at(30 * (u64::from(nth) - 1)).receive(payload, nth);
        play.at(30 * u64::from(nth));
        play.note(Fact::Returned { queue: JOBS, payload, count: nth, place: Place::Waiting });
    }
    play.note(Fact::Redriven { queue: JOBS, payload, count: 3 });
    play.send(DLQ, payload, Entry::Redriven);
    play.at(200).note(Fact::MovedBack { queue: DLQ, payload });
    play.send(JOBS, payload, Entry::MovedBack);
    all_hold(&play.finish());
}

#[test]
fn queue_gauges_follow_each_state() {
    let mut play = Play::new();
    let payload = play.arrive(FEED);
    let place = Place::Waiting;
    let entry = Entry::Sent;
    play.note(Fact::Enqueued { queue: JOBS, payload, entry, delayed: true, place });
    play.at(30).note(Fact::Appeared { queue: JOBS, payload });
    play.at(40).receive(payload, 1);
    let why = Deletion::Processed;
    play.at(60).note(Fact::Deleted { queue: JOBS, payload, why, was: Held::InFlight });
    play.watch.sampled(at(60), JOBS, Some(Span::secs(60)));
    play.watch.sampled(at(120), JOBS, None);
    play.at(120);
    let outcome = play.finish();
    let gauges = ["Delayed", "Visible", "NotVisible"]
        .map(|state| gauge(&outcome, "Jobs", &format!("ApproximateNumberOfMessages{state}")));
    assert_eq!(gauges.map(|gauge| gauge.max), [1.0; 3]);
    assert_eq!(gauges.map(|gauge| gauge.mean.unwrap()), [30.0, 10.0, 20.0].map(|s| s / 120.0));
    assert_eq!(gauges.map(|gauge| gauge.end), [0.0; 3]);
    let age = gauge(&outcome, "Jobs", "ApproximateAgeOfOldestMessage");
    assert_eq!((age.max, age.end), (60.0, 0.0), "in seconds, as CloudWatch has it");
    assert_eq!(count(&outcome, "Jobs", "NumberOfMessagesDeleted"), 1);
    assert_eq!(count(&outcome, "Feed", "succeeded"), 1);
}

#[test]
fn latency_is_the_answer_for_one_who_waits_and_the_end_of_the_run_otherwise() {
    let mut play = Play::new();
    let asked = play.arrive(USERS);
    play.note(Fact::Requested { call: USERS, payload: asked, attempt: 1 });
    let queued = play.arrive(UPLOADS);
    play.accept(queued).try_it(queued, 0, true);
    play.at(4);
    let answered = |answer, took| Fact::Answered {
        call: USERS,
        payload: asked,
        answer,
        took: Span::secs(took),
    };
    play.note(answered(Answer::Throttled, 1));
    play.note(Fact::Requested { call: USERS, payload: asked, attempt: 2 });
    play.note(answered(Answer::Ok, 3));
    let since = Span::secs(4);
    play.note(Fact::Processed { function: WORKER, payload: asked, nth: 1 });
    play.note(Fact::Resolved { call: USERS, payload: asked, ok: true, since });
    play.at(6).note(Fact::Processed { function: WORKER, payload: queued, nth: 1 });
    let copy = play.copy(queued);
    play.complete(queued, 6);
    play.at(9).note(Fact::Processed { function: WORKER, payload: copy, nth: 1 });
    play.note(Fact::Processed { function: WORKER, payload: copy, nth: 2 });
    play.at(10).note(Fact::Published { sink: None, payload: copy, place: Place::Delivered });
    let outcome = play.finish();
    let latency = |name| samples(&outcome, name, "latency");
    assert_eq!((latency("Users").count, latency("Users").max), (1, Some(4000.0)));
    let uploads = latency("Uploads");
    assert_eq!((uploads.count, uploads.max), (1, Some(10_000.0)), "to the end of all work");
    assert_eq!(samples(&outcome, "Users", "end_to_end").max, Some(4000.0));
    assert_eq!(samples(&outcome, "Uploads", "end_to_end").max, Some(10_000.0), "with its copy");
    let response = samples(&outcome, "Users", "response_time");
    assert_eq!((response.count, response.max), (2, Some(3000.0)));
    assert_eq!(count(&outcome, "Users", "requests"), 2);
    assert_eq!(count(&outcome, "Uploads", "messages"), 2);
    assert_eq!(count(&outcome, "Worker", "duplicates"), 1);
    let json = serde_json::to_value(&outcome.results).unwrap();
    assert_eq!(json["callers"]["Users"]["answered"].to_string(), r#"{"200":1,"429":1}"#);
}

#[test]
fn what_failed_never_comes_to_its_end() {
    let mut play = Play::new();
    let payload = play.arrive(USERS);
    let since = Span::secs(1);
    play.at(1).note(Fact::Resolved { call: USERS, payload, ok: false, since });
    let outcome = play.finish();
    for name in ["end_to_end", "latency"] {
        let never = samples(&outcome, "Users", name);
        assert_eq!((never.count, never.never, never.p50), (1, true, None), "{name}");
    }
    assert_eq!(count(&outcome, "Users", "failed"), 1);
}

#[test]
fn a_functions_call_has_no_measures_of_its_own() {
    let mut play = Play::new();
    let payload = play.arrive(UPLOADS);
    play.note(Fact::Requested { call: INNER, payload, attempt: 1 });
    let took = Span::ZERO;
    play.note(Fact::Answered { call: INNER, payload, answer: Answer::Ok, took });
    let outcome = play.finish();
    assert_eq!(count(&outcome, "Uploads", "requests"), 0);
}

#[test]
fn a_run_is_wasted_once_even_if_it_failed_and_nobody_waited() {
    let mut play = Play::new();
    for wasted in [true, false] {
        let payload = play.arrive(USERS);
        play.start(payload).end(payload, 0, !wasted);
        play.note(Fact::Billed {
            function: WORKER,
            payload,
            billed_ms: 1000,
            wasted,
            provisioned: false,
        });
        play.note(Fact::Unawaited { function: WORKER, payload });
    }
    let outcome = play.finish();
    assert_eq!(count(&outcome, "Worker", "wasted_invocations"), 2);
    // Two seconds of 128 MB.
    assert_eq!(*find(&outcome, "Worker", "billed_gb_seconds"), Total::Amount(0.25));
}

#[test]
fn sm7_reserved_concurrency_is_not_unreserved() {
    let mut play = Play::with(&[
        "account.UnreservedConcurrentExecutions max == 1",
        "account.UnreservedConcurrentExecutions == 0",
        "account.ConcurrentExecutions max == 2",
        "Kept.ConcurrentExecutions max == 1",
    ]);
    let payload = play.arrive(USERS);
    play.start(payload).start_of(FunctionId(1), payload);
    // The running function becomes reserved.
    let mut changed = resources();
    changed.functions[0].reserved = Some(1);
    play.at(5).watch.configured(at(5), &changed);
    play.at(10);
    let outcome = play.finish();
    all_hold(&outcome);
    let unreserved = gauge(&outcome, "account", "UnreservedConcurrentExecutions");
    assert_eq!((unreserved.end, unreserved.mean, unreserved.max), (0.0, Some(0.5), 1.0));
    assert_eq!(gauge(&outcome, "account", "ConcurrentExecutions").mean, Some(2.0));
}

#[test]
fn mappings_and_sinks_count_what_they_are_told() {
    let mut play = Play::new();
    let payload = play.arrive(FEED);
    let mapping = MappingId(0);
    play.note(Fact::PollersScaled { mapping, pollers: 5 });
    play.note(Fact::Polled { mapping, events: 10, requests: 1 });
    play.note(Fact::Polled { mapping, events: 4, requests: 3 });
    play.note(Fact::FilteredOut { mapping, payload, nth: 1 });
    play.note(Fact::Invoked { mapping, events: 13 });
    play.note(Fact::InvokeFailed { mapping, events: 3 });
    play.note(Fact::EventsDeleted { mapping, events: 10 });
    play.note(Fact::EmptyReceive { queue: JOBS });
    for sink in [Resource::topic(SinkId(0)), Resource::sink(SinkKind::Bus, SinkId(1))] {
        play.note(Fact::Published { sink: Some(sink), payload, place: Place::Delivered });
    }
    let outcome = play.finish();
    let names = ["PolledEventCount", "FilteredOutEventCount", "InvokedEventCount"];
    assert_eq!(names.map(|name| count(&outcome, "JobsToWorker", name)), [14, 1, 13]);
    let names = ["FailedInvokeEventCount", "DeletedEventCount"];
    assert_eq!(names.map(|name| count(&outcome, "JobsToWorker", name)), [3, 10]);
    assert_eq!(gauge(&outcome, "JobsToWorker", "pollers").end, 5.0);
    assert_eq!(rows(&outcome, Measure::PolledEventCount), [(0, 14.0, 2, 4.0, 10.0)]);
    assert_eq!(count(&outcome, "Shipped", "NumberOfMessagesPublished"), 1);
    assert_eq!(count(&outcome, "Bus", "published"), 1);
    assert_eq!(count(&outcome, "Jobs", "NumberOfEmptyReceives"), 1);
    // Receives 1 and 3, the empty one among the mapping's; a delete of 1 and one of 10 at once.
    let requests = ["Jobs", "Shipped", "Bus"].map(|name| count(&outcome, name, "billed_requests"));
    assert_eq!(requests, [6, 1, 1]);
}

#[test]
fn a_topic_and_a_rule_count_what_became_of_their_deliveries() {
    let mut play = Play::new();
    let payload = play.arrive(FEED);
    let why = Undelivered::Exhausted;
    for outlet in [OutletId(0), OutletId(1)] {
        play.note(Fact::NotWanted { outlet, payload });
        let wait = Span::secs(1);
        play.note(Fact::DeliveryRetried { outlet, payload, attempt: 2, wait });
        play.note(Fact::HandedOn { outlet, payload, took: Span::secs(2) });
        play.note(Fact::DeliveryFailed { outlet, payload, why, attempts: 2 });
        play.note(Fact::DeliveryKept { outlet, payload });
        play.note(Fact::DeliveryNotKept { outlet, payload });
    }
    play.note(Fact::DeliveryLost { outlet: OutletId(1), payload, why });
    let outcome = play.finish();
    let names = ["Delivered", "Failed", "FilteredOut", "RedrivenToDlq", "FailedToRedriveToDlq"];
    for name in names.map(|name| format!("NumberOfNotifications{name}")) {
        assert_eq!(count(&outcome, "Shipped", &name), 1, "{name}");
    }
    let names = ["Invocations", "FailedInvocations", "RetryInvocationAttempts"];
    assert_eq!(names.map(|name| count(&outcome, "Paid", name)), [2, 1, 1]);
    let names = ["InvocationsSentToDlq", "InvocationsFailedToBeSentToDlq"];
    assert_eq!(names.map(|name| count(&outcome, "Paid", name)), [1, 1]);
    let dropped = outcome.results.ledger.run.dropped_by_reason;
    assert!(dropped.contains(&("DeliveryExhausted", 1)), "{dropped:?}");
}

#[test]
fn a_cold_start_is_one_even_if_it_takes_no_time() {
    let mut play = Play::new();
    let payload = play.arrive(USERS);
    let cold = Some(Span::ZERO);
    play.note(Fact::RunStarted {
        function: WORKER,
        payload,
        work: Work::One(payload),
        attempt: 1,
        records: 1,
        cold,
        provisioned: false,
    });
    assert_eq!(count(&play.finish(), "Worker", "cold_starts"), 1);
}

#[test]
fn what_enters_before_the_warm_up_is_in_the_ledger_only() {
    let config = Config { warmup: at(100), ..config() };
    let mut play = Play::of(&config, &["Worker.Invocations == 2", "Uploads.arrivals == 1"]);
    let early = play.arrive(UPLOADS);
    play.accept(early).try_it(early, 0, true).start(early);
    play.at(90).end(early, 0, false);
    play.note(Fact::Requeued { function: WORKER, payload: early, wait: Span::secs(60) });
    play.at(150).try_it(early, 150, false).start(early);
    let late = play.arrive(UPLOADS);
    play.accept(late).try_it(late, 0, true).start(late);
    play.at(200).end(early, 150, true).complete(early, 200).end(late, 150, true).complete(late, 50);
    let outcome = play.finish();
    all_hold(&outcome);
    assert_eq!(count(&outcome, "Worker", "Invocations"), 2, "both from 100 s on");
    assert_eq!(count(&outcome, "Worker", "Errors"), 0, "its run started before");
    assert_eq!(samples(&outcome, "Worker", "Duration").count, 1, "what entered after");
    assert_eq!(samples(&outcome, "Worker", "AsyncEventAge").count, 1);
    assert_eq!(samples(&outcome, "Uploads", "end_to_end").max, Some(50_000.0));
    assert_eq!(count(&outcome, "Uploads", "arrivals"), 2);
    let running = gauge(&outcome, "Worker", "ConcurrentExecutions");
    assert_eq!((running.mean, running.max), (Some(1.0), 2.0), "2 of them for half of the time");
    assert_eq!(rows(&outcome, Measure::Invocations), [(2, 2.0, 2, 1.0, 1.0)]);
    let arrivals = rows(&outcome, Measure::Arrivals);
    assert_eq!(arrivals, [(0, 1.0, 1, 1.0, 1.0), (2, 1.0, 1, 1.0, 1.0)]);
}

#[test]
fn the_series_has_no_rows_for_what_did_not_change() {
    let mut play = Play::new();
    let payload = play.arrive(USERS);
    play.start(payload).at(190).end(payload, 0, true).at(1_000_000);
    let outcome = play.finish();
    let running = [(0, 1.0, 2, 0.0, 1.0), (3, 1.0, 2, 0.0, 1.0)];
    let of_function: Vec<_> = outcome
        .series
        .rows()
        .filter(|row| row.resource == WORKER.into())
        .filter(|row| row.measure == Measure::ConcurrentExecutions)
        .map(|row| (row.period, row.sum(), row.stats.samples, row.min(), row.max()))
        .collect();
    assert_eq!(of_function, running, "the second starts where the first ended");
    let order: Vec<_> =
        outcome.series.rows().map(|row| (row.period, row.resource, row.measure)).collect();
    assert!(order.is_sorted());
}

#[test]
fn thresholds_narrow_by_attribute_status_and_reason() {
    let mut play = Play::with(&[
        "arrivals[kind=bad] == 1",
        "arrivals[kind=ok] == 2",
        "Uploads.dropped[kind=bad] == 1",
        "dropped[kind=ok] == 0",
        "dropped[reason=RetriesExhausted] == 1",
        "dropped[reason=Purged] == 0",
        "succeeded[kind=ok] == 2",
        "Uploads.answered[status=202] == 3",
        "Uploads.answered[status=429] == 0",
        "Uploads.in_flight[kind=bad] max == 1",
        "dropped / arrivals == 33.3333333333333333%",
        "dropped / arrivals * 3 == 1",
        "33% < dropped / arrivals <= 34%",
    ]);
    for nth in 1..=3 {
        let payload = play.at(nth).arrive(UPLOADS);
        let took = Span::ZERO;
        play.note(Fact::Answered { call: UPLOADS, payload, answer: Answer::Ok, took });
        play.accept(payload).try_it(payload, 0, true);
        if nth == 3 {
            let (condition, age) = (Condition::RetriesExhausted, Span::ZERO);
            play.note(Fact::Discarded { function: WORKER, payload, condition, runs: 3, age });
            play.note(Fact::Dropped { function: WORKER, payload, condition });
        } else {
            play.complete(payload, 0);
        }
    }
    let nearly = "dropped / arrivals == 33.3333333333333333%: ";
    let broken = broken(&play.finish());
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].starts_with(nearly), "a third is not that");
}

#[test]
fn thresholds_take_windows_periods_and_instants() {
    let mut play = Play::with(&[
        "Worker.Invocations all_at == [0s, 60.1s, 180.2s]",
        "Worker.Invocations first_at == 0s",
        "180s < Worker.Invocations last_at <= 180.2s",
        "Worker.Invocations during ..60.1s == 1",
        "Worker.Invocations during 60.1s..3m == 1",
        "Worker.Invocations per 1m max == 1",
        "Worker.Invocations per 1m min during ..4m == 0",
        "Worker.Invocations per 1m mean during ..4m == 0.75",
        "Worker.Invocations per 1m p50 during ..4m == 1",
        "Worker.Invocations per 1m count == 60",
        "Worker.Invocations per 1m sum == 3",
        "Worker.Duration p50 == 100",
        "Worker.Duration p99 == 100ms",
        "Worker.Duration mean during ..2m <= 100ms",
        "Worker.Duration max per 1m count == 3",
        "Worker.ConcurrentExecutions max per 1m mean during ..3m < 1 < 2",
        "Worker.ConcurrentExecutions mean during ..200ms == 0.5",
        "Worker.ConcurrentExecutions first_at == 0s",
        "Worker.ConcurrentExecutions last_at == 180.3s",
        "Worker.ConcurrentExecutions min == 0",
        "Worker.ConcurrentExecutions at 60.1s == 1",
        "Worker.ConcurrentExecutions all_at == [0s, 60.1s, 180.2s]",
        "2 * Worker.Invocations during ..1m == 2",
        "Worker.Invocations / Worker.Duration count == 1",
        "Worker.Invocations last_at - Worker.Invocations first_at == 180.2s",
        "Worker.Duration mean / 2 == 50ms",
    ]);
    for tenths in [0, 601, 1802] {
        play.now = Time::ZERO + Span::millis(tenths * 100);
        let payload = play.arrive(USERS);
        play.start(payload);
        let started = play.now;
        play.now = started + Span::millis(100);
        let ran = Span::millis(100);
        play.note(Fact::RunEnded {
            function: WORKER,
            payload,
            started,
            ran,
            error: None,
            provisioned: false,
        });
    }
    all_hold(&play.finish());
}

#[test]
fn a_measure_without_data_does_not_hold() {
    let mut play = Play::with(&[
        "Worker.Duration p99 < 1s",
        "Worker.Invocations first_at >= 0s",
        "Worker.Errors / Worker.Invocations == 0",
        "Worker.Invocations all_at != [1s]",
        "Worker.Invocations == 0",
    ]);
    play.at(1);
    let mut broken = broken(&play.finish());
    assert_eq!(broken.remove(0), "Worker.Duration p99 < 1s: no data, 1s");
    assert_eq!(broken.len(), 3, "a count of nothing is 0: {broken:?}");
}

#[test]
fn a_chain_holds_only_if_every_link_does() {
    let mut play = Play::with(&[
        "0 < arrivals <= 1",
        "1 < arrivals <= 1",
        "0 < arrivals < 1",
        "59s < Users.latency max <= 61s",
    ]);
    let payload = play.arrive(USERS);
    let since = Span::secs(61);
    play.at(61).note(Fact::Resolved { call: USERS, payload, ok: true, since });
    let holds: Vec<bool> =
        play.finish().results.thresholds.iter().map(|verdict| verdict.holds).collect();
    assert_eq!(holds, [true, false, false, true]);
}

#[test]
fn probes_and_totals_say_the_same() {
    let thresholds = [
        "Worker.Invocations >= 0",
        "Worker.Throttles >= 0",
        "Worker.AsyncEventAge sum >= 0",
        "Worker.AsyncEventAge p99 >= 0s",
        "Worker.ConcurrentExecutions max >= 0",
        "Worker.ConcurrentExecutions mean >= 0",
        "Uploads.succeeded >= 0",
    ];
    let mut play = Play::with(&thresholds);
    for nth in 0..50 {
        let payload = play.at(nth * 3).arrive(UPLOADS);
        play.accept(payload).try_it(payload, 0, true);
        if nth % 4 == 0 {
            play.note(Fact::Throttled { function: WORKER, payload, work: Work::One(payload) });
            play.note(Fact::Requeued { function: WORKER, payload, wait: Span::secs(1) });
            play.at(nth * 3 + 1).try_it(payload, 1, false);
        }
        let started = play.now.as_nanos() / 1_000_000_000;
        play.start(payload).at(nth * 3 + 2).end(payload, started, true).complete(payload, 2);
    }
    let outcome = play.finish();
    let age = samples(&outcome, "Worker", "AsyncEventAge");
    let running = gauge(&outcome, "Worker", "ConcurrentExecutions");
    let expected = [
        count(&outcome, "Worker", "Invocations") as f64,
        count(&outcome, "Worker", "Throttles") as f64,
        age.mean.unwrap() * age.count as f64 / 1e3,
        age.p99.unwrap() / 1e3,
        running.max,
        running.mean.unwrap(),
        count(&outcome, "Uploads", "succeeded") as f64,
    ];
    for (verdict, expected) in outcome.results.thresholds.iter().zip(expected) {
        let Some(threshold::Outcome::Number(found)) = verdict.sides[0].value else { panic!() };
        assert!((found - expected).abs() < 1e-9, "{}: {found} for {expected}", verdict.threshold);
    }
}

#[test]
fn observers_do_not_change_the_digest() {
    let script = |mut play: Play| {
        let payload = play.arrive(UPLOADS);
        play.accept(payload).at(5).try_it(payload, 5, true).complete(payload, 5);
        play.finish().results.digest
    };
    let plain = script(Play::new());
    assert_eq!(plain, script(Play::with(&["arrivals == 1"])));
    let config = Config { period: Span::secs(1), warmup: at(1), ..config() };
    assert_eq!(plain, script(Play::of(&config, &[])));
}

#[test]
fn a_level_below_zero_is_a_fault() {
    let mut play = Play::new();
    let payload = play.arrive(FEED);
    play.receive(payload, 1);
    let outcome = play.watch.finish(play.now, &play.register);
    let faults = outcome.expect("it has a watch").faults;
    assert_eq!(faults, ["at 0s Jobs.ApproximateNumberOfMessagesVisible was below 0"]);
}

#[test]
fn a_trace_has_a_row_for_each_fact() {
    let rows = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let kept = std::rc::Rc::clone(&rows);
    let sink: RowSink<'static> = Box::new(move |row| {
        let id = row.written_id.map_or(String::new(), |id| id.to_string());
        let attempt = row.attempt.map_or(String::new(), |nth| nth.to_string());
        let cells = [row.now.to_string(), row.resource.into(), row.fact.into(), id, attempt];
        kept.borrow_mut().push(format!("{} {}", cells.join(" "), row.detail));
    });
    let mut play = Play::new();
    play.watch = Full::new(&config(), Vec::new()).with_trace(&config(), Some(sink));
    let payload = play.arrive(UPLOADS);
    play.accept(payload).try_it(payload, 0, true).start(payload);
    let copy = play.at(2).copy(payload);
    play.send(JOBS, copy, Entry::Sent).receive(copy, 1);
    play.note(Fact::EmptyReceive { queue: JOBS });
    play.finish();
    assert_eq!(
        rows.borrow()[..],
        [
            "0s Uploads arrived Uploads-1  place=in_flight",
            "0s Worker accepted Uploads-1  place=waiting",
            "0s Worker tried Uploads-1  age=0s first=yes place=in_flight",
            "0s Worker run_started Uploads-1 1 records=1",
            "2s Worker copied Uploads-1.1  by=Worker place=in_flight",
            "2s Jobs enqueued Uploads-1.1  entry=sent place=waiting",
            "2s Jobs received Uploads-1.1 1 place=in_flight",
            "2s Jobs empty_receive   ",
        ]
    );
}

/// Gives the same facts to another observer.
fn told<O: Observer>(observer: &mut O) {
    let mut register = Register::default();
    let mut note = |register: &mut Register, seconds, fact: Fact| {
        let moved = register.follow(at(seconds), &fact);
        observer.saw(&Moment { now: at(seconds), rule: Rule::A1_1, register, moved }, &fact);
    };
    for number in 1..=2 {
        let payload = register.arrive(UPLOADS, 0, number, at(number));
        note(&mut register, number, Fact::Arrived { call: UPLOADS, payload });
        note(&mut register, number, Fact::Accepted { function: WORKER, payload });
        let condition = Condition::RetriesExhausted;
        if number == 2 {
            note(&mut register, 9, Fact::Dropped { function: WORKER, payload, condition });
        }
    }
}

#[test]
fn a_story_tells_one_family_with_reasons() {
    let resources = Arc::new(resources());
    let id = Id::parse("Uploads-2", &resources).unwrap();
    let mut story = Story::new(Arc::clone(&resources), id);
    told(&mut story);
    let statement = Rule::A1_1.statement();
    let expected = format!(
        "Uploads-2, first seen at 2s\n\n  \
         2s  Uploads  arrived   place=in_flight  [A1.1]\n      A1.1: {statement}\n      \
         Worker   accepted  place=waiting  [A1.1]\n  \
         9s  Worker   dropped   reason=RetriesExhausted place=dropped  [A1.1]\n"
    );
    assert_eq!(story.text(), expected);
    let nobody = Story::new(resources, Id { number: 99, ..id });
    assert_eq!(nobody.text(), "Uploads-99 was never seen\n");
}

#[test]
fn the_first_of_each_fate_is_remembered() {
    let mut firsts = Firsts::default();
    told(&mut firsts);
    let place = Firsts::place("dropped").unwrap();
    assert_eq!(firsts.at(place), Some(Id { caller: UPLOADS, number: 2, copy: 0 }));
    assert_eq!(firsts.at(Place::Waiting).map(|id| id.number), Some(1));
    assert_eq!(Firsts::place("dead-lettered"), Some(Place::DeadLettered));
    assert_eq!(firsts.at(Place::DeadLettered), None);
}

#[test]
fn an_id_is_read_as_it_is_written() {
    let resources = resources();
    for text in ["Uploads-17", "Feed-3.2"] {
        assert_eq!(Id::parse(text, &resources).unwrap().written(&resources).to_string(), text);
    }
    for refused in ["Nobody-1", "Uploads", "Uploads-x", "Worker.calls.0-1"] {
        assert_eq!(Id::parse(refused, &resources), None);
    }
}

/// The configuration with a stream of two shards and a mapping on it.
fn config_with_stream(source: Source) -> Config {
    let mut config = config();
    let resources = Arc::make_mut(&mut config.resources);
    resources.streams.push(config::Stream {
        name: "Clicks".to_owned(),
        source,
        shards: 2,
        retention: Span::days(1),
        system_error_rate: Probability::NEVER,
        forbidden: false,
    });
    resources.readers.push(config::Reader {
        name: "Parse".to_owned(),
        stream: CLICKS,
        function: WORKER,
        batch_size: 100,
        window: Span::ZERO,
        parallelization: 1,
        start: config::Start::TrimHorizon,
        retries_max: Some(0),
        age_max: None,
        bisects: true,
        reports_failures: false,
        tumbling: None,
        on_failure: None,
        filters: Vec::new(),
        fan_out: false,
        provisioned: None,
        enabled: true,
    });
    config
}

fn play_with_stream(source: Source, thresholds: &[&str]) -> Play {
    let config = config_with_stream(source);
    let names = Names::of(&config.resources, &["kind".to_owned()], &point);
    let read = thresholds.iter().map(|text| {
        Threshold::parse(Scope::All, text, &names)
            .unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
    });
    let watch = Full::new(&config, read.collect::<Vec<_>>());
    Play { watch, register: Register::default(), now: Time::ZERO, numbers: [0; 4] }
}

/// Two records in shard 0, the second of which fails for good, and one in shard 1 that nobody wants.
fn two_shards(mut play: Play) -> Outcome {
    let reader = PARSE;
    let put = |play: &mut Play, shard: u32| {
        let payload = play.arrive(FEED);
        let shard = ShardId(shard);
        play.note(Fact::Put { stream: CLICKS, payload, shard, place: Place::Waiting });
        play.note(Fact::Awaits { reader, payload, shard });
        payload
    };
    play.note(Fact::Resharded { stream: CLICKS, shards: 2 });
    let (good, bad, other) = (put(&mut play, 0), put(&mut play, 0), put(&mut play, 1));
    let (shard, lane) = (ShardId(0), 0);
    play.at(1).note(Fact::RecordsRead { reader, shard, events: 2 });
    for (payload, sequence) in [(good, 1), (bad, 2)] {
        play.note(Fact::RecordTaken { reader, payload, shard, lane, sequence });
    }
    let invoked = |events, attempt, age| Fact::BatchInvoked { reader, shard, events, attempt, age };
    play.note(invoked(2, 1, Span::secs(1)));
    play.note(Fact::RecordsRead { reader, shard: ShardId(1), events: 1 });
    play.note(Fact::RecordFiltered { reader, payload: other, shard: ShardId(1) });
    play.at(2).note(Fact::BatchFailed { reader, shard, events: 2 });
    play.note(Fact::Bisected { reader, shard, events: 2, first: 1 });
    play.note(invoked(1, 1, Span::secs(2)));
    play.note(Fact::Checkpointed { reader, payload: good, shard, lane, sequence: 1 });
    play.note(invoked(1, 1, Span::secs(2)));
    play.at(3).note(Fact::BatchFailed { reader, shard, events: 1 });
    let why = GivenUp::RetryAttemptsExhausted;
    play.note(Fact::BatchGivenUp { reader, shard, events: 1, attempts: 1, why });
    play.note(Fact::RecordGivenUp { reader, payload: bad, shard, lane, sequence: 2, why });
    play.note(Fact::RecordDropped { reader, payload: bad, why });
    play.note(Fact::WindowClosed { reader, shard, records: 2, invocations: 1 });
    play.finish()
}

#[test]
fn a_mapping_on_a_stream_counts_what_it_reads_tries_and_gives_up() {
    let outcome = two_shards(play_with_stream(
        Source::Kinesis,
        &[
            "Clicks.IncomingRecords == 3",
            "Clicks.IncomingBytes == 0",
            "Clicks.shards == 2",
            "Clicks.billed_put_units == 3",
            "Clicks.billed_shard_hours == 2",
            "Clicks.billed_fan_out_hours == 0",
            "Parse.PolledEventCount == 3",
            "Parse.FilteredOutEventCount == 1",
            "Parse.InvokedEventCount == 4",
            "Parse.FailedInvokeEventCount == 3",
            "Parse.DroppedEventCount == 1",
            "Parse.bisects == 1",
            "Parse.depth max == 3",
            "Parse.depth[shard=0] max == 2",
            "Parse.depth[shard=1] last_at == 1s",
            "Parse.depth == 0",
            "Parse.SumOffsetLag max == 0",
            "Parse.IteratorAge count == 3",
            "Parse.IteratorAge max == 2s",
            "Worker.IteratorAge min == 1s",
            "Parse.window_records max == 2",
            "dropped == 1",
            "dropped[reason=RetryAttemptsExhausted] == 1",
            "dropped[reason=RecordAgeExceeded] == 0",
            "filtered == 1",
            "succeeded == 1",
            // Two shard-hours of 0.015 and three units of 0.014 a million.
            "0.03000004 < cost_usd < 0.03000005",
        ],
    ));
    assert_eq!(broken(&outcome), Vec::<String>::new());
}

#[test]
fn kafka_s_lag_is_the_depth_and_kinesis_alone_is_billed() {
    let outcome = two_shards(play_with_stream(
        Source::Kafka,
        &["Parse.SumOffsetLag max == 3", "Clicks.billed_put_units == 0", "cost_usd == 0"],
    ));
    assert_eq!(broken(&outcome), Vec::<String>::new());
}

#[test]
fn a_shard_narrows_the_depth_only_and_by_its_number() {
    let config = config_with_stream(Source::Kinesis);
    let names = Names::of(&config.resources, &["kind".to_owned()], &point);
    let wrong = |text: &str| {
        let mistakes = Threshold::parse(Scope::All, text, &names).expect_err("wrong");
        mistakes[0].message.clone()
    };
    assert_eq!(wrong("Parse.depth[shard=first] == 0"), "`first` is no shard");
    assert_eq!(wrong("Feed.arrivals[shard=0] == 0"), "nothing to narrow by is called `shard`");
    assert_eq!(wrong("Parse.bisects[shard=0] == 0"), "`bisects` cannot be narrowed");
}
