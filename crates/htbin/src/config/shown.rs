//! What a configuration would do, for `htbin check`: where it listens, and for each host which route leads where.

use std::fmt::{self, Write as _};

use super::Settings;
use htbin_spawn::Level;

use crate::{
    handle::cgi::{self, RunAs},
    listen::Bind,
    route::{HostSettings, Pattern, RuleSettings, Target},
    site,
};

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for listen in &self.listen {
            let scheme = match (listen.secure, listen.introduced) {
                (false, false) => "http",
                (true, false) => "https",
                (false, true) => "http after the PROXY protocol",
                (true, true) => "https after the PROXY protocol",
            };
            let places: Vec<String> = listen.binds.iter().map(|bind| place(bind, listen.port)).collect();
            match &places[..] {
                [] => writeln!(f, "listen  {scheme} on 127.0.0.1:{0} and [::1]:{0}", listen.port)?,
                places => writeln!(f, "listen  {scheme} on {}", places.join(" and "))?,
            }
        }
        writeln!(f, "user    {}", self.user.as_deref().unwrap_or("nobody, if root starts it"))?;
        for host in &self.routes.hosts {
            show_host(host, self.user.as_deref(), f)?;
        }
        Ok(())
    }
}

fn place(bind: &Bind, port: u16) -> String {
    match bind {
        Bind::Host(host) if host.contains(':') && !host.starts_with('[') => format!("[{host}]:{port}"),
        Bind::Host(host) => format!("{host}:{port}"),
        Bind::Unix(path) => path.display().to_string(),
    }
}

fn show_host(host: &HostSettings, server: Option<&str>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let names: Vec<String> = host.names.iter().map(ToString::to_string).collect();
    writeln!(f, "host    {}", if names.is_empty() { "every other name".to_owned() } else { names.join(", ") })?;
    let rules: Vec<(String, String)> =
        host.rules.iter().map(|rule| (pattern(&rule.pattern), target(rule, server))).collect();
    let width = rules.iter().map(|(pattern, _)| pattern.chars().count()).max().unwrap_or(0).min(WIDTH_MAX);
    rules.iter().try_for_each(|(pattern, target)| writeln!(f, "  {pattern:<width$}  {target}"))
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::All => "all else".to_owned(),
        Pattern::Prefix(names) if names.is_empty() => "/".to_owned(),
        Pattern::Prefix(names) => {
            let names: Vec<_> = names.iter().map(|name| String::from_utf8_lossy(name)).collect();
            format!("/{}", names.join("/"))
        }
        Pattern::Suffix(end) => format!("*{}", String::from_utf8_lossy(end)),
        Pattern::Glob(glob) => glob.glob().glob().to_owned(),
    }
}

fn target(rule: &RuleSettings, server: Option<&str>) -> String {
    match &rule.target {
        Target::Site(site) => of_site(site, &rule.pattern) + &of_scripts(site, &rule.scripts, server),
        Target::Redirect(status, to) => format!("redirect to {to} ({})", status.as_u16()),
        Target::Rewrite(to) => format!("as {to}"),
        Target::Respond(status, _, text) => format!("{} octets of text ({})", text.len(), status.as_u16()),
        Target::Refuse(reason) => format!("refused: {}", crate::refusal::Refusal::new(*reason).status()),
    }
}

fn of_site(site: &site::Settings, pattern: &Pattern) -> String {
    let root = site.root.display();
    if let [mount] = &site.mounts[..] {
        return format!("program {}", mount.program.display());
    }
    if let (Pattern::Suffix(_), [interpreter]) = (pattern, &site.interpreters[..]) {
        return format!("scripts beneath {root}, run by {}", interpreter.program.display());
    }
    let mut text = String::new();
    if let [dir] = &site.script_dirs[..]
        && dir.directory.as_ref() == Some(&site.root)
    {
        return format!("scripts of {root}");
    }
    let _ = write!(text, "files of {root}");
    if !site.cgi {
        return text + ", no scripts";
    }
    let dirs: Vec<String> = site
        .script_dirs
        .iter()
        .map(|dir| match &dir.directory {
            Some(directory) => format!("{} ({})", dir.url, directory.display()),
            None if dir.url == "/" => "wherever they lie".to_owned(),
            None => dir.url.clone(),
        })
        .collect();
    if !dirs.is_empty() {
        let _ = write!(text, ", scripts in {}", dirs.join(" and "));
    }
    text
}

/// As whom scripts run and how confined, where that is not as ever.
fn of_scripts(site: &site::Settings, scripts: &cgi::Rules, server: Option<&str>) -> String {
    let mut text = String::new();
    if !site.cgi || (site.script_dirs.is_empty() && site.mounts.is_empty()) {
        return text;
    }
    match &scripts.run_as {
        RunAs::Server => {}
        // What is said at the top holds for the server, too.
        RunAs::User(runner) if server.is_some_and(|it| it.split(':').next() == Some(&runner.name)) => {}
        RunAs::User(runner) => text.extend([", as ", &runner.name]),
        RunAs::Owner(_) => text.push_str(", as their owners"),
    }
    match scripts.terms.confinement.level {
        Level::Off => {}
        Level::Standard => text.push_str(", sandbox standard"),
        Level::Strict => text.push_str(", sandbox strict"),
    }
    text
}

const WIDTH_MAX: usize = 40;
