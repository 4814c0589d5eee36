//! A script that was started and did not answer: what happened, and what that is for the client.

use std::io;

use htbin_cgi::Error;
use htbin_spawn::Exit;

use crate::{
    diagnosis::Event,
    refusal::{Reason, Refusal},
};

/// Why a script's output was given up.
#[derive(Debug)]
pub(super) enum Halt {
    /// Its head is wrong, or did not come.
    Head(Error),
    /// It wrote nothing for too long.
    Silent,
    /// It wrote more than it may.
    TooMuch,
    /// The pipe is broken, which is no doing of the script.
    Broken(io::Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Head(error)
    }
}

/// What a script did instead of answering.
#[derive(Debug)]
pub(super) struct Fault {
    /// Why its output was given up.
    pub(super) halt: Halt,
    /// How it ended, if it did.
    pub(super) exit: Option<Exit>,
    /// The last lines it wrote to stderr.
    pub(super) stderr: Option<Box<str>>,
    /// What it wrote until then.
    pub(super) output: Vec<u8>,
}

impl Fault {
    /// Without the circumstances, which are asked for when the script is done with.
    pub(super) fn new(halt: impl Into<Halt>, output: &[u8]) -> Self {
        let output = output[..output.len().min(crate::failure::OUTPUT_BYTES_MAX)].to_vec();
        Self { halt: halt.into(), exit: None, stderr: None, output }
    }

    /// What the client is refused with.
    pub(super) fn reason(&self) -> Reason {
        match &self.halt {
            Halt::Head(Error::TooLarge { .. } | Error::TooManyFields { .. }) | Halt::TooMuch => Reason::HeadTooLarge,
            Halt::Head(Error::Empty | Error::Unterminated) => Reason::NoHead,
            // What it wrote until then says nothing of what it would have written.
            Halt::Head(_) if matches!(self.exit, Some(Exit::Signal(_))) => Reason::NoHead,
            Halt::Head(_) => Reason::BadHead,
            Halt::Silent => Reason::ScriptTimeout,
            Halt::Broken(_) => Reason::Internal,
        }
    }

    /// What happened to the script; an error if it was none of its doing.
    pub(super) fn event(&self) -> Result<Event, Refusal> {
        match &self.halt {
            Halt::Head(error) => Ok(Event::Head(error.clone())),
            Halt::Silent => Ok(Event::HeadTime),
            Halt::TooMuch => Ok(Event::Output),
            Halt::Broken(error) => {
                Err(Refusal::with_detail(Reason::Internal, format!("the script's output cannot be read: {error}")))
            }
        }
    }
}
