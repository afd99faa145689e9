//! What facts say beside ids and numbers, and how each is spelled: in the digest as a number, in the event
//! log as a word.

use crate::{
    kernel::{Span, Time},
    model::{
        config::{Resources, Via},
        register::Place,
        resource::Resource,
        services::told,
        vocabulary::{
            CallId, Condition, Deletion, Entry, ErrorKind, FunctionId, GivenUp, OutletId, ReaderId,
            ShardId, Undelivered,
        },
    },
};
use std::fmt;

/// The state that a message in a queue was in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// Within its delay.
    Delayed,
    /// Receivable.
    Visible,
    /// Received and hidden.
    InFlight,
}

/// What made a further copy of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// An entry of a function's `calls`.
    Call(CallId),
    /// A destination of a function.
    Destination(FunctionId),
    /// A subscription, a rule's target, or a service that hands events on.
    Outlet(OutletId),
    /// An event source mapping on a stream: a record for itself where another reads too, or the call that
    /// ends a window.
    Reader(ReaderId),
}

/// What a requester was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It worked: 200 for a run, 202 for an accepted event.
    Ok,
    /// 200 with a function error.
    FunctionError,
    /// 429.
    Throttled,
    /// 500.
    SystemError,
    /// 404: deleted, or the permission is lost.
    NotFound,
    /// 400: the recursion guard.
    Recursive,
    /// Nothing within the requester's `timeout`.
    TimedOut,
    /// The run reached the function's own `Timeout`, as a service between tells it apart.
    FunctionTimeout,
    /// The service between waited as long as it does.
    LimitReached,
    /// 503: the service between, or a dependency, takes no more: nothing was done.
    Overloaded,
    /// The request is larger than the service between or Lambda takes.
    TooLarge,
    /// 500: the work of a dependency ended in an error.
    Failed,
}

impl Answer {
    /// How many there are.
    pub const COUNT: usize = Answer::Failed as usize + 1;

    /// Whether the code ran.
    pub const fn ran(self) -> bool {
        matches!(self, Answer::Ok | Answer::FunctionError | Answer::FunctionTimeout)
    }
}

/// What the digest folds: a number for everything that a fact can say.
pub(super) trait Digits {
    fn digits(self) -> u64;
}

/// The number of what a fact says.
#[inline(always)]
pub(super) fn digits(said: impl Digits) -> u64 {
    said.digits()
}

/// A shard with something that is below 2^32.
#[inline(always)]
pub(super) fn with(shard: ShardId, n: u32) -> u64 {
    u64::from(shard.0) << 32 | u64::from(n)
}

macro_rules! digits {
    ($($type:ty: $said:ident => $digits:expr;)*) => {$(
        impl Digits for $type {
            #[inline(always)]
            fn digits(self) -> u64 {
                let $said = self;
                $digits
            }
        }
    )*};
}

digits! {
    u64: n => n;
    u32: n => u64::from(n);
    bool: yes => u64::from(yes);
    Span: span => span.as_nanos();
    Time: time => time.as_nanos();
    ShardId: shard => u64::from(shard.0);
    Option<ErrorKind>: error => error.map_or(0, digits);
}

