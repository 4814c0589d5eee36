//! Opening the browser (`--open`). Whoever opens it is started before anything else and waits for the address: as a child
//! of nobody's it is not ended with the server, as a browser that was just opened should not be.

use std::{
    io::{self, Write as _},
    process::{ChildStdin, Command, Stdio},
};

/// Somebody who waits for an address to open. Dropped without one, it goes.
#[derive(Debug)]
pub struct Opener(ChildStdin);

impl Opener {
    /// Starts the one who waits. Before the server adopts orphans, as it would adopt this one, too.
    pub fn start() -> io::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "no script: it has to outlive the server")]
        let mut shell = Command::new("/bin/sh")
            .args(["-c", WAIT_AND_OPEN])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()?;
        let address = shell.stdin.take().ok_or_else(|| io::Error::other("the shell has no stdin"))?;
        // It has left its own child behind by then.
        shell.wait()?;
        Ok(Self(address))
    }

    /// Opens the address.
    pub fn open(mut self, address: &str) -> io::Result<()> {
        writeln!(self.0, "{address}")
    }
}

/// The address comes as data, never as a word of the shell's. `<&3`: what runs in the background has no stdin.
const WAIT_AND_OPEN: &str = r#"
exec 3<&0
{
    IFS= read -r address <&3 || exit 0
    for program in $BROWSER xdg-open gio sensible-browser open; do
        command -v "$program" >/dev/null 2>&1 || continue
        [ "$program" = gio ] && set -- open || set --
        exec "$program" "$@" "$address" 3<&- </dev/null 2>/dev/null
    done
    echo "htbin: --open: no program to open $address with; set BROWSER" >&2
} &
"#;
