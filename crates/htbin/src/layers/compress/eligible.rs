//! What may be compressed, and is worth it: whole texts that are not short, that nobody vouches for octet by octet, and
//! that are not compressed already.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};

use super::Settings;
use crate::body::Body;

/// Would this answer be compressed if its client took that?
pub(super) fn is_eligible(settings: &Settings, request: &Parts, response: &Response<Body>) -> bool {
    let fields = response.headers();
    has_type(&settings.types, fields)
        && is_whole(response.status())
        && !fields.contains_key(header::CONTENT_ENCODING)
        && !fields.contains_key(header::CONTENT_RANGE)
        && length(&request.method, response).is_none_or(|length| length >= settings.bytes_min)
        && !DIGESTS.iter().any(|name| fields.contains_key(*name))
        && !forbids(fields)
        && !forbids(&request.headers)
}

/// How long the body is, where that is known. HEAD has none, but its fields may tell.
fn length(method: &Method, response: &Response<Body>) -> Option<u64> {
    if *method == Method::HEAD {
        response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    } else {
        response.body().length()
    }
}

fn is_whole(status: StatusCode) -> bool {
    let is_less = matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED
    );
    !is_less && !status.is_informational()
}

/// RFC 9111 §5.2.1.6 and §5.2.2.6.
fn forbids(fields: &HeaderMap) -> bool {
    let says = |value: &HeaderValue| {
        let directives = value.to_str().unwrap_or_default().split(',');
        directives.into_iter().any(|directive| directive.trim().eq_ignore_ascii_case("no-transform"))
    };
    fields.get_all(header::CACHE_CONTROL).iter().any(says)
}

fn has_type(types: &[Box<str>], fields: &HeaderMap) -> bool {
    let Some(value) = fields.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim();
    let begins = |start: &str| essence.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start));
    let ends = |end: &str| {
        let start = essence.len().saturating_sub(end.len());
        start > 0 && essence.get(start..).is_some_and(|it| it.eq_ignore_ascii_case(end))
    };
    types.iter().any(|wanted| match wanted.strip_suffix('*') {
        // A stream of events has to be named.
        Some(start) => begins(start) && !essence.eq_ignore_ascii_case(EVENTS),
        None if wanted.starts_with('+') => ends(wanted),
        None => essence.eq_ignore_ascii_case(wanted),
    })
}

const EVENTS: &str = "text/event-stream";

/// Fields that vouch for each octet of a body as it is sent.
const DIGESTS: [&str; 4] = ["content-digest", "repr-digest", "digest", "content-md5"];
