//! A location of nginx as a route, and the order in which nginx tries them.

use super::{Scope, parse::Directive};
use crate::import::{
    model::{Model, Route, Rules, Target, path_of},
    pattern::{self, Rest, Shape},
};

/// The locations of a server.
#[derive(Debug, Default)]
pub(super) struct Locations {
    first: Vec<Route>,
    /// With their rank, and within it the length of their path.
    found: Vec<(u8, usize, Route)>,
}

impl Locations {
    /// Before every location.
    pub(super) fn first(&mut self, route: Route) {
        self.first.push(route);
    }

    /// nginx's order: exact ones, prefixes that end the search, regular expressions, other prefixes, longest first.
    pub(super) fn routes(mut self) -> Vec<Route> {
        self.found.sort_by_key(|(rank, length, _)| (*rank, std::cmp::Reverse(*length)));
        self.first.into_iter().chain(self.found.into_iter().map(|(_, _, route)| route)).collect()
    }

    /// Adds a location with those within it.
    pub(super) fn add(&mut self, directive: &Directive, outer: &Scope, model: &mut Model) {
        let (rank, shape) = match directive.words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["=", path] => (0, Some(Shape::Exact(path.to_owned()))),
            ["^~", path] => (1, Some(Shape::Prefix(path.to_owned(), Rest::None))),
            ["~" | "~*", regex] if regex.starts_with("/\\.") => {
                return model.needless("locations of names that start with a dot");
            }
            ["~" | "~*", regex] => (2, pattern::shape(regex)),
            [path] if path.starts_with('/') => (3, Some(Shape::Prefix(path.to_owned(), Rest::None))),
            _ => (3, None),
        };
        let Some(shape) = shape else {
            return model.leave(
                &directive.at,
                &directive.shown(),
                "too much for a route: all of the location is left out",
            );
        };
        let (targets, path) = match &shape {
            Shape::Exact(path) => (vec![Target::exactly(path)], path.clone()),
            Shape::Prefix(path, _) => (vec![Target::at(path)], path.clone()),
            Shape::Suffix(ends) => {
                let of = |end: &String| Target { suffix: Some(end.clone()), ..Target::default() };
                (ends.iter().map(of).collect(), String::new())
            }
        };
        let mut scope = Scope { rules: Rules::default(), ..outer.clone() };
        let others = scope.block(&directive.block, model);
        let mut action = Action::default();
        for other in others {
            if other.name == "location" {
                self.add(other, &scope, model);
            } else {
                action.take(other, &targets[0], &mut scope.rules, model);
            }
        }
        let length = if rank == 2 { 0 } else { path.len() };
        for target in targets {
            let rules = scope.rules.clone();
            if let Some(route) = action.route(Route { target, rules }, &path, (directive, &scope), model) {
                self.found.push((rank, length, route));
            }
        }
    }
}

/// What a location does.
#[derive(Debug, Default)]
struct Action {
    target: Option<Target>,
    alias: Option<String>,
    /// It does what htbin cannot.
    is_lost: bool,
}

impl Action {
    fn take(&mut self, directive: &Directive, target: &Target, rules: &mut Rules, model: &mut Model) {
        let words: Vec<&str> = directive.words.iter().map(String::as_str).collect();
        let leave = |model: &mut Model, why| model.leave(&directive.at, &directive.shown(), why);
        match (directive.name.as_str(), &words[..]) {
            ("alias", [path]) if !path.contains('$') => self.alias = Some((*path).to_owned()),
            ("return", _) => self.target = returned(directive, target.clone(), model),
            ("rewrite", _) => match rewritten(directive) {
                Some(target) => self.target = Some(target),
                None => leave(model, "too much for a route"),
            },
            ("try_files", [.., "=404"]) => model.needless("try_files … =404"),
            ("try_files", ["$uri", .., page]) if page.starts_with('/') && !page.contains(['$', '?']) => {
                rules.spa = Some(page.trim_start_matches('/').to_owned());
            }
            ("proxy_pass" | "uwsgi_pass" | "scgi_pass" | "grpc_pass", _) => {
                self.is_lost = true;
                leave(model, "htbin passes requests to no other server: this location is refused");
            }
            ("gzip", ["off"]) | ("internal", _) => model.needless(&directive.name),
            _ => leave(model, "no counterpart"),
        }
    }

    fn route(
        &self,
        mut route: Route,
        path: &str,
        (directive, scope): (&Directive, &Scope),
        model: &mut Model,
    ) -> Option<Route> {
        if let Some(target) = &self.target {
            route.target = target.clone();
            return Some(route);
        }
        if self.is_lost {
            route.target.refuse = Some(404);
            return Some(route);
        }
        if let Some(pass) = &scope.pass {
            if let Some(why) = self.run(&mut route, path, pass, scope, model) {
                model.leave(&directive.at, &directive.shown(), why);
                // Their sources shall not be sent.
                route.target = Target { refuse: Some(404), files: None, scripts: None, program: None, ..route.target };
            }
            return Some(route);
        }
        if let Some(alias) = &self.alias {
            if route.target.path.is_none() {
                model.leave(&directive.at, &directive.shown(), "an alias of a pattern");
                return None;
            }
            route.target.files = Some(path_of(alias));
        }
        Some(route)
    }

