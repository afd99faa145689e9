//! The forest of a comparison: every paired difference with its interval, a panel a metric.
//!
//! Metrics have different units, and a share of a baseline that is 0 is none. So each metric has a scale
//! of its own, and all have the zero line in common: what is left of it is lower than the baseline, what
//! is right of it higher. The better side is tinted and named, the numbers stand beside.

use super::{
    Look,
    canvas::{Anchor, Canvas, Sheet},
    lettering::{Font, Lettering},
    theme::Colors,
};
use crate::{
    observe::measure::Better,
    report::{
        compare::{self as report, safe},
        csv::table,
        figures::{difference, estimated, fixed, scaled, times},
        wording::legal,
    },
    study::{
        CONFIDENCE,
        compare::{Cell, Comparison, Difference, Finding, Row},
    },
};
use std::io::{self, Write};

const TITLE: Font = Font::bold(20.0);
const SUBTITLE: Font = Font::regular(13.0);
const HEADING: Font = Font::bold(13.0);
const NAME: Font = Font::regular(12.5);
const SMALL: Font = Font::regular(11.0);

/// Empty space around everything.
const MARGIN: f64 = 24.0;
/// Between columns.
const GAP: f64 = 18.0;
/// What a mark at the end of a scale needs beside it.
const PAD: f64 = 10.0;
/// Narrower ones have no room for ratios.
const RATIOS_FROM: f64 = 840.0;
/// So wide a plot is left even if names are long.
const PLOT_MIN: f64 = 150.0;

/// What a comparison is drawn with beside its numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting<'a> {
    /// The title of the scenario, if it has one.
    pub title: Option<&'a str>,
    /// Why it stopped before all replications were played, if it did.
    pub stopped_by: Option<&'static str>,
}

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Better,
    Worse,
    Other,
    Unclear,
    Same,
}

impl Mark {
    const ALL: [Mark; 5] = [Mark::Better, Mark::Worse, Mark::Other, Mark::Unclear, Mark::Same];

    fn of(found: &Difference, better: Better) -> Mark {
        match (found.finding, found.finding.is_better(better)) {
            (Finding::Same, _) => Mark::Same,
            (Finding::Unclear, _) => Mark::Unclear,
            (Finding::Lower | Finding::Higher, Some(true)) => Mark::Better,
            (Finding::Lower | Finding::Higher, Some(false)) => Mark::Worse,
            (Finding::Lower | Finding::Higher, None) => Mark::Other,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Mark::Better => "better than the baseline",
            Mark::Worse => "worse",
            Mark::Other => "different, neither side is better",
            Mark::Unclear => "no difference is shown",
            Mark::Same => "exactly the same in every pair",
        }
    }

    const fn color(self, colors: &Colors) -> &'static str {
        match self {
            Mark::Better => colors.done,
            Mark::Worse => colors.failed,
            Mark::Other | Mark::Same => colors.ink,
            Mark::Unclear => colors.muted,
        }
    }

    fn draw(self, canvas: &mut Canvas, (x, y): (f64, f64), colors: &Colors) {
        let color = self.color(colors);
        match self {
            Mark::Better => canvas.disc((x, y), 4.5, color, color),
            Mark::Worse => {
                let r = 6.5;
                canvas.polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)], color);
            }
            Mark::Other => canvas.rectangle((x - 4.5, y - 4.5), (9.0, 9.0), color, 1.0),
            Mark::Unclear => canvas.disc((x, y), 4.5, colors.ground, color),
            Mark::Same => canvas.line((x, y - 6.0), (x, y + 6.0), color, 4.0),
        }
    }
}

/// How many metrics of one policy came out how.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    all: usize,
    of: [usize; Mark::ALL.len()],
}

impl Score {
    fn of(comparison: &Comparison, arm: usize) -> Score {
        let mut score = Score::default();
        for row in &comparison.rows {
            if let Some(found) = &row.cells[arm].difference {
                score.all += 1;
                score.of[Mark::of(found, row.metric.better) as usize] += 1;
            }
        }
        score
    }

    fn count(&self, mark: Mark) -> usize {
        self.of[mark as usize]
    }

