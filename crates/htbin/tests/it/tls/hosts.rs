//! Several hosts: a certificate for each, certificates of clients, versions, and the way from HTTP to HTTPS. By curl and
//! openssl.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
    time::Instant,
};

use crate::{
    process::{PATIENCE, run, run_ok},
    scripts::text,
    server::{Server, Start, port_of},
    site::Site,
};

/// A folder with an authority in it, what it has signed, and a configuration.
pub(crate) struct Folder(Site);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(Site::new());
        folder.openssl("req -x509 -days 2 -nodes -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,digitalSignature", "ca", "/CN=Test CA");
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// A certificate for these names, with its key: `NAME.pem` and `NAME.key`.
    pub(crate) fn sign(&self, name: &str, names: &str) {
        let (ca, key) = (self.text("ca.pem"), self.text("ca.key"));
        let flags = format!("req -x509 -days 2 -nodes -CA {ca} -CAkey {key} -addext basicConstraints=CA:FALSE -addext");
        self.openssl(&format!("{flags} subjectAltName={names}"), name, &format!("/C=DE/O=Test/CN={name}"));
    }

    fn openssl(&self, flags: &str, name: &str, subject: &str) {
        let mut openssl = Command::new("openssl");
        openssl.args(flags.split(' ')).args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
        let (key, certificate) = (self.path(&format!("{name}.key")), self.path(&format!("{name}.pem")));
        run_ok(openssl.args(["-subj", subject, "-keyout"]).arg(&key).arg("-out").arg(certificate));
        // As root the server is nobody later, who reads them again when they change.
        fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
    }

    /// A directory with a file that says whose it is, and a script that says what it knows of TLS.
    pub(crate) fn site(self, name: &str) -> Self {
        let script = text("env | grep -E '^(HTTPS|SSL_)' | sort");
        Self(self.0.file(&format!("{name}/a.txt"), name).script(&format!("{name}/cgi-bin/tls"), script))
    }

    pub(crate) fn configure(&self, text: &str) -> Start {
        fs::write(self.path("htbin.toml"), text).unwrap();
        Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["-c".to_owned(), self.text("htbin.toml")])
    }

    /// What curl does, which trusts the authority and finds every name here.
    pub(crate) fn curl(&self, url: &str, more: &[&str]) -> Output {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "60", "--noproxy", "*", "--connect-to", "::127.0.0.1:", "--cacert"]);
        run(curl.arg(self.path("ca.pem")).args(more).arg(url))
    }

    #[track_caller]
    pub(crate) fn told(&self, url: &str, more: &[&str]) -> String {
        let output = self.curl(url, more);
        assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn status(&self, url: &str, more: &[&str]) -> String {
        self.told(url, &[&["-o", "/dev/null", "-w", "%{http_code}"], more].concat())
    }
}

/// The port of a scheme, as the banner names it.
pub(crate) fn port(server: &Server, scheme: &str) -> u16 {
    let url = format!("{scheme}://127.0.0.1:");
    port_of(&server.events.with(&url)).unwrap()
}

