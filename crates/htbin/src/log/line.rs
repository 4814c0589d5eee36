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

    fn push_common(&mut self, entry: &Entry<'_>) {
        put(&mut self.bytes, format_args!("{} - ", entry.exchange.connection.peer));
        push_quoted(&mut self.bytes, entry.user.unwrap_or("-").as_bytes());
        put(&mut self.bytes, format_args!(" [{} {}] \"", self.date.0, self.date.1));
        // Apache, too, writes "-" where no request line could be read.
        if entry.method.is_empty() {
            self.bytes.push(b'-');
        } else {
            push_quoted(&mut self.bytes, entry.method.as_bytes());
            self.bytes.push(b' ');
            push_quoted(&mut self.bytes, entry.target.as_bytes());
            put(&mut self.bytes, format_args!(" {}", version(entry.version)));
        }
        put(&mut self.bytes, format_args!("\" {} ", entry.status.as_u16()));
        match entry.body_bytes {
            0 => self.bytes.push(b'-'),
            octets => put(&mut self.bytes, format_args!("{octets}")),
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
