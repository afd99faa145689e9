//! Judgements: pure functions of values, each with its own table of tests.

pub mod backoff;
pub mod bucket;
pub mod checkpoint;
pub mod delivery;
pub mod growth;
pub mod lag;
pub mod lifetime;
pub mod partial;
pub mod partition;
pub mod pollers;
pub mod redrive;
pub mod requests;
pub mod retrier;
pub mod retry;
pub mod sdk;
