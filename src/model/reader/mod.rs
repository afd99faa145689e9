//! An event source mapping on a stream: Lambda's readers of shards.
//!
//! ```text
//!             Read, Finished                     Invoke
//!  stream ◄──────────────────  ┌────────────┐ ────────────► function
//!         ──────────────────►  │ lane, lane │ ◄────────────
//!    Opened, Arrived, Records  └────────────┘    Ended
//!                                    │ Send
//!                                    ▼
//!                           failure destination
//! ```
//!
//! It owns what it has read, its lanes, and how far each has come. A lane has one batch at a time, as a
//! stack of pieces: a batch that is split, or that reports how far it came, is done piece by piece from the
//! top, and nothing behind it begins before it is done, given up or expired. So order holds within a
//! lane, and one record that fails holds up all behind it (K12).
//!
//! Which records share a lane is the source's: by partition key (Kinesis, DynamoDB), by partition (Kafka,
//! where a lane is a poller's), or whichever is free (a broker's queue).

mod lane;

use super::{
    Component, Fact, Place, Port, Resource, Rule,
    config::{self, Assumptions, Source, StreamAssumptions},
    facts::Maker,
    outcome::Role,
    policy::{
        checkpoint::{self, Verdict},
        lag,
        partial::Report,
        partition,
    },
    register::Record,
    value::{Catalog, Subject},
    vocabulary::{BatchId, Entry, GivenUp, Outcome, PayloadId, ReaderId, Receipt, ShardId, Target},
};
use crate::kernel::{Class, Classed, Slab, Span, Time, name_key};
use lane::{Held, Lane, Piece, State, Window, window_end};
use std::{collections::VecDeque, sync::Arc};

/// An event source mapping on a stream.
#[derive(Debug)]
pub struct Reader {
    id: ReaderId,
    config: Settings,
    assumptions: StreamAssumptions,
    catalog: Arc<Catalog>,
    /// By their ids; those that it cannot read are missing.
    shards: Vec<Option<Shard>>,
    /// Lanes by their slots; of those in `vacant` nobody has any.
    lanes: Vec<Lane>,
    vacant: Vec<u32>,
    /// Of a broker's queue: what any free lane takes.
    inbox: VecDeque<(ShardId, PayloadId, Time)>,
    /// Of Kafka: the lanes of its pollers, and how many pollers there may be.
    crew: Vec<u32>,
    pollers: u32,
    /// Whether the next look at the lag is appointed.
    looking: bool,
    /// Lanes that it said that it has.
    lanes_told: u32,
    /// Shards of which it holds nothing any more, to be looked at.
    drained: Vec<ShardId>,
    failures: Slab<Failure>,
    /// Makes the calls that end windows.
    maker: u64,
}

/// What a reader is told of itself and of what it reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Its own properties.
    pub reader: config::Reader,
    /// What it reads.
    pub source: Source,
    /// How long a record is kept there.
    pub retention: Span,
}

/// A shard that it reads.
#[derive(Debug)]
struct Shard {
    closed: bool,
    unread: Unread,
    /// A read is not answered yet.
    reading: bool,
    /// The poll that is appointed, or never.
    poll: Time,
    /// The first instant at which it may be polled again; then each interval after it.
    next: Time,
    /// Records of it that are read and not done with.
    held: u64,
    /// The slots of its lanes.
    lanes: Vec<u32>,
    /// Lanes that it had so far, and records where they are numbered by shard.
    numbers: u32,
    sequence: u64,
}

/// What a reader knows of the records of a shard that it has not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unread {
    /// There are none.
    None,
    /// Some came since: they are read at the next poll.
    Arrived,
    /// The last read left some.
    More,
}

/// A record that is on its way to the failure destination.
#[derive(Debug, Default)]
struct Failure {
    /// The records of the batch; the first is the message.
    records: Vec<PayloadId>,
    why: Option<GivenUp>,
}

/// Which records share a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    /// Those of one partition key.
    Key,
    /// Those of one partition, and of the other partitions of its poller.
    Partition,
    /// Whatever comes when it is free.
    Any,
}

/// The largest payload of one invocation (K2).
const BATCH_BYTES_MAX: u64 = 6 * 1024 * 1024;
/// The records for which it asks a shard; the stream gives no more than its source's limit.
const READ_MAX: u32 = 10_000;
/// How often the lag of Kafka is looked at (O4).
const LOOK: Span = Span::mins(1);
/// Invocations at once of a provisioned poller (O4).
const INVOCATIONS_PER_POLLER: u32 = 5;
/// Retries instead of infinitely many, of Kafka with a failure destination (O6).
const KAFKA_RETRIES: u32 = 10;
/// Lanes of ActiveMQ (O4).
const ACTIVE_MQ_LANES: u32 = 5;

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// A shard can be read.
    Opened(ShardId),
    /// Nothing more comes into a shard.
    Closed(ShardId),
    /// There is something to read in a shard in which there was nothing.
    Arrived(ShardId),
    /// The answer to a read.
    Records {
        /// Of which shard.
        shard: ShardId,
        /// The records; the handle of each is when it came.
        batch: BatchId,
        /// Whether there are more.
        behind: bool,
    },
    /// How the invocation in this slot ended.
    Ended(u32, Outcome),
    /// What became of a record for the failure destination.
    Told(u32, Receipt),
}

