//! Where a connection stands between its requests, so that `stream` knows which time limit holds.

use std::sync::atomic::{AtomicU8, Ordering};

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waiting for the first octet of a request.
    Idle,
    /// A request head has begun.
    Head,
    /// A request is being answered.
    Answering,
}

/// The phase of one connection, shared by its stream, its service and its answers.
#[derive(Debug)]
pub(super) struct Pace(AtomicU8);

impl Pace {
    /// A new connection owes its first request head.
    pub(super) fn new() -> Self {
        Self(AtomicU8::new(Phase::Head as u8))
    }

    pub(super) fn phase(&self) -> Phase {
        match self.0.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            _ => Phase::Answering,
        }
    }

    pub(super) fn head_begins(&self) {
        self.0.store(Phase::Head as u8, Ordering::Relaxed);
    }

    pub(super) fn answering(&self) {
        self.0.store(Phase::Answering as u8, Ordering::Relaxed);
    }

    pub(super) fn answered(&self) {
        self.0.store(Phase::Idle as u8, Ordering::Relaxed);
    }
}
