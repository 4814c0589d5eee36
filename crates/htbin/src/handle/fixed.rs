//! Answers that stand in the rules: a redirect, a text; and the address that a request is sent on to.

use std::{fmt, str::FromStr};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header, request::Parts, uri::PathAndQuery};

use super::file::{Asked, asked, options};
use crate::{
    body::Body,
    path,
    refusal::{Reason, Refusal},
};

/// An address with gaps: `{path}` is the path that was asked for, `{rest}` what follows the prefix of the rule, `{host}`
/// the host and its port, `{query}` the query. What fills a gap is percent-encoded. A query is kept unless the template
/// has one of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Path,
    Rest,
    Host,
    Query,
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.chars().any(|letter| letter.is_control() || letter == ' ' || !letter.is_ascii()) {
            return Err("it is no address: ASCII without blanks is, the rest percent-encoded".into());
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').map(|at| at + open).ok_or("a gap that begins with { ends with }")?;
            pieces.push(Piece::Text(rest[..open].into()));
            pieces.push(match &rest[open + 1..close] {
                "path" => Piece::Path,
                "rest" => Piece::Rest,
                "host" => Piece::Host,
                "query" => Piece::Query,
                other => {
                    return Err(format!(
                        "there is no gap {{{other}}}; there are {{path}}, {{rest}}, {{host}}, {{query}}"
                    ));
                }
            });
            rest = &rest[close + 1..];
        }
        pieces.push(Piece::Text(rest.into()));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Ok(Self(pieces))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Path => f.write_str("{path}"),
            Piece::Rest => f.write_str("{rest}"),
            Piece::Host => f.write_str("{host}"),
            Piece::Query => f.write_str("{query}"),
        })
    }
}

impl Template {
    /// The address for this request; `rest` is the decoded path behind the prefix of the rule.
    pub fn fill(&self, request: &Parts, rest: &[u8]) -> String {
        let mut address = String::new();
        let query = request.uri.query().unwrap_or_default();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => address.push_str(text),
                Piece::Path => push_path(&mut address, request.uri.path()),
                Piece::Rest => push_path(&mut address, &path::encode(rest)),
                Piece::Host => address.push_str(host(request)),
                Piece::Query => address.push_str(query),
            }
        }
        if !query.is_empty() && !address.contains('?') {
            address.push('?');
            address.push_str(query);
        }
        address
    }
}

/// With one slash between: two at the front would name another server.
fn push_path(address: &mut String, path: &str) {
    let bare = path.trim_start_matches('/');
    if bare.len() < path.len() && !address.ends_with('/') {
        address.push('/');
    }
    address.push_str(bare);
}

fn host(request: &Parts) -> &str {
    let authority = request.uri.authority().map(http::uri::Authority::as_str);
    authority.or_else(|| request.headers.get(header::HOST)?.to_str().ok()).unwrap_or_default()
}

/// Sends the client to this address.
pub fn redirect(status: StatusCode, address: &str) -> Result<Response<Body>, Refusal> {
    let location = HeaderValue::from_str(address)
        .map_err(|_| Refusal::with_detail(Reason::Internal, format!("{address:?} is no address to redirect to")))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// The request as if the client had asked for this path.
pub fn rewritten(request: &Parts, address: &str) -> Result<Parts, Refusal> {
    let path: PathAndQuery = address
        .parse()
        .map_err(|_| Refusal::with_detail(Reason::Internal, format!("{address:?} is no path to rewrite to")))?;
    let mut next = request.clone();
    let mut parts = next.uri.into_parts();
    parts.path_and_query = Some(path);
    next.uri = http::Uri::from_parts(parts)
        .map_err(|_| Refusal::with_detail(Reason::Internal, format!("{address:?} is no path to rewrite to")))?;
    Ok(next)
}

/// Answers with a text.
///
/// # Errors
/// A method that files do not have.
pub fn respond(
    request: &Parts,
    (status, media_type, text): (StatusCode, &HeaderValue, &Bytes),
) -> Result<Response<Body>, Refusal> {
    let asked = asked(&request.method)?;
    if asked == Asked::Options {
        return Ok(options());
    }
    let mut response = Response::new(if asked == Asked::Head { Body::empty() } else { Body::full(text.clone()) });
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, media_type.clone());
    if asked == Asked::Head {
        response.headers_mut().insert(header::CONTENT_LENGTH, text.len().into());
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, target: &str, rest: &str) -> String {
        let request = http::Request::get(target).header(header::HOST, "a.example:81").body(()).expect("a request");
        let template: Template = template.parse().expect(template);
        template.fill(&request.into_parts().0, rest.as_bytes())
    }

    #[test]
    fn gaps_are_filled() {
        assert_eq!(filled("https://{host}{path}", "/a/b?c=d", "/b"), "https://a.example:81/a/b?c=d");
        assert_eq!(filled("/new/{rest}", "/a/b%20c?x", "/b c"), "/new/b%20c?x");
        assert_eq!(filled("/new{rest}", "/a/b", "/b"), "/new/b");
        assert_eq!(filled("/s?q={query}", "/a?b", ""), "/s?q=b");
        assert_eq!(filled("/plain", "/a?b=c", ""), "/plain?b=c");
    }

    #[test]
    fn no_path_names_another_server() {
        assert_eq!(filled("{path}", "//evil.example/x", ""), "/evil.example/x");
        assert_eq!(filled("/{rest}", "/a//evil.example", "//evil.example"), "/evil.example");
        assert_eq!(filled("{rest}", "/a//evil.example", "//evil.example"), "/evil.example");
    }

    #[test]
    fn what_is_no_template_says_why() {
        assert!("/a{b}".parse::<Template>().is_err_and(|why| why.contains("no gap {b}")));
        assert!("/a{b".parse::<Template>().is_err_and(|why| why.contains("ends with }")));
        for text in ["", "/a b", "/a\r\nb", "/ä"] {
            assert!(text.parse::<Template>().is_err(), "{text:?}");
        }
    }
}
