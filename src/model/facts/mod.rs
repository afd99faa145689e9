//! Facts: what happened, for those who watch. The model's only way out.
//!
//! A fact is a row of a table, in the file of the kind of resource that it is about:
//!
//! ```text
//! /// It was deleted.                                               what it means
//! 32 Deleted { queue: QueueId, payload: PayloadId, … }              its number in the digest, and what it carries
//!     "deleted"                                                     its word in the event log
//!     of(queue, payload)                                            the resource, and the payload if it is about one
//!     attempt(count)                                                which attempt, if it says
//!     moves(Succeeded)                                              where its payload is from now on, if it moves
//!     digest(why, was)                                              what else the digest folds: at most two numbers
//!     says(why, was);                                               what the event log says: a field, or `key = value`
//! ```
//!
//! Past tense, plain and `Copy`. If a metric needs something, it is put on a fact. Nothing but the row moves
//! a payload in the ledger. Numbers, words and what the digest folds never change for a fact that exists.

mod caller;
mod delivery;
mod dependency;
mod event_queue;
mod firehose;
mod function;
mod mapping;
mod observer;
mod queue;
mod stream;
mod why;
mod words;

pub use observer::{Moment, Observer, OldestAt};
pub use words::{Answer, Held, Maker, Said};

use super::{
    config::Resources,
    register::Place,
    resource::Resource,
    vocabulary::{
        BatchId, CallId, Condition, Deletion, DependencyId, Entry, ErrorKind, FunctionId, GivenUp,
        MappingId, OutletId, PayloadId, QueueId, ReaderId, ShardId, StreamId, Undelivered, Work,
    },
};
use crate::kernel::{Span, Time};
use words::{Milliseconds, Says, Status, digits, when, with};

/// What a row says that a fact is `of`: a resource of the file, or none.
trait Of {
    fn resource(self) -> Option<Resource>;
}

impl<T: Into<Resource>> Of for T {
    #[inline(always)]
    fn resource(self) -> Option<Resource> {
        Some(self.into())
    }
}

impl Of for Option<Resource> {
    #[inline(always)]
    fn resource(self) -> Option<Resource> {
        self
    }
}

/// A fact as numbers: what the digest folds of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelled {
    /// The number of the fact.
    pub code: u8,
    /// The resource that it is about; 0 for what is outside the file.
    pub resource: u32,
    /// The payload that it is about.
    pub payload: Option<PayloadId>,
    /// What else it says.
    pub a: u64,
    /// And besides.
    pub b: u64,
}

/// Something, or nothing where a row is silent.
macro_rules! maybe {
    () => {
        None
    };
    ($some:expr) => {
        Some($some)
    };
}

/// The digits of something, or 0.
macro_rules! number {
    () => {
        0
    };
    ($some:expr) => {
        digits($some)
    };
}

/// The value beside a key: the field of its name, if nothing else is said.
macro_rules! value {
    ($key:ident) => {
        $key
    };
    ($key:ident, $value:expr) => {
        $value
    };
}

macro_rules! facts {
    ([$(
        $(#[doc = $doc:literal])+
        $code:literal $variant:ident { $($field:ident: $type:ty),* }
            $word:literal
            of($of:expr $(, $payload:ident)?)
            $(attempt($attempt:ident))?
            $(moves($place:expr))?
            $(digest($a:expr $(, $b:expr)?))?
            $(says($($key:ident $(= $value:expr)?),+))?;
    )*]) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[expect(missing_docs, reason = "a field's name and type say what it is")]
        pub enum Fact { $($(#[doc = $doc])+ $variant { $($field: $type),* },)* }

        #[allow(unused_variables, reason = "no row uses all of its fields everywhere")]
        impl Fact {
            /// The number and the word of every fact.
            pub const ALL: &[(u8, &str)] = &[$(($code, $word)),*];

            /// Its word in the event log.
            pub const fn word(&self) -> &'static str {
                match self { $(Fact::$variant { .. } => $word,)* }
            }

            /// The resource that it is about; none for what is outside the file.
            #[inline(always)]
            pub fn resource(&self) -> Option<Resource> {
                match *self { $(Fact::$variant { $($field),* } => Of::resource($of),)* }
            }

            /// The payload that it is about, if it is about one.
            #[inline(always)]
            pub const fn payload(&self) -> Option<PayloadId> {
                match *self { $(Fact::$variant { $($field),* } => maybe!($($payload)?),)* }
            }

            /// Which attempt, if it says: a request's, a run's, a receive's.
            pub const fn attempt(&self) -> Option<u32> {
                match *self { $(Fact::$variant { $($field),* } => maybe!($($attempt)?),)* }
            }

            /// The payload that it moves in the ledger, and to where.
            #[inline(always)]
            pub const fn moves(&self) -> Option<(PayloadId, Place)> {
                use Place::*;
                let place: Option<Place> = match *self {
                    $(Fact::$variant { $($field),* } => maybe!($($place)?),)*
                };
                match (self.payload(), place) {
                    (Some(payload), Some(place)) => Some((payload, place)),
                    _ => None,
                }
            }

            /// The fact as numbers.
            #[inline(always)]
            pub fn spelled(&self) -> Spelled {
                match *self {
                    $(Fact::$variant { $($field),* } => Spelled {
                        code: $code,
                        resource: Of::resource($of).map_or(0, Resource::digits),
                        payload: maybe!($($payload)?),
                        a: number!($($a)?),
                        b: number!($($($b)?)?),
                    },)*
                }
            }

            /// Gives `each` what the event log says besides, each with its key.
            pub fn says<'a>(
                &self,
                resources: &'a Resources,
                each: &mut dyn FnMut(&'static str, Said<'a>),
            ) {
                match *self {
                    $(Fact::$variant { $($field),* } => {
                        $($(if let Some(said) = value!($key $(, $value)?).said(resources) {
                            each(stringify!($key), said);
                        })+)?
                    })*
                }
            }
        }
    };
}

/// Joins the rows of all files and makes the facts of them.
macro_rules! gather {
    ($rows:tt) => {
        facts! { $rows }
    };
    ($rows:tt $next:ident $($rest:ident)*) => {
        $next::rows! { gather $rows $($rest)* }
    };
}

gather! {
    []
    caller
    firehose
    event_queue
    function
    queue
    mapping
    stream
    dependency
    delivery
}

#[cfg(test)]
mod tests {
    use super::Fact;
    use std::collections::BTreeSet;

    #[test]
    fn no_number_and_no_word_is_used_twice() {
        let numbers: BTreeSet<u8> = Fact::ALL.iter().map(|(number, _)| *number).collect();
        let words: BTreeSet<&str> = Fact::ALL.iter().map(|(_, word)| *word).collect();
        assert_eq!((numbers.len(), words.len()), (Fact::ALL.len(), Fact::ALL.len()));
    }
}
