//! Signal dispositions: a script must start with the default ones, and ignored ones survive exec.

/// Sets every signal of the calling process to its default action and unblocks all of them.
pub(crate) fn reset() {
    for number in 1..=64 {
        // SAFETY: SIG_DFL is a valid disposition; for numbers that cannot be set (KILL, STOP, and the two that glibc
        // keeps for itself) the call fails and changes nothing.
        unsafe { libc::signal(number, libc::SIG_DFL) };
    }
    // SAFETY: an all-zero sigset_t is valid storage, sigemptyset initialises it, and sigprocmask only reads it.
    unsafe {
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}
