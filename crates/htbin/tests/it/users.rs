//! Who runs what, and how confined: users of routes, owners, and sandboxes, by a configuration file. What needs root leaves
//! where there is none.

use std::{
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::Command,
};

use rustix::process::{Signal, geteuid};

use crate::{
    process::{children, run, run_ok, signal, status_field},
    server::{Server, Start, configure},
    site::Site,
};

const WHO: &str = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nid -u\numask\nnice\n";

fn is_root() -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        eprintln!("left: only root can let scripts run as somebody else");
    }
    is_root
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The number that a script finds itself to be.
fn user_of(server: &Server, path: &str) -> String {
    server.get(path).expect(200).text().lines().next().unwrap().to_owned()
}

#[test]
fn each_route_has_its_user() {
    if !is_root() {
        return;
    }
    let site = Site::new().script("cgi-bin/who", WHO).script("other/who", WHO);
    let text = "directory = '.'\n[[route]]\npath = '/other'\nscripts = 'other'\nuser = '54321:54322'\numask = '077'\n\
                nice = 5\n";
    let server = Server::configured(&site, text);
    assert_eq!(user_of(&server, "/cgi-bin/who"), "65534");
    assert_eq!(server.get("/other/who").expect(200).text(), "54321\n0077\n5\n");
    // The server itself is nobody; the one that starts scripts has to stay root.
    assert!(status_field(server.pid(), "Uid").unwrap().starts_with("65534\t65534\t65534"));
    let users: Vec<String> = children(server.pid()).into_iter().filter_map(|pid| status_field(pid, "Uid")).collect();
    assert!(users.iter().any(|user| user.starts_with("0\t")), "{users:?}");
}

#[test]
fn a_script_of_another_user_is_ended_with_its_client() {
    if !is_root() {
        return;
    }
    let sleeps = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s\\n' $$\nexec sleep 600\n";
    let site = Site::new().script("cgi-bin/sleeps", sleeps);
    let text = "directory = '.'\n[[route]]\npath = '/cgi-bin'\nuser = '54321'\n";
    let server = Server::configured(&site, text);
    let mut client = server.client();
    client.send("GET /cgi-bin/sleeps HTTP/1.1\r\nHost: a\r\n\r\n");
    client.until("\r\n\r\n");
    let told = client.until("\n\r\n");
    let pid: u32 = told.lines().filter_map(|line| line.trim().parse().ok()).next_back().unwrap();
    drop(client);
    crate::process::assert_gone_within(pid, 10, "the script of another user");
}

#[test]
fn each_script_runs_as_its_owner_or_says_why_not() {
    if !is_root() {
        return;
    }
    let site = Site::new().script("home/own", WHO).script("home/roots", WHO).script("home/open", WHO);
    for name in ["home", "home/own", "home/open"] {
        chown(site.path(name), Some(54321), Some(54321)).unwrap();
    }
    mode(&site.path("home/open"), 0o775);
    let text = "directory = '.'\n[[route]]\npath = '/home'\nscripts = 'home'\nuser = 'owner'\n";
    let server = Server::configured(&site, text);
    assert_eq!(user_of(&server, "/home/own"), "54321");
    for (name, why) in [
        ("open", "can be changed by others than its owner (mode 775); `chmod go-w"),
        ("roots", "belongs to root, and no script runs as root"),
    ] {
        let page = server.get(&format!("/home/{name}")).expect(403).text();
        assert!(page.contains(why), "{page}");
        assert!(server.events.with("owner-unfit").contains("refused"));
    }
    // What suexec has seen may change until the next request.
    mode(&site.path("home"), 0o777);
    assert!(server.get("/home/own").expect(403).text().contains("whoever writes to a directory can replace"));
}

#[test]
fn a_launcher_of_roots_starts_nothing_that_its_configuration_does_not_name() {
    if !is_root() {
        return;
    }
    let site = Site::new().script("a/who", WHO).script("b/who", WHO);
    let of = |name: &str| format!("[[route]]\npath = '/{name}'\nscripts = '{name}'\nuser = '54321'\n");
    let server = Server::configured(&site, &of("a"));
    assert_eq!(user_of(&server, "/a/who"), "54321");
    configure(&site, &(of("a") + &of("b")));
    signal(server.pid(), Signal::HUP);
    assert!(server.events.with("a restart is needed for").contains("directories and programs of scripts"));
    assert_eq!(server.get("/b/who").status, 502);
    assert_eq!(user_of(&server, "/a/who"), "54321");
}

