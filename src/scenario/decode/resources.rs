//! Functions, queues, topics, buses, buckets, mappings and dependencies.

use std::sync::Arc;

use super::{
    Body, alarms, body::time_text, calls, fifo, names, outlets, pipes, services::Assumed, streams,
};
use pipes::Pipe;

use crate::{
    kernel::{Span, Stream, Time},
    model::{
        config::{
            Account, Architecture, Assumptions, Behaviour, Dependency, EventQueue, Function,
            IdleLife, Mapping, MaxAge, OnPartialFailure, Queue, Reading, Redrive, Resources,
            Scaling, Sink, SinkKind, ThrottledPoll, TokenRate,
        },
        services::Manner,
        value::{AttributeId, Pattern, Quantity, Word, WordLaw},
        vocabulary::{FunctionId, QueueId, Target},
    },
    scenario::{
        diagnostic::{Diagnostic, Place, quoted},
        node::{Node, Value},
        path,
        properties::{Kind, Profile},
        runtimes,
    },
};

/// The account keeps so much concurrency for functions without reserved concurrency (SN3).
const UNRESERVED_MIN: u64 = 100;
/// Filters of a mapping.
const FILTERS_MAX: usize = 5;
/// Messages in a batch of a queue.
pub const BATCH_SIZE: u32 = 10;
/// Pollers of a mapping on a queue: those kept, and at most (E44).
const POLLERS_MIN: u32 = 2;
const POLLERS_MAX: u32 = 10_000;
/// The largest batch without a window, of a queue.
const BATCH_WITHOUT_WINDOW_MAX: u32 = 10;

/// What a tree says of its resources, and of what goes into a catalog.
pub struct Read {
    /// The resources.
    pub resources: Resources,
    /// For each caller and call its attributes.
    pub laws: Vec<Vec<(AttributeId, WordLaw, Stream)>>,
    /// For each caller its name.
    pub caller_words: Vec<Word>,
    /// The last instant at which something can arrive.
    pub last: Time,
    /// The first arrivals without an end, and their path.
    pub endless: Option<(Place, String)>,
    /// For each caller the words of its CSV columns.
    pub columns: Vec<Columns>,
}

/// The columns of a CSV file that are attributes, with the word of each arrival.
pub type Columns = Vec<(String, Arc<[Word]>)>;

/// The tree at the beginning of a run and what it was read as: what has not changed is not read again.
pub struct Earlier<'a> {
    /// The tree.
    pub tree: &'a Node,
    /// Its resources.
    pub resources: &'a Resources,
    /// For each caller the words of its CSV columns.
    pub columns: &'a [Columns],
}

