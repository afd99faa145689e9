//! A sweep gives the same bytes on any number of threads, in any number of shards, and however often
//! it was interrupted; and what does not belong together is not put together.

use crate::cli::{Sandbox, Told, told};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A function that fails at times, behind two tries.
const SHOP: &str = "
title: Two tries
duration: 60s
seed: 5
functions:
  Shop:
    service_time: {exponential: {mean: 100ms}}
    error_rate: 10%
    ReservedConcurrentExecutions: 2
callers:
  Visitors: {target: Shop, retry: {attempts: 2, backoff: 1s}, arrivals: {poisson: 10/s}}
";

/// Six points, three runs of each.
const SWEEP: &[&str] = &[
    "sweep",
    "shop.yaml",
    "--grid",
    "functions.Shop.error_rate=10%,20%,30%",
    "--grid",
    "callers.Visitors.retry.attempts=1..2",
    "--replications",
    "3",
    "--metric",
    "Visitors.latency p99",
    "--metric",
    "Shop.Errors / Shop.Invocations",
    "--pareto",
    "Shop.Throttles",
    "Visitors.latency p99",
];

/// The variables by which engines say which task a process is.
const VARIABLES: [&str; 8] = [
    "AWS_BATCH_JOB_ARRAY_INDEX",
    "AWS_BATCH_JOB_ARRAY_SIZE",
    "HQ_TASK_ID",
    "SLURM_ARRAY_TASK_COUNT",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_MAX",
    "SLURM_ARRAY_TASK_MIN",
    "SLURM_ARRAY_TASK_STEP",
];

fn sandbox(name: &str) -> Sandbox {
    let sandbox = Sandbox::new(name);
    sandbox.write("shop.yaml", SHOP);
    sandbox
}

fn sweep(sandbox: &Sandbox, more: &[&str]) -> Told {
    sandbox.dwell(&[SWEEP, more].concat())
}

/// The files of a folder.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let read = entries.map(|entry| {
        let path = entry.expect("an entry can be read").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("a file can be read"))
    });
    read.collect()
}

/// Panics unless two folders have the same results, byte for byte.
#[track_caller]
fn same(sandbox: &Sandbox, one: &str, other: &str) {
    let (one, other) = (files(&sandbox.folder.join(one)), files(&sandbox.folder.join(other)));
    assert_eq!(one.keys().collect::<Vec<_>>(), ["pareto.csv", "sweep.csv", "sweep.json"]);
    assert_eq!(one, other);
}

// Shards.

#[test]
fn shards_merge_to_the_bytes_of_one_process() {
    let sandbox = sandbox("shards-merge");
    let whole = sweep(&sandbox, &["-o", "one"]).exits(0);
    let is_there = sandbox.shell("parallel --version").out.starts_with("GNU parallel");
    if !is_there {
        eprintln!("GNU parallel is not installed: the shards are played one after the other");
    }
    for shards in [1, 3, 8] {
        let out = format!("by {shards}");
        if is_there {
            let words: Vec<String> = SWEEP.iter().map(|word| format!("'{word}'")).collect();
            let line = format!(
                "seq {shards} | parallel --quote --halt now,fail=1 dwell {} --threads 1 \
                 --shard {{}}/{shards} -o '{out}'",
                words.join(" ")
            );
            sandbox.shell(&line).exits(0);
        } else {
            for nth in 1..=shards {
                sweep(&sandbox, &["--shard", &format!("{nth}/{shards}"), "-o", &out]).exits(0);
            }
        }
        let merge = format!("dwell merge '{out}'/*.sweep-*-of-{shards} -o '{out}'");
        let merged = sandbox.shell(&merge).exits(0).says(&[&format!("wrote {out}/shop.sweep")]);
        assert_eq!(merged.out, whole.out, "{shards} shards");
        same(&sandbox, "one/shop.sweep", &format!("{out}/shop.sweep"));
    }
    let names = sandbox.listing();
    assert!(names.iter().all(|name| !name.contains("journal") && !name.contains("tmp")));
}

