//! The property table: what every key of the language is called, takes, defaults to and means.
//!
//! One row a key, in `table.rs`. The decoder reads by it (type, range, default, whether it is
//! there at all), and the JSON Schema, the reference page and `explain` are written from it, so
//! that none of them can say something else than the others.

mod table;

pub use table::*;

use super::{
    node::{Node, Value},
    units::AwsUnit,
};
use crate::model::Rule;

/// One key of the language.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// How it is written.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What stands for it where it is missing, as it would be written.
    pub default: Option<&'static str>,
    /// What stands for it instead under `assumptions: {profile: measured}`.
    pub measured: Option<&'static str>,
    /// What it means, in a sentence without a full stop.
    pub says: &'static str,
    /// The rule that it is about, if it is about one.
    pub rule: Option<Rule>,
    /// Whether this version plays it.
    pub state: State,
    /// Whether AWS has it, under this name.
    pub aws: bool,
    /// Whether the timeline may change it.
    pub live: bool,
    /// Whether it must be there.
    pub required: bool,
}

/// Which of its defaults stands for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Delays and jitter that AWS does not document at 0: times are round.
    Exact,
    /// As they were seen on AWS.
    Measured,
}

/// Whether a key is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is read and does something.
    Played,
    /// A later version's: known by name and refused.
    Later,
    /// AWS has it and nothing here depends on it: accepted with a note.
    Ignored,
}

/// The keys of a mapping, in groups that other mappings may share.
pub type Rows = &'static [&'static [Property]];

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// A time that AWS has in whole units, from the first to the second number of them.
    Aws(AwsUnit, u64, u64),
    /// A whole number, from the first to the second.
    Count(u64, u64),
    /// A whole number from 1 to this, or `never`.
    CountOrNever(u64),
    /// A whole number, from the first to the second, or AWS's -1 for no limit.
    CountOrNone(u64, u64),
    /// A time as in `Aws`, or AWS's -1 for no limit.
    AwsOrNone(AwsUnit, u64, u64),
    /// A number, from the first to the second.
    Number(f64, f64),
    /// A share: 0 % to 100 %.
    Share,
    /// A rate: 50/s.
    Rate,
    /// A time with its unit; `true`: above 0.
    Time(bool),
    /// A time or a law of times; `true`: it may come from an attribute.
    TimeLaw(bool),
    /// A size or a law of sizes.
    SizeLaw,
    /// A parameter of a law: a time or a size, as the law gives.
    Amount,
    /// A point in time.
    Point,
    /// A time stamp.
    Stamp,
    /// `true` or `false`.
    Flag,
    /// One of the first words; the others are a later version's.
    OneOf(&'static [&'static str], &'static [&'static str]),
    /// Free text.
    Text,
    /// The name of an attribute.
    Attribute,
    /// A resource of one of these kinds; `true`: or a whole `arn:…` outside.
    Reference(&'static [Kind], bool),
    /// A word: plain, drawn, or by a law.
    WordLaw,
    /// A plain word.
    Word,
    /// Words with their shares: `{a: 90%, b: 10%}`.
    Shares,
    /// Attributes, each with its word: `{kind: bulk}`.
    Words,
    /// A pattern of AWS's; `true`: also as a text of JSON.
    Pattern(bool),
    /// Arrivals, or a list of them.
    Arrivals,
    /// A time, a law of times, or `base`, `cap` and `jitter`.
    Backoff,
    /// Retriers of a state, or a word for a block of them.
    Retriers,
    /// Parts with their weights; `true`: of words, else of times or sizes.
    Mixture(bool),
    /// A mapping with these keys.
    Map(Rows),
    /// The same, also as a text of JSON.
    JsonMap(Rows),
    /// A mapping of names of the file to mappings with these keys.
    Named(Kind, Rows),
    /// A list of these.
    List(&'static Takes),
    /// Paths with what they are set to.
    Paths,
    /// Policies, each with its paths.
    Policies,
    /// Thresholds.
    Thresholds,
    /// Anything: its body is not read.
    Anything,
}

/// A kind of thing with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A function.
    Function,
    /// A queue.
    Queue,
    /// A topic.
    Topic,
    /// A bus.
    Bus,
    /// A bucket.
    Bucket,
    /// A stream.
    Stream,
    /// A subscription.
    Subscription,
    /// A rule.
    Rule,
    /// An event source mapping.
    Mapping,
    /// A pipe.
    Pipe,
    /// A dependency.
    Dependency,
    /// A CloudWatch alarm.
    Alarm,
    /// A caller.
    Caller,
}

