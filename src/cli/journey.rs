//! `dwell chart FILE journey`: which event is shown, and its life under each policy.

use super::{
    ChartArgs,
    exit::{Exit, failed},
    run, story, studying, watching,
};
use crate::{
    chart::journey::{Journey, Life},
    experiment::{self, Request},
    model::{Observer, config::Resources, world::Finish},
    observe::{Fate, Fates, Firsts, Id, MostRuns, Story, digest::Digest, fates::Place},
    scenario::{Opened, Options, Scenario},
};
use anyhow::Result;

/// Policies above each other.
const LIVES_MAX: usize = 2;

/// Plays the file for each policy and follows one event.
pub fn journey(args: &ChartArgs) -> Result<Journey> {
    if args.file.is_dir() {
        let message = "error: a journey is drawn from a scenario file: results have no stories\n\
                       hint: dwell chart FILE.yaml journey";
        return Err(failed(Exit::Usage, message));
    }
    let opened = studying::open(std::slice::from_ref(&args.file))?.swap_remove(0);
    let scenarios = scenarios(args, &opened)?;
    watching::listen();
    let resources = scenarios[0].config.resources.clone();
    let (id, chosen) = match (&args.id, &args.first) {
        (Some(text), _) => {
            (story::parse(text, &resources)?, "the event that was asked for".to_owned())
        }
        (None, Some(word)) => {
            let place = story::place(word)?;
            let mut firsts = scenarios.iter().map(|it| watch(args, it, Firsts::default()));
            let found = firsts.find_map(|firsts| match firsts {
                Ok(firsts) => firsts.at(place).map(Ok),
                Err(error) => Some(Err(error)),
            });
            let found = found.transpose()?.ok_or_else(|| {
                failed(Exit::Usage, format!("error: nothing was {word} in this run"))
            })?;
            (found, format!("the first that was {}", word.replace('_', "-")))
        }
        (None, None) => interesting(args, &scenarios)?,
    };
    let mut lives = Vec::new();
    for scenario in &scenarios {
        let story = Story::new(scenario.config.resources.clone(), id);
        let (story, digest) = watch(args, scenario, (story, Digest::default()))?;
        lives.push(Life {
            name: scenario.policy.clone().unwrap_or_default(),
            sets: scenario.policy_sets.clone(),
            digest: digest.fingerprint().to_string(),
            steps: story.steps().to_vec(),
        });
    }
    let name = Id { copy: 0, ..id }.written(&resources).to_string();
    if args.id.is_some() && lives.iter().all(|life| life.steps.is_empty()) {
        return Err(failed(Exit::Usage, format!("error: there is no {name} in this run")));
    }
    let first = &scenarios[0];
    Ok(Journey {
        name,
        chosen,
        file: first.file_name(),
        hash: first.hash.clone(),
        title: first.title.clone(),
        seed: first.seed,
        lives,
    })
}

fn scenarios(args: &ChartArgs, opened: &Opened) -> Result<Vec<Scenario>> {
    let request = Request::from(&args.compared);
    let named = experiment::policies(opened, &request).map_err(studying::told)?;
    let mut policies: Vec<Option<&str>> = named.iter().map(|name| Some(name.as_str())).collect();
    policies.truncate(LIVES_MAX);
    if policies.is_empty() {
        policies.push(None);
    }
    let load = |policy: Option<&str>| {
        let (sets, seed) = (&request.sets, request.seed);
        let options = Options { sets, policy, seed, ..Options::default() };
        opened.scenario(&options).map_err(|failure| studying::unread(&failure))
    };
    policies.into_iter().map(load).collect()
}

/// Plays a scenario before an observer; a run that stops early has no journey.
fn watch<O: Observer>(args: &ChartArgs, scenario: &Scenario, observer: O) -> Result<O> {
    let limits = studying::limits(&args.compared.repeated.replicated);
    let (observer, finish): (O, Finish) = experiment::watch(&scenario.config, observer, &limits);
    match run::stopped_early(&scenario.file_name(), &finish) {
        None => Ok(observer),
        Some(exit) => Err(failed(exit, "")),
    }
}

/// The event with the most to tell, and why it is that one: the first that ends otherwise under the two
/// policies, else the first dead letter, else the one with the most runs.
fn interesting(args: &ChartArgs, scenarios: &[Scenario]) -> Result<(Id, String)> {
    let resources = &scenarios[0].config.resources;
    let mut seen = Vec::new();
    for scenario in scenarios {
        let observer = (Fates::new(resources), (Firsts::default(), MostRuns::default()));
        seen.push(watch(args, scenario, observer)?);
    }
    if let [(one, _), (other, _)] = seen.as_slice()
        && let Some(id) = first_otherwise(one, other, resources)
    {
        return Ok((id, "the first event that ends otherwise under the two policies".to_owned()));
    }
    if let Some(id) = seen.iter().find_map(|(_, (firsts, _))| firsts.at(Place::DeadLettered)) {
        return Ok((id, "the first event that was dead-lettered".to_owned()));
    }
    match seen.iter().find_map(|(_, (_, most))| most.found()) {
        Some((id, 2..)) => Ok((id, "the event with the most runs".to_owned())),
        found => {
            let first =
                resources.caller_ids().next().map(|caller| Id { caller, number: 1, copy: 0 });
            let id = found.map(|(id, _)| id).or(first).ok_or_else(|| {
                failed(Exit::Usage, "error: there is no caller in this file, and so no event")
            })?;
            Ok((id, "the first event".to_owned()))
        }
    }
}

/// The first arrival, by its number, that two policies have other fates for.
fn first_otherwise(one: &Fates, other: &Fates, resources: &Resources) -> Option<Id> {
    let callers = resources.caller_ids().zip(one.callers.iter().zip(&other.callers));
    let first = callers.filter_map(|(caller, ((_, one), (_, other)))| {
        let at = |fates: &[Fate], nth: usize| fates.get(nth).copied().unwrap_or(Fate::Absent);
        let longer = one.len().max(other.len());
        let nth = (0..longer).find(|nth| at(one, *nth) != at(other, *nth))?;
        Some(Id { caller, number: nth as u64 + 1, copy: 0 })
    });
    first.min_by_key(|id| id.number)
}
