//! AWS semantics as small state machines. Imports `kernel` only; no IO, no serialization, no failure.

pub mod alarm;
pub mod config;
pub mod effects;
pub mod facts;
pub mod outcome;
pub mod recorded;
pub mod register;
pub mod resource;
pub mod rule;
pub mod services;
pub mod value;
pub mod vocabulary;

pub mod policy;

pub mod arrivals;
pub mod call;
pub mod delivery;
pub mod dependency;
pub mod destination;
pub mod event_queue;
pub mod firehose;
pub mod integration;
pub mod lambda;
pub mod mapping;
pub mod reader;
pub mod sink;
pub mod sqs;
pub mod stream;

pub mod world;

pub use effects::{Component, Port};
pub use facts::{Fact, Moment, Observer};
pub use register::{Place, Register};
pub use resource::{Resource, ResourceKind};
pub use rule::Rule;
