//! `dwell compare` as a user meets it: what it prints and writes, that its numbers are those of the
//! runs, that threads change nothing, and what it refuses.

#[cfg(unix)]
use crate::cli::interrupt;
use crate::cli::{Sandbox, Told, json};
use dwell::statistics::Estimate;
use serde_json::Value;
use std::{collections::BTreeMap, fs, time::Duration};

/// Half a minute of work for two people: what one more try saves. The last policy is the first again,
/// under a name that a spreadsheet would take for a formula.
const TRIES: &str = "
title: One more try
question: What does one more try save?
seed: 7
duration: 10m
functions:
  Work:
    service_time: {exponential: {mean: 200ms}}
    error_rate: 20%
    DeadLetterConfig: {TargetArn: Failed}
    EventInvokeConfig: {MaximumRetryAttempts: 0}
queues: {Failed: {}}
callers:
  Orders: {via: invoke_async, target: Work, arrivals: {poisson: 2/s, until: 9m}}
policies:
  No retry: {}
  One retry: {functions.Work.EventInvokeConfig.MaximumRetryAttempts: 1}
  =As it was: {functions.Work.EventInvokeConfig.MaximumRetryAttempts: 0}
";

/// Arrivals that never change, and as many runs at once only after 14 minutes.
const RAMP: &str = "
duration: 1h
functions: {Work: {Timeout: 900, service_time: 14m}}
callers: {Orders: {via: invoke_async, target: Work, arrivals: {poisson: 1/s}}}
policies: {Long: {}, Shorter: {functions.Work.service_time: 10m}}
";

const METRICS: [&str; 4] =
    ["--metric", "dead_lettered", "--metric", "Orders.latency p99 during ..5m"];

/// A folder with the tries as `tries.yaml`.
fn sandbox(name: &str) -> Sandbox {
    let sandbox = Sandbox::new(&format!("compare-{name}"));
    sandbox.write("tries.yaml", TRIES);
    sandbox
}

/// Compares in the sandbox.
fn compare(sandbox: &Sandbox, options: &[&str]) -> Told {
    sandbox.dwell(&[&["compare"], options].concat())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The line of a table that begins with this cell.
#[track_caller]
fn line<'a>(text: &'a str, first: &str) -> &'a str {
    let found = text.lines().find(|line| line.trim_start().starts_with(first));
    found.unwrap_or_else(|| panic!("no line `{first}` in\n{text}"))
}

/// The text behind a label, which goes on in the next lines.
#[track_caller]
fn paragraph(text: &str, label: &str) -> String {
    let first = line(text, label);
    let lines = text.lines().skip_while(|line| *line != first).skip(1);
    let more = lines.take_while(|line| line.starts_with("           "));
    let all: Vec<&str> = [first].into_iter().chain(more).map(str::trim).collect();
    all.join(" ")
}

// What is printed and written.

