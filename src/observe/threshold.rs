//! What must hold: thresholds read from their text.
//!
//! ```text
//! threshold  side (< | <= | > | >= | == | !=) side [… side]
//! side       term ((+ | - | * | /) term)*                       blanks around each sign
//! term       number | 12% | time or point | [point, …]          the list beside all_at only
//!            [NAME.]MEASURE[[key=value]] [STATISTIC] [per TIME STATISTIC]
//!                [at POINT | during [A]..[B]]
//! ```
//!
//! A window at the end of a side is for all of that side. Everything wrong with a text is told at
//! once, each mistake with its place in the text, what is allowed and the nearest known name.
//! Nothing here knows a scenario file: [`Names`] says what there is.

use super::{
    histogram::Percent,
    measure::{Kind, LATER, Measure, Owner},
    number::Number,
    point::{ANSWERS, Reason, Subject, status},
};
use crate::{
    kernel::{Span, Time},
    model::{
        config::{Resources, Via},
        services::Service,
    },
};
use std::{fmt, ops::Range};

/// What a name of the file stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A resource or caller of this version, with its position.
    Known(Owner, Subject),
    /// One whose kind has no measures yet: the section's name.
    Later(&'static str),
}

/// The names that a threshold can use.
pub struct Names<'a> {
    /// Every name of the file, in file order.
    pub resources: Vec<(String, Named)>,
    /// Every attribute of a payload.
    pub attributes: Vec<String>,
    /// Reads a point of time: an offset, a clock time or a time stamp.
    pub point: &'a dyn Fn(&str) -> Option<Time>,
}

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").field("resources", &self.resources).finish_non_exhaustive()
    }
}

impl<'a> Names<'a> {
    /// The names of `resources`.
    pub fn of(
        resources: &Resources,
        attributes: &[String],
        point: &'a dyn Fn(&str) -> Option<Time>,
    ) -> Names<'a> {
        let named = Subject::all(resources)
            .into_iter()
            .filter(|(owner, _)| !matches!(owner, Owner::Account | Owner::Run))
            .map(|(owner, subject)| {
                (subject.name(resources).to_owned(), Named::Known(owner, subject))
            });
        Names { resources: named.collect(), attributes: attributes.to_vec(), point }
    }
}

/// Something wrong with a threshold's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where, in bytes of the text.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What is allowed, or what to do.
    pub hint: Option<String>,
    /// The nearest known name.
    pub suggestion: Option<String>,
}

/// A threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The policy that it is about; none: all.
    pub policy: Option<String>,
    /// As it was written.
    pub text: String,
    /// What is compared.
    pub sides: Vec<Side>,
    /// How, each between two sides.
    pub comparisons: Vec<Comparison>,
    /// The measures of all sides.
    pub terms: Vec<Term>,
}

/// How two sides compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    const ALL: [(&'static str, Comparison); 6] = [
        ("<", Comparison::Less),
        ("<=", Comparison::LessOrEqual),
        (">", Comparison::Greater),
        (">=", Comparison::GreaterOrEqual),
        ("==", Comparison::Equal),
        ("!=", Comparison::NotEqual),
    ];

    /// Whether `left` and `right` compare so.
    pub fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
        }
    }
}

/// One side: a sum of products.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// Its text.
    pub text: String,
    /// What is added (`true`) or taken away.
    pub products: Vec<(bool, Vec<Factor>)>,
    /// What its numbers are.
    pub dimension: Dimension,
    /// Its bare numbers mean the other side's unit: so many of what is kept each.
    pub scale: u64,
}

/// A factor of a product.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// Whether it divides.
    pub divides: bool,
    /// What it is.
    pub operand: Operand,
}

/// What is calculated with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A number, or a time in nanoseconds.
    Literal(Number),
    /// A list of instants.
    List(Vec<Time>),
    /// A measure, by its position in [`Threshold::terms`].
    Term(usize),
}

/// What a side's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// A number without a unit, as it is written.
    Bare,
    /// Counts and shares.
    Number,
    /// Nanoseconds. AWS's unit for a bare number beside it, if it is AWS's measure.
    Time(Option<u64>),
    /// A list of instants.
    Instants,
}

/// A measure with how to take it.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Its text.
    pub text: String,
    /// Whose.
    pub subject: Subject,
    /// What.
    pub measure: Measure,
    /// `[key=value]`.
    pub filter: Option<Filter>,
    /// Which number of it; none: the sum of a count, a gauge at the end.
    pub statistic: Option<Statistic>,
    /// Period by period, and which number of the periods.
    pub per: Option<(Span, Statistic)>,
    /// When.
    pub window: Window,
}

/// `[key=value]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The status of an answer or the reason of a drop.
    Label(String),
    /// An attribute's word.
    Attribute(String, String),
}

/// When a measure is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Whenever it counts.
    All,
    /// A gauge at a point, all of that instant over.
    At(Time),
    /// From the first up to, not including, the second.
    During(Time, Option<Time>),
}

/// A number of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// All of it.
    Sum,
    /// The mean; of a gauge over time.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// How many samples.
    Count,
    /// A nearest-rank quantile.
    Quantile(Percent),
    /// When it was first counted or above 0.
    FirstAt,
    /// When it was last counted or above 0.
    LastAt,
    /// Every instant at which it was counted or rose above 0.
    AllAt,
}

impl Statistic {
    /// What messages list.
    const WORDS: &'static str = "sum mean min max count p50 p99.9 first_at last_at all_at";

