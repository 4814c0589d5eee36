//! Which path leads to what, in real temporary directories.

mod links;

use std::{fs, os::unix::fs::PermissionsExt, os::unix::fs::symlink, path::Path};

use tempfile::TempDir;

use super::*;

/// A directory with a file of each kind.
fn tree() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for directory in ["docs", "empty", "cgi-bin/sub/deep", ".git", ".well-known"] {
        fs::create_dir_all(root.path().join(directory)).unwrap();
    }
    for (name, content, mode) in [
        ("index.html", "start", 0o644),
        ("index.py", "#!python", 0o755),
        ("a b.txt", "text", 0o644),
        ("docs/page.html", "page", 0o644),
        (".git/config", "secret", 0o644),
        (".well-known/token", "token", 0o644),
        ("cgi-bin/hello.py", "#!python", 0o755),
        ("cgi-bin/nph-raw", "#!sh", 0o755),
        ("cgi-bin/data.txt", "data", 0o644),
        ("cgi-bin/.dot.py", "#!python", 0o755),
        ("cgi-bin/sub/run.sh", "#!sh", 0o755),
        ("cgi-bin/sub/index.cgi", "#!sh", 0o755),
        ("form.py", "#!python", 0o755),
        ("off.py", "print()", 0o644),
        ("bang", "#!/bin/sh", 0o644),
        ("off.py~", "print()", 0o644),
        ("off.py.bak", "print()", 0o644),
        ("tool", "\x7fELF", 0o755),
    ] {
        put(root.path(), name, content, mode);
    }
    root
}

