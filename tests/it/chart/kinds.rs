//! What every kind of chart of runs must do with: nothing, one event, many policies with long names.

use super::{is_clear, is_clear_at_every_width, is_golden, recorded, texts};
use dwell::{
    catalog::Kind,
    chart::{
        Look, OfRuns, Recorded, Theme, deliveries, dependency, flow, headline, iterator_age,
        pollers, storm, tracks,
    },
    observe::{Measure, Recording, ResourceKind, fates::Place},
    report::wording::count,
};

#[test]
fn the_readme_lists_the_kinds_that_there_are() {
    let readme = std::fs::read_to_string("README.md").expect("there is one");
    let head = "| kind | shows |\n|---|---|\n";
    let (before, rest) = readme.split_once(head).expect("it lists the kinds of charts");
    let after = rest.find("\n\n").expect("the list ends");
    let row = |kind: &Kind| {
        let mut shows = kind.shows().to_owned();
        shows[..1].make_ascii_lowercase();
        format!("| `{}` | {shows} |", kind.word())
    };
    let rows = Kind::ALL.iter().map(row).collect::<Vec<_>>().join("\n");
    let wanted = format!("{before}{head}{rows}{}", &rest[after..]);
    if std::env::var_os("DWELL_WRITE").is_some() {
        std::fs::write("README.md", wanted).expect("it can be written");
    } else {
        assert!(readme == wanted, "another list; DWELL_WRITE=1 writes it anew");
    }
}

/// A queue, a function, a dead-letter queue that is redriven, and a fault; with what is to arrive.
fn queue(arrivals: &str) -> String {
    format!(
        "
title: A queue
duration: 10m
functions: {{Worker: {{Timeout: 5, service_time: 1s, ReservedConcurrentExecutions: 3}}}}
queues:
  Jobs: {{VisibilityTimeout: 10, RedrivePolicy: {{deadLetterTargetArn: Dead, maxReceiveCount: 2}}}}
  Dead: {{MessageRetentionPeriod: 14d}}
event_source_mappings: {{JobsToWorker: {{EventSourceArn: Jobs, FunctionName: Worker}}}}
callers: {{Orders: {{target: Jobs, arrivals: {arrivals}}}}}
timeline:
  - {{at: 1m, for: 2m, set: {{functions.Worker.error_rate: 100%}}}}
  - {{at: 150s, StartMessageMoveTask: {{SourceArn: Dead}}}}
  - {{at: 5m, StartMessageMoveTask: {{SourceArn: Dead}}}}
"
    )
}

#[track_caller]
fn is_said(kind: OfRuns, recorded: &Recorded) {
    is_clear_at_every_width(|look| kind.svg(recorded, look));
    let drawn = kind.svg(recorded, Look::default());
    let (_, placed) = texts(&drawn);
    assert!(placed.first().is_some_and(|title| title.text.len() > 5), "{kind:?} says nothing");
    let mut rows = Vec::new();
    kind.csv(recorded, &mut rows).expect("memory takes it");
    assert!(rows.starts_with(b"policy,"), "{kind:?} has a header");
}

#[test]
fn of_nothing_each_says_so() {
    let mut empty = recorded("kinds-empty", &queue("{at: []}"));
    for kind in OfRuns::ALL.iter().copied() {
        is_said(kind, &empty);
        assert!(!kind.fits(&empty), "{kind:?} fits what is empty");
    }
    empty.arms[0].recording = Recording::default();
    for kind in OfRuns::ALL.iter().copied() {
        is_said(kind, &empty);
        assert!(!kind.fits(&empty), "{kind:?} fits what has no resource");
    }
}

#[test]
fn of_one_event_each_says_something() {
    for one in [queue("{at: [90s]}"), queue("{at: [4m]}")] {
        let one = recorded("kinds-one", &one);
        OfRuns::ALL.iter().copied().for_each(|kind| is_said(kind, &one));
    }
}

/// Six policies with long names, the first of which a spreadsheet would take for a formula.
fn many(mut all: Recorded) -> Recorded {
    let arm = all.arms[0].clone();
    all.arms.truncate(1);
    for nth in 1..6 {
        let mut arm = arm.clone();
        arm.name = format!("Policy {nth} with <a name> & that is much too long for one line of it");
        arm.sets =
            "MaximumConcurrency: 10, VisibilityTimeout: 21600, maxReceiveCount: 3".to_owned();
        all.arms.push(arm);
    }
    all.arms[0].name = "=A".to_owned();
    all
}

