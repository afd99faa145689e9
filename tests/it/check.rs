//! `dwell check` as a user meets it: what is judged by many runs, what is printed, which code it ends with.

use crate::{
    cli::{Sandbox, Told},
    scenarios,
};
use serde_json::Value;

/// Orders of which a share dies: a fifth under `As deployed`, each third fewer under `Better`.
fn scenario(thresholds: &str) -> String {
    format!(
        "
title: Orders that may fail
duration: 100s
replications: 6
functions:
  Worker: {{service_time: 10ms, error_rate: 20%, EventInvokeConfig: {{MaximumRetryAttempts: 0}}, DeadLetterConfig: {{TargetArn: Dead}}}}
queues:
  Dead: {{}}
callers:
  Orders: {{via: invoke_async, target: Worker, arrivals: {{poisson: 2/s}}}}
policies:
  As deployed: {{}}
  Better: {{functions.Worker.error_rate: 10%}}
thresholds:
{thresholds}"
    )
}

const HOLDS: &str = "  - 100 < arrivals < 300
  - As deployed: dead_lettered / arrivals < 50%
  - dead_lettered over runs p95 < 80
  - Better: dead_lettered over runs mean < 40
  - Better vs As deployed: dead_lettered < 0
  - Better vs As deployed: arrivals == 0
  - Better vs As deployed: Orders.latency p50 == 0s
";

