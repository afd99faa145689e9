//! What becomes of an arrival: the worst of its own place and those of the messages that it caused, and why.
//!
//! Arrivals, messages and requests are never added up with each other. An arrival has one outcome; a message
//! is in one place; a request belongs to the run that makes it, has an answer, and is in neither account.

use super::{
    register::Place,
    vocabulary::{Condition, FunctionId, GivenUp, QueueId, Undelivered},
};

/// What a payload is to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// What a caller started.
    Arrival,
    /// A further copy that nobody waits for.
    Message(Origin),
    /// What a run asks somebody and waits for: it has an answer and no outcome.
    Request,
}

/// What makes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Origin {
    /// Arrivals that their callers do not wait for.
    Caller,
    /// Copies for each further subscription of a topic or rule of a bus.
    FanOut,
    /// Sends and asynchronous invocations by functions.
    Call,
    /// Records that destinations of functions get.
    Destination,
    /// Records for each further mapping on a stream.
    Reader,
    /// Events of operations that wait for their custom resource.
    Operation,
}

impl Origin {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();
    /// Every origin, in the order of the outputs.
    pub const ALL: [Origin; 6] = [
        Origin::Caller,
        Origin::FanOut,
        Origin::Call,
        Origin::Destination,
        Origin::Reader,
        Origin::Operation,
    ];

    /// The word of the outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Origin::Caller => "callers",
            Origin::FanOut => "fan_out",
            Origin::Call => "calls",
            Origin::Destination => "destinations",
            Origin::Reader => "stream_readers",
            Origin::Operation => "operations",
        }
    }
}

impl Place {
    /// How bad it is that something is here: the worst place of an arrival's family is its outcome.
    pub const fn severity(self) -> u8 {
        match self {
            Place::Filtered => 0,
            Place::Delivered => 1,
            Place::Succeeded => 2,
            Place::Waiting => 3,
            Place::InFlight => 4,
            Place::Failed => 5,
            Place::DeadLettered => 6,
            Place::Expired => 7,
            Place::Dropped => 8,
        }
    }

    /// The place of a severity.
    const fn of_severity(severity: u8) -> Place {
        match severity {
            0 => Place::Filtered,
            1 => Place::Delivered,
            2 => Place::Succeeded,
            3 => Place::Waiting,
            4 => Place::InFlight,
            5 => Place::Failed,
            6 => Place::DeadLettered,
            7 => Place::Expired,
            _ => Place::Dropped,
        }
    }

    /// Whether what is here did not come to a good end, and is not on its way to one.
    pub const fn is_loss(self) -> bool {
        self.severity() > Place::InFlight.severity()
    }
}

/// Why a payload was dropped: what happened last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Its event was given up and it has no dead-letter queue and no destination.
    GivenUp(Condition),
    /// The function's dead-letter queue refused it.
    DeadLetterErrors,
    /// A destination refused it.
    DestinationDeliveryFailures,
    /// Its queue was purged.
    Purged,
    /// A service could not hand it on, and nobody kept it.
    Undelivered(Undelivered),
    /// A mapping on a stream gave it up, and nobody kept it.
    Record(GivenUp),
    /// It was not dropped.
    #[default]
    None,
}

impl Reason {
    /// Every reason for which a payload is dropped.
    pub const ALL: [Reason; 13] = [
        Reason::GivenUp(Condition::RetriesExhausted),
        Reason::GivenUp(Condition::EventAgeExceeded),
        Reason::GivenUp(Condition::ZeroReservedConcurrency),
        Reason::GivenUp(Condition::RecursiveInvocation),
        Reason::DeadLetterErrors,
        Reason::DestinationDeliveryFailures,
        Reason::Purged,
        Reason::Undelivered(Undelivered::Forbidden),
        Reason::Undelivered(Undelivered::Exhausted),
        Reason::Undelivered(Undelivered::SwitchedOff),
        Reason::Record(GivenUp::RetryAttemptsExhausted),
        Reason::Record(GivenUp::RecordAgeExceeded),
        Reason::Record(GivenUp::Oversized),
    ];

