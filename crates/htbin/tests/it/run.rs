//! `htbin run`: the same answer as the server's, on stdout; why there is none, on stderr; and an exit status for both.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use rustix::process::Signal;

use crate::{
    client::Reply,
    process::{PATIENCE, assert_gone_within, run, signal, wait_within},
    scripts::{ECHO, HELLO, PROBE, Told, sh, text},
    server::Server,
    site::Site,
    subject::flags,
};

/// The command, in the environment that servers under test have.
fn command(site: &Site, script: &str, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_htbin"));
    command.arg("run").args(flags()).arg(site.path(script)).args(words);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("SECRET_OF_THE_SERVER", "tell nobody");
    command
}

fn ran(site: &Site, script: &str, words: &[&str]) -> Output {
    run(&mut command(site, script, words))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What was printed, as an answer.
#[track_caller]
fn reply(output: &Output) -> Reply {
    let end =
        output.stdout.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("{}", said(output)));
    let mut reply = Reply::from_head(&String::from_utf8_lossy(&output.stdout[..end]));
    reply.body = output.stdout[end + 4..].to_vec();
    reply
}

/// Everything of an answer but its date and how it was framed.
fn compared(reply: &Reply) -> (u16, String, Vec<(String, String)>, Vec<u8>) {
    let is_framing = |name: &str| ["date", "connection", "transfer-encoding", "content-length"].contains(&name);
    let fields = reply.fields.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
    let mut fields: Vec<_> = fields.filter(|(name, _)| !is_framing(name)).collect();
    fields.sort();
    (reply.status, reply.reason.clone(), fields, reply.body.clone())
}

#[test]
fn the_answer_is_the_servers() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/hello", HELLO)
        .script("cgi-bin/echo", ECHO)
        .script(
            "cgi-bin/status",
            "#!/bin/sh\nprintf 'Status: 404 Gone Fishing\\nX-A: 1\\nX-A: 2\\nContent-Type: text/plain\\n\\nno'\n",
        )
        .script("cgi-bin/nph-own", "#!/bin/sh\nprintf 'HTTP/1.1 203 My Own\\r\\nContent-Type: text/x\\r\\n\\r\\nnph'\n")
        .script("cgi-bin/local", "#!/bin/sh\nprintf 'Location: /cgi-bin/hello?x\\n\\n'\n")
        .script("cgi-bin/away", "#!/bin/sh\nprintf 'Location: http://localhost/\\n\\n'\n")
        .script("cgi-bin/sub/below", text("echo \"$PATH_INFO $QUERY_STRING\""));
    let server = Server::with(&site, &[]);
    for (script, rest, code) in [
        ("hello", "", 0),
        ("status", "", 4),
        ("nph-own", "", 0),
        ("local", "", 0),
        ("away", "", 0),
        ("sub/below", "/a%20b/c?d=e&f", 0),
    ] {
        let path = format!("cgi-bin/{script}");
        let words: Vec<&str> = Some(rest).filter(|rest| !rest.is_empty()).into_iter().collect();
        let output = ran(&site, &path, &words);
        let wanted = server.get(&format!("/{path}{rest}"));
        assert_eq!(compared(&reply(&output)), compared(&wanted), "{script}: {}", said(&output));
        assert_eq!(output.status.code(), Some(code), "{script}");
        assert_eq!(said(&output), "", "{script}");
    }
    let head = reply(&ran(&site, "cgi-bin/hello", &["-X", "HEAD"]));
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn a_script_sees_what_it_sees_under_the_server() {
    ours_only!();
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let server = Server::with(&site, &["--env", "OWN=1", "--post-argv"]);
    let host = format!("127.0.0.1:{}", server.port);
    let fields = [("Host", host.as_str()), ("User-Agent", "me"), ("X-A", "b"), ("Accept", "text/x")];
    let typed: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let mut words = vec!["/info/x?q=1", "-d", "a=b", "--env", "OWN=1", "--post-argv"];
    words.extend(typed.iter().flat_map(|field| ["-H", field.as_str()]));
    let mut fields = fields.to_vec();
    fields.push(("Content-Type", "application/x-www-form-urlencoded"));
    let wanted = Told::from(server.request("POST", "/cgi-bin/probe/info/x?q=1", &fields, b"a=b"));
    let told = Told::from(reply(&ran(&site, "cgi-bin/probe", &words)));
    let but_ports = |told: &Told| {
        let mut meta = told.meta.clone();
        meta.retain(|name, _| !["SERVER_PORT", "REMOTE_PORT", "HTTP_CONNECTION"].contains(&name.as_str()));
        meta
    };
    assert_eq!(but_ports(&told), but_ports(&wanted));
    assert_eq!((told.args, told.cwd, told.body), (wanted.args, wanted.cwd, wanted.body));
}

