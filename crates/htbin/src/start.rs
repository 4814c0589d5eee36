//! From the command line to a running server and back: sockets while there are rights to open them, then no more rights
//! than needed, then the launcher, then the runtime; and at the end nothing is left behind.

mod assembly;
mod check;
mod explain;
mod import;
mod init;
mod lint;
mod new;
mod opening;
mod reload;
mod passwd;
mod replay;
mod rights;
mod rotate;
mod run;

use std::{collections::BTreeSet, io::Write as _, path::Path, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use htbin_spawn::{EarlyLauncher, Policy};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    banner::{Banner, Scripts, code},
    browser::Opener,
    cli::{self, Flags, Invocation, Page},
    config::{self, Settings},
    demo::Demo,
    handle::cgi::Debug,
    http, listen,
    listen::{Socket, SocketFile},
    live::Live,
    log,
    log::AccessLog,
    privilege::{self, Identity},
    recording::Recorder,
    respond::Server,
    route::{self, Routes},
    site,
    tls::{self, Tls},
};
use assembly::{Assembly, Extras, assemble, watch};
use init::Init;
use opening::Opened;
use reload::{PidFile, Reload};
use rights::Rights;

/// Does what the command line says.
pub fn run() -> ExitCode {
    let invocation = match cli::parse(std::env::args_os(), std::env::vars_os()) {
        Ok(invocation) => invocation,
        Err(error) => error.exit(),
    };
    let done = match invocation {
        Invocation::Run(flags) => run::run(&flags),
        Invocation::Replay(flags) => replay::run(&flags),
        Invocation::Lint(asked) => lint::run(&asked),
        Invocation::New(asked) => succeeded(new::run(&asked)),
        Invocation::Explain(asked) => succeeded(explain::run(&asked)),
        Invocation::Reload(asked) => succeeded(reload::run(&asked)),
        Invocation::Check(asked) => succeeded(check::run(&asked)),
        Invocation::Import(asked) => import::run(&asked),
        Invocation::Man(Page::Htbin) => succeeded(cli::man(&mut std::io::stdout().lock())),
        Invocation::Man(Page::File) => succeeded(config::manual::man(&mut std::io::stdout().lock())),
        Invocation::Passwd(asked) => succeeded(passwd::run(&asked)),
        Invocation::Completions(shell) => succeeded(cli::completions(shell, &mut std::io::stdout().lock())),
        Invocation::Serve(flags) => {
            succeeded(configure(&flags).and_then(|settings| serve(settings, Content::Directory)))
        }
        Invocation::Demo(flags) => succeeded(configure(&flags).and_then(|settings| serve(settings, Content::Demo))),
    };
    match done {
        Ok(code) => code,
        // `htbin man | head`: the reader has all it wants.
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(is_broken_pipe) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn succeeded<E: Into<anyhow::Error>>(done: Result<(), E>) -> anyhow::Result<ExitCode> {
    done.map(|()| ExitCode::SUCCESS).map_err(Into::into)
}

fn fail(error: &anyhow::Error) -> ExitCode {
    _ = writeln!(std::io::stderr(), "htbin: {}", told(error));
    exit_code(error)
}

fn is_broken_pipe(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

/// The error with its causes, each said once.
fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<config::Error>() || error.is::<crate::lint::Error>() || error.is::<run::Usage>() {
        return ExitCode::from(config::Error::EXIT_CODE);
    }
    if error.is::<config::file::Error>() {
        return ExitCode::from(config::file::Error::EXIT_CODE);
    }
    if let Some(route::Error::Users(_)) = error.downcast_ref() {
        return ExitCode::from(config::file::Error::EXIT_CODE);
    }
    if let Some(error) = error.downcast_ref::<crate::new::Error>() {
        return ExitCode::from(error.exit_code());
    }
    match error.downcast_ref::<privilege::Error>() {
        Some(error) => ExitCode::from(error.exit_code()),
        None => ExitCode::FAILURE,
    }
}

fn configure(flags: &Flags) -> anyhow::Result<Settings> {
    let Some(file) = &flags.config else { return Ok(config::from_flags(flags)?) };
    let mut settings = config::from_file(file)?;
    settings.log.quiet |= flags.output.quiet;
    settings.log.verbose = flags.output.verbose;
    Ok(settings)
}

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// The directory that the settings name.
    Directory,
    /// The demo site, which is unpacked for it.
    Demo,
}

fn serve(mut settings: Settings, content: Content) -> anyhow::Result<()> {
    let inherited = listen::Inherited::take()?;
    log::init(&settings.log)?;
    let init = Arc::new(Init::found());
    for unknown in cli::unknown_variables(std::env::vars_os()) {
        tracing::warn!("{unknown}");
    }
    let rights = Rights::choose(&settings)?;
    rights.apply(&mut settings.routes);
    let identity = rights.server.clone();
    let _pid_file = settings.pid_file.as_deref().map(PidFile::write).transpose()?;
    let Opened { sockets, for_metrics, tls, secure, files, launcher } =
        Opened::with_rights(&mut settings, inherited, &rights)?;
    // Unpacked as the user that serves it, who also has to remove it.
    let demo = if content == Content::Demo { Some(Demo::unpack()?) } else { None };
    if let (Some(demo), route::Target::Site(site)) = (&demo, &mut settings.routes.last_mut().target) {
        demo.path().clone_into(&mut site.root);
    }
    let routes = Routes::open(&settings.routes).map_err(|error| with_user(error, identity.as_ref()))?;
    let recorder = settings.record.as_deref().map(|folder| recorder(folder, &routes)).transpose()?;
    let opener = settings.open.as_ref().map(|_| Opener::start()).transpose().context("cannot open a browser")?;
    // Scripts run as the same user: none of them may look into this process.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("cannot close this process to others")?;
    let launcher = match launcher {
        Some(launcher) => launcher,
        None => EarlyLauncher::start(Policy::Any).context(NO_LAUNCHER)?,
    };
    privilege::raise_descriptors();
    let access = Arc::new(AccessLog::start(&settings.log, files)?);
    let live = watch(&settings, &routes);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.threads)
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build()
        .context("cannot start the runtime")?;
    let served = runtime.block_on(async {
        // Before anybody is told that it listens: from then on a signal has to stop it in order.
        let signals = Signals::listen(settings.file.is_some())?;
        rotate::reopen_on_request(&access)?;
        let banner = banner(&settings, &sockets, demo.as_ref());
        if !settings.log.quiet {
            banner.show();
        }
        if let (Some(opener), Some(path), Some(url)) = (opener, &settings.open, banner.urls().first()) {
            opener.open(&format!("{}{path}", url.trim_end_matches('/'))).context("cannot open a browser")?;
        }
        let status = banner.urls().first().map_or_else(|| "serves".to_owned(), |url| format!("serves {url}"));
        tls.iter().for_each(Tls::start);
        let challenges = tls.as_ref().map(Tls::challenges);
        let extras = Extras { live: live.clone(), recorder, challenges };
        let assembly = assemble(&settings, routes, launcher, Arc::clone(&access), extras)?;
        let _files = serve_metrics(for_metrics, &assembly.server)?;
        let (http, server) = (settings.http.clone(), Arc::clone(&assembly.server));
        let reload = Reload { rights, settings, server, tls: tls.clone(), secure };
        init.ready(&status);
        init.stay_alive();
        serve_until_stopped(http, assembly, live, (sockets, tls), (signals, reload, init)).await
    });
    runtime.shutdown_background();
    access.finish();
    served
}

