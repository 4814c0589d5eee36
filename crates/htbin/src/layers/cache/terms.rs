//! Whether an answer may be stored, and for how long it is good (RFC 9111 §3, §4.2). What is stored here is given to
//! everybody, so where a person is known by their request only a script that says `public` gets anything stored.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, StatusCode, header, request::Parts};

use super::control::Control;

/// On which terms an answer is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    /// How old it was when it came.
    pub(super) age: Duration,
    /// How long it is fresh, from its beginning.
    pub(super) lifetime: Duration,
    /// For so long after that it may be given while it is renewed.
    pub(super) while_renewed: Duration,
    /// For so long after that it may be given where the script fails.
    pub(super) if_error: Duration,
    /// It is for everybody, whoever asked.
    pub(super) is_public: bool,
    /// The fields of a request that chose it, besides those that always do.
    pub(super) vary: Box<[HeaderName]>,
}

impl Terms {
    /// The terms for an answer to GET, by a person who is known or by anybody; none if it may not be stored, or to no use.
    pub(super) fn of(
        of_a_person: bool,
        (status, fields): (StatusCode, &HeaderMap),
        unsaid: Duration,
        now: SystemTime,
    ) -> Option<Self> {
        let control = Control::of(fields);
        let sets_cookies = fields.contains_key(header::SET_COOKIE) || fields.contains_key("set-cookie2");
        let is_for_them = of_a_person && !control.is_public;
        if control.forbids || sets_cookies || is_for_them || !STATUSES.contains(&status.as_u16()) {
            return None;
        }
        let lifetime =
            if control.asks_always { Duration::ZERO } else { lifetime(&control, (status, fields), unsaid, now) };
        let has_validator = fields.contains_key(header::ETAG) || fields.contains_key(header::LAST_MODIFIED);
        let has_use = !lifetime.is_zero() || !control.while_renewed.is_zero() || has_validator;
        let age = seconds(fields, header::AGE);
        let Control { while_renewed, if_error, is_public, .. } = control;
        let terms = Self { age, lifetime, while_renewed, if_error, is_public, vary: vary(fields)? };
        has_use.then_some(terms)
    }

    /// It can only be given after the script was asked.
    pub(super) fn asks_always(&self) -> bool {
        self.lifetime <= self.age && self.while_renewed.is_zero()
    }
}

/// Does the request say who asks? What its script makes of that is for that person, unless it says otherwise. For
/// Authorization that is RFC 9111 §3.5; most sessions are cookies today.
pub(super) fn is_of_a_person(request: &Parts) -> bool {
    request.headers.contains_key(header::AUTHORIZATION) || request.headers.contains_key(header::COOKIE)
}

fn lifetime(
    control: &Control,
    (status, fields): (StatusCode, &HeaderMap),
    unsaid: Duration,
    now: SystemTime,
) -> Duration {
    if let Some(lifetime) = control.lifetime {
        return lifetime;
    }
    let mut expires = fields.get_all(header::EXPIRES).iter();
    if let Some(at) = expires.next() {
        // What is no date has passed (RFC 9111 §5.3).
        let at = at.to_str().ok().filter(|_| expires.next().is_none());
        let at = at.and_then(|at| httpdate::parse_http_date(at).ok());
        let date = fields.get(header::DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        return at.and_then(|at| at.duration_since(date.unwrap_or(now)).ok()).unwrap_or_default();
    }
    if UNSAID_STATUSES.contains(&status.as_u16()) { unsaid } else { Duration::ZERO }
}

/// None for an answer that is for one request alone.
fn vary(fields: &HeaderMap) -> Option<Box<[HeaderName]>> {
    let mut names = Vec::new();
    for value in fields.get_all(header::VARY) {
        for name in value.to_str().ok()?.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| name.as_str() != "*")?;
            if !names.contains(&name) {
                names.push(name);
            }
            if names.len() > VARY_MAX {
                return None;
            }
        }
    }
    Some(names.into())
}

fn seconds(fields: &HeaderMap, name: HeaderName) -> Duration {
    let seconds = fields.get(name).and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok());
    Duration::from_secs(seconds.unwrap_or(0).into())
}

