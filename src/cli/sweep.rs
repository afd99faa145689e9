//! `dwell sweep` and `dwell merge`: metrics at every point of a grid.

use super::{
    MergeArgs, Output, SweepArgs,
    exit::{Exit, failed},
    printing::{Told, print},
    run, shards as parts, studying,
};
use crate::{
    experiment::{
        Request, artifacts,
        journal::{Journal, Kept},
        shards::{self, Head},
        sweep::{Grid, Sweeping},
    },
    report::{files::Folder, sweep as report},
    study::sweep::{PointRuns, Results, Shard},
};
use anyhow::Result;
use std::{io, path::Path, sync::Mutex};

/// Plays every point, or the part of them that `--shard` names; prints and writes what they came to.
pub fn sweep(args: &SweepArgs) -> Result<Exit> {
    let files = std::slice::from_ref(&args.file);
    run::stems(files)?;
    let variable = |name: &str| std::env::var(name).ok();
    let chosen = |text: &String| parts::chosen(text, args.shards, &variable);
    let part = args.shard.as_ref().map(chosen).transpose()?;
    let grid = Grid {
        axes: args.grids.clone(),
        lhs: args.lhs,
        policy: args.policy.clone(),
        pareto: args.pareto.clone().try_into().ok(),
    };
    let opened = studying::open(files)?.swap_remove(0);
    let request = Request::from(&args.repeated);
    let sweeping = Sweeping::of(opened, &request, &grid, part.unwrap_or(Shard::WHOLE));
    let sweeping = sweeping.map_err(studying::told)?;
    let head = &sweeping.head;
    let name = shards::folder_name(&head.sweep.stem, part);
    let cannot_write = |error: io::Error| cannot_write(&args.output.folder, &name, error);
    let folder = Folder::begin(&args.output.folder, name.as_ref()).map_err(cannot_write)?;
    let journal = args.output.folder.join(format!("{name}.journal"));
    let mut journal = Journal::open(&journal).map_err(cannot_write)?;
    let mut points = match resumed(args.resume, &journal, head)? {
        Some(kept) => {
            journal.go_on(&kept).map_err(cannot_write)?;
            kept.points
        }
        None => {
            journal.begin(head).map_err(cannot_write)?;
            sweeping.unplayed()
        }
    };
    let whole = sweeping.runs();
    let kept =
        |points: &[PointRuns]| -> usize { points.iter().map(|point| point.runs.len()).sum() };
    let before = kept(&points);
    if before > 0 {
        eprintln!("going on after {before} of {whole} runs");
    }
    let journal = Mutex::new(journal);
    let (replicated, quiet) = (&args.repeated.replicated, args.output.quiet);
    let played = studying::on_threads(replicated, quiet, |workers| {
        let held = || journal.lock().expect("nobody fails while holding it");
        sweeping.play(&mut points, &|point, sample| held().add(point, sample), workers)
    });
    match played {
        Err(error) if error.is_interruption() => {
            let kept = kept(&points);
            eprintln!("interrupted: {kept} of {whole} runs are kept; --resume goes on with them");
            return Ok(Exit::Interrupted);
        }
        played => played.map_err(studying::told)?,
    }
    let results = match part {
        None => {
            let results = Results::of(sweeping.head.sweep, points);
            artifacts::write_sweep(&folder, &results).map_err(cannot_write)?;
            Some(results)
        }
        Some(_) => {
            shards::write(&folder, head, points).map_err(cannot_write)?;
            None
        }
    };
    let target = folder.publish().map_err(cannot_write)?;
    let journal = journal.into_inner().expect("nobody fails while holding it");
    let path = journal.path().to_owned();
    if let Err(error) = journal.finish() {
        eprintln!("note: could not remove {}: {error}", path.display());
    }
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
    let (sweep, points) = shards::merge(&args.folders).map_err(studying::told)?;
    let name = shards::folder_name(&sweep.stem, None);
    let cannot_write = |error: io::Error| cannot_write(&args.output.folder, &name, error);
    let folder = Folder::begin(&args.output.folder, name.as_ref()).map_err(cannot_write)?;
    let results = Results::of(sweep, points);
    artifacts::write_sweep(&folder, &results).map_err(cannot_write)?;
    let target = folder.publish().map_err(cannot_write)?;
    tell(&results, &target, &args.output)
}

fn cannot_write(output: &Path, name: &str, error: io::Error) -> anyhow::Error {
    let folder = output.join(name);
    failed(Exit::Output, format!("error: cannot write {}: {error}", folder.display()))
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
