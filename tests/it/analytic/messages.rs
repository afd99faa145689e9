//! Attempts and their counts: asynchronous events, queues with mappings, batches, nested calls.

use super::{
    lab::{Found, Lab},
    meter::{REPLICATIONS, Seen, Trial, load, play, repeat_with},
    queues::{UNLIMITED, limited, scenario},
    row::{Row, number_after, rate as per_second, span},
};
use dwell::{
    kernel::Span,
    model::config::{Config, Resources, ThrottledPoll},
};

/// Attempts of a row: `3 attempts`, or one more than the retries.
fn attempts(row: &Row) -> f64 {
    match row.maybe("MaximumRetryAttempts=") {
        Some(retries) => retries + 1.0,
        None => row.before(" attempts"),
    }
}

/// Asynchronous events that fail with the same probability each time.
pub fn asynchronous(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (p, n) = (row.get("p="), lab.size(row));
    let retries = attempts(row) - 1.0;
    let body = format!(
        "functions:
  F: {{error_rate: {}%, DeadLetterConfig: {{TargetArn: Failed}},
    EventInvokeConfig: {{MaximumRetryAttempts: {retries}}}}}
queues: {{Failed: {{}}}}
callers:
  C: {{via: invoke_async, target: F, arrivals: {{at: [0s], count: {n:.0}}}}}
",
        100.0 * p
    );
    let trial = Trial::new(scenario(0.0, 1.0, &body));
    lab.ask(
        &trial,
        |_| n,
        |seen| match row.quantity.as_str() {
            "invocations/event" => seen.mean("F", "attempts_per_event"),
            "P(DLQ)" => seen.total("C", "dead_lettered") / n,
            other => panic!("{}: {other} is no quantity of asynchronous events", row.id),
        },
    )
}

/// The same in a steady stream: an open network of infinite servers.
pub fn asynchronous_stream(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, p, service) = (row.get("lam="), row.get("p="), row.get("s="));
    let from = 200.0 + 10.0 * service;
    let until = from + lab.size(row) / rate;
    let body = format!(
        "functions:
  F: {{service_time: {}, error_rate: {}%, DeadLetterConfig: {{TargetArn: Failed}}}}
queues: {{Failed: {{}}}}
callers:
  C: {{via: invoke_async, target: F, arrivals: {{poisson: {}}}}}
",
        span(service),
        100.0 * p,
        per_second(rate)
    );
    let trial = Trial::new(scenario(from, until, &body));
    lab.ask(
        &trial,
        |seen| seen.meter.arrivals as f64,
        |seen| match row.quantity.as_str() {
            "E[busy]" => seen.meter.busy().mean(),
            "Var busy" => seen.meter.busy().variance(),
            "rate" => given_up_rate(seen),
            other => panic!("{}: {other} is no quantity of the network", row.id),
        },
    )
}

/// In steady state as much is given up in a second as of what comes in a second is given up later.
fn given_up_rate(seen: &Seen) -> f64 {
    let given_up = seen.meter.arrivals as f64 - seen.meter.sojourns.len() as f64;
    given_up / seen.meter.length()
}

/// A queue `Q` with a mapping to `F`; the braces of each can take more.
struct QueueAndFunction<'a> {
    function: &'a str,
    queue: &'a str,
    mapping: &'a str,
    arrivals: &'a str,
}

impl QueueAndFunction<'_> {
    fn text(&self) -> String {
        let QueueAndFunction { function, queue, mapping, arrivals } = self;
        format!(
            "functions:
  F: {{{function}}}
queues:
  Q: {{{queue}}}
  Dead: {{MessageRetentionPeriod: 14d}}
event_source_mappings:
  M: {{EventSourceArn: Q, FunctionName: F, {mapping}}}
callers:
  C: {{target: Q, arrivals: {{{arrivals}}}}}
"
        )
    }
}

fn redrive(receives: f64) -> String {
    format!("RedrivePolicy: {{deadLetterTargetArn: Dead, maxReceiveCount: {receives}}}")
}

/// Pollers are no bottleneck.
fn many_pollers(resources: &mut Resources) {
    resources.assumptions.pollers_initial = 600;
    resources.assumptions.idle_pollers = 600;
}

