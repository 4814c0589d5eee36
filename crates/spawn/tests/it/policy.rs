//! The launcher refuses what its policy does not permit, whoever asks and after whatever happened.

use std::{fs, os::unix::fs::symlink, path::Path, sync::Arc};

use htbin_spawn::{Exit, Identity, LaunchError, Launcher, Limits, Policy, Stage, Terms, Users, owner::Minimum};
use rustix::{
    io::Errno,
    process::{Uid, geteuid},
};

use crate::case::{NOBODY, PATIENCE, Place, Ran, cases, run, stranger, with_launcher};

cases![
    Root: users_that_are_not_permitted_are_refused, owners_are_permitted_their_own_programs,
        a_server_that_left_root_keeps_its_launcher, a_script_of_another_user_is_ended;
    Both: programs_that_are_not_permitted_are_refused, a_new_launcher_has_the_same_policy
];

const PROGRAM: &str = "#!/bin/sh\nid -u\n";

async fn launch(launcher: &Arc<Launcher>, program: &Path, terms: &Terms) -> Result<Ran, LaunchError> {
    run(launcher, program, &[], terms, Limits::default()).await
}

fn is_refused(ran: &Result<Ran, LaunchError>) -> bool {
    matches!(ran, Err(LaunchError::Failed { stage: Stage::Policy, errno: Errno::PERM }))
}

fn only(programs: &[&Path], users: &[Users]) -> Policy {
    Policy::Only { programs: programs.iter().map(|path| (*path).to_owned()).collect(), users: users.to_vec() }
}

fn programs_that_are_not_permitted_are_refused() {
    let place = Place::new();
    let program = place.program("a", PROGRAM);
    let outside = place.path().join("outside");
    fs::copy(&program, &outside).expect("there is room");
    symlink(&outside, place.site().join("link")).expect("there is room");
    let beside = place.path().join("site-too");
    fs::create_dir(&beside).expect("there is room");
    fs::copy(&program, beside.join("a")).expect("there is room");
    let switched = place.path().join("switched");
    symlink(place.site(), &switched).expect("there is room");
    let exact = Path::new("/bin/true");
    with_launcher(only(&[&switched, exact], &[Users::Own]), async |launcher| {
        let dots = place.site().join("../outside");
        // What a path means to a launcher, whose directory is another, need not be what it means to a program.
        let by_directory = Path::new("/proc/self/cwd").join(program.strip_prefix("/").expect("it is absolute"));
        let from_elsewhere = place.path().join("elsewhere");
        symlink(&program, &from_elsewhere).expect("there is room");
        for refused in [
            &outside,
            &place.site().join("link"),
            &dots,
            &by_directory,
            &from_elsewhere,
            &beside.join("a"),
            Path::new("/bin/sh"),
        ] {
            let ran = launch(&launcher, refused, Terms::ORDINARY).await;
            assert!(is_refused(&ran), "{}: {ran:?}", refused.display());
        }
        for permitted in [&program, &switched.join("a"), exact] {
            launch(&launcher, permitted, Terms::ORDINARY).await.expect("it is permitted");
        }
        // The site is switched to another directory.
        fs::remove_file(&switched).expect("it is ours");
        symlink(&beside, &switched).expect("there is room");
        launch(&launcher, &switched.join("a"), Terms::ORDINARY).await.expect("it is permitted");
        let ran = launch(&launcher, &program, Terms::ORDINARY).await;
        assert!(is_refused(&ran), "{ran:?}");
    });
}

fn users_that_are_not_permitted_are_refused() {
    let place = Place::new();
    let program = place.program("a", PROGRAM);
    let users = [Users::One(stranger()), Users::From(Minimum { uid: 60_000, gid: 60_000 })];
    with_launcher(only(&[&place.site()], &users), async |launcher| {
        let as_who = |uid: u32, gid: u32, groups: &[u32]| Terms {
            identity: Some(Identity { uid, gid, groups: groups.to_vec() }),
            ..Terms::default()
        };
        let own = launch(&launcher, &program, Terms::ORDINARY).await;
        assert!(is_refused(&own), "{own:?}");
        for (uid, gid, groups) in [
            (0, 0, &[][..]),
            (54321, 54321, &[54321, 42]),
            (54321, 0, &[]),
            (NOBODY, NOBODY, &[0]),
            (NOBODY, 1, &[]),
            (u32::MAX, NOBODY, &[]),
        ] {
            let ran = launch(&launcher, &program, &as_who(uid, gid, groups)).await;
            assert!(is_refused(&ran), "{uid} {gid} {groups:?}: {ran:?}");
        }
        for (uid, gid, groups) in [(54321, 54321, &[54321][..]), (NOBODY, NOBODY, &[])] {
            let ran = launch(&launcher, &program, &as_who(uid, gid, groups)).await.expect("it is permitted");
            assert_eq!(ran.stdout, format!("{uid}\n"));
        }
    });
}

