//! §6.2: what a head means. A document, a local redirect, a client redirect, or an answer of the script's own (NPH);
//! fields that are the server's business are taken out.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::{
    error::{Error, Excerpt},
    head::Head,
    nph::{StatusLine, status_and_reason},
};

/// What a script answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// §6.2.1: the head of a document; the body follows.
    Document(Document),
    /// §6.2.2: the path, and the query if there is one, to answer this request with instead. Percent-encoded.
    LocalRedirect {
        /// Starts with one slash; ASCII without white space; every percent-code is whole.
        location: String,
    },
    /// §6.2.3-6.2.4: the client is to go elsewhere; a body may follow.
    ClientRedirect(Document),
    /// §5: the script's own head; the body follows.
    Nph(Document),
}

/// The head of an answer as the client is to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The status; never 1xx.
    pub status: StatusCode,
    /// The reason, where it is not the standard one of this status.
    pub reason: Option<Bytes>,
    /// The fields, repeated ones too; no Status, and none that are the connection's.
    pub headers: HeaderMap,
    /// How many octets the body has, where the script says so; also in `headers`.
    pub content_length: Option<u64>,
}

impl Response {
    /// What this head means.
    pub fn from_head(head: Head) -> Result<Self, Error> {
        let Head { status_line, mut fields } = head;
        if let Some(StatusLine { status, reason }) = status_line {
            return Document::new(status, reason, fields, Origin::Nph).map(Self::Nph);
        }
        let local = fields.keys_len() == 1;
        let status = take_status(&mut fields)?;
        let location = single(&fields, &header::LOCATION, "Location")?.map(location).transpose()?;
        if let Some(location) = location {
            if local && is_local(&location) {
                return Ok(Self::LocalRedirect { location });
            }
            let value = HeaderValue::try_from(location).expect("a location is visible ASCII");
            fields.insert(header::LOCATION, value);
            let (status, reason) = status.unwrap_or((StatusCode::FOUND, Bytes::new()));
            let document = Document::new(status, reason, fields, Origin::Cgi)?;
            // 201 with a Location names what was made; it sends nobody anywhere.
            return Ok(if status.is_redirection() { Self::ClientRedirect(document) } else { Self::Document(document) });
        }
        let (status, reason) = status.unwrap_or((StatusCode::OK, Bytes::new()));
        Document::new(status, reason, fields, Origin::Cgi).map(Self::Document)
    }

    /// Would a body be wrong for want of a Content-Type? If one follows, that is [`Error::NoContentType`].
    pub fn lacks_type(&self) -> bool {
        matches!(self, Self::Document(document)
            if document.body_allowed() && document.headers.get(header::CONTENT_TYPE).is_none_or(HeaderValue::is_empty))
    }
}

impl Document {
    /// May a body follow, the answer to HEAD aside? Not with 204 and 304, whatever the script writes.
    pub fn body_allowed(&self) -> bool {
        !matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) && !self.status.is_informational()
    }

    fn new(status: StatusCode, reason: Bytes, mut headers: HeaderMap, origin: Origin) -> Result<Self, Error> {
        if status.is_informational() {
            return Err(Error::Interim(status.as_u16()));
        }
        let content_length = single(&headers, &header::CONTENT_LENGTH, "Content-Length")?.map(length).transpose()?;
        if let Some(coding) = headers.get(header::TRANSFER_ENCODING).filter(|_| origin == Origin::Nph) {
            return Err(Error::TransferCoded(Excerpt::of(coding.as_bytes())));
        }
        remove_connection_fields(&mut headers);
        if origin == Origin::Cgi {
            headers.remove(header::DATE);
            headers.remove(header::SERVER);
        }
        let mut document = Self { status, reason: unless_standard(status, reason), headers, content_length };
        document.settle_length();
        document.settle_type();
        Ok(document)
    }

    /// One Content-Length, as the number it is; none with 204 (RFC 9110 §8.6).
    fn settle_length(&mut self) {
        if self.status == StatusCode::NO_CONTENT {
            self.content_length = None;
        }
        match self.content_length {
            Some(length) => drop(self.headers.insert(header::CONTENT_LENGTH, length.into())),
            None => drop(self.headers.remove(header::CONTENT_LENGTH)),
        }
    }

    /// The last of several Content-Types, as Apache does: a cgitb page comes after what the script had printed.
    fn settle_type(&mut self) {
        let mut types = self.headers.get_all(header::CONTENT_TYPE).iter();
        if types.next().is_some()
            && let Some(last) = types.next_back().cloned()
        {
            self.headers.insert(header::CONTENT_TYPE, last);
        }
    }
}

