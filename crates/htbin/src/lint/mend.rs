//! `htbin lint --fix`: the execute bit, line ends, byte order marks, and the right of all others to write. It follows no
//! link, and a file is either the old one or the new one, whole.

use std::{
    fs::{self, File, Metadata, Permissions},
    io::{Read, Write},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Gid, Mode, OFlags, ResolveFlags, Uid},
    io::Errno,
};

use super::Finding;
use crate::diagnosis::{Code, seen};

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mending {
    /// The file or directory, as it was named.
    pub path: PathBuf,
    /// What was done, or why nothing was.
    pub what: Result<String, String>,
}

/// Mends what it can.
pub fn mend(findings: &[Finding]) -> Vec<Mending> {
    let mut wanted: Vec<_> = findings.iter().filter(|finding| can_mend(finding)).collect();
    // What nobody else may change any more is safe to be made executable.
    wanted.sort_by_key(|finding| finding.diagnosis.code != Code::WritableByOthers);
    let told = |error: Why| error.to_string();
    let mend = |finding: &Finding| Mending { path: finding.path.clone(), what: one(finding).map_err(told) };
    wanted.into_iter().map(mend).collect()
}

/// Is this something that can be mended without knowing what was meant?
pub(super) fn can_mend(finding: &Finding) -> bool {
    let mode = || fs::symlink_metadata(&finding.path).map_or(0, |it| it.mode());
    match finding.diagnosis.code {
        Code::CarriageReturn | Code::WritableByOthers => true,
        Code::NotExecutable => mode() & (EXECUTE | SET_ID) == 0,
        Code::ByteOrderMark => seen::text(&finding.path).is_some_and(|text| text.starts_with(MARK)),
        _ => false,
    }
}

fn one(finding: &Finding) -> Result<String, Why> {
    let place = Opened::open(finding)?;
    match finding.diagnosis.code {
        Code::WritableByOthers => place.change_mode(|mode| mode & !seen::rights::WRITABLE_BY_OTHERS),
        // Who may read it may execute it, and nobody else.
        Code::NotExecutable => place.change_mode(|mode| mode | (mode & 0o444) >> 2),
        _ => place.rewrite(),
    }
}

/// A file or a directory, opened without following a link.
struct Opened {
    /// The directory that it lies in, and its name there; none for the directory that was named itself.
    entry: Option<(OwnedFd, PathBuf)>,
    file: File,
    metadata: Metadata,
}

impl Opened {
    fn open(finding: &Finding) -> Result<Self, Why> {
        let read = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        // The directory that somebody named may be a link; nothing beneath it may.
        let root = rustix::fs::openat(CWD, &finding.root, read | OFlags::DIRECTORY, Mode::empty())?;
        let root_path = finding.root.strip_prefix("./").unwrap_or(&finding.root);
        let relative = match finding.path.strip_prefix(root_path) {
            Ok(relative) => relative,
            // What lies in `.` is named without it.
            Err(_) if finding.root == Path::new(".") => &finding.path,
            Err(_) => return Err(Why::Moved),
        };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let beneath = |path: &Path, flags| rustix::fs::openat2(&root, path, flags, Mode::empty(), resolve);
        let (entry, file) = match relative.file_name() {
            None => (None, root),
            Some(name) => {
                let directory = relative.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let directory = beneath(directory, read | OFlags::DIRECTORY)?;
                (Some((directory, PathBuf::from(name))), beneath(relative, read | OFlags::NOFOLLOW)?)
            }
        };
        let file = File::from(file);
        let metadata = file.metadata().map_err(Why::System)?;
        if metadata.is_file() || metadata.is_dir() { Ok(Self { entry, file, metadata }) } else { Err(Why::Moved) }
    }

    fn change_mode(&self, change: impl Fn(u32) -> u32) -> Result<String, Why> {
        let old = self.metadata.mode() & MODE;
        let new = change(old);
        self.file.set_permissions(Permissions::from_mode(new)).map_err(Why::System)?;
        Ok(format!("mode {old:04o} is now {new:04o}"))
    }

