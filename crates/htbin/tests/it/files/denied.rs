//! What is never served: beyond the site, hidden names, what is no file, and the source of scripts.

use std::os::unix::net::UnixListener;

use crate::{server::Server, site::Site};

#[test]
fn nothing_beyond_the_site_is_served_by_any_spelling() {
    let site = Site::new().file("sub/a.txt", "a");
    let server = Server::start(&site);
    let up = "../".repeat(12);
    let encoded = "%2e%2e/".repeat(12);
    let slashes = "..%2f".repeat(12);
    let paths = [
        format!("/{up}etc/passwd"),
        format!("/{encoded}etc/passwd"),
        format!("/{slashes}etc/passwd"),
        format!("/sub/{up}etc/passwd"),
        format!("/sub/{encoded}etc/passwd"),
        format!("//{up}etc/passwd"),
        format!("/.{up}etc/passwd"),
        format!("/cgi-bin/{up}etc/passwd"),
        format!("/cgi-bin/{slashes}etc/passwd"),
        format!("/{}etc/passwd", "..\\".repeat(12)),
        format!("/{}etc/passwd", "%252e%252e/".repeat(12)),
        format!("/{}etc/passwd", "..;/".repeat(12)),
        format!("/{}etc/passwd", "%c0%ae%c0%ae/".repeat(12)),
        "//etc/passwd".to_owned(),
        "/%2fetc/passwd".to_owned(),
        "/sub/..%00/../etc/passwd".to_owned(),
        "/file:///etc/passwd".to_owned(),
    ];
    for path in paths {
        let reply = server.get(&path);
        assert!((300..500).contains(&reply.status), "{path}: {}", reply.status);
        assert!(!reply.text().contains("root:"), "{path}");
    }
}

#[test]
fn an_encoded_slash_is_no_slash() {
    peer_differs!(Lighttpd: "takes it for one");
    let site = Site::new().file("sub/a.txt", "a");
    let status = Server::start(&site).get("/sub%2Fa.txt").status;
    assert!(matches!(status, 400 | 404), "{status}");
}

#[test]
fn hidden_names_do_not_exist() {
    ours_only!();
    let site = Site::new().file(".env", "PASSWORD").file(".git/config", "PASSWORD").file("sub/.htpasswd", "PASSWORD");
    let server = Server::start(&site);
    for path in ["/.env", "/.git/config", "/.git/", "/.git", "/sub/.htpasswd", "/%2Eenv", "//.env", "/sub//.htpasswd"] {
        let reply = server.get(path);
        assert_eq!(reply.status, 404, "{path}");
        assert!(!reply.text().contains("PASSWORD"));
    }
}

#[test]
fn hidden_names_are_served_on_request() {
    ours_only!();
    let site = Site::new().file(".well-known/a.txt", "a");
    assert_eq!(Server::with(&site, &["--hidden"]).get("/.well-known/a.txt").expect(200).text(), "a");
}

#[test]
fn a_link_that_leaves_the_site_is_refused() {
    ours_only!();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("a.txt"), "outside").unwrap();
    let outside_file = outside.path().join("a.txt");
    let site = Site::new()
        .file("real.txt", "inside")
        .link("inside.txt", "real.txt")
        .link("outside.txt", outside_file.to_str().unwrap())
        .link("outside", outside.path().to_str().unwrap())
        .link("up", "../..")
        .link("nowhere", "missing")
        .link("circle", "circle");
    let server = Server::start(&site);
    assert_eq!(server.get("/inside.txt").expect(200).text(), "inside");
    for path in ["/outside.txt", "/outside/a.txt", "/up/etc/passwd", "/nowhere", "/circle"] {
        let reply = server.get(path);
        assert!(matches!(reply.status, 403 | 404), "{path}: {}", reply.status);
        assert!(!reply.text().contains("outside\n") && !reply.text().contains("root:"));
    }
}

#[test]
fn a_link_that_leaves_the_site_is_followed_on_request() {
    ours_only!();
    let outside = Site::new().file("a.txt", "outside");
    let site = Site::new().link("link", outside.root().to_str().unwrap());
    assert_eq!(Server::with(&site, &["--follow-symlinks"]).get("/link/a.txt").expect(200).text(), "outside");
}

#[test]
fn a_link_out_of_proc_is_refused() {
    ours_only!();
    let site = Site::new().link("self", "/proc/self/root/etc");
    let server = Server::start(&site);
    let reply = server.get("/self/passwd");
    assert!(matches!(reply.status, 403 | 404), "{}", reply.status);
}

