//! A script that may run. Only `site` makes one, and only after it has looked at the file.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A script that may run, with everything its path in the request says.
#[derive(Debug, Clone)]
pub struct Script {
    pub(super) program: PathBuf,
    pub(super) interpreter: Option<PathBuf>,
    pub(super) arguments: Arc<[String]>,
    pub(super) directory: PathBuf,
    pub(super) name: Vec<u8>,
    pub(super) path_info: Option<Vec<u8>>,
    pub(super) document_root: Arc<Path>,
}

impl Script {
    /// The absolute path of the script's file.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What runs the file instead of the kernel: `--interpreter`.
    pub fn interpreter(&self) -> Option<&Path> {
        self.interpreter.as_deref()
    }

    /// What the configuration has for its arguments, before those of a query.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The working directory: the script's own, or the document root for a mounted program.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// SCRIPT_NAME (§4.1.13): the decoded script-path. Empty for a program mounted at `/`.
    pub fn script_name(&self) -> &[u8] {
        &self.name
    }

    /// PATH_INFO (§4.1.5): the decoded extra-path, if there is one.
    pub fn path_info(&self) -> Option<&[u8]> {
        self.path_info.as_deref()
    }

    /// PATH_TRANSLATED (§4.1.6): where the extra-path would lie beneath the document root.
    pub fn path_translated(&self) -> Option<PathBuf> {
        let path_info = self.path_info.as_deref()?;
        let mut translated = self.document_root.as_os_str().to_owned();
        if translated == "/" {
            translated.clear();
        }
        translated.push(OsStr::from_bytes(path_info));
        Some(translated.into())
    }

    /// The directory that is served.
    pub fn document_root(&self) -> &Path {
        &self.document_root
    }

    /// Does it write the whole head itself, because its name starts with `nph-` (§5)?
    pub fn is_nph(&self) -> bool {
        self.program.file_name().is_some_and(|name| htbin_cgi::nph::is_nph(name.as_bytes()))
    }
}
