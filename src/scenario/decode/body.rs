//! A mapping of the scenario, read by its rows of the property table.
//!
//! Opening one reports what the table does not have, what a later version has and what is missing;
//! each reader then takes one key, by the type, range and default of its row. A reader that finds a
//! mistake reports it and gives something harmless: what was wrong anywhere is never played.

use super::Cx;
use crate::{
    kernel::{Probability, Span, Time},
    model::{
        config::Backoff,
        value::{Pattern, Quantity},
        vocabulary::{FunctionId, QueueId, Target},
    },
    scenario::{
        diagnostic::{Diagnostic, Origin, Place, quoted, suggest},
        node::{Node, Source, Value, parse},
        patterns,
        properties::{self, FILE, Property, Rows, State, Takes},
        units::{self, Rate},
        values::{self, Unit},
    },
};

/// An open mapping.
pub struct Body<'a> {
    /// What is known of the whole scenario.
    pub cx: &'a Cx<'a>,
    /// The mapping.
    pub node: &'a Node,
    /// Its path.
    pub path: String,
    /// Where what is missing is reported.
    pub place: Place,
    rows: Rows,
}

impl<'a> Body<'a> {
    /// Opens `node`, which stands at `path`; nothing written is an empty mapping. `None`, and
    /// reported, if it is something else.
    pub fn open(
        cx: &'a Cx<'a>,
        node: &'a Node,
        path: String,
        place: Place,
        rows: Rows,
    ) -> Option<Body<'a>> {
        let is_map = matches!(node.value, Value::Map(_)) && node.tag.is_none();
        if !is_map && !node.is_null() {
            let message = format!("{} is not a mapping", node.shown());
            let mistake = Diagnostic::error(message).at(node.place).label(here_may_stand(rows));
            cx.say(mistake.path(path));
            return None;
        }
        let body = Body { cx, node, path, place, rows };
        for (key, _) in node.entries() {
            match properties::find(rows, &key.name) {
                None => body.unknown(&key.name, key.place),
                Some(row) => match row.state {
                    State::Played => (),
                    State::Later => body.later(row, key.place),
                    State::Ignored => {
                        let note = format!("{} is not needed here and not read", quoted(row.name));
                        cx.say(Diagnostic::note(note).at(key.place).path(body.path_of(row.name)));
                    }
                },
            }
        }
        for row in properties::all(rows) {
            if row.required && node.get(row.name).is_none() {
                let message = format!("{} is missing", quoted(row.name));
                let label = format!("{}: {}", row.name, row.says);
                let mistake = Diagnostic::error(message).at(place).label(label);
                cx.say(mistake.path(body.path.clone()));
            }
        }
        Some(body)
    }

    fn unknown(&self, name: &str, place: Place) {
        let mistake = Diagnostic::error(format!("unknown key {}", quoted(name)))
            .at(place)
            .path(self.path_of(name))
            .label(here_may_stand(self.rows));
        if !self.cx.report.still_helps() {
            return self.cx.say(mistake);
        }
        let names = properties::all(self.rows).map(|row| row.name);
        let near = suggest(name, names);
        if near.is_some() {
            return self.cx.say(mistake.did_you_mean(near));
        }
        if matches!(name, "Properties" | "Type") && !self.path.is_empty() {
            let help = "a resource's body is its `Properties`: write those here, without `Type`";
            return self.cx.say(mistake.help(help));
        }
        let elsewhere = properties::all(FILE).find(|section| {
            section.state == State::Played && properties::find(section.rows(), name).is_some()
        });
        match elsewhere {
            Some(section) if !self.path.starts_with(section.name) => {
                self.cx.say(mistake.help(format!("{} have it", quoted(section.name))));
            }
            _ => self.cx.say(mistake),
        }
    }

    fn later(&self, row: &Property, place: Place) {
        let message = format!("{} is not yet in this version", quoted(row.name));
        let mistake = Diagnostic::error(message).at(place).label(row.says);
        self.cx.say(mistake.path(self.path_of(row.name)));
    }

    /// The path of a key.
    pub fn path_of(&self, name: &str) -> String {
        properties::join(&self.path, name)
    }

    /// The row of a key. Panics if the table lacks it.
    pub fn row(&self, name: &str) -> &'static Property {
        properties::find(self.rows, name).expect("a key that is read has its row in the table")
    }

    /// What stands at a key of this version.
    pub fn get(&self, name: &str) -> Option<&'a Node> {
        assert!(self.row(name).state == State::Played, "{name} is read, so it is played");
        self.node.get(name)
    }

    /// Where a key stands, or where it is missing.
    pub fn place_of(&self, name: &str) -> Place {
        self.node.get(name).map_or(self.place, |node| node.place)
    }

    /// Reports a mistake of a key.
    pub fn wrong(&self, name: &str, mistake: Diagnostic) {
        self.cx.say(mistake.path(self.path_of(name)));
    }

    /// Reads a key, or what the table has as its default.
    fn read<T>(&self, name: &str, reader: impl Fn(&Node) -> Result<T, Diagnostic>) -> Option<T> {
        let Some(node) = self.get(name) else {
            let default = self.row(name).default_under(self.cx.profile)?;
            let default = reader(&plain(default));
            return Some(default.expect("the table's default is in its range"));
        };
        match reader(node) {
            Ok(value) => Some(value),
            Err(mistake) => {
                self.wrong(name, mistake);
                None
            }
        }
    }

    /// Reads a key that AWS lets be -1; none for that.
    fn or_none<T>(&self, name: &str, reader: impl Fn(&Node) -> Result<T, Diagnostic>) -> Option<T> {
        let read = self.read(name, |node| match units::integer(node) {
            Ok(-1) => Ok(None),
            _ => reader(node).map(Some),
        });
        read.flatten()
    }

    /// A whole number; none for -1.
    pub fn count_or_none(&self, name: &str) -> Option<u32> {
        let Takes::CountOrNone(min, max) = self.row(name).takes else {
            unreachable!("{name} is a count or -1 in the table")
        };
        let count = self.or_none(name, |node| {
            in_range(node, units::count(node)?, min, max, ToString::to_string, true)
        });
        count.map(|count| u32::try_from(count).expect("its range fits"))
    }

    /// A time in AWS's unit; none for -1.
    pub fn aws_time_or_none(&self, name: &str) -> Option<Span> {
        let Takes::AwsOrNone(unit, min, max) = self.row(name).takes else {
            unreachable!("{name} is a time of AWS's or -1 in the table")
        };
        let (least, most) = (unit.span().times(min), unit.span().times(max));
        self.or_none(name, |node| {
            let span = units::aws_time(node, unit)?;
            in_range(node, span, least, most, |span| time_text(*span), true)
        })
    }

    /// A time in AWS's unit.
    pub fn aws_time(&self, name: &str) -> Span {
        self.aws_time_maybe(name).unwrap_or_default()
    }

    /// The same, where it may be missing.
    pub fn aws_time_maybe(&self, name: &str) -> Option<Span> {
        let Takes::Aws(unit, min, max) = self.row(name).takes else {
            unreachable!("{name} is a time of AWS's in the table")
        };
        let one = unit.span();
        self.read(name, |node| {
            let span = units::aws_time(node, unit)?;
            let (least, most) = (one.times(min), one.times(max));
            in_range(node, span, least, most, |span| time_text(*span), true)
        })
    }

    /// A whole number.
    pub fn count(&self, name: &str) -> u64 {
        self.count_maybe(name).unwrap_or_default()
    }

    /// A whole number that fits into 32 bits by its range.
    pub fn count_u32(&self, name: &str) -> u32 {
        u32::try_from(self.count(name)).expect("its range fits")
    }

    /// The same, where it may be missing.
    pub fn count_maybe(&self, name: &str) -> Option<u64> {
        let row = self.row(name);
        let Takes::Count(min, max) = row.takes else {
            unreachable!("{name} is a count in the table")
        };
        self.read(name, |node| {
            let count = units::count(node)
                .map_err(|mistake| mistake.label(format!("a whole number from {min} to {max}")))?;
            in_range(node, count, min, max, ToString::to_string, row.aws)
        })
    }

    /// A whole number; none for `never`.
    pub fn count_or_never(&self, name: &str) -> Option<u32> {
        let row = self.row(name);
        let Takes::CountOrNever(max) = row.takes else {
            unreachable!("{name} is a count or `never` in the table")
        };
        let count = self.read(name, |node| {
            if node.raw() == Some("never") {
                return Ok(None);
            }
            let count = units::count(node).map_err(|mistake| {
                mistake.label(format!("a whole number from 1 to {max}, or `never`"))
            })?;
            in_range(node, count, 1, max, ToString::to_string, row.aws).map(Some)
        });
        count.flatten().map(|count| u32::try_from(count).expect("its range fits"))
    }

    /// The same, in 32 bits.
    pub fn count_u32_maybe(&self, name: &str) -> Option<u32> {
        self.count_maybe(name).map(|count| u32::try_from(count).expect("its range fits"))
    }

    /// A number.
    pub fn number(&self, name: &str) -> f64 {
        self.number_maybe(name).unwrap_or_default()
    }

    /// The same, where it may be missing.
    pub fn number_maybe(&self, name: &str) -> Option<f64> {
        let Takes::Number(min, max) = self.row(name).takes else {
            unreachable!("{name} is a number in the table")
        };
        self.read(name, |node| {
            in_range(node, units::number(node)?, min, max, ToString::to_string, false)
        })
    }

    /// A share.
    pub fn share(&self, name: &str) -> f64 {
        self.share_maybe(name).unwrap_or_default()
    }

    /// The same, where it may be missing.
    pub fn share_maybe(&self, name: &str) -> Option<f64> {
        assert!(matches!(self.row(name).takes, Takes::Share), "{name} is a share in the table");
        self.read(name, units::share)
    }

    /// A share, as how likely something is.
    pub fn probability(&self, name: &str) -> Probability {
        Probability::new(self.share(name)).expect("a share is between 0 and 1")
    }

    /// A time with its unit.
    pub fn time(&self, name: &str) -> Span {
        self.time_maybe(name).unwrap_or_default()
    }

    /// The same, where it may be missing.
    pub fn time_maybe(&self, name: &str) -> Option<Span> {
        let Takes::Time(positive) = self.row(name).takes else {
            unreachable!("{name} is a time in the table")
        };
        self.read(name, |node| {
            let span = units::time(node)?;
            if positive && span == Span::ZERO {
                let message = format!("{} is no time here", node.shown());
                return Err(Diagnostic::error(message).at(node.place).label("a time above 0"));
            }
            Ok(span)
        })
    }

    /// A rate, in events a nanosecond.
    pub fn rate_maybe(&self, name: &str) -> Option<f64> {
        assert!(matches!(self.row(name).takes, Takes::Rate), "{name} is a rate in the table");
        let rate = self.read(name, units::rate)?;
        Some(rate.events() as f64 / rate.per().as_nanos() as f64)
    }

    /// The same, exactly: so many events in so long.
    pub fn exact_rate_maybe(&self, name: &str) -> Option<Rate> {
        assert!(matches!(self.row(name).takes, Takes::Rate), "{name} is a rate in the table");
        self.read(name, units::rate)
    }

    /// A point in time.
    pub fn point_maybe(&self, name: &str) -> Option<Time> {
        assert!(matches!(self.row(name).takes, Takes::Point), "{name} is a point in the table");
        self.read(name, |node| units::point(node, self.cx.start))
    }

    /// A time stamp, in seconds since 1970.
    pub fn stamp(&self, name: &str) -> i64 {
        assert!(matches!(self.row(name).takes, Takes::Stamp), "{name} is a stamp in the table");
        self.read(name, units::timestamp).unwrap_or_default()
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> bool {
        assert!(matches!(self.row(name).takes, Takes::Flag), "{name} is a flag in the table");
        self.read(name, units::flag).unwrap_or_default()
    }

    /// One of the row's words.
    pub fn word(&self, name: &str) -> Option<&'static str> {
        let Takes::OneOf(words, later) = self.row(name).takes else {
            unreachable!("{name} is one of several words in the table")
        };
        self.read(name, |node| one_of(node, words, later))
    }

    /// Free text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        assert!(
            matches!(self.row(name).takes, Takes::Text | Takes::Attribute),
            "{name} is text in the table"
        );
        let node = self.get(name)?;
        match units::text(node) {
            Ok(text) => Some(text),
            Err(mistake) => {
                self.wrong(name, mistake);
                None
            }
        }
    }

    /// A time or a law of times.
    pub fn time_law(&self, name: &str) -> Quantity {
        self.time_law_maybe(name).unwrap_or_default()
    }

    /// The same, where it may be missing.
    pub fn time_law_maybe(&self, name: &str) -> Option<Quantity> {
        let row = self.row(name);
        let Takes::TimeLaw(attributes) = row.takes else {
            unreachable!("{name} is a law of times in the table")
        };
        match self.get(name) {
            Some(node) => {
                let unit = Unit::Time { attributes };
                values::quantity(self.cx, node, self.path_of(name), unit)
            }
            None => {
                let default = written(row.default_under(self.cx.profile)?);
                let unit = Unit::Time { attributes };
                let law = values::quantity(self.cx, &default, self.path_of(name), unit);
                Some(law.expect("the table's default is a time or a law"))
            }
        }
    }

    /// A size or a law of sizes.
    pub fn size_law(&self, name: &str) -> Quantity {
        assert!(matches!(self.row(name).takes, Takes::SizeLaw), "{name} is a size in the table");
        let Some(node) = self.get(name) else { return Quantity::Plain(0) };
        values::quantity(self.cx, node, self.path_of(name), Unit::Size).unwrap_or_default()
    }

    /// The waits of a retry.
    pub fn backoff(&self, name: &str) -> Backoff {
        assert!(matches!(self.row(name).takes, Takes::Backoff), "{name} is a backoff in the table");
        let Some(node) = self.get(name) else { return Backoff::default() };
        values::backoff(self.cx, node, self.path_of(name))
    }

    /// A pattern.
    pub fn pattern_maybe(&self, name: &str) -> Option<Pattern> {
        let Takes::Pattern(json) = self.row(name).takes else {
            unreachable!("{name} is a pattern in the table")
        };
        patterns::pattern(self.cx, self.get(name)?, &self.path_of(name), json)
    }

    /// A resource, or something outside.
    pub fn target(&self, name: &str) -> Option<Target> {
        let Takes::Reference(kinds, outside) = self.row(name).takes else {
            unreachable!("{name} is a reference in the table")
        };
        let node = self.get(name)?;
        self.cx.names.resolve(self.cx, node, &self.path_of(name), kinds, outside)
    }

    /// A queue.
    pub fn queue(&self, name: &str) -> Option<QueueId> {
        match self.target(name)? {
            Target::Queue(id) => Some(id),
            _ => None,
        }
    }

    /// A function.
    pub fn function(&self, name: &str) -> Option<FunctionId> {
        match self.target(name)? {
            Target::Function(id) => Some(id),
            _ => None,
        }
    }

    /// The mapping at a key.
    pub fn map(&self, name: &str) -> Option<Body<'a>> {
        let row = self.row(name);
        assert!(matches!(row.takes, Takes::Map(_)), "{name} is a mapping in the table");
        let node = self.get(name)?;
        Body::open(self.cx, node, self.path_of(name), node.place, row.rows())
    }

    /// The mapping at a key; one without keys if it is missing.
    pub fn map_or_empty(&self, name: &str) -> Option<Body<'a>> {
        self.map(name).or_else(|| {
            let (cx, path) = (self.cx, self.path_of(name));
            let written = self.node.get(name).is_some_and(|node| !node.is_null());
            let rows = self.row(name).rows();
            (!written).then(|| Body::open(cx, &cx.empty, path, self.place, rows)).flatten()
        })
    }

    /// The entries of a list, each with its path.
    pub fn list(&self, name: &str) -> Vec<(String, &'a Node)> {
        let Some(node) = self.get(name) else { return Vec::new() };
        let Value::List(items) = &node.value else {
            if !node.is_null() {
                let message = format!("{} is not a list", node.shown());
                let mistake = Diagnostic::error(message).at(node.place).label("a list: `[…]`");
                self.wrong(name, mistake);
            }
            return Vec::new();
        };
        let path = self.path_of(name);
        items.iter().enumerate().map(|(n, item)| (format!("{path}.{n}"), item)).collect()
    }

    /// The mappings of a list.
    pub fn list_of_maps(&self, name: &str) -> Vec<Body<'a>> {
        let rows = self.row(name).rows();
        let entries = self.list(name).into_iter();
        entries
            .filter_map(|(path, node)| Body::open(self.cx, node, path, node.place, rows))
            .collect()
    }
}

