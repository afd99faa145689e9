//! What must hold: thresholds read from their text, and judged.
//!
//! ```text
//! threshold  formula (< | <= | > | >= | == | !=) formula [… formula]
//! ```
//!
//! A threshold is of every policy, of one, or of the difference of two; one of a difference or with
//! `over runs` can only be judged of several runs. Everything wrong with a text is told at once.

use super::formula::{
    Dimension, Factor, Formula, Mistake, Names, Operand, Value,
    read::{Reader, Word, words},
};
use serde::{Serialize, Serializer};
use std::{fmt, ops::Range};

/// What the reference page says of thresholds.
pub const REFERENCE: &str = "\
`X < Y`, also `<= > >= == !=`, and chains such as `59s < X <= 61s`. A side is made of measures and numbers with
`+ - * /` between blanks. A measure is

```text
[NAME.]MEASURE[[key=value]] [STATISTIC] [per TIME STATISTIC] [at POINT | during [A]..[B]] [over runs STATISTIC]
```

A statistic is `sum`, `mean`, `min`, `max`, `count`, a nearest-rank quantile such as `p99.9`, or `first_at`,
`last_at`, `all_at`. A window at the end of a side is for all of that side. A measure without data does not hold.

The words of the ledger count arrivals, alone or after a caller: each arrival has one outcome, the worst among its own
place and those of the messages that it caused, so `succeeded / arrivals` is a share. `messages` counts what is handed
on and each further copy, `requests` and `answered[status=…]` what somebody waits for. `latency` and `end_to_end` are
times to success: what never succeeds is a sample too, and a quantile that falls among those is `never`, which fails
every `<`. A mean is of those that succeeded.

After another resource a word of the ledger counts that resource's messages or records, each time that it happens, and
is another name for the measure that [the table](#words-of-the-ledger) has beside it: `Orders.dead_lettered` is what
the queue `Orders` moved to its dead-letter queue. Words that the table does not have mean nothing there.

| written | `dwell run` | `dwell check` |
|---|---|---|
| `X < Y` | must hold | must hold in every run of every policy |
| `POLICY: X < Y` | if it plays that policy | in every run of that policy |
| `X over runs p95 < Y` | is not judged | one value of each run, then the statistic of them, policy by policy |
| `A vs B: X < Y` | is not judged | the difference A − B, run by run with the same luck: its whole 95 % interval must fit |

`over runs` takes `sum`, `mean`, `min`, `max`, `count` and quantiles, ends a side, and stands on each side that
measures. `A vs B` measures one side only; `==` holds if no run differs from it, `!=` if it is outside the
interval. One run has no interval, so it does not hold.
";

/// A threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// What it is of.
    pub scope: Scope,
    /// As it was written.
    pub text: String,
    /// What is compared.
    pub sides: Vec<Formula>,
    /// How, each between two sides.
    pub comparisons: Vec<Comparison>,
}

/// The policies that a threshold is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Each of them.
    #[default]
    All,
    /// This one.
    Policy(String),
    /// The paired difference of two.
    Difference {
        /// Of this one …
        of: String,
        /// … to this one.
        to: String,
    },
}

impl Scope {
    /// Whether a run of this policy is judged by it.
    pub fn has(&self, policy: Option<&str>) -> bool {
        match self {
            Scope::All => true,
            Scope::Policy(own) => policy == Some(own),
            Scope::Difference { .. } => false,
        }
    }

    /// As it stands before a threshold: `As deployed`, `A vs B`; none for all policies.
    pub fn written(&self) -> Option<String> {
        match self {
            Scope::All => None,
            Scope::Policy(policy) => Some(policy.clone()),
            Scope::Difference { of, to } => Some(format!("{of} vs {to}")),
        }
    }
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

impl Threshold {
    /// Reads a threshold. Every mistake at once.
    pub fn parse(scope: Scope, text: &str, names: &Names<'_>) -> Result<Threshold, Vec<Mistake>> {
        let mut reader = Reader::new(text, names);
        let words = words(text);
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
            reader.wrong(
                0..text.len(),
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
                sides.push((reader.formula(part, range.clone()), range));
            }
        }
        if reader.mistakes.is_empty() {
            match_dimensions(&mut reader, &mut sides, &comparisons, text);
            match_runs(&mut reader, &sides, &scope);
        }
        if !reader.mistakes.is_empty() {
            return Err(reader.mistakes);
        }
        let sides = sides.into_iter().map(|(side, _)| side).collect();
        Ok(Threshold { scope, text: text.to_owned(), sides, comparisons })
    }

