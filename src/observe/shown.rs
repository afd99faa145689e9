//! What the tables of a run show of each kind of resource: beside the measures, so that a kind that is
//! added is told of without another word anywhere.
//!
//! A table says what happened, so what is nothing in every row is no column of it, and counters that are rarely
//! anything have a line below the table instead. Where there is no room for all columns, those of the highest
//! rank are left out. Rows in which something failed come first and rows in which nothing happened last; the others
//! keep the order of the file, which is the way that events go. The order of the ledger, of thresholds and of
//! policies is never changed: there it is meaning.

use super::measure::{Kind, Measure};
use crate::model::ResourceKind;

/// The kinds that have a table, in reading order; alarms and callers have theirs behind these.
pub const TABLES: [ResourceKind; 10] = [
    ResourceKind::Function,
    ResourceKind::Queue,
    ResourceKind::Stream,
    ResourceKind::Mapping,
    ResourceKind::StreamMapping,
    ResourceKind::Topic,
    ResourceKind::Bus,
    ResourceKind::Rule,
    ResourceKind::Bucket,
    ResourceKind::Dependency,
];

/// What of a measure is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The sum.
    Sum,
    /// The greatest.
    Max,
    /// The level at the end.
    End,
    /// The median.
    P50,
    /// The 99th percentile.
    P99,
}

impl Shown {
    /// Whether a measure of this kind has it.
    const fn fits(self, kind: Kind) -> bool {
        match self {
            Shown::Sum => matches!(kind, Kind::Count | Kind::Amount | Kind::Place),
            Shown::Max | Shown::End => matches!(kind, Kind::Gauge),
            Shown::P50 | Shown::P99 => matches!(kind, Kind::Distribution),
        }
    }

    /// The word behind the name of the measure; none for a sum.
    pub const fn word(self) -> &'static str {
        match self {
            Shown::Sum => "",
            Shown::Max => " max",
            Shown::End => " at end",
            Shown::P50 => " p50",
            Shown::P99 => " p99",
        }
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The measure.
    pub measure: Measure,
    /// What of it.
    pub shown: Shown,
    /// The heading.
    pub heading: &'static str,
    /// 0: it is in every table; of the others those with the highest are left out first where there is no room.
    pub rank: u8,
}

/// The table of a kind of resource.
#[derive(Clone, Copy, Debug)]
pub struct Sheet {
    /// The heading.
    pub heading: &'static str,
    /// The columns, in reading order.
    pub columns: &'static [Column],
    /// What has a line below the table, under the names of the measures, where it is not 0.
    pub below: &'static [(Measure, Shown)],
    /// A row comes first if one of these counters is not 0.
    pub first: &'static [Measure],
}

