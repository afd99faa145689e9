//! The table of numbers: a row for each resource, a column for each measure that its kind has. The only place where
//! numbers are kept while a run goes on.
//!
//! ```text
//!   fact ──► points ──► a cell                                      (and nothing else)
//!   an edge of time ──► look ──► marks of: series (a period), recording (a bin), alarms (a minute)
//!   the end ──► results, bill, ledger, verdicts
//! ```
//!
//! The layout follows from the catalogue of measures, so a measure without a cell cannot be. Cells stand in four
//! arrays by their form; where a measure's column is, is known when the program is compiled.

use super::{
    cell::{Cell, CellMut, Counter, Gauge, Samples, Tally},
    guide::Descent,
    ledger::{Account, Book, LedgerKind},
    measure::{Form, Measure, Of, column, taken, typed as m, width},
    point::{About, Sink, SinkOf, took_to},
};
use crate::{
    kernel::Time,
    model::{
        Place, Resource, ResourceKind,
        config::Resources,
        facts::Answer,
        outcome::Reason,
        resource::{IsOf, Kind, TheAccount, TheRun, kind},
        vocabulary::{CallId, PayloadId},
    },
};
use std::marker::PhantomData;

/// Where the rows of each kind of resource begin in the array of each form, and how wide they are.
#[derive(Clone, Copy, Debug)]
struct Layout {
    bases: [[u32; ResourceKind::COUNT]; Form::COUNT],
}

const FORMS: [Form; Form::COUNT] = [Form::Counter, Form::Tally, Form::Gauge, Form::Samples];

/// Every kind's width in each form, worked out when the program is compiled.
const WIDTHS: [[u8; ResourceKind::COUNT]; Form::COUNT] = {
    let mut widths = [[0; ResourceKind::COUNT]; Form::COUNT];
    let mut form = 0;
    while form < Form::COUNT {
        let mut kind = 0;
        while kind < ResourceKind::COUNT {
            widths[form][kind] = width(ResourceKind::ALL[kind], FORMS[form]) as u8;
            kind += 1;
        }
        form += 1;
    }
    widths
};

impl Layout {
    /// The layout for these resources, and how long the array of each form is.
    /// With `twins` callers and the run have a second row each, behind all first ones.
    fn new(resources: &Resources, twins: bool) -> (Layout, [usize; Form::COUNT]) {
        let mut bases = [[0; ResourceKind::COUNT]; Form::COUNT];
        let mut ends = [0; Form::COUNT];
        for kind in ResourceKind::ALL {
            for form in FORMS {
                let of_form = form as usize;
                let base = u32::try_from(ends[of_form]).expect("fewer cells than 2^32");
                bases[of_form][*kind as usize] = base;
                let each = usize::from(WIDTHS[of_form][*kind as usize]);
                let has_twins = twins && matches!(kind, ResourceKind::Caller | ResourceKind::Run);
                let rows = kind.length(resources) * if has_twins { 2 } else { 1 };
                ends[of_form] += rows * each;
            }
        }
        (Layout { bases }, ends)
    }

    /// Where the cells of a form of the row at a position begin.
    #[inline(always)]
    const fn row<K: Kind>(&self, form: Form, position: usize) -> usize {
        let each = const { [row::<K>(0), row::<K>(1), row::<K>(2), row::<K>(3)] };
        self.bases[form as usize][K::KIND as usize] as usize + position * each[form as usize]
    }

    /// Where the cell of a measure is in the array of its form.
    fn at(&self, resource: Resource, measure: Measure) -> usize {
        let form = measure.kind().form() as usize;
        let each = usize::from(WIDTHS[form][resource.kind as usize]);
        self.bases[form][resource.kind as usize] as usize
            + resource.index() * each
            + column(resource.kind, measure)
    }
}

const fn row<K: Kind>(form: usize) -> usize {
    WIDTHS[form][K::KIND as usize] as usize
}

/// A cell of the table, and what is kept there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Whose.
    pub resource: Resource,
    /// What.
    pub measure: Measure,
    form: Form,
    at: u32,
}

/// A count that is stamped with a time before the last look of somebody.
#[derive(Clone, Copy, Debug)]
pub struct Late {
    /// Where it was counted, as a position in [`MetricTable::slots`].
    pub slot: u32,
    /// With which time it is stamped.
    pub at: Time,
    /// What it counted: 1, or nothing.
    pub counted: bool,
    /// Whether the cell has it: not if it is stamped before the end of the warm-up.
    pub kept: bool,
}