/// Reads every resource. `earlier`: as it was at the beginning, if this is a state of the timeline.
pub fn resources(file: &Body<'_>, duration: Option<Time>, earlier: Option<&Earlier<'_>>) -> Read {
    let account = match file.map("account") {
        Some(account) => Account { concurrency: account.count_u32("concurrency") },
        None => Account::default(),
    };
    let function_bodies = names::bodies(file, "functions");
    let mut read = calls::calls(file, &function_bodies, duration, earlier);
    let callers = read.resources.callers;
    let mut next_call = callers;
    let (assumptions, lifetime) = assumptions(file);
    let mut functions = Vec::new();
    for (name, body) in &function_bodies {
        functions.push(match body {
            Some(body) => function(name, body, lifetime, &mut next_call),
            None => Function { name: (*name).to_string(), ..nothing() },
        });
    }
    check_claims(file, &account, &functions);

    let mut queues: Vec<Queue> = Vec::new();
    for (at, (name, body)) in names::bodies(file, "queues").into_iter().enumerate() {
        queues.push(queue(name, body.as_ref(), QueueId::at(at)));
    }
    for at in 0..queues.len() {
        if let Some(redrive) = queues[at].redrive {
            queues[redrive.dead_letter_queue.index()].dead_letter_queue = true;
        }
    }
    let mut sinks = Vec::new();
    for (section, kind) in
        [("buses", SinkKind::Bus), ("buckets", SinkKind::Bucket), ("topics", SinkKind::Topic)]
    {
        for (name, body) in names::bodies(file, section) {
            sinks.push(Sink {
                name: name.to_string(),
                kind,
                system_error_rate: body
                    .as_ref()
                    .map_or_else(Default::default, |body| body.probability("system_error_rate")),
                forbidden: body.as_ref().is_some_and(|body| body.flag("forbidden")),
            });
        }
    }
    let streams = streams::streams(file);
    let (mut mappings, mut readers) = (Vec::new(), Vec::new());
    for (name, body) in names::bodies(file, "event_source_mappings") {
        let Some(body) = body else { continue };
        match body.target("EventSourceArn") {
            Some(Target::Stream(id)) => readers.push(streams::reader(name, &body, id, &streams)),
            source => mappings.push(mapping(name, &body, source, &queues)),
        }
    }
    for (name, body) in names::bodies(file, "pipes") {
        match body.map(|body| pipes::pipe(name, &body, &streams, &queues)) {
            Some(Pipe::OfQueue(mapping)) => mappings.push(mapping),
            Some(Pipe::OfStream(reader)) => readers.push(reader),
            None => (),
        }
    }
    for mapping in &mappings {
        if let Some(queue) = queues.get_mut(mapping.queue.index()) {
            let reads = if mapping.enabled { Reading::Enabled } else { Reading::Disabled };
            queue.read = queue.read.max(reads);
        }
    }
    let dependencies = names::bodies(file, "dependencies");
    let dependencies = dependencies.iter().map(|(name, body)| dependency(name, body.as_ref()));
    read.resources.dependencies = dependencies.collect();
    read.resources.alarms = alarms::alarms(file);
    let assumed = Assumed::of(file);
    let mut outlets = outlets::subscriptions(file, &assumed);
    let (rules, targets) = outlets::rules(file, &assumed);
    outlets.extend(targets);
    outlets.append(&mut read.resources.outlets);
    if outlets.len() > usize::from(u16::MAX) {
        let message = "more than 65535 subscriptions, targets of rules and services between";
        file.cx.say(Diagnostic::error(message).at(file.place));
        outlets.truncate(usize::from(u16::MAX));
    }
    for outlet in outlets.iter().filter(|outlet| outlet.service.manner() == Manner::Operates) {
        if let Target::Function(id) = outlet.target
            && let Some(function) = functions.get_mut(id.index())
        {
            function.answers = true;
        }
    }
    read.resources.account = account;
    read.resources.functions = functions;
    read.resources.queues = queues;
    read.resources.sinks = sinks;
    read.resources.rules = rules;
    read.resources.outlets = outlets;
    read.resources.mappings = mappings;
    read.resources.streams = streams;
    read.resources.readers = readers;
    read.resources.assumptions = assumptions;
    fifo::check(file, &read.resources);
    read
}

/// Words of a CSV's columns are looked up by the arrival's number, so they cannot change on the way; nor
/// can how many arrival processes a caller has.
pub fn check_same_arrivals(file: &Body<'_>, earlier: &Earlier<'_>, new: &Read) {
    let before = earlier.resources.calls.iter().zip(earlier.columns);
    for ((call, columns), (changed, changed_columns)) in
        before.zip(new.resources.calls.iter().zip(&new.columns))
    {
        let message = if call.arrivals.len() != changed.arrivals.len() {
            "how many kinds of arrivals there are cannot change"
        } else if columns != changed_columns {
            "arrivals with attributes from a CSV file cannot change"
        } else {
            continue;
        };
        let path = format!("callers.{}.arrivals", call.name);
        let place = path::get(file.node, &path).map_or(file.place, |node| node.place);
        file.cx.say(Diagnostic::error(message).at(place).path(path));
    }
}

/// A function of which nothing could be read.
fn nothing() -> Function {
    Function {
        name: String::new(),
        timeout: Span::ZERO,
        memory_mb: 0,
        architecture: Default::default(),
        reserved: None,
        provisioned: 0,
        loops_allowed: false,
        dead_letter: None,
        retries_max: 0,
        age_max: Span::ZERO,
        on_success: None,
        on_failure: None,
        answers: false,
        forbidden: false,
        system_error_rate: Default::default(),
        init_time: Default::default(),
        keep_alive: Default::default(),
        environment_max_age: Default::default(),
        behaviour: Behaviour::default(),
        cases: Vec::new(),
        on_partial_failure: OnPartialFailure::default(),
        calls: Vec::new(),
        event_queue: EventQueue::default(),
    }
}

/// How long environments live where a function does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lifetime {
    AsWritten,
    Aws2020,
    Aws2021,
}

