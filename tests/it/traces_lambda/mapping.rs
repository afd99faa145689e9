//! Traces of an event source mapping: real queues and a real mapping, and a function by a script.
//!
//! ```text
//!  queues ◄──── Receive, Delete ──── mapping ──── Invoke ────► script
//!         ───────── Received ──────►         ◄──── Ended ─────
//! ```
//!
//! The mapping polls by itself while it is enabled. A trace says when it polls, and once at a time:
//! so it is enabled with one poller at that time, and disabled as soon as the queue has answered.

use super::{Replayed, Script};
use crate::common::{Inside, Queues, Setup, Woken, time};
use dwell::{
    kernel::{Class, Classed, Span, Time, name_key},
    model::{
        Component, Port,
        config::{self, Assumptions},
        mapping::{self, Mapping, Settings},
        policy::partial::{Item, Report},
        recorded::Recorded,
        sqs,
        value::{AttributeId, Catalog, Compare, Field, Pattern, Test, Word},
        vocabulary::{
            CallId, Entry, ErrorKind, FunctionId, MappingId, Outcome, PayloadId, QueueId, Sender,
        },
    },
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Replays a trace, or says why the model cannot express it.
pub fn replay(header: &Value, lines: &[Value]) -> Result<Replayed, String> {
    let steps: Vec<_> = lines.iter().filter(|line| line["op"].is_string()).collect();
    let mut consumer = Consumer::new(header, &steps)?;
    let mut port = Recorded::default();
    let mut found = vec![];
    for step in &steps {
        let came = comparable(&step["op"], &consumer.apply(step, &mut port));
        let expected = comparable(&step["op"], &step["got"]);
        if expected != came {
            found.push(format!(
                "step {} at {} ms, {} on {}: expected {expected}, came {came}",
                step["i"], step["t"], step["op"], step["q"]
            ));
        }
    }
    Ok(Replayed { steps: steps.len(), found })
}

/// An answer with all that is a set in one order.
fn comparable(op: &Value, answer: &Value) -> Value {
    let mut answer = answer.clone();
    if op == "poll" {
        let sort = |list: &mut Value, by: fn(&Value) -> String| {
            list.as_array_mut().expect("a list").sort_by_key(by);
        };
        sort(&mut answer["left_in_queue"], Value::to_string);
        for invocation in answer["invocations"].as_array_mut().expect("a list of invocations") {
            sort(&mut invocation["batch"], |message| message["msg"].to_string());
        }
    }
    answer
}

/// Queues, the mapping on one of them, and its function.
struct Consumer {
    setup: Setup,
    queues: Queues,
    mapping: Mapping,
    settings: Settings,
    function: Script,
    /// What the function was given since the last poll began, and what it answered.
    invocations: Vec<Value>,
    labels: BTreeMap<PayloadId, String>,
    words: BTreeMap<String, Arc<[(AttributeId, Word)]>>,
}

#[derive(Clone, Copy)]
enum Wake {
    Queues(Woken),
    Mapping(mapping::Wake),
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Queues(token) => token.class(),
            Wake::Mapping(token) => token.class(),
        }
    }
}

enum In {
    Queue(usize, sqs::In),
    Enable(bool),
}

impl Component for Consumer {
    type Wake = Wake;
    type In = In;
    type Out = ();

    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Queue(i, message) => self.tell_queue(now, i, message, fx),
            In::Enable(enabled) => {
                self.settings.mapping.enabled = enabled;
                let settings = self.settings.clone();
                let mut inside = Inside::new(fx, Wake::Mapping);
                self.mapping.configure(now, settings, &mut inside);
                let sent = inside.sent;
                self.pass_on(now, sent, fx);
            }
        }
    }

    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Queues(token) => {
                let mut inside = Inside::new(fx, Wake::Queues);
                self.queues.woken(now, token, &mut inside);
                let sent = inside.sent;
                self.answer(now, sent, fx);
            }
            Wake::Mapping(token) => {
                let mut inside = Inside::new(fx, Wake::Mapping);
                self.mapping.woken(now, token, &mut inside);
                let sent = inside.sent;
                self.pass_on(now, sent, fx);
            }
        }
    }
}

