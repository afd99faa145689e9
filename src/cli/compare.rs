//! `dwell compare`: policies under the same luck.

use super::{
    CompareArgs, Compared, Repeated, Replicated,
    exit::{Exit, failed},
    printing::{Told, print},
    recording, run, studying,
    watching::{self, Steps},
    workers,
};
use crate::{
    chart::{Look, forest},
    experiment::{Arm, Plan, Trouble},
    model::world::Stop,
    observe::Fates,
    report::{compare as report, files::Folder},
    scenario::{Scenario, diagnostic::suggest},
    study::{
        Sample,
        compare::{self, Comparison},
        fates::Changes,
    },
};
use anyhow::Result;
use std::{
    collections::BTreeMap,
    io::{self, BufWriter},
    ops::Range,
    path::PathBuf,
    sync::Mutex,
};

/// Plays every policy, or every file, with the same luck; prints and writes what is different.
pub fn compare(args: &CompareArgs) -> Result<Exit> {
    let stem = run::stems(&args.files)?.swap_remove(0);
    let (plan, first) = plan(&args.files, &args.compared)?;
    let baseline = baseline(&args.compared, &plan)?;
    let mut name = stem;
    name.push(".compare");
    let cannot_write = |error: io::Error| {
        let folder = args.output.folder.join(&name);
        failed(Exit::Output, format!("error: cannot write {}: {error}", folder.display()))
    };
    let mut folder = Folder::begin(&args.output.folder, &name).map_err(cannot_write)?;
    let precision = args.precision.map(|precision| (precision, args.max_replications));
    let how = How { precision, list: args.diff_events, quiet: args.output.quiet };
    let Played { mut comparison, stopped } =
        play_all(&args.compared.repeated, &plan, baseline, &first, &how)?;
    if let Some(precision) = args.precision.filter(|_| stopped.is_none()) {
        let n = comparison.replications();
        let wide = comparison.too_wide(precision).map(|wide| {
            let (width, wanted) = (wide.relative * 100.0, precision * 100.0);
            format!(
                "after {n} replications {} of {} is known to ± {width:.1} %, not to {wanted} %; \
                 its spread would need about {} (--max-replications)",
                wide.metric, wide.arm, wide.needed
            )
        });
        if let (Some(wide), true) = (&wide, args.output.quiet) {
            eprintln!("{wide}");
        }
        comparison.warnings.extend(wide);
    }
    let report = report::Report {
        title: first.title.as_deref(),
        question: first.question.as_deref(),
        comparison: &comparison,
        stopped_by: stopped.map(|_| "interrupt"),
    };
    if stopped.is_some() {
        let mut partial = name.clone();
        partial.push(".partial");
        folder.rename(&partial);
    }
    folder.write("compare.json", report::json(&report).as_bytes()).map_err(cannot_write)?;
    let rows = folder.create("compare.csv").map_err(cannot_write)?;
    report::csv(&comparison, BufWriter::new(rows)).map_err(cannot_write)?;
    if args.diff_events {
        let rows = folder.create("diff-events.csv").map_err(cannot_write)?;
        report::diff_csv(&comparison, BufWriter::new(rows)).map_err(cannot_write)?;
    }
    if forest::has_differences(&comparison) {
        let setting = forest::Setting { title: report.title, stopped_by: report.stopped_by };
        let chart = forest::svg(&comparison, &setting, Look::default());
        folder.write("forest.svg", chart.as_bytes()).map_err(cannot_write)?;
    }
    let mut exit = stopped.unwrap_or(Exit::Fine);
    if let ([file], None) = (args.files.as_slice(), stopped) {
        match recording::play(file, &args.compared) {
            Ok(recorded) => recording::leave(&recorded, &folder).map_err(cannot_write)?,
            // What was found is whole; only its pictures are missing.
            Err(_) if watching::is_interrupted() => exit = Exit::Interrupted,
            Err(error) => return Err(error),
        }
    }
    let target = folder.publish().map_err(cannot_write)?;
    let told = Told {
        blocks: &|| report::blocks(&report),
        json: &|| report::json(&report),
        csv: &|out| report::csv(&comparison, out),
    };
    print(&args.output, &told, &target)?;
    Ok(exit)
}

