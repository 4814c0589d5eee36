//! The way of a request, top to bottom: rules, layers, target, handler, outcome, log.

mod at_once;
mod cached;
mod check;
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
use http::{HeaderMap, Method, Request, Response, StatusCode, header, request::Parts};
use hyper::body::Incoming;

use self::check::check;
use crate::{
    body::Body,
    challenges::Challenges,
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
    /// What authorities ask to see.
    pub challenges: Option<Arc<Challenges>>,
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
        if let Some(response) = self.health.answer(&request).filter(|_| check(&request, connection).is_ok()) {
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
            && check(request, &exchange.connection).is_ok()
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
            layers::leave_over(&rule.layers, &exchange.connection, response.headers_mut());
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
            told: Vec::new(),
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
        // An authority asks before there is a certificate, by a name that may demand one.
        if let Some(shown) = self.challenges.as_ref().and_then(|challenges| challenges.answer(request)) {
            return Ok(shown);
        }
        check(request, &exchange.connection)?;
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