impl Consumer {
    fn new(header: &Value, steps: &[&Value]) -> Result<Consumer, String> {
        let setup = Setup::new(header);
        let esm = &header["esm"];
        let mut bodies = Bodies::new();
        let filters = match esm["filters"].as_array() {
            Some(filters) => filters.iter().map(|filter| bodies.pattern(filter)).collect(),
            None => Ok(vec![]),
        }?;
        let mut words = BTreeMap::new();
        for step in steps.iter().filter(|step| step["op"] == "send") {
            let mut own = if filters.is_empty() { vec![] } else { bodies.words(body(step))? };
            // Whoever recorded it gave each message an id of its own where the trace has none.
            let by_content =
                setup.configs[setup.find(&step["q"])].fifo.is_some_and(|f| f.content_based);
            let own_id = if by_content { None } else { step["msg"].as_str() };
            let id = step["dedup"].as_str().or(own_id);
            let keys =
                [(AttributeId::GROUP, step["group"].as_str()), (AttributeId::DEDUPLICATION, id)];
            for (key, text) in keys {
                if let Some(text) = text {
                    own.push((key, bodies.word(&json!(text))?));
                }
            }
            words.insert(label(step), own.into());
        }
        let queue = setup.find(&esm["queue"]);
        let batch_size = esm["batch_size"].as_u64().expect("a size");
        let settings = Settings {
            mapping: config::Mapping {
                name: "mapping".to_owned(),
                queue: QueueId::at(queue),
                function: FunctionId(0),
                batch_size: u32::try_from(batch_size).expect("at most 10,000"),
                window: Span::ZERO,
                reports_failures: esm["report_batch_item_failures"] == true,
                concurrency_max: None,
                provisioned: None,
                filters,
                enabled: false,
            },
            visibility: setup.configs[queue].visibility,
            fifo: setup.configs[queue].fifo.is_some(),
            function_timeout: setup.configs[queue].visibility,
        };
        let one_poller = Assumptions {
            pollers_initial: 1,
            pollers_max: 1,
            idle_pollers: 1,
            ..Assumptions::default()
        };
        let catalog = Arc::new(bodies.catalog);
        Ok(Consumer {
            queues: setup.queues(&catalog),
            setup,
            mapping: Mapping::new(MappingId(0), settings.clone(), &one_poller, catalog.clone()),
            settings,
            function: Script::new(header),
            invocations: vec![],
            labels: BTreeMap::new(),
            words,
        })
    }

    /// Applies a step at its time and says what came of it, in the words of the trace.
    fn apply(&mut self, step: &Value, port: &mut Recorded<Consumer>) -> Value {
        let now = time(step);
        port.advance(self, now, Class::Poll);
        self.queues.check(now);
        let queue = || self.setup.find(&step["q"]);
        match step["op"].as_str().expect("an operation") {
            "send" => {
                let i = queue();
                let payload = port.register.arrive(CallId(0), 0, 0, now);
                // Held once more, so that its number stays its own.
                port.register.hold(payload);
                let known = port.register.get_mut(payload);
                known.words = self.words.get(&label(step)).cloned();
                known.content = name_key(body(step));
                self.labels.insert(payload, label(step));
                let send = sqs::In::Send {
                    payload,
                    entry: Entry::Sent,
                    delay: step["delay_ms"].as_u64().map(Span::millis),
                    attempt: 1,
                    reply_to: Sender::None,
                };
                port.tell(self, In::Queue(i, send));
                step["got"].clone()
            }
            "poll" => {
                port.tell(self, In::Enable(true));
                port.advance(self, now, Class::Poll);
                // An empty queue does not answer before its long poll ends.
                port.tell(self, In::Enable(false));
                self.queues.check(now);
                let queue = self.settings.mapping.queue.index();
                assert_eq!(self.queues.0[queue].receives_waiting(), 0, "a poll ends with its step");
                let left = self.queues.dump(queue, &self.labels);
                json!({ "invocations": self.invocations.split_off(0), "left_in_queue": left })
            }
            "counts" => self.queues.counts(queue()),
            "dump" => json!({ "msgs": self.queues.dump(queue(), &self.labels) }),
            other => panic!("an operation that this test does not know: {other}"),
        }
    }

    fn tell_queue(&mut self, now: Time, i: usize, message: sqs::In, fx: &mut impl Port<Self>) {
        let mut inside = Inside::new(fx, Wake::Queues);
        self.queues.on(now, (i, message), &mut inside);
        let sent = inside.sent;
        self.answer(now, sent, fx);
    }

    /// Passes on what the queues sent. The mapping asks again at once, and is disabled before that
    /// is answered.
    fn answer(&mut self, now: Time, sent: Vec<sqs::Out>, fx: &mut impl Port<Self>) {
        for message in sent {
            let sqs::Out::Received { poll, batch } = message else {
                unreachable!("nobody else asks the queues for an answer")
            };
            let mut inside = Inside::new(fx, Wake::Mapping);
            self.mapping.on(now, mapping::In::Received(poll.slot, batch), &mut inside);
            let sent = inside.sent;
            self.pass_on(now, sent, fx);
            self.on(now, In::Enable(false), fx);
        }
    }

