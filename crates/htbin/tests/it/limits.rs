//! The limits on clients and scripts: each is met, each says so, and the server goes on.

use std::time::{Duration, Instant};

use crate::{
    process::{PATIENCE, assert_gone_within},
    scripts::{ECHO, HELLO, sh, text},
    server::{Server, chunked, request_bytes},
    site::Site,
};

#[test]
fn a_head_that_is_too_large_is_431() {
    ours_only!();
    let site = Site::new().script("cgi-bin/hello", HELLO);
    let server = Server::with(&site, &["--max-head", "8k"]);
    let large = "x".repeat(10_000);
    assert_eq!(server.request("GET", "/cgi-bin/hello", &[("X-Large", &large)], b"").status, 431);
    let fits = "x".repeat(6_000);
    assert_eq!(server.request("GET", "/cgi-bin/hello", &[("X-Large", &fits)], b"").status, 200);
}

#[test]
fn too_many_fields_are_431() {
    ours_only!();
    let site = Site::new().script("cgi-bin/hello", HELLO);
    let server = Server::start(&site);
    let names: Vec<String> = (0..110).map(|at| format!("X-{at}")).collect();
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(server.request("GET", "/cgi-bin/hello", &fields, b"").status, 431);
    assert_eq!(server.request("GET", "/cgi-bin/hello", &fields[..90], b"").status, 200);
}

#[test]
fn a_slow_head_is_408() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let server = Server::with(&site, &["--head-time", "300ms"]);
    let mut client = server.client();
    client.send("GET /a.txt HTTP/1.1\r\nHost: local");
    assert_eq!(client.reply().status, 408);
    assert!(client.closed_within(PATIENCE));
}

#[test]
fn a_connection_that_says_nothing_is_closed() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let server = Server::with(&site, &["--head-time", "300ms", "--keep-alive", "300ms"]);
    let mut client = server.client();
    let said = client.rest();
    assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 408"), "{:?}", String::from_utf8_lossy(&said));
}

#[test]
fn an_idle_connection_is_closed_after_its_last_answer() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let server = Server::with(&site, &["--keep-alive", "300ms"]);
    let mut client = server.client();
    client.send("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.reply().status, 200);
    assert!(client.closed_within(PATIENCE), "no 408 for a request that nobody began");
}

#[test]
fn a_slow_body_is_408() {
    ours_only!();
    let site = Site::new().script("cgi-bin/echo", ECHO);
    let server = Server::with(&site, &["--body-idle", "300ms"]);
    let mut client = server.client();
    client.send("POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf");
    assert_eq!(client.reply().status, 408);
    assert!(client.closed_within(PATIENCE));
}

#[test]
fn a_body_that_is_too_large_is_413() {
    ours_only!();
    let site = Site::new().script("cgi-bin/echo", ECHO);
    let server = Server::with(&site, &["--max-body", "1k"]);
    let body = vec![b'x'; 1025];
    assert_eq!(server.request("POST", "/cgi-bin/echo", &[], &body).status, 413);
    let fields = [("Transfer-Encoding", "chunked")];
    assert_eq!(server.request("POST", "/cgi-bin/echo", &fields, &chunked(&body, 100)).status, 413);
    assert_eq!(server.request("POST", "/cgi-bin/echo", &[], &body[..1024]).expect(200).body.len(), 1024);
}

#[test]
fn nothing_is_set_aside_for_a_length_that_is_only_claimed() {
    ours_only!();
    let site = Site::new().script("cgi-bin/echo", ECHO);
    let server = Server::with(&site, &["--max-body", "none"]);
    let before = crate::process::memory_kib(server.pid(), "VmRSS");
    let mut clients: Vec<_> = (0..20).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send("POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\nx");
    }
    assert_eq!(server.request("POST", "/cgi-bin/echo", &[], b"ok").expect(200).text(), "ok");
    assert!(crate::process::memory_kib(server.pid(), "VmRSS") < before + 16 * 1024);
}

#[test]
fn a_script_without_a_head_in_time_is_504_and_gone() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("echo $$ >\"$0\".pid\nsleep 600"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::with(&site, &["--timeout", "500ms"]);
    let reply = server.get("/cgi-bin/x");
    assert_eq!(reply.status, 504);
    assert_gone_within(pid.pid(), 5, "the script");
    server.events.with("script-timeout");
}

#[test]
fn half_a_head_does_not_count() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("printf 'Content-Type: text/plain\\n'\nsleep 600"));
    assert_eq!(Server::with(&site, &["--timeout", "500ms"]).get("/cgi-bin/x").status, 504);
}

#[test]
fn a_script_that_falls_silent_is_cut_off_and_gone() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("echo begun\necho $$ >\"$0\".pid\nsleep 600"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::with(&site, &["--idle-timeout", "500ms"]);
    let reply = server.get("/cgi-bin/x").expect(200);
    assert_eq!((reply.text().as_str(), reply.cut), ("begun\n", true));
    assert_gone_within(pid.pid(), 5, "the script");
}

#[test]
fn output_keeps_a_script_alive() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; done"));
    let server = Server::with(&site, &["--timeout", "1s", "--idle-timeout", "1s"]);
    let reply = server.get("/cgi-bin/x").expect(200);
    assert_eq!((reply.text().as_str(), reply.cut), ("1\n2\n3\n4\n5\n6\n7\n8\n", false));
}

