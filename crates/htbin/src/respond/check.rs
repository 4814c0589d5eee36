//! What must hold for every request, whatever it asks for.

use http::{Method, Version, header, request::Parts};

use crate::{
    exchange::Connection,
    names,
    refusal::{Reason, Refusal},
};

/// What must hold for every request, whatever it asks for.
pub(super) fn check(request: &Parts, connection: &Connection) -> Result<(), Refusal> {
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let (host, more) = (hosts.next(), hosts.count());
    // RFC 9112 §3.2: a request of 1.1 has exactly one Host.
    if more > 0 || (host.is_none() && request.version == Version::HTTP_11) {
        let hosts = host.iter().count() + more;
        return Err(Refusal::with_detail(Reason::BadHost, format!("{hosts} Host fields")));
    }
    if let Some(host) = host
        && !is_host(host.as_bytes())
    {
        return Err(Refusal::with_detail(Reason::BadHost, format!("Host: {}", host.as_bytes().escape_ascii())));
    }
    // It takes the place of Host: in HTTP/2, and in HTTP/1.1 before an absolute target. Its userinfo, which no host has,
    // would reach scripts as a part of HTTP_HOST (RFC 9110 §4.2.4, RFC 9113 §8.3.1).
    if let Some(authority) = request.uri.authority()
        && !is_host(authority.as_str().as_bytes())
    {
        return Err(Refusal::with_detail(Reason::BadHost, format!("the target's authority is '{authority}'")));
    }
    if let Some(scope) = &connection.scope
        && !scope.holds(names::asked(request))
    {
        return Err(Reason::Misdirected.into());
    }
    if request
        .headers
        .get(header::EXPECT)
        .is_some_and(|expect| !expect.as_bytes().eq_ignore_ascii_case(b"100-continue"))
    {
        return Err(Reason::ExpectationUnknown.into());
    }
    // Files know their methods, scripts may know any (REQUEST_METHOD, §4.1.12). A tunnel is neither's, and an echo would
    // show fields to pages that may not read them.
    if matches!(request.method, Method::CONNECT | Method::TRACE) {
        return Err(Refusal::with_detail(Reason::MethodUnknown, request.method.to_string()));
    }
    Ok(())
}

/// A name, an IPv4 address or an IPv6 address in brackets, with or without a port; or nothing (RFC 9112 §3.2).
fn is_host(host: &[u8]) -> bool {
    let (name, rest) = match host.iter().position(|byte| *byte == b']') {
        Some(end) if host.starts_with(b"[") => (&host[1..end], &host[end + 1..]),
        Some(_) => return false,
        None => host.split_at(memchr::memchr(b':', host).unwrap_or(host.len())),
    };
    let is_address = host.starts_with(b"[");
    let fits = |byte: &u8| is_of_a_name(*byte) || is_address && *byte == b':';
    let is_port = rest.is_empty() || rest.strip_prefix(b":").is_some_and(|port| port.iter().all(u8::is_ascii_digit));
    name.iter().all(fits) && is_port
}

/// What a reg-name may hold (RFC 3986 §3.2.2).
fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'%' | b'&'..=b',' | b';' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_host() {
        for host in ["", "a", "a:80", "a:", "a.example", "127.0.0.1:8000", "[::1]", "[::1]:8000", "a_b"] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in ["a b", "a:b", "a/b", "user@a", "[::1", "::1", "[::1]x", "a]", "a:80:80", "[::1]:x"] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
