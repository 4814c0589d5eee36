//! Log files: opened while there are rights to, so that no link leads root elsewhere, and made for the server's user, who
//! has to open them again.

use std::{
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Gid, Mode, OFlags, Uid, chownat, open, openat},
    io::Errno,
};

use super::{Destination, Error, Settings, record::Form, sink::Sink};

/// Who the server becomes: user and group.
pub type Owner = (u32, u32);

/// The files of the logs: some are open already, the others are opened by the server's user.
#[derive(Debug, Default)]
pub struct Files {
    access: Option<PathBuf>,
    events: Option<PathBuf>,
    opened: [Option<OwnedFd>; 2],
    /// Who opens them again.
    pub(super) user: String,
}

/// Where the logs go, if not where they always do.
pub(super) struct Sinks {
    pub(super) access: Option<Sink>,
    pub(super) events: Option<Sink>,
}

impl Files {
    /// Opens what only root can, for the `owner` that it becomes; before it does.
    pub fn open(settings: &Settings, owner: Option<Owner>, user: String) -> Result<Self, Error> {
        let file = |destination: &Destination| match destination {
            Destination::File(path) => Some(path.clone()),
            _ => None,
        };
        let access = file(&settings.access).filter(|_| !settings.quiet);
        let events = file(&settings.events);
        let open = |path: &Option<PathBuf>| match (path, owner) {
            (Some(path), Some(owner)) => open_as_root(path, owner),
            _ => Ok(None),
        };
        let opened = [open(&access)?, open(&events)?];
        Ok(Self { access, events, opened, user })
    }

    /// Opens the rest.
    pub(super) fn sinks(&mut self, settings: &Settings) -> Result<Sinks, Error> {
        let sink = |destination: &Destination, path: Option<&Path>, opened: Option<OwnedFd>| {
            Ok::<_, Error>(match (destination, path, opened) {
                (_, Some(_), Some(opened)) => Some(Sink::stream(opened)),
                (_, Some(path), None) => Some(Sink::stream(open_as_myself(path)?)),
                (Destination::Syslog(path), ..) => Some(Sink::socket(Form::Syslog, path)),
                (Destination::Journal(path), ..) => Some(Sink::socket(Form::Journal, path)),
                (Destination::Standard | Destination::File(_), ..) => None,
            })
        };
        // Taken: whoever kept a second one would keep the old file's place on the disk.
        let [access, events] = std::mem::take(&mut self.opened);
        Ok(Sinks {
            access: sink(&settings.access, self.access.as_deref(), access)?,
            events: sink(&settings.events, self.events.as_deref(), events)?,
        })
    }

    /// Opens both again, the access log first; none for one that is no file.
    pub(super) fn again(&self) -> [Option<Result<Sink, Error>>; 2] {
        [&self.access, &self.events].map(|path| path.as_deref().map(|path| open_as_myself(path).map(Sink::stream)))
    }
}

/// Opens a log file as root for whom the server becomes. None where somebody else may change what its path leads to: then
/// the server's user has to open it, whose rights are all that it can be led to use.
pub(super) fn open_as_root(path: &Path, (uid, gid): Owner) -> Result<Option<OwnedFd>, Error> {
    let failed = |errno| Error::Open { path: path.to_owned(), errno };
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(failed(Errno::ISDIR)) };
    let Ok(folder) = open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) else {
        // Perhaps the server's user sees more of it, on a network's disk.
        return Ok(None);
    };
    if !is_roots_alone(&folder) {
        return Ok(None);
    }
    let flags = FLAGS | OFlags::NOFOLLOW;
    match openat(&folder, name, flags | OFlags::EXCL | OFlags::CREATE, MODE) {
        Ok(file) => {
            chownat(&file, "", Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)), AtFlags::EMPTY_PATH)
                .map_err(failed)?;
            Ok(Some(file))
        }
        Err(Errno::EXIST) => match openat(&folder, name, flags, Mode::empty()) {
            Ok(file) => Ok(Some(file)),
            // A link: where it leads is for the server's user to follow.
            Err(Errno::LOOP) => Ok(None),
            Err(errno) => Err(failed(errno)),
        },
        Err(errno) => Err(failed(errno)),
    }
}

/// Opens a log file as who this process is, and makes it if it is not there.
pub(super) fn open_as_myself(path: &Path) -> Result<OwnedFd, Error> {
    openat(CWD, path, FLAGS | OFlags::CREATE, MODE).map_err(|errno| Error::Open { path: path.to_owned(), errno })
}

/// Nobody but root can put anything in the place of this directory, or into it.
fn is_roots_alone(folder: &OwnedFd) -> bool {
    let Ok(path) = std::fs::read_link(format!("/proc/self/fd/{}", folder.as_raw_fd())) else { return false };
    path.ancestors().map(Path::to_owned).all(|folder: PathBuf| {
        std::fs::symlink_metadata(folder).is_ok_and(|found| found.uid() == 0 && found.mode() & OTHERS_WRITE == 0)
    })
}

/// A named pipe without a reader is an error, not a wait.
const FLAGS: OFlags =
    OFlags::WRONLY.union(OFlags::APPEND).union(OFlags::CLOEXEC).union(OFlags::NOCTTY).union(OFlags::NONBLOCK);
const MODE: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP);
const OTHERS_WRITE: u32 = 0o022;
