//! What changes during a run, and when.
//!
//! ```text
//!  entry 0   set ├─────── for ───────┤                 tree + 0
//!  entry 1            set ├──────────────────────►     tree + 0 + 1, then tree + 1
//!  entry 2                     API call ▲
//! ```
//!
//! At each instant at which a `set` begins or ends, the tree with all that are then active, in the
//! order of the file, is read anew: so where two overlap the later written wins, and what ends is as if it
//! had never been. States that have been met are kept, so repeating costs nothing.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    decode::{Body, apply, body, fifo, work},
    diagnostic::{Diagnostic, Place, quoted},
    node::{Key, Node, Value},
    path,
    properties::{API, row_at},
};
use crate::{
    kernel::{Span, Time},
    model::config::{Change, Resources},
};

/// Changes in all, with repetitions.
const CHANGES_MAX: usize = 100_000;

/// The timeline as it is written.
#[derive(Debug, Default)]
pub struct Entries {
    entries: Vec<Entry>,
    /// The last instant at which something changes.
    pub last: Time,
    /// The first entry without an end, and its path.
    pub endless: Option<(Place, String)>,
}

#[derive(Debug)]
struct Entry {
    /// When it happens, in order.
    times: Vec<Time>,
    /// How long a `set` holds.
    holds: Option<Span>,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Set(Vec<(Key, Node)>),
    Call(Change),
}

/// What a timeline does, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When it begins.
    pub from: Time,
    /// When what is set ends, or is set to something else; none for what is set for good, and for a call
    /// of an API.
    pub until: Option<Time>,
    /// Whether it is a call of an API: that has no length.
    pub is_call: bool,
    /// Such as `Worker.error_rate: 90%` or `StartMessageMoveTask`.
    pub words: String,
}

impl Entries {
    /// All of it, in the order of the file; of an entry that repeats the first so many.
    pub fn happenings(&self) -> Vec<Happening> {
        let mut found = Vec::new();
        for entry in &self.entries {
            let words = match &entry.action {
                Action::Call(call) => call.name().to_owned(),
                Action::Set(sets) => {
                    let sets = sets.iter().map(|(key, value)| told(&key.name, value));
                    sets.collect::<Vec<_>>().join(", ")
                }
            };
            for at in entry.times.iter().take(REPEATS_SHOWN) {
                let until = match entry.holds {
                    Some(holds) => Some(at.saturating_add(holds)),
                    None => self.set_again(entry, *at),
                };
                let is_call = matches!(entry.action, Action::Call(_));
                found.push(Happening { from: *at, until, is_call, words: words.clone() });
            }
        }
        found
    }

    /// When something that an entry sets at this time is first set again.
    fn set_again(&self, entry: &Entry, at: Time) -> Option<Time> {
        let Action::Set(sets) = &entry.action else { return None };
        let is_same = |other: &Entry| match &other.action {
            Action::Set(others) => {
                let mut names = others.iter().map(|(key, _)| &key.name);
                names.any(|name| sets.iter().any(|(key, _)| key.name == *name))
            }
            Action::Call(_) => false,
        };
        let others = self.entries.iter().filter(|other| is_same(other));
        others.flat_map(|other| other.times.iter().copied()).filter(|time| at < *time).min()
    }
}

/// Of an entry that repeats, so many are shown to people.
const REPEATS_SHOWN: usize = 100;

/// A path that is set, of which the resource and the property are told, and its value:
/// `Worker.error_rate: 90%`.
fn told(path: &str, value: &Node) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        [_, resource, .., property] => format!("{resource}.{property}: {}", value.flow()),
        _ => format!("{path}: {}", value.flow()),
    }
}

