//! dwell shows what AWS Lambda really does with an invocation.

#![forbid(unsafe_code)]

pub mod kernel;
pub mod model;
