//! A virtual host of Apache, or the whole server without one.

use std::{collections::BTreeMap, path::Path};

use super::{parse::Directive, scope::Scope};
use crate::import::{
    model::{Host, Model, Route, Target, is_within, path_of},
    pattern::{self, Rest, Shape},
};

/// What was said of a host up to now.
#[derive(Debug, Default)]
pub(super) struct Site {
    names: Vec<String>,
    root: Option<String>,
    pub(super) is_secure: bool,
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
    whole: Scope,
    /// `<Directory>`, by path on disk.
    directories: Vec<(String, Scope)>,
    /// `<Location>`, by path of the URL.
    locations: Vec<(String, Scope)>,
    /// `Redirect`, before all else.
    redirects: Vec<Target>,
    /// `Alias` and `ScriptAlias`: the path, where it leads, and whether what lies there runs.
    aliases: Vec<(String, String, bool)>,
    /// `AddHandler NAME .end` and `Action NAME /url`.
    handlers: BTreeMap<String, Vec<String>>,
    actions: BTreeMap<String, String>,
}

impl Site {
    /// Takes a directive.
    pub(super) fn take(&mut self, directive: &Directive, model: &mut Model) {
        let leave = |model: &mut Model, why: &str| model.leave(&directive.at, directive.shown(), why);
        match (directive.name.as_str(), &directive.words()[..]) {
            ("documentroot", [root]) => self.root = Some(path_of(root)),
            ("servername" | "serveralias", names) => self.named(names, directive, model),
            ("sslengine", [switch]) => self.is_secure = switch.eq_ignore_ascii_case("on"),
            ("sslcertificatefile", [file]) => self.certificate = Some((*file).to_owned()),
            ("sslcertificatekeyfile", [file]) => self.key = Some((*file).to_owned()),
            ("alias", [url, to]) => self.aliases.push((path_of(url), path_of(to), false)),
            ("scriptalias", [url, to]) => self.aliases.push((path_of(url), (*to).to_owned(), true)),
            ("aliasmatch" | "scriptaliasmatch", [regex, to]) => match matched(regex, to) {
                Some((url, to)) => self.aliases.push((url, to, directive.name == "scriptaliasmatch")),
                None => leave(model, "too much for a route"),
            },
            ("redirect" | "redirectpermanent" | "redirecttemp" | "redirectmatch", words) => {
                match redirect(&directive.name, words) {
                    Some(target) => self.redirects.push(target),
                    None => leave(model, "too much for a route"),
                }
            }
            ("addhandler" | "addtype", [handler, ends @ ..]) if *handler != "cgi-script" => {
                if directive.name == "addhandler" || handler.starts_with("application/x-httpd") {
                    let ends = ends.iter().map(|it| format!(".{}", it.trim_start_matches('.')));
                    self.handlers.entry((*handler).to_owned()).or_default().extend(ends);
                }
            }
            ("action", [handler, url, ..]) => _ = self.actions.insert((*handler).to_owned(), (*url).to_owned()),
            ("directory", [path]) if !path.contains(['*', '?', '~']) => {
                let scope = section(directive, model);
                self.directories.push((path_of(path), scope));
            }
            ("location", [path]) if !path.contains(['*', '?', '~']) => {
                let scope = section(directive, model);
                self.locations.push((path_of(path), scope));
            }
            ("files" | "filesmatch", [name, ..]) if name.starts_with(".ht") || name.starts_with("^\\.ht") => {
                model.needless("names that start with a dot");
            }
            (name, _) if NEEDLESS.contains(&name) => model.needless(&needless_name(directive)),
            _ if self.whole.take(directive, model) => {}
            _ if !directive.section.is_empty() => leave(model, "no counterpart: all of the section is left out"),
            _ => leave(model, "no counterpart"),
        }
    }

