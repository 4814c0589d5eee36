//! The servers that people come from, each really started, from the configuration that its guide in docs/migrate has.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::{
    client::Client,
    pages::block,
    process::{PATIENCE, children, gone_within, wait_within},
    server::request_bytes,
};

/// A server that people come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Apache,
    Lighttpd,
    Nginx,
    /// nginx with htbin behind it.
    NginxBeforeHtbin,
    Python,
}

/// One of them, running.
pub(crate) struct Peer {
    pub(crate) port: u16,
    kind: Kind,
    children: Vec<Child>,
    scratch: tempfile::TempDir,
}

/// A folder that stands for the machine of a guide: `/srv/www`, `/usr/lib/cgi-bin`, `/run`.
pub(crate) struct Machine(tempfile::TempDir);

impl Kind {
    /// The page of its guide.
    pub(crate) fn guide(self) -> &'static str {
        match self {
            Self::Apache => "migrate/apache.md",
            Self::Lighttpd => "migrate/lighttpd.md",
            Self::Nginx | Self::NginxBeforeHtbin => "migrate/nginx-fcgiwrap.md",
            Self::Python => "migrate/http-server.md",
        }
    }

    /// What its guide has, or this site; around it what a configuration needs beside, and the time limit of scripts.
    fn configuration(self, site: Option<&str>, seconds: u32) -> String {
        let guide = |role: &str| site.map_or_else(|| block(self.guide(), role), str::to_owned);
        match self {
            Self::Apache => {
                format!("{APACHE}\nTimeout {seconds}\n{}", guide("file=/etc/apache2/sites-available/site.conf"))
            }
            Self::Lighttpd => format!(
                "{}\nserver.bind = \"127.0.0.1\"\nserver.errorlog = \"$RUN/error.log\"\n\
                 cgi.limits = (\"read-timeout\" => {seconds})\n",
                guide("file=/etc/lighttpd/lighttpd.conf")
            ),
            Self::Nginx => nginx(&guide("file=/etc/nginx/sites-available/site"), seconds),
            Self::NginxBeforeHtbin => nginx(&guide("file=/etc/nginx/sites-available/site-htbin"), seconds),
            Self::Python => String::new(),
        }
    }

    fn commands(self, machine: &Machine, scratch: &Path, port: u16) -> Vec<Command> {
        let config = scratch.join("server.conf");
        let new = |words: &[&str]| {
            let mut command = Command::new(words[0]);
            command.args(&words[1..]);
            command
        };
        let configured = |words: &[&str]| {
            let mut command = new(words);
            command.arg(&config);
            command
        };
        match self {
            Self::Apache => vec![configured(&["apache2", "-D", "FOREGROUND", "-f"])],
            Self::Lighttpd => vec![configured(&["lighttpd", "-D", "-f"])],
            Self::NginxBeforeHtbin => vec![configured(&["nginx", "-c"])],
            Self::Nginx => {
                let socket = machine.path("run/fcgiwrap.socket");
                fs::remove_file(&socket).ok();
                let mut wrap = new(&["spawn-fcgi", "-n", "-M", "0666", "-s"]);
                wrap.arg(socket);
                if rustix::process::geteuid().is_root() {
                    wrap.args(["-u", "www-data", "-g", "www-data"]);
                }
                wrap.args(["--", "/usr/sbin/fcgiwrap", "-f", "-c", "8"]);
                vec![wrap, configured(&["nginx", "-c"])]
            }
            Self::Python => {
                let line = block(self.guide(), "old").replace("8000", &port.to_string());
                let mut command = new(&line.split_whitespace().collect::<Vec<_>>());
                command.current_dir(machine.path("www"));
                vec![command]
            }
        }
    }
}

impl Peer {
    /// Starts it on a free port; its scripts have a minute.
    pub(crate) fn start(kind: Kind, machine: &Machine) -> Self {
        Self::limited(kind, machine, 60)
    }

    /// Starts it with a time limit for scripts.
    pub(crate) fn limited(kind: Kind, machine: &Machine, seconds: u32) -> Self {
        // Another process may take the port first.
        let started = (0..5).find_map(|_| Self::attempt(kind, None, machine, seconds));
        started.unwrap_or_else(|| panic!("{kind:?} does not come up"))
    }

    /// Starts it with this site instead of its guide's.
    pub(crate) fn with(kind: Kind, site: &str, machine: &Machine) -> Self {
        let started = (0..5).find_map(|_| Self::attempt(kind, Some(site), machine, 60));
        started.unwrap_or_else(|| panic!("{kind:?} does not come up"))
    }

    /// Its configuration file.
    pub(crate) fn file(&self) -> PathBuf {
        self.scratch.path().join("server.conf")
    }

