//! The words of the commands that serve nothing.

#![allow(rustdoc::broken_intra_doc_links, reason = "clap prints these texts: [60s] is a default, not a link")]

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Subcommand};

use super::flags::{Flags, UsualFlags};
use crate::import::Kind;
pub use crate::new::Language;

/// `htbin lint`.
#[derive(Debug)]
pub struct Lint {
    /// What to look at.
    pub paths: Vec<PathBuf>,
    /// Mend what can be mended.
    pub fix: bool,
    /// Print objects.
    pub json: bool,
    /// The flags of a server, as far as they say where scripts lie and how they run.
    pub flags: Flags,
}

/// What is typed behind `lint`.
#[derive(Debug, Args)]
pub(super) struct LintWords {
    /// Scripts, directories of scripts, or sites [.]
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// Mend what can be mended, and say what was done
    ///
    /// Sets the execute bit, mends line ends (CR LF) and byte order marks, and takes from all others the right to write.
    /// It follows no link.
    #[arg(long)]
    pub(super) fix: bool,
    /// Print an array of objects
    #[arg(long)]
    pub(super) json: bool,
    /// Judge rights as this user [as root: nobody]
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<OsString>,
    /// Where scripts lie in a site [/cgi-bin and /htbin]
    ///
    /// As for a server; `.`: wherever they are executable.
    #[arg(long, value_name = "URL[=DIR]", value_delimiter = ',')]
    pub(super) cgi_dir: Vec<OsString>,
    /// Files that end so are run by this program
    ///
    /// As for a server.
    #[arg(long, value_name = ".EXT=PROG")]
    pub(super) interpreter: Vec<OsString>,
    /// The usual two.
    #[command(flatten)]
    usual: UsualFlags,
}

impl LintWords {
    /// The same as a server's command line has it.
    pub(super) fn as_server(&self) -> Vec<OsString> {
        let flag = |name: &str, value: &OsString| {
            let mut word = OsString::from(format!("--{name}="));
            word.push(value);
            word
        };
        let user = self.user.iter().map(|value| flag("user", value));
        let directories = self.cgi_dir.iter().map(|value| flag("cgi-dir", value));
        let interpreters = self.interpreter.iter().map(|value| flag("interpreter", value));
        std::iter::once("htbin".into()).chain(user).chain(directories).chain(interpreters).collect()
    }
}

/// `htbin new`.
#[derive(Debug, Args)]
pub struct New {
    /// The name of the script, as in hello.py; with a slash, its path
    ///
    /// Without a slash it is written into `cgi-bin/`, which is made if it is not there.
    #[arg(value_name = "NAME", value_hint = clap::ValueHint::FilePath)]
    pub name: PathBuf,
    /// sh, python, perl, php, c, rust, ruby, lua, tcl, awk, node
    ///
    /// Without this the end of NAME tells.
    #[arg(long, value_name = "LANGUAGE", value_enum, hide_possible_values = true)]
    pub lang: Option<Language>,
    /// The usual two.
    #[command(flatten)]
    usual: UsualFlags,
}

/// `htbin check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration file [htbin.toml]
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath, default_value = "htbin.toml")]
    #[arg(hide_default_value = true)]
    pub file: PathBuf,
    /// Print the JSON Schema of configuration files instead, for editors
    #[arg(long)]
    pub schema: bool,
    /// The usual two.
    #[command(flatten)]
    usual: UsualFlags,
}

/// `htbin reload`.
#[derive(Debug, Args)]
pub struct Reload {
    /// The configuration file [htbin.toml]
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath, default_value = "htbin.toml")]
    #[arg(hide_default_value = true)]
    pub file: PathBuf,
    /// The usual two.
    #[command(flatten)]
    usual: UsualFlags,
}

/// `htbin passwd`.
#[derive(Debug, Args)]
pub struct Passwd {
    /// The file, one user a line, as htpasswd writes it
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: PathBuf,
    /// The name of the user
    #[arg(value_name = "USER")]
    pub user: String,
    /// Make the file
    ///
    /// Only its owner and its group can read it then. One that is there stays as it is.
    #[arg(short, long, conflicts_with = "delete")]
    pub create: bool,
    /// Take the password from the first line of standard input
    #[arg(long, conflicts_with = "delete")]
    pub stdin: bool,
    /// Take the user out of the file
    #[arg(long)]
    pub delete: bool,
    /// The usual two.
    #[command(flatten)]
    usual: UsualFlags,
}

/// `htbin sandbox`.
#[derive(Debug, Args)]
pub(super) struct SandboxWords {
    #[command(subcommand)]
    pub(super) word: SandboxWord,
}

/// What is asked of a sandbox.
#[derive(Debug, Subcommand)]
pub(super) enum SandboxWord {
    /// Say what the scripts at an address may do
    Explain(Box<Explain>),
}

/// `htbin sandbox explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// An address, as www.example.org/git or /cgi-bin
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// The configuration file [htbin.toml]
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath, default_value = "htbin.toml")]
    #[arg(hide_default_value = true)]
    pub file: PathBuf,
    /// The usual two.
    #[command(flatten)]
    usual: UsualFlags,
}

/// `htbin import`.
#[derive(Debug, Args)]
pub struct Import {
    /// Whose configuration it is: apache, lighttpd, nginx
    #[arg(value_name = "SERVER", value_enum, hide_possible_values = true)]
    pub server: Kind,
    /// Its main file; those that it includes are read too
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: PathBuf,
    /// Fail if something could not be translated
    #[arg(long)]
    pub strict: bool,
    /// The usual two.
    #[command(flatten)]
    usual: UsualFlags,
}

/// `htbin man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Which page: htbin or htbin.toml [htbin]
    #[arg(
        value_name = "PAGE",
        value_enum,
        default_value = "htbin",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub page: Page,
    /// The usual two.
    #[command(flatten)]
    usual: UsualFlags,
}

/// A manual page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Page {
    /// The command.
    Htbin,
    /// The configuration file.
    #[value(name = "htbin.toml")]
    File,
}

/// The variables that a server started here would obey, and lint therefore does.
pub(super) const LINT_VARIABLES: [&str; 3] = ["HTBIN_USER", "HTBIN_CGI_DIR", "HTBIN_INTERPRETER"];
