//! Who gets what a topic, a bus or a service hands on: subscriptions, targets of rules, and what a call's
//! service implies.

use super::{Body, fifo, names, services::Assumed};
use crate::{
    kernel::Span,
    model::{
        config::{EventRule, Outlet, OutletOf},
        policy::delivery::Tries,
        services::{Manner, Service},
        vocabulary::{CallId, RuleId, SinkId, Target},
    },
    scenario::{
        diagnostic::{Diagnostic, quoted},
        node::Value,
        patterns,
        properties::Kind,
    },
};

/// Targets of a rule.
const TARGETS_MAX: usize = 5;

/// An outlet of `service` as it is without any setting of its own.
fn plain(
    assumed: &Assumed,
    service: Service,
    name: &str,
    luck: String,
    origin: OutletOf,
) -> Outlet {
    let carrier = service.carrier().expect("who has an outlet hands events on");
    Outlet {
        name: name.to_string(),
        luck,
        origin,
        service,
        target: Target::Outside,
        wants: None,
        enabled: true,
        forbidden: false,
        system_error_rate: Default::default(),
        tries: assumed.tries(&carrier),
        delay: assumed.delay(&carrier),
        window: Span::ZERO,
        dead_letter: None,
        patience: Span::ZERO,
    }
}

/// What `RetryPolicy` makes of the service's own retries.
fn retry_policy(body: &Body<'_>, tries: &mut Tries) {
    let Some(policy) = body.map_or_empty("RetryPolicy") else { return };
    if let Tries::Doubling { retries_max, age_max, .. } = tries {
        *retries_max = policy.count_u32("MaximumRetryAttempts");
        *age_max = policy.aws_time("MaximumEventAgeInSeconds");
    }
}

/// The queue of `DeadLetterConfig: {Arn: …}`.
fn dead_letter_config(body: &Body<'_>) -> Option<Target> {
    let config = body.map("DeadLetterConfig")?;
    fifo::standard_only(&config, "Arn");
    config.target("Arn")
}

/// The queue of `RedrivePolicy: {deadLetterTargetArn: …}`, also as a text of JSON.
fn redrive_policy(body: &Body<'_>) -> Option<Target> {
    let node = body.get("RedrivePolicy")?;
    let path = body.path_of("RedrivePolicy");
    let rows = body.row("RedrivePolicy").rows();
    let parsed;
    let node = match &node.value {
        Value::Text(text) => {
            let example = "JSON: `{\"deadLetterTargetArn\": \"Failed\"}`";
            parsed = patterns::from_json(body.cx, node, text, &path, example)?;
            &parsed
        }
        _ => node,
    };
    let policy = Body::open(body.cx, node, path, node.place, rows)?;
    fifo::standard_only(&policy, "deadLetterTargetArn");
    policy.target("deadLetterTargetArn")
}

/// Every subscription: those of the section, then those written on topics.
pub fn subscriptions(file: &Body<'_>, assumed: &Assumed) -> Vec<Outlet> {
    let mut found = Vec::new();
    for (name, body) in names::bodies(file, "subscriptions") {
        let Some(body) = body else { continue };
        let topic = match body.target("TopicArn") {
            Some(Target::Sink(topic)) => topic,
            _ => SinkId(0), // reported
        };
        let mut outlet = subscription(assumed, &body, name, name.to_string(), topic);
        outlet.wants = body.pattern_maybe("FilterPolicy");
        outlet.dead_letter = redrive_policy(&body);
        outlet.forbidden = body.flag("forbidden");
        outlet.system_error_rate = body.probability("system_error_rate");
        found.push(outlet);
    }
    let first = ["buses", "buckets"].map(|section| names::bodies(file, section).len()).iter().sum();
    for (at, (name, body)) in (first..).zip(names::bodies(file, "topics")) {
        for (n, entry) in body.iter().flat_map(|body| body.list_of_maps("Subscription")).enumerate()
        {
            let luck = format!("{name}/Subscription/{n}");
            found.push(subscription(assumed, &entry, name, luck, SinkId::at(at)));
        }
    }
    found
}

