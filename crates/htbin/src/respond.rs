//! The way of a request, top to bottom: rules, layers, target, handler, outcome, log.

mod at_once;
mod cached;
mod details;
mod live;
mod record;
mod stopped;

use std::{
    future,
    path::Path,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use arc_swap::ArcSwap;
use futures_util::future::Either;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header, request::Parts};
use hyper::body::Incoming;

use crate::{
    body::Body,
    diagnosis::Event,
    exchange::{Connection, Exchange, ExchangeId, Steps},
    failure::Failure,
    handle::{
        self,
        cgi::{Cgi, Debug},
    },
    layers,
    ledger::Ledger,
    live::{Live, Mark},
    log::AccessLog,
    page,
    path::UrlPath,
    recording::{Recorder, Recording},
    refusal::{Reason, Refusal},
    route::{Action, Routes, Rule},
    site::{Site, SiteFile, Target},
};
pub use record::Recorded;
use record::{Record, Remarks, record_refusal};
pub use stopped::Stopped;

/// Everything that answers requests.
pub struct Server {
    /// Which rules hold where.
    pub routes: ArcSwap<Routes>,
    /// How scripts run.
    pub cgi: Arc<Cgi>,
    /// Who may see why a script failed.
    pub debug: Debug,
    /// How many local redirects one request may take.
    pub redirects_max: usize,
    /// Where every exchange is written down.
    pub access: Arc<AccessLog>,
    /// What runs now and what happened lately.
    pub ledger: Arc<Ledger>,
    /// Whether it is well.
    pub health: handle::health::Health,
    /// The status page.
    pub status: handle::status::Status,
    /// The number of the last exchange.
    pub exchanges: AtomicU64,
    /// Where exchanges whose script fails are kept.
    pub recorder: Option<Arc<Recorder>>,
    /// `--live`: pages hear of changes.
    pub live: Option<Arc<Live>>,
    /// Exchanges that still run when the server is stopped hear of it here.
    pub stopped: Stopped,
}

/// An answer: there already, or on its way.
pub type Responding =
    Either<future::Ready<Response<Recorded>>, Pin<Box<dyn Future<Output = Response<Recorded>> + Send>>>;

impl Server {
    /// Answers one request: every request, well-formed as HTTP or not quite, ends here in an answer and a log line.
    pub fn respond(self: &Arc<Self>, request: Request<Incoming>, connection: &Arc<Connection>) -> Responding {
        let (mut request, body) = request.into_parts();
        let routes = self.routes.load();
        let told = layers::proxies::enter(&routes.proxies, connection, &mut request);
        let connection = told.as_ref().ok().and_then(Option::as_ref).unwrap_or(connection);
        // From here on the exchange is written down, even if the client leaves before there is an answer.
        let mut record = Record::new(Arc::clone(self), self.begin(Arc::clone(connection)), &request);
        let server = Arc::clone(self);
        if let Err(refusal) = told {
            return Either::Right(Box::pin(async move { server.turn_away(&request, refusal, record).await }));
        }
        // Asked every few seconds, it would drown what else the log says.
        if let Some(response) = self.health.answer(&request).filter(|_| check(&request).is_ok()) {
            record.remarks.is_silent = true;
            return Either::Left(future::ready(record.of(response)));
        }
        let mark = self.live_mark(&record.exchange, &request);
        if let Some(response) = at_once::answer(&routes, &record.exchange, &request, mark.as_ref()) {
            return Either::Left(future::ready(record.of(response)));
        }
        Either::Right(Box::pin(async move { server.answer_in_time(&request, body, record, mark).await }))
    }

    async fn answer_in_time(
        self: &Arc<Self>,
        request: &Parts,
        body: Incoming,
        mut record: Record,
        mark: Option<Mark>,
    ) -> Response<Recorded> {
        let Record { exchange, remarks, .. } = &mut record;
        // The whole way under the rules of its beginning, even if others take their place meanwhile.
        let routes = self.routes.load_full();
        remarks.rule = Some(Arc::clone(routes.fallback(request)));
        // For everybody else there is nothing at these addresses, as at any other that starts with a dot.
        if let Some(asked) = handle::status::asked(request, exchange.connection.secure)
            && check(request).is_ok()
            && details::is_at_home(self.debug, exchange, request)
        {
            remarks.is_onlooker = true;
            let response = self.status.answer(asked, exchange.id, request, body).await;
            return record.of(response);
        }
        let unconditional = mark.as_ref().map(|_| live::without_conditions(request));
        let request = unconditional.as_ref().unwrap_or(request);
        let answered = tokio::select! {
            biased;
            answered = self.answer(&routes, exchange, request, body, remarks) => answered,
            () = self.stopped.told() => {
                Err(Refusal::with_detail(Reason::Stopped, "by a second signal, or because --stop-time was up"))
            }
        };
        let mut response = match answered {
            Ok(response) => response,
            Err(refusal) => self.refuse(exchange, request, refusal, remarks).await,
        };
        if let Some(rule) = &remarks.rule {
            response = layers::leave(&rule.layers, request, response, mark.as_ref());
        }
        record.of(response)
    }

