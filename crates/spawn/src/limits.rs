//! What one script may use of the machine, as the kernel's own resource limits.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Limits of one script. None is no limit beyond those htbin itself was started with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Processor seconds (RLIMIT_CPU).
    pub cpu_seconds: Option<u64>,
    /// Octets of address space (RLIMIT_AS).
    pub memory_bytes: Option<u64>,
    /// Processes of this user at once (RLIMIT_NPROC; the kernel counts the user's, not the script's).
    pub processes: Option<u64>,
    /// Octets of a file that it writes (RLIMIT_FSIZE).
    pub file_bytes: Option<u64>,
}

impl Limits {
    /// Puts these limits on the calling process. Safe between fork and exec: no allocation, no lock.
    pub(crate) fn assume(&self) -> rustix::io::Result<()> {
        // The processor limit kills with SIGXCPU at the soft limit and SIGKILL a second later.
        for (resource, limit, slack) in [
            (Resource::Cpu, self.cpu_seconds, 1),
            (Resource::As, self.memory_bytes, 0),
            (Resource::Nproc, self.processes, 0),
            (Resource::Fsize, self.file_bytes, 0),
        ] {
            if let Some(limit) = limit {
                setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit.saturating_add(slack)) })?;
            }
        }
        Ok(())
    }
}