fn check(name: &str, thresholds: &str, arguments: &[&str]) -> Told {
    let sandbox = Sandbox::new(name);
    sandbox.write("orders.yaml", scenario(thresholds));
    let told = sandbox.dwell(&[&["check", "orders.yaml"], arguments].concat());
    assert_eq!(sandbox.listing(), ["orders.yaml"], "a check writes nothing");
    told
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

#[test]
fn when_all_hold_there_is_one_line_and_no_output() {
    let told = check("check-holds", HOLDS, &[]).exits(0);
    assert_eq!(told.out, "");
    assert_eq!(told.err, "orders.yaml: 7 thresholds hold (2 policies, 6 runs each)\n");
}

#[test]
fn one_that_fails_in_some_runs_is_told_with_the_run_that_shows_it() {
    let sandbox = Sandbox::new("check-fails");
    sandbox.write("orders.yaml", scenario("  - arrivals > 0\n  - Better: dead_lettered < 18\n"));
    let told = sandbox.dwell(&["check", "orders.yaml", "--seed", "7"]).exits(99);
    assert_eq!(told.err, "orders.yaml: 1 of 2 thresholds failed (2 policies, 6 runs each)\n");
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", told.out);
    assert_eq!(lines[0], "orders.yaml:16:13: Better: dead_lettered < 18");
    assert!(
        lines[1].starts_with("  holds in ") && lines[1].contains(" of 6 runs; farthest off in ")
    );
    let came = lines[1].rsplit(": ").next().expect("it says what it came to");
    let command = lines[2].trim().strip_prefix("dwell run orders.yaml --policy Better --seed ");
    let seed = command.unwrap_or_else(|| panic!("{}", lines[2]));
    let again = ["run", "orders.yaml", "--policy", "Better", "--seed", seed, "--quiet"];
    let again = sandbox.dwell(&again).exits(99);
    assert!(again.err.contains(&format!("dead_lettered < 18 ({came})")), "{}", again.err);
}

#[test]
fn each_policy_is_judged_by_itself() {
    let told = check("check-policies", "  - dead_lettered / arrivals < 15%\n", &[]).exits(99);
    assert!(told.out.contains(": As deployed: dead_lettered / arrivals < 15%\n"), "{}", told.out);
    assert!(told.out.contains("--policy 'As deployed' --seed "), "{}", told.out);
    let only = check(
        "check-one-policy",
        &format!("{HOLDS}  - As deployed: dead_lettered == 0\n"),
        &["--policies", "Better"],
    );
    let note = "note: orders.yaml: 5 thresholds of policies that were not played: not judged";
    let only = only.exits(0).says(&["3 thresholds hold (1 policy, 6 runs)", note]);
    assert_eq!(only.out, "");
    check("check-no-policy", HOLDS, &["--policies", "Beter"]).exits(2).says(&["`Better`?"]);
}

#[test]
fn over_runs_and_differences_say_what_they_came_to() {
    let thresholds = "  - As deployed: dead_lettered over runs p95 <= 3
  - Better: dead_lettered / dropped over runs mean > 0
  - Better vs As deployed: dead_lettered > 0
  - Better vs As deployed: 10s < Orders.latency p50 <= 20s
";
    let told = check("check-over", thresholds, &["--set", "duration=2m"]).exits(99);
    for part in [
        "As deployed: dead_lettered over runs p95 <= 3\n  over 6 runs ",
        " against 3; farthest off in replication ",
        "dead_lettered / dropped over runs mean > 0\n  no data in 6 of 6 runs; farthest off",
        "Better vs As deployed: dead_lettered > 0\n  over 6 pairs -",
        "\n  over 6 pairs 10s against 0 ms in each pair against 20s; farthest off in replication 0 \
         (seed 1): 10s against 0s against 20s\n",
        "--policy 'As deployed' --seed 1 --set duration=2m\n",
    ] {
        assert!(told.out.contains(part), "no `{part}` in\n{}", told.out);
    }
}

#[test]
fn one_run_has_no_interval_and_a_difference_says_so() {
    let told = check("check-one-run", HOLDS, &["--replications", "1"]).exits(99);
    let says = "one pair has no interval, play more with --replications";
    assert_eq!(told.out.matches(says).count(), 3, "{}", told.out);
    assert!(told.err.contains("3 of 7 thresholds failed (2 policies, 1 run each)"), "{}", told.err);
}

#[test]
fn a_misspelt_measure_is_a_bad_scenario_and_nothing_is_played() {
    let sandbox = Sandbox::new("check-misspelt");
    sandbox.write("a.yaml", scenario("  - dead_letterd over runs p95 == 0\n"));
    sandbox.write("b.yaml", scenario("  - Better vs As deploid: dead_lettered == 0\n"));
    let told = sandbox.dwell(&["check", "a.yaml", "b.yaml"]).exits(3);
    let told = told.says(&["a.yaml:15:5", "did you mean `dead_lettered`?", "`As deployed`?"]);
    assert_eq!(told.out, "");
    sandbox.dwell(&["check", "missing.yaml"]).exits(2).says(&["missing.yaml"]);
    sandbox.dwell(&["check"]).exits(2);
    sandbox.dwell(&["check", "a.yaml", "--metric", "failed"]).exits(2);
}

#[test]
fn a_file_without_thresholds_is_noted_and_one_without_policies_is_played_as_written() {
    let sandbox = Sandbox::new("check-none");
    sandbox.write("none.yaml", scenario("  []\n"));
    let plain = scenario("  - arrivals > 0\n  - arrivals over runs min > 0\n");
    let (before, after) = plain.split_once("policies:").expect("it has policies");
    let (_, thresholds) = after.split_once("thresholds:").expect("it has thresholds");
    sandbox.write("plain.yaml", format!("{before}thresholds:{thresholds}"));
    let told = sandbox.dwell(&["check", "none.yaml", "plain.yaml"]).exits(0);
    let note = "note: none.yaml has no thresholds: nothing was checked\n";
    assert_eq!(told.err, format!("{note}plain.yaml: 2 thresholds hold (as written, 6 runs)\n"));
    assert_eq!(told.out, "");
}

#[test]
fn a_run_that_is_stopped_judges_nothing() {
    let told = check("check-limit", HOLDS, &["--max-events", "10"]).exits(4);
    assert!(told.err.contains("orders.yaml: As deployed, replication 0"), "{}", told.err);
    assert_eq!(told.out, "");
}

#[test]
fn a_reader_who_has_had_enough_changes_no_verdict_and_a_full_disk_does() {
    let sandbox = Sandbox::new("check-pipe");
    sandbox.write("orders.yaml", scenario("  - dead_lettered == 0\n"));
    let line = "dwell check orders.yaml --format json | true; exit ${PIPESTATUS[0]}";
    sandbox.shell(line).exits(99);
    if std::path::Path::new("/dev/full").exists() {
        sandbox.shell("dwell check orders.yaml > /dev/full").exits(5);
    }
}

#[test]
fn json_has_every_threshold_with_its_place_and_what_was_found() {
    let thresholds = format!("{HOLDS}  - dead_lettered == 0\n");
    let arguments = ["--format", "json", "--threads"];
    let [one, eight] = ["1", "8"]
        .map(|n| check("check-json", &thresholds, &[&arguments[..], &[n]].concat()).exits(99));
    assert_eq!(one.out, eight.out, "the same on any number of threads");
    assert!(one.err.contains("orders.yaml:22:5: Better: dead_lettered == 0\n"), "{}", one.err);
    let all = json(&one.out);
    assert_eq!((&all["holds"], &all["schema_version"]), (&Value::from(false), &Value::from(2)));
    let file = &all["files"][0];
    assert_eq!(file["file"], "orders.yaml");
    assert_eq!(file["policies"], serde_json::json!(["As deployed", "Better"]));
    assert_eq!((&file["replications"], &file["seed"]), (&Value::from(6), &Value::from(1)));
    let thresholds = file["thresholds"].as_array().expect("there are thresholds");
    assert_eq!(thresholds.len(), 8);
    let [first, over, difference, last] = [0, 2, 4, 7].map(|nth| &thresholds[nth]);
    assert_eq!(first["judged"].as_array().map(Vec::len), Some(2), "of both policies");
    let each = serde_json::json!({"kind": "each_run", "held": 6});
    assert_eq!(first["judged"][0]["found"], each);
    assert_eq!(over["judged"][1]["policy"], "Better");
    assert_eq!(over["judged"][1]["found"]["kind"], "over_runs");
    assert!(over["judged"][1]["found"]["sides"][0]["value"].is_number());
    assert_eq!((&difference["line"], &difference["column"]), (&Value::from(19), &Value::from(28)));
    assert_eq!(difference["policy"], "Better vs As deployed");
    let found = &difference["judged"][0]["found"];
    assert_eq!(
        (&found["kind"], &found["difference"]["n"]),
        (&Value::from("difference"), &Value::from(6))
    );
    assert!(found["difference"]["high"].as_f64().is_some_and(|high| high < 0.0), "{found}");
    assert_eq!(last["judged"][0]["holds"], false);
    let worst = &last["judged"][0]["worst"];
    assert!(worst["seed"].is_u64() && worst["sides"][0]["value"].is_number(), "{worst}");
}

#[test]
fn junit_has_a_case_a_threshold_and_policy() {
    let thresholds = "  - arrivals > 0\n  - As deployed: dead_lettered < 1\n";
    let told = check("check-junit", thresholds, &["--format", "junit"]).exits(99);
    let xml = &told.out;
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dwell check\" tests=\"3\" failures=\"1\" errors=\"0\">\n"), "{xml}");
    for part in [
        "<testsuite name=\"orders.yaml\" tests=\"3\" failures=\"1\" errors=\"0\" file=\"orders.yaml\">",
        "<testcase classname=\"orders.yaml\" name=\"As deployed: arrivals &gt; 0\"/>",
        "<testcase classname=\"orders.yaml\" name=\"Better: arrivals &gt; 0\"/>",
        "<testcase classname=\"orders.yaml\" name=\"As deployed: dead_lettered &lt; 1\">",
        "<failure type=\"threshold\" message=\"holds in 0 of 6 runs; farthest off in ",
        "\nat orders.yaml:16:18\ndwell run orders.yaml --policy ",
    ] {
        assert!(xml.contains(part), "no `{part}` in\n{xml}");
    }
    assert!(xml.ends_with("</testsuites>\n"), "{xml}");
    let fine = check("check-junit-fine", HOLDS, &["--format", "junit"]).exits(0);
    assert!(fine.out.contains("tests=\"9\" failures=\"0\""), "{}", fine.out);
}

