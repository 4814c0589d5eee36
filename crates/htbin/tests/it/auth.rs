//! Users with passwords: who comes in, who is asked, who has to wait, and what scripts and the log hear of it.

use std::{fs, process::Command};

use crate::{
    process::run,
    scripts::sh,
    server::{Server, Start, request_bytes},
    site::Site,
};

/// `myPassword`, at the least cost there is.
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuN2f4ZDSoR8/TAG80qUYDM9bRnmRm0Zy";
/// The same, as Apache once wrote it.
const APR1: &str = "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/";

/// A site with a file of users beside its directory, and a configuration.
pub(crate) fn configured(site: &Site, rules: &str) -> Start {
    let text = format!("listen = \"127.0.0.1:0\"\ndirectory = \"{}\"\n{rules}", site.root().display());
    let file = site.path("htbin.toml");
    fs::write(&file, text).unwrap();
    Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["-c", file.to_str().unwrap()])
}

fn site() -> Site {
    Site::new().file("a.txt", "for members").file("users", format!("ada:{HASH}\nbob:{APR1}\neve:plain\n")).script(
        "cgi-bin/who",
        sh("printf 'Content-Type: text/plain\\n\\n%s' \"$AUTH_TYPE $REMOTE_USER $HTTP_AUTHORIZATION\""),
    )
}

const MEMBERS: &str = "auth = { file = \"users\", realm = \"the club\" }\n";

fn basic(user: &str, password: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

#[track_caller]
fn asks(server: &Server, path: &str, user: &str, password: &str) -> crate::client::Reply {
    server.request("GET", path, &[("Authorization", &basic(user, password))], b"")
}

#[test]
fn members_come_in_and_all_others_are_asked() {
    ours_only!();
    let site = site();
    let server = configured(&site, MEMBERS).go();
    for _ in 0..3 {
        assert_eq!(asks(&server, "/a.txt", "ada", "myPassword").expect(200).text(), "for members");
    }
    // A file that was sent just now is kept, but not for everybody.
    let reply = server.get("/a.txt").expect(401);
    assert_eq!(reply.field("WWW-Authenticate"), Some("Basic realm=\"the club\", charset=\"UTF-8\""));
    assert!(!reply.text().contains("for members"));
    asks(&server, "/a.txt", "bob", "myPassword").expect(200);
    for (user, password) in [("ada", "mypassword"), ("eve", "plain"), ("nobody", "myPassword"), ("", "")] {
        asks(&server, "/a.txt", user, password).expect(401);
    }
    // Neither by another method, nor where nothing is, nor for the file of users itself.
    for (method, path) in
        [("HEAD", "/a.txt"), ("POST", "/a.txt"), ("OPTIONS", "/a.txt"), ("GET", "/nothing"), ("GET", "/")]
    {
        server.request(method, path, &[], b"").expect(401);
    }
    asks(&server, "/users", "ada", "myPassword").expect(403);
    server.events.with("users:3: this user is not let in: a password in plain text");
    assert!(!server.events.all().join("\n").contains("plain\""));
}

#[test]
fn scripts_and_the_log_hear_who_it_is() {
    ours_only!();
    let site = site();
    let server = configured(&site, MEMBERS).go();
    assert_eq!(asks(&server, "/cgi-bin/who", "ada", "myPassword").expect(200).text(), "Basic ada ");
    assert!(server.access.with("/cgi-bin/who").contains("127.0.0.1 - ada ["));
    asks(&server, "/cgi-bin/who?x", "ada", "wrong").expect(401);
    assert!(server.access.with("/cgi-bin/who?x").contains("127.0.0.1 - - ["));
    server.events.with("ada with a password that does not fit");
}

#[test]
fn a_script_gets_the_field_only_when_it_is_passed_on() {
    ours_only!();
    let site = site();
    let server = configured(&site, &format!("{MEMBERS}pass-auth = true\n")).go();
    let said = asks(&server, "/cgi-bin/who", "ada", "myPassword").expect(200).text();
    assert_eq!(said, format!("Basic ada {}", basic("ada", "myPassword")));
}

#[test]
fn curl_comes_in() {
    ours_only!();
    let site = site();
    let server = configured(&site, MEMBERS).go();
    let curl = |user: &str| {
        let output = run(Command::new("curl").args(["-sS", "--anyauth", "-u", user, &server.url("/a.txt")]));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(curl("bob:myPassword"), "for members");
    assert!(!curl("bob:wrong").contains("for members"));
}

#[test]
fn a_route_asks_others_or_nobody() {
    ours_only!();
    let site = site().file("open/a.txt", "for all").file("ada/a.txt", "for ada");
    let routes =
        "[[route]]\npath = \"/open\"\nauth = false\n[[route]]\npath = \"/ada\"\nauth = { users = [\"ada\"] }\n";
    let server = configured(&site, &format!("{MEMBERS}{routes}")).go();
    server.get("/open/a.txt").expect(200);
    for path in ["/a.txt", "/ada/a.txt", "/open/../a.txt", "/open/%2e%2e/a.txt", "//a.txt"] {
        assert!(server.get(path).status >= 400, "{path}");
    }
    asks(&server, "/ada/a.txt", "ada", "myPassword").expect(200);
    asks(&server, "/ada/a.txt", "bob", "myPassword").expect(401);
    asks(&server, "/a.txt", "bob", "myPassword").expect(200);
}

#[test]
fn a_rewrite_and_a_local_redirect_ask_as_if_the_client_had() {
    ours_only!();
    let site = site().script("cgi-bin/there", sh("printf 'Location: /a.txt\\n\\n'")).file("open/x", "x");
    let routes = "[[route]]\npath = \"/cgi-bin\"\nauth = false\n[[route]]\npath = \"/old\"\nauth = false\nrewrite = \"/a.txt\"\n";
    let server = configured(&site, &format!("{MEMBERS}{routes}")).go();
    server.get("/cgi-bin/there").expect(401);
    server.get("/old").expect(401);
    asks(&server, "/cgi-bin/there", "ada", "myPassword").expect(200);
}

#[test]
fn what_is_no_name_and_password_is_refused() {
    ours_only!();
    let site = site();
    let server = configured(&site, MEMBERS).go();
    let long = basic(&"a".repeat(20_000), "x");
    let split = basic("ada\r\nX-Evil: 1", "myPassword");
    for value in
        ["Basic", "Basic ", "Basic !!!", "Basic YWRh", "Bearer abc", "Negotiate", &long, &split, &basic("a\0da", "x")]
    {
        server.request("GET", "/a.txt", &[("Authorization", value)], b"").expect(401);
    }
    let twice = [("Authorization", &*basic("ada", "myPassword")), ("Authorization", "Basic YTpi")];
    server.request("GET", "/a.txt", &twice, b"").expect(401);
    // What the log says of it stays on its lines.
    assert!(server.access.all().iter().chain(&server.events.all()).all(|line| !line.starts_with("X-Evil")));
}

#[test]
fn who_guesses_has_to_wait_and_who_is_known_has_not() {
    ours_only!();
    let site = site();
    let server = configured(&site, MEMBERS).go();
    asks(&server, "/a.txt", "ada", "myPassword").expect(200);
    let replies: Vec<_> = (0..12).map(|at| asks(&server, "/a.txt", "ada", &at.to_string())).collect();
    assert!(replies[..5].iter().all(|reply| reply.status == 401));
    let late = replies.iter().find(|reply| reply.status == 429).expect("no guess had to wait");
    assert!(late.field("Retry-After").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|it| it >= 1)));
    asks(&server, "/a.txt", "ada", "myPassword").expect(200);
}

