//! Grids: the values of a path, every combination of several, or a Latin hypercube over them.
//!
//! ```text
//! grid    PATH=VALUE,VALUE,…     values as the file has them; commas in brackets do not count
//!         PATH=FROM..TO[ by STEP]  numbers of one unit: 1..10, 30s..5m is two units, 30s..300s by 30s
//! ```

use super::Wrong;
use crate::statistics::latin_hypercube;

/// So many values a path may have.
const VALUES_MAX: i128 = 100_000;
/// So many points a sweep may have.
pub const POINTS_MAX: usize = 1 << 20;

/// A path and what it is varied over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The path.
    pub path: String,
    values: Values,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    List(Vec<String>),
    Range { first: i128, last: i128, step: Option<i128>, decimals: u32, unit: String },
}

impl Axis {
    /// Reads `PATH=VALUE,…` or `PATH=FROM..TO[ by STEP]`.
    pub fn parse(text: &str) -> Result<Axis, Wrong> {
        let hint = "write --grid 'queues.Jobs.VisibilityTimeout=30s,60s' or 'PATH=1..10'";
        let Some((path, written)) = text.split_once('=') else {
            return Err(Wrong::new(format!("`{text}` has no values"), hint));
        };
        let (path, written) = (path.trim(), written.trim());
        if path.is_empty() || written.is_empty() {
            return Err(Wrong::new(format!("`{text}` has no path or no values"), hint));
        }
        let values = match range(written) {
            Some(range) => range?,
            None => Values::List(split(written)?),
        };
        Ok(Axis { path: path.to_owned(), values })
    }

    /// Every value, in order.
    fn all(&self) -> Result<Vec<String>, Wrong> {
        match &self.values {
            Values::List(values) => Ok(values.clone()),
            Values::Range { first, last, step, decimals, unit } => {
                let Some(step) = step else {
                    let path = &self.path;
                    let hint = "write 30s..300s by 30s; only a Latin hypercube does without";
                    return Err(Wrong::new(format!("the range of `{path}` has no step"), hint));
                };
                if VALUES_MAX <= (last - first) / step {
                    let hint = format!("at most {VALUES_MAX}");
                    return Err(Wrong::new(format!("`{}` has too many values", self.path), hint));
                }
                let count = (last - first) / step;
                let values = (0..=count).map(|nth| written(first + nth * step, *decimals, unit));
                Ok(values.collect())
            }
        }
    }

    /// The value at a place between 0 and 1.
    fn at(&self, place: f64) -> String {
        let nth = |count: i128| {
            let nth = libm::floor(place * count as f64) as i128;
            nth.clamp(0, count - 1)
        };
        match &self.values {
            Values::List(values) => {
                let nth = usize::try_from(nth(values.len() as i128)).expect("within the list");
                values[nth].clone()
            }
            Values::Range { first, last, step, decimals, unit } => {
                let step = step.unwrap_or(1);
                let count = (last - first) / step + 1;
                written(first + nth(count) * step, *decimals, unit)
            }
        }
    }
}

/// A number of so many decimals with its unit.
fn written(number: i128, decimals: u32, unit: &str) -> String {
    let scale = 10i128.pow(decimals);
    let (whole, rest) = (number / scale, (number % scale).abs());
    let sign = if number < 0 && whole == 0 { "-" } else { "" };
    match decimals {
        0 => format!("{whole}{unit}"),
        _ => format!("{sign}{whole}.{rest:0width$}{unit}", width = decimals as usize),
    }
}

