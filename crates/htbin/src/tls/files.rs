//! A certificate and its key in files.

use std::{
    fs::{self, File},
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use tokio_rustls::rustls::{
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::Error;

/// The files of a certificate.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: Option<PathBuf>,
    pub(super) password: Option<PathBuf>,
}

/// What the files are like: another stamp, other content.
pub(super) type Stamp = Vec<Option<(u64, u64, i64, i64)>>;

impl Files {
    pub(super) fn stamp(&self) -> Stamp {
        stamp([Some(&self.certificate), self.key.as_ref(), self.password.as_ref()].into_iter().flatten())
    }

    pub(super) fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, Error> {
        let text = read(CERTIFICATE, &self.certificate)?;
        let wrong = |flag, file: &Path, what: String| Error::Wrong { flag, file: file.to_owned(), what };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(CERTIFICATE, &self.certificate, format!("it is no PEM file: {error}")))?;
        if chain.is_empty() {
            let what = "there is no certificate in it; it needs -----BEGIN CERTIFICATE-----";
            return Err(wrong(CERTIFICATE, &self.certificate, what.to_owned()));
        }
        let (flag, file) = self.key.as_deref().map_or((CERTIFICATE, &*self.certificate), |key| (KEY, key));
        let key = self.read_key(flag, file)?;
        CertifiedKey::from_der(chain, key, provider)
            .map_err(|error| wrong(flag, file, format!("the key does not fit the certificate: {error}")))
    }

    fn read_key(&self, flag: &'static str, file: &Path) -> Result<PrivateKeyDer<'static>, Error> {
        let text = read(flag, file)?;
        let wrong = |what: &str| Error::Wrong { flag, file: file.to_owned(), what: what.to_owned() };
        let encrypted = str::from_utf8(&text).ok().and_then(encrypted);
        let Some(encrypted) = encrypted else {
            if memchr::memmem::find(&text, b"Proc-Type: 4,ENCRYPTED").is_some() {
                return Err(wrong("its password is of an old kind; convert it: openssl pkcs8 -topk8 -in OLD -out NEW"));
            }
            let missing = match flag {
                KEY => "there is no private key in it; it needs -----BEGIN PRIVATE KEY-----",
                _ => "there is no private key in it; name its file with --tls-key",
            };
            return PrivateKeyDer::from_pem_slice(&text).map_err(|_| wrong(missing));
        };
        let Some(password_file) = &self.password else {
            return Err(wrong("the key has a password; name the file that holds it with --tls-password-file"));
        };
        let password = read(PASSWORD, password_file)?;
        let password = password.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or_default();
        let unlocked = |document: SecretDocument| {
            EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).ok()?.decrypt(password).ok()
        };
        let key = unlocked(encrypted).ok_or_else(|| Error::Wrong {
            flag: PASSWORD,
            file: password_file.clone(),
            what: format!("it does not open the key in {}", file.display()),
        })?;
        Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
    }
}

/// The key that a password protects, if there is one.
fn encrypted(text: &str) -> Option<SecretDocument> {
    let start = text.find(ENCRYPTED_BEGIN)?;
    let end = text[start..].find(ENCRYPTED_END)? + ENCRYPTED_END.len();
    SecretDocument::from_pem(&text[start..start + end]).ok().map(|(_, document)| document)
}

/// What these files are like.
pub(super) fn stamp<'f>(files: impl IntoIterator<Item = &'f PathBuf>) -> Stamp {
    let of = |file: &PathBuf| {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.ino(), metadata.size(), metadata.mtime(), metadata.mtime_nsec()))
    };
    files.into_iter().map(of).collect()
}

pub(super) fn read(flag: &'static str, file: &Path) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let read = File::open(file).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut text));
    read.map(|_| text).map_err(|source| Error::Unreadable { flag, file: file.to_owned(), source })
}

const FILE_BYTES_MAX: u64 = 1024 * 1024;
const CERTIFICATE: &str = "--tls-cert";
const KEY: &str = "--tls-key";
const PASSWORD: &str = "--tls-password-file";
const ENCRYPTED_BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const ENCRYPTED_END: &str = "-----END ENCRYPTED PRIVATE KEY-----";
