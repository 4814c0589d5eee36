//! What people look at: listings, refusals and the status page, as HTML, JSON or plain text. It reads no request but its
//! `Accept`, and loads nothing; the status page alone has a script, and hears from the server what has changed.

mod accept;
mod failure;
mod listing;
mod refusal;
pub mod status;

use http::{HeaderValue, Response, StatusCode, header};

pub use self::{
    accept::Form,
    failure::Details,
    listing::{Listing, Order, Sort, listing},
    refusal::refusal,
};
use crate::body::Body;

/// Marks an answer as a page of our own, in its extensions.
#[derive(Debug, Clone, Copy)]
pub struct Own;

/// A page, ready to be sent.
#[derive(Debug, Clone)]
pub struct Page {
    /// How it is written.
    pub form: Form,
    /// Its text.
    pub text: String,
}

impl Page {
    /// The page as an answer, with the fields that keep a browser from doing more with it than to show it.
    pub fn into_response(self, status: StatusCode) -> Response<Body> {
        let mut response = Response::new(Body::full(self.text));
        *response.status_mut() = status;
        response.extensions_mut().insert(Own);
        let fields = response.headers_mut();
        let mut put = |name, value| fields.insert(name, HeaderValue::from_static(value));
        put(header::CONTENT_TYPE, self.form.content_type());
        put(header::CACHE_CONTROL, "no-store");
        put(header::VARY, "accept");
        put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if self.form == Form::Html {
            put(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
            put(header::REFERRER_POLICY, "same-origin");
        }
        response
    }
}

/// Text for a person: control characters, which could move a terminal's cursor or hide what stands there, replaced.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

/// The stylesheet stands in the page. With nothing else to be loaded, not even a picture, a style could do no harm.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
