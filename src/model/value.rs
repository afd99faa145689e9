//! Values that a scenario gives and a run looks up: words, quantities, and the patterns that match words.

use super::{
    register::{Payload, Register},
    vocabulary::{CallId, PayloadId},
};
use crate::kernel::{Dist, Draw, Probability, Span, Stream};
use std::sync::Arc;

/// The word of an attribute: a text of the file, or a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Word {
    /// A text, by its place in [`Catalog::texts`].
    Text(u32),
    /// A number, or a text that spells one.
    Number(f64),
}

/// A word as a key: words that are equal have one key. The order of keys means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WordKey {
    /// See [`Word::Text`].
    Text(u32),
    /// The bits of [`Word::Number`].
    Number(u64),
}

impl Word {
    /// Its key.
    pub fn key(self) -> WordKey {
        match self {
            Word::Text(at) => WordKey::Text(at),
            // Adding zero turns the negative zero into the plain one.
            Word::Number(n) => WordKey::Number((n + 0.0).to_bits()),
        }
    }
}

/// The place of an attribute in [`Catalog::attributes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttributeId(pub u16);

impl AttributeId {
    /// `MessageGroupId`: the group of a message of a queue.
    pub const GROUP: AttributeId = AttributeId(0);
    /// `MessageDeduplicationId`: by what a FIFO queue knows a message again.
    pub const DEDUPLICATION: AttributeId = AttributeId(1);
    /// `PartitionKey`: by what a record's shard is chosen.
    pub const PARTITION_KEY: AttributeId = AttributeId(2);
    /// The names of these, which are the first attributes of every catalog that a scenario makes.
    pub const KEYS: [&'static str; 3] =
        ["MessageGroupId", "MessageDeduplicationId", "PartitionKey"];
}

/// How an attribute's word is chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum WordLaw {
    /// Always this one.
    Plain(Word),
    /// One by its weight: upper bounds of the cumulated shares, and the words.
    Choice(Vec<(f64, WordLaw)>),
    /// One after the other, by the arrival's number.
    Cycle(Vec<Word>),
    /// "1" to "n", all alike.
    OneOf(u64),
    /// "1" to "n", the k-th with weight 1/k^s: upper bounds of the cumulated shares.
    Zipf(Arc<[f64]>),
    /// The word of another attribute.
    Attribute(AttributeId),
    /// A column of the arrivals' CSV, by the arrival's number.
    Column(Arc<[Word]>),
}

/// A time or a size: nanoseconds or bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Quantity {
    /// Always this much.
    Plain(u64),
    /// Drawn from a law, to the nearest unit.
    Law(Dist),
    /// One of several, by upper bounds of the cumulated weights.
    Mixture(Vec<(f64, Quantity)>),
    /// What an attribute says, times `scale` units.
    Attribute(AttributeId, f64),
}

impl Default for Quantity {
    fn default() -> Self {
        Quantity::Plain(0)
    }
}

/// The first entry whose cumulated share is above `unit`.
fn pick<T>(entries: &[(f64, T)], unit: f64) -> &T {
    let at = entries.partition_point(|(bound, _)| *bound <= unit).min(entries.len() - 1);
    &entries[at].1
}

impl Quantity {
    /// A quantity that is always `span`.
    pub const fn span(span: Span) -> Quantity {
        Quantity::Plain(span.as_nanos())
    }

    /// Draws the quantity; `word` answers what an attribute says.
    #[inline]
    pub fn sample(&self, draw: &mut Draw, word: impl Fn(AttributeId) -> Option<Word>) -> u64 {
        match self {
            Quantity::Plain(n) => *n,
            Quantity::Law(dist) => Span::from_nanos_f64(dist.sample(draw)).as_nanos(),
            Quantity::Mixture(parts) => {
                let unit = draw.unit();
                pick(parts, unit).sample_part(draw, &word)
            }
            Quantity::Attribute(id, scale) => match word(*id) {
                Some(Word::Number(n)) => Span::from_nanos_f64(n * scale).as_nanos(),
                Some(Word::Text(_)) | None => 0,
            },
        }
    }

    fn sample_part(&self, draw: &mut Draw, word: &dyn Fn(AttributeId) -> Option<Word>) -> u64 {
        self.sample(draw, word)
    }

    /// [`Quantity::sample`] as a time.
    #[inline]
    pub fn sample_span(&self, draw: &mut Draw, word: impl Fn(AttributeId) -> Option<Word>) -> Span {
        Span::nanos(self.sample(draw, word))
    }

    /// Whether it is always 0.
    pub fn is_zero(&self) -> bool {
        matches!(self, Quantity::Plain(0))
    }
}

/// What a run knows of the attributes of payloads.
///
/// A word is looked up from the payload's content key and never stored, except where a call on the
/// way gave words of its own.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Texts that words stand for.
    pub texts: Vec<String>,
    /// Names of attributes.
    pub attributes: Vec<String>,
    /// For each caller and call, its attributes and their streams.
    pub laws: Vec<Vec<(AttributeId, WordLaw, Stream)>>,
    /// For each caller, its name as a word (`when: {caller: [Orders]}`).
    pub callers: Vec<Word>,
}

impl Catalog {
    /// The word of attribute `id` of a payload, if it has one.
    pub fn word(&self, payload: &Payload, id: AttributeId) -> Option<Word> {
        if let Some(words) = &payload.words
            && let Some((_, word)) = words.iter().find(|(name, _)| *name == id)
        {
            return Some(*word);
        }
        let laws = &self.laws[payload.caller.index()];
        let (_, law, stream) = laws.iter().find(|(name, ..)| *name == id)?;
        self.evaluate(law, *stream, payload, payload.content, payload.number)
    }

