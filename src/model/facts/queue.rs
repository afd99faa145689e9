//! Facts of queues.

macro_rules! rows {
    ($then:ident [$($before:tt)*] $($rest:tt)*) => { $then! { [$($before)*
        /// A message came into a queue; `place` is where the ledger has it now.
        27 Enqueued {
            queue: QueueId, payload: PayloadId, entry: Entry, delayed: bool, place: Place
        }
            "enqueued" of(queue, payload) moves(place)
            digest(digits(entry) << 1 | digits(delayed), place)
            says(entry, delayed = when(delayed));
        /// A queue refused a message (5xx, deleted, or the permission is lost).
        28 SendRefused { queue: QueueId, payload: PayloadId }
            "send_refused" of(queue, payload);
        /// A FIFO queue took a message for one that it had: it answered and stored nothing.
        90 Deduplicated { queue: QueueId, payload: PayloadId }
            "deduplicated" of(queue, payload) moves(Filtered);
        /// Of a FIFO queue, so many groups have messages in flight from now on.
        120 GroupsInFlight { queue: QueueId, groups: u32 }
            "groups_in_flight" of(queue) digest(groups) says(groups);
        /// Its delay is over.
        29 Appeared { queue: QueueId, payload: PayloadId }
            "appeared" of(queue, payload);
        /// It was received for the `count`th time, among those of `batch`.
        30 Received { queue: QueueId, payload: PayloadId, count: u32, batch: BatchId }
            // The batch is a slot, which says nothing.
            "received" of(queue, payload) attempt(count) moves(InFlight) digest(count);
        /// Its visibility timeout is over, or was set to 0; `place` is where the ledger has it now.
        31 Returned { queue: QueueId, payload: PayloadId, count: u32, place: Place }
            "returned" of(queue, payload) attempt(count) moves(place) digest(count, place);
        /// It was deleted.
        32 Deleted { queue: QueueId, payload: PayloadId, why: Deletion, was: Held }
            "deleted" of(queue, payload)
            moves(match why { Deletion::Processed => Succeeded, Deletion::Filtered => Filtered })
            digest(why, was) says(why, was);
        /// A delete with a handle that is no longer the newest deleted nothing.
        33 DeleteIgnored { queue: QueueId, payload: PayloadId }
            "delete_ignored" of(queue, payload);
        /// Its retention is over.
        34 Expired { queue: QueueId, payload: PayloadId, was: Held }
            "expired" of(queue, payload) moves(Expired) digest(was) says(was);
        /// It left for the dead-letter queue; it comes in there as [`Entry::Redriven`].
        35 Redriven { queue: QueueId, payload: PayloadId, count: u32 }
            "redriven" of(queue, payload) attempt(count) moves(InFlight) digest(count);
        /// It left its dead-letter queue for where a move task brings it.
        36 MovedBack { queue: QueueId, payload: PayloadId }
            "moved_back" of(queue, payload) moves(InFlight);
        /// A receive returned nothing.
        37 EmptyReceive { queue: QueueId }
            "empty_receive" of(queue);
        /// A message move task began, or was refused because one is running.
        38 MoveTaskStarted { queue: QueueId, accepted: bool }
            "move_task_started" of(queue) digest(accepted) says(accepted);
        /// A message move task ended after `moved` messages.
        39 MoveTaskEnded { queue: QueueId, moved: u64 }
            "move_task_ended" of(queue) digest(moved) says(moved);
        /// A message was purged.
        40 Purged { queue: QueueId, payload: PayloadId, was: Held }
            "purged" of(queue, payload) moves(Dropped) digest(was) says(was);
    ] $($rest)* } };
}
pub(super) use rows;