/// What openssl says of a handshake.
fn shake(port: u16, more: &[&str]) -> String {
    let mut client = Command::new("openssl");
    client.args(["s_client", "-connect", &format!("127.0.0.1:{port}")]).args(more);
    let output = run(client.stdin(std::process::Stdio::null()));
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn each_name_has_its_certificate_and_a_new_one_when_it_changes() {
    ours_only!();
    let folder = Folder::new().site("a").site("b").site("all");
    folder.sign("a", "DNS:a.test");
    folder.sign("b", "DNS:*.b.test");
    folder.sign("all", "DNS:all.test,DNS:more.test");
    let server = folder
        .configure(
            r#"
            listen = "https://127.0.0.1:0"
            tls = { certificate = "all.pem", key = "all.key" }
            host = [
                { name = "a.test", directory = "a", tls = { certificate = "a.pem", key = "a.key" } },
                { name = "*.b.test", directory = "b", tls = { certificate = "b.pem", key = "b.key" } },
                { directory = "all" },
            ]"#,
        )
        .go();
    let port = port(&server, "https");
    for version in ["--http1.1", "--http2"] {
        for (name, site) in [("a.test", "a"), ("x.b.test", "b"), ("all.test", "all"), ("more.test", "all")] {
            assert_eq!(folder.told(&format!("https://{name}:{port}/a.txt"), &[version]), site);
        }
    }
    // Hosts demand the same here: over each connection each may be asked for.
    let other = folder.told(&format!("https://all.test:{port}/a.txt"), &["-H", "Host: a.test"]);
    assert_eq!(other, "a");
    for (name, certificate) in [("-noservername", "all"), ("-servername=none.test", "all"), ("-servername=A.TEST", "a")]
    {
        let (flag, name) = name.split_once('=').map_or((name, None), |(flag, name)| (flag, Some(name)));
        let told = shake(port, &[&[flag], &name.map_or(vec![], |name| vec![name])[..]].concat());
        assert!(told.contains(&format!("CN = {certificate}\n")), "{told}");
    }
    // One of them changes, and with it the names it is for.
    folder.sign("all", "DNS:all.test,DNS:new.test");
    let deadline = Instant::now() + PATIENCE;
    while !folder.curl(&format!("https://new.test:{port}/a.txt"), &[]).status.success() {
        assert!(Instant::now() < deadline, "the new certificate is not used");
    }
    assert_eq!(folder.told(&format!("https://a.test:{port}/a.txt"), &[]), "a");
}

const DEMANDING: &str = r#"
    listen = ["https://127.0.0.1:0", "127.0.0.1:0"]
    tls = { certificate = "all.pem", key = "all.key" }
    host = [
        { directory = "open" },
        { name = "must.test", directory = "must", tls = { client-ca = "ca.pem", client-pem = true } },
        { name = "may.test", directory = "may", tls = { client-ca = "ca.pem", client-certificate = "request" } },
        { name = "new.test", directory = "new", tls = { minimum = "1.3" } },
    ]"#;

fn demanding() -> (Folder, Server, u16) {
    let folder = Folder::new().site("open").site("must").site("may").site("new");
    folder.sign("all", "DNS:must.test,DNS:may.test,DNS:open.test,DNS:new.test");
    folder.sign("ann", "email:ann@example.org");
    let server = folder.configure(DEMANDING).go();
    let port = port(&server, "https");
    (folder, server, port)
}

#[test]
fn certificates_of_clients_are_demanded_and_told() {
    ours_only!();
    let (folder, _server, port) = demanding();
    let other = Folder::new();
    other.sign("bob", "email:bob@example.org");
    let url = |host: &str| format!("https://{host}:{port}/cgi-bin/tls");
    let (certificate, key) = (folder.text("ann.pem"), folder.text("ann.key"));
    let ann = ["--cert", &certificate, "--key", &key];
    let told = folder.told(&url("must.test"), &ann);
    for line in [
        "HTTPS=on",
        "SSL_PROTOCOL=TLSv1.3",
        "SSL_CIPHER=TLS_",
        "SSL_TLS_SNI=must.test",
        "SSL_CLIENT_VERIFY=SUCCESS",
        "SSL_CLIENT_S_DN=CN=ann,O=Test,C=DE",
        "SSL_CLIENT_I_DN=CN=Test CA",
        "SSL_CLIENT_S_DN_CN=ann",
        "SSL_CLIENT_CERT=-----BEGIN CERTIFICATE-----",
    ] {
        assert!(told.lines().any(|it| it.starts_with(line)), "{line} is not in:\n{told}");
    }
    // As openssl has them, so as mod_ssl has them.
    let x509 = ["x509", "-noout", "-serial", "-dates", "-in", &certificate];
    let shown = run_ok(Command::new("openssl").args(x509));
    for (theirs, ours) in [("serial", "M_SERIAL"), ("notBefore", "V_START"), ("notAfter", "V_END")] {
        let value = shown.lines().find_map(|line| line.strip_prefix(theirs)).unwrap();
        assert!(told.contains(&format!("SSL_CLIENT_{ours}{value}\n")), "{ours}{value} is not in:\n{told}");
    }
    let told = folder.told(&url("must.test"), &[&ann[..], &["--tls-max", "1.2"]].concat());
    assert!(told.contains("SSL_PROTOCOL=TLSv1.2\n") && told.contains("SSL_CIPHER=ECDHE-ECDSA-"), "{told}");
    let told = folder.told(&url("may.test"), &[]);
    assert!(told.contains("SSL_CLIENT_VERIFY=NONE\n") && !told.contains("SSL_CLIENT_S_DN"), "{told}");
    let told = folder.told(&url("may.test"), &ann);
    assert!(told.contains("SSL_CLIENT_VERIFY=SUCCESS\n") && !told.contains("SSL_CLIENT_CERT"), "{told}");
    assert!(!folder.told(&url("open.test"), &ann).contains("SSL_CLIENT"));
    // Without one, and with one of an authority that nobody named.
    let (certificate, key) = (other.text("bob.pem"), other.text("bob.key"));
    for more in [&[][..], &["--cert", &certificate, "--key", &key]] {
        assert!(!folder.curl(&url("must.test"), more).status.success());
    }
    assert!(!folder.curl(&url("may.test"), &["--cert", &certificate, "--key", &key]).status.success());
    let forged =
        folder.told(&url("may.test"), &["-H", "SSL-Client-Verify: SUCCESS", "-H", "SSL_CLIENT_VERIFY: SUCCESS"]);
    assert!(forged.contains("SSL_CLIENT_VERIFY=NONE\n"), "{forged}");
}

/// One asks for a name that demands nothing, and then for a host that does (CVE-2025-23419, and RFC 9110 §15.5.20).
#[test]
fn no_host_is_reached_round_what_it_demands() {
    ours_only!();
    let (folder, server, secure) = demanding();
    let plain = port(&server, "http");
    let (certificate, key) = (folder.text("ann.pem"), folder.text("ann.key"));
    let ann = ["--cert", &certificate, "--key", &key];
    // The small file is kept from now on: who asks next is answered at once, or not at all.
    assert_eq!(folder.told(&format!("https://must.test:{secure}/a.txt"), &ann), "must");
    for version in ["--http1.1", "--http2"] {
        for path in ["a.txt", "cgi-bin/tls", "none"] {
            for host in ["must.test", "MUST.test.", "must.test:443", "may.test", "new.test"] {
                let host = format!("Host: {host}");
                let url = format!("https://open.test:{secure}/{path}");
                assert_eq!(folder.status(&url, &[version, "-H", &host]), "421", "{host} {path}");
            }
        }
    }
    // The target's authority is the host, whatever the field says.
    let target = ["--request-target", "http://must.test/a.txt"];
    assert_eq!(folder.status(&format!("https://open.test:{secure}/"), &["--http1.1", target[0], target[1]]), "421");
    // Neither is it without TLS; what demands nothing but a version is.
    for (host, status) in [("must.test", "421"), ("may.test", "200"), ("new.test", "200"), ("x.test", "200")] {
        assert_eq!(folder.status(&format!("http://{host}:{plain}/a.txt"), &[]), status, "{host}");
    }
    // Two requests, one connection: curl joins names of one certificate over HTTP/2, and asks anew after 421.
    let both = format!("https://open.test:{secure}/a.txt https://must.test:{secure}/a.txt");
    let both: Vec<&str> = both.split(' ').collect();
    assert_eq!(folder.told(both[1], &[&ann[..], &["--http2", both[0]]].concat()), "openmust");
    assert!(server.access.all().iter().any(|line| line.contains("\" 421 ")));
}

#[test]
fn versions_and_tickets_are_of_one_host() {
    ours_only!();
    let (folder, _server, port) = demanding();
    let session = folder.text("session");
    let refused =
        |told: &str| told.contains("alert") && !told.contains("Cipher is TLS") && !told.contains("Cipher is EC");
    assert!(refused(&shake(port, &["-servername", "new.test", "-tls1_2"])));
    assert!(!refused(&shake(port, &["-servername", "open.test", "-tls1_2"])));
    assert!(refused(&shake(port, &["-servername", "open.test", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])));
    let told = shake(port, &["-servername", "open.test", "-tls1_2", "-sess_out", &session]);
    assert!(told.contains("New, TLSv1.2"), "{told}");
    let resumed = |name| shake(port, &["-servername", name, "-tls1_2", "-sess_in", &session]);
    assert!(resumed("open.test").contains("Reused, TLSv1.2"));
    for name in ["must.test", "may.test"] {
        assert!(!resumed(name).contains("Reused"), "{name}");
    }
    let protocols = shake(port, &["-servername", "open.test", "-alpn", "http/1.1,h2"]);
    assert!(protocols.contains("ALPN protocol: h2"), "{protocols}");
}

#[test]
fn who_asks_without_tls_is_sent_to_it() {
    ours_only!();
    let folder = Folder::new().site("a").site("b");
    folder.sign("all", "DNS:a.test,DNS:b.test");
    fs::create_dir_all(folder.path("a/.well-known/acme-challenge")).unwrap();
    fs::write(folder.path("a/.well-known/acme-challenge/token"), "proof").unwrap();
    let server = folder
        .configure(
            r#"
            listen = ["127.0.0.1:0", "https://127.0.0.1:0"]
            https = "redirect"
            hsts = "180d subdomains"
            tls = { certificate = "all.pem", key = "all.key" }
            host = [
                { name = "a.test", directory = "a" },
                { name = "b.test", directory = "b", https = "optional", hsts = false },
            ]"#,
        )
        .go();
    let (plain, secure) = (port(&server, "http"), port(&server, "https"));
    let head =
        |url: &str, more: &[&str]| folder.told(url, &[&["-D", "-", "-o", "/dev/null"], more].concat()).to_lowercase();
    for round in 0..2 {
        let told = head(&format!("https://a.test:{secure}/a.txt"), &[]);
        assert!(told.contains("strict-transport-security: max-age=15552000; includesubdomains\r\n"), "{round}: {told}");
        let told = head(&format!("http://a.test:{plain}/a.txt?b=c%2f"), &[]);
        let location = format!("location: https://a.test:{secure}/a.txt?b=c%2f\r\n");
        assert!(told.starts_with("http/1.1 301") && told.contains(&location), "{told}");
        assert!(!told.contains("strict-transport-security"), "{told}");
    }
    let told = head(&format!("http://a.test:{plain}/cgi-bin/tls"), &["-d", "form"]);
    assert!(told.starts_with("http/1.1 308"), "{told}");
    assert_eq!(folder.told(&format!("http://a.test:{plain}/.well-known/acme-challenge/token"), &[]), "proof");
    assert_eq!(folder.told(&format!("http://b.test:{plain}/a.txt"), &[]), "b");
    assert!(!head(&format!("https://b.test:{secure}/a.txt"), &[]).contains("strict-transport-security"));
    assert_eq!(folder.status(&format!("http://a.test:{plain}/a.txt"), &["-0", "-H", "Host:"]), "400");
    for host in ["evil.test/x", "a.test\\@evil.test", "a.test:80:80"] {
        assert_eq!(folder.status(&format!("http://a.test:{plain}/a.txt"), &["-H", &format!("Host: {host}")]), "400");
    }
    let followed = folder.told(&format!("http://a.test:{plain}/a.txt"), &["-L", "--connect-to", "::127.0.0.1:"]);
    assert_eq!(followed, "a");
}

#[test]
fn what_is_wrong_in_the_file_is_said() {
    ours_only!();
    let folder = Folder::new().site("a");
    folder.sign("a", "DNS:a.test");
    fs::write(folder.path("empty.pem"), "").unwrap();
    let both = "certificate = 'a.pem', key = 'a.key'";
    for (text, said) in [
        ("https = 'redirect'".to_owned(), "nobody speaks TLS here"),
        ("https = 'always'".to_owned(), "https"),
        ("hsts = 'long'".to_owned(), "'long' is not a time like 1y"),
        ("hsts = '1y preload'".to_owned(), "with 'subdomains'"),
        (format!("tls = {{ {both}, minimum = '1.1' }}"), "1.1"),
        (format!("tls = {{ {both}, client-certificate = 'require' }}"), "'client-ca'"),
        (format!("tls = {{ {both}, client-ca = 'empty.pem' }}"), "there is no certificate in it"),
        (format!("tls = {{ {both}, acme = true }}"), "leave one of the two out"),
        ("tls = { client-ca = 'ca.pem' }".to_owned(), "there is no certificate"),
        ("tls = { acme = true }".to_owned(), "it needs the host's name"),
        ("host = [{ name = '*.a.test', tls = { acme = true } }]".to_owned(), "is a pattern"),
        ("host = [{ name = 'a.test', tls = { acme = true } }]".to_owned(), "it needs a private folder"),
    ] {
        let listen = if text.starts_with("https") { "127.0.0.1:0" } else { "https://127.0.0.1:0" };
        let text = format!("listen = '{listen}'\ndirectory = 'a'\n{text}\n");
        let mut server = folder.configure(&text).launch();
        assert!(!server.wait(PATIENCE).success(), "{text}");
        let told = server.events.to_the_end().join("\n");
        assert!(told.contains(said), "{text}: {told}");
    }
}
