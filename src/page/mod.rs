//! The report: one page that stands by itself, offline and under a strict content policy.
//!
//! ```text
//!   chart ─────► SVG ────────────┐
//!   report ────► tables ─────────┼─► html ──► one file
//!   observe ───► data, as JSON ──┤
//!   player.js, player.css ───────┘
//! ```
//!
//! [`data`] is what the player plays, [`html`] lays the page out. Nothing here knows the model or files.

pub mod data;
pub mod html;
pub mod ink;

pub use data::{Play, Stage};
pub use html::{Chart, Page, render};
