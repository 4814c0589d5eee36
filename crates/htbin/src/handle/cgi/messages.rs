//! What a script writes to stderr: each line goes to the log with the exchange and the script; the last few are kept to
//! explain a failure.

use std::{io, os::fd::OwnedFd, sync::Arc, time::Duration};

use tokio::{net::unix::pipe, sync::Semaphore};

use crate::{exchange::ExchangeId, log, site::Script};

pub(super) struct Messages {
    stderr: Stderr,
    id: ExchangeId,
    script: Arc<str>,
    /// A line whose end has not come yet.
    line: Vec<u8>,
    /// The last octets of all that was written.
    tail: Vec<u8>,
}

impl Messages {
    pub(super) fn new(stderr: OwnedFd, id: ExchangeId, script: &Script) -> Self {
        let script = script.program().to_string_lossy().into();
        Self { stderr: Stderr::Quiet(stderr), id, script, line: Vec::new(), tail: Vec::new() }
    }

    /// Waits for messages and logs them; never done once stderr has ended.
    pub(super) async fn pass_on(&mut self) {
        self.stderr = match std::mem::replace(&mut self.stderr, Stderr::Ended) {
            // The descriptor itself, no copy: there may be none left.
            Stderr::Quiet(stderr) => {
                pipe::Receiver::from_owned_fd_unchecked(stderr).map_or(Stderr::Ended, Stderr::Watched)
            }
            other => other,
        };
        match &self.stderr {
            Stderr::Watched(stderr) => {
                // An error shows again when it is read.
                _ = stderr.readable().await;
                self.pass_on_now();
            }
            Stderr::Quiet(_) | Stderr::Ended => std::future::pending().await,
        }
    }

    /// Logs what has been written until now. Bounded: a script that writes for ever comes to its turn again.
    pub(super) fn pass_on_now(&mut self) {
        let mut buffer = [0; READ_BYTES];
        for _ in 0..READS_MAX {
            match self.stderr.read_now(&mut buffer) {
                Ok(0) => return self.end(),
                Ok(bytes) => self.take(&buffer[..bytes]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.end(),
            }
        }
    }

    /// Logs something about the script, in line with its own messages.
    pub(super) fn remark(&self, what: &str) {
        tracing::info!(id = %self.id, script = %self.script, "{what}");
    }

    /// The last lines, to explain a failure.
    pub(super) fn tail(&self) -> Option<Box<str>> {
        (!self.tail.is_empty()).then(|| String::from_utf8_lossy(&self.tail).into())
    }

    /// The script has ended; a child of it may write on. Its messages are logged for a while: closing the pipe now would
    /// end it with SIGPIPE.
    pub(super) fn finish(mut self) {
        self.pass_on_now();
        if matches!(self.stderr, Stderr::Ended) {
            return;
        }
        if let Ok(place) = LINGERING.try_acquire() {
            tokio::spawn(async move {
                let _place = place;
                let _ = tokio::time::timeout(REST_TIME, async {
                    while !matches!(self.stderr, Stderr::Ended) {
                        self.pass_on().await;
                    }
                })
                .await;
            });
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.line.len() >= LINE_BYTES_MAX {
                self.log_line();
            }
        }
        self.tail.extend_from_slice(bytes);
        let excess = self.tail.len().saturating_sub(TAIL_BYTES_MAX);
        self.tail.drain(..excess);
    }

    fn end(&mut self) {
        self.stderr = Stderr::Ended;
        if !self.line.is_empty() {
            self.log_line();
        }
    }

    fn log_line(&mut self) {
        log::script_line(self.id, self.script.as_bytes(), self.line.trim_ascii_end());
        self.line.clear();
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        if !matches!(self.stderr, Stderr::Ended) {
            self.pass_on_now();
            self.end();
        }
    }
}

/// The reading end of a script's stderr. Most scripts are silent and short, so it is registered with the runtime only
/// once somebody has to wait for it.
enum Stderr {
    Quiet(OwnedFd),
    Watched(pipe::Receiver),
    Ended,
}

impl Stderr {
    fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Quiet(stderr) => Ok(rustix::io::read(stderr, buffer)?),
            Self::Watched(stderr) => stderr.try_read(buffer),
            Self::Ended => Ok(0),
        }
    }
}

/// How many scripts' pipes may be listened to after their end.
static LINGERING: Semaphore = Semaphore::const_new(256);
const READ_BYTES: usize = 4096;
/// Reads in one turn.
const READS_MAX: usize = 32;
const LINE_BYTES_MAX: usize = 8192;
const TAIL_BYTES_MAX: usize = 8192;
const REST_TIME: Duration = Duration::from_secs(600);
