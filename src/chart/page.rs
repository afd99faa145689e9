//! What every chart has around its picture: a title that states the finding, the setting under it, a
//! legend, and at the foot what another needs to get it again.

use super::{
    Look, Recorded,
    canvas::{Anchor, Canvas, Sheet},
    lettering::{Font, tied},
    plot::{happenings, meanwhile},
    recorded::Arm,
    theme::Colors,
};
use crate::report::wording::{legal, seconds};

/// Of the finding.
pub const TITLE: Font = Font::bold(20.0);
/// Of the setting.
pub const SUBTITLE: Font = Font::regular(13.0);
/// Of a panel or column.
pub const HEADING: Font = Font::bold(13.0);
/// Of what is named in a panel.
pub const NAME: Font = Font::regular(12.5);
/// Of values that are to be seen.
pub const VALUE: Font = Font::bold(12.5);
/// Of scales, legends and the foot.
pub const SMALL: Font = Font::regular(11.0);

/// Empty space around everything.
pub const MARGIN: f64 = 24.0;

/// A chart that is being laid out from top to bottom.
pub struct Page {
    /// What is drawn on.
    pub canvas: Canvas,
    /// In which colours.
    pub colors: Colors,
    /// How wide it is.
    pub width: f64,
    /// Where what comes next begins.
    pub y: f64,
    zoom: f64,
    title: String,
}

/// Where labels are, so that none is written over another.
#[derive(Clone, Debug, Default)]
pub struct Labels(Vec<[f64; 4]>);

impl Labels {
    /// Writes a label at the first of these places at which it is clear of all others and between
    /// `left` and `right`; gives whether there is one.
    pub fn put(
        &mut self,
        page: &mut Page,
        text: &str,
        places: &[(f64, f64, Anchor)],
        (left, right): (f64, f64),
        (font, color): (Font, &str),
    ) -> bool {
        let width = page.measure(text, font);
        for (x, y, anchor) in places {
            let from = match anchor {
                Anchor::Start => *x,
                Anchor::Middle => x - width / 2.0,
                Anchor::End => x - width,
            };
            let own = [from, y - 0.8 * font.size, from + width, y + 0.25 * font.size];
            let is_free = |other: &[f64; 4]| {
                own[2] + 3.0 <= other[0]
                    || other[2] + 3.0 <= own[0]
                    || own[3] <= other[1]
                    || other[3] <= own[1]
            };
            if left <= own[0] && own[2] <= right && self.0.iter().all(is_free) {
                page.canvas.text(text, (*x, *y), *anchor, font, color);
                self.0.push(own);
                return true;
            }
        }
        false
    }

    /// Keeps labels from this rectangle.
    pub fn keep_clear(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.0.push([from.0, from.1, to.0, to.1]);
    }
}

/// What an entry of a legend has before its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swatch {
    /// A filled area.
    Area,
    /// The rim of an area.
    Hollow,
    /// A line.
    Line,
    /// A dashed line.
    Dashed,
    /// A dotted line.
    Dotted,
    /// A disc.
    Dot,
    /// A short line from top to bottom.
    Tick,
}

impl Page {
    /// A page with its head.
    pub fn new(look: Look, title: &str, subtitle: &str) -> Page {
        let (width, zoom) = look.scale();
        let title = legal(title);
        let colors = look.theme.colors();
        let mut page = Page { canvas: Canvas::new(), colors, width, y: MARGIN, zoom, title };
        page.paragraph(&page.title.clone(), TITLE, colors.ink);
        page.y += 4.0;
        page.paragraph(&legal(subtitle), SUBTITLE, colors.muted);
        page
    }

    /// Where the picture begins and ends.
    pub fn sides(&self) -> (f64, f64) {
        (MARGIN, self.width - MARGIN)
    }

    /// How wide a text is.
    pub fn measure(&self, text: &str, font: Font) -> f64 {
        self.canvas.lettering().width(&legal(text), font)
    }

    /// Lines of text over the whole width.
    pub fn paragraph(&mut self, text: &str, font: Font, color: &str) {
        let (left, right) = self.sides();
        for line in self.canvas.lettering().even(text, font, right - left, 6) {
            self.canvas.text(&line, (left, self.y + font.size), Anchor::Start, font, color);
            self.y += font.line_height();
        }
    }

    /// Lines of text in a column; gives where they end. What is longer than so many lines is cut.
    pub fn column(
        &mut self,
        text: &str,
        (left, top): (f64, f64),
        width: f64,
        lines_max: usize,
        (font, color): (Font, &str),
    ) -> f64 {
        let mut y = top;
        for line in self.canvas.lettering().wrap(&legal(text), font, width, lines_max) {
            self.canvas.text(&line, (left, y + font.size), Anchor::Start, font, color);
            y += font.line_height();
        }
        y
    }

