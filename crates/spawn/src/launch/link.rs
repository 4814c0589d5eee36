//! The socket to one launcher's process: orders go out, answers come back and find who waits for them.

use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    net::{Shutdown, shutdown},
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid},
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    runtime::Handle,
    sync::oneshot,
    time::timeout,
};

use super::{LaunchError, Order};
use crate::{
    child::Stage,
    datagram::{receive, send},
    launcher::wire::{ANSWER_BYTES, Answer, MESSAGE_BYTES_MAX, ORDER_BYTES_MAX, Request, write_order},
    process::{Living, Process},
    script::{Script, file_in_memory},
    sys::watch::watch,
};

/// One launcher's process and the socket to it.
#[derive(Debug)]
pub(crate) struct Link {
    socket: AsyncFd<OwnedFd>,
    pid: Pid,
    waiting: Mutex<HashMap<u64, Waiter>>,
    pub(super) started: Instant,
    /// Somebody sees to it that another one takes its place.
    pub(super) is_lost: AtomicBool,
    is_ended: AtomicBool,
}

type Launched = Result<Process, LaunchError>;

/// Who waits for an answer, and our ends of the script's pipes.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) asker: oneshot::Sender<Result<Script, LaunchError>>,
    pub(super) ours: [OwnedFd; 2],
}

impl Link {
    pub(super) fn new(socket: OwnedFd, pid: Pid) -> io::Result<Self> {
        let socket = watch(socket, Interest::READABLE | Interest::WRITABLE)?;
        let (is_lost, is_ended) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { socket, pid, waiting: Mutex::default(), started: Instant::now(), is_lost, is_ended })
    }

    pub(super) fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Waiter>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Asks for what nobody answers.
    pub(crate) fn request(self: Arc<Self>, request: Request) {
        let message = request.write();
        // The socket nearly always has room.
        if send(self.socket.get_ref(), &message, &[]) == Err(Errno::AGAIN)
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move { self.send_message(&message, &[]).await });
        }
    }

    /// Asks it for another launcher, on this socket.
    pub(super) async fn another(&self, socket: BorrowedFd<'_>, apart: bool) -> io::Result<Pid> {
        let failed = |_| io::Error::other("the launcher's keeper does not answer");
        self.send_message(&Request::Another { apart }.write(), &[socket]).await.map_err(failed)?;
        let mut message = [0; ANSWER_BYTES];
        let bytes = timeout(ANSWER_TIME, self.next_answer(&mut message)).await.map_err(|_| Errno::TIMEDOUT)??;
        let answer = Answer::read(&message[..bytes]).ok_or(Errno::PROTO)?;
        match (Pid::from_raw(answer.pid), answer.failure) {
            (Some(pid), None) => Ok(pid),
            (_, failure) => Err(failure.map_or(Errno::PROTO, |(_, errno)| errno).into()),
        }
    }

    async fn next_answer(&self, message: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.socket.readable().await?;
            match receive(self.socket.get_ref(), message) {
                Ok(datagram) => return Ok(datagram.bytes),
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    pub(super) async fn send(&self, id: u64, order: &Order<'_>, stdio: [BorrowedFd<'_>; 3]) -> Result<(), LaunchError> {
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

    pub(super) async fn hand_out_answers(&self, living: &Arc<Living>) {
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
    pub(super) fn end(&self) {
        if self.is_ended.swap(true, Ordering::Relaxed) {
            return;
        }
        // One that is root, while this process is not any more, ends by this.
        let _ = shutdown(self.socket.get_ref(), Shutdown::Both);
        let options = match kill_process(self.pid, Signal::KILL) {
            Ok(()) => WaitIdOptions::EXITED,
            Err(_) => WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
        };
        let _ = waitid(WaitId::Pid(self.pid), options);
        self.waiting().clear();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.end();
    }
}

/// The launcher answers in well under a millisecond; one that hangs this long is replaced.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(10);
