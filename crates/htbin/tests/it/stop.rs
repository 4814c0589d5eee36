//! Stopping: what runs may finish, a second signal ends it, and nothing is left behind.

use std::{fs, path::Path, time::Duration};

use rustix::process::Signal;

use crate::{
    process::{PATIENCE, assert_gone_within, descendants, gone_within, signal},
    scripts::{ECHO, HELLO, sh, text},
    server::{Server, Start, request_bytes},
    site::Site,
};

const WAITS: &str = "echo $$ >\"$0\".pid\nread x <\"$0\".gate\necho done";

#[test]
fn sigterm_and_sigint_end_an_idle_server_with_0() {
    ours_only!();
    for which in [Signal::TERM, Signal::INT] {
        let site = Site::new();
        let mut server = Server::start(&site);
        signal(server.pid(), which);
        assert_eq!(server.wait(PATIENCE).code(), Some(0), "{which:?}");
    }
}

#[test]
fn what_runs_may_finish() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text(WAITS));
    let (mut pid, gate) = (site.fifo("cgi-bin/x.pid"), site.fifo("cgi-bin/x.gate"));
    let mut server = Server::start(&site);
    let mut client = server.client();
    client.send("GET /cgi-bin/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    pid.pid();
    server.ask_to_stop();
    server.events.with("stopping");
    gate.release();
    let reply = client.reply().expect(200);
    assert_eq!((reply.text().as_str(), reply.cut), ("done\n", false));
    assert!(client.closed_within(PATIENCE), "the connection does not hold the server");
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
}

#[test]
fn who_waits_for_a_place_is_answered_too() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text(WAITS));
    let (mut pid, gate) = (site.fifo("cgi-bin/x.pid"), site.fifo("cgi-bin/x.gate"));
    let mut server = Server::with(&site, &["--max-scripts", "1"]);
    let mut clients: Vec<_> = (0..2).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    }
    pid.pid();
    server.ask_to_stop();
    server.events.with("stopping");
    gate.release();
    gate.release();
    for client in &mut clients {
        let status = client.reply().status;
        assert!(matches!(status, 200 | 503), "{status}");
    }
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
}

#[test]
fn nobody_new_is_let_in_while_it_stops() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text(WAITS));
    let (mut pid, gate) = (site.fifo("cgi-bin/x.pid"), site.fifo("cgi-bin/x.gate"));
    let mut server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    pid.pid();
    server.ask_to_stop();
    server.events.with("stopping");
    let refused = (0..100).any(|_| {
        std::net::TcpStream::connect(("127.0.0.1", server.port)).is_err()
            || gone_within(server.pid(), Duration::from_millis(20))
    });
    assert!(refused, "it still accepts");
    gate.release();
    client.reply().expect(200);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
}

#[test]
fn an_idle_connection_does_not_hold_it() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let mut server = Server::start(&site);
    let mut client = server.client();
    client.send("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.reply().expect(200);
    server.ask_to_stop();
    assert_eq!(server.wait(Duration::from_secs(10)).code(), Some(0));
}

#[test]
fn a_connection_that_never_said_anything_does_not_hold_it() {
    held_by_nobody_who_said("");
}

#[test]
fn a_connection_that_said_half_a_head_does_not_hold_it() {
    held_by_nobody_who_said("GET /a.txt HTT");
}

fn held_by_nobody_who_said(words: &str) {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let mut server = Server::start(&site);
    let mut silent = server.client();
    silent.send(words);
    server.get("/a.txt");
    server.ask_to_stop();
    assert_eq!(server.wait(Duration::from_secs(10)).code(), Some(0));
}

#[test]
fn what_does_not_finish_is_ended_after_the_stop_time() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("trap '' TERM\necho $$ >\"$0\".pid\nwhile :; do sleep 1; done"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let mut server = Server::with(&site, &["--stop-time", "500ms"]);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    let script = pid.pid();
    server.ask_to_stop();
    server.wait(Duration::from_secs(10));
    assert_gone_within(script, 5, "the script");
}

