//! A server that is asked who may come in: here a script of htbin's own, on another port.

use std::{io::Write, net::TcpListener, thread};

use crate::{auth::configured, scripts::sh, server::Server, site::Site};

/// Lets in who has the cookie, sends all others to a page, and says what it was asked.
const VERIFY: &str = r#"case "$HTTP_COOKIE" in
*good*) printf 'Status: 200\nRemote-User: ada\nRemote-Groups: staff\nContent-Type: text/plain\n\nyes' ;;
*nameless*) printf 'Status: 204\n\n' ;;
*bad*) printf 'Status: 403\nContent-Type: text/plain\nSet-Cookie: a=1\nSet-Cookie: b=2\nX-Inner: secret\n\nnot you' ;;
*broken*) printf 'Status: 500\nContent-Type: text/plain\n\nbroken' ;;
*long*) printf 'Status: 403\nContent-Type: text/plain\n\n'; head -c 1000000 /dev/zero ;;
*) printf 'Status: 302\nLocation: http://login.example/?rd=%s\nContent-Type: text/plain\n\ncome in there' \
   "$HTTP_X_FORWARDED_PROTO,$HTTP_X_FORWARDED_HOST,$HTTP_X_FORWARDED_URI,$HTTP_X_FORWARDED_METHOD,$HTTP_X_FORWARDED_FOR,$REQUEST_METHOD" ;;
esac"#;

fn guard() -> (Site, Server) {
    let site = Site::new().script("cgi-bin/verify", sh(VERIFY));
    let server = Server::with(&site, &[]);
    (site, server)
}

fn guarded(site: &Site, guard: u16) -> Server {
    let rules =
        format!("auth = {{ ask = \"http://127.0.0.1:{guard}/cgi-bin/verify\", ask-copy = \"Remote-Groups\" }}\n");
    configured(site, &rules).go()
}

fn site() -> Site {
    let who = "printf 'Content-Type: text/plain\\n\\n%s' \
               \"$AUTH_TYPE|$REMOTE_USER|$HTTP_REMOTE_USER|$HTTP_REMOTE_GROUPS\"";
    Site::new().file("a.txt", "a").script("cgi-bin/who", sh(who))
}

#[test]
fn whom_it_lets_pass_goes_on_with_what_it_says() {
    ours_only!();
    let ((_verifying, guard), site) = (guard(), site());
    let server = guarded(&site, guard.port);
    let lies = [("Cookie", "good"), ("Remote-User", "root"), ("Remote-Groups", "wheel")];
    let said = server.request("GET", "/cgi-bin/who", &lies, b"").expect(200).text();
    assert_eq!(said, "Forward|ada|ada|staff");
    assert!(server.access.with("/cgi-bin/who").contains(" - ada ["));
    // It says nothing of these: then nobody does.
    let lies = [("Cookie", "nameless"), ("Remote-User", "root"), ("Remote-Groups", "wheel")];
    assert_eq!(server.request("GET", "/cgi-bin/who", &lies, b"").expect(200).text(), "|||");
    server.request("GET", "/a.txt", &[("Cookie", "good")], b"").expect(200);
    server.request("GET", "/a.txt", &[], b"").expect(302);
}

#[test]
fn what_it_answers_others_the_client_gets() {
    ours_only!();
    let ((_verifying, guard), site) = (guard(), site());
    let server = guarded(&site, guard.port);
    let reply = server.request("POST", "/a.txt?x=1", &[("Host", "www.example")], b"body").expect(302);
    let location = "http://login.example/?rd=http,www.example,/a.txt?x=1,POST,127.0.0.1,GET";
    assert_eq!((reply.field("Location"), reply.text()), (Some(location), "come in there".to_owned()));
    let reply = server.request("GET", "/a.txt", &[("Cookie", "bad")], b"").expect(403);
    assert_eq!((reply.all("Set-Cookie"), reply.field("X-Inner")), (vec!["a=1", "b=2"], None));
    assert_eq!(reply.text(), "not you");
}

/// Whoever is let in by something that no cache knows of.
#[test]
fn what_is_for_one_is_stored_for_nobody_else() {
    ours_only!();
    let (verifying, site) = (Site::new(), site());
    let verify = "case \"$HTTP_USER_AGENT\" in ada) printf 'Status: 204\\nRemote-User: ada\\n\\n' ;; \
                  *) printf 'Status: 204\\nRemote-User: bob\\n\\n' ;; esac";
    let verifying = verifying.script("cgi-bin/verify", sh(verify));
    let guard = Server::with(&verifying, &[]);
    let who = "printf 'Cache-Control: max-age=60, public\\nContent-Type: text/plain\\n\\n%s' \"$REMOTE_USER\"";
    let site = site.script("cgi-bin/kept", sh(who));
    let rules = format!("cache = true\nauth = {{ ask = \"http://127.0.0.1:{}/cgi-bin/verify\" }}\n", guard.port);
    let server = configured(&site, &rules).go();
    for user in ["ada", "bob", "ada"] {
        let reply = server.request("GET", "/cgi-bin/kept", &[("User-Agent", user)], b"").expect(200);
        assert_eq!(reply.text(), user);
    }
}

#[test]
fn without_an_answer_nobody_comes_in() {
    ours_only!();
    let ((_verifying, mut guard), site) = (guard(), site());
    let server = guarded(&site, guard.port);
    for cookie in ["broken", "long"] {
        server.request("GET", "/a.txt", &[("Cookie", cookie)], b"").expect(502);
    }
    guard.stop();
    server.request("GET", "/a.txt", &[("Cookie", "good")], b"").expect(502);
    server.events.with("asked-in-vain");
}

#[test]
fn what_is_no_http_is_no_answer() {
    ours_only!();
    for said in ["SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "", "HTTP/1.1 200"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answering = thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            client.write_all(said.as_bytes()).unwrap();
        });
        let site = site();
        guarded(&site, port).get("/a.txt").expect(502);
        answering.join().unwrap();
    }
}

#[test]
fn what_cannot_be_asked_is_told_at_the_start() {
    ours_only!();
    let site = site();
    for rules in [
        "ask = \"https://auth.example/\"",
        "ask = \"auth\"",
        "ask = \"http://a/\", file = \"users\"",
        "ask = \"http://a/\", ask-user = \"a b\"",
    ] {
        let mut server = configured(&site, &format!("auth = {{ {rules} }}\n")).launch();
        assert_eq!(server.wait(crate::process::PATIENCE).code(), Some(78), "{rules}");
    }
}
