//! Conditional requests (RFC 9110 §13): whether the client has what it asks for, and whether that is still the same.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::site::Metadata;

/// What a client compares: the entity-tag and the time of the last change (RFC 9110 §8.8).
#[derive(Debug, Clone, Copy)]
pub struct Validators {
    etag: [u8; ETAG_MAX],
    etag_length: usize,
    /// Whole seconds since 1970, not later than now.
    modified: Option<u64>,
}

/// What the conditions of a request amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// 412.
    Failed,
    /// 304.
    NotModified,
    /// Do as asked.
    Go {
        /// `Range` counts: there is no `If-Range`, or it holds.
        ranges: bool,
    },
}

impl Validators {
    /// The validators of a file.
    ///
    /// The tag is strong: size, time of change in nanoseconds, and inode, for a file that is replaced within one tick
    /// of the clock by another of the same size.
    pub fn of(file: &Metadata, now: SystemTime) -> Self {
        let nanoseconds = (file.mtime as u64).wrapping_mul(1_000_000_000).wrapping_add(u64::from(file.mtime_nsec));
        let mut etag = [0; ETAG_MAX];
        let mut at = 0;
        let mut put = |octet: u8| {
            etag[at] = octet;
            at += 1;
        };
        put(b'"');
        for (number, end) in [(file.size, b'-'), (nanoseconds, b'-'), (file.inode, b'"')] {
            let digits = (67 - number.leading_zeros()) / 4;
            (0..digits.max(1)).rev().for_each(|digit| put(HEX[(number >> (digit * 4) & 0xf) as usize]));
            put(end);
        }
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        // A time to come must not be sent (RFC 9110 §8.8.2.1).
        let modified = u64::try_from(file.mtime).ok().map(|mtime| mtime.min(now));
        Self { etag, etag_length: at, modified }
    }

    /// The value of `ETag`.
    pub fn etag_field(&self) -> HeaderValue {
        HeaderValue::from_bytes(self.etag()).expect("made of quotes, hyphens and hexadecimal digits")
    }

    /// The value of `Last-Modified`; none for a file from before 1970.
    pub fn last_modified_field(&self) -> Option<HeaderValue> {
        let modified = UNIX_EPOCH + Duration::from_secs(self.modified?);
        HeaderValue::try_from(httpdate::fmt_http_date(modified)).ok()
    }

    fn etag(&self) -> &[u8] {
        &self.etag[..self.etag_length]
    }
}

/// Weighs the conditions of a GET or HEAD in the order of RFC 9110 §13.2.2. A date that is none counts as absent.
pub fn decide(headers: &HeaderMap, validators: &Validators, now: SystemTime) -> Decision {
    let modified = validators.modified.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
    if headers.contains_key(header::IF_MATCH) {
        if !lists(headers, header::IF_MATCH, validators.etag(), false) {
            return Decision::Failed;
        }
    } else if let (Some(date), Some(modified)) = (date(headers, header::IF_UNMODIFIED_SINCE), modified)
        && modified > date
    {
        return Decision::Failed;
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        if lists(headers, header::IF_NONE_MATCH, validators.etag(), true) {
            return Decision::NotModified;
        }
    } else if let (Some(date), Some(modified)) = (date(headers, header::IF_MODIFIED_SINCE), modified)
        && modified <= date
    {
        return Decision::NotModified;
    }
    let ranges = headers.get(header::IF_RANGE).is_none_or(|condition| holds(condition, validators, modified, now));
    Decision::Go { ranges }
}

/// Is the entity-tag, given with its quotes, in the list of this field, or is the list `*`? Weak comparison lets `W/` pass
/// (RFC 9110 §8.8.3.2).
pub fn lists(headers: &HeaderMap, field: HeaderName, etag: &[u8], weak: bool) -> bool {
    headers.get_all(field).iter().any(|value| {
        let mut rest = value.as_bytes().trim_ascii();
        if rest == b"*" {
            return true;
        }
        while let Some((is_weak, tag, after)) = first_tag(rest) {
            if tag == etag && (weak || !is_weak) {
                return true;
            }
            rest = after;
        }
        false
    })
}

/// The first entity-tag of a list with its quotes, whether it is weak, and what follows. None at the end of the list
/// and at what is no tag. A comma may be part of a tag, so the list cannot simply be split.
fn first_tag(list: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let start = list.iter().position(|octet| !matches!(octet, b' ' | b'\t' | b','))?;
    let list = &list[start..];
    let (is_weak, tag) = list.strip_prefix(b"W/").map_or((false, list), |tag| (true, tag));
    let end = tag.strip_prefix(b"\"")?.iter().position(|octet| *octet == b'"')? + 2;
    Some((is_weak, &tag[..end], &tag[end..]))
}

/// Does `If-Range` hold (RFC 9110 §13.1.5)? Only a strong validator can: parts of two files must not be joined.
fn holds(condition: &HeaderValue, validators: &Validators, modified: Option<SystemTime>, now: SystemTime) -> bool {
    let value = condition.as_bytes().trim_ascii();
    if value.starts_with(b"\"") || value.starts_with(b"W/") {
        return value == validators.etag();
    }
    let date = condition.to_str().ok().and_then(|value| httpdate::parse_http_date(value).ok());
    // A file that changes twice within a second shows the same date; after a while it is taken to be at rest.
    let at_rest = |modified: SystemTime| now.duration_since(modified).is_ok_and(|age| age >= AT_REST);
    date.is_some() && date == modified && modified.is_some_and(at_rest)
}

