//! To be built.
use crate::{body::Body, path::UrlPath, refusal::Refusal, site::Directory};
/// x
pub fn answer(
    _directory: &Directory,
    _request: &http::request::Parts,
    _path: &UrlPath,
) -> Result<http::Response<Body>, Refusal> {
    Ok(http::Response::new(Body::full("listing")))
}
