//! Laws that every run keeps, on scenarios made at random, and laws between two runs.
//!
//! A random scenario has up to eight resources, each with features switched on and off; its number
//! is its seed, so a failure names what to play again. `DWELL_CASES` plays more of them.

use dwell::{
    experiment::{self, Played},
    kernel::{Draw, HeapStore, Ladder, Span, Store, Stream, Time},
    model::{
        Fact, Moment, Observer, Place,
        config::{self, Change, Reading, Resources},
        services::Service,
        vocabulary::{Entry, PayloadId, QueueId},
        world::{Limits, Stop, Wake},
    },
    observe::{
        Results,
        alarm::StateChange,
        summary::{Measures, Total},
    },
    scenario::{self, Options, Scenario},
};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    panic::{self, AssertUnwindSafe},
};

const CASES: u64 = 200;
const LIMITS: Limits<'static> =
    Limits { events_max: 100_000, instant_max: 100_000, interrupted: &|_: Time| false };

#[track_caller]
fn read(text: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let options = Options { sets: &sets, ..Options::default() };
    let loaded = scenario::load_text(text, "law.yaml", &options);
    loaded.unwrap_or_else(|failure| panic!("{failure}\n{text}"))
}

fn play_on<S: Store<Wake>>(scenario: &Scenario) -> Played {
    experiment::play_on::<S>(&scenario.config, Vec::new(), None, &LIMITS)
}

/// Plays to the end, without a fault.
#[track_caller]
fn results(text: &str, sets: &[&str]) -> Results {
    let played = play_on::<Ladder<Wake>>(&read(text, sets));
    assert_eq!(played.finish.stop, Stop::Complete);
    assert_eq!(played.outcome.faults, Vec::<String>::new());
    assert!(played.outcome.results.ledger.adds_up());
    played.outcome.results
}

// Random scenarios.

/// Makes a scenario, by luck that has its number.
pub struct Maker {
    draw: Draw,
    text: String,
}

impl Maker {
    /// The maker of a numbered scenario.
    pub fn new(case: u64) -> Maker {
        let draw = Stream::new(case, "random scenario").draw(case, 0);
        Maker { draw, text: String::new() }
    }

    fn below(&mut self, n: u64) -> u64 {
        self.draw.below(n)
    }

