//! Random words that nobody can guess: one that the buttons carry, one for the script of each page.

use std::io;

use rustix::rand::{GetRandomFlags, getrandom};

/// A word of 128 random bits, in hexadecimal digits.
#[derive(Debug, Clone)]
pub struct Nonce(String);

impl Nonce {
    /// A new one.
    pub fn new() -> io::Result<Self> {
        let mut octets = [0; 16];
        // The kernel gives so few at once.
        let count = getrandom(&mut octets, GetRandomFlags::empty())?;
        if count < octets.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Self(format!("{:032x}", u128::from_be_bytes(octets))))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it this one? Takes as long for a near miss as for a far one.
    pub fn is(&self, other: &[u8]) -> bool {
        let own = self.0.as_bytes();
        own.len() == other.len() && own.iter().zip(other).fold(0, |apart, (one, other)| apart | (one ^ other)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another() {
        let [one, other] = [Nonce::new(), Nonce::new()].map(|nonce| nonce.expect("there are random octets"));
        assert!(one.as_str().len() == 32 && one.is(one.as_str().as_bytes()));
        assert!(!one.is(other.as_str().as_bytes()) && !one.is(b"") && !one.is(&one.as_str().as_bytes()[1..]));
    }
}