/// Every number of a run.
#[derive(Debug)]
pub struct MetricTable {
    layout: Layout,
    counters: Vec<Counter>,
    tallies: Vec<Tally>,
    gauges: Vec<Gauge>,
    samples: Vec<Samples>,
    /// What the ledger keeps of each caller beside cells.
    books: Vec<Book>,
    /// Every cell, in the order of the outputs; those of the run as a whole are last.
    slots: Vec<Slot>,
    /// Where among the slots the first of each resource is, by kind and position.
    firsts: Vec<Vec<u32>>,
    /// With more callers than one the run has cells of its own; with one they are that caller's.
    several: bool,
    /// What is claimed and unreserved of the account is always what is in use: all three are one cell.
    in_one: bool,
    /// Behind the rows of callers and of the run stand so many twins, in which only what entered after the warm-up
    /// is counted. None without a warm-up: then every row is its own twin.
    twins: usize,
    /// When somebody looked last.
    looked: Time,
    /// Nothing but the ledger counts what is stamped before.
    counted_from: Time,
    late: Vec<Late>,
}

impl MetricTable {
    /// Cells at 0 for every resource. What is equal by definition has one cell: the latency of a caller that nobody
    /// waits for and its time to the end; and, `in_one`, what is in use of the account, unreserved and claimed.
    /// `warms_up`: the run has a warm-up.
    pub fn new(resources: &Resources, in_one: bool, warms_up: bool) -> MetricTable {
        let (layout, [counters, tallies, gauges, samples]) = Layout::new(resources, warms_up);
        let mut firsts: Vec<Vec<u32>> =
            ResourceKind::ALL.iter().map(|kind| vec![0; kind.length(resources)]).collect();
        let mut slots = Vec::new();
        for resource in Resource::all(resources) {
            firsts[resource.kind as usize][resource.index()] =
                u32::try_from(slots.len()).expect("fewer cells than 2^32");
            slots.extend(Measure::of(resource.kind).map(|measure| {
                let same = is_the_same_as(resource, measure, resources, in_one);
                let at = layout.at(resource, same.unwrap_or(measure));
                let at = u32::try_from(at).expect("fewer cells than 2^32");
                Slot { resource, measure, form: measure.kind().form(), at }
            }));
        }
        MetricTable {
            layout,
            counters: vec![Counter::default(); counters],
            tallies: vec![Tally::default(); tallies],
            gauges: vec![Gauge::default(); gauges],
            samples: vec![Samples::default(); samples],
            books: vec![Book::default(); resources.callers * if warms_up { 2 } else { 1 }],
            twins: if warms_up { resources.callers } else { 0 },
            slots,
            firsts,
            several: resources.callers > 1,
            in_one,
            looked: Time::ZERO,
            counted_from: Time::ZERO,
            late: Vec::new(),
        }
    }

    /// Every cell, in the order of the outputs.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Where the cell of a measure that the resource has is among [`MetricTable::slots`].
    pub fn slot(&self, resource: Resource, measure: Measure) -> usize {
        let first = self.firsts[resource.kind as usize][resource.index()] as usize;
        let of_resource = self.slots[first..].iter();
        let found = of_resource.take_while(|slot| slot.resource == resource);
        first + found.take_while(|slot| slot.measure != measure).count()
    }

