//! The command `gwctl`.

fn main() {}