    /// Whether something happens that does so once in `n`.
    fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(words.len() as u64)).expect("a small number")]
    }

    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("a text takes all");
    }

    /// A line, once in `n`.
    fn perhaps(&mut self, n: u64, line: &str) {
        if self.once_in(n) {
            self.line(line);
        }
    }

    /// A line with one of several values, once in `n`.
    fn perhaps_of(&mut self, n: u64, key: &str, values: &[&str]) {
        if self.once_in(n) {
            let value = self.one_of(values);
            self.line(&format!("{key}: {value}"));
        }
    }

    fn function(&mut self, at: u64, queues: u64, functions: u64) {
        self.line(&format!("  F{at}:"));
        let timeout = self.one_of(&["3", "10", "30"]);
        self.line(&format!("    Timeout: {timeout}"));
        let times = [
            "0s",
            "100ms",
            "1s",
            "{exponential: {mean: 300ms}}",
            "{lognormal: {mean: 500ms, cv: 2}}",
            "{uniform: {min: 1s, max: 5s}}",
            "4s",
        ];
        let time = self.one_of(&times);
        self.line(&format!("    service_time: {time}"));
        self.perhaps_of(4, "    error_time", &["0s", "50ms", "{exponential: {mean: 1s}}"]);
        self.perhaps_of(3, "    record_time", &["5ms", "{exponential: {mean: 20ms}}"]);
        self.perhaps_of(3, "    init_time", &["250ms", "12s"]);
        self.perhaps_of(3, "    keep_alive", &["0s", "5s", "1h"]);
        self.perhaps_of(2, "    error_rate", &["10%", "50%", "100%"]);
        self.perhaps_of(4, "    record_error_rate", &["10%", "60%"]);
        self.perhaps_of(4, "    poison_rate", &["5%", "100%"]);
        self.perhaps_of(5, "    system_error_rate", &["20%", "100%"]);
        self.perhaps_of(3, "    ReservedConcurrentExecutions", &["0", "1", "3", "20"]);
        self.perhaps_of(6, "    RecursiveLoop", &["Allow", "Terminate"]);
        let partial = ["throw", "continue", "stop_at_first"];
        self.perhaps_of(4, "    on_partial_failure", &partial);
        if self.once_in(3) {
            let queue = self.below(queues);
            self.line(&format!("    DeadLetterConfig: {{TargetArn: Q{queue}}}"));
        }
        if self.once_in(2) {
            self.line("    EventInvokeConfig:");
            let retries = self.below(3);
            self.line(&format!("      MaximumRetryAttempts: {retries}"));
            self.perhaps_of(2, "      MaximumEventAgeInSeconds", &["60", "90", "200"]);
            let targets = [self.below(queues), self.below(queues), self.below(functions)];
            if self.once_in(2) {
                let [success, failure, function] = targets;
                let on_failure =
                    if self.once_in(3) { format!("F{function}") } else { format!("Q{failure}") };
                self.line(&format!(
                    "      DestinationConfig: {{OnSuccess: {{Destination: Q{success}}}, OnFailure: \
                     {{Destination: {on_failure}}}}}"
                ));
            }
        }
        if self.once_in(2) {
            self.line("    event_queue:");
            self.line("      batch_size: 7");
            self.perhaps_of(2, "      dispatch_latency", &["35ms"]);
            self.perhaps_of(3, "      batch_window", &["200ms"]);
            self.perhaps(3, "      invoke_per: batch");
            self.perhaps(3, "      when_throttled: wait");
            self.perhaps(3, "      retry_jitter: 12.5%");
        }
        if self.once_in(4) {
            let (queue, share) = (self.below(queues), self.one_of(&["20%", "100%"]));
            self.line(&format!("    calls: [{{target: Q{queue}, share: {share}}}]"));
        } else if self.once_in(3) {
            let calls = [
                "{target: D}",
                "{target: D, timeout: 500ms, retry: {attempts: 3}}",
                "{target: D, timeout: 2s, retry: {attempts: 2, backoff: 1s, budget: 20%}}",
            ];
            let call = self.one_of(&calls);
            self.line(&format!("    calls: [{call}]"));
        }
    }

    fn queue(&mut self, at: u64, queues: u64) {
        self.line(&format!("  Q{at}:"));
        let visibility = self.one_of(&["0", "1", "5", "30", "200"]);
        self.line(&format!("    VisibilityTimeout: {visibility}"));
        self.perhaps_of(4, "    MessageRetentionPeriod", &["60", "300"]);
        self.perhaps_of(4, "    DelaySeconds", &["1", "45"]);
        self.perhaps_of(6, "    system_error_rate", &["10%"]);
        // Only to a later one, so that none is its own.
        if at + 1 < queues && self.once_in(2) {
            let receives = self.below(4) + 1;
            self.line(&format!(
                "    RedrivePolicy: {{deadLetterTargetArn: Q{}, maxReceiveCount: {receives}}}",
                at + 1
            ));
        }
    }

    fn dependency(&mut self) {
        self.line("dependencies:\n  D:");
        let times = ["0s", "100ms", "{exponential: {mean: 300ms}}", "2s"];
        let time = self.one_of(&times);
        self.line(&format!("    service_time: {time}"));
        if self.once_in(2) {
            let places = self.one_of(&["1", "2", "20"]);
            self.line(&format!("    concurrency: {places}"));
            self.perhaps_of(2, "    queue", &["0", "1", "10"]);
        }
        self.perhaps_of(3, "    rate", &["1/s", "7/s", "100/min"]);
        self.perhaps_of(4, "    error_rate", &["20%", "100%"]);
        self.perhaps_of(6, "    system_error_rate", &["10%"]);
        self.perhaps(3, "    cancel_abandoned: true");
    }

    fn mapping(&mut self, queue: u64, functions: u64) {
        let function = self.below(functions);
        self.line(&format!("  M{queue}:"));
        self.line(&format!("    EventSourceArn: Q{queue}"));
        self.line(&format!("    FunctionName: F{function}"));
        let size = self.one_of(&["1", "2", "10"]);
        self.line(&format!("    BatchSize: {size}"));
        self.perhaps_of(3, "    MaximumBatchingWindowInSeconds", &["1", "20"]);
        self.perhaps(2, "    FunctionResponseTypes: [ReportBatchItemFailures]");
        self.perhaps_of(3, "    ScalingConfig", &["{MaximumConcurrency: 2}"]);
        if self.once_in(4) {
            let pattern = r#"'{"body": {"kind": ["a"]}}'"#;
            self.line(&format!("    FilterCriteria: {{Filters: [{{Pattern: {pattern}}}]}}"));
        }
    }

    fn caller(&mut self, at: u64, queues: u64, functions: u64) {
        self.line(&format!("  C{at}:"));
        let (queue, function) = (self.below(queues), self.below(functions));
        match self.below(8) {
            0 => self.line(&format!("    target: Q{queue}")),
            4 => self.line("    target: T"),
            5 => self.line("    target: B"),
            6 | 7 => {
                let services: Vec<&str> = Service::ALL.iter().map(|it| it.word()).collect();
                let via = self.one_of(&services).to_owned();
                self.line(&format!("    via: {via}"));
                self.line(&format!("    target: F{function}"));
            }
            2 => self.line("    target: D"),
            1 => self.line(&format!("    target: F{function}")),
            _ => {
                self.line("    via: invoke_async");
                self.line(&format!("    target: F{function}"));
            }
        }
        let arrivals = [
            "{poisson: 2/s}",
            "{poisson: 20/s, until: 20s}",
            "{every: 1s}",
            "{every: 10s, count: 15}",
            "{at: [0s, 0s, 30s], count: 10}",
            "{closed: {clients: 4, think_time: 1s}}",
            "{profile: [{until: 1m, rate: 1/s}, {until: 2m, rate: 10/s}]}",
        ];
        let arrivals = self.one_of(&arrivals);
        self.line(&format!("    arrivals: {arrivals}"));
        self.perhaps_of(3, "    retry", &["{attempts: 3, backoff: {base: 100ms, cap: 5s}}"]);
        self.perhaps_of(4, "    timeout", &["200ms"]);
        self.line("    attributes: {kind: {choice: {a: 70%, b: 30%}}}");
    }

    /// A topic and a bus, and who wants what they take.
    fn outlets(&mut self) {
        self.line("topics: {T: {}}\nbuses: {B: {}}");
        self.line("subscriptions:");
        self.line(
            "  ToQueue: {TopicArn: T, Protocol: sqs, Endpoint: Q0, FilterPolicy: {kind: [a]}}",
        );
        self.line("  ToFunction: {TopicArn: T, Protocol: lambda, Endpoint: F0}");
        self.line("rules:");
        self.line(
            "  R: {EventBusName: B, EventPattern: {kind: [b]}, Targets: [{Arn: F0}, {Arn: Q0}]}",
        );
    }

    fn change(&mut self, queues: u64, functions: u64) {
        let (queue, function) = (self.below(queues), self.below(functions));
        let at = self.one_of(&["0s", "20s", "1m", "119s"]);
        let entry = match self.below(8) {
            0 => format!("for: 30s, set: {{functions.F{function}.error_rate: 100%}}"),
            1 => format!("set: {{functions.F{function}.ReservedConcurrentExecutions: 1}}"),
            2 => format!("for: 10s, set: {{queues.Q{queue}.VisibilityTimeout: 3}}"),
            3 => format!("UpdateFunctionCode: {{FunctionName: F{function}}}"),
            4 => format!("PurgeQueue: {{QueueUrl: Q{queue}}}"),
            5 => "for: 30s, set: {dependencies.D.concurrency: 0}".to_owned(),
            6 => "set: {dependencies.D.rate: 2/s, dependencies.D.service_time: 50ms}".to_owned(),
            _ => format!("set: {{functions.F{function}.service_time: 20ms}}"),
        };
        self.line(&format!("  - {{at: {at}, {entry}}}"));
    }

    /// A mapping on the stream.
    fn reader(&mut self, functions: u64) {
        let function = self.below(functions);
        self.line("  S-read:");
        self.line("    EventSourceArn: S");
        self.line(&format!("    FunctionName: F{function}"));
        self.line("    StartingPosition: TRIM_HORIZON");
        let (size, retries) = (self.one_of(&["1", "10", "100"]), self.one_of(&["0", "2", "5"]));
        self.line(&format!("    BatchSize: {size}\n    MaximumRetryAttempts: {retries}"));
        self.perhaps(2, "    BisectBatchOnFunctionError: true");
        self.perhaps(3, "    FunctionResponseTypes: [ReportBatchItemFailures]");
        self.perhaps_of(3, "    MaximumBatchingWindowInSeconds", &["1", "20"]);
        self.perhaps_of(3, "    ParallelizationFactor", &["2", "10"]);
        self.perhaps(2, "    DestinationConfig: {OnFailure: {Destination: Q0}}");
    }

    /// The scenario.
    pub fn scenario(mut self, case: u64) -> String {
        let (functions, queues) = (self.below(3) + 1, self.below(4) + 1);
        let (callers, changes) = (self.below(3) + 1, self.below(4));
        self.line(&format!("seed: {case}\nduration: 3m\ndrain: 2h"));
        self.perhaps_of(4, "account", &["{concurrency: 130}", "{concurrency: 1000}"]);
        let polls = ["{throttled_poll: one_try}", "{throttled_poll: when_a_slot_frees}"];
        self.perhaps_of(3, "assumptions", &polls);
        self.perhaps(4, "warmup: 30s");
        self.line("functions:");
        (0..functions).for_each(|at| self.function(at, queues, functions));
        let (is_streamed, is_ordered) = (self.once_in(2), self.once_in(3));
        self.line("queues:");
        (0..queues).for_each(|at| self.queue(at, queues));
        if is_ordered {
            self.line("  O.fifo: {FifoQueue: true, VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: P.fifo, maxReceiveCount: 2}}");
            self.line("  P.fifo: {FifoQueue: true}");
        }
        let mapped: Vec<u64> = (0..queues).filter(|_| !self.draw.below(3).eq(&0)).collect();
        if !mapped.is_empty() || is_streamed || is_ordered {
            self.line("event_source_mappings:");
            mapped.into_iter().for_each(|queue| self.mapping(queue, functions));
        }
        if is_streamed {
            self.reader(functions);
        }
        if is_ordered {
            let function = self.below(functions);
            self.line(&format!("  O-read: {{EventSourceArn: O.fifo, FunctionName: F{function}}}"));
        }
        if is_streamed {
            let (source, shards) =
                (self.one_of(&["kinesis", "dynamodb"]).to_owned(), self.below(3) + 1);
            self.line(&format!("streams: {{S: {{source: {source}, ShardCount: {shards}}}}}"));
        }
        self.dependency();
        self.outlets();
        self.line("callers:");
        (0..callers).for_each(|at| self.caller(at, queues, functions));
        if is_streamed {
            self.line("  S-in: {target: S, arrivals: {poisson: 2/s}, attributes: {kind: a}}");
        }
        if is_ordered {
            self.line("  O-in:\n    target: O.fifo\n    arrivals: {poisson: 1/s}");
            self.line("    MessageGroupId: {attribute: group}\n    MessageDeduplicationId: {attribute: id}");
            self.line("    attributes: {group: {one_of: 5}, id: {one_of: 500}, kind: b}");
        }
        if changes > 0 {
            self.line("timeline:");
            (0..changes).for_each(|_| self.change(queues, functions));
        }
        self.text
    }
}

