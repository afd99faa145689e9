//! Thresholds, judged by all runs of all policies.
//!
//! What one run can answer must hold in each run. `over runs STATISTIC` takes one value of each run and
//! judges the statistic of them. `A vs B` is of the paired difference A − B: it must fit wherever in
//! its interval the true difference lies. What has no data in some run does not hold.

use super::{CONFIDENCE, Metric, Sample, compare::Difference, rounding};
use crate::{
    observe::{
        Formula, Scope, Threshold, Verdict,
        formula::{Statistic, Value},
        number::Number,
        threshold::{Comparison, Outcome, SideValue},
    },
    statistics::Estimate,
};
use std::ops::Range;

/// The runs of a policy.
#[derive(Clone, Copy, Debug)]
pub struct Runs<'a> {
    /// The policy; none: the file as written.
    pub policy: Option<&'a str>,
    /// What each left, in the order of replications; at least one.
    pub samples: &'a [Sample],
}

/// Whether a threshold holds for a policy, or of the difference of two.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Its position among the thresholds of the file.
    pub nth: usize,
    /// The policy, or `A vs B`; none: the file as written.
    pub policy: Option<String>,
    /// By how many runs, or pairs of runs.
    pub runs: usize,
    /// Whether it holds.
    pub holds: bool,
    /// What was found.
    pub found: Found,
    /// Of the runs in which it does not hold taken by themselves, the one that is farthest from it.
    pub worst: Option<Worst>,
}

/// What the runs came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It must hold in each of them, and does in so many.
    EachRun {
        /// Runs in which it holds.
        held: usize,
    },
    /// Its sides are statistics of them.
    OverRuns {
        /// What the sides came to.
        sides: Vec<SideValue>,
        /// Runs in which a side has no data.
        without_data: usize,
    },
    /// It is of the difference of pairs.
    Difference {
        /// What the sides came to; of the one that measures the mean.
        sides: Vec<SideValue>,
        /// Which of them measures.
        measures: usize,
        /// The difference; none without data.
        estimate: Option<Estimate>,
        /// Pairs in which a run has no data.
        without_data: usize,
    },
}

/// A run that is far from a threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Worst {
    /// Which replication.
    pub replication: u32,
    /// Its seed.
    pub seed: u64,
    /// What the sides came to in it; of a pair the difference.
    pub sides: Vec<SideValue>,
}

