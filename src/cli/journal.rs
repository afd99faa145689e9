//! The runs of a sweep that is not finished, so that it can go on: one line a run.
//!
//! The first line says which sweep and which part of it. A line that was not written to its end, as
//! when the machine stopped, is no line.

use crate::study::{
    Sample,
    sweep::{Shard, Sweep},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

#[derive(Serialize, Deserialize)]
struct Head {
    sweep: Sweep,
    shard: Shard,
}

#[derive(Serialize)]
struct LineRef<'a> {
    point: usize,
    sample: &'a Sample,
}

#[derive(Deserialize)]
struct Line {
    point: usize,
    sample: Sample,
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

/// What stands in a journal.
#[derive(Debug)]
pub struct Kept {
    /// The sweep of which it is.
    pub sweep: Sweep,
    /// The part of it.
    pub shard: Shard,
    /// Its runs, each with its point, as they were finished.
    pub runs: Vec<(usize, Sample)>,
    /// Where its last whole line ends.
    end: u64,
}

/// What a journal says; none if there is none, or none that can be read.
pub fn read(path: &Path) -> io::Result<Option<Kept>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut lines = BufReader::new(file);
    let mut line = String::new();
    let mut end = lines.read_line(&mut line)? as u64;
    let Some(Head { sweep, shard }) =
        line.ends_with('\n').then(|| serde_json::from_str(&line).ok()).flatten()
    else {
        return Ok(None);
    };
    let mut runs = Vec::new();
    loop {
        line.clear();
        let length = lines.read_line(&mut line)? as u64;
        match serde_json::from_str::<Line>(&line) {
            Ok(Line { point, sample }) if line.ends_with('\n') => {
                runs.push((point, sample));
                end += length;
            }
            Ok(_) | Err(_) => break,
        }
    }
    Ok(Some(Kept { sweep, shard, runs, end }))
}

impl Journal {
    /// Begins a journal, instead of any that is there.
    pub fn begin(path: &Path, sweep: &Sweep, shard: Shard) -> io::Result<Journal> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create(path)?;
        let head = Head { sweep: sweep.clone(), shard };
        let mut line = serde_json::to_string(&head)?;
        line.push('\n');
        file.write_all(line.as_bytes())?;
        Ok(Journal { path: path.to_owned(), file })
    }

    /// Goes on with one, after its last whole line.
    pub fn go_on(path: &Path, kept: &Kept) -> io::Result<Journal> {
        let mut file = File::options().write(true).open(path)?;
        file.set_len(kept.end)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Journal { path: path.to_owned(), file })
    }

    /// Adds a run.
    pub fn add(&mut self, point: usize, sample: &Sample) -> io::Result<()> {
        let mut line = serde_json::to_string(&LineRef { point, sample })?;
        line.push('\n');
        self.file.write_all(line.as_bytes())
    }

    /// Takes it away: the results are written.
    pub fn finish(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}
