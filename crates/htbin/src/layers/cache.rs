//! Stores what scripts answer and gives it again, as a shared cache does (RFC 9111): while it is fresh, by the terms of
//! the script. Whoever asks for what somebody is fetching already waits for that, so a crowd starts one script.

mod control;
mod entry;
mod flight;
mod gather;
mod key;
mod purge;
mod store;
mod terms;
mod ticket;

use std::{sync::Arc, time::Duration};

use http::{HeaderName, Method, Response, header, request::Parts};
use tokio::time::{Instant, timeout_at};

use self::{
    entry::{Entry, Goodness, Told},
    flight::{Boarded, Landing, landed},
    key::Asked,
    store::{SLOT_SHARE, Store},
    ticket::Fetch,
};
pub use self::{purge::purge, ticket::Ticket};
use crate::body::{Body, Origin};

/// What is stored. Clones share it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long an answer is fresh whose script says nothing of that; zero: it is not stored.
    pub default_ttl: Duration,
    /// Octets of memory, all together.
    pub bytes_max: u64,
    /// Octets of one body; a longer one is not stored.
    pub entry_bytes_max: u64,
    /// `PURGE` from this machine takes out what is stored.
    pub purge: bool,
    store: Arc<Store>,
}

impl Settings {
    /// Storage of this size.
    pub fn new(bytes_max: u64, entry_bytes_max: u64) -> Self {
        // Half of what one address may take: an answer must never push out all others.
        let entry_bytes_max = entry_bytes_max.min(bytes_max / SLOT_SHARE);
        let store = Arc::new(Store::new(bytes_max));
        Self { default_ttl: Duration::ZERO, bytes_max, entry_bytes_max, purge: false, store }
    }
}

impl Settings {
    /// What is stored for others is stored for these too, in the same memory.
    pub fn share(&mut self, others: &Self) {
        *self = Self { default_ttl: self.default_ttl, ..others.clone() };
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(BYTES_MAX, ENTRY_BYTES_MAX)
    }
}

impl PartialEq for Settings {
    /// What is stored is no setting.
    fn eq(&self, other: &Self) -> bool {
        let all = |it: &Self| (it.default_ttl, it.bytes_max, it.entry_bytes_max, it.purge);
        all(self) == all(other)
    }
}

impl Eq for Settings {}

/// Who asks, as far as the request itself does not say it.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// By TLS.
    pub is_secure: bool,
    /// It is known who: they have shown a password, or the like.
    pub is_known: bool,
}

/// What becomes of a request for a script.
pub enum Entered {
    /// It is answered.
    Answer(Response<Body>),
    /// It is answered with what is a little old; the script is to be asked for a new one meanwhile.
    Renew(Response<Body>, Ticket),
    /// The script is to be asked.
    Go(Ticket),
}

/// The answer to this request, if a fresh one is stored. Nothing is waited for.
pub fn answer_now(settings: &Settings, request: &Parts, is_secure: bool) -> Option<(Response<Body>, Origin)> {
    let Kind::Plain { of_a_person } = Kind::of(request) else { return None };
    let slot = settings.store.slot(Asked::of(request, is_secure)?)?;
    let entry = settings.store.choose(&slot, request).filter(|entry| may_have(entry, of_a_person))?;
    (entry.goodness() == Goodness::Fresh).then(|| (entry.answer(request, Told::Hit), entry.origin()))
}

/// Answers a request for a script from what is stored, or says on which terms the script is asked. Waits for somebody
/// who is asking it for the same already.
pub async fn enter(settings: &Settings, request: &Parts, asker: Asker) -> Entered {
    let Some(asked) = Asked::of(request, asker.is_secure) else {
        return Entered::Go(Ticket::aside(settings, "bypass"));
    };
    let of_a_person = match Kind::of(request) {
        Kind::Plain { of_a_person } => of_a_person || asker.is_known,
        Kind::Other(why) => return Entered::Go(Ticket::aside(settings, why)),
        Kind::Change => return Entered::Go(Ticket::change(settings, asked)),
    };
    let deadline = Instant::now() + WAIT_TIME;
    let mut look = Look::at(settings, asked, request, of_a_person);
    for _ in 0..ROUNDS_MAX {
        let good = look.entry.as_ref().map(|entry| entry.goodness());
        if let (Some(Goodness::Fresh), Some(entry)) = (good, &look.entry) {
            return Entered::Answer(with_origin(entry, request, Told::Hit));
        }
        // What HEAD brings is no answer to store.
        if look.is_vain || request.method == Method::HEAD {
            break;
        }
        match settings.store.flights.board(look.id, look.address) {
            Boarded::First(flight) => {
                // Somebody may have landed since.
                let again = Look::at(settings, asked, request, of_a_person);
                if again.is_settled() {
                    look = again;
                    continue;
                }
                let ticket = Ticket::fetch(settings, asked, Fetch { flight: Some(flight), ..again.fetch(settings) });
                return match (good, &look.entry) {
                    (Some(Goodness::WhileRenewed), Some(entry)) => {
                        Entered::Renew(with_origin(entry, request, Told::Hit), ticket)
                    }
                    _ => Entered::Go(ticket),
                };
            }
            Boarded::Waiting(waiting) => {
                if let (Some(Goodness::WhileRenewed), Some(entry)) = (good, &look.entry) {
                    return Entered::Answer(with_origin(entry, request, Told::Hit));
                }
                match timeout_at(deadline, landed(waiting)).await {
                    Ok(Landing::Stored(entry)) if look.fits(settings, request, &entry) => {
                        return Entered::Answer(with_origin(&entry, request, Told::Forwarded(look.why, "; collapsed")));
                    }
                    // It was for another, or who went has left.
                    Ok(Landing::Stored(_) | Landing::Lost | Landing::Flying) => {}
                    Ok(Landing::InVain) | Err(_) => break,
                }
            }
        }
        look = Look::at(settings, asked, request, of_a_person);
    }
    if request.method == Method::HEAD {
        return Entered::Go(Ticket::aside(settings, "bypass"));
    }
    Entered::Go(Ticket::fetch(settings, asked, look.fetch(settings)))
}