fn few_pollers(resources: &mut Resources) {
    resources.assumptions.pollers_initial = 50;
    resources.assumptions.idle_pollers = 50;
}

/// The first copy's delete counts although the message was received again since.
fn superseded_delete_deletes(resources: &mut Resources) {
    many_pollers(resources);
    resources.assumptions.superseded_delete_deletes = true;
}

/// Messages one by one, with retries at the end of their visibility.
pub fn single_messages(lab: &mut Lab, row: &Row) -> Vec<Found> {
    match row.quantity.as_str() {
        "t_DLQ" => earliest_dead_letter(lab, row),
        "E[T|success]" => time_to_success(lab, row),
        "receives" if row.maybe("s=").is_some() => duplicates(lab, row),
        "E[busy]" => duplicates(lab, row),
        _ => counted_messages(lab, row),
    }
}

fn counted_messages(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (p, receives) = (row.get("p="), row.get("maxReceiveCount="));
    if row.quantity == "P(DLQ)" && lab.is_rare(row) {
        return split(lab, row, &Batch { size: 1.0, p, receives, reports: false });
    }
    let n = lab.size(row);
    let text = QueueAndFunction {
        function: &format!("error_rate: {}%", 100.0 * p),
        queue: &redrive(receives),
        mapping: "BatchSize: 1",
        arrivals: &format!("at: [0s], count: {n:.0}"),
    };
    let trial = Trial::new(scenario(0.0, 1.0, &text.text()));
    lab.ask(
        &trial,
        |_| n,
        |seen| match row.quantity.as_str() {
            "receives" => seen.total("F", "Invocations") / n,
            "P(DLQ)" => seen.total("C", "dead_lettered") / n,
            other => panic!("{}: {other} is no quantity of single messages", row.id),
        },
    )
}

fn earliest_dead_letter(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (visibility, receives) = (row.get("V="), row.get("r="));
    let text = QueueAndFunction {
        function: "error_rate: 100%",
        queue: &format!("VisibilityTimeout: {visibility}, {}", redrive(receives)),
        mapping: "BatchSize: 1",
        arrivals: "at: [0s]",
    };
    let trial = Trial::new(scenario(0.0, 1e-9, &text.text()));
    Found::value(lab.once(&trial).results.ended_at_s)
}

fn time_to_success(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let n = lab.size(row);
    let text = QueueAndFunction {
        function: &format!(
            "service_time: {}, error_rate: {}%",
            span(row.get("s=")),
            100.0 * row.get("p=")
        ),
        queue: &format!("VisibilityTimeout: {}, {}", row.get("V="), redrive(row.get("r="))),
        mapping: "BatchSize: 1",
        arrivals: "poisson: 5/s",
    };
    let trial = Trial { tune: few_pollers, ..Trial::new(scenario(0.0, n / 5.0, &text.text())) };
    lab.ask(&trial, |seen| seen.meter.arrivals as f64, |seen| seen.mean("C", "latency") / 1e3)
}

/// Visibility shorter than the run: each message is received until the first copy deletes it.
fn duplicates(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (visibility, service) = (row.get("V="), row.get("s="));
    let text = |arrivals: &str| {
        QueueAndFunction {
            function: &format!("service_time: {}", span(service)),
            queue: &format!("VisibilityTimeout: {visibility}"),
            mapping: "BatchSize: 1",
            arrivals,
        }
        .text()
    };
    let tune = superseded_delete_deletes;
    let Some(rate) = row.maybe("lam=") else {
        let trial = Trial { tune, ..Trial::new(scenario(0.0, 1.0, &text("at: [0s]"))) };
        return Found::value(lab.once(&trial).total("Q", "NumberOfMessagesReceived"));
    };
    let from = 4.0 * service;
    let text = text(&format!("poisson: {}", per_second(rate)));
    let text = scenario(from, from + lab.size(row) / rate, &text);
    let trial = Trial { tune, ..Trial::new(text) };
    lab.ask(&trial, |seen| seen.meter.arrivals as f64, |seen| seen.meter.busy().mean())
}

