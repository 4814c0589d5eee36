//! Log files that are rotated, syslog and the journal.

use std::{
    collections::HashSet,
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, symlink},
        net::UnixDatagram,
    },
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use rustix::process::{Signal, geteuid};

use super::{Service, until};
use crate::{
    process::{PATIENCE, signal},
    server::{Server, request_bytes},
};

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn ids(text: &str) -> Vec<String> {
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole: {text}");
    let id = |line| serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|why| panic!("{why}: {line}"));
    text.lines().map(|line| id(line)["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn no_line_is_lost_or_torn_while_files_are_rotated() {
    ours_only!();
    let lines = "listen = '127.0.0.1:0'\naccess-log = 'LOG/access'\nerror-log = 'LOG/error'\nlog-format = 'json'";
    let service = Service::new(lines);
    let mut server = service.go();
    let (sent, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let log = service.path("log/access");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = server.client();
                while !enough.load(Ordering::Relaxed) || sent.load(Ordering::Relaxed) < 1000 {
                    client.send(request_bytes("GET", "/a.txt", &[("Connection", "keep-alive")], b""));
                    assert_eq!(client.reply().status, 200);
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for turn in 0..20 {
            fs::rename(&log, service.path(&format!("log/access.{turn}"))).unwrap();
            signal(server.pid(), Signal::USR1);
            until("a new file", || log.exists());
        }
        enough.store(true, Ordering::Relaxed);
    });
    assert!(server.stop().success());
    let mut all = ids(&read(&log));
    (0..20).for_each(|turn| all.extend(ids(&read(&service.path(&format!("log/access.{turn}"))))));
    assert_eq!(all.len(), sent.load(Ordering::Relaxed));
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "each exchange is told once");
    assert_eq!(read(&service.path("log/error")).matches("the access log is open again").count(), 20);
}

#[test]
fn a_file_that_cannot_be_opened_again_goes_on_as_the_old_one() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'\naccess-log = 'LOG/access'");
    let server = service.go();
    fs::rename(service.path("log/access"), service.path("log/old")).unwrap();
    fs::set_permissions(service.path("log"), fs::Permissions::from_mode(0o555)).unwrap();
    signal(server.pid(), Signal::USR1);
    let told = server.events.with("goes on in the old file");
    assert!(told.contains("/log/access: Permission denied") && told.contains("create 0640 "), "{told}");
    server.get("/a.txt?still").expect(200);
    until("told in the old file", || read(&service.path("log/old")).contains("/a.txt?still"));
    fs::set_permissions(service.path("log"), fs::Permissions::from_mode(0o777)).unwrap();
}

#[test]
fn root_makes_the_file_for_the_servers_user_where_only_root_could() {
    ours_only!();
    if !geteuid().is_root() {
        return;
    }
    let place = tempfile::tempdir_in("/run").unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let log = place.path().join("access");
    let service = Service::new(&format!("listen = '127.0.0.1:0'\naccess-log = '{}'", log.display()));
    let server = service.go();
    let made = fs::metadata(&log).unwrap();
    assert_eq!((made.uid() == 0, made.mode() & 0o7777), (false, 0o640));
    // As logrotate does it: renamed, and a new one made for the same user.
    fs::rename(&log, place.path().join("old")).unwrap();
    fs::write(&log, "").unwrap();
    std::os::unix::fs::chown(&log, Some(made.uid()), Some(made.gid())).unwrap();
    signal(server.pid(), Signal::USR1);
    server.events.with("the access log is open again");
    server.get("/a.txt?new").expect(200);
    until("told in the new file", || read(&log).contains("/a.txt?new"));
}

#[test]
fn no_link_leads_root_to_another_file() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'\naccess-log = 'LOG/access'");
    let place = service.place.root().join("precious");
    fs::write(&place, "precious").unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(if geteuid().is_root() { 0o644 } else { 0o444 })).unwrap();
    symlink(&place, service.path("log/access")).unwrap();
    let mut server = service.start().launch();
    assert!(!server.wait(PATIENCE).success());
    let told = server.events.to_the_end().join("\n");
    assert!(told.contains("cannot open the log") && told.contains("Permission denied"), "{told}");
    assert_eq!(read(&place), "precious");
}

