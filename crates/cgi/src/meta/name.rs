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

/// Is a field's name (in lower case) one that no other could pose as? Of `X-User` and `X_User` only the first becomes
/// HTTP_X_USER.
pub(super) fn is_distinct(field: &str) -> bool {
    field.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Appends a field's name (in lower case) as it is called in a variable.
pub(super) fn append(field: &str, block: &mut Vec<u8>) {
    block.extend_from_slice(b"HTTP_");
    block.extend(field.bytes().map(|byte| if byte == b'-' { b'_' } else { byte.to_ascii_uppercase() }));
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

/// Could a request have set a variable of this name already? What TLS says is no word of the protocol: scripts have
/// variables like SSL_CERT_FILE for other ends.
pub(super) fn may_be_set(name: &[u8]) -> bool {
    is_protocol(name) || name.starts_with(b"SSL_")
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

const PROTOCOL: [&str; 25] = [
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
    "REMOTE_IDENT",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s4_1_14_a_host_without_its_port() {
        for (value, name, port) in [
            ("example.org", "example.org", None),
            ("example.org:8000", "example.org", Some(8000)),
            ("example.org:", "example.org", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]:8000", "[::1]", Some(8000)),
            ("[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", None),
            ("a_b.x-1~%20", "a_b.x-1~%20", None),
        ] {
            let host = host(value.as_bytes()).unwrap();
            assert_eq!((host.name, host.port), (name.as_bytes(), port), "{value}");
        }
    }

    #[test]
    fn what_is_no_host() {
        for value in [
            "", ":80", "[]", "[::1", "[::1]x", "[::g]", "a b", "<script>", "a:b", "a:80:80", "::1", "a:65536", "a/b",
            "u@a", "a:+1", "a;b", "$(x)", "ä",
        ] {
            assert!(host(value.as_bytes()).is_none(), "{value}");
        }
    }

    #[test]
    fn the_list_of_the_protocols_names_is_sorted_and_whole() {
        assert!(PROTOCOL.is_sorted());
        assert!(is_protocol(b"HTTP_HOST") && is_protocol(b"SERVER_PORT"));
        assert!(!is_protocol(b"PATH") && !is_protocol(b"LANG") && !is_protocol(b"server_port"));
    }
}
