//! Queues in front of a function: patient asynchronous events, requests that are lost, retrials.
//!
//! A function with reserved concurrency c whose events wait for capacity is a queue with c servers.
//! Synchronous requests that are throttled are lost, or tried again by who made them.

use super::{
    lab::{Found, Lab},
    meter::{REPLICATIONS, Seen, Trial, load, play, repeat_with},
    row::{Law, Row, number_after, rate as per_second, span},
};
use dwell::model::config::{Config, Resources};

/// A scenario: counted from `from` to `until`, both in seconds; a body of sections. The closed forms
/// know no limit on growth and none on requests a second.
pub fn scenario(from: f64, until: f64, body: &str) -> String {
    limited(from, until, &format!("assumptions: {{{UNLIMITED}}}\n{body}"))
}

/// Neither limit.
pub const UNLIMITED: &str = "scaling: off, request_rate_limit: off";

/// The same, with the limits that the body asks for.
pub fn limited(from: f64, until: f64, body: &str) -> String {
    let (from, until) = (span(from), span(until));
    format!("duration: {until}\nwarmup: {from}\naccount: {{concurrency: 1000000}}\n{body}")
}

/// Seconds in which `n` events come at `rate` after a fifth as many to warm up, and their beginning.
fn window(n: f64, rate: f64) -> (f64, f64) {
    (0.25 * n / rate, 1.25 * n / rate)
}

fn arrivals(seen: &Seen) -> f64 {
    seen.meter.arrivals as f64
}

/// The nearest-rank quantile, in seconds.
fn quantile(sorted: &[u64], p: f64) -> f64 {
    let rank = libm::ceil(p * sorted.len() as f64).max(1.0);
    sorted[rank as usize - 1] as f64 / 1e9
}

/// A quantile by how many lie beyond the expected one, which has no bias: the quantile of a few
/// busy periods has. What is too many is turned into time by the tail's slope: beyond the quantile
/// the mean excess, which the laws of the rows have constant or nearly so, is seconds by share.
fn by_excess(sorted: &[u64], p: f64, row: &Row, unit: f64) -> f64 {
    let expected = row.expected * unit * 1e9;
    if expected == 0.0 {
        return quantile(sorted, p) / unit;
    }
    let beyond = sorted.len() - sorted.partition_point(|time| *time as f64 <= expected);
    let share = beyond as f64 / sorted.len() as f64;
    let slope = row.expected / -libm::log(1.0 - p);
    row.expected + slope * (share / (1.0 - p) - 1.0)
}

fn mean(times: &[u64]) -> f64 {
    times.iter().map(|ns| *ns as f64).sum::<f64>() / times.len() as f64 / 1e9
}

fn deviation(times: &[u64]) -> f64 {
    let mean = mean(times);
    let squares = times.iter().map(|ns| *ns as f64 / 1e9 - mean).map(|apart| apart * apart);
    libm::sqrt(squares.sum::<f64>() / times.len() as f64)
}

/// What the rows about queues ask; `unit` is the length of one of the row's seconds.
fn queue_quantity(row: &Row, seen: &Seen, unit: f64) -> f64 {
    let meter = &seen.meter;
    let (waits, sojourns) = (&meter.waits, &meter.sojourns);
    let p = |head: &str| number_after(&row.quantity, head);
    match row.quantity.as_str() {
        "Wq" | "Wq|served" => mean(waits) / unit,
        "sd Wq" => deviation(waits) / unit,
        "W" | "total sojourn" => mean(sojourns) / unit,
        "L" | "E[N]" => meter.system.mean(),
        "Lq" => meter.system.mean() - meter.busy().mean(),
        "Var N" => meter.system.variance(),
        "E[busy]" => meter.busy().mean(),
        "Var busy" => meter.busy().variance(),
        "P(wait>0)" | "C(c,a)" | "sigma=P(wait>0)" => {
            waits.iter().filter(|wait| **wait > 0).count() as f64 / waits.len() as f64
        }
        "P(cold)" => meter.cold as f64 / meter.runs as f64,
        "P(expired)" => meter.expired as f64 / (meter.expired as f64 + meter.waits.len() as f64),
        "P(throttle)" => meter.throttled as f64 / arrivals(seen),
        "P(first throttled)" => meter.throttled_first as f64 / arrivals(seen),
        "E[orbit]" => meter.orbit.mean(),
        _ if p("T_").is_some() => by_excess(sojourns, p("T_").expect("just seen"), row, unit),
        _ if p("Wq_").is_some() => by_excess(waits, p("Wq_").expect("just seen"), row, unit),
        _ if p("P(N>=").is_some() => {
            let least = p("P(N>=").expect("just seen");
            meter.system.share(|n| least <= n)
        }
        _ if p("P(N=").is_some() => {
            let height = p("P(N=").expect("just seen");
            meter.system.share(|n| n == height)
        }
        other => panic!("{}: {other} is no quantity of a queue", row.id),
    }
}

