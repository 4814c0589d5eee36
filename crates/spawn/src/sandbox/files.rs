//! Which files a script may use, as a Landlock ruleset: what is not granted is denied, whatever its user may.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};
use rustix::{fd::OwnedFd, fs::fstat, io::Errno};

use super::{
    Apart, Confinement, Kernel, Level, Network, Own,
    kernel::{SCOPE, TCP},
};
use crate::sys::landlock::Grant;

/// The ruleset of a confinement; none where the kernel has no Landlock. What does not exist is left out.
pub(super) fn ruleset(
    confinement: &Confinement,
    own: Own<'_>,
    kernel: Kernel,
    apart: Option<&Apart>,
) -> Result<Option<OwnedFd>, Errno> {
    if kernel.landlock == 0 {
        return Ok(None);
    }
    let rights = Rights::of(kernel);
    let is_strict = confinement.level == Level::Strict;
    let (read, write, devices): (&'static [_], &'static [_], &'static [_]) =
        if is_strict { (&READ, &[], &DEVICES) } else { (&["/"], &WRITE_STANDARD, &DEVICES_STANDARD) };
    // Where it starts a script may do under standard what its user may.
    let of_start = if is_strict { rights.read } else { rights.read | rights.write };
    // One whose own directory is / has none: it would be everything.
    let own =
        [(own.start, of_start), (own.program, rights.read)].into_iter().filter(|(path, _)| *path != Path::new("/"));
    let system = of_system(read, rights.read)
        .chain(of_system(write, rights.read | rights.write))
        .chain(of_system(devices, rights.device));
    let made = begin(confinement, kernel, rights).and_then(|mut ruleset| {
        for (path, granted) in system {
            grant(&mut ruleset, path, granted)?;
        }
        for (path, granted) in own.chain(listed(confinement, rights)) {
            grant(&mut ruleset, path, granted)?;
        }
        for mount in apart.iter().flat_map(|apart| apart.writable()) {
            let granted = PathBeneath::new(mount, rights.write);
            ruleset = ruleset.add_rule(granted)?;
        }
        Ok(ruleset)
    });
    // Only the kernel itself can refuse what was asked for: the paths are open and the rights those of its version.
    let ruleset = made.map_err(|_| Errno::INVAL)?;
    Ok(Option::<OwnedFd>::from(ruleset))
}

/// The ruleset of the server itself: what is listed, and what every program needs.
pub(super) fn of_server(confinement: &Confinement, kernel: Kernel) -> Result<Option<OwnedFd>, Errno> {
    if kernel.landlock == 0 {
        return Ok(None);
    }
    let rights = Rights::of(kernel);
    let system = of_system(&READ, rights.read)
        .chain(of_system(&["/proc"], rights.read))
        .chain(of_system(&DEVICES, rights.device));
    let made = begin(confinement, kernel, rights).and_then(|mut ruleset| {
        for (path, granted) in system {
            grant(&mut ruleset, path, granted)?;
        }
        for (path, granted) in listed(confinement, rights) {
            grant(&mut ruleset, path, granted)?;
        }
        Ok(ruleset)
    });
    Ok(Option::<OwnedFd>::from(made.map_err(|_| Errno::INVAL)?))
}

/// What the child grants itself in a /proc of its own, which only it can mount.
pub(super) fn of_proc(kernel: Kernel) -> Grant {
    Grant(Rights::of(kernel).read.bits())
}

/// The rights of this kernel's version.
#[derive(Debug, Clone, Copy)]
struct Rights {
    abi: ABI,
    all: BitFlags<AccessFs>,
    /// Reading and executing.
    read: BitFlags<AccessFs>,
    /// Reading and changing, but no devices, and no executing.
    write: BitFlags<AccessFs>,
    /// Of a device: reading, writing and its commands.
    device: BitFlags<AccessFs>,
}

impl Rights {
    fn of(kernel: Kernel) -> Self {
        let abi = ABI::from(kernel.landlock.cast_signed());
        let all = AccessFs::from_all(abi);
        let not_to_write = AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev;
        let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev;
        Self { abi, all, read: AccessFs::from_read(abi), write: all & !not_to_write, device: all & device }
    }
}

fn begin(confinement: &Confinement, kernel: Kernel, rights: Rights) -> Result<RulesetCreated, RulesetError> {
    let mut ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort).handle_access(rights.all)?;
    let ports = match &confinement.network {
        Network::Ports(ports) if kernel.landlock >= TCP => Some(ports),
        _ => None,
    };
    if ports.is_some() {
        ruleset = ruleset.handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp)?;
    }
    if confinement.level == Level::Strict && kernel.landlock >= SCOPE {
        ruleset = ruleset.scope(Scope::from_all(rights.abi))?;
    }
    let mut created = ruleset.create()?;
    for port in ports.into_iter().flatten() {
        created = created.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    Ok(created)
}

fn of_system(
    paths: &'static [&'static str],
    granted: BitFlags<AccessFs>,
) -> impl Iterator<Item = (&'static Path, BitFlags<AccessFs>)> {
    paths.iter().map(move |path| (Path::new(*path), granted))
}

/// What the lists grant.
fn listed(confinement: &Confinement, rights: Rights) -> impl Iterator<Item = (&Path, BitFlags<AccessFs>)> {
    let read = confinement.read.iter().map(move |path| (path.as_path(), rights.read));
    read.chain(confinement.write.iter().map(move |path| (path.as_path(), rights.write)))
}

fn grant(ruleset: &mut RulesetCreated, path: &Path, granted: BitFlags<AccessFs>) -> Result<(), RulesetError> {
    let Ok(opened) = PathFd::new(path) else { return Ok(()) };
    let is_directory = fstat(&opened).is_ok_and(|stat| stat.st_mode & libc::S_IFMT == libc::S_IFDIR);
    // A file has no entries; the kernel refuses rights on them.
    let of_file = AccessFs::from_file(ABI::V5);
    let granted = if is_directory { granted } else { granted & of_file };
    ruleset.add_rule(PathBeneath::new(opened, granted)).map(drop)
}

/// Where programs may change things under standard, as far as their users may. Not there: /etc, /usr, /bin, /sbin, /lib,
/// /boot, /root, /sys, and / itself.
pub(super) const WRITE_STANDARD: [&str; 10] =
    ["/tmp", "/var", "/run", "/srv", "/home", "/mnt", "/media", "/opt", "/dev/shm", "/proc"];

/// What programs need to run at all, and tells nothing about the machine's secrets.
pub(super) const READ: [&str; 45] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    // The loader.
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld-musl-x86_64.path",
    "/etc/ld-musl-aarch64.path",
    // Names of commands, users, machines, types.
    "/etc/alternatives",
    "/etc/passwd",
    "/etc/group",
    "/etc/nsswitch.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/mime.types",
    "/etc/magic",
    "/etc/os-release",
    "/etc/debian_version",
    // Time and language.
    "/etc/localtime",
    "/etc/timezone",
    "/etc/locale.conf",
    "/etc/locale.alias",
    "/etc/default/locale",
    "/etc/inputrc",
    "/etc/terminfo",
    "/etc/fonts",
    // Whom to trust; never the keys in /etc/ssl/private.
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/ca-certificates",
    "/etc/pki/tls/certs",
    // Interpreters.
    "/etc/perl",
    "/etc/python3",
    "/etc/php",
    "/etc/gitconfig",
];

/// Terminals, which `expect` and its like open, and no disks.
const DEVICES_STANDARD: [&str; 8] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts"];

pub(super) const DEVICES: [&str; 6] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];
