//! `X-Sendfile`: a script decides who gets a file, and the server sends it, with ranges and conditions as any other. The
//! file lies beneath a directory that the configuration names, or the answer is a refusal; the field goes to nobody.

use http::{HeaderName, Method, Response, StatusCode, header, request::Parts};

use super::file;
use crate::{body::Body, refusal::Refusal, site::Vault};

/// The field that names the file: an absolute path, as it is on disk.
pub const FIELD: HeaderName = HeaderName::from_static("x-sendfile");

/// The file in place of the body that the script has not sent; the script's own fields are kept.
///
/// # Errors
/// It may not be sent, or is not there; and what [`file::answer`] refuses.
pub fn answer(vault: &Vault, request: &Parts, response: Response<Body>) -> Result<Response<Body>, Refusal> {
    let (script, _) = response.into_parts();
    let Some(path) = script.headers.get(FIELD) else { return Ok(Response::from_parts(script, Body::empty())) };
    let found = vault.find(path.as_bytes())?;
    let mut sent = match asked(request, script.status) {
        Some(whole) => file::answer(found, &whole)?,
        None => file::answer(found, request)?,
    };
    if sent.status() == StatusCode::OK {
        *sent.status_mut() = script.status;
    }
    let is_multipart =
        sent.headers().get(header::CONTENT_TYPE).is_some_and(|it| it.as_bytes().starts_with(b"multipart/"));
    for name in script.headers.keys().filter(|name| !is_of_the_file(name)) {
        if is_multipart && name == header::CONTENT_TYPE {
            continue;
        }
        sent.headers_mut().remove(name);
        script.headers.get_all(name).iter().for_each(|value| _ = sent.headers_mut().append(name, value.clone()));
    }
    sent.extensions_mut().extend(script.extensions);
    Ok(sent)
}

/// Only the answer to GET and HEAD has parts and conditions: of every other, the file is the whole body.
fn asked(request: &Parts, status: StatusCode) -> Option<Parts> {
    if status == StatusCode::OK && matches!(request.method, Method::GET | Method::HEAD) {
        return None;
    }
    let mut whole = request.clone();
    if whole.method != Method::HEAD {
        whole.method = Method::GET;
    }
    for name in [
        header::RANGE,
        header::IF_RANGE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
    ] {
        whole.headers.remove(name);
    }
    Some(whole)
}

/// Fields that the file knows better; and the one that is for us alone.
fn is_of_the_file(name: &HeaderName) -> bool {
    *name == FIELD
        || matches!(
            *name,
            header::CONTENT_LENGTH
                | header::CONTENT_RANGE
                | header::ACCEPT_RANGES
                | header::ETAG
                | header::LAST_MODIFIED
                | header::TRANSFER_ENCODING
        )
}