/// Who wrote the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The server, from the script's fields.
    Cgi,
    /// The script.
    Nph,
}

/// Takes Status out of the fields (§6.3.3).
fn take_status(fields: &mut HeaderMap) -> Result<Option<(StatusCode, Bytes)>, Error> {
    let Some(value) = single(fields, &STATUS, "Status")? else { return Ok(None) };
    let (status, reason) =
        status_and_reason(value.as_bytes()).ok_or_else(|| Error::Status(Excerpt::of(value.as_bytes())))?;
    let reason = Bytes::copy_from_slice(reason);
    fields.remove(STATUS);
    Ok(Some((status, reason)))
}

/// The value of a field that may come once; twice is forgiven if both say the same.
fn single<'a>(fields: &'a HeaderMap, name: &HeaderName, shown: &'static str) -> Result<Option<&'a HeaderValue>, Error> {
    let mut values = fields.get_all(name).iter();
    let first = values.next();
    if values.any(|value| Some(value) != first) { Err(Error::Differing(shown)) } else { Ok(first) }
}

/// A Location (§6.3.2) in the characters of RFC 3986; others are percent-encoded, as browsers do.
fn location(value: &HeaderValue) -> Result<String, Error> {
    let wrong = || Error::Location(Excerpt::of(value.as_bytes()));
    let mut location = String::with_capacity(value.len());
    for &byte in value.as_bytes() {
        if byte.is_ascii_alphanumeric() || URI_MARKS.contains(&byte) {
            location.push(byte.into());
        } else {
            location.extend(['%', HEX[usize::from(byte >> 4)].into(), HEX[usize::from(byte & 15)].into()]);
        }
    }
    if location.is_empty() || (is_local(&location) && !has_whole_codes(&location)) {
        return Err(wrong());
    }
    Ok(location)
}

/// A path on this server? `//host` names another one, and a fragment is for the client alone.
fn is_local(location: &str) -> bool {
    location.starts_with('/') && !location.starts_with("//") && !location.contains('#')
}

/// Is every `%` followed by two hexadecimal digits?
fn has_whole_codes(location: &str) -> bool {
    let mut rest = location.as_bytes();
    while let Some(at) = memchr::memchr(b'%', rest) {
        match rest[at..] {
            [_, high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest = &rest[at + 3..],
            _ => return false,
        }
    }
    true
}

/// Digits and nothing else (RFC 9110 §8.6).
fn length(value: &HeaderValue) -> Result<u64, Error> {
    value
        .to_str()
        .ok()
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| Error::ContentLength(Excerpt::of(value.as_bytes())))
}

/// Takes out what belongs to one connection (RFC 9110 §7.6.1): that is the server's business (§6.3.4).
fn remove_connection_fields(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        let values: Vec<HeaderValue> = headers.get_all(header::CONNECTION).iter().cloned().collect();
        for option in values.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b',')) {
            if let Ok(name) = HeaderName::from_bytes(option.trim_ascii()) {
                headers.remove(name);
            }
        }
    }
    for name in &CONNECTION_FIELDS {
        headers.remove(name);
    }
}

/// The reason, unless it is what the server would write anyway. A status without a standard reason keeps its own,
/// even if empty.
fn unless_standard(status: StatusCode, reason: Bytes) -> Option<Bytes> {
    match status.canonical_reason() {
        Some(standard) if reason.is_empty() || reason == standard.as_bytes() => None,
        _ => Some(reason),
    }
}

const STATUS: HeaderName = HeaderName::from_static("status");

const CONNECTION_FIELDS: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What RFC 3986 §2 allows besides letters and digits; `%` because codes are not encoded again.
const URI_MARKS: &[u8] = b"-._~:/?#[]@!$&'()*+,;=%";

const HEX: &[u8; 16] = b"0123456789ABCDEF";
