//! The names of hosts: exact ones, and those below a domain.

use std::{fmt, str::FromStr};

use http::{header, request::Parts};

/// The name of a host, in lower case and without a dot at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostName {
    /// This name.
    Exact(Box<str>),
    /// Every name below this one, which begins with a dot: `*.example.org` is `.example.org`.
    Below(Box<str>),
}

impl HostName {
    pub(super) fn is(&self, name: &str) -> bool {
        matches!(self, Self::Exact(it) if **it == *name)
    }

    /// How well it fits, if it is a pattern that does.
    pub(super) fn holds(&self, name: &str) -> Option<usize> {
        match self {
            Self::Below(end) if name.len() > end.len() && name.ends_with(&**end) => Some(end.len()),
            _ => None,
        }
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        let (bare, is_below) = name.strip_prefix("*.").map_or((&*name, false), |bare| (bare, true));
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it))
        };
        let is_address = bare.starts_with('[') && bare.ends_with(']') && !is_below;
        if !is_address && !bare.split('.').all(is_label) {
            let form =
                "it looks like www.example.org, or *.example.org for all names below; the port is the listener's";
            return Err(format!("'{text}' is no name of a host: {form}"));
        }
        Ok(if is_below { Self::Below(format!(".{bare}").into()) } else { Self::Exact(name.into()) })
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Below(end) => write!(f, "*{end}"),
        }
    }
}

/// The host that is asked, as [`HostName`] has it: the authority of the target before the field (RFC 9112 §3.2.2).
pub(super) fn of(request: &Parts) -> Option<String> {
    let host = match request.uri.authority() {
        Some(authority) => authority.as_str(),
        None => request.headers.get(header::HOST)?.to_str().ok()?,
    };
    let end = match host.find(']') {
        Some(end) if host.starts_with('[') => end + 1,
        _ => host.find(':').unwrap_or(host.len()),
    };
    Some(host[..end].trim_end_matches('.').to_ascii_lowercase())
}