/// How a comparison is played.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// Until every interval is as narrow as this share of its mean, or there are so many replications.
    pub precision: Option<(f64, u32)>,
    /// Whether arrivals with another fate are listed.
    pub list: bool,
    /// Whether nothing is printed meanwhile.
    pub quiet: bool,
}

/// A comparison that was played.
#[derive(Debug)]
pub struct Played {
    /// Of the replications that were finished; at least one.
    pub comparison: Comparison,
    /// The exit code of what stopped it before all were.
    pub stopped: Option<Exit>,
}

/// Plays all replications of every arm, as many as are asked for or as `first`, the scenario, says.
pub fn play_all(
    repeated: &Repeated,
    plan: &Plan,
    baseline: usize,
    first: &Scenario,
    how: &How,
) -> Result<Played> {
    watching::listen();
    let mut arms: Vec<compare::Arm> = plan.arms.iter().map(|arm| empty(plan, arm)).collect();
    let are_named = !repeated.metrics.is_empty();
    let mut from = 0;
    let mut until = repeated.replicated.replications.unwrap_or(first.replications).max(1);
    loop {
        let stopped = play(&repeated.replicated, how, plan, baseline, from..until, &mut arms)?;
        if arms[baseline].samples.is_empty() {
            return Err(failed(Exit::Interrupted, "interrupted before a replication was finished"));
        }
        let comparison = Comparison::of(arms, baseline, &plan.metrics, are_named, plan.cut);
        from = until;
        if let (Some((precision, max)), None) = (how.precision, stopped) {
            until = next(&comparison, precision, from, max);
        }
        if from == until {
            return Ok(Played { comparison, stopped });
        }
        arms = comparison.arms;
    }
}

/// The plan: the policies of one file, or several files as they are written.
pub fn plan(files: &[PathBuf], compared: &Compared) -> Result<(Plan, Scenario)> {
    let opened = studying::open(files)?;
    let Compared { policies, repeated, .. } = compared;
    let arms = match files {
        [_] => {
            let policies = studying::policies(&opened[0], &repeated.replicated, policies)?;
            if policies.len() < 2 {
                let message = "error: there is nothing to compare: the file has fewer than two \
                               policies\nhint: add `policies`, or compare several files";
                return Err(failed(Exit::Usage, message));
            }
            let of = |policy: &String| Arm {
                name: policy.clone(),
                file: 0,
                policy: Some(policy.clone()),
                point: Vec::new(),
            };
            policies.iter().map(of).collect()
        }
        files => {
            if !policies.is_empty() {
                let message = "error: --policies chooses among the policies of one file\nhint: \
                               several files are compared as they are written";
                return Err(failed(Exit::Usage, message));
            }
            let stems = run::stems(files)?;
            let of = |(file, stem): (usize, std::ffi::OsString)| Arm {
                name: stem.to_string_lossy().into_owned(),
                file,
                policy: None,
                point: Vec::new(),
            };
            stems.into_iter().enumerate().map(of).collect()
        }
    };
    studying::plan(opened, arms, repeated, &[], false)
}

/// Which of those that are compared the others are compared to.
pub fn baseline(compared: &Compared, plan: &Plan) -> Result<usize> {
    let Some(name) = &compared.baseline else { return Ok(0) };
    let names = || plan.arms.iter().map(|arm| arm.name.as_str());
    names().position(|known| known == name).ok_or_else(|| {
        let hint = match suggest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
        };
        failed(
            Exit::Usage,
            format!("error: nothing that is compared is called `{name}`\nhint: {hint}"),
        )
    })
}

fn empty(plan: &Plan, arm: &Arm) -> compare::Arm {
    compare::Arm {
        name: arm.name.clone(),
        file: plan.files[arm.file].file_name(),
        hash: plan.files[arm.file].hash().to_owned(),
        samples: Vec::new(),
        changes: None,
    }
}