fn function(name: &str, body: &Body<'_>, lifetime: Lifetime, next_call: &mut usize) -> Function {
    let own = behaviour(body, None);
    let cases = body.list_of_maps("cases");
    let cases = cases.iter().filter_map(|case| {
        let behaviour = behaviour(case, Some(&own));
        case.pattern_maybe("when").map(|when| (when, behaviour))
    });
    let cases = cases.collect();
    let invoke = EventInvoke::of(body);
    Function {
        name: name.to_string(),
        timeout: body.aws_time("Timeout"),
        memory_mb: body.count_u32("MemorySize"),
        architecture: architecture(body),
        reserved: body.count_u32_maybe("ReservedConcurrentExecutions"),
        provisioned: body
            .map("ProvisionedConcurrencyConfig")
            .and_then(|config| config.count_u32_maybe("ProvisionedConcurrentExecutions"))
            .unwrap_or(0),
        loops_allowed: body.word("RecursiveLoop") == Some("Allow"),
        dead_letter: dead_letter(body),
        retries_max: invoke.retries_max,
        age_max: invoke.age_max,
        on_success: invoke.on_success,
        on_failure: invoke.on_failure,
        answers: false,
        forbidden: body.flag("forbidden"),
        system_error_rate: body.probability("system_error_rate"),
        init_time: init_time(name, body),
        keep_alive: match lifetime {
            Lifetime::Aws2020 if body.get("keep_alive").is_none() => IdleLife::Aws2020,
            Lifetime::Aws2021 if body.get("keep_alive").is_none() => IdleLife::Aws2021,
            Lifetime::AsWritten | Lifetime::Aws2020 | Lifetime::Aws2021 => {
                IdleLife::Law(body.time_law("keep_alive"))
            }
        },
        environment_max_age: match (body.time_law_maybe("environment_max_age"), lifetime) {
            (Some(law), _) => MaxAge::Law(law),
            (None, Lifetime::Aws2020) => MaxAge::Aws2020,
            (None, Lifetime::AsWritten | Lifetime::Aws2021) => MaxAge::Never,
        },
        behaviour: own,
        cases,
        on_partial_failure: match body.word("on_partial_failure") {
            Some("throw") => OnPartialFailure::Throw,
            Some("stop_at_first") => OnPartialFailure::StopAtFirst,
            Some("skip_group") => OnPartialFailure::SkipGroup,
            _ => OnPartialFailure::Continue,
        },
        calls: calls::function_calls(body, next_call),
        event_queue: body
            .map_or_empty("event_queue")
            .map_or_else(EventQueue::default, |body| event_queue(&body)),
    }
}

/// How long a cold start takes: as it is written, or under `profile: measured` as that of the runtime.
fn init_time(name: &str, body: &Body<'_>) -> Quantity {
    let written = body.time_law("init_time");
    let runtime = body.text("Runtime");
    let Some(runtime) = runtime.filter(|_| body.cx.profile == Profile::Measured) else {
        return written;
    };
    if body.get("init_time").is_some() {
        return written;
    }
    let path = body.path_of("Runtime");
    let (name, quoted_runtime) = (quoted(name), quoted(runtime));
    let Some(measured) = runtimes::init_time(runtime) else {
        let message =
            format!("the cold starts of {name} take no time: {quoted_runtime} was not measured");
        let known: Vec<&str> = runtimes::RUNTIMES.iter().map(|(known, ..)| *known).collect();
        let help = format!("write `init_time`; measured are {}", known.join(", "));
        let warning = Diagnostic::warning(message).at(body.place_of("Runtime")).path(path);
        body.cx.say(warning.help(help));
        return written;
    };
    let message = format!("`init_time` of {name} is that measured of {quoted_runtime}");
    body.cx.say(Diagnostic::note(message).at(body.place_of("Runtime")).path(path));
    measured
}

/// AWS's list of one.
fn architecture(body: &Body<'_>) -> Architecture {
    let mut found = None;
    for (path, node) in body.list("Architectures") {
        let word = match super::body::one_of(node, &["x86_64", "arm64"], &[]) {
            Ok(word) => word,
            Err(mistake) => {
                body.cx.say(mistake.path(path));
                continue;
            }
        };
        if found.is_some() {
            let mistake = Diagnostic::error("more than one architecture").at(node.place);
            body.cx.say(mistake.path(path).label("a function has one"));
        }
        found = Some(if word == "arm64" { Architecture::Arm } else { Architecture::X86 });
    }
    found.unwrap_or_default()
}

