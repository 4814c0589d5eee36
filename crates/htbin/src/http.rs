//! Clients: accepts their connections, speaks HTTP/1.1 with hyper, and holds them to their limits. What a request means
//! is not known here: it goes to `respond` and the answer comes back.

mod answer;
mod multiplex;
mod outbox;
mod pace;
mod proxied;
mod scrape;
mod stream;

use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::{Request, Response, Version};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::{Semaphore, mpsc, watch},
};

use crate::{
    exchange::{Connection, End},
    listen::{Kind, Socket},
    respond::{Recorded, Responding, Server},
    tls::Tls,
};
use answer::Answer;
use outbox::Outbox;
use pace::{Pace, Phase};
use proxied::{Introduced, Introduction};
pub use scrape::serve_metrics;
use stream::{ClientStream, Transport};

/// What a client may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Connections at once; further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// Octets in a request head; more is 431.
    pub head_bytes_max: usize,
    /// Fields in a request head; more is 431.
    pub head_fields_max: usize,
    /// For a whole request head; longer is 408.
    pub head_time: Duration,
    /// Between requests on a connection; longer closes it.
    pub idle_time: Duration,
    /// Without an octet of the body; longer is 408.
    pub body_idle_time: Duration,
    /// Without the client taking an octet of the answer; longer cuts the connection.
    pub send_idle_time: Duration,
    /// For what runs when the server is stopped.
    pub stop_time: Duration,
}

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Not at all.
    Running,
    /// What has begun is finished, nothing new begins.
    Draining,
    /// What has not ended is cut.
    Cut,
}

/// Serves until `stopped` is done, then finishes what runs, until `hurried` is done and for `stop_time` at most. Then what
/// is not answered yet is answered 503, and what is not sent yet is cut.
pub async fn serve(
    sockets: Vec<Socket>,
    tls: Option<Tls>,
    settings: Settings,
    server: Arc<Server>,
    stopped: impl Future<Output = ()>,
    hurried: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let (stop, stopping) = watch::channel(Stop::Running);
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    let door = Arc::new(Door {
        places: Arc::new(Semaphore::new(settings.connections_max)),
        protocol: protocol(&settings),
        settings,
        server,
        stopping,
        alive,
        tls: tls.clone(),
        notice: None,
    });
    let mut guards = Vec::new();
    for socket in sockets {
        let (secure, introduced) = (socket.secure, socket.introduced);
        match socket.kind {
            Kind::Tcp(listener) => {
                let listener = TcpListener::from_std(listener)?;
                match tls.clone().filter(|_| secure) {
                    Some(tls) => begin(Secured { listener, tls }, introduced, &door),
                    None => begin(listener, introduced, &door),
                }
            }
            Kind::Unix(listener, guard) => {
                begin(UnixListener::from_std(listener)?, introduced, &door);
                guards.push(guard);
            }
        }
    }
    let (stop_time, exchanges) = (door.settings.stop_time, door.server.stopped.clone());
    let ledger = Arc::clone(&door.server.ledger);
    drop(door);
    stopped.await;
    ledger.close();
    stop.send_replace(Stop::Draining);
    // Every connection holds a sender; when the last is gone the channel ends.
    tokio::select! {
        _ = all_gone.recv() => return Ok(()),
        () = tokio::time::sleep(stop_time) => {}
        () = hurried => {}
    }
    exchanges.tell();
    if tokio::time::timeout(LAST_TIME, all_gone.recv()).await.is_err() {
        stop.send_replace(Stop::Cut);
        all_gone.recv().await;
    }
    Ok(())
}

/// Answers one client within this process, as if it came from `peer` to `local`, until it leaves.
pub async fn converse_within(
    client: UnixStream,
    [peer, local]: [End; 2],
    settings: Settings,
    server: Arc<Server>,
    notice: Notice,
) {
    // Nobody stops this one: it ends with its client.
    let (_stop, stopping) = watch::channel(Stop::Running);
    let (alive, _all_gone) = mpsc::channel(1);
    let (places, protocol) = (Arc::new(Semaphore::new(1)), protocol(&settings));
    let door = Door { places, protocol, settings, server, stopping, alive, tls: None, notice: Some(notice) };
    converse(client, Arc::new(Connection::new(peer, local, false)), &door).await;
}

/// Told of every answer before it goes out.
pub type Notice = Arc<dyn Fn(&Response<Recorded>) + Send + Sync>;

