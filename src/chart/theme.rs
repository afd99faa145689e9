//! Colours by what they mean, for a light and a dark ground.
//!
//! The hues are those of Okabe and Ito, which people who see fewer colours can tell apart; a shape or a
//! label always says it again. Against the ground, text has a contrast of 4.5 to 1 and marks of 3 to 1.

use crate::observe::fates::Place;

/// On what a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Ink on white.
    Light,
    /// Light on nearly black.
    Dark,
}

/// The colours of a theme, as SVG writes them.
#[derive(Clone, Copy, Debug)]
pub struct Colors {
    /// What everything is drawn on.
    pub ground: &'static str,
    /// Text, and marks without a meaning of their own.
    pub ink: &'static str,
    /// Text that is read second, and what is not shown to be anything.
    pub muted: &'static str,
    /// Lines that only guide the eye.
    pub grid: &'static str,
    /// What is done; of two sides, the better one.
    pub done: &'static str,
    /// What failed; of two sides, the worse one.
    pub failed: &'static str,
    /// First attempts.
    pub first: &'static str,
    /// Retries, and what is hidden or waits to return.
    pub retry: &'static str,
    /// What is dead-lettered: it is kept.
    pub dead: &'static str,
    /// What is dropped or expired: it is gone.
    pub lost: &'static str,
    /// What can be received, and waits for its turn.
    pub visible: &'static str,
    /// Everybody: an area behind what is told apart.
    pub all: &'static str,
    /// What is behind the data while something is set on the timeline.
    pub fault: &'static str,
}

impl Theme {
    /// Its colours.
    pub const fn colors(self) -> Colors {
        match self {
            Theme::Light => Colors {
                ground: "#ffffff",
                ink: "#1f2937",
                muted: "#5f6775",
                grid: "#e3e6ea",
                done: "#009e73",
                failed: "#d55e00",
                first: "#0072b2",
                retry: "#b87a00",
                dead: "#a8437f",
                lost: "#b0001e",
                visible: "#64748b",
                all: "#d3d9e1",
                fault: "#fbeae0",
            },
            Theme::Dark => Colors {
                ground: "#111827",
                ink: "#f3f4f6",
                muted: "#a3abb8",
                grid: "#2f3a4a",
                done: "#2cc295",
                failed: "#ff8b40",
                first: "#4aa8e8",
                retry: "#f0b429",
                dead: "#e08dbd",
                lost: "#ff5d6c",
                visible: "#93a1b5",
                all: "#3a4657",
                fault: "#3b2a24",
            },
        }
    }
}

