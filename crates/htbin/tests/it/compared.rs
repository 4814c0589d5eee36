//! docs/failures/compared.md: what each of the broken scripts gets a person to see, under htbin and under the servers that
//! people come from. Made from real runs; with `HTBIN_BLESS=1` the page is written anew.

mod words;

use std::{fmt::Write, fs, path::Path, process::Command, thread};

use self::words::{Row, of_htbin, of_peer};
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
    let committed = Known::read();
    let is_blessed = std::env::var("HTBIN_BLESS").is_ok_and(|it| it == "1");
    let columns = thread::scope(|scope| {
        let (machine, scripts) = (&machine, &scripts);
        let known = &committed;
        let peers = PEERS.map(|kind| scope.spawn(move || peer(kind, machine, scripts, known, is_blessed)));
        let (htbin, wrong) = htbin(machine, scripts);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let [apache, lighttpd, nginx] = peers.map(|peer| peer.join().expect("a peer answers"));
        [htbin, apache, lighttpd, nginx]
    });
    let page = page(&scripts, &columns);
    if is_blessed {
        return fs::write(Path::new(DOCS).join(PAGE), page).unwrap();
    }
    let committed = text(PAGE);
    // Other versions of the others have other words; ours are the same everywhere.
    let is_comparable = committed.contains(&versions());
    let ours = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| is_comparable || line.starts_with(NAMES[0]));
        lines.map(str::to_owned).collect()
    };
    for (committed, found) in ours(&committed).iter().zip(&ours(&page)) {
        assert_eq!(committed, found, "{PAGE} is not true any more: HTBIN_BLESS=1 writes it anew");
    }
    assert_eq!(ours(&committed).len(), ours(&page).len(), "{PAGE} has other causes: HTBIN_BLESS=1 writes it anew");
}

/// What each server shows of each script: mostly one row, of a server that wavers several.
type Columns = [Vec<Vec<Row>>; 4];

/// What every script gets under htbin, and what is wrong with that; servers that are started alike are one.
fn htbin(machine: &Machine, scripts: &[Broken]) -> (Vec<Vec<Row>>, Vec<String>) {
    let mut server: Option<(Vec<String>, Server)> = None;
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for script in scripts {
        if server.as_ref().is_none_or(|(flags, _)| *flags != script.flags) {
            let line = machine.here("--user www-data -b 127.0.0.1 --cgi-dir /cgi-bin=/usr/lib/cgi-bin 0 /srv/www");
            let words: Vec<&str> = line.split(' ').chain(script.flags.iter().map(String::as_str)).collect();
            server = Some((script.flags.clone(), Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&words).go()));
        }
        let (_, server) = server.as_ref().expect("it was started");
        let seen = of_htbin(server, script).unwrap_or_else(|(seen, what)| {
            wrong.push(what);
            seen
        });
        found.push(vec![seen.row(machine)]);
    }
    (found, wrong)
}

/// What every script gets under another server.
///
/// Some waver: it depends on what they read first. To be checked they are asked until they answer as is known, and what is
/// known stands for what was seen. To be written down they are asked often, and what was known stays: who wants to be rid
/// of that removes the page first.
fn peer(kind: Kind, machine: &Machine, scripts: &[Broken], known: &Known, is_blessed: bool) -> Vec<Vec<Row>> {
    let peer = Peer::limited(kind, machine, SECONDS);
    let ask = |script: &Broken| {
        let known = known.rows(script, kind);
        let mut rows = if is_blessed { known.clone() } else { Vec::new() };
        // To be written down, what takes seconds is asked once.
        for _ in 0..if script.flags.is_empty() || !is_blessed { TIMES } else { 1 } {
            let row = of_peer(&peer, &script.url_path()).row(machine);
            if !is_blessed && known.contains(&row) {
                return known;
            }
            rows.push(row);
        }
        rows.sort();
        rows.dedup();
        rows
    };
    scripts.iter().map(ask).collect()
}

/// What the page has until now.
struct Known(String);

impl Known {
    fn read() -> Self {
        Self(fs::read_to_string(Path::new(DOCS).join(PAGE)).unwrap_or_default())
    }

    fn rows(&self, script: &Broken, kind: Kind) -> Vec<Row> {
        let name = NAMES[1 + PEERS.iter().position(|peer| *peer == kind).expect("it is one of them")];
        let is_of_script = |section: &&str| section.lines().next() == script.code.as_deref();
        let section = self.0.split("\n## ").find(is_of_script).unwrap_or_default();
        section.lines().filter_map(|line| Row::read(line.strip_prefix(name)?)).collect()
    }
}

fn page(scripts: &[Broken], columns: &Columns) -> String {
    let mut page = format!("{}\n\n{}\n\n", INTRODUCTION.trim(), versions());
    page.push_str("| What is wrong | htbin | Apache | lighttpd | nginx + fcgiwrap |\n|---|---|---|---|---|\n");
    for (nth, script) in scripts.iter().enumerate() {
        let code = script.code.as_deref().unwrap_or_default();
        let [htbin, others @ ..] = columns;
        let others: Vec<String> = others.iter().map(|column| statuses(&column[nth])).collect();
        writeln!(page, "| [{code}](#{code}) | {} and why | {} |", statuses(&htbin[nth]), others.join(" | ")).unwrap();
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
            column[nth].iter().for_each(|row| writeln!(page, "{name}{}", row.written()).unwrap());
        }
    }
    page
}

/// All statuses that were seen.
fn statuses(rows: &[Row]) -> String {
    let mut statuses: Vec<&str> = rows.iter().map(|row| row.status.as_str()).collect();
    statuses.dedup();
    statuses.join(" or ")
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
/// How the rows of each begin.
const NAMES: [&str; 4] = ["| **htbin** |", "| Apache |", "| lighttpd |", "| nginx + fcgiwrap |"];
/// How often the others are asked.
const TIMES: usize = 9;
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
shown as what the page says. Where the others answer 200 to a limit, they had none set: most have none to set.
";
