//! A table that forgets: each entry has its time, and when there is no room what would go first goes at once. Half the
//! table makes room, so that a flood of new keys costs each of them a few steps.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::Hash,
    time::Instant,
};

/// Entries with a time, at most so many.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    entries: HashMap<K, (Instant, V), RandomState>,
    entries_max: usize,
}

impl<K: Eq + Hash, V> Table<K, V> {
    pub(super) fn new(entries_max: usize) -> Self {
        Self { entries: HashMap::default(), entries_max }
    }

    /// What is known under this key, if it is not over.
    pub(super) fn find(&self, key: &K, now: Instant) -> Option<&V> {
        self.entries.get(key).filter(|(until, _)| *until > now).map(|(_, value)| value)
    }

    /// Keeps this until then, in the place of what was there.
    pub(super) fn keep(&mut self, key: K, value: V, until: Instant, now: Instant) {
        if self.entries.len() >= self.entries_max && !self.entries.contains_key(&key) {
            self.make_room(now);
        }
        self.entries.insert(key, (until, value));
    }

    fn make_room(&mut self, now: Instant) {
        self.entries.retain(|_, (until, _)| *until > now);
        if self.entries.len() <= self.entries_max / 2 {
            return;
        }
        let mut times: Vec<Instant> = self.entries.values().map(|(until, _)| *until).collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        self.entries.retain(|_, (until, _)| *until > median);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_over_is_not_found() {
        let now = Instant::now();
        let mut table = Table::new(10);
        table.keep("a", 1, now + Duration::from_secs(1), now);
        assert_eq!(table.find(&"a", now), Some(&1));
        assert_eq!(table.find(&"a", now + Duration::from_secs(1)), None);
        assert_eq!(table.find(&"b", now), None);
    }

    #[test]
    fn it_never_holds_more_and_keeps_what_lasts() {
        let now = Instant::now();
        let mut table = Table::new(100);
        table.keep(0, (), now + Duration::from_secs(10_000), now);
        for key in 1..5000_u64 {
            table.keep(key, (), now + Duration::from_secs(key), now);
            assert!(table.entries.len() <= 100);
        }
        assert!(table.find(&0, now).is_some() && table.find(&4999, now).is_some());
        assert!(table.find(&1, now).is_none());
    }

    #[test]
    fn entries_that_end_together_make_room_too() {
        let now = Instant::now();
        let mut table = Table::new(8);
        for key in 0..100 {
            table.keep(key, (), now + Duration::from_secs(1), now);
            assert!(table.entries.len() <= 8);
        }
        assert!(table.find(&99, now).is_some());
    }
}
