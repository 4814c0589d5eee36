//! What this kernel offers, and what a confinement lacks without it.

use std::{fmt, fs, sync::OnceLock};

use rustix::process::geteuid;

use super::{Confinement, Level, Network};
use crate::sys::{clone::can_live_apart, landlock};

/// What the kernel can keep scripts from, for a launcher with the rights that this process has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel {
    /// The version of Landlock's interface; 0 without it.
    pub landlock: u32,
    /// Filters of system calls.
    pub seccomp: bool,
    /// Namespaces of mounts and processes: a private /tmp, and nobody else's processes. Needs a launcher that is root, or
    /// a kernel that lets everybody have namespaces of users.
    pub namespaces: bool,
}

impl Kernel {
    /// Asks the kernel, by trying. Starts a process that ends at once, so it belongs before the first thread.
    pub fn probe() -> Self {
        // Root in a namespace of users could be nobody else.
        let namespaces = can_live_apart(false) || (!geteuid().is_root() && can_live_apart(true));
        Self { namespaces, ..Self::without_namespaces() }
    }

    /// But for the namespaces, which nobody has tried.
    pub(super) fn without_namespaces() -> Self {
        let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
        Self {
            landlock: landlock::version(),
            seccomp: actions.split_whitespace().any(|action| action == "errno"),
            namespaces: false,
        }
    }

    /// What it offers to what this process itself starts, asked once in its life.
    pub(crate) fn known() -> Self {
        static KNOWN: OnceLock<Kernel> = OnceLock::new();
        *KNOWN.get_or_init(|| Self { namespaces: can_live_apart(false), ..Self::without_namespaces() })
    }

    /// What a confinement lacks here.
    pub fn missing(self, confinement: &Confinement) -> Vec<Missing> {
        let level = confinement.level;
        if level == Level::Off {
            return Vec::new();
        }
        let is_strict = level == Level::Strict;
        let mut missing = Vec::new();
        let mut lacks = |is_lacking: bool, part: Part, is_fatal: bool| {
            if is_lacking {
                missing.push(Missing { part, is_fatal });
            }
        };
        lacks(!self.seccomp, Part::Calls, is_strict);
        lacks(self.landlock == 0, Part::Files, is_strict);
        lacks((1..REFER).contains(&self.landlock), Part::Refer, false);
        lacks((1..TRUNCATE).contains(&self.landlock), Part::Truncate, is_strict);
        let has_ports = matches!(confinement.network, Network::Ports(_));
        lacks(has_ports && self.landlock < TCP, Part::Ports, is_strict);
        lacks(is_strict && self.landlock < SCOPE && !self.namespaces, Part::Signals, true);
        lacks(is_strict && self.landlock < SCOPE, Part::AbstractSockets, false);
        lacks(is_strict && !self.namespaces, Part::Apart, false);
        missing
    }
}

/// What a confinement lacks on this kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    part: Part,
    is_fatal: bool,
}

impl Missing {
    /// Nothing starts under this confinement; else it is only weaker.
    pub fn is_fatal(&self) -> bool {
        self.is_fatal
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Calls,
    Files,
    Refer,
    Truncate,
    Ports,
    Signals,
    AbstractSockets,
    Apart,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.part {
            Part::Calls => {
                "this kernel filters no system calls (CONFIG_SECCOMP_FILTER): scripts can ask it for anything their \
                 user may"
            }
            Part::Files => {
                "this kernel has no Landlock (Linux 5.13; add landlock to the boot parameter lsm=): scripts can reach \
                 every file their user may"
            }
            Part::Refer => "this kernel's Landlock moves no file between directories (Linux 5.19 does)",
            Part::Truncate => {
                "this kernel's Landlock keeps nobody from emptying files (Linux 6.2 does): scripts can empty what \
                 their user may change"
            }
            Part::Ports => {
                "this kernel's Landlock knows no ports (Linux 6.7 does): a list of ports keeps scripts from none"
            }
            Part::Signals => {
                "scripts could signal processes of their user: that needs Linux 6.12, or htbin started as root"
            }
            Part::AbstractSockets => {
                "scripts can reach abstract sockets of this machine, such as a desktop's (Linux 6.12 keeps them from it)"
            }
            Part::Apart => {
                "no namespaces for scripts, as this machine gives them to root alone (user.max_user_namespaces, \
                 kernel.unprivileged_userns_clone, AppArmor) or this container to nobody: they have no private /tmp, \
                 and none at all unless `write` names it"
            }
        })
    }
}

/// The versions of Landlock's interface with what their names say.
pub(super) const REFER: u32 = 2;
pub(super) const TRUNCATE: u32 = 3;
pub(super) const TCP: u32 = 4;
pub(super) const SCOPE: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Kernel = Kernel { landlock: 7, seccomp: true, namespaces: true };

    fn fatal(kernel: Kernel, confinement: &Confinement) -> bool {
        kernel.missing(confinement).iter().any(Missing::is_fatal)
    }

    #[test]
    fn nothing_is_missing_where_all_is_there_or_nothing_is_wanted() {
        let none = Kernel { landlock: 0, seccomp: false, namespaces: false };
        assert_eq!(none.missing(&Confinement::OFF), []);
        for confinement in [Confinement::standard(), Confinement::strict()] {
            assert_eq!(ALL.missing(&confinement), []);
            assert!(!none.missing(&confinement).is_empty());
        }
    }

    #[test]
    fn what_strict_cannot_do_without_is_fatal_there_alone() {
        let strict = Confinement::strict();
        let ports = Confinement { network: Network::Ports(vec![443]), ..Confinement::strict() };
        assert!(!fatal(Kernel { namespaces: false, ..ALL }, &strict));
        for (kernel, confinement) in [
            (Kernel { seccomp: false, ..ALL }, &strict),
            (Kernel { landlock: 0, ..ALL }, &strict),
            (Kernel { landlock: 2, ..ALL }, &strict),
            (Kernel { landlock: 5, namespaces: false, ..ALL }, &strict),
            (Kernel { landlock: 3, ..ALL }, &ports),
        ] {
            assert!(fatal(kernel, confinement), "{kernel:?}");
            let standard = Confinement { level: Level::Standard, ..confinement.clone() };
            assert!(!fatal(kernel, &standard), "{kernel:?}");
        }
    }
}