#[test]
fn sarif_points_at_the_line_of_what_failed() {
    let sandbox = Sandbox::new("check-sarif");
    sandbox.write(
        "my orders.yaml",
        scenario("  - arrivals > 0\n  - Better: dead_lettered over runs max < 1\n"),
    );
    let arguments = ["check", "./my orders.yaml", "--format", "sarif"];
    let told = sandbox.dwell(&arguments).exits(99);
    let log = json(&told.out);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "dwell");
    let results = run["results"].as_array().expect("there are results");
    let [result] = results.as_slice() else { panic!("{results:?}") };
    assert_eq!(
        (&result["level"], &result["ruleId"]),
        (&Value::from("error"), &Value::from("over-runs"))
    );
    let nth = result["ruleIndex"].as_u64().and_then(|nth| usize::try_from(nth).ok());
    assert_eq!(run["tool"]["driver"]["rules"][nth.expect("a position")]["id"], "over-runs");
    let place = serde_json::json!({
        "artifactLocation": {"uri": "my%20orders.yaml"},
        "region": {"startLine": 16, "startColumn": 13},
    });
    assert_eq!(result["locations"][0]["physicalLocation"], place);
    let message = result["message"]["text"].as_str().expect("a message");
    assert!(
        message.starts_with("Better: dead_lettered over runs max < 1: over 6 runs "),
        "{message}"
    );
    assert!(
        message.contains("\ndwell run './my orders.yaml' --policy Better --seed "),
        "{message}"
    );
}

