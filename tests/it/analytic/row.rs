//! A row of the table of oracles: its numbers are read out of what its author wrote for people.

use std::{fs, path::Path};

/// One closed-form or exactly computed value that a run must find.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: String,
    pub description: String,
    /// `lam=8; mu=10; c=1`: what to simulate.
    pub parameters: String,
    /// What to measure.
    pub quantity: String,
    pub expected: f64,
    pub tolerance: Tolerance,
}

/// How near is near enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// The very number.
    Exact,
    /// In every replication within so much.
    Abs(f64),
    /// Within this share.
    Rel(f64),
    /// With `n` events the mean is within this share, and within four standard errors. Without a
    /// share the latter alone.
    Stat { rel: Option<f64>, n: f64 },
    /// Within this share; the expected value is a limit, so no standard error is looked at.
    Approx { rel: f64, n: f64 },
    /// Within so much of a value that was itself found by so many trials, and has their error.
    Near { abs: f64, trials: f64 },
    /// A threshold, to be found to within so much.
    Sweep(f64),
}

impl Tolerance {
    fn read(text: &str) -> Tolerance {
        let rel = number_after(text, "rel=");
        let n = number_after(text, "n>=");
        match text.split([':', '=', ' ']).next().expect("a split has a first part") {
            "exact" => Tolerance::Exact,
            "abs" => Tolerance::Abs(number_after(text, "abs=").expect("abs has a value")),
            "rel" => Tolerance::Rel(rel.expect("rel has a value")),
            // One published run is no law: its own error is inside the share.
            "stat" if n.is_none() && text.contains("published") => {
                Tolerance::Approx { rel: rel.expect("a published run has a share"), n: 1e7 }
            }
            "stat" if text.contains("trials") => {
                let abs = number_after(text, "abs=").expect("trials have an error");
                Tolerance::Near { abs, trials: n.expect("how many trials") }
            }
            "stat" => Tolerance::Stat { rel, n: n.unwrap_or(1e7) },
            "approx" => {
                let rel = rel.expect("an approximation has a share");
                Tolerance::Approx { rel, n: n.unwrap_or(1e6) }
            }
            "sweep" => Tolerance::Sweep(
                number_after(text, "thr-")
                    .or_else(|| number_after(text, "+-"))
                    .expect("a sweep says how near to the threshold it goes"),
            ),
            other => panic!("a tolerance of the kind {other} in {text}"),
        }
    }
}

/// All rows of `oracles.csv` in this folder. A row that says that it is the same as the one before, or
/// `and its …`, has that one's parameters behind its own.
pub fn read_all(folder: &Path) -> Vec<Row> {
    let text = fs::read_to_string(folder.join("oracles.csv")).expect("the table can be read");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows: Vec<Row> = Vec::new();
    for record in reader.records() {
        let record = record.expect("a row of seven columns");
        let cell = |n: usize| record[n].to_owned();
        let goes_on = record[1].starts_with("same") || record[1].starts_with("and ");
        let kind = |id: &str| id.split('-').next().map(str::to_owned);
        let before = rows.last().filter(|row| goes_on && kind(&row.id) == kind(&record[0]));
        let parameters = match before {
            Some(before) => format!("{}; {}", &record[2], before.parameters),
            None => cell(2),
        };
        rows.push(Row {
            id: cell(0),
            description: cell(1),
            parameters,
            quantity: cell(3),
            expected: record[4].parse().unwrap_or_else(|_| panic!("{}: {}", cell(0), cell(4))),
            tolerance: Tolerance::read(&record[5]),
        });
    }
    rows
}

impl Row {
    /// The number behind `key` in the parameters.
    pub fn maybe(&self, key: &str) -> Option<f64> {
        number_after(&self.parameters, key)
    }

    /// The number behind `key`; without it the row is not of the kind that its id says.
    pub fn get(&self, key: &str) -> f64 {
        let found = self.maybe(key);
        found.unwrap_or_else(|| panic!("{}: no {key} in {}", self.id, self.parameters))
    }

    /// The number behind the first of these keys that is there.
    pub fn first_of(&self, keys: &[&str]) -> f64 {
        let found = keys.iter().find_map(|key| self.maybe(key));
        found.unwrap_or_else(|| panic!("{}: none of {keys:?} in {}", self.id, self.parameters))
    }

    /// The number before `word` in the parameters: `4 attempts`.
    pub fn before(&self, word: &str) -> f64 {
        let found = self.parameters.split(word).next().filter(|head| *head != self.parameters);
        let number = found.and_then(|head| head.trim_end().rsplit([' ', ';', '(']).next());
        let number = number.and_then(|number| number.parse().ok());
        number.unwrap_or_else(|| panic!("{}: no number before {word}", self.id))
    }

    /// How near to a threshold it asks to go.
    pub fn width(&self) -> f64 {
        match self.tolerance {
            Tolerance::Sweep(width) => width,
            other => panic!("{}: {other:?} is no sweep", self.id),
        }
    }

