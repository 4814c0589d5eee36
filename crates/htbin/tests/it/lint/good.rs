//! A folder of good scripts, Debian's own among them: nothing is found.

use std::{fs, path::Path};

use super::{Found, found};
use crate::site::Site;

const SCRIPTS: [(&str, &str); 21] = [
    ("hello.sh", "#!/bin/sh\necho\n"),
    ("spaced.sh", "#! /bin/sh -e\necho\n"),
    ("no-extension", "#!/bin/sh\n. ./library.sh\n"),
    ("nph-hello.cgi", "#!/bin/sh\necho HTTP/1.0 200 OK\n"),
    ("hello.pl", "#!/usr/bin/perl -wT\nrequire './cgi-lib.pl';\nuse Words;\nmy $password = 'x';\n"),
    ("env.pl", "#!/usr/bin/env perl\nprint \"hello\\n\";\n"),
    ("split.pl", "#!/usr/bin/env -S perl -w\n"),
    ("variable.awk", "#!/usr/bin/env -S LC_ALL=C awk -f\n"),
    ("hello.awk", "#!/usr/bin/awk -f\n"),
    ("hello.php", "#!/usr/bin/env php-cgi\n<?php echo 1;\n"),
    ("hello.rb", "#!/usr/bin/env ruby\nputs\n"),
    ("hello.tcl", "#!/usr/bin/env tclsh\nputs x\n"),
    ("hello.lua", "#!/usr/bin/env lua\nprint 'a Lua call without parentheses'\n"),
    ("hello.py", "#!/usr/bin/env python3\nimport greet, package.words\nprint('x')\nprint (1)\nprint\nprint(\n'x')\n"),
    ("text.py", "#!/usr/bin/env python3\n'''\nprint \"no statement\"\nimport cgi\n'''\n# print 'x'\nx = 'print'\n"),
    ("care.py", "#!@/new/bin/python3\ntry:\n    import cgi\nexcept ImportError:\n    cgi = None\n"),
    ("before.py", "#!@/old/bin/python3\nimport cgi, cgitb\ncgitb.enable()\n"),
    ("legacy.py", "#!@/legacy/bin/python3\nimport cgi\nform = cgi.FieldStorage()\n"),
    ("secret.py", "#!/usr/bin/env python3\nimport os\nPASSWORD = os.environ['PASSWORD']\nTOKEN = read()\n"),
    ("secret.sh", "#!/bin/sh\nPASSWORD=$(cat /etc/secret)\nPASSWORD=\"$1\"\n"),
    ("below/deep/hello.sh", "#!/bin/sh\n"),
];

const BESIDE: [(&str, &str, u32); 21] = [
    ("greet.py", "def greet(): pass\n", 0o644),
    ("package/__init__.py", "", 0o644),
    ("package/words.py", "words = []\n", 0o644),
    ("package/random.py", "of its own, and no script beside it\n", 0o644),
    ("Words.pm", "#!/usr/bin/perl\n1;\n", 0o644),
    ("cgi-lib.pl", "1;\n", 0o644),
    ("library.sh", "x=1\n", 0o644),
    ("README", "read me\n", 0o644),
    ("notes.txt", "import this\n", 0o644),
    ("style.css", "p {}\n", 0o644),
    ("page.html", "<p>", 0o644),
    ("data.json", "{}", 0o644),
    ("guests.db", "SQLite", 0o666),
    ("hello.c", "int main(void) { return 0; }\n", 0o644),
    ("hello.sh~", "#!/bin/sh\n", 0o644),
    (".hello.sh.swp", "#!/bin/sh\n", 0o644),
    (".env", "PASSWORD=geheim\n", 0o640),
    (".env.example", "PASSWORD=change-me\n", 0o644),
    ("settings.ini", "password_file = /etc/secret\npassword = ${PASSWORD}\n", 0o644),
    ("server.pem", "-----BEGIN CERTIFICATE-----\nMIIE\n", 0o644),
    ("id_rsa.pub", "ssh-rsa AAAA\n", 0o644),
];

/// Where Debian puts CGI scripts; tests/packages.debian has their packages.
const DEBIAN: [&str; 6] = [
    "/usr/lib/git-core/git-http-backend",
    "/usr/share/gitweb/gitweb.cgi",
    "/usr/lib/cgit/cgit.cgi",
    "/usr/lib/cgi-bin/awstats.pl",
    "/usr/share/doc/libcgi-pm-perl/examples/popup.cgi",
    "/usr/lib/cgi-bin/php",
];

#[test]
fn in_thirty_good_scripts_nothing_is_found() {
    ours_only!();
    let mut site = Site::new();
    for (place, name) in [("old", "python3.12"), ("new", "python3.13"), ("legacy", "python3.14")] {
        site = site.script(&format!("{place}/bin/{name}"), "#!/bin/sh\n").link(&format!("{place}/bin/python3"), name);
    }
    site = site.file("legacy/lib/python3.14/site-packages/cgi.py", "class FieldStorage: pass\n");
    let root = site.root().to_str().unwrap().to_owned();
    for (path, text) in SCRIPTS {
        site = site.script(&format!("cgi-bin/{path}"), text.replacen('@', &root, 1));
    }
    for (path, text, mode) in BESIDE {
        site = site.with_mode(&format!("cgi-bin/{path}"), text, mode);
    }
    let mut count = SCRIPTS.len();
    for (number, program) in DEBIAN.iter().chain(&["/bin/true", "/bin/echo"]).enumerate() {
        let Ok(content) = fs::read(program) else { continue };
        let name = Path::new(program).file_name().unwrap().to_string_lossy();
        site = site.script(&format!("cgi-bin/debian-{number}-{name}"), content);
        count += 1;
    }
    // The site of the README, and the demo.
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/demo/cgi-bin")).unwrap() {
        let entry = entry.unwrap();
        let path = format!("cgi-bin/demo/{}", entry.file_name().to_string_lossy());
        site = site.script(&path, fs::read(entry.path()).unwrap());
        count += 1;
    }
    assert!(count >= 30, "{count}");
    assert_eq!(found(site.root(), &[]), Found::new());
    let said = String::from_utf8(super::lint(site.root(), &[]).stdout).unwrap();
    assert_eq!(said, format!("nothing found in {count} scripts\n"));
}

#[test]
fn debians_own_directories_are_good_where_they_lie() {
    ours_only!();
    for program in DEBIAN.iter().filter(|program| Path::new(program).exists()) {
        assert_eq!(found(Path::new("/"), &[program]), Found::new(), "{program}");
    }
    if Path::new("/usr/lib/cgi-bin").exists() {
        assert_eq!(found(Path::new("/"), &["/usr/lib/cgi-bin"]), Found::new());
    }
}
