//! The corpus of scripts, started ordinarily and warm: what the client gets and what the log tells is the same. The
//! requests stand in each script behind its first line, `#: METHOD TARGET type=… data=…`. `#: differs WHY` says that it
//! shows a difference, one of those that docs/warm.md lists.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::{
    client::Reply,
    process::{run, run_within},
    server::Server,
    site::Site,
};

/// Each request of each script: while the interpreter learns, and after it has. (The driver does more.)
const ROUNDS: usize = 2;

#[test]
fn python_scripts_do_the_same_warm() {
    ours_only!();
    compare("python");
}

#[test]
fn perl_scripts_do_the_same_warm() {
    ours_only!();
    compare("perl");
}

/// The same, and more of it, without a server: descriptors, limits, exit status.
#[test]
fn the_python_prelude_is_faithful_by_itself() {
    ours_only!();
    drive("prelude.py", &[&corpus().join("python")]);
}

#[test]
fn the_perl_prelude_is_faithful_by_itself() {
    ours_only!();
    drive("prelude.pl", &[&corpus().join("perl")]);
}

/// Whatever a script does, the next one of its interpreter sees nothing of it.
#[test]
fn one_script_leaves_nothing_to_the_next() {
    ours_only!();
    for (language, prelude) in [("python", "prelude.py"), ("perl", "prelude.pl")] {
        drive(prelude, &[Path::new("--isolation"), &corpus().join("isolation").join(language)]);
    }
}

#[track_caller]
fn drive(prelude: &str, what: &[&Path]) {
    let prelude = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spawn/src/warm").join(prelude);
    let mut command = Command::new("python3");
    command.arg(corpus().join("drive.py")).arg("--prelude").arg(prelude).args(what);
    let output = run_within(&mut command, Duration::from_secs(500));
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

#[track_caller]
fn compare(language: &str) {
    let scripts = Script::all(language);
    assert!(scripts.len() >= 25, "the corpus has {} scripts in {language}", scripts.len());
    let site = Site::new();
    let copied = run(Command::new("cp")
        .args(["-a", "--no-preserve=ownership"])
        .arg(corpus().join(language).join("."))
        .arg(site.path("cgi-bin")));
    assert!(copied.status.success(), "{copied:?}");
    let cold = Told::of(&site, &scripts, &[]);
    let warm = Told::of(&site, &scripts, &["--warm", "--warm-wait", "30s"]);
    let mut differences = Vec::new();
    for (cold, warm) in cold.iter().zip(&warm) {
        if (&cold.answer, &cold.events) != (&warm.answer, &warm.events) {
            differences.push(format!(
                "--- {} cold:\n{}\n{}\n--- warm:\n{}\n{}",
                cold.request, cold.answer, cold.events, warm.answer, warm.events
            ));
        }
    }
    let count = warm.iter().filter(|told| told.start == "warm").count();
    assert!(differences.is_empty(), "{} of {} differ:\n{}", differences.len(), warm.len(), differences.join("\n"));
    assert!(count * 10 >= warm.len() * 9, "only {count} of {} ran warm", warm.len());
}

struct Script {
    name: String,
    requests: Vec<Request>,
}

struct Request {
    method: String,
    target: String,
    media_type: Option<String>,
    data: Vec<u8>,
}

impl Script {
    /// The scripts of a language, in order.
    fn all(language: &str) -> Vec<Self> {
        let files = fs::read_dir(corpus().join(language)).expect("the corpus is there");
        let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).filter(|path| path.is_file()).collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).filter(|script| !script.requests.is_empty()).collect()
    }

    fn read(path: &Path) -> Self {
        let text = fs::read(path).expect("it can be read");
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned();
        let mut lines = text.split(|octet| *octet == b'\n');
        let mut requests = Vec::new();
        if lines.next().is_some_and(|first| first.starts_with(b"#!")) {
            let told: Vec<_> = lines.filter_map(|line| line.strip_prefix(b"#: ")).collect();
            if told.iter().any(|line| line.starts_with(b"differs ")) {
                return Self { name, requests };
            }
            requests.extend(told.iter().filter_map(|line| Request::read(line)));
            if told.is_empty() {
                requests.extend(Request::read(b"GET /"));
            }
        }
        Self { name, requests }
    }
}