/// What a body says of a run; of a case, over what the function itself says.
fn behaviour(body: &Body<'_>, over: Option<&Behaviour>) -> Behaviour {
    let fresh = |name: &str| over.is_none() || body.node.get(name).is_some();
    let default = Behaviour::default();
    let over = over.unwrap_or(&default);
    let law = |name: &str, old: &Quantity| match fresh(name) {
        true => body.time_law(name),
        false => old.clone(),
    };
    let share = |name: &str, old| if fresh(name) { body.probability(name) } else { old };
    Behaviour {
        service_time: law("service_time", &over.service_time),
        error_time: match fresh("error_time") {
            true => body.time_law_maybe("error_time"),
            false => over.error_time.clone(),
        },
        error_rate: share("error_rate", over.error_rate),
        record_time: law("record_time", &over.record_time),
        record_error_rate: share("record_error_rate", over.record_error_rate),
        poison_rate: share("poison_rate", over.poison_rate),
    }
}

fn dead_letter(body: &Body<'_>) -> Option<Target> {
    let config = body.map("DeadLetterConfig").and_then(|config| {
        fifo::standard_only(&config, "TargetArn");
        config.target("TargetArn")
    });
    let Some(sam) = body.map("DeadLetterQueue") else { return config };
    if body.node.get("DeadLetterConfig").is_some() {
        let mistake = Diagnostic::error("`DeadLetterQueue` beside `DeadLetterConfig`");
        body.wrong(
            "DeadLetterQueue",
            mistake.at(body.place_of("DeadLetterQueue")).label("one of the two"),
        );
    }
    let target = sam.target("TargetArn");
    fifo::standard_only(&sam, "TargetArn");
    check_type(&sam, "TargetArn");
    target
}

/// SAM says beside a target what it is.
pub fn check_type(body: &Body<'_>, target: &str) {
    let Some(word) = body.word("Type") else { return };
    let kind = match word {
        "SQS" => Kind::Queue,
        "SNS" => Kind::Topic,
        "Lambda" => Kind::Function,
        "S3" => Kind::Bucket,
        _ => Kind::Bus,
    };
    if let Some(found) = body.get(target).and_then(|node| body.cx.names.kind_of(node))
        && found != kind
    {
        let message = format!("`Type: {word}`, but the target is {}", found.word());
        let mistake = Diagnostic::error(message).at(body.place_of("Type"));
        body.wrong("Type", mistake.label("what the target is, or nothing"));
    }
}

/// `EventInvokeConfig`, with its defaults where it is missing.
#[derive(Default)]
struct EventInvoke {
    retries_max: u8,
    age_max: Span,
    on_success: Option<Target>,
    on_failure: Option<Target>,
}

impl EventInvoke {
    fn of(function: &Body<'_>) -> EventInvoke {
        let config = function.map_or_empty("EventInvokeConfig");
        config.map_or_else(EventInvoke::default, |config| EventInvoke::read(&config))
    }

    fn read(config: &Body<'_>) -> EventInvoke {
        let destinations = config.map("DestinationConfig");
        let destination = |name: &str| {
            let body = destinations.as_ref()?.map(name)?;
            check_type(&body, "Destination");
            fifo::standard_only(&body, "Destination");
            body.target("Destination")
        };
        EventInvoke {
            retries_max: u8::try_from(config.count("MaximumRetryAttempts")).unwrap_or_default(),
            age_max: config.aws_time("MaximumEventAgeInSeconds"),
            on_success: destination("OnSuccess"),
            on_failure: destination("OnFailure"),
        }
    }
}

fn event_queue(body: &Body<'_>) -> EventQueue {
    EventQueue {
        dispatch_latency: body.time_law("dispatch_latency"),
        batch_size: body.count_u32("batch_size"),
        batch_window: body.time("batch_window"),
        invoke_per_batch: body.word("invoke_per") == Some("batch"),
        patient: body.word("when_throttled") == Some("wait"),
        retry_jitter: body.share("retry_jitter"),
        duplicate_probability: body.probability("duplicate_probability"),
        backlog_threshold: body.count_u32_maybe("backlog_threshold"),
        backlog_interval_factor: body.number("backlog_interval_factor"),
    }
}

