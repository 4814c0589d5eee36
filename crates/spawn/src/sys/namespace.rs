//! A namespace of users for a whole process, in which it may make others for what it starts.

use rustix::io::Errno;

/// Moves the calling process, which must have one thread, into namespaces of users and mounts of its own.
pub(crate) fn enter() -> Result<(), Errno> {
    // SAFETY: the call takes a number and no memory; no other thread shares what it changes.
    let done = unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) };
    // SAFETY: errno is always readable.
    if done == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(unsafe { *libc::__errno_location() })) }
}
