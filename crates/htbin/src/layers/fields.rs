//! Fields of every answer (`--header`): they replace what the handler has set.

use http::{HeaderMap, HeaderName, HeaderValue, header};

pub(super) fn leave(wanted: &[(HeaderName, HeaderValue)], fields: &mut HeaderMap) {
    // A script may name its own server (NPH); nothing else does.
    fields.entry(header::SERVER).or_insert(SERVER);
    for (position, (name, value)) in wanted.iter().enumerate() {
        let is_first = wanted[..position].iter().all(|(earlier, _)| earlier != name);
        if is_first {
            fields.insert(name, value.clone());
        } else {
            fields.append(name, value.clone());
        }
    }
}

const SERVER: HeaderValue = HeaderValue::from_static(concat!("htbin/", env!("CARGO_PKG_VERSION")));
