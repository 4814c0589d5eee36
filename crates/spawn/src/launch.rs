//! The server's end of the launcher: orders go out, running scripts come back. A launcher that dies or hangs is replaced.

use std::{
    collections::HashMap,
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command, Stdio as Inherit},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, socketpair},
    process::Pid,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    sync::oneshot,
    time::{sleep, timeout},
};

use crate::{
    child::Stage,
    datagram::{receive, send},
    launcher::{
        self,
        wire::{ANSWER_BYTES, Answer, MESSAGE_BYTES_MAX, ORDER_BYTES_MAX, write_order},
    },
    limits::Limits,
    process::{Living, Process},
    script::{Script, Stdin, Stdio, file_in_memory},
    sys::watch::watch,
};

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
    /// May it gain privileges (setuid programs)?
    pub new_privileges: bool,
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
    living: Arc<Living>,
    null: File,
    next_id: AtomicU64,
}

/// A launcher that was started before the runtime, and before any thread.
#[derive(Debug)]
pub struct EarlyLauncher {
    socket: OwnedFd,
    process: Child,
    null: File,
}

impl EarlyLauncher {
    /// Starts the launcher's process with the rights this process has now.
    pub fn start() -> io::Result<Self> {
        let (socket, process) = start_process()?;
        Ok(Self { socket, process, null: File::open("/dev/null")? })
    }
}

