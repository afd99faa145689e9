//! `dwell report`: one page with everything in it, and a player.
//!
//! Every policy is played twice: first to know what became of everybody, then to follow the few that are
//! shown. Both are the same run; nothing that watches changes it.

use super::{
    Compared, Repeated, Replicated, ReportArgs,
    compare::{self, How},
    exit::{Exit, failed},
    recording, run, studying,
    watching::{self, Progress},
};
use crate::{
    chart::{Look, OfRuns, Recorded, Theme, forest, storm},
    experiment::{self, grid},
    kernel::{Span, Time},
    model::{
        Observer, Register,
        world::{Finish, Limits, Stop},
    },
    observe::{
        Asked, Cast, Fates, Formula, Outcome, Recorder, Scout, Slice, Threshold, formula::Value,
        slice, stage,
    },
    page::{
        self, Page, Play, Stage,
        data::{self, Guess, Mark, Name, Point, Tried},
        html::BYTES_MAX,
    },
    report::{self, compare as comparing, files::write_whole, wording},
    scenario::{GuessUnit, Opened, Options, Scenario, timeline::Happening},
    study::compare::Comparison,
};
use anyhow::Result;
use std::{fs, io, sync::Arc};

/// More stages have no room beside each other.
const STAGES_MAX: usize = 4;
/// More values of a setting would not fit into the page.
const TRIES_MAX: usize = 40;

/// A policy that was played once.
struct Played {
    scenario: Scenario,
    outcome: Outcome,
    scout: Scout,
    end: Time,
}

/// Plays a file and writes its page.
pub fn report(args: &ReportArgs) -> Result<Exit> {
    let files = std::slice::from_ref(&args.file);
    let stem = run::stems(files)?.swap_remove(0);
    let mut name = stem.clone();
    name.push(".html");
    let target = args.output.join(name);
    let cannot_write = |error: io::Error| {
        failed(Exit::Output, format!("error: cannot write {}: {error}", target.display()))
    };
    let opened = studying::open(files)?.swap_remove(0);
    let mut policies = policies(args, &opened)?;
    let text = loop {
        let make_room = || fs::create_dir_all(&args.output).map_err(cannot_write);
        if let Some(text) = page(args, &opened, &policies, make_room)? {
            break text;
        }
        if policies.len() < 2 || !args.policies.is_empty() {
            let message = format!("error: the page would be larger than {BYTES_MAX} bytes");
            let hint = "hint: take fewer policies: --policies A,B";
            return Err(failed(Exit::Failure, format!("{message}\n{hint}")));
        }
        policies.pop();
        let shown = policies.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        eprintln!("note: more would be too large for a page: it shows {shown}");
    };
    write_whole(&target, text.as_bytes()).map_err(cannot_write)?;
    eprintln!("wrote {}", target.display());
    Ok(Exit::Fine)
}

