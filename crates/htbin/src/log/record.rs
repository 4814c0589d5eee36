//! One line for syslog (RFC 3164, as glibc writes it) or for systemd's journal (its native protocol).

use std::{cell::RefCell, io::Write as _};

use jiff::Zoned;

use super::text::push_visible;
use crate::exchange::ExchangeId;

/// How a line looks where it ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A line of text.
    Line,
    /// A datagram for syslog.
    Syslog,
    /// A datagram of fields for the journal.
    Journal,
}

/// What a line says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) severity: Severity,
    /// Without control characters.
    pub(super) message: &'a [u8],
    pub(super) script: Option<&'a [u8]>,
    pub(super) exchange: Option<ExchangeId>,
}

/// How much a line matters, in syslog's numbers (RFC 5424 §6.2.1).
#[derive(Debug, Clone, Copy)]
pub(super) enum Severity {
    Error = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
    Debug = 7,
}

impl Form {
    /// What stands between two lines. Text has its control characters escaped, and so no NUL.
    pub(super) fn end(self) -> u8 {
        if self == Self::Line { b'\n' } else { 0 }
    }

    /// Appends a datagram, with its end.
    pub(super) fn push(self, out: &mut Vec<u8>, record: &Record<'_>) {
        match self {
            Self::Line => out.extend_from_slice(cut(record.message)),
            Self::Syslog => {
                put(out, format_args!("<{}>", DAEMON * 8 + record.severity as u8));
                // `Oct  9 22:33:20`: the date that every reader of /dev/log knows.
                put(out, format_args!("{} htbin[{}]: ", Zoned::now().strftime("%b %e %H:%M:%S"), std::process::id()));
                out.extend_from_slice(cut(record.message));
            }
            Self::Journal => {
                out.extend_from_slice(b"MESSAGE=");
                out.extend_from_slice(cut(record.message));
                put(out, format_args!("\nPRIORITY={}\nSYSLOG_IDENTIFIER=htbin\n", record.severity as u8));
                if let Some(script) = record.script {
                    out.extend_from_slice(b"HTBIN_SCRIPT=");
                    push_visible(out, cut(script));
                    out.push(b'\n');
                }
                if let Some(exchange) = record.exchange {
                    put(out, format_args!("HTBIN_EXCHANGE={exchange}\n"));
                }
            }
        }
        out.push(self.end());
    }
}

/// Makes a datagram in a buffer that is used again.
pub(super) fn with_datagram<T>(form: Form, record: &Record<'_>, then: impl FnOnce(&[u8]) -> T) -> T {
    DATAGRAM.with_borrow_mut(|bytes| {
        bytes.clear();
        form.push(bytes, record);
        then(bytes)
    })
}

fn cut(message: &[u8]) -> &[u8] {
    &message[..message.len().min(MESSAGE_BYTES_MAX)]
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("memory takes every byte");
}

thread_local! {
    static DATAGRAM: RefCell<Vec<u8>> = RefCell::default();
}

/// The facility of servers.
const DAEMON: u8 = 3;
/// What readers of /dev/log take, less what stands before the message; the journal takes more.
const MESSAGE_BYTES_MAX: usize = 8000;

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(form: Form) -> String {
        let record = Record {
            severity: Severity::Warning,
            message: b"two words",
            script: Some(b"/cgi-bin/a\nPRIORITY=0"),
            exchange: Some(ExchangeId(42)),
        };
        let mut out = Vec::new();
        form.push(&mut out, &record);
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn syslog_has_facility_severity_and_the_name() {
        let text = pushed(Form::Syslog);
        assert!(text.starts_with("<28>") && text.ends_with(&format!(" htbin[{}]: two words\0", std::process::id())));
        assert_eq!(text.find(" htbin["), Some("<28>Oct  9 22:33:20".len()));
    }

    #[test]
    fn the_journal_has_fields_that_no_script_adds_to() {
        let fields = "MESSAGE=two words\nPRIORITY=4\nSYSLOG_IDENTIFIER=htbin\nHTBIN_SCRIPT=/cgi-bin/a\\nPRIORITY=0\n";
        assert_eq!(pushed(Form::Journal), format!("{fields}HTBIN_EXCHANGE=0000002a\n\0"));
    }

    #[test]
    fn a_message_is_cut_where_syslog_would_cut_it() {
        let message = vec![b'x'; 100_000];
        let record = Record { severity: Severity::Info, message: &message, script: None, exchange: None };
        with_datagram(Form::Syslog, &record, |bytes| assert!(bytes.len() < 8192, "{}", bytes.len()));
    }
}
