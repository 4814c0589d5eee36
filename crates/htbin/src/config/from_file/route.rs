//! A route of the configuration file: its paths, what answers, and what holds there.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use ::http::{HeaderValue, StatusCode};

use super::gates;
use crate::{
    cli::{Flags, value},
    config::{
        Error, Machine, check,
        file::{
            Source,
            keys::{Auth, Https, Route, Rules, Traceparent, Users},
            values::Words,
        },
        layers as layers_of, scripts, site,
    },
    handle::{cgi::Trace, fixed::Template},
    layers,
    refusal::Reason,
    route::{Pattern, RuleSettings, Settings as Routes, Target},
    site::{Interpreter, Mount, ScriptDir},
};

/// The rule that a route stands for.
pub(super) fn rule(route: &Route, rules: &Rules, source: &Source, machine: &Machine) -> Result<RuleSettings, Error> {
    let mut flags = super::defaults();
    apply(rules, source.directory(), &mut flags);
    let mut rule = RuleSettings {
        pattern: pattern(route)?,
        target: target(route, &mut flags, source.directory(), machine)?,
        layers: gates::over(
            layers::Settings { https: https(rules)?, ..layers_of(&flags)? },
            rules,
            source.directory(),
        )?,
        scripts: scripts(&flags, machine)?,
    };
    super::layers::add(rules, &mut rule.layers)?;
    super::terms::add(rules, source.directory(), &mut rule.scripts)?;
    let directories = rules.sendfile.iter().flat_map(|it| &it.0);
    rule.scripts.sendfile = directories.map(|it| source.directory().join(it)).collect();
    rule.scripts.trace = match rules.traceparent {
        None => Trace::AsItCame,
        Some(Traceparent::Continue) => Trace::Continued,
        Some(Traceparent::New) => Trace::New,
    };
    Ok(rule)
}

/// What is said of TLS. The port is known when it is listened on.
fn https(rules: &Rules) -> Result<Option<layers::https::Settings>, Error> {
    let hsts = match &rules.hsts {
        None | Some(Words::Switch(false)) => None,
        Some(Words::Switch(true)) => Some("1y"),
        Some(Words::Word(text)) => Some(&**text),
    };
    let hsts = hsts.map(|text| super::tls::hsts(text).map_err(|what| Error::new("hsts", what))).transpose()?;
    let redirect = (rules.https == Some(Https::Redirect)).then_some(443);
    Ok((hsts.is_some() || redirect.is_some()).then_some(layers::https::Settings { redirect, hsts }))
}

/// The rule for every path of a host that no route is for.
pub(super) fn rest(rules: &Rules, source: &Source, machine: &Machine) -> Result<RuleSettings, Error> {
    rule(&Route { refuse: rules.directory.is_none().then_some(404), ..Route::default() }, rules, source, machine)
}

fn pattern(route: &Route) -> Result<Pattern, Error> {
    let given = [("path", &route.path), ("suffix", &route.suffix), ("glob", &route.glob)];
    let mut given = given.into_iter().filter_map(|(key, value)| value.as_ref().map(|value| (key, value)));
    let (first, second) = (given.next(), given.next());
    if let (Some((one, _)), Some((other, _))) = (first, second) {
        return Err(Error::new(other, format!("a route has one of '{one}' and '{other}', not both")));
    }
    match first {
        None => Ok(Pattern::All),
        Some(("path", path)) => Ok(Pattern::prefix(&check::url_path("path", path.as_ref())?)),
        Some(("suffix", end)) if end.len() > 1 && !end.contains('/') => Ok(Pattern::Suffix(end.as_bytes().into())),
        Some(("glob", glob)) if glob.starts_with('/') => {
            Pattern::glob(glob).map_err(|why| Error::new("glob", format!("'{glob}' is no pattern: {why}")))
        }
        Some((key, value)) => {
            let like = if key == "glob" { "/people/*/images/**" } else { ".php" };
            Err(Error::new(key, format!("'{value}' is no {key}: it looks like {like}")))
        }
    }
}

fn target(route: &Route, flags: &mut Flags, base: &Path, machine: &Machine) -> Result<Target, Error> {
    only_one(route)?;
    if let Some(to) = &route.redirect {
        let status = status(route, 302, |status| matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308))?;
        return Ok(Target::Redirect(status, template("redirect", to)?));
    }
    if let Some(to) = &route.rewrite {
        if !to.starts_with('/') && !to.starts_with("{path}") && !to.starts_with("{rest}") {
            return Err(Error::new("rewrite", format!("'{to}' is no path of this server; it starts with a slash")));
        }
        return Ok(Target::Rewrite(template("rewrite", to)?));
    }
    if let Some(text) = &route.respond {
        let status = status(route, 200, |status| status.as_u16() >= 200)?;
        let media_type = route.media_type.as_deref().unwrap_or("text/plain; charset=utf-8");
        let media_type = HeaderValue::from_str(media_type)
            .map_err(|_| Error::new("media-type", format!("'{}' is no media type", media_type.escape_debug())))?;
        return Ok(Target::Respond(status, media_type, text.clone().into()));
    }
    match route.refuse {
        Some(403) => Ok(Target::Refuse(Reason::Denied)),
        Some(404) => Ok(Target::Refuse(Reason::NotFound)),
        Some(410) => Ok(Target::Refuse(Reason::Gone)),
        Some(other) => Err(Error::new("refuse", format!("{other} is no refusal; 403, 404 and 410 are"))),
        None => of_site(route, flags, base, machine),
    }
}

