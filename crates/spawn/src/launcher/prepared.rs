//! From an order to a process: everything that opens a path or sets memory aside is done here, before the fork.

use std::{
    ffi::{CStr, OsStr},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use rustix::{
    fs::{Mode, OFlags, fchown, fstatfs, open},
    io::Errno,
    process::{Gid, Uid},
    stdio,
};

use super::{
    policy::Judge,
    wire::{MESSAGE_BYTES_MAX, ReadOrder, STDIO},
};
use crate::{
    child::{Plan, Stage, User},
    limits::Limits,
    sandbox::{Level, Own, PROCESSES_MAX, Walls},
    sys::clone::{Argv, ChildStack, Launched, launch},
    terms::Identity,
};

/// Starts what is ordered, if that is permitted.
pub(super) fn start(
    order: &ReadOrder<'_>,
    stdio: [BorrowedFd<'_>; STDIO],
    judge: &Judge,
    stack: &mut ChildStack,
) -> Result<Launched, (Stage, Errno)> {
    let terms = &order.terms;
    if !judge.permits(order.program, terms.identity.as_ref()) {
        return Err((Stage::Policy, Errno::PERM));
    }
    let user = terms.identity.as_ref().map(user).transpose().map_err(|errno| (Stage::Identity, errno))?;
    let program = path_of(order.program).parent().unwrap_or(Path::new("/"));
    let walls = Walls::build(&terms.confinement, Own { start: path_of(order.directory), program })?;
    let cgroup = terms.cgroup.as_deref().map(procs_of).transpose().map_err(|errno| (Stage::Cgroup, errno))?;
    if let Some(identity) = &terms.identity {
        hand_over(&stdio[1..], identity);
    }
    let mut strings = order.strings.clone();
    let mut arguments = Argv::with_capacity(order.argument_count.min(MESSAGE_BYTES_MAX));
    arguments.fill(strings.by_ref().take(order.argument_count));
    let mut environment = Argv::with_capacity(ENVIRONMENT_USUAL);
    environment.fill(strings);
    let plan = Plan {
        program: order.program,
        directory: order.directory,
        arguments: &arguments,
        environment: &environment,
        stdio,
        limits: limits(order),
        new_privileges: order.new_privileges && terms.confinement.level == Level::Off,
        user,
        umask: terms.umask,
        nice: terms.nice,
        cgroup: cgroup.as_ref().map(AsFd::as_fd),
        walls: &walls,
    };
    launch(&plan, stack).map_err(|errno| (Stage::Fork, errno))
}

/// Starts another launcher with the same policy. The server may no longer be who it was when it started this one.
pub(super) fn another(
    descriptors: &[OwnedFd],
    apart: bool,
    judge: &Judge,
    stack: &mut ChildStack,
) -> Result<Launched, (Stage, Errno)> {
    let [socket, ..] = descriptors else { return Err((Stage::Fork, Errno::MFILE)) };
    let words = [c"htbin", ARGUMENT, APART];
    let mut arguments = Argv::with_capacity(words.len());
    arguments.fill(words[..if apart { 3 } else { 2 }].iter().copied());
    let mut environment = Argv::with_capacity(0);
    environment.fill(std::iter::empty());
    let plan = Plan {
        // This process's own binary, even if another has taken its place on disk.
        program: c"/proc/self/exe",
        directory: c"/",
        arguments: &arguments,
        environment: &environment,
        stdio: [socket.as_fd(), judge.file.as_fd(), stdio::stderr()],
        limits: Limits::default(),
        new_privileges: true,
        user: None,
        umask: None,
        nice: None,
        cgroup: None,
        walls: &Walls::NONE,
    };
    launch(&plan, stack).map_err(|errno| (Stage::Fork, errno))
}

fn user(identity: &Identity) -> Result<User, Errno> {
    if !identity.is_possible() || identity.groups.len() > Identity::GROUPS_MAX {
        return Err(Errno::INVAL);
    }
    let groups = identity.groups.iter().copied().map(Gid::from_raw).collect();
    Ok(User { uid: Uid::from_raw(identity.uid), gid: Gid::from_raw(identity.gid), groups })
}

/// A strict script never has as many processes as it likes.
fn limits(order: &ReadOrder<'_>) -> Limits {
    let mut limits = order.limits;
    if order.terms.confinement.level == Level::Strict {
        limits.processes = limits.processes.or(Some(PROCESSES_MAX));
    }
    limits
}

fn procs_of(cgroup: &Path) -> Result<OwnedFd, Errno> {
    let procs = open(cgroup.join("cgroup.procs"), OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    // Root writes to it, and it may have been named by somebody who is not root.
    if fstatfs(&procs)?.f_type == CGROUP2 { Ok(procs) } else { Err(Errno::INVAL) }
}

/// Pipes belong to the server; a script that is somebody else could not open its own /dev/stderr.
fn hand_over(pipes: &[BorrowedFd<'_>], identity: &Identity) {
    let (uid, gid) = (Uid::from_raw(identity.uid), Gid::from_raw(identity.gid));
    for pipe in pipes {
        // No FIFO that has a name.
        if fstatfs(pipe).is_ok_and(|system| system.f_type == PIPES) {
            // Few scripts open them anew, and the others need not fail for it.
            let _ = fchown(pipe, Some(uid), Some(gid));
        }
    }
}

fn path_of(path: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(path.to_bytes()))
}

/// The kernel's numbers for kinds of file systems.
const CGROUP2: i64 = 0x6367_7270;
const PIPES: i64 = 0x5049_5045;
/// As `super::ARGUMENT` and `super::APART`.
const ARGUMENT: &CStr = c"htbin-launcher";
const APART: &CStr = c"apart";
/// Room for the meta-variables of a browser's request without growing.
const ENVIRONMENT_USUAL: usize = 64;