    /// Puts a file without carriage returns and byte order mark in the place of this one.
    fn rewrite(&self) -> Result<String, Why> {
        let old = self.content()?;
        let (new, what) = mended(&old);
        let Some((directory, name)) = self.entry.as_ref().filter(|_| new != old) else { return Err(Why::Moved) };
        // By its descriptor, so that it is that directory whatever its path leads to by now.
        let way = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()));
        let mut file = tempfile::Builder::new().prefix(".htbin-lint-").tempfile_in(&way).map_err(Why::System)?;
        file.write_all(&new).map_err(Why::System)?;
        let made = file.as_file().metadata().map_err(Why::System)?;
        if (made.uid(), made.gid()) != (self.metadata.uid(), self.metadata.gid()) {
            let (owner, group) = (Uid::from_raw(self.metadata.uid()), Gid::from_raw(self.metadata.gid()));
            rustix::fs::fchown(file.as_file(), Some(owner), Some(group)).map_err(|_| Why::Owner)?;
        }
        let mode = Permissions::from_mode(self.metadata.mode() & MODE);
        file.as_file().set_permissions(mode).and_then(|()| file.as_file().sync_all()).map_err(Why::System)?;
        self.is_still(directory.as_fd(), name)?;
        file.persist(way.join(name)).map_err(|error| Why::System(error.error))?;
        Ok(what)
    }

    /// The whole content of a text that has no other name and nothing attached to it that a new file would lose.
    fn content(&self) -> Result<Vec<u8>, Why> {
        if !self.metadata.is_file() || self.metadata.nlink() != 1 {
            return Err(Why::OtherNames);
        }
        if self.metadata.len() > MENDED_BYTES_MAX {
            return Err(Why::Large);
        }
        let mut names = vec![0; ATTRIBUTES_BYTES_MAX];
        let length = match rustix::fs::flistxattr(&self.file, &mut names[..]) {
            Ok(length) => length,
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => 0,
            Err(errno) => return Err(errno.into()),
        };
        if names[..length].split(|byte| *byte == 0).any(|name| !name.is_empty() && name != b"security.selinux") {
            return Err(Why::Attributes);
        }
        let mut content = Vec::new();
        (&self.file).take(MENDED_BYTES_MAX + 1).read_to_end(&mut content).map_err(Why::System)?;
        if content.len() as u64 > MENDED_BYTES_MAX { Err(Why::Large) } else { Ok(content) }
    }

    /// Nobody has changed it meanwhile, or put another in its place.
    fn is_still(&self, directory: impl AsFd, name: &Path) -> Result<(), Why> {
        let now = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let is_same = now.st_ino == self.metadata.ino()
            && now.st_dev == self.metadata.dev()
            && now.st_size == self.metadata.size() as i64
            && (now.st_mtime, now.st_mtime_nsec as i64) == (self.metadata.mtime(), self.metadata.mtime_nsec());
        if is_same { Ok(()) } else { Err(Why::Moved) }
    }
}

/// The same text as UNIX writes it, and what was done to it.
fn mended(old: &[u8]) -> (Vec<u8>, String) {
    let bare = old.strip_prefix(MARK).unwrap_or(old);
    let mut done = Vec::new();
    if bare.len() < old.len() {
        done.push("the byte order mark is gone".to_owned());
    }
    // A program may carry data behind its text; that is none of ours.
    let first = bare.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if !first.ends_with(b"\r") || bare.contains(&0) {
        return (bare.to_vec(), done.join(", "));
    }
    let mut new = Vec::with_capacity(bare.len());
    let mut count = 0;
    for line in bare.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => {
                new.extend_from_slice(line);
                new.push(b'\n');
                count += 1;
            }
            None => new.extend_from_slice(line),
        }
    }
    done.push(format!("{count} {} in LF, not CR LF", if count == 1 { "line now ends" } else { "lines now end" }));
    (new, done.join(", "))
}

/// Why something was not mended.
#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("it is no longer what it was, or a link leads to it; look again")]
    Moved,
    #[error("it has other names (hard links), which would keep the old content")]
    OtherNames,
    #[error("it is too large for a script by hand; mend it yourself")]
    Large,
    #[error("it has access lists or other attributes, which a new file would lose; mend it yourself")]
    Attributes,
    #[error("a new file would belong to you, not to its owner; mend it as its owner, or as root")]
    Owner,
    #[error("{0}")]
    System(std::io::Error),
}

impl From<Errno> for Why {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::LOOP | Errno::XDEV | Errno::NOENT => Self::Moved,
            errno => Self::System(errno.into()),
        }
    }
}

const MARK: &[u8] = b"\xef\xbb\xbf";
const EXECUTE: u32 = 0o111;
const SET_ID: u32 = 0o6000;
const MODE: u32 = 0o7777;
/// What is held in memory to be rewritten.
const MENDED_BYTES_MAX: u64 = 4 << 20;
/// The kernel's own limit for a list of names.
const ATTRIBUTES_BYTES_MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Diagnosis;

    #[test]
    fn what_changes_meanwhile_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sh");
        let diagnosis = Diagnosis {
            code: Code::CarriageReturn,
            cause: String::new(),
            fix: String::new(),
            command: None,
            place: None,
        };
        let finding = Finding { path: path.clone(), root: folder.path().to_owned(), diagnosis };
        fs::write(&path, "#!/bin/sh\r\n").expect("it is written");
        let opened = Opened::open(&finding).expect("it is there");
        fs::rename(&path, folder.path().join("old")).expect("it is moved");
        fs::write(&path, "#!/bin/sh\r\n").expect("it is written");
        assert!(matches!(opened.rewrite(), Err(Why::Moved)));
        let opened = Opened::open(&finding).expect("it is there");
        fs::write(&path, "#!/bin/sh\r\necho\r\n").expect("it is written");
        assert!(matches!(opened.rewrite(), Err(Why::Moved)));
        assert_eq!(fs::read(&path).expect("it is there"), b"#!/bin/sh\r\necho\r\n");
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 2, "nothing is left lying about");
    }

    #[test]
    fn only_line_ends_and_the_mark_change() {
        let (new, what) = mended(b"\xef\xbb\xbf#!/bin/sh\r\necho a\\\r\nx\ry\n\r\nend");
        assert_eq!(new, b"#!/bin/sh\necho a\\\nx\ry\n\nend");
        assert_eq!(what, "the byte order mark is gone, 3 lines now end in LF, not CR LF");
        assert_eq!(mended(b"#!/bin/sh\n\0\r\n").0, b"#!/bin/sh\n\0\r\n");
        assert_eq!(mended(b"#!/bin/sh\r\n\0\r\n").0, b"#!/bin/sh\r\n\0\r\n");
    }
}
