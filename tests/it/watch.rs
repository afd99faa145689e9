//! A run that is watched is the run; and the command as a user meets it, on a terminal and on none.

use crate::{
    cli::Sandbox,
    common::pty::OnTerminal,
    scenarios::{LIMITS, files, load},
};
use dwell::{
    experiment::{self, Playing, Reach},
    kernel::{Span, Time},
    model::world::Limits,
    observe::{
        Id, Measure, Resource, ResourceKind, Story,
        measure::Kind,
        summary::{Measures, Total},
    },
    scenario::{self, Options, Scenario},
};
use std::{cell::Cell, process::Command, sync::Arc};

fn all() -> impl Iterator<Item = Scenario> {
    files().into_iter().map(|path| load(&path, &Options::default()))
}

/// Ten minutes of failures fill a dead-letter queue, which is redriven while they go on, and again later.
const REDRIVE: &str = "
duration: 2h
functions:
  Worker: {Timeout: 5, service_time: 200ms}
queues:
  Jobs: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: JobsDLQ, maxReceiveCount: 3}}
  JobsDLQ: {MessageRetentionPeriod: 14d}
event_source_mappings:
  JobsToWorker: {EventSourceArn: Jobs, FunctionName: Worker}
callers:
  Orders: {target: Jobs, arrivals: {poisson: 5/s, until: 20m}}
timeline:
  - {at: 10m, for: 50m, set: {functions.Worker.error_rate: 100%}}
  - {at: 30m, StartMessageMoveTask: {SourceArn: JobsDLQ}}
  - {at: 90m, StartMessageMoveTask: {SourceArn: JobsDLQ}}
";

fn redrive() -> Scenario {
    let loaded = scenario::load_text(REDRIVE, "redrive.yaml", &Options::default());
    loaded.unwrap_or_else(|failure| panic!("{failure}"))
}

fn minutes(n: u64) -> Time {
    Time::ZERO + Span::mins(n)
}

// A run that is played in pieces.

#[test]
fn however_a_run_is_cut_it_is_the_same() {
    for scenario in all() {
        let name = &scenario.stem;
        let thresholds = || experiment::thresholds(&scenario).expect("the thresholds are right");
        let whole = experiment::play(&scenario.config, thresholds(), None, &LIMITS);
        let mut playing = Playing::new(&scenario.config, thresholds());
        // Every third time it is asked, the run is interrupted.
        let asked = Cell::new(0);
        let interrupted = |_| {
            asked.set(asked.get() + 1);
            asked.get() % 3 == 0
        };
        let limits = Limits { interrupted: &interrupted, ..LIMITS };
        let piece = whole.finish.at.as_nanos() / 61 + 1;
        let (mut clock, mut pieces) = (Time::ZERO, 0);
        while playing.over().is_none() {
            let until = playing.clock().saturating_add(Span::nanos(piece));
            let reach = match pieces % 4 {
                0 => playing.step(&limits),
                _ => playing.until(until, &limits),
            };
            assert!(clock <= playing.clock(), "{name}: the clock goes on");
            clock = playing.clock();
            if reach == Reach::There && pieces % 4 > 0 {
                assert_eq!(clock, until, "{name}");
                let last = playing.live().latest().next_back();
                assert!(last.is_none_or(|last| last.now <= clock), "{name}: nothing is ahead");
            }
            pieces += 1;
            assert!(pieces < 200_000, "{name}: it does not end");
        }
        let cut = playing.over().expect("it is over");
        assert_eq!(cut.finish, whole.finish, "{name}");
        assert_eq!(cut.outcome.results, whole.outcome.results, "{name}");
        assert_eq!(cut.outcome.faults, whole.outcome.faults, "{name}");
        assert!(cut.outcome.series.rows().eq(whole.outcome.series.rows()), "{name}");
        assert_eq!(playing.until(Time::NEVER, &limits), Reach::End, "{name}: over is over");
    }
}

#[test]
fn what_is_shown_at_the_end_is_what_the_results_say() {
    let mut compared = 0;
    for scenario in all().filter(|scenario| scenario.config.warmup == Time::ZERO) {
        let mut playing = Playing::new(&scenario.config, Vec::new());
        playing.until(Time::NEVER, &LIMITS);
        let (live, over) = (playing.live(), playing.over().expect("it is over"));
        let (name, results) = (&scenario.stem, &over.outcome.results);
        assert_eq!(live.ledger(), results.ledger, "{name}");
        let resources = &scenario.config.resources;
        let shown = [ResourceKind::Function, ResourceKind::Queue, ResourceKind::Dependency];
        for resource in Resource::all(resources).filter(|of| shown.contains(&of.kind)) {
            let of = resource.name(resources);
            let measures: &Measures = results.resources.get(of).expect("it has results");
            for measure in Measure::of(resource.kind).filter(|measure| {
                matches!(measure.kind(), Kind::Count | Kind::Gauge)
                    && *measure != Measure::ApproximateAgeOfOldestMessage
            }) {
                let scale = measure.unit().scale() as f64;
                let told = match measures.get(measure.name()) {
                    Some(Total::Count(n)) => *n as f64,
                    Some(Total::Gauge(gauge)) => gauge.end,
                    Some(_) | None => continue,
                };
                let shown = live.level(resource, measure) as f64 / scale;
                assert_eq!(shown, told, "{name}: {of}.{}", measure.name());
                compared += 1;
            }
        }
        for id in resources.function_ids() {
            assert_eq!(
                live.level(id.into(), Measure::WaitingEvents),
                0,
                "{name}: all events have ended"
            );
        }
    }
    assert!(1000 < compared, "{compared} compared");
}

