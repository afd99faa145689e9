//! Policies compared: what each metric comes to under each, and its paired differences.
//!
//! Every policy is played with the same luck, replication by replication, so the difference of two
//! is taken within each replication and what both had in common is gone from it.

use super::{
    CONFIDENCE, Cut, Kind, Metric, Sample, fates::Changes, of_pool, pooled, relative_width,
    rounding, warmup::Periods,
};
use crate::{
    kernel::Time,
    observe::{
        Why,
        autopsy::{CauseRow, Limit, LimitRow},
        fates::Place,
        formula::Bias,
        ledger::Account,
        measure::Better,
        number::Number,
    },
    statistics::{Estimate, Ratio, paired_ratio, variance_reduction},
};

/// Of so many differences at 95 % at least one is expected to look real though it is not.
const LOOKS: usize = 20;

/// One of those that are compared: a policy, or a file.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// The file's name.
    pub file: String,
    /// The hash of the file's text.
    pub hash: String,
    /// Its runs, in the order of replications.
    pub samples: Vec<Sample>,
    /// Arrivals with another fate than under the baseline; none for the baseline itself.
    pub changes: Option<Changes>,
}

impl Arm {
    /// Why arrivals did not succeed, run by run.
    fn whys(&self) -> impl Iterator<Item = &Why> {
        self.samples.iter().map(|sample| &sample.ends.why)
    }
}

/// A comparison.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What is compared.
    pub arms: Vec<Arm>,
    /// Which of them the others are compared to.
    pub baseline: usize,
    /// How the beginning was treated.
    pub cut: Cut,
    /// The seed of the first replication.
    pub seed: u64,
    /// What each metric came to.
    pub rows: Vec<Row>,
    /// Metrics that nobody named and that came to 0 in every run.
    pub zero: Vec<String>,
    /// Why arrivals did not succeed: the worst outcome first, then the cause of most.
    pub causes: Vec<Cause>,
    /// The limits that throttled, the one that did so most often first.
    pub limits: Vec<Bound>,
    /// The metrics of which neither value is the better one though it would be if as much were left out of both,
    /// by their positions in `rows`, with what is left out.
    pub unfair: Vec<(usize, Unfair)>,
    /// What is to be known before anything is concluded.
    pub warnings: Vec<String>,
}

/// Arrivals with one outcome for one cause, under every policy.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Those of all policies and runs together.
    pub all: CauseRow,
    /// Of each arm, in their order.
    pub cells: Vec<CauseCell>,
}

/// Arrivals with one cause under one policy.
#[derive(Clone, Debug)]
pub struct CauseCell {
    /// How many in a run.
    pub arrivals: Estimate,
    /// Those of all runs together; none if there were none.
    pub all: Option<CauseRow>,
}

/// A limit that throttled, under every policy.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The function.
    pub function: String,
    /// The limit.
    pub limit: Limit,
    /// Of each arm, in their order.
    pub cells: Vec<BoundCell>,
}

/// What a limit did under one policy.
#[derive(Clone, Debug)]
pub struct BoundCell {
    /// How often it throttled in a run.
    pub throttles: Estimate,
    /// How much it is, of a concurrency; none if it never throttled.
    pub units: Option<u32>,
    /// Of the time between its first throttle and its last, the share in which no other run could begin: the mean
    /// of the runs in which it throttled more than once.
    pub share_at_limit: Option<f64>,
    /// When it throttled first and last, in seconds, in any run.
    pub from_to_s: Option<(f64, f64)>,
}

/// Why neither value of a metric is called better: how much of a run is left out of it under each policy, in the
/// order of the arms.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfair {
    /// It is of what succeeded: that share of the arrivals.
    Survivors(Vec<f64>),
    /// It does not see what was received three times: so many messages of a run.
    Unseen(Vec<f64>),
}

