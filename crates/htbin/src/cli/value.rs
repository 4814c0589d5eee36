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