/// The date in this field; what is none counts as absent.
pub fn date(headers: &HeaderMap, field: HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(field)?.to_str().ok()?).ok()
}

/// Three numbers of 16 digits, two hyphens and two quotes.
const ETAG_MAX: usize = 52;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// How old a change must be for its date to be a strong validator (RFC 9110 §8.8.2.2 leaves it open; Apache: 60 s).
const AT_REST: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Metadata =
        Metadata { size: 0x1f, mtime: 1_000_000_000, mtime_nsec: 5, inode: 0, device: 1, ctime: 0, ctime_nsec: 0 };
    const TAG: &str = "\"1f-de0b6b3a7640005-0\"";
    const DATE: &str = "Sun, 09 Sep 2001 01:46:40 GMT";
    const BEFORE: &str = "Sun, 09 Sep 2001 01:46:39 GMT";
    const AFTER: &str = "Sun, 09 Sep 2001 01:46:41 GMT";
    const GO: Decision = Decision::Go { ranges: true };

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn ask(fields: &[(&str, &str)]) -> Decision {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let now = at(1_000_001_000);
        decide(&headers, &Validators::of(&FILE, now), now)
    }

    #[test]
    fn what_a_client_gets_to_compare() {
        let validators = Validators::of(&FILE, at(1_000_001_000));
        assert_eq!(validators.etag_field(), TAG);
        assert_eq!(validators.last_modified_field().unwrap(), DATE);
        let most =
            Metadata { size: u64::MAX, mtime: -1, mtime_nsec: 0, inode: u64::MAX, device: 0, ctime: 0, ctime_nsec: 0 };
        let validators = Validators::of(&most, at(0));
        assert_eq!(validators.etag().len(), ETAG_MAX);
        assert_eq!(validators.last_modified_field(), None);
        let to_come = Validators::of(&FILE, at(999_999_999));
        assert_eq!(to_come.last_modified_field().unwrap(), BEFORE);
    }

    #[test]
    fn s13_1_1_if_match() {
        assert_eq!(ask(&[("if-match", TAG)]), GO);
        assert_eq!(ask(&[("if-match", "*")]), GO);
        assert_eq!(ask(&[("if-match", &format!("\"a,b\" ,, {TAG}"))]), GO);
        assert_eq!(ask(&[("if-match", "\"a\""), ("if-match", TAG)]), GO);
        assert_eq!(ask(&[("if-match", &format!("W/{TAG}"))]), Decision::Failed);
        assert_eq!(ask(&[("if-match", "\"other\"")]), Decision::Failed);
        assert_eq!(ask(&[("if-match", "no tag")]), Decision::Failed);
    }

    #[test]
    fn s13_1_2_if_none_match() {
        assert_eq!(ask(&[("if-none-match", TAG)]), Decision::NotModified);
        assert_eq!(ask(&[("if-none-match", &format!("\"x\",W/{TAG}"))]), Decision::NotModified);
        assert_eq!(ask(&[("if-none-match", "*")]), Decision::NotModified);
        assert_eq!(ask(&[("if-none-match", "\"x\"")]), GO);
        assert_eq!(ask(&[("if-none-match", "\"unended")]), GO);
    }

    #[test]
    fn s13_1_3_and_4_dates() {
        assert_eq!(ask(&[("if-modified-since", DATE)]), Decision::NotModified);
        assert_eq!(ask(&[("if-modified-since", AFTER)]), Decision::NotModified);
        assert_eq!(ask(&[("if-modified-since", BEFORE)]), GO);
        assert_eq!(ask(&[("if-modified-since", "yesterday")]), GO);
        assert_eq!(ask(&[("if-unmodified-since", DATE)]), GO);
        assert_eq!(ask(&[("if-unmodified-since", BEFORE)]), Decision::Failed);
        assert_eq!(ask(&[("if-unmodified-since", "yesterday")]), GO);
    }

    #[test]
    fn s13_2_2_precedence() {
        assert_eq!(ask(&[("if-match", TAG), ("if-unmodified-since", BEFORE)]), GO);
        assert_eq!(ask(&[("if-none-match", "\"x\""), ("if-modified-since", DATE)]), GO);
        assert_eq!(ask(&[("if-match", "\"x\""), ("if-none-match", TAG)]), Decision::Failed);
        assert_eq!(ask(&[("if-match", TAG), ("if-none-match", TAG)]), Decision::NotModified);
        assert_eq!(ask(&[("if-none-match", TAG), ("if-range", "\"x\"")]), Decision::NotModified);
    }

    #[test]
    fn s13_1_5_if_range() {
        assert_eq!(ask(&[("if-range", TAG)]), GO);
        assert_eq!(ask(&[("if-range", DATE)]), GO);
        for other in ["\"x\"", BEFORE, AFTER, "yesterday", "*"] {
            assert_eq!(ask(&[("if-range", other)]), Decision::Go { ranges: false }, "{other}");
        }
        assert_eq!(ask(&[("if-range", &format!("W/{TAG}"))]), Decision::Go { ranges: false });
        let mut headers = HeaderMap::new();
        headers.insert("if-range", DATE.parse().unwrap());
        let now = at(1_000_000_059);
        assert_eq!(decide(&headers, &Validators::of(&FILE, now), now), Decision::Go { ranges: false });
    }
}
