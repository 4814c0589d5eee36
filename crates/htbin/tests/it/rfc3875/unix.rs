//! §7.2: what is particular to UNIX.

use crate::{scripts::PROBE, server::Server, site::Site};

#[test]
fn s7_2_the_working_directory_is_the_scripts_own() {
    let site = Site::new().script("cgi-bin/sub/probe", PROBE);
    assert_eq!(Server::start(&site).probe("/cgi-bin/sub/probe").cwd, site.path("cgi-bin/sub").to_str().unwrap());
}

#[test]
fn s7_2_meta_variables_are_the_environment_and_octets_pass() {
    let site = Site::new().script("cgi-bin/probe", PROBE);
    let told = crate::scripts::Told::from(Server::start(&site).request(
        "GET",
        "/cgi-bin/probe",
        &[("X-Latin", "caf\u{e9} \u{1f418}")],
        b"",
    ));
    assert_eq!(told.var("HTTP_X_LATIN"), Some("café 🐘"));
}

#[test]
fn s7_2_arguments_come_in_argv_in_order() {
    peer_differs!(Lighttpd: "gives no arguments");
    let script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nprintf '%s|' \"$#\" \"$1\" \"$2\" \"$10\"\n";
    let site = Site::new().script("cgi-bin/x", script);
    assert_eq!(Server::start(&site).get("/cgi-bin/x?b+a").text(), "2|b|a|b0|");
}

#[test]
fn s7_2_a_head_may_end_its_lines_in_lf() {
    head_with("\\n");
}

#[test]
fn s7_2_a_head_may_end_its_lines_in_crlf() {
    head_with("\\r\\n");
}

#[test]
fn s7_2_a_head_may_mix_line_ends() {
    peer_differs!(Lighttpd: "takes the first end that it sees for all");
    let site = Site::new()
        .script("cgi-bin/x", "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\nX-One: 1\\nX-Two: 2\\r\\n\\nbody'\n");
    let reply = Server::start(&site).get("/cgi-bin/x").expect(200);
    assert_eq!((reply.field("X-One"), reply.field("X-Two")), (Some("1"), Some("2")));
    assert_eq!(reply.text(), "body");
}

fn head_with(end: &str) {
    let script = format!("#!/bin/sh\nprintf 'Content-Type: text/x-a{end}X-One: 1{end}{end}\\r\\nbody\\n'\n");
    let site = Site::new().script("cgi-bin/x", script);
    let reply = Server::start(&site).get("/cgi-bin/x").expect(200);
    assert_eq!((reply.field("Content-Type"), reply.field("X-One")), (Some("text/x-a"), Some("1")));
    assert_eq!(reply.text(), "\r\nbody\n");
}
