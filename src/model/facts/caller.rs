//! Facts of callers and of functions' calls, and of the services between them and a function.

macro_rules! rows {
    ($then:ident [$($before:tt)*] $($rest:tt)*) => { $then! { [$($before)*
        /// A caller started a payload.
        1 Arrived { call: CallId, payload: PayloadId }
            "arrived" of(call, payload) moves(InFlight);
        /// A further copy of a payload was made.
        2 Copied { maker: Maker, payload: PayloadId }
            "copied" of(maker, payload) moves(InFlight) says(by = maker);
        /// A request was made; `attempt` counts from 1.
        3 Requested { call: CallId, payload: PayloadId, attempt: u32 }
            "requested" of(call, payload) attempt(attempt) digest(attempt);
        /// A request was answered, or given up, `took` after it was made.
        4 Answered { call: CallId, payload: PayloadId, answer: Answer, took: Span }
            "answered" of(call, payload) digest(answer, took)
            says(answer, status = Status(call, answer), took);
        /// The next request for the same payload comes in `wait`.
        5 RequestRetried { call: CallId, payload: PayloadId, wait: Span }
            "request_retried" of(call, payload) digest(wait) says(wait);
        /// The service between asks the function again in `wait`, for the `attempt`th time.
        70 ServiceRetried { call: CallId, payload: PayloadId, attempt: u32, wait: Span }
            "service_retried" of(call, payload) attempt(attempt) digest(attempt, wait) says(wait);
        /// One who waits has what it waited for, `since` after its first request.
        6 Resolved { call: CallId, payload: PayloadId, ok: bool, since: Span }
            "resolved" of(call, payload) moves(if ok { Succeeded } else { Failed })
            digest(ok, since) says(ok, since);
        /// A run ended whose requester had given up waiting.
        7 Unawaited { function: FunctionId, payload: PayloadId }
            "unawaited" of(function, payload);
    ] $($rest)* } };
}
pub(super) use rows;