impl Request {
    /// None for what only the driver can do: limits and an environment of its own.
    fn read(line: &[u8]) -> Option<Self> {
        let line = String::from_utf8_lossy(line).into_owned();
        let (words, data) = line.split_once(" data=").unwrap_or((&line, ""));
        let mut words = words.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let (mut media_type, mut times) = (None, 1);
        for word in words {
            match word.split_once('=')? {
                ("type", value) => media_type = Some(value.to_owned()),
                ("times", value) => times = value.parse().ok()?,
                _ => return None,
            }
        }
        let target = target
            .strip_prefix('/')
            .filter(|rest| rest.is_empty() || rest.starts_with('?'))
            .map_or(target.clone(), str::to_owned);
        target.is_ascii().then(|| Self { method, target, media_type, data: unescape(data).repeat(times) })
    }
}

/// What one request came to.
struct Told {
    request: String,
    answer: String,
    events: String,
    start: String,
}

impl Told {
    fn of(site: &Site, scripts: &[Script], flags: &[&str]) -> Vec<Self> {
        // The page of a failure tells times and how it was started; the log tells why, and that is compared.
        let flags = [flags, &["--no-debug", "--log-format", "json", "--idle-timeout", "10s", "-v"]].concat();
        let mut server = Server::with(site, &flags);
        let mut told = Vec::new();
        for script in scripts {
            for request in &script.requests {
                for _ in 0..ROUNDS {
                    let path = format!("/cgi-bin/{}{}", script.name, request.target);
                    let fields: Vec<_> = request.media_type.iter().map(|it| ("Content-Type", it.as_str())).collect();
                    let reply = server.request(&request.method, &path, &fields, &request.data);
                    told.push(Self {
                        request: format!("{} {path}", request.method),
                        answer: shown(&reply, server.pid()),
                        events: String::new(),
                        start: String::new(),
                    });
                }
            }
        }
        // Only when it has stopped is everything logged.
        let pid = server.pid();
        server.stop();
        let (access, events) = (server.access.to_the_end(), server.events.to_the_end());
        assert_eq!(access.len(), told.len());
        for (told, line) in told.iter_mut().zip(&access) {
            let json: Value = serde_json::from_str(line).expect("a line is JSON");
            let id = json["id"].as_str().expect("an exchange has an id");
            json["start"].as_str().unwrap_or_default().clone_into(&mut told.start);
            // Without the date, and without the id, which is another for each.
            let of_this = events.iter().filter(|event| event.contains(id));
            told.events = of_this
                .map(|event| without_chance(&event.split_once(' ').map_or("", |it| it.1).replace(id, "ID"), pid))
                .collect::<Vec<_>>()
                .join("\n");
        }
        told
    }
}

/// An answer without what differs between any two runs: the date, and how its length was told, which goes by whether the
/// script had ended when its head was read.
fn shown(reply: &Reply, server: u32) -> String {
    let is_chance = |name: &str| ["date", "content-length", "transfer-encoding"].contains(&name);
    let fields = reply.fields.iter().filter(|(name, _)| !is_chance(&name.to_ascii_lowercase()));
    let mut fields: Vec<_> = fields.map(|(name, value)| format!("{name}: {value}")).collect();
    fields.sort();
    let body = without_chance(&reply.body.escape_ascii().to_string(), server);
    format!("{} {}\n{body}{}", reply.status, fields.join("\n"), if reply.cut { " (cut)" } else { "" })
}

/// Without what differs between any two runs: where an object lies in memory, ports, and the server's process.
fn without_chance(text: &str, server: u32) -> String {
    let text = without_digits(text, "0x", char::is_ascii_hexdigit);
    without_digits(&text, "_PORT", char::is_ascii_digit).replace(&format!("parent {server} "), "parent SERVER ")
}

/// Without the digits that come next after this mark.
fn without_digits(text: &str, mark: &str, is_digit: fn(&char) -> bool) -> String {
    let mut pieces = text.split(mark);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let start = piece.find(|letter| is_digit(&letter)).unwrap_or(piece.len());
        let rest = piece[start..].trim_start_matches(|letter| is_digit(&letter));
        shown += mark;
        shown += &piece[..start];
        shown += rest;
    }
    shown
}

/// `\r`, `\n`, `\t`, `\\` and `\xHH` stand for octets.
fn unescape(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        let Some((&letter, after)) = rest.split_first() else { break };
        rest = after;
        octets.push(match letter {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'x' => {
                let (digits, after) = rest.split_at(2);
                rest = after;
                u8::from_str_radix(std::str::from_utf8(digits).expect("digits"), 16).expect("two digits")
            }
            other => other,
        });
    }
    octets
}
