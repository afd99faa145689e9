//! The catalogue of measures: what a run can be asked, one table that everything else is derived
//! from.
//!
//! Names, kinds, units and sentences of the outputs, the suggestions for a misspelt name and the
//! reference page all read [`Measure::ALL`]. How each is counted is in [`point`](super::point),
//! once.

use super::usd::Usd;
use crate::model::ResourceKind;
use serde::{Deserialize, Serialize};

/// How a measure is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Counted one by one; summed.
    Count,
    /// Counted by several or by fractions at a time; summed.
    Amount,
    /// A place of the ledger where payloads rest: how many are there, or came there in a window.
    Place,
    /// A level that goes up and down.
    Gauge,
    /// Samples.
    Distribution,
}

/// The unit in which a measure is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds; kept in nanoseconds.
    Milliseconds,
    /// Seconds; kept in nanoseconds.
    Seconds,
    /// Gigabyte-seconds; kept in milliseconds times megabytes.
    GbSeconds,
    /// A share; kept in billionths.
    Share,
    /// Dollars; kept as [`Usd`].
    Dollars,
}

impl Unit {
    /// How many of what is kept make one of what is shown.
    pub const fn scale(self) -> u64 {
        match self {
            Unit::Count | Unit::Bytes => 1,
            Unit::Milliseconds => 1_000_000,
            Unit::Seconds => 1_000_000_000,
            Unit::GbSeconds => 1000 * 1024,
            Unit::Share => 1_000_000_000,
            Unit::Dollars => Usd::DOLLAR,
        }
    }

    /// CloudWatch's word.
    pub const fn word(self) -> &'static str {
        match self {
            Unit::Count => "Count",
            Unit::Bytes => "Bytes",
            Unit::Milliseconds => "Milliseconds",
            Unit::Seconds => "Seconds",
            Unit::GbSeconds => "Gigabyte-seconds",
            Unit::Share => "None",
            Unit::Dollars => "US dollars",
        }
    }

    /// Whether it is a time.
    pub const fn is_time(self) -> bool {
        matches!(self, Unit::Milliseconds | Unit::Seconds)
    }
}

/// Which of two values of a measure is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The lower.
    Lower,
    /// The higher.
    Higher,
    /// Neither by itself.
    Neither,
}

macro_rules! better {
    (lower) => {
        Better::Lower
    };
    (higher) => {
        Better::Higher
    };
    (neither) => {
        Better::Neither
    };
}

macro_rules! measures {
    ($($variant:ident $name:literal of $($owner:ident)+: $kind:ident in $unit:ident $better:ident, $rule:literal,
       $sentence:literal;)*) => {
        /// A measure. The same word can belong to several kinds of owner.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Measure { $(#[doc = $sentence] $variant,)* }

        impl Measure {
            /// Every measure, in the order of the outputs.
            pub const ALL: &[Measure] = &[$(Measure::$variant),*];

            /// Its name in thresholds and outputs.
            pub const fn name(self) -> &'static str {
                match self { $(Measure::$variant => $name),* }
            }
            /// Who has it.
            pub const fn owners(self) -> &'static [ResourceKind] {
                match self { $(Measure::$variant => &[$(ResourceKind::$owner),+]),* }
            }
            /// How it is taken.
            pub const fn kind(self) -> Kind {
                match self { $(Measure::$variant => Kind::$kind),* }
            }
            /// The unit in which it is shown.
            pub const fn unit(self) -> Unit {
                match self { $(Measure::$variant => Unit::$unit),* }
            }
            /// Which of two values is the better one.
            pub const fn better(self) -> Better {
                match self { $(Measure::$variant => better!($better)),* }
            }
            /// The rule that defines it, or `ours`.
            pub const fn rule(self) -> &'static str {
                match self { $(Measure::$variant => $rule),* }
            }
            /// What it is, in a sentence.
            pub const fn sentence(self) -> &'static str {
                match self { $(Measure::$variant => $sentence),* }
            }
        }

        /// Each measure as a type, so that a count that is taken as a level, or a measure that a resource does
        /// not have, does not compile.
        pub mod typed {
            use super::{Measure, Of, Typed, taken};
            use crate::model::resource::kind;
            $(
                #[doc = $sentence]
                #[derive(Clone, Copy, Debug)]
                pub struct $variant;
                impl Typed for $variant {
                    const MEASURE: Measure = Measure::$variant;
                }
                impl taken::$kind for $variant {}
                $(impl Of<kind::$owner> for $variant {})+
            )*
        }
    };
}

