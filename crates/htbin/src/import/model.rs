//! What every translation comes to: listeners, hosts with rules and routes, and what is left. It is printed by TOML's own
//! serialiser, so nothing in it can be read as anything else than a value.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use serde::Serialize;

use super::{Translation, source::At};

/// A configuration without a server.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) listen: Vec<String>,
    pub(super) user: Option<String>,
    pub(super) tls: Option<Tls>,
    pub(super) hosts: Vec<Host>,
    left: Vec<String>,
    needless: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Tls {
    pub(super) certificate: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
}

macro_rules! keys {
    ($name:ident { $($field:ident: $type:ty,)* }) => {
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub(super) struct $name {
            $(#[serde(skip_serializing_if = "is_empty")] pub(super) $field: $type,)*
        }
    };
}

keys! { Rules {
    directory: Option<String>,
    index: Option<Vec<String>>,
    listing: Option<bool>,
    follow_symlinks: Option<bool>,
    spa: Option<String>,
    cgi: Option<bool>,
    cgi_dir: Option<String>,
    interpreted_only: Option<bool>,
    pass_env: Option<Vec<String>>,
    pass_auth: Option<bool>,
    timeout: Option<String>,
    max_body: Option<String>,
    memory: Option<String>,
    cpu: Option<String>,
    nproc: Option<u64>,
    deny: Option<Vec<String>>,
    allow: Option<Vec<String>>,
    interpreter: BTreeMap<String, String>,
    env: BTreeMap<String, String>,
    header: BTreeMap<String, String>,
    auth: Option<Auth>,
} }

keys! { Target {
    path: Option<String>,
    suffix: Option<String>,
    glob: Option<String>,
    files: Option<String>,
    scripts: Option<String>,
    program: Option<String>,
    redirect: Option<String>,
    rewrite: Option<String>,
    respond: Option<String>,
    refuse: Option<u16>,
    status: Option<u16>,
} }

/// A route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Route {
    #[serde(flatten)]
    pub(super) target: Target,
    #[serde(flatten)]
    pub(super) rules: Rules,
}

/// A host.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Host {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) name: Vec<String>,
    #[serde(flatten)]
    pub(super) rules: Rules,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) route: Vec<Route>,
}

/// Users with passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Auth {
    Off(bool),
    Users {
        file: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        realm: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        users: Option<Vec<String>>,
    },
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    listen: &'a Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: &'a Option<Tls>,
    host: &'a Vec<Host>,
}

/// Is there nothing to say?
trait Empty {
    fn is_nothing(&self) -> bool;
}

impl<T> Empty for Option<T> {
    fn is_nothing(&self) -> bool {
        self.is_none()
    }
}

impl<K, V> Empty for BTreeMap<K, V> {
    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

fn is_empty(value: &impl Empty) -> bool {
    value.is_nothing()
}

impl Target {
    pub(super) fn at(path: &str) -> Self {
        Self { path: Some(path_of(path)), ..Self::default() }
    }

    pub(super) fn exactly(path: &str) -> Self {
        Self { glob: Some(super::pattern::glob(path)), ..Self::default() }
    }
}

impl Route {
    pub(super) fn new(target: Target) -> Self {
        Self { target, rules: Rules::default() }
    }
}

impl Rules {
    /// What is said nearer counts.
    pub(super) fn lay(&mut self, nearer: &Self) {
        macro_rules! over { ($($key:ident)*) => { $(if nearer.$key.is_some() { self.$key.clone_from(&nearer.$key); })* } }
        over!(directory index listing follow_symlinks spa cgi cgi_dir interpreted_only pass_env pass_auth timeout);
        over!(max_body memory cpu nproc deny allow auth);
        self.interpreter.extend(nearer.interpreter.clone());
        self.env.extend(nearer.env.clone());
        self.header.extend(nearer.header.clone());
    }

    /// Everybody may come in.
    pub(super) fn open(&mut self) {
        (self.allow, self.deny) = (Some(vec!["all".into()]), Some(Vec::new()));
    }

    /// Nobody may.
    pub(super) fn close(&mut self) {
        (self.allow, self.deny) = (Some(Vec::new()), Some(Vec::new()));
    }

    /// Executable files run here, wherever they lie.
    pub(super) fn run_everywhere(&mut self) {
        (self.cgi, self.cgi_dir) = (Some(true), Some("/".into()));
        self.interpreted_only.get_or_insert(false);
    }

    /// Files that end so run by this program.
    pub(super) fn run_by(&mut self, suffix: &str, program: &str) {
        (self.cgi, self.cgi_dir) = (Some(true), Some("/".into()));
        self.interpreted_only.get_or_insert(true);
        self.interpreter.insert(suffix.to_owned(), program.to_owned());
    }

