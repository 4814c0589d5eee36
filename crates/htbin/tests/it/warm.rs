//! Warm interpreters: a script runs in a fresh process forked from one, and whatever goes wrong, it runs.

use std::{collections::HashSet, time::Duration};

use rustix::process::Signal;
use serde_json::Value;

use crate::{
    process::{PATIENCE, assert_gone_within, children, descendants, gone_within, signal, status_field},
    server::{Server, request_bytes},
    site::Site,
};

mod faithful;

/// Tells its process, its parent, its session and what its runs before have left behind.
const TELL: &str = r#"#!/usr/bin/python3
import os, json
json.runs = getattr(json, "runs", 0) + 1
print("Content-Type: text/plain\n")
print(os.getpid(), os.getppid(), os.getsid(0), json.runs)
"#;

const TELL_PERL: &str = r#"#!/usr/bin/perl
use POSIX ();
$POSIX::runs++;
print "Content-Type: text/plain\n\n", join(" ", $$, getppid(), POSIX::getpid(), $POSIX::runs), "\n";
"#;

fn site() -> Site {
    Site::new().script("cgi-bin/tell.py", TELL).script("cgi-bin/tell.pl", TELL_PERL)
}

/// A server that waits for its interpreters, and logs as JSON.
fn start(site: &Site, flags: &[&str]) -> Server {
    Server::with(site, &[&["--warm", "--warm-wait", "30s", "--log-format", "json", "-v"], flags].concat())
}

/// Numbers that a script told.
#[track_caller]
fn tell(server: &Server, path: &str) -> Vec<u32> {
    let reply = server.get(path).expect(200).text();
    reply.split_whitespace().map(|word| word.parse().expect("a number")).collect()
}

/// How the script of the last line with this path was started.
fn how(server: &Server, path: &str, nth: usize) -> String {
    let of_path = |line: &&String| line.contains(&format!("\"target\":\"{path}\""));
    let lines = server.access.wait_until("so many requests", |lines| lines.iter().filter(of_path).count() > nth);
    let line = lines.iter().filter(of_path).nth(nth).expect("it was waited for");
    let json: Value = serde_json::from_str(line).expect("a line is JSON");
    json["start"].as_str().unwrap_or_default().to_owned()
}

/// The process of the interpreter that the server told of.
fn interpreter(server: &Server) -> u32 {
    let line = server.events.with("runs as process");
    let words = line.split("runs as process ").nth(1).expect("it was looked for");
    words.split(',').next().and_then(|pid| pid.parse().ok()).expect("a process")
}

#[test]
fn each_request_has_a_fresh_process_of_the_server() {
    ours_only!();
    let site = site();
    let server = start(&site, &[]);
    for path in ["/cgi-bin/tell.py", "/cgi-bin/tell.pl"] {
        let mut seen = HashSet::new();
        for nth in 0..10 {
            let told = tell(&server, path);
            let [pid, parent, leader, runs] = told[..] else { panic!("{told:?}") };
            assert_eq!((parent, leader, runs), (server.pid(), pid, 1), "{path}");
            assert!(seen.insert(pid), "process {pid} ran two scripts");
            assert_eq!(how(&server, path, nth), "warm", "{path}");
        }
    }
}

#[test]
fn without_the_flag_scripts_start_ordinarily() {
    ours_only!();
    let site = site();
    let server = Server::with(&site, &["--warm", "--no-warm", "--log-format", "json"]);
    tell(&server, "/cgi-bin/tell.py");
    assert_eq!(how(&server, "/cgi-bin/tell.py", 0), "cold");
    assert_eq!(children(server.pid()).len(), 1, "the launcher alone");
}

#[test]
fn the_first_script_does_not_wait_unless_told() {
    ours_only!();
    let site = site();
    let server = Server::with(&site, &["--warm", "--log-format", "json", "-v"]);
    tell(&server, "/cgi-bin/tell.py");
    assert_eq!(how(&server, "/cgi-bin/tell.py", 0), "cold");
    server.events.with("runs as process");
    tell(&server, "/cgi-bin/tell.py");
    assert_eq!(how(&server, "/cgi-bin/tell.py", 1), "warm");
}

