//! Clients that are slow, or leave.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use super::{alone, pace};
use crate::{
    process::{assert_gone_within, memory_kib},
    scripts::{HELLO, sh, text},
    server::{Server, request_bytes},
    site::Site,
};

#[test]
fn five_hundred_slow_heads_do_not_disturb_a_normal_client() {
    ours_only!();
    let _alone = alone();
    let site = Site::new().file("a.txt", "a").script("cgi-bin/hello", HELLO);
    let server = Server::start(&site);
    let mut slow: Vec<_> = (0..500).map(|_| server.client()).collect();
    let (rounds, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (its_rounds, its_stop) = (Arc::clone(&rounds), Arc::clone(&stop));
    let sender = thread::spawn(move || {
        for byte in b"GET /a.txt HTTP/1.1\r\n".chunks(1) {
            for client in &mut slow {
                client.send(byte);
            }
            its_rounds.fetch_add(1, Ordering::SeqCst);
            if its_stop.load(Ordering::SeqCst) {
                break;
            }
            pace(Duration::from_secs(1));
        }
    });
    let mut served = 0;
    while rounds.load(Ordering::SeqCst) < 4 || served < 200 {
        assert_eq!(server.get("/a.txt").status, 200);
        assert_eq!(server.get("/cgi-bin/hello").status, 200);
        served += 2;
    }
    stop.store(true, Ordering::SeqCst);
    sender.join().unwrap();
}

#[test]
fn a_reader_of_a_byte_a_second_costs_bounded_memory() {
    ours_only!();
    let _alone = alone();
    let site = Site::new().script("cgi-bin/x", text("echo $$ >\"$0\".pid\nexec head -c 100000000 /dev/zero"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    let script = pid.pid();
    assert_eq!(client.head().status, 200);
    for _ in 0..4 {
        client.some();
        pace(Duration::from_secs(1));
    }
    assert!(memory_kib(server.pid(), "VmHWM") < 32 * 1024, "{} KiB", memory_kib(server.pid(), "VmHWM"));
    drop(client);
    assert_gone_within(script, 6, "the script whose reader has left");
}

#[test]
fn a_hundred_slow_readers_of_a_large_file_cost_bounded_memory() {
    ours_only!();
    let _alone = alone();
    let site = Site::new().file("large.bin", vec![7; 100_000_000]);
    let server = Server::start(&site);
    let mut clients: Vec<_> = (0..100).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send(request_bytes("GET", "/large.bin", &[], b""));
    }
    for client in &mut clients {
        assert_eq!(client.head().status, 200);
    }
    pace(Duration::from_secs(1));
    assert!(memory_kib(server.pid(), "VmHWM") < 48 * 1024, "{} KiB", memory_kib(server.pid(), "VmHWM"));
}

#[test]
fn a_reader_that_takes_nothing_is_cut_off() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("echo $$ >\"$0\".pid\nexec cat /dev/zero"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::with(&site, &["--send-idle", "500ms"]);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    assert_gone_within(pid.pid(), 15, "the script whose reader takes nothing");
}

#[test]
fn a_script_and_its_children_end_when_the_client_leaves() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("sleep 600 &\necho $! >\"$0\".pid\necho $$ >\"$0\".pid\nwait"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    let (child, script) = (pid.pid(), pid.pid());
    drop(client);
    assert_gone_within(script, 6, "the script");
    assert_gone_within(child, 6, "its child");
}

#[test]
fn a_script_ends_when_the_client_leaves_before_its_head() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("echo $$ >\"$0\".pid\nexec sleep 600"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    let script = pid.pid();
    drop(client);
    assert_gone_within(script, 6, "the script");
}

#[test]
fn a_script_that_ignores_term_is_gone_soon_after_its_client() {
    ours_only!();
    let site =
        Site::new().script("cgi-bin/x", text("trap '' TERM HUP INT\necho $$ >\"$0\".pid\nwhile :; do sleep 1; done"));
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    let script = pid.pid();
    drop(client);
    // TERM, and KILL 2 s later.
    assert_gone_within(script, 8, "the script");
}

#[test]
fn a_script_may_clean_up_after_term() {
    ours_only!();
    let site = Site::new().script(
        "cgi-bin/x",
        text("trap 'echo cleaned >\"$0\".pid; exit' TERM\necho $$ >\"$0\".pid\nwhile :; do sleep 0.1; done"),
    );
    let mut pid = site.fifo("cgi-bin/x.pid");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    pid.pid();
    drop(client);
    assert_eq!(pid.line(), "cleaned");
}