/// What answers with files or scripts.
fn of_site(route: &Route, flags: &mut Flags, base: &Path, machine: &Machine) -> Result<Target, Error> {
    let own = route.files.as_ref().or(route.scripts.as_ref());
    if let Some(directory) = own {
        flags.site.directory = Some(base.join(directory));
    }
    let Some(program) = &route.program else {
        if flags.site.directory.is_none() {
            let fix = "give the route 'files', 'scripts', 'program', 'redirect', 'respond' or 'refuse', or its host 'directory'";
            return Err(Error::new("path", format!("nothing answers here: {fix}")));
        }
        let path = path_of(route, own.map(|_| if route.files.is_some() { "files" } else { "scripts" }))?;
        let mut site = site(flags, machine)?;
        if route.files.is_some() {
            (site.base, site.script_dirs) = (path, Vec::new());
        } else if route.scripts.is_some() {
            site.script_dirs = vec![ScriptDir { url: path, directory: Some(site.root.clone()) }];
        }
        return Ok(Target::Site(site));
    };
    let named = if program.components().count() > 1 { base.join(program) } else { program.clone() };
    let program = check::program("program", named.as_os_str(), machine)?;
    if flags.site.directory.is_none() {
        flags.site.directory = program.parent().map(Path::to_owned);
    }
    let mut site = site(flags, machine)?;
    if let Some(suffix) = &route.suffix {
        site.script_dirs = vec![ScriptDir { url: "/".into(), directory: None }];
        site.interpreters = vec![Interpreter { suffix: suffix.clone(), program }];
    } else {
        let url = path_of(route, Some("program"))?;
        (site.script_dirs, site.mounts) = (Vec::new(), vec![Mount { url, program }]);
    }
    Ok(Target::Site(site))
}

/// The path of the route, which this key needs.
fn path_of(route: &Route, key: Option<&'static str>) -> Result<String, Error> {
    match (&route.path, key) {
        (Some(path), _) => check::url_path("path", path.as_ref()),
        (None, None) => Ok(String::new()),
        (None, Some(key)) => Err(Error::new(key, "it needs 'path', below which it lies; '/' is everything")),
    }
}

fn only_one(route: &Route) -> Result<(), Error> {
    let given = [
        ("files", route.files.is_some()),
        ("scripts", route.scripts.is_some()),
        ("program", route.program.is_some()),
        ("redirect", route.redirect.is_some()),
        ("rewrite", route.rewrite.is_some()),
        ("respond", route.respond.is_some()),
        ("refuse", route.refuse.is_some()),
    ];
    let given: Vec<_> = given.into_iter().filter_map(|(key, is_given)| is_given.then_some(key)).collect();
    if let [one, other, ..] = given[..] {
        return Err(Error::new(other, format!("a route does one thing: '{one}' or '{other}'; make two of it")));
    }
    let has_status = route.redirect.is_some() || route.respond.is_some();
    if route.status.is_some() && !has_status {
        return Err(Error::new("status", "it goes with 'redirect' or 'respond'"));
    }
    if route.media_type.is_some() && route.respond.is_none() {
        return Err(Error::new("media-type", "it goes with 'respond'"));
    }
    Ok(())
}

fn status(route: &Route, otherwise: u16, fits: impl Fn(StatusCode) -> bool) -> Result<StatusCode, Error> {
    let number = route.status.unwrap_or(otherwise);
    let found = StatusCode::from_u16(number).ok().filter(|status| number < 600 && fits(*status));
    found.ok_or_else(|| Error::new("status", format!("{number} does not fit here; leave it out for {otherwise}")))
}

fn template(key: &'static str, text: &str) -> Result<Template, Error> {
    text.parse().map_err(|why| Error::new(key, format!("'{}': {why}", text.escape_debug())))
}

/// Makes the paths of the first file whole, before those of another file are laid over them.
pub(super) fn rebase(rules: &mut Rules, base: &Path) {
    if let Some(directory) = &mut rules.directory {
        *directory = base.join(&*directory);
    }
    for program in rules.interpreter.iter_mut().flat_map(|it| it.values_mut()) {
        *program = within(base, program);
    }
    if let Some(Auth::Users(Users { file: Some(file), .. })) = &mut rules.auth {
        file.path = base.join(&file.path);
    }
    let lists = [&mut rules.sendfile, &mut rules.read, &mut rules.write];
    for directory in lists.into_iter().flatten().flat_map(|it| &mut it.0) {
        *directory = base.join(&*directory);
    }
    for dir in rules.cgi_dir.iter_mut().flat_map(|it| &mut it.0) {
        *dir = dir_within(base, dir).into();
    }
}

