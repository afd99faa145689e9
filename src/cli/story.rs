//! `dwell story`: the life of one payload.

use super::{
    Played, StoryArgs,
    exit::{Exit, failed},
    run,
    watching::{self, Clock},
};
use crate::{
    experiment::{self, Progress},
    kernel::Time,
    model::{Observer, Place, config::Resources, world::Finish},
    observe::{Firsts, Id, Story, story::side_by_side},
    scenario::{Scenario, diagnostic::suggest},
};
use anyhow::Result;
use std::io::Write;

/// Plays the file and tells what happened to one payload and to all that it caused.
pub fn story(args: &StoryArgs) -> Result<Exit> {
    let (scenario, _) = run::load(&args.file, &args.played)?;
    watching::listen();
    let resources = scenario.config.resources.clone();
    let id = match (&args.id, &args.first) {
        (Some(text), _) => parse(text, &resources)?,
        (None, Some(place)) => match first(args, &scenario, place)? {
            (Some(id), _) => id,
            (None, finish) => {
                let message = format!("error: nothing was {place} in this run");
                return Ok(nothing(&scenario, finish, &message));
            }
        },
        (None, None) => unreachable!("one of the two is required"),
    };
    let written = id.written(&resources).to_string();
    let (story, finish) = watch(args, &scenario, Story::new(resources.clone(), id));
    if story.steps().is_empty() {
        let message = format!("error: there is no {written} in this run");
        return Ok(nothing(&scenario, finish, &message));
    }
    let early = run::stopped_early(&scenario.file_name(), &finish);
    if let (Some(policy), None) = (&args.versus, early) {
        return versus(args, policy, (&scenario, story), id);
    }
    std::io::stdout().write_all(story.text().as_bytes())?;
    Ok(early.unwrap_or(Exit::Fine))
}

/// The same payload under the other policy: the two stories beside each other.
fn versus(args: &StoryArgs, policy: &str, one: (&Scenario, Story), id: Id) -> Result<Exit> {
    let (scenario, story) = one;
    let played = Played { policy: Some(policy.to_owned()), ..args.played.clone() };
    let (other, _) = run::load(&args.file, &played)?;
    let (told, finish) = watch(args, &other, Story::new(other.config.resources.clone(), id));
    let name = |scenario: &Scenario| match &scenario.policy {
        Some(policy) => policy.clone(),
        None => "as written".to_owned(),
    };
    let text = side_by_side((&name(scenario), &story), (&name(&other), &told));
    std::io::stdout().write_all(text.as_bytes())?;
    let early = run::stopped_early(&other.file_name(), &finish);
    Ok(early.unwrap_or(Exit::Fine))
}

/// There is nothing to tell: because the run stopped early, or because it was asked for what is not.
fn nothing(scenario: &Scenario, finish: Finish, message: &str) -> Exit {
    let early = run::stopped_early(&scenario.file_name(), &finish);
    early.unwrap_or_else(|| {
        eprintln!("{message}");
        Exit::Usage
    })
}

fn watch<O: Observer>(args: &StoryArgs, scenario: &Scenario, observer: O) -> (O, Finish) {
    let whole = scenario.config.duration.since(Time::ZERO);
    let clock = Clock::new(!args.played.no_progress, whole);
    let stop = |now| clock.at(now);
    experiment::watch(&scenario.config, observer, &run::limits(&args.played, &stop))
}

/// `Orders-17`, or `17` if there is one caller.
pub fn parse(text: &str, resources: &Resources) -> Result<Id> {
    let callers: Vec<&str> =
        resources.caller_ids().map(|id| resources.calls[id.index()].name.as_str()).collect();
    let whole = match (text.parse::<u64>(), callers.as_slice()) {
        (Ok(number), [caller]) => format!("{caller}-{number}"),
        _ => text.to_owned(),
    };
    Id::parse(&whole, resources).ok_or_else(|| {
        let examples: Vec<String> = callers.iter().map(|name| format!("{name}-1")).collect();
        failed(
            Exit::Usage,
            format!("error: `{text}` names no payload\nhint: such as {}", examples.join(", ")),
        )
    })
}

/// The place of the ledger that `--first` names.
pub fn place(word: &str) -> Result<Place> {
    let spelled = word.replace('-', "_");
    Firsts::place(&spelled).ok_or_else(|| {
        let words = Place::ALL.map(Place::word);
        let hint = match suggest(&spelled, words.into_iter()) {
            Some(near) => format!("did you mean `{}`?", near.replace('_', "-")),
            None => format!("one of {}", words.join(", ").replace('_', "-")),
        };
        let message = format!("error: `{word}` is no place of the ledger\nhint: {hint}");
        failed(Exit::Usage, message)
    })
}

/// The first payload that came to a place of the ledger, if one did, and how far the run came.
fn first(args: &StoryArgs, scenario: &Scenario, word: &str) -> Result<(Option<Id>, Finish)> {
    let place = place(word)?;
    let (firsts, finish) = watch(args, scenario, Firsts::default());
    Ok((firsts.at(place), finish))
}
