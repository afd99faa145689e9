//! What the rows measure beside the tool's own measures, and how experiments are repeated.

use dwell::{
    experiment,
    kernel::{Time, name_key},
    model::{
        Fact, Moment, Observer,
        config::{Config, Resources},
        facts::Answer,
        register::Move,
        vocabulary::Condition,
        world::Limits,
    },
    observe::{Results, summary::Total},
    scenario::{self, Options},
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How often each experiment is repeated.
pub const REPLICATIONS: usize = 20;
/// Each bound on the size of a run is far away: the experiments end by themselves.
pub const NO_LIMITS: Limits<'static> =
    Limits { events_max: u64::MAX, instant_max: u64::MAX, interrupted: &|_| false };

/// A number that goes up and down, looked at over a window of time.
#[derive(Clone, Debug, Default)]
pub struct Level {
    pub now: usize,
    since: u64,
    /// Nanoseconds of the window that it spent at each height.
    pub at: Vec<u64>,
}

impl Level {
    fn pass(&mut self, now: Time, window: (Time, Time)) {
        let now = now.max(window.0).min(window.1).as_nanos();
        if self.at.len() <= self.now {
            self.at.resize(self.now + 1, 0);
        }
        self.at[self.now] += now - self.since.max(window.0.as_nanos()).min(now);
        self.since = now;
    }

    /// The mean of `of` over the window.
    fn mean_of(&self, of: impl Fn(f64) -> f64) -> f64 {
        let sum: f64 = self.at.iter().zip(0..).map(|(ns, n)| of(f64::from(n)) * *ns as f64).sum();
        sum / self.at.iter().sum::<u64>() as f64
    }

    pub fn mean(&self) -> f64 {
        self.mean_of(|n| n)
    }

    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        self.mean_of(|n| (n - mean) * (n - mean))
    }

    /// The share of time at these heights.
    pub fn share(&self, heights: impl Fn(f64) -> bool) -> f64 {
        self.mean_of(|n| if heights(n) { 1.0 } else { 0.0 })
    }
}

/// Watches for what the tool's own measures do not say.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    window: (Time, Time),
    /// Payloads that do not rest.
    pub system: Level,
    /// Runs of each function.
    pub busy: Vec<Level>,
    /// Requesters that wait to ask again.
    pub orbit: Level,
    /// What entered in the window: nanoseconds from entry to its first run, or in a dependency's
    /// queue, and to its success.
    pub waits: Vec<u64>,
    pub sojourns: Vec<u64>,
    /// Events that entered in the window, and their nanoseconds to the first try.
    pub tried: (u64, u128),
    /// What happened in the window.
    pub arrivals: u64,
    pub runs: u64,
    pub ends: Vec<u64>,
    pub cold: u64,
    pub throttled: u64,
    pub throttled_first: u64,
    pub expired: u64,
    pub succeeded: u64,
    /// Requests to a dependency, those of them that were refused, and work that was done.
    pub asked: u64,
    pub refused: u64,
    pub worked: u64,
    /// What waits at a dependency, and what it serves.
    pub queued: Level,
    pub served: Level,
    /// When a requester last stopped waiting.
    pub last_timeout: Time,
    /// When the last run ended.
    pub last_end: Time,
    /// When a mapping first had so many pollers.
    pub pollers: Vec<(u32, Time)>,
    /// Idle environments: until when each lives if the keep-alive is so long.
    keep_alive: Option<u64>,
    idle: Vec<Time>,
    /// Nanoseconds of the window that environments were idle.
    pub idle_area: u128,
    /// Angular frequency per nanosecond, and the integrals of the runs against cosine and sine.
    frequency: Option<f64>,
    pub wave: (f64, f64),
    wave_since: f64,
}

impl Meter {
    fn new(trial: &Trial, config: &Config) -> Meter {
        let functions = config.resources.functions.len();
        let window = (config.warmup, config.duration);
        Meter {
            window,
            busy: vec![Level::default(); functions],
            ends: vec![0; functions],
            keep_alive: trial.keep_alive.map(nanos),
            frequency: trial.period.map(|period| std::f64::consts::TAU / (period * 1e9)),
            wave_since: config.warmup.as_nanos() as f64,
            ..Meter::default()
        }
    }

    /// Seconds of the window.
    pub fn length(&self) -> f64 {
        self.window.1.since(self.window.0).as_secs_f64()
    }

    pub fn busy(&self) -> &Level {
        &self.busy[0]
    }

