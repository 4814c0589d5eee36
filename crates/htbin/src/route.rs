//! Which rules hold for a request: the host first, then the first rule of that host whose pattern fits the path. Without
//! a configuration file there is one host with one rule.

mod action;
mod host;
mod pattern;

use std::sync::Arc;

use http::request::Parts;

pub use self::{
    action::{Action, Target},
    host::HostName,
    pattern::Pattern,
};
use crate::{handle, handle::kept::Kept, layers, path::UrlPath, refusal::Refusal, site};

/// Every host with its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Proxies that speak for clients.
    pub proxies: layers::proxies::Settings,
    /// In the order of the file. The first one without a name, or the first one, answers for every other name.
    pub hosts: Vec<HostSettings>,
}

/// A host with its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSettings {
    /// Its names; none: it answers for every name that no other host has.
    pub names: Vec<HostName>,
    /// In the order in which they are tried; the last one fits every path.
    pub rules: Vec<RuleSettings>,
}

/// What holds for the paths that fit a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSettings {
    /// Which paths.
    pub pattern: Pattern,
    /// What answers.
    pub target: Target,
    /// What happens to requests and answers.
    pub layers: layers::Settings,
    /// What holds for scripts.
    pub scripts: handle::cgi::Rules,
}

/// All rules, ready to be asked.
#[derive(Debug)]
pub struct Routes {
    /// Proxies that speak for clients.
    pub proxies: layers::proxies::Settings,
    hosts: Vec<Host>,
    /// The host for names that none has.
    fallback: usize,
}

#[derive(Debug)]
struct Host {
    names: Vec<HostName>,
    rules: Vec<Arc<Rule>>,
}

/// What holds for a request.
#[derive(Debug)]
pub struct Rule {
    pattern: Pattern,
    /// What answers.
    pub action: Action,
    /// What happens to the request and its answer.
    pub layers: layers::Settings,
    /// What holds for scripts.
    pub scripts: Arc<handle::cgi::Rules>,
    /// Files that scripts may have sent.
    pub vault: Option<site::Vault>,
    /// Small files that were sent lately.
    pub kept: Kept,
}

impl Routes {
    /// Opens what the rules name: sites that are alike once.
    ///
    /// # Errors
    /// What a site cannot open, and what a layer cannot.
    pub fn open(settings: &Settings) -> Result<Self, Error> {
        let mut sites = action::Sites::default();
        let rule = |rule: &RuleSettings, sites: &mut action::Sites| {
            rule.layers.open()?;
            Ok::<_, Error>(Arc::new(Rule {
                pattern: rule.pattern.clone(),
                action: Action::open(&rule.target, sites)?,
                layers: rule.layers.clone(),
                vault: site::Vault::open(&rule.scripts.sendfile)?,
                scripts: Arc::new(rule.scripts.clone()),
                kept: Kept::default(),
            }))
        };
        let mut hosts = Vec::new();
        for host in &settings.hosts {
            let rules = host.rules.iter().map(|it| rule(it, &mut sites)).collect::<Result<_, _>>()?;
            hosts.push(Host { names: host.names.clone(), rules });
        }
        let fallback = hosts.iter().position(|host| host.names.is_empty()).unwrap_or(0);
        Ok(Self { proxies: settings.proxies.clone(), hosts, fallback })
    }

    /// The rule for a request.
    ///
    /// # Errors
    /// Its path is none, and there is more than one rule to choose from.
    pub fn find(&self, request: &Parts) -> Result<&Arc<Rule>, Refusal> {
        match &self.hosts[..] {
            // Without a configuration file no path is looked at for this.
            [Host { rules, .. }] if rules.len() == 1 => Ok(&rules[0]),
            _ => {
                let path = UrlPath::parse(request.uri.path())?;
                let rules = &self.host(request).rules;
                Ok(rules.iter().find(|rule| rule.pattern.fits(&path)).unwrap_or_else(|| last(rules)))
            }
        }
    }

    /// The rule for a request whose path says nothing: the last of its host.
    pub fn fallback(&self, request: &Parts) -> &Arc<Rule> {
        last(&self.host(request).rules)
    }

