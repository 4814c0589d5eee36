//! Answers that go out compressed, or as they are; taken apart again by the decoders of the same libraries.

use std::{io::Read, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use http::Request;
use tokio::sync::mpsc;

use super::*;

const ALL: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];
const TAG: &str = "\"tag\"";

fn ask(method: Method, fields: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri("/");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn get(accept: &str) -> Parts {
    ask(Method::GET, &[("accept-encoding", accept)])
}

fn answer(fields: &[(&str, &str)], body: Body) -> Response<Body> {
    let mut response = Response::builder().header("etag", TAG).header("accept-ranges", "bytes");
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(body).unwrap()
}

fn text(octets: impl Into<Bytes>) -> Response<Body> {
    answer(&[("content-type", "text/plain; charset=utf-8")], Body::full(octets))
}

/// What a client says of a response; none for a field that is not there.
fn field<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    let mut all = response.headers().get_all(name).iter();
    let (first, more) = (all.next(), all.next());
    assert_eq!(more, None, "{name} twice");
    first.map(|value| value.to_str().unwrap())
}

async fn octets(body: Body) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    match body {
        Body::One(part) => part.iter().for_each(|part| all.extend_from_slice(bytes_of(part))),
        Body::Parts(parts) => parts.iter().for_each(|part| all.extend_from_slice(bytes_of(part))),
        Body::Stream { mut chunks, .. } => {
            while let Some(chunk) = chunks.next().await {
                all.extend_from_slice(&chunk?);
            }
        }
    }
    Ok(all)
}

fn bytes_of(part: &Part) -> &[u8] {
    match part {
        Part::Bytes(octets) => octets,
        Part::File { .. } => panic!("it is no file any more"),
    }
}

/// What can be had of a compressed body, be it whole or not.
fn decoded(coding: Coding, compressed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut chunk = [0; 4096];
    let mut reader: Box<dyn Read + '_> = match coding {
        Coding::Gzip => Box::new(flate2::read::GzDecoder::new(compressed)),
        Coding::Brotli => Box::new(brotli::Decompressor::new(compressed, 4096)),
        Coding::Zstd => Box::new(zstd::Decoder::new(compressed).unwrap()),
    };
    while let Ok(count @ 1..) = reader.read(&mut chunk) {
        plain.extend_from_slice(&chunk[..count]);
    }
    plain
}

/// Numbers, so that it is compressed to something and not to nothing.
fn long(octets: usize) -> Bytes {
    (0..).flat_map(|number: u32| format!("{number} ").into_bytes()).take(octets).collect()
}

#[tokio::test]
async fn each_coding_comes_back_whole() {
    let settings = Settings::default();
    for coding in ALL {
        for length in [1024, 16 * 1024, 16 * 1024 + 1, 300_000] {
            let response = leave(&settings, &get(coding.name()), text(long(length)));
            assert_eq!(field(&response, "content-encoding"), Some(coding.name()));
            assert_eq!(field(&response, "vary"), Some("Accept-Encoding"));
            assert_eq!(field(&response, "etag"), Some("W/\"tag\""));
            assert_eq!(field(&response, "accept-ranges"), None);
            let compressed = octets(response.into_body()).await.unwrap();
            assert!(compressed.len() < length / 2, "{coding:?} {length}: {}", compressed.len());
            assert_eq!(decoded(coding, &compressed), long(length), "{coding:?} {length}");
        }
    }
}

#[tokio::test]
async fn a_file_is_read_and_compressed() {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, &long(200_000)).unwrap();
    let whole = answer(&[("content-type", "application/json")], Body::file(file.try_clone().unwrap(), 0, 200_000));
    let response = leave(&Settings::default(), &get("gzip"), whole);
    assert_eq!(decoded(Coding::Gzip, &octets(response.into_body()).await.unwrap()), long(200_000));
    // Nobody may take a part of it for the whole.
    let shrunk = answer(&[("content-type", "text/css")], Body::file(file, 0, 300_000));
    let response = leave(&Settings::default(), &get("gzip"), shrunk);
    assert!(octets(response.into_body()).await.is_err());
}

