//! `htbin new`: writes a first script that teaches. It never overwrites anything, and runs nothing.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::diagnosis::quoted;

/// What a first script is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[expect(missing_docs, reason = "they are names")]
pub enum Language {
    Sh,
    Python,
    Perl,
    Php,
    C,
    Rust,
    Ruby,
    Lua,
    Tcl,
    Awk,
    Node,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The file.
    pub file: PathBuf,
    /// What will run: the file, or what it is compiled to.
    pub program: PathBuf,
    /// The command that compiles it, if it has to be.
    pub compile: Option<String>,
}

/// Writes a first script of this name.
///
/// # Errors
/// The name says no language and none was given, it starts with a dot, the file is there already, or it cannot be written.
pub fn write(name: &Path, language: Option<Language>) -> Result<Made, Error> {
    let language = match language {
        Some(language) => language,
        None => Language::of(name).ok_or_else(|| Error::NoLanguage(name.to_owned()))?,
    };
    if name.file_name().is_none() || name.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(Error::NoName(name.to_owned()));
    }
    if name.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(b".")) {
        return Err(Error::Hidden(name.to_owned()));
    }
    let made = Made::planned(place(name), language);
    let directory = made.file.parent().filter(|it| !it.as_os_str().is_empty());
    if let Some(directory) = directory.filter(|it| !it.exists()) {
        // One level: whoever mistypes a path shall not find a tree of directories.
        fs::create_dir(directory).map_err(|cause| Error::Write(directory.to_owned(), cause))?;
    }
    let mode = if made.compile.is_some() { SOURCE_MODE } else { SCRIPT_MODE };
    let file = File::options().write(true).create_new(true).mode(mode).open(&made.file);
    let mut file = file.map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(made.file.clone()),
        _ => Error::Write(made.file.clone(), cause),
    })?;
    let text = language.template().replace("@COMPILE@", made.compile.as_deref().unwrap_or_default());
    file.write_all(text.as_bytes()).map_err(|cause| Error::Write(made.file.clone(), cause))?;
    Ok(made)
}

/// Where a script of this name goes: a name alone into `cgi-bin`, unless that is where somebody stands.
fn place(name: &Path) -> PathBuf {
    if name.components().count() > 1 || name.as_os_str().as_encoded_bytes().contains(&b'/') {
        return name.to_owned();
    }
    let is_customary = |here: &Path| here.file_name().is_some_and(|it| DIRECTORIES.iter().any(|known| it == *known));
    if std::env::current_dir().is_ok_and(|here| is_customary(&here)) {
        return name.to_owned();
    }
    let there = DIRECTORIES.into_iter().find(|directory| Path::new(directory).is_dir());
    Path::new(there.unwrap_or(DIRECTORIES[0])).join(name)
}

impl Made {
    fn planned(file: PathBuf, language: Language) -> Self {
        let (end, compiler) = match language {
            Language::C => ("c", "cc -O2 -Wall"),
            Language::Rust => ("rs", "rustc -O"),
            _ => return Self { program: file.clone(), file, compile: None },
        };
        let program = file.with_extension("cgi");
        let file = file.with_extension(end);
        let compile = format!("{compiler} -o {} {}", operand(&program), operand(&file));
        Self { file, program, compile: Some(compile) }
    }
}

/// A path that no compiler takes for an option, and no comment for its end.
fn operand(path: &Path) -> String {
    let word =
        if path.as_os_str().as_encoded_bytes().starts_with(b"-") { Path::new(".").join(path) } else { path.into() };
    quoted(word).replace("*/", "*'/'")
}

impl Language {
    /// The language that the end of a name tells.
    fn of(name: &Path) -> Option<Self> {
        Some(match name.extension().and_then(OsStr::to_str)? {
            "sh" | "bash" => Self::Sh,
            "py" => Self::Python,
            "pl" => Self::Perl,
            "php" => Self::Php,
            "c" => Self::C,
            "rs" => Self::Rust,
            "rb" => Self::Ruby,
            "lua" => Self::Lua,
            "tcl" => Self::Tcl,
            "awk" => Self::Awk,
            "js" | "cjs" => Self::Node,
            _ => return None,
        })
    }

    fn template(self) -> &'static str {
        match self {
            Self::Sh => include_str!("../templates/new/hello.sh"),
            Self::Python => include_str!("../templates/new/hello.py"),
            Self::Perl => include_str!("../templates/new/hello.pl"),
            Self::Php => include_str!("../templates/new/hello.php"),
            Self::C => include_str!("../templates/new/hello.c"),
            Self::Rust => include_str!("../templates/new/hello.rs"),
            Self::Ruby => include_str!("../templates/new/hello.rb"),
            Self::Lua => include_str!("../templates/new/hello.lua"),
            Self::Tcl => include_str!("../templates/new/hello.tcl"),
            Self::Awk => include_str!("../templates/new/hello.awk"),
            Self::Node => include_str!("../templates/new/hello.js"),
        }
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing says which language.
    #[error(
        "--lang: the name {} tells no language; add --lang sh, python, perl, php, c, rust, ruby, lua, tcl, awk or node",
        quoted(.0)
    )]
    NoLanguage(PathBuf),
    /// The path ends in no name.
    #[error("{} is no name of a file; name the script, as in hello.py", quoted(.0))]
    NoName(PathBuf),
    /// Nobody could ask for it.
    #[error("{} starts with a dot, and such names are not served; take another name", quoted(.0))]
    Hidden(PathBuf),
    /// It is there.
    #[error("{} is there already and is left as it is; take another name", quoted(.0))]
    Exists(PathBuf),
    /// The system refused.
    #[error("cannot write {}: {_1}; name a place where you may, as in ~/site/cgi-bin/hello.py", quoted(.0))]
    Write(PathBuf, io::Error),
}

impl Error {
    /// 2 for wrong usage, 1 for what the machine had against it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoLanguage(_) | Self::NoName(_) | Self::Hidden(_) => 2,
            Self::Exists(_) | Self::Write(..) => 1,
        }
    }
}

const DIRECTORIES: [&str; 2] = ["cgi-bin", "htbin"];
const SCRIPT_MODE: u32 = 0o755;
const SOURCE_MODE: u32 = 0o644;
