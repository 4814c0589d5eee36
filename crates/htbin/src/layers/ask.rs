//! Somebody else says who may come in: for each request a server of ours is asked, over http, with the fields that tell
//! who it is. What it lets pass goes on; what it does not the client hears from it.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header, request::Parts};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::Semaphore, task::JoinSet};

use crate::{
    body::Body,
    exchange::{Connection, User},
    refusal::{Reason, Refusal},
};

/// Whom to ask, and what to take from the answer.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where.
    pub address: Address,
    /// The field of its answer with the name of the user.
    pub user: HeaderName,
    /// More fields of its answer that scripts get, and never from the client.
    pub copied: Vec<HeaderName>,
    /// So many are asked at once.
    places: Arc<Semaphore>,
}

impl Settings {
    /// With these.
    pub fn new(address: Address, user: HeaderName, copied: Vec<HeaderName>) -> Self {
        Self { address, user, copied, places: Arc::new(Semaphore::new(AT_ONCE_MAX)) }
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        (&self.address, &self.user, &self.copied) == (&other.address, &other.user, &other.copied)
    }
}

impl Eq for Settings {}

/// `http://host:port/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    place: String,
    host: HeaderValue,
    path: Uri,
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || Error(crate::diagnosis::quoted(text));
        let uri: Uri = text.parse().map_err(|_| error())?;
        let authority = uri.authority().filter(|it| uri.scheme_str() == Some("http") && !it.as_str().contains('@'));
        let authority = authority.ok_or_else(error)?;
        let place = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        Ok(Self {
            place,
            host: HeaderValue::from_str(authority.as_str()).map_err(|_| error())?,
            path: path.parse().map_err(|_| error())?,
        })
    }
}

/// What is no address to ask at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no address to ask at: it looks like http://127.0.0.1:9091/verify, without TLS", self.0)
    }
}

impl std::error::Error for Error {}

/// What becomes of a request.
pub(super) enum Verdict {
    /// It goes on, as this user's, and with these fields in the place of the client's.
    Pass { user: Option<User>, fields: Vec<(HeaderName, Option<HeaderValue>)> },
    /// The client gets this.
    Answer(Response<Body>),
}

/// Asks for a request.
pub(super) async fn enter(settings: &Settings, connection: &Connection, request: &Parts) -> Result<Verdict, Refusal> {
    let vain = |why: String| Refusal::with_detail(Reason::AskedInVain, format!("{}: {why}", settings.address.place));
    let asked = tokio::time::timeout(ASK_TIME, ask(settings, connection, request)).await;
    let (head, body) = asked.map_err(|_| vain(format!("no answer within {ASK_TIME:?}")))?.map_err(vain)?;
    if head.status.is_success() {
        return Ok(pass(settings, &head.headers));
    }
    if head.status.is_redirection() || head.status.is_client_error() {
        return Ok(Verdict::Answer(answer(head.status, &head.headers, body)));
    }
    Err(vain(format!("it answered {}", head.status)))
}

fn pass(settings: &Settings, fields: &HeaderMap) -> Verdict {
    let named = std::iter::once(&settings.user).chain(&settings.copied);
    let user = fields.get(&settings.user).and_then(|name| name.to_str().ok()).filter(|name| !name.is_empty());
    Verdict::Pass {
        user: user.map(|name| User { scheme: "Forward", name: name.into() }),
        fields: named.map(|name| (name.clone(), fields.get(name).cloned())).collect(),
    }
}

/// Its own answer, without what belongs to its connection.
fn answer(status: StatusCode, fields: &HeaderMap, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    for (name, value) in fields.iter().filter(|(name, _)| ANSWERED.contains(name)) {
        response.headers_mut().append(name.clone(), value.clone());
    }
    response
}

async fn ask(
    settings: &Settings,
    connection: &Connection,
    request: &Parts,
) -> Result<(http::response::Parts, Bytes), String> {
    let _place = settings.places.acquire().await.map_err(|error| error.to_string())?;
    let stream = TcpStream::connect(&settings.address.place).await.map_err(|error| error.to_string())?;
    let client = http1::Builder::new().max_buf_size(HEAD_BYTES_MAX).handshake(TokioIo::new(stream)).await;
    let (mut sender, conversation) = client.map_err(|error| error.to_string())?;
    // It ends with us, however we end.
    let mut conversations = JoinSet::new();
    conversations.spawn(conversation);
    let question = question(settings, connection, request).map_err(|error| error.to_string())?;
    let (head, body) = sender.send_request(question).await.map_err(|error| error.to_string())?.into_parts();
    if head.status.is_success() {
        return Ok((head, Bytes::new()));
    }
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(|error| error.to_string())?;
    Ok((head, body.to_bytes()))
}

/// RFC 7239 has no fields for what is asked for: these are the ones that such servers know.
fn question(settings: &Settings, connection: &Connection, request: &Parts) -> http::Result<Request<Empty<Bytes>>> {
    let uri = request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut question = Request::get(settings.address.path.clone())
        .header(header::HOST, settings.address.host.clone())
        .header(header::CONNECTION, "close")
        .header("x-forwarded-method", request.method.as_str())
        .header("x-forwarded-proto", if connection.secure { "https" } else { "http" })
        .header("x-forwarded-uri", uri)
        .header("x-forwarded-for", &*connection.client)
        .body(Empty::new())?;
    let authority = request.uri.authority().and_then(|it| HeaderValue::from_str(it.as_str()).ok());
    if let Some(host) = authority.or_else(|| request.headers.get(header::HOST).cloned()) {
        question.headers_mut().insert("x-forwarded-host", host);
    }
    for name in ASKED {
        for value in request.headers.get_all(&name) {
            question.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(question)
}

/// Fields of a client that tell who it is, and what it wants to read.
const ASKED: [HeaderName; 5] =
    [header::COOKIE, header::AUTHORIZATION, header::ACCEPT, header::ACCEPT_LANGUAGE, header::USER_AGENT];
/// Fields of an answer that the client gets.
const ANSWERED: [HeaderName; 7] = [
    header::LOCATION,
    header::WWW_AUTHENTICATE,
    header::SET_COOKIE,
    header::CONTENT_TYPE,
    header::CONTENT_SECURITY_POLICY,
    header::CACHE_CONTROL,
    header::RETRY_AFTER,
];
/// For a connection, the question and the answer.
const ASK_TIME: Duration = Duration::from_secs(10);
const AT_ONCE_MAX: usize = 256;
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Of an answer that the client gets.
const BODY_BYTES_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let address: Address = "http://[::1]:9091/verify?a=b".parse().expect("an address");
        assert_eq!((address.place.as_str(), address.path.to_string()), ("[::1]:9091", "/verify?a=b".to_owned()));
        assert_eq!("http://auth".parse::<Address>().expect("an address").place, "auth:80");
        for text in ["https://auth/", "auth:80", "/verify", "http://user@auth/", "http:///x", ""] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
