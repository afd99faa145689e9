//! What a colleague would say of a scenario: it can be played, but is hardly what was meant.
//!
//! Judged by the resources as they are at the beginning; each sentence has the numbers in it.

use super::{Body, body::time_text};
use crate::{
    kernel::{Probability, Span, Time},
    model::{
        alarm::Watched,
        config::{
            Behaviour, Change, Function, OnPartialFailure, Outlet, Queue, Reader, Reading,
            Resources, Source, Start, Stream,
        },
        value::Quantity,
        vocabulary::{FunctionId, QueueId, StreamId, Target},
    },
    scenario::{
        diagnostic::{Diagnostic, Place, quoted},
        path,
    },
};

/// AWS advises a visibility timeout of so many times the function's.
const VISIBILITY_FACTOR: u64 = 6;
/// The longest timeout of a function that a mapping on Kafka, Amazon MQ or DocumentDB runs.
const TIMEOUT_MAX: Span = Span::mins(14);
/// AWS advises at most so many readers of a shard of a DynamoDB stream.
const SHARD_READERS_MAX: usize = 2;
/// The waits before the retries of an asynchronous event (A2.1).
const RETRY_WAITS: [Span; 2] = [Span::secs(60), Span::secs(120)];

/// Says it.
pub fn advise(file: &Body<'_>, resources: &Resources, timeline: &[(Time, Change)]) {
    let advice = Advice { file, resources, ways: ways(resources, timeline) };
    for (at, function) in resources.functions.iter().enumerate() {
        advice.function(FunctionId::at(at), function);
    }
    for (at, queue) in resources.queues.iter().enumerate() {
        advice.queue(QueueId::at(at), queue);
    }
    for (at, stream) in resources.streams.iter().enumerate() {
        advice.stream(StreamId::at(at), stream);
    }
    advice.mappings();
    advice.readers();
    advice.alarms();
    advice.circles();
    advice.circles_of_queues();
}

/// How things are reached.
struct Ways {
    /// For each function: by mappings, by calls that wait, by asynchronous invocations.
    functions: Vec<(bool, bool, bool)>,
    /// For each queue: whether anything sends to it.
    queues: Vec<bool>,
    /// For each stream: whether anything puts into it.
    streams: Vec<bool>,
}

fn ways(resources: &Resources, timeline: &[(Time, Change)]) -> Ways {
    let mut ways = Ways {
        functions: vec![(false, false, false); resources.functions.len()],
        queues: vec![false; resources.queues.len()],
        streams: vec![false; resources.streams.len()],
    };
    for reader in &resources.readers {
        ways.functions[reader.function.index()].0 = true;
        if let Some(Target::Queue(id)) = reader.on_failure {
            ways.queues[id.index()] = true;
        }
    }
    for mapping in &resources.mappings {
        ways.functions[mapping.function.index()].0 = true;
    }
    for call in &resources.calls {
        match (call.target, call.via) {
            (Target::Function(id), via) if via.queues() => ways.functions[id.index()].2 = true,
            (Target::Function(id), _) => ways.functions[id.index()].1 = true,
            (Target::Queue(id), _) => ways.queues[id.index()] = true,
            (Target::Stream(id), _) => ways.streams[id.index()] = true,
            (_, _) => (),
        }
    }
    for function in &resources.functions {
        for target in [function.dead_letter, function.on_success, function.on_failure] {
            match target {
                Some(Target::Function(id)) => ways.functions[id.index()].2 = true,
                Some(Target::Queue(id)) => ways.queues[id.index()] = true,
                _ => (),
            }
        }
    }
    for outlet in &resources.outlets {
        for target in [Some(outlet.target), outlet.dead_letter] {
            match target {
                Some(Target::Function(id)) => ways.functions[id.index()].2 = true,
                Some(Target::Queue(id)) => ways.queues[id.index()] = true,
                _ => (),
            }
        }
    }
    for redrive in resources.queues.iter().filter_map(|queue| queue.redrive) {
        ways.queues[redrive.dead_letter_queue.index()] = true;
    }
    for (_, change) in timeline {
        if let Change::StartMessageMoveTask { destination: Some(id), .. } = change {
            ways.queues[id.index()] = true;
        }
    }
    ways
}

struct Advice<'a> {
    file: &'a Body<'a>,
    resources: &'a Resources,
    ways: Ways,
}

