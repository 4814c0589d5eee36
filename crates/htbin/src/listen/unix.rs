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
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another server may have taken the path over. A failure leaves a dead socket, which the next start replaces.
        if fs::symlink_metadata(&self.path).is_ok_and(|now| (now.dev(), now.ino()) == (self.device, self.inode)) {
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