    /// The answer to what a proxy has made a mess of: for whom it asks is not known.
    async fn turn_away(&self, request: &Parts, refusal: Refusal, mut record: Record) -> Response<Recorded> {
        let Record { exchange, remarks, .. } = &mut record;
        let routes = self.routes.load_full();
        let response = self.refuse(exchange, request, refusal, remarks).await;
        record.of(layers::leave(&routes.fallback(request).layers, request, response, None))
    }

    /// A conversation is over. If it ended because what came was no request, that is written down too.
    pub fn conversation_ended(
        &self,
        connection: Arc<Connection>,
        refused: Option<Reason>,
        error: Option<hyper::Error>,
    ) {
        let Some(reason) = refused.or_else(|| error.as_ref().and_then(reason_of)) else {
            if let Some(error) = error {
                tracing::debug!(client = %connection.peer, "connection ended: {error}");
            }
            return;
        };
        let (refusal, exchange) = (Refusal::new(reason), self.begin(connection));
        tracing::debug!(id = %exchange.id, reason = refusal.word(), "refused: no request");
        record_refusal(&self.access, &self.ledger, &exchange, &refusal);
    }

    fn begin(&self, connection: Arc<Connection>) -> Exchange {
        let id = ExchangeId(self.exchanges.fetch_add(1, Ordering::Relaxed) + 1);
        Exchange {
            id,
            started: Instant::now(),
            connection,
            user: None,
            start: OnceLock::new(),
            steps: Steps::default(),
        }
    }

    async fn answer(
        self: &Arc<Self>,
        routes: &Routes,
        exchange: &mut Exchange,
        request: &Parts,
        body: Incoming,
        remarks: &mut Remarks,
    ) -> Result<Response<Body>, Refusal> {
        check(request)?;
        let mut body = Some(body);
        let mut sent_on: Option<Parts> = None;
        // The one step back is the local redirect (RFC 3875 §6.2.2), and a rewrite: it meets the rules of its new path as
        // if the client had asked for it.
        for _ in 0..=self.redirects_max {
            let request = sent_on.as_ref().unwrap_or(request);
            let is_of_server = request.uri.path() == "*" && request.method == Method::OPTIONS;
            let rule = if is_of_server { routes.fallback(request) } else { routes.find(request)? };
            remarks.rule = Some(Arc::clone(rule));
            if let Some(response) = layers::enter(&rule.layers, exchange, request).await? {
                return Ok(response);
            }
            if is_of_server {
                return Ok(options_of_server());
            }
            if let Some(events) = self.live_events(exchange, request) {
                return events;
            }
            match self.act(rule, exchange, request, &mut body, remarks).await? {
                Outcome::Answer(response) => return Ok(response),
                Outcome::SentOn(next) => sent_on = Some(*next),
            }
        }
        Err(Refusal::with_detail(Reason::RedirectLoop, format!("more than {} local redirects", self.redirects_max)))
    }

    /// Does what the rule says.
    async fn act(
        self: &Arc<Self>,
        rule: &Arc<Rule>,
        exchange: &Exchange,
        request: &Parts,
        body: &mut Option<Incoming>,
        remarks: &mut Remarks,
    ) -> Result<Outcome, Refusal> {
        let site = match &rule.action {
            Action::Site(site) => site,
            Action::Redirect(status, to) => {
                return Ok(Outcome::Answer(handle::fixed::redirect(*status, &rule.fill(to, request)?)?));
            }
            Action::Rewrite(to) => {
                let next = handle::fixed::rewritten(request, &rule.fill(to, request)?)?;
                return Ok(Outcome::SentOn(Box::new(next)));
            }
            Action::Respond(status, media_type, text) => {
                return handle::fixed::respond(request, (*status, media_type, text)).map(Outcome::Answer);
            }
            Action::Refuse(reason) => return Err(Refusal::with_detail(*reason, "a rule of the configuration says so")),
        };
        let path = UrlPath::parse(request.uri.path())?;
        match site.resolve(&path)? {
            Target::File(file) => send_file(rule, site, (&path, file), request).map(Outcome::Answer),
            Target::Directory(directory) => handle::listing::answer(directory, request).await.map(Outcome::Answer),
            Target::Redirect(location) => Ok(Outcome::Answer(moved(&location, request))),
            Target::Script(script) => self.ask(rule, script, exchange, request, body.take(), remarks).await,
        }
    }

