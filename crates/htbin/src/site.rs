//! Placeholder for the room of the site: its settings only.

use std::path::PathBuf;

/// What is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The directory served.
    pub root: PathBuf,
    /// Scripts run.
    pub cgi: bool,
    /// Where scripts lie.
    pub script_dirs: Vec<ScriptDir>,
    /// Programs mounted at a URL.
    pub mounts: Vec<Mount>,
    /// Interpreters by the end of a file's name.
    pub interpreters: Vec<Interpreter>,
    /// The names that answer for a directory, in order.
    pub index: Vec<String>,
    /// A directory without an index is listed.
    pub listing: bool,
    /// Names that start with a dot are served.
    pub hidden: bool,
    /// A symbolic link may leave the site.
    pub follow_symlinks: bool,
    /// The file that answers for what is not found.
    pub spa: Option<String>,
}

/// A URL below which scripts lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptDir {
    /// `/cgi-bin`; `/`: executable files run wherever they lie.
    pub url: String,
    /// The directory, where it lies outside the site.
    pub directory: Option<PathBuf>,
}

/// One program for everything below a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The URL.
    pub url: String,
    /// The program.
    pub program: PathBuf,
}

/// What runs the files whose name ends so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The end of the name, with its dot.
    pub suffix: String,
    /// The interpreter.
    pub program: PathBuf,
}
