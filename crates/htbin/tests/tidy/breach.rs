//! What the rules find: a place, the rule, and what breaks it.

use std::fmt;

/// One place that breaks one rule.
pub(crate) struct Breach {
    /// The file, from the root of the tree.
    pub(crate) file: String,
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The rule.
    pub(crate) rule: Rule,
    /// What exactly breaks it.
    pub(crate) what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.rule.sentence(), self.what)
    }
}

/// The rules there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Invariant 1: a room uses only rooms that stand below it.
    Upward,
    /// Invariant 1: each room owns its `Settings`.
    NamesConfig,
    /// Every dangerous line lies in one folder.
    Unsafe,
    /// The compiler holds the rule above where nothing is dangerous.
    Forbid,
    /// Invariant 3: htbin-cgi has no I/O and no clock.
    CgiIsPure,
    /// Invariant 3: htbin-spawn knows processes, not HTTP; the leaves do not know each other.
    SpawnIsNarrow,
    /// Invariant 6, functions.
    LongFunction,
    /// Invariant 6, files.
    LongFile,
    /// One word per concept, none of the words that mean everything.
    Word,
    /// `room.rs` beside `room/part.rs`.
    ModRs,
    /// A file says what it does before it does it.
    NoOpening,
    /// Nothing half-done is kept, and no test waits by the clock.
    HalfDone,
    /// A decision fits on a page.
    LongDecision,
    /// An answer to a threat has a test.
    NoSuchTest,
}

impl Rule {
    fn sentence(self) -> &'static str {
        match self {
            Self::Upward => "a room uses only rooms below it in lib.rs",
            Self::NamesConfig => "a room owns its Settings and does not name config",
            Self::Unsafe => "unsafe stands only under crates/spawn/src/sys",
            Self::Forbid => "the crate forbids unsafe code",
            Self::CgiIsPure => "htbin-cgi has no I/O, no clock, no async",
            Self::SpawnIsNarrow => "htbin-spawn and htbin-cgi know neither each other nor, spawn, HTTP",
            Self::LongFunction => "functions have at most 70 lines, 95 in 100 at most 50",
            Self::LongFile => "files have at most 500 lines without tests, 85 in 100 at most 400 in all",
            Self::Word => "not one of our words",
            Self::ModRs => "a folder has room.rs beside it",
            Self::NoOpening => "a file opens with //!",
            Self::HalfDone => "nothing half-done, no waiting by the clock",
            Self::LongDecision => "a decision has at most 40 lines",
            Self::NoSuchTest => "a threat's test exists",
        }
    }
}
