//! `--live`: pages listen for changes and reload, scripts that change are looked at, and nobody else notices.

mod browser;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    client::{Client, Reply},
    process::run_ok,
    scripts::{HELLO, sh, text},
    server::{Server, Start, request_bytes},
    site::Site,
};

const PAGE: &str = "<!DOCTYPE html>\n<title>t</title>\n<body><p>hello</p></body></html>\n";
const BROWSER: (&str, &str) = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const TAG: &str = "<script data-htbin-live=\"";

/// A page as a browser asks for it.
#[track_caller]
fn page(server: &Server, path: &str) -> Reply {
    server.request("GET", path, &[BROWSER], b"")
}

/// The mark in a page.
#[track_caller]
fn mark(reply: &Reply) -> String {
    let text = reply.text();
    let at = text.find(TAG).unwrap_or_else(|| panic!("no script in {text}")) + TAG.len();
    text[at..].split('"').next().unwrap().to_owned()
}

/// Listens for changes since this mark; the head of the answer was read.
fn listen(server: &Server, mark: &str) -> Client {
    let mut client = server.client();
    client.send(request_bytes("GET", &format!("/.htbin/live?at={mark}"), &[], b""));
    let head = client.head().expect(200);
    assert_eq!(head.field("Content-Type"), Some("text/event-stream"));
    assert_eq!(head.field("Cache-Control"), Some("no-store"));
    client.until("retry: 1000\n\n");
    client
}

/// The next event: its name and its id.
fn event(client: &mut Client) -> (String, String) {
    client.until("event: ");
    let text = client.until("\n\n");
    let (name, rest) = text.split_once('\n').unwrap();
    let id = rest.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    (name.to_owned(), id.to_owned())
}

#[test]
fn a_change_is_told_and_a_style_sheet_apart() {
    ours_only!();
    let site = Site::new().file("index.html", PAGE).file("style.css", "p {}").directory("new", 0o755);
    let server = Server::with(&site, &["--live"]);
    let first = mark(&page(&server, "/"));
    let mut listener = listen(&server, &first);
    fs::write(site.path("style.css"), "p { color: red }").unwrap();
    let (name, styled) = event(&mut listener);
    assert_eq!(name, "style");
    fs::write(site.path("index.html"), "<p>other").unwrap();
    let (name, changed) = event(&mut listener);
    assert_eq!(name, "reload");
    assert!(first != styled && styled != changed, "{first} {styled} {changed}");
    let second = page(&server, "/");
    assert_eq!(mark(&second), changed);
    assert!(second.text().starts_with("<p>other<script"), "{}", second.text());
    // In a directory that was not there at the start, too.
    fs::create_dir(site.path("new/below")).unwrap();
    assert_eq!(event(&mut listener).0, "reload");
    fs::write(site.path("new/below/a.html"), "a").unwrap();
    assert_eq!(event(&mut listener).0, "reload");
    fs::remove_dir_all(site.path("new")).unwrap();
    assert_eq!(event(&mut listener).0, "reload");
}

#[test]
fn a_page_that_was_made_before_a_change_is_told_at_once() {
    ours_only!();
    let site = Site::new().file("index.html", PAGE);
    let server = Server::with(&site, &["--live"]);
    let first = mark(&page(&server, "/"));
    let mut listener = listen(&server, &first);
    fs::write(site.path("index.html"), "<p>other").unwrap();
    let (_, now) = event(&mut listener);
    assert_eq!(event(&mut listen(&server, &first)), ("reload".into(), now.clone()));
    // Of another run of the server's it is out of date, too.
    assert_eq!(event(&mut listen(&server, "abc-1")).0, "reload");
    // What was heard last counts, not what the page was made at.
    let mut again = server.client();
    again.send(request_bytes("GET", &format!("/.htbin/live?at={first}"), &[("Last-Event-ID", &now)], b""));
    again.until("retry: 1000\n\n");
    fs::write(site.path("index.html"), "<p>third").unwrap();
    assert_ne!(event(&mut again).1, now, "the first it hears is the next change");
}

#[test]
fn what_is_no_part_of_the_site_is_no_news() {
    ours_only!();
    let site = Site::new().file("index.html", PAGE).directory(".git", 0o755);
    let server = Server::with(&site, &["--live"]);
    let mut listener = listen(&server, &mark(&page(&server, "/")));
    fs::write(site.path(".git/index"), "x").unwrap();
    fs::write(site.path("index.html~"), "x").unwrap();
    fs::write(site.path("4913"), "x").unwrap();
    fs::read(site.path("index.html")).unwrap();
    server.get("/index.html").expect(200);
    fs::write(site.path("a.txt"), "x").unwrap();
    let (_, id) = event(&mut listener);
    assert!(id.ends_with("-1"), "one change was news: {id}");
}

