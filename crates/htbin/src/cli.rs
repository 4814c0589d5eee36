//! What a person types: `htbin [OPTIONS] [PORT] [DIR]` and its commands.
//! The flags stand in `cli/flags.rs`. Nothing here looks at the machine; that is `config`'s.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{Error, ErrorKind},
};
pub use clap_complete::Shell;
pub use commands::{Check, Explain, Import, Language, Lint, Man, New, Page, Passwd, Reload};
use commands::{LINT_VARIABLES, LintWords, SandboxWord, SandboxWords};
use environment::Variable;
use flags::UsualFlags;
pub use flags::{
    ClientFlags, Flags, LimitFlags, ListenFlags, LogFormat, OutputFlags, ScriptFlags, SiteFlags, TlsFlags, WarmFlags,
};
pub use generate::{completions, man};
pub use run::{ReplayFlags, RequestFlags, RunFlags};

mod commands;
mod environment;
mod flags;
mod generate;
mod run;
#[cfg(test)]
mod tests;
pub mod value;

/// What is to be done.
#[derive(Debug)]
pub enum Invocation {
    /// Serve a directory.
    Serve(Box<Flags>),
    /// Serve the demo site; no directory is given.
    Demo(Box<Flags>),
    /// Look at scripts.
    Lint(Box<Lint>),
    /// Write a first script.
    New(Box<New>),
    /// Change a user in a file of passwords.
    Passwd(Box<Passwd>),
    /// Run one script, without a server.
    Run(Box<RunFlags>),
    /// Run a recorded request again.
    Replay(Box<ReplayFlags>),
    /// Say what a configuration file would do.
    Check(Box<Check>),
    /// Have a server take its configuration file anew.
    Reload(Box<Reload>),
    /// Say what the scripts at an address may do.
    Explain(Box<Explain>),
    /// Translate the configuration of another server.
    Import(Box<Import>),
    /// Print a manual page.
    Man(Page),
    /// Print what completes htbin's command line in this shell.
    Completions(Shell),
}