#[test]
fn a_second_signal_ends_it_now() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("trap '' TERM\necho $$ >\"$0\".pid\nwhile :; do sleep 1; done"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let mut server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    let script = pid.pid();
    server.ask_to_stop();
    server.events.with("stopping");
    server.ask_to_stop();
    // 30 s would be the time of the first signal alone.
    server.wait(Duration::from_secs(8));
    assert_gone_within(script, 5, "the script");
}

/// A script that says nothing for ever, TERM or not, and its client.
const STUBBORN: &str = "trap '' TERM\necho $$ >\"$0\".pid\nwhile :; do sleep 1; done";

#[test]
fn what_a_second_signal_ends_is_told_as_such() {
    told_as_stopped(&[], |server| {
        server.events.with("stopping");
        server.ask_to_stop();
    });
}

#[test]
fn what_the_stop_time_ends_is_told_as_such() {
    told_as_stopped(&["--stop-time", "300ms"], |_| {});
}

/// One client has nothing yet, one waits for a place, one sends its body, one is in the middle of its answer: all hear
/// that the server was stopped, and the log blames no script.
fn told_as_stopped(flags: &[&str], hurry: fn(&Server)) {
    ours_only!();
    let begun = format!("printf 'Content-Type: text/plain\\n\\nbegun\\n'\n{STUBBORN}");
    let site = Site::new().script("cgi-bin/silent", sh(STUBBORN)).script("cgi-bin/begun", sh(&begun));
    let (mut silent_pid, mut begun_pid) = (site.fifo("cgi-bin/silent.pid"), site.fifo("cgi-bin/begun.pid"));
    let limits = ["--max-scripts", "2", "--queue", "1", "--log-format", "json"];
    let mut server = Server::with(&site, &[&limits, flags].concat());
    let mut clients: Vec<_> = (0..5).map(|_| server.client()).collect();
    clients[0].send(request_bytes("GET", "/cgi-bin/silent", &[], b""));
    let silent = silent_pid.pid();
    clients[1].send(request_bytes("GET", "/cgi-bin/begun", &[], b""));
    let begun = begun_pid.pid();
    clients[1].until("begun\n");
    // When one of the two has been refused, the other one waits.
    for client in [2, 4] {
        clients[client].send(request_bytes("GET", "/cgi-bin/silent?waits", &[], b""));
    }
    server.events.with("reason=\"busy\"");
    clients[3].send("POST /cgi-bin/silent?sends HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n");
    clients[3].send("Expect: 100-continue\r\n\r\n").until("100 Continue\r\n\r\n");
    server.ask_to_stop();
    hurry(&server);
    let mut told = Vec::new();
    for client in [0, 2, 3, 4] {
        let reply = clients[client].reply().expect(503);
        assert_eq!(reply.field("Connection"), Some("close"), "{reply:?}");
        told.push(reply.text().contains("The server was stopped.") && reply.text().contains("(stopped)"));
    }
    assert_eq!(told.iter().filter(|is_stopped| **is_stopped).count(), 3, "{told:?}");
    assert!(!String::from_utf8_lossy(&clients[1].rest()).contains("0\r\n\r\n"), "it is cut, not ended");
    server.wait(Duration::from_secs(8));
    assert_gone_within(silent, 5, "the script");
    assert_gone_within(begun, 5, "the script");
    let access = server.access.to_the_end();
    for (path, status) in [("silent\"", 503), ("silent?waits", 503), ("silent?sends", 503), ("begun", 200)] {
        let found = access.iter().find(|line| line.contains(path) && !line.contains("\"busy\""));
        let line = found.unwrap_or_else(|| panic!("{path} in {access:#?}"));
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["status"], &line["reason"]), (&status.into(), &"stopped".into()), "{line}");
    }
    let events = server.events.to_the_end().join("\n");
    assert!(events.contains("reason=\"stopped\"") && !events.contains("no-head"), "{events}");
}

