//! What the titles of charts of runs have in common: a clause for each panel, in the order of the panels, and
//! what became of the arrivals, with its cause.
//!
//! The numbers of outcomes are those of the ledger, and the causes are those of the autopsy, so a title says
//! what the table says.

use super::{
    page::{capital, length},
    recorded::Arm,
};
use crate::{
    observe::fates::Place,
    report::{
        why::how,
        wording::{count, legal},
    },
};

/// A title has room for about so many letters; a longer one names only the two extremes.
const ROOM: usize = 250;
/// A cause is said in at most so many letters.
const CAUSE_ROOM: usize = 80;
/// Outcomes that are losses, the worst first.
const LOSSES: [Place; 4] = [Place::Dropped, Place::Expired, Place::DeadLettered, Place::Failed];

/// A name in quotation marks, so that it does not read as a part of the sentence.
pub fn quoted(name: &str) -> String {
    format!("“{}”", legal(name))
}

/// What is said of a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// In full, as the first of a title.
    pub full: String,
    /// As a later one, which leaves out what the first has said.
    pub brief: String,
    /// Where it stands among the panels, if there is only room for the highest and the lowest.
    pub rank: f64,
}

impl Clause {
    /// A clause that is the same wherever it stands.
    pub fn plain(text: impl Into<String>, rank: f64) -> Clause {
        let full = text.into();
        Clause { brief: full.clone(), full, rank }
    }
}

/// A title with a clause for each of these panels: `“A”: 93 of 240 arrivals dead-lettered; “B” and “C”: none`.
/// Panels that say the same share a clause. If that is too long, the highest and the lowest are named and the
/// number of those between them.
pub fn title(arms: &[Arm], clause: impl Fn(&Arm) -> Clause) -> String {
    let clauses: Vec<Clause> = arms.iter().map(clause).collect();
    let Some(first) = clauses.first() else { return "No run".to_owned() };
    if arms.len() == 1 {
        return capital(&first.full);
    }
    if clauses.iter().all(|clause| clause.full == first.full) {
        return format!("Under every policy: {}", first.full);
    }
    // Those that say the same, in the order of the first of each.
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for nth in 0..clauses.len() {
        match groups.iter_mut().find(|group| clauses[group[0]].full == clauses[nth].full) {
            Some(group) => group.push(nth),
            None => groups.push(vec![nth]),
        }
    }
    let part = |nth: usize, group: &[usize]| {
        let names: Vec<String> = group.iter().map(|nth| quoted(&arms[*nth].name)).collect();
        let of = &clauses[group[0]];
        format!("{}: {}", listed(&names), if nth == 0 { &of.full } else { &of.brief })
    };
    let parts: Vec<String> =
        groups.iter().enumerate().map(|(nth, group)| part(nth, group)).collect();
    let whole = parts.join("; ");
    if whole.chars().count() <= ROOM {
        return whole;
    }
    let order = |a: &usize, b: &usize| clauses[*a].rank.total_cmp(&clauses[*b].rank);
    let most = (0..clauses.len()).rev().max_by(order).expect("there are several");
    let least = (0..clauses.len()).min_by(order).expect("there are several");
    let (most, least) = if most == least { (0, clauses.len() - 1) } else { (most, least) };
    let mut text = format!("{}; {}", part(0, &[most]), part(1, &[least]));
    match clauses.len() - 2 {
        0 => (),
        1 => text.push_str("; 1 policy between"),
        n => text.push_str(&format!("; {n} policies between")),
    }
    text
}

/// `“A”`, `“A” and “B”`, `“A”, “B” and “C”`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}

/// What a place of the ledger is called after a number of arrivals.
pub const fn participle(place: Place) -> &'static str {
    match place {
        Place::Succeeded => "succeeded",
        Place::Failed => "failed",
        Place::Dropped => "dropped",
        Place::DeadLettered => "dead-lettered",
        Place::Expired => "expired",
        Place::Filtered => "filtered out",
        Place::Delivered => "delivered",
        Place::Waiting => "still waiting",
        Place::InFlight => "still in flight",
    }
}

/// How many arrivals came to each loss, the worst first; only those that there are.
pub fn losses(arm: &Arm) -> Vec<(Place, u64)> {
    let all = LOSSES.into_iter().map(|place| (place, arm.outcomes.at(place)));
    all.filter(|(_, arrivals)| *arrivals > 0).collect()
}

