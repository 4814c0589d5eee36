//! Fields of every answer (`--header`): they replace what the handler has set.

use http::{HeaderName, HeaderValue, Response, header};

use crate::body::Body;

pub(super) fn leave(fields: &[(HeaderName, HeaderValue)], response: &mut Response<Body>) {
    // A script may name its own server (NPH); nothing else does.
    response.headers_mut().entry(header::SERVER).or_insert(SERVER);
    for (position, (name, value)) in fields.iter().enumerate() {
        let is_first = fields[..position].iter().all(|(earlier, _)| earlier != name);
        if is_first {
            response.headers_mut().insert(name, value.clone());
        } else {
            response.headers_mut().append(name, value.clone());
        }
    }
}

const SERVER: HeaderValue = HeaderValue::from_static(concat!("htbin/", env!("CARGO_PKG_VERSION")));
