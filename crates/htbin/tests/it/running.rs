//! htbin as a service of the system: its logs, its init system, who watches over it.

use std::path::PathBuf;

use crate::{
    scripts::{HELLO, sh},
    server::{Server, Start},
    site::Site,
};

mod activation;
mod init;
mod logs;
mod packaging;
mod watched;

/// A site, and beside it a folder with the configuration, in which the server's user may write.
struct Service {
    /// Removed at the end.
    _site: Site,
    place: Site,
}

impl Service {
    /// With these lines at the top of its configuration.
    fn new(lines: &str) -> Self {
        let site = Site::new()
            .file("a.txt", "five!")
            .script("cgi-bin/hello", HELLO)
            .script("cgi-bin/env", sh("printf 'Content-Type: text/plain\n\n'; env; ls -l /proc/self/fd"))
            .script(
                "cgi-bin/wait",
                sh("echo $$ >$QUERY_STRING; read x <$QUERY_STRING.go; printf 'Content-Type: a/b\n\n'"),
            )
            .script("cgi-bin/loud", sh("echo 'what a script says' >&2\necho 'Content-Type: text/plain\n\nx'"));
        let place = Site::new().directory("log", 0o777);
        let log = place.path("log");
        let lines = lines.replace("LOG", log.to_str().unwrap());
        let text = format!("{lines}\ndirectory = '{}'\n", site.root().display());
        let place = place.file("htbin.toml", text);
        Self { _site: site, place }
    }

    /// Not started yet.
    fn start(&self) -> Start {
        Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["-c", self.path("htbin.toml").to_str().unwrap()])
    }

    /// Started, with a port.
    fn go(&self) -> Server {
        self.start().go()
    }

    /// A path in the folder.
    fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }
}

/// Waits until it is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + crate::process::PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "not {what}");
        std::thread::yield_now();
    }
}
