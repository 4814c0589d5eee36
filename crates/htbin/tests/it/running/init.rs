//! What the init system hears (sd_notify).

use std::{
    fs,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::PermissionsExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
};

use rustix::process::Signal;

use super::Service;
use crate::process::{PATIENCE, signal};

/// The next message that has this line.
#[track_caller]
fn with(socket: &UnixDatagram, line: &str) -> String {
    let mut bytes = [0; 4096];
    loop {
        let count = socket.recv(&mut bytes).unwrap_or_else(|why| panic!("no {line}: {why}"));
        let text = String::from_utf8(bytes[..count].to_vec()).unwrap();
        if text.lines().any(|it| it == line) {
            return text;
        }
    }
}

#[test]
fn it_says_when_it_is_ready_reloads_and_stops() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'");
    let path = service.path("log/notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut server = service.start().env("NOTIFY_SOCKET", path.to_str().unwrap()).go();
    let ready = with(&socket, "READY=1");
    assert!(ready.contains(&format!("STATUS=serves http://127.0.0.1:{}/", server.port)), "{ready}");
    // Whoever reads READY=1 may signal at once.
    signal(server.pid(), Signal::HUP);
    let reloading = with(&socket, "RELOADING=1");
    let now = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")?.parse::<u64>().ok()).unwrap();
    let uptime = fs::read_to_string("/proc/uptime").unwrap();
    let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    assert!(now > 0 && now <= ((uptime + 1.0) * 1e6) as u64, "{now} after {uptime}");
    with(&socket, "READY=1");
    server.ask_to_stop();
    with(&socket, "STOPPING=1");
    assert!(server.wait(PATIENCE).success());
}

#[test]
fn it_shows_that_it_lives_as_often_as_is_asked_for() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'");
    let name = format!("htbin-test-{}", std::process::id());
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let start = service.start().env("NOTIFY_SOCKET", &format!("@{name}")).env("WATCHDOG_USEC", "100000");
    let mut server = start.go();
    (0..3).for_each(|_| drop(with(&socket, "WATCHDOG=1")));
    server.stop();
}

#[test]
fn scripts_hear_nothing_of_the_init_system() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'");
    let start = service.start().env("NOTIFY_SOCKET", "/nowhere").env("WATCHDOG_USEC", "100000");
    let server = start.env("WATCHDOG_PID", "1").env("LISTEN_PID", "1").env("LISTEN_FDS", "3").go();
    server.events.with("nobody hears at NOTIFY_SOCKET");
    let told = server.get("/cgi-bin/env").expect(200).text();
    assert!(told.contains("GATEWAY_INTERFACE") && !told.contains("NOTIFY") && !told.contains("LISTEN"), "{told}");
}
