//! What a few replications say of all of them: pure functions from values to values.
//!
//! In reading order:
//!
//! ```text
//! estimate    mean and spread of one value a replication, its interval; pairs: difference, ratio
//! student     Student's t: how wide an interval has to be
//! quantile    nearest ranks
//! warmup      MSER-5: where a series stops remembering its beginning
//! hypercube   points of a sweep that are spread evenly over every dimension
//! ```
//!
//! Nothing here knows what the values measure. Floats meet `+ - * /` and `libm` only, and are added
//! up in the order given, so that the bits are the same on every machine (decision 0009). Values are
//! finite numbers; what has no value is left out by the caller, and is never a zero.

mod estimate;

mod student;

mod quantile;

mod warmup;

mod hypercube;

pub use estimate::{Estimate, Ratio, differences, paired_ratio, variance_reduction};
pub use hypercube::latin_hypercube;
pub use quantile::nearest_rank;
pub use student::student_t;
pub use warmup::mser5;
