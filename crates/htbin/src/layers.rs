//! Placeholder for the layers: their settings only.

use ::http::{HeaderName, HeaderValue};

/// What every response gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Fields of every response.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Who may read responses from a page elsewhere.
    pub cors: Option<HeaderValue>,
}
