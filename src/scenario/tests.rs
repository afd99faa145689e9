//! The input edge as a whole: a text in, a configuration or mistakes out.

use super::{diagnostic::Severity, files::Files, properties::*, *};
use crate::{
    kernel::{Dist, Probability, Span},
    model::{
        config::*,
        policy::delivery::Tries,
        services::Service,
        value::{AttributeId, Compare, Field, Pattern, Quantity, Test, Word, WordLaw},
        vocabulary::{CallId, FunctionId, QueueId, SinkId, StreamId, Target},
    },
};

/// The first attribute that a file names: those of messages and records come before it.
const OWN: AttributeId = AttributeId(AttributeId::KEYS.len() as u16);

/// A small scenario that is good.
const GOOD: &str = "\
duration: 1h
functions:
  F: {Timeout: 3, cases: [{when: {kind: [a]}, error_rate: 5%}], calls: [{target: Q}], event_queue: {},
      EventInvokeConfig: {DestinationConfig: {OnSuccess: {Destination: T}, OnFailure: {Destination: D}}},
      DeadLetterConfig: {TargetArn: D}}
queues:
  Q: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 5}}
  D: {MessageRetentionPeriod: 14d}
topics: {T: {}}
buses: {B: {}}
event_source_mappings:
  M: {EventSourceArn: Q, FunctionName: F, ScalingConfig: {MaximumConcurrency: 5},
      FilterCriteria: {Filters: [{Pattern: {kind: [a, b]}}]}, FunctionResponseTypes: [ReportBatchItemFailures]}
callers:
  C: {target: F, arrivals: {poisson: 5/s}, attributes: {kind: a}, retry: {attempts: 2, backoff: {base: 1s}}}
  Z: {target: Q, arrivals: [{at: [1s]}, {every: 1s}]}
timeline:
  - {at: 1m, set: {functions.F.error_rate: 100%}, for: 1m}
  - {at: 2m, StartMessageMoveTask: {SourceArn: D}}
  - {at: 2m, CancelMessageMoveTask: {SourceArn: D}}
  - {at: 3m, PurgeQueue: {QueueUrl: Q}}
  - {at: 4m, every: 1m, until: 6m, UpdateFunctionCode: {FunctionName: F}}
policies: {As it is: {}, Slow: {functions.F.service_time: 2s}}
guess: {measure: dead_lettered, from: 0, to: 10}
account: {concurrency: 1000}
assumptions: {profile: exact}
";

fn load_with(text: &str, options: &Options<'_>) -> Result<Scenario, Failure> {
    load_text(text, "test/x.yaml", options)
}

fn good(text: &str) -> Scenario {
    load_with(text, &Options::default()).unwrap_or_else(|failure| panic!("{failure}"))
}

/// The mistakes of a text, as `path: message | help`.
fn mistakes(text: &str) -> Vec<String> {
    mistakes_of(load_with(text, &Options::default()))
}

fn mistakes_of(loaded: Result<Scenario, Failure>) -> Vec<String> {
    let Err(failure) = loaded else { return Vec::new() };
    let Failure::Bad { diagnostics, .. } = failure else { panic!("{failure}") };
    let errors = diagnostics.iter().filter(|said| said.severity == Severity::Error);
    errors.map(one_line).collect()
}

fn one_line(said: &Diagnostic) -> String {
    let help = said.help.as_deref().map_or(String::new(), |help| format!(" | {help}"));
    format!("{}: {}{help}", said.path, said.message)
}

/// Warnings and notes of a good text.
fn warnings(text: &str) -> Vec<String> {
    good(text).warnings.iter().map(one_line).collect()
}

/// The mistakes after one path of [`GOOD`] is set.
fn set(argument: &str) -> Vec<String> {
    let sets = [argument.to_string()];
    mistakes_of(load_with(GOOD, &Options { sets: &sets, ..Options::default() }))
}

/// [`GOOD`] with paths set.
fn with(arguments: &[&str]) -> Scenario {
    let sets: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    load_with(GOOD, &Options { sets: &sets, ..Options::default() })
        .unwrap_or_else(|failure| panic!("{failure}"))
}

fn secs(seconds: u64) -> Time {
    Time::ZERO + Span::secs(seconds)
}

#[test]
fn every_key_of_the_table_is_read() {
    let mut paths = Vec::new();
    visit(&mut |path, row| {
        if row.state == State::Played && !matches!(row.takes, Takes::Anything | Takes::Named(..)) {
            paths.push(path.to_string());
        }
    });
    assert!(paths.len() > 120, "{}", paths.len());
    let good = format!(
        "{GOOD}buckets: {{K: {{}}}}\nsubscriptions: {{S: {{TopicArn: T, Protocol: sqs, Endpoint: Q}}}}\n\
         rules: {{R: {{EventBusName: B, EventPattern: {{kind: [a]}}, Targets: [{{Arn: Q}}]}}}}\n\
         streams: {{L: {{}}}}\n"
    );
    let of_streams = ["DestinationConfig", "ProvisionedPollerConfig"];
    for path in paths {
        let mut concrete = path.clone();
        let names = [("functions.*", "F"), ("queues.*", "Q"), ("topics.*", "T"), ("buses.*", "B")];
        let more = [
            ("event_source_mappings.*", "M"),
            ("callers.*", "C"),
            ("buckets.*", "K"),
            ("subscriptions.*", "S"),
            ("rules.*", "R"),
            ("streams.*", "L"),
        ];
        for (section, name) in names.into_iter().chain(more) {
            if path.starts_with(section) {
                concrete = concrete.replacen('*', name, 1);
            }
        }
        let entry = API.iter().position(|call| path.contains(call)).map_or(0, |at| at + 1);
        concrete = match path.starts_with("timeline") {
            true => concrete.replace(".N", &format!(".{entry}")),
            false => concrete.replace(".N", ".0"),
        };
        if concrete == "timeline.0.until" {
            concrete = "timeline.4.until".to_string();
        }
        let mut sets = vec![format!("{concrete}=[[7]]")];
        if of_streams.iter().any(|key| concrete.contains(&format!(".M.{key}"))) {
            sets.insert(0, "event_source_mappings.M.EventSourceArn=L".to_string());
            sets.insert(0, "streams.L.source=kafka".to_string());
        }
        if let Some((call, _)) = concrete.split_once(".Retry.") {
            // Retriers are read where there is a state, and a list of them.
            sets.insert(0, format!("{call}.target=F"));
            sets.insert(0, format!("{call}.via=step_functions"));
            sets.insert(2, format!("{call}.Retry=[{{ErrorEquals: [a]}}]"));
        }
        if concrete.starts_with("topics.T.Subscription.") {
            sets.insert(0, "topics.T.Subscription=[{Protocol: sqs, Endpoint: Q}]".to_string());
        }
        // What a service implies is read where there is that service.
        let calls = ["callers.C", "functions.F.calls.0"];
        for (key, via) in [
            ("RetryPolicy", "eventbridge"),
            ("DeadLetterConfig", "eventbridge"),
            ("RedrivePolicy", "sns"),
            ("FlexibleTimeWindow", "eventbridge_scheduler"),
        ] {
            for call in calls {
                if concrete.starts_with(&format!("{call}.{key}.")) {
                    sets.insert(0, format!("{call}.target=F"));
                    sets.insert(0, format!("{call}.via={via}"));
                }
            }
        }
        let said = mistakes_of(load_with(&good, &Options { sets: &sets, ..Options::default() }));
        let below = |line: &String| {
            line.starts_with(&format!("{concrete}:")) || line.starts_with(&format!("{concrete}."))
        };
        assert!(said.iter().any(below), "{concrete}: {said:#?}");
    }
}

#[test]
fn ranges_are_those_of_aws_on_both_sides() {
    let cases = [
        ("functions.F.Timeout", "1", "900", "0", "901"),
        ("functions.F.MemorySize", "128", "10240", "127", "10241"),
        ("functions.F.ReservedConcurrentExecutions", "0", "900", "-1", "901"),
        ("functions.F.EventInvokeConfig.MaximumRetryAttempts", "0", "2", "-1", "3"),
        ("functions.F.EventInvokeConfig.MaximumEventAgeInSeconds", "60", "6h", "59", "21601"),
        ("queues.Q.VisibilityTimeout", "0", "43200", "-1", "43201"),
        ("queues.Q.MessageRetentionPeriod", "60", "14d", "59", "15d"),
        ("queues.Q.DelaySeconds", "0", "15m", "-1", "901"),
        ("queues.Q.ReceiveMessageWaitTimeSeconds", "0", "20", "-1", "21"),
        ("queues.Q.RedrivePolicy.maxReceiveCount", "1", "1000", "0", "1001"),
        ("event_source_mappings.M.BatchSize", "1", "10", "0", "10001"),
        ("event_source_mappings.M.MaximumBatchingWindowInSeconds", "0", "300", "-1", "301"),
        ("event_source_mappings.M.ScalingConfig.MaximumConcurrency", "2", "1000", "1", "1001"),
        ("timeline.1.StartMessageMoveTask.MaxNumberOfMessagesPerSecond", "1", "500", "0", "501"),
    ];
    for (path, least, most, below, above) in cases {
        for fits in [least, most] {
            assert_eq!(set(&format!("{path}={fits}")), Vec::<String>::new(), "{path}={fits}");
        }
        for refused in [below, above] {
            let said = set(&format!("{path}={refused}"));
            assert_eq!(said.len(), 1, "{path}={refused}: {said:?}");
            assert!(said[0].starts_with(path), "{said:?}");
        }
    }
    let limit = set("functions.F.Timeout=901");
    assert_eq!(limit, ["functions.F.Timeout: `901` is above AWS's limit of 900 s"]);
}

#[test]
fn defaults_are_those_of_the_table() {
    let text = "functions: {F: {}}\nqueues: {Q: {}}\nevent_source_mappings:\n  M: {EventSourceArn: Q, \
                FunctionName: F}\ncallers: {C: {target: Q, arrivals: {at: [5s]}}}\n";
    let scenario = good(text);
    let Config { seed, duration, drain, warmup, period, resources, timeline, .. } = scenario.config;
    assert_eq!((seed, scenario.replications, scenario.start_epoch_s), (1, 20, 1_767_571_200));
    assert_eq!(duration, secs(5) + Span::nanos(1), "the last arrival still happens");
    assert_eq!((drain, warmup, period), (Span::days(15), Time::ZERO, Span::mins(1)));
    assert!(timeline.is_empty() && scenario.policy.is_none() && scenario.title.is_none());
    assert_eq!(resources.assumptions, Assumptions::default());
    assert_eq!(resources.account, Account::default());
    let [function] = resources.functions.as_slice() else { panic!("one") };
    assert_eq!(function.event_queue, EventQueue::default());
    assert_eq!(function.behaviour, Behaviour::default());
    assert_eq!((function.timeout, function.memory_mb), (Span::secs(3), 128));
    assert_eq!((function.retries_max, function.age_max), (2, Span::hours(6)));
    assert_eq!(function.keep_alive, IdleLife::Law(Quantity::span(Span::mins(10))));
    assert!(!function.loops_allowed && function.reserved.is_none());
    let [queue] = resources.queues.as_slice() else { panic!("one") };
    assert_eq!((queue.visibility, queue.retention), (Span::secs(30), Span::days(4)));
    assert!(queue.read == Reading::Enabled && !queue.dead_letter_queue);
    let [mapping] = resources.mappings.as_slice() else { panic!("one") };
    assert_eq!((mapping.batch_size, mapping.window, mapping.enabled), (10, Span::ZERO, true));
    assert!(scenario.assumptions.iter().all(|(_, _, default)| *default));
}

#[test]
fn a_chart_is_one_of_those_there_are() {
    let chart = |more: &str| good(&format!("{GOOD}{more}")).chart;
    assert_eq!(chart(""), None);
    assert_eq!(chart("chart: dwell-ccdf\n").as_deref(), Some("dwell-ccdf"));
    let [mistake] = &mistakes(&format!("{GOOD}chart: dwel-ccdf\n"))[..] else { panic!("one") };
    assert_eq!(mistake, "chart: `dwel-ccdf` is not allowed here | did you mean `dwell-ccdf`?");
}