    /// Whether it can only be judged of several runs.
    pub fn is_of_runs(&self) -> bool {
        let over = self.sides.iter().any(|side| side.over.is_some());
        over || matches!(self.scope, Scope::Difference { .. })
    }

    /// Whether it holds where its sides come to `values`. A side without data does not.
    pub fn holds(&self, values: &[Option<Value>]) -> bool {
        self.comparisons.iter().zip(values.windows(2)).all(|(how, pair)| {
            match (&pair[0], &pair[1]) {
                (Some(Value::Number(left)), Some(Value::Number(right))) => how.holds(left, right),
                (
                    Some(Value::Instants { all: left, more: left_more }),
                    Some(Value::Instants { all: right, more: right_more }),
                ) => how.holds(&(left, left_more), &(right, right_more)),
                _ => false,
            }
        })
    }

    /// The verdict where its sides come to `values`.
    pub fn judge(&self, values: Vec<Option<Value>>) -> Verdict {
        let holds = self.holds(&values);
        let sides = self.sides.iter().zip(values).map(|(side, value)| {
            let value = value.map(|value| match value {
                Value::Number(number) => Outcome::Number(side.shown(number)),
                Value::Instants { all, .. } => {
                    Outcome::Instants(all.iter().map(|at| at.as_secs_f64()).collect())
                }
            });
            let never = matches!(value, Some(Outcome::Number(n)) if n.is_infinite());
            SideValue { text: side.text.clone(), value, never, is_time: side.is_time() }
        });
        Verdict {
            policy: self.scope.written(),
            threshold: self.text.clone(),
            holds,
            sides: sides.collect(),
        }
    }
}

/// Sides are of one kind; a bare number beside AWS's time is in AWS's unit.
fn match_dimensions(
    reader: &mut Reader<'_>,
    sides: &mut [(Formula, Range<usize>)],
    comparisons: &[Comparison],
    text: &str,
) {
    let zero = |side: &Formula| {
        let [(true, factors)] = &side.products[..] else { return false };
        matches!(&factors[..], [Factor { operand: Operand::Literal(n), .. }] if n.is_zero())
    };
    let known = sides.iter().map(|(side, _)| side.dimension).find(|kind| *kind != Dimension::Bare);
    let Some(known) = known else {
        return reader.wrong(0..text.len(), "compares no measure", "name a measure");
    };
    for (side, range) in sides.iter_mut() {
        match (known, side.dimension) {
            (Dimension::Time(_), Dimension::Time(_))
            | (Dimension::Number, Dimension::Number | Dimension::Bare) => (),
            (Dimension::Instants, Dimension::Instants) => (),
            (Dimension::Time(Some(unit)), Dimension::Bare) => side.scale = unit,
            (Dimension::Time(None), Dimension::Bare) if zero(side) => (),
            (Dimension::Time(None), Dimension::Bare) => {
                reader.wrong(range.clone(), "a time needs a unit", "write 250ms, 30s, 5m or 6h");
            }
            (Dimension::Instants, _) | (_, Dimension::Instants) => {
                let hint = "write `NAME.MEASURE all_at == [0s, 60.1s]`";
                reader.wrong(range.clone(), "all_at is compared with a list", hint);
            }
            (Dimension::Time(_), Dimension::Number) | (_, Dimension::Time(_)) => {
                reader.wrong(range.clone(), "compares a time with a number", "");
            }
            (Dimension::Bare, _) => unreachable!("the first that is not bare was taken"),
        }
    }
    let equals = |how: &Comparison| matches!(how, Comparison::Equal | Comparison::NotEqual);
    if known == Dimension::Instants && !comparisons.iter().all(equals) {
        reader.wrong(0..text.len(), "a list has no order", "compare it with == or !=");
    }
}

