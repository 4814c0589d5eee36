//! `Cache-Control` of an answer, as a shared cache reads it (RFC 9111 §5.2.2, RFC 5861). What is not understood counts
//! for the careful side.

use std::time::Duration;

use http::{HeaderMap, header};

/// What an answer says of how it may be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Control {
    /// It may not be kept: `no-store`, or `private`.
    pub(super) forbids: bool,
    /// It may not be given again before the script was asked: `no-cache`, with fields or without.
    pub(super) asks_always: bool,
    /// It may not be given again when it is stale: `must-revalidate`, `proxy-revalidate`.
    pub(super) never_stale: bool,
    /// It is for everybody, whoever asked: `public`, `s-maxage`.
    pub(super) is_public: bool,
    /// How long it is fresh: `s-maxage`, else `max-age`.
    pub(super) lifetime: Option<Duration>,
    /// For so long after that it may be given while it is renewed.
    pub(super) while_renewed: Duration,
    /// For so long after that it may be given where the script fails.
    pub(super) if_error: Duration,
}

impl Control {
    /// What the fields say.
    pub(super) fn of(fields: &HeaderMap) -> Self {
        let (mut control, mut max_age, mut shared_age) = (Self::default(), None, None);
        let mut is_said = false;
        for value in fields.get_all(header::CACHE_CONTROL) {
            is_said = true;
            let Ok(text) = value.to_str() else {
                control.forbids = true;
                continue;
            };
            for (name, argument) in directives(text).take(DIRECTIVES_MAX) {
                match name.as_str() {
                    "no-store" | "private" => control.forbids = true,
                    "no-cache" => control.asks_always = true,
                    "must-revalidate" | "proxy-revalidate" => control.never_stale = true,
                    "public" => control.is_public = true,
                    "max-age" => shorter(&mut max_age, argument),
                    "s-maxage" => shorter(&mut shared_age, argument),
                    "stale-while-revalidate" => control.while_renewed = seconds(argument),
                    "stale-if-error" => control.if_error = seconds(argument),
                    _ => {}
                }
            }
        }
        // From the days of HTTP/1.0.
        let is_no_cache = |pragma: &header::HeaderValue| pragma.as_bytes().eq_ignore_ascii_case(b"no-cache");
        control.asks_always |= !is_said && fields.get(header::PRAGMA).is_some_and(is_no_cache);
        control.is_public |= shared_age.is_some();
        control.lifetime = shared_age.or(max_age);
        if control.never_stale || control.asks_always {
            (control.while_renewed, control.if_error) = (Duration::ZERO, Duration::ZERO);
        }
        control
    }
}

/// Of two that contradict each other the shorter one holds (RFC 9111 §4.2.1).
fn shorter(age: &mut Option<Duration>, argument: Option<&str>) {
    let said = seconds(argument);
    *age = Some(age.map_or(said, |before| before.min(said)));
}

/// What is no number counts as no time (RFC 9111 §4.2.1); what is too large, as a very long one (§1.2.2).
fn seconds(argument: Option<&str>) -> Duration {
    let digits = argument.unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return Duration::ZERO;
    }
    Duration::from_secs(digits.parse::<u64>().unwrap_or(SECONDS_MAX).min(SECONDS_MAX))
}

/// Names in lower case, with their arguments without quotes. A comma in quotes ends nothing.
fn directives(text: &str) -> impl Iterator<Item = (String, Option<&str>)> {
    let mut in_quotes = false;
    let pieces = text.split(move |letter| {
        in_quotes ^= letter == '"';
        letter == ',' && !in_quotes
    });
    pieces.map(|piece| {
        let (name, argument) = match piece.split_once('=') {
            Some((name, argument)) => (name, Some(argument.trim().trim_matches('"'))),
            None => (piece, None),
        };
        (name.trim().to_ascii_lowercase(), argument)
    })
}

/// More than there are.
const DIRECTIVES_MAX: usize = 64;
/// 2³¹, as RFC 9111 §1.2.2 has it.
const SECONDS_MAX: u64 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    fn control(values: &[&str]) -> Control {
        let mut fields = HeaderMap::new();
        for value in values {
            fields.append(header::CACHE_CONTROL, value.parse().unwrap());
        }
        Control::of(&fields)
    }

    fn lifetime(value: &str) -> Option<u64> {
        control(&[value]).lifetime.map(|it| it.as_secs())
    }

    #[test]
    fn s5_2_2_directives() {
        assert_eq!(control(&[]), Control::default());
        assert!(control(&["No-Store"]).forbids);
        assert!(control(&["max-age=5", "PRIVATE"]).forbids);
        assert!(control(&["private=\"set-cookie\""]).forbids);
        assert!(control(&["no-cache=\"a, b\""]).asks_always);
        assert!(!control(&["extension=\"no-store, private\""]).forbids);
        assert!(control(&["s-maxage=5"]).is_public);
        assert!(!control(&["max-age=5"]).is_public);
        assert_eq!(lifetime("max-age=5, s-maxage=7"), Some(7));
        assert_eq!(lifetime("s-maxage=7,max-age=\"5\""), Some(7));
        assert_eq!(lifetime(" Max-Age = 5 "), Some(5));
    }

    #[test]
    fn s4_2_1_what_is_wrong_is_stale() {
        assert_eq!(lifetime("max-age=5, max-age=3"), Some(3));
        assert_eq!(lifetime("max-age=abc"), Some(0));
        assert_eq!(lifetime("max-age=-5"), Some(0));
        assert_eq!(lifetime("max-age"), Some(0));
        assert_eq!(lifetime("max-age=99999999999999999999999"), Some(SECONDS_MAX));
        assert_eq!(lifetime("\"max-age=5"), None);
    }

    #[test]
    fn rfc5861_stale_ones() {
        let it = control(&["max-age=1, stale-while-revalidate=2, stale-if-error=3"]);
        assert_eq!((it.while_renewed.as_secs(), it.if_error.as_secs()), (2, 3));
        let it = control(&["max-age=1, stale-while-revalidate=2, stale-if-error=3, must-revalidate"]);
        assert_eq!((it.while_renewed.as_secs(), it.if_error.as_secs()), (0, 0));
    }

    #[test]
    fn pragma_counts_where_nothing_else_is_said() {
        let mut fields = HeaderMap::new();
        fields.insert(header::PRAGMA, "No-Cache".parse().unwrap());
        assert!(Control::of(&fields).asks_always);
        fields.insert(header::CACHE_CONTROL, "max-age=5".parse().unwrap());
        assert!(!Control::of(&fields).asks_always);
    }
}
