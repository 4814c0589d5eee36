//! From a configuration file to the settings of every room. What is said in it is laid over the flags' defaults, host by
//! host and route by route, and goes the way of the flags: so a key means what the flag of its name means.

mod gates;
mod layers;
mod route;
mod terms;
mod tls;

use std::path::{Path, PathBuf};

use super::{
    Error, Machine, Settings, cgi, check,
    file::{
        self, Located, Source, Step, Whole,
        keys::{File, Format, Host, Layer, Rules},
        values::{Address, Count, Size, Time},
    },
    http, log, threads,
};
use crate::{
    cli::{self, Flags, Invocation, LogFormat},
    listen::{self, Bind},
    route::{HostSettings, Settings as Routes, Target},
};

/// Reads a configuration file, and checks all that it says.
///
/// # Errors
/// What is wrong, and where.
pub fn from_file(path: &Path) -> Result<Settings, file::Error> {
    from_file_on(path, &Machine::this())
}

pub(super) fn from_file_on(path: &Path, machine: &Machine) -> Result<Settings, file::Error> {
    let variable = |name: &str| machine.variable(name).and_then(|value| value.to_str()).map(str::to_owned);
    let whole = file::read(path, &variable)?;
    let source = &whole.sources[0];
    let at_top = |error: Error| error.in_file(source, &[]);
    let flags = of_top(&whole.file, source);
    let hosts = whole.hosts.iter().map(|located| host(located, &whole, machine)).collect::<Result<Vec<_>, _>>()?;
    let mut routes = Routes { proxies: gates::proxies(&whole.file).map_err(at_top)?, hosts };
    if routes.rules().all(|rule| matches!(rule.target, Target::Refuse(_))) {
        let what = "nothing is served: say 'directory', or what a [[route]] does";
        return Err(file::Error::of_key(source, &[], "host", what.to_owned()));
    }
    layers::share(&whole.file, &mut routes).map_err(at_top)?;
    route::protect(&mut routes, whole.sources.iter().map(|source| &*source.absolute));
    let listen = listen(&whole)?;
    check_redirects(&routes, &listen, source)?;
    Ok(Settings {
        listen,
        tls: tls::settings(&whole)?,
        http: http(&flags, machine).map_err(at_top)?,
        cgi: cgi(&flags, machine).map_err(at_top)?,
        log: log::Settings {
            access: destination("access-log", whole.file.access_log.as_deref(), &whole.file, source)?,
            events: destination("error-log", whole.file.error_log.as_deref(), &whole.file, source)?,
            ..log(&flags)
        },
        threads: threads(&flags, machine).map_err(at_top)?,
        user: terms::of_server(&whole.file.user),
        record: flags.output.record.clone(),
        metrics: metrics(&whole.file, source)?,
        health: health(&whole.file).map_err(at_top)?,
        open: None,
        live: false,
        qr: false,
        pid_file: whole.file.pid_file.as_ref().map(|path| source.directory().join(path)),
        file: Some(path.to_owned()),
        routes,
    })
}

impl Error {
    /// The same, of the key that has the name of the flag.
    fn in_file(self, source: &Source, steps: &[Step]) -> file::Error {
        let key = match self.flag.trim_start_matches('-') {
            "tls-cert" | "tls-key" | "tls-password-file" | "tls-self-signed" => "tls",
            other => other,
        };
        file::Error::of_key(source, steps, key, self.what)
    }
}

/// The flags of a command line without words.
fn defaults() -> Flags {
    match cli::parse(["htbin".into()], []) {
        Ok(Invocation::Serve(flags)) => *flags,
        _ => unreachable!("a command line without words serves"),
    }
}

