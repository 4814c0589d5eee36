//! Users with passwords: Basic (RFC 7617) with a file of htpasswd. To find out whether a password fits takes long on
//! purpose, so it is done by few at once, on threads that may wait, and remembered; who guesses is slowed down.

mod apr1;
mod brake;
mod credentials;
mod hash;
mod users;

use std::{
    collections::BTreeSet,
    fmt, io,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use http::{HeaderMap, HeaderValue};
use tokio::sync::Semaphore;

use self::{
    brake::Brake,
    credentials::Credentials,
    users::{Book, Users},
};
pub use self::{credentials::USER_BYTES_MAX, users::FILE_BYTES_MAX};
use super::rate::whole_seconds;
use crate::{
    diagnosis::quoted,
    exchange::{End, User},
    refusal::{Reason, Refusal},
};

/// Who may come in, and how they are asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The users with their passwords.
    file: PathBuf,
    /// Which of the users.
    require: Require,
    /// What WWW-Authenticate says.
    challenge: HeaderValue,
    door: Shared,
}

/// What is known of the users of a file. What is cloned is the same: who was let in is known there too.
#[derive(Debug, Clone, Default)]
pub struct Shared(Arc<OnceLock<Door>>);

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        (&self.file, &self.require, &self.challenge) == (&other.file, &other.require, &other.challenge)
    }
}

impl Eq for Settings {}

/// Which users may come in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Require {
    /// Whoever stands in the file.
    #[default]
    ValidUser,
    /// Of those in the file, these.
    Users(BTreeSet<String>),
}

/// What all requests for one file share.
#[derive(Debug)]
struct Door {
    users: Arc<Users>,
    brake: Brake,
    /// So many passwords are looked at at once.
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Settings {
    /// Those users of this file. Nothing is read yet.
    pub fn new(file: PathBuf, known: &Shared, realm: &str, require: Require) -> Result<Self, Error> {
        let challenge = challenge(realm).ok_or_else(|| Error::Realm(realm.to_owned()))?;
        Ok(Self { file, require, challenge, door: known.clone() })
    }

    /// Reads the file, with the rights of whoever serves: it will have to be read again.
    pub(super) fn open(&self) -> Result<(), Error> {
        if self.door.0.get().is_none() {
            // Two that open it at once have the same: the first stays.
            _ = self.door.0.set(Door::open(&self.file)?);
        }
        Ok(())
    }

    /// Are these the users of the same file?
    pub fn is_of(&self, other: &Self) -> bool {
        self.file == other.file
    }

    /// Takes over what is known of its users.
    pub fn carry_on(&mut self, before: &Self) {
        self.door = before.door.clone();
    }

    /// The users with their passwords.
    pub fn file(&self) -> &Path {
        &self.file
    }

    fn refusal(&self, detail: impl Into<Box<str>>) -> Refusal {
        Refusal::with_detail(Reason::Unauthorized, detail).challenged(self.challenge.clone())
    }
}

/// A client comes in as this user, or not.
pub(super) async fn enter(settings: &Settings, client: End, fields: &HeaderMap) -> Result<User, Refusal> {
    let credentials = match credentials::read(fields) {
        Ok(Some(credentials)) => credentials,
        Ok(None) => return Err(settings.refusal("no user and password were sent")),
        Err(what) => return Err(settings.refusal(what)),
    };
    let unreadable = || Refusal::with_detail(Reason::UsersUnreadable, "the file of the users cannot be read");
    let door = settings.door.0.get().ok_or_else(unreadable)?;
    let book = door.users.book().await.ok_or_else(unreadable)?;
    let user = quoted(&*credentials.user);
    if !door.fits(&book, client, &credentials).await? {
        tracing::info!(%client, "not let in: {user} with a password that does not fit");
        return Err(settings.refusal(format!("{user} with a password that does not fit")));
    }
    match &settings.require {
        Require::Users(names) if !names.contains(&*credentials.user) => {
            Err(settings.refusal(format!("{user} is not among those who may come in here")))
        }
        _ => Ok(User { scheme: "Basic", name: credentials.user.into() }),
    }
}

impl Door {
    fn open(file: &Path) -> Result<Self, Error> {
        let users = Users::open(file).map_err(|source| Error::Unreadable { file: file.to_owned(), source })?;
        let at_once = std::thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE_MAX);
        Ok(Self {
            users: Arc::new(users),
            brake: Brake::default(),
            places: Arc::new(Semaphore::new(at_once)),
            waiting: AtomicUsize::new(0),
        })
    }

    async fn fits(&self, book: &Arc<Book>, client: End, credentials: &Credentials) -> Result<bool, Refusal> {
        // Who is known already is not slowed down by those who guess.
        if book.has_fitted(credentials, Instant::now()) {
            return Ok(true);
        }
        self.brake(client, credentials)?;
        let _waiting = Waiting::begin(&self.waiting).ok_or_else(|| {
            Refusal::with_detail(Reason::Busy(1), format!("{WAITING_MAX} passwords wait to be looked at"))
        })?;
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return Err(Reason::Internal.into()) };
        // A page and its pictures come together, with the same password; and so do guesses.
        if book.has_fitted(credentials, Instant::now()) {
            return Ok(true);
        }
        self.brake(client, credentials)?;
        self.brake.begin(client, &credentials.user, Instant::now());
        let (asked, looked_at) = (Arc::clone(book), credentials.clone());
        let fits = tokio::task::spawn_blocking(move || {
            // If the client leaves, the place stays taken until the work is done.
            let _place = place;
            asked.fits(&looked_at)
        });
        let fits = fits.await.map_err(|error| Refusal::with_detail(Reason::Internal, error.to_string()))?;
        if fits {
            self.brake.succeed(client, &credentials.user, Instant::now());
            book.remember(credentials, Instant::now());
        }
        Ok(fits)
    }

    fn brake(&self, client: End, credentials: &Credentials) -> Result<(), Refusal> {
        let wait = self.brake.wait(client, &credentials.user, Instant::now());
        if wait.is_zero() {
            return Ok(());
        }
        let seconds = whole_seconds(wait);
        let detail = format!("too many passwords that do not fit; {client} may try again in {seconds} s");
        Err(Refusal::with_detail(Reason::TooMany(seconds), detail))
    }
}

/// One of those who wait until a password is looked at.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Option<Self> {
        let own = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < WAITING_MAX).then_some(own)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// RFC 7617 §2 and §2.1. None if the realm is no text for a field.
fn challenge(realm: &str) -> Option<HeaderValue> {
    let is_text = realm.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    let escaped = realm.replace('\\', "\\\\").replace('"', "\\\"");
    HeaderValue::try_from(format!("Basic realm=\"{escaped}\", charset=\"UTF-8\"")).ok().filter(|_| is_text)
}

/// Why nobody can be let in.
#[derive(Debug)]
pub enum Error {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The realm does not fit into a field.
    Realm(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, source } => write!(
                f,
                "cannot read the users in {0}: {source}; make the file with `htbin passwd -c {0} NAME`, readable by who serves",
                quoted(file)
            ),
            Self::Realm(realm) => {
                write!(f, "the realm {} is shown by browsers: it may have letters of ASCII only", quoted(realm))
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            Self::Realm(_) => None,
        }
    }
}

/// Passwords looked at at once: each takes a processor for up to a second.
const AT_ONCE_MAX: usize = 4;
/// Requests that wait for that.
const WAITING_MAX: usize = 256;

#[cfg(test)]
mod tests;
