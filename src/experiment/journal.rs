//! The runs of a sweep that is not finished, so that it can go on: one line a run.
//!
//! The first line says which sweep and which part of it. A line that was not written to its end, as
//! when the machine stopped, is no line. A journal is locked by the process that writes it, so no two
//! play one part into one folder.

use super::shards::{Head, Line};
use crate::study::{Sample, sweep::PointRuns};
use std::{
    fs::{self, File, TryLockError},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// A journal that belongs to this process.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

/// What an earlier process has left.
#[derive(Debug)]
pub struct Kept {
    /// Which part of which sweep it is.
    pub head: Head,
    /// The runs of every point.
    pub points: Vec<PointRuns>,
    /// Where its last whole line ends.
    end: u64,
}

impl Journal {
    /// Opens the journal at `path`, or makes an empty one. Fails if another process writes it.
    pub fn open(path: &Path) -> io::Result<Journal> {
        let file =
            File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let message = "another process is playing it into the same folder";
                Err(io::Error::new(io::ErrorKind::ResourceBusy, message))
            }
            // There are file systems without locks: that is no reason not to play.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Journal { path: path.to_owned(), file }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says; none if it does not even say what it is of.
    pub fn read(&self) -> io::Result<Option<Kept>> {
        let mut lines = BufReader::new(&self.file);
        lines.rewind()?;
        let mut line = Vec::new();
        let mut end = lines.read_until(b'\n', &mut line)? as u64;
        if !line.ends_with(b"\n") {
            return Ok(None);
        }
        let head = Head::read(&line)?;
        let mut points = vec![PointRuns::default(); head.sweep.points.len()];
        loop {
            line.clear();
            let length = lines.read_until(b'\n', &mut line)? as u64;
            let read = line.strip_suffix(b"\n").map(serde_json::from_slice);
            let Some(Ok(Line { point, runs })) = read else { break };
            if !head.sweep.add(head.shard, &mut points, point, runs) {
                break;
            }
            end += length;
        }
        Ok(Some(Kept { head, points, end }))
    }

    /// Begins it anew.
    pub fn begin(&mut self, head: &Head) -> io::Result<()> {
        self.cut(0)?;
        self.write(serde_json::to_string(head)?)
    }

    /// Goes on with it, after its last whole line.
    pub fn go_on(&mut self, kept: &Kept) -> io::Result<()> {
        self.cut(kept.end)
    }

    /// Adds a run.
    pub fn add(&mut self, point: usize, sample: &Sample) -> io::Result<()> {
        let runs = PointRuns::of(sample.clone());
        self.write(serde_json::to_string(&Line { point, runs })?)
    }

    /// Takes it away: the results are written.
    pub fn finish(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        self.file.set_len(end)?;
        self.file.seek(SeekFrom::Start(end)).map(drop)
    }

    fn write(&mut self, mut line: String) -> io::Result<()> {
        line.push('\n');
        self.file.write_all(line.as_bytes())
    }
}