/// Paths that are set together, each by its property and value: `VisibilityTimeout: 60`; with the resource
/// where two have one name.
pub fn sets_told(sets: &[(Key, Node)]) -> String {
    let property = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let each = sets.iter().map(|(key, value)| {
        let name = property(&key.name);
        let namesakes = sets.iter().filter(|(other, _)| property(&other.name) == name).count();
        match (namesakes, value.entries()) {
            // What an entry of the timeline sets.
            (_, entries @ [_, ..]) if name == "set" => sets_told(entries),
            (1, _) => format!("{name}: {}", value.flow()),
            (_, _) => told(&key.name, value),
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

/// So many settings that other policies change are told, each in so many letters.
const LEFT_MAX: (usize, usize) = (4, 40);

/// What the policies of a file change, as the file itself has it: `Timeout: 3, MaximumConcurrency: not set`.
/// Nothing if that would be too much to read.
pub fn left_told(written: &Node) -> String {
    let policies = written.get("policies").map_or(&[][..], Node::entries);
    let mut keys: Vec<&Key> = Vec::new();
    for (key, _) in policies.iter().flat_map(|(_, policy)| policy.entries()) {
        if !keys.iter().any(|known| known.name == key.name) {
            keys.push(key);
        }
    }
    let property = |key: &Key| key.name.rsplit('.').next().unwrap_or_default().to_owned();
    let each: Vec<String> = keys
        .iter()
        .map(|key| {
            let is_alone =
                keys.iter().filter(|other| property(other) == property(key)).count() == 1;
            match path::get(written, &key.name) {
                Some(value) if is_alone => format!("{}: {}", property(key), value.flow()),
                Some(value) => told(&key.name, value),
                None => format!("{}: not set", property(key)),
            }
        })
        .collect();
    let is_short = each.iter().all(|text| text.chars().count() <= LEFT_MAX.1);
    if each.len() <= LEFT_MAX.0 && is_short { each.join(", ") } else { String::new() }
}

/// Reads the timeline. `duration`: the run's, if it is known.
pub fn entries(file: &Body<'_>, duration: Option<Time>, resources: &Resources) -> Entries {
    let mut read = Entries::default();
    let mut changes = 0;
    for body in file.list_of_maps("timeline") {
        let entry = entry(&body, duration, resources, &mut read);
        let Some(entry) = entry else { continue };
        changes += entry.times.len() * if entry.holds.is_some() { 2 } else { 1 };
        if changes > CHANGES_MAX {
            let message = format!("more than {CHANGES_MAX} changes, repetitions counted");
            let mistake = Diagnostic::error(message).at(body.place).path(body.path.clone());
            file.cx.say(mistake.label("fewer, or a longer `every`"));
            break;
        }
        if let Some(last) = entry.times.last() {
            let end = last.saturating_add(entry.holds.unwrap_or_default());
            read.last = read.last.max(end.min(Time::LAST));
        }
        read.entries.push(entry);
    }
    read
}

fn entry(
    body: &Body<'_>,
    duration: Option<Time>,
    resources: &Resources,
    read: &mut Entries,
) -> Option<Entry> {
    let wanted = || API.iter().copied().chain(["set"]);
    let actions: Vec<&str> = wanted().filter(|name| body.node.get(name).is_some()).collect();
    let holds = body.time_maybe("for");
    let every = body.time_maybe("every");
    let until = body.point_maybe("until");
    if until.is_some() && body.node.get("every").is_none() {
        let mistake = Diagnostic::error("`until` without `every`").at(body.place_of("until"));
        body.wrong("until", mistake.label("it ends a repetition; `for` ends a `set`"));
    }
    let at = body.point_maybe("at");
    let action = match actions.as_slice() {
        ["set"] => set(body),
        [call] => call_of(body, call, resources).map(Action::Call),
        some => {
            let message = match some {
                [] => "an entry that changes nothing".to_string(),
                some => format!("{} changes in one entry", some.len()),
            };
            let mistake = Diagnostic::error(message).at(body.place).path(body.path.clone());
            let all: Vec<&str> = wanted().collect();
            body.cx.say(mistake.label(format!("one of {}", body::listed(&all))));
            None
        }
    };
    if holds.is_some() && !actions.is_empty() && actions != ["set"] {
        let mistake = Diagnostic::error("`for` without `set`").at(body.place_of("for"));
        body.wrong("for", mistake.label("only what is set can be undone"));
    }
    let (at, action) = (at?, action?);
    let times = match every {
        None => vec![at],
        Some(every) => {
            let end = until.or(duration).unwrap_or(Time::ZERO);
            if until.is_none() && duration.is_none() {
                let place = body.place_of("every");
                read.endless.get_or_insert((place, body.path_of("every")));
            }
            let mut times = vec![at];
            let mut next = at.saturating_add(every);
            while next < end && times.len() <= CHANGES_MAX {
                times.push(next);
                next = next.saturating_add(every);
            }
            times
        }
    };
    Some(Entry { times, holds, action })
}

/// What `set` sets; only what can change on a live resource.
fn set(body: &Body<'_>) -> Option<Action> {
    let node = body.get("set")?;
    if !matches!(node.value, Value::Map(_)) || node.entries().is_empty() {
        let mistake = Diagnostic::error(format!("{} is not a mapping of paths", node.shown()));
        let label = "paths: `{functions.Worker.error_rate: 100%}`";
        body.wrong("set", mistake.at(node.place).label(label));
        return None;
    }
    let mut sets = Vec::new();
    for (key, value) in node.entries() {
        let row = row_at(body.cx.tree, &key.name);
        match row {
            // What the table does not have is found where the changed tree is read.
            Some(row) if !row.live && row.state == super::properties::State::Played => {
                let path = format!("{}.{}", body.path_of("set"), key.name);
                let message = format!("{} cannot change on a live resource", quoted(&key.name));
                let mistake = Diagnostic::error(message).at(key.place).path(path);
                let label = "what AWS lets one change, and ours but no wiring";
                let help = "make it a policy, or a second file";
                body.cx.say(mistake.label(label).help(help));
            }
            None if is_a_whole_resource(&key.name) => {
                let path = format!("{}.{}", body.path_of("set"), key.name);
                let message = format!("{} is a whole resource", quoted(&key.name));
                let mistake = Diagnostic::error(message).at(key.place).path(path);
                body.cx.say(mistake.label("a path to one property, such as `….error_rate`"));
            }
            _ => sets.push((key.clone(), value.clone())),
        }
    }
    Some(Action::Set(sets))
}

fn is_a_whole_resource(path: &str) -> bool {
    path.split('.').count() <= 2
}

fn call_of(body: &Body<'_>, name: &str, resources: &Resources) -> Option<Change> {
    let call = body.map(name)?;
    match name {
        "StartMessageMoveTask" => {
            let (source, destination) = (call.queue("SourceArn"), call.queue("DestinationArn"));
            let rate = call.count_u32_maybe("MaxNumberOfMessagesPerSecond");
            let source = source?;
            // A redrive policy that could not be read has been reported.
            if let Some(queue) = resources.queues.get(source.index())
                && !queue.dead_letter_queue
                && body.cx.report.errors() == 0
            {
                let message = format!("{} is no queue's dead-letter queue", quoted(&queue.name));
                let mistake = Diagnostic::error(message).at(call.place_of("SourceArn"));
                let label = "AWS moves only what lies in the dead-letter queue of a queue";
                call.wrong("SourceArn", mistake.label(label));
            }
            if let Some(queue) = resources.queues.get(source.index())
                && let Some(to) = destination
                && let Some(message) = fifo::differ(resources, &queue.name, to)
            {
                let mistake = Diagnostic::error(message).at(call.place_of("DestinationArn"));
                call.wrong("DestinationArn", mistake.label("a queue of the same type"));
            }
            Some(Change::StartMessageMoveTask { source, destination, rate })
        }
        "CancelMessageMoveTask" => call.queue("SourceArn").map(Change::CancelMessageMoveTask),
        "PurgeQueue" => call.queue("QueueUrl").map(Change::PurgeQueue),
        "UpdateFunctionCode" => call.function("FunctionName").map(Change::UpdateFunctionCode),
        other => unreachable!("{other} is no call of an API"),
    }
}

/// What happens, in the order of time; at one instant in the order of the file. `read` reads a changed tree.
pub fn changes(
    file: &Body<'_>,
    entries: Entries,
    first: &Arc<Resources>,
    read: &dyn Fn(&Node) -> Option<Resources>,
) -> Vec<(Time, Change)> {
    let report = file.cx.report;
    // What begins or ends at an instant, with the place of its entry in the file.
    let mut instants: BTreeMap<Time, Vec<(usize, Turn)>> = BTreeMap::new();
    let mut sets: Vec<Vec<(Key, Node)>> = Vec::new();
    for (place, entry) in entries.entries.into_iter().enumerate() {
        let set = match entry.action {
            Action::Call(change) => {
                for time in entry.times {
                    instants.entry(time).or_default().push((place, Turn::Call(change.clone())));
                }
                continue;
            }
            Action::Set(paths) => {
                sets.push(paths);
                sets.len() - 1
            }
        };
        for time in entry.times {
            instants.entry(time).or_default().push((place, Turn::Begin(set)));
            let end = entry.holds.map(|holds| time.saturating_add(holds));
            if let Some(end) = end.filter(|end| *end <= Time::LAST) {
                instants.entry(end).or_default().push((place, Turn::End(set)));
            }
        }
    }
    let lean = without_play(file.node);
    let lean_work = work(&lean);
    let mut active = Active::default();
    let mut states: BTreeMap<Vec<(usize, usize)>, Arc<Resources>> = BTreeMap::new();
    states.insert(Vec::new(), first.clone());
    let mut now = first.clone();
    let mut found: Vec<(Time, Change)> = Vec::new();
    for (time, mut turns) in instants {
        turns.sort_by_key(|(place, _)| *place);
        for (_, turn) in &turns {
            match turn {
                Turn::Begin(set) => active.begin(*set, &sets[*set]),
                Turn::End(set) => active.end(*set, &sets[*set]),
                Turn::Call(_) => (),
            }
        }
        let configured = turns.iter().position(|(_, turn)| !matches!(turn, Turn::Call(_)));
        for (at, (_, turn)) in turns.into_iter().enumerate() {
            if let Turn::Call(change) = turn {
                found.push((time, change));
            }
            if Some(at) != configured {
                continue;
            }
            let key = active.effective();
            let next = match states.get(&key) {
                Some(state) => state.clone(),
                None => {
                    if !report.may_work(lean_work + key.len()) {
                        return found;
                    }
                    let changes = key.iter().map(|(set, nth)| &sets[*set][*nth]);
                    let Some(state) = state_of(file, &lean, changes, read) else { continue };
                    states.insert(key, state.clone());
                    state
                }
            };
            if *next != *now {
                found.push((time, Change::Configure(next.clone())));
                now = next;
            }
        }
    }
    found
}

/// What is set now.
#[derive(Default)]
struct Active {
    /// For each path the sets that have it, by their place in the file, with its place in the set and how
    /// many times it holds: of an entry that repeats one may begin before the last has ended.
    paths: BTreeMap<String, BTreeMap<(usize, usize), u32>>,
}

impl Active {
    fn begin(&mut self, set: usize, paths: &[(Key, Node)]) {
        for (nth, (key, _)) in paths.iter().enumerate() {
            let holders = self.paths.entry(key.name.clone()).or_default();
            *holders.entry((set, nth)).or_default() += 1;
        }
    }

    fn end(&mut self, set: usize, paths: &[(Key, Node)]) {
        for (nth, (key, _)) in paths.iter().enumerate() {
            let Some(holders) = self.paths.get_mut(&key.name) else { continue };
            if let Some(times) = holders.get_mut(&(set, nth)) {
                *times -= 1;
                if *times == 0 {
                    holders.remove(&(set, nth));
                }
            }
            if holders.is_empty() {
                self.paths.remove(&key.name);
            }
        }
    }

    /// Of several that set the same path the last written; all in the order of the file.
    fn effective(&self) -> Vec<(usize, usize)> {
        let last = self.paths.values().filter_map(|holders| holders.last_key_value());
        let mut last: Vec<(usize, usize)> = last.map(|(place, _)| *place).collect();
        last.sort_unstable();
        last
    }
}

#[derive(Debug)]
enum Turn {
    Begin(usize),
    End(usize),
    Call(Change),
}

/// The tree without what is about it and not in it: no state needs that.
fn without_play(tree: &Node) -> Node {
    let mut lean = tree.clone();
    if let Value::Map(entries) = &mut lean.value {
        let play = ["timeline", "policies", "thresholds"];
        entries.retain(|(key, _)| !play.contains(&key.name.as_str()));
    }
    lean
}

fn state_of<'c>(
    file: &Body<'_>,
    lean: &Node,
    changes: impl Iterator<Item = &'c (Key, Node)>,
    read: &dyn Fn(&Node) -> Option<Resources>,
) -> Option<Arc<Resources>> {
    let mut tree = lean.clone();
    for (key, value) in changes {
        apply(file.cx.report, &mut tree, key, value);
    }
    read(&tree).map(Arc::new)
}
