//! Directories: the slash, the index, the listing.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use crate::{client::Reply, server::Server, site::Site};

const HTML: (&str, &str) = ("Accept", "text/html");

fn listed(site: &Site) -> Reply {
    Server::start(site).request("GET", "/", &[HTML], b"").expect(200)
}

#[test]
fn a_directory_without_a_slash_gets_one_and_keeps_its_query() {
    let site = Site::new().file("sub dir/a.txt", "a");
    let reply = Server::start(&site).get("/sub%20dir?a=b&c");
    assert_eq!(reply.status, 301);
    let location = reply.field("Location").unwrap();
    assert!(location.ends_with("/sub%20dir/?a=b&c"), "{location}");
}

#[test]
fn the_redirect_to_the_slash_leads_to_no_other_host() {
    let site = Site::new().file("example.org/a.txt", "a");
    let server = Server::start(&site);
    for path in ["//example.org", "///example.org", "/%2Fexample.org", "/\\example.org"] {
        let reply = server.get(path);
        let location = reply.field("Location").unwrap_or_default();
        assert!(!location.starts_with("//") && !location.starts_with("/\\"), "{path}: {location}");
    }
}

#[test]
fn an_index_answers_for_its_directory() {
    let site = Site::new().file("index.html", "<p>top").file("sub/index.html", "<p>sub");
    let server = Server::start(&site);
    let reply = server.get("/").expect(200);
    assert_eq!(reply.text(), "<p>top");
    assert!(reply.field("Content-Type").unwrap().starts_with("text/html"));
    assert_eq!(server.get("/sub/").text(), "<p>sub");
}

#[test]
fn the_index_may_have_another_name() {
    ours_only!();
    let site = Site::new().file("index.html", "no").file("start.txt", "yes");
    assert_eq!(Server::with(&site, &["--index", "missing.html,start.txt"]).get("/").text(), "yes");
}

#[test]
fn a_listing_names_what_is_there_escaped() {
    ours_only!();
    let site = Site::new().file("<b>&\"'.txt", "x").file("a b#?%.txt", "y").file("sub/x", "").file(".hidden", "z");
    let reply = listed(&site);
    assert!(reply.field("Content-Type").unwrap().starts_with("text/html"));
    let page = reply.text();
    assert!(!page.contains("<b>&"), "not escaped: {page}");
    assert!(page.contains("&lt;b&gt;&amp;") || page.contains("&#60;b&#62;&#38;"), "{page}");
    assert!(page.contains("a%20b%23%3F%25.txt"), "a link that works: {page}");
    assert!(page.contains("sub/"), "{page}");
    assert!(!page.contains(".hidden"), "{page}");
    assert!(page.contains("<!doctype html>") || page.contains("<!DOCTYPE html>"));
    assert!(!page.contains("<script"), "it works without JavaScript");
}

#[test]
fn each_link_of_a_listing_leads_to_its_file() {
    ours_only!();
    let names =
        ["plain.txt", "a b.txt", "100%.txt", "#1?.txt", "é.txt", "a&b;c=d.txt", "--x.txt", "a:b.txt", "'q\".txt"];
    let site = names.iter().fold(Site::new(), |site, name| site.file(name, name));
    let server = Server::start(&site);
    let page = server.request("GET", "/", &[HTML], b"").expect(200).text();
    let links: Vec<String> = page
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .map(|link| link.replace("&amp;", "&").replace("&#38;", "&").replace("&#39;", "'").replace("&#x27;", "'"))
        .collect();
    for name in names {
        let found = links.iter().any(|link| {
            let path = link.strip_prefix("./").or(link.strip_prefix('/')).unwrap_or(link);
            path.contains(".txt") && !path.starts_with('?') && server.get(&format!("/{path}")).text() == *name
        });
        assert!(found, "no link leads to {name}: {links:?}");
    }
}

#[test]
fn a_listing_is_json_where_that_is_asked_for() {
    ours_only!();
    let site = Site::new().file("a.txt", "12345").file("sub/x", "");
    let reply = Server::start(&site).request("GET", "/", &[("Accept", "application/json")], b"").expect(200);
    assert!(reply.field("Content-Type").unwrap().starts_with("application/json"));
    let json: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let text = json.to_string();
    assert!(text.contains("\"a.txt\"") && text.contains('5') && text.contains("\"sub"), "{text}");
}

#[test]
fn a_name_that_is_no_text_is_listed_and_served() {
    ours_only!();
    let site = Site::new();
    std::fs::write(site.root().join(OsStr::from_bytes(b"caf\xe9.txt")), "latin").unwrap();
    let server = Server::start(&site);
    assert!(server.request("GET", "/", &[HTML], b"").expect(200).text().contains("caf%E9.txt"));
    assert_eq!(server.get("/caf%E9.txt").expect(200).text(), "latin");
}

#[test]
fn a_listing_can_be_sorted() {
    ours_only!();
    let site = Site::new().file("aa-large", vec![0; 5000]).file("bb-small", "x");
    let page = listed(&site).text();
    assert!(page.find("aa-large").unwrap() < page.find("bb-small").unwrap(), "by name at first");
    assert!(page.contains("?sort=size"), "a link that sorts otherwise: {page}");
}

#[test]
fn a_listing_can_be_refused() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let server = Server::with(&site, &["--no-listing"]);
    let reply = server.get("/");
    assert_eq!(reply.status, 403);
    assert!(!reply.text().contains("a.txt"));
    assert_eq!(server.get("/a.txt").status, 200);
}

#[test]
fn a_listing_can_only_be_read() {
    ours_only!();
    let site = Site::new();
    assert_eq!(Server::start(&site).request("POST", "/", &[], b"x").status, 405);
}
