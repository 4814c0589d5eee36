//! Durations, times and counts as people read them.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use jiff::{Timestamp, tz::TimeZone};

use crate::page::printable;

/// A short time with two or three digits, a long one with its two largest units.
pub(super) fn lasting(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    let seconds = time.as_secs();
    match seconds {
        0 if milliseconds < 0.995 => format!("{milliseconds:.2} ms"),
        0 if milliseconds < 9.95 => format!("{milliseconds:.1} ms"),
        0 => format!("{:.0} ms", milliseconds.floor()),
        1..10 => format!("{:.1} s", (milliseconds / 100.0).floor() / 10.0),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86400, seconds / 3600 % 24),
    }
}

/// An age: in whole seconds.
pub(super) fn age(time: Duration) -> String {
    if time.as_secs() < 10 { format!("{} s", time.as_secs()) } else { lasting(time) }
}

/// The time of day.
pub(super) fn clock(time: SystemTime, zone: &TimeZone) -> String {
    let told = |time: Timestamp| time.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
    Timestamp::try_from(time).map(told).unwrap_or_default()
}

/// The same for programs.
pub(super) fn exact(time: SystemTime) -> String {
    Timestamp::try_from(time)
        .and_then(|time| time.round(jiff::Unit::Millisecond))
        .map_or_else(|_| String::new(), |time| time.to_string())
}

/// So many of these.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// A script by its path in the site, or all of its path if it lies elsewhere.
pub(super) fn short<'a>(script: &'a str, root: &Path) -> &'a str {
    let inside = root.to_str().and_then(|root| script.strip_prefix(root)?.strip_prefix('/'));
    inside.unwrap_or(script)
}

/// Text of others on one line.
pub(super) fn line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_as_many_digits_as_say_something() {
        for (microseconds, told) in [
            (0, "0.00 ms"),
            (423, "0.42 ms"),
            (1_000, "1.0 ms"),
            (9_940, "9.9 ms"),
            (9_960, "9 ms"),
            (999_999, "999 ms"),
            (1_000_000, "1.0 s"),
            (9_999_999, "9.9 s"),
            (59_999_999, "59 s"),
            (61_000_000, "1 min 1 s"),
            (7_260_000_000, "2 h 1 min"),
            (90_000_000_000, "1 d 1 h"),
        ] {
            assert_eq!(lasting(Duration::from_micros(microseconds)), told, "{microseconds}");
        }
        assert_eq!(age(Duration::from_millis(3999)), "3 s");
    }

    #[test]
    fn a_script_is_named_from_the_root() {
        let root = Path::new("/srv/site");
        assert_eq!(short("/srv/site/cgi-bin/a", root), "cgi-bin/a");
        assert_eq!(short("/srv/sitemap", root), "/srv/sitemap");
        assert_eq!(short("other", root), "other");
        assert_eq!(line("a\nb\u{1b}[2J"), "a b\u{fffd}[2J");
    }
}