#[test]
fn random_scenarios_pass_their_own_checks_on_every_store() {
    let cases = std::env::var("DWELL_CASES").ok().and_then(|text| text.parse().ok());
    let (mut faults, mut refused, mut events, mut stopped) = (Vec::new(), 0, 0, 0);
    let cases: u64 = cases.unwrap_or(CASES);
    for case in 0..cases {
        let text = Maker::new(case).scenario(case);
        let loaded = scenario::load_text(&text, "random.yaml", &Options::default());
        let scenario = match loaded {
            Ok(scenario) => scenario,
            Err(failure) => {
                refused += 1;
                eprintln!("case {case} is refused: {failure}");
                continue;
            }
        };
        let both = || (play_on::<Ladder<Wake>>(&scenario), play_on::<HeapStore<Wake>>(&scenario));
        let Ok((ladder, heap)) = panic::catch_unwind(AssertUnwindSafe(both)) else {
            faults.push(format!("case {case}: a panic, see above\n{text}"));
            continue;
        };
        events += ladder.finish.events;
        stopped += u64::from(ladder.finish.stop != Stop::Complete);
        let mut wrong = ladder.outcome.faults.clone();
        if !ladder.outcome.results.ledger.adds_up() {
            wrong.push("the ledger does not add up".into());
        }
        if ladder.finish != heap.finish || ladder.outcome.results != heap.outcome.results {
            wrong.push("another store gives another result".into());
        }
        wrong.extend(laws_of(&ladder.outcome.results));
        if !wrong.is_empty() {
            faults.push(format!("case {case}: {}\n{text}", wrong.join("\n  ")));
        }
    }
    eprintln!("{cases} scenarios, {refused} refused, {stopped} stopped, {events} events");
    let count = faults.len();
    faults.truncate(3);
    assert!(faults.is_empty(), "{count} scenarios, the first:\n{}", faults.join("\n\n"));
    assert!(refused * 50 <= cases, "{refused} random scenarios are refused");
    assert!(stopped * 4 <= cases, "{stopped} random scenarios are stopped by a limit");
}