    /// Takes out what goes without saying.
    fn tidy(&mut self, above: Option<&Self>) {
        let allow = above.and_then(|above| above.allow.as_ref());
        let deny = above.and_then(|above| above.deny.as_ref());
        let is_open = |allow: Option<&Vec<String>>| allow.is_none_or(|it| it.iter().any(|word| word == "all"));
        if is_open(self.allow.as_ref()) && is_open(allow) {
            self.allow = None;
        }
        if self.deny.as_ref().is_none_or(Vec::is_empty) && deny.is_none_or(Vec::is_empty) {
            self.deny = None;
        }
        if self.interpreted_only == Some(false) && above.is_none_or(|it| it.interpreted_only != Some(true)) {
            self.interpreted_only = None;
        }
        if let Some(above) = above {
            // What is said again need not be, but where scripts lie: that is of a directory, which may be another one.
            macro_rules! again { ($($key:ident)*) => { $(if self.$key == above.$key { self.$key = None; })* } }
            again!(index listing follow_symlinks spa cgi pass_env pass_auth timeout max_body memory cpu nproc auth);
            again!(directory deny allow interpreted_only);
            self.env.retain(|name, value| above.env.get(name) != Some(value));
            self.header.retain(|name, value| above.header.get(name) != Some(value));
        }
        if self.auth == Some(Auth::Off(false)) && above.is_none_or(|it| it.auth.is_none()) {
            self.auth = None;
        }
    }
}

impl Model {
    /// A directive that has no translation.
    pub(super) fn leave(&mut self, at: &At, directive: &str, why: &str) {
        let short: String = directive.chars().take(DIRECTIVE_LENGTH_MAX).collect();
        self.left.push(format!("{at}: {}: {why}", short.trim()).escape_debug().to_string().replace("\\\"", "\""));
    }

    /// A directive that needs none.
    pub(super) fn needless(&mut self, directive: &str) {
        self.needless.insert(directive.escape_debug().to_string());
    }

    /// A certificate; there is one for all hosts.
    pub(super) fn certificate(&mut self, tls: Tls, at: &At) {
        match &self.tls {
            Some(known) if *known != tls => self.leave(at, &tls.certificate, "one certificate is for all hosts"),
            _ => self.tls = Some(tls),
        }
    }

    pub(super) fn listen(&mut self, address: String) {
        if !self.listen.contains(&address) {
            self.listen.push(address);
        }
    }

    /// A host. Of two with the same names, for http and https, the one that does more is kept: hosts are not bound to
    /// listeners here.
    pub(super) fn host(&mut self, host: Host, at: &At) {
        let Some(known) = self.hosts.iter_mut().find(|it| it.name == host.name) else { return self.hosts.push(host) };
        if known.rules == host.rules && known.route == host.route {
            return;
        }
        let only_sends_away =
            |host: &Host| !host.route.is_empty() && host.route.iter().all(|it| it.target.redirect.is_some());
        let what = if host.name.is_empty() { "a server without a name".to_owned() } else { host.name.join(" ") };
        if only_sends_away(known) && !only_sends_away(&host) {
            *known = host;
            self.leave(at, &what, "one host answers on every listener: what is for http alone is left out");
        } else {
            let why = "there is a host of this name already, and one host answers on every listener";
            self.leave(at, &what, why);
        }
    }

    /// Prints it.
    pub(super) fn print(mut self, file: &Path) -> Translation {
        for host in &mut self.hosts {
            host.rules.tidy(None);
            let above = host.rules.clone();
            host.route.iter_mut().for_each(|route| route.rules.tidy(Some(&above)));
        }
        let Self { listen, user, tls, hosts, left, needless } = &self;
        let whole = Whole { listen, user, tls, host: hosts };
        let mut text = format!("# From {}.\n", file.display().to_string().escape_debug());
        match toml::Value::try_from(whole).map(escaped).map(|value| toml::to_string(&value)) {
            Ok(Ok(toml)) => text.push_str(&toml),
            // Every key is a text or a number; whatever fails is left out and said.
            Ok(Err(error)) | Err(error) => _ = writeln!(text, "# {error}"),
        }
        if !needless.is_empty() {
            let names: Vec<_> = needless.iter().map(String::as_str).collect();
            let _ = writeln!(text, "\n# Not needed here: {}", names.join(", "));
        }
        if !left.is_empty() {
            let _ = writeln!(text, "\n# Not translated ({}):", left.len());
            for line in left {
                let _ = writeln!(text, "# {line}");
            }
        }
        Translation { text, left: left.len() }
    }
}

/// `${` would be a variable in a configuration of htbin.
fn escaped(value: toml::Value) -> toml::Value {
    match value {
        toml::Value::String(text) => toml::Value::String(text.replace("${", "$${")),
        toml::Value::Array(values) => values.into_iter().map(escaped).collect::<Vec<_>>().into(),
        toml::Value::Table(table) => {
            toml::Value::Table(table.into_iter().map(|(key, value)| (key, escaped(value))).collect())
        }
        other => other,
    }
}

/// A path of the URL space, decoded, without a slash at its end.
pub(super) fn path_of(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/".into() } else { trimmed.to_owned() }
}

/// Is this path within the other?
pub(super) fn is_within(path: &str, other: &str) -> bool {
    let (path, other) = (path.trim_end_matches('/'), other.trim_end_matches('/'));
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The first letters of a directive that is left.
const DIRECTIVE_LENGTH_MAX: usize = 200;
