//! What another implementation of Lambda did, step by step, against the mapping and the event
//! queue.
//!
//! Where it departs from AWS, AWS is right: a trace that says so is compared with `aws_expected` if
//! those are steps, and else its differences are printed, not counted. The event queue's own
//! `requeue` is nobody's business.

mod event_queue;
mod mapping;
mod stream;

use crate::common::{Replay, replay_all};
use serde_json::Value;

#[test]
fn trace_replay_of_lambda_agrees_at_every_step() {
    replay_all("lambda", |header, lines| {
        let (expected, departs) = expectation(header, lines);
        let replayed = match header["schema"].as_str() {
            Some("esm-sqs/1") => mapping::replay(header, expected),
            Some("async-invoke/1") => Ok(event_queue::replay(header, expected)),
            Some("esm-stream/1") => stream::replay(header, expected),
            _ => panic!("a schema that this test does not know: {}", header["schema"]),
        };
        match replayed {
            Ok(Replayed { steps, found }) => match departs {
                Some(how) => Replay::Departs { steps, how, found },
                None => Replay::Done { steps, found },
            },
            Err(why) => Replay::Inapplicable(why),
        }
    });
}

/// How many steps were compared, and the disagreements.
struct Replayed {
    steps: usize,
    found: Vec<String>,
}

/// The lines to compare with; and how these depart from AWS, if they do and nobody wrote down what
/// AWS does, step by step.
fn expectation<'a>(header: &'a Value, lines: &'a [Value]) -> (&'a [Value], Option<String>) {
    if header["deviates"].is_null() {
        return (lines, None);
    }
    match header["aws_expected"].as_array() {
        Some(steps) if steps.iter().all(|step| step["op"].is_string()) => (steps, None),
        _ => (lines, Some(format!("{}; on AWS: {}", header["deviates"], header["aws_expected"]))),
    }
}

/// The results of a function, one for each run; the last one repeats.
struct Script {
    results: Vec<Value>,
    runs: usize,
}

impl Script {
    fn new(header: &Value) -> Script {
        let results = header["function"].as_array().expect("a header scripts the function");
        Script { results: results.clone(), runs: 0 }
    }

    fn run(&mut self) -> Value {
        let at = self.runs.min(self.results.len() - 1);
        self.runs += 1;
        self.results[at].clone()
    }
}
