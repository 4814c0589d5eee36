//! §5: non-parsed header scripts.

use crate::{server::Server, site::Site};

#[test]
fn s5_1_a_name_that_starts_with_nph_is_such_a_script() {
    peer_differs!(Lighttpd: "does not know nph- names");
    let script =
        "#!/bin/sh\nprintf 'HTTP/1.1 299 Own Words\\r\\nX-Own: yes\\r\\nConnection: close\\r\\n\\r\\nown body'\n";
    let site = Site::new().script("cgi-bin/nph-own", script);
    let reply = Server::start(&site).get("/cgi-bin/nph-own");
    assert_eq!((reply.status, reply.reason.as_str()), (299, "Own Words"));
    assert_eq!(reply.field("X-Own"), Some("yes"));
    assert_eq!(reply.text(), "own body");
}

#[test]
fn s5_2_the_body_of_an_nph_script_is_not_changed() {
    peer_differs!(Lighttpd: "does not know nph- names");
    let script = "#!/bin/sh\nprintf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: 7\\r\\n\\r\\na\\r\\nb\\n\\n\\r'\n";
    let site = Site::new().script("cgi-bin/nph-own", script);
    let reply = Server::start(&site).get("/cgi-bin/nph-own").expect(200);
    assert_eq!(reply.body, b"a\r\nb\n\n\r");
    assert!(!reply.cut);
}

#[test]
fn s5_2_an_nph_response_arrives_as_it_is_written() {
    peer_differs!(Lighttpd: "does not know nph- names");
    let site = Site::new().script(
        "cgi-bin/nph-own",
        "#!/bin/sh\nprintf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nConnection: close\\r\\n\\r\\nfirst\\n'\nread x <\"$0\".gate\necho second\n",
    );
    let gate = site.fifo("cgi-bin/nph-own.gate");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send("GET /cgi-bin/nph-own HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    client.until("first\n");
    gate.release();
    client.until("second\n");
}
