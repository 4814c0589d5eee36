//! The file of htpasswd: a user and what is kept of a password in each line. It is looked at once a second at most and
//! read again when it has changed; what was remembered of the old one is forgotten with it.

use std::{
    collections::HashMap,
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ring::hmac;

use super::{
    credentials::{Credentials, USER_BYTES_MAX},
    hash::Hash,
};
use crate::layers::table::Table;

/// A file, as it is now.
#[derive(Debug)]
pub(super) struct Users {
    path: PathBuf,
    looked: Mutex<Looked>,
}

#[derive(Debug)]
struct Looked {
    when: Instant,
    stamp: Stamp,
    book: Option<Arc<Book>>,
}

/// Another stamp, other content. None: it is not there.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

impl Users {
    /// Reads the file.
    pub(super) fn open(path: &Path) -> Result<Self, io::Error> {
        let (stamp, book) = (stamp(path), Book::read(path)?);
        let looked = Looked { when: Instant::now(), stamp, book: Some(Arc::new(book)) };
        Ok(Self { path: path.to_owned(), looked: Mutex::new(looked) })
    }

    /// What stands in the file. None if it cannot be read: then nobody comes in, as nobody knows who was taken out.
    pub(super) async fn book(self: &Arc<Self>) -> Option<Arc<Book>> {
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.when.elapsed() < LOOK_INTERVAL {
                return looked.book.clone();
            }
            // Whoever comes meanwhile takes what was there.
            looked.when = Instant::now();
        }
        let users = Arc::clone(self);
        // A disk may have to be waited for.
        tokio::task::spawn_blocking(move || users.look()).await.ok().flatten()
    }

    fn look(&self) -> Option<Arc<Book>> {
        let stamp = stamp(&self.path);
        {
            let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            // What could not be read is tried again each time: it may have been for want of descriptors.
            if looked.stamp == stamp && looked.book.is_some() {
                return looked.book.clone();
            }
        }
        let book = match Book::read(&self.path) {
            Ok(book) => {
                tracing::info!(users = book.users.len(), "{} has changed and was read again", self.path.display());
                Some(Arc::new(book))
            }
            Err(error) => {
                tracing::warn!("{} cannot be read, so nobody is let in: {error}", self.path.display());
                None
            }
        };
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        (looked.stamp, looked.book) = (stamp, book.clone());
        book
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.size(), metadata.ctime(), metadata.ctime_nsec()))
}

/// What stood in the file, and who has shown lately that it is so.
#[derive(Debug)]
pub(super) struct Book {
    /// Where in `hashes`.
    users: HashMap<Box<str>, usize>,
    hashes: Vec<Hash>,
    /// Signs what is remembered, so that no password is.
    key: hmac::Key,
    decoys: RandomState,
    fitted: Mutex<Table<[u8; 32], ()>>,
}

impl Book {
    fn read(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let mut text = Vec::new();
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut text)?;
        if text.len() as u64 > FILE_BYTES_MAX {
            return Err(io::Error::other(format!("it is larger than {FILE_BYTES_MAX} bytes")));
        }
        Self::parse(&text, |line, why| tracing::warn!("{}:{line}: this user is not let in: {why}", path.display()))
    }

    /// Reads each line, and tells which cannot be used and why.
    pub(super) fn parse(text: &[u8], mut tell: impl FnMut(usize, &str)) -> io::Result<Self> {
        let mut users = HashMap::new();
        let mut hashes = Vec::new();
        for (line, content) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let content = content.trim_ascii();
            if content.is_empty() || content.starts_with(b"#") {
                continue;
            }
            match entry(content) {
                Ok((user, _)) if users.contains_key(user) => tell(line, "an earlier line has the same name"),
                Ok((user, hash)) => {
                    users.insert(user.into(), hashes.len());
                    hashes.push(hash);
                }
                Err(why) => tell(line, &why),
            }
        }
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &ring::rand::SystemRandom::new())
            .map_err(|_| io::Error::other("the system has no random numbers"))?;
        let fitted = Mutex::new(Table::new(FITTED_MAX));
        Ok(Self { users, hashes, key, decoys: RandomState::new(), fitted })
    }

    /// Does this user have this password? Slow.
    pub(super) fn fits(&self, credentials: &Credentials) -> bool {
        match self.users.get(&credentials.user) {
            Some(at) => self.hashes[*at].fits(&credentials.password),
            None => {
                // It takes as long as for somebody who is there; always the same one for the same name.
                let decoy = self.decoys.hash_one(&credentials.user) as usize;
                let decoy = decoy.checked_rem(self.hashes.len()).and_then(|at| self.hashes.get(at));
                std::hint::black_box(decoy.is_some_and(|hash| hash.fits(&credentials.password)));
                false
            }
        }
    }

    /// Was that found out lately?
    pub(super) fn has_fitted(&self, credentials: &Credentials, now: Instant) -> bool {
        let tag = self.tag(credentials);
        self.fitted.lock().unwrap_or_else(PoisonError::into_inner).find(&tag, now).is_some()
    }

    /// Remembers it for a while.
    pub(super) fn remember(&self, credentials: &Credentials, now: Instant) {
        let tag = self.tag(credentials);
        self.fitted.lock().unwrap_or_else(PoisonError::into_inner).keep(tag, (), now + FITTED_TIME, now);
    }

    fn tag(&self, credentials: &Credentials) -> [u8; 32] {
        let mut signing = hmac::Context::with_key(&self.key);
        // A name has no colon.
        for part in [&credentials.user, ":", &credentials.password] {
            signing.update(part.as_bytes());
        }
        signing.sign().as_ref().try_into().expect("SHA-256 has 32 octets")
    }
}

