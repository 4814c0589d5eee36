//! `X-Sendfile`: a script decides, the server sends, and only what lies where the configuration says.

use crate::{server::Server, site::Site};

/// Asks for the file that the query names.
const SENDS: &str =
    "#!/bin/sh\nprintf 'Content-Type: text/x-own\\nX-Own: kept\\nX-Sendfile: %s\\n\\n' \"$QUERY_STRING\"\n";

fn site() -> (Site, Site) {
    let media = Site::new().file("a.txt", "0123456789").directory("folder", 0o755);
    (Site::new().script("cgi-bin/send", SENDS), media)
}

fn start(site: &Site, media: &Site) -> Server {
    Server::configured(site, &format!("directory = \".\"\nsendfile = \"{}\"\n", media.root().display()))
}

fn of(media: &Site, path: &str) -> String {
    format!("/cgi-bin/send?{}", media.path(path).display())
}

#[test]
fn a_script_has_a_file_sent() {
    ours_only!();
    let (site, media) = site();
    let server = start(&site, &media);
    let path = of(&media, "a.txt");
    let whole = server.get(&path).expect(200);
    assert_eq!((&*whole.text(), whole.field("Content-Length")), ("0123456789", Some("10")));
    assert_eq!((whole.field("Content-Type"), whole.field("X-Own")), (Some("text/x-own"), Some("kept")));
    assert_eq!(whole.field("X-Sendfile"), None);
    let tag = whole.field("ETag").unwrap();
    server.request("GET", &path, &[("If-None-Match", tag)], b"").expect(304);
    let part = server.request("GET", &path, &[("Range", "bytes=2-4")], b"").expect(206);
    assert_eq!((&*part.text(), part.field("Content-Range")), ("234", Some("bytes 2-4/10")));
    let parts = server.request("GET", &path, &[("Range", "bytes=0-1,8-9")], b"").expect(206);
    assert!(parts.field("Content-Type").unwrap().starts_with("multipart/byteranges"));
    let head = server.request("HEAD", &path, &[], b"").expect(200);
    assert_eq!((head.field("Content-Length"), head.body.len()), (Some("10"), 0));
    // A form may be answered with one, too.
    assert_eq!(server.request("POST", &path, &[("Range", "bytes=2-4")], b"x=1").expect(200).text(), "0123456789");
}

#[test]
fn what_lies_elsewhere_is_not_sent_and_not_named() {
    ours_only!();
    let (site, media) = site();
    let outside = Site::new().file("secret", "secret");
    let media = media.link("link", outside.path("secret").to_str().unwrap()).link("up", "..");
    let server = start(&site, &media);
    let root = media.root().display();
    for (path, status) in [
        (of(&outside, "secret"), 502),
        ("/cgi-bin/send?/etc/passwd".to_owned(), 502),
        (format!("/cgi-bin/send?{root}/../{}/secret", outside.root().file_name().unwrap().to_str().unwrap()), 502),
        (of(&media, "link"), 502),
        (of(&media, "up/x"), 502),
        (of(&media, "folder"), 502),
        (format!("/cgi-bin/send?{root}-other/a.txt"), 502),
        ("/cgi-bin/send?a.txt".to_owned(), 502),
        ("/cgi-bin/send?".to_owned(), 502),
        (of(&media, "none"), 404),
    ] {
        let reply = server.get(&path);
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.field("X-Sendfile"), None);
        assert!(!reply.text().contains("secret\n"), "{path}");
    }
    server.events.with("sendfile-denied");
}

#[test]
fn without_the_key_the_field_is_one_as_any_other() {
    ours_only!();
    let (site, media) = site();
    let reply = Server::configured(&site, "directory = \".\"\n").get(&of(&media, "a.txt")).expect(200);
    assert_eq!(reply.field("X-Sendfile"), Some(media.path("a.txt").to_str().unwrap()));
    assert!(reply.body.is_empty());
}
