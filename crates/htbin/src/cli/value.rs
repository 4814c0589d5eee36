//! The values of flags: durations, sizes, ports. Each error says what would be right.

use std::time::Duration;

/// As good as no limit, and still a time that can be added to an `Instant`: ten years.
pub const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// No limit.
pub const UNLIMITED: u64 = u64::MAX;

/// `60s`, `5m`, `500ms`, `1h`, `1.5s`; a bare number is seconds; `0` and `none` are [`NEVER`].
pub fn duration(text: &str) -> Result<Duration, String> {
    if is_none(text) {
        return Ok(NEVER);
    }
    let (number, unit) = split(text);
    let milliseconds = match unit {
        "ms" => 1.0,
        "" | "s" => 1000.0,
        "m" | "min" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return Err(DURATION_FIX.into()),
    };
    let number = decimal(number).ok_or(DURATION_FIX)?;
    let time = Duration::from_secs_f64((number * milliseconds / 1000.0).min(NEVER.as_secs_f64()));
    Ok(if time.is_zero() { NEVER } else { time })
}

/// A duration in whole seconds, as the kernel counts processor time; a part of a second is a whole one.
pub fn whole_seconds(text: &str) -> Result<u64, String> {
    let time = duration(text)?;
    Ok(if time == NEVER { UNLIMITED } else { time.as_secs() + u64::from(time.subsec_nanos() > 0) })
}

/// `64k`, `10M`, `1g`, `1.5GiB`, powers of 1024; a bare number is bytes; `none` is [`UNLIMITED`].
pub fn size(text: &str) -> Result<u64, String> {
    if is_none(text) {
        return Ok(UNLIMITED);
    }
    let (number, unit) = split(text);
    let power = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return Err(SIZE_FIX.into()),
    };
    let unit = 1024_u64.pow(power);
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(unit).ok_or_else(|| SIZE_FIX.into());
    }
    Ok((decimal(number).ok_or(SIZE_FIX)? * unit as f64) as u64)
}

/// A number of things; `none` is [`UNLIMITED`].
pub fn count(text: &str) -> Result<u64, String> {
    if is_none(text) {
        return Ok(UNLIMITED);
    }
    text.parse().map_err(|_| "a whole number, or 'none'".into())
}

/// A port.
pub fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("{text} is no port: ports are 1 to 65535, and 0 is any free one"))
}

/// What stands behind `-p`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolOrPort {
    /// A version of HTTP; htbin answers in the client's, whatever is said here.
    Protocol,
    /// A port: to many people -p means that.
    Port(u16),
}

/// `HTTP/1.0`, `HTTP/1.1`, or a port.
pub fn protocol_or_port(text: &str) -> Result<ProtocolOrPort, String> {
    match text {
        "HTTP/1.0" | "HTTP/1.1" => Ok(ProtocolOrPort::Protocol),
        _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => port(text).map(ProtocolOrPort::Port),
        _ => Err(format!("'{text}' for --protocol: HTTP/1.0, HTTP/1.1, or a port")),
    }
}

fn is_none(text: &str) -> bool {
    text.eq_ignore_ascii_case("none")
}

fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// Digits with at most one point; `f64`'s own parser would take `inf` and `1e9`, but `split` lets neither through.
fn decimal(text: &str) -> Option<f64> {
    text.parse().ok()
}

const DURATION_FIX: &str = "a time like 60s, 5m, 500ms, or 'none'";
const SIZE_FIX: &str = "a size like 64k, 10m, 1g, or 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, milliseconds) in [
            ("60s", 60_000),
            ("60", 60_000),
            ("5m", 300_000),
            ("500ms", 500),
            ("1h", 3_600_000),
            ("1.5s", 1500),
            ("2d", 172_800_000),
            ("10 s", 10_000),
            ("0.25", 250),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["0", "0s", "none", "None", "99999999999d"] {
            assert_eq!(duration(text), Ok(NEVER), "{text}");
        }
    }

    #[test]
    fn a_duration_that_is_none_says_how_one_looks() {
        for text in ["", "s", "5x", "-5", "1e9", "inf", "nan", "1.2.3", "5 m s", ".", "60S", "５s"] {
            assert_eq!(duration(text), Err("a time like 60s, 5m, 500ms, or 'none'".into()), "{text}");
        }
    }

    #[test]
    fn never_can_be_added_to_now() {
        assert!(std::time::Instant::now().checked_add(NEVER).is_some());
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, bytes) in [
            ("64k", 65_536),
            ("64K", 65_536),
            ("64KiB", 65_536),
            ("10m", 10 << 20),
            ("1g", 1 << 30),
            ("1.5g", 3 << 29),
            ("2t", 2 << 40),
            ("0", 0),
            ("1234", 1234),
            ("12b", 12),
            ("none", UNLIMITED),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "k", "5x", "-1", "1e3", "99999999999999t", "1.2.3m"] {
            assert_eq!(size(text), Err("a size like 64k, 10m, 1g, or 'none'".into()), "{text}");
        }
    }

    #[test]
    fn a_part_of_a_second_is_a_whole_one_to_the_kernel() {
        assert_eq!(whole_seconds("1500ms"), Ok(2));
        assert_eq!(whole_seconds("2m"), Ok(120));
        assert_eq!(whole_seconds("none"), Ok(UNLIMITED));
    }

    #[test]
    fn ports_and_protocols() {
        assert_eq!(port("0"), Ok(0));
        assert_eq!(port("65535"), Ok(65535));
        assert_eq!(port("65536"), Err("65536 is no port: ports are 1 to 65535, and 0 is any free one".into()));
        assert_eq!(protocol_or_port("HTTP/1.0"), Ok(ProtocolOrPort::Protocol));
        assert_eq!(protocol_or_port("9000"), Ok(ProtocolOrPort::Port(9000)));
        assert_eq!(protocol_or_port("HTTP/3"), Err("'HTTP/3' for --protocol: HTTP/1.0, HTTP/1.1, or a port".into()));
    }
}