    fn shown(&self) -> usize {
        self.count(Mark::Better) + self.count(Mark::Worse) + self.count(Mark::Other)
    }
}

/// Whether there is something to draw.
pub fn has_differences(comparison: &Comparison) -> bool {
    comparison.rows.iter().flat_map(|row| &row.cells).any(|cell| cell.difference.is_some())
}

/// What the comparison found, in a sentence: of several policies what is said of the best.
pub fn finding(comparison: &Comparison) -> String {
    let baseline = &comparison.arms[comparison.baseline].name;
    let others = comparison.arms.iter().enumerate().filter(|(at, _)| *at != comparison.baseline);
    let scores: Vec<(usize, &str, Score)> =
        others.map(|(at, arm)| (at, arm.name.as_str(), Score::of(comparison, at))).collect();
    let any = |of: &dyn Fn(&Score) -> usize| scores.iter().any(|(.., score)| 0 < of(score));
    if !any(&|score| score.all) {
        return format!("Nothing to compare with {baseline}: no metric has a difference");
    }
    if !any(&|score| score.all - score.count(Mark::Same)) {
        return format!("Exactly the same as {baseline} in every pair");
    }
    if !any(&Score::shown) {
        return format!("No difference to {baseline} is shown");
    }
    if let [(at, name, score)] = scores.as_slice()
        && score.shown() <= 2
    {
        return format!("{name} against {baseline}: {}", shown(comparison, *at).join("; "));
    }
    let merit = |score: &Score| {
        (score.count(Mark::Better), usize::MAX - score.count(Mark::Worse), score.shown(), score.all)
    };
    let most = scores.iter().map(|(.., score)| merit(score)).max();
    let best = || scores.iter().filter(|(.., score)| Some(merit(score)) == most);
    let names: Vec<&str> = best().map(|(_, name, _)| *name).collect();
    let subject = match names.as_slice() {
        [name] => format!("{name} is"),
        [name, other] => format!("{name} and {other} are each"),
        more => format!("{} of {} are each", more.len(), scores.len()),
    };
    let (.., score) = best().next().expect("there is another policy");
    let (better, worse, all) = (score.count(Mark::Better), score.count(Mark::Worse), score.all);
    match (better, worse) {
        (0, _) if 1 < scores.len() && any(&|score| score.count(Mark::Worse)) => {
            format!("None is better than {baseline} in any metric")
        }
        (0, 0) => {
            format!("{subject} different from {baseline} in {} of {all} metrics", score.shown())
        }
        (0, _) => format!("{subject} worse than {baseline} in {worse} of {all} metrics"),
        (_, 0) => format!("{subject} better than {baseline} in {better} of {all} metrics"),
        (..) => {
            format!(
                "{subject} better than {baseline} in {better} of {all} metrics, worse in {worse}"
            )
        }
    }
}

/// The differences of a policy that are shown, each in words.
fn shown(comparison: &Comparison, arm: usize) -> Vec<String> {
    let found = comparison.rows.iter().filter_map(|Row { metric, cells, .. }| {
        let found = cells[arm].difference.as_ref()?;
        match found.finding {
            Finding::Same | Finding::Unclear => None,
            Finding::Lower | Finding::Higher => Some(report::finding(metric, found)),
        }
    });
    found.collect()
}

/// The chart as SVG. Without differences it says so and has no panels.
pub fn svg(comparison: &Comparison, setting: &Setting<'_>, look: Look) -> String {
    let (width, zoom) = look.scale();
    let colors = look.theme.colors();
    let mut canvas = Canvas::new();
    let title = legal(&finding(comparison));
    let inner = width - 2.0 * MARGIN;
    let mut y = MARGIN;
    y = paragraph(&mut canvas, &title, y, inner, TITLE, colors.ink);
    y = paragraph(
        &mut canvas,
        &subtitle(comparison, setting),
        y + 4.0,
        inner,
        SUBTITLE,
        colors.muted,
    );
    if has_differences(comparison) {
        let frame = Frame::new(canvas.lettering(), comparison, width);
        for row in &comparison.rows {
            y = panel(&mut canvas, &frame, comparison, row, y + 20.0, &colors);
        }
        y = legend(&mut canvas, comparison, y + 22.0, width - MARGIN, &colors);
    }
    y = paragraph(&mut canvas, &foot(comparison), y + 12.0, inner, SMALL, colors.muted);
    let sentences = report::sentences(comparison).join(" ");
    canvas.finish(&Sheet {
        title: &title,
        description: if sentences.is_empty() { &title } else { &sentences },
        size: (width, libm::ceil(y + MARGIN - 6.0)),
        zoom,
        ground: colors.ground,
    })
}