#[test]
fn a_script_outside_of_a_script_directory_runs_as_a_mounted_program() {
    ours_only!();
    let site = Site::new().script("tools/probe.pl", PROBE);
    let told = Told::from(reply(&ran(&site, "tools/probe.pl", &["/x"])));
    assert_eq!((told.var("SCRIPT_NAME"), told.var("PATH_INFO")), (Some("/probe.pl"), Some("/x")));
    assert_eq!(PathBuf::from(told.cwd), site.path("tools"));
    // Named from where one stands.
    let mut here = command(&site, "tools/../tools/probe.pl", &[]);
    assert!(run(here.current_dir(site.root())).status.success());
}

#[test]
fn a_failure_is_told_on_stderr() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/bad", sh("echo oops >&2; echo hello"))
        .script("cgi-bin/none", sh("exit 3"))
        .script("cgi-bin/own", sh("printf 'Status: 503 Later\\nContent-Type: text/plain\\n\\nlater'"))
        .script("cgi-bin/lost", "#!/no/such/interpreter\n")
        .script("cgi-bin/slow", sh("sleep 600"))
        .script("cgi-bin/killed", text("echo begun; kill -9 $$"))
        .with_mode("cgi-bin/plain", HELLO, 0o644)
        .with_mode("plain", HELLO, 0o644);
    for (script, words, code, told) in [
        ("cgi-bin/bad", &[][..], 1, "no head"),
        ("cgi-bin/none", &[], 1, "exit status 3"),
        ("cgi-bin/lost", &[], 1, "/no/such/interpreter"),
        ("cgi-bin/slow", &["--timeout", "100ms"], 1, "--timeout"),
        ("cgi-bin/plain", &[], 4, "execute bit"),
        ("plain", &[], 1, "execut"),
    ] {
        let output = ran(&site, script, words);
        assert_eq!(output.status.code(), Some(code), "{script}: {}", said(&output));
        assert!(said(&output).contains(told), "{script}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{script}: stdout is for what a script answers");
    }
    let bad = said(&ran(&site, "cgi-bin/bad", &[]));
    assert!(bad.starts_with("oops\n502 Bad Gateway"), "{bad}");
    let own = ran(&site, "cgi-bin/own", &[]);
    assert_eq!((own.status.code(), reply(&own).text().as_str()), (Some(1), "later"));
    let killed = ran(&site, "cgi-bin/killed", &[]);
    assert_eq!((killed.status.code(), killed.stdout.ends_with(b"begun\n")), (Some(1), true));
    assert!(said(&killed).contains("cut"), "{}", said(&killed));
}

