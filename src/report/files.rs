//! Files written whole: a folder of results replaces the old one at once, or not at all.
//!
//! A run writes into a folder with a temporary name beside the target. When all of it is on the disk,
//! the two folders change names; until then, whoever looks sees the old results.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// By one of these a folder of results is known.
const RESULTS: [&str; 4] = ["summary.json", "compare.json", "sweep.json", "shard.json"];

/// A folder of results that is being written. Dropped before [`Folder::publish`], it leaves nothing.
#[derive(Debug)]
pub struct Folder {
    temporary: PathBuf,
    target: PathBuf,
}

impl Folder {
    /// Begins `parent/name`. Fails here, before anything is simulated, if it could not be written, or if
    /// something has that name that is no folder of results: it would be lost.
    pub fn begin(parent: &Path, name: &OsStr) -> io::Result<Folder> {
        let target = parent.join(name);
        refuse_foreign(&target)?;
        fs::create_dir_all(parent)?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".tmp-{}", std::process::id()));
        let temporary = parent.join(hidden);
        if temporary.exists() {
            fs::remove_dir_all(&temporary)?;
        }
        fs::create_dir(&temporary)?;
        Ok(Folder { temporary, target })
    }

    /// A new file of the folder, to be written.
    pub fn create(&self, name: &str) -> io::Result<File> {
        File::options().write(true).create_new(true).open(self.temporary.join(name))
    }

    /// Writes a whole file of the folder.
    pub fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut file = self.create(name)?;
        io::Write::write_all(&mut file, content)
    }

    /// Publishes under another name: partial results leave the old ones alone.
    pub fn rename(&mut self, name: &OsStr) {
        self.target.set_file_name(name);
    }

    /// Puts everything on the disk and takes the place of the old results. Returns where they are.
    pub fn publish(self) -> io::Result<PathBuf> {
        for entry in fs::read_dir(&self.temporary)? {
            File::open(entry?.path())?.sync_all()?;
        }
        sync_folder(&self.temporary)?;
        refuse_foreign(&self.target)?;
        replace(&self.temporary, &self.target)?;
        if let Some(parent) = self.target.parent() {
            sync_folder(parent)?;
        }
        Ok(self.target.clone())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // After an exchange the temporary name holds the old results; before it, the unfinished new ones.
        if self.temporary.exists() && fs::remove_dir_all(&self.temporary).is_err() {
            eprintln!("note: could not remove {}", self.temporary.display());
        }
    }
}

/// Writes a file at once: until it is whole, whoever looks sees the old one.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".tmp-{}", std::process::id()));
    let temporary = path.with_file_name(hidden);
    let written = fs::write(&temporary, content).and_then(|()| {
        File::open(&temporary)?.sync_all()?;
        fs::rename(&temporary, path)
    });
    if written.is_err() && temporary.exists() {
        fs::remove_file(&temporary)?;
    }
    written
}

/// Only results are replaced: `-o .` must not cost anybody the folder that has a scenario's name.
fn refuse_foreign(target: &Path) -> io::Result<()> {
    let is_new = !target.exists();
    let has_results = RESULTS.iter().any(|name| target.join(name).is_file());
    if is_new || has_results || fs::read_dir(target)?.next().is_none() {
        return Ok(());
    }
    let message = "it exists and holds no results of dwell; choose another folder with -o";
    Err(io::Error::new(io::ErrorKind::AlreadyExists, message))
}

/// Lets `new` take the place of `old`, which then has the name of `new` if it was there.
fn replace(new: &Path, old: &Path) -> io::Result<()> {
    if !old.exists() {
        return fs::rename(new, old);
    }
    exchange(new, old)
}

#[cfg(target_os = "linux")]
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Not every file system can exchange; then the old results step aside first.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => step_aside(new, old),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    step_aside(new, old)
}

fn step_aside(new: &Path, old: &Path) -> io::Result<()> {
    let mut aside = old.as_os_str().to_owned();
    aside.push(".old");
    fs::rename(old, &aside)?;
    fs::rename(new, old)?;
    fs::remove_dir_all(aside)
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
