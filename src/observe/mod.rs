//! Folds over facts: what a run came to, and whether it was right.
//!
//! ```text
//!                    ┌► digest      64 bits of everything
//!                    ├► checker     what must hold in every run
//!   fact ──► Watch ──┼► points ───► table ──┬► at the end of a period: series
//!                    │                      ├► of a bin: recording
//!                    │                      ├► of a minute: alarms
//!                    │                      └► of the run: results, bill, ledger, verdicts
//!                    └► autopsy     why arrivals did not succeed
//!   fact ──► Full ───┬► Watch
//!                    ├► probes      what a window or a filter of a threshold asks for
//!                    ├► group_order what must hold where there is a FIFO queue
//!                    └► trace, live view, whoever else watches
//!   fact ──► Scout, Stage, Slice     what a report shows of everybody and of a few
//! ```
//!
//! In reading order: [`measure`] says what there is, [`point`] how each fact counts, [`cell`] and [`table`] add
//! up, [`series`] and [`summary`] tell, [`shown`] says what of it stands in tables, [`formula`] asks, [`probe`] answers,
//! [`threshold`] judges. Observers see facts and cannot touch the model; with any set of them the digest is the same.
//!
//! [`Watch`] has what every run needs, and most runs have nothing else. What only some ask for is in [`Full`], so that
//! the others do not pay for it.

pub mod measure;

pub mod guide;

pub mod point;

pub mod histogram;

pub mod cell;

pub mod table;

pub mod ledger;

pub mod usd;

pub mod ordered;

pub mod cost;

pub mod kept;

pub mod counted;

pub mod series;

pub mod summary;

pub mod shown;

pub mod number;

pub mod formula;
pub mod group_order;

pub mod threshold;

pub mod alarm;

pub mod autopsy;

pub mod pool;

pub mod probe;

pub mod digest;

pub mod watch;

pub mod full;

pub mod checker;

pub mod trace;

pub mod fates;

pub mod story;

pub mod recording;

pub mod live;

pub mod cast;

pub mod stage;

pub mod slice;

pub use autopsy::Why;
pub use cast::Cast;
pub use cost::Bill;
pub use digest::Fingerprint;
pub use fates::{Fate, Fates};
pub use formula::{Formula, Mistake, Names};
pub use full::Full;
pub use ledger::Ledger;
pub use live::Live;
pub use measure::Measure;
pub use pool::Pool;
pub use probe::Reading;
pub use recording::{Recorder, Recording};
pub use series::Series;
pub use slice::Slice;
pub use stage::{Frame, Scout, Stage};
pub use story::Story;
pub use summary::Results;
pub use threshold::{Scope, Threshold, Verdict};
pub use trace::{Firsts, Id, MostRuns, Trace};
pub use watch::{Asked, Outcome, Watch};

pub use crate::model::{Resource, ResourceKind};

/// Takes the rows of a trace.
pub type RowSink<'a> = Box<dyn FnMut(&trace::Row<'_>) + 'a>;

#[cfg(test)]
mod tests;