/// A measure as a type.
pub trait Typed: Copy {
    /// Which.
    const MEASURE: Measure;
}

/// A measure that a kind of resource has.
pub trait Of<K: crate::model::resource::Kind>: Typed {
    /// Its column in the rows of that kind: its place among the measures that are kept in cells of its form.
    const COLUMN: usize = column(K::KIND, Self::MEASURE);
}

/// How measures are taken, as types.
pub mod taken {
    /// See [`Kind::Count`](super::Kind::Count).
    pub trait Count: super::Typed {}

    /// See [`Kind::Amount`](super::Kind::Amount).
    pub trait Amount: super::Typed {}
    /// See [`Kind::Place`](super::Kind::Place).
    pub trait Place: super::Typed {}
    /// See [`Kind::Gauge`](super::Kind::Gauge).
    pub trait Gauge: super::Typed {}
    /// See [`Kind::Distribution`](super::Kind::Distribution).
    pub trait Distribution: super::Typed {}
}

/// The form of the cells that measures are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Form {
    /// Of a count, and of a place of the ledger: how many came there.
    Counter,
    /// Of an amount.
    Tally,
    /// Of a gauge.
    Gauge,
    /// Of a distribution.
    Samples,
}

impl Form {
    /// How many forms there are.
    pub const COUNT: usize = 4;
}

impl Kind {
    /// The form of the cells of its measures.
    pub const fn form(self) -> Form {
        match self {
            Kind::Count | Kind::Place => Form::Counter,
            Kind::Amount => Form::Tally,
            Kind::Gauge => Form::Gauge,
            Kind::Distribution => Form::Samples,
        }
    }
}

const fn has(measure: Measure, kind: ResourceKind) -> bool {
    let owners = measure.owners();
    let mut at = 0;
    while at < owners.len() {
        if owners[at] as u8 == kind as u8 {
            return true;
        }
        at += 1;
    }
    false
}

/// How many measures of a form a kind of resource has among the first `until`.
const fn columns(kind: ResourceKind, form: Form, until: usize) -> usize {
    let (mut at, mut found) = (0, 0);
    while at < until {
        let measure = Measure::ALL[at];
        if measure.kind().form() as u8 == form as u8 && has(measure, kind) {
            found += 1;
        }
        at += 1;
    }
    found
}

/// The column of a measure in the rows of a kind of resource, among the cells of its form.
pub const fn column(kind: ResourceKind, measure: Measure) -> usize {
    columns(kind, measure.kind().form(), measure as usize)
}

/// How many cells of a form a row of a kind of resource has.
pub const fn width(kind: ResourceKind, form: Form) -> usize {
    columns(kind, form, Measure::COUNT)
}