/// A scalar as the file would have it, that stands nowhere.
pub fn plain(written: &str) -> Node {
    Node::plain(written, Place::new(Origin::File, 0..0))
}

/// A default of the table: a scalar, or a law in flow style.
fn written(text: &str) -> Node {
    if !text.starts_with('{') {
        return plain(text);
    }
    let source = Source { name: String::new(), text: text.to_string() };
    parse(&source).expect("the table's default can be read")
}

/// One of `words`; one of `later` is refused as such.
pub fn one_of<'w>(node: &Node, words: &[&'w str], later: &[&str]) -> Result<&'w str, Diagnostic> {
    if let (Value::Text(word), None) = (&node.value, node.tag)
        && later.contains(&word.as_str())
    {
        let message = format!("{} is not yet in this version", quoted(word));
        return Err(Diagnostic::error(message).at(node.place).label(listed(words)));
    }
    units::one_of(node, words).map_err(|mistake| {
        let all = words.iter().chain(later).copied();
        match node.raw() {
            Some(raw) => mistake.did_you_mean(suggest(raw, all)),
            None => mistake,
        }
    })
}

/// `a`, `b` or `c`.
pub fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}

fn here_may_stand(rows: Rows) -> String {
    const SHOWN: usize = 12;
    let names: Vec<&str> = properties::all(rows)
        .filter(|row| row.state == State::Played)
        .map(|row| row.name)
        .collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let shown: Vec<&str> = names.into_iter().take(SHOWN).collect();
    format!("here may stand {}{more}", shown.join(", "))
}

