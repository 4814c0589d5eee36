//! What runs now and what happened lately, for somebody who looks on. It is bounded, forgets the oldest first, and writing
//! to it costs an exchange well under a microsecond. It answers nobody.

mod figures;
mod lately;
mod running;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Instant, SystemTime},
};

use htbin_spawn::warm;
use tokio::sync::watch;

use self::{figures::Scripts, lately::Lately, running::Present};
pub use self::{
    figures::{BUCKETS, Figures, OTHER, Run, SCRIPTS_MAX},
    lately::{EXCHANGES_MAX, FAILURES_MAX, OfScript, Past},
    running::{Entry, Running},
};

/// What runs now and what happened lately.
#[derive(Debug)]
pub struct Ledger {
    /// When the server started.
    began: (Instant, SystemTime),
    lately: Mutex<Lately>,
    scripts: Mutex<Scripts>,
    present: Mutex<Present>,
    connections: AtomicUsize,
    connections_total: AtomicU64,
    closed: watch::Sender<bool>,
}

/// All of it at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// The moment.
    pub now: (Instant, SystemTime),
    /// When the server started.
    pub began: (Instant, SystemTime),
    /// Scripts that run, the oldest first.
    pub running: Vec<Running>,
    /// Exchanges that have ended, the last one first.
    pub exchanges: Vec<Past>,
    /// Exchanges of scripts that failed, the last one first.
    pub failures: Vec<Past>,
    /// Scripts that ran, by name; the one named [`OTHER`] stands for all that came when there were enough.
    pub scripts: Vec<(Arc<str>, Figures)>,
    /// How many exchanges ended with which status.
    pub statuses: Vec<(u16, u64)>,
    /// Octets of bodies that were sent.
    pub body_bytes: u64,
    /// Connections that are open.
    pub connections: usize,
    /// Connections since the start.
    pub connections_total: u64,
}

/// How much of what scripts may take is taken.
#[derive(Debug)]
pub struct Load {
    /// Places taken.
    pub running: usize,
    /// Places there are.
    pub running_max: usize,
    /// Requests that wait for one.
    pub queued: usize,
    /// Requests that may wait.
    pub queue_max: usize,
    /// Interpreters that are kept warm.
    pub warm: Vec<warm::Kept>,
    /// The most memory that the launcher has held, in octets: no script's peak is known if it is less.
    pub launcher_memory_bytes: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            began: (Instant::now(), SystemTime::now()),
            lately: Mutex::default(),
            scripts: Mutex::default(),
            present: Mutex::default(),
            connections: AtomicUsize::new(0),
            connections_total: AtomicU64::new(0),
            closed: watch::Sender::new(false),
        }
    }
}

impl Ledger {
    /// An exchange has ended.
    pub fn record(&self, past: Past) {
        if let Some(script) = &past.of_script {
            let run = Run { took: past.took, start: script.timeline.start(), has_failed: past.has_failed() };
            locked(&self.scripts).record(&script.name, &run);
        }
        // What falls out is freed when the lock is given back.
        let _forgotten = locked(&self.lately).record(past);
    }

    /// A script runs, until the entry is told that it is gone, or dropped.
    pub fn begin(self: &Arc<Self>, running: Running) -> Entry {
        Entry::new(Arc::clone(self), running)
    }

    /// Ends the script of this number, as a time limit would. None if it does not run.
    pub fn end(&self, number: u64) -> Option<Running> {
        let running = locked(&self.present).find(number)?;
        running.ender.end().then_some(running)
    }

    /// A connection is open until this is dropped.
    pub fn connected(self: &Arc<Self>) -> Connected {
        self.connections.fetch_add(1, Ordering::Relaxed);
        self.connections_total.fetch_add(1, Ordering::Relaxed);
        Connected(Arc::clone(self))
    }

    /// Whoever looks on is to go: the server is stopping.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// The server is stopping.
    pub fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Done when it is closed.
    pub async fn closed(&self) {
        // Fails only without a sender, and here is one.
        _ = self.closed.subscribe().wait_for(|is_closed| *is_closed).await;
    }

    /// All of it.
    pub fn snapshot(&self) -> Snapshot {
        // One lock, so that they fit together.
        let lately = locked(&self.lately);
        let (exchanges, failures) = (lately.exchanges(), lately.failures());
        let (statuses, body_bytes) = (lately.statuses(), lately.body_bytes());
        drop(lately);
        Snapshot {
            now: (Instant::now(), SystemTime::now()),
            began: self.began,
            running: locked(&self.present).told(),
            exchanges,
            failures,
            scripts: locked(&self.scripts).told(),
            statuses,
            body_bytes,
            connections: self.connections.load(Ordering::Relaxed),
            connections_total: self.connections_total.load(Ordering::Relaxed),
        }
    }
}

/// An open connection, counted.
#[derive(Debug)]
pub struct Connected(Arc<Ledger>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whoever panicked with the lock held has left numbers behind, and any will do.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
