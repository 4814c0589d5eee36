//! From flags to the settings of every room: what is wrong is said here, before anything is opened.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use check::{environment_entry, field, index_name, interpreter, module, mount, script_dir};
pub use from_file::from_file;
use htbin_spawn::{Terms, warm};
use machine::Machine;

use crate::{
    cli::{Flags, LogFormat, TlsFlags, value},
    handle::{self, cgi::Debug},
    http, layers, listen, log, route, site, tls,
};

mod check;
pub mod file;
mod from_file;
mod machine;
pub mod manual;
mod shown;
#[cfg(test)]
mod tests;

/// The settings of every room.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub listen: Vec<listen::Settings>,
    /// How it speaks TLS, if it does.
    pub tls: Option<tls::Settings>,
    /// What it serves, under which rules.
    pub routes: route::Settings,
    /// What clients may use.
    pub http: http::Settings,
    /// How scripts run, all of them together.
    pub cgi: handle::cgi::Settings,
    /// What is logged.
    pub log: log::Settings,
    /// Threads that serve clients.
    pub threads: usize,
    /// Where metrics are told, if anywhere.
    pub metrics: Option<listen::Settings>,
    /// The path that tells whether the server is well.
    pub health: Option<String>,
    /// Who to become, for `privilege::choose`.
    pub user: Option<String>,
    /// Where exchanges whose script fails are kept.
    pub record: Option<PathBuf>,
    /// The path to open in the browser once it listens; it starts with a slash.
    pub open: Option<String>,
    /// Pages reload when a file changes.
    pub live: bool,
    /// The address is shown as a QR code.
    pub qr: bool,
    /// Where the number of the process is written.
    pub pid_file: Option<PathBuf>,
    /// The configuration file, if there is one.
    pub file: Option<PathBuf>,
}

impl Settings {
    /// The rule that answers for every path: without a configuration file the only one.
    pub fn rule(&self) -> &route::RuleSettings {
        self.routes.last()
    }

    /// What it serves.
    pub fn site(&self) -> Option<&site::Settings> {
        self.rule().target.site()
    }
}

/// Checks all flags and works out what they leave open from the machine and htbin's own environment.
pub fn from_flags(flags: &Flags) -> Result<Settings, Error> {
    from_flags_on(flags, &Machine::this())
}

/// What is wrong with a flag: what, where and what to do. Exit status [`Error::EXIT_CODE`].
#[derive(Debug, thiserror::Error)]
#[error("{flag}: {what}")]
pub struct Error {
    flag: &'static str,
    what: String,
}

impl Error {
    /// Wrong usage.
    pub const EXIT_CODE: u8 = 2;

    fn new(flag: &'static str, what: impl Into<String>) -> Self {
        Self { flag, what: what.into() }
    }
}

fn from_flags_on(flags: &Flags, machine: &Machine) -> Result<Settings, Error> {
    Ok(Settings {
        listen: vec![listen(flags)?],
        tls: tls(flags)?,
        routes: route::Settings::single(site(flags, machine)?, layers(flags)?, scripts(flags, machine)?),
        http: http(flags, machine)?,
        cgi: cgi(flags, machine)?,
        log: log(flags),
        threads: threads(flags, machine)?,
        user: flags.listen.user.clone(),
        record: flags.output.record.clone(),
        open: flags.listen.open.as_ref().map(|path| format!("/{}", path.trim_start_matches('/'))),
        live: flags.site.live,
        qr: flags.listen.qr,
        pid_file: None,
        metrics: None,
        health: None,
        file: None,
    })
}

fn threads(flags: &Flags, machine: &Machine) -> Result<usize, Error> {
    let wanted = flags.clients.threads.map_or_else(|| machine.threads(), whole);
    Ok(positive("--threads", wanted)?.min(THREADS_MAX))
}

