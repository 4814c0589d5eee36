//! Between fork and exec. The child shares the launcher's memory until it executes the program, so everything here
//! is a bare system call: no allocation, no lock, nothing that is not async-signal-safe.

use std::{
    ffi::CStr,
    fmt,
    os::fd::{AsFd, BorrowedFd},
};

use rustix::{
    fs::Mode,
    io::{Errno, Result, write},
    process::{Gid, Uid, chdir, geteuid, setpriority_process, setsid, umask},
    stdio::{dup2_stderr, dup2_stdin, dup2_stdout},
    thread::{
        CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, remove_capability_from_bounding_set,
        set_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
    },
};

use crate::{
    limits::Limits,
    sandbox::Walls,
    sys::{clone::Argv, landlock},
};

/// What the child becomes.
pub(crate) struct Plan<'a> {
    pub(crate) program: &'a CStr,
    pub(crate) directory: &'a CStr,
    pub(crate) arguments: &'a Argv<'a>,
    pub(crate) environment: &'a Argv<'a>,
    pub(crate) stdio: [BorrowedFd<'a>; 3],
    pub(crate) limits: Limits,
    pub(crate) new_privileges: bool,
    pub(crate) user: Option<User>,
    pub(crate) umask: Option<u32>,
    pub(crate) nice: Option<i32>,
    /// The `cgroup.procs` of its cgroup, open for writing.
    pub(crate) cgroup: Option<BorrowedFd<'a>>,
    pub(crate) walls: &'a Walls,
}

/// An identity in the kernel's own types.
pub(crate) struct User {
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
    pub(crate) groups: Vec<Gid>,
}

/// How far a launch came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The order could not be read, or a process not be made.
    Fork,
    /// The launcher's policy has no such program, or no such user.
    Policy,
    /// A session of its own.
    Session,
    /// Descriptors 0, 1 and 2.
    Stdio,
    /// Its cgroup.
    Cgroup,
    /// Mounts and processes of its own.
    Apart,
    /// The resource limits, and the niceness.
    Limits,
    /// Becoming another user.
    Identity,
    /// The working directory.
    Directory,
    /// Giving up new privileges.
    Privileges,
    /// Giving up files and ports.
    Files,
    /// Giving up system calls.
    Calls,
    /// The program itself.
    Exec,
}

/// Becomes the program; comes back only with the stage that failed.
pub(crate) fn become_program(plan: &Plan<'_>) -> (Stage, Errno) {
    match prepare(plan) {
        Err(failure) => failure,
        Ok(()) => (Stage::Exec, crate::sys::clone::execute(plan.program, plan.arguments, plan.environment)),
    }
}

fn prepare(plan: &Plan<'_>) -> std::result::Result<(), (Stage, Errno)> {
    let at = |stage: Stage, result: Result<()>| result.map_err(|errno| (stage, errno));
    // A session is a process group too: one signal ends the script and all it started.
    at(Stage::Session, setsid().map(drop))?;
    // Everything else the launcher has open is close-on-exec, so these three are all that the script gets.
    at(Stage::Stdio, dup2_stdin(plan.stdio[0]))?;
    at(Stage::Stdio, dup2_stdout(plan.stdio[1]))?;
    at(Stage::Stdio, dup2_stderr(plan.stdio[2]))?;
    if let Some(cgroup) = plan.cgroup {
        // 0 is whoever writes it.
        at(Stage::Cgroup, write(cgroup, b"0").map(drop))?;
    }
    let ruleset = plan.walls.ruleset.as_ref().map(AsFd::as_fd);
    if let Some(apart) = &plan.walls.apart {
        at(Stage::Apart, apart.assume(ruleset))?;
    }
    if plan.walls.drops_capabilities {
        at(Stage::Privileges, drop_capabilities())?;
    }
    at(Stage::Limits, plan.limits.assume())?;
    if let Some(nice) = plan.nice {
        at(Stage::Limits, setpriority_process(None, nice))?;
    }
    if let Some(user) = &plan.user {
        at(Stage::Identity, user.assume())?;
    }
    if let Some(mask) = plan.umask {
        umask(Mode::from_raw_mode(mask));
    }
    // With its own rights: what it may not enter is not its directory.
    at(Stage::Directory, chdir(plan.directory))?;
    if !plan.new_privileges {
        at(Stage::Privileges, set_no_new_privs(true))?;
    }
    if let Some(ruleset) = ruleset {
        at(Stage::Files, landlock::restrict(ruleset))?;
    }
    // Last, as all of the above needs calls that it forbids.
    plan.walls.filter.map_or(Ok(()), |filter| at(Stage::Calls, filter.assume()))
}

/// What root may beyond others goes with the next exec, and comes with no exec after it.
fn drop_capabilities() -> Result<()> {
    clear_ambient_capability_set()?;
    if !geteuid().is_root() {
        return Ok(());
    }
    for number in 0..u64::BITS {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)) {
            Ok(()) => {}
            // The kernel has no more.
            Err(Errno::INVAL) => break,
            Err(errno) => return Err(errno),
        }
    }
    let sets = capabilities(None)?;
    set_capabilities(None, CapabilitySets { inheritable: CapabilitySet::empty(), ..sets })
}

impl User {
    /// Becomes this user for good: the saved numbers change too.
    fn assume(&self) -> Result<()> {
        set_thread_groups(&self.groups)?;
        set_thread_res_gid(self.gid, self.gid, self.gid)?;
        set_thread_res_uid(self.uid, self.uid, self.uid)
    }
}

impl Stage {
    pub(crate) const ALL: [Self; 13] = [
        Self::Fork,
        Self::Policy,
        Self::Session,
        Self::Stdio,
        Self::Cgroup,
        Self::Apart,
        Self::Limits,
        Self::Identity,
        Self::Directory,
        Self::Privileges,
        Self::Files,
        Self::Calls,
        Self::Exec,
    ];
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fork => "making a process",
            Self::Policy => "asking the launcher's policy for this program and user",
            Self::Session => "making a session",
            Self::Stdio => "setting stdin, stdout and stderr",
            Self::Cgroup => "entering the cgroup",
            Self::Apart => "making a /tmp and a /proc of its own",
            Self::Limits => "setting the limits",
            Self::Identity => "becoming the script's user",
            Self::Directory => "changing to the script's directory",
            Self::Privileges => "giving up new privileges",
            Self::Files => "giving up files and ports (Landlock)",
            Self::Calls => "giving up system calls (seccomp)",
            Self::Exec => "executing the program",
        })
    }
}
