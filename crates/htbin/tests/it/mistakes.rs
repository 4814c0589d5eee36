//! What people get wrong at the start, and what they are told.

use std::process::Command;

use crate::{
    cli::fails,
    scripts::{HELLO, sh},
    server::{Server, Start},
    site::Site,
};

#[test]
fn cgi_and_no_cgi_contradict_each_other() {
    ours_only!();
    for line in [&["--no-cgi", "--cgi"][..], &["--cgi", "--no-cgi"], &["--no-cgi", "--cgi", "/x=/bin/sh"]] {
        fails(line, 2, &["--cgi and --no-cgi contradict each other", "leave one out"]);
    }
}

#[test]
fn a_port_for_unix_sockets_alone_is_an_error() {
    ours_only!();
    for line in [&["-b", "./none/a.sock", "--port", "9000"][..], &["9000", "-b", "./none/a.sock"]] {
        fails(line, 2, &["--port", "9000", "-b 127.0.0.1"]);
    }
}

#[test]
fn a_socket_without_a_slash_is_shown_with_one() {
    ours_only!();
    fails(&["-b", "h.sock"], 2, &["'h.sock'", "./h.sock"]);
}

#[test]
fn who_types_help_is_told_where_it_is() {
    ours_only!();
    fails(&["help"], 2, &["'help'", "htbin --help"]);
    fails(&["version"], 2, &["'version'", "htbin --version"]);
}

#[test]
fn an_address_that_is_taken_for_a_directory_is_shown_as_one() {
    ours_only!();
    fails(&["localhost:9000"], 2, &["'localhost:9000'", "htbin -b localhost 9000"]);
    fails(&[":9000"], 2, &["':9000'", "htbin -b :: 9000"]);
    fails(&["0.0.0.0"], 2, &["'0.0.0.0'", "htbin -b 0.0.0.0"]);
}

#[test]
fn a_value_that_is_taken_for_a_directory_is_shown_with_its_equals_sign() {
    ours_only!();
    let site = Site::new().file("app.html", "x");
    fails(&["--spa", site.path("app.html").to_str().unwrap()], 2, &["is a file", "--spa=app.html"]);
    fails(&["--cors", "https://example.org"], 2, &["'https://example.org'", "--cors=https://example.org"]);
    fails(&["--open", "/no/such"], 2, &["'/no/such'", "--open=/no/such"]);
}

#[test]
fn a_form_sent_to_a_file_is_told_where_scripts_run() {
    ours_only!();
    let site = Site::new().file("form.py", "x");
    let told = Server::start(&site).request("POST", "/form.py", &[], b"a=b").expect(405).text();
    assert!(told.contains("POST is for scripts") && told.contains("--cgi-dir ."), "{told}");
}

#[test]
fn too_little_memory_for_anything_is_an_error() {
    ours_only!();
    fails(&["--memory", "1"], 2, &["--memory", "1m"]);
    fails(&["--memory", "512"], 2, &["--memory", "512m"]);
}

#[test]
fn a_single_page_that_is_not_there_is_an_error() {
    ours_only!();
    let site = Site::new().file("index.html", "x").directory("app", 0o755).script("cgi-bin/page", HELLO);
    let root = site.root().to_str().unwrap();
    for file in ["/nope", "app", "cgi-bin/page"] {
        fails(&[&format!("--spa={file}"), "0", root], 1, &["--spa", file.trim_start_matches('/'), root]);
    }
}

#[test]
fn a_variable_that_is_none_is_told_with_the_nearest_one() {
    ours_only!();
    let site = Site::new();
    let start = Start::new(&site).env("HTBIN_MAX_SCRIPT", "3").env("HTBIN_QWXYZ", "1").env("HTBIN_NOTHING", "");
    let mut server = start.go();
    let line = server.events.with("HTBIN_MAX_SCRIPT");
    assert!(line.contains(" warn ") && line.contains("HTBIN_MAX_SCRIPTS"), "{line}");
    server.events.with("HTBIN_QWXYZ");
    assert!(server.stop().success());
    assert!(!server.events.all().join("\n").contains("HTBIN_NOTHING"));
}