#[test]
fn of_many_policies_with_long_names_each_is_clear() {
    let base = many(recorded("kinds-many", &queue("{poisson: 4/s}")));
    for kind in OfRuns::ALL.iter().copied() {
        let many = own_scenario(kind, "many").map_or_else(|| base.clone(), many);
        is_said(kind, &many);
        let drawn = kind.svg(&many, Look { width: 600, ..Look::default() });
        assert!(!drawn.contains("<a name>"), "{kind:?} escapes names");
        is_clear(&drawn);
        let mut rows = Vec::new();
        kind.csv(&many, &mut rows).expect("memory takes it");
        let rows = String::from_utf8(rows).expect("text");
        assert!(!rows.contains("\n=A") && rows.contains("\n'=A"), "{kind:?} writes no formula");
    }
}

/// Throttled receives that are dead-lettered without a run, mails that fail and are dropped, a limit that the
/// timeline changes, a dead-letter queue that is redriven: three policies, each with its own losses.
const RICH: &str = "
title: Many ways to be lost
duration: 20m
functions:
  Billing: {Timeout: 30, ReservedConcurrentExecutions: 1, service_time: 8s}
  Mailer: {Timeout: 3, service_time: 100ms, error_rate: 40%}
queues:
  Invoices: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: Dead, maxReceiveCount: 3}}
  Dead: {MessageRetentionPeriod: 14d}
event_source_mappings: {InvoicesToBilling: {EventSourceArn: Invoices, FunctionName: Billing, BatchSize: 1}}
callers:
  Shop: {target: Invoices, arrivals: [{poisson: 3/min}, {poisson: 12/min, from: 2m, until: 8m}]}
  Mails: {via: invoke_async, target: Mailer, arrivals: {every: 10s, until: 6m}}
timeline:
  - {at: 10m, set: {functions.Billing.ReservedConcurrentExecutions: 3}}
  - {at: 15m, StartMessageMoveTask: {SourceArn: Dead}}
policies:
  One: {}
  Two: {functions.Billing.ReservedConcurrentExecutions: 2}
  Asked for: {functions.Billing.ReservedConcurrentExecutions: 2, event_source_mappings.InvoicesToBilling.ScalingConfig.MaximumConcurrency: 2}
";

fn title(svg: &str) -> String {
    let title = svg.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    title.expect("every chart has one").replace('\u{a0}', " ")
}

#[test]
fn every_title_tells_of_every_panel_in_plain_words() {
    let all = recorded("kinds-titles", RICH);
    let fitting = || OfRuns::ALL.iter().copied().filter(|kind| kind.fits(&all));
    assert!(5 <= fitting().count());
    for kind in fitting() {
        let title = title(&kind.svg(&all, Look::default()));
        let is_summed = title.contains("nder every policy") || title.contains(" between");
        for arm in &all.arms {
            let named = title.contains(&headline::quoted(&arm.name));
            assert!(named || is_summed, "{kind:?} is silent about {}: {title}", arm.name);
        }
        for word in ["binds", "bind,", "slot", "luck", "None of", "under One", "under Two"] {
            assert!(!title.contains(word), "{kind:?} says `{word}`: {title}");
        }
    }
}

#[test]
fn a_title_names_losses_as_the_ledger_counts_them_with_the_cause_of_the_autopsy() {
    let all = recorded("kinds-causes", RICH);
    let worst = all.arms.iter().max_by_key(|arm| headline::lost(arm)).expect("there are policies");
    for place in [Place::Dropped, Place::DeadLettered] {
        let arrivals = worst.outcomes.at(place);
        assert!(arrivals > 0 && worst.why.arrivals(place) == arrivals, "{place:?}");
        let said = format!("{} ", count(arrivals));
        for drawn in [flow::finding(&all), storm::finding(&all)] {
            assert!(drawn.contains(&said), "{said}: {drawn}");
            let cause = headline::cause(worst, place).expect("it is short");
            assert!(drawn.contains(&format!("({cause})")), "{cause}: {drawn}");
        }
    }
}

#[test]
fn what_is_gone_has_another_colour_than_what_is_kept() {
    let all = recorded("kinds-colours", RICH);
    for theme in [Theme::Light, Theme::Dark] {
        let colors = theme.colors();
        let drawn = flow::svg(&all, Look { theme, ..Look::default() });
        for color in [colors.of(Place::Dropped), colors.of(Place::DeadLettered)] {
            let uses = drawn.matches(color).count();
            assert!(1 < uses, "{theme:?}: {color} is in the picture and in its key: {uses}");
        }
        for words in ["dead letters: kept", "dropped or expired: gone", "never ran", "first run"] {
            assert!(drawn.contains(&format!(">{words}<")), "{words} is in the key");
        }
    }
}

