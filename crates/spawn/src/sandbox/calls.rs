//! System calls that scripts have no use for and holes are found in: they fail with EPERM, or ENOSYS where programs know
//! another way. A program that does not ask for them cannot tell.

use std::{
    collections::{BTreeMap, HashMap},
    env::consts::ARCH,
    sync::{Mutex, PoisonError},
};

use rustix::io::Errno;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};

use super::{Confinement, Network};

/// A compiled filter; it is kept for the life of the process, as there are few.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter(&'static [sock_filter]);

impl Filter {
    /// The filter of a confinement.
    pub(super) fn of(confinement: &Confinement) -> Self {
        static KEPT: Mutex<Option<HashMap<Sockets, Filter>>> = Mutex::new(None);
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let sockets = Sockets::of(&confinement.network);
        *kept.get_or_insert_default().entry(sockets).or_insert_with(|| Self(compile(sockets, &[]).leak()))
    }

    /// The filter of the server itself, which executes nothing.
    pub(super) fn of_server() -> Self {
        Self(compile(Sockets::All, &[libc::SYS_execve, libc::SYS_execveat]).leak())
    }

    /// Puts it on the calling thread. Safe between fork and exec: no allocation, no lock.
    pub(crate) fn assume(self) -> Result<(), Errno> {
        seccompiler::apply_filter(self.0).map_err(|error| match error {
            seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error) => {
                Errno::from_io_error(&error).unwrap_or(Errno::PERM)
            }
            _ => Errno::PERM,
        })
    }
}

/// Which sockets a filter lets be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sockets {
    Local,
    All,
    /// Landlock knows the ports of TCP, so it is TCP or nothing.
    Tcp,
    /// And UDP, for names.
    TcpAndNames,
}

impl Sockets {
    fn of(network: &Network) -> Self {
        match network {
            Network::None => Self::Local,
            Network::All => Self::All,
            Network::Ports(ports) if ports.contains(&DNS) => Self::TcpAndNames,
            Network::Ports(_) => Self::Tcp,
        }
    }

    /// One list is enough for a call to be denied, and all conditions of it have to hold.
    fn denied(self) -> Vec<(i64, Vec<SeccompRule>)> {
        let families: &[i32] = match self {
            Self::Local => &[libc::AF_UNIX],
            // What resolvers ask for the machine's addresses.
            _ => &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK],
        };
        let mut socket = vec![rule(families.iter().map(|family| (0, Is::Not, *family as u64)).collect())];
        if matches!(self, Self::Local | Self::All) {
            return vec![(libc::SYS_socket, socket)];
        }
        let types: &[i32] = if self == Self::Tcp {
            &[libc::SOCK_DGRAM, libc::SOCK_RAW, libc::SOCK_SEQPACKET, libc::SOCK_DCCP]
        } else {
            &[libc::SOCK_RAW, libc::SOCK_SEQPACKET, libc::SOCK_DCCP]
        };
        for family in [libc::AF_INET, libc::AF_INET6] {
            let of_family = (0, Is::Exactly, family as u64);
            socket.extend(types.iter().map(|kind| rule(vec![of_family, (1, Is::Masked(TYPE_MASK), *kind as u64)])));
            // Multipath TCP and SCTP are streams too, and Landlock's ports are those of TCP alone.
            let plain = [0, libc::IPPROTO_TCP].map(|protocol| (2, Is::Not, protocol as u64));
            let stream = (1, Is::Masked(TYPE_MASK), libc::SOCK_STREAM as u64);
            socket.push(rule([of_family, stream].into_iter().chain(plain).collect()));
        }
        // It connects without asking Landlock.
        let fast = libc::MSG_FASTOPEN as u64;
        let sending = [(libc::SYS_sendto, 3), (libc::SYS_sendmsg, 2), (libc::SYS_sendmmsg, 3)];
        let sending = sending.map(|(call, at)| (call, vec![rule(vec![(at, Is::Masked(fast), fast)])]));
        std::iter::once((libc::SYS_socket, socket)).chain(sending).collect()
    }
}

fn compile(sockets: Sockets, besides: &[i64]) -> BpfProgram {
    // Threads and processes are made by the same calls as namespaces are.
    let has = |flag: i32| rule(vec![(0, Is::Masked(flag as u64), flag as u64)]);
    // A terminal's input can be typed, and pasted, by whoever has it open.
    let typing = [TIOCSTI, TIOCLINUX].map(|request| rule(vec![(1, Is::Exactly, request)]));
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = sockets.denied().into_iter().collect();
    rules.insert(libc::SYS_clone, NAMESPACES.iter().map(|flag| has(*flag)).collect());
    rules.insert(libc::SYS_ioctl, typing.into());
    let arch = TargetArch::try_from(ARCH).expect("htbin is made for machines that the crate knows");
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch).expect("both actions differ");
    let filter = BpfProgram::try_from(filter).expect("the rules are constants");
    let besides = DENIED.iter().chain(besides).map(|call| *call as u32).collect::<Vec<_>>();
    by_number(&besides).into_iter().chain(filter).collect()
}