/// A function whose events wait for one of `servers` places.
fn patient(servers: f64, more: &str) -> String {
    format!(
        "functions:\n  F: {{ReservedConcurrentExecutions: {servers}, \
         event_queue: {{when_throttled: wait}}, {more}}}\n"
    )
}

fn events(arrivals: &str) -> String {
    format!("callers:\n  C: {{via: invoke_async, target: F, arrivals: {{{arrivals}}}}}\n")
}

fn requests(arrivals: &str, more: &str) -> String {
    format!("callers:\n  C: {{target: F, arrivals: {{{arrivals}}}{more}}}\n")
}

fn poisson(rate: f64) -> String {
    format!("poisson: {}", per_second(rate))
}

/// M/M/c, M/D/c, M/G/1, D/M/1 and batches that arrive together.
pub fn waiting(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let n = lab.size(row);
    let (how, rate) = if let Some(gap) = row.maybe("interarrival ") {
        (format!("every: {}", span(gap)), 1.0 / gap)
    } else if let Some(rate) = row.maybe("batch rate ") {
        let size = row.get("X=");
        (format!("{}, count: {size}", poisson(rate)), rate * size)
    } else {
        (poisson(row.get("lam=")), row.get("lam="))
    };
    let servers = row.maybe("c=").unwrap_or(1.0);
    let law = row.law();
    // Many servers forget slowly, whatever n is: 1/(mu (sqrt c - sqrt a)^2) is their memory.
    let mean = row.maybe("mu=").map_or_else(|| row.maybe("s=").unwrap_or(0.1), |mu| 1.0 / mu);
    let spare = libm::sqrt(servers) - libm::sqrt((rate * mean).min(0.99 * servers));
    let memory = mean / (spare * spare);
    let from = (0.25 * n / rate).max(5.0 * memory);
    let body = patient(servers, &format!("service_time: {}", law.text())) + &events(&how);
    let length = (n / rate).max(5.0 * memory);
    let trial = Trial::new(scenario(from, from + length, &body));
    lab.ask(&trial, arrivals, |seen| queue_quantity(row, seen, 1.0))
}

/// M/M/c with a maximum age. The least that AWS allows is a minute: all times are scaled to it.
pub fn impatient(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let unit = 60.0 / row.get("max wait tau=");
    let rate = row.get("lam=") / unit;
    let (from, until) = window(lab.size(row), rate);
    let law = row.law().scaled(unit).text();
    let age = "EventInvokeConfig: {MaximumEventAgeInSeconds: 60}";
    let body = patient(row.get("c="), &format!("service_time: {law}, {age}"));
    let trial = Trial::new(scenario(from, until, &(body + &events(&poisson(rate)))));
    lab.ask(&trial, arrivals, |seen| queue_quantity(row, seen, unit))
}

/// Bernoulli feedback: what fails is a new event of the same function, at once.
pub fn feedback(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, service) = (row.get("lam="), 1.0 / row.get("mu="));
    let (from, until) = window(lab.size(row), rate);
    let again = "RecursiveLoop: Allow, EventInvokeConfig: \
                 {MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: F}}}";
    let share = 100.0 * row.get("p=");
    let law = Law::Exponential(service).text();
    let more = format!("service_time: {law}, error_rate: {share}%, {again}");
    let body = patient(1.0, &more) + &events(&poisson(rate));
    let trial = Trial::new(scenario(from, until, &body));
    lab.ask(&trial, arrivals, |seen| match row.quantity.as_str() {
        // By Little: each payload has one copy of itself in the system.
        "total sojourn" => seen.meter.system.mean() / (arrivals(seen) / seen.meter.length()),
        "attempts" => seen.meter.runs as f64 / arrivals(seen),
        other => panic!("{}: {other} is no quantity of a feedback queue", row.id),
    })
}

