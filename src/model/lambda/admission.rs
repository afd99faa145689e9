//! Who is let in: the limits of the account and of each function (SN), the guard against loops, and
//! who is told when there is room again.
//!
//! ```text
//!  forbidden ─► loop ─► reserved 0 ─► 5xx ─► provisioned ─► rate ─► concurrency ─► idle ─► growth ─► new
//!     404        400       429        500     taken first    429       429        taken      429
//! ```

use super::{Lambda, Out, Plane, Wake, environments::Environment};
use crate::{
    kernel::{Probability, Span, Time},
    model::{
        Fact, Port, Rule,
        config::{Resources, Scaling},
        outcome::Trouble,
        policy::{bucket::Bucket, growth::Growth},
        vocabulary::{FunctionId, Outcome, ReplyTo, Work},
    },
};

/// Requests a second for a unit of concurrency (SN13).
const REQUESTS_PER_UNIT: u64 = 10;

/// What limits the functions of the account together.
#[derive(Debug)]
pub(super) struct Limits {
    /// On-demand environments that functions without a reservation may have in use together.
    pool: u32,
    /// Those that they have.
    pub(super) pool_running: u32,
    /// Their requests a second; none: not limited.
    requests: Option<Bucket>,
    /// Whether requests a second are limited at all (U1).
    requests_limited: bool,
    /// How functions get new environments (U2).
    scaling: Scaling,
    /// The new environments of all functions, where they have them together (SN12).
    burst: Option<Growth>,
    /// Counts those who wait for capacity, so that the first to ask is the first to be told.
    asked: u64,
    /// Those who wait for capacity now.
    pub(super) waiting: usize,
    /// When those who wait are looked at although nothing ended.
    reminder: Option<Time>,
}

/// What limits one function.
#[derive(Debug)]
pub(super) struct OwnLimits {
    /// With a reservation: on-demand environments that it may have in use.
    ceiling: Option<u32>,
    /// With a reservation above 0: its requests a second.
    requests: Option<Bucket>,
    /// Its new environments, where it has them alone.
    growth: Option<Growth>,
}

impl OwnLimits {
    /// No reservation; the first change of settings brings what else there is.
    pub(super) fn new(scaling: Scaling) -> OwnLimits {
        let growth = match scaling {
            Scaling::Continuous => Some(Growth::continuous()),
            Scaling::Stepwise => Some(Growth::stepwise()),
            Scaling::Burst(_) | Scaling::Off => None,
        };
        OwnLimits { ceiling: None, requests: None, growth }
    }

    /// Whether its concurrency is its own.
    #[inline]
    pub(super) fn is_reserved(&self) -> bool {
        self.ceiling.is_some()
    }
}

impl Limits {
    /// No concurrency; [`Lambda::take_limits`] brings it.
    pub(super) fn new(resources: &Resources) -> Limits {
        let scaling = resources.assumptions.scaling;
        Limits {
            pool: 0,
            pool_running: 0,
            requests: None,
            requests_limited: resources.assumptions.request_rate_limit,
            scaling,
            burst: match scaling {
                Scaling::Burst(burst) => Some(Growth::burst(burst)),
                Scaling::Continuous | Scaling::Stepwise | Scaling::Off => None,
            },
            asked: 0,
            waiting: 0,
            reminder: None,
        }
    }
}

/// The bucket of ten requests a second for each of `units`; one that is there keeps what is in it.
pub(super) fn requests_of(bucket: Option<Bucket>, units: u32, now: Time) -> Bucket {
    let requests = REQUESTS_PER_UNIT * u64::from(units);
    match bucket {
        Some(mut bucket) => {
            bucket.resize(now, requests, requests);
            bucket
        }
        None => Bucket::new(requests, requests, Span::secs(1)),
    }
}

impl Lambda {
    /// Takes the limits that the settings make: reservations and what is provisioned are taken out of
    /// the account's concurrency whether or not they are used.
    pub(super) fn take_limits(&mut self, now: Time, resources: &Resources) {
        let mut claimed = 0u32;
        for (plane, config) in self.functions.iter_mut().zip(&resources.functions) {
            let own = &mut plane.limits;
            claimed = claimed.saturating_add(config.reserved.unwrap_or(config.provisioned));
            own.ceiling = config.reserved.map(|units| units.saturating_sub(config.provisioned));
            own.requests = config
                .reserved
                .filter(|units| *units > 0 && self.limits.requests_limited)
                .map(|units| requests_of(own.requests, units, now));
        }
        let concurrency = resources.account.concurrency;
        let limits = &mut self.limits;
        limits.pool = concurrency.saturating_sub(claimed);
        if limits.requests_limited {
            limits.requests = Some(requests_of(limits.requests, concurrency, now));
        }
    }

