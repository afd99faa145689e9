//! The invoke plane: admission, execution environments, and what a handler does.
//!
//! ```text
//!  event queue ─┐          ┌───────────────────────────────┐            ┌─► call (queue, function …)
//!  mapping     ─┼─ Invoke ►│ admit ─► environment ─► run   │── Call ───►│
//!  caller      ─┘          │  429      cold, warm, reset   │◄─ Done ────┘
//!               ◄─ Ended ──└───────────────────────────────┘
//! ```
//!
//! One component although AWS has many functions, because account and reserved concurrency are judged
//! together in one transition. It owns concurrency (SN), environments (SE) and behaviour; it does not
//! own retries: who asked decides (SI9). A run without calls is one appointment at its end.
//!
//! Here are its messages and the life of a run; `admission` lets it in, `environments` and
//! `provisioned` have where it runs, `handler` what it does there, and `calls` whom it asks.

mod admission;
mod calls;
mod environments;
mod handler;
mod provisioned;

use super::{
    Component, Fact, Port, Rule,
    config::{self, Function, IdleLife, Resources},
    outcome::Role,
    policy::lifetime::Recent,
    value::Catalog,
    vocabulary::{
        CallId, ErrorKind, FunctionId, Outcome, PayloadId, ReplyTo, RunToken, Target, Work,
    },
};
use crate::kernel::{Class, Classed, Slab, Span, Stream, Time};
use admission::{Limits, OwnLimits};
use calls::Calling;
use environments::{Environment, INIT_MAX, Idle};
use handler::record_results;
use provisioned::Provisioned;
use std::{collections::VecDeque, sync::Arc};

/// The invoke plane of the account.
#[derive(Debug)]
pub struct Lambda {
    limits: Limits,
    functions: Vec<Plane>,
    runs: Slab<Run>,
    /// From changed settings to the first environment that is made by them (SN5).
    provisioned_start_delay: Span,
    /// What each call makes: requests or messages.
    made: Vec<Role>,
    catalog: Arc<Catalog>,
}

/// One function as the plane has it.
#[derive(Debug)]
struct Plane {
    config: Function,
    limits: OwnLimits,
    /// On-demand environments in use.
    running: u32,
    /// Idle ones, the most recently used at the back.
    idle: VecDeque<Idle>,
    /// Those that are made ahead of need, once the settings provide for some.
    provisioned: Option<Box<Provisioned>>,
    /// How often it ran lately, where that decides how long environments live.
    recent: Option<Box<Recent>>,
    /// Counts code updates: an environment of an older version is not used again.
    version: u32,
    waiting: VecDeque<(u64, ReplyTo)>,
    /// Whether a chain of invocations can come back to it.
    may_loop: bool,
    streams: Streams,
}

/// The function's luck, each named by what it decides.
#[derive(Debug)]
struct Streams {
    run: Stream,
    error: Stream,
    record: Stream,
    poison: Stream,
    init: Stream,
    keep_alive: Stream,
    max_age: Stream,
    provisioned: Stream,
    system: Stream,
    calls: Stream,
}

/// A run in progress.
#[derive(Clone, Debug)]
struct Run {
    /// Counts the uses of this slot, so that a stale appointment or answer is known.
    number: u32,
    function: FunctionId,
    version: u32,
    work: Work,
    reply_to: ReplyTo,
    /// Admitted: concurrency counts from here, and errors are stamped here.
    started: Time,
    /// The Init phase before the handler.
    init: Span,
    /// When the handler began.
    handling: Time,
    /// How the handler's own time ends.
    fate: Fate,
    /// The handler's time has an Init in it (SE4).
    suppressed: bool,
    /// Its environment was made ahead of need.
    provisioned: bool,
    /// When its environment is too old to be used again.
    dies: Time,
    reports: bool,
    /// What it still has to call, and waits for; most runs call nothing.
    calling: Option<Box<Calling>>,
}

/// How the handler's own time ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It goes on to its calls, if any, and returns.
    Returns,
    /// It throws.
    Throws(ErrorKind),
}

