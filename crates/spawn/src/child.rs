//! Between fork and exec. The child shares the launcher's memory until it executes the program, so everything here
//! is a bare system call: no allocation, no lock, nothing that is not async-signal-safe.

use std::{ffi::CStr, fmt, os::fd::BorrowedFd};

use rustix::{
    io::{Errno, Result},
    process::{chdir, setsid},
    stdio::{dup2_stderr, dup2_stdin, dup2_stdout},
    thread::set_no_new_privs,
};

use crate::{limits::Limits, sys::clone::Argv};

/// What the child becomes.
pub(crate) struct Plan<'a> {
    pub(crate) program: &'a CStr,
    pub(crate) directory: &'a CStr,
    pub(crate) arguments: &'a Argv<'a>,
    pub(crate) environment: &'a Argv<'a>,
    pub(crate) stdio: [BorrowedFd<'a>; 3],
    pub(crate) limits: Limits,
    pub(crate) new_privileges: bool,
}

/// How far a launch came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The order could not be read, or a process not be made.
    Fork,
    /// A session of its own.
    Session,
    /// Descriptors 0, 1 and 2.
    Stdio,
    /// The working directory.
    Directory,
    /// The resource limits.
    Limits,
    /// Giving up new privileges.
    Privileges,
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
    at(Stage::Directory, chdir(plan.directory))?;
    at(Stage::Limits, plan.limits.assume())?;
    if !plan.new_privileges {
        at(Stage::Privileges, set_no_new_privs(true))?;
    }
    Ok(())
}

impl Stage {
    pub(crate) const ALL: [Self; 7] =
        [Self::Fork, Self::Session, Self::Stdio, Self::Directory, Self::Limits, Self::Privileges, Self::Exec];
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fork => "making a process",
            Self::Session => "making a session",
            Self::Stdio => "setting stdin, stdout and stderr",
            Self::Directory => "changing to the script's directory",
            Self::Limits => "setting the limits",
            Self::Privileges => "giving up new privileges",
            Self::Exec => "executing the program",
        })
    }
}
