//! HTTPS and HTTP/2, by curl and by openssl.

mod acme;
mod changes;
pub(crate) mod frames;
mod hosts;

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use self::frames::Raw;
use crate::{
    process::{PATIENCE, assert_gone_within, run, run_ok},
    scripts::{sh, text},
    server::{Server, Start, request_bytes},
    site::Site,
};

/// A folder with certificates in it, made by openssl.
struct Keys(Site);

impl Keys {
    fn new() -> Self {
        let keys = Self(Site::new());
        keys.make("cert.pem", "key.pem", "first");
        keys
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    fn make(&self, certificate: &str, key: &str, name: &str) {
        let subject = format!("/CN={name}");
        let flags = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -addext basicConstraints=CA:FALSE -addext";
        let mut openssl = Command::new("openssl");
        openssl.args(flags.split(' ')).arg("subjectAltName=DNS:localhost,IP:127.0.0.1").args(["-subj", &subject]);
        run_ok(openssl.arg("-keyout").arg(self.path(key)).arg("-out").arg(self.path(certificate)));
        // As root the server is nobody later, who reads them again when they change.
        fs::set_permissions(self.path(key), fs::Permissions::from_mode(0o644)).unwrap();
    }

    fn flags(&self) -> Vec<String> {
        let path = |name| self.path(name).display().to_string();
        vec!["--tls-cert".into(), path("cert.pem"), "--tls-key".into(), path("key.pem")]
    }

    fn serve(&self, site: &Site, more: &[&str]) -> Server {
        Start::new(site).flags(&self.flags()).flags(more).go()
    }
}

/// What curl gets, which trusts that certificate alone.
fn curl(certificate: &Path, server: &Server, path: &str, more: &[&str]) -> String {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "60", "--noproxy", "*", "--cacert"]).arg(certificate).args(more);
    run_ok(curl.arg(url(server, path)))
}

fn url(server: &Server, path: &str) -> String {
    server.url(path).replace("http://", "https://")
}

const VERSIONS: [(&str, &str); 2] = [("--http1.1", "HTTP/1.1"), ("--http2", "HTTP/2.0")];

#[test]
fn scripts_and_files_over_both_versions() {
    ours_only!();
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let site = Site::new()
        .script("cgi-bin/tell", text("echo \"$HTTPS $REQUEST_SCHEME $SERVER_PROTOCOL $SERVER_NAME $HTTP_COOKIE\"; cat"))
        .script("cgi-bin/moved", sh("printf 'Location: /large\\n\\n'"))
        .script("cgi-bin/none", sh("exit 1"))
        .file("large", &large);
    let keys = Keys::new();
    let server = keys.serve(&site, &[]);
    let certificate = keys.path("cert.pem");
    let out = keys.path("out");
    for (flag, protocol) in VERSIONS {
        let told = curl(&certificate, &server, "/cgi-bin/tell", &[flag, "-b", "a=b; c=d", "-d", "the body"]);
        assert_eq!(told, format!("on https {protocol} 127.0.0.1 a=b; c=d\nthe body"));
        for path in ["/large", "/cgi-bin/moved"] {
            curl(&certificate, &server, path, &[flag, "-o", out.to_str().unwrap()]);
            assert!(fs::read(&out).unwrap() == large, "{flag} {path}");
        }
        let upload = format!("@{}", site.path("large").display());
        let told = curl(
            &certificate,
            &server,
            "/cgi-bin/tell",
            &[flag, "--data-binary", &upload, "-o", out.to_str().unwrap()],
        );
        assert_eq!(told, "");
        assert_eq!(
            fs::metadata(&out).unwrap().len() as usize,
            large.len() + format!("on https {protocol} 127.0.0.1 \n").len()
        );
        let head = curl(&certificate, &server, "/large", &[flag, "-I"]);
        assert!(head.to_lowercase().contains("content-length: 12000000"), "{head}");
        let part = curl(&certificate, &server, "/large", &[flag, "-r", "4-7", "-w", "%{http_code}"]);
        assert_eq!(part, "\u{1}\u{0}\u{0}\u{0}206");
        let why = curl(&certificate, &server, "/cgi-bin/none", &[flag, "-H", "Accept: application/json"]);
        assert!(why.contains("exit-status"), "{why}");
        server.access.with(&format!("\"GET /large {protocol}\" 200 12000000"));
    }
}

