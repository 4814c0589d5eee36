//! One flight for one answer: who asks first goes, and whoever asks for the same meanwhile waits for what comes of it,
//! for a bounded time.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::watch;

use super::entry::Entry;

/// Everybody who is on the way.
#[derive(Debug, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<u64, Arc<Flying>>>>);

#[derive(Debug)]
struct Flying {
    /// The hash of its address.
    address: u64,
    /// What was asked for has changed since.
    is_tainted: AtomicBool,
    landing: watch::Sender<Landing>,
}

/// What came of a flight.
#[derive(Debug, Clone)]
pub(super) enum Landing {
    /// Nothing yet.
    Flying,
    /// This, which was stored.
    Stored(Arc<Entry>),
    /// Nothing that others could have.
    InVain,
    /// Who went has left.
    Lost,
}

/// Somebody on the way; whoever waits is told when it lands, or is dropped.
#[derive(Debug)]
pub(super) struct Flight {
    all: Arc<Mutex<HashMap<u64, Arc<Flying>>>>,
    id: u64,
    flying: Arc<Flying>,
}

/// Who goes, and who waits.
#[derive(Debug)]
pub(super) enum Boarded {
    First(Flight),
    Waiting(watch::Receiver<Landing>),
}

impl Flights {
    /// Goes for this, or waits for who does.
    pub(super) fn board(&self, id: u64, address: u64) -> Boarded {
        let mut flying = lock(&self.0);
        if let Some(first) = flying.get(&id)
            && !first.is_tainted.load(Ordering::Relaxed)
        {
            return Boarded::Waiting(first.landing.subscribe());
        }
        let landing = watch::Sender::new(Landing::Flying);
        let first = Arc::new(Flying { address, is_tainted: AtomicBool::new(false), landing });
        flying.insert(id, Arc::clone(&first));
        Boarded::First(Flight { all: Arc::clone(&self.0), id, flying: first })
    }

    /// What such flights bring is not good any more.
    pub(super) fn taint(&self, is_such: impl Fn(u64) -> bool) {
        for flying in lock(&self.0).values().filter(|flying| is_such(flying.address)) {
            flying.is_tainted.store(true, Ordering::Relaxed);
        }
    }
}

impl Flight {
    pub(super) fn is_tainted(&self) -> bool {
        self.flying.is_tainted.load(Ordering::Relaxed)
    }

    /// Tells those who wait.
    pub(super) fn land(self, landing: Landing) {
        self.flying.landing.send_replace(landing);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut flying = lock(&self.all);
        // After a change another may be on the way already.
        if flying.get(&self.id).is_some_and(|it| Arc::ptr_eq(it, &self.flying)) {
            flying.remove(&self.id);
        }
        drop(flying);
        self.flying.landing.send_if_modified(|landing| {
            let is_lost = matches!(landing, Landing::Flying);
            if is_lost {
                *landing = Landing::Lost;
            }
            is_lost
        });
    }
}

/// What the flight came to; `Lost` if nobody is left to tell.
pub(super) async fn landed(mut waiting: watch::Receiver<Landing>) -> Landing {
    match waiting.wait_for(|landing| !matches!(landing, Landing::Flying)).await {
        Ok(landing) => landing.clone(),
        Err(_) => Landing::Lost,
    }
}

fn lock(flying: &Mutex<HashMap<u64, Arc<Flying>>>) -> MutexGuard<'_, HashMap<u64, Arc<Flying>>> {
    flying.lock().unwrap_or_else(PoisonError::into_inner)
}
