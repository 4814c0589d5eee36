//! Cross-origin requests (`--cors`), as the Fetch standard has it: the preflight is answered here, and every answer says
//! which origin may read it.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};

use crate::body::Body;

pub(super) fn enter(_origin: &HeaderValue, request: &Parts) -> Option<Response<Body>> {
    let asked = request.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    if request.method != Method::OPTIONS {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let fields = response.headers_mut();
    fields.insert(header::ACCESS_CONTROL_ALLOW_METHODS, asked.clone());
    if let Some(names) = request.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        fields.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    Some(response)
}

pub(super) fn leave(origin: &HeaderValue, fields: &mut HeaderMap) {
    fields.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    if origin != "*" {
        fields.append(header::VARY, HeaderValue::from_static("Origin"));
    }
}