/// What it asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// Give up to `max` records of a shard.
    Read {
        /// Which shard.
        shard: ShardId,
        /// How many.
        max: u32,
    },
    /// Everything in a closed shard is done.
    Finished(ShardId),
    /// Run the function.
    Invoke {
        /// With this.
        batch: BatchId,
        /// For the answer.
        slot: u32,
        /// Whether `batchItemFailures` are read.
        reports: bool,
    },
    /// Send to the failure destination.
    Send {
        /// Whom.
        target: Target,
        /// What. Its hold goes along.
        payload: PayloadId,
        /// As what.
        entry: Entry,
        /// Where a topic or bucket leaves it in the ledger.
        place: Place,
        /// For the receipt.
        slot: u32,
    },
}

/// Appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A shard is to be polled.
    Poll(ShardId),
    /// A lane's batching window may be over, or its tumbling window.
    Close {
        /// Which lane.
        slot: u32,
        /// What it did then.
        token: u32,
    },
    /// A lane's batch is tried again.
    Retry {
        /// Which lane.
        slot: u32,
        /// What it did then.
        token: u32,
    },
    /// The lag is looked at.
    Look,
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Poll(_) | Wake::Close { .. } | Wake::Look => Class::Poll,
            Wake::Retry { .. } => Class::Retry,
        }
    }
}

impl Component for Reader {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Opened(shard) => self.opened(now, shard),
            In::Closed(shard) => {
                self.shard(shard).closed = true;
                self.drained.push(shard);
                self.drive_all_of(now, shard, fx);
            }
            In::Arrived(shard) => {
                self.shard(shard).unread = Unread::Arrived;
                self.seek(now, shard, fx);
                self.watch_lag(fx);
            }
            In::Records { shard, batch, behind } => self.read(now, shard, batch, behind, fx),
            In::Ended(slot, outcome) => return self.ended(now, slot, outcome, &Report::Marked, fx),
            In::Told(slot, receipt) => self.told(slot, receipt, fx),
        }
        self.settle(now, fx);
    }

    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Poll(id) => {
                // Another appointment is stale.
                if self.shards[id.index()].as_ref().is_some_and(|shard| shard.poll == now) {
                    self.shard(id).poll = Time::NEVER;
                    if self.wants(id) {
                        self.ask(id, fx);
                    }
                }
            }
            Wake::Close { slot, token } => {
                if self.lanes[slot as usize].token == token {
                    self.lanes[slot as usize].hurried = true;
                    self.drive(now, slot, fx);
                }
            }
            Wake::Retry { slot, token } => {
                if self.lanes[slot as usize].token == token {
                    self.lanes[slot as usize].state = State::Free;
                    self.drive(now, slot, fx);
                }
            }
            Wake::Look => self.look(now, fx),
        }
        self.settle(now, fx);
    }
}

impl Reader {
    /// The mapping `id`.
    pub fn new(
        id: ReaderId,
        config: Settings,
        assumptions: &Assumptions,
        catalog: Arc<Catalog>,
    ) -> Reader {
        let pollers = config.reader.provisioned.map_or(1, |pollers| pollers.min);
        Reader {
            id,
            assumptions: assumptions.streams.clone(),
            catalog,
            shards: Vec::new(),
            lanes: Vec::new(),
            vacant: Vec::new(),
            inbox: VecDeque::new(),
            crew: Vec::new(),
            pollers,
            looking: false,
            lanes_told: 0,
            drained: Vec::new(),
            failures: Slab::default(),
            maker: name_key(&format!("reader/{}/window", config.reader.name)),
            config,
        }
    }

    /// Takes changed settings: what runs goes on, and what begins later goes by them.
    pub fn configure(&mut self, now: Time, config: Settings, fx: &mut impl Port<Self>) {
        let was = self.config.reader.enabled;
        self.config = config;
        if was != self.config.reader.enabled {
            for slot in 0..u32::try_from(self.lanes.len()).expect("few lanes") {
                self.change_places(slot, fx);
            }
        }
        if !was && self.config.reader.enabled {
            // It polls as soon as it may, and from then on by the interval.
            self.shards.iter_mut().flatten().for_each(|shard| shard.next = now);
        }
        let (min, max) = self.pollers_between();
        self.pollers = self.pollers.clamp(min, max);
        self.drained.extend(self.reads());
        self.settle(now, fx);
        for shard in self.reads() {
            self.drive_all_of(now, shard, fx);
            self.seek(now, shard, fx);
        }
        self.watch_lag(fx);
        self.settle(now, fx);
    }

    /// Whether nothing is to come of it by itself: it is disabled, or no tumbling window is open.
    pub fn is_idle(&self) -> bool {
        !self.config.reader.enabled || self.lanes.iter().all(|lane| lane.window.is_none())
    }

    /// Records that it has read and that wait until it is enabled again; while it is disabled and no run of
    /// it is under way.
    pub fn parked(&self) -> usize {
        if self.config.reader.enabled {
            return 0;
        }
        let held = |lane: &Lane| {
            let pieces = lane.pieces.iter().map(|piece| piece.records.len());
            lane.queue.len() + pieces.sum::<usize>()
        };
        self.inbox.len() + self.lanes.iter().map(held).sum::<usize>()
    }

    /// Where the ledger has the batch of a lane, but for the piece that runs: it waits while the mapping is
    /// disabled.
    fn change_places(&mut self, slot: u32, fx: &mut impl Port<Self>) {
        let at = Resource::from(self.id);
        let place = if self.config.reader.enabled { Place::InFlight } else { Place::Waiting };
        let lane = &self.lanes[slot as usize];
        let running = usize::from(matches!(lane.state, State::Running { .. }));
        for piece in &lane.pieces[..lane.pieces.len() - running] {
            for &Held { payload, .. } in &piece.records {
                if fx.register().get(payload).place != place {
                    fx.note(Rule::Ours, Fact::PlaceChanged { at, payload, place });
                }
            }
        }
    }

