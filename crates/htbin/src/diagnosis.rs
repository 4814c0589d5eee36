//! Why a script failed and what mends it, as a value: made here and nowhere else, from what is known. It starts nothing
//! and answers nobody.

mod code;
mod elf;
mod ending;
pub mod file;
mod head;
mod runner;
pub mod seen;
mod stderr;

use std::{
    ffi::OsString,
    fmt,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use htbin_spawn::{Exit, LaunchError};
use serde::Serialize;

pub use self::{
    code::Code,
    runner::{Right, Runner},
};

/// What is wrong with a script, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Its stable name.
    pub code: Code,
    /// What is wrong: one sentence.
    pub cause: String,
    /// What mends it: one sentence.
    pub fix: String,
    /// The command that mends it, for a shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The line at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, mostly the script.
    pub file: PathBuf,
    /// The number of the line, from 1.
    pub line: usize,
}

/// A script, and under which circumstances it runs.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The absolute path of the script's file.
    pub program: PathBuf,
    /// What runs the file instead of the kernel: `--interpreter`.
    pub interpreter: Option<PathBuf>,
    /// The PATH it gets.
    pub search_path: OsString,
    /// Whom it runs as.
    pub runner: Arc<Runner>,
    /// What it may use.
    pub limits: Limits,
}

/// What a script may use; none is no limit.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// For its whole head.
    pub head_time: Duration,
    /// Without output.
    pub idle_time: Duration,
    /// Octets of output.
    pub output_bytes: Option<u64>,
    /// Octets of address space.
    pub memory_bytes: Option<u64>,
    /// Seconds of processor time.
    pub cpu_seconds: Option<u64>,
    /// Processes of its user.
    pub processes: Option<u64>,
}

/// What is known about a run that failed.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// What happened.
    pub event: Event,
    /// How it ended, if it did by itself.
    pub exit: Option<Exit>,
    /// The last lines it wrote to stderr.
    pub stderr: Option<Box<str>>,
}

/// What happened to a script.
#[derive(Debug, Clone)]
pub enum Event {
    /// It has no execute bit, and so was not even tried.
    NotExecutable,
    /// The way to it, or the file itself, may not be read.
    Unreadable,
    /// It could not be started.
    Launch(Arc<LaunchError>),
    /// Its head is wrong, or did not come.
    Head(htbin_cgi::Error),
    /// Its head did not come in time.
    HeadTime,
    /// It was silent for too long after its head.
    IdleTime,
    /// It wrote too much.
    Output,
    /// It ended so many octets before its Content-Length.
    CutShort(u64),
    /// A signal ended it after its head.
    Ended,
    /// Requests went round in circles, so many times.
    RedirectLoop(usize),
}

impl Diagnosis {
    /// What a run that failed comes from.
    pub fn of(subject: &Subject, evidence: &Evidence) -> Self {
        match &evidence.event {
            Event::NotExecutable => file::not_executable(subject),
            Event::Unreadable => file::unreachable(subject),
            Event::Launch(error) => file::not_started(subject, error),
            Event::Head(error) => Self::of_head(subject, evidence, error),
            Event::Ended => ending::of_exit(subject, evidence, ending::When::AfterHead)
                .unwrap_or_else(|| ending::of_status(subject, evidence)),
            Event::CutShort(left) => stderr::said(subject, evidence).unwrap_or_else(|| head::cut_short(*left)),
            Event::HeadTime => ending::head_time(subject, evidence),
            Event::IdleTime => ending::idle_time(subject),
            Event::Output => ending::output(subject),
            Event::RedirectLoop(times) => head::redirect_loop(*times),
        }
    }

    /// What the script said and how it ended come before what its output lacks: that only follows from it.
    fn of_head(subject: &Subject, evidence: &Evidence, error: &htbin_cgi::Error) -> Self {
        let wrote_nothing = matches!(error, htbin_cgi::Error::Empty);
        let failed = !matches!(evidence.exit, Some(Exit::Code(0)) | None);
        if failed || wrote_nothing {
            let known = file::seen_after(subject, evidence)
                .or_else(|| stderr::said(subject, evidence))
                .or_else(|| ending::of_exit(subject, evidence, ending::When::of(error)));
            if let Some(known) = known {
                return known;
            }
        }
        match error {
            htbin_cgi::Error::Empty | htbin_cgi::Error::Unterminated if failed => ending::of_status(subject, evidence),
            _ => head::of(subject, error),
        }
    }

    fn new(code: Code, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, cause: cause.into(), fix: fix.into(), command: None, place: None }
    }

    fn with_command(self, command: impl Into<String>) -> Self {
        Self { command: Some(command.into()), ..self }
    }

    /// With the command that lets others pass through a directory, unless that is nobody's business.
    fn letting_pass(self, stopped: &Path) -> Self {
        let is_private = stopped == Path::new("/root") || stopped == Path::new("/");
        if is_private { self } else { self.with_command(format!("chmod o+x {}", quoted(stopped))) }
    }

    fn at(self, file: impl Into<PathBuf>, line: usize) -> Self {
        Self { place: Some(Place { file: file.into(), line }), ..self }
    }
}

/// One line, for a log.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, cause, fix, .. } = self;
        write!(f, "{cause}; {fix}")?;
        self.command.iter().try_for_each(|command| write!(f, ": {command}"))?;
        write!(f, " [{code}]")
    }
}

/// What mends a directory that the user may not enter.
const LET_PASS: &str = "move what lies there to where that user may go, or let that user pass through it";

/// A word for a shell to read as it is.
pub fn quoted(word: impl AsRef<std::ffi::OsStr>) -> String {
    let word = word.as_ref();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(byte);
    if !word.is_empty() && word.as_bytes().iter().all(is_plain) {
        return word.to_string_lossy().into_owned();
    }
    // What is no text, or would move a cursor, is written in the shell's own escapes.
    if word.to_str().is_none_or(|text| text.chars().any(char::is_control)) {
        return format!("$'{}'", word.as_bytes().escape_ascii());
    }
    format!("'{}'", word.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
