//! Callers and the calls of functions.

use std::collections::BTreeMap;

use super::{
    Body, fifo, names, outlets,
    resources::{Earlier, Read},
    services::{self, Assumed},
    streams,
};
use crate::{
    kernel::{Stream, Time},
    model::{
        config::{Call, FunctionCall, Outlet, Resources, Retry, Via},
        services::Service,
        value::{AttributeId, Quantity, WordLaw},
        vocabulary::{CallId, Target},
    },
    scenario::{
        arrivals,
        diagnostic::{Diagnostic, quoted},
        node::{Node, Value},
        patterns::FIELDS,
        properties::Kind,
        units, values,
    },
};

/// Words that `[key=value]` of a measure has for itself.
const MEASURE_KEYS: [&str; 3] = ["status", "reason", "shard"];

/// Reads the callers, then the calls of every function.
pub fn calls(
    file: &Body<'_>,
    functions: &[(&str, Option<Body<'_>>)],
    duration: Option<Time>,
    earlier: Option<&Earlier<'_>>,
) -> Read {
    let mut read = Read {
        resources: Resources::default(),
        laws: Vec::new(),
        caller_words: Vec::new(),
        last: Time::ZERO,
        endless: None,
        columns: Vec::new(),
    };
    let assumed = Assumed::of(file);
    for (nth, (name, body)) in names::bodies(file, "callers").into_iter().enumerate() {
        read.caller_words.push(file.cx.texts.word(name));
        let mut found = arrivals::Read::default();
        let (mut call, mut laws) = match &body {
            Some(body) => {
                let id = read.resources.calls.len();
                read.resources.outlets.extend(outlet(body, name, id, &assumed));
                if let Some(node) = body.get("arrivals") {
                    found = earlier
                        .and_then(|then| unchanged(then, nth, name, node))
                        .unwrap_or_else(|| {
                            let path = body.path_of("arrivals");
                            arrivals::arrivals(file.cx, node, &path, name, duration)
                        });
                }
                let laws = attributes(body, name, true);
                (call(body, name, &assumed), laws)
            }
            None => (unread(name), Vec::new()),
        };
        for (column, words) in &found.columns {
            let stream = stream(file, name, column);
            if let Some(id) = file.cx.attribute(column)
                && !laws.iter().any(|(known, ..)| *known == id)
            {
                laws.push((id, WordLaw::Column(words.clone()), stream));
            }
        }
        if let Some(body) = &body {
            fifo::message(file, body, |key| laws.iter().any(|(id, ..)| *id == key));
        }
        call.words = !laws.is_empty();
        call.arrivals = found.arrivals;
        read.last = read.last.max(found.last);
        read.endless = read.endless.or(found.endless);
        read.columns.push(found.columns);
        read.resources.calls.push(call);
        read.laws.push(laws);
    }
    read.resources.callers = read.resources.calls.len();
    for (function, body) in functions {
        let Some(body) = body else { continue };
        for (n, entry) in body.list("calls").into_iter().enumerate() {
            let name = format!("{function}.calls.{n}");
            let (path, node) = entry;
            let rows = body.row("calls").rows();
            let (mut made, laws) = match Body::open(body.cx, node, path, node.place, rows) {
                Some(entry) => {
                    let id = read.resources.calls.len();
                    read.resources.outlets.extend(outlet(&entry, &name, id, &assumed));
                    let laws = attributes(&entry, &name, false);
                    // What it does not give, the payload may have from whoever started it.
                    let callers = &read.laws[..read.resources.callers];
                    fifo::message(file, &entry, |key| {
                        callers.iter().chain([&laws]).flatten().any(|(id, ..)| *id == key)
                    });
                    (call(&entry, &name, &assumed), laws)
                }
                None => (unread(&name), Vec::new()),
            };
            made.words = !laws.is_empty();
            read.resources.calls.push(made);
            read.laws.push(laws);
        }
    }
    if read.resources.calls.len() > usize::from(u16::MAX) {
        let mistake = Diagnostic::error("more than 65535 callers and calls").at(file.place);
        file.cx.say(mistake);
        read.resources.calls.truncate(usize::from(u16::MAX));
    }
    read
}

/// The arrivals of a caller as they were read at the beginning, if they are written the same: lists of times
/// are long, and then there is one for all states.
fn unchanged(then: &Earlier<'_>, nth: usize, name: &str, now: &Node) -> Option<arrivals::Read> {
    let before = then.tree.get("callers")?.get(name)?.get("arrivals")?;
    let (call, columns) = (then.resources.calls.get(nth)?, then.columns.get(nth)?);
    (before == now).then(|| arrivals::Read {
        arrivals: call.arrivals.clone(),
        columns: columns.clone(),
        ..arrivals::Read::default()
    })
}

/// What a function says of its calls; the calls themselves are those from `next` on.
pub fn function_calls(body: &Body<'_>, next: &mut usize) -> Vec<FunctionCall> {
    let mut calls = Vec::new();
    for (path, node) in body.list("calls") {
        let at = *next;
        *next += 1;
        let rows = body.row("calls").rows();
        let Some(entry) = Body::open(body.cx, node, path, node.place, rows) else { continue };
        let Ok(call) = u16::try_from(at) else { continue };
        calls.push(FunctionCall {
            call: CallId(call),
            share: entry.probability("share"),
            count: entry.count_u32("count"),
            when: entry.pattern_maybe("when"),
            per_run: entry.word("per") == Some("run"),
        });
    }
    calls
}

fn unread(name: &str) -> Call {
    Call {
        name: name.to_string(),
        via: Via::Send,
        integration: None,
        buffering: None,
        target: Target::Outside,
        timeout: None,
        retry: Retry::default(),
        payload_bytes: Quantity::Plain(0),
        delay: None,
        words: false,
        arrivals: Vec::new(),
    }
}

fn call(body: &Body<'_>, name: &str, assumed: &Assumed) -> Call {
    let target = body.target("target");
    let via = via(body, target);
    let service = match via {
        Via::Service(service) => Some(service),
        Via::Invoke | Via::InvokeAsync | Via::Send => None,
    };
    // Of a word that is none, nobody can say which keys it has.
    if body.node.get("via").is_none() || body.word("via").is_some() {
        services::check_keys(body, service);
    }
    let integration = service.and_then(|service| services::integration(body, service, assumed));
    let delay = body.aws_time_maybe("DelaySeconds");
    if delay.is_some() && target.is_some_and(|target| !matches!(target, Target::Queue(_))) {
        let mistake = Diagnostic::error("`DelaySeconds` is for messages to a queue");
        let at = body.place_of("DelaySeconds");
        body.wrong("DelaySeconds", mistake.at(at).label("only where the target is a queue"));
    }
    streams::check_message_keys(body, target);
    let retry = body.map("retry").map_or_else(Retry::default, |retry| Retry {
        attempts: retry.count_u32("attempts"),
        backoff: retry.backoff("backoff"),
        budget: retry.share_maybe("budget"),
    });
    Call {
        name: name.to_string(),
        via,
        integration: integration.map(Box::new),
        buffering: service.and_then(|service| services::buffering(body, service, assumed)),
        target: target.unwrap_or(Target::Outside),
        timeout: body.time_maybe("timeout"),
        retry,
        payload_bytes: body.size_law("payload_size"),
        delay,
        words: false,
        arrivals: Vec::new(),
    }
}

/// What the call's service hands on, if it hands on.
fn outlet(body: &Body<'_>, name: &str, id: usize, assumed: &Assumed) -> Option<Outlet> {
    let target = body.target("target");
    let Via::Service(service) = via(body, target) else { return None };
    let id = CallId(u16::try_from(id).ok()?);
    outlets::of_call(body, assumed, name, id, service, target?)
}

/// How the target is asked: by its own API, unless something else is said that it has.
fn via(body: &Body<'_>, target: Option<Target>) -> Via {
    let own = match target {
        Some(Target::Function(_) | Target::Dependency(_)) => Via::Invoke,
        Some(Target::Queue(_) | Target::Stream(_) | Target::Sink(_) | Target::Outside) | None => {
            Via::Send
        }
    };
    let Some(word) = body.word("via") else { return own };
    let Some(found) = body.get("target").and_then(|node| body.cx.names.kind_of(node)) else {
        return own; // outside: it takes everything, however it is asked
    };
    let (via, kind) = match word {
        "invoke" => (Via::Invoke, Kind::Function),
        "invoke_async" => (Via::InvokeAsync, Kind::Function),
        "sqs" => (Via::Send, Kind::Queue),
        "kinesis" | "dynamodb" | "kafka" | "mq" | "documentdb" => (Via::Send, Kind::Stream),
        // The two that have a section of their own, or imply one for a function.
        "sns" if found != Kind::Function => (Via::Send, Kind::Topic),
        "eventbridge" if found != Kind::Function => (Via::Send, Kind::Bus),
        service => match Service::of_word(service) {
            Some(Service::Ses) if body.word("InvocationType") == Some("RequestResponse") => {
                (Via::Service(Service::SesWaiting), Kind::Function)
            }
            Some(service) => (Via::Service(service), Kind::Function),
            None => return own,
        },
    };
    let own_api: Vec<&str> = streams::api(body).into_iter().collect();
    let other_api = found == Kind::Stream && !own_api.contains(&word);
    if (found != kind || other_api) && target.is_some() {
        let message =
            format!("{} asks {}, and the target is {}", quoted(word), kind.word(), found.word());
        let mistake = Diagnostic::error(message).at(body.place_of("via"));
        if found == Kind::Dependency {
            let label = "nothing here: a dependency is asked by its own API";
            body.wrong("via", mistake.label(label));
            return own;
        }
        let fits: &[&str] = match found {
            Kind::Function => &["invoke", "invoke_async"],
            Kind::Queue => &["sqs"],
            Kind::Topic => &["sns"],
            Kind::Stream => own_api.as_slice(),
            _ => &["eventbridge"],
        };
        let label = format!("{} fits", super::body::listed(fits));
        body.wrong("via", mistake.label(label).help("without `via` it is the target's own API"));
    }
    via
}

fn stream(file: &Body<'_>, call: &str, attribute: &str) -> Stream {
    Stream::new(file.cx.seed, &format!("call/{call}/attribute/{attribute}"))
}

/// The attributes that a caller or call gives.
fn attributes(body: &Body<'_>, name: &str, caller: bool) -> Vec<(AttributeId, WordLaw, Stream)> {
    let mut laws = Vec::new();
    for key in AttributeId::KEYS {
        let Some(node) = body.get(key) else { continue };
        let law = values::word_law(body.cx, node, body.path_of(key));
        if let (Some(law), Some(id)) = (law, body.cx.attribute(key)) {
            laws.push((id, law, stream(body, name, key)));
        }
    }
    let Some(node) = body.get("attributes") else { return laws };
    if !matches!(node.value, Value::Map(_)) {
        if !node.is_null() {
            let mistake = Diagnostic::error(format!("{} is not a mapping", node.shown()));
            body.wrong("attributes", mistake.at(node.place).label("`{kind: bulk}`"));
        }
        return laws;
    }
    for (key, value) in node.entries() {
        let path = format!("{}.{}", body.path_of("attributes"), key.name);
        if let Err(mistake) = units::name(key, false) {
            body.cx.say(mistake.path(path));
            continue;
        }
        let taken = [&FIELDS[..], &MEASURE_KEYS, &AttributeId::KEYS];
        if taken.concat().contains(&key.name.as_str()) {
            let message = format!("{} is a word of the language", quoted(&key.name));
            body.cx.say(Diagnostic::error(message).at(key.place).path(path).label("another name"));
            continue;
        }
        let Some(law) = values::word_law(body.cx, value, path) else { continue };
        let Some(id) = body.cx.attribute(&key.name) else { continue };
        laws.push((id, law, stream(body, name, &key.name)));
    }
    if caller {
        refuse_circles(body, node, &laws);
    }
    laws
}

/// A caller's attribute may be another one's word, but not, over any number of steps, its own.
fn refuse_circles(body: &Body<'_>, node: &Node, laws: &[(AttributeId, WordLaw, Stream)]) {
    let mut asks: BTreeMap<AttributeId, Vec<AttributeId>> = BTreeMap::new();
    for (id, law, _) in laws {
        let mut found = Vec::new();
        values::asks_for(law, &mut found);
        asks.insert(*id, found);
    }
    for (id, first) in &asks {
        let mut seen = vec![false; body.cx.attributes.len()];
        let mut open = first.clone();
        while let Some(next) = open.pop() {
            if next == *id {
                let name = &body.cx.attributes[usize::from(id.0)];
                let place = node.get(name).map_or(node.place, |node| node.place);
                let message = format!("{} asks for its own word", quoted(name));
                let mistake = Diagnostic::error(message).at(place);
                let path = format!("{}.{name}", body.path_of("attributes"));
                body.cx.say(mistake.path(path).label("a word that does not depend on it"));
                break;
            }
            let at = usize::from(next.0);
            if !seen[at] {
                seen[at] = true;
                open.extend(asks.get(&next).into_iter().flatten());
            }
        }
    }
}
