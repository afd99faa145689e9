//! What replays of recorded traces share: the folder, the reports, components that stand together
//! as one, and the queues of a trace.

pub mod pty;

use dwell::{
    kernel::{Class, Classed, Span, Time},
    model::{
        Component, Fact, Port, Register, Rule, config,
        sqs::{self, In, Out, Queue, Wake},
        value::Catalog,
        vocabulary::{PayloadId, QueueId},
    },
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What came of a trace.
pub enum Replay {
    /// It was replayed; `found` are the disagreements.
    Done { steps: usize, found: Vec<String> },
    /// It was replayed, but who recorded it says that it departs from AWS here.
    Departs { steps: usize, how: String, found: Vec<String> },
    /// It shows what the model does not have.
    Inapplicable(String),
}

/// Replays every trace in a folder of the traces, given its header and its other lines. Fails if
/// one disagrees; where there is no such folder it says so, and that is all.
pub fn replay_all(name: &str, replay: impl Fn(&Value, &[Value]) -> Replay) {
    let folder = traces().join(name);
    let Ok(files) = fs::read_dir(&folder) else {
        return eprintln!("skipped: no traces in {}; {WHERE}", folder.display());
    };
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a listed file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();

    let (mut replayed, mut all_steps) = (0, 0);
    let (mut inapplicable, mut departures, mut disagreements) = (vec![], vec![], vec![]);
    for path in &paths {
        let name = path.file_stem().expect("a file has a name").to_string_lossy();
        let text = fs::read_to_string(path).expect("a listed file can be read");
        let lines = text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON"));
        let lines: Vec<Value> = lines.collect();
        let (header, lines) = lines.split_first().expect("a trace has a header");
        match replay(header, lines) {
            Replay::Inapplicable(why) => inapplicable.push(format!("{name}: {why}")),
            Replay::Done { steps, found } => {
                (replayed, all_steps) = (replayed + 1, all_steps + steps);
                disagreements.extend(found.into_iter().map(|what| format!("{name}: {what}")));
            }
            Replay::Departs { steps, how, found } => {
                (replayed, all_steps) = (replayed + 1, all_steps + steps);
                departures.push(format!("{name}: {how}"));
                departures.extend(found.into_iter().map(|what| format!("{name}: {what}")));
            }
        }
    }
    eprintln!("{replayed} traces of {all_steps} steps replayed from {}", folder.display());
    report("not applicable", &inapplicable);
    report("recorded where another implementation departs from AWS", &departures);
    report("disagreements", &disagreements);
    assert!(0 < replayed, "no trace in {}", folder.display());
    assert!(disagreements.is_empty(), "{} disagreements, see above", disagreements.len());
}

fn report(what: &str, lines: &[String]) {
    if !lines.is_empty() {
        eprintln!("{what}, {} lines:\n  {}", lines.len(), lines.join("\n  "));
    }
}

/// What to do where there are no traces.
pub const WHERE: &str = "set DWELL_TRACES to where they are";

/// The folder of the traces: `DWELL_TRACES`, or else `../shared/traces`, beside this package.
pub fn traces() -> PathBuf {
    match std::env::var_os("DWELL_TRACES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces"),
    }
}

/// When a line of a trace happens.
pub fn time(line: &Value) -> Time {
    Time::ZERO + Span::millis(line["t"].as_u64().expect("a line has a time"))
}

/// The port of one component among several that stand together as `Whole`. What it sends is kept,
/// for `Whole` to pass on.
pub struct Inside<'a, Whole: Component, C: Component, P> {
    /// What the component sent, oldest first.
    pub sent: Vec<C::Out>,
    port: &'a mut P,
    wake: Box<dyn Fn(C::Wake) -> Whole::Wake>,
}

impl<'a, Whole: Component, C: Component, P: Port<Whole>> Inside<'a, Whole, C, P> {
    /// In `port`, the component's appointments are what `wake` makes of them.
    pub fn new(port: &'a mut P, wake: impl Fn(C::Wake) -> Whole::Wake + 'static) -> Self {
        Inside { sent: vec![], port, wake: Box::new(wake) }
    }
}

impl<Whole: Component, C: Component, P: Port<Whole>> Port<C> for Inside<'_, Whole, C, P> {
    fn wake(&mut self, after: Span, token: C::Wake) {
        self.port.wake(after, (self.wake)(token));
    }
    fn send(&mut self, message: C::Out) {
        self.sent.push(message);
    }
    fn note(&mut self, rule: Rule, fact: Fact) {
        self.port.note(rule, fact);
    }
    fn register(&mut self) -> &mut Register {
        self.port.register()
    }
}

/// Several queues as one component: what moves from one to another stays inside.
pub struct Queues(pub Vec<Queue>);

/// An appointment of one of the queues.
#[derive(Clone, Copy)]
pub struct Woken(pub usize, pub Wake);

impl Classed for Woken {
    fn class(&self) -> Class {
        self.1.class()
    }
}

impl Component for Queues {
    type Wake = Woken;
    type In = (usize, In);
    type Out = Out;