/// What a run is to do, and for whom.
#[derive(Clone, Copy, Debug)]
struct Invoke {
    function: FunctionId,
    work: Work,
    attempt: u32,
    reports: bool,
    reply_to: ReplyTo,
}

/// What is asked of the plane.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// `Invoke`: always answered by one `Ended`.
    Invoke {
        /// Which function.
        function: FunctionId,
        /// With what.
        work: Work,
        /// The attempt, from 1; a batch's records carry their own.
        attempt: u32,
        /// Whether the asker reads `batchItemFailures`.
        reports: bool,
        /// Whom to answer.
        reply_to: ReplyTo,
    },
    /// A call made by a run has its answer.
    Done {
        /// The run.
        run: RunToken,
        /// Whether it worked.
        ok: bool,
    },
    /// Tell this one when the function has capacity.
    Await(FunctionId, ReplyTo),
    /// The capacity that was offered last is free for the next who asked.
    Declined,
    /// New code: no warm environment is left.
    UpdateCode(FunctionId),
}

/// What the plane asks of others.
#[derive(Clone, Copy, Debug)]
pub enum Out {
    /// An invocation ended, or was refused.
    Ended(ReplyTo, Outcome),
    /// Make this call with this payload; its hold goes along.
    Call(CallId, PayloadId, RunToken),
    /// Nobody waits for the answer to this run's call any more.
    Abandon(CallId, RunToken),
    /// There is capacity for who asked.
    Capacity(ReplyTo),
}

/// Appointments of the plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The handler's own time is over, or its timeout.
    Finished {
        /// The run.
        run: u32,
    },
    /// The timeout of a run that makes calls.
    Deadline {
        /// The run.
        run: u32,
        /// Its number, to know a stale one.
        number: u32,
    },
    /// Provisioned environments are ready, or one of them has failed.
    Allocated {
        /// Whose.
        function: FunctionId,
        /// The allocation's number, to know a superseded one.
        number: u32,
    },
    /// A new environment may be had again, and somebody waits for one.
    Reminder,
}

impl Classed for Wake {
    fn class(&self) -> Class {
        Class::Completion
    }
}

impl Component for Lambda {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    #[inline]
    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Invoke { function, work, attempt, reports, reply_to } => {
                match self.admit(now, function, work, reply_to, fx) {
                    Ok(environment) => {
                        let run = Invoke { function, work, attempt, reports, reply_to };
                        self.start(now, run, environment, fx);
                        if self.limits.waiting > 0 {
                            // What was used up may come again by itself: whoever waits is to hear.
                            self.tell_one(now, fx);
                        }
                    }
                    Err(outcome) => fx.send(Out::Ended(reply_to, outcome)),
                }
            }
            In::Done { run, ok } => self.called(now, run, ok, fx),
            In::Await(function, who) => self.wait(now, function, who, fx),
            In::Declined => self.tell_one(now, fx),
            In::UpdateCode(function) => {
                let plane = &mut self.functions[function.index()];
                plane.version += 1;
                plane.idle.clear();
                self.provision_anew(now, function, fx);
            }
        }
    }

    #[inline]
    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Finished { run } => self.handled(now, run, fx),
            Wake::Deadline { run, number } => {
                // A run that ended before leaves its deadline behind.
                if self.runs[run].number == number {
                    self.abandon(run, fx);
                    self.end(now, run, Err(ErrorKind::Timeout), fx);
                }
            }
            Wake::Allocated { function, number } => self.allocated(now, function, number, fx),
            Wake::Reminder => self.tell_one(now, fx),
        }
    }
}

impl Lambda {
    /// The plane of an account with these functions.
    pub fn new(resources: &Resources, catalog: Arc<Catalog>, seed: u64) -> Lambda {
        let assumptions = &resources.assumptions;
        let plane = |config| Plane::new(config, OwnLimits::new(assumptions.scaling), seed);
        let mut lambda = Lambda {
            limits: Limits::new(resources),
            functions: resources.functions.iter().map(plane).collect(),
            runs: Slab::default(),
            provisioned_start_delay: assumptions.provisioned_start_delay,
            made: resources.calls.iter().map(config::Call::makes).collect(),
            catalog,
        };
        lambda.take_limits(Time::ZERO, resources);
        lambda
    }

