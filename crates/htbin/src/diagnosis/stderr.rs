//! What a script's own words on stderr say: the errors that interpreters report, recognised by their form.

mod perl;
mod python;
mod shell;

use std::path::{Path, PathBuf};

use htbin_spawn::Exit;

use super::{Code, Diagnosis, Evidence, LET_PASS, Place, Subject, ending::size, file, quoted, runner::Right};

/// What the last words of the script say; none if they say nothing that is known.
pub(super) fn said(subject: &Subject, evidence: &Evidence) -> Option<Diagnosis> {
    let text = evidence.stderr.as_deref()?;
    let said = Said { subject, text, exit: evidence.exit };
    limits(&said)
        .or_else(|| python::read(&said))
        .or_else(|| perl::read(&said))
        .or_else(|| shell::read(&said))
        .or_else(|| php_or_ruby(&said))
        .or_else(|| denied(&said))
}

/// What a script said, and which script it was.
struct Said<'a> {
    subject: &'a Subject,
    text: &'a str,
    exit: Option<Exit>,
}

impl Said<'_> {
    /// The last line that holds this, and what stands before and after.
    fn line_with(&self, mark: &str) -> Option<(&str, &str)> {
        self.text.lines().rev().find_map(|line| line.split_once(mark))
    }

    /// The directory that relative names are beneath.
    fn directory(&self) -> &Path {
        self.subject.program.parent().unwrap_or(Path::new("/"))
    }

    /// Is it this script, by whatever spelling?
    fn is_script(&self, file: &str) -> bool {
        Path::new(file).file_name() == self.subject.program.file_name()
    }
}

/// A place in a file, if it is a place at all.
fn place(file: impl Into<PathBuf>, line: &str) -> Option<Place> {
    let digits = line.trim_start().split(|letter: char| !letter.is_ascii_digit()).next()?;
    Some(Place { file: file.into(), line: digits.parse().ok()? })
}

/// The word between the first two of these marks.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (word, _) = text.split_once(start)?.1.split_once(end)?;
    (!word.is_empty()).then_some(word)
}

/// Its limits show as errors of its own.
fn limits(said: &Said<'_>) -> Option<Diagnosis> {
    let has = |marks: &[&str]| marks.iter().any(|mark| said.text.contains(mark));
    let limits = &said.subject.limits;
    if let Some(bytes) = limits.memory_bytes
        && has(&[
            "MemoryError",
            "Out of memory",
            "out of memory",
            "annot allocate memory",
            "std::bad_alloc",
            "memory exhausted",
        ])
    {
        let cause = format!("the script needs more memory than its limit of {} (--memory)", size(bytes));
        return Some(Diagnosis::new(Code::MemoryLimit, cause, "let it keep less at once, or raise --memory"));
    }
    if let Some(count) = limits.processes
        && has(&["Resource temporarily unavailable", "annot fork", "can't start new thread"])
    {
        let name = &said.subject.runner.name;
        let cause = format!("user {name} has as many processes as the limit of {count} allows (--nproc)");
        return Some(Diagnosis::new(
            Code::ProcessLimit,
            cause,
            "start fewer at once, or raise --nproc; it counts all of the user's",
        ));
    }
    None
}

/// `PHP Parse error: … in FILE on line N`, `FILE:N: syntax error`.
fn php_or_ruby(said: &Said<'_>) -> Option<Diagnosis> {
    for mark in ["PHP Parse error:", "PHP Fatal error:"] {
        let Some((_, rest)) = said.line_with(mark) else { continue };
        let Some((what, at)) = rest.split_once(" in ") else { continue };
        let Some((file, line)) = at.split_once(" on line ").or_else(|| at.rsplit_once(':')) else { continue };
        let code = if mark.contains("Parse") { Code::SyntaxError } else { Code::UncaughtError };
        return Some(wrong(code, "PHP", what.trim(), place(file, line)));
    }
    let (file, rest) = said.text.lines().find_map(|line| line.split_once(".rb:"))?;
    let (line, what) = rest.split_once(':')?;
    let code = if what.contains("syntax error") { Code::SyntaxError } else { Code::UncaughtError };
    Some(wrong(code, "Ruby", what.trim(), place(format!("{file}.rb"), line)))
}

