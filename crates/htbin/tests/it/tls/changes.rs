//! Certificates and demands that change while requests run: their files, and the configuration.

use std::{
    fs,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

use rustix::process::Signal;

use super::hosts::{Folder, port};
use crate::{
    client::Client,
    process::{PATIENCE, run_ok, signal},
};

#[test]
fn certificates_that_change_under_load_lose_no_request() {
    ours_only!();
    let folder = Folder::new().site("a");
    folder.sign("all", "DNS:a.test,IP:127.0.0.1");
    folder.sign("first", "DNS:a.test,IP:127.0.0.1");
    folder.sign("other", "DNS:a.test,IP:127.0.0.1");
    let certificate = "tls = { certificate = 'all.pem', key = 'all.key' }";
    let server = folder.configure(&format!("listen = 'https://127.0.0.1:0'\ndirectory = 'a'\n{certificate}")).go();
    let port = port(&server, "https");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for (new, nth) in ["other", "first"].into_iter().cycle().zip(0_u64..) {
                // One after the other: for a moment the key does not fit.
                for end in ["pem", "key"] {
                    let passing = folder.path(&format!("{nth}.{end}"));
                    fs::copy(folder.path(&format!("{new}.{end}")), &passing).unwrap();
                    fs::rename(passing, folder.path(&format!("all.{end}"))).unwrap();
                    thread::yield_now();
                }
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let deadline = Instant::now() + PATIENCE;
        let changes =
            || server.events.all().iter().filter(|line| line.contains("new connections get the new one")).count();
        let mut rounds = 0;
        while rounds < 5 || changes() < 2 {
            let url = format!("https://127.0.0.1:{port}/a.txt");
            let told = run_ok(Command::new("h2load").args(["-n", "200", "-c", "20", "-m", "5", &url]));
            if !told.contains("200 succeeded, 0 failed, 0 errored, 0 timeout") || Instant::now() > deadline {
                is_over.store(true, Ordering::Relaxed);
                panic!("after {rounds} rounds and {} changes: {told}", changes());
            }
            rounds += 1;
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn new_demands_hold_for_old_connections_too() {
    ours_only!();
    let folder = Folder::new().site("open").site("must");
    folder.sign("all", "DNS:must.test,DNS:open.test");
    folder.sign("ann", "email:ann@example.org");
    let beginning =
        "listen = ['127.0.0.1:0', 'https://127.0.0.1:0']\ntls = { certificate = 'all.pem', key = 'all.key' }\n";
    let demanding = "{ name = 'must.test', directory = 'must', tls = { client-ca = 'authorities.pem' } }";
    let text = |more: &str| format!("{beginning}host = [{{ directory = 'open' }}, {more}]");
    let server = folder.configure(&text("")).go();
    let (plain, secure) = (port(&server, "http"), port(&server, "https"));
    let mut old = Client::open(plain);
    let mut ask = || {
        old.send("GET /a.txt HTTP/1.1\r\nHost: must.test\r\n\r\n");
        old.reply()
    };
    assert_eq!(ask().expect(200).text(), "open");
    let reload = |text: &str, said: &str| {
        drop(folder.configure(text));
        signal(server.pid(), Signal::HUP);
        server.events.with(said);
    };
    // A broken one changes nothing.
    reload(&text(demanding), "is refused, and what held before goes on");
    assert_eq!(ask().expect(200).text(), "open");
    fs::copy(folder.path("ca.pem"), folder.path("authorities.pem")).unwrap();
    reload(&text(demanding), "its rules hold from now on");
    ask().expect(421);
    let (certificate, key) = (folder.text("ann.pem"), folder.text("ann.key"));
    let ann = ["--cert", &certificate, "--key", &key];
    let url = format!("https://must.test:{secure}/a.txt");
    assert_eq!(folder.told(&url, &ann), "must");
    assert_eq!(folder.status(&format!("https://open.test:{secure}/a.txt"), &["-H", "Host: must.test"]), "421");
    // Others sign from now on; the certificate of before is worth nothing.
    let other = Folder::new();
    fs::copy(other.path("ca.pem"), folder.path("new.pem")).unwrap();
    fs::rename(folder.path("new.pem"), folder.path("authorities.pem")).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while folder.curl(&url, &ann).status.success() {
        assert!(Instant::now() < deadline, "the old authority is still believed");
    }
    server.events.with("authorities.pem has changed; it holds for new connections");
}
