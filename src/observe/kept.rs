//! What is billed by how long it is there: provisioned concurrency, in blocks of five minutes (SP4, SP6), and
//! shards of Kinesis, in hours (C9).
//!
//! It is billed as it is configured and not as it is used, from when it is configured, allocation
//! included. Each change begins anew: what was is billed to the end of its block, what is from now.

use super::{
    measure::typed as m,
    point::{About, Sink, SinkOf},
};
use crate::{
    kernel::{Span, Time},
    model::{
        config::{Resources, Source},
        vocabulary::{FunctionId, StreamId},
    },
};

/// Everything that is kept.
#[derive(Debug)]
pub struct Kept {
    all: Vec<Keeping>,
}

#[derive(Clone, Copy, Debug)]
struct Keeping {
    /// What it is.
    what: What,
    /// How much is there.
    level: u64,
    /// A begun block is billed whole …
    block: Span,
    /// … so much for each that is there.
    each: u64,
    /// When the next block begins, if it is kept for longer than to then.
    next: Time,
}

/// What is kept, and whose it is.
#[derive(Clone, Copy, Debug)]
enum What {
    Memory(FunctionId),
    Shards(StreamId),
    Consumers(StreamId),
}

/// A block that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    what: What,
    /// When.
    pub at: Time,
    amount: u64,
}

impl Begun {
    /// Counts it as what is billed.
    pub fn count<S: Sink>(&self, sink: &mut S) {
        let (amount, about) = (self.amount, About::default());
        match self.what {
            What::Memory(id) => sink.of(id).add(m::ProvisionedGbSeconds, amount, about),
            What::Shards(id) => sink.of(id).add(m::BilledShardHours, amount, about),
            What::Consumers(id) => sink.of(id).add(m::BilledFanOutHours, amount, about),
        }
    }
}

/// What these say is kept: memory of functions, shards of streams, and those once more for each consumer.
fn keepings(resources: &Resources) -> impl Iterator<Item = Keeping> + '_ {
    let next = Time::ZERO;
    let functions = resources.function_ids().map(move |id| {
        let function = &resources.functions[id.index()];
        let block = Span::mins(5);
        Keeping {
            what: What::Memory(id),
            level: u64::from(function.provisioned) * u64::from(function.memory_mb),
            block,
            each: block.ceil_millis(),
            next,
        }
    });
    let streams = (0..resources.streams.len()).map(StreamId::at).flat_map(move |id| {
        let stream = &resources.streams[id.index()];
        let is_kinesis = stream.source == Source::Kinesis && !stream.forbidden;
        let shards = if is_kinesis { u64::from(stream.shards) } else { 0 };
        let consumers =
            resources.readers.iter().filter(|reader| reader.stream == id && reader.fan_out);
        [(What::Shards(id), shards), (What::Consumers(id), shards * consumers.count() as u64)]
            .map(|(what, level)| Keeping { what, level, block: Span::hours(1), each: 1, next })
    });
    functions.chain(streams)
}

impl Kept {
    /// As at time 0.
    pub fn new(resources: &Resources) -> Kept {
        Kept { all: keepings(resources).collect() }
    }

    /// From `now` on it is as these say. What began before has been taken.
    pub fn configured(&mut self, now: Time, resources: &Resources) {
        for (keeping, then) in self.all.iter_mut().zip(keepings(resources)) {
            if keeping.level != then.level {
                *keeping = Keeping { next: now, ..then };
            }
        }
    }

    /// The first instant of the next block of anything; never if nothing is kept.
    pub fn next(&self) -> Time {
        let kept = self.all.iter().filter(|keeping| 0 < keeping.level);
        // Just at the beginning of a block it can still end.
        let within = kept.map(|keeping| keeping.next.saturating_add(Span::nanos(1)));
        within.min().unwrap_or(Time::NEVER)
    }

    /// The blocks that have begun by `now`, functions first.
    pub fn begun(&mut self, now: Time) -> Vec<Begun> {
        let mut begun = Vec::new();
        for keeping in &mut self.all {
            while 0 < keeping.level && keeping.next < now {
                let amount = keeping.level * keeping.each;
                begun.push(Begun { what: keeping.what, at: keeping.next, amount });
                keeping.next = keeping.next.saturating_add(keeping.block);
            }
        }
        begun
    }
}
