//! Values that are drawn: times, sizes and words, plain or by a law.
//!
//! A law is a mapping with one key, `{lognormal: {mean: 250ms, cv: 0.8}}`. Its parameters are checked
//! by the law itself; what it refuses is reported at the parameter.

use std::{cell::RefCell, collections::BTreeMap};

use super::{
    decode::{Body, Cx, body},
    diagnostic::{Diagnostic, quoted, suggest},
    node::{Node, Value},
    properties::{self, BACKOFF, LAW, MIXTURE, Rows, WORD_LAW},
    units,
};
use crate::{
    kernel::{Dist, DistError, Span},
    model::{
        config::{Backoff, Jitter},
        value::{AttributeId, Quantity, Word, WordLaw},
    },
};

/// What a quantity is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Times, in nanoseconds.
    Time {
        /// Whether it may come from an attribute: whoever draws it knows the payload.
        attributes: bool,
    },
    /// Sizes, in bytes.
    Size,
}

impl Unit {
    fn read(self, node: &Node) -> Result<u64, Diagnostic> {
        match self {
            Unit::Time { .. } => units::time(node).map(Span::as_nanos),
            Unit::Size => units::size(node),
        }
    }
    const fn what(self) -> &'static str {
        match self {
            Unit::Time { .. } => "a time, such as `250ms`",
            Unit::Size => "a size, such as `256KiB`",
        }
    }
    /// So many nanoseconds or bytes is one of the unit `word`.
    fn scale(self, word: &str) -> Option<f64> {
        let one = body::plain(&format!("1{word}"));
        self.read(&one).ok().map(|one| one as f64)
    }
}

/// The texts that words stand for; each once.
#[derive(Debug)]
pub struct Texts {
    known: RefCell<(Vec<String>, BTreeMap<String, u32>)>,
}

impl Default for Texts {
    fn default() -> Texts {
        let texts = Texts { known: RefCell::default() };
        // `Subject::YES` and `Subject::NO` are the first two of every catalog.
        texts.word("yes");
        texts.word("no");
        texts
    }
}

impl Texts {
    /// The word that `text` is: a number if it spells one as a number is spelled.
    pub fn word(&self, text: &str) -> Word {
        if let Ok(number) = text.parse::<f64>()
            && number.is_finite()
            && number.to_string() == text
        {
            return Word::Number(number);
        }
        let (texts, places) = &mut *self.known.borrow_mut();
        let at = *places.entry(text.to_string()).or_insert_with(|| {
            texts.push(text.to_string());
            u32::try_from(texts.len() - 1).expect("files are smaller than that")
        });
        Word::Text(at)
    }

    /// All of them, in their places.
    pub fn into_texts(self) -> Vec<String> {
        self.known.into_inner().0
    }
}

/// A time or a size at `path`; `None`, and reported, if it is none.
pub fn quantity(cx: &Cx<'_>, node: &Node, path: String, unit: Unit) -> Option<Quantity> {
    if !is_law(node) {
        return match unit.read(node) {
            Ok(value) => Some(Quantity::Plain(value)),
            Err(mistake) => {
                let known = properties::all(LAW).map(|row| row.name);
                let near = node.raw().and_then(|raw| {
                    known.clone().find(|law| *law == raw).or_else(|| suggest(raw, known))
                });
                let mistake = match near {
                    Some(law) => mistake.help(format!("a law is written `{{{law}: {{…}}}}`")),
                    None if matches!(node.value, Value::List(_)) => mistake.label(unit.what()),
                    None => mistake,
                };
                cx.say(mistake.path(path));
                None
            }
        };
    }
    let body = Body::open(cx, node, path, node.place, LAW)?;
    law(&body, LAW, &["unit"], unit)
}

fn is_law(node: &Node) -> bool {
    matches!(node.value, Value::Map(_)) && node.tag.is_none()
}

/// The one law that a mapping has; `beside` are keys that are none.
fn only_law<'b>(body: &Body<'b>, rows: Rows, beside: &[&str]) -> Option<&'static str> {
    let laws: Vec<&str> = properties::all(rows)
        .map(|row| row.name)
        .filter(|name| !beside.contains(name) && body.node.get(name).is_some())
        .collect();
    match laws.as_slice() {
        [law] => properties::find(rows, law).map(|row| row.name),
        more => {
            // An unknown key has been reported and may be the one that was meant.
            if !more.is_empty() || body.node.entries().is_empty() {
                let message = match more {
                    [] => "a law is missing".to_string(),
                    more => format!("{} laws at once: {}", more.len(), more.join(", ")),
                };
                let mistake = Diagnostic::error(message).at(body.node.place);
                body.cx.say(
                    mistake
                        .path(body.path.clone())
                        .label("one law, as in `{exponential: {mean: 1s}}`"),
                );
            }
            None
        }
    }
}

