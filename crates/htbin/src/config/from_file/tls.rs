//! Which certificate is for which host, and what is demanded of clients.

use std::path::Path;

use crate::{
    cli::value,
    config::{
        Error,
        file::{
            self, Located, Source as File, Whole,
            keys::{self, Asked, Proof, Version as Oldest},
        },
        tls_source,
    },
    tls::{Clients, Demands, IdentitySettings, Settings, Source, Version, acme},
};

/// How TLS is spoken, if it is. The certificate of the host that answers for every other name is the first one, and so
/// are its demands: else one could ask for a name that nobody has, and be answered by that host.
pub(super) fn settings(whole: &Whole) -> Result<Option<Settings>, file::Error> {
    let fallback = whole.hosts.iter().position(|it| it.host.name.is_none()).unwrap_or(0);
    let mut identities: Vec<IdentitySettings> = Vec::new();
    let mut hosts: Vec<&Located> = whole.hosts.iter().collect();
    hosts.rotate_left(fallback);
    for located in hosts {
        let source = &whole.sources[located.source];
        let found = identity(located, whole).map_err(|error| error.in_file(source, &located.steps))?;
        let is_like = |it: &IdentitySettings| {
            found.as_ref().is_some_and(|found| found.source == it.source && found.demands == it.demands)
        };
        // What the first one does as well needs no other.
        if !identities.first().is_some_and(is_like) || found.as_ref().is_some_and(|it| it.source == Source::Acme) {
            identities.extend(found);
        }
    }
    let is_acme = identities.iter().any(|it| it.source == Source::Acme);
    let acme = is_acme.then(|| acme(whole)).transpose()?;
    Ok((!identities.is_empty()).then_some(Settings { identities, acme }))
}

/// What a host shows and demands, if it has a certificate.
fn identity(located: &Located, whole: &Whole) -> Result<Option<IdentitySettings>, Error> {
    let mut tls = whole.file.tls.clone().unwrap_or_default().beneath(whole.sources[0].directory());
    if let Some(own) = located.host.tls.clone() {
        tls = tls.overlaid(own.beneath(whole.sources[located.source].directory()));
    }
    let names: Vec<String> = super::names(&located.host).iter().map(ToString::to_string).collect();
    let clients = clients(&tls)?;
    let named = tls_source(tls.certificate, tls.key, tls.password_file, tls.self_signed == Some(true))?;
    let source = match named {
        Some(_) if tls.acme == Some(true) => {
            return Err(Error::new("acme", "there is a certificate already; leave one of the two out"));
        }
        None if tls.acme == Some(true) => {
            check_names(&names)?;
            Source::Acme
        }
        None if clients.is_some() => {
            return Err(Error::new("tls", "there is no certificate; give it 'certificate', or 'acme = true'"));
        }
        None => return Ok(None),
        Some(source) => source,
    };
    let minimum = match tls.minimum {
        Some(Oldest::Tls13) => Version::Tls13,
        Some(Oldest::Tls12) | None => Version::Tls12,
    };
    Ok(Some(IdentitySettings { names, source, demands: Demands { minimum, clients } }))
}

fn clients(tls: &keys::Tls) -> Result<Option<Clients>, Error> {
    let (authorities, asked) = match (&tls.client_ca, tls.client_certificate) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            let fix = "name the file with the certificates of those who sign them, 'client-ca'";
            return Err(Error::new("tls", format!("certificates of clients are asked for: {fix}")));
        }
        (Some(authorities), asked) => (authorities.clone(), asked.unwrap_or(Asked::Require)),
    };
    let pass = tls.client_pem == Some(true);
    Ok(Some(Clients { authorities, required: asked == Asked::Require, pass }))
}

/// Neither way of showing that a name is ours does for a pattern.
fn check_names(names: &[String]) -> Result<(), Error> {
    let what = if names.is_empty() {
        "it needs the host's name: [[host]] name = \"www.example.org\"".to_owned()
    } else if let Some(pattern) = names.iter().find(|name| name.starts_with('*')) {
        format!("'{pattern}' is a pattern, and needs DNS to be shown: get that certificate by other means")
    } else if names.len() > NAMES_MAX {
        format!("{} names, and a certificate is for {NAMES_MAX} at most", names.len())
    } else {
        return Ok(());
    };
    Err(Error::new("tls", format!("acme: {what}")))
}

