//! From a tree to the model's configuration.
//!
//! ```text
//!  file ──► tree ──(--set, policy)──► tree ──► names, attributes ──► resources ──► Config
//!                                       └── timeline: the tree as it is from then on ──► resources
//! ```
//!
//! Everything is read by the property table, through [`Body`]. Mistakes go to the [`Report`], all of
//! them; what is given back where there were some is never played. Every policy of the file is read,
//! so that a mistake in one shows even when it is not the one to be played.

pub mod body;

mod advice;
mod alarms;
mod calls;
pub(in crate::scenario) mod fifo;
mod names;
mod outlets;
mod pipes;
mod resources;
mod services;
mod streams;

pub use body::Body;
pub use names::Names;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    sync::Arc,
};

use super::{
    Guess, GuessUnit, arrivals,
    diagnostic::{Diagnostic, Place, Severity, quoted},
    files::Files,
    node::{Key, Node, Value},
    path,
    properties::{self, FILE, KINDS, Profile},
    timeline::{self, Happening},
    units,
    values::Texts,
};
use crate::{
    kernel::{Span, Time},
    model::{
        config::{Config, Resources},
        value::{AttributeId, Catalog},
    },
};

/// After so many mistakes no more suggestions are looked for: 20 are shown.
const SUGGESTIONS_MAX: usize = 200;
/// The work of reading that is done at most, over all policies and all that the timeline changes: about a
/// second of it.
const WORK_MAX: usize = 1_500_000;
/// Periods of the series: a week of seconds, nearly two years of minutes.
const PERIODS_MAX: u64 = 1_000_000;
/// Attributes of a payload.
const ATTRIBUTES_MAX: usize = 1_000;

/// What is said of a scenario: each thing once, whatever policy it was found in.
#[derive(Debug, Default)]
pub struct Report {
    said: RefCell<Vec<Diagnostic>>,
    known: RefCell<BTreeSet<(Option<Place>, String, String)>>,
    errors: Cell<usize>,
    found: Cell<usize>,
    work: Cell<usize>,
    /// Warnings and notes are not wanted now.
    errors_only: Cell<bool>,
}

impl Report {
    /// Says it, unless it has been said.
    pub fn say(&self, diagnostic: Diagnostic) {
        let error = diagnostic.severity == Severity::Error;
        if !error && self.errors_only.get() {
            return;
        }
        self.found.set(self.found.get() + usize::from(error));
        let key = (diagnostic.at, diagnostic.path.clone(), diagnostic.message.clone());
        if self.known.borrow_mut().insert(key) {
            self.errors.set(self.errors.get() + usize::from(error));
            self.said.borrow_mut().push(diagnostic);
        }
    }
    /// How many errors have been found, those that had been said before counted again.
    pub fn found(&self) -> usize {
        self.found.get()
    }
    /// How many errors have been said.
    pub fn errors(&self) -> usize {
        self.errors.get()
    }
    /// Whether a suggestion would still be seen.
    pub fn still_helps(&self) -> bool {
        self.errors.get() < SUGGESTIONS_MAX
    }
    /// Everything that was said.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.said.into_inner()
    }
    /// From now on warnings and notes are wanted, or not.
    pub fn errors_only(&self, only: bool) {
        self.errors_only.set(only);
    }
    /// Whether a tree may still be read, after all that have been; if not, that is an error.
    pub fn may_read(&self, tree: &Node) -> bool {
        self.may_work(work(tree))
    }
    /// The same, of so much work.
    pub fn may_work(&self, work: usize) -> bool {
        let before = self.work.get();
        self.work.set(before.saturating_add(work));
        // One tree may always be read: it is bounded by what a file may be.
        if self.work.get() <= WORK_MAX || before == 0 {
            return true;
        }
        let message = "the scenario is too much to look at";
        let label = "policies, states of the timeline and long lists of arrivals count";
        self.say(Diagnostic::error(message).label(label).help("make several files of it"));
        false
    }
}

/// What reading a tree is counted as: its values, and ten more for each resource. As deep as trees may be, so at
/// most 64.
pub fn work(tree: &Node) -> usize {
    fn values(tree: &Node) -> usize {
        match &tree.value {
            Value::List(items) => 1 + items.iter().map(values).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|(_, node)| values(node)).sum::<usize>(),
            _ => 1,
        }
    }
    let named = KINDS.iter().filter_map(|kind| tree.get(kind.section()));
    values(tree) + 10 * named.map(|section| section.entries().len()).sum::<usize>()
}

