//! Traces of asynchronous invocations: a real event queue, its destination and topics as targets,
//! and a function by a script.
//!
//! ```text
//!  event queue ──── Invoke ────► script
//!      │       ◄──── Ended ─────
//!      └── Settled ──► destination ──── Send ────► topics
//!                                  ◄─── Sent ─────
//! ```

use super::{Replayed, Script};
use crate::common::{Inside, WHERE, traces};
use dwell::{
    kernel::{Class, Classed, Probability, Span, Time},
    model::{
        Component, Fact, Port,
        config::{self, Assumptions, Behaviour, OnPartialFailure},
        destination::{self, Destination},
        event_queue::{self, Asker, EventQueue},
        recorded::Recorded,
        sink::{self, Sink},
        value::Quantity,
        vocabulary::{CallId, Condition, ErrorKind, FunctionId, Outcome, Sender, SinkId, Target},
    },
};
use serde_json::{Value, json};
use std::{fs, sync::Arc};

/// Replays a trace. Times are nominal, so there is no jitter.
pub fn replay(header: &Value, lines: &[Value]) -> Replayed {
    let expected = comparable(lines.iter());
    let mut system = System::new(header, 0.0, 0);
    let port = system.run();
    let came = comparable(system.steps.iter());

    let mut found = vec![];
    for i in 0..expected.len().max(came.len()) {
        let step = |steps: &[Value]| steps.get(i).map_or("nothing".to_owned(), Value::to_string);
        if expected.get(i) != came.get(i) {
            let (expected, came) = (step(&expected), step(&came));
            found.push(format!("step {i}: expected {expected}, came {came}"));
        }
    }
    if (port.register.unrested(), port.register.alive()) != (0, 0) {
        found.push("at the end: a payload is still somewhere".to_owned());
    }
    Replayed { steps: expected.len(), found }
}

/// What is compared of the steps; those of one instant in one order.
fn comparable<'a>(steps: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut steps: Vec<_> = steps
        .filter_map(|step| {
            let (t, op) = (&step["t"], &step["op"]);
            match op.as_str()? {
                "invoke" => Some(json!({ "t": t, "op": op, "result": step["result"] })),
                "destination" => {
                    let (target, condition) = (&step["target"], &step["condition"]);
                    // Two records of AWS disagree on the count of a success (A3.6).
                    let count = match condition.as_str() {
                        Some("Success") => &Value::Null,
                        _ => &step["approximate_invoke_count"],
                    };
                    Some(json!({
                        "t": t, "op": op, "target": target, "condition": condition,
                        "approximate_invoke_count": count
                    }))
                }
                "dlq" => Some(json!({ "t": t, "op": op })),
                "requeue" => None,
                other => panic!("an operation that this test does not know: {other}"),
            }
        })
        .collect();
    steps.sort_by_key(|step| (step["t"].as_u64(), step["op"].to_string()));
    steps
}

/// The event queue of one function, and all around it.
struct System {
    queue: EventQueue,
    destination: Destination,
    targets: Vec<Sink>,
    function: Script,
    duration: Span,
    reserved_none: bool,
    /// What happened, in the words of the trace.
    steps: Vec<Value>,
}

/// The targets, each a topic of its own.
const TARGETS: [&str; 3] = ["dlq", "onfailure", "onsuccess"];

#[derive(Clone, Copy)]
enum Wake {
    Queue(event_queue::Wake),
    /// The run of the parcel in this slot ends so.
    Ends(u32, Outcome),
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Queue(token) => token.class(),
            Wake::Ends(..) => Class::Completion,
        }
    }
}

impl Component for System {
    type Wake = Wake;
    type In = event_queue::In;
    type Out = ();

    fn on(&mut self, now: Time, message: event_queue::In, fx: &mut impl Port<Self>) {
        let mut inside = Inside::new(fx, Wake::Queue);
        self.queue.on(now, message, &mut inside);
        let sent = inside.sent;
        self.pass_on(now, sent, fx);
    }

    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Queue(token) => {
                let mut inside = Inside::new(fx, Wake::Queue);
                self.queue.woken(now, token, &mut inside);
                let sent = inside.sent;
                self.pass_on(now, sent, fx);
            }
            Wake::Ends(slot, outcome) => self.on(now, event_queue::In::Ended(slot, outcome), fx),
        }
    }
}

