//! The pages of a real browser. They stand in frames of one that never reloads, so that it can be asked at any time.

use std::fs;

use crate::{browser::Browser, scripts::sh, server::Server, site::Site};

#[test]
fn pages_reload_and_style_sheets_are_swapped() {
    ours_only!();
    let outer = "printf 'Content-Type: text/html\\nContent-Security-Policy: default-src '\"'self'\"'\\n\\n\
        <iframe src=/inner.html></iframe><iframe src=/cgi-bin/fails></iframe><iframe src=/sub/></iframe>'";
    let site = Site::new()
        .script("cgi-bin/outer", sh(outer))
        .script("cgi-bin/fails", sh("exit 3"))
        .file("inner.html", "<!DOCTYPE html><title>t</title><link rel=stylesheet href=a.css><body><p>one</p></body>")
        .file("a.css", "p { color: rgb(1, 2, 3) }")
        .file("sub/first.txt", "");
    let server = Server::with(&site, &["--live"]);
    let browser = Browser::open();
    browser.go(&server.url("/cgi-bin/outer"));
    let shows = |frame: usize, words: &str| {
        let text = format!("frames[{frame}].document.body?.textContent");
        browser.wait_until(&format!("({text} || '').includes('{words}')"));
    };
    shows(0, "one");
    shows(1, "Bad Gateway");
    shows(2, "first.txt");
    assert_eq!(browser.script("return frames[0].document.scripts.length"), 0, "the script leaves no trace");
    browser.script("frames[0].stays = true");
    let colour = |colour: &str| {
        let style = "frames[0].getComputedStyle(frames[0].document.querySelector('p'))";
        browser.wait_until(&format!("{style}.color == '{colour}'"));
    };
    colour("rgb(1, 2, 3)");
    fs::write(site.path("a.css"), "p { color: rgb(4, 5, 6) }").unwrap();
    colour("rgb(4, 5, 6)");
    assert_eq!(browser.script("return frames[0].stays"), true, "it was swapped, not loaded");
    fs::write(site.path("inner.html"), "<p>two").unwrap();
    shows(0, "two");
    fs::write(site.path("cgi-bin/fails"), sh("printf 'Content-Type: text/html\\n\\nmended'")).unwrap();
    shows(1, "mended");
    fs::write(site.path("sub/second.txt"), "").unwrap();
    shows(2, "second.txt");
}