/// What is known of a whole scenario while it is read.
#[derive(Debug)]
pub struct Cx<'a> {
    /// Where mistakes go.
    pub report: &'a Report,
    /// The tree.
    pub tree: &'a Node,
    /// CSV files.
    pub files: &'a Files,
    /// The names of the file.
    pub names: Names,
    /// Every attribute that a caller or call gives: those of the file, then those of CSV columns.
    pub attributes: Vec<String>,
    /// How many of them are the file's: what a CSV file has is not shown.
    written: usize,
    /// The texts of words.
    pub texts: Texts,
    /// The wall clock of time 0, in seconds since 1970.
    pub start: i64,
    /// The seed.
    pub seed: u64,
    /// Which defaults stand for what is missing.
    pub profile: Profile,
    /// Stands for a mapping that is missing.
    pub empty: Node,
}

impl Cx<'_> {
    /// Reports something.
    pub fn say(&self, diagnostic: Diagnostic) {
        self.report.say(diagnostic);
    }
    /// The id of an attribute, if there is one of that name.
    pub fn attribute(&self, name: &str) -> Option<AttributeId> {
        let at = self.attributes.iter().position(|known| known == name)?;
        u16::try_from(at).ok().map(AttributeId)
    }
    /// The attributes that may be shown.
    pub fn written_attributes(&self) -> impl Iterator<Item = &str> {
        let written = self.attributes[..self.written].iter().map(String::as_str);
        written.filter(|name| !AttributeId::KEYS.contains(name) || self.is_given(name))
    }
    /// Whether a caller or call of the file says this key.
    fn is_given(&self, key: &str) -> bool {
        let entries = |section: &str| self.tree.get(section).map_or(&[][..], Node::entries);
        let calls = entries("functions").iter().filter_map(|(_, function)| function.get("calls"));
        let calls = calls.flat_map(|calls| match &calls.value {
            Value::List(calls) => calls.as_slice(),
            _ => &[],
        });
        let callers = entries("callers").iter().map(|(_, caller)| caller);
        callers.chain(calls).any(|body| body.get(key).is_some())
    }
    /// The id of an attribute that something in the file gives.
    pub fn given_attribute(&self, name: &str) -> Option<AttributeId> {
        let is_key = AttributeId::KEYS.contains(&name);
        let of_column = || self.attributes[self.written..].iter().any(|column| column == name);
        (!is_key || self.is_given(name) || of_column()).then(|| self.attribute(name))?
    }
}

/// What a tree says of a run.
#[derive(Debug)]
pub struct Decoded {
    /// The configuration.
    pub config: Config,
    /// The wall clock of time 0, in seconds since 1970.
    pub start: i64,
    /// Runs of each policy in comparisons.
    pub replications: u32,
    /// Assumptions by name, with their values and whether they are the defaults.
    pub assumptions: Vec<(String, String, bool)>,
    /// What the timeline does, for people.
    pub happenings: Vec<Happening>,
    /// What the reader is asked.
    pub guess: Option<Guess>,
}

/// The seed that the file has, or the default.
pub fn seed_of(tree: &Node) -> u64 {
    peek(tree, "seed", units::count)
}

/// The tree with what `--set` and a policy change in it. Arguments come last, so that one sees its value
/// whatever the policy says; those that change policies come first.
pub fn changed(report: &Report, tree: &Node, sets: &[(Key, Node)], policy: Option<&str>) -> Node {
    let mut tree = tree.clone();
    let of_policies = |key: &Key| key.name.starts_with("policies.");
    for (key, value) in sets.iter().filter(|(key, _)| of_policies(key)) {
        apply(report, &mut tree, key, value);
    }
    if let Some(policy) = policy {
        let changes = tree.get("policies").and_then(|all| all.get(policy)).cloned();
        for (key, value) in changes.iter().flat_map(Node::entries) {
            if ["policies", "thresholds"].iter().any(|section| is_below(&key.name, section)) {
                let message = format!("a policy cannot change {}", quoted(&key.name));
                let mistake = Diagnostic::error(message).at(key.place);
                let label = "a policy changes what is played";
                report.say(mistake.path(format!("policies.{policy}")).label(label));
                continue;
            }
            apply(report, &mut tree, key, value);
        }
    }
    for (key, value) in sets.iter().filter(|(key, _)| !of_policies(key)) {
        apply(report, &mut tree, key, value);
    }
    tree
}