#[test]
fn many_at_once_over_one_connection() {
    ours_only!();
    let site = Site::new().script("cgi-bin/echo", text("echo \"$QUERY_STRING\""));
    let keys = Keys::new();
    let server = keys.serve(&site, &[]);
    let mut curl = Command::new("curl");
    curl.args([
        "-sS",
        "--http2",
        "--parallel",
        "--parallel-max",
        "50",
        "--max-time",
        "60",
        "--noproxy",
        "*",
        "--cacert",
    ]);
    let output = run_ok(curl.arg(keys.path("cert.pem")).arg(url(&server, "/cgi-bin/echo?[1-200]")));
    let mut numbers: Vec<u32> = output.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
}

#[test]
fn what_is_flushed_arrives_and_a_client_that_leaves_ends_the_script() {
    ours_only!();
    let site = Site::new();
    let mut fifo = site.fifo("pid");
    let script = text(&format!("echo $$ >{}\necho first\nexec sleep 300", site.path("pid").display()));
    let site = site.script("cgi-bin/stream", script);
    let keys = Keys::new();
    let server = keys.serve(&site, &[]);
    for (flag, _) in VERSIONS {
        let mut curl = Command::new("curl");
        curl.args([flag, "-sSN", "--max-time", "60", "--noproxy", "*", "--cacert"]).arg(keys.path("cert.pem"));
        curl.arg(url(&server, "/cgi-bin/stream")).stdout(std::process::Stdio::piped());
        let mut child = curl.spawn().unwrap();
        let mut line = [0; 6];
        child.stdout.take().unwrap().read_exact(&mut line).unwrap();
        assert_eq!(&line, b"first\n");
        let pid = fifo.pid();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_gone_within(pid, 20, "the script");
    }
}

#[test]
fn a_new_certificate_takes_effect_and_a_broken_one_does_not() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let keys = Keys::new();
    let server = keys.serve(&site, &[]);
    let shown = || {
        let mut client = Command::new("sh");
        let port = server.url("/").trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
        let command =
            format!("openssl s_client -connect 127.0.0.1:{port} </dev/null 2>/dev/null | openssl x509 -noout -subject");
        run_ok(client.args(["-c", &command]))
    };
    assert!(shown().contains("first"));
    assert!(!server.events.all().iter().any(|line| line.contains("cannot be read again")));
    keys.make("new.pem", "newkey.pem", "second");
    fs::rename(keys.path("newkey.pem"), keys.path("key.pem")).unwrap();
    fs::rename(keys.path("new.pem"), keys.path("cert.pem")).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !shown().contains("second") {
        assert!(Instant::now() < deadline, "the new certificate is not used");
    }
    fs::write(keys.path("cert.pem"), "broken").unwrap();
    while !server.events.all().iter().any(|line| line.contains("the old one is used on")) {
        assert!(Instant::now() < deadline, "nobody says that it is broken");
        assert!(shown().contains("second"));
    }
}