#[test]
fn wrong_usage_is_2() {
    ours_only!();
    let site = Site::new().script("cgi-bin/hello", HELLO);
    for (script, words, told) in [
        ("cgi-bin/none", &[][..], "cannot find the script"),
        ("cgi-bin", &[], "is a directory"),
        ("cgi-bin/hello", &["x"], "/x"),
        ("cgi-bin/hello", &["-X", "G T"], "no method"),
        ("cgi-bin/hello", &["-H", "nonsense"], "no field"),
        ("cgi-bin/hello", &["-H", "Content-Length: 3"], "--data"),
        ("cgi-bin/hello", &["-d", "@/no/such/file"], "/no/such/file"),
        ("cgi-bin/hello", &["--no-cgi"], "for a server"),
        ("cgi-bin/hello", &["--timeout", "soon"], "60s"),
    ] {
        let output = ran(&site, script, words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", said(&output));
        assert!(said(&output).contains(told), "{words:?}: {}", said(&output));
    }
}

#[test]
fn the_body_is_a_text_a_file_or_standard_input() {
    ours_only!();
    let content: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let site = Site::new().script("cgi-bin/echo", ECHO).file("large.bin", &content);
    let file = format!("@{}", site.path("large.bin").display());
    let output = ran(&site, "cgi-bin/echo", &["-d", &file, "-H", "Content-Type: application/x"]);
    assert!(reply(&output).body == content, "every octet of {} comes back: {}", content.len(), said(&output));
    assert_eq!(reply(&ran(&site, "cgi-bin/echo", &["-d", "a=b"])).text(), "a=b");
    assert_eq!(ran(&site, "cgi-bin/echo", &["-d", &file, "--max-body", "1m"]).status.code(), Some(4));
    assert_eq!(reply(&ran(&site, "cgi-bin/echo", &["-d", "@/dev/null"])).text(), "");
    let site = site.script("cgi-bin/length", text("printf '[%s]' \"$CONTENT_LENGTH\""));
    for (words, length) in [(&["-d", ""][..], "[0]"), (&["-d", "@/dev/null"], "[0]"), (&[], "[]")] {
        assert_eq!(reply(&ran(&site, "cgi-bin/length", words)).text(), length, "{words:?}");
    }
    // Its size is said to be 0.
    let told = reply(&ran(&site, "cgi-bin/echo", &["-d", "@/proc/version"])).text();
    assert_eq!(told, fs::read_to_string("/proc/version").unwrap());
    let told = reply(&ran(&site, "cgi-bin/echo", &["-X", "GET", "-d", "@/proc/version"])).text();
    assert_eq!(told, fs::read_to_string("/proc/version").unwrap());
    let mut child = command(&site, "cgi-bin/echo", &["-d", "@-", "--raw"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"typed").unwrap();
    let mut answer = String::new();
    child.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "Content-Type: application/octet-stream\r\n\r\ntyped");
    assert!(wait_within(&mut child, PATIENCE).unwrap().success());
}

#[test]
fn raw_is_what_the_script_wrote() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/no-head", sh("printf 'just \\000 this'"))
        .script("cgi-bin/local", sh("printf 'Location: /x\\n\\n'"))
        .script("cgi-bin/killed", sh("printf half; kill -9 $$"));
    let output = ran(&site, "cgi-bin/no-head", &["--raw"]);
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"just \0 this"[..], Some(0)));
    assert_eq!(ran(&site, "cgi-bin/local", &["--raw"]).stdout, b"Location: /x\n\n");
    let killed = ran(&site, "cgi-bin/killed", &["--raw"]);
    assert_eq!((killed.stdout.as_slice(), killed.status.code()), (&b"half"[..], Some(1)));
}

#[test]
fn the_environment_speaks_of_how_scripts_run_and_what_is_typed_wins() {
    ours_only!();
    let site = Site::new().script("cgi-bin/env", text("echo \"$A $HTTP_X\"")).script("cgi-bin/slow", sh("sleep 600"));
    let variables =
        [("HTBIN_ENV", "A=variable"), ("HTBIN_HEADER", "X: no"), ("HTBIN_CGI_DIR", "/x"), ("HTBIN_PORT", "1")];
    let with = |words: &[&str]| run(command(&site, "cgi-bin/env", words).envs(variables));
    assert_eq!(reply(&with(&[])).text(), "variable \n");
    assert_eq!(reply(&with(&["--env", "A=typed"])).text(), "typed \n");
    let slow = run(command(&site, "cgi-bin/slow", &[]).env("HTBIN_TIMEOUT", "100ms"));
    assert_eq!(slow.status.code(), Some(1), "{}", said(&slow));
    let wrong = run(command(&site, "cgi-bin/env", &[]).env("HTBIN_TIMEOUT", "soon"));
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
}

