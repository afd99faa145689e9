//! Where points are added up: a cell for each resource and measure, and all of them together.
//!
//! Four kinds of cell, each of which keeps a total for the run and what the series needs of the
//! present period. Closing a period is rare and looks at every cell; a point touches one.

use super::{
    histogram::Histogram,
    ledger::{Book, LedgerKind},
    measure::Measure,
    point::{About, Sink, SinkOf},
    series::{Row, Series},
};
use crate::{
    kernel::Time,
    model::{
        Place, Resource, ResourceKind,
        config::Resources,
        facts::Answer,
        outcome::Reason,
        vocabulary::{CallId, PayloadId},
    },
};

/// A count of samples that are each 0 or 1, so that minimum and maximum follow from how many of
/// each.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    /// Those that were 1.
    pub sum: u64,
    zeros: u64,
    sum_before: u64,
    zeros_before: u64,
}

/// Amounts.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Their sum.
    pub sum: u128,
    samples: u64,
    min: u64,
    max: u64,
    sum_before: u128,
    samples_before: u64,
}

/// A level, with its changes in the present period.
#[derive(Clone, Debug, Default)]
pub struct Gauge {
    /// As it is now. Below 0 only if facts contradict each other, which the self-check reports.
    pub level: i64,
    /// Minus the sum of each change times its instant: level × now + this is the area below the
    /// level.
    area: i128,
    /// When it changed last.
    changed: Time,
    at_start: i64,
    /// `area` at the start of the period.
    area_at_start: i128,
    /// Of the levels at the changes of the period.
    sum: i64,
    changes: u64,
    min: i64,
    max: i64,
    lowest: i64,
    highest: i64,
}

/// Samples, with the extremes of the present period, which the histogram hears of when it closes.
#[derive(Clone, Debug)]
pub struct Samples {
    /// All of them.
    pub histogram: Histogram,
    min: u64,
    max: u64,
    sum_before: u128,
    count_before: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Tally { sum: 0, samples: 0, min: u64::MAX, max: 0, sum_before: 0, samples_before: 0 }
    }
}

impl Default for Samples {
    fn default() -> Self {
        let histogram = Histogram::default();
        Samples { histogram, min: u64::MAX, max: 0, sum_before: 0, count_before: 0 }
    }
}

/// What a period of the series says of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Sum of the samples.
    pub sum: i128,
    /// How many.
    pub samples: u64,
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
    /// The last, of a level: it stands until the next row. Of other kinds it is 0.
    pub last: i64,
    /// Of a level: the area below it in the period, in units times nanoseconds, and how many nanoseconds the
    /// period has. Of other kinds 0.
    pub area: (i128, u64),
}

impl Stats {
    /// The mean: of a level over time, of samples by their number.
    pub fn mean(&self) -> f64 {
        match self.area {
            (_, 0) => self.sum as f64 / self.samples as f64,
            (area, length) => area as f64 / length as f64,
        }
    }
}

impl Counter {
    #[inline(always)]
    pub(crate) fn add(&mut self, counted: bool) {
        // Cannot wrap: a run is shorter than 2^64 facts.
        let cell = if counted { &mut self.sum } else { &mut self.zeros };
        *cell = cell.wrapping_add(1);
    }

    /// A sample that is no longer of the present period.
    fn add_before(&mut self, counted: bool) {
        self.add(counted);
        let cell = if counted { &mut self.sum_before } else { &mut self.zeros_before };
        *cell += 1;
    }

    fn close(&mut self) -> Option<Stats> {
        let (sum, zeros) = (self.sum - self.sum_before, self.zeros - self.zeros_before);
        (self.sum_before, self.zeros_before) = (self.sum, self.zeros);
        Stats::of_counts(sum, sum + zeros)
    }

    /// Forgets what was counted; the warm-up is over.
    fn reset(&mut self) {
        *self = Counter::default();
    }
}

