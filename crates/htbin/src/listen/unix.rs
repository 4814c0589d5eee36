//! A UNIX socket: only its owner may open it, from the first moment; a dead one is replaced, a live one never.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::Mode,
    io::Errno,
    net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType},
};

use super::Error;

/// The file of a UNIX socket. Dropped, it removes the file, if that is still the one that was made.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    /// The file of whoever handed the socket over, who removes it.
    pub(super) fn of_others(path: PathBuf) -> Self {
        Self { path, device: 0, inode: 0 }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file to the user that the server becomes, so that a proxy of the same user may connect.
    pub fn give_to(&self, uid: u32, gid: u32) -> io::Result<()> {
        if self.is_ours() { std::os::unix::fs::lchown(&self.path, Some(uid), Some(gid)) } else { Ok(()) }
    }

    fn is_ours(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|now| (now.dev(), now.ino()) == (self.device, self.inode))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another server may have taken the path over. A failure leaves a dead socket, which the next start replaces.
        if self.is_ours() {
            _ = fs::remove_file(&self.path);
        }
    }
}

/// Listens at `path`.
pub(super) fn open(path: &Path) -> Result<(UnixListener, SocketFile), Error> {
    let path = &std::path::absolute(path).map_err(|reason| Error::Path { path: path.to_owned(), reason })?;
    let failed = |errno: Errno| Error::Path { path: path.to_owned(), reason: errno.into() };
    let address = SocketAddrUnix::new(path).map_err(|_| Error::PathTooLong(path.to_owned()))?;
    clear(path)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(failed)?;
    // The mode of the socket becomes the mode of its file (unix(7) says so of umask alone; Linux starts from the
    // socket's own mode), so that nobody else can connect between bind and a later chmod.
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR).map_err(failed)?;
    net::bind(&socket, &address).map_err(|errno| match errno {
        Errno::ADDRINUSE => Error::SocketTaken(path.to_owned()),
        errno => failed(errno),
    })?;
    let made = fs::symlink_metadata(path).map_err(|reason| Error::Path { path: path.to_owned(), reason })?;
    let file = SocketFile { path: path.to_owned(), device: made.dev(), inode: made.ino() };
    net::listen(&socket, super::BACKLOG).map_err(failed)?;
    Ok((socket.into(), file))
}

/// Makes way: removes a socket on which nobody listens any more.
fn clear(path: &Path) -> Result<(), Error> {
    let failed = |reason| Error::Path { path: path.to_owned(), reason };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
        Ok(found) if !found.file_type().is_socket() => Err(Error::NotASocket(path.to_owned())),
        Ok(_) => match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(failed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(failed(error)),
            // Somebody accepts, or is too busy to (EAGAIN), or speaks in datagrams: alive.
            _ => Err(Error::SocketTaken(path.to_owned())),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a private folder")
    }

    #[test]
    fn only_the_owner_may_open_it_and_it_is_removed_at_the_end() {
        let folder = folder();
        let path = folder.path().join("a.sock");
        let (listener, file) = open(&path).expect("the folder is ours");
        let found = fs::symlink_metadata(&path).expect("it is there");
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o7777, 0o600);
        UnixStream::connect(&path).expect("it listens");
        assert_eq!(file.path(), path);
        drop((listener, file));
        assert!(!path.exists());
    }

    #[test]
    fn a_dead_socket_is_replaced() {
        let folder = folder();
        let path = folder.path().join("a.sock");
        drop(UnixListener::bind(&path).expect("std leaves the file behind"));
        assert!(path.exists());
        let (_listener, _file) = open(&path).expect("nobody listens there");
        UnixStream::connect(&path).expect("it listens");
    }

    #[test]
    fn a_live_socket_is_left_alone() {
        let folder = folder();
        let path = folder.path().join("a.sock");
        let (_listener, _file) = open(&path).expect("the folder is ours");
        let told = open(&path).expect_err("somebody listens there").to_string();
        assert_eq!(
            told,
            format!("cannot listen on {}: another server does; stop it, or name another path", path.display())
        );
        UnixStream::connect(&path).expect("it still listens");
    }

    #[test]
    fn a_file_is_left_alone() {
        let folder = folder();
        let path = folder.path().join("a.txt");
        fs::write(&path, "precious").expect("the folder is ours");
        let told = open(&path).expect_err("a file is no socket").to_string();
        let fix = "that is a file and no socket; name another path, or remove it";
        assert_eq!(told, format!("cannot listen on {}: {fix}", path.display()));
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "precious");
        let link = folder.path().join("b.sock");
        std::os::unix::fs::symlink(&path, &link).expect("the folder is ours");
        assert!(matches!(open(&link), Err(Error::NotASocket(_))));
    }

    #[test]
    fn what_another_server_put_there_is_left_alone() {
        let folder = folder();
        let path = folder.path().join("a.sock");
        let (_listener, file) = open(&path).expect("the folder is ours");
        fs::remove_file(&path).expect("the folder is ours");
        let _other = UnixListener::bind(&path).expect("another server takes over");
        drop(file);
        assert!(path.exists());
    }

    #[test]
    fn no_folder_and_too_long_a_path_are_told() {
        let folder = folder();
        let path = folder.path().join("none/a.sock");
        let told = open(&path).expect_err("there is no folder").to_string();
        assert!(told.ends_with("/none/a.sock: entity not found; the directory must exist and be writable"), "{told}");
        let path = folder.path().join("x".repeat(120));
        let told = open(&path).expect_err("an address has 108 bytes").to_string();
        assert!(told.ends_with("the path of a UNIX socket may have 107 bytes; name a shorter one"), "{told}");
    }
}