/// Reads the command line (the first word is the program's name) and, for what it leaves open, the `HTBIN_*` variables
/// of `environment`. `--help` and `--version` are errors too: `Error::exit` does the right thing with all of them.
pub fn parse(
    words: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Invocation, Error> {
    let mut words = join_mounts(words);
    if words.is_empty() {
        words.push("htbin".into());
    }
    let matches = command().try_get_matches_from(&words)?;
    let mut typed = Line::from_arg_matches(&matches)?;
    let own = |word: &mut Word| !matches!(word, Word::Demo(_));
    if let Some(word) = typed.word.take_if(own) {
        return match matches.subcommand() {
            Some((name @ ("run" | "replay"), matches)) => {
                let variables = run::variables(name, matches, environment);
                other(settle_alone(word, name, &words, &variables)?, std::iter::empty())
            }
            _ => other(word, environment),
        };
    }
    let (given, is_demo) = match (&typed.word, matches.subcommand()) {
        (Some(Word::Demo(_)), Some((_, matches))) => (matches, true),
        _ => (&matches, false),
    };
    let flags = settle(typed, is_demo)?;
    check_alone(given, &flags)?;
    let variables = environment::variables(&command(), |id| is_given(given, &flags, is_demo, id), environment);
    let flags = if variables.is_empty() { flags } else { read_with(&words, &variables, is_demo)? };
    let is_beside = |variable: &&Variable| !BESIDE_CONFIG.iter().any(|id| variable.name == environment::variable(id));
    if let (Some(file), Some(variable)) = (&flags.config, variables.iter().find(is_beside)) {
        let (name, file) = (&variable.name, file.display());
        return Err(usage(format!("{name} in the environment beside the configuration file {file}: say it there")));
    }
    Ok(if is_demo { Invocation::Demo(Box::new(flags)) } else { Invocation::Serve(Box::new(flags)) })
}

/// A configuration file says all there is to say: a flag beside it would be looked for there in vain.
fn check_alone(given: &ArgMatches, flags: &Flags) -> Result<(), Error> {
    let Some(file) = &flags.config else { return Ok(()) };
    let is_typed = |id: &&clap::Id| {
        given.value_source(id.as_str()) == Some(clap::parser::ValueSource::CommandLine)
            && !BESIDE_CONFIG.contains(&id.as_str())
    };
    // Groups of flags have ids of their own, which no flag has.
    let command = command();
    let Some(flag) = command.get_arguments().map(clap::Arg::get_id).find(is_typed) else { return Ok(()) };
    let flag = flag.as_str().replace('_', "-");
    let flag = if flag == "places" { "a port or a directory".to_owned() } else { format!("--{flag}") };
    Err(usage(format!("{flag} beside the configuration file {}: say it there", file.display())))
}

/// What may be said beside a configuration file.
const BESIDE_CONFIG: [&str; 3] = ["config", "verbose", "quiet"];

/// What serves nothing.
fn other(word: Word, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Invocation, Error> {
    Ok(match word {
        Word::Demo(flags) => Invocation::Demo(flags),
        Word::Run(flags) => Invocation::Run(flags),
        Word::Replay(flags) => Invocation::Replay(flags),
        Word::Man(man) => Invocation::Man(man.page),
        Word::Reload(reload) => Invocation::Reload(reload),
        Word::Sandbox(words) => {
            let SandboxWord::Explain(explain) = words.word;
            Invocation::Explain(explain)
        }
        Word::Check(check) => Invocation::Check(check),
        Word::Import(import) => Invocation::Import(import),
        Word::Completions { shell, .. } => Invocation::Completions(shell),
        Word::New(new) => Invocation::New(new),
        Word::Passwd(passwd) => Invocation::Passwd(passwd),
        Word::Lint(words) => {
            let environment: Vec<_> =
                environment.into_iter().filter(|(name, _)| LINT_VARIABLES.iter().any(|known| name == known)).collect();
            let flags = match parse(words.as_server(), environment)? {
                Invocation::Serve(flags) => *flags,
                _ => unreachable!("there is no command among these words"),
            };
            let LintWords { paths, fix, json, .. } = *words;
            Invocation::Lint(Box::new(Lint { paths, fix, json, flags }))
        }
    })
}

/// The variables of `environment` that look like htbin's and are none, a sentence each: most often a typing error.
pub fn unknown_variables(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<String> {
    environment::unknown(&command(), environment)
}

/// The whole command line as clap knows it.
pub fn command() -> clap::Command {
    Line::command().mut_subcommand("run", run::hide).mut_subcommand("replay", run::hide)
}

/// Serve the files of a directory, and run its CGI scripts.
#[derive(Debug, Parser)]
#[command(
    name = "htbin",
    version,
    max_term_width = 110,
    args_conflicts_with_subcommands = true,
    args_override_self = true,
    disable_help_subcommand = true,
    // The two stand with the flags, under a heading; `UsualFlags` has them.
    disable_help_flag = true,
    disable_version_flag = true,
    propagate_version = true,
    help_template = HELP_TEMPLATE,
    override_usage = "htbin [OPTIONS] [PORT] [DIR]\n       htbin COMMAND --help",
    after_help = AFTER_HELP,
    after_long_help = AFTER_LONG_HELP,
)]
struct Line {
    #[command(subcommand)]
    word: Option<Word>,
    #[command(flatten)]
    flags: Flags,
}

/// The commands. A directory of such a name is served by `htbin ./demo`.
#[derive(Debug, Subcommand)]
enum Word {
    /// Serve a site that shows what htbin can do
    #[command(args_override_self = true, override_usage = "htbin demo [OPTIONS] [PORT]")]
    Demo(Box<Flags>),
    /// Say what is wrong with scripts, before anybody asks for one
    ///
    /// Exit status: 0 nothing was found, 1 something was, 2 wrong usage.
    #[command(override_usage = "htbin lint [OPTIONS] [PATH]...")]
    Lint(Box<LintWords>),
    /// Write a first script, with comments that teach
    #[command(override_usage = "htbin new NAME [--lang LANGUAGE]")]
    New(Box<New>),
    /// Change a user's password in a file for auth
    ///
    /// Asks for the password twice. Nobody else's line is touched.
    #[command(override_usage = "htbin passwd [OPTIONS] FILE USER")]
    Passwd(Box<Passwd>),
    /// Run one script as the server would, and print its answer
    #[command(args_override_self = true, override_usage = "htbin run [OPTIONS] SCRIPT ['/PATH/INFO?QUERY']")]
    #[command(after_help = AFTER_RUN_HELP)]
    Run(Box<RunFlags>),
    /// Run a request again that --record has kept
    #[command(args_override_self = true, override_usage = "htbin replay [OPTIONS] FILE")]
    Replay(Box<ReplayFlags>),
    /// Say what a configuration file would do, or what is wrong with it
    ///
    /// Exit status: 0 all is right, 78 something is wrong.
    #[command(override_usage = "htbin check [FILE]")]
    Check(Box<Check>),
    /// Print the configuration of another server as one of htbin's
    ///
    /// What it cannot translate stands as comments at the end, each with its line. Exit status: 0 translated, 1 with
    /// --strict: something is left, or a file cannot be read.
    #[command(override_usage = "htbin import [--strict] apache|lighttpd|nginx FILE")]
    Import(Box<Import>),
    /// Have the server take a configuration file anew
    ///
    /// The file is looked at first, and a wrong one is not handed on. The server is found by the key `pid-file`.
    #[command(override_usage = "htbin reload [FILE]")]
    Reload(Box<Reload>),
    /// Say what scripts may do: htbin sandbox explain /cgi-bin
    #[command(override_usage = "htbin sandbox explain ADDRESS [FILE]")]
    Sandbox(SandboxWords),
    /// Print a manual page: htbin man | man -l -
    Man(Man),
    /// Print completions for a shell: bash, zsh, fish, elvish, powershell
    Completions {
        /// Which shell
        #[arg(hide_possible_values = true)]
        shell: Shell,
        /// The usual two.
        #[command(flatten)]
        usual: UsualFlags,
    },
}

/// Makes `--cgi /git=PROGRAM` one word, `--cgi=/git=PROGRAM`. Clap alone cannot tell it from `--cgi 8000` and
/// `--cgi /srv/www`, which people know from Python: there, --cgi takes no value.
fn join_mounts(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut options_ended = false;
    for word in words {
        let is_mount = word.as_encoded_bytes().starts_with(b"/") && word.as_encoded_bytes().contains(&b'=');
        match joined.last_mut() {
            Some(last) if !options_ended && is_mount && last == "--cgi" => {
                last.push("=");
                last.push(word);
            }
            _ => {
                options_ended |= word == "--";
                joined.push(word);
            }
        }
    }
    joined
}

/// Was this flag typed, also by one of its other spellings? The demo has its directory.
fn is_given(matches: &ArgMatches, flags: &Flags, is_demo: bool, id: &str) -> bool {
    match id {
        "port" => flags.listen.port.is_some(),
        "directory" => is_demo || flags.site.directory.is_some(),
        // Each of the two overrides the other's variable as it does its own.
        "cgi" | "no_cgi" => flags.scripts.no_cgi || !flags.scripts.cgi.is_empty(),
        _ => matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine),
    }
}

