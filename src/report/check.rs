//! What thresholds came to over all runs, for people and as JSON. JUnit and SARIF have files of their
//! own, which take the same sentences.

use super::{SCHEMA_VERSION, compare::of_estimate, figures::difference, wording::inert};
use crate::{
    observe::{Scope, Threshold, threshold::SideValue},
    study::{
        CONFIDENCE,
        check::{Found, Judgement, Worst},
    },
};
use serde_json::{Value, json};

/// What is told of a file that was checked.
#[derive(Debug)]
pub struct File<'a> {
    /// Its path, as it was given.
    pub path: &'a str,
    /// The hash of its text.
    pub hash: &'a str,
    /// Its title, if it has one.
    pub title: Option<&'a str>,
    /// The policies that were played; none of a file as it is written.
    pub policies: Vec<&'a str>,
    /// How often each was played.
    pub replications: u32,
    /// The seed of replication 0.
    pub seed: u64,
    /// Changes to it, each `path=value`.
    pub sets: &'a [String],
    /// Its thresholds, in its order.
    pub thresholds: &'a [Placed],
    /// What was found of those that could be judged, in the same order.
    pub judgements: Vec<Judgement>,
}

/// A threshold with its place.
#[derive(Debug)]
pub struct Placed {
    /// The threshold.
    pub threshold: Threshold,
    /// Line and column in the file, both from 1, the column in characters; none if it is not from there.
    pub place: Option<(usize, usize)>,
}

impl File<'_> {
    /// The judgements of those that do not hold.
    pub fn failed(&self) -> impl Iterator<Item = &Judgement> {
        self.judgements.iter().filter(|judgement| !judgement.holds)
    }

    /// How many of its thresholds were judged, and how many of those do not hold everywhere.
    pub fn counts(&self) -> (usize, usize) {
        let count = |mut all: Vec<usize>| {
            all.dedup();
            all.len()
        };
        let judged = count(self.judgements.iter().map(|judgement| judgement.nth).collect());
        (judged, count(self.failed().map(|judgement| judgement.nth).collect()))
    }

    /// `scenarios/a.yaml:37:5`, or without what is not known.
    fn place(&self, nth: usize) -> String {
        let path = inert(self.path);
        match self.thresholds[nth].place {
            Some((line, column)) => format!("{path}:{line}:{column}"),
            None => path,
        }
    }

    /// The command that plays a run by itself.
    fn command(&self, policy: Option<&str>, worst: &Worst) -> String {
        let mut words = vec!["dwell run".to_owned(), quoted(self.path)];
        words.extend(policy.map(|policy| format!("--policy {}", quoted(policy))));
        words.push(format!("--seed {}", worst.seed));
        words.extend(self.sets.iter().map(|set| format!("--set {}", quoted(set))));
        words.join(" ")
    }

    /// The commands that show the worst run, or pair.
    pub fn commands(&self, judgement: &Judgement) -> Vec<String> {
        let Some(worst) = &judgement.worst else { return Vec::new() };
        match &self.thresholds[judgement.nth].threshold.scope {
            Scope::All | Scope::Policy(_) => {
                vec![self.command(judgement.policy.as_deref(), worst)]
            }
            Scope::Difference { of, to } => {
                [of, to].map(|policy| self.command(Some(policy), worst)).to_vec()
            }
        }
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/=".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", inert(word).replace('\'', r"'\''")),
    }
}

/// The threshold with what it was judged of: `As deployed: dead_lettered < 3`.
pub fn name(file: &File<'_>, judgement: &Judgement) -> String {
    let text = inert(&file.thresholds[judgement.nth].threshold.text);
    match &judgement.policy {
        Some(policy) => format!("{}: {text}", inert(policy)),
        None => text,
    }
}

/// What was found, in a sentence.
pub fn finding(judgement: &Judgement) -> String {
    let Judgement { runs, found, worst, .. } = judgement;
    let lacks = |without: usize, things: &str| format!("no data in {without} of {runs} {things}");
    let came = match found {
        Found::EachRun { held } => format!("holds in {held} of {}", counted(*runs, "run")),
        Found::OverRuns { without_data: without @ 1.., .. } => lacks(*without, "runs"),
        Found::OverRuns { sides, .. } => {
            format!("over {} {}", counted(*runs, "run"), against(sides, None))
        }
        Found::Difference { without_data: without @ 1.., .. } => lacks(*without, "pairs"),
        Found::Difference { sides, measures, estimate, .. } => {
            let unit = if sides[*measures].is_time { "s" } else { "" };
            let shown = estimate.as_ref().map(|estimate| difference(estimate, unit));
            let told = against(sides, shown.map(|shown| (*measures, shown)));
            match runs {
                1 => format!("{told}; one pair has no interval, play more with --replications"),
                _ => format!("over {runs} pairs {told}"),
            }
        }
    };
    match worst {
        None => came,
        Some(worst) => {
            let Worst { replication, seed, sides } = worst;
            let sides = against(sides, None);
            format!("{came}; farthest off in replication {replication} (seed {seed}): {sides}")
        }
    }
}

