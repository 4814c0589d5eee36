//! As whom a program runs, and how.

use std::{fs, path::PathBuf};

use htbin_spawn::{Confinement, Identity, LaunchError, Limits, Policy, Stage, Terms};
use rustix::io::Errno;

use crate::case::{Place, cases, run, say, stranger, with_launcher};

cases![
    Root: an_identity_is_assumed_for_good, an_impossible_identity_is_refused, a_directory_is_entered_as_the_user,
        a_program_starts_in_its_cgroup;
    Both: umask_and_niceness_are_set, what_cannot_be_assumed_is_told_by_its_stage
];

fn an_identity_is_assumed_for_good() {
    let place = Place::new();
    let body = "print(os.getresuid(), os.getresgid(), os.getgroups())\ntold(os.setuid, 0)\ntold(os.setgroups, [0])\n\
                open('/dev/stderr', 'w').close(); open('/dev/stdout', 'w').close()";
    with_launcher(Policy::Any, async |launcher| {
        let identity = Identity { groups: vec![54321, 54322], ..stranger() };
        let said = say(&launcher, &place, body, &Terms { identity: Some(identity), ..Terms::default() }).await;
        let ids = "(54321, 54321, 54321)";
        assert_eq!(said, format!("{ids} {ids} [54321, 54322]\nEPERM\nEPERM"));
        let said = say(&launcher, &place, "print(os.getuid())", Terms::ORDINARY).await;
        assert_eq!(said, "0");
    });
}

/// To setresuid the number -1 means "as it is", which is root.
fn an_impossible_identity_is_refused() {
    let place = Place::new();
    let program = place.program("a", "#!/bin/sh\nid -u\n");
    with_launcher(Policy::Any, async |launcher| {
        for (uid, gid, groups) in [(u32::MAX, 54321, vec![]), (54321, u32::MAX, vec![]), (54321, 54321, vec![u32::MAX])]
        {
            let terms = Terms { identity: Some(Identity { uid, gid, groups }), ..Terms::default() };
            let ran = run(&launcher, &program, &[], &terms, Limits::default()).await;
            assert!(matches!(ran, Err(LaunchError::Failed { stage: Stage::Identity, errno: Errno::INVAL })), "{ran:?}");
        }
    });
}

fn a_directory_is_entered_as_the_user() {
    let place = Place::new();
    let program = place.program("a", "#!/bin/sh\nid -u\n");
    fs::set_permissions(place.site(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("it is ours");
    with_launcher(Policy::Any, async |launcher| {
        let terms = Terms { identity: Some(stranger()), ..Terms::default() };
        let ran = run(&launcher, &program, &[], &terms, Limits::default()).await;
        assert!(matches!(ran, Err(LaunchError::Failed { stage: Stage::Directory, errno: Errno::ACCESS })), "{ran:?}");
    });
}

fn umask_and_niceness_are_set() {
    let place = Place::new();
    let body = "print(oct(os.umask(0)), os.getpriority(os.PRIO_PROCESS, 0))";
    with_launcher(Policy::Any, async |launcher| {
        let terms = Terms { umask: Some(0o27), nice: Some(11), ..Terms::default() };
        assert_eq!(say(&launcher, &place, body, &terms).await, "0o27 11");
        let both = Terms { confinement: Confinement::strict(), ..terms };
        assert_eq!(say(&launcher, &place, body, &both).await, "0o27 11");
        let ordinary = say(&launcher, &place, body, Terms::ORDINARY).await;
        assert!(!ordinary.ends_with(" 11"), "{ordinary}");
    });
}

fn what_cannot_be_assumed_is_told_by_its_stage() {
    let place = Place::new();
    let program = place.program("a", "#!/bin/sh\nid -u\n");
    let is_root = rustix::process::geteuid().is_root();
    with_launcher(Policy::Any, async |launcher| {
        let failed = async |terms: Terms| match run(&launcher, &program, &[], &terms, Limits::default()).await {
            Err(LaunchError::Failed { stage, errno }) => (stage, errno),
            other => panic!("{other:?}"),
        };
        let nowhere = Terms { cgroup: Some("/nowhere".into()), ..Terms::default() };
        assert_eq!(failed(nowhere).await, (Stage::Cgroup, Errno::NOENT));
        if !is_root {
            let other = Terms { identity: Some(stranger()), ..Terms::default() };
            assert_eq!(failed(other).await, (Stage::Identity, Errno::PERM));
            let impolite = Terms { nice: Some(-20), ..Terms::default() };
            assert_eq!(failed(impolite).await, (Stage::Limits, Errno::ACCESS));
        }
    });
}

fn a_program_starts_in_its_cgroup() {
    let mounts = fs::read_to_string("/proc/self/mounts").expect("/proc is there");
    let Some(root) = mounts.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let place = words.next()?;
        (words.next() == Some("cgroup2")).then(|| PathBuf::from(place))
    }) else {
        return;
    };
    let cgroup = root.join(format!("htbin-test-{}", std::process::id()));
    // Not every container lets its root make one.
    if fs::create_dir(&cgroup).is_err() {
        return;
    }
    let place = Place::new();
    let body = "print([line for line in open('/proc/self/cgroup') if line.startswith('0::')][0].strip())";
    with_launcher(Policy::Any, async |launcher| {
        let terms = Terms { cgroup: Some(cgroup.clone()), identity: Some(stranger()), ..Terms::default() };
        let said = say(&launcher, &place, body, &terms).await;
        let name = cgroup.file_name().expect("it has a name").to_string_lossy().into_owned();
        assert!(said.ends_with(&name), "{said}");
    });
    fs::remove_dir(&cgroup).expect("nobody is in it any more");
}
