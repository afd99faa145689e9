//! What topics and rules hand on: delivered, filtered out and failed deliveries a second; a row a topic or rule, a
//! column a policy.

use super::{
    Look, Recorded,
    figure::{self, Axis, Entry, Figure, Mark, Panel, Row, Table, Tone, per_second, span_of},
    headline::{self, Clause},
    page::Swatch,
    recorded::Arm,
    tracks::{count_in, names, total},
};
use crate::{
    observe::{Measure, ResourceKind},
    report::{compare::safe, wording::count},
};
use std::io::{self, Write};

/// More columns are not drawn.
pub const ARMS_MAX: usize = 4;
/// More topics and rules have no row.
const ROWS_MAX: usize = 4;
/// What a panel is high.
const HIGH: f64 = 90.0;

/// A topic or a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sender<'a> {
    kind: ResourceKind,
    name: &'a str,
}

impl Sender<'_> {
    const fn word(self) -> &'static str {
        match self.kind {
            ResourceKind::Topic => "topic",
            _ => "rule",
        }
    }

    fn of(self, arm: &Arm, measure: Measure) -> u64 {
        total(arm, self.kind, self.name, measure)
    }

    /// Deliveries that were given up: in all, and those that a dead-letter queue took.
    fn failed(self, arm: &Arm) -> (u64, u64) {
        match self.kind {
            ResourceKind::Topic => (
                self.of(arm, Measure::NumberOfNotificationsFailed),
                self.of(arm, Measure::NumberOfNotificationsRedrivenToDlq),
            ),
            _ => (
                self.of(arm, Measure::FailedInvocations),
                self.of(arm, Measure::InvocationsSentToDlq),
            ),
        }
    }

    /// Deliveries that were tried to the end, failed ones too.
    fn ended(self, arm: &Arm) -> u64 {
        match self.kind {
            ResourceKind::Topic => {
                self.of(arm, Measure::NumberOfNotificationsDelivered) + self.failed(arm).0
            }
            _ => self.of(arm, Measure::RuleInvocations),
        }
    }

    /// Delivered, failed, filtered out, and tried again in a bin.
    fn at(self, arm: &Arm, bin: usize) -> [u64; 4] {
        let of = |measure| count_in(arm, self.kind, self.name, measure, bin);
        match self.kind {
            ResourceKind::Topic => [
                of(Measure::NumberOfNotificationsDelivered),
                of(Measure::NumberOfNotificationsFailed),
                of(Measure::NumberOfNotificationsFilteredOut),
                0,
            ],
            _ => {
                let failed = of(Measure::FailedInvocations);
                let done = of(Measure::RuleInvocations).saturating_sub(failed);
                [done, failed, 0, of(Measure::RetryInvocationAttempts)]
            }
        }
    }
}

/// The topics and rules that delivered something or failed to, those with most first.
fn senders(recorded: &Recorded) -> Vec<Sender<'_>> {
    let arms = recorded.shown(ARMS_MAX);
    let kinds = [ResourceKind::Topic, ResourceKind::Rule].into_iter();
    let all = kinds
        .flat_map(|kind| names(recorded, kind).into_iter().map(move |name| Sender { kind, name }));
    let most = |sender: &Sender<'_>| arms.iter().map(|arm| sender.ended(arm)).sum::<u64>();
    let mut found: Vec<Sender<'_>> = all.filter(|sender| most(sender) > 0).collect();
    found.sort_by_key(|sender| std::cmp::Reverse(most(sender)));
    found.truncate(ROWS_MAX);
    found
}

/// Whether a topic or a rule delivered something, or failed to.
pub fn fits(recorded: &Recorded) -> bool {
    !senders(recorded).is_empty()
}

/// What the runs found, in a sentence.
pub fn finding(recorded: &Recorded) -> String {
    let senders = senders(recorded);
    if senders.is_empty() {
        return "No topic or rule delivers anything".to_owned();
    }
    headline::title(recorded.shown(ARMS_MAX), |arm| {
        let ended: u64 = senders.iter().map(|sender| sender.ended(arm)).sum();
        let failed = senders.iter().map(|sender| sender.failed(arm));
        let (failed, kept) = failed.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        let fate = match (failed, kept) {
            (0, _) => String::new(),
            (failed, kept) if failed <= kept => ", all kept in dead-letter queues".to_owned(),
            (_, 0) => ", none kept".to_owned(),
            (_, kept) => format!(", {} kept in dead-letter queues", count(kept)),
        };
        let (full, brief) = match failed {
            0 => (format!("all {} deliveries succeed", count(ended)), "none fails".to_owned()),
            n => (
                format!("{} of {} deliveries fail{fate}", count(n), count(ended)),
                format!("{} fail{fate}", count(n)),
            ),
        };
        Clause { full, brief, rank: failed as f64 }
    })
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    figure::svg(recorded, &figure(recorded), look)
}

