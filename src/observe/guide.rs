//! What the definitions of measures must know of the scenario, and of what happened before.

use super::{ledger::LedgerKind, measure::Measure};
use crate::{
    kernel::Time,
    model::{
        Fact, Register,
        config::{Config, OutletOf, Resources, Source, Via},
        outcome::{Origin, Role},
        register::Payload,
        vocabulary::{CallId, FunctionId, OutletId, PayloadId, QueueId},
    },
};

/// What a payload descends from.
#[derive(Clone, Copy, Debug)]
pub struct Descent {
    /// The caller that started it.
    pub caller: CallId,
    /// The arrival.
    pub root: PayloadId,
    /// Whether it entered after the warm-up. What did not is in the ledger only, and no threshold sees it.
    pub settled: bool,
}

/// What [`points`](super::point::points) must know of the scenario.
#[derive(Debug)]
pub struct Guide {
    /// Distributions take what entered from here …
    warmup: Time,
    /// … to before here.
    duration: Time,
    /// How each caller asks; a function's calls have no measures.
    pub(super) callers: Vec<Via>,
    pub(super) functions: Vec<FunctionNow>,
    /// Where the messages of each outlet come from.
    pub(super) outlets: Vec<OutletOf>,
    /// The queue that each mapping reads.
    pub(super) sources: Vec<QueueId>,
    /// What each stream is.
    pub(super) streams: Vec<Source>,
    /// The function of each mapping on a stream, and whether it reads Kafka, and that with provisioned pollers.
    pub(super) readers: Vec<(FunctionId, bool, bool)>,
    /// Whether its pollers are provisioned.
    pub(super) provisioned: Vec<bool>,
    /// The last run that was billed as wasted: if it was unawaited too, it is not wasted twice.
    pub(super) wasted: Option<(FunctionId, PayloadId, Time)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct FunctionNow {
    pub(super) memory_mb: u32,
    pub(super) reserved: bool,
    /// Has provisioned concurrency.
    pub(super) provides: bool,
    /// On-demand environments in use.
    pub(super) running: u64,
    /// Provisioned ones that can be used, and that are.
    pub(super) provisioned: u64,
    pub(super) provisioned_running: u64,
}

impl FunctionNow {
    /// How much of what can be used is, in the unit that is kept.
    pub(super) fn utilization(&self) -> u64 {
        let whole = Measure::ProvisionedConcurrencyUtilization.unit().scale();
        (self.provisioned_running * whole).checked_div(self.provisioned).unwrap_or(0)
    }
}

impl Guide {
    /// What is known at time 0.
    pub fn new(config: &Config) -> Guide {
        let resources = &*config.resources;
        let functions = resources.functions.iter().map(|function| FunctionNow {
            memory_mb: function.memory_mb,
            reserved: function.reserved.is_some(),
            provides: function.provisioned > 0,
            running: 0,
            provisioned: 0,
            provisioned_running: 0,
        });
        Guide {
            warmup: config.warmup,
            duration: config.duration,
            callers: resources.calls[..resources.callers].iter().map(|call| call.via).collect(),
            functions: functions.collect(),
            outlets: resources.outlets.iter().map(|outlet| outlet.origin).collect(),
            sources: resources.mappings.iter().map(|mapping| mapping.queue).collect(),
            provisioned: resources.mappings.iter().map(|m| m.provisioned.is_some()).collect(),
            streams: resources.streams.iter().map(|stream| stream.source).collect(),
            readers: resources
                .readers
                .iter()
                .map(|reader| {
                    let source = resources.streams[reader.stream.index()].source;
                    let kafka = matches!(source, Source::Msk | Source::Kafka);
                    (reader.function, kafka, kafka && reader.provisioned.is_some())
                })
                .collect(),
            wasted: None,
        }
    }