impl Advice<'_> {
    /// Where a property stands, or the resource if it is not written.
    fn place(&self, section: &str, name: &str, property: &str) -> (Place, String) {
        let body = self.file.node.get(section).and_then(|section| section.get(name));
        let written = body.filter(|_| !property.is_empty());
        match written.and_then(|body| path::get(body, property)) {
            Some(node) => (node.place, format!("{section}.{name}.{property}")),
            None => {
                let place = self.file.cx.names.place(name).unwrap_or(self.file.place);
                (place, format!("{section}.{name}"))
            }
        }
    }

    fn warn(&self, (place, path): (Place, String), message: String, help: &str) {
        let warning = Diagnostic::warning(message).at(place).path(path);
        self.file.cx.say(if help.is_empty() { warning } else { warning.help(help) });
    }

    fn function(&self, id: FunctionId, function: &Function) {
        let name = quoted(&function.name);
        let at = |property: &str| self.place("functions", &function.name, property);
        let (mapped, waited, asynchronous) = self.ways.functions[id.index()];
        if !mapped && !waited && !asynchronous {
            let help = "a caller, a mapping, a destination or a call of another function";
            self.warn(at(""), format!("nobody invokes {name}"), help);
        }
        for (target, what, property) in [
            (function.on_success, "success", "OnSuccess"),
            (function.on_failure, "failure", "OnFailure"),
        ] {
            if target == Some(Target::Function(id)) {
                let property =
                    format!("EventInvokeConfig.DestinationConfig.{property}.Destination");
                let message = format!("{name} is its own {what} destination");
                let help = match function.loops_allowed {
                    true => "`RecursiveLoop: Allow`: nothing stops it",
                    false => "lambda stops such a chain after 16 runs",
                };
                self.warn(at(&property), message, help);
            }
        }
        let kept = function.dead_letter.is_some() || function.on_failure.is_some();
        if kept && !asynchronous && mapped {
            let property = match function.dead_letter {
                Some(_) => "DeadLetterConfig",
                None => "EventInvokeConfig.DestinationConfig",
            };
            let message = format!(
                "{name} is invoked by a mapping only, and this serves asynchronous events only"
            );
            let help = "a queue's messages go back to it: that needs the `RedrivePolicy`; of a stream's \
                        mapping it is the `DestinationConfig`";
            self.warn(at(property), message, help);
        }
        if asynchronous && !kept {
            let message = format!(
                "{name} is invoked asynchronously and has neither `DeadLetterConfig` nor `OnFailure`: \
                 what fails {} is lost",
                match function.retries_max {
                    0 => "once".to_string(),
                    retries => format!("{} times", retries + 1),
                }
            );
            self.warn(at(""), message, "");
        }
        if asynchronous {
            self.event_age(function, at("EventInvokeConfig.MaximumEventAgeInSeconds"));
        }
    }

    fn event_age(&self, function: &Function, place: (Place, String)) {
        let mut waited = Span::ZERO;
        for (retry, wait) in (1..=function.retries_max).zip(RETRY_WAITS) {
            waited += wait;
            if function.age_max <= waited {
                let message = format!(
                    "`MaximumEventAgeInSeconds` {} leaves no time for retry {retry} of {}, which \
                     comes {} after the first run or later",
                    time_text(function.age_max),
                    function.retries_max,
                    time_text(waited)
                );
                return self.warn(place, message, "");
            }
        }
    }

    fn queue(&self, id: QueueId, queue: &Queue) {
        let name = quoted(&queue.name);
        let at = |property: &str| self.place("queues", &queue.name, property);
        if !self.ways.queues[id.index()] {
            let message = match queue.read {
                Reading::Enabled | Reading::Disabled => format!("nobody sends to {name}"),
                Reading::Never => format!("nobody sends to {name}, and nobody reads it"),
            };
            self.warn(at(""), message, "");
        }
        let Some(redrive) = queue.redrive else { return };
        let dead = &self.resources.queues[redrive.dead_letter_queue.index()];
        let dead_name = quoted(&dead.name);
        if queue.fifo.is_none() && dead.retention <= queue.retention {
            let message = format!(
                "{dead_name} keeps messages {}, and {name} {}: their clock goes on, so what arrives \
                 late is soon gone",
                time_text(dead.retention),
                time_text(queue.retention)
            );
            let help = "give the dead-letter queue a longer `MessageRetentionPeriod`, such as 14d";
            let place = self.place("queues", &dead.name, "MessageRetentionPeriod");
            self.warn(place, message, help);
        }
        let count = redrive.receives_max;
        let tried = queue.visibility.times(u64::from(count));
        if queue.retention <= tried {
            let message = format!(
                "{count} receives of {} are {}, and {name} keeps messages {}: none reaches \
                 {dead_name}",
                time_text(queue.visibility),
                time_text(tried),
                time_text(queue.retention)
            );
            self.warn(at("RedrivePolicy.maxReceiveCount"), message, "");
        }
        if count == 1 {
            let message =
                "`maxReceiveCount` 1: one throttle or timeout dead-letters a message".to_string();
            self.warn(at("RedrivePolicy.maxReceiveCount"), message, "AWS advises 5 or more");
        }
    }

    fn mappings(&self) {
        let resources = self.resources;
        for (n, mapping) in resources.mappings.iter().enumerate() {
            let queue = &resources.queues[mapping.queue.index()];
            let function = &resources.functions[mapping.function.index()];
            let (queue_name, function_name) = (quoted(&queue.name), quoted(&function.name));
            let at = |property: &str| self.place("event_source_mappings", &mapping.name, property);
            let (hidden, timeout) = (queue.visibility, function.timeout);
            let advised = timeout.times(VISIBILITY_FACTOR) + mapping.window;
            let place = self.place("queues", &queue.name, "VisibilityTimeout");
            if hidden < timeout {
                let message = format!(
                    "`VisibilityTimeout` {} is shorter than the timeout {} of {function_name}: expect \
                     duplicates",
                    time_text(hidden),
                    time_text(timeout)
                );
                self.warn(place, message, "AWS refuses that when the mapping is made");
            } else if hidden < advised {
                let message = format!(
                    "`VisibilityTimeout` {}: AWS advises {VISIBILITY_FACTOR} times the timeout of \
                     {function_name}, here {}",
                    time_text(hidden),
                    time_text(advised)
                );
                self.file.cx.say(Diagnostic::note(message).at(place.0).path(place.1));
            }
            if queue.redrive.is_none() {
                let message = format!(
                    "{queue_name} has no `RedrivePolicy`: a message that always fails returns until \
                     it expires, {}{}",
                    time_text(queue.retention),
                    if queue.fifo.is_some() { ", and its group waits behind it" } else { "" }
                );
                self.warn(self.place("queues", &queue.name, ""), message, "");
            }
            if queue.fifo.is_some()
                && mapping.reports_failures
                && function.on_partial_failure == OnPartialFailure::Continue
            {
                let message = format!(
                    "{function_name} goes on after a failed message: what is behind it in its group \
                     is deleted before it, and the order is lost"
                );
                let help = "`on_partial_failure: skip_group` or `stop_at_first` keeps it";
                self.warn(
                    self.place("functions", &function.name, "on_partial_failure"),
                    message,
                    help,
                );
            }
            let begins = resources.assumptions.pollers_initial;
            match (function.reserved, mapping.concurrency_max) {
                (Some(reserved), None) if reserved < begins => {
                    let message = format!(
                        "{} begins with {begins} batches at once, and {function_name} may run \
                         {reserved}: each throttle costs a receive",
                        quoted(&mapping.name)
                    );
                    let help = "set `ScalingConfig.MaximumConcurrency`";
                    self.warn(at(""), message, help);
                }
                (Some(reserved), Some(most)) if reserved < most => {
                    let message = format!(
                        "`MaximumConcurrency` {most} is above the {reserved} that {function_name} may \
                         run"
                    );
                    self.warn(at("ScalingConfig.MaximumConcurrency"), message, "");
                }
                _ => (),
            }
            let twin = resources.mappings[..n]
                .iter()
                .find(|other| (other.queue, other.function) == (mapping.queue, mapping.function));
            if let Some(twin) = twin {
                let message = format!("{} does the same already", quoted(&twin.name));
                self.warn(at(""), message, "AWS refuses a second mapping of the same two");
            }
        }
    }

    fn stream(&self, id: StreamId, stream: &Stream) {
        let name = quoted(&stream.name);
        let at = || self.place("streams", &stream.name, "");
        let readers = self.resources.readers.iter().filter(|reader| reader.stream == id);
        let (sent, readers) = (self.ways.streams[id.index()], readers.count());
        match (sent, readers) {
            (false, 0) => {
                self.warn(at(), format!("nobody puts into {name}, and nobody reads it"), "");
            }
            (false, _) => self.warn(at(), format!("nobody puts into {name}"), ""),
            (true, 0) => {
                let message = format!("nobody reads {name}: what is put into it stays there");
                self.warn(at(), message, "");
            }
            (true, _) => (),
        }
        if stream.source == Source::DynamoDb && SHARD_READERS_MAX < readers {
            let message = format!("{readers} mappings read {name}: AWS throttles them");
            let help = "AWS advises at most 2 readers of a shard of a DynamoDB stream";
            self.warn(at(), message, help);
        }
    }

    fn readers(&self) {
        let resources = self.resources;
        for (n, reader) in resources.readers.iter().enumerate() {
            let at = |property: &str| self.place("event_source_mappings", &reader.name, property);
            let stream = &resources.streams[reader.stream.index()];
            let function = &resources.functions[reader.function.index()];
            let (stream_name, function_name) = (quoted(&stream.name), quoted(&function.name));
            let is_stream = matches!(stream.source, Source::Kinesis | Source::DynamoDb);
            if !is_stream && TIMEOUT_MAX < function.timeout {
                let message = format!(
                    "the timeout {} of {function_name} is above the {} that a mapping on {stream_name} \
                     allows",
                    time_text(function.timeout),
                    time_text(TIMEOUT_MAX)
                );
                let place = self.place("functions", &function.name, "Timeout");
                self.warn(place, message, "AWS refuses that when the mapping is made");
            }
            self.gives_up(reader, stream, at("MaximumRetryAttempts"));
            if reader.start == Start::Latest {
                let message = format!(
                    "{} begins with what comes once it reads: records before that are not its",
                    quoted(&reader.name)
                );
                let (place, path) = at("StartingPosition");
                self.file.cx.say(Diagnostic::note(message).at(place).path(path));
            }
            let twin = resources.readers[..n]
                .iter()
                .find(|other| (other.stream, other.function) == (reader.stream, reader.function));
            if let Some(twin) = twin {
                let message = format!("{} does the same already", quoted(&twin.name));
                self.warn(at(""), message, "AWS refuses a second mapping of the same two");
            }
        }
    }

    /// What becomes of a record that always fails.
    fn gives_up(&self, reader: &Reader, stream: &Stream, place: (Place, String)) {
        let stream_name = quoted(&stream.name);
        let ends = reader.retries_max.is_some() || reader.age_max.is_some();
        if ends && reader.on_failure.is_none() {
            let message = "records that are given up are lost: there is no `DestinationConfig`";
            return self.warn(place, message.to_string(), "");
        }
        // Kafka's tries are counted where there is a destination.
        let kafka = matches!(stream.source, Source::Msk | Source::Kafka);
        if ends || kafka && reader.on_failure.is_some() {
            return;
        }
        let message = format!(
            "a record of {stream_name} that always fails stops what is behind it in its shard until it \
             expires, {}",
            time_text(stream.retention)
        );
        let help = match stream.source {
            Source::Kinesis | Source::DynamoDb => {
                "`MaximumRetryAttempts` or `MaximumRecordAgeInSeconds` with a `DestinationConfig` ends \
                 it, `BisectBatchOnFunctionError` finds it"
            }
            Source::Msk | Source::Kafka => {
                "with a `DestinationConfig` it is given up after 10 retries"
            }
            Source::ActiveMq | Source::RabbitMq | Source::DocumentDb => "",
        };
        self.warn(place, message, help);
    }

    /// An alarm on what is sent to a queue that SQS itself fills.
    fn alarms(&self) {
        for alarm in &self.resources.alarms {
            let Watched::Queue(id) = alarm.watched else { continue };
            let queue = &self.resources.queues[id.index()];
            if alarm.metric != "NumberOfMessagesSent" || !queue.dead_letter_queue {
                continue;
            }
            let message = format!(
                "{} counts no message that a redrive policy moves to {}: this alarm does not see them",
                quoted("NumberOfMessagesSent"),
                quoted(&queue.name)
            );
            let help = "watch `ApproximateNumberOfMessagesVisible`, with `Statistic: Maximum`";
            self.warn(self.place("alarms", &alarm.name, "MetricName"), message, help);
        }
    }

    /// Dead-letter queues that lead to each other, and each is read.
    fn circles_of_queues(&self) {
        let resources = self.resources;
        let is_read = |id: &QueueId| {
            let mut mappings = resources.mappings.iter();
            mappings.any(|mapping| mapping.queue == *id && mapping.enabled)
        };
        for first in (0..resources.queues.len()).map(QueueId::at) {
            let Some(circle) = resources.circle_of(first) else { continue };
            if circle.iter().any(|id| *id < first) || !circle.iter().all(is_read) {
                continue;
            }
            let message = format!(
                "a circle of dead-letter queues, each of them read: {}: a message that always fails goes \
                 round and is kept nowhere",
                resources.names_around(&circle)
            );
            let name = &resources.queues[first.index()].name;
            let place = self.place("queues", name, "RedrivePolicy.deadLetterTargetArn");
            self.warn(place, message, "let the last of them have no `RedrivePolicy` and no reader");
        }
    }

    /// Functions that start each other without any time passing.
    fn circles(&self) {
        let count = self.resources.functions.len();
        let next: Vec<Vec<usize>> = (0..count).map(|at| self.started_at_once(at)).collect();
        let mut told = vec![false; count];
        for first in 0..count {
            // Breadth first, so that the circle shown is a shortest one.
            let mut from: Vec<Option<usize>> = vec![None; count];
            let mut open = std::collections::VecDeque::from([first]);
            while let Some(here) = open.pop_front() {
                for &there in &next[here] {
                    if from[there].is_none() {
                        from[there] = Some(here);
                        open.push_back(there);
                    }
                }
            }
            let mut circle = vec![first];
            let mut here = from[first];
            while let Some(at) = here.filter(|at| *at != first) {
                circle.push(at);
                here = from[at];
            }
            if here.is_none() || circle.iter().any(|at| told[*at]) {
                continue;
            }
            circle.push(first);
            circle.iter().for_each(|at| told[*at] = true);
            let names: Vec<&str> =
                circle.iter().rev().map(|at| self.resources.functions[*at].name.as_str()).collect();
            let message = format!("a circle in which no time passes: {}", names.join(" → "));
            let place = self.place("functions", names[0], "service_time");
            self.warn(place, message, "give one of them a `service_time`");
        }
    }

    /// The functions that run at the same instant because this one did.
    fn started_at_once(&self, at: usize) -> Vec<usize> {
        let function = &self.resources.functions[at];
        let timeless = |b: &Behaviour| {
            b.service_time.is_zero()
                && b.record_time.is_zero()
                && b.error_time.as_ref().is_none_or(Quantity::is_zero)
        };
        let zero = timeless(&function.behaviour) || function.cases.iter().any(|(_, b)| timeless(b));
        if !zero || !function.init_time.is_zero() {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut reach = |target: Target, delay: Option<Span>| match target {
            Target::Function(id) => found.push(id.index()),
            Target::Queue(id) => {
                let delay = delay.unwrap_or(self.resources.queues[id.index()].delay);
                let mappings = self.resources.mappings.iter();
                let readers = mappings.filter(|mapping| {
                    mapping.queue == id && mapping.enabled && mapping.window == Span::ZERO
                });
                if delay == Span::ZERO {
                    found.extend(readers.map(|mapping| mapping.function.index()));
                }
            }
            Target::Sink(sink) => {
                let listens = |outlet: &&Outlet| {
                    outlet.origin.sink() == Some(sink) && outlet.enabled && outlet.delay.is_zero()
                };
                let targets = self.resources.outlets.iter().filter(listens);
                found.extend(targets.filter_map(|outlet| match outlet.target {
                    Target::Function(id) => Some(id.index()),
                    _ => None,
                }));
            }
            Target::Stream(id) => {
                let polled = matches!(
                    self.resources.streams[id.index()].source,
                    Source::Kinesis | Source::DynamoDb
                );
                let at_once = self.resources.readers.iter().filter(|reader| {
                    reader.stream == id
                        && reader.enabled
                        && reader.window == Span::ZERO
                        && (reader.fan_out || !polled)
                });
                found.extend(at_once.map(|reader| reader.function.index()));
            }
            Target::Dependency(_) | Target::Outside => (),
        };
        for entry in &function.calls {
            if entry.count > 0 && entry.share != Probability::NEVER {
                let call = &self.resources.calls[entry.call.index()];
                reach(call.target, call.delay);
            }
        }
        let at_once = function.event_queue.dispatch_latency.is_zero();
        let given_up = (function.retries_max == 0).then_some(function.on_failure).flatten();
        for target in [function.on_success, given_up].into_iter().flatten() {
            if at_once {
                reach(target, None);
            }
        }
        found
    }
}
