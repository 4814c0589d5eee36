//! What a file of a script directory is: a script, a module of one, or data.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What runs, or was meant to.
    Script,
    /// What scripts load.
    Module,
    /// Anything else.
    Data,
    /// What may be executed and is something else; what it is.
    Stray(&'static str),
}

/// What is known of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) path: &'a Path,
    /// Its beginning.
    pub(super) text: &'a [u8],
    /// Somebody may execute it.
    pub(super) is_executable: bool,
    /// `--interpreter` has a word for it.
    pub(super) is_interpreted: bool,
    /// It was named on the command line.
    pub(super) is_named: bool,
    /// Another file loads it.
    pub(super) is_loaded: bool,
}

impl Kind {
    /// What this file is.
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let name = facts.path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is = |list: &str| list.split(' ').any(|known| known == extension);
        let has_first_line = facts.text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(facts.text).starts_with(b"#!");
        let is_program = facts.text.starts_with(b"\x7fELF");
        let is_module = is(MODULES) || name == "__init__.py" || name.contains(".so.") || facts.is_loaded;
        let is_data = is(DATA) || DATA_NAMES.split(' ').any(|known| known == name) || name.ends_with('~');
        if facts.is_interpreted {
            return Self::Script;
        }
        if facts.is_executable {
            return match (has_first_line || is_program, is_module, is_data) {
                // Debian's libraries have the execute bit; nobody asks for them.
                (true, ..) => {
                    if is(LIBRARIES) {
                        Self::Module
                    } else {
                        Self::Script
                    }
                }
                (false, true, _) => Self::Stray("a module that scripts load"),
                (false, _, true) => Self::Stray("no script"),
                (false, ..) => Self::Script,
            };
        }
        if is_module && !(has_first_line && facts.is_loaded && !is(MODULES)) {
            Self::Module
        } else if !is_data && (has_first_line || is(SCRIPTS) || (is_program && is("cgi bin")) || facts.is_named) {
            Self::Script
        } else {
            Self::Data
        }
    }
}

/// The names that files load each other by, and who says them.
#[derive(Debug, Default)]
pub(super) struct Loads {
    words: HashMap<String, Option<PathBuf>>,
    packages: HashSet<PathBuf>,
}

impl Loads {
    /// Notes what this text loads: words of lines that import, require, include or source something.
    pub(super) fn note(&mut self, file: &Path, text: &[u8]) {
        // A program says nothing in lines; a package is all modules.
        if file.ends_with("__init__.py") {
            self.packages.extend(file.parent().map(Path::to_owned));
        }
        if text.contains(&0) {
            return;
        }
        let text = String::from_utf8_lossy(text);
        for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with('#') && loads(line)) {
            for word in line.split(|letter: char| !letter.is_alphanumeric() && !"_.-".contains(letter)) {
                for part in std::iter::once(word).chain(word.split('.')).filter(|part| !part.is_empty()) {
                    if self.words.len() == WORDS_MAX {
                        return;
                    }
                    let known = self.words.entry(part.to_owned()).or_insert_with(|| Some(file.to_owned()));
                    // Several say it.
                    if known.as_deref() != Some(file) {
                        *known = None;
                    }
                }
            }
        }
    }

    /// Does another file load this one?
    pub(super) fn has(&self, file: &Path) -> bool {
        let by = |name: Option<&std::ffi::OsStr>| {
            let by = name.and_then(std::ffi::OsStr::to_str).and_then(|name| self.words.get(name));
            by.is_some_and(|by| by.as_deref() != Some(file))
        };
        let in_package =
            file.extension().is_some_and(|it| it == "py") && file.parent().is_some_and(|it| self.packages.contains(it));
        in_package || by(file.file_name()) || by(file.file_stem())
    }
}

/// May a file of this name load others? What is plainly data is not even read.
pub(super) fn may_load(file: &Path) -> bool {
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    !DATA.split(' ').any(|known| known == extension)
}

fn loads(line: &str) -> bool {
    ["import", "require", "include", "dofile", "source ", "load"].iter().any(|word| line.contains(word))
        || ["use ", "do ", ". ", "from "].iter().any(|word| line.starts_with(word))
}

/// Names that are noted; more than any site has.
const WORDS_MAX: usize = 100_000;
/// Ends of the names of scripts. What ends in `.js` is for browsers as often.
const SCRIPTS: &str = "cgi fcgi py pl sh bash ksh zsh php rb lua tcl awk";
const MODULES: &str = "pm pyc pyo so a o inc";
const LIBRARIES: &str = "so pm";
const DATA: &str = "txt md rst html htm xhtml css js mjs json xml svg csv tsv db sqlite sqlite3 log ini conf cfg yml yaml toml \
                    png jpg jpeg gif webp ico pdf ps gz tgz zip tar bz2 xz woff woff2 ttf map tmpl tpl template c h cc cpp \
                    hpp rs go java bak orig old rej swp tmp lock pid dat pem crt key po mo pod";
const DATA_NAMES: &str = "readme license licence copying authors changelog changes news todo makefile index version";

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, text: &str, is_executable: bool) -> Kind {
        let facts = Facts {
            path: Path::new(name),
            text: text.as_bytes(),
            is_executable,
            is_interpreted: false,
            is_named: false,
            is_loaded: name == "loaded.py",
        };
        Kind::of(&facts)
    }

    #[test]
    fn a_file_is_what_it_looks_like() {
        for name in ["README", "a.txt", "style.css", "data.json", "guests.db", "page.html", "notes", "a.py~"] {
            assert_eq!(kind(name, "hello", false), Kind::Data, "{name}");
        }
        for name in ["Module.pm", "__init__.py", "loaded.py", "lib.so.1"] {
            assert_eq!(kind(name, "hello", false), Kind::Module, "{name}");
        }
        for name in ["a.cgi", "a.py", "a.pl", "a.sh"] {
            assert_eq!(kind(name, "hello", false), Kind::Script, "{name}");
        }
        assert_eq!(kind("hello", "#!/bin/sh\n", false), Kind::Script);
        assert_eq!(kind("loaded.py", "#!/usr/bin/python3\n", false), Kind::Script);
        assert_eq!(kind("hello", "hello", true), Kind::Script);
        assert!(matches!(kind("style.css", "p {}", true), Kind::Stray(_)));
        assert!(matches!(kind("loaded.py", "x = 1", true), Kind::Stray(_)));
    }

    #[test]
    fn files_load_each_other() {
        let mut loads = Loads::default();
        loads.note(Path::new("a.py"), b"import os, greet\nfrom lib.words import x\n# import not_me\nx = 'other'\n");
        loads.note(Path::new("b.pl"), b"require './cgi-lib.pl';\n");
        loads.note(Path::new("own.py"), b"import own\n");
        for name in ["greet.py", "words.py", "cgi-lib.pl"] {
            assert!(loads.has(Path::new(name)), "{name}");
        }
        for name in ["not_me.py", "other.py", "own.py", "a.py"] {
            assert!(!loads.has(Path::new(name)), "{name}");
        }
    }
}
