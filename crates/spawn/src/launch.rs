//! The server's end of the launcher: orders go out, running scripts come back. A launcher that dies or hangs is replaced.

mod apart;
mod link;

use std::{
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Command, Stdio as Inherit},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, socketpair},
    process::{Pid, geteuid},
};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

use crate::{
    child::Stage,
    launcher::{self, policy::Policy, wire::Request},
    limits::Limits,
    process::Living,
    script::{Script, Stdin, Stdio},
    terms::Terms,
};
use apart::Apart;
pub(crate) use link::Link;
use link::{ANSWER_TIME, Waiter};

/// What to start, and how.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The absolute path of the program.
    pub program: &'a [u8],
    /// All arguments, the zeroth too.
    pub arguments: &'a [&'a [u8]],
    /// The whole environment: `NAME=value`, each ended by a NUL.
    pub environment: &'a [u8],
    /// The working directory.
    pub directory: &'a [u8],
    /// What it may use.
    pub limits: Limits,
    /// May it gain privileges (setuid programs)? Never when it is confined.
    pub new_privileges: bool,
    /// As whom, and how confined; [`Terms::ORDINARY`] where nobody says.
    pub terms: &'a Terms,
}

impl Order<'_> {
    /// A NUL would end a string early.
    pub(crate) fn has_nul(&self) -> bool {
        let has_nul = |bytes: &[u8]| bytes.contains(&0);
        has_nul(self.program) || has_nul(self.directory) || self.arguments.iter().any(|word| has_nul(word))
    }
}

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The program did not start.
    #[error("{stage} failed: {}", io::Error::from(*errno))]
    Failed {
        /// How far it came.
        stage: Stage,
        /// What the kernel said.
        errno: Errno,
    },
    /// The server has no descriptors or memory left for the script's pipes.
    #[error("no pipes for the script: {0}")]
    Pipes(#[source] io::Error),
    /// A NUL inside an argument or the directory.
    #[error("a NUL in the program, an argument or the directory")]
    Nul,
    /// The launcher died or did not answer in time; another one has been started.
    #[error("the launcher was lost")]
    Lost,
}

/// The server's end of the launcher.
#[derive(Debug)]
pub struct Launcher {
    link: Mutex<Arc<Link>>,
    policy: Policy,
    /// Starts other launchers with the rights that this process had.
    keeper: Option<Arc<Link>>,
    /// One at a time may ask it.
    asking: tokio::sync::Mutex<()>,
    is_root: bool,
    /// A second launcher in a namespace of users, for strict scripts of an ordinary user.
    apart: Mutex<Apart>,
    starting_apart: tokio::sync::Mutex<()>,
    living: Arc<Living>,
    null: File,
    next_id: AtomicU64,
}

/// A launcher that was started before the runtime, and before any thread.
#[derive(Debug)]
pub struct EarlyLauncher {
    policy: Policy,
    launcher: (OwnedFd, Pid),
    keeper: Option<(OwnedFd, Pid)>,
    is_root: bool,
    null: File,
}

impl EarlyLauncher {
    /// Starts the launcher's process with the rights this process has now. If that is root's, it stays root, and so does
    /// each that takes its place; it carries out what the policy permits, and nothing else.
    pub fn start(policy: Policy) -> io::Result<Self> {
        // This process may become somebody else, who can start no other launcher of root's.
        Self::start_with(policy, geteuid().is_root())
    }

    /// As [`EarlyLauncher::start`], for a process that will start none itself, such as one that gives up to
    /// ([`sandbox::enclose`](crate::sandbox::enclose)).
    pub fn start_kept(policy: Policy) -> io::Result<Self> {
        // Afterwards it cannot be tried.
        let _ = apart::is_possible();
        Self::start_with(policy, true)
    }

    fn start_with(policy: Policy, is_kept: bool) -> io::Result<Self> {
        let launcher = start_process(&policy, None)?;
        let keeper = is_kept.then(|| start_process(&policy, None)).transpose()?;
        Ok(Self { policy, launcher, keeper, is_root: geteuid().is_root(), null: File::open("/dev/null")? })
    }
}

impl Launcher {
    /// Takes over a launcher within the runtime.
    pub fn new(early: EarlyLauncher) -> io::Result<Arc<Self>> {
        let link = |(socket, pid)| Link::new(socket, pid).map(Arc::new);
        let launcher = Arc::new(Self {
            link: Mutex::new(link(early.launcher)?),
            policy: early.policy,
            keeper: early.keeper.map(link).transpose()?,
            asking: tokio::sync::Mutex::default(),
            is_root: early.is_root,
            apart: Mutex::default(),
            starting_apart: tokio::sync::Mutex::default(),
            living: Arc::default(),
            null: early.null,
            next_id: AtomicU64::new(1),
        });
        launcher.living.ask(launcher.link());
        launcher.listen(launcher.link());
        Ok(launcher)
    }

    /// Starts a script. Dropped before it is done, what was started is ended.
    pub async fn launch(self: &Arc<Self>, order: &Order<'_>, stdin: Stdin) -> Result<Script, LaunchError> {
        let (stdio, ours) = Stdio::new(stdin).map_err(LaunchError::Pipes)?;
        self.launch_with(order, &stdio, ours).await
    }