impl System {
    fn new(header: &Value, retry_jitter: f64, seed: u64) -> System {
        let config = &header["config"];
        let target = |name: &str, key: &str| {
            let at = TARGETS.iter().position(|target| *target == name).expect("a target");
            (config[key] == true).then(|| Target::Sink(SinkId::at(at)))
        };
        let retries_max = config["maximum_retry_attempts"].as_u64().unwrap_or(2);
        let age_max = config["maximum_event_age_s"].as_u64().unwrap_or(21_600);
        let function = config::Function {
            name: "function".to_owned(),
            timeout: Span::mins(15),
            memory_mb: 128,
            architecture: Default::default(),
            reserved: None,
            provisioned: 0,
            loops_allowed: false,
            dead_letter: target("dlq", "dlq"),
            retries_max: u8::try_from(retries_max).expect("at most 2"),
            age_max: Span::secs(age_max),
            on_success: target("onsuccess", "on_success"),
            on_failure: target("onfailure", "on_failure"),
            answers: false,
            forbidden: false,
            system_error_rate: Probability::NEVER,
            init_time: Quantity::default(),
            keep_alive: config::IdleLife::default(),
            environment_max_age: config::MaxAge::default(),
            behaviour: Behaviour::default(),
            cases: vec![],
            on_partial_failure: OnPartialFailure::Continue,
            calls: vec![],
            event_queue: config::EventQueue { retry_jitter, ..config::EventQueue::default() },
        };
        let topic = |(i, name): (usize, &&str)| {
            let config = config::Sink {
                name: (*name).to_owned(),
                kind: config::SinkKind::Topic,
                system_error_rate: Probability::NEVER,
                forbidden: false,
            };
            Sink::new(SinkId::at(i), &config, &[], Arc::default(), seed)
        };
        System {
            queue: EventQueue::new(FunctionId(0), &function, &Assumptions::default(), seed),
            destination: Destination::new(FunctionId(0), &function),
            targets: TARGETS.iter().enumerate().map(topic).collect(),
            function: Script::new(header),
            duration: Span::millis(header["duration_ms"].as_u64().unwrap_or(0)),
            reserved_none: config["reserved_concurrency"] == 0,
            steps: vec![],
        }
    }

    /// Accepts one event at time 0 and lets everything happen.
    fn run(&mut self) -> Recorded<System> {
        let mut port = Recorded::default();
        let payload = port.register.arrive(CallId(0), 0, 1, Time::ZERO);
        port.tell(self, event_queue::In::Accept(payload, Asker::Call(CallId(0), 0)));
        while port.step(self) {}
        let discarded = port.facts.iter().find_map(|(_, _, fact)| match fact {
            Fact::Discarded { runs, .. } => Some(*runs),
            _ => None,
        });
        for step in self.steps.iter_mut().filter(|step| step["op"] == "destination") {
            step["approximate_invoke_count"] = json!(discarded);
        }
        port
    }

    fn step(&mut self, now: Time, mut step: Value) {
        step["t"] = json!(now.since(Time::ZERO).ceil_millis());
        self.steps.push(step);
    }

    fn pass_on(&mut self, now: Time, sent: Vec<event_queue::Out>, fx: &mut impl Port<Self>) {
        for message in sent {
            match message {
                event_queue::Out::Invoke { slot, .. } => {
                    let result = self.function.run();
                    let (outcome, takes) = match result.as_str().expect("a word") {
                        "ok" => (Outcome::Succeeded, self.duration),
                        "error" => (Outcome::FunctionError(ErrorKind::Handler), self.duration),
                        "throttle" if self.reserved_none => {
                            (Outcome::ZeroReservedConcurrency, Span::ZERO)
                        }
                        "throttle" => (Outcome::Throttled, Span::ZERO),
                        "system" => (Outcome::SystemError, Span::ZERO),
                        other => panic!("a result that this test does not know: {other}"),
                    };
                    self.step(now, json!({ "op": "invoke", "result": result }));
                    fx.wake(takes, Wake::Ends(slot, outcome));
                }
                event_queue::Out::Settled { payload, condition } => {
                    let settled = destination::In::Settled(payload, condition);
                    self.settle(now, settled, condition, fx);
                }
                event_queue::Out::Accepted { .. } | event_queue::Out::Told(..) => (),
                event_queue::Out::Await => unreachable!("the queue is not patient"),
            }
        }
    }

    /// Hands the destination a message, and its targets what it sends.
    fn settle(
        &mut self,
        now: Time,
        message: destination::In,
        condition: Condition,
        fx: &mut impl Port<Self>,
    ) {
        let mut inside = Inside::new(fx, |token: destination::Wake| match token {});
        self.destination.on(now, message, &mut inside);
        for message in inside.sent {
            let destination::Out::Send { target: Target::Sink(id), payload, place, slot, .. } =
                message
            else {
                unreachable!("all targets are topics")
            };
            self.step(
                now,
                match TARGETS[id.index()] {
                    "dlq" => json!({ "op": "dlq" }),
                    target => json!({
                        "op": "destination", "target": target, "condition": condition.word()
                    }),
                },
            );
            let sender = Sender::Delivery(FunctionId(0), slot);
            let mut inside = Inside::new(fx, |token: sink::Wake| match token {});
            self.targets[id.index()].on(now, sink::In { payload, place, sender }, &mut inside);
            for message in inside.sent {
                let sink::Out::Told(_, receipt) = message else {
                    unreachable!("nobody listens to the topics")
                };
                self.settle(now, destination::In::Sent(slot, receipt), condition, fx);
            }
        }
    }
}