#[test]
fn threads_change_nothing() {
    let sandbox = sandbox("shards-threads");
    for threads in ["1", "2", "8"] {
        sweep(&sandbox, &["--threads", threads, "-o", threads, "--quiet"]).exits(0);
        same(&sandbox, "1/shop.sweep", &format!("{threads}/shop.sweep"));
    }
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let sandbox = sandbox("shards-refuse");
    let part = |nth: u32, out: &str, more: &[&str]| {
        let (shard, all) = (format!("{nth}/3"), ["-o", out, "--quiet"]);
        sandbox.dwell(&[SWEEP, &["--shard", &shard], &all, more].concat()).exits(0);
    };
    (1..=3).for_each(|nth| part(nth, "a", &[]));
    let name = |out: &str, nth: u32| format!("{out}/shop.sweep-{nth}-of-3");
    let refused = |folders: &[&str], says: &[&str]| {
        let told = sandbox.dwell(&[&["merge", "-o", "merged"], folders].concat());
        told.exits(2).says(&["error: the shards cannot be merged"]).says(says);
    };
    let [a1, a2, a3] = [1, 2, 3].map(|nth| name("a", nth));
    refused(&[&a1, &a3], &["shard 2 of 3 is missing"]);
    refused(&[&a2], &["shards 1, 3 of 3 are missing"]);
    refused(&[&a1, &a2, &a2, &a3], &[&format!("{a2} and {a2} are both shard 2")]);

    let mixed = |out: &str, says: &str| {
        let other = name(out, 2);
        let all = format!("{other} is not of the sweep of {a1}: {says}");
        refused(&[&a1, &other, &a3], &[&all]);
    };
    part(2, "grid", &["--grid", "functions.Shop.Timeout=3,4"]);
    mixed("grid", "its points differ");
    part(2, "seed", &["--seed", "9"]);
    mixed("seed", "its seed is 9 and not 5");
    part(2, "metric", &["--metric", "Shop.Duration max"]);
    mixed("metric", "its metrics differ");
    part(2, "set", &["--set", "seed=5"]);
    mixed("set", "its policy, its changes or its warm-up differ");
    let fewer: Vec<&str> = SWEEP.iter().map(|word| if *word == "3" { "2" } else { word }).collect();
    sandbox.dwell(&[&fewer, &["--shard", "2/3", "-o", "fewer"][..]].concat()).exits(0);
    mixed("fewer", "it has 2 replications and not 3");
    sandbox.write("shop.yaml", format!("{SHOP}# another text\n"));
    part(2, "text", &[]);
    mixed("text", "its scenario is `shop.yaml` `");
    sandbox.write("shop.yaml", SHOP);
    sweep(&sandbox, &["--shard", "2/4", "-o", "of"]).exits(0);
    refused(&[&a1, "of/shop.sweep-2-of-4", &a3], &["it is of 4 shards and not of 3"]);

    sweep(&sandbox, &["-o", "whole", "--quiet"]).exits(0);
    for no_shard in ["whole/shop.sweep", "nowhere", "shop.yaml"] {
        refused(&[&a1, &a2, no_shard], &[&format!("{no_shard}: it is no shard: shard.json: ")]);
    }
    let damaged = |file: &str, text: &str, says: &str| {
        let (path, told) = (format!("{a2}/{file}"), format!("{a2}: {says}"));
        let good = sandbox.read(&path);
        sandbox.write(&path, text);
        refused(&[&a1, &a2, &a3], &[&told]);
        sandbox.write(&path, good);
    };
    let points = sandbox.read(&format!("{a2}/points.jsonl"));
    let (first, rest) = points.split_once('\n').expect("a shard has several points");
    damaged("points.jsonl", &points[..points.len() - 20], "points.jsonl: line 6: EOF");
    damaged("points.jsonl", rest, "points.jsonl: it has 5 of the 6 runs of its shard");
    let twice = format!("{first}\n{points}");
    damaged("points.jsonl", &twice, "points.jsonl: line 2: these are no runs of its shard");
    let foreign = sandbox.read(&format!("{a1}/points.jsonl"));
    damaged("points.jsonl", &foreign, "points.jsonl: line 1: these are no runs of its shard");
    let head = sandbox.read(&format!("{a2}/shard.json"));
    let version = concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"");
    let newer = head.replace(version, "\"version\": \"99\"");
    damaged("shard.json", &newer, "shard.json: version `99` of dwell wrote it");
    let newer = newer.replace("replications", "repetitions");
    damaged("shard.json", &newer, "shard.json: version `99` of dwell wrote it");
    let elsewhere = head.replace("\"stem\": \"", "\"stem\": \"../../");
    damaged("shard.json", &elsewhere, "shard.json: it is damaged");
    damaged("shard.json", &head[..40], "shard.json: EOF");

    assert!(!sandbox.folder.join("merged").exists(), "nothing is written");
    sandbox.dwell(&["merge", &a3, &a1, &a2, "-o", "merged"]).exits(0);
    same(&sandbox, "whole/shop.sweep", "merged/shop.sweep");
}

