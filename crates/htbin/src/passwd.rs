//! `htbin passwd`: one user in a file of passwords. The file is never half of anything: another takes its place, with the
//! same owner and rights, while a lock keeps out whoever does the same.

mod terminal;

use std::{
    fs::{self, File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

pub use self::terminal::Terminal;
use bcrypt::Version;
use rustix::{fs::OFlags, io::Errno};

use crate::{
    diagnosis::quoted,
    layers::auth::{FILE_BYTES_MAX, USER_BYTES_MAX},
};

/// What is to become of a user.
#[derive(Debug)]
pub enum Change<'a> {
    /// Gets this password, be the user new or not.
    Password(&'a str),
    /// Goes.
    Delete,
}

/// What has become of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Was not there, and is.
    Added,
    /// Has another password.
    Changed,
    /// Is there no more.
    Deleted,
}

/// Is this a name that a file can have?
pub fn check_user(user: &str) -> Result<(), Error> {
    let wrong = |why| Err(Error::User(user.to_owned(), why));
    match user {
        "" => wrong("it is empty"),
        _ if user.len() > USER_BYTES_MAX => wrong("it is longer than 255 bytes"),
        _ if user.contains(':') => wrong("a colon ends a name"),
        _ if user.starts_with('#') => wrong("# begins a remark"),
        _ if user.trim() != user || user.chars().any(char::is_control) => {
            wrong("it has a control character, or begins or ends with a blank")
        }
        _ => Ok(()),
    }
}

/// Is this a password that can be told to a browser, and that counts whole?
pub fn check_password(password: &str) -> Result<(), Error> {
    match password.len() {
        0 => Err(Error::Password("it is empty")),
        len if len > PASSWORD_BYTES_MAX => Err(Error::Password("of more than 72 bytes bcrypt sees only those")),
        _ if password.chars().any(char::is_control) => Err(Error::Password("it has a control character")),
        _ => Ok(()),
    }
}

/// Makes a file without users, which only its owner and its group can read.
pub fn create(file: &Path) -> Result<(), Error> {
    let made = File::options().write(true).create_new(true).mode(MODE).open(file);
    let made = made.map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(file.to_owned()),
        _ => Error::Write(file.to_owned(), cause),
    })?;
    // Whatever the umask has taken from it.
    made.set_permissions(Permissions::from_mode(MODE)).map_err(|cause| Error::Write(file.to_owned(), cause))
}

/// Changes one user of a file, and leaves every other line as it is.
pub fn change(file: &Path, user: &str, change: &Change<'_>) -> Result<Done, Error> {
    check_user(user)?;
    let hash = match change {
        Change::Password(password) => {
            check_password(password)?;
            // Slow on purpose, so before anybody is kept waiting.
            let made = bcrypt::hash_with_result(password, COST).map_err(|error| Error::Hash(error.to_string()))?;
            Some(made.format_for_version(Version::TwoY))
        }
        Change::Delete => None,
    };
    let locked = open(file)?;
    let unreadable = |cause| Error::Read(file.to_owned(), cause);
    let mut text = Vec::new();
    (&locked).take(FILE_BYTES_MAX + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(unreadable(io::Error::other(format!("it is larger than {FILE_BYTES_MAX} bytes"))));
    }
    let (text, was_there) = with(&text, user, hash.as_deref());
    if hash.is_none() && !was_there {
        return Err(Error::NoUser(file.to_owned(), user.to_owned()));
    }
    replace(file, &locked, &text).map_err(|cause| Error::Write(file.to_owned(), cause))?;
    Ok(match (hash, was_there) {
        (None, _) => Done::Deleted,
        (Some(_), true) => Done::Changed,
        (Some(_), false) => Done::Added,
    })
}

/// The file, locked: another one may have taken its place while we waited for the lock.
fn open(file: &Path) -> Result<File, Error> {
    let unreadable = |cause| Error::Read(file.to_owned(), cause);
    for _ in 0..RACES_MAX {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
        let opened = File::options().read(true).custom_flags(flags).open(file).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => Error::Missing(file.to_owned()),
            _ if cause.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => Error::Link(file.to_owned()),
            _ => unreadable(cause),
        })?;
        let metadata = opened.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(unreadable(io::Error::other("it is no file")));
        }
        opened.lock().map_err(unreadable)?;
        let there = fs::symlink_metadata(file).map_err(unreadable)?;
        if (there.dev(), there.ino()) == (metadata.dev(), metadata.ino()) {
            return Ok(opened);
        }
    }
    Err(unreadable(io::Error::other("others change it all the time")))
}

