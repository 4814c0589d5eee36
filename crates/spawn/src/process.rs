//! A process that the launcher started for us, from its start until it is reaped: how it ended, and how it is ended.

mod ender;

use std::{
    any::Any,
    collections::HashSet,
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    launch::Link,
    launcher::wire::Request,
    sys::{
        wait::{Usage, reap},
        watch::watch,
    },
};
use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid},
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::timeout,
};

pub use ender::Ender;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It left with this status, 0 to 255.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// Somebody else has reaped it.
    Unknown,
}

/// A process with a group of its own. Dropped while it runs, it is ended: TERM to its group, KILL two seconds later.
#[derive(Debug)]
pub struct Process {
    inner: Option<Inner>,
}

impl Process {
    pub(crate) fn new(pid: Pid, pidfd: OwnedFd, living: Arc<Living>) -> Self {
        living.insert(pid);
        let inner = Inner {
            pid,
            pidfd: Pidfd::Quiet(pidfd),
            ender: Ender::new(pid, Arc::clone(&living)),
            living,
            exit: None,
            watcher: None,
            kept: None,
        };
        Self { inner: Some(inner) }
    }

    /// The number of the process, and of its group and session.
    pub fn pid(&self) -> i32 {
        self.inner().pid.as_raw_nonzero().get()
    }

    /// Calls this with what it used when it is gone; what the call holds is held until then.
    pub fn when_gone(&mut self, watcher: impl FnOnce(Usage) + Send + Sync + 'static) {
        self.inner_mut().watcher = Some(Watcher(Box::new(watcher)));
    }

    /// What ends it from elsewhere.
    pub fn ender(&self) -> Ender {
        self.inner().ender.clone()
    }

    /// Keeps something until the process is gone.
    pub(crate) fn keep_until_end(&mut self, kept: Box<dyn Any + Send + Sync>) {
        self.inner_mut().kept = Some(Kept(kept));
    }

    /// Ends it now, without a word.
    pub(crate) fn kill(&self) {
        self.inner().kill();
    }

    /// Waits until it has ended. May be called again, and dropped at any point.
    pub async fn exited(&mut self) -> Exit {
        self.inner_mut().exited().await
    }

    /// Has it ended? Does not wait.
    pub fn try_exited(&mut self) -> Option<Exit> {
        self.inner_mut().peek()
    }

    /// Lets it run on by itself for that long at most; then it is ended.
    pub fn detach(mut self, time_max: Duration) {
        let Some(mut inner) = self.inner.take() else { return };
        tokio::spawn(async move {
            if timeout(time_max, inner.exited()).await.is_err() || inner.ender.was_asked() {
                inner.stop().await;
            }
            inner.reap();
        });
    }

    fn inner(&self) -> &Inner {
        self.inner.as_ref().expect("only detach and drop take it")
    }

    fn inner_mut(&mut self) -> &mut Inner {
        self.inner.as_mut().expect("only detach and drop take it")
    }

    /// Ends the process and everything in its group: TERM, and KILL two seconds later.
    pub async fn end(mut self) {
        self.inner_mut().stop().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut inner) = self.inner.take() else { return };
        // One that was ended from elsewhere may have left its group behind.
        if inner.peek().is_some() && !inner.ender.was_asked() {
            inner.reap();
        } else {
            inner.stop_in_background();
        }
    }
}

#[derive(Debug)]
struct Inner {
    pid: Pid,
    pidfd: Pidfd,
    living: Arc<Living>,
    exit: Option<Exit>,
    ender: Ender,
    watcher: Option<Watcher>,
    kept: Option<Kept>,
}