fn is_below(path: &str, section: &str) -> bool {
    path.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Sets a path; `false`, and reported, if that cannot be.
pub fn apply(report: &Report, tree: &mut Node, key: &Key, value: &Node) -> bool {
    match path::set(tree, key, Some(value.clone())) {
        Ok(()) => true,
        Err(mistake) => {
            report.say(mistake.path(key.name.clone()));
            false
        }
    }
}

/// Decodes a tree, as `--set` and a policy left it. `None` if that found mistakes, which are reported.
pub fn decode(report: &Report, files: &Files, tree: &Node, seed: Option<u64>) -> Option<Decoded> {
    let found = report.found();
    if !report.may_read(tree) {
        return None;
    }
    let (attributes, written) = attributes(report, files, tree);
    let cx = Cx {
        report,
        tree,
        files,
        names: Names::of(report, tree),
        attributes,
        written,
        texts: Texts::default(),
        start: peek(tree, "start", units::timestamp),
        seed: seed.unwrap_or_else(|| seed_of(tree)),
        profile: profile(tree),
        empty: Node::empty_map(tree.place),
    };
    let file = Body::open(&cx, tree, String::new(), tree.place, FILE)?;
    let guess = file.about();
    let given = file.time_maybe("duration").map(|span| Time::ZERO + span);
    let base = resources::resources(&file, given, None);
    let entries = timeline::entries(&file, given, &base.resources);
    let endless = base.endless.iter().chain(&entries.endless).next();
    if let (None, Some((place, path)), true) = (given, endless, file.get("duration").is_none()) {
        let mistake = Diagnostic::error("`duration` is missing: this has no end");
        let label = "goes on for ever";
        let help = "give `duration`, or `until` here";
        report.say(mistake.at(*place).path(path.clone()).label(label).help(help));
    }
    let last = base.last.max(entries.last);
    let duration = given.unwrap_or(last.saturating_add(Span::nanos(1)));
    let drain = file.time("drain");
    let warmup = Time::ZERO + file.time("warmup");
    let period = file.time("period");
    if duration <= warmup && warmup > Time::ZERO {
        let mistake = Diagnostic::error("`warmup` is not before `duration`");
        file.wrong("warmup", mistake.at(file.place_of("warmup")).label("a shorter time"));
    }
    if duration.saturating_add(drain) > Time::LAST {
        let mistake = Diagnostic::error("`duration` and `drain` are more than 70 years");
        file.wrong("drain", mistake.at(file.place_of("drain")).label("a shorter time"));
    }
    let periods = duration.as_nanos() / period.as_nanos().max(1);
    if periods > PERIODS_MAX {
        let mistake = Diagnostic::error(format!("more than {PERIODS_MAX} periods"));
        file.wrong("period", mistake.at(file.place_of("period")).label("a longer time"));
    }
    let resources::Read { resources, laws, caller_words, columns, .. } = base;
    let resources = Arc::new(resources);
    let state = |tree: &Node| -> Option<Resources> {
        let file = Body::open(&cx, tree, String::new(), tree.place, FILE)?;
        let earlier =
            resources::Earlier { tree: cx.tree, resources: &resources, columns: &columns };
        let read = resources::resources(&file, Some(duration), Some(&earlier));
        resources::check_same_arrivals(&file, &earlier, &read);
        streams::check_changes(&file, &resources.streams, &read.resources.streams);
        Some(read.resources)
    };
    let happenings = entries.happenings();
    let timeline = timeline::changes(&file, entries, &resources, &state);
    if report.found() == found {
        advice::advise(&file, &resources, &timeline);
    }
    let replications = file.count_u32("replications");
    let assumptions = resources::assumptions_shown(&file);
    drop(file);
    if report.found() > found {
        return None;
    }
    let catalog = Catalog {
        laws,
        callers: caller_words,
        attributes: cx.attributes,
        texts: cx.texts.into_texts(),
    };
    let config = Config {
        seed: cx.seed,
        duration,
        drain,
        warmup,
        period,
        resources,
        timeline,
        catalog: Arc::new(catalog),
    };
    Some(Decoded { config, start: cx.start, replications, assumptions, happenings, guess })
}

impl Body<'_> {
    /// Reads what is only for people, so that mistakes in it show too.
    fn about(&self) -> Option<Guess> {
        for name in ["title", "question", "answer"] {
            self.text(name);
        }
        self.word("chart");
        self.stamp("start");
        self.count("seed");
        self.map("guess")?.guess()
    }

    /// Reads the body of `guess`. Its measure is read where measures are known.
    fn guess(&self) -> Option<Guess> {
        let measure = self.text("measure");
        let [from, to] = ["from", "to"].map(|name| {
            let read = units::bound(self.get(name)?);
            read.map_err(|mistake| self.wrong(name, mistake)).ok()
        });
        let ((from, of_from), (to, of_to)) = (from?, to?);
        let unit = match (of_from, of_to) {
            (None, None) => GuessUnit::Number,
            (Some(unit), None) | (None, Some(unit)) => unit,
            (Some(one), Some(other)) if one == other => one,
            (Some(_), Some(_)) => {
                let mistake = Diagnostic::error("`from` and `to` are not of one kind");
                let label = "two numbers, two shares or two times";
                self.wrong("to", mistake.at(self.place_of("to")).label(label));
                return None;
            }
        };
        if to <= from {
            let mistake = Diagnostic::error("`to` is not above `from`");
            self.wrong("to", mistake.at(self.place_of("to")).label("more than `from`"));
            return None;
        }
        let place = self.place_of("measure");
        Some(Guess { measure: measure?.to_owned(), place, from, to, unit })
    }
}