/// Follows what lies in queues and streams: a dead letter rests while nobody reads it and waits else.
struct Letters {
    reading: Vec<Reading>,
    /// For each payload in a queue: which one, whether it is a dead letter, and where the ledger has it.
    lies: BTreeMap<PayloadId, (QueueId, bool, Place)>,
    changed: u64,
    wrong: Vec<String>,
}

impl Letters {
    fn new(resources: &Resources) -> Letters {
        let reading = resources.queues.iter().map(|queue| queue.read).collect();
        Letters { reading, lies: BTreeMap::new(), changed: 0, wrong: Vec::new() }
    }

    fn look(&mut self, now: Time) {
        for (payload, (queue, is_letter, place)) in &self.lies {
            let expected = match (self.reading[queue.index()], is_letter) {
                (Reading::Never, false) => Place::Delivered,
                (Reading::Never | Reading::Disabled, true) => Place::DeadLettered,
                (Reading::Enabled, _) | (Reading::Disabled, false) => Place::Waiting,
            };
            if *place != Place::InFlight && *place != expected && self.wrong.len() < 8 {
                self.wrong.push(format!("{payload:?} is {place:?} at {now} in {queue:?}"));
            }
        }
    }
}

impl Observer for Letters {
    fn saw(&mut self, _: &Moment<'_>, fact: &Fact) {
        match *fact {
            Fact::Enqueued { queue, payload, entry, place, .. } => {
                let is_letter = matches!(entry, Entry::DeadLetter | Entry::Redriven);
                self.lies.insert(payload, (queue, is_letter, place));
            }
            Fact::PlaceChanged { payload, place, .. } => {
                self.changed += 1;
                if let Some(known) = self.lies.get_mut(&payload) {
                    known.2 = place;
                }
            }
            Fact::Returned { payload, place, .. } => {
                self.lies.get_mut(&payload).expect("it came in").2 = place;
            }
            // Until it returns it is in flight, whoever reads.
            Fact::Received { payload, .. } => {
                self.lies.get_mut(&payload).expect("it came in").2 = Place::InFlight;
            }
            Fact::Deleted { payload, .. }
            | Fact::Expired { payload, .. }
            | Fact::Redriven { payload, .. }
            | Fact::MovedBack { payload, .. }
            | Fact::Purged { payload, .. } => drop(self.lies.remove(&payload)),
            _ => (),
        }
    }