/// Numbers and words that never change: what is added gets the next number.
macro_rules! spelled {
    ($($type:ident { $($variant:ident $number:literal $word:expr,)* })*) => {$(
        impl Digits for $type {
            #[inline(always)]
            fn digits(self) -> u64 {
                match self { $($type::$variant => $number),* }
            }
        }

        impl<'a> Says<'a> for $type {
            fn said(self, _: &'a Resources) -> Option<Said<'a>> {
                Some(Said::Word(match self { $($type::$variant => $word),* }))
            }
        }
    )*};
}

spelled! {
    Answer {
        Ok 0 "ok",
        FunctionError 1 "function_error",
        Throttled 2 "throttled",
        SystemError 3 "system_error",
        NotFound 4 "not_found",
        Recursive 5 "recursive",
        TimedOut 6 "timeout",
        FunctionTimeout 7 "function_timeout",
        LimitReached 8 "limit_reached",
        Overloaded 9 "overloaded",
        TooLarge 10 "too_large",
        Failed 11 "failed",
    }
    Held {
        Delayed 0 "delayed",
        Visible 1 "visible",
        InFlight 2 "in_flight",
    }
    Entry {
        Sent 0 "sent",
        DeadLetter 1 "dead_letter",
        Redriven 2 "redriven",
        MovedBack 3 "moved_back",
    }
    Deletion {
        Processed 0 "processed",
        Filtered 1 "filtered",
    }
    Condition {
        Success 0 Condition::Success.word(),
        RetriesExhausted 1 Condition::RetriesExhausted.word(),
        EventAgeExceeded 2 Condition::EventAgeExceeded.word(),
        ZeroReservedConcurrency 3 Condition::ZeroReservedConcurrency.word(),
        RecursiveInvocation 4 Condition::RecursiveInvocation.word(),
    }
    ErrorKind {
        Handler 1 ErrorKind::Handler.word(),
        Record 2 ErrorKind::Record.word(),
        Timeout 3 ErrorKind::Timeout.word(),
    }
    Undelivered {
        Forbidden 0 Undelivered::Forbidden.word(),
        Exhausted 1 Undelivered::Exhausted.word(),
        SwitchedOff 2 Undelivered::SwitchedOff.word(),
    }
    GivenUp {
        RetryAttemptsExhausted 0 GivenUp::RetryAttemptsExhausted.word(),
        RecordAgeExceeded 1 GivenUp::RecordAgeExceeded.word(),
        Oversized 2 GivenUp::Oversized.word(),
    }
    Place {
        Waiting 0 Place::Waiting.word(),
        InFlight 1 Place::InFlight.word(),
        Succeeded 2 Place::Succeeded.word(),
        Failed 3 Place::Failed.word(),
        Dropped 4 Place::Dropped.word(),
        DeadLettered 5 Place::DeadLettered.word(),
        Expired 6 Place::Expired.word(),
        Filtered 7 Place::Filtered.word(),
        Delivered 8 Place::Delivered.word(),
    }
}

/// A value of the event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// A number.
    Number(u64),
    /// A word, or the name of a resource.
    Word(&'a str),
    /// A length of time.
    Span(Span),
    /// An instant.
    Time(Time),
    /// Milliseconds.
    Milliseconds(u64),
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Number(number) => number.fmt(f),
            Said::Word(word) => f.write_str(word),
            Said::Span(span) => span.fmt(f),
            Said::Time(time) => time.fmt(f),
            Said::Milliseconds(number) => write!(f, "{number}ms"),
        }
    }
}

/// What the event log can say; nothing where there is nothing to say.
pub(super) trait Says<'a> {
    fn said(self, resources: &'a Resources) -> Option<Said<'a>>;
}

/// So many milliseconds.
pub(super) struct Milliseconds(pub(super) u64);

/// The status that one who asks through a service gets for an answer; nothing where there is no service.
pub(super) struct Status(pub(super) CallId, pub(super) Answer);

/// Yes, or nothing.
pub(super) fn when(yes: bool) -> Option<&'static str> {
    yes.then_some("yes")
}

macro_rules! says {
    ($($type:ty: $said:ident, $resources:pat => $value:expr;)*) => {$(
        impl<'a> Says<'a> for $type {
            fn said(self, $resources: &'a Resources) -> Option<Said<'a>> {
                let $said = self;
                $value
            }
        }
    )*};
}

says! {
    u64: n, _ => Some(Said::Number(n));
    u32: n, _ => Some(Said::Number(u64::from(n)));
    ShardId: shard, _ => Some(Said::Number(u64::from(shard.0)));
    bool: yes, _ => Some(Said::Word(if yes { "yes" } else { "no" }));
    &'static str: word, _ => Some(Said::Word(word));
    Span: span, _ => Some(Said::Span(span));
    Time: time, _ => Some(Said::Time(time));
    Milliseconds: milliseconds, _ => Some(Said::Milliseconds(milliseconds.0));
    Maker: maker, resources => Some(Said::Word(Resource::from(maker).name(resources)));
    Status: status, resources => match resources.calls[status.0.index()].via {
        Via::Service(service) => Some(Said::Word(told(service, status.1).status)),
        Via::Invoke | Via::InvokeAsync | Via::Send => None,
    };
}

impl<'a, T: Says<'a>> Says<'a> for Option<T> {
    fn said(self, resources: &'a Resources) -> Option<Said<'a>> {
        self?.said(resources)
    }
}
