//! Scales: where a value is, and which values are written at it.

use crate::report::wording::grouped;

/// A scale along an axis.
#[derive(Clone, Debug)]
pub struct Scale {
    is_log: bool,
    values: (f64, f64),
    pixels: (f64, f64),
    /// Values with a line and a label, in order.
    pub ticks: Vec<(f64, String)>,
}

/// Times with a label on a scale of logarithms, in seconds.
const AGES: [(f64, &str); 15] = [
    (0.001, "1 ms"),
    (0.01, "10 ms"),
    (0.1, "100 ms"),
    (1.0, "1 s"),
    (10.0, "10 s"),
    (60.0, "1 min"),
    (180.0, "3 min"),
    (600.0, "10 min"),
    (3_600.0, "1 h"),
    (21_600.0, "6 h"),
    (86_400.0, "1 d"),
    (345_600.0, "4 d"),
    (1_209_600.0, "14 d"),
    (8_640_000.0, "100 d"),
    (86_400_000.0, "1,000 d"),
];

impl Scale {
    /// From 0 to a round number that is not below `max`, on these pixels, with about so many steps.
    pub fn linear(max: f64, pixels: (f64, f64), steps: f64) -> Scale {
        let max = if max > 0.0 { max } else { 1.0 };
        let step = round_step(max / steps);
        let top = libm::ceil(max / step - 1e-9) * step;
        let last = libm::round(top / step) as usize;
        let ticks = (0..=last).map(|nth| nth as f64 * step).map(|v| (v, number(v))).collect();
        Scale { is_log: false, values: (0.0, top), pixels, ticks }
    }

    /// Powers of ten from not above `low` to not below `high`, both above 0.
    pub fn decades(low: f64, high: f64, pixels: (f64, f64)) -> Scale {
        let from = libm::floor(libm::log10(low) + 1e-9);
        let to = libm::ceil(libm::log10(high) - 1e-9).max(from + 1.0);
        let powers = (0..=(to - from) as usize).map(|nth| libm::pow(10.0, from + nth as f64));
        let ticks: Vec<(f64, String)> = powers.map(|v| (v, number(v))).collect();
        let values = (ticks[0].0, ticks[ticks.len() - 1].0);
        Scale { is_log: true, values, pixels, ticks }
    }