#[test]
fn a_story_that_is_read_back_is_the_whole_story() {
    let scenario = redrive();
    let resources = Arc::clone(&scenario.config.resources);
    let id = Id::parse("Orders-3000", &resources).expect("there is such a caller");
    let (whole, _) =
        experiment::watch(&scenario.config, Story::new(Arc::clone(&resources), id), &LIMITS);
    let mut playing = Playing::new(&scenario.config, Vec::new());
    for at in [5, 25, 120] {
        playing.until(minutes(at), &LIMITS);
        playing.follow(Some(id));
        assert!(playing.story().is_none() && playing.reading().is_some(), "not yet");
        // It is read back in pieces too.
        let asked = Cell::new(0);
        let interrupted = |_| {
            asked.set(asked.get() + 1);
            asked.get() % 5 == 0
        };
        let limits = Limits { interrupted: &interrupted, ..LIMITS };
        while !playing.read_back(&limits) {}
        let so_far = whole.steps().iter().take_while(|step| step.now <= minutes(at)).count();
        let story = playing.story().expect("it has been read back");
        assert_eq!(story.steps(), &whole.steps()[..so_far], "at {at} min");
        // And goes on with the run.
        playing.until(minutes(at + 10), &LIMITS);
        let so_far = whole.steps().iter().take_while(|step| step.now <= minutes(at + 10)).count();
        assert_eq!(playing.story().expect("it goes on").steps().len(), so_far, "at {at} min");
    }
    assert!(20 < whole.steps().len(), "it has something to tell");
    playing.follow(None);
    assert!(playing.story().is_none());
}

#[test]
fn the_dead_letters_are_those_of_the_run_each_once() {
    let scenario = redrive();
    let mut playing = Playing::new(&scenario.config, Vec::new());
    playing.until(minutes(20), &LIMITS);
    let letters = playing.live().letters();
    assert_eq!(letters.len(), 1000, "so many are named");
    let mut sorted: Vec<Id> = letters.to_vec();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), letters.len());
    let firsts = experiment::watch(&scenario.config, dwell::observe::Firsts::default(), &LIMITS).0;
    assert_eq!(firsts.at(dwell::model::Place::DeadLettered), letters.first().copied());
}

// The command.

const SHORT: &str = "
title: A short one
duration: 1m
functions:
  Shop: {service_time: 100ms}
callers:
  Visitors: {target: Shop, arrivals: {every: 1s}}
";

#[test]
fn where_there_is_no_terminal_it_says_so() {
    let sandbox = Sandbox::new("watch-none");
    sandbox.write("short.yaml", SHORT);
    let told = sandbox.dwell(&["watch", "short.yaml"]).exits(2);
    told.says(&["draws on a terminal", "hint: `dwell run`"]);
    let told = sandbox.dwell(&["watch", "--policy", "None", "absent.yaml"]).exits(2);
    assert_eq!(told.out, "");
}

fn on_terminal(sandbox: &Sandbox, arguments: &[&str]) -> OnTerminal {
    OnTerminal::start(sandbox.command(arguments))
}

#[test]
fn on_a_terminal_it_plays_to_the_end_and_leaves_the_terminal_as_it_was() {
    let sandbox = Sandbox::new("watch-end");
    sandbox.write("short.yaml", SHORT);
    let mut watched = on_terminal(&sandbox, &["watch", "short.yaml", "--seed", "7"]);
    watched.waits_for("A short one");
    watched.types("e");
    watched.waits_for("it has no thresholds");
    watched.types("q");
    let (status, behind) = watched.ends();
    assert_eq!(status.code(), Some(0), "{behind}");
    assert_eq!(sandbox.listing(), ["short.yaml"], "it writes nothing");
    let summary = sandbox.dwell(&["run", "short.yaml", "--seed", "7", "--format", "json"]).exits(0);
    let digest = crate::cli::json(&summary.out)["digest"].as_str().expect("a text").to_owned();
    assert!(behind.contains(&format!("watched to its end; digest {digest}")), "{behind}");
}

#[test]
fn a_bad_scenario_is_told_before_anything_is_drawn() {
    let sandbox = Sandbox::new("watch-bad");
    sandbox.write("bad.yaml", SHORT.replace("service_time", "service_tim"));
    let mut told = on_terminal(&sandbox, &["watch", "bad.yaml"]);
    told.waits_for("did you mean");
    assert!(!told.all.contains("\x1b[?1049h"), "{}", told.all);
}

#[test]
fn an_interrupt_ends_it_and_leaves_the_terminal_as_it_was() {
    let sandbox = Sandbox::new("watch-interrupt");
    sandbox.write("short.yaml", SHORT);
    let interrupts: [&dyn Fn(&mut OnTerminal); 2] =
        [&|watched| watched.types("\x03"), &|watched| {
            let id = watched.id().to_string();
            assert!(Command::new("kill").args(["-TERM", &id]).status().expect("it runs").success());
        }];
    for interrupt in interrupts {
        let mut watched = on_terminal(&sandbox, &["watch", "short.yaml"]);
        watched.waits_for("A short one");
        interrupt(&mut watched);
        let (status, behind) = watched.ends();
        assert_eq!(status.code(), Some(130), "{behind}");
    }
}

#[test]
fn it_ends_when_the_terminal_is_gone() {
    let sandbox = Sandbox::new("watch-gone");
    sandbox.write("short.yaml", SHORT);
    for keys in ["", " "] {
        let mut watched = on_terminal(&sandbox, &["watch", "short.yaml"]);
        watched.waits_for("A short one");
        watched.types(keys);
        assert_eq!(watched.goes_away().code(), Some(130), "playing, or paused");
    }
}
