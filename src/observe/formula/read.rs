//! Reads formulas from their text, with every mistake at once.

use super::{Dimension, Factor, Filter, Formula, Mistake, Names, Operand, Statistic, Term, Window};
use crate::{
    kernel::{Span, Time},
    model::{Resource, ResourceKind, config::Via, outcome::Reason, services::Service},
    observe::{
        measure::{Kind, LATER, LEDGER_WORDS, Measure},
        number::Number,
        point::{ANSWERS, status},
    },
};
use std::ops::Range;

/// More terms than a person writes.
const TERMS_MAX: usize = 64;

/// A word of the text with its place; a bracket is one word with what is in it.
#[derive(Clone, Debug)]
pub struct Word<'a> {
    /// The word.
    pub text: &'a str,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
}

/// The words of a text.
pub fn words(text: &str) -> Vec<Word<'_>> {
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

/// Reads the formulas of one text and gathers what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a> {
    names: &'a Names<'a>,
    whole: &'a str,
    /// What is wrong so far.
    pub mistakes: Vec<Mistake>,
    /// The measures of the formula that is being read.
    terms: Vec<Term>,
    /// Its `over runs`, with its place.
    over: Option<(Statistic, Range<usize>)>,
}

/// A term as read: its operand, its dimension, and whether it said when.
struct Read {
    operand: Operand,
    dimension: Dimension,
}

