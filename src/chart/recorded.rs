//! What the charts of runs are drawn from: recordings of one scenario under one or more policies, and
//! what is said beside them. It is kept with the results, so that a chart can be drawn again.

use crate::observe::{Recording, autopsy::Why, fates::Place};
use serde::{Deserialize, Serialize};

/// Recordings of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// The version of dwell that wrote it; another one does not read it.
    pub version: String,
    /// The scenario's file name.
    pub file: String,
    /// The hash of its text.
    pub hash: String,
    /// Its title.
    pub title: Option<String>,
    /// What it asks.
    pub question: Option<String>,
    /// The seed of every recording.
    pub seed: u64,
    /// Why a run stopped before its end, if one did.
    pub stopped_by: Option<String>,
    /// A policy each, those that are compared in their order; at least one.
    pub arms: Vec<Arm>,
}

/// A recording and what was played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// The policy's name; empty for a file that is played as written.
    pub name: String,
    /// What the policy sets; of one that sets nothing, what the others set, as the file has it.
    pub sets: String,
    /// The fingerprint of all that happened.
    pub digest: String,
    /// What the timeline does.
    pub happenings: Vec<Happening>,
    /// The alarms of the file.
    pub alarms: Vec<Alarm>,
    /// How many arrivals came to each outcome: the ledger of the run.
    pub outcomes: Outcomes,
    /// Why arrivals did not succeed.
    pub why: Why,
    /// The limits on runs of each function, in the order of the file: those at the start, and each that
    /// differs from the one before, with the time from which it holds, in nanoseconds.
    pub limits: Vec<Vec<(u64, RunLimit)>>,
    /// What was recorded.
    pub recording: Recording,
}

/// How many arrivals came to each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// What callers started.
    pub arrivals: u64,
    /// How many have each outcome, in the order of [`Place::ALL`].
    pub places: [u64; Place::ALL.len()],
}

impl Outcomes {
    /// How many arrivals have an outcome.
    pub fn at(&self, place: Place) -> u64 {
        let at = Place::ALL.iter().position(|known| *known == place);
        at.map_or(0, |at| self.places[at])
    }
}

/// What the file allows a function to have at once: runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLimit {
    /// Its `ReservedConcurrentExecutions`, if it has one.
    pub reserved: Option<u32>,
    /// What the account leaves to all functions without a reservation together.
    pub unreserved: u32,
    /// How many functions of the file share that.
    pub sharing: u32,
}

impl RunLimit {
    /// Runs at once.
    pub fn runs(&self) -> u64 {
        self.reserved.unwrap_or(self.unreserved).into()
    }

    /// What it is called in a sentence and at a line.
    pub const fn name(&self) -> &'static str {
        match (self.reserved, self.sharing) {
            (Some(_), _) => "reserved concurrency",
            (None, 0 | 1) => "account concurrency",
            (None, _) => "account concurrency, shared",
        }
    }
}

/// What the timeline does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// When it begins, in nanoseconds.
    pub from: u64,
    /// When it ends, in nanoseconds; none for a call of an API and what is set for good.
    pub until: Option<u64>,
    /// Such as `Worker.error_rate: 90%`.
    pub words: String,
}

impl Arm {
    /// The limit on runs of a function at a time in nanoseconds.
    pub fn limit(&self, function: usize, at: u64) -> Option<RunLimit> {
        let of = self.limits.get(function)?;
        let known = of.partition_point(|(from, _)| *from <= at);
        of.get(known.saturating_sub(1)).map(|(_, limit)| *limit)
    }

    /// What it is called in a sentence.
    pub fn called(&self) -> &str {
        if self.name.is_empty() { "As written" } else { &self.name }
    }
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// From when to when it rings, in nanoseconds; none: to the end.
    pub rings: Vec<(u64, Option<u64>)>,
}

impl Recorded {
    /// The file in a folder of results.
    pub const FILE: &str = "recording.json";

    /// Those that a chart with room for so many shows.
    pub fn shown(&self, at_most: usize) -> &[Arm] {
        &self.arms[..self.arms.len().min(at_most)]
    }
}