/// The text with another line for this user, or without it; and whether there was one. The first one counts.
fn with(text: &[u8], user: &str, hash: Option<&str>) -> (Vec<u8>, bool) {
    let (mut changed, mut was_there) = (Vec::with_capacity(text.len() + 100), false);
    let own = |line: &[u8]| {
        let name = line.trim_ascii_start().split(|byte| *byte == b':').next();
        line.contains(&b':') && name == Some(user.as_bytes())
    };
    let mut put = |line: &[u8]| {
        changed.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            changed.push(b'\n');
        }
    };
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match hash {
            _ if !own(line) => put(line),
            Some(hash) if !was_there => put(format!("{user}:{hash}").as_bytes()),
            // What could never let anybody in may not begin to.
            _ => {}
        }
        was_there |= own(line);
    }
    if let Some(hash) = hash.filter(|_| !was_there) {
        put(format!("{user}:{hash}").as_bytes());
    }
    (changed, was_there)
}

fn replace(file: &Path, old: &File, text: &[u8]) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let metadata = old.metadata()?;
    let mut new = tempfile::Builder::new().prefix(".htbin-passwd-").tempfile_in(folder)?;
    let made = new.as_file().metadata()?;
    if (made.uid(), made.gid()) != (metadata.uid(), metadata.gid()) {
        fchown(new.as_file(), Some(metadata.uid()), Some(metadata.gid()))?;
    }
    new.as_file().set_permissions(Permissions::from_mode(metadata.mode() & 0o7777))?;
    new.write_all(text)?;
    new.as_file().sync_all()?;
    new.persist(file).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// Why a user cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No name of a user.
    #[error("{user} is no name of a user: {why}", user = quoted(.0), why = .1)]
    User(String, &'static str),
    /// No password.
    #[error("this password cannot be used: {0}")]
    Password(&'static str),
    /// The two that were typed are not the same.
    #[error("the two are not the same; nothing was changed")]
    Differ,
    /// Nobody typed one.
    #[error("no password: {0}; with --stdin it is read from standard input")]
    Asked(#[source] io::Error),
    /// There is no such file.
    #[error("there is no {}; -c makes it", quoted(.0))]
    Missing(PathBuf),
    /// It would be overwritten.
    #[error("{} is there already; without -c the user is added to it", quoted(.0))]
    Exists(PathBuf),
    /// Its place would be taken, and what it leads to would stay.
    #[error("{} is a symbolic link; name the file itself", quoted(.0))]
    Link(PathBuf),
    /// It has no such user.
    #[error("{} has no user {}", quoted(.0), quoted(.1))]
    NoUser(PathBuf, String),
    /// It cannot be read.
    #[error("cannot read {file}: {why}", file = quoted(.0), why = .1)]
    Read(PathBuf, #[source] io::Error),
    /// It cannot be written.
    #[error("cannot write {file}: {why}; who changes it needs rights to its folder and to give the new one the same owner", file = quoted(.0), why = .1)]
    Write(PathBuf, #[source] io::Error),
    /// bcrypt has failed.
    #[error("cannot make an entry: {0}")]
    Hash(String),
}

/// A quarter of a second for each password that is looked at.
const COST: u32 = 12;
/// bcrypt's own limit.
const PASSWORD_BYTES_MAX: usize = 72;
const MODE: u32 = 0o640;
/// How often another file may have taken its place.
const RACES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(before: &str, user: &str, hash: Option<&str>) -> (String, bool) {
        let (text, was_there) = with(before.as_bytes(), user, hash);
        (String::from_utf8(text).expect("it is text"), was_there)
    }

    #[test]
    fn one_line_changes_and_no_other() {
        let before = "# staff\nada:old\nadam:x\n\nbob:y";
        assert_eq!(text(before, "ada", Some("new")), ("# staff\nada:new\nadam:x\n\nbob:y\n".into(), true));
        assert_eq!(text(before, "eve", Some("new")), ("# staff\nada:old\nadam:x\n\nbob:y\neve:new\n".into(), false));
        assert_eq!(text(before, "bob", None), ("# staff\nada:old\nadam:x\n\n".into(), true));
        assert_eq!(text("ada:1\nada:2\n", "ada", None), (String::new(), true));
        assert_eq!(text("ada:1\nada:2\n", "ada", Some("3")), ("ada:3\n".into(), true));
        assert_eq!(text("ada\n", "ada", None), ("ada\n".into(), false));
        assert_eq!(text("", "ada", Some("1")), ("ada:1\n".into(), false));
    }

    #[test]
    fn names_and_passwords_that_cannot_be() {
        for user in ["", "a:b", "#ada", " ada", "ada ", "a\nb:c", "a\0", &"a".repeat(256)] {
            assert!(check_user(user).is_err(), "{user:?}");
        }
        for password in ["", "a\nb", &"a".repeat(73)] {
            assert!(check_password(password).is_err(), "{password:?}");
        }
        assert!(check_user("ada lovelace").is_ok() && check_password("naïve pass: word").is_ok());
    }
}
