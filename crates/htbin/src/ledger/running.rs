//! Scripts that run. There are no more of them than places at the gate.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use htbin_spawn::{Ender, Start, Usage};
use http::Method;

use super::{Ledger, locked};
use crate::exchange::ExchangeId;

/// A script that runs.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its number here; no other has had it.
    pub number: u64,
    /// The exchange that it runs for.
    pub id: ExchangeId,
    /// Its file.
    pub script: Box<str>,
    /// The method of the request.
    pub method: Method,
    /// Path and query of the request.
    pub target: Box<str>,
    /// The client's address.
    pub client: Box<str>,
    /// When it was started.
    pub since: Instant,
    /// How.
    pub start: Start,
    /// Its process, and its group.
    pub pid: i32,
    /// What ends it.
    pub ender: Ender,
}

#[derive(Debug, Default)]
pub(super) struct Present {
    last: u64,
    running: BTreeMap<u64, Running>,
}

impl Present {
    pub(super) fn find(&self, number: u64) -> Option<Running> {
        self.running.get(&number).cloned()
    }

    pub(super) fn told(&self) -> Vec<Running> {
        self.running.values().cloned().collect()
    }
}

/// A running script's line in the ledger.
#[derive(Debug)]
pub struct Entry {
    ledger: Arc<Ledger>,
    number: u64,
}

impl Entry {
    pub(super) fn new(ledger: Arc<Ledger>, mut running: Running) -> Self {
        let mut present = locked(&ledger.present);
        present.last += 1;
        let number = present.last;
        running.number = number;
        present.running.insert(number, running);
        drop(present);
        Self { ledger, number }
    }

    /// It has ended and used so much.
    pub fn gone(self, usage: Usage) {
        let running = locked(&self.ledger.present).running.remove(&self.number);
        if let Some(running) = running {
            locked(&self.ledger.scripts).gone(&running.script, usage);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let _gone = locked(&self.ledger.present).running.remove(&self.number);
    }
}
