//! Files that mean harm to whoever looks at them: lint ends soon, opens what is a file alone, and leaves the terminal
//! as it is.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{codes, found, lint};
use crate::{server::Start, site::Site};

#[test]
fn what_is_no_file_holds_nobody() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/a.sh", "#!/no/such/sh\n")
        .link("cgi-bin/zero.cgi", "/dev/zero")
        .link("cgi-bin/terminal.cgi", "/dev/tty")
        .link("cgi-bin/gone.cgi", "/no/such/file")
        .link("cgi-bin/one.cgi", "two.cgi")
        .link("cgi-bin/two.cgi", "one.cgi")
        .link("cgi-bin/round", ".")
        .link("cgi-bin/out", "/usr/lib");
    for name in ["pipe.cgi", ".env", "server.key"] {
        mknodat(CWD, site.path(&format!("cgi-bin/{name}")), FileType::Fifo, Mode::from_raw_mode(0o755), 0).unwrap();
    }
    let expected = codes(&[("cgi-bin/a.sh", &["interpreter-missing"])]);
    assert_eq!(found(site.root(), &[]), expected);
    assert_eq!(found(site.root(), &["--fix"]), expected);
    // Named themselves they hold nobody either.
    for name in ["pipe.cgi", "zero.cgi", "one.cgi"] {
        let output = lint(site.root(), &["--fix", &format!("cgi-bin/{name}")]);
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
}

#[test]
fn a_huge_file_is_read_at_its_beginning_alone() {
    ours_only!();
    let site =
        Site::new().script("cgi-bin/huge.sh", "#!/bin/sh\r\n").script("cgi-bin/huge.py", "#!/usr/bin/env python3\n");
    for name in ["cgi-bin/huge.sh", "cgi-bin/huge.py", "cgi-bin/huge.env"] {
        let file = fs::File::options().create(true).append(true).open(site.path(name)).unwrap();
        file.set_len(1 << 40).unwrap();
    }
    let expected = codes(&[("cgi-bin/huge.sh", &["carriage-return"])]);
    assert_eq!(found(site.root(), &[]), expected);
    let output = lint(site.root(), &["--fix"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("left   cgi-bin/huge.sh: it is too large"));
    assert_eq!(fs::metadata(site.path("cgi-bin/huge.sh")).unwrap().len(), 1 << 40);
}

#[test]
fn a_name_or_a_text_cannot_drive_the_terminal() {
    ours_only!();
    let site = Site::new();
    for name in
        [&b"new\nline.cgi"[..], b"\x1b[2Jclear.cgi", b"no\xff\xfeutf8.cgi", "turn\u{202e}.cgi".as_bytes(), b"-n.cgi"]
    {
        let path = site.path("cgi-bin").join(OsStr::from_bytes(name));
        fs::write(&path, "#!/no/such/\x1b[31m\x07sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let mend = lint(site.root(), &["--fix"]);
    let text = lint(site.root(), &[]);
    for said in [&mend.stdout, &text.stdout, &mend.stderr] {
        let bad = |byte: &u8| byte.is_ascii_control() && *byte != b'\n';
        assert!(!said.iter().any(bad), "{}", said.escape_ascii());
        let said = std::str::from_utf8(said).unwrap();
        assert!(!said.contains('\u{202e}'));
        let starts = ["mended", "cgi-bin/", "  why", "  fix", "  run", "5 findings"];
        assert!(
            said.lines().all(|line| line.is_empty() || starts.iter().any(|start| line.starts_with(start))),
            "{said}"
        );
    }
    assert_eq!(found(site.root(), &[]).len(), 5);
}

#[test]
fn a_huge_directory_does_not_delay_the_start() {
    ours_only!();
    let site = Site::new();
    for number in 0..3_000 {
        fs::write(site.path(&format!("cgi-bin/{number}.sh")), "#!/no/such/sh\n").unwrap();
    }
    let server = Start::new(&site).go();
    let row = server.events.with(" lint  ");
    assert!(row.contains("at least ") || row.contains("not all was looked at"), "{row}");
    // Files that are no scripts are nothing to tell.
    let site = Site::new().script("cgi-bin/a.sh", "#!/bin/sh\n");
    for number in 0..3_000 {
        fs::write(site.path(&format!("{number}.html")), "").unwrap();
    }
    let server = Start::new(&site).go();
    server.events.with("Ctrl-C");
    assert!(!server.events.all().iter().any(|line| line.contains(" lint  ")));
}