    /// Passes on what the mapping sent.
    fn pass_on(&mut self, now: Time, sent: Vec<mapping::Out>, fx: &mut impl Port<Self>) {
        let poll = |slot| sqs::Poll { mapping: MappingId(0), slot };
        let queue = self.settings.mapping.queue.index();
        for message in sent {
            let message = match message {
                mapping::Out::Receive { slot, max, wait } => {
                    sqs::In::Receive { poll: poll(slot), max, wait, visibility: None }
                }
                mapping::Out::CancelReceive { slot } => sqs::In::CancelReceive { poll: poll(slot) },
                mapping::Out::Delete { handle, why } => sqs::In::Delete { handle, why },
                mapping::Out::Invoke { batch, slot, reports: _ } => {
                    let records = fx.register().batch(batch).iter();
                    let records = records.map(|r| (self.labels[&r.payload].clone(), r.attempt));
                    let records: Vec<_> = records.collect();
                    let (outcome, report) = self.run(&records);
                    let mut inside = Inside::new(fx, Wake::Mapping);
                    self.mapping.ended(now, slot, outcome, &report, &mut inside);
                    let sent = inside.sent;
                    self.pass_on(now, sent, fx);
                    continue;
                }
                mapping::Out::Await { .. } | mapping::Out::Decline => {
                    unreachable!("the function never refuses")
                }
            };
            self.tell_queue(now, queue, message, fx);
        }
    }

    /// The next run of the function, given messages and their receive counts.
    fn run(&mut self, records: &[(String, u32)]) -> (Outcome, Report) {
        let result = self.function.run();
        let batch: Vec<_> =
            records.iter().map(|(label, count)| json!({ "msg": label, "rc": count })).collect();
        self.invocations.push(json!({ "batch": batch, "result": result }));
        if result["error"].is_string() {
            return (Outcome::FunctionError(ErrorKind::Handler), Report::Nothing);
        }
        let labels: Vec<_> = records.iter().map(|(label, _)| label.as_str()).collect();
        (Outcome::Succeeded, answer(&result, &labels))
    }
}

/// What a mapping reads of the result of a run that did not throw.
pub fn answer(result: &Value, batch: &[&str]) -> Report {
    match result["raw"].as_str() {
        Some("") => Report::Nothing,
        Some(text) => match serde_json::from_str(text) {
            Ok(value) => report(&value, batch),
            Err(_) => Report::Unreadable,
        },
        None => report(&result["return"], batch),
    }
}

fn label(step: &Value) -> String {
    step["msg"].as_str().expect("a label").to_owned()
}

/// A message's body: its label, unless the step gives one.
fn body(step: &Value) -> &str {
    step["body"].as_str().or(step["msg"].as_str()).expect("a body")
}

/// What AWS reads from an answer (E47 to E50). The id of message `m1` is `$m1`.
fn report(answer: &Value, batch: &[&str]) -> Report {
    let list = match answer {
        Value::Null => return Report::Nothing,
        Value::String(text) if text.is_empty() => return Report::Nothing,
        Value::Array(list) if list.is_empty() => return Report::Nothing,
        Value::Object(answer) => answer.get("batchItemFailures").unwrap_or(&Value::Null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Report::Unreadable;
        }
    };
    match list {
        Value::Null => Report::Nothing,
        Value::Array(items) if items.is_empty() => Report::Nothing,
        Value::Array(items) => Report::Items(items.iter().map(|i| item(i, batch)).collect()),
        _ => Report::Unreadable,
    }
}

fn item(item: &Value, batch: &[&str]) -> Item {
    if item.as_object().is_some_and(Map::is_empty) {
        return Item::Empty;
    }
    let label = item["itemIdentifier"].as_str().and_then(|id| id.strip_prefix('$'));
    let record = batch.iter().position(|known| Some(*known) == label);
    record.map_or(Item::Malformed, Item::Record)
}

/// Bodies as attributes of payloads, and filters as patterns over them. An object's field `k` is
/// the attribute `body.k`; what is no object is the attribute `body`. So a filter on fields never
/// fits a body of text, nor the reverse (E20).
struct Bodies {
    catalog: Catalog,
}

