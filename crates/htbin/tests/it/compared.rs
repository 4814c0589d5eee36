//! docs/failures/compared.md: what each of the broken scripts gets a person to see, under htbin and under the servers that
//! people come from. Made from real runs; with `HTBIN_BLESS=1` the page is written anew.

mod words;

use std::{fmt::Write, fs, path::Path, process::Command, thread};

use self::words::{Seen, of_htbin, of_peer};
use crate::{
    broken::{self, Broken},
    pages::{DOCS, text},
    peers::{Kind, Machine, Peer},
    process::run_ok,
    server::{Server, Start},
};

#[test]
fn the_page_shows_what_every_server_says() {
    ours_only!();
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: needs root, as scripts have to run as another user");
        return;
    }
    let machine = Machine::new();
    machine.file("www/index.html", "<p>Hello", 0o644);
    broken::lay_out(&machine);
    let scripts: Vec<Broken> = broken::all().into_iter().filter(|one| one.code.is_some()).collect();
    let columns = thread::scope(|scope| {
        let (machine, scripts) = (&machine, &scripts);
        let peers = PEERS.map(|kind| scope.spawn(move || peer(kind, machine, scripts)));
        let htbin = htbin(machine, scripts);
        let peers = peers.map(|peer| peer.join().expect("a peer answers"));
        let [apache, lighttpd, nginx] = peers;
        [htbin, apache, lighttpd, nginx]
    });
    let page = page(&scripts, &columns);
    let path = Path::new(DOCS).join(PAGE);
    if std::env::var("HTBIN_BLESS").is_ok_and(|it| it == "1") {
        fs::write(&path, &page).unwrap();
    }
    let committed = text(PAGE);
    // Other versions of the others have other words; ours are the same everywhere.
    let is_comparable = committed.contains(&versions());
    let ours = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| is_comparable || line.starts_with("| **htbin**"));
        lines.map(str::to_owned).collect()
    };
    for (committed, found) in ours(&committed).iter().zip(&ours(&page)) {
        assert_eq!(committed, found, "{PAGE} is not true any more: HTBIN_BLESS=1 writes it anew");
    }
    assert_eq!(ours(&committed).len(), ours(&page).len(), "{PAGE} has other causes: HTBIN_BLESS=1 writes it anew");
}

/// What every script gets under htbin; servers that are started alike are one.
fn htbin(machine: &Machine, scripts: &[Broken]) -> Vec<Seen> {
    let mut server: Option<(Vec<String>, Server)> = None;
    let mut found = Vec::new();
    for script in scripts {
        if server.as_ref().is_none_or(|(flags, _)| *flags != script.flags) {
            let line = machine.here("--user www-data -b 127.0.0.1 --cgi-dir /cgi-bin=/usr/lib/cgi-bin 0 /srv/www");
            let words: Vec<&str> = line.split(' ').chain(script.flags.iter().map(String::as_str)).collect();
            server = Some((script.flags.clone(), Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&words).go()));
        }
        let (_, server) = server.as_ref().expect("it was started");
        let seen = of_htbin(server, script);
        assert_eq!(seen.code.as_deref(), script.code.as_deref(), "{}: {}", script.file, seen.page);
        found.push(seen.in_words_of(machine));
    }
    found
}

/// What every script gets under another server.
fn peer(kind: Kind, machine: &Machine, scripts: &[Broken]) -> Vec<Seen> {
    let peer = Peer::limited(kind, machine, SECONDS);
    scripts.iter().map(|script| of_peer(&peer, &script.url_path()).in_words_of(machine)).collect()
}

fn page(scripts: &[Broken], columns: &[Vec<Seen>; 4]) -> String {
    let mut page = format!("{}\n\n{}\n\n", INTRODUCTION.trim(), versions());
    page.push_str("| What is wrong | htbin | Apache | lighttpd | nginx + fcgiwrap |\n|---|---|---|---|---|\n");
    for (nth, script) in scripts.iter().enumerate() {
        let code = script.code.as_deref().unwrap_or_default();
        let [htbin, others @ ..] = columns;
        let others: Vec<String> = others.iter().map(|column| column[nth].status()).collect();
        writeln!(page, "| [{code}](#{code}) | {} and why | {} |", htbin[nth].status(), others.join(" | ")).unwrap();
    }
    for (nth, script) in scripts.iter().enumerate() {
        let code = script.code.as_deref().unwrap_or_default();
        let source = format!("../../crates/htbin/tests/broken/{}", script.file);
        write!(page, "\n## {code}\n\n[What to do]({code}.md) · [the script]({source})").unwrap();
        if !script.flags.is_empty() {
            write!(page, " · `htbin {}`", script.flags.join(" ")).unwrap();
        }
        page.push_str("\n\n| | Status | The page says | The log says |\n|---|---|---|---|\n");
        for (name, column) in NAMES.iter().zip(columns) {
            let seen = &column[nth];
            writeln!(page, "| {name} | {} | {} | {} |", seen.status(), cell(&seen.page), cell(&seen.log)).unwrap();
        }
    }
    page
}

/// A text as a cell of a table: one line, nothing in it that Markdown reads.
fn cell(text: &str) -> String {
    let text = text.trim().replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*").replace('_', "\\_");
    text.replace('\n', "<br>")
}

/// Which servers these are.
fn versions() -> String {
    let word = |program: &str, flag: &str, nth: usize| {
        let mut command = Command::new("sh");
        let told = run_ok(command.args(["-c", &format!("{program} {flag} 2>&1")]).env("PATH", PATH));
        told.split([' ', '/', '\n']).nth(nth).unwrap_or_default().to_owned()
    };
    let fcgiwrap = run_ok(Command::new("sh").args(["-c", "dpkg-query -W -f '${Version}' fcgiwrap || true"]));
    format!(
        "Seen with Apache {}, lighttpd {}, nginx {} and fcgiwrap {}.",
        word("apache2", "-v", 3),
        word("lighttpd", "-v", 1),
        word("nginx", "-v", 3),
        fcgiwrap.split('-').next().unwrap_or_default(),
    )
}

const PAGE: &str = "failures/compared.md";
const PEERS: [Kind; 3] = [Kind::Apache, Kind::Lighttpd, Kind::Nginx];
const NAMES: [&str; 4] = ["**htbin**", "Apache", "lighttpd", "nginx + fcgiwrap"];
/// The time limit of scripts under the others: their own are a minute or none.
const SECONDS: u32 = 4;
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/bin";
const INTRODUCTION: &str = "
# What a person is told when a script fails

One broken script for each cause, the same file under four servers: what the browser shows, and what the server's log
gets. A test makes this page from real runs, with the configurations of [docs/migrate](../migrate) and a time limit of
four seconds for the three others, and fails when it is not true any more (`HTBIN_BLESS=1` writes it anew). htbin is asked
from this machine; a stranger gets the status, one sentence and a number, and the log has the rest under that number.

\"cut\" is an answer that breaks off, so that nobody takes it for whole. The text that a script gave before it failed is
shown as what the page says.
";
