//! The kinds of charts that are drawn from recordings of runs: which there are, when each has something
//! to say, and who draws it.

use super::{Look, Recorded, storm};
use std::io::{self, Write};

/// A kind of chart of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfRuns {
    /// Attempts, ages and dead letters over time.
    Storm,
}

impl OfRuns {
    /// Every kind, in the order of the documentation.
    pub const ALL: [OfRuns; 1] = [OfRuns::Storm];

    /// Its word on the command line and in names of files.
    pub const fn word(self) -> &'static str {
        match self {
            OfRuns::Storm => "storm",
        }
    }

    /// Whether these runs have what it shows; where not, it can be asked for and says so.
    pub fn fits(self, recorded: &Recorded) -> bool {
        match self {
            OfRuns::Storm => storm::fits(recorded),
        }
    }

    /// The chart as SVG.
    pub fn svg(self, recorded: &Recorded, look: Look) -> String {
        match self {
            OfRuns::Storm => storm::svg(recorded, look),
        }
    }

    /// What is drawn, in numbers.
    pub fn csv(self, recorded: &Recorded, to: impl Write) -> io::Result<()> {
        match self {
            OfRuns::Storm => storm::csv(recorded, to),
        }
    }
}
