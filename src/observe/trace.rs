//! The trace: one row a fact, for `events.csv` and for stories.
//!
//! `t_s, resource, fact, id, attempt, rule, detail`. An id is the caller's name and the payload's
//! number there (`Orders-17`); a copy is counted within the family (`Orders-17.2`), so `Orders-17`
//! finds everything that one arrival caused. Nothing of this runs unless it is asked for.

use crate::{
    kernel::Time,
    model::{
        Fact, Moment, Observer, Place, Rule,
        config::Resources,
        facts::Said,
        register::Move,
        vocabulary::{CallId, PayloadId},
    },
};
use std::{fmt, sync::Arc};

/// A payload's name for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// The caller that started its family.
    pub caller: CallId,
    /// The arrival's number there, from 1.
    pub number: u64,
    /// 0 for the arrival itself.
    pub copy: u32,
}

impl Id {
    /// The id of a payload.
    pub fn of(moment: &Moment<'_>, payload: PayloadId) -> Id {
        let known = moment.register.get(payload);
        Id { caller: known.caller, number: known.number, copy: known.copy }
    }

    /// As it is written: `Orders-17` or `Orders-17.2`.
    pub fn written<'a>(&self, resources: &'a Resources) -> WrittenId<'a> {
        let caller = &resources.calls[self.caller.index()].name;
        WrittenId { caller, number: self.number, copy: self.copy }
    }

    /// Reads `Orders-17` or `Orders-17.2`, if there is such a caller.
    pub fn parse(text: &str, resources: &Resources) -> Option<Id> {
        let (name, number) = text.rsplit_once('-')?;
        let mut callers = resources.caller_ids();
        let caller = callers.find(|id| resources.calls[id.index()].name == name)?;
        let (number, copy) = number.split_once('.').unwrap_or((number, "0"));
        Some(Id { caller, number: number.parse().ok()?, copy: copy.parse().ok()? })
    }

    /// Whether both descend from one arrival.
    pub fn is_family(&self, other: &Id) -> bool {
        (self.caller, self.number) == (other.caller, other.number)
    }
}

/// An [`Id`] with its caller's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenId<'a> {
    caller: &'a str,
    number: u64,
    copy: u32,
}

impl fmt::Display for WrittenId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.copy {
            0 => write!(f, "{}-{}", self.caller, self.number),
            copy => write!(f, "{}-{}.{copy}", self.caller, self.number),
        }
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// When.
    pub now: Time,
    /// The resource's name; empty for what is outside the file.
    pub resource: &'a str,
    /// What happened, in snake case.
    pub fact: &'static str,
    /// Which payload, if it is about one.
    pub id: Option<Id>,
    /// The same as it is written.
    pub written_id: Option<WrittenId<'a>>,
    /// Which attempt, if the fact says: a request's, a run's, a receive's.
    pub attempt: Option<u32>,
    /// The rule that says so.
    pub rule: Rule,
    /// What else the fact says.
    pub detail: Detail<'a>,
}

/// What else a fact says, written as `key=value` between blanks.
#[derive(Clone, Copy, Debug)]
pub struct Detail<'a> {
    fact: Fact,
    moved: Option<Place>,
    resources: &'a Resources,
}

/// The columns of a row.
pub const COLUMNS: [&str; 7] = ["t_s", "resource", "fact", "id", "attempt", "rule", "detail"];

/// Gives each fact as a row to `sink`.
pub struct Trace<S> {
    resources: Arc<Resources>,
    sink: S,
}

impl<S> fmt::Debug for Trace<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").finish_non_exhaustive()
    }
}

impl<S: FnMut(&Row<'_>)> Trace<S> {
    /// A trace with the names of `resources`.
    pub fn new(resources: Arc<Resources>, sink: S) -> Trace<S> {
        Trace { resources, sink }
    }
}

impl<S: FnMut(&Row<'_>)> Observer for Trace<S> {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        (self.sink)(&row(&self.resources, moment, fact));
    }
}

/// The row of a fact.
pub fn row<'a>(resources: &'a Resources, moment: &Moment<'_>, fact: &Fact) -> Row<'a> {
    Noted::new(moment, fact).row(resources)
}

/// A fact that is kept, to be told when its moment is over.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// When.
    pub now: Time,
    /// Which payload, if it is about one.
    pub id: Option<Id>,
    /// Where its payload moved, if it did.
    pub moved: Option<Place>,
    rule: Rule,
    fact: Fact,
}

impl Noted {
    /// Keeps what only the moment knows.
    pub fn new(moment: &Moment<'_>, fact: &Fact) -> Noted {
        Noted {
            now: moment.now,
            id: fact.payload().map(|payload| Id::of(moment, payload)),
            moved: moment.moved.map(|moved| moved.to),
            rule: moment.rule,
            fact: *fact,
        }
    }

    /// The row of the fact.
    pub fn row<'a>(&self, resources: &'a Resources) -> Row<'a> {
        let Noted { now, id, moved, rule, fact } = *self;
        Row {
            now,
            resource: fact.resource().map_or("", |resource| resource.name(resources)),
            fact: fact.word(),
            id,
            written_id: id.map(|id| id.written(resources)),
            attempt: fact.attempt(),
            rule,
            detail: Detail { fact, moved, resources },
        }
    }
}

impl fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut between, mut written) = ("", Ok(()));
        let mut write = |key: &str, value: Said<'_>| {
            if written.is_ok() {
                written = write!(f, "{between}{key}={value}");
            }
            between = " ";
        };
        self.fact.says(self.resources, &mut write);
        if let Some(place) = self.moved {
            write("place", Said::Word(place.word()));
        }
        written
    }
}

/// Remembers the first payload that reached each place.
#[derive(Clone, Debug, Default)]
pub struct Firsts([Option<Id>; 9]);

impl Firsts {
    /// The first payload that reached `place`, if one did.
    pub fn at(&self, place: Place) -> Option<Id> {
        self.0[place as usize]
    }

    /// The place that a word of `--first` means: `dead-lettered` or `dead_lettered`.
    pub fn place(word: &str) -> Option<Place> {
        let word = word.replace('-', "_");
        Place::ALL.into_iter().find(|place| place.word() == word)
    }
}

/// Remembers the payload that ran most often, the first of several.
#[derive(Clone, Debug, Default)]
pub struct MostRuns(Option<(Id, u32)>);

impl MostRuns {
    /// The payload and its runs, if anything ran.
    pub fn found(&self) -> Option<(Id, u32)> {
        self.0
    }
}

impl Observer for MostRuns {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let (Fact::Processed { payload, .. } | Fact::RecordFailed { payload, .. }) = *fact else {
            return;
        };
        let runs = moment.register.get(payload).runs;
        if self.0.is_none_or(|(_, most)| most < runs) {
            self.0 = Some((Id::of(moment, payload), runs));
        }
    }
}

impl Observer for Firsts {
    fn saw(&mut self, moment: &Moment<'_>, _: &Fact) {
        if let Some(Move { payload, to, .. }) = moment.moved {
            self.0[to as usize].get_or_insert_with(|| Id::of(moment, payload));
        }
    }
}
