//! §6.2 and §5, clause by clause: what a head means.

use htbin_cgi::{Document, Error, HeadParser, Limits, Progress, Response};

/// What this output means.
fn read(output: &str) -> Result<Response, Error> {
    let mut parser = HeadParser::new(Limits { bytes_max: 64 << 10, fields_max: 100 });
    match parser.push(output.as_bytes())? {
        Progress::Done { head, .. } => Response::from_head(head),
        Progress::More => Err(parser.finish()),
    }
}

fn document(output: &str) -> Document {
    match read(output) {
        Ok(Response::Document(document)) => document,
        other => panic!("{output:?} is no document: {other:?}"),
    }
}

fn client_redirect(output: &str) -> Document {
    match read(output) {
        Ok(Response::ClientRedirect(document)) => document,
        other => panic!("{output:?} is no client redirect: {other:?}"),
    }
}

fn nph(output: &str) -> Document {
    match read(output) {
        Ok(Response::Nph(document)) => document,
        other => panic!("{output:?} is not NPH: {other:?}"),
    }
}

/// The names of all fields; HeaderMap promises no order.
fn names(document: &Document) -> Vec<&str> {
    let mut names: Vec<_> = document.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn s6_2_1_a_document_is_200_without_status() {
    let document = document("Content-Type: text/html\n\n");
    assert_eq!((document.status.as_u16(), document.reason.clone(), document.content_length), (200, None, None));
    assert_eq!(document.headers["content-type"], "text/html");
    assert!(document.body_allowed());
}

#[test]
fn s6_3_3_status_with_and_without_reason() {
    for (value, status, reason) in [
        ("404 Not Found", 404, None),
        ("404", 404, None),
        ("404 Nothing here", 404, Some("Nothing here")),
        ("299", 299, Some("")),
        ("299 Odd", 299, Some("Odd")),
        ("599", 599, Some("")),
        ("200\tOK", 200, None),
    ] {
        let document = document(&format!("Status: {value}\nContent-Type: a/b\n\n"));
        assert_eq!(document.status.as_u16(), status, "{value}");
        assert_eq!(document.reason.as_deref(), reason.map(str::as_bytes), "{value}");
        assert_eq!(names(&document), ["content-type"], "Status is no field of HTTP");
    }
}

#[test]
fn s6_3_3_what_is_no_status() {
    for value in ["", "20", "2000", "600", "999", "099", "000", "2x0", "OK", "200OK", "-20", "+20", "HTTP/1.1 200 OK"] {
        assert!(matches!(read(&format!("Status: {value}\n\n")), Err(Error::Status(_))), "{value}");
    }
}

#[test]
fn an_interim_status_is_no_answer() {
    assert_eq!(read("Status: 100 Continue\n\n"), Err(Error::Interim(100)));
    assert_eq!(read("Status: 199\nLocation: /\n\n"), Err(Error::Interim(199)));
    assert_eq!(read("HTTP/1.1 101 Switching Protocols\n\n"), Err(Error::Interim(101)));
}

#[test]
fn s6_3_a_cgi_field_comes_once() {
    assert_eq!(read("Status: 200\nStatus: 404\n\n"), Err(Error::Differing("Status")));
    assert_eq!(read("Location: /a\nLocation: /b\n\n"), Err(Error::Differing("Location")));
    assert_eq!(read("Content-Length: 1\nContent-Length: 2\n\n"), Err(Error::Differing("Content-Length")));
    // Twice the same does no harm.
    let document = document("Status: 404\nstatus: 404\nContent-Length: 1\nContent-Length: 1\nContent-Type: a/b\n\n");
    assert_eq!((document.status.as_u16(), document.content_length), (404, Some(1)));
    assert_eq!(document.headers.get_all("content-length").iter().count(), 1);
    // A cgitb page comes after what the script had printed; Apache takes the last, too.
    let document = self::document("Content-Type: text/plain\nContent-Type: a/b\nContent-Type: text/html\n\n");
    assert_eq!(document.headers.get_all("content-type").iter().collect::<Vec<_>>(), ["text/html"]);
}

#[test]
fn s6_2_2_a_path_alone_is_a_local_redirect() {
    for (value, location) in [
        ("/", "/"),
        ("/a/b?c=d&e", "/a/b?c=d&e"),
        ("/a%20b?%41", "/a%20b?%41"),
        ("/a b", "/a%20b"),
        ("/\u{e4}\"<>\\", "/%C3%A4%22%3C%3E%5C"),
        ("/?//x", "/?//x"),
    ] {
        let expected = Response::LocalRedirect { location: location.to_owned() };
        assert_eq!(read(&format!("Location: {value}\n\n")), Ok(expected.clone()), "{value}");
        assert_eq!(read(&format!("location:{value}\r\nLOCATION: {value}\r\n\r\n")), Ok(expected), "{value}");
    }
}

#[test]
fn s6_2_3_a_uri_is_a_client_redirect() {
    for value in [
        "http://a.example/b",
        "https://a.example/b#c",
        "mailto:a@b.example",
        "//b.example/c",
        "/here#part",
        "next.html",
        "?page=2",
        "../up",
        "#part",
    ] {
        let document = client_redirect(&format!("Location: {value}\n\n"));
        assert_eq!(document.status.as_u16(), 302, "{value}");
        assert_eq!(document.headers["location"], value);
    }
    assert_eq!(client_redirect("Location: http://a/b c\n\n").headers["location"], "http://a/b%20c");
}

#[test]
fn s6_2_2_a_path_with_other_fields_is_a_client_redirect() {
    for field in ["Content-Type: text/html", "Set-Cookie: a=b", "Status: 302 Found", "X-A: b"] {
        let document = client_redirect(&format!("{field}\nLocation: /a\n\n"));
        assert_eq!((document.status.as_u16(), &document.headers["location"]), (302, &"/a".parse().unwrap()), "{field}");
    }
}

#[test]
fn s6_2_4_a_client_redirect_with_a_document_keeps_its_status() {
    let document = client_redirect("Status: 301 Moved\nLocation: http://a/\nContent-Type: text/html\n\n");
    assert_eq!(document.status.as_u16(), 301);
    assert_eq!(document.reason.as_deref(), Some(&b"Moved"[..]));
    assert_eq!(names(&document), ["content-type", "location"]);
}

#[test]
fn a_location_with_201_redirects_nobody() {
    let document = document("Status: 201\nLocation: /new\nContent-Type: a/b\n\n");
    assert_eq!((document.status.as_u16(), &document.headers["location"]), (201, &"/new".parse().unwrap()));
}

#[test]
fn s6_3_2_what_is_no_location() {
    for value in ["", "/%", "/a%2", "/%zz", "/a?%2x", "/%%41"] {
        assert!(matches!(read(&format!("Location: {value}\n\n")), Err(Error::Location(_))), "{value}");
    }
}

#[test]
fn s6_3_1_a_body_needs_a_type() {
    for (output, lacks) in [
        ("Content-Type: text/html\n\n", false),
        ("Status: 200\n\n", true),
        ("X-A: b\n\n", true),
        ("Content-Type:\n\n", true),
        ("Status: 204\n\n", false),
        ("Status: 304\n\n", false),
        ("Location: http://a/\n\n", false),
        ("Location: /\n\n", false),
        ("HTTP/1.0 200 OK\n\n", false),
    ] {
        assert_eq!(read(output).unwrap().lacks_type(), lacks, "{output:?}");
    }
}

#[test]
fn statuses_without_a_body() {
    for (status, allowed) in [(200, true), (204, false), (205, true), (304, false), (404, true), (500, true)] {
        let document = document(&format!("Status: {status}\nContent-Type: a/b\nContent-Length: 3\n\n"));
        assert_eq!(document.body_allowed(), allowed, "{status}");
        // RFC 9110 §8.6: 204 has none; with 304 it is the length of the document that is not sent.
        assert_eq!(document.content_length, (status != 204).then_some(3), "{status}");
        assert_eq!(document.headers.contains_key("content-length"), status != 204, "{status}");
    }
}

#[test]
fn a_content_length_is_digits() {
    for (value, length) in [("0", 0), ("007", 7), ("18446744073709551615", u64::MAX)] {
        let document = document(&format!("Content-Type: a/b\nContent-Length: {value}\n\n"));
        assert_eq!(document.content_length, Some(length));
        assert_eq!(document.headers["content-length"], length.to_string().as_str());
    }
    for value in ["", "-1", "+1", "1.0", "0x1", "1 2", "1, 1", "18446744073709551616", "one", "\u{661}"] {
        let output = format!("Content-Type: a/b\nContent-Length: {value}\n\n");
        assert!(matches!(read(&output), Err(Error::ContentLength(_))), "{value}");
    }
}

#[test]
fn s6_3_4_fields_of_the_connection_are_the_servers() {
    let document = document(
        "Content-Type: a/b\nConnection: close, X-Hop\nX-Hop: 1\nKeep-Alive: 1\nProxy-Connection: a\nTE: a\n\
         Trailer: a\nTransfer-Encoding: chunked\nUpgrade: a\nDate: a\nServer: a\nX-End: 2\nSet-Cookie: a\nSet-Cookie: b\n\n",
    );
    assert_eq!(names(&document), ["content-type", "set-cookie", "set-cookie", "x-end"]);
}

#[test]
fn s5_2_an_nph_head_is_the_scripts_own() {
    let document =
        nph("HTTP/1.0 299 Odd\nServer: mine\nDate: now\nLocation: /a\nConnection: close\nContent-Length: 2\n\n");
    assert_eq!(document.status.as_u16(), 299);
    assert_eq!(document.reason.as_deref(), Some(&b"Odd"[..]));
    assert_eq!(document.content_length, Some(2));
    assert_eq!(names(&document), ["content-length", "date", "location", "server"]);
    assert!(matches!(read("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n"), Err(Error::TransferCoded(_))));
}