/// An error at a place.
fn wrong(code: Code, language: &str, what: &str, place: Option<Place>) -> Diagnosis {
    let at =
        place.as_ref().map(|place| format!(" in line {} of {}", place.line, quoted(&place.file))).unwrap_or_default();
    let cause = match code {
        Code::SyntaxError => format!("{language} does not understand the script{at}: {what}"),
        _ => format!("the script ended with an error{at}: {what}"),
    };
    let fix = match &place {
        Some(place) => format!("mend line {}, or the one before it", place.line),
        None => "mend what it says".to_owned(),
    };
    Diagnosis { place, ..Diagnosis::new(code, cause, fix) }
}

/// `…: Permission denied`, with the file it is about in quotes or before it.
fn denied(said: &Said<'_>) -> Option<Diagnosis> {
    if let Some(about) = ["attempt to write a readonly database", "unable to open database file"]
        .into_iter()
        .find(|mark| said.text.contains(mark))
    {
        let name = &said.subject.runner.name;
        let cause = format!("SQLite says \"{about}\": user {name}, whom scripts run as, may not write the database");
        let fix = "give that user the database and the directory it lies in: SQLite makes files beside it";
        return Some(Diagnosis::new(Code::PermissionDenied, cause, fix));
    }
    let (before, after) = said.line_with("ermission denied")?;
    let quoted_name = between(after, "'", "'").or_else(|| between(after, "\"", "\""));
    let named = quoted_name.or_else(|| {
        let before = before.trim_end_matches(['P', 'p']).trim_end_matches([' ', ':', '(', '[']);
        let inside =
            between(before, "'", "'").or_else(|| between(before, "\"", "\"")).or_else(|| between(before, "‘", "’"));
        inside.or_else(|| before.rsplit(": ").next().map(|it| it.rsplit(' ').next().unwrap_or(it)))
    })?;
    Some(denied_file(said.subject, &said.directory().join(named)))
}

/// The user may not read or write this file.
fn denied_file(subject: &Subject, file: &Path) -> Diagnosis {
    let name = &subject.runner.name;
    let shown = quoted(file);
    let new = |what: String, fix: String| {
        Diagnosis::new(Code::PermissionDenied, format!("user {name}, whom scripts run as, {what}"), fix)
    };
    if let Some(stopped) = subject.runner.stopped_at(file) {
        return new(format!("may not enter {}, where {shown} lies", quoted(&stopped)), LET_PASS.into())
            .letting_pass(&stopped);
    }
    if file == subject.program {
        return file::unreadable(subject, std::fs::metadata(file).ok().as_ref());
    }
    match std::fs::metadata(file) {
        Ok(metadata) if !subject.runner.may(&metadata, Right::Read) => {
            let class = subject.runner.class(&metadata);
            new(format!("may not read {shown}"), "let that user read it, if everybody may know what it holds".into())
                .with_command(format!("chmod {class}+r {shown}"))
        }
        Ok(metadata) if subject.runner.may(&metadata, Right::Write) => new(
            format!("was denied {shown}, though its mode allows it"),
            "look at access lists and security modules: getfacl, aa-status".into(),
        ),
        Ok(_) => new(format!("may not write {shown}"), "give it to that user".into())
            .with_command(format!("chown {name} {shown}")),
        Err(_) => {
            let directory = file.parent().unwrap_or(file);
            let what = format!("may not make files in {}", quoted(directory));
            if Some(directory) != subject.program.parent() {
                return new(what, "give that directory to that user".into())
                    .with_command(format!("chown {name} {}", quoted(directory)));
            }
            // Whoever may write beside scripts may write scripts.
            let own = Path::new("/var/lib").join(subject.program.file_stem().unwrap_or_default());
            new(what, "write to a directory of its own, apart from scripts and from what is served".into())
                .with_command(format!("install -d -o {name} -m 700 {}", quoted(own)))
        }
    }
}
