//! The command `dwell`.

fn main() {}
