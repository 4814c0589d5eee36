//! The server's own walls, and what goes on behind them: a launcher was there before.

use std::{fs, io::ErrorKind, path::Path, process::Command, sync::Arc};

use htbin_spawn::{Confinement, EarlyLauncher, Kernel, Launcher, Policy, Terms, sandbox::enclose};
use rustix::process::{Pid, Signal, kill_process};

use crate::case::{PATIENCE, Place, cases, in_runtime, say};

cases![
    Both: an_enclosed_server_keeps_to_its_files, an_enclosed_server_executes_nothing_and_scripts_run
];

fn denied(path: &Path) -> bool {
    matches!(fs::read(path).map_err(|error| error.kind()), Err(ErrorKind::PermissionDenied))
}

fn an_enclosed_server_keeps_to_its_files() {
    let place = Place::new();
    place.open_to_all();
    let [site, beside, data] = ["site", "beside", "data"].map(|name| place.path().join(name));
    let page = site.join("page");
    for path in [&beside, &page] {
        fs::write(path, "text").expect("there is room");
    }
    assert!(!denied(&beside) && !denied(Path::new("/etc/default/useradd")));
    let enclosed = move || {
        enclose(&[site], std::slice::from_ref(&data)).expect("the kernel can");
        assert!(denied(&beside) && denied(Path::new("/etc/shadow")) && denied(Path::new("/etc/default/useradd")));
        assert_eq!(fs::read_to_string(&page).expect("it is served"), "text");
        assert!(fs::write(&page, "other").is_err() && fs::write(beside.with_extension("new"), "").is_err());
        fs::write(data.join("log"), "line").expect("it may write there");
        fs::remove_file(data.join("log")).expect("it may remove what it wrote");
        // Threads that come later are behind the same walls.
        assert!(std::thread::spawn(move || denied(&beside)).join().expect("no panic"));
    };
    // In a thread: who removes the place at the end stays outside.
    std::thread::spawn(enclosed).join().expect("all of it holds");
}

fn an_enclosed_server_executes_nothing_and_scripts_run() {
    let place = Place::new();
    let early = EarlyLauncher::start_kept(Policy::Any).expect("a launcher starts");
    let namespaces = Kernel::probe().namespaces;
    #[expect(clippy::disallowed_methods, reason = "it is to fail")]
    let execute = || Command::new("/bin/true").status();
    assert!(execute().expect("it can as yet").success());
    // The test itself writes the scripts and removes them.
    enclose(&[], &["/tmp".into()]).expect("the kernel can");
    execute().expect_err("it cannot any more");
    in_runtime(early, async |launcher| {
        for _ in 0..2 {
            assert_eq!(say(&launcher, &place, "print('ran')", Terms::ORDINARY).await, "ran");
            let strict = Terms { confinement: Confinement::strict(), ..Terms::default() };
            let said = say(&launcher, &place, "print(os.getpid() == 1)", &strict).await;
            assert_eq!(said, if namespaces { "True" } else { "False" });
            lose(&launcher).await;
        }
    });
}

/// Ends the launcher, and waits for the one that takes its place.
async fn lose(launcher: &Arc<Launcher>) {
    let old = launcher.pid();
    let pid = Pid::from_raw(old.cast_signed()).expect("it has a number");
    kill_process(pid, Signal::KILL).expect("it is ours");
    let start = std::time::Instant::now();
    while launcher.pid() == old {
        assert!(start.elapsed() < PATIENCE, "there is no new launcher");
        tokio::task::yield_now().await;
    }
}
