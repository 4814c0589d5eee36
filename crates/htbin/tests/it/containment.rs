//! What a script gets of the server, and what a client can do to a script: nothing that it should not.

use std::time::Duration;

use crate::{
    process::{children, field_of, status_field},
    scripts::{PROBE, Told, text},
    server::{Server, Start},
    site::Site,
};

/// What this script prints after its head.
fn prints(commands: &str) -> String {
    let site = Site::new().script("cgi-bin/x", text(commands));
    Server::start(&site).get("/cgi-bin/x").expect(200).text()
}

fn probe(fields: &[(&str, &str)]) -> Told {
    let site = Site::new().script("cgi-bin/probe", PROBE);
    Told::from(Server::start(&site).request("GET", "/cgi-bin/probe", fields, b""))
}

fn runs_as_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn nothing_of_the_servers_environment_reaches_a_script() {
    ours_only!();
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let server = Start::new(&site)
        .env("HTBIN_MAX_SCRIPTS", "9")
        .env("LD_LIBRARY_PATH", "/nowhere")
        .env("HOME", "/root")
        .env("LANG", "C.UTF-8")
        .env("LC_TIME", "C")
        .env("TZ", "UTC")
        .go();
    let told = server.probe("/cgi-bin/probe");
    let customary = ["PATH", "LANG", "LC_TIME", "TZ", "REDIRECT_STATUS"];
    let cgi = [
        "GATEWAY_INTERFACE",
        "QUERY_STRING",
        "REMOTE_ADDR",
        "REMOTE_HOST",
        "REMOTE_PORT",
        "REQUEST_METHOD",
        "REQUEST_URI",
        "REQUEST_SCHEME",
        "SCRIPT_NAME",
        "SCRIPT_FILENAME",
        "SERVER_ADDR",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_PROTOCOL",
        "SERVER_SOFTWARE",
        "DOCUMENT_ROOT",
        "HTTP_HOST",
    ];
    for name in told.meta.keys() {
        assert!(customary.contains(&name.as_str()) || cgi.contains(&name.as_str()), "{name} reached the script");
    }
    assert_eq!((told.var("LANG"), told.var("LC_TIME"), told.var("TZ")), (Some("C.UTF-8"), Some("C"), Some("UTC")));
    assert!(!told.var("PATH").unwrap().is_empty());
}

