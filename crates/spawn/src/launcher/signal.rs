//! Signals for scripts that are somebody else: a server that is not root may not end them, so it asks the launcher, which
//! signals nobody but the server's own children, and with what ends them.

use std::fs;

use rustix::process::{Pid, Signal, getppid};

use crate::process::signal;

/// Sends it, if the process is the server's.
pub(super) fn send(pid: i32, wanted: Signal) {
    if let Some(pid) = Pid::from_raw(pid).filter(|pid| is_child_of_server(*pid)) {
        // Until the server has reaped it, the number is its own. If it is gone, that is what was wanted.
        let _ = signal(pid, wanted);
    }
}

/// The launcher is a child of the server's, as is all that it has started.
fn is_child_of_server(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    // The name of the program may hold anything, even brackets.
    let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
    getppid().is_some_and(|server| Some(server.as_raw_nonzero().get()) == parent)
}