/// Before everything else, what needs no look at arguments: one instruction a call where the crate has five, as the kernel
/// goes through the filter with every number it knows whenever a script starts. Calls that are not there: clone3 hides
/// its flags from a filter, and C libraries go on with clone; numbers from 2^30 on are x32's second names of all calls.
fn by_number(denied: &[u32]) -> Vec<sock_filter> {
    let instruction = |code: u32, jt: usize, jf: usize, k: u32| {
        let offset = |jump: usize| u8::try_from(jump).expect("the list is short");
        sock_filter { code: code as u16, jt: offset(jt), jf: offset(jf), k }
    };
    let load = |offset: u32| instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset);
    let fail = |errno: i32| instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | errno as u32);
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let count = denied.len();
    // From another machine's calls on: to the crate's part, which ends the program.
    let mut program = vec![load(ARCH_OFFSET), instruction(equal, 0, count + 6, AUDIT_ARCH), load(NUMBER_OFFSET)];
    program.push(instruction(equal, count + 2, 0, libc::SYS_clone3 as u32));
    program.push(instruction(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, count + 1, 0, X32));
    program.extend((0..count).map(|at| instruction(equal, count - at + 1, 0, denied[at])));
    program.push(instruction(libc::BPF_JMP | libc::BPF_JA, 0, 0, 2));
    program.extend([fail(libc::ENOSYS), fail(libc::EPERM)]);
    program
}

#[derive(Debug, Clone, Copy)]
enum Is {
    Exactly,
    Not,
    Masked(u64),
}

/// Conditions on arguments, all of which have to hold.
fn rule(conditions: Vec<(u8, Is, u64)>) -> SeccompRule {
    let conditions = conditions.into_iter().map(|(argument, is, value)| {
        let operator = match is {
            Is::Exactly => SeccompCmpOp::Eq,
            Is::Not => SeccompCmpOp::Ne,
            Is::Masked(mask) => SeccompCmpOp::MaskedEq(mask),
        };
        // The kernel looks at the lower half of these arguments only, so what is in the upper one must not matter.
        SeccompCondition::new(argument, Dword, operator, value).expect("there are six arguments")
    });
    SeccompRule::new(conditions.collect()).expect("there are conditions")
}

const DNS: u16 = 53;
/// The kind of a socket, without its flags.
const TYPE_MASK: u64 = 0xf;
/// Where the kernel tells a filter of the call's number and of its machine.
const NUMBER_OFFSET: u32 = 0;
const ARCH_OFFSET: u32 = 4;
#[cfg(target_arch = "x86_64")]
const AUDIT_ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const AUDIT_ARCH: u32 = 0xc000_00b7;
const X32: u32 = 0x4000_0000;
/// As the kernel has them; C libraries do not agree on the type.
const TIOCSTI: u64 = 0x5412;
const TIOCLINUX: u64 = 0x541c;

const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

/// Denied whatever their arguments.
const DENIED: &[i64] = &[
    // Other processes' memory.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    // The tree of files, and ways around its paths.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_quotactl,
    QUOTACTL_FD,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    // Namespaces.
    libc::SYS_unshare,
    libc::SYS_setns,
    // The kernel itself.
    libc::SYS_kexec_load,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_kexec_file_load,
    #[cfg(target_arch = "aarch64")]
    KEXEC_FILE_LOAD,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    // The machine.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// libc does not have it for every machine.
const QUOTACTL_FD: i64 = 443;
#[cfg(target_arch = "aarch64")]
const KEXEC_FILE_LOAD: i64 = 294;

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first part makes of a number: an errno, or none where the second one decides.
    fn decided(program: &[sock_filter], arch: u32, number: u32) -> Option<u32> {
        let (mut at, mut value) = (0, 0);
        while let Some(instruction) = program.get(at) {
            let sock_filter { code, jt, jf, k } = *instruction;
            at += 1;
            match u32::from(code) & 0x07 {
                libc::BPF_LD => value = if k == ARCH_OFFSET { arch } else { number },
                libc::BPF_RET => return Some(k & 0xffff),
                _ if u32::from(code) & 0xf0 == libc::BPF_JA => at += k as usize,
                _ => {
                    let is_so = if u32::from(code) & 0xf0 == libc::BPF_JGE { value >= k } else { value == k };
                    at += usize::from(if is_so { jt } else { jf });
                }
            }
        }
        assert_eq!(at, program.len(), "it ends where the next part begins");
        None
    }

    #[test]
    fn each_number_is_decided_as_it_should() {
        let denied: Vec<u32> = DENIED.iter().map(|call| *call as u32).collect();
        let program = by_number(&denied);
        for number in 0..1024 {
            let expected = match i64::from(number) {
                libc::SYS_clone3 => Some(libc::ENOSYS as u32),
                call if DENIED.contains(&call) => Some(libc::EPERM as u32),
                _ => None,
            };
            assert_eq!(decided(&program, AUDIT_ARCH, number), expected, "{number}");
            assert_eq!(decided(&program, 0x4000_0003, number), None, "{number}");
            assert_eq!(decided(&program, AUDIT_ARCH, X32 + number), Some(libc::ENOSYS as u32));
        }
    }
}