impl Kind {
    /// With its article, for messages.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Function => "a function",
            Kind::Queue => "a queue",
            Kind::Topic => "a topic",
            Kind::Bus => "a bus",
            Kind::Bucket => "a bucket",
            Kind::Stream => "a stream",
            Kind::Subscription => "a subscription",
            Kind::Rule => "a rule",
            Kind::Mapping => "an event source mapping",
            Kind::Pipe => "a pipe",
            Kind::Dependency => "a dependency",
            Kind::Alarm => "an alarm",
            Kind::Caller => "a caller",
        }
    }
    /// The section of the file where its kind stands.
    pub const fn section(self) -> &'static str {
        match self {
            Kind::Function => "functions",
            Kind::Queue => "queues",
            Kind::Topic => "topics",
            Kind::Bus => "buses",
            Kind::Bucket => "buckets",
            Kind::Stream => "streams",
            Kind::Subscription => "subscriptions",
            Kind::Rule => "rules",
            Kind::Mapping => "event_source_mappings",
            Kind::Pipe => "pipes",
            Kind::Dependency => "dependencies",
            Kind::Alarm => "alarms",
            Kind::Caller => "callers",
        }
    }
}

impl Property {
    const fn new(name: &'static str, takes: Takes, says: &'static str) -> Property {
        Property {
            name,
            takes,
            default: None,
            measured: None,
            says,
            rule: None,
            state: State::Played,
            aws: false,
            live: false,
            required: false,
        }
    }
    /// A key that is ours.
    const fn ours(name: &'static str, takes: Takes, says: &'static str) -> Property {
        Property::new(name, takes, says)
    }
    /// A key of AWS's.
    const fn aws(name: &'static str, takes: Takes, says: &'static str) -> Property {
        Property { aws: true, ..Property::new(name, takes, says) }
    }
    /// A key of AWS's that nothing here depends on.
    const fn ignored(name: &'static str) -> Property {
        let says = "accepted with a note: nothing here depends on it";
        Property { state: State::Ignored, ..Property::aws(name, Takes::Anything, says) }
    }
    /// A key of a later version.
    const fn later(name: &'static str, says: &'static str) -> Property {
        Property { state: State::Later, ..Property::new(name, Takes::Anything, says) }
    }
    const fn default(mut self, written: &'static str) -> Property {
        self.default = Some(written);
        self
    }
    /// What has been measured on AWS.
    const fn measured(mut self, written: &'static str) -> Property {
        self.measured = Some(written);
        self
    }
    const fn rule(mut self, rule: Rule) -> Property {
        self.rule = Some(rule);
        self
    }
    const fn live(mut self) -> Property {
        self.live = true;
        self
    }
    const fn required(mut self) -> Property {
        self.required = true;
        self
    }
    /// What stands for it where it is missing, under this profile.
    pub fn default_under(&self, profile: Profile) -> Option<&'static str> {
        match profile {
            Profile::Exact => self.default,
            Profile::Measured => self.measured.or(self.default),
        }
    }
    /// The keys of the mapping that it takes, or that each entry of its list is; none if there are none.
    pub fn rows(&self) -> Rows {
        self.takes.rows()
    }
}

