//! The access log: one line for each exchange.

use std::{cell::RefCell, io, os::fd::AsFd, sync::Arc};

use ::http::{StatusCode, Version};

use super::{
    Error, Settings, event,
    files::Files,
    line::Line,
    record::{Form, Record, Severity, with_datagram},
    sink::Sink,
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

/// The access log, and where both logs are written. A clone writes to the same.
#[derive(Debug, Clone)]
pub struct AccessLog {
    format: super::Format,
    writer: Option<Arc<Writer>>,
    form: Form,
    files: Arc<Files>,
}

impl AccessLog {
    /// Starts the threads that write the access log and, from now on, the events. After the last fork and the last change
    /// of user.
    pub fn start(settings: &Settings, mut files: Files) -> Result<Self, Error> {
        let sinks = files.sinks(settings)?;
        let access = sinks.access.map_or_else(|| io::stdout().as_fd().try_clone_to_owned().map(Sink::stream), Ok)?;
        if let Some(sink) = sinks.events {
            event::lead_to(sink);
        }
        event::start()?;
        let form = access.form();
        let writer = if settings.quiet { None } else { Some(Self::open(access)?) };
        Ok(Self { format: settings.format, writer, form, files: Arc::new(files) })
    }

    /// Tells one exchange, which ends now. Takes about a microsecond and never blocks.
    pub fn record(&self, entry: &Entry<'_>) {
        let Some(writer) = &self.writer else { return };
        LINE.with_borrow_mut(|line| {
            let line = line.fill(self.format, entry);
            if self.form == Form::Line {
                return writer.push(line);
            }
            let (script, exchange) = (entry.script.map(str::as_bytes), Some(entry.exchange.id));
            let record = Record { severity: Severity::Info, message: line.trim_ascii_end(), script, exchange };
            with_datagram(self.form, &record, |datagram| writer.push(datagram));
        });
    }

    /// Opens the files of both logs again, for whoever has renamed them. Lines at hand go to the old files, later ones to
    /// the new; where that cannot be opened the old one goes on. May wait for a disk.
    pub fn reopen(&self) {
        let [access, events] = self.files.again();
        if access.is_none() && events.is_none() {
            return tracing::info!("asked to open the log files again, but there are none");
        }
        // The events first: what is said of the other is told in the new file.
        for (log, opened) in [("error log", events), ("access log", access)] {
            match opened {
                None => {}
                Some(Ok(sink)) => {
                    match &self.writer {
                        Some(writer) if log == "access log" => writer.lead_to(sink),
                        _ => event::lead_to(sink),
                    }
                    tracing::info!("the {log} is open again");
                }
                Some(Err(error)) => tracing::error!(
                    "{error}; the {log} goes on in the old file: whoever rotates it has to make the new one for this user, as logrotate's `create 0640 {} adm` does",
                    self.files.user
                ),
            }
        }
    }

    /// Writes out what is left, access log and events, as far as somebody reads it within two seconds. The last thing
    /// before the process ends; what is said after it goes straight to stderr.
    pub fn finish(&self) {
        if let Some(writer) = &self.writer {
            writer.finish();
        }
        event::finish();
    }

    fn open(sink: Sink) -> io::Result<Arc<Writer>> {
        let prompt = sink.is_terminal();
        let writer = Arc::new(Writer::new(sink, prompt, |closed| match closed {
            Closed::Dropped(lines) => {
                tracing::warn!("access log: {lines} lines lost, it is not read or written fast enough");
            }
            Closed::Gone => tracing::warn!("access log: ends here, nobody reads it any more"),
            Closed::Failed(lines, errno) => tracing::warn!("access log: {lines} lines lost: {errno}"),
        }));
        writer.start("access log")?;
        Ok(writer)
    }
}

thread_local! {
    static LINE: RefCell<Line> = RefCell::default();
}
