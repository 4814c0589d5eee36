//! Apache's httpd.

mod host;
mod parse;
mod scope;

use std::path::Path;

use super::{
    Error,
    model::{Model, Tls},
    source::Files,
};
use host::Site;
use parse::{Directive, Reader};

/// Reads a configuration.
pub(super) fn read(file: &Path, files: &mut Files, model: &mut Model) -> Result<(), Error> {
    let base = file.parent().unwrap_or(Path::new("/")).to_owned();
    let variables = ENVVARS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut reader = Reader { base, variables, model };
    let directives = reader.file(file, files, 0)?;
    let (hosts, main): (Vec<_>, Vec<_>) = directives.into_iter().partition(|it| it.name == "virtualhost");
    let main: Vec<&Directive> = main.iter().filter(|it| !of_server(it, model)).collect();
    if hosts.is_empty() {
        let mut site = Site::default();
        for directive in &main {
            site.take(directive, model);
        }
        let at = main.first().map_or_else(|| super::At::start(file), |it| it.at.clone());
        let host = site.host(model);
        model.host(host, &at);
    }
    // What stands outside is told once, though it holds for each.
    let mut quiet = Model::default();
    for (nth, host) in hosts.iter().enumerate() {
        let mut site = Site::default();
        for directive in &main {
            site.take(directive, if nth == 0 { &mut *model } else { &mut quiet });
        }
        for directive in &host.section {
            site.take(directive, model);
        }
        if let Some(certificate) = site.certificate.clone().filter(|_| site.is_secure) {
            model.certificate(Tls { certificate, key: site.key.clone() }, &host.at);
        }
        for address in &host.words {
            if site.is_secure
                && let Some((_, port)) = address.rsplit_once(':')
            {
                secure(port, model);
            }
        }
        let host_at = host.at.clone();
        let host = site.host(model);
        model.host(host, &host_at);
    }
    if model.listen.is_empty() {
        for address in hosts.iter().flat_map(|it| &it.words) {
            let is_named = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            if is_named {
                model.listen(address.replace('*', "").replace("_default_", ""));
            }
        }
    }
    Ok(())
}

/// The listener of this port speaks TLS.
fn secure(port: &str, model: &mut Model) {
    let end = format!(":{port}");
    for address in &mut model.listen {
        if address.ends_with(&end) && !address.starts_with("https://") {
            *address = format!("https://{address}");
        }
    }
    let is_there = model.listen.iter().any(|it| it.ends_with(&end));
    if !is_there {
        model.listen(format!("https://{end}"));
    }
}

/// What is the server's alone.
fn of_server(directive: &Directive, model: &mut Model) -> bool {
    match (directive.name.as_str(), &directive.words()[..]) {
        ("listen", [address, protocol @ ..]) => {
            let address = if address.contains(':') { (*address).to_owned() } else { format!(":{address}") };
            let scheme = if protocol.first() == Some(&"https") { "https://" } else { "" };
            model.listen(format!("{scheme}{address}"));
        }
        ("user", [name]) => {
            let group = model.user.take().filter(|it| it.starts_with(':')).unwrap_or_default();
            model.user = Some(if group.trim_start_matches(':') == *name {
                (*name).to_owned()
            } else {
                format!("{name}{group}")
            });
        }
        ("group", [group]) => match &mut model.user {
            Some(user) if user != group => *user = format!("{user}:{group}"),
            Some(_) => {}
            none => *none = Some(format!(":{group}")),
        },
        _ => return false,
    }
    true
}

/// As Debian's /etc/apache2/envvars has them.
const ENVVARS: [(&str, &str); 6] = [
    ("APACHE_RUN_USER", "www-data"),
    ("APACHE_RUN_GROUP", "www-data"),
    ("APACHE_LOG_DIR", "/var/log/apache2"),
    ("APACHE_RUN_DIR", "/var/run/apache2"),
    ("APACHE_LOCK_DIR", "/var/lock/apache2"),
    ("APACHE_PID_FILE", "/var/run/apache2/apache2.pid"),
];
