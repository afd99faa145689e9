//! Formulas of measures: what a side of a threshold and a metric of a study are made of.
//!
//! ```text
//! formula    term ((+ | - | * | /) term)* [over runs STATISTIC]   blanks around each sign
//! term       number | 12% | time or point | [point, …]            the list beside all_at only
//!            [NAME.]MEASURE[[key=value]] [STATISTIC] [per TIME STATISTIC]
//!                [at POINT | during [A]..[B]]
//! ```
//!
//! A window at the end of a formula is for all of it. [`read`] turns a text into these types and
//! tells everything wrong with it at once, each mistake with its place, what is allowed and the
//! nearest known name. Nothing here knows a scenario file: [`Names`] says what there is.

pub mod read;

use super::{
    histogram::Percent,
    measure::{Better, Kind, Measure},
    number::Number,
};
use crate::{
    kernel::{Span, Time},
    model::{Resource, ResourceKind, config::Resources},
};
use read::{Reader, words};
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Range};

/// The names that a threshold can use.
pub struct Names<'a> {
    /// Every name of the file with what it stands for, in file order.
    pub resources: Vec<(String, Resource)>,
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
        let named = Resource::all(resources)
            .filter(|resource| !matches!(resource.kind, ResourceKind::Account | ResourceKind::Run))
            .map(|resource| (resource.name(resources).to_owned(), resource));
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

/// A sum of products of numbers and measures: a side of a threshold, or a metric of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// Its text.
    pub text: String,
    /// What is added (`true`) or taken away.
    pub products: Vec<(bool, Vec<Factor>)>,
    /// The measures in it.
    pub terms: Vec<Term>,
    /// What its numbers are.
    pub dimension: Dimension,
    /// Its bare numbers mean the other side's unit: so many of what is kept each.
    pub scale: u64,
    /// Of the values of several runs, one each, this statistic.
    pub over: Option<Statistic>,
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
    /// A measure, by its position in [`Formula::terms`].
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
    pub resource: Resource,
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

/// What a value leaves out, so that two runs of which more is left out in one are not compared by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bias {
    /// It is of what succeeded only: of the arrivals of this caller, or of all.
    Survivors(Option<String>),
    /// It does not see messages of this queue that were received three times.
    Unseen(String),
}

impl Term {
    /// Which of two values of it is the better one if nothing is left out; what is over earlier is better.
    fn better(&self) -> Better {
        match self.statistic {
            Some(Statistic::LastAt) => Better::Lower,
            Some(Statistic::FirstAt | Statistic::AllAt) => Better::Neither,
            _ => self.measure.better(),
        }
    }

    /// What its value leaves out, if it does.
    fn bias(&self) -> Option<Bias> {
        let name = || self.text.split_once('.').map(|(name, _)| name.to_owned());
        match (self.measure, self.statistic) {
            (Measure::Latency | Measure::EndToEnd, Some(Statistic::Mean | Statistic::Min)) => {
                Some(Bias::Survivors(name()))
            }
            (
                Measure::IngestionToInvocationSuccessLatency,
                Some(Statistic::Mean | Statistic::Min | Statistic::Max | Statistic::Quantile(_)),
            ) => Some(Bias::Survivors(None)),
            (Measure::ApproximateAgeOfOldestMessage, _) => name().map(Bias::Unseen),
            _ => None,
        }
    }
}

/// `[key=value]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The status of an answer or the reason of a drop.
    Label(String),
    /// A shard, by its number.
    Shard(u32),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

impl TryFrom<String> for Statistic {
    type Error = String;

    fn try_from(text: String) -> Result<Statistic, String> {
        Statistic::parse(&text).ok_or_else(|| format!("`{text}` is no statistic"))
    }
}

/// As thresholds write it.
impl From<Statistic> for String {
    fn from(statistic: Statistic) -> String {
        match statistic {
            Statistic::Sum => "sum".to_owned(),
            Statistic::Mean => "mean".to_owned(),
            Statistic::Min => "min".to_owned(),
            Statistic::Max => "max".to_owned(),
            Statistic::Count => "count".to_owned(),
            Statistic::Quantile(percent) => format!("p{percent}"),
            Statistic::FirstAt => "first_at".to_owned(),
            Statistic::LastAt => "last_at".to_owned(),
            Statistic::AllAt => "all_at".to_owned(),
        }
    }
}

/// What a formula or a measure came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number; a time in nanoseconds.
    Number(Number),
    /// Instants in order, and how many more there were.
    Instants {
        /// The first of them.
        all: Vec<Time>,
        /// How many are not in the list.
        more: u64,
    },
}