#[test]
fn pages_of_every_kind_get_the_script() {
    ours_only!();
    let html = "#!/bin/sh\nprintf 'Content-Type: text/html\\nContent-Length: 26\\nETag: \"a\"\\n\\n<body>from a script</body>'\n";
    let site = Site::new()
        .file("index.html", PAGE)
        .file("sub/a.txt", "")
        .file("large.html", "x".repeat(300_000))
        .script("cgi-bin/page", html)
        .script("cgi-bin/own-error", "#!/bin/sh\nprintf 'Status: 404\\nContent-Type: text/html\\n\\n<p>mine</p>'\n")
        .script("cgi-bin/fails", "#!/bin/sh\nexit 3\n");
    let server = Server::with(&site, &["--live"]);
    let one = page(&server, "/").expect(200);
    let element = one.text();
    let element = &element[element.find(TAG).unwrap()..element.find("</script>").unwrap() + 9];
    assert_eq!(one.text(), PAGE.replace("</body>", &format!("{element}</body>")));
    assert_eq!(one.field("Content-Length"), Some(one.body.len().to_string().as_str()));
    for name in ["ETag", "Last-Modified", "Accept-Ranges"] {
        assert_eq!(one.field(name), None);
    }
    assert_eq!(one.field("Cache-Control"), Some("no-store"));
    let script = page(&server, "/cgi-bin/page").expect(200);
    assert_eq!(script.text(), format!("<body>from a script{element}</body>"));
    assert_eq!(script.field("ETag"), None);
    let large = page(&server, "/large.html").expect(200);
    assert_eq!(large.body.len(), 300_000 + element.len());
    assert!(large.text().ends_with(element), "where nobody reads the file, at its end");
    for (path, status) in [("/sub/", 200), ("/nothing", 404), ("/cgi-bin/own-error", 404), ("/cgi-bin/fails", 502)] {
        let reply = page(&server, path).expect(status);
        assert!(reply.text().contains(element) && !reply.cut, "{path}: {}", reply.text());
    }
}

#[test]
fn our_own_pages_allow_the_script_by_its_hash() {
    ours_only!();
    let site = Site::new().file("sub/a.txt", "");
    let server = Server::with(&site, &["--live"]);
    let reply = page(&server, "/sub/").expect(200);
    let text = reply.text();
    let script = &text[text.find(TAG).unwrap()..];
    let script = &script[script.find('>').unwrap() + 1..script.find("</script>").unwrap()];
    let file = Site::new().file("script", script);
    let hash = "import base64, hashlib, sys; \
        print(base64.b64encode(hashlib.sha256(open(sys.argv[1], 'rb').read()).digest()).decode())";
    let hash = run_ok(Command::new("python3").args(["-c", hash]).arg(file.path("script")).stdin(Stdio::null()));
    let policy = reply.field("Content-Security-Policy").unwrap();
    assert!(policy.contains(&format!("script-src 'sha256-{}'; connect-src 'self'", hash.trim())), "{policy} {hash}");
    let plain = server.get("/nothing").expect(404);
    assert!(!plain.text().contains("<script"));
}

#[test]
fn what_may_not_be_changed_is_not() {
    ours_only!();
    let script = |fields: &str| format!("#!/bin/sh\nprintf '{fields}\\n\\n<body>x</body>'\n");
    let site = Site::new()
        .file("index.html", PAGE)
        .file("a.txt", PAGE)
        .script("cgi-bin/zipped", script("Content-Type: text/html\\nContent-Encoding: gzip"))
        .script("cgi-bin/fixed", script("Content-Type: text/html\\nCache-Control: no-transform"))
        .script("cgi-bin/strict", script("Content-Type: text/html\\nContent-Security-Policy: default-src *"))
        .script("cgi-bin/plain", script("Content-Type: text/plain"))
        .script("cgi-bin/saved", script("Content-Type: text/html\\nContent-Disposition: attachment"));
    let server = Server::with(&site, &["--live", "-v"]);
    for path in ["/a.txt", "/cgi-bin/zipped", "/cgi-bin/fixed", "/cgi-bin/strict", "/cgi-bin/plain", "/cgi-bin/saved"] {
        let reply = page(&server, path).expect(200);
        assert!(!reply.text().contains("<script"), "{path}: {}", reply.text());
    }
    server.events.with("Content-Security-Policy forbids it");
    let head = server.request("HEAD", "/", &[BROWSER], b"").expect(200);
    assert_eq!(head.field("Content-Length"), Some(PAGE.len().to_string().as_str()));
    let part = server.request("GET", "/", &[BROWSER, ("Range", "bytes=0-3")], b"").expect(206);
    assert_eq!(part.text(), "<!DO");
}