fn listen(flags: &Flags) -> Result<listen::Settings, Error> {
    let binds = flags.listen.bind.iter().map(|bind| check::bind(bind)).collect::<Result<Vec<_>, _>>()?;
    let port = flags.listen.port;
    let is_socket = |bind: &listen::Bind| matches!(bind, listen::Bind::Unix(_));
    if let Some(port) = port.filter(|_| !binds.is_empty() && binds.iter().all(is_socket)) {
        let fix = "leave it out, or add an address, as in -b 127.0.0.1";
        return Err(Error::new("--port", format!("a UNIX socket has no port, and {port} is for nothing else: {fix}")));
    }
    let secure = flags.tls.tls_self_signed || flags.tls.tls_cert.is_some();
    Ok(listen::Settings { binds, port: port.unwrap_or(PORT), port_asked: port.is_some(), secure, introduced: false })
}

fn tls(flags: &Flags) -> Result<Option<tls::Settings>, Error> {
    let TlsFlags { tls_cert, tls_key, tls_password_file, tls_self_signed } = &flags.tls;
    let named = tls_source(tls_cert.clone(), tls_key.clone(), tls_password_file.clone(), *tls_self_signed)?;
    Ok(named.map(tls::Settings::single))
}

/// Where a certificate comes from, if one is named.
fn tls_source(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    password: Option<PathBuf>,
    self_signed: bool,
) -> Result<Option<tls::Source>, Error> {
    for (flag, is_given) in [("--tls-key", key.is_some()), ("--tls-password-file", password.is_some())] {
        if is_given && certificate.is_none() {
            return Err(Error::new(flag, "there is no certificate to it; name its file with --tls-cert"));
        }
    }
    if self_signed && certificate.is_some() {
        return Err(Error::new(
            "--tls-self-signed",
            "--tls-cert names a certificate already; leave one of the two out",
        ));
    }
    let self_signed = self_signed.then_some(tls::Source::SelfSigned);
    Ok(certificate.map(|certificate| tls::Source::Files { certificate, key, password }).or(self_signed))
}

fn site(flags: &Flags, machine: &Machine) -> Result<site::Settings, Error> {
    let (site, scripts) = (&flags.site, &flags.scripts);
    let given = scripts.cgi_dir.iter().map(|value| script_dir(value)).collect::<Result<Vec<_>, _>>()?;
    let customary = || SCRIPT_DIRS.map(|url| site::ScriptDir { url: url.into(), directory: None }).into();
    let mounts = scripts.cgi.iter().filter(|value| !value.is_empty());
    let index = site.index.iter().filter(|name| !name.is_empty());
    Ok(site::Settings {
        root: root(flags)?,
        base: String::new(),
        protected: Vec::new(),
        sources: Vec::new(),
        cgi: !scripts.no_cgi,
        script_dirs: if given.is_empty() { customary() } else { given },
        mounts: mounts.map(|value| mount(value, machine)).collect::<Result<_, _>>()?,
        interpreters: scripts.interpreter.iter().map(|it| interpreter(it, machine)).collect::<Result<_, _>>()?,
        index: index.map(|name| index_name("--index", name)).collect::<Result<_, _>>()?,
        listing: !site.no_listing,
        hidden: site.hidden,
        follow_symlinks: site.follow_symlinks,
        spa: site.spa.as_deref().map(check::spa).transpose()?,
    })
}

fn root(flags: &Flags) -> Result<PathBuf, Error> {
    let directory = flags.site.directory.as_deref().unwrap_or(Path::new("."));
    check::directory("--directory", directory).map_err(|error| match bare_flag(flags) {
        // `--spa app.html`: what was meant for the flag is read as the directory.
        Some(flag) => {
            let is_file = flag == "--spa" && directory.is_file();
            let value = directory.file_name().filter(|_| is_file).unwrap_or(directory.as_os_str());
            let what = format!("{}; or is it for {flag}? {flag}={}", error.what, value.display());
            Error { what, ..error }
        }
        None => error,
    })
}