impl Takes {
    /// What it takes, in words, with its range.
    pub fn words(&self) -> String {
        let some = |what: &str| what.to_string();
        match *self {
            Takes::Aws(unit, min, max) => {
                let unit = unit.word();
                format!("{} to {} {unit}: bare, or a time with its unit", number(min), number(max))
            }
            Takes::Count(min, max) => format!("a whole number, {} to {}", number(min), number(max)),
            Takes::CountOrNever(max) => format!("a whole number, 1 to {}, or `never`", number(max)),
            Takes::CountOrNone(..) | Takes::AwsOrNone(..) => {
                format!("{}, or -1 for no limit", self.limited().words())
            }
            Takes::Number(min, max) => format!("a number, {min} to {max}"),
            Takes::Share => some("a share, 0% to 100%"),
            Takes::Rate => some("a rate, such as 50/s"),
            Takes::Time(true) => some("a time above 0, such as 250ms"),
            Takes::Time(false) => some("a time, such as 250ms"),
            Takes::TimeLaw(true) => some("a time, a law of times or an attribute"),
            Takes::TimeLaw(false) => some("a time or a law of times"),
            Takes::SizeLaw => some("a size such as 256KiB, a law of sizes or an attribute"),
            Takes::Amount => some("a time or a size, as the law gives"),
            Takes::Point => some("a point in time: 4h, 10:00 or 2026-11-23T09:00Z"),
            Takes::Stamp => some("a time stamp such as 2026-11-23T09:00Z"),
            Takes::Flag => some("true or false"),
            Takes::OneOf(words, _) => words.join(", "),
            Takes::Text => some("text"),
            Takes::Attribute => some("the name of an attribute"),
            Takes::Reference(kinds, outside) => {
                let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
                let arn = if outside { ", or a whole arn:…" } else { "" };
                format!("the name of {}{arn}", words.join(", "))
            }
            Takes::WordLaw => some("a word or a law of words"),
            Takes::Word => some("a word"),
            Takes::Shares => some("words with their shares, which add up to 100%"),
            Takes::Words => some("attributes, each with a word or a law of words"),
            Takes::Pattern(false) => some("a pattern"),
            Takes::Pattern(true) => some("a pattern, also as a text of JSON"),
            Takes::Arrivals => some("arrivals, or a list of them, which adds up"),
            Takes::Retriers => some("recommended, console, or a list of mappings"),
            Takes::Backoff => some("a time, a law of times, or a mapping"),
            Takes::Mixture(_) => some("a list of parts"),
            Takes::Map(_) => some("a mapping"),
            Takes::JsonMap(_) => some("a mapping, also as a text of JSON"),
            Takes::Named(..) => some("names, each with a mapping"),
            Takes::List(entry) => match entry {
                Takes::Map(_) => some("a list of mappings"),
                entry => format!("a list: {}", entry.words()),
            },
            Takes::Paths => some("paths, and what they are set to"),
            Takes::Policies => some("names, each with paths"),
            Takes::Thresholds => some(
                "a list of thresholds, each for all, for one policy, or of the difference of two",
            ),
            Takes::Anything => some("anything"),
        }
    }

    /// What it takes but for AWS's -1.
    pub const fn limited(self) -> Takes {
        match self {
            Takes::CountOrNone(min, max) => Takes::Count(min, max),
            Takes::AwsOrNone(unit, min, max) => Takes::Aws(unit, min, max),
            other => other,
        }
    }

    fn rows(&self) -> Rows {
        match self {
            Takes::Map(rows) | Takes::JsonMap(rows) | Takes::Named(_, rows) => rows,
            Takes::List(entry) => entry.rows(),
            Takes::TimeLaw(_) | Takes::SizeLaw => LAW,
            Takes::WordLaw | Takes::Words => WORD_LAW,
            Takes::Arrivals => ARRIVALS,
            Takes::Backoff => BACKOFF,
            Takes::Retriers => RETRIER,
            Takes::Mixture(_) => MIXTURE,
            _ => &[],
        }
    }
}

/// A whole number with its thousands apart, as people read it.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The row of `name` in a mapping.
pub fn find(rows: Rows, name: &str) -> Option<&'static Property> {
    all(rows).find(|row| row.name == name)
}

/// Every row of a mapping.
pub fn all(rows: Rows) -> impl Iterator<Item = &'static Property> + Clone {
    rows.iter().flat_map(|group| group.iter())
}