/// A closed system: events that go round between a function that thinks and one that serves.
pub fn closed(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let clients = row.before(" closed callers");
    let (think, serve) = (row.get("think Exp(mean "), row.law());
    let servers = row.get("c=");
    // A client asks at most once in its think time.
    let until =
        1.25 * think * lab.size(row) / clients.min(servers * think / row.get("S~Exp(mean "));
    let body = format!(
        "drain: 0s
functions:
  F: {{RecursiveLoop: Allow, ReservedConcurrentExecutions: {servers}, service_time: {},
    event_queue: {{when_throttled: wait}},
    EventInvokeConfig: {{DestinationConfig: {{OnSuccess: {{Destination: Think}}}}}}}}
  Think: {{RecursiveLoop: Allow, service_time: {},
    EventInvokeConfig: {{DestinationConfig: {{OnSuccess: {{Destination: F}}}}}}}}
callers:
  C: {{via: invoke_async, target: Think, arrivals: {{at: [0s], count: {clients}}}}}
",
        serve.text(),
        Law::Exponential(think).text(),
    );
    let trial = Trial::new(scenario(0.2 * until, until, &body));
    lab.ask(
        &trial,
        |seen| seen.meter.ends[0] as f64,
        |seen| {
            let rate = seen.meter.ends[0] as f64 / seen.meter.length();
            match row.quantity.as_str() {
                "throughput /s" => rate,
                "R" => (clients - seen.meter.busy[1].mean()) / rate,
                other => panic!("{}: {other} is no quantity of a closed system", row.id),
            }
        },
    )
}

/// The laws that a result must not depend on.
fn laws_of_mean(mean: f64) -> [(&'static str, Law); 3] {
    [
        ("exponential", Law::Exponential(mean)),
        ("constant", Law::Always(mean)),
        ("lognormal", Law::log_normal(mean)),
    ]
}

/// Asks the same of an experiment under each law.
fn under_each_law(
    lab: &mut Lab,
    mean: f64,
    trial: impl Fn(&str) -> Trial,
    value: impl Fn(&Seen) -> f64,
) -> Vec<Found> {
    let mut all = Vec::new();
    for (variant, law) in laws_of_mean(mean) {
        for found in lab.ask(&trial(&law.text()), arrivals, &value) {
            all.push(found.called(variant));
        }
    }
    all
}

/// M/G/inf: unlimited concurrency.
pub fn unlimited(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, mean) = (row.get("lam="), row.get("E[S]="));
    let n = lab.size(row);
    let (from, until) = window(n, rate);
    let trial = |law: &str| {
        let functions = format!("functions:\n  F: {{service_time: {law}}}\n");
        Trial::new(scenario(from, until, &(functions + &events(&poisson(rate)))))
    };
    let Some(p) = number_after(&row.quantity, "N_") else {
        return under_each_law(lab, mean, trial, |seen| queue_quantity(row, seen, 1.0));
    };
    // A quantile over time is that of all replications together.
    let mut all = Vec::new();
    for (variant, law) in laws_of_mean(mean) {
        let seen = lab.run(&trial(&law.text()));
        let share = |height: f64| {
            let shares = seen.iter().map(|seen| seen.meter.system.share(|n| n <= height));
            shares.sum::<f64>() / seen.len() as f64
        };
        let height = (0..).map(f64::from).find(|height| p <= share(*height)).expect("an end");
        all.push(Found { variant: variant.to_owned(), values: vec![height], n });
    }
    all
}

/// The number in an unlimited system soon after it was empty: many short runs.
pub fn transient(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, law) = (row.get("lam="), row.law().text());
    let functions = format!("drain: 0s\nfunctions:\n  F: {{service_time: {law}}}\n");
    let body = functions + &events(&poisson(rate));
    let trial = Trial::new(scenario(0.0, row.get("t="), &body));
    let config = load(&trial);
    let runs = lab.size(row) as usize;
    let means = repeat_with(REPLICATIONS, |group| {
        let level = |n| {
            let seed = (group * runs + n) as u64;
            play(&trial, &Config { seed, ..config.clone() }).meter.busy().now as f64
        };
        (0..runs).map(level).sum::<f64>() / runs as f64
    });
    Found::values(means, (REPLICATIONS * runs) as f64)
}

