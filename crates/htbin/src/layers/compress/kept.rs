//! What was compressed and may be asked for again: forms of files and of stored answers, by what they were made from.
//! Bounded; what is asked for least goes first.

use std::sync::Arc;

use bytes::Bytes;
use quick_cache::{Weighter, sync::Cache};

use crate::{body::Origin, coding::Coding};

/// Compressed bodies.
#[derive(Debug)]
pub(super) struct Kept(Cache<(Origin, Coding), Bytes, Octets>);

/// What a form takes, with its place in the table.
#[derive(Debug, Clone)]
struct Octets;

impl Weighter<(Origin, Coding), Bytes> for Octets {
    fn weight(&self, _: &(Origin, Coding), form: &Bytes) -> u64 {
        form.len() as u64 + 256
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self(Cache::with_weighter(FORMS_EXPECTED, BYTES_MAX, Octets))
    }
}

impl Kept {
    /// This form of what has this origin.
    pub(super) fn find(&self, origin: Origin, coding: Coding) -> Option<Bytes> {
        self.0.get(&(origin, coding))
    }

    pub(super) fn keep(&self, origin: Origin, coding: Coding, form: Bytes) {
        if form.len() <= FORM_BYTES_MAX {
            self.0.insert((origin, coding), form);
        }
    }
}

/// A form on its way out, gathered to be kept if it comes to its end and is not too large.
pub(super) struct Keeping {
    kept: Arc<Kept>,
    origin: Origin,
    coding: Coding,
    form: Option<Vec<u8>>,
}

impl Keeping {
    pub(super) fn new(kept: Arc<Kept>, origin: Origin, coding: Coding) -> Self {
        Self { kept, origin, coding, form: Some(Vec::new()) }
    }

    pub(super) fn push(&mut self, octets: &[u8]) {
        self.form = self.form.take().filter(|form| form.len() + octets.len() <= FORM_BYTES_MAX);
        if let Some(form) = &mut self.form {
            form.extend_from_slice(octets);
        }
    }

    pub(super) fn finish(self) {
        if let Some(form) = self.form {
            self.kept.keep(self.origin, self.coding, form.into());
        }
    }
}

/// All forms together.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// A longer one is compressed each time.
const FORM_BYTES_MAX: usize = 1024 * 1024;
/// For the size of the table.
const FORMS_EXPECTED: usize = 1024;