/// The flag without a value that could have had one, if there is one.
fn bare_flag(flags: &Flags) -> Option<&'static str> {
    let site = &flags.site;
    [
        ("--spa", site.spa.as_deref() == Some("index.html")),
        ("--cors", site.cors.as_deref() == Some("*")),
        ("--open", flags.listen.open.as_deref() == Some("/")),
    ]
    .into_iter()
    .find_map(|(flag, is_bare)| is_bare.then_some(flag))
}

fn http(flags: &Flags, machine: &Machine) -> Result<http::Settings, Error> {
    let clients = &flags.clients;
    // A fifth stays free for files, scripts' pipes and the log.
    let possible = usize::try_from(machine.descriptors / 5 * 4).unwrap_or(usize::MAX).max(1);
    let wanted = clients.max_connections.map_or(CONNECTIONS_MAX, whole);
    Ok(http::Settings {
        connections_max: positive("--max-connections", wanted)?.min(possible),
        head_bytes_max: head_bytes_max(flags)?,
        head_fields_max: positive("--max-fields", whole(clients.max_fields))?,
        head_time: clients.head_time,
        idle_time: clients.keep_alive,
        body_idle_time: clients.body_idle,
        send_idle_time: clients.send_idle,
        stop_time: clients.stop_time,
    })
}

fn cgi(flags: &Flags, machine: &Machine) -> Result<handle::cgi::Settings, Error> {
    let (scripts, limits) = (&flags.scripts, &flags.limits);
    let running_max = limits.max_scripts.map_or_else(|| machine.scripts_max(), whole);
    Ok(handle::cgi::Settings {
        running_max: positive("--max-scripts", running_max)?,
        queue_max: whole(limits.queue),
        queue_time: limits.queue_time,
        warm: warm(flags, &environment(flags, machine)?)?,
        debug: match (scripts.debug, scripts.no_debug) {
            (true, _) => Debug::Always,
            (_, true) => Debug::Never,
            (false, false) => Debug::Loopback,
        },
        records: flags.output.record.is_some(),
        redirects_max: REDIRECTS_MAX,
        raw: false,
    })
}

fn scripts(flags: &Flags, machine: &Machine) -> Result<handle::cgi::Rules, Error> {
    let (scripts, limits) = (&flags.scripts, &flags.limits);
    Ok(handle::cgi::Rules {
        head_time: limits.timeout,
        idle_time: limits.idle_timeout,
        body_idle_time: flags.clients.body_idle,
        body_bytes_max: limits.max_body,
        body_memory_bytes_max: BODY_MEMORY_BYTES_MAX,
        head_bytes_max: head_bytes_max(flags)?,
        output_bytes_max: limited(limits.max_output),
        memory_bytes_max: check::memory(limits.memory)?,
        cpu_seconds_max: limited(limits.cpu),
        processes_max: limited(limits.nproc),
        environment: environment(flags, machine)?,
        post_argv: scripts.post_argv,
        pass_auth: scripts.pass_auth,
        new_privileges: scripts.new_privileges,
        trace: handle::cgi::Trace::AsItCame,
        sendfile: Vec::new(),
        run_as: handle::cgi::RunAs::Server,
        terms: Terms::default(),
    })
}

/// How interpreters are kept warm, if they are to be.
fn warm(flags: &Flags, environment: &[(OsString, OsString)]) -> Result<Option<warm::Settings>, Error> {
    let warm = &flags.warm;
    if !warm.warm {
        return Ok(None);
    }
    let names = warm.preload.iter().filter(|name| !name.is_empty() && *name != "stdlib" && *name != "auto");
    let mut block = Vec::new();
    for (name, value) in environment {
        // The protocol's own are each request's.
        if !htbin_cgi::meta::is_meta_variable(name.as_encoded_bytes()) {
            block.extend([name.as_encoded_bytes(), b"=", value.as_encoded_bytes(), b"\0"].concat());
        }
    }
    Ok(Some(warm::Settings {
        spares: whole(warm.warm_spare).min(WARM_SPARES_MAX),
        interpreters_max: match whole(warm.warm_max) {
            0 => return Err(Error::new("--warm-max", "0 interpreters is what --no-warm says; leave out --warm")),
            count => count,
        },
        idle_time: warm.warm_idle,
        memory_bytes_max: warm.warm_memory,
        start_wait: warm.warm_wait.unwrap_or_default(),
        preload_all: warm.preload.iter().any(|name| name == "auto"),
        preload: names.map(|name| module(name)).collect::<Result<_, _>>()?,
        environment: block,
        new_privileges: flags.scripts.new_privileges,
    }))
}

