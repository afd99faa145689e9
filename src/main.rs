//! The command `dwell`: calls [`dwell::cli`] and turns what it says into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    dwell::cli::main()
}
