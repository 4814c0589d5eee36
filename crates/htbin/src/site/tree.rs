//! A directory tree that cannot be left: every path below it is opened by `openat2` from one descriptor.

use std::{
    ffi::{CStr, OsString},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStringExt,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2, readlink, statat},
    io::{Errno, pread},
};

/// A directory tree, held open.
#[derive(Debug)]
pub(super) struct Tree {
    fd: OwnedFd,
    real: PathBuf,
    /// Symbolic links may lead out of the tree.
    follow_symlinks: bool,
}

/// What was opened beneath a [`Tree`].
#[derive(Debug)]
pub(super) struct Opened {
    /// The descriptor.
    pub(super) fd: OwnedFd,
    /// Kind, size and times.
    pub(super) stat: Stat,
    /// Where it really lies; only known, and only needed, when a symbolic link was on the way.
    pub(super) real: Option<PathBuf>,
    access: Access,
}

/// What the descriptor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// To read it, or to list it.
    Read,
    /// To look at its kind and rights.
    Look,
}

impl Tree {
    /// Holds the directory open.
    pub(super) fn open(directory: &Path, follow_symlinks: bool) -> Result<Self, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = openat(CWD, directory, flags, Mode::empty())?;
        let real = real_path(fd.as_fd())?;
        let tree = Self { fd, real, follow_symlinks };
        // A kernel without `openat2` shall say so now, not at the first request.
        tree.find(b"", Access::Look)?;
        Ok(tree)
    }

    /// The absolute path of the tree, without symbolic links, as it was when the tree was opened.
    pub(super) fn real(&self) -> &Path {
        &self.real
    }

    /// What lies at `relative`, a link not followed. Only to compare it with what is known: nothing is opened.
    pub(super) fn look(&self, relative: &CStr) -> Result<Stat, Errno> {
        statat(&self.fd, relative, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Opens what lies at `relative`: no leading slash, no `..`, no NUL; empty is the tree itself.
    ///
    /// Nearly all paths hold no symbolic link, so the first try allows none: then the path is where the file really
    /// lies and nobody has to look that up.
    pub(super) fn find(&self, relative: &[u8], access: Access) -> Result<Opened, Errno> {
        let strict = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match self.open_at(relative, access, strict) {
            Ok(fd) => Ok(Opened { stat: fstat(&fd)?, fd, real: None, access }),
            Err(Errno::LOOP) => {
                let fd = self.open_at(relative, access, self.lenient())?;
                let real = real_path(fd.as_fd())?;
                Ok(Opened { stat: fstat(&fd)?, fd, real: Some(real), access })
            }
            Err(errno) => Err(errno),
        }
    }

    /// The same, but where it really lies is always told.
    pub(super) fn locate(&self, relative: &[u8]) -> Result<PathBuf, Errno> {
        real_path(self.open_at(relative, Access::Look, self.lenient())?.as_fd())
    }

    fn lenient(&self) -> ResolveFlags {
        if self.follow_symlinks {
            ResolveFlags::NO_MAGICLINKS
        } else {
            ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS
        }
    }

    fn open_at(&self, relative: &[u8], access: Access, resolve: ResolveFlags) -> Result<OwnedFd, Errno> {
        let path = if relative.is_empty() { b"." } else { relative };
        let flags = match access {
            // NONBLOCK: a FIFO nobody writes to must not hold the worker.
            Access::Read => OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC,
            Access::Look => OFlags::PATH | OFlags::CLOEXEC,
        };
        for _ in 1..RACES_MAX {
            match openat2(&self.fd, path, flags, Mode::empty(), resolve) {
                // A rename raced with the walk (openat2(2)), or a signal came.
                Err(Errno::AGAIN | Errno::INTR) => {}
                result => return result,
            }
        }
        openat2(&self.fd, path, flags, Mode::empty(), resolve)
    }
}

impl Opened {
    /// Directory, regular file, or something else.
    pub(super) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    /// Was it opened to be read?
    pub(super) fn is_readable(&self) -> bool {
        self.access == Access::Read
    }

    /// Does it start as a script does? What cannot be read cannot be sent, so it need not be known.
    pub(super) fn starts_with_shebang(&self) -> bool {
        let mut first = [0; 2];
        self.is_readable() && pread(&self.fd, &mut first, 0) == Ok(2) && first == *b"#!"
    }

    /// Has it an execute bit? Whose it is shows when it is started.
    pub(super) fn executable(&self) -> bool {
        self.stat.st_mode & 0o111 != 0
    }
}

/// Where a file outside of any tree really lies.
pub(super) fn locate(absolute: &Path) -> Result<PathBuf, Errno> {
    real_path(openat(CWD, absolute, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?.as_fd())
}

/// Where an open file really lies. `/proc` tells, with no race between the name and the file.
fn real_path(fd: BorrowedFd<'_>) -> Result<PathBuf, Errno> {
    let link = readlink(format!("/proc/self/fd/{}", fd.as_raw_fd()), Vec::new())?;
    Ok(PathBuf::from(OsString::from_vec(link.into_bytes())))
}

/// How often an open is tried that a rename raced with.
const RACES_MAX: usize = 8;
