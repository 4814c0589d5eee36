//! ACME (RFC 8555): gets certificates from an authority and renews them in time. What fails is tried again later, and the
//! certificate that is there is used on.

mod order;
mod proof;
mod store;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use instant_acme::{Account, AccountCredentials, ChallengeType, NewAccount};
use rustix::rand::{GetRandomFlags, getrandom};
use tokio::{
    sync::Mutex,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::rustls::{crypto::CryptoProvider, sign::CertifiedKey};

use self::{proof::Proofs, store::Store};
use super::{Error, files::Files, identity::Current};
use crate::challenges::Challenges;

/// Which authority, and what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the authority is asked: the address of its directory.
    pub directory: String,
    /// The file with the certificate of who signed the authority's own; none: whom the system knows.
    pub authority: Option<PathBuf>,
    /// Where the authority may write to.
    pub contact: Option<String>,
    /// How it is shown that a name is ours; none: in turns, one and the other.
    pub challenge: Option<Challenge>,
    /// A private folder for the account and the certificates.
    pub state: PathBuf,
    /// The pause after the first failure; each further one is twice as long.
    pub retry: Duration,
}

/// How it is shown that a name is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// At port 443 (RFC 8737).
    TlsAlpn,
    /// At port 80 (RFC 8555 §8.3).
    Http,
}

/// An authority, our account there, and what is shown to it.
pub(super) struct Acme {
    settings: Settings,
    store: Store,
    pub(super) proofs: Proofs,
    challenges: Arc<Challenges>,
    provider: Arc<CryptoProvider>,
    /// One order at a time.
    account: Mutex<Option<Account>>,
}

/// Renews a certificate until it is dropped.
pub(super) struct Renewal(JoinHandle<()>);

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Acme {
    pub(super) fn open(
        settings: &Settings,
        challenges: &Arc<Challenges>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        Ok(Self {
            store: Store::open(&settings.state, &settings.directory)?,
            proofs: Proofs::new(provider)?,
            settings: settings.clone(),
            challenges: Arc::clone(challenges),
            provider: Arc::clone(provider),
            account: Mutex::new(None),
        })
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The certificate of last time, if it is for these names.
    pub(super) fn kept(&self, names: &[String]) -> Option<CertifiedKey> {
        let certificate = self.store.certificate(names.first()?);
        if !certificate.exists() {
            return None;
        }
        let files = Files { certificate, key: None, password: None };
        let kept = files.read(&self.provider).inspect_err(|error| tracing::warn!("a new one is asked for: {error}"));
        kept.ok().filter(|key| {
            let within = super::identity::names_within(key);
            names.iter().all(|name| within.contains(name))
        })
    }

    /// Gets a certificate for these names now, if there is none, and a new one whenever it is time.
    pub(super) fn keep_fresh(self: &Arc<Self>, names: Vec<String>, current: Arc<Current>) -> Renewal {
        let acme = Arc::clone(self);
        Renewal(tokio::spawn(async move {
            let mut failures = 0;
            loop {
                sleep_until(current.0.load().as_deref().and_then(due).unwrap_or(UNIX_EPOCH)).await;
                match acme.obtain(&names, failures).await {
                    Ok(key) => {
                        failures = 0;
                        let until = validity(&key).map(|[_, end]| httpdate::fmt_http_date(end)).unwrap_or_default();
                        tracing::info!("{}: there is a new certificate, good until {until}", names.join(", "));
                        current.0.store(Some(Arc::new(key)));
                    }
                    Err(error) => {
                        let pause = pause(acme.settings.retry, failures);
                        failures += 1;
                        acme.tell(&names, &current, &error, pause);
                        sleep(pause).await;
                    }
                }
            }
        }))
    }

    fn tell(&self, names: &[String], current: &Current, error: &str, pause: Duration) {
        let left = current.0.load();
        let until = left.as_deref().and_then(validity).map(|[_, end]| httpdate::fmt_http_date(end));
        let meanwhile = match until {
            Some(until) => format!("the one in use is good until {until}"),
            None => "until there is one, https does not answer for them".to_owned(),
        };
        let (names, directory, pause) = (names.join(", "), &self.settings.directory, pause.as_secs().max(1));
        tracing::warn!("{names}: no certificate from {directory}: {error}; {meanwhile}; next try in {pause}s");
    }

    /// One order, from the account to the file.
    async fn obtain(&self, names: &[String], failures: u32) -> Result<CertifiedKey, String> {
        let kind = match self.settings.challenge {
            Some(Challenge::Http) => ChallengeType::Http01,
            Some(Challenge::TlsAlpn) => ChallengeType::TlsAlpn01,
            None if failures % 2 == 1 => ChallengeType::Http01,
            None => ChallengeType::TlsAlpn01,
        };
        let mut account = self.account.lock().await;
        let ordered = async {
            let account = match &*account {
                Some(account) => account.clone(),
                None => account.insert(self.enter().await?).clone(),
            };
            order::place(&account, names, kind, &self.proofs, &self.challenges).await
        };
        let pem = match timeout(ORDER_TIME, ordered).await {
            Ok(Ok(pem)) => pem,
            Ok(Err(error)) => {
                if is_account_gone(&error) {
                    *account = None;
                    self.store.remove_account();
                }
                return Err(told(&error));
            }
            Err(_) => return Err(format!("it took longer than {} s", ORDER_TIME.as_secs())),
        };
        let name = names.first().map(String::as_str).unwrap_or_default();
        self.store.write_certificate(name, pem.as_bytes()).map_err(|error| self.store.failed(&error))?;
        self.kept(names).ok_or_else(|| "what came is no certificate for these names".to_owned())
    }

    /// Our account: the one that is kept, or a new one.
    async fn enter(&self) -> Result<Account, instant_acme::Error> {
        let builder = match &self.settings.authority {
            Some(authority) => Account::builder_with_root(authority)?,
            None => Account::builder()?,
        };
        let other = |error: std::io::Error| instant_acme::Error::Other(self.store.failed(&error).into());
        if let Some(kept) = self.store.read_account().map_err(other)? {
            return builder.from_credentials(serde_json::from_slice::<AccountCredentials>(&kept)?).await;
        }
        let contact: Vec<String> = self.settings.contact.iter().map(|it| format!("mailto:{it}")).collect();
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = builder.create(&new, self.settings.directory.clone(), None).await?;
        self.store.write_account(&serde_json::to_vec(&credentials)?).map_err(other)?;
        tracing::info!(
            "there is a new account at {}, kept in {}",
            self.settings.directory,
            self.store.folder().display()
        );
        Ok(account)
    }
}

/// The authority knows our account no more: the next try makes another one.
fn is_account_gone(error: &instant_acme::Error) -> bool {
    let instant_acme::Error::Api(problem) = error else { return false };
    problem.r#type.as_deref().is_some_and(|kind| kind.ends_with(":accountDoesNotExist"))
}

/// The error with its causes, each said once.
fn told(error: &instant_acme::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).take(ERROR_CHARACTERS_MAX).collect()
}

