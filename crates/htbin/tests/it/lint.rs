//! `htbin lint`: broken scripts with what is found of each, good ones in which nothing is, mending, hostile files.

mod broken;
mod good;
mod hostile;
mod mended;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::{Command, Output},
};

use crate::{process::run, server::Start, site::Site};

/// What it found: the codes of each path below the site.
pub(crate) type Found = BTreeMap<String, BTreeSet<String>>;

/// Runs it in a directory.
pub(crate) fn lint(directory: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_htbin"));
    command.arg("lint").args(words).current_dir(directory);
    run(command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin"))
}

/// What it finds in a directory.
#[track_caller]
pub(crate) fn found(directory: &Path, words: &[&str]) -> Found {
    let output = lint(directory, &[&["--json"], words].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let findings: Vec<serde_json::Value> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(output.status.code(), Some(i32::from(!findings.is_empty())), "{said}");
    let mut found = Found::new();
    for finding in findings {
        let word = |name: &str| finding[name].as_str().unwrap_or_else(|| panic!("no {name} in {finding}")).to_owned();
        assert!(!word("cause").is_empty() && !word("fix").is_empty());
        found.entry(word("path")).or_default().insert(word("code"));
    }
    found
}

fn codes(of: &[(&str, &[&str])]) -> Found {
    of.iter().map(|(path, codes)| ((*path).to_owned(), codes.iter().map(|code| (*code).to_owned()).collect())).collect()
}

#[test]
fn a_finding_says_where_what_why_and_how() {
    ours_only!();
    let site = Site::new().script("cgi-bin/a.sh", "#!/bin/sh\r\necho\r\n").script("cgi-bin/b.sh", "#!/bin/sh\n");
    let output = lint(site.root(), &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    for words in
        ["cgi-bin/a.sh:1: carriage-return\n", "  why  ", "  fix  save it", "  run  sed -i", "1 finding in 2 scripts"]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("b.sh"), "{said}");
    let again = lint(site.root(), &["cgi-bin", "./cgi-bin", "cgi-bin/b.sh"]);
    let said = String::from_utf8(again.stdout).unwrap();
    assert!(said.contains("1 finding in 2 scripts"), "each counts once: {said}");
}

#[test]
fn nothing_found_is_0_and_wrong_usage_is_2() {
    ours_only!();
    let site = Site::new().script("cgi-bin/a.sh", "#!/bin/sh\n");
    let output = lint(site.root(), &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "nothing found in 1 script\n");
    for words in [&["no/such/place"][..], &["--no-such-flag"], &["--interpreter", "nonsense"]] {
        let output = lint(site.root(), words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_path_is_a_script_a_directory_or_a_site() {
    ours_only!();
    let bad = "#!/no/such/interpreter\n";
    let site = Site::new().script("cgi-bin/a.cgi", bad).script("cgi-bin/below/b.cgi", bad).script("tools/c.cgi", bad);
    let lost: &[&str] = &["interpreter-missing"];
    let (a, b, c) = (("cgi-bin/a.cgi", lost), ("cgi-bin/below/b.cgi", lost), ("tools/c.cgi", lost));
    assert_eq!(found(site.root(), &[]), codes(&[a, b]));
    assert_eq!(found(site.root(), &["cgi-bin"]), codes(&[a, b]));
    assert_eq!(found(site.root(), &["cgi-bin/below"]), codes(&[b]));
    assert_eq!(found(site.root(), &["cgi-bin/a.cgi"]), codes(&[a]));
    assert_eq!(found(site.root(), &["tools"]), codes(&[c]));
    assert_eq!(found(site.root(), &["tools/c.cgi", "cgi-bin/a.cgi"]), codes(&[a, c]));
    assert_eq!(found(site.root(), &["--cgi-dir", "/tools"]), codes(&[c]));
    assert_eq!(found(site.root(), &["--cgi-dir", "."]), codes(&[a, b, c]));
    assert_eq!(found(&site.path("cgi-bin/below"), &[]), codes(&[("b.cgi", lost)]));
    assert_eq!(found(site.root(), &["--interpreter", ".cgi=sh"]), codes(&[]));
}

#[test]
fn a_file_that_is_named_is_judged_with_its_neighbours() {
    ours_only!();
    let python = "#!/usr/bin/env python3\nimport greet, random\n";
    let site = Site::new()
        .script("cgi-bin/hello.py", python)
        .file("cgi-bin/greet.py", "x = 1\n")
        .file("cgi-bin/random.py", "x = 1\n")
        .file("cgi-bin/notes", "notes\n");
    let shadowed: &[&str] = &["shadowed-module"];
    assert_eq!(found(site.root(), &["cgi-bin/hello.py", "cgi-bin/greet.py"]), codes(&[]));
    assert_eq!(found(site.root(), &["cgi-bin/random.py"]), codes(&[("cgi-bin/random.py", shadowed)]));
    assert_eq!(found(site.root(), &[]), codes(&[("cgi-bin/random.py", shadowed)]));
    // Whoever names it means it as a script.
    let expected = codes(&[("cgi-bin/notes", &["no-first-line", "not-executable"])]);
    assert_eq!(found(site.root(), &["cgi-bin/notes"]), expected);
}

#[test]
fn rights_are_judged_as_the_user_who_is_named() {
    ours_only!();
    let site = Site::new().with_mode("cgi-bin/mine.sh", "#!/bin/sh\n", 0o700);
    let me = rustix::process::geteuid().as_raw();
    let other = if me == 4_000_000 { "4000001" } else { "4000000" };
    assert_eq!(
        found(site.root(), &["--user", other]),
        codes(&[("cgi-bin/mine.sh", &["not-executable", "script-unreadable"])])
    );
    if me == 0 {
        let nobody = found(site.root(), &[]);
        assert_eq!(nobody, codes(&[("cgi-bin/mine.sh", &["not-executable", "script-unreadable"])]));
    } else {
        assert_eq!(found(site.root(), &["--user", &me.to_string()]), codes(&[]));
    }
}

#[test]
fn the_banner_counts_what_lint_finds() {
    ours_only!();
    let site = Site::new().script("cgi-bin/a.sh", "#!/bin/sh\r\n").script("cgi-bin/b.sh", "#!/no/such/sh\n");
    let server = Start::new(&site).go();
    let row = server.events.with(" lint  ");
    assert!(row.contains("2 findings; see htbin lint /"), "{row}");
    let here = Start::new(&site).current_dir(site.root()).go();
    assert!(here.events.with(" lint  ").ends_with("2 findings; see htbin lint"));
    let clean = Site::new().script("cgi-bin/a.sh", "#!/bin/sh\n");
    let server = Start::new(&clean).go();
    server.events.with("Ctrl-C");
    assert!(!server.events.all().iter().any(|line| line.contains(" lint  ")));
}