fn in_range<T: PartialOrd>(
    node: &Node,
    value: T,
    least: T,
    most: T,
    text: impl Fn(&T) -> String,
    aws: bool,
) -> Result<T, Diagnostic> {
    let (which, bound) = if value < least {
        ("below", &least)
    } else if most < value {
        ("above", &most)
    } else {
        return Ok(value);
    };
    let whose = if aws { "AWS's limit" } else { "the limit" };
    let message = format!("{} is {which} {whose} of {}", node.shown(), text(bound));
    let label = format!("allowed are {} to {}", text(&least), text(&most));
    Err(Diagnostic::error(message).at(node.place).label(label))
}

/// A time for people: `30 s`, `4 d`.
pub fn time_text(span: Span) -> String {
    const UNITS: [(u64, &str); 4] =
        [(86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "min"), (1, "")];
    let nanos = span.as_nanos();
    for (unit, word) in UNITS {
        // Whole minutes, hours and days from two on read better; what AWS has in seconds stays so.
        if !word.is_empty()
            && nanos.is_multiple_of(unit)
            && nanos / unit >= 2
            && nanos >= 7_200_000_000_000
        {
            return format!("{} {word}", nanos / unit);
        }
    }
    let seconds = span.to_string();
    format!("{} s", seconds.trim_end_matches('s'))
}
