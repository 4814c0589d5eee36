//! Sockets that were opened by whoever starts htbin, as systemd does it.

use std::{fs, os::unix::fs::FileTypeExt};

use super::Service;
use crate::{
    process::PATIENCE,
    server::{Server, Start},
};

/// Opens the sockets that its first word names, moves them to descriptor 3 and on, and becomes htbin.
const PARENT: &str = r#"
import os, socket, sys
sockets = []
for nth, kind in enumerate(sys.argv[1].split(",")):
    if kind == "tcp":
        s = socket.create_server(("127.0.0.1", 0))
        os.environ[f"PORT{nth}"] = str(s.getsockname()[1])
    elif kind == "udp":
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    elif kind == "closed":
        continue
    else:
        s = socket.socket(socket.AF_UNIX)
        s.bind(kind)
        os.chmod(kind, 0o666)
        s.listen()
    sockets.append(s)
high = [os.dup2(s.fileno(), 100 + nth) for nth, s in enumerate(sockets)]
os.closerange(3, 100)
for nth, descriptor in enumerate(high):
    os.dup2(descriptor, 3 + nth)
    os.close(descriptor)
os.environ["LISTEN_FDS"] = str(len(sys.argv[1].split(",")))
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDNAMES"] = sys.argv[2]
os.execv(sys.argv[3], sys.argv[3:])
"#;

fn start(service: &Service, sockets: &str, names: &str) -> Start {
    let htbin = env!("CARGO_BIN_EXE_htbin");
    let config = service.path("htbin.toml");
    Start::bare("python3").flags(&["-c", PARENT, sockets, names, htbin, "-c", config.to_str().unwrap()])
}

/// What a server says that does not start.
fn refused(service: &Service, sockets: &str, names: &str) -> String {
    let mut server: Server = start(service, sockets, names).launch();
    assert_eq!(server.wait(PATIENCE).code(), Some(1));
    server.events.to_the_end().join("\n")
}

#[test]
fn a_socket_takes_the_place_of_the_one_with_its_address() {
    ours_only!();
    let service = Service::new("listen = ['127.0.0.1:${PORT0}', 'LOG/own']");
    let server = start(&service, "tcp", "htbin.socket").go();
    // No socket of its own could be there: the address is taken.
    server.get("/a.txt").expect(200);
    assert!(fs::metadata(service.path("log/own")).unwrap().file_type().is_socket());
    let told = server.get("/cgi-bin/env").expect(200).text();
    assert!(!told.contains("LISTEN_") && !told.contains("socket:"), "no script gets it: {told}");
}

#[test]
fn sockets_with_names_take_the_place_of_all() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:1'\ntls = { self-signed = true }");
    let socket = service.path("log/handed");
    let server = start(&service, &format!("tcp,tcp,{}", socket.display()), "http:https:http").go();
    server.get("/a.txt").expect(200);
    let url = server.events.with("https://127.0.0.1:");
    let url = url.split_whitespace().find(|word| word.starts_with("https://")).unwrap().to_owned();
    let curl = |words: &[&str]| crate::process::run_ok(std::process::Command::new("curl").arg("-sSk").args(words));
    assert_eq!(curl(&[&format!("{url}a.txt")]), "five!");
    assert_eq!(curl(&["--unix-socket", socket.to_str().unwrap(), "http://localhost/a.txt"]), "five!");
    drop(server);
    assert!(socket.exists(), "it is not ours to remove");
}

#[test]
fn what_is_of_no_use_is_told() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'");
    let told = refused(&service, "tcp", "");
    assert!(told.contains("was handed over, but is not asked for: let it listen there too"), "{told}");
    let told = refused(&service, "udp", "http");
    assert!(told.contains("descriptor 3 (http) of LISTEN_FDS is no stream socket"), "{told}");
    assert!(refused(&service, "tcp", "https").contains("a socket named https was handed over"));
    assert!(refused(&service, "tcp,tcp", "http:web").contains("the socket 'web' was handed over beside others"));
    assert!(refused(&service, "closed", "http").contains("LISTEN_FDS: Bad file descriptor"));
}

#[test]
fn systemd_itself_hands_a_socket_over() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:1'");
    let socket = service.path("log/handed");
    let (htbin, config) = (env!("CARGO_BIN_EXE_htbin"), service.path("htbin.toml"));
    let words = ["-l", socket.to_str().unwrap(), "--fdname=http", htbin, "-c", config.to_str().unwrap()];
    let mut server = Start::bare("systemd-socket-activate").flags(&words).launch();
    server.events.with("Listening on");
    let mut curl = std::process::Command::new("curl");
    curl.args(["-sS", "--max-time", "60", "--unix-socket", socket.to_str().unwrap(), "http://localhost/a.txt"]);
    assert_eq!(crate::process::run_ok(&mut curl), "five!");
    assert!(server.stop().success());
}
