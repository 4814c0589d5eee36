//! Certificates from an authority: Pebble, the test server of those who make Let's Encrypt.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::hosts::{Folder, port};
use crate::{
    process::{PATIENCE, run_ok},
    server::{Server, Start},
};

/// An authority that finds every name on this machine.
struct Authority {
    processes: Vec<Child>,
    management: u16,
}

impl Authority {
    /// It looks for proofs at these ports, and makes certificates for twelve seconds.
    fn start(folder: &Folder, listen: u16, server: &Server) -> Self {
        let [management, dns, other] = free_ports();
        let config = format!(
            r#"{{ "pebble": {{ "listenAddress": "127.0.0.1:{listen}", "managementListenAddress": "127.0.0.1:{management}",
                "certificate": "{}", "privateKey": "{}", "httpPort": {}, "tlsPort": {}, "ocspResponderURL": "",
                "domainBlocklist": ["refused.test"], "certificateValidityPeriod": 12 }} }}"#,
            folder.text("authority.pem"),
            folder.text("authority.key"),
            port(server, "http"),
            port(server, "https"),
        );
        fs::write(folder.path("pebble.json"), config).unwrap();
        let quiet = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut names = Command::new("pebble-challtestsrv");
        names.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""]);
        names.args(["-dns01", &format!("127.0.0.1:{dns}"), "-management", &format!("127.0.0.1:{other}")]);
        let mut pebble = Command::new("pebble");
        pebble.args(["-config", &folder.text("pebble.json"), "-dnsserver", &format!("127.0.0.1:{dns}")]);
        pebble.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
        let authority = Self { processes: vec![quiet(&mut names), quiet(&mut pebble)], management };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", management)).is_err() {
            assert!(Instant::now() < deadline, "the authority does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        authority
    }

    /// The certificate that it signs with.
    fn root(&self, folder: &Folder) -> String {
        let root = folder.text("root.pem");
        let mut curl = Command::new("curl");
        curl.args(["-sSk", "--noproxy", "*", "-o", &root, &format!("https://127.0.0.1:{}/roots/0", self.management)]);
        run_ok(&mut curl);
        root
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        for process in &mut self.processes {
            _ = process.kill();
            _ = process.wait();
        }
    }
}

/// Ports that were free a moment ago.
fn free_ports<const N: usize>() -> [u16; N] {
    let sockets = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    sockets.map(|socket| socket.local_addr().unwrap().port())
}

fn start(folder: &Folder, authority: u16, challenge: &str) -> Start {
    folder.configure(&format!(
        r#"
        listen = ["127.0.0.1:0", "https://127.0.0.1:0"]
        https = "redirect"
        tls = {{ acme = true }}
        acme = {{ directory = "https://127.0.0.1:{authority}/dir", ca = "ca.pem", state = "state", retry = "1s", {challenge} }}
        host = [
            {{ name = ["a.test", "www.a.test"], directory = "a" }},
            {{ name = "refused.test", directory = "a", https = "optional" }},
        ]"#
    ))
}

/// One certificate, asked for again and again until it is there or patience ends.
fn curl_until(folder: &Folder, root: &str, url: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "60", "--noproxy", "*", "--connect-to", "::127.0.0.1:", "--cacert", root, url]);
        let output = crate::process::run(&mut curl);
        if output.status.success() {
            return String::from_utf8(output.stdout).unwrap();
        }
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(Instant::now() < deadline, "{url}: {told} {}", folder.text(""));
    }
}

fn obtained_by(challenge: &str) {
    let folder = Folder::new().site("a");
    folder.sign("authority", "IP:127.0.0.1");
    let [authority] = free_ports();
    let server = start(&folder, authority, challenge).go();
    let (plain, secure) = (port(&server, "http"), port(&server, "https"));
    // Nobody is there to make one yet: it says so, and serves on.
    let told = server.events.with("a.test, www.a.test: no certificate from");
    assert!(told.contains("until there is one, https does not answer") && told.contains("next try in"), "{told}");
    assert_eq!(folder.told(&format!("http://refused.test:{plain}/a.txt"), &[]), "a");
    let running = Authority::start(&folder, authority, &server);
    let root = running.root(&folder);
    assert_eq!(curl_until(&folder, &root, &format!("https://a.test:{secure}/a.txt")), "a");
    assert_eq!(curl_until(&folder, &root, &format!("https://www.a.test:{secure}/a.txt")), "a");
    let refused = server.events.wait_for("why", |line| line.contains("refused.test: no") && line.contains("rejected"));
    assert!(refused.contains("refused.test"), "{refused}");
    // It renews them in time, and what it keeps is for nobody else.
    let is_new = |line: &&String| line.contains("www.a.test: there is a new certificate, good until");
    server.events.wait_until("renewed", |lines| lines.iter().filter(is_new).count() >= 2);
    assert_eq!(curl_until(&folder, &root, &format!("https://a.test:{secure}/a.txt")), "a");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path("state")), 0o700);
    let files: Vec<_> = fs::read_dir(folder.path("state")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
    drop(running);
    drop(server);
    // The next server has what this one has kept.
    let server = start(&folder, authority, challenge).go();
    let secure = port(&server, "https");
    let told = folder.told(&format!("https://a.test:{secure}/a.txt"), &["-k"]);
    assert_eq!(told, "a");
    // Nobody else hears that protocol: without an order there is no proof.
    let mut client = Command::new("openssl");
    client.args([
        "s_client",
        "-connect",
        &format!("127.0.0.1:{secure}"),
        "-servername",
        "a.test",
        "-alpn",
        "acme-tls/1",
    ]);
    let output = crate::process::run(client.stdin(Stdio::null()));
    assert!(!output.status.success());
}

#[test]
fn an_authority_makes_certificates_by_http() {
    ours_only!();
    obtained_by("challenge = 'http-01'");
}

#[test]
fn an_authority_makes_certificates_by_tls() {
    ours_only!();
    obtained_by("challenge = 'tls-alpn-01', contact = 'ann@example.org'");
}

#[test]
fn a_folder_that_is_not_private_is_refused() {
    ours_only!();
    let folder = Folder::new().site("a");
    fs::create_dir(folder.path("state")).unwrap();
    fs::set_permissions(folder.path("state"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut server = start(&folder, 1, "").launch();
    assert!(!server.wait(PATIENCE).success());
    let told = server.events.to_the_end().join("\n");
    assert!(told.contains("others may look into it: chmod 700"), "{told}");
}