    /// The cell of a slot.
    #[inline]
    pub fn at(&self, slot: &Slot) -> Cell<'_> {
        let at = slot.at as usize;
        match slot.form {
            Form::Counter => Cell::Counter(&self.counters[at]),
            Form::Tally => Cell::Tally(&self.tallies[at]),
            Form::Gauge => Cell::Gauge(&self.gauges[at]),
            Form::Samples => Cell::Samples(&self.samples[at]),
        }
    }

    fn at_mut(&mut self, slot: Slot) -> CellMut<'_> {
        let at = slot.at as usize;
        match slot.form {
            Form::Counter => CellMut::Counter(&mut self.counters[at]),
            Form::Tally => CellMut::Tally(&mut self.tallies[at]),
            Form::Gauge => CellMut::Gauge(&mut self.gauges[at]),
            Form::Samples => CellMut::Samples(&mut self.samples[at]),
        }
    }

    /// The cell of a measure that the resource has.
    pub fn cell(&self, resource: Resource, measure: Measure) -> Cell<'_> {
        let resource = match resource.kind {
            ResourceKind::Run if !self.several && self.callers() == 1 => {
                match Measure::of(ResourceKind::Caller).any(|of_caller| of_caller == measure) {
                    true => CallId(0).into(),
                    false => resource,
                }
            }
            _ => resource,
        };
        self.at(&self.slots[self.slot(resource, measure)])
    }

    /// The cell that thresholds see: of a word of the ledger that in which only what entered after the warm-up is
    /// counted, of every other measure [`MetricTable::cell`].
    pub fn settled(&self, resource: Resource, measure: Measure) -> Cell<'_> {
        if self.twins == 0 || !measure.is_ledger() {
            return self.cell(resource, measure);
        }
        let resource = match resource.kind {
            ResourceKind::Run if self.several => Resource { index: 1, ..resource },
            ResourceKind::Run => self.twin(0),
            _ => self.twin(resource.index()),
        };
        let (form, at) = (measure.kind().form(), self.layout.at(resource, measure));
        let at = u32::try_from(at).expect("fewer cells than 2^32");
        self.at(&Slot { resource, measure, form, at })
    }

    fn twin(&self, caller: usize) -> Resource {
        CallId::at(caller + self.twins).into()
    }

    /// A count of a resource of a known kind, or how often arrivals came to a place.
    pub fn count_of<I: IsOf, M: Of<I::Kind>>(&self, id: I, _: M) -> u64 {
        const { assert!(matches!(M::MEASURE.kind().form(), Form::Counter), "it is a count") };
        self.counters[self.layout.row::<I::Kind>(Form::Counter, id.position()) + M::COLUMN].sum
    }

    /// A level of a resource of a known kind.
    pub fn level_of<I: IsOf, M: Of<I::Kind> + taken::Gauge>(&self, id: I, _: M) -> i64 {
        self.gauges[self.layout.row::<I::Kind>(Form::Gauge, id.position()) + M::COLUMN].level
    }

    /// What is kept of each caller beside cells.
    pub fn books(&self) -> &[Book] {
        &self.books[..self.callers()]
    }

    fn callers(&self) -> usize {
        self.books.len() - self.twins
    }

    /// See [`MetricTable::books`].
    pub fn book_mut(&mut self, caller: CallId) -> &mut Book {
        &mut self.books[caller.index()]
    }

    /// How many arrivals of a caller, or of the whole run, that entered after the warm-up have the outcome that a word
    /// of the ledger names.
    pub fn place_level(&self, resource: Resource, word: Measure) -> i128 {
        let place = Place::ALL.into_iter().find(|place| place_measure(*place) == word);
        let Some(place) = place else { return 0 };
        let of = |caller: usize| {
            let left = self.books[caller + self.twins].left(place);
            came(self.settled(CallId::at(caller).into(), word)) - i128::from(left)
        };
        match resource.kind {
            ResourceKind::Caller => of(resource.index()),
            _ => (0..self.callers()).map(of).sum(),
        }
    }

    /// The ledger of a caller as it stands.
    pub fn account(&self, caller: CallId) -> Account {
        let book = &self.books[caller.index()];
        let level = |place| {
            let cell = self.cell(caller.into(), place_measure(place));
            came(cell) - i128::from(book.left(place))
        };
        book.account(self.count_of(caller, m::Arrivals), level)
    }

    /// Somebody wants to look at `now`: `told` hears of each cell that has new extremes, then those begin anew.
    /// What was stamped with an earlier time is given back: every reader has to hear of it.
    #[cold]
    pub fn look(&mut self, now: Time, mut told: impl FnMut(usize, Cell<'_>)) -> Vec<Late> {
        // Two slots can be one cell: all are told before any begins anew.
        let mut new = Vec::new();
        for (at, slot) in self.slots.iter().enumerate() {
            let cell = self.at(slot);
            if cell.is_to_be_looked_at() {
                told(at, cell);
                new.push(*slot);
            }
        }
        new.into_iter().for_each(|slot| self.at_mut(slot).look());
        self.looked = now;
        std::mem::take(&mut self.late)
    }

    /// The warm-up is over: counts begin, gauges go on, the ledger stays. Everybody has looked.
    #[cold]
    pub fn begin_counting(&mut self, now: Time) {
        for at in 0..self.slots.len() {
            let slot = self.slots[at];
            if !slot.measure.is_ledger() {
                self.at_mut(slot).reset(now);
            }
        }
        self.books.iter_mut().for_each(Book::begin_counting);
        self.counted_from = now;
        self.looked = now;
    }

    /// Keeps the samples of each minute of a distribution too.
    pub fn keep_minutes(&mut self, slot: usize) {
        if let CellMut::Samples(cell) = self.at_mut(self.slots[slot]) {
            cell.minute = Some(Box::default());
        }
    }

    /// The samples of the minute that is over, where they are kept.
    pub fn take_minute(&mut self, slot: usize) -> Option<Box<super::histogram::Histogram>> {
        match self.at_mut(self.slots[slot]) {
            CellMut::Samples(cell) => cell.minute.as_mut().map(std::mem::take),
            CellMut::Counter(_) | CellMut::Tally(_) | CellMut::Gauge(_) => None,
        }
    }

    /// The gauges that were ever below 0: facts that contradict each other.
    pub fn below_zero(&self) -> impl Iterator<Item = Slot> {
        let below = |slot: &&Slot| match self.at(slot) {
            Cell::Gauge(gauge) => gauge.lowest() < 0,
            Cell::Counter(_) | Cell::Tally(_) | Cell::Samples(_) => false,
        };
        self.slots.iter().filter(below).copied()
    }
}