    /// Takes changed settings. Runs in progress keep what they began with.
    pub fn configure(&mut self, now: Time, resources: &Resources, fx: &mut impl Port<Self>) {
        for (plane, config) in self.functions.iter_mut().zip(&resources.functions) {
            if plane.config.reserved.is_some() != config.reserved.is_some() {
                // Runs in progress change the pool they are counted in.
                match config.reserved {
                    Some(_) => self.limits.pool_running -= plane.running,
                    None => self.limits.pool_running += plane.running,
                }
            }
            plane.configure(config);
        }
        self.take_limits(now, resources);
        for (function, config) in resources.function_ids().zip(&resources.functions) {
            self.provision(now, function, config.provisioned, fx);
        }
        self.tell_all(now, fx);
    }

    /// Runs in progress.
    pub fn running(&self) -> usize {
        self.runs.held()
    }

    /// Lets the handler begin in the environment that it was given.
    #[inline]
    fn start(
        &mut self,
        now: Time,
        run: Invoke,
        environment: Environment,
        fx: &mut impl Port<Self>,
    ) {
        let Invoke { function, work, attempt, reports, reply_to } = run;
        let catalog = &*self.catalog;
        let plane = &mut self.functions[function.index()];
        let payload = fx.register().head(work);
        let records = fx.register().size(work);
        let (key, runs) = {
            let payload = fx.register().get(payload);
            (payload.key, payload.runs)
        };
        if plane.config.keep_alive == IdleLife::Aws2020 {
            plane.recent.get_or_insert_default().add(now);
        }

        let mut init = Span::ZERO;
        let mut suppressed = Span::ZERO;
        let init_time = |plane: &Plane, fx: &mut _| plane.init_time(catalog, fx, payload, runs);
        let (cold, rule, dies) = match environment {
            Environment::Idle { reset: false, dies } => (None, Rule::SE17, dies),
            Environment::Provisioned { reset: false } => (None, Rule::SN6, Time::NEVER),
            Environment::Idle { reset: true, dies } => {
                suppressed = init_time(plane, fx);
                (None, Rule::SE5, dies)
            }
            Environment::Provisioned { reset: true } => {
                suppressed = init_time(plane, fx);
                (None, Rule::SE5, Time::NEVER)
            }
            Environment::Cold { after } => {
                let whole = init_time(plane, fx);
                init = whole.min(INIT_MAX);
                let mut rule = plane.rule_of_cold(after);
                if INIT_MAX < whole {
                    suppressed = whole;
                    rule = Rule::SE2;
                }
                (Some(init), rule, plane.dies(now, catalog, fx, payload))
            }
        };
        let provisioned = matches!(environment, Environment::Provisioned { .. });
        let attempt = match work {
            Work::One(_) => attempt,
            Work::Batch(batch) => fx.register().batch(batch)[0].attempt,
        };
        let records = u32::try_from(records).expect("a batch has at most 10,000");
        let started =
            Fact::RunStarted { function, payload, work, attempt, records, cold, provisioned };
        fx.note(rule, started);
        let (handler, mut fate) = plane.handler(catalog, work, key, runs, attempt, reports, fx);
        let timeout = plane.config.timeout;
        let mut ran = suppressed.saturating_add(handler);
        if timeout < ran {
            ran = timeout;
            fate = Fate::Throws(ErrorKind::Timeout);
        }
        let register = fx.register();
        for at in 0..register.size(work) {
            let payload = register.payload_at(work, at);
            let known = register.get_mut(payload);
            known.runs = known.runs.saturating_add(1);
        }
        let version = plane.version;
        let run = Run {
            number: 0,
            function,
            version,
            work,
            reply_to,
            started: now,
            init,
            handling: now + init,
            fate,
            suppressed: suppressed > Span::ZERO,
            provisioned,
            dies,
            reports,
            calling: None,
        };
        let run = self.runs.put_after(|last| Run { number: last.map_or(0, |l| l.number), ..run });
        fx.wake(init + ran, Wake::Finished { run });
    }

