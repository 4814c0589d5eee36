//! One warm interpreter: its process, what it reports, and the spares it has made.

use std::{
    collections::{HashMap, VecDeque},
    fs, io,
    os::fd::{BorrowedFd, OwnedFd},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    net::{AddressFamily, Shutdown, SocketFlags, SocketType, shutdown, socketpair},
    param::page_size,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    net::unix::pipe,
    sync::{Notify, oneshot},
    time::{interval, timeout},
};

use super::{
    Settings,
    kind::Kind,
    messages::{self, FORK, REPORT_BYTES_MAX, Report},
    spare::Spare,
};
use crate::{
    datagram::{receive, send},
    launch::{Launcher, Order},
    limits::Limits,
    process::{Living, Process},
    script::Stdin,
    sys::watch::watch,
};

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

/// An interpreter that forks.
#[derive(Debug)]
pub(super) struct Interpreter {
    name: String,
    control: AsyncFd<OwnedFd>,
    living: Arc<Living>,
    spares_max: usize,
    state: Mutex<State>,
    retired: Notify,
    /// A spare has failed, and that has been logged.
    complained: AtomicBool,
}

#[derive(Debug)]
struct State {
    spares: VecDeque<Spare>,
    /// Requests that wait for a spare.
    waiting: VecDeque<oneshot::Sender<Spare>>,
    /// Spares that were asked for and have not come.
    asked: usize,
    /// When the first of them was asked for.
    asked_since: Instant,
    used: Instant,
    /// How often each script ran.
    runs: HashMap<Box<[u8]>, u32>,
    is_over: bool,
}

/// What belongs to the task that stays with an interpreter.
pub(super) struct Rest {
    /// Nobody writes there; open, so that whoever does lives on.
    _stdout: pipe::Receiver,
    stderr: Option<pipe::Receiver>,
    process: Process,
    started: Instant,
    is_ready: bool,
    idle_time: Duration,
    memory_bytes_max: u64,
}

