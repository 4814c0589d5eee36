//! `htbin import`: real configurations of real servers, translated; htbin with the translation answers as the server did.

use std::{fs, path::Path, process::Command};

use crate::{
    client::Client,
    peers::{Kind, Machine, Peer},
    process::{run, run_ok},
    server::{Server, Start, request_bytes},
};

#[test]
fn apache_with_the_guides_site() {
    ours_only!();
    guide(Kind::Apache, "apache", &["/tools/today.cgi"]);
}

#[test]
fn lighttpd_with_the_guides_site() {
    ours_only!();
    guide(Kind::Lighttpd, "lighttpd", &["/tools/today.cgi", "/tools/page.plx"]);
}

#[test]
fn nginx_with_the_guides_site() {
    ours_only!();
    guide(Kind::Nginx, "nginx", &[]);
}

#[test]
fn apache_with_hosts_and_rights() {
    ours_only!();
    let machine = furnished();
    let old = Peer::with(Kind::Apache, APACHE, &machine);
    let new = translated("apache", &old, &machine);
    for (host, path) in [
        ("one.test", "/"),
        ("one.test", "/old/deep?x=1"),
        ("one.test", "/gone"),
        ("one.test", "/more/a.txt"),
        ("one.test", "/closed/a.txt"),
        ("one.test", "/far/a.txt"),
        ("one.test", "/near/a.txt"),
        ("one.test", "/cgi-bin/told.sh/extra?q"),
        ("one.test", "/does/told.sh?q"),
        ("two.test", "/a.txt"),
        ("www.two.test", "/a.txt"),
        ("two.test", "/cgi-bin/told.sh"),
        ("else.test", "/old/x"),
    ] {
        assert_same(&old, &new, host, path);
    }
}

#[test]
fn lighttpd_with_hosts_and_rights() {
    ours_only!();
    let machine = furnished();
    let old = Peer::with(Kind::Lighttpd, LIGHTTPD, &machine);
    let new = translated("lighttpd", &old, &machine);
    for (host, path) in [
        ("one.test", "/"),
        ("one.test", "/old/deep"),
        ("one.test", "/more/a.txt"),
        ("one.test", "/closed/a.txt"),
        ("one.test", "/near/a.txt"),
        ("one.test", "/secret.inc"),
        ("one.test", "/cgi-bin/told.sh/extra?q"),
        ("two.test", "/a.txt"),
        ("www.two.test", "/a.txt"),
    ] {
        assert_same(&old, &new, host, path);
    }
}

#[test]
fn nginx_with_hosts_and_rights() {
    ours_only!();
    let machine = furnished();
    let old = Peer::with(Kind::Nginx, NGINX, &machine);
    let new = translated("nginx", &old, &machine);
    for (host, path) in [
        ("one.test", "/"),
        ("one.test", "/old/deep"),
        ("one.test", "/gone"),
        ("one.test", "/exact"),
        ("one.test", "/exact/not"),
        ("one.test", "/more/a.txt"),
        ("one.test", "/closed/a.txt"),
        ("one.test", "/far/a.txt"),
        ("one.test", "/near/a.txt"),
        ("one.test", "/text"),
        ("one.test", "/does/told.sh?q"),
        ("one.test", "/one-program?q"),
        ("two.test", "/a.txt"),
        ("www.two.test", "/a.txt"),
        ("else.test", "/text"),
    ] {
        assert_same(&old, &new, host, path);
    }
}

#[test]
fn what_is_left_is_named_and_counted() {
    ours_only!();
    let machine = Machine::new();
    machine.file("site.conf", "server {\n  root /srv/www;\n  lua_code \"x\ny\";\n}\n", 0o644);
    let import = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_htbin"));
        run(command.arg("import").args(words).arg(machine.path("site.conf")))
    };
    let output = import(&["nginx"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("site.conf:3: lua_code x\\ny: no counterpart\n"), "{text}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "htbin: 1 directive is not translated: it stands at the end, as comments\n");
    assert_eq!(import(&["--strict", "nginx"]).status.code(), Some(1));
    machine.file("site.conf", "server {\n", 0o644);
    let output = import(&["nginx"]);
    assert!(output.status.code() == Some(1) && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("site.conf:2: the file ends within"), "{output:?}");
}

/// The site of the guide, and what its page asks.
fn guide(kind: Kind, name: &str, more: &[&str]) {
    let machine = furnished();
    let old = Peer::start(kind, &machine);
    let new = translated(name, &old, &machine);
    for path in
        ["/", "/notes.txt", "/missing", "/cgi-bin/told.sh?q", "/cgi-bin/told.sh/extra/path?a=b"].iter().chain(more)
    {
        assert_same(&old, &new, "localhost", path);
    }
}

/// htbin with the translation, on a free port.
fn translated(name: &str, old: &Peer, machine: &Machine) -> Server {
    let mut import = Command::new(env!("CARGO_BIN_EXE_htbin"));
    let text = run_ok(import.args(["import", name]).arg(old.file()));
    fs::write(machine.path("htbin.toml"), &text).unwrap();
    let output = run(Command::new(env!("CARGO_BIN_EXE_htbin")).arg("check").arg(machine.path("htbin.toml")));
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let mut table: toml::Table = text.parse().unwrap();
    table.insert("listen".into(), "127.0.0.1:0".into());
    if !rustix::process::geteuid().is_root() {
        table.remove("user");
    }
    fs::write(machine.path("htbin.toml"), toml::to_string(&table).unwrap()).unwrap();
    eprintln!("{text}");
    Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&[Path::new("-c"), &machine.path("htbin.toml")]).go()
}

