//! `dwell sweep` as a user meets it: grids, points, what is printed and written.

use crate::cli::Sandbox;
use serde_json::Value;

/// Retries of a function that fails one time in five: shares of 0.2^n.
const RETRIES: &str = "
title: Retries
duration: 1h
functions:
  Work:
    service_time: {exponential: {mean: 100ms}}
    error_rate: 20%
    DeadLetterConfig: {TargetArn: Failed}
    EventInvokeConfig: {MaximumRetryAttempts: 2}
queues: {Failed: {}}
callers:
  Users: {via: invoke_async, target: Work, arrivals: {poisson: 600/h}}
policies:
  As written: {}
  Fails more: {functions.Work.error_rate: 40%}
replications: 4
";

const ATTEMPTS: &str = "functions.Work.EventInvokeConfig.MaximumRetryAttempts=0..2";
const ERRORS: &str = "functions.Work.error_rate=20%,40%";

fn sandbox(name: &str) -> Sandbox {
    let sandbox = Sandbox::new(&format!("sweep-{name}"));
    sandbox.write("retries.yaml", RETRIES);
    sandbox
}

fn json(sandbox: &Sandbox) -> Value {
    let text = sandbox.read("output/retries.sweep/sweep.json");
    serde_json::from_str(&text).expect("sweep.json is JSON")
}

/// Mean of a metric at a point.
fn mean(json: &Value, point: usize, metric: usize) -> f64 {
    let mean = &json["points"][point]["metrics"][metric]["value"]["mean"];
    mean.as_f64().unwrap_or_else(|| panic!("point {point} has no mean: {mean}"))
}

#[test]
fn every_combination_is_played_with_the_same_luck() {
    let sandbox = sandbox("grid");
    let told = sandbox.dwell(&[
        "sweep",
        "retries.yaml",
        "--grid",
        ATTEMPTS,
        "--grid",
        ERRORS,
        "--metric",
        "dead_lettered",
        "--metric",
        "dead_lettered / arrivals",
    ]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.out.contains("6 points, every combination; 4 replications"), "{}", told.out);
    let json = json(&sandbox);
    assert_eq!(json["points"].as_array().unwrap().len(), 6);
    assert_eq!(json["paths"].as_array().unwrap().len(), 2);
    // The last path is the fastest.
    assert_eq!(json["points"][1]["values"]["functions.Work.error_rate"], "40%");
    for (point, (retries, p)) in
        [(0, 0.2), (0, 0.4), (1, 0.2), (1, 0.4), (2, 0.2), (2, 0.4)].into_iter().enumerate()
    {
        // p^(1 + retries) of about 2,400 events, within five standard deviations.
        let expected = libm::pow(p, f64::from(retries + 1));
        let sd = libm::sqrt(expected * (1.0 - expected) / 2_300.0);
        let share = mean(&json, point, 1);
        assert!((share - expected).abs() < 5.0 * sd, "{share} for {expected}");
    }
    let rows = sandbox.read("output/retries.sweep/sweep.csv");
    let mut rows = rows.lines();
    let header = "point,functions.Work.EventInvokeConfig.MaximumRetryAttempts,\
                  functions.Work.error_rate,metric,unit,n,mean,sd,low,high,min,max,\
                  all_runs_together";
    assert_eq!(rows.next(), Some(header));
    assert_eq!(rows.count(), 12, "a row a point and metric");
}

#[test]
fn a_point_is_what_run_plays_with_the_same_changes_and_seed() {
    let sandbox = sandbox("point");
    let swept =
        sandbox.dwell(&["sweep", "retries.yaml", "--grid", ATTEMPTS, "--policy", "Fails more"]);
    assert_eq!(swept.code, Some(0), "{}", swept.err);
    let json = json(&sandbox);
    let seeds = json["seeds"].as_array().unwrap().clone();
    assert_eq!(seeds[0], 1, "the first replication has the scenario's seed");
    let one = "functions.Work.EventInvokeConfig.MaximumRetryAttempts=1";
    for (nth, seed) in seeds.iter().enumerate() {
        let seed = seed.to_string();
        let args = ["run", "retries.yaml", "--policy", "Fails more", "--set", one, "--seed"];
        let run = sandbox.dwell(&[&args[..], &[&seed, "--format", "json"]].concat());
        let run: Value = serde_json::from_str(&run.out).expect("a summary");
        assert_eq!(run["digest"], json["points"][1]["digests"][nth]);
    }
}

