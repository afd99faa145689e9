//! What happened: the story of the payload that is followed, or the last facts of all.

use super::{
    palette::{Palette, place},
    row::{Row, clock, wrapped},
};
use crate::{
    model::{Place, config::Resources},
    observe::{Id, Live, Story},
};
use ratatui::{style::Style, text::Line};
use std::collections::BTreeSet;

/// Columns of a time of day, and of blanks beside it.
const TIME: usize = 13;

/// What tells.
pub struct Teller<'a> {
    /// The resources, for their names.
    pub resources: &'a Resources,
    /// The colours.
    pub palette: Palette,
    /// The columns of the screen.
    pub width: usize,
}

impl Teller<'_> {
    /// The last facts, the newest last. Those behind the first `known` of all are marked.
    pub fn latest(&self, live: Live<'_>, known: Option<u64>, most: usize) -> Vec<Line<'static>> {
        let mut heading = Row::new();
        let told = " latest · n p d or a number follows a message";
        heading.cut(told, self.width, self.palette.muted());
        let mut lines = vec![heading.line()];
        let shown = live.latest().len().min(most.saturating_sub(1));
        let first = live.facts() - shown as u64;
        let facts = live.latest().rev().take(shown).collect::<Vec<_>>();
        for (at, noted) in (first..).zip(facts.into_iter().rev()) {
            let told = noted.row(self.resources);
            let mut row = Row::new();
            let mark = if known.is_some_and(|known| known <= at) { "▸" } else { " " };
            row.put(mark, self.palette.strong());
            row.put(clock(told.now), self.palette.muted()).to(TIME);
            let id = told.written_id.map_or(String::new(), |id| format!("{id} "));
            row.put(format!("{id}{} ", told.resource), self.palette.ink());
            row.put(told.fact, self.moved(noted.moved));
            let attempt = told.attempt.map_or(String::new(), |nth| format!(" attempt={nth}"));
            let rest = format!(" [{}]{attempt} {}", told.rule.id(), told.detail);
            let room = self.width.saturating_sub(row.width());
            row.cut(&rest, room, self.palette.muted());
            lines.push(row.line());
        }
        lines
    }

    /// The story of `id` so far, of which so many lines from the last are below what is shown. Without a
    /// story it is being read back.
    pub fn story(
        &self,
        id: Id,
        story: Option<&Story>,
        below: usize,
        most: usize,
    ) -> Vec<Line<'static>> {
        let name = id.written(self.resources).to_string();
        let mut heading = Row::new();
        heading.put(" ", self.palette.ink()).cut(&name, 30, self.palette.strong());
        let Some(story) = story else {
            heading.put(" is being read back", self.palette.muted());
            return vec![heading.line()];
        };
        let arrival = story.steps().iter().filter(|step| step.copy == 0);
        let Some(step) = arrival.clone().next() else {
            heading.put(" has not come yet", self.palette.muted());
            return vec![heading.line()];
        };
        let now = arrival.rev().find_map(|step| step.moved);
        heading.put(format!(" since {}", clock(step.now)), self.palette.muted());
        if let Some(now) = now {
            heading.put(" · ", self.palette.muted());
            heading.put(place_word(now), self.moved(Some(now)));
        }
        let told = self.steps(story);
        let room = most.saturating_sub(1);
        let below = below.min(told.len().saturating_sub(room));
        let end = told.len() - below;
        let moves = match below {
            _ if told.len() <= room => String::new(),
            0 => " · ↑".to_owned(),
            below => format!(" · ↑ ↓ {below} more lines"),
        };
        let keys = format!("{moves} · Enter more · Esc lets go");
        let left = self.width.saturating_sub(heading.width());
        heading.cut(&keys, left, self.palette.muted());
        let shown = told.into_iter().take(end).skip(end.saturating_sub(room));
        [heading.line()].into_iter().chain(shown).collect()
    }

    /// Each step in a line, and below it the rule, where it is cited first.
    fn steps(&self, story: &Story) -> Vec<Line<'static>> {
        let (mut lines, mut cited, mut before) = (Vec::new(), BTreeSet::new(), None);
        for step in story.steps() {
            let mut row = Row::new();
            if before.replace(step.now) != Some(step.now) {
                row.put(" ", Style::new()).put(clock(step.now), self.palette.muted());
            }
            row.to(TIME).put(format!("{} ", step.resource), self.palette.ink());
            row.put(step.fact, self.moved(step.moved));
            let room = self.width.saturating_sub(row.width());
            let rest = format!(" [{}]{}", step.rule.id(), step.particulars());
            row.cut(&rest, room, self.palette.muted());
            lines.push(row.line());
            if cited.insert(step.rule) {
                let sentence = format!("{}: {}", step.rule.id(), step.rule.statement());
                for line in wrapped(&sentence, self.width.saturating_sub(TIME + 3)) {
                    lines.push(Row::new().to(TIME + 2).put(line, self.palette.muted()).line());
                }
            }
        }
        lines
    }

    fn moved(&self, moved: Option<Place>) -> Style {
        moved.map_or(self.palette.ink(), |moved| self.palette.words(place(moved).0))
    }
}

/// The word of a place, as it is read.
pub fn place_word(place: Place) -> String {
    place.word().replace('_', " ").replace("dead lettered", "dead-lettered")
}
