//! What a person sees when htbin starts: what is served, where, what runs, as whom. On stderr, at one glance.

mod code;

use std::{fmt, fs, io, io::Write as _, path::Path};

use htbin_spawn::FirstLine;
use rustix::{
    fs::{Access, access},
    termios::isatty,
};

pub use self::code::code;
use crate::{listen::Socket, site};

/// What the banner tells.
#[derive(Debug)]
pub struct Banner<'a> {
    /// What is served; the demo gives a word for its temporary folder.
    pub served: String,
    /// What listens.
    pub sockets: &'a [Socket],
    /// The port that was wanted but taken.
    pub port_taken: Option<u16>,
    /// What runs.
    pub scripts: Scripts,
    /// Who it runs as.
    pub user: String,
    /// More lines, each with a word before it: `("look at", "http://…")`.
    pub more: Vec<(&'static str, String)>,
}

/// What runs, found once at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scripts {
    /// Nothing: `--no-cgi`.
    Off,
    /// These places.
    In(Vec<Place>),
}

/// A place where scripts run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its URL.
    pub url: String,
    /// What runs there.
    pub runs: Runs,
}

/// What runs in a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runs {
    /// There is no such directory.
    Nothing,
    /// So many scripts can run, and so many files cannot.
    Files {
        /// How many scripts.
        scripts: usize,
        /// How many files that the user who serves may not execute, and that have no `--interpreter`.
        others: usize,
        /// How many scripts whose first line asks for an interpreter that is not there.
        lost: usize,
        /// There are more, nobody counted on.
        more: bool,
    },
    /// Executable files wherever they lie.
    Everywhere,
    /// One program.
    Program(std::path::PathBuf),
}

impl Banner<'_> {
    /// Writes the banner to stderr, in colour if that is a terminal. Nobody being there to read it is no error.
    pub fn show(&self) {
        let mut text = String::new();
        let is_bold = isatty(io::stderr());
        self.render(is_bold, &mut text).expect("memory takes every byte");
        _ = io::stderr().write_all(text.as_bytes());
    }

    /// The URLs to open, loopback before all others.
    pub fn urls(&self) -> Vec<String> {
        let mut urls: Vec<(bool, String)> = Vec::new();
        for (socket, address) in self.sockets.iter().filter_map(|socket| Some((socket, socket.address()?))) {
            let host = match address {
                // A wildcard is no address to open; this machine itself is one.
                _ if address.ip().is_unspecified() => "localhost".to_owned(),
                std::net::SocketAddr::V4(address) => address.ip().to_string(),
                std::net::SocketAddr::V6(address) => format!("[{}]", address.ip()),
            };
            let url = format!("{}://{host}:{}/", socket.scheme(), address.port());
            if !urls.iter().any(|(_, known)| *known == url) {
                urls.push((!(address.ip().is_loopback() || address.ip().is_unspecified()), url));
            }
        }
        urls.sort_by_key(|(is_far, _)| *is_far);
        urls.into_iter().map(|(_, url)| url).collect()
    }

    fn render(&self, is_bold: bool, out: &mut dyn fmt::Write) -> fmt::Result {
        let (bold, dim, plain) = if is_bold { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        let mut row = |word: &str, text: &str| writeln!(out, "{dim}{word:>9}{plain}  {text}");
        row("htbin", &format!("{bold}{}{plain}", visible(&self.served)))?;
        for (number, url) in self.urls().iter().enumerate() {
            row(if number == 0 { "at" } else { "" }, &format!("{bold}{url}{plain}"))?;
        }
        for socket in self.sockets {
            if let Some(file) = socket.file() {
                row("at", &visible(&file.path().display().to_string()))?;
            }
        }
        if let Some(port) = self.port_taken {
            row("", &format!("port {port} is taken; this is the next free one"))?;
        }
        for (number, text) in self.scripts.lines().iter().enumerate() {
            row(if number == 0 { "scripts" } else { "" }, text)?;
        }
        row("as", &visible(&self.user))?;
        row("open to", self.reach())?;
        for (word, text) in &self.more {
            row(word, text)?;
        }
        row("stop", "Ctrl-C")?;
        writeln!(out)
    }

    /// Who can connect.
    fn reach(&self) -> &'static str {
        let far = |socket: &Socket| socket.address().is_some_and(|address| !address.ip().is_loopback());
        if self.sockets.iter().any(far) {
            "everybody who can reach this machine"
        } else if self.sockets.iter().any(|socket| socket.address().is_some()) {
            "this machine only; add -b :: to share"
        } else {
            "who may open the socket"
        }
    }
}

