//! The one call about mounts that rustix has not: what a mount that hangs nowhere yet allows.

use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

/// Makes a mount, and all below it, read-only.
pub(crate) fn make_read_only(mount: BorrowedFd<'_>) -> Result<(), Errno> {
    let attributes = Attributes { set: libc::MOUNT_ATTR_RDONLY, clear: 0, propagation: 0, userns: 0 };
    // SAFETY: the path is a C string, the structure is laid out as the kernel's and given with its size; both live until
    // the call returns and are only read.
    let done = unsafe {
        let flags = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
        let (fd, size) = (mount.as_raw_fd(), size_of::<Attributes>());
        libc::syscall(libc::SYS_mount_setattr, fd, c"".as_ptr(), flags, &raw const attributes, size)
    };
    // SAFETY: errno is always readable.
    if done == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(unsafe { *libc::__errno_location() })) }
}

/// The kernel's `mount_attr`.
#[repr(C)]
struct Attributes {
    set: u64,
    clear: u64,
    propagation: u64,
    userns: u64,
}
