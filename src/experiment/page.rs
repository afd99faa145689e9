//! The page of a report: everything about a scenario in one file, with a player.
//!
//! Every policy is watched twice: first to know what became of everybody, when all was over and who is the
//! most worth to be followed under all of them; then, with that known, to follow the few that are shown. The
//! first time is replication 0 of the comparison. Nothing that watches changes a run.

use super::{
    Keep, Request, RunError, Workers, Wrong, artifacts, compare::Comparing, cut_of, formulas, grid,
    guess, play, play_beside, policies_or_none, recording, thresholds, usual_metrics, watch, whole,
};
use crate::{
    chart::{Look, OfRuns, Recorded, Theme, forest, recorded, storm},
    kernel::{Span, Time},
    model::world::Limits,
    observe::{
        Asked, Cast, Fates, Formula, Full, Outcome, Scout, Slice, Threshold, digest::Digest,
        formula::Value, slice, stage,
    },
    page::{
        self, Page, Play, Stage,
        data::{self, Guess, Mark, Name, Point, Tried},
    },
    report::{self, compare as comparing, wording},
    scenario::{GuessUnit, Opened, Options, Scenario, timeline::Happening},
    study::compare::{self, Comparison},
};
use std::sync::Arc;

/// More stages have no room beside each other.
const STAGES_MAX: usize = 4;
/// More values of a setting would not fit into the page.
const TRIES_MAX: usize = 40;

/// A report that can be played: all that is wrong with it would have been told.
#[derive(Debug)]
pub struct Reporting {
    opened: Opened,
    request: Request,
    /// What is staged, with what must hold.
    scenarios: Vec<(Scenario, Vec<Threshold>)>,
    guess: Option<Formula>,
    /// Nothing to compare, nothing compared.
    comparing: Option<Comparing>,
    tries: Option<(String, Vec<Try>)>,
    /// Whether the file has more policies than a page shows, and nobody named any.
    pub leaves_out: bool,
}

/// A page that was made.
#[derive(Debug)]
pub struct Written {
    /// The whole file.
    pub text: String,
    /// Whether it shows less than was played, since more would be too large for a page.
    pub is_cut: bool,
}

/// A policy that was played once.
struct Played {
    outcome: Outcome,
    scout: Scout,
    end: Time,
    recorded: recorded::Arm,
}

/// What was played to know what a page shows.
struct Scouted {
    runs: Vec<Played>,
    /// What the replications of each policy came to; none of a single one.
    arms: Vec<compare::Arm>,
}

impl Reporting {
    /// Plans the report of a file: the policies that are named, or its first, or the file as it is written.
    /// Of the first, every value of `tried` is played too, `PATH=VALUES`.
    pub fn of(
        opened: Opened,
        request: &Request,
        tried: Option<&str>,
    ) -> Result<Reporting, RunError> {
        let mut policies = policies_or_none(&opened, request)?;
        let leaves_out = STAGES_MAX < policies.len();
        if leaves_out && !request.policies.is_empty() {
            let message = format!("a report shows at most {STAGES_MAX} policies");
            return Err(Wrong::new(message, "name fewer").into());
        }
        policies.truncate(STAGES_MAX);
        let mut scenarios = Vec::new();
        for policy in &policies {
            scenarios.push(load(&opened, request, policy.as_deref(), &[])?);
        }
        let policy = policies[0].as_deref();
        let tries = tried.map(|text| points(&opened, request, policy, text)).transpose()?;
        let guess = guess(&scenarios[0].0).unwrap_or_default();
        let comparing = comparing(&opened, request, &policies)?;
        let request = request.clone();
        Ok(Reporting { opened, request, scenarios, guess, comparing, tries, leaves_out })
    }

