//! Compresses answers on their way out, each by a coding its client takes (RFC 9110 §8.4, §12.5.3). A stream stays one,
//! and what is large is not compressed on the threads that serve. It never changes what a request means.

mod eligible;
mod encoder;
mod kept;
mod passage;

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};

use self::{encoder::Encoder, kept::Kept, passage::Passage};
use crate::{
    body::{Body, Origin, Part},
    coding::{Accepted, Coding},
};

/// What is compressed. Clones share what is kept.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Media types: one by name, `text/*`, or by their end as in `+json`.
    pub types: Vec<Box<str>>,
    /// What is known to be shorter goes as it is.
    pub bytes_min: u64,
    /// A file with the name of another and `.zst`, `.br` or `.gz` is its compressed form, made beforehand.
    pub precompressed: bool,
    /// What was compressed and may be asked for again.
    kept: Arc<Kept>,
}

impl Settings {
    /// These types, and nothing that is known to be shorter than this.
    pub fn new(types: Vec<Box<str>>, bytes_min: u64) -> Self {
        Self { types, bytes_min, precompressed: false, kept: Arc::default() }
    }
}

impl Settings {
    /// What is kept for others is kept for these too.
    pub fn share(&mut self, others: &Self) {
        self.kept = Arc::clone(&others.kept);
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(TYPES.map(Box::from).into(), BYTES_MIN)
    }
}

impl PartialEq for Settings {
    /// What is kept is no setting.
    fn eq(&self, other: &Self) -> bool {
        let all = |it: &Self| (it.bytes_min, it.precompressed);
        self.types == other.types && all(self) == all(other)
    }
}

impl Eq for Settings {}

/// An answer goes out: compressed, if it is worth it and the client takes that.
pub fn leave(settings: &Settings, request: &Parts, mut response: Response<Body>) -> Response<Body> {
    if response.status() == StatusCode::NOT_MODIFIED {
        not_modified(request, response.headers_mut());
        return response;
    }
    if !eligible::is_eligible(settings, request, &response) {
        return response;
    }
    // Whoever keeps this answer has to know that others may get another.
    vary(response.headers_mut());
    match Accepted::of(&request.headers).best(&PREFERENCE) {
        Some(coding) if request.method == Method::HEAD => {
            head(coding, &mut response);
            response
        }
        Some(coding) => encoded(settings, coding, response),
        None => response,
    }
}

/// HEAD gets the fields of GET (RFC 9110 §9.3.2) as far as they are known: a script that announces no length may still
/// write too little to be compressed.
fn head(coding: Coding, response: &mut Response<Body>) {
    let fields = response.headers_mut();
    if fields.contains_key(header::CONTENT_LENGTH) {
        describe(coding, fields);
    } else {
        weaken(fields);
    }
}

fn encoded(settings: &Settings, coding: Coding, mut response: Response<Body>) -> Response<Body> {
    let origin = response.extensions_mut().remove::<Origin>();
    if let Some(known) = origin.and_then(|origin| settings.kept.find(origin, coding)) {
        describe(coding, response.headers_mut());
        return response.map(|_| Body::full(known));
    }
    let length = response.body().length();
    let at_once = length.filter(|length| *length <= AT_ONCE_BYTES_MAX).and_then(|_| whole(response.body()));
    if let Some(parts) = at_once {
        let Ok(compressed) = Encoder::whole(coding, &parts) else { return response };
        // What does not become shorter goes as it is.
        if compressed.len() as u64 >= length.unwrap_or(0) {
            return response;
        }
        if let Some(origin) = origin {
            settings.kept.keep(origin, coding, compressed.clone());
        }
        describe(coding, response.headers_mut());
        return response.map(|_| Body::full(compressed));
    }
    let Ok(encoder) = Encoder::new(coding, length) else { return response };
    describe(coding, response.headers_mut());
    let keep = origin.map(|origin| kept::Keeping::new(Arc::clone(&settings.kept), origin, coding));
    response.map(|body| Passage::new(body, encoder, keep).into_body())
}

/// The body, if it lies in memory.
fn whole(body: &Body) -> Option<Vec<&[u8]>> {
    match body {
        Body::One(part) => part.iter().map(octets).collect(),
        Body::Parts(parts) => parts.iter().map(octets).collect(),
        Body::Stream { .. } => None,
    }
}

fn octets(part: &Part) -> Option<&[u8]> {
    match part {
        Part::Bytes(octets) => Some(octets),
        Part::File { .. } => None,
    }
}

/// The fields of a compressed answer.
fn describe(coding: Coding, fields: &mut HeaderMap) {
    fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    fields.remove(header::CONTENT_LENGTH);
    // The ranges that the handler knows are of other octets.
    fields.remove(header::ACCEPT_RANGES);
    weaken(fields);
}

/// A strong entity-tag names octets, and these are others now: it becomes a weak one (RFC 9110 §8.8.1, §8.8.3.3). A client
/// that asks with it whether its copy still holds needs no translation, as `If-None-Match` compares weakly.
fn weaken(fields: &mut HeaderMap) {
    let Some(tag) = fields.get(header::ETAG) else { return };
    if tag.as_bytes().starts_with(b"\"")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        fields.insert(header::ETAG, weak);
    }
}

/// The client has what it asks for: it shall know by the tag that it has kept which one that is (RFC 9111 §4.3.4).
fn not_modified(request: &Parts, fields: &mut HeaderMap) {
    vary(fields);
    let Some(tag) = fields.get(header::ETAG).map(|tag| [b"W/", tag.as_bytes()].concat()) else { return };
    let asked = request.headers.get_all(header::IF_NONE_MATCH).iter();
    if asked.into_iter().any(|list| memchr::memmem::find(list.as_bytes(), &tag).is_some()) {
        weaken(fields);
    }
}

fn vary(fields: &mut HeaderMap) {
    let names = fields.get_all(header::VARY).iter().filter_map(|value| value.to_str().ok());
    let says = |name: &str| name.trim().eq_ignore_ascii_case("accept-encoding") || name.trim() == "*";
    if !names.flat_map(|value| value.split(',')).any(says) {
        fields.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}

/// What a client that takes several alike gets: Zstandard costs least where it is not kept.
const PREFERENCE: [Coding; 3] = [Coding::Zstd, Coding::Brotli, Coding::Gzip];

/// Text by other names. A stream of events is not among them: it lasts for hours, each with a compressor's memory, and
/// saves little. Whoever wants that names it.
const TYPES: [&str; 16] = [
    "text/*",
    "+json",
    "+xml",
    "application/json",
    "application/x-ndjson",
    "application/javascript",
    "application/xml",
    "application/wasm",
    "application/yaml",
    "application/toml",
    "application/sql",
    "application/graphql",
    "application/rtf",
    "application/vnd.ms-fontobject",
    "font/ttf",
    "font/otf",
];

/// Below that one packet holds it anyway.
const BYTES_MIN: u64 = 1024;
/// What is compressed before the answer goes out; more than that is a stream.
const AT_ONCE_BYTES_MAX: u64 = 16 * 1024;

#[cfg(test)]
mod tests;