impl Scripts {
    /// Looks at each place where scripts lie, and shows each script that runs, with its `--interpreter`. What cannot be read counts as nothing;
    /// nobody waits for a huge tree.
    pub fn find(site: &site::Settings, mut show: impl FnMut(&Path, Option<&Path>)) -> Self {
        if !site.cgi {
            return Self::Off;
        }
        let directories = site.script_dirs.iter().map(|place| Place {
            url: place.url.clone(),
            runs: match place.on_disk(&site.root) {
                None => Runs::Everywhere,
                Some(directory) => count(&directory, site, &mut show),
            },
        });
        let mounts = site.mounts.iter();
        let mounts = mounts.map(|it| Place { url: it.url.clone(), runs: Runs::Program(it.program.clone()) });
        Self::In(directories.chain(mounts).collect())
    }

    /// The places of both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Off, scripts) | (scripts, Self::Off) => scripts,
            (Self::In(mut places), Self::In(more)) => {
                places.extend(more.into_iter().filter(|place| !places.contains(place)).collect::<Vec<_>>());
                Self::In(places)
            }
        }
    }

    fn lines(&self) -> Vec<String> {
        let Self::In(places) = self else {
            return vec!["off (--no-cgi): nothing runs, and no source is sent".into()];
        };
        let width = places.iter().map(|place| place.url.len()).max().unwrap_or(0);
        let found: Vec<String> = places
            .iter()
            .filter(|place| place.runs != Runs::Nothing)
            .map(|place| format!("{:<width$}  {}", visible(&place.url), place.runs))
            .collect();
        if found.is_empty() {
            let urls: Vec<&str> = places.iter().map(|place| place.url.trim_start_matches('/')).collect();
            return vec![format!(
                "none: make a directory {} and put executable files into it",
                urls.join("/ or ") + "/"
            )];
        }
        found
    }
}

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Everywhere => f.write_str("executable files run wherever they lie"),
            Self::Program(program) => f.write_str(&visible(&program.display().to_string())),
            Self::Files { scripts: 0, others: 0, lost: 0, more: false } => f.write_str("empty"),
            Self::Files { scripts, others, lost, more } => {
                let many = if *more { "more than " } else { "" };
                write!(f, "{many}{scripts} {}", if *scripts == 1 { "script" } else { "scripts" })?;
                if *others > 0 {
                    write!(f, ", {others} not executable (chmod +x)")?;
                }
                if *lost > 0 {
                    write!(f, ", {lost} without its interpreter")?;
                }
                Ok(())
            }
        }
    }
}

/// Counts what runs below a directory: two levels, a thousand files.
fn count(directory: &Path, site: &site::Settings, show: &mut impl FnMut(&Path, Option<&Path>)) -> Runs {
    let (mut scripts, mut others, mut lost, mut left) = (0, 0, 0, FILES_MAX);
    let mut level = match fs::read_dir(directory) {
        Ok(entries) => vec![entries],
        Err(_) => return Runs::Nothing,
    };
    for _ in 0..LEVELS_MAX {
        let mut below = Vec::new();
        for entry in level.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Ok(found) = fs::metadata(entry.path()) else { continue };
            if left == 0 {
                return Runs::Files { scripts, others, lost, more: true };
            }
            left -= 1;
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if found.is_dir() {
                below.extend(fs::read_dir(entry.path()));
            } else if found.is_file() {
                let interpreter = site.interpreter(name.as_encoded_bytes());
                match access(entry.path(), Access::EXEC_OK) {
                    Err(_) if interpreter.is_none() => others += 1,
                    Ok(()) if interpreter.is_none() && asks_for_nothing(&entry.path()) => lost += 1,
                    _ => {
                        scripts += 1;
                        show(&entry.path(), interpreter);
                    }
                }
            }
        }
        level = below;
    }
    Runs::Files { scripts, others, lost, more: false }
}

/// Does the first line ask for an interpreter that is not there?
fn asks_for_nothing(script: &Path) -> bool {
    match FirstLine::of(script) {
        FirstLine::Asks { carriage_return: true, .. } => true,
        FirstLine::Asks { interpreter, .. } => access(&interpreter, Access::EXEC_OK).is_err(),
        FirstLine::Other | FirstLine::Unknown => false,
    }
}

/// A name without anything that drives a terminal.
fn visible(text: &str) -> String {
    text.chars().flat_map(|it| if it.is_control() { it.escape_default().collect() } else { vec![it] }).collect()
}

