//! The configuration file: hosts, routes and what holds there; what is wrong is told with its line; a new one is taken
//! while requests run.

use std::{
    process::Command,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::Instant,
};

use rustix::process::Signal;

use crate::{
    process::{PATIENCE, run, run_ok, signal},
    server::{Server, Start, configure},
    site::Site,
};

const QUERY: &str = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s' \"$QUERY_STRING\"\n";
const ENVIRONMENT: &str = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nenv\n";

fn htbin(words: &[&str], site: &Site) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_htbin"));
    command.env_clear().env("PATH", "/usr/bin:/bin").args(words).current_dir(site.root());
    command
}

/// What `htbin check` says of a configuration that is wrong.
fn told(text: &str) -> String {
    let site = Site::new().file("a.toml", text);
    let output = run(&mut htbin(&["check", "a.toml"], &site));
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

fn of_host(server: &Server, host: &str, path: &str) -> (u16, String) {
    let reply = server.request("GET", path, &[("Host", host)], b"");
    (reply.status, reply.text())
}

#[test]
fn each_host_has_its_own_site() {
    let site = Site::new().file("a/x", "a").file("b/x", "b").file("c/x", "c").file("x", "other");
    let text = r#"
        directory = "."
        [[host]]
        name = "a.test"
        directory = "a"
        [[host]]
        name = ["*.b.test", "b.test"]
        directory = "b"
        [[host]]
        name = "c.b.test"
        directory = "c"
        [[host]]
    "#;
    let server = Server::configured(&site, text);
    for (host, answer) in [
        ("a.test", "a"),
        ("A.TEST.:80", "a"),
        ("b.test", "b"),
        ("x.b.test", "b"),
        ("c.b.test", "c"),
        ("d.test", "other"),
    ] {
        assert_eq!(of_host(&server, host, "/x"), (200, answer.to_owned()), "{host}");
    }
}

#[test]
fn the_first_route_that_fits_answers() {
    let site = Site::new().file("x.txt", "own").file("more/y/z.txt", "more").script("tool", QUERY);
    let text = r#"
        directory = "."
        [[route]]
        path = "/none"
        refuse = 410
        [[route]]
        path = "/more"
        files = "more"
        [[route]]
        path = "/tool"
        program = "./tool"
        [[route]]
        path = "/old"
        redirect = "https://new.test/{rest}"
        status = 308
        [[route]]
        glob = "/*/deep/**"
        rewrite = "/x.txt"
        [[route]]
        path = "/hello"
        respond = "héllo"
        header = { X-Own = "1" }
    "#;
    let server = Server::configured(&site, text);
    assert_eq!(server.get("/none/x").status, 410);
    assert_eq!(server.get("/nonesuch").status, 404);
    assert_eq!(server.get("/more/y/z.txt").expect(200).text(), "more");
    assert_eq!(server.get("/more/y").expect(301).field("location"), Some("/more/y/"));
    assert_eq!(server.get("/more").expect(301).field("location"), Some("/more/"));
    assert!(server.get("/more/").expect(200).text().contains("Index of /more/"));
    assert_eq!(server.get("/more/../x.txt").status, 400);
    assert_eq!(server.get("/tool/info?a=b").expect(200).text(), "a=b");
    assert_eq!(server.get("/old/a%20b?c").expect(308).field("location"), Some("https://new.test/a%20b?c"));
    assert_eq!(server.get("/a/deep/er").expect(200).text(), "own");
    let hello = server.get("/hello").expect(200);
    assert_eq!((hello.field("x-own"), hello.field("content-type")), (Some("1"), Some("text/plain; charset=utf-8")));
    assert_eq!(hello.text(), "héllo");
}

#[test]
fn what_is_said_nearer_counts() {
    let site = Site::new().script("cgi-bin/env", ENVIRONMENT).file("sub/x", "");
    let text = r#"
        directory = "."
        header = { X-A = "top", X-B = "top", X-C = "top" }
        env = { A = "top", B = "${FROM_OUTSIDE}$${x}" }
        [[host]]
        header = { x-a = "host" }
        env = { A = "host" }
        [[host.route]]
        path = "/sub"
        header = { x-b = "route", x-c = "" }
    "#;
    let server = Start::configured(&site, text).env("FROM_OUTSIDE", "out").go();
    let fields = |path: &str| {
        let reply = server.get(path).expect(200);
        ["x-a", "x-b", "x-c"].map(|name| reply.field(name).unwrap_or("-").to_owned()).join(" ")
    };
    assert_eq!(fields("/sub/x"), "host route -");
    assert_eq!(fields("/cgi-bin/env"), "host top top");
    let environment = server.get("/cgi-bin/env").text();
    assert!(environment.contains("A=host\n") && environment.contains("B=out${x}\n"), "{environment}");
}

#[test]
fn what_runs_elsewhere_is_never_sent() {
    let site = Site::new()
        .file("page.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran'\n")
        .script("bin/tool", QUERY)
        .script("one", QUERY);
    let text = r#"
        directory = "."
        [[route]]
        path = "/all"
        files = "."
        [[route]]
        path = "/run"
        scripts = "bin"
        [[route]]
        path = "/one"
        program = "./one"
        [[route]]
        suffix = ".sh"
        program = "sh"
    "#;
    let server = Server::configured(&site, text);
    assert_eq!(server.get("/page.sh").expect(200).text(), "ran");
    assert_eq!(server.get("/run/tool?x=y").expect(200).text(), "x=y");
    for path in ["/all/page.sh", "/all/bin/tool", "/bin/tool", "/all/one", "/all/htbin.toml", "/htbin.toml"] {
        assert_eq!(server.get(path).status, 403, "{path}");
    }
}

#[test]
fn files_are_included_in_the_order_of_their_names() {
    let host = |answer: &str| format!("[[host]]\nname = 'h.test'\n[[host.route]]\nrespond = '{answer}'\n");
    let site = Site::new().file("conf.d/20.toml", host("twenty")).file("conf.d/10.toml", host("ten"));
    let site = site.file("conf.d/30.txt", "no TOML at all [");
    let server =
        Server::configured(&site, "include = ['conf.d/*.toml', 'later.d/*.toml']\n[[host]]\ndirectory = '.'\n");
    assert_eq!(of_host(&server, "h.test", "/").1, "ten");
    let site = Site::new().file("conf.d/a.toml", "threads = 3\n").file("a.toml", "include = 'conf.d/*'\n");
    let output = run(&mut htbin(&["check", "a.toml"], &site));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("a.toml:1:1: 'threads' cannot stand in an included file"), "{told}");
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    for (text, line) in [
        ("direktory = '.'", "a.toml:1:1: there is no key 'direktory' here; 'directory' is meant"),
        ("\n[[host]\n", "a.toml:2:8: unclosed array table, expected `]`"),
        ("timeout = 'soon'", "a.toml:1:11: 'soon' is not a time like 60s, 5m, 500ms, or 'none'"),
        ("directory = '${NOPE}'", "a.toml:1:13: there is no variable NOPE in htbin's environment"),
        ("directory = '.'\n[[route]]\npath='/a'\nrefuse = 500", "a.toml:4:10: 500 is no refusal; 403, 404 and 410 are"),
        ("listen = 'https://[::]:443'\ndirectory = '.'", "a.toml:1:10: https needs a certificate"),
        ("[[route]]\nfiles = '.'", "a.toml:2:9: it needs 'path', below which it lies"),
        ("[[route]]\npath = '/a'", "a.toml:2:8: nothing answers here: give the route 'files'"),
        ("[[route]]\nredirect = '/a{b}'", "a.toml:2:12: '/a{b}': there is no gap {b}"),
        ("[[route]]\npath='/a'\nprogram = 'nope'", "a.toml:3:11: no program 'nope' in PATH"),
        ("header = { 'a b' = 'c' }", "a.toml:1:10: 'a b: c' is no field"),
        ("[[host]]\nname = 'a b'", "a.toml:2:8: 'a b' is no name of a host"),
        ("env = { QUERY_STRING = 'x' }", "a.toml:1:7: 'QUERY_STRING' is a meta-variable"),
        ("", "a.toml: host: nothing is served: say 'directory', or what a [[route]] does"),
        ("include = 'nope.toml'\ndirectory = '.'", "nope.toml: there is no such file"),
    ] {
        let told = told(text);
        assert!(told.contains(line), "{text:?} gave:\n{told}");
        let caret = told.lines().last().unwrap();
        assert!(
            !line.starts_with("a.toml:")
                || line.starts_with("a.toml: ")
                || caret.trim_start_matches([' ', '|']).starts_with('^'),
            "{told}"
        );
    }
}

