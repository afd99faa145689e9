//! Where each arrival came to rest: what two policies are compared by, event for event.

use super::point::Reason;
pub use crate::model::Place;
use crate::model::{Fact, Moment, Observer, config::Resources, vocabulary::CallId};
use std::fmt;

/// Where an arrival is at the end, and why if it was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// In this place of the ledger.
    In(Place),
    /// Dropped, for this reason.
    Dropped(Reason),
    /// It never came: a closed loop asks more or less often.
    Absent,
}

/// As thresholds write it: `succeeded`, `dropped[reason=RetriesExhausted]`.
impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::In(place) => f.write_str(place.word()),
            Fate::Dropped(reason) => {
                write!(f, "{}[reason={}]", Place::Dropped.word(), reason.word())
            }
            Fate::Absent => f.write_str("absent"),
        }
    }
}

/// The fates of all arrivals of a run; copies made of them are not followed.
#[derive(Clone, Debug)]
pub struct Fates {
    /// Each caller's name and the fates of its arrivals, the first at 0. Two bytes each.
    pub callers: Vec<(String, Vec<Fate>)>,
}

impl Fates {
    /// Nothing has come yet.
    pub fn new(resources: &Resources) -> Fates {
        let name = |id: CallId| resources.calls[id.index()].name.clone();
        Fates { callers: resources.caller_ids().map(|id| (name(id), Vec::new())).collect() }
    }

    /// The fates of a caller's arrivals; none if there is no such caller.
    pub fn of(&self, caller: &str) -> &[Fate] {
        let found = self.callers.iter().find(|(name, _)| name == caller);
        found.map_or(&[], |(_, fates)| fates)
    }
}

impl Observer for Fates {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let (payload, fate) = match (moment.moved, fact) {
            (Some((payload, _, Place::Dropped)), _) => (payload, Fate::Dropped(Reason::of(fact))),
            (Some((payload, _, to)), _) => (payload, Fate::In(to)),
            (None, Fact::Arrived { payload, .. }) => (*payload, Fate::In(Place::InFlight)),
            (None, _) => return,
        };
        let known = moment.register.get(payload);
        if known.copy > 0 {
            return;
        }
        let (_, fates) = &mut self.callers[known.caller.index()];
        let at = usize::try_from(known.number - 1).expect("as many arrivals as memory holds");
        if fates.len() <= at {
            fates.resize(at + 1, Fate::Absent);
        }
        fates[at] = fate;
    }
}