/// A range, if the text is one.
fn range(text: &str) -> Option<Result<Values, Wrong>> {
    let (bounds, step) = match text.split_once(" by ") {
        Some((bounds, step)) => (bounds, Some(step.trim())),
        None => (text, None),
    };
    let (first, last) = bounds.split_once("..")?;
    let (first, last) = (number(first.trim())?, number(last.trim())?);
    let step = match step {
        None => None,
        Some(step) => match number(step) {
            Some(step) => Some(step),
            None => {
                return Some(Err(Wrong::new(format!("`{step}` is no step"), "write 1..10 by 3")));
            }
        },
    };
    let all = || [Some(&first), Some(&last), step.as_ref()].into_iter().flatten();
    if all().any(|(.., unit)| *unit != first.2) {
        let hint = "write both ends and the step in one unit: 30s..300s by 30s";
        return Some(Err(Wrong::new(format!("`{text}` has several units"), hint)));
    }
    let decimals = all().map(|(_, decimals, _)| *decimals).max().unwrap_or(0);
    let scaled = |(digits, own, _): &(i128, u32, String)| digits * 10i128.pow(decimals - own);
    let (from, to) = (scaled(&first), scaled(&last));
    let step = step.as_ref().map(scaled);
    // Whole numbers without a unit are counted one by one.
    let step = step.or((decimals == 0 && first.2.is_empty()).then_some(1));
    if to < from || step.is_some_and(|step| step <= 0) {
        let hint = "from the lower to the higher, by a step above 0";
        return Some(Err(Wrong::new(format!("`{text}` is empty"), hint)));
    }
    Some(Ok(Values::Range { first: from, last: to, step, decimals, unit: first.2 }))
}

/// Digits without the point, how many of them are decimals, and the unit.
fn number(text: &str) -> Option<(i128, u32, String)> {
    let end =
        text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || whole == "-" || digits.len() > 18 || digits.ends_with('.') {
        return None;
    }
    let magnitude: i128 = format!("{whole}{decimals}").parse().ok()?;
    Some((magnitude, u32::try_from(decimals.len()).ok()?, unit.to_owned()))
}

/// The values between commas that are in no bracket and no quotes.
fn split(text: &str) -> Result<Vec<String>, Wrong> {
    let (mut values, mut start, mut depth, mut quote) = (Vec::new(), 0, 0i32, None);
    for (at, c) in text.char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => (),
            ('"' | '\'', None) => quote = Some(c),
            ('[' | '{', None) => depth += 1,
            (']' | '}', None) => depth -= 1,
            (',', None) if depth == 0 => {
                values.push(text[start..at].trim().to_owned());
                start = at + 1;
            }
            (_, None) => (),
        }
    }
    values.push(text[start..].trim().to_owned());
    if values.iter().any(String::is_empty) {
        return Err(Wrong::new(
            format!("`{text}` has an empty value"),
            "write values between commas",
        ));
    }
    Ok(values)
}