    fn evaluate(
        &self,
        law: &WordLaw,
        stream: Stream,
        payload: &Payload,
        key: u64,
        nth: u64,
    ) -> Option<Word> {
        match law {
            WordLaw::Plain(word) => Some(*word),
            WordLaw::Choice(parts) => {
                let part = pick(parts, stream.draw(key, 0).unit());
                self.evaluate(part, stream, payload, key, nth)
            }
            WordLaw::Cycle(words) => {
                let at = (nth - 1) % words.len() as u64;
                Some(words[usize::try_from(at).expect("smaller than a length")])
            }
            WordLaw::OneOf(n) => {
                let at = stream.draw(key, 1).below(*n) + 1;
                Some(Word::Number(at as f64))
            }
            WordLaw::Zipf(bounds) => {
                let unit = stream.draw(key, 1).unit();
                let at = bounds.partition_point(|bound| *bound <= unit).min(bounds.len() - 1);
                Some(Word::Number((at + 1) as f64))
            }
            WordLaw::Attribute(other) => self.word(payload, *other),
            WordLaw::Column(words) => {
                words.get(usize::try_from(nth - 1).expect("a row number fits")).copied()
            }
        }
    }

    /// Gives a copy made by `call` the words that the call has of its own.
    pub fn give_words(&self, call: CallId, register: &mut Register, payload: PayloadId) {
        let laws = &self.laws[call.index()];
        if laws.is_empty() {
            return;
        }
        let known = register.get(payload);
        let mut own: Vec<(AttributeId, Word)> = laws
            .iter()
            .filter_map(|(id, law, stream)| {
                let number = u64::from(known.copy);
                Some((*id, self.evaluate(law, *stream, known, known.key, number)?))
            })
            .collect();
        if let Some(earlier) = &known.words {
            own.extend(earlier.iter().copied());
        }
        register.get_mut(payload).words = Some(own.into());
    }

    /// The text of a word, as AWS would see it.
    pub fn text(&self, word: Word) -> String {
        match word {
            Word::Text(at) => self.texts[at as usize].clone(),
            Word::Number(n) => n.to_string(),
        }
    }
}

/// What a pattern asks of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// An attribute of the payload.
    Attribute(AttributeId),
    /// The caller that started it.
    Caller,
    /// Whether the function in question fails on it at every attempt: yes or no.
    Poison,
    /// The attempt, from 1.
    Attempt,
    /// How often it was dead-lettered.
    DeadLetters,
}

/// One test of a field's word; of several, one that holds is enough.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// The same word.
    Equals(Word),
    /// Begins with.
    Prefix(String),
    /// Ends with.
    Suffix(String),
    /// Every comparison holds; a text never does.
    Numeric(Vec<(Compare, f64)>),
    /// There is a word, and none of the tests holds.
    AnythingBut(Vec<Test>),
    /// There is a word, or there is none.
    Exists(bool),
    /// Equal but for the case of letters.
    EqualsIgnoreCase(String),
}

/// A comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

impl Compare {
    /// Whether `left` and `right` compare so.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Compare::Less => left < right,
            Compare::LessOrEqual => left <= right,
            Compare::Equal => left == right,
            Compare::GreaterOrEqual => left >= right,
            Compare::Greater => left > right,
        }
    }
}

/// AWS's pattern: every field must fit; for a field, one test is enough.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pattern(pub Vec<(Field, Vec<Test>)>);

impl Pattern {
    /// Whether the payload fits. `subject` says what only the asker knows.
    pub fn fits(&self, catalog: &Catalog, payload: &Payload, subject: &Subject) -> bool {
        self.0.iter().all(|(field, tests)| {
            let word = match field {
                Field::Attribute(id) => catalog.word(payload, *id),
                Field::Caller => Some(catalog.callers[payload.caller.index()]),
                Field::Poison => Some(subject.poison_word()),
                Field::Attempt => Some(Word::Number(f64::from(subject.attempt))),
                Field::DeadLetters => Some(Word::Number(f64::from(payload.dead_letters))),
            };
            tests.iter().any(|test| test.holds(catalog, word))
        })
    }
}

/// What only the asker knows of a payload.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// The attempt, from 1.
    pub attempt: u32,
    /// Whether it is poison for the function in question.
    pub poison: bool,
}

impl Subject {
    /// The text of `yes`, the first of every catalog.
    pub const YES: Word = Word::Text(0);
    /// The text of `no`, the second of every catalog.
    pub const NO: Word = Word::Text(1);

    fn poison_word(&self) -> Word {
        if self.poison { Self::YES } else { Self::NO }
    }
}

impl Test {
    fn holds(&self, catalog: &Catalog, word: Option<Word>) -> bool {
        let Some(word) = word else { return matches!(self, Test::Exists(false)) };
        match self {
            Test::Equals(other) => word == *other,
            Test::Prefix(text) => catalog.text(word).starts_with(text),
            Test::Suffix(text) => catalog.text(word).ends_with(text),
            Test::Numeric(all) => match word {
                Word::Number(n) => all.iter().all(|(compare, bound)| compare.holds(n, *bound)),
                Word::Text(_) => false,
            },
            Test::AnythingBut(none) => !none.iter().any(|test| test.holds(catalog, Some(word))),
            Test::Exists(wanted) => *wanted,
            Test::EqualsIgnoreCase(text) => catalog.text(word).eq_ignore_ascii_case(text),
        }
    }
}

/// A share of payloads that is the same payloads at every attempt.
#[derive(Clone, Copy, Debug)]
pub struct ByContent {
    /// Which share.
    pub share: Probability,
    /// Whose luck.
    pub stream: Stream,
}

impl ByContent {
    /// Whether this payload is in the share.
    pub fn holds(&self, payload: &Payload) -> bool {
        self.stream.happens(payload.content, 0, self.share)
    }
}
