//! Every flag, in groups, in the order of `--help`. What stands in [brackets] is the default; where clap does not hold
//! it, `config` works it out.

#![allow(rustdoc::broken_intra_doc_links, reason = "clap prints these texts: [60s] is a default, not a link")]

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{ArgAction, Args};

use super::value;

/// All flags. [`super::parse`] makes them.
#[derive(Debug, Clone, Args)]
pub struct Flags {
    /// A number is the port, anything else the directory to serve
    ///
    /// In any order. A directory whose name is a number or a command is `./8000`, `./demo`.
    #[arg(value_name = "PORT | DIR", num_args = 0..=2)]
    pub(super) places: Vec<OsString>,
    /// Do what this file says [no file]
    ///
    /// A configuration file in TOML; `htbin man htbin.toml` has its keys. With it only `-v` and `-q` may be typed, as all
    /// else stands in the file.
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Where it listens.
    #[command(flatten)]
    pub listen: ListenFlags,
    /// TLS.
    #[command(flatten)]
    pub tls: TlsFlags,
    /// What it serves.
    #[command(flatten)]
    pub site: SiteFlags,
    /// What runs, and how.
    #[command(flatten)]
    pub scripts: ScriptFlags,
    /// Interpreters that are kept warm.
    #[command(flatten)]
    pub warm: WarmFlags,
    /// What a script may use.
    #[command(flatten)]
    pub limits: LimitFlags,
    /// What a client may use.
    #[command(flatten)]
    pub clients: ClientFlags,
    /// What it says.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// Where it listens.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where it listens")]
pub struct ListenFlags {
    /// The port [8000, or the next free one]
    ///
    /// Without this, 8000, or if that is taken the next free one of 20. 0 is any free one. A UNIX socket has none.
    #[arg(long, value_name = "N", value_parser = value::port)]
    pub port: Option<u16>,
    /// An address or a UNIX socket [127.0.0.1 and ::1]
    ///
    /// `::` is every address of this machine, IPv4 too. A value with a slash is the path of a UNIX socket, which only
    /// the user who serves may open (as root: nobody, or `--user`). Scripts run: so without this, only this machine can
    /// connect. May be repeated.
    #[arg(short, long, value_name = "ADDR", value_delimiter = ',')]
    pub bind: Vec<String>,
    /// For Python's sake: HTTP/1.0 or HTTP/1.1; a number is the port
    ///
    /// htbin speaks HTTP/1.1, and HTTP/1.0 to clients that do.
    #[arg(short, long, value_name = "VERSION", hide_short_help = true)]
    pub(super) protocol: Option<String>,
    /// As root: serve as this user [nobody]
    ///
    /// Once it listens, the server and its scripts become this user, with this user's other groups. Names or numbers.
    #[arg(long, value_name = "NAME[:GROUP]")]
    pub user: Option<String>,
    /// Open the browser once it listens
    #[arg(short, long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "/")]
    pub open: Option<String>,
    /// Show the address as a QR code, for a phone
    ///
    /// Where others can connect: with `--bind`. Of all addresses the first that they can use.
    #[arg(long, hide_short_help = true)]
    pub qr: bool,
}

/// TLS.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where it listens")]
pub struct TlsFlags {
    /// Speak TLS with this certificate (PEM)
    ///
    /// With those between it and one that clients know, and with the key if --tls-key is not given. A file that changes is
    /// read again within a second, if the user who serves may read it. HTTP/2 comes with it.
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub tls_cert: Option<PathBuf>,
    /// The key of the certificate [in its file]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, hide_short_help = true)]
    pub tls_key: Option<PathBuf>,
    /// The file with the password of the key
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, hide_short_help = true)]
    pub tls_password_file: Option<PathBuf>,
    /// Speak TLS with a certificate made now, for development
    ///
    /// Nobody has signed it: browsers warn of it, and curl wants -k.
    #[arg(long)]
    pub tls_self_signed: bool,
}

/// What it serves.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What it serves")]
pub struct SiteFlags {
    /// The directory to serve [.]
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub directory: Option<PathBuf>,
    /// The names that answer for a directory [index.html,index.cgi,index.py,index.pl]
    ///
    /// An executable one in a script directory runs. An empty value: none.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', hide_short_help = true)]
    #[arg(default_value = "index.html,index.cgi,index.py,index.pl", hide_default_value = true)]
    pub index: Vec<String>,
    /// Never list a directory
    #[arg(long, hide_short_help = true)]
    pub no_listing: bool,
    /// Serve names that start with a dot, too
    #[arg(long, hide_short_help = true)]
    pub hidden: bool,
    /// Follow symbolic links that leave the directory
    #[arg(long, hide_short_help = true)]
    pub follow_symlinks: bool,
    /// Answer with FILE what is not found [index.html]
    ///
    /// For applications that run in the browser. FILE lies in the site, as in `--spa=app/index.html`. A path with an
    /// extension is still not found.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "index.html")]
    pub spa: Option<String>,
    /// A field for every response
    ///
    /// As in `-H 'X-Robots-Tag: none'`. May be repeated.
    #[arg(short = 'H', long, value_name = "'K: V'", hide_short_help = true)]
    pub header: Vec<String>,
    /// Let pages from elsewhere read responses [*]
    #[arg(long, value_name = "ORIGIN", num_args = 0..=1, require_equals = true, default_missing_value = "*")]
    #[arg(hide_short_help = true)]
    pub cors: Option<String>,
    /// Reload pages in the browser when a file changes
    ///
    /// For a browser on this machine (with `--debug`, for all). A script that has changed is looked at, and what would
    /// keep it from running is told. A small script goes into pages for it, unless their Content-Security-Policy forbids
    /// that.
    #[arg(long)]
    pub live: bool,
}