/// A rate that swings: the peak of concurrency comes later than that of the arrivals.
pub fn swinging(lab: &mut Lab, row: &Row) -> Vec<Found> {
    const STEPS: u32 = 120;
    let (rate, swing, period) = (row.get("lam(t)="), row.get("(1+"), row.get("t/"));
    let at = |step: u32| {
        let phase = std::f64::consts::TAU * f64::from(step) / f64::from(STEPS);
        rate * (1.0 + swing * libm::sin(phase))
    };
    let mut segments = vec![format!("{{until: 1ns, rate: {}}}", per_second(at(0)))];
    segments.extend((1..=STEPS).map(|step| {
        let until = span(period * f64::from(step) / f64::from(STEPS));
        format!("{{until: {until}, rate: {}, ramp: true}}", per_second(at(step)))
    }));
    let cycles = libm::ceil(lab.size(row) / 1000.0).max(2.0);
    let how = format!("profile: [{}], repeat: {}", segments.join(", "), span(period));
    let functions = format!("drain: 0s\nfunctions:\n  F: {{service_time: {}}}\n", row.law().text());
    let text = scenario(2.0 * period, (2.0 + cycles) * period, &(functions + &events(&how)));
    let trial = Trial { period: Some(period), ..Trial::new(text) };
    let cycles = |_: &Seen| cycles;
    lab.ask(&trial, cycles, |seen| {
        // The arrivals swing as a sine; runs as a sine whose phase is behind.
        let (cosine, sine) = seen.meter.wave;
        libm::atan2(-cosine, sine) / std::f64::consts::TAU * period
    })
}

/// Erlang's loss system: throttled requests are lost, and the law does not matter.
pub fn lossy(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, mean) = (row.get("lam="), row.get("E[S]="));
    let places = row.get("concurrency limit ");
    let n = lab.size(row);
    // From an empty system the long tail of the log-normal law takes longest.
    let from = (0.25 * n / rate).max(20.0 * mean);
    let trial = |law: &str| {
        let functions = format!(
            "functions:\n  F: {{ReservedConcurrentExecutions: {places}, service_time: {law}}}\n"
        );
        let body = functions + &requests(&poisson(rate), "");
        Trial::new(scenario(from, from + n / rate, &body))
    };
    under_each_law(lab, mean, trial, |seen| queue_quantity(row, seen, 1.0))
}

/// Throttled requesters come back after a while, for as long as it takes.
pub fn retrial(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let rate = row.get("lam=");
    let places = row.first_of(&["c=", "concurrency limit "]);
    let (from, until) = window(lab.size(row), rate);
    let wait = Law::Exponential(row.get("retry after Exp(mean ")).text();
    let functions = format!(
        "functions:\n  F: {{ReservedConcurrentExecutions: {places}, service_time: {}}}\n",
        row.law().text()
    );
    let more = format!(", retry: {{attempts: 2, backoff: {wait}}}");
    let body = functions + &requests(&poisson(rate), &more);
    let trial = Trial { tune: try_for_ever, ..Trial::new(scenario(from, until, &body)) };
    lab.ask(&trial, arrivals, |seen| queue_quantity(row, seen, 1.0))
}

fn try_for_ever(resources: &mut Resources) {
    resources.calls.iter_mut().for_each(|call| call.retry.attempts = u32::MAX);
}

/// A loss system with a few attempts, so far apart that they know nothing of each other.
pub fn few_attempts(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, attempts) = (row.get("lam="), row.before(" attempts"));
    let (places, wait) = (row.get("concurrency "), row.get("back-off Exp(mean "));
    let from = 5.0 * attempts * wait;
    let until = from + (lab.size(row) / rate).max(2.0 * wait);
    let functions = format!(
        "functions:\n  F: {{ReservedConcurrentExecutions: {places}, service_time: {}}}\n",
        row.law().text()
    );
    let backoff = Law::Exponential(wait).text();
    let more = format!(", retry: {{attempts: {attempts}, backoff: {backoff}}}");
    // A burst fills the line of those who wait about as full as it is going to be.
    let callers = format!(
        "callers:\n  C: {{target: F, arrivals: [{{{}}}, {{at: [0s], count: {:.0}}}]{more}}}\n",
        poisson(rate),
        0.5 * rate * wait
    );
    let trial = Trial::new(scenario(from, until, &(functions + &callers)));
    lab.ask(&trial, arrivals, |seen| match row.quantity.as_str() {
        "P(throttle per attempt)" => {
            let meter = &seen.meter;
            meter.throttled as f64 / (meter.throttled + meter.runs) as f64
        }
        // In steady state as many end in the window as begin there.
        "P(exhausted)" => 1.0 - seen.meter.runs as f64 / arrivals(seen),
        other => panic!("{}: {other} is no quantity of a loss system", row.id),
    })
}

