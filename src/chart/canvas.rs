//! Writes SVG: lines, shapes and text, in the order in which they are drawn.
//!
//! Coordinates are pixels from the upper left corner, written with two decimals. Everything is an
//! attribute, so that a page with a strict content policy shows it; every text is escaped and has no
//! character that XML has not. A text is fitted into the width that was measured for it, whatever font
//! the reader has.

use super::lettering::{Font, Lettering, TIE, Weight};
use crate::report::wording::legal;
use quick_xml::{Writer, events::BytesText};
use std::io::{self, Write};

/// The fonts that a reader may have, the one that was measured first.
const FAMILIES: &str = "Inter, Segoe UI, Roboto, Helvetica, Arial, sans-serif";

/// Which point of a text is at the place that is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Where it begins.
    Start,
    /// Its middle.
    Middle,
    /// Where it ends.
    End,
}

/// A drawing under way.
pub struct Canvas {
    lettering: Lettering,
    body: Writer<Vec<u8>>,
}

/// What surrounds a finished drawing.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
    /// What it shows, in a sentence.
    pub title: &'a str,
    /// The same in full, for those who do not see it.
    pub description: &'a str,
    /// Width and height in the units of the drawing.
    pub size: (f64, f64),
    /// Pixels of each unit.
    pub zoom: f64,
    /// The colour of the ground.
    pub ground: &'a str,
}

impl Canvas {
    /// An empty one.
    pub fn new() -> Canvas {
        Canvas { lettering: Lettering::embedded(), body: Writer::new(Vec::new()) }
    }

    /// What texts are measured with.
    pub fn lettering(&self) -> &Lettering {
        &self.lettering
    }

    /// An element without content.
    fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let element = self.body.create_element(name);
        let element = element.with_attributes(attributes.iter().copied());
        element.write_empty().expect(TAKES_ALL);
        self.end_line();
    }

    fn end_line(&mut self) {
        self.body.get_mut().push(b'\n');
    }

    /// A straight line of this width.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), color: &str, width: f64) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(written);
        let width = written(width);
        self.empty(
            "line",
            &[
                ("x1", x1.as_str()),
                ("y1", &y1),
                ("x2", &x2),
                ("y2", &y2),
                ("stroke", color),
                ("stroke-width", &width),
            ],
        );
    }

    /// A line through these points, of this width; dashed if `dash` gives the length of dashes and gaps.
    pub fn path(&mut self, points: &[(f64, f64)], color: &str, width: f64, dash: Option<f64>) {
        if points.len() < 2 {
            return;
        }
        let points = corners(points);
        let (width, dash) = (written(width), dash.map(written));
        let mut attributes = vec![
            ("points", points.as_str()),
            ("fill", "none"),
            ("stroke", color),
            ("stroke-width", &width),
            ("stroke-linejoin", "round"),
        ];
        attributes.extend(dash.iter().map(|dash| ("stroke-dasharray", dash.as_str())));
        self.empty("polyline", &attributes);
    }

    /// A shape with these corners, this much of its ground covered.
    pub fn area(&mut self, points: &[(f64, f64)], fill: &str, opacity: f64) {
        if points.len() < 3 {
            return;
        }
        let (points, opacity) = (corners(points), written(opacity));
        self.empty(
            "polygon",
            &[("points", points.as_str()), ("fill", fill), ("fill-opacity", &opacity)],
        );
    }

    /// A filled shape by the commands of an SVG path, this much of its ground covered.
    pub fn shape(&mut self, path: &Path, fill: &str, opacity: f64) {
        let opacity = written(opacity);
        self.empty("path", &[("d", path.0.as_str()), ("fill", fill), ("fill-opacity", &opacity)]);
    }

    /// A line by the commands of an SVG path.
    pub fn stroke(&mut self, path: &Path, color: &str, width: f64) {
        let width = written(width);
        self.empty(
            "path",
            &[
                ("d", path.0.as_str()),
                ("fill", "none"),
                ("stroke", color),
                ("stroke-width", &width),
            ],
        );
    }

    /// A filled rectangle from its upper left corner, this much of its ground covered.
    pub fn rectangle(&mut self, at: (f64, f64), size: (f64, f64), color: &str, opacity: f64) {
        let [x, y, width, height, opacity] = [at.0, at.1, size.0, size.1, opacity].map(written);
        self.empty(
            "rect",
            &[
                ("x", x.as_str()),
                ("y", &y),
                ("width", &width),
                ("height", &height),
                ("fill", color),
                ("fill-opacity", &opacity),
            ],
        );
    }

    /// Filled rectangles of one colour: left, top, width and height of each. One element for all of them.
    pub fn cells(&mut self, cells: &[[f64; 4]], color: &str) {
        let cell = |[left, top, wide, high]: &[f64; 4]| {
            let [left, top, wide, high] = [*left, *top, *wide, *high].map(short);
            format!("M{left},{top}h{wide}v{high}h-{wide}z")
        };
        let path: String = cells.iter().map(cell).collect();
        self.empty("path", &[("d", path.as_str()), ("fill", color)]);
    }

    /// A disc; its rim has a colour of its own.
    pub fn disc(&mut self, at: (f64, f64), radius: f64, fill: &str, rim: &str) {
        let [x, y, radius] = [at.0, at.1, radius].map(written);
        self.empty(
            "circle",
            &[
                ("cx", x.as_str()),
                ("cy", &y),
                ("r", &radius),
                ("fill", fill),
                ("stroke", rim),
                ("stroke-width", "1.75"),
            ],
        );
    }

    /// A filled shape with these corners.
    pub fn polygon(&mut self, corners: &[(f64, f64)], fill: &str) {
        let points = self::corners(corners);
        self.empty("polygon", &[("points", points.as_str()), ("fill", fill)]);
    }

    /// A line of text on this base line.
    pub fn text(&mut self, text: &str, at: (f64, f64), anchor: Anchor, font: Font, color: &str) {
        let text = legal(text).replace(TIE, " ");
        if text.is_empty() {
            return;
        }
        let [x, y, size] = [at.0, at.1, font.size].map(written);
        let mut attributes = vec![("x", x.as_str()), ("y", &y), ("font-size", &size)];
        match font.weight {
            Weight::Regular => (),
            Weight::Bold => attributes.push(("font-weight", "700")),
        }
        match anchor {
            Anchor::Start => (),
            Anchor::Middle => attributes.push(("text-anchor", "middle")),
            Anchor::End => attributes.push(("text-anchor", "end")),
        }
        attributes.push(("fill", color));
        let width = written(self.lettering.width(&text, font));
        // Letters that were not measured would only be stretched to a guess.
        if self.lettering.has(&text, font) {
            attributes.push(("textLength", &width));
            attributes.push(("lengthAdjust", "spacingAndGlyphs"));
        }
        let element = self.body.create_element("text").with_attributes(attributes);
        element.write_text_content(BytesText::new(&text)).expect(TAKES_ALL);
        self.end_line();
    }

    /// The whole drawing as a file.
    pub fn finish(self, sheet: &Sheet<'_>) -> String {
        let mut writer = Writer::new(Vec::new());
        self.write(&mut writer, sheet).expect(TAKES_ALL);
        let mut text = String::from_utf8(writer.into_inner()).expect("all of it is text");
        text.push('\n');
        text
    }

    fn write(self, writer: &mut Writer<Vec<u8>>, sheet: &Sheet<'_>) -> io::Result<()> {
        let (width, height) = sheet.size;
        let seen = [width * sheet.zoom, height * sheet.zoom].map(written);
        let [wide, high] = [width, height].map(written);
        let root = writer.create_element("svg").with_attributes([
            ("xmlns", "http://www.w3.org/2000/svg"),
            ("width", &seen[0]),
            ("height", &seen[1]),
            ("viewBox", &format!("0 0 {wide} {high}")),
            ("role", "img"),
            ("font-family", FAMILIES),
        ]);
        root.write_inner_content(|writer| {
            for (name, text) in [("title", sheet.title), ("desc", sheet.description)] {
                writer.get_mut().push(b'\n');
                let text = legal(text).replace(TIE, " ");
                writer.create_element(name).write_text_content(BytesText::new(&text))?;
            }
            writer.get_mut().push(b'\n');
            let ground = writer.create_element("rect").with_attributes([
                ("width", wide.as_str()),
                ("height", &high),
                ("fill", sheet.ground),
            ]);
            ground.write_empty()?;
            writer.get_mut().push(b'\n');
            writer.get_mut().write_all(self.body.get_ref())
        })?;
        Ok(())
    }
}