/// Messages that always fail.
pub fn poison(lab: &mut Lab, row: &Row) -> Vec<Found> {
    match row.quantity.as_str() {
        "receives" => life_of_poison(lab, row),
        "E[busy]" => places_of_poison(lab, row),
        "E[N poison]" | "receives /s" => stock_of_poison(lab, row),
        "P(innocent in DLQ)" => innocents_kept(lab, row),
        other => panic!("{}: {other} is no quantity of poison", row.id),
    }
}

/// One batch of a stream with a record that always fails, split until that is alone.
pub fn bisected(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (n, retries) = (row.get("n="), row.get("MaximumRetryAttempts="));
    let numbers: Vec<String> = (1..=n as u32).map(|number| number.to_string()).collect();
    let body = format!(
        "functions: {{F: {{cases: [{{when: {{place: [1]}}, poison_rate: 100%}}]}}}}
streams: {{S: {{}}}}
event_source_mappings:
  M: {{EventSourceArn: S, FunctionName: F, StartingPosition: TRIM_HORIZON, BatchSize: {n},
    MaximumRetryAttempts: {retries}, BisectBatchOnFunctionError: true}}
callers:
  C: {{target: S, attributes: {{place: {{cycle: [{}]}}}}, arrivals: {{at: [0s], count: {n}}}}}
",
        numbers.join(", ")
    );
    let trial = Trial::new(scenario(0.0, 1.0, &body));
    Found::value(lab.once(&trial).total("F", "Invocations"))
}

fn life_of_poison(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let text = QueueAndFunction {
        function: "error_rate: 100%",
        queue: &format!(
            "VisibilityTimeout: {}, MessageRetentionPeriod: {}",
            row.get("V="),
            row.get("R=")
        ),
        mapping: "BatchSize: 1",
        arrivals: "at: [0s]",
    };
    let trial = Trial::new(scenario(0.0, 1.0, &text.text()));
    Found::value(lab.once(&trial).total("Q", "NumberOfMessagesReceived"))
}

fn places_of_poison(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let visibility = row.get("V=");
    let text = QueueAndFunction {
        function: &format!("service_time: {}, error_rate: 100%", span(row.get("s="))),
        queue: &format!("VisibilityTimeout: {visibility}"),
        mapping: "BatchSize: 1",
        arrivals: &format!("at: [0s], count: {}", row.get("N=")),
    };
    let text = format!("drain: 0s\n{}", text.text());
    let trial = Trial { tune: many_pollers, ..Trial::new(scenario(0.0, 10.0 * visibility, &text)) };
    Found::value(lab.once(&trial).meter.busy().mean())
}

/// The stock depends on inflow times retention alone, and its receives on the visibility too; so
/// retention is shortened to ten receives, and the inflow grows as much.
fn stock_of_poison(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let visibility = row.maybe("V=").unwrap_or(30.0);
    let stock = row.get("poison inflow ") * row.get("R=");
    let retention = 10.0 * visibility;
    let rate = stock / retention;
    let text = QueueAndFunction {
        function: "error_rate: 100%",
        queue: &format!("VisibilityTimeout: {visibility}, MessageRetentionPeriod: {retention}"),
        mapping: "BatchSize: 1",
        arrivals: &format!("poisson: {}", per_second(rate)),
    };
    let text = scenario(1.1 * retention, 3.1 * retention, &text.text());
    let trial = Trial { tune: few_pollers, ..Trial::new(text) };
    lab.ask(
        &trial,
        |seen| seen.meter.arrivals as f64,
        |seen| match row.quantity.as_str() {
            "E[N poison]" => seen.meter.system.mean(),
            _ => seen.meter.runs as f64 / seen.meter.length(),
        },
    )
}

/// Batches that stay together because no two of them are visible at once.
fn innocents_kept(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (size, share) = (row.get("b="), row.get("poison (always fails) w.p. q="));
    let groups = libm::ceil(lab.size(row) / size);
    let text = QueueAndFunction {
        function: &format!("poison_rate: {}%", 100.0 * share),
        queue: &format!("VisibilityTimeout: 30, {}", redrive(row.get("maxReceiveCount="))),
        mapping: &batch_size(size),
        // No multiple of it is one of the visibility timeout, until long after the last receive.
        arrivals: &format!("every: 1.001s, count: {size}"),
    };
    let text = scenario(0.0, 1.001 * groups, &text.text());
    let trial = Trial { tune: without_window, ..Trial::new(text) };
    let n = groups * size;
    // All poison is dead-lettered; what else is, is innocent.
    lab.ask(&trial, |_| n, |seen| (seen.total("C", "dead_lettered") / n - share) / (1.0 - share))
}