fn with_origin(entry: &Entry, request: &Parts, told: Told<'_>) -> Response<Body> {
    let mut response = entry.answer(request, told);
    response.extensions_mut().insert(entry.origin());
    response
}

/// What is known of an address, for one request.
struct Look {
    /// What is stored for such a request.
    entry: Option<Arc<Entry>>,
    is_vain: bool,
    of_a_person: bool,
    /// The hash of the address.
    address: u64,
    /// The hash of all that chooses an answer, as far as that is known.
    id: u64,
    why: &'static str,
}

impl Look {
    fn at(settings: &Settings, asked: Asked<'_>, request: &Parts, of_a_person: bool) -> Self {
        let store = &settings.store;
        let slot = store.slot(asked).unwrap_or_default();
        let entry = store.choose(&slot, request).filter(|entry| may_have(entry, of_a_person));
        let address = store.hash(asked);
        let why = match &entry {
            Some(_) => "stale",
            None if slot.has_entries() => "vary-miss",
            None => "uri-miss",
        };
        Self {
            entry,
            is_vain: slot.is_vain(of_a_person),
            of_a_person,
            address,
            id: store.hash((address, store.fingerprint(request, slot.vary()), of_a_person)),
            why,
        }
    }

    /// Is there nothing to go for?
    fn is_settled(&self) -> bool {
        self.is_vain || self.entry.as_ref().is_some_and(|entry| entry.goodness() == Goodness::Fresh)
    }

    fn fits(&self, settings: &Settings, request: &Parts, entry: &Entry) -> bool {
        may_have(entry, self.of_a_person) && entry.fingerprint == settings.store.fingerprint(request, &entry.terms.vary)
    }

    fn fetch(self, settings: &Settings) -> Fetch {
        let stale = self.entry.filter(|entry| entry.has_validator() || entry.is_good_enough());
        let changes = settings.store.changes();
        Fetch { flight: None, stale, of_a_person: self.of_a_person, changes, why: self.why }
    }
}

/// Whoever says who they are gets what is for everybody, and what is made for them.
fn may_have(entry: &Entry, of_a_person: bool) -> bool {
    entry.terms.is_public || !of_a_person
}

/// What a request is to the cache.
enum Kind {
    /// GET or HEAD, and nothing that makes its answer a special one.
    Plain {
        /// It says who asks.
        of_a_person: bool,
    },
    /// Nothing for the cache, and why.
    Other(&'static str),
    /// A method that may change what is stored (RFC 9110 §9.2.1).
    Change,
}

impl Kind {
    fn of(request: &Parts) -> Self {
        match request.method {
            Method::GET | Method::HEAD => {}
            Method::OPTIONS | Method::TRACE => return Self::Other("method"),
            _ => return Self::Change,
        }
        let has_body = request.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
        // A part of an answer is the script's own business, and so is what a GET with a body may mean.
        if has_body || request.headers.keys().any(is_special) {
            return Self::Other("bypass");
        }
        Self::Plain { of_a_person: terms::is_of_a_person(request) }
    }
}

fn is_special(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::RANGE | header::IF_RANGE | header::IF_MATCH | header::IF_UNMODIFIED_SINCE | header::TRANSFER_ENCODING
    )
}

/// All that is stored.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// One body of it.
const ENTRY_BYTES_MAX: u64 = 1024 * 1024;
/// For what somebody else is fetching; then everybody goes by themselves. As long as a script has for its head.
const WAIT_TIME: Duration = Duration::from_secs(60);
/// So often somebody waits: who went may leave, or bring what is for others.
const ROUNDS_MAX: usize = 4;

#[cfg(test)]
mod tests;
