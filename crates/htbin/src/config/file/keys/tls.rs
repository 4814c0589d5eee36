//! The keys of TLS.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "the manual page prints these texts: [60s] is a default, not a link"
)]

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::file::values::Time;

/// A certificate and its key, and what is demanded of clients.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Tls {
    /// The certificate (PEM), with those between it and one that clients know, and with the key if that has no file of its
    /// own. Read again when it changes.
    pub certificate: Option<PathBuf>,
    /// The key of the certificate [in its file].
    pub key: Option<PathBuf>,
    /// The file with the password of the key.
    pub password_file: Option<PathBuf>,
    /// A certificate made now, for development [false].
    pub self_signed: Option<bool>,
    /// An authority makes the certificate, for the names of the host; see `[acme]` [false].
    pub acme: Option<bool>,
    /// The oldest version that is spoken: `1.2` or `1.3` [1.2].
    pub minimum: Option<Version>,
    /// Clients show a certificate that one of those in this file (PEM) has signed.
    pub client_ca: Option<PathBuf>,
    /// Whether they must: `require`, or `request`, where scripts look at SSL_CLIENT_VERIFY [require].
    pub client_certificate: Option<Asked>,
    /// Scripts get the client's certificate, SSL_CLIENT_CERT [false].
    pub client_pem: Option<bool>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Version {
    /// 1.2 and 1.3.
    #[serde(rename = "1.2")]
    Tls12,
    /// 1.3 alone.
    #[serde(rename = "1.3")]
    Tls13,
}

/// How certificates of clients are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Asked {
    /// Who has none may come in, too.
    Request,
    /// Nobody comes in without.
    Require,
}

/// What becomes of who asks without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Https {
    /// Answered as anybody.
    Optional,
    /// Sent to the same address with TLS.
    Redirect,
}

/// An authority that makes certificates (RFC 8555).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Acme {
    /// A private folder for the account, the keys and the certificates. It belongs to the user who serves.
    pub state: Option<PathBuf>,
    /// Where the authority is asked [Let's Encrypt]. Who names one agrees to its terms of service.
    pub directory: Option<String>,
    /// The certificate of who signed the authority's own (PEM), for one that the system does not know.
    pub ca: Option<PathBuf>,
    /// An address for letters of the authority: `admin@example.org`.
    pub contact: Option<String>,
    /// How names are shown to be ours: `tls-alpn-01` at port 443, `http-01` at port 80 [in turns].
    pub challenge: Option<Proof>,
    /// The pause after a failure; the next ones are twice as long each, 12h at most [2m].
    pub retry: Option<Time>,
}

/// How a name is shown to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Proof {
    /// By an answer at port 80.
    #[serde(rename = "http-01")]
    Http,
    /// By a certificate at port 443.
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn,
}
