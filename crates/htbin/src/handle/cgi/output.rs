//! The output of a running script, piece by piece, with its time limits: read only when it can be passed on, so a slow
//! reader costs a bounded amount of memory and in the end holds the script.

use std::{io, time::Duration};

use bytes::{Bytes, BytesMut};
use htbin_spawn::{Exit, Process};
use tokio::{
    net::unix::pipe,
    runtime::Handle,
    time::{Instant, timeout, timeout_at},
};

use super::{Rules, fault::Halt, messages::Messages};

pub(super) struct Running {
    /// Taken when it is over.
    script: Option<Script>,
    exit: Option<Exit>,
    /// When the script itself was found to have left.
    left: Option<Instant>,
    /// It has run for more than a moment: its stderr and its end are waited for, too.
    watches_all: bool,
    buffer: BytesMut,
    bytes: u64,
    bytes_max: Option<u64>,
    idle_time: Duration,
}

/// What connects us with a running script.
struct Script {
    stdout: Option<pipe::Receiver>,
    process: Process,
    messages: Messages,
}

impl Running {
    pub(super) fn new(stdout: pipe::Receiver, process: Process, messages: Messages, rules: &Rules) -> Self {
        Self {
            script: Some(Script { stdout: Some(stdout), process, messages }),
            exit: None,
            left: None,
            watches_all: false,
            buffer: BytesMut::new(),
            bytes: 0,
            bytes_max: rules.output_bytes_max,
            idle_time: rules.idle_time,
        }
    }

    /// The next piece of output by that time; none at its end.
    pub(super) async fn read(&mut self, deadline: Instant) -> Result<Option<Bytes>, Halt> {
        loop {
            if let Some(piece) = self.read_now()? {
                return Ok(Some(piece));
            }
            let (exit, left) = (&mut self.exit, &mut self.left);
            let Some(Script { stdout: Some(stdout), process, messages }) = &mut self.script else { return Ok(None) };
            if !self.watches_all {
                // Most scripts are done in a moment: until then only their output is waited for, which saves registering
                // their stderr and their process with the kernel.
                let soon = deadline.min(Instant::now() + MOMENT);
                match timeout_at(soon, stdout.readable()).await {
                    Ok(ready) => ready.map_err(Halt::Broken)?,
                    Err(_) => self.watches_all = true,
                }
                continue;
            }
            let deadline = if left.is_some() { Instant::now() + LINGER_TIME } else { deadline };
            tokio::select! {
                biased;
                ready = stdout.readable() => ready.map_err(Halt::Broken)?,
                how = process.exited(), if exit.is_none() => (*exit, *left) = (Some(how), Some(Instant::now())),
                () = messages.pass_on() => {}
                () = tokio::time::sleep_until(deadline) => {
                    if exit.is_none() {
                        return Err(Halt::Silent);
                    }
                    self.close();
                }
            }
        }
    }

    /// The next piece of output with the time limit between pieces.
    pub(super) async fn read_on(&mut self) -> Result<Option<Bytes>, Halt> {
        self.read(Instant::now() + self.idle_time).await
    }

