//! Who asks without TLS is sent to the same address with it, and browsers are told to come that way from now on (RFC 6797).

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};

use crate::{
    body::Body,
    challenges,
    exchange::Connection,
    names,
    refusal::{Reason, Refusal},
};

/// What holds for this host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Without TLS: go to this port.
    pub redirect: Option<u16>,
    /// With TLS: the field Strict-Transport-Security.
    pub hsts: Option<HeaderValue>,
}

impl Settings {
    /// Is nothing answered over this connection?
    pub fn turns_away(&self, connection: &Connection) -> bool {
        self.redirect.is_some() && !connection.secure
    }
}

/// The way to TLS, if there is none here. Whoever proves to an authority that this host is ours, with a file in the site,
/// is asked without.
pub(super) fn enter(
    settings: &Settings,
    connection: &Connection,
    request: &Parts,
) -> Result<Option<Response<Body>>, Refusal> {
    let Some(port) = settings.redirect.filter(|_| settings.turns_away(connection)) else { return Ok(None) };
    let path = request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    if path.starts_with(challenges::PREFIX) || path == "*" {
        return Ok(None);
    }
    let host = names::host(names::asked(request));
    // HTTP/1.0 need not say whom it asks.
    if host.is_empty() {
        return Err(Refusal::with_detail(Reason::BadHost, "without one there is no address to go to"));
    }
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let location = HeaderValue::from_str(&format!("https://{host}{port}{path}"))
        .map_err(|_| Refusal::with_detail(Reason::BadHost, "it cannot stand in an address"))?;
    let mut response = Response::new(Body::empty());
    // 301 would turn a form into a GET (RFC 9110 §15.4.2).
    let is_read = matches!(request.method, Method::GET | Method::HEAD);
    *response.status_mut() = if is_read { StatusCode::MOVED_PERMANENTLY } else { StatusCode::PERMANENT_REDIRECT };
    response.headers_mut().insert(header::LOCATION, location);
    Ok(Some(response))
}

/// RFC 6797 §7.2: never without TLS.
pub(super) fn leave(settings: &Settings, connection: &Connection, fields: &mut HeaderMap) {
    if let Some(hsts) = settings.hsts.as_ref().filter(|_| connection.secure) {
        fields.entry(header::STRICT_TRANSPORT_SECURITY).or_insert_with(|| hsts.clone());
    }
}

/// The field, from its parts.
///
/// # Errors
/// What browsers ask of who wants to be in their list (hstspreload.org) is not said.
pub fn hsts(time: Duration, subdomains: bool, preload: bool) -> Result<HeaderValue, String> {
    if preload && (!subdomains || time < YEAR) {
        return Err("'preload' is for a year at least, and with 'subdomains'".to_owned());
    }
    let subdomains = if subdomains { "; includeSubDomains" } else { "" };
    let preload = if preload { "; preload" } else { "" };
    let value = format!("max-age={}{subdomains}{preload}", time.as_secs());
    HeaderValue::try_from(value).map_err(|error| error.to_string())
}

/// What `hsts = true` says, and the least that `preload` takes.
pub const YEAR: Duration = Duration::from_hours(365 * 24);

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::exchange::End;

    fn asked(method: &str, target: &str, host: Option<&str>, secure: bool) -> Result<Option<(u16, String)>, Reason> {
        let end = End::Tcp(SocketAddr::from(([127, 0, 0, 1], 80)));
        let mut request = http::Request::builder().method(method).uri(target);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let request = request.body(()).expect("a request").into_parts().0;
        let settings = Settings { redirect: Some(if host == Some("a") { 443 } else { 8443 }), hsts: None };
        let response = enter(&settings, &Connection::new(end, end, secure), &request).map_err(|it| it.reason)?;
        Ok(response.map(|it| (it.status().as_u16(), it.headers()["location"].to_str().expect("text").to_owned())))
    }

    #[test]
    fn path_and_query_are_kept_and_forms_stay_forms() {
        let to = |status, location: &str| Ok(Some((status, location.to_owned())));
        assert_eq!(asked("GET", "/x%2f/?a=b", Some("a"), false), to(301, "https://a/x%2f/?a=b"));
        assert_eq!(asked("POST", "/", Some("b:80"), false), to(308, "https://b:8443/"));
        assert_eq!(
            asked("HEAD", "//evil.example/", Some("[::1]:80"), false),
            to(301, "https://[::1]:8443//evil.example/")
        );
        assert_eq!(asked("GET", "http://c/y", Some("b"), false), to(301, "https://c:8443/y"));
    }

    #[test]
    fn some_are_not_sent_anywhere() {
        assert_eq!(asked("GET", "/", Some("a"), true), Ok(None));
        assert_eq!(asked("GET", "/.well-known/acme-challenge/x", Some("a"), false), Ok(None));
        assert_eq!(asked("GET", "/", None, false), Err(Reason::BadHost));
    }

    #[test]
    fn preload_has_its_conditions() {
        assert_eq!(hsts(YEAR, true, true).expect("it is right"), "max-age=31536000; includeSubDomains; preload");
        assert_eq!(hsts(Duration::from_mins(1), false, false).expect("it is right"), "max-age=60");
        assert!(hsts(YEAR, false, true).is_err() && hsts(YEAR / 2, true, true).is_err());
    }
}
