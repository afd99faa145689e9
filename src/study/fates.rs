//! What became of each arrival under one policy and under another.

use crate::observe::{Fate, Fates};
use std::collections::BTreeMap;

/// An arrival with another fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// In which replication.
    pub replication: u32,
    /// Its id, as `dwell story` takes it.
    pub id: String,
    /// What became of it under the baseline.
    pub before: Fate,
    /// And under the policy.
    pub after: Fate,
}

/// How many arrivals had another fate than under the baseline.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Arrivals of both.
    pub arrivals: u64,
    /// Those with another fate.
    pub changed: u64,
    /// The same by what became of them: under the baseline, under the policy.
    pub kinds: BTreeMap<(Fate, Fate), u64>,
    /// Which; empty unless asked for.
    pub which: Vec<Changed>,
}

impl Changes {
    /// The changes from `before` to `after`, two runs with the same luck; `list` names them.
    pub fn between(before: &Fates, after: &Fates, replication: u32, list: bool) -> Changes {
        let mut changes = Changes::default();
        let callers = before.callers.iter().map(|(name, _)| name);
        let more = after
            .callers
            .iter()
            .map(|(name, _)| name)
            .filter(|name| before.callers.iter().all(|(known, _)| known != *name));
        for caller in callers.chain(more) {
            let (before, after) = (before.of(caller), after.of(caller));
            for at in 0..before.len().max(after.len()) {
                let fate = |fates: &[Fate]| fates.get(at).copied().unwrap_or(Fate::Absent);
                let (before, after) = (fate(before), fate(after));
                changes.arrivals += 1;
                if before == after {
                    continue;
                }
                changes.changed += 1;
                *changes.kinds.entry((before, after)).or_default() += 1;
                if list {
                    let id = format!("{caller}-{}", at + 1);
                    changes.which.push(Changed { replication, id, before, after });
                }
            }
        }
        changes
    }

    /// Adds those of the next replication.
    pub fn merge(&mut self, other: Changes) {
        self.arrivals += other.arrivals;
        self.changed += other.changed;
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.which.extend(other.which);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::fates::Place;

    fn fates(of: &[(&str, &[Fate])]) -> Fates {
        let callers = of.iter().map(|(name, fates)| ((*name).to_owned(), fates.to_vec()));
        Fates { callers: callers.collect() }
    }

    #[test]
    fn arrivals_are_compared_by_caller_and_number() {
        let (done, dead) = (Fate::In(Place::Succeeded), Fate::In(Place::DeadLettered));
        let before = fates(&[("A", &[done, dead, done]), ("B", &[done])]);
        let after = fates(&[("A", &[done, done]), ("B", &[dead]), ("C", &[done])]);
        let changes = Changes::between(&before, &after, 3, true);
        assert_eq!((changes.arrivals, changes.changed), (5, 4));
        let which: Vec<_> =
            changes.which.iter().map(|c| (c.id.as_str(), c.before, c.after)).collect();
        let absent = Fate::Absent;
        let expected = [
            ("A-2", dead, done),
            ("A-3", done, absent),
            ("B-1", done, dead),
            ("C-1", absent, done),
        ];
        assert_eq!(which, expected);
        let mut twice = changes.clone();
        twice.merge(changes);
        assert_eq!((twice.changed, twice.kinds[&(dead, done)], twice.which.len()), (8, 2, 8));
    }
}
