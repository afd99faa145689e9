//! What is now: a row for each function, queue and dependency.

use super::{
    palette::{Meaning, Palette},
    row::{Row, width},
};
use crate::{
    model::{
        config::Resources,
        vocabulary::{DependencyId, FunctionId, QueueId, Target},
    },
    observe::{Live, Measure},
    report::wording::count,
};
use ratatui::text::Line;

/// Columns of a name.
pub const NAME: usize = 12;
/// Columns of a number.
const NUMBER: usize = 9;

/// Tables of functions, queues and dependencies, each with its heading.
pub struct Tables<'a> {
    /// The resources, for their names.
    pub resources: &'a Resources,
    /// What is now.
    pub live: Live<'a>,
    /// The colours.
    pub palette: Palette,
    /// The columns of the screen.
    pub width: usize,
}

impl Tables<'_> {
    /// Every row.
    pub fn lines(&self) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        let Resources { functions, queues, dependencies, .. } = self.resources;
        if !functions.is_empty() {
            let heading = self.heading("functions", "■ running □ free");
            lines.push(self.columns(heading, ["waiting", "runs", "errors", "429s"]));
            lines.extend(self.resources.function_ids().map(|id| self.function(id)));
        }
        if !queues.is_empty() {
            let heading = self.heading("queues", "█ ready ▒ hidden ░ delayed");
            lines.push(self.columns(heading, ["ready", "hidden", "delayed", "arrived"]));
            let deepest = self.deepest();
            lines.extend((0..queues.len()).map(|at| self.queue(QueueId::at(at), deepest)));
        }
        if !dependencies.is_empty() {
            let heading = self.heading("dependencies", "■ busy □ free");
            lines.push(self.columns(heading, ["queued", "requests", "refused", "given up"]));
            let ids = (0..dependencies.len()).map(DependencyId::at);
            lines.extend(ids.map(|id| self.dependency(id)));
        }
        lines
    }

    fn heading(&self, word: &str, legend: &str) -> Row {
        let mut row = Row::new();
        row.put(" ", self.palette.ink()).put(word, self.palette.muted()).to(NAME + 2);
        row.cut(legend, self.room(), self.palette.muted());
        row
    }

    /// The four columns at the right.
    fn columns(&self, mut row: Row, words: [&str; 4]) -> Line<'static> {
        for (at, word) in words.into_iter().enumerate() {
            row.right(word, self.number_end(at), self.palette.muted());
        }
        row.line()
    }

    /// Where the number of a column ends.
    fn number_end(&self, at: usize) -> usize {
        self.width.saturating_sub(1 + (3 - at) * NUMBER)
    }

    /// The columns between a name and the numbers.
    fn room(&self) -> usize {
        self.number_end(0).saturating_sub(NUMBER + NAME + 2)
    }

    /// The numbers at the right; a meaning where there are some.
    fn numbers(&self, mut row: Row, numbers: [(u64, Option<Meaning>); 4]) -> Line<'static> {
        for (at, (number, meaning)) in numbers.into_iter().enumerate() {
            let style = match (number, meaning) {
                (0, _) => self.palette.muted(),
                (_, Some(meaning)) => self.palette.words(meaning),
                (_, None) => self.palette.ink(),
            };
            row.right(&count(number), self.number_end(at), style);
        }
        row.line()
    }

    fn named(&self, name: &str) -> Row {
        let mut row = Row::new();
        row.put(" ", self.palette.ink()).cut(name, NAME, self.palette.strong()).to(NAME + 2);
        row
    }

    /// Places in use and free, and how many; none: there is no limit that is worth a mark.
    fn places(&self, row: &mut Row, used: u64, all: Option<u32>) {
        let words = match all {
            Some(all) => format!("{} of {}", count(used), count(all.into())),
            None => count(used),
        };
        let room = self.room().saturating_sub(width(&words) + 1) as u64;
        // Places are told apart where they have room; else a bar is as long as all.
        let scale = all.map_or(used, u64::from);
        let cells = |n: u64| if scale <= room { n } else { share(n, scale, room) };
        let (full, end) = (cells(used), cells(scale));
        row.put(repeat('■', full), self.palette.of(Meaning::Running));
        row.put(repeat('□', end.saturating_sub(full)), self.palette.muted());
        if 0 < full.max(end) {
            row.put(" ", self.palette.ink());
        }
        row.put(words, self.palette.ink());
    }

    fn function(&self, id: FunctionId) -> Line<'static> {
        let level = |measure| self.live.level(id.into(), measure);
        let mut row = self.named(&self.resources.functions[id.index()].name);
        self.places(&mut row, level(Measure::ConcurrentExecutions), self.live.slots(id));
        let numbers = [
            (level(Measure::WaitingEvents), Some(Meaning::Waiting)),
            (level(Measure::Invocations), None),
            (level(Measure::Errors), Some(Meaning::Failed)),
            (level(Measure::Throttles), Some(Meaning::Waiting)),
        ];
        self.numbers(row, numbers)
    }

    /// Ready, hidden and delayed messages of a queue.
    fn held(&self, id: QueueId) -> [u64; 3] {
        [
            Measure::ApproximateNumberOfMessagesVisible,
            Measure::ApproximateNumberOfMessagesNotVisible,
            Measure::ApproximateNumberOfMessagesDelayed,
        ]
        .map(|measure| self.live.level(id.into(), measure))
    }

    /// The most messages that a queue has now, or had that could be received: the scale of all of them.
    fn deepest(&self) -> u64 {
        let visible = Measure::ApproximateNumberOfMessagesVisible;
        let visible = self.live.over_time().filter(|of| of.measure == visible);
        let now = (0..self.resources.queues.len()).map(|at| self.held(QueueId::at(at)));
        let now = now.map(|held| held.iter().sum());
        visible.map(|of| of.bins.peak()).chain(now).max().unwrap_or(0)
    }

    fn queue(&self, id: QueueId, deepest: u64) -> Line<'static> {
        let dead = is_dead_letter_queue(self.resources, id);
        let name = &self.resources.queues[id.index()].name;
        let mut row = match dead {
            true => self.named(&format!("✉ {name}")),
            false => self.named(name),
        };
        let held = self.held(id);
        let ready = if dead { Meaning::Dead } else { Meaning::Visible };
        // Each that is not 0 is seen.
        let room = self.room().saturating_sub(3) as u64;
        let scale = deepest.max(room);
        let styles =
            [self.palette.of(ready), self.palette.of(Meaning::Waiting), self.palette.muted()];
        for ((n, shape), style) in held.iter().zip(['█', '▒', '░']).zip(styles) {
            row.put(repeat(shape, share(*n, scale, room)), style);
        }
        let arrived = self.live.level(id.into(), Measure::QueueArrived);
        let numbers = [
            (held[0], dead.then_some(Meaning::Dead)),
            (held[1], Some(Meaning::Waiting)),
            (held[2], None),
            (arrived, None),
        ];
        self.numbers(row, numbers)
    }

    fn dependency(&self, id: DependencyId) -> Line<'static> {
        let level = |measure| self.live.level(id.into(), measure);
        let mut row = self.named(&self.resources.dependencies[id.index()].name);
        self.places(&mut row, level(Measure::Busy), self.live.places(id));
        let numbers = [
            (level(Measure::WorkQueued), Some(Meaning::Waiting)),
            (level(Measure::DependencyRequests), None),
            (level(Measure::Refused), Some(Meaning::Failed)),
            (level(Measure::Abandoned), Some(Meaning::Failed)),
        ];
        self.numbers(row, numbers)
    }
}

