//! A conversation in HTTP/2 (RFC 9113): many exchanges at once over one connection. hyper and h2 frame it and hold it to
//! their limits against floods; the time limits are held here.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Request;
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    rt::{Executor, Read, Write},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::TokioTimer;
use tokio::sync::watch;

use super::{Answering, Door, Settings, Stop, Wire, answer::Answer};
use crate::exchange::Connection;

/// One connection, from its first octet to its last.
pub(super) async fn converse<T>(client: T, connection: Arc<Connection>, door: &Door)
where
    T: Read + Write + Unpin + Send + 'static,
{
    let _alive = door.alive.clone();
    let _connected = door.server.ledger.connected();
    let streams = Arc::new(Streams::default());
    let (server, seen, counted) = (Arc::clone(&door.server), Arc::clone(&connection), Arc::clone(&streams));
    let service = service_fn(move |request: Request<Incoming>| {
        let stream = Stream::new(&counted);
        let version = request.version();
        let answering = Answering {
            responding: server.respond(request, &seen),
            version,
            wire: Arc::new(Wire::default()),
            notice: None,
        };
        async move { answering.await.map(|response| response.map(|answer| Counted { answer, stream })) }
    });
    let conversation = protocol(&door.settings).serve_connection(client, service);
    tokio::pin!(conversation);
    let mut stopping = door.stopping.clone();
    // Even if it was told before this conversation began.
    stopping.mark_changed();
    let mut pulse = tokio::time::interval(PULSE);
    let mut is_leaving = false;
    let ended = loop {
        tokio::select! {
            ended = conversation.as_mut() => break ended,
            _ = pulse.tick() => match streams.verdict(&door.settings) {
                Verdict::Fine => {}
                Verdict::Idle if is_leaving => break Ok(()),
                Verdict::Idle => {
                    conversation.as_mut().graceful_shutdown();
                    is_leaving = true;
                }
                Verdict::Stuck => break Ok(()),
            },
            how = next(&mut stopping) => {
                match how {
                    Stop::Running => continue,
                    Stop::Draining => conversation.as_mut().graceful_shutdown(),
                    Stop::Cut => break Ok(()),
                }
                is_leaving = true;
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(client = %connection.peer, "connection ended: {error}");
    }
}

/// What the server is to do next, once it is not what it was.
async fn next(stopping: &mut watch::Receiver<Stop>) -> Stop {
    match stopping.changed().await {
        Ok(()) => *stopping.borrow(),
        // Nobody is left to say more.
        Err(_) => std::future::pending().await,
    }
}

fn protocol(settings: &Settings) -> http2::Builder<Tasks> {
    let mut protocol = http2::Builder::new(Tasks);
    protocol
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(settings.head_bytes_max.try_into().unwrap_or(u32::MAX))
        // Rapid reset (CVE-2023-44487): streams that a client takes back before they were looked at.
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_local_error_reset_streams(LOCAL_RESETS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BYTES_MAX)
        .keep_alive_interval(Some(settings.idle_time.min(PING_INTERVAL)))
        .keep_alive_timeout(PING_TIME);
    protocol
}

/// Where hyper's tasks run.
#[derive(Clone, Copy)]
struct Tasks;

impl<F> Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        tokio::spawn(task);
    }
}

/// The exchanges of a connection.
#[derive(Debug)]
struct Streams(Mutex<Open>);

#[derive(Debug)]
struct Open {
    count: usize,
    /// Since when there are none.
    idle_since: Instant,
    /// There was one before.
    has_begun: bool,
    /// Since when which client owes taking octets.
    owing: HashMap<u64, Instant>,
    next: u64,
}

/// What is to become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// Nobody has asked for anything for too long.
    Idle,
    /// Nobody has taken an octet of an answer for too long.
    Stuck,
}

impl Default for Streams {
    fn default() -> Self {
        let (count, idle_since, has_begun, owing, next) = (0, Instant::now(), false, HashMap::new(), 0);
        Self(Mutex::new(Open { count, idle_since, has_begun, owing, next }))
    }
}

impl Streams {
    fn verdict(&self, settings: &Settings) -> Verdict {
        let open = self.open();
        let idle_time = if open.has_begun { settings.idle_time } else { settings.head_time };
        if open.owing.values().any(|since| since.elapsed() > settings.send_idle_time) {
            Verdict::Stuck
        } else if open.count == 0 && open.idle_since.elapsed() > idle_time {
            Verdict::Idle
        } else {
            Verdict::Fine
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One exchange of a connection, until it is dropped.
struct Stream {
    streams: Arc<Streams>,
    number: u64,
}

impl Stream {
    fn new(streams: &Arc<Streams>) -> Self {
        let mut open = streams.open();
        open.count += 1;
        open.next += 1;
        open.has_begun = true;
        Self { streams: Arc::clone(streams), number: open.next }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        open.owing.remove(&self.number);
        open.count -= 1;
        open.idle_since = Instant::now();
    }
}

/// The body of an answer, which knows whether the client takes it.
struct Counted {
    answer: Answer,
    stream: Stream,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = std::io::Error;

    /// h2 asks for more only when the client has room for it: until then the client owes.
    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        let frame = Pin::new(&mut self.answer).poll_frame(context);
        let mut open = self.stream.streams.open();
        match frame {
            Poll::Ready(Some(Ok(_))) => drop(open.owing.insert(self.stream.number, Instant::now())),
            _ => drop(open.owing.remove(&self.stream.number)),
        }
        drop(open);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.answer.size_hint()
    }
}

/// How often idle and stuck connections are looked for.
const PULSE: Duration = Duration::from_secs(1);
/// Exchanges at once on one connection.
const STREAMS_MAX: u32 = 100;
/// Streams that were taken back and not looked at; more, and the connection ends.
const RESETS_MAX: usize = 20;
/// Streams that were reset because the client broke a rule; more, and the connection ends.
const LOCAL_RESETS_MAX: usize = 100;
/// What a client may send ahead of who reads it, for a stream and for all of them.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// What waits to be sent, for a stream.
const SEND_BYTES_MAX: usize = 128 * 1024;
/// A client that is not heard of is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIME: Duration = Duration::from_secs(20);