fn entry(line: &[u8]) -> Result<(&str, Hash), String> {
    let line = str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    let (user, hash) = line.split_once(':').ok_or("no colon behind the name")?;
    if user.len() > USER_BYTES_MAX || user.chars().any(char::is_control) {
        return Err(format!("a name has at most {USER_BYTES_MAX} bytes, and no control character"));
    }
    // What stands behind a second colon is a remark, as Apache has it.
    let hash = hash.split(':').next().unwrap_or_default();
    Ok((user, Hash::parse(hash)?))
}

/// Between two looks at the file.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Of the file: some 50,000 users.
pub const FILE_BYTES_MAX: u64 = 4 << 20;
/// Users with their passwords that need not be found out again.
const FITTED_MAX: usize = 16_384;
const FITTED_TIME: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(user: &str, password: &str) -> Credentials {
        Credentials { user: user.into(), password: password.into() }
    }

    const ADA: &str = "$2b$04$abcdefghijklmnopqrstuuN2f4ZDSoR8/TAG80qUYDM9bRnmRm0Zy";

    fn book(text: &str) -> (Book, Vec<(usize, String)>) {
        let mut told = Vec::new();
        let book = Book::parse(text.as_bytes(), |line, why| told.push((line, why.to_owned()))).expect("a book");
        (book, told)
    }

    #[test]
    fn lines_that_cannot_be_used_are_told_by_number() {
        let text = format!("# staff\n\nada:{ADA}\r\nbob:secret\nada:{ADA}\nno colon\n\x07:{ADA}\neve:{ADA}:a remark\n");
        let (book, told) = book(&text);
        assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5, 6, 7]);
        assert!(told.iter().all(|(_, why)| !why.contains("secret") && !why.contains('\x07')), "{told:?}");
        assert!(book.fits(&credentials("ada", "myPassword")) && book.fits(&credentials("eve", "myPassword")));
        for (user, password) in
            [("ada", "x"), ("bob", "secret"), ("bob", "myPassword"), ("", ""), ("zoe", "myPassword")]
        {
            assert!(!book.fits(&credentials(user, password)), "{user}");
        }
    }

    #[test]
    fn an_empty_file_lets_nobody_in() {
        assert!(!book("").0.fits(&credentials("ada", "myPassword")));
    }

    #[test]
    fn what_is_remembered_is_this_user_with_this_password() {
        let (book, _) = book(&format!("ada:{ADA}\n"));
        let now = Instant::now();
        assert!(!book.has_fitted(&credentials("ada", "myPassword"), now));
        book.remember(&credentials("ada", "myPassword"), now);
        assert!(book.has_fitted(&credentials("ada", "myPassword"), now));
        for (user, password) in
            [("ada", "mypassword"), ("ad", "a:myPassword"), ("adamyPassword", ""), ("Ada", "myPassword")]
        {
            assert!(!book.has_fitted(&credentials(user, password), now), "{user}");
        }
        assert!(!book.has_fitted(&credentials("ada", "myPassword"), now + FITTED_TIME));
    }
}
