//! Which server is under test, and how a peer is configured for it.

use std::{fs, path::Path, process::Command};

/// The server under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Htbin,
    Apache,
    Lighttpd,
}

/// What `HTBIN_UNDER_TEST` asks for.
pub(crate) fn subject() -> Subject {
    match std::env::var("HTBIN_UNDER_TEST").as_deref() {
        Err(_) | Ok("" | "htbin" | WARM) => Subject::Htbin,
        Ok("apache") => Subject::Apache,
        Ok("lighttpd") => Subject::Lighttpd,
        Ok(other) => panic!("HTBIN_UNDER_TEST={other}: use htbin, warm, apache or lighttpd"),
    }
}

/// Flags for every htbin under test: with `HTBIN_UNDER_TEST=warm` scripts run in warm interpreters where they qualify.
pub(crate) fn flags() -> &'static [&'static str] {
    // The first script waits for its interpreter: nearly every test runs only one.
    if std::env::var("HTBIN_UNDER_TEST").is_ok_and(|subject| subject == WARM) {
        &["--warm", "--warm-wait", "30s"]
    } else {
        &[]
    }
}

const WARM: &str = "warm";

/// Leaves the test with a printed line when a peer is under test: what follows is ours and not the standard's.
macro_rules! ours_only {
    () => {
        if $crate::subject::subject() != $crate::subject::Subject::Htbin {
            eprintln!("skipped: this behaviour is htbin's own");
            return;
        }
    };
}

/// Leaves the test with a printed line for a peer that is known to differ from the standard here.
macro_rules! peer_differs {
    ($($peer:ident: $why:literal),+ $(,)?) => {
        $(if $crate::subject::subject() == $crate::subject::Subject::$peer {
            eprintln!("skipped: {} {}", stringify!($peer), $why);
            return;
        })+
    };
}

/// The command that starts a peer in the foreground: files of `site`, scripts in `/cgi-bin/` and `/htbin/`.
pub(crate) fn peer(subject: Subject, site: &Path, run: &Path, port: u16) -> Command {
    let fill = |text: &str| {
        text.replace("$SITE", site.to_str().unwrap())
            .replace("$RUN", run.to_str().unwrap())
            .replace("$PORT", &port.to_string())
    };
    let config = run.join("server.conf");
    let mut command = match subject {
        Subject::Htbin => unreachable!("htbin is no peer of itself"),
        Subject::Apache => {
            fs::write(&config, fill(APACHE)).unwrap();
            let mut command = Command::new("apache2");
            command.args(["-D", "FOREGROUND", "-f"]);
            command
        }
        Subject::Lighttpd => {
            fs::write(&config, fill(LIGHTTPD)).unwrap();
            let mut command = Command::new("lighttpd");
            command.args(["-D", "-f"]);
            command
        }
    };
    command.arg(config);
    command
}

const APACHE: &str = r"
ServerRoot /etc/apache2
ServerName localhost
PidFile $RUN/pid
Listen 127.0.0.1:$PORT
User nobody
Group nogroup
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so
LoadModule cgid_module /usr/lib/apache2/modules/mod_cgid.so
TypesConfig /etc/mime.types
ScriptSock $RUN/cgi.sock
ErrorLog /dev/stderr
LogLevel error
KeepAlive On
UseCanonicalPhysicalPort On
DocumentRoot $SITE
DirectoryIndex index.html
ScriptAlias /cgi-bin/ $SITE/cgi-bin/
ScriptAlias /htbin/ $SITE/htbin/
<Directory $SITE>
  Options FollowSymLinks ExecCGI
  Require all granted
</Directory>
";

const LIGHTTPD: &str = r#"
server.modules = ("mod_access", "mod_cgi")
server.document-root = "$SITE"
server.bind = "127.0.0.1"
server.port = $PORT
server.stream-response-body = 1
index-file.names = ("index.html")
mimetype.assign = (".html" => "text/html", ".txt" => "text/plain", "" => "application/octet-stream")
cgi.local-redir = "enable"
$HTTP["url"] =~ "^/(cgi-bin|htbin)/" { cgi.assign = ("" => "") }
"#;
