//! Facts of the event queue of a function.

macro_rules! rows {
    ($then:ident [$($before:tt)*] $($rest:tt)*) => { $then! { [$($before)*
        /// An asynchronous invocation was accepted (202).
        8 Accepted { function: FunctionId, payload: PayloadId }
            "accepted" of(function, payload) moves(Waiting);
        /// An event was tried, `age` after it was accepted. `first`: never tried before.
        9 Tried { function: FunctionId, payload: PayloadId, age: Span, first: bool }
            "tried" of(function, payload) moves(InFlight)
            digest(age, first) says(age, first = when(first));
        /// An event that succeeded was delivered once more.
        50 Redelivered { function: FunctionId, payload: PayloadId }
            "redelivered" of(function, payload);
        /// It goes back to the queue for `wait`.
        10 Requeued { function: FunctionId, payload: PayloadId, wait: Span }
            "requeued" of(function, payload) moves(Waiting) digest(wait) says(wait);
        /// It waits for capacity, first in first out (`when_throttled: wait`).
        11 Queued { function: FunctionId, payload: PayloadId }
            "queued" of(function, payload) moves(Waiting);
        /// It is done, `age` after it was accepted.
        12 Completed { function: FunctionId, payload: PayloadId, age: Span }
            "completed" of(function, payload) moves(Succeeded) digest(age) says(age);
        /// It was given up after `runs` runs, `age` after it was accepted.
        13 Discarded {
            function: FunctionId, payload: PayloadId, condition: Condition, runs: u32, age: Span
        }
            "discarded" of(function, payload)
            digest(digits(condition) << 32 | digits(runs), age) says(condition, runs, age);
        /// Nobody kept what was given up.
        14 Dropped { function: FunctionId, payload: PayloadId, condition: Condition }
            "dropped" of(function, payload) moves(Dropped)
            digest(condition) says(reason = condition);
        /// It went to a failure destination that is no queue of the file.
        15 DeadLettered { function: FunctionId, payload: PayloadId }
            "dead_lettered" of(function, payload) moves(DeadLettered);
        /// The dead-letter queue could not be written.
        16 DeadLetterFailed { function: FunctionId, payload: PayloadId }
            "dead_letter_failed" of(function, payload);
        /// A destination could not be written.
        17 DestinationFailed { function: FunctionId, payload: PayloadId }
            "destination_failed" of(function, payload);
    ] $($rest)* } };
}
pub(super) use rows;
