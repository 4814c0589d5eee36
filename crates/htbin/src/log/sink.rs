//! Where lines end up: a descriptor, or a socket that takes one datagram a line. A line is never torn: what an error cut
//! off is closed with a line feed before the next one.

use std::{
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    termios::isatty,
};

use super::record::Form;

/// Where the lines of a log end up.
#[derive(Debug)]
pub(super) enum Sink {
    /// A terminal, a pipe, a file.
    Stream {
        out: OwnedFd,
        is_terminal: bool,
        /// The last write ended within a line.
        is_torn: AtomicBool,
    },
    /// The socket of syslog or of the journal.
    Socket { form: Form, path: PathBuf, socket: Mutex<Option<UnixDatagram>> },
}

/// So many lines met this error.
pub(super) type Unwritten = (u64, Errno);

impl Sink {
    pub(super) fn stream(out: OwnedFd) -> Self {
        let is_terminal = isatty(&out);
        Self::Stream { out, is_terminal, is_torn: AtomicBool::new(false) }
    }

    /// A socket that need not be there yet: it is looked for with each line.
    pub(super) fn socket(form: Form, path: &Path) -> Self {
        Self::Socket { form, path: path.to_owned(), socket: Mutex::default() }
    }

    pub(super) fn form(&self) -> Form {
        match self {
            Self::Stream { .. } => Form::Line,
            Self::Socket { form, .. } => *form,
        }
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Stream { is_terminal: true, .. })
    }

    /// Writes lines, all of them whole; of a socket each ends with [`Form::end`] and goes by itself.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), Unwritten> {
        match self {
            Self::Stream { out, is_torn, .. } => {
                if is_torn.load(Ordering::Relaxed) && write_all(out, b"\n").is_ok() {
                    is_torn.store(false, Ordering::Relaxed);
                }
                write_all(out, bytes).map_err(|(written, errno)| {
                    let is_within = written > 0 && bytes[written - 1] != b'\n';
                    is_torn.fetch_or(is_within, Ordering::Relaxed);
                    (memchr::memchr_iter(b'\n', &bytes[written..]).count() as u64, errno)
                })
            }
            Self::Socket { form, path, socket } => {
                let mut socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
                send_all(&mut socket, path, bytes, form.end())
            }
        }
    }
}

/// Writes all, or answers how much it was.
fn write_all(out: &OwnedFd, bytes: &[u8]) -> Result<(), (usize, Errno)> {
    let mut written = 0;
    while written < bytes.len() {
        match rustix::io::write(out, &bytes[written..]) {
            Ok(count) => written += count,
            Err(Errno::INTR) => {}
            // Whoever shares our stdout made it non-blocking.
            Err(Errno::AGAIN) => _ = poll(&mut [PollFd::new(out, PollFlags::OUT)], None),
            Err(errno) => return Err((written, errno)),
        }
    }
    Ok(())
}

/// Sends each line by itself. One that is refused for its size is lost alone; at any other error so is the rest.
fn send_all(socket: &mut Option<UnixDatagram>, path: &Path, bytes: &[u8], end: u8) -> Result<(), Unwritten> {
    let mut lost = (0, Errno::MSGSIZE);
    let mut lines = bytes.split(|byte| *byte == end).filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        match send(socket, path, line) {
            Ok(()) => {}
            Err(Errno::MSGSIZE) => lost.0 += 1,
            Err(errno) => return Err((lost.0 + 1 + lines.count() as u64, errno)),
        }
    }
    if lost.0 == 0 { Ok(()) } else { Err(lost) }
}

/// Sends one line, if need be over a new connection: whoever reads may have started anew.
fn send(socket: &mut Option<UnixDatagram>, path: &Path, line: &[u8]) -> Result<(), Errno> {
    if let Some(known) = socket.as_ref() {
        match known.send(line).map_err(|error| errno_of(&error)) {
            Err(Errno::CONNREFUSED | Errno::CONNRESET | Errno::NOTCONN | Errno::DESTADDRREQ) => {}
            answer => return answer.map(drop),
        }
    }
    *socket = None;
    let fresh = connect(path).map_err(|error| errno_of(&error))?;
    fresh.send(line).map_err(|error| errno_of(&error))?;
    *socket = Some(fresh);
    Ok(())
}

fn connect(path: &Path) -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    socket.set_write_timeout(Some(SEND_TIME))?;
    Ok(socket)
}

fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

/// For whoever reads the socket to make room; then lines are lost, and counted.
const SEND_TIME: Duration = Duration::from_secs(1);
