//! How many scripts run at once, how many requests may wait, and how long. Beyond that the answer is 503, at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::{Reason, Refusal};

pub(super) struct Gate {
    places: Arc<Semaphore>,
    places_max: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
    waiting_time: Duration,
}

impl Gate {
    pub(super) fn new(running_max: usize, waiting_max: usize, waiting_time: Duration) -> Self {
        let places_max = running_max.min(Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(places_max));
        Self { places, places_max, waiting: AtomicUsize::new(0), waiting_max, waiting_time }
    }

    /// How many places are taken, and how many requests wait for one.
    pub(super) fn load(&self) -> (usize, usize) {
        // One that is about to be refused is counted for a moment.
        let waiting = self.waiting.load(Ordering::Relaxed).min(self.waiting_max);
        (self.places_max - self.places.available_permits().min(self.places_max), waiting)
    }

    /// A place among the running scripts, in the order of asking.
    pub(super) async fn enter(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = Waiting::new(self)?;
        match tokio::time::timeout(self.waiting_time, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Refusal::with_detail(
                Reason::Busy(RETRY_SECONDS),
                format!("no place came free within {:?}; raise --max-scripts or --queue-time", self.waiting_time),
            )),
        }
    }
}

/// A place in the queue, given back when dropped.
struct Waiting<'a>(&'a Gate);

impl<'a> Waiting<'a> {
    fn new(gate: &'a Gate) -> Result<Self, Refusal> {
        let waiting = Self(gate);
        if gate.waiting.fetch_add(1, Ordering::Relaxed) < gate.waiting_max {
            return Ok(waiting);
        }
        Err(Refusal::with_detail(
            Reason::Busy(RETRY_SECONDS),
            match gate.waiting_max {
                0 => "no request may wait for a script (--queue 0); raise --max-scripts or --queue".to_owned(),
                1 => "1 request waits for a script already; raise --max-scripts or --queue".to_owned(),
                many => format!("{many} requests wait for a script already; raise --max-scripts or --queue"),
            },
        ))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a refused client is told to wait.
const RETRY_SECONDS: u32 = 5;
