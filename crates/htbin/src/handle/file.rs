//! To be built.
use crate::{body::Body, refusal::Refusal, site::SiteFile};
/// x
pub fn answer(file: SiteFile, _request: &http::request::Parts) -> Result<http::Response<Body>, Refusal> {
    Ok(http::Response::new(Body::file(file.file, 0, file.metadata.size)))
}
