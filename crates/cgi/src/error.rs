//! Every way in which a request or a script's output can be wrong, in words that name the fix. Which status that
//! becomes is the server's to say.

use std::fmt;

/// What was wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The output ended before its first byte.
    #[error("the script wrote nothing; print a Content-Type field, an empty line, then the body")]
    Empty,
    /// The output ended before the empty line that ends the head.
    #[error("the output ended inside the head; print an empty line after the last field")]
    Unterminated,
    /// The first line is the empty line that ends the head.
    #[error("the output starts with an empty line, so its head is empty; print Content-Type before it")]
    NoFields,
    /// The first line looks like no field: the script forgot its head.
    #[error("the output starts with `{0}`, which is no head; print a Content-Type field and an empty line first")]
    BodyBeforeHead(Excerpt),
    /// A later line has no colon: most often the empty line after the head is missing.
    #[error("line {line} of the head has no colon: `{text}`; print an empty line after the last field")]
    NoColon {
        /// The number of the line, from 1.
        line: usize,
        /// What it says.
        text: Excerpt,
    },
    /// What stands before the colon is no field name (RFC 9110 §5.1).
    #[error("line {line} of the head has no valid field name: `{text}`; print an empty line after the last field")]
    Name {
        /// The number of the line, from 1.
        line: usize,
        /// What it says.
        text: Excerpt,
    },
    /// White space between name and colon: peers disagree on what that means (RFC 9112 §5.1).
    #[error("line {line} of the head has white space before its colon: `{text}`; remove it")]
    SpaceBeforeColon {
        /// The number of the line, from 1.
        line: usize,
        /// What it says.
        text: Excerpt,
    },
    /// A line that starts with white space: folded or indented (§6.3 has neither).
    #[error("line {line} of the head starts with white space: `{text}`; write each field on one line, unindented")]
    Indented {
        /// The number of the line, from 1.
        line: usize,
        /// What it says.
        text: Excerpt,
    },
    /// A NUL, a CR or another control character, which could split the response.
    #[error("line {line} of the head has the control character 0x{byte:02x}: `{text}`; a field may not have one")]
    Control {
        /// The number of the line, from 1.
        line: usize,
        /// The character.
        byte: u8,
        /// What the line says.
        text: Excerpt,
    },
    /// More octets than the limit before the head ended.
    #[error("the head is larger than {bytes_max} octets; is the empty line after it missing?")]
    TooLarge {
        /// The limit, in octets.
        bytes_max: usize,
    },
    /// More fields than the limit.
    #[error("the head has more than {fields_max} fields; is the empty line after it missing?")]
    TooManyFields {
        /// The limit.
        fields_max: usize,
    },
    /// A body, but neither Content-Type nor Location (§6.3.1).
    #[error("the head has neither Content-Type nor Location, but a body follows; print a Content-Type field")]
    NoContentType,
    /// A field of §6.3 or a Content-Length came twice and says different things.
    #[error("the head has more than one {0}, and they differ; print one")]
    Differing(&'static str),
    /// Content-Length is no number of octets.
    #[error("the Content-Length `{0}` is no number of octets; print one that is, or none")]
    ContentLength(Excerpt),
    /// Status does not start with three digits from 200 to 599 (§6.3.3).
    #[error("the Status `{0}` is not valid; print a number from 200 to 599, then a space and a reason")]
    Status(Excerpt),
    /// A status 1xx, which ends no exchange.
    #[error("the status {0} is only an interim one; a script's answer has 200 to 599")]
    Interim(u16),
    /// Location is empty, or a path with a broken percent-code (§6.3.2).
    #[error("the Location `{0}` is neither a path nor a URI; print one of the two")]
    Location(Excerpt),
    /// The output starts with `HTTP/`, but not with a status line (RFC 9112 §4).
    #[error("the status line `{0}` is not valid; print one like `HTTP/1.1 200 OK`")]
    StatusLine(Excerpt),
    /// The output of an NPH script starts with no status line (§5.2).
    #[error("the output of an nph- script starts with `{0}`; print a status line first, or rename the script")]
    NoStatusLine(Excerpt),
    /// An NPH head frames its own body (Transfer-Encoding), which the server does already.
    #[error("the head has Transfer-Encoding: {0}; send the body plain, the server frames it")]
    TransferCoded(Excerpt),
    /// A word of the query starts with `-` and would become an option (CVE-2012-1823).
    #[error("a word of the query starts with `-`, so none becomes an argument")]
    ArgumentIsOption,
    /// A word of the query has a NUL or a broken percent-code, or is empty (§4.4).
    #[error("a word of the query cannot be an argument, so none becomes one")]
    ArgumentNotValid,
    /// More words, or longer ones, than are given to a script.
    #[error("the query has too many words, or too long ones, for arguments")]
    ArgumentsTooLarge,
}

impl Error {
    /// The line of the output that is at fault, from 1, where it is one.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::NoFields | Self::BodyBeforeHead(_) | Self::StatusLine(_) | Self::NoStatusLine(_) => Some(1),
            Self::NoColon { line, .. }
            | Self::Name { line, .. }
            | Self::SpaceBeforeColon { line, .. }
            | Self::Indented { line, .. }
            | Self::Control { line, .. } => Some(*line),
            _ => None,
        }
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::ArgumentIsOption | Self::ArgumentNotValid | Self::ArgumentsTooLarge => Fault::Client,
            _ => Fault::Script,
        }
    }
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Who sent the request.
    Client,
    /// Who answered it.
    Script,
}

/// The start of what a script wrote, escaped so that it can stand in a line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt(Box<str>);

impl Excerpt {
    /// The first octets of `text`, with an ellipsis if that is not all.
    pub(crate) fn of(text: &[u8]) -> Self {
        let shown = &text[..text.len().min(EXCERPT_BYTES_MAX)];
        let mut line = String::with_capacity(shown.len() + 3);
        for chunk in shown.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    ' '..='~' => line.push(c),
                    // Among them the byte order mark, which nobody sees otherwise.
                    _ => line.extend(c.escape_debug()),
                }
            }
            if !chunk.invalid().is_empty() {
                line.push(char::REPLACEMENT_CHARACTER);
            }
        }
        if shown.len() < text.len() {
            line.push('…');
        }
        Self(line.into())
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much of a wrong line an error quotes.
const EXCERPT_BYTES_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_of_printable_text() {
        for (text, shown) in [
            (&b"<html lang='en'>"[..], "<html lang='en'>"),
            (b"a\r\0b\x1b[31m", "a\\r\\0b\\u{1b}[31m"),
            (b"\xef\xbb\xbfContent-Type", "\\u{feff}Content-Type"),
            ("größe".as_bytes(), "größe"),
            (b"a\xffb", "a\u{fffd}b"),
            (b"", ""),
        ] {
            assert_eq!(Excerpt::of(text).to_string(), shown);
        }
    }

    #[test]
    fn an_excerpt_is_short() {
        assert_eq!(Excerpt::of(&[b'a'; 80]).to_string(), "a".repeat(80));
        assert_eq!(Excerpt::of(&[b'a'; 81]).to_string(), "a".repeat(80) + "…");
        assert!(Excerpt::of(&[1; 1000]).to_string().len() < 1000);
    }

    #[test]
    fn words_of_the_query_are_the_clients_fault() {
        assert_eq!(Error::ArgumentIsOption.fault(), Fault::Client);
        assert_eq!(Error::Empty.fault(), Fault::Script);
    }
}
