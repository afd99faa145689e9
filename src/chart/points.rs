//! What charts of points are drawn from: figures of many runs of one scenario, each with something set to
//! another value.

/// What was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The scenario's file name.
    pub file: String,
    /// The hash of its text.
    pub hash: String,
    /// Its title.
    pub title: Option<String>,
    /// The seed of every run.
    pub seed: u64,
}

impl Setting {
    /// The title, as the first sentence of a subtitle.
    pub fn sentence(&self) -> String {
        format!("{}.", self.title.as_deref().unwrap_or(&self.file).trim_end_matches('.'))
    }

    /// What another needs to get the chart again.
    pub fn foot(&self) -> String {
        let Setting { file, hash, seed, .. } = self;
        format!("{file} {hash} · seed {seed} · dwell {}", env!("CARGO_PKG_VERSION"))
    }
}

/// What becomes of events while runs of a function fail at several rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureRates {
    /// What was played.
    pub setting: Setting,
    /// The function that fails.
    pub function: String,
    /// A policy each.
    pub lines: Vec<Line>,
}

/// A policy at every failure rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The policy's name; empty for a file that is played as written.
    pub name: String,
    /// By rate, from the lowest.
    pub points: Vec<Rate>,
}

/// A run at a failure rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Of a hundred runs, so many fail.
    pub percent: u32,
    /// What callers started.
    pub events: u64,
    /// Of these, those that succeeded.
    pub succeeded: u64,
    /// Records of all runs of the function.
    pub attempts: u64,
}

/// What is processed twice at several visibility timeouts and batch sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visibilities {
    /// What was played.
    pub setting: Setting,
    /// The policy's name; empty for a file that is played as written.
    pub policy: String,
    /// The queue, and the function that takes its messages.
    pub names: (String, String),
    /// The function's timeout, in milliseconds.
    pub timeout_ms: u64,
    /// Visibility timeouts, in milliseconds, from the shortest.
    pub visibilities_ms: Vec<u64>,
    /// Batch sizes, from the smallest, each with what came of it at each visibility timeout.
    pub batches: Vec<(u32, Vec<Cell>)>,
}

/// What came of a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// So many were processed once more, of so many that arrived.
    Duplicates(u64, u64),
    /// It cannot be: why not.
    Refused(String),
}
