//! dwell shows what AWS Lambda really does with an invocation.
//!
//! # A tour
//!
//! A [`scenario`] is read from YAML, or all its mistakes are told. An [`experiment`] plays it: one run, its
//! policies compared under the same luck, a grid of its values, its thresholds in many runs. What a run came to
//! is in [`observe`], what many came to in [`study`]; [`report`], [`chart`] and [`page`] tell it.
//!
//! ```
//! use dwell::{
//!     experiment::{self, Request, Workers, compare::How},
//!     scenario::{Opened, Options},
//! };
//!
//! let text = "
//! duration: 10m
//! functions:
//!   Work: {service_time: 200ms, error_rate: 20%, DeadLetterConfig: {TargetArn: Failed}}
//! queues: {Failed: {}}
//! callers:
//!   Orders: {via: invoke_async, target: Work, arrivals: {poisson: 2/s}}
//! policies:
//!   Two retries: {}
//!   No retry: {functions.Work.EventInvokeConfig.MaximumRetryAttempts: 0}
//! ";
//! let file = Opened::parse(text.as_bytes(), "orders.yaml")?;
//! let workers = Workers::default();
//!
//! // One run: every event is in exactly one place of the ledger.
//! let scenario = file.scenario(&Options::default())?;
//! let run = experiment::run(&scenario, None, &workers)?;
//! run.whole(|| scenario.file_name())?;
//! let account = &run.outcome.results.ledger.run;
//! assert!(account.arrivals > 0 && account.adds_up());
//!
//! // Many runs of each policy, with common random numbers.
//! let request = Request {
//!     metrics: vec!["dead_lettered".to_owned()],
//!     replications: Some(3),
//!     ..Request::default()
//! };
//! let compared = experiment::compare(vec![file], &request, &How::default(), &workers)?;
//! let difference = compared.comparison.rows[0].cells[1].difference.as_ref();
//! assert!(difference.is_some_and(|difference| difference.estimate.min > 0.0), "retries help");
//! # Ok::<(), experiment::RunError>(())
//! ```
//!
//! `examples/` has programs that do this with files; [`cli`] is the command `dwell` itself.

#![forbid(unsafe_code)]

pub mod kernel;
pub mod model;
pub mod statistics;

pub mod catalog;
pub mod chart;
pub mod cli;
pub mod experiment;
pub mod observe;
pub mod page;
pub mod report;
pub mod scenario;
pub mod study;