/// Tells metrics, and where.
fn serve_metrics(sockets: Vec<Socket>, server: &Arc<Server>) -> anyhow::Result<Vec<SocketFile>> {
    for address in sockets.iter().filter_map(Socket::address) {
        tracing::info!("metrics at http://{address}/metrics");
    }
    http::serve_metrics(sockets, server).context("cannot tell metrics")
}

/// The folder for exchanges that fail; not one that is served.
fn recorder(folder: &Path, routes: &Routes) -> anyhow::Result<Recorder> {
    let folder = std::path::absolute(folder).context("--record")?;
    if routes.sites().any(|site| folder.starts_with(site.root())) {
        anyhow::bail!("--record {}: it lies in the site and would be served; name one elsewhere", folder.display());
    }
    Ok(Recorder::open(&folder)?)
}

/// Root forgets that it is somebody else who has to read the site.
fn with_user(error: route::Error, identity: Option<&Identity>) -> anyhow::Error {
    match (identity, &error) {
        (None, _) => error.into(),
        (Some(Identity { name, .. }), route::Error::Site(site::Error::Blocked { blocking, .. })) => {
            let owner = privilege::owner_of(blocking).unwrap_or_else(|| "NAME".to_owned());
            anyhow::anyhow!("as user {name}: {error}, or serve as who may: --user {owner}")
        }
        (Some(Identity { name, .. }), _) => anyhow::Error::from(error).context(format!("as user {name}")),
    }
}