/// The table of a kind; it has no columns where the kind has no table.
pub const fn sheet(kind: ResourceKind) -> Sheet {
    use Measure::*;
    use Shown::*;
    const fn column(measure: Measure, shown: Shown, heading: &'static str, rank: u8) -> Column {
        Column { measure, shown, heading, rank }
    }
    match kind {
        ResourceKind::Function => Sheet {
            heading: "Functions",
            columns: const {
                &[
                    column(Invocations, Sum, "Invocations", 0),
                    column(Errors, Sum, "Errors", 1),
                    column(Throttles, Sum, "Throttles", 2),
                    column(ColdStarts, Sum, "cold starts", 9),
                    column(Duplicates, Sum, "duplicates", 4),
                    column(WastedInvocations, Sum, "wasted", 3),
                    column(ConcurrentExecutions, Max, "concurrency max", 7),
                    column(Duration, P50, "Duration p50", 5),
                    column(Duration, P99, "p99", 6),
                    column(DwellTime, P99, "dwell p99", 8),
                ]
            },
            below: &[
                (AsyncEventsDropped, Sum),
                (DeadLetterErrors, Sum),
                (DestinationDeliveryFailures, Sum),
                (RecursiveInvocationsDropped, Sum),
                (ProvisionedConcurrencySpilloverInvocations, Sum),
                (AsyncEventAge, P99),
            ],
            first: &[
                Errors,
                Throttles,
                AsyncEventsDropped,
                DeadLetterErrors,
                DestinationDeliveryFailures,
                RecursiveInvocationsDropped,
            ],
        },
        ResourceKind::Queue => Sheet {
            heading: "Queues",
            columns: const {
                &[
                    column(QueueArrived, Sum, "arrived", 0),
                    column(NumberOfMessagesReceived, Sum, "received", 4),
                    column(NumberOfMessagesDeleted, Sum, "deleted", 5),
                    column(Redriven, Sum, "redriven", 1),
                    column(ApproximateNumberOfMessagesVisible, Max, "visible max", 6),
                    column(ApproximateNumberOfMessagesVisible, End, "at end", 2),
                    column(ApproximateAgeOfOldestMessage, Max, "oldest max", 3),
                ]
            },
            below: &[(NumberOfDeduplicatedSentMessages, Sum)],
            first: &[Redriven],
        },
        ResourceKind::Mapping => Sheet {
            heading: "Event source mappings",
            columns: const {
                &[
                    column(PolledEventCount, Sum, "polled", 0),
                    column(FilteredOutEventCount, Sum, "filtered out", 2),
                    column(InvokedEventCount, Sum, "invoked", 3),
                    column(FailedInvokeEventCount, Sum, "failed", 1),
                    column(DeletedEventCount, Sum, "deleted", 4),
                    column(Pollers, Max, "pollers max", 5),
                ]
            },
            below: &[],
            first: &[FailedInvokeEventCount],
        },
        ResourceKind::Stream => Sheet {
            heading: "Streams",
            columns: const {
                &[
                    column(IncomingRecords, Sum, "records", 0),
                    column(WriteProvisionedThroughputExceeded, Sum, "refused", 1),
                    column(Shards, Max, "shards max", 2),
                    column(Shards, End, "at end", 3),
                ]
            },
            below: &[],
            first: &[WriteProvisionedThroughputExceeded],
        },
        ResourceKind::StreamMapping => Sheet {
            heading: "Event source mappings on streams",
            columns: const {
                &[
                    column(PolledEventCount, Sum, "polled", 0),
                    column(FilteredOutEventCount, Sum, "filtered out", 8),
                    column(InvokedEventCount, Sum, "invoked", 9),
                    column(FailedInvokeEventCount, Sum, "failed", 2),
                    column(Bisects, Sum, "bisects", 7),
                    column(DroppedEventCount, Sum, "dropped", 1),
                    column(OnFailureDestinationDeliveredEventCount, Sum, "to destination", 1),
                    column(Depth, Max, "depth max", 5),
                    column(Depth, End, "at end", 6),
                    column(IteratorAge, P50, "IteratorAge p50", 3),
                    column(IteratorAge, P99, "p99", 4),
                ]
            },
            below: &[(DestinationDeliveryFailures, Sum)],
            first: &[
                FailedInvokeEventCount,
                DroppedEventCount,
                OnFailureDestinationDeliveredEventCount,
                DestinationDeliveryFailures,
            ],
        },
        ResourceKind::Topic => Sheet {
            heading: "Topics",
            columns: const {
                &[
                    column(NumberOfMessagesPublished, Sum, "published", 0),
                    column(NumberOfNotificationsDelivered, Sum, "delivered", 2),
                    column(NumberOfNotificationsFilteredOut, Sum, "filtered out", 3),
                    column(NumberOfNotificationsFailed, Sum, "failed", 1),
                ]
            },
            below: &[
                (NumberOfNotificationsRedrivenToDlq, Sum),
                (NumberOfNotificationsFailedToRedriveToDlq, Sum),
            ],
            first: &[NumberOfNotificationsFailed],
        },
        ResourceKind::Bus => Sheet {
            heading: "Buses",
            columns: const { &[column(Published, Sum, "published", 0)] },
            below: &[],
            first: &[],
        },
        ResourceKind::Dependency => Sheet {
            heading: "Dependencies",
            columns: const {
                &[
                    column(DependencyRequests, Sum, "requests", 0),
                    column(Refused, Sum, "refused", 1),
                    column(Abandoned, Sum, "abandoned", 2),
                    column(Busy, Max, "busy max", 5),
                    column(WorkQueued, Max, "queued max", 6),
                    column(WorkQueued, End, "at end", 7),
                    column(DependencyResponseTime, P50, "response p50", 3),
                    column(DependencyResponseTime, P99, "p99", 4),
                ]
            },
            below: &[],
            first: &[Refused, Abandoned],
        },
        ResourceKind::Rule => Sheet {
            heading: "Rules",
            columns: const {
                &[
                    column(RuleInvocations, Sum, "invocations", 0),
                    column(FailedInvocations, Sum, "failed", 1),
                    column(RetryInvocationAttempts, Sum, "retries", 3),
                    column(InvocationsSentToDlq, Sum, "sent to DLQ", 2),
                ]
            },
            below: &[(InvocationsFailedToBeSentToDlq, Sum)],
            first: &[FailedInvocations],
        },
        ResourceKind::Bucket => Sheet {
            heading: "Buckets",
            columns: const { &[column(Objects, Sum, "objects", 0)] },
            below: &[],
            first: &[],
        },
        ResourceKind::Caller => Sheet {
            heading: "Callers",
            columns: const {
                &[
                    column(Arrivals, Sum, "arrivals", 0),
                    column(Requests, Sum, "requests", 5),
                    column(ServiceRetries, Sum, "service retries", 6),
                    column(Answered, Sum, "answered", 4),
                    column(Succeeded, Sum, "succeeded", 1),
                    column(Latency, P50, "latency p50", 2),
                    column(Latency, P99, "p99", 3),
                    column(EndToEnd, P99, "end to end p99", 7),
                ]
            },
            below: &[],
            first: &[Failed, Dropped, DeadLettered, Expired],
        },
        ResourceKind::Alarm | ResourceKind::Account | ResourceKind::Run | ResourceKind::Outlet => {
            Sheet { heading: "", columns: &[], below: &[], first: &[] }
        }
    }
}

