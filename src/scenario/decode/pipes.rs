//! Pipes of EventBridge, each of which is a mapping: Lambda's pollers with the words of another API.
//!
//! A pipe reads a queue or a stream by the same pollers and runs its function with what it read (O11). Its
//! function always says which records failed; without `AUTOMATIC_BISECT` a batch is tried again as it is.

use super::{Body, fifo, resources, streams};
use crate::{
    kernel::Span,
    model::{
        config::{Mapping, Queue, Reader, Source, Start, Stream},
        vocabulary::{FunctionId, QueueId, Target},
    },
    scenario::diagnostic::{Diagnostic, quoted},
};

/// What a pipe is read as.
pub enum Pipe {
    /// A mapping on a queue.
    OfQueue(Mapping),
    /// A mapping on a stream.
    OfStream(Reader),
}

/// The parameters of each source, and the sources that they are for.
const PARAMETERS: [(&str, &str); 7] = [
    ("SqsQueueParameters", "a queue"),
    ("KinesisStreamParameters", "Kinesis"),
    ("DynamoDBStreamParameters", "DynamoDB"),
    ("ManagedStreamingKafkaParameters", "Amazon MSK"),
    ("SelfManagedKafkaParameters", "Kafka"),
    ("ActiveMQBrokerParameters", "ActiveMQ"),
    ("RabbitMQBrokerParameters", "RabbitMQ"),
];

/// The parameters of a source; none of one that no pipe reads.
fn parameters_of(source: Option<Source>) -> Option<&'static str> {
    Some(match source {
        None => "SqsQueueParameters",
        Some(Source::Kinesis) => "KinesisStreamParameters",
        Some(Source::DynamoDb) => "DynamoDBStreamParameters",
        Some(Source::Msk) => "ManagedStreamingKafkaParameters",
        Some(Source::Kafka) => "SelfManagedKafkaParameters",
        Some(Source::ActiveMq) => "ActiveMQBrokerParameters",
        Some(Source::RabbitMq) => "RabbitMQBrokerParameters",
        Some(Source::DocumentDb) => return None,
    })
}

/// The pipe of a body.
pub fn pipe(name: &str, body: &Body<'_>, all: &[Stream], queues: &[Queue]) -> Pipe {
    let target = body.target("Source");
    let stream = match target {
        Some(Target::Stream(id)) => Some((id, all[id.index()].source)),
        _ => None,
    };
    // What could not be read has been reported.
    let function = body.function("Target").unwrap_or(FunctionId(0));
    let enabled = body.word("DesiredState") != Some("STOPPED");
    // There is one way to ask a function that is played, so reading it is looking for mistakes.
    let asked = body.map("TargetParameters").and_then(|of| of.map("LambdaFunctionParameters"));
    asked.and_then(|of| of.word("InvocationType"));
    let given = body.map("SourceParameters");
    let own = parameters_of(stream.map(|(_, source)| source));
    if own.is_none() {
        let mistake = Diagnostic::error("no pipe reads DocumentDB").at(body.place_of("Source"));
        body.wrong("Source", mistake.label("a queue, or another stream"));
    }
    for (key, of) in PARAMETERS {
        if let Some(given) = &given
            && Some(key) != own
            && target.is_some()
            && given.node.get(key).is_some()
        {
            let message = format!("{} are of a pipe on {of}", quoted(key));
            let mistake = Diagnostic::error(message).at(given.place_of(key));
            let label = own.map_or("nothing fits".to_owned(), |own| format!("here {own}"));
            given.wrong(key, mistake.label(label));
        }
    }
    let filters = given.as_ref().map(resources::filters).unwrap_or_default();
    let parameters = given.as_ref().and_then(|given| given.map(own?));
    let count = |key: &str| parameters.as_ref().and_then(|of| of.count_u32_maybe(key));
    let time = |key: &str| parameters.as_ref().and_then(|of| of.aws_time_maybe(key));
    let (batch_size, window) = (count("BatchSize"), time("MaximumBatchingWindowInSeconds"));
    let Some((id, source)) = stream else {
        let batch_size = batch_size.unwrap_or(resources::BATCH_SIZE);
        let window = window.unwrap_or_default();
        let queue = match target {
            Some(Target::Queue(id)) => id,
            _ => QueueId(0),
        };
        if let Some(parameters) = &parameters {
            resources::check_batch(parameters, batch_size, window, queues.get(queue.index()));
        }
        return Pipe::OfQueue(Mapping {
            name: name.to_string(),
            queue,
            function,
            batch_size,
            window,
            reports_failures: true,
            concurrency_max: None,
            provisioned: None,
            filters,
            enabled,
        });
    };
    let sharded = matches!(source, Source::Kinesis | Source::DynamoDb);
    let of_shards = parameters.as_ref().filter(|_| sharded);
    let kept = of_shards.and_then(|of| of.map("DeadLetterConfig")).and_then(|of| {
        fifo::standard_only(&of, "Arn");
        of.target("Arn")
    });
    Pipe::OfStream(Reader {
        name: name.to_string(),
        stream: id,
        function,
        batch_size: batch_size.unwrap_or(streams::BATCH_SIZE),
        window: window.unwrap_or(if sharded { Span::ZERO } else { streams::WINDOW }),
        parallelization: of_shards.map_or(1, |of| of.count_u32("ParallelizationFactor")),
        start: match &parameters {
            Some(parameters) if !matches!(source, Source::ActiveMq | Source::RabbitMq) => {
                streams::start(parameters, source)
            }
            _ if matches!(source, Source::ActiveMq | Source::RabbitMq) => Start::TrimHorizon,
            _ => {
                let own = own.unwrap_or_default();
                let message = format!("`SourceParameters.{own}.StartingPosition` is missing");
                let mistake = Diagnostic::error(message).at(body.place);
                body.cx.say(mistake.path(body.path.clone()).label("where reading begins"));
                Start::TrimHorizon
            }
        },
        retries_max: of_shards.and_then(|of| of.count_or_none("MaximumRetryAttempts")),
        age_max: of_shards.and_then(|of| of.aws_time_or_none("MaximumRecordAgeInSeconds")),
        bisects: of_shards
            .is_some_and(|of| of.word("OnPartialBatchItemFailure") == Some("AUTOMATIC_BISECT")),
        reports_failures: sharded,
        tumbling: None,
        on_failure: kept,
        filters,
        fan_out: false,
        provisioned: None,
        enabled,
    })
}
