//! The server's own walls: it reads and writes what it is there for, and executes nothing any more.

use std::{io, os::fd::AsFd, path::PathBuf};

use rustix::thread::set_no_new_privs;

use super::{Confinement, Filter, Kernel, files};
use crate::sys::landlock;

/// Keeps the calling thread, and all threads and processes it starts from now on, to these files and directories with
/// what is below them, and from executing any program: what it starts, a launcher starts that was there before
/// ([`EarlyLauncher::start_kept`](crate::EarlyLauncher::start_kept)). It also reads what every program needs, /proc
/// included. What the kernel lacks is left out; [`Kernel::missing`] of [`Confinement::standard`] says what.
pub fn enclose(read: &[PathBuf], write: &[PathBuf]) -> io::Result<()> {
    let kernel = Kernel::without_namespaces();
    let mut confinement = Confinement::standard();
    confinement.read = read.to_vec();
    confinement.write = write.to_vec();
    let ruleset = files::of_server(&confinement, kernel)?;
    set_no_new_privs(true)?;
    if let Some(ruleset) = ruleset {
        landlock::restrict(ruleset.as_fd())?;
    }
    if kernel.seccomp {
        Filter::of_server().assume()?;
    }
    Ok(())
}