/// What runs, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What runs")]
pub struct ScriptFlags {
    /// Run scripts [on]; or one program below a URL
    ///
    /// With a value, as in `--cgi /git=/usr/lib/git-core/git-http-backend`, everything below that URL is answered by
    /// that program, and the rest of the path is its PATH_INFO. A value is one only if it starts with a slash and has
    /// an equals sign: `--cgi 8000` means what it means to Python. May be repeated.
    #[arg(long, value_name = "URL=PROG", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "")]
    pub cgi: Vec<String>,
    /// Run nothing, and send no script's source
    ///
    /// Not together with `--cgi`.
    #[arg(long)]
    pub no_cgi: bool,
    /// Where scripts lie [/cgi-bin and /htbin]
    ///
    /// `.` or `/`: executable files run wherever they lie. `=DIR`: scripts that lie outside the directory served. What is
    /// named here takes the place of the default. May be repeated.
    #[arg(long, value_name = "URL[=DIR]", value_delimiter = ',')]
    pub cgi_dir: Vec<OsString>,
    /// Run files that end so with this program
    ///
    /// As in `--interpreter .py=python3`: with or without the execute bit, whatever their first line says. May be repeated.
    #[arg(long, value_name = ".EXT=PROG")]
    pub interpreter: Vec<OsString>,
    /// Add to the environment of scripts
    ///
    /// May be repeated.
    #[arg(long, value_name = "K=V", hide_short_help = true)]
    pub env: Vec<OsString>,
    /// Pass on one of htbin's own variables
    ///
    /// PATH, LANG, LC_* and TZ are passed on anyway, and nothing else is. May be repeated.
    #[arg(long, value_name = "K", value_delimiter = ',', hide_short_help = true)]
    pub pass_env: Vec<OsString>,
    /// A form's body is also the first argument
    #[arg(long, hide_short_help = true)]
    pub post_argv: bool,
    /// Let scripts see the field Authorization
    #[arg(long, hide_short_help = true)]
    pub pass_auth: bool,
    /// Let scripts gain privileges, as sudo and other set-user-ID programs do
    #[arg(long, hide_short_help = true)]
    pub new_privileges: bool,
    /// Show everybody why a script failed
    ///
    /// Otherwise only a client on this machine sees it that came straight, not through a proxy.
    #[arg(long, overrides_with = "no_debug")]
    pub debug: bool,
    /// Show nobody why a script failed, nor the status page
    ///
    /// The page is at /.htbin/, for clients on this machine; with --debug too.
    #[arg(long, overrides_with = "debug", hide_short_help = true)]
    pub no_debug: bool,
}

/// Interpreters that are kept warm.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Warm interpreters")]
pub struct WarmFlags {
    /// Keep Python and Perl loaded; each script gets a fresh copy
    ///
    /// A script whose first line names python3 or perl then starts many times faster, in a process of its own as ever.
    /// What does not qualify starts ordinarily.
    #[arg(long, overrides_with = "no_warm")]
    pub warm: bool,
    /// Start every script ordinarily
    #[arg(long, overrides_with = "warm", hide_short_help = true)]
    pub no_warm: bool,
    /// Processes forked ahead, for each interpreter in use [2]
    #[arg(long, value_name = "N", value_parser = value::count, default_value = "2", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub warm_spare: u64,
    /// Modules to load ahead: stdlib, auto, names [stdlib]
    ///
    /// `stdlib`: what scripts import of the standard library. `auto`: what they import, wherever it is installed. Other
    /// names are modules that are loaded at the start, as in `--preload flask,DBI`.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', default_value = "stdlib", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub preload: Vec<String>,
    /// How long a script waits for its interpreter to start [it does not: it starts ordinarily]
    #[arg(long, value_name = "TIME", value_parser = value::duration, hide_short_help = true)]
    pub warm_wait: Option<Duration>,
    /// Interpreters kept at once [8]
    #[arg(long, value_name = "N", value_parser = value::count, default_value = "8", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub warm_max: u64,
    /// One that was not used for so long goes [10m]
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "10m", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub warm_idle: Duration,
    /// One that holds more memory starts anew [256m]
    #[arg(long, value_name = "SIZE", value_parser = value::size, default_value = "256m", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub warm_memory: u64,
}

