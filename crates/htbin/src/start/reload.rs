//! A new configuration for a server that runs: rules take the place of rules between two requests, and no connection is
//! lost. A broken one is refused, and the old one goes on.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, Write as _},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use rustix::{
    fs::{FlockOperation, flock},
    process::{Pid, Signal, kill_process},
};

use super::rights::Rights;
use crate::{
    cli,
    config::{self, Settings},
    respond::Server,
    route::Routes,
    tls::Tls,
};

/// What a new configuration is compared with, and where it takes effect.
pub(super) struct Reload {
    /// Who runs what.
    pub(super) rights: Rights,
    pub(super) settings: Settings,
    pub(super) server: Arc<Server>,
    pub(super) tls: Option<Tls>,
    /// Where TLS is spoken.
    pub(super) secure: Option<SocketAddr>,
}

impl Reload {
    /// Reads the file anew and takes what it says, or says why not.
    pub(super) async fn take(&mut self) {
        let Some(path) = self.settings.file.clone() else { return };
        let shown = path.display().to_string();
        let (rights, before) = (self.rights.clone(), self.settings.routes.clone());
        let (old, secure, tls) = (self.settings.tls.clone(), self.secure, self.tls.clone());
        let read = tokio::task::spawn_blocking(move || -> anyhow::Result<(Settings, Routes, Option<Tls>)> {
            let mut settings = config::from_file(&path)?;
            rights.apply(&mut settings.routes);
            settings.routes.carry_on(&before);
            if let Some(secure) = secure {
                settings.routes.redirect_to(secure.port());
            }
            let routes = Routes::open(&settings.routes)?;
            let tls = if settings.tls == old { None } else { Some(reopen(tls.as_ref(), &settings, secure)?) };
            Ok((settings, routes, tls))
        });
        match read.await.map_err(anyhow::Error::from).and_then(|read| read) {
            Ok((settings, routes, tls)) => {
                // What is demanded of clients holds before there is something new to get.
                if let (Some(now), Some(tls)) = (&self.tls, &tls) {
                    now.replace_by(tls);
                }
                self.server.routes.store(Arc::new(routes));
                let mut left = left_out(&self.settings, &settings);
                if !self.rights.permit(&settings) {
                    left.push("users, and directories and programs of scripts");
                }
                if left.is_empty() {
                    tracing::info!("{shown} was read again; its rules hold from now on");
                } else {
                    let keys = left.join(", ");
                    tracing::warn!(
                        "{shown} was read again; its rules hold from now on, but a restart is needed for: {keys}"
                    );
                }
                (self.settings.routes, self.settings.tls) = (settings.routes, settings.tls);
            }
            Err(error) => tracing::error!("{shown} is refused, and what held before goes on: {error:#}"),
        }
    }
}

/// The certificates and demands of other settings. Rules without what they demand of clients would let everybody in.
fn reopen(tls: Option<&Tls>, settings: &Settings, secure: Option<SocketAddr>) -> anyhow::Result<Tls> {
    let (Some(tls), Some(settings)) = (tls, &settings.tls) else {
        anyhow::bail!("tls: whether it is spoken at all is settled at the start; restart htbin");
    };
    let addresses: Vec<_> = secure.iter().map(SocketAddr::ip).collect();
    Ok(tls.reopen(settings, &addresses)?)
}

/// The keys that differ but belong to the start.
fn left_out(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let keys = [
        ("listen", old.listen != new.listen),
        ("user", old.user != new.user),
        ("threads", old.threads != new.threads),
        ("record", old.record != new.record),
        ("pid-file", old.pid_file != new.pid_file),
        ("log-format", old.log.format != new.log.format),
        ("access-log", old.log.access != new.log.access),
        ("error-log", old.log.events != new.log.events),
        ("metrics", old.metrics != new.metrics),
        ("health", old.health != new.health),
        ("limits of clients", old.http != new.http),
        ("scripts at once, warm interpreters, debug", old.cgi != new.cgi),
    ];
    keys.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
}

/// The file with the number of the server's process. It is locked while the server runs, so that a number that was left
/// behind is nobody's.
#[derive(Debug)]
pub(super) struct PidFile(#[expect(dead_code, reason = "held for its lock")] File);

impl PidFile {
    /// Writes the number of this process into the file.
    pub(super) fn write(path: &Path) -> anyhow::Result<Self> {
        let told = || format!("pid-file {}", path.display());
        let mut file =
            // Never through a link, which somebody else may have put there for root.
            OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .custom_flags(NOFOLLOW)
                .open(path)
                .with_context(told)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            anyhow::bail!("{}: another server runs with it; stop that one, or name another file", told());
        }
        file.set_len(0).with_context(told)?;
        writeln!(file, "{}", std::process::id()).with_context(told)?;
        Ok(Self(file))
    }
}

/// `htbin reload`: looks at the file as the server will, then tells the server.
pub(super) fn run(asked: &cli::Reload) -> anyhow::Result<()> {
    let settings = config::from_file(&asked.file)?;
    let path: PathBuf = settings.pid_file.with_context(|| {
        let fix = "add pid-file = \"/run/htbin.pid\" and start htbin again, or send SIGHUP to its process";
        format!("{} names no pid-file, so it is not known whom to tell: {fix}", asked.file.display())
    })?;
    let told = || format!("pid-file {}", path.display());
    let mut file = File::open(&path).with_context(told)?;
    if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
        anyhow::bail!("no server runs with {}; start it: htbin -c {}", told(), asked.file.display());
    }
    let mut text = String::new();
    file.rewind().and_then(|()| file.take(PID_BYTES_MAX).read_to_string(&mut text)).with_context(told)?;
    let pid = text.trim().parse().ok().and_then(Pid::from_raw).with_context(|| format!("{}: no number", told()))?;
    kill_process(pid, Signal::HUP).with_context(|| format!("cannot tell process {}", text.trim()))?;
    Ok(())
}

const NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
const PID_BYTES_MAX: u64 = 32;
