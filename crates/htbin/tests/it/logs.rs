//! The access log on stdout, everything else on stderr.

use crate::{
    scripts::{HELLO, sh},
    server::{Server, Start, request_bytes},
    site::Site,
};

const JSON: [&str; 2] = ["--log-format", "json"];

fn site() -> Site {
    Site::new().file("a.txt", "five!").script("cgi-bin/hello", HELLO).script("cgi-bin/broken", sh("exit 1"))
}

/// What is logged in this format for one request.
fn logged(format: &str, path: &str, fields: &[(&str, &str)]) -> String {
    let site = site();
    let server = Server::with(&site, &["--log-format", format]);
    server.request("GET", path, fields, b"");
    server.access.wait_for("the request", |_| true)
}

#[test]
fn common_is_what_apache_calls_so() {
    ours_only!();
    let line = logged("common", "/a.txt?q=1", &[]);
    let (client, rest) = line.split_once(" - - [").unwrap_or_else(|| panic!("{line}"));
    assert_eq!(client, "127.0.0.1");
    let (time, rest) = rest.split_once("] ").unwrap();
    assert_eq!(time.len(), "10/Oct/2000:13:55:36 -0700".len(), "{time}");
    assert_eq!(rest, "\"GET /a.txt?q=1 HTTP/1.1\" 200 5");
}

#[test]
fn combined_adds_referer_and_user_agent() {
    ours_only!();
    let line = logged("combined", "/a.txt", &[("Referer", "http://x/"), ("User-Agent", "agent \"7\" \\")]);
    assert!(line.contains("\" 200 5 \"http://x/\" \"agent "), "{line}");
    assert!(!line.contains("agent \"7\""), "quotes are escaped: {line}");
    assert!(logged("combined", "/a.txt", &[]).ends_with("\"-\" \"-\""));
}

#[test]
fn json_is_one_object_a_line() {
    ours_only!();
    let line = logged("json", "/cgi-bin/hello?a=%22b", &[("User-Agent", "agent \"7\" \u{e9}")]);
    let json: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert_eq!((&json["status"], &json["method"]), (&200.into(), &"GET".into()));
    assert_eq!(json["target"], "/cgi-bin/hello?a=%22b");
    assert_eq!(json["user_agent"], "agent \"7\" \u{e9}");
    assert!(json["script"].as_str().unwrap().ends_with("/cgi-bin/hello"), "{json}");
}

#[test]
fn json_tells_why_a_request_was_refused() {
    ours_only!();
    let json: serde_json::Value = serde_json::from_str(&logged("json", "/missing", &[])).unwrap();
    assert_eq!((&json["status"], &json["reason"]), (&404.into(), &"not-found".into()));
}

#[test]
fn a_failed_script_is_told_with_id_reason_script_and_last_words() {
    ours_only!();
    let site = Site::new().script("cgi-bin/broken", sh("echo 'last words' >&2\nexit 1"));
    let server = Server::start(&site);
    assert_eq!(server.get("/cgi-bin/broken").status, 502);
    let line = server.events.wait_for("the reason", |line| line.contains("no-head"));
    assert!(line.contains("/cgi-bin/broken") && line.contains("last words"), "{line}");
}

#[test]
fn no_client_writes_lines_or_commands_for_the_terminal_into_a_log() {
    ours_only!();
    for format in ["common", "combined", "json"] {
        let site = site();
        let server = Server::with(&site, &["--log-format", format]);
        let mut client = server.client();
        client.send(b"GET /a.txt?x HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a\tb\xff\x9b31m\r\nReferer: \"\\\r\nConnection: close\r\n\r\n");
        client.reply();
        server.get("/%1b%5b31m%0aevil");
        server.get("/a.txt?last");
        server.access.with("last");
        let lines = server.access.all();
        assert_eq!(lines.len(), 3, "{format}: {lines:?}");
        let foul = |c: char| c.is_control();
        assert!(!lines.iter().any(|line| line.contains(foul)), "{format}: {lines:?}");
    }
}

#[test]
fn quiet_says_nothing_where_nothing_went_wrong() {
    ours_only!();
    let (site, place) = (site(), Site::new().directory("run", 0o777));
    let socket = place.path("run/s");
    // Without a banner nobody learns the port; a socket has a name.
    let start = Start::bare(env!("CARGO_BIN_EXE_htbin"));
    let mut server = start.flags(&["-q", "-b", socket.to_str().unwrap(), "-d", site.root().to_str().unwrap()]).launch();
    let url = "http://localhost/cgi-bin/hello";
    let mut curl = std::process::Command::new("curl");
    curl.args([
        "-sS",
        "--max-time",
        "20",
        "--retry",
        "100",
        "--retry-all-errors",
        "--retry-delay",
        "1",
        "--unix-socket",
    ]);
    assert_eq!(crate::process::run_ok(curl.arg(&socket).arg(url)), "hello\n");
    assert!(server.stop().success());
    assert_eq!(server.access.to_the_end(), [""; 0]);
    assert_eq!(server.events.to_the_end(), [""; 0]);
}

#[test]
fn the_log_counts_what_was_sent() {
    ours_only!();
    let site = site();
    let server = Server::start(&site);
    server.get("/cgi-bin/hello");
    assert!(server.access.with("/cgi-bin/hello").ends_with("\" 200 6"));
    server.request("HEAD", "/a.txt", &[], b"");
    let line = server.access.with("HEAD");
    assert!(line.ends_with("\" 200 -") || line.ends_with("\" 200 0"), "{line}");
}