#[test]
fn a_dead_interpreter_is_told_of_once_and_scripts_still_run() {
    ours_only!();
    let site = site();
    let server = start(&site, &[]);
    tell(&server, "/cgi-bin/tell.py");
    signal(interpreter(&server), Signal::KILL);
    server.events.with("cannot be kept warm");
    for _ in 0..3 {
        tell(&server, "/cgi-bin/tell.py");
    }
    assert_eq!(how(&server, "/cgi-bin/tell.py", 3), "cold");
    let complaints = server.events.all().iter().filter(|line| line.contains("cannot be kept warm")).count();
    assert_eq!(complaints, 1);
}

#[test]
fn a_hanging_interpreter_holds_up_no_script() {
    ours_only!();
    let site = site();
    let server = start(&site, &["--warm-spare", "1"]);
    tell(&server, "/cgi-bin/tell.py");
    let pid = interpreter(&server);
    signal(pid, Signal::STOP);
    // One spare is left; then there is none.
    for _ in 0..3 {
        tell(&server, "/cgi-bin/tell.py");
    }
    assert_eq!(how(&server, "/cgi-bin/tell.py", 3), "cold");
    signal(pid, Signal::CONT);
}

#[test]
fn a_spare_that_dies_is_replaced_within_the_request() {
    ours_only!();
    let site = site();
    let server = start(&site, &["--warm-spare", "1"]);
    tell(&server, "/cgi-bin/tell.py");
    let pid = interpreter(&server);
    let is_spare = |child: &u32| {
        let line = std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        *child != pid && line.ends_with("htbin-warm\0")
    };
    for _ in 0..5 {
        // It may not have been forked yet.
        let deadline = std::time::Instant::now() + PATIENCE;
        let spare = loop {
            if let Some(spare) = children(server.pid()).into_iter().find(is_spare) {
                break spare;
            }
            assert!(std::time::Instant::now() < deadline, "there is no spare");
            std::thread::yield_now();
        };
        signal(spare, Signal::KILL);
        tell(&server, "/cgi-bin/tell.py");
    }
}

#[test]
fn an_edited_script_takes_effect_at_once() {
    ours_only!();
    let site = site();
    let server = start(&site, &[]);
    for _ in 0..3 {
        tell(&server, "/cgi-bin/tell.py");
    }
    for text in ["one", "two", "three"] {
        let site_file = site.path("cgi-bin/tell.py");
        std::fs::write(&site_file, format!("#!/usr/bin/python3\nprint('Content-Type: text/plain\\n\\n{text}')\n"))
            .unwrap();
        assert_eq!(server.get("/cgi-bin/tell.py").expect(200).text(), format!("{text}\n"));
    }
}

#[test]
fn a_script_that_cannot_be_faithful_is_told_as_cold() {
    ours_only!();
    // A module of the script's own takes the place of one that was loaded ahead.
    let perl =
        "#!/usr/bin/perl\nuse lib '.';\nuse JSON::PP;\nprint \"Content-Type: text/plain\\n\\n$JSON::PP::own\\n\";\n";
    let python = "#!/usr/bin/python3\nprint('Content-Type: text/plain\\n')\nprint('broken'\n";
    let site = Site::new().script("cgi-bin/p.pl", perl).script("cgi-bin/broken.py", python);
    let site = site.file("cgi-bin/JSON/PP.pm", "package JSON::PP; our $own = 'own'; 1;\n");
    let server = start(&site, &[]);
    for _ in 0..3 {
        assert_eq!(server.get("/cgi-bin/p.pl").expect(200).text(), "own\n");
    }
    server.get("/cgi-bin/broken.py").expect(502);
    assert_eq!(how(&server, "/cgi-bin/broken.py", 0), "cold", "Python cannot compile it, and says so ordinarily");
}

#[test]
fn an_interpreter_that_is_not_used_goes() {
    ours_only!();
    let site = site();
    let server = start(&site, &["--warm-idle", "200ms"]);
    tell(&server, "/cgi-bin/tell.pl");
    let pid = interpreter(&server);
    assert_gone_within(pid, 20, "the interpreter");
    // And comes back.
    tell(&server, "/cgi-bin/tell.pl");
    assert_eq!(how(&server, "/cgi-bin/tell.pl", 1), "warm");
}

#[test]
fn one_with_too_much_memory_goes() {
    ours_only!();
    let site = site();
    let server = start(&site, &["--warm-memory", "1m"]);
    tell(&server, "/cgi-bin/tell.py");
    assert_gone_within(interpreter(&server), 20, "the interpreter");
    tell(&server, "/cgi-bin/tell.py");
}

