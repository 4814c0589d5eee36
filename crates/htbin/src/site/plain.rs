//! Files and directories outside script directories, and executable files wherever they lie under `--cgi-dir /`.

use rustix::{fs::FileType, io::Errno};

use super::{
    Inner, Site, Target,
    directory::Directory,
    file::SiteFile,
    refuse,
    scripts::Found,
    tree::{Access, Opened},
};
use crate::{
    path::{self, UrlPath},
    refusal::{Reason, Refusal},
};

/// A target that may still be a directory without its site.
pub(super) enum Plain {
    Target(Target),
    Directory(Opened, Vec<u8>),
}

impl Plain {
    pub(super) fn into_target(self, site: &Site) -> Target {
        match self {
            Self::Target(target) => target,
            Self::Directory(opened, relative) => Target::Directory(Directory::new(site.clone(), opened.fd, relative)),
        }
    }
}

impl Inner {
    /// What lies at a path that no script directory holds.
    pub(super) fn plain(&self, path: &UrlPath) -> Result<Plain, Refusal> {
        if let Err(refusal) = self.check_names(path) {
            // An extra-path may hold what no file name may.
            return if self.everywhere { self.walk_everywhere(path) } else { Err(refusal) };
        }
        let relative = relative(path);
        if path.ends_with_slash() {
            return self.inside(path, relative);
        }
        let opened = match self.tree.find(relative, Access::Read) {
            Ok(opened) => opened,
            Err(Errno::NOTDIR) if self.everywhere => return self.walk_everywhere(path),
            Err(Errno::ACCESS) => self.unreadable(relative)?,
            Err(errno) => return Err(refuse(errno, relative)),
        };
        self.check_real(&opened, relative)?;
        match opened.kind() {
            FileType::RegularFile => self.regular(opened, relative, path),
            FileType::Directory => Ok(Plain::Target(Target::Redirect(with_slash(path)))),
            _ => Err(not_regular(relative)),
        }
    }

    /// `--spa`: what is not found and has no extension is answered with one file.
    pub(super) fn single_page(&self, path: &UrlPath, refusal: Refusal) -> Result<Plain, Refusal> {
        let Some(page) = self.settings.spa.as_deref().filter(|_| refusal.reason == Reason::NotFound) else {
            return Err(refusal);
        };
        if path.segments().last().is_some_and(|segment| segment.name.contains(&b'.')) {
            return Err(refusal);
        }
        let Some(opened) = self.find_single_page(page) else { return Err(refusal) };
        let relative = page.trim_matches('/').as_bytes();
        self.check_real(&opened, relative)?;
        self.regular(opened, relative, &UrlPath::of_file(relative))
    }

    /// The page of `--spa`, if it is a file that lies outside script directories.
    pub(super) fn find_single_page(&self, page: &str) -> Option<Opened> {
        let relative = page.trim_matches('/').as_bytes();
        let opened = self.tree.find(relative, Access::Read).ok()?;
        let is_within = self.places.iter().any(|place| place.holds_file(relative));
        (opened.kind() == FileType::RegularFile && !is_within).then_some(opened)
    }

    /// A path that ends with a slash: the directory's index, or the directory.
    fn inside(&self, path: &UrlPath, relative: &[u8]) -> Result<Plain, Refusal> {
        // Under `--cgi-dir /` every name counts; elsewhere the source of a script is no index, the listing is.
        let names = if self.everywhere { &self.settings.index } else { &self.plain_index };
        let mut candidate = Vec::with_capacity(relative.len() + 32);
        for name in names {
            candidate.clear();
            candidate.extend_from_slice(relative);
            if !relative.is_empty() {
                candidate.push(b'/');
            }
            candidate.extend_from_slice(name.as_bytes());
            match self.tree.find(&candidate, Access::Read) {
                Ok(opened) if opened.kind() == FileType::RegularFile => {
                    self.check_real(&opened, &candidate)?;
                    let index = UrlPath::of_file(&candidate);
                    return self.regular(opened, &candidate, &index);
                }
                Ok(_) | Err(Errno::NOENT) => {}
                Err(Errno::NOTDIR) if self.everywhere => return self.walk_everywhere(path),
                Err(errno) => return Err(refuse(errno, &candidate)),
            }
        }
        let opened = self.tree.find(relative, Access::Read).map_err(|errno| refuse(errno, relative))?;
        self.check_real(&opened, relative)?;
        match opened.kind() {
            FileType::Directory if self.settings.listing => Ok(Plain::Directory(opened, relative.to_vec())),
            FileType::Directory => Err(Refusal::with_detail(
                Reason::NoListing,
                "it has no index, and --no-listing keeps it from being listed",
            )),
            _ if self.everywhere => self.walk_everywhere(path),
            _ => Err(Reason::NotFound.into()),
        }
    }

