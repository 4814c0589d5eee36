//! The flags that change what a script gets.

use crate::{
    scripts::{PROBE, Told, sh, text},
    server::{Server, Start},
    site::Site,
};

#[test]
fn env_adds_and_pass_env_passes_on() {
    ours_only!();
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let server = Start::new(&site)
        .flags(&["--env", "COLOUR=red and=blue", "--env", "EMPTY=", "--pass-env", "PASSED", "--pass-env", "ABSENT"])
        .env("PASSED", "value")
        .env("NOT_PASSED", "value")
        .go();
    let told = server.probe("/cgi-bin/probe");
    assert_eq!((told.var("COLOUR"), told.var("EMPTY")), (Some("red and=blue"), Some("")));
    assert_eq!((told.var("PASSED"), told.var("NOT_PASSED"), told.var("ABSENT")), (Some("value"), None, None));
}

#[test]
fn an_interpreter_runs_files_with_its_suffix_execute_bit_or_not() {
    ours_only!();
    let site = Site::new()
        .file("cgi-bin/plain.sh", text("echo \"$0\""))
        .script("cgi-bin/exec.sh", text("echo ran"))
        .script("cgi-bin/other", text("echo other"));
    let server = Server::with(&site, &["--interpreter", ".sh=/bin/sh"]);
    assert!(server.get("/cgi-bin/plain.sh").expect(200).text().ends_with("plain.sh\n"));
    assert_eq!(server.get("/cgi-bin/exec.sh").text(), "ran\n");
    assert_eq!(server.get("/cgi-bin/other").text(), "other\n");
}

#[test]
fn an_interpreter_is_found_along_the_path() {
    ours_only!();
    let site = Site::new().file("cgi-bin/x.pl", "print \"Content-Type: text/plain\\n\\n$0\";\n");
    let reply = Server::with(&site, &["--interpreter", ".pl=perl"]).get("/cgi-bin/x.pl");
    assert!(reply.expect(200).text().ends_with("x.pl"));
}

#[test]
fn an_interpreter_runs_its_files_everywhere_with_cgi_dir_dot() {
    ours_only!();
    let site = Site::new().file("sub/x.sh", text("echo ran"));
    let server = Server::with(&site, &["--cgi-dir", ".", "--interpreter", ".sh=/bin/sh"]);
    assert_eq!(server.get("/sub/x.sh").expect(200).text(), "ran\n");
}

#[test]
fn post_argv_gives_a_form_as_the_only_argument() {
    ours_only!();
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let server = Server::with(&site, &["--post-argv"]);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let told = Told::from(server.request("POST", "/cgi-bin/probe", &form, b"first_name=paul&x=%20+y"));
    assert_eq!(told.args, ["first_name=paul&x=%20+y"]);
    assert_eq!(told.body, b"first_name=paul&x=%20+y");
    let form = [("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")];
    assert_eq!(Told::from(server.request("POST", "/cgi-bin/probe", &form, b"a=b")).args, ["a=b"]);
}

#[test]
fn post_argv_gives_nothing_else() {
    ours_only!();
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let server = Server::with(&site, &["--post-argv"]);
    let json = [("Content-Type", "application/json")];
    assert_eq!(Told::from(server.request("POST", "/cgi-bin/probe", &json, b"{}")).args, [""; 0]);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(Told::from(server.request("POST", "/cgi-bin/probe", &form, b"-s")).args, [""; 0], "an option");
    assert_eq!(
        Told::from(server.request("POST", "/cgi-bin/probe", &form, b"a\0b")).args,
        [""; 0],
        "no argument has NUL"
    );
    let large = vec![b'a'; 3_000_000];
    assert_eq!(Told::from(server.request("POST", "/cgi-bin/probe", &form, &large)).body.len(), 3_000_000);
}

#[test]
fn without_post_argv_a_form_is_no_argument() {
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(Told::from(Server::start(&site).request("POST", "/cgi-bin/probe", &form, b"a=b")).args, [""; 0]);
}

#[test]
fn pass_auth_passes_authorization() {
    ours_only!();
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let server = Server::with(&site, &["--pass-auth"]);
    let told = Told::from(server.request("GET", "/cgi-bin/probe", &[("Authorization", "Basic YTpi")], b""));
    assert_eq!(told.var("HTTP_AUTHORIZATION"), Some("Basic YTpi"));
    assert_eq!(told.var("REMOTE_USER"), None);
}

#[test]
fn many_and_large_variables_reach_the_script() {
    ours_only!();
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let server = Server::with(&site, &["--max-head", "1m"]);
    let value = "v".repeat(100_000);
    let fields = [("X-One", value.as_str()), ("X-Two", &value), ("X-Three", &value)];
    let told = Told::from(server.request("GET", "/cgi-bin/probe", &fields, b""));
    assert_eq!(told.var("HTTP_X_THREE").map(str::len), Some(100_000));
}

#[test]
fn a_large_body_is_a_seekable_file_or_a_pipe_that_ends() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/x", sh("n=$(wc -c)\nprintf 'Content-Type: text/plain\\n\\n%s' \"$n $CONTENT_LENGTH\""));
    let server = Server::start(&site);
    for size in [1, 65_535, 65_536, 65_537, 3_000_000] {
        let reply = server.request("POST", "/cgi-bin/x", &[], &vec![b'x'; size]).expect(200);
        assert_eq!(reply.text(), format!("{size} {size}"));
    }
}