fn put(root: &Path, name: &str, content: &str, mode: u32) {
    let path = root.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn settings(root: &Path) -> Settings {
    let dir = |url: &str| ScriptDir { url: url.into(), directory: None };
    Settings {
        root: root.to_owned(),
        cgi: true,
        script_dirs: vec![dir("/cgi-bin"), dir("/htbin")],
        index: ["index.html", "index.cgi", "index.py", "index.pl"].map(String::from).to_vec(),
        listing: true,
        ..Settings::default()
    }
}

fn everywhere(root: &Path) -> Settings {
    Settings { script_dirs: vec![ScriptDir { url: "/".into(), directory: None }], ..settings(root) }
}

/// What a path leads to, in a few words.
fn ask(settings: &Settings, raw: &str) -> String {
    let site = Site::open(settings.clone()).unwrap();
    match UrlPath::parse(raw).and_then(|path| site.resolve(&path)) {
        Ok(Target::File(file)) => format!("file {}", file.name.display()),
        Ok(Target::Directory(directory)) => format!("directory {}", String::from_utf8_lossy(&directory.url())),
        Ok(Target::Redirect(location)) => format!("redirect {location}"),
        Ok(Target::Script(script)) => {
            let program = script.program().strip_prefix(site.root()).unwrap_or(script.program());
            let name = String::from_utf8_lossy(script.script_name()).into_owned();
            let info = script.path_info().map(|info| format!(" + {}", String::from_utf8_lossy(info)));
            format!("script {} as {name}{}", program.display(), info.unwrap_or_default())
        }
        Err(refusal) => refusal.word().to_owned(),
    }
}

fn check(settings: &Settings, table: &[(&str, &str)]) {
    for (raw, expected) in table {
        assert_eq!(ask(settings, raw), *expected, "{raw}");
    }
}

#[test]
fn plain_files_and_directories() {
    let root = tree();
    check(
        &settings(root.path()),
        &[
            ("/", "file index.html"),
            ("/index.html", "file index.html"),
            ("/a%20b.txt", "file a b.txt"),
            ("//docs//page.html", "file page.html"),
            ("/docs", "redirect /docs/"),
            ("//docs", "redirect /docs/"),
            ("/docs/", "directory /docs/"),
            ("/docs//", "directory /docs/"),
            ("/nothing", "not-found"),
            ("/nothing/", "not-found"),
            ("/index.html/", "not-found"),
            ("/index.html/more", "not-found"),
            ("/docs%2Fpage.html", "bad-path"),
            ("/form.py", "file form.py"),
        ],
    );
    let long = format!("/{}", "x".repeat(300));
    assert_eq!(ask(&settings(root.path()), &long), "not-found");
    assert_eq!(ask(&settings(root.path()), &"/docs".repeat(2000)), "not-found");
}

#[test]
fn hidden_names() {
    let root = tree();
    let mut settings = settings(root.path());
    check(
        &settings,
        &[
            ("/.git/config", "hidden"),
            ("/.git", "hidden"),
            ("/%2egit/config", "hidden"),
            ("/.nothing", "hidden"),
            ("/.well-known/token", "file token"),
            ("/docs/.well-known/token", "hidden"),
        ],
    );
    settings.hidden = true;
    check(&settings, &[("/.git/config", "file config"), ("/cgi-bin/.dot.py", "hidden")]);
}

#[test]
fn an_index_outside_script_directories_is_no_script() {
    let root = tree();
    fs::remove_file(root.path().join("index.html")).unwrap();
    check(&settings(root.path()), &[("/", "directory /")]);
    check(&Settings { listing: false, ..settings(root.path()) }, &[("/", "no-listing"), ("/docs/", "no-listing")]);
}

#[test]
fn scripts_in_a_script_directory() {
    let root = tree();
    let settings = settings(root.path());
    check(
        &settings,
        &[
            ("/cgi-bin/hello.py", "script cgi-bin/hello.py as /cgi-bin/hello.py"),
            ("//cgi-bin//hello.py//x//y", "script cgi-bin/hello.py as /cgi-bin/hello.py + //x//y"),
            ("/cgi-bin/hello.py/", "script cgi-bin/hello.py as /cgi-bin/hello.py + /"),
            ("/cgi-bin/hello.py/a%2Fb/.c", "script cgi-bin/hello.py as /cgi-bin/hello.py + /a/b/.c"),
            ("/%63gi-bin/hello%2epy", "script cgi-bin/hello.py as /cgi-bin/hello.py"),
            ("/cgi-bin/sub/run.sh/x", "script cgi-bin/sub/run.sh as /cgi-bin/sub/run.sh + /x"),
            ("/cgi-bin/sub/", "script cgi-bin/sub/index.cgi as /cgi-bin/sub/index.cgi"),
            ("/cgi-bin/sub", "redirect /cgi-bin/sub/"),
            ("/cgi-bin/sub/deep/", "not-found"),
            ("/cgi-bin/sub/deep", "not-found"),
            ("/cgi-bin", "script-directory"),
            ("/cgi-bin/", "script-directory"),
            ("/cgi-bin/data.txt", "not-executable"),
            ("/cgi-bin/.dot.py", "hidden"),
            ("/cgi-bin/none", "not-found"),
            ("/cgi-bin%2Fhello.py", "bad-path"),
            ("/cgi-bin/sub%2Frun.sh", "bad-path"),
            ("/htbin/x", "not-found"),
            ("/htbin", "not-found"),
            ("/cgi-binary", "not-found"),
        ],
    );
    let long = format!("/cgi-bin/hello.py/{}", "x/".repeat(9000));
    assert!(ask(&settings, &long).starts_with("script cgi-bin/hello.py"));
    assert_eq!(ask(&settings, &format!("/cgi-bin/{}", "x/".repeat(9000))), "not-found");
    let off = Settings { cgi: false, ..settings };
    check(
        &off,
        &[
            ("/cgi-bin/hello.py", "scripts-off"),
            ("/cgi-bin/data.txt", "scripts-off"),
            ("/cgi-bin/", "script-directory"),
        ],
    );
}

#[test]
fn what_a_script_says_of_itself() {
    let root = tree();
    let site = Site::open(settings(root.path())).unwrap();
    let Ok(Target::Script(script)) = site.resolve(&UrlPath::parse("/cgi-bin/nph-raw/x%20y").unwrap()) else {
        panic!("no script")
    };
    assert!(script.is_nph());
    assert_eq!(script.document_root(), site.root());
    assert_eq!(script.directory(), site.root().join("cgi-bin"));
    assert_eq!(script.path_translated().unwrap(), site.root().join("x y"));
    assert_eq!(script.interpreter(), None);
    assert_eq!(site.script_directories(), [("/cgi-bin".to_owned(), site.root().join("cgi-bin"))]);
}

#[test]
fn an_interpreter_runs_what_has_no_execute_bit() {
    let root = tree();
    let interpreters = vec![Interpreter { suffix: ".txt".into(), program: "/bin/cat".into() }];
    let settings = Settings { interpreters, ..settings(root.path()) };
    check(
        &settings,
        &[("/cgi-bin/data.txt", "script cgi-bin/data.txt as /cgi-bin/data.txt"), ("/a%20b.txt", "file a b.txt")],
    );
}

#[test]
fn scripts_wherever_they_lie() {
    let root = tree();
    let settings = everywhere(root.path());
    check(
        &settings,
        &[
            ("/", "file index.html"),
            ("/form.py", "script form.py as /form.py"),
            ("/form.py/", "script form.py as /form.py + /"),
            ("/form.py/a/.b%2Fc", "script form.py as /form.py + /a/.b/c"),
            ("/off.py", "not-executable"),
            ("/off.py/", "not-executable"),
            ("/bang", "not-executable"),
            ("/off.py~", "not-executable"),
            ("/off.py.bak", "not-executable"),
            ("/tool", "script tool as /tool"),
            ("/docs/page.html", "file page.html"),
            ("/docs/page.html/", "not-found"),
            ("/docs/page.html/x", "not-found"),
            ("/docs/", "directory /docs/"),
            ("/cgi-bin/hello.py", "script cgi-bin/hello.py as /cgi-bin/hello.py"),
            ("/cgi-bin/sub/", "script cgi-bin/sub/index.cgi as /cgi-bin/sub/index.cgi"),
            ("/.git/config", "hidden"),
            ("/docs%2Fpage.html", "bad-path"),
        ],
    );
    fs::remove_file(root.path().join("index.html")).unwrap();
    check(&settings, &[("/", "script index.py as /index.py")]);
    check(&Settings { cgi: false, ..settings }, &[("/form.py", "scripts-off"), ("/docs/page.html", "file page.html")]);
}

#[test]
fn a_single_page_answers_for_names_without_extension() {
    let root = tree();
    let settings = Settings { spa: Some("index.html".into()), ..settings(root.path()) };
    check(
        &settings,
        &[
            ("/users/7", "file index.html"),
            ("/users/", "file index.html"),
            ("/users/7.png", "not-found"),
            ("/.secret", "hidden"),
            ("/cgi-bin/none", "not-found"),
            ("/docs/", "directory /docs/"),
        ],
    );
}

#[test]
fn what_is_no_file_is_refused() {
    let root = tree();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.path().join("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o644),
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
    check(&settings(root.path()), &[("/fifo", "unreadable"), ("/socket", "unreadable")]);
}

#[test]
fn names_that_are_not_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    let root = tree();
    fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"\xff.txt")), "x").unwrap();
    check(&settings(root.path()), &[("/%FF.txt", "file \u{fffd}.txt")]);
}