    async fn refuse(
        &self,
        exchange: &Exchange,
        request: &Parts,
        mut refusal: Refusal,
        remarks: &mut Remarks,
    ) -> Response<Body> {
        remarks.reason = Some(refusal.word());
        if let Some(script) = &refusal.script {
            remarks.script = Some(script.to_string_lossy().into());
        }
        let failure = refusal.failure.take().or_else(|| self.untried(&refusal, remarks).map(Box::new)).map(Arc::from);
        let examined = match failure.clone() {
            // A look at the script's file may have to wait for a disk.
            Some(failure) => tokio::task::spawn_blocking(move || Failure::examine(&failure)).await.ok(),
            None => None,
        };
        if let (Some(failure), Some(examined)) = (&failure, &examined) {
            self.keep(exchange.id, || Recording::new(exchange.id, request, &refusal, failure, &examined.diagnosis))
                .await;
        }
        let failure = failure.as_deref();
        details::log(exchange, &refusal, remarks, failure, examined.as_ref());
        remarks.detail = examined.as_ref().map(|examined| examined.diagnosis.to_string().into());
        let show_details = details::may_be_shown(self.debug, exchange, request);
        let near = if show_details { near(request, &refusal, remarks).await } else { Vec::new() };
        let details = page::Details { failure, examined: examined.as_ref(), near: &near };
        let form = page::Form::wanted(&request.headers, page::Form::Plain);
        let page = page::refusal(&refusal, exchange.id, show_details.then_some(&details), form);
        let mut response = page.into_response(refusal.status());
        if let Some((name, value)) = refusal.field() {
            response.headers_mut().insert(name, value);
        }
        remarks.detail = remarks.detail.take().or(refusal.detail);
        response
    }

    async fn keep(&self, id: ExchangeId, recording: impl FnOnce() -> Option<Recording>) {
        let Some(recorder) = self.recorder.clone() else { return };
        let Some(recording) = recording() else { return };
        match tokio::task::spawn_blocking(move || recorder.keep(&recording)).await {
            Ok(Ok(path)) => tracing::info!(%id, "recorded as {}", path.display()),
            Ok(Err(error)) => tracing::warn!(%id, "not recorded: {error}"),
            Err(error) => tracing::warn!(%id, "not recorded: {error}"),
        }
    }

    /// What is known of a script that was refused before it ran.
    fn untried(&self, refusal: &Refusal, remarks: &Remarks) -> Option<Failure> {
        let event = match refusal.reason {
            Reason::NotExecutable => Event::NotExecutable,
            Reason::Unreadable if refusal.script.is_some() => Event::Unreadable,
            Reason::RedirectLoop => Event::RedirectLoop(self.redirects_max),
            _ => return None,
        };
        let script = refusal.script.as_deref().or_else(|| remarks.script.as_deref().map(Path::new))?;
        let rules = &remarks.rule.as_ref()?.scripts;
        Some(Failure::untried(self.cgi.subject_of(script, None, rules), event))
    }
}

/// What a step on the way comes to.
enum Outcome {
    /// An answer for the client.
    Answer(Response<Body>),
    /// The same request, of another path.
    SentOn(Box<Parts>),
}

/// A file, or its compressed form that lies beside it.
fn send_file(
    rule: &Rule,
    site: &Site,
    (path, file): (&UrlPath, SiteFile),
    request: &Parts,
) -> Result<Response<Body>, Refusal> {
    let metadata = file.metadata;
    match &rule.layers.compress {
        Some(compress) if compress.precompressed => {
            handle::file::answer_encoded(site, (&site.within(path), file), request)
        }
        compress => {
            let mut response = handle::file::answer(file, request)?;
            let finish = |fields: &mut HeaderMap| layers::finish(&rule.layers, fields);
            rule.kept.keep(site, request, (&site.within(path), &metadata), &response, finish);
            if let Some(origin) = compress.as_ref().and_then(|_| metadata.origin()) {
                response.extensions_mut().insert(origin);
            }
            Ok(response)
        }
    }
}

