//! Whom scripts run as, and what that user may do with a file, as far as its mode says.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The user whom scripts run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runner {
    /// Its name; the number where it has none.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// The numbers of all its groups.
    pub groups: Vec<u32>,
}

/// A right on a file or directory, as in its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To read it, or to list it.
    Read = 4,
    /// To change it.
    Write = 2,
    /// To run it, or to pass through it.
    Execute = 1,
}

impl Runner {
    /// Has this user that right?
    pub fn may(&self, metadata: &Metadata, right: Right) -> bool {
        let (mode, right) = (metadata.mode(), right as u32);
        if self.uid == 0 {
            return right != Right::Execute as u32 || metadata.is_dir() || mode & 0o111 != 0;
        }
        let shift = if metadata.uid() == self.uid {
            6
        } else if self.groups.contains(&metadata.gid()) {
            3
        } else {
            0
        };
        mode >> shift & right != 0
    }

    /// The letter of `chmod` for the class that this user is in for that file.
    pub fn class(&self, metadata: &Metadata) -> char {
        if metadata.uid() == self.uid {
            'u'
        } else if self.groups.contains(&metadata.gid()) {
            'g'
        } else {
            'o'
        }
    }

    /// The first directory on the way to this file that the user may not pass through.
    pub fn stopped_at(&self, file: &Path) -> Option<PathBuf> {
        let mut ways: Vec<_> = file.ancestors().skip(1).collect();
        ways.reverse();
        let may_pass = |way: &Path| match std::fs::metadata(way) {
            Ok(metadata) => self.may(&metadata, Right::Execute),
            Err(error) => error.kind() != std::io::ErrorKind::PermissionDenied,
        };
        ways.into_iter().find(|way| !way.as_os_str().is_empty() && !may_pass(way)).map(Path::to_owned)
    }
}
