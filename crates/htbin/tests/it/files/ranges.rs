//! Range requests (RFC 9110 §14).

use crate::{client::Reply, server::Server, site::Site};

fn ranged(range: &str) -> Reply {
    ranged_if(range, None)
}

fn ranged_if(range: &str, condition: Option<&str>) -> Reply {
    let site = Site::new().file("a.txt", "0123456789");
    let server = Server::start(&site);
    let first = server.get("/a.txt").expect(200);
    let condition = condition.map(|text| {
        text.replace("TAG", first.field("ETag").unwrap()).replace("DATE", first.field("Last-Modified").unwrap())
    });
    let mut fields = vec![("Range", range)];
    fields.extend(condition.as_deref().map(|value| ("If-Range", value)));
    server.request("GET", "/a.txt", &fields, b"")
}

#[test]
fn a_file_says_that_it_has_ranges() {
    let site = Site::new().file("a.txt", "x");
    assert_eq!(Server::start(&site).get("/a.txt").field("Accept-Ranges"), Some("bytes"));
}

#[test]
fn one_range_is_206() {
    for (range, part, content) in [
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=2-4", "bytes 2-4/10", "234"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=-3", "bytes 7-9/10", "789"),
        ("bytes=-300", "bytes 0-9/10", "0123456789"),
        ("bytes=8-300", "bytes 8-9/10", "89"),
        ("Bytes=1-1", "bytes 1-1/10", "1"),
    ] {
        let reply = ranged(range);
        assert_eq!((reply.status, reply.field("Content-Range")), (206, Some(part)), "{range}");
        assert_eq!(reply.text(), content, "{range}");
    }
}

/// Servers may send a small file whole, or join ranges that lie close together.
fn ranged_in_10_000(range: &str) -> Reply {
    let content = (0..2000).map(|at| format!("{at:04}.")).collect::<Vec<_>>().concat();
    let site = Site::new().file("a.txt", content);
    Server::start(&site).request("GET", "/a.txt", &[("Range", range)], b"").expect(206)
}

#[test]
fn several_ranges_are_parts() {
    peer_differs!(Apache: "sends it whole");
    let reply = ranged_in_10_000("bytes=0-3, 5000-5003 ,-2");
    let (kind, boundary) = reply.field("Content-Type").unwrap().split_once(';').unwrap();
    assert_eq!(kind, "multipart/byteranges");
    let boundary = format!("--{}", boundary.trim().strip_prefix("boundary=").unwrap().trim_matches('"'));
    let text = reply.text();
    let parts: Vec<&str> = text.split(boundary.as_str()).collect();
    assert_eq!(parts.len(), 5, "{text}");
    assert_eq!(parts[4].trim(), "--");
    let expected = [("bytes 0-3/10000", "0000"), ("bytes 5000-5003/10000", "1000"), ("bytes 9998-9999/10000", "9.")];
    for (part, (range, content)) in parts[1..4].iter().zip(expected) {
        let (head, body) = part.split_once("\r\n\r\n").unwrap();
        assert!(head.to_ascii_lowercase().contains(&format!("content-range: {range}")), "{head}");
        assert!(head.to_ascii_lowercase().contains("content-type: text/plain"), "{head}");
        assert_eq!(body.strip_suffix("\r\n"), Some(content));
    }
    assert!(reply.field("Content-Range").is_none());
}

#[test]
fn a_range_beyond_the_end_is_416() {
    peer_differs!(Apache: "does not tell the size", Lighttpd: "does not tell the size");
    for range in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=100-200, 300-"] {
        let reply = ranged(range);
        assert_eq!((reply.status, reply.field("Content-Range")), (416, Some("bytes */10")), "{range}");
    }
}

#[test]
fn of_several_ranges_those_that_exist_are_sent() {
    peer_differs!(Apache: "sends it whole");
    let reply = ranged_in_10_000("bytes=20000-20001, 5000-5003");
    assert!(reply.text().contains("1000"), "{}", reply.text());
}

#[test]
fn a_range_that_is_none_is_ignored() {
    peer_differs!(Lighttpd: "has ideas of its own about some");
    for range in ["bytes=", "bytes=x-y", "bytes=5-2", "lines=1-2", "bytes", "bytes=--1", "bytes=1", "bytes=0x1-2"] {
        let reply = ranged(range);
        assert_eq!((reply.status, reply.text().as_str()), (200, "0123456789"), "{range}");
    }
}

#[test]
fn if_range_holds_only_for_the_same_file() {
    for (condition, status) in [("TAG", 206), ("DATE", 206), ("\"other\"", 200), ("W/TAG", 200)] {
        assert_eq!(ranged_if("bytes=0-1", Some(condition)).status, status, "{condition}");
    }
    assert_eq!(ranged_if("bytes=0-1", Some("Sun, 06 Nov 1994 08:49:37 GMT")).status, 200);
}

#[test]
fn head_has_no_range() {
    peer_differs!(Apache: "answers 206 to HEAD");
    let site = Site::new().file("a.txt", "0123456789");
    let reply = Server::start(&site).request("HEAD", "/a.txt", &[("Range", "bytes=0-1")], b"");
    assert_eq!((reply.status, reply.field("Content-Length")), (200, Some("10")));
}

#[test]
fn many_ranges_do_not_multiply_a_file() {
    // Apache's CVE-2011-3192: a thousand overlapping ranges of one file.
    let site = Site::new().file("large.bin", vec![b'x'; 1_000_000]);
    let server = Server::start(&site);
    let ranges: Vec<String> = (0..1000).map(|at| format!("{at}-")).collect();
    let range = format!("bytes={}", ranges.join(","));
    let reply = server.request("GET", "/large.bin", &[("Range", &range)], b"");
    assert!(reply.body.len() <= 2_000_000, "{} octets", reply.body.len());
}

#[test]
fn a_range_of_a_large_file_is_the_right_one() {
    let content: Vec<u8> = (0..2_000_000_u32).flat_map(|at| (at / 1000).to_le_bytes()).collect();
    let site = Site::new().file("large.bin", &content);
    let reply = Server::start(&site).request("GET", "/large.bin", &[("Range", "bytes=4000001-7999990")], b"");
    assert!(reply.expect(206).body == content[4_000_001..=7_999_990]);
}
