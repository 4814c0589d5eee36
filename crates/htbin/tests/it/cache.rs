//! Answers of scripts are stored: who asks again gets what is stored, and a crowd starts one script.

use std::{fs, process::Command, thread};

use crate::{
    client::{Client, Reply},
    process::run_ok,
    server::{Server, request_bytes},
    site::Site,
};

const ON: &str = "directory = \".\"\ncache = true\n";

/// A script that counts how often it has run, and answers with the fields of a file.
const COUNTS: &str = "#!/bin/sh\necho run >>../runs/count\ncat ../runs/fields\nprintf 'Content-Type: text/plain\\n\\n'\n\
    wc -l <../runs/count\n";

fn site(fields: &str) -> Site {
    Site::new().script("cgi-bin/counts", COUNTS).directory("runs", 0o777).file("runs/fields", fields)
}

fn runs(site: &Site) -> usize {
    fs::read_to_string(site.path("runs/count")).unwrap_or_default().lines().count()
}

/// The number of the run that an answer is from.
fn of_run(reply: &Reply) -> u32 {
    reply.text().trim().parse().unwrap_or_else(|_| panic!("{:?} {}", reply.fields, reply.text()))
}

const PATH: &str = "/cgi-bin/counts";
const FRESH: &str = "Cache-Control: max-age=600\n";

#[test]
fn two_hundred_at_once_start_one_script() {
    ours_only!();
    let gated = COUNTS.replace("cat", "read x <../runs/gate\ncat");
    let site = site(FRESH).script("cgi-bin/counts", gated);
    let gate = site.fifo("runs/gate");
    let server = Server::configured(&site, ON);
    let mut crowd: Vec<Client> = (0..200).map(|_| server.client()).collect();
    for client in &mut crowd {
        client.send(request_bytes("GET", PATH, &[], b""));
    }
    gate.release();
    let told: Vec<String> = crowd
        .iter_mut()
        .map(|client| {
            let reply = client.reply().expect(200);
            assert_eq!(of_run(&reply), 1);
            reply.field("Cache-Status").unwrap().to_owned()
        })
        .collect();
    assert_eq!(runs(&site), 1);
    assert_eq!(told.iter().filter(|told| told.contains("stored")).count(), 1, "{told:?}");
    assert!(told.iter().any(|told| told.contains("collapsed")), "{told:?}");
}

#[test]
fn what_is_not_stored_is_waited_for_by_nobody() {
    ours_only!();
    let script = "#!/bin/sh\necho started >../runs/started\nread x <../runs/gate\n\
        printf 'Cache-Control: private\\nContent-Type: text/plain\\n\\nyours'\n";
    let site = site("").script("cgi-bin/counts", script);
    let (mut started, gate) = (site.fifo("runs/started"), site.fifo("runs/gate"));
    let server = Server::configured(&site, ON);
    let mut crowd: Vec<Client> = (0..20).map(|_| server.client()).collect();
    for client in &mut crowd {
        client.send(request_bytes("GET", PATH, &[], b""));
    }
    started.line();
    gate.release();
    // One shows that there is nothing to store; the nineteen others run side by side: none of them ends before all run.
    (0..19).for_each(|_| _ = started.line());
    (0..19).for_each(|_| gate.release());
    assert!(crowd.iter_mut().all(|client| client.reply().expect(200).text() == "yours"));
}

