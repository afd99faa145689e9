//! What a mapping on a stream makes of the answer of a run: how far it has come (K15 to K18).

use super::partial::{Item, Report};
use crate::model::{Rule, register::Record};

/// How far a batch has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it is done.
    Done,
    /// What is before this record is done; it and what is behind it are not, of which so many failed.
    From(usize, u32),
    /// Nothing is known to be done.
    Failed,
}

/// Judges the answer of a run that did not throw. `reports`: the mapping has `ReportBatchItemFailures`.
pub fn judge(reports: bool, report: &Report, records: &[Record]) -> (Verdict, Rule) {
    if !reports {
        return (Verdict::Done, Rule::K12);
    }
    let from = |failed: &dyn Fn(usize) -> bool| {
        let all = || (0..records.len()).filter(|at| failed(*at));
        match all().next() {
            Some(first) => {
                let failed = u32::try_from(all().count()).expect("at most 10,000");
                (Verdict::From(first, failed), Rule::K15)
            }
            None => (Verdict::Done, Rule::K16),
        }
    };
    match report {
        Report::Marked => from(&|at| records[at].failed),
        Report::Nothing => (Verdict::Done, Rule::K16),
        Report::Unreadable => (Verdict::Failed, Rule::K16),
        Report::Items(items) if items.contains(&Item::Malformed) => (Verdict::Failed, Rule::K16),
        Report::Items(items) => from(&|at| items.contains(&Item::Record(at))),
    }
}

/// How a batch of `records` is split that failed (K10): the first part has the smaller half.
pub fn first_half(records: usize) -> usize {
    records / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::vocabulary::PayloadId;

    fn judged(reports: bool, report: Report, marks: &str) -> String {
        let record = |mark| Record { failed: mark == 'x', ..Record::new(PayloadId(0), 1, 0) };
        let records: Vec<Record> = marks.chars().map(record).collect();
        let (verdict, rule) = judge(reports, &report, &records);
        format!("{verdict:?} {}", rule.id())
    }

    fn items(items: &[Item]) -> String {
        judged(true, Report::Items(items.to_vec()), "---")
    }

    #[test]
    fn k15_the_lowest_reported_record_is_the_checkpoint() {
        assert_eq!(judged(true, Report::Marked, "---"), "Done K16");
        assert_eq!(judged(true, Report::Marked, "--x-x"), "From(2, 2) K15");
        assert_eq!(judged(true, Report::Marked, "x--"), "From(0, 1) K15");
        assert_eq!(items(&[Item::Record(2), Item::Record(1)]), "From(1, 2) K15");
        assert_eq!(items(&[Item::Record(2), Item::Record(2)]), "From(2, 1) K15");
    }

    #[test]
    fn k16_a_malformed_report_fails_the_batch_and_an_empty_one_is_success() {
        assert_eq!(items(&[Item::Record(2), Item::Malformed]), "Failed K16");
        assert_eq!(judged(true, Report::Unreadable, "---"), "Failed K16");
        assert_eq!(judged(true, Report::Nothing, "xxx"), "Done K16");
        assert_eq!(items(&[]), "Done K16");
        // Measured on a queue's mapping (E50): an empty object is no failure.
        assert_eq!(items(&[Item::Empty]), "Done K16");
    }

    #[test]
    fn without_the_feature_a_report_is_ignored() {
        assert_eq!(judged(false, Report::Items(vec![Item::Record(2)]), "---"), "Done K12");
        assert_eq!(judged(false, Report::Unreadable, "---"), "Done K12");
    }

    #[test]
    fn k10_three_are_split_in_one_and_two() {
        assert_eq!([2, 3, 7, 8].map(first_half), [1, 1, 3, 4]);
    }
}