/// Reads everything again with the words from the environment before those that were typed, so that the latter win.
fn read_with(typed: &[OsString], variables: &[Variable], is_demo: bool) -> Result<Flags, Error> {
    let read = |variables: &[Variable], rest: &[OsString]| {
        let added = variables.iter().flat_map(|variable| variable.words.clone());
        let words = typed[..1].iter().cloned().chain(is_demo.then(|| "demo".into())).chain(added);
        let matches = command().try_get_matches_from(words.chain(rest.iter().cloned()))?;
        settle(Line::from_arg_matches(&matches)?, is_demo)
    };
    // The words alone were right, so an error is the environment's: that of the variable which is wrong by itself.
    read(variables, &typed[if is_demo { 2 } else { 1 }..]).map_err(|error| {
        let alone = |variable: &&Variable| read(std::slice::from_ref(*variable), &[]).is_err();
        let names = variables.iter().find(alone).map_or("HTBIN_*", |variable| variable.name.as_str());
        let text = error.to_string();
        let text = text.split("\n\n").next().unwrap_or_default();
        usage(format!("{names} in the environment: {}", text.strip_prefix("error: ").unwrap_or(text)))
    })
}

/// Reads `htbin run` or `htbin replay` again with what the environment says of how scripts run; what is typed wins.
fn settle_alone(typed: Word, name: &str, words: &[OsString], variables: &[Variable]) -> Result<Word, Error> {
    match &typed {
        Word::Run(flags) => run::check(name, &flags.how, flags.rest.as_deref())?,
        Word::Replay(flags) => run::check(name, &flags.how, None)?,
        _ => {}
    }
    if variables.is_empty() {
        return Ok(typed);
    }
    let added = variables.iter().flat_map(|variable| variable.words.clone());
    let words = words[..2].iter().cloned().chain(added).chain(words[2..].iter().cloned());
    let matches = command().try_get_matches_from(words).map_err(|error| {
        let text = error.to_string();
        let text = text.split("\n\n").next().unwrap_or_default();
        usage(format!("HTBIN_* in the environment: {}", text.strip_prefix("error: ").unwrap_or(text)))
    })?;
    Ok(Line::from_arg_matches(&matches)?.word.unwrap_or(typed))
}

