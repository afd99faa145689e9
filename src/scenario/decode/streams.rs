//! Streams, and event source mappings on them.
//!
//! Not every source has every property: [`HAVING`] says which of them has a key of a mapping, for those on
//! queues too.

use super::{Body, body::listed, fifo, names, resources};
use crate::{
    kernel::Span,
    model::{
        config::{ProvisionedPollers, Reader, Source, Start, Stream, StreamAssumptions},
        vocabulary::{FunctionId, StreamId, Target},
    },
    scenario::{
        diagnostic::{Diagnostic, quoted},
        node::Reference,
        path,
        properties::Kind,
    },
};

/// What a mapping reads, in the words of the messages.
const QUEUE: &str = "a queue";
const KINESIS: &str = "Kinesis";
const DYNAMODB: &str = "DynamoDB";
const KAFKA: &str = "Kafka";
const PROVISIONED: &str = "Kafka with `ProvisionedPollerConfig`";
const MQ: &str = "Amazon MQ";
const DOCUMENTDB: &str = "DocumentDB";

/// The keys of mappings that not every source has, with those that have them.
const HAVING: [(&str, &[&str]); 13] = [
    ("ScalingConfig", &[QUEUE]),
    ("FunctionResponseTypes", &[QUEUE, KINESIS, DYNAMODB, PROVISIONED]),
    ("FilterCriteria", &[QUEUE, KINESIS, DYNAMODB, KAFKA, MQ]),
    ("ProvisionedPollerConfig", &[QUEUE, KAFKA]),
    ("StartingPosition", &[KINESIS, DYNAMODB, KAFKA, DOCUMENTDB]),
    ("StartingPositionTimestamp", &[KINESIS, KAFKA, DOCUMENTDB]),
    ("ParallelizationFactor", &[KINESIS, DYNAMODB]),
    ("MaximumRetryAttempts", &[KINESIS, DYNAMODB, PROVISIONED]),
    ("MaximumRecordAgeInSeconds", &[KINESIS, DYNAMODB, PROVISIONED]),
    ("BisectBatchOnFunctionError", &[KINESIS, DYNAMODB, PROVISIONED]),
    ("TumblingWindowInSeconds", &[KINESIS, DYNAMODB]),
    ("DestinationConfig", &[KINESIS, DYNAMODB, KAFKA]),
    ("enhanced_fan_out", &[KINESIS]),
];

/// The window of a mapping that says none, where that is not 0.
pub const WINDOW: Span = Span::millis(500);
/// Batches of a stream.
pub const BATCH_SIZE: u32 = 100;
/// Provisioned pollers at most, where nothing is said.
const POLLERS: u32 = 200;
/// Pollers of Kafka: those kept, and at most.
const KAFKA_POLLERS_MIN: u32 = 1;
const KAFKA_POLLERS_MAX: u32 = 2_000;

/// The word of a source in messages.
const fn class(source: Source) -> &'static str {
    match source {
        Source::Kinesis => KINESIS,
        Source::DynamoDb => DYNAMODB,
        Source::Msk | Source::Kafka => KAFKA,
        Source::ActiveMq | Source::RabbitMq => MQ,
        Source::DocumentDb => DOCUMENTDB,
    }
}

/// The source that a word of the file means.
fn source_of(word: &str) -> Source {
    match word {
        "dynamodb" => Source::DynamoDb,
        "msk" => Source::Msk,
        "kafka" => Source::Kafka,
        "activemq" | "mq" => Source::ActiveMq,
        "rabbitmq" => Source::RabbitMq,
        "documentdb" => Source::DocumentDb,
        _ => Source::Kinesis,
    }
}

