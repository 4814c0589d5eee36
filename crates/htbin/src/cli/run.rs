//! `htbin run` and `htbin replay`: what is typed behind them. The flags that say how a script runs are the server's own.

#![allow(rustdoc::broken_intra_doc_links, reason = "clap prints these texts: [nobody] is a default, not a link")]

use std::{ffi::OsString, path::PathBuf};

use clap::{
    ArgAction, Args, Parser,
    error::{Error, ErrorKind},
};

use super::{
    Flags, LimitFlags, Line, ScriptFlags, WarmFlags,
    environment::{self, Variable},
    flags::UsualFlags,
};

/// What `htbin run` is to do.
#[derive(Debug, Clone, Args)]
pub struct RunFlags {
    /// The script to run
    #[arg(value_name = "SCRIPT", value_hint = clap::ValueHint::FilePath)]
    pub script: PathBuf,
    /// What follows it in the URL, as '/path/info?query'
    #[arg(value_name = "/PATH?QUERY")]
    pub rest: Option<String>,
    /// The request.
    #[command(flatten)]
    pub request: RequestFlags,
    /// How it runs.
    #[command(flatten)]
    pub how: HowFlags,
}

/// What `htbin replay` is to do.
#[derive(Debug, Clone, Args)]
pub struct ReplayFlags {
    /// What `htbin --record DIR` has written
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub recording: PathBuf,
    /// As root: run as this user [nobody]
    #[arg(long, value_name = "NAME[:GROUP]")]
    pub user: Option<String>,
    /// How it runs.
    #[command(flatten)]
    pub how: HowFlags,
}

/// The request that the script gets.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "The request")]
pub struct RequestFlags {
    /// The method [GET, or POST with --data]
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub method: Option<String>,
    /// The body: a text, @FILE, or @- for standard input
    ///
    /// Of the type of a form, unless `-H 'Content-Type: …'` says otherwise.
    #[arg(short, long, value_name = "TEXT | @FILE")]
    pub data: Option<OsString>,
    /// A field of the request
    ///
    /// May be repeated. Host, User-Agent and Accept have a value that this replaces.
    #[arg(short = 'H', long, value_name = "'K: V'")]
    pub header: Vec<String>,
    /// Print what the script writes, untouched
    ///
    /// Otherwise the answer is printed that a client would get: its head, an empty line, its body.
    #[arg(long)]
    pub raw: bool,
    /// As root: run as this user [nobody]
    #[arg(long, value_name = "NAME[:GROUP]")]
    pub user: Option<String>,
    /// Follow a symbolic link that leaves the directory
    #[arg(long)]
    pub follow_symlinks: bool,
}

/// How a script runs that is run alone.
#[derive(Debug, Clone, Args)]
pub struct HowFlags {
    /// What runs, and how.
    #[command(flatten)]
    pub scripts: ScriptFlags,
    /// Interpreters that are kept warm.
    #[command(flatten)]
    pub warm: WarmFlags,
    /// What it may use.
    #[command(flatten)]
    pub limits: LimitFlags,
    /// What it says.
    #[command(flatten)]
    pub output: SaidFlags,
}

/// What it says.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What it says")]
pub struct SaidFlags {
    /// Say what is decided; -vv each step
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// The usual two.
    #[command(flatten)]
    usual: UsualFlags,
}

impl RunFlags {
    /// The flags of a server that would run the script so.
    pub fn of_server(&self) -> Flags {
        let mut flags = Line::parse_from(["htbin"]).flags;
        flags.listen.user.clone_from(&self.request.user);
        flags.site.follow_symlinks = self.request.follow_symlinks;
        let HowFlags { scripts, warm, limits, output } = self.how.clone();
        flags.output.verbose = output.verbose;
        Flags { scripts, warm, limits, ..flags }
    }
}

/// The variables for what was not typed, and that say how a script runs.
pub(super) fn variables(
    name: &str,
    matches: &clap::ArgMatches,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<Variable> {
    let command = super::command();
    let Some(run) = command.find_subcommand(name) else { return Vec::new() };
    let is_given = |id: &str| {
        OF_THE_REQUEST.contains(&id)
            || OF_THE_SITE.contains(&id)
            || matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
    };
    environment::variables(run, is_given, environment)
}

/// Where scripts lie follows from the script.
pub(super) fn check(name: &str, how: &HowFlags, rest: Option<&str>) -> Result<(), Error> {
    let scripts = &how.scripts;
    if scripts.no_cgi || !scripts.cgi.is_empty() || !scripts.cgi_dir.is_empty() {
        let which =
            if name == "replay" { "the recording names the script" } else { "htbin run takes the script itself" };
        return Err(wrong(name, format!("--cgi, --no-cgi and --cgi-dir are for a server: {which}")));
    }
    match rest {
        Some(rest) if !rest.starts_with(['/', '?']) => Err(wrong(
            name,
            format!("'{rest}' does not follow a script in a URL: write '/{rest}' for a path, '?{rest}' for a query"),
        )),
        _ => Ok(()),
    }
}

fn wrong(name: &str, message: impl std::fmt::Display) -> Error {
    let mut command = super::command();
    command.build();
    match command.find_subcommand_mut(name) {
        Some(run) => run.error(ErrorKind::ValueValidation, message),
        None => command.error(ErrorKind::ValueValidation, message),
    }
}

/// Hides what a script's own run has no use for.
pub(super) fn hide(command: clap::Command) -> clap::Command {
    command.mut_args(|argument| {
        let is_hidden = OF_THE_SITE.contains(&argument.get_id().as_str());
        if is_hidden { argument.hide(true) } else { argument }
    })
}

/// A response's field of the server's is no request's of ours.
const OF_THE_REQUEST: [&str; 6] = ["method", "data", "header", "raw", "verbose", "follow_symlinks"];
const OF_THE_SITE: [&str; 7] = ["cgi", "no_cgi", "cgi_dir", "debug", "no_debug", "max_scripts", "queue"];
