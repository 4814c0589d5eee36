//! Puts together what answers requests: the server with its launcher, and what it stands on.

use std::sync::{Arc, atomic::AtomicU64};

use anyhow::Context as _;
use htbin_spawn::{Descendants, EarlyLauncher, Launcher, Starter};

use crate::{
    config::Settings,
    diagnosis,
    handle::{self, cgi::Cgi, kept::Kept},
    live::{self, Live},
    log::AccessLog,
    privilege,
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

/// Makes a server, within the runtime. From now on this process adopts what scripts leave behind.
pub(super) fn assemble(
    settings: &Settings,
    site: Site,
    launcher: EarlyLauncher,
    access: Arc<AccessLog>,
    live: Option<Arc<Live>>,
) -> anyhow::Result<Assembly> {
    let launcher = Launcher::new(launcher).context("cannot talk to the launcher")?;
    let descendants = Arc::new(Descendants::adopt(Arc::clone(&launcher)).context("cannot adopt orphans")?);
    let orphans = Arc::clone(&descendants);
    tokio::spawn(async move { orphans.reap().await });
    let starter = Arc::new(Starter::new(launcher, settings.cgi.warm.clone()));
    let server = Arc::new(Server {
        routes: Routes::single(site),
        layers: settings.layers.clone(),
        kept: Kept::default(),
        debug: settings.cgi.debug,
        redirects_max: settings.cgi.redirects_max,
        cgi: Cgi::new(settings.cgi.clone(), Arc::clone(&starter)),
        access,
        exchanges: AtomicU64::new(0),
        live,
        stopped: Stopped::default(),
    });
    Ok(Assembly { server, starter, descendants })
}

/// Watches the site, if that is wanted and possible.
pub(super) fn watch(settings: &Settings, site: &Site) -> Option<Arc<Live>> {
    if !settings.live {
        return None;
    }
    let path = settings.cgi.environment.iter().find(|(name, _)| name == "PATH");
    let watched = live::Settings {
        site: settings.site.clone(),
        runner: Arc::new(runner()),
        search_path: path.map(|(_, value)| value.clone()).unwrap_or_default(),
        limits: limits(&settings.cgi),
    };
    // To serve without it is better than not to serve.
    Live::start(site, watched).inspect_err(|error| tracing::warn!("--live does nothing: {error}")).ok()
}

/// Whom scripts run as: whom this process runs as by now.
fn runner() -> diagnosis::Runner {
    let mut groups: Vec<u32> = rustix::process::getgroups().unwrap_or_default().iter().map(|it| it.as_raw()).collect();
    groups.push(rustix::process::getegid().as_raw());
    diagnosis::Runner { name: privilege::my_name(), uid: rustix::process::geteuid().as_raw(), groups }
}

fn limits(settings: &handle::cgi::Settings) -> diagnosis::Limits {
    diagnosis::Limits {
        head_time: settings.head_time,
        idle_time: settings.idle_time,
        output_bytes: settings.output_bytes_max,
        memory_bytes: settings.memory_bytes_max,
        cpu_seconds: settings.cpu_seconds_max,
        processes: settings.processes_max,
    }
}
