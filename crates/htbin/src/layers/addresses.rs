//! Who may come in by address: `deny` is asked first; if there is an `allow`, only those it names are let in.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;

use crate::{
    exchange::End,
    refusal::{Reason, Refusal},
};

/// Who may come in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// These may not, whatever `allow` says.
    pub deny: Networks,
    /// Only these may. None: all.
    pub allow: Option<Networks>,
}

/// A client comes in, or not.
pub(super) fn enter(settings: &Settings, client: End) -> Result<(), Refusal> {
    if settings.deny.have(client) {
        return Err(Refusal::with_detail(Reason::AddressDenied, format!("{client} is among those in `deny`")));
    }
    match &settings.allow {
        Some(allow) if !allow.have(client) => {
            Err(Refusal::with_detail(Reason::AddressDenied, format!("{client} is not among those in `allow`")))
        }
        _ => Ok(()),
    }
}

/// Addresses, networks, and perhaps the clients of UNIX sockets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks {
    networks: Vec<IpNet>,
    unix: bool,
}

impl Networks {
    /// From words: `10.0.0.0/8`, `192.0.2.7`, `2001:db8::/32`, `loopback`, `unix`, `all`.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut all = Self::default();
        for word in words {
            if all.networks.len() >= NETWORKS_MAX {
                return Err(Error(format!("more than {NETWORKS_MAX} networks; larger ones are needed")));
            }
            match word.trim() {
                "unix" => all.unix = true,
                "all" => {
                    all.unix = true;
                    all.networks.extend([IpNet::from_str("0.0.0.0/0"), IpNet::from_str("::/0")].into_iter().flatten());
                }
                "loopback" => all
                    .networks
                    .extend([IpNet::from_str("127.0.0.0/8"), IpNet::from_str("::1/128")].into_iter().flatten()),
                word => all.networks.push(network(word)?),
            }
        }
        Ok(all)
    }

    /// Does this client belong to them?
    pub fn have(&self, client: End) -> bool {
        match client {
            End::Tcp(address) => self.have_address(address.ip()),
            End::Unix => self.unix,
        }
    }

    /// Does this address belong to them? An IPv4 address mapped into IPv6 is an IPv4 address.
    pub fn have_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Is there nobody?
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }
}

fn network(word: &str) -> Result<IpNet, Error> {
    let wrong = |fix: &str| Error(format!("{} is no network: {fix}", crate::diagnosis::quoted(word)));
    if let Ok(address) = IpAddr::from_str(word) {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let network = IpNet::from_str(word)
        .map_err(|_| wrong("it looks like 192.0.2.7, 10.0.0.0/8, 2001:db8::/32, loopback, unix or all"))?;
    // A slip of the keyboard would let others in than were meant.
    if network.trunc() != network {
        return Err(wrong(&format!("it names one address and a whole network; is {} meant?", network.trunc())));
    }
    if let IpNet::V6(network) = network
        && network.prefix_len() >= MAPPED_BITS
        && network.addr().to_ipv4_mapped().is_some()
    {
        return Err(wrong("write it as a network of IPv4"));
    }
    Ok(network)
}

/// What is no network, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Each is compared with each client, one after the other.
const NETWORKS_MAX: usize = 1000;
/// From here on a network of IPv6 holds nothing but IPv4.
const MAPPED_BITS: u8 = 96;

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> End {
        End::Tcp((address.parse::<IpAddr>().expect("an address"), 5).into())
    }

    fn networks(words: &[&str]) -> Networks {
        Networks::parse(words.iter().copied()).expect("networks")
    }

    #[test]
    fn deny_is_asked_first() {
        let settings =
            Settings { deny: networks(&["10.1.0.0/16"]), allow: Some(networks(&["10.0.0.0/8", "2001:db8::/32"])) };
        for (address, may) in [
            ("10.2.3.4", true),
            ("10.1.2.3", false),
            ("::ffff:10.1.2.3", false),
            ("::ffff:10.2.2.3", true),
            ("192.0.2.1", false),
            ("2001:db8::5", true),
            ("2001:db9::5", false),
        ] {
            assert_eq!(enter(&settings, client(address)).is_ok(), may, "{address}");
        }
        assert!(enter(&settings, End::Unix).is_err());
        let refusal = enter(&settings, client("10.1.2.3")).expect_err("it is denied");
        assert_eq!(refusal.status(), http::StatusCode::FORBIDDEN);
        assert_eq!(refusal.detail.as_deref(), Some("10.1.2.3 is among those in `deny`"));
    }

    #[test]
    fn an_allow_that_names_nobody_lets_nobody_in() {
        let nobody = Settings { deny: Networks::default(), allow: Some(Networks::default()) };
        assert!(enter(&nobody, client("127.0.0.1")).is_err() && enter(&nobody, End::Unix).is_err());
        assert!(enter(&Settings::default(), End::Unix).is_ok());
    }

    #[test]
    fn words() {
        assert!(networks(&["loopback"]).have(client("127.9.9.9")) && networks(&["loopback"]).have(client("::1")));
        assert!(!networks(&["loopback"]).have(End::Unix) && networks(&["unix"]).have(End::Unix));
        assert!(networks(&["all"]).have(client("2001:db8::1")) && networks(&["all"]).have(End::Unix));
        for (word, fix) in [
            ("10.1.2.3/8", "10.0.0.0/8 meant"),
            ("10.0.0.0/33", "looks like"),
            ("localhost", "looks like"),
            ("", "looks like"),
            ("::ffff:10.0.0.0/104", "IPv4"),
            ("10.0.0\n", "looks like"),
        ] {
            let error = Networks::parse([word]).expect_err(word).to_string();
            assert!(error.contains(fix) && !error.contains('\n'), "{error}");
        }
        let many: Vec<String> = (0..2000).map(|at| format!("10.0.{}.{}", at / 256, at % 256)).collect();
        assert!(Networks::parse(many.iter().map(String::as_str)).is_err());
    }
}