/// How often arrivals came to a place of rest, or how many are in another.
fn came(cell: Cell<'_>) -> i128 {
    match cell {
        Cell::Counter(cell) => i128::from(cell.sum),
        Cell::Gauge(cell) => i128::from(cell.level),
        Cell::Tally(_) | Cell::Samples(_) => 0,
    }
}

/// The measure whose cell another measure of a resource has, if they are equal by definition.
fn is_the_same_as(
    resource: Resource,
    measure: Measure,
    resources: &Resources,
    in_one: bool,
) -> Option<Measure> {
    match measure {
        Measure::Latency if !resources.calls[resource.index()].via.waits() => {
            Some(Measure::EndToEnd)
        }
        Measure::UnreservedConcurrentExecutions | Measure::ClaimedAccountConcurrency if in_one => {
            Some(Measure::ConcurrentExecutions)
        }
        _ => None,
    }
}

/// The ledger's word for a place.
pub const fn place_measure(place: Place) -> Measure {
    match place {
        Place::Waiting => Measure::Waiting,
        Place::InFlight => Measure::InFlight,
        Place::Succeeded => Measure::Succeeded,
        Place::Failed => Measure::Failed,
        Place::Dropped => Measure::Dropped,
        Place::DeadLettered => Measure::DeadLettered,
        Place::Expired => Measure::Expired,
        Place::Filtered => Measure::Filtered,
        Place::Delivered => Measure::Delivered,
    }
}

/// [`MetricTable`] at an instant: what points are given to.
#[derive(Debug)]
pub struct TableNow<'a> {
    /// The table.
    pub table: &'a mut MetricTable,
    /// The instant.
    pub now: Time,
}

/// The row of a resource at an instant.
#[derive(Debug)]
pub struct RowNow<'a, K> {
    table: &'a mut MetricTable,
    position: usize,
    now: Time,
    kind: PhantomData<K>,
}

impl<K: Kind> RowNow<'_, K> {
    #[inline(always)]
    fn counter<M: Of<K>>(&mut self) -> &mut Counter {
        &mut self.table.counters
            [self.table.layout.row::<K>(Form::Counter, self.position) + M::COLUMN]
    }

    #[inline(always)]
    fn gauge<M: Of<K>>(&mut self) -> &mut Gauge {
        &mut self.table.gauges[self.table.layout.row::<K>(Form::Gauge, self.position) + M::COLUMN]
    }

    #[inline(always)]
    fn samples<M: Of<K>>(&mut self) -> &mut Samples {
        &mut self.table.samples
            [self.table.layout.row::<K>(Form::Samples, self.position) + M::COLUMN]
    }

    /// An arrival entered, in flight.
    #[inline(always)]
    fn arrive(&mut self)
    where
        m::Arrivals: Of<K>,
        m::InFlight: Of<K>,
    {
        let now = self.now;
        self.counter::<m::Arrivals>().add(true);
        self.gauge::<m::InFlight>().up(now);
    }

    /// The outcome of an arrival became another.
    #[inline(always)]
    fn turn(&mut self, from: Place, to: Place)
    where
        m::Waiting: Of<K>,
        m::InFlight: Of<K>,
        m::Succeeded: Of<K>,
        m::Failed: Of<K>,
        m::Dropped: Of<K>,
        m::DeadLettered: Of<K>,
        m::Expired: Of<K>,
        m::Filtered: Of<K>,
        m::Delivered: Of<K>,
    {
        let now = self.now;
        match from {
            Place::Waiting => self.gauge::<m::Waiting>().down(now),
            Place::InFlight => self.gauge::<m::InFlight>().down(now),
            _ => (),
        }
        match to {
            Place::Waiting => self.gauge::<m::Waiting>().up(now),
            Place::InFlight => self.gauge::<m::InFlight>().up(now),
            Place::Succeeded => self.counter::<m::Succeeded>().add(true),
            Place::Failed => self.counter::<m::Failed>().add(true),
            Place::Dropped => self.counter::<m::Dropped>().add(true),
            Place::DeadLettered => self.counter::<m::DeadLettered>().add(true),
            Place::Expired => self.counter::<m::Expired>().add(true),
            Place::Filtered => self.counter::<m::Filtered>().add(true),
            Place::Delivered => self.counter::<m::Delivered>().add(true),
        }
    }

    #[cold]
    #[inline(never)]
    fn count_late<M: Of<K>>(&mut self, at: Time, counted: bool) {
        let index = u16::try_from(self.position).expect("ids have 16 bits");
        let resource = Resource { kind: K::KIND, index };
        let kept = self.table.counted_from <= at;
        if kept {
            self.counter::<M>().add(counted);
        }
        let slot = self.table.slot(resource, M::MEASURE);
        let slot = u32::try_from(slot).expect("fewer cells than 2^32");
        self.table.late.push(Late { slot, at, counted, kept });
    }
}