#[test]
fn the_table_has_values_differences_and_the_better_side() {
    let sandbox = sandbox("table");
    let told = compare(&sandbox, &["tries.yaml", "--metric", "dead_lettered"]).exits(0);
    assert_eq!(told.err.trim(), "wrote output/tries.compare");
    let out = &told.out;
    assert!(out.starts_with("One more try\n"), "{out}");
    assert!(out.contains("20 replications of each, with the same luck; 95 % intervals"), "{out}");
    let (baseline, retry, same) = (line(out, "No retry"), line(out, "One retry"), line(out, "=As"));
    assert!(baseline.contains(" ± ") && baseline.trim_end().ends_with("baseline"), "{baseline}");
    // Value, difference and ratio have their half widths, and fewer is better.
    assert_eq!(retry.matches(" ± ").count(), 3, "{retry}");
    assert!(retry.contains("  -1") && retry.contains("One retry  "), "{retry}");
    assert!(same.contains("0 in each pair") && same.trim_end().ends_with("the same"), "{same}");
    assert!(out.contains("One retry against No retry: dead_lettered 17"), "{out}");
    assert!(out.contains("less (better)."), "{out}");
    assert!(out.contains("exactly the same in all 20 pairs: dead_lettered."), "{out}");
    assert!(out.contains("dead_lettered → succeeded"), "{out}");
    let written = [
        "output/tries.compare/compare.csv",
        "output/tries.compare/compare.json",
        "output/tries.compare/recording.json",
        "tries.yaml",
    ];
    assert_eq!(files(&sandbox), written);
    for chart in ["forest", "storm"] {
        let path = format!("output/tries.compare/{chart}.svg");
        assert!(sandbox.everything().contains(&path), "{path}");
    }
    let quiet = compare(&sandbox, &["tries.yaml", "--replications", "2", "--quiet"]).exits(0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
}

/// Every file of a sandbox, folders left out.
fn files(sandbox: &Sandbox) -> Vec<String> {
    let mut names = sandbox.listing();
    names.retain(|name| sandbox.folder.join(name).is_file());
    names
}

#[test]
fn estimates_are_those_of_the_rows() {
    let sandbox = sandbox("rows");
    let options = [&["tries.yaml", "--replications", "8", "--format", "json"], &METRICS[..]];
    let told = compare(&sandbox, &options.concat()).exits(0);
    assert_eq!(told.out, sandbox.read("output/tries.compare/compare.json"), "as in the file");
    assert_eq!(told.err, "");
    let all = json(&told.out);
    assert_eq!((&all["schema_version"], &all["complete"]), (&Value::from(2), &Value::from(true)));
    assert_eq!((&all["baseline"], &all["replications"]), (&"No retry".into(), &Value::from(8)));
    assert_eq!((&all["confidence"], &all["study"]["kind"]), (&0.95.into(), &"terminating".into()));

    let csv = compare(&sandbox, &[&options[0][..3], &["--format", "csv"], &METRICS[..]].concat());
    let csv = csv.exits(0).out;
    assert_eq!(csv, sandbox.read("output/tries.compare/compare.csv"), "as in the file");
    assert_eq!(csv.lines().next(), Some("policy,metric,unit,replication,seed,value"));
    assert!(csv.contains("\n'=As it was,"), "a spreadsheet computes nothing");
    let mut values: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for (at, row) in csv.lines().skip(1).enumerate() {
        let cells: Vec<&str> = row.split(',').collect();
        let [policy, metric, unit, replication, seed, value] = cells[..] else {
            panic!("{row}");
        };
        assert_eq!(unit, if metric == "dead_lettered" { "" } else { "s" });
        assert_eq!(replication, (at % 8).to_string());
        assert_eq!(seed, all["seeds"][at % 8].to_string());
        values.entry((policy, metric)).or_default().push(value.parse().expect("a number"));
    }
    for metric in all["metrics"].as_array().expect("a list") {
        let of = |policy: &str| {
            let name = if policy.starts_with('=') { format!("'{policy}") } else { policy.into() };
            values[&(name.as_str(), metric["metric"].as_str().expect("a text"))].clone()
        };
        for cell in metric["policies"].as_array().expect("a list") {
            let policy = cell["policy"].as_str().expect("a name");
            agrees(&cell["value"], &of(policy));
            if policy == "No retry" {
                assert_eq!(cell["difference"], Value::Null);
                continue;
            }
            let pairs = of(policy).into_iter().zip(of("No retry"));
            let differences: Vec<f64> = pairs.map(|(policy, baseline)| policy - baseline).collect();
            agrees(&cell["difference"]["of"], &differences);
            let finding = match (policy, metric["metric"].as_str()) {
                ("One retry", Some("dead_lettered")) => ("lower", true.into()),
                ("One retry", _) => ("higher", false.into()),
                _ => ("same", Value::Null),
            };
            let found = &cell["difference"];
            assert_eq!((&found["finding"], &found["is_better"]), (&finding.0.into(), &finding.1));
        }
    }
}

/// An estimate of the file is that of these values.
#[track_caller]
fn agrees(written: &Value, values: &[f64]) {
    let of = Estimate::of(values).expect("there are values");
    let (low, high) = of.interval(0.95).expect("more than one");
    let near = |key: &str, expected: f64| {
        let written = number(&written[key]);
        assert!(
            (written - expected).abs() <= 1e-9 * (1.0 + expected.abs()),
            "{key}: {written}, not {expected}"
        );
    };
    assert_eq!(written["n"], values.len());
    for (key, expected) in [("mean", of.mean), ("sd", of.sd), ("low", low), ("high", high)] {
        near(key, expected);
    }
}

#[test]
fn in_markdown_a_comparison_is_tables_and_a_list() {
    let sandbox = sandbox("markdown");
    let options = ["tries.yaml", "--format", "markdown", "--metric", "dead_lettered"];
    let told = compare(&sandbox, &options).exits(0);
    assert!(told.out.starts_with("## One more try\n"), "{}", told.out);
    assert!(told.out.contains("\n|  | value | difference | ratio | better | shared luck |\n"));
    assert!(told.out.contains("\n| One retry | "), "{}", told.out);
    assert!(told.out.contains("\n- One retry against No retry: "), "{}", told.out);
    assert_eq!(told.err, "");
}

#[test]
fn another_baseline_and_a_choice_of_policies() {
    let sandbox = sandbox("baseline");
    let options = ["tries.yaml", "--replications", "5", "--format", "json", "--metric", "failed"];
    let with = |more: &[&str]| json(&compare(&sandbox, &[&options, more].concat()).exits(0).out);
    let one = with(&["--baseline", "One retry"]);
    assert_eq!(one["baseline"], "One retry");
    let cells = &one["metrics"][0]["policies"];
    assert_eq!(cells[1]["difference"], Value::Null, "that of the baseline");
    assert!(cells[0]["difference"].is_object() && cells[2]["difference"].is_object());
    let two = with(&["--policies", "One retry,No retry"]);
    let names: Vec<&Value> =
        two["policies"].as_array().expect("a list").iter().map(|of| &of["name"]).collect();
    assert_eq!(names, ["No retry", "One retry"], "in the order of the file");
}

#[test]
fn several_files_are_compared_as_they_are_written() {
    let sandbox = sandbox("files");
    sandbox.write("patient.yaml", TRIES.replace("Attempts: 0}\nq", "Attempts: 2}\nq"));
    let files = ["tries.yaml", "patient.yaml", "--metric", "dead_lettered", "--replications", "5"];
    let told = compare(&sandbox, &files).exits(0);
    assert!(told.out.contains("patient against tries: dead_lettered "), "{}", told.out);
    let all = json(&sandbox.read("output/tries.compare/compare.json"));
    let of =
        |nth: usize| (all["policies"][nth]["name"].clone(), all["policies"][nth]["file"].clone());
    assert_eq!(of(1), ("patient".into(), "patient.yaml".into()));
    assert_ne!(all["policies"][0]["hash"], all["policies"][1]["hash"]);
    compare(&sandbox, &[&files, &["--baseline", "patient"][..]].concat()).exits(0);
    let chosen = compare(&sandbox, &[&files, &["--policies", "No retry"][..]].concat());
    chosen.exits(2).says(&["policies of one file"]);
    compare(&sandbox, &["tries.yaml", "./tries.yaml"]).exits(2).says(&["would both write"]);
    compare(&sandbox, &["tries.yaml", "trys.yaml"]).exits(2).says(&["`trys.yaml` cannot be read"]);
}

#[test]
fn arrivals_with_another_fate_are_listed_when_asked_for() {
    let sandbox = sandbox("fates");
    let options = ["tries.yaml", "--replications", "3", "--metric", "dead_lettered"];
    compare(&sandbox, &options).exits(0);
    assert!(!files(&sandbox).iter().any(|name| name.ends_with("diff-events.csv")));
    compare(&sandbox, &[&options, &["--diff-events"][..]].concat()).exits(0);
    let listed = sandbox.read("output/tries.compare/diff-events.csv");
    let mut rows = listed.lines();
    assert_eq!(rows.next(), Some("policy,replication,id,baseline_fate,policy_fate"));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(',').collect()).collect();
    let of_json = json(&sandbox.read("output/tries.compare/compare.json"));
    let fates = &of_json["fates"][0];
    assert_eq!((&fates["policy"], &fates["changed"]), (&"One retry".into(), &rows.len().into()));
    let kind = &fates["kinds"][0];
    assert_eq!(
        (&kind["baseline"], &kind["policy"]),
        (&"dead_lettered".into(), &"succeeded".into())
    );
    assert_eq!(kind["count"], rows.len());
    assert_eq!(of_json["fates"][1]["changed"], 0, "the first policy again");
    // The story of the last one listed, in its replication, ends as the row says.
    let [_, replication, id, before, after] = rows.last().expect("some have another fate")[..]
    else {
        panic!("{rows:?}");
    };
    let nth: usize = replication.parse().expect("a number");
    let seed = of_json["seeds"][nth].to_string();
    for (policy, fate) in [("No retry", before), ("One retry", after)] {
        let story = ["story", "tries.yaml", "--id", id, "--policy", policy, "--seed", &seed];
        let told = sandbox.dwell(&story).exits(0).out;
        let last = told.lines().rfind(|line| line.contains("place=")).expect("it went somewhere");
        assert!(last.contains(&format!("place={fate}")), "{id} under {policy}: {last}");
    }
}