    fn parse(text: &str) -> Option<Statistic> {
        Some(match text {
            "sum" => Statistic::Sum,
            "mean" => Statistic::Mean,
            "min" => Statistic::Min,
            "max" => Statistic::Max,
            "count" => Statistic::Count,
            "first_at" => Statistic::FirstAt,
            "last_at" => Statistic::LastAt,
            "all_at" => Statistic::AllAt,
            other => Statistic::Quantile(Percent::parse(other.strip_prefix('p')?)?),
        })
    }

    /// Whether it is an instant, or instants.
    pub const fn is_instant(self) -> bool {
        matches!(self, Statistic::FirstAt | Statistic::LastAt | Statistic::AllAt)
    }
}

/// More terms than a person writes.
const TERMS_MAX: usize = 64;

/// A word of the text with its place; a bracket is one word with what is in it.
#[derive(Clone, Debug)]
struct Word<'a> {
    text: &'a str,
    range: Range<usize>,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let (mut found, mut start, mut depth) = (Vec::new(), None, 0u32);
    for (at, letter) in text.char_indices() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => (),
        }
        if letter.is_whitespace() && depth == 0 {
            if let Some(from) = start.take() {
                found.push(Word { text: &text[from..at], range: from..at });
            }
        } else if start.is_none() {
            start = Some(at);
        }
    }
    if let Some(from) = start {
        found.push(Word { text: &text[from..], range: from..text.len() });
    }
    found
}

impl Threshold {
    /// Reads a threshold of `policy` (none: of all). Every mistake at once.
    pub fn parse(
        policy: Option<&str>,
        text: &str,
        names: &Names<'_>,
    ) -> Result<Threshold, Vec<Mistake>> {
        let mut reader = Reader { names, whole: text, terms: Vec::new(), mistakes: Vec::new() };
        let threshold = reader.threshold(policy);
        match reader.mistakes.is_empty() {
            true => Ok(threshold),
            false => Err(reader.mistakes),
        }
    }

    /// Looks at the policy of a threshold: one name, not yet a comparison `A vs B`.
    pub fn check_policy(policy: &str) -> Result<(), Mistake> {
        match policy.find(" vs ") {
            None => Ok(()),
            Some(_) => Err(Mistake {
                range: 0..policy.len(),
                message: "thresholds of a difference, `A vs B`, are not yet in this version".into(),
                hint: Some("write one threshold for each policy".into()),
                suggestion: None,
            }),
        }
    }
}

struct Reader<'a> {
    names: &'a Names<'a>,
    whole: &'a str,
    terms: Vec<Term>,
    mistakes: Vec<Mistake>,
}

/// A term as read: its operand, its dimension, and whether it said when.
struct Read {
    operand: Operand,
    dimension: Dimension,
}

impl<'a> Reader<'a> {
    fn wrong(&mut self, range: Range<usize>, message: impl Into<String>, hint: &str) {
        self.mistakes.push(Mistake {
            range,
            message: message.into(),
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
            suggestion: None,
        });
    }

