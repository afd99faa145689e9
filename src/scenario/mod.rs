//! From a file of YAML to what the model runs: the input edge.
//!
//! ```text
//!  file ─► node ─► path (--set, policy) ─► decode ─► model::config::Config
//!                                            ▲
//!  properties: one table of every key ───────┴──► schema, explain
//! ```
//!
//! In reading order: `node` is the file as a tree with places, `diagnostic` what is said about it,
//! `units` single values, `path` how values are set, `properties` the table of all keys, `decode` the
//! walk by it, with `values`, `patterns`, `arrivals`, `schedule`, `files` and `timeline` for what needs
//! more than a row, and `runtimes` for what was measured. Reading the scenario and its CSV files is all the IO there is. All mistakes are
//! told at once; a scenario that passes cannot make the model fail.

pub mod arrivals;
pub mod decode;
pub mod diagnostic;
pub mod explain;
pub mod files;
pub mod node;
pub mod path;
pub mod patterns;
pub mod properties;
pub mod runtimes;
pub mod schedule;
pub mod schema;
pub mod services;
pub mod sources;
pub mod timeline;
pub mod units;
pub mod values;

use std::{
    fmt, fs,
    io::{self, Read},
    path::Path,
};

use decode::Report;
use diagnostic::{Diagnostic, Origin, Place, Sources, quoted, render, suggest};
use files::Files;
use node::{FILE_BYTES_MAX, Key, Node, Source, Value};
use timeline::Happening;

use crate::{
    kernel::{Time, name_key},
    model::config::Config,
};

/// Policies of a file: more nobody compares.
const POLICIES_MAX: usize = 1_000;
/// Thresholds of a file.
const THRESHOLDS_MAX: usize = 10_000;

/// A scenario under one policy, ready to run.
#[derive(Debug)]
pub struct Scenario {
    /// What it is called.
    pub title: Option<String>,
    /// What it asks.
    pub question: Option<String>,
    /// The answer to expect.
    pub answer: Option<String>,
    /// What the reader is asked before the answer is shown.
    pub guess: Option<Guess>,
    /// The kind of chart that shows it, one of [`crate::catalog::WORDS`].
    pub chart: Option<String>,
    /// The file's name without folder and ending: what its outputs are called.
    pub stem: String,
    /// The seed: the file's, or that of the options.
    pub seed: u64,
    /// The wall clock of time 0, in seconds since 1970.
    pub start_epoch_s: i64,
    /// The policy that is played: the one asked for, or the first that changes nothing.
    pub policy: Option<String>,
    /// The policies of the file, in its order.
    pub policies: Vec<String>,
    /// What the played policy sets, for people: `Timeout: 10, VisibilityTimeout: 60`.
    pub policy_sets: String,
    /// Whether the file is what was written: nothing was set, and the seed is its own.
    pub is_file_unchanged: bool,
    /// Of a policy that sets nothing, what other policies set, as the file has it, for people: `Timeout: 3,
    /// MaximumConcurrency: not set`.
    pub policy_leaves: String,
    /// Whether it is played so, and no policy changes it.
    pub is_as_written: bool,
    /// What the timeline does, for people.
    pub happenings: Vec<Happening>,
    /// What is run.
    pub config: Config,
    /// Every threshold of the file, those of other policies too.
    pub thresholds: Vec<ThresholdText>,
    /// Runs of each policy in comparisons.
    pub replications: u32,
    /// Whether the file says when the warm-up ends.
    pub says_warmup: bool,
    /// Where AWS documents nothing: name, value, and whether that is the default.
    pub assumptions: Vec<(String, String, bool)>,
    /// Warnings and notes.
    pub warnings: Vec<Diagnostic>,
    /// The texts that `warnings` and `thresholds` point into.
    pub sources: Sources,
    /// 16 hexadecimal digits that stand for the file's text: FNV-1a over its bytes without a byte order
    /// mark and with `\n` as line end, then the finaliser of SplitMix64.
    pub hash: String,
}

/// A question of `guess`: what a measure will come to, within a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The measure, written like a side of a threshold.
    pub measure: String,
    /// Where that stands.
    pub place: Place,
    /// The least that can be guessed; below `to`. Times in seconds, shares as fractions of 1.
    pub from: f64,
    /// The most that can be guessed, likewise.
    pub to: f64,
    /// What the range is written in.
    pub unit: GuessUnit,
}

/// What the range of a [`Guess`] is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuessUnit {
    /// Plain numbers.
    Number,
    /// Shares: `5%`.
    Share,
    /// Times: `90s`.
    Time,
}

