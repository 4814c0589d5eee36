//! The status page: what it tells, whom, and the button that ends a script.

mod browser;
mod metrics;

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::{Value, json};

use crate::{
    client::{Client, Reply},
    process::{PATIENCE, gone_within},
    scripts::{HELLO, sh, text},
    server::{Server, Start, request_bytes},
    site::Site,
};

/// Tells its number and waits for ever; a child of it does not even mind TERM.
const SLEEPS: &str = "echo $$ >\"$0\".pid
sh -c 'trap \"\" TERM; echo $$ >\"$0\".pid; exec sleep 1000' \"$0\" &
wait
sleep 1000";

const PATHS: [&str; 4] = ["/.htbin/", "/.htbin/status.json", "/.htbin/metrics", "/.htbin/events"];

/// The status as JSON.
#[track_caller]
fn told(server: &Server) -> Value {
    serde_json::from_slice(&server.get("/.htbin/status.json").expect(200).body).unwrap()
}

/// The status once this holds of it.
#[track_caller]
fn told_when(server: &Server, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let status = told(server);
        if holds(&status) {
            return status;
        }
        assert!(std::time::Instant::now() < deadline, "not {what} in:\n{status:#}");
        std::thread::yield_now();
    }
}

/// The status once so many scripts run: one may be under way before the server hears that it is.
#[track_caller]
fn running(server: &Server, count: usize) -> Value {
    told_when(server, "so many scripts run", |status| status["running"].as_array().unwrap().len() == count)
}

/// The token of the page's buttons; there is one while a script runs.
#[track_caller]
fn token(server: &Server) -> String {
    let page = server.get("/.htbin/").expect(200).text();
    let rest = page.split_once("name=\"token\" value=\"").unwrap_or_else(|| panic!("no button in {page}")).1;
    rest.split_once('"').unwrap().0.to_owned()
}

fn press(server: &Server, token: &str, run: u64, fields: &[(&str, &str)]) -> Reply {
    let form = format!("token={token}&run={run}");
    let fields = [&[("Content-Type", "application/x-www-form-urlencoded")], fields].concat();
    server.request("POST", "/.htbin/stop", &fields, form.as_bytes())
}

/// A client that waits for a script.
fn ask(server: &Server, path: &str) -> Client {
    let mut client = server.client();
    client.send(request_bytes("GET", path, &[], b""));
    client
}

