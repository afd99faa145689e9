//! CloudWatch alarms: dimensions, names of metrics, and what CloudWatch allows of periods.

use super::{Body, names};
use crate::{
    kernel::Span,
    model::{
        alarm::{
            Alarm, Comparison, FAMILIES, Family, MissingData, OF_THE_ACCOUNT, Statistic, Watched,
        },
        vocabulary::Target,
    },
    scenario::{
        diagnostic::{Diagnostic, quoted, suggest},
        properties::Kind,
    },
};

/// The points of AWS's services are so far apart.
const MINUTE: Span = Span::mins(1);
/// What an alarm may look at, with periods below an hour and with longer ones.
const SPANS_MAX: [Span; 2] = [Span::days(1), Span::days(7)];
/// Thresholds are exact to so many parts of the unit.
const MILLION: f64 = 1_000_000.0;

/// The alarms of a file.
pub fn alarms(file: &Body<'_>) -> Vec<Alarm> {
    let bodies = names::bodies(file, "alarms").into_iter();
    bodies.filter_map(|(name, body)| body.map(|body| alarm(name, &body))).collect()
}

fn alarm(name: &str, body: &Body<'_>) -> Alarm {
    let period = body.aws_time("Period");
    if body.node.get("Period").is_some() && !period.as_nanos().is_multiple_of(MINUTE.as_nanos()) {
        let mistake = Diagnostic::error("the metrics of AWS's services have a point a minute");
        let mistake = mistake.at(body.place_of("Period"));
        body.wrong("Period", mistake.label("a multiple of 60"));
    }
    let periods = body.count_u32("EvaluationPeriods");
    let whole = period.times(u64::from(periods));
    let most = SPANS_MAX[usize::from(Span::hours(1) <= period)];
    if most < whole {
        let message = format!("{periods} periods are more than {}", super::body::time_text(most));
        let mistake = Diagnostic::error(message).at(body.place_of("EvaluationPeriods"));
        let label = "AWS looks at a day, or with periods of an hour and more at a week";
        body.wrong("EvaluationPeriods", mistake.label(label));
    }
    let breaches = body.count_u32_maybe("DatapointsToAlarm");
    if let Some(breaches) = breaches.filter(|breaches| periods < *breaches) {
        let message = format!("{breaches} points of {periods}");
        let mistake = Diagnostic::error(message).at(body.place_of("DatapointsToAlarm"));
        body.wrong("DatapointsToAlarm", mistake.label("at most `EvaluationPeriods`"));
    }
    let (watched, metric) = metric(body);
    let minutes = period.as_nanos() / MINUTE.as_nanos();
    Alarm {
        name: name.to_string(),
        watched,
        metric,
        statistic: statistic(body),
        period_minutes: u32::try_from(minutes).unwrap_or(u32::MAX).max(1),
        periods: periods.max(1),
        breaches: breaches.unwrap_or(periods).max(1),
        threshold_millionths: threshold(body),
        comparison: match body.word("ComparisonOperator") {
            Some("GreaterThanThreshold") => Comparison::Greater,
            Some("LessThanThreshold") => Comparison::Less,
            Some("LessThanOrEqualToThreshold") => Comparison::LessOrEqual,
            _ => Comparison::GreaterOrEqual,
        },
        missing: match body.word("TreatMissingData") {
            Some("ignore") => MissingData::Ignore,
            Some("breaching") => MissingData::Breaching,
            Some("notBreaching") => MissingData::NotBreaching,
            _ => MissingData::Missing,
        },
    }
}

