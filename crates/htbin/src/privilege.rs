//! Who the server is. Root opens the sockets and then becomes somebody else for good, before the first byte of a
//! request is read. All of it by glibc, so that every thread changes and users of LDAP are found.

use std::{ffi::CString, path::PathBuf};

use nix::unistd::{self, Gid, Group, Uid, User};
use rustix::process::Resource;

/// A user to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The numbers of the user's groups, the one above among them.
    pub groups: Vec<u32>,
    /// The user's name; the number where it has none.
    pub name: String,
    /// The user's home directory; `/` where it has none.
    pub home: PathBuf,
}

/// Whom to become: nobody, or `user` (`NAME[:GROUP]`, names or numbers), for root; `None` for everybody else, who
/// cannot and need not. Root may not stay root.
pub fn choose(user: Option<&str>) -> Result<Option<Identity>, Error> {
    if !Uid::effective().is_root() {
        return match user {
            Some(user) if !is_myself(user)? => Err(Error::NotRoot { user: user.into() }),
            _ => Ok(None),
        };
    }
    let identity = look_up(user.unwrap_or("nobody"))?;
    if identity.uid == 0 {
        return Err(Error::Root);
    }
    Ok(Some(identity))
}

/// Becomes `identity`, the whole process, and makes sure that there is no way back.
pub fn assume(identity: &Identity) -> Result<(), Error> {
    let (uid, gid) = (Uid::from_raw(identity.uid), Gid::from_raw(identity.gid));
    let groups: Vec<Gid> = identity.groups.iter().copied().map(Gid::from_raw).collect();
    let failed = |errno| Error::Assume { name: identity.name.clone(), errno };
    unistd::setgroups(&groups).map_err(failed)?;
    unistd::setresgid(gid, gid, gid).map_err(failed)?;
    unistd::setresuid(uid, uid, uid).map_err(failed)?;
    // Capabilities kept by securebits would let the process come back; then nothing was dropped.
    if unistd::setuid(Uid::from_raw(0)).is_ok() || Uid::current() != uid || Uid::effective() != uid {
        return Err(Error::WayBack);
    }
    Ok(())
}

/// Raises the limit of open descriptors to what the system allows; answers what it is now. After the launcher was
/// started, so that scripts keep the limit that programs expect.
pub fn raise_descriptors() -> u64 {
    let mut limit = rustix::process::getrlimit(Resource::Nofile);
    let before = limit.current;
    limit.current = limit.maximum;
    match rustix::process::setrlimit(Resource::Nofile, limit) {
        Ok(()) => limit.current.unwrap_or(u64::MAX),
        Err(_) => before.unwrap_or(u64::MAX),
    }
}

/// The name of the user that this process runs as; the number where it has none.
pub fn my_name() -> String {
    let uid = Uid::effective();
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

fn is_myself(user: &str) -> Result<bool, Error> {
    let wanted = look_up(user)?;
    Ok(wanted.uid == Uid::effective().as_raw() && (!user.contains(':') || wanted.gid == Gid::effective().as_raw()))
}

fn look_up(wanted: &str) -> Result<Identity, Error> {
    let (user_wanted, group_wanted) = match wanted.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (wanted, None),
    };
    let user = find_user(user_wanted)?;
    let group = group_wanted.map(find_group).transpose()?;
    let Some(user) = user else {
        // A number without an entry, as containers have them: its group must be said or is the same number.
        let uid: u32 = user_wanted.parse().map_err(|_| Error::NoUser { user: user_wanted.into() })?;
        let gid = group.map_or(uid, Gid::as_raw);
        return Ok(Identity { uid, gid, groups: vec![gid], name: uid.to_string(), home: "/".into() });
    };
    let gid = group.unwrap_or(user.gid);
    let name = CString::new(user.name.as_str()).map_err(|_| Error::NoUser { user: user_wanted.into() })?;
    let groups = unistd::getgrouplist(&name, gid).map_err(|errno| Error::LookUp { what: wanted.into(), errno })?;
    Ok(Identity {
        uid: user.uid.as_raw(),
        gid: gid.as_raw(),
        groups: groups.into_iter().map(Gid::as_raw).collect(),
        name: user.name,
        home: user.dir,
    })
}

fn find_user(wanted: &str) -> Result<Option<User>, Error> {
    let failed = |errno| Error::LookUp { what: wanted.into(), errno };
    match (User::from_name(wanted).map_err(failed)?, wanted.parse::<u32>()) {
        (Some(user), _) => Ok(Some(user)),
        (None, Ok(uid)) => User::from_uid(Uid::from_raw(uid)).map_err(failed),
        (None, Err(_)) => Err(Error::NoUser { user: wanted.into() }),
    }
}

fn find_group(wanted: &str) -> Result<Gid, Error> {
    match (Group::from_name(wanted), wanted.parse()) {
        (Ok(Some(group)), _) => Ok(group.gid),
        (Ok(None), Ok(gid)) => Ok(Gid::from_raw(gid)),
        (Ok(None), Err(_)) => Err(Error::NoGroup { group: wanted.into() }),
        (Err(errno), _) => Err(Error::LookUp { what: wanted.into(), errno }),
    }
}

/// Why it cannot become that user.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not root.
    #[error("--user {user}: only root can become another user; start htbin with sudo, or leave --user out")]
    NotRoot {
        /// Who was asked for.
        user: String,
    },
    /// Root asked for root.
    #[error("--user: scripts never run as root; name a user who owns no more than they need, such as www-data")]
    Root,
    /// No such user.
    #[error(
        "--user: there is no user '{user}' on this machine; see `getent passwd`, or make one: `useradd --system {user}`"
    )]
    NoUser {
        /// Who was asked for.
        user: String,
    },
    /// No such group.
    #[error(
        "--user: there is no group '{group}' on this machine; see `getent group`, or make one: `groupadd --system {group}`"
    )]
    NoGroup {
        /// Which was asked for.
        group: String,
    },
    /// The system could not say.
    #[error("--user {what}: cannot look it up: {}", errno.desc())]
    LookUp {
        /// What was asked for.
        what: String,
        /// What the system said.
        errno: nix::errno::Errno,
    },
    /// The system refused.
    #[error("cannot become {name}: {}; in a container it needs the rights SETUID and SETGID, or start htbin as that user", errno.desc())]
    Assume {
        /// Who it was to be.
        name: String,
        /// What the system said.
        errno: nix::errno::Errno,
    },
    /// It could become root again.
    #[error(
        "could become root again after leaving it; look for capabilities that this process keeps (`capsh --print`)"
    )]
    WayBack,
}

impl Error {
    /// The exit status: 2 where the command line is wrong, 1 where the system refused.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotRoot { .. } | Self::Root | Self::NoUser { .. } | Self::NoGroup { .. } => 2,
            Self::LookUp { .. } | Self::Assume { .. } | Self::WayBack => 1,
        }
    }
}