/// Lines of text from `top` on; returns where they end.
fn paragraph(
    canvas: &mut Canvas,
    text: &str,
    top: f64,
    width: f64,
    font: Font,
    color: &str,
) -> f64 {
    let mut y = top;
    for line in canvas.lettering().even(text, font, width, 6) {
        canvas.text(&line, (MARGIN, y + font.size), Anchor::Start, font, color);
        y += font.line_height();
    }
    y
}

fn subtitle(comparison: &Comparison, setting: &Setting<'_>) -> String {
    let baseline = &comparison.arms[comparison.baseline];
    let pairs = match comparison.replications() {
        1 => "one pair of runs with common random numbers, which has no interval".to_owned(),
        n => format!(
            "the mean of {n} pairs of runs with common random numbers, and its {:.0} % interval",
            CONFIDENCE * 100.0
        ),
    };
    let title = setting.title.unwrap_or(&baseline.file).trim_end_matches('.');
    let mut text = format!("{title}. Difference to {}: {pairs}.", baseline.name);
    if let Some(stopped_by) = setting.stopped_by {
        text.push_str(&format!(" Partial: stopped by {stopped_by}."));
    }
    legal(&text)
}

/// What another needs to get the same chart.
fn foot(comparison: &Comparison) -> String {
    let mut parts: Vec<String> = Vec::new();
    for arm in &comparison.arms {
        let part = format!("{} {}", arm.file, arm.hash);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.push(format!("seed {}", comparison.seed));
    parts.push(format!("dwell {}", env!("CARGO_PKG_VERSION")));
    legal(&parts.join(" · "))
}

/// A number with the sign that is as wide as a plus.
fn signed(text: &str) -> String {
    text.replace('-', "−")
}

/// What stands beside a mark: the difference, and the ratio.
fn numbers(cell: &Cell, unit: &str) -> (String, String) {
    let Some(found) = &cell.difference else { return ("no data".to_owned(), String::new()) };
    let ratio = found.ratio.as_ref().filter(|_| found.finding != Finding::Same);
    let ratio = ratio.map_or(String::new(), |ratio| times(ratio.ratio, ratio.half_width));
    (signed(&difference(&found.estimate, unit)), signed(&ratio))
}

/// What the baseline came to.
fn baseline_value(comparison: &Comparison, row: &Row) -> String {
    let value = row.cells[comparison.baseline].estimate.as_ref();
    let value = value.map(|value| estimated(value, row.metric.unit()));
    format!("baseline {}", signed(&value.unwrap_or("without data".to_owned())))
}

/// From where to where an interval goes; of a single pair that is the difference itself.
fn ends(found: &Difference) -> (f64, f64) {
    let mean = found.estimate.mean;
    found.estimate.interval(CONFIDENCE).unwrap_or((mean, mean))
}

/// How far the intervals of a metric go below 0 and above.
fn extent(row: &Row) -> (f64, f64) {
    let found = row.cells.iter().filter_map(|cell| cell.difference.as_ref()).map(ends);
    found.fold((0.0, 0.0), |(below, above), (low, high)| (f64::max(below, -low), above.max(high)))
}

/// The columns, which every panel has in common.
#[derive(Clone, Copy, Debug)]
struct Frame {
    left: f64,
    names_width: f64,
    /// Where the plot begins, where zero is, and where it ends.
    from: f64,
    zero: f64,
    to: f64,
    /// Where differences end, and ratios if there are any.
    differences: f64,
    ratios: Option<f64>,
    right: f64,
}

/// Names the better side of the zero line.
const fn side(better: Better) -> &'static str {
    match better {
        Better::Lower => "← better",
        Better::Higher => "better →",
        Better::Neither => "",
    }
}

