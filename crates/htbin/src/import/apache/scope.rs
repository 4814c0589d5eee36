//! What Apache's directives say of a place: rules, who may come in, what runs.

use std::collections::BTreeMap;

use super::parse::Directive;
use crate::import::model::{Auth, Model, Rules};

/// What holds in a place.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) rules: Rules,
    /// `Options`, each as it was said last.
    options: BTreeMap<String, bool>,
    /// `Options` without signs: those above do not count.
    is_whole: bool,
    /// Ends of names that are CGI scripts.
    scripts: Option<Vec<String>>,
    /// Every file is one: `SetHandler cgi-script`.
    all_scripts: Option<bool>,
    realm: Option<String>,
    users: Option<String>,
    require: Option<Require>,
    is_digest: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Require {
    Open,
    Closed,
    Addresses { deny: Vec<String>, allow: Vec<String> },
    User(Option<Vec<String>>),
}

impl Scope {
    /// Takes a directive, if it is one of a place.
    pub(super) fn take(&mut self, directive: &Directive, model: &mut Model) -> bool {
        let leave = |model: &mut Model, why: &str| model.leave(&directive.at, directive.shown(), why);
        match (directive.name.as_str(), &directive.words()[..]) {
            ("options", words) => self.options(words),
            ("addhandler", ["cgi-script", ends @ ..]) => {
                let dotted = |end: &&str| format!(".{}", end.trim_start_matches('.'));
                self.scripts.get_or_insert_default().extend(ends.iter().map(dotted));
            }
            ("removehandler", _) => self.scripts = Some(Vec::new()),
            ("sethandler", ["cgi-script"]) => self.all_scripts = Some(true),
            ("sethandler", ["none" | "None"]) => self.all_scripts = Some(false),
            ("directoryindex", names) if names.iter().all(|name| !name.contains('/')) => {
                let is_none = |name: &&&str| name.eq_ignore_ascii_case("disabled");
                self.rules.index = Some(names.iter().filter(|it| !is_none(it)).map(ToString::to_string).collect());
            }
            ("require", words) => self.require(words, directive, model),
            ("order" | "satisfy", _) => model.needless(&directive.name),
            ("allow", ["from", who @ ..]) => self.from(who, true, directive, model),
            ("deny", ["from", who @ ..]) => self.from(who, false, directive, model),
            ("authtype", [kind]) => {
                self.is_digest = !kind.eq_ignore_ascii_case("basic") && !kind.eq_ignore_ascii_case("none");
                if self.is_digest {
                    leave(model, "Basic alone is there; nobody comes in until this is mended");
                }
            }
            ("authname", [realm]) => self.realm = Some((*realm).to_owned()),
            ("authuserfile", [file]) => self.users = Some((*file).to_owned()),
            ("authbasicprovider", ["file"]) | ("allowoverride", ["None" | "none"]) => {}
            ("allowoverride", _) => {
                leave(model, "files .htaccess are not read: put into the configuration what they say");
            }
            _ => return self.of_scripts(directive, model),
        }
        true
    }

    fn of_scripts(&mut self, directive: &Directive, model: &mut Model) -> bool {
        let rules = &mut self.rules;
        let leave = |model: &mut Model, why: &str| model.leave(&directive.at, directive.shown(), why);
        let limit = |words: &[&str]| {
            words.first().filter(|it| it.bytes().all(|it| it.is_ascii_digit())).map(ToString::to_string)
        };
        match (directive.name.as_str(), &directive.words()[..]) {
            ("setenv", [name, value @ ..]) => {
                if htbin_cgi::meta::is_meta_variable(name.as_bytes()) {
                    leave(model, "a meta-variable, which each request sets");
                } else {
                    rules.env.insert((*name).to_owned(), value.first().copied().unwrap_or_default().to_owned());
                }
            }
            ("passenv", names) => rules.pass_env.get_or_insert_default().extend(names.iter().map(ToString::to_string)),
            ("cgipassauth", [switch]) => rules.pass_auth = Some(switch.eq_ignore_ascii_case("on")),
            ("timeout" | "cgidscripttimeout", [time]) => {
                rules.timeout = limit(&[time.trim_end_matches('s')]).map(|it| format!("{it}s"));
            }
            ("limitrequestbody", words) => {
                rules.max_body = limit(words).map(|it| if it == "0" { "none".into() } else { it });
            }
            ("rlimitmem", words) => rules.memory = limit(words),
            ("rlimitcpu", words) => rules.cpu = limit(words).map(|it| format!("{it}s")),
            ("rlimitnproc", words) => rules.nproc = limit(words).and_then(|it| it.parse().ok()),
            ("header", ["always", rest @ ..] | rest) => match rest {
                ["set", name, value] if !value.contains('%') => {
                    rules.header.insert((*name).to_owned(), (*value).to_owned());
                }
                ["unset", name] => _ = rules.header.insert((*name).to_owned(), String::new()),
                _ => leave(model, "fields are set or taken away, the same for every answer"),
            },
            _ => return false,
        }
        true
    }

