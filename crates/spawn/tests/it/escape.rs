//! What strict keeps a script from. Each probe is run under off too, where it gets through: so it can.

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Child,
    sync::Arc,
};

use htbin_spawn::{Confinement, Identity, Kernel, Launcher, Level, Limits, Network, Policy, Terms};

use rustix::process::geteuid;

use crate::case::{Place, cases, confinement, each_terms, run, say, stranger, with_launcher};

cases![
    Root: strict_reads_no_shadow, strict_passes_no_closed_directory, strict_writes_nothing_outside_tmp_either, strict_mounts_nothing, strict_has_no_special_rights;
    Both: strict_writes_nothing_beside_the_site, strict_writes_what_is_named, strict_connects_nowhere, strict_connects_to_its_ports_alone,
        strict_traces_nobody, strict_signals_nobody, strict_fills_no_process_table, strict_has_a_tmp_of_its_own,
        strict_sees_no_other_process, strict_reads_what_is_named_and_no_more, strict_makes_no_namespaces
];

/// What a probe says under off, and under strict on all terms.
fn probe(body: &str, off: &str, strict: &[&str]) {
    let place = Place::new();
    with_launcher(Policy::Any, async |launcher| {
        let terms = Terms::default();
        assert_eq!(say(&launcher, &place, body, &terms).await, off, "off");
        for terms in each_terms(&Confinement::strict()) {
            let said = say(&launcher, &place, body, &terms).await;
            assert!(strict.contains(&said.as_str()), "{said}, {terms:?}");
        }
    });
}

fn strict_reads_no_shadow() {
    probe("told(open, '/etc/shadow')", "done", &["EACCES"]);
    probe("told(open, '/proc/self/root/etc/shadow')", "done", &["EACCES"]);
    probe("told(os.listdir, '/root')", "done", &["EACCES"]);
}

fn strict_writes_nothing_beside_the_site() {
    let place = Place::new();
    place.open_to_all();
    with_launcher(Policy::Any, async |launcher| {
        let beside = place.path().join("new");
        for path in [place.site().join("new"), beside.clone()] {
            assert_eq!(write(&launcher, &place, &path, &Terms::default()).await, "done\ndone");
            for terms in each_terms(&Confinement::strict()) {
                let said = write(&launcher, &place, &path, &terms).await;
                let is_private = path == beside && Kernel::probe().namespaces;
                // Below a /tmp of its own what is not to be written is read-only.
                let is_denied = said.starts_with("EACCES") || said.starts_with("EROFS");
                assert!(!path.exists() && (is_denied || is_private), "{}: {said}", path.display());
            }
        }
    });
}

/// Where no mount stands between them.
fn strict_writes_nothing_outside_tmp_either() {
    let place = Place::new_in("/var/cache");
    place.open_to_all();
    let data = place.path().join("data");
    with_launcher(Policy::Any, async |launcher| {
        for path in [place.site().join("new"), place.path().join("new"), "/etc/htbin-new".into(), data.join("new")] {
            if !path.starts_with("/etc") {
                assert_eq!(write(&launcher, &place, &path, &Terms::default()).await, "done\ndone");
            }
            for terms in each_terms(&Confinement::strict()) {
                let said = write(&launcher, &place, &path, &terms).await;
                assert!(!path.exists() && said.starts_with("EACCES"), "{}: {said}", path.display());
            }
        }
    });
}

fn strict_writes_what_is_named() {
    let places = [Place::new()].into_iter().chain(geteuid().is_root().then(|| Place::new_in("/var/cache")));
    for place in places {
        place.open_to_all();
        let data = place.path().join("data");
        // Below the site too, which is read-only around it.
        let below = place.site().join("data");
        fs::create_dir(&below).expect("there is room");
        fs::set_permissions(&below, Permissions::from_mode(0o777)).expect("it is ours");
        with_launcher(Policy::Any, async |launcher| {
            let named = Confinement { write: vec![data.clone(), below.clone()], ..Confinement::strict() };
            for terms in each_terms(&named) {
                for path in [&data, &below] {
                    let body = format!("told(lambda: open('{}/new', 'w').close())", path.display());
                    assert_eq!(say(&launcher, &place, &body, &terms).await, "done", "{}", path.display());
                    fs::remove_file(path.join("new")).expect("it is really there");
                }
                let said = write(&launcher, &place, &place.site().join("new"), &terms).await;
                assert!(said.starts_with('E'), "{said}");
            }
        });
    }
}