#[test]
fn resources_refer_to_each_other_by_position() {
    let Config { resources, .. } = good(GOOD).config;
    let function = &resources.functions[0];
    assert_eq!(function.dead_letter, Some(Target::Queue(QueueId(1))));
    assert_eq!(function.on_success, Some(Target::Sink(SinkId(1))));
    assert_eq!(
        resources.queues[0].redrive,
        Some(Redrive { dead_letter_queue: QueueId(1), receives_max: 5 })
    );
    assert!(resources.queues[1].dead_letter_queue);
    assert_eq!(resources.queues[1].read, Reading::Never);
    let sinks: Vec<_> =
        resources.sinks.iter().map(|sink| (sink.name.as_str(), sink.kind)).collect();
    assert_eq!(sinks, [("B", SinkKind::Bus), ("T", SinkKind::Topic)]);
    let calls: Vec<_> =
        resources.calls.iter().map(|call| (call.name.as_str(), call.via, call.target)).collect();
    assert_eq!(
        calls,
        [
            ("C", Via::Invoke, Target::Function(FunctionId(0))),
            ("Z", Via::Send, Target::Queue(QueueId(0))),
            ("F.calls.0", Via::Send, Target::Queue(QueueId(0))),
        ]
    );
    assert_eq!((resources.callers, function.calls[0].call), (2, CallId(2)));
    assert_eq!(
        resources.calls[0].retry,
        Retry {
            attempts: 2,
            backoff: Backoff::Exponential {
                base: Span::secs(1),
                cap: Span::FOREVER,
                jitter: Jitter::None
            },
            budget: None,
        }
    );
}

#[test]
fn references_have_many_spellings_and_are_checked() {
    let spelled = ["D", "!Ref D", "!GetAtt D.Arn", "{Ref: D}", "{\"Fn::GetAtt\": [D, Arn]}"];
    for written in spelled {
        let argument = format!("functions.F.DeadLetterConfig.TargetArn={written}");
        let target = with(&[&argument]).config.resources.functions[0].dead_letter;
        assert_eq!(target, Some(Target::Queue(QueueId(1))), "{written}");
    }
    let outside = with(&["functions.F.DeadLetterConfig.TargetArn=arn:aws:sqs:eu-west-1:1:q"]);
    assert_eq!(outside.config.resources.functions[0].dead_letter, Some(Target::Outside));
    let cases = [
        (
            "callers.C.target=FF",
            "callers.C.target: nothing here is called `FF` | did you mean `F`?",
        ),
        (
            "functions.F.DeadLetterConfig.TargetArn=F",
            "functions.F.DeadLetterConfig.TargetArn: `F` is a function",
        ),
        (
            "event_source_mappings.M.EventSourceArn=arn:aws:sqs:eu-west-1:1:q",
            "event_source_mappings.M.EventSourceArn: `arn:aws:sqs:eu-west-1:1:q` is outside the file",
        ),
        ("callers.C.target=[F]", "callers.C.target: a list is not a reference"),
        (
            "callers.C.via=sqs",
            "callers.C.via: `sqs` asks a queue, and the target is a function \
            | without `via` it is the target's own API",
        ),
        (
            "callers.C.via=kinesis",
            "callers.C.via: `kinesis` asks a stream, and the target is a function \
            | without `via` it is the target's own API",
        ),
        (
            "callers.C.idle_timeout=5s",
            "callers.C.idle_timeout: `idle_timeout` is for a service between",
        ),
        (
            "callers.C.via=invok",
            "callers.C.via: `invok` is not allowed here | did you mean `invoke`?",
        ),
        (
            "callers.C.DelaySeconds=5",
            "callers.C.DelaySeconds: `DelaySeconds` is for messages to a queue",
        ),
        (
            "queues.Q.RedrivePolicy.deadLetterTargetArn=Q",
            "queues.Q.RedrivePolicy.deadLetterTargetArn: `Q` is its own dead-letter queue",
        ),
    ];
    for (argument, expected) in cases {
        assert_eq!(set(argument), [expected], "{argument}");
    }
}

#[test]
fn what_a_template_has_beside_is_read_or_noted() {
    let text = "functions:\n  F:\n    Handler: app.handler\n    Runtime: python3.13\n    Tags: {a: b}\n    \
                DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt D.Arn}\n    EventInvokeConfig:\n      \
                DestinationConfig: {OnFailure: {Type: SNS, Destination: !Ref T}}\n\
                queues: {D: {QueueName: d}}\ntopics: {T: }\n\
                callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}\n";
    let scenario = good(text);
    let function = &scenario.config.resources.functions[0];
    assert_eq!(function.dead_letter, Some(Target::Queue(QueueId(0))));
    assert_eq!(function.on_failure, Some(Target::Sink(SinkId(0))));
    let notes = scenario.warnings.iter().filter(|said| said.severity == Severity::Note);
    assert_eq!(notes.count(), 3, "Handler, Tags, QueueName");
    let wrong = text.replace("Type: SNS", "Type: SQS");
    assert!(mistakes(&wrong)[0].contains("`Type: SQS`, but the target is a topic"));
    let nested = "queues: {Q: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: 1}}}\n";
    assert!(mistakes(nested)[0].contains("a resource's body is its `Properties`"));
}

#[test]
fn what_later_versions_have_is_known_by_name_and_its_body_is_not_read() {
    let text = "\
functions: {F: {SnapStart: {x: y}}}
topics: {T.fifo: {FifoTopic: true, ContentBasedDeduplication: 7}}
callers: {C: {target: F, arrivals: {at: [0s]}}}
";
    let said = mistakes(text);
    assert!(said.len() >= 4, "{said:#?}");
    assert!(said.iter().all(|line| line.contains("not yet in this version")), "{said:#?}");
}

#[test]
fn fifo_queues_are_read_and_stand_only_where_aws_has_them() {
    let text = "\
functions: {F: {on_partial_failure: skip_group}}
queues:
  Q.fifo:
    {FifoQueue: true, DeduplicationScope: messageGroup, FifoThroughputLimit: perMessageGroupId,
    RedrivePolicy: {deadLetterTargetArn: D.fifo}}
  D.fifo: {FifoQueue: true, ContentBasedDeduplication: true}
  S: {}
topics: {T: {}}
buses: {B: {}}
rules: {R: {EventBusName: B, EventPattern: {caller: [C]}, Targets: [{Id: a, Arn: S}]}}
event_source_mappings: {M: {EventSourceArn: Q.fifo, FunctionName: F}}
callers:
  C: {target: Q.fifo, arrivals: {at: [0s]}, MessageGroupId: g, MessageDeduplicationId: {one_of: 9}}
";
    let resources = good(text).config.resources;
    let fifo = resources.queues[0].fifo.expect("it is one");
    assert!(!fifo.content_based);
    assert_eq!(fifo.scope, DeduplicationScope::Group);
    assert_eq!(fifo.limit, ThroughputLimit::PerGroup);
    let dead_letters = resources.queues[1].fifo.expect("it is one");
    assert!(dead_letters.content_based);
    assert_eq!(dead_letters.scope, DeduplicationScope::Queue);
    assert_eq!(resources.queues[2].fifo, None);
    assert_eq!(resources.functions[0].on_partial_failure, OnPartialFailure::SkipGroup);

    let cases = [
        ("queues.Q.fifo.FifoQueue", "false", "`Q.fifo` is named like a FIFO queue"),
        ("queues.S.ContentBasedDeduplication", "true", "is for FIFO queues"),
        ("queues.Q.fifo.DeduplicationScope", "queue", "where a message is sent once in the queue"),
        (
            "queues.Q.fifo.RedrivePolicy.deadLetterTargetArn",
            "S",
            "`Q.fifo` is a FIFO queue, and `S` is a standard queue",
        ),
        (
            "queues.S.RedrivePolicy.deadLetterTargetArn",
            "D.fifo",
            "`S` is a standard queue, and `D.fifo` is a FIFO queue",
        ),
        ("event_source_mappings.M.BatchSize", "11", "a batch of 11 from a FIFO queue"),
        (
            "event_source_mappings.M.MaximumBatchingWindowInSeconds",
            "1",
            "a batching window on a FIFO queue",
        ),
        ("callers.C.DelaySeconds", "1", "`DelaySeconds` of a message to a FIFO queue"),
        ("functions.F.DeadLetterConfig.TargetArn", "D.fifo", "`D.fifo` is a FIFO queue"),
        (
            "functions.F.EventInvokeConfig.DestinationConfig.OnSuccess.Destination",
            "D.fifo",
            "`D.fifo` is a FIFO queue",
        ),
        (
            "topics.T.Subscription",
            "[{Protocol: sqs, Endpoint: Q.fifo}]",
            "`Q.fifo` is a FIFO queue",
        ),
        ("rules.R.Targets", "[{Id: a, Arn: Q.fifo}]", "`Q.fifo` is a FIFO queue"),
        (
            "rules.R.Targets",
            "[{Id: a, Arn: S, DeadLetterConfig: {Arn: D.fifo}}]",
            "`D.fifo` is a FIFO queue",
        ),
        (
            "timeline",
            "[{at: 1s, StartMessageMoveTask: {SourceArn: D.fifo, DestinationArn: S}}]",
            "`D.fifo` is a FIFO queue, and `S` is a standard queue",
        ),
        ("timeline", "[{at: 1s, set: {queues.Q.fifo.FifoQueue: true}}]", "cannot change"),
        (
            "functions.F.calls",
            "[{target: D.fifo, DelaySeconds: 1}]",
            "`DelaySeconds` of a message to a FIFO queue",
        ),
    ];
    for (path, value, expected) in cases {
        let set = format!("{path}={value}");
        let sets = [set.clone()];
        let said = match load_text(text, "t.yaml", &Options { sets: &sets, ..Options::default() }) {
            Ok(_) => panic!("{set} is taken"),
            Err(failure) => failure.to_string(),
        };
        assert!(said.contains(expected), "{set}: {said}");
    }
    let without = text.replace(", MessageGroupId: g, MessageDeduplicationId: {one_of: 9}", "");
    let said = mistakes(&without).join("\n");
    assert!(said.contains("without a group"), "{said}");
    assert!(said.contains("without a deduplication id"), "{said}");
    let by_content = without
        .replace("perMessageGroupId", "perMessageGroupId, ContentBasedDeduplication: true")
        .replace("target: Q.fifo", "MessageGroupId: g, target: Q.fifo");
    good(&by_content);
}

#[test]
fn unknown_keys_are_told_with_what_may_have_been_meant() {
    let cases = [
        ("functions.F.Timeot=3", "unknown key `Timeot` | did you mean `Timeout`?"),
        ("functions.F.timeout=3", "unknown key `timeout` | did you mean `Timeout`?"),
        ("functions.F.BatchSize=3", "unknown key `BatchSize` | `event_source_mappings` have it"),
        (
            "functions.F.service_time={lognormal: {meen: 1s, cv: 1}}",
            "unknown key `meen` | did you mean `mean`?",
        ),
        ("timeline.0.sett={}", "unknown key `sett` | did you mean `set`?"),
        ("durtion=5s", "unknown key `durtion` | did you mean `duration`?"),
    ];
    for (argument, expected) in cases {
        let said = set(argument);
        assert!(said.iter().any(|line| line.ends_with(expected)), "{argument}: {said:?}");
    }
}