#[test]
fn others_than_root_cannot_run_scripts_as_others() {
    let site = Site::new().file("htbin.toml", "directory = '.'\nuser = 'daemon'\n");
    let mut start = Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["-c"]).flags(&[site.path("htbin.toml")]);
    if geteuid().is_root() {
        start = start.user(65534);
    }
    let server = start.launch();
    assert!(server.events.with("only root can become another user").contains("--user daemon"));
    let mut server = server;
    assert_eq!(server.wait(crate::process::PATIENCE).code(), Some(2));
}

/// Tries to get out, and says what it managed.
const ESCAPES: &str = r#"#!/usr/bin/python3 -I
import ctypes, os, socket
print("Content-Type: text/plain\n")
libc = ctypes.CDLL(None, use_errno=True)
def tried(what, act):
    try:
        act()
        print(what, "managed")
    except Exception as error:
        print(what, "kept", type(error).__name__)
def called(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
def connect():
    socket.create_connection(("127.0.0.1", int(os.environ["QUERY_STRING"])), 5).close()
tried("shadow", lambda: open("/etc/shadow").read())
tried("read", lambda: os.listdir("/srv"))
tried("beside", lambda: open("beside", "w").write("x"))
tried("system", lambda: open("/usr/local/htbin-escape", "w").write("x"))
tried("connect", connect)
tried("trace", lambda: called(libc.ptrace(16, os.getppid(), 0, 0)))
tried("mount", lambda: called(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)))
tried("signal", lambda: os.kill(int(os.environ["SERVER"]), 0))
tried("tmp", lambda: open("/tmp/htbin-own", "w").write("x"))
"#;

/// What a script managed under this sandbox, as the user who serves.
fn managed(sandbox: &str, user: &str) -> Vec<String> {
    let site = Site::new().directory("cgi-bin", 0o777).script("cgi-bin/escape", ESCAPES);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = format!("directory = '.'\n{sandbox}\nenv = {{ SERVER = '{}' }}\n{user}", std::process::id());
    let server = Server::configured(&site, &text);
    let told = server.get(&format!("/cgi-bin/escape?{port}")).expect(200).text();
    let managed = told.lines().filter_map(|line| line.strip_suffix(" managed").map(str::to_owned)).collect();
    assert!(told.lines().count() == 9, "{told}");
    managed
}

#[test]
fn strict_lets_nothing_out() {
    assert_eq!(managed("sandbox = 'strict'", ""), ["tmp"]);
    let mut off = managed("sandbox = 'off'", "");
    off.retain(|what| what != "signal" && what != "read");
    // So that each of them can be managed at all, where an ordinary user may.
    let _ = std::fs::remove_file("/tmp/htbin-own");
    assert_eq!(off.iter().filter(|what| ["beside", "connect", "tmp"].contains(&what.as_str())).count(), 3, "{off:?}");
}

#[test]
fn standard_changes_nothing_of_the_system() {
    let managed = managed("sandbox = 'standard'", "");
    let _ = std::fs::remove_file("/tmp/htbin-own");
    for what in ["beside", "connect", "tmp"] {
        assert!(managed.iter().any(|it| it == what), "{what}: {managed:?}");
    }
    for what in ["shadow", "system", "trace", "mount"] {
        assert!(!managed.iter().any(|it| it == what), "{what}: {managed:?}");
    }
}

#[test]
fn a_sandbox_is_told_in_words() {
    let site = Site::new().file(
        "htbin.toml",
        "directory = '.'\n[[route]]\npath = '/cgi-bin'\nsandbox = 'strict'\nread = '/srv'\nnetwork = [443]\n",
    );
    let explain = |address: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_htbin"));
        run_ok(command.args(["sandbox", "explain", address]).current_dir(site.root()))
    };
    let told = explain("/cgi-bin/x");
    assert!(told.starts_with("scripts run as the server's user\n"), "{told}");
    assert!(told.contains("/srv") && told.contains("443"), "{told}");
    assert!(explain("http://any.test/").contains("sandbox off"));
}

#[test]
fn what_does_not_fit_together_is_told() {
    for (text, told) in [
        ("read = '/srv'", "without a sandbox it says nothing"),
        ("sandbox = 'strict'\nnew-privileges = true", "a sandbox lets no script gain privileges"),
        ("sandbox = 'tight'", "unknown variant `tight`"),
        ("umask = '8'", "'8' is no mask: it looks like \"022\""),
        ("nice = 20", "20 is no niceness"),
        ("user = 'no-such-user-here'", "there is no user 'no-such-user-here'"),
        ("user = 'root'", "scripts never run as root"),
        ("sandbox = 'strict'\nnetwork = 'some'", "'some' is not 'none', 'all' or a list of ports"),
    ] {
        let site = Site::new().file("htbin.toml", format!("directory = '.'\n{text}\n"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_htbin"));
        let output = run(command.arg("check").current_dir(site.root()));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(78) && said.contains(told), "{text}: {said}");
    }
}
