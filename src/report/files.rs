//! Files written whole: a folder of results replaces the old one at once, or not at all.
//!
//! A run writes into a folder with a temporary name beside the target. When all of it is on the disk,
//! the two folders change names; until then, whoever looks sees the old results.

use std::{
    ffi::OsStr,
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    rc::Rc,
};

/// By one of these a folder of results is known.
const RESULTS: [&str; 4] = ["summary.json", "compare.json", "sweep.json", "shard.json"];

/// A folder of results that is being written. Dropped before [`Folder::publish`], it leaves nothing.
#[derive(Debug)]
pub struct Folder {
    temporary: PathBuf,
    target: PathBuf,
    disk: Disk,
}

/// A file of a folder while it is written.
#[derive(Debug)]
pub struct Writing {
    file: File,
    disk: Disk,
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.step()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What is asked before each step of writing a folder, and can refuse it as a full disk does.
#[derive(Clone, Default)]
pub struct Disk(Option<Rc<dyn Fn() -> io::Result<()>>>);

impl Disk {
    /// One that asks before each step.
    pub fn asking(step: impl Fn() -> io::Result<()> + 'static) -> Disk {
        Disk(Some(Rc::new(step)))
    }

    fn step(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |step| step())
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disk")
    }
}

impl Folder {
    /// Begins `parent/name`. Fails here, before anything is simulated, if it could not be written, or if
    /// something has that name that is no folder of results: it would be lost.
    pub fn begin(parent: &Path, name: &OsStr) -> io::Result<Folder> {
        Folder::begin_on(Disk::default(), parent, name)
    }

    /// [`Folder::begin`] on a disk that may refuse.
    pub fn begin_on(disk: Disk, parent: &Path, name: &OsStr) -> io::Result<Folder> {
        disk.step()?;
        let target = parent.join(name);
        put_back(&target)?;
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
        Ok(Folder { temporary, target, disk })
    }

    /// A new file of the folder, to be written.
    pub fn create(&self, name: &str) -> io::Result<Writing> {
        self.disk.step()?;
        let file = File::options().write(true).create_new(true).open(self.temporary.join(name))?;
        Ok(Writing { file, disk: self.disk.clone() })
    }

    /// Writes a whole file of the folder.
    pub fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut file = self.create(name)?;
        file.write_all(content)
    }

    /// Publishes beside the old results, which it leaves alone: these are partial.
    pub fn mark_partial(&mut self) {
        let mut name = self.target.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        self.target.set_file_name(name);
    }

    /// Puts everything on the disk and takes the place of the old results. Returns where they are.
    pub fn publish(self) -> io::Result<PathBuf> {
        for entry in fs::read_dir(&self.temporary)? {
            self.disk.step()?;
            File::open(entry?.path())?.sync_all()?;
        }
        sync_folder(&self.temporary)?;
        refuse_foreign(&self.target)?;
        self.disk.step()?;
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
    match &written {
        Ok(()) => sync_folder(match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            Some(_) | None => Path::new("."),
        })?,
        // Why it was not written is told, not that something is left of it too.
        Err(_) if temporary.exists() => drop(fs::remove_file(&temporary)),
        Err(_) => (),
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

/// What old results are called while new ones take their place in two steps.
fn aside(results: &Path) -> PathBuf {
    let mut aside = results.as_os_str().to_owned();
    aside.push(".old");
    aside.into()
}

fn step_aside(new: &Path, old: &Path) -> io::Result<()> {
    let aside = aside(old);
    if aside.exists() {
        refuse_foreign(&aside)?;
        fs::remove_dir_all(&aside)?;
    }
    fs::rename(old, &aside)?;
    fs::rename(new, old).inspect_err(|_| drop(fs::rename(&aside, old)))?;
    fs::remove_dir_all(aside)
}

/// Puts old results back that were left aside by a process that ended between the two steps.
fn put_back(target: &Path) -> io::Result<()> {
    let aside = aside(target);
    match !target.exists() && RESULTS.iter().any(|name| aside.join(name).is_file()) {
        true => fs::rename(aside, target),
        false => Ok(()),
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
