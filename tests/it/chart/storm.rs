//! The storm.

use super::{is_clear_at_every_width, recorded};
use dwell::chart::storm;

#[test]
fn a_storm_is_clear_at_every_width() {
    let storm = recorded(
        "storm",
        "
title: A storm
duration: 10m
functions: {Worker: {service_time: 100ms, DeadLetterConfig: {TargetArn: Failed}}}
queues: {Failed: {}}
callers: {Orders: {via: invoke_async, target: Worker, arrivals: {poisson: 2/s}}}
timeline: [{at: 2m, for: 1m, set: {functions.Worker.error_rate: 90%}}]
policies:
  Two retries: {}
  None: {functions.Worker.EventInvokeConfig.MaximumRetryAttempts: 0}
",
    );
    assert!(storm::fits(&storm));
    is_clear_at_every_width(|look| storm::svg(&storm, look));
}