/// The second row of the run.
#[derive(Clone, Copy, Debug)]
struct TwinOfTheRun;

impl IsOf for TwinOfTheRun {
    type Kind = kind::Run;
    fn position(self) -> usize {
        1
    }
}

impl TableNow<'_> {
    /// Counts in the rows of what entered after the warm-up.
    #[inline(never)]
    fn of_twins(
        &mut self,
        caller: CallId,
        in_caller: impl FnOnce(&mut RowNow<'_, kind::Caller>),
        in_run: impl FnOnce(&mut RowNow<'_, kind::Run>),
    ) {
        let twin = CallId::at(caller.index() + self.table.twins);
        in_caller(&mut self.of(twin));
        if self.table.several {
            in_run(&mut self.of(TwinOfTheRun));
        }
    }
}

impl Sink for TableNow<'_> {
    type Row<'a, K: Kind>
        = RowNow<'a, K>
    where
        Self: 'a;

    #[inline(always)]
    fn of<I: IsOf>(&mut self, id: I) -> RowNow<'_, I::Kind> {
        let (position, now) = (id.position(), self.now);
        RowNow { table: self.table, position, now, kind: PhantomData }
    }

    #[inline(always)]
    fn arrived(&mut self, of: Descent) {
        self.of(of.caller).arrive();
        if self.table.several {
            self.of(TheRun).arrive();
        }
        if self.table.twins > 0 && of.settled {
            self.of_twins(of.caller, |caller| caller.arrive(), |run| run.arrive());
        }
    }

    #[inline(always)]
    fn entered(&mut self, of: Descent, kind: LedgerKind, _: PayloadId) {
        if let LedgerKind::Message(_) = kind {
            self.of(of.caller).counter::<m::Messages>().add(true);
            if self.table.several {
                self.of(TheRun).counter::<m::Messages>().add(true);
            }
            if self.table.twins > 0 && of.settled {
                self.of_twins(
                    of.caller,
                    |caller| caller.counter::<m::Messages>().add(true),
                    |run| run.counter::<m::Messages>().add(true),
                );
            }
        }
        self.table.books[of.caller.index()].enter(kind);
    }

    #[inline(always)]
    fn moved(&mut self, of: Descent, kind: LedgerKind, from: Place, to: Place) {
        self.table.books[of.caller.index()].shift(kind, from, to);
    }

    #[inline(always)]
    fn turned(&mut self, of: Descent, from: Place, to: Place, reason: Reason) {
        self.of(of.caller).turn(from, to);
        if self.table.several {
            self.of(TheRun).turn(from, to);
        }
        self.table.books[of.caller.index()].turn(from, to, reason);
        if self.table.twins > 0 && of.settled {
            self.of_twins(of.caller, |caller| caller.turn(from, to), |run| run.turn(from, to));
            let twin = of.caller.index() + self.table.twins;
            self.table.books[twin].turn(from, to, reason);
        }
    }

    #[inline(always)]
    fn answered(&mut self, caller: CallId, answer: Answer, _: About) {
        self.of(caller).counter::<m::Answered>().add(true);
        self.table.books[caller.index()].answer(answer);
    }

    #[inline(always)]
    fn in_use(&mut self, more: bool, apart: bool) {
        let in_one = self.table.in_one;
        let mut account = self.of(TheAccount);
        account.step(m::ConcurrentExecutions, more, About::default());
        if !in_one && !apart {
            account.step(m::UnreservedConcurrentExecutions, more, About::default());
            account.step(m::ClaimedAccountConcurrency, more, About::default());
        }
    }

    #[inline(always)]
    fn ended(&mut self, caller: CallId, took: Option<u64>, about: About) {
        took_to(&mut self.of(caller), m::EndToEnd, took, about);
    }
}

