//! What a mapping makes of the answer of a run: which records are done, and which come back (E18, E47 to E54).

use crate::model::{Rule, register::Record};

/// The answer of a run that did not throw, as far as a mapping reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A well-formed report: the records themselves say which of them failed.
    Marked,
    /// `null`, `""`, `[]`, `{}`, or a list that is empty or `null`.
    Nothing,
    /// `batchItemFailures` is no list, or the answer is no JSON.
    Unreadable,
    /// A list of items.
    Items(Vec<Item>),
}

/// One item of `batchItemFailures`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// The `itemIdentifier` of the record at this position.
    Record(usize),
    /// An `itemIdentifier` that is empty, `null`, no text, or of no record; or another key.
    Malformed,
    /// An empty object.
    Empty,
}

/// Marks the records that come back, and says why. `reports`: the mapping has `ReportBatchItemFailures`.
pub fn judge(reports: bool, report: &Report, records: &mut [Record]) -> Rule {
    let all = |records: &mut [Record], failed| {
        records.iter_mut().for_each(|record| record.failed = failed);
    };
    if !reports {
        all(records, false);
        let ignored = matches!(report, Report::Items(_) | Report::Unreadable);
        return if ignored { Rule::E54 } else { Rule::E10 };
    }
    match report {
        Report::Marked => Rule::E49,
        Report::Nothing => {
            all(records, false);
            Rule::E49
        }
        Report::Unreadable => {
            all(records, true);
            Rule::E50
        }
        Report::Items(items) if items.contains(&Item::Malformed) => {
            all(records, true);
            Rule::E50
        }
        Report::Items(items) => {
            for (at, record) in records.iter_mut().enumerate() {
                record.failed = items.contains(&Item::Record(at));
            }
            Rule::E49
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::vocabulary::PayloadId;

    /// Which of three records come back, and the rule.
    fn judged(reports: bool, report: Report) -> String {
        let record = |id| Record::new(PayloadId(id), 1, 0);
        let mut records = [record(0), record(1), record(2)];
        let rule = judge(reports, &report, &mut records);
        let back: String = records.iter().map(|r| if r.failed { 'x' } else { '-' }).collect();
        format!("{back} {}", rule.id())
    }

    #[test]
    fn e49_the_reported_records_stay_and_the_others_are_deleted() {
        let items = |items: &[Item]| judged(true, Report::Items(items.to_vec()));
        assert_eq!(items(&[Item::Record(1)]), "-x- E49");
        assert_eq!(items(&[Item::Record(1), Item::Record(1)]), "-x- E49");
        assert_eq!(items(&[]), "--- E49");
        assert_eq!(judged(true, Report::Nothing), "--- E49");
    }

    #[test]
    fn e50_a_malformed_report_fails_the_whole_batch() {
        let items = |items: &[Item]| judged(true, Report::Items(items.to_vec()));
        assert_eq!(items(&[Item::Record(0), Item::Malformed]), "xxx E50");
        assert_eq!(judged(true, Report::Unreadable), "xxx E50");
        // Measured on AWS: an empty object is no failure.
        assert_eq!(items(&[Item::Empty]), "--- E49");
    }

    #[test]
    fn e54_without_the_feature_a_report_is_ignored() {
        assert_eq!(judged(false, Report::Items(vec![Item::Record(2)])), "--- E54");
        assert_eq!(judged(false, Report::Unreadable), "--- E54");
    }
}
