//! A case runs in a process of its own, as root or as somebody ordinary, as a launcher belongs before the first thread.

use std::{
    fmt::Write as _,
    fs,
    io::Read as _,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
    time::Duration,
};

use htbin_spawn::{
    Confinement, Descendants, EarlyLauncher, Exit, Identity, LaunchError, Launcher, Level, Limits, Order, Policy,
    Stdin, Terms,
};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::{io::AsyncReadExt, time::timeout};

/// One case.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) who: Who,
    pub(crate) run: fn(),
}

/// As whom a case runs. What needs root is passed over where the tests are not root.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Root,
    Both,
}

/// `cases![Root: one, two; Both: three]`
macro_rules! cases {
    ($($who:ident: $($name:ident),+);+) => {
        pub(crate) const CASES: &[crate::case::Case] = &[$($(crate::case::Case {
            name: concat!(module_path!(), "::", stringify!($name)),
            who: crate::case::Who::$who,
            run: $name,
        }),+),+];
    };
}
pub(crate) use cases;

pub(crate) fn main(cases: Vec<Case>) -> ExitCode {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() == Some(ARGUMENT) {
        let name = words.next().unwrap_or_default();
        if words.next().is_some() {
            give_up_namespaces();
        }
        let case = cases.iter().find(|case| case.name == name).expect("the test names one of them");
        (case.run)();
        return ExitCode::SUCCESS;
    }
    let is_root = rustix::process::geteuid().is_root();
    let trials = cases.into_iter().flat_map(|case| {
        let short = case.name.trim_start_matches("it::");
        let as_root = is_root.then(|| Trial::test(format!("{short}::as_root"), move || start(case, None, false)));
        let uid = is_root.then_some(NOBODY);
        let ordinary = (case.who == Who::Both).then(|| {
            let flat = Trial::test(format!("{short}::without_namespaces"), move || start(case, uid, true));
            [Trial::test(format!("{short}::as_somebody"), move || start(case, uid, false)), flat]
        });
        as_root.into_iter().chain(ordinary.into_iter().flatten())
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn start(case: Case, uid: Option<u32>, is_flat: bool) -> Result<(), Failed> {
    #[expect(clippy::disallowed_methods, reason = "a test starts itself")]
    let mut itself = Command::new("/proc/self/exe");
    itself.arg(ARGUMENT).arg(case.name).args(is_flat.then_some("flat")).env_remove("TMPDIR");
    if let Some(uid) = uid {
        itself.uid(uid).gid(uid).current_dir("/");
    }
    let output = itself.output().map_err(|error| format!("it does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let mut told = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = write!(told, "{}", String::from_utf8_lossy(&output.stderr));
    Err(told.into())
}

/// As on a machine whose kernel gives namespaces to root alone.
fn give_up_namespaces() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter};
    let flag = u64::from(libc::CLONE_NEWUSER.cast_unsigned());
    let is_asked = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(flag), flag);
    let rule = seccompiler::SeccompRule::new(vec![is_asked.expect("there are six arguments")]).expect("it has one");
    let rules = [libc::SYS_clone, libc::SYS_unshare].map(|call| (call, vec![rule.clone()])).into_iter().collect();
    let denied = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let arch = std::env::consts::ARCH.try_into().expect("the crate knows this machine");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch).expect("both actions differ");
    seccompiler::apply_filter(&BpfProgram::try_from(filter).expect("it is short")).expect("the kernel can");
}

/// Starts a launcher, then a runtime, and does this in it.
pub(crate) fn with_launcher<F: Future<Output = ()>>(policy: Policy, body: impl FnOnce(Arc<Launcher>) -> F) {
    in_runtime(EarlyLauncher::start(policy).expect("a launcher starts"), body);
}

/// Starts a runtime, and does this in it with a launcher that was started before.
pub(crate) fn in_runtime<F: Future<Output = ()>>(early: EarlyLauncher, body: impl FnOnce(Arc<Launcher>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let launcher = Launcher::new(early).expect("it is taken over");
        let descendants = Descendants::adopt(Arc::clone(&launcher)).expect("orphans come here");
        body(launcher).await;
        timeout(PATIENCE, descendants.end()).await.expect("what is left ends");
    });
}