    /// From just `low` to just `high`, both above 0, as logarithms; 1, 2 and 5 of each power of ten are
    /// written if they are at least so far apart, else its 1.
    pub fn fine(low: f64, high: f64, pixels: (f64, f64), apart: f64) -> Scale {
        let decades = libm::log10(high / low);
        let decade = (pixels.1 - pixels.0).abs() / decades;
        let digits: &[f64] = if apart <= 0.3 * decade { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let from = libm::floor(libm::log10(low));
        let powers = (0..=(decades as usize + 1)).map(|nth| libm::pow(10.0, from + nth as f64));
        let values = powers.flat_map(|power| digits.iter().map(move |digit| digit * power));
        let inside = values.filter(|value| low <= *value && *value <= high);
        let ticks = inside.map(|value| (value, number(value))).collect();
        Scale { is_log: true, values: (low, high), pixels, ticks }
    }

    /// Times in seconds from about `low` to about `high`, both above 0, as logarithms.
    pub fn ages(low: f64, high: f64, pixels: (f64, f64)) -> Scale {
        let from = AGES.iter().rposition(|(age, _)| *age <= low).unwrap_or(0);
        let to = AGES.iter().position(|(age, _)| high <= *age).unwrap_or(AGES.len() - 1);
        let to = to.max(from + 1).min(AGES.len() - 1);
        let from = from.min(to - 1);
        let ticks = AGES[from..=to].iter().map(|(age, label)| (*age, (*label).to_owned()));
        let values = (AGES[from].0, AGES[to].0);
        Scale { is_log: true, values, pixels, ticks: ticks.collect() }
    }

    /// Time since the start, in seconds, to just this end; with the words for its caption.
    pub fn time(seconds: f64, pixels: (f64, f64)) -> (Scale, &'static str) {
        let (unit, steps, caption): (f64, &[f64], &str) = match seconds {
            s if s <= 2.0 => (
                0.001,
                &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0],
                "milliseconds since the start",
            ),
            s if s <= 180.0 => {
                (1.0, &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0], "seconds since the start")
            }
            s if s <= 10_800.0 => {
                (60.0, &[1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0], "minutes since the start")
            }
            s if s <= 345_600.0 => {
                (3_600.0, &[1.0, 2.0, 3.0, 6.0, 12.0, 24.0], "hours since the start")
            }
            _ => (
                86_400.0,
                &[1.0, 2.0, 5.0, 7.0, 14.0, 28.0, 91.0, 365.0, 3650.0],
                "days since the start",
            ),
        };
        let end = if seconds > 0.0 { seconds } else { 1.0 };
        let room = ((pixels.1 - pixels.0).abs() / 46.0).max(1.0);
        let fits = |step: &&f64| end / (**step * unit) <= room;
        let step = steps.iter().find(fits).or(steps.last()).expect("there are some") * unit;
        let last = libm::floor(end / step + 1e-9) as usize;
        let ticks = (0..=last).map(|nth| nth as f64 * step).map(|v| (v, number(v / unit)));
        let scale = Scale { is_log: false, values: (0.0, end), pixels, ticks: ticks.collect() };
        (scale, caption)
    }

    /// The unit in which lengths of time up to this are written: its seconds and its word.
    pub fn unit(longest: f64) -> (f64, &'static str) {
        match longest {
            s if s <= 2.0 => (0.001, "milliseconds"),
            s if s <= 180.0 => (1.0, "seconds"),
            s if s <= 10_800.0 => (60.0, "minutes"),
            s if s <= 345_600.0 => (3_600.0, "hours"),
            _ => (86_400.0, "days"),
        }
    }

    /// Lengths of time in seconds from 0, on an axis that goes up, in their [`Scale::unit`].
    pub fn durations(longest: f64, pixels: (f64, f64)) -> Scale {
        let (unit, _) = Scale::unit(longest);
        let mut scale = Scale::linear(longest / unit, pixels, 4.0);
        scale.ticks.iter_mut().for_each(|(value, _)| *value *= unit);
        scale.values.1 *= unit;
        scale
    }

    /// Shares from 0 to 1, written in percent.
    pub fn share(pixels: (f64, f64)) -> Scale {
        let ticks = [0, 25, 50, 75, 100]
            .map(|percent| (f64::from(percent) / 100.0, format!("{percent} %")));
        Scale { is_log: false, values: (0.0, 1.0), pixels, ticks: ticks.to_vec() }
    }

    /// The same values on other pixels.
    pub fn on(&self, pixels: (f64, f64)) -> Scale {
        Scale { pixels, ..self.clone() }
    }

    /// With only so many ticks that their labels are that far apart.
    pub fn thinned(mut self, apart: f64) -> Scale {
        let mut last: Option<f64> = None;
        let ticks = std::mem::take(&mut self.ticks);
        let kept = ticks.into_iter().filter(|(value, _)| {
            let at = self.at(*value);
            let is_clear = last.is_none_or(|last| apart <= (at - last).abs());
            if is_clear {
                last = Some(at);
            }
            is_clear
        });
        self.ticks = kept.collect();
        self
    }

    /// Where a value is; what is beyond an end is at it.
    pub fn at(&self, value: f64) -> f64 {
        let (from, to) = self.values;
        let share = if self.is_log {
            let value = value.clamp(from, to);
            libm::log(value / from) / libm::log(to / from)
        } else {
            (value.clamp(from, to) - from) / (to - from)
        };
        self.pixels.0 + share * (self.pixels.1 - self.pixels.0)
    }

    /// The value at a part of the way from the smallest to the largest.
    pub fn value(&self, part: f64) -> f64 {
        let (from, to) = self.values;
        if self.is_log { from * libm::pow(to / from, part) } else { from + part * (to - from) }
    }

    /// The smallest and the largest value.
    pub fn values(&self) -> (f64, f64) {
        self.values
    }

    /// Where it begins and ends.
    pub fn pixels(&self) -> (f64, f64) {
        self.pixels
    }
}

/// 1, 2, 2.5 or 5 times a power of ten that is not below `at_least`; 2.5 only where it is whole.
fn round_step(at_least: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(at_least)));
    let digits =
        if power >= 10.0 { [1.0, 2.0, 2.5, 5.0, 10.0] } else { [1.0, 2.0, 5.0, 5.0, 10.0] };
    let found = digits.into_iter().find(|digit| at_least <= digit * power * (1.0 + 1e-9));
    found.unwrap_or(10.0) * power
}