/// One environment that is lost after an idle time, requests lost while it is in use.
pub fn cold_single(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, keep) = (row.get("lam="), row.get("T="));
    let (from, until) = window(lab.size(row), rate);
    let trial = |law: &str| {
        let functions = format!(
            "functions:\n  F: {{ReservedConcurrentExecutions: 1, service_time: {law}, \
             keep_alive: {}}}\n",
            span(keep)
        );
        Trial::new(scenario(from, until, &(functions + &requests(&poisson(rate), ""))))
    };
    // A run of a twentieth of the idle life: long enough that some are refused.
    under_each_law(lab, 0.05 * keep, trial, |seen| queue_quantity(row, seen, 1.0))
}

/// One environment with a queue before it: the first of a busy period may be cold.
pub fn cold_queue(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let rate = row.get("lam=");
    let (from, until) = window(lab.size(row), rate);
    let more = format!(
        "service_time: {}, init_time: {}, keep_alive: {}",
        span(row.get("warm ")),
        span(row.get("cold adds ")),
        span(row.get("keep-alive "))
    );
    let body = patient(row.maybe("c=").unwrap_or(1.0), &more) + &events(&poisson(rate));
    let trial = Trial::new(scenario(from, until, &body));
    lab.ask(&trial, arrivals, |seen| queue_quantity(row, seen, 1.0))
}

/// As many environments as are needed, the most recently used first.
pub fn warm_pool(lab: &mut Lab, row: &Row) -> Vec<Found> {
    if row.quantity == "pool" {
        return left_of_five(lab);
    }
    let (rate, keep) = (row.get("lam="), row.first_of(&["keep-alive T=", "T="]));
    let n = lab.size(row);
    let from = (0.25 * n / rate).max(3.0 * keep);
    // A cold run that is longer by so much has an Init phase of that length.
    let init = match row.maybe("S_cold~Exp(") {
        Some(cold) => cold - row.get("S_warm~Exp("),
        None => 0.0,
    };
    let functions = format!(
        "functions:\n  F: {{service_time: {}, init_time: {}, keep_alive: {}}}\n",
        row.law().text(),
        span(init),
        span(keep)
    );
    let body = functions + &requests(&poisson(rate), "");
    let text = scenario(from, from + n / rate, &body);
    let trial = Trial { keep_alive: Some(keep), ..Trial::new(text) };
    lab.ask(&trial, arrivals, |seen| match row.quantity.as_str() {
        "E[pool]" => {
            seen.meter.busy().mean() + seen.meter.idle_area as f64 / 1e9 / seen.meter.length()
        }
        _ => queue_quantity(row, seen, 1.0),
    })
}

/// Five environments of 0.1 s runs, then one request every ten seconds: after the idle life of a
/// minute the one that was used is left, which five more requests at once show.
fn left_of_five(lab: &mut Lab) -> Vec<Found> {
    let body = "functions:\n  F: {service_time: 100ms, keep_alive: 60s}\n\
                callers:\n  C: {target: F, arrivals: [{at: [0s], count: 5}, {every: 10s, from: 10s, \
                until: 55s}, {at: [60.2s], count: 5}]}\n";
    let trial = Trial::new(scenario(0.0, 70.0, body));
    let seen = lab.once(&trial);
    Found::value(10.0 - seen.meter.cold as f64)
}

/// No metastability where refusing is free: after a surge all is as before.
pub fn loss_free(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, capacity) = (row.get("lam="), row.get("C="));
    let service = 1000.0 / capacity;
    let body = format!(
        "drain: 0s
functions:
  F: {{ReservedConcurrentExecutions: 1000, service_time: {}}}
callers:
  C: {{target: F, retry: {{attempts: 3, backoff: 1s}}, arrivals: [{}, {{{}, until: {}}}]}}
",
        span(service),
        format_args!("{{{}}}", poisson(rate)),
        poisson(2.0 * rate),
        span(20.0 * service),
    );
    let trial = Trial::new(scenario(30.0 * service, 60.0 * service, &body));
    lab.ask(&trial, arrivals, |seen| seen.meter.succeeded as f64 / seen.meter.length() / rate)
}