#[test]
fn who_is_no_browser_on_this_machine_gets_what_lies_there() {
    ours_only!();
    let site = Site::new().file("index.html", PAGE);
    let server = Server::with(&site, &["--live"]);
    let foreign: [&[(&str, &str)]; 5] = [
        &[],
        &[BROWSER, ("X-Forwarded-For", "10.0.0.1")],
        &[BROWSER, ("Host", "evil.example")],
        &[BROWSER, ("Sec-Fetch-Dest", "empty")],
        &[("Accept", "*/*"), ("Sec-Fetch-Dest", "image")],
    ];
    for fields in foreign {
        let reply = server.request("GET", "/", fields, b"").expect(200);
        assert_eq!(reply.text(), PAGE, "{fields:?}");
        assert!(reply.field("ETag").is_some());
    }
    let cross_site = ("Sec-Fetch-Site", "cross-site");
    for fields in [foreign[1], foreign[2], &[cross_site]] {
        server.request("GET", "/.htbin/live?at=x", fields, b"").expect(404);
    }
    let open = Server::with(&site, &["--live", "--debug"]);
    mark(&open.request("GET", "/", foreign[2], b""));
    let closed = Server::with(&site, &["--live", "--no-debug"]);
    mark(&page(&closed, "/"));
}

#[test]
fn without_the_flag_there_is_nothing() {
    ours_only!();
    let site = Site::new().file("index.html", PAGE);
    let server = Server::with(&site, &[]);
    assert_eq!(page(&server, "/").expect(200).text(), PAGE);
    server.get("/.htbin/live").expect(404);
}

#[test]
fn a_page_that_is_kept_gets_the_script_of_now() {
    ours_only!();
    let site = Site::new().file("index.html", PAGE).file("other.txt", "");
    let server = Server::with(&site, &["--live"]);
    let first = mark(&page(&server, "/index.html"));
    let mut listener = listen(&server, &first);
    // Only what has not changed for three seconds is kept.
    listener.until("\r\n");
    assert!(!listener.hears_within(Duration::from_millis(4200)), "nothing has changed");
    for _ in 0..2 {
        assert_eq!(server.get("/index.html").expect(200).text(), PAGE);
        assert_eq!(mark(&page(&server, "/index.html")), first);
    }
    fs::write(site.path("other.txt"), "x").unwrap();
    let (_, now) = event(&mut listener);
    assert_eq!(mark(&page(&server, "/index.html")), now);
    let plain = server.get("/index.html").expect(200);
    assert_eq!(plain.text(), PAGE);
    let etag = plain.field("ETag").unwrap().to_owned();
    server.request("GET", "/index.html", &[("If-None-Match", &etag)], b"").expect(304);
    // A browser that has it from before gets it anew, with the script.
    mark(&server.request("GET", "/index.html", &[BROWSER, ("If-None-Match", &etag)], b"").expect(200));
}

#[test]
fn a_stream_stays_one() {
    ours_only!();
    let site = Site::new().directory("tmp", 0o777).script(
        "cgi-bin/slow",
        "#!/bin/sh\nprintf 'Content-Type: text/html\\n\\n<body><p>one</p>\\n'\nread x <tmp\nprintf '<p>two</p></body>\\n'\n",
    );
    let site = site.script(
        "cgi-bin/announced",
        "#!/bin/sh\nprintf 'Content-Type: text/html\\nContent-Length: 11\\n\\n<body>hello'\nread x <tmp\n",
    );
    let mut fifo = site.fifo("cgi-bin/tmp");
    let server = Server::with(&site, &["--live"]);
    let announced = page(&server, "/cgi-bin/announced").expect(200);
    assert!(announced.text().starts_with("<body>hello<script"), "what the script does afterwards is not waited for");
    fifo.release();
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/slow", &[BROWSER], b""));
    let head = client.head().expect(200);
    assert_eq!(head.field("Transfer-Encoding"), Some("chunked"));
    client.until("<p>one</p>\n");
    fifo.release();
    let rest = client.until("</body>");
    assert!(rest.contains("<p>two</p>") && rest.contains(TAG), "{rest}");
    drop(fifo.line_within(Duration::ZERO));
}

