//! Making a process: clone with shared memory until exec, as posix_spawn does, but as a sibling of the launcher, so that
//! the server is the parent and can wait for it. posix_spawn itself can do neither that nor resource limits.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    marker::PhantomData,
    os::fd::{FromRawFd, OwnedFd},
};

use rustix::{io::Errno, process::Pid};

use crate::child::{Plan, Stage, become_program};

/// A null-terminated array of C strings, as execve wants it.
pub(crate) struct Argv<'a> {
    pointers: Vec<*const c_char>,
    strings: PhantomData<&'a CStr>,
}

impl<'a> Argv<'a> {
    /// An array with room for `capacity` strings.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { pointers: Vec::with_capacity(capacity + 1), strings: PhantomData }
    }

    /// Empties the array and fills it anew.
    pub(crate) fn fill(&mut self, strings: impl Iterator<Item = &'a CStr>) {
        self.pointers.clear();
        self.pointers.extend(strings.map(CStr::as_ptr));
        self.pointers.push(std::ptr::null());
    }
}

/// The stack on which the child runs until it executes the program. One for each thread is enough: it stands still meanwhile.
pub(crate) struct ChildStack(Box<[u8; STACK_BYTES]>);

impl ChildStack {
    pub(crate) fn new() -> Self {
        Self(vec![0; STACK_BYTES].into_boxed_slice().try_into().expect("the slice has that length"))
    }
}

/// What came of a launch.
pub(crate) struct Launched {
    pub(crate) pid: Pid,
    pub(crate) pidfd: OwnedFd,
    /// The stage that failed; the process is then a zombie that its parent has to reap.
    pub(crate) failure: Option<(Stage, Errno)>,
}

/// Starts what the plan says as a child of this process's parent. Comes back when the program runs or has failed.
pub(crate) fn launch(plan: &Plan<'_>, stack: &mut ChildStack) -> Result<Launched, Errno> {
    let mut shared = Shared { plan, failure: None };
    let mut pidfd: c_int = -1;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PARENT | libc::CLONE_PIDFD | libc::SIGCHLD;
    let flags = if plan.walls.apart.is_some() { flags | APART } else { flags };
    // SAFETY: the stack is ours, large enough for the few calls of `become_program`, and its end is aligned down to 16.
    // CLONE_VFORK suspends this thread until the child has left the shared memory by exec or exit, so `shared`, the plan
    // and the stack outlive every use, and nothing is accessed by both at once. The child calls only system calls.
    let pid = unsafe {
        let top = stack.0.as_mut_ptr().add(STACK_BYTES);
        let top = top.sub(top as usize % 16);
        libc::clone(enter, top.cast(), flags, (&raw mut shared).cast::<c_void>(), &raw mut pidfd)
    };
    if pid < 0 {
        return Err(last_errno());
    }
    // SAFETY: clone succeeded with CLONE_PIDFD, so it put a new descriptor there that nobody else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    // SAFETY: written by the child before it ended, which CLONE_VFORK waited for; volatile, as the compiler saw no write.
    let failure = unsafe { std::ptr::read_volatile(&raw const shared.failure) };
    Ok(Launched { pid: Pid::from_raw(pid).expect("clone returns the child's pid"), pidfd, failure })
}

/// May a process be made that lives apart, as it is or in a namespace of users? One is made, with a /proc of its own, and
/// ends at once.
pub(crate) fn can_live_apart(among_users: bool) -> bool {
    extern "C" fn enter(_: *mut c_void) -> c_int {
        // SAFETY: it ends this process alone, without what a program does at its end.
        unsafe { libc::_exit(i32::from(crate::sandbox::enter().is_err())) }
    }
    let mut stack = ChildStack::new();
    // SAFETY: as in `launch`; the child calls only system calls, and waitpid writes to `status` alone.
    unsafe {
        let top = stack.0.as_mut_ptr().add(STACK_BYTES);
        let top = top.sub(top as usize % 16);
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD | APART;
        let flags = if among_users { flags | libc::CLONE_NEWUSER } else { flags };
        let pid = libc::clone(enter, top.cast(), flags, std::ptr::null_mut());
        let mut status = 0;
        pid > 0 && libc::waitpid(pid, &raw mut status, 0) == pid && status == 0
    }
}

/// execve: comes back only with the error.
pub(crate) fn execute(program: &CStr, arguments: &Argv<'_>, environment: &Argv<'_>) -> Errno {
    // SAFETY: the arrays are null-terminated (`fill`) and their strings live as long as they do.
    unsafe { libc::execve(program.as_ptr(), arguments.pointers.as_ptr(), environment.pointers.as_ptr()) };
    last_errno()
}

struct Shared<'a> {
    plan: &'a Plan<'a>,
    failure: Option<(Stage, Errno)>,
}

extern "C" fn enter(shared: *mut c_void) -> c_int {
    let shared = shared.cast::<Shared<'_>>();
    // SAFETY: `launch` passes a pointer to its own `Shared` and its thread stands still until this process is gone from its memory.
    unsafe {
        let failure = become_program((*shared).plan);
        std::ptr::write_volatile(&raw mut (*shared).failure, Some(failure));
        libc::_exit(127)
    }
}

fn last_errno() -> Errno {
    // SAFETY: errno is always readable.
    Errno::from_raw_os_error(unsafe { *libc::__errno_location() })
}

/// Mounts and processes of its own.
const APART: c_int = libc::CLONE_NEWNS | libc::CLONE_NEWPID;
const STACK_BYTES: usize = 64 * 1024;
