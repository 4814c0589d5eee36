//! A host of lighttpd: what holds in it, and at which paths more does.

use std::path::Path;

use super::parse::{Condition, Set, Statement};
use crate::import::{
    model::{Auth, Host, Model, Route, Rules, Target, is_within, path_of},
    pattern::{self, Rest, Shape},
};

/// What was said of a host up to now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Site {
    whole: Scope,
    /// `$HTTP["url"]`, each with what holds there.
    places: Vec<(Shape, Scope)>,
    aliases: Vec<(String, String)>,
    redirects: Vec<Target>,
    /// `url.redirect-code`.
    code: u16,
    /// Ends of names that are never sent.
    denied: Vec<String>,
    users: Option<String>,
    /// `auth.require`, by the beginning of a path.
    required: Vec<(String, Option<String>, Option<Vec<String>>)>,
}

/// What holds in a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Scope {
    rules: Rules,
    /// `cgi.assign`: the end of a name, and what runs it; empty: itself.
    assign: Vec<(String, String)>,
}

impl Scope {
    /// What runs here as keys.
    fn settled(&self) -> Rules {
        let mut rules = self.rules.clone();
        for (end, program) in &self.assign {
            match program.as_str() {
                "" => {
                    rules.interpreted_only = Some(false);
                    rules.run_everywhere();
                }
                program => rules.run_by(end, program),
            }
        }
        rules
    }

    fn runs_all(&self) -> bool {
        self.assign.iter().any(|(end, program)| end.is_empty() && program.is_empty())
    }
}

impl Site {
    /// Takes a key of the host.
    pub(super) fn set(&mut self, set: &Set, model: &mut Model) {
        match set.key.as_str() {
            "alias.url" => {
                let pairs = set.value.pairs().into_iter();
                self.aliases.extend(pairs.filter_map(|(url, to)| Some((path_of(url), to.text()?.to_owned()))));
            }
            "url.redirect-code" => self.code = set.value.text().and_then(|it| it.parse().ok()).unwrap_or(301),
            "url.redirect" | "url.rewrite" | "url.rewrite-once" | "url.rewrite-repeat" => self.sent(set, model),
            "url.access-deny" if set.value.texts() == [""] => self.whole.rules.close(),
            "url.access-deny" | "static-file.exclude-extensions" => {
                // What editors leave is no script, and htbin sends no source of a script from where scripts lie.
                let ends = set.value.texts().into_iter().filter(|end| end.len() > 1 && !end.contains('/'));
                self.denied.extend(ends.map(str::to_owned));
            }
            "auth.backend" => {}
            "auth.backend.htpasswd.userfile" => self.users = set.value.text().map(str::to_owned),
            "auth.require" => self.required(set, model),
            _ => take(&mut self.whole, set, model),
        }
    }

    fn sent(&mut self, set: &Set, model: &mut Model) {
        for (regex, to) in set.value.pairs() {
            let made = to.text().and_then(|to| {
                let (target, rest) = match pattern::shape(regex)? {
                    Shape::Exact(path) => (Target::exactly(&path), Rest::None),
                    Shape::Prefix(path, rest) => (Target::at(&path), rest),
                    Shape::Suffix(_) => return None,
                };
                let to = pattern::target(to, rest)?;
                let status = Some(if self.code == 0 { 301 } else { self.code });
                Some(if set.key == "url.redirect" {
                    Target { redirect: Some(to), status, ..target }
                } else {
                    Target { rewrite: Some(to), ..target }
                })
            });
            match made {
                Some(target) => self.redirects.push(target),
                None => model.leave(&set.at, &format!("{} {regex}", set.key), "too much for a route"),
            }
        }
    }

