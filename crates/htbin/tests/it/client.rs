//! A raw HTTP/1 client: sends what it is told, octet by octet, and reads what comes, bounded.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    os::fd::AsFd,
    time::Duration,
};

use crate::process::{PATIENCE, readable};

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffered: Vec<u8>,
    ended: bool,
    /// It ended in a reset, not in order.
    was_reset: bool,
}

/// An answer as it arrived.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) version: String,
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The connection broke before the body was whole.
    pub(crate) cut: bool,
    /// The interim (1xx) answers that came before it.
    pub(crate) interim: Vec<u16>,
}

impl Client {
    /// Connects to a port of 127.0.0.1.
    pub(crate) fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffered: Vec::new(), ended: false, was_reset: false }
    }

    /// Waits so long for what comes.
    pub(crate) fn patient(self, patience: Duration) -> Self {
        self.stream.set_read_timeout(Some(patience)).unwrap();
        self
    }

    /// Sends octets. A server that has closed already is no error: its answer tells why.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        match self.stream.write_all(bytes.as_ref()) {
            Ok(()) => {}
            Err(error) if is_cut(&error) => {}
            Err(error) => panic!("send: {error}"),
        }
        self
    }

    /// Sends nothing more.
    pub(crate) fn finish(&mut self) -> &mut Self {
        self.stream.shutdown(Shutdown::Write).ok();
        self
    }

    /// Reads the answer to a request that was no HEAD.
    pub(crate) fn reply(&mut self) -> Reply {
        self.reply_to("GET")
    }

    /// Reads the answer to a request with this method.
    pub(crate) fn reply_to(&mut self, method: &str) -> Reply {
        let mut reply = self.head();
        if method != "HEAD" && reply.status != 204 && reply.status != 304 {
            self.body_of(&mut reply);
        }
        reply
    }

    /// Reads the head of an answer and leaves its body; interim answers are noted.
    pub(crate) fn head(&mut self) -> Reply {
        let mut interim = Vec::new();
        loop {
            let mut reply = self.one_head();
            if reply.status >= 200 || reply.status == 101 {
                reply.interim = interim;
                return reply;
            }
            interim.push(reply.status);
        }
    }

    /// Reads one head, be it an interim one.
    pub(crate) fn one_head(&mut self) -> Reply {
        let end = loop {
            if let Some(at) = self.buffered.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.fill(), "the connection ended in a head: {:?}", String::from_utf8_lossy(&self.buffered));
        };
        let head: Vec<u8> = self.buffered.drain(..end).collect();
        Reply::from_head(&String::from_utf8_lossy(&head))
    }

    /// Reads at least one more octet of the body as it is on the wire, and gives all that is there.
    pub(crate) fn some(&mut self) -> Vec<u8> {
        if self.buffered.is_empty() {
            self.fill();
        }
        std::mem::take(&mut self.buffered)
    }

    /// Reads until this text was seen; what came up to its end.
    pub(crate) fn until(&mut self, text: &str) -> String {
        loop {
            let seen = String::from_utf8_lossy(&self.buffered).into_owned();
            if let Some(at) = seen.find(text) {
                self.buffered.drain(..at + text.len());
                return seen[..at + text.len()].to_owned();
            }
            assert!(self.fill(), "the connection ended before {text:?}: {seen:?}");
        }
    }

    /// Reads until the server closes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.fill() {}
        std::mem::take(&mut self.buffered)
    }

    /// Did the connection end in a reset?
    pub(crate) fn was_reset(&self) -> bool {
        self.was_reset
    }

    /// Waits for the server to close; false when the time is up or something came instead.
    pub(crate) fn closed_within(&mut self, patience: Duration) -> bool {
        self.buffered.is_empty() && readable(self.stream.as_fd(), patience) && !self.fill()
    }

    /// Does something come within this time? (The end of the connection counts.)
    pub(crate) fn hears_within(&mut self, patience: Duration) -> bool {
        !self.buffered.is_empty() || readable(self.stream.as_fd(), patience)
    }

    fn body_of(&mut self, reply: &mut Reply) {
        if reply.field("Transfer-Encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            reply.cut = !self.chunks(&mut reply.body);
        } else if let Some(length) = reply.field("Content-Length") {
            let length: usize = length.parse().unwrap();
            reply.cut = !self.take(length, &mut reply.body);
        } else {
            while self.fill() {}
            reply.body = std::mem::take(&mut self.buffered);
        }
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> bool {
        loop {
            let Some(line) = self.line() else { return false };
            let size = line.split(';').next().unwrap().trim().to_owned();
            let size = usize::from_str_radix(&size, 16).unwrap_or_else(|_| panic!("chunk size {size:?}"));
            let mut end = Vec::new();
            if !self.take(size, body) || !self.take(2, &mut end) {
                return false;
            }
            assert_eq!(end, b"\r\n", "a chunk, or the trailer, does not end in CRLF");
            if size == 0 {
                return true;
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.buffered.windows(2).position(|window| window == b"\r\n") {
                let line: Vec<u8> = self.buffered.drain(..at + 2).collect();
                return Some(String::from_utf8_lossy(&line[..at]).into_owned());
            }
            if !self.fill() {
                return None;
            }
        }
    }

    fn take(&mut self, count: usize, into: &mut Vec<u8>) -> bool {
        while self.buffered.len() < count && self.fill() {}
        let there = count.min(self.buffered.len());
        into.extend(self.buffered.drain(..there));
        there == count
    }

    /// Reads once; false at the end of the connection.
    fn fill(&mut self) -> bool {
        if self.ended {
            return false;
        }
        let mut chunk = [0; 16384];
        match self.stream.read(&mut chunk) {
            Ok(0) => self.ended = true,
            Ok(count) => self.buffered.extend_from_slice(&chunk[..count]),
            Err(error) if is_cut(&error) => (self.ended, self.was_reset) = (true, true),
            Err(error) => panic!("nothing came: {error}; so far: {:?}", String::from_utf8_lossy(&self.buffered)),
        }
        !self.ended
    }
}

impl Reply {
    /// The only field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name} more than once: {all:?}");
        all.first().copied()
    }

    /// All fields of this name, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Asserts the status; shows the body when it is another.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}\n{}", self.fields, self.text());
        self
    }

    fn from_head(head: &str) -> Self {
        let mut lines = head.split("\r\n");
        let mut start = lines.next().unwrap().splitn(3, ' ');
        let version = start.next().unwrap().to_owned();
        let status = start.next().unwrap_or_default().parse().unwrap_or_else(|_| panic!("no status in {head:?}"));
        let reason = start.next().unwrap_or_default().to_owned();
        let fields = lines
            .filter(|line| !line.is_empty())
            .map(|line| line.split_once(':').unwrap_or_else(|| panic!("no field: {line:?} in {head:?}")))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Self { version, status, reason, fields, body: Vec::new(), cut: false, interim: Vec::new() }
    }
}

fn is_cut(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}
