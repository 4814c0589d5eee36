//! Puts together what answers requests: the server with its launcher, and what it stands on.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use htbin_spawn::{Descendants, EarlyLauncher, Launcher, Starter};

use crate::{
    challenges::Challenges,
    config::Settings,
    handle::{cgi::Cgi, health::Health, status::Status},
    ledger::Ledger,
    live::{self, Live},
    log::AccessLog,
    page::status::Machine,
    privilege,
    recording::Recorder,
    respond::{Server, Stopped},
    route::Routes,
    site::Site,
};

/// A server, and what has to be ended with it.
pub(super) struct Assembly {
    pub(super) server: Arc<Server>,
    pub(super) starter: Arc<Starter>,
    pub(super) descendants: Arc<Descendants>,
}

/// What a server need not have.
#[derive(Default)]
pub(super) struct Extras {
    /// `--live`.
    pub(super) live: Option<Arc<Live>>,
    /// `--record`.
    pub(super) recorder: Option<Recorder>,
    /// Who gets certificates from an authority shows it this.
    pub(super) challenges: Option<Arc<Challenges>>,
}

/// Makes a server, within the runtime. From now on this process adopts what scripts leave behind.
pub(super) fn assemble(
    settings: &Settings,
    routes: Routes,
    launcher: EarlyLauncher,
    access: Arc<AccessLog>,
    extras: Extras,
) -> anyhow::Result<Assembly> {
    let launcher = Launcher::new(launcher).context("cannot talk to the launcher")?;
    let descendants = Arc::new(Descendants::adopt(Arc::clone(&launcher)).context("cannot adopt orphans")?);
    let orphans = Arc::clone(&descendants);
    tokio::spawn(async move { orphans.reap().await });
    let starter = Arc::new(Starter::new(launcher, settings.cgi.warm.clone()));
    let ledger = Arc::<Ledger>::default();
    let connections_max = settings.http.connections_max;
    let root = routes.sites().next().map_or(Path::new("/"), Site::root);
    let machine = Machine { user: privilege::my_name(), root: root.to_owned(), connections_max };
    let cgi = Cgi::new(settings.cgi.clone(), Arc::clone(&starter), privilege::runner(), Arc::clone(&ledger));
    let cgi = Arc::new(cgi);
    let server = Arc::new(Server {
        health: Health::new(settings.health.as_deref(), Arc::clone(&ledger)),
        status: Status::new(Arc::clone(&ledger), Arc::clone(&cgi), machine).context("cannot make a token")?,
        routes: ArcSwap::from_pointee(routes),
        debug: settings.cgi.debug,
        redirects_max: settings.cgi.redirects_max,
        cgi,
        ledger,
        access,
        exchanges: AtomicU64::new(0),
        live: extras.live,
        recorder: extras.recorder.map(Arc::new),
        challenges: extras.challenges,
        stopped: Stopped::default(),
    });
    Ok(Assembly { server, starter, descendants })
}

/// Watches the site, if that is wanted and possible.
pub(super) fn watch(settings: &Settings, routes: &Routes) -> Option<Arc<Live>> {
    if !settings.live {
        return None;
    }
    let (site, rules) = (routes.sites().next()?, &settings.rule().scripts);
    let watched = live::Settings {
        site: settings.site()?.clone(),
        runner: Arc::new(privilege::runner()),
        search_path: rules.search_path(),
        limits: rules.limits(),
    };
    // To serve without it is better than not to serve.
    Live::start(site, watched).inspect_err(|error| tracing::warn!("--live does nothing: {error}")).ok()
}
