//! The rules themselves are tested: a small tree that keeps them all, and beside it what breaks each of them.

use std::fs;

use crate::{breaches, tidy::tree::Tree};

#[test]
fn a_tidy_tree_has_no_breach() {
    assert_eq!(found_with("docs/empty.md", ""), [""; 0]);
}

#[test]
fn each_way_to_break_a_rule_is_found_where_it_stands() {
    for (path, text, line, what) in BROKEN {
        let found = found_with(path, text);
        let [only] = found.as_slice() else { panic!("{path} with {text:?} gave {found:#?}") };
        assert!(only.starts_with(&format!("{path}:{line}: ")), "not at {path}:{line}: {only}");
        assert!(only.ends_with(what), "not {what:?}: {only}");
    }
}

#[test]
fn what_only_looks_like_a_breach_is_none() {
    for (path, text) in INNOCENT {
        assert_eq!(found_with(path, text), [""; 0], "{path} with {text:?}");
    }
}

#[test]
fn long_functions_are_found_one_by_one_and_as_a_share() {
    let path = "crates/spawn/src/long.rs";
    assert_eq!(found_with(path, &function_of(50)), [""; 0]);
    let [only] = &found_with(path, &function_of(51))[..] else { panic!("one breach expected") };
    assert!(only.starts_with("crates/spawn/src/long.rs:3: ") && only.contains("long has 51 lines, and it is among"));
    let [first, _share] = &found_with(path, &function_of(71))[..] else { panic!("two breaches expected") };
    assert!(first.starts_with("crates/spawn/src/long.rs:3: ") && first.ends_with("long has 71 lines"));
    let in_tests = format!("//! Long.\n#[cfg(test)]\nmod tests {{\n{}}}\n", function_of(80).replace("//! Long.", ""));
    assert_eq!(found_with(path, &in_tests), [""; 0]);
}

#[test]
fn long_files_are_found_one_by_one_and_as_a_share() {
    let file_of = |lines: usize| format!("//! Long.\n{}", "//\n".repeat(lines - 1));
    let [only] = &found_with("crates/spawn/src/long.rs", &file_of(501))[..] else { panic!("one breach expected") };
    assert!(only.starts_with("crates/spawn/src/long.rs:1: ") && only.ends_with("has 501 lines"));
    // The tidy tree has eight short sources: two long ones beside them are more than 15 in 100.
    let long = file_of(401);
    let found = found_in(&[("crates/spawn/src/a.rs", &long), ("crates/spawn/src/b.rs", &long)]);
    let [only] = &found[..] else { panic!("one breach expected") };
    assert!(only.starts_with("crates/spawn/src/a.rs:1: ") && only.contains("has 401 lines, and it is among"));
}

#[test]
fn a_decision_longer_than_a_page_is_found() {
    let path = "docs/adr/0001-long.md";
    assert_eq!(found_with(path, &"word\n".repeat(40)), [""; 0]);
    let [only] = &found_with(path, &"word\n".repeat(41))[..] else { panic!("one breach expected") };
    assert!(only.starts_with("docs/adr/0001-long.md:41: ") && only.ends_with("it has 41"));
}

/// The breaches of the tidy tree with one file added or replaced.
fn found_with(path: &str, text: &str) -> Vec<String> {
    found_in(&[(path, text)])
}

