//! Probes: what formulas ask of a run, taken while it goes on, and their values at its end.
//!
//! A measure that is asked for over the whole run and of all payloads is read from the table of numbers when the run is
//! over: what a threshold says and what a table shows is the same cell. Every other measure of a formula is one probe.
//! Probes hang on the (resource, measure) whose points they want. They take the same points as the table
//! ([`points`](super::point::points)), so a definition is the same in both; unlike the table they know windows, filters,
//! periods and instants.

mod gather;
mod questions;

pub use self::questions::{Questions, Times};
use self::{gather::Gather, questions::scaled};
use super::{
    cost::{self, Meter},
    counted::Counted,
    formula::{Filter, Statistic, Term, Value},
    guide::{Descent, Guide},
    ledger::LedgerKind,
    measure::{Measure, Of, taken, typed as m},
    point::{About, Bases, Sink, SinkOf, points_of_end},
    pool::Pool,
    table::place_measure,
};
use crate::{
    kernel::Time,
    model::{
        Place, Register, Resource,
        config::Resources,
        facts::Answer,
        outcome::Reason,
        resource::{self, IsOf},
        value::{AttributeId, Catalog, Word},
        vocabulary::{CallId, PayloadId, ShardId},
    },
};
use std::{marker::PhantomData, sync::Arc};

/// All probes of a run.
#[derive(Debug, Default)]
pub struct Probes {
    probes: Vec<Probe>,
    /// For each resource and measure the group of probes on it; 0 is none.
    table: Vec<u16>,
    groups: Vec<Vec<usize>>,
    base: Bases,
    catalog: Arc<Catalog>,
    warmup: Time,
    duration: Time,
    /// Only if a formula asks what the run costs.
    biller: Option<Biller>,
}

/// What the run has cost so far.
#[derive(Debug)]
struct Biller {
    meter: Meter,
    resources: Arc<Resources>,
}

#[derive(Debug)]
struct Probe {
    wants: Wants,
    gather: Gather,
}

/// Which points a probe wants.
#[derive(Debug)]
enum Wants {
    All,
    Label(String),
    Shard(ShardId),
    /// An attribute's word, as a text and as a number if it spells one.
    Attribute(AttributeId, String, Option<f64>),
    /// An attribute that no payload has.
    Nothing,
}

impl Wants {
    fn new(filter: Option<&Filter>, catalog: &Catalog) -> Wants {
        match filter {
            None => Wants::All,
            Some(Filter::Label(label)) => Wants::Label(label.clone()),
            Some(Filter::Shard(number)) => Wants::Shard(ShardId(*number)),
            Some(Filter::Attribute(key, value)) => {
                match catalog.attributes.iter().position(|known| known == key) {
                    None => Wants::Nothing,
                    Some(at) => {
                        let id = AttributeId(u16::try_from(at).expect("an attribute's id"));
                        Wants::Attribute(id, value.clone(), value.parse().ok())
                    }
                }
            }
        }
    }

    fn take(&self, about: About, register: &Register, catalog: &Catalog) -> bool {
        match self {
            Wants::All => true,
            Wants::Nothing => false,
            Wants::Label(label) => about.label == label,
            Wants::Shard(shard) => about.shard == Some(*shard),
            Wants::Attribute(id, text, number) => {
                about.payload.is_some_and(|payload| {
                    match catalog.word(register.get(payload), *id) {
                        None => false,
                        Some(Word::Text(at)) => catalog.texts[at as usize] == *text,
                        Some(Word::Number(n)) => number.is_some_and(|wanted| wanted == n),
                    }
                })
            }
        }
    }
}

impl Probes {
    /// Hangs a probe for a term; gives its number.
    fn hang(&mut self, term: &Term, resources: &Arc<Resources>) -> usize {
        if self.table.is_empty() {
            self.base = Bases::new(resources);
            self.table = vec![0; self.base.end()];
            self.groups = vec![Vec::new()];
        }
        if term.measure == Measure::CostUsd {
            let meter = Meter::new(resources.assumptions.free_tier);
            self.biller = Some(Biller { meter, resources: Arc::clone(resources) });
        }
        let wants = Wants::new(term.filter.as_ref(), &self.catalog);
        let probe = Probe { wants, gather: Gather::new(term, self.warmup) };
        let group = &mut self.table[self.base.of(term.resource) + term.measure as usize];
        if *group == 0 {
            *group = u16::try_from(self.groups.len()).expect("fewer measures than 65,536");
            self.groups.push(Vec::new());
        }
        self.groups[usize::from(*group)].push(self.probes.len());
        self.probes.push(probe);
        self.probes.len() - 1
    }