/// Batches of this size. AWS has those above 10 with a window only, which is taken away again.
fn batch_size(size: f64) -> String {
    let window = if size > 10.0 { ", MaximumBatchingWindowInSeconds: 1" } else { "" };
    format!("BatchSize: {size}{window}")
}

fn without_window(resources: &mut Resources) {
    few_pollers(resources);
    resources.mappings[0].window = Span::ZERO;
}

/// A pull of more than may run at once.
pub fn overpull(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (places, receives) = (row.get("c="), row.get("r="));
    let (visibility, service) = (row.maybe("V=").unwrap_or(30.0), row.maybe("s=").unwrap_or(1.0));
    let text = QueueAndFunction {
        function: &format!(
            "ReservedConcurrentExecutions: {places}, service_time: {}",
            span(service)
        ),
        queue: &format!("VisibilityTimeout: {visibility}, {}", redrive(receives)),
        mapping: "BatchSize: 1",
        arrivals: &format!("at: [0s], count: {}", row.get("N=")),
    };
    let tune: fn(&mut Resources) = match row.id.contains("-retry-") {
        true => |resources| {
            many_pollers(resources);
            resources.assumptions.throttled_poll = ThrottledPoll::WhenASlotFrees;
        },
        false => |resources| {
            many_pollers(resources);
            resources.assumptions.throttled_poll = ThrottledPoll::OneTry;
        },
    };
    let trial = Trial { tune, ..Trial::new(scenario(0.0, 1.0, &text.text())) };
    // What runs succeeds, so what is dead-lettered never ran.
    Found::value(lab.once(&trial).total("C", "dead_lettered"))
}

/// Full batches of messages that fail now and then.
struct Batch {
    size: f64,
    p: f64,
    receives: f64,
    reports: bool,
}

pub fn batches(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let batch = Batch {
        size: row.get("b="),
        p: row.get("p="),
        receives: row.get("r="),
        reports: row.parameters.contains("ReportBatchItemFailures"),
    };
    if row.quantity == "P(DLQ)" && lab.is_rare(row) {
        return split(lab, row, &batch);
    }
    let groups = libm::ceil(lab.size(row) / batch.size);
    let trial = batch.trial(groups, 1.0);
    let n = groups * batch.size;
    match row.quantity.as_str() {
        "P(batch fails)" => lab.ask(
            &trial,
            |seen| seen.total("F", "Invocations"),
            |seen| seen.total("F", "Errors") / seen.total("F", "Invocations"),
        ),
        "P(DLQ)" => lab.ask(&trial, |_| n, |seen| seen.total("C", "dead_lettered") / n),
        other => panic!("{}: {other} is no quantity of batches", row.id),
    }
}

impl Batch {
    /// So many groups at once; before attempt `stage` all fails, and with it the last attempt.
    fn trial(&self, groups: f64, stage: f64) -> Trial {
        let rate = 100.0 * self.p;
        let case = format!(
            "{{when: {{attempt: [{{numeric: [\"<\", {stage}]}}]}}, record_error_rate: 100%}}"
        );
        let reports = match self.reports {
            true => ", FunctionResponseTypes: [ReportBatchItemFailures]",
            false => "",
        };
        let last = if stage > 1.0 { stage } else { self.receives };
        let text = QueueAndFunction {
            function: &format!("record_error_rate: {rate}%, cases: [{case}]"),
            queue: &format!("VisibilityTimeout: 30, {}", redrive(last)),
            mapping: &format!("{}{reports}", batch_size(self.size)),
            arrivals: &format!("at: [0s], count: {:.0}", groups * self.size),
        };
        Trial { tune: without_window, ..Trial::new(scenario(0.0, 1.0, &text.text())) }
    }
}

impl Lab {
    /// Whether so few of the events of this row come to what it asks that none might.
    fn is_rare(&self, row: &Row) -> bool {
        self.size(row) * REPLICATIONS as f64 * row.expected < 400.0
    }
}

