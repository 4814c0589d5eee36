//! Which file of a script directory runs for a path. Nothing that lies in one is ever sent.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{fs::FileType, io::Errno};

use super::{
    Inner, Interpreter, Script, Target,
    plain::{encoded_slash, hidden, last_name, not_regular, with_slash},
    refuse,
    tree::{Access, Opened, Tree},
};
use crate::{
    path::{Segment, UrlPath},
    refusal::{Reason, Refusal},
};

/// A file on the way of a path.
pub(super) struct Found<'p> {
    pub(super) opened: Opened,
    /// Where it lies in its tree.
    pub(super) relative: &'p [u8],
    /// The path that was asked for.
    pub(super) path: &'p UrlPath,
    /// Where the file's own name ends in `path`; the rest is its extra-path.
    pub(super) end: usize,
}

impl Inner {
    /// A mounted program answers for everything below its URL.
    pub(super) fn mounted(
        &self,
        (program, arguments): (&Path, &Arc<[String]>),
        prefix: usize,
        path: &UrlPath,
    ) -> Result<Target, Refusal> {
        if !self.settings.cgi {
            return Err(scripts_off().of_script(program));
        }
        let end = prefix.checked_sub(1).and_then(|last| path.segments().nth(last)).map_or(0, |segment| segment.end);
        Ok(Target::Script(Script {
            program: program.to_owned(),
            interpreter: self.interpreter(program.as_os_str().as_bytes()).map(Path::to_owned),
            arguments: Arc::clone(arguments),
            directory: self.tree.real().to_owned(),
            name: self.script_name(path, end),
            path_info: path_info(path, end),
            document_root: Arc::clone(&self.document_root),
        }))
    }

    /// What runs below a script directory whose URL has `prefix` segments, the first `skip` of them not in `tree`.
    pub(super) fn below_scripts(
        &self,
        tree: &Tree,
        skip: usize,
        prefix: usize,
        path: &UrlPath,
    ) -> Result<Target, Refusal> {
        if let Some(found) = self.walk(tree, skip, prefix, path)? {
            return self.script(tree, &found);
        }
        if let Some(target) = self.script_index(tree, skip, path)? {
            return Ok(target);
        }
        if path.segments().nth(prefix).is_some() {
            return Err(Reason::NotFound.into());
        }
        let itself: Vec<u8> = joined(path, skip);
        tree.find(&itself, Access::Look).map_err(|errno| refuse(errno, &itself))?;
        Err(Reason::ScriptDirectory.into())
    }