/// A threshold as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdText {
    /// The policy that it is of; none: of all.
    pub policy: Option<String>,
    /// The policy to which the difference is taken, of `A vs B`.
    pub versus: Option<String>,
    /// The text.
    pub text: String,
    /// Where that stands.
    pub place: Place,
}

impl Scenario {
    /// The file's name without its folder, which differs from machine to machine.
    pub fn file_name(&self) -> String {
        file_name(&self.sources.file().name)
    }
}

/// What a scenario is loaded with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Changes, each `path=value`.
    pub sets: &'a [String],
    /// Further changes: the point of a grid.
    pub point: &'a [String],
    /// The policy to play.
    pub policy: Option<&'a str>,
    /// A seed instead of the file's.
    pub seed: Option<u64>,
    /// Looks at nothing but what is played: the other policies have been looked at before.
    pub alone: bool,
}

/// Why a scenario was not loaded.
#[derive(Debug)]
pub enum Failure {
    /// The file could not be read.
    Unreadable {
        /// Its path, as it was given.
        name: String,
        /// Why.
        error: io::Error,
    },
    /// It is no good scenario; every mistake, with warnings and notes.
    Bad {
        /// What is wrong.
        diagnostics: Vec<Diagnostic>,
        /// The texts that it is wrong in.
        sources: Box<Sources>,
    },
}

