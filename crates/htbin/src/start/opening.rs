//! What is opened while there are rights to, in this order, and the end of those rights.

use std::net::SocketAddr;

use anyhow::Context as _;
use htbin_spawn::EarlyLauncher;

use super::{NO_LAUNCHER, rights::Rights};
use crate::{
    config::Settings,
    listen::{self, Inherited, Socket},
    log,
    privilege::{self, Identity},
    tls::Tls,
};

/// What only root could open.
pub(super) struct Opened {
    pub(super) sockets: Vec<Socket>,
    /// Those of the listener for metrics.
    pub(super) for_metrics: Vec<Socket>,
    pub(super) tls: Option<Tls>,
    /// Where TLS is spoken.
    pub(super) secure: Option<SocketAddr>,
    pub(super) files: log::Files,
    /// A launcher that stays root.
    pub(super) launcher: Option<EarlyLauncher>,
}

impl Opened {
    /// Opens it, and then gives the rights up.
    pub(super) fn with_rights(settings: &mut Settings, inherited: Inherited, rights: &Rights) -> anyhow::Result<Self> {
        let sockets = listen::open_all(&settings.listen, inherited, settings.tls.is_some())?;
        let for_metrics = settings.metrics.as_ref().map(listen::open).transpose()?.unwrap_or_default();
        let secure = sockets.iter().find(|socket| socket.secure).and_then(Socket::address);
        if let Some(secure) = secure {
            settings.routes.redirect_to(secure.port());
        }
        let addresses: Vec<_> = sockets.iter().filter_map(Socket::address).map(|address| address.ip()).collect();
        let tls = settings.tls.as_ref().map(|settings| Tls::open(settings, &addresses)).transpose()?;
        let files = log_files(settings, rights.server.as_ref())?;
        // A launcher for scripts of several users stays root, and starts nothing but what the configuration permits.
        let launcher = rights.policy.clone().map(EarlyLauncher::start).transpose().context(NO_LAUNCHER)?;
        // From here on nothing else of this process is root's.
        if let Some(identity) = &rights.server {
            give_sockets(sockets.iter().chain(&for_metrics), identity)?;
            if let Some(tls) = &tls {
                tls.give_to(identity.uid, identity.gid)
                    .context("cannot give the folder of certificates to the server's user")?;
            }
            privilege::assume(identity)?;
        }
        tls.iter().for_each(Tls::check_reload);
        Ok(Self { sockets, for_metrics, tls, secure, files, launcher })
    }
}

/// The log files that only root can open.
fn log_files(settings: &Settings, identity: Option<&Identity>) -> Result<log::Files, log::Error> {
    let owner = identity.map(|identity| (identity.uid, identity.gid));
    let user = identity.map_or_else(privilege::my_name, |identity| identity.name.clone());
    log::Files::open(&settings.log, owner, user)
}

/// A proxy that runs as the server's user may connect.
fn give_sockets<'a>(sockets: impl Iterator<Item = &'a Socket>, identity: &Identity) -> anyhow::Result<()> {
    for socket in sockets {
        if let Some(file) = socket.file() {
            file.give_to(identity.uid, identity.gid).context("cannot give the socket to the server's user")?;
        }
    }
    Ok(())
}
