//! Colours by what they mean, in as many as the terminal has.
//!
//! Where it has them all, those of the charts on their dark ground, so that contrast is known; where it has
//! sixteen, those of the terminal on the terminal's ground; with `NO_COLOR` none. A word or a shape always
//! says the same again.

use crate::{chart::Theme, model::Place};
use ratatui::style::{Color, Modifier, Style};

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// Whatever one likes.
    All,
    /// The terminal's own.
    Sixteen,
    /// None.
    None,
}

impl Colors {
    /// What the environment says of the terminal: `NO_COLOR` and `COLORTERM`.
    pub fn of(no_color: bool, colorterm: Option<&str>) -> Colors {
        match colorterm {
            _ if no_color => Colors::None,
            Some("truecolor" | "24bit") => Colors::All,
            Some(_) | None => Colors::Sixteen,
        }
    }
}

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Runs, and what is in flight.
    Running,
    /// What waits to return: retries, hidden messages, refusals.
    Waiting,
    /// What failed; something is set that was not so at the beginning.
    Failed,
    /// What is done.
    Done,
    /// Dead-lettered, expired, dropped.
    Dead,
    /// What can be received, and waits for its turn.
    Visible,
}

/// The styles of everything that is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    colors: Colors,
}

impl Palette {
    /// Of so many colours.
    pub const fn new(colors: Colors) -> Palette {
        Palette { colors }
    }

    /// Text, on the ground of everything.
    pub fn ink(self) -> Style {
        match self.colors {
            Colors::All => {
                let colors = Theme::Dark.colors();
                Style::new().fg(rgb(colors.ink)).bg(rgb(colors.ground))
            }
            Colors::Sixteen | Colors::None => Style::new(),
        }
    }

    /// Text that is read second.
    pub fn muted(self) -> Style {
        match self.colors {
            Colors::All => Style::new().fg(rgb(Theme::Dark.colors().muted)),
            Colors::Sixteen | Colors::None => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// Text that is read first.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Words that mean this. On a ground that is not known they have the colour that is read there.
    pub fn words(self, meaning: Meaning) -> Style {
        match self.colors {
            Colors::All => self.of(meaning),
            Colors::Sixteen | Colors::None => self.strong(),
        }
    }

    /// A mark that means this.
    pub fn of(self, meaning: Meaning) -> Style {
        let colors = Theme::Dark.colors();
        let (all, sixteen) = match meaning {
            Meaning::Running => (colors.first, Color::LightBlue),
            Meaning::Waiting => (colors.retry, Color::Yellow),
            Meaning::Failed => (colors.failed, Color::Red),
            Meaning::Done => (colors.done, Color::Green),
            Meaning::Dead => (colors.dead, Color::Magenta),
            Meaning::Visible => (colors.visible, Color::Cyan),
        };
        match self.colors {
            Colors::All => Style::new().fg(rgb(all)),
            Colors::Sixteen => Style::new().fg(sixteen),
            Colors::None => Style::new(),
        }
    }

    /// Behind what happens while something is set.
    pub fn fault(self, style: Style) -> Style {
        match self.colors {
            Colors::All => style.bg(rgb(Theme::Dark.colors().fault)),
            Colors::Sixteen | Colors::None => style,
        }
    }
}

/// The meaning of a place of the ledger, and the shape that says it again.
pub const fn place(place: Place) -> (Meaning, char) {
    match place {
        Place::Succeeded => (Meaning::Done, '█'),
        Place::Delivered => (Meaning::Done, '▓'),
        Place::Filtered => (Meaning::Visible, '▒'),
        Place::Waiting => (Meaning::Waiting, '░'),
        Place::InFlight => (Meaning::Running, '▸'),
        Place::Failed => (Meaning::Failed, '!'),
        Place::DeadLettered => (Meaning::Dead, '✉'),
        Place::Expired | Place::Dropped => (Meaning::Dead, '×'),
    }
}

/// A colour as SVG writes it.
fn rgb(hex: &str) -> Color {
    hex.parse().expect("the colours of a theme are six hex digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        assert_eq!(Colors::of(false, Some("truecolor")), Colors::All);
        assert_eq!(Colors::of(false, Some("24bit")), Colors::All);
        assert_eq!(Colors::of(false, Some("yes")), Colors::Sixteen);
        assert_eq!(Colors::of(false, None), Colors::Sixteen);
        assert_eq!(Colors::of(true, Some("truecolor")), Colors::None);
    }

    #[test]
    fn without_colours_nothing_has_one() {
        let palette = Palette::new(Colors::None);
        let all = Place::ALL.map(|of| palette.of(place(of).0));
        for style in
            all.into_iter().chain([palette.ink(), palette.muted(), palette.words(Meaning::Dead)])
        {
            assert_eq!((style.fg, palette.fault(style).bg), (None, None));
        }
    }

    #[test]
    fn places_that_share_a_colour_have_shapes_of_their_own() {
        for a in Place::ALL {
            for b in Place::ALL {
                let lost = [Place::Expired, Place::Dropped];
                let same = a == b || (lost.contains(&a) && lost.contains(&b));
                assert!(same || place(a).1 != place(b).1, "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn a_colour_of_the_charts_is_one_of_the_terminal() {
        assert_eq!(rgb("#0072b2"), Color::Rgb(0x00, 0x72, 0xb2));
    }
}
