//! Scripts that do not do what is expected of them.

use std::{process::Command, time::Duration};

use rustix::process::Signal;

use crate::{
    process::{PATIENCE, gone_within, run, signal},
    scripts::{HELLO, sh, text},
    server::{Server, Start, request_bytes},
    site::Site,
};

#[test]
fn a_child_that_holds_stdout_does_not_hold_the_reply() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("sleep 600 &\necho $! >\"$0\".pid\necho done"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::start(&site);
    let reply = server.get("/cgi-bin/x").expect(200);
    assert_eq!((reply.text().as_str(), reply.cut), ("done\n", false));
    let child = pid.pid();
    drop(server);
    assert!(gone_within(child, Duration::from_secs(5)), "the child outlived the server");
}

#[test]
fn what_a_child_writes_soon_after_its_parent_ended_is_not_lost() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("seq 1 200000 | cat & exit 0"));
    let reply = Server::start(&site).get("/cgi-bin/x").expect(200);
    assert!(reply.text().ends_with("200000\n"), "{} octets", reply.body.len());
}

#[test]
fn a_script_that_never_reads_a_body_of_50_mb_answers() {
    ours_only!();
    let site = Site::new().script("cgi-bin/hello", HELLO);
    let server = Server::start(&site);
    let body = vec![b'x'; 50_000_000];
    assert_eq!(server.request("POST", "/cgi-bin/hello", &[], &body).expect(200).text(), "hello\n");
    assert!(crate::process::memory_kib(server.pid(), "VmHWM") < 32 * 1024, "a body is not held in memory");
}

#[test]
fn a_script_that_ends_before_it_reads_does_no_harm() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("exec <&-\nexit 0")).script("cgi-bin/hello", HELLO);
    let server = Server::start(&site);
    for size in [100, 60_000, 100_000, 5_000_000] {
        assert_eq!(server.request("POST", "/cgi-bin/x", &[], &vec![b'x'; size]).status, 502, "{size}");
        assert_eq!(server.request("POST", "/cgi-bin/hello", &[], &vec![b'x'; size]).status, 200, "{size}");
    }
}

#[test]
fn a_reply_whose_script_is_killed_is_cut_for_curl_too() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("head -c 100000 /dev/zero\necho $$ >\"$0\".pid\nexec sleep 600"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::start(&site);
    let url = server.url("/cgi-bin/x");
    let curl =
        std::thread::spawn(move || run(Command::new("curl").args(["-sS", "--max-time", "30", "--noproxy", "*", &url])));
    signal(pid.pid(), Signal::KILL);
    let output = curl.join().unwrap();
    assert_eq!(output.status.code(), Some(18), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.len(), 100_000, "what came before is sent");
}

#[test]
fn a_script_that_closes_its_output_and_goes_on_ends_the_reply() {
    ours_only!();
    let site = Site::new().script(
        "cgi-bin/x",
        text("echo done\nexec >&- 2>&-\necho $$ >\"$0\".pid\nread x <\"$0\".gate\necho late >\"$0\".pid"),
    );
    let (mut pid, gate) = (site.fifo("cgi-bin/x.pid"), site.fifo("cgi-bin/x.gate"));
    let server = Server::start(&site);
    assert_eq!(server.get("/cgi-bin/x").expect(200).text(), "done\n");
    pid.pid();
    gate.release();
    assert_eq!(pid.line(), "late", "its work after the reply is its own");
}

#[test]
fn a_script_that_stops_itself_is_ended_by_the_time_limit() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("echo $$ >\"$0\".pid\nkill -STOP $$"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::with(&site, &["--timeout", "500ms"]);
    assert_eq!(server.get("/cgi-bin/x").status, 504);
    assert!(gone_within(pid.pid(), Duration::from_secs(6)));
}

#[test]
fn a_full_disk_is_507() {
    ours_only!();
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: needs root to mount a small disk");
        return;
    }
    let site = Site::new().script("cgi-bin/hello", HELLO);
    let scratch = Site::new().directory("tmp", 0o777);
    let tmp = scratch.path("tmp");
    let line = "mount -t tmpfs -o size=1m,mode=1777 none \"$TMPDIR\" || { echo 'no mount'; exit 0; }; \
        exec \"$0\" --port 0 -b 127.0.0.1 -d \"$1\"";
    let words = ["-m", "sh", "-c", line, env!("CARGO_BIN_EXE_htbin"), site.root().to_str().unwrap()];
    let start = Start::bare("unshare").flags(&words).env("TMPDIR", tmp.to_str().unwrap());
    let server = start.go();
    for _ in 0..2 {
        assert_eq!(server.request("POST", "/cgi-bin/hello", &[], &vec![b'x'; 3_000_000]).status, 507);
        assert_eq!(server.request("POST", "/cgi-bin/hello", &[], &vec![b'x'; 300_000]).status, 200);
    }
    server.events.with("disk-full");
}

#[test]
fn a_panic_or_an_end_of_one_exchange_is_no_other_ones() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/wait", text("echo $$ >\"$0\".pid\nread x <\"$0\".gate\necho done"))
        .script("cgi-bin/broken", sh("kill -SEGV $$"));
    let (mut pid, gate) = (site.fifo("cgi-bin/wait.pid"), site.fifo("cgi-bin/wait.gate"));
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/wait", &[], b""));
    pid.pid();
    for _ in 0..20 {
        assert_eq!(server.get("/cgi-bin/broken").status, 502);
    }
    gate.release();
    assert_eq!(client.reply().expect(200).text(), "done\n");
    assert!(client.closed_within(PATIENCE));
}
