//! Every key of the configuration file. The texts are those of its manual page and of its schema.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "the manual page prints these texts: [60s] is a default, not a link"
)]

mod tls;
mod users;

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::values::{Address, Count, Frequency, Hosts, Many, Reach, Size, Time, Words};
pub use tls::{Acme, Asked, Https, Proof, Tls, Version};
pub use users::{Auth, ForwardedFields, Users};

/// A place where rules are said.
pub trait Layer {
    /// Puts what is said here over what was said above.
    fn lay_over(&self, rules: &mut Rules);
}

/// Keys that may stand at the top, in a host and in a route. The nearest one counts, each for itself.
macro_rules! rules {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
            /// The directory that is served.
            pub directory: Option<PathBuf>,
            /// The names that answer for a directory. An executable one in a script directory runs.
            pub index: Option<Many<String>>,
            /// Directories without an index are listed [true].
            pub listing: Option<bool>,
            /// Names that start with a dot are served, too [false].
            pub hidden: Option<bool>,
            /// Symbolic links may leave the directory [false].
            pub follow_symlinks: Option<bool>,
            /// This file answers for what is not found and has no extension.
            pub spa: Option<String>,
            /// Scripts run [true]. With false nothing runs, and no script's source is sent.
            pub cgi: Option<bool>,
            /// Where scripts lie: `URL`, or `URL=DIR` for those that lie outside the directory served; `/`: executable files
            /// run wherever they lie [/cgi-bin and /htbin].
            pub cgi_dir: Option<Many<PathBuf>>,
            /// Under `cgi-dir = "/"` only what `interpreter` is for runs; executable files are files like others [false].
            pub interpreted_only: Option<bool>,
            /// What runs files by the end of their name, with or without the execute bit: `.py = "python3"`.
            pub interpreter: Option<BTreeMap<String, PathBuf>>,
            /// Variables for scripts, beside their meta-variables. Those of a host and of a route are added to those above.
            pub env: Option<BTreeMap<String, String>>,
            /// Variables of htbin's own that scripts get. PATH, LANG, LC_* and TZ are passed on anyway.
            pub pass_env: Option<Many<String>>,
            /// A form's body is also the first argument [false].
            pub post_argv: Option<bool>,
            /// Scripts see the field Authorization [false].
            pub pass_auth: Option<bool>,
            /// Scripts may gain privileges, as sudo and other set-user-ID programs do [false].
            pub new_privileges: Option<bool>,
            /// As root: scripts run as this user: `name`, `name:group`, or `owner`, whom each belongs to, by the rules of
            /// suexec. At the top it is the server's user too, once it listens [nobody].
            pub user: Option<String>,
            /// The rights that files of scripts do not get: `022` [htbin's own].
            pub umask: Option<String>,
            /// How much scripts step back for others, from -20 to 19 [htbin's own].
            pub nice: Option<i32>,
            /// The directory of a cgroup (version 2) that scripts start in; it has to be delegated to who starts them.
            pub cgroup: Option<PathBuf>,
            /// How far scripts are kept from what is not their own: `off`, `standard`, where programs that people run notice
            /// nothing, or `strict`, where a script has what is named and nothing else [off].
            pub sandbox: Option<Sandbox>,
            /// With a sandbox: files and directories that scripts may read and execute, besides their own directory.
            pub read: Option<Many<PathBuf>>,
            /// With a sandbox: files and directories that scripts may change.
            pub write: Option<Many<PathBuf>>,
            /// With a sandbox: what scripts may connect to: `none`, `all`, or ports [under standard all, under strict none].
            pub network: Option<Reach>,
            /// The trace that a script belongs to (HTTP_TRACEPARENT): `continue` the client's if it has one, or always a
            /// `new` one. Without this key scripts get what the client sent.
            pub traceparent: Option<Traceparent>,
            /// Until a script's head is complete; then 504 [60s].
            pub timeout: Option<Time>,
            /// Without output of a script; then it is ended, and the answer cut [60s].
            pub idle_timeout: Option<Time>,
            /// A request's body; beyond that 413 [1g].
            pub max_body: Option<Size>,
            /// The output of a script [none].
            pub max_output: Option<Size>,
            /// Address space of a script [none].
            pub memory: Option<Size>,
            /// Processor time of a script [none].
            pub cpu: Option<Time>,
            /// Processes of the user who runs scripts [none].
            pub nproc: Option<Count>,
            /// Fields of every answer. Those of a host and of a route are added to those above; one of the same name counts
            /// instead. An empty value takes a field out again.
            pub header: Option<BTreeMap<String, String>>,
            /// Whose pages may read the answers: an origin, `*`, or true for all.
            pub cors: Option<Words>,
            /// Clients that may not come in, by address, whatever `allow` says: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`,
            /// `loopback`, `unix`, `all`.
            pub deny: Option<Many<String>>,
            /// The only clients that may come in; an empty list: nobody [all].
            pub allow: Option<Many<String>>,
            /// How often a client may ask: `10/s`, `100/m`, `1000/h`, and with more or fewer at once `10/s burst 50`; beyond
            /// that 429. An address is a client, and of IPv6 a network of 64 bits. Where it is said it counts: routes that
            /// have it from above count together [none].
            pub rate: Option<Frequency>,
            /// The same for a user that `auth` has let in [none].
            pub rate_user: Option<Frequency>,
            /// Users with passwords. What a host or a route leaves out it has from above; false: nobody is asked there.
            pub auth: Option<Auth>,
            /// Answers are compressed on their way out, as their clients take it: zstd, br or gzip [false]. Not for pages that
            /// show a secret next to what the request says (BREACH).
            pub compress: Option<bool>,
            /// What is compressed: media types as `text/*`, `application/json` or `+xml` [texts of all kinds]. A stream of
            /// events only if `text/event-stream` is named.
            pub compress_types: Option<Many<String>>,
            /// What is known to be shorter goes as it is [1k].
            pub compress_min: Option<Size>,
            /// A file named as another with `.br`, `.zst` or `.gz` behind it is its compressed form, and is sent in its place,
            /// unless it is older [false].
            pub precompressed: Option<bool>,
            /// Answers of scripts are stored and given again for as long as they say (Cache-Control, Expires) [false].
            pub cache: Option<bool>,
            /// So long is an answer fresh that says nothing of that, to a request without Cookie and Authorization [0s: it is
            /// not stored].
            pub cache_ttl: Option<Time>,
            /// Directories whose files scripts may have sent, by naming one in a field X-Sendfile.
            pub sendfile: Option<Many<PathBuf>>,
            /// What becomes of who asks without TLS: `redirect` to the same address with it, or `optional` [optional]. An
            /// authority may ask for `/.well-known/acme-challenge/` without.
            pub https: Option<Https>,
            /// Browsers are to come with TLS alone for so long: `1y`, `180d`, with `subdomains` for all names below, and
            /// `preload` to be in the list that browsers have. true is `1y`.
            pub hsts: Option<Words>,
        }

        impl Layer for $name {
            fn lay_over(&self, rules: &mut Rules) {
                let it = self;
                macro_rules! over { ($key:ident) => { if it.$key.is_some() { rules.$key.clone_from(&it.$key); } } }
                over!(directory); over!(index); over!(listing); over!(hidden); over!(follow_symlinks); over!(spa);
                over!(cgi); over!(cgi_dir); over!(interpreted_only); over!(interpreter); over!(pass_env); over!(post_argv);
                over!(pass_auth); over!(new_privileges); over!(timeout); over!(idle_timeout); over!(max_body);
                over!(max_output); over!(memory); over!(cpu); over!(nproc); over!(cors); over!(https); over!(hsts);
                over!(user); over!(umask); over!(nice); over!(cgroup);
                over!(sandbox); over!(read); over!(write); over!(network);
                over!(traceparent);
                over!(deny); over!(allow); over!(rate); over!(rate_user);
                if let Some(auth) = &it.auth {
                    rules.auth = Some(auth.over(rules.auth.as_ref()));
                }
                over!(compress); over!(compress_types); over!(compress_min); over!(precompressed);
                over!(cache); over!(cache_ttl); over!(sendfile);
                if let Some(env) = &it.env {
                    rules.env.get_or_insert_default().extend(env.clone());
                }
                for (name, value) in it.header.iter().flatten() {
                    let fields = rules.header.get_or_insert_default();
                    fields.retain(|known, _| !known.eq_ignore_ascii_case(name));
                    if !value.is_empty() {
                        fields.insert(name.clone(), value.clone());
                    }
                }
            }
        }
    };
}