    fn required(&mut self, set: &Set, model: &mut Model) {
        for (path, how) in set.value.pairs() {
            let of =
                |name: &str| how.pairs().into_iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.text());
            if of("method") != Some("basic") {
                model.leave(
                    &set.at,
                    &format!("auth.require {path}"),
                    "Basic alone is there; nobody comes in until this is mended",
                );
                self.required.push((path_of(path), None, Some(Vec::new())));
                continue;
            }
            let users = of("require")
                .filter(|it| *it != "valid-user")
                .map(|users| users.split('|').filter_map(|it| it.strip_prefix("user=")).map(str::to_owned).collect());
            self.required.push((path_of(path), of("realm").map(str::to_owned), users));
        }
    }

    /// Takes a condition of a path or of an address.
    pub(super) fn condition(&mut self, condition: &Condition, model: &mut Model) {
        if let Some(rules) = of_address(condition) {
            return self.whole.rules.lay(&rules);
        }
        let shape = match (condition.field.as_str(), condition.operator.as_str()) {
            ("HTTP[\"url\"]", "=~") => pattern::shape(&condition.value),
            ("HTTP[\"url\"]", "=^") => Some(Shape::Prefix(path_of(&condition.value), Rest::None)),
            ("HTTP[\"url\"]", "==") => Some(Shape::Exact(condition.value.clone())),
            _ => None,
        };
        let Some(shape) = shape else {
            return model.leave(
                &condition.at,
                &condition.shown(),
                "too much for a route: all of the block is left out",
            );
        };
        let mut scope = Scope::default();
        for statement in &condition.block {
            match statement {
                Statement::Set(set) => match set.key.as_str() {
                    "alias.url" | "url.redirect" | "url.rewrite" | "url.rewrite-once" => self.set(set, model),
                    "url.access-deny" if set.value.texts() == [""] => scope.rules.close(),
                    _ => take(&mut scope, set, model),
                },
                Statement::Condition(inner) => match of_address(inner) {
                    Some(rules) => scope.rules.lay(&rules),
                    None => model.leave(&inner.at, &inner.shown(), "conditions within conditions"),
                },
            }
        }
        self.places.push((shape, scope));
    }

    /// The host with its routes.
    pub(super) fn host(&self, model: &mut Model) -> Host {
        let mut host = Host { rules: self.whole.settled(), ..Host::default() };
        host.rules.cgi.get_or_insert(false);
        host.rules.listing.get_or_insert(false);
        host.rules.follow_symlinks.get_or_insert(true);
        let mut routes: Vec<(String, Route)> = Vec::new();
        for (url, to) in &self.aliases {
            let scope = self.scope(url);
            routes.push((url.clone(), Route { target: alias(url, to, &scope), rules: rules_of(&scope) }));
        }
        for (shape, scope) in &self.places {
            self.place(shape, scope, &mut routes);
        }
        for (path, realm, users) in &self.required {
            self.authenticate((path, realm, users), &mut host, &mut routes, model);
        }
        // What lies further in is tried first.
        routes.sort_by_key(|(url, _)| std::cmp::Reverse(url.len()));
        let assigned = |end: &&String| !host.rules.interpreter.contains_key(*end) && !self.whole.runs_all();
        let of_end = |end: &String| {
            let target = Target { suffix: Some(end.clone()), refuse: Some(403), ..Target::default() };
            Route::new(target)
        };
        let denied = self.denied.iter().filter(assigned).map(of_end);
        let redirects = self.redirects.iter().cloned().map(Route::new);
        host.route = redirects.chain(routes.into_iter().map(|(_, route)| route)).chain(denied).collect();
        host
    }

    /// What holds at a path, without what holds for the host.
    fn scope(&self, url: &str) -> Scope {
        let mut scope = Scope::default();
        for (shape, nearer) in &self.places {
            if matches!(shape, Shape::Prefix(path, _) if is_within(url, path)) {
                scope.rules.lay(&nearer.rules);
                scope.assign.extend(nearer.assign.clone());
            }
        }
        if scope.assign.is_empty() {
            scope.assign.clone_from(&self.whole.assign);
        }
        scope
    }

    fn place(&self, shape: &Shape, scope: &Scope, routes: &mut Vec<(String, Route)>) {
        let rules = scope.settled();
        match shape {
            Shape::Exact(path) => routes.push((path.clone(), Route { target: Target::exactly(path), rules })),
            Shape::Prefix(path, _) => {
                if routes.iter().any(|(url, _)| url == path) {
                    return;
                }
                let root = self.whole.rules.directory.as_deref();
                let target = match root.filter(|_| scope.runs_all()) {
                    Some(root) => {
                        Target { scripts: Some(format!("{}{path}", root.trim_end_matches('/'))), ..Target::at(path) }
                    }
                    None => Target::at(path),
                };
                let rules = if target.scripts.is_some() { rules_of(scope) } else { rules };
                routes.push((path.clone(), Route { target, rules }));
            }
            Shape::Suffix(ends) => {
                for end in ends {
                    let program = scope.assign.iter().find(|(known, _)| known == end || known.is_empty());
                    let program = program.map(|(_, program)| program.clone()).filter(|it| !it.is_empty());
                    let mut rules = scope.rules.clone();
                    if !scope.assign.is_empty() {
                        rules.cgi = Some(true);
                        rules.cgi_dir = program.is_none().then(|| "/".into());
                    }
                    let target = Target { suffix: Some(end.clone()), program, ..Target::default() };
                    routes.push((String::new(), Route { target, rules }));
                }
            }
        }
    }

    fn authenticate(
        &self,
        (path, realm, users): (&str, &Option<String>, &Option<Vec<String>>),
        host: &mut Host,
        routes: &mut Vec<(String, Route)>,
        model: &mut Model,
    ) {
        let mut rules = Rules::default();
        match &self.users {
            Some(file) if users.as_ref().is_none_or(|it| !it.is_empty()) => {
                rules.auth = Some(Auth::Users { file: file.clone(), realm: realm.clone(), users: users.clone() });
            }
            _ => {
                rules.close();
                model.needless("auth.require without a file of users for Basic: nobody comes in");
            }
        }
        if path == "/" {
            return host.rules.lay(&rules);
        }
        let within = routes.iter_mut().filter(|(url, _)| is_within(url, path));
        within.for_each(|(_, route)| route.rules.lay(&rules));
        if routes.iter().all(|(url, _)| url != path) {
            let scope = self.scope(path);
            let mut route = Route { target: Target::at(path), rules: scope.rules };
            route.rules.lay(&rules);
            routes.push((path.to_owned(), route));
        }
    }
}

