//! The command line: Python's spelling, the environment, errors and their exit codes, listening.

use std::{
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use crate::{
    process::{run, run_ok},
    scripts::{HELLO, PROBE, sh},
    server::{Server, Start, port_of},
    site::Site,
};

fn htbin(arguments: &[&str]) -> Output {
    run(Command::new(env!("CARGO_BIN_EXE_htbin")).args(arguments).env_clear().env("PATH", "/usr/bin:/bin"))
}

#[track_caller]
pub(crate) fn fails(arguments: &[&str], code: i32, words: &[&str]) {
    let output = htbin(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(words.iter().all(|word| said.contains(word)), "{arguments:?} says {said:?}, not {words:?}");
    assert!(output.stdout.is_empty());
}

#[test]
fn help_and_version() {
    ours_only!();
    let said = |flag| String::from_utf8(htbin(&[flag]).stdout).unwrap();
    assert!(said("--version").starts_with("htbin 0."));
    assert_eq!(said("-V"), said("--version"));
    assert!(said("-h").contains("--cgi-dir"));
    let help = said("--help");
    for flag in [
        "--port",
        "--bind",
        "--directory",
        "--cgi",
        "--interpreter",
        "--timeout",
        "--max-scripts",
        "--user",
        "--log-format",
    ] {
        assert!(help.contains(flag), "{flag}");
    }
    assert!(htbin(&["--help"]).status.success());
}

#[test]
fn wrong_usage_is_2_and_says_what_and_how() {
    ours_only!();
    fails(&["--no-such-flag"], 2, &["--no-such-flag"]);
    fails(&["--port", "99999"], 2, &["99999"]);
    fails(&["--timeout", "soon"], 2, &["soon", "60s"]);
    fails(&["--log-format", "xml"], 2, &["xml", "common"]);
    fails(&["8000", "9000"], 2, &["8000", "9000"]);
}

#[test]
fn what_cannot_be_served_says_what_and_where() {
    ours_only!();
    let output = htbin(&["/no/such/directory"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(1 | 2 | 78)), "{:?}", output.status);
    assert!(said.contains("/no/such/directory"), "{said}");
    let output = htbin(&["--interpreter", ".py=no-such-python", "/tmp"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-python"));
    let output = htbin(&["--cgi", "/git=/no/such/program", "/tmp"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/program"));
    let output = htbin(&["--user", "no-such-user", "/tmp"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-user") || !rustix::process::geteuid().is_root());
}

#[test]
fn a_port_that_was_asked_for_and_is_taken_is_an_error() {
    ours_only!();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = htbin(&["-b", "127.0.0.1", &port, "/tmp"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&port));
}

#[test]
fn port_8000_that_is_taken_and_was_not_asked_for_is_the_next() {
    ours_only!();
    // Whoever holds it, somebody does; it may be another test.
    let _taken = TcpListener::bind("127.0.0.1:8000");
    let site = Site::new().file("a.txt", "a");
    let server = Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["-b", "127.0.0.1"]).current_dir(site.root()).go();
    assert!((8001..8021).contains(&server.port), "{}", server.port);
    assert_eq!(server.get("/a.txt").text(), "a");
    assert!(server.events.all().join("\n").contains("8000"), "it says so: {:?}", server.events.all());
}

#[test]
fn pythons_spelling_works_to_the_letter() {
    ours_only!();
    let site = Site::new().script("cgi-bin/hello", HELLO);
    let root = site.root().to_str().unwrap();
    for words in [
        &["--cgi", "0", "-d", root][..],
        &["--cgi", "-b", "127.0.0.1", "--directory", root, "0"],
        &["--bind", "127.0.0.1", "--cgi", "-p", "HTTP/1.1", "0", "-d", root],
        &["-p", "0", root],
        &[root, "0"],
        &["0", root],
        &["--port=0", "--", root],
    ] {
        let server = Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(words).go();
        assert_eq!(server.get("/cgi-bin/hello").expect(200).text(), "hello\n", "{words:?}");
    }
}

#[test]
fn flags_come_from_the_environment_and_the_command_line_goes_before() {
    ours_only!();
    let site = Site::new().script("cgi-bin/probe", PROBE).file("a.txt", "a");
    let server = Start::new(&site)
        .env("HTBIN_ENV", "FROM=environment")
        .env("HTBIN_NO_LISTING", "1")
        .env("HTBIN_DIRECTORY", "/nowhere")
        .go();
    assert_eq!(server.probe("/cgi-bin/probe").var("FROM"), Some("environment"));
    assert_eq!(server.get("/").status, 403);
}

#[test]
fn a_wrong_value_in_the_environment_names_its_variable() {
    ours_only!();
    let mut command = Command::new(env!("CARGO_BIN_EXE_htbin"));
    let output = run(command.env_clear().env("HTBIN_TIMEOUT", "soon"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("HTBIN_TIMEOUT"));
}

#[test]
fn both_loopback_addresses_are_listened_to() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let server = Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["0"]).current_dir(site.root()).go();
    for host in ["127.0.0.1", "[::1]"] {
        let url = format!("http://{host}:{}/a.txt", server.port);
        assert_eq!(
            run_ok(Command::new("curl").args(["-sS", "--max-time", "20", "--globoff", "--noproxy", "*", &url])),
            "a"
        );
    }
}

#[test]
fn a_unix_socket_is_for_its_owner_alone() {
    ours_only!();
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let place = Site::new().directory("run", 0o777);
    let socket = place.path("run/s");
    let _server = Start::new(&site).flags(&["--bind", socket.to_str().unwrap()]).go();
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "20", "--unix-socket"]).arg(&socket).arg("http://example.org/cgi-bin/probe");
    let told = run_ok(&mut curl);
    assert!(told.contains("SERVER_NAME=example.org"), "{told}");
}

#[test]
fn a_socket_that_a_dead_server_left_is_taken_over_and_a_living_one_is_not() {
    ours_only!();
    let site = Site::new();
    let place = Site::new().directory("run", 0o777);
    let socket = place.path("run/s");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let server = Start::new(&site).flags(&["--bind", socket.to_str().unwrap()]).go();
    let output = htbin(&["-b", socket.to_str().unwrap(), site.root().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    drop(server);
}

#[test]
fn the_banner_tells_what_is_served_where_and_what_runs() {
    ours_only!();
    let site = Site::new().script("cgi-bin/hello", HELLO).file("cgi-bin/plain.py", "x");
    let server = Start::new(&site).go();
    server.get("/");
    let said = server.events.all().join("\n");
    assert!(said.contains(site.root().to_str().unwrap()) && said.contains("/cgi-bin"), "{said}");
    assert!(said.lines().filter_map(port_of).all(|port| port == server.port));
}

#[test]
fn the_browser_that_open_starts_is_told_where_and_outlives_the_server() {
    ours_only!();
    let browser = "echo \"$@\" >\"$0\".said\nread x <\"$0\".gate\necho 'still here' >\"$0\".said";
    let site = Site::new().script("browser", sh(browser));
    let (mut said, gate) = (site.fifo("browser.said"), site.fifo("browser.gate"));
    let start = Start::new(&site).flags(&["--open=/a%20b?c"]).env("BROWSER", site.path("browser").to_str().unwrap());
    let mut server = start.go();
    assert_eq!(said.line(), server.url("/a%20b?c"));
    assert!(server.stop().success());
    gate.release();
    assert_eq!(said.line(), "still here");
}

#[test]
fn the_manual_and_completions_are_printed() {
    ours_only!();
    let manual = String::from_utf8(htbin(&["man"]).stdout).unwrap();
    assert!(manual.contains(".TH") && manual.contains("cgi\\-dir"), "{manual}");
    for shell in ["bash", "zsh", "fish"] {
        let output = htbin(&["completions", shell]);
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("htbin"), "{shell}");
    }
}

#[test]
fn the_demo_runs_and_leaves_nothing() {
    ours_only!();
    let scratch = Site::new().directory("tmp", 0o777);
    let tmp = scratch.path("tmp");
    let start = Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["demo", "0"]).env("TMPDIR", tmp.to_str().unwrap());
    let mut server = start.go();
    let page = server.request("GET", "/", &[("Accept", "text/html")], b"").expect(200).text();
    assert!(page.contains("cgi-bin/hello.py"), "{page}");
    assert!(server.stop().success());
    assert_eq!(std::fs::read_dir(&tmp).unwrap().count(), 0, "the unpacked site is removed");
}

#[test]
fn a_directory_that_is_called_like_a_command_can_be_served() {
    ours_only!();
    let site = Site::new().file("demo/a.txt", "a");
    let server = Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["./demo", "0"]).current_dir(site.root()).go();
    assert_eq!(server.get("/a.txt").expect(200).text(), "a");
}

#[test]
fn the_address_is_shown_as_a_code_where_others_can_use_it() {
    ours_only!();
    let site = Site::new();
    let server = Server::with(&site, &["--qr"]);
    server.events.wait_for("why there is no code", |line| line.contains("qr  none: only this machine"));
    let shared = Start::bare(env!("CARGO_BIN_EXE_htbin"))
        .flags(&["--port", "0", "-b", "0.0.0.0", "--qr", "-d"])
        .flags(&[site.root()])
        .go();
    shared.events.with("Ctrl-C");
    let lines = shared.events.all();
    let row = lines.iter().position(|line| line.contains("       qr  ")).expect("a row of its own");
    if lines[row].contains("this machine has no address") {
        return;
    }
    assert_eq!(port_of(&lines[row]), Some(shared.port), "{}", lines[row]);
    assert!(!lines[row].contains("127.0.0.1") && !lines[row].contains("0.0.0.0"), "{}", lines[row]);
    let code = lines[row + 1..].iter().take_while(|line| !line.contains("Ctrl-C")).collect::<Vec<_>>();
    assert!(code.len() > 14 && code.iter().all(|line| line.contains("████")), "{code:?}");
}
