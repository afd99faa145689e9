//! Facts of Firehose streams.

macro_rules! rows {
    ($then:ident [$($before:tt)*] $($rest:tt)*) => { $then! { [$($before)*
        /// A record was taken into the buffer.
        71 Buffered { call: CallId, payload: PayloadId }
            "buffered" of(call, payload) moves(Waiting);
        /// The buffer was full: the record goes to the function with the others.
        72 HandedOver { call: CallId, payload: PayloadId }
            "handed_over" of(call, payload) moves(InFlight);
        /// The function transformed the record, which is delivered.
        73 Transformed { call: CallId, payload: PayloadId }
            "transformed" of(call, payload) moves(Succeeded);
        /// The record was given up and lies in the error bucket.
        74 ProcessingFailed { call: CallId, payload: PayloadId }
            "processing_failed" of(call, payload) moves(DeadLettered);
    ] $($rest)* } };
}
pub(super) use rows;
