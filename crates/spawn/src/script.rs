//! A running script: its output, its messages, its process.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use bytes::Bytes;
use rustix::{
    fs::{MemfdFlags, OFlags, fcntl_setfl, memfd_create},
    io::pwrite,
    pipe::{PipeFlags, pipe_with},
};
use tokio::{net::unix::pipe, runtime::Handle};

use crate::{launch::LaunchError, process::Process};

/// A script that has been started. Dropped while it runs, it is ended.
#[derive(Debug)]
pub struct Script {
    /// Taken when somebody takes over, or when it is ended.
    parts: Option<Parts>,
}

/// What connects us with a running script.
#[derive(Debug)]
pub struct Parts {
    /// What it writes for the client.
    pub stdout: pipe::Receiver,
    /// What it writes for the log; does not block.
    pub stderr: OwnedFd,
    /// The process itself; dropped while it runs, it is ended.
    pub process: Process,
}

impl Script {
    pub(crate) fn new([stdout, stderr]: [OwnedFd; 2], process: Process) -> Result<Self, LaunchError> {
        let stdout = pipe::Receiver::from_owned_fd_unchecked(stdout).map_err(LaunchError::Pipes)?;
        Ok(Self { parts: Some(Parts { stdout, stderr, process }) })
    }

    /// Takes over: from now on the caller sees to its end.
    pub fn into_parts(mut self) -> Parts {
        self.parts.take().expect("only this and drop take them")
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if let (Some(parts), Ok(runtime)) = (self.parts.take(), Handle::try_current()) {
            runtime.spawn(parts.end());
        }
    }
}

impl Parts {
    /// Ends the script. Its pipes stay open until it is gone, so that what it writes while it cleans up does not end it
    /// (SIGPIPE) before it has.
    async fn end(self) {
        let Self { stdout, stderr, process } = self;
        process.end().await;
        drop((stdout, stderr));
    }
}

/// What a script reads.
#[derive(Debug)]
pub enum Stdin {
    /// Nothing: /dev/null.
    Empty,
    /// These octets, as a file in memory: a script can stop reading at any time and nobody has to feed it.
    Bytes(Bytes),
    /// A file, from its current offset.
    File(OwnedFd),
}

/// The script's ends of its three descriptors.
pub(crate) struct Stdio {
    stdin: Option<OwnedFd>,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Stdio {
    /// Makes the pipes: the script's ends, and ours of stdout and stderr.
    pub(crate) fn new(stdin: Stdin) -> std::io::Result<(Self, [OwnedFd; 2])> {
        let stdin = match stdin {
            Stdin::Empty => None,
            Stdin::File(file) => Some(file),
            Stdin::Bytes(bytes) => Some(file_in_memory(&bytes)?),
        };
        let (our_stdout, stdout) = pipe_with(PipeFlags::CLOEXEC)?;
        let (our_stderr, stderr) = pipe_with(PipeFlags::CLOEXEC)?;
        // Only our ends: a script must find its own ends blocking.
        fcntl_setfl(&our_stdout, OFlags::NONBLOCK)?;
        fcntl_setfl(&our_stderr, OFlags::NONBLOCK)?;
        Ok((Self { stdin, stdout, stderr }, [our_stdout, our_stderr]))
    }

    pub(crate) fn theirs<'a>(&'a self, null: BorrowedFd<'a>) -> [BorrowedFd<'a>; 3] {
        [self.stdin.as_ref().map_or(null, AsFd::as_fd), self.stdout.as_fd(), self.stderr.as_fd()]
    }
}

/// An unnamed file in memory with these octets, at its start.
pub(crate) fn file_in_memory(bytes: &[u8]) -> std::io::Result<OwnedFd> {
    let file = memfd_create("htbin", MemfdFlags::CLOEXEC)?;
    let mut written = 0;
    while written < bytes.len() {
        written += pwrite(&file, &bytes[written..], written as u64)?;
    }
    Ok(file)
}