// The same bytes, the same runs.

#[test]
fn threads_change_no_byte_and_neither_does_another_time() {
    let sandbox = sandbox("threads");
    let bytes = |threads: &str| {
        let options = ["tries.yaml", "--diff-events", "--replications", "12", "--threads", threads];
        let told = compare(&sandbox, &options).exits(0).out;
        let read = |name: &str| sandbox.read(&format!("output/tries.compare/{name}"));
        [told, read("compare.json"), read("compare.csv"), read("diff-events.csv")]
    };
    let one = bytes("1");
    for threads in ["2", "8", "2"] {
        assert!(one == bytes(threads), "--threads {threads} differs from one thread");
    }
}

#[test]
fn few_replications_are_the_first_of_many_and_each_is_a_run() {
    let sandbox = sandbox("prefix");
    let of = |replications: &str| {
        let options = ["tries.yaml", "--replications", replications, "--format", "json"];
        let all = json(&compare(&sandbox, &[&options, &METRICS[..]].concat()).exits(0).out);
        (all, sandbox.read("output/tries.compare/compare.csv"))
    };
    let ((few, few_rows), (many, many_rows)) = (of("5"), of("20"));
    let first: Vec<&str> = many_rows
        .lines()
        .filter(|row| {
            let replication = row.split(',').nth(3).expect("six columns");
            replication.parse::<u32>().is_ok_and(|nth| nth < 5) || replication == "replication"
        })
        .collect();
    assert_eq!(few_rows.lines().collect::<Vec<_>>(), first);
    assert_eq!(
        few["seeds"].as_array().expect("a list")[..],
        many["seeds"].as_array().expect("a list")[..5]
    );
    assert_eq!(few["seeds"][0], 7, "replication 0 has the seed of the file");
    for (policy, nth) in [("No retry", 0), ("One retry", 0), ("One retry", 3), ("=As it was", 4)] {
        let seed = few["seeds"][nth].to_string();
        let run = ["run", "tries.yaml", "--policy", policy, "--seed", &seed, "--format", "json"];
        let summary = json(&sandbox.dwell(&run).exits(0).out);
        let policies = few["policies"].as_array().expect("a list");
        let of = policies.iter().find(|of| of["name"] == policy).expect("it was compared");
        assert_eq!(of["digests"][nth], summary["digest"], "{policy}, replication {nth}");
    }
}

