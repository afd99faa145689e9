//! Facts of event source mappings on queues.

macro_rules! rows {
    ($then:ident [$($before:tt)*] $($rest:tt)*) => { $then! { [$($before)*
        /// Messages were read from the queue, which AWS bills as so many requests.
        41 Polled { mapping: MappingId, events: u32, requests: u64 }
            "polled" of(mapping) digest(events) says(events);
        /// A message was dropped by the filter, the `nth` of those received with it.
        42 FilteredOut { mapping: MappingId, payload: PayloadId, nth: u32 }
            "filtered_out" of(mapping, payload);
        /// A batch was sent to the function.
        43 Invoked { mapping: MappingId, events: u32 }
            "invoked" of(mapping) digest(events) says(events);
        /// Of a batch, so many events failed.
        44 InvokeFailed { mapping: MappingId, events: u32 }
            "invoke_failed" of(mapping) digest(events) says(events);
        /// So many events were deleted after success.
        45 EventsDeleted { mapping: MappingId, events: u32 }
            "events_deleted" of(mapping) digest(events) says(events);
        /// A batch was let go: its messages return by themselves.
        46 LetGo { mapping: MappingId, events: u32 }
            "let_go" of(mapping) digest(events) says(events);
        /// The number of batches at once that the mapping may have now.
        47 PollersScaled { mapping: MappingId, pollers: u32 }
            "pollers_scaled" of(mapping) digest(pollers) says(pollers);
    ] $($rest)* } };
}
pub(super) use rows;
