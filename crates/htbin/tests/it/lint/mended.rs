//! `--fix`: what is mended, what is left, and that nothing else changes.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

use super::{Found, codes, found, lint};
use crate::site::Site;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[track_caller]
fn fix(site: &Site, code: i32) -> String {
    let output = lint(site.root(), &["--fix"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[test]
fn what_can_be_mended_is_and_all_else_stays() {
    ours_only!();
    let site = Site::new()
        .with_mode("cgi-bin/bit.sh", "#!/bin/sh\r\necho 'a\\'\r\n\r\nprintf 'x\ry'\nend", 0o640)
        .with_mode("cgi-bin/mark.py", "\u{feff}#!/usr/bin/env python3\r\nprint('ä')\r\n", 0o757)
        .directory("cgi-bin/open", 0o777)
        .with_mode("cgi-bin/notes.txt", "a\r\n", 0o666)
        .with_mode("cgi-bin/good.sh", "#!/bin/sh\n", 0o755);
    let root = rustix::process::geteuid().is_root();
    if root {
        // For nobody, who runs it, the group has to be right.
        chown(site.path("cgi-bin/bit.sh"), Some(1), Some(2)).unwrap();
        fs::set_permissions(site.path("cgi-bin/bit.sh"), fs::Permissions::from_mode(0o644)).unwrap();
        chown(site.path("cgi-bin"), Some(1), None).unwrap();
    }
    let before = |name: &str| fs::metadata(site.path(name)).map(|it| (it.ino(), it.mode(), it.mtime())).unwrap();
    let untouched = ["cgi-bin/notes.txt", "cgi-bin/good.sh"].map(before);
    let said = fix(&site, 0);
    for line in [
        "mended cgi-bin/bit.sh: mode 06",
        "mended cgi-bin/bit.sh: 3 lines now end in LF, not CR LF\n",
        "mended cgi-bin/mark.py: mode 0757 is now 0755\n",
        "mended cgi-bin/mark.py: the byte order mark is gone, 2 lines now end in LF, not CR LF\n",
        "mended cgi-bin/open: mode 0777 is now 0775\n",
        "nothing found in 3 scripts\n",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    assert_eq!(fs::read(site.path("cgi-bin/bit.sh")).unwrap(), b"#!/bin/sh\necho 'a\\'\n\nprintf 'x\ry'\nend");
    assert_eq!(fs::read_to_string(site.path("cgi-bin/mark.py")).unwrap(), "#!/usr/bin/env python3\nprint('ä')\n");
    assert_eq!(mode(&site.path("cgi-bin/bit.sh")), if root { 0o755 } else { 0o750 });
    if root {
        let now = fs::metadata(site.path("cgi-bin/bit.sh")).unwrap();
        assert_eq!((now.uid(), now.gid()), (1, 2));
    }
    assert_eq!(["cgi-bin/notes.txt", "cgi-bin/good.sh"].map(before), untouched);
    assert_eq!(names(&site), ["bit.sh", "good.sh", "mark.py", "notes.txt", "open"], "nothing is left lying about");
    assert_eq!(found(site.root(), &[]), Found::new());
    assert_eq!(fix(&site, 0), "nothing found in 3 scripts\n");
}

fn names(site: &Site) -> Vec<String> {
    let entries = fs::read_dir(site.path("cgi-bin")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_cannot_be_mended_is_left_and_said() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/lost.rb", "#!/no/such/ruby\n")
        .with_mode("cgi-bin/setuid.sh", "#!/bin/sh\n", 0o4644)
        .script("cgi-bin/two.sh", "#!/bin/sh\r\n")
        .script("cgi-bin/wide.py", b"\xff\xfe#\0!\0");
    fs::hard_link(site.path("cgi-bin/two.sh"), site.path("name.txt")).unwrap();
    let expected = codes(&[
        ("cgi-bin/lost.rb", &["interpreter-missing"]),
        ("cgi-bin/setuid.sh", &["not-executable", "setuid"]),
        ("cgi-bin/two.sh", &["carriage-return"]),
        ("cgi-bin/wide.py", &["byte-order-mark"]),
    ]);
    assert_eq!(found(site.root(), &[]), expected);
    let said = fix(&site, 1);
    assert!(said.contains("left   cgi-bin/two.sh: it has other names (hard links)"), "{said}");
    assert!(!said.contains("mended"), "{said}");
    assert_eq!(fs::read(site.path("name.txt")).unwrap(), b"#!/bin/sh\r\n");
    assert_eq!(mode(&site.path("cgi-bin/setuid.sh")), 0o4644, "an execute bit would arm it");
    assert_eq!(found(site.root(), &[]), expected);
}

#[test]
fn a_link_is_never_followed() {
    ours_only!();
    let elsewhere = Site::new().with_mode("real.sh", "#!/bin/sh\r\n", 0o646);
    let real = elsewhere.path("real.sh");
    let site = Site::new().link("cgi-bin/link.sh", real.to_str().unwrap());
    assert!(fix(&site, 0).starts_with("no scripts here"));
    // Named itself it is looked at, for it is what would run; but what it leads to is not ours.
    let output = lint(site.root(), &["--fix", "cgi-bin/link.sh"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("left   cgi-bin/link.sh: "), "{said}");
    assert_eq!((fs::read(&real).unwrap(), mode(&real)), (b"#!/bin/sh\r\n".to_vec(), 0o646));
    assert!(fs::symlink_metadata(site.path("cgi-bin/link.sh")).unwrap().is_symlink());
}

#[test]
fn json_is_what_is_left_and_the_rest_is_on_stderr() {
    ours_only!();
    let site = Site::new().file("cgi-bin/a.sh", "#!/bin/sh\n").script("cgi-bin/b.sh", "#!/no/such/sh\n");
    let output = lint(site.root(), &["--fix", "--json"]);
    let left: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["code"], "interpreter-missing");
    assert_eq!(left[0]["place"]["line"], 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("mended cgi-bin/a.sh: mode 0644 is now 0755"));
}
