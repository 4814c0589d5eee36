//! The three calls of Landlock that its crate has no safe form for: its version, a rule and the end of a ruleset's
//! making, each of them as a bare system call for the child between fork and exec.

use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

/// Rights on files, as the kernel counts them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant(pub(crate) u64);

/// The version of the interface; 0 without Landlock.
pub(crate) fn version() -> u32 {
    // SAFETY: with this flag the kernel reads no memory: the pointer has to be null and the size 0.
    let version = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0_usize, CREATE_VERSION)
    };
    u32::try_from(version).unwrap_or(0)
}

/// Adds rights on a directory, or on a file, to a ruleset.
pub(crate) fn add(ruleset: BorrowedFd<'_>, path: BorrowedFd<'_>, grant: Grant) -> Result<(), Errno> {
    let attributes = PathBeneath { allowed_access: grant.0, parent_fd: path.as_raw_fd() };
    // SAFETY: the structure is laid out as the kernel's (packed), lives until the call returns and is only read.
    let done = unsafe {
        let (fd, attributes) = (ruleset.as_raw_fd(), &raw const attributes);
        libc::syscall(libc::SYS_landlock_add_rule, fd, RULE_PATH_BENEATH, attributes, 0)
    };
    done_or_errno(done)
}

/// Puts a ruleset on the calling thread, for good.
pub(crate) fn restrict(ruleset: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: the call takes two numbers and no memory; it takes rights away from the calling thread alone.
    done_or_errno(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0) })
}

fn done_or_errno(done: libc::c_long) -> Result<(), Errno> {
    // SAFETY: errno is always readable.
    if done == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(unsafe { *libc::__errno_location() })) }
}

/// The kernel's `landlock_path_beneath_attr`.
#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent_fd: libc::c_int,
}

const CREATE_VERSION: u32 = 1;
const RULE_PATH_BENEATH: u32 = 1;