    /// The shards that it reads.
    fn reads(&self) -> Vec<ShardId> {
        let open = self.shards.iter().enumerate().filter(|(_, shard)| shard.is_some());
        open.map(|(at, _)| ShardId::at(at)).collect()
    }

    fn shard(&mut self, id: ShardId) -> &mut Shard {
        self.shards[id.index()].as_mut().expect("a shard is opened before it is spoken of")
    }

    fn sharing(&self) -> Sharing {
        match self.config.source {
            Source::Kinesis | Source::DynamoDb | Source::DocumentDb => Sharing::Key,
            Source::Msk | Source::Kafka => Sharing::Partition,
            Source::ActiveMq | Source::RabbitMq => Sharing::Any,
        }
    }

    /// Lanes that a shard is to have of its own.
    fn lanes_wanted(&self) -> u32 {
        match self.config.source {
            Source::Kinesis | Source::DynamoDb => self.config.reader.parallelization.max(1),
            Source::ActiveMq => ACTIVE_MQ_LANES,
            Source::Msk | Source::Kafka | Source::RabbitMq | Source::DocumentDb => 1,
        }
    }

    fn opened(&mut self, now: Time, id: ShardId) {
        if self.shards.len() <= id.index() {
            self.shards.resize_with(id.index() + 1, || None);
        }
        self.shards[id.index()] = Some(Shard {
            closed: false,
            unread: Unread::None,
            reading: false,
            poll: Time::NEVER,
            next: now,
            held: 0,
            lanes: Vec::new(),
            numbers: 0,
            sequence: 0,
        });
        self.drained.push(id);
        if self.sharing() == Sharing::Partition {
            // One partition more may make room for a lane more, to which others go.
            self.drained.extend(self.reads());
        }
    }

    // Reading.

    /// Whether a lane of the shard could use more records.
    fn wants(&mut self, id: ShardId) -> bool {
        let size = self.config.reader.batch_size as usize;
        let is_any = self.sharing() == Sharing::Any;
        let is_moving = self.is_moving(id);
        let (lanes, inbox) = (&self.lanes, self.inbox.len());
        let Some(shard) = &self.shards[id.index()] else { return false };
        let lacks = |slot: &u32| {
            let lane = &lanes[*slot as usize];
            lane.is_free() && (is_any || lane.queue.len() < size)
        };
        self.config.reader.enabled
            && !shard.reading
            && shard.unread != Unread::None
            && !is_moving
            && inbox < size
            && shard.lanes.iter().any(lacks)
    }

    /// Reads a shard, or appoints the poll at which it is read (K19).
    fn seek(&mut self, now: Time, id: ShardId, fx: &mut impl Port<Self>) {
        if !self.wants(id) || self.shard(id).poll != Time::NEVER {
            return;
        }
        if self.shard(id).unread == Unread::More {
            return self.ask(id, fx);
        }
        let interval = self.interval();
        let shard = self.shard(id);
        let due = if now <= shard.next {
            shard.next
        } else if interval == Span::ZERO {
            now
        } else {
            let passed = now.since(shard.next).as_nanos().div_ceil(interval.as_nanos());
            shard.next.saturating_add(interval.times(passed))
        };
        shard.poll = due;
        fx.wake(due.since(now), Wake::Poll(id));
    }

    /// How often a shard is polled: with fan-out, and where nothing is documented, at once (K19, K20, DS2).
    fn interval(&self) -> Span {
        match self.config.source {
            Source::Kinesis if self.config.reader.fan_out => Span::ZERO,
            Source::Kinesis => self.assumptions.kinesis_poll,
            Source::DynamoDb => self.assumptions.dynamodb_poll,
            Source::Msk
            | Source::Kafka
            | Source::ActiveMq
            | Source::RabbitMq
            | Source::DocumentDb => Span::ZERO,
        }
    }

    fn ask(&mut self, id: ShardId, fx: &mut impl Port<Self>) {
        self.shard(id).reading = true;
        fx.send(Out::Read { shard: id, max: READ_MAX });
    }

    /// Each record that is wanted goes into the queue of its lane.
    fn read(
        &mut self,
        now: Time,
        id: ShardId,
        batch: BatchId,
        behind: bool,
        fx: &mut impl Port<Self>,
    ) {
        let (reader, interval) = (self.id, self.interval());
        let shard = self.shard(id);
        shard.reading = false;
        shard.next = now.saturating_add(interval);
        shard.unread = if behind { Unread::More } else { Unread::None };
        let records = std::mem::take(fx.register().batch_mut(batch));
        fx.register().close_batch(batch);
        if !records.is_empty() {
            let events = u32::try_from(records.len()).expect("a read gives at most 10,000");
            fx.note(self.rule_of_reads(behind), Fact::RecordsRead { reader, shard: id, events });
        }
        for Record { payload, handle, .. } in records {
            let arrived = Time::from_nanos(handle);
            if !self.fits(payload, fx) {
                fx.note(Rule::K26, Fact::RecordFiltered { reader, payload, shard: id });
                fx.register().release(payload);
                continue;
            }
            self.shard(id).held += 1;
            if self.sharing() == Sharing::Any {
                self.inbox.push_back((id, payload, arrived));
                continue;
            }
            let slot = self.lane_of(id, payload, fx);
            self.give(slot, id, payload, arrived);
        }
        if self.shard(id).held == 0 {
            self.drained.push(id);
        }
        self.drive_all_of(now, id, fx);
        self.seek(now, id, fx);
    }