/// A number as short as it can be on a scale: `250`, `15k`, `1.2M`, `0.05`.
pub fn number(value: f64) -> String {
    let short = |value: f64, letter: &str| {
        let text = format!("{value:.2}");
        format!("{}{letter}", text.trim_end_matches('0').trim_end_matches('.'))
    };
    match value.abs() {
        v if v >= 1e9 => short(value / 1e9, "G"),
        v if v >= 1e6 => short(value / 1e6, "M"),
        v if v >= 1e4 => short(value / 1e3, "k"),
        v if v >= 100.0 || v == 0.0 => grouped(&format!("{value:.0}")),
        v if v >= 1.0 => short(value, ""),
        v => {
            let decimals = usize::try_from(-libm::floor(libm::log10(v)) as i64).unwrap_or(0) + 1;
            let text = format!("{value:.decimals$}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn linear_scales_end_at_round_numbers() {
        let of = |max| Scale::linear(max, (100.0, 0.0), 4.0);
        assert_eq!(labels(&of(87.0)), ["0", "25", "50", "75", "100"]);
        assert_eq!(labels(&of(13_851.0)), ["0", "5,000", "10k", "15k"]);
        assert_eq!(labels(&of(0.13)), ["0", "0.05", "0.1", "0.15"]);
        assert_eq!(labels(&of(0.0)), ["0", "0.5", "1"]);
        assert_eq!((of(87.0).at(50.0), of(87.0).at(1e9)), (50.0, 0.0));
        assert_eq!(labels(&of(8.7)), ["0", "5", "10"]);
    }

    #[test]
    fn ages_are_written_as_people_say_them() {
        let scale = Scale::ages(0.4, 700.0, (0.0, 100.0));
        assert_eq!(labels(&scale), ["100 ms", "1 s", "10 s", "1 min", "3 min", "10 min", "1 h"]);
        assert_eq!((scale.at(0.1), scale.at(3_600.0), scale.at(1e-9)), (0.0, 100.0, 0.0));
        assert_eq!(labels(&Scale::ages(1e12, 1e13, (0.0, 1.0))).len(), 2);
    }

    #[test]
    fn time_has_the_unit_of_its_length() {
        let of = |seconds, width| Scale::time(seconds, (0.0, width));
        let (hour, caption) = of(3_600.0, 300.0);
        assert_eq!(
            (labels(&hour), caption),
            (vec!["0", "10", "20", "30", "40", "50", "60"], "minutes since the start")
        );
        assert_eq!(labels(&of(900.0, 150.0).0), ["0", "5", "10", "15"]);
        assert_eq!(of(90.0, 300.0).1, "seconds since the start");
        assert_eq!(of(1e6, 300.0).1, "days since the start");
        assert_eq!(labels(&of(0.0, 300.0).0)[0], "0");
    }

    #[test]
    fn durations_go_up_in_their_unit() {
        let scale = Scale::durations(86_400.0, (100.0, 0.0));
        assert_eq!(labels(&scale), ["0", "10", "20", "30"]);
        assert_eq!((scale.at(0.0), scale.at(30.0 * 3_600.0)), (100.0, 0.0));
        assert_eq!((Scale::unit(86_400.0).1, Scale::unit(90.0).1), ("hours", "seconds"));
    }

    #[test]
    fn fine_logarithms_have_as_many_labels_as_there_is_room_for() {
        let of = |pixels| Scale::fine(0.8, 60.0, (0.0, pixels), 40.0);
        assert_eq!(labels(&of(400.0)), ["1", "2", "5", "10", "20", "50"]);
        assert_eq!(labels(&of(100.0)), ["1", "10"]);
        let scale = of(400.0);
        for part in [0.0, 0.3, 1.0] {
            assert!((scale.at(scale.value(part)) - 400.0 * part).abs() < 1e-9, "{part}");
        }
    }

    #[test]
    fn decades_hold_both_ends() {
        let scale = Scale::decades(3.0, 2_000.0, (0.0, 4.0));
        assert_eq!(labels(&scale), ["1", "10", "100", "1,000", "10k"]);
        assert_eq!(Scale::decades(1.0, 1.0, (0.0, 1.0)).values(), (1.0, 10.0));
    }
}
