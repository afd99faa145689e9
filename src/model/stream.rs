//! A stream: a data stream of Kinesis, a table's stream, a topic of Kafka, a broker's queue, a change stream.
//!
//! ```text
//!        Put                       Opened, Arrived, Records, Closed
//!  call ──────►  ┌──────────────┐ ─────────────────────────────────►  reader
//!       ◄──────  │ shard, shard │ ◄─────────────────────────────────
//!         Told   └──────────────┘       Read, Finished
//! ```
//!
//! It owns its shards and what of each is still to be read by whom: each mapping that reads has a payload
//! of its own. It owns the limits of a shard, where a mapping begins, and retention until a record is read;
//! from then on that is the reader's. A shard that nothing comes into costs nothing: who read it last to
//! its end is told when there is something again.

use super::{
    Component, Fact, Place, Port, Rule,
    config::{self, Resources, Source, Start},
    facts::Maker,
    outcome::{Origin, Role},
    policy::{bucket::Bucket, partition},
    register::Record,
    value::Catalog,
    vocabulary::{BatchId, LineageId, PayloadId, ReaderId, Receipt, Sender, ShardId, StreamId},
};
use crate::kernel::{self, Class, Classed, Span, Time, name_key};
use std::{collections::VecDeque, sync::Arc};

/// A stream.
#[derive(Debug)]
pub struct Stream {
    id: StreamId,
    config: config::Stream,
    catalog: Arc<Catalog>,
    luck: kernel::Stream,
    listeners: Vec<Listener>,
    /// Every shard that there ever was, by its id.
    shards: Vec<Shard>,
    /// Those that take records, in the order of their ranges.
    open: Vec<ShardId>,
}

/// A mapping that reads.
#[derive(Debug)]
struct Listener {
    reader: ReaderId,
    /// Makes its copies.
    maker: u64,
    /// What came before is not for it (K4).
    from: Time,
    fan_out: bool,
    enabled: bool,
}

#[derive(Debug)]
struct Shard {
    /// Its first and last hash.
    range: (u128, u128),
    closed: bool,
    /// The closed ones whose ranges it has a part of.
    parents: Vec<ShardId>,
    /// For each listener what it has still to read.
    lines: Vec<Line>,
    /// Records and bytes that it still takes, where there are limits (K28).
    puts: Option<[Bucket; 2]>,
    /// What it gives to all who read without fan-out.
    tap: Tap,
    /// Reads that wait for the tap, oldest first: whose, and how many records at most.
    waiting: VecDeque<(usize, u32)>,
    /// When the alarm of retention rings, or before.
    expiry: Time,
    /// When waiting reads are looked at.
    service: Time,
}

/// What one listener has still to read of a shard.
#[derive(Debug, Default)]
struct Line {
    unread: VecDeque<Unread>,
    stage: Stage,
    /// It read to the end, and is to be told of what comes.
    asleep: bool,
    /// By enhanced fan-out it has a tap of its own (K20).
    tap: Tap,
}

/// A record, and when it came.
#[derive(Clone, Copy, Debug)]
struct Unread {
    payload: PayloadId,
    arrived: Time,
}

/// How far a listener is with a shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// It has not finished all the parents.
    #[default]
    Barred,
    /// It reads.
    Open,
    /// It has done with all.
    Done,
}

/// What limits reading (K19).
#[derive(Debug, Default)]
struct Tap {
    /// Calls that it still answers; none: any number.
    calls: Option<Bucket>,
    /// By then the bytes that it gave are paid for.
    clear: Time,
}

/// Records and bytes that a shard of Kinesis takes a second (K28).
const PUTS: [u64; 2] = [1000, 1 << 20];
/// `GetRecords` that a shard of Kinesis answers a second (K19).
const READS: u64 = 5;
/// Bytes that a shard of Kinesis gives a second (K19), and by fan-out gives to each (K20).
const READ_BYTES: u64 = 2 << 20;

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// `PutRecord`.
    Put {
        /// What; held once, and the hold goes to the stream if it accepts.
        payload: PayloadId,
        /// Which attempt to put this payload it is, from 1: keys the luck of a 5xx.
        attempt: u32,
        /// Who is told.
        sender: Sender,
    },
    /// `GetRecords`, answered by [`Out::Records`].
    Read {
        /// Who reads.
        reader: ReaderId,
        /// Where.
        shard: ShardId,
        /// The most that it takes.
        max: u32,
    },
    /// A reader has done with everything in a shard that is closed.
    Finished {
        /// Which reader.
        reader: ReaderId,
        /// Which shard.
        shard: ShardId,
    },
}

