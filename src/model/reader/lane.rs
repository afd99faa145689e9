//! What a lane holds: records in order, the batch that it works on, and its tumbling window.

use super::{BATCH_BYTES_MAX, Reader};
use crate::{
    kernel::{Span, Time},
    model::{
        Port,
        vocabulary::{BatchId, PayloadId, ShardId},
    },
};
use std::collections::VecDeque;

/// A record that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub payload: PayloadId,
    /// When it came into the stream.
    pub arrived: Time,
    pub shard: ShardId,
    /// The lane that keeps its order, and its number there.
    pub lane: u32,
    pub sequence: u64,
}

/// A batch, or what is left of it.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub records: Vec<Held>,
    /// Runs that failed with just these.
    pub runs: u32,
    /// Times that it was tried in vain, refusals too: how long it waits goes by them.
    pub failures: u32,
    /// It is no batch, but the call that ends a window.
    pub ends_window: bool,
}

impl Piece {
    /// A batch that was never tried.
    pub fn new(records: Vec<Held>) -> Piece {
        Piece { records, runs: 0, failures: 0, ends_window: false }
    }
}

/// What a lane does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing, or it gathers.
    Free,
    /// The function has its batch; whether reports are read.
    Running { batch: BatchId, reports: bool },
    /// Its batch is tried again later.
    Backoff,
}

/// A tumbling window that is not closed (K24).
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub shard: ShardId,
    pub end: Time,
    /// The last record that was taken in it, and when it came. Held.
    pub last: (PayloadId, Time),
    /// Records processed, and invocations made.
    pub records: u64,
    pub invocations: u32,
}

/// One batch at a time.
#[derive(Debug)]
pub(super) struct Lane {
    /// Its number in its shard.
    pub number: u32,
    /// Records that it was given so far.
    pub sequence: u64,
    /// The shards that it works on.
    pub shards: Vec<ShardId>,
    pub queue: VecDeque<Held>,
    /// The batch in work, the part that is next on top.
    pub pieces: Vec<Piece>,
    pub state: State,
    /// Counts what it did, so that a stale appointment is known.
    pub token: u32,
    /// When the batching window ends that is open.
    pub closes: Option<Time>,
    /// It waits no longer for what is about to be read.
    pub hurried: bool,
    /// When it had done with its last batch.
    pub since: Time,
    pub window: Option<Window>,
}

impl Lane {
    pub fn new(now: Time, number: u32, token: u32, shards: Vec<ShardId>) -> Lane {
        Lane {
            number,
            sequence: 0,
            shards,
            queue: VecDeque::new(),
            pieces: Vec::new(),
            state: State::Free,
            token,
            closes: None,
            hurried: false,
            since: now,
            window: None,
        }
    }

    /// Whether it could begin another batch.
    pub fn is_free(&self) -> bool {
        self.state == State::Free && self.pieces.is_empty()
    }

    /// Records of the queue that make the next batch, and whether no further one could join them: by its
    /// size, by 6 MB, or because a window ends before (K2, K24).
    pub fn fitting(
        &self,
        size: u32,
        tumbling: Option<Span>,
        fx: &mut impl Port<Reader>,
    ) -> (usize, bool) {
        let size = usize::try_from(size).expect("at most 10,000");
        let Some(first) = self.queue.front() else { return (0, false) };
        let end = match (self.window, tumbling) {
            (Some(window), _) => window.end,
            (None, Some(length)) => window_end(first.arrived, length),
            (None, None) => Time::NEVER,
        };
        let (mut count, mut sum) = (0, 0);
        for held in &self.queue {
            sum += u64::from(fx.register().get(held.payload).bytes);
            let is_over = BATCH_BYTES_MAX < sum && count > 0;
            if count == size || is_over || end <= held.arrived {
                return (count, true);
            }
            count += 1;
        }
        (count, count == size || BATCH_BYTES_MAX <= sum)
    }
}

/// The end of the tumbling window that an instant is in: windows are counted from time 0.
pub(super) fn window_end(at: Time, length: Span) -> Time {
    let nth = at.as_nanos() / length.as_nanos();
    Time::ZERO.saturating_add(length.times(nth + 1))
}