async fn write(launcher: &Arc<Launcher>, place: &Place, path: &Path, terms: &Terms) -> String {
    let body = format!("P = '{}'; told(lambda: open(P, 'w').close()); told(os.unlink, P)", path.display());
    say(launcher, place, &body, terms).await
}

fn strict_connects_nowhere() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    let port = listener.local_addr().expect("it listens").port();
    let body = format!("import socket\ntold(lambda: socket.create_connection(('127.0.0.1', {port})))");
    probe(&body, "done", &["EPERM"]);
    let body =
        "import socket\ntold(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9)))";
    probe(body, "done", &["EPERM"]);
    probe("import socket\ntold(lambda: socket.socketpair())", "done", &["done"]);
}

fn strict_connects_to_its_ports_alone() {
    let listeners = [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").expect("there are ports"));
    let [one, other] = listeners.each_ref().map(|listener| listener.local_addr().expect("it listens").port());
    let place = Place::new();
    let network = Network::Ports(vec![one]);
    let body = format!(
        "import socket\n\
         for port in {one}, {other}: told(lambda: socket.create_connection(('127.0.0.1', port)))\n\
         told(lambda: socket.socket().bind(('127.0.0.1', 0)))\n\
         told(lambda: socket.socket(type=socket.SOCK_DGRAM))\n\
         told(lambda: socket.socket(proto=262))\n\
         told(lambda: socket.socket().sendto(b'x', 0x20000000, ('127.0.0.1', {other})))"
    );
    with_launcher(Policy::Any, async |launcher| {
        for terms in each_terms(&Confinement { network, ..Confinement::strict() }) {
            let said = say(&launcher, &place, &body, &terms).await;
            assert_eq!(said, "done\nEACCES\nEACCES\nEPERM\nEPERM\nEPERM");
        }
    });
}

fn strict_traces_nobody() {
    let victim = Victim::start();
    probe(&format!("told(call, 'ptrace', 16, {}, 0, 0)", victim.pid()), "done", &["EPERM"]);
    // The end of a probe ends all children of this process.
    let victim = Victim::start();
    probe(&format!("told(open, '/proc/{}/environ')", victim.pid()), "done", &["EACCES", "ENOENT"]);
}

fn strict_signals_nobody() {
    let victim = Victim::start();
    // CONT changes nothing where it gets through.
    let body = format!("told(os.kill, {}, 18)", victim.pid());
    probe(&body, "done", &["EPERM", "ESRCH"]);
}

fn strict_fills_no_process_table() {
    let place = Place::new();
    let program = place.python(
        "import time\nchildren = 0\ntry:\n  while children < 60:\n    if os.fork() == 0: time.sleep(600)\n    children += 1\n\
         except BlockingIOError: pass\nprint(children)\nsys.stdout.flush()\nos.killpg(0, 9)",
    );
    with_launcher(Policy::Any, async |launcher| {
        let is_root = geteuid().is_root();
        let limits = Limits { processes: Some(if is_root { 20 } else { 1 }), ..Limits::default() };
        // What one has left behind, and nobody has reaped yet, still counts for its user.
        let user = |uid| is_root.then(|| Identity { uid, ..stranger() });
        let terms = |uid, confinement| Terms { identity: user(uid), confinement, ..Terms::default() };
        let ran = async |terms, limits| run(&launcher, &program, &[], &terms, limits).await.expect("it starts").stdout;
        let off = ran(terms(54322, Confinement::OFF), Limits::default()).await;
        assert_eq!(off.trim(), "60");
        let strict = ran(terms(54323, Confinement::strict()), limits).await;
        assert!(strict.trim().parse::<u32>().expect("a number") < 20, "{strict}");
    });
}

fn strict_has_a_tmp_of_its_own() {
    let name = format!("/tmp/htbin-private-{}", std::process::id());
    let body = format!("told(lambda: open({name:?}, 'x').close())\nprint(len(os.listdir('/run')))");
    let place = Place::new();
    with_launcher(Policy::Any, async |launcher| {
        for terms in each_terms(&Confinement::strict()) {
            // A second one finds nothing of the first.
            for _ in 0..2 {
                let program = place.python(&body);
                let ran = run(&launcher, &program, &[], &terms, Limits::default()).await.expect("it starts");
                assert!(!fs::exists(&name).expect("/tmp can be read"));
                if Kernel::probe().namespaces {
                    assert_eq!(ran.stdout, "done\n", "{ran:?}");
                } else {
                    assert!(ran.stdout.starts_with("EACCES\n"), "{ran:?}");
                }
                // Not even a look at /run.
                assert!(ran.stderr.contains("PermissionError"), "{ran:?}");
            }
        }
    });
}

fn strict_sees_no_other_process() {
    if !Kernel::probe().namespaces {
        return;
    }
    let body = "print(os.getpid(), os.getppid(), [name for name in os.listdir('/proc') if name.isdigit()])";
    let place = Place::new();
    with_launcher(Policy::Any, async |launcher| {
        for terms in each_terms(&Confinement::strict()) {
            assert_eq!(say(&launcher, &place, body, &terms).await, "1 0 ['1']");
        }
    });
}

fn strict_reads_what_is_named_and_no_more() {
    let place = Place::new();
    let [named, other] = ["named", "other"].map(|name| place.path().join(name));
    for path in [&named, &other] {
        fs::write(path, "secret").expect("there is room");
    }
    let body =
        format!("N = '{}'\ntold(open, N); told(open, '{}'); told(open, N, 'a')", named.display(), other.display());
    with_launcher(Policy::Any, async |launcher| {
        for terms in each_terms(&Confinement { read: vec![named.clone()], ..Confinement::strict() }) {
            let said = say(&launcher, &place, &body, &terms).await;
            let said: Vec<&str> = said.lines().collect();
            assert_eq!(said[0], "done");
            // In a /tmp of its own there is no such file.
            assert!(["EACCES", "ENOENT"].contains(&said[1]) && ["EACCES", "EROFS"].contains(&said[2]), "{said:?}");
        }
    });
}

/// A /tmp of its own is no way around the real one's permissions.
fn strict_passes_no_closed_directory() {
    let place = Place::new();
    let closed = place.path().join("closed");
    fs::create_dir(&closed).expect("there is room");
    fs::write(closed.join("file"), "secret").expect("there is room");
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).expect("it is ours");
    let body = format!("told(open, '{}/file')", closed.display());
    with_launcher(Policy::Any, async |launcher| {
        let confinement = Confinement { read: vec![closed.join("file")], ..Confinement::strict() };
        let terms = Terms { identity: Some(stranger()), confinement, ..Terms::default() };
        assert_eq!(say(&launcher, &place, &body, &terms).await, "EACCES");
    });
}

