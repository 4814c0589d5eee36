//! What a path on the command line stands for: a script, a directory of scripts, or a site with such directories in it.

use std::{
    fs::{self, Metadata},
    path::{Path, PathBuf},
};

use super::has;
use crate::site;

/// Somewhere to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// One script.
    Script(PathBuf),
    /// A directory whose executable files run.
    Scripts(PathBuf),
    /// A directory of files, without what lies in these.
    Files(PathBuf, Vec<PathBuf>),
}

impl Place {
    /// The directory beneath which all of it lies.
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Script(file) => file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new(".")),
            Self::Scripts(directory) | Self::Files(directory, _) => directory,
        }
    }
}

/// The places that a path stands for.
pub(super) fn of(site: &site::Settings, path: &Path, metadata: &Metadata) -> Vec<Place> {
    if !metadata.is_dir() {
        return vec![Place::Script(path.to_owned())];
    }
    if site.script_dirs.iter().any(|place| place.on_disk(path).is_none()) {
        return vec![Place::Scripts(path.to_owned())];
    }
    let below: Vec<_> =
        site.script_dirs.iter().filter_map(|place| place.on_disk(path)).filter(|it| it.is_dir()).collect();
    if below.is_empty() && (is_named_so(site, path) || holds_a_script(path)) {
        return vec![Place::Scripts(path.to_owned())];
    }
    let mut places: Vec<_> = below.iter().cloned().map(Place::Scripts).collect();
    places.push(Place::Files(path.to_owned(), below));
    places
}

/// Is it called `cgi-bin`, or does it lie in a directory that is?
fn is_named_so(site: &site::Settings, path: &Path) -> bool {
    let Ok(whole) = std::path::absolute(path) else { return false };
    let names = site.script_dirs.iter().filter_map(|place| place.url.rsplit('/').next());
    names.into_iter().any(|name| whole.components().any(|part| part.as_os_str() == name))
}

/// Does something lie in it that runs, or would if it had the execute bit?
fn holds_a_script(directory: &Path) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().take(ENTRIES_MAX);
    entries.filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b".")).any(|entry| {
        entry.metadata().is_ok_and(|metadata| {
            let starts = || crate::diagnosis::seen::text(&entry.path()).is_some_and(|text| text.starts_with(b"#!"));
            metadata.is_file() && (has(&metadata, 0o111) || starts())
        })
    })
}

/// Whoever names a directory without any scripts knows that soon enough.
const ENTRIES_MAX: usize = 1_000;