/// The profile; a mistake in it is reported where it is read for good.
fn profile(tree: &Node) -> Profile {
    let written = tree.get("assumptions").and_then(|all| all.get("profile")).and_then(Node::raw);
    if written == Some("measured") { Profile::Measured } else { Profile::Exact }
}

/// A value that the rest is read with; mistakes in it are reported where it is read for good.
fn peek<T: Default>(tree: &Node, name: &str, read: fn(&Node) -> Result<T, Diagnostic>) -> T {
    let row = properties::find(FILE, name).expect("the table has it");
    let default = || row.default.and_then(|written| read(&body::plain(written)).ok());
    tree.get(name).and_then(|node| read(node).ok()).or_else(default).unwrap_or_default()
}

/// The keys of messages and records, then every attribute that a caller or call of the tree gives; and how
/// many of them the tree itself names.
fn attributes(report: &Report, files: &Files, tree: &Node) -> (Vec<String>, usize) {
    let mut known = BTreeSet::from(AttributeId::KEYS.map(str::to_string));
    let mut found: Vec<String> = AttributeId::KEYS.map(str::to_string).to_vec();
    let mut add = |name: &str| {
        if known.insert(name.to_string()) {
            found.push(name.to_string());
        }
        found.len()
    };
    let entries = |section: &str| tree.get(section).map_or(&[][..], Node::entries);
    let mut written = AttributeId::KEYS.len();
    for (_, caller) in entries("callers") {
        for (key, _) in caller.get("attributes").map_or(&[][..], Node::entries) {
            written = add(&key.name);
        }
    }
    for (_, function) in entries("functions") {
        let Some(Value::List(calls)) = function.get("calls").map(|calls| &calls.value) else {
            continue;
        };
        for call in calls {
            for (key, _) in call.get("attributes").map_or(&[][..], Node::entries) {
                written = add(&key.name);
            }
        }
    }
    for (_, caller) in entries("callers") {
        let Some(asked) = caller.get("arrivals").and_then(arrivals::csv_asked) else { continue };
        let Ok(trace) = files.trace(&asked) else { continue }; // reported where it is read
        for column in &trace.columns {
            add(&column.name);
        }
    }
    if found.len() > ATTRIBUTES_MAX {
        let message = format!("more than {ATTRIBUTES_MAX} attributes");
        report.say(
            Diagnostic::error(message).help("take columns that are not needed out of the CSV"),
        );
        found.truncate(ATTRIBUTES_MAX);
        written = written.min(ATTRIBUTES_MAX);
    }
    (found, written)
}