    /// All of the instants before have happened.
    fn sampled(&mut self, now: Time, _: QueueId, _: Option<Span>) {
        self.look(now);
    }

    fn configured(&mut self, _: Time, resources: &Resources) {
        self.reading = resources.queues.iter().map(|queue| queue.read).collect();
    }
}

/// A queue, a FIFO queue and a stream whose mappings are enabled and disabled again and again.
fn toggling(case: u64) -> String {
    let mut maker = Maker::new(case);
    maker.line(&format!("seed: {case}\nduration: 10m"));
    let rates = ["0%", "50%", "100%"];
    let (errors, letters) = (maker.one_of(&rates), maker.one_of(&rates));
    maker.line(&format!(
        "functions: {{F: {{error_rate: {errors}, service_time: 2s}}, L: {{error_rate: {letters}, service_time: 1s}}}}"
    ));
    let (hidden, delay) = (maker.one_of(&["5", "30", "300"]), maker.one_of(&["0", "20"]));
    maker.line(&format!(
        "queues:
  Q: {{VisibilityTimeout: {hidden}, RedrivePolicy: {{deadLetterTargetArn: D, maxReceiveCount: 2}}}}
  D: {{MessageRetentionPeriod: 14d, VisibilityTimeout: {hidden}, DelaySeconds: {delay}}}
  O: {{FifoQueue: true, ContentBasedDeduplication: true, RedrivePolicy: {{deadLetterTargetArn: P, maxReceiveCount: 1}}}}
  P: {{FifoQueue: true, ContentBasedDeduplication: true, MessageRetentionPeriod: 14d}}
streams: {{S: {{ShardCount: 2}}}}
event_source_mappings:
  M: {{EventSourceArn: Q, FunctionName: F, BatchSize: 3}}
  N: {{EventSourceArn: O, FunctionName: F}}
  K: {{EventSourceArn: S, FunctionName: F, StartingPosition: TRIM_HORIZON, MaximumRetryAttempts: 2, DestinationConfig: {{OnFailure: {{Destination: D}}}}}}
  R: {{EventSourceArn: D, FunctionName: L}}
  T: {{EventSourceArn: P, FunctionName: L}}
callers:
  C: {{target: Q, arrivals: {{poisson: 6/min}}}}
  G: {{target: O, MessageGroupId: {{one_of: 3}}, arrivals: {{poisson: 6/min}}}}
  H: {{target: S, arrivals: {{poisson: 6/min}}}}
timeline:"
    ));
    let mut times: Vec<u64> = (0..14).map(|_| maker.below(1500)).collect();
    times.sort_unstable();
    for at in times {
        let mapping = maker.one_of(&["M", "N", "K", "R", "T"]);
        let enabled = maker.once_in(3);
        maker.line(&format!(
            "  - {{at: {at}s, set: {{event_source_mappings.{mapping}.Enabled: {enabled}}}}}"
        ));
        if maker.once_in(4) {
            maker.line(&format!("  - {{at: {at}s, StartMessageMoveTask: {{SourceArn: D}}}}"));
        }
    }
    maker.text
}

