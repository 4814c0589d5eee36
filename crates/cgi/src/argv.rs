//! §4.4: the script command line. A query that is no form becomes arguments; never through a shell, never as options.

use http::Method;

use crate::error::Error;

/// The arguments of a script; empty where §4.4 or caution gives none.
pub fn arguments(method: &Method, query: Option<&str>) -> Vec<Vec<u8>> {
    parse(method, query).unwrap_or_default()
}

/// The same, with the reason why words were withheld.
pub fn parse(method: &Method, query: Option<&str>) -> Result<Vec<Vec<u8>>, Error> {
    let Some(query) = query.filter(|query| !query.is_empty()) else { return Ok(Vec::new()) };
    if !matches!(*method, Method::GET | Method::HEAD) || query.contains('=') {
        return Ok(Vec::new());
    }
    if query.len() > QUERY_BYTES_MAX || memchr::memchr_iter(b'+', query.as_bytes()).count() >= WORDS_MAX {
        return Err(Error::ArgumentsTooLarge);
    }
    query.split('+').map(|word| argument(word.as_bytes())).collect()
}

/// One search-word (§4.4), decoded.
fn argument(word: &[u8]) -> Result<Vec<u8>, Error> {
    let argument = decoded(word).ok_or(Error::ArgumentNotValid)?;
    if argument.is_empty() || argument.contains(&0) {
        return Err(Error::ArgumentNotValid);
    }
    // php-cgi skips white space before it looks for `-`, so do we.
    match argument.iter().find(|byte| **byte > b' ') {
        Some(b'-') => Err(Error::ArgumentIsOption),
        _ => Ok(argument),
    }
}

/// A percent-decoded word; nothing if a percent-code is broken.
fn decoded(word: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(word.len());
    let mut bytes = word.iter();
    while let Some(&byte) = bytes.next() {
        decoded.push(if byte == b'%' { nibble(bytes.next())? << 4 | nibble(bytes.next())? } else { byte });
    }
    Some(decoded)
}

/// The value of one hexadecimal digit.
fn nibble(digit: Option<&u8>) -> Option<u8> {
    char::from(*digit?).to_digit(16).map(|value| value as u8)
}

/// The kernel takes 128 KiB an argument; nobody types this much.
const QUERY_BYTES_MAX: usize = 32 * 1024;
/// How many words become arguments.
const WORDS_MAX: usize = 1024;
