//! Looks at all files of a place: what each is, and what is wrong with it.

use std::{
    collections::{HashMap, HashSet},
    fs::Metadata,
    path::Path,
};

use super::{
    Report, Settings, absolute, has,
    kind::{self, Facts, Kind, Loads},
    walk::{Entry, Walk},
};
use crate::diagnosis::{
    file,
    seen::{self, python, python::Python, rights, secret, stray},
};

/// Looks at the scripts of a place, or at this one of them.
pub(super) fn look(settings: &Settings, entries: &[Entry], only: Option<&Path>, walk: &mut Walk, report: &mut Report) {
    let directories: HashMap<&Path, &Metadata> = directories(entries);
    let files = || entries.iter().filter(|entry| entry.metadata.is_file() && !is_hidden(&entry.path));
    let Some(loads) = loads(files(), walk) else { return };
    let is_wanted = |path: &Path| only.is_none_or(|only| only == path);
    let mut with_python = HashSet::new();
    // Who else is there matters only to a file that may hide a module from them.
    let is_looked_at = |path: &Path| is_wanted(path) || only.is_some_and(|only| python::shadows(only).is_some());
    for entry in files().filter(|entry| is_looked_at(&entry.path)).take_while(|_| !walk.is_late()) {
        let of_directory = entry.path.parent().and_then(|it| directories.get(it).copied()).unwrap_or(&entry.metadata);
        let mut own = Report::default();
        if file(settings, entry, of_directory, &loads, only.is_some(), &mut own) {
            with_python.extend(entry.path.parent().map(Path::to_owned));
        }
        if is_wanted(&entry.path) {
            report.scripts.extend(own.scripts);
            report.add(&entry.path, own.findings.into_iter().map(|it| it.diagnosis));
        }
    }
    for entry in entries.iter().filter(|entry| is_wanted(&entry.path)) {
        if entry.metadata.is_dir() {
            let found = rights::of_directory(&absolute(&entry.path), &entry.metadata, &settings.runner);
            report.add(&entry.path, found);
        }
        if !is_hidden(&entry.path) && entry.path.parent().is_some_and(|it| with_python.contains(it)) {
            report.add(&entry.path, python::shadows(&absolute(&entry.path)));
        }
    }
    let named: Vec<_> = entries.iter().filter(|entry| is_wanted(&entry.path)).cloned().collect();
    secrets(&named, walk, report);
}

/// Secrets among the files that are no scripts.
pub(super) fn secrets(entries: &[Entry], walk: &mut Walk, report: &mut Report) {
    for entry in entries.iter().filter(|entry| entry.metadata.is_file()).take_while(|_| !walk.is_late()) {
        report.add(&entry.path, secret::look(&absolute(&entry.path), &entry.metadata, false));
    }
}

/// What the files load of each other; none if there is no time to find out, as then any module looks like a script.
fn loads<'e>(files: impl Iterator<Item = &'e Entry>, walk: &mut Walk) -> Option<Loads> {
    let mut loads = Loads::default();
    for entry in files.filter(|entry| kind::may_load(&entry.path)) {
        if walk.is_late() {
            return None;
        }
        loads.note(&entry.path, &seen::text(&entry.path).unwrap_or_default());
    }
    Some(loads)
}

/// Looks at one file; is it a script of Python 3?
fn file(
    settings: &Settings,
    entry: &Entry,
    directory: &Metadata,
    loads: &Loads,
    is_named: bool,
    report: &mut Report,
) -> bool {
    let Entry { path, metadata } = entry;
    let text = seen::text(path).unwrap_or_default();
    let subject = settings.subject(path);
    let kind = Kind::of(&Facts {
        path,
        text: &text,
        is_executable: has(metadata, ANYBODY_EXECUTES),
        is_interpreted: subject.interpreter.is_some(),
        is_named,
        is_loaded: loads.has(path),
    });
    if let Kind::Stray(what) = kind {
        report.add(path, [stray::stray(&subject.program, what)]);
    }
    if matches!(kind, Kind::Script | Kind::Module) {
        let found = rights::of_file(&subject.program, metadata, directory, &settings.runner);
        report.add(path, found);
        report.add(path, secret::look(&subject.program, metadata, true));
    }
    if kind != Kind::Script {
        return false;
    }
    report.scripts.insert(path.clone());
    report.add(path, file::look(&subject));
    let Some(python) = Python::of(&subject) else { return false };
    let found = python::look(&subject, &python, &String::from_utf8_lossy(&text));
    report.add(path, found);
    true
}

fn directories(entries: &[Entry]) -> HashMap<&Path, &Metadata> {
    let directories = entries.iter().filter(|entry| entry.metadata.is_dir());
    directories.map(|entry| (entry.path.as_path(), &entry.metadata)).collect()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

const ANYBODY_EXECUTES: u32 = 0o111;