    /// The word of `[reason=…]`.
    pub const fn word(self) -> &'static str {
        match self {
            Reason::GivenUp(condition) => condition.word(),
            Reason::DeadLetterErrors => "DeadLetterErrors",
            Reason::DestinationDeliveryFailures => "DestinationDeliveryFailures",
            Reason::Purged => "Purged",
            Reason::Undelivered(why) => why.word(),
            Reason::Record(why) => why.word(),
            Reason::None => "",
        }
    }

    /// What happened last to a payload that met all this: what refused to keep it, if it was given up to be kept.
    pub(super) fn resolved(self, met: Met) -> Reason {
        match self {
            Reason::GivenUp(_) if met.has(Trouble::DeadLetterError) => Reason::DeadLetterErrors,
            Reason::GivenUp(_) if met.has(Trouble::DestinationFailure) => {
                Reason::DestinationDeliveryFailures
            }
            given => given,
        }
    }

    /// Its position in [`Reason::ALL`]; none is beyond.
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|reason| *reason == self).unwrap_or(Self::ALL.len())
    }
}

/// What the tries of a payload met so far, in a few bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Met {
    bits: u16,
    /// The function that it was tried on last.
    function: Option<FunctionId>,
    /// Tries that were throttled; beyond 65,535 not counted.
    pub throttles: u16,
}

/// One kind of thing that a try can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Trouble {
    /// A run failed on it: an exception, or this record of a batch.
    Error,
    /// A run reached the function's `Timeout` with it.
    Timeout,
    /// 429.
    Throttle,
    /// 5xx.
    SystemError,
    /// The function is deleted, or the permission is lost.
    Missing,
    /// The recursion guard.
    Loop,
    /// A run failed with it because of another record of its batch.
    Innocent,
    /// Whoever was to get it refused it.
    Refused,
    /// A function's dead-letter queue refused it.
    DeadLetterError,
    /// A destination refused it.
    DestinationFailure,
}

impl Trouble {
    /// Every kind, in the order of the outputs.
    pub const ALL: [Trouble; 10] = [
        Trouble::Error,
        Trouble::Timeout,
        Trouble::Throttle,
        Trouble::SystemError,
        Trouble::Missing,
        Trouble::Loop,
        Trouble::Innocent,
        Trouble::Refused,
        Trouble::DeadLetterError,
        Trouble::DestinationFailure,
    ];

    /// The word of the outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Trouble::Error => "error",
            Trouble::Timeout => "timeout",
            Trouble::Throttle => "throttle",
            Trouble::SystemError => "system_error",
            Trouble::Missing => "not_found",
            Trouble::Loop => "recursion_guard",
            Trouble::Innocent => "other_record_failed",
            Trouble::Refused => "refused",
            Trouble::DeadLetterError => "dead_letter_error",
            Trouble::DestinationFailure => "destination_failure",
        }
    }
}

impl Met {
    /// One more.
    #[inline]
    pub fn meet(&mut self, trouble: Trouble) {
        self.bits |= 1 << trouble as u8;
        if trouble == Trouble::Throttle {
            self.throttles = self.throttles.saturating_add(1);
        }
    }

    /// The same, of a try on a function.
    #[inline]
    pub fn meet_at(&mut self, function: FunctionId, trouble: Trouble) {
        self.function = Some(function);
        self.meet(trouble);
    }

    /// What was met, and not how often.
    pub const fn uncounted(self) -> Met {
        Met { throttles: 0, ..self }
    }

    /// Whether a try met this.
    pub const fn has(self, trouble: Trouble) -> bool {
        self.bits & 1 << trouble as u8 != 0
    }

    /// What the tries met, in the order of [`Trouble::ALL`].
    pub fn troubles(self) -> impl Iterator<Item = Trouble> {
        Trouble::ALL.into_iter().filter(move |trouble| self.has(*trouble))
    }

    /// The function on which a try met something last; none if none did.
    pub const fn function(self) -> Option<FunctionId> {
        self.function
    }
}

