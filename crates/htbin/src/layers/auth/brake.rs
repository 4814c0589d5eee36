//! Slows down who guesses: after some failures each further try has to wait, ever longer. Nobody waits in here: who comes
//! too soon is sent away. What counts is who asks from where for whom; all together from one place; and a user from
//! everywhere, so that many places together are not many times as fast.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    exchange::End,
    layers::{
        rate::{Network, network},
        table::Table,
    },
};

/// What has failed lately.
#[derive(Debug)]
pub(super) struct Brake {
    keys: RandomState,
    failures: Mutex<Table<u64, Failures>>,
    /// Where a user was let in: somebody else's failures do not keep her out there.
    known: Mutex<Table<u64, ()>>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Under which of its keys a try is counted, and how patiently.
struct Count {
    key: u64,
    /// So many failures cost nothing.
    free: u32,
    wait_max: Duration,
}

impl Default for Brake {
    fn default() -> Self {
        let (failures, known) = (Mutex::new(Table::new(FAILURES_MAX)), Mutex::new(Table::new(KNOWN_MAX)));
        Self { keys: RandomState::new(), failures, known }
    }
}

impl Brake {
    /// How long this try has to wait; nothing, most often.
    pub(super) fn wait(&self, client: End, user: &str, now: Instant) -> Duration {
        let counts = self.counts(client, user, now);
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |count: &Count| {
            let Some(failed) = failures.find(&count.key, now) else { return Duration::ZERO };
            (failed.last + count.pause(failed.count)).saturating_duration_since(now)
        };
        counts.iter().map(wait).max().unwrap_or_default()
    }

    /// A try begins. It counts as a failure until it has succeeded, so that many at once are not one.
    pub(super) fn begin(&self, client: End, user: &str, now: Instant) {
        let counts = self.counts(client, user, now);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for count in counts {
            let before = failures.find(&count.key, now).map_or(0, |failed| failed.count);
            let failed = Failures { count: before.saturating_add(1), last: now };
            failures.keep(count.key, failed, now + FORGET_TIME, now);
        }
    }

    /// It has succeeded. Earlier failures stay: who has an account could else guess at others without end.
    pub(super) fn succeed(&self, client: End, user: &str, now: Instant) {
        let counts = self.counts(client, user, now);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for count in counts {
            if let Some(failed) = failures.find(&count.key, now).copied() {
                let failed = Failures { count: failed.count.saturating_sub(1), ..failed };
                failures.keep(count.key, failed, failed.last + FORGET_TIME, now);
            }
        }
        drop(failures);
        let here = self.keys.hash_one((network(client), user));
        self.known.lock().unwrap_or_else(PoisonError::into_inner).keep(here, (), now + KNOWN_TIME, now);
    }

    fn counts(&self, client: End, user: &str, now: Instant) -> Vec<Count> {
        let place = network(client);
        let here = self.keys.hash_one((place, user));
        let mut counts = vec![Count { key: here, free: 5, wait_max: Duration::from_secs(300) }];
        if !is_of_many(client, place) {
            counts.push(Count { key: self.keys.hash_one(place), free: 20, wait_max: Duration::from_secs(60) });
        }
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).find(&here, now).is_none() {
            counts.push(Count { key: self.keys.hash_one(user), free: 50, wait_max: Duration::from_secs(10) });
        }
        counts
    }
}

impl Count {
    /// After so many failures: 1 s, 2 s, 4 s and so on.
    fn pause(&self, failures: u32) -> Duration {
        match failures.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(beyond) => Duration::from_secs(1 << beyond.min(30)).min(self.wait_max),
        }
    }
}

/// Behind loopback and a UNIX socket sits a proxy that may speak for everybody.
fn is_of_many(client: End, place: Network) -> bool {
    place == Network::Unix || matches!(client, End::Tcp(address) if IpAddr::to_canonical(&address.ip()).is_loopback())
}

/// Failures are forgotten after so long without another one.
const FORGET_TIME: Duration = Duration::from_secs(15 * 60);
const FAILURES_MAX: usize = 65_536;
const KNOWN_TIME: Duration = Duration::from_secs(30 * 24 * 3600);
const KNOWN_MAX: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> End {
        End::Tcp((address.parse::<IpAddr>().expect("an address"), 7).into())
    }

    #[test]
    fn each_failure_beyond_the_fifth_doubles_the_wait() {
        let (brake, here, now) = (Brake::default(), client("192.0.2.1"), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..16 {
            waits.push(brake.wait(here, "ada", now).as_secs());
            brake.begin(here, "ada", now);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(brake.wait(here, "ada", now + Duration::from_secs(300)), Duration::ZERO);
        // Neither another user nor another place waits yet.
        assert_eq!(brake.wait(here, "bob", now), Duration::ZERO);
        assert_eq!(brake.wait(client("192.0.2.2"), "ada", now), Duration::ZERO);
        assert_eq!(brake.wait(here, "ada", now + FORGET_TIME), Duration::ZERO);
    }

    #[test]
    fn a_success_takes_back_only_its_own_try() {
        let (brake, here, now) = (Brake::default(), client("192.0.2.1"), Instant::now());
        for _ in 0..6 {
            brake.begin(here, "ada", now);
        }
        brake.begin(here, "ada", now);
        brake.succeed(here, "ada", now);
        assert_eq!(brake.wait(here, "ada", now), Duration::from_secs(2));
    }

    #[test]
    fn a_place_that_tries_many_users_waits_for_all_of_them() {
        let (brake, now) = (Brake::default(), Instant::now());
        for user in 0..30 {
            brake.begin(client("2001:db8::1"), &user.to_string(), now);
        }
        assert_eq!(brake.wait(client("2001:db8::ffff"), "ada", now), Duration::from_secs(60));
        assert_eq!(brake.wait(client("2001:db8:0:1::1"), "ada", now), Duration::ZERO);
        // A proxy that nobody has told us to trust is not everybody.
        for user in 0..30 {
            brake.begin(client("127.0.0.1"), &user.to_string(), now);
            brake.begin(End::Unix, &user.to_string(), now);
        }
        assert_eq!(brake.wait(client("127.0.0.1"), "ada", now), Duration::ZERO);
        assert_eq!(brake.wait(End::Unix, "ada", now), Duration::ZERO);
    }

    #[test]
    fn many_places_that_try_one_user_wait_but_not_where_she_is_known() {
        let (brake, home, now) = (Brake::default(), client("198.51.100.1"), Instant::now());
        brake.begin(home, "ada", now);
        brake.succeed(home, "ada", now);
        for place in 0..100 {
            brake.begin(client(&format!("192.0.2.{place}")), "ada", now);
        }
        assert_eq!(brake.wait(client("203.0.113.1"), "ada", now), Duration::from_secs(10));
        assert_eq!(brake.wait(home, "ada", now), Duration::ZERO);
    }
}
