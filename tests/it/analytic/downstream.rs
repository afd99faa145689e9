//! Something downstream with a queue of its own: bounded room, token buckets, and storms of retries
//! that stay when their cause is gone.

use super::{
    lab::{Found, Lab},
    meter::{Seen, Trial},
    queues::scenario,
    row::{Row, rate as per_second, span},
};

/// A dependency with these properties, and callers that ask it.
fn asked(dependency: &str, callers: &str) -> String {
    format!("drain: 0s\ndependencies:\n  Db: {{{dependency}}}\ncallers:\n{callers}")
}

/// Seconds in which `n` requests come at `rate` after a fifth as many to warm up, and their beginning.
fn window(n: f64, rate: f64) -> (f64, f64) {
    (0.25 * n / rate, 1.25 * n / rate)
}

/// M/M/c/K: c places, room for K − c more, and the rest is lost.
pub fn bounded(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, places) = (row.get("lam="), row.get("c="));
    let room = row.get("K=") - places;
    let (from, until) = window(lab.size(row), rate);
    let service = row.law().text();
    let body = asked(
        &format!("concurrency: {places}, queue: {room}, service_time: {service}"),
        &format!("  C: {{target: Db, arrivals: {{poisson: {}}}}}\n", per_second(rate)),
    );
    let trial = Trial::new(scenario(from, until, &body));
    let came = |seen: &Seen| seen.meter.asked as f64;
    lab.ask(&trial, came, |seen| {
        let meter = &seen.meter;
        let waited = meter.waits.iter().map(|ns| *ns as f64).sum::<f64>() / 1e9;
        match row.quantity.as_str() {
            "P(loss)" => meter.refused as f64 / came(seen),
            "Wq|acc" | "Wq" => waited / meter.waits.len() as f64,
            "Lq" => meter.queued.mean(),
            "L" | "E[N]" => meter.queued.mean() + meter.served.mean(),
            "E[busy]" => meter.served.mean(),
            other => panic!("{}: {other} is no quantity of a queue with bounded room", row.id),
        }
    })
}

/// A token bucket fed at random.
pub fn token_bucket(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (rate, refill, burst) = (row.get("lam="), row.get("refill "), row.get("burst "));
    let (from, until) = window(lab.size(row), rate);
    // From a full bucket the long run is as far away as the burst is large.
    let from = from.max(50.0 * burst / refill);
    let until = until.max(2.0 * from);
    let body = asked(
        &format!("rate: {}, burst: {burst}", per_second(refill)),
        &format!("  C: {{target: Db, arrivals: {{poisson: {}}}}}\n", per_second(rate)),
    );
    let trial = Trial::new(scenario(from, until, &body));
    let came = |seen: &Seen| seen.meter.asked as f64;
    lab.ask(&trial, came, |seen| seen.meter.refused as f64 / came(seen))
}

/// A storm: requests at a fixed rate, each given up after a while and asked again at once, at a
/// dependency that does nothing for `stall` seconds and does all the work that is left to it then.
struct Storm {
    rate: f64,
    places: f64,
    service: f64,
    timeout: f64,
    attempts: f64,
    /// Of so many requests one is asked again: all, or as few as a budget lets.
    retried: f64,
    /// More of `retry`.
    more: String,
    stall: f64,
}

impl Storm {
    /// The storm of a row that says it all.
    fn of(row: &Row) -> Storm {
        let stall = match row.maybe("stall ") {
            Some(stall) => stall,
            None => row.get("stalled on [0,"),
        };
        Storm {
            rate: row.get("lam="),
            places: row.get("c="),
            service: row.get("x "),
            timeout: row.get("timeout "),
            attempts: row.before(" attempts"),
            retried: 1.0,
            more: String::new(),
            stall,
        }
    }

