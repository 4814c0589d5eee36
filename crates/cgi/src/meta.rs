//! §4.1: the meta-variables of a request, ordered, built once in one block, for every gateway. What the client sent
//! can neither name a variable of the protocol nor pose as another field (meta/name.rs).

use std::{
    borrow::Cow,
    ffi::OsString,
    fmt::{self, Write as _},
};

use core::net::{IpAddr, SocketAddr};
use http::{HeaderMap, Method, Version, header};

mod name;

/// All that is known about a request.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// REQUEST_METHOD.
    pub method: &'a Method,
    /// REQUEST_URI: the request target as the client sent it, query included.
    pub request_uri: &'a str,
    /// QUERY_STRING: as the client sent it, never decoded.
    pub query: Option<&'a str>,
    /// SERVER_PROTOCOL.
    pub protocol: Version,
    /// The fields of the request. Where the target has an authority, Host must already be that (RFC 9112 §3.2.2).
    pub fields: &'a HeaderMap,
    /// SCRIPT_NAME: decoded, with the leading slash.
    pub script_name: &'a [u8],
    /// PATH_INFO: decoded, with the leading slash.
    pub path_info: Option<&'a [u8]>,
    /// PATH_TRANSLATED; only with PATH_INFO.
    pub path_translated: Option<&'a [u8]>,
    /// SCRIPT_FILENAME: the absolute path of the script's file.
    pub script_filename: &'a [u8],
    /// DOCUMENT_ROOT: the absolute path of the site.
    pub document_root: &'a [u8],
    /// The client's end of the connection; `None` for a UNIX socket. Port 0: nobody knows it.
    pub remote: Option<SocketAddr>,
    /// Our end of it; `None` for a UNIX socket.
    pub local: Option<SocketAddr>,
    /// TLS lies below.
    pub secure: bool,
    /// What is said of that, as mod_ssl says it: SSL_PROTOCOL and the like.
    pub tls: &'a [(&'static str, Cow<'static, str>)],
    /// CONTENT_LENGTH: how many octets the script will read; `None` if the request has no body.
    pub content_length: Option<u64>,
    /// AUTH_TYPE and REMOTE_USER, only if the server itself authenticated the client.
    pub remote_user: Option<(&'a str, &'a str)>,
    /// Give the script the Authorization field.
    pub pass_auth: bool,
    /// SERVER_SOFTWARE.
    pub software: &'a str,
    /// What the administrator adds: PATH, LANG, `--env`. Of one name the last wins; the protocol's own win over all.
    pub extra: &'a [(OsString, OsString)],
}

/// Is this the name of a meta-variable: one of §4.1, a customary one, or a field's? Each request sets its own.
pub fn is_meta_variable(name: &[u8]) -> bool {
    name::is_protocol(name)
}

/// The meta-variables of one request as one block, `NAME=value` and a NUL each: what execve and FastCGI both want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaVariables {
    block: Vec<u8>,
    count: usize,
}

impl MetaVariables {
    /// Builds them. The protocol's own come first in a fixed order, then the fields in theirs, then the extra ones.
    /// A variable whose value has a NUL is left out.
    pub fn new(source: &Source<'_>) -> Self {
        let mut variables = Self { block: Vec::with_capacity(size(source)), count: 0 };
        variables.add_request(source);
        variables.add_script(source);
        variables.add_connection(source);
        variables.add_fields(source);
        variables.add_extra(source.extra);
        variables
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.block.split_inclusive(|byte| *byte == 0).map(|variable| {
            let equals = memchr::memchr(b'=', variable).expect("each variable is written with its `=`");
            (&variable[..equals], &variable[equals + 1..variable.len() - 1])
        })
    }

    /// The value of a variable.
    pub fn find(&self, name: &str) -> Option<&[u8]> {
        self.iter().find_map(|(found, value)| (found == name.as_bytes()).then_some(value))
    }