// What kind of study it is, and whether it is enough.

#[test]
fn it_says_whether_there_is_a_state_to_settle_in() {
    let sandbox = sandbox("kinds");
    sandbox.write("ramp.yaml", RAMP);
    let study = |file: &str, options: &[&str]| {
        let metric = ["--replications", "2", "--metric", "arrivals"];
        let out = compare(&sandbox, &[&[file], &metric[..], options].concat()).exits(0).out;
        paragraph(&out, "study")
    };
    let whole = study("tries.yaml", &[]);
    assert!(whole.contains("terminating") && whole.ends_with("nothing is cut"), "{whole}");
    let steady = study("ramp.yaml", &[]);
    assert!(
        steady.contains("steady-state") && steady.contains("the first tenth is cut, 360s"),
        "{steady}"
    );
    for warmup in ["15m", "25%"] {
        let asked = study("ramp.yaml", &["--warmup", warmup]);
        assert!(asked.ends_with("the first 900s are cut, as asked"), "{asked}");
    }
    let written = study("ramp.yaml", &["--set", "warmup=20m"]);
    assert!(written.ends_with("the scenario cuts the first 1200s"), "{written}");
    compare(&sandbox, &["ramp.yaml", "--warmup", "1h"]).exits(2).says(&["--warmup 10m"]);
    compare(&sandbox, &["ramp.yaml", "--warmup", "soon"]).exits(2).says(&["`soon` is no warm-up"]);
}