    /// Whether there are none: points need not be given.
    pub fn is_empty(&self) -> bool {
        self.probes.is_empty()
    }

    /// Something was counted at an edge of time that is no fact.
    pub(super) fn count(&mut self, counted: &Counted) {
        if !self.is_empty() {
            let (now, register) = (counted.at(), &Register::default());
            counted.count(&mut ProbesNow { probes: self, register, now });
        }
    }

    /// An arrival is over, or is left when the run ends.
    pub(super) fn end(&mut self, guide: &Guide, register: &Register, root: PayloadId, now: Time) {
        if !self.is_empty() {
            points_of_end(guide, register, root, &mut ProbesNow { probes: self, register, now });
        }
    }

    /// The samples behind a probe.
    fn pool(&self, at: usize) -> Option<Pool> {
        match &self.probes[at].gather {
            Gather::Counting(counting) => {
                Some(Pool::new(counting.stats, counting.histogram.clone()))
            }
            Gather::CountingPer(_) | Gather::Level(_) | Gather::LevelPer(_) => None,
        }
    }

    fn value(&mut self, at: usize, term: &Term, end: Time) -> Option<Value> {
        let plain = term.statistic.unwrap_or(Statistic::Sum);
        let value = match (&mut self.probes[at].gather, term.per) {
            (Gather::Counting(counting), _) => counting.value(plain),
            (Gather::Level(level), _) => level.value(term.statistic, self.duration, end),
            (Gather::CountingPer(counting), Some((_, outer))) => {
                counting.value(plain, outer, self.duration)
            }
            (Gather::LevelPer(level), Some((_, outer))) => {
                level.value(term.statistic, outer, self.duration)
            }
            (Gather::CountingPer(_) | Gather::LevelPer(_), None) => {
                unreachable!("made because there is `per`")
            }
        };
        scaled(term, value)
    }
}

/// What a formula came to in a run.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Its value, if its measures have data.
    pub value: Option<Value>,
    /// The samples behind it, if it is a statistic of samples.
    pub pool: Option<Pool>,
}

/// [`Probes`] at an instant: what points are given to.
#[derive(Debug)]
pub struct ProbesNow<'a> {
    /// The probes.
    pub probes: &'a mut Probes,
    /// What is known of payloads.
    pub register: &'a Register,
    /// The instant.
    pub now: Time,
}

/// The probes on one resource.
#[derive(Debug)]
pub struct ProbesOf<'a, K> {
    probes: &'a mut Probes,
    register: &'a Register,
    resource: Resource,
    /// Where the resource begins in the table.
    base: usize,
    now: Time,
    kind: PhantomData<K>,
}

impl<K> ProbesOf<'_, K> {
    /// Every probe on a measure that wants the point.
    #[inline(always)]
    fn each(&mut self, measure: Measure, about: About, take: impl FnMut(&mut Gather)) {
        let group = self.probes.table[self.base + measure as usize];
        if group != 0 {
            self.each_of(group, about, take);
        }
    }

    #[inline(never)]
    fn each_of(&mut self, group: u16, about: About, mut take: impl FnMut(&mut Gather)) {
        let Probes { probes, groups, catalog, .. } = &mut *self.probes;
        for at in &groups[usize::from(group)] {
            let Probe { wants, gather } = &mut probes[*at];
            if wants.take(about, self.register, catalog) {
                take(gather);
            }
        }
    }
}

impl<K> ProbesOf<'_, K> {
    /// What was counted may be billed: `cost_usd` counts what it costs at this point of the month.
    #[inline(always)]
    fn bill(&mut self, measure: Measure, quantity: u64) {
        if self.probes.biller.is_some() {
            self.bill_counted(measure, quantity);
        }
    }

    #[inline(never)]
    fn bill_counted(&mut self, measure: Measure, quantity: u64) {
        let Probes { biller: Some(biller), base, warmup, .. } = &mut *self.probes else { return };
        if self.now < *warmup {
            return;
        }
        let Some(item) = cost::item(self.resource, measure, &biller.resources) else { return };
        let more = biller.meter.add(item, quantity).0;
        let more = u64::try_from(more).expect("one thing costs less than 1,800 dollars");
        self.base = base.of(Resource::RUN);
        let now = self.now;
        self.each(Measure::CostUsd, About::default(), |gather| gather.add(now, more, more > 0));
        self.base = self.probes.base.of(self.resource);
    }
}

