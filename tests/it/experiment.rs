//! The library without its command line: runs and studies on threads, how often each plays, why there is no
//! result, and that writing can be ended at any step.

use crate::{cli::Sandbox, scenarios::LIMITS};
use dwell::{
    chart::Recorded,
    experiment::{
        self, Progress, Request, RunError, Workers, artifacts,
        check::{Checking, check},
        compare::{Comparing, How},
        page::Reporting,
        recording, shards,
        sweep::{Grid, Sweeping},
    },
    kernel::Time,
    model::world::{Limits, Stop},
    report::files::{Disk, Folder},
    scenario::{Opened, Options, Scenario},
    study::sweep::{Results, Shard},
};
use std::{
    cell::Cell,
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    path::Path,
    rc::Rc,
    sync::atomic::{AtomicU64, Ordering},
};

/// Three policies and an alarm; the load never changes, so a comparison leaves out a beginning.
const STEADY: &str = "
title: A steady load
question: Is more memory worth it?
seed: 5
duration: 10m
functions:
  Work: {service_time: {exponential: {mean: 200ms}}, error_rate: 20%, DeadLetterConfig: {TargetArn: Dead}}
queues: {Dead: {}}
callers: {Orders: {via: invoke_async, target: Work, arrivals: {poisson: 2/s}}}
alarms:
  Failing:
    {Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{Name: FunctionName, Value: Work}], Statistic: Sum,
     Period: 60, EvaluationPeriods: 1, Threshold: 20, ComparisonOperator: GreaterThanOrEqualToThreshold}
policies:
  Plain: {}
  Faster: {functions.Work.service_time: 100ms}
  Fewer: {functions.Work.EventInvokeConfig.MaximumRetryAttempts: 0}
thresholds: [Work.Invocations > 0]
";

fn opened(text: &str) -> Opened {
    Opened::parse(text.as_bytes(), "steady.yaml").unwrap_or_else(|why| panic!("{why}"))
}

fn scenario(text: &str) -> Scenario {
    opened(text).scenario(&Options::default()).unwrap_or_else(|why| panic!("{why}"))
}

/// Counts the runs that it is told of, and how often runs asked it; stops them after so many questions.
#[derive(Debug)]
struct Counts {
    begun: AtomicU64,
    done: AtomicU64,
    asked: AtomicU64,
    patience: u64,
}

impl Counts {
    fn new(patience: u64) -> Counts {
        let zero = || AtomicU64::new(0);
        Counts { begun: zero(), done: zero(), asked: zero(), patience }
    }

    fn of(&self) -> (u64, u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.begun), read(&self.done), read(&self.asked))
    }
}

impl Progress for Counts {
    fn begin(&self, runs: usize) {
        self.begun.fetch_add(runs as u64, Ordering::Relaxed);
    }

    fn done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn at(&self, _: Time) -> bool {
        self.patience <= self.asked.fetch_add(1, Ordering::Relaxed)
    }
}