/// What holds for the whole server.
fn of_top(file: &File, source: &Source) -> Flags {
    let mut flags = defaults();
    let mut rules = Rules::default();
    file.lay_over(&mut rules);
    route::apply(&rules, source.directory(), &mut flags);
    let (clients, limits, warm) = (&mut flags.clients, &mut flags.limits, &mut flags.warm);
    let count = |value: Option<Count>, to: &mut u64| *to = value.map_or(*to, |it| it.0);
    let time = |value: Option<Time>, to: &mut std::time::Duration| *to = value.map_or(*to, |it| it.0);
    let size = |value: Option<Size>, to: &mut u64| *to = value.map_or(*to, |it| it.0);
    clients.threads = file.threads.map(|it| it.0);
    clients.max_connections = file.max_connections.map(|it| it.0);
    count(file.max_fields, &mut clients.max_fields);
    size(file.max_head, &mut limits.max_head);
    time(file.head_time, &mut clients.head_time);
    time(file.body_idle, &mut clients.body_idle);
    time(file.send_idle, &mut clients.send_idle);
    time(file.keep_alive, &mut clients.keep_alive);
    time(file.stop_time, &mut clients.stop_time);
    limits.max_scripts = file.max_scripts.map(|it| it.0);
    count(file.queue, &mut limits.queue);
    time(file.queue_time, &mut limits.queue_time);
    warm.warm = file.warm.unwrap_or_default();
    count(file.warm_spare, &mut warm.warm_spare);
    count(file.warm_max, &mut warm.warm_max);
    time(file.warm_idle, &mut warm.warm_idle);
    size(file.warm_memory, &mut warm.warm_memory);
    warm.warm_wait = file.warm_wait.map(|it| it.0);
    if let Some(preload) = &file.preload {
        warm.preload.clone_from(&preload.0);
    }
    (flags.scripts.debug, flags.scripts.no_debug) = (file.debug == Some(true), file.debug == Some(false));
    flags.output.quiet = file.quiet.unwrap_or_default();
    flags.output.log_format = match file.log_format {
        Some(Format::Combined) => LogFormat::Combined,
        Some(Format::Json) => LogFormat::Json,
        Some(Format::Common) | None => LogFormat::Common,
    };
    let within = |path: &PathBuf| source.directory().join(path);
    flags.output.record = file.record.as_ref().map(within);
    flags
}

/// Where metrics are told.
fn metrics(file: &File, source: &Source) -> Result<Option<listen::Settings>, file::Error> {
    let Some(Address { place, port, secure, introduced }) = &file.metrics else { return Ok(None) };
    if *secure || *introduced {
        let what = "neither TLS nor PROXY is spoken here; tell them on 127.0.0.1 or on a UNIX socket";
        return Err(file::Error::of_key(source, &[], "metrics", what.to_owned()));
    }
    let bind = match port {
        None => Bind::Unix(source.directory().join(place)),
        Some(_) if place.is_empty() || place == "*" => Bind::Host("::".into()),
        Some(_) => Bind::Host(place.clone()),
    };
    let (port, port_asked) = (port.unwrap_or_default(), true);
    Ok(Some(listen::Settings { binds: vec![bind], port, port_asked, secure: false, introduced: false }))
}

/// The path that tells whether the server is well.
fn health(file: &File) -> Result<Option<String>, Error> {
    file.health.as_ref().map(|path| check::url_path("health", path.as_ref())).transpose()
}

/// Where a log goes.
fn destination(
    key: &'static str,
    value: Option<&str>,
    file: &File,
    source: &Source,
) -> Result<log::Destination, file::Error> {
    let socket =
        |given: &Option<PathBuf>, usual: &str| source.directory().join(given.as_deref().unwrap_or(usual.as_ref()));
    let standard = if key == "access-log" { "stdout" } else { "stderr" };
    Ok(match value {
        None => log::Destination::Standard,
        Some(word) if word == standard => log::Destination::Standard,
        Some("syslog") => log::Destination::Syslog(socket(&file.syslog, "/dev/log")),
        Some("journald") => log::Destination::Journal(socket(&file.journald, "/run/systemd/journal/socket")),
        Some(other) if !matches!(other, "" | "stdout" | "stderr" | "none" | "off") && !other.ends_with('/') => {
            log::Destination::File(source.directory().join(other))
        }
        Some(other) => {
            let what = format!("'{other}' is no log: a file, 'syslog', 'journald' or '{standard}' is");
            return Err(file::Error::of_key(source, &[], key, what));
        }
    })
}

