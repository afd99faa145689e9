//! What other implementations of SQS answered, step by step, against the queue.
//!
//! The traces lie in the folder of `DWELL_TRACES`, or else in `../shared/traces`, beside this
//! package; where neither is there, the test says so and passes. An operation is applied at its
//! time, after all that is due by then. Every disagreement is reported, and the rest still runs.

use crate::common::{Inside, Queues, Replay, Setup, Woken, replay_all, time};
use dwell::{
    kernel::{Class, Span, Time},
    model::{
        Fact,
        recorded::Recorded,
        sqs::{In, Out, Poll, Queue, QueueError},
        vocabulary::{CallId, Deletion, Entry, MappingId, PayloadId, QueueId, Sender},
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn trace_replay_of_sqs_agrees_at_every_step() {
    replay_all("sqs", replay);
}

/// Replays a trace; after a disagreement it goes on, as far as the later steps make sense.
fn replay(header: &Value, lines: &[Value]) -> Replay {
    assert_eq!(header["schema"], "sqs-trace/1", "the schema that this test knows");
    if Setup::has_fifo(header) {
        return Replay::Inapplicable("a FIFO queue, which the model does not have".to_owned());
    }
    let mut service = Service::new(header);
    let (mut steps, mut found) = (0, vec![]);
    for line in lines.iter().filter(|line| line["kind"] == "op") {
        steps += 1;
        let answer = service.apply(line);
        if !agree(&line["op"], &line["got"], &answer) {
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
}

impl Service {
    fn new(header: &Value) -> Service {
        let setup = Setup::new(header);
        Service {
            queues: setup.queues(),
            setup,
            port: Recorded::default(),
            labels: BTreeMap::new(),
            handles: BTreeMap::new(),
        }
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
            "send" => {
                let payload = self.port.register.arrive(CallId(0), 0, 0, now);
                // Held once more, so that its number stays its own.
                self.port.register.hold(payload);
                self.labels.insert(payload, label());
                self.tell(
                    i,
                    In::Send {
                        payload,
                        entry: Entry::Sent,
                        delay: millis("delay_ms"),
                        attempt: 1,
                        reply_to: Sender::None,
                    },
                );
                json!({ "msg": label() })
            }
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

fn result(result: Result<(), QueueError>) -> Value {
    match result {
        Ok(()) => json!({ "ok": true }),
        Err(error) => json!({ "error": format!("{error:?}") }),
    }
}