rules! {
    /// The configuration file of htbin.
    pub struct File {
        /// More files, beside this one: paths with `*` and `?`, read in the order of their names. Their hosts are added to
        /// those here, and nothing else may stand in them.
        include: Option<Many<String>>,
        /// Where it listens: `127.0.0.1:8000`, `[::]:80`, `https://[::]:443`, `/run/htbin.sock`. Without an address, as in
        /// `:80`, everywhere. `proxy+http://` and `proxy+https://`: a proxy says first who the client is, by the PROXY
        /// protocol, version 1 or 2; with `trusted-proxies` only one of those [127.0.0.1:8000 and [::1]:8000].
        listen: Option<Many<Address>>,
        /// The file for the number of the process, for `htbin reload`.
        pid_file: Option<PathBuf>,
        /// The certificate for listeners of `https://`.
        tls: Option<Tls>,
        /// The authority that makes certificates, for hosts that say `tls = { acme = true }`.
        acme: Option<Acme>,
        /// Proxies that are believed what they say of a client, its scheme and its host: addresses as in `deny`. They must
        /// set these fields, or take them out of what a client sends [none].
        trusted_proxies: Option<Many<String>>,
        /// In which fields they say it: `x-forwarded` (X-Forwarded-For, -Proto, -Host) or `forwarded` (RFC 7239). The others
        /// are not looked at [x-forwarded].
        forwarded: Option<ForwardedFields>,
        /// Threads that serve clients [half the cores].
        threads: Option<Count>,
        /// Open connections [10000, at most 80 % of the descriptors].
        max_connections: Option<Count>,
        /// The fields of a request head [100].
        max_fields: Option<Count>,
        /// The head of a request, and the head of a script's output [64k].
        max_head: Option<Size>,
        /// For a whole request head [20s].
        head_time: Option<Time>,
        /// Without a byte of a request's body [30s].
        body_idle: Option<Time>,
        /// Without the client taking a byte of the answer [60s].
        send_idle: Option<Time>,
        /// Between requests of a connection [75s].
        keep_alive: Option<Time>,
        /// For what runs when htbin is stopped [30s].
        stop_time: Option<Time>,
        /// Scripts at once [64 a core, 32 a GiB].
        max_scripts: Option<Count>,
        /// Requests that may wait for a script to end; beyond that 503 [512].
        queue: Option<Count>,
        /// How long they may wait; then 503 [30s].
        queue_time: Option<Time>,
        /// Keep Python and Perl loaded; each script gets a fresh copy [false].
        warm: Option<bool>,
        /// Processes forked ahead, for each interpreter in use [2].
        warm_spare: Option<Count>,
        /// Modules to load ahead: `stdlib`, `auto`, names [stdlib].
        preload: Option<Many<String>>,
        /// How long a script waits for its interpreter to start.
        warm_wait: Option<Time>,
        /// Interpreters kept at once [8].
        warm_max: Option<Count>,
        /// One that was not used for so long goes [10m].
        warm_idle: Option<Time>,
        /// One that holds more memory starts anew [256m].
        warm_memory: Option<Size>,
        /// A listener of its own for Prometheus, which answers `/metrics` only: `127.0.0.1:9100`, or a UNIX socket.
        metrics: Option<Address>,
        /// This path tells whether the server is well: 200 while it serves, 503 while it stops. Asking is not logged.
        health: Option<String>,
        /// Memory for what `cache` stores [64m].
        cache_memory: Option<Size>,
        /// A longer body is not stored [1m, at most a sixteenth of the memory].
        cache_entry: Option<Size>,
        /// From this machine the method PURGE takes out what is stored for an address, or for all that begin so: `/news/*`
        /// [false].
        cache_purge: Option<bool>,
        /// The failure page and the status page: true for everybody, false for nobody [this machine].
        debug: Option<bool>,
        /// The form of the access log: `common`, `combined` or `json` [common].
        log_format: Option<Format>,
        /// Where the access log goes: a file, `syslog`, `journald`, or `stdout` [stdout]. A file is opened again at SIGUSR1.
        access_log: Option<String>,
        /// Where everything else goes that htbin and scripts say: a file, `syslog`, `journald`, or `stderr` [stderr].
        error_log: Option<String>,
        /// The socket of syslog [/dev/log].
        syslog: Option<PathBuf>,
        /// The socket of systemd's journal [/run/systemd/journal/socket].
        journald: Option<PathBuf>,
        /// No access log and no banner [false].
        quiet: Option<bool>,
        /// Keep each exchange whose script fails in this directory.
        record: Option<PathBuf>,
        /// Hosts, each with its routes. The one without a name, or the first one, answers for every other name.
        host: Vec<Host>,
        /// Routes of a file with one host alone.
        route: Vec<Route>,
    }
}