    /// The resources are these from now on. Says for which functions so many running environments
    /// became reserved (`false`) or unreserved (`true`).
    pub fn configured(&mut self, resources: &Resources) -> Vec<(u64, bool)> {
        self.provisioned = resources.mappings.iter().map(|m| m.provisioned.is_some()).collect();
        let mut moved = Vec::new();
        for (now, function) in self.functions.iter_mut().zip(&resources.functions) {
            now.memory_mb = function.memory_mb;
            now.provides = function.provisioned > 0;
            if now.reserved != function.reserved.is_some() {
                now.reserved = !now.reserved;
                moved.push((now.running, !now.reserved));
            }
        }
        moved
    }

    /// What of the account's concurrency is claimed while the resources are these: what nobody else
    /// can have.
    pub fn claimed(&self, resources: &Resources) -> u64 {
        let apart = resources.functions.iter().map(|f| f.reserved.unwrap_or(f.provisioned));
        let shared = self.functions.iter().filter(|function| !function.reserved);
        apart.map(u64::from).sum::<u64>() + shared.map(|function| function.running).sum::<u64>()
    }

    /// Follows what the definitions need of the past. Once for each fact.
    #[inline(always)]
    pub fn follow(&mut self, now: Time, fact: &Fact) {
        match *fact {
            Fact::RunStarted { function, provisioned: false, .. } => {
                self.functions[function.index()].running += 1;
            }
            Fact::RunEnded { function, provisioned: false, .. } => {
                let running = &mut self.functions[function.index()].running;
                *running = running.saturating_sub(1);
            }
            Fact::RunStarted { function, provisioned: true, .. } => {
                self.functions[function.index()].provisioned_running += 1;
            }
            Fact::RunEnded { function, provisioned: true, .. } => {
                let running = &mut self.functions[function.index()].provisioned_running;
                *running = running.saturating_sub(1);
            }
            Fact::Provisioned { function, environments, .. } => {
                self.functions[function.index()].provisioned = u64::from(environments);
            }
            Fact::Billed { function, payload, wasted: true, .. } => {
                self.wasted = Some((function, payload, now));
            }
            _ => (),
        }
    }

    /// Whether distributions take a sample of what `payload` descends from.
    #[inline(always)]
    pub(super) fn takes(&self, register: &Register, payload: PayloadId) -> bool {
        // Without a warm-up everything counts: arrivals stop before `duration` by themselves.
        self.warmup == Time::ZERO || self.takes_rarely(register, payload)
    }

    #[cold]
    pub(super) fn takes_rarely(&self, register: &Register, payload: PayloadId) -> bool {
        let born = register.root(payload).born;
        self.warmup <= born && born < self.duration
    }

    /// What a payload descends from.
    #[inline(always)]
    pub fn descent(&self, register: &Register, payload: &Payload) -> Descent {
        let Payload { caller, root, .. } = *payload;
        let settled = self.warmup == Time::ZERO || self.warmup <= register.get(root).born;
        Descent { caller, root, settled }
    }

    /// What a payload is counted as, beside the outcome of its arrival.
    #[inline(always)]
    pub fn kind(&self, payload: &Payload) -> LedgerKind {
        match payload.role {
            Role::Message(origin) => LedgerKind::Message(origin),
            Role::Request => LedgerKind::Request,
            Role::Arrival if self.via(payload.caller).is_some_and(Via::waits) => {
                LedgerKind::Awaited
            }
            Role::Arrival => LedgerKind::Message(Origin::Caller),
        }
    }

    /// Whether distributions take a sample of what came at `at`.
    pub(super) fn took(&self, at: Time) -> bool {
        self.warmup == Time::ZERO || self.warmup <= at && at < self.duration
    }

    /// Where the messages of an outlet come from.
    pub(super) fn origin(&self, outlet: OutletId) -> OutletOf {
        self.outlets[outlet.index()]
    }

    /// How a caller asks; none for a function's call.
    #[inline(always)]
    pub(super) fn via(&self, call: CallId) -> Option<Via> {
        self.callers.get(call.index()).copied()
    }
}