/// Gives each of the words without a flag its meaning: a number is the port, anything else the directory.
fn settle(line: Line, is_demo: bool) -> Result<Flags, Error> {
    let mut flags = match line.word {
        Some(Word::Demo(flags)) => *flags,
        _ => line.flags,
    };
    let mut ports: Vec<u16> = flags.listen.port.into_iter().collect();
    match flags.listen.protocol.as_deref().map(value::protocol_or_port).transpose().map_err(usage)? {
        Some(value::ProtocolOrPort::Port(port)) => ports.push(port),
        Some(value::ProtocolOrPort::Protocol) | None => {}
    }
    let mut directories: Vec<PathBuf> = flags.site.directory.take().into_iter().collect();
    for place in std::mem::take(&mut flags.places) {
        match place.to_str().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())) {
            Some(number) => ports.push(value::port(number).map_err(usage)?),
            None => directories.push(place.into()),
        }
    }
    ports.dedup();
    directories.dedup();
    if let [first, second, ..] = ports[..] {
        return Err(usage(format!(
            "two ports, {first} and {second}: leave one out; to listen twice, start htbin twice"
        )));
    }
    if let [first, second, ..] = &directories[..] {
        let fix = "leave one out, or serve the directory above both";
        return Err(usage(format!("two directories, '{}' and '{}': {fix}", first.display(), second.display())));
    }
    if let (true, Some(directory)) = (is_demo, directories.first()) {
        let fix = "the demo brings its own site; to serve a directory leave out 'demo'";
        return Err(usage(format!("a directory, '{}', for the demo: {fix}", directory.display())));
    }
    if flags.scripts.no_cgi && !flags.scripts.cgi.is_empty() {
        // Not the last one wins: whoever says that nothing runs shall be able to rely on it.
        return Err(usage("--cgi and --no-cgi contradict each other: scripts are on or off; leave one out"));
    }
    flags.listen.port = ports.first().copied();
    flags.site.directory = directories.pop();
    Ok(flags)
}

fn usage(message: impl std::fmt::Display) -> Error {
    command().error(ErrorKind::ValueValidation, message)
}

const HELP_TEMPLATE: &str = "\
htbin {version}: {about}

{usage-heading} {usage}

{all-args}{after-help}
";

const AFTER_HELP: &str = "\
Try:  htbin                    this directory on http://127.0.0.1:8000
      htbin -b :: 9000 ~/site  for everybody on the network
Times look like 60s, 5m, 500ms; sizes like 64k, 10m, 1g; `none` is no limit.
--help has every option and examples; `htbin man` prints the manual.";

const AFTER_RUN_HELP: &str = "\
Examples:
  htbin run cgi-bin/hello.py '?name=Ada'
  htbin run cgi-bin/upload.py -d @photo.jpg -H 'Content-Type: image/jpeg'

The answer goes to standard output. What the script writes to standard error, and why it failed, go to standard error.

Exit status:
  0  answered                1  the script failed, or answered 5xx
  4  answered 4xx            2  wrong usage";

const AFTER_LONG_HELP: &str = "\
Examples:
  htbin
      Serve this directory on http://127.0.0.1:8000; what is executable in cgi-bin/ or htbin/ runs.
  htbin --live --open
      While you write it: pages reload when a file changes.
  htbin run cgi-bin/hello.py '?name=Ada'
      One script without a server: its answer here, or why there is none.
  htbin --cgi-dir . --post-argv 9000
      Executable files run wherever they lie; a form's body is also the script's first argument.
  htbin --interpreter .py=python3 --interpreter .php=php-cgi
      Run .py and .php files of the script directories, execute bit or not.
  htbin --cgi /git=/usr/lib/git-core/git-http-backend --env GIT_PROJECT_ROOT=/srv/git --env GIT_HTTP_EXPORT_ALL=1
      One program for everything below a URL.
  sudo htbin --user www-data -b :: 80 /srv/www
      Take port 80 as root, then serve as www-data.
  htbin -c /etc/htbin/htbin.toml
      Hosts, routes, users, TLS and all else by a file; `htbin check` looks at it first.
  htbin -b /run/htbin.sock --log-format json /srv/www
      Behind nginx, over a UNIX socket.

Environment:
  Each option that is not typed is read from HTBIN_ and its name: --max-scripts from HTBIN_MAX_SCRIPTS. A switch is on
  with 1 and off with 0. What may be repeated takes one value a line. What is typed overrides the variable of its
  opposite too. Of --debug and --no-debug, --warm and --no-warm, -q and -v the last one counts; --cgi with --no-cgi is
  wrong usage.

Exit status:
  0  stopped as asked        1  failed at run time
  2  wrong usage            78  a configuration file that is wrong
  `htbin run --help` has its own.";
