//! Writing an exchange down when its answer is over, however it ends.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::SystemTime,
};

use http::{HeaderName, HeaderValue, Method, Response, StatusCode, Version, header, request::Parts};

use super::Server;
use crate::{
    body::{Body, Part},
    exchange::Exchange,
    ledger::{Ledger, OfScript, Past},
    log::{AccessLog, Entry},
    refusal::{Reason, Refusal},
    route::Rule,
};

/// What is known about an exchange besides its request and status.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// Under which rule it was answered; none if there was nothing to find out.
    pub(super) rule: Option<Arc<Rule>>,
    /// The script that ran for it, or was to run.
    pub(super) script: Option<Box<str>>,
    /// Why it was refused.
    pub(super) reason: Option<&'static str>,
    /// What exactly was wrong, for the ledger.
    pub(super) detail: Option<Box<str>>,
    /// It looks at the ledger, or acts on it: it does not stand there itself.
    pub(super) is_onlooker: bool,
    /// Neither the log nor the ledger hears of it.
    pub(super) is_silent: bool,
}

/// An exchange on its way into the access log; written when dropped, whenever that is.
pub(super) struct Record {
    server: Arc<Server>,
    pub(super) exchange: Exchange,
    request: Words,
    pub(super) remarks: Remarks,
    /// None until there is an answer.
    status: Option<StatusCode>,
    body_bytes: u64,
}

impl Record {
    pub(super) fn new(server: Arc<Server>, exchange: Exchange, request: &Parts) -> Self {
        Self { server, exchange, request: request.into(), remarks: Remarks::default(), status: None, body_bytes: 0 }
    }

    /// The answer that this is the record of.
    pub(super) fn of(mut self, response: Response<Body>) -> Response<Recorded> {
        self.status = Some(response.status());
        response.map(|body| Recorded { body, record: self, is_ended: false, is_part_left: false, told: None })
    }

    /// The status and the word where no answer was ever begun.
    fn unanswered(&self) -> (StatusCode, Option<&'static str>) {
        if self.server.stopped.is_told() {
            let refusal = Refusal::new(Reason::Stopped);
            return (refusal.status(), Some(refusal.word()));
        }
        // Not a status of HTTP, as nobody gets it; nginx writes the same.
        (StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST), Some("client-left"))
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
pub(super) fn record_refusal(access: &AccessLog, ledger: &Ledger, exchange: &Exchange, refusal: &Refusal) {
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
    ledger.record(Past {
        id: exchange.id,
        ended: SystemTime::now(),
        took: exchange.started.elapsed(),
        method: None,
        target: Box::default(),
        status: refusal.status(),
        body_bytes: 0,
        reason: Some(refusal.word()),
        of_script: None,
    });
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.remarks.is_silent {
            return;
        }
        let (status, reason) = self.status.map_or_else(|| self.unanswered(), |status| (status, self.remarks.reason));
        self.server.access.record(&Entry {
            exchange: &self.exchange,
            method: self.request.method.as_str(),
            target: &self.request.target,
            version: self.request.version,
            status,
            body_bytes: self.body_bytes,
            referer: self.request.referer.as_deref(),
            user_agent: self.request.user_agent.as_deref(),
            user: self.exchange.user.as_ref().map(|user| &*user.name),
            script: self.remarks.script.as_deref(),
            reason,
        });
        if !self.remarks.is_onlooker {
            self.enter_in_ledger(status, reason);
        }
    }
}

impl Record {
    /// Moves what is known there: nothing of an exchange without a script is copied.
    fn enter_in_ledger(&mut self, status: StatusCode, reason: Option<&'static str>) {
        let exchange = &self.exchange;
        let took = exchange.started.elapsed();
        let of_script = self.remarks.script.take().map(|name| {
            Box::new(OfScript {
                name,
                timeline: exchange.steps.timeline(took),
                start: exchange.start.get().copied(),
                detail: self.remarks.detail.take(),
            })
        });
        self.server.ledger.record(Past {
            id: exchange.id,
            ended: SystemTime::now(),
            took,
            method: Some(std::mem::take(&mut self.request.method)),
            target: std::mem::take(&mut self.request.target),
            status,
            body_bytes: self.body_bytes,
            reason,
            of_script,
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
                let script = self.record.remarks.script.as_deref().unwrap_or("-");
                tracing::warn!(id = %self.record.exchange.id, script, why = %error, "the answer was cut");
                self.record.remarks.reason.get_or_insert("cut");
                self.record.remarks.detail.get_or_insert_with(|| error.to_string().into());
            }
            None => self.is_ended = true,
        }
        Poll::Ready(part)
    }

    fn poll_told(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let told = self.told.get_or_insert_with(|| {
            let stopped = self.record.server.stopped.clone();
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
            Body::One(part) => part.is_none() && !self.is_part_left,
            Body::Parts(parts) => parts.is_empty() && !self.is_part_left,
            // hyper asks for no end where the length says it.
            Body::Stream { length, .. } => self.is_ended || *length == Some(self.record.body_bytes),
        };
        if !is_whole && self.record.server.stopped.is_told() {
            self.record.remarks.reason.get_or_insert(Refusal::new(Reason::Stopped).word());
        }
    }
}
