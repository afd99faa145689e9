//! Pixels of a chart, for what shows no SVG.
//!
//! The letters are those that were measured: the embedded font is the only one that is looked for. A letter
//! that it does not have is left out.

use super::lettering::{BOLD, REGULAR};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};

/// A chart's SVG as PNG, a pixel for a pixel.
pub fn png(svg: &str) -> Vec<u8> {
    let mut options = Options { font_family: "Inter".to_owned(), ..Options::default() };
    for font in [REGULAR, BOLD] {
        options.fontdb_mut().load_font_data(font.to_vec());
    }
    let tree = Tree::from_str(svg, &options).expect("a chart is well-formed SVG");
    let size = tree.size().to_int_size();
    let mut pixels = Pixmap::new(size.width(), size.height()).expect("a chart has a size");
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().expect("memory takes every picture")
}
