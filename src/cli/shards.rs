//! Parts of a sweep on several machines: which part a process is, how a part is written, and how
//! all of them are put together.

use super::exit::{Exit, failed};
use crate::{
    report::files::Folder,
    study::sweep::{PointRuns, Shard, Sweep},
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

/// Says what a part is, in its folder.
const HEAD: &str = "shard.json";
/// The runs of a part, one line a point.
const POINTS: &str = "points.jsonl";

#[derive(Serialize, Deserialize)]
struct Head {
    shard: Shard,
    sweep: Sweep,
}

#[derive(Serialize, Deserialize)]
struct Line {
    point: usize,
    #[serde(flatten)]
    runs: PointRuns,
}

/// Which part `--shard` means: `2/8`, or `auto` by the variables of an engine that runs arrays of
/// jobs. `of` is what `--shards` says.
pub fn chosen(
    text: &str,
    of: Option<u32>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Shard> {
    let shard = match text {
        "auto" => of_engine(of, variable)?,
        _ => {
            let parts = text.split_once('/');
            let read = parts.and_then(|(n, of)| Some((n.parse().ok()?, of.parse().ok()?)));
            let Some((nth, of)) = read else {
                let message = format!("error: `{text}` is no shard\nhint: write 2/8, or auto");
                return Err(failed(Exit::Usage, message));
            };
            Shard { nth, of }
        }
    };
    if shard.nth == 0 || shard.of < shard.nth {
        let Shard { nth, of } = shard;
        let message = format!("error: there is no shard {nth} of {of}\nhint: they count from 1");
        return Err(failed(Exit::Usage, message));
    }
    Ok(shard)
}

/// The part that an engine's variables name. The engine that is the nearest to the process is asked
/// first: HyperQueue's workers can be Slurm jobs themselves.
fn of_engine(of: Option<u32>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard> {
    let number = |name: &str| -> Result<Option<u32>> {
        let Some(text) = variable(name) else { return Ok(None) };
        let read = text.parse().map(Some);
        read.map_err(|_| failed(Exit::Usage, format!("error: {name} is `{text}`, no number")))
    };
    let counted = |own: Option<u32>, name: &str| {
        of.or(own).ok_or_else(|| {
            let message = format!("error: {name} does not say how many shards there are");
            failed(Exit::Usage, format!("{message}\nhint: add --shards N"))
        })
    };
    if let Some(id) = number("HQ_TASK_ID")? {
        return Ok(Shard { nth: id, of: counted(None, "HyperQueue")? });
    }
    if let Some(index) = number("AWS_BATCH_JOB_ARRAY_INDEX")? {
        let size = number("AWS_BATCH_JOB_ARRAY_SIZE")?;
        return Ok(Shard { nth: index.saturating_add(1), of: counted(size, "AWS Batch")? });
    }
    if let Some(id) = number("SLURM_ARRAY_TASK_ID")? {
        let first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(1);
        let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
        let nth = id.saturating_sub(first) / step + 1;
        let count = number("SLURM_ARRAY_TASK_COUNT")?;
        return Ok(Shard { nth, of: counted(count, "Slurm")? });
    }
    let message = "error: --shard auto finds no array of jobs: none of SLURM_ARRAY_TASK_ID, \
                   AWS_BATCH_JOB_ARRAY_INDEX and HQ_TASK_ID is set\nhint: write --shard 2/8";
    Err(failed(Exit::Usage, message))
}

/// The name of a part's folder.
pub fn folder_name(stem: &str, shard: Shard) -> String {
    match shard {
        Shard::WHOLE => format!("{stem}.sweep"),
        Shard { nth, of } => format!("{stem}.sweep-{nth}-of-{of}"),
    }
}

/// Writes a part: what it is, and its runs.
pub fn write(folder: &Folder, sweep: &Sweep, shard: Shard, points: &[PointRuns]) -> io::Result<()> {
    let head = Head { shard, sweep: sweep.clone() };
    let mut text = serde_json::to_string_pretty(&head)?;
    text.push('\n');
    folder.write(HEAD, text.as_bytes())?;
    let mut lines = BufWriter::new(folder.create(POINTS)?);
    for (point, runs) in points.iter().enumerate().filter(|(_, runs)| !runs.runs.is_empty()) {
        serde_json::to_writer(&mut lines, &Line { point, runs: runs.clone() })?;
        lines.write_all(b"\n")?;
    }
    lines.flush()
}

/// Puts parts together. What is missing, given twice or of another sweep is told of all of them.
pub fn merge(folders: &[PathBuf]) -> Result<(Sweep, Vec<PointRuns>)> {
    let mut wrong = Vec::new();
    let mut heads: Vec<(&PathBuf, Head)> = Vec::new();
    for folder in folders {
        match read_head(folder) {
            Ok(head) => heads.push((folder, head)),
            Err(error) => wrong.push(format!("{}: {error}", folder.display())),
        }
    }
    let Some((first_folder, first)) = heads.first() else {
        return Err(failed(Exit::Usage, format!("error: {}", wrong.join("\n  "))));
    };
    let mut seen: Vec<Option<&PathBuf>> = vec![None; first.shard.of as usize];
    for (folder, head) in &heads {
        let name = folder.display();
        if let Some(what) = different(first, head) {
            let first = first_folder.display();
            wrong.push(format!("{name} is not of the sweep of {first}: {what}"));
            continue;
        }
        let place = &mut seen[head.shard.nth as usize - 1];
        match place {
            Some(other) => {
                let (nth, other) = (head.shard.nth, other.display());
                wrong.push(format!("{name} and {other} are both shard {nth}"));
            }
            None => *place = Some(folder),
        }
    }
    let missing = (1..).zip(&seen).filter(|(_, folder)| folder.is_none());
    let missing: Vec<String> = missing.map(|(nth, _): (u32, _)| nth.to_string()).collect();
    if !missing.is_empty() && wrong.is_empty() {
        wrong.push(format!("shard {} of {} is missing", missing.join(", "), first.shard.of));
    }
    let mut points: Vec<PointRuns> = vec![PointRuns::default(); first.sweep.points.len()];
    if wrong.is_empty() {
        for (folder, head) in &heads {
            if let Err(error) = read_points(folder, head, &mut points) {
                wrong.push(format!("{}: {error}", folder.display()));
            }
        }
    }
    if !wrong.is_empty() {
        let message = format!("error: the shards cannot be merged\n  {}", wrong.join("\n  "));
        return Err(failed(Exit::Usage, message));
    }
    let (_, Head { sweep, .. }) = heads.swap_remove(0);
    Ok((sweep, points))
}

fn read_head(folder: &Path) -> io::Result<Head> {
    let text = std::fs::read_to_string(folder.join(HEAD)).map_err(|error| {
        io::Error::new(error.kind(), format!("it is no shard: {HEAD}: {error}"))
    })?;
    let head: Head = serde_json::from_str(&text)?;
    let Shard { nth, of } = head.shard;
    if nth == 0 || of < nth {
        return Err(io::Error::other(format!("it says that it is shard {nth} of {of}")));
    }
    Ok(head)
}

/// What tells two parts apart that should be of one sweep.
fn different(first: &Head, other: &Head) -> Option<String> {
    let (a, b) = (&first.sweep, &other.sweep);
    if first.shard.of != other.shard.of {
        Some(format!("it is of {} shards and not of {}", other.shard.of, first.shard.of))
    } else if a.version != b.version {
        Some(format!("dwell {} wrote it and not {}", b.version, a.version))
    } else if (&a.file, &a.hash) != (&b.file, &b.hash) {
        Some(format!("its scenario is {} {} and not {} {}", b.file, b.hash, a.file, a.hash))
    } else if (&a.paths, &a.points) != (&b.paths, &b.points) {
        Some("its points differ".to_owned())
    } else if a.metrics != b.metrics || a.pareto != b.pareto {
        Some("its metrics differ".to_owned())
    } else if (a.seed, a.replications) != (b.seed, b.replications) {
        Some("its seed or its number of replications differs".to_owned())
    } else if a != b {
        Some("its policy, its changes or its warm-up differ".to_owned())
    } else {
        None
    }
}

/// Adds the runs of a part, which must be all that are its own and no others.
fn read_points(folder: &Path, head: &Head, points: &mut [PointRuns]) -> io::Result<()> {
    let Head { sweep, shard } = head;
    let damaged = || io::Error::other(format!("{POINTS} does not have the runs of its shard"));
    let mut found = 0;
    for line in BufReader::new(File::open(folder.join(POINTS))?).lines() {
        let Line { point, runs } = serde_json::from_str(&line?)?;
        let all = points.get_mut(point).ok_or_else(damaged)?;
        for run in &runs.runs {
            let nth = point * sweep.replications as usize + run.replication as usize;
            let is_own = run.replication < sweep.replications && shard.has(nth);
            if !is_own || all.has(run.replication) || run.values.len() != sweep.metrics.len() {
                return Err(damaged());
            }
            found += 1;
        }
        all.merge(runs);
    }
    let own = (0..sweep.runs()).filter(|run| shard.has(*run)).count();
    if found == own { Ok(()) } else { Err(damaged()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(of: Option<u32>, variables: &[(&str, &str)]) -> Result<Shard, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        chosen("auto", of, &variable).map_err(|error| error.to_string())
    }

    #[test]
    fn every_engine_says_which_part_it_is() {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "3"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
            ("SLURM_ARRAY_TASK_MIN", "0"),
        ];
        assert_eq!(auto(None, &slurm), Ok(Shard { nth: 4, of: 4 }));
        let stepped = [("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_ARRAY_TASK_STEP", "3")];
        assert_eq!(auto(Some(5), &stepped), Ok(Shard { nth: 3, of: 5 }));
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_SIZE", "2")];
        assert_eq!(auto(None, &batch), Ok(Shard { nth: 1, of: 2 }));
        let both = [("HQ_TASK_ID", "2"), ("SLURM_ARRAY_TASK_ID", "1")];
        assert_eq!(auto(Some(3), &both), Ok(Shard { nth: 2, of: 3 }));
    }

    #[test]
    fn what_no_engine_says_is_asked_for() {
        assert!(auto(None, &[]).unwrap_err().contains("finds no array"));
        assert!(auto(None, &[("HQ_TASK_ID", "2")]).unwrap_err().contains("--shards N"));
        assert!(auto(Some(3), &[("HQ_TASK_ID", "0")]).unwrap_err().contains("count from 1"));
        assert!(auto(Some(3), &[("HQ_TASK_ID", "x")]).unwrap_err().contains("no number"));
        let none = |_: &str| None;
        for wrong in ["0/3", "4/3", "x/3", "3", "1/0"] {
            assert!(chosen(wrong, None, &none).is_err(), "{wrong}");
        }
        assert_eq!(chosen("2/3", None, &none).ok(), Some(Shard { nth: 2, of: 3 }));
    }
}