#[test]
fn what_is_stored_is_given_again_and_taken_out() {
    ours_only!();
    let site = site("Cache-Control: max-age=600\nETag: \"one\"\n");
    let server = Server::configured(&site, &format!("{ON}cache-purge = true\n"));
    assert_eq!(server.get(PATH).field("Cache-Status"), Some("htbin; fwd=uri-miss; stored; ttl=600"));
    let hit = server.get(PATH).expect(200);
    assert_eq!(of_run(&hit), 1);
    assert!(hit.field("Cache-Status").unwrap().starts_with("htbin; hit; ttl="));
    assert!(hit.field("Age").is_some() && hit.field("Date").is_some() && hit.field("Server").is_some());
    server.request("GET", PATH, &[("If-None-Match", "\"one\"")], b"").expect(304);
    let head = server.request("HEAD", PATH, &[], b"").expect(200);
    assert_eq!((head.field("Content-Length"), runs(&site)), (Some("2"), 1));
    // A method that may change something does (RFC 9111 §4.4).
    assert_eq!(of_run(&server.request("POST", PATH, &[], b"x")), 2);
    assert_eq!(of_run(&server.get(PATH)), 3);
    assert_eq!(of_run(&server.get(PATH)), 3);
    // curl, as people do it.
    let purge = |words: &[&str], path: &str| {
        let mut command = Command::new("curl");
        run_ok(command.args(["-sS", "-X", "PURGE", "-H", "Host: localhost"]).args(words).arg(server.url(path)))
    };
    assert_eq!(purge(&[], "/none"), "not stored\n");
    assert_eq!(purge(&[], PATH), "purged\n");
    assert_eq!(of_run(&server.get(PATH)), 4);
    assert_eq!(purge(&[], "/cgi-bin/*"), "purged\n");
    assert_eq!(of_run(&server.get(PATH)), 5);
    // For who is not of this machine, or a page in a browser, it is a method as any other: the script's.
    for field in ["X-Forwarded-For: 192.0.2.1", "Origin: http://evil.example"] {
        assert_ne!(purge(&["-H", field], PATH), "purged\n");
    }
}

#[test]
fn nothing_is_stored_unasked() {
    ours_only!();
    let site = site(FRESH);
    let server = Server::configured(&site, "directory = \".\"\n");
    for run in 1..3 {
        let reply = server.get(PATH).expect(200);
        assert_eq!((of_run(&reply), reply.field("Cache-Status")), (run, None));
    }
    let off = "directory = \".\"\ncache = true\n[[route]]\npath = \"/cgi-bin\"\ncache = false\n";
    let server = Server::configured(&site, off);
    assert_eq!([of_run(&server.get(PATH)), of_run(&server.get(PATH))], [3, 4]);
    // And without a word from the script only for as long as the configuration says.
    fs::write(site.path("runs/fields"), "").unwrap();
    let server = Server::configured(&site, ON);
    assert_eq!([of_run(&server.get(PATH)), of_run(&server.get(PATH))], [5, 6]);
    let server = Server::configured(&site, &format!("{ON}cache-ttl = \"10m\"\n"));
    assert_eq!([of_run(&server.get(PATH)), of_run(&server.get(PATH))], [7, 7]);
    assert_eq!(of_run(&server.request("GET", PATH, &[("Cookie", "a=b")], b"")), 8);
}

#[test]
fn an_old_one_is_given_while_it_is_renewed_and_where_the_script_fails() {
    ours_only!();
    let old = "Age: 60\nCache-Control: max-age=60, stale-while-revalidate=600, stale-if-error=600\n";
    let site = site(old);
    let server = Server::configured(&site, ON);
    server.get(PATH).expect(200);
    assert_eq!(of_run(&server.get(PATH)), 1);
    // Behind the client's back a newer one comes.
    let renewed = (0..).map(|_| of_run(&server.get(PATH))).take(10_000).find(|run| *run > 1);
    assert!(renewed.is_some(), "it was never renewed");
    drop(server);
    fs::write(site.path("runs/fields"), old.replace("stale-while-revalidate=600, ", "")).unwrap();
    let server = Server::configured(&site, ON);
    let good = of_run(&server.get(PATH).expect(200));
    fs::write(site.path("cgi-bin/counts"), "#!/bin/sh\necho away >&2\nexit 1\n").unwrap();
    let reply = server.get(PATH).expect(200);
    assert_eq!(of_run(&reply), good);
    assert!(reply.field("Cache-Status").unwrap().contains("fwd=stale"));
    server.events.with("no-head");
}

