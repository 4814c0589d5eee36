//! Asks at the terminal without showing what is typed. The echo is off before the question is there, so that nobody is
//! faster; and it is on again whatever happens, Ctrl-C included, which is read here as a letter.

use std::{
    fs::File,
    io::{self, Read, Write},
};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// The terminal of whoever started this, silent until it is dropped.
pub struct Terminal {
    terminal: File,
    before: Termios,
}

impl Terminal {
    /// Whatever was typed ahead, and so shown, is thrown away.
    pub fn open() -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }

    /// The answer to a question.
    pub fn ask(&mut self, question: &str) -> io::Result<String> {
        self.terminal.write_all(question.as_bytes())?;
        let answer = self.line();
        self.terminal.write_all(b"\n")?;
        String::from_utf8(answer?).map_err(|_| io::Error::other("what was typed is not UTF-8"))
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let mut octet = [0];
            self.terminal.read_exact(&mut octet)?;
            match octet[0] {
                b'\n' | b'\r' => return Ok(line),
                INTERRUPT => return Err(io::ErrorKind::Interrupted.into()),
                END if line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
                BACKSPACE | DELETE => {
                    // A letter may be several octets.
                    while line.pop().is_some_and(|octet| octet & 0xc0 == 0x80) {}
                }
                KILL => line.clear(),
                _ if line.len() == LINE_BYTES_MAX => return Err(io::Error::other("the line is too long")),
                octet => line.push(octet),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL: u8 = 0x15;
const DELETE: u8 = 0x7f;
const LINE_BYTES_MAX: usize = 4096;
