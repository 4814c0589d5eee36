//! A process that lives apart: mounts of its own, with a /tmp of its own, and a /proc with nobody in it but what it
//! started. The mounts are made before the fork; the child only puts them where they belong.

use std::{
    ffi::{CString, OsStr},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::{OsStrExt, OsStringExt},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, chmodat, chownat, fstat, mkdirat, open, openat, readlink, statat},
    io::Errno,
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
        fsconfig_create, fsconfig_set_string, fsmount, fsopen, mount, mount_change, move_mount, open_tree,
    },
    process::{Gid, Uid},
};

use super::{Confinement, Kernel, Network, Own, files};
use crate::sys::{
    landlock::{self, Grant},
    mount::make_read_only,
};

/// The mounts of a process that lives apart.
pub(crate) struct Apart {
    /// In the order in which they are moved to their places.
    mounts: Vec<Mount>,
    /// What of the new /proc is granted.
    of_proc: Option<Grant>,
}

/// A mount that hangs nowhere yet, and its place.
struct Mount {
    tree: OwnedFd,
    place: CString,
    is_writable: bool,
}

impl Apart {
    /// Makes the mounts. What is granted below one of them is bound to its place again.
    pub(super) fn build(confinement: &Confinement, own: Own<'_>) -> Result<Self, Errno> {
        // It is often a link into /run.
        let names = (confinement.network != Network::None).then_some(Path::new("/etc/resolv.conf"));
        let own = own.paths().into_iter().chain(confinement.read.iter().map(PathBuf::as_path)).chain(names);
        let own = own.map(|path| (path, false));
        let write = confinement.write.iter().map(|path| (path.as_path(), true));
        let granted = own.chain(write).filter_map(|(path, is_writable)| Some((resolved(path)?, is_writable)));
        let granted: Vec<(PathBuf, bool)> = granted.collect();
        let mut mounts = Vec::new();
        for (place, is_writable) in PRIVATE {
            // Who names it wants the machine's own. And where it is no directory of its own nothing is hidden.
            if granted.iter().any(|(path, _)| path == Path::new(place)) || !is_directory(place) {
                continue;
            }
            let empty = empty(is_writable)?;
            let bound: Vec<Mount> = bindings(place, &empty, &granted)?;
            let place = CString::new(place).map_err(|_| Errno::INVAL)?;
            mounts.push(Mount { tree: empty, place, is_writable });
            mounts.extend(bound);
        }
        let kernel = Kernel::known();
        Ok(Self { mounts, of_proc: (kernel.landlock > 0).then(|| files::of_proc(kernel)) })
    }

    /// The mounts that the process may write to.
    pub(super) fn writable(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.mounts.iter().filter(|mount| mount.is_writable).map(|mount| mount.tree.as_fd())
    }

