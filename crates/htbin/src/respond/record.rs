//! Writing an exchange down when its answer is over, however it ends.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{StatusCode, Version, header, request::Parts};

use super::Stopped;
use crate::{
    body::{Body, Part},
    exchange::Exchange,
    log::{AccessLog, Entry},
    refusal::{Reason, Refusal},
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
    stopped: Stopped,
    pub(super) request: Parts,
    pub(super) remarks: Remarks,
    /// None until there is an answer.
    pub(super) status: Option<StatusCode>,
    body_bytes: u64,
}

impl Record {
    pub(super) fn new(access: Arc<AccessLog>, exchange: Arc<Exchange>, stopped: Stopped, request: Parts) -> Self {
        Self { access, exchange, stopped, request, remarks: Remarks::default(), status: None, body_bytes: 0 }
    }

    /// The status and the word where no answer was ever begun.
    fn unanswered(&self) -> (StatusCode, Option<&'static str>) {
        if self.stopped.is_told() {
            let refusal = Refusal::new(Reason::Stopped);
            return (refusal.status(), Some(refusal.word()));
        }
        // Not a status of HTTP, as nobody gets it; nginx writes the same.
        (StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST), Some("client-left"))
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
        let (status, reason) = self.status.map_or_else(|| self.unanswered(), |status| (status, self.remarks.reason));
        self.access.record(&Entry {
            exchange: &self.exchange,
            method: self.request.method.as_str(),
            target: self.request.uri.path_and_query().map_or("*", http::uri::PathAndQuery::as_str),
            version: self.request.version,
            status,
            body_bytes: self.body_bytes,
            duration: self.exchange.started.elapsed(),
            referer: field(header::REFERER),
            user_agent: field(header::USER_AGENT),
            user: None,
            script: self.remarks.script.as_deref(),
            reason,
        });
    }
}

/// The body of an answer, counted on its way out.
pub struct Recorded {
    body: Body,
    record: Record,
    /// The end of the body was seen.
    is_ended: bool,
    /// The rest of a part was not sent.
    is_part_left: bool,
    /// Made when the body is first waited for.
    told: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Recorded {
    pub(super) fn new(body: Body, record: Record) -> Self {
        Self { body, record, is_ended: false, is_part_left: false, told: None }
    }
}

impl Recorded {
    /// The next part of the body.
    pub fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Option<std::io::Result<Part>>> {
        let Poll::Ready(part) = self.body.poll_part(context) else {
            ready!(self.poll_told(context));
            self.record.remarks.reason = Some(Refusal::new(Reason::Stopped).word());
            tracing::info!(id = %self.record.exchange.id, "the answer was cut: the server was stopped");
            return Poll::Ready(Some(Err(std::io::Error::other("the server was stopped"))));
        };
        match &part {
            Some(Ok(part)) => self.record.body_bytes += part.length(),
            Some(Err(error)) => {
                tracing::info!(id = %self.record.exchange.id, "the answer was cut: {error}");
                self.record.remarks.reason.get_or_insert("cut");
            }
            None => self.is_ended = true,
        }
        Poll::Ready(part)
    }

    fn poll_told(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let told = self.told.get_or_insert_with(|| {
            let stopped = self.record.stopped.clone();
            Box::pin(async move { stopped.told().await })
        });
        told.as_mut().poll(context)
    }

    /// So many octets of the last part were not sent after all.
    pub fn give_back(&mut self, bytes: u64) {
        self.record.body_bytes = self.record.body_bytes.saturating_sub(bytes);
        self.is_part_left = true;
    }

    /// How many octets are left, where that is known.
    pub fn length(&self) -> Option<u64> {
        self.body.length()
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let is_whole = match &self.body {
            Body::Parts(parts) => parts.is_empty() && !self.is_part_left,
            // hyper asks for no end where the length says it.
            Body::Stream { length, .. } => self.is_ended || *length == Some(self.record.body_bytes),
        };
        if !is_whole && self.record.stopped.is_told() {
            self.record.remarks.reason.get_or_insert(Refusal::new(Reason::Stopped).word());
        }
    }
}