impl Failure {
    /// All of it as text for people.
    pub fn render(&self, color: bool) -> String {
        match self {
            Failure::Unreadable { name, error } => {
                let message = format!("{} cannot be read: {error}", quoted(name));
                let sources = Sources::new(Source { name: name.clone(), text: String::new() });
                render(&[Diagnostic::error(message)], &sources, color)
            }
            Failure::Bad { diagnostics, sources } => render(diagnostics, sources, color),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Failure {}

fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name();
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Loads the scenario in the file `path`.
pub fn load(path: &Path, options: &Options<'_>) -> Result<Scenario, Failure> {
    Opened::read(path)?.scenario(options)
}

/// Loads a scenario from a text that has the name of a file, beside which its CSV files are.
pub fn load_text(text: &str, name: &str, options: &Options<'_>) -> Result<Scenario, Failure> {
    Opened::parse(text.as_bytes(), name)?.scenario(options)
}

/// A file that was read and is a tree, from which scenarios are made: one a policy, point and seed.
#[derive(Clone, Debug)]
pub struct Opened {
    name: String,
    hash: String,
    source: Source,
    tree: Node,
}

fn files_beside(scenario: &Path) -> Files {
    Files::beside(match scenario.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Some(".".into()),
        folder => folder.map(Path::to_path_buf),
    })
}

/// Reads a point in time as a threshold has it: an offset, a clock time or a time stamp.
pub fn read_point(text: &str, start_epoch_s: i64) -> Option<Time> {
    let node = match text {
        "0" => decode::body::plain("0"),
        _ => Node::text(text, Place::new(Origin::File, 0..0)),
    };
    units::point(&node, start_epoch_s).ok()
}

impl Opened {
    /// Reads the file `path`.
    pub fn read(path: &Path) -> Result<Opened, Failure> {
        let name = path.display().to_string();
        let unreadable = |error| Failure::Unreadable { name: name.clone(), error };
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        Opened::parse(&bytes, &name)
    }

    /// Reads the text of a file of this name.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Opened, Failure> {
        let nameless = || Source { name: name.to_string(), text: String::new() };
        let bad = |diagnostics, source| Failure::Bad {
            diagnostics,
            sources: Box::new(Sources::new(source)),
        };
        let source = node::read(bytes, name).map_err(|mistakes| bad(mistakes, nameless()))?;
        match node::parse(&source) {
            Ok(tree) => {
                let hash = format!("{:016x}", name_key(&source.text));
                Ok(Opened { name: name.to_string(), hash, source, tree })
            }
            Err(mistakes) => Err(bad(mistakes, source)),
        }
    }

    /// The file's path, as it was given.
    pub fn path(&self) -> &str {
        &self.name
    }

    /// The hash of the text, as in [`Scenario::hash`].
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The file's name without its folder, which differs from machine to machine.
    pub fn file_name(&self) -> String {
        file_name(&self.name)
    }

    /// What of the file is played with these options.
    pub fn scenario(&self, options: &Options<'_>) -> Result<Scenario, Failure> {
        self.beside(&files_beside(Path::new(&self.name)), options)
    }

    /// The hash of the CSV files that are read with these options; none if there are none.
    pub fn data_hash(&self, options: &Options<'_>) -> Result<Option<String>, Failure> {
        let files = files_beside(Path::new(&self.name));
        self.beside(&files, options)?;
        Ok(files.hash())
    }

    fn beside(&self, files: &Files, options: &Options<'_>) -> Result<Scenario, Failure> {
        let Opened { name, tree, .. } = self;
        let mut sources = Sources::new(self.source.clone());
        let bad = |diagnostics: Vec<Diagnostic>, sources| Failure::Bad {
            diagnostics,
            sources: Box::new(sources),
        };
        let report = Report::default();
        let mut sets = arguments(&report, &mut sources, "--set", options.sets);
        sets.extend(arguments(&report, &mut sources, "--grid", options.point));
        let written = decode::changed(&report, tree, &sets, None);
        let policies = policies(&report, &written);
        let thresholds = thresholds(&report, &written, &policies);
        let policy = match options.policy {
            Some(policy) if policies.iter().any(|known| known == policy) => {
                Some(policy.to_string())
            }
            Some(policy) => {
                let message = format!("there is no policy {}", quoted(policy));
                let near = suggest(policy, policies.iter().map(String::as_str));
                report.say(Diagnostic::error(message).label(these(&policies)).did_you_mean(near));
                None
            }
            None => None,
        };
        let played = match &policy {
            None => decode::decode(&report, files, &written, options.seed),
            Some(policy) => {
                let changed = decode::changed(&report, tree, &sets, Some(policy));
                decode::decode(&report, files, &changed, options.seed)
            }
        };
        // The others are not played now, but a mistake in one is one of the file.
        report.errors_only(true);
        if policy.is_some() && !options.alone {
            decode::decode(&report, files, &written, options.seed);
        }
        let others =
            policies.iter().filter(|other| !options.alone && Some(*other) != policy.as_ref());
        for other in others {
            if !report.may_read(tree) {
                break;
            }
            let changed = decode::changed(&report, tree, &sets, Some(other));
            if changed != written {
                decode::decode(&report, files, &changed, options.seed);
            }
        }
        let errors = report.errors();
        let mut diagnostics = report.into_diagnostics();
        let Some(played) = played.filter(|_| errors == 0) else {
            return Err(bad(diagnostics, sources));
        };
        diagnostics.sort_by_key(|diagnostic| (diagnostic.severity, diagnostic.at));
        let text = |name: &str| tree.get(name).and_then(Node::raw).map(str::to_string);
        let unchanged = || {
            let empty = policies.iter().find(|policy| {
                let changes = written.get("policies").and_then(|all| all.get(policy));
                changes.is_some_and(|changes| changes.entries().is_empty())
            });
            empty.cloned()
        };
        let stem = Path::new(name).file_stem();
        let policy = policy.or_else(unchanged);
        let policy_sets = {
            let of = |policy| written.get("policies").and_then(|all| all.get(policy));
            timeline::sets_told(policy.as_deref().and_then(of).map_or(&[], Node::entries))
        };
        let own_seed = decode::seed_of(tree);
        let is_file_unchanged = sets.is_empty() && options.seed.is_none_or(|seed| seed == own_seed);
        let policy_leaves = match policy {
            Some(_) if policy_sets.is_empty() => timeline::left_told(&written),
            Some(_) | None => String::new(),
        };
        Ok(Scenario {
            title: text("title"),
            question: text("question"),
            answer: text("answer"),
            guess: played.guess,
            chart: text("chart"),
            stem: stem
                .map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy().into_owned()),
            seed: played.config.seed,
            start_epoch_s: played.start,
            policy,
            policies,
            is_file_unchanged,
            is_as_written: is_file_unchanged && policy_sets.is_empty(),
            policy_sets,
            policy_leaves,
            happenings: played.happenings,
            config: played.config,
            thresholds,
            replications: played.replications,
            says_warmup: written.get("warmup").is_some_and(|node| !node.is_null()),
            assumptions: played.assumptions,
            warnings: diagnostics,
            sources,
            hash: self.hash.clone(),
        })
    }
}

fn these(policies: &[String]) -> String {
    let shown: Vec<String> = policies.iter().take(8).map(|policy| quoted(policy)).collect();
    match shown.as_slice() {
        [] => "the file has no policies".to_string(),
        shown => format!("there are {}", shown.join(", ")),
    }
}

/// The `path=value` arguments as paths and values, with their places in the arguments.
fn arguments(
    report: &Report,
    sources: &mut Sources,
    name: &str,
    sets: &[String],
) -> Vec<(Key, Node)> {
    let mut found = Vec::new();
    for set in sets {
        let source = Source { name: name.to_string(), text: set.clone() };
        let origin = sources.add(source.clone());
        let Some(sign) = set.find('=') else {
            let mistake = Diagnostic::error(format!("{} sets nothing", quoted(set)));
            let label = "a path and a value: `queues.Jobs.VisibilityTimeout=60`";
            report.say(mistake.at(Place::new(origin, 0..set.len())).label(label));
            continue;
        };
        let key = Key { name: set[..sign].to_string(), place: Place::new(origin, 0..sign) };
        match node::parse_part(&source, origin, sign + 1..set.len()) {
            Ok(value) => found.push((key, value)),
            Err(mistakes) => mistakes.into_iter().for_each(|mistake| report.say(mistake)),
        }
    }
    found
}

