//! Provisioned concurrency: environments that are made ahead of need and kept (SN4 to SN7).
//!
//! ```text
//!  configured ── start delay ──► one each 10 ms ── Init ──► all are ready: used first
//!       └─ claimed from the reservation or the account from here on
//! ```
//!
//! What runs there counts apart from what runs on demand. Fewer of them, or new code, takes environments
//! away under running runs: those count as on demand from then on, and their environment ends with them.

use super::{Lambda, Wake, admission::requests_of, environments::Environment};
use crate::{
    kernel::{Span, Time},
    model::{Fact, Port, Rule, policy::bucket::Bucket, vocabulary::FunctionId},
};

/// From one environment that is made to the next: 6,000 a minute (SN5).
const SPACING: Span = Span::millis(10);
/// The Init phase of a provisioned environment may take so long, or as long as the function's timeout
/// (SE3).
const INIT_MAX: Span = Span::secs(130);

/// The provisioned environments of a function.
#[derive(Debug)]
pub(super) struct Provisioned {
    /// How many there are to be.
    wanted: u32,
    /// How many can be used.
    ready: u32,
    /// How many are in use.
    running: u32,
    /// Runs of this code whose environment ends with them, since fewer are wanted now.
    surplus: u32,
    /// The idle ones, the most recently used at the back: whether each is reset (SE5).
    idle: Vec<bool>,
    /// Requests a second that they may take; none: not limited.
    requests: Option<Bucket>,
    /// Counts those that were ever made: each has its own Init.
    made: u64,
    /// Counts allocations, so that the appointment of a superseded one is known.
    number: u32,
    /// What the allocation under way comes to.
    under_way: Allocation,
}

/// What making environments comes to.
#[derive(Clone, Copy, Debug, Default)]
struct Allocation {
    /// From its beginning until all are ready, or one of them has failed.
    takes: Span,
    /// The Init of one of them took too long.
    failed: bool,
    billed_ms: u64,
}

impl Provisioned {
    fn new() -> Provisioned {
        Provisioned {
            wanted: 0,
            ready: 0,
            running: 0,
            surplus: 0,
            idle: Vec::new(),
            requests: None,
            made: 0,
            number: 0,
            under_way: Allocation::default(),
        }
    }

    /// Whether one can be used.
    pub(super) fn has_idle(&self) -> bool {
        !self.idle.is_empty()
    }

    /// Takes the most recently used, if there is one; `rated`: and a request of this second.
    pub(super) fn take(&mut self, now: Time, rated: bool) -> Option<Environment> {
        if self.idle.is_empty() {
            return None;
        }
        if rated && !self.requests.as_mut().is_none_or(|bucket| bucket.take(now)) {
            return None;
        }
        let reset = self.idle.pop().expect("there is one");
        self.running += 1;
        Some(Environment::Provisioned { reset })
    }

    /// From now on so many can be used.
    fn become_ready(&mut self, ready: u32, rated: bool, now: Time) {
        self.idle.resize((ready - self.running) as usize, false);
        self.ready = ready;
        self.requests = rated.then(|| requests_of(self.requests, ready, now));
    }
}

impl Lambda {
    /// The beginning: what the file provisions was deployed before, and is there.
    pub fn begin(&mut self, fx: &mut impl Port<Self>) {
        for at in 0..self.functions.len() {
            let wanted = self.functions[at].config.provisioned;
            if wanted > 0 {
                let function = FunctionId::at(at);
                self.claim(function, wanted);
                let allocation = self.allocation(function, wanted);
                let ready = if allocation.failed { 0 } else { wanted };
                self.provide(Time::ZERO, function, ready, allocation.failed, 0, fx);
            }
        }
    }

    /// The settings provide for so many: at once if that is fewer, by an allocation if it is more.
    pub(super) fn provision(
        &mut self,
        now: Time,
        function: FunctionId,
        wanted: u32,
        fx: &mut impl Port<Self>,
    ) {
        let plane = &self.functions[function.index()];
        let known = plane.provisioned.as_ref().map_or(0, |provisioned| provisioned.wanted);
        if known == wanted {
            return;
        }
        self.claim(function, wanted);
        let plane = &mut self.functions[function.index()];
        let provisioned = plane.provisioned.as_mut().expect("just claimed");
        if wanted < provisioned.ready {
            let surplus = provisioned.running.saturating_sub(wanted);
            provisioned.running -= surplus;
            provisioned.surplus += surplus;
            // The least recently used go.
            let kept = (wanted - provisioned.running) as usize;
            let gone = provisioned.idle.len() - kept;
            provisioned.idle.drain(..gone);
            plane.running += surplus;
            if !plane.limits.is_reserved() {
                self.limits.pool_running += surplus;
            }
            self.provide(now, function, wanted, false, 0, fx);
        } else {
            self.allocate(function, fx);
        }
    }