#[test]
fn a_cut_that_comes_too_early_is_told() {
    let sandbox = sandbox("early");
    sandbox.write("ramp.yaml", RAMP);
    let warnings = |warmup: &str| {
        let metric = ["--metric", "Work.ConcurrentExecutions mean during ..1h"];
        let options = ["ramp.yaml", "--replications", "10", "--format", "json", "--warmup", warmup];
        let all = json(&compare(&sandbox, &[&options, &metric[..]].concat()).exits(0).out);
        all["warnings"].to_string()
    };
    let early = warnings("0s");
    assert!(early.contains("the cut at 0s comes too early: Work.ConcurrentExecutions"), "{early}");
    assert!(early.contains("settles at about"), "{early}");
    assert_eq!(warnings("15m"), "[]");
}

#[test]
fn few_replications_are_warned_of() {
    let sandbox = sandbox("few");
    let warnings = |replications: &str| {
        let options = ["tries.yaml", "--replications", replications, "--metric", "dead_lettered"];
        let told = compare(&sandbox, &options).exits(0).out;
        let all = json(&sandbox.read("output/tries.compare/compare.json"));
        (told, all["warnings"].as_array().expect("a list").clone())
    };
    let (one, told) = warnings("1");
    assert!(told[0].as_str().is_some_and(|w| w.starts_with("one replication has no interval")));
    assert!(line(&one, "One retry").contains("(one run)"), "{one}");
    assert!(warnings("9").1[0].as_str().is_some_and(|w| w.starts_with("9 replications are few")));
    assert_eq!(warnings("10").1, Vec::<Value>::new());
}

#[test]
fn precision_is_reached_or_missed_aloud() {
    let sandbox = sandbox("precision");
    let with = |more: &[&str]| {
        let options = ["tries.yaml", "--replications", "4", "--metric", "dead_lettered"];
        compare(&sandbox, &[&options, more].concat()).exits(0);
        json(&sandbox.read("output/tries.compare/compare.json"))
    };
    let reached = with(&["--precision", "5%"]);
    let n = reached["replications"].as_u64().expect("a count");
    assert!(4 < n && n < 1000, "{n}");
    for cell in reached["metrics"][0]["policies"].as_array().expect("a list") {
        let [mean, high] = ["mean", "high"].map(|key| number(&cell["value"][key]));
        assert!(high - mean <= 0.05 * mean, "{cell}");
    }
    assert_eq!(reached["warnings"], Value::Array(vec![]));
    let missed = with(&["--precision", "1%", "--max-replications", "12"]);
    assert_eq!(missed["replications"], 12);
    let warning = missed["warnings"][0].as_str().expect("a text");
    assert!(warning.starts_with("after 12 replications dead_lettered of One retry"), "{warning}");
    assert!(warning.contains("--max-replications"), "{warning}");
    compare(&sandbox, &["tries.yaml", "--precision", "5"]).exits(2).says(&["such as 5%"]);
}

// What is refused, and what is left of a study that did not end.

#[test]
fn mistakes_are_told_with_a_suggestion_and_nothing_is_written() {
    let sandbox = sandbox("mistakes");
    sandbox.write("single.yaml", TRIES.split("  One retry:").next().expect("a beginning"));
    sandbox.write("bad.yaml", TRIES.replace("error_rate: 20%", "eror_rate: 20%"));
    let with = |options: &[&str]| compare(&sandbox, &[&["tries.yaml"], options].concat());
    with(&["--baseline", "One rety"]).exits(2).says(&["`One rety`", "did you mean `One retry`?"]);
    with(&["--baseline", "x"]).exits(2).says(&["there are No retry, One retry, =As it was"]);
    with(&["--policies", "No rety,One retry"]).exits(2).says(&["did you mean `No retry`?"]);
    with(&["--policies", "No retry"]).exits(2).says(&["nothing to compare"]);
    compare(&sandbox, &["single.yaml"]).exits(2).says(&["nothing to compare", "add `policies`"]);
    let metrics = ["--metric", "dead_leterd", "--metric", "Orders.latncy p99"];
    with(&metrics).exits(3).says(&["did you mean `dead_lettered`?", "did you mean `latency`?"]);
    with(&["--metric", "dead_lettered <= 3"]).exits(3);
    with(&["--set", "functions.Wrk.Timeout=3"]).exits(3).says(&["`Work`"]);
    compare(&sandbox, &["bad.yaml"]).exits(3).says(&["did you mean `error_rate`?"]);
    with(&["--replications", "0"]).exits(2);
    with(&["--threads", "0"]).exits(2).says(&["1 to 1024"]);
    with(&["--max-replications", "9"]).exits(2).says(&["--precision"]);
    with(&["-o", "tries.yaml"]).exits(5).says(&["tries.yaml"]);
    assert_eq!(sandbox.listing(), ["bad.yaml", "single.yaml", "tries.yaml"]);
}

