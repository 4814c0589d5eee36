//! A regular file of the site, opened for reading.

use std::{ffi::OsString, fs::File, os::unix::ffi::OsStringExt, time::SystemTime};

use rustix::fs::Stat;

use super::tree::Opened;
use crate::body::Origin;

/// A regular file of the site, open for reading.
#[derive(Debug)]
pub struct SiteFile {
    /// The open file.
    pub file: File,
    /// Its metadata when it was opened.
    pub metadata: Metadata,
    /// Its name, which tells the media type. For an index, that of the index.
    pub name: OsString,
}

/// What validators are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Octets.
    pub size: u64,
    /// When it was last modified: seconds since 1970.
    pub mtime: i64,
    /// The nanoseconds of `mtime`.
    pub mtime_nsec: u32,
    /// Which file of its file system it is.
    pub inode: u64,
    /// Which file system.
    pub device: u64,
    /// When anything about it was last changed, its content and its rights among them: seconds since 1970.
    pub ctime: i64,
    /// The nanoseconds of `ctime`.
    pub ctime_nsec: u32,
}

impl Metadata {
    /// What tells this state of this file from every other; none for a file that was just changed. A file system tells
    /// times in ticks of some milliseconds: a file changed twice within one looks the same after both.
    pub fn origin(&self) -> Option<Origin> {
        let time = |seconds: i64, nanoseconds| {
            (seconds as u64).wrapping_mul(1_000_000_000).wrapping_add(u64::from(nanoseconds))
        };
        let times = [time(self.mtime, self.mtime_nsec), time(self.ctime, self.ctime_nsec)];
        (!self.is_fresh()).then_some(Origin::File([self.device, self.inode, self.size, times[0], times[1]]))
    }

    /// Was it changed so lately that it may change again unseen?
    fn is_fresh(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
        i64::try_from(now).is_ok_and(|now| now.saturating_sub(self.ctime.max(self.mtime)) < FRESH_SECONDS)
    }
}

impl From<&Stat> for Metadata {
    fn from(stat: &Stat) -> Self {
        Self {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mtime: stat.st_mtime,
            mtime_nsec: stat.st_mtime_nsec as u32,
            inode: stat.st_ino,
            device: stat.st_dev,
            ctime: stat.st_ctime,
            ctime_nsec: stat.st_ctime_nsec as u32,
        }
    }
}

impl SiteFile {
    pub(super) fn new(opened: Opened, name: &[u8]) -> Self {
        let metadata = Metadata::from(&opened.stat);
        Self { file: File::from(opened.fd), metadata, name: OsString::from_vec(name.to_vec()) }
    }
}

const FRESH_SECONDS: i64 = 3;
