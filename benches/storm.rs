//! The speed that matters: runs a second on an asynchronous storm (W2).
//!
//! One function, Poisson 1,000 events/s for ten hours, exponential service of 100 ms, 5 % errors, one
//! outage of 300 s, two retries, a dead-letter queue.

use dwell::{
    kernel::{Dist, Ladder, Probability, Span, Time},
    model::{
        config::*,
        value::{Catalog, Quantity},
        vocabulary::{FunctionId, QueueId, Target},
        world::{Limits, Wake, World},
    },
};
use std::{sync::Arc, time::Instant};

fn main() {
    let hours = std::env::var("HOURS").ok().and_then(|h| h.parse().ok()).unwrap_or(1);
    for _ in 0..3 {
        let config = storm(hours);
        let started = Instant::now();
        let mut world: World<(), Ladder<Wake>> = World::new(&config, ());
        let finish = world.run(&Limits {
            events_max: u64::MAX,
            instant_max: 1_000_000,
            interrupted: &|_| false,
        });
        let took = started.elapsed().as_secs_f64();
        let accepted = (hours * 3600 * 1000) as f64;
        println!(
            "{:.2} M accepted/s  {:.1} ns/accepted  {:.1} ns/event  {} events  stop {:?}",
            accepted / took / 1e6,
            took * 1e9 / accepted,
            took * 1e9 / finish.events as f64,
            finish.events,
            finish.stop,
        );
    }
}

fn storm(hours: u64) -> Config {
    let duration = Time::ZERO + Span::hours(hours);
    let function = |error_rate: f64| Function {
        name: "Orders".into(),
        timeout: Span::secs(30),
        memory_mb: 128,
        reserved: None,
        loops_allowed: false,
        dead_letter: Some(Target::Queue(QueueId(0))),
        retries_max: 2,
        age_max: Span::hours(6),
        on_success: None,
        on_failure: None,
        forbidden: false,
        system_error_rate: Probability::NEVER,
        init_time: Quantity::span(Span::millis(200)),
        keep_alive: Quantity::span(Span::mins(10)),
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
                system_error_rate: Probability::NEVER,
                forbidden: false,
                read: false,
                dead_letter_queue: false,
            }],
            calls: vec![Call {
                name: "Load".into(),
                via: Via::InvokeAsync,
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
        timeline: vec![
            (at(15), Change::Configure(resources(1.0))),
            (at(20), Change::Configure(resources(0.05))),
        ],
        catalog: Arc::new(Catalog { laws: vec![Vec::new()], ..Catalog::default() }),
    }
}
