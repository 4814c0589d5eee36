//! What `--live` means for one request: who may listen, and which pages shall.

use std::sync::Arc;

use http::{HeaderMap, Method, Response, header, request::Parts};

use super::{Server, details};
use crate::{
    body::Body,
    exchange::Exchange,
    handle::cgi::Debug,
    live::{Live, Mark, PATH},
    refusal::{Reason, Refusal},
};

impl Server {
    /// The state of the site, if this is somebody who may listen and asks for a page.
    pub(super) fn live_mark(&self, exchange: &Exchange, request: &Parts) -> Option<Mark> {
        let live = self.live.as_ref()?;
        (asks_for_a_page(&request.headers) && self.may_listen(exchange, request)).then(|| {
            live.page_asked_for();
            live.mark()
        })
    }

    /// The events, if that is what is asked for by somebody who may listen. To all others nothing is there.
    pub(super) fn live_events(&self, exchange: &Exchange, request: &Parts) -> Option<Result<Response<Body>, Refusal>> {
        let live: &Arc<Live> = self.live.as_ref()?;
        if request.uri.path() != PATH || request.method != Method::GET || !self.may_listen(exchange, request) {
            return None;
        }
        // Another site's page could not read them, but would take a place.
        if request.headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
            return None;
        }
        // What was heard last is newer than what the page was made at.
        let at = request.uri.query().and_then(|query| query.strip_prefix("at="));
        let heard = request.headers.get("last-event-id").and_then(|id| id.to_str().ok());
        Some(live.events(heard.or(at).unwrap_or_default()).ok_or_else(|| {
            Refusal::with_detail(Reason::Busy(RETRY_SECONDS), "too many pages listen for changes; close some")
        }))
    }

    /// The rule of the failure page: this machine, or everybody where everybody sees everything.
    fn may_listen(&self, exchange: &Exchange, request: &Parts) -> bool {
        self.debug == Debug::Always || details::is_of_this_machine(exchange, request)
    }
}

/// The request without its conditions: a page that the script goes into is never the one the client has.
pub(super) fn without_conditions(request: &Parts) -> Parts {
    let mut request = request.clone();
    for name in [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE] {
        request.headers.remove(name);
    }
    request
}

/// Is this what a browser asks for to show it, and not a part that a page loads?
fn asks_for_a_page(fields: &HeaderMap) -> bool {
    match fields.get("sec-fetch-dest") {
        Some(place) => ["document", "iframe", "frame"].iter().any(|it| place == it),
        // Browsers say so only to who is near, or over TLS.
        None => fields
            .get_all(header::ACCEPT)
            .iter()
            .any(|accept| accept.to_str().is_ok_and(|accept| accept.to_ascii_lowercase().contains("text/html"))),
    }
}

const RETRY_SECONDS: u32 = 5;