#[test]
fn names_are_spelled_so_and_unique_in_the_file() {
    let text = "functions: {A: {}, \"\": {}, \" \": {}, café: {}, a: {}, account: {}, x.fifo: {}}\n\
                queues: {A: {}, B.x: {}}\n";
    let said = mistakes(text).join("\n");
    for part in [
        "a name is empty",
        "`café` is no name",
        "`account` is a word of the language",
        "queues.A: the name `A` stands twice",
        "`B.x` is no name",
        "`x.fifo` is no name here",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let twins = "functions: {Fn: {}, fn: {}}\n";
    assert!(warnings(twins).iter().any(|line| line.contains("differ only in the case")));
}

#[test]
fn a_case_is_what_the_function_does_but_for_what_it_says() {
    let scenario = with(&[
        "functions.F.service_time=1s",
        "functions.F.error_time=20ms",
        "functions.F.poison_rate=1%",
        "functions.F.cases.0.record_time={exponential: {mean: 5ms}}",
    ]);
    let function = &scenario.config.resources.functions[0];
    let (when, case) = &function.cases[0];
    assert_eq!(when.0.len(), 1);
    assert_eq!(case.service_time, function.behaviour.service_time);
    assert_eq!(case.error_time, Some(Quantity::span(Span::millis(20))));
    assert_eq!(case.error_rate, Probability::new(0.05).expect("a share"));
    assert_eq!(case.poison_rate, Probability::new(0.01).expect("a share"));
    let law = Dist::exponential(5e6).expect("a mean");
    assert_eq!(case.record_time, Quantity::Law(law));
}

#[test]
fn times_and_sizes_are_plain_or_by_a_law() {
    let of = |written: &str| {
        let argument = format!("functions.F.service_time={written}");
        with(&[&argument]).config.resources.functions[0].behaviour.service_time.clone()
    };
    let law = |law: Result<Dist, crate::kernel::DistError>| Quantity::Law(law.expect("good"));
    assert_eq!(of("250ms"), Quantity::span(Span::millis(250)));
    assert_eq!(of("{lognormal: {mean: 1s, cv: 0.8}}"), law(Dist::log_normal(1e9, 0.8)));
    assert_eq!(of("{lognormal: {median: 1s, p99: 2s}}"), law(Dist::log_normal_median(1e9, 2e9)));
    assert_eq!(of("{gamma: {mean: 1s, cv: 1}}"), law(Dist::gamma(1e9, 1.0)));
    assert_eq!(of("{weibull: {scale: 1s, shape: 2}}"), law(Dist::weibull(1e9, 2.0)));
    assert_eq!(of("{pareto: {scale: 1s, shape: 2.5}}"), law(Dist::pareto(1e9, 2.5)));
    assert_eq!(of("{uniform: {min: 0, max: 1s}}"), law(Dist::uniform(0.0, 1e9)));
    assert_eq!(
        of("{triangular: {min: 0s, mode: 1s, max: 2s}}"),
        law(Dist::triangular(0.0, 1e9, 2e9))
    );
    assert_eq!(of("{erlang: {mean: 1s, k: 4}}"), law(Dist::erlang(1e9, 4)));
    assert_eq!(of("{attribute: kind, unit: ms}"), Quantity::Attribute(OWN, 1e6));
    let mixture =
        of("{mixture: [{weight: 25%, of: 1s}, {weight: 75%, of: {uniform: {min: 0, max: 1s}}}]}");
    assert_eq!(
        mixture,
        Quantity::Mixture(vec![
            (0.25, Quantity::span(Span::secs(1))),
            (1.0, law(Dist::uniform(0.0, 1e9)))
        ])
    );
    let size = with(&["callers.C.payload_size={uniform: {min: 1KiB, max: 2KiB}}"]);
    let bytes = &size.config.resources.calls[0].payload_bytes;
    assert_eq!(*bytes, law(Dist::uniform(1024.0, 2048.0)));
}

#[test]
fn what_a_law_refuses_is_told_at_the_parameter() {
    let cases = [
        (
            "{lognormal: {median: 400ms, p99: 80ms}}",
            "lognormal.p99: `80ms` is not above the median `400ms`",
        ),
        (
            "{lognormal: {median: 1s, cv: 1}}",
            "lognormal: give `mean` and `cv`, or `median` and `p99`",
        ),
        ("{lognormal: {mean: 1s}}", "lognormal: `cv` is missing"),
        ("{lognormal: {mean: 1s, cv: -1}}", "lognormal.cv: `-1` is below the limit of 0"),
        ("{exponential: {mean: 0s}}", "exponential.mean: `0s` is not above 0"),
        ("{pareto: {scale: 1s, shape: 0.5}}", "pareto.shape: `0.5` has no mean"),
        ("{uniform: {min: 2s, max: 1s}}", "uniform.min: `2s` is above `max` `1s`"),
        (
            "{triangular: {min: 0s, mode: 3s, max: 1s}}",
            "triangular.mode: `3s` is not between `0s` and `1s`",
        ),
        ("{exponential: {mean: 1}}", "exponential.mean: `1` has no unit | write `1s` or `1ms`"),
        ("{exponential: {}}", "exponential: `mean` is missing"),
        ("{exponential: 1s}", "exponential: `1s` is not a mapping"),
        (
            "{exponential: {mean: 1s}, gamma: {mean: 1s, cv: 1}}",
            ": 2 laws at once: exponential, gamma",
        ),
        ("{}", ": a law is missing"),
        (
            "{mixture: [{weight: 50%, of: 1s}, {weight: 60%, of: 1s}]}",
            "mixture: the shares add up to 110%",
        ),
        ("{attribute: kind}", "attribute: `unit` is missing"),
        (
            "{attribute: kid, unit: ms}",
            "attribute: nothing here has an attribute `kid` | did you mean `kind`?",
        ),
        ("{attribute: kind, unit: KiB}", "unit: `KiB` is no unit here"),
        ("{empirical: {csv: x.csv, column: y, unit: ms}}", "empirical.csv: `x.csv` cannot be read"),
        ("exponential", ": `exponential` is not a time | a law is written `{exponential: {…}}`"),
    ];
    for (written, expected) in cases {
        let said = set(&format!("functions.F.service_time={written}"));
        let expected = match expected.strip_prefix(": ") {
            Some(rest) => format!("functions.F.service_time: {rest}"),
            None => format!("functions.F.service_time.{expected}"),
        };
        assert!(said.contains(&expected), "{written}: {said:?}");
    }
    let unseen = set("callers.C.retry.backoff={attribute: kind, unit: ms}");
    assert!(unseen[0].contains("an attribute cannot be looked up here"), "{unseen:?}");
}

#[test]
fn words_are_plain_or_by_a_law() {
    let scenario = with(&[
        "callers.C.attributes={kind: a, n: 5, n2: '05', yes: {choice: {a: 25%, 7: 75%, b: 0%}}, \
         of: {cycle: [a, 1]}, x: {one_of: 20}, z: {zipf: {n: 2, s: 1}}, other: {attribute: kind}, \
         m: {mixture: [{weight: 100%, of: {one_of: 3}}]}}",
        "functions.F.calls.0.attributes={kind: {attribute: kind}, word: no}",
    ]);
    let catalog = &scenario.config.catalog;
    assert_eq!(&catalog.texts[..2], ["yes", "no"]);
    let text = |word: &str| {
        let at = catalog.texts.iter().position(|text| text == word).expect("a text");
        Word::Text(u32::try_from(at).expect("small"))
    };
    let law = |name: &str| {
        let id = catalog.attributes.iter().position(|known| known == name).expect("known");
        let laws = &catalog.laws[0];
        laws.iter().find(|(known, ..)| usize::from(known.0) == id).expect("given").1.clone()
    };
    assert_eq!(law("kind"), WordLaw::Plain(text("a")));
    assert_eq!(law("n"), WordLaw::Plain(Word::Number(5.0)));
    assert_eq!(law("n2"), WordLaw::Plain(text("05")));
    let plain = |word| WordLaw::Plain(word);
    let choice = vec![(0.25, plain(text("a"))), (1.0, plain(Word::Number(7.0)))];
    assert_eq!(law("yes"), WordLaw::Choice(choice), "what has no share is never drawn");
    assert_eq!(law("of"), WordLaw::Cycle(vec![text("a"), Word::Number(1.0)]));
    assert_eq!(law("x"), WordLaw::OneOf(20));
    assert_eq!(law("z"), WordLaw::Zipf([1.0 / 1.5, 1.0].into()));
    assert_eq!(law("other"), WordLaw::Attribute(OWN));
    assert_eq!(law("m"), WordLaw::Choice(vec![(1.0, WordLaw::OneOf(3))]));
    // A call's word may be the one that its payload has already.
    let of_call = &catalog.laws[2];
    assert_eq!(of_call[0].1, WordLaw::Attribute(OWN));
    assert_eq!(of_call[1].1, WordLaw::Plain(Word::Text(1)));
    assert_eq!(catalog.callers, [text("C"), text("Z")]);
    let calls = &scenario.config.resources.calls;
    assert_eq!(calls.iter().map(|call| call.words).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn wrong_words_are_refused() {
    let cases = [
        ("{kind: {choice: {a: 90%, b: 5%}}}", "attributes.kind.choice: the shares add up to 95%"),
        ("{kind: {choice: {a: 0.9}}}", "attributes.kind.choice.a: `0.9` has no unit | write `90%`"),
        ("{kind: {cycle: []}}", "attributes.kind.cycle: the list is empty"),
        ("{kind: {attribute: kind}}", "attributes.kind: `kind` asks for its own word"),
        (
            "{kind: {attribute: b}, b: {choice: {x: 100%}}, c: {attribute: d}, d: {attribute: c}}",
            "attributes.c: `c` asks for its own word",
        ),
        ("{caller: x, kind: a}", "attributes.caller: `caller` is a word of the language"),
        ("{kind: [a]}", "attributes.kind: a list is not a word"),
        ("{kind: {one_of: 0}}", "attributes.kind.one_of: `0` is below the limit of 1"),
    ];
    for (written, expected) in cases {
        let said = set(&format!("callers.C.attributes={written}"));
        assert!(said.contains(&format!("callers.C.{expected}")), "{written}: {said:?}");
    }
}

#[test]
fn patterns_are_those_of_aws() {
    let of = |written: &str| -> Pattern {
        let argument = format!("functions.F.calls.0.when={written}");
        with(&[&argument]).config.resources.functions[0].calls[0].when.clone().expect("given")
    };
    let kind = Field::Attribute(OWN);
    let number = |n: f64| Test::Equals(Word::Number(n));
    assert_eq!(
        of("{kind: [5, {prefix: a}, {suffix: b}]}"),
        Pattern(vec![(
            kind,
            vec![number(5.0), Test::Prefix("a".into()), Test::Suffix("b".into())]
        )])
    );
    assert_eq!(
        of("{attempt: [{numeric: ['>', 1, '<=', 3]}]}"),
        Pattern(vec![(
            Field::Attempt,
            vec![Test::Numeric(vec![(Compare::Greater, 1.0), (Compare::LessOrEqual, 3.0)])]
        )])
    );
    assert_eq!(
        of("{poison: [yes], dead_letters: [0]}"),
        Pattern(vec![
            (Field::Poison, vec![Test::Equals(Word::Text(0))]),
            (Field::DeadLetters, vec![number(0.0)])
        ])
    );
    assert_eq!(
        of("{kind: [{anything-but: [1, {prefix: x}]}, {exists: false}, {equals-ignore-case: A}]}"),
        Pattern(vec![(
            kind,
            vec![
                Test::AnythingBut(vec![number(1.0), Test::Prefix("x".into())]),
                Test::Exists(false),
                Test::EqualsIgnoreCase("A".into())
            ]
        )])
    );
    let nested = of("{detail: {order: {kind: [1]}}, body: {attempt: [2]}}");
    assert_eq!(
        nested,
        Pattern(vec![(kind, vec![number(1.0)]), (Field::Attempt, vec![number(2.0)])])
    );
    let json = r#"'{"body": {"kind": [1]}}'"#;
    let filter = format!("event_source_mappings.M.FilterCriteria.Filters.0.Pattern={json}");
    let filters = with(&[&filter]).config.resources.mappings[0].filters.clone();
    assert_eq!(filters, [Pattern(vec![(kind, vec![number(1.0)])])]);
}

#[test]
fn wrong_patterns_are_refused() {
    let cases = [
        ("{knd: [a]}", "knd: nothing here has an attribute `knd` | did you mean `kind`?"),
        ("{kind: a}", "kind: `a` is not a list of tests | write `[a]`"),
        ("{kind: []}", "kind: a list is not a list of tests"),
        ("{caller: [Cx]}", "caller.0: `Cx` is never there | did you mean `C`?"),
        ("{poison: [true]}", "poison.0: `true` is never there | did you mean `yes`?"),
        ("{attempt: [first]}", "attempt.0: `first` is never there"),
        ("{kind: [{prefx: a}]}", "kind.0.prefx: there is no test `prefx` | did you mean `prefix`?"),
        ("{kind: [{numeric: ['>']}]}", "kind.0.numeric: a list is no comparison"),
        ("{kind: [{numeric: ['~', 1]}]}", "kind.0.numeric: `\"~\"` is no comparison"),
        ("{kind: [{exists: maybe}]}", "kind.0.exists: `maybe` is neither true nor false"),
    ];
    for (written, expected) in cases {
        let said = set(&format!("functions.F.calls.0.when={written}"));
        let expected = format!("functions.F.calls.0.when.{expected}");
        assert!(said.contains(&expected), "{written}: {said:?}");
    }
    let json = set("event_source_mappings.M.FilterCriteria.Filters.0.Pattern='{kind: [a]}'");
    assert!(json[0].contains("not JSON"), "{json:?}");
    let six = set("event_source_mappings.M.FilterCriteria.Filters=[{Pattern: {kind: [a]}}, \
        {Pattern: {kind: [a]}}, {Pattern: {kind: [a]}}, {Pattern: {kind: [a]}}, {Pattern: {kind: [a]}}, \
        {Pattern: {kind: [a]}}]");
    assert!(six[0].contains("6 filters"), "{six:?}");
}

fn arrivals_of(written: &str) -> Vec<Arrivals> {
    let argument = format!("callers.Z.arrivals={written}");
    with(&[&argument]).config.resources.calls[1].arrivals.clone()
}

fn listed(arrivals: &Arrivals) -> Vec<u64> {
    let Process::At(times) = &arrivals.process else { panic!("a list: {arrivals:?}") };
    times.iter().map(|time| time.as_nanos() / 1_000_000_000).collect()
}

#[test]
fn arrivals_add_up() {
    let all = arrivals_of(
        "[{poisson: 30/min, scale: 2}, {every: 10s, from: 1m, until: 2m, count: 3, scale: 0.5}, \
         {closed: {clients: 5, think_time: {exponential: {mean: 1s}}}}, {poisson: 0}]",
    );
    assert_eq!(all[0].process, Process::Poisson(1e-9));
    assert_eq!(all[1].process, Process::Every(Span::secs(20)));
    assert_eq!((all[1].from, all[1].until, all[1].count), (secs(60), secs(120), 3));
    let think_time = Quantity::Law(Dist::exponential(1e9).expect("a mean"));
    assert_eq!(all[2].process, Process::Closed { clients: 5, think_time });
    assert_eq!(all[3].process, Process::At([].into()), "nothing ever, and no 0/0");
}

#[test]
fn times_of_a_list_are_counted_from_its_beginning() {
    let at = arrivals_of("{at: [2m, 00:01, 90s, 2026-01-05T00:03Z], from: 1m, repeat: 5m}");
    assert_eq!(listed(&at[0]), [0, 30, 60, 120]);
    assert_eq!((at[0].from, at[0].repeat), (secs(60), Some(Span::mins(5))));
    assert_eq!(arrivals_of("{at: [0s], count: 5, scale: 1.4}")[0].count, 7);
    let spread = arrivals_of("{at: [1s, 2s, 3s, 4s], scale: 1.5}");
    assert_eq!(listed(&spread[0]), [1, 1, 2, 3, 3, 4], "6 of 4, as even as can be");
}

#[test]
fn a_profile_is_in_stretches_and_may_ramp() {
    let profile = arrivals_of(
        "{profile: [{until: 10m, rate: 60/min}, {until: 20m, rate: 2/s, ramp: true}], from: 5m}",
    );
    let segment = |minutes, first: f64, last: f64| Segment {
        until: Span::mins(minutes),
        first: first / 1e9,
        last: last / 1e9,
    };
    let expected = [segment(5, 1.0, 1.0), segment(15, 1.0, 2.0)];
    assert_eq!(profile[0].process, Process::Profile(expected.into()));
}

#[test]
fn a_profile_that_repeats_is_written_out() {
    let profile = arrivals_of(
        "{profile: [{until: 10m, rate: 0}, {until: 40m, rate: 3/s, ramp: true}], repeat: 25m}",
    );
    let segment = |minutes, first: f64, last: f64| Segment {
        until: Span::mins(minutes),
        first: first / 1e9,
        last: last / 1e9,
    };
    let [quiet, rise] = [segment(10, 0.0, 0.0), segment(25, 0.0, 1.5)];
    let expected = [quiet, rise, segment(35, 0.0, 0.0), segment(50, 0.0, 1.5)];
    let Process::Profile(segments) = &profile[0].process else { panic!("a profile") };
    assert_eq!(segments[..4], expected);
    assert_eq!((segments.len(), profile[0].repeat), (6, None), "to 75 minutes: an hour is played");
    let gap = arrivals_of("{profile: [{until: 10m, rate: 1/s}], repeat: 20m}");
    let Process::Profile(segments) = &gap[0].process else { panic!("a profile") };
    assert_eq!(segments[..2], [segment(10, 1.0, 1.0), segment(20, 0.0, 0.0)]);
}

#[test]
fn a_schedule_is_written_out_as_far_as_the_run_goes() {
    let of = |written: &str| listed(&arrivals_of(&format!("{{schedule: '{written}'}}"))[0]);
    assert_eq!(of("rate(20 minutes)"), [1200, 2400], "not at 3600: that is the end");
    assert_eq!(of("cron(0/30 * * * ? *)"), [0, 1800], "at the beginning too");
    assert_eq!(of("at(2026-01-05T00:10:00)"), [600]);
    let later = arrivals_of("{schedule: rate(5 minutes), from: 30s, until: 12m}");
    assert_eq!(listed(&later[0]), [300, 600]);
    let many = "{schedule: rate(1 minute)}";
    let said = set(&format!("callers.Z.arrivals={many}"));
    assert!(said.is_empty());
    let long = ["duration=40000d".to_string(), format!("callers.Z.arrivals={many}")];
    let said = mistakes_of(load_with(GOOD, &Options { sets: &long, ..Options::default() }));
    assert!(said.iter().any(|line| line.contains("70 years")), "{said:?}");
    let long = ["duration=20000d".to_string(), format!("callers.Z.arrivals={many}")];
    let said = mistakes_of(load_with(GOOD, &Options { sets: &long, ..Options::default() }));
    assert!(said.iter().any(|line| line.contains("more than 1000000 arrivals")), "{said:?}");
}

#[test]
fn wrong_arrivals_are_refused() {
    let cases = [
        ("{}", ": what arrives is not said | a list of arrivals adds up"),
        ("[]", ": the list is empty"),
        ("{poisson: 1/s, every: 1s}", ": 2 kinds of arrivals at once | a list of arrivals adds up"),
        ("{every: 0s}", ".every: `0s` is no time here"),
        ("{poisson: 5}", ".poisson: `5` has no unit | write `5/s` or `5/min`"),
        ("{poisson: 1/s, from: 2m, until: 1m}", ".until: `until` is not after `from`"),
        ("{at: [1s], from: 2s}", ".at.0: `1s` is before `from`"),
        ("{at: 1s}", ".at: `1s` is not a list"),
        ("{at: [1h], repeat: 1h}", ".repeat: `repeat` begins again before the first arrival"),
        (
            "{schedule: rate(5 minute)}",
            ".schedule: `rate(5 minute)` is not a rate as EventBridge has it | did you mean \
             `rate(5 minutes)`?",
        ),
        ("{schedule: rate(5 minutes), repeat: 1h}", ".repeat: `schedule` has no `repeat`"),
        ("{profile: []}", ".profile: a profile without stretches"),
        (
            "{profile: [{until: 1m, rate: 1/s}, {until: 1m, rate: 1/s}]}",
            ".profile.1.until: `until` is not after what comes before",
        ),
        (
            "{csv: {path: ../x.csv, time_column: t}}",
            ".csv.path: `../x.csv` leaves the scenario's folder",
        ),
        (
            "{csv: {path: /etc/passwd, time_column: t}}",
            ".csv.path: `/etc/passwd` leaves the scenario's folder",
        ),
        ("{csv: {path: x.csv, time_column: t}}", ".csv.path: `x.csv` cannot be read"),
        ("{poisson: .inf}", ".poisson: `.inf` is not a rate"),
        ("{at: [1s], count: -1}", ".count: `-1` is negative"),
    ];
    for (written, expected) in cases {
        let said = set(&format!("callers.Z.arrivals={written}"));
        assert!(said.contains(&format!("callers.Z.arrivals{expected}")), "{written}: {said:?}");
    }
}

#[test]
fn a_run_ends_after_its_last_arrival_or_entry_unless_it_has_none() {
    let duration = |arrivals: &str, timeline: &str| {
        let text = format!(
            "functions: {{F: {{}}}}\ncallers: {{C: {{target: F, arrivals: {arrivals}}}}}\n\
             timeline: [{timeline}]\n"
        );
        match load_with(&text, &Options::default()) {
            Ok(scenario) => scenario.config.duration.to_string(),
            Err(failure) => mistakes_of(Err(failure)).join("; "),
        }
    };
    let entry = "{at: 10s, for: 5s, set: {functions.F.error_rate: 1%}}";
    assert_eq!(duration("{at: [3s]}", ""), "3.000000001s");
    assert_eq!(duration("{at: [3s]}", entry), "15.000000001s");
    assert_eq!(duration("{poisson: 1/s, until: 20s}", entry), "20s");
    assert_eq!(duration("{profile: [{until: 30s, rate: 1/s}]}", entry), "30s");
    let endless = |path: &str| {
        format!("{path}: `duration` is missing: this has no end | give `duration`, or `until` here")
    };
    assert_eq!(duration("{poisson: 1/s}", ""), endless("callers.C.arrivals.poisson"));
    assert_eq!(duration("{at: [3s], repeat: 5s}", ""), endless("callers.C.arrivals.at"));
    assert_eq!(
        duration("[{at: [3s]}, {closed: {clients: 1}}]", ""),
        endless("callers.C.arrivals.1.closed")
    );
    assert_eq!(
        duration("{at: [3s]}", "{at: 1s, every: 5s, UpdateFunctionCode: {FunctionName: F}}"),
        endless("timeline.0.every")
    );
}

fn with_csv(csv: &str, arrivals: &str) -> Result<Scenario, Failure> {
    let text = format!(
        "duration: 1h\nfunctions: {{F: {{service_time: {{attribute: ms, unit: ms}}}}}}\ncallers:\n  \
         C: {{target: F, arrivals: {arrivals}}}\n  D: {{target: F, attributes: {{ms: 1}}, arrivals: \
         {{at: [0s]}}}}\n"
    );
    let files = Files::default();
    files.put("t.csv", csv);
    Opened::parse(text.as_bytes(), "test/x.yaml")?.beside(&files, &Options::default())
}

fn csv_of(csv: &str, arrivals: &str) -> Arrivals {
    let scenario = with_csv(csv, arrivals).unwrap_or_else(|failure| panic!("{failure}"));
    scenario.config.resources.calls[0].arrivals[0].clone()
}

#[test]
fn a_csv_has_a_row_an_arrival_and_its_other_columns_are_attributes() {
    let csv = "t,kind,ms\n105,a,5\n100,b,7\n112.5,a,9\n";
    let scenario = with_csv(csv, "{csv: {path: t.csv, time_column: t, unit: s}, from: 1m}");
    let config = scenario.unwrap_or_else(|failure| panic!("{failure}")).config;
    let arrivals = &config.resources.calls[0].arrivals[0];
    assert_eq!((arrivals.from, listed(arrivals)), (secs(60), vec![0, 5, 12]));
    let catalog = &config.catalog;
    let (keys, own) = catalog.attributes.split_at(AttributeId::KEYS.len());
    assert_eq!(keys, AttributeId::KEYS);
    assert_eq!(own, ["ms", "kind"], "those of the file come first");
    let texts = &catalog.texts;
    let words: Vec<Vec<String>> = catalog.laws[0]
        .iter()
        .map(|(_, law, _)| {
            let WordLaw::Column(words) = law else { panic!("a column") };
            words
                .iter()
                .map(|word| match word {
                    Word::Text(at) => texts[*at as usize].clone(),
                    Word::Number(n) => n.to_string(),
                })
                .collect()
        })
        .collect();
    assert_eq!(words, [["b", "a", "a"], ["7", "5", "9"]]);
    let iso = "t\n2026-01-05T10:00:05Z\n2026-01-05T12:00:00+02:00\n2026-01-05 10:00:09\n";
    assert_eq!(listed(&csv_of(iso, "{csv: {path: t.csv, time_column: t}}")), [0, 5, 9]);
    let words = "t,kind\n0,a\n1,b\n";
    let again = "{csv: {path: t.csv, time_column: t, unit: s}, repeat: 1200s, count: 2}";
    assert_eq!(
        listed(&csv_of(words, again)),
        [0, 0, 1, 1, 1200, 1200, 1201, 1201, 2400, 2400, 2401, 2401]
    );
}

#[test]
fn a_csv_with_counts_is_spread_over_its_periods() {
    let csv = "minute,n\n0,3\n1,0\n3,2\n";
    let one = "{csv: {path: t.csv, time_column: minute, count_column: n, unit: m}}";
    let times = listed(&csv_of(csv, one));
    assert_eq!(times.len(), 5);
    assert!(
        times[..3].iter().all(|t| *t < 60) && times[3..].iter().all(|t| (180..240).contains(t))
    );
    assert!(times.is_sorted() && times[0] != times[2], "{times:?}");
    assert_eq!(times, listed(&csv_of(csv, one)), "the same luck each time");
    let twice = one.replace("unit: m}", "unit: m}, scale: 2");
    assert_eq!(csv_of(csv, &twice).count, 2);
}

#[test]
fn a_csv_may_step_back_a_thousand_rows_and_its_content_is_never_shown() {
    let rows = |back: usize| {
        let mut csv = "t\n".to_string();
        (1..=1500).for_each(|t| csv.push_str(&format!("{}\n", 10_000 + t)));
        csv + &format!("{}\n", 11_500 - back)
    };
    let one = "{csv: {path: t.csv, time_column: t, unit: ms}}";
    assert!(with_csv(&rows(999), one).is_ok());
    assert!(with_csv(&rows(1_000), one).is_ok());
    let said = mistakes_of(with_csv(&rows(1_001), one));
    assert!(said[0].contains("line 1502 of `t.csv` is earlier"), "{said:?}");
    for (csv, expected) in [
        ("root:x:0:0:secret\n", "has no column `t`"),
        ("t\nsecret\n", "line 2 of `t.csv` has no time"),
        ("t,u\n1,2\n1,2,secret\n", "line 3 of `t.csv` is no row"),
        ("t\n", "has no rows"),
        ("", "has no column `t`"),
        ("t\n-1\n", "line 2 of `t.csv` has no time"),
    ] {
        let said = mistakes_of(with_csv(csv, one)).join("\n");
        assert!(said.contains(expected) && !said.contains("secret"), "{csv}: {said}");
    }
    let no_unit = mistakes_of(with_csv("t\n5\n", "{csv: {path: t.csv, time_column: t}}"));
    assert!(no_unit[0].starts_with("callers.C.arrivals.csv.unit:"), "{no_unit:?}");
    let odd = "{csv: {path: t.csv, time_column: t, count_column: n, unit: s}}";
    assert!(mistakes_of(with_csv("t,n\n1,2.5\n", odd))[0].contains("no whole number"));
    assert!(mistakes_of(with_csv("t,n\n1,2\n", odd))[0].contains("one period only"));
}

/// The changes of a timeline, as words.
fn timeline(text: &str) -> Vec<String> {
    let text = format!(
        "duration: 1h\nfunctions: {{F: {{}}}}\nqueues: {{Q: {{RedrivePolicy: {{deadLetterTargetArn: D}}}}, \
         D: {{}}}}\nevent_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F}}}}\n\
         callers: {{C: {{target: F, arrivals: {{poisson: 1/s}}}}}}\ntimeline:\n{text}"
    );
    let scenario = match load_with(&text, &Options::default()) {
        Ok(scenario) => scenario,
        Err(failure) => return mistakes_of(Err(failure)),
    };
    let changes = scenario.config.timeline.iter().map(|(time, change)| {
        let what = match change {
            Change::Configure(resources) => {
                let function = &resources.functions[0];
                let rate = libm::round(function.behaviour.error_rate.as_f64() * 100.0);
                format!("errors {rate}% timeout {}", function.timeout)
            }
            Change::StartMessageMoveTask { source, destination, rate } => {
                format!("move {source:?} {destination:?} {rate:?}")
            }
            Change::CancelMessageMoveTask(queue) => format!("cancel {queue:?}"),
            Change::PurgeQueue(queue) => format!("purge {queue:?}"),
            Change::UpdateFunctionCode(function) => format!("update {function:?}"),
        };
        format!("{time} {what}")
    });
    changes.collect()
}

#[test]
fn the_later_written_wins_and_an_end_restores() {
    let found = timeline(
        "  - {at: 10s, for: 20s, set: {functions.F.error_rate: 10%}}\n  \
           - {at: 20s, for: 20s, set: {functions.F.error_rate: 20%}}\n  \
           - {at: 15s, for: 2s, set: {functions.F.error_rate: 0%}}\n  \
           - {at: 60s, set: {functions.F.Timeout: 5}}\n",
    );
    assert_eq!(
        found,
        [
            "10s errors 10% timeout 3s",
            "15s errors 0% timeout 3s",
            "17s errors 10% timeout 3s",
            "20s errors 20% timeout 3s",
            "40s errors 0% timeout 3s",
            "60s errors 0% timeout 5s",
        ]
    );
}

#[test]
fn entries_repeat_and_states_that_are_equal_are_no_change() {
    let found = timeline(
        "  - {at: 10m, every: 20m, for: 5m, set: {functions.F.error_rate: 50%}}\n  \
           - {at: 12m, set: {functions.F.Timeout: 3}}\n  \
           - {at: 30m, every: 10m, until: 50m, PurgeQueue: {QueueUrl: Q}}\n",
    );
    assert_eq!(
        found,
        [
            "600s errors 50% timeout 3s",
            "900s errors 0% timeout 3s",
            "1800s errors 50% timeout 3s",
            "1800s purge QueueId(0)",
            "2100s errors 0% timeout 3s",
            "2400s purge QueueId(0)",
            "3000s errors 50% timeout 3s",
            "3300s errors 0% timeout 3s",
        ]
    );
}

#[test]
fn at_one_instant_entries_come_in_the_order_of_the_file() {
    let found = timeline(
        "  - {at: 1m, UpdateFunctionCode: {FunctionName: F}}\n  \
           - {at: 1m, set: {functions.F.error_rate: 100%}}\n  \
           - {at: 1m, StartMessageMoveTask: {SourceArn: D, DestinationArn: Q, MaxNumberOfMessagesPerSecond: 7}}\n  \
           - {at: 1m, CancelMessageMoveTask: {SourceArn: D}}\n",
    );
    assert_eq!(
        found,
        [
            "60s update FunctionId(0)",
            "60s errors 100% timeout 3s",
            "60s move QueueId(1) Some(QueueId(0)) Some(7)",
            "60s cancel QueueId(1)",
        ]
    );
}

#[test]
fn a_timeline_changes_no_wiring() {
    let refused =
        |path: &str, value: &str| timeline(&format!("  - {{at: 1m, set: {{{path}: {value}}}}}\n"));
    for path in [
        "callers.C.target",
        "event_source_mappings.M.FunctionName",
        "seed",
        "policies.A",
        "callers.C.attributes",
        "functions.F.calls",
        "timeline.0.at",
    ] {
        let said = refused(path, "x");
        assert_eq!(
            said,
            [format!(
                "timeline.0.set.{path}: `{path}` cannot change on a live resource | make it a policy, or a \
             second file"
            )]
        );
    }
    assert!(refused("functions.F", "{}")[0].contains("is a whole resource"));
    assert_eq!(
        refused("functions.F.Timeot", "5"),
        ["functions.F.Timeot: unknown key `Timeot` | did you mean `Timeout`?"]
    );
    assert!(
        refused("functions.G.Timeout", "5")[0].contains("nothing in `functions` is called `G`")
    );
    assert!(refused("functions.F.Timeout", "901")[0].contains("above AWS's limit"));
    assert!(refused("functions.F.ReservedConcurrentExecutions", "950")[0].contains("unreserved"));
    assert!(
        refused("callers.C.arrivals", "[{poisson: 1/s}, {poisson: 1/s}]")[0]
            .contains("cannot change")
    );
    assert_eq!(refused("callers.C.arrivals.poisson", "2/s").len(), 1, "the rate can");
    let cases = [
        ("{at: 1m}", "timeline.0: an entry that changes nothing"),
        ("{at: 1m, set: {}}", "timeline.0.set: a mapping is not a mapping of paths"),
        ("{set: {functions.F.Timeout: 5}}", "timeline.0: `at` is missing"),
        (
            "{at: 1m, for: 0s, set: {functions.F.Timeout: 5}}",
            "timeline.0.for: `0s` is no time here",
        ),
        ("{at: 1m, for: 1s, PurgeQueue: {QueueUrl: Q}}", "timeline.0.for: `for` without `set`"),
        (
            "{at: 1m, until: 5m, PurgeQueue: {QueueUrl: Q}}",
            "timeline.0.until: `until` without `every`",
        ),
        (
            "{at: 1m, StartMessageMoveTask: {SourceArn: Q}}",
            "timeline.0.StartMessageMoveTask.SourceArn: `Q` is no queue's dead-letter queue",
        ),
        (
            "{at: 1m, every: 1ms, PurgeQueue: {QueueUrl: Q}}",
            "timeline.0: more than 100000 changes, repetitions counted",
        ),
    ];
    for (entry, expected) in cases {
        assert_eq!(timeline(&format!("  - {entry}\n")), [expected], "{entry}");
    }
}

#[test]
fn a_policy_is_applied_and_arguments_come_last() {
    let text = "functions: {F: {Timeout: 3}}\ncallers: {C: {target: F, arrivals: {at: [0s]}}}\n\
                policies: {As it is: {}, Long: {functions.F.Timeout: 60}}\n\
                thresholds: [F.Errors == 0, Long: F.Errors == 1]\n";
    let timeout = |policy: Option<&str>, sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        let options = Options { policy, sets: &sets, seed: Some(7), ..Options::default() };
        let scenario = load_with(text, &options).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!((scenario.seed, scenario.config.seed), (7, 7));
        let timeout = scenario.config.resources.functions[0].timeout;
        (scenario.policy.unwrap_or_default(), timeout.to_string())
    };
    let said = |policy: &str, timeout: &str| (policy.to_string(), timeout.to_string());
    assert_eq!(timeout(None, &[]), said("As it is", "3s"), "the file as written is that policy");
    assert_eq!(timeout(Some("Long"), &[]), said("Long", "60s"));
    assert_eq!(timeout(Some("Long"), &["functions.F.Timeout=9"]), said("Long", "9s"));
    let argument = "policies.Long={functions.F.Timeout: 30}";
    assert_eq!(timeout(Some("Long"), &[argument]), said("Long", "30s"));
    let scenario = good(text);
    assert_eq!(scenario.policies, ["As it is", "Long"]);
    let thresholds: Vec<_> =
        scenario.thresholds.iter().map(|t| (t.policy.as_deref(), t.text.as_str())).collect();
    assert_eq!(thresholds, [(None, "F.Errors == 0"), (Some("Long"), "F.Errors == 1")]);
    let shown = &text[scenario.thresholds[1].place.range()];
    assert_eq!(shown, "F.Errors == 1");

    let unknown = load_with(text, &Options { policy: Some("Lang"), ..Options::default() });
    assert_eq!(mistakes_of(unknown), [": there is no policy `Lang` | did you mean `Long`?"]);
    for (argument, expected) in [
        ("functions.F.Timeout", ": `functions.F.Timeout` sets nothing"),
        ("functions.G.Timeout=3", "functions.G.Timeout: nothing in `functions` is called `G`"),
        ("functions.F.Timeout=[", ": a `[` without its end"),
    ] {
        let sets = [argument.to_string()];
        let said = mistakes_of(load_with(text, &Options { sets: &sets, ..Options::default() }));
        assert!(said[0].starts_with(expected), "{said:?}");
    }
}

#[test]
fn a_mistake_in_any_policy_is_told_once() {
    let text = "functions: {F: {Timeout: 3, error_rat: 1%}}\ncallers: {C: {target: F, arrivals: {at: [0s]}}}\n\
                policies:\n  A: {}\n  B: {functions.F.Timeout: 901, functions.G.x: 1}\n  \
                'C,d': {policies.A: {}}\n  E: [x]\n\
                thresholds: [Aa: F.Errors == 0, 5, {A: 5}]\n";
    assert_eq!(
        mistakes(text),
        [
            "policies.C,d: the policy's name `C,d` contains `,` or `:`",
            "policies.E: a list is not a mapping",
            "thresholds.0: there is no policy `Aa` | did you mean `A`?",
            "thresholds.1: `5` is not a threshold",
            "thresholds.2: `5` is not a threshold",
            "functions.F.error_rat: unknown key `error_rat` | did you mean `error_rate`?",
            "functions.G.x: nothing in `functions` is called `G`",
            "functions.F.Timeout: `901` is above AWS's limit of 900 s",
            "policies.C,d: a policy cannot change `policies.A`",
        ]
    );
}

#[test]
fn a_mistake_that_has_been_said_is_still_one_in_the_next_policy() {
    let text = "event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F}}\npolicies: {A: \
                {seed: 2}, B: {seed: 3}}\n";
    let of = |key: &str, name: &str| {
        format!("event_source_mappings.M.{key}: nothing here is called `{name}`")
    };
    assert_eq!(mistakes(text), [of("EventSourceArn", "Q"), of("FunctionName", "F")]);
}

#[test]
fn a_colleague_would_warn() {
    let warned = |text: &str, part: &str| {
        let all = warnings(text);
        assert!(all.iter().any(|line| line.contains(part)), "{part}: {all:#?}");
    };
    let queue = |queue: &str, function: &str, mapping: &str| {
        format!(
            "functions: {{F: {{{function}}}, Lost: {{}}}}\nqueues: {{Q: {{{queue}}}, D: {{}}, Alone: {{}}}}\n\
             event_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F{mapping}}}}}\n\
             callers: {{C: {{target: Q, arrivals: {{at: [0s]}}}}}}\n"
        )
    };
    let text = queue("VisibilityTimeout: 30", "Timeout: 60", "");
    warned(
        &text,
        "`VisibilityTimeout` 30 s is shorter than the timeout 60 s of `F`: expect duplicates",
    );
    warned(&text, "`Q` has no `RedrivePolicy`");
    warned(&text, "nobody invokes `Lost`");
    warned(&text, "nobody sends to `Alone`, and nobody reads it");
    let redrive = "RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 1}";
    let text = queue(redrive, "ReservedConcurrentExecutions: 2", "");
    warned(&text, "`maxReceiveCount` 1");
    warned(&text, "`M` begins with 5 batches at once, and `F` may run 2");
    warned(&text, "`D` keeps messages 4 d, and `Q` 4 d");
    let text = queue(
        "VisibilityTimeout: 12h, RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 8}",
        "ReservedConcurrentExecutions: 2, DeadLetterConfig: {TargetArn: D}",
        ", ScalingConfig: {MaximumConcurrency: 3}",
    );
    warned(&text, "8 receives of 12 h are 4 d, and `Q` keeps messages 4 d: none reaches `D`");
    warned(&text, "`MaximumConcurrency` 3 is above the 2");
    warned(&text, "`F` is invoked by a mapping only");
    let text = queue("VisibilityTimeout: 5", "Timeout: 5", "");
    warned(&text, "AWS advises 6 times the timeout of `F`, here 30 s");

    let event = "functions:\n  F: {EventInvokeConfig: {MaximumEventAgeInSeconds: 120}}\n  \
                 G: {EventInvokeConfig: {MaximumRetryAttempts: 0, DestinationConfig: \
                 {OnFailure: {Destination: G}}}}\ncallers:\n  C: {via: invoke_async, target: F, \
                 arrivals: {at: [0s]}}\n  D: {target: G, arrivals: {at: [0s]}}\n";
    warned(event, "`MaximumEventAgeInSeconds` 120 s leaves no time for retry 2 of 2");
    warned(event, "what fails 3 times is lost");
    warned(event, "`G` is its own failure destination");
    warned(event, "a circle in which no time passes: G → G");
    let slow = event.replace("  G: {", "  G: {service_time: 1ms, ");
    assert!(!warnings(&slow).iter().any(|line| line.contains("circle")));
    let through = "functions: {A: {calls: [{target: Q}]}, B: {calls: [{target: A, via: invoke_async}]}}\n\
                   queues: {Q: {}}\nevent_source_mappings: {M: {EventSourceArn: Q, FunctionName: B}}\n";
    warned(through, "a circle in which no time passes: A → B → A");

    let circle = "functions: {F: {}}\nqueues:\n  Q: {RedrivePolicy: {deadLetterTargetArn: R}}\n  \
                  R: {RedrivePolicy: {deadLetterTargetArn: S}}\n  \
                  S: {RedrivePolicy: {deadLetterTargetArn: R}}\n\
                  event_source_mappings:\n  A: {EventSourceArn: Q, FunctionName: F}\n  \
                  B: {EventSourceArn: R, FunctionName: F}\n  C: {EventSourceArn: S, FunctionName: F}\n";
    warned(circle, "a circle of dead-letter queues, each of them read: R → S → R: ");
    let told = |text: &str| {
        warnings(text).iter().filter(|line| line.contains("a circle of dead-letter queues")).count()
    };
    assert_eq!(told(circle), 1);
    assert_eq!(told(&circle.replace("C: {", "C: {Enabled: false, ")), 0);
}

#[test]
fn what_aws_refuses_is_refused() {
    assert_eq!(
        set("event_source_mappings.M.BatchSize=11"),
        ["event_source_mappings.M.BatchSize: a batch of 11 without a window | set \
         `MaximumBatchingWindowInSeconds` to 1 s or more"]
    );
    with(&["event_source_mappings.M={EventSourceArn: Q, FunctionName: F, BatchSize: 11, \
            MaximumBatchingWindowInSeconds: 1}"]);
    assert!(
        set("functions.F.ReservedConcurrentExecutions=901")[0].contains("901 reserved of 1000")
    );
    with(&["account.concurrency=50", "functions.F.ReservedConcurrentExecutions=0"]);
}

#[test]
fn the_hash_is_that_of_the_text_whatever_its_line_ends() {
    let hash = |text: &str| good(text).hash;
    let plain = hash(GOOD);
    assert_eq!(plain.len(), 16);
    assert_eq!(hash(&GOOD.replace('\n', "\r\n")), plain);
    assert_eq!(hash(&format!("\u{feff}{GOOD}")), plain);
    assert_ne!(hash(&format!("# \n{GOOD}")), plain);
}

#[test]
fn points_of_thresholds_are_read_as_those_of_the_file() {
    let nine = 1_795_424_400; // 2026-11-23T09:00Z
    assert_eq!(read_point("4h", nine), Some(secs(14_400)));
    assert_eq!(read_point("10:20", nine), Some(secs(4_800)));
    assert_eq!(read_point("2026-11-23T09:00:05Z", nine), Some(secs(5)));
    assert_eq!(read_point("0", nine), Some(Time::ZERO));
    assert_eq!(read_point("5", nine), None);
    assert_eq!(read_point("dead_lettered", nine), None);
}

#[test]
fn hostile_sizes_are_refused_and_not_tried() {
    let big = |text: String| mistakes(&text);
    let start = std::time::Instant::now();
    let policies: String = (0..1_000).map(|n| format!("  p{n}: {{seed: {n}}}\n")).collect();
    let functions: String = (0..4_999).map(|n| format!("  f{n}: {{Timeout: 5}}\n")).collect();
    let said = big(format!("functions:\n{functions}policies:\n{policies}"));
    assert!(said[0].contains("too much to look at"), "{said:?}");
    let entries: String = (0..20_000)
        .map(|n| format!("  - {{at: {n}s, set: {{functions.F.Timeout: {}}}}}\n", n % 900 + 1))
        .collect();
    let few = format!("functions: {{F: {{}}}}\ntimeline:\n{entries}");
    assert_eq!(good(&few).config.timeline.len(), 20_000);
    let said = big(format!("functions:\n  F: {{}}\n{functions}timeline:\n{entries}"));
    assert!(said[0].contains("too much to look at"), "{said:?}");
    let unknown: String = (0..80_000).map(|n| format!("k{n}: 1\n")).collect();
    assert_eq!(big(unknown).len(), 80_000);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn dependencies_are_asked_by_callers_and_functions() {
    let text = "\
functions: {F: {calls: [{target: Db}]}}
dependencies:
  Db: {concurrency: 40, queue: 0, service_time: 20ms, rate: 90/min, error_rate: 1%}
  Plain: {}
callers: {C: {target: Db, arrivals: {at: [0s]}}, D: {target: F, arrivals: {at: [0s]}}}
";
    let config = good(text).config;
    let [db, plain] = &config.resources.dependencies[..] else { panic!("there are two") };
    assert_eq!((db.concurrency, db.queue), (Some(40), Some(0)));
    let rate = |tokens, per, burst| Some(TokenRate { tokens, per, burst });
    assert_eq!(db.rate, rate(3, Span::secs(2), 1), "one second's worth is 1.5: one token");
    assert_eq!((plain.concurrency, plain.queue, plain.rate), (None, None, None));
    assert!(plain.service_time.is_zero() && !plain.cancel_abandoned && !plain.forbidden);
    let waits = |call: &Call| call.via == Via::Invoke;
    assert!(config.resources.calls.iter().all(waits), "who asks a dependency waits for it");

    let burst = |rate: &str| {
        let text = text.replace("90/min", rate);
        good(&text).config.resources.dependencies[0].rate.map(|rate| rate.burst)
    };
    let bursts = ["90/s", "1/h", "1/s, burst: 7"].map(burst);
    assert_eq!(bursts, [Some(90), Some(1), Some(7)]);

    let text = text.replace("C: {target: Db,", "C: {target: Db, via: invoke,");
    let said = "callers.C.via: `invoke` asks a function, and the target is a dependency";
    assert!(mistakes(&text)[0].starts_with(said), "{:?}", mistakes(&text));
    let idle = text.replace("via: invoke,", "").replace("Plain: {}", "Plain: {queue: 5, burst: 2}");
    let said = [
        "dependencies.Plain.queue: `queue` does nothing without `concurrency`",
        "dependencies.Plain.burst: `burst` does nothing without `rate`",
    ];
    assert_eq!(warnings(&idle), said);
    let destination =
        "functions: {F: {DeadLetterConfig: {TargetArn: Db}}}\ndependencies: {Db: {}}\n";
    assert!(
        mistakes(destination)[0].contains("`Db` is a dependency"),
        "{:?}",
        mistakes(destination)
    );
}

#[test]
fn the_example_of_the_contract_can_be_played() {
    let text = "\
title: A broken version at ten
question: What did twenty minutes cost?
guess: {measure: dead_lettered, from: 0, to: 3000}
seed: 1
start: 2026-11-23T09:00Z
duration: 2h
account: {concurrency: 1000}
functions:
  Worker:
    Timeout: 30
    service_time: {lognormal: {mean: 250ms, cv: 0.8}}
    error_time: 20ms
    on_partial_failure: continue
    cases:
      - {when: {kind: [bulk]}, record_time: 200ms}
    calls:
      - {target: Db, timeout: 2s, retry: {attempts: 3, backoff: {base: 100ms, cap: 5s, jitter: full}, budget: 10%}}
      - {target: Shipped, share: 80%}
queues:
  Jobs: {VisibilityTimeout: 180, RedrivePolicy: {deadLetterTargetArn: JobsDLQ, maxReceiveCount: 3}}
  JobsDLQ: {MessageRetentionPeriod: 14d}
topics: {Shipped: {}}
event_source_mappings:
  JobsToWorker: {EventSourceArn: Jobs, FunctionName: Worker, FunctionResponseTypes: [ReportBatchItemFailures]}
dependencies:
  Db: {concurrency: 40, queue: 1000, service_time: 20ms}
callers:
  Orders: {target: Jobs, arrivals: {poisson: 20/s}, attributes: {kind: {choice: {parcel: 90%, bulk: 10%}}}}
timeline:
  - {at: 10:00, for: 20m, set: {functions.Worker.error_rate: 100%, dependencies.Db.service_time: 1s}}
  - {at: 11:00, StartMessageMoveTask: {SourceArn: JobsDLQ, MaxNumberOfMessagesPerSecond: 50}}
policies:
  As deployed: {}
  Ten tries: {queues.Jobs.RedrivePolicy.maxReceiveCount: 10}
thresholds:
  - Jobs.NumberOfMessagesDeleted last_at < 11:10
  - As deployed: JobsDLQ.arrived last_at <= 10:23
";
    let (config, none) = (good(text).config, Vec::<String>::new());
    assert_eq!(mistakes(text), none);
    assert_eq!(config.resources.dependencies[0].queue, Some(1000));
}

/// A topic with a queue and a function behind it, a bus with a rule, and a service that implies its own.
const HANDED_ON: &str = "\
functions: {F: {EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: K, Type: S3}}}}}
queues: {Q: {}, D: {}}
topics: {T: {Subscription: [{Protocol: lambda, Endpoint: F}]}}
buses: {B: {}}
buckets: {K: {}}
subscriptions:
  S: {TopicArn: T, Protocol: sqs, Endpoint: !GetAtt Q.Arn, FilterPolicy: '{\"k\": [\"a\"]}', RedrivePolicy: '{\"deadLetterTargetArn\": \"D\"}'}
rules:
  R:
    EventBusName: B
    EventPattern: {detail: {k: [a]}}
    Targets: [{Arn: Q, Id: q}, {Arn: T, RetryPolicy: {MaximumRetryAttempts: 7}, DeadLetterConfig: {Arn: D}}]
callers:
  C: {target: T, arrivals: {at: [0s]}, attributes: {k: a}}
  E: {target: B, via: eventbridge, arrivals: {at: [0s]}}
  G: {target: F, via: eventbridge_scheduler, arrivals: {at: [0s]}, FlexibleTimeWindow: {Mode: FLEXIBLE, MaximumWindowInMinutes: 5}}
  H: {target: F, via: cloudformation, arrivals: {at: [0s]}, ServiceTimeout: 90}
  I: {target: F, via: ses, arrivals: {at: [0s]}, InvocationType: RequestResponse}
";

#[test]
fn what_is_handed_on_has_an_outlet_for_each_who_gets_it() {
    let Config { resources, .. } = good(HANDED_ON).config;
    let kinds: Vec<_> = resources.sinks.iter().map(|sink| sink.kind).collect();
    assert_eq!(kinds, [SinkKind::Bus, SinkKind::Bucket, SinkKind::Topic]);
    assert_eq!(resources.functions[0].on_failure, Some(Target::Sink(SinkId(1))));
    assert!(resources.functions[0].answers);
    let outlets: Vec<_> = resources.outlets.iter().map(|o| (o.luck.as_str(), o.target)).collect();
    let (function, queue) = (Target::Function(FunctionId(0)), Target::Queue(QueueId(0)));
    let expected = [
        ("S", queue),
        ("T/Subscription/0", function),
        ("R/q", queue),
        ("R/1", Target::Sink(SinkId(2))),
        ("call/G", function),
        ("call/H", function),
    ];
    assert_eq!(outlets, expected);
    let topic = |outlet: &Outlet| outlet.origin == OutletOf::Topic(SinkId(2));
    assert!(resources.outlets[..2].iter().all(topic));
    let [section, inline, first, second, schedule, operation] = resources.outlets.as_slice() else {
        panic!("six")
    };
    let dead = Some(Target::Queue(QueueId(1)));
    assert_eq!((section.dead_letter, inline.dead_letter), (dead, None));
    assert_eq!(section.wants, first.wants);
    assert_eq!((first.dead_letter, second.dead_letter), (None, dead));
    let retries = |tries: Tries| match tries {
        Tries::Doubling { retries_max, age_max, .. } => (retries_max, age_max),
        Tries::Phases { .. } => panic!("four phases"),
    };
    assert_eq!(retries(first.tries), (185, Span::hours(24)));
    assert_eq!(retries(second.tries), (7, Span::hours(24)));
    assert_eq!(section.tries, Tries::Phases { jitter: 0.0 });
    assert_eq!((schedule.window, schedule.delay.is_zero()), (Span::mins(5), true));
    assert_eq!(operation.patience, Span::secs(90));
    assert_eq!(resources.calls[4].via, Via::Service(Service::SesWaiting));
    let measured =
        format!("{HANDED_ON}assumptions: {{profile: measured, s3_delivery_delay: 2s}}\n");
    let scenario = good(&measured);
    assert_eq!(scenario.config.resources.outlets[0].tries, Tries::Phases { jitter: 0.1 });
    assert!(matches!(scenario.config.resources.outlets[2].delay, Quantity::Law(_)));
    let law = format!(
        "{HANDED_ON}assumptions: {{sns_delivery_delay: {{lognormal: {{mean: 8ms, cv: 1}}}}}}\n"
    );
    let shown = good(&law).assumptions.into_iter().find(|(name, ..)| name == "sns_delivery_delay");
    let written = "{lognormal: {mean: 8ms, cv: 1}}".to_string();
    assert_eq!(shown, Some(("sns_delivery_delay".to_string(), written, false)));
}

#[test]
fn mistakes_of_what_is_handed_on_say_what_fits() {
    let cases = [
        ("subscriptions.S.Protocol=lambda", "`Protocol: lambda`, but the endpoint is a queue"),
        ("subscriptions.S.Protocol=https", "`https` is not yet in this version"),
        ("subscriptions.S.TopicArn=B", "`B` is a bus"),
        ("subscriptions.S.RedrivePolicy='{\"x'", "not JSON"),
        ("subscriptions.S.RedrivePolicy.deadLetterTargetArn=F", "`F` is a function"),
        ("subscriptions.S.FilterPolicy={kk: [a]}", "nothing here has an attribute `kk`"),
        ("rules.R.EventBusName=T", "`T` is a topic"),
        ("rules.R.EventPattern=null", "`EventPattern` is missing"),
        ("rules.R.Targets.1.Id=q", "`R` has two targets with the id `q`"),
        ("rules.R.Targets.1.RetryPolicy.MaximumRetryAttempts=186", "above AWS's limit of 185"),
        ("rules.R.Targets.0.Arn=B", "`B` is a bus"),
        (
            "functions.F.EventInvokeConfig.DestinationConfig.OnSuccess={Destination: K}",
            "`K` is a bucket",
        ),
        ("callers.C.target=K", "`K` is a bucket"),
        ("callers.C.via=s3", "`s3` asks a function, and the target is a topic"),
        ("callers.E.via=sns", "`sns` asks a topic, and the target is a bus"),
        ("callers.G.RedrivePolicy={deadLetterTargetArn: D}", "has no `RedrivePolicy`"),
        ("callers.G.FlexibleTimeWindow={Mode: FLEXIBLE}", "a flexible window without its length"),
        ("callers.H.ServiceTimeout=3601", "above AWS's limit of 3600 s"),
        ("callers.H.RetryPolicy={MaximumRetryAttempts: 1}", "has no `RetryPolicy`"),
        ("callers.C.RetryPolicy={MaximumRetryAttempts: 1}", "is for a service between"),
    ];
    for (argument, expected) in cases {
        let sets = [argument.to_string()];
        let options = Options { sets: &sets, ..Options::default() };
        let failure = load_text(HANDED_ON, "x.yaml", &options).expect_err(argument);
        let said = failure.to_string();
        assert!(said.contains(expected), "{argument}: {said}");
    }
}

#[test]
fn the_measured_profile_has_defaults_of_its_own_and_what_is_written_wins() {
    let with = |more: &str| {
        let text = format!(
            "functions: {{F: {more}}}\ncallers: {{C: {{target: F, arrivals: {{at: [0s]}}}}}}\n\
             assumptions: {{profile: measured}}\n"
        );
        load_text(&text, "x", &Options::default()).expect("valid").config
    };
    let config = with("{}");
    let queue = &config.resources.functions[0].event_queue;
    assert_eq!(queue.retry_jitter, 0.125);
    assert!(matches!(queue.dispatch_latency, Quantity::Law(_)));
    assert!(config.resources.assumptions.error_backoff);
    let config = with("{event_queue: {retry_jitter: 0%}}");
    let queue = &config.resources.functions[0].event_queue;
    assert_eq!(queue.retry_jitter, 0.0);
    assert!(matches!(queue.dispatch_latency, Quantity::Law(_)), "beside what is written");
}

/// An alarm with these properties, where there are others by default.
fn alarmed(properties: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("Namespace", "AWS/SQS"),
        ("MetricName", "NumberOfMessagesSent"),
        ("Dimensions", "[{Name: QueueName, Value: Q}]"),
        ("Statistic", "Sum"),
        ("Period", "60"),
        ("EvaluationPeriods", "3"),
        ("Threshold", "1"),
        ("ComparisonOperator", "GreaterThanThreshold"),
    ];
    for (name, value) in properties {
        all.retain(|(known, _)| known != name);
        all.extend((!value.is_empty()).then_some((*name, *value)));
    }
    let lines: Vec<String> =
        all.iter().map(|(name, value)| format!("    {name}: {value}\n")).collect();
    format!("{GOOD}alarms:\n  A:\n{}", lines.concat())
}

#[test]
fn an_alarm_is_read_into_what_it_watches() {
    use crate::model::alarm::{Comparison, MissingData, Statistic, Watched};
    let read =
        |properties: &[(&str, &str)]| good(&alarmed(properties)).config.resources.alarms[0].clone();
    let plain = read(&[]);
    assert_eq!((plain.watched, plain.metric), (Watched::Queue(QueueId(0)), "NumberOfMessagesSent"));
    assert_eq!((plain.period_minutes, plain.periods, plain.breaches), (1, 3, 3));
    assert_eq!((plain.threshold_millionths, plain.missing), (1_000_000, MissingData::Missing));
    assert_eq!((plain.statistic, plain.comparison), (Statistic::Sum, Comparison::Greater));
    let lambda = [("Namespace", "AWS/Lambda"), ("MetricName", "Duration"), ("Statistic", "")];
    let lambda = [
        &lambda[..],
        &[("Dimensions", "[{Name: FunctionName, Value: !Ref F}]"), ("ExtendedStatistic", "p99.9")],
    ];
    let one = read(&lambda.concat());
    assert_eq!(one.watched, Watched::Function(FunctionId(0)));
    assert_eq!(one.statistic, Statistic::Percentile(99_900));
    let all = read(&[&lambda.concat()[..], &[("Dimensions", "")]].concat());
    assert_eq!(all.watched, Watched::AllFunctions);
    let account = [("Namespace", "AWS/Lambda"), ("MetricName", "ConcurrentExecutions")];
    let account = read(&[&account[..], &[("Dimensions", ""), ("Threshold", "-0.000001")]].concat());
    assert_eq!((account.watched, account.threshold_millionths), (Watched::Account, -1));
    let topic = [("Namespace", "AWS/SNS"), ("MetricName", "NumberOfMessagesPublished")];
    let by_name = [("Dimensions", "[{Name: TopicName, Value: !GetAtt T.TopicName}]")];
    assert_eq!(read(&[&topic[..], &by_name].concat()).watched, Watched::Topic(SinkId(1)));
    let hours = [("Period", "1h"), ("EvaluationPeriods", "168"), ("DatapointsToAlarm", "2")];
    let hours = read(&hours);
    assert_eq!((hours.period_minutes, hours.periods, hours.breaches), (60, 168, 2));
}

#[test]
fn an_alarm_that_cloudwatch_would_refuse_is_refused() {
    for (properties, expected) in [
        (&[("MetricName", "NumberOfMessagesSend")][..], "did you mean `NumberOfMessagesSent`"),
        (&[("MetricName", "Errors")], "it is a metric of AWS/Lambda by FunctionName"),
        (&[("MetricName", "arrived")], "no metric `arrived` of AWS/SQS by QueueName"),
        (&[("Dimensions", "")], "AWS/SQS has no metrics without a dimension"),
        (&[("Dimensions", "[{Name: Queuename, Value: Q}]")], "did you mean `QueueName`"),
        (&[("Dimensions", "[{Name: QueueName, Value: F}]")], "`F` is a function"),
        (&[("Dimensions", "[{Name: QueueName, Value: QQ}]")], "nothing here is called `QQ`"),
        (&[("Dimensions", "[{Name: QueueName}]")], "`Value` is missing"),
        (&[("Statistic", "")], "`Statistic` is missing"),
        (&[("ExtendedStatistic", "p99")], "`ExtendedStatistic` beside `Statistic`"),
        (&[("Statistic", ""), ("ExtendedStatistic", "tm99")], "`tm99` is no percentile"),
        (&[("Statistic", "Maximun")], "did you mean `Maximum`"),
        (&[("Period", "30")], "the metrics of AWS's services have a point a minute"),
        (&[("Period", "5")], "below AWS's limit"),
        (&[("EvaluationPeriods", "1441")], "1441 periods are more than 24 h"),
        (&[("Period", "3600"), ("EvaluationPeriods", "169")], "169 periods are more than 7 d"),
        (&[("DatapointsToAlarm", "4")], "4 points of 3"),
        (&[("Threshold", "0.0000001")], "has more than six decimals"),
        (&[("Threshold", "")], "`Threshold` is missing"),
        (&[("TreatMissingData", "notbreaching")], "did you mean `notBreaching`"),
        (&[("Namespace", "AWS/Events")], "is not yet in this version"),
        (&[("Metrics", "[]")], "`Metrics` is not yet in this version"),
        (&[("AlarmAction", "x")], "did you mean `AlarmActions`"),
    ] {
        let found = mistakes(&alarmed(properties));
        assert!(found.iter().any(|said| said.contains(expected)), "{expected}: {found:#?}");
        assert!(found.iter().all(|said| said.contains("alarms.A")), "{found:#?}");
    }
    assert_eq!(mistakes(&alarmed(&[("Period", "86400"), ("EvaluationPeriods", "7")])), [""; 0]);
    assert_eq!(mistakes(&alarmed(&[("AlarmActions", "[x]"), ("Unit", "Count")])), [""; 0]);
}

#[test]
fn an_alarm_on_what_is_sent_to_a_dead_letter_queue_is_warned_of() {
    let by_name = ("Dimensions", "[{Name: QueueName, Value: D}]");
    let warned = |properties: &[(&str, &str)]| {
        let warnings = good(&alarmed(properties)).warnings;
        warnings.iter().any(|said| said.message.contains("counts no message that a redrive policy"))
    };
    assert!(warned(&[by_name]));
    assert!(!warned(&[by_name, ("MetricName", "NumberOfMessagesReceived")]));
    assert!(!warned(&[]));
}

#[test]
fn a_guess_has_a_measure_and_a_range_of_one_kind() {
    let guess = |range: &str| format!("duration: 1h\nguess: {{measure: a / b, {range}}}\n");
    let read = |range: &str| good(&guess(range)).guess.expect("it has one");
    let of = |range: &str| {
        let Guess { from, to, unit, .. } = read(range);
        (from, to, unit)
    };
    assert_eq!(read("from: 0, to: 9").measure, "a / b");
    assert_eq!(of("from: -2, to: 9.5"), (-2.0, 9.5, GuessUnit::Number));
    assert_eq!(of("from: 0, to: 90s"), (0.0, 90.0, GuessUnit::Time));
    assert_eq!(of("from: 0.5%, to: 5%"), (0.005, 0.05, GuessUnit::Share));
    let wrong = |range: &str| mistakes(&guess(range)).remove(0);
    assert_eq!(wrong("from: 5, to: 5"), "guess.to: `to` is not above `from`");
    assert_eq!(wrong("from: 1, to: 5%"), "guess.to: `from` and `to` are not of one kind");
    assert_eq!(wrong("from: few, to: 5"), "guess.from: `few` is not a time");
    assert_eq!(wrong("to: 5"), "guess: `from` is missing");
}

/// A stream that is read.
const STREAM: &str = "\
duration: 1h
functions: {F: {}}
queues: {D: {}}
buckets: {B: {}}
streams: {S: {ShardCount: 2}}
event_source_mappings: {M: {EventSourceArn: S, FunctionName: F, StartingPosition: TRIM_HORIZON}}
callers: {C: {target: S, arrivals: {poisson: 5/s}, PartitionKey: {zipf: {n: 10, s: 1}}}}
";

fn stream_with(arguments: &[&str]) -> Result<Scenario, Failure> {
    let sets: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    load_with(STREAM, &Options { sets: &sets, ..Options::default() })
}

#[test]
fn a_mapping_on_a_stream_has_aws_s_defaults() {
    let Config { resources, .. } = good(STREAM).config;
    let [stream] = resources.streams.as_slice() else { panic!("one") };
    assert_eq!(
        (stream.source, stream.shards, stream.retention),
        (crate::model::config::Source::Kinesis, 2, Span::days(1))
    );
    assert!(resources.mappings.is_empty());
    let [reader] = resources.readers.as_slice() else { panic!("one") };
    let expected = Reader {
        name: "M".to_string(),
        stream: StreamId(0),
        function: FunctionId(0),
        batch_size: 100,
        window: Span::ZERO,
        parallelization: 1,
        start: Start::TrimHorizon,
        retries_max: None,
        age_max: None,
        bisects: false,
        reports_failures: false,
        tumbling: None,
        on_failure: None,
        filters: Vec::new(),
        fan_out: false,
        provisioned: None,
        enabled: true,
    };
    assert_eq!(*reader, expected);
    let call = &resources.calls[0];
    assert_eq!((call.via, call.target, call.words), (Via::Send, Target::Stream(StreamId(0)), true));
    assert_eq!(resources.assumptions.streams, StreamAssumptions::default());
    // Of Kafka, MQ and DocumentDB half a second, which nobody can write (O2).
    for (source, hours) in [("kafka", 168), ("msk", 168), ("rabbitmq", 8760), ("documentdb", 3)] {
        let sets = [&format!("streams.S.source={source}"), "streams.S.ShardCount=1"];
        let mut sets = sets.map(ToString::to_string).to_vec();
        if source == "rabbitmq" {
            sets.push("event_source_mappings.M.StartingPosition=null".to_string());
        }
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let resources =
            stream_with(&sets).unwrap_or_else(|failure| panic!("{failure}")).config.resources;
        assert_eq!(resources.readers[0].window, Span::millis(500), "{source}");
        assert_eq!(resources.streams[0].retention, Span::hours(hours), "{source}");
    }
}

#[test]
fn every_setting_of_a_mapping_on_a_stream_is_read() {
    let arguments = [
        "event_source_mappings.M={EventSourceArn: S, FunctionName: F, StartingPosition: AT_TIMESTAMP, \
         StartingPositionTimestamp: 10m, BatchSize: 7, MaximumBatchingWindowInSeconds: 3, \
         ParallelizationFactor: 10, MaximumRetryAttempts: 0, MaximumRecordAgeInSeconds: 60, \
         BisectBatchOnFunctionError: true, TumblingWindowInSeconds: 900, enhanced_fan_out: true, \
         DestinationConfig: {OnFailure: {Destination: B, Type: S3}}, Enabled: false, \
         FunctionResponseTypes: [ReportBatchItemFailures], \
         FilterCriteria: {Filters: [{Pattern: {PartitionKey: ['1']}}]}}",
        "assumptions={stream_retry_base: 1s, stream_retry_cap: 2s, bisect_order: second_half_first, \
         kinesis_poll_interval: 3s, dynamodb_poll_interval: 4s, latest_start_delay: 5s, \
         tumbling_idle_wait: 6s}",
    ];
    let resources =
        stream_with(&arguments).unwrap_or_else(|failure| panic!("{failure}")).config.resources;
    let reader = &resources.readers[0];
    assert_eq!(reader.start, Start::At(secs(600)));
    assert_eq!((reader.batch_size, reader.window, reader.parallelization), (7, Span::secs(3), 10));
    assert_eq!((reader.retries_max, reader.age_max), (Some(0), Some(Span::secs(60))));
    assert_eq!((reader.bisects, reader.reports_failures, reader.fan_out), (true, true, true));
    assert_eq!(reader.tumbling, Some(Span::secs(900)));
    assert_eq!(reader.on_failure, Some(Target::Sink(SinkId(0))));
    assert_eq!((reader.filters.len(), reader.enabled), (1, false));
    let assumed = StreamAssumptions {
        retry_base: Span::secs(1),
        retry_cap: Span::secs(2),
        second_half_first: true,
        kinesis_poll: Span::secs(3),
        dynamodb_poll: Span::secs(4),
        latest_delay: Span::secs(5),
        window_idle: Span::secs(6),
    };
    assert_eq!(resources.assumptions.streams, assumed);
    let kafka = [
        "streams.S.source=kafka",
        "event_source_mappings.M.ProvisionedPollerConfig={MinimumPollers: 3, MaximumPollers: 5}",
        "event_source_mappings.M.MaximumRetryAttempts=10000",
    ];
    let resources =
        stream_with(&kafka).unwrap_or_else(|failure| panic!("{failure}")).config.resources;
    assert_eq!(resources.readers[0].provisioned, Some(ProvisionedPollers { min: 3, max: 5 }));
    assert_eq!(resources.readers[0].retries_max, Some(10_000));
}

#[test]
fn what_a_source_does_not_have_is_refused_at_its_key() {
    let m = "event_source_mappings.M";
    let cases: &[(&[&str], &str)] = &[
        (
            &["streams.S.source=kafka", "ParallelizationFactor=2"],
            "ParallelizationFactor: `ParallelizationFactor` is not for a mapping on Kafka",
        ),
        (
            &["streams.S.source=kafka", "MaximumRetryAttempts=2"],
            "MaximumRetryAttempts: `MaximumRetryAttempts` is not for a mapping on Kafka",
        ),
        (
            &["streams.S.source=dynamodb", "enhanced_fan_out=true"],
            "enhanced_fan_out: `enhanced_fan_out` is not for a mapping on DynamoDB",
        ),
        (
            &["streams.S.source=dynamodb", "StartingPosition=AT_TIMESTAMP"],
            "StartingPosition: DynamoDB streams have no `AT_TIMESTAMP`",
        ),
        (
            &["EventSourceArn=D", "StartingPosition=null", "BisectBatchOnFunctionError=true"],
            "BisectBatchOnFunctionError: `BisectBatchOnFunctionError` is not for a mapping on a queue",
        ),
        (
            &["ScalingConfig={MaximumConcurrency: 5}"],
            "ScalingConfig: `ScalingConfig` is not for a mapping on Kinesis",
        ),
        (
            &["StartingPosition=AT_TIMESTAMP"],
            "StartingPosition: `AT_TIMESTAMP` without `StartingPositionTimestamp`",
        ),
        (
            &["StartingPositionTimestamp=5m"],
            "StartingPositionTimestamp: `StartingPositionTimestamp` is for `AT_TIMESTAMP`",
        ),
        (
            &["MaximumRetryAttempts=10001"],
            "MaximumRetryAttempts: `10001` is above AWS's limit of 10000",
        ),
        (&["MaximumRetryAttempts=-2"], "MaximumRetryAttempts: `-2` is negative"),
        (
            &["MaximumRecordAgeInSeconds=59"],
            "MaximumRecordAgeInSeconds: `59` is below AWS's limit of 60 s",
        ),
        (
            &["TumblingWindowInSeconds=901"],
            "TumblingWindowInSeconds: `901` is above AWS's limit of 900 s",
        ),
        (&["ParallelizationFactor=11"], "ParallelizationFactor: `11` is above AWS's limit of 10"),
    ];
    for (sets, expected) in cases {
        let sets: Vec<String> = sets
            .iter()
            .map(|set| match set.starts_with("streams.") {
                true => (*set).to_string(),
                false => format!("{m}.{set}"),
            })
            .collect();
        let said = mistakes_of(load_with(STREAM, &Options { sets: &sets, ..Options::default() }));
        assert_eq!(said, [format!("{m}.{expected}")], "{sets:?}");
    }
    let missing = mistakes_of(stream_with(&[&format!("{m}.StartingPosition=null")]));
    assert_eq!(missing, [format!("{m}: `StartingPosition` is missing: Kinesis has no default")]);
    for (set, expected) in [
        ("streams.S.RetentionPeriodHours=23", "Kinesis keeps no record 23 h"),
        ("streams.S={source: dynamodb, RetentionPeriodHours: 48}", "DynamoDB keeps no record 48 h"),
        ("callers.C.via=dynamodb", "`dynamodb` asks a stream, and the target is a stream"),
        ("streams.S.ShardCount=0", "`0` is below AWS's limit of 1"),
    ] {
        let said = mistakes_of(stream_with(&[set]));
        assert!(said.len() == 1 && said[0].contains(expected), "{set}: {said:?}");
    }
    let fewer = "timeline=[{at: 1m, set: {streams.S.ShardCount: 1}}]";
    assert_eq!(mistakes_of(stream_with(&[fewer])), Vec::<String>::new());
    let said = mistakes_of(stream_with(&["streams.S.source=kafka", fewer]));
    assert_eq!(said, ["streams.S.ShardCount: 2 partitions of `S` become 1"]);
}

#[test]
fn a_colleague_says_what_a_stream_s_mapping_does_with_what_fails() {
    let said = |sets: &[&str]| -> Vec<String> {
        let scenario = stream_with(sets).unwrap_or_else(|failure| panic!("{failure}"));
        scenario.warnings.iter().map(one_line).collect()
    };
    let has = |sets: &[&str], part: &str| {
        let said = said(sets);
        assert!(said.iter().any(|line| line.contains(part)), "{part}: {said:#?}");
    };
    has(&[], "that always fails stops what is behind it in its shard until it expires, 24 h");
    let retries = "event_source_mappings.M.MaximumRetryAttempts=2";
    has(&[retries], "records that are given up are lost");
    let kept = "event_source_mappings.M.DestinationConfig={OnFailure: {Destination: D}}";
    assert!(!said(&[retries, kept]).iter().any(|line| line.contains("event_source_mappings.M")));
    has(&["event_source_mappings.M.StartingPosition=LATEST"], "records before that are not its");
    has(
        &["streams.S.source=kafka", "functions.F.Timeout=841"],
        "is above the 840 s that a mapping on",
    );
    has(
        &[
            "streams.S.source=mq",
            "streams.S.ShardCount=1",
            "event_source_mappings.M.StartingPosition=null",
        ],
        "`mq` is read as `activemq`",
    );
    has(
        &["callers.C.target=D"],
        "`PartitionKey` is for a stream with shards, and the target is a queue",
    );
    has(
        &["callers.C.MessageGroupId=a"],
        "`MessageGroupId` is for a queue, and the target is a stream",
    );
    has(&["event_source_mappings.M=null"], "nobody reads `S`");
}

#[test]
fn a_batch_of_a_fifo_queue_that_is_too_large_is_said_once_and_where_it_stands() {
    let text = |way: &str| {
        format!(
            "functions: {{F: {{}}}}\nqueues: {{Q: {{FifoQueue: true, ContentBasedDeduplication: true}}}}\n{way}\n\
             callers: {{C: {{target: Q, MessageGroupId: a, arrivals: {{at: [0s]}}}}}}\n"
        )
    };
    let mapping = "event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F, BatchSize: 11}}";
    let pipe = "pipes: {P: {Source: Q, Target: F, SourceParameters: {SqsQueueParameters: {BatchSize: 11}}}}";
    for (way, path) in [
        (mapping, "event_source_mappings.M.BatchSize"),
        (pipe, "pipes.P.SourceParameters.SqsQueueParameters.BatchSize"),
    ] {
        assert_eq!(mistakes(&text(way)), [format!("{path}: a batch of 11 from a FIFO queue")]);
    }
}

#[test]
fn mistakes_of_pipes_say_what_fits() {
    let text = |pipe: &str| {
        format!(
            "functions: {{F: {{}}}}\nqueues: {{Q: {{}}}}\nstreams: {{S: {{}}, D: {{source: documentdb}}}}\n\
             pipes: {{P: {{{pipe}}}}}\ncallers: {{C: {{target: Q, arrivals: {{at: [0s]}}}}, \
             E: {{target: S, arrivals: {{at: [0s]}}}}, G: {{target: D, arrivals: {{at: [0s]}}}}}}\n"
        )
    };
    for (pipe, expected) in [
        ("Source: Q", "pipes.P: `Target` is missing"),
        ("Source: D, Target: F", "no pipe reads DocumentDB"),
        (
            "Source: S, Target: F",
            "`SourceParameters.KinesisStreamParameters.StartingPosition` is missing",
        ),
        (
            "Source: Q, Target: F, SourceParameters: {KinesisStreamParameters: {BatchSize: 3}}",
            "`KinesisStreamParameters` are of a pipe on Kinesis",
        ),
        (
            "Source: Q, Target: F, SourceParameters: {SqsQueueParameters: {BatchSize: 11}}",
            "a batch of 11 without a window",
        ),
        (
            "Source: Q, Target: F, TargetParameters: {LambdaFunctionParameters: {InvocationType: \
             FIRE_AND_FORGET}}",
            "not yet in this version",
        ),
    ] {
        let said = mistakes(&text(pipe));
        assert!(said.iter().any(|said| said.contains(expected)), "{pipe}\n{said:?}");
    }
    let halved = "Source: S, Target: F, SourceParameters: {KinesisStreamParameters: {StartingPosition: LATEST, \
                  OnPartialBatchItemFailure: AUTOMATIC_BISECT, MaximumRetryAttempts: 3, \
                  DeadLetterConfig: {Arn: Q}}}";
    let resources = good(&text(halved)).config.resources;
    let [reader] = resources.readers.as_slice() else { panic!("one") };
    assert!(reader.bisects && reader.reports_failures && reader.on_failure.is_some());
    assert_eq!((reader.retries_max, reader.batch_size), (Some(3), 100));
}
