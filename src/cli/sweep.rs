//! `dwell sweep` and `dwell merge`: metrics at every point of a grid.

use super::{
    MergeArgs, Output, SweepArgs,
    exit::{Exit, failed},
    journal::{Journal, Kept},
    printing::{Told, print},
    run,
    shards::{self, Head},
    studying,
    watching::{self, Steps},
    workers,
};
use crate::{
    experiment::{Arm, Plan, Trouble, grid},
    model::world::Stop,
    report::{files::Folder, sweep as report},
    scenario,
    study::{
        Sample,
        sweep::{PointRuns, Results, Shard, Sweep},
    },
};
use anyhow::Result;
use std::{
    io::{self, BufWriter},
    path::Path,
    sync::Mutex,
};

/// So many runs a sweep may have.
const RUNS_MAX: usize = 10_000_000;

/// Plays every point, or the part of them that `--shard` names; prints and writes what they came to.
pub fn sweep(args: &SweepArgs) -> Result<Exit> {
    let stem = run::stems(std::slice::from_ref(&args.file))?.swap_remove(0);
    let stem = stem.to_string_lossy().into_owned();
    let variable = |name: &str| std::env::var(name).ok();
    let chosen = |text: &String| shards::chosen(text, args.shards, &variable);
    let part = args.shard.as_ref().map(chosen).transpose()?;
    let (plan, sweep) = plan(args, stem)?;
    let name = shards::folder_name(&sweep.stem, part);
    let head = Head { shard: part.unwrap_or(Shard::WHOLE), sweep };
    let cannot_write = |error: io::Error| cannot_write(&args.output.folder, &name, error);
    let folder = Folder::begin(&args.output.folder, name.as_ref()).map_err(cannot_write)?;
    let journal = args.output.folder.join(format!("{name}.journal"));
    let mut journal = Journal::open(&journal).map_err(cannot_write)?;
    let mut points = match resumed(args.resume, &journal, &head)? {
        Some(kept) => {
            journal.go_on(&kept).map_err(cannot_write)?;
            kept.points
        }
        None => {
            journal.begin(&head).map_err(cannot_write)?;
            vec![PointRuns::default(); head.sweep.points.len()]
        }
    };
    watching::listen();
    let journal = Mutex::new(journal);
    if let Some(exit) = play(args, &plan, &head, &mut points, &journal)? {
        return Ok(exit);
    }
    let results = match part {
        None => {
            let results = Results::of(head.sweep, points);
            write(&folder, &results).map_err(cannot_write)?;
            Some(results)
        }
        Some(_) => {
            shards::write(&folder, &head, points).map_err(cannot_write)?;
            None
        }
    };
    let target = folder.publish().map_err(cannot_write)?;
    let journal = journal.into_inner().expect("nobody fails while holding it");
    journal.finish().map_err(cannot_write)?;
    match results {
        Some(results) => tell(&results, &target, &args.output),
        None if args.output.quiet => Ok(Exit::Fine),
        None => {
            eprintln!("wrote {}; `dwell merge` puts the shards together", target.display());
            Ok(Exit::Fine)
        }
    }
}

/// Puts the parts of a sweep together: the same bytes as one process writes.
pub fn merge(args: &MergeArgs) -> Result<Exit> {
    let (sweep, points) = shards::merge(&args.folders)?;
    let name = shards::folder_name(&sweep.stem, None);
    let cannot_write = |error: io::Error| cannot_write(&args.output.folder, &name, error);
    let folder = Folder::begin(&args.output.folder, name.as_ref()).map_err(cannot_write)?;
    let results = Results::of(sweep, points);
    write(&folder, &results).map_err(cannot_write)?;
    let target = folder.publish().map_err(cannot_write)?;
    tell(&results, &target, &args.output)
}

fn cannot_write(output: &Path, name: &str, error: io::Error) -> anyhow::Error {
    let folder = output.join(name);
    failed(Exit::Output, format!("error: cannot write {}: {error}", folder.display()))
}

/// Writes the results.
fn write(folder: &Folder, results: &Results) -> io::Result<()> {
    folder.write("sweep.json", report::json(results).as_bytes())?;
    report::csv(results, BufWriter::new(folder.create("sweep.csv")?))?;
    if let Some(metrics) = results.sweep.pareto {
        report::pareto_csv(results, metrics, BufWriter::new(folder.create("pareto.csv")?))?;
    }
    Ok(())
}

/// Prints the results, which are in `target`.
fn tell(results: &Results, target: &Path, output: &Output) -> Result<Exit> {
    let told = Told {
        blocks: &|| report::blocks(results),
        json: &|| report::json(results),
        csv: &|out| report::csv(results, out),
    };
    print(output, &told, target)?;
    Ok(Exit::Fine)
}

