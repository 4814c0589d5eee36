//! Range requests (RFC 9110 §14): which slices of a file are asked for. It knows sizes, not files.

use http::{HeaderMap, header};

/// What `Range` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ranges {
    /// The whole file: no `Range`, or one that is ignored.
    Whole,
    /// These slices, in the order they were asked for; never empty.
    Some(Vec<Slice>),
    /// Nothing of what was asked for lies in the file: 416.
    Unsatisfiable,
}

/// A slice of a file; it lies in the file and is never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Where it starts, in octets.
    pub offset: u64,
    /// How long it is, in octets.
    pub length: u64,
}

impl Slice {
    /// The value of `Content-Range` for this slice of a file of `size` octets.
    pub fn content_range(&self, size: u64) -> String {
        format!("bytes {}-{}/{size}", self.offset, self.offset + self.length - 1)
    }
}

/// The slices that `Range` asks for in a file of `size` octets.
///
/// RFC 9110 §14.2 lets a server ignore the field. It is ignored when it is not understood, when the file is empty, and
/// when the answer would cost more than the file: more than [`RANGES_MAX`] slices, or slices that overlap so that
/// together they are longer than the file (CVE-2011-3192). The whole file holds all that was asked for, so nobody who
/// means it loses anything.
pub fn select(headers: &HeaderMap, size: u64) -> Ranges {
    let mut values = headers.get_all(header::RANGE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Ranges::Whole };
    if size == 0 {
        return Ranges::Whole;
    }
    let Some(asked) = value.to_str().ok().and_then(specs) else { return Ranges::Whole };
    let slices: Vec<Slice> = asked.iter().filter_map(|spec| spec.within(size)).collect();
    let total = slices.iter().fold(0_u64, |total, slice| total.saturating_add(slice.length));
    if slices.is_empty() {
        Ranges::Unsatisfiable
    } else if total > size {
        Ranges::Whole
    } else {
        Ranges::Some(slices)
    }
}

/// One range-spec as it was written.
enum Spec {
    From { first: u64, last: u64 },
    Suffix(u64),
}

impl Spec {
    fn within(&self, size: u64) -> Option<Slice> {
        let (first, last) = match *self {
            Self::From { first, last } => (first, last.min(size - 1)),
            Self::Suffix(0) => return None,
            Self::Suffix(length) => (size.saturating_sub(length), size - 1),
        };
        (first < size).then(|| Slice { offset: first, length: last - first + 1 })
    }
}

fn specs(value: &str) -> Option<Vec<Spec>> {
    let (unit, list) = value.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let written = list.split(',').map(|spec| spec.trim_matches([' ', '\t'])).filter(|spec| !spec.is_empty());
    let specs: Vec<Spec> = written.take(RANGES_MAX + 1).map(spec).collect::<Option<_>>()?;
    (1..=RANGES_MAX).contains(&specs.len()).then_some(specs)
}

fn spec(written: &str) -> Option<Spec> {
    let (first, last) = written.split_once('-')?;
    if first.is_empty() {
        return Some(Spec::Suffix(number(last)?));
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    (first <= last).then_some(Spec::From { first, last })
}

/// Digits only, unlike `str::parse`; a number too large for any file is as good as the largest.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// How many slices one request may ask for.
pub const RANGES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(value: &str, size: u64) -> Ranges {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, value.parse().unwrap());
        select(&headers, size)
    }

    fn some(slices: &[(u64, u64)]) -> Ranges {
        Ranges::Some(slices.iter().map(|(offset, length)| Slice { offset: *offset, length: *length }).collect())
    }

    #[test]
    fn s14_1_2_byte_ranges() {
        for (value, expected) in [
            ("bytes=0-0", some(&[(0, 1)])),
            ("bytes=0-", some(&[(0, 100)])),
            ("bytes=10-19", some(&[(10, 10)])),
            ("Bytes=90-999", some(&[(90, 10)])),
            ("bytes=-7", some(&[(93, 7)])),
            ("bytes=-700", some(&[(0, 100)])),
            ("bytes= 0-1 ,, 5-5 ,", some(&[(0, 2), (5, 1)])),
            ("bytes=5-5,0-1", some(&[(5, 1), (0, 2)])),
            ("bytes=0-1,200-300", some(&[(0, 2)])),
            ("bytes=99999999999999999999999-", Ranges::Unsatisfiable),
            ("bytes=0-99999999999999999999999", some(&[(0, 100)])),
            ("bytes=100-", Ranges::Unsatisfiable),
            ("bytes=-0", Ranges::Unsatisfiable),
            ("bytes=100-,-0", Ranges::Unsatisfiable),
        ] {
            assert_eq!(ask(value, 100), expected, "{value}");
        }
    }

    #[test]
    fn s14_2_what_is_not_understood_is_ignored() {
        for value in ["bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=+1-2", "bytes=0-1,x", "lines=0-1"]
        {
            assert_eq!(ask(value, 100), Ranges::Whole, "{value}");
        }
        assert_eq!(ask("bytes=0-", 0), Ranges::Whole);
        assert_eq!(select(&HeaderMap::new(), 100), Ranges::Whole);
        let mut twice = HeaderMap::new();
        twice.append(header::RANGE, "bytes=0-1".parse().unwrap());
        twice.append(header::RANGE, "bytes=2-3".parse().unwrap());
        assert_eq!(select(&twice, 100), Ranges::Whole);
    }

    #[test]
    fn cve_2011_3192_many_or_overlapping_ranges_are_the_whole_file() {
        let many = |count: usize| format!("bytes={}", vec!["0-0"; count].join(","));
        assert!(matches!(ask(&many(RANGES_MAX), 100), Ranges::Some(slices) if slices.len() == RANGES_MAX));
        assert_eq!(ask(&many(RANGES_MAX + 1), 100), Ranges::Whole);
        assert_eq!(ask("bytes=0-,0-", 100), Ranges::Whole);
        assert_eq!(ask("bytes=0-60,40-99", 100), Ranges::Whole);
        assert!(matches!(ask("bytes=0-49,50-99", 100), Ranges::Some(_)));
    }

    #[test]
    fn content_range_names_the_last_octet() {
        assert_eq!(Slice { offset: 5, length: 3 }.content_range(100), "bytes 5-7/100");
    }
}
