//! Every flag, in groups, in the order of `--help`. A value that has no default here has one that `config` works out.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::Args;

use super::value;

/// All flags. [`super::parse`] makes them.
#[derive(Debug, Clone, Args)]
pub struct Flags {
    /// A number is the port, anything else the directory to serve
    #[arg(value_name = "PORT | DIR", num_args = 0..=2)]
    pub(super) places: Vec<OsString>,
    /// Where it listens.
    #[command(flatten)]
    pub listen: ListenFlags,
    /// What it serves.
    #[command(flatten)]
    pub site: SiteFlags,
    /// What runs, and how.
    #[command(flatten)]
    pub scripts: ScriptFlags,
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
    /// Without this, 8000, or if that is taken the next free one of 20. 0 is any free one.
    #[arg(long, value_name = "N", value_parser = value::port)]
    pub port: Option<u16>,
    /// An address, or the path of a UNIX socket; may be repeated [127.0.0.1 and ::1]
    ///
    /// `::` is every address of this machine, IPv4 too. A value with a slash is the path of a UNIX socket, which only this user
    /// may open. Scripts run, so without this only this machine can connect.
    #[arg(short, long, value_name = "ADDR", value_delimiter = ',')]
    pub bind: Vec<String>,
    /// For Python's sake: HTTP/1.0, HTTP/1.1; a number is the port
    #[arg(short, long, value_name = "VERSION", hide_short_help = true)]
    pub(super) protocol: Option<String>,
    /// As root: become this user once it listens [nobody]
    ///
    /// The server and its scripts run as this user, with the user's other groups. Names or numbers.
    #[arg(long, value_name = "NAME[:GROUP]")]
    pub user: Option<String>,
    /// Open the browser once it listens
    #[arg(short, long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "/")]
    pub open: Option<String>,
}

/// What it serves.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What it serves")]
pub struct SiteFlags {
    /// The directory to serve [.]
    #[arg(short, long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// The names that answer for a directory
    ///
    /// An executable one in a script directory runs. An empty value: none.
    #[arg(
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        hide_short_help = true,
        default_value = "index.html,index.cgi,index.py,index.pl"
    )]
    pub index: Vec<String>,
    /// Never list a directory
    #[arg(long)]
    pub no_listing: bool,
    /// Serve names that start with a dot too
    #[arg(long)]
    pub hidden: bool,
    /// Follow symbolic links that leave the directory
    #[arg(long)]
    pub follow_symlinks: bool,
    /// Answer with FILE what is not found and has no extension [index.html]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "index.html")]
    pub spa: Option<String>,
    /// A field for every response; may be repeated
    #[arg(short = 'H', long, value_name = "'K: V'")]
    pub header: Vec<String>,
    /// Let pages from elsewhere read every response [*]
    #[arg(long, value_name = "ORIGIN", num_args = 0..=1, require_equals = true, default_missing_value = "*")]
    pub cors: Option<String>,
}

/// What runs, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What runs")]
pub struct ScriptFlags {
    /// Run scripts: on already; with a value, run one program for everything below a URL
    ///
    /// `--cgi /git=/usr/lib/git-core/git-http-backend`; what follows the URL is the program's PATH_INFO. May be repeated. A value is
    /// one only if it starts with a slash and has an equals sign, so that Python's `--cgi 8000` means what it did.
    #[arg(long, value_name = "URL=PROGRAM", num_args = 0..=1, require_equals = true, default_missing_value = "", overrides_with = "no_cgi")]
    pub cgi: Vec<String>,
    /// Run nothing; what lies in a script directory is still never sent as a file
    #[arg(long, overrides_with = "cgi")]
    pub no_cgi: bool,
    /// Where scripts lie; may be repeated [/cgi-bin, /htbin]
    ///
    /// `.` or `/`: executable files run wherever they lie. `=DIR`: the scripts lie outside the directory served.
    #[arg(long, value_name = "URL[=DIR]", value_delimiter = ',')]
    pub cgi_dir: Vec<OsString>,
    /// Run files that end so with this program, execute bit or not; may be repeated
    #[arg(long, value_name = ".EXT=PROGRAM")]
    pub interpreter: Vec<OsString>,
    /// Add to the environment of scripts; may be repeated
    #[arg(long, value_name = "K=V")]
    pub env: Vec<OsString>,
    /// Pass on a variable of htbin's own environment; may be repeated
    #[arg(long, value_name = "K", value_delimiter = ',')]
    pub pass_env: Vec<OsString>,
    /// A form's body is also the first argument
    #[arg(long)]
    pub post_argv: bool,
    /// Let scripts see the field Authorization
    #[arg(long, hide_short_help = true)]
    pub pass_auth: bool,
    /// Let scripts gain privileges, by sudo for example
    #[arg(long, hide_short_help = true)]
    pub new_privileges: bool,
    /// Show everybody why a script failed [only a client on this machine]
    #[arg(long, overrides_with = "no_debug")]
    pub debug: bool,
    /// Show nobody why a script failed
    #[arg(long, overrides_with = "debug", hide_short_help = true)]
    pub no_debug: bool,
}