fn law(body: &Body<'_>, rows: Rows, beside: &[&str], unit: Unit) -> Option<Quantity> {
    let name = only_law(body, rows, beside)?;
    if name != "attribute" && body.node.get("unit").is_some() {
        let mistake = Diagnostic::error("`unit` without `attribute`").at(body.place_of("unit"));
        body.wrong("unit", mistake.label("it is the unit of what an attribute says"));
    }
    match name {
        "mixture" => {
            let parts = mixture(body, name, |cx, node, path| quantity(cx, node, path, unit))?;
            return Some(Quantity::Mixture(parts));
        }
        "attribute" => return attribute(body, unit),
        _ => (),
    }
    let law = body.map(name)?;
    let amount = |name: &str| -> Option<f64> {
        match unit.read(law.get(name)?) {
            Ok(value) => Some(value as f64),
            Err(mistake) => {
                law.wrong(name, mistake);
                None
            }
        }
    };
    let dist = match name {
        "exponential" => Dist::exponential(amount("mean")?),
        "lognormal" => match (law.node.get("median"), law.node.get("mean")) {
            (Some(_), None) if law.node.get("cv").is_none() => {
                Dist::log_normal_median(amount("median")?, needed(&law, "p99", amount)?)
            }
            (None, Some(_)) if law.node.get("p99").is_none() => {
                let cv = needed(&law, "cv", |name| law.number_maybe(name))?;
                Dist::log_normal(amount("mean")?, cv)
            }
            _ => {
                let message = "give `mean` and `cv`, or `median` and `p99`";
                let mistake = Diagnostic::error(message).at(law.place).path(law.path.clone());
                body.cx.say(mistake.label("two parameters of one pair"));
                return None;
            }
        },
        "gamma" => Dist::gamma(amount("mean")?, law.number_maybe("cv")?),
        "weibull" => Dist::weibull(amount("scale")?, law.number_maybe("shape")?),
        "pareto" => Dist::pareto(amount("scale")?, law.number_maybe("shape")?),
        "uniform" => Dist::uniform(amount("min")?, amount("max")?),
        "triangular" => Dist::triangular(amount("min")?, amount("mode")?, amount("max")?),
        "erlang" => {
            let k = law.count_maybe("k")?;
            Dist::erlang(amount("mean")?, u32::try_from(k).expect("its range fits"))
        }
        "empirical" => return empirical(&law, unit),
        other => unreachable!("the table has no law {other}"),
    };
    match dist {
        Ok(dist) => Some(Quantity::Law(dist)),
        Err(error) => {
            refused(&law, &error);
            None
        }
    }
}

fn needed<T>(law: &Body<'_>, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    if law.node.get(name).is_none() {
        let mistake = Diagnostic::error(format!("{} is missing", quoted(name))).at(law.place);
        law.cx.say(mistake.path(law.path.clone()).label(law.row(name).says));
        return None;
    }
    read(name)
}

/// Reports what a law says of its parameters, with the numbers as they were written.
fn refused(law: &Body<'_>, error: &DistError) {
    let shown = |name: &str| law.node.get(name).map_or(String::new(), Node::shown);
    let (name, message, label) = match error {
        DistError::NotPositive { parameter, .. } => {
            (*parameter, format!("{} is not above 0", shown(parameter)), "above 0")
        }
        DistError::Negative { parameter, .. } => {
            (*parameter, format!("{} is negative", shown(parameter)), "0 or more")
        }
        DistError::P99NotAboveMedian { .. } => {
            let message = format!("{} is not above the median {}", shown("p99"), shown("median"));
            ("p99", message, "more than the median")
        }
        DistError::MinAboveMax { .. } => {
            let message = format!("{} is above `max` {}", shown("min"), shown("max"));
            ("min", message, "at most `max`")
        }
        DistError::ModeOutside { .. } => {
            let message =
                format!("{} is not between {} and {}", shown("mode"), shown("min"), shown("max"));
            ("mode", message, "between `min` and `max`")
        }
        DistError::InfiniteMean { .. } => {
            let message = format!("{} has no mean", shown("shape"));
            ("shape", message, "above 1: a pareto law has an infinite mean otherwise")
        }
        DistError::Empty | DistError::NoQuantiles | DistError::Extreme => {
            let mistake = Diagnostic::error(error.to_string()).at(law.place);
            return law.cx.say(mistake.path(law.path.clone()).label("other parameters"));
        }
    };
    law.wrong(name, Diagnostic::error(message).at(law.place_of(name)).label(label));
}

