//! Judgements: pure functions of values, each with its own table of tests.

pub mod backoff;
pub mod partial;
pub mod pollers;
pub mod redrive;
pub mod retry;