/// What is too rare to wait for, stage by stage: the share that fails at attempt k when all before
/// failed, for each k, multiplied. Failing before is forced and changes nothing else.
fn split(lab: &Lab, row: &Row, batch: &Batch) -> Vec<Found> {
    // A stage needs fewer than a row that is not split.
    let groups = libm::ceil(lab.size(row) / 4.0 / batch.size);
    let n = groups * batch.size;
    let stages = (1..).map(f64::from).take_while(|stage| *stage <= batch.receives);
    let stages: Vec<_> = stages
        .map(|stage| {
            // At the first stage one receive is the last.
            let trial = Batch { receives: 1.0, ..*batch }.trial(groups, stage);
            let config = load(&trial);
            (trial, config)
        })
        .collect();
    let values = repeat_with(REPLICATIONS, |replication| {
        let share = |(stage, (trial, config)): (usize, &(Trial, Config))| {
            let seed = (1000 * stage + replication) as u64;
            play(trial, &Config { seed, ..config.clone() }).total("C", "dead_lettered") / n
        };
        stages.iter().enumerate().map(share).product()
    });
    Found::values(values, n * REPLICATIONS as f64)
}

/// Throughput of a mapping with a maximum concurrency, and how fast pollers are added.
pub fn mapping(lab: &mut Lab, row: &Row) -> Vec<Found> {
    if row.id.starts_with("esm-ramp") {
        let (initial, goal) = (row.before(" -> "), row.get("-> "));
        let growth = number_after(&row.description, "+").expect("how many a minute");
        let text = QueueAndFunction {
            function: "service_time: 900s",
            queue: "VisibilityTimeout: 43200",
            mapping: "BatchSize: 1",
            arrivals: &format!("at: [0s], count: {}", 2.0 * goal),
        };
        let assumed = format!(
            "assumptions: {{{UNLIMITED}, pollers_initial: {initial}, pollers_per_minute: {growth}}}\n{}",
            text.text()
        );
        let trial = Trial::new(limited(0.0, 1.0, &assumed));
        let seen = lab.once(&trial);
        let there = seen.meter.pollers.iter().find(|(pollers, _)| goal <= f64::from(*pollers));
        return Found::value(there.expect("it grows so far").1.as_secs_f64());
    }
    let (places, size, service) = (row.get("m="), row.get("b="), row.get("s="));
    let n = 1000.0 * places * size;
    let text = QueueAndFunction {
        function: &format!("service_time: {}", span(service)),
        queue: "VisibilityTimeout: 43200",
        mapping: &format!("BatchSize: {size}, ScalingConfig: {{MaximumConcurrency: {places}}}"),
        arrivals: &format!("at: [0s], count: {n}"),
    };
    let trial = Trial::new(scenario(0.0, 1.0, &text.text()));
    let seen = lab.once(&trial);
    Found::values(vec![n / seen.meter.last_end.as_secs_f64()], f64::INFINITY)
}

/// A batching window in the event queue: one run a batch.
pub fn batching_window(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, size) = (row.get("lam="), row.get("batch size "));
    let body = format!(
        "functions:
  F: {{event_queue: {{batch_size: {size}, batch_window: {}, invoke_per: batch}}}}
callers:
  C: {{via: invoke_async, target: F, arrivals: {{poisson: {}}}}}
",
        span(row.get("window ")),
        per_second(rate)
    );
    let from = 100.0 / rate;
    let trial = Trial::new(scenario(from, from + lab.size(row) / rate, &body));
    let runs = |seen: &Seen| seen.meter.runs as f64;
    match row.quantity.as_str() {
        "rate" => lab.ask(&trial, runs, |seen| runs(seen) / seen.meter.length()),
        "E[wait]" => {
            let mut all = lab.ask(&trial, runs, |seen| {
                let (count, nanos) = seen.meter.tried;
                nanos as f64 / 1e9 / count as f64
            });
            let told = lab.ask(&trial, runs, |seen| seen.mean("F", "dwell_time") / 1e3);
            all.extend(told.into_iter().map(|found| found.called("dwell_time")));
            all
        }
        other => panic!("{}: {other} is no quantity of a window", row.id),
    }
}