/// Arrivals that did not succeed, by cause.
fn causes(arms: &[Arm]) -> Vec<Cause> {
    let mut kinds: Vec<CauseRow> = Vec::new();
    for row in arms.iter().flat_map(Arm::whys).flat_map(|why| &why.causes) {
        match kinds.iter_mut().find(|known| known.is_alike(row)) {
            Some(known) => known.merge(row),
            None => kinds.push(row.clone()),
        }
    }
    let order = |row: &CauseRow| (row.place.severity(), row.arrivals);
    kinds.sort_by_key(|row| std::cmp::Reverse(order(row)));
    let cell = |arm: &Arm, kind: &CauseRow| {
        let alike = |why: &'_ Why| -> Vec<CauseRow> {
            why.causes.iter().filter(|row| row.is_alike(kind)).cloned().collect()
        };
        let counts = arm.whys().map(|why| alike(why).iter().map(|row| row.arrivals).sum::<u64>());
        let counts: Vec<f64> = counts.map(|count| count as f64).collect();
        let all = arm.whys().flat_map(alike).reduce(|mut all, row| {
            all.merge(&row);
            all
        });
        Some(CauseCell { arrivals: Estimate::of(&counts)?, all })
    };
    let of = |all: CauseRow| {
        let cells = arms.iter().map(|arm| cell(arm, &all)).collect::<Option<Vec<_>>>()?;
        Some(Cause { all, cells })
    };
    kinds.into_iter().filter_map(of).collect()
}

/// The limits that throttled.
fn limits(arms: &[Arm]) -> Vec<Bound> {
    let mut kinds: Vec<(String, Limit, u64)> = Vec::new();
    for row in arms.iter().flat_map(Arm::whys).flat_map(|why| &why.limits) {
        let known = kinds.iter_mut().find(|of| (&of.0, of.1) == (&row.function, row.limit));
        match known {
            Some((.., throttles)) => *throttles += row.throttles,
            None => kinds.push((row.function.clone(), row.limit, row.throttles)),
        }
    }
    kinds.sort_by_key(|(.., throttles)| std::cmp::Reverse(*throttles));
    let cell = |arm: &Arm, function: &str, limit: Limit| {
        let is_it = |row: &&LimitRow| row.function == function && row.limit == limit;
        let runs = arm.whys().map(|why| why.limits.iter().find(is_it).cloned());
        let runs: Vec<Option<LimitRow>> = runs.collect();
        let throttles = runs.iter().map(|row| row.as_ref().map_or(0.0, |row| row.throttles as f64));
        let throttles = Estimate::of(&throttles.collect::<Vec<_>>())?;
        let some = || runs.iter().flatten();
        let shares: Vec<f64> = some().filter_map(|row| row.share_at_limit).collect();
        let span = some().map(|row| row.from_to_s);
        Some(BoundCell {
            throttles,
            units: some().find_map(|row| row.units),
            share_at_limit: Estimate::of(&shares).map(|all| all.mean),
            from_to_s: span.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1))),
        })
    };
    let of = |(function, limit, _): (String, Limit, u64)| {
        let cells = arms.iter().map(|arm| cell(arm, &function, limit));
        let cells = cells.collect::<Option<Vec<_>>>()?;
        Some(Bound { function, limit, cells })
    };
    kinds.into_iter().filter_map(of).collect()
}

