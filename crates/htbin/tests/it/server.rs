//! A running server: started on a free port, its two logs collected line by line, stopped and checked at the end.

use std::{
    io::{BufRead, BufReader, Read},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    client::{Client, Reply},
    process::{PATIENCE, gone_within, signal, wait_within},
    scripts::Told,
    site::Site,
    subject::{Subject, flags, peer, subject},
};

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// Standard output: the access log.
    pub(crate) access: Lines,
    /// Standard error: everything else.
    pub(crate) events: Lines,
    child: Option<Child>,
    /// Where a peer has its configuration.
    scratch: Option<tempfile::TempDir>,
}

/// Lines that a thread collects, and tests wait for.
#[derive(Clone)]
pub(crate) struct Lines(Arc<(Mutex<Collected>, Condvar)>);

#[derive(Default)]
struct Collected {
    lines: Vec<String>,
    ended: bool,
}

/// How a server is started when the plain way does not do.
pub(crate) struct Start {
    command: Command,
}

impl Server {
    /// Serves a site with the defaults, by whichever server is under test.
    pub(crate) fn start(site: &Site) -> Self {
        match subject() {
            Subject::Htbin => Self::with(site, &[]),
            other => (0..5).find_map(|_| start_peer(other, site)).expect("the peer does not come up"),
        }
    }

    /// Serves a site with these flags of htbin.
    pub(crate) fn with(site: &Site, flags: &[&str]) -> Self {
        Start::new(site).flags(flags).go()
    }

    /// Serves what this configuration says, on a free port; its file lies in the site itself.
    pub(crate) fn configured(site: &Site, text: &str) -> Self {
        Start::configured(site, text).go()
    }

    /// Gets a path over a connection of its own.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.request("GET", path, &[], b"")
    }

    /// Sends a request with these fields and this body over a connection of its own.
    #[track_caller]
    pub(crate) fn request(&self, method: &str, path: &str, fields: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut client = self.client();
        client.send(request_bytes(method, path, fields, body));
        client.reply_to(method)
    }

    /// Gets a path whose script is a probe.
    #[track_caller]
    pub(crate) fn probe(&self, path: &str) -> Told {
        Told::from(self.get(path))
    }

    /// A connection to it.
    pub(crate) fn client(&self) -> Client {
        Client::open(self.port)
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("a server that was not stopped").id()
    }

    /// Asks it to stop (SIGTERM).
    pub(crate) fn ask_to_stop(&self) {
        signal(self.pid(), Signal::TERM);
    }

    /// Waits for its end after it was asked to stop.
    pub(crate) fn wait(&mut self, patience: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("a server is waited for once");
        wait_within(&mut child, patience).expect("the server does not stop")
    }

    /// Stops it, and gives its exit status.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.wait(PATIENCE)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_none() {
            return;
        }
        let status = self.stop();
        if thread::panicking() {
            eprintln!("--- the server's stderr:\n{}", self.events.all().join("\n"));
        } else if subject() == Subject::Htbin {
            assert!(status.success(), "the server ended with {status}:\n{}", self.events.all().join("\n"));
        }
    }
}

impl Start {
    /// htbin on a free port of 127.0.0.1, in an environment that has a secret of its own.
    pub(crate) fn new(site: &Site) -> Self {
        let mut start = Self::bare(env!("CARGO_BIN_EXE_htbin"));
        start.command.args(["--port", "0", "--bind", "127.0.0.1", "--directory"]).arg(site.root()).args(flags());
        start
    }

    /// htbin with this configuration, on a free port of 127.0.0.1.
    pub(crate) fn configured(site: &Site, text: &str) -> Self {
        configure(site, text);
        let mut start = Self::bare(env!("CARGO_BIN_EXE_htbin"));
        start.command.arg("-c").arg(site.path("htbin.toml"));
        start
    }

    /// htbin under a soft limit of descriptors.
    pub(crate) fn limited(site: &Site, descriptors: u32) -> Self {
        let mut start = Self::bare("/bin/sh");
        let script = format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"");
        start.command.args(["-c", &script, env!("CARGO_BIN_EXE_htbin")]);
        start.command.args(["--port", "0", "--bind", "127.0.0.1", "--directory"]).arg(site.root());
        start
    }

    /// A program without arguments, in the same environment.
    pub(crate) fn bare(program: impl AsRef<std::ffi::OsStr>) -> Self {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("SECRET_OF_THE_SERVER", "tell nobody");
        Self { command }
    }

    /// Adds flags.
    pub(crate) fn flags<S: AsRef<std::ffi::OsStr>>(mut self, flags: &[S]) -> Self {
        self.command.args(flags);
        self
    }

    /// Adds to the server's own environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts it in this directory.
    pub(crate) fn current_dir(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Starts it as this user, of a group with the same number; for root alone.
    pub(crate) fn user(mut self, id: u32) -> Self {
        self.command.uid(id).gid(id);
        self
    }

    /// Starts it and waits for the banner, which names the port.
    pub(crate) fn go(self) -> Server {
        let mut server = self.launch();
        let line = server.events.wait_for("the URL in the banner", |line| port_of(line).is_some());
        server.port = port_of(&line).expect("the line was chosen for its port");
        server
    }

    /// Starts it and waits for nothing.
    pub(crate) fn launch(mut self) -> Server {
        let mut child =
            self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let access = Lines::collect(child.stdout.take().unwrap());
        let events = Lines::collect(child.stderr.take().unwrap());
        Server { port: 0, access, events, child: Some(child), scratch: None }
    }
}