/// What sides came to, one of them in other words.
fn against(sides: &[SideValue], other: Option<(usize, String)>) -> String {
    let mut shown: Vec<String> = sides.iter().map(ToString::to_string).collect();
    if let Some((at, other)) = other {
        shown[at] = other;
    }
    shown.join(" against ")
}

/// `1 run`, `20 runs`.
fn counted(n: usize, thing: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {thing}{plural}")
}

/// What failed, where, and how to see it; nothing if all hold.
pub fn text(files: &[File<'_>]) -> String {
    let mut out = String::new();
    for file in files {
        for judgement in file.failed() {
            let place = file.place(judgement.nth);
            let (name, finding) = (name(file, judgement), finding(judgement));
            out.push_str(&format!("{place}: {name}\n  {finding}\n"));
            for command in file.commands(judgement) {
                out.push_str(&format!("  {command}\n"));
            }
        }
    }
    out
}

/// How it went with a file: `a.yaml: 12 thresholds hold (3 policies, 20 runs each)`, and a note if
/// something was not judged.
pub fn lines(file: &File<'_>) -> Vec<String> {
    let path = inert(file.path);
    if file.thresholds.is_empty() {
        return vec![format!("note: {path} has no thresholds: nothing was checked")];
    }
    let mut lines = Vec::new();
    let (judged, failed) = file.counts();
    if 0 < judged {
        let all = counted(judged, "threshold");
        let came = match (judged, failed) {
            (1, 0) => format!("{all} holds"),
            (_, 0) => format!("{all} hold"),
            (_, failed) => format!("{failed} of {all} failed"),
        };
        let runs = counted(file.replications as usize, "run");
        let of = match file.policies.len() {
            0 => format!("as written, {runs}"),
            1 => format!("1 policy, {runs}"),
            n => format!("{n} policies, {runs} each"),
        };
        lines.push(format!("{path}: {came} ({of})"));
    }
    let others = file.thresholds.len() - judged;
    if 0 < others {
        let others = counted(others, "threshold");
        lines.push(format!("note: {path}: {others} of policies that were not played: not judged"));
    }
    lines
}

/// One object, keys in a fixed order.
pub fn json(files: &[File<'_>]) -> String {
    let all = json!({
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "dwell", "version": env!("CARGO_PKG_VERSION")},
        "holds": files.iter().all(|file| file.failed().next().is_none()),
        "confidence": CONFIDENCE,
        "files": files.iter().map(of_file).collect::<Vec<_>>(),
    });
    let mut text = serde_json::to_string_pretty(&all).expect("a value is written");
    text.push('\n');
    text
}

fn of_file(file: &File<'_>) -> Value {
    let thresholds = file.thresholds.iter().enumerate().map(|(nth, placed)| {
        let judgements = file.judgements.iter().filter(|judgement| judgement.nth == nth);
        json!({
            "policy": placed.threshold.scope.written(),
            "threshold": placed.threshold.text,
            "line": placed.place.map(|(line, _)| line),
            "column": placed.place.map(|(_, column)| column),
            "judged": judgements.map(of_judgement).collect::<Vec<_>>(),
        })
    });
    json!({
        "file": file.path,
        "hash": file.hash,
        "title": file.title,
        "policies": file.policies,
        "replications": file.replications,
        "seed": file.seed,
        "thresholds": thresholds.collect::<Vec<_>>(),
    })
}

fn of_judgement(judgement: &Judgement) -> Value {
    let Judgement { policy, runs, holds, found, worst, .. } = judgement;
    let found = match found {
        Found::EachRun { held } => json!({"kind": "each_run", "held": held}),
        Found::OverRuns { sides, without_data } => {
            json!({"kind": "over_runs", "sides": sides, "without_data": without_data})
        }
        Found::Difference { sides, estimate, without_data, .. } => json!({
            "kind": "difference",
            "sides": sides,
            "difference": estimate.as_ref().map(of_estimate),
            "without_data": without_data,
        }),
    };
    json!({
        "policy": policy,
        "holds": holds,
        "runs": runs,
        "found": found,
        "worst": worst.as_ref().map(|Worst { replication, seed, sides }| {
            json!({"replication": replication, "seed": seed, "sides": sides})
        }),
    })
}
