//! Each flag reaches its room, and what is wrong is told.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use super::*;
use crate::{
    cli::{self, Invocation},
    listen::Bind,
    site::{Interpreter, Mount, ScriptDir},
};

fn machine(variables: &[(&str, &str)]) -> Machine {
    Machine {
        variables: variables.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        cores: 2,
        memory_bytes: 8 << 30,
        descriptors: 1_000_000,
    }
}

fn settings_on(machine: &Machine, line: &[&str]) -> Result<Settings, Error> {
    let words = std::iter::once("htbin").chain(line.iter().copied()).map(OsString::from);
    match cli::parse(words, []).expect("clap takes it") {
        Invocation::Serve(flags) => from_flags_on(&flags, machine),
        other => panic!("{other:?}"),
    }
}

fn settings(line: &[&str]) -> Settings {
    settings_on(&machine(&[("PATH", "/usr/bin:/bin")]), line).expect("all is right")
}

fn told(line: &[&str]) -> String {
    settings_on(&machine(&[("PATH", "/usr/bin:/bin")]), line).expect_err(&format!("{line:?}")).to_string()
}

fn environment_on(variables: &[(&str, &str)], line: &[&str]) -> Vec<String> {
    let settings = settings_on(&machine(variables), line).expect("all is right");
    let entries = settings.rule().scripts.environment.iter();
    entries.map(|(name, value)| format!("{}={}", name.display(), value.display())).collect()
}

impl Settings {
    fn own_site(&self) -> site::Settings {
        self.site().expect("flags make one").clone()
    }
}

fn script_dirs(pairs: &[(&str, Option<&str>)]) -> Vec<ScriptDir> {
    let dir = |(url, directory): &(&str, Option<&str>)| ScriptDir {
        url: (*url).into(),
        directory: directory.map(PathBuf::from),
    };
    pairs.iter().map(dir).collect()
}

#[test]
fn defaults_are_those_of_the_manual() {
    let it = settings(&[]);
    assert_eq!(
        it.listen[0],
        listen::Settings { binds: vec![], port: 8000, port_asked: false, secure: false, introduced: false }
    );
    assert_eq!(it.own_site().root, std::env::current_dir().expect("there is one"));
    assert!(it.own_site().cgi && it.own_site().listing && !it.own_site().hidden && !it.own_site().follow_symlinks);
    assert_eq!(it.own_site().script_dirs, script_dirs(&[("/cgi-bin", None), ("/htbin", None)]));
    assert_eq!((it.own_site().mounts, it.own_site().interpreters, it.own_site().spa), (vec![], vec![], None));
    assert_eq!((it.http.connections_max, it.http.head_bytes_max, it.http.head_fields_max), (10_000, 65_536, 100));
    assert_eq!((it.cgi.running_max, it.cgi.queue_max, it.cgi.queue_time), (128, 512, Duration::from_secs(30)));
    assert_eq!((it.rule().scripts.body_bytes_max, it.rule().scripts.body_memory_bytes_max), (1 << 30, 65_536));
    assert_eq!((it.rule().scripts.output_bytes_max, it.rule().scripts.memory_bytes_max), (None, None));
    assert_eq!((it.rule().scripts.cpu_seconds_max, it.rule().scripts.processes_max), (None, None));
    assert_eq!((it.cgi.debug, it.cgi.redirects_max), (Debug::Loopback, 10));
    assert!(!it.rule().scripts.post_argv && !it.rule().scripts.pass_auth && !it.rule().scripts.new_privileges);
    assert_eq!(it.rule().layers, layers::Settings::default());
    assert_eq!((it.log.format, it.log.quiet, it.log.bare, it.log.verbose), (log::Format::Common, false, false, 0));
    assert_eq!((it.log.access, it.log.events), (log::Destination::Standard, log::Destination::Standard));
    assert_eq!((it.user, it.open), (None, None));
}

#[test]
fn scripts_at_once_follow_cores_and_memory() {
    let with = |cores, memory_bytes| Machine { cores, memory_bytes, ..machine(&[]) }.scripts_max();
    assert_eq!(with(1, 8 << 30), 64);
    assert_eq!(with(16, 8 << 30), 256);
    assert_eq!(with(16, 512 << 20), 16);
    assert_eq!(with(4, 1 << 20), 1);
    assert_eq!(settings(&["--max-scripts", "3"]).cgi.running_max, 3);
}

