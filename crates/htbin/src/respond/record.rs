//! Writing an exchange down when its answer is over, however it ends.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{StatusCode, Version, header, request::Parts};

use crate::{
    body::{Body, Part},
    exchange::Exchange,
    log::{AccessLog, Entry},
    refusal::Refusal,
};

/// What is known about an exchange besides its request and status.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// The script that ran for it, or was to run.
    pub(super) script: Option<Box<str>>,
    /// Why it was refused.
    pub(super) reason: Option<&'static str>,
}

/// An exchange on its way into the access log; written when dropped, whenever that is.
pub(super) struct Record {
    access: Arc<AccessLog>,
    exchange: Arc<Exchange>,
    pub(super) request: Parts,
    pub(super) remarks: Remarks,
    /// None until there is an answer.
    pub(super) status: Option<StatusCode>,
    body_bytes: u64,
}

impl Record {
    pub(super) fn new(access: Arc<AccessLog>, exchange: Arc<Exchange>, request: Parts) -> Self {
        Self { access, exchange, request, remarks: Remarks::default(), status: None, body_bytes: 0 }
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
        duration: exchange.started.elapsed(),
        referer: None,
        user_agent: None,
        user: None,
        script: None,
        reason: Some(refusal.word()),
    });
}

impl Drop for Record {
    fn drop(&mut self) {
        let field = |name| self.request.headers.get(name).map(header::HeaderValue::as_bytes);
        // Not a status of HTTP, as nobody gets it; nginx writes the same.
        let client_left = StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST);
        self.access.record(&Entry {
            exchange: &self.exchange,
            method: self.request.method.as_str(),
            target: self.request.uri.path_and_query().map_or("*", http::uri::PathAndQuery::as_str),
            version: self.request.version,
            status: self.status.unwrap_or(client_left),
            body_bytes: self.body_bytes,
            duration: self.exchange.started.elapsed(),
            referer: field(header::REFERER),
            user_agent: field(header::USER_AGENT),
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
    pub(super) fn new(body: Body, record: Record) -> Self {
        Self { body, record }
    }
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