#[test]
fn a_warm_interpreter_gives_the_same_answer() {
    ours_only!();
    let script = "#!/usr/bin/env python3\nimport os, sys\nprint('Content-Type: text/plain\\n')\n\
        print(os.environ['QUERY_STRING'], __name__, sys.argv, open('/proc/self/cmdline').read().count('hello.py'))\n";
    let site = Site::new().script("cgi-bin/hello.py", script);
    let cold = reply(&ran(&site, "cgi-bin/hello.py", &["?a=1"])).text();
    let warm = ran(&site, "cgi-bin/hello.py", &["?a=1", "--warm"]);
    let warm = reply(&warm).text();
    let but_last = |text: &str| text.trim_end().rsplit_once(' ').unwrap().0.to_owned();
    assert_eq!(but_last(&warm), but_last(&cold));
}

#[test]
fn large_output_comes_whole_and_a_reader_that_leaves_ends_the_script() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/large", text("head -c 20000000 /dev/zero"))
        .script("cgi-bin/endless", text("echo $$ >../fifo; while :; do echo yes; done"));
    let output = ran(&site, "cgi-bin/large", &[]);
    assert_eq!((reply(&output).body.len(), output.status.code()), (20_000_000, Some(0)));
    let mut fifo = site.fifo("fifo");
    let mut child =
        command(&site, "cgi-bin/endless", &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 8];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1");
    let pid = fifo.pid();
    drop(child.stdout.take());
    let status = wait_within(&mut child, PATIENCE).expect("it ends");
    assert!(status.success(), "the reader has all it wants: {status}");
    assert_gone_within(pid, 20, "the script");
}

#[test]
fn ctrl_c_ends_the_script() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/slow", sh("trap 'echo term >../fifo; exit' TERM; echo $$ >../fifo; sleep 600 & wait"));
    let mut fifo = site.fifo("fifo");
    let mut child = command(&site, "cgi-bin/slow", &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid = fifo.pid();
    signal(child.id(), Signal::INT);
    assert_eq!(wait_within(&mut child, PATIENCE).expect("it ends").code(), Some(130));
    assert_eq!(fifo.line(), "term", "it was asked before it was killed");
    assert_gone_within(pid, 20, "the script");
}

#[test]
fn as_root_it_runs_as_the_user_that_is_asked_for() {
    ours_only!();
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root changes its user");
        return;
    }
    let site = Site::new().script("cgi-bin/who", text("id -un; cat"));
    let secret = Site::new().with_mode("secret", "mine", 0o600);
    assert_eq!(reply(&ran(&site, "cgi-bin/who", &[])).text(), "nobody\n");
    assert_eq!(reply(&ran(&site, "cgi-bin/who", &["--user", "daemon"])).text(), "daemon\n");
    let file = format!("@{}", secret.path("secret").display());
    assert_eq!(reply(&ran(&site, "cgi-bin/who", &["-d", &file])).text(), "nobody\nmine", "who types it may read it");
    fs::set_permissions(site.root(), fs::Permissions::from_mode(0o700)).unwrap();
    let closed = ran(&site, "cgi-bin/who", &[]);
    assert!(!closed.status.success() && said(&closed).contains("nobody"), "{}", said(&closed));
}

