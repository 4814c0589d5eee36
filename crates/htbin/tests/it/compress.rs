//! Answers are compressed: curl takes them apart again, and it is curl that says whether they are whole.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use crate::{
    process::{PATIENCE, run_ok, wait_within},
    scripts::text,
    server::Server,
    site::Site,
};

const ON: &str = "directory = \".\"\ncompress = true\n";

fn long() -> String {
    (0..20_000).flat_map(|number: u32| [number.to_string(), " ".to_owned()]).collect()
}

/// What curl makes of a path with this coding: the head, and the body as it was before.
fn curl(server: &Server, path: &str, coding: &str, words: &[&str]) -> (String, String) {
    let accept = format!("Accept-Encoding: {coding}");
    let mut command = Command::new("curl");
    command.args(["-sS", "-i", "--compressed", "-H", &accept]).args(words).arg(server.url(path));
    let answer = run_ok(&mut command);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

#[test]
fn curl_gets_what_there_is_by_every_coding() {
    ours_only!();
    let script = text("i=0; while [ $i -lt 3000 ]; do echo \"line $i\"; i=$((i+1)); done");
    let lines: String =
        (0..3000).flat_map(|number: u32| ["line ".to_owned(), number.to_string(), "\n".to_owned()]).collect();
    let site = Site::new().file("long.txt", long()).file("short.txt", "short").script("cgi-bin/lines", script);
    let small: String = long().chars().take(9000).collect();
    let site = site.file("small.html", &small).file("picture.png", long());
    let server = Server::configured(&site, ON);
    for coding in ["gzip", "br", "zstd"] {
        // Each twice: what was kept is the same.
        for _ in 0..2 {
            for (path, content) in [("/long.txt", &long()), ("/small.html", &small), ("/cgi-bin/lines", &lines)] {
                let (head, body) = curl(&server, path, coding, &[]);
                assert!(head.contains(&format!("content-encoding: {coding}")), "{path} {head}");
                assert!(head.contains("vary: accept-encoding"), "{path} {head}");
                assert!(body == *content, "{path} by {coding}");
            }
        }
    }
    for (path, coding) in [("/short.txt", "gzip"), ("/picture.png", "gzip"), ("/long.txt", "identity")] {
        let (head, _) = curl(&server, path, coding, &[]);
        assert!(!head.contains("content-encoding"), "{head}");
    }
    let (head, _) = curl(&server, "/long.txt", "br;q=0.1, gzip;q=0.9", &[]);
    assert!(head.contains("content-encoding: gzip"), "{head}");
}

#[test]
fn nothing_is_compressed_unasked() {
    ours_only!();
    let site = Site::new().file("long.txt", long());
    let (head, _) = curl(&Server::configured(&site, "directory = \".\"\n"), "/long.txt", "gzip", &[]);
    assert!(!head.contains("content-encoding") && !head.contains("vary"), "{head}");
}

#[test]
fn each_line_of_a_stream_arrives_at_once() {
    ours_only!();
    let script = "#!/bin/sh\nprintf 'Content-Type: text/event-stream\\n\\n'\n\
        for word in one two three; do printf 'data: %s\\n' $word; read x <x.gate; done\n";
    let site = Site::new().script("cgi-bin/events", script);
    let gate = site.fifo("cgi-bin/x.gate");
    let server = Server::configured(&site, &format!("{ON}compress-types = [\"text/event-stream\"]\n"));
    for coding in ["gzip", "br", "zstd"] {
        let mut command = Command::new("curl");
        command.args(["-sS", "-N", "--compressed", "-H", &format!("Accept-Encoding: {coding}")]);
        let mut child = command.arg(server.url("/cgi-bin/events")).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The script goes on only after its line was seen.
        for word in ["one", "two", "three"] {
            assert_eq!(lines.next().unwrap().unwrap(), format!("data: {word}"));
            gate.release();
        }
        assert!(lines.next().is_none());
        assert!(wait_within(&mut child, PATIENCE).unwrap().success(), "{coding}");
    }
    // By default it is none of the texts.
    let plain = Server::configured(&site, ON);
    (0..3).for_each(|_| gate.release());
    assert_eq!(
        plain.request("GET", "/cgi-bin/events", &[("Accept-Encoding", "gzip")], b"").field("Content-Encoding"),
        None
    );
}

#[test]
fn a_stream_that_is_cut_is_no_whole_one() {
    ours_only!();
    let site = Site::new().script("cgi-bin/cut", text("echo half; kill -9 $$"));
    let server = Server::configured(&site, ON);
    let output = Command::new("curl").args(["-sS", "--compressed"]).arg(server.url("/cgi-bin/cut")).output().unwrap();
    assert!(!output.status.success(), "curl takes it for the whole");
}

#[test]
fn conditions_and_parts_still_mean_the_file() {
    ours_only!();
    let site = Site::new().file("long.txt", long());
    let server = Server::configured(&site, ON);
    let get = |fields: &[(&str, &str)]| {
        let fields = [&[("Accept-Encoding", "gzip")], fields].concat();
        server.request("GET", "/long.txt", &fields, b"")
    };
    let whole = get(&[]);
    let tag = whole.field("ETag").unwrap().to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    assert_eq!((whole.field("Accept-Ranges"), whole.field("Content-Length")), (None, None));
    let known = get(&[("If-None-Match", &tag)]).expect(304);
    assert_eq!((known.field("ETag"), known.field("Vary")), (Some(&*tag), Some("Accept-Encoding")));
    // A part is one of the file, and never one of its compressed form.
    let part = get(&[("Range", "bytes=2-3")]).expect(206);
    assert_eq!((part.text(), part.field("Content-Encoding")), ("1 ".to_owned(), None));
    assert_eq!(get(&[("Range", "bytes=2-3"), ("If-Range", &tag)]).expect(200).field("Content-Encoding"), Some("gzip"));
    let head = server.request("HEAD", "/long.txt", &[("Accept-Encoding", "gzip")], b"").expect(200);
    assert_eq!((head.field("Content-Encoding"), head.field("ETag")), (Some("gzip"), Some(&*tag)));
}

#[test]
fn what_was_kept_is_not_sent_once_the_file_has_changed() {
    ours_only!();
    let site = Site::new().file("page.html", "old ".repeat(2000));
    let server = Server::configured(&site, ON);
    for _ in 0..2 {
        assert_eq!(curl(&server, "/page.html", "zstd", &[]).1, "old ".repeat(2000));
    }
    fs::write(site.path("page.html"), "new ".repeat(2000)).unwrap();
    for _ in 0..2 {
        assert_eq!(curl(&server, "/page.html", "zstd", &[]).1, "new ".repeat(2000));
    }
}

const BESIDE: &str = "directory = \".\"\nprecompressed = true\n";

#[test]
fn a_compressed_form_beside_the_file_is_sent() {
    ours_only!();
    // What lies there is not looked into, so the test need not compress either.
    let site = Site::new()
        .file("index.html", "plain")
        .file("index.html.br", "by br")
        .file("index.html.gz", "by gzip")
        .file("other.html", "plain")
        .link("link.html", "index.html");
    let server = Server::configured(&site, BESIDE);
    let get = |path: &str, accept: &str| server.request("GET", path, &[("Accept-Encoding", accept)], b"").expect(200);
    for path in ["/index.html", "/"] {
        for (accept, coding, content) in [
            ("gzip, br", Some("br"), "by br"),
            ("gzip, br;q=0.5", Some("gzip"), "by gzip"),
            ("gzip, zstd", Some("gzip"), "by gzip"),
            ("zstd", None, "plain"),
            ("", None, "plain"),
        ] {
            let reply = get(path, accept);
            assert_eq!((reply.field("Content-Encoding"), &*reply.text()), (coding, content), "{path} {accept}");
            assert_eq!(reply.field("Content-Type"), Some("text/html; charset=utf-8"));
            assert_eq!(reply.field("Vary"), Some("Accept-Encoding"));
        }
    }
    assert_eq!(get("/other.html", "br").text(), "plain");
    // By itself it is a file as any other.
    let own = get("/index.html.gz", "gzip");
    assert_eq!((own.field("Content-Encoding"), own.field("Content-Type")), (None, Some("application/gzip")));
    // It has its own tag, and its own parts.
    let tag = get("/index.html", "br").field("ETag").unwrap().to_owned();
    let fields = [("Accept-Encoding", "br"), ("If-None-Match", &*tag)];
    server.request("GET", "/index.html", &fields, b"").expect(304);
    assert_ne!(get("/index.html", "gzip").field("ETag"), Some(&*tag));
    let fields = [("Accept-Encoding", "br"), ("Range", "bytes=3-4")];
    let part = server.request("GET", "/index.html", &fields, b"").expect(206);
    assert_eq!((&*part.text(), part.field("Content-Encoding")), ("br", Some("br")));
}

#[test]
fn a_compressed_form_that_is_old_or_elsewhere_is_not_sent() {
    ours_only!();
    let outside = Site::new().file("secret", "secret");
    let site = Site::new()
        .file("old.html", "plain")
        .file("old.html.br", "old")
        .file("link.html", "plain")
        .file("directory.html", "plain")
        .directory("directory.html.br", 0o755)
        .with_mode("hidden.html", "plain", 0o644)
        .with_mode("hidden.html.br", "hidden", 0o000)
        .link("link.html.br", outside.path("secret").to_str().unwrap());
    let older = SystemTime::now() - Duration::from_secs(7200);
    fs::File::open(site.path("old.html.br")).unwrap().set_modified(older).unwrap();
    let server = Server::configured(&site, BESIDE);
    for path in ["/old.html", "/link.html", "/directory.html", "/hidden.html"] {
        let reply = server.request("GET", path, &[("Accept-Encoding", "br")], b"").expect(200);
        assert_eq!((reply.field("Content-Encoding"), &*reply.text()), (None, "plain"), "{path}");
    }
}

#[test]
fn a_list_of_codings_without_end_is_read_to_its_limit() {
    ours_only!();
    let site = Site::new().file("long.txt", long());
    let server = Server::configured(&site, ON);
    let many = "x;q=0.1,".repeat(7000);
    for accept in [&*format!("{many}gzip"), &*format!("gzip,{many}"), ",;q=;;=,gzip;q=1e-9", "*;q=9"] {
        let reply = server.request("GET", "/long.txt", &[("Accept-Encoding", accept)], b"").expect(200);
        assert_eq!(reply.field("Content-Encoding").is_some(), accept.starts_with("gzip"));
    }
}