#[test]
fn a_threshold_of_the_command_line_has_no_place_in_the_file() {
    let set = "thresholds=[dead_lettered < 0]";
    let told = check("check-set", HOLDS, &["--set", set, "--policies", "Better"]).exits(99);
    assert!(told.out.starts_with("orders.yaml: Better: dead_lettered < 0\n"), "{}", told.out);
    assert!(told.out.contains(" --set 'thresholds=[dead_lettered < 0]'\n"), "{}", told.out);
}

#[test]
fn a_run_says_how_many_thresholds_it_cannot_judge() {
    let sandbox = Sandbox::new("check-run");
    sandbox.write("orders.yaml", scenario(HOLDS));
    let told = sandbox.dwell(&["run", "orders.yaml", "--quiet"]).exits(0);
    let note = "note: orders.yaml: 5 thresholds are of several runs: `dwell check` judges them\n";
    assert_eq!(told.err, note);
}

/// With 8 runs each; with `DWELL_TIER=full` with as many as the files say.
#[test]
fn every_comparison_holds_in_every_run_and_over_all_of_them() {
    let is_full = std::env::var("DWELL_TIER").as_deref() == Ok("full");
    let all = scenarios::files();
    let compared = all.iter().filter(|path| path.parent().is_some_and(|p| p.ends_with("compare")));
    let paths: Vec<&str> = compared.map(|path| path.to_str().expect("it is UTF-8")).collect();
    assert!(!paths.is_empty(), "there are comparisons");
    let runs: &[&str] = if is_full { &[] } else { &["--replications", "8"] };
    let sandbox = Sandbox::new("check-comparisons");
    let told = sandbox.dwell(&[&["check"], runs, &paths].concat()).exits(0);
    assert_eq!(told.err.matches(" thresholds hold (").count(), paths.len(), "{}", told.err);
}
