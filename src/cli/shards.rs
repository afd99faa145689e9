//! Parts of a sweep on several machines: which part a process is, how a part is written, and how
//! all of them are put together.

use super::exit::{Exit, failed};
use crate::{
    report::files::Folder,
    scenario::diagnostic::quoted,
    study::sweep::{PointRuns, Shard, Sweep},
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

/// Says what a part is, in its folder.
const HEAD: &str = "shard.json";
/// The runs of a part, one line a point.
const POINTS: &str = "points.jsonl";
/// So many missing parts are told by their numbers.
const MISSING_SHOWN: usize = 20;

/// Which part of which sweep.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The part.
    pub shard: Shard,
    /// The sweep.
    pub sweep: Sweep,
}

/// Runs of a point, as a line has them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line {
    /// Which point.
    pub point: usize,
    /// Its runs.
    #[serde(flatten)]
    pub runs: PointRuns,
}

/// Which part `--shard` means: `2/8`, or `auto` by the variables of an engine that runs arrays of
/// jobs. `of` is what `--shards` says.
pub fn chosen(
    text: &str,
    of: Option<u32>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Shard> {
    let usage = |message: String| failed(Exit::Usage, message);
    let shard = match text {
        "auto" => of_engine(of, variable)?,
        _ if of.is_some() => {
            let message = format!("error: --shards is for `auto`, and --shard is {}", quoted(text));
            return Err(usage(format!("{message}\nhint: write --shard 2/8, or --shard auto")));
        }
        _ => {
            let parts = text.split_once('/');
            let read = parts.and_then(|(n, of)| Some((n.parse().ok()?, of.parse().ok()?)));
            let Some((nth, of)) = read else {
                let message = format!("error: {} is no shard", quoted(text));
                return Err(usage(format!("{message}\nhint: write 2/8, or auto")));
            };
            Shard { nth, of }
        }
    };
    if shard.nth == 0 || shard.of < shard.nth {
        let Shard { nth, of } = shard;
        let message = format!("error: there is no shard {nth} of {of}\nhint: they count from 1");
        return Err(usage(message));
    }
    Ok(shard)
}

/// The part that an engine's variables name. The engine that is the nearest to the process is asked
/// first: HyperQueue's workers can be Slurm jobs themselves.
fn of_engine(of: Option<u32>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard> {
    let number = |name: &str| -> Result<Option<u32>> {
        let Some(text) = variable(name) else { return Ok(None) };
        let wrong =
            |_| failed(Exit::Usage, format!("error: {name} is {}, no number", quoted(&text)));
        text.parse().map(Some).map_err(wrong)
    };
    let untold = |engine: &str| {
        let message = format!("error: {engine} does not say how many shards there are");
        failed(Exit::Usage, format!("{message}\nhint: add --shards N"))
    };
    if let Some(id) = number("HQ_TASK_ID")? {
        return Ok(Shard { nth: id, of: of.ok_or_else(|| untold("HyperQueue"))? });
    }
    if let Some(index) = number("AWS_BATCH_JOB_ARRAY_INDEX")? {
        let of = of.or(number("AWS_BATCH_JOB_ARRAY_SIZE")?);
        let of = of.ok_or_else(|| untold("AWS Batch"))?;
        return Ok(Shard { nth: index.saturating_add(1), of });
    }
    if let Some(id) = number("SLURM_ARRAY_TASK_ID")? {
        // A task that failed is submitted again alone, as `--array=5`: by its place it would be
        // another shard. So who says how many there are has tasks that are called like the shards.
        if let Some(of) = of {
            return Ok(Shard { nth: id, of });
        }
        let count = number("SLURM_ARRAY_TASK_COUNT")?.ok_or_else(|| untold("Slurm"))?;
        let first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(1);
        let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
        let place = |id: u32| (id.saturating_sub(first) / step).saturating_add(1);
        let last = number("SLURM_ARRAY_TASK_MAX")?;
        if last.is_some_and(|last| place(last) != count) {
            let message = "error: the tasks of the Slurm array are not evenly apart, so their shards \
                           are unknown\nhint: add --shards N; then task 2 is shard 2 of N";
            return Err(failed(Exit::Usage, message));
        }
        return Ok(Shard { nth: place(id), of: count });
    }
    let message = "error: --shard auto finds no array of jobs: none of SLURM_ARRAY_TASK_ID, \
                   AWS_BATCH_JOB_ARRAY_INDEX and HQ_TASK_ID is set\nhint: write --shard 2/8";
    Err(failed(Exit::Usage, message))
}

/// The name of the folder of a part, or of the whole.
pub fn folder_name(stem: &str, part: Option<Shard>) -> String {
    match part {
        None => format!("{stem}.sweep"),
        Some(Shard { nth, of }) => format!("{stem}.sweep-{nth}-of-{of}"),
    }
}

/// Writes a part: what it is, and its runs.
pub fn write(folder: &Folder, head: &Head, points: Vec<PointRuns>) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(head)?;
    text.push('\n');
    folder.write(HEAD, text.as_bytes())?;
    let mut lines = BufWriter::new(folder.create(POINTS)?);
    for (point, runs) in points.into_iter().enumerate().filter(|(_, runs)| !runs.runs.is_empty()) {
        serde_json::to_writer(&mut lines, &Line { point, runs })?;
        lines.write_all(b"\n")?;
    }
    lines.flush()
}

/// Puts parts together. What is given twice, of another sweep or damaged is told of all of them.
pub fn merge(folders: &[PathBuf]) -> Result<(Sweep, Vec<PointRuns>)> {
    let mut wrong = Vec::new();
    let mut heads: Vec<(&PathBuf, Head)> = Vec::new();
    for folder in folders {
        match read_head(folder) {
            Ok(head) => heads.push((folder, head)),
            Err(error) => wrong.push(format!("{}: {error}", folder.display())),
        }
    }
    let mut points = Vec::new();
    if let Some((first_folder, first)) = heads.first() {
        let mut seen: BTreeMap<u32, &Path> = BTreeMap::new();
        for (folder, head) in &heads {
            let name = folder.display();
            if let Some(what) = different(first, head) {
                let first = first_folder.display();
                wrong.push(format!("{name} is not of the sweep of {first}: {what}"));
            } else if let Some(other) = seen.insert(head.shard.nth, folder) {
                let (nth, other) = (head.shard.nth, other.display());
                wrong.push(format!("{other} and {name} are both shard {nth}"));
            }
        }
        if wrong.is_empty() {
            wrong.extend(missing(&seen, first.shard.of));
        }
        points.resize_with(first.sweep.points.len(), PointRuns::default);
    }
    if wrong.is_empty() {
        for (folder, head) in &heads {
            if let Err(error) = read_points(folder, head, &mut points) {
                wrong.push(format!("{}: {POINTS}: {error}", folder.display()));
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

/// Which parts are not there, if any.
fn missing(seen: &BTreeMap<u32, &Path>, of: u32) -> Option<String> {
    let count = of as usize - seen.len();
    let missing = (1..=of).filter(|nth| !seen.contains_key(nth)).take(MISSING_SHOWN);
    let numbers: Vec<String> = missing.map(|nth| nth.to_string()).collect();
    let numbers = numbers.join(", ");
    match (count, count.checked_sub(MISSING_SHOWN)) {
        (0, _) => None,
        (1, _) => Some(format!("shard {numbers} of {of} is missing")),
        (_, None | Some(0)) => Some(format!("shards {numbers} of {of} are missing")),
        (_, Some(more)) => Some(format!("shards {numbers} and {more} more of {of} are missing")),
    }
}

impl Head {
    /// Reads it, if this version wrote it: another may play or write otherwise.
    pub fn read(text: &[u8]) -> io::Result<Head> {
        let read = serde_json::from_slice::<Head>(text);
        let version = match &read {
            Ok(head) => Some(head.sweep.version.clone()),
            Err(_) => serde_json::from_slice::<Value>(text).ok().and_then(|other| {
                let version = other.get("sweep")?.get("version")?.as_str()?;
                Some(version.to_owned())
            }),
        };
        let own = env!("CARGO_PKG_VERSION");
        if let Some(other) = version.filter(|version| version != own) {
            let message =
                format!("version {} of dwell wrote it, and this is {own}", quoted(&other));
            return Err(io::Error::other(message));
        }
        let head = read?;
        let (Shard { nth, of }, stem) = (head.shard, OsStr::new(&head.sweep.stem));
        // The results are written into a folder with the name of the stem, and nowhere else.
        let is_name = Path::new(stem).file_name() == Some(stem);
        if nth == 0 || of < nth || !is_name || !head.sweep.is_sound() {
            return Err(io::Error::other("it is damaged"));
        }
        Ok(head)
    }
}

fn read_head(folder: &Path) -> io::Result<Head> {
    let text = fs::read(folder.join(HEAD)).map_err(|error| {
        io::Error::new(error.kind(), format!("it is no shard: {HEAD}: {error}"))
    })?;
    Head::read(&text).map_err(|error| io::Error::new(error.kind(), format!("{HEAD}: {error}")))
}

/// What tells two parts apart that should be of one sweep.
pub fn different(first: &Head, other: &Head) -> Option<String> {
    let (a, b) = (&first.sweep, &other.sweep);
    let scenario = |sweep: &Sweep| format!("{} {}", quoted(&sweep.file), quoted(&sweep.hash));
    if first.shard.of != other.shard.of {
        Some(format!("it is of {} shards and not of {}", other.shard.of, first.shard.of))
    } else if (&a.file, &a.hash) != (&b.file, &b.hash) {
        Some(format!("its scenario is {} and not {}", scenario(b), scenario(a)))
    } else if a.data != b.data {
        Some("the data that it reads differ".to_owned())
    } else if (&a.paths, &a.points) != (&b.paths, &b.points) {
        Some("its points differ".to_owned())
    } else if a.metrics != b.metrics || a.pareto != b.pareto {
        Some("its metrics differ".to_owned())
    } else if a.seed != b.seed {
        Some(format!("its seed is {} and not {}", b.seed, a.seed))
    } else if a.replications != b.replications {
        Some(format!("it has {} replications and not {}", b.replications, a.replications))
    } else if a != b {
        Some("its policy, its changes or its warm-up differ".to_owned())
    } else {
        None
    }
}

/// Adds the runs of a part, which must be all that are its own and no others.
fn read_points(folder: &Path, head: &Head, points: &mut [PointRuns]) -> io::Result<()> {
    let Head { sweep, shard } = head;
    let mut found = 0;
    for (nth, line) in (1..).zip(BufReader::new(File::open(folder.join(POINTS))?).split(b'\n')) {
        let wrong = |what: String| io::Error::other(format!("line {nth}: {what}"));
        let read = serde_json::from_slice(&line?);
        let Line { point, runs } = read.map_err(|error| wrong(error.to_string()))?;
        found += runs.runs.len();
        if !sweep.add(*shard, points, point, runs) {
            return Err(wrong("these are no runs of its shard".to_owned()));
        }
    }
    let own = shard.runs(sweep.runs()).len();
    match found == own {
        true => Ok(()),
        false => Err(io::Error::other(format!("it has {found} of the {own} runs of its shard"))),
    }
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
        let stepped = [
            ("SLURM_ARRAY_TASK_ID", "7"),
            ("SLURM_ARRAY_TASK_COUNT", "3"),
            ("SLURM_ARRAY_TASK_MAX", "7"),
            ("SLURM_ARRAY_TASK_STEP", "3"),
        ];
        assert_eq!(auto(None, &stepped), Ok(Shard { nth: 3, of: 3 }));
        // Task 5 of eight, submitted again alone.
        let again = [
            ("SLURM_ARRAY_TASK_ID", "5"),
            ("SLURM_ARRAY_TASK_COUNT", "1"),
            ("SLURM_ARRAY_TASK_MIN", "5"),
        ];
        assert_eq!(auto(Some(8), &again), Ok(Shard { nth: 5, of: 8 }));
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
        let uneven = [
            ("SLURM_ARRAY_TASK_ID", "1"),
            ("SLURM_ARRAY_TASK_COUNT", "3"),
            ("SLURM_ARRAY_TASK_MAX", "7"),
        ];
        assert!(auto(None, &uneven).unwrap_err().contains("not evenly apart"));
        let none = |_: &str| None;
        for wrong in ["0/3", "4/3", "x/3", "3", "1/0"] {
            assert!(chosen(wrong, None, &none).is_err(), "{wrong}");
        }
        assert_eq!(chosen("2/3", None, &none).ok(), Some(Shard { nth: 2, of: 3 }));
        assert!(chosen("2/3", Some(3), &none).is_err());
    }

    #[test]
    fn what_is_missing_is_told_in_a_line() {
        let seen = |of: &[u32]| of.iter().map(|nth| (*nth, Path::new("x"))).collect();
        assert_eq!(missing(&seen(&[1, 2]), 2), None);
        assert_eq!(missing(&seen(&[1, 3]), 3).unwrap(), "shard 2 of 3 is missing");
        assert_eq!(missing(&seen(&[2]), 3).unwrap(), "shards 1, 3 of 3 are missing");
        let many = missing(&seen(&[1]), u32::MAX).unwrap();
        assert!(many.contains("20, 21 and 4294967274 more of 4294967295"), "{many}");
    }
}
