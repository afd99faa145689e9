//! Why arrivals did not succeed, in sentences: one for each cause, one for each limit that throttled.

use super::wording::{count, seconds};
use crate::observe::autopsy::{CauseRow, Limit, LimitRow, Trouble, Why};

/// The sentences, the worst outcome first; none if every arrival succeeded and nothing was throttled.
pub fn sentences(why: &Why) -> Vec<String> {
    why.causes.iter().map(cause).chain(why.limits.iter().map(limit)).collect()
}

/// `dead_lettered 93: never ran; each was throttled 3 times on Billing; in InvoicesDLQ; sent 10 min 00 s to 21 min 30 s`
pub fn cause(row: &CauseRow) -> String {
    let mut parts = vec![how(row)];
    parts.extend(Some(row.reason.word().to_owned()).filter(|reason| !reason.is_empty()));
    parts.extend(row.queue.as_ref().map(|queue| format!("in {queue}")));
    let (from, to) = (seconds(row.sent_s.0), seconds(row.sent_s.1));
    parts.push(if from == to { format!("sent at {from}") } else { format!("sent {from} to {to}") });
    format!("{} {}: {}", row.place.word(), count(row.arrivals), parts.join("; "))
}

/// What the tries met: `never ran, throttled 3 times on Billing`.
pub fn how(row: &CauseRow) -> String {
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
        let runs = range(u64::from(fewest), u64::from(most));
        let noun = if most == 1 { "run" } else { "runs" };
        let how = if how.is_empty() { "succeeded".to_owned() } else { how.join(" or ") };
        parts.push(format!("{runs} {noun} each {how}{on}"));
    }
    if met(Trouble::Throttle) {
        let (fewest, most) = row.throttled;
        let times = if most == 1 {
            "once".to_owned()
        } else {
            format!("{} times", range(u64::from(fewest), u64::from(most)))
        };
        let on = if row.runs.1 == 0 { on.as_str() } else { "" };
        parts.push(format!("throttled {times}{on}"));
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

/// `Billing at its reserved concurrency 1: 360 throttles from 10 min 00 s to 21 min 30 s`
pub fn limit(row: &LimitRow) -> String {
    let units = row.units.map_or_else(String::new, |units| format!(" {}", count(u64::from(units))));
    let what = match row.limit {
        Limit::Reserved => format!("its reserved concurrency{units}"),
        Limit::Account => format!("the account's concurrency{units}"),
        Limit::Scaling => "the rate at which it gets new environments".to_owned(),
        Limit::RequestRate => "the limit on its requests a second".to_owned(),
    };
    let (from, to) = (seconds(row.from_to_s.0), seconds(row.from_to_s.1));
    let when = if from == to { format!("at {from}") } else { format!("from {from} to {to}") };
    let noun = if row.throttles == 1 { "throttle" } else { "throttles" };
    format!("{} at {what}: {} {noun} {when}", row.function, count(row.throttles))
}

fn of(row: &CauseRow) -> String {
    row.function.as_ref().map_or_else(String::new, |name| format!(" of {name}"))
}

fn range(fewest: u64, most: u64) -> String {
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
    fn a_limit_says_how_much_it_is_and_when_it_throttled() {
        let row = LimitRow {
            function: "Billing".into(),
            limit: Limit::Reserved,
            units: Some(1),
            throttles: 360,
            from_to_s: (600.0, 1290.0),
        };
        let expected =
            "Billing at its reserved concurrency 1: 360 throttles from 10 min 00 s to 21 min 30 s";
        assert_eq!(limit(&row), expected);
    }
}