    /// The policies that it shows.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        self.scenarios.iter().filter_map(|(scenario, _)| scenario.policy.as_deref())
    }

    /// Plays the policies and makes their page; none if it would be too large. If nobody named them, it
    /// then shows as many as fit.
    pub fn play(&mut self, workers: &Workers<'_>) -> Result<Option<Written>, RunError> {
        let mut scouted = self.scout(workers)?;
        let mut is_cut = false;
        loop {
            if let Some(text) = self.page(&scouted, workers)? {
                return Ok(Some(Written { text, is_cut }));
            }
            if self.scenarios.len() < 2 || !self.request.policies.is_empty() {
                return Ok(None);
            }
            is_cut = true;
            self.scenarios.pop();
            scouted.runs.pop();
            scouted.arms.pop();
            self.compare_less(&mut scouted, workers)?;
        }
    }

    /// Compares one policy less, by what was played if that is still what would be played.
    fn compare_less(
        &mut self,
        scouted: &mut Scouted,
        workers: &Workers<'_>,
    ) -> Result<(), RunError> {
        let Some(comparing) = &mut self.comparing else { return Ok(()) };
        let all = || self.scenarios.iter().map(|(scenario, _)| scenario);
        let cut =
            cut_of(&comparing.first, all().all(|scenario| scenario.config.is_stationary()), None);
        if self.scenarios.len() < 2 {
            self.comparing = None;
            scouted.arms.clear();
        } else if cut == comparing.plan.cut {
            comparing.plan.arms.pop();
        } else {
            let policies: Vec<_> = all().map(|scenario| scenario.policy.clone()).collect();
            self.comparing = self::comparing(&self.opened, &self.request, &policies)?;
            *scouted = self.scout(workers)?;
        }
        Ok(())
    }

    /// Plays every policy to know what becomes of everybody, and to compare them.
    fn scout(&self, workers: &Workers<'_>) -> Result<Scouted, RunError> {
        let Some(comparing) = &self.comparing else {
            let runs = workers.play(self.scenarios.len(), |at, limits| {
                let config = &self.scenarios[at].0.config;
                let scout = Scout::new(&config.resources);
                let asked = self.asked(at);
                let (super::Played { outcome, finish }, scout, _) =
                    play_beside(config, asked, None, limits, scout);
                whole(&finish, &[], || self.opened.file_name())?;
                self.played(at, outcome, scout, finish.at)
            });
            return Ok(Scouted { runs: runs.all()?, arms: Vec::new() });
        };
        let first = |at: usize, limits: &Limits<'_>| {
            let arm = &comparing.plan.arms[at];
            // The comparison may leave out a beginning that the accounts of the policies have.
            let scenario = comparing.plan.scenario(arm, 0, true)?;
            let own = &self.scenarios[at].0.config;
            let mut scout = Scout::new(&own.resources);
            let mut account = Full::new(own, self.asked(at)).beside(&mut scout);
            let keep = Keep { fates: true, recording: false };
            let beside = Some(&mut account as _);
            let run = comparing.plan.play_beside(arm, &scenario, 0, keep, beside, limits)?;
            let register = run.register.as_ref().expect("somebody watched beside");
            let outcome = account.finish(run.ended, register).expect("it has a watch");
            drop(account);
            let played = self.played(at, outcome, scout, run.ended)?;
            Ok((run, Some(played)))
        };
        let arms = comparing.empty();
        let played = comparing.replications(comparing.all(), false, &first, arms, workers)?;
        match played.stopped {
            Some(error) => Err(error),
            None => {
                Ok(Scouted { runs: played.kept.into_iter().flatten().collect(), arms: played.arms })
            }
        }
    }

    /// What is asked of a policy while it is scouted.
    fn asked(&self, at: usize) -> Asked {
        let (_, thresholds) = &self.scenarios[at];
        let metrics = Vec::from_iter(self.guess.clone());
        Asked { thresholds: thresholds.clone(), metrics, recording: true, fates: false }
    }

    /// What was seen of a policy.
    fn played(
        &self,
        at: usize,
        mut outcome: Outcome,
        scout: Scout,
        end: Time,
    ) -> Result<Played, RunError> {
        if !outcome.faults.is_empty() {
            let run = self.opened.file_name();
            return Err(RunError::Inconsistent { run, faults: outcome.faults });
        }
        let recording = outcome.recording.take().expect("it was asked for");
        let recorded = recording::arm(&self.scenarios[at].0, &outcome.results, recording);
        Ok(Played { outcome, scout, end, recorded })
    }

    /// Makes the page; none if it would be too large.
    fn page(&self, scouted: &Scouted, workers: &Workers<'_>) -> Result<Option<String>, RunError> {
        let Scouted { runs, arms } = scouted;
        let first = &self.scenarios[0].0;
        let recorded = runs.iter().map(|run| run.recorded.clone()).collect();
        let recorded = recording::recorded(first, recorded, None);
        let comparison = self.comparing.as_ref().map(|them| them.comparison(arms.clone()));
        let file = self.opened.file_name();
        let hash = first.hash.clone();
        let mut play = Play {
            name: Name {
                title: first.title.as_deref(),
                question: first.question.as_deref(),
                // It is the answer of the file as it is written.
                answer: first.answer.as_deref().filter(|_| first.is_file_unchanged),
                finding: Some(storm::finding(&recorded)).filter(|_| storm::fits(&recorded)),
                file: &file,
                hash: &hash,
                seed: first.seed,
                dwell: env!("CARGO_PKG_VERSION"),
            },
            end: runs.iter().map(|run| run.end).max().unwrap_or_default(),
            arrivals: runs[0].outcome.results.ledger.run.arrivals,
            chosen: Vec::new(),
            guess: self.guess.as_ref().and_then(|formula| guessed(first, formula, runs)),
            marks: marks(first),
            due_step: data::due_step(
                runs.iter().map(|run| run.scout.longest).max().unwrap_or(Span::ZERO),
            ),
            stages: Vec::new(),
            tried: None,
        };
        let fates: Vec<_> = runs.iter().map(|run| run.scout.fates.clone()).collect();
        play.chosen = slice::choose(&fates, data::DOTS);
        let caller = busiest(&fates[0]);
        drop(fates);
        let stages = workers.play(runs.len(), |at, limits| {
            self.staged(&play, &self.scenarios[at].0, &runs[at], caller, limits)
        });
        play.stages = stages.all()?;
        if let Some((path, tries)) = &self.tries {
            play.tried = Some(tried(path, tries, workers)?);
        }
        let charts = charts(first, &recorded, comparison.as_ref());
        let comparison = comparison.map(|comparison| {
            comparing::blocks(&comparing::Report {
                title: first.title.as_deref(),
                question: None,
                comparison: &comparison,
                stopped_by: None,
            })
        });
        let page = Page {
            play,
            charts,
            comparison: comparison.unwrap_or_default(),
            runs: self.scenarios.iter().zip(runs).map(|(it, run)| in_numbers(&it.0, run)).collect(),
            assumptions: artifacts::assumptions(first),
            warnings: artifacts::warnings(first),
        };
        Ok(page::render(page))
    }

    /// Plays a policy once more and follows what is shown.
    fn staged(
        &self,
        play: &Play<'_>,
        scenario: &Scenario,
        run: &Played,
        caller: usize,
        limits: &Limits<'_>,
    ) -> Result<Stage, RunError> {
        let Scenario { config, policy, .. } = scenario;
        let resources = &config.resources;
        let stage = stage::Stage::new(config, data::instants(play.end), play.due_step);
        let slice = Slice::new(Arc::clone(resources), &play.chosen);
        let watching = (Digest::default(), (stage, slice));
        let ((digest, (stage, slice)), finish) = watch(config, watching, limits);
        whole(&finish, &[], || self.opened.file_name())?;
        let digest = digest.fingerprint();
        assert_eq!(digest, run.outcome.results.digest, "who watches changes nothing");
        let (frames, pace) = stage.finish();
        Ok(Stage {
            name: policy.clone().unwrap_or_default(),
            setting: scenario.policy_sets.clone(),
            digest: digest.to_string(),
            cast: Cast::of(resources, caller),
            frames,
            pace,
            told: slice.finish(),
        })
    }
}