/// A socket that anybody may write to.
fn socket(service: &Service, name: &str) -> UnixDatagram {
    let path = service.path(name);
    let socket = UnixDatagram::bind(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// The first datagram that holds this text.
#[track_caller]
fn with(socket: &UnixDatagram, text: &str) -> String {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let count = socket.recv(&mut bytes).unwrap_or_else(|why| panic!("no {text}: {why}"));
        let datagram = String::from_utf8(bytes[..count].to_vec()).unwrap();
        if datagram.contains(text) {
            return datagram;
        }
    }
}

#[test]
fn syslog_gets_a_datagram_a_line_and_may_start_anew() {
    ours_only!();
    let lines = "listen = '127.0.0.1:0'\naccess-log = 'syslog'\nerror-log = 'syslog'\nsyslog = 'LOG/dev'";
    let service = Service::new(lines);
    let first = socket(&service, "log/dev");
    let server = service.go();
    let named = format!(" htbin[{}]: ", server.pid());
    server.get("/cgi-bin/loud").expect(200);
    let (script, access) = {
        let told = [with(&first, "loud"), with(&first, "loud")];
        if told[0].contains("GET ") { (told[1].clone(), told[0].clone()) } else { (told[0].clone(), told[1].clone()) }
    };
    assert!(script.starts_with("<29>") && script.contains(&named), "{script}");
    assert!(script.ends_with("/cgi-bin/loud: what a script says"), "{script}");
    assert!(access.starts_with("<30>") && access.contains("GET /cgi-bin/loud HTTP/1.1"), "{access}");
    drop(first);
    fs::remove_file(service.path("log/dev")).unwrap();
    let second = socket(&service, "log/dev");
    server.get("/a.txt?second").expect(200);
    with(&second, "/a.txt?second");
}

#[test]
fn the_journal_gets_fields() {
    ours_only!();
    let lines = "listen = '127.0.0.1:0'\naccess-log = 'journald'\nerror-log = 'journald'\njournald = 'LOG/journal'";
    let service = Service::new(lines);
    let journal = socket(&service, "log/journal");
    let server = service.go();
    server.get("/cgi-bin/loud").expect(200);
    let told = with(&journal, "what a script says");
    let id = told.split("MESSAGE=").nth(1).unwrap().split(' ').next().unwrap();
    let script = "/cgi-bin/loud";
    assert!(told.starts_with(&format!("MESSAGE={id} ")) && told.contains("\nPRIORITY=5\n"), "{told}");
    assert!(told.contains("\nSYSLOG_IDENTIFIER=htbin\n") && told.contains(script), "{told}");
    assert!(told.ends_with(&format!("\nHTBIN_EXCHANGE={id}\n")), "{told}");
    server.get("/missing").expect(404);
    assert!(with(&journal, "GET /missing").contains("\nPRIORITY=6\n"));
}

/// Answers all of many requests, whatever becomes of their lines.
fn answers_on(server: &Server) {
    let mut client = server.client();
    let long = format!("/a.txt?{}", "x".repeat(4000));
    for _ in 0..1500 {
        client.send(request_bytes("GET", &long, &[("Connection", "keep-alive")], b""));
        assert_eq!(client.reply().status, 200);
    }
}

#[test]
fn a_full_disk_stops_no_request() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'\naccess-log = '/dev/full'");
    let server = service.go();
    answers_on(&server);
    server.events.wait_for("the loss", |line| line.contains("lines lost: No space left"));
}

#[test]
fn a_syslog_that_hangs_stops_no_request() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'\naccess-log = 'syslog'\nsyslog = 'LOG/dev'");
    let _unread = socket(&service, "log/dev");
    let server = service.go();
    answers_on(&server);
    server.events.wait_for("the loss", |line| line.contains("access log: ") && line.contains("lines lost"));
}

#[test]
fn what_is_no_log_is_told() {
    ours_only!();
    let service = Service::new("access-log = 'stderr'");
    let mut server = service.start().launch();
    assert_eq!(server.wait(PATIENCE).code(), Some(78));
    let told = server.events.to_the_end().join("\n");
    assert!(told.contains("'stderr' is no log: a file, 'syslog', 'journald' or 'stdout' is"), "{told}");
}