impl Formula {
    /// Reads a metric: a formula that measures something and comes to a number in each run. Every
    /// mistake at once.
    pub fn parse(text: &str, names: &Names<'_>) -> Result<Formula, Vec<Mistake>> {
        let mut reader = Reader::new(text, names);
        let whole = 0..text.len();
        let formula = reader.formula(&words(text), whole.clone());
        if reader.mistakes.is_empty() {
            if formula.terms.is_empty() {
                reader.wrong(
                    whole,
                    "measures nothing",
                    "write NAME.MEASURE, such as `Orders.latency p99`",
                );
            } else if formula.over.is_some() {
                reader.wrong(whole, "a metric is of one run", "leave out `over runs`");
            } else if formula.dimension == Dimension::Instants {
                reader.wrong(whole, "a list is no metric", "use first_at or last_at");
            }
        }
        match reader.mistakes.is_empty() {
            true => Ok(formula),
            false => Err(reader.mistakes),
        }
    }

    /// Its value in a run in which its measures came to `terms`. None where a measure has no data or
    /// something is divided by 0.
    pub fn value(&self, terms: &[Option<Value>]) -> Option<Value> {
        let mut sum = Number::ZERO;
        for (added, factors) in &self.products {
            let mut product = Number::whole(1);
            for factor in factors {
                let number = match &factor.operand {
                    Operand::Literal(number) => *number,
                    Operand::List(all) => {
                        return Some(Value::Instants { all: all.clone(), more: 0 });
                    }
                    Operand::Term(at) => match terms[*at].as_ref()? {
                        Value::Number(number) => *number,
                        instants @ Value::Instants { .. } => return Some(instants.clone()),
                    },
                };
                product = match factor.divides {
                    true => product.divided_by(number)?,
                    false => product.times(number),
                };
            }
            sum = if *added { sum.plus(product) } else { sum.minus(product) };
        }
        Some(Value::Number(sum.times(Number::whole(i128::from(self.scale)))))
    }

    /// The statistic of samples that it is, if it is one and nothing else: then the samples of several
    /// runs can be put together.
    pub fn pooled(&self) -> Option<Statistic> {
        let [(true, factors)] = &self.products[..] else { return None };
        let [Factor { divides: false, operand: Operand::Term(0) }] = &factors[..] else {
            return None;
        };
        let term = &self.terms[0];
        let samples = term.measure.kind() == Kind::Distribution && term.per.is_none();
        let statistic = term.statistic?;
        let of_samples = match statistic {
            Statistic::Mean | Statistic::Min | Statistic::Max | Statistic::Quantile(_) => true,
            Statistic::Sum | Statistic::Count => false,
            Statistic::FirstAt | Statistic::LastAt | Statistic::AllAt => false,
        };
        (samples && of_samples).then_some(statistic)
    }

    /// What its measures leave out, so that runs of which more is left out in one are not compared by it.
    pub fn biases(&self) -> Vec<Bias> {
        let mut all: Vec<Bias> = Vec::new();
        for bias in self.terms.iter().filter_map(Term::bias) {
            if !all.contains(&bias) {
                all.push(bias);
            }
        }
        all
    }

    /// Which of two values of it is the better one: that of its measures if they agree. What something
    /// is divided by or multiplied with says nothing if it is neither good nor bad itself. Where it has
    /// [biases](Formula::biases), that is so only if as much is left out in both runs.
    pub fn better(&self) -> Better {
        let mut agreed = None;
        for (added, factors) in &self.products {
            let (mut of_product, mut times) = (Better::Neither, *added);
            for Factor { divides, operand } in factors {
                let Operand::Term(at) = operand else { continue };
                match (self.terms[*at].better(), of_product) {
                    (Better::Neither, _) => (),
                    (better, Better::Neither) => {
                        of_product = better;
                        times = times != *divides;
                    }
                    _ => return Better::Neither,
                }
            }
            let better = match (of_product, times) {
                (Better::Neither, _) => continue,
                (better, true) => better,
                (Better::Lower, false) => Better::Higher,
                (Better::Higher, false) => Better::Lower,
            };
            if agreed.is_some_and(|before| before != better) {
                return Better::Neither;
            }
            agreed = Some(better);
        }
        agreed.unwrap_or(Better::Neither)
    }

    /// Whether it is a time: its numbers are nanoseconds.
    pub fn is_time(&self) -> bool {
        matches!(self.dimension, Dimension::Time(_)) || self.scale != 1
    }

    /// A value of it as it is shown: times in seconds.
    pub fn shown(&self, number: Number) -> f64 {
        number.approximate() / if self.is_time() { 1e9 } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statistic_is_written_as_it_is_read() {
        let words = Statistic::WORDS.split(' ').chain(["p0.001", "p100", "p99.95"]);
        for word in words {
            let read = Statistic::parse(word).expect(word);
            assert_eq!(String::from(read), word);
        }
    }
}
