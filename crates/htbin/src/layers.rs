//! What happens to every request on its way in and to every answer on its way out, as plain functions called in order.

mod cors;
mod fields;
pub mod https;
mod inject;

use http::{HeaderMap, HeaderName, HeaderValue, Response, request::Parts};

pub use self::inject::inject;

use crate::{
    body::Body,
    exchange::{Connection, Exchange},
    live::Mark,
    refusal::Refusal,
};

/// The layers that are in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Fields of every answer, `--header`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The origin whose pages may read the answers, `--cors`.
    pub cors: Option<HeaderValue>,
    /// TLS is to be spoken.
    pub https: Option<https::Settings>,
}

/// A request comes in; a layer may answer it itself, or refuse it.
#[expect(clippy::unused_async, reason = "layers that ask somebody stand here")]
pub async fn enter(
    settings: &Settings,
    exchange: &Exchange,
    request: &Parts,
) -> Result<Option<Response<Body>>, Refusal> {
    if let Some(https) = &settings.https
        && let Some(response) = https::enter(https, &exchange.connection, request)?
    {
        return Ok(Some(response));
    }
    Ok(settings.cors.as_ref().and_then(|origin| cors::enter(origin, request)))
}

/// An answer goes out, to somebody who hears of changes or not.
pub fn leave(
    settings: &Settings,
    request: &Parts,
    mut response: Response<Body>,
    mark: Option<&Mark>,
) -> Response<Body> {
    finish(settings, response.headers_mut());
    match mark {
        Some(mark) => inject(response, &request.method, mark),
        None => response,
    }
}

/// The fields of an answer that depend on the connection it goes over.
pub fn leave_over(settings: &Settings, connection: &Connection, fields: &mut HeaderMap) {
    if let Some(https) = &settings.https {
        https::leave(https, connection, fields);
    }
}

/// The fields of an answer, as they go out.
pub fn finish(settings: &Settings, fields: &mut HeaderMap) {
    if let Some(origin) = &settings.cors {
        cors::leave(origin, fields);
    }
    fields::leave(&settings.headers, fields);
}
