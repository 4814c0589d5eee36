//! Terms and identities as octets: numbers of eight octets each, and strings after their length.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use crate::{
    sandbox::{Confinement, Level, Network},
    terms::{Identity, Terms},
};

/// Terms on their way to the launcher; ordinary ones are no octets at all.
pub(crate) fn write_terms(terms: &Terms) -> Vec<u8> {
    let mut out = Writer::default();
    if terms.is_ordinary() {
        return out.0;
    }
    out.maybe(terms.identity.as_ref(), Writer::identity);
    out.maybe(terms.umask, |out, mask| out.number(u64::from(mask)));
    out.maybe(terms.nice, |out, nice| out.number(i64::from(nice).cast_unsigned()));
    out.maybe(terms.cgroup.as_ref(), |out, path| out.path(path));
    let Confinement { level, read, write, network } = &terms.confinement;
    out.number(*level as u64);
    out.list(read, |out, path| out.path(path));
    out.list(write, |out, path| out.path(path));
    match network {
        Network::None => out.number(0),
        Network::All => out.number(1),
        Network::Ports(ports) => {
            out.number(2);
            out.list(ports, |out, port| out.number(u64::from(*port)));
        }
    }
    out.0
}

/// Reads terms; none if they are not.
pub(crate) fn read_terms(octets: &[u8]) -> Option<Terms> {
    if octets.is_empty() {
        return Some(Terms::default());
    }
    let mut from = Reader(octets);
    Some(Terms {
        identity: from.maybe(Reader::identity)?,
        umask: from.maybe(Reader::small)?,
        nice: from.maybe(|from| i32::try_from(from.number()?.cast_signed()).ok())?,
        cgroup: from.maybe(Reader::path)?,
        confinement: Confinement {
            level: match from.number()? {
                0 => Level::Off,
                1 => Level::Standard,
                2 => Level::Strict,
                _ => return None,
            },
            read: from.list(Reader::path)?,
            write: from.list(Reader::path)?,
            network: match from.number()? {
                0 => Network::None,
                1 => Network::All,
                2 => Network::Ports(from.list(|from| u16::try_from(from.number()?).ok())?),
                _ => return None,
            },
        },
    })
}

/// Writes one thing after the other.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_ne_bytes());
    }

    pub(crate) fn path(&mut self, path: &Path) {
        let octets = path.as_os_str().as_bytes();
        self.number(octets.len() as u64);
        self.0.extend_from_slice(octets);
    }

    pub(crate) fn list<T>(&mut self, list: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.number(list.len() as u64);
        for one in list {
            each(self, one);
        }
    }

    pub(crate) fn identity(&mut self, identity: &Identity) {
        self.number(u64::from(identity.uid));
        self.number(u64::from(identity.gid));
        self.list(&identity.groups, |out, group| out.number(u64::from(*group)));
    }

    fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.number(u64::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Reads what is left.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    pub(crate) fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_ne_bytes(*number))
    }

    pub(crate) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    pub(crate) fn path(&mut self) -> Option<PathBuf> {
        let length = usize::try_from(self.number()?).ok()?;
        let (octets, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(OsStr::from_bytes(octets).into())
    }

    /// As long as there is something to read: whatever length is claimed, nothing is set aside for it.
    pub(crate) fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.number()?).map(|_| each(self)).collect()
    }

    pub(crate) fn identity(&mut self) -> Option<Identity> {
        Some(Identity { uid: self.small()?, gid: self.small()?, groups: self.list(Self::small)? })
    }

    #[expect(clippy::option_option, reason = "what cannot be read is not the same as what is not there")]
    fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.number()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_as_they_were_written_and_never_cut() {
        let terms = Terms {
            identity: Some(Identity { uid: 7, gid: 8, groups: vec![8, 9] }),
            umask: Some(0o27),
            nice: Some(-5),
            cgroup: Some("/sys/fs/cgroup/a".into()),
            confinement: Confinement {
                level: Level::Strict,
                read: vec!["/srv/a b".into()],
                write: vec!["/srv/c".into(), "/".into()],
                network: Network::Ports(vec![80, 443]),
            },
        };
        let octets = write_terms(&terms);
        assert_eq!(read_terms(&octets), Some(terms));
        for end in 1..octets.len() {
            assert_eq!(read_terms(&octets[..end]), None, "{end}");
        }
        assert_eq!(write_terms(Terms::ORDINARY), b"");
        assert_eq!(read_terms(b""), Some(Terms::default()));
        assert_eq!(read_terms(&[0xff; 64]), None);
    }
}