/// What is over runs is so on each side that measures; a difference is so by itself, and of one side.
fn match_runs(reader: &mut Reader<'_>, sides: &[(Formula, Range<usize>)], scope: &Scope) {
    let measures = |side: &Formula| !side.terms.is_empty();
    let over = sides.iter().any(|(side, _)| side.over.is_some());
    if let Scope::Difference { .. } = scope {
        let mut measuring = sides.iter().filter(|(side, _)| measures(side));
        let first = measuring.next();
        if let Some((_, range)) = measuring.next() {
            let hint =
                "the difference of one formula is compared with numbers: `A vs B: X - Y < 0`";
            reader.wrong(range.clone(), "a difference measures one side only", hint);
        }
        if let Some((side, range)) = first {
            if side.over.is_some() {
                let hint = "its mean over the runs is judged with its interval";
                reader.wrong(range.clone(), "a difference is over runs already", hint);
            } else if side.dimension == Dimension::Instants {
                let hint = "use first_at or last_at";
                reader.wrong(range.clone(), "lists have no difference", hint);
            }
        }
        return;
    }
    if !over {
        return;
    }
    for (side, range) in sides {
        if measures(side) && side.over.is_none() {
            let hint = "say `over runs STATISTIC` on each side that measures";
            reader.wrong(range.clone(), "one side is over runs and this is not", hint);
        } else if side.dimension == Dimension::Instants {
            reader.wrong(range.clone(), "a list is not taken over runs", "use first_at or last_at");
        }
    }
}

/// Whether a threshold holds, and what its sides came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The policy that it is about; none: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Its text.
    pub threshold: String,
    /// Whether it holds. A measure without data does not.
    pub holds: bool,
    /// Its sides.
    pub sides: Vec<SideValue>,
}

/// A side of a threshold, for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SideValue {
    /// Its text.
    pub text: String,
    /// What it came to, times in seconds; none without data.
    pub value: Option<Outcome>,
    /// Whether it is the time to what never happened, which JSON has no number for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub never: bool,
    /// Whether it is a time.
    #[serde(skip)]
    pub is_time: bool,
}

/// What a side came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A number; a time in seconds.
    Number(f64),
    /// Instants, in seconds.
    Instants(Vec<f64>),
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Outcome::Number(n) => serializer.serialize_f64(*n),
            Outcome::Instants(all) => serializer.collect_seq(all),
        }
    }
}

