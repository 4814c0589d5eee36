//! A regular file of the site, opened for reading.

use std::{ffi::OsString, fs::File, os::unix::ffi::OsStringExt};

use rustix::fs::Stat;

use super::tree::Opened;

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
