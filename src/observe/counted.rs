//! What is counted at an edge of time and is no fact.

use super::{
    kept::Begun,
    measure::typed as m,
    point::{About, Sink, SinkOf},
};
use crate::{kernel::Time, model::vocabulary::AlarmId};

/// Something that is counted at an edge of time and is no fact.
#[derive(Clone, Copy, Debug)]
pub enum Counted {
    /// A block of what is billed by time has begun.
    Kept(Begun),
    /// An alarm rings.
    Rings(AlarmId, Time),
}

impl Counted {
    /// When.
    pub fn at(&self) -> Time {
        match self {
            Counted::Kept(begun) => begun.at,
            Counted::Rings(_, at) => *at,
        }
    }

    /// Counts it.
    pub fn count<S: Sink>(&self, sink: &mut S) {
        match self {
            Counted::Kept(begun) => begun.count(sink),
            Counted::Rings(id, _) => sink.of(*id).count(m::Alarms, true, About::default()),
        }
    }
}