/// Does something on so many threads; also says how many runs were played, and how often they asked.
fn counted<T>(threads: usize, play: impl FnOnce(&Workers<'_>) -> T) -> (T, u64, u64) {
    let counts = Counts::new(u64::MAX);
    let played = play(&Workers { threads, progress: &counts, ..Workers::default() });
    let (begun, done, asked) = counts.of();
    assert_eq!(begun, done, "what is begun is played");
    (played, done, asked)
}

/// How often a run of a scenario asks.
fn questions(scenario: &Scenario) -> u64 {
    let asked = Cell::new(0);
    let ask = |_| {
        asked.set(asked.get() + 1);
        false
    };
    experiment::watch(&scenario.config, (), &Limits { interrupted: &ask, ..LIMITS });
    asked.get()
}

/// How often all replications of every policy ask, each played once.
fn questions_of_all(comparing: &Comparing, replications: u32) -> u64 {
    let plan = &comparing.plan;
    let runs = plan.arms.iter().flat_map(|arm| (0..replications).map(move |nth| (arm, nth)));
    let scenarios = runs.map(|(arm, nth)| plan.scenario(arm, nth, true).expect("it was planned"));
    scenarios.map(|scenario| questions(&scenario)).sum()
}

fn without_distributions(recorded: &Recorded) -> serde_json::Value {
    let mut written = serde_json::to_value(recorded).expect("it can be written");
    for arm in written["arms"].as_array_mut().expect("a list") {
        let recording = &mut arm["recording"];
        let tracks = recording["tracks"].as_array_mut().expect("a list");
        let all = tracks.len();
        tracks.retain(|track| track.get("sampled").is_none());
        assert!(10 < tracks.len() && tracks.len() < all, "{all}");
        for function in recording["functions"].as_array_mut().expect("a list") {
            function["busy"].take();
        }
    }
    written
}

#[test]
fn a_comparison_plays_each_run_once_and_records_the_first() {
    let request = Request { replications: Some(3), ..Request::default() };
    let comparing = Comparing::of(vec![opened(STEADY)], &request).expect("it can be compared");
    let how = How { recorded: true, ..How::default() };
    let (compared, runs, asked) = counted(2, |workers| comparing.play(&how, workers));
    let compared = compared.expect("it is played");
    assert_eq!(runs, 3 * 3);
    assert_eq!(asked, questions_of_all(&comparing, 3), "nothing is played beside them");

    // What is recorded beside a comparison is what a run alone would be, though its beginning counts: all but
    // distributions, which begin after the warm-up.
    assert!(comparing.plan.cut.warmup > Time::ZERO);
    let alone = recording::play(&opened(STEADY), &Request::default(), &Workers::default());
    let recorded = compared.recorded.expect("it was asked for");
    assert_eq!(
        without_distributions(&recorded),
        without_distributions(&alone.expect("it is played"))
    );

    let how = How::default();
    let (compared, runs, again) = counted(1, |workers| comparing.play(&how, workers));
    assert!(compared.expect("it is played").recorded.is_none());
    assert_eq!((runs, again), (9, asked), "recording asks for no further run");
}

#[test]
fn a_report_plays_the_runs_of_its_comparison_and_each_policy_once_more() {
    let request = Request { replications: Some(3), ..Request::default() };
    let comparing = Comparing::of(vec![opened(STEADY)], &request).expect("it can be compared");
    let twice = questions_of_all(&comparing, 3) + questions_of_all(&comparing, 1);
    let mut pages = Vec::new();
    for threads in [1, 3] {
        let mut reporting = Reporting::of(opened(STEADY), &request, None).expect("it can be told");
        let (page, runs, asked) = counted(threads, |workers| reporting.play(workers));
        assert_eq!((runs, asked), (3 * 3 + 3, twice));
        pages.push(page.expect("it is played").expect("it fits").text);
    }
    assert_eq!(pages[0], pages[1], "threads change nothing");

    // One policy is compared to none; a value that is tried is played to know its end, then looked at.
    let request = Request { policies: vec!["Faster".to_owned()], ..Request::default() };
    let tried = Some("functions.Work.error_rate=10%,30%");
    for (tried, expected) in [(None, 2), (tried, 2 + 2 * 2)] {
        let mut reporting = Reporting::of(opened(STEADY), &request, tried).expect("it can be told");
        let (page, runs, _) = counted(2, |workers| reporting.play(workers));
        assert!(page.expect("it is played").is_some());
        assert_eq!(runs, expected);
    }
}

#[test]
fn a_crate_that_uses_this_one_runs_compares_sweeps_and_checks() {
    let workers = Workers::default();
    let request = Request { replications: Some(2), ..Request::default() };
    let run = experiment::run(&scenario(STEADY), None, &workers).expect("it is played");
    run.whole(String::new).expect("it came to its end");
    assert!(run.outcome.results.thresholds.iter().all(|verdict| verdict.holds));

    let compared = experiment::compare(vec![opened(STEADY)], &request, &How::default(), &workers);
    let compared = compared.expect("it is played");
    assert_eq!(compared.comparison.arms[0].samples[0].digest, run.outcome.results.digest);

    let grid = Grid { axes: vec!["functions.Work.error_rate=0%,50%".into()], ..Grid::default() };
    let swept = experiment::sweep(opened(STEADY), &request, &grid, &workers);
    assert_eq!(swept.expect("it is played").points.len(), 2);

    let checking = Checking::of(opened(STEADY), &request).expect("it can be checked");
    let (found, runs, _) = counted(2, |workers| check(&[checking], workers));
    let found = found.expect("it is played");
    assert_eq!((found[0].len(), runs), (3, 6), "one threshold under three policies");
    assert!(found[0].iter().all(|judgement| judgement.holds));
}

#[test]
fn why_there_is_no_result_is_told_by_kind() {
    let how = How::default();
    let compare = |text: &str, request: &Request, workers: &Workers<'_>| {
        experiment::compare(vec![opened(text)], request, &how, workers).expect_err("it is refused")
    };
    let request = Request { policies: vec!["Fastr".to_owned()], ..Request::default() };
    let refused = compare(STEADY, &request, &Workers::default());
    assert!(matches!(&refused, RunError::Refused(all) if all.len() == 1), "{refused:?}");
    assert_eq!(refused.to_string(), "there is no policy `Fastr`\nhint: did you mean `Faster`?");

    let wrong = STEADY.replace("Work.Invocations > 0", "Work.Invocatons > 0");
    let invalid = compare(&wrong, &Request::default(), &Workers::default());
    assert!(matches!(invalid, RunError::Invalid(_)), "{invalid:?}");
    assert!(invalid.to_string().contains("did you mean `Invocations`?"));

    let few = Workers { events_max: 100, ..Workers::default() };
    let stopped = compare(STEADY, &Request::default(), &few);
    let RunError::Stopped { run, finish } = &stopped else { panic!("{stopped:?}") };
    assert_eq!((run.as_str(), finish.stop), ("Plain, replication 0 (seed 5)", Stop::Events));

    let full = |_: usize, _: &_| Err(io::ErrorKind::StorageFull.into());
    let grid = Grid { axes: vec!["functions.Work.error_rate=0%,50%".into()], ..Grid::default() };
    let sweeping = Sweeping::of(opened(STEADY), &Request::default(), &grid, Shard::WHOLE);
    let sweeping = sweeping.expect("it can be swept");
    let mut points = sweeping.unplayed();
    let kept = sweeping.play(&mut points, &full, &Workers::default());
    assert!(matches!(kept, Err(RunError::Io { .. })), "{kept:?}");
    assert!(points.iter().all(|point| point.runs.is_empty()), "what is not kept is not there");
}

