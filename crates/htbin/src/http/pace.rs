//! Where a connection stands between its requests, so that `stream` knows which time limit holds.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

use crate::refusal::Reason;

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
pub(super) struct Pace {
    phase: AtomicU8,
    cut: AtomicBool,
    turning: AtomicBool,
    refused: OnceLock<Reason>,
}

impl Default for Pace {
    /// A new connection owes its first request head.
    fn default() -> Self {
        let [cut, turning] = [AtomicBool::new(false), AtomicBool::new(false)];
        Self { phase: AtomicU8::new(Phase::Head as u8), cut, turning, refused: OnceLock::new() }
    }
}

impl Pace {
    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            _ => Phase::Answering,
        }
    }

    pub(super) fn head_begins(&self) {
        self.phase.store(Phase::Head as u8, Ordering::Relaxed);
    }

    pub(super) fn answering(&self) {
        self.phase.store(Phase::Answering as u8, Ordering::Relaxed);
    }

    pub(super) fn answered(&self) {
        self.phase.store(Phase::Idle as u8, Ordering::Relaxed);
    }

    /// An answer whose end the client cannot tell has been cut.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// What came is HTTP/2: hyper is to end its conversation in HTTP/1.1, and the connection goes on.
    pub(super) fn turn(&self) {
        self.turning.store(true, Ordering::Relaxed);
    }

    /// It goes on in HTTP/2: to whoever looks on it is being answered until its end.
    pub(super) fn turned(&self) {
        self.turning.store(false, Ordering::Relaxed);
        self.answering();
    }

    pub(super) fn is_turning(&self) -> bool {
        self.turning.load(Ordering::Relaxed)
    }

    /// The stream has refused what came, and answered. Told here, as hyper takes the error of a stream from which it has
    /// nothing yet for an end in order.
    pub(super) fn refuse(&self, reason: Reason) {
        // The first one ends the connection.
        _ = self.refused.set(reason);
    }

    pub(super) fn refused(&self) -> Option<Reason> {
        self.refused.get().copied()
    }
}
