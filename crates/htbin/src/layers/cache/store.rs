//! Where answers are stored, within a bound of memory: by address, and of each address those that requests with other
//! fields have chosen. It also remembers where storing was tried in vain, so that nobody waits for that.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http::{HeaderName, request::Parts};
use quick_cache::{Options, OptionsBuilder, Weighter, sync::Cache};

use super::{
    entry::Entry,
    flight::Flights,
    key::{Asked, Key, fingerprint},
};

/// What is stored.
#[derive(Debug)]
pub(super) struct Store {
    slots: Cache<Key, Arc<Slot>, Octets, RandomState>,
    secret: RandomState,
    pub(super) flights: Flights,
    /// Held while something is changed that depends on what is there.
    changing: Mutex<()>,
    /// How often something was taken out because it was changed.
    changes: AtomicU64,
    bytes_max: u64,
}

/// What is known of an address. It never changes; another takes its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    /// The latest first.
    entries: Vec<Arc<Entry>>,
    /// Until when nobody waits for an answer to be stored: for requests that say who asks, and for others.
    vain: [Option<Instant>; 2],
}

#[derive(Debug, Clone)]
struct Octets;

impl Weighter<Key, Arc<Slot>> for Octets {
    fn weight(&self, key: &Key, slot: &Arc<Slot>) -> u64 {
        (key.bytes() + slot.bytes() + 256) as u64
    }
}

impl Slot {
    fn bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.bytes()).sum()
    }

    /// Is storing in vain for such requests?
    pub(super) fn is_vain(&self, of_a_person: bool) -> bool {
        self.vain[usize::from(of_a_person)].is_some_and(|until| Instant::now() < until)
    }

    /// The fields that choose among the answers, as the latest one has it.
    pub(super) fn vary(&self) -> &[HeaderName] {
        self.entries.first().map_or(&[], |entry| &entry.terms.vary)
    }

    pub(super) fn has_entries(&self) -> bool {
        !self.entries.is_empty()
    }
}

impl Store {
    pub(super) fn new(bytes_max: u64) -> Self {
        let options = options(bytes_max);
        Self {
            slots: Cache::with_options(
                options,
                Octets,
                RandomState::new(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            secret: RandomState::new(),
            flights: Flights::default(),
            changing: Mutex::default(),
            changes: AtomicU64::new(0),
            bytes_max,
        }
    }

    pub(super) fn slot(&self, asked: Asked<'_>) -> Option<Arc<Slot>> {
        self.slots.get(&asked)
    }

    /// The stored answer that a request with these fields chooses.
    pub(super) fn choose(&self, slot: &Slot, request: &Parts) -> Option<Arc<Entry>> {
        let fits = |entry: &&Arc<Entry>| entry.fingerprint == self.fingerprint(request, &entry.terms.vary);
        slot.entries.iter().find(fits).cloned()
    }

    pub(super) fn fingerprint(&self, request: &Parts, vary: &[HeaderName]) -> u64 {
        fingerprint(&self.secret, request, vary)
    }

    pub(super) fn hash(&self, of: impl std::hash::Hash) -> u64 {
        self.secret.hash_one(of)
    }

    /// How often something was taken out until now.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Stores an answer unless what it is made from was changed meanwhile.
    pub(super) fn put(&self, key: &Key, entry: &Arc<Entry>, is_current: impl FnOnce(&Self) -> bool) -> bool {
        let _changing = self.change();
        if !is_current(self) {
            return false;
        }
        let before = self.slots.peek(key);
        let others = before.iter().flat_map(|slot| &slot.entries);
        let mut slot = Slot { entries: vec![Arc::clone(entry)], vain: [None; 2] };
        let (mut bytes, bytes_max) = (entry.bytes(), (self.bytes_max / SLOT_SHARE) as usize);
        for other in others.filter(|it| it.fingerprint != entry.fingerprint || it.terms.vary != entry.terms.vary) {
            bytes += other.bytes();
            if slot.entries.len() == ENTRIES_MAX || bytes > bytes_max {
                break;
            }
            slot.entries.push(Arc::clone(other));
        }
        self.slots.insert(key.clone(), Arc::new(slot));
        true
    }

    /// For a while nobody waits there for an answer to be stored.
    pub(super) fn remember_vain(&self, key: &Key, of_a_person: bool) {
        let _changing = self.change();
        let mut slot = self.slots.peek(key).map_or_else(Slot::default, |slot| (*slot).clone());
        slot.vain[usize::from(of_a_person)] = Some(Instant::now() + VAIN_TIME);
        self.slots.insert(key.clone(), Arc::new(slot));
    }

    /// What was stored there is not good any more, nor what is on its way there (RFC 9111 §4.4).
    pub(super) fn invalidate(&self, asked: Asked<'_>) -> bool {
        let _changing = self.change();
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.flights.taint(|address| address == self.hash(asked));
        self.slots.remove(&asked).is_some_and(|(_, slot)| slot.has_entries())
    }

    /// The same, of every address that begins so.
    pub(super) fn invalidate_below(&self, asked: Asked<'_>) {
        let _changing = self.change();
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.flights.taint(|_| true);
        self.slots.retain(|key, _| !asked.is_beginning_of(key));
    }

    /// What is taken of the memory.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.slots.weight()
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn options(bytes_max: u64) -> Options {
    let mut options = OptionsBuilder::new();
    options.estimated_items_capacity(SLOTS_EXPECTED).weight_capacity(bytes_max).shards(SHARDS);
    options.build().expect("all that must be said is said")
}

/// Requests with other fields choose so many answers of one address.
const ENTRIES_MAX: usize = 16;
/// This part of the memory is for one address at most, besides its latest answer.
pub(super) const SLOT_SHARE: u64 = 16;
/// Parts of the memory that are locked apart.
const SHARDS: usize = 4;
/// For the size of the table.
const SLOTS_EXPECTED: usize = 4096;
/// An address whose answers cannot be stored seldom becomes another.
const VAIN_TIME: Duration = Duration::from_secs(120);
