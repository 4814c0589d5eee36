//! On what terms a program runs: as whom, how nicely, and how far apart from everything else.

use std::path::PathBuf;

use crate::sandbox::Confinement;

/// Everything about an order that is not the program itself. The ordinary terms cost nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Who it is; none is the launcher's own user.
    pub identity: Option<Identity>,
    /// The bits that its files do not get; none is the launcher's own mask.
    pub umask: Option<u32>,
    /// Its niceness, -20 to 19; none is the launcher's own.
    pub nice: Option<i32>,
    /// The directory of a cgroup (version 2) that it starts in.
    pub cgroup: Option<PathBuf>,
    /// What the kernel keeps it from.
    pub confinement: Confinement,
}

impl Terms {
    /// As the launcher, with all its rights.
    pub const ORDINARY: &'static Self =
        &Self { identity: None, umask: None, nice: None, cgroup: None, confinement: Confinement::OFF };

    /// Is there nothing to be done about them?
    pub fn is_ordinary(&self) -> bool {
        self == Self::ORDINARY
    }
}

/// A user as the kernel knows one. Names are looked up by the caller: the launcher trusts no library with that.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The numbers of all groups, at most [`Identity::GROUPS_MAX`].
    pub groups: Vec<u32>,
}

impl Identity {
    /// Linux itself takes no more.
    pub const GROUPS_MAX: usize = 65_536;

    /// To setresuid and setresgid this number means "as it is": root would stay root.
    pub(crate) fn is_possible(&self) -> bool {
        let is_number = |id: &u32| *id != u32::MAX;
        is_number(&self.uid) && is_number(&self.gid) && self.groups.iter().all(is_number)
    }
}