/// What it asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// What became of a put.
    Told(Sender, Receipt),
    /// From now on this reader can read this shard.
    Opened {
        /// Which reader.
        reader: ReaderId,
        /// Which shard.
        shard: ShardId,
    },
    /// Nothing more comes into a shard that this reader reads.
    Closed {
        /// Which reader.
        reader: ReaderId,
        /// Which shard.
        shard: ShardId,
    },
    /// There is something to read where there was nothing when the reader asked last.
    Arrived {
        /// Which reader.
        reader: ReaderId,
        /// Which shard.
        shard: ShardId,
    },
    /// The answer to a read.
    Records {
        /// Which reader.
        reader: ReaderId,
        /// Which shard.
        shard: ShardId,
        /// The records, whose holds go along, or none; the handle of each is when it came. The reader
        /// closes the batch.
        batch: BatchId,
        /// Whether there are more; if not, the reader is told when there are.
        behind: bool,
    },
}

/// Appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A retention may be over in a shard.
    Expire(ShardId),
    /// A read may be answered that waited for the limits of a shard.
    Serve(ShardId),
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Expire(_) => Class::Expiry,
            Wake::Serve(_) => Class::Poll,
        }
    }
}

impl Component for Stream {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Put { payload, attempt, sender } => self.put(now, payload, attempt, sender, fx),
            In::Read { reader, shard, max } => {
                let line = self.line_of(reader);
                self.shards[shard.index()].waiting.push_back((line, max));
                self.serve(now, shard, fx);
            }
            In::Finished { reader, shard } => {
                let line = self.line_of(reader);
                self.shards[shard.index()].lines[line].stage = Stage::Done;
                self.open_lines(fx);
            }
        }
    }

    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Expire(shard) => {
                // Another appointment is stale: it was made for a later time.
                if self.shards[shard.index()].expiry <= now {
                    self.shards[shard.index()].expiry = Time::NEVER;
                    self.expire(now, shard, fx);
                }
            }
            Wake::Serve(shard) => {
                if self.shards[shard.index()].service <= now {
                    self.shards[shard.index()].service = Time::NEVER;
                    self.serve(now, shard, fx);
                }
            }
        }
    }
}

impl Stream {
    /// The stream `id` with those of the `resources` that read it.
    pub fn new(id: StreamId, resources: &Resources, catalog: Arc<Catalog>, seed: u64) -> Stream {
        let config = resources.streams[id.index()].clone();
        let luck = kernel::Stream::new(seed, &format!("stream/{}/system-error", config.name));
        let listeners = Vec::new();
        let (shards, open) = (Vec::new(), Vec::new());
        let mut stream = Stream { id, config, catalog, luck, listeners, shards, open };
        stream.listen(resources);
        stream
    }

    /// Opens its shards to its readers.
    pub fn begin(&mut self, fx: &mut impl Port<Self>) {
        self.reshard(Time::ZERO, fx);
    }

    /// Takes changed settings.
    pub fn configure(&mut self, now: Time, resources: &Resources, fx: &mut impl Port<Self>) {
        self.config = resources.streams[self.id.index()].clone();
        self.listen(resources);
        if self.open.len() != self.config.shards as usize {
            self.reshard(now, fx);
        }
        for at in 0..self.shards.len() {
            self.watch_retention(now, ShardId::at(at), fx);
        }
    }

    fn listen(&mut self, resources: &Resources) {
        let latest = Time::ZERO.saturating_add(resources.assumptions.streams.latest_delay);
        let readers = (0..).map(ReaderId).zip(&resources.readers);
        let mine = readers.filter(|(_, reader)| reader.stream == self.id);
        self.listeners = mine
            .map(|(id, reader)| Listener {
                reader: id,
                maker: name_key(&format!("reader/{}", reader.name)),
                from: match reader.start {
                    Start::TrimHorizon => Time::ZERO,
                    Start::Latest => latest,
                    Start::At(time) => time,
                },
                fan_out: reader.fan_out,
                enabled: reader.enabled,
            })
            .collect();
    }

