//! Rows that ask one part alone: back-off, the laws, the clock of arrivals, an identity.

use super::{
    lab::{Found, Lab},
    meter::{NO_LIMITS, REPLICATIONS, repeat_with},
    queues::scenario,
    row::{Row, number_after, span},
};
use dwell::{
    experiment,
    kernel::{Dist, Span, Stream, Time},
    model::{
        Fact, Moment, Observer,
        arrivals::ArrivalClock,
        config::{Arrivals, Backoff, Jitter, Process},
        policy::backoff,
        register::Move,
        vocabulary::PayloadId,
    },
    scenario::{Options, load_text},
};
use std::collections::BTreeMap;

fn seconds(seconds: f64) -> Span {
    Span::from_nanos_f64(seconds * 1e9)
}

/// Waits between attempts.
pub fn back_off(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let jitter = match row.id.split('-').nth(1) {
        Some("none") => Jitter::None,
        Some("full") => Jitter::Full,
        Some("equal") => Jitter::Equal,
        Some("decorr") => Jitter::Decorrelated,
        other => panic!("{}: no back-off is called {other:?}", row.id),
    };
    let cap = row.maybe("cap=").map_or(Span::days(10_000), seconds);
    let law = Backoff::Exponential { base: seconds(row.get("base=")), cap, jitter };
    // The one that is asked for, or all of so many.
    let nth = number_after(&row.quantity, "E[s_");
    let retries = match nth {
        Some(nth) => nth,
        None if row.parameters.contains(" back-offs") => row.before(" back-offs"),
        None => number_after(&row.description, "mean total of ").expect("how many waits"),
    };
    let n = lab.size(row) as usize;
    let values = repeat_with(REPLICATIONS, |replication| {
        let stream = Stream::new(replication as u64, "oracle");
        let value = |entity: usize| {
            let (mut last, mut total) = (Span::ZERO, Span::ZERO);
            for retry in (1..).take_while(|retry| f64::from(*retry) <= retries) {
                last = backoff::wait(&law, retry, last, &mut stream.draw(entity as u64, retry));
                total += last;
            }
            if nth.is_some() { last.as_secs_f64() } else { total.as_secs_f64() }
        };
        let values: Vec<f64> = (0..n).map(value).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        if row.quantity != "sd" {
            return mean;
        }
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        libm::sqrt(squares / (n - 1) as f64)
    });
    Found::values(values, (n * REPLICATIONS) as f64)
}

/// Values of a law.
pub fn sampler(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let law = law_of(row);
    if row.quantity == "sigma" {
        let Dist::LogNormal { sigma, .. } = law else { panic!("{}: no log-normal law", row.id) };
        return Found::value(sigma);
    }
    let n = lab.size(row) as usize;
    let quantile = number_after(&row.quantity, "q.")
        .map(|_| row.quantity.trim_start_matches('q').parse::<f64>().expect("q.99 is a quantile"));
    let values = repeat_with(REPLICATIONS, |replication| {
        let stream = Stream::new(replication as u64, "oracle");
        let sample = |entity: usize| law.sample(&mut stream.draw(entity as u64, 0));
        let mut values: Vec<f64> = (0..n).map(sample).collect();
        match quantile {
            None => values.iter().sum::<f64>() / n as f64,
            Some(p) => {
                values.sort_by(f64::total_cmp);
                values[libm::ceil(p * n as f64) as usize - 1]
            }
        }
    });
    Found::values(values, (n * REPLICATIONS) as f64)
}

fn law_of(row: &Row) -> Dist {
    let described = |key: &str| number_after(&row.description, key);
    let law = match row.id.split('-').next().expect("a first part") {
        "exp" => Dist::exponential(described("mean ").expect("a mean")),
        "logn" => Dist::log_normal_median(row.get("p50="), row.get("p99=")),
        "weib" => Dist::weibull(row.maybe("scale=").unwrap_or(1.0), row.get("k=")),
        "pareto" => Dist::pareto(row.maybe("xm=").unwrap_or(1.0), row.get("alpha=")),
        other => panic!("{}: no law is called {other}", row.id),
    };
    law.unwrap_or_else(|why| panic!("{}: {why}", row.id))
}

/// Counts of a Poisson process in bins of a second: as much variance as mean.
pub fn dispersion(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let bins = lab.size(row) as u64;
    let values = repeat_with(REPLICATIONS, |replication| {
        let arrivals = Arrivals {
            process: Process::Poisson(row.get("lam=") / 1e9),
            from: Time::ZERO,
            until: Time::ZERO + Span::secs(bins),
            count: 1,
            repeat: None,
        };
        let mut clock = ArrivalClock::new(&arrivals, Stream::new(replication as u64, "oracle"));
        let mut counts = vec![0.0; bins as usize];
        while clock.next() < Time::NEVER {
            counts[(clock.next().as_nanos() / 1_000_000_000) as usize] += 1.0;
            clock.step();
        }
        let mean = counts.iter().sum::<f64>() / bins as f64;
        let squares: f64 = counts.iter().map(|count| (count - mean) * (count - mean)).sum();
        squares / (bins - 1) as f64 / mean
    });
    Found::values(values, (bins as usize * REPLICATIONS) as f64)
}

/// Little's law without any tolerance: the number in the system over time, against the time that
/// each spent in it, in a run that is cut while much is under way.
pub fn little(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let until = lab.size(row) / 8.0;
    let text = format!(
        "drain: 0s
functions:
  F: {{ReservedConcurrentExecutions: 1, error_rate: 10%, event_queue: {{when_throttled: wait}},
    service_time: {{exponential: {{mean: 100ms}}}}}}
callers:
  C: {{via: invoke_async, target: F, arrivals: {{poisson: 8/s, until: {}}}}}
",
        span(until)
    );
    let text = scenario(0.0, until, &text);
    let loaded = load_text(&text, "little.yaml", &Options::default());
    let config = loaded.unwrap_or_else(|why| panic!("{why}")).config;
    let (mut both, _) = experiment::watch(&config, BothSides::default(), &NO_LIMITS);
    let end = config.duration;
    both.pass(end);
    assert!(!both.entered.is_empty(), "something is under way at the end");
    let left: u128 = both.entered.values().map(|at| nanos(*at, end)).sum();
    Found::value((both.area as f64 - (both.spans + left) as f64).abs())
        .into_iter()
        .map(|found| Found { variant: format!("{} ns", both.area / 1_000_000_000), ..found })
        .collect()
}

fn nanos(from: Time, to: Time) -> u128 {
    u128::from(to.since(from).as_nanos())
}

/// The two sides of Little's law, in nanoseconds.
#[derive(Default)]
struct BothSides {
    count: u128,
    since: Time,
    area: u128,
    entered: BTreeMap<PayloadId, Time>,
    spans: u128,
}

impl BothSides {
    fn pass(&mut self, now: Time) {
        self.area += self.count * nanos(self.since, now);
        self.since = now;
    }
}

impl Observer for BothSides {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let now = moment.now;
        if let Fact::Arrived { payload, .. } = *fact {
            self.pass(now);
            self.count += 1;
            self.entered.insert(payload, now);
        }
        if let Some(Move { payload, to, .. }) = moment.moved
            && to.rests()
        {
            self.pass(now);
            self.count -= 1;
            let entered = self.entered.remove(&payload).expect("it entered");
            self.spans += nanos(entered, now);
        }
    }
}