impl Launcher {
    /// Takes over a launcher within the runtime.
    pub fn new(early: EarlyLauncher) -> io::Result<Arc<Self>> {
        let launcher = Arc::new(Self {
            link: Mutex::new(Arc::new(Link::new(early.socket, early.process)?)),
            living: Arc::default(),
            null: early.null,
            next_id: AtomicU64::new(1),
        });
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
        let link = self.link();
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
        self.link().process.lock().unwrap_or_else(PoisonError::into_inner).id()
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
        lost.end();
        if lost.started.elapsed() >= SETTLED_TIME && self.start_another() {
            return;
        }
        let launcher = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                sleep(PAUSE).await;
                if launcher.start_another() {
                    return;
                }
            }
        });
    }

    fn start_another(self: &Arc<Self>) -> bool {
        match start_process().and_then(|(socket, process)| Link::new(socket, process)) {
            Ok(new) => {
                let new = Arc::new(new);
                tracing::warn!("the launcher was lost; a new one runs as process {}", new.pid());
                *self.link.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
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

/// One launcher's process and the socket to it.
#[derive(Debug)]
struct Link {
    socket: AsyncFd<OwnedFd>,
    process: Mutex<Child>,
    waiting: Mutex<HashMap<u64, Waiter>>,
    started: Instant,
    /// Somebody sees to it that another one takes its place.
    is_lost: AtomicBool,
}

type Launched = Result<Process, LaunchError>;

/// Who waits for an answer, and our ends of the script's pipes.
#[derive(Debug)]
struct Waiter {
    asker: oneshot::Sender<Result<Script, LaunchError>>,
    ours: [OwnedFd; 2],
}

impl Link {
    fn new(socket: OwnedFd, process: Child) -> io::Result<Self> {
        let socket = watch(socket, Interest::READABLE | Interest::WRITABLE)?;
        let (waiting, started, is_lost) = (Mutex::default(), Instant::now(), AtomicBool::new(false));
        Ok(Self { socket, process: Mutex::new(process), waiting, started, is_lost })
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Waiter>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pid(&self) -> u32 {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).id()
    }

    async fn send(&self, id: u64, order: &Order<'_>, stdio: [BorrowedFd<'_>; 3]) -> Result<(), LaunchError> {
        let message = write_order(id, order);
        if message.len() > ORDER_BYTES_MAX {
            return Err(LaunchError::Failed { stage: Stage::Exec, errno: Errno::TOOBIG });
        }
        if message.len() <= MESSAGE_BYTES_MAX {
            return self.send_message(&message, &stdio).await;
        }
        let file = file_in_memory(&message).map_err(LaunchError::Pipes)?;
        let [stdin, stdout, stderr] = stdio;
        self.send_message(&id.to_ne_bytes(), &[stdin, stdout, stderr, file.as_fd()]).await
    }

    async fn send_message(&self, message: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), LaunchError> {
        loop {
            // The socket nearly always has room, so it is tried first and waited for after.
            match send(self.socket.get_ref(), message, descriptors) {
                Ok(()) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let mut ready = timeout(ANSWER_TIME, self.socket.writable())
                        .await
                        .map_err(|_| LaunchError::Lost)?
                        .map_err(|_| LaunchError::Lost)?;
                    // Room may have come between the try and here; then the next try finds it.
                    if send(self.socket.get_ref(), message, descriptors) == Ok(()) {
                        return Ok(());
                    }
                    ready.clear_ready();
                }
                Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM | Errno::TOOMANYREFS) => {
                    return Err(LaunchError::Pipes(Errno::MFILE.into()));
                }
                Err(_) => return Err(LaunchError::Lost),
            }
        }
    }

    async fn hand_out_answers(&self, living: &Arc<Living>) {
        while let Ok(mut ready) = self.socket.readable().await {
            loop {
                match self.receive(living) {
                    Ok(Some((id, result))) => {
                        // If nobody waits any more, whatever was started is dropped here, and so ended.
                        let waiter = self.waiting().remove(&id);
                        if let Some(Waiter { asker, ours }) = waiter {
                            _ = asker.send(result.and_then(|process| Script::new(ours, process)));
                        }
                    }
                    Err(Errno::AGAIN) => break ready.clear_ready(),
                    Err(Errno::INTR) => {}
                    Ok(None) | Err(_) => return,
                }
            }
        }
    }

    fn receive(&self, living: &Arc<Living>) -> Result<Option<(u64, Launched)>, Errno> {
        let mut message = [0; ANSWER_BYTES];
        let mut datagram = receive(self.socket.get_ref(), &mut message)?;
        let pidfd = datagram.descriptors.pop();
        let Some(answer) = Answer::read(&message[..datagram.bytes]) else { return Ok(None) };
        // Even a failed launch leaves a process to reap, which dropping it does.
        let process =
            Pid::from_raw(answer.pid).zip(pidfd).map(|(pid, pidfd)| Process::new(pid, pidfd, Arc::clone(living)));
        let result = match (answer.failure, process) {
            (Some((stage, errno)), _) => Err(LaunchError::Failed { stage, errno }),
            (None, Some(process)) => Ok(process),
            // The answer came without its pidfd: this process has no descriptor left.
            (None, None) => Err(LaunchError::Pipes(Errno::MFILE.into())),
        };
        Ok(Some((answer.id, result)))
    }

    /// Ends the launcher, and lets everyone who waits know that no answer will come.
    fn end(&self) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = process.kill();
        let _ = process.wait();
        self.waiting().clear();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.end();
    }
}

#[expect(clippy::disallowed_methods, reason = "the launcher itself is the one process that the server starts")]
fn start_process() -> io::Result<(OwnedFd, Child)> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    // Without arguments of ours the path would be a race: the running binary may have been replaced on disk.
    let process = Command::new("/proc/self/exe")
        .arg0("htbin")
        .arg(launcher::ARGUMENT)
        .env_clear()
        .current_dir("/")
        .stdin(Inherit::from(theirs))
        .stdout(Inherit::null())
        .stderr(Inherit::inherit())
        .spawn()?;
    Ok((ours, process))
}

/// A launcher that lived so long was well.
const SETTLED_TIME: Duration = Duration::from_secs(1);
/// Before the next try to start one.
const PAUSE: Duration = Duration::from_secs(1);
/// The launcher answers in well under a millisecond; one that hangs this long is replaced.
const ANSWER_TIME: Duration = Duration::from_secs(10);