/// Every chart that has something to show, on both grounds: first the one that shows the answer, then the
/// storm, the ledger as a flow and the forest, since they say most of any scenario.
fn charts(
    scenario: &Scenario,
    recorded: &Recorded,
    comparison: Option<&Comparison>,
) -> Vec<page::Chart> {
    let both = |kind, draw: &dyn Fn(Look) -> String| {
        let on = |theme| draw(Look { theme, ..Look::default() });
        page::Chart { kind, light: on(Theme::Light), dark: on(Theme::Dark) }
    };
    let fits = OfRuns::ALL.iter().copied().filter(|kind| kind.fits(recorded));
    let mut all: Vec<page::Chart> =
        fits.map(|kind| both(kind.word(), &|look| kind.svg(recorded, look))).collect();
    if let Some(comparison) = comparison.filter(|comparison| forest::has_differences(comparison)) {
        let setting = forest::Setting { title: recorded.title.as_deref(), stopped_by: None };
        let forest = both("forest", &|look| forest::svg(comparison, &setting, look));
        all.insert(all.len().min(2), forest);
    }
    all.sort_by_key(|chart| scenario.chart.as_deref() != Some(chart.kind));
    all
}

fn load(
    opened: &Opened,
    request: &Request,
    policy: Option<&str>,
    point: &[String],
) -> Result<(Scenario, Vec<Threshold>), RunError> {
    // What is tried is set like the rest, and the page says so.
    let sets = [request.sets.as_slice(), point].concat();
    let scenario = opened.scenario(&Options { sets: &sets, ..request.options(policy) })?;
    let thresholds = thresholds(&scenario).map_err(|found| RunError::mistakes(found, &scenario))?;
    Ok((scenario, thresholds))
}

