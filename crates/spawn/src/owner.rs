//! May a script run as its owner? suexec's rules, which have kept shared machines for decades: nobody but the owner may
//! have put it there, or be able to change it.

use std::{
    os::fd::AsFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FileType, Mode, OFlags, Stat, fstat, open, openat},
    io::Errno,
};

use crate::terms::Identity;

/// The least numbers of users and groups that programs run as: below them are the machine's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minimum {
    /// Of the user.
    pub uid: u32,
    /// Of the group.
    pub gid: u32,
}

impl Default for Minimum {
    /// People's numbers begin at 1000, groups that a machine's maker gave them at 100 (`users`).
    fn default() -> Self {
        Self { uid: 1000, gid: 100 }
    }
}

impl Minimum {
    /// Is everything of an identity above it?
    pub fn allows(&self, identity: &Identity) -> bool {
        let above = |gid: &u32| *gid >= self.gid;
        identity.is_possible() && identity.uid >= self.uid && above(&identity.gid) && identity.groups.iter().all(above)
    }
}

/// The owner of a script with the script's own group, if the script may run as its owner. `script` is its absolute path;
/// `directory` is where it lies, or a directory above that: each from there on must be the owner's.
///
/// # Errors
/// Which rule it breaks.
pub fn check(script: &Path, directory: &Path, minimum: Minimum) -> Result<Identity, Refusal> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |errno| Refusal::Unreadable { path, errno }
    };
    let below = script
        .strip_prefix(directory)
        .map_err(|_| Refusal::Outside { script: script.to_owned(), directory: directory.to_owned() })?;
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let mut at = open(directory, flags | OFlags::DIRECTORY, Mode::empty()).map_err(unreadable(directory))?;
    let mut path = directory.to_owned();
    let mut directories = vec![(path.clone(), fstat(at.as_fd()).map_err(unreadable(&path))?)];
    for part in below.components() {
        path.push(part);
        at = openat(&at, Path::new(&part), flags | OFlags::NOFOLLOW, Mode::empty()).map_err(unreadable(&path))?;
        directories.push((path.clone(), fstat(at.as_fd()).map_err(unreadable(&path))?));
    }
    let (path, file) = directories.pop().ok_or_else(|| Refusal::NoFile(script.to_owned()))?;
    check_file(&path, &file, minimum)?;
    for (path, directory) in directories {
        check_directory(&path, &directory, &file)?;
    }
    Ok(Identity { uid: file.st_uid, gid: file.st_gid, groups: vec![file.st_gid] })
}

fn check_file(path: &Path, file: &Stat, minimum: Minimum) -> Result<(), Refusal> {
    let path = path.to_owned();
    match FileType::from_raw_mode(file.st_mode) {
        FileType::RegularFile => {}
        FileType::Symlink => return Err(Refusal::Link(path)),
        _ => return Err(Refusal::NoFile(path)),
    }
    if file.st_mode & SET_ID != 0 {
        return Err(Refusal::SetId(path));
    }
    if file.st_mode & WRITABLE != 0 {
        return Err(Refusal::Writable { path, mode: file.st_mode & MODE, is_directory: false });
    }
    if file.st_uid == 0 {
        return Err(Refusal::Root(path));
    }
    if file.st_uid < minimum.uid {
        return Err(Refusal::User { path, uid: file.st_uid, minimum: minimum.uid });
    }
    if file.st_gid < minimum.gid {
        return Err(Refusal::Group { path, gid: file.st_gid, minimum: minimum.gid });
    }
    Ok(())
}

fn check_directory(path: &Path, directory: &Stat, file: &Stat) -> Result<(), Refusal> {
    let path = path.to_owned();
    if FileType::from_raw_mode(directory.st_mode) == FileType::Symlink {
        return Err(Refusal::Link(path));
    }
    if directory.st_mode & WRITABLE != 0 {
        return Err(Refusal::Writable { path, mode: directory.st_mode & MODE, is_directory: true });
    }
    if directory.st_uid != file.st_uid {
        return Err(Refusal::Foreign { path, owner: directory.st_uid, wanted: file.st_uid });
    }
    Ok(())
}

