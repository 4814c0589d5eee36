//! Ends a script from elsewhere: whoever reads its output learns of it by the end of the process.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rustix::process::{Pid, Signal};

use super::{Living, TERM_TIME};

/// Ends a process that somebody else holds. A clone ends the same.
#[derive(Debug, Clone)]
pub struct Ender(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// None once it is reaped, as the number may then be another's.
    pid: Mutex<Option<Pid>>,
    living: Arc<Living>,
    was_asked: AtomicBool,
}

impl Ender {
    pub(super) fn new(pid: Pid, living: Arc<Living>) -> Self {
        Self(Arc::new(Shared { pid: Mutex::new(Some(pid)), living, was_asked: AtomicBool::new(false) }))
    }

    /// Ends it as a time limit would: TERM to its group, KILL two seconds later. False if it is gone already.
    pub fn end(&self) -> bool {
        if !self.signal(Signal::TERM) {
            return false;
        }
        let ender = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(TERM_TIME).await;
            ender.signal(Signal::KILL);
        });
        true
    }

    /// Was it asked to end?
    pub fn was_asked(&self) -> bool {
        self.0.was_asked.load(Ordering::Relaxed)
    }

    pub(super) fn forget(&self) {
        *self.0.pid.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The lock is held meanwhile, so that it cannot be reaped in between.
    fn signal(&self, signal: Signal) -> bool {
        let pid = self.0.pid.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pid) = *pid else { return false };
        self.0.was_asked.store(true, Ordering::Relaxed);
        self.0.living.signal(pid, signal);
        true
    }
}
