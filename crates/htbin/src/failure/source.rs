//! The lines of a script that its failure is about.

use std::{
    fs::File,
    io::Read,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use serde::Serialize;

use crate::diagnosis::Place;

/// Some lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// Which file.
    pub file: PathBuf,
    /// The lines, in order.
    pub lines: Vec<Line>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// What it says, without its end; cut if it is long.
    pub text: String,
    /// It is the one at fault.
    pub is_faulty: bool,
}

/// The lines around a place, or the first ones of the script. None for a program that is no text.
pub(super) fn excerpt(program: &Path, place: Option<&Place>) -> Option<Excerpt> {
    // Other files are not the site's: a library's, perhaps, or what a script made up in its messages.
    let place = place.filter(|place| place.file == program || place.file.parent() == program.parent());
    let file = place.map_or(program, |place| &place.file);
    let text = read(file)?;
    let (first, last) = match place {
        Some(place) => (place.line.saturating_sub(AROUND), place.line + AROUND),
        None => (1, FIRST_LINES),
    };
    let lines = text.split(|octet| *octet == b'\n').enumerate().map(|(index, line)| (index + 1, line));
    let shown = lines.skip_while(|(number, _)| *number < first).take_while(|(number, _)| *number <= last);
    let line = |(number, text): (usize, &[u8])| Line {
        number,
        text: String::from_utf8_lossy(&text[..text.len().min(LINE_BYTES_MAX)]).into_owned(),
        is_faulty: place.is_some_and(|place| place.line == number),
    };
    let mut lines: Vec<_> = shown.map(line).collect();
    while lines.last().is_some_and(|line| line.text.is_empty() && !line.is_faulty) {
        lines.pop();
    }
    (!lines.is_empty()).then(|| Excerpt { file: file.to_owned(), lines })
}

fn read(file: &Path) -> Option<Vec<u8>> {
    // What is no regular file shall hold nobody.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(file).ok()?;
    let mut text = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).ok()?;
    let is_text = !text[..text.len().min(LINE_BYTES_MAX)].contains(&0);
    (is_text && !text.is_empty()).then_some(text)
}

/// Lines before and after the one at fault.
const AROUND: usize = 4;
/// Lines where no one is at fault.
const FIRST_LINES: usize = 8;
const LINE_BYTES_MAX: usize = 240;
/// Of a longer file the rest is not shown.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_at_fault_is_marked() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.py");
        let text: Vec<String> = (1..=20).map(|number| format!("line {number}")).collect();
        std::fs::write(&file, text.join("\n") + "\n").expect("it is written");
        let at = |line| Place { file: file.clone(), line };
        let seen = excerpt(&file, Some(&at(10))).expect("it is text");
        assert_eq!(seen.lines.iter().map(|line| line.number).collect::<Vec<_>>(), (6..=14).collect::<Vec<_>>());
        assert_eq!(
            seen.lines.iter().filter(|line| line.is_faulty).map(|line| &*line.text).collect::<Vec<_>>(),
            ["line 10"]
        );
        assert_eq!(excerpt(&file, None).expect("it is text").lines.len(), 8);
        assert_eq!(excerpt(&file, Some(&at(1))).expect("it is text").lines[0].number, 1);
        assert_eq!(excerpt(&file, Some(&at(1000))), None);
        let elsewhere = Place { file: "/etc/passwd".into(), line: 1 };
        assert_eq!(excerpt(&file, Some(&elsewhere)).map(|seen| seen.file), Some(file.clone()));
        std::fs::write(&file, b"\x7fELF\0\0").expect("it is written");
        assert_eq!(excerpt(&file, None), None);
    }
}
