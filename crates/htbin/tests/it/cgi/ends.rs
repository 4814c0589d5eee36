//! How a script ends, and what a failing one tells.

use rustix::process::Signal;

use crate::{
    client::Reply,
    process::signal,
    scripts::{sh, text},
    server::{Server, request_bytes},
    site::Site,
};

const HTML: (&str, &str) = ("Accept", "text/html");

fn failed(script: impl AsRef<[u8]>, fields: &[(&str, &str)]) -> (Reply, Server) {
    let site = Site::new().script("cgi-bin/x", script);
    let server = Server::start(&site);
    (server.request("GET", "/cgi-bin/x", fields, b""), server)
}

#[test]
fn an_exit_status_after_the_head_does_no_harm_and_is_logged() {
    ours_only!();
    let (reply, server) = failed(text("echo body\nexit 3"), &[]);
    let reply = reply.expect(200);
    assert_eq!((reply.text().as_str(), reply.cut), ("body\n", false));
    server.events.wait_for("status 3", |line| line.contains("/cgi-bin/x") && line.contains('3'));
}

#[test]
fn death_by_a_signal_after_the_head_cuts_the_connection() {
    ours_only!();
    let (reply, _server) = failed(text("echo part\nkill -KILL $$"), &[]);
    let reply = reply.expect(200);
    assert_eq!((reply.text().as_str(), reply.cut), ("part\n", true));
}

/// HTTP/1.0 has no chunks: where nothing says how long an answer is, its end in order would pass for all of it.
#[test]
fn a_cut_answer_to_http_1_0_ends_in_a_reset() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/killed", text("echo part\nread x <\"$0\".gate\nkill -KILL $$"))
        .script("cgi-bin/whole", text("echo part\nread x <\"$0\".gate\necho rest"));
    let server = Server::start(&site);
    for (name, whole) in [("killed", false), ("whole", true)] {
        let gate = site.fifo(&format!("cgi-bin/{name}.gate"));
        let mut client = server.client();
        client.send(format!("GET /cgi-bin/{name} HTTP/1.0\r\n\r\n"));
        client.until("part\n");
        gate.release();
        assert_eq!(client.rest(), if whole { &b"rest\n"[..] } else { b"" }, "{name}");
        assert_eq!(client.was_reset(), !whole, "{name}");
    }
}

#[test]
fn death_before_the_head_is_502() {
    let (reply, server) = failed(sh("kill -KILL $$"), &[]);
    assert_eq!(reply.status / 100, 5);
    if crate::subject::subject() == crate::subject::Subject::Htbin {
        assert_eq!(reply.status, 502);
        server.events.with("no-head");
    }
}