#[test]
fn a_run_over_its_limit_names_itself_and_nothing_is_written() {
    let sandbox = sandbox("limit");
    let told = compare(&sandbox, &["tries.yaml", "--max-events", "100"]).exits(4);
    told.says(&["replication ", "stopped after 100 events", "--max-events"]);
    assert_eq!(files(&sandbox), ["tries.yaml"]);
}

#[test]
#[cfg(unix)]
fn an_interrupt_leaves_what_is_finished_beside_the_old_results() {
    let sandbox = sandbox("interrupt");
    compare(&sandbox, &["tries.yaml", "--replications", "2"]).exits(0);
    let old = sandbox.read("output/tries.compare/compare.json");
    // On a busy machine the first replication takes its time.
    let mut interrupted =
        [100, 1_000, 10_000].map(Duration::from_millis).into_iter().map(|after| {
            let many = sandbox.command(&["compare", "tries.yaml", "--replications", "1000000"]);
            interrupt(&sandbox, many, after).exits(130)
        });
    let told = interrupted.find(|told| !told.out.is_empty());
    let told = told.expect("a replication was finished");
    assert!(told.out.contains("stopped by interrupt"), "{}", told.out);
    assert_eq!(sandbox.read("output/tries.compare/compare.json"), old, "untouched");
    let partial = json(&sandbox.read("output/tries.compare.partial/compare.json"));
    assert_eq!(partial["complete"], false);
    assert_eq!(partial["stopped_by"], "interrupt");
    let n = partial["replications"].as_u64().expect("a count");
    assert!(0 < n && n < 1_000_000, "{n}");
    let rows = sandbox.read("output/tries.compare.partial/compare.csv");
    let dead = rows.lines().filter(|row| row.contains(",dead_lettered,")).count();
    assert_eq!(dead as u64, 3 * n, "each policy has the replications that were finished");
    assert!(files(&sandbox).iter().all(|name| !name.contains(".tmp")), "no temporary is left");
}

#[test]
#[cfg(unix)]
fn an_interrupt_before_a_replication_is_finished_leaves_nothing() {
    let sandbox = sandbox("interrupt-early");
    let long = TRIES.replace("duration: 10m", "duration: 30d");
    sandbox.write("long.yaml", long.replace("{poisson: 2/s, until: 9m}", "{poisson: 400/s}"));
    let long = sandbox.command(&["compare", "long.yaml"]);
    let told = interrupt(&sandbox, long, Duration::from_millis(100)).exits(130);
    assert_eq!(told.says(&["before a replication was finished"]).out, "");
    assert_eq!(files(&sandbox), ["long.yaml", "tries.yaml"]);
    assert!(fs::read_dir(sandbox.folder.join("output")).is_ok_and(|mut all| all.next().is_none()));
}

/// Two ways to lose invoices: the second policy lets them be received more often and loses fewer.
const THROTTLED: &str = "
duration: 10m
functions: {Billing: {service_time: 8s, Timeout: 20, ReservedConcurrentExecutions: 1}}
queues:
  Invoices: {VisibilityTimeout: 20, RedrivePolicy: {deadLetterTargetArn: Dead, maxReceiveCount: 3}}
  Dead: {}
event_source_mappings: {M: {EventSourceArn: Invoices, FunctionName: Billing, BatchSize: 1}}
callers: {Shop: {target: Invoices, arrivals: {poisson: 6/min}}}
policies: {Three: {}, Five: {queues.Invoices.RedrivePolicy.maxReceiveCount: 5}}
";

