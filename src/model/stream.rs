//! A stream: a data stream of Kinesis, a table's stream, a topic of Kafka, a broker's queue, a change stream.
//!
//! ```text
//!        Put                       Opened, Arrived, Records
//!  call ──────►  ┌──────────────┐ ─────────────────────────►  reader
//!       ◄──────  │ shard, shard │ ◄─────────────────────────
//!         Told   └──────────────┘       Read, Finished
//! ```

use super::{
    Component, Port,
    config::{self, Resources},
    value::Catalog,
    vocabulary::{BatchId, PayloadId, ReaderId, Receipt, Sender, ShardId, StreamId},
};
use crate::kernel::{Class, Classed, Time};
use std::sync::Arc;

/// A stream.
#[derive(Debug)]
pub struct Stream {
    id: StreamId,
    config: config::Stream,
    catalog: Arc<Catalog>,
}

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
        /// The records, whose holds go along, or none. The reader closes the batch.
        batch: BatchId,
    },
}

/// Appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A retention may be over.
    Expire,
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Expire => Class::Expiry,
        }
    }
}

impl Component for Stream {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    fn on(&mut self, _now: Time, _message: In, _fx: &mut impl Port<Self>) {}

    fn woken(&mut self, _now: Time, _token: Wake, _fx: &mut impl Port<Self>) {}
}

impl Stream {
    /// The stream `id` with those of the `resources` that read it.
    pub fn new(id: StreamId, resources: &Resources, catalog: Arc<Catalog>, _seed: u64) -> Stream {
        Stream { id, config: resources.streams[id.index()].clone(), catalog }
    }

    /// Tells its readers of its shards.
    pub fn begin(&mut self, _fx: &mut impl Port<Self>) {}

    /// Takes changed settings.
    pub fn configure(&mut self, _now: Time, resources: &Resources, _fx: &mut impl Port<Self>) {
        self.config = resources.streams[self.id.index()].clone();
    }
}
