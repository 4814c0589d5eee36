//! Descriptors that whoever started htbin left open.

use std::{
    io,
    os::fd::{FromRawFd, OwnedFd},
};

/// Copies of this many descriptors from the third on, which whoever started this process has handed over. The first ones
/// stay open, as nobody knows whose they are, but no program gets them.
///
/// # Errors
/// One of them is not open, or there is no room for its copy.
pub fn copies(count: u32) -> io::Result<Vec<OwnedFd>> {
    (FIRST..).take(count as usize).map(copy).collect()
}

fn copy(descriptor: i32) -> io::Result<OwnedFd> {
    // SAFETY: a number is all that is handed over; one that is not open is an error.
    let copied = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, FIRST) };
    if copied < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above. Whoever may own it meant it to be closed on exec, as all of ours are.
    unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    // SAFETY: the kernel has just made it, so nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copied) })
}

/// Closes everything but stdin, stdout and stderr.
pub(crate) fn close() {
    // SAFETY: only the launcher calls this, before it owns any descriptor beyond the first three. A kernel without
    // the call (before Linux 5.9) leaves them open, which is no worse than not to ask.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
}

/// Behind stdin, stdout and stderr.
const FIRST: i32 = 3;