impl Default for Canvas {
    fn default() -> Canvas {
        Canvas::new()
    }
}

/// A shape that has curves.
#[derive(Clone, Debug, Default)]
pub struct Path(String);

impl Path {
    /// It begins here.
    pub fn from((x, y): (f64, f64)) -> Path {
        Path(format!("M{},{}", written(x), written(y)))
    }

    /// Straight on to here.
    pub fn to(mut self, (x, y): (f64, f64)) -> Path {
        self.0.push_str(&format!("L{},{}", written(x), written(y)));
        self
    }

    /// In a curve to here that leaves and arrives level.
    pub fn level_to(mut self, from: (f64, f64), (x, y): (f64, f64)) -> Path {
        let (middle, before) = (written((from.0 + x) / 2.0), written(from.1));
        let (x, y) = (written(x), written(y));
        self.0.push_str(&format!("C{middle},{before} {middle},{y} {x},{y}"));
        self
    }
}

/// Points as SVG writes them.
fn corners(points: &[(f64, f64)]) -> String {
    let corner = |(x, y): &(f64, f64)| format!("{},{}", written(*x), written(*y));
    points.iter().map(corner).collect::<Vec<_>>().join(" ")
}

/// Why writing to memory does not fail.
const TAKES_ALL: &str = "a buffer takes everything";

/// A number with at most one decimal.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A number with at most two decimals.
fn written(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    // Not -0.
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_fitted_and_numbers_are_short() {
        let mut canvas = Canvas::new();
        let font = Font::bold(10.0);
        canvas.text("a<b & \"c\"\u{1b}", (1.0, -0.001), Anchor::End, font, "#000000");
        canvas.text("", (0.0, 0.0), Anchor::Start, font, "#000000");
        canvas.text("漢", (0.125, 0.0), Anchor::Start, font, "#000000");
        let body = String::from_utf8(canvas.body.into_inner()).expect("text");
        let lines: Vec<&str> = body.lines().collect();
        assert_eq!(lines.len(), 2, "{body}");
        assert!(lines[0].starts_with("<text x=\"1\" y=\"0\" font-size=\"10\" font-weight=\"700\""));
        assert!(lines[0].contains("a&lt;b &amp; &quot;c&quot;\\u{1b}</text>"), "{body}");
        assert!(lines[0].contains("textLength=") && !lines[1].contains("textLength="), "{body}");
    }
}
