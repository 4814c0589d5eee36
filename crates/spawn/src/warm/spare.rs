//! A process forked ahead: it waits for one order on a socket of its own, and becomes the script.

use std::{
    os::fd::{BorrowedFd, OwnedFd},
    sync::Arc,
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{RecvFlags, recv},
    process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid},
};
use std::os::fd::AsFd;
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::timeout,
};

use super::{
    Start,
    messages::{COLD, TAKEN},
};
use crate::{
    datagram::send,
    process::{Living, Process},
    sys::watch::watch,
};

/// A process forked ahead. Dropped, its socket closes, and it leaves.
#[derive(Debug)]
pub(super) struct Spare {
    // Fields are dropped in this order: the end of the socket is what makes it leave.
    socket: AsyncFd<OwnedFd>,
    process: Process,
    /// What its interpreter calls it.
    pub(super) slot: Box<[u8]>,
}

impl Spare {
    /// The process that an interpreter told of; none if it is no child of ours.
    pub(super) fn new(pid: i32, slot: Box<[u8]>, socket: OwnedFd, living: &Arc<Living>) -> Option<Self> {
        let pid = Pid::from_raw(pid)?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::PidFd(pidfd.as_fd()), options).ok()?;
        let process = Process::new(pid, pidfd, Arc::clone(living));
        Some(Self { socket: watch(socket, Interest::READABLE).ok()?, process, slot })
    }

    /// Has it become the script: gives the process once the script's first code is about to run, and whether it had to
    /// execute it. None if that will never be: the script can be started in another way.
    pub(super) async fn run(mut self, order: &[u8], stdio: [BorrowedFd<'_>; 3]) -> Option<(Process, Start)> {
        send(self.socket.get_ref(), order, &stdio).ok()?;
        match timeout(TAKE_TIME, self.taken()).await {
            Ok(start) => start.map(|start| (self.process, start)),
            Err(_) => {
                // Only when it is surely dead is it known whether the script has begun.
                self.process.kill();
                let _ = timeout(KILL_TIME, self.process.exited()).await;
                match self.try_taken() {
                    Ok(start) => start.map(|start| (self.process, start)),
                    Err(_) => None,
                }
            }
        }
    }

    /// Waits until it has taken its order, or has ended without.
    async fn taken(&self) -> Option<Start> {
        loop {
            let Ok(mut ready) = self.socket.readable().await else { return None };
            match self.try_taken() {
                Err(Errno::AGAIN | Errno::INTR) => ready.clear_ready(),
                Ok(taken) => return taken,
                Err(_) => return None,
            }
        }
    }

    fn try_taken(&self) -> Result<Option<Start>, Errno> {
        let mut message = [0; TAKEN.len() + 1];
        let (_, bytes) = recv(self.socket.get_ref(), &mut message, RecvFlags::DONTWAIT)?;
        Ok(match &message[..bytes] {
            TAKEN => Some(Start::Warm),
            COLD => Some(Start::Cold),
            _ => None,
        })
    }
}

/// From the order to the script's first code: it takes well under a millisecond, unless the machine is very busy.
const TAKE_TIME: Duration = Duration::from_secs(5);
const KILL_TIME: Duration = Duration::from_secs(5);
