//! `dwell sweep` and `dwell merge`: metrics at every point of a grid.

use super::{
    Format, MergeArgs, SweepArgs,
    exit::{Exit, failed},
    journal::{self, Journal},
    run, shards, studying,
    watching::{self, Steps},
    workers,
};
use crate::{
    experiment::{Arm, Plan, Trouble, grid},
    model::world::Stop,
    report::{files::Folder, markdown, sweep as report, table},
    scenario,
    study::{
        Sample,
        sweep::{PointRuns, Results, Shard, Sweep},
    },
};
use anyhow::Result;
use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
};

/// So many runs a sweep may have.
const RUNS_MAX: usize = 10_000_000;

/// Plays every point, or the part of them that `--shard` names; prints and writes what they came to.
pub fn sweep(args: &SweepArgs) -> Result<Exit> {
    let stem = run::stems(std::slice::from_ref(&args.file))?.swap_remove(0);
    let stem = stem.to_string_lossy().into_owned();
    let shard = match &args.shard {
        Some(text) => shards::chosen(text, args.shards, &|name| std::env::var(name).ok())?,
        None => Shard::WHOLE,
    };
    let (plan, sweep) = plan(args, stem)?;
    let name = shards::folder_name(&sweep.stem, shard);
    let cannot_write = |error: io::Error| cannot_write(&args.output, &name, error);
    let folder = Folder::begin(&args.output, name.as_ref()).map_err(cannot_write)?;
    let journal = args.output.join(format!("{name}.journal"));
    let mut points: Vec<PointRuns> = vec![PointRuns::default(); sweep.points.len()];
    let mut journal = match resumed(args, &journal, &sweep, shard)? {
        Some(kept) => {
            let journal = Journal::go_on(&journal, &kept).map_err(cannot_write)?;
            eprintln!("going on after {} runs", kept.runs.len());
            kept.runs.into_iter().for_each(|(point, sample)| points[point].add(sample));
            journal
        }
        None => Journal::begin(&journal, &sweep, shard).map_err(cannot_write)?,
    };
    watching::listen();
    if let Some(exit) = play(args, &plan, &sweep, shard, &mut points, &mut journal)? {
        return Ok(exit);
    }
    if shard == Shard::WHOLE {
        let target = publish(folder, &Results::of(sweep, points), &cannot_write, args.printed())?;
        journal.finish().map_err(cannot_write)?;
        return Ok(target);
    }
    shards::write(&folder, &sweep, shard, &points).map_err(cannot_write)?;
    let target = folder.publish().map_err(cannot_write)?;
    journal.finish().map_err(cannot_write)?;
    if !args.quiet {
        eprintln!("wrote {}; `dwell merge` puts the shards together", target.display());
    }
    Ok(Exit::Fine)
}

/// Puts the parts of a sweep together: the same bytes as one process writes.
pub fn merge(args: &MergeArgs) -> Result<Exit> {
    let (sweep, points) = shards::merge(&args.folders)?;
    let name = shards::folder_name(&sweep.stem, Shard::WHOLE);
    let cannot_write = |error: io::Error| cannot_write(&args.output, &name, error);
    let folder = Folder::begin(&args.output, name.as_ref()).map_err(cannot_write)?;
    publish(folder, &Results::of(sweep, points), &cannot_write, (args.format, args.quiet))
}

fn cannot_write(output: &Path, name: &str, error: io::Error) -> anyhow::Error {
    let folder = output.join(name);
    failed(Exit::Output, format!("error: cannot write {}: {error}", folder.display()))
}

