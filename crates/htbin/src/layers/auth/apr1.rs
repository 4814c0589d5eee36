//! `$apr1$`, Apache's MD5 with a salt: no crate that is alive has it, and old files are full of it. Its thousand rounds
//! protect little; who writes an entry anew gets bcrypt.

use md5::{Digest, Md5};

/// The entry for this password with this salt.
pub(super) fn hash(password: &[u8], salt: &str) -> String {
    let inner = Md5::new_with_prefix(password).chain_update(salt).chain_update(password).finalize();
    let mut outer = Md5::new_with_prefix(password).chain_update("$apr1$").chain_update(salt);
    for at in (0..password.len()).step_by(inner.len()) {
        outer.update(&inner[..inner.len().min(password.len() - at)]);
    }
    let mut bits = password.len();
    while bits > 0 {
        // A slip of 1994 that has become the definition.
        let octet = if bits & 1 == 1 { 0 } else { password[0] };
        outer.update([octet]);
        bits >>= 1;
    }
    let mut digest = outer.finalize();
    for round in 0..ROUNDS {
        let (first, last) = if round % 2 == 1 { (password, &digest[..]) } else { (&digest[..], password) };
        let mut next = Md5::new_with_prefix(first);
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        digest = next.chain_update(last).finalize();
    }
    format!("$apr1${salt}${}", letters(&digest))
}

fn letters(digest: &[u8]) -> String {
    let triples = (0..5).map(|at| (digest[at], digest[at + 6], digest[if at == 4 { 5 } else { at + 12 }], 4));
    let mut text = String::with_capacity(22);
    for (high, middle, low, count) in triples.chain([(0, 0, digest[11], 2)]) {
        let bits = u32::from(high) << 16 | u32::from(middle) << 8 | u32::from(low);
        text.extend((0..count).map(|at| char::from(LETTERS[(bits >> (6 * at)) as usize & 63])));
    }
    text
}

const ROUNDS: u32 = 1000;
const LETTERS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[cfg(test)]
mod tests {
    use super::hash;

    /// As `openssl passwd -apr1` has them.
    #[test]
    fn every_length_of_a_password() {
        for (password, entry) in [
            ("", "$apr1$ab$S8K6Sgp3W8c9Jb6LxgywZ."),
            ("a", "$apr1$ab$MW8Wizufu9hz465GKNNrn."),
            ("0123456789abcdef", "$apr1$ab$1FPGDx43yKnbIEPqvqc.H."),
            ("0123456789abcdefg", "$apr1$ab$DjOwUtLqUSk8OLAfwS23J0"),
            (&"x".repeat(100), "$apr1$ab$fJbkU2xnhI6N1bBb8S9kI1"),
        ] {
            assert_eq!(hash(password.as_bytes(), "ab"), entry);
        }
    }
}
