//! CSV files beside the scenario: found safely, read once.
//!
//! A path is relative to the scenario and stays in its folder tree, whatever links there are; the file
//! is a regular one and not too large. Nothing that a file contains is ever shown: a scenario that
//! somebody sent could name a file of yours.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Component, Path, PathBuf},
    rc::Rc,
};

use super::{
    decode::Body,
    diagnostic::{Diagnostic, quoted},
    node::Node,
    units,
};
use crate::kernel::{Time, child_key, name_key};

/// The largest CSV file.
pub const CSV_BYTES_MAX: u64 = 64 << 20;
/// All of a scenario together.
const ALL_BYTES_MAX: u64 = 128 << 20;
/// The most rows of one.
pub const ROWS_MAX: usize = 2_000_000;
/// A time may be earlier than those of so many rows before it.
const LOOK_BACK_ROWS: usize = 1_000;

/// The CSV files of a scenario.
#[derive(Debug, Default)]
pub struct Files {
    /// The scenario's folder; none if it has none.
    folder: Option<PathBuf>,
    bytes: Known<String, [u8]>,
    traces: Known<Asked, Trace>,
    columns: Known<(String, String), [f64]>,
}

/// What has been read, or why it could not be.
type Known<K, V> = RefCell<BTreeMap<K, Result<Rc<V>, Wrong>>>;

/// What arrivals ask of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// Its path.
    pub path: String,
    /// The column with the times.
    pub time_column: String,
    /// The column with the counts.
    pub count_column: Option<String>,
    /// The unit of the times.
    pub unit: Option<&'static str>,
}

/// Arrivals as a file has them.
#[derive(Debug, PartialEq)]
pub struct Trace {
    /// For each row nanoseconds after the earliest, and how many arrive; in the order of time.
    pub rows: Vec<(u64, u64)>,
    /// The other columns.
    pub columns: Vec<TextColumn>,
}

/// A column of words.
#[derive(Debug, PartialEq)]
pub struct TextColumn {
    /// Its name.
    pub name: String,
    /// Its different words.
    pub words: Vec<String>,
    /// For each row the place of its word.
    pub rows: Vec<u32>,
}

/// Why a file cannot be used, and which key is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    about: About,
    message: String,
    label: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Path,
    Column,
    CountColumn,
    Unit,
}

impl Wrong {
    fn path(message: impl Into<String>, label: &'static str) -> Wrong {
        Wrong { about: About::Path, message: message.into(), label }
    }

    /// Reports it at the key of `body` that is to blame; `path` and `column` are what its keys are called.
    pub fn say(&self, body: &Body<'_>, path: &str, column: &str) {
        let key = match self.about {
            About::Path => path,
            About::Column => column,
            About::CountColumn => "count_column",
            About::Unit => "unit",
        };
        let mistake = Diagnostic::error(self.message.clone()).at(body.place_of(key));
        body.wrong(key, mistake.label(self.label));
    }
}

impl Files {
    /// The files beside a scenario in `folder`; none: there are none.
    pub fn beside(folder: Option<PathBuf>) -> Files {
        Files { folder, ..Files::default() }
    }

    /// A file that is not on a disk.
    #[cfg(test)]
    pub fn put(&self, path: &str, text: &str) {
        self.bytes.borrow_mut().insert(path.to_string(), Ok(text.as_bytes().into()));
    }

    fn bytes(&self, path: &str) -> Result<Rc<[u8]>, Wrong> {
        if let Some(known) = self.bytes.borrow().get(path) {
            return known.clone();
        }
        let read: u64 =
            self.bytes.borrow().values().flatten().map(|bytes| bytes.len() as u64).sum();
        let found = read_beside(self.folder.as_deref(), path, ALL_BYTES_MAX - read);
        self.bytes.borrow_mut().insert(path.to_string(), found.clone());
        found
    }

    /// 16 hexadecimal digits that stand for the files that were read, with their names and whatever
    /// their line ends; none if none was read.
    pub fn hash(&self) -> Option<String> {
        let files = self.bytes.borrow();
        let read = files.iter().filter_map(|(path, bytes)| Some((path, bytes.as_ref().ok()?)));
        let key = read.fold(None, |key, (path, bytes)| {
            let text = String::from_utf8_lossy(bytes).replace('\r', "");
            Some(child_key(key.unwrap_or(0), name_key(path), name_key(&text)))
        });
        key.map(|key| format!("{key:016x}"))
    }

    /// The numbers of a column.
    pub fn column(&self, path: &str, column: &str) -> Result<Rc<[f64]>, Wrong> {
        let key = (path.to_string(), column.to_string());
        if let Some(known) = self.columns.borrow().get(&key) {
            return known.clone();
        }
        let found = self.bytes(path).and_then(|bytes| numbers(&bytes, path, column));
        self.columns.borrow_mut().insert(key, found.clone());
        found
    }

