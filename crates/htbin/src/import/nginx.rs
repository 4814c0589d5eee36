//! nginx, with fcgiwrap behind it for scripts.

mod location;
mod parse;

use std::path::Path;

use super::{
    Error,
    model::{Auth, Host, Model, Route, Rules, Target, Tls},
    source::Files,
};
use location::Locations;
use parse::Directive;

/// Reads a configuration.
pub(super) fn read(file: &Path, files: &mut Files, model: &mut Model) -> Result<(), Error> {
    let directives = parse::parse(file, files, model)?;
    let mut scope = Scope::default();
    scope.rules.listing = Some(false);
    scope.rules.follow_symlinks = Some(true);
    scope.rules.cgi = Some(false);
    scope.rules.index = Some(vec!["index.html".into()]);
    scope.block(&directives, model);
    let mut first = None;
    for server in servers(&directives) {
        let (host, is_default) = self::server(server, &scope, model);
        if is_default {
            first.get_or_insert(host.name.clone());
        }
        model.host(host, &server.at);
    }
    // The host that answers for every other name stands first.
    if let Some(at) = first.and_then(|names| model.hosts.iter().position(|host| host.name == names)) {
        model.hosts[..=at].rotate_right(1);
    }
    Ok(())
}

/// The servers of a whole configuration, or of a part of it.
fn servers(directives: &[Directive]) -> Vec<&Directive> {
    let of = |it: &'_ Directive| matches!(it.name.as_str(), "server");
    let within = directives.iter().filter(|it| it.name == "http").flat_map(|it| &it.block);
    directives.iter().chain(within).filter(|it| of(it)).collect()
}

/// What holds in a block; blocks within it have it too.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    rules: Rules,
    root: Option<String>,
    realm: Option<String>,
    users: Option<String>,
    /// `fastcgi_param`: those of a block count instead of those above.
    params: Vec<(Directive, String, String)>,
    pass: Option<String>,
    /// `allow` and `deny` in their order.
    access: Vec<(bool, String)>,
}

impl Scope {
    /// What a block says of itself. What is left are the blocks and what a server or a location alone has.
    fn block<'d>(&mut self, directives: &'d [Directive], model: &mut Model) -> Vec<&'d Directive> {
        let mut others = Vec::new();
        let (mut access, mut params) = (Vec::new(), Vec::new());
        for directive in directives {
            let Directive { name, words, .. } = directive;
            match (name.as_str(), &words[..]) {
                ("http", _) => others.extend(self.block(&directive.block, model)),
                ("allow" | "deny", [who]) => access.push((name == "allow", who.clone())),
                ("fastcgi_param", [name, value, ..]) => params.push((directive.clone(), name.clone(), value.clone())),
                ("fastcgi_pass", [to]) => self.pass = Some(to.clone()),
                ("root", [root]) => self.root(directive, root, model),
                ("auth_basic", [realm]) => self.realm = (realm != "off").then(|| realm.clone()),
                ("auth_basic_user_file", [file]) => self.users = Some(file.clone()),
                (name, _) if NEEDLESS.contains(&name) => model.needless(name),
                _ if self.rule(directive, model) => {}
                _ => others.push(directive),
            }
        }
        if !access.is_empty() {
            self.let_in(&access);
            self.access = access;
        }
        if !params.is_empty() {
            self.params = params;
        }
        self.authenticate(directives);
        others
    }

    fn root(&mut self, directive: &Directive, root: &str, model: &mut Model) {
        if root.contains('$') {
            return model.leave(&directive.at, &directive.shown(), "a variable in a path");
        }
        self.root = Some(root.trim_end_matches('/').to_owned());
        self.rules.directory = Some(if root == "/" { root.into() } else { root.trim_end_matches('/').to_owned() });
    }

    fn rule(&mut self, directive: &Directive, model: &mut Model) -> bool {
        let rules = &mut self.rules;
        match (directive.name.as_str(), &directive.words[..]) {
            ("index", names) if names.iter().all(|it| !it.contains(['$', '/'])) => rules.index = Some(names.to_vec()),
            ("autoindex", [switch]) => rules.listing = Some(switch == "on"),
            ("client_max_body_size", [size]) => {
                rules.max_body = Some(if size == "0" { "none".into() } else { size.to_ascii_lowercase() });
            }
            ("fastcgi_read_timeout", [time]) if time.trim_end_matches('s').bytes().all(|it| it.is_ascii_digit()) => {
                rules.timeout = Some(format!("{}s", time.trim_end_matches('s')));
            }
            ("add_header", [name, value, ..]) if !value.contains('$') => {
                rules.header.insert(name.clone(), value.clone());
            }
            ("user", [name, group @ ..]) => {
                model.user = Some(group.first().map_or_else(|| name.clone(), |group| format!("{name}:{group}")));
            }
            _ => return false,
        }
        true
    }

    /// The first of nginx's lines that fits counts; here `deny` counts before `allow`.
    fn let_in(&mut self, access: &[(bool, String)]) {
        let all = access.iter().position(|(_, who)| who == "all");
        let told = &access[..all.unwrap_or(access.len())];
        let of = |wanted: bool| -> Vec<String> {
            told.iter()
                .filter(|(is_allowed, _)| *is_allowed == wanted)
                .map(|(_, who)| who.replace("unix:", "unix"))
                .collect()
        };
        let closes = all.is_some_and(|at| !access[at].0);
        self.rules.deny = Some(of(false));
        self.rules.allow = Some(if closes { of(true) } else { vec!["all".into()] });
    }

    fn authenticate(&mut self, directives: &[Directive]) {
        if !directives.iter().any(|it| it.name.starts_with("auth_basic")) {
            return;
        }
        self.rules.auth = match (&self.realm, &self.users) {
            (Some(realm), Some(file)) => {
                Some(Auth::Users { file: file.clone(), realm: Some(realm.clone()), users: None })
            }
            _ => Some(Auth::Off(false)),
        };
    }
}

