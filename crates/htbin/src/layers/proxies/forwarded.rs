//! The field Forwarded (RFC 7239 §4): a list of what each proxy says, in pairs, with quotes or without.

use super::{Hop, client};

/// The last hops, in order. What is no Forwarded is refused whole: a quote that a client has left open would else swallow
/// what the proxy has added.
pub(super) fn parse<'a>(lines: impl Iterator<Item = &'a str>, hops_max: usize) -> Result<Vec<Hop>, String> {
    let mut hops = Vec::new();
    for line in lines {
        let mut rest = line;
        loop {
            let (hop, after) = hop(rest).ok_or_else(|| {
                let shown: String = line.chars().take(SHOWN_MAX).collect();
                format!("Forwarded: {} is none", shown.escape_debug())
            })?;
            hops.extend(hop);
            let Some(after) = after else { break };
            rest = after;
        }
    }
    let more = hops.len().saturating_sub(hops_max);
    hops.drain(..more);
    Ok(hops)
}

/// One element, and what stands behind its comma. An empty element is allowed, and none (RFC 9110 §5.6.1).
fn hop(text: &str) -> Option<(Option<Hop>, Option<&str>)> {
    let (mut hop, mut told, mut rest) = (Hop::default(), [false; 3], text.trim_start_matches([' ', '\t']));
    let mut is_empty = true;
    loop {
        let here = match rest.chars().next() {
            None => return Some(((!is_empty).then_some(hop), None)),
            Some(',') => return Some(((!is_empty).then_some(hop), Some(&rest[1..]))),
            Some(';') => &rest[1..],
            Some(_) => {
                let (name, value, after) = pair(rest)?;
                let names = ["for", "proto", "host"];
                if let Some(at) = names.iter().position(|known| name.eq_ignore_ascii_case(known)) {
                    // Each stands there once (§4).
                    if std::mem::replace(&mut told[at], true) {
                        return None;
                    }
                    match at {
                        0 => hop.client = client(&value),
                        1 => hop.scheme = Some(value),
                        _ => hop.host = Some(value),
                    }
                }
                is_empty = false;
                let after = after.trim_start_matches([' ', '\t']);
                if !after.is_empty() && !after.starts_with([',', ';']) {
                    return None;
                }
                after
            }
        };
        rest = here.trim_start_matches([' ', '\t']);
    }
}

/// `name=value`, and what follows.
fn pair(text: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = text.split_at(text.find(|letter| !is_token(letter))?);
    let rest = rest.strip_prefix('=').filter(|_| !name.is_empty())?;
    if let Some(quoted) = rest.strip_prefix('"') {
        let (value, rest) = unquoted(quoted)?;
        return Some((name, value, rest));
    }
    // A port or brackets want quotes, which not every proxy knows.
    let end = rest.find(|letter| !is_token(letter) && !matches!(letter, ':' | '[' | ']')).unwrap_or(rest.len());
    (end > 0).then(|| (name, rest[..end].to_owned(), &rest[end..]))
}

/// The inside of a quoted string, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            letter => value.push(letter),
        }
    }
    None
}

fn is_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter)
}

/// Of a field that is refused, in the log.
const SHOWN_MAX: usize = 200;
