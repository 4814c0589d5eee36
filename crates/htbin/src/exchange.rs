//! One request with its answer: who asks, over which connection, under which id.

use std::{
    borrow::Cow,
    fmt,
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use htbin_spawn::Start;
use http::{HeaderName, HeaderValue};

use crate::names::{self, Names};

/// One request with its answer.
#[derive(Debug)]
pub struct Exchange {
    /// The name of this exchange in every log line.
    pub id: ExchangeId,
    /// When the request head had been read.
    pub started: Instant,
    /// The connection it came over.
    pub connection: Arc<Connection>,
    /// Who the client is, if it had to say so.
    pub user: Option<User>,
    /// Fields that a script gets in the place of the client's own; none: the client's do not count.
    pub told: Vec<(HeaderName, Option<HeaderValue>)>,
    /// How its script was started, if one was.
    pub start: OnceLock<Start>,
    /// When each step of its script was done, if it has one.
    pub steps: Steps,
}

impl Exchange {
    /// This step is done now.
    pub fn done(&self, step: Step) {
        self.steps.done(step, self.started.elapsed());
    }
}

/// A step on the way from a request to a script's answer, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The request's body is there.
    Body,
    /// There is a place among the running scripts.
    Place,
    /// The script was started.
    Start,
    /// The answer has begun.
    Head,
}

/// When each step of a script's exchange was done; of several scripts, by local redirects, the first one's. Small, as every
/// exchange carries it: nanoseconds from the start and one more, 0 for what was not done.
#[derive(Debug, Default)]
pub struct Steps([AtomicU64; 4]);

impl Steps {
    fn done(&self, step: Step, after: Duration) {
        let nanoseconds = u64::try_from(after.as_nanos()).unwrap_or(u64::MAX - 1).saturating_add(1);
        // Only the first time counts.
        let _ = self.0[step as usize].compare_exchange(0, nanoseconds, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// How long each step took, in an exchange that took so long. What was not done has taken the rest.
    pub fn timeline(&self, took: Duration) -> Timeline {
        let mut timeline = Timeline::default();
        let mut from = Duration::ZERO;
        for (at, part) in timeline.0.iter_mut().enumerate() {
            let done = self.0.get(at).map_or(0, |done| done.load(Ordering::Relaxed));
            let to = if done == 0 { took } else { Duration::from_nanos(done - 1) };
            *part = Some(to.saturating_sub(from));
            from = to;
            if done == 0 {
                break;
            }
        }
        timeline
    }
}

/// How long each step took: the request's body, waiting for a place, the start, the script until its answer begins, the
/// rest of the answer. None: it did not come so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeline(pub [Option<Duration>; 5]);

impl Timeline {
    /// How long the start took, if the script was started.
    pub fn start(&self) -> Option<Duration> {
        self.0[Step::Start as usize].filter(|_| self.0[Step::Head as usize].is_some())
    }
}

/// A number that no other exchange of this process has; shown as 8 or more hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExchangeId(pub u64);

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// A client that has shown who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// How: AUTH_TYPE.
    pub scheme: &'static str,
    /// REMOTE_USER; no control characters.
    pub name: Arc<str>,
}

/// One connection of a client.
#[derive(Debug)]
pub struct Connection {
    /// The client's end.
    pub peer: End,
    /// Our end.
    pub local: End,
    /// TLS lies below, or the proxy that is trusted says so.
    pub secure: bool,
    /// A proxy speaks for the client: this is what it says of both ends.
    pub of_proxy: bool,
    /// What scripts are told of that: SSL_PROTOCOL and the like.
    pub tls: Vec<(&'static str, Cow<'static, str>)>,
    /// Which hosts may be asked for over it; none: all, as nobody speaks TLS here.
    pub scope: Option<Scope>,
    /// The client's address as the log shows it, written once for all its requests.
    pub client: Box<str>,
}

impl Connection {
    /// A connection between these two.
    pub fn new(peer: End, local: End, secure: bool) -> Self {
        Self { peer, local, secure, of_proxy: false, tls: Vec::new(), scope: None, client: peer.to_string().into() }
    }

    /// Does it come from this machine, and for nobody else? A proxy may tell of any address.
    pub fn is_of_this_machine(&self) -> bool {
        self.peer.is_loopback() && !self.of_proxy
    }

    /// The same, as a proxy that is trusted tells it. Which hosts may be asked for is what the proxy itself has shown.
    #[must_use]
    pub fn of_proxy(&self, peer: End, local: End, secure: bool) -> Self {
        Self { of_proxy: true, scope: self.scope.clone(), ..Self::new(peer, local, secure) }
    }
}

/// Which hosts may be asked for over a connection: those that demand of clients what this one has shown. One that asks
/// for a name and then for another host would else get round what that host demands.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What is demanded where, now; none: nobody demands more than others.
    pub demands: Arc<ArcSwapOption<Demands>>,
    /// Which demands were met; none: there is no TLS.
    pub met: Option<u64>,
}

/// What hosts demand of clients.
#[derive(Debug, Default)]
pub struct Demands {
    /// By name.
    pub names: Names<Demand>,
    /// For all other names.
    pub fallback: Demand,
}

/// What one host demands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Demand {
    /// The same number, the same demands.
    pub number: u64,
    /// Nobody comes without a certificate.
    pub certificate: bool,
}

impl Scope {
    /// May this host, with or without a port, be asked for here?
    pub fn holds(&self, authority: &str) -> bool {
        let demands = self.demands.load();
        let Some(demands) = demands.as_ref() else { return true };
        let demand = demands.names.find(names::host(authority)).unwrap_or(demands.fallback);
        match self.met {
            Some(met) => met == demand.number,
            None => !demand.certificate,
        }
    }
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// TCP over IPv4 or IPv6; an IPv4 address mapped into IPv6 is stored as IPv4.
    Tcp(SocketAddr),
    /// A UNIX socket: no address.
    Unix,
}

impl End {
    /// Is this end on the machine's own loopback? A UNIX socket is not: a proxy sits there.
    pub fn is_loopback(&self) -> bool {
        matches!(self, Self::Tcp(address) if address.ip().is_loopback())
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{}", address.ip()),
            Self::Unix => f.write_str("unix:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_done_has_taken_the_rest() {
        let told = |done: &[u64]| {
            let steps = Steps::default();
            for (step, milliseconds) in [Step::Body, Step::Place, Step::Start, Step::Head].into_iter().zip(done) {
                steps.done(step, Duration::from_millis(*milliseconds));
                steps.done(step, Duration::from_millis(99));
            }
            let timeline = steps.timeline(Duration::from_millis(100));
            timeline.0.map(|part| part.map(|part| part.as_millis()))
        };
        assert_eq!(told(&[1, 11, 31, 61]), [Some(1), Some(10), Some(20), Some(30), Some(39)]);
        assert_eq!(told(&[1]), [Some(1), Some(99), None, None, None]);
        assert_eq!(told(&[]), [Some(100), None, None, None, None]);
    }
}
