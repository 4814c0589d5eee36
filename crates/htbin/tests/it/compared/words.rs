//! What a person sees of a failure: status, the words of the page, the words of the log; what differs from run to run left
//! out.

use serde_json::Value;

use crate::{
    broken::Broken,
    client::Client,
    peers::{Machine, Peer},
    server::{Server, request_bytes},
};

/// What one server shows of one failure.
pub(super) struct Seen {
    status: String,
    is_cut: bool,
    /// What htbin calls it.
    pub(super) code: Option<String>,
    /// What the page says.
    pub(super) page: String,
    /// What the log says.
    pub(super) log: String,
}

impl Seen {
    /// The status, and whether the answer was whole.
    pub(super) fn status(&self) -> String {
        if self.is_cut { format!("{}, cut", self.status) } else { self.status.clone() }
    }

    /// The same, with the paths that the guides have.
    pub(super) fn in_words_of(self, machine: &Machine) -> Self {
        Self { page: machine.as_in_guide(&self.page), log: machine.as_in_guide(&self.log), ..self }
    }
}

/// What htbin shows: the diagnosis, on the page or, where the answer had begun, in the log.
pub(super) fn of_htbin(server: &Server, script: &Broken) -> Seen {
    let mut client = server.client();
    client.send(request_bytes("GET", &script.url_path(), &[("Accept", "application/json")], b""));
    let answer = Answer::read(&mut client);
    // Whatever became of it is in the access log when it is over.
    server.access.with(&script.url_path());
    if let Some(found) = serde_json::from_slice::<Value>(&answer.body).ok().filter(|json| json["diagnosis"].is_object())
    {
        let found = &found["diagnosis"];
        let word = |name: &str| found[name].as_str().unwrap_or_default();
        let command = if word("command").is_empty() { String::new() } else { format!("\n`{}`", word("command")) };
        let page = format!("{}.\nFix: {}.{command}", word("cause"), word("fix"));
        return answer.seen(page, "the same", Some(word("code").to_owned()));
    }
    let code = script.code.as_deref().unwrap_or_default();
    let line = server.events.wait_for(code, |line| line.contains(&format!("[{code}]")));
    let said = line.split_once(": ").map_or(line.as_str(), |(_, said)| said);
    let page = excerpt(&answer.text());
    answer.seen(page, said.trim_end_matches(&format!(" [{code}]")), Some(code.to_owned()))
}

/// What another server shows.
pub(super) fn of_peer(peer: &Peer, path: &str) -> Seen {
    let before = peer.log().len();
    let mut client = Client::open(peer.port);
    client.send(request_bytes("GET", path, &[], b""));
    let answer = Answer::read(&mut client);
    let log = peer.log();
    let lines = log.get(before..).unwrap_or_default().lines().map(plain_line).filter(|line| !line.is_empty());
    let mut lines: Vec<String> = lines.collect();
    lines.dedup();
    let log = match lines.len() {
        0 => "nothing".to_owned(),
        1 | 2 => lines.join("\n"),
        more => format!("… {}", lines[more - 2..].join("\n")),
    };
    let page = title(&answer.text()).unwrap_or_else(|| excerpt(&answer.text()));
    answer.seen(page, &log, None)
}

/// An answer as it came, however broken.
struct Answer {
    status: String,
    is_cut: bool,
    body: Vec<u8>,
}

impl Answer {
    fn read(client: &mut Client) -> Self {
        let bytes = client.rest();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let rest = bytes.get(end + 4..).unwrap_or_default();
        let status = head.split(' ').nth(1).unwrap_or("none").to_owned();
        let (body, is_whole) = if head.contains("transfer-encoding: chunked") {
            (joined(rest), rest.ends_with(b"0\r\n\r\n"))
        } else {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
            (rest.to_owned(), length.is_none_or(|length: usize| rest.len() >= length))
        };
        Self { status, is_cut: !is_whole || client.was_reset(), body }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn seen(self, page: String, log: &str, code: Option<String>) -> Seen {
        let page = if page.is_empty() { "nothing".to_owned() } else { page };
        Seen { status: self.status, is_cut: self.is_cut, code, page, log: log.to_owned() }
    }
}

/// The octets of chunks, as far as they came.
fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(String::from_utf8_lossy(&rest[..end]).trim(), 16).unwrap_or(0);
        let start = end + 2;
        body.extend_from_slice(&rest[start..(start + size).min(rest.len())]);
        rest = rest.get(start + size + 2..).unwrap_or_default();
    }
    body
}

/// The title of a page of HTML.
fn title(html: &str) -> Option<String> {
    let start = html.find("<title>")? + "<title>".len();
    Some(html[start..].split('<').next()?.trim().to_owned())
}

/// The start of a text, on one line.
fn excerpt(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    shortened(&words.join(" "), 60)
}

fn shortened(text: &str, letters_max: usize) -> String {
    if text.chars().count() <= letters_max {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(letters_max).collect::<String>().trim_end())
}

/// A line of a log without time, process, client and place in the server's source.
fn plain_line(line: &str) -> String {
    let mut line = line.trim();
    // `[Sat Nov 21 …] [cgid:error] [pid …] [client …] AH01262: …`, `2026-11-21 08:04:00: (mod_cgi.c.588) …`
    while let Some((_, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        line = rest;
    }
    let is_digit = |letter: char| letter.is_ascii_digit();
    if line.starts_with(is_digit) && line.contains(": ") {
        line = line.trim_start_matches(|letter: char| letter.is_ascii_digit() || "-/: ".contains(letter));
        line = line.strip_prefix('(').and_then(|rest| rest.split_once(") ")).map_or(line, |(_, rest)| rest);
    }
    // `[error] 12#12: *3 FastCGI sent in stderr: "…" while reading response header from upstream, client: …`
    while let Some((_, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        line = rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || "#:* ".contains(letter));
    }
    let line = line.split(" while reading").next().unwrap_or(line);
    let line = line.split(", referer: ").next().unwrap_or(line).split(" (@INC").next().unwrap_or(line);
    let words: Vec<String> = line.split(' ').map(|word| without_pid(word)).collect();
    shortened(&words.join(" "), 160)
}

/// A number of four digits or more is a process, a port or an address.
fn without_pid(word: &str) -> String {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if digits >= 4 && digits == word.trim_end_matches([':', ',', '.']).len() { "N".to_owned() } else { word.to_owned() }
}