impl Bodies {
    fn new() -> Bodies {
        let texts = ["yes", "no"].map(str::to_owned).to_vec();
        let attributes = AttributeId::KEYS.map(str::to_owned).to_vec();
        Bodies { catalog: Catalog { texts, attributes, laws: vec![vec![]], ..Catalog::default() } }
    }

    fn attribute(&mut self, path: &str) -> AttributeId {
        AttributeId(u16::try_from(place(&mut self.catalog.attributes, path)).expect("few names"))
    }

    fn word(&mut self, value: &Value) -> Result<Word, String> {
        match value {
            Value::String(text) => {
                let at = place(&mut self.catalog.texts, text);
                Ok(Word::Text(u32::try_from(at).expect("few texts")))
            }
            Value::Number(number) => Ok(Word::Number(number.as_f64().expect("a number"))),
            _ => Err(format!("{value}, which no attribute of the model can say")),
        }
    }

    fn words(&mut self, body: &str) -> Result<Vec<(AttributeId, Word)>, String> {
        let mut words = vec![];
        match serde_json::from_str(body) {
            Ok(Value::Object(fields)) => self.fields("body", &fields, &mut words)?,
            _ => words.push((self.attribute("body"), self.word(&json!(body))?)),
        }
        Ok(words)
    }

    fn fields(
        &mut self,
        path: &str,
        fields: &Map<String, Value>,
        words: &mut Vec<(AttributeId, Word)>,
    ) -> Result<(), String> {
        for (name, value) in fields {
            let path = format!("{path}.{name}");
            match value {
                Value::Object(fields) => self.fields(&path, fields, words)?,
                _ => words.push((self.attribute(&path), self.word(value)?)),
            }
        }
        Ok(())
    }

    fn pattern(&mut self, filter: &Value) -> Result<Pattern, String> {
        let inexpressible =
            || format!("the filter {filter}, which no pattern of the model can say");
        let fields = filter.as_object().ok_or_else(inexpressible)?;
        let mut pattern = vec![];
        for (name, asked) in fields {
            if name != "body" {
                return Err(inexpressible());
            }
            self.tests(name, asked, &mut pattern)?;
        }
        Ok(Pattern(pattern))
    }

    fn tests(
        &mut self,
        path: &str,
        asked: &Value,
        pattern: &mut Vec<(Field, Vec<Test>)>,
    ) -> Result<(), String> {
        match asked {
            Value::Object(fields) => {
                for (name, asked) in fields {
                    if name == "$or" {
                        return Err("$or, which no pattern of the model can say".to_owned());
                    }
                    self.tests(&format!("{path}.{name}"), asked, pattern)?;
                }
            }
            Value::Array(tests) => {
                let tests = tests.iter().map(|test| self.test(test)).collect::<Result<_, _>>()?;
                pattern.push((Field::Attribute(self.attribute(path)), tests));
            }
            _ => return Err(format!("{asked}, which is no list of tests")),
        }
        Ok(())
    }

    fn test(&mut self, test: &Value) -> Result<Test, String> {
        let inexpressible = || format!("the test {test}, which no pattern of the model can say");
        let Some(named) = test.as_object() else { return self.word(test).map(Test::Equals) };
        let (name, asked) = named.iter().next().ok_or_else(inexpressible)?;
        let text = || asked.as_str().map(str::to_owned).ok_or_else(inexpressible);
        match name.as_str() {
            "prefix" => Ok(Test::Prefix(text()?)),
            "suffix" => Ok(Test::Suffix(text()?)),
            "equals-ignore-case" => Ok(Test::EqualsIgnoreCase(text()?)),
            "exists" => asked.as_bool().map(Test::Exists).ok_or_else(inexpressible),
            "numeric" => comparisons(asked).map(Test::Numeric).ok_or_else(inexpressible),
            "anything-but" => {
                let one = std::slice::from_ref(asked);
                let tests = asked.as_array().map_or(one, Vec::as_slice).iter();
                let tests = tests.map(|test| self.test(test)).collect::<Result<_, _>>()?;
                Ok(Test::AnythingBut(tests))
            }
            _ => Err(inexpressible()),
        }
    }
}

/// `[">", 0, "<=", 5]`.
fn comparisons(asked: &Value) -> Option<Vec<(Compare, f64)>> {
    let pairs = asked.as_array()?.chunks(2).map(|pair| {
        let compare = match pair[0].as_str()? {
            "<" => Compare::Less,
            "<=" => Compare::LessOrEqual,
            "=" => Compare::Equal,
            ">=" => Compare::GreaterOrEqual,
            ">" => Compare::Greater,
            _ => return None,
        };
        Some((compare, pair.get(1)?.as_f64()?))
    });
    pairs.collect()
}