    /// Walks from the left to the first thing that is no directory. None when all of the path is directories.
    ///
    /// From the left, because a script lies near the front and its extra-path may be of any length.
    pub(super) fn walk<'p>(
        &self,
        tree: &Tree,
        skip: usize,
        prefix: usize,
        path: &'p UrlPath,
    ) -> Result<Option<Found<'p>>, Refusal> {
        let start = path.segments().nth(skip).map_or(path.decoded().len(), |first| first.end - first.name.len());
        for segment in path.segments().skip(prefix) {
            self.check_walked(segment)?;
            let relative = &path.decoded()[start..segment.end];
            let opened = tree.find(relative, Access::Look).map_err(|errno| {
                // A script that may not be reached is a script still: what keeps it from running can be told.
                let file = tree.real().join(OsStr::from_bytes(&path.decoded()[start..]));
                let refusal = refuse(errno, relative);
                if refusal.reason == Reason::Unreadable { refusal.of_script(&file) } else { refusal }
            })?;
            match opened.kind() {
                FileType::Directory => {}
                FileType::RegularFile => return Ok(Some(Found { opened, relative, path, end: segment.end })),
                _ => return Err(not_regular(relative)),
            }
        }
        Ok(None)
    }

    /// The file as a script with what its path says, if it may run.
    pub(super) fn script(&self, tree: &Tree, found: &Found<'_>) -> Result<Target, Refusal> {
        let Found { opened, relative, path, end } = found;
        let name = last_name(relative);
        // Collected again, because an empty segment of the request must not show in SCRIPT_FILENAME.
        let program: PathBuf = tree.real().join(OsStr::from_bytes(relative)).components().collect();
        let interpreter = self.interpreter(name);
        let refusal = if name.starts_with(b".") {
            Some(Refusal::with_detail(Reason::Hidden, "a script whose name starts with a dot does not run"))
        } else if !self.settings.cgi {
            Some(scripts_off())
        } else if interpreter.is_none() && self.settings.interpreted_only {
            Some(Refusal::with_detail(Reason::ScriptDirectory, "only files with an interpreter run here"))
        } else if interpreter.is_none() && !opened.executable() {
            let what = "has no execute bit; chmod +x sets it, --interpreter does without it";
            let detail = format!("{}: {what}", String::from_utf8_lossy(relative));
            Some(Refusal::with_detail(Reason::NotExecutable, detail))
        } else {
            None
        };
        if let Some(refusal) = refusal {
            return Err(refusal.of_script(&program));
        }
        Ok(Target::Script(Script {
            directory: program.parent().unwrap_or(tree.real()).to_owned(),
            program,
            interpreter: interpreter.map(Path::to_owned),
            arguments: Arc::default(),
            name: self.script_name(path, *end),
            path_info: path_info(path, *end),
            document_root: Arc::clone(&self.document_root),
        }))
    }

    /// A directory among scripts: its index, if one runs.
    fn script_index(&self, tree: &Tree, skip: usize, path: &UrlPath) -> Result<Option<Target>, Refusal> {
        let directory = joined(path, skip);
        for name in &self.settings.index {
            let mut relative = directory.clone();
            if !relative.is_empty() {
                relative.push(b'/');
            }
            relative.extend_from_slice(name.as_bytes());
            let opened = match tree.find(&relative, Access::Look) {
                Ok(opened) => opened,
                Err(Errno::NOENT | Errno::NOTDIR) => continue,
                Err(errno) => return Err(refuse(errno, &relative)),
            };
            let runs = opened.executable() || self.interpreter(name.as_bytes()).is_some();
            if opened.kind() != FileType::RegularFile || !runs {
                continue;
            }
            if !path.ends_with_slash() {
                return Ok(Some(Target::Redirect(with_slash(path))));
            }
            let index = path.with_name(name.as_bytes());
            let end = index.decoded().len();
            return self.script(tree, &Found { opened, relative: &relative, path: &index, end }).map(Some);
        }
        Ok(None)
    }

    /// The script-path with its empty segments merged: a script builds links from it, and `//x` would name a host.
    fn script_name(&self, path: &UrlPath, end: usize) -> Vec<u8> {
        let mut name = Vec::with_capacity(self.settings.base.len() + end);
        let own = path.segments().take_while(|segment| segment.end <= end).map(|segment| segment.name);
        let base = self.settings.base.split('/').filter(|it| !it.is_empty()).map(str::as_bytes);
        for segment in base.chain(own) {
            name.push(b'/');
            name.extend_from_slice(segment);
        }
        name
    }

    /// Under `--cgi-dir /`: does this file run, or would it if it had the right to?
    pub(super) fn is_script(&self, opened: &Opened, name: &[u8]) -> bool {
        if self.settings.interpreted_only {
            self.interpreter(original(name)).is_some() || is_source(original(name))
        } else {
            is_script(opened, name, &self.settings.interpreters)
        }
    }

    fn interpreter(&self, name: &[u8]) -> Option<&Path> {
        self.settings.interpreter(name)
    }

    fn check_walked(&self, segment: Segment<'_>) -> Result<(), Refusal> {
        if segment.encoded_slash {
            return Err(encoded_slash());
        }
        if segment.name.starts_with(b".") && !self.settings.hidden {
            return Err(hidden());
        }
        Ok(())
    }
}

/// Under `--cgi-dir /`: does this file run, or would it if it had the right to? Its source is not sent either way, nor
/// is the copy an editor left beside it.
fn is_script(opened: &Opened, name: &[u8], interpreters: &[Interpreter]) -> bool {
    let original = original(name);
    opened.executable()
        || interpreter(interpreters, original).is_some()
        || is_source(original)
        || opened.starts_with_shebang()
}

/// The name without what editors add to that of a copy.
fn original(name: &[u8]) -> &[u8] {
    LEFTOVERS.iter().find_map(|end| name.strip_suffix(*end)).unwrap_or(name)
}

/// Does the name say that it is the source of a script?
pub(super) fn is_source(name: &[u8]) -> bool {
    let Some(dot) = name.iter().rposition(|octet| *octet == b'.') else { return false };
    let extension = &name[dot + 1..];
    SOURCES.iter().any(|source| extension.eq_ignore_ascii_case(source))
}

pub(super) fn interpreter<'a>(interpreters: &'a [Interpreter], name: &[u8]) -> Option<&'a Path> {
    interpreters.iter().find(|it| name.ends_with(it.suffix.as_bytes())).map(|it| it.program.as_path())
}

fn scripts_off() -> Refusal {
    Refusal::with_detail(Reason::ScriptsOff, "--no-cgi: nothing runs, and no source is sent")
}

/// The segments after the first `skip`, as a path.
fn joined(path: &UrlPath, skip: usize) -> Vec<u8> {
    path.segments().skip(skip).map(|segment| segment.name).collect::<Vec<_>>().join(&b'/')
}

/// The extra-path as it was sent, decoded.
fn path_info(path: &UrlPath, end: usize) -> Option<Vec<u8>> {
    let rest = &path.decoded()[end..];
    (!rest.is_empty()).then(|| rest.to_vec())
}

/// What the sources of scripts end with.
const SOURCES: [&[u8]; 13] =
    [b"py", b"pl", b"cgi", b"fcgi", b"sh", b"bash", b"rb", b"php", b"tcl", b"lua", b"awk", b"pm", b"pyc"];

/// What editors and patch add to the name of the copy they leave.
const LEFTOVERS: [&[u8]; 6] = [b"~", b".bak", b".old", b".orig", b".save", b".swp"];
