//! Content codings (RFC 9110 §8.4.1): which there are, and which of them a client takes. It compresses nothing.

use http::{HeaderMap, header};

/// A way to write a body in fewer octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Zstandard (RFC 8878).
    Zstd,
    /// gzip (RFC 1952).
    Gzip,
}

impl Coding {
    /// The value of `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// How the name of a file ends that is written so.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }
}

/// What a client takes, of each coding how gladly, in thousandths. What it says of `identity` does not count: nobody is
/// left without an answer (RFC 9110 §12.5.3 lets a server send one all the same).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accepted([u16; 3]);

impl Accepted {
    /// What `Accept-Encoding` says. Without the field a client is taken for one that knows none: many a program is.
    pub fn of(headers: &HeaderMap) -> Self {
        let (mut named, mut wildcard) = ([None; 3], None);
        let members = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        for member in members.flat_map(|value| value.split(',')).take(MEMBERS_MAX) {
            let mut parts = member.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let is = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
            let place = match () {
                () if is(&["br"]) => &mut named[Coding::Brotli as usize],
                () if is(&["zstd"]) => &mut named[Coding::Zstd as usize],
                () if is(&["gzip", "x-gzip"]) => &mut named[Coding::Gzip as usize],
                () if name == "*" => &mut wildcard,
                () => continue,
            };
            // Who names one twice has said it the first time.
            place.get_or_insert(weight(parts));
        }
        Self(named.map(|weight| weight.or(wildcard).unwrap_or(0)))
    }

    /// The coding the client likes best of these; of those it likes alike the first.
    pub fn best(self, of: &[Coding]) -> Option<Coding> {
        let liking = |coding: Coding| self.0[coding as usize];
        // `max_by_key` takes the last of equals.
        of.iter().rev().copied().filter(|coding| liking(*coding) > 0).max_by_key(|coding| liking(*coding))
    }
}

/// The weight among the parameters of a member (RFC 9110 §12.4.2) in thousandths; what is none counts nothing.
fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> u16 {
    for parameter in parameters {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        if name.trim().eq_ignore_ascii_case("q") {
            let weight = value.trim().parse::<f32>().ok().filter(|weight| (0.0..=1.0).contains(weight));
            return weight.map_or(0, |weight| (weight * 1000.0) as u16);
        }
    }
    1000
}

/// All codings there are number fewer; what follows so many is not read.
const MEMBERS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Coding; 3] = [Coding::Zstd, Coding::Brotli, Coding::Gzip];

    fn best(accept: &str) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
        Accepted::of(&headers).best(&ALL)
    }

    #[test]
    fn s12_5_3_what_clients_send() {
        for (accept, coding) in [
            ("gzip, deflate, br, zstd", Some(Coding::Zstd)),
            ("gzip, deflate, br", Some(Coding::Brotli)),
            ("gzip;q=1.0, br;q=0.5", Some(Coding::Gzip)),
            ("GZip", Some(Coding::Gzip)),
            ("x-gzip", Some(Coding::Gzip)),
            ("*", Some(Coding::Zstd)),
            ("*;q=0.1, zstd;q=0, br; Q=0", Some(Coding::Gzip)),
            ("gzip;q=0.001", Some(Coding::Gzip)),
            ("gzip;q=0", None),
            ("gzip;q=nan, br;q=2, zstd;q=-1", None),
            ("*;q=0", None),
            ("identity", None),
            ("identity;q=0", None),
            ("deflate", None),
            ("", None),
            (",,,", None),
            ("gzip;q=0, gzip", None),
            ("gzip ; level=9 ; q=0.5 , br;q=0.4", Some(Coding::Gzip)),
        ] {
            assert_eq!(best(accept), coding, "{accept}");
        }
        assert_eq!(Accepted::of(&HeaderMap::new()).best(&ALL), None);
    }

    #[test]
    fn fields_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT_ENCODING, "deflate".parse().unwrap());
        headers.append(header::ACCEPT_ENCODING, "gzip".parse().unwrap());
        assert_eq!(Accepted::of(&headers).best(&ALL), Some(Coding::Gzip));
    }

    #[test]
    fn a_list_without_end_is_read_to_its_limit() {
        assert_eq!(best(&("x,".repeat(MEMBERS_MAX - 1) + "gzip")), Some(Coding::Gzip));
        assert_eq!(best(&("x,".repeat(MEMBERS_MAX) + "gzip")), None);
    }
}
