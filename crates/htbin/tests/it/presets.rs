//! Presets, each with the program of its Debian package, asked for what its pages say.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::Command,
};

use crate::{
    process::{run, run_ok},
    server::Server,
    site::Site,
};

/// The server of a configuration in which the site lies where it says `@`.
fn serve(site: &Site, text: &str) -> Server {
    Server::configured(site, &text.replace('@', site.root().to_str().unwrap()))
}

/// What somebody gets who asks for a path and follows where it leads, within the server.
#[track_caller]
fn page(server: &Server, path: &str) -> String {
    let reply = server.get(path);
    let location = reply.field("Location").map(str::to_owned);
    match location.filter(|_| (300..400).contains(&reply.status)) {
        Some(location) => {
            let path = location.split_once("://").map_or(&*location, |(_, rest)| &rest[rest.find('/').unwrap()..]);
            server.get(path).expect(200).text()
        }
        None => reply.expect(200).text(),
    }
}

#[track_caller]
fn assert_says(server: &Server, path: &str, words: &str) {
    let text = page(server, path);
    assert!(text.contains(words), "{path} does not say {words}:\n{text}");
}

fn git(directory: &Path, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main"]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
    for name in ["http_proxy", "https_proxy", "all_proxy", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    run_ok(command.args(words).current_dir(directory))
}

/// A repository that the user who serves may write to: `git/project.git` of the site.
fn with_repository(site: Site) -> Site {
    let site = site.directory("git", 0o755);
    let work = tempfile::tempdir().unwrap();
    git(work.path(), &["init", "-q", "."]);
    fs::write(work.path().join("file.txt"), "the first version\n").unwrap();
    git(work.path(), &["add", "."]);
    git(work.path(), &["commit", "-qm", "a first commit"]);
    git(&site.path("git"), &["clone", "-q", "--bare", work.path().to_str().unwrap(), "project.git"]);
    git(&site.path("git/project.git"), &["config", "http.receivepack", "true"]);
    give_away(&site.path("git"));
    site
}

/// As root, everything below is nobody's, whom the server becomes.
fn give_away(path: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    for entry in walkdir::WalkDir::new(path) {
        chown(entry.unwrap().path(), Some(65534), Some(65534)).unwrap();
    }
}

#[test]
fn git_clones_and_pushes() {
    ours_only!();
    let site = with_repository(Site::new());
    let route = "[[route]]\npath = \"/git\"\npreset = \"git\"\nrepositories = \"git\"\n";
    let server = serve(&site, &format!("{route}export-all = true\n"));
    let work = tempfile::tempdir().unwrap();
    git(work.path(), &["clone", "-q", &server.url("/git/project.git"), "copy"]);
    let copy = work.path().join("copy");
    assert_eq!(fs::read_to_string(copy.join("file.txt")).unwrap(), "the first version\n");
    fs::write(copy.join("file.txt"), "the second version\n").unwrap();
    git(&copy, &["commit", "-qam", "a second commit"]);
    git(&copy, &["push", "-q", "origin", "HEAD"]);
    git(work.path(), &["clone", "-q", &server.url("/git/project.git"), "other"]);
    assert_eq!(fs::read_to_string(work.path().join("other/file.txt")).unwrap(), "the second version\n");

    // Without the key, git alone says what is for everybody.
    let server = serve(&site, route);
    assert_eq!(server.get("/git/project.git/info/refs?service=git-upload-pack").status, 404);
    fs::write(site.path("git/project.git/git-daemon-export-ok"), "").unwrap();
    assert_eq!(server.get("/git/project.git/info/refs?service=git-upload-pack").status, 200);
}

#[test]
fn gitweb_and_cgit_show_repositories() {
    ours_only!();
    let site = with_repository(Site::new());
    let root = site.root().to_str().unwrap().to_owned();
    let site = site
        .file("gitweb.conf", format!("$projectroot = \"{root}/git\";\n"))
        .file("cgitrc", format!("css=/cgit-css/cgit.css\nscan-path={root}/git\n"));
    let server = serve(
        &site,
        "[[route]]\npath = \"/gitweb\"\npreset = \"gitweb\"\nconfiguration = \"gitweb.conf\"\n\
         [[route]]\npath = \"/cgit\"\npreset = \"cgit\"\nconfiguration = \"cgitrc\"\n",
    );
    assert_says(&server, "/gitweb", "project.git");
    assert_says(&server, "/gitweb/?p=project.git;a=log", "a first commit");
    assert_says(&server, "/gitweb/static/gitweb.css", "font-family");
    assert_says(&server, "/cgit/", "project.git");
    assert_says(&server, "/cgit/project.git/log/", "a first commit");
    assert_says(&server, "/cgit-css/cgit.css", "div#cgit");
}

#[test]
fn awstats_shows_statistics() {
    ours_only!();
    let line = "192.0.2.1 - - [21/Nov/2025:10:00:00 +0000] \"GET /page.html HTTP/1.1\" 200 5 \"-\" \"Mozilla/5.0\"\n";
    let site = Site::new().directory("stats", 0o777).file("access.log", line.repeat(3));
    let root = site.root().to_str().unwrap().to_owned();
    let config = format!(
        "LogFile=\"{root}/access.log\"\nLogFormat=1\nSiteDomain=\"www.example.org\"\nDNSLookup=0\n\
         DirData=\"{root}/stats\"\nDirIcons=\"/awstats-icon\"\nAllowToUpdateStatsFromBrowser=1\n"
    );
    let site = site.file("awstats.site.conf", config);
    let server = serve(&site, "[[route]]\npath = \"/stats\"\npreset = \"awstats\"\nconfiguration = \".\"\n");
    assert_says(
        &server,
        &format!("/stats?configdir={root}&config=site&update=1&framename=mainright"),
        "www.example.org",
    );
    assert_says(
        &server,
        &format!("/stats?configdir={root}&config=site&month=11&year=2025&framename=mainright"),
        "Statistics for www.example.org (2025-11)",
    );
    assert!(site.path("stats/awstats112025.site.txt").exists(), "the log was not read");
    server.get("/awstats-icon/other/awstats_logo6.png").expect(200);
    let other = server.get(&format!("/stats?configdir={root}/stats&config=site")).text();
    assert!(other.contains("configdir"), "another directory is read: {other}");
}

#[test]
fn nagios_shows_its_pages() {
    ours_only!();
    let site = Site::new();
    let server = serve(&site, "[[route]]\npath = \"/nagios4\"\npreset = \"nagios\"\n");
    assert_says(&server, "/nagios4/", "Nagios Core");
    assert_says(&server, "/nagios4/main.php", "Version 4");
    assert_says(&server, "/nagios4/stylesheets/common.css", "font");
    assert_says(&server, "/cgi-bin/nagios4/tac.cgi", "Tactical Monitoring Overview");
    assert_says(&server, "/nagios4/cgi-bin/status.cgi", "Current Network Status");
    assert_ne!(server.get("/nagios4/includes/utils.inc.php").text().get(..5), Some("<?php"));
}

#[test]
fn mapserver_draws() {
    ours_only!();
    let map = "MAP\nNAME \"x\"\nSIZE 20 10\nEXTENT 0 0 20 10\nIMAGETYPE PNG\nEND\n";
    let site = Site::new().file("x.map", map);
    let root = site.root().to_str().unwrap().to_owned();
    let site = site.file("ms.conf", format!("CONFIG\nENV\nMS_MAP_PATTERN \"^{root}/\"\nEND\nEND\n"));
    let server = serve(&site, "[[route]]\npath = \"/map\"\npreset = \"mapserver\"\nconfiguration = \"ms.conf\"\n");
    assert_says(&server, "/map", "No query information to decode");
    let reply = server.get(&format!("/map?map={root}/x.map&mode=map")).expect(200);
    assert_eq!(reply.field("Content-Type"), Some("image/png"));
    assert!(reply.body.starts_with(b"\x89PNG"));
}

#[test]
fn fossil_shows_a_repository() {
    ours_only!();
    let site = Site::new().directory("fossil", 0o777);
    let mut init = Command::new("fossil");
    run_ok(
        init.args(["init", "p.fossil"]).current_dir(site.path("fossil")).env("HOME", site.root()).env("USER", "ada"),
    );
    give_away(&site.path("fossil"));
    let root = site.root().to_str().unwrap().to_owned();
    let site = site.file("p.cgi", format!("repository: {root}/fossil/p.fossil\n"));
    let server = serve(&site, "[[route]]\npath = \"/p\"\npreset = \"fossil\"\nconfiguration = \"p.cgi\"\n");
    assert_says(&server, "/p/timeline", "initial empty check-in");
    // What it builds its links from.
    assert_says(&server, "/p/timeline", "/p/style.css");
}

#[test]
fn hg_shows_repositories_and_is_cloned() {
    ours_only!();
    let site = Site::new().directory("hg/one", 0o755);
    let hg = |directory: &Path, words: &[&str]| {
        let mut command = Command::new("hg");
        command.env("HGRCPATH", "").env("HGUSER", "ada").env("HGPLAIN", "1");
        run_ok(command.args(["--config", "http_proxy.always=false"]).args(words).current_dir(directory))
    };
    let one = site.path("hg/one");
    hg(&one, &["init", "."]);
    fs::write(one.join("a.txt"), "hello\n").unwrap();
    hg(&one, &["commit", "--addremove", "-m", "a first change"]);
    fs::set_permissions(one.join(".hg"), fs::Permissions::from_mode(0o755)).unwrap();
    give_away(&site.path("hg"));
    let server = serve(
        &site,
        "[[route]]\npath = \"/all\"\npreset = \"hg\"\nrepositories = \"hg\"\n\
         [[route]]\npath = \"/one\"\npreset = \"hg\"\nrepositories = \"hg/one\"\n",
    );
    assert_says(&server, "/all", "Mercurial repositories index");
    assert_says(&server, "/all/one", "a first change");
    assert_says(&server, "/one", "a first change");
    let work = tempfile::tempdir().unwrap();
    hg(work.path(), &["clone", &server.url("/one"), "copy"]);
    assert_eq!(fs::read_to_string(work.path().join("copy/a.txt")).unwrap(), "hello\n");
}

#[test]
fn php_runs_and_all_else_is_a_file() {
    ours_only!();
    let tell = "<?php echo $_SERVER['SCRIPT_NAME'], ' ', $_SERVER['PATH_INFO'] ?? '-', ' ', $_GET['a'] ?? '-';";
    let site = Site::new()
        .file("app/index.php", tell)
        .file("app/deep/index.php", tell)
        .script("app/picture.svg", "<svg/>")
        .script("app/tool.sh", "#!/bin/sh\necho ran\n")
        .file("app/index.php.bak", "<?php secret();")
        .file("other/index.php", "<?php secret();")
        .file("b/index.php", tell);
    let server = serve(
        &site,
        "[[host]]\n[[host.route]]\npath = \"/app\"\nfiles = \"app\"\npreset = \"php\"\n\
         [[host.route]]\npath = \"/files\"\nfiles = \"other\"\n\
         [[host]]\nname = \"b.test\"\ndirectory = \"b\"\n[[host.route]]\npreset = \"php\"\n",
    );
    assert_says(&server, "/app", "/app/index.php - -");
    assert_says(&server, "/app/?a=1", "/app/index.php - 1");
    assert_says(&server, "/app/deep/index.php/x?a=2", "/app/deep/index.php /x 2");
    // Executable, and yet no script.
    assert_says(&server, "/app/picture.svg", "<svg/>");
    for path in ["/app/tool.sh", "/app/index.php.bak", "/files/index.php"] {
        let reply = server.get(path);
        assert!(reply.status == 403 && !reply.text().contains("secret"), "{path}: {}", reply.text());
    }
    let reply = server.request("GET", "/", &[("Host", "b.test")], b"").expect(200);
    assert_eq!(reply.text(), "/index.php - -");
}

#[test]
fn what_the_route_says_counts_before_the_preset() {
    ours_only!();
    let script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s %s' \"$GIT_PROJECT_ROOT\" \"$1\"\n";
    let site = Site::new().script("own", script);
    let text = "[[route]]\npath = \"/git\"\npreset = \"git\"\nprogram = \"./own\"\narguments = [\"--own\"]\n\
                env = { GIT_PROJECT_ROOT = \"/elsewhere\" }\n";
    assert_eq!(serve(&site, text).get("/git/x").expect(200).text(), "/elsewhere --own");
}

#[test]
fn what_is_wrong_with_a_preset_is_told() {
    ours_only!();
    for (route, told) in [
        ("preset = \"git\"", "it needs 'path'"),
        ("path = \"/git\"\npreset = \"git\"", "it needs 'repositories'"),
        ("path = \"/git\"\npreset = \"git\"\nrepositories = \"none\"", "is no directory"),
        ("path = \"/a\"\npreset = \"gut\"", "unknown variant"),
        ("path = \"/a\"\nrepositories = \".\"\nfiles = \".\"", "it goes with 'preset'"),
        ("path = \"/a\"\npreset = \"cgit\"\nexport-all = true", "it is git's"),
        ("path = \"/a\"\npreset = \"fossil\"", "repository: /srv/project.fossil"),
        ("path = \"/a\"\npreset = \"hg\"\nredirect = \"/b\"", "make a route of its own"),
        ("path = \"/a\"\nfiles = \".\"\narguments = \"x\"", "it goes with 'program'"),
    ] {
        let site = Site::new().file("a.toml", format!("[[route]]\n{route}\n"));
        let mut check = Command::new(env!("CARGO_BIN_EXE_htbin"));
        let output = run(check.args(["check", "a.toml"]).current_dir(site.root()));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(78) && said.contains(told), "{route}: {said}");
    }
    // Where the program is missing, the package is named.
    let site = Site::new().file("a.toml", "[[route]]\npath = \"/a\"\nfiles = \".\"\npreset = \"php\"\n");
    let mut check = Command::new(env!("CARGO_BIN_EXE_htbin"));
    let output = run(check.args(["check", "a.toml"]).env("PATH", "/nonexistent").current_dir(site.root()));
    assert!(String::from_utf8_lossy(&output.stderr).contains("apt install php-cgi"), "{output:?}");
}