/// The names of the policies; whatever is wrong with their form is reported.
fn policies(report: &Report, tree: &Node) -> Vec<String> {
    let Some(node) = tree.get("policies").filter(|node| !node.is_null()) else { return Vec::new() };
    if !matches!(node.value, Value::Map(_)) {
        let mistake = Diagnostic::error(format!("{} is not a mapping", node.shown()));
        let label = "names, each with paths: `As deployed: {}`";
        report.say(mistake.at(node.place).path("policies").label(label));
        return Vec::new();
    }
    let mut names = Vec::new();
    for (key, changes) in node.entries() {
        let path = format!("policies.{}", key.name);
        if names.len() == POLICIES_MAX {
            let message = format!("more than {POLICIES_MAX} policies");
            report.say(Diagnostic::error(message).at(key.place).path("policies"));
            break;
        }
        let wrong = if key.name.trim() != key.name || key.name.is_empty() {
            Some("begins or ends with a blank, or is empty")
        } else if key.name.contains([',', ':']) {
            Some("contains `,` or `:`")
        } else if key.name.len() > units::NAME_BYTES_MAX {
            Some("is too long")
        } else if key.name.contains(" vs ") {
            Some("contains ` vs `, which compares two policies")
        } else if key.name.chars().any(char::is_control) {
            Some("contains a control character")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            let message = format!("the policy's name {} {wrong}", quoted(&key.name));
            let label = "free text without `,` or `:`, at most 128 bytes";
            report.say(Diagnostic::error(message).at(key.place).path(path.clone()).label(label));
        }
        if !matches!(changes.value, Value::Map(_)) && !changes.is_null() {
            let mistake = Diagnostic::error(format!("{} is not a mapping", changes.shown()));
            let label = "paths: `{functions.Worker.Timeout: 10}`";
            report.say(mistake.at(changes.place).path(path).label(label));
        }
        names.push(key.name.clone());
    }
    names
}

/// The thresholds as texts; whatever is wrong with their form is reported.
fn thresholds(report: &Report, tree: &Node, policies: &[String]) -> Vec<ThresholdText> {
    let Some(node) = tree.get("thresholds").filter(|node| !node.is_null()) else {
        return Vec::new();
    };
    let Value::List(items) = &node.value else {
        let mistake = Diagnostic::error(format!("{} is not a list", node.shown()));
        let label = "a list: `- Worker.Errors == 0`";
        report.say(mistake.at(node.place).path("thresholds").label(label));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (n, item) in items.iter().take(THRESHOLDS_MAX).enumerate() {
        let path = format!("thresholds.{n}");
        let (policy, text) = match item.entries() {
            [(key, text)] => (Some(key), text),
            _ => (None, item),
        };
        let Value::Text(written) = &text.value else {
            let mistake = Diagnostic::error(format!("{} is not a threshold", text.shown()));
            let label = "`Worker.Errors == 0`, or `POLICY: Worker.Errors == 0`";
            report.say(mistake.at(text.place).path(path).label(label));
            continue;
        };
        let mut applies = (None, None);
        if let Some(key) = policy {
            let sides: Vec<&str> = match policies.contains(&key.name) {
                true => vec![],
                false => key.name.split(" vs ").collect(),
            };
            for side in &sides {
                if !policies.iter().any(|known| known == side) {
                    let message = format!("there is no policy {}", quoted(side));
                    let near = suggest(side, policies.iter().map(String::as_str));
                    let mistake = Diagnostic::error(message).at(key.place).path(path.clone());
                    report.say(mistake.label(these(policies)).did_you_mean(near));
                }
            }
            if sides.len() > 2 {
                let message = "a difference has two policies";
                let mistake = Diagnostic::error(message).at(key.place).path(path.clone());
                report.say(mistake.label("`A vs B: …` is of the difference A − B"));
            }
            applies = match sides.as_slice() {
                [of, to] => (Some((*of).to_owned()), Some((*to).to_owned())),
                _ => (Some(key.name.clone()), None),
            };
        }
        let (policy, versus) = applies;
        found.push(ThresholdText { policy, versus, text: written.clone(), place: text.place });
    }
    if items.len() > THRESHOLDS_MAX {
        let message = format!("more than {THRESHOLDS_MAX} thresholds");
        report.say(Diagnostic::error(message).at(node.place).path("thresholds"));
    }
    found
}

#[cfg(test)]
mod tests;
