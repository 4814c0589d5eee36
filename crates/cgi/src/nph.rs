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