#[test]
fn a_study_that_is_stopped_at_any_question_never_says_that_it_is_complete() {
    let request = Request { replications: Some(2), ..Request::default() };
    let comparing = Comparing::of(vec![opened(STEADY)], &request).expect("it can be compared");
    let all = questions_of_all(&comparing, 2);
    let how = How { recorded: true, ..How::default() };
    let mut partial = 0;
    for patience in 0..=all {
        let counts = Counts::new(patience);
        let workers = Workers { threads: 1, progress: &counts, ..Workers::default() };
        match comparing.play(&how, &workers) {
            Err(error) => assert!(error.is_interruption(), "{error:?}"),
            Ok(compared) if patience == all => assert!(!compared.is_stopped),
            Ok(compared) => {
                partial += 1;
                assert!(compared.is_stopped && compared.recorded.is_none());
                assert_eq!(compared.comparison.replications(), 1, "the one that was finished");
            }
        }
    }
    assert!(partial > 0);
    let scenario = scenario(STEADY);
    let all = questions(&scenario);
    for patience in 0..=all {
        let counts = Counts::new(patience);
        let workers = Workers { threads: 1, progress: &counts, ..Workers::default() };
        let output = experiment::run(&scenario, None, &workers).expect("it is played");
        assert_eq!(output.whole(String::new).is_ok(), patience == all);
        assert_eq!(artifacts::stopped_by(&output.finish).is_none(), patience == all);
    }
}

/// Every file below a folder, with its content.
fn everything(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        match path.is_dir() {
            false => drop(found.insert(name, fs::read(&path).expect("a file can be read"))),
            true => found.extend(
                everything(&path).into_iter().map(|(below, it)| (format!("{name}/{below}"), it)),
            ),
        }
    }
    found
}

/// Writes results again and again, refused at every step once: until none is refused, the old ones are there
/// and nothing else is.
fn refused_at_each_step(name: &str, write: impl Fn(&mut Folder) -> io::Result<()>) {
    let sandbox = Sandbox::new(&format!("refused-{name}"));
    let parent = &sandbox.folder;
    let old = |file: &str| sandbox.write(&format!("{name}/{file}"), "old");
    fs::create_dir(parent.join(name)).expect("a folder can be made");
    old("summary.json");
    old("of-before.csv");
    let before = everything(parent);
    for steps in 0.. {
        let left = Rc::new(Cell::new(steps));
        let disk = Disk::asking(move || match left.get() {
            0 => Err(io::ErrorKind::StorageFull.into()),
            n => {
                left.set(n - 1);
                Ok(())
            }
        });
        let written = Folder::begin_on(disk, parent, OsStr::new(name)).and_then(|mut folder| {
            write(&mut folder)?;
            folder.publish()
        });
        match written {
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::StorageFull, "step {steps}: {error}");
                assert!(everything(parent) == before, "{name}: refused at step {steps}");
            }
            Ok(target) => {
                let after = everything(parent);
                assert!(after.keys().all(|file| file.starts_with(&format!("{name}/"))));
                assert!(!after.contains_key(&format!("{name}/of-before.csv")), "it was replaced");
                assert!(steps > after.len(), "each file was refused");
                assert_eq!(target, parent.join(name));
                return;
            }
        }
    }
}

