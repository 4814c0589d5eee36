//! One warm interpreter: its process, what it reports, and the spares it has made.

use std::{
    collections::{HashMap, VecDeque},
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
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    net::unix::pipe,
    sync::{Notify, oneshot},
    time::timeout,
};

use super::{
    KeptState, Settings, Start,
    kind::Kind,
    life::{Life, resident_bytes},
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

/// An interpreter that forks.
#[derive(Debug)]
pub(super) struct Interpreter {
    pub(super) name: String,
    pid: i32,
    started: Instant,
    control: AsyncFd<OwnedFd>,
    living: Arc<Living>,
    spares_max: usize,
    state: Mutex<State>,
    pub(super) retired: Notify,
    /// A spare has failed, and that has been logged.
    complained: AtomicBool,
}

#[derive(Debug)]
pub(super) struct State {
    spares: VecDeque<Spare>,
    /// Requests that wait for a spare.
    waiting: VecDeque<oneshot::Sender<Spare>>,
    /// Spares that were asked for and have not come.
    pub(super) asked: usize,
    /// When the first of them was asked for.
    pub(super) asked_since: Instant,
    pub(super) used: Instant,
    /// How often each script ran.
    runs: HashMap<Box<[u8]>, u32>,
    pub(super) is_over: bool,
}

impl Interpreter {
    /// Starts one, as any script is started, and tells it what to load ahead.
    pub(super) async fn start(
        kind: &Kind,
        without: &[String],
        settings: &Settings,
        launcher: &Arc<Launcher>,
    ) -> Result<(Arc<Self>, Life), String> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|errno| format!("no socket: {errno}"))?;
        let boot = messages::boot(kind.language());
        let arguments: Vec<&[u8]> =
            std::iter::once(kind.zeroth()).chain(kind.flags()).chain(boot.iter().copied()).collect();
        let order = Order {
            program: kind.program(),
            arguments: &arguments,
            environment: &settings.environment,
            directory: kind.directory(),
            // Each child sets its own: what an interpreter uses over its life is no script's.
            limits: Limits::default(),
            new_privileges: settings.new_privileges,
            terms: kind.terms(),
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
            pid: parts.process.pid(),
            started: now,
            control,
            living: Arc::clone(launcher.living()),
            spares_max: settings.spares,
            state: Mutex::new(state),
            retired: Notify::new(),
            complained: AtomicBool::new(false),
        };
        let life = Life {
            stdout: Some(parts.stdout),
            stderr: Some(stderr),
            process: parts.process,
            started: now,
            is_ready: false,
            idle_time: settings.idle_time,
            memory_bytes_max: settings.memory_bytes_max,
        };
        Ok((Arc::new(interpreter), life))
    }

    /// Runs a script in a spare. None if it has to start ordinarily; nothing of it has run then.
    pub(super) async fn run(
        self: &Arc<Self>,
        order: &Order<'_>,
        script: &[u8],
        stdio: [BorrowedFd<'_>; 3],
    ) -> Option<(Process, Start)> {
        if order.has_nul() || script.contains(&0) {
            return None;
        }
        let message = messages::run(order, script)?;
        for _ in 0..TRIES {
            let spare = self.take().await?;
            let slot = spare.slot.clone();
            if let Some((mut process, start)) = spare.run(&message, stdio).await {
                if self.is_worth_learning(script) {
                    let ended = Ended { interpreter: Arc::clone(self), message: messages::ended(&slot, script) };
                    process.keep_until_end(Box::new(ended));
                }
                return Some((process, start));
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

    /// What somebody who looks on sees of it.
    pub(super) fn told(&self) -> KeptState {
        KeptState::Running {
            pid: self.pid,
            age: self.started.elapsed(),
            spares: self.state().spares.len(),
            memory_bytes: resident_bytes(self.pid),
        }
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
    pub(super) fn ask(&self, state: &mut State) {
        state.waiting.retain(|waiter| !waiter.is_closed());
        let missing = (self.spares_max + state.waiting.len()).saturating_sub(state.spares.len());
        while state.asked < missing.min(ASKED_MAX) && send(self.control.get_ref(), FORK, &[]).is_ok() {
            if state.asked == 0 {
                state.asked_since = Instant::now();
            }
            state.asked += 1;
        }
    }

    /// Asks for spares that are missing, and gives up those that a flood of requests has left over.
    pub(super) fn adjust(&self, state: &mut State) {
        self.ask(state);
        state.spares.truncate(self.spares_max);
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

    pub(super) fn close(&self) {
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
    pub(super) async fn report(&self) -> Option<(Report, Option<OwnedFd>)> {
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

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interpreter {
    pub(super) fn hear(&self, report: Report, descriptor: Option<OwnedFd>) {
        match (report, descriptor) {
            (Report::Spare { pid, slot }, socket) => {
                // Without its socket, for want of descriptors, it is of no use either.
                let spare = socket.and_then(|socket| Spare::new(pid, slot, socket, &self.living));
                if let Some(spare) = spare {
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

/// A request waits for a spare no longer than this: an ordinary start is not much slower.
const SPARE_TIME: Duration = Duration::from_millis(500);
/// Spares that may fail one after the other for one request.
const TRIES: usize = 2;
/// Spares asked for at once: the interpreter's socket holds ten messages.
const ASKED_MAX: usize = 4;
/// Scripts whose runs are counted.
const SCRIPTS_MAX: usize = 1024;
const LEARN_FIRST: u32 = 8;
const LEARN_EVERY: u32 = 64;
