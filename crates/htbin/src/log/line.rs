//! One line of the access log, in each format. A line is built in place; the date is made once a second.

use std::{
    io::Write,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use ::http::Version;
use jiff::{Timestamp, tz::TimeZone};

use super::{
    Entry, Format,
    text::{push_decimal, push_quoted},
};

/// A line and what is kept from one line to the next.
#[derive(Debug, Default)]
pub(super) struct Line {
    bytes: Vec<u8>,
    second: Option<Second>,
}

/// A second, and how lines tell it.
#[derive(Debug)]
struct Second {
    began: Instant,
    format: Format,
    /// The date up to the second, and the rest: the offset from UTC.
    date: (String, String),
}

impl Line {
    /// The line of an exchange that ends now.
    pub(super) fn fill(&mut self, format: Format, entry: &Entry<'_>) -> &[u8] {
        let started = entry.exchange.started;
        let second = match &mut self.second {
            Some(second) if second.holds(started, format) => &*second,
            another => another.insert(Second::of(started, format)),
        };
        self.bytes.clear();
        push(&mut self.bytes, second, entry, || started.elapsed());
        &self.bytes
    }
}

impl Second {
    /// The one in which an exchange started.
    fn of(started: Instant, format: Format) -> Self {
        let since_1970 = (SystemTime::now() - started.elapsed()).duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::at(started, since_1970, format, &TimeZone::system())
    }

    /// The one that holds this moment.
    fn at(moment: Instant, since_1970: Duration, format: Format, zone: &TimeZone) -> Self {
        let begun = Duration::from_nanos(since_1970.subsec_nanos().into());
        let began = moment.checked_sub(begun).unwrap_or(moment);
        Self { began, format, date: date(format, since_1970.as_secs(), zone) }
    }

    fn holds(&self, moment: Instant, format: Format) -> bool {
        let since = moment.checked_duration_since(self.began);
        self.format == format && since.is_some_and(|since| since < Duration::from_secs(1))
    }
}

/// A whole line. How long the exchange took is asked for only where it is told.
fn push(out: &mut Vec<u8>, second: &Second, entry: &Entry<'_>, duration: impl FnOnce() -> Duration) {
    match second.format {
        Format::Common => push_common(out, second, entry),
        Format::Combined => {
            push_common(out, second, entry);
            for field in [entry.referer, entry.user_agent] {
                out.extend_from_slice(b" \"");
                push_quoted(out, field.unwrap_or(b"-"));
                out.push(b'"');
            }
        }
        Format::Json => push_json(out, second, entry, duration()),
    }
    out.push(b'\n');
}

/// The usual format, piece by piece: formatting machinery would cost more than all the rest.
fn push_common(out: &mut Vec<u8>, second: &Second, entry: &Entry<'_>) {
    out.extend_from_slice(entry.exchange.connection.client.as_bytes());
    out.extend_from_slice(b" - ");
    push_quoted(out, entry.user.unwrap_or("-").as_bytes());
    for piece in [" [", &second.date.0, " ", &second.date.1, "] \""] {
        out.extend_from_slice(piece.as_bytes());
    }
    // Apache, too, writes "-" where no request line could be read.
    if entry.method.is_empty() {
        out.push(b'-');
    } else {
        // A token (RFC 9110 §9.1): there is nothing in it to quote.
        out.extend_from_slice(entry.method.as_bytes());
        out.push(b' ');
        push_quoted(out, entry.target.as_bytes());
        out.push(b' ');
        out.extend_from_slice(version(entry.version).as_bytes());
    }
    out.extend_from_slice(b"\" ");
    out.extend_from_slice(entry.status.as_str().as_bytes());
    out.push(b' ');
    match entry.body_bytes {
        0 => out.push(b'-'),
        octets => push_decimal(out, octets),
    }
}

fn push_json(out: &mut Vec<u8>, second: &Second, entry: &Entry<'_>, duration: Duration) {
    let exchange = entry.exchange;
    let (date, offset) = &second.date;
    let milliseconds = exchange.started.saturating_duration_since(second.began).subsec_millis();
    put(out, format_args!(r#"{{"time":"{date}.{milliseconds:03}{offset}","id":"{}""#, exchange.id));
    put(out, format_args!(r#","client":"{}""#, exchange.connection.peer));
    push_member(out, "user", entry.user.map(str::as_bytes));
    push_member(out, "method", Some(entry.method.as_bytes()));
    push_member(out, "target", Some(entry.target.as_bytes()));
    let (version, status, octets) = (version(entry.version), entry.status.as_u16(), entry.body_bytes);
    put(out, format_args!(r#","version":"{version}","status":{status},"bytes":{octets}"#));
    put(out, format_args!(r#","ms":{:.3}"#, duration.as_secs_f64() * 1000.0));
    push_member(out, "referer", entry.referer);
    push_member(out, "user_agent", entry.user_agent);
    push_member(out, "script", entry.script.map(str::as_bytes));
    push_member(out, "start", exchange.start.get().map(|start| start.word().as_bytes()));
    push_member(out, "reason", entry.reason.map(str::as_bytes));
    out.push(b'}');
}

fn push_member(out: &mut Vec<u8>, name: &str, value: Option<&[u8]>) {
    if let Some(value) = value {
        put(out, format_args!(r#","{name}":"#));
        serde_json::to_writer(out, &String::from_utf8_lossy(value)).expect(IN_MEMORY);
    }
}

/// The date in the local zone: up to the second, and the offset.
fn date(format: Format, second: u64, zone: &TimeZone) -> (String, String) {
    let stamp = i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok()).unwrap_or_default();
    let local = stamp.to_zoned(zone.clone());
    match format {
        Format::Common | Format::Combined => {
            (local.strftime("%d/%b/%Y:%H:%M:%S").to_string(), local.strftime("%z").to_string())
        }
        Format::Json => (local.strftime("%Y-%m-%dT%H:%M:%S").to_string(), local.strftime("%:z").to_string()),
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

fn put(bytes: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    bytes.write_fmt(text).expect(IN_MEMORY);
}

const IN_MEMORY: &str = "memory takes every byte";

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, OnceLock},
        time::Instant,
    };

    use htbin_spawn::Start;

    use ::http::StatusCode;

    use super::*;
    use crate::exchange::{Connection, End, Exchange, ExchangeId, Steps};

    fn exchange() -> Exchange {
        let end = |text: &str| End::Tcp(text.parse().expect("an address"));
        let connection = Connection::new(end("127.0.0.1:5"), end("127.0.0.1:8000"), false);
        Exchange {
            id: ExchangeId(42),
            started: Instant::now(),
            connection: Arc::new(connection),
            start: OnceLock::new(),
            user: None,
            told: Vec::new(),
            steps: Steps::default(),
        }
    }

    fn entry(exchange: &Exchange) -> Entry<'_> {
        Entry {
            exchange,
            method: "GET",
            target: "/apache_pb.gif",
            version: Version::HTTP_10,
            status: StatusCode::OK,
            body_bytes: 2326,
            referer: Some(b"http://www.example.com/start.html"),
            user_agent: Some(b"Mozilla/4.08 [en] (Win98; I ;Nav)"),
            user: Some("frank"),
            script: None,
            reason: None,
        }
    }

    /// The line of an exchange that started at 2000-10-10 20:55:36 UTC, in a zone seven hours behind it.
    fn line(format: Format, entry: &Entry<'_>) -> String {
        let (started, zone) = (Duration::new(971_211_336, 7_000_000), TimeZone::fixed(jiff::tz::offset(-7)));
        let mut line = Vec::new();
        let second = Second::at(entry.exchange.started, started, format, &zone);
        push(&mut line, &second, entry, || Duration::from_micros(1234));
        String::from_utf8(line).expect("it is text")
    }

    #[test]
    fn common_and_combined_are_those_of_apaches_manual() {
        let exchange = exchange();
        let common = r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326"#;
        assert_eq!(line(Format::Common, &entry(&exchange)), format!("{common}\n"));
        let rest = r#" "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)""#;
        assert_eq!(line(Format::Combined, &entry(&exchange)), format!("{common}{rest}\n"));
    }

    #[test]
    fn what_is_missing_is_a_hyphen() {
        let exchange = exchange();
        let entry = Entry {
            method: "",
            target: "",
            status: StatusCode::REQUEST_TIMEOUT,
            body_bytes: 0,
            referer: None,
            user_agent: None,
            user: None,
            ..entry(&exchange)
        };
        let common = r#"127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "-" 408 -"#;
        assert_eq!(line(Format::Combined, &entry), format!("{common} \"-\" \"-\"\n"));
    }

    #[test]
    fn a_client_cannot_forge_a_line() {
        let exchange = exchange();
        let evil: &[u8] = b"x\" 200 1\n10.0.0.1 - - \x1b[2J";
        let entry = Entry { target: "/\"\n", user_agent: Some(evil), user: Some("a\nb"), ..entry(&exchange) };
        for format in [Format::Common, Format::Combined, Format::Json] {
            let line = line(format, &entry);
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(!line.contains('\x1b'), "{line}");
        }
        assert!(line(Format::Combined, &entry).contains(r#""x\" 200 1\n10.0.0.1 - - \x1b[2J""#));
    }

    #[test]
    fn json_is_one_object_with_what_is_known() {
        let exchange = exchange();
        exchange.start.set(Start::Warm).expect("it was not set");
        let entry = Entry { script: Some("/cgi-bin/a.py"), reason: Some("no-head"), referer: None, ..entry(&exchange) };
        let expected = serde_json::json!({
            "time": "2000-10-10T13:55:36.007-07:00",
            "id": "0000002a",
            "client": "127.0.0.1",
            "user": "frank",
            "method": "GET",
            "target": "/apache_pb.gif",
            "version": "HTTP/1.0",
            "status": 200,
            "bytes": 2326,
            "ms": 1.234,
            "user_agent": "Mozilla/4.08 [en] (Win98; I ;Nav)",
            "script": "/cgi-bin/a.py",
            "start": "warm",
            "reason": "no-head",
        });
        let line = line(Format::Json, &entry);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).expect("it is JSON"), expected);
        assert!(line.starts_with(r#"{"time":""#) && line.ends_with("}\n"));
    }

    #[test]
    fn json_takes_octets_that_are_no_text() {
        let exchange = exchange();
        let line = line(Format::Json, &Entry { user_agent: Some(b"a\xff\"\\"), ..entry(&exchange) });
        let value: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!(value["user_agent"], "a\u{fffd}\"\\");
    }

    #[test]
    fn a_second_holds_what_started_in_it() {
        let (now, milliseconds) = (Instant::now(), Duration::from_millis);
        let second = Second::at(now + milliseconds(400), milliseconds(1_000_400), Format::Common, &TimeZone::UTC);
        assert_eq!(second.date, ("01/Jan/1970:00:16:40".into(), "+0000".into()));
        for (since, is_held) in [(0, true), (400, true), (999, true), (1000, false)] {
            assert_eq!(second.holds(now + milliseconds(since), Format::Common), is_held, "{since}");
        }
        let next = Second::at(now + milliseconds(1400), milliseconds(1_001_400), Format::Common, &TimeZone::UTC);
        assert!(!next.holds(now + milliseconds(999), Format::Common));
        assert!(!second.holds(now, Format::Json));
    }

    #[test]
    fn the_date_follows_the_second_and_the_format() {
        let mut line = Line::default();
        let mut at = |format, ago| {
            let started = Instant::now().checked_sub(Duration::from_secs(ago)).expect("the machine runs for longer");
            let exchange = Exchange { started, ..exchange() };
            String::from_utf8(line.fill(format, &entry(&exchange)).to_vec()).expect("it is text")
        };
        let earlier = at(Format::Common, 3);
        assert_ne!(at(Format::Common, 0), earlier);
        assert!(at(Format::Json, 0).starts_with(r#"{"time":"2"#));
        assert!(at(Format::Common, 0).starts_with("127.0.0.1 - frank ["));
    }
}
