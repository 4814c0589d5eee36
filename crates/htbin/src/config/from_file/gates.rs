//! Who may come in, as the configuration file says it: by address, so often, with a password, through which proxies.

use std::path::Path;

use ::http::HeaderName;

use crate::{
    config::{
        Error,
        file::{
            keys::{Auth, File, ForwardedFields, Rules, Users},
            values::{Frequency, Many},
        },
    },
    layers::{self, addresses, addresses::Networks, ask, auth, proxies, rate},
};

/// The layers with what the rules say of that.
pub(super) fn over(layers: layers::Settings, rules: &Rules, base: &Path) -> Result<layers::Settings, Error> {
    let (auth, ask) = match &rules.auth {
        None | Some(Auth::Switch(false)) => (None, None),
        Some(Auth::Switch(true)) => return Err(Error::new("auth", NO_FILE)),
        Some(Auth::Users(users)) => match (&users.file, &users.ask) {
            (Some(_), Some(_)) => return Err(Error::new("auth", "it has 'file' or 'ask', not both")),
            (_, Some(address)) => (None, Some(ask(address, users)?)),
            _ => (Some(auth(users, base)?), None),
        },
    };
    Ok(layers::Settings { addresses: addresses(rules)?, rate: rate(rules), auth, ask, ..layers })
}

/// Whom the server believes what it says of clients.
pub(super) fn proxies(file: &File) -> Result<proxies::Settings, Error> {
    let words = file.trusted_proxies.iter().flat_map(|words| &words.0).map(String::as_str);
    let fields = match file.forwarded {
        Some(ForwardedFields::Forwarded) => proxies::Fields::Forwarded,
        Some(ForwardedFields::XForwarded) | None => proxies::Fields::XForwarded,
    };
    Ok(proxies::Settings { trusted: networks("trusted-proxies", words)?, fields })
}

fn addresses(rules: &Rules) -> Result<Option<addresses::Settings>, Error> {
    let words = |key, words: Option<&Many<String>>| {
        words.map(|words| networks(key, words.0.iter().map(String::as_str))).transpose()
    };
    let (deny, allow) = (words("deny", rules.deny.as_ref())?, words("allow", rules.allow.as_ref())?);
    let is_said = deny.as_ref().is_some_and(|deny| !deny.is_empty()) || allow.is_some();
    Ok(is_said.then(|| addresses::Settings { deny: deny.unwrap_or_default(), allow }))
}

fn networks<'a>(key: &'static str, words: impl Iterator<Item = &'a str>) -> Result<Networks, Error> {
    Networks::parse(words).map_err(|error| Error::new(key, error.to_string()))
}

fn rate(rules: &Rules) -> Option<rate::Settings> {
    let counted = |said: &Option<Frequency>| said.as_ref().and_then(|said| said.0.clone());
    let settings = rate::Settings { client: counted(&rules.rate), user: counted(&rules.rate_user) };
    (settings != rate::Settings::default()).then_some(settings)
}

fn ask(address: &str, users: &Users) -> Result<ask::Settings, Error> {
    let address = address.parse::<ask::Address>().map_err(|error| Error::new("auth", error.to_string()))?;
    let field = |name: &str| {
        HeaderName::try_from(name).map_err(|_| Error::new("auth", format!("'{}' is no field", name.escape_debug())))
    };
    let user = field(users.ask_user.as_deref().unwrap_or("remote-user"))?;
    let copied = users.ask_copy.iter().flat_map(|names| &names.0).map(|name| field(name)).collect::<Result<_, _>>()?;
    Ok(ask::Settings::new(address, user, copied))
}

fn auth(users: &Users, base: &Path) -> Result<auth::Settings, Error> {
    let Users { file, realm, users, .. } = users;
    let Some(file) = file else { return Err(Error::new("auth", NO_FILE)) };
    let require = match users {
        None => auth::Require::ValidUser,
        Some(users) => auth::Require::Users(users.0.iter().cloned().collect()),
    };
    let realm = realm.as_deref().unwrap_or(REALM);
    let settings = auth::Settings::new(base.join(&file.path), &file.known, realm, require);
    settings.map_err(|error| Error::new("auth", error.to_string()))
}

const NO_FILE: &str = "it needs a file of users: auth = { file = \"/etc/htbin/users\" }; `htbin passwd` makes one";
const REALM: &str = "htbin";