#[test]
fn in_the_column_of_a_run_stands_only_what_ran_so_often() {
    let all = recorded("kinds-columns", RICH);
    for arm in &all.arms {
        let mut alone = all.clone();
        alone.arms = vec![arm.clone()];
        let drawn = flow::svg(&alone, Look { width: 1200, ..Look::default() });
        let description =
            drawn.split("<desc>").nth(1).and_then(|rest| rest.split("</desc>").next());
        let description = description.expect("it is described");
        let parts: Vec<&str> = description.trim_end_matches('.').split(", ").collect();
        for (nth, part) in parts.iter().enumerate() {
            assert!(!parts[..nth].contains(part), "{part} twice in {description}");
        }
        let never = arm.recording.ways.iter().filter(|way| way.runs == 0);
        let never: u64 = never.map(|way| way.payloads).sum::<u64>();
        let again = arm.recording.lettered_after[0];
        assert!(again > 0 || arm.name == "Asked for", "{}: some never run", arm.name);
        let (_, placed) = texts(&drawn);
        for heading in ["1st run", "2nd run", "3rd run"] {
            let Some(heading) = placed.iter().find(|text| text.text == heading) else { continue };
            let from = heading.from.0;
            let below = placed.iter().filter(|text| {
                (from..from + 40.0).contains(&text.from.0) && heading.to.1 < text.from.1
            });
            let figures: Vec<&str> = below
                .map(|text| text.text.as_str())
                .filter(|text| text.starts_with(|c: char| c.is_ascii_digit()))
                .collect();
            let of_runs: Vec<&&str> =
                figures.iter().filter(|text| !text.contains("never")).collect();
            assert_eq!(of_runs.len(), 1, "{}: one number of runs: {figures:?}", heading.text);
            let idle = figures.iter().find(|text| text.contains("never ran"));
            if let (Some(idle), "1st run") = (idle, heading.text.as_str()) {
                assert!(idle.starts_with(&count(never.max(again))), "{idle}: {never} {again}");
            }
        }
    }
}

#[test]
fn ages_say_that_they_are_of_survivors() {
    let all = recorded("kinds-survivors", RICH);
    for kind in [OfRuns::Storm, OfRuns::AgeHeatmap] {
        let drawn = kind.svg(&all, Look { width: 1200, ..Look::default() });
        let (_, placed) = texts(&drawn);
        let says = |text: &str| placed.iter().any(|placed| placed.text.contains(text));
        assert!(says("only of those that were processed"), "{kind:?}");
        for arm in &all.arms {
            let never = headline::never(arm).expect("some were never processed");
            assert!(
                never.contains(&count(arm.recording.unprocessed)) && says(&never),
                "{kind:?}: {never}"
            );
        }
    }
}

#[test]
fn a_limit_says_of_what_it_is_and_holds_from_when_it_is_set() {
    let all = recorded("kinds-limits", RICH);
    let labels = |drawn: &str| -> Vec<String> {
        let (_, placed) = texts(drawn);
        placed.into_iter().map(|placed| placed.text).collect()
    };
    let of_pollers = labels(&pollers::svg(&all, Look { width: 1200, ..Look::default() }));
    for label in ["reserved 1 (runs)", "reserved 3 (runs)", "MaximumConcurrency 2 (batches)"] {
        assert!(of_pollers.iter().any(|text| text == label), "{label}: {of_pollers:?}");
    }
    let mut alone = all.clone();
    alone.arms.truncate(1);
    // Billing is the function of the mapping; the busiest one has no limit that is near.
    let billing = alone.arms[0].recording.mappings[0].function;
    let limits = &alone.arms[0].limits[billing];
    let reserved: Vec<_> = limits.iter().map(|(from, limit)| (*from, limit.reserved)).collect();
    assert_eq!(reserved, [(0, Some(1)), (600_000_000_000, Some(3))]);
    alone.arms[0].recording.functions[1 - billing].first = Default::default();
    alone.arms[0].recording.functions[1 - billing].retry = Default::default();
    let of_storm = labels(&storm::svg(&alone, Look { width: 1200, ..Look::default() }));
    for label in ["reserved concurrency 1 = ", "reserved concurrency 3 = "] {
        let is_there = |text: &String| text.starts_with(label) && text.ends_with(" runs/s");
        assert!(of_storm.iter().any(is_there), "{label}: {of_storm:?}");
    }
}

/// The scenario of a kind's picture, if it has a file of its own: `tests/it/chart/KIND.yaml`. Each test that asks
/// for it has a name for its folder.
fn own_scenario(kind: OfRuns, test: &str) -> Option<Recorded> {
    let scenario = std::fs::read_to_string(format!("tests/it/chart/{}.yaml", kind.word())).ok()?;
    Some(recorded(&format!("{test}-{}", kind.word()), &scenario))
}

