//! lighttpd.

mod parse;
mod site;

use std::path::Path;

use super::{
    Error,
    model::{Model, Tls},
    source::{At, Files},
};
use parse::{Condition, Set, Statement};
use site::Site;

/// Reads a configuration.
pub(super) fn read(file: &Path, files: &mut Files, model: &mut Model) -> Result<(), Error> {
    let statements = parse::parse(file, files, model)?;
    let mut server = Server { port: "80".into(), ..Server::default() };
    let mut site = Site::default();
    let hosts: Vec<&Condition> = server.statements(&statements, &mut site, model);
    for condition in hosts {
        let Some(names) = site::names(condition) else {
            model.leave(
                &condition.at,
                &condition.shown(),
                "too much for the name of a host: all of the block is left out",
            );
            continue;
        };
        let mut own = site.clone();
        let within = server.statements(&condition.block, &mut own, model);
        for inner in within {
            model.leave(&inner.at, &inner.shown(), "hosts within hosts");
        }
        let mut host = own.host(model);
        host.name = names;
        model.host(host, &condition.at);
    }
    let host = site.host(model);
    if host.rules.directory.is_some() || !host.route.is_empty() {
        model.host(host, &At::start(file));
    }
    server.finish(model);
    Ok(())
}

/// What is the server's alone.
#[derive(Debug, Default)]
struct Server {
    port: String,
    bind: Option<String>,
    user: Option<String>,
    group: Option<String>,
    is_secure: bool,
    certificate: Option<(String, At)>,
    key: Option<String>,
}

impl Server {
    /// Takes statements, and gives back the conditions of hosts.
    fn statements<'s>(&mut self, all: &'s [Statement], site: &mut Site, model: &mut Model) -> Vec<&'s Condition> {
        let mut hosts = Vec::new();
        for statement in all {
            match statement {
                Statement::Set(set) => {
                    if !self.set(set, model) {
                        site.set(set, model);
                    }
                }
                Statement::Condition(it) if it.is_else => {
                    model.leave(&it.at, &it.shown(), "what is else: all of the block is left out");
                }
                Statement::Condition(it) if it.field == "HTTP[\"host\"]" => hosts.push(it),
                Statement::Condition(it) if it.field == "SERVER[\"socket\"]" => self.socket(it, site, model),
                Statement::Condition(it) => site.condition(it, model),
            }
        }
        hosts
    }

    fn set(&mut self, set: &Set, model: &mut Model) -> bool {
        let text = set.value.text().unwrap_or_default().to_owned();
        match set.key.as_str() {
            "server.port" => self.port = text,
            "server.bind" => self.bind = Some(text),
            "server.username" => self.user = Some(text),
            "server.groupname" => self.group = Some(text),
            "ssl.engine" => self.is_secure = text == "enable",
            "ssl.pemfile" => self.certificate = Some((text, set.at.clone())),
            "ssl.privkey" => self.key = Some(text),
            key if NEEDLESS.iter().any(|it| key.starts_with(it)) => model.needless(key),
            _ => return false,
        }
        true
    }

    /// A further listener, which here has the same hosts.
    fn socket(&mut self, condition: &Condition, site: &mut Site, model: &mut Model) {
        let (before, mut own) = (std::mem::take(&mut self.is_secure), site.clone());
        self.statements(&condition.block, &mut own, model).iter().for_each(|it| {
            model.leave(&it.at, &it.shown(), "hosts of one listener alone");
        });
        if own != *site {
            model.leave(&condition.at, &condition.shown(), "what holds for one listener alone holds for all here");
            *site = own;
        }
        let is_secure = std::mem::replace(&mut self.is_secure, before);
        model.listen(address(&condition.value, is_secure));
    }

    fn finish(self, model: &mut Model) {
        let first = match &self.bind {
            Some(path) if path.starts_with('/') => path.clone(),
            Some(host) if host.contains(':') && !host.starts_with('[') => {
                address(&format!("[{host}]:{}", self.port), self.is_secure)
            }
            Some(host) => address(&format!("{host}:{}", self.port), self.is_secure),
            None => address(&format!("0.0.0.0:{}", self.port), self.is_secure),
        };
        if !model.listen.contains(&first) {
            model.listen.insert(0, first);
        }
        model.user = match (self.user, self.group) {
            (Some(user), Some(group)) if user != group => Some(format!("{user}:{group}")),
            (user, _) => user,
        };
        if let Some((certificate, at)) = self.certificate {
            model.certificate(Tls { certificate, key: self.key }, &at);
        }
    }
}

fn address(text: &str, is_secure: bool) -> String {
    let text = if text.starts_with(':') { format!("0.0.0.0{text}") } else { text.to_owned() };
    if is_secure { format!("https://{text}") } else { text }
}

/// What htbin does by itself, or needs no word for; beginnings of keys.
const NEEDLESS: [&str; 22] = [
    "server.modules",
    "server.errorlog",
    "server.breakagelog",
    "server.pid-file",
    "server.upload-dirs",
    "server.tag",
    "server.feature-flags",
    "server.event-handler",
    "server.network-backend",
    "server.max-",
    "server.stream-",
    "server.http-parseopts",
    "server.use-ipv6",
    "server.stat-cache",
    "accesslog.",
    "mimetype.",
    "compress.",
    "etag.",
    "debug.",
    "ssl.",
    "cgi.local-redir",
    "cgi.execute-x-only",
];