    /// Starts a script with these ends of its pipes, and ours.
    pub(crate) async fn launch_with(
        self: &Arc<Self>,
        order: &Order<'_>,
        stdio: &Stdio,
        ours: [OwnedFd; 2],
    ) -> Result<Script, LaunchError> {
        if order.has_nul() {
            return Err(LaunchError::Nul);
        }
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let link = self.link_for(order.terms).await.map_err(LaunchError::Pipes)?;
        let (asker, answer) = oneshot::channel();
        link.waiting().insert(id, Waiter { asker, ours });
        let sent = link.send(id, order, stdio.theirs(self.null())).await;
        let answer = match sent {
            Ok(()) => timeout(ANSWER_TIME, answer).await.map_err(|_| LaunchError::Lost).and_then(|answer| {
                // The sender is dropped when the launcher is gone.
                answer.unwrap_or(Err(LaunchError::Lost))
            }),
            Err(error) => Err(error),
        };
        answer.inspect_err(|error| {
            link.waiting().remove(&id);
            if matches!(error, LaunchError::Lost) {
                self.replace(&link);
            }
        })
    }

    /// The number of the launcher's process.
    pub fn pid(&self) -> u32 {
        self.link().pid().as_raw_nonzero().get().cast_unsigned()
    }

    /// Is it the launcher's process, or the one that keeps its rights?
    pub(crate) fn is_own(&self, pid: Pid) -> bool {
        let is_keeper = self.keeper.as_ref().is_some_and(|keeper| keeper.pid() == pid);
        is_keeper || self.link().pid() == pid || self.is_apart(pid)
    }

    pub(crate) fn living(&self) -> &Arc<Living> {
        &self.living
    }

    /// What a script reads that has nothing to read.
    pub(crate) fn null(&self) -> BorrowedFd<'_> {
        self.null.as_fd()
    }

    fn link(&self) -> Arc<Link> {
        Arc::clone(&self.link.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands out the answers of a launcher until it is gone; then another one takes its place.
    fn listen(self: &Arc<Self>, link: Arc<Link>) {
        let launcher = Arc::clone(self);
        tokio::spawn(async move {
            link.hand_out_answers(&launcher.living).await;
            launcher.replace(&link);
        });
    }

    /// Starts a new launcher in place of `lost`, unless somebody has done so already. One that was lost soon after its
    /// start, or that could not be started, is tried again after a pause: what ended it may end the next one too.
    fn replace(self: &Arc<Self>, lost: &Arc<Link>) {
        if lost.is_lost.swap(true, Ordering::Relaxed) {
            return;
        }
        if self.forget_apart(lost) {
            return lost.end();
        }
        if let Some(keeper) = &self.keeper {
            // This process may not, if it is not root any more.
            Arc::clone(keeper).request(Request::Kill(lost.pid().as_raw_nonzero().get()));
        }
        lost.end();
        let is_settled = lost.started.elapsed() >= SETTLED_TIME;
        if is_settled && self.keeper.is_none() && self.take(start_process(&self.policy, None)) {
            return;
        }
        let launcher = Arc::clone(self);
        tokio::spawn(async move {
            let mut pause = if is_settled { Duration::ZERO } else { PAUSE };
            loop {
                sleep(pause).await;
                if launcher.take(launcher.start(false).await) {
                    return;
                }
                pause = PAUSE;
            }
        });
    }

    /// Starts a launcher's process, by the keeper where there is one.
    async fn start(&self, apart: bool) -> io::Result<(OwnedFd, Pid)> {
        let Some(keeper) = &self.keeper else {
            return start_process(&self.policy, apart.then_some(launcher::APART));
        };
        let _turn = self.asking.lock().await;
        let (ours, theirs) = sockets()?;
        let pid = keeper.another(theirs.as_fd(), apart).await?;
        Ok((ours, pid))
    }

    /// Takes over a new launcher, if there is one.
    fn take(self: &Arc<Self>, started: io::Result<(OwnedFd, Pid)>) -> bool {
        match started.and_then(|(socket, pid)| Link::new(socket, pid)) {
            Ok(new) => {
                let new = Arc::new(new);
                tracing::warn!("the launcher was lost; a new one runs as process {}", new.pid().as_raw_nonzero());
                *self.link.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
                self.living.ask(Arc::clone(&new));
                self.listen(new);
                true
            }
            Err(error) => {
                tracing::error!("the launcher was lost and no new one could be started, it is tried again: {error}");
                false
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the launcher itself is the one process that the server starts")]
fn start_process(policy: &Policy, apart: Option<&str>) -> io::Result<(OwnedFd, Pid)> {
    let (ours, theirs) = sockets()?;
    // Without arguments of ours the path would be a race: the running binary may have been replaced on disk.
    let process = Command::new("/proc/self/exe")
        .arg0("htbin")
        .arg(launcher::ARGUMENT)
        .args(apart)
        .env_clear()
        .current_dir("/")
        .stdin(Inherit::from(theirs))
        // What it may start, in a file that nobody else can change.
        .stdout(Inherit::from(policy.to_file()?))
        .stderr(Inherit::inherit())
        .spawn()?;
    let pid = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
    Ok((ours, pid.expect("the kernel's numbers fit")))
}

fn sockets() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// A launcher that lived so long was well.
const SETTLED_TIME: Duration = Duration::from_secs(1);
/// Before the next try to start one.
const PAUSE: Duration = Duration::from_secs(1);
