//! The tree that is served: from the path of a request to what answers it. It opens files and never sends, runs or
//! changes one. Limits it cannot lift are named in `docs/threats.md`: hard links, case-insensitive file systems, and a
//! script directory that becomes a symbolic link into the site after the start.

mod beside;
mod directory;
mod file;
mod near;
mod place;
mod plain;
mod script;
mod scripts;
mod tree;
mod vault;

use std::{
    borrow::Cow,
    ffi::CStr,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{
    fs::{Access, access},
    io::Errno,
};

pub use self::{
    directory::{Directory, Entry, Kind},
    file::{Metadata, SiteFile},
    script::Script,
    vault::Vault,
};
use self::{
    place::{Place, What},
    tree::Tree,
};
use crate::{
    path::{self, UrlPath},
    refusal::{Reason, Refusal},
};

/// What is served, and how. The flag of each is named with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The directory that is served (`--directory`).
    pub root: PathBuf,
    /// Where the directory lies in the URL space, with a slash at its front; empty: at the root.
    pub base: String,
    /// Places on disk that run elsewhere, and are never sent from here.
    pub protected: Vec<PathBuf>,
    /// Ends of names whose files run under another rule, and are never sent from here.
    pub sources: Vec<String>,
    /// Scripts run (`--cgi`, `--no-cgi`).
    pub cgi: bool,
    /// Where scripts lie (`--cgi-dir`).
    pub script_dirs: Vec<ScriptDir>,
    /// Programs mounted at a URL (`--cgi URL=PROGRAM`).
    pub mounts: Vec<Mount>,
    /// What runs files by the end of their name (`--interpreter`).
    pub interpreters: Vec<Interpreter>,
    /// Where executable files run wherever they lie: only those with an interpreter.
    pub interpreted_only: bool,
    /// Names tried, in order, for a directory (`--index`).
    pub index: Vec<String>,
    /// Directories without an index are listed (`--no-listing`).
    pub listing: bool,
    /// Names that start with a dot are served (`--hidden`). `/.well-known` always is (RFC 8615).
    pub hidden: bool,
    /// Symbolic links may leave the site (`--follow-symlinks`).
    pub follow_symlinks: bool,
    /// The file that answers for what is not found and has no extension (`--spa`).
    pub spa: Option<String>,
}

impl Settings {
    /// What runs a file of this name in a script directory, if it is not the file itself.
    pub fn interpreter(&self, name: &[u8]) -> Option<&Path> {
        scripts::interpreter(&self.interpreters, name)
    }
}

/// A directory whose executable files run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptDir {
    /// Where it lies in the URL space: `/cgi-bin`. `/` without a directory: executable files run wherever they lie.
    pub url: String,
    /// Where it lies on disk, if not at its URL beneath the root.
    pub directory: Option<PathBuf>,
}

impl ScriptDir {
    /// Where it lies on disk in the site of this root; none if executable files run wherever they lie.
    pub fn on_disk(&self, root: &Path) -> Option<PathBuf> {
        match &self.directory {
            Some(directory) => Some(directory.clone()),
            None => (!is_everywhere(self)).then(|| root.join(self.url.trim_matches('/'))),
        }
    }
}

/// A program that answers for a URL and everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its script-path: `/git`.
    pub url: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments, before those of a query.
    pub arguments: Vec<String>,
}

/// What runs the files of a script directory whose names end with `suffix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The end of a name: `.py`.
    pub suffix: String,
    /// The program that gets the script's path as its first argument.
    pub program: PathBuf,
}

