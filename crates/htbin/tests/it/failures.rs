//! What a person who writes a script is told when it fails, and what nobody else is.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use serde_json::Value;

use crate::{
    client::Reply,
    process::run,
    scripts::{sh, text},
    server::Server,
    site::Site,
};

const JSON: (&str, &str) = ("Accept", "application/json");

fn json(reply: &Reply) -> Value {
    serde_json::from_str(&reply.text()).unwrap_or_else(|error| panic!("{error}: {}", reply.text()))
}

#[test]
fn the_page_has_the_fix_and_how_it_ran() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x.py", "#!/usr/bin/python3\nimport os\nimport no_such_module\n");
    let server = Server::start(&site);
    let body = b"name=Ada";
    let reply = server.request("POST", "/cgi-bin/x.py/more?a=b", &[JSON], body).expect(502);
    let told = json(&reply);
    assert_eq!(told["diagnosis"]["code"], "python-module-missing");
    assert_eq!(told["diagnosis"]["command"], "/usr/bin/python3 -m pip install no_such_module");
    assert_eq!(told["diagnosis"]["place"]["line"], 3);
    let faulty: Vec<_> =
        told["source"]["lines"].as_array().unwrap().iter().filter(|it| it["is_faulty"] == true).collect();
    assert_eq!(faulty[0]["text"], "import no_such_module");
    let facts = told["run"]["facts"].to_string();
    for fact in ["exit status 1", "/more is PATH_INFO", "8 octets on stdin", "as a new process"] {
        let is_warm = crate::subject::flags().contains(&"--warm") && fact == "as a new process";
        assert!(facts.contains(fact) || is_warm, "{fact}: {facts}");
    }
    let html = server.request("GET", "/cgi-bin/x.py", &[("Accept", "text/html")], b"").expect(502).text();
    for part in ["<mark>", "Meta-variables", "Run it by hand", "python-module-missing", "PATH_TRANSLATED"] {
        assert_eq!(html.contains(part), part != "PATH_TRANSLATED", "{part}: {html}");
    }
    let line = server.events.with("refused");
    assert!(line.contains("[python-module-missing]") && line.contains(told["exchange"].as_str().unwrap()), "{line}");
}

#[test]
fn the_command_by_hand_does_the_same() {
    ours_only!();
    let script = sh("echo \"$QUERY_STRING, $1, $PWD, $HTTP_X_ODD\" >&2\nexit 3");
    let site = Site::new().script("cgi-bin/it's odd", script);
    let server = Server::start(&site);
    let fields = [JSON, ("X-Odd", "a 'quoted' $(value) \\ of \"it\"")];
    let told = json(&server.request("GET", "/cgi-bin/it's%20odd?word%24x", &fields, b"").expect(502));
    let by_hand = told["run"]["by_hand"].as_str().unwrap();
    let output = run(Command::new("bash").arg("-c").arg(by_hand));
    assert_eq!(output.status.code(), Some(3), "{by_hand}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), told["stderr"].as_str().unwrap(), "{by_hand}");
    assert!(told["stderr"].as_str().unwrap().starts_with("word%24x, word$x, /"), "{}", told["stderr"]);
}

#[test]
fn secrets_are_hidden() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("exit 1"));
    let server = Server::with(&site, &["--pass-auth", "--env", "DB_PASSWORD=hunter2"]);
    for accept in ["text/html", "application/json", "text/plain"] {
        let fields = [
            ("Accept", accept),
            ("Authorization", "Bearer hunter2"),
            ("Cookie", "id=hunter2"),
            ("X-Api-Key", "hunter2"),
        ];
        let reply = server.request("GET", "/cgi-bin/x?token=hunter2&name=Ada", &fields, b"").expect(502);
        let page = reply.text();
        assert!(!page.contains("hunter2"), "{page}");
        assert!(page.contains("DB_PASSWORD") && page.contains("name=Ada"), "{page}");
    }
}

#[test]
fn secrets_of_a_form_in_the_arguments_are_hidden() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("exit 1"));
    let folder = Site::new();
    fs::set_permissions(folder.root(), fs::Permissions::from_mode(0o777)).unwrap();
    let records = folder.path("records");
    let server = Server::with(&site, &["--post-argv", "--record", records.to_str().unwrap()]);
    for accept in ["text/html", "application/json", "text/plain"] {
        let fields = [("Accept", accept), ("Content-Type", "application/x-www-form-urlencoded")];
        let page = server.request("POST", "/cgi-bin/x", &fields, b"name=Ada&password=hunter2").expect(502).text();
        assert!(!page.contains("hunter2"), "{page}");
        assert!(page.contains("name=Ada"), "it is an argument: {page}");
    }
    for kept in fs::read_dir(&records).unwrap() {
        let kept = fs::read_to_string(kept.unwrap().path()).unwrap();
        assert!(!kept.contains("hunter2"), "{kept}");
    }
}

#[test]
fn others_get_the_number_under_which_the_log_has_it() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", "#!/no/such/sh\n");
    let server = Server::start(&site);
    for accept in ["text/html", "application/json", "text/plain"] {
        let page = server.request("GET", "/cgi-bin/x", &[("Accept", accept), ("Via", "1.1 a")], b"").expect(502).text();
        assert!(!page.contains("/no/such") && !page.contains("interpreter-missing"), "{page}");
        let line = server.events.wait_for("its line", |line| {
            line.contains("[interpreter-missing]")
                && line.split(' ').any(|it| it.strip_prefix("id=").is_some_and(|id| page.contains(id)))
        });
        assert!(line.contains("/no/such/sh"), "{line}");
    }
}

