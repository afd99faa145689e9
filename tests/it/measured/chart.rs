//! The chart of predicted against measured cold starts: an SVG, both axes logarithmic.
//!
//! A point on the line is predicted exactly; its bar is three standard errors of the measurement.

use super::{Experiment, Predicted};
use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 620.0;
/// The plot, within the picture.
const LEFT: f64 = 84.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 84.0;
const BOTTOM: f64 = 92.0;
/// Both axes, in percent.
const LEAST: f64 = 0.08;
const MOST: f64 = 60.0;
const TICKS: [f64; 9] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];
/// The band beside the line: what the mean error of SimFaaS is.
const BAND: f64 = 0.12;

const INK: &str = "#1f2937";
const MUTED: &str = "#6b7280";
const GRID: &str = "#e5e7eb";
const BLUE: &str = "#0072b2";

fn share_of_axis(percent: f64) -> f64 {
    (libm::log(percent) - libm::log(LEAST)) / (libm::log(MOST) - libm::log(LEAST))
}

fn x(percent: f64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * share_of_axis(percent)
}

fn y(percent: f64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share_of_axis(percent)
}

/// A picture under construction.
struct Svg(String);

impl Svg {
    fn line(&mut self, from: (f64, f64), to: (f64, f64), style: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = writeln!(
            self.0,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" {style}/>"#
        );
    }

    fn text(&mut self, at: (f64, f64), size: u32, colour: &str, more: &str, text: &str) {
        let (x, y) = at;
        let _ = writeln!(
            self.0,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" fill="{colour}" {more}>{text}</text>"#
        );
    }
}

/// The chart as a text.
pub fn drawn(all: &[Predicted], mean_error: f64) -> String {
    let title =
        format!("Cold starts on AWS in 2020 are reproduced with a mean error of {mean_error:.1} %");
    let mut svg = Svg(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d" font-family="Inter, Segoe UI, Roboto, Helvetica, Arial, sans-serif">
<title id="t">{title}</title>
<desc id="d">Share of cold starts, predicted against measured, of twenty experiments; the points lie along the line of equality.</desc>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>
"##
    ));
    svg.text((24.0, 34.0), 16, INK, r#"font-weight="bold""#, &title);
    let about = "20 experiments of 0.0019 to 1 request a second; each bar is three standard errors of the measurement";
    svg.text((24.0, 56.0), 12, MUTED, "", about);

    for tick in TICKS {
        let style = format!(r#"stroke="{GRID}" stroke-width="1""#);
        svg.line((x(tick), y(LEAST)), (x(tick), y(MOST)), &style);
        svg.line((x(LEAST), y(tick)), (x(MOST), y(tick)), &style);
        let name = format!("{tick} %");
        svg.text((x(tick), y(LEAST) + 18.0), 11, MUTED, r#"text-anchor="middle""#, &name);
        svg.text((x(LEAST) - 8.0, y(tick) + 4.0), 11, MUTED, r#"text-anchor="end""#, &name);
    }
    band(&mut svg);

    for Predicted { experiment, cold_share } in all {
        let Experiment { cold_share: measured, error, .. } = experiment;
        let (at, height) = (x(100.0 * measured), y(100.0 * cold_share));
        let end = |errors: f64| x((100.0 * (measured + errors * error)).max(LEAST));
        let style = format!(r#"stroke="{BLUE}" stroke-width="1.2" stroke-opacity="0.55""#);
        svg.line((end(-3.0), height), (end(3.0), height), &style);
        let _ = writeln!(
            svg.0,
            r#"<circle cx="{at:.1}" cy="{height:.1}" r="4" fill="{BLUE}" stroke="white" stroke-width="1"/>"#
        );
    }

    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    let below = y(LEAST) + 42.0;
    svg.text(
        (middle, below),
        12,
        INK,
        r#"text-anchor="middle""#,
        "cold starts measured on AWS, share of requests",
    );
    let (side, centre) = (26.0, f64::midpoint(TOP, HEIGHT - BOTTOM));
    let turned = format!(r#"text-anchor="middle" transform="rotate(-90 {side:.1} {centre:.1})""#);
    svg.text((side, centre), 12, INK, &turned, "cold starts predicted, share of requests");
    let source = "measured: pacslab/simfaas, 2020, us-east-1 (MIT) · predicted: environment_lifetime: aws_2020, seed 2020";
    svg.text((24.0, HEIGHT - 16.0), 10, MUTED, "", source);
    svg.0.push_str("</svg>\n");
    svg.0
}

/// The line of equality, and the band around it.
fn band(svg: &mut Svg) {
    let (up, down) = (1.0 + BAND, 1.0 - BAND);
    let corners = [
        (LEAST, LEAST * up),
        (MOST / up, MOST),
        (MOST, MOST),
        (MOST, MOST * down),
        (LEAST / down, LEAST),
        (LEAST, LEAST),
    ];
    let corners = corners.map(|(across, along)| format!("{:.1},{:.1}", x(across), y(along)));
    let _ = writeln!(
        svg.0,
        r#"<polygon points="{}" fill="{MUTED}" fill-opacity="0.16"/>"#,
        corners.join(" ")
    );
    let style = format!(r#"stroke="{INK}" stroke-width="1.4""#);
    svg.line((x(LEAST), y(LEAST)), (x(MOST), y(MOST)), &style);
    svg.text((x(42.0), y(52.0)), 11, INK, r#"text-anchor="end""#, "predicted = measured");
    svg.text((x(2.35), y(1.8)), 11, MUTED, "", "± 12 %");
}