/// What compares the policies over many runs, if there are two.
fn comparing(
    opened: &Opened,
    request: &Request,
    policies: &[Option<String>],
) -> Result<Option<Comparing>, RunError> {
    let policies: Vec<String> = policies.iter().flatten().cloned().collect();
    if policies.len() < 2 {
        return Ok(None);
    }
    let request = Request { policies, ..request.clone() };
    Comparing::of(vec![opened.clone()], &request).map(Some)
}

/// The caller that started most, the first of them: whose way is shown.
fn busiest(fates: &Fates) -> usize {
    let started = |at: &usize| fates.callers[*at].1.len();
    (0..fates.callers.len()).rev().max_by_key(started).unwrap_or(0)
}

/// What the guess came to under each policy, in the unit of its range.
fn guessed(scenario: &Scenario, formula: &Formula, runs: &[Played]) -> Option<Guess> {
    let asked = scenario.guess.as_ref()?;
    let (unit, scale) = match asked.unit {
        GuessUnit::Number => ("", 1.0),
        GuessUnit::Share => ("%", 100.0),
        GuessUnit::Time => ("s", 1.0),
    };
    let truth = runs.iter().map(|run| match run.outcome.metrics.first()?.value.as_ref()? {
        Value::Number(number) => Some(formula.shown(*number) * scale),
        Value::Instants { .. } => None,
    });
    Some(Guess {
        words: asked.measure.clone(),
        unit,
        from: asked.from * scale,
        to: asked.to * scale,
        truth: truth.collect(),
    })
}

/// What the timeline does.
fn marks(scenario: &Scenario) -> Vec<Mark> {
    let mark = |happening: &Happening| Mark {
        from: happening.from,
        until: happening.until,
        words: happening.words.clone(),
    };
    scenario.happenings.iter().map(mark).collect()
}

/// The account of a policy's run.
fn in_numbers(scenario: &Scenario, run: &Played) -> (String, Vec<wording::Block>) {
    let results = (&run.outcome.results, &run.outcome.series);
    let blocks = artifacts::with_report(scenario, results, None, |report| {
        wording::blocks(&report::Report {
            title: None,
            question: None,
            answer: None,
            policy: None,
            assumptions: &[],
            warnings: &[],
            ..*report
        })
    });
    (scenario.policy.clone().unwrap_or_default(), blocks)
}

/// A value that is tried, ready to be played.
#[derive(Debug)]
struct Try {
    value: String,
    command: String,
    scenario: Scenario,
}