/// What `htbin --record` kept, replayed while the script is as it was, then worse, then mended.
#[test]
fn a_recording_is_replayed_and_the_difference_shown() {
    ours_only!();
    let site = Site::new();
    let put = |text: String| {
        fs::write(site.path("cgi-bin/x"), text).unwrap();
        fs::set_permissions(site.path("cgi-bin/x"), fs::Permissions::from_mode(0o755)).unwrap();
    };
    put(sh("echo \"first: $(cat), $PATH_INFO, $QUERY_STRING\" >&2\nexit 3"));
    let folder = Site::new();
    fs::set_permissions(folder.root(), fs::Permissions::from_mode(0o777)).unwrap();
    let records = folder.path("records");
    let server = Server::with(&site, &["--record", records.to_str().unwrap()]);
    server.request("POST", "/cgi-bin/x/more?a=b", &[("X-Odd", "1")], b"the body").expect(502);
    let file = fs::read_dir(&records).unwrap().next().unwrap().unwrap().path();
    let scratch = Site::new().directory("tmp", 0o777);
    let tmp = scratch.path("tmp");
    fs::set_permissions(&tmp, fs::Permissions::from_mode(0o1777)).unwrap();
    let replay = || run(Command::new(env!("CARGO_BIN_EXE_htbin")).arg("replay").arg(&file).env("TMPDIR", &tmp));
    let told = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();

    let same = replay();
    let text = told(&same);
    assert_eq!((same.status.code(), same.stdout.len()), (Some(1), 0), "{text}");
    assert!(text.contains("then  502 exit-status: ") && text.contains("now   502 exit-status: "), "{text}");
    assert!(!text.contains("+first"), "{text}");

    put(sh("echo \"second: $(cat), $HTTP_X_ODD\" >&2\nkill -SEGV $$"));
    let worse = replay();
    let text = told(&worse);
    assert!(text.contains("now   502 crashed: "), "{text}");
    assert!(text.contains("-first: the body, /more, a=b") && text.contains("+second: the body, 1"), "{text}");

    put(crate::scripts::text("cat"));
    let mended = replay();
    let text = told(&mended);
    assert_eq!(mended.status.code(), Some(0), "{text}");
    assert!(
        String::from_utf8_lossy(&mended.stdout).ends_with("\r\n\r\nthe body") && text.contains("now   200"),
        "{text}"
    );

    fs::write(&file, "{}").unwrap();
    let broken = replay();
    assert!(told(&broken).contains("name a file that --record has written"), "{}", told(&broken));
    assert_eq!(broken.status.code(), Some(1));
    let left: Vec<_> = fs::read_dir(&tmp).unwrap().map(|it| it.unwrap().path()).collect();
    assert!(left.is_empty(), "it holds what was asked: {left:?}");
}

/// A path may be spelled in many ways, and a local redirect leads to a script that no path names.
#[test]
fn a_recording_is_replayed_however_its_path_was_spelled() {
    ours_only!();
    let site = Site::new();
    let script =
        sh("printf '<%s>' \"$REQUEST_METHOD\" \"$PATH_INFO\" \"$QUERY_STRING\" \"$CONTENT_LENGTH\" >&2\nexit 3");
    let site = site
        .script("cgi-bin/it's", &script)
        .script("cgi-bin/moved", sh("printf 'Location: /cgi-bin/it%%27s/from?there=1\\n\\n'"));
    let folder = Site::new();
    fs::set_permissions(folder.root(), fs::Permissions::from_mode(0o777)).unwrap();
    let records = folder.path("records");
    let server = Server::with(&site, &["--record", records.to_str().unwrap()]);
    for (method, target, stderr) in [
        ("GET", "/%63gi-bin/it's", "<GET><><><>"),
        ("DELETE", "//cgi-bin//it%27s/a%20b/%ff?c=d+e&f=%20", "<DELETE></a b/\u{fffd}><c=d+e&f=%20><>"),
        ("POST", "/cgi-bin/moved/x?y=z", "<GET></from><there=1><>"),
        ("POST", "/cgi-bin/it's", "<POST><><><0>"),
    ] {
        server.request(method, target, &[], b"").expect(502);
        let file = fs::read_dir(&records).unwrap().next().unwrap().unwrap().path();
        let replayed = run(Command::new(env!("CARGO_BIN_EXE_htbin")).arg("replay").arg(&file));
        let told = String::from_utf8_lossy(&replayed.stderr);
        assert!(told.contains("now   502 exit-status: ") && !told.contains("+<"), "{target}: {told}");
        let kept = fs::read_to_string(&file).unwrap();
        assert!(kept.contains(stderr), "{target}: {kept}");
        fs::remove_file(file).unwrap();
    }
}