/// Plays the policies and makes their page; none if it would be too large. All that can be wrong is found
/// before `make_room`, and that before anything is played.
fn page(
    args: &ReportArgs,
    opened: &Opened,
    policies: &[Option<String>],
    make_room: impl Fn() -> Result<()>,
) -> Result<Option<String>> {
    let mut scenarios = Vec::new();
    for policy in policies {
        scenarios.push(load(args, opened, policy.as_deref(), &[])?);
    }
    let tried = args.tried.as_deref().map(|text| points(args, opened, policies, text));
    let tried = tried.transpose()?;
    make_room()?;

    watching::listen();
    let guess = experiment::guess(&scenarios[0].0).unwrap_or_default();
    let (mut runs, mut arms) = (Vec::new(), Vec::new());
    for (scenario, thresholds) in scenarios {
        let metrics = Vec::from_iter(guess.clone());
        let asked = Asked { thresholds, metrics };
        let config = &scenario.config;
        let beside = (Scout::new(&config.resources), Recorder::new(config));
        let (outcome, (scout, recorder), end, register) = play(args, &scenario, asked, beside)?;
        arms.push(recording::arm(&scenario, &outcome, recorder.finish(end, &register)));
        runs.push(Played { scenario, outcome, scout, end });
    }
    let recorded = recording::recorded(&runs[0].scenario, arms, None);
    let comparison = compared(args, policies)?;
    let first = &runs[0].scenario;
    let file = opened.file_name();
    let hash = first.hash.clone();
    let mut play = Play {
        name: Name {
            title: first.title.as_deref(),
            question: first.question.as_deref(),
            answer: first.answer.as_deref(),
            finding: Some(storm::finding(&recorded)).filter(|_| storm::fits(&recorded)),
            file: &file,
            hash: &hash,
            seed: first.seed,
            dwell: env!("CARGO_PKG_VERSION"),
        },
        end: runs.iter().map(|run| run.end).max().unwrap_or_default(),
        arrivals: runs[0].outcome.results.ledger.run.arrivals,
        chosen: Vec::new(),
        guess: guess.as_ref().and_then(|formula| guessed(first, formula, &runs)),
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
    for run in &runs {
        play.stages.push(staged(args, &play, run, caller)?);
    }
    if let Some((path, tried)) = tried {
        play.tried = Some(tries(args, path, tried)?);
    }
    let charts = charts(first, &recorded, comparison.as_ref().map(|(comparison, _)| comparison));
    let page = Page {
        play,
        charts,
        comparison: comparison.map(|(_, blocks)| blocks).unwrap_or_default(),
        runs: runs.iter().map(|run| in_numbers(run, policies)).collect(),
        assumptions: run::assumptions(first),
        warnings: run::warnings(first),
    };
    Ok(page::render(page))
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
    let fits = OfRuns::ALL.into_iter().filter(|kind| kind.fits(recorded));
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

/// Those that are staged: the named ones, or the file's first; without policies the file as written.
fn policies(args: &ReportArgs, opened: &Opened) -> Result<Vec<Option<String>>> {
    let mut policies = studying::policies_or_none(opened, &args.replicated, &args.policies)?;
    if STAGES_MAX < policies.len() {
        if !args.policies.is_empty() {
            let message = format!("error: a report shows at most {STAGES_MAX} policies");
            return Err(failed(Exit::Usage, format!("{message}\nhint: name fewer")));
        }
        policies.truncate(STAGES_MAX);
        let shown = policies.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        eprintln!("note: a report shows {STAGES_MAX} policies: {shown}; --policies names others");
    }
    Ok(policies)
}

fn load(
    args: &ReportArgs,
    opened: &Opened,
    policy: Option<&str>,
    point: &[String],
) -> Result<(Scenario, Vec<Threshold>)> {
    let Replicated { sets, seed, .. } = &args.replicated;
    // What is tried is set like the rest, and the page says so.
    let sets = [sets.as_slice(), point].concat();
    let options = Options { sets: &sets, policy, seed: *seed, ..Options::default() };
    let scenario = opened.scenario(&options).map_err(|failure| studying::unread(&failure))?;
    let thresholds = studying::thresholds(&scenario)?;
    Ok((scenario, thresholds))
}

/// Plays a scenario to its end, with an observer beside the usual one.
fn play<O: Observer>(
    args: &ReportArgs,
    scenario: &Scenario,
    asked: impl Into<Asked>,
    beside: O,
) -> Result<(Outcome, O, Time, Register)> {
    let whole = scenario.config.duration.since(Time::ZERO);
    let progress = Progress::new(!args.replicated.no_progress, whole);
    let stop = |now| progress.at(now);
    let limits = studying::limits(&args.replicated);
    let limits = Limits { interrupted: &stop, ..limits };
    let (played, beside, register) =
        experiment::play_beside(&scenario.config, asked, None, &limits, beside);
    drop(progress);
    let Finish { stop, at, .. } = played.finish;
    if stop != Stop::Complete || !played.outcome.faults.is_empty() {
        let file = run::file_name(scenario);
        return Err(recording::unfinished(&file, played.finish, &played.outcome.faults));
    }
    Ok((played.outcome, beside, at, register))
}

/// The caller that started most, the first of them: whose way is shown.
fn busiest(fates: &Fates) -> usize {
    let started = |at: &usize| fates.callers[*at].1.len();
    (0..fates.callers.len()).rev().max_by_key(started).unwrap_or(0)
}

/// Plays a policy once more and follows what is shown.
fn staged(args: &ReportArgs, play: &Play<'_>, run: &Played, caller: usize) -> Result<Stage> {
    let Scenario { config, policy, .. } = &run.scenario;
    let resources = &config.resources;
    let stage = stage::Stage::new(config, data::instants(play.end), play.due_step);
    let slice = Slice::new(Arc::clone(resources), &play.chosen);
    let beside = (stage, slice);
    let (outcome, (stage, slice), ..) = self::play(args, &run.scenario, Asked::default(), beside)?;
    let digest = outcome.results.digest.to_string();
    assert_eq!(digest, run.outcome.results.digest.to_string(), "who watches changes nothing");
    let (frames, pace) = stage.finish();
    Ok(Stage {
        name: policy.clone().unwrap_or_default(),
        setting: run.scenario.policy_sets.clone(),
        digest,
        cast: Cast::of(resources, caller),
        frames,
        pace,
        told: slice.finish(),
    })
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

/// What the policies come to over many runs; nothing to compare, nothing said.
fn compared(
    args: &ReportArgs,
    policies: &[Option<String>],
) -> Result<Option<(Comparison, Vec<wording::Block>)>> {
    let policies: Vec<String> = policies.iter().flatten().cloned().collect();
    if policies.len() < 2 {
        return Ok(None);
    }
    let repeated =
        Repeated { replicated: args.replicated.clone(), metrics: Vec::new(), warmup: None };
    let compared = Compared { baseline: None, policies, repeated };
    let (plan, first) = compare::plan(std::slice::from_ref(&args.file), &compared)?;
    let how = How::default();
    let played = compare::play_all(&compared.repeated, &plan, 0, &first, &how)?;
    if let Some(exit) = played.stopped {
        return Err(failed(exit, "interrupted: a report is of all replications"));
    }
    let told = comparing::Report {
        title: first.title.as_deref(),
        question: None,
        comparison: &played.comparison,
        stopped_by: None,
    };
    let blocks = comparing::blocks(&told);
    Ok(Some((played.comparison, blocks)))
}

/// The account of a policy's run.
fn in_numbers(run: &Played, policies: &[Option<String>]) -> (String, Vec<wording::Block>) {
    let Played { scenario, outcome, .. } = run;
    let resources = scenario.config.resources.clone();
    let file = run::file_name(scenario);
    let told = report::Report {
        file: &file,
        hash: &scenario.hash,
        title: None,
        question: None,
        answer: None,
        policy: None,
        seed: scenario.seed,
        stopped_by: None,
        results: &outcome.results,
        series: &outcome.series,
        name: &|subject| subject.name(&resources),
        assumptions: &[],
        warnings: &[],
    };
    let name = match policies {
        [None] => String::new(),
        _ => scenario.policy.clone().unwrap_or_default(),
    };
    (name, wording::blocks(&told))
}

/// A value of `--try`, ready to be played.
struct Try {
    value: String,
    command: String,
    scenario: Scenario,
}

/// Reads `--try`: every value is looked at before anything is played.
fn points(
    args: &ReportArgs,
    opened: &Opened,
    policies: &[Option<String>],
    text: &str,
) -> Result<(String, Vec<Try>)> {
    let told = |wrong: grid::Wrong| {
        let hint = wrong.hint.replace("--grid", "--try");
        failed(Exit::Usage, format!("error: {}\nhint: {hint}", wrong.message))
    };
    let axis = grid::Axis::parse(text).map_err(told)?;
    let path = axis.path.clone();
    let values = grid::combinations(&[axis]).map_err(|mut wrong| told(wrong.swap_remove(0)))?;
    if TRIES_MAX < values.len() {
        let message = format!("error: --try has {} values", values.len());
        let hint = format!("hint: at most {TRIES_MAX}; `dwell sweep` plays more");
        return Err(failed(Exit::Usage, format!("{message}\n{hint}")));
    }
    let policy = policies[0].as_deref();
    let mut tries = Vec::new();
    for value in values.into_iter().flatten() {
        let set = format!("{path}={value}");
        let (scenario, _) = load(args, opened, policy, std::slice::from_ref(&set))?;
        let command = command(args, &opened.file_name(), policy, &set);
        tries.push(Try { value, command, scenario });
    }
    Ok((path, tries))
}

/// What plays a value again.
fn command(args: &ReportArgs, file: &str, policy: Option<&str>, set: &str) -> String {
    let quoted =
        |text: &str| match text.chars().all(|c| c.is_alphanumeric() || "._-=/%".contains(c)) {
            true => text.to_owned(),
            false => format!("'{}'", text.replace('\'', "'\\''")),
        };
    let mut words = vec!["dwell run".to_owned(), quoted(file)];
    words.extend(policy.map(|policy| format!("--policy {}", quoted(policy))));
    words.extend(args.replicated.seed.map(|seed| format!("--seed {seed}")));
    words.extend(args.replicated.sets.iter().map(|set| format!("--set {}", quoted(set))));
    words.push(format!("--set {}", quoted(set)));
    words.join(" ")
}

/// Plays every value that is tried.
fn tries(args: &ReportArgs, path: String, tries: Vec<Try>) -> Result<Tried> {
    let mut played = Vec::new();
    for Try { value, command, scenario } in tries {
        let usual = experiment::usual_metrics(&scenario.config);
        let texts: Vec<&str> = usual.iter().map(String::as_str).collect();
        let metrics = experiment::formulas(&scenario, &texts).unwrap_or_default();
        let asked = Asked { thresholds: Vec::new(), metrics: metrics.clone() };
        let (outcome, (), end, _) = play(args, &scenario, asked, ())?;
        let summary = metrics.iter().zip(&outcome.metrics).filter_map(|(metric, reading)| {
            match reading.value.as_ref()? {
                Value::Number(number) => Some((metric.text.clone(), metric.shown(*number))),
                Value::Instants { .. } => None,
            }
        });
        played.push((value, command, summary.collect(), scenario, end));
    }
    let last = played.iter().map(|(.., end)| *end).max().unwrap_or_default();
    let instants = data::instants(last);
    let mut points = Vec::new();
    for (value, command, summary, scenario, _) in played {
        let stage = stage::Stage::new(&scenario.config, instants.clone(), Span::mins(1));
        let (_, stage, ..) = play(args, &scenario, Asked::default(), stage)?;
        points.push(Point::new(value, command, summary, &stage.finish().0));
    }
    Ok(Tried::new(path, instants, points))
}
