//! `htbin lint`: everything that can be seen of scripts without a request. It runs nothing, and changes nothing unless
//! `lint/mend.rs` is asked to.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

mod kind;
mod mend;
mod place;
mod scripts;
mod show;
mod walk;

pub use mend::{Mending, mend};
pub use show::{json, mendings, text};

use self::place::Place;
use crate::{
    diagnosis::{Code, Diagnosis, Limits, Runner, Subject},
    site,
};

/// What lint goes by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is served; its root is where sites are looked for.
    pub site: site::Settings,
    /// The PATH of scripts.
    pub search_path: OsString,
    /// Whom scripts run as.
    pub runner: Arc<Runner>,
    /// How much is looked at.
    pub bounds: Bounds,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Names in all places together.
    pub names_max: usize,
    /// How long, if that matters.
    pub time_max: Option<Duration>,
}

impl Bounds {
    /// For somebody who asked.
    pub const ASKED: Self = Self { names_max: 20_000, time_max: None };
    /// For the banner, which keeps nobody waiting.
    pub const BANNER: Self = Self { names_max: 1_000, time_max: Some(Duration::from_millis(200)) };
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file or directory, as it was named.
    pub path: PathBuf,
    /// The directory beneath which it was found.
    root: PathBuf,
    /// What it is, and what mends it.
    pub diagnosis: Diagnosis,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// All that is wrong, by path.
    pub findings: Vec<Finding>,
    /// The scripts that were looked at, each once however often it was named.
    pub scripts: HashSet<PathBuf>,
    /// There was more than the bounds allow.
    pub is_cut: bool,
    /// There was more where scripts lie.
    pub are_scripts_cut: bool,
    /// What could not be looked into.
    pub closed: Vec<(PathBuf, io::Error)>,
    /// What was told already.
    told: HashSet<(PathBuf, Code, String)>,
}

/// Looks at a script, a directory of scripts, or a site.
///
/// # Errors
/// There is nothing of that name.
pub fn look(settings: &Settings, path: &Path) -> Result<Report, Error> {
    let failed = |cause| Error { path: path.to_owned(), cause };
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(failed(io::Error::other("it is neither a file nor a directory")));
    }
    let mut walk = walk::Walk::new(settings.bounds);
    let mut report = Report::default();
    for place in place::of(&settings.site, path, &metadata) {
        let mut found = Report::default();
        look_at(settings, &place, &mut walk, &mut found);
        found.findings.iter_mut().for_each(|it| place.root().clone_into(&mut it.root));
        // Files come last, so up to then it is scripts that were too many.
        report.are_scripts_cut |= walk.is_cut && !matches!(place, Place::Files(..));
        report.join(found);
    }
    (report.is_cut, report.closed) = (walk.is_cut, walk.closed);
    report.findings.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(report)
}

fn look_at(settings: &Settings, place: &Place, walk: &mut walk::Walk, report: &mut Report) {
    match place {
        Place::Script(file) => {
            // Its neighbours tell whether it is a module of theirs.
            let mut entries = walk.flat(place.root());
            entries.retain(|entry| entry.path.file_name() != file.file_name());
            let Ok(metadata) = fs::metadata(file) else { return };
            entries.push(walk::Entry { path: file.clone(), metadata });
            scripts::look(settings, &entries, Some(file), walk, report);
        }
        Place::Scripts(directory) => scripts::look(settings, &walk.deep(directory, &[]), None, walk, report),
        Place::Files(root, without) => scripts::secrets(&walk.deep(root, without), walk, report),
    }
}

impl Report {
    fn add(&mut self, path: &Path, diagnoses: impl IntoIterator<Item = Diagnosis>) {
        for diagnosis in diagnoses {
            self.tell(Finding { path: path.to_owned(), root: PathBuf::new(), diagnosis });
        }
    }

    /// Adds what was found by another look.
    pub fn join(&mut self, other: Self) {
        other.findings.into_iter().for_each(|finding| self.tell(finding));
        self.scripts.extend(other.scripts);
        self.is_cut |= other.is_cut;
        self.are_scripts_cut |= other.are_scripts_cut;
        self.closed.extend(other.closed);
    }

    /// What all files of a directory suffer from is told once.
    fn tell(&mut self, finding: Finding) {
        let Diagnosis { code, cause, .. } = &finding.diagnosis;
        let path = if *code == Code::DirectoryUnreachable { PathBuf::new() } else { finding.path.clone() };
        if self.told.insert((path, *code, cause.clone())) {
            self.findings.push(finding);
        }
    }
}

impl Settings {
    /// This file as the server would run it.
    fn subject(&self, file: &Path) -> Subject {
        let name = file.file_name().unwrap_or_default().as_encoded_bytes();
        Subject {
            program: absolute(file),
            interpreter: self.site.interpreter(name).map(Path::to_owned),
            search_path: self.search_path.clone(),
            runner: Arc::clone(&self.runner),
            limits: Limits::default(),
        }
    }
}

/// There is nothing to look at.
#[derive(Debug, thiserror::Error)]
#[error("cannot look at '{}': {cause}; name a script, a directory of scripts or a site", crate::log::visible(path.as_os_str().as_encoded_bytes()))]
pub struct Error {
    path: PathBuf,
    cause: io::Error,
}

/// The same file, wherever somebody stands.
fn absolute(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

/// Is that bit in the mode?
fn has(metadata: &Metadata, bits: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & bits != 0
}
