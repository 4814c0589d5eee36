//! Who may see why a script failed: people who sit at this machine, and nobody else. The log sees it always.

use http::{StatusCode, header, request::Parts};

use super::Remarks;
use crate::{
    exchange::Exchange,
    failure::{Examined, Failure},
    handle::cgi::Debug,
    refusal::Refusal,
};

/// Writes a refusal into the log, with the diagnosis if there is one.
pub(super) fn log(
    exchange: &Exchange,
    refusal: &Refusal,
    remarks: &Remarks,
    failure: Option<&Failure>,
    examined: Option<&Examined>,
) {
    let (id, reason) = (exchange.id, refusal.word());
    let script = remarks.script.as_deref().unwrap_or("-");
    let stderr = failure.and_then(|failure| failure.evidence.stderr.as_deref());
    let stderr = stderr.and_then(|stderr| stderr.lines().last()).unwrap_or_default();
    let why = examined.map(|examined| examined.diagnosis.to_string());
    let why = why.as_deref().or(refusal.detail.as_deref()).unwrap_or_default();
    if refusal.status().is_server_error() {
        tracing::warn!(%id, script, reason, why, stderr, "refused");
    } else if refusal.status() == StatusCode::FORBIDDEN {
        // Nearly always something that whoever runs the server can mend: a missing execute bit, rights.
        tracing::info!(%id, script, reason, why, "refused");
    } else {
        tracing::debug!(%id, script, reason, why, "refused");
    }
}

/// May this client see the detail and the script's stderr?
pub(super) fn may_be_shown(debug: Debug, exchange: &Exchange, request: &Parts) -> bool {
    match debug {
        Debug::Always => true,
        Debug::Never => false,
        Debug::Loopback => is_of_this_machine(exchange, request),
    }
}

/// May this client look at the server itself, and act on it? `--debug` opens that to nobody else.
pub(super) fn is_at_home(debug: Debug, exchange: &Exchange, request: &Parts) -> bool {
    debug != Debug::Never && is_of_this_machine(exchange, request)
}

/// Does somebody ask who sits at this machine?
///
/// A proxy on this machine comes from loopback too, but says for whom it asks. Another site's page in a local browser
/// (DNS rebinding) comes from loopback too, but with its own name as Host.
pub(super) fn is_of_this_machine(exchange: &Exchange, request: &Parts) -> bool {
    exchange.connection.is_of_this_machine()
        && !request.headers.keys().any(is_of_a_proxy)
        && host(request).is_some_and(is_loopback_name)
}

fn host(request: &Parts) -> Option<&str> {
    let host = request.uri.host().or_else(|| request.headers.get(header::HOST)?.to_str().ok())?;
    Some(match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    })
}

fn is_loopback_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

fn is_of_a_proxy(name: &header::HeaderName) -> bool {
    name.as_str().starts_with("x-forwarded-") || matches!(name.as_str(), "forwarded" | "x-real-ip" | "via")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_loopback_are_loopback() {
        for name in ["localhost", "LOCALHOST", "app.localhost", "127.0.0.1", "127.8.9.1", "::1", "localhost."] {
            assert!(is_loopback_name(name), "{name}");
        }
        for name in ["example.org", "localhost.example.org", "10.0.0.1", "::2", "", "notlocalhost", "127.0.0.1.nip.io"]
        {
            assert!(!is_loopback_name(name), "{name}");
        }
    }
}
