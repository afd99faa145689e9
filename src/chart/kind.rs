//! What every kind of chart of runs has: whether it has something to show, a picture, and its numbers. The list of
//! kinds is [`crate::catalog`].

use super::{Look, Recorded};
pub use crate::catalog::OfRuns;
use std::io::{self, Write};

macro_rules! drawn {
    (
        runs { $($kind:ident $file:ident $word:literal $shows:literal;)* }
        others { $($other:tt)* }
    ) => {
        impl OfRuns {
            /// Whether these runs have what it shows; where not, it can be asked for and says so.
            pub fn fits(self, recorded: &Recorded) -> bool {
                match self { $(OfRuns::$kind => super::$file::fits(recorded),)* }
            }

            /// The chart as SVG.
            pub fn svg(self, recorded: &Recorded, look: Look) -> String {
                match self { $(OfRuns::$kind => super::$file::svg(recorded, look),)* }
            }

            /// What is drawn, in numbers.
            pub fn csv(self, recorded: &Recorded, to: impl Write) -> io::Result<()> {
                match self { $(OfRuns::$kind => super::$file::csv(recorded, to),)* }
            }
        }
    };
}

crate::catalog::charts!(drawn);
