//! Parts of a sweep on several machines: how a part is written, and how all of them are put together.

use super::{RunError, Wrong};
use crate::{
    report::files::Folder,
    scenario::diagnostic::quoted,
    study::sweep::{PointRuns, Shard, Sweep},
};
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
pub fn merge(folders: &[PathBuf]) -> Result<(Sweep, Vec<PointRuns>), RunError> {
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
        let message = format!("the shards cannot be merged\n  {}", wrong.join("\n  "));
        return Err(Wrong { message, hint: None }.into());
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