fn strict_mounts_nothing() {
    // In namespaces of its own, where it does no harm when it gets through.
    let body = "told(call, 'unshare', 0x20000)\ntold(call, 'mount', b'none', b'/mnt', b'tmpfs', 0, None)";
    let place = Place::new();
    with_launcher(Policy::Any, async |launcher| {
        if Kernel::probe().namespaces {
            let body = body.replace("\ntold", "\ncall('mount', b'none', b'/', None, 0x44000, None)\ntold");
            assert_eq!(say(&launcher, &place, &body, &Terms::default()).await, "done\ndone");
        }
        for level in [Level::Standard, Level::Strict] {
            for terms in each_terms(&confinement(level)) {
                assert_eq!(say(&launcher, &place, body, &terms).await, "EPERM\nEPERM", "{level:?}");
            }
        }
    });
}

fn strict_makes_no_namespaces() {
    let body = "told(call, 'unshare', 0x10000000)\nimport ctypes\n\
                told(call, 'syscall', ctypes.c_long(56 if os.uname().machine == 'x86_64' else 220), 0x10000011, 0, 0, 0, 0)\n\
                told(call, 'syscall', ctypes.c_long(435), 0, 0)\n\
                told(call, 'syscall', ctypes.c_long(425), 1, 0)";
    let place = Place::new();
    with_launcher(Policy::Any, async |launcher| {
        for level in [Level::Standard, Level::Strict] {
            for terms in each_terms(&confinement(level)) {
                assert_eq!(say(&launcher, &place, body, &terms).await, "EPERM\nEPERM\nENOSYS\nEPERM", "{level:?}");
            }
        }
    });
}

fn strict_has_no_special_rights() {
    let body = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith(('CapPrm', 'CapEff', 'CapBnd', 'CapInh', 'CapAmb'))])";
    let none = format!("{:?}", ["0000000000000000"; 5]).replace('"', "'");
    let place = Place::new();
    with_launcher(Policy::Any, async |launcher| {
        assert_ne!(say(&launcher, &place, body, &Terms::default()).await, none);
        for terms in each_terms(&Confinement::strict()) {
            assert_eq!(say(&launcher, &place, body, &terms).await, none);
        }
    });
}

/// A process of this user that does nothing.
struct Victim(Child);

impl Victim {
    fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test needs somebody to attack")]
        let mut command = std::process::Command::new("/bin/sleep");
        Self(command.arg("600").spawn().expect("it starts"))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
