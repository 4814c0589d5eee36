//! Cases 3, 4 and 5: forms beside their scripts, and a directory whose index is a script.

use super::{curl, curl_status};
use crate::{
    scripts::HELLO,
    server::{Server, request_bytes},
    site::Site,
};

const HELLO_PY: &str = "#!/usr/bin/python3\n\
    import sys\n\
    print('Content-Type: text/plain\\n')\n\
    print(sys.argv[1:], sys.stdin.read())\n";

/// Case 3: a form at `/` posts to `/hello.py` in the root.
#[test]
fn case_3_a_form_that_is_posted_is_argument_and_stdin() {
    ours_only!();
    let form = "<form action=\"/hello.py\" method=\"post\"><input name=\"first_name\"></form>";
    let site = Site::new().file("index.html", form).script("hello.py", HELLO_PY);
    let server = Server::with(&site, &["--cgi-dir", ".", "--post-argv"]);
    assert_eq!(curl(&[&server.url("/")]), form);
    let expected = "['first_name=paul'] first_name=paul\n";
    assert_eq!(curl(&["--data", "first_name=paul", &server.url("/hello.py")]), expected);

    let mut browser = server.client();
    for _ in 0..2 {
        browser.send(request_bytes("POST", "/hello.py", &BROWSER, b"first_name=paul"));
        assert_eq!(browser.reply().expect(200).text(), expected);
    }
    browser.send(request_bytes("GET", "/", &[("Connection", "keep-alive")], b""));
    assert_eq!(browser.reply().expect(200).text(), form);
}

const BROWSER: [(&str, &str); 12] = [
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en-US,en;q=0.5"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Origin", "http://localhost:8000"),
    ("Connection", "keep-alive"),
    ("Referer", "http://localhost:8000/"),
    ("Cookie", "session=abc; theme=dark"),
    ("Upgrade-Insecure-Requests", "1"),
    ("Sec-Fetch-Dest", "document"),
    ("Priority", "u=0, i"),
];

/// Case 4: a form with GET to a script beside it.
#[test]
fn case_4_a_form_with_get_greets_and_escapes() {
    ours_only!();
    let server_and_site = form_handler(0o755);
    let url = |query: &str| server_and_site.1.url(&format!("/form_handler.py{query}"));
    assert!(curl(&[&url("?name=Alice")]).contains("<p>Hello, Alice!"));
    let escaped = curl(&[&url("?name=%3Cb%3Ebold%3C/b%3E")]);
    assert!(escaped.contains("&lt;b&gt;bold") && !escaped.contains("<b>"), "{escaped}");
    assert!(curl(&[&url("")]).contains("no name"));
}

#[test]
fn case_4_the_source_never_comes_back() {
    ours_only!();
    for mode in [0o755, 0o644] {
        let (_site, server) = form_handler(mode);
        for path in [
            "/form_handler.py",
            "//form_handler.py",
            "/./form_handler.py",
            "/%66orm_handler.py",
            "/form_handler%2Epy",
            "/form_handler.py/",
            "/form_handler.py/x.html",
            "/form_handler.py%20",
            "/form_handler.py%00",
            "/form_handler.py~",
            "/form_handler.py?x",
        ] {
            for extra in [&[][..], &["--head"], &["--range", "0-100"], &["--request", "PUT"], &["--data", "a=b"]] {
                let url = server.url(path);
                let answer = curl(&[extra, &["--path-as-is", &url]].concat());
                assert!(
                    !answer.contains("SOURCE") && !answer.contains("import "),
                    "{mode:o} {path} {extra:?}: {answer}"
                );
            }
        }
    }
    assert_eq!(curl_status(&[&form_handler(0o644).1.url("/form_handler.py")]), "403");
}

fn form_handler(mode: u32) -> (Site, Server) {
    let script = "#!/usr/bin/python3 -Wignore\n\
        # SOURCE\n\
        import cgi, html\n\
        name = cgi.FieldStorage().getvalue('name')\n\
        print('Content-Type: text/html\\n')\n\
        print('<p>Hello, ' + html.escape(name) + '!' if name else '<p>no name')\n";
    let form = "<form action=\"form_handler.py\"><input name=\"name\"></form>";
    let site = Site::new().file("index.html", form).with_mode("form_handler.py", script, mode);
    let server = Server::with(&site, &["--cgi-dir", "."]);
    (site, server)
}

/// Case 5: `index.cgi` as a directory's index, posting to itself.
#[test]
fn case_5_an_index_that_posts_to_itself() {
    ours_only!();
    let script = "#!/usr/bin/perl\n\
        use CGI;\n\
        my $form = CGI->new;\n\
        print $form->header('text/html'), $form->request_method, ' ', $form->param('name') // 'nobody', ' ', $form->url(-absolute => 1);\n";
    let site = Site::new().script("index.cgi", script).script("cgi-bin/app/index.cgi", script);
    let server = Server::with(&site, &["--cgi-dir", ".", "--cgi-dir", "/cgi-bin"]);
    for path in ["/", "/cgi-bin/app/"] {
        assert!(curl(&[&server.url(path)]).starts_with("GET nobody "), "{path}");
        assert!(curl(&["--data", "name=Eve", &server.url(path)]).starts_with("POST Eve "), "{path}");
    }
}

#[test]
fn case_5_a_cgitb_page_reaches_the_browser() {
    ours_only!();
    let script = "#!/usr/bin/python3 -Wignore\nimport cgitb\ncgitb.enable()\nprint(1 / 0)\n";
    let site = Site::new().script("cgi-bin/broken.py", script).script("cgi-bin/hello", HELLO);
    let server = Server::start(&site);
    let answer = curl(&["--include", &server.url("/cgi-bin/broken.py")]);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("content-type: text/html"), "{answer}");
    assert!(answer.contains("ZeroDivisionError"), "{answer}");
    assert_eq!(curl(&[&server.url("/cgi-bin/hello")]), "hello\n");
}