/// Callers that call callers, each with retries, and nothing at the end answers.
pub fn chain(lab: &mut Lab, row: &Row) -> Vec<Found> {
    if row.quantity == "max latency" {
        return slowest_root(lab, row);
    }
    let (tries, depth) = (row.get("n="), row.get("depth="));
    let mut body = String::from("functions:\n");
    for level in (1..).take_while(|level| f64::from(*level) <= depth) {
        let next = level + 1;
        let call = format!("calls: [{{target: F{next}, retry: {{attempts: {tries}}}}}]");
        body += &format!("  F{level}: {{{call}}}\n");
    }
    let leaf = format!("F{}", depth + 1.0);
    body += &format!(
        "  {leaf}: {{error_rate: 100%}}\ncallers: {{C: {{target: F1, arrivals: {{at: [0s]}}}}}}\n"
    );
    let trial = Trial::new(scenario(0.0, 1.0, &body));
    Found::value(lab.once(&trial).total(&leaf, "Invocations"))
}

/// A function's call that is given up each time: how long the function takes.
fn slowest_root(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (timeout, tries) = (row.get("timeout "), row.before(" attempts"));
    let backoff = row.get("back-off ");
    let body = format!(
        "functions:
  F: {{calls: [{{target: Never, timeout: {timeout}s, retry: {{attempts: {tries},
    backoff: {{base: {backoff}s, cap: 1h, jitter: none}}}}}}]}}
  Never: {{service_time: 800s}}
callers: {{C: {{target: F, arrivals: {{at: [0s]}}}}}}
"
    );
    let trial = Trial::new(scenario(0.0, 1.0, &body));
    Found::value(lab.once(&trial).mean("C", "response_time") / 1e3)
}

/// A bucket of retries: each success pays for a share of one.
pub fn budget(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (deposit, success) = (row.get("deposit "), row.get("first-try success "));
    let n = lab.size(row);
    let body = format!(
        "functions:
  F: {{error_rate: {}%}}
callers:
  C: {{target: F, arrivals: {{poisson: 100/s}}, retry: {{attempts: 1000, budget: {}%}}}}
",
        100.0 * (1.0 - success),
        100.0 * deposit
    );
    let trial = Trial::new(scenario(0.0, n / 100.0, &body));
    lab.ask(
        &trial,
        |seen| seen.meter.arrivals as f64,
        |seen| seen.total("C", "requests") / seen.total("C", "arrivals") - 1.0,
    )
}

/// The attempts of one SDK client whose every call is throttled: its quota pays for some retries.
pub fn sdk_quota(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let number = |after: &str| number_after(&row.description, after);
    assert_eq!(number("bucket "), Some(500.0), "{}: the quota of an SDK is its own", row.id);
    let mode = match number("cost ") {
        Some(5.0) => "standard",
        cost => panic!("{}: no mode takes {cost:?} for a throttled retry", row.id),
    };
    let attempts =
        row.description.split(" attempts").next().and_then(|head| head.rsplit(' ').next());
    let attempts = attempts.expect("how many attempts");
    let body = format!(
        "functions:
  F: {{ReservedConcurrentExecutions: 0}}
callers:
  C: {{via: sdk, retry_mode: {mode}, max_attempts: {attempts}, target: F,
    arrivals: {{every: 1h, until: {}h}}}}
",
        row.get("N=")
    );
    let trial = Trial::new(scenario(0.0, 3600.0 * row.get("N="), &body));
    Found::value(lab.once(&trial).total("F", "Throttles"))
}

/// What a million runs cost.
pub fn bill(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let number = |after: &str| number_after(&row.description, after);
    let runs = number("GB-s of ").expect("how many");
    let millis = number("exactly ").expect("how long");
    let memory = number("at ").expect("how much memory");
    let body = format!(
        "functions:
  F: {{MemorySize: {memory}, service_time: {millis}ms}}
callers:
  C: {{target: F, arrivals: {{every: 1s, count: {}}}}}
",
        runs / 1000.0
    );
    let trial = Trial::new(scenario(0.0, 999.5, &body));
    Found::value(lab.once(&trial).total("F", "billed_gb_seconds"))
}