/// What may be reserved and provisioned (SN3, SN4).
fn check_claims(file: &Body<'_>, account: &Account, functions: &[Function]) {
    const PROVISIONED: &str = "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions";
    let say = |function: &Function, property: &str, mistake: Diagnostic| {
        let path = format!("functions.{}.{property}", function.name);
        let place = path::get(file.node, &path).map_or(file.place, |node| node.place);
        file.cx.say(mistake.at(place).path(path));
    };
    for function in functions {
        if let Some(reserved) = function.reserved
            && reserved < function.provisioned
        {
            let message = format!("{} provisioned of {reserved} reserved", function.provisioned);
            let label = "AWS provisions at most what is reserved";
            say(function, PROVISIONED, Diagnostic::error(message).label(label));
        }
    }
    let mut claimed = 0;
    for function in functions {
        let (claim, property, what) = match function.reserved {
            Some(reserved) => (reserved, "ReservedConcurrentExecutions", "reserved"),
            None => (function.provisioned, PROVISIONED, "reserved and provisioned"),
        };
        claimed += u64::from(claim);
        if claim > 0 && claimed + UNRESERVED_MIN > u64::from(account.concurrency) {
            let message = format!(
                "{claimed} {what} of {}: fewer than {UNRESERVED_MIN} are left unreserved",
                account.concurrency
            );
            let most = u64::from(account.concurrency).saturating_sub(UNRESERVED_MIN);
            let label = format!("AWS allows {most} for all functions together");
            let help = "claim less, or raise `account.concurrency`";
            say(function, property, Diagnostic::error(message).label(label).help(help));
            return;
        }
    }
}

fn queue(name: &str, body: Option<&Body<'_>>, id: QueueId) -> Queue {
    let Some(body) = body else {
        return Queue {
            name: name.to_string(),
            visibility: Span::ZERO,
            retention: Span::ZERO,
            delay: Span::ZERO,
            redrive: None,
            fifo: None,
            system_error_rate: Default::default(),
            forbidden: false,
            read: Reading::Never,
            dead_letter_queue: false,
        };
    };
    body.aws_time("ReceiveMessageWaitTimeSeconds");
    let redrive = body.map("RedrivePolicy").and_then(|policy| {
        let dead_letter_queue = policy.queue("deadLetterTargetArn");
        let receives_max = policy.count_u32("maxReceiveCount");
        if dead_letter_queue == Some(id) {
            let message = format!("{} is its own dead-letter queue", quoted(name));
            let mistake = Diagnostic::error(message).at(policy.place_of("deadLetterTargetArn"));
            policy.wrong("deadLetterTargetArn", mistake.label("the name of another queue"));
        }
        Some(Redrive { dead_letter_queue: dead_letter_queue?, receives_max })
    });
    Queue {
        name: name.to_string(),
        visibility: body.aws_time("VisibilityTimeout"),
        retention: body.aws_time("MessageRetentionPeriod"),
        delay: body.aws_time("DelaySeconds"),
        redrive,
        fifo: fifo::fifo(name, body),
        system_error_rate: body.probability("system_error_rate"),
        forbidden: body.flag("forbidden"),
        read: Reading::Never,
        dead_letter_queue: false,
    }
}

fn dependency(name: &str, body: Option<&Body<'_>>) -> Dependency {
    let Some(body) = body else {
        return Dependency {
            name: name.to_string(),
            concurrency: None,
            queue: None,
            service_time: Default::default(),
            rate: None,
            error_rate: Default::default(),
            cancel_abandoned: false,
            system_error_rate: Default::default(),
            forbidden: false,
        };
    };
    let (concurrency, queue) = (body.count_u32_maybe("concurrency"), body.count_u32_maybe("queue"));
    let (rate, burst) = (body.exact_rate_maybe("rate"), body.count_maybe("burst"));
    for (limit, of, is_missing) in
        [("queue", "concurrency", concurrency.is_none()), ("burst", "rate", rate.is_none())]
    {
        if is_missing && body.get(limit).is_some() && body.get(of).is_none() {
            let message = format!("`{limit}` does nothing without `{of}`");
            body.wrong(limit, Diagnostic::warning(message).at(body.place_of(limit)));
        }
    }
    Dependency {
        name: name.to_string(),
        concurrency,
        queue,
        service_time: body.time_law("service_time"),
        rate: rate.map(|rate| {
            let (tokens, per) = (rate.events(), rate.per());
            let of_a_second = u128::from(tokens) * u128::from(Span::secs(1).as_nanos())
                / u128::from(per.as_nanos());
            let of_a_second = u64::try_from(of_a_second).unwrap_or(u64::MAX).max(1);
            TokenRate { tokens, per, burst: burst.unwrap_or(of_a_second) }
        }),
        error_rate: body.probability("error_rate"),
        cancel_abandoned: body.flag("cancel_abandoned"),
        system_error_rate: body.probability("system_error_rate"),
        forbidden: body.flag("forbidden"),
    }
}

