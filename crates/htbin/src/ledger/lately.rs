//! Exchanges that have ended: the last of them, the last failures, and how many there were of each status.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime},
};

use htbin_spawn::Start;
use http::{Method, StatusCode};

use crate::exchange::{ExchangeId, Timeline};

/// An exchange that has ended.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its number in the log.
    pub id: ExchangeId,
    /// When it ended, by the clock of the machine as it stood then.
    pub ended: SystemTime,
    /// How long it took, from the head of the request to the end of the answer.
    pub took: Duration,
    /// The method, none where no request could be read.
    pub method: Option<Method>,
    /// Path and query as the client sent them, or their beginning.
    pub target: Box<str>,
    /// The answer's status.
    pub status: StatusCode,
    /// How many octets of the answer's body were sent.
    pub body_bytes: u64,
    /// The stable word of the refusal.
    pub reason: Option<&'static str>,
    /// What is known of its script, if it had one.
    pub of_script: Option<Box<OfScript>>,
}

/// What is known of the script of an exchange.
#[derive(Debug, Clone)]
pub struct OfScript {
    /// Its file.
    pub name: Box<str>,
    /// Which step took how long.
    pub timeline: Timeline,
    /// How it was started, if it was.
    pub start: Option<Start>,
    /// What exactly was wrong.
    pub detail: Option<Box<str>>,
}

impl Past {
    /// Did its script fail, or the server? A client that leaves, or whose body is not taken, is no failure.
    pub fn has_failed(&self) -> bool {
        let has_reason = self.reason.is_some_and(|reason| !OF_CLIENTS.contains(&reason));
        self.status.is_server_error() || has_reason && self.of_script.is_some()
    }
}

#[derive(Debug)]
pub(super) struct Lately {
    exchanges: VecDeque<Past>,
    failures: VecDeque<Past>,
    /// By status, from 100.
    statuses: Box<[u64; STATUSES]>,
    body_bytes: u64,
}

impl Default for Lately {
    fn default() -> Self {
        Self {
            exchanges: VecDeque::with_capacity(EXCHANGES_MAX),
            failures: VecDeque::new(),
            statuses: Box::new([0; STATUSES]),
            body_bytes: 0,
        }
    }
}

impl Lately {
    /// Gives back what is forgotten for it.
    pub(super) fn record(&mut self, mut past: Past) -> Option<Past> {
        if past.target.len() > TARGET_BYTES_MAX {
            let is_end = |at: &usize| past.target.is_char_boundary(*at);
            let end = (0..=TARGET_BYTES_MAX).rev().find(is_end).unwrap_or_default();
            past.target = past.target[..end].into();
        }
        let is_long = |method: &Method| method.as_str().len() > METHOD_BYTES_MAX;
        if let Some(method) = past.method.take_if(|method| is_long(method)) {
            past.method = Method::from_bytes(&method.as_str().as_bytes()[..METHOD_BYTES_MAX]).ok();
        }
        // A script may make up a status that no standard knows.
        let at = usize::from(past.status.as_u16()).saturating_sub(100).min(STATUSES - 1);
        self.statuses[at] += 1;
        self.body_bytes += past.body_bytes;
        if past.has_failed() {
            if self.failures.len() == FAILURES_MAX {
                self.failures.pop_front();
            }
            self.failures.push_back(past.clone());
        }
        let forgotten = if self.exchanges.len() == EXCHANGES_MAX { self.exchanges.pop_front() } else { None };
        self.exchanges.push_back(past);
        forgotten
    }

    /// The last one first.
    pub(super) fn exchanges(&self) -> Vec<Past> {
        self.exchanges.iter().rev().cloned().collect()
    }

    /// The last one first.
    pub(super) fn failures(&self) -> Vec<Past> {
        self.failures.iter().rev().cloned().collect()
    }

    /// How many there were of each status.
    pub(super) fn statuses(&self) -> Vec<(u16, u64)> {
        (100..).zip(self.statuses.iter().copied()).filter(|(_, count)| *count > 0).collect()
    }

    /// Octets of bodies that were sent.
    pub(super) fn body_bytes(&self) -> u64 {
        self.body_bytes
    }
}

/// Exchanges that are remembered.
pub const EXCHANGES_MAX: usize = 200;
/// Failures that are remembered: a flood of what went well does not wash them away.
pub const FAILURES_MAX: usize = 50;
/// Octets that are kept of a path with its query.
const TARGET_BYTES_MAX: usize = 1024;
/// Statuses from 100 to 599; beyond that all count as 599.
const STATUSES: usize = 500;
/// Octets of a method; those of standards have fewer.
const METHOD_BYTES_MAX: usize = 32;
/// Words of what clients do wrong; no script has run by then, or it was ended for it.
const OF_CLIENTS: [&str; 4] = ["client-left", "body-too-large", "body-timeout", "body-broken"];

#[cfg(test)]
mod tests {
    use super::*;

    fn past(number: u64, status: u16, target: &str) -> Past {
        Past {
            id: ExchangeId(number),
            ended: SystemTime::now(),
            took: Duration::from_millis(number),
            method: Some(Method::GET),
            target: target.into(),
            status: StatusCode::from_u16(status).expect("it is a status"),
            body_bytes: 1,
            reason: None,
            of_script: None,
        }
    }

    #[test]
    fn the_oldest_go_first_and_failures_stay() {
        let mut lately = Lately::default();
        lately.record(past(0, 502, "/"));
        for number in 1..=EXCHANGES_MAX as u64 + 5 {
            lately.record(past(number, 200, "/"));
        }
        let exchanges = lately.exchanges();
        assert_eq!((exchanges.len(), exchanges[0].id), (EXCHANGES_MAX, ExchangeId(205)));
        assert_eq!(lately.failures().iter().map(|past| past.id.0).collect::<Vec<_>>(), [0]);
        assert_eq!(lately.statuses(), [(200, 205), (502, 1)]);
        assert_eq!(lately.body_bytes(), 206);
        for number in 0..100 {
            lately.record(past(number, 500, "/"));
        }
        assert_eq!(lately.failures().len(), FAILURES_MAX);
    }

    #[test]
    fn no_target_no_method_and_no_status_is_too_large() {
        let mut lately = Lately::default();
        let method = "M".repeat(40_000).parse().ok();
        lately.record(Past { method, ..past(1, 999, &"ä".repeat(40_000)) });
        assert_eq!(lately.exchanges()[0].method.as_ref().map(|it| it.as_str().len()), Some(METHOD_BYTES_MAX));
        assert_eq!(lately.exchanges()[0].target.len(), TARGET_BYTES_MAX);
        assert_eq!(lately.statuses(), [(599, 1)]);
    }

    #[test]
    fn what_clients_do_is_no_failure_of_a_script() {
        let script = OfScript { name: "a".into(), timeline: Timeline::default(), start: None, detail: None };
        let of_script = |reason| Past { reason, of_script: Some(Box::new(script.clone())), ..past(1, 200, "/") };
        assert!(!of_script(None).has_failed());
        for reason in ["client-left", "body-too-large", "body-timeout", "body-broken"] {
            assert!(!of_script(Some(reason)).has_failed(), "{reason}");
        }
        assert!(of_script(Some("cut")).has_failed());
        assert!(!Past { reason: Some("not-found"), ..past(1, 404, "/") }.has_failed());
    }
}
