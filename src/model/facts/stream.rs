//! Facts of streams, and of event source mappings on them.

macro_rules! rows {
    ($then:ident [$($before:tt)*] $($rest:tt)*) => { $then! { [$($before)*
        /// A record came into a shard. `place`: where the ledger has it; it rests where nobody reads.
        91 Put { stream: StreamId, payload: PayloadId, shard: ShardId, place: Place }
            "put" of(stream, payload) moves(place) digest(shard, place) says(shard);
        /// A put was refused: a 5xx, deleted, or `throttled`, over the limits of the shard.
        92 PutRefused { stream: StreamId, payload: PayloadId, throttled: bool }
            "put_refused" of(stream, payload)
            digest(throttled) says(throttled = if throttled { "true" } else { "false" });
        /// A stream has so many open shards from now on.
        93 Resharded { stream: StreamId, shards: u32 }
            "resharded" of(stream) digest(shards) says(shards);
        /// A record waits for this mapping: its own copy, or the record itself.
        94 Awaits { reader: ReaderId, payload: PayloadId, shard: ShardId }
            "awaits" of(reader, payload) moves(Waiting) digest(shard) says(shard);
        /// The mapping got so many records of a shard.
        95 RecordsRead { reader: ReaderId, shard: ShardId, events: u32 }
            "records_read" of(reader) digest(with(shard, events)) says(shard, events);
        /// The filter did not want a record: the mapping moves on.
        96 RecordFiltered { reader: ReaderId, payload: PayloadId, shard: ShardId }
            "record_filtered" of(reader, payload) moves(Filtered) digest(shard) says(shard);
        /// A record is in a batch for the first time: the `sequence`th of its lane, from 1.
        97 RecordTaken {
            reader: ReaderId, payload: PayloadId, shard: ShardId, lane: u32, sequence: u64
        }
            "record_taken" of(reader, payload) moves(InFlight)
            digest(with(shard, lane), sequence) says(shard, lane, sequence);
        /// A batch was sent to the function, for the `attempt`th time; `age` of its last record.
        98 BatchInvoked { reader: ReaderId, shard: ShardId, events: u32, attempt: u32, age: Span }
            "batch_invoked" of(reader) attempt(attempt)
            digest(with(shard, events), digits(age) ^ digits(attempt) << 40)
            says(shard, events, age);
        /// Of a batch, so many events failed.
        99 BatchFailed { reader: ReaderId, shard: ShardId, events: u32 }
            "batch_failed" of(reader) digest(with(shard, events)) says(shard, events);
        /// A batch is tried again in `wait`, for the `attempt`th time.
        100 BatchRetried { reader: ReaderId, shard: ShardId, events: u32, attempt: u32, wait: Span }
            "batch_retried" of(reader) attempt(attempt)
            digest(with(shard, events), digits(wait) ^ digits(attempt) << 40)
            says(shard, events, wait);
        /// A batch of so many was split; the first part has `first`.
        101 Bisected { reader: ReaderId, shard: ShardId, events: u32, first: u32 }
            "bisected" of(reader) digest(with(shard, events), first) says(shard, events, first);
        /// The mapping moved past a record that was processed: the `sequence`th of its lane.
        102 Checkpointed {
            reader: ReaderId, payload: PayloadId, shard: ShardId, lane: u32, sequence: u64
        }
            "checkpointed" of(reader, payload) moves(Succeeded)
            digest(with(shard, lane), sequence) says(shard, lane, sequence);
        /// The mapping gave a batch up, after `attempts` invocations as AWS counts them.
        103 BatchGivenUp {
            reader: ReaderId, shard: ShardId, events: u32, attempts: u32, why: GivenUp
        }
            "batch_given_up" of(reader)
            digest(with(shard, events), digits(why) << 32 | digits(attempts))
            says(shard, events, attempts, reason = why);
        /// A record of a batch that was given up.
        104 RecordGivenUp {
            reader: ReaderId, payload: PayloadId, shard: ShardId, lane: u32, sequence: u64,
            why: GivenUp
        }
            "record_given_up" of(reader, payload)
            digest(with(shard, lane), sequence << 2 | digits(why))
            says(shard, sequence, reason = why);
        /// The failure destination has what was given up: a queue of the file by a message of its own,
        /// this record beside it or in its place.
        105 RecordKept { reader: ReaderId, payload: PayloadId }
            "record_kept" of(reader, payload) moves(DeadLettered);
        /// Nobody kept a record that was given up.
        106 RecordDropped { reader: ReaderId, payload: PayloadId, why: GivenUp }
            "record_dropped" of(reader, payload) moves(Dropped) digest(why) says(reason = why);
        /// The failure destination took the record of a batch of so many.
        107 FailureDelivered { reader: ReaderId, events: u32 }
            "failure_delivered" of(reader) digest(events) says(events);
        /// The failure destination could not be written; so many events are lost.
        108 FailureUndelivered { reader: ReaderId, events: u32 }
            "failure_undelivered" of(reader) digest(events) says(events);
        /// The stream no longer has a record that this mapping had not done with; `read`: it had read it.
        109 RecordExpired {
            reader: ReaderId, payload: PayloadId, shard: ShardId, lane: u32, sequence: u64,
            read: bool
        }
            "record_expired" of(reader, payload) moves(Expired)
            digest(with(shard, lane), sequence << 1 | digits(read)) says(shard, sequence, read);
        /// A tumbling window ended for a shard after so many records in so many invocations.
        110 WindowClosed { reader: ReaderId, shard: ShardId, records: u64, invocations: u32 }
            "window_closed" of(reader)
            digest(with(shard, invocations), records) says(shard, records, invocations);
        /// The call that ended a window is done.
        111 WindowDone { reader: ReaderId, payload: PayloadId, ok: bool }
            "window_done" of(reader, payload) moves(if ok { Succeeded } else { Failed })
            digest(ok) says(ok);
        /// So many pollers or lanes at once that a mapping may have now.
        112 LanesScaled { reader: ReaderId, lanes: u32 }
            "lanes_scaled" of(reader) digest(lanes) says(lanes);
        /// A message or record stays where it is, and the ledger has it in another place: who reads it was
        /// enabled, or was disabled.
        121 PlaceChanged { at: Resource, payload: PayloadId, place: Place }
            "place_changed" of(at, payload) moves(place) digest(place);
    ] $($rest)* } };
}
pub(super) use rows;
