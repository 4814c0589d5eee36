//! What is known about a script that failed for a request: enough to say why, to show how it ran, and to run it again.
//! Secrets are masked here, where it is made, so that nobody below has to think of them.

mod masked;
mod source;

use std::path::PathBuf;

use htbin_spawn::{Exit, Start};

pub use self::{
    masked::{MASK, masked},
    source::{Excerpt, Line},
};
use crate::{
    diagnosis::{Diagnosis, Event, Evidence, Subject},
    exchange::Timeline,
};

/// A script that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The script and its circumstances.
    pub subject: Subject,
    /// What happened.
    pub evidence: Evidence,
    /// How it was run; none if it was not even tried.
    pub run: Option<Run>,
}

/// What an examination of a failure shows.
#[derive(Debug, Clone)]
pub struct Examined {
    /// Why, and what mends it.
    pub diagnosis: Diagnosis,
    /// Lines of the script.
    pub source: Option<Excerpt>,
}

/// How a script was run.
#[derive(Debug, Clone)]
pub struct Run {
    /// What it wrote before it was given up, at most [`OUTPUT_BYTES_MAX`] octets.
    pub output: Vec<u8>,
    /// Its meta-variables, secrets masked.
    pub variables: Vec<(String, String)>,
    /// Its arguments, secrets masked.
    pub arguments: Vec<String>,
    /// Its working directory.
    pub directory: PathBuf,
    /// The part of the URL that led to it.
    pub script_name: String,
    /// The rest of the path.
    pub path_info: Option<Vec<u8>>,
    /// Octets of the request's body.
    pub body_bytes: Option<u64>,
    /// The start of that body, if it is to be recorded.
    pub body: Option<Vec<u8>>,
    /// How it was started, if it was.
    pub start: Option<Start>,
    /// Where the time went.
    pub timeline: Timeline,
}

impl Failure {
    /// A script that was not even tried.
    pub fn untried(subject: Subject, event: Event) -> Self {
        Self { subject, evidence: Evidence { event, exit: None, stderr: None }, run: None }
    }

    /// Why, what mends it, and the lines it is about. Looks at files, so it may wait for a disk.
    pub fn examine(&self) -> Examined {
        let diagnosis = Diagnosis::of(&self.subject, &self.evidence);
        // A file that does not run may be no script at all: nothing of it is shown.
        let is_script = self.run.is_some();
        let source = is_script.then(|| source::excerpt(&self.subject.program, diagnosis.place.as_ref())).flatten();
        Examined { diagnosis, source }
    }

    /// How it ended, in words.
    pub fn ending(&self) -> Option<String> {
        match self.evidence.exit? {
            Exit::Code(code) => Some(format!("exit status {code}")),
            Exit::Signal(signal) => Some(format!("signal {signal}")),
            Exit::Unknown => None,
        }
    }
}

impl Run {
    /// One of its meta-variables, as it may be shown; empty if it has none of this name.
    pub fn variable(&self, name: &str) -> &str {
        self.variables.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }
}

/// Of what a script wrote.
pub const OUTPUT_BYTES_MAX: usize = 4096;