/// Writes what is drawn, in numbers: a row a policy, topic or rule, and bin.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    figure(recorded).table.write(to)
}

/// The chart as data.
pub fn figure(recorded: &Recorded) -> Figure<'_> {
    let (arms, senders) = (recorded.shown(ARMS_MAX), senders(recorded));
    let mut legend = Vec::new();
    let swatches = [
        (Swatch::Area, Tone::Done, "delivered"),
        (Swatch::Area, Tone::Failed, "given up"),
        (Swatch::Area, Tone::Visible, "filtered out"),
        (Swatch::Dashed, Tone::Retry, "tried again"),
    ];
    for (nth, (swatch, tone, words)) in swatches.into_iter().enumerate() {
        let has_some = |arm: &Arm| {
            let bins = 0..arm.recording.bins();
            senders.iter().any(|sender| bins.clone().any(|bin| sender.at(arm, bin)[nth] > 0))
        };
        if arms.iter().any(has_some) {
            legend.push(Entry::of(swatch, tone, words));
        }
    }
    Figure {
        arms,
        finding: finding(recorded),
        rows: senders.iter().map(|sender| row(arms, *sender)).collect(),
        legend,
        description: arms.iter().map(|arm| described(arm, &senders)).collect(),
        table: table(arms, &senders),
    }
}

fn row<'a>(arms: &'a [Arm], sender: Sender<'a>) -> Row<'a> {
    let panel = |arm: &'a Arm| {
        if sender.ended(arm) == 0 {
            return Panel::Empty("nothing is delivered".to_owned());
        }
        let stacked =
            |upto: usize| per_second(arm, move |bin| sender.at(arm, bin)[..=upto].iter().sum());
        let again = per_second(arm, move |bin| sender.at(arm, bin)[3]);
        let mut marks = vec![
            Mark::Area(stacked(2), Tone::Visible, 0.6),
            Mark::Area(stacked(1), Tone::Failed, 1.0),
            Mark::Area(stacked(0), Tone::Done, 1.0),
        ];
        if sender.of_retries(arm) > 0 {
            marks.push(Mark::Steps(again, Tone::Retry, 1.5, Some(4.0)));
        }
        Panel::TimeSeries(marks)
    };
    let caption = |arm: &Arm| match sender.failed(arm) {
        (0, _) => format!("{} delivered", count(sender.ended(arm))),
        (failed, kept) => {
            let kept = match kept {
                0 => "none of these".to_owned(),
                kept if kept == failed => "all of these".to_owned(),
                kept => format!("{} of these", count(kept)),
            };
            format!(
                "{} delivered, {} given up, {kept} kept in a dead-letter queue",
                count(sender.ended(arm) - failed),
                count(failed)
            )
        }
    };
    Row {
        name: format!("Deliveries of {} {}", sender.word(), sender.name),
        unit: "per second".to_owned(),
        high: HIGH,
        axis: Axis::Numbers(0.0),
        captions: arms.iter().map(caption).collect(),
        panels: arms.iter().map(panel).collect(),
        legend: Vec::new(),
    }
}

impl Sender<'_> {
    fn of_retries(self, arm: &Arm) -> u64 {
        match self.kind {
            ResourceKind::Rule => self.of(arm, Measure::RetryInvocationAttempts),
            _ => 0,
        }
    }
}

fn described(arm: &Arm, senders: &[Sender<'_>]) -> String {
    let each = senders.iter().map(|sender| {
        let (failed, kept) = sender.failed(arm);
        format!(
            "{} {} delivered {}, gave up {}, of which a dead-letter queue has {}",
            sender.word(),
            sender.name,
            count(sender.ended(arm) - failed),
            count(failed),
            count(kept)
        )
    });
    format!("{}: {}.", arm.called(), each.collect::<Vec<_>>().join("; "))
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 8] = [
    "policy",
    "resource",
    "from_s",
    "to_s",
    "delivered",
    "given_up",
    "filtered_out",
    "tried_again",
];

fn table(arms: &[Arm], senders: &[Sender<'_>]) -> Table {
    let mut rows = Vec::new();
    for arm in arms {
        for sender in senders {
            for bin in 0..arm.recording.bins() {
                let [from, to] = span_of(arm, bin);
                let mut row = vec![safe(&arm.name), safe(sender.name), from, to];
                row.extend(sender.at(arm, bin).map(|n| n.to_string()));
                rows.push(row);
            }
        }
    }
    Table { columns: COLUMNS.to_vec(), rows }
}
