//! Trusted proxies: what they say of the client, they say in fields, and from them alone those are believed. Each of
//! them adds the address it was asked from at the right, so the client is the first from the right that is no proxy of
//! ours; what stands left of that anybody can have written.

mod forwarded;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts, uri::Authority};

use super::addresses::Networks;
use crate::{
    exchange::{Connection, End},
    refusal::{Reason, Refusal},
};

/// Whom to believe, and what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The proxies. Nobody: no field is believed.
    pub trusted: Networks,
    /// The fields that they write. A proxy passes on the others as the client has sent them.
    pub fields: Fields,
}

/// In which fields proxies tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fields {
    /// X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host, as most do.
    #[default]
    XForwarded,
    /// Forwarded (RFC 7239).
    Forwarded,
}

/// What one proxy says: who asked it, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Hop {
    client: Option<Client>,
    scheme: Option<String>,
    host: Option<String>,
}

/// An address, and a port where one is told.
type Client = (IpAddr, Option<u16>);

/// The connection as the client has it, if a proxy that is trusted speaks for it; then the request is for the host that
/// the client has asked for, too.
pub fn enter(
    settings: &Settings,
    connection: &Connection,
    request: &mut Parts,
) -> Result<Option<Arc<Connection>>, Refusal> {
    if !settings.trusted.have(connection.peer) {
        return Ok(None);
    }
    let hops = match settings.fields {
        Fields::XForwarded => x_forwarded(&request.headers),
        Fields::Forwarded => forwarded::parse(values(&request.headers, &header::FORWARDED), HOPS_MAX)
            .map_err(|error| Refusal::with_detail(Reason::BadForwarded, error))?,
    };
    let Some((hop, client)) = furthest(settings, &hops) else { return Ok(None) };
    let secure = match hop.scheme.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None => connection.secure,
        Some("https" | "wss") => true,
        Some("http" | "ws") => false,
        Some(other) => {
            let what = format!("the scheme {} that a proxy tells is neither http nor https", other.escape_debug());
            return Err(Refusal::with_detail(Reason::BadForwarded, what));
        }
    };
    let host = hop.host.as_deref().map(authority).transpose()?;
    let local = local(connection.local, secure, host.as_ref(), hop.scheme.is_some());
    if let Some(host) = host {
        rename(request, &host)?;
    }
    let peer = client.map_or(connection.peer, |(address, port)| {
        // Port 0 says that nobody knows it.
        End::Tcp(SocketAddr::new(address.to_canonical(), port.unwrap_or(0)))
    });
    Ok(Some(Arc::new(connection.of_proxy(peer, local, secure))))
}

/// The hop that the client has asked, and the client. What is no address ends the way: whoever it is stands behind the last
/// that is known.
fn furthest<'a>(settings: &Settings, hops: &'a [Hop]) -> Option<(&'a Hop, Option<Client>)> {
    let mut found: Option<(&Hop, Option<Client>)> = None;
    for hop in hops.iter().rev().take(HOPS_MAX) {
        let known = found.and_then(|(_, client)| client);
        let Some(client) = hop.client else { return Some((hop, known)) };
        found = Some((hop, Some(client)));
        if !settings.trusted.have_address(client.0) {
            break;
        }
    }
    found
}

/// X-Forwarded-*: each a list, the last proxy's at the end. A scheme or a host that stands alone is the last proxy's, and
/// all hops', as most proxies write one over the other.
fn x_forwarded(fields: &HeaderMap) -> Vec<Hop> {
    let clients = last(fields, &FOR);
    let (schemes, hosts) = (last(fields, &PROTO), last(fields, &HOST));
    // From the right, as all of them are cut at the left.
    let of = |all: &[&str], from_right: usize| {
        let at = if all.len() == clients.len() { from_right } else { 0 };
        all.iter().rev().nth(at).map(|text| (*text).to_owned())
    };
    let hops_max = clients.len().max(usize::from(!schemes.is_empty() || !hosts.is_empty()));
    (0..hops_max)
        .rev()
        .map(|from_right| Hop {
            client: clients.iter().rev().nth(from_right).and_then(|text| client(text)),
            scheme: of(&schemes, from_right),
            host: of(&hosts, from_right),
        })
        .collect()
}

/// The last elements of a list, in order.
fn last<'a>(fields: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines: Vec<&str> = values(fields, name).collect();
    let elements = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim).take(HOPS_MAX);
    let mut elements: Vec<&str> = elements.filter(|text| !text.is_empty()).collect();
    elements.reverse();
    elements
}

/// What is no text counts as an element that is no address.
fn values<'a>(fields: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    fields.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"))
}

/// An address with or without a port, as it stands in these fields: IPv6 with a port is in brackets.
fn client(text: &str) -> Option<Client> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some((address, None));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some((address.ip(), Some(address.port())));
    }
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    Some((IpAddr::V6(inner.parse().ok()?), None))
}

fn authority(host: &str) -> Result<Authority, Refusal> {
    let authority = Authority::try_from(host).ok().filter(|authority| !authority.as_str().contains('@'));
    authority.ok_or_else(|| {
        let what = format!("the host {} that a proxy tells is none", host.escape_debug());
        Refusal::with_detail(Reason::BadForwarded, what)
    })
}

/// Our end as the client has it: the port is that of the proxy.
fn local(local: End, secure: bool, host: Option<&Authority>, told: bool) -> End {
    let End::Tcp(address) = local else { return local };
    let usual = if secure { 443 } else { 80 };
    match host {
        Some(host) => End::Tcp(SocketAddr::new(address.ip(), host.port_u16().unwrap_or(usual))),
        None if told => End::Tcp(SocketAddr::new(address.ip(), usual)),
        None => local,
    }
}

/// From here on this is the host of the request: for routes, for redirects and for scripts.
fn rename(request: &mut Parts, host: &Authority) -> Result<(), Refusal> {
    let bad = || Refusal::with_detail(Reason::BadForwarded, "the host that a proxy tells is none");
    request.headers.insert(header::HOST, HeaderValue::from_str(host.as_str()).map_err(|_| bad())?);
    if request.uri.authority().is_some() {
        let mut parts = request.uri.clone().into_parts();
        parts.authority = Some(host.clone());
        request.uri = http::Uri::from_parts(parts).map_err(|_| bad())?;
    }
    Ok(())
}

/// Proxies on the way that are looked at, from ours on.
const HOPS_MAX: usize = 64;
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

#[cfg(test)]
mod tests;
