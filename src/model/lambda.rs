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

use super::{
    Component, Fact, Port, Rule,
    config::{Behaviour, Function, FunctionCall, OnPartialFailure, Resources},
    register::{Payload, Register},
    value::{ByContent, Catalog, Subject},
    vocabulary::{
        CallId, ErrorKind, FunctionId, Outcome, PayloadId, ReplyTo, RunToken, Target, Work,
    },
};
use crate::kernel::{Class, Classed, Probability, Slab, Span, Stream, Time, name_key};
use std::{collections::VecDeque, sync::Arc};

/// The invoke plane of the account.
#[derive(Debug)]
pub struct Lambda {
    /// Concurrency of the account (SN2).
    limit: u32,
    /// What the functions' reservations take out of it (SN3).
    reserved: u32,
    /// Runs of functions without a reservation.
    unreserved_running: u32,
    functions: Vec<Plane>,
    runs: Slab<Run>,
    /// Counts those who wait for capacity, so that the first to ask is the first to be told.
    asked: u64,
    catalog: Arc<Catalog>,
}

/// One function as the plane has it.
#[derive(Debug)]
struct Plane {
    config: Function,
    running: u32,
    /// Idle environments, the most recently used at the back.
    idle: VecDeque<Idle>,
    /// Counts code updates: an environment of an older version is not used again.
    version: u32,
    waiting: VecDeque<(u64, ReplyTo)>,
    /// Whether a chain of invocations can come back to it.
    may_loop: bool,
    streams: Streams,
}

#[derive(Clone, Copy, Debug)]
struct Idle {
    until: Time,
    /// Its runtime was killed: the next run begins with Init (SE5).
    reset: bool,
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
    reports: bool,
    /// What it still has to call, and waits for; most runs call nothing.
    calling: Option<Box<Calling>>,
}

/// A run's calls.
#[derive(Clone, Debug, Default)]
struct Calling {
    /// Still to be made, in order from the back.
    pending: Vec<Pending>,
    /// The call that is waited for, and its record.
    asking: Option<(CallId, usize)>,
}

/// How the handler's own time ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It goes on to its calls, if any, and returns.
    Returns,
    /// It throws.
    Throws(ErrorKind),
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    record: usize,
    entry: u32,
    nth: u32,
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
}

impl Classed for Wake {
    fn class(&self) -> Class {
        Class::Completion
    }
}

/// The longest Init phase of an on-demand environment (SE2).
const INIT_MAX: Span = Span::secs(10);

impl Component for Lambda {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    #[inline]
    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Invoke { function, work, attempt, reports, reply_to } => {
                let first = fx.register().head(work);
                match self.admit(function, first, reply_to, fx) {
                    Ok(()) => self.start(now, function, work, attempt, reports, reply_to, fx),
                    Err(outcome) => fx.send(Out::Ended(reply_to, outcome)),
                }
            }
            In::Done { run, ok } => self.called(now, run, ok, fx),
            In::Await(function, who) => {
                self.asked += 1;
                self.functions[function.index()].waiting.push_back((self.asked, who));
                self.tell_one(fx);
            }
            In::Declined => self.tell_one(fx),
            In::UpdateCode(function) => {
                let plane = &mut self.functions[function.index()];
                plane.version += 1;
                plane.idle.clear();
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
        }
    }
}

impl Lambda {
    /// The plane of an account with these functions.
    pub fn new(resources: &Resources, catalog: Arc<Catalog>, seed: u64) -> Lambda {
        let functions = resources.functions.iter().map(|config| Plane::new(config, seed)).collect();
        let mut lambda = Lambda {
            limit: 0,
            reserved: 0,
            unreserved_running: 0,
            functions,
            runs: Slab::default(),
            asked: 0,
            catalog,
        };
        lambda.take_limits(resources);
        lambda
    }

    /// Takes changed settings. Runs in progress keep what they began with.
    pub fn configure(&mut self, resources: &Resources, fx: &mut impl Port<Self>) {
        for (plane, config) in self.functions.iter_mut().zip(&resources.functions) {
            if plane.config.reserved.is_some() != config.reserved.is_some() {
                // Runs in progress change the pool they are counted in.
                match config.reserved {
                    Some(_) => self.unreserved_running -= plane.running,
                    None => self.unreserved_running += plane.running,
                }
            }
            plane.configure(config);
        }
        self.take_limits(resources);
        let waiting: usize = self.functions.iter().map(|plane| plane.waiting.len()).sum();
        for _ in 0..waiting {
            self.tell_one(fx);
        }
    }

    /// Runs in progress.
    pub fn running(&self) -> usize {
        self.runs.held()
    }

