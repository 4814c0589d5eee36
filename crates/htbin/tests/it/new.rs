//! `htbin new`: each first script runs on the real server, answers, escapes what it is given, and lint finds nothing.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use crate::{
    lint,
    process::{run, run_ok},
    server::Server,
    site::Site,
};

const NAMES: [&str; 9] =
    ["hello.sh", "hello.py", "hello.pl", "hello.php", "hello.rb", "hello.lua", "hello.tcl", "hello.awk", "hello.js"];

fn new(directory: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_htbin"));
    command.arg("new").args(words).current_dir(directory);
    run(command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin"))
}

#[track_caller]
fn made(directory: &Path, words: &[&str]) -> String {
    let output = new(directory, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Asks a script with a name and with a message that mean harm where they are not escaped.
#[track_caller]
fn greets_and_escapes(server: &Server, path: &str) {
    let page = server.get(&format!("{path}?x=1&name=%3Cscript%3E%22%26+%C3%A4%2")).expect(200);
    assert_eq!(page.field("Content-Type"), Some("text/html; charset=utf-8"), "{path}");
    let said = page.text();
    assert!(said.contains("Hello, &lt;script&gt;&quot;&amp; ä%2!"), "{path}: {said}");
    assert!(said.contains("value=\"&lt;script&gt;&quot;&amp; ä%2\""), "{path}: {said}");
    assert!(!said.contains("<script"), "{path}: {said}");
    assert!(server.get(path).expect(200).text().contains("Hello, world!"), "{path}");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let said = server.request("POST", path, &form, b"x=1&message=%3Cscript%3E+%C3%A4").expect(200).text();
    assert!(said.contains("You wrote: &lt;script&gt; ä"), "{path}: {said}");
    assert!(!said.contains("<script"), "{path}: {said}");
}

#[test]
fn each_first_script_runs_and_escapes_and_lint_finds_nothing() {
    ours_only!();
    let site = Site::new();
    for name in NAMES {
        let said = made(site.root(), &[name]);
        assert!(said.contains(&format!("made  cgi-bin/{name}\n")), "{said}");
        assert!(said.contains(&format!("http://127.0.0.1:8000/cgi-bin/{name}?name=Ada\n")), "{said}");
        assert!(!said.contains("but"), "tests/packages.debian has its interpreter: {said}");
    }
    assert_eq!(lint::found(site.root(), &[]), lint::Found::new());
    let server = Server::start(&site);
    for name in NAMES {
        greets_and_escapes(&server, &format!("/cgi-bin/{name}"));
    }
}

#[test]
fn the_umlauts_are_right_in_utf_8_too() {
    ours_only!();
    let site = Site::new();
    for name in NAMES {
        made(site.root(), &[name]);
    }
    let server = Server::with(&site, &["--env", "LC_ALL=C.UTF-8"]);
    for name in NAMES {
        greets_and_escapes(&server, &format!("/cgi-bin/{name}"));
    }
}

#[test]
fn a_source_is_compiled_by_the_command_that_is_printed() {
    ours_only!();
    for (name, source) in [("hello.c", "hello.c"), ("hello.rs", "hello.rs"), ("with space.c", "with space.c")] {
        let site = Site::new();
        let said = made(site.root(), &[name]);
        let command = said.lines().find_map(|line| line.trim_start().strip_prefix("compile  ")).expect("it has one");
        let text = fs::read_to_string(site.path("cgi-bin").join(source)).unwrap();
        assert!(text.contains(command), "{text}");
        run_ok(Command::new("/bin/sh").args(["-c", command]).current_dir(site.root()));
        assert_eq!(lint::found(site.root(), &[]), lint::Found::new());
        let server = Server::start(&site);
        greets_and_escapes(
            &server,
            &format!("/cgi-bin/{}", name.replace(' ', "%20").replace(".c", ".cgi").replace(".rs", ".cgi")),
        );
    }
}

#[test]
fn a_name_says_where_and_in_which_language() {
    ours_only!();
    let site = Site::new();
    fs::remove_dir(site.path("cgi-bin")).unwrap();
    made(site.root(), &["greet", "--lang", "python"]);
    assert!(fs::read_to_string(site.path("cgi-bin/greet")).unwrap().starts_with("#!/usr/bin/env python3\n"));
    assert_eq!(fs::metadata(site.path("cgi-bin/greet")).unwrap().permissions().mode() & 0o777, 0o755);
    assert!(made(&site.path("cgi-bin"), &["beside.pl"]).contains("made  beside.pl\n"));
    assert!(site.path("cgi-bin/beside.pl").is_file());
    assert!(made(site.root(), &["tools/a.sh"]).contains("--cgi-dir ."));
    assert!(site.path("tools/a.sh").is_file());
    let output = new(site.root(), &["greet"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--lang sh, python"));
    assert_eq!(new(site.root(), &["x.py", "--lang", "cobol"]).status.code(), Some(2));
    assert_eq!(new(site.root(), &[]).status.code(), Some(2));
    let hidden = new(site.root(), &["cgi-bin/.hidden.py"]);
    assert_eq!(hidden.status.code(), Some(2), "its address would be a 404");
    assert!(String::from_utf8_lossy(&hidden.stderr).contains("starts with a dot") && hidden.stdout.is_empty());
}

#[test]
fn nothing_is_ever_overwritten() {
    ours_only!();
    let site =
        Site::new().file("cgi-bin/mine.py", "mine").file("cgi-bin/mine.c", "mine").link("cgi-bin/to.py", "../away.py");
    for name in ["mine.py", "mine.c", "to.py", "no/such/directory/a.py"] {
        let output = new(site.root(), &[name]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(fs::read_to_string(site.path("cgi-bin/mine.py")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(site.path("cgi-bin/mine.c")).unwrap(), "mine");
    assert!(!site.path("away.py").exists() && !site.path("no").exists());
}
