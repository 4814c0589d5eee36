//! Translations of small files, and of files that are none.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::*;

fn translated(kind: Kind, text: &str) -> Translation {
    let scratch = tempfile::tempdir().expect("a directory can be made");
    let file = scratch.path().join("server.conf");
    fs::write(&file, text).expect("a file can be written");
    translate(kind, &file).expect("it is a configuration")
}

fn toml_of(kind: Kind, text: &str) -> toml::Table {
    let text = translated(kind, text).text;
    text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn route(table: &toml::Table, nth: usize) -> &toml::Value {
    &table["host"][0]["route"][nth]
}

fn said(value: &toml::Value, key: &str) -> String {
    value.get(key).map(ToString::to_string).unwrap_or_default()
}

#[test]
fn apache() {
    let text = r#"
Define ROOT /srv
Listen 8080
User www-data
<VirtualHost *:8080>
    ServerName www.example.org:8080
    ServerAlias *.example.org
    DocumentRoot "${ROOT}/www"
    SetEnv A "b ${NOT_THERE} \"c\""
    ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/
    Redirect permanent /old https://new.example.org/
    RedirectMatch ^/cgit$ /cgit/
    <Directory /srv/www>
        Options Indexes
        Require all granted
    </Directory>
    <Location /for-us-alone>
        Require ip 10.1 \
            2001:db8::/32
    </Location>
    <IfModule mod_rewrite.c>
        RewriteRule ^a b
    </IfModule>
    ErrorLog ${APACHE_LOG_DIR}/error.log
</VirtualHost>
"#;
    let table = toml_of(Kind::Apache, text);
    assert_eq!(table["listen"].to_string(), "[\":8080\"]");
    assert_eq!(table["user"].as_str(), Some("www-data"));
    let host = &table["host"][0];
    assert_eq!(said(host, "name"), r#"["www.example.org", "*.example.org"]"#);
    assert_eq!(said(host, "directory"), "\"/srv/www\"");
    assert_eq!(host["env"]["A"].as_str(), Some("b $${NOT_THERE} \"c\""));
    assert_eq!(
        (said(host, "listing"), said(host, "cgi"), said(host, "follow-symlinks")),
        ("true".into(), "false".into(), "false".into())
    );
    assert_eq!(said(route(&table, 0), "redirect"), "\"https://new.example.org{rest}\"");
    assert_eq!(said(route(&table, 1), "glob"), "\"/cgit\"");
    assert_eq!(said(route(&table, 2), "path") + &said(route(&table, 3), "path"), "\"/for-us-alone\"\"/cgi-bin\"");
    assert_eq!(said(route(&table, 2), "allow"), r#"["10.1.0.0/16", "2001:db8::/32"]"#);
    let told = translated(Kind::Apache, text);
    assert_eq!(told.left, 1);
    assert!(told.text.contains("server.conf:22: RewriteRule ^a b: no counterpart"), "{}", told.text);
}

#[test]
fn what_is_closed_stays_closed() {
    for (kind, text) in [
        (Kind::Apache, "DocumentRoot /srv\n<Directory />\nRequire host example.org\n</Directory>"),
        (
            Kind::Apache,
            "DocumentRoot /srv\n<Location />\nAuthType Digest\nAuthUserFile /x\nRequire valid-user\n</Location>",
        ),
        (Kind::Lighttpd, "server.document-root = \"/srv\"\nurl.access-deny = ( \"\" )"),
        (Kind::Lighttpd, "server.document-root = \"/srv\"\nauth.require = ( \"/\" => ( \"method\" => \"digest\" ) )"),
        (Kind::Nginx, "server { root /srv; deny all; }"),
    ] {
        let table = toml_of(kind, text);
        assert_eq!(said(&table["host"][0], "allow"), "[]", "{text}");
    }
    let table = toml_of(Kind::Nginx, "server { root /srv; location /a { proxy_pass http://x; } }");
    assert_eq!(said(route(&table, 0), "refuse"), "404");
}

#[test]
fn lighttpd() {
    let text = r#"
var.root = "/srv"
server.document-root = var.root + "/www" # here
server.port = 8080
index-file.names = ( "index.html",
                     "index.php" )
cgi.assign = ( ".pl" => "/usr/bin/perl" )
url.access-deny = ( "~", ".inc" )
$HTTP["url"] =~ "^/cgi-bin/" {
    cgi.assign = ( "" => "" )
    alias.url += ( "/cgi-bin/" => "/usr/lib/cgi-bin/" )
}
$HTTP["host"] =~ "(^|\.)example\.org$" {
    url.redirect = ( "^/old/(.*)$" => "/new/$1" )
}
fastcgi.server = ()
"#;
    let table = toml_of(Kind::Lighttpd, text);
    let host = &table["host"][0];
    assert_eq!(table["listen"].to_string(), "[\"0.0.0.0:8080\"]");
    assert_eq!(said(host, "name"), r#"["example.org", "*.example.org"]"#);
    assert_eq!(said(host, "directory"), "\"/srv/www\"");
    assert_eq!(host["interpreter"][".pl"].as_str(), Some("/usr/bin/perl"));
    assert_eq!((said(host, "interpreted-only"), said(host, "cgi-dir")), ("true".into(), "\"/\"".into()));
    assert_eq!(said(route(&table, 0), "redirect"), "\"/new{rest}\"");
    assert_eq!(said(route(&table, 1), "scripts"), "\"/usr/lib/cgi-bin\"");
    assert_eq!(said(route(&table, 2), "suffix"), "\".inc\"");
    assert_eq!(table["host"].as_array().map(Vec::len), Some(2));
    assert_eq!(translated(Kind::Lighttpd, text).left, 1);
}

#[test]
fn nginx() {
    let text = r#"
http {
    server {
        listen 80; listen [::]:443 ssl;
        server_name .example.org "www.example.com";
        root /srv/www;
        location / { try_files $uri $uri/ =404; }
        location = /exact { return 301 https://$host$request_uri; }
        location ~ \.(cgi|pl)$ { include fastcgi_params; fastcgi_pass unix:/run/fcgiwrap.socket; }
        location /git/ {
            fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
            fastcgi_param GIT_PROJECT_ROOT /srv/git;
            fastcgi_param REMOTE_USER $remote_user;
            fastcgi_pass unix:/run/fcgiwrap.socket;
        }
        location /in { allow 10.0.0.0/8; deny all; auth_basic "a"; auth_basic_user_file /etc/users; }
        if ($x) { return 403; }
    }
}"#;
    let table = toml_of(Kind::Nginx, text);
    let host = &table["host"][0];
    assert_eq!(table["listen"].to_string(), r#"["0.0.0.0:80", "https://[::]:443"]"#);
    assert_eq!(said(host, "name"), r#"["example.org", "*.example.org", "www.example.com"]"#);
    assert_eq!(said(route(&table, 0), "redirect"), "\"http://{host}{path}\"".replace("http:", "https:"));
    assert_eq!(said(route(&table, 1), "suffix") + &said(route(&table, 2), "suffix"), "\".cgi\"\".pl\"");
    assert_eq!(said(route(&table, 3), "program"), "\"/usr/lib/git-core/git-http-backend\"");
    assert_eq!(said(route(&table, 3), "env"), "{ GIT_PROJECT_ROOT = \"/srv/git\" }");
    assert_eq!(said(route(&table, 4), "allow"), r#"["10.0.0.0/8"]"#);
    assert_eq!(said(&route(&table, 4)["auth"], "file"), "\"/etc/users\"");
    assert_eq!(said(route(&table, 5), "path"), "\"/\"");
    assert_eq!(translated(Kind::Nginx, text).left, 1);
}

#[test]
fn what_has_no_end_ends() {
    let scratch = tempfile::tempdir().expect("a directory can be made");
    let file = scratch.path().join("server.conf");
    let own = file.display();
    for (kind, text) in [
        (Kind::Apache, format!("Include {own}")),
        (Kind::Lighttpd, format!("include \"{own}\"")),
        (Kind::Nginx, format!("include {own};")),
        (Kind::Apache, "<IfModule x>\n".repeat(1000)),
        (Kind::Lighttpd, "$HTTP[\"url\"] == \"/\" {\n".repeat(1000)),
        (Kind::Lighttpd, format!("a = {}", "(".repeat(100_000))),
        (Kind::Nginx, "a {".repeat(100_000)),
        (Kind::Nginx, "a;".repeat(DIRECTIVES_MAX + 1)),
        (Kind::Apache, "SetEnv \\\n".repeat(200_000)),
        (Kind::Nginx, "#".repeat(5 << 20)),
    ] {
        fs::write(&file, &text).expect("a file can be written");
        let told = translate(kind, &file);
        let is_long = text.starts_with("SetEnv");
        assert!(told.is_err() || is_long, "{kind:?}: {}", &text[..40.min(text.len())]);
    }
    assert!(translate(Kind::Nginx, Path::new("/nonexistent")).is_err());
}

/// Texts that look like configurations, more or less.
fn pieces() -> impl Strategy<Value = String> {
    let words = proptest::sample::select(vec![
        "server",
        "location",
        "~",
        "/a",
        "{",
        "}",
        ";",
        "\n",
        "root",
        "return",
        "301",
        "\"",
        "'",
        "\\",
        "$",
        "${A}",
        "(",
        ")",
        "=>",
        "=",
        "+=",
        "$HTTP[\"url\"]",
        "=~",
        "\"^/x/(.*)$\"",
        "cgi.assign",
        "alias.url",
        "else",
        "<Directory",
        "</Directory>",
        ">",
        "<VirtualHost *:80>",
        "</VirtualHost>",
        "ScriptAlias",
        "Require",
        "ip",
        "all",
        "granted",
        "Options",
        "+ExecCGI",
        "#",
        "Redirect",
        "fastcgi_pass",
        "unix:fcgiwrap",
        "fastcgi_param",
        "SCRIPT_FILENAME",
        "é",
        "\u{0}",
        "\r",
        " ",
        "include",
        "Define",
        "*",
        "listen",
        "server_name",
        "\u{7f}",
        "Action",
        "AddHandler",
        "\\.x$",
    ]);
    proptest::collection::vec(prop_oneof![words.prop_map(str::to_owned), "\\PC{0,4}"], 0..60)
        .prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn whatever_stands_there_is_translated_to_toml_or_refused(text in pieces(), kind in 0..3_usize) {
        let scratch = tempfile::tempdir().expect("a directory can be made");
        let file = scratch.path().join("server.conf");
        fs::write(&file, text).expect("a file can be written");
        let kind = [Kind::Apache, Kind::Lighttpd, Kind::Nginx][kind];
        if let Ok(translation) = translate(kind, &file) {
            let parsed: Result<toml::Table, _> = translation.text.parse();
            prop_assert!(parsed.is_ok(), "{:?}\n{}", parsed, translation.text);
        }
    }
}
