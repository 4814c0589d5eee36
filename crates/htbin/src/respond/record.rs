//! Writing an exchange down when its answer is over, however it ends.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{StatusCode, header, request::Parts};
use http_body::{Frame, SizeHint};

use crate::{
    body::Body,
    exchange::Exchange,
    log::{AccessLog, Entry},
};

/// What is known about an exchange besides its request and status.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// The script that ran for it.
    pub(super) script: Option<Box<str>>,
    /// Why it was refused.
    pub(super) reason: Option<&'static str>,
}

/// An exchange on its way into the access log; written when dropped.
pub(super) struct Record {
    access: Arc<AccessLog>,
    exchange: Arc<Exchange>,
    request: Parts,
    remarks: Remarks,
    status: StatusCode,
    body_bytes: u64,
}

impl Record {
    pub(super) fn new(
        access: Arc<AccessLog>,
        exchange: Arc<Exchange>,
        request: Parts,
        remarks: Remarks,
        status: StatusCode,
    ) -> Self {
        Self { access, exchange, request, remarks, status, body_bytes: 0 }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let field = |name| self.request.headers.get(name).map(header::HeaderValue::as_bytes);
        self.access.record(&Entry {
            exchange: &self.exchange,
            method: self.request.method.as_str(),
            target: self.request.uri.path_and_query().map_or("*", http::uri::PathAndQuery::as_str),
            version: self.request.version,
            status: self.status,
            body_bytes: self.body_bytes,
            duration: self.exchange.started.elapsed(),
            referer: field(header::REFERER),
            user_agent: field(header::USER_AGENT),
            user: None,
            script: self.remarks.script.as_deref(),
            reason: self.remarks.reason,
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

impl http_body::Body for Recorded {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => this.record.body_bytes += frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(error)) => {
                tracing::info!(id = %this.record.exchange.id, "the answer was cut: {error}");
                this.record.remarks.reason.get_or_insert("cut");
            }
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