    fn options(&mut self, words: &[&str]) {
        let is_whole = !words.iter().any(|word| word.starts_with(['+', '-']));
        if is_whole {
            self.options.clear();
            self.is_whole = true;
        }
        for word in words {
            let (name, is_on) = match word.strip_prefix('-') {
                Some(name) => (name, false),
                None => (word.trim_start_matches('+'), true),
            };
            match name.to_ascii_lowercase().as_str() {
                "none" => {}
                "all" => {
                    self.options.extend(["indexes", "execcgi", "followsymlinks"].map(|it| (it.to_owned(), true)));
                }
                name => _ = self.options.insert(name.to_owned(), is_on),
            }
        }
    }

    fn require(&mut self, words: &[&str], directive: &Directive, model: &mut Model) {
        match words {
            ["all", "granted"] => self.require = Some(Require::Open),
            ["all", "denied"] => self.require = Some(Require::Closed),
            ["local"] => self.addresses(&["127.0.0.0/8", "::1"], true),
            ["ip", who @ ..] if who.iter().all(|it| network(it).is_some()) => self.addresses(who, true),
            ["not", "ip", who @ ..] if who.iter().all(|it| network(it).is_some()) => self.addresses(who, false),
            ["valid-user"] => self.require = Some(Require::User(None)),
            ["user", names @ ..] => {
                self.require = Some(Require::User(Some(names.iter().map(ToString::to_string).collect())));
            }
            _ => {
                self.require.get_or_insert(Require::Closed);
                model.leave(&directive.at, directive.shown(), "no counterpart; nobody comes in by it");
            }
        }
    }

    /// Apache 2.2's `Allow from` and `Deny from`.
    fn from(&mut self, who: &[&str], is_allowed: bool, directive: &Directive, model: &mut Model) {
        match who {
            ["all"] if is_allowed => self.require = Some(Require::Open),
            ["all"] => {
                if !matches!(self.require, Some(Require::Addresses { .. })) {
                    self.require = Some(Require::Closed);
                }
            }
            _ if who.iter().all(|it| network(it).is_some()) => self.addresses(who, is_allowed),
            _ => {
                self.require.get_or_insert(Require::Closed);
                model.leave(&directive.at, directive.shown(), "addresses alone are known; nobody comes in by it");
            }
        }
    }

    fn addresses(&mut self, who: &[&str], is_allowed: bool) {
        let (mut deny, mut allow) = match self.require.take() {
            Some(Require::Addresses { deny, allow }) => (deny, allow),
            _ => (Vec::new(), Vec::new()),
        };
        let list = if is_allowed { &mut allow } else { &mut deny };
        list.extend(who.iter().filter_map(|it| network(it)));
        self.require = Some(Require::Addresses { deny, allow });
    }

    /// What is said of a place further in counts.
    pub(super) fn lay(&mut self, nearer: &Self) {
        self.rules.lay(&nearer.rules);
        if nearer.is_whole {
            (self.options, self.is_whole) = (BTreeMap::new(), true);
        }
        self.options.extend(nearer.options.clone());
        macro_rules! over { ($($key:ident)*) => { $(if nearer.$key.is_some() { self.$key.clone_from(&nearer.$key); })* } }
        over!(scripts all_scripts realm users require);
        self.is_digest |= nearer.is_digest;
    }

    /// Every key of the place, said.
    pub(super) fn settled(&self, model: &mut Model) -> Rules {
        let mut rules = self.rules.clone();
        // Without `Options`, links are followed and nothing else is on.
        let is_on = |name: &str| self.options.get(name).copied().unwrap_or(name == "followsymlinks" && !self.is_whole);
        rules.listing = Some(is_on("indexes"));
        rules.follow_symlinks = Some(is_on("followsymlinks") || is_on("symlinksifownermatch"));
        let runs = is_on("execcgi")
            && (self.scripts.as_ref().is_some_and(|it| !it.is_empty()) || self.all_scripts == Some(true));
        rules.cgi = Some(false);
        if runs {
            rules.run_everywhere();
        }
        match &self.require {
            None => {}
            Some(Require::Open) => rules.open(),
            Some(Require::Closed) => rules.close(),
            Some(Require::Addresses { deny, allow }) => {
                rules.open();
                rules.deny = Some(deny.clone());
                if !allow.is_empty() {
                    rules.allow = Some(allow.clone());
                }
            }
            Some(Require::User(users)) => match &self.users {
                Some(file) if !self.is_digest => {
                    let (realm, file) = (self.realm.clone(), file.clone());
                    rules.auth = Some(Auth::Users { file, realm, users: users.clone() });
                }
                _ => {
                    rules.close();
                    model.needless("Require of users, without a file of them for Basic: nobody comes in");
                }
            },
        }
        if matches!(self.require, Some(Require::Open)) {
            rules.auth = Some(Auth::Off(false));
        }
        rules
    }
}

/// An address or a network, also as `10.1`, which is `10.1.0.0/16`.
fn network(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    if bits.is_some_and(|bits| bits.parse::<u8>().is_err()) {
        return None;
    }
    if address.parse::<std::net::IpAddr>().is_ok() {
        return Some(text.to_owned());
    }
    let parts: Vec<&str> = address.trim_end_matches('.').split('.').collect();
    let is_part = bits.is_none() && parts.len() < 4 && parts.iter().all(|it| it.parse::<u8>().is_ok());
    is_part.then(|| {
        let zeros = vec!["0"; 4 - parts.len()];
        format!("{}/{}", [parts.clone(), zeros].concat().join("."), parts.len() * 8)
    })
}
