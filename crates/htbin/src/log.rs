//! What htbin says: one line for each exchange on stdout, everything else on stderr. Neither a slow reader nor a closed
//! pipe holds up a request: lines wait in bounded buffers that a thread of their own writes out.

pub use access::{AccessLog, Entry};
pub use event::{init, script_line};
pub use text::visible;

mod access;
mod event;
mod line;
mod text;
mod writer;

/// How much to say, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How a line of the access log looks.
    pub format: Format,
    /// No access log, and of the events only what went wrong.
    pub quiet: bool,
    /// How much more to say: 0, 1 (what was decided), 2 (each step).
    pub verbose: u8,
}

/// How a line of the access log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Apache's common: `%h %l %u %t "%r" %>s %b`.
    Common,
    /// Apache's combined: common with `"%{Referer}i" "%{User-agent}i"`.
    Combined,
    /// One JSON object a line.
    Json,
}