/// Final ones that are understood here. No 206 and no 304, which are parts of something.
const STATUSES: [u16; 15] = [200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 451, 501];
/// Those that are kept for `default-ttl` where the script says nothing.
const UNSAID_STATUSES: [u16; 7] = [200, 203, 300, 301, 308, 404, 410];
/// An answer that depends on more fields is stored to no use.
const VARY_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for (name, value) in pairs {
            fields.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        fields
    }

    fn terms_of(request: &[(&str, &str)], status: u16, answer: &[(&str, &str)], unsaid: u64) -> Option<Terms> {
        let (mut asked, ()) = http::Request::get("/").body(()).unwrap().into_parts();
        asked.headers = fields(request);
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        Terms::of(is_of_a_person(&asked), (status, &fields(answer)), Duration::from_secs(unsaid), now)
    }

    fn lifetime_of(answer: &[(&str, &str)]) -> Option<u64> {
        terms_of(&[], 200, answer, 0).map(|terms| terms.lifetime.as_secs())
    }

    const FRESH: (&str, &str) = ("cache-control", "max-age=60");

    #[test]
    fn s3_what_is_stored() {
        assert_eq!(lifetime_of(&[FRESH]), Some(60));
        assert_eq!(lifetime_of(&[]), None);
        assert_eq!(lifetime_of(&[("cache-control", "max-age=60, no-store")]), None);
        assert_eq!(lifetime_of(&[FRESH, ("cache-control", "private")]), None);
        assert_eq!(lifetime_of(&[FRESH, ("set-cookie", "a=b")]), None);
        assert_eq!(lifetime_of(&[("cache-control", "public, max-age=60"), ("set-cookie", "a=b")]), None);
        for (status, is_stored) in [(200, true), (404, true), (302, true), (206, false), (304, false), (500, false)] {
            assert_eq!(terms_of(&[], status, &[FRESH], 0).is_some(), is_stored, "{status}");
        }
    }

    #[test]
    fn s3_5_who_asks() {
        for who in [("authorization", "Basic x"), ("cookie", "session=1")] {
            assert_eq!(terms_of(&[who], 200, &[FRESH], 5), None, "{who:?}");
            assert_eq!(terms_of(&[who], 200, &[], 5), None, "{who:?}");
            for value in ["public, max-age=60", "s-maxage=60"] {
                assert!(terms_of(&[who], 200, &[("cache-control", value)], 0).unwrap().is_public);
            }
        }
    }

    #[test]
    fn s4_1_vary() {
        assert_eq!(lifetime_of(&[FRESH, ("vary", "*")]), None);
        assert_eq!(lifetime_of(&[FRESH, ("vary", "cookie, *")]), None);
        assert_eq!(lifetime_of(&[FRESH, ("vary", "a b")]), None);
        let varied = terms_of(&[], 200, &[FRESH, ("vary", "A,b, a"), ("vary", "c")], 0).unwrap();
        assert_eq!(varied.vary.iter().map(HeaderName::as_str).collect::<Vec<_>>(), ["a", "b", "c"]);
        let many = |count: usize| (0..count).map(|it| format!("x-{it}")).collect::<Vec<_>>().join(",");
        assert_eq!(lifetime_of(&[FRESH, ("vary", &many(VARY_MAX))]), Some(60));
        assert_eq!(lifetime_of(&[FRESH, ("vary", &many(VARY_MAX + 1))]), None);
    }

    #[test]
    fn s4_2_1_lifetime() {
        let expires = |at: &'static str| ("expires", at);
        assert_eq!(lifetime_of(&[expires("Sun, 06 Nov 1994 08:50:37 GMT")]), Some(60));
        assert_eq!(lifetime_of(&[expires("Sun, 06 Nov 1994 08:50:37 GMT"), FRESH]), Some(60));
        let date = ("date", "Sun, 06 Nov 1994 08:50:30 GMT");
        assert_eq!(lifetime_of(&[expires("Sun, 06 Nov 1994 08:50:37 GMT"), date]), Some(7));
        assert_eq!(lifetime_of(&[expires("0")]), None);
        assert_eq!(lifetime_of(&[expires("Sun, 06 Nov 1994 08:50:37 GMT"), expires("0")]), None);
        assert_eq!(lifetime_of(&[("cache-control", "no-cache"), ("etag", "\"x\"")]), Some(0));
        assert_eq!(lifetime_of(&[("cache-control", "no-cache")]), None);
        assert_eq!(terms_of(&[], 200, &[("age", "20"), FRESH], 0).unwrap().age.as_secs(), 20);
    }

    #[test]
    fn where_nothing_is_said() {
        let unsaid = |status, answer: &[_]| terms_of(&[], status, answer, 5).map(|terms| terms.lifetime.as_secs());
        assert_eq!(unsaid(200, &[]), Some(5));
        assert_eq!(unsaid(302, &[]), None);
        assert_eq!(unsaid(200, &[("cache-control", "max-age=0"), ("etag", "\"x\"")]), Some(0));
        assert_eq!(unsaid(200, &[("cache-control", "no-cache")]), None);
        assert_eq!(unsaid(200, &[("expires", "0")]), None);
        assert_eq!(unsaid(200, &[("cache-control", "public")]), Some(5));
    }
}