measures! {
    Invocations "Invocations" of Function: Count in Count neither, "SM1",
        "Times the handler was run, successes and function errors; no throttles.";
    Errors "Errors" of Function: Count in Count lower, "SM2",
        "Runs that ended in a function error, stamped at the start of the run.";
    Throttles "Throttles" of Function: Count in Count lower, "SM3",
        "Tries refused with 429; they are neither Invocations nor Errors.";
    Duration "Duration" of Function: Distribution in Milliseconds neither, "SM4",
        "Handler time of each run, cold start not included.";
    ConcurrentExecutions "ConcurrentExecutions" of Function Account: Gauge in Count neither, "SM6",
        "Environments in use.";
    UnreservedConcurrentExecutions "UnreservedConcurrentExecutions" of Account: Gauge in Count neither,
        "SM7", "On-demand environments in use by functions without reserved concurrency.";
    ClaimedAccountConcurrency "ClaimedAccountConcurrency" of Account: Gauge in Count neither, "SN8",
        "What is reserved, what is provisioned beside it, and what is in use of the rest.";
    ProvisionedConcurrentExecutions "ProvisionedConcurrentExecutions" of Function: Gauge in Count neither,
        "SM8", "Provisioned environments in use.";
    ProvisionedConcurrencyUtilization "ProvisionedConcurrencyUtilization" of Function:
        Gauge in Share neither, "SM8", "Provisioned environments in use, of those that can be used.";
    ProvisionedConcurrencyInvocations "ProvisionedConcurrencyInvocations" of Function:
        Count in Count neither, "SM9", "Runs in a provisioned environment.";
    ProvisionedConcurrencySpilloverInvocations "ProvisionedConcurrencySpilloverInvocations" of
        Function: Count in Count neither, "SM9",
        "Runs on demand of a function that has provisioned concurrency.";
    AsyncEventsReceived "AsyncEventsReceived" of Function: Count in Count neither, "A4",
        "Events accepted into the event queue, each once.";
    AsyncEventAge "AsyncEventAge" of Function: Distribution in Milliseconds lower, "A4",
        "From accept to try, at every try, throttled ones too.";
    AsyncEventsDropped "AsyncEventsDropped" of Function: Count in Count lower, "A4",
        "Events that left without success, even when a dead-letter queue or destination got them.";
    DeadLetterErrors "DeadLetterErrors" of Function: Count in Count lower, "A4",
        "Writes to the function's dead-letter queue that failed.";
    DestinationDeliveryFailures "DestinationDeliveryFailures" of Function StreamMapping:
        Count in Count lower, "A4", "Writes to a destination that failed.";
    RecursiveInvocationsDropped "RecursiveInvocationsDropped" of Function: Count in Count lower, "SM11",
        "Invocations that the recursion guard stopped.";
    IteratorAge "IteratorAge" of Function StreamMapping: Distribution in Milliseconds lower, "K22",
        "Age of the last record of each batch when it is sent to the function.";
    DwellTime "dwell_time" of Function: Distribution in Milliseconds lower, "ours",
        "From accept to first attempt, as in X-Ray.";
    ColdStarts "cold_starts" of Function: Count in Count lower, "ours",
        "Runs that began with the Init phase of a new environment.";
    Duplicates "duplicates" of Function: Count in Count lower, "ours",
        "Successes of a payload beyond its first.";
    Retries "retries" of Function: Count in Count lower, "ours",
        "Runs on what had run before.";
    ProcessedOnce "processed" of Function: Count in Count neither, "ours",
        "Payloads that were processed, each at its first success.";
    WaitingEvents "waiting_events" of Function: Gauge in Count lower, "ours",
        "Events in its event queue that are not being tried.";
    WastedInvocations "wasted_invocations" of Function: Count in Count lower, "ours",
        "Runs that failed, only repeated a success, or for whose answer nobody waited any more.";
    AttemptsPerEvent "attempts_per_event" of Function: Distribution in Count lower, "ours",
        "Runs that an asynchronous event had when it was done or given up.";
    BilledGbSeconds "billed_gb_seconds" of Function: Amount in GbSeconds lower, "ours",
        "Billed duration times memory.";
    ProvisionedRunGbSeconds "provisioned_run_gb_seconds" of Function: Amount in GbSeconds neither, "ours",
        "Of the billed gigabyte-seconds, those in provisioned environments.";
    ProvisionedGbSeconds "provisioned_gb_seconds" of Function: Amount in GbSeconds lower, "ours",
        "Memory kept ready by provisioned concurrency, by begun five minutes.";

    NumberOfMessagesSent "NumberOfMessagesSent" of Queue: Count in Count neither, "M5",
        "Messages sent; automatic moves to a dead-letter queue and move tasks do not count.";
    NumberOfMessagesReceived "NumberOfMessagesReceived" of Queue: Count in Count neither, "M6",
        "Messages returned by receives, repeats included.";
    NumberOfMessagesDeleted "NumberOfMessagesDeleted" of Queue: Count in Count neither, "M7",
        "Messages deleted with a valid handle.";
    NumberOfEmptyReceives "NumberOfEmptyReceives" of Queue: Count in Count lower, "M8",
        "Receives that returned nothing.";
    ApproximateNumberOfMessagesVisible "ApproximateNumberOfMessagesVisible" of Queue:
        Gauge in Count lower, "M2", "Messages that can be received now.";
    ApproximateNumberOfMessagesNotVisible "ApproximateNumberOfMessagesNotVisible" of Queue:
        Gauge in Count lower, "M3", "Messages received, not deleted, their visibility timeout not over.";
    ApproximateNumberOfMessagesDelayed "ApproximateNumberOfMessagesDelayed" of Queue:
        Gauge in Count lower, "M4", "Messages within their delay.";
    ApproximateAgeOfOldestMessage "ApproximateAgeOfOldestMessage" of Queue: Gauge in Seconds lower, "M1",
        "Age of the oldest message not deleted; in a dead-letter queue from the move.";
    NumberOfDeduplicatedSentMessages "NumberOfDeduplicatedSentMessages" of Queue:
        Count in Count neither, "M10", "Messages sent to a FIFO queue that it knew already.";
    ApproximateNumberOfGroupsWithInflightMessages "ApproximateNumberOfGroupsWithInflightMessages"
        of Queue: Gauge in Count neither, "M10", "Message groups of a FIFO queue with messages in flight.";
    QueueArrived "arrived" of Queue: Count in Count neither, "ours",
        "Messages that came into the queue, automatic moves too.";
    Redriven "redriven" of Queue: Count in Count lower, "ours",
        "Messages that the redrive policy moved from here to the dead-letter queue.";
    QueueExpired "expired" of Queue: Count in Count lower, "ours",
        "Messages whose retention was over.";
    BilledRequests "billed_requests" of Queue Topic Bus: Amount in Count lower, "ours",
        "Requests that are billed: sends, receives, empty ones too, and deletes, each by 64 KiB.";

    IncomingRecords "IncomingRecords" of Stream: Count in Count neither, "C9",
        "Records that the stream took.";
    IncomingBytes "IncomingBytes" of Stream: Amount in Bytes neither, "C9",
        "Their size.";
    WriteProvisionedThroughputExceeded "WriteProvisionedThroughputExceeded" of Stream:
        Count in Count lower, "K28", "Puts refused because their shard had taken as much as it does.";
    Shards "shards" of Stream: Gauge in Count neither, "ours",
        "Open shards or partitions.";
    BilledPutUnits "billed_put_units" of Stream: Amount in Count lower, "ours",
        "PUT payload units that are billed: each record by 25 KiB; of Kinesis.";
    BilledShardHours "billed_shard_hours" of Stream: Amount in Count lower, "ours",
        "Hours of shards that are billed, begun ones too; of Kinesis.";
    BilledFanOutHours "billed_fan_out_hours" of Stream: Amount in Count lower, "ours",
        "Hours of shards for each consumer with enhanced fan-out.";

    PolledEventCount "PolledEventCount" of Mapping StreamMapping: Amount in Count neither, "M13",
        "Events read from the queue or stream.";
    FilteredOutEventCount "FilteredOutEventCount" of Mapping StreamMapping: Count in Count neither, "M14",
        "Events that the filter did not want.";
    InvokedEventCount "InvokedEventCount" of Mapping StreamMapping: Amount in Count neither, "M15",
        "Events sent to the function, once at each attempt.";
    FailedInvokeEventCount "FailedInvokeEventCount" of Mapping StreamMapping: Amount in Count lower, "M16",
        "Events whose invocation failed, stamped at its end.";
    DeletedEventCount "DeletedEventCount" of Mapping: Amount in Count neither, "M19",
        "Events deleted after success.";
    DroppedEventCount "DroppedEventCount" of StreamMapping: Count in Count lower, "M17",
        "Events given up that no destination has; those that expired do not count.";
    OnFailureDestinationDeliveredEventCount "OnFailureDestinationDeliveredEventCount" of
        StreamMapping: Amount in Count neither, "M18", "Events given up of which the destination was told.";
    SumOffsetLag "SumOffsetLag" of StreamMapping: Gauge in Count lower, "O9",
        "Of Kafka: records that the mapping is not done with.";
    Depth "depth" of StreamMapping: Gauge in Count lower, "ours",
        "Records that the mapping is not done with: unread, read, or being tried.";
    Bisects "bisects" of StreamMapping: Count in Count lower, "ours",
        "Batches that failed and were split.";
    WindowRecords "window_records" of StreamMapping: Distribution in Count neither, "ours",
        "Records of each tumbling window and shard.";
    Batches "batches" of Mapping StreamMapping: Count in Count neither, "ours",
        "Invocations that the mapping asked for, each of a batch.";
    Pollers "pollers" of Mapping StreamMapping: Gauge in Count neither, "ours",
        "Batches that the mapping may have at once.";
    ProvisionedPollers "ProvisionedPollers" of Mapping StreamMapping: Gauge in Count neither, "M20",
        "Provisioned pollers that the mapping has.";

    NumberOfMessagesPublished "NumberOfMessagesPublished" of Topic: Count in Count neither, "ours",
        "Messages that the topic took.";
    NumberOfNotificationsDelivered "NumberOfNotificationsDelivered" of Topic: Count in Count neither, "D2",
        "Messages that a subscriber took, each subscription by itself.";
    NumberOfNotificationsFailed "NumberOfNotificationsFailed" of Topic: Count in Count lower, "D5",
        "Messages whose delivery to a subscriber was given up.";
    NumberOfNotificationsFilteredOut "NumberOfNotificationsFilteredOut" of Topic: Count in Count neither,
        "D3", "Messages that a subscription's filter policy did not want.";
    NumberOfNotificationsRedrivenToDlq "NumberOfNotificationsRedrivenToDlq" of Topic:
        Count in Count neither, "D5", "Messages that a subscription's dead-letter queue took.";
    NumberOfNotificationsFailedToRedriveToDlq "NumberOfNotificationsFailedToRedriveToDlq" of Topic:
        Count in Count lower, "D5", "Messages that a subscription's dead-letter queue refused.";
    Published "published" of Bus: Count in Count neither, "ours",
        "Events that the bus took.";
    Objects "objects" of Bucket: Count in Count neither, "ours",
        "Objects that the bucket took.";
    RuleInvocations "Invocations" of Rule: Count in Count neither, "D6",
        "Events that a target took, or for which it was given up; each once, retries do not count.";
    FailedInvocations "FailedInvocations" of Rule: Count in Count lower, "D5",
        "Events whose delivery to a target was given up.";
    RetryInvocationAttempts "RetryInvocationAttempts" of Rule: Count in Count lower, "D6",
        "Times that a delivery to a target was tried again.";
    InvocationsSentToDlq "InvocationsSentToDlq" of Rule: Count in Count neither, "D5",
        "Events that a target's dead-letter queue took.";
    InvocationsFailedToBeSentToDlq "InvocationsFailedToBeSentToDlq" of Rule: Count in Count lower, "D5",
        "Events that a target's dead-letter queue refused.";
    IngestionToInvocationSuccessLatency "IngestionToInvocationSuccessLatency" of Rule:
        Distribution in Milliseconds lower, "D14", "From the bus that took an event to the target that did.";

    DependencyRequests "requests" of Dependency: Count in Count neither, "ours",
        "Requests that came to the dependency, retries and refused ones too.";
    Refused "refused" of Dependency: Count in Count lower, "ours",
        "Requests refused at once: no place and no room to wait, over the rate, 5xx or deleted.";
    Abandoned "abandoned" of Dependency: Count in Count lower, "ours",
        "Requests whose asker stopped waiting before their work was done.";
    Busy "busy" of Dependency: Gauge in Count neither, "ours",
        "Requests being served.";
    WorkQueued "queued" of Dependency: Gauge in Count lower, "ours",
        "Requests that wait for a place, abandoned ones too.";
    DependencyResponseTime "response_time" of Dependency: Distribution in Milliseconds lower, "ours",
        "From request to the end of its work, whether or not anybody still waits for it.";

    Alarms "alarms" of Alarm: Count in Count lower, "ours",
        "Changes to the state ALARM.";

    Arrivals "arrivals" of Caller Run: Count in Count neither, "ours",
        "Payloads that callers started.";
    Messages "messages" of Caller Run: Count in Count neither, "ours",
        "Arrivals that nobody waits for, and every further copy: of fan-out, of destinations, of calls.";
    Succeeded "succeeded" of Caller Run: Place in Count higher, "ours",
        "Arrivals of which something succeeded and nothing has a worse outcome.";
    Failed "failed" of Caller Run: Place in Count lower, "ours",
        "Arrivals whose caller received a failure.";
    Dropped "dropped" of Caller Run: Place in Count lower, "ours",
        "Arrivals of which something was given up and kept nowhere.";
    DeadLettered "dead_lettered" of Caller Run: Place in Count lower, "ours",
        "Arrivals of which something is in a dead-letter queue or failure destination.";
    Expired "expired" of Caller Run: Place in Count lower, "ours",
        "Arrivals of which something outlived the retention of its queue or stream.";
    Filtered "filtered" of Caller Run: Place in Count neither, "ours",
        "Arrivals that matched no filter.";
    Delivered "delivered" of Caller Run: Place in Count neither, "ours",
        "Arrivals that went where nothing in the file reads.";
    Waiting "waiting" of Caller Run: Gauge in Count lower, "ours",
        "Arrivals of which something is in a queue or between two attempts.";
    InFlight "in_flight" of Caller Run: Gauge in Count lower, "ours",
        "Arrivals of which something is being processed, or hidden in a queue.";
    CostUsd "cost_usd" of Run: Amount in Dollars lower, "ours",
        "What the run costs in dollars, as a month of its own in us-east-1.";
    Requests "requests" of Caller: Count in Count neither, "ours",
        "Requests made, retries too.";
    Answered "answered" of Caller: Count in Count neither, "ours",
        "Answers had, by status; a request given up has the status timeout.";
    ServiceRetries "service_retries" of Caller: Count in Count lower, "ours",
        "Times that a service asked a function, or handed something on, again by itself.";
    ResponseTime "response_time" of Caller: Distribution in Milliseconds lower, "ours",
        "From request to answer.";
    Latency "latency" of Caller: Distribution in Milliseconds lower, "ours",
        "From first request to success: the answer if awaited, else the end of all work that it caused.";
    EndToEnd "end_to_end" of Caller: Distribution in Milliseconds lower, "ours",
        "From first request to success of the arrival, the end of all work that it caused.";
}

