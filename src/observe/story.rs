//! The story of one arrival: everything that happened to it and to what it caused, with the
//! reasons.
//!
//! ```text
//! Orders-17, first seen at 12s
//!
//!   12s  Jobs  enqueued  entry=sent place=waiting  [S6]
//!        S6: Retention counts from the send.
//!        Jobs  received  attempt=1 place=in_flight  [S2]
//! ```
//!
//! A rule's sentence stands below the first step that cites it; later steps cite its id only.

use super::trace::{Id, row};
use crate::{
    kernel::Time,
    model::{Fact, Moment, Observer, Place, Rule, config::Resources},
};
use std::{collections::BTreeSet, fmt::Write as _, sync::Arc};

/// So many steps are kept; a chain that goes on for ever has no end to tell.
const STEPS_MAX: usize = 10_000;

/// Gathers the steps of one family.
#[derive(Debug)]
pub struct Story {
    resources: Arc<Resources>,
    of: Id,
    steps: Vec<Step>,
    untold: u64,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub now: Time,
    /// Where.
    pub resource: String,
    /// What, in snake case.
    pub fact: &'static str,
    /// Which of the family.
    pub copy: u32,
    /// Which attempt, if the fact says.
    pub attempt: Option<u32>,
    /// Why.
    pub rule: Rule,
    /// Where it went in the ledger, if it did.
    pub moved: Option<Place>,
    /// What else.
    pub detail: String,
}

impl Step {
    /// What is told behind its place and name, with a blank before each: copy, attempt and detail.
    pub fn particulars(&self) -> String {
        let copy = match self.copy {
            0 => String::new(),
            copy => format!(" copy={copy}"),
        };
        let attempt = self.attempt.map_or(String::new(), |nth| format!(" attempt={nth}"));
        let detail = match self.detail.is_empty() {
            true => String::new(),
            false => format!(" {}", self.detail),
        };
        format!("{copy}{attempt}{detail}")
    }

    /// The same, and the rule.
    fn rest(&self) -> String {
        format!("{}  [{}]", self.particulars(), self.rule.id())
    }

    /// All but the time, in a line.
    fn told(&self) -> String {
        format!("{} {}{}", self.resource, self.fact, self.rest())
    }
}

/// Two stories of one arrival beside each other, instant by instant, each under its name. A row in
/// which they differ is marked; the rules that were cited stand below.
pub fn side_by_side(left: (&str, &Story), right: (&str, &Story)) -> String {
    let [(left_name, left), (right_name, right)] = [left, right];
    let name = Id { copy: 0, ..left.of }.written(&left.resources);
    let rows = paired(&left.steps, &right.steps);
    let told = |step: Option<&Step>| step.map_or(String::new(), Step::told);
    let width = |of: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let time = width(&|row| row.now.to_string().len());
    let half = width(&|row| told(row.left).chars().count()).max(left_name.chars().count());
    let mut text = format!("{name} under two policies; ≠ where they differ\n\n");
    let _ = writeln!(text, "    {:time$}  {left_name:half$}   {right_name}", "");
    let (mut before, mut cited) = (None, BTreeSet::new());
    for row in &rows {
        let now = match before == Some(row.now) {
            true => String::new(),
            false => row.now.to_string(),
        };
        before = Some(row.now);
        let (left, right) = (told(row.left), told(row.right));
        let mark = if left == right { ' ' } else { '≠' };
        let line = format!("  {mark} {now:time$}  {left:half$}   {right}");
        let _ = writeln!(text, "{}", line.trim_end());
        cited.extend([row.left, row.right].into_iter().flatten().map(|step| step.rule));
    }
    for (name, story) in [(left_name, left), (right_name, right)] {
        if story.untold > 0 {
            let _ = writeln!(text, "  … and {} more steps under {name}", story.untold);
        }
    }
    text.push('\n');
    for rule in cited {
        let _ = writeln!(text, "  {}: {}", rule.id(), rule.statement());
    }
    text
}

/// Steps of two stories at one instant, the nth of each.
struct Row<'a> {
    now: Time,
    left: Option<&'a Step>,
    right: Option<&'a Step>,
}

fn paired<'a>(left: &'a [Step], right: &'a [Step]) -> Vec<Row<'a>> {
    let (mut rows, mut left, mut right) = (Vec::new(), left, right);
    loop {
        let now = match (left.first(), right.first()) {
            (Some(a), Some(b)) => a.now.min(b.now),
            (Some(step), None) | (None, Some(step)) => step.now,
            (None, None) => return rows,
        };
        let at = |steps: &[Step]| steps.iter().take_while(|step| step.now == now).count();
        let (of_left, rest_left) = left.split_at(at(left));
        let (of_right, rest_right) = right.split_at(at(right));
        let longer = of_left.len().max(of_right.len());
        let row = |nth| Row { now, left: of_left.get(nth), right: of_right.get(nth) };
        rows.extend((0..longer).map(row));
        (left, right) = (rest_left, rest_right);
    }
}

impl Story {
    /// The story of the family that `of` belongs to.
    pub fn new(resources: Arc<Resources>, of: Id) -> Story {
        Story { resources, of, steps: Vec::new(), untold: 0 }
    }

    /// Whose story it is.
    pub fn of(&self) -> Id {
        self.of
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The story as text; says so if nothing of that id was seen.
    pub fn text(&self) -> String {
        let name = Id { copy: 0, ..self.of }.written(&self.resources);
        let Some(first) = self.steps.first() else {
            return format!("{name} was never seen\n");
        };
        let mut text = format!("{name}, first seen at {}\n\n", first.now);
        let widest = |of: fn(&Step) -> usize| self.steps.iter().map(of).max().unwrap_or(0);
        let time = widest(|step| step.now.to_string().len());
        let resource = widest(|step| step.resource.len());
        let fact = widest(|step| step.fact.len());
        let mut told = BTreeSet::new();
        let mut before = None;
        for step in &self.steps {
            let now = match before == Some(step.now) {
                true => String::new(),
                false => step.now.to_string(),
            };
            before = Some(step.now);
            let line = format!(
                "  {now:time$}  {:resource$}  {:fact$} {}",
                step.resource,
                step.fact,
                step.rest()
            );
            let _ = writeln!(text, "{}", line.trim_end());
            if told.insert(step.rule) {
                let indent = time + 4;
                let _ =
                    writeln!(text, "{:indent$}{}: {}", "", step.rule.id(), step.rule.statement());
            }
        }
        if self.untold > 0 {
            let _ = writeln!(text, "  … and {} more steps", self.untold);
        }
        text
    }
}

impl Observer for Story {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let row = row(&self.resources, moment, fact);
        let Some(id) = row.id.filter(|id| id.is_family(&self.of)) else { return };
        if self.steps.len() == STEPS_MAX {
            self.untold += 1;
            return;
        }
        self.steps.push(Step {
            now: row.now,
            resource: row.resource.to_owned(),
            fact: row.fact,
            copy: id.copy,
            attempt: row.attempt,
            rule: row.rule,
            moved: moment.moved.map(|moved| moved.to),
            detail: row.detail.to_string(),
        });
    }
}
