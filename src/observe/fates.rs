//! The outcome of each arrival: what two policies are compared by, event for event.

use crate::model::{
    Fact, Moment, Observer, Register,
    config::Resources,
    register::Move,
    vocabulary::{CallId, PayloadId},
};
pub use crate::model::{Place, outcome::Reason};
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

/// The outcomes of all arrivals of a run.
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

impl Fates {
    /// The fate of an arrival is what the register says of it now.
    pub fn put(&mut self, register: &Register, root: PayloadId) {
        let known = register.get(root);
        let fate = match known.outcome {
            Place::Dropped => Fate::Dropped(register.cause_of(root).reason),
            place => Fate::In(place),
        };
        let (_, fates) = &mut self.callers[known.caller.index()];
        let at = usize::try_from(known.number - 1).expect("as many arrivals as memory holds");
        if fates.len() <= at {
            fates.resize(at + 1, Fate::Absent);
        }
        fates[at] = fate;
    }
}

impl Observer for Fates {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let register = moment.register;
        match (moment.moved, fact) {
            (Some(Move { payload, outcome: Some(_), .. }), _) => {
                self.put(register, register.get(payload).root);
            }
            (_, Fact::Arrived { payload, .. }) => self.put(register, *payload),
            _ => (),
        }
    }
}
