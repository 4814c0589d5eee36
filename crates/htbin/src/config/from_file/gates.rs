//! Who may come in, as the configuration file says it: by address, so often, with a password, through which proxies.

use std::path::Path;

use crate::{
    config::{
        Error,
        file::{
            keys::{Auth, File, ForwardedFields, Rules, Users},
            values::{Frequency, Many},
        },
    },
    layers::{self, addresses, addresses::Networks, auth, proxies, rate},
};

/// The layers with what the rules say of that.
pub(super) fn over(layers: layers::Settings, rules: &Rules, base: &Path) -> Result<layers::Settings, Error> {
    Ok(layers::Settings { addresses: addresses(rules)?, rate: rate(rules), auth: auth(rules, base)?, ..layers })
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

fn auth(rules: &Rules, base: &Path) -> Result<Option<auth::Settings>, Error> {
    let Users { file, realm, users } = match &rules.auth {
        None | Some(Auth::Switch(false)) => return Ok(None),
        Some(Auth::Switch(true)) => return Err(Error::new("auth", NO_FILE)),
        Some(Auth::Users(users)) => users,
    };
    let Some(file) = file else { return Err(Error::new("auth", NO_FILE)) };
    let require = match users {
        None => auth::Require::ValidUser,
        Some(users) => auth::Require::Users(users.0.iter().cloned().collect()),
    };
    let realm = realm.as_deref().unwrap_or(REALM);
    let settings = auth::Settings::new(base.join(&file.path), &file.known, realm, require);
    settings.map(Some).map_err(|error| Error::new("auth", error.to_string()))
}

const NO_FILE: &str = "it needs a file of users: auth = { file = \"/etc/htbin/users\" }; `htbin passwd` makes one";
const REALM: &str = "htbin";