impl Measure {
    /// How many there are.
    pub const COUNT: usize = Measure::ALL.len();

    /// The measures of a kind of resource, in the order of the table.
    pub fn of(kind: ResourceKind) -> impl Iterator<Item = Measure> + Clone {
        Measure::ALL.iter().copied().filter(move |measure| measure.owners().contains(&kind))
    }

    /// The measure of this name that a kind of resource has.
    pub fn find(kind: ResourceKind, name: &str) -> Option<Measure> {
        Measure::of(kind).find(|measure| measure.name() == name)
    }

    /// What a word of the ledger means after the name of a resource of this kind, if it is one and means something
    /// there.
    pub fn of_ledger_word(kind: ResourceKind, word: &str) -> Option<Measure> {
        let mut known = LEDGER_WORDS.iter().filter(|(owner, ..)| *owner == kind);
        known.find(|(_, of, _)| of.name() == word).map(|(.., measure)| *measure)
    }

    /// Whether it is ours and not CloudWatch's.
    pub fn is_ours(self) -> bool {
        self.rule() == "ours"
    }

    /// Whether it is a word of the ledger: the table counts everything, whatever the warm-up;
    /// thresholds what entered after it.
    pub fn is_ledger(self) -> bool {
        self.owners().contains(&ResourceKind::Run) && self != Measure::CostUsd
    }

