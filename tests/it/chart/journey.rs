//! One event's life as a timetable.

use super::{is_clear, is_golden};
use crate::cli::Sandbox;

/// The second order fails until it is dead-lettered, or is let through by one more receive; two minutes later
/// what is dead is moved back.
const ORDERS: &str = "
title: One order
duration: 10m
functions: {Worker: {Timeout: 5, service_time: 200ms}}
queues:
  Jobs: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: Failed, maxReceiveCount: 2}}
  Failed: {}
event_source_mappings: {JobsToWorker: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}}
callers: {Orders: {target: Jobs, arrivals: {at: [1s, 90s]}}}
timeline:
  - {at: 80s, for: 55s, set: {functions.Worker.error_rate: 100%}}
  - {at: 200s, StartMessageMoveTask: {SourceArn: Failed}}
policies:
  <Two> receives & out: {}
  Three receives: {queues.Jobs.RedrivePolicy.maxReceiveCount: 3}
";

fn sandbox(name: &str, scenario: &str) -> Sandbox {
    let sandbox = Sandbox::new(name);
    sandbox.write("orders.yaml", scenario);
    sandbox
}

#[test]
fn a_journey_is_the_one_that_was_looked_at() {
    let sandbox = sandbox("journey", ORDERS);
    let draw = |options: &[&str]| {
        let all = ["chart", "orders.yaml", "journey", "--no-progress"];
        sandbox.dwell(&[&all, options].concat()).exits(0).out
    };
    is_golden("journey", &draw(&["--id", "2", "--width", "800"]));
    for width in ["600", "700", "840", "960", "1200", "2400"] {
        for theme in ["light", "dark"] {
            is_clear(&draw(&["--id", "2", "--width", width, "--theme", theme]));
        }
    }
    let drawn = draw(&["--id", "Orders-2"]);
    assert!(drawn.contains("&lt;Two&gt; receives &amp; out") && !drawn.contains("<Two>"));
}

#[test]
fn a_journey_has_every_stay_of_the_story() {
    let sandbox = sandbox("journey-rows", ORDERS);
    let options = ["--id", "2", "--format", "csv", "--no-progress"];
    let all = [["chart", "orders.yaml", "journey"].as_slice(), &options].concat();
    let rows = sandbox.dwell(&all).exits(0).out;
    // Errors last until 135 s: the second order fails at 90 and 120 s. Two receives move it at 150 s to the
    // dead-letter queue, from which it comes back at 200 s; a third receive at 150 s succeeds.
    let expected = "
policy,event,stay,where,from_s,to_s,receive_count,rule
<Two> receives & out,Orders-2,failed run,1st run,0,0.2,1,S11
<Two> receives & out,Orders-2,hidden,hidden,0.2,30,,SI2
<Two> receives & out,Orders-2,failed run,2nd run,30,30.2,2,S11
<Two> receives & out,Orders-2,hidden,hidden,30.2,60,,SI2
<Two> receives & out,Orders-2,dead letter,Failed (DLQ),60,110,,S24
<Two> receives & out,Orders-2,run,3rd run,110,110.2,1,S11
<Two> receives & out,Orders-2,succeeded,succeeded,110.2,110.2,,E10
Three receives,Orders-2,failed run,1st run,0,0.2,1,S11
Three receives,Orders-2,hidden,hidden,0.2,30,,SI2
Three receives,Orders-2,failed run,2nd run,30,30.2,2,S11
Three receives,Orders-2,hidden,hidden,30.2,60,,SI2
Three receives,Orders-2,run,3rd run,60,60.2,3,S11
Three receives,Orders-2,succeeded,succeeded,60.2,60.2,,E10
";
    assert_eq!(rows.trim(), expected.trim());
}

#[test]
fn an_event_is_chosen_that_has_something_to_tell() {
    let chosen = |name: &str, scenario: &str, options: &[&str]| {
        let sandbox = sandbox(name, scenario);
        let all = ["chart", "orders.yaml", "journey", "--no-progress"];
        sandbox.dwell(&[&all, options].concat()).exits(0).out
    };
    // Nobody ends otherwise: the first that was dead-lettered.
    let drawn = chosen("journey-dead", ORDERS, &[]);
    assert!(drawn.contains("”: Orders-2 succeeds after 3 runs"), "{drawn}");
    assert!(drawn.contains("the first event that was dead-lettered"), "{drawn}");
    let unmoved = ORDERS.replace("  - {at: 200s, StartMessageMoveTask: {SourceArn: Failed}}\n", "");
    let drawn = chosen("journey-other", &unmoved, &[]);
    assert!(drawn.contains("Orders-2 is a dead letter after 2 runs in 60 s; “"), "{drawn}");
    assert!(drawn.contains("ends otherwise"), "{drawn}");
    let drawn = chosen("journey-runs", &ORDERS.replace("200s", "500s"), &["--first", "succeeded"]);
    assert!(drawn.contains("<title>Orders-1 succeeds after 1 run"), "{drawn}");
    let plain = "
functions: {Worker: {service_time: 100ms}}
callers: {Orders: {target: Worker, arrivals: {at: [0s]}}}
";
    let drawn = chosen("journey-one", plain, &[]);
    assert!(drawn.contains("<title>Orders-1 succeeds after 1 run in 100 ms</title>"), "{drawn}");
    is_clear(&drawn);
}

#[test]
fn a_long_life_is_drawn_short_and_what_is_not_there_is_told() {
    let long = ORDERS.replace("maxReceiveCount: 2", "maxReceiveCount: 900").replace("55s", "500s");
    let sandbox = sandbox("journey-long", &long);
    let draw = |file: &str, options: &[&str]| {
        sandbox.dwell(&[&["chart", file, "journey", "--no-progress"], options].concat())
    };
    let drawn = draw("orders.yaml", &["--id", "2", "--width", "600"]).exits(0).out;
    is_clear(&drawn);
    assert!(drawn.contains(" more stays") && drawn.len() < 100_000, "{drawn}");
    let wrong = draw("orders.yaml", &["--id", "3"]).exits(2);
    assert!(wrong.err.contains("there is no Orders-3 in this run"), "{}", wrong.err);
    let wrong = draw("orders.yaml", &["--first", "expired"]).exits(2);
    assert!(wrong.err.contains("nothing was expired"), "{}", wrong.err);
    let wrong = draw(".", &[]).exits(2);
    assert!(wrong.err.contains("results have no stories"), "{}", wrong.err);
}
