//! What a look at a file shows that does not keep it from running: rights, secrets, and what its text gives away. Only
//! `htbin lint` and the banner ask for it; no request does.

pub mod python;
pub mod rights;
pub mod secret;
pub mod stray;

use std::{
    fs::File,
    io::Read,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

/// The beginning of a regular file, at most [`TEXT_BYTES_MAX`] octets; none if it cannot be read.
pub fn text(file: &Path) -> Option<Vec<u8>> {
    // What is no regular file shall hold nobody; whoever swaps one in gets no further than the check below.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(file).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    file.take(TEXT_BYTES_MAX).read_to_end(&mut text).ok()?;
    Some(text)
}

/// Where a program really lies, by the links that lead to it.
fn resolved(program: &Path) -> PathBuf {
    let mut program = program.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(target) = std::fs::read_link(&program) else { break };
        program = program.parent().unwrap_or(Path::new("/")).join(target);
    }
    program
}

/// What is read of a file: a script by hand is never that long.
pub const TEXT_BYTES_MAX: u64 = 256 << 10;
/// As many as the kernel follows.
const LINKS_MAX: usize = 40;
