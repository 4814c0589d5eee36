//! The pages as people meet them, in a real browser: nothing on them bars anybody.

use crate::{
    browser::Browser,
    server::{Server, Start},
    site::Site,
};

#[test]
fn the_listing_is_open_to_all() {
    ours_only!();
    let site = Site::new()
        .file("a very long name that does not fit beside its size and its time on the screen of a phone.txt", "x")
        .file("folder/b.txt", "y")
        .script("cgi-bin/hello", "#!/bin/sh\n");
    let server = Server::with(&site, &["--cgi-dir", "."]);
    let browser = Browser::open();
    browser.go(&server.url("/"));
    browser.assert_open_to_all("the listing");
    browser.click("thead th:nth-child(2) a");
    assert_eq!(browser.text("[aria-sort=descending]"), "Size");
    browser.go(&server.url("/folder/"));
    browser.assert_open_to_all("the listing of a folder");
}

#[test]
fn refusals_are_open_to_all() {
    ours_only!();
    let site = Site::new().script("cgi-bin/broken", "#!/bin/sh\necho 'what <b>went</b> wrong' >&2\necho nonsense\n");
    let server = Server::with(&site, &[]);
    let browser = Browser::open();
    browser.go(&server.url("/cgi-bin/broken"));
    assert!(browser.text("body").contains("what <b>went</b> wrong"));
    browser.assert_open_to_all("the failure page");
    browser.go(&server.url("/nothing"));
    browser.assert_open_to_all("a 404");
}

#[test]
fn the_demo_is_open_to_all() {
    ours_only!();
    let server = Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["demo", "--port", "0", "--bind", "127.0.0.1"]).go();
    let browser = Browser::open();
    browser.go(&server.url("/"));
    browser.assert_open_to_all("the demo");
}

#[test]
fn a_form_is_filled_in_and_its_answer_seen() {
    ours_only!();
    let server = Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["demo", "--port", "0", "--bind", "127.0.0.1"]).go();
    let browser = Browser::open();
    let name = "Zo\u{eb} <b>& 100%+1=\u{201e}2\u{201c}";
    browser.go(&server.url("/cgi-bin/hello.py"));
    browser.write("#name", name);
    browser.click("form button");
    browser.wait_until("location.search !== ''");
    assert_eq!(browser.text("h1"), format!("Hello, {name}."), "by GET");
    browser.go(&server.url("/cgi-bin/letter.pl"));
    browser.write("#name", name);
    browser.write("#text", "a letter; it's \"short\"");
    browser.click("form button");
    browser.wait_until("document.querySelector('blockquote') !== null");
    assert_eq!(browser.text("h2"), format!("{name} wrote"), "by POST");
    assert_eq!(browser.text("blockquote"), "a letter; it's \"short\"");
    // After this POST the browser is sent on by a 303.
    browser.go(&server.url("/cgi-bin/guestbook.pl"));
    browser.write("#name", name);
    browser.write("#text", "a word or two");
    browser.click("form button");
    browser.wait_until("document.querySelector('ul.plain li p') !== null");
    assert_eq!(browser.text("ul.plain li p"), "a word or two");
    assert!(browser.text("ul.plain li").contains(name));
}
