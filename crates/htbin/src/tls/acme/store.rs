//! The private folder for accounts and certificates: `HOST.account` and `HOST.NAME.pem`, HOST being the authority's.

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, chown},
    path::{Path, PathBuf},
};

use super::super::Error;

/// The folder.
pub(in crate::tls) struct Store {
    folder: PathBuf,
    host: String,
    /// It was made now.
    is_new: bool,
}

impl Store {
    /// Finds the folder, or makes it.
    pub(super) fn open(folder: &Path, directory: &str) -> Result<Self, Error> {
        let wrong = |what: String| Error::Wrong { flag: "acme: state", file: folder.to_owned(), what };
        let made = DirBuilder::new().mode(0o700).create(folder);
        let is_new = match made {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(wrong(format!("it cannot be made: {}; make it, chmod 700", error.kind()))),
        };
        let found = fs::symlink_metadata(folder).map_err(|error| wrong(error.to_string()))?;
        if !found.is_dir() {
            return Err(wrong("it is no folder; name another one".to_owned()));
        }
        if found.mode() & 0o077 != 0 {
            return Err(wrong(format!("others may look into it: chmod 700 {}", folder.display())));
        }
        let host = directory.split("://").last().unwrap_or_default().split('/').next().unwrap_or_default();
        Ok(Self { folder: folder.to_owned(), host: plain(host), is_new })
    }

    /// It belongs to whoever serves. Only if it was made now: else somebody has decided whose it is.
    pub(in crate::tls) fn give_to(&self, uid: u32, gid: u32) -> io::Result<()> {
        if self.is_new { chown(&self.folder, Some(uid), Some(gid)) } else { Ok(()) }
    }

    /// Nothing can be kept in it, and why.
    pub(in crate::tls) fn unusable(&self) -> Option<String> {
        tempfile::NamedTempFile::new_in(&self.folder).err().map(|error| self.failed(&error))
    }

    pub(super) fn failed(&self, error: &io::Error) -> String {
        let folder = self.folder.display();
        format!("nothing can be kept in {folder}: {}; it has to belong to the user who serves", error.kind())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn certificate(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{}.{}.pem", self.host, plain(name)))
    }

    pub(super) fn write_certificate(&self, name: &str, pem: &[u8]) -> io::Result<()> {
        self.write(&self.certificate(name), pem)
    }

    pub(super) fn read_account(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.account()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    pub(super) fn write_account(&self, text: &[u8]) -> io::Result<()> {
        self.write(&self.account(), text)
    }

    pub(super) fn remove_account(&self) {
        // If it stays, the next order fails for the same reason, and says so.
        _ = fs::remove_file(self.account());
    }

    fn account(&self) -> PathBuf {
        self.folder.join(format!("{}.account", self.host))
    }

    /// Whole or not at all, for its owner's eyes alone.
    fn write(&self, path: &Path, text: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(text)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// What can stand in the name of a file.
fn plain(name: &str) -> String {
    name.chars().map(|it| if it.is_ascii_alphanumeric() || it == '-' || it == '.' { it } else { '_' }).collect()
}