/// Why a metric has no better value, if what is left out of it is not as much under every policy.
fn unfair(arms: &[Arm], bias: &Bias) -> Option<Unfair> {
    let differ = |of: &[f64]| of.windows(2).any(|pair| pair[0] != pair[1]);
    let accounts = |arm: &Arm, of: fn(&Account) -> u64, caller: Option<&str>| {
        let of_run = |sample: &Sample| {
            let ledger = &sample.ends.ledger;
            let account = match caller {
                None => Some(&ledger.run),
                Some(caller) => {
                    ledger.callers.iter().find(|(name, _)| name == caller).map(|(_, of)| of)
                }
            };
            account.map_or(0, of)
        };
        arm.samples.iter().map(of_run).sum::<u64>() as f64
    };
    match bias {
        Bias::Survivors(caller) => {
            let share = |arm: &Arm| {
                let arrivals = accounts(arm, |of| of.arrivals, caller.as_deref());
                let succeeded = accounts(arm, |of| of.at(Place::Succeeded), caller.as_deref());
                if arrivals > 0.0 { succeeded / arrivals } else { 0.0 }
            };
            let shares: Vec<f64> = arms.iter().map(share).collect();
            differ(&shares).then_some(Unfair::Survivors(shares))
        }
        Bias::Unseen(queue) => {
            let messages = |arm: &Arm| {
                let all = arm.whys().map(|why| why.unseen(queue));
                all.sum::<u64>() as f64 / arm.samples.len().max(1) as f64
            };
            let messages: Vec<f64> = arms.iter().map(messages).collect();
            differ(&messages).then_some(Unfair::Unseen(messages))
        }
    }
}

/// A metric under every policy.
#[derive(Clone, Debug)]
pub struct Row {
    /// The metric.
    pub metric: Metric,
    /// Its position among those of the samples.
    pub nth: usize,
    /// Of each arm, in their order.
    pub cells: Vec<Cell>,
}

/// A metric under one policy.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What the runs say; none if none has data.
    pub estimate: Option<Estimate>,
    /// The statistic of all runs' samples together, of a metric that is one.
    pub pooled: Option<f64>,
    /// The difference to the baseline; none for the baseline itself and without pairs.
    pub difference: Option<Difference>,
}

/// A paired difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Of policy less baseline, pair by pair.
    pub estimate: Estimate,
    /// Of policy to baseline.
    pub ratio: Option<Ratio>,
    /// How many times larger the variance would be with luck of its own for each.
    pub variance_reduction: Option<f64>,
    /// What it shows.
    pub finding: Finding,
}

/// What a paired difference shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Not one pair differs.
    Same,
    /// The interval has 0 in it.
    Unclear,
    /// The policy's value is lower, beyond the interval.
    Lower,
    /// It is higher.
    Higher,
}

impl Finding {
    fn of(estimate: &Estimate) -> Finding {
        if estimate.min == 0.0 && estimate.max == 0.0 && estimate.rounding == 0.0 {
            return Finding::Same;
        }
        match estimate.interval(CONFIDENCE) {
            Some((_, high)) if high < 0.0 => Finding::Lower,
            Some((low, _)) if low > 0.0 => Finding::Higher,
            Some(_) | None => Finding::Unclear,
        }
    }

    /// Whether the policy is the better one (`true`) or the baseline (`false`); none if neither
    /// is shown to be.
    pub fn is_better(self, better: Better) -> Option<bool> {
        match (self, better) {
            (Finding::Lower, Better::Lower) | (Finding::Higher, Better::Higher) => Some(true),
            (Finding::Lower, Better::Higher) | (Finding::Higher, Better::Lower) => Some(false),
            (Finding::Same | Finding::Unclear, _) | (_, Better::Neither) => None,
        }
    }

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Finding::Same => "same",
            Finding::Unclear => "unclear",
            Finding::Lower => "lower",
            Finding::Higher => "higher",
        }
    }
}

