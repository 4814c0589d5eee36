//! A password as a file of htpasswd keeps it: what kinds there are, which are refused and why, and whether one fits.
//! Pure computing that takes long on purpose: never on a thread that serves clients.

use sha_crypt::{PasswordVerifier, ShaCrypt};
use subtle::ConstantTimeEq;

use super::apr1;

/// What is kept of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hash {
    /// `$2a$`, `$2b$`, `$2y$`.
    Bcrypt(Box<str>),
    /// `$5$` and `$6$`.
    ShaCrypt(Box<str>),
    /// `$apr1$`, of Apache's old files.
    Apr1(Box<str>),
}

impl Hash {
    /// Reads what stands behind the user's name. The reason of a refusal never shows it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.split('$').nth(1).filter(|_| text.starts_with('$')) {
            Some("2a" | "2b" | "2y") => bcrypt(text),
            Some("5") => sha_crypt(text, SHA_256_LETTERS),
            Some("6") => sha_crypt(text, SHA_512_LETTERS),
            Some("apr1") => is_apr1(text).then(|| Self::Apr1(text.into())).ok_or_else(|| BROKEN.to_owned()),
            Some(kind) if kind.len() <= KIND_LETTERS_MAX && kind.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Err(format!("${kind}$ is no kind that is known here; write it anew with htbin passwd"))
            }
            Some(_) => Err(BROKEN.to_owned()),
            None if text.starts_with("{SHA}") => {
                Err("{SHA} has no salt, so whoever sees the file has the password; write it anew with htbin passwd"
                    .into())
            }
            None if text.is_empty() => Err("there is no password".into()),
            None => {
                Err("a password in plain text, or by crypt, protects nothing; write it anew with htbin passwd".into())
            }
        }
    }

    /// Is this the password? As slow as the hash is dear.
    pub(super) fn fits(&self, password: &str) -> bool {
        match self {
            // What is beyond 72 octets has never counted in bcrypt, nor for who wrote the file.
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Self::ShaCrypt(hash) => ShaCrypt::default().verify_password(password.as_bytes(), &**hash).is_ok(),
            Self::Apr1(hash) => {
                let salt = hash.split('$').nth(2).unwrap_or_default();
                apr1::hash(password.as_bytes(), salt).as_bytes().ct_eq(hash.as_bytes()).into()
            }
        }
    }
}

fn bcrypt(text: &str) -> Result<Hash, String> {
    let cost = text.get(4..6).and_then(number).ok_or(BROKEN)?;
    if !(text.len() == BCRYPT_LETTERS && text.as_bytes()[6] == b'$' && is_base64(&text[7..])) {
        return Err(BROKEN.into());
    }
    if !(BCRYPT_COST_MIN..=BCRYPT_COST_MAX).contains(&cost) {
        return Err(format!("a bcrypt cost of {cost}; {BCRYPT_COST_MIN} to {BCRYPT_COST_MAX} are taken, 12 is good"));
    }
    Ok(Hash::Bcrypt(text.into()))
}

fn sha_crypt(text: &str, letters: usize) -> Result<Hash, String> {
    let mut parts = text.split('$').skip(2);
    let mut salt = parts.next().ok_or(BROKEN)?;
    if let Some(rounds) = salt.strip_prefix("rounds=") {
        let rounds = number(rounds).ok_or(BROKEN)?;
        if !(ROUNDS_MIN..=ROUNDS_MAX).contains(&rounds) {
            return Err(format!("rounds={rounds}; {ROUNDS_MIN} to {ROUNDS_MAX} are taken"));
        }
        salt = parts.next().ok_or(BROKEN)?;
    }
    let digest = parts.next().ok_or(BROKEN)?;
    let is_whole = digest.len() == letters && is_base64(digest) && parts.next().is_none();
    if !is_whole || salt.len() > SHA_SALT_LETTERS_MAX || !is_base64(salt) {
        return Err(BROKEN.into());
    }
    Ok(Hash::ShaCrypt(text.into()))
}

