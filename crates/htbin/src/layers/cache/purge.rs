//! `PURGE`, as Varnish and its friends have it: whoever sits at this machine takes out what is stored.

use http::{HeaderName, HeaderValue, Response, StatusCode, header, request::Parts};

use super::{Settings, key::Asked};
use crate::{body::Body, exchange::Exchange};

/// The answer to PURGE, where that is on. `PURGE /path*` takes out all that begins so.
///
/// None for every other method, and where whoever asks may not: for them there is no such method.
pub fn purge(settings: &Settings, exchange: &Exchange, request: &Parts) -> Option<Response<Body>> {
    if !settings.purge || request.method.as_str() != "PURGE" || !may_purge(exchange, request) {
        return None;
    }
    let asked = Asked::of(request, exchange.connection.secure)?;
    let beginning = request.uri.path_and_query()?.as_str().strip_suffix('*');
    let is_gone = match beginning {
        Some(beginning) => {
            settings.store.invalidate_below(asked.with_target(beginning));
            true
        }
        None => [asked, asked.otherwise()].map(|it| settings.store.invalidate(it)).contains(&true),
    };
    let (status, text) = if is_gone { (StatusCode::OK, "purged\n") } else { (StatusCode::NOT_FOUND, "not stored\n") };
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Some(response)
}

/// Somebody at this machine: no proxy that asks for another, and no page in a browser.
fn may_purge(exchange: &Exchange, request: &Parts) -> bool {
    exchange.connection.is_of_this_machine() && !request.headers.keys().any(is_of_another)
}

fn is_of_another(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("x-forwarded-")
        || name.starts_with("sec-fetch-")
        || matches!(name, "forwarded" | "x-real-ip" | "via" | "origin" | "referer")
}