    /// The handler's own time is over: it throws, makes its calls, or returns.
    #[inline]
    fn handled(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let run = &self.runs[slot];
        match run.fate {
            Fate::Throws(kind) => self.end(now, slot, Err(kind), fx),
            Fate::Returns if self.functions[run.function.index()].config.calls.is_empty() => {
                self.end(now, slot, Ok(()), fx);
            }
            Fate::Returns => {
                let number = run.number;
                let timeout = self.functions[run.function.index()].config.timeout;
                let left = timeout.saturating_sub(now.since(run.handling));
                fx.wake(left, Wake::Deadline { run: slot, number });
                self.plan_calls(slot, fx);
                self.next_call(now, slot, fx);
            }
        }
    }

    /// A run ends: its environment is idle again, and who asked is told.
    #[inline]
    fn end(
        &mut self,
        now: Time,
        slot: u32,
        result: Result<(), ErrorKind>,
        fx: &mut impl Port<Self>,
    ) {
        let run = &mut self.runs[slot];
        run.number = run.number.wrapping_add(1);
        let (function, work, started) = (run.function, run.work, run.started);
        let (reply_to, version) = (run.reply_to, run.version);
        let (init, ran) = (run.init, now.since(run.handling));
        let (run_suppressed, provisioned, dies) = (run.suppressed, run.provisioned, run.dies);
        run.calling = None;
        self.runs.free(slot);

        let payload = fx.register().head(work);
        let error = result.err();
        let reset = error == Some(ErrorKind::Timeout);
        let plane = &mut self.functions[function.index()];
        let current = plane.version == version;
        if provisioned {
            self.end_provisioned(function, current, reset);
        } else {
            plane.running -= 1;
            if !plane.limits.is_reserved() {
                self.limits.pool_running -= 1;
            }
            if current {
                let keep = plane.keep_alive(now, &self.catalog, fx, payload);
                let until = now.saturating_add(keep).min(dies);
                plane.idle.push_back(Idle { until, dies, reset });
            }
        }
        let rule = match error {
            None if run_suppressed => Rule::SE4,
            None => Rule::SM1,
            Some(ErrorKind::Timeout) => Rule::SI7,
            Some(ErrorKind::Handler | ErrorKind::Record) => Rule::SM2,
        };
        fx.note(rule, Fact::RunEnded { function, payload, started, ran, error, provisioned });
        let useful = record_results(function, work, error, fx);
        let billed_ms = (init + ran).ceil_millis();
        let wasted = !useful;
        let bill = Fact::Billed { function, payload, billed_ms, wasted, provisioned };
        fx.note(Rule::SE12, bill);
        let outcome = match error {
            None => Outcome::Succeeded,
            Some(kind) => Outcome::FunctionError(kind),
        };
        fx.send(Out::Ended(reply_to, outcome));
        self.tell_one(now, fx);
    }
}

impl Plane {
    fn new(config: &Function, limits: OwnLimits, seed: u64) -> Plane {
        let stream = |what: &str| Stream::new(seed, &format!("function/{}/{what}", config.name));
        let mut plane = Plane {
            config: config.clone(),
            limits,
            running: 0,
            idle: VecDeque::new(),
            provisioned: None,
            recent: None,
            version: 0,
            waiting: VecDeque::new(),
            may_loop: false,
            streams: Streams {
                run: stream("run"),
                error: stream("error-time"),
                record: stream("record"),
                poison: stream("poison"),
                init: stream("init"),
                keep_alive: stream("keep-alive"),
                max_age: stream("max-age"),
                provisioned: stream("provisioned"),
                system: stream("system-error"),
                calls: stream("calls"),
            },
        };
        plane.configure(config);
        plane
    }

    fn configure(&mut self, config: &Function) {
        let chains = |target: &Option<Target>| matches!(target, Some(Target::Function(_)));
        self.may_loop =
            !config.calls.is_empty() || chains(&config.on_success) || chains(&config.on_failure);
        self.config = config.clone();
    }
}