#[test]
fn a_request_that_is_none_is_logged_and_harmless() {
    ours_only!();
    let site = site();
    let server = Server::start(&site);
    for junk in ["\x16\x03\x01\x02\0\x01\0", "SSH-2.0-x\r\n", "GET\r\n\r\n"] {
        let mut client = server.client();
        client.send(junk).finish();
        client.rest();
    }
    server.get("/a.txt").expect(200);
    server.access.with("/a.txt");
}

/// The line, as an object, of what was no request.
#[track_caller]
fn logged_of(bytes: impl AsRef<[u8]>, flags: &[&str]) -> (u16, serde_json::Value) {
    let site = site();
    let server = Server::with(&site, &[&JSON, flags].concat());
    let mut client = server.client();
    client.send(bytes);
    let status = client.reply().status;
    (status, serde_json::from_str(&server.access.wait_for("what came", |_| true)).unwrap())
}

#[test]
fn what_was_no_request_has_a_line_too() {
    ours_only!();
    let large = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: {}\r\n\r\n", "x".repeat(10_000));
    for (bytes, flags, status, reason) in [
        ("GET\r\n\r\n", &[] as &[&str], 400, "bad-request"),
        ("", &["--head-time", "300ms"], 408, "request-head-timeout"),
        ("GET /a.txt HTTP/1.1\r\nHost: local", &["--head-time", "300ms"], 408, "request-head-timeout"),
        (&large, &["--max-head", "8k"], 431, "request-head-too-large"),
        ("GET /a.txt HTTP/2.0\r\nHost: localhost\r\n\r\n", &[], 505, "version-unknown"),
    ] {
        let (sent, line) = logged_of(bytes, flags);
        assert_eq!(sent, status, "{reason}");
        assert_eq!((&line["status"], &line["reason"]), (&status.into(), &reason.into()), "{line}");
        assert_eq!(line["client"], "127.0.0.1", "{line}");
    }
}

#[test]
fn what_was_no_request_has_a_hyphen_for_its_method() {
    ours_only!();
    let site = site();
    let server = Server::start(&site);
    server.client().send("GET\r\n\r\n").reply().expect(400);
    let line = server.access.wait_for("what came", |_| true);
    assert!(line.ends_with("] \"-\" 400 -"), "{line}");
}

#[test]
fn a_client_that_leaves_before_the_head_is_499() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("echo $$ >\"$0\".pid\nexec sleep 600"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::with(&site, &JSON);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x?why", &[], b""));
    let script = pid.pid();
    drop(client);
    let line: serde_json::Value = serde_json::from_str(&server.access.with("/cgi-bin/x?why")).unwrap();
    assert_eq!((&line["status"], &line["reason"]), (&499.into(), &"client-left".into()), "{line}");
    assert!(line["script"].as_str().unwrap().ends_with("/cgi-bin/x"), "{line}");
    crate::process::assert_gone_within(script, 5, "the script");
}

#[test]
fn what_is_forbidden_is_told_with_its_reason_and_what_to_do() {
    ours_only!();
    let site = Site::new().with_mode("cgi-bin/x", HELLO, 0o644);
    let server = Server::start(&site);
    server.get("/cgi-bin/x").expect(403);
    let line = server.events.with("not-executable");
    assert!(line.contains("cgi-bin/x") && line.contains("chmod +x"), "{line}");
}

#[test]
fn output_beyond_content_length_is_told() {
    ours_only!();
    let head = "printf 'Content-Type: text/plain\\nContent-Length: 4\\n\\n";
    let later = "\nread x <\"$0\".gate\necho and more";
    // In one piece with the body; when the client has had its answer; both.
    for script in
        [format!("{head}body and more'"), format!("{head}body'{later}"), format!("{head}body and more'{later}")]
    {
        let site = Site::new().script("cgi-bin/x", sh(&script));
        let gate = site.fifo("cgi-bin/x.gate");
        let mut server = Server::start(&site);
        assert_eq!(server.get("/cgi-bin/x").expect(200).text(), "body");
        gate.release();
        let line = server.events.with("more than its Content-Length");
        assert!(line.contains("/cgi-bin/x"), "{line}");
        assert!(server.stop().success());
        let lines = server.events.to_the_end();
        assert_eq!(lines.iter().filter(|line| line.contains("Content-Length")).count(), 1, "once: {lines:?}");
    }
}

#[test]
fn a_log_that_nobody_reads_any_more_does_not_stop_the_server() {
    ours_only!();
    let site = site();
    let mut start = Start::bare("/bin/sh");
    let line = "exec \"$0\" --port 0 -b 127.0.0.1 -d \"$1\" | head -n 1";
    start = start.flags(&["-c", line, env!("CARGO_BIN_EXE_htbin"), site.root().to_str().unwrap()]);
    let mut server = start.go();
    for _ in 0..20 {
        server.get("/a.txt").expect(200);
    }
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/hello", &[], b""));
    client.reply().expect(200);
    for process in crate::process::descendants(server.pid()) {
        crate::process::signal(process, rustix::process::Signal::TERM);
    }
    server.wait(crate::process::PATIENCE);
}
