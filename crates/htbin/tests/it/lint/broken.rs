//! A folder of broken scripts: of each all that is wrong is found, and nothing else.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
};

use super::{Found, found};
use crate::site::Site;

/// Path, content, mode, and what is found.
type Broken = (&'static str, &'static [u8], u32, &'static [&'static str]);

const BROKEN: [Broken; 31] = [
    ("cgi-bin/no-bit.cgi", b"#!/bin/sh\n", 0o644, &["not-executable"]),
    ("cgi-bin/no-bit", b"#!/bin/sh\n", 0o644, &["not-executable"]),
    ("cgi-bin/no-bit.py", b"print('hello')\n", 0o644, &["not-executable", "no-first-line"]),
    ("cgi-bin/mark.sh", b"\xef\xbb\xbf#!/bin/sh\n", 0o755, &["byte-order-mark"]),
    ("cgi-bin/utf-16.py", b"\xff\xfe#\0!\0", 0o755, &["byte-order-mark"]),
    ("cgi-bin/windows.sh", b"#!/bin/sh\r\necho\r\n", 0o755, &["carriage-return"]),
    ("cgi-bin/windows.pl", b"#!/usr/bin/env perl\r\n", 0o755, &["carriage-return"]),
    ("cgi-bin/empty.cgi", b"", 0o755, &["empty-script"]),
    ("cgi-bin/bare.cgi", b"echo hello\n", 0o755, &["no-first-line"]),
    ("cgi-bin/second.py", b"\n#!/usr/bin/env python3\n", 0o755, &["no-first-line"]),
    ("cgi-bin/page.css", b"p { color: red }\n", 0o755, &["no-first-line"]),
    ("cgi-bin/lost.rb", b"#!/no/such/ruby\n", 0o755, &["interpreter-missing"]),
    ("cgi-bin/relative.pl", b"#!perl\n", 0o755, &["interpreter-missing"]),
    ("cgi-bin/directory.py", b"#!/usr/bin\n", 0o755, &["interpreter-is-directory"]),
    ("cgi-bin/text.py", b"#!/etc/passwd\n", 0o755, &["interpreter-not-executable"]),
    ("cgi-bin/env.py", b"#!/usr/bin/env no-such-python\n", 0o755, &["env-finds-nothing"]),
    ("cgi-bin/option.pl", b"#!/usr/bin/env perl -w\n", 0o755, &["env-finds-nothing"]),
    ("cgi-bin/tool.cgi", b"MZ\0\x01\0\0", 0o755, &["wrong-architecture"]),
    ("cgi-bin/writable.sh", b"#!/bin/sh\n", 0o757, &["writable-by-others"]),
    ("cgi-bin/root.cgi", b"#!/bin/sh\n", 0o4755, &["setuid"]),
    ("cgi-bin/group.cgi", b"#!/bin/sh\n", 0o2755, &["setuid"]),
    ("cgi-bin/.env", b"PASSWORD=geheim\n", 0o644, &["secret-readable"]),
    (".htpasswd", b"ada:$2y$05$abc\n", 0o644, &["secret-readable"]),
    ("server.key", b"x\n", 0o644, &["secret-readable"]),
    ("cgi-bin/server.pem", b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", 0o644, &["secret-readable"]),
    ("cgi-bin/settings.ini", b"[db]\npassword = geheim\n", 0o644, &["secret-readable"]),
    ("cgi-bin/shout.sh", b"#!/bin/sh\nDB_PASSWORD='geheim'\n", 0o755, &["secret-readable"]),
    ("cgi-bin/numbers/random.py", b"x = 1\n", 0o644, &["shadowed-module"]),
    ("cgi-bin/old.py", b"#!/usr/bin/env python3\nprint 'hello'\n", 0o755, &["python-2-print"]),
    ("cgi-bin/form.py", b"#!@/bin/python3\nimport cgi\n", 0o755, &["python-cgi-removed"]),
    (
        "cgi-bin/traceback-page.py",
        b"#!@/bin/python3\nimport os, cgitb; cgitb.enable()\n",
        0o755,
        &["python-cgi-removed"],
    ),
];

#[test]
fn of_thirty_broken_scripts_all_is_found_and_nothing_else() {
    ours_only!();
    let mut site = Site::new().script("bin/python3.13", "#!/bin/sh\n").link("bin/python3", "python3.13");
    let root = site.root().to_str().unwrap().to_owned();
    let mut expected = Found::new();
    let mut expect = |path: &str, codes: &[&str]| {
        expected.insert(path.to_owned(), codes.iter().map(|code| (*code).to_owned()).collect());
    };
    for (path, content, mode, codes) in BROKEN {
        let content = match content.strip_prefix(b"#!@") {
            Some(rest) => [b"#!", root.as_bytes(), rest].concat(),
            None => content.to_vec(),
        };
        site = site.with_mode(path, content, mode);
        expect(path, codes);
    }
    // Beside a script the module is in the way; and whoever may write to a directory may put one there.
    site = site.script("cgi-bin/numbers/dice.py", "#!/usr/bin/env python3\nimport random\n");
    site = site.directory("cgi-bin/everybody", 0o777);
    expect("cgi-bin/everybody", &["writable-by-others"]);
    for (name, code, change) in [
        ("ppc.cgi", "wrong-architecture", change_machine as fn(&mut [u8])),
        ("lost.cgi", "loader-missing", change_loader),
    ] {
        let mut program = fs::read("/bin/true").unwrap();
        change(&mut program);
        let path = format!("cgi-bin/{name}");
        site = site.script(&path, program);
        expect(&path, &[code]);
    }
    assert_eq!(found(site.root(), &[]), expected);
}

fn change_machine(program: &mut [u8]) {
    // e_machine: 64-bit PowerPC, or nothing at all on that.
    program[18..20].copy_from_slice(if cfg!(target_arch = "powerpc64") { &[62, 0] } else { &[21, 0] });
}

fn change_loader(program: &mut [u8]) {
    let at = program.windows(4).position(|window| window == b"/ld-").expect("it is linked dynamically");
    program[at + 1..at + 3].copy_from_slice(b"no");
}

#[test]
fn what_only_root_can_break_is_found_too() {
    ours_only!();
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let site = Site::new()
        .script("cgi-bin/foreign.sh", "#!/bin/sh\n")
        .with_mode("cgi-bin/secret.sh", "#!/bin/sh\n", 0o711)
        .with_mode("cgi-bin/mine.sh", "#!/bin/sh\n", 0o700)
        .script("cgi-bin/closed/a.sh", "#!/bin/sh\n")
        .script("cgi-bin/closed/b.sh", "#!/bin/sh\n")
        .script("bin/sh", "");
    fs::copy("/bin/sh", site.path("bin/sh")).unwrap();
    let site = site.script("cgi-bin/far.sh", format!("#!{}\n", Site::new().path("x").display()));
    let far = format!("#!{}\n", site.path("bin/sh").display());
    let site = site.script("cgi-bin/far.sh", far);
    chown(site.path("cgi-bin/foreign.sh"), Some(1), None).unwrap();
    for closed in ["cgi-bin/closed", "bin"] {
        fs::set_permissions(site.path(closed), fs::Permissions::from_mode(0o700)).unwrap();
    }
    let expected = super::codes(&[
        ("cgi-bin/foreign.sh", &["foreign-owner"]),
        ("cgi-bin/secret.sh", &["script-unreadable"]),
        ("cgi-bin/mine.sh", &["not-executable", "script-unreadable"]),
        ("cgi-bin/closed/a.sh", &["directory-unreachable"]),
        ("cgi-bin/far.sh", &["interpreter-unreachable"]),
    ]);
    assert_eq!(found(site.root(), &[]), expected, "and what two scripts suffer from is told once");
}