/// A directory with a site in it, for everybody to read.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self::new_in("/tmp")
    }

    pub(crate) fn new_in(parent: &str) -> Self {
        let place = tempfile::Builder::new().prefix("htbin-spawn-").tempdir_in(parent).expect("a directory is made");
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        fs::create_dir(place.path().join("site")).expect("there is room");
        Self(place)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn site(&self) -> PathBuf {
        self.path().join("site")
    }

    /// Whoever a script is, it is not the permissions that keep it from writing here, nor in `data`.
    pub(crate) fn open_to_all(&self) {
        let data = self.path().join("data");
        fs::create_dir(&data).expect("there is room");
        for path in [self.path(), &self.site(), &data] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("it is ours");
        }
    }

    /// Puts a program into the site.
    pub(crate) fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.site().join(name);
        fs::write(&path, text).expect("there is room");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        path
    }

    /// A Python program that does this, with `told(function)` to say what comes of it.
    pub(crate) fn python(&self, body: &str) -> PathBuf {
        self.program("probe.py", &format!("#!/usr/bin/python3 -IS\n{TOLD}\n{body}\n"))
    }
}

/// What a program wrote, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit: Exit,
}

/// Runs a program to its end, where it lies.
pub(crate) async fn run(
    launcher: &Arc<Launcher>,
    program: &Path,
    words: &[&str],
    terms: &Terms,
    limits: Limits,
) -> Result<Ran, LaunchError> {
    let directory = program.parent().expect("it lies somewhere");
    run_in(launcher, directory, program, words, terms, limits).await
}

/// Runs a program to its end, there.
pub(crate) async fn run_in(
    launcher: &Arc<Launcher>,
    directory: &Path,
    program: &Path,
    words: &[&str],
    terms: &Terms,
    limits: Limits,
) -> Result<Ran, LaunchError> {
    let octets = program.as_os_str().as_bytes();
    let arguments: Vec<&[u8]> = std::iter::once(octets).chain(words.iter().map(|word| word.as_bytes())).collect();
    let order = Order {
        program: octets,
        arguments: &arguments,
        environment: b"PATH=/usr/bin:/bin\0",
        directory: directory.as_os_str().as_bytes(),
        limits,
        new_privileges: false,
        terms,
    };
    let mut parts = launcher.launch(&order, Stdin::Empty).await?.into_parts();
    let mut stdout = String::new();
    let read = parts.stdout.read_to_string(&mut stdout);
    timeout(PATIENCE, read).await.expect("it ends in time").expect("it can be read");
    let exit = timeout(PATIENCE, parts.process.exited()).await.expect("it ends in time");
    let mut stderr = Vec::new();
    // It does not block: what there is, is there.
    let _ = fs::File::from(parts.stderr).read_to_end(&mut stderr);
    Ok(Ran { stdout, stderr: String::from_utf8_lossy(&stderr).into_owned(), exit })
}

/// What a Python program says on these terms.
pub(crate) async fn say(launcher: &Arc<Launcher>, place: &Place, body: &str, terms: &Terms) -> String {
    let program = place.python(body);
    let ran = run(launcher, &program, &[], terms, Limits::default()).await.expect("it starts");
    assert_eq!((ran.exit, ran.stderr.as_str()), (Exit::Code(0), ""), "{body}");
    ran.stdout.trim_end().to_owned()
}

/// Terms with this confinement; as root for a user of the test's own, and as root itself.
pub(crate) fn each_terms(confinement: &Confinement) -> Vec<Terms> {
    let confined = Terms { confinement: confinement.clone(), ..Terms::default() };
    if rustix::process::geteuid().is_root() {
        vec![Terms { identity: Some(stranger()), ..confined.clone() }, confined]
    } else {
        vec![confined]
    }
}

/// Off, standard, strict.
pub(crate) fn confinement(level: Level) -> Confinement {
    match level {
        Level::Off => Confinement::OFF,
        Level::Standard => Confinement::standard(),
        Level::Strict => Confinement::strict(),
    }
}

/// A user whom nobody else is.
pub(crate) fn stranger() -> Identity {
    Identity { uid: 54321, gid: 54321, groups: vec![54321] }
}

/// However busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const NOBODY: u32 = 65534;
const ARGUMENT: &str = "htbin-case";
const TOLD: &str = r#"
import os, sys, errno
def told(function, *arguments):
    try:
        function(*arguments)
        print("done")
    except OSError as error:
        print(errno.errorcode[error.errno])
def call(name, *arguments):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)
"#;