/// Says with flags what the rules say.
pub(super) fn apply(rules: &Rules, base: &Path, flags: &mut Flags) {
    let mut rules = rules.clone();
    rebase(&mut rules, base);
    let (site, scripts, limits) = (&mut flags.site, &mut flags.scripts, &mut flags.limits);
    site.directory = rules.directory;
    if let Some(index) = rules.index {
        site.index = index.0;
    }
    site.no_listing = rules.listing == Some(false);
    site.hidden = rules.hidden.unwrap_or_default();
    site.follow_symlinks = rules.follow_symlinks.unwrap_or_default();
    site.spa = rules.spa;
    site.header = rules.header.into_iter().flatten().map(|(name, value)| format!("{name}: {value}")).collect();
    site.cors = rules.cors.and_then(|cors| match cors {
        Words::Switch(is_on) => is_on.then(|| "*".to_owned()),
        Words::Word(origin) => Some(origin),
    });
    scripts.no_cgi = rules.cgi == Some(false);
    scripts.cgi_dir = rules.cgi_dir.into_iter().flat_map(|it| it.0).map(PathBuf::into_os_string).collect();
    let pairs = rules.interpreter.into_iter().flatten();
    scripts.interpreter = pairs.map(|(suffix, program)| joined(&suffix, program.as_os_str())).collect();
    scripts.env = rules.env.into_iter().flatten().map(|(name, value)| joined(&name, value.as_ref())).collect();
    scripts.pass_env = rules.pass_env.into_iter().flat_map(|it| it.0).map(OsString::from).collect();
    scripts.post_argv = rules.post_argv.unwrap_or_default();
    scripts.pass_auth = rules.pass_auth.unwrap_or_default();
    scripts.new_privileges = rules.new_privileges.unwrap_or_default();
    limits.timeout = rules.timeout.map_or(limits.timeout, |it| it.0);
    limits.idle_timeout = rules.idle_timeout.map_or(limits.idle_timeout, |it| it.0);
    limits.max_body = rules.max_body.map_or(limits.max_body, |it| it.0);
    limits.max_output = rules.max_output.map_or(limits.max_output, |it| it.0);
    limits.memory = rules.memory.map_or(limits.memory, |it| it.0);
    limits.nproc = rules.nproc.map_or(limits.nproc, |it| it.0);
    if let Some(cpu) = rules.cpu {
        // The kernel counts whole seconds.
        let seconds = cpu.0.as_secs() + u64::from(cpu.0.subsec_nanos() > 0);
        limits.cpu = if cpu.0 == value::NEVER { value::UNLIMITED } else { seconds };
    }
}

/// What runs somewhere is sent nowhere: neither its directories nor its programs, nor files by the end of their names.
pub(super) fn protect<'s>(routes: &mut Routes, files: impl Iterator<Item = &'s Path>) {
    let mut places: Vec<PathBuf> = files.map(Path::to_owned).collect();
    for site in routes.sites() {
        places.extend(site.script_dirs.iter().filter_map(|dir| dir.on_disk(&site.root)));
        places.extend(site.mounts.iter().map(|mount| mount.program.clone()));
    }
    places.extend(routes.rules().filter_map(|rule| Some(rule.layers.auth.as_ref()?.file().to_owned())));
    places.sort();
    places.dedup();
    for host in &mut routes.hosts {
        let suffixes: Vec<String> = host
            .rules
            .iter()
            .filter_map(|rule| match &rule.pattern {
                Pattern::Suffix(suffix) => Some(String::from_utf8_lossy(suffix).into_owned()),
                _ => None,
            })
            .collect();
        for rule in &mut host.rules {
            let is_for_suffix = matches!(rule.pattern, Pattern::Suffix(_));
            if let Target::Site(site) = &mut rule.target {
                site.protected.clone_from(&places);
                if !is_for_suffix {
                    site.sources.clone_from(&suffixes);
                }
            }
        }
    }
}

/// A bare name is looked for in PATH.
fn within(base: &Path, program: &Path) -> PathBuf {
    if program.components().count() > 1 { base.join(program) } else { program.to_owned() }
}

fn dir_within(base: &Path, dir: &Path) -> OsString {
    match dir.to_str().and_then(|text| text.split_once('=')) {
        Some((url, directory)) => joined(url, base.join(directory).as_os_str()),
        None => dir.as_os_str().to_owned(),
    }
}

fn joined(name: &str, value: &std::ffi::OsStr) -> OsString {
    let mut pair = OsString::from(name);
    pair.push("=");
    pair.push(value);
    pair
}