impl Inner {
    /// Until it is reaped its number is its own, so that without a descriptor the number will do.
    fn wait_id(&self) -> WaitId<'_> {
        match &self.pidfd {
            Pidfd::Quiet(pidfd) => WaitId::PidFd(pidfd.as_fd()),
            Pidfd::Watched(pidfd) => WaitId::PidFd(pidfd.get_ref().as_fd()),
            Pidfd::Lost => WaitId::Pid(self.pid),
        }
    }

    async fn exited(&mut self) -> Exit {
        loop {
            if let Some(exit) = self.peek() {
                return exit;
            }
            if self.pidfd.readable().await.is_err() {
                return Exit::Unknown;
            }
        }
    }

    /// The status, without reaping: as long as the zombie stands, nobody else can get its number, and a signal to the
    /// group reaches only what the script started.
    fn peek(&mut self) -> Option<Exit> {
        if self.exit.is_none() {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            self.exit = match waitid(self.wait_id(), options) {
                Ok(None) | Err(Errno::INTR) => None,
                // However it takes the signal: what it has written until then is not all it had to say.
                Ok(Some(_)) if self.ender.was_asked() => Some(Exit::Signal(Signal::TERM.as_raw())),
                Ok(Some(status)) => Some(match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => Exit::Code(code),
                    (None, Some(signal)) => Exit::Signal(signal),
                    (None, None) => Exit::Unknown,
                }),
                Err(_) => Some(Exit::Unknown),
            };
        }
        self.exit
    }

    fn stop_in_background(mut self) {
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                self.stop().await;
                self.reap();
            })),
            // The runtime is gone: the server is ending, and `Descendants::end` sees to what is left.
            Err(_) => self.kill(),
        }
    }

    async fn stop(&mut self) {
        self.living.signal(self.pid, Signal::TERM);
        if timeout(TERM_TIME, self.exited()).await.is_ok() {
            // What the script started gets a moment of its own to clean up.
            tokio::time::sleep(GROUP_TIME).await;
        }
        self.kill();
        let _ = timeout(KILL_TIME, self.exited()).await;
    }

    fn kill(&self) {
        // Until it is reaped the number is its own.
        self.living.signal(self.pid, Signal::KILL);
    }

    fn reap(mut self) {
        // Afterwards the number may be another's.
        self.ender.forget();
        let usage = reap(&self.wait_id());
        self.living.remove(self.pid);
        if let Some(Watcher(watcher)) = self.watcher.take() {
            watcher(usage);
        }
    }
}

/// Who wants to know that a process is gone.
struct Watcher(Box<dyn FnOnce(Usage) + Send + Sync>);

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

/// Something whose drop is to come after the process's end.
struct Kept(#[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send + Sync>);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept")
    }
}

/// The descriptor of a process. Most scripts have ended by the time anybody asks, so it is registered with the runtime
/// only once somebody has to wait for it.
#[derive(Debug)]
enum Pidfd {
    Quiet(OwnedFd),
    Watched(AsyncFd<OwnedFd>),
    /// It could not be registered.
    Lost,
}

impl Pidfd {
    async fn readable(&mut self) -> std::io::Result<()> {
        *self = match std::mem::replace(self, Self::Lost) {
            // The descriptor itself, no copy: there may be none left.
            Self::Quiet(pidfd) => Self::Watched(watch(pidfd, Interest::READABLE)?),
            other => other,
        };
        match self {
            Self::Watched(pidfd) => pidfd.readable().await?.clear_ready(),
            Self::Quiet(_) | Self::Lost => return Err(std::io::ErrorKind::NotFound.into()),
        }
        Ok(())
    }
}

/// The processes that somebody holds and will reap, all other zombies being orphans; and who ends those that this process
/// may not.
#[derive(Debug, Default)]
pub(crate) struct Living {
    pids: Mutex<HashSet<Pid>>,
    /// The launcher of now.
    launcher: Mutex<Option<Arc<Link>>>,
}

impl Living {
    pub(crate) fn contains(&self, pid: Pid) -> bool {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner).contains(&pid)
    }

    pub(crate) fn ask(&self, launcher: Arc<Link>) {
        *self.launcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(launcher);
    }

    /// TERM or KILL for a child of ours and its group, which may be somebody else's.
    pub(crate) fn signal(&self, pid: Pid, wanted: Signal) {
        if signal(pid, wanted) != Err(Errno::PERM) {
            return;
        }
        let launcher = self.launcher.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let pid = pid.as_raw_nonzero().get();
        if let Some(launcher) = launcher {
            launcher.request(if wanted == Signal::KILL { Request::Kill(pid) } else { Request::Term(pid) });
        }
    }

    fn insert(&self, pid: Pid) {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner).insert(pid);
    }

    fn remove(&self, pid: Pid) {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner).remove(&pid);
    }
}

/// A signal for a process and its group.
pub(crate) fn signal(pid: Pid, wanted: Signal) -> Result<(), Errno> {
    let group = kill_process_group(pid, wanted);
    // One that was forked ahead leads no group until it has its order.
    if wanted == Signal::KILL || group.is_err() {
        return kill_process(pid, wanted);
    }
    group
}

/// From TERM to KILL.
const TERM_TIME: Duration = Duration::from_secs(2);
/// For the rest of the group, once the script itself has left after TERM.
const GROUP_TIME: Duration = Duration::from_millis(100);
/// KILL takes effect at once, unless the process hangs in the kernel.
const KILL_TIME: Duration = Duration::from_secs(5);