    fn rule_of_reads(&self, behind: bool) -> Rule {
        match self.config.source {
            Source::Kinesis if self.config.reader.fan_out => Rule::K20,
            Source::Kinesis => Rule::K19,
            Source::DynamoDb if behind => Rule::DS3,
            Source::DynamoDb => Rule::DS2,
            Source::Msk
            | Source::Kafka
            | Source::ActiveMq
            | Source::RabbitMq
            | Source::DocumentDb => Rule::Ours,
        }
    }

    /// Whether the filter wants a record (K26).
    fn fits(&self, payload: PayloadId, fx: &mut impl Port<Self>) -> bool {
        let filters = &self.config.reader.filters;
        let known = fx.register().get(payload);
        let subject = Subject { attempt: 1, poison: false };
        filters.is_empty() || filters.iter().any(|f| f.fits(&self.catalog, known, &subject))
    }

    fn lane_of(&mut self, id: ShardId, payload: PayloadId, fx: &mut impl Port<Self>) -> u32 {
        let lanes = &self.shards[id.index()].as_ref().expect("it is read").lanes;
        if lanes.len() == 1 {
            return lanes[0];
        }
        let hash = partition::hash(&self.catalog, fx.register().get(payload));
        lanes[partition::lane(hash, lanes.len())]
    }

    fn give(&mut self, slot: u32, shard: ShardId, payload: PayloadId, arrived: Time) {
        let (lane, sequence) = match self.sharing() {
            Sharing::Key | Sharing::Any => {
                let lane = &mut self.lanes[slot as usize];
                lane.sequence += 1;
                (lane.number, lane.sequence)
            }
            // The partition goes from one poller to another, and keeps its order.
            Sharing::Partition => {
                let shard = self.shard(shard);
                shard.sequence += 1;
                (0, shard.sequence)
            }
        };
        let held = Held { payload, arrived, shard, lane, sequence };
        self.lanes[slot as usize].queue.push_back(held);
    }

    // Batches.

    fn drive_all_of(&mut self, now: Time, id: ShardId, fx: &mut impl Port<Self>) {
        let mut slots = self.shard(id).lanes.clone();
        // Who gathers already is the first to be given what came.
        slots.sort_by_key(|slot| self.lanes[*slot as usize].queue.is_empty());
        for slot in slots {
            self.drive(now, slot, fx);
        }
    }

    /// Lets a lane go on as far as it can.
    fn drive(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        while self.config.reader.enabled && self.lanes[slot as usize].state == State::Free {
            if self.lanes[slot as usize].pieces.is_empty() && !self.gather(now, slot, fx) {
                return;
            }
            self.attempt(now, slot, fx);
        }
    }

    /// Takes a batch, if there is one to be taken now; if not, it is seen to that there will be.
    fn gather(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) -> bool {
        let hurried = std::mem::take(&mut self.lanes[slot as usize].hurried);
        self.supply(slot);
        self.expire_queue(now, slot, fx);
        let (size, tumbling) = (self.config.reader.batch_size, self.config.reader.tumbling);
        let lane = &self.lanes[slot as usize];
        let (count, full) = lane.fitting(size, tumbling, fx);
        let shards = lane.shards.clone();
        let known = |shard: &ShardId| self.shards[shard.index()].as_ref();
        // Something comes at once, if the limits of the shard allow it; or nothing ever will.
        let comes = shards.iter().any(|id| {
            let more = |shard: &Shard| shard.unread == Unread::More && !self.is_moving(*id);
            known(id).is_some_and(|shard| shard.reading || more(shard))
        });
        let ended = shards
            .iter()
            .filter_map(known)
            .all(|shard| shard.closed && shard.unread == Unread::None && !shard.reading);
        let idles =
            !comes && shards.iter().filter_map(known).all(|shard| shard.unread == Unread::None);
        if let Some(window) = self.lanes[slot as usize].window
            && count == 0
        {
            let later = !self.lanes[slot as usize].queue.is_empty();
            let end = window.end.saturating_add(self.assumptions.window_idle);
            if later || tumbling.is_none() || (idles && (end <= now || ended)) {
                self.end_window(now, slot, fx);
                return true;
            }
            if now < end {
                let token = self.lanes[slot as usize].token;
                fx.wake(end.since(now), Wake::Close { slot, token });
            }
        }
        if count > 0 && (full || self.may_close(now, slot, comes && !hurried, ended, fx)) {
            self.take(now, slot, count, fx);
            return true;
        }
        for shard in shards {
            self.seek(now, shard, fx);
        }
        false
    }

    /// Of a broker's queue, a lane takes what it needs.
    fn supply(&mut self, slot: u32) {
        if self.sharing() == Sharing::Any {
            let size = self.config.reader.batch_size as usize;
            while self.lanes[slot as usize].queue.len() < size
                && let Some((shard, payload, arrived)) = self.inbox.pop_front()
            {
                self.give(slot, shard, payload, arrived);
            }
        }
    }

