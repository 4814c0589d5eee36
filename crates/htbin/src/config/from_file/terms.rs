//! As whom the scripts of a route run, how nicely and how confined.

use std::path::{Path, PathBuf};

use htbin_spawn::{Confinement, Identity, Level, Network, Terms, owner::Minimum};

use crate::{
    config::{
        Error,
        file::{
            keys::{Rules, Sandbox},
            values::{Many, Reach},
        },
    },
    handle::cgi::{self, RunAs},
    privilege,
};

/// Puts what the rules say of them into the settings.
pub(super) fn add(rules: &Rules, base: &Path, scripts: &mut cgi::Rules) -> Result<(), Error> {
    let mut terms = Terms { confinement: confinement(rules, base, scripts)?, ..Terms::default() };
    match rules.user.as_deref() {
        None => {}
        Some(OWNER) => scripts.run_as = RunAs::Owner(Minimum::default()),
        Some(user) => {
            let identity = privilege::look_up(user).map_err(|why| Error::new("user", why.bare()))?;
            if identity.uid == 0 {
                return Err(Error::new("user", privilege::Error::Root.bare()));
            }
            let privilege::Identity { uid, gid, groups, .. } = identity.clone();
            terms.identity = Some(Identity { uid, gid, groups });
            scripts.run_as = RunAs::User(std::sync::Arc::new(identity.into()));
        }
    }
    terms.umask = rules.umask.as_deref().map(umask).transpose()?;
    terms.nice = rules.nice;
    if let Some(nice) = rules.nice.filter(|nice| !(-20..=19).contains(nice)) {
        return Err(Error::new("nice", format!("{nice} is no niceness: -20 is the least nice, 19 the nicest")));
    }
    terms.cgroup = rules.cgroup.as_ref().map(|path| base.join(path));
    scripts.terms = terms;
    Ok(())
}

/// The server's own user: what is said at the top, if that is a user.
pub(super) fn of_server(rules: &Option<String>) -> Option<String> {
    rules.clone().filter(|user| user != OWNER)
}

fn confinement(rules: &Rules, base: &Path, scripts: &cgi::Rules) -> Result<Confinement, Error> {
    let mut confinement = match rules.sandbox {
        None => scripts.terms.confinement.clone(),
        Some(Sandbox::Off) => Confinement::OFF,
        Some(Sandbox::Standard) => Confinement::standard(),
        Some(Sandbox::Strict) => Confinement::strict(),
    };
    let is_off = confinement.level == Level::Off;
    let lists =
        [("read", rules.read.is_some()), ("write", rules.write.is_some()), ("network", rules.network.is_some())];
    if let Some((key, _)) = lists.into_iter().find(|(_, is_said)| *is_said && is_off) {
        return Err(Error::new(key, "without a sandbox it says nothing: add sandbox = \"standard\" or \"strict\""));
    }
    if !is_off && scripts.new_privileges {
        return Err(Error::new("new-privileges", "a sandbox lets no script gain privileges; leave one of the two out"));
    }
    let paths = |list: &Option<Many<PathBuf>>| list.iter().flat_map(|it| &it.0).map(|path| base.join(path)).collect();
    (confinement.read, confinement.write) = (paths(&rules.read), paths(&rules.write));
    match &rules.network {
        None => {}
        Some(Reach::None) => confinement.network = Network::None,
        Some(Reach::All) => confinement.network = Network::All,
        Some(Reach::Ports(ports)) => confinement.network = Network::Ports(ports.clone()),
    }
    Ok(confinement)
}

fn umask(text: &str) -> Result<u32, Error> {
    let mask = u32::from_str_radix(text, 8).ok().filter(|mask| *mask <= 0o777);
    mask.ok_or_else(|| Error::new("umask", format!("'{text}' is no mask: it looks like \"022\" or \"077\"")))
}

const OWNER: &str = "owner";
