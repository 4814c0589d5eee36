//! Text that strangers wrote, made harmless: no control character reaches a log or a terminal.

/// Appends `bytes` between quotes' worth of safety, as Apache does it: `\n`, `\"`, `\\`, and `\xhh` for what is not
/// printable ASCII.
pub(super) fn push_quoted(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    // Nearly always there is nothing to make harmless.
    while let Some(at) = rest.iter().position(|byte| !is_harmless(*byte)) {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\x0b' => out.extend_from_slice(b"\\v"),
            0x08 => out.extend_from_slice(b"\\b"),
            byte => push_hex(out, byte),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

fn is_harmless(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Text for people to see on a terminal, whoever wrote it: what could forge a line or move a cursor is escaped.
pub fn visible(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    push_visible(&mut out, bytes);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends text for people: readable characters as they are, control characters and what would turn the line round
/// (bidirectional controls) escaped, broken UTF-8 as `\xhh`.
pub(super) fn push_visible(out: &mut Vec<u8>, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find(is_dangerous) {
            out.extend_from_slice(&rest.as_bytes()[..at]);
            let character = rest[at..].chars().next().expect("find answered where a character starts");
            push_escaped(out, character);
            rest = &rest[at + character.len_utf8()..];
        }
        out.extend_from_slice(rest.as_bytes());
        for &byte in chunk.invalid() {
            push_hex(out, byte);
        }
    }
}

fn is_dangerous(character: char) -> bool {
    (character.is_control() && character != '\t')
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn push_escaped(out: &mut Vec<u8>, character: char) {
    match character {
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        _ if character.is_ascii() => push_hex(out, character as u8),
        _ => out.extend_from_slice(character.escape_unicode().to_string().as_bytes()),
    }
}

fn push_hex(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(b"\\x");
    out.push(HEX[usize::from(byte >> 4)]);
    out.push(HEX[usize::from(byte & 15)]);
}

/// Appends a number as people write it.
pub(super) fn push_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len() - 1;
    digits[first] += (number % 10) as u8;
    while number >= 10 {
        number /= 10;
        first -= 1;
        digits[first] += (number % 10) as u8;
    }
    out.extend_from_slice(&digits[first..]);
}

const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_as_apache_does_it() {
        let quoted = |bytes: &[u8]| {
            let mut out = Vec::new();
            push_quoted(&mut out, bytes);
            String::from_utf8(out).expect("it is ASCII")
        };
        assert_eq!(quoted(b"/a b?c=d"), "/a b?c=d");
        assert_eq!(quoted(b"a\"b\\c"), r#"a\"b\\c"#);
        assert_eq!(quoted(b"a\r\nb\tc"), r"a\r\nb\tc");
        assert_eq!(quoted(b"\x1b[31m\x00\x7f\xc3\xa4\x08\x0b"), r"\x1b[31m\x00\x7f\xc3\xa4\b\v");
    }

    #[test]
    fn numbers_are_those_of_the_library() {
        for number in [0, 9, 10, 99, 100, 2326, u64::MAX] {
            let mut out = Vec::new();
            push_decimal(&mut out, number);
            assert_eq!(out, number.to_string().into_bytes());
        }
    }

    #[test]
    fn visible_keeps_what_people_read() {
        let visible = |bytes: &[u8]| {
            let mut out = Vec::new();
            push_visible(&mut out, bytes);
            String::from_utf8(out).expect("it is text")
        };
        assert_eq!(visible("Grüße 世界\t\\n \"x\"".as_bytes()), "Grüße 世界\t\\n \"x\"");
        assert_eq!(visible(b"\x1b]0;title\x07 a\nb\r"), r"\x1b]0;title\x07 a\nb\r");
        assert_eq!(visible(b"\xff\xfe ok \xc3"), r"\xff\xfe ok \xc3");
        assert_eq!(visible("a\u{9b}31m \u{202e}txt \u{2028}".as_bytes()), r"a\u{9b}31m \u{202e}txt \u{2028}");
        assert_eq!(visible(b""), "");
    }
}
