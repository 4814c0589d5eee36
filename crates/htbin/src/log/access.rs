//! The access log: one line for each exchange.

use std::{cell::RefCell, io, os::fd::AsFd, sync::Arc};

use ::http::{StatusCode, Version};
use rustix::termios::isatty;

use super::{
    Settings, event,
    line::Line,
    writer::{Closed, Writer},
};
use crate::exchange::Exchange;

/// One exchange, as the access log tells it.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its id and its connection.
    pub exchange: &'a Exchange,
    /// The method; empty if no request line could be read.
    pub method: &'a str,
    /// Path and query as the client sent them.
    pub target: &'a str,
    /// The version of HTTP the client spoke.
    pub version: Version,
    /// The answer's status.
    pub status: StatusCode,
    /// How many octets of the answer's body were sent.
    pub body_bytes: u64,
    /// The field Referer.
    pub referer: Option<&'a [u8]>,
    /// The field User-Agent.
    pub user_agent: Option<&'a [u8]>,
    /// Who htbin itself authenticated.
    pub user: Option<&'a str>,
    /// The script that ran, or was to run.
    pub script: Option<&'a str>,
    /// The stable word of the refusal.
    pub reason: Option<&'a str>,
}

/// The access log. A clone writes to the same.
#[derive(Debug, Clone)]
pub struct AccessLog {
    format: super::Format,
    writer: Option<Arc<Writer>>,
}

impl AccessLog {
    /// Starts the threads that write the access log to stdout and, from now on, the events to stderr. After the last
    /// fork and the last change of user.
    pub fn start(settings: &Settings) -> io::Result<Self> {
        event::start()?;
        let writer = if settings.quiet { None } else { Some(Self::open(io::stdout())?) };
        Ok(Self { format: settings.format, writer })
    }

    /// Tells one exchange, which ends now. Takes about a microsecond and never blocks.
    pub fn record(&self, entry: &Entry<'_>) {
        let Some(writer) = &self.writer else { return };
        LINE.with_borrow_mut(|line| writer.push(line.fill(self.format, entry)));
    }

    /// Writes out what is left, access log and events, as far as somebody reads it within two seconds. The last thing
    /// before the process ends; what is said after it goes straight to stderr.
    pub fn finish(&self) {
        if let Some(writer) = &self.writer {
            writer.finish();
        }
        event::finish();
    }

    fn open(out: impl AsFd) -> io::Result<Arc<Writer>> {
        let out = out.as_fd().try_clone_to_owned()?;
        let prompt = isatty(&out);
        let writer = Arc::new(Writer::new(out, prompt, |closed| match closed {
            Closed::Dropped(lines) => tracing::warn!("access log: {lines} lines lost, stdout is not read fast enough"),
            Closed::Gone => tracing::warn!("access log: ends here, nobody reads stdout any more"),
            Closed::Failed(lines, errno) => tracing::warn!("access log: {lines} lines lost: {errno}"),
        }));
        writer.start("access log")?;
        Ok(writer)
    }
}

thread_local! {
    static LINE: RefCell<Line> = RefCell::default();
}
