//! Pollers: the cap that binds is the one of the file, and throttles are those of the run.

use super::{is_clear_at_every_width, is_golden, recorded, texts};
use dwell::chart::{Look, pollers};

/// Five runs at once, reserved or asked for, and more than they can do.
const POLLERS: &str = "
title: Where to write the five
duration: 10m
functions: {Worker: {Timeout: 20, service_time: 2s, ReservedConcurrentExecutions: 5}}
queues: {Jobs: {VisibilityTimeout: 60}}
event_source_mappings: {JobsToWorker: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}}
callers: {Orders: {target: Jobs, arrivals: [{poisson: 2/s, until: 8m}, {poisson: 3/s, from: 2m, until: 4m}]}}
policies:
  Reserved: {}
  Asked for & <reserved>: {event_source_mappings.JobsToWorker.ScalingConfig.MaximumConcurrency: 5}
";

#[test]
fn pollers_are_those_that_were_looked_at() {
    let all = recorded("pollers", POLLERS);
    is_golden("pollers", &pollers::svg(&all, Look { width: 800, ..Look::default() }));
    is_clear_at_every_width(|look| pollers::svg(&all, look));
    let mut alone = all.clone();
    alone.arms.truncate(1);
    is_clear_at_every_width(|look| pollers::svg(&alone, look));
}

#[test]
fn the_cap_that_binds_is_named_with_the_throttles() {
    let all = recorded("pollers-figures", POLLERS);
    assert!(pollers::fits(&all));
    let throttled = all.arms[0].recording.functions[0].throttled.total();
    assert!(100 < throttled, "{throttled}");
    let written = dwell::report::wording::count(throttled);
    assert_eq!(
        pollers::finding(&all).replace('\u{a0}', " "),
        format!(
            "“Reserved”: {written} throttles at reserved concurrency 5; “Asked for & <reserved>”: no \
             throttles at MaximumConcurrency 5"
        )
    );
    let drawn = pollers::svg(&all, Look::default());
    let (_, placed) = texts(&drawn);
    let says = |text: &str| placed.iter().any(|placed| placed.text == text);
    assert!(says("reserved 5 (runs)") && says("MaximumConcurrency 5 (batches)") && says(&written));

    let mut rows = Vec::new();
    pollers::csv(&all, &mut rows).expect("memory takes it");
    let rows = String::from_utf8(rows).expect("text");
    assert_eq!(rows.lines().next(), Some(pollers::COLUMNS.join(",").as_str()));
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let of: Vec<Vec<String>> =
        rows.lines().filter(|line| line.starts_with("Reserved,")).map(cells).collect();
    let ticks: u64 = of.iter().map(|cells| cells[8].parse::<u64>().expect("a count")).sum();
    assert_eq!(ticks, throttled, "every throttle is in a bin");
    assert!(of.iter().all(|cells| cells[5].is_empty() && cells[6] == "5"));
    assert_eq!(of.iter().map(|cells| cells[3].as_str()).max(), Some("5"), "never more than five");
}

#[test]
fn a_cap_that_the_timeline_sets_is_drawn_from_then_on() {
    let changed = format!(
        "{}timeline: [{{at: 5m, set: {{functions.Worker.ReservedConcurrentExecutions: 1}}}}]\n",
        POLLERS.split("policies:").next().expect("there is a beginning")
    );
    let all = recorded("pollers-timeline", &changed);
    let caps = &all.arms[0].recording.mappings[0].caps;
    let reserved: Vec<(u64, Option<u32>)> =
        caps.iter().map(|(from, caps)| (from / 1_000_000_000, caps.reserved)).collect();
    assert_eq!(reserved, [(0, Some(5)), (300, Some(1))]);
    is_clear_at_every_width(|look| pollers::svg(&all, look));
}

#[test]
fn where_throttles_are_alike_it_tells_what_waited_and_how_long() {
    let of = |more: &str| {
        let scenario = format!(
            "
functions: {{Worker: {{service_time: 1s}}}}
queues: {{Jobs: {{}}, JobsDLQ: {{}}}}
event_source_mappings: {{JobsToWorker: {{EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}}}}
callers: {{Orders: {{target: Jobs, arrivals: {{at: [0s], count: 100}}}}}}
policies:
  All: {{}}
  Other: {{{more}}}
"
        );
        pollers::finding(&recorded("pollers-told", &scenario)).replace('\u{a0}', " ")
    };
    // 5 + 5t at once have done 5t + 2.5t² after t seconds: 100 in some 6. Two at once take 50 s.
    let capped = of("event_source_mappings.JobsToWorker.ScalingConfig.MaximumConcurrency: 2");
    assert_eq!(
        capped,
        "“All”: the queue is empty after 6 s with 5 to 29 pollers; “Other”: the queue is empty after 50 s at \
         MaximumConcurrency 2"
    );
    let fewer = of("callers.Orders.arrivals.count: 50");
    assert!(
        fewer.starts_with("“All”: up to 100 messages wait with 5 to 29 pollers; “Other”: "),
        "{fewer}"
    );
    assert!(fewer.contains("“Other”: up to 50 messages wait with "), "{fewer}");
}
