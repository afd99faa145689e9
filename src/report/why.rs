//! Why arrivals did not succeed, in sentences: one for each cause, for each limit that throttled, and for each
//! function that did something twice.

use super::wording::{count, seconds};
use crate::observe::{
    Measure, Results,
    autopsy::{CauseRow, Limit, LimitRow, Trouble, Why},
    summary::Total,
};

/// The sentences, the worst outcome first; none if every arrival succeeded, nothing was throttled and nothing was
/// done twice.
pub fn sentences(results: &Results) -> Vec<String> {
    let Why { causes, limits, .. } = &results.why;
    let again = results.resources.0.iter().filter_map(|(name, measures)| {
        let Some(Total::Count(n @ 1..)) = measures.of(Measure::Duplicates) else { return None };
        Some(again(name, *n))
    });
    causes.iter().map(cause).chain(limits.iter().map(limit)).chain(again).collect()
}

/// `done again: Billing processed what had succeeded before 61 times (duplicates)`
fn again(function: &str, n: u64) -> String {
    let times = if n == 1 { "once".to_owned() } else { format!("{} times", count(n)) };
    format!("done again: {function} processed what had succeeded before {times} (duplicates)")
}

/// `dead_lettered 93: never ran; each was throttled 3 times on Billing; in InvoicesDLQ; sent 10 min 00 s to 21 min 30 s`
pub fn cause(row: &CauseRow) -> String {
    let mut parts = vec![what_happened(row, true)];
    parts.extend(reason(row));
    parts.extend(row.queue.as_ref().map(|queue| format!("in {queue}")));
    let at = if seconds(row.sent_s.0) == seconds(row.sent_s.1) { "at " } else { "" };
    parts.push(format!("sent {at}{}", span(row.sent_s)));
    format!("{} {}: {}", row.place.word(), count(row.arrivals), parts.join("; "))
}

/// `10 min 00 s to 21 min 30 s`, or the instant if both read the same.
pub fn span((from, to): (f64, f64)) -> String {
    let (from, to) = (seconds(from), seconds(to));
    if from == to { from } else { format!("{from} to {to}") }
}

/// The outcome and the cause, and not of how many or how often: `dead_lettered, never ran, throttled on Billing; in
/// InvoicesDLQ`
pub fn kind(row: &CauseRow) -> String {
    let mut parts = vec![what_happened(row, false)];
    parts.extend(reason(row));
    parts.extend(row.queue.as_ref().map(|queue| format!("in {queue}")));
    format!("{}, {}", row.place.word(), parts.join("; "))
}

/// Why it was dropped, if it was.
fn reason(row: &CauseRow) -> Option<String> {
    Some(row.reason.word().to_owned()).filter(|reason| !reason.is_empty())
}

/// What the tries met: `never ran, throttled 3 times on Billing`.
pub fn how(row: &CauseRow) -> String {
    what_happened(row, true)
}

/// What the tries met; with `counts` how many there were.
fn what_happened(row: &CauseRow, counts: bool) -> String {
    let on = row.function.as_ref().map_or_else(String::new, |name| format!(" on {name}"));
    let met = |trouble: Trouble| row.troubles.contains(&trouble);
    let mut parts: Vec<String> = Vec::new();
    let (fewest, most) = row.runs;
    let is_record = most == 0 && met(Trouble::DestinationFailure);
    if is_record {
        parts.push(format!("the destination{} refused the record", of(row)));
    } else if most == 0 {
        parts.push("never ran".to_owned());
    } else {
        let how: Vec<&str> = [
            (Trouble::Error, "failed"),
            (Trouble::Timeout, "timed out"),
            (Trouble::Innocent, "failed with another record of the batch"),
        ]
        .into_iter()
        .filter(|(trouble, _)| met(*trouble))
        .map(|(_, word)| word)
        .collect();
        let runs = match counts {
            true => {
                let noun = if most == 1 { "run" } else { "runs" };
                format!("{} {noun} each ", range(u64::from(fewest), u64::from(most)))
            }
            false => String::new(),
        };
        let how = if how.is_empty() { "succeeded".to_owned() } else { how.join(" or ") };
        parts.push(format!("{runs}{how}{on}"));
    }
    if met(Trouble::Throttle) {
        let (fewest, most) = row.throttled;
        let times = match most {
            _ if !counts => String::new(),
            1 => " once".to_owned(),
            _ => format!(" {} times", range(u64::from(fewest), u64::from(most))),
        };
        let on = if row.runs.1 == 0 { on.as_str() } else { "" };
        parts.push(format!("throttled{times}{on}"));
    }
    let others = [
        (Trouble::SystemError, "Lambda returned a 5xx"),
        (Trouble::Missing, "the function is deleted or the permission is lost"),
        (Trouble::Loop, "the recursion guard stopped it"),
        (Trouble::Refused, "its delivery was refused"),
        (Trouble::DeadLetterError, "the dead-letter queue refused it"),
        (Trouble::DestinationFailure, "the destination refused it"),
    ];
    let is_said = |trouble| is_record && trouble == Trouble::DestinationFailure;
    let others = others.into_iter().filter(|(trouble, _)| met(*trouble) && !is_said(*trouble));
    parts.extend(others.map(|(_, sentence)| sentence.to_owned()));
    parts.join(", ")
}