    fn named(&mut self, names: &[&str], directive: &Directive, model: &mut Model) {
        for name in names {
            let bare = name.split_once("://").map_or(*name, |(_, rest)| rest);
            let bare = bare.split(':').next().unwrap_or(bare).trim_end_matches('.').to_ascii_lowercase();
            let letters = |name: &str| {
                !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || b".-_".contains(&it))
            };
            if !letters(bare.strip_prefix("*.").unwrap_or(&bare)) {
                model.leave(&directive.at, directive.shown(), "names are exact, or *.example.org");
            } else if !self.names.contains(&bare) {
                self.names.push(bare);
            }
        }
    }

    /// The host with its routes.
    pub(super) fn host(self, model: &mut Model) -> Host {
        let mut whole = self.scope_of(self.root.as_deref().unwrap_or("/"));
        // <Location /> is over all.
        self.locations.iter().filter(|(path, _)| path == "/").for_each(|(_, scope)| whole.lay(scope));
        let mut host = Host { name: self.names.clone(), rules: whole.settled(model), route: Vec::new() };
        host.rules.directory.clone_from(&self.root);
        host.rules.index.get_or_insert_with(|| vec!["index.html".into()]);
        self.run_by_action(&mut host, model);
        let mut routes: Vec<(String, Route)> = Vec::new();
        for (url, to, runs) in &self.aliases {
            let target = if *runs { script(url, to) } else { Target { files: Some(to.clone()), ..Target::at(url) } };
            let mut rules = self.scope_at(&path_of(to), url).settled(model);
            if *runs {
                (rules.cgi, rules.cgi_dir, rules.interpreted_only) = (Some(true), None, None);
            }
            routes.push((url.clone(), Route { target, rules }));
        }
        self.within(&mut routes, model);
        if !host.rules.interpreter.is_empty() {
            for (_, route) in routes.iter_mut().filter(|(_, route)| route.rules.cgi == Some(false)) {
                (route.rules.cgi, route.rules.cgi_dir) = (None, Some("/".into()));
            }
        }
        // What lies further in is tried first.
        routes.sort_by_key(|(url, _)| std::cmp::Reverse(url.len()));
        let redirects = self.redirects.into_iter().map(Route::new);
        host.route = redirects.chain(routes.into_iter().map(|(_, route)| route)).collect();
        host
    }

    /// Routes for sections of places within the site, and within aliases.
    fn within(&self, routes: &mut Vec<(String, Route)>, model: &mut Model) {
        let aliases: Vec<(String, String, bool)> =
            self.aliases.iter().map(|(url, to, runs)| (url.clone(), path_of(to), *runs)).collect();
        let root = self.root.iter().map(|root| ("/".to_owned(), root.clone(), false));
        let places: Vec<_> = aliases.into_iter().chain(root).collect();
        for (path, _) in &self.directories {
            for (url, to, runs) in &places {
                if path == to || !is_within(path, to) {
                    continue;
                }
                let rest = &path[to.trim_end_matches('/').len()..];
                let url = path_of(&format!("{}{rest}", url.trim_end_matches('/')));
                let is_alias = *to != self.root.clone().unwrap_or_default();
                self.place(&url, path, (is_alias, *runs), routes, model);
            }
        }
        for (path, _) in self.locations.iter().filter(|(path, _)| path != "/") {
            let place = places.iter().find(|(url, _, _)| is_within(path, url));
            let Some((url, to, runs)) = place else { continue };
            let rest = &path[url.trim_end_matches('/').len()..];
            let disk = format!("{}{rest}", to.trim_end_matches('/'));
            let is_alias = url != "/";
            self.place(path, &disk, (is_alias, *runs), routes, model);
        }
    }

    fn place(
        &self,
        url: &str,
        disk: &str,
        (is_alias, runs): (bool, bool),
        routes: &mut Vec<(String, Route)>,
        model: &mut Model,
    ) {
        if routes.iter().any(|(known, _)| known == url) {
            return;
        }
        let mut target = Target::at(url);
        let mut rules = self.scope_at(disk, url).settled(model);
        if runs {
            target.scripts = Some(disk.to_owned());
            (rules.cgi, rules.cgi_dir, rules.interpreted_only) = (Some(true), None, None);
        } else if is_alias {
            target.files = Some(disk.to_owned());
        }
        routes.push((url.to_owned(), Route { target, rules }));
    }

    /// What holds for a directory on disk: the shortest section first.
    fn scope_of(&self, disk: &str) -> Scope {
        let mut scope = self.whole.clone();
        let mut sections: Vec<_> = self.directories.iter().filter(|(path, _)| is_within(disk, path)).collect();
        sections.sort_by_key(|(path, _)| path.len());
        for (_, nearer) in sections {
            scope.lay(nearer);
        }
        scope
    }

    /// What holds for a directory on disk that lies at this URL.
    fn scope_at(&self, disk: &str, url: &str) -> Scope {
        let mut scope = self.scope_of(disk);
        self.locations.iter().filter(|(path, _)| is_within(url, path)).for_each(|(_, nearer)| scope.lay(nearer));
        scope
    }

    /// `Action` with a handler: files that end so are run by a program.
    fn run_by_action(&self, host: &mut Host, model: &mut Model) {
        for (handler, url) in &self.actions {
            let alias = self.aliases.iter().find(|(path, _, runs)| *runs && is_within(url, path));
            let Some((path, to, _)) = alias else {
                model.needless(&format!("Action {handler}: no ScriptAlias leads to {url}"));
                continue;
            };
            let program = format!("{}{}", path_of(to), &url[path.trim_end_matches('/').len()..]);
            for end in self.handlers.get(handler).into_iter().flatten() {
                host.rules.run_by(end, &program);
            }
        }
    }
}

/// What a section of a place says.
fn section(directive: &Directive, model: &mut Model) -> Scope {
    let mut scope = Scope::default();
    for inner in &directive.section {
        let known = NEEDLESS.contains(&inner.name.as_str());
        match inner.name.as_str() {
            "requireall" | "requireany" if inner.section.iter().all(|it| it.name == "require") => {
                inner.section.iter().for_each(|it| _ = scope.take(it, model));
            }
            _ if known => model.needless(&needless_name(inner)),
            _ if scope.take(inner, model) => {}
            _ => model.leave(&inner.at, inner.shown(), "no counterpart here"),
        }
    }
    scope
}