/// Why a payload is where it is: what it met on the way and what happened last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// Why it was dropped, if it was.
    pub reason: Reason,
    /// The dead-letter queue of the file that it came into, or whose retention ended.
    pub queue: Option<QueueId>,
    /// What its tries met.
    pub met: Met,
    /// Runs of functions on it.
    pub runs: u32,
}

/// The messages that one arrival caused, and its own place.
#[derive(Clone, Debug, Default)]
pub(super) struct Family {
    /// How many are in each place, by severity; the arrival itself among them.
    at: [u32; 9],
    /// Those that came to a bad end, in the order in which they came there.
    lost: Vec<(u32, Place, Cause)>,
}

impl Family {
    /// An arrival that is alone so far.
    pub(super) fn of(own: Place, cause: Cause) -> Family {
        let mut family = Family::default();
        family.enter(0, own, cause);
        family
    }

    /// A member enters: the arrival itself is 0, its copies are counted from 1.
    pub(super) fn enter(&mut self, member: u32, to: Place, cause: Cause) {
        self.at[usize::from(to.severity())] += 1;
        if to.is_loss() {
            self.lost.push((member, to, cause));
        }
    }

    /// A member moves.
    pub(super) fn shift(&mut self, member: u32, from: Place, to: Place, cause: Cause) {
        self.at[usize::from(from.severity())] -= 1;
        if from.is_loss() {
            self.lost.retain(|(known, ..)| *known != member);
        }
        self.enter(member, to, cause);
    }

    /// The worst place that a member is in.
    pub(super) fn outcome(&self) -> Place {
        let worst = (0u8..9).rev().find(|severity| self.at[usize::from(*severity)] > 0);
        Place::of_severity(worst.expect("the arrival itself is a member"))
    }

    /// Why the outcome is as it is: of the first member that is there.
    pub(super) fn cause(&self, outcome: Place) -> Option<Cause> {
        self.lost.iter().find(|(_, place, _)| *place == outcome).map(|(.., cause)| *cause)
    }

    /// Whether a member succeeded.
    pub(super) fn succeeded(&self) -> bool {
        self.at[usize::from(Place::Succeeded.severity())] > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_is_of_one_place() {
        for place in Place::ALL {
            assert_eq!(Place::of_severity(place.severity()), place);
        }
    }

    #[test]
    fn the_worst_of_a_family_is_its_outcome_and_the_first_there_says_why() {
        let cause = |runs| Cause { runs, ..Cause::default() };
        let mut family = Family::of(Place::Succeeded, cause(0));
        family.enter(1, Place::InFlight, cause(0));
        assert_eq!(family.outcome(), Place::InFlight);
        family.shift(1, Place::InFlight, Place::DeadLettered, cause(3));
        family.enter(2, Place::DeadLettered, cause(5));
        family.enter(3, Place::Filtered, cause(0));
        assert_eq!(family.outcome(), Place::DeadLettered);
        assert_eq!(family.cause(Place::DeadLettered), Some(cause(3)));
        family.shift(1, Place::DeadLettered, Place::Waiting, cause(3));
        assert_eq!(family.cause(Place::DeadLettered), Some(cause(5)), "the first has left");
        family.shift(2, Place::DeadLettered, Place::Succeeded, cause(5));
        family.shift(1, Place::Waiting, Place::Succeeded, cause(4));
        assert_eq!((family.outcome(), family.succeeded()), (Place::Succeeded, true));
        assert_eq!(family.cause(Place::DeadLettered), None);
    }

    #[test]
    fn what_was_met_is_remembered_and_counted() {
        let mut met = Met::default();
        met.meet_at(FunctionId(2), Trouble::Throttle);
        met.meet_at(FunctionId(2), Trouble::Throttle);
        met.meet(Trouble::Innocent);
        let found: Vec<Trouble> = met.troubles().collect();
        assert_eq!(found, [Trouble::Throttle, Trouble::Innocent]);
        assert_eq!((met.throttles, met.function()), (2, Some(FunctionId(2))));
    }
}
