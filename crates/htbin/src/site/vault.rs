//! Directories outside every URL whose files scripts may have sent. They are opened at the start, and nothing that lies
//! elsewhere is ever opened through them.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use rustix::{fs::FileType, io::Errno};

use super::{
    Error, SiteFile, plain,
    tree::{Access, Tree},
};
use crate::refusal::{Reason, Refusal};

/// Directories whose files scripts may have sent.
#[derive(Debug)]
pub struct Vault(Vec<Room>);

#[derive(Debug)]
struct Room {
    /// As it was named.
    path: PathBuf,
    tree: Tree,
}

impl Vault {
    /// Opens these directories; none for no directory.
    ///
    /// # Errors
    /// One of them cannot be opened.
    pub fn open(directories: &[PathBuf]) -> Result<Option<Self>, Error> {
        let room = |path: &PathBuf| match Tree::open(path, false) {
            Ok(tree) => Ok(Room { path: path.clone(), tree }),
            Err(errno) => Err(Error::Sendfile { directory: path.clone(), source: errno.into() }),
        };
        let rooms: Vec<Room> = directories.iter().map(room).collect::<Result<_, _>>()?;
        Ok((!rooms.is_empty()).then_some(Self(rooms)))
    }

    /// Opens the file at this absolute path, if it lies in one of them. A link that leads out of it does not help.
    ///
    /// # Errors
    /// [`Reason::NotFound`] where nothing lies there, [`Reason::SendfileDenied`] for all else.
    pub fn find(&self, path: &[u8]) -> Result<SiteFile, Refusal> {
        let shown = path.escape_ascii();
        let denied = |what: &str| Refusal::with_detail(Reason::SendfileDenied, format!("X-Sendfile: {shown} {what}"));
        let whole = Path::new(OsStr::from_bytes(path));
        if path.contains(&0) || whole.components().any(|it| it == Component::ParentDir) || !whole.is_absolute() {
            return Err(denied("is no absolute path without '..'"));
        }
        let within = |room: &Room| {
            let relative = whole.strip_prefix(&room.path).or_else(|_| whole.strip_prefix(room.tree.real()));
            relative.ok().map(|relative| relative.as_os_str().as_bytes().to_vec())
        };
        let found = self.0.iter().find_map(|room| Some((room, within(room)?)));
        let Some((room, relative)) = found else { return Err(denied("lies in no directory of 'sendfile'")) };
        match room.tree.find(&relative, Access::Read) {
            Ok(opened) if opened.kind() == FileType::RegularFile => {
                Ok(SiteFile::new(opened, plain::last_name(&relative)))
            }
            Ok(_) => Err(denied("is no regular file")),
            Err(Errno::NOENT | Errno::NOTDIR) => {
                Err(Refusal::with_detail(Reason::NotFound, format!("X-Sendfile: {shown} is not there")))
            }
            Err(Errno::XDEV | Errno::LOOP) => Err(denied("leads out of the directory of 'sendfile' that it lies in")),
            Err(errno) => Err(denied(&format!("cannot be opened: {}", std::io::Error::from(errno)))),
        }
    }
}
