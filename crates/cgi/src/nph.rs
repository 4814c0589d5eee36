//! §5: scripts that write the whole head themselves (non-parsed header): who they are and what their first line says.

use bytes::Bytes;
use http::StatusCode;

use crate::error::{Error, Excerpt};

/// The first line of an NPH head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLine {
    /// The status.
    pub status: StatusCode,
    /// The reason as the script wrote it; may be empty.
    pub reason: Bytes,
}

impl StatusLine {
    /// Does output that starts with this line come with a head of its own?
    pub fn opens(line: &[u8]) -> bool {
        line.starts_with(PREFIX)
    }

    /// A status line (RFC 9112 §4) without its line end: `HTTP/1.1 200 OK`. The version may lack its minor part
    /// (`HTTP/2 200`, as `curl -i` prints it), the reason may be missing.
    pub fn parse(line: &[u8]) -> Result<Self, Error> {
        let wrong = || Error::StatusLine(Excerpt::of(line));
        let rest = line.strip_prefix(PREFIX).ok_or_else(wrong)?;
        let space = memchr::memchr(b' ', rest).ok_or_else(wrong)?;
        let (version, rest) = rest.split_at(space);
        if !is_version(version) {
            return Err(wrong());
        }
        let (status, reason) = status_and_reason(rest.trim_ascii()).ok_or_else(wrong)?;
        Ok(Self { status, reason: Bytes::copy_from_slice(reason) })
    }
}

/// Is a file of this name an NPH script (§5.1)?
pub fn is_nph(name: &[u8]) -> bool {
    name.starts_with(b"nph-")
}

/// Splits `404 Not Found` into its parts; the reason may be missing. Nothing if it is no status from 100 to 599, or
/// the reason has a control character.
pub(crate) fn status_and_reason(text: &[u8]) -> Option<(StatusCode, &[u8])> {
    let (code, reason) = text.split_at_checked(3)?;
    if !reason.is_empty() && !matches!(reason[0], b' ' | b'\t') {
        return None;
    }
    let status = StatusCode::from_bytes(code).ok().filter(|status| status.as_u16() < 600)?;
    let reason = reason.trim_ascii();
    let printable = reason.iter().all(|byte| !byte.is_ascii_control() || *byte == b'\t');
    printable.then_some((status, reason))
}

/// `1.1`, `1.0`, `2`.
fn is_version(version: &[u8]) -> bool {
    matches!(version, [major] if major.is_ascii_digit())
        || matches!(version, [major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit())
}

const PREFIX: &[u8] = b"HTTP/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_1_the_name_of_an_nph_script_starts_with_nph() {
        assert!(is_nph(b"nph-clock"));
        assert!(!is_nph(b"clock-nph-"));
        assert!(!is_nph(b"NPH-clock"));
        assert!(!is_nph(b"nph"));
    }

    #[test]
    fn status_lines() {
        for (line, status, reason) in [
            ("HTTP/1.1 200 OK", 200, "OK"),
            ("HTTP/1.0 404 Not here", 404, "Not here"),
            ("HTTP/1.1 200", 200, ""),
            ("HTTP/1.1 200 ", 200, ""),
            ("HTTP/1.1  599  Odd ", 599, "Odd"),
            ("HTTP/2 204 ", 204, ""),
            ("HTTP/1.1 100 Continue", 100, "Continue"),
        ] {
            let parsed = StatusLine::parse(line.as_bytes()).unwrap();
            assert_eq!((parsed.status.as_u16(), &parsed.reason[..]), (status, reason.as_bytes()), "{line}");
        }
    }

    #[test]
    fn what_is_no_status_line() {
        for line in [
            "HTTP/",
            "HTTP/1.1",
            "HTTP/1.1 ",
            "HTTP/1.1 20",
            "HTTP/1.1 2000",
            "HTTP/1.1 200OK",
            "HTTP/1.1 600 No",
            "HTTP/1.1 099 No",
            "HTTP/1.1 2x0 No",
            "HTTP/1. 200 OK",
            "HTTP/11 200 OK",
            "HTTP/x.1 200 OK",
            "http/1.1 200",
            "HTTP/1.1\t200 OK",
            "HTTP/1.1 200 O\rK",
            "HTTP/1.1 200 O\0K",
            "HTTP/1.1 -20 OK",
        ] {
            assert!(matches!(StatusLine::parse(line.as_bytes()), Err(Error::StatusLine(_))), "{line}");
        }
    }
}
