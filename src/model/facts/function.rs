//! Facts of the invoke plane.

macro_rules! rows {
    ($then:ident [$($before:tt)*] $($rest:tt)*) => { $then! { [$($before)*
        /// A run of `work`, which is `records` records, began in an environment, cold if `cold` is some
        /// (its Init's length); `provisioned` if the environment is.
        18 RunStarted {
            function: FunctionId, payload: PayloadId, work: Work, attempt: u32, records: u32,
            cold: Option<Span>, provisioned: bool
        }
            "run_started" of(function, payload) attempt(attempt)
            // No function has 2^31 attempts. A cold start of no length is still one.
            digest(
                digits(attempt) << 32 | digits(records) | digits(provisioned) << 63,
                cold.map_or(0, |init| digits(init).saturating_add(1))
            )
            says(records, cold, provisioned = when(provisioned));
        /// A run ended that began at `started` and whose handler took `ran`; `error` if it failed.
        19 RunEnded {
            function: FunctionId, payload: PayloadId, started: Time, ran: Span,
            error: Option<ErrorKind>, provisioned: bool
        }
            "run_ended" of(function, payload)
            // An instant of a run is below 2^61.
            digest(digits(started) ^ digits(error) << 62 ^ digits(provisioned) << 61, ran)
            says(started, ran, error);
        /// From now on so many provisioned environments can be used; making them is billed so much.
        60 Provisioned { function: FunctionId, environments: u32, billed_ms: u64 }
            "provisioned" of(function) digest(environments, billed_ms)
            says(environments, billed = (billed_ms > 0).then_some(Milliseconds(billed_ms)));
        /// What the run that ends costs: `billed` milliseconds, at another price if its environment is
        /// `provisioned`; `wasted` if it failed or only repeated.
        20 Billed {
            function: FunctionId, payload: PayloadId, billed_ms: u64, wasted: bool, provisioned: bool
        }
            "billed" of(function, payload) digest(billed_ms, wasted)
            says(billed = Milliseconds(billed_ms), wasted = when(wasted));
        /// A run processed this payload, for the `nth` time.
        21 Processed { function: FunctionId, payload: PayloadId, nth: u32 }
            "processed" of(function, payload) digest(nth) says(nth);
        /// A run failed on this payload.
        22 RecordFailed { function: FunctionId, payload: PayloadId }
            "record_failed" of(function, payload);
        /// 429 for `work`.
        23 Throttled { function: FunctionId, payload: PayloadId, work: Work }
            "throttled" of(function, payload);
        /// 5xx.
        24 SystemErred { function: FunctionId, payload: PayloadId }
            "system_erred" of(function, payload);
        /// The recursion guard stopped an invocation.
        25 LoopStopped { function: FunctionId, payload: PayloadId }
            "loop_stopped" of(function, payload);
        /// 404: deleted, or the permission is lost.
        26 Missing { function: FunctionId, payload: PayloadId }
            "missing" of(function, payload);
    ] $($rest)* } };
}
pub(super) use rows;
