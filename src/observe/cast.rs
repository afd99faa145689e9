//! Who plays which part on a stage: the caller, what it asks, and where that goes on to.
//!
//! A scenario may have any number of resources; a stage has one of each kind. They are those that the
//! events of one caller meet first.

use super::slice::span;
use crate::model::{
    Rule,
    config::{Call, Resources},
    vocabulary::{FunctionId, QueueId, StreamId, Target},
};

/// How the caller asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Through a queue or a stream of the file.
    Queue,
    /// Through the function's event queue.
    Async,
    /// It waits for the answer.
    Sync,
}

impl Mode {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Mode::Queue => "queue",
            Mode::Async => "async",
            Mode::Sync => "sync",
        }
    }
}

/// The parts of a stage, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// How the caller asks.
    pub mode: Mode,
    /// Who asks.
    pub caller: String,
    /// What events wait in; none if the caller waits.
    pub queue: Option<String>,
    /// The function, or whatever else is asked.
    pub function: String,
    /// Where failed events are kept, if they are.
    pub dead_letter_queue: Option<String>,
    /// When an event comes there.
    pub dead_letter_rule: Option<(Rule, String)>,
    /// The most runs of the function at once, and by which property; none if only the account limits it.
    pub slots: Option<(u32, &'static str)>,
    /// Every caller.
    pub callers: Vec<String>,
}

/// What stands behind a target: a queue, a stream, a function or something else, with whether it waits in the
/// function's own queue.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Queue(QueueId),
    Stream(StreamId),
    Function(FunctionId),
    Other(Target),
}

/// Topics on the way that are followed.
const WAY_MAX: usize = 8;

impl Cast {
    /// The parts of a scenario, as the caller at this position meets them.
    pub fn of(resources: &Resources, caller: usize) -> Cast {
        let calls = &resources.calls[..resources.callers];
        let callers = calls.iter().map(|call| call.name.clone()).collect();
        let empty = Cast {
            mode: Mode::Sync,
            caller: String::new(),
            queue: None,
            function: String::new(),
            dead_letter_queue: None,
            dead_letter_rule: None,
            slots: None,
            callers,
        };
        let Some(first) = calls.get(caller) else { return empty };
        let cast = Cast { caller: first.name.clone(), ..empty };
        match asked(resources, first) {
            Asked::Queue(queue) => cast.with_queue(resources, queue),
            Asked::Stream(stream) => cast.with_stream(resources, stream),
            Asked::Function(function) if first.via.waits() => {
                Cast { mode: Mode::Sync, ..cast.with_function(resources, function) }
            }
            Asked::Function(function) => cast.with_event_queue(resources, function),
            Asked::Other(target) => Cast { function: name(resources, target), ..cast },
        }
    }

    fn with_queue(self, resources: &Resources, id: QueueId) -> Cast {
        let queue = &resources.queues[id.index()];
        let mapping = resources.mappings.iter().find(|mapping| mapping.queue == id);
        let cast = match mapping {
            None => self,
            Some(mapping) => self.with_function(resources, mapping.function),
        };
        let letters = queue.redrive.map(|redrive| {
            let never = u64::from(redrive.receives_max) + 1;
            let says = format!("a message is moved here instead of receive {never}");
            (resources.queues[redrive.dead_letter_queue.index()].name.clone(), (Rule::S23, says))
        });
        let (dead_letter_queue, dead_letter_rule) = letters.unzip();
        let queue = Some(queue.name.clone());
        Cast { mode: Mode::Queue, queue, dead_letter_queue, dead_letter_rule, ..cast }
    }

    fn with_stream(self, resources: &Resources, id: StreamId) -> Cast {
        let stream = &resources.streams[id.index()];
        let queue = Some(stream.name.clone());
        let cast = Cast { mode: Mode::Queue, queue, ..self };
        let Some(reader) = resources.readers.iter().find(|reader| reader.stream == id) else {
            return cast;
        };
        let says = match reader.retries_max {
            Some(retries) => format!("a batch comes here after {} failed runs", retries + 1),
            None => "a batch comes here when it is given up".to_owned(),
        };
        Cast {
            dead_letter_queue: reader.on_failure.map(|target| name(resources, target)),
            dead_letter_rule: reader.on_failure.map(|_| (Rule::K13, says)),
            ..cast.with_function(resources, reader.function)
        }
    }

    fn with_event_queue(self, resources: &Resources, id: FunctionId) -> Cast {
        let function = &resources.functions[id.index()];
        let target = function.dead_letter.or(function.on_failure);
        let says = {
            let runs = match function.retries_max {
                0 => "a failed run".to_owned(),
                retries => format!("{} failed runs", u32::from(retries) + 1),
            };
            format!(
                "an event comes here after {runs}, or when it is {} old",
                span(function.age_max)
            )
        };
        let queue = Some(format!("event queue of {}", function.name));
        Cast {
            mode: Mode::Async,
            queue,
            dead_letter_queue: target.map(|target| name(resources, target)),
            dead_letter_rule: target.map(|_| (Rule::A3_3, says)),
            ..self.with_function(resources, id)
        }
    }

    fn with_function(self, resources: &Resources, id: FunctionId) -> Cast {
        let function = &resources.functions[id.index()];
        let reserved = function.reserved.map(|n| (n, "ReservedConcurrentExecutions"));
        let mut of = resources.mappings.iter().filter(|mapping| mapping.function == id);
        let polled = match (of.next(), of.next()) {
            (Some(only), None) => only.concurrency_max.map(|n| (n, "MaximumConcurrency")),
            (Some(_), Some(_)) | (None, _) => None,
        };
        let slots = reserved.into_iter().chain(polled).min_by_key(|(n, _)| *n);
        Cast { function: function.name.clone(), slots, ..self }
    }
}

/// Where what a caller sends comes to rest first.
fn asked(resources: &Resources, call: &Call) -> Asked {
    let mut target = call.target;
    for _ in 0..WAY_MAX {
        match target {
            Target::Queue(queue) => return Asked::Queue(queue),
            Target::Stream(stream) => return Asked::Stream(stream),
            Target::Function(function) => return Asked::Function(function),
            Target::Sink(sink) => {
                let mut outlets = resources.outlets.iter();
                match outlets.find(|outlet| outlet.origin.sink() == Some(sink)) {
                    Some(outlet) => target = outlet.target,
                    None => break,
                }
            }
            Target::Dependency(_) | Target::Outside => break,
        }
    }
    Asked::Other(target)
}

fn name(resources: &Resources, target: Target) -> String {
    match target {
        Target::Function(id) => resources.functions[id.index()].name.clone(),
        Target::Queue(id) => resources.queues[id.index()].name.clone(),
        Target::Sink(id) => resources.sinks[id.index()].name.clone(),
        Target::Stream(id) => resources.streams[id.index()].name.clone(),
        Target::Dependency(id) => resources.dependencies[id.index()].name.clone(),
        Target::Outside => "outside the file".to_owned(),
    }
}