#[test]
fn connections_leave_a_fifth_of_the_descriptors() {
    let few = Machine { descriptors: 256, ..machine(&[]) };
    assert_eq!(settings_on(&few, &[]).expect("all is right").http.connections_max, 204);
    let asked = settings_on(&few, &["--max-connections", "100"]).expect("all is right");
    assert_eq!(asked.http.connections_max, 100);
}

#[test]
fn addresses_and_sockets_are_told_apart() {
    let host = |it: &str| Bind::Host(it.into());
    let it = settings(&["-b", "::", "-b", "[::1]", "-b", "localhost", "-b", "/run/x.sock", "-b", "./y.sock"]);
    let sockets = [Bind::Unix("/run/x.sock".into()), Bind::Unix("./y.sock".into())];
    assert_eq!(it.listen[0].binds[..3], [host("::"), host("::1"), host("localhost")]);
    assert_eq!(it.listen[0].binds[3..], sockets);
    assert_eq!(settings(&["-b", "fe80::1%lo"]).listen[0].binds, [host("fe80::1%lo")]);
    let fix = "name the address alone, as 127.0.0.1 or ::1, and the port with --port";
    for bind in ["127.0.0.1:80", "[::1]:80", "localhost:80"] {
        assert_eq!(told(&["-b", bind]), format!("--bind: '{bind}' is no address: {fix}"));
    }
    for socket in ["h.sock", "a.socket"] {
        let fix = format!("a UNIX socket is a path with a slash, as ./{socket}");
        assert_eq!(told(&["-b", socket]), format!("--bind: '{socket}' is no address: {fix}"));
    }
    assert_eq!(told(&["-b", "*"]), "--bind: '*' is no address: every address of this machine is '::'");
}

#[test]
fn a_port_is_for_addresses() {
    let fix = "leave it out, or add an address, as in -b 127.0.0.1";
    let unix = ["-b", "/run/x.sock", "9000"];
    assert_eq!(told(&unix), format!("--port: a UNIX socket has no port, and 9000 is for nothing else: {fix}"));
    assert_eq!(settings(&[&unix[..], &["-b", "::1"]].concat()).listen[0].port, 9000);
    assert!(!settings(&unix[..2]).listen[0].port_asked);
}

#[test]
fn memory_is_enough_to_start_something() {
    let least = "no program starts with less than 1m, sh wants 3m and Python 16m";
    let meant = "a bare number is bytes, 512m is megabytes";
    assert_eq!(told(&["--memory", "512"]), format!("--memory: 512 is too little: {least}; {meant}"));
    assert_eq!(told(&["--memory", "0"]), format!("--memory: 0 is too little: {least}"));
    assert_eq!(settings(&["--memory", "1m"]).rule().scripts.memory_bytes_max, Some(1 << 20));
    assert_eq!(settings(&["--memory", "none"]).rule().scripts.memory_bytes_max, None);
}

#[test]
fn script_directories_are_urls_with_one_slash() {
    for (given, url) in [
        (".", "/"),
        ("/", "/"),
        ("./", "/"),
        ("cgi", "/cgi"),
        ("/cgi/", "/cgi"),
        ("./cgi", "/cgi"),
        ("/a//b", "/a/b"),
        ("/a b", "/a b"),
    ] {
        assert_eq!(settings(&["--cgi-dir", given]).own_site().script_dirs, script_dirs(&[(url, None)]), "{given}");
    }
    let outside = settings(&["--cgi-dir", "/x=/usr/bin,/y"]).own_site().script_dirs;
    assert_eq!(outside, script_dirs(&[("/x", Some("/usr/bin")), ("/y", None)]));
    for given in ["../x", "/a/../b", "/a%20b", "=/usr", "/a?b"] {
        assert!(told(&["--cgi-dir", given]).contains("is no URL path: it looks like /cgi-bin, decoded"), "{given}");
    }
    let fix = "name one that is there, or make it first";
    assert_eq!(told(&["--cgi-dir", "/x=/no/such"]), format!("--cgi-dir: there is no directory '/no/such'; {fix}"));
}