/// Writes and prints the results.
fn publish(
    folder: Folder,
    results: &Results,
    cannot_write: &dyn Fn(io::Error) -> anyhow::Error,
    (format, quiet): (Format, bool),
) -> Result<Exit> {
    folder.write("sweep.json", report::json(results).as_bytes()).map_err(cannot_write)?;
    let rows = folder.create("sweep.csv").map_err(cannot_write)?;
    report::csv(results, BufWriter::new(rows)).map_err(cannot_write)?;
    if let Some(metrics) = results.sweep.pareto {
        let rows = folder.create("pareto.csv").map_err(cannot_write)?;
        report::pareto_csv(results, metrics, BufWriter::new(rows)).map_err(cannot_write)?;
    }
    let target = folder.publish().map_err(cannot_write)?;
    if quiet {
        return Ok(Exit::Fine);
    }
    let stdout = io::stdout();
    let color = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = BufWriter::new(stdout.lock());
    match format {
        Format::Table => {
            out.write_all(table::lay_out(report::blocks(results), color).as_bytes())?
        }
        Format::Markdown => out.write_all(markdown::lay_out(report::blocks(results)).as_bytes())?,
        Format::Json => out.write_all(report::json(results).as_bytes())?,
        Format::Csv => report::csv(results, &mut out)?,
    }
    out.flush()?;
    if format == Format::Table {
        eprintln!("wrote {}", target.display());
    }
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
    let sweep = Sweep {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        file: plan.files[0].file_name(),
        stem,
        hash: plan.files[0].hash().to_owned(),
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
fn resumed(
    args: &SweepArgs,
    path: &Path,
    sweep: &Sweep,
    shard: Shard,
) -> Result<Option<journal::Kept>> {
    let name = path.display();
    let kept = journal::read(path)
        .map_err(|error| failed(Exit::Output, format!("error: cannot read {name}: {error}")))?;
    match kept {
        None if args.resume => {
            eprintln!("note: there is nothing to resume; {name} does not exist");
            Ok(None)
        }
        None => Ok(None),
        Some(_) if !args.resume => {
            eprintln!(
                "note: an unfinished sweep is begun anew; --resume would have gone on with it"
            );
            Ok(None)
        }
        Some(kept) if kept.sweep != *sweep || kept.shard != shard => {
            let message = format!(
                "error: {name} is of another sweep: its scenario, grid, metrics or seed differ\n\
                 hint: take the same arguments, or leave out --resume"
            );
            Err(failed(Exit::Usage, message))
        }
        Some(kept) => Ok(Some(kept)),
    }
}

/// Plays the runs of the part that are not there yet. Gives the exit code if that was interrupted.
fn play(
    args: &SweepArgs,
    plan: &Plan,
    sweep: &Sweep,
    shard: Shard,
    points: &mut [PointRuns],
    journal: &mut Journal,
) -> Result<Option<Exit>> {
    let own = (0..sweep.runs()).filter(|run| shard.has(*run));
    let due: Vec<(usize, u32)> = own
        .map(|run| sweep.run(run))
        .filter(|(point, replication)| !points[*point].has(*replication))
        .collect();
    let whole = (0..sweep.runs()).filter(|run| shard.has(*run)).count();
    let wanted = !args.repeated.replicated.no_progress && !args.quiet;
    let steps = Steps::new(wanted, due.len() as u64, "runs");
    let threads = args.repeated.replicated.threads.unwrap_or_else(workers::usual_threads);
    let limits = || studying::limits(&args.repeated.replicated);
    let mut unwritten = None;
    let done = workers::each(
        threads,
        due.len(),
        |at| -> Result<Sample, (usize, u32, Trouble)> {
            let (point, replication) = due[at];
            let run = plan.play(&plan.arms[point], replication, false, &limits());
            run.map(|run| run.sample).map_err(|trouble| (point, replication, trouble))
        },
        |at, sample| {
            if let Err(error) = journal.add(due[at].0, sample)
                && unwritten.is_none()
            {
                unwritten = Some(error);
            }
            steps.step();
        },
    );
    drop(steps);
    for ((point, _), sample) in due.iter().zip(done.results) {
        if let Some(sample) = sample {
            points[*point].add(sample);
        }
    }
    if let Some(error) = unwritten {
        let message = format!("error: cannot write the journal of the sweep: {error}");
        return Err(failed(Exit::Output, message));
    }
    match done.failed {
        None => Ok(None),
        Some((_, _, Trouble::Stopped(finish))) if finish.stop == Stop::Interrupted => {
            let kept: usize = points.iter().map(|point| point.runs.len()).sum();
            eprintln!("interrupted: {kept} of {whole} runs are kept; --resume goes on with them");
            Ok(Some(Exit::Interrupted))
        }
        Some((point, replication, trouble)) => {
            Err(studying::told(&trouble, plan, &plan.arms[point], replication))
        }
    }
}