#[test]
fn it_tells_what_happened() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/hello", HELLO)
        .script("cgi-bin/broken", sh("echo because >&2; echo nonsense; exit 3"))
        .file("a.txt", "content");
    let server = Server::with(&site, &[]);
    server.get("/a.txt?one").expect(200);
    server.get("/cgi-bin/hello?two").expect(200);
    server.get("/cgi-bin/broken").expect(502);
    server.get("/nothing").expect(404);
    let status = told_when(&server, "four exchanges", |status| status["exchanges"].as_array().unwrap().len() == 4);
    let urls: Vec<_> = status["exchanges"].as_array().unwrap().iter().map(|it| it["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ["/nothing", "/cgi-bin/broken", "/cgi-bin/hello?two", "/a.txt?one"], "the last one first");
    assert_eq!(status["answers"]["statuses"], json!({ "200": 2, "404": 1, "502": 1 }));
    let hello = &status["exchanges"][2];
    assert_eq!((&hello["status"], &hello["body_bytes"], &hello["method"]), (&json!(200), &json!(6), &json!("GET")));
    let parts = hello["timeline_seconds"].as_object().unwrap();
    let sum: f64 = parts.values().map(|part| part.as_f64().expect("each step was done")).sum();
    assert!((sum - hello["took_seconds"].as_f64().unwrap()).abs() < 0.0001, "the parts are the whole: {hello}");
    assert_eq!(status["exchanges"][3]["timeline_seconds"], Value::Null, "a file has no steps");
    let [failure] = status["failures"].as_array().unwrap().as_slice() else { panic!("one failure: {status}") };
    assert_eq!((&failure["reason"], &failure["status"]), (&json!("bad-head"), &json!(502)));
    assert!(failure["detail"].as_str().unwrap().contains("nonsense"), "{failure}");
    assert_eq!(failure["script"], site.path("cgi-bin/broken").to_str().unwrap());
    let script = |name: &str| {
        let path = site.path(name);
        let scripts = status["scripts"].as_array().unwrap();
        scripts.iter().find(|script| script["script"] == path.to_str().unwrap()).unwrap().clone()
    };
    let (hello, broken) = (script("cgi-bin/hello"), script("cgi-bin/broken"));
    assert_eq!((&hello["runs"], &hello["failures"]), (&json!(1), &json!(0)));
    assert_eq!((&broken["runs"], &broken["failures"]), (&json!(1), &json!(1)));
    assert!(hello["p50_seconds"].as_f64().unwrap() > 0.0 && hello["start_seconds"].as_f64().unwrap() > 0.0, "{hello}");
    assert_eq!(status["limits"]["queue"], json!({ "waiting": 0, "max": 512 }));
    let page = server.get("/.htbin/").expect(200);
    for part in ["cgi-bin/hello", "bad-head", "nonsense", "/a.txt?one", "No script runs now."] {
        assert!(page.text().contains(part), "{part} is not in {}", page.text());
    }
    // Who looks on leaves no trace there, but in the log.
    assert_eq!(told(&server)["answers"]["statuses"], json!({ "200": 2, "404": 1, "502": 1 }));
    server.access.with("GET /.htbin/status.json ");
    assert_eq!(server.get("/.htbin").expect(301).field("Location"), Some("/.htbin/"));
    assert_eq!(server.request("HEAD", "/.htbin/metrics", &[], b"").expect(200).text(), "");
    assert_eq!(server.request("DELETE", "/.htbin/", &[], b"").expect(405).field("Allow"), Some("GET, HEAD"));
}

#[test]
fn its_fields_keep_it_here() {
    ours_only!();
    let server = Server::with(&Site::new(), &["--cors=*", "-H", "Access-Control-Allow-Origin: *", "-H", "X-Own: 1"]);
    for path in &PATHS[..3] {
        let reply = server.get(path).expect(200);
        assert_eq!(reply.field("Cache-Control"), Some("no-store"), "{path}");
        assert_eq!(reply.field("X-Content-Type-Options"), Some("nosniff"), "{path}");
        assert_eq!(reply.field("Cross-Origin-Resource-Policy"), Some("same-origin"), "{path}");
        assert_eq!((reply.field("Access-Control-Allow-Origin"), reply.field("X-Own")), (None, None), "{path}");
    }
    let nonce = |reply: &Reply| {
        let policy = reply.field("Content-Security-Policy").unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "{policy}");
        let nonce = policy.split_once("script-src 'nonce-").unwrap().1.split_once('\'').unwrap().0.to_owned();
        assert!(reply.text().contains(&format!("<script nonce=\"{nonce}\">")), "{policy}");
        nonce
    };
    let [one, other] = [(); 2].map(|()| nonce(&server.get("/.htbin/")));
    assert_ne!(one, other);
}