#[test]
fn mounts_and_interpreters_name_programs() {
    let it = settings(&["--cgi", "/sh/=sh", "--interpreter", ".x=/bin/sh", "--interpreter", ".tar.y=env"]).own_site();
    assert_eq!(it.mounts.len(), 1);
    assert!(
        matches!(&it.mounts[..], [Mount { url, program }] if url == "/sh" && program.ends_with("sh") && program.is_absolute())
    );
    let suffixes: Vec<&str> = it.interpreters.iter().map(|Interpreter { suffix, .. }| suffix.as_str()).collect();
    assert_eq!(suffixes, [".x", ".tar.y"]);
    assert!(it.interpreters.iter().all(|interpreter| interpreter.program.is_absolute()));
    let fix = "install it, or name the file with its whole path";
    assert_eq!(told(&["--cgi", "/a=nope"]), format!("--cgi: no program 'nope' in PATH (/usr/bin:/bin); {fix}"));
    assert_eq!(told(&["--cgi", "/a=/no/such"]), format!("--cgi: no program '/no/such' there; {fix}"));
    assert!(
        told(&["--cgi=a=sh"]).starts_with("--cgi: 'a=sh' is no URL=PROGRAM: a program below a URL looks like /git=")
    );
    for given in ["py=sh", ".=sh", ".py=", ".py", "./a=sh"] {
        let like = "an interpreter for all files that end so looks like .py=python3";
        let told = told(&["--interpreter", given]);
        assert_eq!(told, format!("--interpreter: '{given}' is no .EXT=PROGRAM: {like}"));
    }
}

#[test]
fn scripts_get_path_and_locale_and_what_was_asked_for() {
    let variables =
        [("PATH", "/opt/bin"), ("LANG", "de_DE.UTF-8"), ("LC_ALL", "C"), ("TZ", "UTC"), ("HOME", "/root"), ("X", "1")];
    let always = ["PATH=/opt/bin", "LANG=de_DE.UTF-8", "LC_ALL=C", "TZ=UTC"];
    assert_eq!(environment_on(&variables, &[]), always);
    assert_eq!(environment_on(&[], &[]), ["PATH=/usr/local/bin:/usr/bin:/bin"]);
    assert_eq!(environment_on(&[("PATH", "")], &[]), ["PATH=/usr/local/bin:/usr/bin:/bin"]);
    let more = environment_on(&variables, &["--pass-env", "X,NONE", "--env", "A=b=c", "--env", "E="]);
    assert_eq!(more[4..], ["X=1", "A=b=c", "E="]);
    let last = environment_on(&variables, &["--env", "PATH=/bin", "--env", "A=1", "--env", "A=2"]);
    assert_eq!(last, ["PATH=/bin", "LANG=de_DE.UTF-8", "LC_ALL=C", "TZ=UTC", "A=2"]);
}

#[test]
fn meta_variables_cannot_be_set() {
    for name in ["QUERY_STRING", "HTTP_PROXY", "REMOTE_USER", "HTTPS", "SERVER_SOFTWARE"] {
        let fix = "is a meta-variable, which each request sets; take another name";
        assert_eq!(told(&["--env", &format!("{name}=x")]), format!("--env: '{name}' {fix}"));
        assert_eq!(told(&["--pass-env", name]), format!("--pass-env: '{name}' {fix}"));
    }
    assert_eq!(
        told(&["--env", "HOME"]),
        "--env: 'HOME' has no value: K=V is needed; to pass on a variable of htbin's own, use --pass-env"
    );
    assert_eq!(told(&["--env", "=x"]), "--env: '' is no name of a variable: letters, digits and _ are");
}

#[test]
fn fields_for_every_response() {
    let it = settings(&["-H", "X-A: b: c", "-H", "x-a:d", "--cors"]).rule().layers.clone();
    let fields: Vec<(&str, &[u8])> = it.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    assert_eq!(fields, [("x-a", &b"b: c"[..]), ("x-a", b"d")]);
    assert_eq!(it.cors.expect("it was asked for"), "*");
    let origin = |it: &str| settings(&[&format!("--cors={it}")]).rule().layers.cors.clone().expect("it was asked for");
    assert_eq!(origin("https://a.example:8443/"), "https://a.example:8443");
    for (field, what) in [
        ("nope", "has no colon: a field looks like 'X-Robots-Tag: none'"),
        ("a b: c", "is no field: its name may have letters, digits and -"),
        ("Content-Length: 3", "cannot be set: this field is how HTTP itself works"),
        ("transfer-encoding: chunked", "cannot be set: this field is how HTTP itself works"),
    ] {
        assert_eq!(told(&["-H", field]), format!("--header: '{field}' {what}"));
    }
    assert_eq!(
        told(&["-H", "a: b\r\nc: d"]),
        "--header: 'a: b\\r\\nc: d' is no field: its value has a control character"
    );
    assert!(told(&["--cors=example.org"]).contains("is no origin: it looks like https://example.org, or * for all"));
}

