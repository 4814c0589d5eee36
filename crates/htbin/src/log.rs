//! What htbin says: one line for each exchange on stdout, everything else on stderr, or both where the settings say.
//! Neither a slow reader nor a closed pipe nor a full disk holds up a request: lines wait in bounded buffers that a thread
//! of their own writes out.

use std::{io, path::PathBuf};

pub use access::{AccessLog, Entry};
pub use event::{init, script_line};
pub use files::{Files, Owner};
use rustix::io::Errno;
pub use text::visible;

mod access;
mod event;
mod files;
mod line;
mod record;
mod sink;
mod text;
mod writer;

/// How much to say, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How a line of the access log looks.
    pub format: Format,
    /// No access log, and of the events only what went wrong.
    pub quiet: bool,
    /// Only what scripts write to stderr, as they write it, and errors; `verbose` adds to that.
    pub bare: bool,
    /// How much more to say: 0, 1 (what was decided), 2 (each step).
    pub verbose: u8,
    /// Where the access log goes.
    pub access: Destination,
    /// Where everything else goes.
    pub events: Destination,
}

/// Where a log goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Destination {
    /// The access log to stdout, everything else to stderr.
    #[default]
    Standard,
    /// To this file, with an absolute path.
    File(PathBuf),
    /// To syslog, by this socket.
    Syslog(PathBuf),
    /// To systemd's journal, by this socket.
    Journal(PathBuf),
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error("cannot open the log {}: {errno}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// What the system said.
        errno: Errno,
    },
    /// No thread, or no descriptor.
    #[error("cannot start the logs: {0}")]
    Start(#[from] io::Error),
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