#[test]
fn results_are_there_whole_or_not_at_all_at_whichever_step_writing_ends() {
    let workers = Workers::default();
    let request = Request { replications: Some(2), ..Request::default() };
    let run = scenario(STEADY);
    refused_at_each_step("run", |folder| {
        let rows = artifacts::Rows::of(folder)?;
        let output = experiment::run(&run, None, &workers).expect("it is played");
        rows.finish()?;
        artifacts::write_run(folder, &run, output).map(drop)
    });
    let comparing = Comparing::of(vec![opened(STEADY)], &request).expect("it can be compared");
    let how = How { recorded: true, list: true, ..How::default() };
    let compared = comparing.play(&how, &workers).expect("it is played");
    let report = artifacts::of_comparison(&comparing.first, &compared);
    refused_at_each_step("compare", |folder| {
        artifacts::write_comparison(folder, &report, compared.recorded.as_ref(), true)
    });
    let metrics = ["succeeded", "Work.Errors"].map(str::to_owned);
    let axes = vec!["functions.Work.error_rate=0%,50%".to_owned()];
    let grid = Grid { axes, pareto: Some(metrics), ..Grid::default() };
    let sweeping = Sweeping::of(opened(STEADY), &request, &grid, Shard::WHOLE);
    let sweeping = sweeping.expect("it can be swept");
    let mut points = sweeping.unplayed();
    sweeping.play(&mut points, &|_, _| Ok(()), &workers).expect("it is played");
    refused_at_each_step("shard", |folder| shards::write(folder, &sweeping.head, points.clone()));
    let results = Results::of(sweeping.head.sweep, points);
    refused_at_each_step("sweep", |folder| artifacts::write_sweep(folder, &results));
}

#[test]
#[cfg(unix)]
fn a_disk_that_is_full_costs_no_old_results() {
    let sandbox = Sandbox::new("full-disk");
    sandbox.write("steady.yaml", STEADY);
    let commands = [
        "run steady.yaml --events",
        "compare steady.yaml --replications 2",
        "sweep steady.yaml --grid 'functions.Work.error_rate=0%,50%'",
        "report steady.yaml --replications 2",
    ];
    for command in commands {
        sandbox.shell(&format!("dwell {command}")).exits(0);
        // What a sweep has played it keeps for the next.
        let results = || {
            let mut all = everything(&sandbox.folder.join("output"));
            all.retain(|name, _| !name.ends_with(".journal"));
            all
        };
        let before = results();
        let largest = before.values().map(Vec::len).max().expect("there are results");
        // Of no file more than so many KiB can be written.
        let limits = [0, 1, 4, 16, 64, 256, 1024].into_iter().filter(|kib| kib * 1024 < largest);
        let mut refused = 0;
        for kib in limits {
            let told = sandbox.shell(&format!("trap '' XFSZ; ulimit -f {kib}; dwell {command}"));
            if told.code == Some(0) {
                // What another command left is larger than all of this one.
                continue;
            }
            refused += 1;
            let told = told.exits(5);
            assert!(results() == before, "{command} with {kib} KiB: {}", told.err);
        }
        assert!(refused > 1, "{command} was refused {refused} times");
    }
}

#[test]
#[cfg(unix)]
fn a_process_that_is_killed_leaves_the_old_results_or_the_new_ones() {
    let sandbox = Sandbox::new("killed");
    sandbox.write("steady.yaml", STEADY);
    let compare = |seed: &'static str| {
        let arguments =
            ["compare", "steady.yaml", "--replications", "2", "--quiet", "--seed", seed];
        sandbox.command(&arguments)
    };
    let results = || {
        let mut all = everything(&sandbox.folder.join("output"));
        // What a killed process was writing has a hidden name.
        all.retain(|name, _| !name.starts_with('.'));
        all
    };
    let seeds = ["1", "2"];
    let known = seeds.map(|seed| {
        assert!(compare(seed).status().is_ok_and(|status| status.success()));
        results()
    });
    assert!(known[0] != known[1] && known[0].len() > 3);
    for (nth, after) in [0, 2, 5, 10, 20, 40, 80, 120, 160, 200, 300].into_iter().enumerate() {
        let mut child = compare(seeds[nth % 2]).spawn().expect("it begins");
        std::thread::sleep(std::time::Duration::from_millis(after));
        child.kill().expect("it can be killed");
        child.wait().expect("it ended");
        assert!(known.contains(&results()), "killed after {after} ms");
    }
}
