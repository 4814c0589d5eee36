//! §6.3: the head of a script's output as it arrives, limited in octets and in fields. It says what the lines are, not
//! what they mean together: that is response.rs.

use std::mem;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    error::{Error, Excerpt},
    nph::StatusLine,
};

/// Takes a script's output piece by piece until its head is complete.
///
/// What is wrong is told as soon as the line that is wrong has arrived, and the answer does not depend on where the
/// pieces were cut. After an error it says the same again.
#[derive(Debug)]
pub struct HeadParser {
    limits: Limits,
    status_line_required: bool,
    head: Head,
    /// What was pushed while the head was not complete; at most `bytes_max`.
    seen: Vec<u8>,
    /// Where in `seen` the line starts that is not complete.
    line_start: usize,
    /// Up to where no line end is left to find, so that octet by octet is still linear.
    searched: usize,
    lines: usize,
    fields: usize,
    failed: Option<Error>,
}

/// How large a head may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets, with the empty line.
    pub bytes_max: usize,
    /// Fields, those that are not passed on included.
    pub fields_max: usize,
}

/// The head of a script's output: its lines, not yet their meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The first line, if the script wrote a head of its own (§5).
    pub status_line: Option<StatusLine>,
    /// All fields in their order, repeated ones too.
    pub fields: HeaderMap,
}

/// What a push led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The head goes on.
    More,
    /// The head is complete.
    Done {
        /// The head.
        head: Head,
        /// Where in the piece pushed last the body starts.
        body_start: usize,
    },
}

impl HeadParser {
    /// For a script whose output says itself whether it is NPH.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            status_line_required: false,
            head: Head::default(),
            seen: Vec::new(),
            line_start: 0,
            searched: 0,
            lines: 0,
            fields: 0,
            failed: None,
        }
    }

    /// For a script whose name says that it is NPH: a status line has to come first.
    pub fn nph(limits: Limits) -> Self {
        Self { status_line_required: true, ..Self::new(limits) }
    }

    /// Takes the next piece of output.
    pub fn push(&mut self, piece: &[u8]) -> Result<Progress, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let before = self.seen.len();
        let allowed = &piece[..piece.len().min(self.limits.bytes_max - before)];
        let mut seen = mem::take(&mut self.seen);
        // Nearly every head comes in one piece: it is read where it lies.
        let found = if before == 0 {
            self.read_lines(allowed)
        } else {
            seen.extend_from_slice(allowed);
            self.read_lines(&seen)
        };
        let error = match found {
            Ok(Some(end)) => {
                let head = mem::take(&mut self.head);
                *self = Self { status_line_required: self.status_line_required, ..Self::new(self.limits) };
                return Ok(Progress::Done { head, body_start: end - before });
            }
            Ok(None) if allowed.len() == piece.len() => None,
            Ok(None) => Some(Error::TooLarge { bytes_max: self.limits.bytes_max }),
            Err(error) => Some(error),
        };
        if before == 0 {
            seen.extend_from_slice(allowed);
        }
        self.seen = seen;
        self.failed.clone_from(&error);
        error.map_or(Ok(Progress::More), Err)
    }

    /// The output ended before the head did: what was wrong.
    pub fn finish(&self) -> Error {
        if let Some(error) = &self.failed {
            return error.clone();
        }
        let last = without_carriage_return(&self.seen[self.line_start..]);
        if self.seen.is_empty() {
            return Error::Empty;
        }
        // A later line that stops within its name was cut short; it is not wrong in itself.
        if last.is_empty() || (self.lines > 0 && HeaderName::from_bytes(last).is_ok()) {
            return Error::Unterminated;
        }
        self.understand(last, self.lines + 1).err().unwrap_or(Error::Unterminated)
    }

    /// What was pushed while the head was not complete, at most `bytes_max`, to tell what went wrong.
    pub fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// Reads the lines of `text` that are complete; where the head ends, if it does.
    fn read_lines(&mut self, text: &[u8]) -> Result<Option<usize>, Error> {
        while let Some(length) = memchr::memchr(b'\n', &text[self.searched..]) {
            let end = self.searched + length;
            let line = without_carriage_return(&text[self.line_start..end]);
            self.line_start = end + 1;
            self.searched = end + 1;
            if line.is_empty() {
                return self.read_blank().map(|()| Some(end + 1));
            }
            self.read_line(line)?;
        }
        self.searched = text.len();
        Ok(None)
    }

    /// The empty line that ends the head.
    fn read_blank(&mut self) -> Result<(), Error> {
        match (&self.head.status_line, self.fields) {
            (None, _) if self.status_line_required => Err(Error::NoStatusLine(Excerpt::of(b""))),
            (None, 0) => Err(Error::NoFields),
            _ => Ok(()),
        }
    }

    /// A line that is not empty, without its line end.
    fn read_line(&mut self, line: &[u8]) -> Result<(), Error> {
        self.lines += 1;
        match self.understand(line, self.lines)? {
            Line::Status(status_line) => self.head.status_line = Some(status_line),
            Line::Field(name, value) => {
                self.fields += 1;
                if self.fields > self.limits.fields_max || self.head.fields.try_append(name, value).is_err() {
                    return Err(Error::TooManyFields { fields_max: self.limits.fields_max });
                }
            }
            Line::Cgitb => {}
        }
        Ok(())
    }

    /// What a line says; `number` is its number, from 1.
    fn understand(&self, line: &[u8], number: usize) -> Result<Line, Error> {
        if number == 1 && StatusLine::opens(line) {
            return StatusLine::parse(line).map(Line::Status);
        }
        if number == 1 && self.status_line_required {
            return Err(Error::NoStatusLine(Excerpt::of(line)));
        }
        if line == CGITB_LINE {
            return Ok(Line::Cgitb);
        }
        field(line, number).map(|(name, value)| Line::Field(name, value))
    }
}

/// What a line of a head says.
enum Line {
    /// The first line of an NPH head.
    Status(StatusLine),
    /// A field.
    Field(HeaderName, HeaderValue),
    /// How a page of Python's cgitb starts, in case it lands in the middle of markup. It says nothing.
    Cgitb,
}

/// One field; `number` is the number of its line, from 1.
fn field(line: &[u8], number: usize) -> Result<(HeaderName, HeaderValue), Error> {
    let text = || Excerpt::of(line);
    if is_blank(line[0]) {
        return Err(Error::Indented { line: number, text: text() });
    }
    let Some(colon) = memchr::memchr(b':', line) else {
        return Err(if number == 1 {
            Error::BodyBeforeHead(text())
        } else {
            Error::NoColon { line: number, text: text() }
        });
    };
    let (name, value) = (&line[..colon], trimmed(&line[colon + 1..]));
    let Ok(name) = HeaderName::from_bytes(name) else {
        return Err(if HeaderName::from_bytes(trimmed(name)).is_ok() {
            Error::SpaceBeforeColon { line: number, text: text() }
        } else if number == 1 {
            Error::BodyBeforeHead(text())
        } else {
            Error::Name { line: number, text: text() }
        });
    };
    if let Some(&byte) = value.iter().find(|byte| byte.is_ascii_control() && **byte != b'\t') {
        return Err(Error::Control { line: number, byte, text: text() });
    }
    let value = HeaderValue::from_bytes(value).expect("a value without control characters is a field value");
    Ok((name, value))
}

/// A line without the CR of its CRLF.
fn without_carriage_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Without the optional white space around it (RFC 9110 §5.6.3).
fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_blank(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_blank(*last)
    {
        text = rest;
    }
    text
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

const CGITB_LINE: &[u8] = b"<!--: spam";