/// Whether something is dead-lettered to a queue.
pub fn is_dead_letter_queue(resources: &Resources, id: QueueId) -> bool {
    let target = Some(Target::Queue(id));
    let of_function =
        resources.functions.iter().any(|f| f.dead_letter == target || f.on_failure == target);
    let of_outlet = resources.outlets.iter().any(|outlet| outlet.dead_letter == target);
    resources.queues[id.index()].dead_letter_queue || of_function || of_outlet
}

/// The cells of so many where `scale` has all of `room`; at least one if it is not 0.
fn share(n: u64, scale: u64, room: u64) -> u64 {
    let cells = u128::from(n) * u128::from(room) / u128::from(scale.max(1));
    u64::try_from(cells).unwrap_or(room).clamp(u64::from(0 < n), room.max(1))
}

fn repeat(shape: char, times: u64) -> String {
    let times = usize::try_from(times).expect("cells of a screen");
    std::iter::repeat_n(shape, times).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_there_has_a_cell_and_nothing_has_more_than_all() {
        assert_eq!(share(0, 1000, 20), 0);
        assert_eq!(share(1, 1000, 20), 1);
        assert_eq!(share(500, 1000, 20), 10);
        assert_eq!(share(1000, 1000, 20), 20);
        assert_eq!(share(u64::MAX, 10, 20), 20);
    }
}