    /// Whether it is ours and counts payloads, so that their attributes can narrow it.
    pub fn is_of_payloads(self) -> bool {
        use Measure::*;
        let of_others = matches!(
            self,
            Pollers
                | BilledRequests
                | ProvisionedGbSeconds
                | Alarms
                | CostUsd
                | Shards
                | BilledPutUnits
                | BilledShardHours
                | BilledFanOutHours
                | Bisects
                | WindowRecords
        );
        self.is_ours() && !of_others
    }
}

/// What a word of the ledger means after the name of a resource that is no caller: that resource's messages or
/// records, which another measure counts too. Words that are not here have no meaning there.
pub const LEDGER_WORDS: &[(ResourceKind, Measure, Measure)] = {
    use Measure::*;
    &[
        (ResourceKind::Function, Messages, AsyncEventsReceived),
        (ResourceKind::Function, Succeeded, ProcessedOnce),
        (ResourceKind::Function, Waiting, WaitingEvents),
        (ResourceKind::Queue, Messages, QueueArrived),
        (ResourceKind::Queue, DeadLettered, Redriven),
        (ResourceKind::Queue, InFlight, ApproximateNumberOfMessagesNotVisible),
        (ResourceKind::Stream, Messages, IncomingRecords),
        (ResourceKind::Topic, Messages, NumberOfMessagesPublished),
        (ResourceKind::Topic, Delivered, NumberOfNotificationsDelivered),
        (ResourceKind::Topic, Filtered, NumberOfNotificationsFilteredOut),
        (ResourceKind::Topic, Failed, NumberOfNotificationsFailed),
        (ResourceKind::Topic, DeadLettered, NumberOfNotificationsRedrivenToDlq),
        (ResourceKind::Bus, Messages, Published),
        (ResourceKind::Rule, Messages, RuleInvocations),
        (ResourceKind::Rule, Failed, FailedInvocations),
        (ResourceKind::Rule, DeadLettered, InvocationsSentToDlq),
        (ResourceKind::Mapping, Succeeded, DeletedEventCount),
        (ResourceKind::Mapping, Filtered, FilteredOutEventCount),
        (ResourceKind::StreamMapping, Filtered, FilteredOutEventCount),
        (ResourceKind::StreamMapping, Dropped, DroppedEventCount),
        (ResourceKind::StreamMapping, DeadLettered, OnFailureDestinationDeliveredEventCount),
    ]
};