/// Where it listens: each address by itself, and on no other port.
fn listen(whole: &Whole) -> Result<Vec<listen::Settings>, file::Error> {
    let (file, source, speaks_tls) = (&whole.file, &whole.sources[0], Source::speaks_tls(whole));
    let error = |what: &str| Err(file::Error::of_key(source, &[], "listen", what.to_owned()));
    let Some(addresses) = &file.listen else {
        let binds = Vec::new();
        let (port_asked, secure, introduced) = (true, speaks_tls, false);
        return Ok(vec![listen::Settings { binds, port: PORT, port_asked, secure, introduced }]);
    };
    if addresses.0.is_empty() {
        return error("nothing to listen on; leave the key out for 127.0.0.1:8000");
    }
    let mut all: Vec<listen::Settings> = Vec::new();
    for Address { place, port, secure, introduced } in &addresses.0 {
        if *secure && !speaks_tls {
            return error("https needs a certificate: a table [tls] with 'certificate', or with 'self-signed = true'");
        }
        let bind = match port {
            None => Bind::Unix(source.directory().join(place)),
            Some(_) if place.is_empty() || place == "*" => Bind::Host("::".into()),
            Some(_) => Bind::Host(place.clone()),
        };
        let port = port.unwrap_or_default();
        // Addresses of one port are opened together: `0.0.0.0` and `[::]` are then one for each family.
        match all
            .iter_mut()
            .find(|it| it.port == port && (it.secure, it.introduced) == (*secure, *introduced) && port != 0)
        {
            Some(known) => known.binds.push(bind),
            None => all.push(listen::Settings {
                binds: vec![bind],
                port,
                port_asked: true,
                secure: *secure,
                introduced: *introduced,
            }),
        }
    }
    Ok(all)
}

/// Somebody who is sent to TLS has to find it.
fn check_redirects(routes: &Routes, listen: &[listen::Settings], source: &Source) -> Result<(), file::Error> {
    let redirects = routes.rules().any(|rule| rule.layers.https.as_ref().is_some_and(|it| it.redirect.is_some()));
    if redirects && !listen.iter().any(|it| it.secure) {
        let fix = "add an address of https:// to 'listen', and a table [tls]";
        return Err(file::Error::of_key(source, &[], "https", format!("nobody speaks TLS here: {fix}")));
    }
    Ok(())
}

fn host(located: &Located, whole: &Whole, machine: &Machine) -> Result<HostSettings, file::Error> {
    let Located { source, steps, host } = located;
    let source = &whole.sources[*source];
    let mut rules = Rules::default();
    whole.file.lay_over(&mut rules);
    route::rebase(&mut rules, whole.sources[0].directory());
    host.lay_over(&mut rules);
    let mut all = Vec::new();
    for (nth, route) in host.route.iter().enumerate() {
        let steps = [&steps[..], &[Step::Key("route"), Step::Nth(nth)]].concat();
        let mut rules = rules.clone();
        route.lay_over(&mut rules);
        all.push(route::rule(route, &rules, source, machine).map_err(|error| error.in_file(source, &steps))?);
    }
    all.push(route::rest(&rules, source, machine).map_err(|error| error.in_file(source, steps))?);
    Ok(HostSettings { names: names(host), rules: all })
}

fn names(host: &Host) -> Vec<crate::route::HostName> {
    host.name.iter().flat_map(|names| &names.0).map(|name| name.0.clone()).collect()
}

const PORT: u16 = 8000;
