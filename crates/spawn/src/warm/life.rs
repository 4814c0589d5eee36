//! The time of one warm interpreter, from its start to its end: its reports are heard, its words logged, and once in a while
//! it is asked whether it is still wanted, and well.

use std::{
    fs, io,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::param::page_size;
use tokio::{
    net::unix::pipe,
    time::{interval, timeout},
};

use super::{
    interpreter::Interpreter,
    messages::{REPORT_BYTES_MAX, Report},
};
use crate::process::{Exit, Process};

/// Why an interpreter is gone.
#[derive(Debug)]
pub(super) enum End {
    /// It was told to: not used, replaced, or the server stops.
    Retired,
    /// It can go on only without this module, for this reason.
    Without(String, String),
    /// It cannot be kept warm.
    Refused(String),
    /// It died, hung, or was never there.
    Failed(String),
}

/// What belongs to the task that stays with an interpreter.
pub(super) struct Life {
    /// What rehearsals write; nobody wants it, but a full pipe would hold the interpreter.
    pub(super) stdout: Option<pipe::Receiver>,
    pub(super) stderr: Option<pipe::Receiver>,
    pub(super) process: Process,
    pub(super) started: Instant,
    pub(super) is_ready: bool,
    pub(super) idle_time: Duration,
    pub(super) memory_bytes_max: u64,
}

impl Life {
    /// Stays with the interpreter until it is gone. `ready` is called when it can take scripts.
    pub(super) async fn live(mut self, interpreter: &Arc<Interpreter>, ready: impl Fn(&Arc<Interpreter>)) -> End {
        let mut ticks = interval(TICK.min(self.idle_time / 2).max(TICK_MIN));
        let end = loop {
            tokio::select! {
                report = interpreter.report() => match report {
                    Some((Report::Ready(version), _)) => {
                        self.is_ready = true;
                        interpreter.ask(&mut interpreter.state());
                        ready(interpreter);
                        tracing::info!(
                            "warm {} {version} runs as process {}, ready after {} ms",
                            interpreter.name, self.process.pid(), self.started.elapsed().as_millis()
                        );
                    }
                    Some((Report::Without(module, reason), _)) => break End::Without(module, reason),
                    Some((Report::Refused(reason), _)) => break End::Refused(reason),
                    Some((report, descriptor)) => interpreter.hear(report, descriptor),
                    None => break self.why(interpreter).await,
                },
                line = next_messages(&mut self.stderr) => {
                    line.lines().for_each(|line| tracing::warn!("warm {}: {line}", interpreter.name));
                }
                _ = next_messages(&mut self.stdout) => {}
                // Its spares may hold its socket open.
                _ = self.process.exited() => break self.why(interpreter).await,
                _ = ticks.tick() => if let Some(end) = self.check(interpreter) { break end },
                () = interpreter.retired.notified() => break End::Retired,
            }
        };
        interpreter.close();
        self.process.detach(LEAVE_TIME);
        end
    }

    /// Is it still wanted, and well?
    fn check(&self, interpreter: &Interpreter) -> Option<End> {
        if !self.is_ready {
            return (self.started.elapsed() > START_TIME)
                .then(|| End::Failed(format!("not ready after {START_TIME:?}")));
        }
        let mut state = interpreter.state();
        if state.asked > 0 && state.asked_since.elapsed() > FORK_TIME {
            return Some(End::Failed(format!("it made no process for {FORK_TIME:?}")));
        }
        if state.used.elapsed() > self.idle_time {
            tracing::info!("warm {} was not used for {:?} and goes", interpreter.name, self.idle_time);
            return Some(End::Retired);
        }
        interpreter.adjust(&mut state);
        let memory = resident_bytes(self.process.pid());
        (memory > self.memory_bytes_max).then(|| {
            tracing::info!("warm {} holds {} MiB and goes", interpreter.name, memory >> 20);
            End::Retired
        })
    }

    /// It has ended: was it told to?
    async fn why(&mut self, interpreter: &Interpreter) -> End {
        // A last word may still lie in the socket.
        while let Ok(Some((report, _))) = timeout(Duration::ZERO, interpreter.report()).await {
            match report {
                Report::Without(module, reason) => return End::Without(module, reason),
                Report::Refused(reason) => return End::Refused(reason),
                _ => {}
            }
        }
        if interpreter.state().is_over {
            return End::Retired;
        }
        match timeout(EXIT_TIME, self.process.exited()).await.ok() {
            // It went by itself: a file that it has loaded is another one now.
            Some(Exit::Code(0)) if self.is_ready => End::Retired,
            // It is no such interpreter, and will not be one later.
            Some(Exit::Code(_)) if !self.is_ready => End::Refused(self.last_words().await),
            exit => End::Failed(format!("it has ended, {exit:?}: {}", self.last_words().await)),
        }
    }

    /// What it said at last tells most.
    async fn last_words(&mut self) -> String {
        let words = timeout(EXIT_TIME, next_messages(&mut self.stderr)).await.unwrap_or_default();
        words.lines().last().unwrap_or("it said nothing").to_owned()
    }
}

/// What it writes to stderr; never done once that has ended.
async fn next_messages(stderr: &mut Option<pipe::Receiver>) -> String {
    let mut buffer = [0; REPORT_BYTES_MAX];
    loop {
        let Some(pipe) = stderr else { return std::future::pending().await };
        let _ = pipe.readable().await;
        match pipe.try_read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => *stderr = None,
            Ok(bytes) => return String::from_utf8_lossy(&buffer[..bytes]).into_owned(),
        }
    }
}

/// What a process holds of memory; 0 if it is gone.
pub(super) fn resident_bytes(pid: i32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * page_size() as u64
}

/// The most that a process has held of memory; 0 if it is gone.
pub(super) fn peak_bytes(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    peak.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() * 1024
}

const TICK: Duration = Duration::from_secs(5);
const TICK_MIN: Duration = Duration::from_millis(50);
const START_TIME: Duration = Duration::from_secs(30);
/// It may be loading a large module meanwhile.
const FORK_TIME: Duration = Duration::from_secs(60);
const LEAVE_TIME: Duration = Duration::from_secs(2);
const EXIT_TIME: Duration = Duration::from_millis(250);