fn subscription(
    assumed: &Assumed,
    body: &Body<'_>,
    name: &str,
    luck: String,
    topic: SinkId,
) -> Outlet {
    let target = body.target("Endpoint");
    fifo::standard_only(body, "Endpoint");
    if let Some(word) = body.word("Protocol")
        && let Some(found) = body.get("Endpoint").and_then(|node| body.cx.names.kind_of(node))
        && target.is_some()
        && found != if word == "sqs" { Kind::Queue } else { Kind::Function }
    {
        let message = format!("`Protocol: {word}`, but the endpoint is {}", found.word());
        let mistake = Diagnostic::error(message).at(body.place_of("Protocol"));
        body.wrong("Protocol", mistake.label("`sqs` for a queue, `lambda` for a function"));
    }
    let outlet = plain(assumed, Service::Sns, name, luck, OutletOf::Topic(topic));
    Outlet { target: target.unwrap_or(Target::Outside), ..outlet }
}

/// Every rule, and an outlet for each of their targets.
pub fn rules(file: &Body<'_>, assumed: &Assumed) -> (Vec<EventRule>, Vec<Outlet>) {
    let (mut rules, mut outlets) = (Vec::new(), Vec::new());
    for (at, (name, body)) in names::bodies(file, "rules").into_iter().enumerate() {
        rules.push(EventRule { name: name.to_string() });
        let Some(body) = body else { continue };
        let bus = match body.target("EventBusName") {
            Some(Target::Sink(bus)) => bus,
            _ => SinkId(0), // reported
        };
        let wants = body.pattern_maybe("EventPattern");
        let enabled = body.word("State") != Some("DISABLED");
        let targets = body.list_of_maps("Targets");
        if targets.len() > TARGETS_MAX {
            let message = format!("{} targets", targets.len());
            let mistake = Diagnostic::error(message).at(body.place_of("Targets"));
            body.wrong("Targets", mistake.label(format!("AWS has at most {TARGETS_MAX} a rule")));
        }
        let mut ids: Vec<String> = Vec::new();
        for (n, target) in targets.iter().enumerate() {
            let id = target.text("Id").map_or_else(|| n.to_string(), str::to_string);
            if ids.contains(&id) {
                let message =
                    format!("{} has two targets with the id {}", quoted(name), quoted(&id));
                let mistake = Diagnostic::error(message).at(target.place_of("Id"));
                target.wrong("Id", mistake.label("ids are unique in a rule"));
            }
            let luck = format!("{name}/{id}");
            ids.push(id);
            let origin = OutletOf::Rule(bus, RuleId::at(at));
            let mut outlet = plain(assumed, Service::EventBridge, name, luck, origin);
            outlet.target = target.target("Arn").unwrap_or(Target::Outside);
            // To a FIFO queue AWS sends with `SqsParameters`, which are not read.
            fifo::standard_only(target, "Arn");
            outlet.wants = wants.clone();
            outlet.enabled = enabled;
            outlet.forbidden = body.flag("forbidden");
            outlet.system_error_rate = body.probability("system_error_rate");
            outlet.dead_letter = dead_letter_config(target);
            retry_policy(target, &mut outlet.tries);
            outlets.push(outlet);
        }
    }
    (rules, outlets)
}

/// What a call's service hands on, if it hands on.
pub fn of_call(
    body: &Body<'_>,
    assumed: &Assumed,
    name: &str,
    call: CallId,
    service: Service,
    target: Target,
) -> Option<Outlet> {
    service.carrier()?;
    let outlet = plain(assumed, service, name, format!("call/{name}"), OutletOf::Call(call));
    let mut outlet = Outlet { target, ..outlet };
    let keys = service.keys();
    if keys.contains(&"RetryPolicy") {
        retry_policy(body, &mut outlet.tries);
    }
    if keys.contains(&"DeadLetterConfig") {
        outlet.dead_letter = dead_letter_config(body);
    }
    if keys.contains(&"RedrivePolicy") {
        outlet.dead_letter = redrive_policy(body);
    }
    if keys.contains(&"FlexibleTimeWindow")
        && let Some(window) = body.map("FlexibleTimeWindow")
    {
        let minutes = window.count_maybe("MaximumWindowInMinutes");
        match (window.word("Mode"), minutes) {
            (Some("FLEXIBLE"), Some(minutes)) => outlet.window = Span::mins(minutes),
            (Some("FLEXIBLE"), None) => {
                let mistake = Diagnostic::error("a flexible window without its length");
                let label = "`MaximumWindowInMinutes`, 1 to 1440";
                window.wrong("Mode", mistake.at(window.place_of("Mode")).label(label));
            }
            _ => (),
        }
    }
    if service.manner() == Manner::Operates {
        outlet.patience = body.aws_time("ServiceTimeout");
    }
    Some(outlet)
}