#[test]
fn check_says_what_would_run_and_starts_nothing() {
    let site = Site::new().file("www/x", "");
    let site = site.file(
        "htbin.toml",
        "listen = ['127.0.0.1:8100', '/run/x.sock']\nuser = 'nobody'\n[[host]]\nname = 'a.test'\ndirectory = 'www'\n\
         [[host.route]]\npath = '/sh'\nprogram = '/bin/sh'\n",
    );
    let root = site.path("www").display().to_string();
    let shown = run_ok(&mut htbin(&["check"], &site));
    let expected = format!(
        "listen  http on 127.0.0.1:8100\nlisten  http on /run/x.sock\nuser    nobody\nhost    a.test\n  \
         /sh       program /bin/sh\n  all else  files of {root}, scripts in /cgi-bin and /htbin\n"
    );
    assert_eq!(shown, expected);
}

/// What docs/configuration.md shows is what htbin says.
#[test]
fn the_page_of_the_file_is_true() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md")).unwrap();
    let mut blocks = page.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap().1.to_owned());
    let (file, shown, wrong) = (blocks.next().unwrap(), blocks.next().unwrap(), blocks.next().unwrap());
    let site = Site::new().directory("www", 0o755).directory("downloads", 0o755);
    let srv = site.root().display().to_string();
    let local = |text: &str| text.replace("/srv/", &format!("{srv}/"));
    let certificate = file.lines().filter(|line| line.starts_with("certificate =") || line.starts_with("key ="));
    let file = certificate.fold(file.clone(), |file, line| file.replace(&format!("{line}\n"), ""));
    let site = site.file("htbin.toml", local(&file).replace("[tls]", "[tls]\nself-signed = true"));
    assert_eq!(run_ok(&mut htbin(&["check"], &site)), local(&shown));
    let site = site.file(
        "htbin.toml",
        local(&file).replace("[tls]", "[tls]\nself-signed = true\n").replace("directory = ", "direktory = "),
    );
    let told = String::from_utf8(run(&mut htbin(&["check"], &site)).stderr).unwrap();
    assert_eq!(told, local(&wrong));
}