impl Interpreter {
    /// Starts one, as any script is started, and tells it what to load ahead.
    pub(super) async fn start(
        kind: &Kind,
        without: &[String],
        settings: &Settings,
        launcher: &Arc<Launcher>,
    ) -> Result<(Arc<Self>, Rest), String> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|errno| format!("no socket: {errno}"))?;
        let boot = messages::boot(kind.language());
        let arguments: Vec<&[u8]> =
            std::iter::once(kind.zeroth()).chain(kind.flags()).chain(boot.iter().copied()).collect();
        let order = Order {
            program: kind.program(),
            arguments: &arguments,
            environment: &settings.environment,
            directory: b"/",
            // Each child sets its own: what an interpreter uses over its life is no script's.
            limits: Limits::default(),
            new_privileges: settings.new_privileges,
        };
        let script = launcher.launch(&order, Stdin::File(theirs)).await.map_err(|error| error.to_string())?;
        let parts = script.into_parts();
        let stderr = pipe::Receiver::from_owned_fd_unchecked(parts.stderr).map_err(|error| error.to_string())?;
        let control = watch(ours, Interest::READABLE).map_err(|error| error.to_string())?;
        for message in [messages::prelude(kind.language()), &messages::settings(settings, without)] {
            send(control.get_ref(), message, &[]).map_err(|errno| format!("it does not listen: {errno}"))?;
        }
        let now = Instant::now();
        let state = State {
            spares: VecDeque::new(),
            waiting: VecDeque::new(),
            asked: 0,
            asked_since: now,
            used: now,
            runs: HashMap::new(),
            is_over: false,
        };
        let interpreter = Self {
            name: kind.to_string(),
            control,
            living: Arc::clone(launcher.living()),
            spares_max: settings.spares,
            state: Mutex::new(state),
            retired: Notify::new(),
            complained: AtomicBool::new(false),
        };
        let rest = Rest {
            _stdout: parts.stdout,
            stderr: Some(stderr),
            process: parts.process,
            started: now,
            is_ready: false,
            idle_time: settings.idle_time,
            memory_bytes_max: settings.memory_bytes_max,
        };
        Ok((Arc::new(interpreter), rest))
    }

    /// Runs a script in a spare. None if it has to start ordinarily; nothing of it has run then.
    pub(super) async fn run(
        self: &Arc<Self>,
        order: &Order<'_>,
        script: &[u8],
        stdio: [BorrowedFd<'_>; 3],
    ) -> Option<Process> {
        if order.has_nul() || script.contains(&0) {
            return None;
        }
        let message = messages::run(order, script)?;
        for _ in 0..TRIES {
            let spare = self.take().await?;
            let slot = spare.slot.clone();
            if let Some(mut process) = spare.run(&message, stdio).await {
                if self.is_worth_learning(script) {
                    let ended = Ended { interpreter: Arc::clone(self), message: messages::ended(&slot, script) };
                    process.keep_until_end(Box::new(ended));
                }
                return Some(process);
            }
            if !self.complained.swap(true, Ordering::Relaxed) {
                tracing::warn!("a process of warm {} ended before its script began; this is logged once", self.name);
            }
        }
        None
    }

    /// No more requests; it ends, and the spares with it.
    pub(super) fn retire(&self) {
        self.close();
        self.retired.notify_one();
    }

    /// A spare, or none within a moment.
    async fn take(&self) -> Option<Spare> {
        let waiter = {
            let mut state = self.state();
            if state.is_over {
                return None;
            }
            state.used = Instant::now();
            if let Some(spare) = state.spares.pop_front() {
                self.ask(&mut state);
                return Some(spare);
            }
            let (sender, waiter) = oneshot::channel();
            state.waiting.push_back(sender);
            self.ask(&mut state);
            waiter
        };
        timeout(SPARE_TIME, waiter).await.ok()?.ok()
    }

    /// Asks for as many spares as are missing.
    fn ask(&self, state: &mut State) {
        state.waiting.retain(|waiter| !waiter.is_closed());
        let missing = (self.spares_max + state.waiting.len()).saturating_sub(state.spares.len());
        while state.asked < missing.min(ASKED_MAX) && send(self.control.get_ref(), FORK, &[]).is_ok() {
            if state.asked == 0 {
                state.asked_since = Instant::now();
            }
            state.asked += 1;
        }
    }

    /// A spare has come: for who waits longest, or for later.
    fn put(&self, mut spare: Spare) {
        let mut state = self.state();
        state.asked = state.asked.saturating_sub(1);
        state.asked_since = Instant::now();
        if state.is_over {
            return;
        }
        while let Some(waiter) = state.waiting.pop_front() {
            match waiter.send(spare) {
                Ok(()) => return self.ask(&mut state),
                Err(unheard) => spare = unheard,
            }
        }
        state.spares.push_back(spare);
        self.ask(&mut state);
    }

    /// What scripts import is learnt from their first runs, and from one in a while after that.
    fn is_worth_learning(&self, script: &[u8]) -> bool {
        let runs = &mut self.state().runs;
        if !runs.contains_key(script) {
            if runs.len() >= SCRIPTS_MAX {
                runs.clear();
            }
            runs.insert(script.into(), 0);
        }
        let Some(count) = runs.get_mut(script) else { return false };
        *count = count.wrapping_add(1);
        *count <= LEARN_FIRST || count.is_multiple_of(LEARN_EVERY)
    }

    fn close(&self) {
        let (spares, waiting) = {
            let mut state = self.state();
            state.is_over = true;
            (std::mem::take(&mut state.spares), std::mem::take(&mut state.waiting))
        };
        drop((spares, waiting));
        // Whoever still holds this interpreter holds the socket: it has to end by other means.
        let _ = shutdown(self.control.get_ref(), Shutdown::Both);
    }

    /// The next report; none when it has ended.
    async fn report(&self) -> Option<(Report, Option<OwnedFd>)> {
        let mut buffer = [0; REPORT_BYTES_MAX];
        loop {
            let mut ready = self.control.readable().await.ok()?;
            match receive(self.control.get_ref(), &mut buffer) {
                Ok(datagram) if datagram.bytes == 0 => return None,
                Ok(mut datagram) => {
                    if let Some(report) = Report::read(&buffer[..datagram.bytes]) {
                        return Some((report, datagram.descriptors.pop()));
                    }
                }
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(_) => return None,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rest {
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
        interpreter.ask(&mut state);
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
        End::Failed(self.how_it_ended().await)
    }

    async fn how_it_ended(&mut self) -> String {
        let exit = timeout(EXIT_TIME, self.process.exited()).await;
        // What it said at last tells most.
        let words = timeout(EXIT_TIME, next_messages(&mut self.stderr)).await.unwrap_or_default();
        let last = words.lines().last().unwrap_or_default();
        match exit {
            Ok(exit) => format!("it has ended, {exit:?}: {last}"),
            Err(_) => format!("it closed its socket: {last}"),
        }
    }
}

impl Interpreter {
    fn hear(&self, report: Report, descriptor: Option<OwnedFd>) {
        match (report, descriptor) {
            (Report::Spare { pid, slot }, Some(socket)) => {
                if let Some(spare) = Spare::new(pid, slot, socket, &self.living) {
                    self.put(spare);
                } else {
                    let mut state = self.state();
                    state.asked = state.asked.saturating_sub(1);
                }
            }
            (Report::Stale, _) => {
                let mut state = self.state();
                let stale = std::mem::take(&mut state.spares);
                self.ask(&mut state);
                drop(state);
                drop(stale);
            }
            (Report::Note(text), _) => tracing::debug!("warm {}: {text}", self.name),
            _ => {}
        }
    }
}

/// Tells an interpreter that a script of its has ended.
struct Ended {
    interpreter: Arc<Interpreter>,
    message: Vec<u8>,
}

impl Drop for Ended {
    fn drop(&mut self) {
        // If it is busy now, the next script of that name will do.
        let _ = send(self.interpreter.control.get_ref(), &self.message, &[]);
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
fn resident_bytes(pid: i32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * page_size() as u64
}

/// A request waits for a spare no longer than this: an ordinary start is not much slower.
const SPARE_TIME: Duration = Duration::from_millis(500);
/// Spares that may fail one after the other for one request.
const TRIES: usize = 2;
/// Spares asked for at once: the interpreter's socket holds ten messages.
const ASKED_MAX: usize = 4;
const TICK: Duration = Duration::from_secs(5);
const TICK_MIN: Duration = Duration::from_millis(50);
const START_TIME: Duration = Duration::from_secs(30);
/// It may be loading a large module meanwhile.
const FORK_TIME: Duration = Duration::from_secs(60);
const LEAVE_TIME: Duration = Duration::from_secs(2);
const EXIT_TIME: Duration = Duration::from_millis(250);
/// Scripts whose runs are counted.
const SCRIPTS_MAX: usize = 1024;
const LEARN_FIRST: u32 = 8;
const LEARN_EVERY: u32 = 64;
