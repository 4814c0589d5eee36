//! What happens to every request on its way in and to every answer on its way out, as plain functions called in order.

pub mod cache;
pub mod compress;
mod cors;
mod fields;
mod inject;

use http::{HeaderMap, HeaderName, HeaderValue, Response, request::Parts};

use self::inject::inject;
use crate::{body::Body, exchange::Exchange, live::Mark, refusal::Refusal};

/// The layers that are in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Fields of every answer, `--header`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The origin whose pages may read the answers, `--cors`.
    pub cors: Option<HeaderValue>,
    /// Answers are compressed.
    pub compress: Option<compress::Settings>,
    /// Answers of scripts are stored.
    pub cache: Option<cache::Settings>,
}

/// A request comes in; a layer may answer it itself, or refuse it.
#[expect(clippy::unused_async, reason = "layers that ask somebody stand here")]
pub async fn enter(
    settings: &Settings,
    exchange: &Exchange,
    request: &Parts,
) -> Result<Option<Response<Body>>, Refusal> {
    if let Some(response) = settings.cors.as_ref().and_then(|origin| cors::enter(origin, request)) {
        return Ok(Some(response));
    }
    Ok(settings.cache.as_ref().and_then(|cache| cache::purge(cache, exchange, request)))
}

/// An answer goes out, to somebody who hears of changes or not.
pub fn leave(
    settings: &Settings,
    request: &Parts,
    mut response: Response<Body>,
    mark: Option<&Mark>,
) -> Response<Body> {
    finish(settings, response.headers_mut());
    send(settings, request, response, mark)
}

/// An answer whose fields are finished goes out: what changes the octets of a body.
pub fn send(settings: &Settings, request: &Parts, mut response: Response<Body>, mark: Option<&Mark>) -> Response<Body> {
    if let Some(mark) = mark {
        response = inject(response, &request.method, mark);
    }
    match &settings.compress {
        Some(compress) => compress::leave(compress, request, response),
        None => response,
    }
}

/// The fields of an answer, as they go out.
pub fn finish(settings: &Settings, fields: &mut HeaderMap) {
    if let Some(origin) = &settings.cors {
        cors::leave(origin, fields);
    }
    fields::leave(&settings.headers, fields);
}