    fn take_limits(&mut self, resources: &Resources) {
        self.limit = resources.account.concurrency;
        self.reserved = resources.functions.iter().filter_map(|function| function.reserved).sum();
    }

    /// Whether the function may have one more environment in use.
    #[inline]
    fn has_capacity(&self, function: FunctionId) -> bool {
        let plane = &self.functions[function.index()];
        match plane.config.reserved {
            Some(ceiling) => plane.running < ceiling,
            None => self.unreserved_running < self.limit.saturating_sub(self.reserved),
        }
    }

    /// Whether who waits for capacity need wait no longer: there is some, or there will be none.
    fn would_answer(&self, function: FunctionId) -> bool {
        let config = &self.functions[function.index()].config;
        config.forbidden || config.reserved == Some(0) || self.has_capacity(function)
    }

    /// Lets an invocation in, or says how it is refused. The order of the checks is assumed.
    #[inline]
    fn admit(
        &mut self,
        function: FunctionId,
        payload: PayloadId,
        asker: ReplyTo,
        fx: &mut impl Port<Self>,
    ) -> Result<(), Outcome> {
        let plane = &self.functions[function.index()];
        if plane.config.forbidden {
            let event = matches!(asker, ReplyTo::EventQueue(..));
            let rule = if event { Rule::A2_22 } else { Rule::SI19 };
            fx.note(rule, Fact::Missing { function, payload });
            return Err(Outcome::NotFound);
        }
        if plane.may_loop && !plane.config.loops_allowed {
            let lineage = fx.register().get(payload).lineage;
            if fx.register().step(lineage, function).is_none() {
                let call = matches!(asker, ReplyTo::Call(..));
                let rule = if call { Rule::SI11 } else { Rule::A6_2 };
                fx.note(rule, Fact::LoopStopped { function, payload });
                return Err(Outcome::RecursiveInvocation);
            }
        }
        if plane.config.reserved == Some(0) {
            // An event is given up at once and counts no throttle (A2.21); who waits gets a 429.
            if !matches!(asker, ReplyTo::EventQueue(..)) {
                fx.note(Rule::SI28, Fact::Throttled { function, payload });
            }
            return Err(Outcome::ZeroReservedConcurrency);
        }
        let tries = {
            let payload = fx.register().get_mut(payload);
            payload.tries += 1;
            payload.tries
        };
        if plane.config.system_error_rate != Probability::NEVER {
            let key = fx.register().get(payload).key;
            if plane.streams.system.happens(key, tries, plane.config.system_error_rate) {
                fx.note(Rule::SI24, Fact::SystemErred { function, payload });
                return Err(Outcome::SystemError);
            }
        }
        if !self.has_capacity(function) {
            let reserved = self.functions[function.index()].config.reserved.is_some();
            let rule = if reserved { Rule::SN3 } else { Rule::SN2 };
            fx.note(rule, Fact::Throttled { function, payload });
            return Err(Outcome::Throttled);
        }
        Ok(())
    }