    /// Whether a batch that is not full is closed now: at the end of its window, which begins with its
    /// first record (K2), or of Kafka follows on the one before (O3).
    fn may_close(
        &mut self,
        now: Time,
        slot: u32,
        comes: bool,
        ended: bool,
        fx: &mut impl Port<Self>,
    ) -> bool {
        if comes {
            // What the limits hold back beyond this instant is not waited for.
            let token = self.lanes[slot as usize].token;
            fx.wake(Span::ZERO, Wake::Close { slot, token });
            return false;
        }
        let window = self.config.reader.window;
        if window == Span::ZERO || ended {
            return true;
        }
        let follows = self.sharing() == Sharing::Partition;
        let lane = &mut self.lanes[slot as usize];
        let opens = lane.closes.is_none();
        let since = lane.since;
        let closes = *lane.closes.get_or_insert_with(|| {
            if follows {
                let passed = now.since(since).as_nanos().div_ceil(window.as_nanos()).max(1);
                since.saturating_add(window.times(passed))
            } else {
                now.saturating_add(window)
            }
        });
        if opens && now < closes {
            let token = lane.token;
            fx.wake(closes.since(now), Wake::Close { slot, token });
        }
        closes <= now
    }

    fn take(&mut self, now: Time, slot: u32, count: usize, fx: &mut impl Port<Self>) {
        let reader = self.id;
        let rule = if self.sharing() == Sharing::Partition { Rule::O3 } else { Rule::K2 };
        let tumbling = self.config.reader.tumbling;
        let lane = &mut self.lanes[slot as usize];
        lane.closes = None;
        lane.token += 1;
        let records: Vec<Held> = lane.queue.drain(..count).collect();
        for &Held { payload, shard, lane, sequence, .. } in &records {
            fx.note(rule, Fact::RecordTaken { reader, payload, shard, lane, sequence });
        }
        if let Some(length) = tumbling {
            let last = records[count - 1];
            fx.register().hold(last.payload);
            let before = lane.window;
            if let Some(window) = before {
                fx.register().release(window.last.0);
            }
            let fresh = Window {
                shard: last.shard,
                end: window_end(last.arrived, length),
                last: (last.payload, last.arrived),
                records: 0,
                invocations: 0,
            };
            let known = before.unwrap_or(fresh);
            lane.window = Some(Window { last: fresh.last, ..known });
        }
        lane.pieces.push(Piece::new(records));
        debug_assert!(lane.since <= now, "it ended its last batch before");
    }

    /// Tries what is on top: without what is too old, or gone; if nothing is left, it is done.
    fn attempt(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        self.sort_out(now, slot, fx);
        let (reader, reports) = (self.id, self.config.reader.reports_failures);
        let lane = &mut self.lanes[slot as usize];
        let piece = lane.pieces.last().expect("what is tried is on top");
        let Some(last) = piece.records.last() else {
            lane.pieces.pop();
            lane.since = now;
            return;
        };
        let attempt = piece.runs + 1;
        let (shard, age) = (piece.records[0].shard, now.since(last.arrived));
        let (rule, events) = match piece.ends_window {
            true => (Rule::K24, 0),
            false => (Rule::K12, length(&piece.records)),
        };
        let batch = fx.register().open_batch();
        for &Held { payload, .. } in &piece.records {
            let record = Record::new(payload, attempt, 0);
            fx.register().batch_mut(batch).push(record);
        }
        if let Some(window) = &mut lane.window {
            window.invocations += 1;
        }
        lane.state = State::Running { batch, reports };
        fx.note(rule, Fact::BatchInvoked { reader, shard, events, attempt, age });
        fx.send(Out::Invoke { batch, slot, reports });
    }

