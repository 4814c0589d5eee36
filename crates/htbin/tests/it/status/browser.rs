//! The status page in a real browser: it lives, its button works, it bars nobody.

use serde_json::json;

use super::SLEEPS;
use crate::{
    browser::{Browser, Scheme},
    process::{PATIENCE, gone_within},
    scripts::{HELLO, sh, text},
    server::Server,
    site::Site,
};

#[test]
fn the_page_lives_and_its_button_ends_a_script() {
    ours_only!();
    let site = Site::new().script("cgi-bin/sleeps", text(SLEEPS)).script("cgi-bin/hello", HELLO);
    let mut pids = site.fifo("cgi-bin/sleeps.pid");
    let server = Server::with(&site, &[]);
    let browser = Browser::open();
    browser.size(1200, 900);
    browser.go(&server.url("/.htbin/"));
    browser.wait_until("document.getElementById('state').textContent === 'Live'");
    assert_eq!(browser.script("return document.getElementById('reload').hidden"), json!(true));
    // Without being loaded again it tells of what begins,
    browser.script("window.here = true");
    let mut clients = [super::ask(&server, "/cgi-bin/sleeps?1"), super::ask(&server, "/cgi-bin/sleeps?2")];
    let running: Vec<_> = (0..4).map(|_| pids.pid()).collect();
    browser.wait_until("document.querySelectorAll('#running button').length === 2");
    assert!(browser.text("#running").contains("/cgi-bin/sleeps?1"));
    // keeps the focus where it is while ages change,
    browser.script("document.querySelectorAll('#running button')[1].focus()");
    let age = "document.querySelector('#running tbody tr:nth-child(2) td:nth-child(5)').textContent";
    let before = browser.script(&format!("return {age}"));
    browser.wait_until(&format!("{age} !== {before}"));
    let focused = "document.activeElement === document.querySelectorAll('#running button')[1]";
    assert_eq!(browser.script(&format!("return {focused}")), json!(true));
    // and ends the one whose button is pressed, alone.
    let pressed: u32 = browser.text("#running tbody tr:nth-child(2) td:nth-child(3)").parse().unwrap();
    browser.click("#running tbody tr:nth-child(2) button");
    assert!(running.contains(&pressed) && gone_within(pressed, PATIENCE), "{pressed} of {running:?}");
    browser.wait_until("document.querySelectorAll('#running button').length === 1");
    browser.wait_until("document.querySelector('#failures').textContent.includes('cgi-bin/sleeps')");
    server.get("/cgi-bin/hello?after").expect(200);
    browser.wait_until("document.querySelector('#exchanges').textContent.includes('/cgi-bin/hello?after')");
    assert_eq!(browser.script("return window.here"), json!(true), "it was never loaded again");
    browser.click("#running button");
    for client in &mut clients {
        assert!(client.reply().cut);
    }
    browser.wait_until("document.querySelector('#running').textContent.includes('No script runs now.')");
}

#[test]
fn without_scripts_the_page_is_a_snapshot_whose_button_works() {
    ours_only!();
    let site = Site::new().script("cgi-bin/sleeps", text(SLEEPS));
    let mut pids = site.fifo("cgi-bin/sleeps.pid");
    let server = Server::with(&site, &[]);
    let browser = Browser::open();
    browser.scripts(false);
    browser.go(&server.url("/.htbin/"));
    assert!(browser.text("header").contains("Snapshot of"), "{}", browser.text("header"));
    let _client = super::ask(&server, "/cgi-bin/sleeps");
    let pid = pids.pid();
    browser.click("#reload");
    browser.click("#running button");
    assert!(gone_within(pid, PATIENCE));
    assert!(browser.text("header").contains("Snapshot of"), "and leads back to the page");
}

#[test]
fn the_page_is_open_to_all() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/sleeps", text(SLEEPS))
        .script("cgi-bin/hello", HELLO)
        .script("cgi-bin/fails-with-a-name-that-is-long-enough-for-a-phone", sh("echo nonsense"))
        .script("cgi-bin/x.py", "#!/usr/bin/python3\nprint('Content-Type: text/plain\\n\\nx')\n");
    let mut pids = site.fifo("cgi-bin/sleeps.pid");
    let server = Server::with(&site, &["--warm", "--warm-wait", "30s"]);
    let browser = Browser::open();
    browser.go(&server.url("/.htbin/"));
    browser.assert_open_to_all("the empty status page");
    for _ in 0..7 {
        server.get("/cgi-bin/fails-with-a-name-that-is-long-enough-for-a-phone");
    }
    for path in ["/cgi-bin/hello", "/cgi-bin/x.py", "/nothing", "/.hidden"] {
        server.get(path);
    }
    let _client = super::ask(&server, &format!("/cgi-bin/sleeps?{}", "long".repeat(60)));
    pids.pid();
    browser.wait_until("document.querySelector('#running button') && document.querySelector('#warm tbody td')");
    browser.assert_open_to_all("the status page");
    browser.click("#earlier summary");
    browser.scheme(Scheme::Light);
    server.get("/cgi-bin/fails-with-a-name-that-is-long-enough-for-a-phone");
    browser.wait_until("document.querySelector('#earlier summary').textContent.startsWith('3 ')");
    assert_eq!(
        browser.script("return document.querySelector('#earlier').open"),
        json!(true),
        "what is open stays open"
    );
}
