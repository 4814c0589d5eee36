//! One line of the access log, in each format. A line is built in place; the date is made once a second.

use std::{
    io::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ::http::Version;
use jiff::{Timestamp, tz::TimeZone};

use super::{Entry, Format, text::push_quoted};

/// A line and what is kept from one line to the next.
#[derive(Debug, Default)]
pub(super) struct Line {
    bytes: Vec<u8>,
    /// The second that `date` tells, and in which format.
    known: Option<(u64, Format)>,
    /// The date up to the second, and the rest: the offset from UTC.
    date: (String, String),
}

impl Line {
    /// The line of an exchange that ends now.
    pub(super) fn fill(&mut self, format: Format, entry: &Entry<'_>) -> &[u8] {
        let started = SystemTime::now() - entry.duration;
        self.fill_at(format, entry, started.duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// The line of an exchange that started so long after 1970.
    fn fill_at(&mut self, format: Format, entry: &Entry<'_>, started: Duration) -> &[u8] {
        if self.known != Some((started.as_secs(), format)) {
            self.date = date(format, started.as_secs(), &TimeZone::system());
            self.known = Some((started.as_secs(), format));
        }
        self.bytes.clear();
        match format {
            Format::Common => self.push_common(entry),
            Format::Combined => {
                self.push_common(entry);
                for field in [entry.referer, entry.user_agent] {
                    self.bytes.extend_from_slice(b" \"");
                    push_quoted(&mut self.bytes, field.unwrap_or(b"-"));
                    self.bytes.push(b'"');
                }
            }
            Format::Json => self.push_json(entry, started.subsec_millis()),
        }
        self.bytes.push(b'\n');
        &self.bytes
    }

    /// The usual format, piece by piece: formatting machinery would cost more than all the rest.
    fn push_common(&mut self, entry: &Entry<'_>) {
        let out = &mut self.bytes;
        out.extend_from_slice(entry.exchange.connection.client.as_bytes());
        out.extend_from_slice(b" - ");
        push_quoted(out, entry.user.unwrap_or("-").as_bytes());
        for piece in [" [", &self.date.0, " ", &self.date.1, "] \""] {
            out.extend_from_slice(piece.as_bytes());
        }
        // Apache, too, writes "-" where no request line could be read.
        if entry.method.is_empty() {
            out.push(b'-');
        } else {
            push_quoted(out, entry.method.as_bytes());
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
            octets => put(out, format_args!("{octets}")),
        }
    }

    fn push_json(&mut self, entry: &Entry<'_>, milliseconds: u32) {
        let exchange = entry.exchange;
        let (date, offset) = &self.date;
        put(&mut self.bytes, format_args!(r#"{{"time":"{date}.{milliseconds:03}{offset}","id":"{}""#, exchange.id));
        put(&mut self.bytes, format_args!(r#","client":"{}""#, exchange.connection.peer));
        self.push_member("user", entry.user.map(str::as_bytes));
        self.push_member("method", Some(entry.method.as_bytes()));
        self.push_member("target", Some(entry.target.as_bytes()));
        let (version, status, octets) = (version(entry.version), entry.status.as_u16(), entry.body_bytes);
        put(&mut self.bytes, format_args!(r#","version":"{version}","status":{status},"bytes":{octets}"#));
        put(&mut self.bytes, format_args!(r#","ms":{:.3}"#, entry.duration.as_secs_f64() * 1000.0));
        self.push_member("referer", entry.referer);
        self.push_member("user_agent", entry.user_agent);
        self.push_member("script", entry.script.map(str::as_bytes));
        self.push_member("start", exchange.start.get().map(|start| start.word().as_bytes()));
        self.push_member("reason", entry.reason.map(str::as_bytes));
        self.bytes.push(b'}');
    }

    fn push_member(&mut self, name: &str, value: Option<&[u8]>) {
        if let Some(value) = value {
            put(&mut self.bytes, format_args!(r#","{name}":"#));
            serde_json::to_writer(&mut self.bytes, &String::from_utf8_lossy(value)).expect(IN_MEMORY);
        }
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
    use crate::exchange::{Connection, End, Exchange, ExchangeId};

    fn exchange() -> Exchange {
        let end = |text: &str| End::Tcp(text.parse().expect("an address"));
        let connection = Connection::new(end("127.0.0.1:5"), end("127.0.0.1:8000"), false);
        Exchange {
            id: ExchangeId(42),
            started: Instant::now(),
            connection: Arc::new(connection),
            start: OnceLock::new(),
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
            duration: Duration::from_micros(1234),
            referer: Some(b"http://www.example.com/start.html"),
            user_agent: Some(b"Mozilla/4.08 [en] (Win98; I ;Nav)"),
            user: Some("frank"),
            script: None,
            reason: None,
        }
    }

    /// The line of an exchange that started at 2000-10-10 20:55:36 UTC, in a zone seven hours behind it.
    fn line(format: Format, entry: &Entry<'_>) -> String {
        let second = 971_211_336;
        let zone = TimeZone::fixed(jiff::tz::offset(-7));
        let mut line = Line { known: Some((second, format)), date: date(format, second, &zone), ..Line::default() };
        String::from_utf8(line.fill_at(format, entry, Duration::new(second, 7_000_000)).to_vec()).expect("it is text")
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
    fn the_date_follows_the_second_and_the_format() {
        let exchange = exchange();
        let mut line = Line::default();
        let mut at = |format, second| {
            let bytes = line.fill_at(format, &entry(&exchange), Duration::from_secs(second)).to_vec();
            String::from_utf8(bytes).expect("it is text")
        };
        assert_ne!(at(Format::Common, 1000), at(Format::Common, 1001));
        assert!(at(Format::Json, 1001).starts_with(r#"{"time":"1970-01-"#));
        assert!(at(Format::Common, 1001).contains("/Jan/1970:"));
    }
}
