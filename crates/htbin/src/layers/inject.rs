//! Puts the script of `--live` into a page on its way out: before its last `</body>`, else at its end. What is no page,
//! or may not be changed, passes as it is; a stream stays one.

mod place;
mod policy;

use std::{collections::VecDeque, io};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use self::place::Place;
use crate::{
    body::{Body, Chunks, Origin, Part},
    live::Mark,
    page,
};

/// The answer with the script in it, where that is possible.
pub(super) fn inject(mut response: Response<Body>, method: &Method, mark: &Mark) -> Response<Body> {
    if *method == Method::HEAD || !is_page(response.status(), response.headers()) {
        return response;
    }
    if response.extensions().get::<page::Own>().is_some() {
        policy::extend(response.headers_mut());
    } else if !policy::allows(response.headers()) {
        tracing::debug!("--live: not put into a page whose Content-Security-Policy forbids it");
        return response;
    }
    let fields = response.headers_mut();
    // This page is like no other: it is not kept, not compared and not asked for in parts.
    for name in [header::CONTENT_LENGTH, header::ETAG, header::LAST_MODIFIED, header::ACCEPT_RANGES, header::EXPIRES] {
        fields.remove(name);
    }
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().remove::<Origin>();
    response.map(|body| with(body, mark.element()))
}

/// Is this a page, whole and as it will be read?
fn is_page(status: StatusCode, fields: &HeaderMap) -> bool {
    let has_body = !matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED
    );
    let text = |name| fields.get_all(name).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
    let says = |name, word: &str| text(name).any(|value| value.to_ascii_lowercase().contains(word));
    has_body
        && text(header::CONTENT_TYPE).next().is_some_and(is_html)
        && text(header::CONTENT_ENCODING).all(|coding| coding.trim().eq_ignore_ascii_case("identity"))
        && !says(header::CACHE_CONTROL, "no-transform")
        && !says(header::CONTENT_DISPOSITION, "attachment")
        && !DIGESTS.iter().any(|name| fields.contains_key(*name))
        && !fields.contains_key(header::CONTENT_RANGE)
}

/// HTML in an encoding in which ASCII is ASCII.
fn is_html(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let is_html = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("text/html"));
    is_html && !parts.any(|part| part.to_ascii_lowercase().replace('"', "").starts_with("charset=utf-16"))
}

fn with(body: Body, element: Bytes) -> Body {
    let parts = match body {
        Body::Stream { chunks, length } => return stream_with(chunks, length, element),
        Body::One(part) => part.into_iter().collect(),
        Body::Parts(parts) => parts,
    };
    let mut place = Place::new(element);
    let mut all: VecDeque<Part> = VecDeque::with_capacity(parts.len() + 3);
    for part in parts {
        match part {
            Part::Bytes(bytes) => all.extend(place.push(bytes).into_iter().map(Part::Bytes)),
            // A large file is sent by the kernel, and nobody here reads it.
            file @ Part::File { .. } => {
                all.extend(place.give_up().into_iter().map(Part::Bytes));
                all.push_back(file);
            }
        }
    }
    all.extend(place.finish().into_iter().map(Part::Bytes));
    Body::Parts(all)
}

/// A stream and its script.
struct Passage {
    chunks: Chunks,
    /// How many octets are to come, where that is known.
    left: Option<u64>,
    /// Taken when the stream is over.
    place: Option<Place>,
    ready: VecDeque<io::Result<Bytes>>,
}

fn stream_with(chunks: Chunks, left: Option<u64>, element: Bytes) -> Body {
    let passage = Passage { chunks, left, place: Some(Place::new(element)), ready: VecDeque::new() };
    let chunks = stream::unfold(passage, |mut passage| async {
        let chunk = passage.next().await?;
        Some((chunk, passage))
    });
    // A length that was announced is the page's own.
    Body::Stream { chunks: Box::pin(chunks), length: None }
}

impl Passage {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            let place = self.place.as_mut()?;
            // Who has sent all that was announced may go on for long: nobody waits for that.
            let next = if self.left == Some(0) { None } else { self.chunks.next().await };
            match next {
                Some(Ok(chunk)) => {
                    self.left = self.left.map(|left| left.saturating_sub(chunk.len() as u64));
                    self.ready.extend(place.push(chunk).into_iter().map(Ok));
                }
                // What came goes out before the connection is cut.
                Some(Err(error)) => {
                    self.ready.extend(place.give_up().into_iter().map(Ok));
                    self.ready.push_back(Err(error));
                    self.place = None;
                }
                None => self.ready.extend(self.place.take()?.finish().into_iter().map(Ok)),
            }
        }
    }
}

/// Fields that vouch for each octet of a body.
const DIGESTS: [&str; 4] = ["content-digest", "repr-digest", "digest", "content-md5"];

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn what_is_a_page() {
        let page = |pairs: &[_]| is_page(StatusCode::OK, &fields(pairs));
        assert!(page(&[("content-type", "text/html")]));
        assert!(page(&[("content-type", "Text/HTML; charset=utf-8"), ("content-encoding", "identity")]));
        for pairs in [
            &[][..],
            &[("content-type", "text/plain")],
            &[("content-type", "text/event-stream")],
            &[("content-type", "text/html; charset=\"UTF-16LE\"")],
            &[("content-type", "text/html"), ("content-encoding", "gzip")],
            &[("content-type", "text/html"), ("cache-control", "max-age=1, No-Transform")],
            &[("content-type", "text/html"), ("content-disposition", "attachment; filename=a.html")],
            &[("content-type", "text/html"), ("content-digest", "sha-256=:AAAA:")],
        ] {
            assert!(!page(pairs), "{pairs:?}");
        }
        assert!(!is_page(StatusCode::PARTIAL_CONTENT, &fields(&[("content-type", "text/html")])));
        assert!(is_page(StatusCode::BAD_GATEWAY, &fields(&[("content-type", "text/html")])));
    }
}