#[test]
fn a_client_that_takes_nothing_does_not_hold_a_second_signal() {
    ours_only!();
    let site = Site::new().file("large", vec![b'x'; 50_000_000]);
    let mut server = Server::with(&site, &["--log-format", "json"]);
    let mut client = server.client();
    client.send(request_bytes("GET", "/large", &[], b""));
    client.head();
    server.ask_to_stop();
    server.events.with("stopping");
    server.ask_to_stop();
    server.wait(Duration::from_secs(8));
    let line: serde_json::Value = serde_json::from_str(&server.access.with("/large")).unwrap();
    assert_eq!((&line["status"], &line["reason"]), (&200.into(), &"stopped".into()), "{line}");
    assert!(line["bytes"].as_u64().unwrap() < 50_000_000, "what was not sent does not count: {line}");
}

#[test]
fn no_process_is_left() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("sleep 600 &\necho $$ >\"$0\".pid\nexec sleep 600"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let mut server = Server::with(&site, &["--stop-time", "300ms"]);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    pid.pid();
    let all = descendants(server.pid());
    assert!(all.len() >= 3, "the launcher, the script, its child: {all:?}");
    server.stop();
    for process in all {
        assert_gone_within(process, 5, "a process of the server");
    }
}

#[test]
fn the_launcher_does_not_outlive_a_server_that_was_killed() {
    ours_only!();
    let site = Site::new().script("cgi-bin/hello", HELLO);
    let mut server = Server::start(&site);
    server.get("/cgi-bin/hello").expect(200);
    let all = descendants(server.pid());
    assert!(!all.is_empty());
    signal(server.pid(), Signal::KILL);
    server.wait(PATIENCE);
    for process in all {
        assert_gone_within(process, 10, "a process of the server that was killed");
    }
}

/// A child that forks twice and leads a session of its own is no part of the script's group any more.
#[test]
fn a_child_that_made_itself_a_daemon_is_gone_after_the_server() {
    ours_only!();
    let script = "setsid sh -c 'echo $$ >\"$1\".pid; exec sleep 600' x \"$0\" >/dev/null 2>&1 </dev/null &";
    let site = Site::new().script("cgi-bin/x", text(&format!("( {script} )\necho done")));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let mut server = Server::start(&site);
    assert_eq!(server.get("/cgi-bin/x").expect(200).text(), "done\n");
    let daemon = pid.pid();
    assert!(server.stop().success());
    let gone = gone_within(daemon, Duration::from_secs(10));
    signal(daemon, Signal::KILL);
    assert!(gone, "the daemon outlived the server");
}

#[test]
fn no_temporary_file_is_left() {
    ours_only!();
    let site = Site::new().script("cgi-bin/echo", ECHO).script("cgi-bin/broken", sh("exit 1"));
    let scratch = Site::new().directory("tmp", 0o777);
    let tmp = scratch.path("tmp");
    let mut server = Start::new(&site).env("TMPDIR", tmp.to_str().unwrap()).go();
    let body = vec![b'x'; 3_000_000];
    assert_eq!(server.request("POST", "/cgi-bin/echo", &[], &body).expect(200).body.len(), body.len());
    server.request("POST", "/cgi-bin/broken", &[], &body);
    let mut broken = server.client();
    broken
        .send("POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n")
        .send(&body[..2_000_000]);
    assert_eq!(names(&tmp), [""; 0], "while it runs the files have no names");
    drop(broken);
    assert!(server.stop().success());
    assert_eq!(names(&tmp), [""; 0]);
}

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn no_socket_is_left() {
    ours_only!();
    let site = Site::new().script("cgi-bin/hello", HELLO);
    let place = Site::new().directory("run", 0o777);
    let socket = place.path("run/htbin.sock");
    let mut server = Start::new(&site).flags(&["--bind", socket.to_str().unwrap()]).go();
    server.get("/cgi-bin/hello").expect(200);
    assert!(socket.exists());
    assert!(server.stop().success());
    assert!(!socket.exists(), "the socket is left");
}

#[test]
fn the_logs_end_when_it_does() {
    ours_only!();
    let site = Site::new().script("cgi-bin/hello", HELLO);
    let mut server = Server::start(&site);
    for number in 0..50 {
        server.get(&format!("/cgi-bin/hello?{number}")).expect(200);
    }
    assert!(server.stop().success());
    assert_eq!(server.access.to_the_end().len(), 50, "every request has its line");
    server.events.to_the_end();
}