    fn is_inside(&self, time: Time) -> bool {
        self.window.0 <= time && time < self.window.1
    }

    fn follow_wave(&mut self, now: Time) {
        let Some(frequency) = self.frequency else { return };
        let end = now.max(self.window.0).min(self.window.1).as_nanos() as f64;
        let (a, b) = (frequency * self.wave_since, frequency * end);
        let height = self.busy[0].now as f64;
        self.wave.0 += height * (libm::sin(b) - libm::sin(a));
        self.wave.1 += height * (libm::cos(a) - libm::cos(b));
        self.wave_since = end;
    }

    /// An environment goes to rest, or comes back: the one that was used last (SE17).
    fn rest(&mut self, now: Time) {
        self.idle.push(now);
    }

    fn wake(&mut self, now: Time) {
        let Some(keep) = self.keep_alive else { return };
        let used = self.idle.pop().expect("a warm run has an environment");
        self.add_idle(used, now.as_nanos().min(used.as_nanos() + keep));
    }

    fn add_idle(&mut self, from: Time, until: u64) {
        let from = from.max(self.window.0).as_nanos();
        let until = until.min(self.window.1.as_nanos());
        self.idle_area += u128::from(until.saturating_sub(from));
    }

    fn finish(&mut self) {
        let end = self.window.1;
        self.follow_wave(end);
        self.system.pass(end, self.window);
        self.orbit.pass(end, self.window);
        self.queued.pass(end, self.window);
        self.served.pass(end, self.window);
        self.busy.iter_mut().for_each(|busy| busy.pass(end, self.window));
        if let Some(keep) = self.keep_alive {
            for used in std::mem::take(&mut self.idle) {
                self.add_idle(used, used.as_nanos() + keep);
            }
        }
        self.waits.sort_unstable();
        self.sojourns.sort_unstable();
    }
}

fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

impl Observer for Meter {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let now = moment.now;
        let inside = u64::from(self.is_inside(now));
        match *fact {
            Fact::Arrived { .. } | Fact::Copied { .. } => {
                self.system.pass(now, self.window);
                self.system.now += 1;
                if matches!(fact, Fact::Arrived { .. }) {
                    self.arrivals += inside;
                }
            }
            Fact::RequestRetried { .. } => {
                self.orbit.pass(now, self.window);
                self.orbit.now += 1;
            }
            Fact::Requested { attempt, .. } if attempt > 1 => {
                self.orbit.pass(now, self.window);
                self.orbit.now -= 1;
            }
            Fact::RunStarted { function, payload, cold, .. } => {
                self.follow_wave(now);
                let window = self.window;
                self.busy[function.index()].pass(now, window);
                self.busy[function.index()].now += 1;
                self.runs += inside;
                match cold {
                    Some(_) => self.cold += inside,
                    None => self.wake(now),
                }
                let payload = moment.register.get(payload);
                if payload.runs == 0 && self.is_inside(payload.born) {
                    self.waits.push(now.since(payload.born).as_nanos());
                }
            }
            Fact::RunEnded { function, error, .. } => {
                self.follow_wave(now);
                let window = self.window;
                self.busy[function.index()].pass(now, window);
                self.busy[function.index()].now -= 1;
                self.ends[function.index()] += inside;
                self.last_end = now;
                if self.keep_alive.is_some() {
                    self.rest(now);
                }
                self.succeeded += if error.is_none() { inside } else { 0 };
            }
            Fact::Tried { payload, first: true, .. } => {
                let born = moment.register.get(payload).born;
                if self.is_inside(born) {
                    self.tried.0 += 1;
                    self.tried.1 += u128::from(now.since(born).as_nanos());
                }
            }
            Fact::Completed { payload, .. } | Fact::Resolved { payload, ok: true, .. } => {
                let born = moment.register.get(payload).born;
                if self.is_inside(born) {
                    self.sojourns.push(now.since(born).as_nanos());
                }
            }
            Fact::Throttled { payload, .. } => {
                self.throttled += inside;
                if moment.register.get(payload).tries == 1 {
                    self.throttled_first += inside;
                }
            }
            Fact::Discarded { payload, condition: Condition::EventAgeExceeded, .. } => {
                self.expired += u64::from(self.is_inside(moment.register.get(payload).born));
            }
            Fact::DependencyAsked { .. } => self.asked += inside,
            Fact::DependencyRefused { .. } => self.refused += inside,
            Fact::WorkQueued { .. } => {
                self.queued.pass(now, self.window);
                self.queued.now += 1;
            }
            Fact::WorkStarted { payload, waited, queued, .. } => {
                if queued {
                    self.queued.pass(now, self.window);
                    self.queued.now -= 1;
                }
                self.served.pass(now, self.window);
                self.served.now += 1;
                if self.is_inside(moment.register.get(payload).born) {
                    self.waits.push(waited.as_nanos());
                }
            }
            Fact::WorkEnded { .. } => {
                self.served.pass(now, self.window);
                self.served.now -= 1;
                self.worked += inside;
            }
            Fact::Answered { answer: Answer::TimedOut, .. } => self.last_timeout = now,
            Fact::PollersScaled { pollers, .. } => self.pollers.push((pollers, now)),
            _ => (),
        }
        if let Some(Move { from, to, .. }) = moment.moved
            && !from.rests()
            && to.rests()
        {
            self.system.pass(now, self.window);
            self.system.now -= 1;
        }
    }
}

