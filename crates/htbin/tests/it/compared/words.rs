//! What a person sees of a failure: status, the words of the page, the words of the log; what differs from run to run left
//! out.

use serde_json::Value;

use crate::{
    broken::Broken,
    client::Client,
    pages::{block, fits},
    peers::{Machine, Peer},
    server::{Server, request_bytes},
};

/// What one server shows of one failure.
pub(super) struct Seen {
    status: String,
    is_cut: bool,
    page: String,
    log: String,
}

impl Seen {
    /// As a row of a table, with the paths that the guides have.
    pub(super) fn row(self, machine: &Machine) -> Row {
        let status = if self.is_cut { format!("{}, cut", self.status) } else { self.status };
        Row { status, page: cell(&machine.as_in_guide(&self.page)), log: cell(&machine.as_in_guide(&self.log)) }
    }
}

/// The same, written as Markdown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) status: String,
    page: String,
    log: String,
}

impl Row {
    /// What stands behind the server's name.
    pub(super) fn read(cells: &str) -> Option<Self> {
        let mut cells = cells.trim().strip_suffix('|')?.split(" | ").map(|cell| cell.trim().to_owned());
        Some(Self { status: cells.next()?, page: cells.next()?, log: cells.next()? })
    }

    pub(super) fn written(&self) -> String {
        format!(" {} | {} | {} |", self.status, self.page, self.log)
    }
}

/// A text as a cell of a table: one line, nothing in it that Markdown reads, what stands in backquotes aside.
fn cell(text: &str) -> String {
    let text = text.trim().replace('|', "\\|").replace('\n', "<br>");
    let parts = text.split('`').enumerate().map(|(nth, part)| {
        let is_code = nth % 2 == 1;
        if is_code {
            part.to_owned()
        } else {
            part.replace('<', "&lt;").replace("&lt;br>", "<br>").replace('*', "\\*").replace('_', "\\_")
        }
    });
    parts.collect::<Vec<_>>().join("`")
}

/// What htbin shows: the diagnosis, on the page or, where the answer had begun, in the log.
///
/// An error tells what is wrong with that.
pub(super) fn of_htbin(server: &Server, script: &Broken) -> Result<Seen, (Seen, String)> {
    let mut client = server.client();
    client.send(request_bytes("GET", &script.url_path(), &[("Accept", "application/json")], b""));
    let answer = Answer::read(&mut client);
    let code = script.code.as_deref().unwrap_or_default();
    let json = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
    let found = &json["diagnosis"];
    if found.is_object() {
        let word = |name: &str| found[name].as_str().unwrap_or_default();
        let command = if word("command").is_empty() { String::new() } else { format!("\n`{}`", word("command")) };
        let page = format!("{}.\nFix: {}.{command}", word("cause"), word("fix"));
        return explained(code, word("code"), word("cause"), answer.seen(page, "the same"));
    }
    let line = server.events.wait_for(&script.file, |line| line.contains(&script.place) && line.contains("why="));
    let said = line.split_once("why=").map_or(line.as_str(), |(_, said)| said).trim_matches('"');
    let (said, given) = said.rsplit_once(" [").unwrap_or((said, ""));
    let given = given.split(']').next().unwrap_or_default();
    let page = excerpt(&answer.text());
    explained(code, given, said, answer.seen(page, said))
}

/// What was seen, if it has the right code and the page of that code shows what htbin says.
fn explained(code: &str, given: &str, said: &str, seen: Seen) -> Result<Seen, (Seen, String)> {
    if given != code {
        return Err((seen, format!("{code}: htbin takes it for {given}: {said}")));
    }
    let page = format!("failures/{code}.md");
    let shown = block(&page, "shows");
    // What mends it may stand behind.
    if !fits(&format!("{}…", shown.trim_end()), said) {
        return Err((seen, format!("{page} shows {shown}and htbin says {said}")));
    }
    Ok(seen)
}

/// What another server shows.
pub(super) fn of_peer(peer: &Peer, path: &str) -> Seen {
    let mark = peer.log_mark();
    let mut client = Client::open(peer.port);
    client.send(request_bytes("GET", path, &[], b""));
    let answer = Answer::read(&mut client);
    peer.settle();
    let log = peer.log_since(mark);
    // Of a traceback the last line says it; what a server tells of its own start is nobody's here.
    let lines = log.lines().filter(|line| !line.starts_with(' ') && !line.contains(":notice]")).map(plain_line);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("Traceback"));
    let mut lines: Vec<String> = lines.collect();
    lines.dedup();
    let log = match lines.len() {
        0 => "nothing".to_owned(),
        1 | 2 => lines.join("\n"),
        more => format!("… {}", lines[more - 2..].join("\n")),
    };
    let page = title(&answer.text()).unwrap_or_else(|| excerpt(&answer.text()));
    answer.seen(page, &log)
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
        let Some((_, status)) = head.split_once(' ').filter(|_| head.starts_with("http/")) else {
            return Self { status: "none".to_owned(), is_cut: false, body: bytes };
        };
        let status = status.split([' ', '\r']).next().unwrap_or_default().to_owned();
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

    fn seen(self, page: String, log: &str) -> Seen {
        let page = if page.is_empty() { "nothing".to_owned() } else { page };
        Seen { status: self.status, is_cut: self.is_cut, page, log: log.to_owned() }
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
    shortened(&words.join(" "), 80)
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
    let line = match line.split_once("[client ").and_then(|(before, rest)| Some((before, rest.split_once("] ")?.1))) {
        Some((before, rest)) => format!("{before}{rest}"),
        None => line.to_owned(),
    };
    let line = line.split(" while reading").next().unwrap_or_default();
    let line = line.split(", referer: ").next().unwrap_or(line).split(" (@INC").next().unwrap_or(line);
    let words: Vec<String> = line.split(' ').map(without_pid).collect();
    shortened(&words.join(" "), 160)
}

/// A number of four digits or more is a process, a port or an address.
fn without_pid(word: &str) -> String {
    let number = word.trim_matches([':', ',', '.', '(', ')']);
    let is_one = number.len() >= 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_one { word.replace(number, "N") } else { word.to_owned() }
}