/// Reads the grids, looks at every point and says what is swept.
fn plan(args: &SweepArgs, stem: String) -> Result<(Plan, Sweep)> {
    let told = |mistakes: Vec<grid::Wrong>| {
        let told =
            mistakes.iter().map(|wrong| format!("error: {}\nhint: {}", wrong.message, wrong.hint));
        failed(Exit::Usage, told.collect::<Vec<_>>().join("\n"))
    };
    let axes = grid::axes(&args.grids).map_err(told)?;
    let opened = studying::open(std::slice::from_ref(&args.file))?;
    let points = match args.lhs {
        None => grid::combinations(&axes).map_err(told)?,
        Some(count) => {
            let options = scenario::Options {
                sets: &args.repeated.replicated.sets,
                seed: args.repeated.replicated.seed,
                policy: args.policy.as_deref(),
                ..scenario::Options::default()
            };
            let scenario = opened[0].scenario(&options).map_err(|f| studying::unread(&f))?;
            grid::hypercube(&axes, count, scenario.seed)
        }
    };
    let replications = args.repeated.replicated.replications.unwrap_or(1) as usize;
    if RUNS_MAX < points.len().saturating_mul(replications) {
        let message = format!("error: the sweep has over {RUNS_MAX} runs");
        let hint = "hint: take fewer points or replications; --lhs N spreads N points over all";
        return Err(failed(Exit::Usage, format!("{message}\n{hint}")));
    }
    let paths: Vec<String> = axes.into_iter().map(|axis| axis.path).collect();
    let arm = |values: &Vec<String>| {
        let point: Vec<String> =
            paths.iter().zip(values).map(|(path, value)| format!("{path}={value}")).collect();
        Arm { name: point.join(" "), file: 0, policy: args.policy.clone(), point }
    };
    let arms = points.iter().map(arm).collect();
    let (plan, first) = studying::plan(opened, arms, &args.repeated, &args.pareto, false)?;
    let position = |text: &String| {
        let found = plan.metrics.iter().position(|metric| metric.name == text.trim());
        found.expect("the plan has the metrics that were asked for")
    };
    let pareto = match args.pareto.as_slice() {
        [a, b] => Some((position(a), position(b))),
        _ => None,
    };
    let options = scenario::Options {
        sets: &plan.sets,
        point: &plan.arms[0].point,
        policy: args.policy.as_deref(),
        ..scenario::Options::default()
    };
    let data = plan.files[0].data_hash(&options).map_err(|failure| studying::unread(&failure))?;
    let sweep = Sweep {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        file: plan.files[0].file_name(),
        stem,
        hash: plan.files[0].hash().to_owned(),
        data,
        title: first.title,
        policy: args.policy.clone(),
        sets: args.repeated.replicated.sets.clone(),
        seed: plan.seed,
        replications: args.repeated.replicated.replications.unwrap_or(first.replications).max(1),
        cut: plan.cut,
        paths,
        points,
        lhs: args.lhs,
        metrics: plan.metrics.clone(),
        are_named: !args.repeated.metrics.is_empty(),
        pareto,
    };
    Ok((plan, sweep))
}

/// What an earlier process has left of just this part, if `--resume` asks for it.
fn resumed(resume: bool, journal: &Journal, head: &Head) -> Result<Option<Kept>> {
    let name = journal.path().display();
    let what = match journal.read() {
        Ok(None) => {
            if resume {
                eprintln!("note: there is nothing to resume in {name}");
            }
            return Ok(None);
        }
        Ok(Some(kept)) if kept.head == *head => {
            if !resume {
                eprintln!(
                    "note: an unfinished sweep is begun anew; --resume would have gone on with it"
                );
            }
            return Ok(resume.then_some(kept));
        }
        Ok(Some(kept)) => {
            let what = shards::different(head, &kept.head);
            what.unwrap_or_else(|| "it is of another shard".to_owned())
        }
        Err(error) => error.to_string(),
    };
    if resume {
        let message = format!("error: {name} cannot be resumed: {what}");
        let hint = "hint: take the same arguments, or leave out --resume";
        return Err(failed(Exit::Usage, format!("{message}\n{hint}")));
    }
    eprintln!("note: the unfinished sweep in {name} is given up: {what}");
    Ok(None)
}

/// Why no more runs are played.
enum Halt {
    /// A run has no result: its point, its replication, and why.
    Run(usize, u32, Trouble),
    /// The journal takes no more.
    Journal(io::Error),
}

/// Plays the runs of the part that are not there yet. Gives the exit code if that was interrupted.
fn play(
    args: &SweepArgs,
    plan: &Plan,
    head: &Head,
    points: &mut [PointRuns],
    journal: &Mutex<Journal>,
) -> Result<Option<Exit>> {
    let own = head.shard.runs(head.sweep.runs());
    let whole = own.len();
    let due: Vec<(usize, u32)> = own
        .map(|run| head.sweep.run(run))
        .filter(|(point, replication)| !points[*point].has(*replication))
        .collect();
    if due.len() < whole {
        eprintln!("going on after {} of {whole} runs", whole - due.len());
    }
    let wanted = !args.repeated.replicated.no_progress && !args.output.quiet;
    let steps = Steps::new(wanted, due.len() as u64, "runs");
    let threads = args.repeated.replicated.threads.unwrap_or_else(workers::usual_threads);
    let limits = || studying::limits(&args.repeated.replicated);
    let done = workers::each(
        threads,
        due.len(),
        |at| -> Result<Sample, Halt> {
            let (point, replication) = due[at];
            let run = plan.play(&plan.arms[point], replication, false, &limits());
            let sample = run.map_err(|trouble| Halt::Run(point, replication, trouble))?.sample;
            let mut journal = journal.lock().expect("nobody fails while holding it");
            journal.add(point, sample.clone()).map_err(Halt::Journal)?;
            Ok(sample)
        },
        |_, _| steps.step(),
    );
    drop(steps);
    for ((point, _), sample) in due.iter().zip(done.results) {
        if let Some(sample) = sample {
            points[*point].add(sample);
        }
    }
    match done.failed {
        None => Ok(None),
        Some(Halt::Run(_, _, Trouble::Stopped(finish))) if finish.stop == Stop::Interrupted => {
            let kept: usize = points.iter().map(|point| point.runs.len()).sum();
            eprintln!("interrupted: {kept} of {whole} runs are kept; --resume goes on with them");
            Ok(Some(Exit::Interrupted))
        }
        Some(Halt::Run(point, replication, trouble)) => {
            Err(studying::told(&trouble, plan, &plan.arms[point], replication))
        }
        Some(Halt::Journal(error)) => {
            let message = format!("error: cannot write the journal of the sweep: {error}");
            Err(failed(Exit::Output, message))
        }
    }
}
