//! What other implementations of SQS answered, step by step, against the queue.
//!
//! The traces lie in the folder of `DWELL_TRACES`, or else in `../shared/traces`, beside this
//! package; where neither is there, the test says so and passes. An operation is applied at its
//! time, after all that is due by then. Every disagreement is reported, and the rest still runs.

use crate::common::{Inside, Queues, Replay, Setup, Woken, replay_all, time};
use dwell::{
    kernel::{Class, Span, Time, name_key},
    model::{
        Fact,
        config::DeduplicationScope,
        recorded::Recorded,
        register::Payload,
        sqs::{In, Out, Poll, Queue, QueueError},
        value::{AttributeId, Catalog, Word},
        vocabulary::{CallId, Deletion, Entry, MappingId, PayloadId, QueueId, Sender},
    },
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

#[test]
fn trace_replay_of_sqs_agrees_at_every_step() {
    replay_all("sqs", replay);
}

/// Replays a trace; after a disagreement it goes on, as far as the later steps make sense.
fn replay(header: &Value, lines: &[Value]) -> Replay {
    assert_eq!(header["schema"], "sqs-trace/1", "the schema that this test knows");
    let mut service = Service::new(header);
    let (mut steps, mut found) = (0, vec![]);
    for line in lines.iter().filter(|line| line["kind"] == "op") {
        steps += 1;
        let answer = service.apply(line);
        if !agree(&line["op"], &line["got"], &answer)
            || !service.agree_in_groups(line, &line["got"], &answer)
        {
            found.push(format!(
                "step {} at {} ms, {} on {}: expected {}, came {answer}",
                line["i"], line["t"], line["op"], line["q"], line["got"]
            ));
        }
    }
    Replay::Done { steps, found }
}

/// Of an error only that there is one; of a receive the set of messages and counts, where a count
/// that is null is not compared; of all else everything.
fn agree(op: &Value, expected: &Value, came: &Value) -> bool {
    if !expected["error"].is_null() || !came["error"].is_null() {
        return !expected["error"].is_null() && !came["error"].is_null();
    }
    if op != "receive" {
        return expected == came;
    }
    let sorted = |answer: &Value| {
        let mut messages =
            answer["msgs"].as_array().expect("a receive answers with messages").clone();
        messages.sort_by_key(|message| message["msg"].as_str().expect("a label").to_owned());
        messages
    };
    let (expected, came) = (sorted(expected), sorted(came));
    expected.len() == came.len()
        && expected.iter().zip(&came).all(|(expected, came)| {
            expected["msg"] == came["msg"]
                && (expected["rc"].is_null() || expected["rc"] == came["rc"])
        })
}

/// The queues of a trace, with the labels that its operations use.
struct Service {
    setup: Setup,
    queues: Queues,
    port: Recorded<Queues>,
    labels: BTreeMap<PayloadId, String>,
    /// The receipt handles of each message from each queue, oldest first.
    handles: BTreeMap<(usize, String), Vec<u64>>,
    /// Of each message its group, if it has one.
    groups: BTreeMap<String, String>,
    /// Of a FIFO queue, the last that was accepted of those that it knows by the same: its scope, id and body.
    accepted: BTreeMap<(usize, Vec<String>), String>,
}

impl Service {
    fn new(header: &Value) -> Service {
        let setup = Setup::new(header);
        Service {
            queues: setup.queues(&Arc::new(catalog())),
            setup,
            port: Recorded::default(),
            labels: BTreeMap::new(),
            handles: BTreeMap::new(),
            groups: BTreeMap::new(),
            accepted: BTreeMap::new(),
        }
    }

    /// Sends a message and says whose id came back: its own, or that of the one it repeats.
    fn send(&mut self, now: Time, i: usize, label: String, line: &Value) -> Value {
        let payload = self.port.register.arrive(CallId(0), 0, 0, now);
        let body = line["body"].as_str().unwrap_or(&label).to_owned();
        let known = self.port.register.get_mut(payload);
        known.content = name_key(&body);
        give_words(known, line["group"].as_str(), line["dedup"].as_str());
        // Held once more, so that its number stays its own.
        self.port.register.hold(payload);
        self.labels.insert(payload, label.clone());
        if let Some(group) = line["group"].as_str() {
            self.groups.insert(label.clone(), group.to_owned());
        }
        self.tell(
            i,
            In::Send {
                payload,
                entry: Entry::Sent,
                delay: line["delay_ms"].as_u64().map(Span::millis),
                attempt: 1,
                reply_to: Sender::None,
            },
        );
        let by = match (line["dedup"].as_str(), self.setup.configs[i].fifo) {
            (_, None) => vec![label.clone()],
            (id, Some(fifo)) => {
                let id = id.map_or(format!("body {body}"), |id| format!("id {id}"));
                let of_group = fifo.scope == DeduplicationScope::Group;
                let group = of_group.then(|| line["group"].as_str().unwrap_or_default().to_owned());
                [id].into_iter().chain(group).collect()
            }
        };
        let told = self.port.facts.iter().rev().find_map(|(_, _, fact)| match *fact {
            Fact::SendRefused { payload: of, .. } if of == payload => {
                Some(json!({ "error": "refused" }))
            }
            Fact::Deduplicated { payload: of, .. } if of == payload => {
                Some(json!({ "msg": self.accepted[&(i, by.clone())] }))
            }
            Fact::Enqueued { payload: of, .. } if of == payload => Some(json!({ "msg": label })),
            _ => None,
        });
        let told = told.expect("a send is answered");
        if told["msg"] == label {
            self.accepted.insert((i, by), label);
        }
        told
    }

    /// In a FIFO queue, what is received of one group comes in the order of the trace.
    fn agree_in_groups(&self, line: &Value, expected: &Value, came: &Value) -> bool {
        let i = self.setup.find(&line["q"]);
        if line["op"] != "receive" || self.setup.configs[i].fifo.is_none() {
            return true;
        }
        let in_groups = |answer: &Value| {
            let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for message in answer["msgs"].as_array().expect("a receive answers with messages") {
                let label = message["msg"].as_str().expect("a label").to_owned();
                groups.entry(&self.groups[&label]).or_default().push(label);
            }
            groups
        };
        in_groups(expected) == in_groups(came)
    }

    /// Applies an operation at its time and says what came of it, in the words of the trace.
    fn apply(&mut self, line: &Value) -> Value {
        let millis = |name: &str| line[name].as_u64().map(Span::millis);
        // A move task may have taken a few milliseconds.
        let now = time(line).max(self.port.now());
        self.settle(now);
        let i = self.setup.find(&line["q"]);
        let label = || line["msg"].as_str().expect("a label").to_owned();
        match line["op"].as_str().expect("an operation") {
            "send" => self.send(now, i, label(), line),
            "receive" => {
                let max = u32::try_from(line["max"].as_u64().expect("a number")).expect("to 10");
                let poll = Poll { mapping: MappingId(0), slot: 0 };
                let visibility = millis("visibility_ms");
                self.tell(i, In::Receive { poll, max, wait: Span::ZERO, visibility });
                self.settle(now);
                self.received(i)
            }
            "delete" => match self.handle(i, line) {
                Some(handle) => result(
                    self.ask(i, |queue, port| queue.delete(now, handle, Deletion::Processed, port)),
                ),
                None => json!({ "error": "never received" }),
            },
            "change_visibility" => match self.handle(i, line) {
                Some(handle) => {
                    let visibility = millis("visibility_ms").expect("a visibility");
                    result(self.ask(i, |queue, port| {
                        queue.change_visibility(now, handle, visibility, port)
                    }))
                }
                None => json!({ "error": "never received" }),
            },
            "counts" => self.queues.counts(i),
            "dump" => json!({ "msgs": self.queues.dump(i, &self.labels) }),
            "move" => {
                let destination = line["dest"].is_string().then(|| &line["dest"]);
                let destination = destination.map(|name| QueueId::at(self.setup.find(name)));
                self.tell(i, In::StartMoveTask { destination, rate: None });
                while self.queues.0[i].is_moving() {
                    self.port.step(&mut self.queues);
                }
                let moved = self.port.facts.iter().rev().find_map(|&(_, _, fact)| match fact {
                    Fact::MoveTaskEnded { moved, .. } => Some(json!({
                        "status": "COMPLETED", "moved": moved
                    })),
                    Fact::MoveTaskStarted { accepted: false, .. } => {
                        Some(json!({ "error": "refused" }))
                    }
                    _ => None,
                });
                moved.expect("a task that was asked for is refused or ends")
            }
            "set_attrs" => {
                self.setup.set(i, line);
                let config = self.setup.configs[i].clone();
                self.ask(i, |queue, port| queue.configure(now, &config, port));
                json!({ "ok": true })
            }
            "purge" => {
                self.tell(i, In::Purge);
                json!({ "ok": true })
            }
            other => panic!("an operation that this test does not know: {other}"),
        }
    }

    fn settle(&mut self, now: Time) {
        self.port.advance(&mut self.queues, now, Class::Poll);
        self.queues.check(now);
    }

    fn tell(&mut self, i: usize, message: In) {
        self.port.tell(&mut self.queues, (i, message));
    }

    /// Asks a queue for what it answers at once.
    fn ask<T>(
        &mut self,
        i: usize,
        ask: impl FnOnce(&mut Queue, &mut Inside<Queues, Queue, Recorded<Queues>>) -> T,
    ) -> T {
        let mut inside = Inside::new(&mut self.port, move |token| Woken(i, token));
        ask(&mut self.queues.0[i], &mut inside)
    }

    fn received(&mut self, i: usize) -> Value {
        let Some(Out::Received { batch, .. }) = self.port.messages.pop() else {
            panic!("a short poll is answered at once")
        };
        let mut messages = vec![];
        for record in self.port.register.batch(batch).to_vec() {
            self.port.register.release(record.payload);
            let label = self.labels[&record.payload].clone();
            messages.push(json!({ "msg": label, "rc": record.attempt }));
            self.handles.entry((i, label)).or_default().push(record.handle);
        }
        self.port.register.close_batch(batch);
        json!({ "msgs": messages })
    }

    /// The handle of the `nth` receive from 1, or of the latest.
    fn handle(&self, i: usize, line: &Value) -> Option<u64> {
        let label = line["msg"].as_str().expect("a label").to_owned();
        let handles = self.handles.get(&(i, label))?;
        match line["nth"].as_u64().and_then(|nth| usize::try_from(nth).ok()) {
            Some(nth) => handles.get(nth - 1).copied(),
            None => handles.last().copied(),
        }
    }
}

/// A catalog of the attributes that every scenario has, and of no words: a message brings its own.
fn catalog() -> Catalog {
    let attributes = AttributeId::KEYS.map(str::to_owned).to_vec();
    Catalog { attributes, laws: vec![vec![]], ..Catalog::default() }
}

/// Gives a message its group and its deduplication id, as far as it has them.
fn give_words(payload: &mut Payload, group: Option<&str>, id: Option<&str>) {
    // A text is only compared, so a number that stands for it will do.
    let word = |text: &str| Word::Number((name_key(text) >> 11) as f64);
    let group = group.map(|text| (AttributeId::GROUP, word(text)));
    let id = id.map(|text| (AttributeId::DEDUPLICATION, word(text)));
    payload.words = Some(group.into_iter().chain(id).collect());
}

fn result(result: Result<(), QueueError>) -> Value {
    match result {
        Ok(()) => json!({ "ok": true }),
        Err(error) => json!({ "error": format!("{error:?}") }),
    }
}