#[test]
fn what_stays_as_it_is() {
    let same = |fields: &[(&str, &str)], status: u16, request: &Parts| {
        let mut response = answer(fields, Body::full(long(5000)));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let response = leave(&Settings::default(), request, response);
        assert_eq!(field(&response, "etag"), Some(TAG), "{fields:?}");
        assert_eq!(response.body().length(), Some(5000), "{fields:?}");
        field(&response, "vary").map(str::to_owned)
    };
    let html = ("content-type", "text/html");
    for fields in [
        &[][..],
        &[("content-type", "image/png")],
        &[("content-type", "text/event-stream")],
        &[("content-type", "json")],
        &[html, ("content-encoding", "gzip")],
        &[html, ("content-encoding", "identity")],
        &[html, ("content-range", "bytes 0-4999/6000")],
        &[html, ("cache-control", "max-age=5, No-Transform")],
        &[html, ("repr-digest", "sha-256=:AAAA:")],
    ] {
        assert_eq!(same(fields, 200, &get("gzip")), None, "{fields:?}");
    }
    assert_eq!(same(&[html], 206, &get("gzip")), None);
    let wish = [("accept-encoding", "gzip"), ("cache-control", "no-transform")];
    assert_eq!(same(&[html], 200, &ask(Method::GET, &wish)), None);
    // Another client would get another one.
    assert_eq!(same(&[html], 200, &get("identity")).as_deref(), Some("Accept-Encoding"));
    assert_eq!(same(&[html], 200, &ask(Method::GET, &[])).as_deref(), Some("Accept-Encoding"));
    let few = leave(&Settings::default(), &get("gzip"), text(long(1023)));
    assert_eq!(field(&few, "vary"), None);
}

#[test]
fn what_does_not_become_shorter_goes_as_it_is() {
    let noise: Vec<u8> = std::iter::repeat_with(|| std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0))
        .flat_map(u64::to_ne_bytes)
        .take(2048)
        .collect();
    let response = leave(&Settings::default(), &get("gzip"), text(noise));
    assert_eq!((field(&response, "content-encoding"), field(&response, "etag")), (None, Some(TAG)));
    assert_eq!(field(&response, "vary"), Some("Accept-Encoding"));
}

#[test]
fn types_are_named_in_three_ways() {
    let is = |types: &[&str], name: &str| {
        let settings = Settings::new(types.iter().copied().map(Box::from).collect(), 0);
        let response = leave(&settings, &get("gzip"), answer(&[("content-type", name)], Body::full(long(5000))));
        field(&response, "content-encoding").is_some()
    };
    assert!(is(&["text/*"], "Text/HTML ; charset=x"));
    assert!(is(&["+json"], "application/problem+JSON"));
    assert!(!is(&["+json"], "+json"));
    assert!(!is(&["+json"], "application/jsön"));
    assert!(is(&["text/event-stream"], "text/event-stream"));
    assert!(!is(&["text/*"], "text/event-stream"));
    assert!(!is(&[], "text/html"));
}

#[test]
fn vary_is_said_once() {
    for (before, after) in [
        ("Cookie", vec!["Cookie", "Accept-Encoding"]),
        ("cookie, accept-ENCODING", vec!["cookie, accept-ENCODING"]),
        ("*", vec!["*"]),
    ] {
        let mut response = text(long(5000));
        response.headers_mut().insert("vary", before.parse().unwrap());
        let response = leave(&Settings::default(), &get("gzip"), response);
        let said: Vec<_> = response.headers().get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(said, after);
    }
}

#[test]
fn head_gets_the_fields_of_get() {
    let request = ask(Method::HEAD, &[("accept-encoding", "gzip")]);
    let head = |length: Option<&str>| {
        let mut response = answer(&[("content-type", "text/html")], Body::empty());
        if let Some(length) = length {
            response.headers_mut().insert("content-length", length.parse().unwrap());
        }
        leave(&Settings::default(), &request, response)
    };
    let known = head(Some("5000"));
    assert_eq!(field(&known, "content-encoding"), Some("gzip"));
    assert_eq!((field(&known, "content-length"), field(&known, "etag")), (None, Some("W/\"tag\"")));
    let short = head(Some("100"));
    assert_eq!((field(&short, "content-length"), field(&short, "vary")), (Some("100"), None));
    let unknown = head(None);
    assert_eq!((field(&unknown, "content-encoding"), field(&unknown, "vary")), (None, Some("Accept-Encoding")));
}