#[test]
fn the_banner_counts_only_what_runs() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/hello", HELLO)
        .with_mode("cgi-bin/plain", HELLO, 0o644)
        .with_mode("cgi-bin/roots", HELLO, 0o600)
        .script("cgi-bin/lost", "#!/opt/missing/perl\n");
    let server = Server::start(&site);
    let line = server.events.with("/cgi-bin");
    assert!(line.ends_with("1 script, 2 not executable (chmod +x), 1 without its interpreter"), "{line}");
}

#[test]
fn as_root_a_script_that_is_roots_alone_does_not_count() {
    ours_only!();
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: needs root");
        return;
    }
    let site = Site::new().with_mode("cgi-bin/roots", HELLO, 0o700);
    let line = Server::start(&site).events.with("/cgi-bin");
    assert!(line.ends_with("0 scripts, 1 not executable (chmod +x)"), "{line}");
}

#[test]
fn as_root_a_directory_that_nobody_may_enter_is_told_with_what_blocks() {
    ours_only!();
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: needs root");
        return;
    }
    let place = Site::new().directory("home/www", 0o755).directory("home", 0o700);
    let (home, root) = (place.path("home"), place.path("home/www"));
    std::os::unix::fs::chown(&home, Some(1), None).unwrap();
    let owner = Command::new("id").args(["-un", "1"]).output().unwrap().stdout;
    let owner = String::from_utf8(owner).unwrap();
    let (home, root) = (home.to_str().unwrap(), root.to_str().unwrap());
    fails(&["0", root], 1, &["nobody", &format!("may not enter {home}"), &format!("--user {}", owner.trim())]);
    fails(&["0", root, "--user", "nobody"], 1, &[&format!("may not enter {home}")]);
}

#[test]
fn a_refused_script_is_named_in_the_log() {
    ours_only!();
    let site = Site::new().with_mode("cgi-bin/x", HELLO, 0o644).script("cgi-bin/y", HELLO);
    let off: &[&str] = &["--no-cgi"];
    for (path, flags, reason) in [("/cgi-bin/x", &[] as &[&str], "not-executable"), ("/cgi-bin/y", off, "scripts-off")]
    {
        let server = Server::with(&site, &[&["--log-format", "json"], flags].concat());
        server.get(path).expect(403);
        let line = server.events.with(reason);
        let script = site.path(path.trim_start_matches('/'));
        assert!(line.contains(&format!("script=\"{}\"", script.display())), "{line}");
        let line: serde_json::Value = serde_json::from_str(&server.access.with(path)).unwrap();
        assert_eq!(line["script"], script.to_str().unwrap(), "{line}");
    }
}

#[test]
fn a_refusal_says_why_only_where_there_is_something_to_say() {
    ours_only!();
    let site = Site::new().with_mode("cgi-bin/x", sh("exit 1"), 0o644);
    let server = Server::start(&site);
    let told = |path, kind| server.request("GET", path, &[("Accept", kind)], b"").text();
    for kind in ["text/plain", "text/html"] {
        let missing = told("/missing", kind);
        assert!(missing.contains("There is nothing at this address."), "{missing}");
        assert!(!missing.contains("othing more is known") && !missing.contains("Why"), "{missing}");
        assert!(told("/cgi-bin/x", kind).contains("Why"), "{kind}");
        assert!(told("/.hidden", kind).contains("--hidden"), "{kind}");
    }
}

#[test]
fn one_request_that_waits_is_one() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("echo $$ >\"$0\".pid\nexec sleep 600"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    for (queue, told) in [("0", "no request may wait for a script (--queue 0)"), ("1", "1 request waits for a script")]
    {
        let server = Server::with(&site, &["--max-scripts", "1", "--queue", queue, "--stop-time", "1ms"]);
        let mut runs = server.client();
        runs.send("GET /cgi-bin/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        pid.pid();
        let mut waits = server.client();
        waits.send("GET /cgi-bin/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut refused = server.client();
        // One of the two that ask now waits, and the other one is told.
        refused.send("GET /cgi-bin/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        server.events.with(told);
    }
}