#[test]
fn the_script_is_asked_whether_it_is_still_the_one() {
    ours_only!();
    let script = "#!/bin/sh\necho \"$HTTP_IF_NONE_MATCH\" >>../runs/count\n\
        printf 'ETag: \"one\"\\nCache-Control: no-cache\\n'\n\
        if [ \"$HTTP_IF_NONE_MATCH\" = '\"one\"' ]; then printf 'Status: 304\\n\\n'; exit; fi\n\
        printf 'Content-Type: text/plain\\n\\nmade with much effort'\n";
    let site = site("").script("cgi-bin/counts", script);
    let server = Server::configured(&site, ON);
    for told in ["fwd=uri-miss; stored", "fwd=stale; fwd-status=304; stored", "fwd=stale; fwd-status=304; stored"] {
        let reply = server.get(PATH).expect(200);
        assert_eq!(reply.text(), "made with much effort");
        assert!(reply.field("Cache-Status").unwrap().contains(told), "{:?}", reply.fields);
    }
    assert_eq!(fs::read_to_string(site.path("runs/count")).unwrap(), "\n\"one\"\n\"one\"\n");
    server.request("GET", PATH, &[("If-None-Match", "\"one\"")], b"").expect(304);
}

#[test]
fn nobody_can_poison_it() {
    ours_only!();
    let script = "#!/bin/sh\nprintf 'Cache-Control: max-age=600\\nContent-Type: text/plain\\n\\n'\n\
        printf '%s %s %s' \"$HTTP_HOST\" \"$HTTP_X_FORWARDED_HOST$HTTP_X_ORIGINAL_URL$HTTP_FORWARDED\" \"$(cat)\"\n";
    let site = site("").script("cgi-bin/counts", script);
    let server = Server::configured(&site, ON);
    for (field, body) in [
        (("Host", "evil"), &b""[..]),
        (("X-Forwarded-Host", "evil"), b""),
        (("X-Original-URL", "/evil"), b""),
        (("Forwarded", "host=evil"), b""),
        (("Content-Type", "text/plain"), b"evil"),
    ] {
        let reply = server.request("GET", PATH, &[field], body).expect(200);
        assert!(reply.text().contains("evil"), "the script says what it is told: {field:?}");
        assert_eq!(server.get(PATH).text(), "localhost  ", "{field:?}");
    }
}

#[test]
fn what_is_stored_is_compressed_once() {
    ours_only!();
    let script = format!("{FRESH}Content-Type: text/plain\n\n{}", "word ".repeat(5000));
    let site = site("").file("runs/answer", script);
    let site = site.script("cgi-bin/counts", "#!/bin/sh\necho run >>../runs/count\ncat ../runs/answer\n");
    let server = Server::configured(&site, &format!("{ON}compress = true\n"));
    for coding in ["gzip", "br", "zstd", "gzip", "br", "zstd"] {
        let mut command = Command::new("curl");
        command.args(["-sS", "--compressed", "-H", &format!("Accept-Encoding: {coding}")]);
        assert_eq!(run_ok(command.arg(server.url(PATH))), "word ".repeat(5000));
    }
    assert_eq!(runs(&site), 1);
}

#[test]
fn a_stream_to_be_stored_comes_to_all_who_wait() {
    ours_only!();
    let script = "#!/bin/sh\necho run >>../runs/count\n\
        printf 'Cache-Control: max-age=600\\nContent-Type: text/plain\\n\\none '\nread x <../runs/gate\nprintf two\n";
    let site = site("").script("cgi-bin/counts", script);
    let gate = site.fifo("runs/gate");
    let server = Server::configured(&site, ON);
    // The first one sees what there is at once; another one, who leaves, holds up nobody.
    let mut first = server.client();
    first.send(request_bytes("GET", PATH, &[], b""));
    first.until("one ");
    let mut waiting = server.client();
    waiting.send(request_bytes("GET", PATH, &[], b""));
    drop(first);
    let release = thread::spawn(move || gate.release());
    assert_eq!(waiting.reply().expect(200).text(), "one two");
    release.join().unwrap();
    assert_eq!(server.get(PATH).text(), "one two");
    assert_eq!(runs(&site), 1);
}
