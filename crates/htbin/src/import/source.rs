//! The files of a configuration, within limits of number and size.

use std::{
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

use super::Error;

/// A place in a file.
#[derive(Debug, Clone)]
pub(super) struct At {
    file: Rc<str>,
    pub(super) line: usize,
}

impl At {
    pub(super) fn start(file: &Path) -> Self {
        Self { file: file.to_string_lossy().into(), line: 1 }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What was read up to now.
#[derive(Debug, Default)]
pub(super) struct Files {
    count: usize,
    /// Files that are being read: one that includes itself would never end.
    open: Vec<PathBuf>,
    pub(super) directives: usize,
}

impl Files {
    /// The text of a file, and what is made of it.
    pub(super) fn read<T>(
        &mut self,
        path: &Path,
        make: impl FnOnce(&str, At, &mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let at = At::start(path);
        self.count += 1;
        if self.count > FILES_MAX {
            return Err(Error::too_much(&at, format!("{FILES_MAX} files")));
        }
        if self.open.iter().any(|open| open == path) {
            return Err(Error::syntax(&at, "the file includes itself"));
        }
        let unreadable = |source: io::Error| Error::Unreadable { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(Error::too_much(&at, format!("{FILE_BYTES_MAX} octets")));
        }
        self.open.push(path.to_owned());
        let made = make(&String::from_utf8_lossy(&bytes), at, self);
        self.open.pop();
        made
    }

    /// One more directive.
    pub(super) fn count(&mut self, at: &At) -> Result<(), Error> {
        self.directives += 1;
        if self.directives > super::DIRECTIVES_MAX {
            return Err(Error::too_much(at, format!("{} directives", super::DIRECTIVES_MAX)));
        }
        Ok(())
    }
}

/// The files that an include names, in the order of their names; nothing: it names none.
pub(super) fn included(base: &Path, pattern: &str) -> Option<Vec<PathBuf>> {
    let pattern = base.join(pattern);
    if pattern.is_file() {
        return Some(vec![pattern]);
    }
    if pattern.is_dir() {
        return Some(listed(&pattern, |_| true));
    }
    let (directory, name) = (pattern.parent()?, pattern.file_name()?.to_str()?);
    if !name.contains(['*', '?', '[', '{']) {
        return None;
    }
    let glob = globset::Glob::new(name).ok()?.compile_matcher();
    Some(listed(directory, |name| glob.is_match(name)))
}

fn listed(directory: &Path, fits: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<PathBuf> =
        entries.filter(|entry| fits(Path::new(&entry.file_name()))).map(|entry| entry.path()).collect();
    found.retain(|path| path.is_file());
    found.sort();
    found
}

/// With all that are included.
const FILES_MAX: usize = 500;
const FILE_BYTES_MAX: u64 = 4 << 20;
