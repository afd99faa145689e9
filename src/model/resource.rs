//! Kinds of resources, and a resource of any kind: the only list of what there is.
//!
//! A component has the typed id of its kind, so that a queue's number is never taken for a function's. Whoever
//! deals with every kind alike has a [`Resource`].

use super::{
    config::{Resources, SinkKind},
    facts::Maker,
    vocabulary::{
        AlarmId, CallId, DependencyId, FunctionId, MappingId, OutletId, QueueId, ReaderId, RuleId,
        SinkId, StreamId,
    },
};

/// A resource of whatever kind; in the order of the outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its position in the list that it is in: buses, buckets and topics are in one.
    pub index: u16,
}

/// A kind of resource as a type.
pub trait Kind {
    /// Which.
    const KIND: ResourceKind;
}

/// The number of a resource of a kind that is known when the program is compiled.
pub trait IsOf {
    /// The kind.
    type Kind: Kind;
    /// Its position in the list that it is in.
    fn position(self) -> usize;
}

/// A topic.
#[derive(Clone, Copy, Debug)]
pub struct TopicId(pub SinkId);

/// A bus.
#[derive(Clone, Copy, Debug)]
pub struct BusId(pub SinkId);

/// A bucket.
#[derive(Clone, Copy, Debug)]
pub struct BucketId(pub SinkId);

/// The account, of which there is one.
#[derive(Clone, Copy, Debug)]
pub struct TheAccount;

/// The run, of which there is one.
#[derive(Clone, Copy, Debug)]
pub struct TheRun;

macro_rules! is_of {
    ($($id:ty: $kind:ident = |$it:ident| $position:expr;)*) => {$(
        impl IsOf for $id {
            type Kind = kind::$kind;
            #[inline(always)]
            fn position(self) -> usize {
                let $it = self;
                $position
            }
        }
    )*};
}

is_of! {
    FunctionId: Function = |id| id.index();
    QueueId: Queue = |id| id.index();
    StreamId: Stream = |id| id.index();
    TopicId: Topic = |id| id.0.index();
    BusId: Bus = |id| id.0.index();
    BucketId: Bucket = |id| id.0.index();
    RuleId: Rule = |id| id.index();
    MappingId: Mapping = |id| id.index();
    ReaderId: StreamMapping = |id| id.index();
    DependencyId: Dependency = |id| id.index();
    AlarmId: Alarm = |id| id.index();
    TheAccount: Account = |_id| 0;
    CallId: Caller = |id| id.index();
    TheRun: Run = |_id| 0;
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident $digits:literal $word:literal ($($list:tt)+);)*) => {
        /// A kind of resource, or what else has measures; in the order of the outputs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum ResourceKind { $($(#[doc = $doc])+ $kind,)* }

        impl ResourceKind {
            /// Every kind, in the order of the outputs.
            pub const ALL: &[ResourceKind] = &[$(ResourceKind::$kind),*];
            /// How many kinds there are.
            pub const COUNT: usize = ResourceKind::ALL.len();

            /// The word of messages, in the plural where there can be several.
            pub const fn word(self) -> &'static str {
                match self { $(ResourceKind::$kind => $word),* }
            }

            /// Its number in the digest.
            #[inline(always)]
            const fn digits(self) -> u8 {
                match self { $(ResourceKind::$kind => $digits),* }
            }

            /// How long the list is that it is in.
            pub fn length(self, resources: &Resources) -> usize {
                match self { $(ResourceKind::$kind => length!(resources $($list)+)),* }
            }
        }

        /// Each kind as a type, so that a number of another kind does not compile.
        pub mod kind {
            use super::{Kind, ResourceKind};
            $(
                $(#[doc = $doc])+
                #[derive(Clone, Copy, Debug)]
                pub enum $kind {}
                impl Kind for $kind {
                    const KIND: ResourceKind = ResourceKind::$kind;
                }
            )*
        }

        impl Resource {
            /// Whether what is at its position is of its kind.
            fn fits(self, resources: &Resources) -> bool {
                match self.kind { $(ResourceKind::$kind => fits!(resources self $($list)+)),* }
            }

            /// Its name in outputs and thresholds; empty for the run.
            pub fn name(self, resources: &Resources) -> &str {
                match self.kind { $(ResourceKind::$kind => name!(resources self $($list)+)),* }
            }
        }
    };
}

macro_rules! length {
    ($resources:ident one $name:literal) => {
        1
    };
    ($resources:ident in $list:ident up to $length:ident) => {
        $resources.$length
    };
    ($resources:ident in $list:ident $(if $kind:ident)?) => {
        $resources.$list.len()
    };
}

macro_rules! fits {
    ($resources:ident $resource:ident in $list:ident if $kind:ident) => {
        $resources.$list[$resource.index()].kind == SinkKind::$kind
    };
    ($($other:tt)*) => {
        true
    };
}

