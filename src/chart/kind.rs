//! The kinds of charts that are drawn from recordings of runs: which there are, when each has something
//! to say, and who draws it.

use super::{
    Look, Recorded, age_heatmap, drain, dwell_ccdf, flow, hysteresis, pollers, redrive, storm,
};
use std::io::{self, Write};

/// A kind of chart of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfRuns {
    /// Attempts, ages and dead letters over time.
    Storm,
    /// Through which runs events went, and where they ended.
    Flow,
    /// The share that is not yet processed after each time.
    DwellCcdf,
    /// Ages when processed over time.
    AgeHeatmap,
    /// Dead letters by how often each was dead-lettered.
    Redrive,
    /// A mapping's runs at once against each cap.
    Pollers,
    /// A backlog that rises and falls.
    Drain,
    /// Goodput over load, as a path in time.
    Hysteresis,
}

impl OfRuns {
    /// Every kind, in the order of the documentation.
    pub const ALL: [OfRuns; 8] = [
        OfRuns::Storm,
        OfRuns::Flow,
        OfRuns::DwellCcdf,
        OfRuns::AgeHeatmap,
        OfRuns::Redrive,
        OfRuns::Pollers,
        OfRuns::Drain,
        OfRuns::Hysteresis,
    ];

    /// Its word on the command line and in names of files.
    pub const fn word(self) -> &'static str {
        match self {
            OfRuns::Storm => "storm",
            OfRuns::Flow => "flow",
            OfRuns::DwellCcdf => "dwell-ccdf",
            OfRuns::AgeHeatmap => "age-heatmap",
            OfRuns::Redrive => "redrive",
            OfRuns::Pollers => "pollers",
            OfRuns::Drain => "drain",
            OfRuns::Hysteresis => "hysteresis",
        }
    }

    /// Whether these runs have what it shows; where not, it can be asked for and says so.
    pub fn fits(self, recorded: &Recorded) -> bool {
        match self {
            OfRuns::Storm => storm::fits(recorded),
            OfRuns::Flow => flow::fits(recorded),
            OfRuns::DwellCcdf => dwell_ccdf::fits(recorded),
            OfRuns::AgeHeatmap => age_heatmap::fits(recorded),
            OfRuns::Redrive => redrive::fits(recorded),
            OfRuns::Pollers => pollers::fits(recorded),
            OfRuns::Drain => drain::fits(recorded),
            OfRuns::Hysteresis => hysteresis::fits(recorded),
        }
    }

    /// The chart as SVG.
    pub fn svg(self, recorded: &Recorded, look: Look) -> String {
        match self {
            OfRuns::Storm => storm::svg(recorded, look),
            OfRuns::Flow => flow::svg(recorded, look),
            OfRuns::DwellCcdf => dwell_ccdf::svg(recorded, look),
            OfRuns::AgeHeatmap => age_heatmap::svg(recorded, look),
            OfRuns::Redrive => redrive::svg(recorded, look),
            OfRuns::Pollers => pollers::svg(recorded, look),
            OfRuns::Drain => drain::svg(recorded, look),
            OfRuns::Hysteresis => hysteresis::svg(recorded, look),
        }
    }

    /// What is drawn, in numbers.
    pub fn csv(self, recorded: &Recorded, to: impl Write) -> io::Result<()> {
        match self {
            OfRuns::Storm => storm::csv(recorded, to),
            OfRuns::Flow => flow::csv(recorded, to),
            OfRuns::DwellCcdf => dwell_ccdf::csv(recorded, to),
            OfRuns::AgeHeatmap => age_heatmap::csv(recorded, to),
            OfRuns::Redrive => redrive::csv(recorded, to),
            OfRuns::Pollers => pollers::csv(recorded, to),
            OfRuns::Drain => drain::csv(recorded, to),
            OfRuns::Hysteresis => hysteresis::csv(recorded, to),
        }
    }
}
