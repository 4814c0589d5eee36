//! Many at once, few descriptors, a lost launcher.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use rustix::process::Signal;

use super::{alone, becomes_true, pace};
use crate::{
    process::{children, descendants, signal, status_field},
    scripts::HELLO,
    server::{Server, Start, request_bytes},
    site::Site,
};

/// How many of so many requests at once were answered 200; all others must be 503.
fn answered(server: &Server, path: &str, count: usize) -> usize {
    let mut clients: Vec<_> = (0..count).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send(request_bytes("GET", path, &[], b""));
    }
    let statuses: Vec<u16> = clients.iter_mut().map(|client| client.reply().status).collect();
    let odd: Vec<_> = statuses.iter().filter(|status| !matches!(status, 200 | 503)).collect();
    assert!(odd.is_empty(), "{odd:?}");
    statuses.iter().filter(|&&status| status == 200).count()
}

const SLOW: &str = "#!/bin/sh\nsleep 1\nprintf 'Content-Type: text/plain\\n\\nslow\\n'\n";

#[test]
fn five_hundred_at_once_to_a_slow_script_are_all_answered() {
    ours_only!();
    let _alone = alone();
    let site = Site::new().script("cgi-bin/slow", SLOW);
    let server = Server::start(&site);
    assert!(answered(&server, "/cgi-bin/slow", 500) >= 64);
    assert_eq!(server.get("/cgi-bin/slow").status, 200);
}

#[test]
fn five_hundred_at_once_with_few_places_are_all_answered() {
    ours_only!();
    let _alone = alone();
    let site = Site::new().script("cgi-bin/slow", SLOW);
    let server = Server::with(&site, &["--max-scripts", "10", "--queue", "20"]);
    assert_eq!(answered(&server, "/cgi-bin/slow", 500), 30);
}

#[test]
fn no_defunct_process_after_a_thousand_scripts() {
    ours_only!();
    let _alone = alone();
    let site = Site::new().script("cgi-bin/hello", HELLO);
    let server = Server::start(&site);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = server.client();
                for _ in 0..250 {
                    client.send("GET /cgi-bin/hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
                    client.reply().expect(200);
                }
            });
        }
    });
    let defunct = || {
        let all = descendants(server.pid());
        all.into_iter().filter(|&pid| status_field(pid, "State").is_some_and(|state| state.starts_with('Z'))).count()
    };
    becomes_true(&server, "no defunct process", || defunct() == 0);
    becomes_true(&server, "the launcher alone is left", || descendants(server.pid()).len() == 1);
}

#[test]
fn with_few_descriptors_a_flood_is_survived() {
    ours_only!();
    let _alone = alone();
    let site = Site::new().file("a.txt", "a").script("cgi-bin/hello", HELLO).script("cgi-bin/slow", SLOW);
    let server = Start::limited(&site, 256).go();
    let mut silent: Vec<_> = (0..100).map(|_| server.client()).collect();
    answered(&server, "/cgi-bin/slow", 300);
    for client in &mut silent {
        client.send("GET /a.txt HTTP/1.1\r\n");
    }
    drop(silent);
    // Recovery: everything works as before, again and again.
    for _ in 0..20 {
        server.get("/a.txt").expect(200);
        server.get("/cgi-bin/hello").expect(200);
    }
    let body = vec![b'x'; 200_000];
    server.request("POST", "/cgi-bin/hello", &[], &body).expect(200);
    becomes_true(&server, "the descriptors are given back", || {
        fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count() < 60
    });
}

#[test]
fn more_connections_than_descriptors_wait_their_turn() {
    ours_only!();
    let _alone = alone();
    let site = Site::new().file("a.txt", "a");
    let server = Start::limited(&site, 256).flags(&["--head-time", "2s"]).go();
    let _silent: Vec<_> = (0..400).map(|_| server.client()).collect();
    assert_eq!(server.get("/a.txt").status, 200);
}

#[test]
fn the_loss_of_the_launcher_is_survived() {
    ours_only!();
    let _alone = alone();
    let site = Site::new().script("cgi-bin/hello", HELLO).file("a.txt", "a");
    let server = Server::start(&site);
    for round in 0..3 {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        let reply = server.get("/cgi-bin/hello");
                        assert!(matches!(reply.status, 200 | 502 | 503) || reply.cut, "round {round}: {reply:?}");
                        assert_eq!(server.get("/a.txt").status, 200);
                    }
                });
            }
            pace(Duration::from_millis(200));
            signal(launcher(&server), Signal::KILL);
            pace(Duration::from_millis(200));
            stop.store(true, Ordering::SeqCst);
        });
        becomes_true(&server, "scripts run again", || server.get("/cgi-bin/hello").status == 200);
        for _ in 0..20 {
            server.get("/cgi-bin/hello").expect(200);
        }
    }
    becomes_true(&server, "the old launchers are reaped", || children(server.pid()).len() == 1);
}

fn launcher(server: &Server) -> u32 {
    let is_launcher = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("launcher")
    };
    children(server.pid()).into_iter().find(is_launcher).expect("the server has a launcher")
}