#[test]
fn a_key_that_is_roots_alone_is_used_and_not_read_again() {
    ours_only!();
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let site = Site::new().file("a.txt", "a");
    let keys = Keys::new();
    fs::set_permissions(keys.path("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    let server = keys.serve(&site, &[]);
    assert_eq!(curl(&keys.path("cert.pem"), &server, "/a.txt", &[]), "a");
    let line = server.events.with("cannot be read again");
    assert!(line.contains("restart"), "{line}");
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let keys = Keys::new();
    keys.make("other.pem", "otherkey.pem", "other");
    let file = |name: &str| keys.path(name).display().to_string();
    fs::write(file("password"), "open sesame\n").unwrap();
    fs::write(file("wrong"), "sesame\n").unwrap();
    fs::write(file("text"), "no certificate").unwrap();
    let convert =
        ["pkcs8", "-topk8", "-in", &file("key.pem"), "-out", &file("locked.pem"), "-passout", "pass:open sesame"];
    run_ok(Command::new("openssl").args(convert));
    for (flags, said) in [
        (vec!["--tls-cert", "none.pem"], "--tls-cert"),
        (vec!["--tls-cert", "text"], "there is no certificate in it"),
        (vec!["--tls-cert", "cert.pem"], "name its file with --tls-key"),
        (vec!["--tls-cert", "cert.pem", "--tls-key", "text"], "there is no private key in it"),
        (vec!["--tls-cert", "cert.pem", "--tls-key", "otherkey.pem"], "does not fit the certificate"),
        (
            vec!["--tls-cert", "cert.pem", "--tls-key", "locked.pem"],
            "name the file that holds it with --tls-password-file",
        ),
        (
            vec!["--tls-cert", "cert.pem", "--tls-key", "locked.pem", "--tls-password-file", "wrong"],
            "it does not open the key",
        ),
    ] {
        let words = flags.iter().map(|word| if word.starts_with("--") { (*word).to_owned() } else { file(word) });
        let mut server = Start::new(&site).flags(&words.collect::<Vec<_>>()).launch();
        assert_eq!(server.wait(PATIENCE).code(), Some(1), "{flags:?}");
        let told = server.events.to_the_end().join("\n");
        assert!(told.contains(said) && told.starts_with("htbin: --tls"), "{flags:?}: {told}");
    }
    let locked =
        ["--tls-cert", &file("cert.pem"), "--tls-key", &file("locked.pem"), "--tls-password-file", &file("password")];
    let server = Start::new(&site).flags(&locked).go();
    assert_eq!(curl(&keys.path("cert.pem"), &server, "/a.txt", &[]), "a");
}

#[test]
fn one_made_for_development() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let server = Server::with(&site, &["--tls-self-signed"]);
    server.events.with("https://127.0.0.1:");
    server.events.with("self-signed");
    let mut unsure = Command::new("curl");
    assert!(!run(unsure.args(["-sS", "--noproxy", "*", &url(&server, "/a.txt")])).status.success());
    let mut told = Command::new("curl");
    assert_eq!(run_ok(told.args(["-sSk", "--noproxy", "*", &url(&server, "/a.txt")])), "a");
}

#[test]
fn plain_http_is_told_so_and_silence_holds_nobody() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let keys = Keys::new();
    let server = keys.serve(&site, &["--head-time", "1s"]);
    let reply = server.get("/a.txt").expect(400);
    assert!(reply.text().contains("https"), "{}", reply.text());
    // One that says nothing, one that stops within the handshake, one that shakes hands and says nothing more.
    let mut silent = server.client();
    let mut begun = server.client();
    begun.send(b"\x16\x03\x01\x02\x00\x01");
    let mut greeted = Raw::open(&server, &keys, &[b"h2"]);
    let mut slow = Raw::open(&server, &keys, &[b"http/1.1"]);
    slow.send(b"GET / HT");
    assert!(silent.closed_within(PATIENCE) && begun.closed_within(PATIENCE));
    assert!(greeted.end().len() < 200, "it was closed, perhaps with a word of farewell");
    assert!(slow.end().starts_with(b"HTTP/1.1 408 "));
    assert_eq!(curl(&keys.path("cert.pem"), &server, "/a.txt", &[]), "a");
}

/// A server that closes with octets unread resets the connection, and the answer may be lost with it.
#[test]
fn plain_http_is_heard_out() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let keys = Keys::new();
    let server = keys.serve(&site, &[]);
    let mut client = TcpStream::connect(server.url("").trim_start_matches("http://")).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.set_write_timeout(Some(PATIENCE)).unwrap();
    let upload = request_bytes("POST", "/a.txt", &[], &vec![b'x'; 1_000_000]);
    client.write_all(&upload).expect("it is taken, not reset");
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("https"), "{answer}");
}