#[test]
fn a_new_configuration_forgets_no_guess() {
    ours_only!();
    let site = site();
    let server = configured(&site, MEMBERS).go();
    while asks(&server, "/a.txt", "ada", "wrong").status != 429 {}
    let file = site.path("htbin.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}header = {{ X-New = \"1\" }}\n")).unwrap();
    crate::process::signal(server.pid(), rustix::process::Signal::HUP);
    server.events.with("was read again");
    let reply = asks(&server, "/a.txt", "ada", "wrong").expect(429);
    assert_eq!(reply.field("X-New"), Some("1"));
}

#[test]
fn the_file_is_read_again_when_it_changes() {
    ours_only!();
    let site = site();
    let server = configured(&site, MEMBERS).go();
    asks(&server, "/a.txt", "ada", "myPassword").expect(200);
    fs::write(site.path("users"), format!("carl:{HASH}\n")).unwrap();
    let mut client = server.client();
    let request = |user: &str| {
        let fields = [("Authorization", &*basic(user, "myPassword")), ("Connection", "keep-alive")];
        request_bytes("GET", "/a.txt", &fields, b"")
    };
    // Nobody waits: each request is a look, and one of them sees the new file.
    let deadline = std::time::Instant::now() + crate::process::PATIENCE;
    while client.send(request("ada")).reply().status != 401 {
        assert!(std::time::Instant::now() < deadline, "ada still comes in");
    }
    assert_eq!(client.send(request("carl")).reply().status, 200);
}

#[test]
fn what_cannot_be_is_told_at_the_start() {
    ours_only!();
    let site = site();
    let said = |rules: &str| {
        let mut server = configured(&site, rules).launch();
        assert_eq!(server.wait(crate::process::PATIENCE).code(), Some(78), "{rules}");
        server.events.to_the_end().join("\n")
    };
    assert!(said("auth = { file = \"nowhere\" }\n").contains("htbin passwd -c"));
    assert!(said("auth = true\n").contains("needs a file of users"));
    assert!(said("auth = { fil = \"users\" }\n").contains("file"));
    assert!(said("auth = { file = \"users\", realm = \"a\\nb\" }\n").contains("realm"));
}
