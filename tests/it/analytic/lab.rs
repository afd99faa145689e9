//! Where experiments are sized, run once for all rows that ask of the same, and judged.

use super::{
    meter::{REPLICATIONS, Seen, Trial, load, play, repeat},
    row::{Row, Tolerance},
};

/// What was found for a row, in one variant of its experiment.
pub struct Found {
    /// What sets the variant apart; empty if there is but one.
    pub variant: String,
    /// One value a replication, or a single one.
    pub values: Vec<f64>,
    /// How many events they rest on.
    pub n: f64,
}

impl Found {
    /// A value that has no error.
    pub fn value(value: f64) -> Vec<Found> {
        vec![Found { variant: String::new(), values: vec![value], n: f64::INFINITY }]
    }

    /// A value for each replication.
    pub fn values(values: Vec<f64>, n: f64) -> Vec<Found> {
        vec![Found { variant: String::new(), values, n }]
    }

    /// The same, as a variant.
    pub fn called(self, variant: &str) -> Found {
        Found { variant: variant.to_owned(), ..self }
    }

    fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// The standard error of the mean.
    fn error(&self) -> f64 {
        let (mean, n) = (self.mean(), self.values.len() as f64);
        let squares: f64 = self.values.iter().map(|value| (value - mean) * (value - mean)).sum();
        if n < 2.0 { 0.0 } else { libm::sqrt(squares / (n - 1.0) / n) }
    }
}

/// Whether a row holds, in a line for people.
pub struct Judged {
    pub holds: bool,
    pub line: String,
}

/// The laboratory: how much is spent, and the experiment that was run last.
pub struct Lab {
    full: bool,
    last: Option<(String, Vec<Seen>)>,
}

impl Lab {
    /// Most events of one experiment of the quick tier, all replications together.
    const QUICK_EVENTS_MAX: f64 = 200_000.0;

    /// The same for the full tier: all waits are kept, and more do not fit into memory.
    const FULL_EVENTS_MAX: f64 = 5e7;

    /// The tier is quick, or full if `DWELL_TIER` says so.
    pub fn new() -> Lab {
        let full = std::env::var("DWELL_TIER").is_ok_and(|tier| tier == "full");
        Lab { full, last: None }
    }

    /// Events for one replication: those of the row, a sixteenth of them in the quick tier.
    pub fn size(&self, row: &Row) -> f64 {
        let n = match row.tolerance {
            Tolerance::Stat { n, .. } | Tolerance::Approx { n, .. } => n,
            Tolerance::Exact
            | Tolerance::Abs(_)
            | Tolerance::Rel(_)
            | Tolerance::Near { .. }
            | Tolerance::Sweep(_) => 1e6,
        };
        let all = match self.full {
            true => n.min(Self::FULL_EVENTS_MAX),
            false => (n / 16.0).clamp(2e4, Self::QUICK_EVENTS_MAX),
        };
        all / REPLICATIONS as f64
    }

    /// Trials of a row that asks for so many, a quarter of them in the quick tier.
    pub fn trials(&self, row: &Row) -> usize {
        let Tolerance::Near { trials, .. } = row.tolerance else {
            panic!("{}: it asks for no trials", row.id)
        };
        (if self.full { trials } else { trials / 4.0 }) as usize
    }

    /// The replications of an experiment.
    pub fn run(&mut self, trial: &Trial) -> &[Seen] {
        let known = matches!(&self.last, Some((text, _)) if *text == trial.text);
        if !known {
            self.last = Some((trial.text.clone(), repeat(trial)));
        }
        &self.last.as_ref().expect("it was just run").1
    }

    /// One run, for what has no luck in it.
    pub fn once(&mut self, trial: &Trial) -> &Seen {
        let known = matches!(&self.last, Some((text, _)) if *text == trial.text);
        if !known {
            self.last = Some((trial.text.clone(), vec![play(trial, &load(trial))]));
        }
        &self.last.as_ref().expect("it was just run").1[0]
    }

    /// One value of each replication; `n` counts what the value rests on.
    pub fn ask(
        &mut self,
        trial: &Trial,
        n: impl Fn(&Seen) -> f64,
        value: impl Fn(&Seen) -> f64,
    ) -> Vec<Found> {
        let seen = self.run(trial);
        Found::values(seen.iter().map(value).collect(), seen.iter().map(n).sum())
    }

    /// Judges what was found for a row by its tolerance.
    pub fn judge(&self, row: &Row, found: &Found) -> Judged {
        let (mean, error, expected) = (found.mean(), found.error(), row.expected);
        let near = |bound: f64| (mean - expected).abs() <= bound * expected.abs();
        // Fewer events than the row asks for are as much wider as their standard error is.
        let wider = |rel: f64, n: f64| rel * libm::sqrt(n / found.n).max(1.0);
        // Nine digits are printed.
        let digits = 1e-9 * expected.abs();
        // What is rare may have happened in no replication: then they know of no error.
        let z = if error > 1e-12 * mean.abs() { (mean - expected) / error } else { 0.0 };
        let (holds, tolerance) = match row.tolerance {
            Tolerance::Exact => {
                let exactly = found.values.iter().all(|value| *value == expected);
                (exactly, "exact".to_owned())
            }
            Tolerance::Abs(x) => {
                let within = |value: &f64| (value - expected).abs() <= x + digits;
                (found.values.iter().all(within), format!("± {x}"))
            }
            Tolerance::Rel(rel) => (near(rel), format!("± {rel:e} of it")),
            Tolerance::Stat { rel: Some(rel), n } => {
                let rel = wider(rel, n);
                let holds = near(rel) && z.abs() <= 4.0;
                (holds, format!("± {:.1} %, z {z:+.2}", 100.0 * rel))
            }
            Tolerance::Stat { rel: None, .. } => (z.abs() <= 4.0, format!("z {z:+.2}")),
            Tolerance::Approx { rel, n } => {
                let rel = wider(rel, n);
                (near(rel), format!("± {:.1} %", 100.0 * rel))
            }
            // Both have the error of their trials; the row's is for as many here as there.
            Tolerance::Near { abs, trials } => {
                let abs = wider(abs, trials);
                ((mean - expected).abs() <= abs, format!("± {abs:.3}"))
            }
            Tolerance::Sweep(width) => {
                ((mean - expected).abs() <= width, format!("a threshold ± {width}"))
            }
        };
        let verdict = if holds { "ok  " } else { "FAIL" };
        let variant = &found.variant;
        Judged {
            holds,
            line: format!(
                "{verdict} {:<24} {variant:<12} {expected:>14} {mean:>14.9} ± {error:<12.3e} {tolerance} (n {:.0})",
                row.id, found.n,
            ),
        }
    }
}