#[test]
fn for_everybody_else_there_is_nothing() {
    ours_only!();
    // What a 404 says but for the number of its exchange.
    let says = |reply: Reply| {
        let reply = reply.expect(404);
        let names: Vec<_> = reply.fields.iter().map(|(name, _)| name.clone()).collect();
        (names, reply.text().split("Exchange").next().unwrap().to_owned())
    };
    let site = Site::new();
    for (flags, fields) in [
        (&[][..], &[("Host", "status.example")][..]),
        (&["--debug"], &[("Host", "status.example")]),
        (&["--debug"], &[("X-Forwarded-For", "10.0.0.1")]),
        (&[], &[("Via", "1.1 proxy")]),
        (&["--no-debug"], &[]),
        (&["--cors=*"], &[("Origin", "http://other.example")]),
        (&[], &[("Sec-Fetch-Site", "cross-site")]),
        (&[], &[("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "cors")]),
    ] {
        let server = Server::with(&site, flags);
        let other = says(server.request("GET", "/.other/", fields, b""));
        for path in PATHS.iter().chain(&["/.htbin", "/.htbin/stop"]) {
            assert_eq!(says(server.request("GET", path, fields, b"")), other, "{path} {flags:?} {fields:?}");
        }
    }
    let server = Server::with(&site, &[]);
    for path in ["/.htbin/x", "/.htbin/../.htbin/", "/%2ehtbin/", "//.htbin/", "/.htbinx"] {
        assert!(matches!(server.get(path).status, 400 | 404), "{path}");
    }
    let link = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")];
    server.request("GET", "/.htbin/", &link, b"").expect(200);
    server.request("GET", "/.htbin/", &[("Sec-Fetch-Site", "none")], b"").expect(200);
}

#[test]
fn the_button_ends_a_script_and_its_group() {
    ours_only!();
    let site = Site::new().script("cgi-bin/sleeps", text(SLEEPS));
    let mut pids = site.fifo("cgi-bin/sleeps.pid");
    let server = Server::with(&site, &[]);
    let mut client = ask(&server, "/cgi-bin/sleeps?x");
    let (pid, child) = (pids.pid(), pids.pid());
    let status = running(&server, 1);
    let [running] = status["running"].as_array().unwrap().as_slice() else { panic!("one runs: {status:#}") };
    assert_eq!((&running["pid"], &running["url"]), (&json!(pid), &json!("/cgi-bin/sleeps?x")));
    assert_eq!(running["user"], status["server"]["user"]);
    assert_eq!(status["limits"]["scripts"]["running"], 1);
    let run = running["run"].as_u64().unwrap();
    let token = token(&server);
    assert_eq!(press(&server, &token, run, &[]).expect(303).field("Location"), Some("/.htbin/"));
    assert!(gone_within(pid, PATIENCE) && gone_within(child, PATIENCE), "both are ended");
    assert!(client.reply().cut, "a part is not taken for the whole");
    let status = told_when(&server, "nothing runs", |status| status["running"] == json!([]));
    assert_eq!(status["failures"][0]["reason"], "cut");
    server.events.with("ended from the status page");
    // One that is gone is what was wanted, too.
    press(&server, &token, run, &[]).expect(303);
}

#[test]
fn the_button_ends_nothing_without_token_post_and_origin() {
    ours_only!();
    let site = Site::new().script("cgi-bin/sleeps", text(SLEEPS));
    let mut pids = site.fifo("cgi-bin/sleeps.pid");
    let server = Server::with(&site, &["--cors=*"]);
    let _client = ask(&server, "/cgi-bin/sleeps");
    let (pid, _child) = (pids.pid(), pids.pid());
    let run = running(&server, 1)["running"][0]["run"].as_u64().unwrap();
    let token = token(&server);
    for wrong in ["", "x", &token[1..], &token.replace(|_: char| true, "0"), &token.to_uppercase().replace('A', "B")] {
        if wrong != token {
            press(&server, wrong, run, &[]).expect(403);
        }
    }
    let form = format!("token={token}&run={run}");
    server.get(&format!("/.htbin/stop?{form}")).expect(405);
    for origin in ["null", "http://other.example", "http://localhost:1"] {
        press(&server, &token, run, &[("Origin", origin)]).expect(404);
    }
    for site in ["cross-site", "same-site", "none"] {
        let fields = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")];
        press(&server, &token, run, &fields).expect(404);
    }
    server.request("POST", "/.htbin/stop", &[], format!("token={token}").as_bytes()).expect(400);
    server.request("POST", "/.htbin/stop", &[], format!("{form}&x={}", "x".repeat(2000)).as_bytes()).expect(400);
    press(&server, &token, 4711, &[]).expect(303);
    let status = told(&server);
    assert_eq!((&status["running"][0]["pid"], &status["running"][0]["ending"]), (&json!(pid), &json!(false)));
    let own = [("Origin", "http://localhost"), ("Sec-Fetch-Site", "same-origin")];
    press(&server, &token, run, &own).expect(303);
    assert!(gone_within(pid, PATIENCE));
}

#[test]
fn a_script_that_leaves_in_order_when_it_is_stopped_is_cut_too() {
    ours_only!();
    let leaves = "trap 'echo bye; exit 0' TERM\necho $$ >\"$0\".pid\nwhile :; do sleep 0.05; done";
    let site = Site::new()
        .script("cgi-bin/leaves", text(leaves))
        .script("cgi-bin/silent", sh(&leaves.replace("echo bye; ", "")));
    let [mut begun_pid, mut silent_pid] = [site.fifo("cgi-bin/leaves.pid"), site.fifo("cgi-bin/silent.pid")];
    let server = Server::with(&site, &[]);
    let mut clients = [ask(&server, "/cgi-bin/leaves"), ask(&server, "/cgi-bin/silent")];
    begun_pid.pid();
    silent_pid.pid();
    let status = running(&server, 2);
    let token = token(&server);
    for running in status["running"].as_array().unwrap() {
        press(&server, &token, running["run"].as_u64().unwrap(), &[]).expect(303);
    }
    let [begun, silent] = &mut clients;
    assert!(begun.reply().cut);
    let reply = silent.reply().expect(502);
    assert!(reply.text().contains("SIGTERM"), "{}", reply.text());
}

#[test]
fn what_waits_for_a_place_is_seen() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("echo $$ >\"$0\".pid\nread x <\"$0\".gate"));
    let (mut pids, gate) = (site.fifo("cgi-bin/x.pid"), site.fifo("cgi-bin/x.gate"));
    let server = Server::with(&site, &["--max-scripts", "1", "--queue", "7"]);
    let mut clients = [ask(&server, "/cgi-bin/x?1"), ask(&server, "/cgi-bin/x?2")];
    pids.pid();
    let waits = |status: &Value| status["limits"]["queue"] == json!({ "waiting": 1, "max": 7 });
    let status = told_when(&server, "one waits", waits);
    assert_eq!(status["limits"]["scripts"], json!({ "running": 1, "max": 1 }));
    gate.release();
    pids.pid();
    gate.release();
    for client in &mut clients {
        client.reply().expect(200);
    }
    let status = told_when(&server, "both done", |status| status["exchanges"].as_array().unwrap().len() == 2);
    let queue = |at: usize| status["exchanges"][at]["timeline_seconds"]["queue"].as_f64().unwrap();
    assert!(queue(0) > queue(1), "the second one has waited: {status:#}");
}

#[test]
fn two_hundred_exchanges_are_remembered() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let server = Server::with(&site, &[]);
    let mut client = server.client();
    for number in 0..230 {
        client.send(format!("GET /a.txt?{number} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        client.reply().expect(200);
    }
    let status = told_when(&server, "all of them", |status| status["answers"]["statuses"]["200"] == 230);
    let exchanges = status["exchanges"].as_array().unwrap();
    assert_eq!(exchanges.len(), 200);
    assert_eq!((&exchanges[0]["url"], &exchanges[199]["url"]), (&json!("/a.txt?229"), &json!("/a.txt?30")));
}

#[test]
fn sixty_scripts_are_fifty_and_the_others() {
    ours_only!();
    let site = (0..60).fold(Site::new(), |site, number| site.script(&format!("cgi-bin/s{number}"), HELLO));
    let server = Server::with(&site, &[]);
    for number in 0..60 {
        server.get(&format!("/cgi-bin/s{number}")).expect(200);
    }
    let runs = |text: &str| -> BTreeMap<String, f64> {
        let samples = metrics::samples(text);
        let of = samples.into_iter().filter(|sample| sample.name == "htbin_script_runs_total");
        of.map(|sample| (sample.labels["script"].clone(), sample.value)).collect()
    };
    told_when(&server, "all of them", |status| status["answers"]["statuses"]["200"] == 60);
    let runs = runs(&server.get("/.htbin/metrics").expect(200).text());
    assert_eq!((runs.len(), runs["other"]), (51, 10.0), "{runs:?}");
    assert!(server.get("/.htbin/").text().contains("<bdi>other</bdi>"));
}

#[test]
fn hostile_names_stay_text() {
    ours_only!();
    let name = "<img src=x onerror=alert(1)>\"'&\n\\{{x}}";
    let site = Site::new().script(&format!("cgi-bin/{name}"), text("echo $$ >pid\nread x <gate"));
    let (mut pids, gate) = (site.fifo("cgi-bin/pid"), site.fifo("cgi-bin/gate"));
    let server = Server::with(&site, &["--cgi-dir", "/cgi-bin"]);
    let url = format!("/cgi-bin/{}?'&%3Cscript%3E{{{{x}}}}", percent_encode(name.as_bytes(), NON_ALPHANUMERIC));
    let mut client = server.client();
    let field = ("User-Agent", "<script>alert(3)</script>");
    client.send(request_bytes("GET", &url, &[field], b""));
    pids.pid();
    running(&server, 1);
    let while_it_runs = server.get("/.htbin/").expect(200).text();
    gate.release();
    client.reply().expect(200);
    let status = told_when(&server, "it has ended", |status| status["exchanges"][0]["status"] == 200);
    assert_eq!(status["exchanges"][0]["script"], site.path(&format!("cgi-bin/{name}")).to_str().unwrap());
    for page in [while_it_runs, server.get("/.htbin/").expect(200).text()] {
        assert!(page.contains("&#60;img src=x onerror=alert(1)&#62;") && !page.contains("<img"), "{page}");
        assert!(!page.contains("<script>") && page.matches("<script ").count() == 1, "{page}");
    }
    let samples = metrics::samples(&server.get("/.htbin/metrics").expect(200).text());
    let of = samples.iter().find(|sample| sample.name == "htbin_script_runs_total").unwrap();
    assert!(of.labels["script"].ends_with(name), "{of:?}");
}

#[test]
fn events_tell_of_a_script_while_it_runs() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("echo $$ >\"$0\".pid\nread x <\"$0\".gate"));
    let (mut pids, gate) = (site.fifo("cgi-bin/x.pid"), site.fifo("cgi-bin/x.gate"));
    let server = Server::with(&site, &[]);
    let mut events = ask(&server, "/.htbin/events");
    assert_eq!(events.head().expect(200).field("Content-Type"), Some("text/event-stream"));
    events.until("No script runs now.");
    events.until("Nothing has been answered yet.");
    let mut client = ask(&server, "/cgi-bin/x?live");
    let pid = pids.pid();
    let told = events.until(&format!("process {pid}"));
    assert!(
        told.contains("event: section\ndata: <section id=\"running\"") && told.contains("/cgi-bin/x?live"),
        "{told}"
    );
    gate.release();
    client.reply().expect(200);
    events.until("No script runs now.");
    events.until("<section id=\"exchanges\"");
    events.until("/cgi-bin/x?live");
}