/// A mapping on a queue, or on what could not be read.
fn mapping(name: &str, body: &Body<'_>, source: Option<Target>, queues: &[Queue]) -> Mapping {
    let queue = match source {
        Some(Target::Queue(id)) => Some(id),
        _ => None,
    };
    let function = body.function("FunctionName");
    let batch_size = body.count_u32_maybe("BatchSize").unwrap_or(BATCH_SIZE);
    let window = body.aws_time_maybe("MaximumBatchingWindowInSeconds").unwrap_or_default();
    if queue.is_some() {
        streams::check_keys(body, None);
    }
    if let Some(queue) = queue {
        check_batch(body, batch_size, window, queues.get(queue.index()));
    }
    let scaling = body.map("ScalingConfig");
    let concurrency_max = scaling.and_then(|scaling| scaling.count_u32_maybe("MaximumConcurrency"));
    if concurrency_max.is_some() && body.get("ProvisionedPollerConfig").is_some() {
        let mistake = Diagnostic::error("`ProvisionedPollerConfig` beside `ScalingConfig`");
        let at = body.place_of("ProvisionedPollerConfig");
        body.wrong("ProvisionedPollerConfig", mistake.at(at).label("one of the two"));
    }
    Mapping {
        name: name.to_string(),
        // What could not be read has been reported; the ids of the others must not move.
        queue: queue.unwrap_or(QueueId(0)),
        function: function.unwrap_or(FunctionId(0)),
        batch_size,
        window,
        reports_failures: reports_failures(body),
        concurrency_max,
        provisioned: streams::provisioned(body, POLLERS_MIN, POLLERS_MAX),
        filters: filters(body),
        enabled: body.flag("Enabled"),
    }
}

/// Refuses a batch of a standard queue that AWS does not take without a window; of a FIFO queue [`fifo`] says
/// what it takes.
pub fn check_batch(body: &Body<'_>, batch_size: u32, window: Span, queue: Option<&Queue>) {
    let is_fifo = queue.is_some_and(|queue| queue.fifo.is_some());
    if !is_fifo && batch_size > BATCH_WITHOUT_WINDOW_MAX && window == Span::ZERO {
        let message = format!("a batch of {batch_size} without a window");
        let label = format!("at most {BATCH_WITHOUT_WINDOW_MAX}: AWS refuses it");
        let mistake = Diagnostic::error(message).at(body.place_of("BatchSize")).label(label);
        let help =
            format!("set `MaximumBatchingWindowInSeconds` to {} or more", time_text(Span::secs(1)));
        body.wrong("BatchSize", mistake.help(help));
    }
}

/// Whether the function of a mapping says which records failed.
pub fn reports_failures(body: &Body<'_>) -> bool {
    let mut reports = false;
    for (path, node) in body.list("FunctionResponseTypes") {
        match super::body::one_of(node, &["ReportBatchItemFailures"], &[]) {
            Ok(_) => reports = true,
            Err(mistake) => body.cx.say(mistake.path(path)),
        }
    }
    reports
}

/// The filters of a mapping.
pub fn filters(body: &Body<'_>) -> Vec<Pattern> {
    let Some(criteria) = body.map("FilterCriteria") else { return Vec::new() };
    let all = criteria.list_of_maps("Filters");
    if all.len() > FILTERS_MAX {
        let message = format!("{} filters", all.len());
        let mistake = Diagnostic::error(message).at(criteria.place_of("Filters"));
        criteria.wrong("Filters", mistake.label(format!("AWS has at most {FILTERS_MAX}")));
    }
    all.iter().filter_map(|filter| filter.pattern_maybe("Pattern")).collect()
}