    /// Records that wait for a mapping that is disabled.
    pub fn parked(&self) -> usize {
        let disabled = || self.listeners.iter().enumerate().filter(|(_, one)| !one.enabled);
        let unread = |shard: &Shard| -> usize {
            disabled().map(|(line, _)| shard.lines[line].unread.len()).sum()
        };
        self.shards.iter().map(unread).sum()
    }

    fn line_of(&self, reader: ReaderId) -> usize {
        let line = self.listeners.iter().position(|listener| listener.reader == reader);
        line.expect("only who listens reads")
    }

    fn put(
        &mut self,
        now: Time,
        payload: PayloadId,
        attempt: u32,
        sender: Sender,
        fx: &mut impl Port<Self>,
    ) {
        let n = u32::try_from(self.open.len()).expect("fewer than 2^32 shards");
        let known = fx.register().get(payload);
        let hash = if n == 1 { 0 } else { partition::hash(&self.catalog, known) };
        let shard = self.open[partition::place(hash, n)];
        let (receipt, rule) = if self.config.forbidden {
            (Receipt::Refused, Rule::Ours)
        } else if self.luck.happens(known.key, attempt, self.config.system_error_rate) {
            (Receipt::SystemError, Rule::Ours)
        } else if !self.shards[shard.index()].admits(now, u64::from(known.bytes)) {
            (Receipt::Throttled, Rule::K28)
        } else {
            (Receipt::Accepted, Rule::K27)
        };
        fx.send(Out::Told(sender, receipt));
        if receipt == Receipt::Accepted {
            self.accept(now, payload, shard, fx);
        } else {
            let throttled = receipt == Receipt::Throttled;
            fx.note(rule, Fact::PutRefused { stream: self.id, payload, throttled });
        }
    }

    /// Each who is to read it gets one: the first the payload itself, the others copies. Each has luck of
    /// its own, so that one more or fewer moves nobody else's.
    fn accept(&mut self, now: Time, payload: PayloadId, shard: ShardId, fx: &mut impl Port<Self>) {
        let stream = self.id;
        // No stream passes on the header by which chains of invocations are followed (A6.4).
        fx.register().get_mut(payload).lineage = LineageId(0);
        let wants = |(_, listener): &(usize, &Listener)| listener.from <= now;
        let mut wanting = self.listeners.iter().enumerate().filter(wants);
        let Some((first, Listener { maker: kept, .. })) = wanting.next() else {
            let rule = if self.listeners.is_empty() { Rule::K27 } else { Rule::K4 };
            fx.note(rule, Fact::Put { stream, payload, shard, place: Place::Delivered });
            return fx.register().release(payload);
        };
        let place = Place::Waiting;
        fx.note(Rule::K27, Fact::Put { stream, payload, shard, place });
        let mut given = vec![(first, payload)];
        for (line, Listener { reader, maker, .. }) in wanting {
            let copy = {
                let role = Role::Message(Origin::Reader);
                fx.register().copy(payload, *maker, 0, role, now)
            };
            fx.note(Rule::K27, Fact::Copied { maker: Maker::Reader(*reader), payload: copy });
            given.push((line, copy));
        }
        fx.register().rekey(payload, *kept);
        for (line, payload) in given {
            let reader = self.listeners[line].reader;
            fx.note(Rule::K27, Fact::Awaits { reader, payload, shard });
            let line = &mut self.shards[shard.index()].lines[line];
            line.unread.push_back(Unread { payload, arrived: now });
            if std::mem::take(&mut line.asleep) {
                fx.send(Out::Arrived { reader, shard });
            }
        }
        let due = now.saturating_add(self.config.retention);
        self.shards[shard.index()].ring_at(now, due, shard, fx);
    }

