//! A reasoned no: the one place where an error becomes a status and a stable reason word.
//! The client gets the status and the sentence; the log gets the word and the detail.

use std::{fmt, path::Path};

use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::failure::Failure;

/// Why a request is not answered with what it asked for.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The stable reason.
    pub reason: Reason,
    /// What exactly, for the log and the failure page on loopback; never sent to anybody else.
    pub detail: Option<Box<str>>,
    /// What is known about the script that failed, under the same rule as `detail`.
    pub failure: Option<Box<Failure>>,
    /// The script that was asked for and is there, but did not get as far as running.
    pub script: Option<Box<Path>>,
    /// What the client is asked for (RFC 9110 §11.6.1).
    pub challenge: Option<HeaderValue>,
}

impl Refusal {
    /// A refusal that says no more than its reason.
    pub fn new(reason: Reason) -> Self {
        Self { reason, detail: None, failure: None, script: None, challenge: None }
    }

    /// A refusal with what exactly was wrong, for the log.
    pub fn with_detail(reason: Reason, detail: impl Into<Box<str>>) -> Self {
        Self { detail: Some(detail.into()), ..Self::new(reason) }
    }

    /// The same, of this script.
    #[must_use]
    pub fn of_script(self, script: &Path) -> Self {
        Self { script: Some(script.into()), ..self }
    }

    /// The same, because of this failure of a script.
    #[must_use]
    pub fn of_failure(self, failure: Failure) -> Self {
        Self { script: Some(failure.subject.program.as_path().into()), failure: Some(Box::new(failure)), ..self }
    }

    /// The same, with this question to the client.
    #[must_use]
    pub fn challenged(self, challenge: HeaderValue) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    /// The status the client gets.
    pub fn status(&self) -> StatusCode {
        self.reason.row().0
    }

    /// The stable word the log gets.
    pub fn word(&self) -> &'static str {
        self.reason.row().1
    }

    /// The field that goes with the status, where one belongs to it.
    pub fn field(&self) -> Option<(HeaderName, HeaderValue)> {
        match self.reason {
            Reason::MethodNotAllowed => Some((header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"))),
            Reason::Unauthorized => Some((header::WWW_AUTHENTICATE, self.challenge.clone()?)),
            Reason::Busy(seconds) | Reason::TooMany(seconds) => Some((header::RETRY_AFTER, HeaderValue::from(seconds))),
            Reason::LauncherLost => Some((header::RETRY_AFTER, HeaderValue::from_static("1"))),
            Reason::RangeUnsatisfiable(size) => {
                Some((header::CONTENT_RANGE, HeaderValue::from_str(&format!("bytes */{size}")).ok()?))
            }
            // What is left of the body is not read, so the connection cannot go on.
            Reason::BodyTooLarge | Reason::BodyTimeout | Reason::BodyBroken | Reason::Stopped => {
                Some((header::CONNECTION, HeaderValue::from_static("close")))
            }
            _ => None,
        }
    }

    /// The sentence the client gets.
    pub fn sentence(&self) -> &'static str {
        self.reason.row().2
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl std::error::Error for Refusal {}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::new(reason)
    }
}

/// Every reason there is. Add one here, and its row below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The request line or a field breaks RFC 9112.
    BadRequest,
    /// The path has a NUL, a broken percent-code, `..` or an encoded slash.
    BadPath,
    /// HTTP/1.1 without Host, with two, or with one that is no host (RFC 9112 §3.2).
    BadHost,
    /// The host demands of clients what this connection has not shown: a certificate, a version of TLS.
    Misdirected,
    /// The request head is larger than `--max-head`, or has too many fields.
    RequestHeadTooLarge,
    /// The request head did not arrive in time.
    RequestHeadTimeout,
    /// What a trusted proxy says of the client makes no sense.
    BadForwarded,
    /// The client has to say who it is, and shows it with a password that fits.
    Unauthorized,
    /// The client's address may not come in.
    AddressDenied,
    /// The client asks too often; seconds for `Retry-After`.
    TooMany(u32),
    /// The file of the users cannot be read, so nobody is let in.
    UsersUnreadable,
    /// Who says who may come in does not answer, or nonsense.
    AskedInVain,
    /// Nothing there.
    NotFound,
    /// A name that starts with a dot.
    Hidden,
    /// A symbolic link that leaves the site.
    LeavesSite,
    /// The operating system lets this user not read it.
    Unreadable,
    /// A directory without an index, and listings are off.
    NoListing,
    /// The script directory itself.
    ScriptDirectory,
    /// In a script directory, but without the execute bit.
    NotExecutable,
    /// A script, but scripts are off (`--no-cgi`).
    ScriptsOff,
    /// The script is to run as its owner, and suexec's rules forbid that.
    OwnerUnfit,
    /// A rule of the configuration lets nobody in.
    Denied,
    /// A rule of the configuration says that it is no more.
    Gone,
    /// A method that files do not have; `Allow` names those they have.
    MethodNotAllowed,
    /// A method nobody here knows (RFC 9110 §9.1).
    MethodUnknown,
    /// The client's version of HTTP is not 1.x.
    VersionUnknown,
    /// `If-Match` or `If-Unmodified-Since` failed.
    PreconditionFailed,
    /// No range asked for lies in the file; the size of the file in octets.
    RangeUnsatisfiable(u64),
    /// An `Expect` other than `100-continue`.
    ExpectationUnknown,
    /// The body is larger than `--max-body`.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The client broke off, or broke the framing, in its body.
    BodyBroken,
    /// Nowhere to put the body: the disk is full.
    DiskFull,
    /// All places are taken and the queue is full or too slow; seconds for `Retry-After`.
    Busy(u32),
    /// The server was stopped before there was an answer: by a second signal, or because `--stop-time` was up.
    Stopped,
    /// The launcher was lost with this launch in flight.
    LauncherLost,
    /// The script could not be started.
    LaunchFailed,
    /// The script wrote nothing, or died before its head was complete.
    NoHead,
    /// The script's head breaks RFC 3875 §6.
    BadHead,
    /// A script wants a file sent that it may not have sent.
    SendfileDenied,
    /// The script's head is larger than `--max-head`.
    HeadTooLarge,
    /// More local redirects than allowed.
    RedirectLoop,
    /// The script's time was up before its head was complete.
    ScriptTimeout,
    /// Our own fault.
    Internal,
}