/// The names that a condition is for.
pub(super) fn names(condition: &Condition) -> Option<Vec<String>> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|it| it.is_ascii_alphanumeric() || b".-_".contains(&it))
            && !name.starts_with('.')
    };
    let value = condition.value.as_str();
    if condition.operator == "==" {
        let bare = value.split(':').next().unwrap_or(value);
        return is_name(bare).then(|| vec![bare.to_owned()]);
    }
    if condition.operator != "=~" {
        return None;
    }
    let value = value.strip_suffix('$').unwrap_or(value).replace("\\.", ".");
    let optional = ["(^|.)", "(^|\\.)", "^(.+.)?", "^(.*.)?"].iter().find_map(|it| value.strip_prefix(it));
    if let Some(name) = optional {
        return is_name(name).then(|| vec![name.to_owned(), format!("*.{name}")]);
    }
    let rest = value.strip_prefix('^')?;
    let www = ["(www.)?", "(?:www.)?"].iter().find_map(|it| rest.strip_prefix(it));
    match www {
        Some(name) => is_name(name).then(|| vec![name.to_owned(), format!("www.{name}")]),
        None => is_name(rest).then(|| vec![rest.to_owned()]),
    }
}

/// `$HTTP["remoteip"] != "10.0.0.0/8" { url.access-deny = ("") }`.
fn of_address(condition: &Condition) -> Option<Rules> {
    let [Statement::Set(set)] = &condition.block[..] else { return None };
    let closes = set.key == "url.access-deny" && set.value.texts() == [""];
    let address = condition.value.split('/').next().unwrap_or_default();
    if condition.field != "HTTP[\"remoteip\"]" || !closes || address.parse::<std::net::IpAddr>().is_err() {
        return None;
    }
    let mut rules = Rules::default();
    rules.open();
    match condition.operator.as_str() {
        "!=" => rules.allow = Some(vec![condition.value.clone()]),
        "==" => rules.deny = Some(vec![condition.value.clone()]),
        _ => return None,
    }
    Some(rules)
}

fn alias(url: &str, to: &str, scope: &Scope) -> Target {
    let bare = path_of(to);
    let at = Target::at(url);
    if !scope.runs_all() {
        Target { files: Some(bare), ..at }
    } else if Path::new(&bare).is_file() {
        Target { program: Some(bare), ..at }
    } else {
        Target { scripts: Some(bare), ..at }
    }
}

/// The rules of a directory in which all runs need not say where scripts lie.
fn rules_of(scope: &Scope) -> Rules {
    let mut rules = scope.settled();
    if scope.runs_all() {
        (rules.cgi, rules.cgi_dir, rules.interpreted_only) = (Some(true), None, None);
    }
    rules
}

fn take(scope: &mut Scope, set: &Set, model: &mut Model) {
    let Scope { rules, assign } = scope;
    let text = set.value.text();
    match (set.key.as_str(), text) {
        ("server.document-root", Some(root)) => rules.directory = Some(path_of(root)),
        ("index-file.names" | "server.indexfiles", _) => {
            let names = set.value.texts().into_iter().filter(|name| !name.contains('/'));
            rules.index = Some(names.map(str::to_owned).collect());
        }
        ("dir-listing.activate" | "server.dir-listing", Some(switch)) => rules.listing = Some(switch == "enable"),
        ("server.follow-symlink", Some(switch)) => rules.follow_symlinks = Some(switch == "enable"),
        ("setenv.add-environment" | "setenv.set-environment", _) => {
            let pairs = set.value.pairs().into_iter();
            let known = |name: &str| htbin_cgi::meta::is_meta_variable(name.as_bytes());
            rules.env.extend(pairs.filter(|(name, _)| !known(name)).filter_map(pair));
        }
        ("setenv.add-response-header" | "setenv.set-response-header", _) => {
            rules.header.extend(set.value.pairs().into_iter().filter_map(pair));
        }
        ("server.max-request-size", Some(size)) if size.parse::<u64>().is_ok() => {
            rules.max_body = Some(if size == "0" { "none".into() } else { format!("{size}k") });
        }
        ("cgi.limits", _) => {
            let pairs = set.value.pairs().into_iter();
            let time = pairs.filter(|(key, _)| *key == "read-timeout").find_map(|(_, value)| value.text());
            rules.timeout = time.filter(|it| it.parse::<u32>().is_ok()).map(|it| format!("{it}s"));
        }
        ("cgi.assign", _) => {
            let pairs = set.value.pairs().into_iter();
            assign.extend(pairs.filter_map(pair));
        }
        (key, _) => model.leave(&set.at, key, "no counterpart"),
    }
}

fn pair((name, value): (&str, &super::parse::Value)) -> Option<(String, String)> {
    Some((name.to_owned(), value.text()?.to_owned()))
}
