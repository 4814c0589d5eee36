//! Warm interpreters keep to the terms of the scripts they run.

use std::{os::unix::ffi::OsStrExt, path::Path, sync::Arc, time::Duration};

use htbin_spawn::{
    Confinement, Identity, Launcher, Level, Limits, Order, Policy, Start, Starter, Stdin, Terms, warm::Settings,
};
use tokio::{io::AsyncReadExt, time::timeout};

use crate::case::{PATIENCE, Place, cases, confinement, stranger, with_launcher};

cases![
    Root: each_user_has_an_interpreter_of_its_own;
    Both: a_warm_script_is_confined_and_a_strict_one_is_cold
];

fn starter(launcher: Arc<Launcher>) -> Starter {
    let settings = Settings {
        spares: 1,
        interpreters_max: 4,
        idle_time: Duration::from_secs(600),
        memory_bytes_max: 1 << 30,
        start_wait: PATIENCE,
        preload_all: false,
        preload: Vec::new(),
        environment: ENVIRONMENT.to_vec(),
        new_privileges: false,
    };
    Starter::new(launcher, Some(settings))
}

async fn say(starter: &Starter, program: &Path, terms: &Terms) -> (String, Start) {
    let octets = program.as_os_str().as_bytes();
    let order = Order {
        program: octets,
        arguments: &[octets],
        environment: ENVIRONMENT,
        directory: program.parent().expect("it lies somewhere").as_os_str().as_bytes(),
        limits: Limits::default(),
        new_privileges: false,
        terms,
    };
    let (script, start) = starter.start(&order, octets, Stdin::Empty).await.expect("it starts");
    let mut parts = script.into_parts();
    let mut said = String::new();
    let read = parts.stdout.read_to_string(&mut said);
    timeout(PATIENCE, read).await.expect("it ends in time").expect("it can be read");
    timeout(PATIENCE, parts.process.exited()).await.expect("it ends in time");
    (said, start)
}

fn each_user_has_an_interpreter_of_its_own() {
    let place = Place::new();
    let program = place
        .program("a.py", "#!/usr/bin/python3\nimport os\nprint(os.getresuid(), os.getgroups(), oct(os.umask(0)))\n");
    with_launcher(Policy::Any, async |launcher| {
        let starter = starter(launcher);
        for uid in [54321, 54322, 54321] {
            let identity = Some(Identity { uid, ..stranger() });
            let terms = Terms { identity, umask: Some(0o77), ..Terms::default() };
            let expected = format!("({uid}, {uid}, {uid}) [54321] 0o77\n");
            assert_eq!(say(&starter, &program, &terms).await, (expected, Start::Warm));
        }
        assert_eq!(starter.interpreters().len(), 2);
        starter.stop();
    });
}

fn a_warm_script_is_confined_and_a_strict_one_is_cold() {
    let place = Place::new();
    let program = place.program(
        "a.py",
        "#!/usr/bin/python3\n\
         import ctypes\n\
         print(ctypes.CDLL(None, use_errno=True).unshare(0x10000000), ctypes.get_errno())\n",
    );
    with_launcher(Policy::Any, async |launcher| {
        let starter = starter(launcher);
        for (level, expected) in [(Level::Standard, Start::Warm), (Level::Strict, Start::Cold)] {
            let terms = Terms { confinement: confinement(level), ..Terms::default() };
            assert_eq!(say(&starter, &program, &terms).await, ("-1 1\n".to_owned(), expected), "{level:?}");
        }
        let off = Terms { confinement: Confinement::OFF, ..Terms::default() };
        assert_eq!(say(&starter, &program, &off).await.1, Start::Warm);
        assert_eq!(starter.interpreters().len(), 2);
        starter.stop();
    });
}

const ENVIRONMENT: &[u8] = b"PATH=/usr/bin:/bin\0";