/// The word of `via` for the API of the stream that `target` of a call names; none if it is no stream.
pub fn api(body: &Body<'_>) -> Option<&'static str> {
    let node = body.get("target")?;
    let Reference::Name(name) = node.as_reference()? else { return None };
    let stream = body.cx.tree.get("streams")?.get(name)?;
    let word = stream.get("source").and_then(|source| source.raw()).unwrap_or_default();
    Some(match source_of(word) {
        Source::Kinesis => "kinesis",
        Source::DynamoDb => "dynamodb",
        Source::Msk | Source::Kafka => "kafka",
        Source::ActiveMq | Source::RabbitMq => "mq",
        Source::DocumentDb => "documentdb",
    })
}

/// Every stream.
pub fn streams(file: &Body<'_>) -> Vec<Stream> {
    let bodies = names::bodies(file, "streams");
    bodies.iter().map(|(name, body)| stream(name, body.as_ref())).collect()
}

fn stream(name: &str, body: Option<&Body<'_>>) -> Stream {
    let Some(body) = body else {
        return Stream {
            name: name.to_string(),
            source: Source::Kinesis,
            shards: 1,
            retention: Span::days(1),
            system_error_rate: Default::default(),
            forbidden: false,
        };
    };
    let word = body.word("source").unwrap_or_default();
    if word == "mq" {
        let message = "`mq` is read as `activemq`: Amazon MQ has `activemq` and `rabbitmq`";
        body.wrong("source", Diagnostic::note(message).at(body.place_of("source")));
    }
    let source = source_of(word);
    let shards = body.count_u32("ShardCount");
    if matches!(source, Source::ActiveMq | Source::RabbitMq | Source::DocumentDb) && 1 < shards {
        let message = format!("{shards} shards of {}", class(source));
        let mistake = Diagnostic::error(message).at(body.place_of("ShardCount"));
        body.wrong("ShardCount", mistake.label("what it reads has no shards: 1, or nothing"));
    }
    // As its service has it where it says nothing, and the range of it.
    let (retention, least, most) = match source {
        Source::Kinesis => (Span::days(1), Span::days(1), Span::days(365)),
        Source::DynamoDb => (Span::days(1), Span::days(1), Span::days(1)),
        Source::Msk | Source::Kafka => (Span::days(7), Span::hours(1), Span::days(365)),
        Source::ActiveMq | Source::RabbitMq => (Span::days(365), Span::hours(1), Span::days(365)),
        Source::DocumentDb => (Span::hours(3), Span::hours(1), Span::days(7)),
    };
    let written = body.aws_time_maybe("RetentionPeriodHours").unwrap_or(retention);
    if written < least || most < written {
        let hours = |span: Span| span.as_nanos() / Span::hours(1).as_nanos();
        let message = format!("{} keeps no record {} h", class(source), hours(written));
        let mistake = Diagnostic::error(message).at(body.place_of("RetentionPeriodHours"));
        let label = match least == most {
            true => format!("always {}", hours(least)),
            false => format!("allowed are {} to {}", hours(least), hours(most)),
        };
        body.wrong("RetentionPeriodHours", mistake.label(label));
    }
    Stream {
        name: name.to_string(),
        source,
        shards,
        retention: written,
        system_error_rate: body.probability("system_error_rate"),
        forbidden: body.flag("forbidden"),
    }
}

/// Refuses what cannot happen to streams while they are used.
pub fn check_changes(file: &Body<'_>, before: &[Stream], now: &[Stream]) {
    for (before, now) in before.iter().zip(now) {
        if class(now.source) == KAFKA && now.shards < before.shards {
            let message = format!(
                "{} partitions of {} become {}",
                before.shards,
                quoted(&now.name),
                now.shards
            );
            let path = format!("streams.{}.ShardCount", now.name);
            let place = path::get(file.node, &path).map_or(file.place, |node| node.place);
            let mistake = Diagnostic::error(message).at(place).path(path);
            file.cx.say(mistake.label("a topic of Kafka never has fewer partitions than before"));
        }
    }
}

/// Refuses keys of a mapping that what it reads does not have; a `source` of none is a queue.
pub fn check_keys(body: &Body<'_>, source: Option<Source>) {
    let is_written = |key: &str| body.node.get(key).is_some_and(|node| !node.is_null());
    let class = source.map_or(QUEUE, class);
    let provisioned = class == KAFKA && is_written("ProvisionedPollerConfig");
    for (key, having) in HAVING.into_iter().filter(|(key, _)| is_written(key)) {
        if having.contains(&class) || provisioned && having.contains(&PROVISIONED) {
            continue;
        }
        let message = format!("{} is not for a mapping on {class}", quoted(key));
        let mistake = Diagnostic::error(message).at(body.place_of(key));
        let label = match having.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("only for {} and {last}", others.join(", "))
            }
            _ => format!("only for {}", having.concat()),
        };
        body.wrong(key, mistake.label(label));
    }
}

