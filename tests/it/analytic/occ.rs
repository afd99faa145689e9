//! The experiment of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): clients that all
//! want to write one record at once, each with optimistic concurrency.
//!
//! ```text
//!  client ── hop ─► read ── hop ─► client ── hop ─► write ── hop ─► client: done, or
//!    ▲                                     the version is another ─┐
//!    └──────────────────────── hop, and its back-off ◄─────────────┘
//! ```
//!
//! A hop takes |N(10, 2)| ms. Played with this crate's agenda and luck, and with the back-offs that its
//! requesters have. There the n-th failure waits 2^n times the base, here the first wait is the base
//! itself, so a base of 5 ms there is one of 10 ms here; decorrelated jitter has the same base in both.

use super::{
    lab::{Found, Lab},
    meter::repeat_with,
    row::Row,
};
use dwell::{
    kernel::{Agenda, Class, Classed, Ladder, Span, Stream, name_key},
    model::{
        config::{Backoff, Jitter},
        policy::backoff,
        value::Quantity,
    },
};

/// What happens to a client.
#[derive(Clone, Copy)]
enum Step {
    /// Its read comes to the store.
    Read(usize),
    /// It has the version that it read, and writes.
    HasRead(usize),
    /// Its write comes to the store.
    Write(usize),
    /// It knows whether it wrote.
    HasWritten(usize, bool),
}

impl Classed for Step {
    fn class(&self) -> Class {
        Class::Completion
    }
}

#[derive(Clone, Copy, Default)]
struct Client {
    version: u64,
    failures: u32,
    last_wait: Span,
    hops: u32,
}

/// What a network of these hops is like, in ms.
#[derive(Clone, Copy)]
struct Net {
    mean: f64,
    deviation: f64,
    luck: Stream,
}

impl Net {
    fn hop(&self, number: usize, client: &mut Client) -> Span {
        client.hops += 1;
        let mut draw = self.luck.draw(number as u64, client.hops);
        // Box and Muller's normal number.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - draw.unit()));
        let normal = radius * libm::cos(std::f64::consts::TAU * draw.unit());
        millis((self.mean + self.deviation * normal).abs())
    }
}

fn millis(ms: f64) -> Span {
    Span::from_nanos_f64(ms * 1e6)
}

/// How long it takes until all have written, in ms, and how many writes were tried.
fn play(clients: usize, law: &Backoff, net: Net, waits: Stream) -> (f64, f64) {
    let mut agenda: Agenda<Step, Ladder<Step>> = Agenda::new();
    let mut all = vec![Client::default(); clients];
    let (mut version, mut calls) = (0, 0u32);
    for (number, client) in all.iter_mut().enumerate() {
        agenda.after(net.hop(number, client), Step::Read(number));
    }
    while let Some(step) = agenda.pop() {
        match step {
            Step::Read(number) => {
                let client = &mut all[number];
                client.version = version;
                agenda.after(net.hop(number, client), Step::HasRead(number));
            }
            Step::HasRead(number) => {
                agenda.after(net.hop(number, &mut all[number]), Step::Write(number));
            }
            Step::Write(number) => {
                let client = &mut all[number];
                calls += 1;
                let ok = client.version == version;
                version += u64::from(ok);
                agenda.after(net.hop(number, client), Step::HasWritten(number, ok));
            }
            Step::HasWritten(_, true) => (),
            Step::HasWritten(number, false) => {
                let client = &mut all[number];
                client.failures += 1;
                let mut draw = waits.draw(number as u64, client.failures);
                client.last_wait = backoff::wait(law, client.failures, client.last_wait, &mut draw);
                let wait = client.last_wait;
                agenda.after(net.hop(number, client) + wait, Step::Read(number));
            }
        }
    }
    assert_eq!(version, clients as u64, "each has written once");
    (agenda.now().since(dwell::kernel::Time::ZERO).as_millis_f64(), f64::from(calls))
}

/// Time or calls of so many clients with one kind of back-off.
pub fn contention(lab: &mut Lab, row: &Row) -> Vec<Found> {
    let (base, cap) = (row.get("base "), millis(row.get("cap ")));
    let from = |base: f64, jitter| Backoff::Exponential { base: millis(base), cap, jitter };
    let law = match row.id.split('-').nth(1) {
        Some("none") => Backoff::Constant(Quantity::Plain(0)),
        Some("expo") => from(2.0 * base, Jitter::None),
        Some("full") => from(2.0 * base, Jitter::Full),
        Some("equal") => from(2.0 * base, Jitter::Equal),
        Some("decorr") => from(base, Jitter::Decorrelated),
        other => panic!("{}: no back-off is called {other:?}", row.id),
    };
    let mean = row.get("N(");
    let deviation = row.get(&format!("N({mean},"));
    let clients = row.get("N=") as usize;
    let trials = lab.trials(row);
    // The rows about time and about calls are of the same trials.
    let experiment = row.id.rsplit_once('-').expect("what is asked stands last").0;
    let values = repeat_with(trials, |trial| {
        let seed = name_key(experiment).wrapping_add(trial as u64);
        let net = Net { mean, deviation, luck: Stream::new(seed, "occ/hop") };
        let (time, calls) = play(clients, &law, net, Stream::new(seed, "occ/backoff"));
        match row.quantity.as_str() {
            "completion ms" => time,
            "calls" => calls,
            other => panic!("{}: {other} is no quantity of this experiment", row.id),
        }
    });
    Found::values(values, trials as f64)
}
