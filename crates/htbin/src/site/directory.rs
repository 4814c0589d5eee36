//! A directory to list: what lies in it, as far as it may be seen.

use std::os::fd::OwnedFd;

use rustix::{
    fs::{AtFlags, Dir, FileType, Stat, statat},
    io::Errno,
};

use super::{Site, refuse, scripts, tree::Access};
use crate::refusal::Refusal;

/// A directory to list.
#[derive(Debug)]
pub struct Directory {
    site: Site,
    fd: OwnedFd,
    /// Its path beneath the root, without a slash at either end.
    relative: Vec<u8>,
}

/// What lies in a directory under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name, not always UTF-8.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Octets; of a file.
    pub size: u64,
    /// When it was last modified: seconds since 1970.
    pub mtime: i64,
}

/// What an [`Entry`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A script directory: named, but it has no listing to link to.
    Scripts,
    /// A file that is sent.
    File,
    /// A file that runs (`--cgi-dir /`).
    Script,
}

impl Directory {
    pub(super) fn new(site: Site, fd: OwnedFd, relative: Vec<u8>) -> Self {
        Self { site, fd, relative }
    }

    /// The decoded URL path of the directory, empty segments merged; starts and ends with a slash.
    pub fn url(&self) -> Vec<u8> {
        let mut url = self.site.0.settings.base.trim_end_matches('/').as_bytes().to_vec();
        url.push(b'/');
        for name in self.relative.split(|octet| *octet == b'/').filter(|name| !name.is_empty()) {
            url.extend_from_slice(name);
            url.push(b'/');
        }
        url
    }

    /// What lies in it, `max` entries at most and in no order, and whether there is more. Reads the disk: may block.
    ///
    /// Left out is what a request for it would not find: hidden names, links that lead nowhere or out of the site,
    /// and what is neither file nor directory.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn entries(&self, max: usize) -> Result<(Vec<Entry>, bool), Refusal> {
        let refused = |errno: Errno| refuse(errno, &self.relative);
        let mut entries = Vec::new();
        for found in Dir::read_from(&self.fd).map_err(refused)? {
            let found = found.map_err(refused)?;
            let name = found.file_name().to_bytes();
            if name == b"." || name == b".." || (name.starts_with(b".") && !self.site.0.settings.hidden) {
                continue;
            }
            let Some(entry) = self.entry(name) else { continue };
            if entries.len() == max {
                return Ok((entries, true));
            }
            entries.push(entry);
        }
        Ok((entries, false))
    }

    fn entry(&self, name: &[u8]) -> Option<Entry> {
        let inner = &*self.site.0;
        let mut relative = self.relative.clone();
        if !relative.is_empty() {
            relative.push(b'/');
        }
        relative.extend_from_slice(name);
        let mut stat = statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            let opened = inner.tree.find(&relative, Access::Look).ok()?;
            inner.check_real(&opened, &relative).ok()?;
            stat = opened.stat;
        }
        let protected = inner.places.iter().any(|place| place.holds_file(&relative));
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if protected => Kind::Scripts,
            FileType::Directory => Kind::Directory,
            FileType::RegularFile if protected => return None,
            FileType::RegularFile if self.runs(name, &stat) => Kind::Script,
            FileType::RegularFile => Kind::File,
            _ => return None,
        };
        let size = if matches!(kind, Kind::File | Kind::Script) { u64::try_from(stat.st_size).unwrap_or(0) } else { 0 };
        Some(Entry { name: name.to_vec(), kind, size, mtime: stat.st_mtime })
    }

    fn runs(&self, name: &[u8], stat: &Stat) -> bool {
        let inner = &*self.site.0;
        inner.everywhere
            && inner.settings.cgi
            && (stat.st_mode & 0o111 != 0 || scripts::interpreter(&inner.settings.interpreters, name).is_some())
    }
}