/// A mapping on one of the `streams`.
pub fn reader(name: &str, body: &Body<'_>, id: StreamId, streams: &[Stream]) -> Reader {
    let source = streams.get(id.index()).map_or(Source::Kinesis, |stream| stream.source);
    check_keys(body, Some(source));
    let function = body.function("FunctionName");
    let window = body.aws_time_maybe("MaximumBatchingWindowInSeconds").unwrap_or(match source {
        Source::Kinesis | Source::DynamoDb => Span::ZERO,
        Source::Msk | Source::Kafka | Source::ActiveMq | Source::RabbitMq | Source::DocumentDb => {
            WINDOW
        }
    });
    let on_failure = body
        .map("DestinationConfig")
        .and_then(|config| config.map("OnFailure"))
        .and_then(|failure| {
            resources::check_type(&failure, "Destination");
            fifo::standard_only(&failure, "Destination");
            failure.target("Destination")
        });
    let tumbling = body.aws_time("TumblingWindowInSeconds");
    Reader {
        name: name.to_string(),
        stream: id,
        // What could not be read has been reported.
        function: function.unwrap_or(FunctionId(0)),
        batch_size: body.count_u32_maybe("BatchSize").unwrap_or(BATCH_SIZE),
        window,
        parallelization: body.count_u32("ParallelizationFactor"),
        start: start(body, source),
        retries_max: body.count_or_none("MaximumRetryAttempts"),
        age_max: body.aws_time_or_none("MaximumRecordAgeInSeconds"),
        bisects: body.flag("BisectBatchOnFunctionError"),
        reports_failures: resources::reports_failures(body),
        tumbling: (tumbling != Span::ZERO).then_some(tumbling),
        on_failure,
        filters: resources::filters(body),
        fan_out: body.flag("enhanced_fan_out"),
        provisioned: matches!(source, Source::Msk | Source::Kafka)
            .then(|| provisioned(body, KAFKA_POLLERS_MIN, KAFKA_POLLERS_MAX))
            .flatten(),
        enabled: body.flag("Enabled"),
    }
}

/// Where reading begins.
pub fn start(body: &Body<'_>, source: Source) -> Start {
    let at = body.point_maybe("StartingPositionTimestamp");
    let wrong = |key: &str, message: String, label: &str| {
        body.wrong(key, Diagnostic::error(message).at(body.place_of(key)).label(label));
    };
    let word = body.word("StartingPosition");
    let is_written = |key: &str| body.node.get(key).is_some();
    let broker = matches!(source, Source::ActiveMq | Source::RabbitMq);
    if !broker && !is_written("StartingPosition") {
        let message = format!("`StartingPosition` is missing: {} has no default", class(source));
        let allowed = match source {
            Source::DynamoDb => &["TRIM_HORIZON", "LATEST"][..],
            _ => &["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"],
        };
        let mistake = Diagnostic::error(message).at(body.place).label(listed(allowed));
        body.cx.say(mistake.path(body.path.clone()));
    }
    match (word, at) {
        (Some("AT_TIMESTAMP"), _) if source == Source::DynamoDb => {
            let message = "DynamoDB streams have no `AT_TIMESTAMP`".to_string();
            wrong("StartingPosition", message, "`TRIM_HORIZON` or `LATEST`");
            Start::TrimHorizon
        }
        (Some("AT_TIMESTAMP"), Some(at)) => Start::At(at),
        (Some("AT_TIMESTAMP"), None) => {
            if !is_written("StartingPositionTimestamp") {
                let message = "`AT_TIMESTAMP` without `StartingPositionTimestamp`".to_string();
                wrong("StartingPosition", message, "beside it a point in time");
            }
            Start::TrimHorizon
        }
        (word, _) => {
            if is_written("StartingPositionTimestamp") {
                let message = "`StartingPositionTimestamp` is for `AT_TIMESTAMP`".to_string();
                let label = "only with `StartingPosition: AT_TIMESTAMP`";
                wrong("StartingPositionTimestamp", message, label);
            }
            match word {
                Some("LATEST") => Start::Latest,
                _ => Start::TrimHorizon,
            }
        }
    }
}