impl Frame {
    fn new(letters: &Lettering, comparison: &Comparison, width: f64) -> Frame {
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let all = || {
            let rows = comparison.rows.iter();
            rows.flat_map(|row| row.cells.iter().map(|cell| numbers(cell, row.metric.unit())))
        };
        let differences_width = widest(&mut all().map(|(text, _)| letters.width(&text, NAME)));
        let ratios_width = match RATIOS_FROM <= width {
            true => widest(&mut all().map(|(_, text)| letters.width(&text, NAME))),
            false => 0.0,
        };
        let values = comparison.rows.iter().map(|row| baseline_value(comparison, row));
        let values_width = widest(&mut values.map(|text| letters.width(&text, SMALL)));
        let (left, right) = (MARGIN, width - MARGIN);
        let has_ratios = 0.0 < ratios_width;
        let numbers_width = differences_width + if has_ratios { GAP + ratios_width } else { 0.0 };
        let to = right - GAP - numbers_width.max(values_width);
        let names = comparison.arms.iter().map(|arm| letters.width(&legal(&arm.name), NAME));
        let names_max = (0.28 * width).min(to - PLOT_MIN - GAP - left).max(60.0);
        let names_width = widest(&mut { names }).min(names_max);
        let from = left + names_width + GAP;

        let (mut below, mut above) = (0.0, 0.0);
        for row in &comparison.rows {
            let (low, high) = extent(row);
            let most = low.max(high);
            if 0.0 < most {
                (below, above) = (f64::max(below, low / most), f64::max(above, high / most));
            }
        }
        // One value for all metrics, so that neither side is too short for its name.
        let named = letters.width(side(Better::Lower), SMALL) + PAD;
        let share = if below + above == 0.0 { 0.5 } else { below / (below + above) };
        let zero = from + PAD + (to - from - 2.0 * PAD) * share;
        let zero = zero.min(to - named).max(from + named);
        Frame {
            left,
            names_width,
            from,
            zero,
            to,
            differences: right - if has_ratios { ratios_width + GAP } else { 0.0 },
            ratios: has_ratios.then_some(right),
            right,
        }
    }

    /// Pixels of a unit of the metric; 0 if nothing is different.
    fn scale(&self, row: &Row) -> f64 {
        let (below, above) = extent(row);
        let left = (self.zero - self.from - PAD) / below;
        let right = (self.to - PAD - self.zero) / above;
        match (0.0 < below, 0.0 < above) {
            (true, true) => left.min(right),
            (true, false) => left,
            (false, true) => right,
            (false, false) => 0.0,
        }
    }
}