/// Reads the grids of a sweep; a path may be varied once.
pub fn axes(grids: &[String]) -> Result<Vec<Axis>, Vec<Wrong>> {
    let (mut axes, mut mistakes): (Vec<Axis>, Vec<Wrong>) = (Vec::new(), Vec::new());
    for grid in grids {
        match Axis::parse(grid) {
            Ok(axis) if axes.iter().any(|known| known.path == axis.path) => {
                let hint = "write all its values in one --grid";
                mistakes.push(Wrong::new(format!("`{}` is varied twice", axis.path), hint));
            }
            Ok(axis) => axes.push(axis),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(axes) } else { Err(mistakes) }
}

/// Every combination of the axes' values, the last axis fastest.
pub fn combinations(axes: &[Axis]) -> Result<Vec<Vec<String>>, Vec<Wrong>> {
    let (mut all, mut mistakes) = (vec![Vec::new()], Vec::new());
    for axis in axes {
        match axis.all() {
            Ok(values) if values.len().saturating_mul(all.len()) > POINTS_MAX => {
                let hint = format!("at most {POINTS_MAX} points; --lhs N spreads fewer over all");
                return Err(vec![Wrong::new("the grid has too many points", hint)]);
            }
            Ok(values) => {
                let with = |point: &Vec<String>| -> Vec<Vec<String>> {
                    let longer =
                        |value: &String| [point.as_slice(), std::slice::from_ref(value)].concat();
                    values.iter().map(longer).collect()
                };
                all = all.iter().flat_map(with).collect();
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(all) } else { Err(mistakes) }
}

/// So many points, spread evenly over every axis: each of as many equal parts of an axis has one.
/// Values of a range have the decimals of its ends.
pub fn hypercube(axes: &[Axis], points: u64, seed: u64) -> Vec<Vec<String>> {
    let names: Vec<&str> = axes.iter().map(|axis| axis.path.as_str()).collect();
    let spread = latin_hypercube(points, &names, seed);
    let point = |places: Vec<f64>| axes.iter().zip(places).map(|(axis, at)| axis.at(at)).collect();
    spread.into_iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        combinations(&[Axis::parse(text).unwrap()]).unwrap().concat()
    }

    #[track_caller]
    fn told(text: &str, part: &str) {
        let found = Axis::parse(text).and_then(|axis| axis.all());
        let mistake = found.expect_err(text);
        assert!(mistake.message.contains(part), "{text}: {mistake:?}");
    }

    #[test]
    fn lists_are_split_at_commas_outside_brackets() {
        assert_eq!(values("q.V=30s,60s, 180s"), ["30s", "60s", "180s"]);
        let laws = "f.service_time={lognormal: {mean: 1s, cv: 2}},{uniform: {min: 0s, max: 2s}}";
        assert_eq!(values(laws).len(), 2);
        assert_eq!(values("f.x='a,b',c"), ["'a,b'", "c"]);
        assert_eq!(values("f.x=null,3"), ["null", "3"]);
    }

    #[test]
    fn ranges_have_one_unit_and_exact_decimals() {
        assert_eq!(values("q.m=1..4"), ["1", "2", "3", "4"]);
        assert_eq!(values("q.m=1..10 by 4"), ["1", "5", "9"]);
        assert_eq!(values("q.V=30s..90s by 30s"), ["30s", "60s", "90s"]);
        assert_eq!(values("f.e=0%..0.3% by 0.1%"), ["0.0%", "0.1%", "0.2%", "0.3%"]);
        assert_eq!(values("c.r=50/s..150/s by 50/s"), ["50/s", "100/s", "150/s"]);
        assert_eq!(values("x=-1..1"), ["-1", "0", "1"]);
        assert_eq!(values("x=-0.5..0.5 by 0.5"), ["-0.5", "0.0", "0.5"]);
    }

    #[test]
    fn what_is_wrong_is_told() {
        told("queues.Jobs", "no values");
        told("=3", "no path");
        told("a=", "no values");
        told("a=1,,2", "empty value");
        told("a=30s..5m by 1s", "several units");
        told("a=30s..60s", "no step");
        told("a=5..1", "empty");
        told("a=1..5 by 0", "empty");
        told("a=1..5 by x", "no step");
        told("a=0..1000000", "too many values");
        let twice = axes(&["a=1".into(), "a=2".into(), "b".into()]).unwrap_err();
        assert_eq!(twice.len(), 2);
        let large: Vec<Axis> = ["a=1..1100", "b=1..1100"].map(|t| Axis::parse(t).unwrap()).into();
        assert!(combinations(&large).unwrap_err()[0].message.contains("too many points"));
    }

    #[test]
    fn the_last_axis_is_the_fastest() {
        let axes = axes(&["a=1,2".into(), "b=x,y".into()]).unwrap();
        let points = combinations(&axes).unwrap();
        assert_eq!(points, [["1", "x"], ["1", "y"], ["2", "x"], ["2", "y"]]);
    }

    #[test]
    fn a_hypercube_meets_every_part_of_every_axis_in_the_decimals_of_its_ends() {
        let texts = ["a=1..10".into(), "b=0.0s..9.9s".into(), "c=x,y".into()];
        let points = hypercube(&axes(&texts).unwrap(), 10, 7);
        let mut first: Vec<i64> = points.iter().map(|point| point[0].parse().unwrap()).collect();
        first.sort_unstable();
        assert_eq!(first, (1..=10).collect::<Vec<_>>());
        for point in &points {
            let seconds = point[1].strip_suffix('s').unwrap();
            assert_eq!(seconds.split_once('.').map(|(_, d)| d.len()), Some(1), "{seconds}");
        }
        assert_eq!(points.iter().filter(|point| point[2] == "x").count(), 5);
        assert_eq!(points, hypercube(&axes(&texts).unwrap(), 10, 7));
    }
}
