//! Whether it serves, for whoever sends requests here or starts the server anew.

use std::sync::Arc;

use http::{HeaderValue, Method, Response, StatusCode, header, request::Parts};

use crate::{body::Body, ledger::Ledger};

/// What answers at the path of the key `health`.
#[derive(Debug)]
pub struct Health {
    path: Option<Box<str>>,
    ledger: Arc<Ledger>,
}

impl Health {
    /// Answers at this path; without one nowhere.
    pub fn new(path: Option<&str>, ledger: Arc<Ledger>) -> Self {
        Self { path: path.map(Into::into), ledger }
    }

    /// 200 while it serves and 503 from the moment it stops, if that is what the request is for. Asks nobody and waits for
    /// nothing.
    pub fn answer(&self, request: &Parts) -> Option<Response<Body>> {
        if self.path.as_deref()? != request.uri.path() {
            return None;
        }
        let (status, text) = match request.method {
            Method::GET | Method::HEAD if self.ledger.is_closed() => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            Method::GET | Method::HEAD => (StatusCode::OK, "ok\n"),
            _ => (StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD are for this.\n"),
        };
        let body = if request.method == Method::HEAD { Body::empty() } else { Body::full(text) };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let fields = response.headers_mut();
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        fields.insert(header::CONTENT_LENGTH, text.len().into());
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::METHOD_NOT_ALLOWED {
            fields.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        Some(response)
    }
}
