//! One binary of integration tests; each module says what it shows.

mod analytic;
mod badinputs;
mod chart;
mod check;
mod cli;
mod common;
mod compare;
mod coverage;
mod determinism;
mod experiment;
mod gallery;
mod laws;
mod measured;
mod paired;
mod player;
mod readme;
mod report;
mod rules;
mod scenarios;
mod shards;
mod streams;
mod sweep;
mod tidy;
mod traces_lambda;
mod traces_sqs;
mod watch;
