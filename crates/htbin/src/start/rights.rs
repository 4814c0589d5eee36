//! Who runs what: whom the server becomes, whether its launcher stays root for scripts of other users, and what that one
//! may then start; and what the kernel lacks of the sandboxes that are asked for.

use std::path::PathBuf;

use htbin_spawn::{Identity, Kernel, Level, Policy, Users};
use nix::unistd::Uid;

use crate::{config::Settings, handle::cgi::RunAs, privilege, route};

/// Who runs what.
#[derive(Debug, Clone)]
pub(super) struct Rights {
    /// Whom the server becomes, if it has to.
    pub(super) server: Option<privilege::Identity>,
    /// What a launcher that stays root may start; none: it becomes the server's user, too.
    pub(super) policy: Option<Policy>,
}

impl Rights {
    /// Works it out, before the first thread.
    ///
    /// # Errors
    /// A script is to run as a user that nobody here can become, or in a sandbox that the kernel does not have.
    pub(super) fn choose(settings: &Settings) -> anyhow::Result<Self> {
        check_kernel(&settings.routes)?;
        let server = privilege::choose(settings.user.as_deref())?;
        let own = server.as_ref().map_or(Uid::effective().as_raw(), |identity| identity.uid);
        let Some(foreign) = foreign(&settings.routes, own) else { return Ok(Self { server, policy: None }) };
        let Some(identity) = &server else {
            let user = match foreign {
                RunAs::User(runner) => runner.name.clone(),
                _ => "owner".to_owned(),
            };
            return Err(privilege::Error::NotRoot { user }.into());
        };
        let policy = policy(settings, &numbers(identity));
        Ok(Self { server, policy: Some(policy) })
    }

    /// Says in each rule as whom its scripts run. A launcher that is root has to be told.
    pub(super) fn apply(&self, routes: &mut route::Settings) {
        for rule in routes.rules_mut() {
            let terms = &mut rule.scripts.terms;
            match (&self.policy, &self.server) {
                (Some(_), Some(server)) if rule.scripts.run_as == RunAs::Server => {
                    terms.identity = Some(numbers(server))
                }
                (Some(_), _) => {}
                // Nobody becomes anybody: the launcher is that user already.
                (None, _) => terms.identity = None,
            }
        }
    }

    /// May the launcher start all that these settings name? It was told at its start, and cannot be told again.
    pub(super) fn permit(&self, settings: &Settings) -> bool {
        match (&self.policy, &self.server) {
            (Some(known), Some(server)) => *known == policy(settings, &numbers(server)),
            _ => foreign(&settings.routes, Uid::effective().as_raw()).is_none(),
        }
    }
}

/// Somebody else than this user whom scripts are to run as.
fn foreign(routes: &route::Settings, own: u32) -> Option<&RunAs> {
    routes.rules().map(|rule| &rule.scripts.run_as).find(|run_as| match run_as {
        RunAs::Server => false,
        RunAs::User(runner) => runner.uid != own,
        RunAs::Owner(_) => true,
    })
}

fn numbers(identity: &privilege::Identity) -> Identity {
    Identity { uid: identity.uid, gid: identity.gid, groups: identity.groups.clone() }
}

/// What may be started, and as whom: what rules name, and what they lead to.
fn policy(settings: &Settings, server: &Identity) -> Policy {
    let mut programs: Vec<PathBuf> = Vec::new();
    for site in settings.routes.sites() {
        programs
            .extend(site.script_dirs.iter().map(|dir| dir.on_disk(&site.root).unwrap_or_else(|| site.root.clone())));
        programs.extend(site.mounts.iter().map(|mount| mount.program.clone()));
        programs.extend(site.interpreters.iter().map(|interpreter| interpreter.program.clone()));
    }
    if settings.cgi.warm.is_some() {
        let path = settings.rule().scripts.search_path();
        let found = std::env::split_paths(&path).flat_map(|directory| WARM.map(|name| directory.join(name)));
        programs.extend(found.filter(|program| program.exists()));
    }
    programs.sort();
    programs.dedup();
    let is_warm = settings.cgi.warm.is_some();
    let has_interpreters =
        |rule: &route::RuleSettings| rule.target.site().is_some_and(|site| !site.interpreters.is_empty());
    let mut users = vec![Users::One(server.clone())];
    for rule in settings.routes.rules() {
        let user = match (&rule.scripts.run_as, &rule.scripts.terms.identity) {
            // Where an interpreter is started, its own owner says nothing of the script's.
            (RunAs::Owner(minimum), _) if is_warm || has_interpreters(rule) => Users::From(*minimum),
            (RunAs::Owner(minimum), _) => Users::Owner(*minimum),
            (RunAs::User(_), Some(identity)) => Users::One(identity.clone()),
            _ => continue,
        };
        if !users.contains(&user) {
            users.push(user);
        }
    }
    Policy::Only { programs, users }
}

/// What the kernel lacks of the sandboxes that are asked for is said; without what `strict` needs nothing is started.
fn check_kernel(routes: &route::Settings) -> anyhow::Result<()> {
    let mut confinements: Vec<_> = routes.rules().map(|rule| &rule.scripts.terms.confinement).collect();
    confinements.retain(|confinement| confinement.level != Level::Off);
    if confinements.is_empty() {
        return Ok(());
    }
    let kernel = Kernel::probe();
    let mut told: Vec<String> = Vec::new();
    for missing in confinements.into_iter().flat_map(|confinement| kernel.missing(confinement)) {
        let text = missing.to_string();
        if missing.is_fatal() {
            anyhow::bail!("sandbox: {text}");
        }
        if !told.contains(&text) {
            tracing::warn!("sandbox: {text}");
            told.push(text);
        }
    }
    Ok(())
}

/// What may be kept warm.
const WARM: [&str; 2] = ["python3", "perl"];