/// A metric: its heading, a row a policy, its scale. Returns where it ends.
fn panel(
    canvas: &mut Canvas,
    frame: &Frame,
    comparison: &Comparison,
    row: &Row,
    top: f64,
    colors: &Colors,
) -> f64 {
    let Frame { left, names_width, from, zero, to, right, .. } = *frame;
    let metric = &row.metric;

    // A name that is too long to have its side and value beside it stands above them.
    let value = baseline_value(comparison, row);
    let word = side(metric.better);
    let (word_at, word_anchor, free) = match metric.better {
        Better::Lower => {
            let begin = zero - 6.0 - canvas.lettering().width(word, SMALL);
            (zero - 6.0, Anchor::End, begin)
        }
        Better::Higher => (zero + 6.0, Anchor::Start, zero + 6.0),
        Better::Neither => (zero, Anchor::Middle, right - canvas.lettering().width(&value, SMALL)),
    };
    let name = legal(&metric.name);
    let stands_beside = canvas.lettering().width(&name, HEADING) <= free - left - 12.0;
    let lines = canvas.lettering().wrap(&name, HEADING, right - left, 4);
    let mut y = top;
    for line in lines {
        y += HEADING.line_height();
        canvas.text(&line, (left, y - 4.0), Anchor::Start, HEADING, colors.ink);
    }
    if !stands_beside {
        y += HEADING.line_height();
    }
    canvas.text(word, (word_at, y - 4.0), word_anchor, SMALL, colors.muted);
    canvas.text(&value, (right, y - 4.0), Anchor::End, SMALL, colors.muted);
    y += 2.0;

    let others: Vec<(Vec<String>, &Cell)> = {
        let arms = comparison.arms.iter().zip(&row.cells).enumerate();
        let others = arms.filter(|(at, _)| *at != comparison.baseline);
        let wrap = |name: &str| canvas.lettering().wrap(&legal(name), NAME, names_width, 3);
        others.map(|(_, (arm, cell))| (wrap(&arm.name), cell)).collect()
    };
    let height = |lines: &[String]| lines.len() as f64 * NAME.line_height() + 7.0;
    let bottom = y + others.iter().map(|(lines, _)| height(lines)).sum::<f64>();
    let per_unit = frame.scale(row);

    let better = match metric.better {
        Better::Lower => Some((from, zero)),
        Better::Higher => Some((zero, to)),
        Better::Neither => None,
    };
    if let Some((from, to)) = better {
        canvas.rectangle((from, y), (to - from, bottom - y), colors.done, 0.08);
    }
    for tick in ticks(canvas, frame, row, per_unit) {
        let is_zero = tick.x == zero;
        let (color, wide) = if is_zero { (colors.ink, 1.25) } else { (colors.grid, 1.0) };
        canvas.line((tick.x, y), (tick.x, bottom + 4.0), color, wide);
        let at = (tick.x, bottom + 5.0 + SMALL.size);
        canvas.text(&tick.label, at, Anchor::Middle, SMALL, colors.muted);
    }

    for (lines, cell) in &others {
        let middle = y + height(lines) / 2.0;
        let first = middle - (lines.len() - 1) as f64 / 2.0 * NAME.line_height() + 4.5;
        for (line, nth) in lines.iter().zip(0..) {
            let y = first + f64::from(nth) * NAME.line_height();
            canvas.text(line, (left, y), Anchor::Start, NAME, colors.ink);
        }
        canvas.line((from, middle), (to, middle), colors.grid, 1.0);
        let (number, ratio) = numbers(cell, metric.unit());
        let mark = cell.difference.as_ref().map(|found| (found, Mark::of(found, metric.better)));
        let color = match mark {
            None | Some((_, Mark::Unclear | Mark::Same)) => colors.muted,
            Some((_, Mark::Better | Mark::Worse | Mark::Other)) => colors.ink,
        };
        canvas.text(&number, (frame.differences, middle + 4.5), Anchor::End, NAME, color);
        if let Some(ratios) = frame.ratios {
            canvas.text(&ratio, (ratios, middle + 4.5), Anchor::End, NAME, colors.muted);
        }
        if let Some((found, mark)) = mark {
            let x = |value: f64| zero + value * per_unit;
            let ((low, high), color) = (ends(found), mark.color(colors));
            canvas.line((x(low), middle), (x(high), middle), color, 2.0);
            for end in [low, high].into_iter().filter(|_| low < high) {
                canvas.line((x(end), middle - 4.0), (x(end), middle + 4.0), color, 2.0);
            }
            mark.draw(canvas, (x(found.estimate.mean), middle), colors);
        }
        y += height(lines);
    }
    bottom + 5.0 + SMALL.line_height()
}

/// A place on the scale of a metric.
struct Tick {
    x: f64,
    label: String,
}