/// The entries of a mixture, by upper bounds of their cumulated weights.
fn mixture<T>(
    body: &Body<'_>,
    name: &str,
    read: impl Fn(&Cx<'_>, &Node, String) -> Option<T>,
) -> Option<Vec<(f64, T)>> {
    let mut parts = Vec::new();
    let entries = body.list(name);
    let given = entries.len();
    for (path, node) in entries {
        let Some(part) = Body::open(body.cx, node, path, node.place, MIXTURE) else { continue };
        let weight = part.share_maybe("weight");
        let of = part.get("of").and_then(|of| read(body.cx, of, part.path_of("of")));
        if let (Some(weight), Some(of)) = (weight, of) {
            parts.push((weight, of));
        }
    }
    if parts.len() < given {
        return None;
    }
    cumulated(body, name, parts)
}

/// Turns shares into upper bounds; all of them are 100 %, or it is reported.
fn cumulated<T>(body: &Body<'_>, name: &str, parts: Vec<(f64, T)>) -> Option<Vec<(f64, T)>> {
    let sum: f64 = parts.iter().map(|(share, _)| share).sum();
    if (sum - 1.0).abs() > 1e-9 {
        // Shares are written with few decimals; what the sum of floats adds behind them is noise.
        let percent = libm::round(sum * 1e11) / 1e9;
        let message = format!("the shares add up to {percent}%");
        let mistake = Diagnostic::error(message).at(body.place_of(name));
        body.wrong(name, mistake.label("all of them are 100%"));
        return None;
    }
    let mut bound = 0.0;
    let some = parts.into_iter().filter(|(share, _)| *share > 0.0);
    let bounds = some.map(|(share, part)| {
        bound += share;
        (bound, part)
    });
    Some(bounds.collect())
}

fn attribute(body: &Body<'_>, unit: Unit) -> Option<Quantity> {
    if unit == (Unit::Time { attributes: false }) {
        let message = "an attribute cannot be looked up here";
        let mistake = Diagnostic::error(message).at(body.place_of("attribute"));
        body.wrong("attribute", mistake.label("a time or a law of times"));
        return None;
    }
    let id = known_attribute(body, "attribute");
    let Some(word) = body.word("unit") else {
        if body.node.get("unit").is_none() {
            let mistake = Diagnostic::error("`unit` is missing").at(body.place);
            body.wrong("attribute", mistake.label("the unit of what the attribute says: `ms`"));
        }
        return None;
    };
    let Some(scale) = unit.scale(word) else {
        let message = format!("{} is no unit here", quoted(word));
        body.wrong("unit", Diagnostic::error(message).at(body.place_of("unit")).label(unit.what()));
        return None;
    };
    Some(Quantity::Attribute(id?, scale))
}

/// The attribute that is named at a key.
fn known_attribute(body: &Body<'_>, name: &str) -> Option<AttributeId> {
    let written = body.text(name)?;
    let id = body.cx.attribute(written);
    if id.is_none() {
        let message = format!("nothing here has an attribute {}", quoted(written));
        let mistake = Diagnostic::error(message).at(body.place_of(name));
        let near = suggest(written, body.cx.written_attributes());
        body.wrong(
            name,
            mistake.label("an attribute that a caller or call gives").did_you_mean(near),
        );
    }
    id
}

fn empirical(law: &Body<'_>, unit: Unit) -> Option<Quantity> {
    let (path, column, word) = (law.text("csv"), law.text("column"), law.word("unit"));
    let (path, column, word) = (path?, column?, word?);
    let Some(scale) = unit.scale(word) else {
        let message = format!("{} is no unit here", quoted(word));
        law.wrong("unit", Diagnostic::error(message).at(law.place_of("unit")).label(unit.what()));
        return None;
    };
    match law.cx.files.column(path, column) {
        Ok(values) => {
            let values = values.iter().map(|value| value * scale).collect();
            match Dist::empirical(values) {
                Ok(dist) => Some(Quantity::Law(dist)),
                Err(error) => {
                    refused(law, &error);
                    None
                }
            }
        }
        Err(wrong) => {
            wrong.say(law, "csv", "column");
            None
        }
    }
}

/// The waits between the attempts of a retry.
pub fn backoff(cx: &Cx<'_>, node: &Node, path: String) -> Backoff {
    const KEYS: &[&str] = &["base", "cap", "jitter"];
    let unit = Unit::Time { attributes: false };
    let is_one = properties::all(LAW).any(|row| node.get(row.name).is_some());
    if !is_law(node) || is_one && !KEYS.iter().any(|key| node.get(key).is_some()) {
        return Backoff::Constant(quantity(cx, node, path, unit).unwrap_or_default());
    }
    let Some(body) = Body::open(cx, node, path, node.place, BACKOFF) else {
        return Backoff::default();
    };
    for row in properties::all(LAW) {
        if node.get(row.name).is_some() {
            let message = format!("{} beside `base`, `cap` and `jitter`", quoted(row.name));
            let mistake = Diagnostic::error(message).at(body.place_of(row.name));
            body.wrong(row.name, mistake.label("a law, or `base`, `cap` and `jitter`"));
        }
    }
    if node.get("base").is_none() {
        let mistake = Diagnostic::error("`base` is missing").at(node.place);
        cx.say(mistake.path(body.path.clone()).label(body.row("base").says));
    }
    let base = body.time("base");
    let cap = body.time_maybe("cap").unwrap_or(Span::FOREVER);
    if cap < base {
        let mistake = Diagnostic::error("`cap` is below `base`").at(body.place_of("cap"));
        body.wrong("cap", mistake.label("the longest wait"));
    }
    let jitter = match body.word("jitter") {
        Some("full") => Jitter::Full,
        Some("equal") => Jitter::Equal,
        Some("decorrelated") => Jitter::Decorrelated,
        _ => Jitter::None,
    };
    Backoff::Exponential { base, cap, jitter }
}

/// How a word at `path` is chosen; `None`, and reported, if it is no word.
pub fn word_law(cx: &Cx<'_>, node: &Node, path: String) -> Option<WordLaw> {
    if !is_law(node) {
        return match units::word(node) {
            Ok(word) => Some(WordLaw::Plain(cx.texts.word(word))),
            Err(mistake) => {
                let label = "a word, or a law such as `{choice: {a: 90%, b: 10%}}`";
                cx.say(mistake.path(path).label(label));
                None
            }
        };
    }
    let body = Body::open(cx, node, path, node.place, WORD_LAW)?;
    match only_law(&body, WORD_LAW, &[])? {
        "choice" => choice(&body).map(WordLaw::Choice),
        "cycle" => {
            let mut words = Vec::new();
            let entries = body.list("cycle");
            if entries.is_empty() && matches!(body.get("cycle")?.value, Value::List(_)) {
                let mistake = Diagnostic::error("the list is empty").at(body.place_of("cycle"));
                body.wrong("cycle", mistake.label("at least one word"));
            }
            for (path, node) in entries {
                match units::word(node) {
                    Ok(word) => words.push(cx.texts.word(word)),
                    Err(mistake) => cx.say(mistake.path(path)),
                }
            }
            if words.is_empty() { None } else { Some(WordLaw::Cycle(words)) }
        }
        "one_of" => body.count_maybe("one_of").map(WordLaw::OneOf),
        "zipf" => {
            let zipf = body.map("zipf")?;
            let (n, s) = (zipf.count_maybe("n"), zipf.number_maybe("s"));
            let (n, s) = (n?, s?);
            let size = usize::try_from(n).unwrap_or(usize::MAX);
            if !cx.report.may_work(size / 4) {
                return None;
            }
            let mut total = 0.0;
            let mut bounds: Vec<f64> = (1..=n)
                .map(|k| {
                    total += libm::pow(k as f64, -s);
                    total
                })
                .collect();
            for bound in &mut bounds {
                *bound /= total;
            }
            Some(WordLaw::Zipf(bounds.into()))
        }
        "attribute" => known_attribute(&body, "attribute").map(WordLaw::Attribute),
        "mixture" => mixture(&body, "mixture", word_law).map(WordLaw::Choice),
        other => unreachable!("the table has no law {other}"),
    }
}

fn choice(body: &Body<'_>) -> Option<Vec<(f64, WordLaw)>> {
    let node = body.get("choice")?;
    if !matches!(node.value, Value::Map(_)) {
        let mistake = Diagnostic::error(format!("{} is not a mapping", node.shown()));
        body.wrong("choice", mistake.at(node.place).label("words with shares: `{a: 90%, b: 10%}`"));
        return None;
    }
    let mut parts = Vec::new();
    for (key, share) in node.entries() {
        match units::share(share) {
            Ok(share) => parts.push((share, WordLaw::Plain(body.cx.texts.word(&key.name)))),
            Err(mistake) => {
                let path = format!("{}.{}", body.path_of("choice"), key.name);
                body.cx.say(mistake.path(path));
            }
        }
    }
    if parts.len() < node.entries().len() {
        return None;
    }
    cumulated(body, "choice", parts)
}

/// The attributes whose words a law asks for.
pub fn asks_for(law: &WordLaw, found: &mut Vec<AttributeId>) {
    match law {
        WordLaw::Attribute(id) => found.push(*id),
        WordLaw::Choice(parts) => {
            for (_, part) in parts {
                asks_for(part, found);
            }
        }
        WordLaw::Plain(_)
        | WordLaw::Cycle(_)
        | WordLaw::OneOf(_)
        | WordLaw::Zipf(_)
        | WordLaw::Column(_) => (),
    }
}
