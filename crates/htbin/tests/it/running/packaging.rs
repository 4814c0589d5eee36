//! What packaging/ holds: the unit, the configuration, the rotation of logs.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::geteuid;

use super::{Service, until};
use crate::{
    process::{run, run_ok},
    site::Site,
};

fn packaged(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(name);
    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// The unit in a folder of its own, with the program that is under test.
fn unit(place: &Site) -> PathBuf {
    let text = packaged("htbin.service").replace("/usr/bin/htbin", env!("CARGO_BIN_EXE_htbin"));
    let path = place.root().join("htbin.service");
    fs::write(&path, text).unwrap();
    path
}

/// The package makes a user; here somebody has to do who is there.
fn user() -> String {
    let name = if geteuid().is_root() { "nobody".to_owned() } else { run_ok(Command::new("id").arg("-un")) };
    format!("user = '{}'", name.trim())
}

#[test]
fn systemd_understands_the_unit() {
    ours_only!();
    let place = Site::new();
    fs::write(place.root().join("htbin.socket"), packaged("examples/htbin.socket")).unwrap();
    for unit in [unit(&place), place.root().join("htbin.socket")] {
        let output = run(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit));
        let told = String::from_utf8_lossy(&output.stderr);
        let about_us: Vec<_> = told.lines().filter(|line| line.contains("htbin.")).collect();
        assert!(output.status.success() && about_us.is_empty(), "{told}");
    }
}

#[test]
fn the_unit_exposes_no_more_than_was_measured() {
    ours_only!();
    let place = Site::new();
    let mut analyze = Command::new("systemd-analyze");
    let told = run_ok(analyze.args(["security", "--offline=true", "--no-pager"]).arg(unit(&place)));
    let level = told.split("Overall exposure level for htbin.service: ").nth(1).unwrap_or_else(|| panic!("{told}"));
    let level: f64 = level.split(' ').next().unwrap().parse().unwrap();
    // 3.6 with systemd 252; each version counts a little differently.
    assert!(level <= 3.9, "{told}");
}

#[test]
fn the_configurations_are_good_ones() {
    ours_only!();
    for (name, directory) in [("htbin.toml", "/var/www/html"), ("docker.toml", "/srv/www")] {
        let place = Site::new();
        let text = packaged(name);
        assert!(text.contains(&format!("directory = \"{directory}\"")), "{text}");
        let text = text.replace(&format!("\"{directory}\""), &format!("'{}'", place.root().display()));
        let text = text.replace("user = \"htbin\"", &user());
        fs::write(place.root().join("htbin.toml"), text).unwrap();
        let mut check = Command::new(env!("CARGO_BIN_EXE_htbin"));
        let told = run_ok(check.arg("check").arg(place.root().join("htbin.toml")));
        assert!(told.contains("8000"), "{told}");
    }
}

/// What stands behind `#` in the example holds as well.
#[test]
fn what_the_example_leaves_out_could_be_said() {
    ours_only!();
    let place = Site::new();
    for folder in ["srv/www", "conf.d"] {
        fs::create_dir_all(place.root().join(folder)).unwrap();
    }
    let root = place.root().display().to_string();
    let is_key =
        |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let lines = packaged("htbin.toml");
    let lines = lines.lines().map(|line| line.strip_prefix('#').filter(|rest| is_key(rest)).unwrap_or(line));
    let (mut top, mut hosts) = (String::new(), String::new());
    for line in lines {
        let line = line.replace("/var/www/html", &root).replace("/srv/www", &format!("{root}/srv/www"));
        let line = line.replace("/usr/lib/git-core/git-http-backend", "/bin/sh");
        let line = line.replace("user = \"htbin\"", &user());
        // Files that no test has.
        let line = match line.split(" = ").next() {
            Some("certificate") => String::new(),
            Some("key") => "self-signed = true".to_owned(),
            _ => line,
        };
        let is_top = hosts.is_empty() && !line.starts_with('[') || line.starts_with("include");
        let part = if is_top { &mut top } else { &mut hosts };
        part.push_str(&line);
        part.push('\n');
    }
    fs::write(place.root().join("htbin.toml"), format!("{top}{hosts}")).unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_htbin"));
    let told = run_ok(check.arg("check").arg(place.root().join("htbin.toml")));
    assert!(told.contains("www.example.org") && told.contains("/git"), "{told}");
}

#[test]
fn logrotate_rotates_without_losing_a_line() {
    ours_only!();
    if !geteuid().is_root() {
        return;
    }
    // Where only root may write, as in /var/log/htbin.
    let place = tempfile::tempdir_in("/run").unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let log = place.path().join("access.log");
    let service = Service::new(&format!("listen = '127.0.0.1:0'\naccess-log = '{}'", log.display()));
    let server = service.go();
    let signal = format!("kill -USR1 {}", server.pid());
    let rules = packaged("htbin.logrotate")
        .replace("/var/log/htbin", place.path().to_str().unwrap())
        .replace("create 0640 htbin adm", "create 0640 nobody adm")
        .replace("systemctl kill --kill-whom=main --signal=USR1 htbin.service", &signal);
    assert!(rules.contains(&signal) && rules.contains("nobody"), "{rules}");
    let file = place.path().join("rules");
    fs::write(&file, rules).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    server.get("/a.txt?before").expect(200);
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    until("told", || read(&log).contains("before"));
    run_ok(Command::new("logrotate").arg("--force").arg("--state").arg(place.path().join("state")).arg(&file));
    server.events.with("the access log is open again");
    server.get("/a.txt?after").expect(200);
    until("told in the new file", || read(&log).contains("after"));
    assert!(read(&place.path().join("access.log.1")).contains("before") && !read(&log).contains("before"));
}