/// What every new connection needs.
struct Door {
    places: Arc<Semaphore>,
    protocol: http1::Builder,
    settings: Settings,
    server: Arc<Server>,
    stopping: watch::Receiver<Stop>,
    alive: mpsc::Sender<()>,
    /// It is spoken at some sockets.
    tls: Option<Tls>,
    notice: Option<Notice>,
}

fn protocol(settings: &Settings) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        // Time limits are `stream`'s: hyper's own has no 408 and no difference between idle and slow.
        .header_read_timeout(None)
        .max_headers(settings.head_fields_max)
        .max_header_size(settings.head_bytes_max)
        .max_buf_size(settings.head_bytes_max.max(BUFFER_BYTES))
        .writev(true);
    protocol
}

/// A kind of listener.
trait Listener: Send + 'static {
    type Client: Client;
    fn accept(&self) -> impl Future<Output = std::io::Result<(Self::Client, End)>> + Send;
}

/// A client that was just accepted.
trait Client: Send + 'static {
    /// Between which ends it comes.
    fn connection(&self, peer: End, door: &Door) -> Connection;
    /// What a proxy says of it before it says anything.
    fn introduction(&mut self) -> impl Future<Output = Result<Option<Introduction>, proxied::Error>> + Send;
    /// One connection, from its first octet to its last.
    fn converse(self, connection: Connection, door: &Door) -> impl Future<Output = ()> + Send;
}

impl<T: Transport> Client for T {
    fn connection(&self, peer: End, door: &Door) -> Connection {
        let mut connection = Connection::new(peer, self.local(), false);
        connection.scope = door.tls.as_ref().map(Tls::scope_without);
        connection
    }

    async fn introduction(&mut self) -> Result<Option<Introduction>, proxied::Error> {
        proxied::read(self).await
    }

    async fn converse(self, connection: Connection, door: &Door) {
        converse(self, Arc::new(connection), door).await;
    }
}

/// TLS over TCP.
struct Secured {
    listener: TcpListener,
    tls: Tls,
}

/// A client that has not yet shaken hands.
struct Stranger {
    client: TcpStream,
    tls: Tls,
}

impl Listener for Secured {
    type Client = Stranger;

    async fn accept(&self) -> std::io::Result<(Stranger, End)> {
        let (client, peer) = Listener::accept(&self.listener).await?;
        Ok((Stranger { client, tls: self.tls.clone() }, peer))
    }
}

impl Client for Stranger {
    fn connection(&self, peer: End, _door: &Door) -> Connection {
        Connection::new(peer, self.client.local(), true)
    }

    async fn introduction(&mut self) -> Result<Option<Introduction>, proxied::Error> {
        proxied::read(&mut self.client).await
    }

    async fn converse(self, mut connection: Connection, door: &Door) {
        let mut stopping = door.stopping.clone();
        let greeted = tokio::select! {
            greeted = tokio::time::timeout(door.settings.head_time, self.tls.greet(self.client)) => greeted,
            // Nobody has asked for anything yet.
            _ = stopping.wait_for(|stop| *stop != Stop::Running) => return,
        };
        let greeted = match greeted {
            Ok(Ok(greeted)) => greeted,
            Ok(Err(error)) => return tracing::debug!(client = %connection.peer, "no TLS: {error}"),
            Err(_) => return tracing::debug!(client = %connection.peer, "no TLS: the handshake took too long"),
        };
        let speaks_http2 = greeted.speaks_http2();
        (connection.tls, connection.scope) = (greeted.variables, Some(greeted.scope));
        let connection = Arc::new(connection);
        if speaks_http2 {
            multiplex::converse(TokioIo::new(greeted.stream), connection, door).await;
        } else {
            converse(greeted.stream, connection, door).await;
        }
    }
}

impl Listener for TcpListener {
    type Client = TcpStream;

    async fn accept(&self) -> std::io::Result<(TcpStream, End)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        Ok((stream, End::Tcp(unmapped(peer))))
    }
}

impl Listener for UnixListener {
    type Client = UnixStream;

    async fn accept(&self) -> std::io::Result<(UnixStream, End)> {
        Ok((UnixListener::accept(self).await?.0, End::Unix))
    }
}

fn begin<L: Listener + Sync>(listener: L, introduced: bool, door: &Arc<Door>) {
    let door = Arc::clone(door);
    if introduced {
        tokio::spawn(accept(Introduced(listener), door));
    } else {
        tokio::spawn(accept(listener, door));
    }
}