/// What a script may use.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits of scripts")]
pub struct LimitFlags {
    /// Until its head is complete; then 504 [60s]
    ///
    /// Times look like 60s, 5m, 500ms, 1h; a bare number is seconds. Sizes look like 64k, 10m, 1g; a bare number is bytes.
    /// `none` is no limit.
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "60s", hide_default_value = true)]
    pub timeout: Duration,
    /// Without output; then it is ended [60s]
    ///
    /// The connection is cut, so that nobody takes a part of the response for the whole.
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "60s", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub idle_timeout: Duration,
    /// How many run at once [64 a core, 32 a GiB]
    ///
    /// The default is never more than one per 32 MiB of memory and one per 30 descriptors that this process may have.
    #[arg(long, value_name = "N", value_parser = value::count, hide_short_help = true)]
    pub max_scripts: Option<u64>,
    /// How many requests may wait for a script to end; beyond that 503 [512]
    #[arg(long, value_name = "N", value_parser = value::count, default_value = "512", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub queue: u64,
    /// How long they may wait; then 503 [30s]
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "30s", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub queue_time: Duration,
    /// A request's body; beyond that 413 [1g]
    #[arg(long, value_name = "SIZE", value_parser = value::size, default_value = "1g", hide_default_value = true)]
    pub max_body: u64,
    /// The head of a request, and the head of a script's output [64k]
    #[arg(long, value_name = "SIZE", value_parser = value::size, default_value = "64k", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub max_head: u64,
    /// The output of a script [none]
    #[arg(long, value_name = "SIZE", value_parser = value::size, default_value = "none", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub max_output: u64,
    /// Memory of a script [none]
    ///
    /// Its address space, as `ulimit -v` has it; at least 1m. sh wants 3m and Python 16m.
    #[arg(long, value_name = "SIZE", value_parser = value::size, default_value = "none", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub memory: u64,
    /// Processor time of a script [none]
    #[arg(long, value_name = "TIME", value_parser = value::whole_seconds, default_value = "none")]
    #[arg(hide_default_value = true, hide_short_help = true)]
    pub cpu: u64,
    /// Processes of the user who runs scripts [none]
    #[arg(long, value_name = "N", value_parser = value::count, default_value = "none", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub nproc: u64,
}

/// What a client may use.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits of clients")]
pub struct ClientFlags {
    /// Threads that serve clients [half the cores: scripts need the others]
    #[arg(long, value_name = "N", value_parser = value::count, hide_short_help = true)]
    pub threads: Option<u64>,
    /// Open connections [10000, at most 80 % of the descriptors]
    #[arg(long, value_name = "N", value_parser = value::count, hide_short_help = true)]
    pub max_connections: Option<u64>,
    /// The fields of a request head [100]
    #[arg(long, value_name = "N", value_parser = value::count, default_value = "100", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub max_fields: u64,
    /// For a whole request head [20s]
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "20s", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub head_time: Duration,
    /// Without a byte of a request's body [30s]
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "30s", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub body_idle: Duration,
    /// Without the client taking a byte of the response [60s]
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "60s", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub send_idle: Duration,
    /// Between two requests of a connection [75s]
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "75s", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub keep_alive: Duration,
    /// For what still runs when htbin is asked to stop [30s]
    ///
    /// Then clients that have nothing yet get 503, and other connections are cut. A second signal does the same at once.
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "30s", hide_default_value = true)]
    #[arg(hide_short_help = true)]
    pub stop_time: Duration,
}

/// What it says.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What it says")]
pub struct OutputFlags {
    /// Of the access log: common, combined, json [common]
    ///
    /// The access log is on stdout, everything else on stderr. `common` and `combined` are Apache's; `json` is one object
    /// a line, with the id of the exchange, the script, how it was started, and the reason of a refusal.
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "common", hide_default_value = true)]
    #[arg(hide_possible_values = true)]
    #[arg(hide_short_help = true)]
    pub log_format: LogFormat,
    /// Keep exchanges whose script fails, as files in DIR
    ///
    /// Request, body (1 MiB), output, stderr and what was wrong, one JSON file each, the last 1,000, for `htbin replay`.
    /// What looks like a secret in fields, queries and forms is hidden; other bodies are kept as they came, so DIR is
    /// for the user who serves alone.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, hide_short_help = true)]
    pub record: Option<PathBuf>,
    /// Say what is decided; -vv each step
    #[arg(short, long, action = ArgAction::Count, overrides_with = "quiet")]
    pub verbose: u8,
    /// Say only what goes wrong
    ///
    /// No banner and no access log; what scripts write to stderr still is on stderr.
    #[arg(short, long, overrides_with = "verbose")]
    pub quiet: bool,
    /// The usual two.
    #[command(flatten)]
    pub(super) usual: UsualFlags,
}

/// The flags that every command has. They are read by clap itself.
#[derive(Debug, Clone, Args)]
pub(super) struct UsualFlags {
    /// This list; --help says more
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,
    /// The version
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// How a line of the access log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// As Apache's common
    Common,
    /// With Referer and User-Agent, as Apache's combined
    Combined,
    /// One object a line
    Json,
}