/// Ages in seconds at which a function with this script is tried, under this jitter.
fn ages(function: &Value, retry_jitter: f64, seed: u64) -> Vec<f64> {
    let header = json!({ "config": {}, "function": function });
    let mut system = System::new(&header, retry_jitter, seed);
    let port = system.run();
    let tries = port.facts.iter().filter_map(|(_, _, fact)| match fact {
        Fact::Tried { age, .. } => Some(age.as_secs_f64()),
        _ => None,
    });
    tries.collect()
}

fn waits(ages: &[f64]) -> Vec<f64> {
    ages.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// The spread of waits that measurements of AWS suggest (A2.4).
const JITTER: f64 = 0.125;
/// The longest time from a due retry to its start that was seen (A2.4).
const DISPATCH: f64 = 0.2;

/// Nominal waits with the assumed spread contain those of a run of AWS, and so do the waits drawn.
#[test]
fn trace_of_measured_async_retries_lies_within_the_assumed_jitter() {
    let path = traces().join("aws-measured-async-retries.json");
    let Ok(text) = fs::read_to_string(&path) else {
        return eprintln!("skipped: no {}; {WHERE}", path.display());
    };
    let measured: Value = serde_json::from_str(&text).expect("the file is JSON");
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().expect("a list").iter().filter_map(Value::as_f64).collect()
    };
    let mut found = vec![];
    let mut contains = |what: &str, nominal: f64, measured: f64, tries: f64| {
        let (least, most) = (nominal * (1.0 - JITTER), nominal * (1.0 + JITTER) + tries * DISPATCH);
        if !(least..=most).contains(&measured) {
            found.push(format!("{what}: expected {least} to {most} s, came {measured} s"));
        }
    };

    let failing = json!(["error"]);
    let nominal = waits(&ages(&failing, 0.0, 0));
    for (what, path) in [
        ("function error", "/function_error/waits_s"),
        ("function timeout", "/function_timeout/waits_end_to_start_s"),
    ] {
        let measured = numbers(measured.pointer(path).expect("the file has it"));
        assert_eq!(measured.len(), nominal.len(), "{what}: two retries");
        for (nominal, measured) in nominal.iter().zip(measured) {
            contains(what, *nominal, measured, 1.0);
        }
    }

    // Seven tries of a throttled event: the sum of the first four ages, then each.
    let throttled =
        json!(["throttle", "throttle", "throttle", "throttle", "throttle", "throttle", "ok"]);
    let nominal = ages(&throttled, 0.0, 0);
    let derived = &measured["throttled"]["derived"];
    let doubling: Vec<_> =
        numbers(&derived["pure_doubling_1s"]).iter().map(|millis| millis / 1e3).collect();
    assert_eq!(nominal, doubling, "nominal ages of the tries of a throttled event");
    let samples = derived["second_event_attempt_ages_ms"].as_array().expect("a list");
    let sum = samples[0].as_str().and_then(|text| text.rsplit(' ').next());
    let sum: f64 = sum.and_then(|sum| sum.parse().ok()).expect("a text that ends in the sum");
    contains("throttled, first four", nominal[..4].iter().sum(), sum / 1e3, 10.0);
    for (i, age) in numbers(&derived["second_event_attempt_ages_ms"]).iter().enumerate() {
        contains("throttled", nominal[4 + i], age / 1e3, (5 + i) as f64);
    }

    // What is drawn lies in the same range, and reaches over most of it.
    for (function, nominal) in [(&failing, ages(&failing, 0.0, 0)), (&throttled, nominal)] {
        let drawn: Vec<_> = (0..200).map(|seed| waits(&ages(function, JITTER, seed))).collect();
        for (i, nominal) in waits(&nominal).into_iter().enumerate() {
            let shares: Vec<_> = drawn.iter().map(|waits| waits[i] / nominal - 1.0).collect();
            let (least, most) = shares.iter().fold((0.0_f64, 0.0_f64), |(least, most), share| {
                (least.min(*share), most.max(*share))
            });
            let within = -JITTER - 1e-6 <= least && most <= JITTER + 1e-6;
            if !within || -0.9 * JITTER < least || most < 0.9 * JITTER {
                found.push(format!("wait {i} of {function}: drawn from {least} to {most}"));
            }
        }
    }
    assert!(found.is_empty(), "{} disagreements:\n  {}", found.len(), found.join("\n  "));
}
