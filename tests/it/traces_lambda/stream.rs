//! Traces of a mapping on a stream: a real stream of one shard, a real reader, and a function by a script.
//!
//! ```text
//!  stream ◄──── Read, Finished ──── reader ──── Invoke ────► script
//!         ───── Opened, Records ───►       ◄──── Ended ─────
//! ```
//!
//! Records come at their times; the mapping is enabled when the trace says that polling begins. A run takes
//! no time, and the waits between tries are nobody's to compare. What is given up is compared apart from
//! what is invoked: their order at one instant says nothing.

use super::{Replayed, Script, mapping};
use crate::common::{Inside, time};
use dwell::{
    kernel::{Class, Classed, Probability, Span, Time},
    model::{
        Component, Fact, Port,
        config::{self, Assumptions, Resources, Source, Start},
        policy::partial::Report,
        reader::{self, Reader, Settings},
        recorded::Recorded,
        stream::{self, Stream},
        value::Catalog,
        vocabulary::{
            CallId, ErrorKind, FunctionId, Outcome, PayloadId, ReaderId, Receipt, Sender, StreamId,
            Target,
        },
    },
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// So long a story goes on after its last record: longer than any retention or age of a trace.
const END: Span = Span::days(2);
/// A trace of more invocations was stopped by its recorder, and what came later is not compared.
const INVOCATIONS_MAX: usize = 1000;

/// Replays a trace, or says why the model cannot express it.
pub fn replay(header: &Value, lines: &[Value]) -> Result<Replayed, String> {
    let (invoked, discarded) = play(header)?;
    let steps = |op: &'static str| lines.iter().filter(move |line| line["op"] == op);
    let expected: Vec<Value> = steps("invoke")
        .map(|step| json!({ "batch": step["batch"], "result": step["result"] }))
        .collect();
    let given_up: Vec<Value> = steps("discard").map(discard).collect();
    let mut found = vec![];
    // What was cut off, or repeats for ever, is compared as far as the trace goes.
    let cut = header["stopped_by_recorder"] == true;
    compare("invoke", &expected, &invoked, cut, &mut found);
    compare("discard", &given_up, &discarded, cut, &mut found);
    Ok(Replayed { steps: expected.len() + given_up.len(), found })
}

fn compare(op: &str, expected: &[Value], came: &[Value], cut: bool, found: &mut Vec<String>) {
    let most = expected.len().max(if cut { 0 } else { came.len() });
    for at in 0..most {
        let (expected, came) = (expected.get(at), came.get(at));
        if expected != came {
            let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
            found.push(format!("{op} {at}: expected {}, came {}", text(expected), text(came)));
        }
    }
}

/// What a discard says, without what is not compared.
fn discard(step: &Value) -> Value {
    let keys = ["condition", "approximate_invoke_count", "batch_size", "first", "last"];
    keys.iter().map(|key| ((*key).to_owned(), step[key].clone())).collect()
}

/// What the function was given and answered, and what was given up.
fn play(header: &Value) -> Result<(Vec<Value>, Vec<Value>), String> {
    let records = header["records"].as_array().ok_or("no records")?;
    let mut consumer = Consumer::new(header)?;
    let mut port = Recorded::default();
    port.tell(&mut consumer, In::Begin);
    let start = Time::ZERO + Span::millis(header["start"].as_u64().ok_or("no start")?);
    let mut started = false;
    for record in records {
        let at = time(record);
        if !started && start <= at {
            port.advance(&mut consumer, start, Class::Change);
            port.tell(&mut consumer, In::Enable);
            started = true;
        }
        port.advance(&mut consumer, at, Class::Arrival);
        let payload = port.register.arrive(CallId(0), 0, 0, at);
        // Held once more, so that its number stays its own.
        port.register.hold(payload);
        let name = record["rec"].as_str().ok_or("a record has a name")?;
        consumer.labels.insert(payload, name.to_owned());
        port.tell(&mut consumer, In::Put(payload));
    }
    if !started {
        port.advance(&mut consumer, start, Class::Change);
        port.tell(&mut consumer, In::Enable);
    }
    let end = port.now().saturating_add(END);
    while consumer.invocations.len() < INVOCATIONS_MAX
        && port.step_until(&mut consumer, end, Class::Poll)
    {}
    let discarded = discards(&port.facts, &consumer.labels);
    Ok((consumer.invocations, discarded))
}

/// What was given up, as the trace writes it.
fn discards(
    facts: &[(Time, dwell::model::Rule, Fact)],
    labels: &BTreeMap<PayloadId, String>,
) -> Vec<Value> {
    let mut all = vec![];
    for (at, (_, _, fact)) in facts.iter().enumerate() {
        let Fact::BatchGivenUp { events, attempts, why, .. } = *fact else { continue };
        let label = |at: usize| match facts[at].2 {
            Fact::RecordGivenUp { payload, .. } => labels[&payload].clone(),
            _ => panic!("each record of a batch is given up"),
        };
        all.push(json!({
            "condition": why.word(),
            "approximate_invoke_count": attempts,
            "batch_size": events,
            "first": label(at + 1),
            "last": label(at + events as usize),
        }));
    }
    all
}

/// A stream, the reader on it, and its function.
struct Consumer {
    stream: Stream,
    reader: Reader,
    settings: Settings,
    function: Script,
    invocations: Vec<Value>,
    labels: BTreeMap<PayloadId, String>,
    mail: VecDeque<Mail>,
}

enum Mail {
    Stream(stream::In),
    Reader(reader::In),
    Ended(u32, Outcome, Report),
}

#[derive(Clone, Copy)]
enum Wake {
    Stream(stream::Wake),
    Reader(reader::Wake),
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Stream(token) => token.class(),
            Wake::Reader(token) => token.class(),
        }
    }
}