    /// What `fastcgi_pass` means; or why it means nothing here.
    fn run(&self, route: &mut Route, path: &str, pass: &str, scope: &Scope, model: &mut Model) -> Option<&'static str> {
        for (directive, name, value) in &scope.params {
            let is_known = htbin_cgi::meta::is_meta_variable(name.as_bytes()) || OWN.contains(&name.as_str());
            if is_known {
                continue;
            }
            if value.contains('$') {
                model.leave(&directive.at, &directive.shown(), "a variable that is made for each request");
            } else {
                route.rules.env.insert(name.clone(), value.clone());
            }
        }
        let root = scope.root.clone().unwrap_or_default();
        if !pass.contains("fcgiwrap") {
            let is_php = route.target.suffix.as_deref() == Some(".php");
            if !is_php {
                return Some("a FastCGI server other than fcgiwrap: this location is refused");
            }
            route.target.program = Some("php-cgi".into());
            route.rules.cgi = Some(true);
            return None;
        }
        route.rules.cgi = Some(true);
        let filename = scope.params.iter().rev().find(|(_, name, _)| name == "SCRIPT_FILENAME");
        let filename = filename.map_or("$document_root$fastcgi_script_name", |(_, _, value)| value.as_str());
        let filename = filename.replace("${", "$").replace('}', "");
        let filename = filename.replace("$document_root", &root).replace("$realpath_root", &root);
        let of_alias = self.alias.as_deref().filter(|_| filename == "$request_filename").map(path_of);
        let filename = filename.replace("$request_filename", &format!("{root}$fastcgi_script_name"));
        let base = filename.strip_suffix("$fastcgi_script_name").filter(|base| !base.contains('$'));
        let target = &mut route.target;
        match (base, &target.suffix) {
            (Some(base), Some(_)) => {
                route.rules.directory = Some(base.to_owned()).filter(|it| !it.is_empty());
                route.rules.cgi_dir = Some("/".into());
            }
            (Some(base), None) => {
                target.glob = None;
                target.path = Some(path_of(path));
                target.scripts = Some(of_alias.unwrap_or_else(|| path_of(&format!("{base}{path}"))));
                // It is what lies there, not what its root is.
                route.rules.directory = None;
            }
            (None, None) if !filename.contains('$') => {
                target.glob = None;
                (target.path, target.program) = (Some(path_of(path)), Some(filename));
                route.rules.directory = None;
            }
            _ => return Some("SCRIPT_FILENAME is too much for a route: this location is refused"),
        }
        None
    }
}

/// `return`, for this path.
pub(super) fn returned(directive: &Directive, target: Target, model: &mut Model) -> Option<Target> {
    let words: Vec<&str> = directive.words.iter().map(String::as_str).collect();
    let status = words.first().and_then(|it| it.parse::<u16>().ok());
    let (status, text) = match (status, &words[..]) {
        (Some(status), [_, text]) => (status, Some(*text)),
        (Some(status), [_]) => (status, None),
        (None, [text]) => (302, Some(*text)),
        _ => (0, None),
    };
    let filled = |to: &str| {
        let path = to.replace("$request_uri", "\u{1}").replace("$uri", "\u{1}").replace("$host", "\u{2}");
        let path = path.replace("$server_name", "\u{2}").replace("$scheme://", "http://");
        let plain = path.replace(['\u{1}', '\u{2}'], "");
        (!plain.contains(['$', '{', '}']) && plain.is_ascii())
            .then(|| path.replace('\u{1}', "{path}").replace('\u{2}', "{host}"))
    };
    match (status, text) {
        (301 | 302 | 303 | 307 | 308, Some(to)) if filled(to).is_some() => {
            Some(Target { redirect: filled(to), status: Some(status), ..target })
        }
        (403 | 404 | 410, _) => Some(Target { refuse: Some(status), ..target }),
        (200..600, Some(text)) if !text.contains('$') && !(300..400).contains(&status) => {
            Some(Target { respond: Some(text.to_owned()), status: Some(status), ..target })
        }
        _ => {
            model.leave(&directive.at, &directive.shown(), "no such answer here");
            None
        }
    }
}

/// `rewrite`, if it is a simple one.
pub(super) fn rewritten(directive: &Directive) -> Option<Target> {
    let words: Vec<&str> = directive.words.iter().map(String::as_str).collect();
    let [regex, to, flags @ ..] = &words[..] else { return None };
    let (target, rest) = match pattern::shape(regex)? {
        Shape::Exact(path) => (Target::exactly(&path), Rest::None),
        Shape::Prefix(path, rest) => (Target::at(&path), rest),
        Shape::Suffix(_) => return None,
    };
    let to = pattern::target(to, rest)?;
    let is_elsewhere = to.starts_with("http://") || to.starts_with("https://");
    match flags.first() {
        Some(&"permanent") => Some(Target { redirect: Some(to), status: Some(301), ..target }),
        Some(&"redirect") => Some(Target { redirect: Some(to), status: Some(302), ..target }),
        _ if is_elsewhere => Some(Target { redirect: Some(to), status: Some(302), ..target }),
        _ => Some(Target { rewrite: Some(to), ..target }),
    }
}

/// What htbin sets itself.
const OWN: [&str; 6] =
    ["HTTPS", "REDIRECT_STATUS", "DOCUMENT_URI", "REQUEST_SCHEME", "NO_BUFFERING", "SCRIPT_FILENAME"];