    /// Puts them where they belong, in namespaces of its own. Safe between fork and exec: no allocation, no lock.
    pub(crate) fn assume(&self, ruleset: Option<BorrowedFd<'_>>) -> Result<(), Errno> {
        enter()?;
        for Mount { tree, place, .. } in &self.mounts {
            move_mount(tree, c"", CWD, place.as_c_str(), MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
        }
        if let (Some(ruleset), Some(grant)) = (ruleset, self.of_proc) {
            let proc = open(c"/proc", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
            landlock::add(ruleset, proc.as_fd(), grant)?;
        }
        Ok(())
    }
}

/// Cuts the new namespaces off from the old ones. Safe between fork and exec.
pub(crate) fn enter() -> Result<(), Errno> {
    // Without this every mount would show in the whole machine.
    mount_change(c"/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    mount(c"proc", c"/proc", c"proc", MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, None)
}

/// A file system with nothing in it.
fn empty(is_writable: bool) -> Result<OwnedFd, Errno> {
    let made = fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(made.as_fd(), c"mode", if is_writable { c"1777" } else { c"0755" })?;
    fsconfig_set_string(made.as_fd(), c"size", TMP_BYTES_MAX)?;
    fsconfig_set_string(made.as_fd(), c"nr_inodes", TMP_FILES_MAX)?;
    fsconfig_create(made.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    fsmount(made.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// What of the granted paths lies below a place, to be bound there, with its way made in what is empty. What is not to be
/// written is read-only: to Landlock it lies below a directory that may be.
fn bindings(place: &str, empty: &OwnedFd, granted: &[(PathBuf, bool)]) -> Result<Vec<Mount>, Errno> {
    let mut below: Vec<&(PathBuf, bool)> = granted.iter().filter(|(path, _)| path.starts_with(place)).collect();
    // The outer ones first, and of the same path what may be written.
    below.sort_by(|(one, one_writable), (other, other_writable)| (one, other_writable).cmp(&(other, one_writable)));
    let mut kept: Vec<&(PathBuf, bool)> = Vec::new();
    for inner in below {
        // It is there with the outer one already.
        let covers = |outer: &&(PathBuf, bool)| inner.0.starts_with(&outer.0) && (outer.1 || !inner.1);
        if !kept.iter().any(covers) {
            kept.push(inner);
        }
    }
    let mut bound = Vec::new();
    for (path, is_writable) in kept {
        let flags = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_RECURSIVE
            | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
        let tree = open_tree(CWD, path, flags)?;
        if !is_writable {
            make_read_only(tree.as_fd())?;
        }
        let is_file = FileType::from_raw_mode(fstat(&tree)?.st_mode) != FileType::Directory;
        make_way(empty, place, path.strip_prefix(place).map_err(|_| Errno::INVAL)?, is_file)?;
        let place = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::INVAL)?;
        bound.push(Mount { tree, place, is_writable: false });
    }
    Ok(bound)
}

/// Makes the directories of a path, and the file at its end. Who could not pass through the real ones cannot here.
fn make_way(root: &OwnedFd, place: &str, path: &Path, is_file: bool) -> Result<(), Errno> {
    let mut so_far = PathBuf::new();
    let mut parts = path.components().peekable();
    while let Some(part) = parts.next() {
        so_far.push(part);
        if is_file && parts.peek().is_none() {
            let flags = OFlags::CREATE | OFlags::CLOEXEC | OFlags::WRONLY;
            return openat(root, &so_far, flags, Mode::from_raw_mode(0o644)).map(drop);
        }
        let real = statat(CWD, Path::new(place).join(&so_far), AtFlags::SYMLINK_NOFOLLOW)?;
        match mkdirat(root, &so_far, Mode::from_raw_mode(0o700)) {
            Ok(()) => {
                let (uid, gid) = (Uid::from_raw(real.st_uid), Gid::from_raw(real.st_gid));
                match chownat(root, &so_far, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW) {
                    // In a namespace with one user nobody can be given anything, nor take anything.
                    Ok(()) | Err(Errno::INVAL) => {}
                    Err(errno) => return Err(errno),
                }
                chmodat(root, &so_far, Mode::from_raw_mode(real.st_mode & 0o777), AtFlags::empty())?;
            }
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// The path without links, if there is anything.
pub(crate) fn resolved(path: &Path) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    let opened = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let name = readlink(format!("/proc/self/fd/{}", opened.as_raw_fd()), Vec::new()).ok()?;
    Some(PathBuf::from(std::ffi::OsString::from_vec(name.into_bytes())))
}

fn is_directory(place: &str) -> bool {
    statat(CWD, OsStr::new(place), AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// Places that are everybody's. In /run are the sockets of the machine's services, which Landlock keeps nobody from.
pub(super) const PRIVATE: [(&str, bool); 4] = [("/tmp", true), ("/var/tmp", true), ("/dev/shm", true), ("/run", false)];
/// They are memory.
const TMP_BYTES_MAX: &str = "128m";
const TMP_FILES_MAX: &str = "16384";