/// What is shown of a kind is a measure of the kind, and the statistic is one that the measure has.
const _: () = {
    let mut at = 0;
    while at < ResourceKind::COUNT {
        let kind = ResourceKind::ALL[at];
        let Sheet { columns, below, first, .. } = sheet(kind);
        let mut nth = 0;
        while nth < columns.len() {
            assert!(has(kind, columns[nth].measure, columns[nth].shown));
            nth += 1;
        }
        nth = 0;
        while nth < below.len() {
            assert!(has(kind, below[nth].0, below[nth].1));
            nth += 1;
        }
        nth = 0;
        while nth < first.len() {
            assert!(has(kind, first[nth], Shown::Sum));
            nth += 1;
        }
        at += 1;
    }
};

const fn has(kind: ResourceKind, measure: Measure, shown: Shown) -> bool {
    let owners = measure.owners();
    let mut at = 0;
    while at < owners.len() {
        if owners[at] as u8 == kind as u8 {
            return shown.fits(measure.kind());
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_of_its_kind_and_its_statistic_of_its_measure() {
        assert!(has(ResourceKind::Function, Measure::Errors, Shown::Sum));
        assert!(!has(ResourceKind::Queue, Measure::Errors, Shown::Sum), "another kind has it");
        assert!(!has(ResourceKind::Function, Measure::Errors, Shown::P99), "a count has no p99");
    }

    #[test]
    fn every_table_has_one_column_that_is_always_there_and_the_others_have_ranks_of_their_own() {
        for kind in ResourceKind::ALL.iter().copied() {
            let Sheet { columns, .. } = sheet(kind);
            let Some((first, rest)) = columns.split_first() else { continue };
            assert_eq!(first.rank, 0, "{kind:?}");
            assert!(rest.iter().all(|column| column.rank > 0), "{kind:?}");
            // A heading of a percentile or a level alone needs the column before it.
            for pair in columns.windows(2) {
                if pair[1].heading == "p99" {
                    assert!(pair[0].rank < pair[1].rank, "{kind:?} {}", pair[0].heading);
                }
            }
        }
    }
}
