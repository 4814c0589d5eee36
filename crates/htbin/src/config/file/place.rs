//! Where in a configuration file something stands, and what is wrong with it there.

use std::{
    fmt, io,
    ops::Range,
    path::{Path, PathBuf},
};

use toml::de::DeTable;

/// A file with its text.
#[derive(Debug)]
pub(in crate::config) struct Source {
    /// As it was named.
    pub(super) path: PathBuf,
    /// Where it lies.
    pub(in crate::config) absolute: PathBuf,
    pub(super) text: String,
}

impl Source {
    /// What paths in it are relative to.
    pub(in crate::config) fn directory(&self) -> &Path {
        self.absolute.parent().unwrap_or(Path::new("/"))
    }
}

/// A step on the way from the top of a file to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Step {
    Key(&'static str),
    Nth(usize),
}

/// What is wrong with a configuration file: where, what, and what mends it.
#[derive(Debug, PartialEq, Eq)]
pub struct Error {
    path: PathBuf,
    /// The line, the column, and what is written there.
    place: Option<Place>,
    what: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    text: String,
    width: usize,
}

impl Error {
    /// The exit status: `EX_CONFIG` of sysexits.h.
    pub const EXIT_CODE: u8 = 78;

    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let what = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file; name one that is there with -c".to_owned(),
            io::ErrorKind::PermissionDenied => "it may not be read; check its mode and who starts htbin".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        Self { path: path.to_owned(), place: None, what }
    }

    /// At these octets of the text.
    pub(super) fn at(source: &Source, span: Range<usize>, what: String) -> Self {
        Self { path: source.path.clone(), place: Some(Place::of(&source.text, span)), what }
    }

    /// What the parser says, with the key that was meant.
    pub(super) fn of_toml(source: &Source, error: &toml::de::Error) -> Self {
        let what = understood(error.message());
        match error.span() {
            Some(span) => Self::at(source, span, what),
            None => Self { path: source.path.clone(), place: None, what },
        }
    }

    /// At a key of the table that these steps lead to, or of the nearest table above that has it.
    pub(in crate::config) fn of_key(source: &Source, steps: &[Step], key: &str, what: String) -> Self {
        let place = DeTable::parse(&source.text).ok().and_then(|table| span_of(table.get_ref(), steps, key));
        match place {
            Some(span) => Self::at(source, span, what),
            None => Self { path: source.path.clone(), place: None, what: format!("{key}: {what}") },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, place, what } = self;
        let Some(Place { line, column, text, width }) = place else {
            return write!(f, "{}: {what}", path.display());
        };
        write!(f, "{}:{line}:{column}: {what}", path.display())?;
        let number = line.to_string();
        let blank = " ".repeat(number.len());
        let before: String = text.chars().take(column - 1).map(|it| if it == '\t' { '\t' } else { ' ' }).collect();
        write!(f, "\n  {number} | {text}\n  {blank} | {before}{}", "^".repeat(*width))
    }
}

impl std::error::Error for Error {}

impl Place {
    fn of(text: &str, span: Range<usize>) -> Self {
        let start = (0..=span.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_text = text[line_start..].lines().next().unwrap_or_default();
        let column = text[line_start..start].chars().count() + 1;
        let left = line_text.chars().count() + 1 - column.min(line_text.chars().count() + 1);
        let shown: String =
            line_text.chars().take(LINE_CHARACTERS_MAX).filter(|it| *it == '\t' || !it.is_control()).collect();
        Self {
            line: text[..start].matches('\n').count() + 1,
            column,
            text: shown,
            width: span.end.saturating_sub(span.start).clamp(1, left.max(1)).min(LINE_CHARACTERS_MAX),
        }
    }
}

/// Where the key stands: in the table that the steps lead to, else in the nearest one above it, else that table itself.
fn span_of(table: &DeTable<'_>, steps: &[Step], key: &str) -> Option<Range<usize>> {
    let mut way = vec![(table, None)];
    for step in steps.chunks(2) {
        let [Step::Key(name), Step::Nth(nth)] = *step else { return None };
        let value = way.last()?.0.get(name)?.get_ref().get(nth)?;
        way.push((value.get_ref().as_table()?, Some(value.span())));
    }
    let of_key = |(table, _): &(&DeTable<'_>, _)| table.get(key).map(toml::Spanned::span);
    way.iter().rev().find_map(of_key).or_else(|| way.last()?.1.clone())
}

/// The parser's message about a key that there is not, with the one that was meant.
fn understood(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return message.to_owned() };
    let Some((key, known)) = rest.split_once('`') else { return message.to_owned() };
    let mut known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    known.sort_by(|one, other| strsim::jaro_winkler(other, key).total_cmp(&strsim::jaro_winkler(one, key)));
    match known.first().filter(|best| strsim::jaro_winkler(best, key) > LIKE_ENOUGH) {
        Some(best) => format!("there is no key '{key}' here; '{best}' is meant"),
        None => format!("there is no key '{key}' here; `htbin man htbin.toml` has all of them"),
    }
}

const LINE_CHARACTERS_MAX: usize = 160;
const LIKE_ENOUGH: f64 = 0.7;