    /// Counted from `from` to `until`.
    fn trial(&self, from: f64, until: f64) -> Trial {
        let Storm { rate, places, service, timeout, attempts, retried, more, stall } = self;
        let timeout = span(*timeout);
        let caller = |name: &str, share: f64, attempts: f64| {
            format!(
                "  {name}: {{target: Db, timeout: {timeout}, arrivals: {{every: {}}}, \
                 retry: {{attempts: {attempts}{more}}}}}\n",
                span(1.0 / (rate * share))
            )
        };
        let mut callers = caller("C", *retried, *attempts);
        if *retried < 1.0 {
            callers += &caller("Once", 1.0 - retried, 1.0);
        }
        let dependency = format!("concurrency: {places}, service_time: {}", span(*service));
        let stall = format!(
            "timeline:\n  - {{at: 0s, for: {}, set: {{dependencies.Db.concurrency: 0}}}}\n",
            span(*stall)
        );
        Trial::new(scenario(from, until, &(asked(&dependency, &callers) + &stall)))
    }

    /// Whether requests succeed again so long after it began: all but a few, or none.
    fn is_over_after(&self, lab: &mut Lab, seconds: f64) -> bool {
        let trial = self.trial(0.9 * seconds, seconds);
        let meter = &lab.once(&trial).meter;
        2 * meter.sojourns.len() as u64 > meter.arrivals
    }
}

/// What a row about a storm asks.
pub fn storm(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let storm = Storm::of(row);
    if row.quantity.starts_with("recovers") {
        let over = storm.is_over_after(lab, storm.stall + 600.0);
        return Found::value(f64::from(u8::from(over)));
    }
    if row.quantity.starts_with("last timeout") {
        let trial = storm.trial(0.0, storm.stall + 3600.0);
        let last = lab.once(&trial).meter.last_timeout.as_secs_f64();
        return Found::value(last - storm.stall);
    }
    // Long after the stall.
    let trial = storm.trial(storm.stall + 100.0, storm.stall + 1100.0);
    let meter = &lab.once(&trial).meter;
    Found::value(match row.quantity.as_str() {
        // What comes and is not done.
        "attempts/s" => (meter.asked as f64 - meter.worked as f64) / meter.length(),
        "successes/s" => meter.sojourns.len() as f64 / meter.length(),
        other => panic!("{}: {other} is no quantity of a storm", row.id),
    })
}

/// The utilisation above which a storm stays: looked for, whatever is expected.
fn critical(lab: &mut Lab, step: f64, storm: impl Fn(f64) -> Storm) -> f64 {
    let (mut over, mut stays) = (0.02, 1.0);
    while step < stays - over {
        let middle = 0.5 * (over + stays);
        let storm = storm(middle);
        // What the stall left is done at the rate that is to spare, a step below the threshold.
        let seconds = 4.0 * storm.stall / step;
        if storm.is_over_after(lab, seconds) { over = middle } else { stays = middle }
    }
    0.5 * (over + stays)
}

const CAPACITY: f64 = 100.0;

/// Ten places of 100 ms, which 100 requests a second fill.
fn at_utilisation(utilisation: f64, attempts: f64, retried: f64) -> Storm {
    Storm {
        rate: utilisation * CAPACITY,
        places: 10.0,
        service: 10.0 / CAPACITY,
        timeout: 1.0,
        attempts,
        retried,
        more: String::new(),
        stall: 5.0,
    }
}

/// The threshold of a storm with n attempts.
pub fn threshold(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let attempts = row.get("n=");
    let step = 0.5 * row.width();
    Found::value(critical(lab, step, |utilisation| at_utilisation(utilisation, attempts, 1.0)))
}

/// The same where a budget holds the retries down to a share of the requests.
///
/// The row's budget lets that share of all requests be asked again, whatever comes of them, and a
/// storm lives on just that. Ours is a share of the successes, of which a storm has none: with it
/// the storm has to end wherever the row's would, and it does.
pub fn threshold_with_budget(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let share = row.get("amplification <= ") - 1.0;
    let step = 0.5 * row.width();
    let found = critical(lab, step, |utilisation| at_utilisation(utilisation, 2.0, share));
    let ours = format!(", budget: {}%", (100.0 * share).round());
    for utilisation in [0.5 * row.expected, row.expected - step, row.expected] {
        let storm = Storm { more: ours.clone(), ..at_utilisation(utilisation, 2.0, 1.0) };
        let is_over = storm.is_over_after(lab, 4.0 * storm.stall / step);
        assert!(is_over, "{}: with our budget it stays at {utilisation}", row.id);
    }
    Found::value(found)
}