const LEVELS_MAX: usize = 3;
const FILES_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::listen;

    fn site(root: &Path) -> site::Settings {
        let dir = |url: &str| site::ScriptDir { url: url.into(), directory: None };
        site::Settings {
            base: String::new(),
            protected: Vec::new(),
            sources: Vec::new(),
            root: root.into(),
            cgi: true,
            script_dirs: vec![dir("/cgi-bin"), dir("/htbin")],
            mounts: vec![],
            interpreters: vec![site::Interpreter { suffix: ".py".into(), program: "/usr/bin/python3".into() }],
            index: vec![],
            listing: true,
            hidden: false,
            follow_symlinks: false,
            spa: None,
        }
    }

    fn put(root: &Path, path: &str, mode: u32) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("it is below the root")).expect("the folder is ours");
        fs::write(&path, "").expect("the folder is ours");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("the file is ours");
    }

    fn open(hosts: &[&str]) -> Vec<Socket> {
        let binds = hosts.iter().map(|host| listen::Bind::Host((*host).into())).collect();
        listen::open(&listen::Settings { binds, port: 0, port_asked: true, secure: false, introduced: false })
            .expect("there are free ports")
    }

    fn text(banner: &Banner<'_>) -> String {
        let mut text = String::new();
        banner.render(false, &mut text).expect("memory takes it");
        text
    }

    #[test]
    fn one_glance() {
        let sockets = open(&["127.0.0.1"]);
        let port = sockets[0].address().expect("it is TCP").port();
        let files = Runs::Files { scripts: 3, others: 1, lost: 0, more: false };
        let places = [("/cgi-bin", files), ("/htbin", Runs::Nothing), ("/git", Runs::Program("/usr/bin/git".into()))];
        let banner = Banner {
            served: "/srv/www".into(),
            sockets: &sockets,
            port_taken: Some(8000),
            scripts: Scripts::In(places.map(|(url, runs)| Place { url: url.into(), runs }).into()),
            user: "anna".into(),
            more: vec![("note", "a line".into())],
        };
        let expected = format!(
            "    htbin  /srv/www
       at  http://127.0.0.1:{port}/
           port 8000 is taken; this is the next free one
  scripts  /cgi-bin  3 scripts, 1 not executable (chmod +x)
           /git      /usr/bin/git
       as  anna
  open to  this machine only; add -b :: to share
     note  a line
     stop  Ctrl-C

"
        );
        assert_eq!(text(&banner), expected);
    }

    #[test]
    fn who_can_connect_is_told_plainly() {
        let reach = |sockets: &[Socket]| {
            let scripts = Scripts::Off;
            let (served, user, more) = (String::new(), String::new(), vec![]);
            Banner { served, sockets, port_taken: None, scripts, user, more }.reach()
        };
        assert_eq!(reach(&open(&["127.0.0.1"])), "this machine only; add -b :: to share");
        assert_eq!(reach(&open(&["0.0.0.0"])), "everybody who can reach this machine");
        let folder = tempfile::tempdir().expect("a private folder");
        let binds = vec![listen::Bind::Unix(folder.path().join("a.sock"))];
        let sockets =
            listen::open(&listen::Settings { binds, port: 0, port_asked: false, secure: false, introduced: false })
                .expect("the folder is ours");
        assert_eq!(reach(&sockets), "who may open the socket");
    }

    #[test]
    fn scripts_are_counted_with_subdirectories_and_interpreters() {
        let folder = tempfile::tempdir().expect("a private folder");
        let root = folder.path();
        put(root, "cgi-bin/a.sh", 0o755);
        put(root, "cgi-bin/b.py", 0o644);
        put(root, "cgi-bin/c.txt", 0o644);
        put(root, "cgi-bin/.hidden", 0o755);
        put(root, "cgi-bin/below/d.sh", 0o755);
        let Scripts::In(places) = Scripts::find(&site(root), |_, _| {}) else { panic!("scripts are on") };
        assert_eq!(places[0].runs, Runs::Files { scripts: 3, others: 1, lost: 0, more: false });
        assert_eq!(places[1].runs, Runs::Nothing);
        assert_eq!(Scripts::find(&site::Settings { cgi: false, ..site(root) }, |_, _| {}), Scripts::Off);
        let none = Scripts::find(&site(&root.join("cgi-bin")), |_, _| {});
        assert_eq!(none.lines(), ["none: make a directory cgi-bin/ or htbin/ and put executable files into it"]);
    }

    #[test]
    fn a_huge_directory_is_not_counted_to_the_end() {
        let folder = tempfile::tempdir().expect("a private folder");
        (0..FILES_MAX + 5).for_each(|number| put(folder.path(), &format!("htbin/{number}"), 0o755));
        let Scripts::In(places) = Scripts::find(&site(folder.path()), |_, _| {}) else { panic!("scripts are on") };
        assert_eq!(places[1].runs, Runs::Files { scripts: FILES_MAX, others: 0, lost: 0, more: true });
        assert_eq!(places[1].runs.to_string(), "more than 1000 scripts");
    }

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        assert_eq!(visible("/srv/\x1b[2J\nx"), "/srv/\\u{1b}[2J\\nx");
    }
}