/// Both answer alike: the status, where they send the client, and the body of what is found.
#[track_caller]
fn assert_same(old: &Peer, new: &Server, host: &str, path: &str) {
    let ask = |port: u16| {
        let mut client = Client::open(port);
        client.send(request_bytes("GET", path, &[("Host", host)], b""));
        let reply = client.reply();
        let location = reply.field("Location").map(|it| it.replace(&format!(":{port}/"), "/"));
        // Each has error pages of its own.
        let body = (reply.status == 200).then(|| reply.text());
        (reply.status, location, body)
    };
    let (expected, found) = (ask(old.port), ask(new.port));
    assert_eq!(found, expected, "{host}{path}\n{}", old.log());
}

fn furnished() -> Machine {
    let machine = Machine::new();
    machine.file("www/index.html", "<h1>Welcome</h1>\n", 0o644);
    machine.file("www/notes.txt", "my notes\n", 0o644);
    machine.file("www/secret.inc", "secret\n", 0o644);
    machine.file("www/tools/today.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\ntoday'\n", 0o755);
    machine.file("www/tools/page.plx", "print \"Content-Type: text/plain\\n\\n\", \"a page\";", 0o644);
    for folder in ["closed", "far", "near", "exact"] {
        machine.file(&format!("www/{folder}/a.txt"), folder, 0o644);
    }
    machine.file("www/two/a.txt", "of two", 0o644);
    machine.file("www-more/a.txt", "more", 0o644);
    for folder in ["www/cgi-bin", "lib/cgi-bin", "www/does", "www/two/cgi-bin"] {
        machine.file(&format!("{folder}/told.sh"), TOLD, 0o755);
    }
    for folder in ["closed", "far", "near", "exact", "two", "two/cgi-bin", "does"] {
        machine.mode(&format!("www/{folder}"), 0o755);
    }
    machine.mode("www-more", 0o755);
    machine
}

const TOLD: &str = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n\
                    echo \"$SCRIPT_NAME|$PATH_INFO|$QUERY_STRING|$GUESTBOOK\"\n";

const APACHE: &str = r"
LoadModule authz_host_module /usr/lib/apache2/modules/mod_authz_host.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
<Directory />
    Require all denied
</Directory>
<VirtualHost *:80>
    ServerName one.test
    DocumentRoot /srv/www
    SetEnv GUESTBOOK 'a book'
    Redirect permanent /old http://one.test/new
    Redirect gone /gone
    Alias /more /srv/www-more
    ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/
    <Directory /srv/www>
        Require all granted
    </Directory>
    <Directory /srv/www/closed>
        Require all denied
    </Directory>
    <Directory /srv/www/does>
        Options +ExecCGI
        SetHandler cgi-script
    </Directory>
    <Directory /srv/www-more>
        Require all granted
    </Directory>
    <Directory /usr/lib/cgi-bin>
        Require all granted
    </Directory>
    <Location /far>
        Require ip 192.0.2.0/24
    </Location>
    <Location /near>
        Require ip 192.0.2.0/24 127.0.0.1
    </Location>
</VirtualHost>
<VirtualHost *:80>
    ServerName two.test
    ServerAlias www.two.test
    DocumentRoot /srv/www/two
    <Directory /srv/www/two>
        Require all granted
    </Directory>
    <Location /cgi-bin>
        Require all denied
    </Location>
</VirtualHost>
";

const LIGHTTPD: &str = r#"
server.modules = ("mod_access", "mod_alias", "mod_setenv", "mod_redirect", "mod_cgi")
server.document-root = "/srv/www"
server.port = 80
server.username = "www-data"
server.groupname = "www-data"
index-file.names = ("index.html")
mimetype.assign = ("" => "text/plain")
url.access-deny = (".inc")
$HTTP["url"] =~ "^/cgi-bin/" {
    cgi.assign = ("" => "")
    setenv.add-environment = ("GUESTBOOK" => "a book")
    alias.url += ("/cgi-bin/" => "/usr/lib/cgi-bin/")
}
$HTTP["url"] =~ "^/closed/" {
    url.access-deny = ("")
}
$HTTP["url"] =~ "^/near/" {
    $HTTP["remoteip"] != "127.0.0.0/8" { url.access-deny = ("") }
}
alias.url += ("/more/" => "/srv/www-more/")
url.redirect = ("^/old/(.*)$" => "/new/$1")
$HTTP["host"] =~ "^(www\.)?two\.test$" {
    server.document-root = "/srv/www/two"
}
"#;

const NGINX: &str = r#"
server {
    listen 80;
    server_name one.test;
    root /srv/www;
    location / { index index.html; }
    location /old/ { return 301 http://one.test/new; }
    location /gone { return 410; }
    location = /exact { return 302 http://one.test/elsewhere; }
    location /more/ { alias /srv/www-more/; }
    location /closed { deny all; }
    location /far { allow 192.0.2.0/24; deny all; }
    location /near { allow 127.0.0.0/8; deny all; }
    location /text { default_type text/plain; return 200 "a text"; }
    location /does/ {
        include /etc/nginx/fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_param GUESTBOOK "a book";
        fastcgi_pass unix:/run/fcgiwrap.socket;
    }
    location = /one-program {
        include /etc/nginx/fastcgi_params;
        fastcgi_param SCRIPT_FILENAME /usr/lib/cgi-bin/told.sh;
        fastcgi_pass unix:/run/fcgiwrap.socket;
    }
}
server {
    listen 80;
    server_name two.test www.two.test;
    root /srv/www/two;
}
"#;