    /// Answers the reads that the limits of a shard let through; the others wait (K19, K20).
    fn serve(&mut self, now: Time, id: ShardId, fx: &mut impl Port<Self>) {
        let mut due = Time::NEVER;
        let mut waiting = std::mem::take(&mut self.shards[id.index()].waiting);
        waiting.retain(|&(line, max)| {
            let shard = &mut self.shards[id.index()];
            let free = match (self.config.source, shard.lines[line].unread.is_empty()) {
                (Source::Kinesis, false) => shard.tap(self.listeners[line].fan_out, line).free(now),
                _ => now,
            };
            if free <= now {
                self.answer(now, id, line, max, fx);
            } else {
                due = due.min(free);
            }
            now < free
        });
        let shard = &mut self.shards[id.index()];
        shard.waiting = waiting;
        if due < shard.service {
            shard.service = due;
            fx.wake(due.since(now), Wake::Serve(id));
        }
    }

    fn answer(&mut self, now: Time, id: ShardId, at: usize, max: u32, fx: &mut impl Port<Self>) {
        let (records_max, bytes_max) = call_limits(self.config.source);
        let Listener { reader, fan_out, .. } = self.listeners[at];
        let shard = &mut self.shards[id.index()];
        let batch = fx.register().open_batch();
        let (mut count, mut bytes) = (0, 0);
        let unread = &mut shard.lines[at].unread;
        while let Some(&Unread { payload, arrived }) = unread.front()
            && count < max.min(records_max)
        {
            let size = u64::from(fx.register().get(payload).bytes);
            if count > 0 && bytes_max < bytes + size {
                break;
            }
            (count, bytes) = (count + 1, bytes + size);
            unread.pop_front();
            let handle = arrived.as_nanos();
            let record = Record::new(payload, 1, handle);
            fx.register().batch_mut(batch).push(record);
        }
        let behind = !unread.is_empty();
        shard.lines[at].asleep = !behind;
        if self.config.source == Source::Kinesis && count > 0 {
            shard.tap(fan_out, at).give(now, bytes);
        }
        fx.send(Out::Records { reader, shard: id, batch, behind });
    }

    /// What nobody read in time is lost (K25).
    fn expire(&mut self, now: Time, id: ShardId, fx: &mut impl Port<Self>) {
        let shard = &mut self.shards[id.index()];
        for (line, &Listener { reader, .. }) in shard.lines.iter_mut().zip(&self.listeners) {
            while let Some(&Unread { payload, arrived }) = line.unread.front()
                && arrived.saturating_add(self.config.retention) <= now
            {
                line.unread.pop_front();
                let (shard, lane, sequence) = (id, 0, 0);
                let read = false;
                let expired = Fact::RecordExpired { reader, payload, shard, lane, sequence, read };
                fx.note(Rule::K25, expired);
                fx.register().release(payload);
            }
        }
        self.watch_retention(now, id, fx);
    }

    fn watch_retention(&mut self, now: Time, id: ShardId, fx: &mut impl Port<Self>) {
        let shard = &mut self.shards[id.index()];
        let oldest = shard.lines.iter().filter_map(|line| line.unread.front());
        if let Some(oldest) = oldest.map(|unread| unread.arrived).min() {
            let due = oldest.saturating_add(self.config.retention).max(now);
            shard.ring_at(now, due, id, fx);
        }
    }

    /// Has as many open shards as it is to have. Partitions of Kafka are only added; of the other sources
    /// the old shards close, and new ones take over their ranges (K29).
    fn reshard(&mut self, now: Time, fx: &mut impl Port<Self>) {
        let shards = self.config.shards;
        let adds = matches!(self.config.source, Source::Msk | Source::Kafka);
        let had = if adds { self.open.len() } else { 0 };
        let closing: Vec<ShardId> = self.open.drain(had..).collect();
        for &id in &closing {
            let shard = &mut self.shards[id.index()];
            shard.closed = true;
            for (line, &Listener { reader, .. }) in shard.lines.iter().zip(&self.listeners) {
                if line.stage == Stage::Open {
                    fx.send(Out::Closed { reader, shard: id });
                }
            }
        }
        for at in u32::try_from(had).expect("a number of shards")..shards {
            let range = partition::range(at, shards);
            let overlaps = |id: &&ShardId| {
                let (first, last) = self.shards[id.index()].range;
                first <= range.1 && range.0 <= last
            };
            let parents = closing.iter().filter(overlaps).copied().collect();
            self.open.push(ShardId::at(self.shards.len()));
            let limited = self.config.source == Source::Kinesis;
            self.shards.push(Shard::new(now, range, parents, self.listeners.len(), limited));
        }
        let shards = u32::try_from(self.open.len()).expect("a number of shards");
        fx.note(Rule::K29, Fact::Resharded { stream: self.id, shards });
        self.open_lines(fx);
    }