#[test]
fn limits_reach_their_rooms() {
    let line =
        ["--memory", "1g", "--cpu", "10s", "--nproc", "50", "--max-output", "5m", "--timeout", "5", "--max-head=16k"];
    let it = settings(&line);
    assert_eq!((it.rule().scripts.memory_bytes_max, it.rule().scripts.cpu_seconds_max), (Some(1 << 30), Some(10)));
    assert_eq!((it.rule().scripts.processes_max, it.rule().scripts.output_bytes_max), (Some(50), Some(5 << 20)));
    assert_eq!(
        (it.rule().scripts.head_time, it.rule().scripts.idle_time),
        (Duration::from_secs(5), Duration::from_secs(60))
    );
    assert_eq!((it.rule().scripts.head_bytes_max, it.http.head_bytes_max), (16_384, 16_384));
    assert_eq!(settings(&["--idle-timeout", "none"]).rule().scripts.idle_time, value::NEVER);
    assert_eq!(settings(&["--debug"]).cgi.debug, Debug::Always);
    assert_eq!(settings(&["--no-debug"]).cgi.debug, Debug::Never);
    assert!(told(&["--max-head", "1k"]).starts_with("--max-head: a size from 8k to 16m is needed"));
    assert!(told(&["--max-head", "none"]).starts_with("--max-head: a size from 8k to 16m is needed"));
    for flag in ["--max-scripts", "--max-connections", "--max-fields", "--threads"] {
        let fix = "0 would answer nobody; leave it out for the default, or say 'none' for no limit";
        assert_eq!(told(&[flag, "0"]), format!("{flag}: {fix}"));
    }
}

#[test]
fn the_directory_must_be_there() {
    let folder = tempfile::tempdir().expect("a private folder");
    let path = folder.path().to_str().expect("it is text");
    assert_eq!(settings(&[path]).own_site().root, folder.path());
    let file = folder.path().join("a.txt");
    fs::write(&file, "").expect("the folder is ours");
    let shown = file.display().to_string();
    assert_eq!(told(&[&shown]), format!("--directory: '{shown}' is a file; name the directory it lies in"));
    let fix = "name one that is there, or make it first";
    assert_eq!(told(&["no-such"]), format!("--directory: there is no directory 'no-such'; {fix}"));
    let fix = "a command stands before all options: htbin completions [OPTIONS]";
    assert_eq!(told(&["-v", "completions"]), format!("--directory: there is no directory 'completions' here; {fix}"));
}

#[test]
fn index_and_spa_are_names_of_files() {
    assert_eq!(settings(&["--index="]).own_site().index, [""; 0]);
    assert_eq!(settings(&["--index", "a.html,b.cgi"]).own_site().index, ["a.html", "b.cgi"]);
    assert_eq!(settings(&["--spa=/app/index.html"]).own_site().spa.as_deref(), Some("app/index.html"));
    assert!(told(&["--index", "a/b"]).contains("is no name of a file: name it without its directory"));
    assert!(told(&["--spa=../a"]).contains("is no file of the site: a path like index.html is needed"));
    assert_eq!(settings(&["--open=x"]).open.as_deref(), Some("/x"));
    assert_eq!(settings(&["-o"]).open.as_deref(), Some("/"));
}

#[test]
fn programs_are_found_by_path_and_must_be_executable() {
    let folder = tempfile::tempdir().expect("a private folder");
    let tool = folder.path().join("tool");
    fs::write(&tool, "").expect("the folder is ours");
    let machine = machine(&[("PATH", &format!(".:/no/such:{}", folder.path().display()))]);
    assert_eq!(machine.program("tool".as_ref()), None);
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    assert_eq!(machine.program("tool".as_ref()), Some(tool.clone()));
    assert_eq!(machine.program(tool.as_ref()), Some(tool));
    assert_eq!(machine.program(folder.path().as_ref()), None);
}

#[test]
fn this_machine_has_something() {
    let machine = Machine::this();
    assert!(machine.cores > 0 && machine.memory_bytes > 1 << 20 && machine.descriptors > 0);
}
