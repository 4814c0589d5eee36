//! One request with its answer: who asks, over which connection, under which id.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use htbin_spawn::Start;

/// One request with its answer.
#[derive(Debug)]
pub struct Exchange {
    /// The name of this exchange in every log line.
    pub id: ExchangeId,
    /// When the request head had been read.
    pub started: Instant,
    /// The connection it came over.
    pub connection: Arc<Connection>,
    /// How its script was started, if one was.
    pub start: OnceLock<Start>,
    /// When each step of its script was done, if it has one.
    pub steps: Steps,
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

/// When each step of a script's exchange was done; of several scripts, by local redirects, the first one's.
#[derive(Debug, Default)]
pub struct Steps([OnceLock<Instant>; 4]);

impl Steps {
    /// This step is done now.
    pub fn done(&self, step: Step) {
        let _ = self.0[step as usize].set(Instant::now());
    }

    /// How long each step took, in an exchange of that time. What was not done has taken the rest.
    pub fn timeline(&self, started: Instant, ended: Instant) -> Timeline {
        let mut timeline = Timeline::default();
        let mut from = started;
        for (at, part) in timeline.0.iter_mut().enumerate() {
            let done = self.0.get(at).and_then(OnceLock::get).copied();
            let to = done.unwrap_or(ended);
            *part = Some(to.saturating_duration_since(from));
            from = to;
            if done.is_none() {
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

/// One connection of a client.
#[derive(Debug)]
pub struct Connection {
    /// The client's end.
    pub peer: End,
    /// Our end.
    pub local: End,
    /// TLS lies below.
    pub secure: bool,
    /// The client's address as the log shows it, written once for all its requests.
    pub client: Box<str>,
}

impl Connection {
    /// A connection between these two.
    pub fn new(peer: End, local: End, secure: bool) -> Self {
        Self { peer, local, secure, client: peer.to_string().into() }
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
        let started = Instant::now();
        let after = |milliseconds| started + Duration::from_millis(milliseconds);
        let told = |done: &[u64]| {
            let steps = Steps::default();
            for (at, milliseconds) in done.iter().enumerate() {
                steps.0[at].set(after(*milliseconds)).expect("it is empty");
            }
            steps.timeline(started, after(100)).0.map(|part| part.map(|part| part.as_millis()))
        };
        assert_eq!(told(&[1, 11, 31, 61]), [Some(1), Some(10), Some(20), Some(30), Some(39)]);
        assert_eq!(told(&[1]), [Some(1), Some(99), None, None, None]);
        assert_eq!(told(&[]), [Some(100), None, None, None, None]);
    }
}
