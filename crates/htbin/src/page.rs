//! To be built.
use crate::{exchange::ExchangeId, refusal::Refusal};
/// x
pub fn refusal(
    refusal: &Refusal,
    _id: ExchangeId,
    _details: bool,
    _fields: &http::HeaderMap,
) -> (&'static str, bytes::Bytes) {
    ("text/plain", format!("{refusal:?}\n").into())
}