/// A script alias leads to a directory or to one program.
fn script(url: &str, to: &str) -> Target {
    let bare = path_of(to);
    let is_directory = if Path::new(&bare).is_file() {
        false
    } else {
        Path::new(&bare).is_dir() || to.ends_with('/') || url.rsplit('/').next() == bare.rsplit('/').next()
    };
    if is_directory {
        Target { scripts: Some(bare), ..Target::at(url) }
    } else {
        Target { program: Some(bare), ..Target::at(url) }
    }
}

/// `AliasMatch ^/url/(.*) /dir/$1`.
fn matched(regex: &str, to: &str) -> Option<(String, String)> {
    match pattern::shape(regex)? {
        Shape::Prefix(url, Rest::BehindSlash) => Some((url, format!("{}/", to.strip_suffix("/$1")?))),
        Shape::Prefix(url, Rest::WithSlash) => Some((url, to.strip_suffix("$1")?.to_owned())),
        Shape::Prefix(url, Rest::None) if !to.contains('$') => Some((url, to.to_owned())),
        _ => None,
    }
}

fn redirect(name: &str, words: &[&str]) -> Option<Target> {
    let status = |word: &str| match word {
        "permanent" => Some(301),
        "temp" => Some(302),
        "seeother" => Some(303),
        "gone" => Some(410),
        word => word.parse::<u16>().ok(),
    };
    let (status, from, to) = match (name, words) {
        ("redirectpermanent", [from, to]) => (301, *from, Some(*to)),
        ("redirect" | "redirectmatch", [word, from]) if status(word) == Some(410) => (410, *from, None),
        (_, [from, to]) => (302, *from, Some(*to)),
        (_, [word, from, to]) => (status(word)?, *from, Some(*to)),
        _ => return None,
    };
    let (target, rest) = match (name == "redirectmatch").then(|| pattern::shape(from)) {
        None => (Target::at(from), None),
        Some(Some(Shape::Exact(path))) => (Target::exactly(&path), Some(Rest::None)),
        Some(Some(Shape::Prefix(path, rest))) => (Target::at(&path), Some(rest)),
        _ => return None,
    };
    let Some(to) = to else { return Some(Target { refuse: Some(status), ..target }) };
    let is_redirect = matches!(status, 301 | 302 | 303 | 307 | 308);
    let to = match rest {
        Some(rest) => pattern::target(to, rest)?,
        // What follows the path is added, as it is here.
        None if !to.contains('?') => format!("{}{{rest}}", pattern::target(to, Rest::None)?.trim_end_matches('/')),
        None => pattern::target(to, Rest::None)?,
    };
    is_redirect.then_some(Target { redirect: Some(to), status: Some(status), ..target })
}

fn needless_name(directive: &Directive) -> String {
    let first = directive.shown().split_whitespace().next().unwrap_or_default();
    match directive.name.as_str() {
        "errorlog" | "customlog" | "loglevel" | "logformat" => {
            format!("{first} (the access log is on standard output, all else on standard error)")
        }
        _ => first.trim_matches(['<', '>']).to_owned(),
    }
}

/// What htbin does by itself, or needs no word for.
const NEEDLESS: [&str; 62] = [
    "loadmodule",
    "pidfile",
    "mutex",
    "scriptsock",
    "typesconfig",
    "serverlimit",
    "startservers",
    "threadsperchild",
    "maxrequestworkers",
    "minsparethreads",
    "maxsparethreads",
    "minspareservers",
    "maxspareservers",
    "threadlimit",
    "maxconnectionsperchild",
    "keepalive",
    "keepalivetimeout",
    "maxkeepaliverequests",
    "hostnamelookups",
    "errorlog",
    "customlog",
    "loglevel",
    "logformat",
    "accessfilename",
    "serveradmin",
    "serversignature",
    "servertokens",
    "defaultruntimedir",
    "traceenable",
    "usecanonicalname",
    "addcharset",
    "adddefaultcharset",
    "addencoding",
    "addlanguage",
    "addtype",
    "languagepriority",
    "forcelanguagepriority",
    "indexoptions",
    "indexignore",
    "addicon",
    "addiconbyencoding",
    "addiconbytype",
    "defaulticon",
    "readmename",
    "headername",
    "browsermatch",
    "sslprotocol",
    "sslciphersuite",
    "sslhonorcipherorder",
    "sslsessioncache",
    "sslsessioncachetimeout",
    "sslrandomseed",
    "sslcryptodevice",
    "sslpassphrasedialog",
    "sslsessiontickets",
    "ssluserstapling",
    "namevirtualhost",
    "authbasicprovider",
    "directoryslash",
    "enablesendfile",
    "enablemmap",
    "scriptlog",
];