#[test]
fn too_much_output_is_cut_off() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("exec head -c 1000000 /dev/zero"));
    let server = Server::with(&site, &["--max-output", "100k"]);
    let reply = server.get("/cgi-bin/x").expect(200);
    assert!(reply.cut, "a part is not taken for the whole");
    assert!(reply.body.len() <= 100 * 1024, "{}", reply.body.len());
}

#[test]
fn a_script_head_that_is_too_large_is_502() {
    ours_only!();
    let site = Site::new().script(
        "cgi-bin/x",
        sh("printf 'Content-Type: text/plain\\nX-Large: '\nhead -c 100000 /dev/zero | tr '\\0' x\nprintf '\\n\\nbody'"),
    );
    let server = Server::start(&site);
    assert_eq!(server.get("/cgi-bin/x").status, 502);
    server.events.with("head-too-large");
}

#[test]
fn with_all_places_taken_one_waits_and_all_others_are_503_at_once() {
    ours_only!();
    let script = sh("echo started >\"$0\".started\nread x <\"$0\".gate\nprintf 'Content-Type: text/plain\\n\\n'");
    let site = Site::new().script("cgi-bin/x", script);
    let (mut started, gate) = (site.fifo("cgi-bin/x.started"), site.fifo("cgi-bin/x.gate"));
    let server = Server::with(&site, &["--max-scripts", "1", "--queue", "1"]);
    let mut clients: Vec<_> = (0..10).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    }
    started.line();
    let deadline = Instant::now() + PATIENCE;
    while clients.len() > 2 && Instant::now() < deadline {
        clients.retain_mut(|client| {
            if !client.hears_within(Duration::from_millis(5)) {
                return true;
            }
            let reply = client.reply().expect(503);
            assert!(reply.field("Retry-After").unwrap().parse::<u32>().unwrap() >= 1);
            false
        });
    }
    assert_eq!(clients.len(), 2, "one runs and one waits");
    gate.release();
    started.line();
    gate.release();
    for client in &mut clients {
        client.reply().expect(200);
    }
}

#[test]
fn waiting_too_long_is_503() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("echo started >\"$0\".started\nread x <\"$0\".gate"));
    let (mut started, gate) = (site.fifo("cgi-bin/x.started"), site.fifo("cgi-bin/x.gate"));
    let server = Server::with(&site, &["--max-scripts", "1", "--queue-time", "300ms"]);
    let mut running = server.client();
    running.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    started.line();
    let reply = server.get("/cgi-bin/x");
    assert_eq!(reply.status, 503);
    assert!(reply.field("Retry-After").is_some());
    gate.release();
    assert_eq!(running.reply().status, 200);
}

#[test]
fn files_are_served_while_all_places_for_scripts_are_taken() {
    ours_only!();
    let site =
        Site::new().file("a.txt", "a").script("cgi-bin/x", text("echo started >\"$0\".started\nread x <\"$0\".gate"));
    let (mut started, gate) = (site.fifo("cgi-bin/x.started"), site.fifo("cgi-bin/x.gate"));
    let server = Server::with(&site, &["--max-scripts", "1"]);
    let mut running = server.client();
    running.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    started.line();
    assert_eq!(server.get("/a.txt").status, 200);
    gate.release();
    running.reply().expect(200);
}

#[test]
fn one_who_waits_and_leaves_gives_up_his_place() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("echo \"$QUERY_STRING\" >\"$0\".started\nread x <\"$0\".gate"));
    let (mut started, gate) = (site.fifo("cgi-bin/x.started"), site.fifo("cgi-bin/x.gate"));
    let server = Server::with(&site, &["--max-scripts", "1"]);
    let mut running = server.client();
    running.send(request_bytes("GET", "/cgi-bin/x?a", &[], b""));
    assert_eq!(started.line(), "a");
    let mut leaving = server.client();
    leaving.send(request_bytes("GET", "/cgi-bin/x?b", &[], b""));
    drop(leaving);
    gate.release();
    running.reply().expect(200);
    let mut last = server.client();
    last.send(request_bytes("GET", "/cgi-bin/x?c", &[], b""));
    let next = started.line();
    gate.release();
    if next == "b" {
        // It was quicker than its own end; then it is ended, and the next has its turn.
        assert_eq!(started.line(), "c");
        gate.release();
    }
    last.reply().expect(200);
}

#[test]
fn the_limits_of_a_script_are_set() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("ulimit -v; ulimit -t; ulimit -p; ulimit -c"));
    let server = Server::with(&site, &["--memory", "512m", "--cpu", "7s", "--nproc", "999"]);
    assert_eq!(server.get("/cgi-bin/x").expect(200).text(), "524288\n7\n999\n0\n");
}

#[test]
fn without_flags_a_script_is_not_limited_but_leaves_no_core() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("ulimit -v; ulimit -t; ulimit -c"));
    assert_eq!(Server::start(&site).get("/cgi-bin/x").expect(200).text(), "unlimited\nunlimited\n0\n");
}

#[test]
fn a_script_that_burns_its_processor_time_is_ended() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("echo begun\nwhile :; do :; done"));
    let reply = Server::with(&site, &["--cpu", "1s"]).get("/cgi-bin/x").expect(200);
    assert!(reply.cut);
}

#[test]
fn more_connections_than_allowed_wait_and_are_served() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let server = Server::with(&site, &["--max-connections", "5", "--keep-alive", "500ms", "--head-time", "500ms"]);
    let silent: Vec<_> = (0..20).map(|_| server.client()).collect();
    assert_eq!(server.get("/a.txt").status, 200);
    drop(silent);
}