#[test]
fn shards_that_read_other_data_are_not_merged() {
    let sandbox = Sandbox::new("shards-data");
    sandbox.write(
        "day.yaml",
        SHOP.replace("{poisson: 10/s}", "{csv: {path: a.csv, time_column: t, unit: s}}"),
    );
    let part = |shard: &str, data: &str| {
        sandbox.write("a.csv", data);
        let told = sandbox.dwell(&["sweep", "day.yaml", "--grid", "seed=1,2", "--shard", shard]);
        told.exits(0);
    };
    let merge = || sandbox.shell("dwell merge output/day.sweep-*-of-2");
    part("1/2", "t\n0\n1\n");
    part("2/2", "t\n0\n2\n");
    merge().exits(2).says(&["the data that it reads differ"]);
    part("2/2", "t\r\n0\r\n1\r\n");
    merge().exits(0);
}

#[test]
fn engines_say_which_shard_it_is() {
    let sandbox = sandbox("shards-auto");
    let auto = |variables: &[(&str, &str)], more: &[&str]| {
        let all = [&["sweep", "shop.yaml", "--grid", "seed=1,2"], more].concat();
        let mut command = sandbox.command(&[&all, &["--replications", "1"][..]].concat());
        for name in VARIABLES {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        told(command)
    };
    let slurm = |id, count| [("SLURM_ARRAY_TASK_ID", id), ("SLURM_ARRAY_TASK_COUNT", count)];
    let from_zero = [&slurm("0", "4")[..], &[("SLURM_ARRAY_TASK_MIN", "0")]].concat();
    let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "2"), ("AWS_BATCH_JOB_ARRAY_SIZE", "6")];
    let hq = [("HQ_TASK_ID", "7")];
    let both = [&slurm("1", "2")[..], &hq].concat();
    let is = |variables: &[(&str, &str)], more: &[&str], part: &str| {
        let wrote = format!("wrote output/shop.sweep-{part}; `dwell merge`");
        auto(variables, &[&["--shard", "auto"], more].concat()).exits(0).says(&[&wrote]);
    };
    is(&slurm("2", "3"), &[], "2-of-3");
    is(&from_zero, &[], "1-of-4");
    is(&slurm("2", "1"), &["--shards", "5"], "2-of-5");
    is(&batch, &[], "3-of-6");
    is(&batch[..1], &["--shards", "7"], "3-of-7");
    is(&hq, &["--shards", "8"], "7-of-8");
    is(&both, &["--shards", "9"], "7-of-9");
    let before = sandbox.listing();
    auto(&[], &["--shard", "auto"]).exits(2).says(&["finds no array of jobs", "--shard 2/8"]);
    auto(&hq, &["--shard", "auto"]).exits(2).says(&["HyperQueue does not say", "--shards N"]);
    auto(&batch[..1], &["--shard", "auto"]).exits(2).says(&["AWS Batch does not say"]);
    auto(&hq, &["--shard", "auto", "--shards", "6"]).exits(2).says(&["no shard 7 of 6"]);
    auto(&[], &["--shard", "0/3"]).exits(2).says(&["no shard 0 of 3", "count from 1"]);
    auto(&[], &["--shard", "4/3"]).exits(2).says(&["no shard 4 of 3"]);
    auto(&[], &["--shard", "2"]).exits(2).says(&["`2` is no shard"]);
    auto(&[], &["--shard", "2/3", "--shards", "3"]).exits(2).says(&["--shards is for `auto`"]);
    auto(&[], &["--shards", "3"]).exits(2).says(&["--shard"]);
    assert_eq!(sandbox.listing(), before, "nothing is written");
}

// Interruptions.

/// Sixty runs, each long enough that there is time to interrupt them.
const MANY: &[&str] = &[
    "sweep",
    "shop.yaml",
    "--grid",
    "functions.Shop.error_rate=10%,20%,30%",
    "--set",
    "duration=30m",
    "--replications",
    "20",
    "--pareto",
    "Shop.Throttles",
    "Visitors.latency p99",
    "--threads",
    "1",
];

const JOURNAL: &str = "out/shop.sweep.journal";

/// Starts the sweep, and waits until its journal has so many runs.
fn begin(sandbox: &Sandbox, more: &[&str], runs: usize) -> Child {
    let mut command = sandbox.command(&[MANY, &["-o", "out"], more].concat());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the command starts");
    let begun = Instant::now();
    let path = sandbox.folder.join(JOURNAL);
    while fs::read(&path).map_or(0, |text| text.iter().filter(|b| **b == b'\n').count()) <= runs {
        assert!(begun.elapsed() < Duration::from_secs(60), "the runs do not come");
        thread::sleep(Duration::from_millis(2));
    }
    child
}