    fn attempt(kind: Kind, site: Option<&str>, machine: &Machine, seconds: u32) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let scratch = tempfile::tempdir().unwrap();
        // They write their logs there as the user they become.
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let run = scratch.path().to_str().unwrap();
        let configuration = machine
            .here(&kind.configuration(site, seconds))
            .replace("$RUN", run)
            .replace("$PORT", &port.to_string())
            .replace("<VirtualHost *:80>", &format!("<VirtualHost *:{port}>"))
            .replace("server.port = 80", &format!("server.port = {port}"))
            .replace("listen 80;", &format!("listen 127.0.0.1:{port};"));
        fs::write(scratch.path().join("server.conf"), configuration).unwrap();
        let errors = fs::File::create(scratch.path().join("stderr.log")).unwrap();
        let children = kind.commands(machine, scratch.path(), port).into_iter().map(|mut command| {
            // Each in a group of its own, so that what it starts ends with it.
            command.process_group(0).env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/bin");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors.try_clone().unwrap());
            command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error} (tests/install installs it)"))
        });
        let peer = Self { port, kind, children: children.collect(), scratch };
        peer.listens().then_some(peer)
    }

    /// It either ends at once, because the port is taken, or listens soon.
    fn listens(&self) -> bool {
        let last = self.children.last().expect("there is a server").id();
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            if gone_within(last, Duration::from_millis(20)) {
                break;
            }
        }
        eprintln!("--- it said:\n{}", self.log());
        false
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits until it has said what it has to say of the script that it was asked for last.
    pub(crate) fn settle(&self) {
        let server = self.children.last().expect("there is a server").id();
        let deadline = Instant::now() + PATIENCE;
        let mut is_over = false;
        while !is_over {
            // lighttpd has no children but scripts, and tells how one ended once it has none.
            is_over = self.kind != Kind::Lighttpd || children(server).is_empty() || Instant::now() > deadline;
            let mut client = Client::open(self.port);
            client.send(request_bytes("GET", "/", &[], b""));
            client.rest();
        }
    }

    /// What it and its scripts have logged up to now.
    pub(crate) fn log(&self) -> String {
        self.log_since([0, 0])
    }

    /// How long its logs are.
    pub(crate) fn log_mark(&self) -> [usize; 2] {
        LOGS.map(|name| self.log_bytes(name).len())
    }

    /// What it and its scripts have logged since then.
    pub(crate) fn log_since(&self, mark: [usize; 2]) -> String {
        let parts = LOGS.iter().zip(mark).map(|(name, mark)| self.log_bytes(name).split_off(mark));
        String::from_utf8_lossy(&parts.collect::<Vec<_>>().concat()).into_owned()
    }

    fn log_bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.scratch.path().join(name)).unwrap_or_default()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let group = Pid::from_child(child);
            kill_process_group(group, Signal::TERM).ok();
            wait_within(child, PATIENCE);
            // fcgiwrap's own children, and scripts that it left.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}

impl Machine {
    /// A machine with the folders of the guides, empty.
    pub(crate) fn new() -> Self {
        // Always there: what the others log is broken into lines by its length.
        let machine = Self(tempfile::Builder::new().prefix("htbin-machine-").tempdir_in("/tmp").unwrap());
        for folder in ["", "www/cgi-bin", "www/tools", "lib/cgi-bin", "run/htbin"] {
            fs::create_dir_all(machine.path(folder)).unwrap();
        }
        for folder in ["", "www", "www/cgi-bin", "www/tools", "lib", "lib/cgi-bin", "run"] {
            machine.mode(folder, 0o755);
        }
        machine.mode("run/htbin", 0o777);
        machine
    }

    /// Adds a file with this mode.
    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>, mode: u32) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
        self.mode(path, mode);
    }

    /// Sets a mode.
    pub(crate) fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Where something of it lies.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// A text with the folder of this machine where it says `@SITE@`.
    pub(crate) fn filled(&self, text: &str) -> String {
        text.replace("@SITE@", self.0.path().to_str().unwrap())
    }

    /// A text with the paths of a guide, and a processor, where it has those of this machine.
    pub(crate) fn as_in_guide(&self, text: &str) -> String {
        let root = self.0.path().to_str().unwrap();
        text.replace(&format!("{root}/lib/"), "/usr/lib/")
            .replace(&format!("{root}/www"), "/srv/www")
            .replace(&format!("{root}/home"), "/home/ada")
            .replace(std::env::consts::ARCH, "x86_64")
    }

    /// A text of a guide, with this machine's paths in it.
    pub(crate) fn here(&self, text: &str) -> String {
        let root = self.0.path().to_str().unwrap();
        text.replace("/srv/www", &format!("{root}/www"))
            .replace("/usr/lib/cgi-bin", &format!("{root}/lib/cgi-bin"))
            .replace("/usr/lib$", &format!("{root}/lib$"))
            .replace("root /usr/lib;", &format!("root {root}/lib;"))
            .replace("/run/", &format!("{root}/run/"))
    }
}

fn nginx(site: &str, seconds: u32) -> String {
    format!("{NGINX}\nfastcgi_read_timeout {seconds}s;\n{site}\n}}\n")
}

/// The server's own log, and what it or its scripts wrote to stderr.
const LOGS: [&str; 2] = ["error.log", "stderr.log"];

const APACHE: &str = r"
ServerRoot /etc/apache2
ServerName localhost
PidFile $RUN/pid
Listen 127.0.0.1:$PORT
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so
LoadModule env_module /usr/lib/apache2/modules/mod_env.so
LoadModule cgid_module /usr/lib/apache2/modules/mod_cgid.so
TypesConfig /etc/mime.types
ScriptSock $RUN/cgi.sock
ErrorLog $RUN/error.log
StartServers 1
ServerLimit 2
ThreadsPerChild 25
MaxRequestWorkers 50
MinSpareThreads 5
";

const NGINX: &str = r"
worker_processes 1;
daemon off;
pid $RUN/pid;
error_log $RUN/error.log;
user www-data;
events {}
http {
include /etc/nginx/mime.types;
default_type application/octet-stream;
access_log off;
client_body_temp_path $RUN/body;
fastcgi_temp_path $RUN/fastcgi;
proxy_temp_path $RUN/proxy;
uwsgi_temp_path $RUN/uwsgi;
scgi_temp_path $RUN/scgi;
";