/// `17`, `0.0213`, `90.5s`, `[0s, 60.1s]` or `no data`.
impl fmt::Display for SideValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.is_time { "s" } else { "" };
        match &self.value {
            None => write!(f, "no data"),
            Some(Outcome::Number(n)) if n.is_infinite() => write!(f, "never"),
            Some(Outcome::Number(n)) => write!(f, "{n}{unit}"),
            Some(Outcome::Instants(all)) => {
                let shown: Vec<String> = all.iter().map(|at| format!("{at}s")).collect();
                write!(f, "[{}]", shown.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Span, Time};
    use crate::model::vocabulary::{CallId, FunctionId, QueueId};
    use crate::observe::{
        Resource,
        formula::{Statistic, Window, read::span},
        histogram::Percent,
        measure::{Better, Measure},
    };

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
        let known = |name: &str, resource: Resource| (name.to_owned(), resource);
        let mut resources = Vec::new();
        for (id, name) in (0..).zip(functions) {
            resources.push(known(name, FunctionId(id).into()));
        }
        for (id, name) in (0..).zip(queues) {
            resources.push(known(name, QueueId(id).into()));
        }
        for (id, name) in (0..).zip(callers) {
            resources.push(known(name, CallId(id).into()));
        }
        Names { resources, attributes: vec!["kind".to_owned()], point: &point }
    }

    fn parse(text: &str) -> Result<Threshold, Vec<Mistake>> {
        Threshold::parse(Scope::All, text, &names())
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
        let term = &read.sides[0].terms[0];
        assert_eq!(term.resource, FunctionId(0).into());
        assert_eq!(term.measure, Measure::Throttles);
        assert_eq!(term.per, Some((Span::mins(5), Statistic::Max)));
        assert_eq!(term.window, Window::During(point("10:20").unwrap(), None));
        assert_eq!((term.statistic, &term.filter), (None, &None));
        assert_eq!(read.sides[0].text, "Worker.Throttles per 5m max during 10:20..");
    }

    #[test]
    fn a_window_at_the_end_is_for_the_whole_side() {
        let read = parse("Users.failed / Users.arrivals during 1m..2m < failed / 2").unwrap();
        let windows: Vec<Window> =
            read.sides.iter().flat_map(|side| &side.terms).map(|term| term.window).collect();
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
        told("Jobs.SentMessageSize max > 1", "SentMessageSize", later);
    }

    #[test]
    fn over_runs_is_of_a_whole_side() {
        let read = parse("dead_lettered / arrivals over runs p95 <= 3%").unwrap();
        let p95 = Statistic::Quantile(Percent::parse("95").unwrap());
        assert_eq!(read.sides[0].over, Some(p95));
        assert!(read.is_of_runs());
        assert!(!parse("dead_lettered == 0").unwrap().is_of_runs());
        assert!(parse("dead_lettered / 3 over runs mean < 5").unwrap().is_of_runs());
        let missing = "one side is over runs";
        told("dead_lettered over runs p95 < failed", "failed", missing);
        told("dead_lettered over runs p95 + failed < 3", "over runs p95", "ends a side");
        told("dead_lettered over < 3", "over", "over what");
        told("dead_lettered over all p95 < 3", "all", "over `all`?");
        told(
            "dead_lettered over runs last_at < 3",
            "last_at",
            "no statistic of runs".get(3..).unwrap(),
        );
        told("dead_lettered over runs often < 3", "often", "no statistic");
    }

    #[test]
    fn a_difference_compares_one_formula_with_numbers() {
        let scope = || Scope::Difference { of: "A".into(), to: "B".into() };
        let read = |text: &str| Threshold::parse(scope(), text, &names());
        assert!(read("-1s < Orders.latency p99 < 0s").unwrap().is_of_runs());
        assert_eq!(read("Orders.latency p99 < 0s").unwrap().scope.written().unwrap(), "A vs B");
        assert!(read("dead_lettered < failed").unwrap_err()[0].message.contains("one side only"));
        let twice = read("dead_lettered over runs p95 < 3").unwrap_err();
        assert!(twice[0].message.contains("already"));
        let list = read("Worker.Invocations all_at == [5s]").unwrap_err();
        assert!(list[0].message.contains("no difference"));
    }

    #[test]
    fn which_value_is_better_follows_from_the_measures() {
        let better = |text: &str| Formula::parse(text, &names()).unwrap().better();
        for lower in [
            "dead_lettered",
            "dead_lettered / arrivals",
            "Orders.latency p99",
            "dead_lettered + dropped",
            "Jobs.NumberOfMessagesDeleted last_at",
            "arrivals / succeeded",
            "arrivals - succeeded",
        ] {
            assert_eq!(better(lower), Better::Lower, "{lower}");
        }
        for higher in ["succeeded", "succeeded / arrivals per 1m sum", "2 * succeeded"] {
            assert_eq!(better(higher), Better::Higher, "{higher}");
        }
        for neither in ["Worker.Invocations", "dropped - dead_lettered", "dropped * failed"] {
            assert_eq!(better(neither), Better::Neither, "{neither}");
        }
    }

    #[test]
    fn a_metric_measures_something() {
        let told = |text: &str| Formula::parse(text, &names()).unwrap_err()[0].message.clone();
        assert_eq!(told("3"), "measures nothing");
        assert_eq!(told("dead_lettered over runs p95"), "a metric is of one run");
        assert_eq!(told("Worker.Invocations all_at"), "a list is no metric");
        assert!(told("dead_letterd").contains("no measure"));
        assert!(
            told("dead_lettered < 3").contains("cannot read")
                || !told("dead_lettered < 3").is_empty()
        );
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
