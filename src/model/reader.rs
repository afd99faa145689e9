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

use super::{
    Component, Place, Port,
    config::{self, Assumptions},
    value::Catalog,
    vocabulary::{BatchId, Entry, Outcome, PayloadId, ReaderId, Receipt, ShardId, Target},
};
use crate::kernel::{Class, Classed, Span, Time};
use std::sync::Arc;

/// An event source mapping on a stream.
#[derive(Debug)]
pub struct Reader {
    id: ReaderId,
    config: Settings,
    assumptions: Assumptions,
    catalog: Arc<Catalog>,
}

/// What a reader is told of itself and of the two that it connects.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Its own properties.
    pub reader: config::Reader,
    /// What it reads.
    pub source: config::Source,
    /// How long a record is kept there.
    pub retention: Span,
}

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
    Records(ShardId, BatchId),
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
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Poll(_) => Class::Poll,
        }
    }
}

impl Component for Reader {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    fn on(&mut self, _now: Time, _message: In, _fx: &mut impl Port<Self>) {}

    fn woken(&mut self, _now: Time, _token: Wake, _fx: &mut impl Port<Self>) {}
}

impl Reader {
    /// The mapping `id`.
    pub fn new(
        id: ReaderId,
        config: Settings,
        assumptions: &Assumptions,
        catalog: Arc<Catalog>,
    ) -> Reader {
        Reader { id, config, assumptions: assumptions.clone(), catalog }
    }

    /// Takes changed settings.
    pub fn configure(&mut self, _now: Time, config: Settings, _fx: &mut impl Port<Self>) {
        self.config = config;
    }
}