macro_rules! name {
    ($resources:ident $resource:ident one $name:literal) => {
        $name
    };
    ($resources:ident $resource:ident in $list:ident $($rest:tt)*) => {
        &$resources.$list[$resource.index()].name
    };
}

// The number in the digest never changes for a kind that exists.
kinds! {
    /// A function.
    Function 2 "functions" (in functions);
    /// A queue.
    Queue 3 "queues" (in queues);
    /// A stream.
    Stream 17 "streams" (in streams);
    /// An event bus.
    Bus 4 "buses" (in sinks if Bus);
    /// A bucket.
    Bucket 4 "buckets" (in sinks if Bucket);
    /// A topic.
    Topic 4 "topics" (in sinks if Topic);
    /// A rule of a bus.
    Rule 19 "rules" (in rules);
    /// An event source mapping on a queue.
    Mapping 5 "event_source_mappings" (in mappings);
    /// An event source mapping on a stream.
    StreamMapping 18 "event_source_mappings" (in readers);
    /// A dependency.
    Dependency 6 "dependencies" (in dependencies);
    /// An alarm.
    Alarm 20 "alarms" (in alarms);
    /// The account.
    Account 21 "account" (one "account");
    /// A caller; behind the callers are the entries of functions' `calls`, of which there are only facts.
    Caller 1 "callers" (in calls up to callers);
    /// The run as a whole.
    Run 22 "the run" (one "");
    /// A subscription, a rule's target, or a service that hands events on: of them there are only facts.
    Outlet 16 "outlets" (in outlets);
}

impl Resource {
    /// The account.
    pub const ACCOUNT: Resource = Resource { kind: ResourceKind::Account, index: 0 };
    /// The run as a whole.
    pub const RUN: Resource = Resource { kind: ResourceKind::Run, index: 0 };

    /// A topic.
    #[inline(always)]
    pub const fn topic(id: SinkId) -> Resource {
        Resource::sink(SinkKind::Topic, id)
    }

    /// A topic, a bus or a bucket.
    #[inline(always)]
    pub const fn sink(kind: SinkKind, id: SinkId) -> Resource {
        let kind = match kind {
            SinkKind::Bus => ResourceKind::Bus,
            SinkKind::Bucket => ResourceKind::Bucket,
            SinkKind::Topic => ResourceKind::Topic,
        };
        Resource { kind, index: id.0 }
    }

    /// Every resource that has measures, in the order of the outputs; [`Resource::RUN`] is last.
    pub fn all(resources: &Resources) -> impl Iterator<Item = Resource> + '_ {
        let kinds = ResourceKind::ALL.iter().filter(|kind| **kind <= ResourceKind::Run);
        kinds.flat_map(|kind| kind.list(resources)).filter(|resource| resource.fits(resources))
    }

    /// Its position in the list that it is in.
    #[inline(always)]
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// The number of its kind in the digest, and its own.
    #[inline(always)]
    pub(super) const fn digits(self) -> u32 {
        (self.kind.digits() as u32) << 16 | self.index as u32
    }
}

impl ResourceKind {
    /// What is in the list that it is in.
    fn list(self, resources: &Resources) -> impl Iterator<Item = Resource> + use<> {
        let index = |at| u16::try_from(at).expect("ids have 16 bits");
        (0..self.length(resources)).map(move |at| Resource { kind: self, index: index(at) })
    }
}

macro_rules! from {
    ($($id:ident is $kind:ident,)*) => {$(
        impl From<$id> for Resource {
            #[inline(always)]
            fn from(id: $id) -> Resource {
                Resource { kind: ResourceKind::$kind, index: id.0 }
            }
        }
    )*};
}

from! {
    FunctionId is Function,
    QueueId is Queue,
    StreamId is Stream,
    RuleId is Rule,
    MappingId is Mapping,
    ReaderId is StreamMapping,
    DependencyId is Dependency,
    AlarmId is Alarm,
    CallId is Caller,
    OutletId is Outlet,
}

impl From<Maker> for Resource {
    #[inline(always)]
    fn from(maker: Maker) -> Resource {
        match maker {
            Maker::Call(id) => id.into(),
            Maker::Destination(id) => id.into(),
            Maker::Outlet(id) => id.into(),
            Maker::Reader(id) => id.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_number_of_the_digest_is_that_of_one_list() {
        let in_one_list = [ResourceKind::Bus, ResourceKind::Bucket, ResourceKind::Topic];
        let numbers: BTreeSet<u8> = ResourceKind::ALL.iter().map(|kind| kind.digits()).collect();
        assert_eq!(numbers.len(), ResourceKind::COUNT + 1 - in_one_list.len());
        assert!(in_one_list.iter().all(|kind| kind.digits() == ResourceKind::Bus.digits()));
    }
}