#[cfg(unix)]
#[test]
fn an_interrupted_sweep_goes_on_to_the_same_bytes() {
    let sandbox = sandbox("shards-resume");
    let sweep = |more: &[&str]| sandbox.dwell(&[MANY, more].concat());
    let whole = sweep(&["-o", "one"]).exits(0);

    // Somebody presses Ctrl-C.
    let child = begin(&sandbox, &["--quiet"], 3);
    sweep(&["-o", "out"]).exits(5).says(&["out/shop.sweep: another process is playing it"]);
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("there is a kill").success());
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!(output.status.code(), Some(130));
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("of 60 runs are kept; --resume goes on"), "{err}");

    // Others do not go on with it.
    let journal = sandbox.read(JOURNAL);
    for (more, what) in [
        (&["--seed", "9"][..], "its seed is 5 and not 9"),
        (&["--grid", "functions.Shop.Timeout=3,4"], "its points differ"),
        (&["--metric", "Shop.Errors"], "its metrics differ"),
    ] {
        let told = sweep(&[&["-o", "out", "--resume"], more].concat());
        told.exits(2).says(&["out/shop.sweep.journal cannot be resumed", what, "hint: "]);
    }
    let version = concat!("\"version\":\"", env!("CARGO_PKG_VERSION"), "\"");
    sandbox.write(JOURNAL, journal.replace(version, "\"version\":\"99\""));
    sweep(&["-o", "out", "--resume"]).exits(2).says(&["version `99` of dwell wrote it"]);
    sandbox.write(JOURNAL, &journal);

    // The machine stops, and the last line is not whole.
    let mut child = begin(&sandbox, &["--resume"], journal.lines().count() + 3);
    child.kill().expect("it still plays");
    child.wait().expect("it ends");
    let torn = sandbox.read(JOURNAL);
    assert!(torn.starts_with(&journal), "what was there is kept");
    let last = torn.trim_end().rfind('\n').expect("there are several lines");
    let (kept, cut) = (torn[..last].lines().count() - 1, (last + torn.len()) / 2);
    sandbox.write(JOURNAL, &torn.as_bytes()[..cut]);
    let going_on = format!("going on after {kept} of 60 runs");
    let told = sweep(&["-o", "out", "--resume"]).exits(0).says(&[&going_on]);
    assert_eq!(told.out, whole.out);
    same(&sandbox, "one/shop.sweep", "out/shop.sweep");
    assert!(!sandbox.folder.join(JOURNAL).exists(), "what is done needs no journal");
}

#[test]
fn without_resume_an_unfinished_sweep_is_begun_anew() {
    let sandbox = sandbox("shards-anew");
    sweep(&sandbox, &["-o", "one", "--quiet"]).exits(0);
    let told = sweep(&sandbox, &["-o", "out", "--resume"]).exits(0);
    told.says(&["note: there is nothing to resume in out/shop.sweep.journal"]);
    for (journal, more, says) in [
        ("no journal\n", &[][..], "is given up"),
        ("torn", &[], "wrote out/shop.sweep"),
        ("torn \u{e9}", &["--resume"], "nothing to resume"),
    ] {
        sandbox.write(JOURNAL, journal);
        sweep(&sandbox, &[&["-o", "out"], more].concat()).exits(0).says(&[says]);
        same(&sandbox, "one/shop.sweep", "out/shop.sweep");
        assert!(!sandbox.folder.join(JOURNAL).exists());
    }
    fs::create_dir(sandbox.folder.join(JOURNAL)).expect("a folder can be made");
    sweep(&sandbox, &["-o", "out"]).exits(5).says(&["cannot write out/shop.sweep: "]);
    sweep(&sandbox, &["-o", "shop.yaml"]).exits(5).says(&["cannot write shop.yaml/shop.sweep: "]);
}

/// Runs so short that none of them looks at the clock.
#[cfg(unix)]
#[test]
fn short_runs_are_interrupted_too() {
    let sandbox = sandbox("shards-short");
    let mut command = sandbox.command(&[
        "sweep",
        "shop.yaml",
        "--grid",
        "callers.Visitors.arrivals={at: [0s]}",
        "--replications",
        "1000000",
        "--threads",
        "1",
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the command starts");
    let path = sandbox.folder.join("output/shop.sweep.journal");
    let begun = Instant::now();
    while fs::metadata(&path).map_or(0, |file| file.len()) < 10_000 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the runs do not come");
        thread::sleep(Duration::from_millis(2));
    }
    let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.expect("there is a kill").success());
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(60), "it hears of the interrupt");
}