/// From when to when it is good.
fn validity(key: &CertifiedKey) -> Option<[SystemTime; 2]> {
    let (_, certificate) = x509_parser::parse_x509_certificate(key.cert.first()?).ok()?;
    let validity = certificate.validity();
    let at = |time: x509_parser::time::ASN1Time| {
        Some(UNIX_EPOCH + Duration::from_secs(u64::try_from(time.timestamp()).ok()?))
    };
    Some([at(validity.not_before)?, at(validity.not_after)?])
}

/// When it is time for a new one: when a third of its time is left, or a little earlier, so that not all come at once.
fn due(key: &CertifiedKey) -> Option<SystemTime> {
    let [start, end] = validity(key)?;
    let whole = end.duration_since(start).ok()?;
    Some(end - whole / 3 - whole.mul_f64(chance() / 20.0))
}

/// After a failure: longer each time, and never all at once.
fn pause(first: Duration, failures: u32) -> Duration {
    let pause = first.saturating_mul(2_u32.saturating_pow(failures)).min(PAUSE_MAX);
    pause.mul_f64(0.8 + 0.4 * chance())
}

/// From 0 to 1.
fn chance() -> f64 {
    let mut octets = [0_u8; 4];
    // Without chance it is in the middle.
    match getrandom(&mut octets, GetRandomFlags::empty()) {
        Ok(_) => f64::from(u32::from_ne_bytes(octets)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}

/// By the clock on the wall, which may be set meanwhile.
async fn sleep_until(time: SystemTime) {
    while let Ok(left) = time.duration_since(SystemTime::now()) {
        sleep(left.clamp(LOOK_MIN, LOOK_MAX)).await;
    }
}

/// For a whole order; an authority that is asked politely takes seconds.
const ORDER_TIME: Duration = Duration::from_mins(3);
const PAUSE_MAX: Duration = Duration::from_hours(12);
/// How long one sleeps before one looks at the clock again.
const LOOK_MAX: Duration = Duration::from_hours(1);
const LOOK_MIN: Duration = Duration::from_millis(100);
const ERROR_CHARACTERS_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_day() {
        let first = Duration::from_mins(2);
        for failures in 0..40 {
            let pause = pause(first, failures);
            let middle = (f64::from(failures).exp2() * first.as_secs_f64()).min(PAUSE_MAX.as_secs_f64());
            assert!((0.79 * middle..1.21 * middle).contains(&pause.as_secs_f64()), "{failures}: {pause:?}");
        }
    }

    #[test]
    fn a_third_before_the_end_it_is_time() {
        let names = ["a.example".to_owned()];
        let provider = tokio_rustls::rustls::crypto::ring::default_provider();
        let key = super::super::self_signed::make(&[], &names, &provider).expect("a certificate");
        let ([start, end], due) = (validity(&key).expect("it has one"), due(&key).expect("it has an end"));
        let part = due.duration_since(start).expect("later").as_secs_f64();
        let whole = end.duration_since(start).expect("later").as_secs_f64();
        assert!((0.61..0.67).contains(&(part / whole)), "{part} of {whole}");
    }
}