#[test]
fn a_script_that_changes_is_looked_at_and_its_page_comes_back() {
    ours_only!();
    let site = Site::new().with_mode("cgi-bin/hello", HELLO, 0o644).file("cgi-bin/words.txt", "one");
    let server = Server::with(&site, &["--live", "-v"]);
    let failed = page(&server, "/cgi-bin/hello").expect(403);
    let mut listener = listen(&server, &mark(&failed));
    fs::write(site.path("cgi-bin/words.txt"), "two").unwrap();
    event(&mut listener);
    fs::write(site.path("cgi-bin/hello"), format!("{HELLO}\n")).unwrap();
    event(&mut listener);
    let told = server.events.wait_for("a warning", |line| line.contains(" warn "));
    assert!(
        told.contains("has no execute bit") && told.contains("chmod +x") && told.contains("cgi-bin/hello"),
        "{told}"
    );
    fs::set_permissions(site.path("cgi-bin/hello"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(event(&mut listener).0, "reload");
    server.events.wait_for("that it is ok", |line| line.contains("ok") && line.contains("cgi-bin/hello"));
    page(&server, "/cgi-bin/hello").expect(200);
    fs::write(site.path("cgi-bin/hello"), HELLO.replace('\n', "\r\n")).unwrap();
    event(&mut listener);
    server.events.wait_for("the carriage return", |line| line.contains(" warn ") && line.contains("sed"));
    assert!(!server.events.all().iter().any(|line| line.contains("words.txt") && line.contains(" warn ")));
}

#[test]
fn a_page_that_changes_a_file_itself_does_not_load_for_ever() {
    ours_only!();
    let site = Site::new()
        .directory("data", 0o777)
        .script("cgi-bin/count", text("date +%N >../data/count"))
        .file("index.html", PAGE);
    let server = Server::with(&site, &["--live"]);
    let mut listener = listen(&server, &mark(&page(&server, "/")));
    let begun = Instant::now();
    for _ in 0..3 {
        page(&server, "/cgi-bin/count").expect(200);
        event(&mut listener);
    }
    page(&server, "/cgi-bin/count").expect(200);
    if begun.elapsed() < Duration::from_secs(2) {
        server.events.with("changes whenever the page is loaded");
    } else {
        eprintln!("skipped: on a machine this slow no two changes belong together");
    }
}

#[test]
fn a_listener_does_not_hold_up_the_end() {
    ours_only!();
    let site = Site::new().file("index.html", PAGE);
    let mut server = Server::with(&site, &["--live", "--stop-time", "none"]);
    let mut listener = listen(&server, &mark(&page(&server, "/")));
    assert!(server.stop().success());
    listener.rest();
}

#[test]
fn too_many_listeners_are_told_to_come_back() {
    ours_only!();
    let site = Site::new().file("index.html", PAGE);
    let server = Server::with(&site, &["--live"]);
    let first = mark(&page(&server, "/"));
    let mut listeners: Vec<Client> = (0..256).map(|_| listen(&server, &first)).collect();
    let refused = server.get(&format!("/.htbin/live?at={first}")).expect(503);
    assert!(refused.field("Retry-After").is_some());
    fs::write(site.path("index.html"), "x").unwrap();
    for listener in &mut listeners {
        assert_eq!(event(listener).0, "reload");
    }
}

#[test]
fn more_directories_than_the_kernel_watches_are_told_of() {
    ours_only!();
    let site = Site::new().file("index.html", PAGE).file("a/a", "").file("b/b", "").file("c/c", "");
    let limit = "echo 2 >/proc/sys/user/max_inotify_watches && exec unshare -U --map-user=1000 \"$@\"";
    let alone = ["-Ur", "/bin/sh", "-c", limit, "sh"];
    let can = Command::new("unshare").args(alone).arg("true").output().is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("skipped: this machine lets nobody set a limit of his own");
        return;
    }
    let server = Start::bare("unshare")
        .flags(&alone)
        .flags(&[env!("CARGO_BIN_EXE_htbin"), "--port", "0", "-b", "127.0.0.1", "--live", "-d"])
        .flags(&[site.root()])
        .go();
    server.events.with("--live watches 2 directories and not the others");
    let mut listener = listen(&server, &mark(&page(&server, "/")));
    fs::write(site.path("index.html"), sh("")).unwrap();
    assert_eq!(event(&mut listener).0, "reload");
}
