//! A certificate that nobody signed, made at the start: for development.

use std::net::IpAddr;

use jiff::{ToSpan, Zoned};
use rcgen::{CertificateParams, DnType, KeyPair, SanType, date_time_ymd};
use tokio_rustls::rustls::{
    crypto::CryptoProvider,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};

use super::Error;

/// For this machine's names, these addresses and these names.
pub(super) fn make(addresses: &[IpAddr], names: &[String], provider: &CryptoProvider) -> Result<CertifiedKey, Error> {
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let mut params = CertificateParams::new([&["localhost".to_owned(), machine], names].concat())?;
    let loopback = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16])];
    let addresses = loopback.iter().chain(addresses.iter().filter(|it| !it.is_unspecified() && !it.is_loopback()));
    params.subject_alt_names.extend(addresses.copied().map(SanType::IpAddress));
    params.distinguished_name.push(DnType::CommonName, "htbin, self-signed");
    let today = Zoned::now();
    let day = |zoned: &Zoned| {
        let date = zoned.date();
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    // A clock may be a day late; browsers take no certificate for longer than 398 days.
    params.not_before = today.checked_sub(1.day()).as_ref().map_or_else(|_| day(&today), day);
    params.not_after = today.checked_add(396.days()).as_ref().map_or_else(|_| day(&today), day);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    CertifiedKey::from_der(vec![certificate.der().clone()], key, provider).map_err(Error::Rustls)
}