    fn wrong_name<'n>(
        &mut self,
        range: Range<usize>,
        message: String,
        hint: String,
        name: &str,
        known: impl Iterator<Item = &'n str>,
    ) {
        let suggestion = nearest(name, known);
        let hint = (!hint.is_empty()).then_some(hint);
        self.mistakes.push(Mistake { range, message, hint, suggestion });
    }

    fn threshold(&mut self, policy: Option<&str>) -> Threshold {
        let words = words(self.whole);
        let compares = |word: &Word<'_>| {
            Comparison::ALL.iter().find(|(sign, _)| *sign == word.text).map(|(_, how)| *how)
        };
        let comparisons: Vec<Comparison> = words.iter().filter_map(compares).collect();
        let parts: Vec<&[Word<'_>]> = words.split(|word| compares(word).is_some()).collect();
        let signs: Vec<Range<usize>> = words
            .iter()
            .filter(|word| compares(word).is_some())
            .map(|word| word.range.clone())
            .collect();
        let mut sides = Vec::new();
        if parts.len() < 2 || parts.len() > 3 {
            let message =
                if parts.len() < 2 { "no comparison" } else { "more than two comparisons" };
            self.wrong(
                0..self.whole.len(),
                message,
                "write `X < Y` or `X < Y < Z` with one of < <= > >= == != between blanks",
            );
        } else {
            for (nth, part) in parts.iter().enumerate() {
                let range = match (part.first(), part.last()) {
                    (Some(first), Some(last)) => first.range.start..last.range.end,
                    // An empty side is shown at the sign before it, or after it.
                    _ => signs[nth.saturating_sub(1)].clone(),
                };
                sides.push((self.side(part, range.clone()), range));
            }
        }
        if self.mistakes.is_empty() {
            self.match_dimensions(&mut sides, &comparisons);
        }
        Threshold {
            policy: policy.map(str::to_owned),
            text: self.whole.to_owned(),
            sides: sides.into_iter().map(|(side, _)| side).collect(),
            comparisons,
            terms: std::mem::take(&mut self.terms),
        }
    }

    /// Sides are of one kind; a bare number beside AWS's time is in AWS's unit.
    fn match_dimensions(&mut self, sides: &mut [(Side, Range<usize>)], comparisons: &[Comparison]) {
        let zero = |side: &Side| {
            let [(true, factors)] = &side.products[..] else { return false };
            matches!(&factors[..], [Factor { operand: Operand::Literal(n), .. }] if n.is_zero())
        };
        let known =
            sides.iter().map(|(side, _)| side.dimension).find(|kind| *kind != Dimension::Bare);
        let Some(known) = known else {
            return self.wrong(0..self.whole.len(), "compares no measure", "name a measure");
        };
        for (side, range) in sides.iter_mut() {
            match (known, side.dimension) {
                (Dimension::Time(_), Dimension::Time(_))
                | (Dimension::Number, Dimension::Number | Dimension::Bare) => (),
                (Dimension::Instants, Dimension::Instants) => (),
                (Dimension::Time(Some(unit)), Dimension::Bare) => side.scale = unit,
                (Dimension::Time(None), Dimension::Bare) if zero(side) => (),
                (Dimension::Time(None), Dimension::Bare) => {
                    self.wrong(range.clone(), "a time needs a unit", "write 250ms, 30s, 5m or 6h");
                }
                (Dimension::Instants, _) | (_, Dimension::Instants) => {
                    let hint = "write `NAME.MEASURE all_at == [0s, 60.1s]`";
                    self.wrong(range.clone(), "all_at is compared with a list", hint);
                }
                (Dimension::Time(_), Dimension::Number) | (_, Dimension::Time(_)) => {
                    self.wrong(range.clone(), "compares a time with a number", "");
                }
                (Dimension::Bare, _) => unreachable!("the first that is not bare was taken"),
            }
        }
        let equals = |how: &Comparison| matches!(how, Comparison::Equal | Comparison::NotEqual);
        if known == Dimension::Instants && !comparisons.iter().all(equals) {
            self.wrong(0..self.whole.len(), "a list has no order", "compare it with == or !=");
        }
    }

    fn side(&mut self, words: &[Word<'a>], range: Range<usize>) -> Side {
        let sign = |word: &Word<'_>| matches!(word.text, "+" | "-" | "*" | "/");
        let mut products: Vec<(bool, Vec<Factor>)> = Vec::new();
        let mut dimensions: Vec<Dimension> = Vec::new();
        let first_term = self.terms.len();
        let (mut from, mut last_sign) = (0, "+");
        for at in 0..=words.len() {
            if at < words.len() && !sign(&words[at]) {
                continue;
            }
            let term = &words[from..at];
            let place = match (term.first(), term.last()) {
                (Some(first), Some(last)) => first.range.start..last.range.end,
                _ => words.get(at).or(words.last()).map_or(range.clone(), |w| w.range.clone()),
            };
            if let Some(read) = self.term(term, place.clone()) {
                self.join(&mut products, &mut dimensions, last_sign, read, place);
            }
            if let Some(word) = words.get(at) {
                (from, last_sign) = (at + 1, word.text);
            }
        }
        self.spread_window(first_term);
        let dimension = dimensions.iter().copied().reduce(|all, one| match (all, one) {
            (Dimension::Bare, other) | (other, Dimension::Bare) => other,
            (Dimension::Time(a), Dimension::Time(b)) => Dimension::Time(a.filter(|_| a == b)),
            (same, _) => same,
        });
        let different = |a: Dimension, b: Dimension| {
            let time = |d| matches!(d, Dimension::Time(_));
            time(a) != time(b) || a == Dimension::Instants || b == Dimension::Instants
        };
        if dimensions.windows(2).any(|pair| different(pair[0], pair[1])) {
            self.wrong(
                range.clone(),
                "adds what is not alike",
                "times need units, lists stand alone",
            );
        }
        Side {
            text: self.whole[range].to_owned(),
            products,
            dimension: dimension.unwrap_or(Dimension::Bare),
            scale: 1,
        }
    }

    fn join(
        &mut self,
        products: &mut Vec<(bool, Vec<Factor>)>,
        dimensions: &mut Vec<Dimension>,
        sign: &str,
        read: Read,
        place: Range<usize>,
    ) {
        let Read { operand, dimension } = read;
        let divides = sign == "/";
        let factor = Factor { divides, operand };
        let continues = divides || sign == "*";
        let (Some((_, factors)), Some(so_far), true) =
            (products.last_mut(), dimensions.last_mut(), continues)
        else {
            products.push((sign != "-", vec![factor]));
            dimensions.push(dimension);
            return;
        };
        factors.push(factor);
        *so_far = match (*so_far, dimension, divides) {
            (Dimension::Bare, Dimension::Bare, _) => Dimension::Bare,
            (Dimension::Time(_), Dimension::Time(_), true) => Dimension::Number,
            (Dimension::Time(_), Dimension::Number | Dimension::Bare, _) => *so_far,
            (Dimension::Number | Dimension::Bare, Dimension::Time(unit), false) => {
                Dimension::Time(unit)
            }
            (Dimension::Number | Dimension::Bare, Dimension::Number | Dimension::Bare, _) => {
                Dimension::Number
            }
            (Dimension::Time(_), Dimension::Time(_), false)
            | (Dimension::Number | Dimension::Bare, Dimension::Time(_), true)
            | (Dimension::Instants, _, _)
            | (_, Dimension::Instants, _) => {
                self.wrong(place, "cannot be multiplied or divided so", "");
                *so_far
            }
        };
    }

    /// The window at the end of a side is for all of that side that has none.
    fn spread_window(&mut self, first: usize) {
        let Some(last) = self.terms[first..].last() else { return };
        let (window, whole) = (last.window, self.whole);
        for at in first..self.terms.len() {
            let term = &mut self.terms[at];
            if term.window == Window::All && window != Window::All {
                term.window = window;
                if let Window::At(_) = window
                    && !takes_at(term)
                {
                    let from = whole.find(&term.text).unwrap_or(0);
                    let range = from..from + term.text.len();
                    self.wrong(range, "`at` is for gauges", "use `during ..POINT`");
                }
            }
        }
    }

    fn term(&mut self, words: &[Word<'a>], place: Range<usize>) -> Option<Read> {
        let Some((first, rest)) = words.split_first() else {
            self.wrong(place, "nothing here to compare or calculate with", "");
            return None;
        };
        if self.terms.len() == TERMS_MAX {
            self.wrong(
                place,
                "more measures than a threshold can have",
                "write several thresholds",
            );
            return None;
        }
        if let Some(read) = self.literal(first) {
            if let Some(extra) = rest.first() {
                let range = extra.range.start..place.end;
                self.wrong(range, "does not follow a number", "write a sign between blanks");
            }
            return read;
        }
        self.measured(first, rest, place)
    }

    /// A number, share, time, point or list; none if the word is something else.
    fn literal(&mut self, word: &Word<'a>) -> Option<Option<Read>> {
        let text = word.text;
        if let Some(list) = text.strip_prefix('[') {
            return Some(self.list(list, word));
        }
        let read =
            |number, dimension| Some(Some(Read { operand: Operand::Literal(number), dimension }));
        if let Some(share) = text.strip_suffix('%').and_then(Number::parse) {
            let hundred = Number::whole(100);
            return read(share.divided_by(hundred).expect("100 is not 0"), Dimension::Number);
        }
        if let Some(number) = Number::parse(text) {
            return read(number, Dimension::Bare);
        }
        let nanos = |n: u64| Number::whole(i128::from(n));
        if let Some(span) = span(text) {
            return read(nanos(span.as_nanos()), Dimension::Time(None));
        }
        if let Some(negative) = text.strip_prefix('-').and_then(span) {
            let below = Number::ZERO.minus(nanos(negative.as_nanos()));
            return read(below, Dimension::Time(None));
        }
        if let Some(point) = (self.names.point)(text) {
            return read(nanos(point.as_nanos()), Dimension::Time(None));
        }
        if text.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-') {
            let hint =
                "write a number (12), a share (12%), a time (90s, 5h58m31s) or a point (10:20)";
            self.wrong(word.range.clone(), format!("cannot read `{text}`"), hint);
            return Some(None);
        }
        None
    }

    fn list(&mut self, list: &str, word: &Word<'a>) -> Option<Read> {
        let Some(inner) = list.strip_suffix(']') else {
            self.wrong(word.range.clone(), "a list ends with ]", "");
            return None;
        };
        let mut instants = Vec::new();
        for entry in inner.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            match self.point(entry) {
                Some(at) => instants.push(at),
                None => {
                    let from = word.range.start + word.text.find(entry).unwrap_or(0);
                    let range = from..from + entry.len();
                    let hint = "write points: 60.1s, 10:20 or 2026-11-23T09:00Z";
                    self.wrong(range, format!("`{entry}` is no point of time"), hint);
                }
            }
        }
        Some(Read { operand: Operand::List(instants), dimension: Dimension::Instants })
    }

    fn point(&self, text: &str) -> Option<Time> {
        match span(text) {
            Some(offset) => Some(Time::ZERO + offset),
            None => (self.names.point)(text),
        }
    }

    /// A measure with what follows it.
    fn measured(
        &mut self,
        first: &Word<'a>,
        rest: &[Word<'a>],
        place: Range<usize>,
    ) -> Option<Read> {
        let (path, filter) = match first.text.split_once('[') {
            Some((path, filter)) => (path, Some(filter)),
            None => (first.text, None),
        };
        let found = self.resolve(path, first.range.start);
        let tail = self.tail(rest)?;
        let (subject, measure) = found?;
        let filter = match filter {
            None => None,
            Some(filter) => {
                let from = first.range.start + path.len();
                Some(self.filter(filter, measure, from..first.range.end)?)
            }
        };
        let Tail { statistic, per, window } = tail;
        let term = Term {
            text: self.whole[place.clone()].to_owned(),
            subject,
            measure,
            filter,
            statistic,
            per,
            window,
        };
        self.suits(&term, place);
        let dimension = dimension(&term);
        self.terms.push(term);
        Some(Read { operand: Operand::Term(self.terms.len() - 1), dimension })
    }

    fn resolve(&mut self, path: &str, start: usize) -> Option<(Subject, Measure)> {
        let names = self.names;
        let (owner, subject, word) = match path.rsplit_once('.') {
            None => (Owner::Run, Subject::Run, path),
            Some(("account", word)) => (Owner::Account, Subject::Account, word),
            Some((name, word)) => {
                let range = start..start + name.len();
                let named = names.resources.iter().find(|(known, _)| known == name);
                match named {
                    Some((_, Named::Known(owner, subject))) => (*owner, *subject, word),
                    Some((_, Named::Later(section))) => {
                        let message =
                            format!("{section} have no measures yet in this version: `{word}`");
                        let range = start..start + path.len();
                        self.wrong(range, message, "");
                        return None;
                    }
                    None => {
                        let known = names.resources.iter().map(|(known, _)| known.as_str());
                        let message = format!("nothing in the file is called `{name}`");
                        self.wrong_name(range, message, String::new(), name, known);
                        return None;
                    }
                }
            }
        };
        if let Some(measure) = Measure::find(owner, word) {
            return Some((subject, measure));
        }
        let range = start + path.len() - word.len()..start + path.len();
        if LATER.contains(&(owner.word(), word)) {
            self.wrong(range, format!("`{word}` is not yet in this version"), "");
            return None;
        }
        let known: Vec<&str> = owner.measures().map(Measure::name).collect();
        // A resource's own name without a measure is the likeliest slip of a term without a dot.
        let named = names.resources.iter().any(|(known, _)| known == word);
        let (message, hint) = if owner == Owner::Run && named {
            let message = format!("`{word}` is a name: which measure of it?");
            (message, format!("write `{word}.MEASURE`"))
        } else {
            let has = if owner == Owner::Run { "the run has" } else { "there are" };
            (
                format!("no measure `{word}` of {}", owner.word()),
                format!("{has} {}", known.join(", ")),
            )
        };
        self.wrong_name(range, message, hint, word, known.iter().copied());
        None
    }

    fn filter(&mut self, text: &str, measure: Measure, range: Range<usize>) -> Option<Filter> {
        let shape = text.strip_suffix(']').and_then(|inner| inner.split_once('='));
        let Some((key, value)) = shape else {
            self.wrong(range, "a filter is written [key=value]", "");
            return None;
        };
        if !measure.is_of_payloads() {
            let message = format!("`{}` cannot be narrowed", measure.name());
            self.wrong(range, message, "only dwell's own measures of payloads are");
            return None;
        }
        let labels: Option<Vec<&str>> = match (key, measure) {
            ("status", Measure::Answered) => {
                let services = Service::ALL.iter().map(|service| Via::Service(*service));
                let vias = [Via::Invoke, Via::InvokeAsync].into_iter().chain(services);
                Some(vias.flat_map(|via| ANSWERS.map(|answer| status(answer, via))).collect())
            }
            ("reason", Measure::Dropped) => Some(Reason::ALL.map(Reason::word).to_vec()),
            _ => None,
        };
        if let Some(mut labels) = labels {
            if labels.contains(&value) {
                return Some(Filter::Label(value.to_owned()));
            }
            labels.sort_unstable();
            labels.dedup();
            let hint = format!("there are {}", labels.join(", "));
            self.wrong_name(
                range,
                format!("no {key} is `{value}`"),
                hint,
                value,
                labels.into_iter(),
            );
            return None;
        }
        if self.names.attributes.iter().any(|known| known == key) {
            return Some(Filter::Attribute(key.to_owned(), value.to_owned()));
        }
        let own = match measure {
            Measure::Answered => Some("status"),
            Measure::Dropped => Some("reason"),
            _ => None,
        };
        let names = self.names;
        let known: Vec<&str> =
            own.into_iter().chain(names.attributes.iter().map(String::as_str)).collect();
        let hint = match known.is_empty() {
            true => "no payload of the file has an attribute".to_owned(),
            false => format!("there are {}", known.join(", ")),
        };
        let message = format!("nothing to narrow by is called `{key}`");
        self.wrong_name(range, message, hint, key, known.into_iter());
        None
    }

    /// What follows a measure: statistic, `per`, window.
    fn tail(&mut self, words: &[Word<'a>]) -> Option<Tail> {
        let mut tail = Tail { statistic: None, per: None, window: Window::All };
        let mut left = words;
        if let Some((word, rest)) = left.split_first()
            && !matches!(word.text, "per" | "at" | "during" | "over")
        {
            tail.statistic = Some(self.statistic(word)?);
            left = rest;
        }
        if let [per, rest @ ..] = left
            && per.text == "per"
        {
            let [length, which, rest @ ..] = rest else {
                let hint = "write `per 5m max`";
                self.wrong(per.range.clone(), "`per` needs a time and a statistic", hint);
                return None;
            };
            let Some(span) = span(length.text).filter(|span| *span > Span::ZERO) else {
                let message = format!("`{}` is no length of time", length.text);
                self.wrong(length.range.clone(), message, "write 250ms, 30s, 5m or 6h");
                return None;
            };
            let statistic = self.statistic(which)?;
            if statistic.is_instant() {
                self.wrong(
                    which.range.clone(),
                    "not a statistic of periods",
                    "use sum, mean, max …",
                );
                return None;
            }
            tail.per = Some((span, statistic));
            left = rest;
        }
        if let [when, rest @ ..] = left
            && matches!(when.text, "at" | "during")
        {
            let [which, rest @ ..] = rest else {
                let hint = "write `at 10:20` or `during 20m..30m`";
                self.wrong(when.range.clone(), format!("when? `{}` says no more", when.text), hint);
                return None;
            };
            tail.window = match when.text {
                "at" => Window::At(self.need_point(which.text, which.range.clone())?),
                _ => self.during(which)?,
            };
            left = rest;
        }
        match left {
            [] => Some(tail),
            [over, ..] if over.text == "over" => {
                let range = over.range.start..words.last().map_or(0, |word| word.range.end);
                let hint = "thresholds must hold in every replication";
                self.wrong(range, "`over runs` is not yet in this version", hint);
                None
            }
            [extra, ..] => {
                let known = ["per", "at", "during", "sum", "mean", "count", "first_at", "last_at"];
                let range = extra.range.start..words.last().map_or(0, |word| word.range.end);
                let hint =
                    "after a measure come STATISTIC, per TIME STATISTIC, at POINT or during A..B";
                let message = format!("cannot read `{}` here", extra.text);
                self.wrong_name(range, message, hint.into(), extra.text, known.into_iter());
                None
            }
        }
    }

    fn statistic(&mut self, word: &Word<'a>) -> Option<Statistic> {
        let found = Statistic::parse(word.text);
        if found.is_none() {
            let message = format!("`{}` is no statistic", word.text);
            let hint = format!("there are {}", Statistic::WORDS);
            let known = Statistic::WORDS.split(' ').chain(["per", "at", "during"]);
            self.wrong_name(word.range.clone(), message, hint, word.text, known);
        }
        found
    }

    fn need_point(&mut self, text: &str, range: Range<usize>) -> Option<Time> {
        let found = self.point(text);
        if found.is_none() {
            let message = format!("`{text}` is no point of time");
            self.wrong(range, message, "write 4h, 10:20 or 2026-11-23T09:00Z");
        }
        found
    }

    fn during(&mut self, word: &Word<'a>) -> Option<Window> {
        let Some((from, until)) = word.text.split_once("..") else {
            self.wrong(word.range.clone(), "a window is written A..B", "either can be left out");
            return None;
        };
        let start = word.range.start;
        let from_at = match from {
            "" => Some(Time::ZERO),
            _ => self.need_point(from, start..start + from.len()),
        };
        let until_at = match until {
            "" => Some(None),
            _ => self.need_point(until, word.range.end - until.len()..word.range.end).map(Some),
        };
        let (from, until) = (from_at?, until_at?);
        if until.is_some_and(|until| until <= from) {
            self.wrong(word.range.clone(), "the window ends before it begins", "");
            return None;
        }
        Some(Window::During(from, until))
    }

    /// Whether the statistic and the window suit the measure's kind.
    fn suits(&mut self, term: &Term, place: Range<usize>) {
        let name = term.measure.name();
        let kind = term.measure.kind();
        match (kind, term.statistic) {
            (Kind::Distribution, None) => self.wrong(
                place.clone(),
                format!("`{name}` is a distribution: of which statistic?"),
                "name one: mean, min, max, count, p50, p99.9 …",
            ),
            (Kind::Gauge, Some(Statistic::Sum | Statistic::Count | Statistic::Quantile(_))) => self
                .wrong(
                    place.clone(),
                    format!("`{name}` is a gauge and has no such statistic"),
                    "a gauge has mean, min, max, first_at, last_at, all_at, or is taken at the end",
                ),
            _ => (),
        }
        if let (Some(_), Some(inner)) = (term.per, term.statistic)
            && inner.is_instant()
        {
            self.wrong(
                place.clone(),
                "an instant is not taken period by period",
                "leave out `per`",
            );
        }
        if let Window::At(_) = term.window {
            if !takes_at(term) {
                self.wrong(place, "`at` is for gauges", "use `during ..POINT`");
            } else if term.statistic.is_some() || term.per.is_some() {
                self.wrong(place, "at a point a gauge has one value", "leave out the statistic");
            }
        }
    }
}

/// Whether a measure has a level at a point.
fn takes_at(term: &Term) -> bool {
    matches!(term.measure.kind(), Kind::Gauge | Kind::Place)
}

struct Tail {
    statistic: Option<Statistic>,
    per: Option<(Span, Statistic)>,
    window: Window,
}

/// What a term's value is.
fn dimension(term: &Term) -> Dimension {
    let unit = term.measure.unit();
    let aws = (!term.measure.is_ours()).then(|| unit.scale());
    let counts = |statistic| matches!(statistic, Some(Statistic::Count));
    match (term.statistic, term.per) {
        (Some(Statistic::AllAt), _) => Dimension::Instants,
        (Some(Statistic::FirstAt | Statistic::LastAt), _) => Dimension::Time(None),
        (_, Some((_, Statistic::Count))) => Dimension::Number,
        (statistic, _) if unit.is_time() && !counts(statistic) => Dimension::Time(aws),
        _ => Dimension::Number,
    }
}

/// A length of time: `250ms`, `1h30m`, `5h58m31s`, exact to the nanosecond. None if it is
/// something else.
pub fn span(text: &str) -> Option<Span> {
    if text == "0" || text.is_empty() {
        return None;
    }
    let (mut left, mut total) = (text, Number::ZERO);
    while !left.is_empty() {
        let digits = left.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number = Number::parse(&left[..digits])?;
        left = &left[digits..];
        let letters = left.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(left.len());
        let nanos: i128 = match &left[..letters] {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return None,
        };
        left = &left[letters..];
        total = total.plus(number.times(Number::whole(nanos)));
    }
    total.to_whole().and_then(|nanos| u64::try_from(nanos).ok()).map(Span::nanos)
}

/// The known name that is nearest, if one is near enough to be meant.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    let lower = name.to_lowercase();
    known
        .map(|other| (strsim::osa_distance(&lower, &other.to_lowercase()), other))
        .filter(|(distance, other)| *distance <= 1 + other.len().min(name.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::vocabulary::{CallId, FunctionId, QueueId};

    fn point(text: &str) -> Option<Time> {
        let mut parts = text.split(':').map(str::parse::<u64>);
        let (hours, minutes) = (parts.next()?.ok()?, parts.next()?.ok()?);
        let seconds = parts.next().map_or(Some(0), Result::ok)?;
        Some(Time::ZERO + Span::secs(hours * 3600 + minutes * 60 + seconds))
    }

    fn names() -> Names<'static> {
        let functions = ["Worker", "Resize", "Loop", "Report", "First", "Middle", "Ship", "Parse"];
        let queues = [
            "Jobs",
            "JobsDLQ",
            "Undelivered",
            "Dead",
            "Stopped",
            "Rejected",
            "Mistake",
            "Late",
            "Small",
            "Failed",
            "Browsers",
            "Line.fifo",
        ];
        let callers = ["Orders", "Shoppers", "Uploads", "Users", "Shop"];
        let known = |name: &str, owner, subject| (name.to_owned(), Named::Known(owner, subject));
        let mut resources = Vec::new();
        for (id, name) in (0..).zip(functions) {
            resources.push(known(name, Owner::Function, Subject::Function(FunctionId(id))));
        }
        for (id, name) in (0..).zip(queues) {
            resources.push(known(name, Owner::Queue, Subject::Queue(QueueId(id))));
        }
        for (id, name) in (0..).zip(callers) {
            resources.push(known(name, Owner::Caller, Subject::Caller(CallId(id))));
        }
        resources.push(("Clicks".to_owned(), Named::Later("streams")));
        Names { resources, attributes: vec!["kind".to_owned()], point: &point }
    }

    fn parse(text: &str) -> Result<Threshold, Vec<Mistake>> {
        Threshold::parse(None, text, &names())
    }

    /// Thresholds of the worked scenarios.
    const EXAMPLES: &[&str] = &[
        "Worker.Errors == 0",
        "2 <= dead_lettered <= 4",
        "Ship.duplicates / Shop.arrivals > 20%",
        "Worker.Invocations == 3",
        "dead_lettered[kind=bad] == 1",
        "JobsDLQ.arrived first_at == 90s",
        "Rejected.arrived == 1",
        "Resize.Invocations all_at == [0s, 60.1s, 180.2s]",
        "Failed.arrived all_at == [180.3s]",
        "Failed.arrived all_at == [100ms]",
        "Report.AsyncEventsDropped == 1",
        "Report.AsyncEventAge count == 80",
        "Late.arrived all_at == [5h58m31s]",
        "Undelivered.arrived during 20m..30m > 2000",
        "Undelivered.arrived during 40m..45m == 0",
        "dropped[reason=RetriesExhausted] > 1000",
        "Dead.arrived all_at == [150s]",
        "JobsDLQ.NumberOfMessagesSent == 0",
        "JobsDLQ.arrived > 2 * JobsDLQ.arrived during ..40m",
        "JobsDLQ.ApproximateNumberOfMessagesVisible last_at < 3h",
        "JobsDLQ.ApproximateNumberOfMessagesVisible last_at == 14d",
        "Worker.ConcurrentExecutions max <= 1250",
        "60s < Jobs.NumberOfMessagesDeleted last_at < 70s",
        "Worker.Invocations per 1m mean > 118000",
        "84000 < Worker.Invocations per 1m mean < 108000",
        "Loop.Invocations == 16",
        "Shoppers.succeeded per 1s mean during 5m..10m > 39",
        "Shoppers.succeeded during 25m.. == 0",
        "Shoppers.succeeded per 1s mean during 25m.. > 39",
        "Uploads.latency p99 < 1s",
        "Uploads.end_to_end p99 < 2m",
        "Uploads.dead_lettered / Middle.Invocations < 1%",
        "Users.failed / Users.arrivals < 0.3%",
        "1.2 < Users.requests / Users.arrivals < 1.3",
        "Users.latency p95 < 2s",
        "19% < Users.failed / Users.arrivals < 21%",
        "JobsDLQ.arrived first_at > 10:01:29",
        "JobsDLQ.arrived last_at < 10:08",
        "JobsDLQ.ApproximateNumberOfMessagesVisible max < 9000",
        "Worker.Errors per 5m max during ..10:00 == 0",
        "Orders.latency p99 < 65m",
        "Jobs.NumberOfMessagesDeleted last_at < 11:10",
        "Worker.Throttles per 5m max during 10:20.. <= 10",
        "JobsDLQ.arrived / Orders.arrivals < 12%",
        "Users.answered[status=429] == 0",
        "account.ConcurrentExecutions max < 1000",
        "Line.fifo.arrived == 1",
        "Worker.Duration p99.9 < 500",
        "Jobs.ApproximateAgeOfOldestMessage max < 300",
        "Jobs.ApproximateNumberOfMessagesVisible at 10:20 <= 5",
        "-1 < Users.latency mean / Uploads.latency mean - 1 < 1",
    ];

    #[test]
    fn thresholds_of_the_worked_scenarios_are_read() {
        for text in EXAMPLES {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn a_threshold_is_read_into_what_it_says() {
        let read = parse("Worker.Throttles per 5m max during 10:20.. <= 10").unwrap();
        assert_eq!(read.comparisons, [Comparison::LessOrEqual]);
        let term = &read.terms[0];
        assert_eq!(term.subject, Subject::Function(FunctionId(0)));
        assert_eq!(term.measure, Measure::Throttles);
        assert_eq!(term.per, Some((Span::mins(5), Statistic::Max)));
        assert_eq!(term.window, Window::During(point("10:20").unwrap(), None));
        assert_eq!((term.statistic, &term.filter), (None, &None));
        assert_eq!(read.sides[0].text, "Worker.Throttles per 5m max during 10:20..");
    }

    #[test]
    fn a_window_at_the_end_is_for_the_whole_side() {
        let read = parse("Users.failed / Users.arrivals during 1m..2m < failed / 2").unwrap();
        let windows: Vec<Window> = read.terms.iter().map(|term| term.window).collect();
        let minute = |n| Time::ZERO + Span::mins(n);
        let during = Window::During(minute(1), Some(minute(2)));
        assert_eq!(windows, [during, during, Window::All]);
    }

    #[test]
    fn a_bare_number_beside_awss_time_is_in_awss_unit() {
        let scale = |text| parse(text).unwrap().sides[1].scale;
        assert_eq!(scale("Worker.Duration p99 < 500"), 1_000_000);
        assert_eq!(scale("Jobs.ApproximateAgeOfOldestMessage max < 300"), 1_000_000_000);
        assert_eq!(scale("Worker.Duration p99 < 500ms"), 1);
        assert_eq!(scale("Worker.Duration count < 500"), 1);
    }

    #[test]
    fn lengths_of_time_are_exact() {
        assert_eq!(span("5h58m31s"), Some(Span::secs(21_511)));
        assert_eq!(span("60.1s"), Some(Span::millis(60_100)));
        assert_eq!(span("0.5ns"), None, "finer than a nanosecond");
        for refused in ["", "5", "s", "5x", "1h 2m", "-5s", "1e3s", "99999999999999999d"] {
            assert_eq!(span(refused), None, "{refused}");
        }
    }

    /// What is told of a broken threshold: the text it points at, and a part of message, hint or
    /// suggestion.
    #[track_caller]
    fn told(text: &str, at: &str, part: &str) {
        let mistakes = parse(text).expect_err(text);
        let found = mistakes.iter().any(|mistake| {
            let words =
                [Some(&mistake.message), mistake.hint.as_ref(), mistake.suggestion.as_ref()];
            &text[mistake.range.clone()] == at
                && words.into_iter().flatten().any(|word| word.contains(part))
        });
        assert!(found, "{text}: {mistakes:?}");
    }

    #[test]
    fn mistakes_point_at_their_place_and_help() {
        told("Worker.Errors==0", "Worker.Errors==0", "no comparison");
        told("1 < 2 < Worker.Errors < 3", "1 < 2 < Worker.Errors < 3", "more than two");
        told("Wroker.Errors == 0", "Wroker", "Worker");
        told("Worker.errors == 0", "errors", "Errors");
        told("Worker.Duraton p99 < 1s", "Duraton", "Duration");
        told("dead_letterd == 0", "dead_letterd", "dead_lettered");
        told("Orders == 0", "Orders", "which measure");
        told("Worker.Duration < 1s", "Worker.Duration", "of which statistic");
        told("Worker.Duration p101 < 1s", "p101", "no statistic");
        told("Worker.Duration maximum < 1s", "maximum", "there are sum");
        told("Worker.ConcurrentExecutions p99 < 1", "Worker.ConcurrentExecutions p99", "gauge");
        told("Worker.Errors at 5m == 0", "Worker.Errors at 5m", "for gauges");
        told("Orders.latency p99 < 5", "5", "needs a unit");
        told("Orders.latency p99 < 5%", "5%", "time with a number");
        told("Worker.Errors < 5s", "5s", "time with a number");
        told("Worker.Errors per 5 max < 5", "5", "no length of time");
        told("Worker.Errors per 5m first_at < 5", "first_at", "not a statistic of periods");
        told("Worker.Errors per 5m", "Worker.Errors per 5m", "no comparison");
        told("Worker.Errors per < 5", "per", "needs a time");
        told("Worker.Errors during 5m..3m == 0", "5m..3m", "ends before");
        told("Worker.Errors during 5m == 0", "5m", "A..B");
        told("Worker.Errors during x..3m == 0", "x", "no point of time");
        told("Worker.Errors sometimes == 0", "sometimes", "no statistic");
        told("Worker.Errors sum always == 0", "always", "cannot read");
        told("Worker.Errors == 12abc", "12abc", "cannot read");
        told("Worker.Errors ==", "==", "nothing here");
        told("< Worker.Errors", "<", "nothing here");
        told("Worker.Errors + == 0", "+", "nothing here");
        told("1 < 2", "1 < 2", "compares no measure");
        told("Worker.Invocations all_at == 5s", "5s", "with a list");
        told("Worker.Invocations == [5s]", "[5s]", "with a list");
        told("Worker.Invocations all_at == [5s, soon]", "soon", "no point of time");
        told("Worker.Invocations all_at < [5s]", "Worker.Invocations all_at < [5s]", "no order");
        told("Worker.Invocations all_at + 1 == [5s]", "Worker.Invocations all_at + 1", "alike");
        told("Orders.latency p99 * Orders.latency p99 < 1s", "Orders.latency p99", "multiplied");
        told("Worker.Errors[kind=bad] == 0", "[kind=bad]", "cannot be narrowed");
        told("dead_lettered[knid=bad] == 0", "[knid=bad]", "kind");
        told("Users.answered[status=999] == 0", "[status=999]", "there are 1009, 200, 202");
        told("dropped[reason=RetryExhausted] == 0", "[reason=RetryExhausted]", "RetriesExhausted");
        told("dropped[reason] == 0", "[reason]", "[key=value]");
    }

    #[test]
    fn what_comes_later_says_so() {
        let later = "not yet in this version";
        told("Worker.Errors sum over runs mean < 5", "over runs mean", later);
        told("Parse.IteratorAge max > 23h", "IteratorAge", later);
        told("Clicks.x == 0", "Clicks.x", "streams have no measures yet");
        assert!(Threshold::check_policy("As deployed").is_ok());
        assert!(Threshold::check_policy("Ten tries vs As deployed").is_err());
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let mistakes = parse("Wroker.Errors + Worker.errors < Worker.Duration").unwrap_err();
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
    }

    #[test]
    fn no_text_makes_it_panic() {
        let pieces = [
            "Worker.", "Errors", " ", "<", " < ", "[", "]", "kind=", "..", "during ", "per ", "5m",
            "é", "%", "-", " - ", "/", "all_at", "[0s, ", "at ", "10:20", "", "over", "p99", "1e9",
        ];
        let mut state = 1u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..state % 9 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(state >> 40).unwrap() % pieces.len();
                text.push_str(pieces[at]);
            }
            state = state.wrapping_add(1);
            if let Err(mistakes) = parse(&text) {
                for mistake in mistakes {
                    assert!(text.get(mistake.range.clone()).is_some(), "{text}: {mistake:?}");
                }
            }
        }
    }
}
