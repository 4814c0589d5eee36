//! What happens to every request on its way in and to every answer on its way out, as plain functions called in order.

mod cors;
mod fields;
mod inject;

use http::{HeaderMap, HeaderName, HeaderValue, Response, request::Parts};

pub use inject::inject;

use crate::body::Body;

/// The layers that are in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Fields of every answer, `--header`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The origin whose pages may read the answers, `--cors`.
    pub cors: Option<HeaderValue>,
}

/// A request comes in; a layer may answer it itself.
pub fn enter(settings: &Settings, request: &Parts) -> Option<Response<Body>> {
    cors::enter(settings.cors.as_ref()?, request)
}

/// An answer with these fields goes out.
pub fn leave(settings: &Settings, fields: &mut HeaderMap) {
    if let Some(origin) = &settings.cors {
        cors::leave(origin, fields);
    }
    fields::leave(&settings.headers, fields);
}
