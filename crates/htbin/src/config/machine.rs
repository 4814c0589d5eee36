//! The machine that htbin runs on, as far as defaults depend on it.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread,
};

use rustix::process::Resource;

/// What defaults are worked out from.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    /// htbin's own environment.
    pub(super) variables: Vec<(OsString, OsString)>,
    /// How many threads can run at once here.
    pub(super) cores: usize,
    /// The memory of the machine, or of the container if that is less.
    pub(super) memory_bytes: u64,
    /// How many descriptors this process may have.
    pub(super) descriptors: u64,
}

impl Machine {
    /// This one.
    pub(super) fn this() -> Self {
        let system = rustix::system::sysinfo();
        let memory_bytes = u64::from(system.mem_unit) * system.totalram;
        Self {
            variables: env::vars_os().collect(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: container_memory_bytes().map_or(memory_bytes, |limit| limit.min(memory_bytes)),
            descriptors: rustix::process::getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX),
        }
    }

    /// A variable of htbin's own environment.
    pub(super) fn variable(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        self.variables.iter().find(|(known, _)| known == name.as_ref()).map(|(_, value)| value.as_os_str())
    }

    /// How many scripts run at once. Many wait for something rather than compute, and streams last: so more than
    /// the cores can do, but no more than memory can hold, or the descriptors that clients leave.
    pub(super) fn scripts_max(&self) -> usize {
        let held = (self.memory_bytes / SCRIPT_BYTES).min(self.descriptors / 5 / DESCRIPTORS_PER_SCRIPT);
        (self.cores * SCRIPTS_PER_CORE).min(usize::try_from(held).unwrap_or(usize::MAX)).max(1)
    }

    /// How many threads serve clients: half the cores, as scripts need the others. Measured on two cores: one thread more
    /// starts no more scripts, and doubles what the slowest clients wait.
    pub(super) fn threads(&self) -> usize {
        (self.cores / 2).max(1)
    }

    /// Where programs are, for htbin and for its scripts.
    pub(super) fn path(&self) -> &OsStr {
        self.variable("PATH").filter(|path| !path.is_empty()).unwrap_or(OsStr::new(PATH))
    }

    /// The program that a name stands for: a path as it is, made absolute, a bare name by PATH.
    pub(super) fn program(&self, name: &OsStr) -> Option<PathBuf> {
        if name.as_encoded_bytes().contains(&b'/') {
            return std::path::absolute(name).ok().filter(|path| is_program(path));
        }
        env::split_paths(self.path())
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(name))
            .find(|path| is_program(path))
    }
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The limit that a container (or a systemd unit) sets; the root control group has none.
fn container_memory_bytes() -> Option<u64> {
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .into_iter()
        .find_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok())
}

const SCRIPTS_PER_CORE: usize = 64;
const SCRIPT_BYTES: u64 = 32 << 20;
/// While it starts: its body, both ends of two pipes, its process.
const DESCRIPTORS_PER_SCRIPT: u64 = 6;
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
