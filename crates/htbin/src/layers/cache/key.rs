//! What an answer is stored under: the address that was asked for, and a fingerprint of the fields that chose it. Fields
//! that scripts take for the address are always among these, so that nobody can have a page stored for others with a host
//! of their own in it.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use http::{HeaderName, header, request::Parts};
use quick_cache::Equivalent;

/// An address: the effective URI of a request (RFC 9111 §2).
#[derive(Debug, Clone)]
pub(super) struct Key {
    is_secure: bool,
    host: Box<str>,
    target: Box<str>,
}

/// The same, as a request has it: to look for an answer allocates nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    is_secure: bool,
    host: &'a str,
    target: &'a str,
}

impl<'a> Asked<'a> {
    /// The address a request asks for; none where that is no text.
    pub(super) fn of(request: &'a Parts, is_secure: bool) -> Option<Self> {
        // RFC 9112 §3.2.2: the authority of an absolute target is the host, whatever Host says.
        let host = match request.uri.authority() {
            Some(authority) => authority.as_str(),
            None => request.headers.get(header::HOST).map_or(Some(""), |host| host.to_str().ok())?,
        };
        let target = request.uri.path_and_query()?.as_str();
        Some(Self { is_secure, host, target })
    }

    /// Another path of the same host.
    pub(super) fn with_target(self, target: &'a str) -> Self {
        Self { target, ..self }
    }

    /// The same, asked for the other way.
    pub(super) fn otherwise(self) -> Self {
        Self { is_secure: !self.is_secure, ..self }
    }

    pub(super) fn to_key(self) -> Key {
        Key { is_secure: self.is_secure, host: self.host.into(), target: self.target.into() }
    }

    /// Is this an address of the same host whose path begins so?
    pub(super) fn is_beginning_of(self, key: &Key) -> bool {
        key.host.eq_ignore_ascii_case(self.host) && key.target.starts_with(self.target)
    }

    pub(super) fn host(self) -> &'a str {
        self.host
    }
}

impl Key {
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked { is_secure: self.is_secure, host: &self.host, target: &self.target }
    }

    /// What it takes.
    pub(super) fn bytes(&self) -> usize {
        self.host.len() + self.target.len()
    }
}

impl Hash for Asked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.is_secure.hash(state);
        self.host.bytes().for_each(|it| state.write_u8(it.to_ascii_lowercase()));
        state.write_u8(0);
        self.target.hash(state);
    }
}

impl PartialEq for Asked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is_secure == other.is_secure && self.host.eq_ignore_ascii_case(other.host) && self.target == other.target
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.asked().hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.asked() == other.asked()
    }
}

impl Eq for Key {}

impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.asked()
    }
}

/// What the fields of a request amount to: those that always count, and these. Of values only this is kept, however long
/// they are; it is made with a secret, so nobody can find two that are alike.
pub(super) fn fingerprint(secret: &RandomState, request: &Parts, vary: &[HeaderName]) -> u64 {
    let mut hasher = secret.build_hasher();
    for (name, value) in request.headers.iter().filter(|(name, _)| is_of_the_address(name)) {
        (name.as_str(), value.as_bytes()).hash(&mut hasher);
    }
    for name in vary {
        // One list in several fields is the same list in one, and yet the octets must not run together.
        hasher.write_u8(0);
        for value in request.headers.get_all(name) {
            value.as_bytes().trim_ascii().hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Fields by which scripts and their frameworks learn of another address, or method, than the one that was asked for.
fn is_of_the_address(name: &HeaderName) -> bool {
    let name = name.as_str();
    // Nearly all fields begin otherwise.
    match name.as_bytes()[0] {
        b'x' => OF_THE_ADDRESS.contains(&name),
        b'f' => matches!(name, "forwarded" | "front-end-https"),
        _ => false,
    }
}

const OF_THE_ADDRESS: [&str; 16] = [
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-protocol",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-path",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-host",
    "x-http-host-override",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "x-url-scheme",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, fields: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::get(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn an_address_is_scheme_host_path_and_query() {
        let secret = RandomState::new();
        let is_same = |one: &Parts, is_secure: bool| {
            let first = request("/a?b", &[("host", "Example.org")]);
            let key = Asked::of(&first, false).unwrap().to_key();
            let asked = Asked::of(one, is_secure).unwrap();
            assert_eq!(asked.equivalent(&key), secret.hash_one(asked) == secret.hash_one(&key));
            asked.equivalent(&key)
        };
        assert!(is_same(&request("/a?b", &[("host", "example.ORG")]), false));
        assert!(is_same(&request("http://example.org/a?b", &[("host", "other")]), false));
        assert!(!is_same(&request("/a?b", &[("host", "example.org")]), true));
        assert!(!is_same(&request("/a?b", &[("host", "example.org:80")]), false));
        assert!(!is_same(&request("/a?B", &[("host", "example.org")]), false));
        assert!(!is_same(&request("/A?b", &[("host", "example.org")]), false));
        assert!(!is_same(&request("/a", &[("host", "example.org")]), false));
    }

    #[test]
    fn fields_that_count() {
        let secret = RandomState::new();
        let of = |fields: &[(&str, &str)], vary: &[&'static str]| {
            let vary: Vec<_> = vary.iter().copied().map(HeaderName::from_static).collect();
            fingerprint(&secret, &request("/", fields), &vary)
        };
        let plain = of(&[], &[]);
        assert_eq!(plain, of(&[("user-agent", "x"), ("x-requested-with", "y"), ("from", "z")], &[]));
        for name in OF_THE_ADDRESS.into_iter().chain(["forwarded", "front-end-https"]) {
            assert_ne!(plain, of(&[(name, "x")], &[]), "{name}");
        }
        assert_ne!(of(&[("x-forwarded-host", "a")], &[]), of(&[("x-forwarded-host", "b")], &[]));
        assert_ne!(of(&[("a", "1")], &["a"]), of(&[("a", "2")], &["a"]));
        assert_ne!(of(&[("a", "1")], &["a"]), of(&[], &["a"]));
        assert_ne!(of(&[("a", "1"), ("b", "2")], &["a", "b"]), of(&[("a", "2"), ("b", "1")], &["a", "b"]));
        assert_ne!(of(&[("a", "12")], &["a", "b"]), of(&[("a", "1"), ("b", "2")], &["a", "b"]));
        assert_eq!(of(&[("a", "1")], &["a"]), of(&[("a", "1 ")], &["a"]));
    }
}