impl Difference {
    /// Of the values under a policy to those under the baseline, replication by replication. Pairs of
    /// which one has no data are left out; none without pairs.
    ///
    /// Each value may be off by `rounding` of itself; then the interval is wider by as much, and equal
    /// values are not called the same.
    pub fn of(
        metric: &Metric,
        of: &[Option<Number>],
        to: &[Option<Number>],
        rounding: f64,
    ) -> Option<Difference> {
        let pairs = of.iter().zip(to).filter_map(|(of, to)| Some(((*of)?, (*to)?)));
        let pairs: Vec<(Number, Number)> = pairs.collect();
        let shown = |number| metric.shown(number);
        // The difference of fractions is exact, that of floats is not.
        let differences: Vec<f64> = pairs.iter().map(|(of, to)| shown(of.minus(*to))).collect();
        let of: Vec<f64> = pairs.iter().map(|(of, _)| shown(*of)).collect();
        let to: Vec<f64> = pairs.iter().map(|(_, to)| shown(*to)).collect();
        let mean = |values: &[f64]| Estimate::of(values).map_or(0.0, |of| of.mean.abs());
        // What never happens is not rounded.
        let off = rounding * (mean(&of) + mean(&to));
        let off = if off.is_finite() { off } else { 0.0 };
        let estimate = Estimate::of(&differences)?.rounded(off);
        let ratio = paired_ratio(&of, &to, CONFIDENCE).map(|ratio| {
            let wider = |half: f64| half + 2.0 * rounding * ratio.ratio.abs();
            Ratio { half_width: ratio.half_width.map(wider), ..ratio }
        });
        Some(Difference {
            finding: Finding::of(&estimate),
            ratio,
            variance_reduction: variance_reduction(&of, &to),
            estimate,
        })
    }
}

impl Comparison {
    /// Compares `arms`, the samples of which have the same replications, by `metrics`. Those from
    /// `named` on were not asked for by name and are left out if they are 0 in every run.
    pub fn of(
        arms: Vec<Arm>,
        baseline: usize,
        metrics: &[Metric],
        are_named: bool,
        cut: Cut,
    ) -> Comparison {
        let (mut rows, mut zero, mut unfair) = (Vec::new(), Vec::new(), Vec::new());
        for (nth, metric) in metrics.iter().enumerate() {
            let values = |arm: &Arm| -> Vec<Option<Number>> {
                arm.samples.iter().map(|sample| sample.values[nth]).collect()
            };
            let to = values(&arms[baseline]);
            let nothing = |value: &Option<Number>| value.is_none_or(Number::is_zero);
            if !are_named && arms.iter().all(|arm| values(arm).iter().all(nothing)) {
                let has_data = arms.iter().any(|arm| values(arm).iter().any(Option::is_some));
                let without = if has_data { "" } else { " (no data)" };
                zero.push(format!("{}{without}", metric.name));
                continue;
            }
            let off = |arm: &Arm| {
                let of = arm.samples.iter().map(|s| rounding(metric, s.pools[nth].as_ref(), 1));
                of.fold(0.0, f64::max)
            };
            let cells = arms.iter().enumerate().map(|(at, arm)| {
                let of = values(arm);
                let estimate = Estimate::of(&metric.all_shown(&of));
                Cell {
                    estimate: estimate.map(|all| match all.is_finite() {
                        true => all.rounded(off(arm) * all.mean.abs()),
                        false => all,
                    }),
                    pooled: {
                        let pools = arm.samples.iter().map(|sample| sample.pools[nth].as_ref());
                        of_pool(metric, pooled(pools).as_ref())
                    },
                    difference: match at == baseline {
                        true => None,
                        false => {
                            Difference::of(metric, &of, &to, off(arm).max(off(&arms[baseline])))
                        }
                    },
                }
            });
            let mut row = Row { cells: cells.collect(), metric: metric.clone(), nth };
            match metric.biases.iter().find_map(|bias| self::unfair(&arms, bias)) {
                None => row.metric.better = metric.better_if_fair,
                Some(why) if metric.better_if_fair == Better::Neither => drop(why),
                Some(why) => unfair.push((rows.len(), why)),
            }
            rows.push(row);
        }
        let seed = arms[baseline].samples.first().map_or(0, |sample| sample.seed);
        let (causes, limits, warnings) = (causes(&arms), limits(&arms), Vec::new());
        let mut made =
            Comparison { arms, baseline, cut, seed, rows, zero, causes, limits, unfair, warnings };
        made.warnings = made.remarks();
        made
    }