impl Colors {
    /// The colour of what came to a place of the ledger.
    pub const fn of(&self, place: Place) -> &'static str {
        match place {
            Place::Succeeded => self.done,
            Place::Failed => self.failed,
            Place::DeadLettered => self.dead,
            Place::Dropped | Place::Expired => self.lost,
            Place::Waiting | Place::InFlight | Place::Filtered | Place::Delivered => self.visible,
        }
    }

    /// A colour of which so much of the ground is covered, as a colour of its own.
    pub fn tint(&self, color: &str, covered: f64) -> String {
        let channel = |of: &str, at: usize| {
            let byte = u8::from_str_radix(&of[at..at + 2], 16).expect("colours are hex digits");
            f64::from(byte)
        };
        let mixed = [1, 3, 5].map(|at| {
            let (over, under) = (channel(color, at), channel(self.ground, at));
            libm::round(under + covered.clamp(0.0, 1.0) * (over - under)) as u8
        });
        let [red, green, blue] = mixed;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A ramp of one hue from little to much.
const RAMP: [[&str; 8]; 2] = [
    ["#c3d6e8", "#a2c2de", "#7eadd2", "#5a96c6", "#397fb4", "#1f679d", "#0d4f82", "#073560"],
    ["#23405e", "#2b557f", "#356ba0", "#4584bf", "#5f9dd6", "#86b8e7", "#b1d3f4", "#e0eefc"],
];

impl Theme {
    /// The most steps of a ramp.
    pub const STEPS_MAX: usize = RAMP[0].len();

    /// The colour of a step of so many, from little to much: darker on light ground, lighter on dark.
    pub fn ramp(self, step: usize, of: usize) -> &'static str {
        let ramp = match self {
            Theme::Light => &RAMP[0],
            Theme::Dark => &RAMP[1],
        };
        // Of few steps, those that stand apart most.
        let (last, steps) = (Theme::STEPS_MAX - 1, of.saturating_sub(1));
        let nearest = (step * last + steps / 2).checked_div(steps).unwrap_or(last);
        ramp[nearest.min(last)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tint_is_between_the_ground_and_the_colour() {
        let colors = Theme::Light.colors();
        assert_eq!(colors.tint("#0072b2", 0.0), "#ffffff");
        assert_eq!(colors.tint("#0072b2", 1.0), "#0072b2");
        assert_eq!(colors.tint("#00ff01", 0.5), "#80ff80");
    }

    /// How bright a colour is, by the definition of WCAG 2.
    fn luminance(color: &str) -> f64 {
        let channel = |at: usize| {
            let byte = u8::from_str_radix(&color[at..at + 2], 16).expect("two hex digits");
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn a_ramp_goes_away_from_the_ground() {
        for theme in [Theme::Light, Theme::Dark] {
            let ground = theme.colors().ground;
            let steps: Vec<f64> =
                (0..8).map(|step| contrast(theme.ramp(step, 8), ground)).collect();
            assert!(steps.is_sorted_by(|a, b| 1.15 * a < *b), "{theme:?}: {steps:?}");
            assert!(1.4 < steps[0] && 10.0 < steps[7], "{theme:?}: {steps:?}");
            let few = [theme.ramp(0, 2), theme.ramp(1, 2), theme.ramp(0, 1)];
            assert_eq!(few, [theme.ramp(0, 8), theme.ramp(7, 8), theme.ramp(7, 8)]);
        }
    }

    #[test]
    fn text_and_marks_stand_out_from_the_ground() {
        for theme in [Theme::Light, Theme::Dark] {
            let colors = theme.colors();
            let Colors { ground, ink, muted, dead, lost, first, .. } = colors;
            for text in [ink, muted, dead, lost, first] {
                assert!(4.5 <= contrast(text, ground), "{theme:?}: {text}");
            }
            let Colors { grid, done, failed, retry, visible, all, fault, .. } = colors;
            for mark in [done, failed, retry, visible] {
                assert!(3.0 <= contrast(mark, ground), "{theme:?}: {mark}");
            }
            // On the shade of a fault, marks are read too.
            for mark in [done, failed, retry, visible, first, dead, lost] {
                assert!(2.7 <= contrast(mark, fault), "{theme:?}: {mark} on a fault");
            }
            for quiet in [grid, all, fault] {
                assert!(contrast(quiet, ground) < 2.0, "{theme:?}: {quiet} asks to be looked at");
            }
        }
    }

    /// How far apart two colours look: the distance in Oklab.
    fn distance(a: &str, b: &str) -> f64 {
        let lab = |color: &str| {
            let channel = |at: usize| {
                let byte = u8::from_str_radix(&color[at..at + 2], 16).expect("two hex digits");
                let share = f64::from(byte) / 255.0;
                if share <= 0.04045 {
                    share / 12.92
                } else {
                    libm::pow((share + 0.055) / 1.055, 2.4)
                }
            };
            let [r, g, b] = [1, 3, 5].map(channel);
            let l = libm::cbrt(0.412_221_47 * r + 0.536_332_54 * g + 0.051_445_99 * b);
            let m = libm::cbrt(0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b);
            let s = libm::cbrt(0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b);
            [
                0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_05 * s,
                1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
                0.025_904_04 * l + 0.782_771_77 * m - 0.808_675_77 * s,
            ]
        };
        let (a, b) = (lab(a), lab(b));
        libm::sqrt((0..3).map(|at| (a[at] - b[at]) * (a[at] - b[at])).sum())
    }

    #[test]
    fn every_meaning_has_a_colour_of_its_own() {
        for theme in [Theme::Light, Theme::Dark] {
            let Colors { ink, done, failed, first, retry, dead, lost, visible, .. } =
                theme.colors();
            let all = [ink, done, failed, first, retry, dead, lost, visible];
            for (nth, one) in all.iter().enumerate() {
                for other in &all[..nth] {
                    let apart = distance(one, other);
                    assert!(0.07 <= apart, "{theme:?}: {one} and {other} are {apart:.3} apart");
                }
            }
        }
    }

    #[test]
    fn what_is_kept_and_what_is_gone_differ() {
        for theme in [Theme::Light, Theme::Dark] {
            let colors = theme.colors();
            for gone in [Place::Dropped, Place::Expired] {
                assert_ne!(colors.of(gone), colors.of(Place::DeadLettered), "{theme:?}: {gone:?}");
            }
        }
    }
}