    /// Takes out of the next try what the stream no longer has, and gives up what is too old (K7, K25).
    fn sort_out(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let piece = self.lanes[slot as usize].pieces.last_mut().expect("what is tried is on top");
        if piece.ends_window {
            return;
        }
        let (retention, age_max) = (self.config.retention, self.config.reader.age_max);
        let drops_large = self.config.source == Source::DocumentDb;
        let (mut old, mut large, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        let attempts = piece.runs;
        piece.records.retain(|held| {
            let bytes = u64::from(fx.register().get(held.payload).bytes);
            let list = if held.arrived.saturating_add(retention) <= now {
                &mut gone
            } else if age_max.is_some_and(|max| max < now.since(held.arrived)) {
                &mut old
            } else if drops_large && BATCH_BYTES_MAX < bytes {
                &mut large
            } else {
                return true;
            };
            list.push(*held);
            false
        });
        for held in gone {
            self.expired(held, fx);
        }
        if !old.is_empty() {
            self.give_up(old, attempts.max(1), GivenUp::RecordAgeExceeded, Rule::K7, fx);
        }
        if !large.is_empty() {
            self.give_up(large, attempts, GivenUp::Oversized, Rule::O6, fx);
        }
    }

    fn expire_queue(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        while let Some(&held) = self.lanes[slot as usize].queue.front()
            && held.arrived.saturating_add(self.config.retention) <= now
        {
            self.lanes[slot as usize].queue.pop_front();
            self.expired(held, fx);
        }
    }

    fn expired(&mut self, held: Held, fx: &mut impl Port<Self>) {
        let Held { payload, shard, lane, sequence, .. } = held;
        let (reader, read) = (self.id, true);
        let fact = Fact::RecordExpired { reader, payload, shard, lane, sequence, read };
        fx.note(Rule::K25, fact);
        self.pass(shard, payload, fx);
    }

    /// A record is done with.
    fn pass(&mut self, shard: ShardId, payload: PayloadId, fx: &mut impl Port<Self>) {
        fx.register().release(payload);
        self.let_go(shard);
    }

    /// One less of a shard is held.
    fn let_go(&mut self, id: ShardId) {
        let shard = self.shard(id);
        shard.held -= 1;
        if shard.held == 0 {
            self.drained.push(id);
        }
    }

    /// The function answered. `report` is what its answer says of single records.
    pub fn ended(
        &mut self,
        now: Time,
        slot: u32,
        outcome: Outcome,
        report: &Report,
        fx: &mut impl Port<Self>,
    ) {
        let lane = &mut self.lanes[slot as usize];
        let State::Running { batch, reports } = lane.state else {
            unreachable!("only a batch that was invoked ends")
        };
        lane.state = State::Free;
        let result = match outcome {
            Outcome::Succeeded => {
                Ok(checkpoint::judge(reports, report, fx.register().batch(batch)))
            }
            Outcome::FunctionError(_) => Ok((Verdict::Failed, Rule::K5)),
            // The code did not run.
            Outcome::Throttled
            | Outcome::SystemError
            | Outcome::ZeroReservedConcurrency
            | Outcome::RecursiveInvocation
            | Outcome::NotFound => Err(()),
        };
        fx.register().close_batch(batch);
        match result {
            Ok((Verdict::Done, rule)) => self.advance(now, slot, usize::MAX, rule, fx),
            Ok((Verdict::From(first, failed), rule)) if first > 0 => {
                let rule = if self.config.reader.bisects { Rule::K18 } else { rule };
                self.note_failure(slot, failed, rule, fx);
                self.advance(now, slot, first, Rule::K17, fx);
            }
            Ok((Verdict::From(_, failed), rule)) => {
                self.note_failure(slot, failed, rule, fx);
                self.failed(now, slot, false, fx);
            }
            Ok((Verdict::Failed, rule)) => {
                self.note_failure(slot, u32::MAX, rule, fx);
                self.failed(now, slot, self.config.reader.bisects, fx);
            }
            Err(()) => {
                self.note_failure(slot, u32::MAX, Rule::K8, fx);
                self.retry(now, slot, Rule::K8, fx);
            }
        }
        if !self.config.reader.enabled {
            self.change_places(slot, fx);
        }
        self.drive(now, slot, fx);
        self.settle(now, fx);
    }

    fn note_failure(&mut self, slot: u32, failed: u32, rule: Rule, fx: &mut impl Port<Self>) {
        let piece = self.lanes[slot as usize].pieces.last().expect("it ran");
        if !piece.ends_window {
            let (reader, shard) = (self.id, piece.records[0].shard);
            let events = failed.min(length(&piece.records));
            fx.note(rule, Fact::BatchFailed { reader, shard, events });
        }
    }

    /// The first `count` records of the piece on top are done; what remains is a new batch, with tries of
    /// its own (K17).
    fn advance(
        &mut self,
        now: Time,
        slot: u32,
        count: usize,
        rule: Rule,
        fx: &mut impl Port<Self>,
    ) {
        let reader = self.id;
        let lane = &mut self.lanes[slot as usize];
        let mut piece = lane.pieces.pop().expect("it ran");
        lane.since = now;
        if piece.ends_window {
            return self.window_ended(slot, piece, true, fx);
        }
        let rest = piece.records.split_off(count.min(piece.records.len()));
        if !rest.is_empty() {
            lane.pieces.push(Piece::new(rest));
        }
        if let Some(window) = &mut lane.window {
            window.records += piece.records.len() as u64;
        }
        for Held { payload, shard, lane, sequence, .. } in piece.records {
            fx.note(rule, Fact::Checkpointed { reader, payload, shard, lane, sequence });
            self.pass(shard, payload, fx);
        }
    }

    /// A run of the piece on top failed without progress: it is split, tried again, or given up.
    fn failed(&mut self, now: Time, slot: u32, bisects: bool, fx: &mut impl Port<Self>) {
        let reader = self.id;
        let retries_max = self.retries_max();
        let second_half_first = self.assumptions.second_half_first;
        let lane = &mut self.lanes[slot as usize];
        let mut piece = lane.pieces.pop().expect("it ran");
        piece.runs += 1;
        if bisects && piece.records.len() > 1 {
            let (shard, events) = (piece.records[0].shard, length(&piece.records));
            let second = piece.records.split_off(checkpoint::first_half(piece.records.len()));
            let first = length(&piece.records);
            fx.note(Rule::K10, Fact::Bisected { reader, shard, events, first });
            let mut halves = [second, piece.records];
            if second_half_first {
                halves.reverse();
            }
            lane.pieces.extend(halves.map(Piece::new));
        } else if retries_max.is_none_or(|max| piece.runs <= max) {
            lane.pieces.push(piece);
            self.retry(now, slot, Rule::K23, fx);
        } else if piece.ends_window {
            lane.since = now;
            self.window_ended(slot, piece, false, fx);
        } else {
            lane.since = now;
            let rule = if self.config.reader.retries_max.is_some() { Rule::K5 } else { Rule::O6 };
            let why = GivenUp::RetryAttemptsExhausted;
            self.give_up(piece.records, piece.runs, why, rule, fx);
        }
    }

    /// Retries after the first try; of Kafka with a failure destination never infinitely many (O6).
    fn retries_max(&self) -> Option<u32> {
        let config::Reader { retries_max, on_failure, .. } = self.config.reader;
        match self.sharing() {
            Sharing::Partition if on_failure.is_some() => retries_max.or(Some(KAFKA_RETRIES)),
            Sharing::Key | Sharing::Partition | Sharing::Any => retries_max,
        }
    }

    /// The piece on top is tried again after ever longer waits (K23), or waits until it has expired.
    fn retry(&mut self, now: Time, slot: u32, rule: Rule, fx: &mut impl Port<Self>) {
        let (reader, retention) = (self.id, self.config.retention);
        let lane = &mut self.lanes[slot as usize];
        let piece = lane.pieces.last_mut().expect("it ran");
        let StreamAssumptions { retry_base, retry_cap, .. } = self.assumptions;
        let wait = retry_base.doubled(piece.failures).min(retry_cap);
        piece.failures += 1;
        let (shard, attempt) = (piece.records[0].shard, piece.runs + 1);
        let gone = piece.records.iter().map(|held| held.arrived.saturating_add(retention)).max();
        let gone = gone.expect("it has records");
        lane.state = State::Backoff;
        lane.token += 1;
        let token = lane.token;
        if !piece.ends_window && gone <= now.saturating_add(wait) {
            let left = gone.max(now).since(now);
            return fx.wake(left, Wake::Retry { slot, token });
        }
        let events = if piece.ends_window { 0 } else { length(&piece.records) };
        fx.note(rule, Fact::BatchRetried { reader, shard, events, attempt, wait });
        fx.wake(wait, Wake::Retry { slot, token });
    }

    // What is given up.

    /// Records are given up together: the failure destination, if there is one, gets one message (K13).
    fn give_up(
        &mut self,
        records: Vec<Held>,
        attempts: u32,
        why: GivenUp,
        rule: Rule,
        fx: &mut impl Port<Self>,
    ) {
        let reader = self.id;
        let (shard, events) = (records[0].shard, length(&records));
        fx.note(rule, Fact::BatchGivenUp { reader, shard, events, attempts, why });
        for &Held { payload, shard, lane, sequence, .. } in &records {
            let given_up = Fact::RecordGivenUp { reader, payload, shard, lane, sequence, why };
            fx.note(rule, given_up);
        }
        for held in &records {
            self.let_go(held.shard);
        }
        let records: Vec<PayloadId> = records.into_iter().map(|held| held.payload).collect();
        match self.config.reader.on_failure {
            None => self.dropped(records, why, rule, fx),
            Some(target) => {
                let payload = records[0];
                let slot = self.failures.put(Failure { records, why: Some(why) });
                let (entry, place) = (Entry::DeadLetter, Place::DeadLettered);
                fx.send(Out::Send { target, payload, entry, place, slot });
            }
        }
    }

    fn dropped(
        &mut self,
        records: Vec<PayloadId>,
        why: GivenUp,
        rule: Rule,
        fx: &mut impl Port<Self>,
    ) {
        for payload in records {
            fx.note(rule, Fact::RecordDropped { reader: self.id, payload, why });
            fx.register().release(payload);
        }
    }

    /// What the failure destination said.
    fn told(&mut self, slot: u32, receipt: Receipt, fx: &mut impl Port<Self>) {
        let reader = self.id;
        let Failure { records, why } = std::mem::take(&mut self.failures[slot]);
        self.failures.free(slot);
        let why = why.expect("who is told has sent");
        let events = u32::try_from(records.len()).expect("at most 10,000");
        match receipt {
            Receipt::Accepted => {
                fx.note(Rule::K13, Fact::FailureDelivered { reader, events });
                // The first is the message, and who took it has it.
                for &payload in &records[1..] {
                    fx.note(Rule::K13, Fact::RecordKept { reader, payload });
                    fx.register().release(payload);
                }
            }
            Receipt::SystemError | Receipt::Throttled | Receipt::Refused => {
                fx.note(Rule::K13, Fact::FailureUndelivered { reader, events });
                self.dropped(records, why, Rule::K13, fx);
            }
        }
    }

    // Tumbling windows.

    /// Everything of a window is done: one call more ends it (K24).
    fn end_window(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let reader = self.id;
        let lane = &mut self.lanes[slot as usize];
        let Window { shard, last: (last, arrived), end, .. } =
            lane.window.expect("only what is open is ended");
        let nth = end.as_nanos();
        let payload = fx.register().copy(last, self.maker, nth, Role::Request, now);
        fx.note(Rule::K24, Fact::Copied { maker: Maker::Reader(reader), payload });
        let held = Held { payload, arrived, shard, lane: lane.number, sequence: 0 };
        lane.token += 1;
        lane.pieces.push(Piece { ends_window: true, ..Piece::new(vec![held]) });
        self.shard(shard).held += 1;
    }

    fn window_ended(&mut self, slot: u32, piece: Piece, ok: bool, fx: &mut impl Port<Self>) {
        let reader = self.id;
        let window = self.lanes[slot as usize].window.take().expect("it was open until now");
        let Window { shard, records, invocations, last, .. } = window;
        let payload = piece.records[0].payload;
        fx.note(Rule::K24, Fact::WindowDone { reader, payload, ok });
        fx.note(Rule::K24, Fact::WindowClosed { reader, shard, records, invocations });
        fx.register().release(last.0);
        self.pass(shard, payload, fx);
    }

    // Lanes that come and go.

    /// Looks at the shards of which nothing is held: they get the lanes that they are to have, or are done.
    fn settle(&mut self, now: Time, fx: &mut impl Port<Self>) {
        while let Some(id) = self.drained.pop() {
            let Some(shard) = &self.shards[id.index()] else { continue };
            let is_moving = self.is_moving(id);
            let is_over = shard.closed && shard.unread == Unread::None && !shard.reading;
            if shard.held > 0 || !(is_moving || is_over) {
                continue;
            }
            // A window does not go along: it ends early (K24).
            let open = |slot: &&u32| self.lanes[**slot as usize].window.is_some();
            let windows: Vec<u32> = shard.lanes.iter().filter(open).copied().collect();
            if !windows.is_empty() {
                for slot in windows {
                    self.end_window(now, slot, fx);
                    if !self.config.reader.enabled {
                        self.change_places(slot, fx);
                    }
                    self.drive(now, slot, fx);
                }
                continue;
            }
            self.leave_lanes(id);
            if is_over {
                self.shards[id.index()] = None;
                fx.send(Out::Finished(id));
            } else {
                self.join_lanes(now, id);
                self.seek(now, id, fx);
            }
            self.tell_lanes(fx);
        }
    }

    /// Whether a shard is to have other lanes than it has. It gets them when all that was read is done, so
    /// that order holds within a key.
    fn is_moving(&self, id: ShardId) -> bool {
        let Some(shard) = &self.shards[id.index()] else { return false };
        match self.sharing() {
            Sharing::Key | Sharing::Any => shard.lanes.len() != self.lanes_wanted() as usize,
            Sharing::Partition => {
                let wanted = id.index() % self.crew_wanted() as usize;
                shard.lanes.first() != self.crew.get(wanted) || shard.lanes.is_empty()
            }
        }
    }

    fn leave_lanes(&mut self, id: ShardId) {
        let slots = std::mem::take(&mut self.shard(id).lanes);
        for slot in slots {
            let lane = &mut self.lanes[slot as usize];
            lane.token += 1;
            lane.shards.retain(|shard| *shard != id);
            if self.sharing() != Sharing::Partition {
                self.vacant.push(slot);
            }
        }
    }

    fn join_lanes(&mut self, now: Time, id: ShardId) {
        if self.sharing() == Sharing::Partition {
            let wanted = self.crew_wanted() as usize;
            while self.crew.len() < wanted {
                let slot = self.new_lane(now, 0, vec![]);
                self.crew.push(slot);
            }
            let slot = self.crew[id.index() % wanted];
            self.lanes[slot as usize].shards.push(id);
            return self.shard(id).lanes.push(slot);
        }
        for _ in 0..self.lanes_wanted() {
            let number = self.shard(id).numbers;
            self.shard(id).numbers += 1;
            let slot = self.new_lane(now, number, vec![id]);
            self.shard(id).lanes.push(slot);
        }
    }

    fn new_lane(&mut self, now: Time, number: u32, shards: Vec<ShardId>) -> u32 {
        match self.vacant.pop() {
            Some(slot) => {
                let token = self.lanes[slot as usize].token + 1;
                self.lanes[slot as usize] = Lane::new(now, number, token, shards);
                slot
            }
            None => {
                self.lanes.push(Lane::new(now, number, 0, shards));
                u32::try_from(self.lanes.len() - 1).expect("few lanes")
            }
        }
    }

    fn tell_lanes(&mut self, fx: &mut impl Port<Self>) {
        let lanes = match self.sharing() {
            Sharing::Partition => self.crew_wanted(),
            Sharing::Key | Sharing::Any => {
                let lanes = self.shards.iter().flatten().map(|shard| shard.lanes.len());
                u32::try_from(lanes.sum::<usize>()).expect("few lanes")
            }
        };
        if lanes != self.lanes_told {
            self.lanes_told = lanes;
            let rule = match self.sharing() {
                Sharing::Key => Rule::K3,
                Sharing::Partition | Sharing::Any => Rule::O4,
            };
            fx.note(rule, Fact::LanesScaled { reader: self.id, lanes });
        }
    }

    // Pollers of Kafka.

    /// Partitions that it reads, at least 1.
    fn partitions(&self) -> u32 {
        let open = self.shards.iter().flatten().count().max(1);
        u32::try_from(open).expect("a number of shards")
    }

    /// The fewest and the most pollers.
    fn pollers_between(&self) -> (u32, u32) {
        let most = self.partitions();
        match self.config.reader.provisioned {
            None => (1, most),
            Some(pollers) => (pollers.min, pollers.max),
        }
    }

    /// Lanes of the pollers: never more than partitions (O4).
    fn crew_wanted(&self) -> u32 {
        let each = match self.config.reader.provisioned {
            None => 1,
            Some(_) => INVOCATIONS_PER_POLLER,
        };
        self.pollers.saturating_mul(each).clamp(1, self.partitions())
    }

    fn watch_lag(&mut self, fx: &mut impl Port<Self>) {
        if self.sharing() == Sharing::Partition && !self.looking {
            self.looking = true;
            fx.wake(LOOK, Wake::Look);
        }
    }

    fn look(&mut self, now: Time, fx: &mut impl Port<Self>) {
        self.looking = false;
        let waits = |shard: &Shard| shard.unread != Unread::None;
        let lags = self.shards.iter().flatten().any(waits)
            || self.lanes.iter().any(|lane| !lane.queue.is_empty());
        let works = self.shards.iter().flatten().any(|shard| shard.held > 0);
        let (min, max) = self.pollers_between();
        self.pollers = lag::pollers(self.pollers, lags, min, max);
        self.tell_lanes(fx);
        self.drained.extend(self.reads());
        self.settle(now, fx);
        if lags || works || min < self.pollers {
            self.watch_lag(fx);
        }
    }
}

fn length(records: &[Held]) -> u32 {
    u32::try_from(records.len()).expect("at most 10,000")
}