/// The breaches of the tidy tree with files added or replaced.
fn found_in(changes: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (path, text) in TIDY.iter().chain(changes) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("each path has a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    breaches(&Tree::read(folder.path())).iter().map(ToString::to_string).collect()
}

/// A file with a function of so many lines, at line 3.
fn function_of(lines: usize) -> String {
    format!("//! Long.\n\nfn long() {{\n{}}}\n", "    ();\n".repeat(lines - 2))
}

/// A tree that keeps every rule.
const TIDY: [(&str, &str); 11] = [
    ("crates/cgi/Cargo.toml", "[dependencies]\nhttp.workspace = true\n"),
    ("crates/cgi/src/lib.rs", "//! Words.\n#![forbid(unsafe_code)]\n"),
    ("crates/spawn/Cargo.toml", "[dependencies]\nlibc = \"0.2\"\n"),
    ("crates/spawn/src/lib.rs", "//! Scripts.\nmod sys;\n"),
    ("crates/spawn/src/sys.rs", "//! Danger.\npub fn pid() -> i32 { unsafe { libc::getpid() } }\n"),
    (
        "crates/htbin/src/lib.rs",
        "//! Rooms.\n#![forbid(unsafe_code)]\npub mod cli;\npub mod web;\npub mod config;\npub mod low;\n",
    ),
    ("crates/htbin/src/main.rs", "//! Main.\n#![forbid(unsafe_code)]\nfn main() { htbin::config::x(); }\n"),
    ("crates/htbin/src/cli.rs", "//! Flags.\nuse crate::{config::x, low};\n"),
    ("crates/htbin/src/web.rs", "//! Web.\nuse crate::low;\n"),
    ("crates/htbin/src/low.rs", "//! Low.\n"),
    ("crates/htbin/tests/low.rs", "//! Tests of low.\n#[test]\nfn get_works() {}\n"),
];

/// A file, its text, the line of the one breach it makes, and how the message ends.
const BROKEN: &[(&str, &str, usize, &str)] = &[
    // Rooms.
    ("crates/htbin/src/low.rs", "//! Low.\nuse crate::cli::Flags;\n", 2, "names crate::cli::Flags"),
    ("crates/htbin/src/low.rs", "//! Low.\nuse crate::{low::a, cli::{Flags}};\n", 2, "names crate::cli::Flags"),
    ("crates/htbin/src/low.rs", "//! Low.\nfn f() {\n    crate::cli::f();\n}\n", 3, "names crate::cli::f"),
    ("crates/htbin/src/low.rs", "//! Low.\nfn f() {\n    assert!(super::cli::f());\n}\n", 3, "names crate::cli::f"),
    ("crates/htbin/src/low.rs", "//! Low.\nuse super::config::x;\n", 2, "names crate::config::x"),
    ("crates/htbin/src/low.rs", "//! Low.\nuse crate::*;\n", 2, "hides which rooms it uses"),
    ("crates/htbin/src/low/part.rs", "//! Part.\nuse super::super::cli;\n", 2, "names crate::cli"),
    (
        "crates/htbin/src/low.rs",
        "//! Low.\n#[cfg(test)]\nmod tests {\n    use super::super::cli::f;\n}\n",
        4,
        "names crate::cli::f",
    ),
    ("crates/htbin/src/web.rs", "//! Web.\nuse crate::config::Settings;\n", 2, "web names crate::config::Settings"),
    // Danger.
    ("crates/spawn/src/script.rs", "//! S.\n\nfn f() {\n    unsafe { g() }\n}\n", 4, "unsafe { g() }"),
    ("crates/spawn/src/script.rs", "//! S.\nunsafe fn f() {}\n", 2, "unsafe fn f() {}"),
    ("crates/spawn/src/script.rs", "//! S.\nunsafe impl Send for X {}\n", 2, "unsafe impl Send for X {}"),
    ("crates/spawn/src/script.rs", "//! S.\nm! { unsafe }\n", 2, "m! { unsafe }"),
    ("crates/cgi/src/lib.rs", "//! Words.\n", 1, "#![forbid(unsafe_code)] is missing"),
    ("crates/htbin/src/main.rs", "//! M.\n#![deny(unsafe_code)]\n", 1, "#![forbid(unsafe_code)] is missing"),
    // Leaves.
    ("crates/cgi/src/head.rs", "//! H.\nuse std::{fmt, io::Read};\n", 2, "names std::io::Read"),
    ("crates/cgi/src/head.rs", "//! H.\nuse std::net::{self};\n", 2, "names std::net"),
    ("crates/cgi/src/head.rs", "//! H.\nfn f() -> std::time::Duration { g() }\n", 2, "names std::time::Duration"),
    ("crates/cgi/src/head.rs", "//! H.\n\nasync fn f() {}\n", 3, "names async"),
    ("crates/cgi/src/head.rs", "//! H.\nuse htbin_spawn::launch;\n", 2, "names htbin_spawn::launch"),
    ("crates/cgi/Cargo.toml", "[dependencies]\nhttp = \"1\"\ntokio = \"1\"\n", 3, "depends on tokio"),
    ("crates/spawn/src/script.rs", "//! S.\nuse http::StatusCode;\n", 2, "names http::StatusCode"),
    ("crates/spawn/src/script.rs", "//! S.\nuse htbin_cgi as cgi;\n", 2, "names htbin_cgi"),
    ("crates/spawn/Cargo.toml", "[dev-dependencies]\nhttp.workspace = true\n", 2, "depends on http"),
    ("crates/spawn/Cargo.toml", "[dependencies.htbin-cgi]\npath = \"../cgi\"\n", 1, "depends on htbin-cgi"),
    ("crates/spawn/Cargo.toml", "[dependencies]\nweb = { package = \"http\" }\n", 2, "depends on http"),
    // Words.
    ("crates/spawn/src/fork_util.rs", "//! F.\n", 1, "util in the name of the file"),
    ("crates/spawn/src/part/mod.rs", "//! P.\n", 1, "mod.rs"),
    ("crates/spawn/src/script.rs", "//! S.\nmod helpers {}\n", 2, "helper in helpers"),
    ("crates/spawn/src/script.rs", "//! S.\nstruct ScriptManager;\n", 2, "manager in ScriptManager"),
    ("crates/spawn/src/script.rs", "//! S.\nenum Pool {}\n", 2, "pool in Pool"),
    ("crates/spawn/src/script.rs", "//! S.\ntype RequestContext = ();\n", 2, "context in RequestContext"),
    ("crates/spawn/src/script.rs", "//! S.\nfn get_pid() {}\n", 2, "get_ in get_pid"),
    ("crates/spawn/src/script.rs", "//! S.\nimpl X {\n    fn do_it() {}\n}\n", 3, "do_ in do_it"),
    ("crates/spawn/src/script.rs", "// S.\nuse std::fmt;\n", 1, "// S."),
    // Habits.
    ("crates/htbin/tests/low.rs", "//! T.\n#[ignore]\n#[test]\nfn f() {}\n", 2, "#[ignore]"),
    ("crates/htbin/tests/low.rs", "//! T.\np! {\n    #[ignore = \"why\"]\n    fn f() {}\n}\n", 3, "#[ignore]"),
    ("crates/htbin/tests/low.rs", "//! T.\nfn f() {\n    todo!()\n}\n", 3, "a gap that panics"),
    ("crates/htbin/tests/low.rs", "//! T.\nfn f() {\n    unimplemented!(\"x\")\n}\n", 3, "a gap that panics"),
    ("crates/htbin/tests/low.rs", "//! T.\nfn f() {\n    std::thread::sleep(x);\n}\n", 3, "thread::sleep"),
    ("crates/htbin/tests/low.rs", "//! T.\nuse std::thread::{self, sleep};\n", 2, "thread::sleep"),
    ("crates/htbin/tests/low.rs", concat!("//! T.\n// FIX", "ME: later\n"), 2, concat!("FIX", "ME")),
    // Documents.
    ("docs/threats.md", "# T\n`tests/low.rs::get_fails`.\n", 2, "tests/low.rs has no fn get_fails"),
    ("docs/threats.md", "# T\n`tests/high.rs::get_works`\n", 2, "tests/high.rs has no fn get_works"),
];

/// What a rule must let pass.
const INNOCENT: &[(&str, &str)] = &[
    ("crates/htbin/src/cli.rs", "//! F.\nuse crate::{config, low::*};\nmod part {\n    use super::super::cli;\n}\n"),
    ("crates/htbin/src/low.rs", "//! Low.\n// crate::cli and unsafe\nconst X: &str = \"crate::cli\";\n"),
    ("crates/htbin/src/low.rs", "//! Low.\npub(crate) fn f() {}\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n"),
    ("crates/cgi/src/head.rs", "//! H.\nuse std::{fmt, collections::HashMap as io};\nuse core::net::IpAddr;\n"),
    ("crates/spawn/src/script.rs", "//! S.\nuse std::task::Context;\n#[deny(unsafe_op_in_unsafe_fn)]\nfn f() {}\n"),
    ("crates/spawn/src/script.rs", "//! S.\nimpl Trait for X {\n    fn get_it() {}\n}\nstruct Carpool;\n"),
    ("crates/spawn/src/sys/fork.rs", "//! F.\nunsafe fn f() {}\n"),
    ("docs/threats.md", "# T\nhttpoxy: dropped (`tests/low.rs::get_works`, `crates/htbin/tests/low.rs::get_works`).\n"),
];
