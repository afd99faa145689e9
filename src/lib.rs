//! dwell shows what AWS Lambda really does with an invocation.

#![forbid(unsafe_code)]

pub mod kernel;
pub mod model;
pub mod statistics;

pub mod chart;
pub mod cli;
pub mod experiment;
pub mod observe;
pub mod page;
pub mod report;
pub mod scenario;
pub mod study;