#[test]
fn of_too_many_interpreters_the_one_used_least_lately_goes() {
    ours_only!();
    let site = site();
    let server = start(&site, &["--warm-max", "1"]);
    tell(&server, "/cgi-bin/tell.py");
    let pid = interpreter(&server);
    tell(&server, "/cgi-bin/tell.pl");
    assert_gone_within(pid, 20, "the first interpreter");
}

#[test]
fn what_calls_itself_python_and_is_not_starts_ordinarily() {
    ours_only!();
    let fake = "#!/bin/sh\ncase \"$1\" in -*) exit 3;; esac\nprintf 'Content-Type: text/plain\\n\\nfake\\n'\n";
    let site = Site::new().script("bin/python3", fake);
    let script = format!("#!{}\n", site.path("bin/python3").display());
    let site = site.script("cgi-bin/x", script);
    let server = start(&site, &[]);
    for _ in 0..3 {
        assert_eq!(server.get("/cgi-bin/x").expect(200).text(), "fake\n");
    }
    server.events.with("cannot be kept warm");
    assert_eq!(how(&server, "/cgi-bin/x", 2), "cold");
}

#[test]
fn limits_hold_for_warm_scripts() {
    ours_only!();
    let eats = "#!/usr/bin/python3\nprint('Content-Type: text/plain\\n')\ntry:\n    x = bytearray(1 << 30)\n    print('got it')\nexcept MemoryError:\n    print('refused')\n";
    let spins = "#!/usr/bin/perl\n1 while 1;\n";
    let site = Site::new().script("cgi-bin/eats", eats).script("cgi-bin/spins", spins);
    let server = start(&site, &["--memory", "512m", "--cpu", "1s"]);
    assert_eq!(server.get("/cgi-bin/eats").expect(200).text(), "refused\n");
    server.get("/cgi-bin/spins").expect(502);
    assert_eq!((how(&server, "/cgi-bin/eats", 0), how(&server, "/cgi-bin/spins", 0)), ("warm".into(), "warm".into()));
}

#[test]
fn a_client_that_leaves_ends_its_warm_script() {
    ours_only!();
    let text = "#!/usr/bin/python3\nimport os, sys, time\nopen(sys.argv[0] + '.pid', 'w').write(f'{os.getpid()}\\n')\ntime.sleep(600)\n";
    let site = Site::new().script("cgi-bin/x", text);
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = start(&site, &[]);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    let pid = pid.pid();
    drop(client);
    assert_gone_within(pid, 10, "the script");
}

#[test]
fn stopping_leaves_no_interpreter_behind() {
    ours_only!();
    let site = site();
    for which in [Signal::TERM, Signal::KILL] {
        let mut server = start(&site, &[]);
        tell(&server, "/cgi-bin/tell.py");
        tell(&server, "/cgi-bin/tell.pl");
        let left = descendants(server.pid());
        assert!(left.len() >= 3, "{left:?}");
        signal(server.pid(), which);
        let status = server.wait(PATIENCE);
        assert_eq!(status.code(), (which == Signal::TERM).then_some(0));
        for pid in left {
            assert!(gone_within(pid, Duration::from_secs(10)), "process {pid} is left after {which:?}");
        }
        assert!(!server.events.all().iter().any(|line| line.contains("cannot be kept warm")));
    }
}

#[test]
fn many_requests_leave_nothing_behind() {
    ours_only!();
    let site = site();
    let server = start(&site, &["--warm-spare", "2"]);
    tell(&server, "/cgi-bin/tell.py");
    let interpreter = interpreter(&server);
    let descriptors = |pid: u32| std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    let before = (descriptors(server.pid()), descriptors(interpreter));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| _ = tell(&server, "/cgi-bin/tell.py")));
        }
    });
    // The launcher, the interpreter, its spares; whatever ended last may still be on its way out.
    let deadline = std::time::Instant::now() + PATIENCE;
    let is_quiet = || {
        let left = children(server.pid());
        let zombies =
            left.iter().filter(|pid| status_field(**pid, "State").is_some_and(|state| state.starts_with('Z')));
        let open = (descriptors(server.pid()), descriptors(interpreter));
        left.len() <= 4 && zombies.count() == 0 && open.0 <= before.0 + 4 && open.1 <= before.1 + 1
    };
    while !is_quiet() {
        assert!(std::time::Instant::now() < deadline, "{:?} {before:?}", children(server.pid()));
        std::thread::yield_now();
    }
}