#[test]
fn what_is_no_regular_file_is_refused_and_holds_nobody() {
    ours_only!();
    let site = Site::new();
    let _fifo = site.fifo("pipe");
    let _socket = UnixListener::bind(site.path("socket")).unwrap();
    let server = Server::start(&site);
    for path in ["/pipe", "/socket"] {
        let status = server.get(path).status;
        assert!(matches!(status, 403 | 404), "{path}: {status}");
    }
}

#[test]
fn what_the_server_may_not_read_is_403() {
    ours_only!();
    let site = Site::new().with_mode("a.txt", "PASSWORD", 0o000);
    assert_eq!(Server::start(&site).get("/a.txt").status, 403);
}

#[test]
fn the_script_directory_is_not_listed() {
    let site = Site::new().script("cgi-bin/x", "SOURCE").script("cgi-bin/sub/y", "SOURCE");
    let server = Server::start(&site);
    let reply = server.get("/cgi-bin/");
    assert!(matches!(reply.status, 403 | 404), "{}", reply.status);
    if crate::subject::subject() == crate::subject::Subject::Htbin {
        assert_eq!(reply.status, 403);
        assert_eq!(server.get("/cgi-bin/sub/").status, 404);
    }
}

/// Paths that have led some server to the source of `/cgi-bin/secret.py`.
const SPELLINGS: [&str; 22] = [
    "/cgi-bin/secret.py",
    "/cgi-bin//secret.py",
    "//cgi-bin/secret.py",
    "/cgi-bin/./secret.py",
    "/./cgi-bin/secret.py",
    "/sub/../cgi-bin/secret.py",
    "/cgi%2Dbin/secret.py",
    "/%63gi-bin/secret.py",
    "/cgi-bin/%73ecret.py",
    "/cgi-bin%2Fsecret.py",
    "/cgi-bin%2fsecret.py",
    "/cgi-bin\\secret.py",
    "/cgi-bin/secret.py/",
    "/cgi-bin/secret.py/extra.txt",
    "/cgi-bin/secret.py%00.txt",
    "/cgi-bin/secret.py%20",
    "/cgi-bin/secret.py.",
    "/CGI-BIN/secret.py",
    "/cgi-bin/secret.py;x.txt",
    "/link/secret.py",
    "/link.py",
    "/sub/link/secret.py",
];

fn no_source(site: &Site, flags: &[&str]) {
    let server = Server::with(site, flags);
    for path in SPELLINGS {
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS", "PROPFIND", "COPY"] {
            for fields in [&[][..], &[("Range", "bytes=0-50")], &[("Translate", "f")], &[("If-None-Match", "\"x\"")]] {
                let reply = server.request(method, path, fields, b"");
                assert!(!reply.text().contains("SOURCE"), "{method} {path} {fields:?} {flags:?}");
            }
        }
    }
}

fn site_with_secret(mode: u32) -> Site {
    Site::new()
        .with_mode("cgi-bin/secret.py", "#!/bin/sh\nprintf 'Content-Type: a/b\\n\\nran'\n# SOURCE\n", mode)
        .directory("sub", 0o755)
        .link("link", "cgi-bin")
        .link("sub/link", "../cgi-bin")
        .link("link.py", "cgi-bin/secret.py")
}

#[test]
fn the_source_of_a_script_never_leaks() {
    ours_only!();
    no_source(&site_with_secret(0o755), &[]);
}

#[test]
fn the_source_of_a_script_without_execute_bit_never_leaks() {
    ours_only!();
    no_source(&site_with_secret(0o644), &[]);
}

#[test]
fn the_source_of_a_script_never_leaks_where_nothing_runs() {
    ours_only!();
    no_source(&site_with_secret(0o755), &["--no-cgi"]);
}

#[test]
fn the_source_of_a_script_never_leaks_with_links_followed_and_everything_run() {
    ours_only!();
    let site = site_with_secret(0o755).file("app.html", "x");
    no_source(&site, &["--follow-symlinks", "--hidden", "--spa=app.html"]);
    no_source(&site_with_secret(0o755), &["--cgi-dir", "."]);
    no_source(&site_with_secret(0o644), &["--cgi-dir", "."]);
}

#[test]
fn files_beside_scripts_are_never_sent() {
    ours_only!();
    let site =
        Site::new().file("cgi-bin/data.txt", "SOURCE").file("cgi-bin/.hidden", "SOURCE").file("cgi-bin/d/x", "SOURCE");
    let server = Server::start(&site);
    assert_eq!(server.get("/cgi-bin/data.txt").status, 403);
    assert_eq!(server.get("/cgi-bin/.hidden").status, 404);
    assert_eq!(server.get("/cgi-bin/d/x").status, 403);
    assert_eq!(server.get("/cgi-bin/d").status, 404);
    assert_eq!(server.get("/cgi-bin/missing").status, 404);
}