    /// A regular file at the end of `path`: sent, or run under `--cgi-dir /`.
    fn regular(&self, opened: Opened, relative: &[u8], path: &UrlPath) -> Result<Plain, Refusal> {
        let name = last_name(relative);
        if self.everywhere && self.is_script(&opened, name) {
            let end = path.decoded().len();
            return self.script(&self.tree, &Found { opened, relative, path, end }).map(Plain::Target);
        }
        if self.settings.sources.iter().any(|end| name.ends_with(end.as_bytes())) {
            let what = "a file that ends so runs under another rule, and is never sent";
            return Err(Refusal::with_detail(Reason::ScriptDirectory, what));
        }
        if opened.is_readable() {
            return Ok(Plain::Target(Target::File(SiteFile::new(opened, name))));
        }
        Err(refuse(Errno::ACCESS, relative))
    }

    /// `--cgi-dir /`: the first regular file on the way is the script, what follows its extra-path.
    fn walk_everywhere(&self, path: &UrlPath) -> Result<Plain, Refusal> {
        let Some(found) = self.walk(&self.tree, 0, 0, path)? else {
            return Err(Reason::NotFound.into());
        };
        self.check_real(&found.opened, found.relative)?;
        if self.is_script(&found.opened, last_name(found.relative)) {
            return self.script(&self.tree, &found).map(Plain::Target);
        }
        Err(Reason::NotFound.into())
    }

    /// What may not be read may still be a directory without its slash, or a program that may only be run.
    fn unreadable(&self, relative: &[u8]) -> Result<Opened, Refusal> {
        self.tree.find(relative, Access::Look).map_err(|errno| refuse(errno, relative))
    }

    fn check_names(&self, path: &UrlPath) -> Result<(), Refusal> {
        if path.has_encoded_slash() {
            return Err(encoded_slash());
        }
        // The dot behind a slash is looked for in the whole path at once: nearly no path has one.
        if self.settings.hidden || memchr::memmem::find(path.decoded(), b"/.").is_none() {
            return Ok(());
        }
        let mut names = path.segments().map(|segment| segment.name).enumerate();
        if names.any(|(at, name)| name.starts_with(b".") && !(at == 0 && name == WELL_KNOWN)) {
            return Err(hidden());
        }
        Ok(())
    }

    /// A file that a symbolic link led to obeys the rules of where it really lies.
    pub(super) fn check_real(&self, opened: &Opened, relative: &[u8]) -> Result<(), Refusal> {
        use std::os::unix::ffi::OsStrExt;
        let Some(real) = &opened.real else { return Ok(()) };
        let told = |reason, what: &str| {
            Err(Refusal::with_detail(
                reason,
                format!("{}: the link leads to {what}", String::from_utf8_lossy(relative)),
            ))
        };
        if self.reals.iter().any(|protected| real.starts_with(protected)) {
            return told(Reason::ScriptDirectory, "a script directory");
        }
        let Ok(within) = real.strip_prefix(self.tree.real()) else { return Ok(()) };
        let within = within.as_os_str().as_bytes();
        if self.places.iter().any(|place| place.holds_file(within)) {
            return told(Reason::ScriptDirectory, "a script directory");
        }
        let mut names = within.split(|octet| *octet == b'/').enumerate();
        if !self.settings.hidden && names.any(|(at, name)| name.starts_with(b".") && !(at == 0 && name == WELL_KNOWN)) {
            return told(Reason::Hidden, "a name that starts with a dot; --hidden allows that");
        }
        Ok(())
    }
}

/// The path relative to the root: no slash at either end. The kernel merges those within.
pub(super) fn relative(path: &UrlPath) -> &[u8] {
    let decoded = path.decoded();
    let start = decoded.iter().take_while(|octet| **octet == b'/').count();
    let end = decoded.iter().rposition(|octet| *octet != b'/').map_or(start, |last| last + 1);
    &decoded[start..end]
}

/// The path of a directory, for a `Location`. One slash at the front, always: `//host/` would name another site.
pub(super) fn with_slash(path: &UrlPath) -> String {
    let mut location = String::from("/");
    for segment in path.segments() {
        location.push_str(&path::encode(segment.name));
        location.push('/');
    }
    location
}

pub(super) fn last_name(relative: &[u8]) -> &[u8] {
    relative.rsplit(|octet| *octet == b'/').next().unwrap_or(relative)
}

pub(super) fn hidden() -> Refusal {
    Refusal::with_detail(Reason::Hidden, "a name that starts with a dot is not served; --hidden allows that")
}

pub(super) fn encoded_slash() -> Refusal {
    Refusal::with_detail(Reason::BadPath, "the name of a file holds an encoded slash")
}

pub(super) fn not_regular(relative: &[u8]) -> Refusal {
    let name = String::from_utf8_lossy(relative);
    Refusal::with_detail(Reason::Unreadable, format!("{name}: neither a regular file nor a directory"))
}

/// RFC 8615: what lies here is meant to be found (certificates are renewed through it).
const WELL_KNOWN: &[u8] = b".well-known";
