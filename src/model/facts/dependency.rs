//! Facts of dependencies.

macro_rules! rows {
    ($then:ident [$($before:tt)*] $($rest:tt)*) => { $then! { [$($before)*
        /// A request came to a dependency; `attempt` counts from 1.
        51 DependencyAsked { dependency: DependencyId, payload: PayloadId, attempt: u32 }
            "dependency_asked" of(dependency, payload) attempt(attempt) digest(attempt);
        /// It was refused at once.
        52 DependencyRefused { dependency: DependencyId, payload: PayloadId, answer: Answer }
            "dependency_refused" of(dependency, payload) digest(answer) says(answer);
        /// It waits for a place.
        53 WorkQueued { dependency: DependencyId, payload: PayloadId }
            "work_queued" of(dependency, payload);
        /// Its work began, `waited` after it came; `queued`: from the queue.
        54 WorkStarted {
            dependency: DependencyId, payload: PayloadId, waited: Span, queued: bool
        }
            "work_started" of(dependency, payload) digest(waited, queued) says(waited);
        /// Its work is done, `ran` after it began and `took` after it came; awaited or not.
        55 WorkEnded {
            dependency: DependencyId, payload: PayloadId, ran: Span, took: Span, ok: bool
        }
            "work_ended" of(dependency, payload)
            digest(digits(ran) ^ digits(ok) << 63, took) says(ran, took, ok);
        /// Who asked waits no longer.
        56 WorkAbandoned { dependency: DependencyId, payload: PayloadId }
            "work_abandoned" of(dependency, payload);
        /// It was forgotten for that, `spent` after its work began (`started`) or after it came.
        57 WorkCancelled {
            dependency: DependencyId, payload: PayloadId, spent: Span, started: bool
        }
            "work_cancelled" of(dependency, payload) digest(spent, started)
            says(spent, was = if started { "served" } else { "queued" });
    ] $($rest)* } };
}
pub(super) use rows;