/// `Billing at its reserved concurrency 1: 360 throttles from 10 min 00 s to 21 min 30 s, at the limit for 98 % of it`
pub fn limit(row: &LimitRow) -> String {
    let (from, to) = (seconds(row.from_to_s.0), seconds(row.from_to_s.1));
    let when = if from == to { format!("at {from}") } else { format!("from {from} to {to}") };
    let noun = if row.throttles == 1 { "throttle" } else { "throttles" };
    let full = row
        .share_at_limit
        .map_or_else(String::new, |share| format!(", at the limit for {} of it", percent(share)));
    format!(
        "{}: {} {noun} {when}{full}",
        limit_of(&row.function, row.limit, row.units),
        count(row.throttles)
    )
}

/// `Billing at its reserved concurrency 1`
pub fn limit_of(function: &str, limit: Limit, units: Option<u32>) -> String {
    let units = units.map_or_else(String::new, |units| format!(" {}", count(u64::from(units))));
    let what = match limit {
        Limit::Reserved => format!("its reserved concurrency{units}"),
        Limit::Account => format!("the account's concurrency{units}"),
        Limit::Scaling => "the rate at which it gets new environments".to_owned(),
        Limit::RequestRate => "the limit on its requests a second".to_owned(),
    };
    format!("{function} at {what}")
}

/// A share in whole percent; what is nearly nothing or nearly all is not called so.
pub fn percent(share: f64) -> String {
    match share {
        share if 0.0 < share && share < 0.005 => "less than 1 %".to_owned(),
        share if (0.995..1.0).contains(&share) => "over 99 %".to_owned(),
        share => format!("{:.0} %", share * 100.0),
    }
}

fn of(row: &CauseRow) -> String {
    row.function.as_ref().map_or_else(String::new, |name| format!(" of {name}"))
}

/// `3`, `1 to 3`
pub fn range(fewest: u64, most: u64) -> String {
    if fewest == most { count(most) } else { format!("{} to {}", count(fewest), count(most)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::fates::{Place, Reason};

    fn row() -> CauseRow {
        CauseRow {
            place: Place::DeadLettered,
            arrivals: 1093,
            reason: Reason::None,
            queue: Some("InvoicesDLQ".into()),
            function: Some("Billing".into()),
            runs: (0, 0),
            throttled: (3, 3),
            sent_s: (600.0, 1290.0),
            troubles: vec![Trouble::Throttle],
        }
    }

    #[test]
    fn a_cause_says_what_the_tries_met_and_where_it_ended() {
        let throttled = "dead_lettered 1,093: never ran, throttled 3 times on Billing; in InvoicesDLQ; \
                         sent 10 min 00 s to 21 min 30 s";
        assert_eq!(cause(&row()), throttled);
        let exhausted = Reason::ALL.into_iter().find(|reason| reason.word() == "RetriesExhausted");
        let exhausted = exhausted.expect("a reason of the outputs");
        let failed = CauseRow {
            place: Place::Dropped,
            arrivals: 1,
            reason: exhausted,
            queue: None,
            runs: (3, 3),
            throttled: (0, 2),
            sent_s: (0.0, 0.0),
            troubles: vec![Trouble::Error, Trouble::Throttle],
            ..row()
        };
        let expected = "dropped 1: 3 runs each failed on Billing, throttled 0 to 2 times; RetriesExhausted; \
                        sent at 0 s";
        assert_eq!(cause(&failed), expected);
    }

    #[test]
    fn what_was_done_again_is_counted() {
        let once = "done again: Billing processed what had succeeded before once (duplicates)";
        assert_eq!(again("Billing", 1), once);
        assert!(again("Billing", 1234).contains("1,234 times"));
    }

    #[test]
    fn a_limit_says_how_much_it_is_and_when_it_throttled() {
        let row = LimitRow {
            function: "Billing".into(),
            limit: Limit::Reserved,
            units: Some(1),
            throttles: 360,
            from_to_s: (600.0, 1290.0),
            share_at_limit: Some(0.984),
        };
        let said =
            "Billing at its reserved concurrency 1: 360 throttles from 10 min 00 s to 21 min 30 s";
        assert_eq!(limit(&row), format!("{said}, at the limit for 98 % of it"));
        assert_eq!(limit(&LimitRow { share_at_limit: None, ..row }), said);
        let told = [0.0, 0.001, 0.5, 0.9999, 1.0].map(percent);
        assert_eq!(told, ["0 %", "less than 1 %", "50 %", "over 99 %", "100 %"]);
    }
}