fn assumptions(file: &Body<'_>) -> (Assumptions, Lifetime) {
    let Some(body) = file.map_or_empty("assumptions") else {
        return (Assumptions::default(), Lifetime::AsWritten);
    };
    body.word("profile");
    let assumptions = Assumptions {
        back_of_queue_after: body.count_or_never("back_of_queue_after"),
        throttled_poll: match body.word("throttled_poll") {
            Some("one_try") => ThrottledPoll::OneTry,
            Some("when_a_slot_frees") => ThrottledPoll::WhenASlotFrees,
            _ => ThrottledPoll::RetryWithinVisibility,
        },
        throttled_poll_spacing: body.time("throttled_poll_spacing"),
        idle_pollers: body.count_u32("idle_pollers"),
        scale_down_time: body.time("scale_down_time"),
        pollers_initial: body.count_u32("pollers_initial"),
        pollers_per_minute: body.count_u32("pollers_per_minute"),
        pollers_max: body.count_u32("pollers_max"),
        error_backoff: body.flag("error_backoff"),
        superseded_delete_deletes: body.flag("superseded_delete_deletes"),
        in_flight_max: body.count_u32("in_flight_max"),
        fifo_search_window: body.count_u32("fifo_search_window"),
        fifo_high_throughput: body.count_u32("fifo_high_throughput"),
        noisy_group_share_ppm: millionths(body.share("noisy_group_share")),
        noisy_group_min: body.count_u32("noisy_group_min"),
        move_task_rate: body.count_u32("move_task_rate"),
        age_equality_retries: body.flag("age_equality_retries"),
        gateway_rate: body.count_u32("gateway_rate"),
        gateway_burst: body.count_u32("gateway_burst"),
        scaling: match body.word("scaling") {
            Some("stepwise") => Scaling::Stepwise,
            Some("burst_2023_us") => Scaling::Burst(3000),
            Some("burst_2023_frankfurt") => Scaling::Burst(1000),
            Some("burst_2023_other") => Scaling::Burst(500),
            Some("off") => Scaling::Off,
            _ => Scaling::Continuous,
        },
        request_rate_limit: body.word("request_rate_limit") != Some("off"),
        provisioned_start_delay: body.time("provisioned_start_delay"),
        alarm_range_extra: body.count_u32("alarm_range_extra"),
        free_tier: body.flag("free_tier"),
        streams: streams::assumptions(&body),
    };
    for (name, pollers) in [
        ("pollers_initial", assumptions.pollers_initial),
        ("idle_pollers", assumptions.idle_pollers),
    ] {
        if pollers > assumptions.pollers_max {
            let message = format!("{pollers} is above `pollers_max` {}", assumptions.pollers_max);
            body.wrong(name, Diagnostic::error(message).at(body.place_of(name)));
        }
    }
    let lifetime = match body.word("environment_lifetime") {
        Some("aws_2020") => Lifetime::Aws2020,
        Some("aws_2021") => Lifetime::Aws2021,
        _ => Lifetime::AsWritten,
    };
    (assumptions, lifetime)
}

/// A share in whole millionths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is between 0 and 1"
)]
fn millionths(share: f64) -> u32 {
    libm::round(share * 1e6) as u32
}

/// Assumptions by name, with their values and whether those are the defaults.
pub fn assumptions_shown(file: &Body<'_>) -> Vec<(String, String, bool)> {
    let written = file.node.get("assumptions");
    let rows = crate::scenario::properties::all(file.row("assumptions").rows());
    rows.map(|row| {
        let standing = row.default_under(file.cx.profile).unwrap_or_default();
        let value = written.and_then(|written| written.get(row.name)).map(as_written);
        let value = value.unwrap_or_else(|| standing.to_string());
        let is_default = Some(value.as_str()) == row.default;
        (row.name.to_string(), value, is_default)
    })
    .collect()
}

/// A value in flow style: `{lognormal: {median: 8ms, p99: 20ms}}`. As deep as trees may be, so at most 64.
fn as_written(node: &Node) -> String {
    match &node.value {
        Value::Map(entries) => {
            let each =
                entries.iter().map(|(key, value)| format!("{}: {}", key.name, as_written(value)));
            format!("{{{}}}", each.collect::<Vec<_>>().join(", "))
        }
        Value::List(items) => {
            format!("[{}]", items.iter().map(as_written).collect::<Vec<_>>().join(", "))
        }
        _ => node.raw().unwrap_or_default().to_string(),
    }
}