#[test]
fn a_listing_names_what_can_be_had() {
    let root = tree();
    symlink("docs", root.path().join("alias")).unwrap();
    symlink("/etc/passwd", root.path().join("passwd")).unwrap();
    symlink("cgi-bin/hello.py", root.path().join("hello")).unwrap();
    fs::remove_file(root.path().join("index.html")).unwrap();
    let list = |settings: &Settings, raw, max| {
        let site = Site::open(settings.clone()).unwrap();
        let path = UrlPath::parse(raw).unwrap();
        let Ok(Target::Directory(directory)) = site.resolve(&path) else { panic!("no directory") };
        let (mut entries, more) = directory.entries(max).unwrap();
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        let told = |it: &Entry| format!("{} {:?} {}", String::from_utf8_lossy(&it.name), it.kind, it.size);
        (entries.iter().map(told).collect::<Vec<_>>(), more)
    };
    let (entries, more) = list(&settings(root.path()), "/", 100);
    assert_eq!(
        entries,
        [
            "a b.txt File 4",
            "alias Directory 0",
            "bang File 9",
            "cgi-bin Scripts 0",
            "docs Directory 0",
            "empty Directory 0",
            "form.py File 8",
            "index.py File 8",
            "off.py File 7",
            "off.py.bak File 7",
            "off.py~ File 7",
            "tool File 4",
        ]
    );
    assert!(!more);
    let (entries, more) = list(&settings(root.path()), "/", 3);
    assert_eq!((entries.len(), more), (3, true));
    put(root.path(), "docs/run.sh", "#!sh", 0o755);
    assert_eq!(list(&everywhere(root.path()), "/docs/", 100).0, ["page.html File 4", "run.sh Script 4"]);
}

#[test]
fn a_root_that_is_not_there_says_so() {
    let error = Site::open(Settings { root: "/nothing/here".into(), ..Settings::default() }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot serve /nothing/here: No such file or directory (os error 2); name another directory with -d"
    );
}

#[test]
fn what_this_user_may_not_read() {
    if rustix::process::geteuid().is_root() {
        return; // Root may read everything: there is nothing to see.
    }
    let root = tree();
    put(root.path(), "secret.txt", "secret", 0o000);
    put(root.path(), "docs/run", "ELF", 0o111);
    fs::set_permissions(root.path().join("empty"), fs::Permissions::from_mode(0o111)).unwrap();
    check(
        &settings(root.path()),
        &[
            ("/secret.txt", "unreadable"),
            ("/docs/run", "unreadable"),
            ("/empty", "redirect /empty/"),
            ("/empty/", "unreadable"),
        ],
    );
    check(&everywhere(root.path()), &[("/docs/run", "script docs/run as /docs/run"), ("/secret.txt", "unreadable")]);
}

#[test]
fn what_the_system_says() {
    for (errno, reason) in [
        (Errno::NAMETOOLONG, Reason::NotFound),
        (Errno::ACCESS, Reason::Unreadable),
        (Errno::XDEV, Reason::LeavesSite),
        (Errno::MFILE, Reason::Busy(1)),
        (Errno::NFILE, Reason::Busy(1)),
        (Errno::IO, Reason::Internal),
    ] {
        assert_eq!(refuse(errno, b"name").reason, reason, "{errno}");
    }
}
