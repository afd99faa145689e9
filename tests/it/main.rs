//! One binary of integration tests; each module says what it shows.

mod common;
mod traces_lambda;
mod traces_sqs;
