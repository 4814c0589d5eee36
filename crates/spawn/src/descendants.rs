//! What scripts left running. The server is their parent (launched processes) or adopts them (their children, when the
//! script itself has ended), so nothing that a script started can get out of reach.

use std::{fs, io, sync::Arc, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getsid, pidfd_open, set_child_subreaper, waitid},
};

use crate::{launch::Launcher, sys::wait::first_zombie};

/// Everything below this process but the launcher.
#[derive(Debug)]
pub struct Descendants {
    launcher: Arc<Launcher>,
}

impl Descendants {
    /// Makes this process the one that adopts orphans, from now on.
    pub fn adopt(launcher: Arc<Launcher>) -> io::Result<Self> {
        set_child_subreaper(Some(rustix::process::getpid()))?;
        Ok(Self { launcher })
    }

    /// Reaps orphans that have ended, for ever, once a second: they are rare and nobody waits for them.
    pub async fn reap(&self) {
        let mut ticks = tokio::time::interval(REAP_INTERVAL);
        let mut suspect = None;
        loop {
            ticks.tick().await;
            suspect = self.reap_orphans(suspect);
        }
    }

    /// Reaps until a zombie comes that may not be an orphan: that one is the next tick's suspect.
    fn reap_orphans(&self, suspect: Option<Pid>) -> Option<Pid> {
        for _ in 0..REAP_MAX {
            let pid = first_zombie()?;
            // A launched process leads a session, and before its launch has been answered nobody holds it yet; the same
            // one two ticks in a row is an orphan that made a session of its own.
            let may_be_launched = getsid(Some(pid)).is_ok_and(|session| session == pid) && suspect != Some(pid);
            if may_be_launched || self.launcher.living().contains(pid) {
                return Some(pid);
            }
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
        None
    }

    /// Ends everything: TERM, and KILL after two seconds. Comes back when nothing is left, or after five seconds.
    pub async fn end(&self) {
        let mut ticks = tokio::time::interval(END_INTERVAL);
        for tick in 0..END_TICKS_MAX {
            ticks.tick().await;
            self.reap_all();
            let living = self.living();
            if living.is_empty() {
                return;
            }
            let signal = if tick < END_TICKS_TERM { Signal::TERM } else { Signal::KILL };
            if tick == 0 || tick >= END_TICKS_TERM {
                self.signal_all(&living, signal);
            }
        }
    }

    /// Ends everything now.
    pub fn kill(&self) {
        for _ in 0..KILL_ROUNDS {
            let living = self.living();
            if living.is_empty() {
                return;
            }
            self.signal_all(&living, Signal::KILL);
            // The grandchildren become our children once these are gone.
            for pid in living {
                wait_a_moment(pid);
                let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
            }
        }
    }

    fn reap_all(&self) {
        while let Some(pid) = first_zombie().filter(|pid| !self.launcher.is_own(*pid)) {
            if waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG).is_err() {
                return;
            }
        }
    }

    /// Our children, as the kernel lists them for each of our threads.
    fn living(&self) -> Vec<Pid> {
        let mut pids = Vec::new();
        for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            pids.extend(children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)));
        }
        pids.retain(|pid| !self.launcher.is_own(*pid));
        pids
    }

    fn signal_all(&self, pids: &[Pid], signal: Signal) {
        for pid in pids {
            self.launcher.living().signal(*pid, signal);
        }
    }
}

/// Until it has ended, which after KILL is at once unless it hangs in the kernel or the launcher has to be asked.
fn wait_a_moment(pid: Pid) {
    if let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) {
        let _ = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&KILL_TIME));
    }
}

const REAP_INTERVAL: Duration = Duration::from_secs(1);
/// At most this many orphans a tick.
const REAP_MAX: usize = 1000;
const END_INTERVAL: Duration = Duration::from_millis(20);
const END_TICKS_TERM: u32 = 100;
const END_TICKS_MAX: u32 = 250;
const KILL_ROUNDS: usize = 50;
/// For each process that is killed.
const KILL_TIME: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
