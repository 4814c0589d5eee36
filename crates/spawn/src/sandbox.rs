//! What the kernel keeps a script from: Landlock for files and ports, seccomp for system calls, namespaces for /tmp and
//! other processes. docs/sandbox.md has the reason for each line.

mod apart;
mod calls;
mod enclosure;
mod explain;
mod files;
mod kernel;

use std::path::{Path, PathBuf};

pub use enclosure::enclose;
pub use explain::explain;
pub use kernel::{Kernel, Missing};

pub(crate) use apart::{Apart, enter, resolved};
pub(crate) use calls::Filter;

use crate::child::Stage;
use rustix::{fd::OwnedFd, io::Errno};

/// How far a script is kept from what is not its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Not beyond what its user may do.
    #[default]
    Off,
    /// It runs as ever, but changes no part of the system and reaches no corner of the kernel that scripts have no use for.
    Standard,
    /// It has what is named, and nothing else.
    Strict,
}

/// What a script may reach over the network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Network {
    /// Nothing but sockets of its own machine's files (`AF_UNIX`).
    None,
    /// Everything.
    #[default]
    All,
    /// It may connect by TCP to these ports, and listen on none. With 53 among them UDP is allowed too, for names.
    Ports(Vec<u16>),
}

/// What a script is kept from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Confinement {
    /// How far.
    pub level: Level,
    /// Files and directories that it may read and execute, with all below them; under standard it may read all anyway.
    pub read: Vec<PathBuf>,
    /// Files and directories that it may read and change, with all below them, as far as its user may.
    pub write: Vec<PathBuf>,
    /// The network.
    pub network: Network,
}

impl Confinement {
    /// None.
    pub const OFF: Self = Self { level: Level::Off, read: Vec::new(), write: Vec::new(), network: Network::All };

    /// [`Level::Standard`], with the network.
    pub fn standard() -> Self {
        Self { level: Level::Standard, ..Self::OFF }
    }

    /// [`Level::Strict`], without the network.
    pub fn strict() -> Self {
        Self { level: Level::Strict, network: Network::None, ..Self::OFF }
    }
}

/// The directories that are a program's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own<'a> {
    /// Where it starts.
    pub(crate) start: &'a Path,
    /// Where it lies, which for an interpreter is the system's.
    pub(crate) program: &'a Path,
}

impl<'a> Own<'a> {
    fn paths(self) -> [&'a Path; 2] {
        [self.start, self.program]
    }
}

/// What confines one process, made before the fork: the child only has to put it on.
pub(crate) struct Walls {
    /// A Landlock ruleset.
    pub(crate) ruleset: Option<OwnedFd>,
    pub(crate) filter: Option<Filter>,
    pub(crate) apart: Option<Apart>,
    /// Root's special rights, which files and system calls do not show.
    pub(crate) drops_capabilities: bool,
}

impl Walls {
    /// No walls.
    pub(crate) const NONE: Self = Self { ruleset: None, filter: None, apart: None, drops_capabilities: false };

    /// The walls around a program with these directories of its own. What the kernel lacks is left out under
    /// standard, and under strict nothing is started.
    pub(crate) fn build(confinement: &Confinement, own: Own<'_>) -> Result<Self, (Stage, Errno)> {
        if confinement.level == Level::Off {
            return Ok(Self::NONE);
        }
        let kernel = Kernel::known();
        if kernel.missing(confinement).iter().any(Missing::is_fatal) {
            return Err((Stage::Files, Errno::OPNOTSUPP));
        }
        let is_strict = confinement.level == Level::Strict;
        let apart = (is_strict && kernel.namespaces).then(|| Apart::build(confinement, own)).transpose();
        let apart = apart.map_err(|errno| (Stage::Apart, errno))?;
        let ruleset = files::ruleset(confinement, own, kernel, apart.as_ref());
        Ok(Self {
            ruleset: ruleset.map_err(|errno| (Stage::Files, errno))?,
            filter: kernel.seccomp.then(|| Filter::of(confinement)),
            apart,
            drops_capabilities: is_strict,
        })
    }
}

/// Processes of a strict script's user at once, unless its limits say otherwise: a fork bomb ends there.
pub(crate) const PROCESSES_MAX: u64 = 4096;