/// An experiment: a scenario, and what it needs beyond what the language allows.
pub struct Trial {
    pub text: String,
    /// Changes that no scenario can make.
    pub tune: fn(&mut Resources),
    /// Seconds that environments live idle, for who wants to know how many there are.
    pub keep_alive: Option<f64>,
    /// Seconds of a cycle, for who wants to know the phase of the runs.
    pub period: Option<f64>,
}

impl Trial {
    pub fn new(text: String) -> Trial {
        Trial { text, tune: |_| (), keep_alive: None, period: None }
    }
}

/// What one replication came to.
#[derive(Clone, Debug)]
pub struct Seen {
    pub meter: Meter,
    pub results: Results,
}

impl Seen {
    /// A count or an amount of the summary.
    pub fn total(&self, name: &str, measure: &str) -> f64 {
        let Results { resources, callers, .. } = &self.results;
        let measures = resources.get(name).or_else(|| callers.get(name));
        match measures.and_then(|measures| measures.get(measure)) {
            Some(Total::Count(count)) => *count as f64,
            Some(Total::Amount(amount)) => *amount,
            other => panic!("{name}.{measure} is {other:?}"),
        }
    }

    /// The mean of a distribution of the summary, in its unit.
    pub fn mean(&self, name: &str, measure: &str) -> f64 {
        let Results { resources, callers, .. } = &self.results;
        let measures = resources.get(name).or_else(|| callers.get(name));
        match measures.and_then(|measures| measures.get(measure)) {
            Some(Total::Distribution(all)) => all.mean.expect("there are samples"),
            other => panic!("{name}.{measure} is {other:?}"),
        }
    }
}

/// The scenario of a trial. Every handler may take as long as it likes: the laws have no end.
pub fn load(trial: &Trial) -> Config {
    let loaded = scenario::load_text(&trial.text, "oracle.yaml", &Options::default());
    let mut config = loaded.unwrap_or_else(|why| panic!("{why}\n{}", trial.text)).config;
    let resources = std::sync::Arc::make_mut(&mut config.resources);
    for function in &mut resources.functions {
        function.timeout = dwell::kernel::Span::days(1000);
    }
    (trial.tune)(resources);
    config.period = dwell::kernel::Span::days(1000);
    config
}

/// Plays one replication before the tool's observer, self-checks included, and the meter.
pub fn play(trial: &Trial, config: &Config) -> Seen {
    let meter = Meter::new(trial, config);
    let (played, mut meter, _) =
        experiment::play_beside(config, Vec::new(), None, &NO_LIMITS, meter);
    let outcome = played.outcome;
    assert_eq!(outcome.faults, Vec::<String>::new(), "{}", trial.text);
    meter.finish();
    Seen { meter, results: outcome.results }
}

/// All replications, by as many threads as there are processors; in order.
pub fn repeat(trial: &Trial) -> Vec<Seen> {
    let config = load(trial);
    // Each experiment has luck of its own, or one odd stretch of arrivals would speak in every row.
    let first = name_key(&trial.text);
    repeat_with(REPLICATIONS, |n| {
        let seed = first.wrapping_add(n as u64);
        play(trial, &Config { seed, ..config.clone() })
    })
}

/// What `make` makes of 0 to `number`, in order.
pub fn repeat_with<T: Send>(number: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if number <= n {
                return made;
            }
            made.push((n, make(n)));
        }
    };
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    all.sort_by_key(|(n, _)| *n);
    all.into_iter().map(|(_, made)| made).collect()
}