impl ProbesNow<'_> {
    /// The probes on a resource of whatever kind.
    fn on(&mut self, resource: Resource) -> ProbesOf<'_, ()> {
        let base = self.probes.base.of(resource);
        let (register, now, kind) = (self.register, self.now, PhantomData);
        ProbesOf { probes: self.probes, register, resource, base, now, kind }
    }
}

impl Sink for ProbesNow<'_> {
    type Row<'a, K: resource::Kind>
        = ProbesOf<'a, K>
    where
        Self: 'a;

    #[inline(always)]
    fn of<I: IsOf>(&mut self, id: I) -> ProbesOf<'_, I::Kind> {
        let kind = <I::Kind as resource::Kind>::KIND;
        let index = u16::try_from(id.position()).expect("ids have 16 bits");
        let ProbesOf { probes, register, resource, base, now, .. } =
            self.on(Resource { kind, index });
        ProbesOf { probes, register, resource, base, now, kind: PhantomData }
    }

    fn arrived(&mut self, Descent { caller, root, settled }: Descent) {
        if !settled {
            return;
        }
        let (now, about) = (self.now, About::payload(root));
        for resource in [Resource::from(caller), Resource::RUN] {
            let mut probes = self.on(resource);
            probes.each(Measure::Arrivals, about, |gather| gather.add(now, 1, true));
            probes.each(Measure::InFlight, about, |gather| gather.step(now, true));
        }
    }

    fn entered(&mut self, of: Descent, kind: LedgerKind, payload: PayloadId) {
        let Descent { caller, settled, .. } = of;
        if !settled || !matches!(kind, LedgerKind::Message(_)) {
            return;
        }
        let (now, about) = (self.now, About::payload(payload));
        for resource in [Resource::from(caller), Resource::RUN] {
            self.on(resource).each(Measure::Messages, about, |gather| gather.add(now, 1, true));
        }
    }

    fn moved(&mut self, _: Descent, _: LedgerKind, _: Place, _: Place) {}

    fn turned(&mut self, of: Descent, from: Place, to: Place, reason: Reason) {
        let Descent { caller, root, settled } = of;
        if !settled {
            return;
        }
        let (now, about) = (self.now, About::payload(root));
        let why = About { label: reason.word(), ..about };
        for resource in [Resource::from(caller), Resource::RUN] {
            let mut probes = self.on(resource);
            probes.each(place_measure(from), about, |gather| gather.step(now, false));
            probes.each(place_measure(to), why, |gather| {
                gather.step(now, true);
                gather.add(now, 1, true);
            });
        }
    }

    fn answered(&mut self, caller: CallId, _: Answer, about: About) {
        self.of(caller).count(m::Answered, true, about);
    }
}

impl<K: resource::Kind> SinkOf<K> for ProbesOf<'_, K> {
    #[inline(always)]
    fn count<M: Of<K> + taken::Count>(&mut self, measure: M, counted: bool, about: About) {
        self.count_at(self.now, measure, counted, about);
        self.bill(M::MEASURE, u64::from(counted));
    }

    #[inline(always)]
    fn count_at<M: Of<K> + taken::Count>(&mut self, at: Time, _: M, counted: bool, about: About) {
        self.each(M::MEASURE, about, |gather| gather.add(at, u64::from(counted), counted));
    }

    #[inline(always)]
    fn add<M: Of<K> + taken::Amount>(&mut self, _: M, amount: u64, about: About) {
        let now = self.now;
        self.each(M::MEASURE, about, |gather| gather.add(now, amount, amount > 0));
        self.bill(M::MEASURE, amount);
    }

    #[inline(always)]
    fn step<M: Of<K> + taken::Gauge>(&mut self, _: M, up: bool, about: About) {
        let now = self.now;
        self.each(M::MEASURE, about, |gather| gather.step(now, up));
    }

    #[inline(always)]
    fn set<M: Of<K> + taken::Gauge>(&mut self, _: M, level: u64) {
        let now = self.now;
        self.each(M::MEASURE, About::default(), |gather| gather.set(now, level));
    }

    #[inline(always)]
    fn sample<M: Of<K> + taken::Distribution>(&mut self, _: M, value: u64, about: About) {
        let now = self.now;
        self.each(M::MEASURE, about, |gather| gather.add(now, value, true));
    }

    fn never<M: Of<K> + taken::Distribution>(&mut self, _: M, about: About) {
        let now = self.now;
        self.each(M::MEASURE, about, |gather| gather.add_never(now));
    }
}