    /// Output that is there already.
    pub(super) fn read_now(&mut self) -> Result<Option<Bytes>, Halt> {
        // Once the script has left, whoever else holds its stdout (a background child) gets a moment, no more.
        if self.left.is_some_and(|left| left.elapsed() > LINGER_TIME_MAX) {
            self.close();
        }
        let Some(Script { stdout: Some(stdout), .. }) = &self.script else { return Ok(None) };
        if self.buffer.capacity() < READ_BYTES_MIN {
            // The first read is of a small answer, most often; a script that writes much gets large ones.
            self.buffer.reserve(if self.bytes < READ_BYTES_FIRST as u64 { READ_BYTES_FIRST } else { READ_BYTES });
        }
        match stdout.try_read_buf(&mut self.buffer) {
            Ok(0) => {
                self.close();
                Ok(None)
            }
            Ok(bytes) => {
                self.bytes += bytes as u64;
                match self.bytes_max {
                    Some(max) if self.bytes > max => Err(Halt::TooMuch),
                    _ => Ok(Some(self.buffer.split().freeze())),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(Halt::Broken(error)),
        }
    }

    /// Output that is there already, or will be once everybody else has had a turn: a script that has written all it
    /// will is given the time to leave.
    pub(super) async fn read_at_leisure(&mut self) -> Result<Option<Bytes>, Halt> {
        if let Some(piece) = self.read_now()? {
            return Ok(Some(piece));
        }
        if !self.has_ended() {
            tokio::task::yield_now().await;
            return self.read_now();
        }
        Ok(None)
    }

    /// Has the output ended?
    pub(super) fn has_ended(&self) -> bool {
        self.script.as_ref().is_none_or(|script| script.stdout.is_none())
    }

    /// How the script has ended, after its output has: none if it goes on by itself. Its messages are all logged then.
    pub(super) async fn exit(&mut self) -> Option<Exit> {
        let script = self.script.as_mut()?;
        if self.exit.is_none() {
            self.exit = timeout(EXIT_TIME, script.process.exited()).await.ok();
        }
        script.messages.pass_on_now();
        self.exit
    }

    /// How the script has ended, if that is known already.
    pub(super) fn exit_known(&self) -> Option<Exit> {
        self.exit
    }

    /// The last lines the script wrote to stderr.
    pub(super) fn last_messages(&self) -> Option<Box<str>> {
        self.script.as_ref()?.messages.tail()
    }

    /// Logs something about the script.
    pub(super) fn remark(&self, what: &str) {
        if let Some(script) = &self.script {
            script.messages.remark(what);
        }
    }

    /// The output is over and the script with it, or it closed its stdout and goes on by itself.
    pub(super) fn finish(mut self) {
        let Some(script) = self.script.take() else { return };
        script.messages.finish();
        if self.exit.is_none() {
            script.process.detach(self.idle_time);
        }
    }

    /// Lets the script run to its end though nobody wants its output. `excess` is logged if there is any.
    pub(super) fn finish_unheard(mut self, mut excess: Option<&'static str>) {
        tokio::spawn(async move {
            while let Ok(Some(_)) = self.read_on().await {
                excess.take().into_iter().for_each(|what| self.remark(what));
            }
            self.exit().await;
            self.finish();
        });
    }

    fn close(&mut self) {
        if let Some(script) = &mut self.script {
            script.stdout = None;
        }
    }
}

impl Drop for Running {
    /// The client has left, or the script has broken a rule: it is ended.
    fn drop(&mut self) {
        let Some(mut script) = self.script.take() else { return };
        match (script.process.try_exited(), Handle::try_current()) {
            (None, Ok(runtime)) => drop(runtime.spawn(script.end())),
            // The runtime is gone: the server is ending, and sees to what is left.
            (None, Err(_)) => {}
            (Some(_), _) => script.messages.finish(),
        }
    }
}

impl Script {
    /// Ends the script. Until it is gone somebody listens, so that what it writes while it cleans up does not end it
    /// (SIGPIPE) before it has.
    async fn end(mut self) {
        let ended = self.process.end();
        tokio::pin!(ended);
        loop {
            tokio::select! {
                () = ended.as_mut() => return self.messages.finish(),
                () = self.messages.pass_on() => {}
                () = discard(&mut self.stdout) => {}
            }
        }
    }
}

/// Waits for output that nobody wants; never done once there is no more.
async fn discard(stdout: &mut Option<pipe::Receiver>) {
    let mut buffer = [0; DISCARD_BYTES];
    match stdout {
        None => std::future::pending().await,
        Some(pipe) => {
            _ = pipe.readable().await;
            match pipe.try_read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(0) | Err(_) => *stdout = None,
                Ok(_) => {}
            }
        }
    }
}

/// As long as this a script is taken for one that is done at once.
const MOMENT: Duration = Duration::from_millis(20);
/// For what holds stdout when the script itself has left.
const LINGER_TIME: Duration = Duration::from_millis(100);
/// For what holds stdout and goes on writing.
const LINGER_TIME_MAX: Duration = Duration::from_secs(2);
/// From the end of the output to the end of the process.
const EXIT_TIME: Duration = Duration::from_millis(250);
const READ_BYTES_MIN: usize = 4096;
const DISCARD_BYTES: usize = 4096;
const READ_BYTES_FIRST: usize = 8 * 1024;
/// As much as a pipe holds.
const READ_BYTES: usize = 64 * 1024;