    /// The arrivals of a file.
    pub fn trace(&self, asked: &Asked) -> Result<Rc<Trace>, Wrong> {
        if let Some(known) = self.traces.borrow().get(asked) {
            return known.clone();
        }
        let found = self.bytes(&asked.path).and_then(|bytes| trace(&bytes, asked)).map(Rc::new);
        self.traces.borrow_mut().insert(asked.clone(), found.clone());
        found
    }
}

fn read_beside(folder: Option<&Path>, path: &str, left: u64) -> Result<Rc<[u8]>, Wrong> {
    const ALLOWED: &str = "a file in the scenario's folder or below, by its relative path";
    let outside = || Wrong::path(format!("{} leaves the scenario's folder", quoted(path)), ALLOWED);
    let missing = || Wrong::path(format!("{} cannot be read", quoted(path)), ALLOWED);
    if path.is_empty() || path.contains('\0') {
        return Err(missing());
    }
    if Path::new(path).is_absolute() || climbs_out(path) {
        return Err(outside());
    }
    let folder = folder.ok_or_else(missing)?;
    let folder = folder.canonicalize().map_err(|_| missing())?;
    let file = folder.join(path).canonicalize().map_err(|_| missing())?;
    // A link may lead out although the path does not.
    if !file.starts_with(&folder) {
        return Err(outside());
    }
    let data = file.metadata().map_err(|_| missing())?;
    if !data.is_file() {
        return Err(Wrong::path(format!("{} is no regular file", quoted(path)), ALLOWED));
    }
    let most = CSV_BYTES_MAX.min(left);
    let too_large = || {
        let message = format!("{} has more than {} MiB", quoted(path), most >> 20);
        Wrong::path(message, "a smaller file: 64 MiB each, 128 MiB together")
    };
    if data.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let file = File::open(file).map_err(|_| missing())?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|_| missing())?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes.into()) }
}

/// Whether a relative path has more steps up than down before it, anywhere on its way.
fn climbs_out(path: &str) -> bool {
    let mut depth = 0;
    Path::new(path).components().any(|part| {
        match part {
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::CurDir | Component::RootDir | Component::Prefix(_) => (),
        }
        depth < 0
    })
}

/// A CSV file with a header, open at its first row.
struct Rows<'b> {
    path: String,
    reader: csv::Reader<&'b [u8]>,
    header: csv::StringRecord,
    record: csv::StringRecord,
    count: usize,
}

impl<'b> Rows<'b> {
    fn open(bytes: &'b [u8], path: &str) -> Result<Rows<'b>, Wrong> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let header = reader.headers().cloned();
        let path = quoted(path);
        let header = header
            .map_err(|_| Wrong::path(format!("{path} is no CSV file"), "UTF-8, with a header"))?;
        Ok(Rows { path, reader, header, record: csv::StringRecord::new(), count: 0 })
    }

    fn place(&self, column: &str, about: About) -> Result<usize, Wrong> {
        self.header.iter().position(|name| name == column).ok_or_else(|| Wrong {
            about,
            message: format!("{} has no column {}", self.path, quoted(column)),
            label: "the name of a column, as the file's first line has it",
        })
    }

    /// Goes to the next row; `false` after the last.
    fn next(&mut self) -> Result<bool, Wrong> {
        match self.reader.read_record(&mut self.record) {
            Ok(false) => Ok(false),
            Ok(true) => {
                self.count += 1;
                if self.count > ROWS_MAX {
                    let message = format!("{} has more than {ROWS_MAX} rows", self.path);
                    return Err(Wrong::path(message, "a shorter file"));
                }
                Ok(true)
            }
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                let message = format!("line {line} of {} is no row of its table", self.path);
                Err(Wrong::path(message, "UTF-8, each row with as many columns as the first line"))
            }
        }
    }

    fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }
}

fn numbers(bytes: &[u8], path: &str, column: &str) -> Result<Rc<[f64]>, Wrong> {
    let mut rows = Rows::open(bytes, path)?;
    let at = rows.place(column, About::Column)?;
    let mut values = Vec::new();
    while rows.next()? {
        match rows.record.get(at).unwrap_or_default().parse::<f64>() {
            Ok(value) if value.is_finite() && 0.0 <= value => values.push(value),
            _ => {
                return Err(Wrong {
                    about: About::Column,
                    message: format!(
                        "line {} of {} has no number of 0 or more in this column",
                        rows.line(),
                        rows.path
                    ),
                    label: "a column of numbers",
                });
            }
        }
    }
    Ok(values.into())
}

