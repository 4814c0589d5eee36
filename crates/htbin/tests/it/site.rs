//! A site in a temporary directory that everybody may read: as root, scripts run as nobody.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::process::Fifo;

/// A directory to serve, removed at the end.
pub(crate) struct Site {
    root: tempfile::TempDir,
}

impl Site {
    /// An empty site with an empty `cgi-bin`.
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("htbin-test-").tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { root }.directory("cgi-bin", 0o755)
    }

    /// Adds a file that can be read by all.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.with_mode(path, content, 0o644)
    }

    /// Adds a script that can be run by all.
    pub(crate) fn script(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.with_mode(path, text, 0o755)
    }

    /// Adds a file with this mode.
    pub(crate) fn with_mode(self, path: &str, content: impl AsRef<[u8]>, mode: u32) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        // A file of this very second has no validator that is strong by RFC 9110 §8.8.2.2.
        let earlier = SystemTime::now() - Duration::from_secs(3600);
        fs::File::open(&path).unwrap().set_modified(earlier).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// Adds a directory with this mode; 0777 for one that scripts write to.
    pub(crate) fn directory(self, path: &str, mode: u32) -> Self {
        let path = self.path(path);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// Adds a symbolic link.
    pub(crate) fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.path(path)).unwrap();
        self
    }

    /// Makes a named pipe that scripts write to and the test reads.
    pub(crate) fn fifo(&self, path: &str) -> Fifo {
        Fifo::make(&self.path(path))
    }

    /// Where the site lies.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where a file of the site lies.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }
}
