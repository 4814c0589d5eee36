//! A client's connection as hyper reads and writes it, with time limits: for a request head, between requests, and for
//! taking the answer. Also the two refusals that hyper cannot give: 408 for a slow head, 505 for another version. One that
//! begins with the preface of HTTP/2 is handed to `multiplex`.

use std::{
    cell::RefCell,
    io,
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::{TcpStream, UnixStream},
    time::{Instant, Sleep},
};
use tokio_rustls::server::TlsStream;

use super::{
    Settings, Wire,
    outbox::{Outbox, is_placeholder},
    pace::Phase,
    unmapped,
};
use crate::{
    exchange::End,
    refusal::{Reason, Refusal},
};

/// What carries a connection.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// What is written here goes to the client as it is, so the kernel can send files by itself.
    const SENDS_FILES: bool = true;
    /// A client may begin in HTTP/2 without having asked for it (RFC 9113 §3.3). Below TLS it has to agree on it.
    const TURNS: bool = true;
    /// Our end.
    fn local(&self) -> End;
    /// The end will be a reset.
    fn reset_at_end(&self) {}
    /// Writes what fits at once.
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Is there room to write?
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// Runs a system call that writes; one that finds no room makes `poll_writable` wait again.
    fn writing(&self, call: impl FnOnce(BorrowedFd<'_>) -> io::Result<usize>) -> io::Result<usize>;
}

impl Transport for TcpStream {
    fn local(&self) -> End {
        self.local_addr().map_or(End::Unix, |address| End::Tcp(unmapped(address)))
    }

    fn reset_at_end(&self) {
        _ = rustix::net::sockopt::set_socket_linger(self, Some(Duration::ZERO));
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::try_write(self, bytes)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_ready(context)
    }

    fn writing(&self, call: impl FnOnce(BorrowedFd<'_>) -> io::Result<usize>) -> io::Result<usize> {
        self.try_io(Interest::WRITABLE, || call(self.as_fd()))
    }
}

impl Transport for UnixStream {
    fn local(&self) -> End {
        End::Unix
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::try_write(self, bytes)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_ready(context)
    }

    fn writing(&self, call: impl FnOnce(BorrowedFd<'_>) -> io::Result<usize>) -> io::Result<usize> {
        self.try_io(Interest::WRITABLE, || call(self.as_fd()))
    }
}

impl Transport for TlsStream<TcpStream> {
    const SENDS_FILES: bool = false;
    const TURNS: bool = false;

    fn local(&self) -> End {
        self.get_ref().0.local()
    }

    fn reset_at_end(&self) {
        self.get_ref().0.reset_at_end();
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(written) = Pin::new(&mut *self).poll_write(&mut context, bytes) else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        _ = Pin::new(self).poll_flush(&mut context);
        written
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_ref().0.poll_write_ready(context)
    }

    /// No octet goes round TLS.
    fn writing(&self, _: impl FnOnce(BorrowedFd<'_>) -> io::Result<usize>) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A client's connection.
pub(super) struct ClientStream<T: Transport> {
    transport: TokioIo<T>,
    wire: Arc<Wire>,
    /// The first octets of the connection, as long as they may be the preface of HTTP/2, and if they are.
    opening: Vec<u8>,
    head_time: Duration,
    idle_time: Duration,
    send_idle_time: Duration,
    read_clock: Clock,
    write_clock: Clock,
}

impl<T: Transport> ClientStream<T> {
    pub(super) fn new(transport: T, wire: Arc<Wire>, settings: &Settings) -> Self {
        Self {
            transport: TokioIo::new(transport),
            wire,
            opening: Vec::new(),
            head_time: settings.head_time,
            idle_time: settings.idle_time,
            send_idle_time: settings.send_idle_time,
            read_clock: Clock::default(),
            write_clock: Clock::default(),
        }
    }

    /// From here on it is HTTP/2: what it began with is read once more, and nobody here looks at it. Its time limits are
    /// `multiplex`'s.
    pub(super) fn turn(&mut self) {
        self.wire.pace.turned();
        self.read_clock.clear();
    }

    /// Is this, the beginning of a connection or more of it, the preface of HTTP/2? Unclear: not all of it is there.
    fn opens(&mut self, read: &[u8]) -> Opening {
        // No request of HTTP/1 gets further than here; "P" alone may become POST.
        let so_far = self.opening.len();
        let rest = &PREFACE[so_far.min(PREFACE.len())..];
        let seen = read.len().min(rest.len());
        if seen == 0 || rest[..seen] != read[..seen] {
            return Opening::Http1;
        }
        self.opening.extend_from_slice(read);
        if seen == rest.len() { Opening::Http2 } else { Opening::Unclear }
    }

    /// Nothing to read yet: has the time for it run out?
    fn poll_read_limit(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.wire.pace.phase() {
            // The time limits of a body are those of the handler that takes it.
            Phase::Answering => self.read_clock.clear(),
            Phase::Idle => {
                ready!(self.read_clock.poll(context, Phase::Idle, self.idle_time));
                return Poll::Ready(Ok(()));
            }
            Phase::Head => {
                ready!(self.read_clock.poll(context, Phase::Head, self.head_time));
                return Poll::Ready(Err(self.refuse(Reason::RequestHeadTimeout)));
            }
        }
        Poll::Pending
    }

    /// Answers in hyper's place, and gives the error that ends the connection.
    fn refuse(&mut self, reason: Reason) -> io::Error {
        let refusal = Refusal::new(reason);
        let status = refusal.status();
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        // A client that takes no octet of it gets none: nobody waits for it.
        _ = self.transport.inner_mut().try_write(head.as_bytes());
        self.wire.pace.refuse(reason);
        io::Error::other(refusal)
    }

    fn poll_call(
        &self,
        context: &mut Context<'_>,
        call: impl Fn(&Outbox, BorrowedFd<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.transport.inner().poll_writable(context))?;
            match self.transport.inner().writing(|socket| call(&self.wire.outbox, socket)) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn poll_write_limit<N>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<N>> {
        ready!(self.write_clock.poll(context, Phase::Answering, self.send_idle_time));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client took nothing of the answer for too long")))
    }
}

impl<T: Transport> Drop for ClientStream<T> {
    fn drop(&mut self) {
        // Without a length and without chunks only a reset tells the client that this was not all.
        if self.wire.pace.is_cut() {
            self.transport.inner().reset_at_end();
        }
    }
}

impl<T: Transport> Read for ClientStream<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.wire.pace.phase() == Phase::Answering {
            if !this.opening.is_empty() {
                let count = this.opening.len().min(buffer.remaining());
                buffer.put_slice(&this.opening[..count]);
                this.opening.drain(..count);
                return Poll::Ready(Ok(()));
            }
            let read = Pin::new(&mut this.transport).poll_read(context, buffer);
            return if read.is_pending() { this.poll_read_limit(context) } else { read };
        }
        // The beginning of a request passes through the stack, as only a copy can be looked at without `unsafe`.
        let mut space = [MaybeUninit::uninit(); READ_BYTES];
        loop {
            let room = buffer.remaining().saturating_sub(this.opening.len()).min(READ_BYTES);
            let mut read = ReadBuf::uninit(&mut space[..room]);
            let Poll::Ready(result) = Pin::new(this.transport.inner_mut()).poll_read(context, &mut read) else {
                return this.poll_read_limit(context);
            };
            result?;
            let is_first = this.wire.pace.phase() == Phase::Head && !this.read_clock.started;
            let begins = (this.wire.pace.phase() == Phase::Idle || is_first) && !read.filled().is_empty();
            if begins {
                this.wire.pace.head_begins();
                this.read_clock.start();
            }
            if T::TURNS && (is_first || !this.opening.is_empty()) {
                match this.opens(read.filled()) {
                    Opening::Http1 => {}
                    Opening::Unclear => continue,
                    Opening::Http2 => {
                        this.wire.pace.turn();
                        return Poll::Ready(Err(io::Error::other("it is HTTP/2")));
                    }
                }
            }
            if begins && is_other_version(read.filled()) {
                return Poll::Ready(Err(this.refuse(Reason::VersionUnknown)));
            }
            buffer.put_slice(&std::mem::take(&mut this.opening));
            buffer.put_slice(read.filled());
            return Poll::Ready(Ok(()));
        }
    }
}

impl<T: Transport> Write for ClientStream<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = match slices.iter().position(is_placeholder) {
            None if is_small(slices) => JOINED.with_borrow_mut(|joined| {
                joined.clear();
                for slice in slices {
                    joined.extend_from_slice(slice);
                }
                Pin::new(&mut this.transport).poll_write(context, joined)
            }),
            None => Pin::new(&mut this.transport).poll_write_vectored(context, slices),
            Some(0) => this.poll_call(context, |outbox, socket| outbox.send(socket)),
            // The head of the answer waits in the kernel for the first octets of the file.
            Some(first) => this.poll_call(context, |_, socket| {
                let mut none = SendAncillaryBuffer::default();
                Ok(sendmsg(socket, &slices[..first], &mut none, SendFlags::MORE | SendFlags::NOSIGNAL)?)
            }),
        };
        match done {
            Poll::Pending => this.poll_write_limit(context),
            done @ Poll::Ready(_) => {
                this.write_clock.clear();
                done
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.transport).poll_flush(context))?;
        // hyper waits for the next request already and does not ask again when the answer is over: now time runs.
        if this.wire.pace.phase() == Phase::Idle {
            _ = this.poll_read_limit(context);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // It is HTTP/1.1 alone that is over.
        if self.wire.pace.is_turning() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.get_mut().transport).poll_shutdown(context)
    }
}

/// What the first octets of a connection show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opening {
    Http1,
    Http2,
    Unclear,
}

/// A time limit that is armed only while something is waited for, and moved rarely: a timer that rings too early looks
/// how much time is left and goes on.
#[derive(Default)]
struct Clock {
    timer: Option<Pin<Box<Sleep>>>,
    began: Option<(Phase, Instant)>,
    started: bool,
}

impl Clock {
    /// What is waited for next is waited for anew: time runs from when that begins.
    fn start(&mut self) {
        self.clear();
        self.started = true;
    }

    fn clear(&mut self) {
        self.began = None;
    }

    /// Is the time of this phase over?
    fn poll(&mut self, context: &mut Context<'_>, phase: Phase, limit: Duration) -> Poll<()> {
        let began = match self.began {
            Some((begun, at)) if begun == phase => at,
            _ => {
                let now = Instant::now();
                self.began = Some((phase, now));
                now
            }
        };
        let deadline = began + limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

/// Does the request line end in a version that is neither 1.0 nor 1.1 (RFC 9110 §15.6.6)? Only a whole line can tell.
fn is_other_version(head: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', head) else { return false };
    let line = head[..end].trim_ascii_end();
    let Some(version) = line.rsplit(|byte| *byte == b' ').next() else { return false };
    version.len() == 8
        && version.starts_with(b"HTTP/")
        && version[5].is_ascii_digit()
        && version[6] == b'.'
        && version[7].is_ascii_digit()
        && version[5] != b'1'
}

/// Is it cheaper to copy these than to have the kernel gather them?
fn is_small(slices: &[io::IoSlice<'_>]) -> bool {
    slices.iter().map(|slice| slice.len()).sum::<usize>() <= JOINED_BYTES_MAX
}

thread_local! {
    /// A small answer, its head and its body.
    static JOINED: RefCell<Vec<u8>> = RefCell::default();
}

/// How a connection in HTTP/2 begins (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const JOINED_BYTES_MAX: usize = 4 * 1024;
/// At most this much of a request's beginning is read at once.
const READ_BYTES: usize = 8 * 1024;