/// `ProvisionedPollerConfig`, if it is there, of a source that has at least and at most so many pollers.
pub fn provisioned(body: &Body<'_>, least: u32, most: u32) -> Option<ProvisionedPollers> {
    let config = body.map("ProvisionedPollerConfig")?;
    let read = |name: &str, default: u32| {
        let pollers = config.count_u32_maybe(name).unwrap_or(default);
        if pollers < least || most < pollers {
            let mistake = Diagnostic::error(format!("{pollers} pollers")).at(config.place_of(name));
            config.wrong(name, mistake.label(format!("allowed are {least} to {most}")));
        }
        pollers
    };
    let min = read("MinimumPollers", least);
    let max = read("MaximumPollers", min.max(POLLERS));
    if max < min {
        let message = format!("`MaximumPollers` {max} is below `MinimumPollers` {min}");
        let mistake = Diagnostic::error(message).at(config.place_of("MaximumPollers"));
        config.wrong("MaximumPollers", mistake.label("as many or more"));
    }
    Some(ProvisionedPollers { min, max })
}

/// What the file assumes of mappings on streams.
pub fn assumptions(body: &Body<'_>) -> StreamAssumptions {
    let (base, cap) = (body.time("stream_retry_base"), body.time("stream_retry_cap"));
    if cap < base {
        let mistake = Diagnostic::error("`stream_retry_cap` is below `stream_retry_base`");
        let place = body.place_of("stream_retry_cap");
        body.wrong("stream_retry_cap", mistake.at(place).label("as long or longer"));
    }
    StreamAssumptions {
        retry_base: base,
        retry_cap: cap,
        second_half_first: body.word("bisect_order") == Some("second_half_first"),
        kinesis_poll: body.time("kinesis_poll_interval"),
        dynamodb_poll: body.time("dynamodb_poll_interval"),
        latest_delay: body.time("latest_start_delay"),
        window_idle: body.time("tumbling_idle_wait"),
    }
}

/// A key of messages that does nothing for the target of a call.
pub fn check_message_keys(body: &Body<'_>, target: Option<Target>) {
    let Some(found) = body.get("target").and_then(|node| body.cx.names.kind_of(node)) else {
        return;
    };
    let is_broker = || api(body) == Some("mq");
    for (key, fits, of) in [
        ("PartitionKey", found == Kind::Stream && !is_broker(), "a stream with shards"),
        ("MessageGroupId", found == Kind::Queue, "a queue"),
        ("MessageDeduplicationId", found == Kind::Queue, "a queue"),
    ] {
        // A topic hands on to queues, a function to what it calls: there a key may still be read.
        let hands_on = matches!(target, Some(Target::Sink(_) | Target::Function(_)));
        if body.node.get(key).is_some() && target.is_some() && !fits && !hands_on {
            let message =
                format!("{} is for {of}, and the target is {}", quoted(key), found.word());
            body.wrong(key, Diagnostic::warning(message).at(body.place_of(key)));
        }
    }
}