enum In {
    Begin,
    Enable,
    Put(PayloadId),
}

impl Component for Consumer {
    type Wake = Wake;
    type In = In;
    type Out = ();

    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Begin => {
                let mut inside = Inside::new(fx, Wake::Stream);
                self.stream.begin(&mut inside);
                let sent = inside.sent;
                self.hear_stream(sent);
            }
            In::Enable => {
                self.settings.reader.enabled = true;
                let settings = self.settings.clone();
                let mut inside = Inside::new(fx, Wake::Reader);
                self.reader.configure(now, settings, &mut inside);
                let sent = inside.sent;
                self.hear_reader(sent, fx);
            }
            In::Put(payload) => {
                let (attempt, sender) = (1, Sender::None);
                self.mail.push_back(Mail::Stream(stream::In::Put { payload, attempt, sender }));
            }
        }
        self.deliver(now, fx);
    }

    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Stream(token) => {
                let mut inside = Inside::new(fx, Wake::Stream);
                self.stream.woken(now, token, &mut inside);
                let sent = inside.sent;
                self.hear_stream(sent);
            }
            Wake::Reader(token) => {
                let mut inside = Inside::new(fx, Wake::Reader);
                self.reader.woken(now, token, &mut inside);
                let sent = inside.sent;
                self.hear_reader(sent, fx);
            }
        }
        self.deliver(now, fx);
    }
}

impl Consumer {
    fn new(header: &Value) -> Result<Consumer, String> {
        let esm = &header["esm"];
        let number = |key: &str| {
            let number = esm[key].as_u64().map(u32::try_from);
            number.transpose().map_err(|_| format!("{key} is too large"))
        };
        let source = match header["source"].as_str() {
            Some("kinesis") => Source::Kinesis,
            Some("dynamodb") => Source::DynamoDb,
            other => return Err(format!("{other:?}, of which there are no traces")),
        };
        let stream = config::Stream {
            name: "stream".to_owned(),
            source,
            shards: 1,
            retention: Span::days(1),
            system_error_rate: Probability::NEVER,
            forbidden: false,
        };
        let reader = config::Reader {
            name: "mapping".to_owned(),
            stream: StreamId(0),
            function: FunctionId(0),
            batch_size: number("batch_size")?.ok_or("no batch size")?,
            window: Span::ZERO,
            parallelization: 1,
            start: Start::TrimHorizon,
            retries_max: number("maximum_retry_attempts")?,
            age_max: esm["maximum_record_age_s"].as_u64().map(Span::secs),
            bisects: false,
            reports_failures: esm["report_batch_item_failures"] == true,
            tumbling: None,
            on_failure: Some(Target::Outside),
            filters: vec![],
            fan_out: false,
            provisioned: None,
            enabled: false,
        };
        let settings = Settings { reader: reader.clone(), source, retention: stream.retention };
        let catalog = Arc::new(Catalog { laws: vec![vec![]], ..Catalog::default() });
        let assumptions = Assumptions::default();
        let resources =
            Resources { streams: vec![stream], readers: vec![reader], ..Resources::default() };
        Ok(Consumer {
            stream: Stream::new(StreamId(0), &resources, catalog.clone(), 0),
            reader: Reader::new(ReaderId(0), settings.clone(), &assumptions, catalog),
            settings,
            function: Script::new(header),
            invocations: vec![],
            labels: BTreeMap::new(),
            mail: VecDeque::new(),
        })
    }

    fn deliver(&mut self, now: Time, fx: &mut impl Port<Self>) {
        while let Some(mail) = self.mail.pop_front() {
            if let Mail::Stream(message) = mail {
                let mut inside = Inside::new(fx, Wake::Stream);
                self.stream.on(now, message, &mut inside);
                let sent = inside.sent;
                self.hear_stream(sent);
                continue;
            }
            let mut inside = Inside::new(fx, Wake::Reader);
            match mail {
                Mail::Reader(message) => self.reader.on(now, message, &mut inside),
                Mail::Ended(slot, outcome, report) => {
                    self.reader.ended(now, slot, outcome, &report, &mut inside);
                }
                Mail::Stream(_) => unreachable!("it was told above"),
            }
            let sent = inside.sent;
            self.hear_reader(sent, fx);
        }
    }