    fn on(&mut self, now: Time, (i, message): (usize, In), fx: &mut impl Port<Self>) {
        let mut inside = Inside::new(fx, move |token| Woken(i, token));
        self.0[i].on(now, message, &mut inside);
        let sent = inside.sent;
        self.route(now, sent, fx);
    }

    fn woken(&mut self, now: Time, Woken(i, token): Woken, fx: &mut impl Port<Self>) {
        let mut inside = Inside::new(fx, move |token| Woken(i, token));
        self.0[i].woken(now, token, &mut inside);
        let sent = inside.sent;
        self.route(now, sent, fx);
    }
}

impl Queues {
    fn route(&mut self, now: Time, sent: Vec<Out>, fx: &mut impl Port<Self>) {
        for message in sent {
            match message {
                Out::Redrive { to, payload, sent_at, receives, source } => {
                    let message = In::Redriven { payload, sent_at, receives, source };
                    self.on(now, (to.index(), message), fx);
                }
                Out::MoveBack { to, payload } => {
                    self.on(now, (to.index(), In::MovedBack { payload }), fx);
                }
                Out::Sent { .. } | Out::Received { .. } => fx.send(message),
            }
        }
    }

    /// Panics if a queue contradicts itself.
    pub fn check(&self, now: Time) {
        for queue in &self.0 {
            queue.check(now);
        }
    }

    /// `ApproximateNumberOfMessages…` of a queue, in the words of the traces.
    pub fn counts(&self, i: usize) -> Value {
        let sqs::Counts { visible, not_visible, delayed } = self.0[i].counts();
        json!({ "visible": visible, "not_visible": not_visible, "delayed": delayed })
    }

    /// The labels of what a queue holds in any state, sorted.
    pub fn dump<'a>(&self, i: usize, labels: &'a BTreeMap<PayloadId, String>) -> Vec<&'a str> {
        let stored = self.0[i].dump();
        let mut dump: Vec<_> = stored.iter().map(|m| labels[&m.payload].as_str()).collect();
        dump.sort_unstable();
        dump
    }
}

/// The queues that a header names.
pub struct Setup {
    /// Their properties.
    pub configs: Vec<config::Queue>,
}

impl Setup {
    /// Reads them from the header.
    pub fn new(header: &Value) -> Setup {
        let queues = header["queues"].as_array().expect("a header names its queues");
        let is_target = |name: &Value| queues.iter().any(|queue| queue["redrive"]["dlq"] == *name);
        let config = |queue: &Value| config::Queue {
            name: queue["name"].as_str().expect("a name").to_owned(),
            visibility: Span::secs(30),
            retention: Span::millis(345_600_000),
            delay: Span::ZERO,
            redrive: None,
            fifo: (queue["fifo"] == true).then_some(config::Fifo {
                content_based: false,
                scope: config::DeduplicationScope::Queue,
                limit: config::ThroughputLimit::PerQueue,
            }),
            system_error_rate: Default::default(),
            forbidden: false,
            read: config::Reading::Enabled,
            dead_letter_queue: is_target(&queue["name"]),
        };
        let mut setup = Setup { configs: queues.iter().map(config).collect() };
        for (i, queue) in queues.iter().enumerate() {
            setup.set(i, queue);
        }
        setup
    }

    /// Empty queues. Of the assumptions, traces know no back of the queue.
    pub fn queues(&self, catalog: &Arc<Catalog>) -> Queues {
        let assumptions =
            config::Assumptions { back_of_queue_after: None, ..config::Assumptions::default() };
        let queue =
            |(i, config)| Queue::new(QueueId::at(i), config, &assumptions, catalog.clone(), 0);
        Queues(self.configs.iter().enumerate().map(queue).collect())
    }

    /// The queue of this name.
    pub fn find(&self, name: &Value) -> usize {
        let found = self.configs.iter().position(|config| config.name == *name);
        found.expect("a queue of the header")
    }

    /// Sets those attributes of a queue that are named.
    pub fn set(&mut self, i: usize, attributes: &Value) {
        let redrive = attributes["redrive"].as_object().map(|redrive| {
            let receives_max = redrive["max_receive_count"].as_u64().expect("a count");
            config::Redrive {
                dead_letter_queue: QueueId::at(self.find(&redrive["dlq"])),
                receives_max: u32::try_from(receives_max).expect("a small count"),
            }
        });
        let config = &mut self.configs[i];
        config.redrive = redrive.or(config.redrive);
        if let Some(fifo) = &mut config.fifo {
            if let Some(content_based) = attributes["content_dedup"].as_bool() {
                fifo.content_based = content_based;
            }
            match attributes["dedup_scope"].as_str() {
                None => (),
                Some("queue") => fifo.scope = config::DeduplicationScope::Queue,
                Some("messageGroup") => fifo.scope = config::DeduplicationScope::Group,
                Some(other) => panic!("a scope that this test does not know: {other}"),
            }
        }
        for (attribute, span) in [
            ("visibility_ms", &mut config.visibility),
            ("retention_ms", &mut config.retention),
            ("delay_ms", &mut config.delay),
        ] {
            *span = attributes[attribute].as_u64().map_or(*span, Span::millis);
        }
    }
}
