//! Symbolic links, second names, and what lies outside the site.

use super::*;

#[test]
fn links_obey_the_rules_of_where_they_lead() {
    let root = tree();
    let outside = tempfile::tempdir().unwrap();
    put(outside.path(), "out.txt", "out", 0o644);
    for (target, link) in [
        ("docs", "alias"),
        ("docs/page.html", "page"),
        ("cgi-bin", "scripts"),
        ("cgi-bin/hello.py", "source.txt"),
        (".git/config", "config"),
        ("self", "self"),
        ("missing", "dangling"),
        ("../form.py", "cgi-bin/linked.py"),
        ("/proc/self/environ", "environ"),
    ] {
        symlink(target, root.path().join(link)).unwrap();
    }
    symlink(outside.path().join("out.txt"), root.path().join("out.txt")).unwrap();
    symlink(outside.path(), root.path().join("out")).unwrap();
    let settings = settings(root.path());
    check(
        &settings,
        &[
            ("/alias/page.html", "file page.html"),
            ("/alias", "redirect /alias/"),
            ("/alias/", "directory /alias/"),
            ("/page", "file page"),
            ("/scripts/hello.py", "script-directory"),
            ("/scripts/", "script-directory"),
            ("/source.txt", "script-directory"),
            ("/config", "hidden"),
            ("/self", "leaves-site"),
            ("/dangling", "not-found"),
            ("/environ", "leaves-site"),
            ("/out.txt", "leaves-site"),
            ("/out/out.txt", "leaves-site"),
            ("/cgi-bin/linked.py", "script cgi-bin/linked.py as /cgi-bin/linked.py"),
        ],
    );
    let follow = Settings { follow_symlinks: true, ..settings };
    check(
        &follow,
        &[
            ("/out.txt", "file out.txt"),
            ("/out/out.txt", "file out.txt"),
            ("/source.txt", "script-directory"),
            ("/config", "hidden"),
        ],
    );
}

#[test]
fn a_script_directory_under_a_second_name() {
    let root = tree();
    fs::rename(root.path().join("cgi-bin"), root.path().join("real")).unwrap();
    symlink("real", root.path().join("cgi-bin")).unwrap();
    check(
        &settings(root.path()),
        &[
            ("/cgi-bin/hello.py", "script cgi-bin/hello.py as /cgi-bin/hello.py"),
            ("/real/hello.py", "script-directory"),
            ("/real/", "script-directory"),
        ],
    );
    let both = Settings {
        script_dirs: ["/cgi-bin", "/real"].map(|url| ScriptDir { url: url.into(), directory: None }).to_vec(),
        ..settings(root.path())
    };
    check(&both, &[("/real/hello.py", "script real/hello.py as /real/hello.py")]);
}

#[test]
fn a_script_directory_from_elsewhere_and_mounts() {
    let root = tree();
    let outside = tempfile::tempdir().unwrap();
    put(outside.path(), "far.sh", "#!sh", 0o755);
    let mut settings = settings(root.path());
    settings.script_dirs.push(ScriptDir { url: "/far".into(), directory: Some(outside.path().into()) });
    settings.script_dirs.push(ScriptDir { url: "/near".into(), directory: Some(root.path().join("docs")) });
    settings.mounts = vec![
        Mount { url: "/git".into(), program: outside.path().join("far.sh"), arguments: Vec::new() },
        Mount { url: "/form".into(), program: root.path().join("form.py"), arguments: Vec::new() },
    ];
    let far = outside.path().join("far.sh").display().to_string();
    check(
        &settings,
        &[
            ("/far/far.sh/x", &format!("script {far} as /far/far.sh + /x")),
            ("/far/", "script-directory"),
            ("/near/page.html", "not-executable"),
            ("/docs/page.html", "script-directory"),
            ("/git", &format!("script {far} as /git")),
            ("/git/a%2Fb/.git/", &format!("script {far} as /git + /a/b/.git/")),
            ("/form/x", "script form.py as /form + /x"),
            ("/form.py", "script-directory"),
        ],
    );
    settings.mounts = vec![Mount { url: "/".into(), program: root.path().join("form.py"), arguments: Vec::new() }];
    settings.script_dirs.clear();
    check(&settings, &[("/x/y", "script form.py as  + /x/y"), ("/", "script form.py as  + /")]);
}
