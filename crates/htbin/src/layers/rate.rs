//! How often a client, and a user, may ask: a bucket of tokens for each. A client is an address, and of IPv6 a network
//! of 64 bits, as one customer has that many addresses at least.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    num::NonZeroU32,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::table::Table;
use crate::{
    exchange::End,
    refusal::{Reason, Refusal},
};

/// How often who may ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Each client.
    pub client: Option<Counted>,
    /// Each user that was let in.
    pub user: Option<Counted>,
}

/// A rate, and who has asked how often. What is cloned counts together.
#[derive(Debug, Clone)]
pub struct Counted {
    rate: Rate,
    asked: Arc<Asked>,
}

impl From<Rate> for Counted {
    fn from(rate: Rate) -> Self {
        Self { rate, asked: Arc::default() }
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.rate == other.rate
    }
}

impl Eq for Counted {}

/// A client comes in, or has to wait.
pub(super) fn enter(settings: &Settings, client: End) -> Result<(), Refusal> {
    match &settings.client {
        Some(counted) => counted.asked.take(&counted.rate, network(client), "the client"),
        None => Ok(()),
    }
}

/// The same of a user.
pub(super) fn enter_user(settings: &Settings, user: &str) -> Result<(), Refusal> {
    match &settings.user {
        Some(counted) => counted.asked.take(&counted.rate, user, "the user"),
        None => Ok(()),
    }
}

/// Who counts as one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Network {
    V4([u8; 4]),
    /// The first 64 bits.
    V6(u64),
    /// Whoever comes over a UNIX socket.
    Unix,
}

pub(super) fn network(client: End) -> Network {
    match client {
        End::Tcp(address) => match address.ip().to_canonical() {
            IpAddr::V4(address) => Network::V4(address.octets()),
            IpAddr::V6(address) => Network::V6((address.to_bits() >> 64) as u64),
        },
        End::Unix => Network::Unix,
    }
}

/// So many in a time, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: NonZeroU32,
    time: Duration,
    at_once: NonZeroU32,
}

impl Rate {
    /// From one token to the next.
    fn interval(&self) -> Duration {
        self.time / self.count.get()
    }
}

/// `10/s`, `100/m`, `1000/h`, and with more or fewer at once `10/s burst 50`.
impl FromStr for Rate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || Error(crate::diagnosis::quoted(text).to_string());
        let mut words = text.split_whitespace();
        let (count, unit) = words.next().and_then(|word| word.split_once('/')).ok_or_else(error)?;
        let count: NonZeroU32 = count.parse().map_err(|_| error())?;
        let time = match unit {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(3600),
            _ => return Err(error()),
        };
        let at_once = match (words.next(), words.next(), words.next()) {
            (None, ..) => count,
            (Some("burst"), Some(burst), None) => burst.parse().map_err(|_| error())?,
            _ => return Err(error()),
        };
        if count.get() > COUNT_MAX || at_once.get() > COUNT_MAX {
            return Err(error());
        }
        Ok(Self { count, time, at_once })
    }
}

/// What is no rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no rate: it looks like 10/s, 100/m, 1000/h or 10/s burst 50, up to {COUNT_MAX}", self.0)
    }
}

impl std::error::Error for Error {}

/// When the bucket of each is full again. The keyed hash stands for who it is: a stranger cannot choose two of the same.
#[derive(Debug)]
struct Asked {
    keys: RandomState,
    full: Mutex<Table<u64, Instant>>,
}

impl Default for Asked {
    fn default() -> Self {
        Self { keys: RandomState::new(), full: Mutex::new(Table::new(CLIENTS_MAX)) }
    }
}

impl Asked {
    fn take(&self, rate: &Rate, who: impl std::hash::Hash, what: &str) -> Result<(), Refusal> {
        let wait = self.wait(rate, who, Instant::now());
        if wait.is_zero() {
            return Ok(());
        }
        let detail = format!("{what} asked more than {} times in {:?}", rate.count, rate.time);
        Err(Refusal::with_detail(Reason::TooMany(whole_seconds(wait)), detail))
    }

    /// Takes a token, if there is one; else how long it will be until there is. The bucket is kept as the moment when it
    /// is full again (the generic cell rate algorithm): a full one need not be known.
    fn wait(&self, rate: &Rate, who: impl std::hash::Hash, now: Instant) -> Duration {
        let key = self.keys.hash_one(who);
        let interval = rate.interval();
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = full.find(&key, now).copied().unwrap_or(now);
        let wait = (full_at + interval).saturating_duration_since(now + interval * rate.at_once.get());
        if wait.is_zero() {
            let full_at = full_at + interval;
            full.keep(key, full_at, full_at, now);
        }
        wait
    }
}

/// For Retry-After, at least one.
pub(super) fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).unwrap_or(u32::MAX).max(1)
}

/// Clients and users whose buckets are not full. Beyond that those that are nearly full count as full.
const CLIENTS_MAX: usize = 65_536;
const COUNT_MAX: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().expect("a rate")
    }

    #[test]
    fn so_many_at_once_then_one_after_the_other() {
        let (asked, rate, now) = (Asked::default(), rate("2/s burst 3"), Instant::now());
        for _ in 0..3 {
            assert_eq!(asked.wait(&rate, 1, now), Duration::ZERO);
        }
        assert_eq!(asked.wait(&rate, 1, now), Duration::from_millis(500));
        // To ask in vain costs nothing.
        assert_eq!(asked.wait(&rate, 1, now), Duration::from_millis(500));
        assert_eq!(asked.wait(&rate, 2, now), Duration::ZERO);
        let later = now + Duration::from_millis(500);
        assert_eq!(asked.wait(&rate, 1, later), Duration::ZERO);
        assert_eq!(asked.wait(&rate, 1, later), Duration::from_millis(500));
        // A long silence fills the bucket, and no more than that.
        let long_after = now + Duration::from_secs(3600);
        assert_eq!((0..10).filter(|_| asked.wait(&rate, 1, long_after).is_zero()).count(), 3);
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let at = |address: &str| network(End::Tcp((address.parse::<IpAddr>().expect("an address"), 1).into()));
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff::2"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }

    #[test]
    fn a_flood_of_clients_takes_no_more_room() {
        let (asked, rate, now) = (Asked::default(), rate("1/h"), Instant::now());
        for who in 0..(CLIENTS_MAX * 3) {
            asked.wait(&rate, who, now + Duration::from_millis(who as u64));
        }
        // Whoever came last is still known.
        assert!(!asked.wait(&rate, CLIENTS_MAX * 3 - 1, now).is_zero());
    }

    #[test]
    fn the_refusal_says_when_to_come_again() {
        let client = End::Tcp(([192, 0, 2, 1], 5).into());
        let settings = Settings { client: Some(rate("1/h").into()), user: None };
        assert!(enter(&settings, client).is_ok() && enter_user(&settings, "ada").is_ok());
        let refusal = enter(&settings, client).expect_err("the second");
        assert_eq!(refusal.status(), http::StatusCode::TOO_MANY_REQUESTS);
        let (name, value) = refusal.field().expect("Retry-After");
        assert_eq!((name, value.to_str().is_ok_and(|text| text.parse::<u32>().is_ok_and(|it| it > 3500))), {
            (http::header::RETRY_AFTER, true)
        });
    }

    #[test]
    fn what_is_a_rate() {
        assert_eq!(rate("100/m"), rate("100/m burst 100"));
        for text in ["", "10", "0/s", "-1/s", "10/d", "10/s burst", "10/s burst 0", "10/s burst 5 6", "99999999999/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