    /// New code: environments of the old one end with their runs, and as many are made anew.
    pub(super) fn provision_anew(
        &mut self,
        now: Time,
        function: FunctionId,
        fx: &mut impl Port<Self>,
    ) {
        let plane = &mut self.functions[function.index()];
        let Some(provisioned) = &mut plane.provisioned else { return };
        let running = std::mem::take(&mut provisioned.running);
        provisioned.idle.clear();
        // Runs of the old code are known by its version.
        provisioned.surplus = 0;
        let had = provisioned.ready;
        plane.running += running;
        if !plane.limits.is_reserved() {
            self.limits.pool_running += running;
        }
        if had > 0 {
            self.provide(now, function, 0, false, 0, fx);
        }
        self.allocate(function, fx);
    }

    /// A run in a provisioned environment ends; `current`: it ran the code of now.
    #[cold]
    pub(super) fn end_provisioned(&mut self, function: FunctionId, current: bool, reset: bool) {
        let plane = &mut self.functions[function.index()];
        let provisioned = plane.provisioned.as_mut().expect("it has one in use");
        if current && provisioned.surplus == 0 {
            provisioned.running -= 1;
            provisioned.idle.push(reset);
            return;
        }
        if current {
            provisioned.surplus -= 1;
        }
        plane.running -= 1;
        if !plane.limits.is_reserved() {
            self.limits.pool_running -= 1;
        }
    }

    fn claim(&mut self, function: FunctionId, wanted: u32) {
        let plane = &mut self.functions[function.index()];
        let provisioned = plane.provisioned.get_or_insert_with(|| Box::new(Provisioned::new()));
        provisioned.wanted = wanted;
        provisioned.number += 1;
    }

    /// Begins to make what is missing.
    fn allocate(&mut self, function: FunctionId, fx: &mut impl Port<Self>) {
        let provisioned = self.functions[function.index()].provisioned.as_mut();
        let provisioned = provisioned.expect("it has been claimed");
        provisioned.number += 1;
        let (number, missing) = (provisioned.number, provisioned.wanted - provisioned.ready);
        if missing > 0 {
            let allocation = self.allocation(function, missing);
            let provisioned = self.functions[function.index()].provisioned.as_mut();
            provisioned.expect("it has been claimed").under_way = allocation;
            let delay = self.provisioned_start_delay;
            fx.wake(delay.saturating_add(allocation.takes), Wake::Allocated { function, number });
        }
    }

    /// What making `missing` environments comes to: one is begun after the other, and all must be ready.
    fn allocation(&mut self, function: FunctionId, missing: u32) -> Allocation {
        let plane = &mut self.functions[function.index()];
        let provisioned = plane.provisioned.as_mut().expect("it has been claimed");
        let init_max = INIT_MAX.max(plane.config.timeout);
        let mut all = Allocation::default();
        for nth in 1..=u64::from(missing) {
            let mut draw = plane.streams.provisioned.draw(provisioned.made, 0);
            provisioned.made += 1;
            let init = plane.config.init_time.sample_span(&mut draw, |_| None);
            let ended = SPACING.times(nth).saturating_add(init.min(init_max));
            all.billed_ms += init.min(init_max).ceil_millis();
            if init_max < init {
                all.takes = if all.failed { all.takes.min(ended) } else { ended };
                all.failed = true;
            } else if !all.failed {
                all.takes = all.takes.max(ended);
            }
        }
        all
    }

    /// An allocation is over.
    #[cold]
    pub(super) fn allocated(
        &mut self,
        now: Time,
        function: FunctionId,
        number: u32,
        fx: &mut impl Port<Self>,
    ) {
        let provisioned = self.functions[function.index()].provisioned.as_ref();
        let provisioned = provisioned.expect("it has been claimed");
        if provisioned.number != number {
            return; // What was asked for has changed since.
        }
        let Allocation { failed, billed_ms, .. } = provisioned.under_way;
        let ready = if failed { provisioned.ready } else { provisioned.wanted };
        self.provide(now, function, ready, failed, billed_ms, fx);
    }

    /// From now on so many can be used.
    fn provide(
        &mut self,
        now: Time,
        function: FunctionId,
        environments: u32,
        failed: bool,
        billed_ms: u64,
        fx: &mut impl Port<Self>,
    ) {
        let rated = self.is_rate_limited();
        let provisioned = self.functions[function.index()].provisioned.as_mut();
        provisioned.expect("it has been claimed").become_ready(environments, rated, now);
        let rule = match (failed, billed_ms) {
            (true, _) => Rule::SE3,
            (false, 0) => Rule::SN5,
            (false, _) => Rule::SE13,
        };
        fx.note(rule, Fact::Provisioned { function, environments, billed_ms });
        self.tell_all(now, fx);
    }
}
