//! What the charts of runs are drawn from: recordings of one scenario under one or more policies, and
//! what is said beside them. It is kept with the results, so that a chart can be drawn again.

use crate::observe::Recording;
use serde::{Deserialize, Serialize};

/// Recordings of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// The policy's name; empty for a file that is played as written.
    pub name: String,
    /// What the policy sets.
    pub sets: String,
    /// The fingerprint of all that happened.
    pub digest: String,
    /// What the timeline does.
    pub happenings: Vec<Happening>,
    /// The alarms of the file.
    pub alarms: Vec<Alarm>,
    /// What was recorded.
    pub recording: Recording,
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