    /// Takes an environment and lets the handler begin.
    #[inline]
    #[expect(clippy::too_many_arguments, reason = "the fields of an Invoke, taken apart once")]
    fn start(
        &mut self,
        now: Time,
        function: FunctionId,
        work: Work,
        attempt: u32,
        reports: bool,
        reply_to: ReplyTo,
        fx: &mut impl Port<Self>,
    ) {
        let catalog = &*self.catalog;
        let plane = &mut self.functions[function.index()];
        plane.running += 1;
        if plane.config.reserved.is_none() {
            self.unreserved_running += 1;
        }
        let payload = fx.register().head(work);
        let records = fx.register().size(work);
        let (key, runs) = {
            let payload = fx.register().get(payload);
            (payload.key, payload.runs)
        };

        let environment = plane.environment(now);
        let mut init = Span::ZERO;
        let mut suppressed = Span::ZERO;
        let init_time = |plane: &Plane, fx: &mut _| plane.init_time(catalog, fx, payload, runs);
        match environment {
            Environment::Warm => (),
            Environment::Reset => suppressed = init_time(plane, fx),
            Environment::Cold { .. } => {
                let whole = init_time(plane, fx);
                init = whole.min(INIT_MAX);
                if INIT_MAX < whole {
                    suppressed = whole;
                }
            }
        }
        let (cold, rule) = match environment {
            Environment::Cold { .. } if suppressed > Span::ZERO => (Some(init), Rule::SE2),
            Environment::Cold { expired: true } => (Some(init), Rule::SE21),
            Environment::Cold { expired: false } => (Some(init), Rule::SE1),
            Environment::Reset => (None, Rule::SE5),
            Environment::Warm => (None, Rule::SE17),
        };
        let attempt = match work {
            Work::One(_) => attempt,
            Work::Batch(batch) => fx.register().batch(batch)[0].attempt,
        };
        let records = u32::try_from(records).expect("a batch has at most 10,000");
        fx.note(rule, Fact::RunStarted { function, payload, attempt, records, cold });
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
            register.get_mut(payload).runs += 1;
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

    /// Lists the calls of a run: for each record that has not failed, in order.
    fn plan_calls(&mut self, slot: u32, fx: &mut impl Port<Self>) {
        let run = &self.runs[slot];
        let plane = &self.functions[run.function.index()];
        let mut pending = Vec::new();
        for record in 0..fx.register().size(run.work) {
            let (payload, attempt, failed) = record_at(run.work, record, fx.register());
            if failed {
                continue;
            }
            let payload = fx.register().get(payload);
            for (entry, call) in (0u32..).zip(&plane.config.calls) {
                if call.per_run && record != 0 {
                    continue;
                }
                if plane.makes(call, entry, &self.catalog, payload, attempt) {
                    pending.extend((0..call.count).map(|nth| Pending { record, entry, nth }));
                }
            }
        }
        pending.reverse();
        self.runs[slot].calling = Some(Box::new(Calling { pending, asking: None }));
    }

    /// Makes the next call, or ends the run.
    fn next_call(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let run = &mut self.runs[slot];
        let calling = run.calling.as_mut().expect("a run plans its calls before it makes them");
        let Some(next) = calling.pending.pop() else {
            return self.end(now, slot, Ok(()), fx);
        };
        let plane = &self.functions[run.function.index()];
        let call: &FunctionCall = &plane.config.calls[next.entry as usize];
        let (parent, ..) = record_at(run.work, next.record, fx.register());
        let runs = fx.register().get(parent).runs;
        let maker = name_key(&plane.config.name) ^ u64::from(next.entry);
        let nth = u64::from(runs) << 32 | u64::from(next.nth);
        let payload = fx.register().copy(parent, maker, nth, now);
        let lineage = fx.register().get(parent).lineage;
        if !plane.config.loops_allowed
            && let Some(lineage) = fx.register().step(lineage, run.function)
        {
            fx.register().get_mut(payload).lineage = lineage;
        }
        let id = call.call;
        self.catalog.give_words(id, fx.register(), payload);
        fx.note(Rule::Ours, Fact::Copied { maker: super::fact::Maker::Call(id), payload });
        calling.asking = Some((id, next.record));
        fx.send(Out::Call(id, payload, RunToken { slot, number: run.number }));
    }

    /// A call has its answer. One that fails for good fails its record.
    fn called(&mut self, now: Time, token: RunToken, ok: bool, fx: &mut impl Port<Self>) {
        let run = &mut self.runs[token.slot];
        if run.number != token.number {
            return; // The run ended at its timeout while it waited.
        }
        let calling = run.calling.as_mut().expect("a run plans its calls before it makes them");
        let (_, record) = calling.asking.take().expect("a run asks before it is answered");
        if !ok {
            calling.pending.retain(|next| next.record != record);
            match run.work {
                Work::Batch(batch) => {
                    let records = fx.register().batch_mut(batch);
                    records[record].failed = true;
                    let stops = self.functions[run.function.index()].config.on_partial_failure
                        == OnPartialFailure::StopAtFirst;
                    if !run.reports {
                        return self.end(now, token.slot, Err(ErrorKind::Record), fx);
                    }
                    if stops {
                        records[record..].iter_mut().for_each(|r| r.failed = true);
                        return self.end(now, token.slot, Ok(()), fx);
                    }
                }
                Work::One(_) => return self.end(now, token.slot, Err(ErrorKind::Record), fx),
            }
        }
        self.next_call(now, token.slot, fx);
    }

    fn abandon(&mut self, slot: u32, fx: &mut impl Port<Self>) {
        let run = &self.runs[slot];
        if let Some((call, _)) = run.calling.as_ref().and_then(|calling| calling.asking) {
            fx.send(Out::Abandon(call, RunToken { slot, number: run.number }));
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
        let run_suppressed = run.suppressed;
        run.calling = None;
        self.runs.free(slot);

        let plane = &mut self.functions[function.index()];
        plane.running -= 1;
        if plane.config.reserved.is_none() {
            self.unreserved_running -= 1;
        }
        let payload = fx.register().head(work);
        let error = result.err();
        if plane.version == version {
            let keep = plane.keep_alive(&self.catalog, fx, payload);
            let reset = error == Some(ErrorKind::Timeout);
            plane.idle.push_back(Idle { until: now.saturating_add(keep), reset });
        }
        let rule = match error {
            None if run_suppressed => Rule::SE4,
            None => Rule::SM1,
            Some(ErrorKind::Timeout) => Rule::SI7,
            Some(ErrorKind::Handler | ErrorKind::Record) => Rule::SM2,
        };
        fx.note(rule, Fact::RunEnded { function, payload, started, ran, error });
        let useful = record_results(function, work, error, fx);
        let billed_ms = (init + ran).ceil_millis();
        fx.note(Rule::SE12, Fact::Billed { function, payload, billed_ms, wasted: !useful });
        let outcome = match error {
            None => Outcome::Succeeded,
            Some(kind) => Outcome::FunctionError(kind),
        };
        fx.send(Out::Ended(reply_to, outcome));
        self.tell_one(fx);
    }

    /// Tells the one that has waited longest for a function that has capacity now.
    #[inline]
    fn tell_one(&mut self, fx: &mut impl Port<Self>) {
        let waiting = self.functions.iter().zip(0..).filter_map(|(plane, at)| {
            plane.waiting.front().map(|(asked, _)| (*asked, FunctionId(at)))
        });
        let Some((_, function)) = waiting.filter(|(_, id)| self.would_answer(*id)).min() else {
            return;
        };
        let (_, who) =
            self.functions[function.index()].waiting.pop_front().expect("it has a front");
        fx.send(Out::Capacity(who));
    }
}

/// The environment that a run gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Environment {
    /// A new one; `expired`: there was an idle one, whose keep-alive is over.
    Cold {
        expired: bool,
    },
    Warm,
    Reset,
}

impl Plane {
    fn new(config: &Function, seed: u64) -> Plane {
        let stream = |what: &str| Stream::new(seed, &format!("function/{}/{what}", config.name));
        let mut plane = Plane {
            config: config.clone(),
            running: 0,
            idle: VecDeque::new(),
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

    /// Takes the most recently used environment that still lives, or a new one.
    #[inline]
    fn environment(&mut self, now: Time) -> Environment {
        let mut expired = false;
        // The least recently used die first (SE21), unseen until somebody looks.
        while self.idle.front().is_some_and(|idle| idle.until <= now) {
            self.idle.pop_front();
            expired = true;
        }
        while let Some(idle) = self.idle.pop_back() {
            if now < idle.until {
                return if idle.reset { Environment::Reset } else { Environment::Warm };
            }
            expired = true;
        }
        Environment::Cold { expired }
    }

    fn init_time<P: Port<Lambda>>(
        &self,
        catalog: &Catalog,
        fx: &mut P,
        payload: PayloadId,
        runs: u32,
    ) -> Span {
        if self.config.init_time.is_zero() {
            return Span::ZERO;
        }
        let payload = fx.register().get(payload);
        let mut draw = self.streams.init.draw(payload.key, runs);
        self.config.init_time.sample_span(&mut draw, |id| catalog.word(payload, id))
    }

    #[inline]
    fn keep_alive<P: Port<Lambda>>(
        &self,
        catalog: &Catalog,
        fx: &mut P,
        payload: PayloadId,
    ) -> Span {
        use super::value::Quantity;
        if let Quantity::Plain(nanos) = self.config.keep_alive {
            return Span::nanos(nanos);
        }
        let payload = fx.register().get(payload);
        let mut draw = self.streams.keep_alive.draw(payload.key, payload.runs);
        self.config.keep_alive.sample_span(&mut draw, |id| catalog.word(payload, id))
    }

    fn is_poison(&self, rate: Probability, payload: &Payload) -> bool {
        rate != Probability::NEVER
            && ByContent { share: rate, stream: self.streams.poison }.holds(payload)
    }

    /// What the function does with this payload: the first case that fits, or the rest.
    #[inline]
    fn behaviour(&self, catalog: &Catalog, payload: &Payload, attempt: u32) -> &Behaviour {
        if self.config.cases.is_empty() {
            return &self.config.behaviour;
        }
        let poison = self.is_poison(self.config.behaviour.poison_rate, payload);
        let subject = Subject { attempt, poison };
        self.config
            .cases
            .iter()
            .find(|(pattern, _)| pattern.fits(catalog, payload, &subject))
            .map_or(&self.config.behaviour, |(_, behaviour)| behaviour)
    }

    /// How long the handler's own time is and how it ends; marks the records that fail.
    ///
    /// Run-wide luck is the first record's; a record's is its own.
    #[inline]
    #[expect(clippy::too_many_arguments, reason = "all that a handler sees")]
    fn handler<P: Port<Lambda>>(
        &self,
        catalog: &Catalog,
        work: Work,
        key: u64,
        runs: u32,
        attempt: u32,
        reports: bool,
        fx: &mut P,
    ) -> (Span, Fate) {
        let register = fx.register();
        let head = register.get(register.head(work));
        let behaviour = self.behaviour(catalog, head, attempt);
        let mut draw = self.streams.run.draw(key, runs);
        let fails = draw.happens(behaviour.error_rate);
        let own = behaviour.service_time.sample_span(&mut draw, |id| catalog.word(head, id));
        let thrown = match &behaviour.error_time {
            None => own,
            Some(law) => law
                .sample_span(&mut self.streams.error.draw(key, runs), |id| catalog.word(head, id)),
        };
        if fails {
            return (thrown, Fate::Throws(ErrorKind::Handler));
        }
        let batch = match work {
            Work::One(_) => {
                let (time, failed) = self.record(catalog, behaviour, head);
                return if failed {
                    (thrown.saturating_add(time), Fate::Throws(ErrorKind::Record))
                } else {
                    (own.saturating_add(time), Fate::Returns)
                };
            }
            Work::Batch(batch) => batch,
        };
        let throws = !reports || self.config.on_partial_failure == OnPartialFailure::Throw;
        let stops = self.config.on_partial_failure == OnPartialFailure::StopAtFirst;
        let mut total = Span::ZERO;
        for at in 0..register.batch(batch).len() {
            let record = register.batch(batch)[at];
            let payload = register.get(record.payload);
            let behaviour = self.behaviour(catalog, payload, record.attempt);
            let (time, failed) = self.record(catalog, behaviour, payload);
            total = total.saturating_add(time);
            if failed && throws {
                return (thrown.saturating_add(total), Fate::Throws(ErrorKind::Record));
            }
            let records = register.batch_mut(batch);
            records[at].failed = failed;
            if failed && stops {
                records[at..].iter_mut().for_each(|record| record.failed = true);
                break;
            }
        }
        (own.saturating_add(total), Fate::Returns)
    }

    /// The time that one record adds, and whether it fails.
    #[inline]
    fn record(&self, catalog: &Catalog, behaviour: &Behaviour, payload: &Payload) -> (Span, bool) {
        if behaviour.record_error_rate == Probability::NEVER
            && behaviour.poison_rate == Probability::NEVER
            && behaviour.record_time.is_zero()
        {
            return (Span::ZERO, false);
        }
        let mut draw = self.streams.record.draw(payload.key, payload.runs);
        let fails = draw.happens(behaviour.record_error_rate);
        let time = behaviour.record_time.sample_span(&mut draw, |id| catalog.word(payload, id));
        (time, fails || self.is_poison(behaviour.poison_rate, payload))
    }

    /// Whether a call is made for this payload.
    fn makes(
        &self,
        call: &FunctionCall,
        entry: u32,
        catalog: &Catalog,
        payload: &Payload,
        attempt: u32,
    ) -> bool {
        let subject =
            Subject { attempt, poison: self.is_poison(self.config.behaviour.poison_rate, payload) };
        let occasion = payload.runs.wrapping_mul(256).wrapping_add(entry);
        call.when.as_ref().is_none_or(|when| when.fits(catalog, payload, &subject))
            && self.streams.calls.happens(payload.key, occasion, call.share)
    }
}

/// The record's payload, its attempt, and whether it failed.
fn record_at(work: Work, at: usize, register: &Register) -> (PayloadId, u32, bool) {
    match work {
        Work::One(payload) => (payload, register.get(payload).runs, false),
        Work::Batch(batch) => {
            let record = register.batch(batch)[at];
            (record.payload, record.attempt, record.failed)
        }
    }
}

/// Notes what became of each record; says whether the run did anything for the first time.
#[inline]
fn record_results<P: Port<Lambda>>(
    function: FunctionId,
    work: Work,
    error: Option<ErrorKind>,
    fx: &mut P,
) -> bool {
    let mut useful = false;
    for at in 0..fx.register().size(work) {
        let (payload, _, failed) = record_at(work, at, fx.register());
        if failed || error.is_some() {
            let rule = if error.is_some() { Rule::SI2 } else { Rule::E49 };
            fx.note(rule, Fact::RecordFailed { function, payload });
        } else {
            let known = fx.register().get_mut(payload);
            known.successes += 1;
            let nth = known.successes;
            useful |= nth == 1;
            fx.note(Rule::SM1, Fact::Processed { function, payload, nth });
        }
    }
    useful
}
