//! The manual page and the completions, from the same source as the command line itself.

use std::io::{self, Write};

use clap_complete::Shell;

/// Writes the manual page, in troff.
pub fn man(out: &mut impl Write) -> io::Result<()> {
    let page = clap_mangen::Man::new(super::command());
    page.render(out)
}

/// Writes what completes the command line in `shell`.
pub fn completions(shell: Shell, out: &mut impl Write) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "htbin", &mut script);
    out.write_all(&script)
}