#[test]
fn what_lies_where_a_mapping_is_enabled_and_disabled_is_where_it_should_be() {
    let (mut changed, mut parked) = (0, 0);
    for case in 0..60 {
        let text = toggling(case);
        let scenario = read(&text, &[]);
        let played = play_on::<Ladder<Wake>>(&scenario);
        let heap = play_on::<HeapStore<Wake>>(&scenario);
        let results = &played.outcome.results;
        assert_eq!(played.outcome.faults, Vec::<String>::new(), "{text}");
        assert!(results.ledger.adds_up(), "{text}");
        assert_eq!(*results, heap.outcome.results, "{text}");

        let letters = Letters::new(&scenario.config.resources);
        let (mut letters, finish) = experiment::watch(&scenario.config, letters, &LIMITS);
        letters.look(finish.at);
        assert_eq!(letters.wrong, Vec::<String>::new(), "{text}");
        assert_eq!(finish, played.finish);
        changed += letters.changed;

        // The run ends although something waits, long before any retention is over.
        let configured = |(_, change): &(Time, Change)| match change {
            Change::Configure(resources) => Some(resources.clone()),
            _ => None,
        };
        let last = scenario.config.timeline.iter().rev().find_map(configured);
        let last = last.expect("some are toggled");
        let ends = |queue: &config::Queue| queue.read == Reading::Disabled;
        let disabled =
            last.readers.iter().any(|reader| !reader.enabled) || last.queues.iter().any(ends);
        if finish.stop == Stop::Complete {
            let in_flight = results.ledger.run.at(Place::InFlight);
            assert_eq!(in_flight, 0, "nothing is in flight at the end\n{text}");
            assert!(disabled || results.ledger.run.at(Place::Waiting) == 0, "{text}");
            assert_eq!(results.ledger.run.at(Place::Expired), 0, "{text}");
            parked += results.ledger.run.at(Place::Waiting);
        }
    }
    assert!(changed > 100 && parked > 100, "{changed} changed, {parked} wait");
}

/// A poller asks for capacity, lets go of its batch when the visibility is over, and asks again for
/// the next one: the first question's answer came while the second batch ran, and it ran twice.
#[test]
fn an_answer_to_what_a_poller_has_let_go_of_is_declined() {
    let text = WORK.replace("{exponential: {mean: 300ms}}", "{uniform: {min: 1s, max: 4s}}");
    let came = results(
        &text,
        &[
            "assumptions={throttled_poll: when_a_slot_frees}",
            "functions.Worker.ReservedConcurrentExecutions=3",
            "queues.Jobs.VisibilityTimeout=5",
            NO_REDRIVE,
            "duration=1m",
        ],
    );
    assert!(counted(&came, "Worker", "Throttles") > 100);
    assert_eq!(counted(&came, "Orders", "succeeded"), counted(&came, "Orders", "arrivals"));
}

/// What is wrong with the numbers of a run, whatever the scenario.
fn laws_of(results: &Results) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, measures) in results.resources.0.iter().chain(&results.callers.0) {
        for (measure, total) in &measures.totals.0 {
            let is_right = match total {
                Total::Count(_) | Total::ByStatus(_) => true,
                Total::Amount(amount) => amount.is_finite() && *amount >= 0.0,
                Total::Gauge(gauge) => {
                    let mean = gauge.mean.unwrap_or(0.0);
                    0.0 <= gauge.end && gauge.end <= gauge.max && mean <= gauge.max * 1.000_001
                }
                Total::States(states) => {
                    let goes_on = |pair: &[StateChange]| {
                        pair[0].at_s < pair[1].at_s && pair[0].state != pair[1].state
                    };
                    states.changes.windows(2).all(goes_on)
                        && states.changes.last().is_none_or(|last| last.state == states.end)
                }
                Total::Distribution(all) => {
                    let rising = [all.min, all.p50, all.p90, all.p99, all.p99_9, all.max];
                    let numbers = all.succeeded.unwrap_or(all.count);
                    // What never came is above every number.
                    let risen = rising.map(|value| value.unwrap_or(f64::INFINITY));
                    let is_rising = risen.windows(2).all(|pair| pair[0] <= pair[1]);
                    let is_there = |value: &Option<f64>| value.is_some() == (all.count > 0);
                    is_rising
                        && numbers <= all.count
                        && all.never == (numbers < all.count)
                        && all.min.is_some() == (numbers > 0)
                        && (all.never || rising.iter().all(is_there))
                }
            };
            if !is_right {
                wrong.push(format!("{name}.{measure} is {total:?}"));
            }
        }
        let errors = count(measures, "Errors").unwrap_or(0);
        if count(measures, "Invocations").is_some_and(|invocations| invocations < errors) {
            wrong.push(format!("{name} has more errors than invocations"));
        }
    }
    wrong
}

fn count(measures: &Measures, name: &str) -> Option<u64> {
    match measures.get(name) {
        Some(Total::Count(count)) => Some(*count),
        _ => None,
    }
}

/// A count of a resource or a caller.
#[track_caller]
fn counted(results: &Results, name: &str, measure: &str) -> u64 {
    let measures = results.resources.get(name).or_else(|| results.callers.get(name));
    let found = measures.and_then(|measures| count(measures, measure));
    found.unwrap_or_else(|| panic!("{name} has no count {measure}"))
}

