//! `htbin passwd`: what it writes Apache's own htpasswd believes, and what it does not write stays as it was.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::process::{run, run_ok};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn users(&self) -> PathBuf {
        self.0.path().join("users")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.users()).unwrap()
    }
}

/// `htbin passwd` with these words behind the file, and this on its standard input.
fn passwd(file: &Path, words: &[&str], typed: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_htbin"));
    command.arg("passwd").arg(file).args(words).env_clear();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Who refuses the words does not read on.
    _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn done(file: &Path, words: &[&str], typed: &str) -> String {
    let output = passwd(file, words, typed);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn refused(file: &Path, words: &[&str], typed: &str) -> String {
    let output = passwd(file, words, typed);
    assert_eq!(output.status.code(), Some(1), "{words:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Does Apache's htpasswd say that this is the password?
fn fits(file: &Path, user: &str, password: &str) -> bool {
    run(Command::new("htpasswd").args(["-vb"]).arg(file).args([user, password])).status.success()
}

#[test]
fn a_user_is_added_changed_and_taken_out() {
    ours_only!();
    let folder = Folder::new();
    let file = folder.users();
    assert!(refused(&file, &["ada", "--stdin"], "secret\n").contains("-c makes it"));
    let said = done(&file, &["-c", "ada", "--stdin"], "first secret\n");
    assert!(said.contains("ada was added") && !said.contains("secret"), "{said}");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o640);
    assert!(folder.text().starts_with("ada:$2y$12$"));
    assert!(fits(&file, "ada", "first secret") && !fits(&file, "ada", "first"));
    assert!(refused(&file, &["-c", "bob", "--stdin"], "x\n").contains("there already"));

    let apaches = "# staff\nbob:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/\n";
    fs::write(&file, format!("{apaches}{}", folder.text())).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let said = done(&file, &["ada", "--stdin"], "another\r\n");
    assert!(said.contains("another password"), "{said}");
    assert!(folder.text().starts_with(apaches) && fits(&file, "ada", "another") && fits(&file, "bob", "myPassword"));
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o600);

    assert!(done(&file, &["--delete", "ada"], "").contains("taken out"));
    assert_eq!(folder.text(), apaches);
    assert!(refused(&file, &["--delete", "ada"], "").contains("has no user ada"));
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn what_would_break_the_file_is_refused() {
    ours_only!();
    let folder = Folder::new();
    let file = folder.users();
    fs::write(&file, "bob:x\n").unwrap();
    for user in ["a:b", "eve\nroot:x", "", " ada", "#ada", "a\u{1b}[31m"] {
        let said = refused(&file, &["--stdin", "--", user], "secret\n");
        assert!(said.contains("no name of a user") && !said.contains('\u{1b}'), "{said}");
    }
    for typed in ["", "\n", "a\tb\n", &format!("{}\n", "x".repeat(73)), &format!("{}\n", "x".repeat(100_000))] {
        assert!(refused(&file, &["ada", "--stdin"], typed).contains("password cannot be used"));
    }
    symlink(&file, folder.0.path().join("link")).unwrap();
    assert!(refused(&folder.0.path().join("link"), &["ada", "--stdin"], "secret\n").contains("symbolic link"));
    assert!(refused(folder.0.path(), &["ada", "--stdin"], "secret\n").contains("cannot read"));
    assert_eq!(folder.text(), "bob:x\n");
}

#[test]
fn many_at_once_lose_nobody() {
    ours_only!();
    let folder = Folder::new();
    fs::write(folder.users(), "").unwrap();
    let file = folder.users();
    std::thread::scope(|scope| {
        for at in 0..6 {
            let file = &file;
            scope.spawn(move || done(file, &[&format!("user{at}"), "--stdin"], "secret\n"));
        }
    });
    let text = folder.text();
    assert!(text.lines().count() == 6 && (0..6).all(|at| text.contains(&format!("user{at}:"))), "{text}");
}

/// On a terminal: it is asked for twice, and what is typed is not shown.
#[test]
fn a_password_is_asked_for_twice_and_not_shown() {
    ours_only!();
    let folder = Folder::new();
    let file = folder.users();
    let words = format!("{} passwd -c {} ada", env!("CARGO_BIN_EXE_htbin"), file.display());
    let asked = |second: &str| {
        let mut child = Command::new("script")
            .args(["-qefc", &words, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut typed, mut shown) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut seen = String::new();
        let mut until = |text: &str| {
            let mut octet = [0];
            while !seen.contains(text) && shown.read(&mut octet).unwrap() == 1 {
                seen.push(char::from(octet[0]));
            }
            assert!(seen.contains(text), "{seen}");
            seen.clone()
        };
        until("New password: ");
        typed.write_all(b"a secret\n").unwrap();
        until("The same again: ");
        typed.write_all(second.as_bytes()).unwrap();
        let seen = until(if second == "a secret\n" { "group can read" } else { "not the same" });
        assert!(!seen.contains("secret"), "{seen}");
        drop(typed);
        child.wait().unwrap();
    };
    asked("a secret\n");
    assert!(fits(&file, "ada", "a secret"));
    fs::remove_file(&file).unwrap();
    asked("another\n");
    assert_eq!(folder.text(), "");
}

#[test]
fn the_manual_and_the_help_have_it() {
    ours_only!();
    let said = |words: &[&str]| run_ok(Command::new(env!("CARGO_BIN_EXE_htbin")).args(words));
    assert!(said(&["passwd", "--help"]).contains("--delete"));
    assert!(said(&["man"]).contains("htbin passwd"));
}
