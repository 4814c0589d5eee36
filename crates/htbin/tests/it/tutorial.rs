//! docs/tutorial.md, done as it stands there: its files written, its commands run, and what they print compared with what
//! the page shows.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt},
    path::PathBuf,
    process::Command,
};

use crate::{
    pages::{Block, blocks, fits},
    process::run,
    server::{Server, Start},
    site::Site,
};

#[test]
fn the_tutorial_works_step_by_step() {
    ours_only!();
    let blocks = blocks(PAGE);
    assert!(blocks.iter().filter(|block| block.role == "shows").count() >= 10, "{PAGE} shows too little");
    let mut reader = Reader::new();
    for block in &blocks {
        reader.follow(block);
    }
}

/// Somebody who reads the page and does what it says.
struct Reader {
    home: Site,
    /// The directory that `cd` has led to.
    directory: PathBuf,
    server: Option<Server>,
    /// What was seen last.
    seen: String,
}

impl Reader {
    fn new() -> Self {
        let home = Site::new();
        let directory = home.root().to_owned();
        if is_root() {
            chown(&directory, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        Self { home, directory, server: None, seen: String::new() }
    }

    fn follow(&mut self, block: &Block) {
        match block.role.split_once('=').unwrap_or((&block.role, "")) {
            ("file", path) => {
                let path = self.directory.join(path);
                fs::write(&path, &block.text).unwrap();
                if is_root() {
                    chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
                }
            }
            ("run", _) => self.run(&block.text),
            ("serve", _) => self.serve(&block.text),
            ("shows", _) => {
                let (shown, seen) = (block.text.trim_end(), self.seen.trim_end());
                assert!(fits(shown, seen), "{PAGE}:{} shows\n{shown}\n--- and one sees\n{seen}", block.line);
            }
            _ => panic!("{PAGE}:{}: nobody knows what to do with `{}`", block.line, block.role),
        }
    }

    fn run(&mut self, commands: &str) {
        let at = self.home.path(".directory");
        let commands = commands.replace(":8000/", &format!(":{}/", self.server.as_ref().map_or(0, |it| it.port)));
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{commands}\npwd >{}", at.display())]);
        command.current_dir(&self.directory).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = run(&mut command);
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{commands}{stdout}{stderr}");
        self.directory = PathBuf::from(fs::read_to_string(at).unwrap().trim_end());
        self.seen = self.as_on_the_page(&stdout.replace("\r\n", "\n"));
    }

    fn serve(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[0], "htbin", "{line}");
        let start = Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&words[1..]).flags(&["--port", "0"]);
        let start = if is_root() { start.user(NOBODY) } else { start };
        let server = start.current_dir(&self.directory).go();
        let banner = server.events.wait_until("the end of the banner", |lines| {
            lines.iter().any(|line| line.trim_start().starts_with("stop "))
        });
        self.server = Some(server);
        // On the page it is Ada who reads it.
        let of_ada =
            |line: &String| if line.trim_start().starts_with("as ") { AS_ADA.to_owned() } else { line.clone() };
        self.seen = self.as_on_the_page(&banner.iter().map(of_ada).collect::<Vec<_>>().join("\n"));
    }

    /// With the directory and the port that the page has.
    fn as_on_the_page(&self, text: &str) -> String {
        let text = text.replace(self.home.root().to_str().unwrap(), "/home/ada");
        let port = self.server.as_ref().map(|server| format!(":{}/", server.port));
        port.map_or(text.clone(), |port| text.replace(&port, ":8000/"))
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

const AS_ADA: &str = "       as  ada";
const PAGE: &str = "tutorial.md";
/// Whom root becomes to read it: the page is for people.
const NOBODY: u32 = 65534;