    /// The sites that are served, each once.
    pub fn sites(&self) -> impl Iterator<Item = &site::Site> {
        self.hosts.iter().flat_map(|host| &host.rules).filter_map(|rule| rule.action.site())
    }

    fn host(&self, request: &Parts) -> &Host {
        let fallback = &self.hosts[self.fallback];
        if self.hosts.len() == 1 {
            return fallback;
        }
        let Some(name) = host::of(request) else { return fallback };
        let fits = |host: &&Host| host.names.iter().any(|it| it.is(&name));
        // An exact name before a pattern, and of patterns the longest.
        self.hosts.iter().find(fits).unwrap_or_else(|| {
            let length = |host: &&Host| host.names.iter().filter_map(|it| it.holds(&name)).max();
            self.hosts.iter().filter(|host| length(host).is_some()).max_by_key(length).unwrap_or(fallback)
        })
    }
}

impl Rule {
    /// The address for this request.
    ///
    /// # Errors
    /// The path of the request is none.
    pub fn fill(&self, template: &handle::fixed::Template, request: &Parts) -> Result<String, Refusal> {
        let path = UrlPath::parse(request.uri.path())?;
        Ok(template.fill(request, self.pattern.rest(&path).unwrap_or_default()))
    }
}

impl Settings {
    /// One site for every host and path.
    pub fn single(site: site::Settings, layers: layers::Settings, scripts: handle::cgi::Rules) -> Self {
        let rule = RuleSettings { pattern: Pattern::All, target: Target::Site(site), layers, scripts };
        let host = HostSettings { names: Vec::new(), rules: vec![rule] };
        Self { proxies: layers::proxies::Settings::default(), hosts: vec![host] }
    }

    /// The rule for every path of the last host.
    pub fn last(&self) -> &RuleSettings {
        self.hosts
            .last()
            .and_then(|host| host.rules.last())
            .expect("configuration gives each host a rule for every path")
    }

    /// The same, to change it.
    pub fn last_mut(&mut self) -> &mut RuleSettings {
        let last = self.hosts.last_mut().and_then(|host| host.rules.last_mut());
        last.expect("configuration gives each host a rule for every path")
    }

    /// Every site, each once.
    pub fn sites(&self) -> Vec<&site::Settings> {
        let mut sites: Vec<&site::Settings> = Vec::new();
        for site in self.rules().filter_map(|rule| rule.target.site()) {
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
        sites
    }

    /// Takes over what is known of users: who guesses waits on, whatever is configured anew.
    pub fn carry_on(&mut self, before: &Self) {
        for auth in self.hosts.iter_mut().flat_map(|host| &mut host.rules).filter_map(|rule| rule.layers.auth.as_mut())
        {
            if let Some(known) = before.rules().filter_map(|rule| rule.layers.auth.as_ref()).find(|it| it.is_of(auth)) {
                auth.carry_on(known);
            }
        }
    }

    /// Who is sent to TLS is sent to this port.
    pub fn redirect_to(&mut self, port: u16) {
        for rule in self.hosts.iter_mut().flat_map(|host| &mut host.rules) {
            if let Some(https) = &mut rule.layers.https {
                https.redirect = https.redirect.map(|_| port);
            }
        }
    }

    /// Every rule, to change it.
    pub fn rules_mut(&mut self) -> impl Iterator<Item = &mut RuleSettings> {
        self.hosts.iter_mut().flat_map(|host| &mut host.rules)
    }

    /// Every rule.
    pub fn rules(&self) -> impl Iterator<Item = &RuleSettings> {
        self.hosts.iter().flat_map(|host| &host.rules)
    }
}

/// What cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A site.
    #[error(transparent)]
    Site(#[from] site::Error),
    /// The users.
    #[error(transparent)]
    Users(#[from] layers::auth::Error),
}

fn last(rules: &[Arc<Rule>]) -> &Arc<Rule> {
    rules.last().expect("configuration gives each host a rule for every path")
}

#[cfg(test)]
mod tests;