#[test]
fn who_looks_on_does_not_hold_the_server() {
    ours_only!();
    let mut server = Server::with(&Site::new(), &["--stop-time", "1h"]);
    let mut events: Vec<_> = (0..16).map(|_| ask(&server, "/.htbin/events")).collect();
    for events in &mut events {
        events.until("Nothing has failed.");
    }
    server.get("/.htbin/events").expect(503);
    server.get("/.htbin/").expect(200);
    assert!(server.stop().success());
    for events in &mut events {
        assert!(events.rest().ends_with(b"0\r\n\r\n"));
    }
}

#[test]
fn warm_interpreters_are_told() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x.py", "#!/usr/bin/python3\nprint('Content-Type: text/plain\\n\\nx')\n");
    let server = Start::new(&site).flags(&["--warm", "--warm-wait", "30s"]).go();
    server.get("/cgi-bin/x.py").expect(200);
    let status = told_when(&server, "it has spares", |status| status["warm"][0]["spares"].as_u64() > Some(0));
    assert_eq!(
        (&status["warm"][0]["interpreter"], &status["warm"][0]["state"]),
        (&json!("/usr/bin/python3"), &json!("running"))
    );
    assert_eq!(status["exchanges"][0]["start"], "warm");
    assert!(status["scripts"][0]["memory_bytes"].as_u64() > Some(1 << 20), "it has a peak: {}", status["scripts"]);
    assert!(server.get("/.htbin/").text().contains(&format!("<td class=\"n\">{}</td>", status["warm"][0]["pid"])));
}