    fn hear_stream(&mut self, sent: Vec<stream::Out>) {
        for message in sent {
            self.mail.push_back(Mail::Reader(match message {
                stream::Out::Told(..) => continue,
                stream::Out::Opened { shard, .. } => reader::In::Opened(shard),
                stream::Out::Closed { shard, .. } => reader::In::Closed(shard),
                stream::Out::Arrived { shard, .. } => reader::In::Arrived(shard),
                stream::Out::Records { shard, batch, behind, .. } => {
                    reader::In::Records { shard, batch, behind }
                }
            }));
        }
    }

    fn hear_reader(&mut self, sent: Vec<reader::Out>, fx: &mut impl Port<Self>) {
        let reader = ReaderId(0);
        for message in sent {
            let mail = match message {
                reader::Out::Read { shard, max } => {
                    Mail::Stream(stream::In::Read { reader, shard, max })
                }
                reader::Out::Finished(shard) => {
                    Mail::Stream(stream::In::Finished { reader, shard })
                }
                reader::Out::Invoke { batch, slot, reports: _ } => {
                    let records = fx.register().batch(batch).iter();
                    let records: Vec<_> =
                        records.map(|record| self.labels[&record.payload].clone()).collect();
                    let (outcome, report) = self.run(&records);
                    Mail::Ended(slot, outcome, report)
                }
                reader::Out::Send { payload, place, slot, .. } => {
                    fx.register().place(
                        payload,
                        place,
                        dwell::model::register::Why::default(),
                        Time::ZERO,
                    );
                    fx.register().release(payload);
                    Mail::Reader(reader::In::Told(slot, Receipt::Accepted))
                }
            };
            self.mail.push_back(mail);
        }
    }

    /// The next run of the function, given these records.
    fn run(&mut self, records: &[String]) -> (Outcome, Report) {
        let result = self.function.run();
        self.invocations.push(json!({ "batch": records, "result": result }));
        if result["error"].is_string() {
            return (Outcome::FunctionError(ErrorKind::Handler), Report::Nothing);
        }
        let labels: Vec<_> = records.iter().map(String::as_str).collect();
        (Outcome::Succeeded, mapping::answer(&result, &labels))
    }
}

/// A trace of four records in one batch: what came of it.
fn of_four(esm: Value, function: Value) -> (Vec<Value>, Vec<Value>) {
    let records: Vec<_> =
        (1..=4).map(|i| json!({ "rec": format!("r{i}"), "t": 20_000 * i })).collect();
    play(&json!({
        "source": "kinesis", "start": 85_000, "records": records, "esm": esm, "function": function,
    }))
    .expect("the model can express it")
}

#[test]
fn k7_a_trace_with_a_record_age_gives_up_what_is_too_old() {
    let esm = json!({
        "batch_size": 10, "maximum_retry_attempts": 0, "maximum_record_age_s": 60,
        "report_batch_item_failures": false,
    });
    let (invoked, discarded) = of_four(esm, json!([{ "return": null }]));
    assert_eq!(invoked.len(), 1);
    assert_eq!(invoked[0]["batch"], json!(["r2", "r3", "r4"]));
    let expected = json!({
        "condition": "RecordAgeExceeded", "approximate_invoke_count": 1, "batch_size": 1,
        "first": "r1", "last": "r1",
    });
    assert_eq!(discarded, [expected]);
}

#[test]
fn k16_answers_of_a_trace_are_read_as_aws_reads_them() {
    let esm = json!({
        "batch_size": 10, "maximum_retry_attempts": 1, "maximum_record_age_s": null,
        "report_batch_item_failures": true,
    });
    for (answer, invocations, given_up) in [
        (json!({ "return": "" }), 1, 0),
        (json!({ "return": {} }), 1, 0),
        (json!({ "raw": "{" }), 2, 1),
        (json!({ "error": "Unhandled" }), 2, 1),
        (json!({ "return": { "batchItemFailures": [{ "itemIdentifier": "" }] } }), 2, 1),
        (json!({ "return": { "batchItemFailures": [{ "itemIdentifier": "$r9" }] } }), 2, 1),
        (json!({ "return": { "batchItemFailures": [{ "foo": "$r2" }] } }), 2, 1),
        // From the second on, and again with the retry: its own first is no progress.
        (json!({ "return": { "batchItemFailures": [{ "itemIdentifier": "$r2" }] } }), 3, 1),
    ] {
        let (invoked, discarded) = of_four(esm.clone(), json!([answer]));
        assert_eq!((invoked.len(), discarded.len()), (invocations, given_up), "{answer}");
    }
}
