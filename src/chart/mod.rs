//! Charts: one finished result, one picture that stands by itself.
//!
//! ```text
//!  study::Comparison ──► forest ─┐
//!                                ├──► page, plot ──► Canvas ──► SVG
//!  observe::Recording ─► storm … ┤       ▲
//!   (Recorded)                   │   scale, theme, lettering
//!                                └──► CSV: what is drawn, in numbers
//! ```
//!
//! A chart says what it found in its title, its setting under it, and at its foot what another needs to
//! get it again. It is laid out with the widths of an embedded font, so the same result gives the same
//! bytes on every machine, and nothing is cut or overlaps at any width. [`OfRuns`] draws the kinds that are drawn from
//! runs, of which [`crate::catalog`] has the list; [`forest`] is drawn from a comparison, [`amplification`] and [`visibility_heatmap`] from [`points`]
//! that are played for them. [`png`] makes pixels of any of them.

pub mod age_heatmap;
pub mod amplification;
pub mod canvas;
pub mod deliveries;
pub mod dependency;
pub mod drain;
pub mod dwell_ccdf;
pub mod figure;
pub mod flow;
pub mod forest;
pub mod headline;
pub mod hysteresis;
pub mod iterator_age;
pub mod journey;
pub mod kind;
pub mod lettering;
pub mod page;
pub mod plot;
pub mod png;
pub mod points;
pub mod pollers;
pub mod recorded;
pub mod redrive;
pub mod scale;
pub mod storm;
pub mod theme;
pub mod tracks;
pub mod validation;
pub mod visibility_heatmap;

pub use kind::OfRuns;
pub use recorded::Recorded;
pub use theme::Theme;

/// How a chart is to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Its width in pixels, one of [`Look::WIDTHS`].
    pub width: u32,
    /// Its colours.
    pub theme: Theme,
}

impl Look {
    /// The widths that a chart is laid out for, in pixels.
    pub const WIDTHS: std::ops::RangeInclusive<u32> = 600..=2400;

    /// Wider charts than this are this one magnified: longer lines would only part names from numbers.
    const LAID_OUT_MAX: u32 = 1200;

    /// The width that is laid out, and how many pixels each unit of it has.
    fn scale(self) -> (f64, f64) {
        let laid_out = self.width.min(Look::LAID_OUT_MAX);
        (f64::from(laid_out), f64::from(self.width) / f64::from(laid_out))
    }
}

impl Default for Look {
    fn default() -> Look {
        Look { width: 960, theme: Theme::Light }
    }
}
