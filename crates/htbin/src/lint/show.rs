//! What was found, for a person and for a program.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use serde::Serialize;

use super::{Finding, Mending, Report, mend::can_mend};
use crate::{diagnosis::Code, log::visible};

/// Writes a block for each finding, and a line that counts them; for a terminal of so many columns if it is one.
pub fn text(out: &mut impl Write, report: &Report, columns: Option<usize>) -> io::Result<()> {
    let (bold, dim, plain) = if columns.is_some() { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
    for Finding { path, diagnosis, .. } in &report.findings {
        let line = diagnosis.place.as_ref().map(|place| format!(":{}", place.line)).unwrap_or_default();
        writeln!(out, "{bold}{}{line}{plain}: {}", shown(path), diagnosis.code)?;
        let rows =
            [("why", Some(&diagnosis.cause)), ("fix", Some(&diagnosis.fix)), ("run", diagnosis.command.as_ref())];
        for (word, row) in rows.into_iter().filter_map(|(word, row)| Some((word, row?))) {
            // A command stays one line, to be copied.
            let columns = columns.filter(|_| word != "run").unwrap_or(usize::MAX);
            writeln!(out, "  {dim}{word}{plain}  {}", wrapped(&visible(row.as_bytes()), columns))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", summary(report))
}

/// Writes an array of objects.
pub fn json(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let findings: Vec<_> = report.findings.iter().map(Object::from).collect();
    serde_json::to_writer_pretty(&mut *out, &findings)?;
    writeln!(out)
}

/// Writes what was mended, and what was not.
pub fn mendings(out: &mut impl Write, mendings: &[Mending]) -> io::Result<()> {
    for Mending { path, what } in mendings {
        match what {
            Ok(what) => writeln!(out, "mended {}: {what}", shown(path))?,
            Err(why) => writeln!(out, "left   {}: {}", shown(path), visible(why.as_bytes()))?,
        }
    }
    Ok(())
}

/// The path and the fields of the diagnosis. What is no UTF-8 in a path is replaced, as JSON has no other way.
#[derive(Serialize)]
struct Object<'f> {
    path: Cow<'f, str>,
    code: Code,
    cause: &'f str,
    fix: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Line<'f>>,
}

#[derive(Serialize)]
struct Line<'f> {
    file: Cow<'f, str>,
    line: usize,
}

impl<'f> From<&'f Finding> for Object<'f> {
    fn from(Finding { path, diagnosis, .. }: &'f Finding) -> Self {
        let place = diagnosis.place.as_ref();
        Self {
            path: path.to_string_lossy(),
            code: diagnosis.code,
            cause: &diagnosis.cause,
            fix: &diagnosis.fix,
            command: diagnosis.command.as_deref(),
            place: place.map(|place| Line { file: place.file.to_string_lossy(), line: place.line }),
        }
    }
}

/// A text in lines of so many columns at most, as far as its words allow, each below the first word.
fn wrapped(text: &str, columns: usize) -> String {
    let width = columns.saturating_sub(INDENT).max(COLUMNS_MIN);
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push('\n');
            lines.push_str(&" ".repeat(INDENT));
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines
}

fn summary(report: &Report) -> String {
    let scripts = counted(report.scripts.len(), "script");
    let more = if report.is_cut { "; there is more here than lint looks at" } else { "" };
    if report.findings.is_empty() && report.scripts.is_empty() {
        return format!("no scripts here: they lie in cgi-bin/ or htbin/, or where --cgi-dir says{more}");
    }
    if report.findings.is_empty() {
        return format!("nothing found in {scripts}{more}");
    }
    let mendable = report.findings.iter().filter(|finding| can_mend(finding)).count();
    let found = counted(report.findings.len(), "finding");
    let fix = match mendable {
        0 => String::new(),
        count if count == report.findings.len() => "; --fix mends them".to_owned(),
        count => format!("; --fix mends {count} of them"),
    };
    format!("{found} in {scripts}{fix}{more}")
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn shown(path: &std::path::Path) -> String {
    visible(path.as_os_str().as_encoded_bytes())
}

/// Where a sentence starts.
const INDENT: usize = 7;
/// Narrower is no longer read more easily.
const COLUMNS_MIN: usize = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_wrapped_below_their_first_word() {
        let text = "one two three four five six seven eight nine";
        assert_eq!(wrapped(text, 37), "one two three four five six\n       seven eight nine");
        assert_eq!(wrapped(text, usize::MAX), text);
        let long = "/".repeat(60);
        assert_eq!(wrapped(&format!("a {long} b"), 0), format!("a\n       {long}\n       b"));
    }
}
