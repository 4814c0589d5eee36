//! Writing an exchange down when its answer is over, however it ends.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderName, HeaderValue, Method, Response, StatusCode, Version, header, request::Parts};

use crate::{
    body::{Body, Part},
    exchange::Exchange,
    log::{AccessLog, Entry},
    refusal::Refusal,
};

/// What is known about an exchange besides its request and status.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// The script that ran for it.
    pub(super) script: Option<Box<str>>,
    /// Why it was refused.
    pub(super) reason: Option<&'static str>,
}

/// An exchange on its way into the access log; written when dropped, whenever that is.
pub(super) struct Record {
    access: Arc<AccessLog>,
    pub(super) exchange: Exchange,
    request: Words,
    pub(super) remarks: Remarks,
    /// None until there is an answer.
    status: Option<StatusCode>,
    body_bytes: u64,
}

impl Record {
    pub(super) fn new(access: Arc<AccessLog>, exchange: Exchange, request: &Parts) -> Self {
        Self { access, exchange, request: request.into(), remarks: Remarks::default(), status: None, body_bytes: 0 }
    }

    /// The answer that this is the record of.
    pub(super) fn of(mut self, response: Response<Body>) -> Response<Recorded> {
        self.status = Some(response.status());
        response.map(|body| Recorded { body, record: self })
    }
}

/// What the log says of a request. Copies, as a request holds the buffer it was read into.
struct Words {
    method: Method,
    target: Box<str>,
    version: Version,
    referer: Option<Box<[u8]>>,
    user_agent: Option<Box<[u8]>>,
}

impl From<&Parts> for Words {
    fn from(request: &Parts) -> Self {
        let field = |name: HeaderName| request.headers.get(name).map(HeaderValue::as_bytes).map(Box::from);
        Self {
            method: request.method.clone(),
            target: request.uri.path_and_query().map_or("*", http::uri::PathAndQuery::as_str).into(),
            version: request.version,
            referer: field(header::REFERER),
            user_agent: field(header::USER_AGENT),
        }
    }
}

/// Writes down what was no request: only the client and the refusal are known.
pub(super) fn record_refusal(access: &AccessLog, exchange: &Exchange, refusal: &Refusal) {
    access.record(&Entry {
        exchange,
        method: "",
        target: "",
        version: Version::HTTP_11,
        status: refusal.status(),
        body_bytes: 0,
        referer: None,
        user_agent: None,
        user: None,
        script: None,
        reason: Some(refusal.word()),
    });
}

impl Drop for Record {
    fn drop(&mut self) {
        // Not a status of HTTP, as nobody gets it; nginx writes the same.
        let client_left = StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST);
        self.access.record(&Entry {
            exchange: &self.exchange,
            method: self.request.method.as_str(),
            target: &self.request.target,
            version: self.request.version,
            status: self.status.unwrap_or(client_left),
            body_bytes: self.body_bytes,
            referer: self.request.referer.as_deref(),
            user_agent: self.request.user_agent.as_deref(),
            user: None,
            script: self.remarks.script.as_deref(),
            reason: self.remarks.reason.or(self.status.is_none().then_some("client-left")),
        });
    }
}

/// The body of an answer, counted on its way out.
pub struct Recorded {
    body: Body,
    record: Record,
}

impl Recorded {
    /// The next part of the body.
    pub fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Option<std::io::Result<Part>>> {
        let part = std::task::ready!(self.body.poll_part(context));
        match &part {
            Some(Ok(part)) => self.record.body_bytes += part.length(),
            Some(Err(error)) => {
                tracing::info!(id = %self.record.exchange.id, "the answer was cut: {error}");
                self.record.remarks.reason.get_or_insert("cut");
            }
            None => {}
        }
        Poll::Ready(part)
    }

    /// How many octets are left, where that is known.
    pub fn length(&self) -> Option<u64> {
        self.body.length()
    }
}
