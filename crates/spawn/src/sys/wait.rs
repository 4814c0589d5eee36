//! Whose zombie is it, and what did it use? rustix tells how a child ended, but neither of these.

use std::{os::fd::AsRawFd, time::Duration};

use rustix::process::{Pid, WaitId};

/// What a process used from its start to its end, with the children that it waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The most memory that one of them held, in octets (RSS); 0 if nobody knows.
    pub memory_bytes: u64,
    /// Processor time, user and system.
    pub processor: Duration,
}

/// Reaps a child that has ended; if it has not, nothing happens.
pub(crate) fn reap(child: &WaitId<'_>) -> Usage {
    let (kind, id) = match child {
        WaitId::Pid(pid) => (libc::P_PID, pid.as_raw_nonzero().get()),
        WaitId::PidFd(pidfd) => (libc::P_PIDFD, pidfd.as_raw_fd()),
        // Nobody here waits for groups, or for whoever comes first.
        _ => return Usage::default(),
    };
    // SAFETY: all-zero siginfo_t and rusage are valid, and the system call writes to these two alone. (glibc's waitid
    // has no rusage; the kernel's has.)
    let (is_reaped, usage) = unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let mut usage: libc::rusage = std::mem::zeroed();
        let options = libc::WEXITED | libc::WNOHANG;
        let done = libc::syscall(libc::SYS_waitid, kind, id, &raw mut info, options, &raw mut usage);
        (done == 0 && info.si_pid() != 0, usage)
    };
    let time = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    if is_reaped {
        // Linux counts it in KiB (getrusage(2)).
        let memory_bytes = u64::try_from(usage.ru_maxrss).unwrap_or_default() * 1024;
        Usage { memory_bytes, processor: time(usage.ru_utime) + time(usage.ru_stime) }
    } else {
        Usage::default()
    }
}

/// A child that has ended and was not reaped yet; it stays that way.
pub(crate) fn first_zombie() -> Option<Pid> {
    // SAFETY: an all-zero siginfo_t is valid, waitid only writes to it, and where there is no zombie leaves si_pid 0.
    let pid = unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        match libc::waitid(libc::P_ALL, 0, &raw mut info, options) {
            0 => info.si_pid(),
            _ => 0,
        }
    };
    Pid::from_raw(pid)
}