#[test]
fn it_says_why_arrivals_did_not_succeed_under_each_policy() {
    let sandbox = sandbox("why");
    sandbox.write("throttled.yaml", THROTTLED);
    // Causes are of all arrivals, metrics of those after the warm-up: without one they are the same.
    let metric = ["--metric", "dead_lettered", "--warmup", "0s"];
    let options = [&["throttled.yaml", "--replications", "4"], &metric[..]].concat();
    let told = compare(&sandbox, &options).exits(0);
    let all = json(&sandbox.read("output/throttled.compare/compare.json"));
    let causes = all["causes"].as_array().expect("a list");
    // What the causes have together is what the metric has: nothing was cut.
    for at in 0..2 {
        let means = causes.iter().map(|cause| number(&cause["policies"][at]["arrivals"]["mean"]));
        let metric = number(&all["metrics"][0]["policies"][at]["value"]["mean"]);
        let lost =
            causes.iter().zip(means).filter(|(cause, _)| cause["outcome"] == "dead_lettered");
        let lost: f64 = lost.map(|(_, mean)| mean).sum();
        assert!((lost - metric).abs() < 1e-9, "{lost} of {metric}");
        assert!(lost > 0.0);
    }
    assert!(told.out.contains("\nWhy: dead_lettered, never ran, throttled on Billing; in Dead\n"));
    assert!(line(&told.out, "Limit").contains("Billing at its reserved concurrency"));
    let limit = &all["limits"][0]["policies"];
    for at in 0..2 {
        let share = number(&limit[at]["share_at_limit"]);
        assert!(0.3 < share && share <= 1.0, "{share}");
        assert_eq!(limit[at]["units"], 1);
    }
}

#[test]
fn a_metric_that_leaves_more_out_under_one_policy_has_no_better_side_and_that_is_said() {
    let sandbox = sandbox("unfair");
    sandbox.write("throttled.yaml", THROTTLED);
    let (mean, oldest) = ("Shop.latency mean", "Invoices.ApproximateAgeOfOldestMessage max");
    let metrics = ["--metric", mean, "--metric", oldest, "--metric", "Shop.latency p50"];
    let options = [&["throttled.yaml", "--replications", "4"], &metrics[..]].concat();
    let told = compare(&sandbox, &options).exits(0);
    let all = json(&sandbox.read("output/throttled.compare/compare.json"));
    let why: Vec<&str> = all["not_compared"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|of| of["why"].as_str().expect("a sentence"))
        .collect();
    assert!(why[0].starts_with("Shop.latency mean is of arrivals that succeeded"), "{why:?}");
    assert!(why[1].contains("leaves out messages received three times"), "{why:?}");
    assert_eq!(why.len(), 2, "a quantile counts what never succeeded");
    for nth in 0..2 {
        let is_better = &all["metrics"][nth]["policies"][1]["difference"]["is_better"];
        assert!(is_better.is_null(), "{is_better}");
    }
    assert!(told.out.contains("Not compared\n"), "{}", told.out);
    // Where nothing is lost, the mean is of as many, and the lower one is better.
    let same = ["tries.yaml", "--set", "functions.Work.error_rate=0%", "--replications", "3"];
    let same =
        [&same[..], &["--policies", "No retry,Slow", "--metric", "Orders.latency mean"]].concat();
    sandbox.write("tries.yaml", format!("{TRIES}  Slow: {{functions.Work.service_time: 2s}}\n"));
    compare(&sandbox, &same).exits(0);
    let all = json(&sandbox.read("output/tries.compare/compare.json"));
    assert_eq!(all["not_compared"], json("[]"));
    assert_eq!(all["metrics"][0]["policies"][1]["difference"]["is_better"], false);
}

#[test]
fn what_never_happens_under_both_policies_is_the_same() {
    let sandbox = sandbox("never");
    sandbox.write("throttled.yaml", THROTTLED);
    let options = ["throttled.yaml", "--replications", "3", "--metric", "Shop.latency p99"];
    let told = compare(&sandbox, &options).exits(0);
    assert!(line(&told.out, "Five").contains("never  both never"), "{}", told.out);
    assert!(!told.out.contains("NaN"), "{}", told.out);
}