/// The highest value of a gauge.
#[track_caller]
fn highest(results: &Results, name: &str, measure: &str) -> f64 {
    match results.resources.get(name).and_then(|measures| measures.get(measure)) {
        Some(Total::Gauge(gauge)) => gauge.max,
        other => panic!("{name}.{measure} is {other:?}"),
    }
}

/// The order statistics of a distribution.
#[track_caller]
fn ranks(results: &Results, name: &str, measure: &str) -> [f64; 6] {
    let measures = results.resources.get(name).or_else(|| results.callers.get(name));
    match measures.and_then(|measures| measures.get(measure)) {
        Some(Total::Distribution(all)) => {
            [all.min, all.p50, all.p90, all.p99, all.p99_9, all.max].map(|x| x.expect("samples"))
        }
        other => panic!("{name}.{measure} is {other:?}"),
    }
}

// Two runs compared.

/// A queue, its worker and its dead-letter queue.
const WORK: &str = "
duration: 5m
functions:
  Worker: {Timeout: 5, service_time: {exponential: {mean: 300ms}}}
queues:
  Jobs: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: Dead, maxReceiveCount: 3}}
  Dead: {}
event_source_mappings:
  M: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}
callers:
  Orders: {target: Jobs, arrivals: {poisson: 4/s}}
";

/// A function that is invoked asynchronously.
const EVENTS: &str = "
duration: 5m
functions:
  Work:
    Timeout: 20
    service_time: {exponential: {mean: 500ms}}
    DeadLetterConfig: {TargetArn: Dead}
queues: {Dead: {}}
callers:
  Events: {via: invoke_async, target: Work, arrivals: {poisson: 4/s}}
";

const NO_REDRIVE: &str = "queues.Jobs.RedrivePolicy=null";

#[test]
fn where_nothing_fails_what_is_done_about_failures_does_not_matter() {
    let fine = results(EVENTS, &[]);
    for other in [
        "functions.Work.EventInvokeConfig.MaximumRetryAttempts=0",
        "functions.Work.EventInvokeConfig.MaximumEventAgeInSeconds=60",
        "functions.Work.DeadLetterConfig=null",
        "functions.Work.event_queue.retry_jitter=50%",
    ] {
        assert_eq!(fine, results(EVENTS, &[other]), "{other}");
    }
    // The mean of 300 ms has no run above 5 s here.
    let fine = results(WORK, &[]);
    assert_eq!(counted(&fine, "Worker", "Errors"), 0);
    for other in [NO_REDRIVE, "queues.Jobs.RedrivePolicy.maxReceiveCount=1"] {
        assert_eq!(fine, results(WORK, &[other]), "{other}");
    }
}

#[test]
fn where_everything_fails_the_counts_are_products() {
    let results_of = |retries: u64| {
        let retries = format!("functions.Work.EventInvokeConfig.MaximumRetryAttempts={retries}");
        results(EVENTS, &["functions.Work.error_rate=100%", &retries])
    };
    for retries in 0..=2 {
        let came = results_of(retries);
        let events = counted(&came, "Events", "arrivals");
        assert!(events > 1000);
        assert_eq!(counted(&came, "Work", "Invocations"), events * (retries + 1));
        assert_eq!(counted(&came, "Work", "Errors"), events * (retries + 1));
        assert_eq!(counted(&came, "Dead", "arrived"), events);
        assert_eq!(counted(&came, "Events", "dead_lettered"), events);
    }
    for receives in 1..=3 {
        let most = format!("queues.Jobs.RedrivePolicy.maxReceiveCount={receives}");
        let came = results(WORK, &["functions.Worker.error_rate=100%", &most]);
        let orders = counted(&came, "Orders", "arrivals");
        assert_eq!(counted(&came, "Worker", "Invocations"), orders * receives);
        assert_eq!(counted(&came, "Dead", "arrived"), orders);
    }
}

#[test]
fn in_a_batch_of_one_it_does_not_matter_whether_failures_are_reported_one_by_one() {
    let reported = "event_source_mappings.M.FunctionResponseTypes=[ReportBatchItemFailures]";
    for failing in ["functions.Worker.record_error_rate=30%", "functions.Worker.poison_rate=30%"] {
        let (whole, partial) = (results(WORK, &[failing]), results(WORK, &[failing, reported]));
        assert!(counted(&whole, "Orders", "dead_lettered") > 10, "{failing}");
        assert_eq!(whole.callers, partial.callers, "{failing}");
        assert_eq!(whole.ledger, partial.ledger, "{failing}");
        for queue in ["Jobs", "Dead"] {
            assert_eq!(whole.resources.get(queue), partial.resources.get(queue), "{failing}");
        }
        assert_eq!(counted(&partial, "Worker", "Errors"), 0, "a report is no error");
    }
}