async fn accept<L: Listener>(listener: L, door: Arc<Door>) {
    let mut stopping = door.stopping.clone();
    loop {
        // The place first: a connection beyond the limit stays in the kernel's queue and costs no descriptor.
        let Ok(place) = Arc::clone(&door.places).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop != Stop::Running) => return,
        };
        match accepted {
            Ok((client, peer)) => {
                let door = Arc::clone(&door);
                tokio::spawn(async move {
                    let connection = client.connection(peer, &door);
                    client.converse(connection, &door).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of descriptors, or a client that left at once. Waiting lets others end.
                tracing::debug!("accept failed: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A conversation in HTTP/1.1, one answer after the other.
async fn converse<T: Transport>(client: T, connection: Arc<Connection>, door: &Door) {
    let _alive = door.alive.clone();
    let connected = door.server.ledger.connected();
    let wire = Arc::new(Wire { sends_files: T::SENDS_FILES, ..Wire::default() });
    let stream = ClientStream::new(client, Arc::clone(&wire), &door.settings);
    let service = service_fn(|request: Request<Incoming>| {
        wire.pace.answering();
        let version = request.version();
        let responding = door.server.respond(request, &connection);
        Answering { responding, version, wire: Arc::clone(&wire), notice: door.notice.clone() }
    });
    let mut conversation = door.protocol.serve_connection(stream, service);
    let mut stopping = door.stopping.clone();
    let ended = if let Some(ended) = unless_stopped(Pin::new(&mut conversation), &mut stopping).await {
        if wire.pace.is_turning() {
            drop(connected);
            let mut stream = conversation.into_parts().io;
            stream.turn();
            // Boxed, so that it takes no room in connections that stay what they are.
            return Box::pin(multiplex::converse(stream, connection, door)).await;
        }
        ended
    } else if wire.pace.phase() == Phase::Head {
        // Half a head is no request yet: nothing is lost but the time it would take.
        Ok(())
    } else {
        Pin::new(&mut conversation).graceful_shutdown();
        tokio::select! {
            ended = &mut conversation => ended,
            _ = stopping.wait_for(|stop| *stop == Stop::Cut) => {
                // The end of a connection in order would pass for the end of an answer to HTTP/1.0.
                wire.pace.cut();
                Ok(())
            }
        }
    };
    door.server.conversation_ended(Arc::clone(&connection), wire.pace.refused(), ended.err());
}

/// What the conversation comes to, or nothing if the server is stopped first. Whether it is stopped is asked once, and
/// again when that has changed: to ask costs a lock, and the conversation goes on many times a second.
async fn unless_stopped<C: Future>(
    mut conversation: Pin<&mut C>,
    stopping: &mut watch::Receiver<Stop>,
) -> Option<C::Output> {
    let news = stopping.clone();
    let mut stopped = std::pin::pin!(stopping.wait_for(|stop| *stop != Stop::Running));
    let mut asked = false;
    poll_fn(|context| {
        if let Poll::Ready(ended) = conversation.as_mut().poll(context) {
            return Poll::Ready(Some(ended));
        }
        if asked && news.has_changed().is_ok_and(|changed| !changed) {
            return Poll::Pending;
        }
        asked = true;
        stopped.as_mut().poll(context).map(|_| None)
    })
    .await
}

/// What the stream of a connection, its service and its answers share.
#[derive(Debug, Default)]
struct Wire {
    pace: Pace,
    outbox: Outbox,
    /// The kernel sends files by itself; else they are read and handed on.
    sends_files: bool,
}

/// A request that is being answered, as hyper wants it.
struct Answering {
    responding: Responding,
    version: Version,
    wire: Arc<Wire>,
    notice: Option<Notice>,
}

impl Future for Answering {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(Pin::new(&mut self.responding).poll(context));
        if let Some(notice) = &self.notice {
            notice(&response);
        }
        Poll::Ready(Ok(response.map(|body| Answer::new(body, self.version, Arc::clone(&self.wire)))))
    }
}

/// An IPv4 client of an IPv6 socket is an IPv4 client.
fn unmapped(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// hyper's buffer for what is read and written, at least.
const BUFFER_BYTES: usize = 64 * 1024;
/// For the last words to clients, when the server does not wait for exchanges any longer.
const LAST_TIME: Duration = Duration::from_millis(500);
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