    /// The law of service times.
    pub fn law(&self) -> Law {
        Law::read(&self.parameters)
            .unwrap_or_else(|| panic!("{}: no service time in {}", self.id, self.parameters))
    }
}

/// The number that stands behind `key`, where that begins a word.
pub fn number_after(text: &str, key: &str) -> Option<f64> {
    text.match_indices(key).find_map(|(at, _)| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let begins = !key.starts_with(word) || !text[..at].ends_with(word);
        begins.then(|| leading_number(&text[at + key.len()..])).flatten()
    })
}

/// The number with which `text` begins.
fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c)));
    let text = &text[..end.unwrap_or(text.len())];
    (1..=text.len()).rev().find_map(|end| text[..end].parse().ok())
}

/// A law of times, in seconds.
#[derive(Clone, Debug)]
pub enum Law {
    Always(f64),
    Exponential(f64),
    Erlang { k: f64, mean: f64 },
    Uniform { min: f64, max: f64 },
    LogNormal { median: f64, sigma: f64 },
    Mixture(Vec<(f64, f64)>),
}

impl Law {
    fn read(text: &str) -> Option<Law> {
        let inside = |head: &str| {
            let tail = text.split_once(head)?.1;
            Some(tail.split_once([')', '}'])?.0)
        };
        let pair = |text: &str| {
            let (a, b) = text.split_once(',')?;
            Some((leading_number(a)?, leading_number(b)?))
        };
        if let Some(mean) = inside("S~Exp(").or_else(|| inside("S_warm~Exp(")) {
            return leading_number(mean.trim_start_matches("mean")).map(Law::Exponential);
        }
        if let Some(k) = inside("S~Erlang(") {
            return Some(Law::Erlang { k: leading_number(k)?, mean: number_after(text, "mean ")? });
        }
        if let Some((min, max)) = inside("S~U(").and_then(pair) {
            return Some(Law::Uniform { min, max });
        }
        if let Some((median, sigma)) = inside("S~LogN(ln ").and_then(pair) {
            return Some(Law::LogNormal { median, sigma });
        }
        if let Some(parts) = inside("S in {") {
            let part = |part: &str| {
                let (value, weight) = part.split_once("w.p.")?;
                Some((leading_number(weight)?, leading_number(value)?))
            };
            return parts.split(',').map(part).collect::<Option<_>>().map(Law::Mixture);
        }
        if let Some(rate) = number_after(text, "mu=") {
            return Some(Law::Exponential(1.0 / rate));
        }
        number_after(text, "s=").or_else(|| number_after(text, "S=")).map(Law::Always)
    }

    /// The log-normal law of this mean whose logarithm has the standard deviation 1.
    pub fn log_normal(mean: f64) -> Law {
        Law::LogNormal { median: mean * libm::exp(-0.5), sigma: 1.0 }
    }

    /// All times so many times as long.
    pub fn scaled(&self, by: f64) -> Law {
        match self {
            Law::Always(time) => Law::Always(time * by),
            Law::Exponential(mean) => Law::Exponential(mean * by),
            Law::Erlang { k, mean } => Law::Erlang { k: *k, mean: mean * by },
            Law::Uniform { min, max } => Law::Uniform { min: min * by, max: max * by },
            Law::LogNormal { median, sigma } => {
                Law::LogNormal { median: median * by, sigma: *sigma }
            }
            Law::Mixture(parts) => {
                Law::Mixture(parts.iter().map(|(weight, time)| (*weight, time * by)).collect())
            }
        }
    }

    /// As a scenario has it.
    pub fn text(&self) -> String {
        match self {
            Law::Always(time) => span(*time),
            Law::Exponential(mean) => format!("{{exponential: {{mean: {}}}}}", span(*mean)),
            Law::Erlang { k, mean } => format!("{{erlang: {{mean: {}, k: {k}}}}}", span(*mean)),
            Law::Uniform { min, max } => {
                format!("{{uniform: {{min: {}, max: {}}}}}", span(*min), span(*max))
            }
            Law::LogNormal { median, sigma } => {
                let mean = span(median * libm::exp(sigma * sigma / 2.0));
                let cv = libm::sqrt(libm::expm1(sigma * sigma));
                format!("{{lognormal: {{mean: {mean}, cv: {cv}}}}}")
            }
            Law::Mixture(parts) => {
                let part = |(weight, time): &(f64, f64)| {
                    format!("{{weight: {}%, of: {}}}", 100.0 * weight, span(*time))
                };
                let parts: Vec<_> = parts.iter().map(part).collect();
                format!("{{mixture: [{}]}}", parts.join(", "))
            }
        }
    }
}

/// A number a second, as a scenario has a rate: by the day where it is small, for its digits.
pub fn rate(per_second: f64) -> String {
    if per_second < 0.01 {
        format!("{:.9}/d", 86_400.0 * per_second)
    } else {
        format!("{per_second:.9}/s")
    }
}

/// Seconds as a scenario has a time.
pub fn span(seconds: f64) -> String {
    format!("{:.0}ns", seconds * 1e9)
}
