//! Walks directories within bounds. It follows no link, enters no directory whose name starts with a dot, and opens
//! nothing.

use std::{
    fs::Metadata,
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use walkdir::{DirEntry, WalkDir};

use super::Bounds;

/// A walk through one place after the other.
#[derive(Debug)]
pub(super) struct Walk {
    names_left: usize,
    names_seen: usize,
    until: Option<Instant>,
    /// There was more.
    pub(super) is_cut: bool,
    /// What could not be looked into.
    pub(super) closed: Vec<(PathBuf, io::Error)>,
}

/// A file or a directory.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) metadata: Metadata,
}

impl Walk {
    pub(super) fn new(bounds: Bounds) -> Self {
        let until = bounds.time_max.map(|time| Instant::now() + time);
        Self { names_left: bounds.names_max, names_seen: 0, until, is_cut: false, closed: Vec::new() }
    }

    /// Everything below a directory, itself first; nothing of what lies in those left out.
    pub(super) fn deep(&mut self, directory: &Path, without: &[PathBuf]) -> Vec<Entry> {
        self.walk(WalkDir::new(directory).max_depth(LEVELS_MAX), without)
    }

    /// What lies right in a directory, itself first.
    pub(super) fn flat(&mut self, directory: &Path) -> Vec<Entry> {
        self.walk(WalkDir::new(directory).max_depth(1), &[])
    }

    fn walk(&mut self, walk: WalkDir, without: &[PathBuf]) -> Vec<Entry> {
        let mut found = Vec::new();
        let wanted = |entry: &DirEntry| {
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let is_skipped =
                is_hidden || entry.file_name() == "__pycache__" || without.iter().any(|it| it == entry.path());
            entry.depth() == 0 || !entry.file_type().is_dir() || !is_skipped
        };
        // The root may be a link: whoever serves it follows that.
        for entry in walk.follow_root_links(true).into_iter().filter_entry(wanted) {
            if self.names_left == 0 || self.is_late() {
                self.is_cut = true;
                break;
            }
            self.names_left -= 1;
            self.names_seen += 1;
            match entry.and_then(|entry| Ok((entry.metadata()?, entry))) {
                Ok((metadata, entry)) => {
                    let is_wanted = metadata.is_file() || metadata.is_dir();
                    self.is_cut |= metadata.is_dir() && entry.depth() == LEVELS_MAX;
                    found.extend(is_wanted.then(|| Entry { path: bare(entry.into_path()), metadata }));
                }
                Err(error) => self.close(error),
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    /// Is the time up? Then there was more.
    pub(super) fn is_late(&mut self) -> bool {
        let is_late = self.names_seen > NAMES_MIN && self.until.is_some_and(|until| Instant::now() > until);
        self.is_cut |= is_late;
        is_late
    }

    fn close(&mut self, error: walkdir::Error) {
        let path = bare(error.path().unwrap_or(Path::new(".")).to_owned());
        match error.into_io_error() {
            // Gone meanwhile.
            Some(error) if error.kind() == io::ErrorKind::NotFound => {}
            Some(error) => self.closed.push((path, error)),
            None => {}
        }
    }
}

/// `cgi-bin/a`, not `./cgi-bin/a`.
fn bare(path: PathBuf) -> PathBuf {
    match path.strip_prefix("./") {
        Ok(bare) if !bare.as_os_str().is_empty() => bare.to_owned(),
        _ => path,
    }
}

/// So many are looked at however long it takes: a machine that is busy shall not make a small site look large.
const NAMES_MIN: usize = 100;
/// Directories within directories.
const LEVELS_MAX: usize = 12;
