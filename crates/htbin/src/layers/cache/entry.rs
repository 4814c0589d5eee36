//! A stored answer: how old it is, whether it is still good, and what a client gets of it. It never changes; one that was
//! renewed is another.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use hyper::ext::ReasonPhrase;

use super::terms::Terms;
use crate::{
    body::{Body, Origin},
    handle::conditional,
};

/// A stored answer.
#[derive(Debug)]
pub(super) struct Entry {
    origin: Origin,
    status: StatusCode,
    reason: Option<ReasonPhrase>,
    fields: HeaderMap,
    body: Bytes,
    pub(super) terms: Terms,
    /// The fields of the request that chose it.
    pub(super) fingerprint: u64,
    came: Instant,
}

/// How good a stored answer is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goodness {
    Fresh,
    /// To be given, and to be renewed meanwhile.
    WhileRenewed,
    Stale,
}

impl Entry {
    /// What is stored of an answer.
    pub(super) fn new(head: http::response::Parts, body: Bytes, terms: Terms, fingerprint: u64) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let http::response::Parts { status, headers: mut fields, mut extensions, .. } = head;
        fields.remove(header::CONTENT_LENGTH);
        fields.remove(header::AGE);
        // Whoever gets it later has to know when it was made, as Expires counts from that (RFC 9110 §6.6.1).
        if !fields.contains_key(header::DATE)
            && let Ok(now) = HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now()))
        {
            fields.insert(header::DATE, now);
        }
        let origin = Origin::Stored(LAST.fetch_add(1, Ordering::Relaxed));
        let reason = extensions.remove::<ReasonPhrase>();
        Self { origin, status, reason, fields, body, terms, fingerprint, came: Instant::now() }
    }

    /// The fields that it has after the script has said that it is still the one (RFC 9111 §3.2, §4.3.4).
    pub(super) fn fields_with(&self, news: &HeaderMap) -> HeaderMap {
        let mut fields = self.fields.clone();
        fields.remove(header::DATE);
        for name in news.keys().filter(|name| !is_of_the_body(name)) {
            fields.remove(name);
            news.get_all(name).iter().for_each(|value| _ = fields.append(name, value.clone()));
        }
        fields
    }

    /// The same body with these fields, on these terms.
    pub(super) fn renewed(&self, fields: HeaderMap, terms: Terms, fingerprint: u64) -> Self {
        let mut head = Response::new(()).into_parts().0;
        (head.status, head.headers) = (self.status, fields);
        let renewed = Self::new(head, self.body.clone(), terms, fingerprint);
        Self { reason: self.reason.clone(), origin: self.origin, ..renewed }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn goodness(&self) -> Goodness {
        let age = self.age();
        let Terms { lifetime, while_renewed, .. } = self.terms;
        if age < lifetime {
            Goodness::Fresh
        } else if age < lifetime.saturating_add(while_renewed) {
            Goodness::WhileRenewed
        } else {
            Goodness::Stale
        }
    }

    /// May it be given because the script has failed?
    pub(super) fn is_good_enough(&self) -> bool {
        self.age() < self.terms.lifetime.saturating_add(self.terms.if_error)
    }

    /// Is it of use when it is stale?
    pub(super) fn has_validator(&self) -> bool {
        self.fields.contains_key(header::ETAG) || self.fields.contains_key(header::LAST_MODIFIED)
    }

    /// The conditions that ask the script whether this is still the one; those of the client are answered here.
    pub(super) fn put_conditions(&self, fields: &mut HeaderMap) {
        for (validator, condition) in
            [(header::ETAG, header::IF_NONE_MATCH), (header::LAST_MODIFIED, header::IF_MODIFIED_SINCE)]
        {
            if let Some(value) = self.fields.get(validator) {
                fields.insert(condition, value.clone());
            }
        }
    }

    /// What a client gets of it.
    pub(super) fn answer(&self, request: &Parts, told: Told<'_>) -> Response<Body> {
        let is_modified = self.status != StatusCode::OK || !self.is_known(&request.headers);
        let mut response = Response::new(match request.method {
            Method::GET if is_modified => Body::full(self.body.clone()),
            _ => Body::empty(),
        });
        let mut fields = self.fields.clone();
        fields.insert(header::AGE, self.age().as_secs().into());
        told.put(self, &mut fields);
        if is_modified {
            *response.status_mut() = self.status;
            if request.method == Method::HEAD {
                fields.insert(header::CONTENT_LENGTH, self.body.len().into());
            }
            if let Some(reason) = &self.reason {
                response.extensions_mut().insert(reason.clone());
            }
        } else {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            for name in &OF_THE_BODY {
                fields.remove(name);
            }
        }
        *response.headers_mut() = fields;
        response
    }

    /// What its body is, to know it again.
    pub(super) fn origin(&self) -> Origin {
        self.origin
    }

    /// What it takes, more or less: a field is a name, a value and their places in a table.
    pub(super) fn bytes(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        self.body.len() + fields + 512
    }

    /// Has the client this one already (RFC 9110 §13.1.2, §13.1.3)?
    fn is_known(&self, conditions: &HeaderMap) -> bool {
        if conditions.contains_key(header::IF_NONE_MATCH) {
            let tag = self.fields.get(header::ETAG).map_or(&b""[..], HeaderValue::as_bytes);
            let opaque = tag.strip_prefix(b"W/").unwrap_or(tag);
            return conditional::lists(conditions, header::IF_NONE_MATCH, opaque, true);
        }
        let date = |fields: &HeaderMap, name| conditional::date(fields, name);
        date(conditions, header::IF_MODIFIED_SINCE)
            .zip(date(&self.fields, header::LAST_MODIFIED))
            .is_some_and(|(since, modified)| modified <= since)
    }

    fn age(&self) -> Duration {
        self.terms.age.saturating_add(self.came.elapsed())
    }

    fn left(&self) -> i64 {
        let seconds = |it: Duration| i64::try_from(it.as_secs()).unwrap_or(i64::MAX);
        seconds(self.terms.lifetime) - seconds(self.age())
    }
}

/// What `Cache-Status` tells (RFC 9211).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told<'a> {
    /// It was there.
    Hit,
    /// The script was asked, and why; what came of it.
    Forwarded(&'static str, &'a str),
}

impl Told<'_> {
    /// Tells it of an answer from here.
    fn put(self, entry: &Entry, fields: &mut HeaderMap) {
        match self {
            Self::Hit => append(fields, &format!("{NAME}; hit; ttl={}", entry.left())),
            Self::Forwarded(why, more) => append(fields, &format!("{NAME}; fwd={why}{more}; ttl={}", entry.left())),
        }
    }

    /// Tells it of an answer that is not stored.
    pub(super) fn put_forwarded(why: &str, fields: &mut HeaderMap) {
        append(fields, &format!("{NAME}; fwd={why}"));
    }
}

fn append(fields: &mut HeaderMap, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        fields.append(HeaderName::from_static("cache-status"), value);
    }
}

/// Fields that say something of octets: those of a 304 are of none.
fn is_of_the_body(name: &HeaderName) -> bool {
    OF_THE_BODY.contains(name) || name == header::TRANSFER_ENCODING
}

const OF_THE_BODY: [HeaderName; 6] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_RANGE,
    header::ACCEPT_RANGES,
];
const NAME: &str = "htbin";