/// What a script may use.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits of scripts (a time like 60s, 5m; a size like 64k, 1g; or none)")]
pub struct LimitFlags {
    /// Until a script's head is complete; then 504
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "60s")]
    pub timeout: Duration,
    /// Without output; then the connection is cut
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "60s")]
    pub idle_timeout: Duration,
    /// How many run at once [64 a core, at most one per 32 MiB of memory]
    #[arg(long, value_name = "N", value_parser = value::count)]
    pub max_scripts: Option<u64>,
    /// How many may wait; beyond that 503
    #[arg(long, value_name = "N", value_parser = value::count, default_value = "512", hide_short_help = true)]
    pub queue: u64,
    /// How long they may wait; then 503
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "30s", hide_short_help = true)]
    pub queue_time: Duration,
    /// The body of a request; beyond that 413
    #[arg(long, value_name = "SIZE", value_parser = value::size, default_value = "1g")]
    pub max_body: u64,
    /// The head of a request, and of a script's output
    #[arg(long, value_name = "SIZE", value_parser = value::size, default_value = "64k", hide_short_help = true)]
    pub max_head: u64,
    /// The output of a script
    #[arg(long, value_name = "SIZE", value_parser = value::size, default_value = "none", hide_short_help = true)]
    pub max_output: u64,
    /// The memory of a script (its address space)
    #[arg(long, value_name = "SIZE", value_parser = value::size, default_value = "none")]
    pub memory: u64,
    /// The processor time of a script
    #[arg(long, value_name = "TIME", value_parser = value::whole_seconds, default_value = "none")]
    pub cpu: u64,
    /// The processes of the user who runs scripts
    #[arg(long, value_name = "N", value_parser = value::count, default_value = "none")]
    pub nproc: u64,
}

/// What a client may use.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits of clients")]
pub struct ClientFlags {
    /// Open connections [10000, at most 80% of the descriptors]
    #[arg(long, value_name = "N", value_parser = value::count, hide_short_help = true)]
    pub max_connections: Option<u64>,
    /// For a whole request head
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "20s", hide_short_help = true)]
    pub head_time: Duration,
    /// Between two requests of a connection
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "75s", hide_short_help = true)]
    pub keep_alive: Duration,
    /// Without a byte of the request's body
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "30s", hide_short_help = true)]
    pub body_idle: Duration,
    /// Without the client taking a byte of the response
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "60s", hide_short_help = true)]
    pub send_idle: Duration,
    /// The fields of a request head
    #[arg(long, value_name = "N", value_parser = value::count, default_value = "100", hide_short_help = true)]
    pub max_fields: u64,
    /// For what still runs when htbin is asked to stop
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "30s", hide_short_help = true)]
    pub stop_time: Duration,
}

/// What it says.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What it says")]
pub struct OutputFlags {
    /// The access log, on stdout; all else is on stderr
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "common")]
    pub log_format: LogFormat,
    /// Say more
    #[arg(short, long, action = clap::ArgAction::Count, overrides_with = "quiet")]
    pub verbose: u8,
    /// Say only what went wrong: no banner, no access log
    #[arg(short, long, overrides_with = "verbose")]
    pub quiet: bool,
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