fn acme(whole: &Whole) -> Result<acme::Settings, file::Error> {
    let source = &whole.sources[0];
    let error = |what: &str| file::Error::of_key(source, &[], "acme", what.to_owned());
    let said = whole.file.acme.clone().unwrap_or_default();
    let within = |path: &Path| source.directory().join(path);
    let Some(state) = &said.state else {
        return Err(error("it needs a private folder for its account and certificates: 'state', in [acme]"));
    };
    let directory = said.directory.unwrap_or_else(|| LETS_ENCRYPT.to_owned());
    if !directory.starts_with("https://") {
        return Err(error("'directory' is an address that begins with https://"));
    }
    let challenge = said.challenge.map(|it| match it {
        Proof::Http => acme::Challenge::Http,
        Proof::TlsAlpn => acme::Challenge::TlsAlpn,
    });
    let retry = said.retry.map_or(RETRY, |it| it.0).max(RETRY_MIN);
    let (state, authority) = (within(state), said.ca.as_deref().map(within));
    Ok(acme::Settings { directory, authority, contact: said.contact, challenge, state, retry })
}

impl keys::Tls {
    /// With paths from here.
    fn beneath(mut self, directory: &Path) -> Self {
        for path in [&mut self.certificate, &mut self.key, &mut self.password_file, &mut self.client_ca] {
            *path = path.take().map(|path| directory.join(path));
        }
        self
    }

    /// What `own` says counts before what stands here. A certificate comes with its key and its password.
    fn overlaid(self, own: Self) -> Self {
        let has_source = own.certificate.is_some() || own.self_signed.is_some() || own.acme.is_some();
        let above = if has_source { &Self::default() } else { &self };
        Self {
            certificate: own.certificate.or_else(|| above.certificate.clone()),
            key: own.key.or_else(|| above.key.clone()),
            password_file: own.password_file.or_else(|| above.password_file.clone()),
            self_signed: own.self_signed.or(above.self_signed),
            acme: own.acme.or(above.acme),
            minimum: own.minimum.or(self.minimum),
            client_ca: own.client_ca.or(self.client_ca),
            client_certificate: own.client_certificate.or(self.client_certificate),
            client_pem: own.client_pem.or(self.client_pem),
        }
    }
}

/// `hsts`: a time, and `subdomains` and `preload` if they are to be said.
pub(super) fn hsts(text: &str) -> Result<http::HeaderValue, String> {
    let (mut time, mut subdomains, mut preload) = (None, false, false);
    for word in text.split([' ', ',', ';']).filter(|word| !word.is_empty()) {
        match word {
            "subdomains" => subdomains = true,
            "preload" => preload = true,
            _ => {
                let years = word.strip_suffix('y').and_then(|years| years.parse::<u32>().ok()).filter(|it| *it < 100);
                let one = years.map(|years| crate::layers::https::YEAR * years);
                let one = one.map_or_else(|| value::duration(word), Ok).ok().filter(|time| *time != value::NEVER);
                let form = "a time like 1y or 180d, with 'subdomains' and 'preload' if they are meant";
                time = Some(one.ok_or_else(|| format!("'{word}' is not {form}"))?);
            }
        }
    }
    crate::layers::https::hsts(time.unwrap_or(crate::layers::https::YEAR), subdomains, preload)
}

impl File {
    /// Does somebody speak TLS?
    pub(super) fn speaks_tls(whole: &Whole) -> bool {
        whole.file.tls.is_some() || whole.hosts.iter().any(|it| it.host.tls.is_some())
    }
}

const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Five failures an hour are what Let's Encrypt forgives.
const RETRY: std::time::Duration = std::time::Duration::from_mins(2);
const RETRY_MIN: std::time::Duration = std::time::Duration::from_secs(1);
/// Names in a certificate.
const NAMES_MAX: usize = 100;