impl Stats {
    /// Of `samples` samples that are 0 or 1, `sum` of them 1.
    pub fn of_counts(sum: u64, samples: u64) -> Option<Stats> {
        (samples > 0).then(|| Stats {
            sum: i128::from(sum),
            samples,
            min: i64::from(sum == samples),
            max: i64::from(sum > 0),
            last: 0,
            area: (0, 0),
        })
    }

    fn of_samples(sum: u128, samples: u64, min: u64, max: u64) -> Option<Stats> {
        let (min, max) = (short(min), short(max));
        (samples > 0).then(|| Stats { sum: signed(sum), samples, min, max, last: 0, area: (0, 0) })
    }
}

impl Tally {
    #[inline(always)]
    fn add(&mut self, amount: u64) {
        self.sum = self.sum.wrapping_add(u128::from(amount));
        self.samples = self.samples.wrapping_add(1);
        self.min = self.min.min(amount);
        self.max = self.max.max(amount);
    }

    fn close(&mut self) -> Option<Stats> {
        let (sum, samples) = (self.sum - self.sum_before, self.samples - self.samples_before);
        let (min, max) = (self.min, self.max);
        (self.sum_before, self.samples_before) = (self.sum, self.samples);
        (self.min, self.max) = (u64::MAX, 0);
        Stats::of_samples(sum, samples, min, max)
    }
}