fn owners_are_permitted_their_own_programs() {
    let place = Place::new();
    let program = place.program("a", PROGRAM);
    let users = [Users::Owner(Minimum::default())];
    with_launcher(only(&[&place.site()], &users), async |launcher| {
        let terms = |uid| Terms { identity: Some(Identity { uid, ..stranger() }), ..Terms::default() };
        let ran = launch(&launcher, &program, &terms(54321)).await;
        assert!(is_refused(&ran), "{ran:?}");
        for path in [&program, &place.site()] {
            std::os::unix::fs::chown(path, Some(54321), Some(54321)).expect("root may");
        }
        assert_eq!(launch(&launcher, &program, &terms(54321)).await.expect("it is permitted").stdout, "54321\n");
        let ran = launch(&launcher, &program, &terms(54322)).await;
        assert!(is_refused(&ran), "{ran:?}");
    });
}

/// Waits until another launcher has taken the place of this one.
async fn replaced(launcher: &Arc<Launcher>, old: u32) {
    let start = std::time::Instant::now();
    while launcher.pid() == old {
        assert!(start.elapsed() < PATIENCE, "there is no new launcher");
        tokio::task::yield_now().await;
    }
}

fn a_new_launcher_has_the_same_policy() {
    let place = Place::new();
    let program = place.program("a", PROGRAM);
    with_launcher(only(&[&place.site()], &[Users::Own]), async |launcher| {
        let old = launcher.pid();
        let pid = rustix::process::Pid::from_raw(old as i32).expect("it has a number");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
        replaced(&launcher, old).await;
        let ran = launch(&launcher, Path::new("/bin/true"), Terms::ORDINARY).await;
        assert!(is_refused(&ran), "{ran:?}");
        launch(&launcher, &program, Terms::ORDINARY).await.expect("it is permitted");
    });
}

/// Leaves root, as the server does once its sockets are open.
fn leave_root(place: &Place) {
    // Who leaves root still has to tidy up.
    for path in [place.path(), &place.site()] {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
    }
    let uid = Uid::from_raw(NOBODY);
    rustix::thread::set_thread_res_uid(uid, uid, uid).expect("root may");
    assert!(!geteuid().is_root());
}

fn a_server_that_left_root_keeps_its_launcher() {
    let place = Place::new();
    let program = place.program("a", PROGRAM);
    let kill = place.program("kill", "#!/bin/sh\nkill -9 \"$1\"\n");
    with_launcher(Policy::Any, async |launcher| {
        leave_root(&place);
        let stranger = Terms { identity: Some(stranger()), ..Terms::default() };
        for _ in 0..2 {
            assert_eq!(launch(&launcher, &program, &stranger).await.expect("it starts").stdout, "54321\n");
            assert_eq!(launch(&launcher, &program, Terms::ORDINARY).await.expect("it starts").stdout, "0\n");
            let old = launcher.pid();
            // The launcher may be dead before it can answer.
            let _ = run(&launcher, &kill, &[&old.to_string()], Terms::ORDINARY, Limits::default()).await;
            replaced(&launcher, old).await;
        }
    });
}

fn a_script_of_another_user_is_ended() {
    let place = Place::new();
    let program = place.program("a", "#!/bin/sh\necho ready\nsleep 600 &\nexec sleep 600\n");
    with_launcher(Policy::Any, async |launcher| {
        leave_root(&place);
        let terms = Terms { identity: Some(stranger()), ..Terms::default() };
        let octets = std::os::unix::ffi::OsStrExt::as_bytes(program.as_os_str());
        let order = htbin_spawn::Order {
            program: octets,
            arguments: &[octets],
            environment: b"PATH=/usr/bin:/bin\0",
            directory: b"/",
            limits: Limits::default(),
            new_privileges: false,
            terms: &terms,
        };
        let script = launcher.launch(&order, htbin_spawn::Stdin::Empty).await.expect("it starts");
        let mut parts = script.into_parts();
        let mut word = [0; 6];
        tokio::io::AsyncReadExt::read_exact(&mut parts.stdout, &mut word).await.expect("it says so");
        assert!(parts.process.ender().end());
        let exit = tokio::time::timeout(PATIENCE, parts.process.exited()).await.expect("it ends");
        assert_eq!(exit, Exit::Signal(15));
        // Its group has ended too: nobody holds the pipe.
        let mut rest = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut parts.stdout, &mut rest);
        tokio::time::timeout(PATIENCE, read).await.expect("it ends").expect("it can be read");
    });
}