    /// The name of a row of panels and its unit, on a line of their own.
    pub fn row_heading(&mut self, name: &str, unit: &str) {
        let y = self.y + HEADING.size;
        let (ink, muted) = (self.colors.ink, self.colors.muted);
        let name = legal(name);
        self.canvas.text(&name, (MARGIN, y), Anchor::Start, HEADING, ink);
        let at = (MARGIN + self.measure(&name, HEADING) + 8.0, y);
        self.canvas.text(unit, at, Anchor::Start, SMALL, muted);
        self.y += HEADING.line_height() + 8.0;
    }

    /// Entries of a legend, in as many rows as they need.
    pub fn legend(&mut self, entries: &[(Swatch, &str, &str)]) {
        let (left, right) = self.sides();
        let (mut x, mut y) = (left, self.y + SMALL.size);
        for (swatch, color, words) in entries {
            let width = 22.0 + self.measure(words, SMALL) + 18.0;
            if right < x + width - 18.0 && left < x {
                (x, y) = (left, y + SMALL.line_height() + 4.0);
            }
            self.swatch(*swatch, color, (x, y - 4.0));
            let muted = self.colors.muted;
            self.canvas.text(words, (x + 22.0, y), Anchor::Start, SMALL, muted);
            x += width;
        }
        self.y = y + 6.0;
    }

    fn swatch(&mut self, swatch: Swatch, color: &str, (x, y): (f64, f64)) {
        let canvas = &mut self.canvas;
        match swatch {
            Swatch::Area => canvas.rectangle((x, y - 4.5), (16.0, 9.0), color, 1.0),
            Swatch::Hollow => {
                let (from, to) = ((x + 0.5, y - 4.0), (x + 15.5, y + 4.0));
                let rim = [from, (to.0, from.1), to, (from.0, to.1), from];
                canvas.path(&rim, color, 1.25, None);
            }
            Swatch::Line => canvas.line((x, y), (x + 16.0, y), color, 2.5),
            Swatch::Dashed => canvas.path(&[(x, y), (x + 16.0, y)], color, 2.0, Some(4.0)),
            Swatch::Dotted => canvas.path(&[(x, y), (x + 16.0, y)], color, 2.0, Some(1.75)),
            Swatch::Dot => canvas.disc((x + 8.0, y), 4.0, color, color),
            Swatch::Tick => canvas.line((x + 8.0, y - 5.0), (x + 8.0, y + 5.0), color, 2.0),
        }
    }

    /// The foot, and the chart as SVG. `description`: the same in full for those who do not see it.
    pub fn finish(mut self, foot: &str, description: &str) -> String {
        self.y += 12.0;
        let muted = self.colors.muted;
        self.paragraph(&legal(foot), SMALL, muted);
        let description = if description.is_empty() { &self.title } else { description };
        self.canvas.finish(&Sheet {
            title: &self.title,
            description,
            size: (self.width, libm::ceil(self.y + MARGIN - 6.0)),
            zoom: self.zoom,
            ground: self.colors.ground,
        })
    }
}

/// The setting of a chart of runs that has room for so many policies: the scenario's title, what is shaded
/// and dashed, and that random numbers are common.
pub fn subtitle(recorded: &Recorded, arms_max: usize) -> String {
    setting(recorded, arms_max, happenings)
}

/// As [`subtitle`], for a chart without an axis of time.
pub fn untimed_subtitle(recorded: &Recorded, arms_max: usize) -> String {
    setting(recorded, arms_max, meanwhile)
}

fn setting(recorded: &Recorded, arms_max: usize, happened: fn(&[Arm]) -> String) -> String {
    let title = recorded.title.as_deref().unwrap_or(&recorded.file).trim_end_matches('.');
    let mut text = format!("{title}.");
    let arms = &recorded.arms[..recorded.arms.len().min(arms_max)];
    text.push_str(&happened(arms));
    if arms.len() > 1 {
        text.push_str(" Common random numbers.");
    }
    if arms.len() < recorded.arms.len() {
        text.push_str(&format!(" {} of {} policies.", arms.len(), recorded.arms.len()));
    }
    text
}

/// A length of time on one line, without seconds or minutes that are 0.
pub fn length(secs: f64) -> String {
    let told = seconds(secs);
    let short = told.strip_suffix(" 00 s").or_else(|| told.strip_suffix(" 00 min"));
    tied(short.unwrap_or(&told))
}

/// A sentence that begins with a capital letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}

/// What another needs to get a chart of runs again.
pub fn foot(recorded: &Recorded) -> String {
    let mut parts =
        vec![format!("{} {}", recorded.file, recorded.hash), format!("seed {}", recorded.seed)];
    let digests: Vec<&str> = recorded.arms.iter().map(|arm| arm.digest.as_str()).collect();
    parts.push(match digests.as_slice() {
        [digest] => format!("digest {digest}"),
        several => format!("digests {}", several.join(", ")),
    });
    parts.push(format!("dwell {}", env!("CARGO_PKG_VERSION")));
    if let Some(stopped_by) = &recorded.stopped_by {
        parts.push(format!("partial: stopped by {stopped_by}"));
    }
    parts.join(" · ")
}