impl Reason {
    /// Status for the client, word for the log, sentence for the client.
    fn row(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::BadRequest => (S::BAD_REQUEST, "bad-request", "The request is not valid HTTP."),
            Self::BadPath => (S::BAD_REQUEST, "bad-path", "The path of this address is not valid."),
            Self::BadHost => (S::BAD_REQUEST, "bad-host", "The request needs exactly one valid Host field."),
            Self::Misdirected => (
                S::MISDIRECTED_REQUEST,
                "misdirected",
                "This host has to be asked over a connection of its own, with what it demands.",
            ),
            Self::RequestHeadTooLarge => (
                S::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "request-head-too-large",
                "The head of the request is larger than is allowed.",
            ),
            Self::RequestHeadTimeout => {
                (S::REQUEST_TIMEOUT, "request-head-timeout", "The request did not arrive in time.")
            }
            Self::BadForwarded => (S::BAD_REQUEST, "bad-forwarded", "What the proxy says of the client is not valid."),
            Self::Unauthorized => (S::UNAUTHORIZED, "unauthorized", "A name and a password are needed here."),
            Self::AddressDenied => (S::FORBIDDEN, "address-denied", "Your address may not come in here."),
            Self::TooMany(_) => (S::TOO_MANY_REQUESTS, "too-many", "Too many requests. Try again in a moment."),
            Self::UsersUnreadable => {
                (S::INTERNAL_SERVER_ERROR, "users-unreadable", "The server cannot find out who may come in.")
            }
            Self::AskedInVain => (S::BAD_GATEWAY, "asked-in-vain", "The server cannot find out who may come in."),
            Self::NotFound => (S::NOT_FOUND, "not-found", "There is nothing at this address."),
            Self::Hidden => (S::NOT_FOUND, "hidden", "There is nothing at this address."),
            Self::LeavesSite => (S::FORBIDDEN, "leaves-site", "This link leaves the site."),
            Self::Unreadable => (S::FORBIDDEN, "unreadable", "The server may not read this."),
            Self::NoListing => (S::FORBIDDEN, "no-listing", "This directory is not listed."),
            Self::ScriptDirectory => (S::FORBIDDEN, "script-directory", "The script directory is not listed."),
            Self::NotExecutable => (S::FORBIDDEN, "not-executable", "This is not an executable script."),
            Self::ScriptsOff => (S::FORBIDDEN, "scripts-off", "Scripts do not run here."),
            Self::OwnerUnfit => (S::FORBIDDEN, "owner-unfit", "This script may not run."),
            Self::Denied => (S::FORBIDDEN, "denied", "This is not for you."),
            Self::Gone => (S::GONE, "gone", "There is nothing at this address any more."),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method-not-allowed", "Files can only be read."),
            Self::MethodUnknown => (S::NOT_IMPLEMENTED, "method-unknown", "The server does not know this method."),
            Self::VersionUnknown => (S::HTTP_VERSION_NOT_SUPPORTED, "version-unknown", "The server speaks HTTP/1.1."),
            Self::PreconditionFailed => (S::PRECONDITION_FAILED, "precondition-failed", "The file has changed."),
            Self::RangeUnsatisfiable(_) => {
                (S::RANGE_NOT_SATISFIABLE, "range-unsatisfiable", "The file does not have this part.")
            }
            Self::ExpectationUnknown => {
                (S::EXPECTATION_FAILED, "expectation-unknown", "The server cannot do what the request expects.")
            }
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "body-too-large", "The request is larger than is allowed."),
            Self::BodyTimeout => (S::REQUEST_TIMEOUT, "body-timeout", "The request did not arrive in time."),
            Self::BodyBroken => (S::BAD_REQUEST, "body-broken", "The request broke off."),
            Self::DiskFull => (S::INSUFFICIENT_STORAGE, "disk-full", "The server has no room for this request."),
            Self::Busy(_) => (S::SERVICE_UNAVAILABLE, "busy", "The server is busy. Try again in a moment."),
            Self::Stopped => (S::SERVICE_UNAVAILABLE, "stopped", "The server was stopped."),
            Self::LauncherLost => {
                (S::SERVICE_UNAVAILABLE, "launcher-lost", "The server is busy. Try again in a moment.")
            }
            Self::LaunchFailed => (S::BAD_GATEWAY, "launch-failed", "The script could not be started."),
            Self::NoHead => (S::BAD_GATEWAY, "no-head", "The script ended before it answered."),
            Self::BadHead => (S::BAD_GATEWAY, "bad-head", "The script's answer is not valid."),
            Self::SendfileDenied => (S::BAD_GATEWAY, "sendfile-denied", "The script's answer is not valid."),
            Self::HeadTooLarge => (S::BAD_GATEWAY, "head-too-large", "The script's answer is not valid."),
            Self::RedirectLoop => (S::BAD_GATEWAY, "redirect-loop", "The script sends this request round in circles."),
            Self::ScriptTimeout => (S::GATEWAY_TIMEOUT, "script-timeout", "The script took too long."),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "The server made a mistake."),
        }
    }
}
