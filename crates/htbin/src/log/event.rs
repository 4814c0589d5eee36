//! Events, and what scripts write to stderr: one line each, on stderr.

use std::{
    fmt, io,
    io::Write as _,
    os::fd::AsFd,
    sync::{Arc, OnceLock},
};

use jiff::Zoned;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    filter::Targets,
    fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter, format::Writer as Text},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use super::{
    Settings,
    record::{Form, Record, Severity, with_datagram},
    sink::Sink,
    text::push_visible,
    writer::{Closed, Writer},
};
use crate::exchange::ExchangeId;

/// Sends the events of this process to stderr, line by line. Starts no thread. Once; a second call changes nothing.
pub fn init(settings: &Settings) -> io::Result<()> {
    let out = io::stderr().as_fd().try_clone_to_owned()?;
    let writer = Arc::new(Writer::new(Sink::stream(out), true, lost));
    if STDERR.set(Stderr { writer, is_bare: settings.bare }).is_err() {
        return Ok(());
    }
    let level = match (settings.quiet, settings.verbose) {
        (_, 0) if settings.bare => LevelFilter::ERROR,
        (true, _) => LevelFilter::WARN,
        (_, 0) => LevelFilter::INFO,
        (_, 1) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let ours = ["htbin", "htbin_cgi", "htbin_spawn"];
    let filter = Targets::new().with_default(LevelFilter::WARN.min(level)).with_targets(ours.map(|name| (name, level)));
    let lines = tracing_subscriber::fmt::layer().event_format(OneLine).with_writer(Out);
    // Only a test, which shares its process with others, has a subscriber already.
    _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    Ok(())
}

/// One line that a script wrote to stderr, without its line feed. What could forge a line of ours or drive a
/// terminal is escaped; what is longer than 8 KiB is cut.
pub fn script_line(id: ExchangeId, script: impl AsRef<[u8]>, line: &[u8]) {
    let Some(stderr) = STDERR.get() else { return };
    let mut text = Vec::with_capacity(line.len().min(LINE_BYTES_MAX) + 64);
    if stderr.is_bare {
        // Whoever reads this has started the script, and wants it as it is.
        text.extend_from_slice(line);
        text.push(b'\n');
        return stderr.writer.push(&text);
    }
    let form = stderr.writer.form();
    if form == Form::Line {
        push_head(&mut text, stderr.writer.is_terminal(), "script", "\x1b[36m");
    }
    push_script_line(&mut text, id, script.as_ref(), line);
    if form == Form::Line {
        return stderr.writer.push(&text);
    }
    let (message, script) = (text.trim_ascii_end(), Some(script.as_ref()));
    let record = Record { severity: Severity::Notice, message, script, exchange: Some(id) };
    with_datagram(form, &record, |datagram| stderr.writer.push(datagram));
}

/// From now on events go there, and no longer to stderr.
pub(super) fn lead_to(sink: Sink) {
    if let Some(stderr) = STDERR.get() {
        stderr.writer.lead_to(sink);
    }
}

/// From now on a thread writes.
pub(super) fn start() -> io::Result<()> {
    STDERR.get().map_or(Ok(()), |stderr| stderr.writer.start("event log"))
}

/// Writes out what is left.
pub(super) fn finish() {
    if let Some(stderr) = STDERR.get() {
        stderr.writer.finish();
    }
}

fn push_script_line(text: &mut Vec<u8>, id: ExchangeId, script: &[u8], line: &[u8]) {
    write!(text, "{id} ").expect("memory takes every byte");
    push_visible(text, script);
    text.extend_from_slice(b": ");
    let (shown, rest) = line.split_at(line.len().min(LINE_BYTES_MAX));
    push_visible(text, shown.strip_suffix(b"\r").filter(|_| rest.is_empty()).unwrap_or(shown));
    if !rest.is_empty() {
        write!(text, " … ({} more bytes)", rest.len()).expect("memory takes every byte");
    }
    text.push(b'\n');
}

/// Time and kind of a line. A terminal gets colours and no date.
fn push_head(text: &mut Vec<u8>, is_terminal: bool, kind: &str, colour: &str) {
    let now = Zoned::now();
    let put = if is_terminal {
        write!(text, "\x1b[2m{}\x1b[0m {colour}{kind:<6}\x1b[0m ", now.strftime("%H:%M:%S"))
    } else {
        write!(text, "{} {kind:<6} ", now.strftime("%Y-%m-%dT%H:%M:%S%:z"))
    };
    put.expect("memory takes every byte");
}

/// `15:04:05 warn   what happened key=value`.
struct OneLine;

impl<S, N> FormatEvent<S, N> for OneLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Text<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = String::new();
        context.format_fields(Text::new(&mut fields), event)?;
        let (kind, colour, severity) = match *event.metadata().level() {
            Level::ERROR => ("error", "\x1b[1;31m", Severity::Error),
            Level::WARN => ("warn", "\x1b[33m", Severity::Warning),
            Level::INFO => ("info", "\x1b[32m", Severity::Info),
            Level::DEBUG => ("debug", "\x1b[2m", Severity::Debug),
            Level::TRACE => ("trace", "\x1b[2m", Severity::Debug),
        };
        let mut line = Vec::with_capacity(fields.len() + 64);
        let form = STDERR.get().map_or(Form::Line, |stderr| stderr.writer.form());
        if form == Form::Line {
            push_head(&mut line, STDERR.get().is_some_and(|stderr| stderr.writer.is_terminal()), kind, colour);
            push_visible(&mut line, fields.as_bytes());
            line.push(b'\n');
            return out.write_str(&String::from_utf8_lossy(&line));
        }
        push_visible(&mut line, fields.as_bytes());
        let mut about = About::default();
        event.record(&mut about);
        let (script, exchange) = (about.script.as_deref().map(str::as_bytes), about.exchange);
        let record = Record { severity, message: &line, script, exchange };
        with_datagram(form, &record, |datagram| out.write_str(&String::from_utf8_lossy(datagram)))
    }
}

