//! The status page at `/.htbin/`: what the ledger says, and a button that ends a script. `respond` has made sure that who
//! asks sits at this machine; here it is made sure that no page of another site asks for them.

mod live;

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use jiff::tz::TimeZone;
use tokio::sync::Semaphore;

use super::cgi::Cgi;
use crate::{
    body::Body,
    exchange::ExchangeId,
    ledger::Ledger,
    page::{
        Form,
        status::{self, Machine, Nonce, View},
    },
};

/// What answers at `/.htbin/`.
pub struct Status(Arc<Inner>);

struct Inner {
    ledger: Arc<Ledger>,
    cgi: Arc<Cgi>,
    machine: Machine,
    /// Only who has read the page knows it.
    token: Nonce,
    viewers: Arc<Semaphore>,
}

/// What there is to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The page.
    Page,
    /// The page, without the slash at its end.
    Slash,
    /// The same for programs.
    Json,
    /// The same for Prometheus.
    Metrics,
    /// What of the page changes, as it changes.
    Live,
    /// The end of a script.
    Stop,
}

/// What of the status page a request asks for, unless a page of another site sent it.
pub fn asked(request: &Parts, secure: bool) -> Option<Asked> {
    let asked = match request.uri.path().strip_prefix("/.htbin")? {
        "" => Asked::Slash,
        "/" => Asked::Page,
        "/status.json" => Asked::Json,
        "/metrics" => Asked::Metrics,
        "/events" => Asked::Live,
        "/stop" => Asked::Stop,
        _ => return None,
    };
    is_of_this_site(request, secure, asked).then_some(asked)
}

/// What a browser says of the page that sends a request (Fetch Metadata, and Origin). Programs say nothing of it.
fn is_of_this_site(request: &Parts, secure: bool, asked: Asked) -> bool {
    let field = |name: &HeaderName| request.headers.get(name).map(HeaderValue::as_bytes);
    let scheme: &[u8] = if secure { b"https://" } else { b"http://" };
    // In HTTP/2 it is the authority of the target.
    let host = request.uri.authority().map(|authority| authority.as_str().as_bytes()).or_else(|| field(&header::HOST));
    let own = host.map(|host| [scheme, host].concat());
    let is_own = |origin: &[u8]| own.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(origin));
    if !field(&header::ORIGIN).is_none_or(is_own) {
        return false;
    }
    match field(&SEC_FETCH_SITE) {
        None | Some(b"same-origin") => true,
        // The user's own doing: an address typed, a bookmark.
        Some(b"none") => asked != Asked::Stop,
        // A link leads here as to any other page. Nobody but who follows it sees what it shows.
        Some(_) => {
            matches!(asked, Asked::Page | Asked::Slash)
                && field(&SEC_FETCH_MODE) == Some(b"navigate")
                && field(&SEC_FETCH_DEST) == Some(b"document")
        }
    }
}

impl Status {
    /// Tells what this ledger holds, of a server like this.
    pub fn new(ledger: Arc<Ledger>, cgi: Arc<Cgi>, machine: Machine) -> std::io::Result<Self> {
        let viewers = Arc::new(Semaphore::new(VIEWERS_MAX));
        Ok(Self(Arc::new(Inner { ledger, cgi, machine, token: Nonce::new()?, viewers })))
    }

    /// What Prometheus reads, for who may see it.
    pub fn metrics(&self) -> Response<Body> {
        plain(StatusCode::OK, status::METRICS_TYPE, status::metrics(&self.0.view()))
    }

    /// Answers who may see it.
    pub async fn answer(&self, asked: Asked, id: ExchangeId, request: &Parts, body: Incoming) -> Response<Body> {
        let allowed = if asked == Asked::Stop { "POST" } else { "GET, HEAD" };
        let is_allowed = match asked {
            Asked::Stop => request.method == Method::POST,
            _ => matches!(request.method, Method::GET | Method::HEAD),
        };
        let mut response = if is_allowed {
            match asked {
                Asked::Slash => see(StatusCode::MOVED_PERMANENTLY),
                Asked::Page => self.0.page(request),
                Asked::Json => plain(StatusCode::OK, Form::Json.content_type(), status::json(&self.0.view())),
                Asked::Metrics => self.metrics(),
                Asked::Live if request.method == Method::HEAD => plain(StatusCode::OK, live::TYPE, String::new()),
                Asked::Live => live::answer(&self.0),
                Asked::Stop => self.0.stop(id, body).await,
            }
        } else {
            let mut response = told(StatusCode::METHOD_NOT_ALLOWED, "The status page can only be read.");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
            response
        };
        keep_private(response.headers_mut());
        if request.method == Method::HEAD {
            let length = response.body().length().unwrap_or_default();
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
            *response.body_mut() = Body::empty();
        }
        response
    }
}