impl Samples {
    #[inline(always)]
    fn add(&mut self, value: u64) {
        self.histogram.add_within(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    fn close(&mut self) -> Option<Stats> {
        let sum = self.histogram.sum() - self.sum_before;
        let samples = self.histogram.count() - self.count_before;
        let (min, max) = (self.min, self.max);
        self.histogram.widen(min, max);
        (self.sum_before, self.count_before) = (self.histogram.sum(), self.histogram.count());
        (self.min, self.max) = (u64::MAX, 0);
        Stats::of_samples(sum, samples, min, max)
    }
}

fn signed(sum: u128) -> i128 {
    i128::try_from(sum).unwrap_or(i128::MAX)
}

fn short(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Gauge {
    #[inline(always)]
    pub(crate) fn up(&mut self, now: Time) {
        self.level = self.level.wrapping_add(1);
        self.changed = now;
        // 127 bits hold every instant of 2^63 changes; the sum of a period's levels is far from
        // 2^63.
        self.area = self.area.wrapping_sub(i128::from(now.as_nanos()));
        self.sum = self.sum.wrapping_add(self.level);
        self.changes = self.changes.wrapping_add(1);
        self.max = self.max.max(self.level);
    }

    #[inline(always)]
    pub(crate) fn down(&mut self, now: Time) {
        self.level = self.level.wrapping_sub(1);
        self.changed = now;
        self.area = self.area.wrapping_add(i128::from(now.as_nanos()));
        self.sum = self.sum.wrapping_add(self.level);
        self.changes = self.changes.wrapping_add(1);
        self.min = self.min.min(self.level);
    }

    /// The level is `level` from now on; a sample even if it was that before.
    pub(crate) fn set(&mut self, now: Time, level: i64) {
        if level == 0 && self.level == 0 {
            return;
        }
        self.area -= i128::from(level - self.level) * i128::from(now.as_nanos());
        self.level = level;
        self.changed = now;
        self.sum = self.sum.saturating_add(level);
        self.changes += 1;
        self.min = self.min.min(level);
        self.max = self.max.max(level);
    }

    /// The samples of the period: each change, and where it started; and the area below it.
    pub(crate) fn close(&mut self, from: Time, until: Time) -> Option<Stats> {
        if self.changes == 0 {
            return None;
        }
        let (start, level) = (self.at_start, self.level);
        let before = i128::from(start) * i128::from(from.as_nanos()) + self.area_at_start;
        let length = until.as_nanos().saturating_sub(from.as_nanos());
        self.area_at_start = self.area;
        let stats = Stats {
            area: (self.area(until) - before, length),
            sum: i128::from(self.sum) + i128::from(start),
            samples: self.changes + 1,
            min: self.min,
            max: self.max,
            last: level,
        };
        self.lowest = self.lowest.min(self.min);
        self.highest = self.highest.max(self.max);
        (self.sum, self.changes) = (0, 0);
        (self.at_start, self.min, self.max) = (level, level, level);
        Some(stats)
    }

    /// Begins again at `now` with the level as it is; the warm-up is over.
    pub(crate) fn reset(&mut self, now: Time) {
        let level = self.level;
        *self = Gauge {
            level,
            area: -i128::from(level) * i128::from(now.as_nanos()),
            changed: now,
            at_start: level,
            area_at_start: -i128::from(level) * i128::from(now.as_nanos()),
            min: level,
            max: level,
            highest: level,
            // What contradicted itself before is not forgotten.
            lowest: self.lowest.min(self.min),
            ..Gauge::default()
        };
    }

    /// Area below the level from the beginning to `now`, in units times nanoseconds.
    pub fn area(&self, now: Time) -> i128 {
        i128::from(self.level) * i128::from(now.as_nanos()) + self.area
    }

    /// The mean over time since `from`, up to `until` or its own last change, if that is later. So it does not
    /// depend on how long something else goes on. None over no time.
    pub fn mean(&self, from: Time, until: Time) -> Option<f64> {
        let until = until.max(self.changed);
        let length = until.as_nanos().saturating_sub(from.as_nanos());
        (length > 0).then(|| self.area(until) as f64 / length as f64)
    }

    /// The highest level so far.
    pub fn highest(&self) -> i64 {
        self.highest.max(self.max)
    }

    /// The lowest level so far.
    pub fn lowest(&self) -> i64 {
        self.lowest.min(self.min)
    }
}

/// A cell, to be added to or read.
#[derive(Debug)]
pub enum Cell<'a> {
    /// Of a count.
    Counter(&'a mut Counter),
    /// Of an amount.
    Tally(&'a mut Tally),
    /// Of a gauge.
    Gauge(&'a mut Gauge),
    /// Of a distribution.
    Samples(&'a mut Samples),
}

impl Cell<'_> {
    fn close(&mut self, from: Time, until: Time) -> Option<Stats> {
        match self {
            Cell::Counter(cell) => cell.close(),
            Cell::Tally(cell) => cell.close(),
            Cell::Gauge(cell) => cell.close(from, until),
            Cell::Samples(cell) => cell.close(),
        }
    }

    fn reset(&mut self, now: Time) {
        match self {
            Cell::Counter(cell) => cell.reset(),
            Cell::Tally(cell) => **cell = Tally::default(),
            Cell::Gauge(cell) => cell.reset(now),
            // Samples are taken by when what they are about entered, so none was taken yet.
            Cell::Samples(_) => (),
        }
    }
}

macro_rules! cells {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ident = $measure:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name { $($field: $kind,)* }

        impl $name {
            #[inline(always)]
            fn cell(&mut self, measure: Measure) -> Cell<'_> {
                match measure {
                    $(Measure::$measure => Cell::$kind(&mut self.$field),)*
                    _ => unreachable!("a measure of another kind of resource"),
                }
            }
        }
    )*};
}

cells! {
    /// Of a function.
    FunctionCells {
        invocations: Counter = Invocations,
        errors: Counter = Errors,
        throttles: Counter = Throttles,
        received: Counter = AsyncEventsReceived,
        dropped: Counter = AsyncEventsDropped,
        dead_letter_errors: Counter = DeadLetterErrors,
        delivery_failures: Counter = DestinationDeliveryFailures,
        iterator_age: Samples = IteratorAge,
        recursive: Counter = RecursiveInvocationsDropped,
        cold_starts: Counter = ColdStarts,
        duplicates: Counter = Duplicates,
        wasted: Counter = WastedInvocations,
        running: Gauge = ConcurrentExecutions,
        provisioned_running: Gauge = ProvisionedConcurrentExecutions,
        utilization: Gauge = ProvisionedConcurrencyUtilization,
        provisioned: Counter = ProvisionedConcurrencyInvocations,
        spillover: Counter = ProvisionedConcurrencySpilloverInvocations,
        billed: Tally = BilledGbSeconds,
        billed_provisioned: Tally = ProvisionedRunGbSeconds,
        kept: Tally = ProvisionedGbSeconds,
        duration: Samples = Duration,
        age: Samples = AsyncEventAge,
        dwell: Samples = DwellTime,
        attempts: Samples = AttemptsPerEvent,
    }
    /// Of a queue.
    QueueCells {
        sent: Counter = NumberOfMessagesSent,
        received: Counter = NumberOfMessagesReceived,
        deleted: Counter = NumberOfMessagesDeleted,
        empty_receives: Counter = NumberOfEmptyReceives,
        deduplicated: Counter = NumberOfDeduplicatedSentMessages,
        groups: Gauge = ApproximateNumberOfGroupsWithInflightMessages,
        arrived: Counter = QueueArrived,
        redriven: Counter = Redriven,
        requests: Tally = BilledRequests,
        visible: Gauge = ApproximateNumberOfMessagesVisible,
        not_visible: Gauge = ApproximateNumberOfMessagesNotVisible,
        delayed: Gauge = ApproximateNumberOfMessagesDelayed,
        oldest: Gauge = ApproximateAgeOfOldestMessage,
    }
    /// Of a stream.
    StreamCells {
        records: Counter = IncomingRecords,
        bytes: Tally = IncomingBytes,
        refused: Counter = WriteProvisionedThroughputExceeded,
        shards: Gauge = Shards,
        put_units: Tally = BilledPutUnits,
        shard_hours: Tally = BilledShardHours,
        fan_out_hours: Tally = BilledFanOutHours,
    }
    /// Of an event source mapping on a stream.
    ReaderCells {
        delivery_failures: Counter = DestinationDeliveryFailures,
        iterator_age: Samples = IteratorAge,
        polled: Tally = PolledEventCount,
        filtered_out: Counter = FilteredOutEventCount,
        invoked: Tally = InvokedEventCount,
        failed: Tally = FailedInvokeEventCount,
        dropped: Counter = DroppedEventCount,
        delivered: Tally = OnFailureDestinationDeliveredEventCount,
        lag: Gauge = SumOffsetLag,
        depth: Gauge = Depth,
        bisects: Counter = Bisects,
        window_records: Samples = WindowRecords,
        pollers: Gauge = Pollers,
        provisioned: Gauge = ProvisionedPollers,
    }
    /// Of a topic, a bus or a bucket.
    SinkCells {
        messages: Counter = NumberOfMessagesPublished,
        delivered: Counter = NumberOfNotificationsDelivered,
        failed: Counter = NumberOfNotificationsFailed,
        filtered_out: Counter = NumberOfNotificationsFilteredOut,
        kept: Counter = NumberOfNotificationsRedrivenToDlq,
        not_kept: Counter = NumberOfNotificationsFailedToRedriveToDlq,
        events: Counter = Published,
        requests: Tally = BilledRequests,
        objects: Counter = Objects,
    }
    /// Of a rule.
    RuleCells {
        invocations: Counter = RuleInvocations,
        failed: Counter = FailedInvocations,
        retried: Counter = RetryInvocationAttempts,
        kept: Counter = InvocationsSentToDlq,
        not_kept: Counter = InvocationsFailedToBeSentToDlq,
        latency: Samples = IngestionToInvocationSuccessLatency,
    }
    /// Of an event source mapping.
    MappingCells {
        polled: Tally = PolledEventCount,
        filtered_out: Counter = FilteredOutEventCount,
        invoked: Tally = InvokedEventCount,
        failed: Tally = FailedInvokeEventCount,
        deleted: Tally = DeletedEventCount,
        pollers: Gauge = Pollers,
        provisioned: Gauge = ProvisionedPollers,
    }
    /// Of a dependency.
    DependencyCells {
        requests: Counter = DependencyRequests,
        refused: Counter = Refused,
        abandoned: Counter = Abandoned,
        busy: Gauge = Busy,
        queued: Gauge = WorkQueued,
        response_time: Samples = DependencyResponseTime,
    }
    /// Of an alarm.
    AlarmCells {
        alarms: Counter = Alarms,
    }
    /// Of the account.
    AccountCells {
        running: Gauge = ConcurrentExecutions,
        unreserved: Gauge = UnreservedConcurrentExecutions,
        claimed: Gauge = ClaimedAccountConcurrency,
    }
    /// Of a caller, its ledger apart.
    CallerCells {
        requests: Counter = Requests,
        answered: Counter = Answered,
        service_retries: Counter = ServiceRetries,
        response_time: Samples = ResponseTime,
        latency: Samples = Latency,
        end_to_end: Samples = EndToEnd,
    }
}

/// A caller's cells.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    cells: CallerCells,
    /// Its ledger.
    pub book: Book,
    /// Its answers, in the order of the type.
    pub answers: [u64; Answer::COUNT],
}

impl Caller {
    #[inline(always)]
    fn cell(&mut self, measure: Measure) -> Cell<'_> {
        match measure {
            Measure::Arrivals => Cell::Counter(&mut self.book.arrivals),
            Measure::Messages => Cell::Counter(&mut self.book.messages),
            Measure::Succeeded => Cell::Counter(&mut self.book.came[Place::Succeeded as usize]),
            Measure::Failed => Cell::Counter(&mut self.book.came[Place::Failed as usize]),
            Measure::Dropped => Cell::Counter(&mut self.book.came[Place::Dropped as usize]),
            Measure::DeadLettered => {
                Cell::Counter(&mut self.book.came[Place::DeadLettered as usize])
            }
            Measure::Expired => Cell::Counter(&mut self.book.came[Place::Expired as usize]),
            Measure::Filtered => Cell::Counter(&mut self.book.came[Place::Filtered as usize]),
            Measure::Delivered => Cell::Counter(&mut self.book.came[Place::Delivered as usize]),
            Measure::Waiting => Cell::Gauge(&mut self.book.waiting),
            Measure::InFlight => Cell::Gauge(&mut self.book.in_flight),
            _ => self.cells.cell(measure),
        }
    }
}