    /// Whether requests a second are limited.
    pub(super) fn is_rate_limited(&self) -> bool {
        self.limits.requests_limited
    }

    /// Whether requests of this asker are limited by the second: of those that wait for an answer only.
    #[inline]
    fn is_rated(&self, asker: ReplyTo) -> bool {
        asker.is_client() && self.limits.requests_limited
    }

    /// Whether the function may have one more on-demand environment in use.
    #[inline]
    fn has_room(&self, plane: &Plane) -> bool {
        match plane.limits.ceiling {
            Some(ceiling) => plane.running < ceiling,
            None => self.limits.pool_running < self.limits.pool,
        }
    }

    /// Whether the function's on-demand runs, which may be more than a lowered limit allows, leave its
    /// provisioned environments their share.
    #[inline]
    fn leaves_provisioned(&self, plane: &Plane) -> bool {
        match plane.limits.ceiling {
            Some(ceiling) => plane.running <= ceiling,
            None => self.limits.pool_running <= self.limits.pool,
        }
    }

    /// How long who waits for capacity has to wait: not at all if there is some, or if there will be
    /// none; none, if a run must end first.
    fn answers_in(&self, now: Time, function: FunctionId) -> Option<Span> {
        let plane = &self.functions[function.index()];
        if plane.config.forbidden || plane.config.reserved == Some(0) {
            return Some(Span::ZERO);
        }
        if plane.provisioned.as_ref().is_some_and(|p| p.has_idle())
            && self.leaves_provisioned(plane)
        {
            return Some(Span::ZERO);
        }
        if !self.has_room(plane) {
            return None;
        }
        if plane.has_idle(now) {
            return Some(Span::ZERO);
        }
        let growth = plane.limits.growth.as_ref().or(self.limits.burst.as_ref());
        Some(growth.map_or(Span::ZERO, |growth| growth.wait(now)))
    }

    /// Lets an invocation in and says where it runs, or how it is refused. The order of the checks is
    /// assumed.
    #[inline]
    pub(super) fn admit(
        &mut self,
        now: Time,
        function: FunctionId,
        work: Work,
        asker: ReplyTo,
        fx: &mut impl Port<Self>,
    ) -> Result<Environment, Outcome> {
        let payload = fx.register().head(work);
        let plane = &self.functions[function.index()];
        if plane.config.forbidden {
            let event = matches!(asker, ReplyTo::EventQueue(..));
            let rule = if event { Rule::A2_22 } else { Rule::SI19 };
            refused(function, work, Trouble::Missing, fx);
            fx.note(rule, Fact::Missing { function, payload });
            return Err(Outcome::NotFound);
        }
        if plane.may_loop && !plane.config.loops_allowed {
            let lineage = fx.register().get(payload).lineage;
            if fx.register().step(lineage, function).is_none() {
                let call = matches!(asker, ReplyTo::Call(..));
                let rule = if call { Rule::SI11 } else { Rule::A6_2 };
                refused(function, work, Trouble::Loop, fx);
                fx.note(rule, Fact::LoopStopped { function, payload });
                return Err(Outcome::RecursiveInvocation);
            }
        }
        if plane.config.reserved == Some(0) {
            refused(function, work, Trouble::Throttle, fx);
            // An event is given up at once and counts no throttle (A2.21); who waits gets a 429.
            if !matches!(asker, ReplyTo::EventQueue(..)) {
                fx.note(Rule::SI28, Fact::Throttled { function, payload, work });
            }
            return Err(Outcome::ZeroReservedConcurrency);
        }
        let tries = {
            let payload = fx.register().get_mut(payload);
            payload.tries = payload.tries.saturating_add(1);
            payload.tries
        };
        if plane.config.system_error_rate != Probability::NEVER {
            let key = fx.register().get(payload).key;
            if plane.streams.system.happens(key, tries, plane.config.system_error_rate) {
                refused(function, work, Trouble::SystemError, fx);
                fx.note(Rule::SI24, Fact::SystemErred { function, payload });
                return Err(Outcome::SystemError);
            }
        }
        let rated = self.is_rated(asker);
        if plane.provisioned.is_some()
            && let Some(environment) = self.take_provisioned(now, function, rated)
        {
            return Ok(environment);
        }
        self.admit_on_demand(now, function, rated).map_err(|rule| {
            refused(function, work, Trouble::Throttle, fx);
            fx.note(rule, Fact::Throttled { function, payload, work });
            Outcome::Throttled
        })
    }