/// Measures of the contract that this version does not have, with the owners' words: known, and
/// refused as such.
pub const LATER: &[(&str, &str)] = &[("queues", "SentMessageSize")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_measure_of_an_owner() {
        for owner in ResourceKind::ALL.iter().copied() {
            let names: Vec<_> = Measure::of(owner).map(Measure::name).collect();
            let unique: std::collections::BTreeSet<_> = names.iter().collect();
            assert_eq!(names.len(), unique.len(), "{owner:?}");
            for measure in Measure::of(owner) {
                assert_eq!(Measure::find(owner, measure.name()), Some(measure));
            }
        }
    }

    #[test]
    fn what_is_aws_is_capitalised_and_what_is_ours_is_not() {
        for measure in Measure::ALL {
            let capital = measure.name().starts_with(char::is_uppercase);
            let ours = measure.is_ours() && *measure != Measure::NumberOfMessagesPublished;
            assert_eq!(capital, !ours, "{}", measure.name());
            assert!(measure.sentence().ends_with('.'));
        }
    }

    #[test]
    fn a_word_of_the_ledger_means_a_measure_of_the_kind_and_hides_none() {
        for (kind, word, measure) in LEDGER_WORDS {
            assert!(word.is_ledger(), "{}", word.name());
            assert!(measure.owners().contains(kind), "{kind:?} {}", measure.name());
            assert_eq!(Measure::find(*kind, word.name()), None, "{kind:?} {}", word.name());
            assert_eq!(Measure::of_ledger_word(*kind, word.name()), Some(*measure));
        }
        assert_eq!(Measure::of_ledger_word(ResourceKind::Queue, "failed"), None);
    }

    #[test]
    fn nothing_is_both_here_and_for_later() {
        for (owner, name) in LATER {
            for kind in ResourceKind::ALL.iter().copied().filter(|kind| kind.word() == *owner) {
                assert_eq!(Measure::find(kind, name), None);
            }
        }
    }
}
