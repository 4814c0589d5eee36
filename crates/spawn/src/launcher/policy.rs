//! Which orders the launcher carries out, whoever gives them. It knows from its start, and nobody can tell it otherwise:
//! a server that was taken over starts nothing else.

use std::{
    ffi::{CStr, OsStr},
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Component, Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use super::wire::{
    read_whole,
    terms::{Reader, Writer},
};
use crate::{
    owner::{self, Minimum},
    sandbox::resolved,
    script::file_in_memory,
    terms::Identity,
};

/// What a launcher may start, and as whom. It says nothing of arguments and variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Policy {
    /// Every program, as anybody that the launcher can become.
    #[default]
    Any,
    /// These programs, and directories of programs, as these users.
    Only {
        /// Absolute paths. An order has to name what lies there by such a path, and it has to lie there once all links
        /// are followed.
        programs: Vec<PathBuf>,
        /// Each of them may run each of the programs.
        users: Vec<Users>,
    },
}

/// Users that a launcher may become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Users {
    /// It does not become anybody: orders without an identity.
    Own,
    /// This one, with exactly these groups.
    One(Identity),
    /// The owner of the program, if suexec's rules let it run as its owner.
    Owner(Minimum),
    /// Everybody with no number below these.
    From(Minimum),
}

impl Policy {
    /// The policy as a file in memory, for a launcher to find at its start.
    pub(crate) fn to_file(&self) -> io::Result<OwnedFd> {
        let mut out = Writer::default();
        if let Self::Only { programs, users } = self {
            out.list(programs, |out, path| out.path(path));
            out.list(users, write_users);
        }
        if out.0.len() > POLICY_BYTES_MAX {
            let told = format!("the launcher's policy has {} octets, and {POLICY_BYTES_MAX} at most", out.0.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, told));
        }
        file_in_memory(&out.0)
    }

    /// Reads what [`Policy::to_file`] has written; none if it is not that.
    pub(crate) fn from_file(file: &OwnedFd) -> Option<Self> {
        let octets = read_whole(file, POLICY_BYTES_MAX).ok()?;
        if octets.is_empty() {
            return Some(Self::Any);
        }
        let mut from = Reader(&octets);
        Some(Self::Only { programs: from.list(Reader::path)?, users: from.list(read_users)? })
    }
}

/// A policy with its paths resolved.
pub(super) struct Judge {
    policy: Policy,
    /// The policy as it came, for another launcher.
    pub(super) file: OwnedFd,
    /// Where the permitted paths lead to. They may lead elsewhere later, as with a site that is switched by a link.
    resolved: RwLock<Vec<PathBuf>>,
}

impl Judge {
    pub(super) fn new(policy: Policy, file: OwnedFd) -> Self {
        Self { policy, file, resolved: RwLock::default() }
    }

    /// May this program run as this user?
    pub(super) fn permits(&self, program: &CStr, identity: Option<&Identity>) -> bool {
        let Policy::Only { programs, users } = &self.policy else { return true };
        let named = Path::new(OsStr::from_bytes(program.to_bytes()));
        let Some(program) = resolved(named) else { return false };
        let begins = |path: &Path, prefixes: &[PathBuf]| prefixes.iter().any(|prefix| path.starts_with(prefix));
        // A link that lies elsewhere could lead elsewhere by the time the program is executed, as /proc/self/cwd does.
        let is_named_so = |resolved: &[PathBuf]| {
            named.components().all(|part| part != Component::ParentDir)
                && (begins(named, programs) || begins(named, resolved))
        };
        let is_beneath = |resolved: &[PathBuf]| begins(&program, resolved) && is_named_so(resolved);
        let is_known = is_beneath(self.resolved.read().unwrap_or_else(PoisonError::into_inner).as_slice());
        if !is_known {
            let anew: Vec<PathBuf> = programs.iter().filter_map(|path| resolved(path)).collect();
            let is_permitted = is_beneath(&anew);
            *self.resolved.write().unwrap_or_else(PoisonError::into_inner) = anew;
            if !is_permitted {
                return false;
            }
        }
        users.iter().any(|users| users.permit(identity, &program))
    }
}

impl Users {
    fn permit(&self, identity: Option<&Identity>, program: &Path) -> bool {
        match (self, identity) {
            (Self::Own, identity) => identity.is_none(),
            (_, None) => false,
            (Self::One(permitted), Some(identity)) => permitted == identity,
            (Self::From(minimum), Some(identity)) => minimum.allows(identity),
            (Self::Owner(minimum), Some(identity)) => {
                let directory = program.parent().unwrap_or(program);
                minimum.allows(identity)
                    && owner::check(program, directory, *minimum).is_ok_and(|owner| owner.uid == identity.uid)
            }
        }
    }
}

fn write_users(out: &mut Writer, users: &Users) {
    let mut minimum = |number, minimum: &Minimum| {
        for number in [number, u64::from(minimum.uid), u64::from(minimum.gid)] {
            out.number(number);
        }
    };
    match users {
        Users::Own => out.number(0),
        Users::Owner(least) => minimum(1, least),
        Users::From(least) => minimum(2, least),
        Users::One(identity) => {
            out.number(3);
            out.identity(identity);
        }
    }
}

fn read_users(from: &mut Reader<'_>) -> Option<Users> {
    Some(match from.number()? {
        0 => Users::Own,
        1 => Users::Owner(Minimum { uid: from.small()?, gid: from.small()? }),
        2 => Users::From(Minimum { uid: from.small()?, gid: from.small()? }),
        3 => Users::One(from.identity()?),
        _ => return None,
    })
}

/// Room for some thousand paths.
const POLICY_BYTES_MAX: usize = 1024 * 1024;
