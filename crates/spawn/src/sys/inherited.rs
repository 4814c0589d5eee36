//! Descriptors that whoever started htbin left open.

/// Closes everything but stdin, stdout and stderr.
pub(crate) fn close() {
    // SAFETY: only the launcher calls this, before it owns any descriptor beyond the first three. A kernel without
    // the call (before Linux 5.9) leaves them open, which is no worse than not to ask.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
}