#[test]
fn death_from_outside_is_survived() {
    let site = Site::new().script("cgi-bin/x", text("echo $$ >\"$0\".pid\nexec sleep 600"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    signal(pid.pid(), Signal::KILL);
    client.rest();
    assert_eq!(server.get("/missing").status, 404);
}

#[test]
fn a_missing_interpreter_is_502_and_named() {
    ours_only!();
    let (reply, server) = failed("#!/opt/missing/perl\nprint 1;\n", &[HTML]);
    assert_eq!(reply.status, 502);
    assert!(reply.text().contains("/cgi-bin/x"), "{}", reply.text());
    server.events.with("launch-failed");
}

#[test]
fn a_signal_before_the_head_is_named_and_no_advice_given() {
    ours_only!();
    let (reply, server) = failed(sh("kill -SEGV $$"), &[]);
    let page = reply.expect(502).text();
    assert!(page.contains("signal 11 (SIGSEGV) ended the script before it wrote anything"), "{page}");
    assert!(!page.contains("Content-Type"), "{page}");
    server.events.with("SIGSEGV");
    let (reply, _server) = failed(sh("printf 'Content-Ty'\nkill -KILL $$"), &[]);
    let page = reply.expect(502).text();
    assert!(page.contains("signal 9 (SIGKILL) ended the script before its head was complete"), "{page}");
}

#[test]
fn a_program_that_is_missing_is_named() {
    ours_only!();
    for (script, why, code) in [
        ("#!/usr/bin/env no-such-python\nprint()\n", "asks env for no-such-python", "env-finds-nothing"),
        ("#!/bin/sh\nno-such-program\n", "calls no-such-program in line 2", "command-not-found"),
        ("#!/bin/sh\nexit 127\n", "exit status 127: a program was not found", "command-not-found"),
    ] {
        let (reply, server) = failed(script, &[]);
        let page = reply.expect(502).text();
        assert!(page.contains(why) && page.contains(code) && !page.contains("Content-Type:"), "{page}");
        server.events.with(code);
    }
}

#[test]
fn what_is_wrong_with_the_first_line_is_said() {
    ours_only!();
    for (script, why, code) in [
        ("#!/opt/missing/perl -w\nprint 1;\n", "make the first line: #!/usr/bin/perl", "interpreter-missing"),
        ("#!python3\n", "the first line asks for python3 without a path", "interpreter-missing"),
        ("#!/bin/sh\r\necho\r\n", "ends in a carriage return", "carriage-return"),
        ("#!/etc/passwd\n", "the interpreter /etc/passwd may not be executed", "interpreter-not-executable"),
        ("echo hello\n", "make its first line: #!/bin/sh", "no-first-line"),
    ] {
        let (reply, server) = failed(script, &[]);
        let page = reply.expect(502).text();
        assert!(page.contains(why) && page.contains(&format!("({code})")), "{page}");
        assert!(!page.contains("os error"), "{page}");
        let line = server.events.with("launch-failed");
        assert!(line.contains(&format!("[{code}]")), "{line}");
    }
}

#[test]
fn a_program_that_is_none_is_502() {
    ours_only!();
    let (reply, server) = failed(b"\x7fELF but no program\n", &[]);
    assert_eq!(reply.status, 502);
    server.events.with("launch-failed");
}

#[test]
fn each_line_on_stderr_is_logged_with_exchange_and_script() {
    ours_only!();
    let (reply, server) = failed(text("echo 'first complaint' >&2\nprintf 'second complaint' >&2"), &[]);
    reply.expect(200);
    let first = server.events.with("first complaint");
    let second = server.events.with("second complaint");
    assert!(first.contains("/cgi-bin/x") && !first.contains("second"), "{first}");
    let id = |line: &str| line.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 8).map(str::to_owned);
    assert!(id(&first).is_some() && id(&first) == id(&second), "the id of the exchange: {first}\n{second}");
}

#[test]
fn control_characters_on_stderr_do_not_reach_the_terminal() {
    ours_only!();
    let (reply, server) = failed(text("printf 'a\\033[31mred\\007\\rb complaint\\n' >&2"), &[]);
    reply.expect(200);
    let line = server.events.with("complaint");
    assert!(!line.contains('\u{1b}') && !line.contains('\u{7}') && !line.contains('\r'), "{line:?}");
}

#[test]
fn endless_stderr_holds_nobody() {
    let (reply, _server) = failed(text("yes complaint | head -c 3000000 >&2\necho body"), &[]);
    assert_eq!(reply.expect(200).text(), "body\n");
}

#[test]
fn stderr_without_an_end_of_line_is_bounded() {
    ours_only!();
    let (reply, server) = failed(text("head -c 3000000 /dev/zero | tr '\\0' y >&2\necho body"), &[]);
    assert_eq!(reply.expect(200).text(), "body\n");
    let line = server.events.with("yyyy");
    assert!(line.len() < 20_000, "{}", line.len());
}

#[test]
fn the_failure_page_shows_stderr_to_a_browser_on_this_machine() {
    ours_only!();
    let (reply, _server) = failed(sh("echo 'what <went> wrong' >&2\nexit 1"), &[HTML]);
    assert_eq!(reply.status, 502);
    assert!(reply.field("Content-Type").unwrap().starts_with("text/html"));
    let page = reply.text();
    assert!(page.contains("what &lt;went&gt; wrong") || page.contains("what &#60;went&#62; wrong"), "{page}");
}

#[test]
fn the_failure_page_shows_stderr_to_nobody_else() {
    ours_only!();
    for field in [
        ("Forwarded", "for=1.2.3.4"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Port", "443"),
        ("X-Real-IP", "1.2.3.4"),
        ("Via", "1.1 proxy"),
        ("Host", "rebound.example.org"),
        ("Host", "127.0.0.1.example.org"),
        ("Host", "10.0.0.1"),
    ] {
        let (reply, _server) = failed(sh("echo 'what went wrong' >&2\nexit 1"), &[HTML, field]);
        assert_eq!(reply.status, 502);
        assert!(!reply.text().contains("what went wrong"), "{field:?}");
    }
}

#[test]
fn the_failure_page_knows_the_names_of_this_machine() {
    ours_only!();
    for host in ["localhost", "localhost:8000", "app.localhost", "127.0.0.1:80", "127.1.2.3", "[::1]:8000"] {
        let (reply, _server) = failed(sh("echo 'what went wrong' >&2\nexit 1"), &[HTML, ("Host", host)]);
        assert!(reply.text().contains("what went wrong"), "{host}");
    }
}

#[test]
fn the_failure_page_can_be_forced_and_forbidden() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("echo 'what went wrong' >&2\nexit 1"));
    let far = ("Host", "example.org");
    assert!(Server::with(&site, &["--debug"]).request("GET", "/cgi-bin/x", &[far], b"").text().contains("went wrong"));
    assert!(!Server::with(&site, &["--no-debug"]).get("/cgi-bin/x").text().contains("went wrong"));
}

#[test]
fn a_refusal_speaks_the_language_of_the_client() {
    ours_only!();
    let site = Site::new();
    let server = Server::start(&site);
    for (accept, kind) in
        [("text/html,*/*;q=0.8", "text/html"), ("application/json", "application/json"), ("*/*", "text/plain")]
    {
        let reply = server.request("GET", "/missing", &[("Accept", accept)], b"").expect(404);
        assert!(reply.field("Content-Type").unwrap().starts_with(kind), "{accept}: {reply:?}");
    }
}

#[test]
fn a_refusal_repeats_nothing_of_the_request_unescaped() {
    ours_only!();
    let site = Site::new();
    let reply = Server::start(&site).request("GET", "/<script>alert(1)</script>?<script>", &[HTML], b"");
    assert!(!reply.text().contains("<script>"), "{}", reply.text());
    let reply = Server::start(&site).request("GET", "/%3Cscript%3Ealert(1)%3C/script%3E", &[HTML], b"");
    assert!(!reply.text().contains("<script>"), "{}", reply.text());
}