fn is_apr1(text: &str) -> bool {
    let mut parts = text.split('$').skip(2);
    let (salt, digest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_salt = (1..=APR1_SALT_LETTERS_MAX).contains(&salt.len()) && is_base64(salt);
    is_salt && digest.len() == APR1_LETTERS && is_base64(digest) && parts.next().is_none()
}

/// Digits alone: a sign is none.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The letters that all these kinds use, each in an order of its own.
fn is_base64(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'))
}

const BROKEN: &str = "the password is not whole; write it anew with htbin passwd";
const BCRYPT_LETTERS: usize = 60;
const BCRYPT_COST_MIN: u64 = 4;
/// About a second: each step doubles it.
const BCRYPT_COST_MAX: u64 = 14;
const ROUNDS_MIN: u64 = 1000;
/// About a second.
const ROUNDS_MAX: u64 = 1_000_000;
const SHA_256_LETTERS: usize = 43;
const SHA_512_LETTERS: usize = 86;
const SHA_SALT_LETTERS_MAX: usize = 16;
const APR1_LETTERS: usize = 22;
const APR1_SALT_LETTERS_MAX: usize = 8;
const KIND_LETTERS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_fits_its_password_and_no_other() {
        for hash in KINDS {
            let hash = Hash::parse(hash).expect(hash);
            assert!(hash.fits("myPassword"), "{hash:?}");
            for wrong in ["", "mypassword", "myPassword ", "myPasswordmyPassword"] {
                assert!(!hash.fits(wrong), "{hash:?} {wrong}");
            }
        }
    }

    #[test]
    fn what_is_refused_says_why_and_shows_nothing() {
        for (text, why) in [
            ("{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", "no salt"),
            ("myPassword", "plain text"),
            ("rqXexS6ZhobKA", "crypt"),
            ("", "no password"),
            ("$1$abcdefgh$ZgDfRVIZyG4GAyVzYwvXx/", "$1$ is no kind"),
            ("$y$j9T$abc$def", "$y$ is no kind"),
            ("$2y$15$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", "cost of 15"),
            ("$2y$31$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", "cost of 31"),
            ("$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRq", "not whole"),
            ("$2y$+5$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", "not whole"),
            ("$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0B§q", "not whole"),
            ("$2y$", "not whole"),
            ("$6$rounds=999999999$salt$x", "rounds=999999999"),
            ("$6$rounds=1$salt$x", "rounds=1;"),
            ("$6$rounds=99999999999999999999$salt$x", "not whole"),
            ("$6$salt$short", "not whole"),
            ("$5$", "not whole"),
            ("$apr1$r31.....$HqJZimcKQFAMYayBlzkrA", "not whole"),
            ("$apr1$$HqJZimcKQFAMYayBlzkrA/", "not whole"),
            ("$\x1b[31m$", "not whole"),
        ] {
            let refusal = Hash::parse(text).expect_err(text);
            assert!(refusal.contains(why), "{text}: {refusal}");
            assert!(text.len() < 6 || !refusal.contains(text), "{refusal}");
        }
    }

    /// `myPassword`, by htpasswd, openssl passwd and mkpasswd.
    const KINDS: [&str; 6] = [
        "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/",
        "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
        "$2b$04$abcdefghijklmnopqrstuuN2f4ZDSoR8/TAG80qUYDM9bRnmRm0Zy",
        "$5$abcdefgh$Dj7Hs.c2KPj.A3thTJcMTEHg3jDYvo4r9p7V1GGMvlA",
        "$6$abcdefgh$vd/23X3cwvfSktK8g8ZrCYdcWYlKD1KOv4Gc9wAngWRrkUauykD1U1wxHuTWE0sLAQyZJhLvoMoXOvwt3tk020",
        "$6$rounds=1000$abcdefgh$y8SYOZDZs2jRYKL5pL6MYaLO7v3ht.2ypmeicXnlRH/.AOMBIwUhEgKQZPQelO9Zv3H7QFJRVjNacmPzMp1bK1",
    ];
}