/// A server as a host, and whether it answers for every other name.
fn server(server: &Directive, scope: &Scope, model: &mut Model) -> (Host, bool) {
    let mut scope = scope.clone();
    let mut host = Host::default();
    let (mut is_default, mut certificate, mut key) = (false, None, None);
    let mut locations = Locations::default();
    let others = scope.block(&server.block, model);
    for directive in others {
        match (directive.name.as_str(), &directive.words[..]) {
            ("listen", [address, flags @ ..]) => {
                is_default |= flags.iter().any(|it| it == "default_server");
                listen(address, flags.iter().any(|it| it == "ssl"), model);
            }
            ("server_name", names) => {
                host.name.extend(names.iter().filter_map(|name| host_name(name, directive, model)).flatten());
            }
            ("ssl_certificate", [file]) => certificate = Some(file.clone()),
            ("ssl_certificate_key", [file]) => key = Some(file.clone()),
            ("location", _) => locations.add(directive, &scope, model),
            ("return", _) => {
                if let Some(target) = location::returned(directive, Target::at("/"), model) {
                    locations.first(Route::new(target));
                }
            }
            ("rewrite", _) => match location::rewritten(directive) {
                Some(target) => locations.first(Route::new(target)),
                None => model.leave(&directive.at, &directive.shown(), "too much for a route"),
            },
            _ => model.leave(&directive.at, &directive.shown(), "no counterpart"),
        }
    }
    if let Some(certificate) = certificate {
        model.certificate(Tls { certificate, key }, &server.at);
    }
    host.rules = scope.rules;
    host.route = locations.routes();
    (host, is_default)
}

fn listen(address: &str, is_secure: bool, model: &mut Model) {
    let scheme = if is_secure { "https://" } else { "" };
    if let Some(path) = address.strip_prefix("unix:") {
        return model.listen(path.to_owned());
    }
    let address = match address.strip_prefix("*:").unwrap_or(address) {
        port if port.bytes().all(|it| it.is_ascii_digit()) => format!("0.0.0.0:{port}"),
        bare if bare.ends_with(']') || !bare.contains(':') => format!("{bare}:80"),
        whole => whole.to_owned(),
    };
    model.listen(format!("{scheme}{address}"));
}

/// The names that one of nginx's stands for; nothing for the one that fits no host.
fn host_name(name: &str, directive: &Directive, model: &mut Model) -> Option<Vec<String>> {
    let letters = |name: &str| name.bytes().all(|it| it.is_ascii_alphanumeric() || b".-_".contains(&it));
    match name {
        "_" | "" => None,
        _ if name.starts_with('.') && letters(name) => Some(vec![name[1..].to_owned(), format!("*{name}")]),
        _ if letters(name.strip_prefix("*.").unwrap_or(name)) => Some(vec![name.to_owned()]),
        _ => {
            model.leave(&directive.at, &format!("server_name {name}"), "names are exact, or *.example.org");
            None
        }
    }
}

/// What htbin does by itself, or needs no word for.
const NEEDLESS: [&str; 50] = [
    "worker_processes",
    "worker_connections",
    "events",
    "pid",
    "daemon",
    "error_log",
    "access_log",
    "log_format",
    "log_not_found",
    "sendfile",
    "tcp_nopush",
    "tcp_nodelay",
    "types_hash_max_size",
    "types",
    "default_type",
    "keepalive_timeout",
    "server_tokens",
    "master_process",
    "load_module",
    "gzip_vary",
    "gzip_types",
    "gzip_proxied",
    "gzip_comp_level",
    "gzip_buffers",
    "gzip_http_version",
    "gzip_min_length",
    "gzip_disable",
    "charset",
    "multi_accept",
    "client_body_temp_path",
    "fastcgi_temp_path",
    "proxy_temp_path",
    "uwsgi_temp_path",
    "scgi_temp_path",
    "fastcgi_split_path_info",
    "fastcgi_index",
    "fastcgi_buffering",
    "fastcgi_buffers",
    "fastcgi_buffer_size",
    "ssl_protocols",
    "ssl_ciphers",
    "ssl_prefer_server_ciphers",
    "ssl_session_cache",
    "ssl_session_timeout",
    "ssl_session_tickets",
    "ssl_dhparam",
    "http2",
    "server_names_hash_bucket_size",
    "worker_rlimit_nofile",
    "client_body_buffer_size",
];