/// How many arrivals were lost or dead-lettered.
pub fn lost(arm: &Arm) -> u64 {
    losses(arm).iter().map(|(_, arrivals)| arrivals).sum()
}

/// `685 of 7,032 arrivals dropped, 918 dead-lettered`: `of` stands after the first number, and what `why` says of
/// each after it.
fn counted(losses: &[(Place, u64)], of: &str, why: impl Fn(Place) -> Option<String>) -> String {
    let each = losses.iter().enumerate().map(|(nth, (place, arrivals))| {
        let of = if nth == 0 { of } else { "" };
        let why = why(*place).map_or(String::new(), |why| format!(" ({why})"));
        format!("{}{of} {}{why}", count(*arrivals), participle(*place))
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What became of the arrivals of a policy: `93 of 240 arrivals dead-lettered`.
pub fn outcome(arm: &Arm) -> Clause {
    outcome_because(arm, |_| None)
}

fn outcome_because(arm: &Arm, why: impl Fn(Place) -> Option<String>) -> Clause {
    let losses = losses(arm);
    let all = arm.outcomes.arrivals;
    let noun = if all == 1 { "arrival" } else { "arrivals" };
    if !losses.is_empty() {
        return Clause {
            full: counted(&losses, &format!(" of {} {noun}", count(all)), &why),
            brief: counted(&losses, "", &why),
            rank: lost(arm) as f64,
        };
    }
    let succeeded = arm.outcomes.at(Place::Succeeded);
    let full = match (all, succeeded) {
        (0, _) => "nothing arrives".to_owned(),
        (1, 1) => "the only arrival succeeds".to_owned(),
        (all, succeeded) if all == succeeded => format!("all {} arrivals succeed", count(all)),
        (all, succeeded) => {
            let rest = [Place::Waiting, Place::InFlight, Place::Delivered, Place::Filtered];
            let rest = rest.into_iter().map(|place| (place, arm.outcomes.at(place)));
            let rest: Vec<(Place, u64)> = rest.filter(|(_, arrivals)| *arrivals > 0).collect();
            let rest = counted(&rest, "", |_| None);
            format!("{} of {} {noun} succeed, {rest}", count(succeeded), count(all))
        }
    };
    let brief = if all == 0 { full.clone() } else { "none lost".to_owned() };
    Clause { full, brief, rank: 0.0 }
}

/// The cause of most that came to a place: `never ran, throttled 3 times on Billing`; none if nothing came there,
/// or if it would need too many words.
pub fn cause(arm: &Arm, place: Place) -> Option<String> {
    let rows = || arm.why.causes.iter().filter(|row| row.place == place);
    let main = rows().rev().max_by_key(|row| row.arrivals)?;
    let all: u64 = rows().map(|row| row.arrivals).sum();
    let words = how(main);
    let words = match main.arrivals {
        n if n == all => words,
        n => format!("{} of them: {words}", count(n)),
    };
    (words.chars().count() <= CAUSE_ROOM).then_some(words)
}

/// As [`title`], of what became of the arrivals; the panel that loses most says why.
pub fn outcomes(arms: &[Arm]) -> String {
    let most = arms.iter().map(lost).max().unwrap_or(0);
    let worst = arms.iter().find(|arm| lost(arm) == most).map(|arm| arm.name.clone());
    title(arms, |arm| {
        let is_worst = worst.as_ref() == Some(&arm.name);
        outcome_because(arm, |place| cause(arm, place).filter(|_| is_worst))
    })
}

/// Of those that were processed, as ages and percentiles are: `; 18 % never processed`, or that it is all.
pub fn never(arm: &Arm) -> Option<String> {
    let unprocessed = arm.recording.unprocessed;
    let processed: u64 = arm.recording.functions.iter().map(|track| track.processed.total()).sum();
    let share = 100.0 * unprocessed as f64 / (unprocessed + processed).max(1) as f64;
    let share = match share {
        s if s <= 0.0 => return None,
        s if s < 0.1 => "< 0.1 %".to_owned(),
        s if s < 10.0 => format!("{s:.1} %"),
        s => format!("{s:.0} %"),
    };
    Some(format!("never processed: {} ({share})", count(unprocessed)))
}

/// A time since the start, in whole seconds if it is longer than some.
pub fn since(secs: f64) -> String {
    length(if secs < 10.0 { secs } else { libm::round(secs) })
}
