//! What people do today, and must work: the twelve cases, with real clients and real interpreters.

mod forms;
mod git;
mod languages;
mod python;

use std::process::Command;

use crate::{
    process::run_ok,
    scripts::HELLO,
    server::{Server, Start},
    site::Site,
};

/// Runs curl, bounded, and gives its standard output; it must succeed.
fn curl(arguments: &[&str]) -> String {
    run_ok(curl_command().args(arguments))
}

fn curl_command() -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "30", "--noproxy", "*"]);
    command
}

/// The status that curl sees.
fn curl_status(arguments: &[&str]) -> String {
    curl(&[&["--output", "/dev/null", "--write-out", "%{http_code}"], arguments].concat())
}

/// `htbin` with these words, typed in the site's directory.
fn typed(site: &Site, words: &[&str]) -> Server {
    Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(words).current_dir(site.root()).go()
}

/// Case 1: a directory with files; `htbin 8000`.
#[test]
fn case_1_a_directory_is_listed_its_files_are_served_and_nothing_in_it_runs() {
    ours_only!();
    let site = Site::new().file("notes.txt", "my notes\n").script("tool.sh", HELLO).file("pictures/a.png", b"\x89PNG");
    let server = typed(&site, &["0"]);
    let page = curl(&["--header", "Accept: text/html", &server.url("/")]);
    assert!(page.contains("notes.txt") && page.contains("pictures/"), "{page}");
    assert_eq!(curl(&[&server.url("/notes.txt")]), "my notes\n");
    assert_eq!(curl(&[&server.url("/tool.sh")]), HELLO);
    let head = curl(&["--head", &server.url("/pictures/a.png")]);
    assert!(head.contains("200 OK") && head.to_ascii_lowercase().contains("content-type: image/png"), "{head}");
}

/// Case 2: `htbin --cgi 8000` and two names in a query.
#[test]
fn case_2_a_python_script_reads_its_query_in_both_directories() {
    ours_only!();
    let script = "#!/usr/bin/python3 -Wignore\n\
        import cgi\n\
        form = cgi.FieldStorage()\n\
        print('Content-type:text/html\\r\\n\\r\\n')\n\
        print('<h2>Hello', form.getvalue('first_name'), form.getvalue('last_name'), '</h2>')\n";
    let site = Site::new().script("cgi-bin/hello.py", script).script("htbin/hello.py", script);
    let server = typed(&site, &["--cgi", "0"]);
    for directory in ["cgi-bin", "htbin"] {
        let url = server.url(&format!("/{directory}/hello.py"));
        assert!(curl(&[&format!("{url}?first_name=jame&last_name=curry")]).contains("<h2>Hello jame curry </h2>"));
        assert!(curl(&[&url]).contains("<h2>Hello None None </h2>"));
        assert!(curl(&["--head", &url]).to_ascii_lowercase().contains("content-type: text/html"));
    }
}

/// Case 11: shell metacharacters, functions and words that look like options.
#[test]
fn case_11_nothing_in_a_query_reaches_a_shell_or_becomes_an_option() {
    ours_only!();
    let script = |interpreter: &str, body: &str| format!("#!{interpreter}\n{body}\n");
    let site = Site::new()
        .script("cgi-bin/bash", script("/bin/bash", "printf 'Content-Type: text/plain\\n\\n'; printf '%s|' \"$@\""))
        .script(
            "cgi-bin/perl",
            script("/usr/bin/perl", "print \"Content-Type: text/plain\\n\\n\", map { \"$_|\" } @ARGV;"),
        )
        .script(
            "cgi-bin/python",
            script(
                "/usr/bin/python3",
                "import sys\nprint('Content-Type: text/plain\\n\\n' + '|'.join(sys.argv[1:] + ['']), end='')",
            ),
        );
    let server = Server::start(&site);
    for name in ["bash", "perl", "python"] {
        let url = server.url(&format!("/cgi-bin/{name}"));
        let answer = curl(&["--globoff", &format!("{url}?%24(touch%20/tmp/x)+;id+%60id%60+()%20%7B%20:;%7D;id")]);
        assert_eq!(answer, "$(touch /tmp/x)|;id|`id`|() { :;};id|", "{name}");
        for option in ["-e+id", "--help", "-c+id", "-V", "%2De"] {
            assert_eq!(curl(&[&format!("{url}?{option}")]), if name == "bash" { "|" } else { "" }, "{name} {option}");
        }
    }
}

/// Case 12: stop and start again at once on the same port.
#[test]
fn case_12_a_server_starts_again_at_once_on_the_same_port() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let mut first = Server::start(&site);
    let port = first.port.to_string();
    let mut client = first.client();
    client.send("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.reply().expect(200);
    // The server closes first, so its end of the connection stays in TIME_WAIT.
    assert!(first.stop().success());
    for _ in 0..3 {
        let mut again = Server::with(&site, &["--port", &port]);
        assert_eq!(again.port.to_string(), port);
        assert_eq!(curl(&[&again.url("/a.txt")]), "a");
        assert!(again.stop().success());
    }
}