impl<K: Kind> SinkOf<K> for RowNow<'_, K> {
    #[inline(always)]
    fn count<M: Of<K> + taken::Count>(&mut self, _: M, counted: bool, _: About) {
        self.counter::<M>().add(counted);
    }

    #[inline(always)]
    fn count_at<M: Of<K> + taken::Count>(&mut self, at: Time, _: M, counted: bool, _: About) {
        if self.table.looked <= at {
            self.counter::<M>().add(counted);
        } else {
            self.count_late::<M>(at, counted);
        }
    }

    #[inline(always)]
    fn add<M: Of<K> + taken::Amount>(&mut self, _: M, amount: u64, _: About) {
        let at = self.table.layout.row::<K>(Form::Tally, self.position) + M::COLUMN;
        self.table.tallies[at].add(amount);
    }

    #[inline(always)]
    fn step<M: Of<K> + taken::Gauge>(&mut self, _: M, up: bool, _: About) {
        let now = self.now;
        let gauge = self.gauge::<M>();
        if up { gauge.up(now) } else { gauge.down(now) }
    }

    #[inline(always)]
    fn set<M: Of<K> + taken::Gauge>(&mut self, _: M, level: u64) {
        let now = self.now;
        self.gauge::<M>().set(now, level);
    }

    #[inline(always)]
    fn sample<M: Of<K> + taken::Distribution>(&mut self, _: M, value: u64, _: About) {
        self.samples::<M>().add(value);
    }

    fn never<M: Of<K> + taken::Distribution>(&mut self, _: M, _: About) {
        self.samples::<M>().histogram.add_never();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::vocabulary::{FunctionId, QueueId},
        observe::tests::{function, queue},
    };
    use std::collections::BTreeSet;

    fn resources() -> Resources {
        Resources {
            functions: vec![function("A"), function("B")],
            queues: vec![queue("Q"), queue("R"), queue("S")],
            ..Resources::default()
        }
    }

    #[test]
    fn every_measure_of_every_resource_has_a_cell_of_its_own() {
        let table = MetricTable::new(&resources(), false, false);
        let own: BTreeSet<(u8, u32)> =
            table.slots.iter().map(|slot| (slot.form as u8, slot.at)).collect();
        assert_eq!(own.len(), table.slots.len());
        let cells =
            [table.counters.len(), table.tallies.len(), table.gauges.len(), table.samples.len()];
        assert_eq!(cells.iter().sum::<usize>(), table.slots.len(), "and there are no others");
        for (at, slot) in table.slots.iter().enumerate() {
            assert_eq!(table.slot(slot.resource, slot.measure), at);
        }
    }

    #[test]
    fn a_point_is_in_the_cell_of_its_measure_and_in_no_other() {
        let mut table = MetricTable::new(&resources(), false, false);
        let mut now = TableNow { table: &mut table, now: Time::ZERO };
        now.of(FunctionId(1)).count(m::Throttles, true, About::default());
        now.of(QueueId(2)).step(m::ApproximateNumberOfMessagesNotVisible, true, About::default());
        let touched = table.slots.iter().filter(|slot| match table.at(slot) {
            Cell::Counter(cell) => cell.samples() > 0,
            Cell::Tally(cell) => cell.samples() > 0,
            Cell::Gauge(cell) => cell.level != 0,
            Cell::Samples(cell) => cell.histogram.count() > 0,
        });
        let touched: Vec<(Resource, Measure)> =
            touched.map(|slot| (slot.resource, slot.measure)).collect();
        let expected = [
            (FunctionId(1).into(), Measure::Throttles),
            (QueueId(2).into(), Measure::ApproximateNumberOfMessagesNotVisible),
        ];
        assert_eq!(touched, expected);
    }
}