#[test]
fn a_hypercube_has_as_many_points_as_asked_for_spread_over_every_path() {
    let sandbox = sandbox("lhs");
    let sweep = |extra: &[&str]| {
        let service = "functions.Work.service_time=100ms..900ms";
        let all = ["sweep", "retries.yaml", "--grid", service, "--grid", ERRORS, "--lhs", "8"];
        let told = sandbox.dwell(&[&all[..], extra].concat());
        assert_eq!(told.code, Some(0), "{}", told.err);
        json(&sandbox)
    };
    let first = sweep(&["--replications", "1"]);
    let mut hundreds: Vec<i64> = (0..8)
        .map(|point| {
            let value = first["points"][point]["values"]["functions.Work.service_time"].as_str();
            let ms: i64 = value.unwrap().trim_end_matches("ms").parse().expect("whole ms");
            // Eight parts of 801 values.
            (ms - 100) * 8 / 801
        })
        .collect();
    hundreds.sort_unstable();
    assert_eq!(hundreds, (0..8).collect::<Vec<_>>(), "one in each eighth of the range");
    assert_eq!(first["points"], sweep(&["--replications", "1", "--threads", "1"])["points"]);
    assert_ne!(first["points"], sweep(&["--replications", "1", "--seed", "2"])["points"]);
}

#[test]
fn the_points_that_no_other_beats_in_both_are_told() {
    let sandbox = sandbox("pareto");
    let told = sandbox.dwell(&[
        "sweep",
        "retries.yaml",
        "--grid",
        ATTEMPTS,
        "--grid",
        ERRORS,
        "--pareto",
        "dead_lettered",
        "Work.Invocations",
    ]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.out.contains("No other point is better in both"), "{}", told.out);
    // With 20 % errors each retry dead-letters fewer and runs more; 40 % is worse in both.
    let json = json(&sandbox);
    assert_eq!(json["pareto"]["points"], serde_json::json!([0, 2, 4]));
    let rows = sandbox.read("output/retries.sweep/pareto.csv");
    let dominated: Vec<&str> =
        rows.lines().skip(1).map(|row| row.rsplit(',').next().unwrap()).collect();
    assert_eq!(dominated, ["", "0", "", "2", "", "2"]);
}

#[test]
fn what_is_wrong_with_a_grid_is_told_before_anything_is_played() {
    let sandbox = sandbox("wrong");
    let wrong: &[(&[&str], i32, &str)] = &[
        (&["--grid", "functions.Work.error_rate"], 2, "has no values"),
        (&["--grid", "functions.Work.Timeout=1s..9s"], 2, "no step"),
        (&["--grid", ATTEMPTS, "--grid", ATTEMPTS], 2, "varied twice"),
        (&["--grid", "functions.Work.Timeot=1,2"], 3, "did you mean `Timeout`"),
        (&["--grid", "functions.Wrok.Timeout=1,2"], 3, "Wrok"),
        (&["--grid", "functions.Work.Timeout=1..901"], 3, "901"),
        (&["--grid", ATTEMPTS, "--metric", "Work.Errrors"], 3, "did you mean `Errors`"),
        (&["--grid", ATTEMPTS, "--policy", "Fails mor"], 3, "Fails more"),
        (&["--grid", ATTEMPTS, "--warmup", "soon"], 2, "no warm-up"),
        (&["--grid", ATTEMPTS, "--pareto", "dead_lettered"], 2, "2 values required"),
        (&["--grid", ATTEMPTS, "--replications", "0"], 2, "1..=1000000"),
        (&[], 2, "--grid"),
    ];
    for (arguments, code, part) in wrong {
        let told = sandbox.dwell(&[&["sweep", "retries.yaml"][..], arguments].concat());
        assert_eq!(told.code, Some(*code), "{arguments:?}: {}", told.err);
        assert!(told.err.contains(part), "{arguments:?}: {}", told.err);
        assert_eq!(told.out, "");
    }
    assert!(!sandbox.folder.join("output").exists(), "nothing is written");
}

#[test]
fn a_story_stands_beside_that_of_the_same_payload_under_another_policy() {
    let sandbox = Sandbox::new("sweep-story");
    let poison = "
functions: {F: {service_time: 1s, poison_rate: 100%}}
queues:
  Q: {RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 1}}
  D: {}
event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F}}
callers: {C: {target: Q, arrivals: {at: [0s]}}}
policies: {Once: {}, Twice: {queues.Q.RedrivePolicy.maxReceiveCount: 2}}
";
    sandbox.write("poison.yaml", poison);
    let all = ["story", "poison.yaml", "--id", "1", "--policy", "Once", "--versus", "Twice"];
    let told = sandbox.dwell(&all);
    assert_eq!(told.code, Some(0), "{}", told.err);
    let lines: Vec<&str> = told.out.lines().collect();
    assert!(lines[0].starts_with("C-1 under two policies"), "{}", told.out);
    let differs: Vec<&&str> = lines.iter().filter(|line| line.starts_with("  ≠")).collect();
    assert!(differs[0].contains("redriven") && differs[0].contains("received attempt=2"));
    assert!(told.out.contains("S23: "), "the rules are told: {}", told.out);
    let same = sandbox.dwell(&["story", "poison.yaml", "--id", "1", "--versus", "Once"]);
    assert!(!same.out.lines().any(|line| line.starts_with("  ≠")), "{}", same.out);
    let nobody = sandbox.dwell(&["story", "poison.yaml", "--id", "1", "--versus", "Thrice"]);
    assert_eq!(nobody.code, Some(3));
    assert!(nobody.err.contains("did you mean `Twice`"), "{}", nobody.err);
}