    /// Takes an idle or a new environment, or says which limit is met.
    #[inline]
    fn admit_on_demand(
        &mut self,
        now: Time,
        function: FunctionId,
        rated: bool,
    ) -> Result<Environment, Rule> {
        // A request that the rate lets through spends its token, whatever is said of it after that.
        if rated && !self.is_within_rate(now, function) {
            return Err(Rule::SN13);
        }
        let plane = &self.functions[function.index()];
        if !self.has_room(plane) {
            return Err(match plane.config.reserved {
                Some(units) if units == plane.config.provisioned => Rule::SN7,
                Some(_) if plane.config.provisioned > 0 => Rule::SN4,
                Some(_) => Rule::SN3,
                None => Rule::SN2,
            });
        }
        let plane = &mut self.functions[function.index()];
        let environment = plane.environment(now);
        if matches!(environment, Environment::Cold { .. }) {
            let growth = plane.limits.growth.as_mut().or(self.limits.burst.as_mut());
            if growth.is_some_and(|growth| !growth.take(now)) {
                return Err(match self.limits.scaling {
                    Scaling::Continuous => Rule::SN10,
                    Scaling::Stepwise => Rule::SN9,
                    Scaling::Burst(_) | Scaling::Off => Rule::SN12,
                });
            }
        }
        plane.running += 1;
        if !plane.limits.is_reserved() {
            self.limits.pool_running += 1;
        }
        Ok(environment)
    }

    /// Takes a provisioned environment, if one is idle and may be used.
    #[cold]
    fn take_provisioned(
        &mut self,
        now: Time,
        function: FunctionId,
        rated: bool,
    ) -> Option<Environment> {
        if !self.leaves_provisioned(&self.functions[function.index()]) {
            return None;
        }
        let plane = &mut self.functions[function.index()];
        plane.provisioned.as_mut()?.take(now, rated)
    }

    fn is_within_rate(&mut self, now: Time, function: FunctionId) -> bool {
        let plane = &mut self.functions[function.index()];
        let bucket = match &mut plane.limits.requests {
            Some(own) => own,
            None => self.limits.requests.as_mut().expect("requests are limited"),
        };
        bucket.take(now)
    }

    /// One who was refused, or would be, wants to be told of capacity.
    pub(super) fn wait(
        &mut self,
        now: Time,
        function: FunctionId,
        who: ReplyTo,
        fx: &mut impl Port<Self>,
    ) {
        self.limits.asked += 1;
        self.limits.waiting += 1;
        self.functions[function.index()].waiting.push_back((self.limits.asked, who));
        self.tell_one(now, fx);
    }

    /// Tells the one that has waited longest for a function that has capacity now.
    #[inline]
    pub(super) fn tell_one(&mut self, now: Time, fx: &mut impl Port<Self>) {
        if self.limits.waiting > 0 {
            self.tell_one_who_waits(now, fx);
        }
    }

    fn tell_one_who_waits(&mut self, now: Time, fx: &mut impl Port<Self>) {
        let mut first: Option<(u64, FunctionId)> = None;
        let mut soonest: Option<Span> = None;
        for (plane, at) in self.functions.iter().zip(0..) {
            let Some((asked, _)) = plane.waiting.front() else { continue };
            match self.answers_in(now, FunctionId(at)) {
                Some(Span::ZERO) if first.is_none_or(|(earliest, _)| *asked < earliest) => {
                    first = Some((*asked, FunctionId(at)));
                }
                Some(wait) if wait > Span::ZERO => {
                    soonest = Some(soonest.map_or(wait, |soonest| soonest.min(wait)));
                }
                Some(_) | None => (),
            }
        }
        if let Some((_, function)) = first {
            let waiting = &mut self.functions[function.index()].waiting;
            let (_, who) = waiting.pop_front().expect("it has a front");
            self.limits.waiting -= 1;
            fx.send(Out::Capacity(who));
        } else if let Some(wait) = soonest {
            let due = now.saturating_add(wait);
            if self.limits.reminder.is_none_or(|earlier| due < earlier || earlier <= now) {
                self.limits.reminder = Some(due);
                fx.wake(wait, Wake::Reminder);
            }
        }
    }

    /// Tells as many as may have found room by a change: each is told apart, and asks again if another
    /// was faster.
    pub(super) fn tell_all(&mut self, now: Time, fx: &mut impl Port<Self>) {
        for _ in 0..self.limits.waiting {
            self.tell_one(now, fx);
        }
    }
}

/// An invocation was refused: each payload that was in it remembers.
fn refused(function: FunctionId, work: Work, trouble: Trouble, fx: &mut impl Port<Lambda>) {
    let register = fx.register();
    for at in 0..register.size(work) {
        let payload = register.payload_at(work, at);
        register.get_mut(payload).met.meet_at(function, trouble);
    }
}