#[test]
fn an_answer_that_is_cut_is_explained_in_the_log() {
    ours_only!();
    for (script, flags, code) in [
        (text("echo part\nkill -SEGV $$"), &[][..], "[crashed]"),
        (sh("printf 'Content-Type: text/plain\\nContent-Length: 99\\n\\npart'"), &[], "[cut-short]"),
        (text("echo part\nexec sleep 60"), &["--idle-timeout", "300ms"], "[idle-limit]"),
        (text("yes"), &["--max-output", "100k"], "[output-limit]"),
    ] {
        let site = Site::new().script("cgi-bin/x", script);
        let server = Server::with(&site, flags);
        let reply = server.get("/cgi-bin/x");
        assert!(reply.cut, "{code}: {}", reply.status);
        let line = server.events.with(code);
        assert!(line.contains("the answer was cut") && line.contains("cgi-bin/x"), "{line}");
    }
}

#[test]
fn names_that_are_like_it_are_named() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/guestbook.py", text("echo"))
        .file("about.html", "")
        .file("notes/today.txt", "")
        .file(".secret.html", "");
    let server = Server::start(&site);
    for (path, near) in [
        ("/cgi-bin/guestbok.py", &["/cgi-bin/guestbook.py"][..]),
        ("/cgi-bin/guestbook", &["/cgi-bin/guestbook.py"]),
        ("/guestbook.py?a=b", &["/cgi-bin/guestbook.py"]),
        ("/abuot.html", &["/about.html"]),
        ("/note/today.txt", &["/notes/today.txt"]),
        ("/secret.html", &[]),
        ("/entirely-else", &[]),
    ] {
        let told = json(&server.request("GET", path, &[JSON], b"").expect(404));
        let found: Vec<_> = told["near"].as_array().into_iter().flatten().map(|it| it.as_str().unwrap()).collect();
        assert_eq!(found, near, "{path}");
    }
    let stranger = server.request("GET", "/abuot.html", &[("X-Forwarded-For", "10.0.0.1")], b"").expect(404).text();
    assert!(!stranger.contains("about.html"), "{stranger}");
}

#[test]
fn a_file_that_does_not_run_shows_nothing_of_itself() {
    ours_only!();
    let site = Site::new().file("cgi-bin/data.py", "PRECIOUS = 1\n");
    let server = Server::start(&site);
    for accept in ["text/html", "application/json", "text/plain", "*/*"] {
        let page = server.request("GET", "/cgi-bin/data.py", &[("Accept", accept)], b"").expect(403).text();
        assert!(page.contains("chmod +x") && !page.contains("PRECIOUS"), "{page}");
    }
}

#[test]
fn failures_are_recorded_without_secrets() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("cat >/dev/null; echo went wrong >&2\nprintf '\\377'; exit 2"));
    let folder = Site::new();
    let records = folder.path("records");
    // As root the server is nobody, who has to be able to write there.
    fs::set_permissions(folder.root(), fs::Permissions::from_mode(0o777)).unwrap();
    let server = Server::with(&site, &["--record", records.to_str().unwrap()]);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let large = vec![b'x'; 3_000_000];
    server
        .request("POST", "/cgi-bin/x?key=hunter2", &[form, ("Cookie", "a=hunter2")], b"name=Ada&password=hunter2")
        .expect(502);
    server.request("POST", "/cgi-bin/x", &[], &large).expect(502);
    server.get("/cgi-bin/none").expect(404);
    let mut kept: Vec<_> = fs::read_dir(&records).unwrap().map(|it| it.unwrap().path()).collect();
    kept.sort();
    assert_eq!(kept.len(), 2, "{kept:?}");
    let text = fs::read_to_string(&kept[0]).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(fs::metadata(&kept[0]).unwrap().permissions().mode() & 0o777, 0o600);
    let first: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(first["request"]["target"], "/cgi-bin/x?key=(hidden)");
    assert_eq!(first["request"]["body"], "name=Ada&password=(hidden)");
    assert_eq!(first["output"]["base64"], "/w==");
    assert_eq!((&first["status"], &first["stderr"]), (&502.into(), &"went wrong\n".into()));
    let second: Value = serde_json::from_str(&fs::read_to_string(&kept[1]).unwrap()).unwrap();
    assert_eq!(second["request"]["body_bytes"], 3_000_000);
    assert_eq!(second["request"]["body"].as_str().unwrap().len(), 1024 * 1024);
}

#[test]
fn a_file_system_that_runs_nothing_is_named() {
    ours_only!();
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: needs root to mount a file system");
        return;
    }
    let site = Site::new();
    let line = "mount -t tmpfs -o noexec,mode=755 none \"$1\" || { echo 'no mount'; exit 0; }
        mkdir \"$1/cgi-bin\" && printf '#!/bin/sh\necho' >\"$1/cgi-bin/x\" && chmod 755 \"$1/cgi-bin/x\" &&
        exec \"$0\" run \"$1/cgi-bin/x\"";
    let words = ["-m", "sh", "-c", line, env!("CARGO_BIN_EXE_htbin")];
    let output = run(Command::new("unshare").args(words).arg(site.root()));
    let told = String::from_utf8_lossy(&output.stderr);
    if output.stdout == b"no mount\n" || told.starts_with("unshare: ") {
        eprintln!("skipped: root may not mount here");
        return;
    }
    assert_eq!(output.status.code(), Some(1), "{told}");
    let mount = site.root().display();
    for part in ["(noexec-mount)", &format!("{mount} is mounted noexec"), &format!("mount -o remount,exec {mount}")] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
