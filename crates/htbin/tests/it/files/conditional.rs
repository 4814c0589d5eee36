//! Conditional requests (RFC 9110 §13).

use crate::{client::Reply, server::Server, site::Site};

fn conditional(fields: &[(&str, &str)]) -> Reply {
    let site = Site::new().file("a.txt", "content");
    let server = Server::start(&site);
    let (tag, date) = validators(&server);
    let filled: Vec<(&str, String)> =
        fields.iter().map(|(name, value)| (*name, value.replace("TAG", &tag).replace("DATE", &date))).collect();
    let fields: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
    server.request("GET", "/a.txt", &fields, b"")
}

fn validators(server: &Server) -> (String, String) {
    let reply = server.get("/a.txt").expect(200);
    (reply.field("ETag").unwrap().to_owned(), reply.field("Last-Modified").unwrap().to_owned())
}

#[test]
fn the_etag_is_strong_and_stays_while_the_file_does() {
    ours_only!();
    let site = Site::new().file("a.txt", "content");
    let server = Server::start(&site);
    let first = validators(&server);
    assert!(first.0.starts_with('"') && first.0.ends_with('"') && first.0.len() > 2, "{first:?}");
    assert!(first.1.ends_with(" GMT"));
    assert_eq!(validators(&server), first);
}

#[test]
fn the_etag_changes_with_the_file_even_within_a_second_and_at_the_same_size() {
    ours_only!();
    let site = Site::new().file("a.txt", "content");
    let server = Server::start(&site);
    let before = validators(&server).0;
    let site = site.file("b.txt", "CONTENT");
    std::fs::rename(site.path("b.txt"), site.path("a.txt")).unwrap();
    assert_ne!(validators(&server).0, before);
}

#[test]
fn if_none_match_with_the_tag_is_304() {
    for value in ["TAG", "\"other\", TAG", "W/TAG", "*"] {
        let reply = conditional(&[("If-None-Match", value)]);
        assert_eq!(reply.status, 304, "{value}");
        assert!(reply.field("ETag").is_some() && reply.body.is_empty());
    }
}

#[test]
fn if_none_match_with_another_tag_is_200() {
    assert_eq!(conditional(&[("If-None-Match", "\"other\"")]).expect(200).text(), "content");
}

#[test]
fn if_modified_since_the_last_change_is_304() {
    assert_eq!(conditional(&[("If-Modified-Since", "DATE")]).status, 304);
}

#[test]
fn if_modified_since_before_it_is_200() {
    assert_eq!(conditional(&[("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")]).status, 200);
    assert_eq!(conditional(&[("If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT")]).status, 200);
    assert_eq!(conditional(&[("If-Modified-Since", "not a date")]).status, 200);
}

#[test]
fn if_none_match_goes_before_if_modified_since() {
    assert_eq!(conditional(&[("If-None-Match", "\"other\""), ("If-Modified-Since", "DATE")]).status, 200);
}

#[test]
fn if_match_with_another_tag_is_412() {
    peer_differs!(Lighttpd: "ignores If-Match");
    assert_eq!(conditional(&[("If-Match", "\"other\"")]).status, 412);
    assert_eq!(conditional(&[("If-Match", "TAG")]).status, 200);
    assert_eq!(conditional(&[("If-Match", "*")]).status, 200);
}

#[test]
fn if_match_compares_strongly() {
    peer_differs!(Lighttpd: "ignores If-Match");
    assert_eq!(conditional(&[("If-Match", "W/TAG")]).status, 412);
}

#[test]
fn if_unmodified_since_before_the_last_change_is_412() {
    peer_differs!(Lighttpd: "ignores If-Unmodified-Since");
    assert_eq!(conditional(&[("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")]).status, 412);
    assert_eq!(conditional(&[("If-Unmodified-Since", "DATE")]).status, 200);
}
