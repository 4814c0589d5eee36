//! The path of a request: percent-decoded once, checked once, then only read. It never touches the file system.

use std::fmt;

use crate::refusal::{Reason, Refusal};

/// The decoded path of a request. Holds no NUL and no segment `.` or `..`, however they were spelled.
///
/// Empty segments are kept in [`decoded`](Self::decoded) (an extra-path may mean them) and skipped by
/// [`segments`](Self::segments), so `//a` and `/a` name the same file. A `.` segment is refused rather than removed:
/// clients remove it (RFC 3986 §5.2.4), what still sends one is probing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlPath {
    /// Starts with a slash.
    decoded: Vec<u8>,
    /// Where slashes lie in `decoded` that were written `%2F`, ascending: they end no segment.
    encoded_slashes: Vec<usize>,
}

/// One segment of a [`UrlPath`], never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The decoded octets, not always UTF-8.
    pub name: &'a [u8],
    /// Where the segment ends in [`UrlPath::decoded`].
    pub end: usize,
    /// It holds a slash that was written `%2F`: no file has such a name.
    pub encoded_slash: bool,
}

impl UrlPath {
    /// Decodes and checks the path of a request target, without its query.
    ///
    /// # Errors
    /// [`Reason::BadPath`] for a path that does not start with a slash, a broken percent-code, a NUL, and a `.` or
    /// `..` segment in any spelling, also one between encoded slashes.
    pub fn parse(raw: &str) -> Result<Self, Refusal> {
        if !raw.starts_with('/') {
            return Err(bad("does not start with a slash"));
        }
        let (decoded, encoded_slashes) = decode(raw.as_bytes())?;
        if decoded.contains(&0) {
            return Err(bad("holds a NUL"));
        }
        if decoded.split(|octet| *octet == b'/').any(|piece| matches!(piece, b"." | b"..")) {
            return Err(bad("holds a segment `.` or `..`"));
        }
        Ok(Self { decoded, encoded_slashes })
    }

    /// The path of a file that lies at `relative` beneath the site: no slash at its front, nothing to decode.
    pub(crate) fn of_file(relative: &[u8]) -> Self {
        Self { decoded: [b"/", relative].concat(), encoded_slashes: Vec::new() }
    }

    /// The path of the file `name` in the directory of this path, which ends with a slash.
    pub(crate) fn with_name(&self, name: &[u8]) -> Self {
        Self { decoded: [&self.decoded, name].concat(), encoded_slashes: self.encoded_slashes.clone() }
    }

    /// The path behind its first `count` segments, as if nothing stood before them.
    pub(crate) fn without_first(&self, count: usize) -> Self {
        let end = count.checked_sub(1).and_then(|last| self.segments().nth(last)).map_or(0, |segment| segment.end);
        let slashes = self.encoded_slashes.iter().filter(|at| **at >= end);
        let mut decoded = self.decoded[end..].to_vec();
        if decoded.is_empty() {
            decoded.push(b'/');
        }
        Self { decoded, encoded_slashes: slashes.map(|at| at - end).collect() }
    }

    /// The decoded path; starts with a slash.
    pub fn decoded(&self) -> &[u8] {
        &self.decoded
    }

    /// The segments from the left, empty ones left out.
    pub fn segments(&self) -> Segments<'_> {
        Segments { path: self, at: 0 }
    }

    /// Does the path end with a slash, as that of a directory does?
    pub fn ends_with_slash(&self) -> bool {
        let last = self.decoded.len() - 1;
        self.decoded[last] == b'/' && self.encoded_slashes.last() != Some(&last)
    }

    /// Was any slash written `%2F`?
    pub fn has_encoded_slash(&self) -> bool {
        !self.encoded_slashes.is_empty()
    }
}

impl fmt::Display for UrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.decoded))
    }
}

/// The segments of a [`UrlPath`]; see [`UrlPath::segments`].
#[derive(Debug, Clone)]
pub struct Segments<'a> {
    path: &'a UrlPath,
    at: usize,
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let UrlPath { decoded, encoded_slashes } = self.path;
        let separates = |at: usize| decoded[at] == b'/' && encoded_slashes.binary_search(&at).is_err();
        while self.at < decoded.len() && separates(self.at) {
            self.at += 1;
        }
        let start = self.at;
        while self.at < decoded.len() && !separates(self.at) {
            self.at += 1;
        }
        let name = &decoded[start..self.at];
        let encoded_slash = !encoded_slashes.is_empty() && name.contains(&b'/');
        (!name.is_empty()).then_some(Segment { name, end: self.at, encoded_slash })
    }
}