rules! {
    /// A host.
    pub struct Host {
        /// Its names: `www.example.org`, or `*.example.org` for all below. Without one it answers for every other name.
        name: Option<Many<Hosts>>,
        /// The certificate for this host, and what is demanded of its clients: the keys of `[tls]`.
        tls: Option<Tls>,
        /// Routes, in the order in which they are tried; the first one that fits answers.
        route: Vec<Route>,
    }
}

rules! {
    /// What holds for some paths of a host.
    pub struct Route {
        /// For this path and all below it, by whole names: `/git` is not `/github`.
        path: Option<String>,
        /// For paths with a name that ends so: `.php`.
        suffix: Option<String>,
        /// For paths like this: `*` is any part of a name, `**` any number of names.
        glob: Option<String>,
        /// What a program that people run needs as Debian has it: its program, files, variables and limits. What the route says
        /// itself counts before. See docs/presets.md.
        preset: Option<Preset>,
        /// For `preset`: where its repositories lie (git), or the repository (hg).
        repositories: Option<PathBuf>,
        /// For `preset = "git"`: every repository is for everybody, also without a file git-daemon-export-ok [false].
        export_all: Option<bool>,
        /// For `preset`: the program's own configuration file; awstats: the directory that `?configdir=` may name.
        configuration: Option<PathBuf>,
        /// Serve the files of this directory below `path`. With `cgi-dir = "/"` in the route, those that are scripts run.
        files: Option<PathBuf>,
        /// Run the scripts of this directory below `path`.
        scripts: Option<PathBuf>,
        /// This program answers for `path` and all below it; the rest of the path is its PATH_INFO.
        program: Option<PathBuf>,
        /// Arguments of `program`, before those that a query makes.
        arguments: Option<Many<String>>,
        /// Send the client to this address. `{path}` is the path that was asked for, `{rest}` what follows `path`, `{host}`
        /// the host, `{query}` the query, which is kept anyway unless the address has one.
        redirect: Option<String>,
        /// Answer as if this path had been asked for; with the gaps of `redirect`.
        rewrite: Option<String>,
        /// Answer with this text.
        respond: Option<String>,
        /// Answer with a refusal: 403, 404 or 410.
        refuse: Option<u16>,
        /// The status of `redirect` [302] or `respond` [200].
        status: Option<u16>,
        /// The media type of `respond` [text/plain; charset=utf-8].
        media_type: Option<String>,
    }
}

rules! {
    /// What is said of a route in all.
    pub struct Rules {}
}

/// How far scripts are confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    /// Not beyond what their user may do.
    Off,
    /// They run as ever, but change no part of the system.
    Standard,
    /// They have what is named, and nothing else.
    Strict,
}

/// What scripts hear of the trace that a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Traceparent {
    /// The client's goes on.
    Continue,
    /// A new one begins with each request.
    New,
}

/// The form of the access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// NCSA's common log format.
    Common,
    /// The same with Referer and User-Agent.
    Combined,
    /// An object a line.
    Json,
}

/// A program that people run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// git clone and push, by `git http-backend`.
    Git,
    /// Repositories of git in the browser.
    Gitweb,
    /// The same, by cgit.
    Cgit,
    /// Statistics from access logs.
    Awstats,
    /// The pages of Nagios.
    Nagios,
    /// Maps.
    Mapserver,
    /// A repository of Fossil with its pages.
    Fossil,
    /// Repositories of Mercurial, by hgweb.
    Hg,
    /// Files that end in .php run, the others are sent.
    Php,
}