    /// All of them: `NAME=value` and a NUL each.
    pub fn block(&self) -> &[u8] {
        &self.block
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    fn add_request(&mut self, source: &Source<'_>) {
        self.add(b"GATEWAY_INTERFACE", b"CGI/1.1");
        self.add(b"SERVER_SOFTWARE", source.software.as_bytes());
        self.add(b"SERVER_PROTOCOL", protocol(source.protocol).as_bytes());
        self.add(b"REQUEST_METHOD", source.method.as_str().as_bytes());
        self.add(b"REQUEST_URI", source.request_uri.as_bytes());
        self.add(b"QUERY_STRING", source.query.unwrap_or_default().as_bytes());
        self.add(b"REQUEST_SCHEME", if source.secure { b"https" } else { b"http" });
        if source.secure {
            self.add(b"HTTPS", b"on");
        }
        for (name, value) in source.tls {
            self.add(name.as_bytes(), value.as_bytes());
        }
        if let Some(length) = source.content_length {
            self.add_shown(b"CONTENT_LENGTH", length);
            if let Some(media_type) = source.fields.get(header::CONTENT_TYPE) {
                self.add(b"CONTENT_TYPE", media_type.as_bytes());
            }
        }
        if let Some((scheme, user)) = source.remote_user {
            self.add(b"AUTH_TYPE", scheme.as_bytes());
            self.add(b"REMOTE_USER", user.as_bytes());
        }
        // php-cgi refuses to run without it (cgi.force_redirect).
        self.add(b"REDIRECT_STATUS", b"200");
    }

    fn add_script(&mut self, source: &Source<'_>) {
        self.add(b"DOCUMENT_ROOT", source.document_root);
        self.add(b"SCRIPT_FILENAME", source.script_filename);
        self.add(b"SCRIPT_NAME", source.script_name);
        if let Some(path_info) = source.path_info.filter(|path_info| !path_info.is_empty()) {
            self.add(b"PATH_INFO", path_info);
            if let Some(translated) = source.path_translated {
                self.add(b"PATH_TRANSLATED", translated);
            }
        }
    }

    fn add_connection(&mut self, source: &Source<'_>) {
        let host = source.fields.get(header::HOST).and_then(|host| name::host(host.as_bytes()));
        let local = source.local.map(canonical);
        match (&host, local) {
            (Some(host), _) => self.add(b"SERVER_NAME", host.name),
            // §4.1.14: an IPv6 address in brackets.
            (None, Some((IpAddr::V6(address), _))) => self.add_shown(b"SERVER_NAME", format_args!("[{address}]")),
            (None, Some((IpAddr::V4(address), _))) => self.add_shown(b"SERVER_NAME", address),
            (None, None) => self.add(b"SERVER_NAME", b"localhost"),
        }
        if let Some((address, port)) = local {
            self.add_shown(b"SERVER_ADDR", address);
            self.add_shown(b"SERVER_PORT", port);
        } else {
            let usual = if source.secure { 443 } else { 80 };
            self.add_shown(b"SERVER_PORT", host.and_then(|host| host.port).unwrap_or(usual));
        }
        if let Some((address, port)) = source.remote.map(canonical) {
            self.add_shown(b"REMOTE_ADDR", address);
            self.add_shown(b"REMOTE_HOST", address);
            // A proxy that speaks for the client seldom tells its port.
            if port != 0 {
                self.add_shown(b"REMOTE_PORT", port);
            }
        } else {
            // §4.1.8 wants REMOTE_ADDR always; nginx says this of a UNIX socket. An address would be a lie to trust in.
            self.add(b"REMOTE_ADDR", b"unix:");
            self.add(b"REMOTE_HOST", b"unix:");
        }
    }

    /// §4.1.18: HTTP_ variables; fields of one name become one.
    fn add_fields(&mut self, source: &Source<'_>) {
        let nominated = name::Nominated::new(source.fields);
        let mut last = None;
        // HeaderMap gives all values of a name one after the other.
        for (field, value) in source.fields {
            if last == Some(field) {
                self.join(if field == header::COOKIE { b"; " } else { b", " }, value.as_bytes());
                continue;
            }
            if (field == header::AUTHORIZATION && !source.pass_auth)
                || !name::is_passed(field.as_str())
                || !name::is_distinct(field.as_str())
                || nominated.names(field.as_str())
            {
                continue;
            }
            name::append(field.as_str(), &mut self.block);
            self.complete(value.as_bytes());
            last = Some(field);
        }
    }

    fn add_extra(&mut self, extra: &[(OsString, OsString)]) {
        for (at, (name, value)) in extra.iter().enumerate() {
            let overridden = extra[at + 1..].iter().any(|(later, _)| later == name);
            let name = name.as_encoded_bytes();
            let valid = !name.is_empty() && memchr::memchr2(b'=', 0, name).is_none();
            let taken = name::is_reserved(name) || (name::may_be_set(name) && self.has(name));
            if !valid || overridden || taken {
                continue;
            }
            self.add(name, value.as_encoded_bytes());
        }
    }

    fn has(&self, name: &[u8]) -> bool {
        self.iter().any(|(found, _)| found == name)
    }

    /// Adds a variable, unless its value has a NUL.
    fn add(&mut self, name: &[u8], value: &[u8]) {
        if memchr::memchr(0, value).is_none() {
            self.block.extend_from_slice(name);
            self.complete(value);
        }
    }

    /// The same for what has to be formatted; such values have no NUL.
    fn add_shown(&mut self, name: &[u8], value: impl fmt::Display) {
        self.block.extend_from_slice(name);
        self.block.push(b'=');
        write!(Appender(&mut self.block), "{value}").expect("a Vec takes whatever is written");
        self.block.push(0);
        self.count += 1;
    }

    /// Completes the variable whose name was written last; the value has no NUL.
    fn complete(&mut self, value: &[u8]) {
        self.block.push(b'=');
        self.block.extend_from_slice(value);
        self.block.push(0);
        self.count += 1;
    }

    /// Adds one more value to the variable written last; it has no NUL.
    fn join(&mut self, separator: &[u8], value: &[u8]) {
        self.block.pop();
        self.block.extend_from_slice(separator);
        self.block.extend_from_slice(value);
        self.block.push(0);
    }
}

/// How large the block will be, rather too large than too small, so that it is allocated once.
fn size(source: &Source<'_>) -> usize {
    let paths = [source.script_name, source.script_filename, source.document_root];
    let optional = [source.path_info, source.path_translated];
    let fields: usize = source.fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 7).sum();
    let extra: usize = source.extra.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let tls: usize = source.tls.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let user = source.remote_user.map_or(0, |(scheme, user)| scheme.len() + user.len());
    FIXED_BYTES
        + paths.iter().map(|path| path.len()).sum::<usize>()
        + optional.iter().flatten().map(|path| path.len()).sum::<usize>()
        + source.request_uri.len()
        + source.query.map_or(0, str::len)
        + source.software.len()
        + source.method.as_str().len()
        + fields
        + extra
        + tls
        + user
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

/// Address and port; IPv4 mapped into IPv6 is IPv4 to a script.
fn canonical(address: SocketAddr) -> (IpAddr, u16) {
    (address.ip().to_canonical(), address.port())
}

/// Lets `write!` append to a Vec; the writer of the standard library is I/O, which this crate does without.
struct Appender<'a>(&'a mut Vec<u8>);

impl fmt::Write for Appender<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Names and short values of all variables that are not fields: 420 for the names, 4 addresses of up to 45.
const FIXED_BYTES: usize = 768;
