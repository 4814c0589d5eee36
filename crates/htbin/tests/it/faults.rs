//! What goes wrong in the world: slow clients, stubborn scripts, floods, nonsense, lost processes.

mod clients;
mod floods;
mod nonsense;
mod scripts;

use std::{
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};

use crate::{process::gone_within, server::Server};

/// One flood at a time, where the tests share a process.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets time pass: the pace of a slow client, not a way to wait for something.
fn pace(time: Duration) {
    let (_held, nothing) = mpsc::channel::<()>();
    nothing.recv_timeout(time).unwrap_err();
}

/// Looks every 50 ms whether this has come true, for 10 s.
#[track_caller]
fn becomes_true(server: &Server, what: &str, fits: impl Fn() -> bool) {
    for _ in 0..200 {
        if fits() {
            return;
        }
        assert!(!gone_within(server.pid(), Duration::from_millis(50)), "the server is gone");
    }
    panic!("{what}: not after 10 s");
}