#[test]
fn the_schema_and_the_manual_page_know_every_key() {
    let site = Site::new();
    let schema = run_ok(&mut htbin(&["check", "--schema"], &site));
    let page = run_ok(&mut htbin(&["man", "htbin.toml"], &site));
    for key in ["directory", "listen", "max-body", "redirect", "self-signed"] {
        assert!(schema.contains(&format!("\"{key}\"")), "{key}");
        assert!(page.contains(&format!("\\fB{}\\fR", key.replace('-', "\\-"))), "{key}");
    }
}

#[test]
fn flags_beside_a_file_are_an_error() {
    let site = Site::new().file("htbin.toml", "directory = '.'\n");
    for words in [&["-c", "htbin.toml", "8000"][..], &["-c", "htbin.toml", "--cors"]] {
        let output = run(&mut htbin(words, &site));
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("beside the configuration file htbin.toml: say it there"), "{told}");
    }
    let output = run(htbin(&["-c", "htbin.toml"], &site).env("HTBIN_PORT", "9"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("HTBIN_PORT in the environment beside"));
}

#[test]
fn a_new_file_takes_effect_and_a_broken_one_does_not() {
    let site = Site::new();
    let answers = |text: &str| format!("pid-file = 'pid'\n[[route]]\nrespond = '{text}'\n");
    let start = Start::configured(&site, &answers("one"));
    let server = start.go();
    assert_eq!(server.get("/").text(), "one");
    configure(&site, &answers("two"));
    run_ok(&mut htbin(&["reload"], &site));
    server.events.with("was read again; its rules hold from now on");
    assert_eq!(server.get("/").text(), "two");
    configure(&site, "nonsense = 1\n");
    let output = run(&mut htbin(&["reload"], &site));
    assert_eq!(output.status.code(), Some(78));
    signal(server.pid(), Signal::HUP);
    server.events.with("is refused, and what held before goes on");
    assert_eq!(server.get("/").text(), "two");
    configure(&site, &format!("threads = 7\n{}", answers("three")));
    signal(server.pid(), Signal::HUP);
    assert!(server.events.with("a restart is needed for").contains("threads"));
    assert_eq!(server.get("/").text(), "three");
}

#[test]
fn no_server_to_tell_is_said() {
    let site =
        Site::new().file("htbin.toml", "directory = '.'\n").file("b.toml", "pid-file = 'pid'\ndirectory = '.'\n");
    let told = |file: &str| String::from_utf8(run(&mut htbin(&["reload", file], &site)).stderr).unwrap();
    assert!(told("htbin.toml").contains("names no pid-file"));
    std::fs::write(site.path("pid"), "1\n").unwrap();
    assert!(told("b.toml").contains("no server runs with pid-file"));
}

/// The rules are swapped again and again while clients ask: each gets an answer of before or of after.
#[test]
fn reloading_under_load_loses_no_request() {
    let site = Site::new().script("cgi-bin/a", QUERY).file("x.txt", "x");
    let text = |mark: u32| format!("directory = '.'\nheader = {{ X-Mark = '{mark}' }}\n");
    let server = Server::configured(&site, &text(0));
    let (is_over, answered) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        for path in ["/x.txt", "/cgi-bin/a?q=1"] {
            let (server, is_over, answered) = (&server, &is_over, &answered);
            scope.spawn(move || {
                let mut client = server.client();
                while !is_over.load(Ordering::Relaxed) {
                    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
                    let reply = client.reply().expect(200);
                    assert!(reply.field("x-mark").is_some());
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for mark in 1..=25 {
            configure(&site, &text(mark));
            let before = answered.load(Ordering::Relaxed);
            signal(server.pid(), Signal::HUP);
            let is_taken = |line: &&String| line.contains("was read again");
            server.events.wait_until("read again", |lines| lines.iter().filter(is_taken).count() >= mark as usize);
            // Some requests under each set of rules.
            let deadline = Instant::now() + PATIENCE;
            while answered.load(Ordering::Relaxed) < before + 4 {
                assert!(Instant::now() < deadline, "nobody is answered any more");
                thread::yield_now();
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(server.get("/x.txt").field("x-mark"), Some("25"));
    assert!(!server.events.all().iter().any(|line| line.contains("refused")));
}
