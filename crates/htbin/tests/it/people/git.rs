//! Case 10: clone from and push to `git http-backend`.

use std::{fs, os::unix::fs::chown, path::Path, process::Command};

use crate::{
    process::run_ok,
    server::{Server, Start},
    site::Site,
};

fn git(directory: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    for name in ["http_proxy", "https_proxy", "all_proxy", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    run_ok(
        command
            .args(["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main"])
            .args(["-c", "protocol.version=2", "-c", "core.compression=0", "-c", "gc.auto=0"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .current_dir(directory),
    )
}

/// A repository with many branches, so that what a clone asks for is large enough to be sent with gzip.
fn repository(projects: &Path) {
    let work = tempfile::tempdir().unwrap();
    git(work.path(), &["init", "-q", "."]);
    for number in 0..60 {
        fs::write(work.path().join("file.txt"), format!("version {number}\n")).unwrap();
        git(work.path(), &["add", "."]);
        git(work.path(), &["commit", "-qm", &format!("commit {number}")]);
        git(work.path(), &["branch", &format!("branch-{number}")]);
    }
    git(projects, &["clone", "-q", "--bare", work.path().to_str().unwrap(), "project.git"]);
    git(&projects.join("project.git"), &["config", "http.receivepack", "true"]);
}

fn give_to_nobody(path: &Path) {
    chown(path, Some(65534), Some(65534)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give_to_nobody(&entry.unwrap().path());
        }
    }
}

fn serve(site: &Site, projects: &Path) -> Server {
    let root = format!("GIT_PROJECT_ROOT={}", projects.display());
    let backend = format!("/git={}", "/usr/lib/git-core/git-http-backend");
    Start::new(site).flags(&["--cgi", &backend, "--env", &root, "--env", "GIT_HTTP_EXPORT_ALL=1"]).go()
}

#[test]
fn case_10_git_clones_and_pushes_30_mb() {
    ours_only!();
    let (site, projects, work) = (Site::new(), Site::new(), tempfile::tempdir().unwrap());
    repository(projects.root());
    if rustix::process::geteuid().is_root() {
        give_to_nobody(projects.root());
    }
    let server = serve(&site, projects.root());
    git(work.path(), &["clone", "-q", &server.url("/git/project.git"), "copy"]);
    let copy = work.path().join("copy");
    assert_eq!(fs::read_to_string(copy.join("file.txt")).unwrap(), "version 59\n");
    assert!(git(&copy, &["branch", "-r"]).contains("origin/branch-0"));

    // 30 MB that cannot be compressed; beyond 1 MB git sends the pack in chunks.
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    fs::write(copy.join("large.bin"), noise.take(30_000_000 / 8).flatten().collect::<Vec<u8>>()).unwrap();
    git(&copy, &["add", "."]);
    git(&copy, &["commit", "-qm", "large"]);
    git(&copy, &["push", "-q", "origin", "main"]);
    let pushed = git(&copy, &["rev-parse", "HEAD"]);
    assert_eq!(
        git(work.path(), &["ls-remote", &server.url("/git/project.git"), "main"]).split('\t').next(),
        Some(pushed.trim())
    );
    git(work.path(), &["clone", "-q", &server.url("/git/project.git"), "again"]);
    assert_eq!(fs::metadata(work.path().join("again/large.bin")).unwrap().len(), 30_000_000);
}