/// The exchange and the script that an event is about.
#[derive(Default)]
struct About {
    script: Option<String>,
    exchange: Option<ExchangeId>,
}

impl Visit for About {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "id" => self.exchange = u64::from_str_radix(&format!("{value:?}"), 16).ok().map(ExchangeId),
            "script" => self.script = Some(format!("{value:?}")),
            _ => {}
        }
    }
}

/// Where the subscriber writes; it gives each event as one piece.
struct Out;

impl<'a> MakeWriter<'a> for Out {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl io::Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(stderr) = STDERR.get() {
            stderr.writer.push(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lost(closed: Closed) {
    let (Closed::Dropped(lines), Some(stderr)) = (closed, STDERR.get()) else { return };
    let message = format!("… {lines} lines lost, the log is not read fast enough");
    let record = Record { severity: Severity::Warning, message: message.as_bytes(), script: None, exchange: None };
    with_datagram(stderr.writer.form(), &record, |line| stderr.writer.push(line));
}

struct Stderr {
    writer: Arc<Writer>,
    is_bare: bool,
}

static STDERR: OnceLock<Stderr> = OnceLock::new();
const LINE_BYTES_MAX: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn line(script: &[u8], line: &[u8]) -> String {
        let mut text = Vec::new();
        push_script_line(&mut text, ExchangeId(42), script, line);
        String::from_utf8(text).expect("it is text")
    }

    #[test]
    fn a_script_speaks_one_line_at_a_time_under_its_name() {
        assert_eq!(line(b"/cgi-bin/a.py", b"Traceback:\r"), "0000002a /cgi-bin/a.py: Traceback:\n");
        assert_eq!(
            line(b"/cgi-bin/a\n.py", b"\x1b[2J\n2026-01-01 error forged"),
            "0000002a /cgi-bin/a\\n.py: \\x1b[2J\\n2026-01-01 error forged\n"
        );
    }

    #[test]
    fn a_long_line_is_cut() {
        let told = line(b"a", &[b'x'; LINE_BYTES_MAX + 5]);
        assert!(told.ends_with("xxx … (5 more bytes)\n"), "{}", &told[told.len() - 30..]);
        assert!(told.len() < LINE_BYTES_MAX + 50);
        assert_eq!(line(b"a", &[b'x'; LINE_BYTES_MAX]).len(), LINE_BYTES_MAX + "0000002a a: \n".len());
    }

    #[test]
    fn a_terminal_gets_colours_and_a_file_the_whole_date() {
        let head = |is_terminal| {
            let mut text = Vec::new();
            push_head(&mut text, is_terminal, "warn", "\x1b[33m");
            String::from_utf8(text).expect("it is text")
        };
        assert!(head(true).contains("\x1b[33mwarn  \x1b[0m "));
        assert!(!head(false).contains('\x1b') && head(false).ends_with(" warn   "));
        assert_eq!(head(false).find('T'), Some(10));
    }
}