/// What every script finds in its environment beside the meta-variables: PATH and the locale as htbin has them, then
/// what was asked for; the last word wins.
fn environment(flags: &Flags, machine: &Machine) -> Result<Vec<(OsString, OsString)>, Error> {
    let mut entries = vec![("PATH".into(), machine.path().into())];
    let is_locale = |name: &OsString| name == "LANG" || name == "TZ" || name.as_encoded_bytes().starts_with(b"LC_");
    entries.extend(machine.variables.iter().filter(|(name, _)| is_locale(name)).cloned());
    for name in &flags.scripts.pass_env {
        check::variable("--pass-env", name)?;
        entries.extend(machine.variable(name).map(|value| (name.clone(), value.into())));
    }
    for entry in &flags.scripts.env {
        entries.push(environment_entry(entry)?);
    }
    let mut last: Vec<(OsString, OsString)> = Vec::new();
    for (name, value) in entries {
        match last.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => last.push((name, value)),
        }
    }
    Ok(last)
}

fn layers(flags: &Flags) -> Result<layers::Settings, Error> {
    let headers = flags.site.header.iter().map(|header| field(header)).collect::<Result<_, _>>()?;
    let cors = flags.site.cors.as_deref().map(check::origin).transpose()?;
    Ok(layers::Settings { headers, cors, ..layers::Settings::default() })
}

fn log(flags: &Flags) -> log::Settings {
    let format = match flags.output.log_format {
        LogFormat::Common => log::Format::Common,
        LogFormat::Combined => log::Format::Combined,
        LogFormat::Json => log::Format::Json,
    };
    log::Settings {
        format,
        quiet: flags.output.quiet,
        bare: false,
        verbose: flags.output.verbose,
        access: log::Destination::Standard,
        events: log::Destination::Standard,
    }
}

fn head_bytes_max(flags: &Flags) -> Result<usize, Error> {
    let bytes = whole(flags.limits.max_head);
    if !HEAD_BYTES.contains(&bytes) {
        return Err(Error::new(
            "--max-head",
            "a size from 8k to 16m is needed: a head is kept in memory while it is read",
        ));
    }
    Ok(bytes)
}

fn positive(flag: &'static str, number: usize) -> Result<usize, Error> {
    if number == 0 {
        return Err(Error::new(
            flag,
            "0 would answer nobody; leave it out for the default, or say 'none' for no limit",
        ));
    }
    Ok(number)
}

fn limited(value: u64) -> Option<u64> {
    (value != value::UNLIMITED).then_some(value)
}

fn whole(value: u64) -> usize {
    // Counts of permits: tokio's semaphore takes no more than an eighth of what usize holds.
    usize::try_from(value).unwrap_or(usize::MAX).min(usize::MAX >> 4)
}

const PORT: u16 = 8000;
const SCRIPT_DIRS: [&str; 2] = ["/cgi-bin", "/htbin"];
/// More would only lie about.
const WARM_SPARES_MAX: usize = 64;
/// More than any machine has cores.
const THREADS_MAX: usize = 1024;
const CONNECTIONS_MAX: usize = 10_000;
const BODY_MEMORY_BYTES_MAX: usize = 64 << 10;
const HEAD_BYTES: std::ops::RangeInclusive<usize> = 8 << 10..=16 << 20;
const REDIRECTS_MAX: usize = 10;
