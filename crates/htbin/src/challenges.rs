//! What an authority asks to see at `/.well-known/acme-challenge/`, to know that this host is ours (RFC 8555 §8.3):
//! `tls` puts it here while an order runs, `respond` shows it.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use http::{HeaderValue, Method, Response, header, request::Parts};

use crate::body::Body;

/// Answers by the tokens that are asked for.
#[derive(Debug, Default)]
pub struct Challenges(RwLock<HashMap<Box<str>, Box<str>>>);

impl Challenges {
    /// Who asks for this token gets this answer. Only an order puts something here, and takes it away when it is over.
    pub fn put(&self, token: &str, answer: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(token.into(), answer.into());
    }

    /// Nobody asks for it any more.
    pub fn remove(&self, token: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(token);
    }

    /// The answer, if it is such a question. All others go the usual way: another client of an authority may have put a
    /// file there.
    pub fn answer(&self, request: &Parts) -> Option<Response<Body>> {
        let token = request.uri.path().strip_prefix(PREFIX)?;
        let answers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(token).filter(|_| matches!(request.method, Method::GET | Method::HEAD))?;
        let mut response = Response::new(Body::full(answer.as_bytes().to_vec()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        Some(response)
    }
}

/// Where they are asked for.
pub const PREFIX: &str = "/.well-known/acme-challenge/";
