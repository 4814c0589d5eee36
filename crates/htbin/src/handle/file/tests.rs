//! Answers for real files.

use std::{io::Write, os::unix::fs::MetadataExt};

use http::Request;

use super::*;
use crate::site::Metadata;

fn ask(content: &[u8], method: &str, fields: &[(&str, &str)]) -> Result<Response<Body>, Refusal> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    let of = file.metadata().unwrap();
    let metadata = Metadata {
        size: of.size(),
        mtime: of.mtime(),
        mtime_nsec: 0,
        inode: of.ino(),
        device: of.dev(),
        ctime: of.ctime(),
        ctime_nsec: 0,
    };
    let mut request = Request::builder().method(method).uri("/");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    answer(SiteFile { file, metadata, name: "name.txt".into() }, &parts)
}

/// The body, slices of files read.
fn content(response: Response<Body>) -> Vec<u8> {
    use std::os::unix::fs::FileExt;
    let parts = match response.into_body() {
        Body::One(part) => part.into_iter().collect(),
        Body::Parts(parts) => parts,
        Body::Stream { .. } => panic!("a stream"),
    };
    let mut content = Vec::new();
    for part in parts {
        match part {
            Part::Bytes(bytes) => content.extend_from_slice(&bytes),
            Part::File { file, offset, length } => {
                let mut bytes = vec![0; usize::try_from(length).unwrap()];
                file.read_exact_at(&mut bytes, offset).unwrap();
                content.extend_from_slice(&bytes);
            }
        }
    }
    content
}

fn field<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn a_whole_file() {
    let response = ask(b"hello", "GET", &[]).unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(field(&response, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(field(&response, "accept-ranges"), "bytes");
    assert!(field(&response, "etag").starts_with("\"5-"));
    assert!(field(&response, "last-modified").ends_with("GMT"));
    assert_eq!(content(response), b"hello");
    assert_eq!(content(ask(b"", "GET", &[]).unwrap()), b"");
    let large = vec![b'x'; AT_ONCE_MAX + 1];
    assert_eq!(content(ask(&large, "GET", &[]).unwrap()), large);
}

#[test]
fn head_says_the_length_and_sends_nothing() {
    let response = ask(b"hello", "HEAD", &[("range", "bytes=0-1")]).unwrap();
    assert_eq!((response.status().as_u16(), field(&response, "content-length")), (200, "5"));
    assert_eq!(content(response), b"");
}

#[test]
fn methods() {
    let response = ask(b"", "OPTIONS", &[]).unwrap();
    assert_eq!((response.status().as_u16(), field(&response, "allow")), (204, "GET, HEAD, OPTIONS"));
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"] {
        assert_eq!(ask(b"", method, &[]).err().unwrap().reason, Reason::MethodNotAllowed, "{method}");
    }
    for method in ["BREW", "get", "PROPFIND"] {
        assert_eq!(ask(b"", method, &[]).err().unwrap().reason, Reason::MethodUnknown, "{method}");
    }
}

#[test]
fn not_modified_keeps_its_validators() {
    let etag = field(&ask(b"hello", "GET", &[]).unwrap(), "etag").to_owned();
    assert!(!etag.is_empty());
    let response = ask(b"hello", "GET", &[("if-none-match", "*")]).unwrap();
    assert_eq!(response.status(), 304);
    assert!(!field(&response, "etag").is_empty());
    assert_eq!(field(&response, "content-type"), "");
    assert_eq!(content(response), b"");
    let refusal = ask(b"hello", "GET", &[("if-match", "\"x\"")]).err().unwrap();
    assert_eq!(refusal.reason, Reason::PreconditionFailed);
}

#[test]
fn one_range() {
    let response = ask(b"0123456789", "GET", &[("range", "bytes=2-4")]).unwrap();
    assert_eq!(response.status(), 206);
    assert_eq!(field(&response, "content-range"), "bytes 2-4/10");
    assert_eq!(field(&response, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(content(response), b"234");
    let refusal = ask(b"0123456789", "GET", &[("range", "bytes=10-")]).err().unwrap();
    assert_eq!(refusal.reason, Reason::RangeUnsatisfiable(10));
    let whole = ask(b"0123456789", "GET", &[("range", "bytes=2-4"), ("if-range", "\"x\"")]).unwrap();
    assert_eq!(whole.status(), 200);
}

#[test]
fn several_ranges_are_a_multipart() {
    let response = ask(b"0123456789", "GET", &[("range", "bytes=0-1,-3")]).unwrap();
    assert_eq!(response.status(), 206);
    let boundary = field(&response, "content-type").strip_prefix("multipart/byteranges; boundary=").unwrap().to_owned();
    assert_eq!(boundary.len(), 32);
    let part = "Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes";
    let expected = format!(
        "--{boundary}\r\n{part} 0-1/10\r\n\r\n01\r\n--{boundary}\r\n{part} 7-9/10\r\n\r\n789\r\n--{boundary}--\r\n"
    );
    assert_eq!(String::from_utf8(content(response)).unwrap(), expected);
}
