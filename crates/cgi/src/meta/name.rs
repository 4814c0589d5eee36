//! Names: which fields become variables and how they are then called, which names are the protocol's own, and what
//! the Host field names.

use http::{HeaderMap, HeaderValue, header};

/// Is a field of this name (in lower case) given to scripts at all? Authorization is the caller's to decide.
pub(super) fn is_passed(field: &str) -> bool {
    !matches!(
        field,
        // httpoxy: HTTP_PROXY would tell the script's own HTTP client which proxy to use.
        "proxy"
        // §4.1.2-4.1.3: these have variables of their own, which tell the truth about the body.
        | "content-length" | "content-type"
        // Of one connection only (RFC 9110 §7.6.1).
        | "connection" | "keep-alive" | "proxy-connection" | "te" | "trailer" | "transfer-encoding" | "upgrade"
        | "proxy-authorization"
    )
}

/// Appends a field's name (in lower case) as it is called in a variable; no if it could pose as another's: of
/// `X-User` and `X_User` only the first becomes X_USER. May leave a part behind then.
pub(super) fn append(field: &str, block: &mut Vec<u8>) -> bool {
    for byte in field.bytes() {
        block.push(match byte {
            b'a'..=b'z' => byte.to_ascii_uppercase(),
            b'0'..=b'9' => byte,
            b'-' => b'_',
            _ => return false,
        });
    }
    true
}

/// The fields that Connection names: of this connection only (RFC 9110 §7.6.1).
pub(super) struct Nominated<'a>(Option<&'a HeaderMap>);

impl<'a> Nominated<'a> {
    pub(super) fn new(fields: &'a HeaderMap) -> Self {
        let usual = |value: &HeaderValue| value == "keep-alive" || value == "close";
        Self(Some(fields).filter(|fields| !fields.get_all(header::CONNECTION).iter().all(usual)))
    }

    /// Is this field (in lower case) named? Never if the script would be misled by its absence.
    pub(super) fn names(&self, field: &str) -> bool {
        let Some(fields) = self.0 else { return false };
        // A client behind a proxy could so remove what the proxy added (Apache's CVE-2022-31813).
        let needed = matches!(field, "host" | "cookie" | "authorization" | "forwarded" | "via" | "x-real-ip")
            || field.starts_with("x-forwarded-");
        !needed
            && fields
                .get_all(header::CONNECTION)
                .iter()
                .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
                .any(|option| option.trim_ascii().eq_ignore_ascii_case(field.as_bytes()))
    }
}

/// Could the protocol set a variable of this name?
pub(super) fn is_protocol(name: &[u8]) -> bool {
    name.starts_with(b"HTTP_") || PROTOCOL.iter().any(|known| known.as_bytes() == name)
}

/// A name that nobody else may set even where the protocol does not: its absence has a meaning.
pub(super) fn is_reserved(name: &[u8]) -> bool {
    matches!(name, b"CONTENT_LENGTH" | b"CONTENT_TYPE" | b"PATH_INFO" | b"PATH_TRANSLATED")
}

/// What a Host field says (RFC 9110 §7.2).
pub(super) struct Host<'a> {
    /// The name or address, IPv6 in its brackets.
    pub(super) name: &'a [u8],
    /// The port.
    pub(super) port: Option<u16>,
}

/// Splits a Host field; nothing if it is none, so that nothing else than a host ends up in SERVER_NAME.
pub(super) fn host(value: &[u8]) -> Option<Host<'_>> {
    let end = if value.starts_with(b"[") {
        memchr::memchr(b']', value)? + 1
    } else {
        memchr::memchr(b':', value).unwrap_or(value.len())
    };
    let (name, rest) = value.split_at(end);
    let inner = name.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]"));
    let valid = match inner {
        Some(inner) => !inner.is_empty() && inner.iter().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(byte)),
        None => !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || NAME_MARKS.contains(byte)),
    };
    let port = match rest {
        [] | [b':'] => None,
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
            Some(std::str::from_utf8(digits).ok()?.parse().ok()?)
        }
        _ => return None,
    };
    valid.then_some(Host { name, port })
}

/// RFC 3986 §3.2.2 reg-name, besides letters and digits; without what is markup or shell to somebody.
const NAME_MARKS: &[u8] = b"-._~%";

const PROTOCOL: [&str; 24] = [
    "AUTH_TYPE",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "DOCUMENT_ROOT",
    "GATEWAY_INTERFACE",
    "HTTPS",
    "PATH_INFO",
    "PATH_TRANSLATED",
    "QUERY_STRING",
    "REDIRECT_STATUS",
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REMOTE_PORT",
    "REMOTE_USER",
    "REQUEST_METHOD",
    "REQUEST_SCHEME",
    "REQUEST_URI",
    "SCRIPT_FILENAME",
    "SCRIPT_NAME",
    "SERVER_ADDR",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "SERVER_SOFTWARE",
];
