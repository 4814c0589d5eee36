//! The first line of a script, as the kernel reads it: `#!` and the interpreter. It says what is asked for, and never
//! runs or sends anything.

use std::{
    ffi::OsStr,
    fs::File,
    io::Read,
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

/// What the first line of a file asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstLine {
    /// `#!` and an interpreter.
    Asks {
        /// The interpreter, without the carriage return that may stand behind it.
        interpreter: PathBuf,
        /// All that stands behind it on the line: one argument, for the kernel.
        argument: Option<Vec<u8>>,
        /// The name ends in a carriage return, which for the kernel is a part of it.
        carriage_return: bool,
        /// All of the line is known: it ends within what the kernel looks at.
        is_whole: bool,
    },
    /// Something else: a program, or a text that forgot it.
    Other,
    /// The file cannot be read, and so nothing is known.
    Unknown,
}

impl FirstLine {
    /// The first line of this file, or as much of it as the kernel looks at.
    pub fn of(file: &Path) -> Self {
        // What is no regular file shall hold nobody.
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        let Ok(file) = File::options().read(true).custom_flags(flags).open(file) else { return Self::Unknown };
        let mut start = Vec::with_capacity(LINE_BYTES_MAX);
        match file.take(LINE_BYTES_MAX as u64).read_to_end(&mut start) {
            Ok(_) => Self::from_start(&start),
            Err(_) => Self::Unknown,
        }
    }

    /// The first line of a file that starts so.
    pub fn from_start(start: &[u8]) -> Self {
        let start = &start[..start.len().min(LINE_BYTES_MAX)];
        let Some(rest) = start.strip_prefix(b"#!") else { return Self::Other };
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let Some(start) = line.iter().position(|byte| !is_blank(byte)) else { return Self::Other };
        let word = line[start..].split(is_blank).next().unwrap_or_default();
        let bare = word.strip_suffix(b"\r").unwrap_or(word);
        let rest_of_line = &line[start + word.len()..];
        let argument = rest_of_line.iter().position(|byte| !is_blank(byte)).map(|at| &rest_of_line[at..]);
        let end = |argument: &[u8]| argument.iter().rposition(|byte| !is_blank(byte)).map_or(0, |last| last + 1);
        Self::Asks {
            interpreter: OsStr::from_bytes(bare).into(),
            argument: argument.map(|argument| argument[..end(argument)].to_vec()),
            carriage_return: bare.len() < word.len(),
            is_whole: line.len() < rest.len(),
        }
    }
}

/// The kernel reads no more of it (`BINPRM_BUF_SIZE`).
const LINE_BYTES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_is_the_first_word() {
        let asks = |start: &str| match FirstLine::from_start(start.as_bytes()) {
            FirstLine::Asks { interpreter, carriage_return, .. } => {
                (interpreter.display().to_string(), carriage_return)
            }
            other => panic!("{start:?}: {other:?}"),
        };
        assert_eq!(asks("#!/bin/sh\necho"), ("/bin/sh".into(), false));
        assert_eq!(asks("#! /usr/bin/env  python3\n"), ("/usr/bin/env".into(), false));
        assert_eq!(asks("#!/bin/sh\r\necho\r\n"), ("/bin/sh".into(), true));
        assert_eq!(asks("#!\t/bin/awk -f"), ("/bin/awk".into(), false));
        for start in ["", "#", "#!", "#!\n", "#! \n/bin/sh", "echo\n#!/bin/sh", "\u{feff}#!/bin/sh\n"] {
            assert_eq!(FirstLine::from_start(start.as_bytes()), FirstLine::Other, "{start:?}");
        }
        assert_eq!(FirstLine::of(Path::new("/no/such")), FirstLine::Unknown);
    }
}