/// Why a script does not run as its owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be looked at.
    #[error("{} cannot be looked at: {errno}; the server needs execute permission on every directory above it", path.display())]
    Unreadable {
        /// What.
        path: PathBuf,
        /// What the kernel said.
        errno: Errno,
    },
    /// It lies elsewhere.
    #[error("{} does not lie in {}; move it there, or name its own directory", script.display(), directory.display())]
    Outside {
        /// The script.
        script: PathBuf,
        /// Where it should lie.
        directory: PathBuf,
    },
    /// It, or a directory on the way, is a symbolic link.
    #[error("{at} is a symbolic link, whose owner says nothing about what it leads to; put the file itself there", at = .0.display())]
    Link(PathBuf),
    /// It is no regular file.
    #[error("{at} is no regular file; put a program there", at = .0.display())]
    NoFile(PathBuf),
    /// It has a set-user-ID or set-group-ID bit.
    #[error("{at} has a set-user-ID or set-group-ID bit; take it away: `chmod ug-s {at}`", at = .0.display())]
    SetId(PathBuf),
    /// Others can change it.
    #[error(
        "{at} can be changed by others than its owner (mode {mode:o}); `chmod go-w {at}`{why}",
        at = path.display(),
        why = if *is_directory { ", as whoever writes to a directory can replace what is in it" } else { "" }
    )]
    Writable {
        /// What.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// A directory, or the script itself.
        is_directory: bool,
    },
    /// It belongs to root.
    #[error("{at} belongs to root, and no script runs as root; give it to a user: `chown USER {at}`", at = .0.display())]
    Root(PathBuf),
    /// Its owner is one of the machine's own users.
    #[error(
        "{at} belongs to user {uid}, and users below {minimum} are the machine's own; give it to another: `chown USER {at}`, or \
         lower the minimum", at = path.display()
    )]
    User {
        /// The script.
        path: PathBuf,
        /// Its owner.
        uid: u32,
        /// The least that may be.
        minimum: u32,
    },
    /// Its group is one of the machine's own.
    #[error(
        "{at} has group {gid}, and groups below {minimum} are the machine's own; `chgrp GROUP {at}`, or lower the minimum",
        at = path.display()
    )]
    Group {
        /// The script.
        path: PathBuf,
        /// Its group.
        gid: u32,
        /// The least that may be.
        minimum: u32,
    },
    /// A directory belongs to somebody else.
    #[error(
        "{at} belongs to user {owner}, but the script in it to user {wanted}: its owner could replace the script; \
         `chown {wanted} {at}`", at = path.display()
    )]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Whose the script is.
        wanted: u32,
    },
}

const WRITABLE: u32 = 0o022;
const SET_ID: u32 = 0o6000;
const MODE: u32 = 0o7777;

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt, chown, symlink},
    };

    use super::*;

    const EVERYBODY: Minimum = Minimum { uid: 1, gid: 0 };

    /// A directory with a script, both of a user who is not root's; none where nobody can make that.
    fn place() -> Option<(tempfile::TempDir, PathBuf)> {
        let place = tempfile::tempdir().expect("there is room");
        let script = place.path().join("a");
        fs::write(&script, "#!/bin/sh\n").expect("there is room");
        mode(&script, 0o755);
        mode(place.path(), 0o755);
        if rustix::process::geteuid().is_root() {
            for path in [place.path(), &script] {
                chown(path, Some(54321), Some(54321)).ok()?;
            }
        }
        Some((place, script))
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
    }

    fn refused(script: &Path, directory: &Path) -> String {
        check(script, directory, EVERYBODY).expect_err("it is refused").to_string()
    }

    #[test]
    fn a_script_of_its_owner_runs_as_its_owner() {
        let Some((place, script)) = place() else { return };
        let owner = check(&script, place.path(), EVERYBODY).expect("nothing speaks against it");
        let stat = rustix::fs::stat(&script).expect("it is there");
        assert_eq!(owner, Identity { uid: stat.st_uid, gid: stat.st_gid, groups: vec![stat.st_gid] });
    }

    #[test]
    fn each_refusal_says_what_mends_it() {
        let Some((place, script)) = place() else { return };
        let at = place.path();
        mode(&script, 0o775);
        assert!(refused(&script, at).contains("can be changed by others than its owner (mode 775); `chmod go-w"));
        mode(&script, 0o4755);
        assert!(refused(&script, at).contains("`chmod ug-s"));
        mode(&script, 0o755);
        mode(at, 0o777);
        assert!(refused(&script, at).contains("as whoever writes to a directory"));
        mode(at, 0o755);
        symlink(&script, at.join("link")).expect("there is room");
        assert!(refused(&at.join("link"), at).contains("is a symbolic link"));
        assert!(refused(at, at).contains("is no regular file"));
        assert!(refused(Path::new("/bin/sh"), at).contains("does not lie in"));
        assert!(refused(&at.join("nothing"), at).contains("cannot be looked at"));
        let high = |uid, gid| check(&script, at, Minimum { uid, gid }).expect_err("it is refused").to_string();
        assert!(high(4_000_000_000, 0).contains("users below 4000000000 are the machine's own"));
        assert!(high(1, 4_000_000_000).contains("groups below 4000000000"));
    }

    #[test]
    fn who_owns_the_directory_could_replace_the_script() {
        let Some((place, script)) = place() else { return };
        if !rustix::process::geteuid().is_root() {
            return;
        }
        chown(place.path(), Some(54322), None).expect("root may");
        assert!(refused(&script, place.path()).contains("`chown 54321 "));
        chown(&script, Some(0), None).expect("root may");
        assert!(refused(&script, place.path()).contains("no script runs as root"));
    }

    #[test]
    fn a_link_on_the_way_is_refused_too() {
        let Some((place, script)) = place() else { return };
        let outer = tempfile::tempdir().expect("there is room");
        symlink(place.path(), outer.path().join("site")).expect("there is room");
        let script = outer.path().join("site").join(script.file_name().expect("it has a name"));
        let told = refused(&script, outer.path());
        assert!(told.contains("cannot be looked at") || told.contains("is a symbolic link"), "{told}");
    }
}