/// The place of a text in a list, which it joins if it is not there.
fn place(list: &mut Vec<String>, text: &str) -> usize {
    list.iter().position(|known| known == text).unwrap_or_else(|| {
        list.push(text.to_owned());
        list.len() - 1
    })
}

/// A trace of one poll of `bodies`, by this mapping and this result: what is left in the queue.
fn left(esm: Value, result: Value, bodies: &[&str]) -> String {
    let header = json!({ "queues": [{ "name": "q" }], "esm": esm, "function": [result] });
    let mut steps: Vec<_> = (bodies.iter().zip(1..))
        .map(|(body, i)| {
            json!({ "op": "send", "t": i, "q": "q", "msg": format!("m{i}"), "body": body })
        })
        .collect();
    steps.push(json!({ "op": "poll", "t": 100 }));
    let steps: Vec<_> = steps.iter().collect();
    let mut consumer = Consumer::new(&header, &steps).expect("the model can express it");
    let mut port = Recorded::default();
    let answers: Vec<_> = steps.iter().map(|step| consumer.apply(step, &mut port)).collect();
    let left = answers[bodies.len()]["left_in_queue"].as_array().expect("labels").iter();
    left.map(|label| label.as_str().expect("a label")).collect::<Vec<_>>().join(" ")
}

#[test]
fn e47_to_e54_answers_of_a_trace_are_read_as_aws_reads_them() {
    let esm =
        |reports| json!({ "queue": "q", "batch_size": 10, "report_batch_item_failures": reports });
    let left = |result| left(esm(true), result, &["1", "2", "3"]);
    let all = "m1 m2 m3";
    for success in [json!(null), json!(""), json!([]), json!({}), json!({ "statusCode": 200 })] {
        assert_eq!(left(json!({ "return": success })), "", "{success}");
    }
    for (list, back) in [
        (json!(null), ""),
        (json!([]), ""),
        (json!([{}]), ""),
        (json!([{ "itemIdentifier": "$m3" }]), "m3"),
        (json!([{ "itemIdentifier": "$m3" }, { "itemIdentifier": "$m1" }]), "m1 m3"),
        (json!([{ "itemIdentifier": "$m3" }, { "itemIdentifier": "no" }]), all),
        (json!([{ "itemIdentifier": "$m4" }]), all),
        (json!([{ "itemIdentifier": "" }]), all),
        (json!([{ "itemIdentifier": null }]), all),
        (json!([{ "itemIdentifier": 7 }]), all),
        (json!([{ "id": "$m3" }]), all),
        (json!("$m3"), all),
    ] {
        assert_eq!(left(json!({ "return": { "batchItemFailures": list } })), back, "{list}");
    }
    assert_eq!(left(json!({ "raw": "" })), "");
    assert_eq!(left(json!({ "raw": "{}" })), "");
    assert_eq!(left(json!({ "raw": "{" })), all);
    assert_eq!(left(json!({ "error": "Unhandled" })), all);
    let off = json!({ "return": { "batchItemFailures": [{ "itemIdentifier": "$m3" }] } });
    assert_eq!(self::left(esm(false), off, &["1", "2", "3"]), "");
}

#[test]
fn e19_e20_filters_of_a_trace_delete_what_does_not_fit() {
    // What fits comes back, because the function throws.
    let kept = |filter: Value, bodies: &[&str]| {
        let esm = json!({ "queue": "q", "batch_size": 10, "filters": [filter] });
        left(esm, json!({ "error": "Unhandled" }), bodies)
    };
    let bodies = [r#"{"k": "keep"}"#, r#"{"k": 7, "in": {"er": "x"}}"#, r#"{"l": "keep"}"#, "keep"];
    assert_eq!(kept(json!({ "body": { "k": ["keep", 1] } }), &bodies), "m1");
    assert_eq!(kept(json!({ "body": { "k": [{ "numeric": [">", 5, "<=", 7] }] } }), &bodies), "m2");
    assert_eq!(kept(json!({ "body": { "in": { "er": [{ "prefix": "x" }] } } }), &bodies), "m2");
    assert_eq!(kept(json!({ "body": { "k": [{ "anything-but": ["keep"] }] } }), &bodies), "m2");
    assert_eq!(kept(json!({ "body": { "k": [{ "exists": true }] } }), &bodies), "m1 m2");
    assert_eq!(kept(json!({ "body": ["keep"] }), &bodies), "m4");
}