impl<'a> Reader<'a> {
    /// A reader of `whole`.
    pub fn new(whole: &'a str, names: &'a Names<'a>) -> Reader<'a> {
        Reader { names, whole, mistakes: Vec::new(), terms: Vec::new(), over: None }
    }

    /// Something is wrong there.
    pub fn wrong(&mut self, range: Range<usize>, message: impl Into<String>, hint: &str) {
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

    /// Reads the formula of `words`, which stand at `range`.
    pub fn formula(&mut self, words: &[Word<'a>], range: Range<usize>) -> Formula {
        let sign = |word: &Word<'_>| matches!(word.text, "+" | "-" | "*" | "/");
        let mut products: Vec<(bool, Vec<Factor>)> = Vec::new();
        let mut dimensions: Vec<Dimension> = Vec::new();
        (self.terms, self.over) = (Vec::new(), None);
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
            if let Some((_, place)) = self.over.take() {
                let hint = "write it once, at the end: `A / B over runs p95`";
                self.wrong(place, "`over runs` ends a side", hint);
            }
            if let Some(read) = self.term(term, place.clone()) {
                self.join(&mut products, &mut dimensions, last_sign, read, place);
            }
            if let Some(word) = words.get(at) {
                (from, last_sign) = (at + 1, word.text);
            }
        }
        self.spread_window();
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
        Formula {
            text: self.whole[range].to_owned(),
            products,
            terms: std::mem::take(&mut self.terms),
            dimension: match self.over {
                // Of times too.
                Some((Statistic::Count, _)) => Dimension::Number,
                Some(_) | None => dimension.unwrap_or(Dimension::Bare),
            },
            scale: 1,
            over: self.over.take().map(|(statistic, _)| statistic),
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

    /// The window at the end of a formula is for all of it that has none.
    fn spread_window(&mut self) {
        let Some(last) = self.terms.last() else { return };
        let (window, whole) = (last.window, self.whole);
        for at in 0..self.terms.len() {
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
            self.wrong(place, "more measures than a side can have", "write several thresholds");
            return None;
        }
        if let Some(read) = self.literal(first) {
            let rest = self.over_runs(rest)?;
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
        let (resource, measure) = found?;
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
            resource,
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

    fn resolve(&mut self, path: &str, start: usize) -> Option<(Resource, Measure)> {
        let names = self.names;
        let (resource, word) = match path.rsplit_once('.') {
            None => (Resource::RUN, path),
            Some(("account", word)) => (Resource::ACCOUNT, word),
            Some((name, word)) => {
                let range = start..start + name.len();
                let named = names.resources.iter().find(|(known, _)| known == name);
                match named {
                    Some((_, resource)) => (*resource, word),
                    None => {
                        let known = names.resources.iter().map(|(known, _)| known.as_str());
                        let message = format!("nothing in the file is called `{name}`");
                        self.wrong_name(range, message, String::new(), name, known);
                        return None;
                    }
                }
            }
        };
        let kind = resource.kind;
        let measure = Measure::find(kind, word).or_else(|| Measure::of_ledger_word(kind, word));
        if let Some(measure) = measure {
            return Some((resource, measure));
        }
        let range = start + path.len() - word.len()..start + path.len();
        if LATER.contains(&(kind.word(), word)) {
            self.wrong(range, format!("`{word}` is not yet in this version"), "");
            return None;
        }
        let known: Vec<&str> = Measure::of(kind).map(Measure::name).collect();
        // A resource's own name without a measure is the likeliest slip of a term without a dot.
        let named = names.resources.iter().any(|(known, _)| known == word);
        let (message, hint) = if kind == ResourceKind::Run && named {
            let message = format!("`{word}` is a name: which measure of it?");
            (message, format!("write `{word}.MEASURE`"))
        } else if Measure::find(ResourceKind::Run, word).is_some_and(Measure::is_ledger) {
            let message = format!(
                "`{word}` counts arrivals, alone or after a caller, and no {}",
                kind.word()
            );
            let words = LEDGER_WORDS.iter().filter(|(owner, ..)| *owner == kind);
            let words: Vec<String> =
                words.map(|(_, word, of)| format!("{} ({})", word.name(), of.name())).collect();
            let hint = match words.is_empty() {
                true => format!("there are {}", known.join(", ")),
                false => {
                    format!("of these there are {}; others: {}", words.join(", "), known.join(", "))
                }
            };
            (message, hint)
        } else {
            let has = if kind == ResourceKind::Run { "the run has" } else { "there are" };
            (
                format!("no measure `{word}` of {}", kind.word()),
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
        if (key, measure) == ("shard", Measure::Depth) {
            let shard = value.parse().ok();
            if shard.is_none() {
                let message = format!("`{value}` is no shard");
                self.wrong(range, message, "shards are numbered as they are opened, from 0");
            }
            return shard.map(Filter::Shard);
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
            Measure::Depth => Some("shard"),
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
        left = self.over_runs(left)?;
        match left {
            [] => Some(tail),
            [extra, ..] => {
                let known =
                    ["per", "at", "during", "over", "sum", "mean", "count", "first_at", "last_at"];
                let range = extra.range.start..words.last().map_or(0, |word| word.range.end);
                let hint = "after a measure come STATISTIC, per TIME STATISTIC, at POINT or during \
                            A..B, over runs STATISTIC";
                let message = format!("cannot read `{}` here", extra.text);
                self.wrong_name(range, message, hint.into(), extra.text, known.into_iter());
                None
            }
        }
    }

    /// Reads `over runs STATISTIC`, if that is what follows. Gives what is left.
    fn over_runs<'w>(&mut self, words: &'w [Word<'a>]) -> Option<&'w [Word<'a>]> {
        let [over, rest @ ..] = words else { return Some(words) };
        if over.text != "over" {
            return Some(words);
        }
        let [runs, which, rest @ ..] = rest else {
            let hint = "write `over runs p95`";
            self.wrong(over.range.clone(), "over what? `over` says no more", hint);
            return None;
        };
        if runs.text != "runs" {
            let message = format!("over `{}`?", runs.text);
            self.wrong(runs.range.clone(), message, "write `over runs p95`");
            return None;
        }
        let statistic = self.statistic(which)?;
        if statistic.is_instant() {
            let hint = "use mean, min, max, p95 …";
            self.wrong(which.range.clone(), "not a statistic of runs", hint);
            return None;
        }
        self.over = Some((statistic, over.range.start..which.range.end));
        Some(rest)
    }

    fn statistic(&mut self, word: &Word<'a>) -> Option<Statistic> {
        let found = Statistic::parse(word.text);
        if found.is_none() {
            let message = format!("`{}` is no statistic", word.text);
            let hint = format!("there are {}", Statistic::WORDS);
            let known = Statistic::WORDS.split(' ').chain(["per", "at", "during", "over"]);
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
