//! FIFO queues: their own keys, and where a file uses one as AWS would not let it.

use super::Body;
use crate::{
    kernel::Span,
    model::{
        config::{DeduplicationScope, Fifo, Resources, ThroughputLimit},
        value::AttributeId,
        vocabulary::QueueId,
    },
    scenario::{
        diagnostic::{Diagnostic, quoted},
        node::{Node, Reference},
        path, units,
    },
};

/// Messages in a batch of a FIFO queue.
const BATCH_MAX: u32 = 10;
/// The keys that only a FIFO queue has.
const KEYS: [&str; 3] = ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"];

/// What makes the queue `name` a FIFO queue, if it is one.
pub fn fifo(name: &str, body: &Body<'_>) -> Option<Fifo> {
    let fifo = Fifo {
        content_based: body.flag("ContentBasedDeduplication"),
        scope: match body.word("DeduplicationScope") {
            Some("messageGroup") => DeduplicationScope::Group,
            _ => DeduplicationScope::Queue,
        },
        limit: match body.word("FifoThroughputLimit") {
            Some("perMessageGroupId") => ThroughputLimit::PerGroup,
            _ => ThroughputLimit::PerQueue,
        },
    };
    if body.flag("FifoQueue") {
        if fifo.limit == ThroughputLimit::PerGroup && fifo.scope == DeduplicationScope::Queue {
            let message = "`FifoThroughputLimit: perMessageGroupId` where a message is sent once in the queue";
            let mistake = Diagnostic::error(message).at(body.place_of("FifoThroughputLimit"));
            let help = "set `DeduplicationScope` to `messageGroup`";
            body.wrong("FifoThroughputLimit", mistake.label("AWS refuses it").help(help));
        }
        return Some(fifo);
    }
    for key in KEYS.into_iter().filter(|key| body.get(key).is_some()) {
        let message = format!("`{key}` is for FIFO queues");
        let mistake = Diagnostic::error(message).at(body.place_of(key));
        body.wrong(key, mistake.label("only with `FifoQueue: true`"));
    }
    if name.ends_with(".fifo") {
        let message = format!("{} is named like a FIFO queue", quoted(name));
        let mistake = Diagnostic::error(message).at(body.place);
        body.wrong("FifoQueue", mistake.label("`FifoQueue: true`, or another name"));
    }
    None
}

/// The queue that a reference names, as it is in `tree`, if it is a FIFO queue.
fn named<'a>(tree: &'a Node, node: &Node) -> Option<&'a Node> {
    let Reference::Name(name) = node.as_reference()? else { return None };
    let queue = tree.get("queues")?.get(name)?;
    let flag = queue.get("FifoQueue")?;
    units::flag(flag).is_ok_and(|flag| flag).then_some(queue)
}

/// Refuses a FIFO queue at a key where AWS takes a standard one.
pub fn standard_only(body: &Body<'_>, key: &str) {
    if let Some(node) = body.get(key)
        && named(body.cx.tree, node).is_some()
    {
        let message = format!("{} is a FIFO queue", node.shown());
        let mistake = Diagnostic::error(message).at(node.place);
        body.wrong(key, mistake.label("AWS takes a standard queue here"));
    }
}

/// What a message for a FIFO queue needs; `gives` says which attributes those who send it have.
pub fn message(file: &Body<'_>, body: &Body<'_>, gives: impl Fn(AttributeId) -> bool) {
    let Some(node) = body.get("target") else { return };
    let Some(queue) = named(file.node, node) else { return };
    let needs = |key: &str, says: &str, help: String| {
        let message = format!("a message to the FIFO queue {} without {says}", node.shown());
        let mistake = Diagnostic::error(message).at(body.place_of(key));
        body.wrong(key, mistake.label("SQS refuses it").help(help));
    };
    if !gives(AttributeId::GROUP) {
        let help = "give `MessageGroupId`, such as `MessageGroupId: {one_of: 100}`";
        needs("MessageGroupId", "a group", help.to_string());
    }
    let content_based = queue.get("ContentBasedDeduplication").map(units::flag);
    if !gives(AttributeId::DEDUPLICATION) && !matches!(content_based, Some(Ok(true))) {
        let help = "give `MessageDeduplicationId`, or the queue `ContentBasedDeduplication: true`";
        needs("MessageDeduplicationId", "a deduplication id", help.to_string());
    }
    if body.aws_time_maybe("DelaySeconds").is_some_and(|delay| delay > Span::ZERO) {
        let message = "`DelaySeconds` of a message to a FIFO queue";
        let mistake = Diagnostic::error(message).at(body.place_of("DelaySeconds"));
        let help = "the queue's own `DelaySeconds` delays all of its messages";
        body.wrong("DelaySeconds", mistake.label("AWS refuses it").help(help));
    }
}

/// Checks redrive policies and mappings: what AWS refuses of them.
pub fn check(file: &Body<'_>, resources: &Resources) {
    let say = |path: String, message: String, label: &str| {
        let place = path::get(file.node, &path).map_or(file.place, |node| node.place);
        file.cx.say(Diagnostic::error(message).at(place).path(path).label(label));
    };
    for queue in &resources.queues {
        let Some(redrive) = queue.redrive else { continue };
        if let Some(message) = differ(resources, &queue.name, redrive.dead_letter_queue) {
            let path = format!("queues.{}.RedrivePolicy.deadLetterTargetArn", queue.name);
            say(path, message, "a dead-letter queue of the same type");
        }
    }
    for mapping in &resources.mappings {
        let Some(queue) = resources.queues.get(mapping.queue.index()) else { continue };
        if queue.fifo.is_none() {
            continue;
        }
        let is_pipe = file.node.get("pipes").is_some_and(|all| all.get(&mapping.name).is_some());
        let path = |key: &str| match is_pipe {
            true => format!("pipes.{}.SourceParameters.SqsQueueParameters.{key}", mapping.name),
            false => format!("event_source_mappings.{}.{key}", mapping.name),
        };
        if mapping.batch_size > BATCH_MAX {
            let message = format!("a batch of {} from a FIFO queue", mapping.batch_size);
            say(path("BatchSize"), message, "at most 10: AWS refuses it");
        }
        if mapping.window > Span::ZERO {
            let message = "a batching window on a FIFO queue".to_string();
            say(path("MaximumBatchingWindowInSeconds"), message, "AWS refuses it");
        }
    }
}

/// That one of a queue and another is a FIFO queue and the other is not, if it is so.
pub fn differ(resources: &Resources, from: &str, to: QueueId) -> Option<String> {
    let from = resources.queues.iter().find(|queue| queue.name == from)?;
    let to = resources.queues.get(to.index())?;
    let kind = |fifo: bool| if fifo { "a FIFO queue" } else { "a standard queue" };
    (from.fifo.is_some() != to.fifo.is_some()).then(|| {
        format!(
            "{} is {}, and {} is {}",
            quoted(&from.name),
            kind(from.fifo.is_some()),
            quoted(&to.name),
            kind(to.fifo.is_some())
        )
    })
}
