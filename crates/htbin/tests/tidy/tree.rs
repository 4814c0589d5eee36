//! A source tree, read once: every Rust file with its text, its syntax and the names it uses.

use std::{
    fs,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use crate::tidy::names::{self, Name};

/// A workspace.
pub(crate) struct Tree {
    /// Where it lies.
    pub(crate) root: PathBuf,
    /// Its Rust files, by path.
    pub(crate) files: Vec<File>,
}

impl Tree {
    /// Reads what lies under `crates/`. Panics with the file's name where one is not Rust.
    pub(crate) fn read(root: &Path) -> Self {
        let files = WalkDir::new(root.join("crates"))
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.file_name() != "target")
            .map(|entry| entry.expect("a source folder can be read"))
            .filter(|entry| entry.file_type().is_file() && entry.path().extension().is_some_and(|e| e == "rs"))
            .map(|entry| File::read(root, entry.path()))
            .collect();
        Self { root: root.to_owned(), files }
    }

    /// The sources of one crate, without its tests folder.
    pub(crate) fn sources_of(&self, name: &str) -> impl Iterator<Item = &File> {
        let folder = format!("crates/{name}/src/");
        self.files.iter().filter(move |file| file.path.starts_with(&folder))
    }

    /// The sources of all crates, without their tests folders.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.source_path().is_some())
    }

    /// A file that is not Rust, if it is there.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }
}

/// One Rust file.
pub(crate) struct File {
    /// From the root of the tree: `crates/htbin/src/handle/cgi.rs`.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
    /// What that means.
    pub(crate) syntax: syn::File,
    /// Every path it names.
    pub(crate) names: Vec<Name>,
}

impl File {
    fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let path = path.strip_prefix(root).expect("the walk started at the root").to_string_lossy().into_owned();
        let mut file = Self { path, text, syntax, names: Vec::new() };
        file.names = names::of(&file.text, &file.module());
        file
    }

    /// The path below `src/`, for a file that lies there: `handle/cgi.rs`.
    pub(crate) fn source_path(&self) -> Option<&str> {
        self.path.split_once("/src/").map(|(_, below)| below)
    }

    /// The module this file is, the crate's name left out: `["handle", "cgi"]`; empty for lib.rs and main.rs.
    pub(crate) fn module(&self) -> Vec<String> {
        match self.source_path() {
            None | Some("lib.rs" | "main.rs") => Vec::new(),
            Some(below) => below.trim_end_matches(".rs").split('/').map(str::to_owned).collect(),
        }
    }
}