fn threshold(body: &Body<'_>) -> i64 {
    let threshold = body.number("Threshold");
    let millionths = libm::round(threshold * MILLION);
    if millionths / MILLION != threshold {
        let message = format!("{threshold} has more than six decimals");
        let mistake = Diagnostic::error(message).at(body.place_of("Threshold"));
        body.wrong("Threshold", mistake.label("at most six"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "its range has 18 digits")]
    let millionths = millionths as i64;
    millionths
}

fn statistic(body: &Body<'_>) -> Statistic {
    let plain = body.word("Statistic");
    let extended = body.text("ExtendedStatistic");
    let written = |name: &str| body.node.get(name).is_some();
    match (written("Statistic"), written("ExtendedStatistic")) {
        (true, true) => {
            let mistake = Diagnostic::error("`ExtendedStatistic` beside `Statistic`");
            let mistake = mistake.at(body.place_of("ExtendedStatistic"));
            body.wrong("ExtendedStatistic", mistake.label("one of the two"));
        }
        (false, false) => {
            let mistake = Diagnostic::error("`Statistic` is missing").at(body.place);
            let label = "Statistic: Sum, or ExtendedStatistic: p99";
            body.cx.say(mistake.path(body.path.clone()).label(label));
        }
        _ => (),
    }
    if let Some(text) = extended {
        match percentile(text) {
            Some(thousandths) => return Statistic::Percentile(thousandths),
            None => {
                let message = format!("{} is no percentile", quoted(text));
                let mistake = Diagnostic::error(message).at(body.place_of("ExtendedStatistic"));
                let label = "p50, p99, p99.9 …; trimmed means are not in this version";
                body.wrong("ExtendedStatistic", mistake.label(label));
            }
        }
    }
    match plain {
        Some("SampleCount") => Statistic::SampleCount,
        Some("Average") => Statistic::Average,
        Some("Minimum") => Statistic::Minimum,
        Some("Maximum") => Statistic::Maximum,
        _ => Statistic::Sum,
    }
}

/// `p99.9` in thousandths of a percent: above 0, at most 100, at most three decimals.
fn percentile(text: &str) -> Option<u32> {
    let (whole, decimals) = match text.strip_prefix('p')?.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (&text[1..], ""),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !(1..=3).contains(&whole.len()) || 3 < decimals.len() || !digits(whole) || !digits(decimals)
    {
        return None;
    }
    let thousandths: u32 = format!("{whole}{decimals:0<3}").parse().ok()?;
    (1..=100_000).contains(&thousandths).then_some(thousandths)
}

/// What is watched. What cannot be read is reported and stands as the first of the table.
fn metric(body: &Body<'_>) -> (Watched, &'static str) {
    let nothing = (Watched::AllFunctions, FAMILIES[0].metrics[0]);
    let Some(namespace) = body.word("Namespace") else { return nothing };
    let of_namespace = || FAMILIES.iter().filter(|family| family.namespace == namespace);
    let dimensions = body.list_of_maps("Dimensions");
    let written: Vec<&str> = dimensions.iter().filter_map(|d| d.text("Name")).collect();
    let family = of_namespace().find(|family| match (family.dimension, written.as_slice()) {
        (None, names) => names.is_empty() && dimensions.is_empty(),
        (Some(name), [one]) => name == *one,
        (Some(_), _) => false,
    });
    let Some(family) = family else {
        let known: Vec<String> =
            of_namespace().map(|family| family.dimension.map_or("none".into(), quoted)).collect();
        let message = match written.as_slice() {
            [] => format!("{namespace} has no metrics without a dimension"),
            names => format!("{namespace} has no metrics by {}", names.join(" and ")),
        };
        let near = written
            .first()
            .and_then(|name| suggest(name, of_namespace().filter_map(|family| family.dimension)));
        let mistake = Diagnostic::error(message).at(body.place_of("Dimensions"));
        let label = format!("its metrics here have this dimension: {}", known.join(" or "));
        body.wrong("Dimensions", mistake.label(label).did_you_mean(near));
        return nothing;
    };
    let watched = match family.dimension {
        None => Some(Watched::AllFunctions),
        Some(name) => resource(&dimensions[0], name),
    };
    let Some(metric) = known_metric(body, family) else { return nothing };
    match watched {
        Some(Watched::AllFunctions) if OF_THE_ACCOUNT.contains(&metric) => {
            (Watched::Account, metric)
        }
        Some(watched) => (watched, metric),
        None => nothing,
    }
}

/// The resource that a dimension names.
fn resource(dimension: &Body<'_>, name: &str) -> Option<Watched> {
    let kind = match name {
        "FunctionName" => Kind::Function,
        "QueueName" => Kind::Queue,
        _ => Kind::Topic,
    };
    let node = dimension.get("Value")?;
    let path = dimension.path_of("Value");
    Some(match dimension.cx.names.resolve(dimension.cx, node, &path, &[kind], false)? {
        Target::Function(id) => Watched::Function(id),
        Target::Queue(id) => Watched::Queue(id),
        Target::Sink(id) => Watched::Topic(id),
        Target::Outside | Target::Stream(_) | Target::Dependency(_) => {
            unreachable!("a dimension names what is in the file and has metrics")
        }
    })
}

fn known_metric(body: &Body<'_>, family: &Family) -> Option<&'static str> {
    let name = body.text("MetricName")?;
    if let Some(known) = family.metrics.iter().find(|known| **known == name) {
        return Some(known);
    }
    let of = match family.dimension {
        Some(dimension) => format!("{} by {dimension}", family.namespace),
        None => format!("{} without a dimension", family.namespace),
    };
    let mistake = Diagnostic::error(format!("no metric {} of {of}", quoted(name)));
    let mistake = mistake.at(body.place_of("MetricName"));
    let mistake = mistake.label(format!("there are {}", family.metrics.join(", ")));
    let near = suggest(name, family.metrics.iter().copied());
    let other = FAMILIES.iter().find(|other| other.metrics.contains(&name));
    let mistake = match (near, other) {
        (None, Some(other)) => {
            let by = other.dimension.map_or(String::new(), |name| format!(" by {name}"));
            mistake.help(format!("it is a metric of {}{by}", other.namespace))
        }
        (near, _) => mistake.did_you_mean(near),
    };
    body.wrong("MetricName", mistake);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_read_to_three_decimals() {
        let read = ["p50", "p99.9", "p0.001", "p100"].map(percentile);
        assert_eq!(read, [Some(50_000), Some(99_900), Some(1), Some(100_000)]);
        for refused in ["99", "p", "p0", "p100.1", "p99.", "p99.9999", "tm99", "p1e2", "p 5"] {
            assert_eq!(percentile(refused), None, "{refused}");
        }
    }
}