#[test]
fn with_a_long_keep_alive_there_are_as_many_cold_starts_as_ever_ran_at_once() {
    for init in ["functions.Work.init_time=0s", "functions.Work.init_time=700ms"] {
        let came = results(EVENTS, &[init, "functions.Work.keep_alive=10h"]);
        let most = highest(&came, "Work", "ConcurrentExecutions");
        assert!(most > 3.0);
        assert_eq!(counted(&came, "Work", "cold_starts") as f64, most, "{init}");
    }
}

#[test]
fn without_keep_alive_every_start_is_cold() {
    let came = results(EVENTS, &["functions.Work.keep_alive=0s"]);
    let invocations = counted(&came, "Work", "Invocations");
    assert_eq!(counted(&came, "Work", "cold_starts"), invocations);
}

#[test]
fn with_a_long_visibility_nothing_is_done_twice() {
    let slow = "functions.Worker={Timeout: 100, service_time: {exponential: {mean: 20s}}}";
    let short = results(WORK, &[slow, "queues.Jobs.VisibilityTimeout=10"]);
    assert!(counted(&short, "Worker", "duplicates") > 0, "the visibility is too short");
    let long = results(WORK, &[slow, "queues.Jobs.VisibilityTimeout=600"]);
    assert_eq!(counted(&long, "Worker", "duplicates"), 0);
}

#[test]
fn when_it_is_tried_again_does_not_change_what_is_given_up() {
    let failing = "functions.Worker.error_rate=60%";
    let visible = |s: u64| format!("queues.Jobs.VisibilityTimeout={s}");
    let given_up = |sets: &[&str]| counted(&results(WORK, sets), "Orders", "dead_lettered");
    let expected = given_up(&[failing, &visible(30)]);
    assert!(expected > 100);
    for other in [31, 60, 300] {
        assert_eq!(given_up(&[failing, &visible(other)]), expected, "{other} s");
    }
    let failing = "functions.Work.error_rate=60%";
    let given_up = |sets: &[&str]| counted(&results(EVENTS, sets), "Events", "dead_lettered");
    let expected = given_up(&[failing]);
    assert!(expected > 100);
    for other in ["event_queue.retry_jitter=40%", "service_time=50ms", "keep_alive=0s"] {
        assert_eq!(given_up(&[failing, &format!("functions.Work.{other}")]), expected, "{other}");
    }
}

#[test]
fn more_concurrency_or_a_shorter_service_never_lengthens_a_wait_in_line() {
    let waits = |concurrency: u64, mean: &str| {
        let concurrency = format!("functions.Work.ReservedConcurrentExecutions={concurrency}");
        let service = format!("functions.Work.service_time={{exponential: {{mean: {mean}}}}}");
        let patient = "functions.Work.event_queue.when_throttled=wait";
        let came = results(
            EVENTS,
            &[
                &concurrency,
                &service,
                patient,
                "callers.Events.arrivals=\
            {poisson: 2/s}",
            ],
        );
        ranks(&came, "Work", "dwell_time")
    };
    let shorter = |before: [f64; 6], after: [f64; 6]| {
        assert!(before.iter().zip(after).all(|(b, a)| a <= *b), "{before:?} then {after:?}");
    };
    let base = waits(2, "900ms");
    assert!(base[1] > 0.0, "there is a line");
    shorter(base, waits(3, "900ms"));
    shorter(waits(3, "900ms"), waits(8, "900ms"));
    shorter(base, waits(2, "800ms"));
    shorter(waits(2, "800ms"), waits(2, "100ms"));
}

#[test]
fn what_is_offered_is_admitted_or_throttled() {
    let text = EVENTS.replace("via: invoke_async, ", "");
    let came = results(&text, &["functions.Work.ReservedConcurrentExecutions=2"]);
    let (run, refused) =
        (counted(&came, "Work", "Invocations"), counted(&came, "Work", "Throttles"));
    assert!(refused > 50);
    assert_eq!(run + refused, counted(&came, "Events", "requests"));
    assert_eq!(counted(&came, "Events", "failed"), refused, "nobody tries again");
}

#[test]
fn a_fixed_wait_more_before_each_attempt_moves_everything_by_it() {
    let text = WORK.replace("Jobs: {", "Jobs: {DelaySeconds: 0, ");
    let (now, later) = (results(&text, &[]), results(&text, &["queues.Jobs.DelaySeconds=20"]));
    let by = |rank: f64| rank + 20_000.0;
    let (now, later) = (ranks(&now, "Orders", "latency"), ranks(&later, "Orders", "latency"));
    // Pollers that come later are as many as are needed, so only the delay differs.
    assert_eq!(now.map(by).map(|ms| ms as u64), later.map(|ms| ms as u64));
}
