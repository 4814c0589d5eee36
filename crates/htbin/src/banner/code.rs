//! `--qr`: the address as a picture that a phone reads, in half blocks; or why there is none.

use std::{
    fmt::Write as _,
    io,
    net::{IpAddr, SocketAddr},
};

use fast_qr::{QRBuilder, QRCode};
use nix::{ifaddrs::getifaddrs, net::if_::InterfaceFlags};
use rustix::termios::isatty;

use crate::listen::Socket;

/// The first address that others can use, and its picture below it.
pub fn code(sockets: &[Socket]) -> String {
    let address = match address(sockets.iter().filter_map(Socket::address), own_addresses) {
        Ok(address) => address,
        Err(why) => return why.to_owned(),
    };
    let is_it = |socket: &&Socket| socket.address().is_some_and(|it| it.port() == address.port());
    let scheme = sockets.iter().find(is_it).map_or("http", Socket::scheme);
    let url = format!("{scheme}://{address}/");
    match QRBuilder::new(url.as_str()).build() {
        Ok(code) => format!("{url}\n{}", drawing(&code, isatty(io::stderr()))),
        Err(error) => format!("{url} makes no code: {error:?}"),
    }
}

/// The address to show, or why there is none.
fn address(
    listening: impl Iterator<Item = SocketAddr>,
    own: impl FnOnce() -> Vec<IpAddr>,
) -> Result<SocketAddr, &'static str> {
    let far: Vec<SocketAddr> = listening.filter(|address| !address.ip().is_loopback()).collect();
    let Some(first) = far.first() else {
        return Err("none: only this machine can connect; add -b :: to share");
    };
    if let Some(named) = far.iter().find(|address| !address.ip().is_unspecified()) {
        return Ok(*named);
    }
    // `::` takes IPv4 too, and more networks know that.
    let takes_v6 = far.iter().any(SocketAddr::is_ipv6);
    let found = own().into_iter().filter(|ip| ip.is_ipv4() || takes_v6).min_by_key(IpAddr::is_ipv6);
    found.map(|ip| SocketAddr::new(ip, first.port())).ok_or("none: this machine has no address but loopback's")
}

/// The addresses of this machine that others may reach, as the system lists them.
fn own_addresses() -> Vec<IpAddr> {
    let interfaces = getifaddrs().into_iter().flatten().filter(|it| it.flags.contains(InterfaceFlags::IFF_UP));
    let addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    });
    addresses.filter(is_for_others).collect()
}

fn is_for_others(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
    }
}

/// Two rows of the code in one of text. Light is drawn, as most terminals are dark; one that knows colours is told.
fn drawing(code: &QRCode, has_colours: bool) -> String {
    let (colour, plain) = if has_colours { ("\x1b[97;40m", "\x1b[0m") } else { ("", "") };
    let size = code.size as isize;
    let is_light = |row: isize, column: isize| {
        let inside = 0..size;
        !inside.contains(&row) || !inside.contains(&column) || !code[row as usize][column as usize].value()
    };
    let mut text = String::new();
    for row in (-MARGIN..size + MARGIN).step_by(2) {
        _ = write!(text, "           {colour}");
        for column in -MARGIN..size + MARGIN {
            text.push(match (is_light(row, column), is_light(row + 1, column)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        _ = writeln!(text, "{plain}");
    }
    text.pop();
    text
}

/// Light modules around it: readers want four (ISO/IEC 18004, §6.3.8).
const MARGIN: isize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(listening: &[&str], own: &[&str]) -> Result<String, &'static str> {
        let listening = listening.iter().map(|address| address.parse().unwrap());
        address(listening, || own.iter().map(|ip| ip.parse().unwrap()).collect()).map(|address| address.to_string())
    }

    #[test]
    fn the_address_is_one_that_others_can_use() {
        let own = ["fd00::7", "192.168.1.5", "10.0.0.1"];
        assert_eq!(shown(&["[::]:8000"], &own).unwrap(), "192.168.1.5:8000");
        assert_eq!(shown(&["[::]:8000"], &own[..1]).unwrap(), "[fd00::7]:8000");
        assert_eq!(shown(&["127.0.0.1:80", "10.0.0.1:80"], &own).unwrap(), "10.0.0.1:80");
        assert!(shown(&["0.0.0.0:8000"], &own[..1]).unwrap_err().contains("no address but loopback's"));
        assert!(shown(&["127.0.0.1:8000", "[::1]:8000"], &own).unwrap_err().contains("-b ::"));
        assert!(shown(&[], &own).is_err());
        assert!(!is_for_others(&"fe80::1".parse().unwrap()) && !is_for_others(&"127.0.0.2".parse().unwrap()));
    }

    #[test]
    fn the_drawing_is_the_code() {
        let code = QRBuilder::new("http://192.168.1.5:8000/").build().unwrap();
        let text = drawing(&code, false);
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().skip(11).collect()).collect();
        assert_eq!(lines.len(), (code.size + 8).div_ceil(2));
        assert!(lines.iter().all(|line| line.len() == code.size + 8));
        for row in 0..code.size {
            for column in 0..code.size {
                let drawn = lines[2 + row / 2][column + 4];
                let is_light = drawn == '█' || drawn == if row % 2 == 0 { '▀' } else { '▄' };
                assert_eq!(is_light, !code[row][column].value(), "{row} {column}");
            }
        }
        assert!(drawing(&code, true).contains("\x1b[97;40m"));
    }
}
