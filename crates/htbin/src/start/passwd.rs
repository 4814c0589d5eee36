//! `htbin passwd`, from its words to the file: asks for a password, twice.

use std::io::{self, BufRead, Read, Write};

use crate::{
    cli,
    diagnosis::quoted,
    passwd::{self, Change, Done, Error, Terminal},
};

/// Changes one user, and says what was done.
pub(super) fn run(asked: &cli::Passwd) -> Result<(), Error> {
    passwd::check_user(&asked.user)?;
    if asked.create {
        passwd::create(&asked.file)?;
    }
    let done = if asked.delete {
        passwd::change(&asked.file, &asked.user, &Change::Delete)?
    } else {
        let password = if asked.stdin { read_line()? } else { ask()? };
        passwd::change(&asked.file, &asked.user, &Change::Password(&password))?
    };
    let (user, file) = (quoted(&asked.user), quoted(&asked.file));
    let mut out = io::stdout().lock();
    // Who does not read this has what was asked for.
    _ = match done {
        Done::Added => writeln!(out, "{user} was added to {file}"),
        Done::Changed => writeln!(out, "{user} has another password in {file}"),
        Done::Deleted => writeln!(out, "{user} was taken out of {file}"),
    };
    if asked.create {
        _ = writeln!(out, "only its owner and its group can read it: one of them has to be who serves");
    }
    Ok(())
}

/// Twice, as nobody sees what is typed.
fn ask() -> Result<String, Error> {
    let mut terminal = Terminal::open().map_err(Error::Asked)?;
    let password = terminal.ask("New password: ").map_err(Error::Asked)?;
    passwd::check_password(&password)?;
    if terminal.ask("The same again: ").map_err(Error::Asked)? == password { Ok(password) } else { Err(Error::Differ) }
}

fn read_line() -> Result<String, Error> {
    let mut line = String::new();
    io::stdin().lock().take(LINE_BYTES_MAX).read_line(&mut line).map_err(Error::Asked)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// More than a password may have, so that one that is too long is not cut.
const LINE_BYTES_MAX: u64 = 4096;