    /// Who has finished all parents of a shard can read it.
    fn open_lines(&mut self, fx: &mut impl Port<Self>) {
        for at in 0..self.shards.len() {
            for (line, &Listener { reader, .. }) in self.listeners.iter().enumerate() {
                let Shard { lines, parents, .. } = &self.shards[at];
                let done = |id: &ShardId| self.shards[id.index()].lines[line].stage == Stage::Done;
                if lines[line].stage != Stage::Barred || !parents.iter().all(done) {
                    continue;
                }
                let shard = ShardId::at(at);
                let line = &mut self.shards[at].lines[line];
                line.stage = Stage::Open;
                line.asleep = line.unread.is_empty();
                fx.send(Out::Opened { reader, shard });
                if !line.asleep {
                    fx.send(Out::Arrived { reader, shard });
                }
                if self.shards[at].closed {
                    fx.send(Out::Closed { reader, shard });
                }
            }
        }
    }
}

impl Shard {
    fn new(
        now: Time,
        range: (u128, u128),
        parents: Vec<ShardId>,
        listeners: usize,
        limited: bool,
    ) -> Shard {
        let line = |_| Line { tap: Tap { calls: None, clear: now }, ..Line::default() };
        let second = Span::secs(1);
        Shard {
            range,
            closed: false,
            parents,
            lines: (0..listeners).map(line).collect(),
            puts: limited.then(|| PUTS.map(|rate| Bucket::new(rate, rate, second))),
            tap: Tap { calls: Some(Bucket::new(READS, READS, second)), clear: now },
            waiting: VecDeque::new(),
            expiry: Time::NEVER,
            service: Time::NEVER,
        }
    }

    /// Whether a put of so many bytes is within the limits; it counts if it is (K28).
    fn admits(&mut self, now: Time, bytes: u64) -> bool {
        match &mut self.puts {
            None => true,
            Some([records, volume]) => {
                0 < records.tokens(now) && volume.take_of(now, bytes) && records.take(now)
            }
        }
    }

    fn tap(&mut self, fan_out: bool, line: usize) -> &mut Tap {
        if fan_out { &mut self.lines[line].tap } else { &mut self.tap }
    }

    /// Sees to it that the alarm of retention rings at `due` or before.
    fn ring_at(&mut self, now: Time, due: Time, id: ShardId, fx: &mut impl Port<Stream>) {
        if due < self.expiry {
            self.expiry = due;
            fx.wake(due.since(now), Wake::Expire(id));
        }
    }
}

impl Tap {
    /// From when on a call is answered: `now`, or later.
    fn free(&mut self, now: Time) -> Time {
        let wait = match &mut self.calls {
            Some(calls) => calls.wait(now).expect("calls come back"),
            None => Span::ZERO,
        };
        self.clear.max(now.saturating_add(wait))
    }

    /// Answers a call with so many bytes.
    fn give(&mut self, now: Time, bytes: u64) {
        if let Some(calls) = &mut self.calls {
            assert!(calls.take(now), "who is answered was let through");
        }
        let paid =
            u128::from(bytes) * u128::from(Span::secs(1).as_nanos()) / u128::from(READ_BYTES);
        let paid = Span::nanos(u64::try_from(paid).expect("a call gives few bytes"));
        self.clear = self.clear.max(now).saturating_add(paid);
    }
}

/// The most records and bytes that one call gives (K19, DS3).
fn call_limits(source: Source) -> (u32, u64) {
    match source {
        Source::Kinesis => (10_000, 10 << 20),
        Source::DynamoDb => (1_000, 1 << 20),
        Source::Msk | Source::Kafka | Source::ActiveMq | Source::RabbitMq | Source::DocumentDb => {
            (u32::MAX, u64::MAX)
        }
    }
}
