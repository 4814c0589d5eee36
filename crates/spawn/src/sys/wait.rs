//! Whose zombie is it? rustix tells how a child ended, but not which one.

use rustix::process::Pid;

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