/// Percent-encodes a decoded path for a link or a `Location`: all but unreserved characters (RFC 3986 §2.3) and slashes.
pub fn encode(decoded: &[u8]) -> String {
    percent_encoding::percent_encode(decoded, ENCODED).to_string()
}

fn decode(raw: &[u8]) -> Result<(Vec<u8>, Vec<usize>), Refusal> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut encoded_slashes = Vec::new();
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'%', rest) {
        decoded.extend_from_slice(&rest[..at]);
        let digits = rest.get(at + 1..at + 3).ok_or_else(|| bad("ends within a percent-code"))?;
        let (Some(high), Some(low)) = (hex(digits[0]), hex(digits[1])) else {
            return Err(bad("holds a broken percent-code"));
        };
        let octet = high << 4 | low;
        if octet == b'/' {
            encoded_slashes.push(decoded.len());
        }
        decoded.push(octet);
        rest = &rest[at + 3..];
    }
    decoded.extend_from_slice(rest);
    Ok((decoded, encoded_slashes))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn bad(what: &str) -> Refusal {
    Refusal::with_detail(Reason::BadPath, format!("the path {what}"))
}

const ENCODED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(raw: &str) -> Vec<Vec<u8>> {
        UrlPath::parse(raw).unwrap().segments().map(|segment| segment.name.to_vec()).collect()
    }

    #[test]
    fn decodes_once() {
        assert_eq!(UrlPath::parse("/a%20b/%2561").unwrap().decoded(), b"/a b/%61");
        assert_eq!(UrlPath::parse("/%FF%fe").unwrap().decoded(), b"/\xff\xfe");
    }

    #[test]
    fn merges_slashes_in_segments_only() {
        assert_eq!(segments("//a///b/"), [b"a".to_vec(), b"b".to_vec()]);
        assert_eq!(segments("/"), Vec::<Vec<u8>>::new());
        assert_eq!(UrlPath::parse("//a///b/").unwrap().decoded(), b"//a///b/");
    }

    #[test]
    fn an_encoded_slash_ends_no_segment() {
        let path = UrlPath::parse("/a%2Fb/c%2f").unwrap();
        let found: Vec<_> = path.segments().collect();
        assert_eq!(found[0], Segment { name: b"a/b", end: 4, encoded_slash: true });
        assert_eq!(found[1], Segment { name: b"c/", end: 7, encoded_slash: true });
        assert!(!path.ends_with_slash());
        assert!(UrlPath::parse("/a%2Fb/").unwrap().ends_with_slash());
    }

    #[test]
    fn refuses_walks_upwards_in_every_spelling() {
        for raw in
            ["/..", "/a/../b", "/%2e%2e/b", "/.%2E", "/a%2F..", "/..%2fb", "/a/..%2f..%2fb", "/.", "/a/./b", "/%2e/"]
        {
            assert_eq!(UrlPath::parse(raw).unwrap_err().reason, Reason::BadPath, "{raw}");
        }
        for raw in ["/...", "/..a", "/a..", "/.a", "/%252e%252e/b"] {
            assert!(UrlPath::parse(raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn what_follows_the_first_segments() {
        let rest = |raw: &str, count| UrlPath::parse(raw).unwrap().without_first(count).to_string();
        assert_eq!(rest("/a/b/c/", 1), "/b/c/");
        assert_eq!(rest("//a//b", 1), "//b");
        assert_eq!(rest("/a", 1), "/");
        assert_eq!(rest("/a/b", 0), "/a/b");
        let path = UrlPath::parse("/a%2Fb/c%2Fd").unwrap().without_first(1);
        assert!(path.segments().next().is_some_and(|segment| segment.encoded_slash && segment.name == b"c/d"));
    }

    #[test]
    fn refuses_what_is_no_path() {
        for raw in ["", "a", "*", "/%", "/%4", "/%zz", "/%+1", "/%00", "/a%00b", "/\0"] {
            assert_eq!(UrlPath::parse(raw).unwrap_err().reason, Reason::BadPath, "{raw:?}");
        }
    }

    #[test]
    fn encodes_all_that_a_browser_could_misread() {
        assert_eq!(encode(b"/a b/\xff\\\"'&?#:%"), "/a%20b/%FF%5C%22%27%26%3F%23%3A%25");
        assert_eq!(encode(b"/plain-1_2.~"), "/plain-1_2.~");
    }
}
