//! A real browser: Debian's chromium without a window, driven by its own driver over WebDriver (HTTP and JSON). It sees
//! what people see, and `axe` looks for what would bar some of them.

use std::{
    fs,
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    client::Client,
    process::{PATIENCE, wait_within},
    server::request_bytes,
};

/// A browser with one page.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: tempfile::TempDir,
    /// What the driver says; it would be ended by the end of this pipe.
    _words: Lines<BufReader<ChildStdout>>,
}

/// Which colours a person prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Browser {
    /// Starts it with an empty profile.
    pub(crate) fn open() -> Self {
        let profile = tempfile::Builder::new().prefix("htbin-browser-").tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is missing: run tests/install");
        let mut words = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port =
            words.by_ref().map_while(Result::ok).find_map(|line| port_of(&line)).expect("chromedriver has a port");
        let mut browser = Self { driver, port, session: String::new(), profile, _words: words };
        let folder = format!("--user-data-dir={}", browser.profile.path().join("chromium").display());
        // As root there is no sandbox; the pages are our own. A container's /dev/shm may be too small.
        let arguments =
            ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run"];
        let arguments: Vec<&str> = arguments.into_iter().chain([folder.as_str()]).collect();
        let options = json!({ "goog:chromeOptions": { "args": arguments } });
        let answer = browser.ask("POST", "/session", &json!({ "capabilities": { "alwaysMatch": options } }));
        answer["sessionId"].as_str().expect("a session has a name").clone_into(&mut browser.session);
        browser
    }

    /// Opens a page, and waits until it is loaded.
    pub(crate) fn go(&self, url: &str) {
        self.command("url", &json!({ "url": url }));
    }

    /// What JavaScript returns.
    pub(crate) fn script(&self, code: &str) -> Value {
        self.command("execute/sync", &json!({ "script": code, "args": [] }))
    }

    /// What a promise comes to; the code calls `done(value)`.
    pub(crate) fn script_in_time(&self, code: &str) -> Value {
        let code = format!("const done = arguments[arguments.length - 1];\n{code}");
        self.command("execute/async", &json!({ "script": code, "args": [] }))
    }

    /// Waits until this expression of JavaScript is true.
    #[track_caller]
    pub(crate) fn wait_until(&self, condition: &str) {
        let deadline = Instant::now() + PATIENCE;
        // The page itself looks again each time it is drawn, and gives up before the driver does.
        let code = format!(
            "const until = performance.now() + 2000;
             const look = () => ({condition}) ? done(true) : performance.now() > until ? done(false) : setTimeout(look, 20);
             look();"
        );
        while self.script_in_time(&code) != json!(true) {
            assert!(Instant::now() < deadline, "never {condition} in:\n{}", self.text("body"));
        }
    }

    /// The text of an element as it is seen.
    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        let element = self.element(selector);
        let text = self.ask("GET", &format!("/session/{}/element/{element}/text", self.session), &Value::Null);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks where a person would; an element that is covered or out of reach fails.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.command(&format!("element/{element}/click"), &json!({}));
    }

    /// Types a text into a field, key by key.
    #[track_caller]
    pub(crate) fn write(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.command(&format!("element/{element}/value"), &json!({ "text": text }));
    }

    /// The size of the page's window in CSS pixels, down to a small phone's.
    pub(crate) fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.develop("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Which colours are preferred.
    pub(crate) fn scheme(&self, scheme: Scheme) {
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.develop("Emulation.setEmulatedMedia", &features);
    }

    /// Whether scripts run; holds for the next page.
    pub(crate) fn scripts(&self, run: bool) {
        self.develop("Emulation.setScriptExecutionDisabled", &json!({ "value": !run }));
    }

    /// What axe-core finds: each barrier with the place where it stands.
    pub(crate) fn axe(&self) -> Vec<String> {
        let source =
            fs::read_to_string(axe()).unwrap_or_else(|_| panic!("{} is missing: run tests/install", axe().display()));
        let found = self.script_in_time(&format!(
            "{source};
             const tell = found => found.violations.flatMap(it => it.nodes.map(node =>
                 it.id + ': ' + it.help + ': ' + node.target.join(' ') + ': ' + node.html.slice(0, 200) + ': '
                     + node.any.concat(node.all, node.none).map(check => check.message).join('; ')));
             axe.run(document, {{ resultTypes: ['violations'] }}).then(found => done(tell(found)), no => done([String(no)]));"
        ));
        let found = found.as_array().unwrap_or_else(|| panic!("axe gave {found}"));
        found.iter().map(|barrier| barrier.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Asserts that a page has no barriers, in both colour schemes, from a small phone to a large screen, and that nothing
    /// of it lies beside the window.
    #[track_caller]
    pub(crate) fn assert_open_to_all(&self, page: &str) {
        for (width, scheme) in
            [360, 1600].into_iter().flat_map(|width| [Scheme::Light, Scheme::Dark].map(|scheme| (width, scheme)))
        {
            self.size(width, 900);
            self.scheme(scheme);
            let found = self.axe();
            assert!(found.is_empty(), "{page}, {width} px, {scheme:?}:\n{}", found.join("\n"));
            let beside = self.script("return document.documentElement.scrollWidth - window.innerWidth");
            assert!(beside.as_i64().is_some_and(|beside| beside <= 0), "{page}, {width} px: {beside} px stand out");
        }
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let found = self.command("element", &json!({ "using": "css selector", "value": selector }));
        let name = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str);
        name.unwrap_or_else(|| panic!("no element {selector}: {found}")).to_owned()
    }

    /// A command of Chromium's own protocol.
    fn develop(&self, command: &str, parameters: &Value) {
        self.command("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
    }

    #[track_caller]
    fn command(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("/session/{}/{path}", self.session), body)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let host = format!("127.0.0.1:{}", self.port);
        let fields = [("Host", host.as_str()), ("Content-Type", "application/json; charset=utf-8")];
        let mut client = Client::open(self.port).patient(DRIVER_PATIENCE);
        client.send(request_bytes(method, path, &fields, body.as_bytes()));
        let reply = client.reply_to(method);
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_else(|_| panic!("{path}: {}", reply.text()));
        assert_eq!(reply.status, 200, "{path}: {}", answer["value"]["message"]);
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser when the session ends.
        if !self.session.is_empty() {
            let host = format!("127.0.0.1:{}", self.port);
            let mut client = Client::open(self.port);
            client.send(request_bytes("DELETE", &format!("/session/{}", self.session), &[("Host", &host)], b""));
            // Its answer says that the browser is gone. (It does not close, and nobody may panic here.)
            client.hears_within(PATIENCE);
        }
        self.driver.kill().ok();
        wait_within(&mut self.driver, PATIENCE);
    }
}

/// The port in what chromedriver says when it listens.
fn port_of(line: &str) -> Option<u16> {
    // What it says first is the port that it was asked for.
    line.split_once("on port ")?.1.trim_end_matches('.').parse().ok().filter(|port| *port != 0)
}

/// Where tests/install puts it.
fn axe() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/axe/axe-4.14.1.min.js"))
}

/// A browser's start takes a while on a busy machine.
const DRIVER_PATIENCE: Duration = Duration::from_secs(90);