#[test]
fn a_kind_with_a_scenario_of_its_own_is_the_one_that_was_looked_at() {
    let mut seen = 0;
    for kind in OfRuns::ALL.iter().copied() {
        let Some(all) = own_scenario(kind, "seen") else { continue };
        assert!(kind.fits(&all), "{kind:?}");
        is_golden(kind.word(), &kind.svg(&all, Look { width: 800, ..Look::default() }));
        is_said(kind, &all);
        let title = title(&kind.svg(&all, Look::default()));
        for arm in &all.arms {
            let named = title
                .contains(&headline::quoted(&arm.name).replace('<', "&lt;").replace('>', "&gt;"));
            assert!(named || title.contains("nder every policy"), "{kind:?}: {title}");
        }
        seen += 1;
    }
    assert!(3 <= seen);
}

/// A column of a chart's data by its name, in rows of a policy.
fn column(kind: OfRuns, all: &Recorded, policy: &str, name: &str) -> Vec<f64> {
    let mut rows = Vec::new();
    kind.csv(all, &mut rows).expect("memory takes it");
    let text = String::from_utf8(rows).expect("text");
    let mut lines = text.lines();
    let at = lines.next().and_then(|head| head.split(',').position(|column| column == name));
    let at = at.expect("there is such a column");
    let of = lines.filter(|line| line.starts_with(&format!("{policy},")));
    of.filter_map(|line| line.split(',').nth(at)?.parse().ok()).collect()
}

#[test]
fn the_age_of_a_stream_grows_where_a_shard_makes_no_progress() {
    let all = own_scenario(OfRuns::IteratorAge, "own").expect("it has one");
    let said = iterator_age::finding(&all).replace('\u{a0}', " ");
    let (patient, hasty) = said.split_once("; “Two retries”: ").expect("both are told");
    // The pill is tried for an hour, until it is too old.
    assert!(
        patient.contains("no progress for 1 h") || patient.contains("no progress for 59 min"),
        "{said}"
    );
    assert!(!hasty.contains("no progress for 1 h"), "{said}");
    let oldest = |policy| {
        column(OfRuns::IteratorAge, &all, policy, "iterator_age_s").into_iter().fold(0.0, f64::max)
    };
    assert!((3_300.0..3_700.0).contains(&oldest("An hour of age")), "{said}");
    assert!(oldest("Two retries") < 120.0, "{said}");
}

#[test]
fn deliveries_are_those_of_the_tracks() {
    let all = own_scenario(OfRuns::Deliveries, "own").expect("it has one");
    for arm in &all.arms {
        let sum = |name: &str| {
            column(OfRuns::Deliveries, &all, &arm.name, name).iter().sum::<f64>() as u64
        };
        let of = |kind, name, measure| tracks::total(arm, kind, name, measure);
        let topic = |measure| of(ResourceKind::Topic, "Orders", measure);
        let failed = of(ResourceKind::Rule, "Paid", Measure::FailedInvocations);
        let taken = of(ResourceKind::Rule, "Paid", Measure::RuleInvocations) - failed;
        assert_eq!(sum("delivered"), topic(Measure::NumberOfNotificationsDelivered) + taken);
        assert_eq!(sum("filtered_out"), topic(Measure::NumberOfNotificationsFilteredOut));
        assert_eq!(sum("given_up"), failed);
        assert!(failed > 100 && sum("filtered_out") > 100, "{}", arm.name);
        let said = deliveries::finding(&all);
        assert!(said.contains(&format!("{} ", count(failed))), "{said}");
    }
    assert!(deliveries::finding(&all).contains("all kept in dead-letter queues"));
    assert!(deliveries::finding(&all).contains("none kept"));
}

#[test]
fn requests_to_a_dependency_are_those_of_the_tracks() {
    let all = own_scenario(OfRuns::Dependency, "own").expect("it has one");
    for arm in &all.arms {
        let sum = |name: &str| {
            column(OfRuns::Dependency, &all, &arm.name, name).iter().sum::<f64>() as u64
        };
        let of = |measure| tracks::total(arm, ResourceKind::Dependency, "Shelf", measure);
        assert_eq!(sum("requests"), of(Measure::DependencyRequests));
        assert_eq!(sum("refused"), of(Measure::Refused));
        assert!(sum("requests") > 1_000);
    }
    let said = dependency::finding(&all);
    assert!(said.contains("requests to Shelf") && said.contains("refused"), "{said}");
}