impl Inner {
    fn view(&self) -> View<'_> {
        View {
            snapshot: self.ledger.snapshot(),
            load: self.cgi.load(),
            machine: &self.machine,
            zone: TimeZone::system(),
        }
    }

    fn page(&self, request: &Parts) -> Response<Body> {
        if Form::wanted(&request.headers, Form::Html) == Form::Json {
            return plain(StatusCode::OK, Form::Json.content_type(), status::json(&self.view()));
        }
        let Ok(nonce) = Nonce::new() else {
            return told(StatusCode::INTERNAL_SERVER_ERROR, "The kernel gives no random octets.");
        };
        let page = status::html(&self.view(), &self.token, &nonce);
        let mut response = plain(StatusCode::OK, Form::Html.content_type(), page);
        if let Ok(policy) = status::policy(&nonce).parse() {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }

    /// Ends the script that the form names.
    async fn stop(&self, id: ExchangeId, body: Incoming) -> Response<Body> {
        let body = tokio::time::timeout(BODY_TIME, Limited::new(body, BODY_BYTES_MAX).collect()).await;
        let Ok(Ok(body)) = body else {
            let mut response = told(StatusCode::BAD_REQUEST, "The form did not arrive.");
            // What is left of it is not read.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            return response;
        };
        let body = body.to_bytes();
        let field = |name: &str| {
            body.split(|octet| *octet == b'&').find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
        };
        if !field("token").is_some_and(|token| self.token.is(token)) {
            return told(StatusCode::FORBIDDEN, "The page is of an earlier start of the server. Load it again.");
        }
        let number = field("run").and_then(|run| std::str::from_utf8(run).ok()?.parse().ok());
        let Some(number) = number else { return told(StatusCode::BAD_REQUEST, "The form names no script.") };
        // One that is gone by now is what was wanted.
        if let Some(running) = self.ledger.end(number) {
            let (script, pid) = (&running.script, running.pid);
            tracing::info!(id = %running.id, %script, pid, by = %id, "ended from the status page");
        }
        see(StatusCode::SEE_OTHER)
    }
}

/// Nobody keeps it, no page of another site may hold it, and no layer adds to it (`--cors`, `--header`).
fn keep_private(fields: &mut HeaderMap) {
    let mut put = |name, value| fields.insert(name, HeaderValue::from_static(value));
    put(header::CACHE_CONTROL, "no-store");
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::REFERRER_POLICY, "same-origin");
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
}

/// The page is what to look at next.
fn see(status: StatusCode) -> Response<Body> {
    let mut response = plain(status, Form::Plain.content_type(), String::new());
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/.htbin/"));
    response
}

fn told(status: StatusCode, sentence: &str) -> Response<Body> {
    plain(status, Form::Plain.content_type(), format!("{sentence}\n"))
}

fn plain(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
/// The button's form has two short fields.
const BODY_BYTES_MAX: usize = 1024;
const BODY_TIME: Duration = Duration::from_secs(10);
/// Pages that are kept up to date at once.
const VIEWERS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_with(path: &str, fields: &[(&str, &str)]) -> Option<Asked> {
        let mut request = http::Request::get(path).header("host", "localhost:8000");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        asked(&request.body(()).expect("it is a request").into_parts().0, false)
    }

    #[test]
    fn only_these_paths_are_ours() {
        assert_eq!(asked_with("/.htbin/", &[]), Some(Asked::Page));
        assert_eq!(asked_with("/.htbin/metrics?x", &[]), Some(Asked::Metrics));
        for path in ["/", "/.htbinx", "/.htbin/x", "/.htbin//", "/x/.htbin/", "/%2ehtbin/", "//.htbin/"] {
            assert_eq!(asked_with(path, &[]), None, "{path}");
        }
    }

    #[test]
    fn no_other_site_asks() {
        for (site, mode, page, metrics, stop) in [
            ("same-origin", "cors", true, true, true),
            ("none", "navigate", true, true, false),
            ("same-site", "no-cors", false, false, false),
            ("cross-site", "no-cors", false, false, false),
            ("cross-site", "navigate", true, false, false),
        ] {
            let fields = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", "document")];
            assert_eq!(asked_with("/.htbin/", &fields).is_some(), page, "{fields:?}");
            assert_eq!(asked_with("/.htbin/metrics", &fields).is_some(), metrics, "{fields:?}");
            assert_eq!(asked_with("/.htbin/stop", &fields).is_some(), stop, "{fields:?}");
        }
        let framed = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
        assert_eq!(asked_with("/.htbin/", &framed), None);
        assert_eq!(asked_with("/.htbin/stop", &[("origin", "http://localhost:8000")]), Some(Asked::Stop));
        for origin in ["null", "http://localhost:8001", "https://localhost:8000", "http://example.org"] {
            assert_eq!(asked_with("/.htbin/stop", &[("origin", origin)]), None, "{origin}");
        }
    }
}