impl Lines {
    fn collect(from: impl Read + Send + 'static) -> Self {
        let lines = Self(Arc::default());
        let own = lines.clone();
        thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            while from.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                own.change(|collected| collected.lines.push(text));
                line.clear();
            }
            own.change(|collected| collected.ended = true);
        });
        lines
    }

    /// A test that panics while it holds the lock has a report to make yet.
    fn lock(&self) -> MutexGuard<'_, Collected> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, act: impl FnOnce(&mut Collected)) {
        act(&mut self.lock());
        self.0.1.notify_all();
    }

    /// All lines, once there are enough.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, are_enough: impl Fn(&[String]) -> bool) -> Vec<String> {
        let collected = self.lock();
        let is_early = |collected: &mut Collected| !collected.ended && !are_enough(&collected.lines);
        let (collected, _) = self.0.1.wait_timeout_while(collected, PATIENCE, is_early).unwrap();
        assert!(are_enough(&collected.lines), "not {what} in:\n{}", collected.lines.join("\n"));
        collected.lines.clone()
    }

    /// The first line that fits, waited for.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut collected = self.lock();
        loop {
            if let Some(line) = collected.lines.iter().find(|line| fits(line)) {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!collected.ended && !left.is_zero(), "no line with {what} in:\n{}", collected.lines.join("\n"));
            collected = self.0.1.wait_timeout(collected, left).unwrap().0;
        }
    }

    /// The first line that holds this text, waited for.
    #[track_caller]
    pub(crate) fn with(&self, text: &str) -> String {
        self.wait_for(text, |line| line.contains(text))
    }

    /// Waits for the end: the server, and whatever shares its output, has closed it.
    #[track_caller]
    pub(crate) fn to_the_end(&self) -> Vec<String> {
        let collected = self.lock();
        let (collected, late) = self.0.1.wait_timeout_while(collected, PATIENCE, |collected| !collected.ended).unwrap();
        assert!(!late.timed_out(), "the log is still open");
        collected.lines.clone()
    }

    /// What was collected up to now.
    pub(crate) fn all(&self) -> Vec<String> {
        self.lock().lines.clone()
    }
}

/// A request as octets: HTTP/1.1, Host, and Content-Length where there is a body or the method wants one.
pub(crate) fn request_bytes(method: &str, path: &str, fields: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\n").into_bytes();
    let named = |name: &str| fields.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let mut field = |name: &str, value: &str| bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    if !named("Host") {
        field("Host", "localhost");
    }
    if !named("Connection") {
        field("Connection", "close");
    }
    if (!body.is_empty() || method == "POST") && !named("Content-Length") && !named("Transfer-Encoding") {
        field("Content-Length", &body.len().to_string());
    }
    for (name, value) in fields {
        field(name, value);
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// A body in chunks of this size.
pub(crate) fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in body.chunks(size) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// Writes the configuration of a site, which serves on a free port of 127.0.0.1.
pub(crate) fn configure(site: &Site, text: &str) {
    // By renaming, as everybody should: half of a file may be a file, too.
    std::fs::write(site.path("htbin.toml.new"), format!("listen = \"127.0.0.1:0\"\n{text}")).unwrap();
    std::fs::rename(site.path("htbin.toml.new"), site.path("htbin.toml")).unwrap();
}

/// One try to start a peer: another process may take the port first.
fn start_peer(which: Subject, site: &Site) -> Option<Server> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let scratch = tempfile::tempdir().unwrap();
    let mut server = Start { command: peer(which, site.root(), scratch.path(), port) }.launch();
    server.port = port;
    server.scratch = Some(scratch);
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(server);
        }
        // It either ends at once, because the port is taken, or listens soon.
        if gone_within(server.pid(), Duration::from_millis(20)) {
            server.wait(PATIENCE);
            return None;
        }
    }
    None
}

/// The port of the URL in a line of the banner.
pub(crate) fn port_of(line: &str) -> Option<u16> {
    let rest = line.split_once("http://").or_else(|| line.split_once("https://"))?.1;
    let authority = rest.split(|c: char| c == '/' || c.is_whitespace()).next()?;
    let digits: String = authority.rsplit(':').next()?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|&port| port != 0)
}
