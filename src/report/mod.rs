//! What a run came to, for people and for programs: one [`Report`], four formats, and files written whole.

pub mod check;
pub mod compare;
pub mod csv;
pub mod figures;
pub mod files;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod plot;
pub mod sarif;
pub mod sweep;
pub mod table;
pub mod why;
pub mod wording;

use crate::observe::{Resource, Results, Series};

/// The version of the shape of `summary.json`.
pub const SCHEMA_VERSION: u32 = 2;

/// Everything that is told of a run.
pub struct Report<'a> {
    /// The scenario's file name.
    pub file: &'a str,
    /// The hash of its text.
    pub hash: &'a str,
    /// Its title, if it has one.
    pub title: Option<&'a str>,
    /// The question it asks.
    pub question: Option<&'a str>,
    /// The answer it expects.
    pub answer: Option<&'a str>,
    /// The policy that was played; none: the file as written.
    pub policy: Option<&'a str>,
    /// The seed.
    pub seed: u64,
    /// Why the run stopped early, if it did.
    pub stopped_by: Option<&'static str>,
    /// What was counted.
    pub results: &'a Results,
    /// The same, period by period.
    pub series: &'a Series,
    /// The name of what a row of the series is about.
    pub name: &'a dyn Fn(Resource) -> &'a str,
    /// Assumptions in force, and whether each is the default.
    pub assumptions: &'a [Assumption],
    /// What a colleague would say.
    pub warnings: &'a [String],
}

/// An assumption in force.
#[derive(Clone, Debug)]
pub struct Assumption {
    /// Its name in the scenario language.
    pub name: String,
    /// Its value, as it would be written.
    pub value: String,
    /// Whether it is the profile's.
    pub is_default: bool,
}