/// The cells of one resource.
#[derive(Debug)]
enum Cells<'a> {
    Function(&'a mut FunctionCells),
    Queue(&'a mut QueueCells),
    Stream(&'a mut StreamCells),
    Reader(&'a mut ReaderCells),
    Sink(&'a mut SinkCells),
    Rule(&'a mut RuleCells),
    Mapping(&'a mut MappingCells),
    Dependency(&'a mut DependencyCells),
    Alarm(&'a mut AlarmCells),
    Account(&'a mut AccountCells),
    Caller(&'a mut Caller),
}

impl<'a> Cells<'a> {
    #[inline(always)]
    fn cell(&mut self, measure: Measure) -> Cell<'_> {
        match self {
            Cells::Function(cells) => cells.cell(measure),
            Cells::Queue(cells) => cells.cell(measure),
            Cells::Stream(cells) => cells.cell(measure),
            Cells::Reader(cells) => cells.cell(measure),
            Cells::Sink(cells) => cells.cell(measure),
            Cells::Rule(cells) => cells.cell(measure),
            Cells::Mapping(cells) => cells.cell(measure),
            Cells::Dependency(cells) => cells.cell(measure),
            Cells::Alarm(cells) => cells.cell(measure),
            Cells::Account(cells) => cells.cell(measure),
            Cells::Caller(cells) => cells.cell(measure),
        }
    }

    fn into_cell(self, measure: Measure) -> Cell<'a> {
        match self {
            Cells::Alarm(cells) => cells.cell(measure),
            Cells::Function(cells) => cells.cell(measure),
            Cells::Queue(cells) => cells.cell(measure),
            Cells::Stream(cells) => cells.cell(measure),
            Cells::Reader(cells) => cells.cell(measure),
            Cells::Sink(cells) => cells.cell(measure),
            Cells::Rule(cells) => cells.cell(measure),
            Cells::Mapping(cells) => cells.cell(measure),
            Cells::Dependency(cells) => cells.cell(measure),
            Cells::Account(cells) => cells.cell(measure),
            Cells::Caller(cells) => cells.cell(measure),
        }
    }
}

/// Every cell of a run.
#[derive(Debug)]
pub struct Totals {
    functions: Vec<FunctionCells>,
    queues: Vec<QueueCells>,
    streams: Vec<StreamCells>,
    readers: Vec<ReaderCells>,
    sinks: Vec<SinkCells>,
    rules: Vec<RuleCells>,
    mappings: Vec<MappingCells>,
    dependencies: Vec<DependencyCells>,
    alarms: Vec<AlarmCells>,
    account: AccountCells,
    /// The callers, in file order.
    pub callers: Vec<Caller>,
    /// Every cell, in the order of the outputs.
    all: Vec<(Resource, Measure)>,
    period_start: Time,
}

impl Totals {
    /// Cells at 0 for every resource and caller.
    pub fn new(resources: &Resources) -> Totals {
        let all = Resource::all(resources)
            .filter(|resource| *resource != Resource::RUN)
            .flat_map(|resource| Measure::of(resource.kind).map(move |measure| (resource, measure)))
            .collect();
        Totals {
            functions: vec![FunctionCells::default(); resources.functions.len()],
            queues: vec![QueueCells::default(); resources.queues.len()],
            streams: vec![StreamCells::default(); resources.streams.len()],
            readers: vec![ReaderCells::default(); resources.readers.len()],
            sinks: vec![SinkCells::default(); resources.sinks.len()],
            rules: vec![RuleCells::default(); resources.rules.len()],
            mappings: vec![MappingCells::default(); resources.mappings.len()],
            dependencies: vec![DependencyCells::default(); resources.dependencies.len()],
            alarms: vec![AlarmCells::default(); resources.alarms.len()],
            account: AccountCells::default(),
            callers: vec![Caller::default(); resources.callers],
            all,
            period_start: Time::ZERO,
        }
    }

    /// The cell of a measure that the resource has.
    pub fn cell(&mut self, resource: Resource, measure: Measure) -> Cell<'_> {
        self.cells(resource).into_cell(measure)
    }

    /// The cells of a resource.
    #[inline(always)]
    fn cells(&mut self, resource: Resource) -> Cells<'_> {
        let at = resource.index();
        match resource.kind {
            ResourceKind::Function => Cells::Function(&mut self.functions[at]),
            ResourceKind::Queue => Cells::Queue(&mut self.queues[at]),
            ResourceKind::Stream => Cells::Stream(&mut self.streams[at]),
            ResourceKind::StreamMapping => Cells::Reader(&mut self.readers[at]),
            ResourceKind::Topic | ResourceKind::Bus | ResourceKind::Bucket => {
                Cells::Sink(&mut self.sinks[at])
            }
            ResourceKind::Rule => Cells::Rule(&mut self.rules[at]),
            ResourceKind::Mapping => Cells::Mapping(&mut self.mappings[at]),
            ResourceKind::Dependency => Cells::Dependency(&mut self.dependencies[at]),
            ResourceKind::Alarm => Cells::Alarm(&mut self.alarms[at]),
            ResourceKind::Account => Cells::Account(&mut self.account),
            ResourceKind::Caller => Cells::Caller(&mut self.callers[at]),
            ResourceKind::Run => unreachable!("the run's ledger is its callers' together"),
            ResourceKind::Outlet => unreachable!("outlets have no measures"),
        }
    }

    /// Writes the present period, number `period`, which ends at `until`, into the series; the next one in which
    /// something happens starts at `next`.
    #[cold]
    pub fn close_period(
        &mut self,
        period: u64,
        until: Time,
        next: Time,
        series: &mut Series,
        counting: bool,
    ) {
        let from = self.period_start;
        for at in 0..self.all.len() {
            let (resource, measure) = self.all[at];
            if let Some(stats) = self.cell(resource, measure).close(from, until)
                && (counting || measure.is_ledger())
            {
                series.push(Row { period, resource, measure, stats });
            }
        }
        self.period_start = next;
    }

    /// The warm-up is over: counts begin, gauges go on, the ledger stays.
    #[cold]
    pub fn begin_counting(&mut self, now: Time) {
        for at in 0..self.all.len() {
            let (resource, measure) = self.all[at];
            if !measure.is_ledger() {
                self.cell(resource, measure).reset(now);
            }
        }
        for caller in &mut self.callers {
            caller.answers = [0; Answer::COUNT];
        }
        self.period_start = now;
    }

    /// Names the gauges that were ever below 0: facts that contradict each other.
    pub fn below_zero(&mut self) -> Vec<(Resource, Measure)> {
        let all = std::mem::take(&mut self.all);
        let below = |(resource, measure): &(Resource, Measure)| match self.cell(*resource, *measure)
        {
            Cell::Gauge(gauge) => gauge.lowest() < 0,
            Cell::Counter(_) | Cell::Tally(_) | Cell::Samples(_) => false,
        };
        let found = all.iter().copied().filter(below).collect();
        self.all = all;
        found
    }
}

/// [`Totals`] at an instant: what points are given to.
#[derive(Debug)]
pub struct TotalsNow<'a> {
    /// The cells.
    pub totals: &'a mut Totals,
    /// For points stamped with a period that is closed.
    pub series: &'a mut Series,
    /// The instant.
    pub now: Time,
}

/// The cells of one resource at an instant.
#[derive(Debug)]
pub struct CellsNow<'a> {
    cells: Cells<'a>,
    series: &'a mut Series,
    resource: Resource,
    period_start: Time,
    now: Time,
}

impl Sink for TotalsNow<'_> {
    type Of<'a>
        = CellsNow<'a>
    where
        Self: 'a;

    #[inline(always)]
    fn of(&mut self, resource: impl Into<Resource>) -> CellsNow<'_> {
        let resource = resource.into();
        let period_start = self.totals.period_start;
        let cells = self.totals.cells(resource);
        CellsNow { cells, series: self.series, resource, period_start, now: self.now }
    }

    #[inline(always)]
    fn arrived(&mut self, caller: CallId, _: PayloadId) {
        self.totals.callers[caller.index()].book.arrive(self.now);
    }

    #[inline(always)]
    fn entered(&mut self, caller: CallId, kind: LedgerKind, _: PayloadId) {
        self.totals.callers[caller.index()].book.enter(kind);
    }

    #[inline(always)]
    fn moved(&mut self, caller: CallId, kind: LedgerKind, from: Place, to: Place) {
        self.totals.callers[caller.index()].book.shift(kind, from, to);
    }

    #[inline(always)]
    fn turned(&mut self, caller: CallId, from: Place, to: Place, _: PayloadId, reason: Reason) {
        self.totals.callers[caller.index()].book.turn(from, to, reason, self.now);
    }

    #[inline(always)]
    fn answered(&mut self, caller: CallId, answer: Answer, _: About) {
        let caller = &mut self.totals.callers[caller.index()];
        caller.cells.answered.add(true);
        caller.answers[answer as usize] += 1;
    }
}

impl SinkOf for CellsNow<'_> {
    #[inline(always)]
    fn count(&mut self, measure: Measure, counted: bool, _: About) {
        if let Cell::Counter(cell) = self.cells.cell(measure) {
            cell.add(counted);
        }
    }

    #[inline(always)]
    fn count_at(&mut self, at: Time, measure: Measure, counted: bool, about: About) {
        if self.period_start <= at {
            self.count(measure, counted, about);
        } else if self.series.add_late(at, self.resource, measure, counted)
            && let Cell::Counter(cell) = self.cells.cell(measure)
        {
            cell.add_before(counted);
        }
    }

    #[inline(always)]
    fn add(&mut self, measure: Measure, amount: u64, _: About) {
        if let Cell::Tally(cell) = self.cells.cell(measure) {
            cell.add(amount);
        }
    }

    #[inline(always)]
    fn step(&mut self, measure: Measure, up: bool, _: About) {
        if let Cell::Gauge(cell) = self.cells.cell(measure) {
            if up { cell.up(self.now) } else { cell.down(self.now) }
        }
    }

    #[inline(always)]
    fn set(&mut self, measure: Measure, level: u64) {
        if let Cell::Gauge(cell) = self.cells.cell(measure) {
            cell.set(self.now, short(level));
        }
    }

    #[inline(always)]
    fn sample(&mut self, measure: Measure, value: u64, _: About) {
        if let Cell::Samples(cell) = self.cells.cell(measure) {
            cell.add(value);
        }
    }

    fn never(&mut self, measure: Measure, _: About) {
        if let Cell::Samples(cell) = self.cells.cell(measure) {
            cell.histogram.add_never();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kernel::Span, observe::measure::Kind};

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::secs(seconds)
    }

    #[test]
    fn every_measure_of_the_table_has_a_cell_of_its_kind() {
        let kind_of = |cell: Cell<'_>| match cell {
            Cell::Counter(_) => Kind::Count,
            Cell::Tally(_) => Kind::Amount,
            Cell::Gauge(_) => Kind::Gauge,
            Cell::Samples(_) => Kind::Distribution,
        };
        for owner in ResourceKind::ALL.iter().copied() {
            for measure in Measure::of(owner) {
                let found = match owner {
                    ResourceKind::Function => kind_of(FunctionCells::default().cell(measure)),
                    ResourceKind::Queue => kind_of(QueueCells::default().cell(measure)),
                    ResourceKind::Stream => kind_of(StreamCells::default().cell(measure)),
                    ResourceKind::StreamMapping => kind_of(ReaderCells::default().cell(measure)),
                    ResourceKind::Topic | ResourceKind::Bus | ResourceKind::Bucket => {
                        kind_of(SinkCells::default().cell(measure))
                    }
                    ResourceKind::Rule => kind_of(RuleCells::default().cell(measure)),
                    ResourceKind::Mapping => kind_of(MappingCells::default().cell(measure)),
                    ResourceKind::Dependency => kind_of(DependencyCells::default().cell(measure)),
                    ResourceKind::Alarm => kind_of(AlarmCells::default().cell(measure)),
                    ResourceKind::Account => kind_of(AccountCells::default().cell(measure)),
                    ResourceKind::Caller => kind_of(Caller::default().cell(measure)),
                    ResourceKind::Run | ResourceKind::Outlet => continue,
                };
                let kept = if measure.kind() == Kind::Place { Kind::Count } else { measure.kind() };
                assert_eq!(found, kept, "{}", measure.name());
            }
        }
    }

    #[test]
    fn a_gauge_has_a_mean_over_time_and_samples_at_its_changes() {
        let mut gauge = Gauge::default();
        gauge.up(at(10));
        gauge.up(at(20));
        gauge.down(at(40));
        assert_eq!(gauge.area(at(50)), 10_000_000_000 * (1 + 2 + 2 + 1));
        let area = (10_000_000_000 * (1 + 2 + 2 + 1), 50_000_000_000);
        let first = Stats { sum: 1 + 2 + 1, samples: 4, min: 0, max: 2, last: 1, area };
        assert_eq!(gauge.close(at(0), at(50)), Some(first));
        assert!((first.mean() - 1.2).abs() < 1e-12, "over time");
        assert_eq!(gauge.close(at(50), at(55)), None, "unchanged in the period: no row");
        gauge.down(at(60));
        let area = (5_000_000_000, 10_000_000_000);
        let second = Stats { sum: 1, samples: 2, min: 0, max: 1, last: 0, area };
        let found = gauge.close(at(55), at(65));
        assert_eq!(found, Some(second), "the value at the start of the period is a sample");
        assert_eq!(gauge.mean(at(0), at(30)), Some(70.0 / 60.0), "up to its last change");
        assert_eq!((gauge.lowest(), gauge.highest()), (0, 2));
    }

    #[test]
    fn after_the_warm_up_a_gauge_keeps_its_level_and_forgets_its_past() {
        let mut gauge = Gauge::default();
        (0..3).for_each(|_| gauge.up(at(1)));
        gauge.down(at(2));
        gauge.reset(at(10));
        assert_eq!((gauge.level, gauge.highest(), gauge.area(at(15))), (2, 2, 10_000_000_000));
    }
}
