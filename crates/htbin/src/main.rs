//! htbin.
fn main() {}
