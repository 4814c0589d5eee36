//! What a file is said to be, and how it arrives.

use crate::{server::Server, site::Site};

#[test]
fn text_has_a_charset_and_the_rest_its_type() {
    ours_only!();
    let table = [
        ("a.html", "text/html; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("A.JPG", "image/jpeg"),
        ("a.webp", "image/webp"),
        ("a.wasm", "application/wasm"),
        ("a.pdf", "application/pdf"),
        ("a.woff2", "font/woff2"),
        ("a.mp4", "video/mp4"),
        ("a.zip", "application/zip"),
        ("a.unheard-of", "application/octet-stream"),
    ];
    let site = table.iter().fold(Site::new(), |site, (name, _)| site.file(name, "x"));
    let server = Server::start(&site);
    for (name, expected) in table {
        let reply = server.get(&format!("/{name}")).expect(200);
        assert_eq!(reply.field("Content-Type"), Some(expected), "{name}");
    }
}

#[test]
fn a_file_arrives_octet_for_octet() {
    let sizes = [0, 1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 3_000_001];
    let content = |size: usize| (0..size).map(|at| (at * 7 % 251) as u8).collect::<Vec<u8>>();
    let site = sizes.iter().fold(Site::new(), |site, &size| site.file(&format!("{size}.bin"), content(size)));
    let server = Server::start(&site);
    for size in sizes {
        let reply = server.get(&format!("/{size}.bin")).expect(200);
        assert_eq!(reply.field("Content-Length"), Some(size.to_string().as_str()));
        assert!(reply.body == content(size), "{size}");
    }
}

#[test]
fn names_with_spaces_and_letters_of_all_kinds_are_found() {
    let site = Site::new().file("a b+c.txt", "one").file("é%41.txt", "two").file("#?;&=.txt", "three");
    let server = Server::start(&site);
    assert_eq!(server.get("/a%20b+c.txt").text(), "one");
    assert_eq!(server.get("/%c3%a9%2541.txt").text(), "two");
    assert_eq!(server.get("/%23%3F;&=.txt").text(), "three");
}

#[test]
fn the_query_of_a_file_does_not_matter() {
    let site = Site::new().file("a.txt", "a");
    assert_eq!(Server::start(&site).get("/a.txt?v=1").expect(200).text(), "a");
}

#[test]
fn a_file_has_no_extra_path() {
    peer_differs!(Lighttpd: "takes it for one");
    let site = Site::new().file("a.txt", "a");
    let server = Server::start(&site);
    assert_eq!(server.get("/a.txt/b").status, 404);
    assert_eq!(server.get("/a.txt/").status, 404);
}

#[test]
fn options_of_a_file_names_its_methods() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let reply = Server::start(&site).request("OPTIONS", "/a.txt", &[], b"");
    assert!(matches!(reply.status, 200 | 204), "{reply:?}");
    assert!(["GET", "HEAD", "OPTIONS"].iter().all(|method| reply.field("Allow").unwrap().contains(method)));
}

#[test]
fn fields_asked_for_are_on_every_response() {
    ours_only!();
    let site = Site::new().file("a.txt", "a").script("cgi-bin/hello", crate::scripts::HELLO);
    let server = Server::with(&site, &["-H", "X-Frame-Options: DENY", "--header", "X-Two: 2", "--cors"]);
    for path in ["/a.txt", "/cgi-bin/hello", "/missing", "/"] {
        let reply = server.get(path);
        assert_eq!(reply.field("X-Frame-Options"), Some("DENY"), "{path}");
        assert_eq!(reply.field("X-Two"), Some("2"), "{path}");
        assert_eq!(reply.field("Access-Control-Allow-Origin"), Some("*"), "{path}");
    }
}

#[test]
fn spa_answers_what_is_missing_and_has_no_extension() {
    ours_only!();
    let site = Site::new().file("index.html", "the app");
    let server = Server::with(&site, &["--spa"]);
    assert_eq!(server.get("/some/view?x").expect(200).text(), "the app");
    assert_eq!(server.get("/missing.js").status, 404);
    assert_eq!(server.get("/cgi-bin/missing").status, 404);
}