/// Plays these replications of every arm and adds them to `arms`. Gives the exit code if that was
/// interrupted: then those that were finished are there.
fn play(
    replicated: &Replicated,
    how: &How,
    plan: &Plan,
    baseline: usize,
    replications: Range<u32>,
    arms: &mut [compare::Arm],
) -> Result<Option<Exit>> {
    let Replicated { no_progress, threads, .. } = *replicated;
    let runs = replications.len() * plan.arms.len();
    let steps = Steps::new(!no_progress && !how.quiet, runs as u64, "runs");
    let limits = || studying::limits(replicated);
    // A job is a run, the arms of a replication one after the other.
    let named = |job: usize| {
        let nth = u32::try_from(job / plan.arms.len()).expect("as many as replications");
        (job % plan.arms.len(), replications.start + nth)
    };
    let pairing = Mutex::new(Pairing { arms: plan.arms.len(), ..Pairing::default() });
    let done = workers::each(
        threads.unwrap_or_else(workers::usual_threads),
        runs,
        |job| -> Result<Sample, (usize, u32, Trouble)> {
            let (arm, nth) = named(job);
            let run = plan.play(&plan.arms[arm], nth, true, &limits());
            let run = run.map_err(|trouble| (arm, nth, trouble))?;
            let fates = run.fates.expect("fates were asked for");
            let held = || pairing.lock().expect("nobody fails while holding it");
            let all = held().add(arm, nth, fates);
            if let Some(all) = all {
                let changes = changes(&all, baseline, nth, how.list);
                held().changes.insert(nth, changes);
            }
            Ok(run.sample)
        },
        |_, _| steps.step(),
    );
    drop(steps);
    let mut changes = pairing.into_inner().expect("nobody fails while holding it").changes;
    for (job, sample) in done.results.into_iter().enumerate() {
        let (arm, nth) = named(job);
        // Only replications of which every arm was played.
        let (Some(sample), Some(of)) = (sample, changes.get_mut(&nth)) else { continue };
        let arm_changes = of[arm].take();
        let arm = &mut arms[arm];
        arm.samples.push(sample);
        match (&mut arm.changes, arm_changes) {
            (Some(all), Some(more)) => all.merge(more),
            (all @ None, more) => *all = more,
            (Some(_), None) => unreachable!("an arm is followed always or never"),
        }
    }
    match done.failed {
        None => Ok(None),
        Some((_, _, Trouble::Stopped(finish))) if finish.stop == Stop::Interrupted => {
            Ok(Some(Exit::Interrupted))
        }
        Some((arm, nth, trouble)) => Err(studying::told(&trouble, plan, &plan.arms[arm], nth)),
    }
}

/// The fates of replications of which some arms have been played, and the changes of those of which
/// all have.
#[derive(Debug, Default)]
struct Pairing {
    arms: usize,
    waiting: BTreeMap<u32, Vec<Option<Fates>>>,
    /// By replication, for each arm; none for the baseline.
    changes: BTreeMap<u32, Vec<Option<Changes>>>,
}

impl Pairing {
    /// Adds the fates of a run. Gives those of every arm with the last of its replication.
    fn add(&mut self, arm: usize, replication: u32, fates: Fates) -> Option<Vec<Fates>> {
        let of = self.waiting.entry(replication).or_insert_with(|| vec![None; self.arms]);
        of[arm] = Some(fates);
        if of.iter().any(Option::is_none) {
            return None;
        }
        self.waiting.remove(&replication)?.into_iter().collect()
    }
}

/// What became otherwise of each arm's arrivals than of the baseline's.
fn changes(all: &[Fates], baseline: usize, nth: u32, list: bool) -> Vec<Option<Changes>> {
    let before = &all[baseline];
    let of = |(at, after)| (at != baseline).then(|| Changes::between(before, after, nth, list));
    all.iter().enumerate().map(of).collect()
}

/// How many replications there should be after `n`: what the widest interval needs, at most twice as
/// many, so that a chance narrow spread does not end the study.
fn next(comparison: &Comparison, precision: f64, n: u32, max: u32) -> u32 {
    match comparison.too_wide(precision) {
        None => n,
        Some(wide) => {
            let needed = u32::try_from(wide.needed).unwrap_or(u32::MAX);
            needed.clamp(n.saturating_add(1), n.saturating_mul(2)).min(max).max(n)
        }
    }
}
