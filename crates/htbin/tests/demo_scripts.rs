//! The demo's scripts, each run by hand as a CGI server would: environment, standard input, standard output.
//! No server is needed, so what fails here is the script's own fault.

#![allow(clippy::disallowed_methods, reason = "a script run by hand is the point of these tests")]

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::MetadataExt,
    process::{Child, Command, Stdio},
    thread::yield_now,
};

use htbin::demo::Demo;

#[test]
fn hello_asks_who_you_are() {
    let answer = run(&Demo::unpack().unwrap(), "hello.py", &[], b"");
    assert_eq!(answer.field("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(answer.body.contains("<h1>Hello. Who are you?</h1>"));
}

#[test]
fn hello_greets_and_escapes() {
    let demo = Demo::unpack().unwrap();
    let greeting = |query: &str| run(&demo, "hello.py", &[("QUERY_STRING", query)], b"").body;
    assert!(greeting("name=Alice").contains("<h1>Hello, Alice.</h1>"));
    assert!(greeting("name=J%C3%BCrgen+%26+Zo%C3%AB").contains("<h1>Hello, Jürgen &amp; Zoë.</h1>"));
    let bold = greeting("name=%3Cb%3E%22Ada%22%3C/b%3E");
    assert!(bold.contains("<h1>Hello, &lt;b&gt;&quot;Ada&quot;&lt;/b&gt;.</h1>"));
    assert!(bold.contains(r#"value="&lt;b&gt;&quot;Ada&quot;&lt;/b&gt;""#));
    assert!(greeting(&"a=1&".repeat(100)).contains("Who are you?"), "too many fields");
    assert!(greeting("name=%FF").contains("Hello, \u{fffd}."), "no UTF-8");
}

#[test]
fn a_letter_is_read_back_escaped() {
    let demo = Demo::unpack().unwrap();
    let body = b"name=Ren%C3%A9&text=Two+lines%0D%0Aand+%3Cb%3Ebold%3C%2Fb%3E";
    let answer = run(&demo, "letter.pl", &POST_FORM, body);
    assert_eq!(answer.field("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(answer.body.contains("<h2>René wrote</h2>"));
    assert!(answer.body.contains("Two lines\r\nand &lt;b&gt;bold&lt;/b&gt;</blockquote>"));
    assert!(answer.body.contains("Words: 4<"));
    let form = run(&demo, "letter.pl", &[], b"");
    assert!(form.body.contains("<form method=\"post\"") && !form.body.contains("<blockquote>"));
}

#[test]
fn the_guestbook_keeps_what_was_written() {
    let demo = Demo::unpack().unwrap();
    assert!(run(&demo, "guestbook.pl", &[], b"").body.contains("Nobody has written yet."));
    let answer = run(&demo, "guestbook.pl", &POST_FORM, b"name=%3Ci%3EEve&text=first%09line%0Asecond");
    assert_eq!(answer.field("Status"), Some("303 See Other"));
    assert_eq!(answer.field("Location"), Some("http://localhost:8000/cgi-bin/guestbook.pl"));
    assert_eq!(answer.body, "");
    let page = run(&demo, "guestbook.pl", &[], b"").body;
    assert!(page.contains("<p>first line second</p>"), "{page}");
    assert!(page.contains("&lt;i&gt;Eve, <time>"), "{page}");
    run(&demo, "guestbook.pl", &POST_FORM, b"name=&text=");
    assert_eq!(run(&demo, "guestbook.pl", &[], b"").body.matches("<time>").count(), 1, "an empty entry is none");
}

#[test]
fn the_guestbook_loses_no_entry_of_many_at_once() {
    let demo = Demo::unpack().unwrap();
    let writers: Vec<Child> = (0..16)
        .map(|number| {
            let body = format!("name=Writer&text=entry-{number}-{}", "x".repeat(400));
            start(&demo, "guestbook.pl", &POST_FORM, body.as_bytes())
        })
        .collect();
    for writer in writers {
        assert_eq!(Answer::of(writer).field("Status"), Some("303 See Other"));
    }
    let page = run(&demo, "guestbook.pl", &[], b"").body;
    for number in 0..16 {
        assert_eq!(page.matches(&format!("<p>entry-{number}-xxx")).count(), 1, "entry {number}");
    }
}

#[test]
fn the_guestbook_waits_for_its_lock() {
    let demo = Demo::unpack().unwrap();
    let book = File::create(demo.path().join(".data/guestbook.txt")).unwrap();
    book.lock().unwrap();
    let mut writer = start(&demo, "guestbook.pl", &POST_FORM, b"name=Ada&text=at+last");
    let waiting = format!(":{} ", book.metadata().unwrap().ino());
    let waits =
        || fs::read_to_string("/proc/locks").unwrap().lines().any(|l| l.contains("-> ") && l.contains(&waiting));
    while !waits() {
        assert!(writer.try_wait().unwrap().is_none(), "it went on without the lock");
        yield_now();
    }
    book.unlock().unwrap();
    assert_eq!(Answer::of(writer).field("Status"), Some("303 See Other"));
    assert!(run(&demo, "guestbook.pl", &[], b"").body.contains("<p>at last</p>"));
}

#[test]
fn an_upload_is_counted_and_hashed() {
    let demo = Demo::unpack().unwrap();
    let answer = upload(&demo, "a million.txt", &b"a".repeat(1_000_000));
    assert!(answer.body.contains("<td>a million.txt</td>"), "{}", answer.body);
    assert!(answer.body.contains("<td>1,000,000 bytes</td>"));
    // The third test vector of FIPS 180-4.
    assert!(answer.body.contains("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
    let empty = upload(&demo, "<b>.txt", b"");
    assert!(empty.body.contains("<td>&lt;b&gt;.txt</td>") && empty.body.contains("<td>0 bytes</td>"));
    assert!(empty.body.contains("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

#[test]
fn an_upload_that_looks_like_its_boundary_is_still_a_file() {
    let demo = Demo::unpack().unwrap();
    // Every length makes another place at which the script's reading cuts what is almost a boundary.
    let nearly = format!("\r\n--{}", &BOUNDARY[..BOUNDARY.len() - 1]);
    let content = nearly.repeat(4_000);
    for cut in [0, 1, 7, content.len() / 2] {
        let content = &content.as_bytes()[cut..];
        let answer = upload(&demo, "nearly", content);
        assert!(answer.body.contains(&sha256(content)), "cut at {cut}: {}", answer.body);
    }
}

#[test]
fn a_large_upload_is_taken_and_a_larger_one_refused() {
    let demo = Demo::unpack().unwrap();
    let content: Vec<u8> = (0..32 * 1024 * 1024_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert!(upload(&demo, "large", &content).body.contains(&sha256(&content)));
    let too_large = [("REQUEST_METHOD", "POST"), ("CONTENT_TYPE", CONTENT_TYPE), ("CONTENT_LENGTH", "99999999999")];
    let answer = run(&demo, "upload.py", &too_large, b"");
    assert_eq!(answer.field("Status"), Some("413 Content Too Large"));
    assert!(answer.body.contains("Sorry: the file is larger than 64 MB."));
}

#[test]
fn an_upload_that_broke_off_is_no_file() {
    let demo = Demo::unpack().unwrap();
    let whole = form_data("cut", b"some content");
    let cut = &whole[..whole.len() - 20];
    let answer = run(&demo, "upload.py", &[("REQUEST_METHOD", "POST"), ("CONTENT_TYPE", CONTENT_TYPE)], cut);
    assert_eq!(answer.field("Status"), Some("400 Bad Request"));
    assert!(answer.body.contains("Sorry: the upload broke off."));
    let no_form = run(&demo, "upload.py", &POST_FORM, b"file=x");
    assert_eq!(no_form.field("Status"), Some("400 Bad Request"));
}

#[test]
fn the_environment_is_shown_escaped_and_without_secrets() {
    let demo = Demo::unpack().unwrap();
    let extra = [
        ("QUERY_STRING", "a=<b>&c=\"d\""),
        ("PATH_INFO", "/more"),
        ("HTTP_COOKIE", "session=hidden"),
        ("HTTP_AUTHORIZATION", "Basic hidden"),
        ("PASSWORD", "hidden"),
    ];
    let page = run(&demo, "environment.sh", &extra, b"").body;
    let row = |name, value| format!(r#"<th scope="row"><code>{name}</code></th><td><code>{value}</code></td>"#);
    assert!(page.contains(&row("QUERY_STRING", "a=&lt;b&gt;&amp;c=&quot;d&quot;")), "{page}");
    assert!(page.contains(&row("PATH_INFO", "/more")));
    assert!(page.contains(&row("GATEWAY_INTERFACE", "CGI/1.1")));
    assert!(!page.contains("hidden"));
}

#[test]
fn the_clock_ticks_while_it_runs() {
    let demo = Demo::unpack().unwrap();
    let mut clock = start(&demo, "clock.sh", &[], b"");
    let mut lines = BufReader::new(clock.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut next = || lines.next().unwrap();
    assert_eq!(next(), "Content-Type: text/event-stream");
    assert_eq!(next(), "Cache-Control: no-store");
    for tick in 0..2 {
        assert_eq!(next(), "", "an empty line ends the head and each event");
        assert_eq!(next(), format!("id: {tick}"));
        let data = next();
        assert!(data.starts_with("data: ") && data.matches(':').count() == 3, "{data}");
    }
    clock.kill().unwrap();
    clock.wait().unwrap();
}

/// What a script wrote.
struct Answer {
    head: String,
    body: String,
}

impl Answer {
    /// Waits for the script to end, and ends the test if it does not end well.
    fn of(script: Child) -> Self {
        let output = script.wait_with_output().expect("a script can be waited for");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{}: {errors}", output.status);
        let text = String::from_utf8(output.stdout).expect("the scripts write UTF-8");
        let (head, body) = text.split_once("\n\n").expect("an empty line ends the head");
        Self { head: head.to_owned(), body: body.to_owned() }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Runs a script to its end. `variables` come on top of, or instead of, those that every request has.
fn run(demo: &Demo, script: &str, variables: &[(&str, &str)], body: &[u8]) -> Answer {
    Answer::of(start(demo, script, variables, body))
}

fn start(demo: &Demo, script: &str, variables: &[(&str, &str)], body: &[u8]) -> Child {
    let folder = demo.path().join("cgi-bin");
    let mut child = Command::new(folder.join(script))
        .current_dir(&folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(EVERY_REQUEST)
        .env("SCRIPT_NAME", format!("/cgi-bin/{script}"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the interpreter is installed (make test sees to that)");
    // A script may answer without reading; then the pipe is broken, and that is its right.
    let _ = child.stdin.take().expect("it was asked for").write_all(body);
    child
}

fn upload(demo: &Demo, name: &str, content: &[u8]) -> Answer {
    let variables = [("REQUEST_METHOD", "POST"), ("CONTENT_TYPE", CONTENT_TYPE)];
    run(demo, "upload.py", &variables, &form_data(name, content))
}

/// A form with one text field and one file, as browsers send it.
fn form_data(name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// What coreutils make of it.
fn sha256(content: &[u8]) -> String {
    let mut child = Command::new("sha256sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("coreutils are installed");
    child.stdin.take().expect("it was asked for").write_all(content).expect("sha256sum reads all");
    let mut digest = [0; 64];
    child.stdout.take().expect("it was asked for").read_exact(&mut digest).expect("it writes 64 digits first");
    child.wait().expect("a program can be waited for");
    String::from_utf8(digest.to_vec()).expect("digits are UTF-8")
}

const BOUNDARY: &str = "----geckoformboundary5fd2bc1c5a6ab6c0";
const CONTENT_TYPE: &str = "multipart/form-data; boundary=----geckoformboundary5fd2bc1c5a6ab6c0";
const POST_FORM: [(&str, &str); 2] =
    [("REQUEST_METHOD", "POST"), ("CONTENT_TYPE", "application/x-www-form-urlencoded")];
const EVERY_REQUEST: [(&str, &str); 9] = [
    ("GATEWAY_INTERFACE", "CGI/1.1"),
    ("HTTP_HOST", "localhost:8000"),
    ("QUERY_STRING", ""),
    ("REMOTE_ADDR", "127.0.0.1"),
    ("REQUEST_METHOD", "GET"),
    ("SERVER_NAME", "localhost"),
    ("SERVER_PORT", "8000"),
    ("SERVER_PROTOCOL", "HTTP/1.1"),
    ("SERVER_SOFTWARE", "htbin"),
];