/// Judges the thresholds of a file, which are all of it in its order, by the runs of these policies.
/// Those of other policies are left out.
///
/// A sample has the verdicts of the thresholds that its run was judged by, and as its last values the
/// sides of every threshold of several runs.
pub fn judge(thresholds: &[Threshold], arms: &[Runs<'_>]) -> Vec<Judgement> {
    let of_runs = thresholds.iter().filter(|threshold| threshold.is_of_runs());
    let read: usize = of_runs.map(|threshold| threshold.sides.len()).sum();
    let all = arms[0].samples[0].values.len();
    let mut column = all.checked_sub(read).expect("the sides were read of every run");
    let mut verdicts = vec![0; arms.len()];
    let mut judgements = Vec::new();
    for (nth, threshold) in thresholds.iter().enumerate() {
        let columns = match threshold.is_of_runs() {
            true => column..column + threshold.sides.len(),
            false => column..column,
        };
        column = columns.end;
        if let Scope::Difference { of, to } = &threshold.scope {
            let find = |name: &str| arms.iter().find(|arm| arm.policy == Some(name));
            if let (Some(of), Some(to)) = (find(of), find(to)) {
                judgements.push(difference(nth, threshold, columns, of.samples, to.samples));
            }
            continue;
        }
        for (arm, next) in arms.iter().zip(&mut verdicts) {
            if !threshold.scope.has(arm.policy) {
                continue;
            }
            let policy = arm.policy.map(str::to_owned);
            judgements.push(if threshold.is_of_runs() {
                Judgement { policy, ..over_runs(nth, threshold, columns.clone(), arm.samples) }
            } else {
                *next += 1;
                Judgement { policy, ..each_run(nth, threshold, *next - 1, arm.samples) }
            });
        }
    }
    judgements
}

/// Judges what must hold in each run, where it is the `at`-th verdict.
fn each_run(nth: usize, threshold: &Threshold, at: usize, samples: &[Sample]) -> Judgement {
    let verdicts = samples.iter().map(|sample| (sample, sample.verdicts[at].clone()));
    let (held, worst) = one_by_one(threshold, verdicts);
    let runs = samples.len();
    let found = Found::EachRun { held };
    Judgement { nth, policy: None, runs, holds: held == runs, found, worst }
}

/// Judges statistics of the values in these columns.
fn over_runs(
    nth: usize,
    threshold: &Threshold,
    columns: Range<usize>,
    samples: &[Sample],
) -> Judgement {
    let sides = threshold.sides.iter().zip(columns.clone()).map(|(side, column)| {
        let values: Option<Vec<Number>> = samples.iter().map(|s| s.values[column]).collect();
        values.and_then(|values| taken(side, values)).map(Value::Number)
    });
    let verdict = threshold.judge(sides.collect());
    // One run by itself says nothing of how many there are, or of their sum.
    let adds = |side: &Formula| matches!(side.over, Some(Statistic::Sum | Statistic::Count));
    let alike = samples.iter().filter(|_| !threshold.sides.iter().any(adds));
    let runs = alike.map(|sample| {
        let sides = sample.values[columns.clone()].iter().map(|value| value.map(Value::Number));
        (sample, threshold.judge(sides.collect()))
    });
    let (_, worst) = one_by_one(threshold, runs);
    let lacks = |sample: &&Sample| sample.values[columns.clone()].iter().any(Option::is_none);
    let without_data = samples.iter().filter(lacks).count();
    Judgement {
        nth,
        policy: None,
        runs: samples.len(),
        holds: verdict.holds,
        found: Found::OverRuns { sides: verdict.sides, without_data },
        worst,
    }
}

/// The statistic of the runs that a side asks for; of a side without one, which measures nothing,
/// the value that it has in every run. None where something is divided by 0.
fn taken(side: &Formula, mut values: Vec<Number>) -> Option<Number> {
    let count = values.len() as u64;
    let sum = || values.iter().fold(Number::ZERO, |sum, value| sum.plus(*value));
    match side.over {
        None => values.first().copied(),
        Some(Statistic::Sum) => Some(sum()),
        Some(Statistic::Mean) => sum().divided_by(Number::whole(i128::from(count))),
        Some(Statistic::Min) => values.into_iter().min(),
        Some(Statistic::Max) => values.into_iter().max(),
        Some(Statistic::Count) => Some(Number::whole(i128::from(count))),
        Some(Statistic::Quantile(percent)) => {
            values.sort_unstable();
            let rank = usize::try_from(percent.rank(count)).expect("a rank is at most the count");
            Some(values[rank - 1])
        }
        Some(Statistic::FirstAt | Statistic::LastAt | Statistic::AllAt) => {
            unreachable!("instants are refused as statistics of runs when a threshold is read")
        }
    }
}

/// Judges the difference of the values in these columns, pair by pair.
fn difference(
    nth: usize,
    threshold: &Threshold,
    columns: Range<usize>,
    of: &[Sample],
    to: &[Sample],
) -> Judgement {
    let measures = threshold.sides.iter().position(|side| !side.terms.is_empty());
    let measures = measures.expect("a difference measures one side");
    let side = &threshold.sides[measures];
    let values = |samples: &[Sample]| -> Vec<Option<Number>> {
        samples.iter().map(|sample| sample.values[columns.start + measures]).collect()
    };
    let (of_values, to_values) = (values(of), values(to));
    let minus = |(of, to): (&Option<Number>, &Option<Number>)| Some((*of)?.minus((*to)?));
    let pairs: Vec<Option<Number>> = of_values.iter().zip(&to_values).map(minus).collect();
    let without_data = pairs.iter().filter(|pair| pair.is_none()).count();
    let judged = |number: Option<Number>| {
        let sides = of[0].values[columns.clone()].iter().copied().enumerate();
        let sides = sides.map(|(at, bound)| if at == measures { number } else { bound });
        threshold.judge(sides.map(|number| number.map(Value::Number)).collect())
    };
    let (_, worst) = one_by_one(threshold, of.iter().zip(pairs.iter().map(|n| judged(*n))));
    let estimate = match without_data {
        0 => {
            let metric = Metric::new(side);
            let pools = of.iter().chain(to).map(|sample| &sample.pools[columns.start + measures]);
            let off = pools.map(|pool| rounding(&metric, pool.as_ref(), 1)).fold(0.0, f64::max);
            Difference::of(&metric, &of_values, &to_values, off)
        }
        _ => None,
    };
    let estimate = estimate.map(|difference| difference.estimate);
    let mut sides = judged(None).sides;
    sides[measures].value = estimate.map(|estimate| Outcome::Number(estimate.mean));
    let interval = estimate.and_then(|estimate| estimate.interval(CONFIDENCE));
    let ranges: Option<Vec<(f64, f64)>> = sides
        .iter()
        .enumerate()
        .map(|(at, side)| if at == measures { interval } else { number(side).map(|n| (n, n)) })
        .collect();
    let fit = |ranges: Vec<(f64, f64)>| {
        let pairs = ranges.windows(2);
        threshold.comparisons.iter().zip(pairs).all(|(how, pair)| fits(*how, pair[0], pair[1]))
    };
    Judgement {
        nth,
        policy: threshold.scope.written(),
        runs: pairs.len(),
        holds: ranges.is_some_and(fit),
        found: Found::Difference { sides, measures, estimate, without_data },
        worst,
    }
}

/// Whether every value from the first to the second of `left` compares so with every value of `right`.
fn fits(how: Comparison, left: (f64, f64), right: (f64, f64)) -> bool {
    match how {
        Comparison::Less => left.1 < right.0,
        Comparison::LessOrEqual => left.1 <= right.0,
        Comparison::Greater => left.0 > right.1,
        Comparison::GreaterOrEqual => left.0 >= right.1,
        Comparison::Equal => left.0 == left.1 && left == right,
        Comparison::NotEqual => left.1 < right.0 || right.1 < left.0,
    }
}

/// In how many runs a threshold holds, and the one that is farthest from it; of equal ones the first.
fn one_by_one<'a>(
    threshold: &Threshold,
    runs: impl Iterator<Item = (&'a Sample, Verdict)>,
) -> (usize, Option<Worst>) {
    let mut held = 0;
    let mut worst: Option<(f64, Worst)> = None;
    for (sample, Verdict { holds, sides, .. }) in runs {
        if holds {
            held += 1;
            continue;
        }
        let far = distance(&threshold.comparisons, &sides);
        if worst.as_ref().is_none_or(|(farthest, _)| *farthest < far) {
            let (replication, seed) = (sample.replication, sample.seed);
            worst = Some((far, Worst { replication, seed, sides }));
        }
    }
    (held, worst.map(|(_, worst)| worst))
}

/// How far sides are from comparing so: infinitely where one is no number.
fn distance(comparisons: &[Comparison], sides: &[SideValue]) -> f64 {
    let mut farthest = 0.0_f64;
    for (how, pair) in comparisons.iter().zip(sides.windows(2)) {
        let (Some(left), Some(right)) = (number(&pair[0]), number(&pair[1])) else {
            return f64::INFINITY;
        };
        farthest = farthest.max(match how {
            Comparison::Less | Comparison::LessOrEqual => left - right,
            Comparison::Greater | Comparison::GreaterOrEqual => right - left,
            Comparison::Equal => (left - right).abs(),
            Comparison::NotEqual => 0.0,
        });
    }
    farthest
}

/// The number that a side came to.
fn number(side: &SideValue) -> Option<f64> {
    match side.value {
        Some(Outcome::Number(number)) => Some(number),
        Some(Outcome::Instants(_)) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Fingerprint, Names};

    fn threshold(scope: Scope, text: &str) -> Threshold {
        let names = Names { resources: Vec::new(), attributes: Vec::new(), point: &|_| None };
        Threshold::parse(scope, text, &names).expect(text)
    }

    fn versus() -> Scope {
        Scope::Difference { of: "A".to_owned(), to: "B".to_owned() }
    }

    /// A run in which every measure comes to `measured`, judged by `thresholds`.
    fn sample(
        thresholds: &[Threshold],
        policy: Option<&str>,
        at: u32,
        measured: Option<i128>,
    ) -> Sample {
        let of = |side: &Formula| {
            let terms = vec![measured.map(|n| Value::Number(Number::whole(n))); side.terms.len()];
            side.value(&terms)
        };
        let (mut values, mut verdicts) = (Vec::new(), Vec::new());
        for threshold in thresholds {
            let sides: Vec<Option<Value>> = threshold.sides.iter().map(of).collect();
            if threshold.is_of_runs() {
                values.extend(sides.into_iter().map(super::super::number));
            } else if threshold.scope.has(policy) {
                verdicts.push(threshold.judge(sides));
            }
        }
        let pools = values.iter().map(|_| None).collect();
        let (seed, digest) = (u64::from(at) + 100, Fingerprint(0));
        let replication = at;
        let (periods, ends) = (Vec::new(), super::super::Ends::default());
        Sample { replication, seed, digest, values, pools, periods, verdicts, ends }
    }

    fn samples(thresholds: &[Threshold], policy: Option<&str>, of: &[Option<i128>]) -> Vec<Sample> {
        (0..).zip(of).map(|(at, measured)| sample(thresholds, policy, at, *measured)).collect()
    }

    /// The judgement of one threshold by the runs of a file as it is written.
    fn judged(text: &str, of: &[i128]) -> Judgement {
        let of: Vec<Option<i128>> = of.iter().copied().map(Some).collect();
        judged_of(text, &of)
    }

    fn judged_of(text: &str, of: &[Option<i128>]) -> Judgement {
        let thresholds = [threshold(Scope::All, text)];
        let samples = samples(&thresholds, None, of);
        let mut judgements = judge(&thresholds, &[Runs { policy: None, samples: &samples }]);
        assert_eq!(judgements.len(), 1);
        judgements.remove(0)
    }

    /// The judgement of the difference of `of` less 10, which is what B comes to.
    fn differs(text: &str, of: &[i128]) -> Judgement {
        let of: Vec<Option<i128>> = of.iter().copied().map(Some).collect();
        let to = vec![Some(10); of.len()];
        differs_of(text, &of, &to)
    }

    fn differs_of(text: &str, of: &[Option<i128>], to: &[Option<i128>]) -> Judgement {
        let thresholds = [threshold(versus(), text)];
        let (a, b) = (samples(&thresholds, Some("A"), of), samples(&thresholds, Some("B"), to));
        let arms =
            [Runs { policy: Some("A"), samples: &a }, Runs { policy: Some("B"), samples: &b }];
        let mut judgements = judge(&thresholds, &arms);
        assert_eq!(judgements.len(), 1);
        judgements.remove(0)
    }

    #[test]
    fn what_one_run_can_answer_holds_in_each_or_not_at_all() {
        let all = judged("dead_lettered <= 3", &[3, 0, 2]);
        assert!(all.holds && all.worst.is_none());
        assert_eq!(all.found, Found::EachRun { held: 3 });
        let some = judged("dead_lettered <= 3", &[4, 0, 7, 7, 3]);
        assert!(!some.holds);
        assert_eq!((some.runs, some.found), (5, Found::EachRun { held: 2 }));
        let worst = some.worst.expect("it does not hold in some");
        assert_eq!((worst.replication, worst.seed), (2, 102), "of equal ones the first");
        assert_eq!(worst.sides[0].to_string(), "7");
    }

    #[test]
    fn the_worst_run_is_the_farthest_off_and_one_without_data_is_farther() {
        let at = |text: &str, of: &[Option<i128>]| {
            judged_of(text, of).worst.map(|worst| worst.replication)
        };
        assert_eq!(at("2 <= dead_lettered <= 4", &[Some(5), Some(0), Some(3)]), Some(1));
        assert_eq!(at("dead_lettered == 4", &[Some(5), Some(1), Some(9)]), Some(2));
        assert_eq!(at("dead_lettered != 4", &[Some(5), Some(4), Some(4)]), Some(1));
        assert_eq!(at("dead_lettered > 4", &[Some(0), None, Some(-9)]), Some(1));
    }

    #[test]
    fn a_statistic_of_the_runs_is_judged_and_not_each_run() {
        let twenty: Vec<i128> = (1..=20).collect();
        for (text, holds) in [
            ("dead_lettered over runs p95 <= 19", true),
            ("dead_lettered over runs p95 < 19", false),
            ("dead_lettered over runs p50 == 10", true),
            ("dead_lettered over runs p100 == 20", true),
            ("dead_lettered over runs min == 1", true),
            ("dead_lettered over runs max == 20", true),
            ("dead_lettered over runs sum == 210", true),
            ("dead_lettered over runs mean == 10.5", true),
            ("dead_lettered over runs count == 20", true),
            ("10 < dead_lettered over runs mean < 10.5", false),
            ("dead_lettered over runs p95 < 2 * dead_lettered over runs p50", true),
            ("2 * dead_lettered over runs mean == 21", true),
        ] {
            assert_eq!(judged(text, &twenty).holds, holds, "{text}");
        }
    }

    #[test]
    fn a_statistic_of_the_runs_tells_what_it_came_to_and_the_farthest_run() {
        let p95 = judged("dead_lettered over runs p95 <= 3", &[0, 9, 1]);
        let Found::OverRuns { sides, without_data: 0 } = &p95.found else {
            panic!("{:?}", p95.found)
        };
        assert_eq!(sides[0].to_string(), "9");
        assert_eq!(p95.worst.expect("a run is above").replication, 1);
        let both =
            judged("dead_lettered over runs min < 2 * dead_lettered over runs max", &[-2, -2]);
        assert!(!both.holds && both.worst.is_some());
        for text in ["dead_lettered over runs sum >= 99", "dead_lettered over runs count == 3"] {
            let added = judged(text, &[2, 2]);
            assert!(!added.holds && added.worst.is_none(), "a single run says nothing of {text}");
        }
    }

    #[test]
    fn without_data_in_one_run_a_statistic_of_the_runs_does_not_hold() {
        for text in ["dead_lettered over runs min >= 0", "dead_lettered over runs count >= 0"] {
            let missing = judged_of(text, &[Some(1), None, Some(2)]);
            assert!(!missing.holds, "{text}");
            let Found::OverRuns { sides, without_data: 1 } = &missing.found else {
                panic!("{:?}", missing.found)
            };
            assert_eq!(sides[0].value, None);
        }
        let zero = judged("dead_lettered / dropped over runs mean >= 0", &[1, 0]);
        assert_eq!(zero.worst.expect("0 / 0 is no number").replication, 1);
    }

    #[test]
    fn a_difference_holds_if_all_of_its_interval_does() {
        // Differences -1, 0, 1 and 2: mean 0.5, deviation sqrt(5/3), t of 3 degrees 3.182446, so
        // the interval is 0.5 ± 2.054260.
        let of = [9, 10, 11, 12];
        for (text, holds) in [
            ("dead_lettered < 2.55427", true),
            ("dead_lettered < 2.55425", false),
            ("dead_lettered <= 2.55427", true),
            ("dead_lettered > -1.55427", true),
            ("dead_lettered > -1.55425", false),
            ("dead_lettered >= -1.55425", false),
            ("-1.56 < dead_lettered < 2.56", true),
            ("-1.56 < dead_lettered < 2.55", false),
            ("2.56 > dead_lettered >= -1.56", true),
            ("dead_lettered == 0.5", false),
            ("dead_lettered != 0.5", false),
            ("dead_lettered != 2.55425", false),
            ("dead_lettered != 2.55427", true),
            ("dead_lettered != -1.55427", true),
        ] {
            assert_eq!(differs(text, &of).holds, holds, "{text}");
        }
    }

    #[test]
    fn a_difference_without_spread_is_one_point() {
        for (text, holds) in [
            ("dead_lettered == 2", true),
            ("dead_lettered != 2", false),
            ("dead_lettered <= 2", true),
            ("dead_lettered < 2", false),
            ("dead_lettered >= 2", true),
            ("dead_lettered > 2", false),
            ("1 < 2 == dead_lettered", true),
            ("2 < 1 < dead_lettered", false),
        ] {
            assert_eq!(differs(text, &[12, 12, 12]).holds, holds, "{text}");
        }
    }

    #[test]
    fn a_difference_tells_its_mean_and_the_farthest_pair() {
        let found = differs("-3 < dead_lettered < 2", &[11, 14, 11]);
        let Found::Difference { sides, measures, estimate, without_data } = found.found else {
            panic!("{:?}", found.found)
        };
        assert_eq!((measures, without_data), (1, 0));
        let shown: Vec<String> = sides.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["-3", "2", "2"]);
        assert_eq!(estimate.expect("three pairs").max, 4.0);
        let worst = found.worst.expect("a pair is beyond");
        assert_eq!((worst.replication, worst.sides[1].to_string().as_str()), (1, "4"));
        assert_eq!(found.policy.as_deref(), Some("A vs B"));
    }

    #[test]
    fn one_pair_and_pairs_without_data_do_not_hold() {
        assert!(!differs("dead_lettered < 100", &[10]).holds, "one pair has no interval");
        assert!(differs("dead_lettered < 100", &[10, 10]).holds);
        let missing = differs_of("dead_lettered < 100", &[Some(1), None], &[Some(1), Some(2)]);
        assert!(!missing.holds);
        let Found::Difference { estimate: None, without_data: 1, .. } = missing.found else {
            panic!("{:?}", missing.found)
        };
    }

    #[test]
    fn each_threshold_meets_the_runs_and_the_values_that_are_its_own() {
        let policy = |name: &str| Scope::Policy(name.to_owned());
        let thresholds = [
            threshold(policy("B"), "dead_lettered == 2"),
            threshold(policy("B"), "dead_lettered over runs mean == 2"),
            threshold(Scope::All, "dead_lettered < 3"),
            threshold(versus(), "dead_lettered == -1"),
            threshold(policy("C"), "1 < dead_lettered over runs max"),
            threshold(Scope::All, "dead_lettered over runs max < 3"),
            threshold(policy("A"), "dead_lettered == 1"),
        ];
        let one = samples(&thresholds, Some("A"), &[Some(1), Some(1)]);
        let two = samples(&thresholds, Some("B"), &[Some(2), Some(2)]);
        let (a, b) =
            (Runs { policy: Some("A"), samples: &one }, Runs { policy: Some("B"), samples: &two });
        let judgements = judge(&thresholds, &[a, b]);
        let of: Vec<_> =
            judgements.iter().map(|j| (j.nth, j.policy.as_deref().unwrap_or_default())).collect();
        let expected =
            [(0, "B"), (1, "B"), (2, "A"), (2, "B"), (3, "A vs B"), (5, "A"), (5, "B"), (6, "A")];
        assert_eq!(of, expected);
        assert!(judgements.iter().all(|judgement| judgement.holds), "{judgements:#?}");
        assert_eq!(judge(&thresholds, &[a]).len(), 3, "nothing of B, C or their difference");
    }
}
