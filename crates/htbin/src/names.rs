//! Which of several things a host's name means: an exact name first, then the longest pattern that fits.

use std::collections::HashMap;

use http::{header, request::Parts};

/// Things by the names of hosts.
#[derive(Debug, Clone)]
pub struct Names<T> {
    exact: HashMap<Box<str>, T>,
    below: Vec<Below<T>>,
}

#[derive(Debug, Clone)]
struct Below<T> {
    /// It begins with a dot.
    end: Box<str>,
    depth: Depth,
    thing: T,
}

/// How far down a pattern reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// One label, as in certificates (RFC 9525 §6.3).
    One,
    /// Any number of labels, as in the names of hosts.
    Any,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { exact: HashMap::new(), below: Vec::new() }
    }
}

impl<T: Copy> Names<T> {
    /// This name, or `*.` and what the names below it end in, means this, unless it means something already.
    pub fn add(&mut self, name: &str, depth: Depth, thing: T) {
        let name = plain(name);
        match name.strip_prefix('*') {
            Some(end) if end.starts_with('.') => {
                if !self.below.iter().any(|it| *it.end == *end && it.depth == depth) {
                    self.below.push(Below { end: end.into(), depth, thing });
                }
            }
            _ => drop(self.exact.entry(name.into()).or_insert(thing)),
        }
    }

    /// What this name means.
    pub fn find(&self, name: &str) -> Option<T> {
        let name = plain(name);
        if let Some(thing) = self.exact.get(&*name) {
            return Some(*thing);
        }
        let fits = |it: &&Below<T>| {
            let label = name.strip_suffix(&*it.end).filter(|label| !label.is_empty());
            label.is_some_and(|label| it.depth == Depth::Any || !label.contains('.'))
        };
        self.below.iter().filter(fits).max_by_key(|it| it.end.len()).map(|it| it.thing)
    }
}

/// The authority that is asked: that of the target before the field (RFC 9112 §3.2.2).
pub fn asked(request: &Parts) -> &str {
    let field = || request.headers.get(header::HOST)?.to_str().ok();
    request.uri.authority().map(http::uri::Authority::as_str).or_else(field).unwrap_or_default()
}

/// The host of an authority, without its port.
pub fn host(authority: &str) -> &str {
    let end = match authority.find(']') {
        Some(end) if authority.starts_with('[') => end + 1,
        _ => authority.find(':').unwrap_or(authority.len()),
    };
    &authority[..end]
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_before_pattern_and_the_longer_pattern_first() {
        let mut names = Names::default();
        for (thing, (name, depth)) in [
            ("*.example.org", Depth::One),
            ("www.example.org", Depth::One),
            ("*.deep.example.org", Depth::Any),
            ("WWW.example.org", Depth::One),
        ]
        .into_iter()
        .enumerate()
        {
            names.add(name, depth, thing);
        }
        let found = |name| names.find(name);
        assert_eq!(found("www.example.org"), Some(1));
        assert_eq!(found("WwW.Example.ORG."), Some(1));
        assert_eq!(found("a.example.org"), Some(0));
        assert_eq!(found("a.b.example.org"), None);
        assert_eq!(found("a.b.deep.example.org"), Some(2));
        assert_eq!(found("deep.example.org"), Some(0));
        assert_eq!([found("example.org"), found(".example.org"), found(""), found("org")], [None; 4]);
    }

    #[test]
    fn the_host_of_an_authority() {
        for (authority, expected) in [("a:80", "a"), ("a", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("", "")] {
            assert_eq!(host(authority), expected);
        }
    }
}