#[test]
fn a_script_has_descriptors_0_1_2_and_no_other() {
    peer_differs!(Apache: "leaves more open", Lighttpd: "passes on what it inherited itself");
    let listed = prints("exec ls /proc/self/fd");
    // 3 is the directory that ls reads.
    assert_eq!(listed.split_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
}

#[test]
fn a_script_leads_its_own_session_and_group() {
    peer_differs!(Apache: "runs it in the server's session", Lighttpd: "runs it in the server's session");
    let stat = prints("exec cat /proc/self/stat");
    let pid = stat.split(' ').next().unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    assert_eq!((fields[2], fields[3]), (pid, pid), "group and session: {stat}");
    assert_eq!(fields[4], "0", "no terminal");
}

#[test]
fn a_script_starts_with_default_signals_and_none_blocked() {
    peer_differs!(Apache: "leaves SIGPIPE or others as they are", Lighttpd: "ignores SIGPIPE");
    let status = prints("exec cat /proc/self/status");
    assert_eq!(field_of(&status, "SigBlk"), Some("0000000000000000"));
    // glibc's posix_spawn leaves its own two, 32 and 33, ignored; nobody else can set them.
    let ignored = u64::from_str_radix(field_of(&status, "SigIgn").unwrap(), 16).unwrap();
    assert_eq!(ignored & !(0b11 << 31), 0, "{ignored:x}");
}

#[test]
fn a_script_gains_no_privileges() {
    ours_only!();
    let status = prints("exec cat /proc/self/status");
    assert_eq!(field_of(&status, "NoNewPrivs"), Some("1"));
    let site = Site::new().script("cgi-bin/x", text("exec cat /proc/self/status"));
    let status = Server::with(&site, &["--new-privileges"]).get("/cgi-bin/x").text();
    assert_eq!(field_of(&status, "NoNewPrivs"), Some("0"));
}

#[test]
fn as_root_scripts_run_as_nobody() {
    ours_only!();
    if !runs_as_root() {
        eprintln!("skipped: needs root");
        return;
    }
    let status = prints("exec cat /proc/self/status");
    let ids = |name| field_of(&status, name).unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(ids("Uid"), ["65534"; 4]);
    assert!(!ids("Gid").contains(&"0"), "{status}");
    assert!(!ids("Groups").contains(&"0"), "{status}");
    assert_eq!(
        (field_of(&status, "CapEff"), field_of(&status, "CapPrm")),
        (Some("0000000000000000"), Some("0000000000000000"))
    );
}

#[test]
fn as_root_the_server_is_not_root_once_it_listens() {
    ours_only!();
    if !runs_as_root() {
        eprintln!("skipped: needs root");
        return;
    }
    let site = Site::new().file("a.txt", "a");
    let server = Server::start(&site);
    server.get("/a.txt").expect(200);
    let uid = status_field(server.pid(), "Uid").unwrap();
    assert!(!uid.split_whitespace().any(|id| id == "0"), "{uid}");
    assert_eq!(status_field(server.pid(), "CapEff").as_deref(), Some("0000000000000000"));
}

#[test]
fn as_root_another_user_can_be_named() {
    ours_only!();
    if !runs_as_root() {
        eprintln!("skipped: needs root");
        return;
    }
    let site = Site::new().script("cgi-bin/x", text("id -un; id -gn; id -Gn"));
    let names = |user: &str| Server::with(&site, &["--user", user]).get("/cgi-bin/x").expect(200).text();
    assert_eq!(names("daemon"), "daemon\ndaemon\ndaemon\n");
    assert!(names("daemon:games").starts_with("daemon\ngames\n"));
    assert_eq!(names("1:60"), names("daemon:games"));
}

#[test]
fn the_working_directory_is_that_of_the_script() {
    let site = Site::new().script("cgi-bin/sub/x", text("pwd"));
    assert_eq!(Server::start(&site).get("/cgi-bin/sub/x").text().trim(), site.path("cgi-bin/sub").to_str().unwrap());
}

#[test]
fn httpoxy_a_field_proxy_sets_no_http_proxy() {
    let told = probe(&[("Proxy", "http://evil.example/"), ("pRoXy", "again")]);
    assert_eq!(told.var("HTTP_PROXY"), None);
}

#[test]
fn an_underscore_never_poses_as_a_hyphen() {
    peer_differs!(Lighttpd: "takes one for the other");
    let told = probe(&[("X_User", "mallory")]);
    assert_eq!(told.var("HTTP_X_USER"), None);
    let told = probe(&[("X_User", "mallory"), ("X-User", "alice"), ("X.User", "mallory")]);
    assert_eq!(told.var("HTTP_X_USER"), Some("alice"));
}

#[test]
fn strange_field_names_set_nothing() {
    ours_only!();
    let told = probe(&[("X!a", "1"), ("X'b", "1"), ("X$c", "1"), ("X|d", "1"), ("LD_PRELOAD", "/x"), ("X~e", "1")]);
    let strange: Vec<_> =
        told.meta.keys().filter(|name| name.starts_with("HTTP_") && name.as_str() != "HTTP_HOST").collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert_eq!(told.var("LD_PRELOAD"), None);
}

#[test]
fn a_field_cannot_set_a_variable_of_the_server() {
    let told = probe(&[("REQUEST-METHOD", "EVIL"), ("Content-Length-X", "1"), ("Path-Info", "/evil"), ("Https", "on")]);
    assert_eq!((told.var("REQUEST_METHOD"), told.var("PATH_INFO"), told.var("HTTPS")), (Some("GET"), None, None));
}

#[test]
fn shellshock_functions_stay_text() {
    let site = Site::new()
        .script("cgi-bin/x", "#!/bin/bash\necho 'Content-Type: text/plain'\necho\necho \"$HTTP_USER_AGENT\"\n");
    let fields = [("User-Agent", "() { :;}; echo vulnerable"), ("Cookie", "() { _; } >_[$($())] { echo vulnerable; }")];
    let reply = Server::start(&site).request("GET", "/cgi-bin/x?()+{+:;};+echo+vulnerable", &fields, b"");
    let text = reply.expect(200).text();
    assert!(!text.lines().any(|line| line == "vulnerable"), "{text}");
}

#[test]
fn php_cgi_takes_no_options_from_a_query() {
    ours_only!();
    let site = Site::new().file("cgi-bin/x.php", "<?php echo 'ran'; // SOURCE\n");
    let server = Server::with(&site, &["--interpreter", ".php=php-cgi"]);
    assert_eq!(server.get("/cgi-bin/x.php").expect(200).text(), "ran");
    for query in ["-s", "%2Ds", "-d+allow_url_include%3d1", "--version", "x+-s", "-dallow_url_include=1"] {
        let text = server.get(&format!("/cgi-bin/x.php?{query}")).text();
        assert!(!text.contains("SOURCE") && text.contains("ran"), "{query}: {text}");
    }
}

#[test]
fn no_word_of_a_query_reaches_a_shell() {
    peer_differs!(Lighttpd: "gives no arguments", Apache: "escapes what a shell could see");
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let server = Server::start(&site);
    let told = server.probe("/cgi-bin/probe?%60id%60+%24%28id%29+;id+%7Cid+%26id+%3E/tmp/x+a%0Ab+%2A+'%22");
    assert_eq!(told.args, ["`id`", "$(id)", ";id", "|id", "&id", ">/tmp/x", "a\nb", "*", "'\""]);
}

#[test]
fn a_nul_in_a_word_gives_no_arguments() {
    peer_differs!(Apache: "refuses or cuts it", Lighttpd: "refuses it");
    let site = Site::new().script("cgi-bin/probe", PROBE);
    assert_eq!(Server::start(&site).probe("/cgi-bin/probe?a%00b").args, [""; 0]);
}

#[test]
fn a_script_cannot_read_the_environment_or_memory_of_the_server() {
    ours_only!();
    if !runs_as_root() {
        eprintln!("skipped: without root a script is the same user as the server");
        return;
    }
    let site = Site::new().script("cgi-bin/x", text("cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'"));
    let server = Server::start(&site);
    let told = server.get("/cgi-bin/x").expect(200).text();
    assert!(told.contains("GATEWAY_INTERFACE"), "it reads its own: {told}");
    assert!(!told.contains("SECRET_OF_THE_SERVER"), "{told}");
    let site = Site::new().script("cgi-bin/x", text(": </proc/$PPID/mem && echo open"));
    assert_eq!(Server::start(&site).get("/cgi-bin/x").text(), "");
}

/// As the same user, who may otherwise look into all of that user's processes.
#[test]
fn a_script_cannot_look_into_a_server_that_never_was_root() {
    ours_only!();
    let script = "for process in $PPID $QUERY_STRING; do\n\
        tr '\\0' '\\n' </proc/$process/environ\n\
        (: </proc/$process/mem) && echo memory\n\
        done 2>/dev/null\nid -u\nprintf %s \"$PPID\"";
    let site = Site::new().script("cgi-bin/x", text(script));
    // A copy, since not everybody may get to where the build lies.
    let program = Site::new();
    let path = program.path("htbin");
    std::fs::copy(env!("CARGO_BIN_EXE_htbin"), &path).unwrap();
    // Its own secret: until it has closed itself, scripts of other tests may see it.
    let mut words = vec!["-u", "SECRET_OF_THE_SERVER", "OWN_SECRET=tell nobody"];
    if runs_as_root() {
        words.extend(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    words.extend([path.to_str().unwrap(), "--port", "0", "--bind", "127.0.0.1", "-d", site.root().to_str().unwrap()]);
    let server = Start::bare("env").flags(&words).go();
    let launcher = children(server.pid())[0];
    let told = server.get(&format!("/cgi-bin/x?{launcher}")).expect(200).text();
    let user = status_field(server.pid(), "Uid").unwrap();
    let user = user.split_whitespace().next().unwrap();
    assert_eq!(told, format!("{user}\n{}", server.pid()), "the user and its server, and nothing else");
}

#[test]
fn a_script_with_many_children_does_not_stop_the_server() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/x", text("for i in 1 2 3 4 5 6 7 8 9; do sleep 600 & done\necho started"))
        .file("a.txt", "a");
    let server = Server::with(&site, &["--nproc", "2000"]);
    assert_eq!(server.get("/cgi-bin/x").expect(200).text(), "started\n");
    assert_eq!(server.get("/a.txt").status, 200);
    assert!(!server.client().hears_within(Duration::ZERO));
}
