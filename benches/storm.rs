//! The speed that matters: runs a second on an asynchronous storm, and memory that does not grow.
//!
//! One function, Poisson 1,000 events/s for ten hours, exponential service of 100 ms, 5 % errors, one
//! outage of 300 s, two retries, a dead-letter queue; self-checks, digest, series and histograms on.
//! Next to it the same model with nobody watching, and a bare loop that holds as many appointments:
//! how far from the limit is one ratio. `HOURS=1 cargo bench --bench storm` is shorter.

use dwell::{
    experiment::{play, watch},
    kernel::{Agenda, Class, Classed, Dist, Ladder, Probability, Span, Stream, Time},
    model::{
        config::*,
        value::{Catalog, Quantity},
        vocabulary::{FunctionId, QueueId, Target},
        world::Limits,
    },
};
use std::{fs, sync::Arc, time::Instant};

const LIMITS: Limits<'static> =
    Limits { events_max: u64::MAX, instant_max: 1_000_000, interrupted: &|_| false };

fn main() {
    let hours = std::env::var("HOURS").ok().and_then(|h| h.parse().ok()).unwrap_or(10);
    memory();
    println!("asynchronous storm, {hours} h at 1,000 events/s");
    for _ in 0..3 {
        let config = storm(Span::hours(hours), true);
        let begun = Instant::now();
        let played = play(&config, Vec::new(), None, &LIMITS);
        let took = begun.elapsed().as_secs_f64();
        assert_eq!(played.outcome.faults, Vec::<String>::new(), "the run passes its own checks");
        let results = serde_json::to_value(&played.outcome.results).expect("results are a value");
        let of = |name: &str| {
            results["resources"]["Orders"][name].as_f64().expect("the function has this count")
        };
        println!(
            "  watched    {:5.2} M runs/s  {:5.2} M accepted/s  {:5.1} ns an event  digest {}",
            of("Invocations") / took / 1e6,
            of("AsyncEventsReceived") / took / 1e6,
            took * 1e9 / played.finish.events as f64,
            played.outcome.results.digest,
        );
        let begun = Instant::now();
        let ((), finish) = watch(&config, (), &LIMITS);
        let took = begun.elapsed().as_secs_f64();
        println!(
            "  unwatched  {:5.2} M runs/s  {:5.2} M accepted/s  {:5.1} ns an event",
            of("Invocations") / took / 1e6,
            of("AsyncEventsReceived") / took / 1e6,
            took * 1e9 / finish.events as f64,
        );
        let (steps, took) = hold(2_000_000);
        println!("  bare loop  {:5.1} ns a step", took * 1e9 / steps as f64);
    }
}

/// Peak memory after a million accepted events and after ten million: no outage, so nothing is parked.
fn memory() {
    println!("peak memory");
    for minutes in [17, 167] {
        let config = storm(Span::mins(minutes), false);
        let played = play(&config, Vec::new(), None, &LIMITS);
        let peak = fs::read_to_string("/proc/self/status").ok().and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
            Some(line.trim_start_matches("VmHWM:").trim().to_owned())
        });
        println!(
            "  {:9} accepted  {}",
            minutes * 60 * 1000,
            peak.unwrap_or_else(|| "unknown on this system".to_owned())
        );
        assert_eq!(played.outcome.faults, Vec::<String>::new(), "the run passes its own checks");
    }
}

/// An agenda that holds 100 appointments and replaces each by one at an exponential distance.
fn hold(steps: u64) -> (u64, f64) {
    #[derive(Clone, Copy)]
    struct Token(u32);
    impl Classed for Token {
        fn class(&self) -> Class {
            Class::Completion
        }
    }
    let law = Dist::exponential(1e8).expect("a mean is allowed");
    let stream = Stream::new(1, "hold");
    let mut agenda: Agenda<Token, Ladder<Token>> = Agenda::new();
    let wait = |n: u64| Span::from_nanos_f64(law.sample(&mut stream.draw(n, 0)));
    for n in 0..100 {
        agenda.after(wait(n), Token(0));
    }
    let begun = Instant::now();
    let mut sum = 0u64;
    for n in 100..100 + steps {
        let Token(held) = agenda.pop().expect("it holds a hundred");
        sum += u64::from(held);
        agenda.after(wait(n), Token(1));
    }
    assert!(sum <= steps);
    (steps, begun.elapsed().as_secs_f64())
}

fn storm(length: Span, outage: bool) -> Config {
    let duration = Time::ZERO + length;
    let function = |error_rate: f64| Function {
        name: "Orders".into(),
        timeout: Span::secs(30),
        memory_mb: 128,
        architecture: Default::default(),
        reserved: None,
        provisioned: 0,
        loops_allowed: false,
        dead_letter: Some(Target::Queue(QueueId(0))),
        retries_max: 2,
        age_max: Span::hours(6),
        on_success: None,
        on_failure: None,
        answers: false,
        forbidden: false,
        system_error_rate: Probability::NEVER,
        init_time: Quantity::span(Span::millis(200)),
        keep_alive: IdleLife::Law(Quantity::span(Span::mins(10))),
        environment_max_age: MaxAge::Never,
        behaviour: Behaviour {
            service_time: Quantity::Law(Dist::exponential(1e8).expect("a mean")),
            error_rate: Probability::new(error_rate).expect("a share"),
            ..Behaviour::default()
        },
        cases: Vec::new(),
        on_partial_failure: OnPartialFailure::Continue,
        calls: Vec::new(),
        event_queue: EventQueue::default(),
    };
    let resources = |error_rate: f64| {
        Arc::new(Resources {
            account: Account { concurrency: 1_000_000 },
            functions: vec![function(error_rate)],
            queues: vec![Queue {
                name: "Failed".into(),
                visibility: Span::secs(30),
                retention: Span::days(4),
                delay: Span::ZERO,
                redrive: None,
                fifo: None,
                system_error_rate: Probability::NEVER,
                forbidden: false,
                read: Reading::Never,
                dead_letter_queue: false,
            }],
            calls: vec![Call {
                name: "Load".into(),
                via: Via::InvokeAsync,
                integration: None,
                buffering: None,
                target: Target::Function(FunctionId(0)),
                timeout: None,
                retry: Retry::default(),
                payload_bytes: Quantity::default(),
                delay: None,
                words: false,
                arrivals: vec![Arrivals {
                    process: Process::Poisson(1000.0 / 1e9),
                    from: Time::ZERO,
                    until: duration,
                    count: 1,
                    repeat: None,
                }],
            }],
            callers: 1,
            ..Resources::default()
        })
    };
    let at = |minutes| Time::ZERO + Span::mins(minutes);
    Config {
        seed: 1,
        duration,
        drain: Span::days(1),
        warmup: Time::ZERO,
        period: Span::mins(1),
        resources: resources(0.05),
        timeline: if outage {
            vec![
                (at(15), Change::Configure(resources(1.0))),
                (at(20), Change::Configure(resources(0.05))),
            ]
        } else {
            Vec::new()
        },
        catalog: Arc::new(Catalog { laws: vec![Vec::new()], ..Catalog::default() }),
    }
}