/// What a path that leads nowhere may have meant.
async fn near(request: &Parts, refusal: &Refusal, remarks: &Remarks) -> Vec<String> {
    let site = remarks.rule.as_ref().and_then(|rule| rule.action.site()).cloned();
    match (refusal.reason, UrlPath::parse(request.uri.path()), site) {
        (Reason::NotFound, Ok(path), Some(site)) => {
            // It reads a directory, which may have to wait for a disk.
            tokio::task::spawn_blocking(move || site.near(&path)).await.unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Why hyper has refused what was no request.
fn reason_of(error: &hyper::Error) -> Option<Reason> {
    match error {
        _ if error.is_parse_too_large() => Some(Reason::RequestHeadTooLarge),
        _ if error.is_parse() => Some(Reason::BadRequest),
        _ => None,
    }
}

/// What must hold for every request, whatever it asks for.
fn check(request: &Parts) -> Result<(), Refusal> {
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let (host, more) = (hosts.next(), hosts.count());
    // RFC 9112 §3.2: a request of 1.1 has exactly one Host.
    if more > 0 || (host.is_none() && request.version == Version::HTTP_11) {
        let hosts = host.iter().count() + more;
        return Err(Refusal::with_detail(Reason::BadHost, format!("{hosts} Host fields")));
    }
    if let Some(host) = host
        && !is_host(host.as_bytes())
    {
        return Err(Refusal::with_detail(Reason::BadHost, format!("Host: {}", host.as_bytes().escape_ascii())));
    }
    // It takes the place of Host: in HTTP/2, and in HTTP/1.1 before an absolute target. Its userinfo, which no host has,
    // would reach scripts as a part of HTTP_HOST (RFC 9110 §4.2.4, RFC 9113 §8.3.1).
    if let Some(authority) = request.uri.authority()
        && !is_host(authority.as_str().as_bytes())
    {
        return Err(Refusal::with_detail(Reason::BadHost, format!("the target's authority is '{authority}'")));
    }
    if request
        .headers
        .get(header::EXPECT)
        .is_some_and(|expect| !expect.as_bytes().eq_ignore_ascii_case(b"100-continue"))
    {
        return Err(Reason::ExpectationUnknown.into());
    }
    // Files know their methods, scripts may know any (REQUEST_METHOD, §4.1.12). A tunnel is neither's, and an echo would
    // show fields to pages that may not read them.
    if matches!(request.method, Method::CONNECT | Method::TRACE) {
        return Err(Refusal::with_detail(Reason::MethodUnknown, request.method.to_string()));
    }
    Ok(())
}

/// A name, an IPv4 address or an IPv6 address in brackets, with or without a port; or nothing (RFC 9112 §3.2).
fn is_host(host: &[u8]) -> bool {
    let (name, rest) = match host.iter().position(|byte| *byte == b']') {
        Some(end) if host.starts_with(b"[") => (&host[1..end], &host[end + 1..]),
        Some(_) => return false,
        None => host.split_at(memchr::memchr(b':', host).unwrap_or(host.len())),
    };
    let is_address = host.starts_with(b"[");
    let fits = |byte: &u8| is_of_a_name(*byte) || is_address && *byte == b':';
    let is_port = rest.is_empty() || rest.strip_prefix(b":").is_some_and(|port| port.iter().all(u8::is_ascii_digit));
    name.iter().all(fits) && is_port
}

/// What a reg-name may hold (RFC 3986 §3.2.2).
fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'%' | b'&'..=b',' | b';' | b'=')
}

fn options_of_server() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
    response
}

/// A directory without its slash; the query is kept.
fn moved(location: &str, request: &Parts) -> Response<Body> {
    let location = match request.uri.query() {
        Some(query) => format!("{location}?{query}"),
        None => location.to_owned(),
    };
    Response::builder()
        .status(StatusCode::MOVED_PERMANENTLY)
        .header(header::LOCATION, location)
        .body(Body::empty())
        .unwrap_or_else(|_| Response::new(Body::empty()))
}

/// The request a script has sent us on to: a GET without the body, as every server does.
fn redirect_locally(request: &Parts, location: &str) -> Result<Parts, Refusal> {
    let mut next = request.clone();
    next.uri = location.parse().map_err(|_| {
        Refusal::with_detail(Reason::BadHead, format!("the script's Location {location:?} is not a valid path"))
    })?;
    if next.method != Method::HEAD {
        next.method = Method::GET;
    }
    for field in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING, header::TRANSFER_ENCODING] {
        next.headers.remove(field);
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_host() {
        for host in ["", "a", "a:80", "a:", "a.example", "127.0.0.1:8000", "[::1]", "[::1]:8000", "a_b"] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in ["a b", "a:b", "a/b", "user@a", "[::1", "::1", "[::1]x", "a]", "a:80:80", "[::1]:x"] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