/// Reads what is tried: every value is looked at before anything is played.
fn points(
    opened: &Opened,
    request: &Request,
    policy: Option<&str>,
    text: &str,
) -> Result<(String, Vec<Try>), RunError> {
    let told = |mut wrong: Wrong| {
        wrong.hint = wrong.hint.map(|hint| hint.replace("--grid", "--try"));
        wrong
    };
    let axis = grid::Axis::parse(text).map_err(told)?;
    let path = axis.path.clone();
    let values = grid::combinations(&[axis]).map_err(|mut wrong| told(wrong.swap_remove(0)))?;
    if TRIES_MAX < values.len() {
        let message = format!("--try has {} values", values.len());
        let hint = format!("at most {TRIES_MAX}; `dwell sweep` plays more");
        return Err(Wrong::new(message, hint).into());
    }
    let mut tries = Vec::new();
    for value in values.into_iter().flatten() {
        let set = format!("{path}={value}");
        let (scenario, _) = load(opened, request, policy, std::slice::from_ref(&set))?;
        let command = command(request, &opened.file_name(), policy, &set);
        tries.push(Try { value, command, scenario });
    }
    Ok((path, tries))
}

/// What plays a value again.
fn command(request: &Request, file: &str, policy: Option<&str>, set: &str) -> String {
    let quoted =
        |text: &str| match text.chars().all(|c| c.is_alphanumeric() || "._-=/%".contains(c)) {
            true => text.to_owned(),
            false => format!("'{}'", text.replace('\'', "'\\''")),
        };
    let mut words = vec!["dwell run".to_owned(), quoted(file)];
    words.extend(policy.map(|policy| format!("--policy {}", quoted(policy))));
    words.extend(request.seed.map(|seed| format!("--seed {seed}")));
    words.extend(request.sets.iter().map(|set| format!("--set {}", quoted(set))));
    words.push(format!("--set {}", quoted(set)));
    words.join(" ")
}

/// Plays every value that is tried: first to know when the last of them is over, then to look at all of them
/// at the same instants.
fn tried(path: &str, tries: &[Try], workers: &Workers<'_>) -> Result<Tried, RunError> {
    let played = workers.play(tries.len(), |at, limits| -> Result<_, RunError> {
        let Try { scenario, .. } = &tries[at];
        let config = &scenario.config;
        let usual = usual_metrics(config);
        let texts: Vec<&str> = usual.iter().map(String::as_str).collect();
        let metrics = formulas(scenario, &texts).unwrap_or_default();
        let asked = Asked { metrics: metrics.clone(), ..Asked::default() };
        let super::Played { outcome, finish } = play(config, asked, None, limits);
        whole(&finish, &outcome.faults, || scenario.file_name())?;
        let summary = metrics.iter().zip(&outcome.metrics).filter_map(|(metric, reading)| {
            match reading.value.as_ref()? {
                Value::Number(number) if number.is_infinite() => None,
                Value::Number(number) => Some((metric.text.clone(), metric.shown(*number))),
                Value::Instants { .. } => None,
            }
        });
        Ok((summary.collect::<Vec<_>>(), finish.at))
    });
    let played = played.all()?;
    let last = played.iter().map(|(_, end)| *end).max().unwrap_or_default();
    let instants = data::instants(last);
    let frames = workers.play(tries.len(), |at, limits| -> Result<_, RunError> {
        let Try { scenario, .. } = &tries[at];
        let stage = stage::Stage::new(&scenario.config, instants.clone(), Span::mins(1));
        let (stage, finish) = watch(&scenario.config, stage, limits);
        whole(&finish, &[], || scenario.file_name())?;
        Ok(stage.finish().0)
    });
    let points = tries.iter().zip(played).zip(frames.all()?);
    let points = points.map(|((tried, (summary, _)), frames)| {
        Point::new(tried.value.clone(), tried.command.clone(), summary, &frames)
    });
    Ok(Tried::new(path.to_owned(), instants.clone(), points.collect()))
}
