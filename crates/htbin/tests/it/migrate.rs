//! The guides of docs/migrate, step by step: the old server started from the guide's configuration, htbin from its command
//! line, and both asked what the guide asks.

use std::{fs, path::Path, process::Command};

use crate::{
    pages::{block, blocks},
    peers::{Kind, Machine, Peer},
    process::run_ok,
    server::{Server, Start},
};

#[test]
fn from_apache() {
    ours_only!();
    moves(Kind::Apache);
}

#[test]
fn from_lighttpd() {
    ours_only!();
    moves(Kind::Lighttpd);
}

#[test]
fn from_nginx_and_fcgiwrap() {
    ours_only!();
    moves(Kind::Nginx);
}

#[test]
fn from_http_server() {
    ours_only!();
    let version = run_ok(Command::new("python3").args(["-c", "import sys; print(sys.version_info < (3, 15))"]));
    if version.trim() != "True" {
        eprintln!("skipped: this Python has no --cgi");
        return;
    }
    moves(Kind::Python);
}

#[test]
fn nginx_stays_in_front() {
    ours_only!();
    let machine = furnished();
    let old = Peer::start(Kind::Nginx, &machine);
    let page = Kind::NginxBeforeHtbin.guide();
    let block = block(page, "serve=behind");
    let line = block.lines().last().unwrap();
    let behind = htbin(&machine, line).launch();
    behind.events.with("htbin.sock");
    // The unit of the guide lets nginx's user in; here nginx may run as another one.
    machine.mode("run/htbin/htbin.sock", 0o777);
    let new = Peer::start(Kind::NginxBeforeHtbin, &machine);
    assert_same(page, &old, |path| new.url(path));
}

/// Every step of a guide.
fn moves(kind: Kind) {
    let machine = furnished();
    let page = kind.guide();
    let old = Peer::start(kind, &machine);
    let new = htbin(&machine, &block(page, "serve")).go();
    assert_same(page, &old, |path| new.url(path));
    assert_serves(&machine, page);
}

/// The service of the guide starts, and serves.
fn assert_serves(machine: &Machine, page: &str) {
    let unit = block(page, "file=/etc/systemd/system/htbin.service");
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let server: Server = htbin(machine, line).go();
    server.get("/notes.txt").expect(200);
    server.get("/cgi-bin/hello.sh?name=Ada").expect(200);
}

/// htbin as a line of a guide starts it, but on a free port of this machine alone.
fn htbin(machine: &Machine, line: &str) -> Start {
    let line = machine.here(line).replace("-b ::", "-b 127.0.0.1");
    let mut words = line.split_whitespace().skip_while(|word| *word == "sudo");
    let program = words.next().unwrap();
    assert!(Path::new(program).ends_with("htbin"), "{line}");
    let mut flags: Vec<&str> = words.map(|word| if matches!(word, "80" | "8000") { "0" } else { word }).collect();
    if !rustix::process::geteuid().is_root()
        && let Some(at) = flags.iter().position(|flag| *flag == "--user")
    {
        flags.drain(at..at + 2);
    }
    Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&flags).current_dir(&machine.path("www"))
}

/// Asks both what the guide asks, and compares status, type and body.
fn assert_same(page: &str, old: &Peer, new: impl Fn(&str) -> String) {
    let asked = block(page, "compare");
    assert!(asked.lines().count() >= 5, "{page} asks too little");
    for line in asked.lines() {
        let (expected, found) = (Answer::to(line, &old.url("/")), Answer::to(line, &new("/")));
        assert_eq!(found.status, expected.status, "{line}: {}", found.body);
        if line.ends_with("/missing") {
            assert_eq!(found.status, "404", "{line}");
            continue;
        }
        assert_eq!(expected.status, "200", "{line}: {}\n{}", expected.body, old.log());
        assert_eq!(found.body, expected.body, "{line}");
        // Where the old one names no charset, htbin does.
        let named = expected.kind.contains("charset");
        let kind = if named { found.kind.as_str() } else { found.kind.split(';').next().unwrap() };
        assert_eq!(kind.to_ascii_lowercase(), expected.kind.to_ascii_lowercase(), "{line}");
    }
}

/// What a line of curl gets.
struct Answer {
    status: String,
    kind: String,
    body: String,
}

impl Answer {
    fn to(line: &str, root: &str) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let body = scratch.path().join("body");
        let own = format!(
            "curl --silent --show-error --max-time 30 --noproxy '*' --output {} --write-out '%{{http_code}} %{{content_type}}' ",
            body.display()
        );
        let line = line.replacen("curl ", &own, 1).replace("http://localhost/", root);
        let told = run_ok(Command::new("sh").args(["-c", &line]));
        let (status, kind) = told.split_once(' ').unwrap();
        let body = String::from_utf8_lossy(&fs::read(&body).unwrap_or_default()).into_owned();
        Self { status: status.to_owned(), kind: kind.to_owned(), body }
    }
}

/// A machine with pages and scripts.
fn furnished() -> Machine {
    let machine = Machine::new();
    machine.file("www/index.html", "<h1>Welcome</h1>\n", 0o644);
    machine.file("www/notes.txt", "my notes\n", 0o644);
    machine.file("www/tools/today.cgi", TODAY, 0o755);
    machine.file("www/tools/page.plx", PAGE, 0o644);
    for folder in ["www", "lib"] {
        machine.file(&format!("{folder}/cgi-bin/hello.sh"), HELLO, 0o755);
        machine.file(&format!("{folder}/cgi-bin/form.py"), FORM, 0o755);
        machine.file(&format!("{folder}/cgi-bin/told.pl"), TOLD, 0o755);
    }
    machine
}

#[test]
fn each_guide_plays_all_its_parts() {
    for kind in [Kind::Apache, Kind::Lighttpd, Kind::Nginx, Kind::Python] {
        let known = ["file=", "serve", "compare", "old"];
        for block in blocks(kind.guide()) {
            let is_known = known.iter().any(|role| block.role.starts_with(role));
            assert!(is_known, "{}:{}: no test runs a block `{}`", kind.guide(), block.line, block.role);
        }
    }
}

const HELLO: &str = r#"#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "Hello, $QUERY_STRING"
"#;

const TODAY: &str = r#"#!/bin/sh
echo "Content-Type: text/html"
echo
echo "<p>Today is a good day."
"#;

const PAGE: &str = r#"print "Content-Type: text/plain\n\n", "A page of $ENV{SCRIPT_NAME}\n";
"#;

const FORM: &str = r#"#!/usr/bin/python3
import os, sys, urllib.parse

form = urllib.parse.parse_qs(sys.stdin.read(int(os.environ["CONTENT_LENGTH"])))
print("Content-Type: text/plain")
print()
print("Thank you,", form["name"][0])
"#;

const TOLD: &str = r#"#!/usr/bin/perl
print "Content-Type: text/plain\n\n";
print "$_=$ENV{$_}\n" for qw(GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING GUESTBOOK);
"#;