/// A burst into a warm function with a few places.
pub fn burst(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let n = row.first_of(&["burst N=", "N="]);
    let age = row.maybe("age ").unwrap_or(21_600.0);
    let more = format!(
        "service_time: {}, DeadLetterConfig: {{TargetArn: Failed}}, \
         EventInvokeConfig: {{MaximumEventAgeInSeconds: {age}}}",
        row.law().text()
    );
    let body = patient(row.get("c="), &more) + "queues: {Failed: {}}\n";
    let body = body + &events(&format!("at: [0s], count: {n}"));
    let trial = Trial::new(scenario(0.0, 1.0, &body));
    let seen = lab.once(&trial);
    let meter = &seen.meter;
    Found::value(match row.quantity.as_str() {
        "max" => quantile(&meter.waits, 1.0),
        "p50" => quantile(&meter.waits, 0.5),
        "p90" => quantile(&meter.waits, 0.9),
        "p99" => quantile(&meter.waits, 0.99),
        "mean" => mean(&meter.waits),
        "makespan" => meter.last_end.as_secs_f64(),
        "served" => meter.waits.len() as f64,
        "dropped" => seen.total("C", "dead_lettered"),
        other => panic!("{}: {other} is no quantity of a burst", row.id),
    })
}

/// An outage, and the line that it leaves: ten runs hold all places for so long.
pub fn drain(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, capacity, outage) = (row.get("lam="), row.get("c mu="), row.get("T="));
    let until = 1.2 * outage * capacity / (capacity - rate);
    let service = format!(
        "service_time: {}, cases: [{{when: {{caller: [Outage]}}, service_time: {}}}]",
        span(10.0 / capacity),
        span(outage)
    );
    let callers = format!(
        "callers:
  Outage: {{via: invoke_async, target: F, arrivals: {{at: [0s], count: 10}}}}
  C: {{via: invoke_async, target: F, arrivals: {{every: {}}}}}
",
        span(1.0 / rate)
    );
    let trial = Trial::new(scenario(0.0, until, &(patient(10.0, &service) + &callers)));
    let waits = &lab.once(&trial).meter.waits;
    let delayed: Vec<u64> = waits.iter().copied().filter(|wait| *wait > 0).collect();
    Found::values(
        vec![match row.quantity.as_str() {
            "events" => delayed.len() as f64,
            "s" => mean(&delayed),
            other => panic!("{}: {other} is no quantity of a drain", row.id),
        }],
        f64::INFINITY,
    )
}

/// From nothing to 5,000 at once: those who are refused wait for capacity, and the growth of the
/// function decides when the last one runs.
pub fn growth(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let wanted = number_after(&row.description, "first time ").expect("how many are wanted");
    ["continuous", "stepwise"]
        .into_iter()
        .flat_map(|scaling| {
            let body = format!(
                "assumptions: {{scaling: {scaling}}}
functions:
  F: {{service_time: 1h, event_queue: {{when_throttled: wait}}}}
callers:
  C: {{via: invoke_async, target: F, arrivals: {{at: [0s], count: {wanted}}}}}
"
            );
            let seen = lab.once(&Trial::new(limited(0.0, 1.0, &body)));
            let last = quantile(&seen.meter.waits, 1.0);
            Found::value(last).into_iter().map(move |found| found.called(scaling))
        })
        .collect()
}

/// More requests than a reservation's rate allows, each so short that concurrency is no limit.
pub fn request_rate(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (places, service) = (row.get("c="), span(row.get("s=")));
    // Four times the limit, in the fifth to the fifteenth second.
    let gap = span(1.0 / (40.0 * places));
    let functions = format!(
        "functions:\n  F: {{ReservedConcurrentExecutions: {places}, service_time: {service}}}\n"
    );
    let body = functions + &requests(&format!("every: {gap}"), "");
    let seen = lab.once(&Trial::new(limited(5.0, 15.0, &body)));
    Found::value(seen.meter.runs as f64 / seen.meter.length())
}
