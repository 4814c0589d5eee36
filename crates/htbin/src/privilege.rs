//! Who the server is. Root opens the sockets and then becomes somebody else for good, before the first byte of a
//! request is read. All of it by glibc, so that every thread changes and users of LDAP are found.

use std::{
    ffi::CString,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use nix::unistd::{self, Gid, Group, Uid, User};
use rustix::process::Resource;

use crate::diagnosis::Runner;

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
    let is_other = Uid::current() == uid && Uid::effective() == uid && Gid::current() == gid && Gid::effective() == gid;
    if unistd::setuid(Uid::from_raw(0)).is_ok() || !is_other {
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

/// The user that this process runs as, and so do scripts.
pub fn runner() -> Runner {
    let mut groups: Vec<u32> = unistd::getgroups().unwrap_or_default().into_iter().map(Gid::as_raw).collect();
    groups.push(Gid::effective().as_raw());
    Runner { name: my_name(), uid: Uid::effective().as_raw(), groups }
}

/// The name of the user whom a file belongs to, unless that is root or nobody knows.
pub fn owner_of(file: &Path) -> Option<String> {
    let uid = std::fs::metadata(file).ok()?.uid();
    User::from_uid(Uid::from_raw(uid)).ok().flatten().filter(|_| uid != 0).map(|user| user.name)
}

/// Whom scripts would run as: for root nobody, or `user`; for others they themselves, or `user` to see what that one
/// could do.
pub fn judged(user: Option<&str>) -> Result<Runner, Error> {
    match user {
        Some(user) if !Uid::effective().is_root() => look_up(user).map(Runner::from),
        _ => Ok(choose(user)?.map_or_else(runner, Runner::from)),
    }
}

impl From<Identity> for Runner {
    fn from(identity: Identity) -> Self {
        Self { name: identity.name, uid: identity.uid, groups: identity.groups }
    }
}

fn is_myself(user: &str) -> Result<bool, Error> {
    let wanted = look_up(user)?;
    Ok(wanted.uid == Uid::effective().as_raw() && (!user.contains(':') || wanted.gid == Gid::effective().as_raw()))
}

/// The user of that name or number, as `NAME[:GROUP]`.
///
/// # Errors
/// There is none, or the system could not say.
pub fn look_up(wanted: &str) -> Result<Identity, Error> {
    let identity = find(wanted)?;
    // To setresuid and setresgid this number means "as it is": root would stay root.
    if identity.uid == u32::MAX || identity.groups.contains(&u32::MAX) {
        return Err(Error::NoUser { user: wanted.into() });
    }
    Ok(identity)
}

fn find(wanted: &str) -> Result<Identity, Error> {
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
    /// The same without the flag that it is mostly about.
    pub fn bare(&self) -> String {
        let text = self.to_string();
        text.strip_prefix("--user: ").map(str::to_owned).unwrap_or(text)
    }

    /// The exit status: 2 where the command line is wrong, 1 where the system refused.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotRoot { .. } | Self::Root | Self::NoUser { .. } | Self::NoGroup { .. } => 2,
            Self::LookUp { .. } | Self::Assume { .. } | Self::WayBack => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(user: &str) -> String {
        look_up(user).expect_err(user).to_string()
    }

    #[test]
    fn names_and_numbers_mean_the_same_user() {
        let by_name = look_up("nobody").expect("every machine has nobody");
        assert_ne!(by_name.uid, 0);
        assert!(by_name.groups.contains(&by_name.gid));
        assert_eq!(look_up(&by_name.uid.to_string()).expect("the same by number"), by_name);
    }

    #[test]
    fn a_group_may_be_named() {
        let identity = look_up("nobody:1").expect("a number is a group");
        assert_eq!(identity.gid, 1);
        assert!(identity.groups.contains(&1));
        assert_eq!(look_up("nobody:root").expect("root is a group").gid, 0);
    }

    #[test]
    fn a_number_without_a_name_is_a_user_with_one_group() {
        let identity = look_up("54321").expect("a container has such users");
        let expected = Identity { uid: 54321, gid: 54321, groups: vec![54321], name: "54321".into(), home: "/".into() };
        assert_eq!(identity, expected);
        assert_eq!(look_up("54321:7").expect("with a group").groups, [7]);
    }

    #[test]
    fn who_is_not_there_is_told_with_the_fix() {
        let user = "--user: there is no user 'nemo' on this machine; see `getent passwd`, or make one: `useradd --system nemo`";
        assert_eq!(told("nemo"), user);
        let group = "--user: there is no group 'nemo' on this machine; see `getent group`, or make one: `groupadd --system nemo`";
        assert_eq!(told("nobody:nemo"), group);
        assert!(told("").contains("no user ''"));
        assert!(told("nobody:").contains("no group ''"));
    }

    #[test]
    fn minus_one_is_no_user() {
        for user in ["4294967295", "nobody:4294967295", "1:4294967295", "4294967296", "-1"] {
            assert!(matches!(look_up(user), Err(Error::NoUser { .. } | Error::NoGroup { .. })), "{user}");
        }
    }

    #[test]
    fn root_must_become_somebody_and_others_cannot() {
        if Uid::effective().is_root() {
            assert!(matches!(choose(Some("root")), Err(Error::Root)));
            assert!(matches!(choose(Some("0:1")), Err(Error::Root)));
            assert_eq!(choose(None).expect("nobody is there").map(|it| it.name), Some("nobody".into()));
        } else {
            assert!(matches!(choose(Some("root")), Err(Error::NotRoot { .. })));
            assert_eq!(choose(None).expect("as it is"), None);
            assert_eq!(choose(Some(&my_name())).expect("the same"), None);
        }
    }

    /// The change is for good, so it happens in a process of its own: this test again, told by its environment.
    #[test]
    fn root_becomes_nobody_for_good() {
        if !Uid::effective().is_root() {
            return;
        }
        if std::env::var_os("HTBIN_TEST_ASSUME").is_some() {
            return become_nobody();
        }
        let itself = std::env::current_exe().expect("the test's own file");
        #[expect(clippy::disallowed_methods, reason = "a test starts itself")]
        let mut again = std::process::Command::new(itself);
        again.args(["--exact", "privilege::tests::root_becomes_nobody_for_good", "--nocapture"]);
        let output = again.env("HTBIN_TEST_ASSUME", "1").output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn become_nobody() {
        let nobody = look_up("nobody").expect("every machine has nobody");
        assume(&nobody).expect("root may");
        let ids = unistd::getresuid().expect("always works");
        assert_eq!([ids.real, ids.effective, ids.saved], [Uid::from_raw(nobody.uid); 3]);
        let ids = unistd::getresgid().expect("always works");
        assert_eq!([ids.real, ids.effective, ids.saved], [Gid::from_raw(nobody.gid); 3]);
        let groups: Vec<u32> = unistd::getgroups().expect("always works").into_iter().map(Gid::as_raw).collect();
        assert_eq!(groups, nobody.groups);
        assert!(unistd::setuid(Uid::from_raw(0)).is_err());
        assert!(unistd::setgroups(&[Gid::from_raw(0)]).is_err());
        assert_eq!(my_name(), "nobody");
        // The other threads of the test runner changed too.
        std::thread::spawn(move || assert_eq!(Uid::effective().as_raw(), nobody.uid)).join().expect("no panic");
    }

    #[test]
    fn descriptors_are_raised_to_the_hard_limit() {
        let maximum = rustix::process::getrlimit(Resource::Nofile).maximum;
        assert_eq!(raise_descriptors(), maximum.unwrap_or(u64::MAX));
        assert_eq!(rustix::process::getrlimit(Resource::Nofile).current, maximum);
    }
}