fn banner<'a>(settings: &Settings, sockets: &'a [Socket], demo: Option<&Demo>) -> Banner<'a> {
    let mut interpreters = BTreeSet::new();
    let found = settings.routes.sites().into_iter().map(|site| {
        Scripts::find(site, |script, interpreter| {
            interpreters.extend(settings.cgi.warm.as_ref().and_then(|warm| warm.interpreter_of(script, interpreter)));
        })
    });
    let scripts = found.reduce(Scripts::join).unwrap_or(Scripts::Off);
    let served = settings.file.as_deref().or_else(|| Some(&settings.site()?.root));
    let served = served.map(|path| path.display().to_string()).unwrap_or_default();
    let warm = settings.cgi.warm.as_ref().map(|_| match interpreters.len() {
        0 => ("warm", "nothing: no script asks for python3 or perl in its first line".to_owned()),
        _ => ("warm", interpreters.into_iter().collect::<Vec<_>>().join(", ")),
    });
    let more = demo.map(Demo::missing_interpreters).filter(|missing| !missing.is_empty());
    let has_status = settings.cgi.debug != Debug::Never && sockets.iter().any(|socket| socket.address().is_some());
    let tls = settings
        .tls
        .as_ref()
        .is_some_and(tls::Settings::is_self_signed)
        .then(|| ("tls", "self-signed; browsers warn of it, and curl wants -k".to_owned()));
    Banner {
        served: demo.map_or(served, |_| "the demo site".to_owned()),
        sockets,
        port_taken: settings.listen.iter().find_map(|listen| listen.port_given_up(sockets)),
        scripts,
        user: privilege::my_name(),
        more: tls
            .into_iter()
            .chain(more.map(|missing| ("missing", missing.join(", "))))
            .chain(warm)
            .chain(lint::row(settings))
            .chain(settings.live.then(|| ("live", "pages reload when a file changes".to_owned())))
            .chain(has_status.then(|| ("status", "/.htbin/ shows what runs, to this machine only".to_owned())))
            .chain(settings.qr.then(|| ("qr", code(sockets))))
            .collect(),
    }
}

async fn serve_until_stopped(
    settings: http::Settings,
    Assembly { server, starter, descendants }: Assembly,
    live: Option<Arc<Live>>,
    (sockets, tls): (Vec<Socket>, Option<Tls>),
    (mut signals, mut reload, init): (Signals, Reload, Arc<Init>),
) -> anyhow::Result<()> {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (hurry, hurried) = tokio::sync::oneshot::channel::<()>();
    let (stopped, hurried) = (async { drop(stopped.await) }, async { drop(hurried.await) });
    let serving = http::serve(sockets, tls, settings, server, stopped, hurried);
    tokio::pin!(serving);
    loop {
        tokio::select! {
            served = serving.as_mut() => return served.context("cannot serve"),
            told = signals.next() => match told {
                Told::Reload => {
                    init.reloading();
                    reload.take().await;
                    init.ready("serves");
                }
                Told::Stop => break,
            },
        }
    }
    init.stopping();
    tracing::info!("stopping: what runs may finish, a second signal ends it");
    drop(stop);
    // Who listens for changes would listen for ever.
    if let Some(live) = live {
        live.close();
    }
    tokio::select! {
        served = serving.as_mut() => {
            starter.stop();
            descendants.end().await;
            served.context("cannot serve")
        }
        () = signals.stop() => {
            // Clients are told first, so that no script that is killed looks as if it had failed by itself.
            drop(hurry);
            serving.await.context("cannot serve")?;
            starter.stop();
            descendants.kill();
            anyhow::bail!("stopped by a second signal; what ran was ended")
        }
    }
}

/// The signals that the server hears.
struct Signals {
    term: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    /// SIGHUP is for a new configuration.
    reloads: bool,
}

impl Signals {
    fn listen(reloads: bool) -> std::io::Result<Self> {
        Ok(Self {
            reloads,
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.term.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.hangup.recv() => if self.reloads { Told::Reload } else { Told::Stop },
        }
    }

    /// The next one that stops the server.
    async fn stop(&mut self) {
        while self.next().await != Told::Stop {}
    }
}

/// What a signal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Stop,
    /// A new configuration is to be taken.
    Reload,
}

const NO_LAUNCHER: &str = "cannot start the launcher";
/// Threads that may wait for a disk.
const BLOCKING_THREADS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_each_cause_once() {
        let cause = std::io::Error::other("no rights");
        let named = anyhow::Error::from(cause).context("cannot open it: no rights; ask").context("cannot start");
        assert_eq!(told(&named), "cannot start: cannot open it: no rights; ask");
    }
}