#[test]
fn not_modified_names_the_one_the_client_has() {
    let tag = |asked: &str| {
        let mut response = answer(&[], Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        let response = leave(&Settings::default(), &ask(Method::GET, &[("if-none-match", asked)]), response);
        assert_eq!(field(&response, "vary"), Some("Accept-Encoding"));
        field(&response, "etag").unwrap().to_owned()
    };
    assert_eq!(tag("W/\"tag\""), "W/\"tag\"");
    assert_eq!(tag("\"x\", W/\"tag\""), "W/\"tag\"");
    assert_eq!(tag("\"tag\""), TAG);
    assert_eq!(tag("*"), TAG);
}

/// A body that a test writes.
fn live(length: Option<u64>) -> (mpsc::UnboundedSender<std::io::Result<Bytes>>, Response<Body>) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let chunks = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    let body = Body::Stream { chunks: Box::pin(chunks), length };
    (sender, answer(&[("content-type", "text/plain")], body))
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it comes at once")
}

#[tokio::test]
async fn what_a_script_writes_is_on_its_way_at_once() {
    for coding in ALL {
        let (sender, response) = live(None);
        let response = leave(&Settings::default(), &get(coding.name()), response);
        let Body::Stream { mut chunks, length: None } = response.into_body() else { panic!("it is a stream") };
        let mut compressed = Vec::new();
        let mut said = Vec::new();
        for word in ["one\n", "two\n", "three\n"] {
            sender.send(Ok(word.into())).unwrap();
            said.extend_from_slice(word.as_bytes());
            // Without a flush nothing would come until the end.
            while decoded(coding, &compressed) != said {
                compressed.extend_from_slice(&within(chunks.next()).await.unwrap().unwrap());
            }
        }
        drop(sender);
        while let Some(chunk) = within(chunks.next()).await {
            compressed.extend_from_slice(&chunk.unwrap());
        }
        assert_eq!(decoded(coding, &compressed), said);
    }
}

#[tokio::test]
async fn what_came_before_a_cut_goes_out_first() {
    let (sender, response) = live(None);
    sender.send(Ok("half".into())).unwrap();
    sender.send(Err(std::io::Error::other("the script was killed"))).unwrap();
    let Body::Stream { mut chunks, .. } = leave(&Settings::default(), &get("gzip"), response).into_body() else {
        panic!("it is a stream")
    };
    let mut compressed = Vec::new();
    let error = loop {
        match within(chunks.next()).await.expect("the error comes before the end") {
            Ok(chunk) => compressed.extend_from_slice(&chunk),
            Err(error) => break error,
        }
    };
    assert_eq!(decoded(Coding::Gzip, &compressed), b"half");
    assert_eq!(error.to_string(), "the script was killed");
    assert!(within(chunks.next()).await.is_none());
}

#[tokio::test]
async fn nobody_waits_for_more_than_was_announced() {
    let (sender, response) = live(Some(2000));
    sender.send(Ok(long(2000))).unwrap();
    let response = leave(&Settings::default(), &get("br"), response);
    let compressed = within(octets(response.into_body())).await.unwrap();
    assert_eq!(decoded(Coding::Brotli, &compressed), long(2000));
    drop(sender);
}

#[tokio::test]
async fn forms_are_kept_by_origin() {
    let settings = Settings::default();
    let of = |number, octets: Bytes| {
        let mut response = text(octets);
        response.extensions_mut().insert(Origin::Stored(number));
        leave(&settings, &get("zstd"), response)
    };
    for length in [5000, 100_000] {
        let first = octets(of(length, long(length as usize)).into_body()).await.unwrap();
        // Whatever comes under this origin is the same: so this must be the one that was kept.
        let again = of(length, vec![b'x'; length as usize].into());
        assert_eq!(again.body().length(), Some(first.len() as u64));
        assert_eq!(octets(again.into_body()).await.unwrap(), first);
    }
    let other = of(1, vec![b'x'; 5000].into());
    assert_eq!(decoded(Coding::Zstd, &octets(other.into_body()).await.unwrap()), vec![b'x'; 5000]);
}

#[tokio::test]
async fn what_was_not_sent_to_its_end_is_not_kept() {
    let settings = Settings::default();
    let mut response = text(long(1_000_000));
    response.extensions_mut().insert(Origin::Stored(1));
    let Body::Stream { mut chunks, .. } = leave(&settings, &get("gzip"), response).into_body() else {
        panic!("it is a stream")
    };
    assert!(chunks.next().await.is_some());
    drop(chunks);
    assert_eq!(settings.kept.find(Origin::Stored(1), Coding::Gzip), None);
}