/// Why a site cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `openat2` is missing, or a filter of system calls forbids it.
    #[error(
        "cannot open files beneath {root} safely: this kernel has no openat2, or a filter forbids it; Linux 5.6 or newer is needed"
    )]
    NoOpenat2 {
        /// The directory to serve.
        root: PathBuf,
    },
    /// The root cannot be opened.
    #[error("cannot serve {root}: {source}; name another directory with -d")]
    Root {
        /// The directory to serve.
        root: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A directory on the way to the root may not be entered.
    #[error("cannot serve {root}: this user may not enter {blocking}; allow that (chmod o+x {blocking})")]
    Blocked {
        /// The directory to serve.
        root: PathBuf,
        /// The first directory on the way that may not be entered.
        blocking: PathBuf,
    },
    /// The page of `--spa` is no file of the site.
    #[error(
        "cannot answer with '{page}' (--spa): {root} has no such file that may be sent; \
         name one as it lies there, as in --spa=app/index.html"
    )]
    SinglePage {
        /// Its path.
        page: String,
        /// The directory to serve.
        root: PathBuf,
    },
    /// A script directory given with `=DIR` cannot be opened.
    #[error("cannot open script directory {directory} for {url}: {source}; check --cgi-dir")]
    ScriptDir {
        /// Its URL.
        url: String,
        /// Where it should be.
        directory: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A directory whose files scripts may have sent cannot be opened.
    #[error("cannot open directory {directory}: {source}; check sendfile")]
    Sendfile {
        /// Where it should be.
        directory: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A mounted program cannot be opened.
    #[error("cannot open program {program} for {url}: {source}; check --cgi")]
    Mount {
        /// Its URL.
        url: String,
        /// Where it should be.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The tree that is served. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Site(Arc<Inner>);

/// What answers a request.
#[derive(Debug)]
pub enum Target {
    /// A file, open.
    File(SiteFile),
    /// A directory to list.
    Directory(Directory),
    /// A script to run.
    Script(Script),
    /// The path with the slash a directory needs, percent-encoded and without the query.
    Redirect(String),
}

impl Site {
    /// Opens the root and what the settings name. Files are looked for at each request, not here.
    ///
    /// # Errors
    /// The root, a script directory elsewhere or a mounted program cannot be opened; or the kernel is too old.
    pub fn open(settings: Settings) -> Result<Self, Error> {
        let tree = Tree::open(&settings.root, settings.follow_symlinks).map_err(|errno| match errno {
            Errno::NOSYS | Errno::PERM => Error::NoOpenat2 { root: settings.root.clone() },
            errno => root_error(&settings.root, errno),
        })?;
        let bases: Vec<&str> = settings.base.split('/').filter(|name| !name.is_empty()).collect();
        let mut inner = Inner {
            base: bases.iter().flat_map(|name| ["/".to_owned(), path::encode(name.as_bytes())]).collect(),
            base_length: bases.len(),
            everywhere: settings.script_dirs.iter().any(is_everywhere),
            plain_index: settings.index.iter().filter(|name| !scripts::is_source(name.as_bytes())).cloned().collect(),
            document_root: Arc::from(tree.real()),
            tree,
            places: Vec::new(),
            reals: Vec::new(),
            settings,
        };
        inner.add_script_dirs()?;
        inner.add_mounts()?;
        for path in inner.settings.protected.clone() {
            // Not there yet is no fault: it may come.
            if let Ok(real) = tree::locate(&path) {
                inner.protect(real);
            }
        }
        // The longest prefix wins; of equals what runs, so that a script directory may lie where another's link leads.
        let protects = |place: &Place| matches!(place.what, What::Protected);
        inner.places.sort_by_key(|place| (std::cmp::Reverse(place.prefix.len()), protects(place)));
        inner.places.dedup_by(|one, before| one.prefix == before.prefix && protects(one) && before.is_within());
        if let Some(page) = &inner.settings.spa
            && inner.find_single_page(page).is_none()
        {
            return Err(Error::SinglePage { page: page.clone(), root: inner.settings.root.clone() });
        }
        Ok(Self(Arc::new(inner)))
    }

    /// What answers for this path. Opens what it names, with as few system calls as can be: two for a plain file.
    ///
    /// # Errors
    /// A reasoned no; see [`Reason`].
    pub fn resolve(&self, path: &UrlPath) -> Result<Target, Refusal> {
        let inner = &*self.0;
        if inner.base_length > 0 && !path.ends_with_slash() && path.segments().count() == inner.base_length {
            return Ok(Target::Redirect(format!("{}/", inner.base)));
        }
        let path = &*self.within(path);
        match place::find(&inner.places, path) {
            None => {
                let found = inner.plain(path).or_else(|refusal| inner.single_page(path, refusal))?;
                Ok(match found.into_target(self) {
                    Target::Redirect(location) => Target::Redirect(format!("{}{location}", inner.base)),
                    target => target,
                })
            }
            Some(Place { what: What::Mount(program, arguments), prefix }) => {
                inner.mounted((program, arguments), prefix.len(), path)
            }
            Some(Place { what: What::Scripts, prefix }) => inner.below_scripts(&inner.tree, 0, prefix.len(), path),
            Some(Place { what: What::ScriptsOf(tree), prefix }) => {
                inner.below_scripts(tree, prefix.len(), prefix.len(), path)
            }
            Some(Place { what: What::Protected, .. }) => Err(protected(path)),
        }
    }

    /// Does the file that a path without a link led to still lie there, as it was? One system call. Whoever lies there
    /// with the same inode and times is the file that was opened beneath the root.
    pub fn is_unchanged(&self, relative: &CStr, metadata: &Metadata) -> bool {
        self.0.tree.look(relative).is_ok_and(|stat| Metadata::from(&stat) == *metadata)
    }

    /// The path as seen from the directory that is served.
    pub fn within<'p>(&self, path: &'p UrlPath) -> Cow<'p, UrlPath> {
        match self.0.base_length {
            0 => Cow::Borrowed(path),
            length => Cow::Owned(path.without_first(length)),
        }
    }

    /// The absolute path of the directory that is served.
    pub fn root(&self) -> &Path {
        self.0.tree.real()
    }

    /// The script directories that exist now: URL and place on disk.
    pub fn script_directories(&self) -> Vec<(String, PathBuf)> {
        let on_disk = |dir: &ScriptDir| match &dir.directory {
            Some(directory) => Tree::open(directory, true).ok().map(|tree| tree.real().to_owned()),
            None => self.0.tree.locate(dir.url.trim_matches('/').as_bytes()).ok().filter(|path| path.is_dir()),
        };
        self.0.settings.script_dirs.iter().filter_map(|dir| Some((dir.url.clone(), on_disk(dir)?))).collect()
    }
}

/// What [`Site`] shares.
#[derive(Debug)]
struct Inner {
    settings: Settings,
    tree: Tree,
    /// Where the root lies in the URL space, encoded.
    base: String,
    /// How many segments that has.
    base_length: usize,
    document_root: Arc<Path>,
    /// Executable files run wherever they lie.
    everywhere: bool,
    /// The names of an index outside script directories: those that are no source of a script.
    plain_index: Vec<String>,
    /// Longest prefix first.
    places: Vec<Place>,
    /// Where script directories and mounted programs really lay when the site was opened.
    reals: Vec<PathBuf>,
}

impl Inner {
    fn add_script_dirs(&mut self) -> Result<(), Error> {
        for dir in self.settings.script_dirs.clone().iter().filter(|dir| !is_everywhere(dir)) {
            let Some(directory) = &dir.directory else {
                let relative = dir.url.trim_matches('/').as_bytes();
                self.places.push(Place::new(relative, What::Scripts));
                // Not there yet is no fault: it may come.
                if let Ok(real) = self.tree.locate(relative) {
                    self.protect(real);
                }
                continue;
            };
            let tree = Tree::open(directory, self.settings.follow_symlinks).map_err(|errno| Error::ScriptDir {
                url: dir.url.clone(),
                directory: directory.clone(),
                source: errno.into(),
            })?;
            let real = tree.real().to_owned();
            self.places.push(Place::new(dir.url.as_bytes(), What::ScriptsOf(tree)));
            self.protect(real);
        }
        Ok(())
    }

    fn add_mounts(&mut self) -> Result<(), Error> {
        for Mount { url, program, arguments } in self.settings.mounts.clone() {
            let located = std::path::absolute(&program)
                .and_then(|absolute| tree::locate(&absolute).map(|real| (absolute, real)).map_err(io::Error::from));
            let (absolute, real) = located.map_err(|source| Error::Mount { url: url.clone(), program, source })?;
            self.places.push(Place::new(url.as_bytes(), What::Mount(absolute, arguments.into())));
            self.protect(real);
        }
        Ok(())
    }

    /// What lies at `real` shall not be sent, by whatever path it is asked for.
    fn protect(&mut self, real: PathBuf) {
        use std::os::unix::ffi::OsStrExt;
        if let Ok(relative) = real.strip_prefix(self.tree.real()) {
            self.places.push(Place::new(relative.as_os_str().as_bytes(), What::Protected));
        } else if self.tree.real().starts_with(&real) {
            self.places.push(Place::new(b"", What::Protected));
        }
        self.reals.push(real);
    }
}

/// Why the root cannot be opened. With EACCES the system does not say which of the directories on the way it means.
fn root_error(root: &Path, errno: Errno) -> Error {
    let may_enter = |directory: &&Path| access(*directory, Access::EXEC_OK) != Err(Errno::ACCESS);
    let mut way: Vec<&Path> = root.ancestors().collect();
    way.reverse();
    match way.iter().find(|directory| !may_enter(directory)) {
        Some(blocking) if errno == Errno::ACCESS => {
            Error::Blocked { root: root.to_owned(), blocking: (*blocking).to_owned() }
        }
        _ => Error::Root { root: root.to_owned(), source: errno.into() },
    }
}

/// Is this the `--cgi-dir /` that has executable files run wherever they lie?
fn is_everywhere(dir: &ScriptDir) -> bool {
    dir.directory.is_none() && dir.url.trim_matches('/').is_empty()
}

/// What the system says, as a refusal.
fn refuse(errno: Errno, relative: &[u8]) -> Refusal {
    let reason = match errno {
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => return Reason::NotFound.into(),
        Errno::ACCESS | Errno::PERM | Errno::NXIO | Errno::NODEV => Reason::Unreadable,
        Errno::LOOP | Errno::XDEV => Reason::LeavesSite,
        Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN => Reason::Busy(1),
        _ => Reason::Internal,
    };
    let name = String::from_utf8_lossy(relative);
    Refusal::with_detail(
        reason,
        match reason {
            Reason::LeavesSite => {
                format!(
                    "{name}: a symbolic link leads out of the site or round in circles; --follow-symlinks lets it leave"
                )
            }
            _ => format!("{name}: {}", io::Error::from(errno)),
        },
    )
}

fn protected(path: &UrlPath) -> Refusal {
    Refusal::with_detail(Reason::ScriptDirectory, format!("{path} lies in a script directory that has another URL"))
}

#[cfg(test)]
mod tests;
