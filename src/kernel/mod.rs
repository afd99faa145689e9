//! Time, order and chance. Knows nothing of AWS.
//!
//! In reading order:
//!
//! ```text
//! time     instants and stretches, whole nanoseconds
//! draw     chance looked up by key: (seed, stream name, entity, occasion)
//! det      floats whose logarithms have the same bits everywhere
//! dist     laws of durations and waits, sampled from a draw
//! slab     values in slots that are used again
//! agenda   what will happen, in the one order: time, class, first scheduled
//! ```
//!
//! Nothing here reads a clock, an environment variable or a global generator, and nothing here
//! iterates over a hash map: the same calls give the same bits on every machine.

pub mod time;

pub mod draw;

pub mod det;

pub mod dist;

pub mod agenda;

pub mod slab;

pub use agenda::{Agenda, Class, Classed, HeapStore, Ladder, Store};
pub use det::Det;
pub use dist::{Dist, DistError};
pub use draw::{Draw, Probability, Stream, child_key, name_key};
pub use slab::Slab;
pub use time::{Span, Time};