/// Round numbers from end to end, as close as their labels leave room; always with 0, which says the unit.
fn ticks(canvas: &Canvas, frame: &Frame, row: &Row, per_unit: f64) -> Vec<Tick> {
    let (below, above) = extent(row);
    let (scale, suffix) = scaled(row.metric.unit(), below.max(above));
    let zero = Tick { x: frame.zero, label: format!("0{suffix}") };
    let per_unit = per_unit * scale;
    if per_unit == 0.0 {
        return vec![zero];
    }
    let left = (frame.zero - frame.from) / per_unit;
    let right = (frame.to - frame.zero) / per_unit;
    // Ten steps of this power of ten are the whole width at least: a few tries find the one that fits.
    let smallest = libm::floor(libm::log10(left + right)) as i32 - 1;
    let mut steps = (smallest..).flat_map(|power| [1, 2, 5].map(|digit| (digit, power)));
    let ticks = |(digit, power): (i64, i32)| -> Vec<Tick> {
        let decimals = usize::try_from(-power).unwrap_or(0);
        // A whole multiple, read as text, is the nearest number there is.
        let value = |nth: i64| -> f64 {
            format!("{}e{power}", nth * digit).parse().expect("a number in decimal")
        };
        let last = |until: f64| libm::floor(until / value(1)) as i64;
        let of = |nth: i64| {
            let sign = if 0 < nth { "+" } else { "" };
            Tick {
                x: frame.zero + value(nth) * per_unit,
                label: format!("{sign}{}", signed(&fixed(value(nth), decimals))),
            }
        };
        let numbered = (-last(left)..=last(right)).filter(|nth| *nth != 0);
        let mut ticks: Vec<Tick> = numbered.map(of).collect();
        let at = ticks.iter().position(|tick| frame.zero < tick.x).unwrap_or(ticks.len());
        ticks.insert(at, Tick { x: zero.x, label: zero.label.clone() });
        ticks
    };
    let half = |tick: &Tick| canvas.lettering().width(&tick.label, SMALL) / 2.0;
    loop {
        let tried = ticks(steps.next().expect("there is always a longer step"));
        let clear = |pair: &[Tick]| half(&pair[0]) + 14.0 + half(&pair[1]) <= pair[1].x - pair[0].x;
        if tried.windows(2).all(clear) {
            return tried;
        }
    }
}

/// The marks that occur, each with what it says. Returns where it ends.
fn legend(
    canvas: &mut Canvas,
    comparison: &Comparison,
    top: f64,
    right: f64,
    colors: &Colors,
) -> f64 {
    let scores: Vec<Score> =
        (0..comparison.arms.len()).map(|arm| Score::of(comparison, arm)).collect();
    let (mut x, mut y) = (MARGIN, top + SMALL.size);
    for mark in Mark::ALL {
        if scores.iter().all(|score| score.count(mark) == 0) {
            continue;
        }
        let width = 16.0 + canvas.lettering().width(mark.words(), SMALL);
        if right < x + width && MARGIN < x {
            (x, y) = (MARGIN, y + SMALL.line_height() + 4.0);
        }
        mark.draw(canvas, (x + 6.5, y - 4.0), colors);
        canvas.text(mark.words(), (x + 18.0, y), Anchor::Start, SMALL, colors.muted);
        x += 18.0 + width;
    }
    y + 4.0
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 10] = [
    "metric",
    "unit",
    "policy",
    "baseline",
    "pairs",
    "difference",
    "low",
    "high",
    "finding",
    "is_better",
];

/// Writes what is drawn, in numbers: one row a metric and policy; what there is none of is empty.
pub fn csv(comparison: &Comparison, to: impl Write) -> io::Result<()> {
    let baseline = safe(&comparison.arms[comparison.baseline].name);
    table(to, COLUMNS, |write| {
        for Row { metric, cells, .. } in &comparison.rows {
            for (arm, cell) in comparison.arms.iter().zip(cells) {
                let Some(found) = &cell.difference else { continue };
                let interval = found.estimate.interval(CONFIDENCE);
                let end = |of: Option<f64>| of.map_or(String::new(), |value| value.to_string());
                let is_better = found.finding.is_better(metric.better);
                write([
                    safe(&metric.name),
                    metric.unit().to_owned(),
                    safe(&arm.name),
                    baseline.clone(),
                    found.estimate.n.to_string(),
                    found.estimate.mean.to_string(),
                    end(interval.map(|(low, _)| low)),
                    end(interval.map(|(_, high)| high)),
                    found.finding.word().to_owned(),
                    is_better.map_or(String::new(), |is| is.to_string()),
                ])?;
            }
        }
        Ok(())
    })
}