    /// How many replications each policy had.
    pub fn replications(&self) -> usize {
        self.arms[self.baseline].samples.len()
    }

    /// The metric and policy whose interval is wider than this share of its mean, and the number of
    /// replications that its spread would need; of several the one that needs most.
    pub fn too_wide(&self, precision: f64) -> Option<TooWide<'_>> {
        let mut widest: Option<TooWide<'_>> = None;
        for row in &self.rows {
            for (arm, cell) in self.arms.iter().zip(&row.cells) {
                let Some(estimate) = &cell.estimate else { continue };
                let relative = match relative_width(estimate) {
                    Some(relative) if precision < relative => relative,
                    None if estimate.n < 2 => f64::INFINITY,
                    Some(_) | None => continue,
                };
                let wanted = precision * estimate.mean.abs();
                let needed = estimate.needed(wanted, CONFIDENCE).unwrap_or(2);
                if widest.as_ref().is_none_or(|widest| widest.needed < needed) {
                    let metric = &row.metric.name;
                    widest = Some(TooWide { metric, arm: &arm.name, relative, needed });
                }
            }
        }
        widest
    }

    /// Says so if the averages of all runs are still on their way when counting begins.
    fn later_cut(&self) -> Option<String> {
        // Where little was cut, little that is left of the beginning is too much.
        let share = if self.cut.is_usual() { 10 } else { 20 };
        let mut latest: Option<(Time, &str, &str)> = None;
        for row in &self.rows {
            for arm in &self.arms {
                let mut all = Periods::default();
                arm.samples.iter().for_each(|sample| all.merge(&sample.periods[row.nth]));
                let Some(period) = all.settled_from(share) else { continue };
                let at = Time::from_nanos(period.saturating_mul(self.cut.period.as_nanos()));
                if latest.is_none_or(|(known, ..)| known < at) {
                    latest = Some((at, &row.metric.name, &arm.name));
                }
            }
        }
        let (at, metric, arm) = latest?;
        let cut = self.cut.warmup;
        Some(format!(
            "the cut at {cut} comes too early: {metric} of {arm} settles at about {at}; \
             `--warmup {at}` leaves out what comes before"
        ))
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let n = self.replications();
        if n < 2 {
            remarks.push(
                "one replication has no interval: every difference may be chance; \
                 `--replications 20` is usual"
                    .to_owned(),
            );
        } else if n < 10 {
            remarks.push(format!(
                "{n} replications are few: intervals are wide and rest on near-normal values; \
                 `--replications 20` is usual"
            ));
        }
        for row in &self.rows {
            for (arm, cell) in self.arms.iter().zip(&row.cells) {
                let with = cell.estimate.as_ref().map_or(0, |estimate| estimate.n);
                if with < n as u64 {
                    let metric = &row.metric.name;
                    remarks
                        .push(format!("{metric} has data in {with} of {n} runs of {}", arm.name));
                }
            }
        }
        let differences = self.rows.iter().flat_map(|row| &row.cells);
        let differences = differences.filter_map(|cell| cell.difference.as_ref());
        let looked = differences.filter(|found| found.finding != Finding::Same).count();
        if looked >= LOOKS {
            remarks.push(format!(
                "{looked} differences are looked at: about {:.0} of so many would seem real by \
                 chance alone; --metric chooses",
                looked as f64 * (1.0 - CONFIDENCE)
            ));
        }
        if self.cut.kind == Kind::SteadyState {
            remarks.extend(self.later_cut());
        }
        remarks
    }
}

/// An interval that is wider than wished.
#[derive(Clone, Copy, Debug)]
pub struct TooWide<'a> {
    /// Of this metric …
    pub metric: &'a str,
    /// … under this policy.
    pub arm: &'a str,
    /// Its half width as a share of the mean.
    pub relative: f64,
    /// So many replications would make it narrow enough.
    pub needed: u64,
}