fn trace(bytes: &[u8], asked: &Asked) -> Result<Trace, Wrong> {
    let mut rows = Rows::open(bytes, &asked.path)?;
    let time_at = rows.place(&asked.time_column, About::Column)?;
    let count_at = match &asked.count_column {
        Some(column) => Some(rows.place(column, About::CountColumn)?),
        None => None,
    };
    let mut others: Vec<(usize, TextColumn, BTreeMap<String, u32>)> = Vec::new();
    for (at, name) in rows.header.iter().enumerate() {
        if at != time_at && Some(at) != count_at {
            let column = TextColumn { name: name.to_string(), words: Vec::new(), rows: Vec::new() };
            others.push((at, column, BTreeMap::new()));
        }
    }
    let mut found: Vec<(i128, u64)> = Vec::new();
    // The latest time of the rows that are beyond the look-back.
    let mut settled = i128::MIN;
    while rows.next()? {
        let time = rows.record.get(time_at).unwrap_or_default();
        let nanos = nanos_of(time, asked.unit).ok_or_else(|| Wrong {
            about: if asked.unit.is_some() { About::Column } else { About::Unit },
            message: format!("line {} of {} has no time in this column", rows.line(), rows.path),
            label: match asked.unit {
                Some(_) => "numbers in the unit that is given",
                None => "ISO times such as 2026-11-23T09:00:00Z, or numbers with `unit`",
            },
        })?;
        let count = match count_at {
            None => 1,
            Some(at) => {
                let count = rows.record.get(at).unwrap_or_default().parse::<u64>();
                count.map_err(|_| Wrong {
                    about: About::CountColumn,
                    message: format!(
                        "line {} of {} has no whole number in this column",
                        rows.line(),
                        rows.path
                    ),
                    label: "how many arrive in the period",
                })?
            }
        };
        if found.len() > LOOK_BACK_ROWS {
            settled = settled.max(found[found.len() - 1 - LOOK_BACK_ROWS].0);
        }
        if nanos < settled {
            return Err(Wrong {
                about: About::Column,
                message: format!(
                    "line {} of {} is earlier than a line more than {LOOK_BACK_ROWS} rows before",
                    rows.line(),
                    rows.path
                ),
                label: "times in order, but for steps back within 1000 rows: sort the file",
            });
        }
        found.push((nanos, count));
        for (at, column, places) in &mut others {
            let word = rows.record.get(*at).unwrap_or_default();
            let place = match places.get(word) {
                Some(place) => *place,
                None => {
                    let place = u32::try_from(column.words.len()).expect("fewer than rows");
                    column.words.push(word.to_string());
                    places.insert(word.to_string(), place);
                    place
                }
            };
            column.rows.push(place);
        }
    }
    let Some(first) = found.iter().map(|(time, _)| *time).min() else {
        return Err(Wrong::path(format!("{} has no rows", rows.path), "a header and rows"));
    };
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|at| found[*at].0);
    let mut sorted = Vec::with_capacity(found.len());
    for at in &order {
        let (time, count) = found[*at];
        let after = u64::try_from(time - first).ok();
        let after = after.filter(|nanos| Time::from_nanos(*nanos) <= Time::LAST);
        sorted.push((
            after.ok_or_else(|| {
                Wrong::path(format!("{} spans more than 70 years", rows.path), "a shorter trace")
            })?,
            count,
        ));
    }
    let columns = others
        .into_iter()
        .map(|(_, column, _)| TextColumn {
            rows: order.iter().map(|at| column.rows[*at]).collect(),
            ..column
        })
        .collect();
    Ok(Trace { rows: sorted, columns })
}

/// A time of a CSV file, in nanoseconds since 1970 or since whatever its numbers count from.
fn nanos_of(written: &str, unit: Option<&str>) -> Option<i128> {
    let Some(unit) = unit else {
        if let Ok(stamp) = written.parse::<jiff::Timestamp>() {
            return Some(stamp.as_nanosecond());
        }
        // Without a zone it is UTC, as everything here.
        let civil = written.parse::<jiff::civil::DateTime>().ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        return Some(zoned.timestamp().as_nanosecond());
    };
    let place = super::diagnostic::Place::new(super::diagnostic::Origin::File, 0..0);
    if let Ok(span) = units::time(&Node::text(format!("{written}{unit}"), place)) {
        return Some(i128::from(span.as_nanos()));
    }
    // More decimals than nanoseconds, or an exponent: what a program wrote that computes in floats.
    let scale = units::time(&Node::text(format!("1{unit}"), place)).ok()?.as_nanos() as f64;
    let nanos = libm::round(written.parse::<f64>().ok()? * scale);
    #[expect(clippy::cast_possible_truncation, reason = "checked: below 2^63")]
    (0.0..9e18).contains(&nanos).then_some(nanos as i128)
}