/// Calls `see` with every row and its path, in the order of the table. A name of the file is `*`, a
/// place in a list `N`. What laws and arrivals take stands on its own, under the names of those.
pub fn visit(see: &mut impl FnMut(&str, &'static Property)) {
    visit_below(FILE, "", see);
}

/// [`visit`] for the rows of one mapping, below `path`.
pub fn visit_below(rows: Rows, path: &str, see: &mut impl FnMut(&str, &'static Property)) {
    for row in all(rows) {
        let here = join(path, row.name);
        see(&here, row);
        let below = match row.takes {
            Takes::Map(_) | Takes::JsonMap(_) => here,
            Takes::Named(..) => join(&here, "*"),
            Takes::List(Takes::Map(_)) | Takes::Retriers => join(&here, "N"),
            Takes::Backoff => here,
            _ => continue,
        };
        let rows = if matches!(row.takes, Takes::Backoff) { BACKOFF_KEYS } else { row.rows() };
        visit_below(rows, &below, see);
    }
}

/// `path.name`, or `name` where there is no path.
pub fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
}

/// The row that a path of a scenario leads to: the last one on it that the table has. `None` if the
/// table does not have it, which the decoder will find too.
pub fn row_at(tree: &Node, path: &str) -> Option<&'static Property> {
    let mut rows = FILE;
    let mut rest = path;
    let mut node = Some(tree);
    loop {
        let (name, after) = part(rest, None);
        let row = find(rows, name)?;
        node = node.and_then(|node| node.get(name));
        let Some(mut after) = after else { return Some(row) };
        let listed = match row.takes {
            Takes::Map(_) | Takes::JsonMap(_) => {
                (rows, rest) = (row.rows(), after);
                continue;
            }
            Takes::Named(..) => false,
            Takes::List(Takes::Map(_)) => true,
            _ => return Some(row),
        };
        let (name, below) = part(after, node.filter(|_| !listed));
        node = node.and_then(|node| match &node.value {
            Value::List(items) => items.get(name.parse::<usize>().ok()?),
            _ => node.get(name),
        });
        after = below?;
        (rows, rest) = (row.rows(), after);
    }
}

/// The first part of a path and what follows it; where `names` is a mapping, the longest of its names.
fn part<'p>(path: &'p str, names: Option<&Node>) -> (&'p str, Option<&'p str>) {
    let entries = names.map_or(&[][..], Node::entries);
    let ends = entries.iter().filter_map(|(key, _)| {
        let after = path.strip_prefix(key.name.as_str())?;
        (after.is_empty() || after.starts_with('.')).then_some(key.name.len())
    });
    let end = ends.max().or(path.find('.')).unwrap_or(path.len());
    (&path[..end], path[end..].strip_prefix('.'))
}

#[cfg(test)]
mod tests {
    use super::{
        super::node::{Source, parse},
        *,
    };
    use std::collections::BTreeSet;

    #[test]
    fn a_mapping_has_each_key_once_and_a_sentence_for_it() {
        let mut paths = BTreeSet::new();
        visit(&mut |path, row| {
            assert!(paths.insert(path.to_string()), "{path} stands twice");
            assert!(!row.says.is_empty() && !row.says.ends_with('.'), "{path}: {}", row.says);
            assert!(!row.live || row.state == State::Played, "{path}");
            assert!(!row.required || row.default.is_none(), "{path}");
        });
        for rows in [LAW, WORD_LAW, ARRIVALS, BACKOFF, MIXTURE] {
            let names: Vec<_> = all(rows).map(|row| row.name).collect();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        }
    }

    #[test]
    fn ours_is_lower_case_and_what_is_aws_s_is_not_said_to_be_ours() {
        visit(&mut |path, row| {
            if row.state == State::Played && !row.aws {
                assert!(!row.name.contains(|c: char| c.is_ascii_uppercase()), "{path}");
            }
        });
    }

    #[test]
    fn a_path_leads_to_its_row() {
        let text = "functions: {W: {calls: [{target: Q}]}}\nqueues: {Jobs: {}, Jobs.fifo: {}}\n";
        let tree = parse(&Source { name: "x".into(), text: text.into() }).expect("valid");
        let live = |path: &str| row_at(&tree, path).map(|row| (row.name, row.live));
        assert_eq!(live("functions.W.Timeout"), Some(("Timeout", true)));
        assert_eq!(live("functions.W.service_time.lognormal.mean"), Some(("service_time", true)));
        assert_eq!(live("functions.W.calls"), Some(("calls", false)));
        assert_eq!(live("functions.W.calls.0.target"), Some(("target", false)));
        assert_eq!(live("functions.W.calls.0.retry.budget"), Some(("budget", true)));
        assert_eq!(live("queues.Jobs.fifo.DelaySeconds"), Some(("DelaySeconds", true)));
        assert_eq!(live("queues.Jobs"), None);
        assert_eq!(live("queues.Jobs.Nonsense"), None);
        assert_eq!(live("seed"), Some(("seed", false)));
    }
}
